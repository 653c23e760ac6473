"""Processes that work for this one, and end with it.

Each thread of the pool speaks with one process through one pipe. So it is
known which task a process died of: it is tried once more in a new process.
A process ends when its pipe does, however its parent ended, and Ctrl-C is the
parent's to hear.
"""

import logging
import os
import signal
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait

from bifurc.errors import WorkerDiedError
from bifurc.threads import one_thread

TRIES = 2  # of a task whose process died: once may be chance, twice is the task

log = logging.getLogger(__name__)


class Workers(Executor):
    """Up to ``jobs`` processes; an executor as those of concurrent.futures."""

    def __init__(self, jobs: int):
        self._pool = ThreadPoolExecutor(jobs, initializer=_leave_interrupts)
        self._own = threading.local()
        self._alive: set[_Worker] = set()
        self._ended = False

    def submit(self, fn, /, *args, **kwargs) -> Future:
        """Call ``fn`` in a process; see :meth:`concurrent.futures.Executor.submit`."""
        return self._pool.submit(self._call, fn, args, kwargs)

    def _call(self, fn, args, kwargs):
        for left in reversed(range(TRIES)):
            worker = self._worker()
            try:
                done, value = worker.call(fn, args, kwargs)
            except (EOFError, OSError) as error:
                code = self._bury(worker)
                if self._ended:
                    raise WorkerDiedError("The workers were stopped.") from None
                if not left:
                    raise WorkerDiedError(f"its worker {code} {TRIES} times") from error
                log.warning("A worker %s; its task is tried again.", code)
                continue
            if done:
                return value
            raise value
        raise AssertionError("the last try returns or raises")

    def _worker(self) -> "_Worker":
        worker = getattr(self._own, "worker", None)
        if worker is None:
            worker = self._own.worker = _Worker()
            self._alive.add(worker)
            if self._ended:
                worker.process.kill()
        return worker

    def _bury(self, worker: "_Worker") -> str:
        self._own.worker = None
        self._alive.discard(worker)
        return worker.epitaph()

    def shutdown(self, wait=True, *, cancel_futures=False) -> None:
        """End the processes: idle ones if ``wait``, else all at once."""
        if not wait:
            self._ended = True
            for worker in list(self._alive):
                worker.process.kill()
        self._pool.shutdown(wait=True, cancel_futures=cancel_futures or not wait)
        for worker in list(self._alive):
            worker.close()

    def __exit__(self, kind, *_):
        self.shutdown(wait=kind is None)


class _Worker:
    """One process and the pipe to it."""

    def __init__(self):
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def call(self, fn, args, kwargs):
        """(True, what ``fn`` returns) or (False, what it raises)."""
        self.pipe.send((fn, args, kwargs))
        return self.pipe.recv()

    def epitaph(self) -> str:
        """How the process ended."""
        self.close()
        code = self.process.exitcode or 0
        return f"was killed (signal {-code})" if code < 0 else f"ended (status {code})"

    def close(self) -> None:
        """End the pipe, and so the process."""
        self.pipe.close()
        self.process.join()


def _leave_interrupts() -> None:
    """Ctrl-C is for the main thread; processes started here inherit that, from their start on."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _serve(pipe: Connection) -> None:
    """Do what the parent asks for until it closes the pipe or ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with one_thread():
        while True:
            try:
                fn, args, kwargs = pipe.recv()
                pipe.send((True, fn(*args, **kwargs)))
            except EOFError:
                return  # the parent has closed the pipe
            except Exception as error:
                pipe.send((False, error))


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None  # a worker has one
    wait([parent.sentinel])
    os._exit(1)
