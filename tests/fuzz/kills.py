"""Kills: a run with workers is ended at a random moment, by each of the ways there are.

Nothing that was finished may be lost, no process may stay, and the run that
is taken up afterwards must give the graph that it gives undisturbed.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from bifurc.graph.files import load

ROOT = Path(__file__).parent.parent.parent
SMALL = 'family = "II"\nwindow = { d = [9.0, 5.0] }\n[explore]\ndepth = 1\n'
WAYS = ("kill", "terminate", "interrupt", "worker")
PATIENCE = 5.0  # seconds in which workers notice that their parent is gone
PROMPT = 1.0  # seconds in which Ctrl-C ends a run, or the time of a run where others work too


def start(case: Path, out: Path) -> subprocess.Popen:
    """Start, or take up, a run with two workers in a session of its own."""
    command = [sys.executable, "-m", "bifurc", "run", str(case), "-o", str(out), "--jobs", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*command, "-q", "--resume"], env=environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def members(session: int) -> dict[int, str]:
    """Processes of a session that are not dead, with their command lines."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, own = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if int(own) == session and state != "Z":
            found[int(folder.name)] = line
    return found


def strike(process: subprocess.Popen, way: str, rng: random.Random) -> None:
    """End the run, or one of its workers, in one of the ways."""
    match way:
        case "kill":
            process.kill()
        case "terminate":
            process.terminate()
        case "interrupt":
            os.killpg(process.pid, signal.SIGINT)
        case "worker":
            workers = [
                pid
                for pid, line in members(process.pid).items()
                if pid != process.pid and "spawn_main" in line
            ]
            if workers:
                os.kill(rng.choice(workers), rng.choice([signal.SIGKILL, signal.SIGTERM]))


def struck(case: Path, out: Path, way: str, takes: float, rng: random.Random) -> str | None:
    """Start the run, which takes so long, and end it at some moment; what is wrong afterwards."""
    before = set(out.glob("branches/b*.npz"))
    process = start(case, out)
    try:
        process.wait(rng.uniform(0.0, 1.1) * takes)
    except subprocess.TimeoutExpired:
        strike(process, way, rng)
    began = time.perf_counter()
    try:
        _, err = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        return f"{way}: hangs"
    if way == "interrupt" and time.perf_counter() - began > max(PROMPT, takes):
        return f"{way}: took {time.perf_counter() - began:.1f} s to end"
    return _fault(process, way, err) or _orphans(process.pid) or _missing(before, out)


def _fault(process, way: str, err: str) -> str | None:
    codes = {"kill": (0, -9), "terminate": (0, -15), "interrupt": (0, 3), "worker": (0, 3)}[way]
    if process.returncode not in codes:
        return f"{way}: exit status {process.returncode}: {err[-300:]}"
    if "Traceback" in err or err.count("\n") > 2:
        return f"{way}: {err[-300:]}"
    return None


def _orphans(session: int) -> str | None:
    ends = time.perf_counter() + PATIENCE
    while left := members(session):
        if time.perf_counter() > ends:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            return f"{len(left)} processes stay: {next(iter(left.values()))[:80]}"
        time.sleep(0.05)
    return None


def _missing(before: set[Path], out: Path) -> str | None:
    gone = before - set(out.glob("branches/b*.npz"))
    return f"{len(gone)} finished branches are lost" if gone else None


def kills(folder: Path, count: int, seed: int):
    """Yield (way, what is wrong or None) for so many kills; every few, the run is finished."""
    rng = random.Random(seed)
    case = folder / "small.toml"
    case.write_text(SMALL, encoding="utf-8")
    began = time.perf_counter()
    start(case, folder / "whole").communicate()
    whole, takes = load(folder / "whole"), time.perf_counter() - began
    for number in range(count):
        out = folder / f"out{number // 4}"
        way = rng.choice(WAYS)
        wrong = struck(case, out, way, takes, rng)
        if wrong is None and number % 4 == 3:
            _, err = start(case, out).communicate()
            again = load(out) if (out / "graph.json").exists() else None
            same = again == whole and list(out.rglob("*.part")) == []
            wrong = None if same else f"taken up, it is not the same: {err[-300:]}"
        yield way, wrong
