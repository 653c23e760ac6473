"""Whole jobs, timed in processes of their own where memory counts."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from queue import Empty

import numpy as np

import bifurc
from tests.benchmarks import targets
from tests.benchmarks.tables import in_turn, table

TOO_LONG = 200.0  # seconds that one job is waited for


def large_matrices() -> str:
    """Identify and verify at k = 100: products with the Hessian alone."""
    noise = np.random.default_rng(7).normal(size=(100, 100))
    w = bifurc.embed("II", d=100) + 1e-5 * noise
    branch = bifurc.trace("M", d=(100.5, 99.5))
    seconds = in_turn(partial(bifurc.identify, w), partial(bifurc.verify, branch), rounds=3)
    peak = alone(_large, w)
    if peak is not None:
        targets.measured("memory", peak)
    for name, value in zip(("identify", "verify"), seconds, strict=True):
        targets.measured(name, value)
    names = "identify a matrix with noise", "verify one size of M"
    rows = [[name, f"{value:.2f}"] for name, value in zip(names, seconds, strict=True)]
    return table("k = d = 100, 10,000 weights", "task | s", rows)


def _large(queue, w) -> None:
    bifurc.identify(w)
    bifurc.verify(bifurc.trace("M", d=(100.5, 99.5)))
    queue.put(peak_memory())


def explorations() -> str:
    """Time and peak memory of explorations to depth 2, each in a fresh process."""
    asked = {
        "II": ("II", (40, 3.1), 1),
        "M": ("M", (20, 5.2), 1),
        "two": ("M", (20, 5.2), 2),
        "A": ("A", (40, 5.3), 1),
        "I": ("I", (40, 5.3), 1),
    }
    rows, spent = [], {}
    for name, (family, window, workers) in asked.items():
        answer = alone(_explore, family, window, workers)
        if answer is None:
            rows.append([f"{family}, {workers} at a time", f"more than {TOO_LONG:.0f}", "-"])
            continue
        spent[name], peak, text = answer
        side = ", 2 workers" if workers > 1 else ""
        title = f"{family}, d = {window[0]} to {window[1]}{side}: {text}"
        rows.append([title, f"{spent[name]:.2f}", f"{peak:.0f}"])
        if name in ("M", "A", "I"):
            targets.measured(name, spent[name])
    if {"M", "two"} <= set(spent):
        targets.measured("two", spent["M"] / spent["two"])
    return table("explorations to depth 2", "graph | s | peak memory, MiB", rows)


def alone(do: Callable, *given):
    """What a function puts into a queue in a fresh process; None if it takes too long."""
    context = get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=do, args=(queue, *given))
    process.start()
    try:
        return queue.get(timeout=TOO_LONG)
    except Empty:
        process.kill()
        return None
    finally:
        process.join()


def _explore(queue, family: str, window, workers: int) -> None:
    start = time.perf_counter()
    with ProcessPoolExecutor(workers) if workers > 1 else nullcontext() as executor:
        graph = bifurc.explore(family, d=window, depth=2, executor=executor)
    queue.put((time.perf_counter() - start, peak_memory(), str(graph).splitlines()[0]))


def loop_of_families() -> str:
    """Whether memory stays flat over families in a loop."""
    answer = alone(_loop)
    if answer is None:
        return table("families in a loop", "families | MiB", [["100", "took too long"]])
    targets.measured("flat", answer[-1][1] - answer[0][1])
    return table("families in a loop", "families | MiB", [[str(n), f"{m:.0f}"] for n, m in answer])


def _loop(queue) -> None:
    peaks = []
    for i in range(100):
        bifurc.explore("M", d=(20, 8.5 - 1e-3 * i), p=1.5 + 0.01 * i)
        if (i + 1) % 10 == 0:
            peaks.append((i + 1, peak_memory()))
    queue.put(peaks)


def peak_memory() -> float:
    """Largest resident memory of this process, MiB.

    Linux counts the parent's memory before exec in ru_maxrss, so VmHWM is read where it is.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def start_up() -> str:
    """The cold command against importing numpy and scipy.linalg."""
    commands = [
        [sys.executable, "-m", "bifurc", "critical", "II"],
        [sys.executable, "-c", "import numpy, scipy.linalg"],
    ]
    mine, imports = in_turn(
        *(partial(subprocess.run, c, check=True, capture_output=True) for c in commands), rounds=9
    )
    targets.measured("cold", mine / imports)
    rows = [
        ["`bifurc critical II`", f"{1e3 * mine:.0f}", f"{mine / imports:.2f}"],
        ["`import numpy, scipy.linalg`", f"{1e3 * imports:.0f}", "1.00"],
    ]
    return table("cold start", "command | ms | ratio", rows)
