"""One trial: a command line on damaged input, and what is wrong with how it ended.

It runs in this process, under a limit of time and of memory.
"""

import contextlib
import io
import logging
import os
import resource
import signal
import tempfile
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bifurc.cli.main import main

SECONDS = 60.0  # of the processor: the slowest honest input takes a few
MEMORY = 4 << 30  # bytes of address space
LONGEST = 800  # characters of a complaint
LEAKS = (  # of what others say to programmers
    "Traceback", "a mistake in bifurc", "Warning", "argmax", "SVD did not", "float division",
    "division by zero", "constrained_layout", "unsupported operand", "'NoneType'", "object is not",
    "invalid literal", "broadcast", "singular matrix", "codec can't",
    "Eigenvalues did not", "too large to convert", "out of bounds", "ufunc", "unhashable",
    "; choose smaller sizes.\n; ", "recursion", "Input should", "Field required", "pydantic",
    "[Errno",
)  # fmt: skip


class HangError(BaseException):
    """A trial took longer than any input may."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a trial."""

    kind: str
    arguments: tuple[str, ...]
    said: str

    def __str__(self) -> str:
        shown = " ".join(text if len(text) < 100 else text[:100] + "..." for text in self.arguments)
        return f"{self.kind}: bifurc {shown}\n    {self.said[-600:].strip()}"


def limit_memory() -> None:
    """More than this and a trial gets a MemoryError."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def trial(arguments: Sequence[str], folder: Path) -> tuple[int | None, Fault | None]:
    """Run a command line; return its exit status and the first thing that is wrong."""
    bystanders = _place_bystanders(arguments, folder)
    status, out, err, fault = _run([str(argument) for argument in arguments])
    given = tuple(map(str, arguments))
    if fault is None:
        fault = _fault(status, out, err)
    if fault is None:
        fault = _lost(bystanders, folder, status)
    return status, None if fault is None else Fault(fault, given, err or out)


def _run(arguments):
    out, err = io.StringIO(), io.StringIO()

    def stop(*_):
        raise HangError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    home = os.getcwd()
    try:
        with (
            tempfile.TemporaryDirectory() as elsewhere,
            libraries() as said,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("default")
            logging.getLogger().handlers.clear()  # so that the log goes where errors go now
            os.chdir(elsewhere)  # what has no -o writes here
            try:
                status = main(arguments)
            finally:
                os.chdir(home)
        fault = "message of a library" if said() else None
        return status, out.getvalue(), err.getvalue() + said(), fault
    except SystemExit as end:
        return end.code, out.getvalue(), err.getvalue(), None
    except HangError:
        return None, "", traceback.format_exc(), "hang"
    except BaseException:
        return None, "", traceback.format_exc(), "traceback"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextlib.contextmanager
def libraries():
    """What libraries write beside Python's streams, such as LAPACK's complaints; a function."""
    with tempfile.TemporaryFile() as file:
        kept = [os.dup(number) for number in (1, 2)]
        for number in (1, 2):
            os.dup2(file.fileno(), number)

        def said() -> str:
            if not file.closed:
                file.seek(0)
                said.text = file.read().decode(errors="replace")
            return said.text

        try:
            yield said
        finally:
            said()
            for number, old in zip((1, 2), kept, strict=True):
                os.dup2(old, number)
                os.close(old)


def _fault(status, out: str, err: str) -> str | None:
    if status not in (0, None, 2, 3):
        return f"exit status {status}"
    if any(leak in err for leak in LEAKS):
        return "message of another"
    if status == 2 and err.count("\n") != 1:
        return f"{err.count(chr(10))} lines of complaint"
    if status == 3 and not err:
        return "ended early without a word"
    if any(len(line) > LONGEST for line in err.splitlines()):
        return "line too long"
    return None


def _place_bystanders(arguments, folder: Path) -> dict[Path, bytes]:
    """Good files where the command will write, and one that it has nothing to do with."""
    outputs = [
        Path(path)
        for flag, path in zip(arguments, arguments[1:], strict=False)
        if flag in ("-o", "--teacher") and Path(path).suffix and Path(path).parent == folder
    ]
    files = {folder / "thesis.tex": b"mine"} | dict.fromkeys(outputs, b"a good result")
    for path, content in files.items():
        path.write_bytes(content)
    return files


def _lost(bystanders: dict[Path, bytes], folder: Path, status) -> str | None:
    for path, content in bystanders.items():
        now = path.read_bytes() if path.exists() else None
        if now != content and (status != 0 or path.name == "thesis.tex" or not now):
            return f"{path.name} was lost"
    if parts := [path.name for path in folder.rglob("*.part")]:
        return f"left {parts[0]}"
    return None
