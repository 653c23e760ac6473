"""Kills: a run with workers is ended at a random moment, by each of the ways there are.

Nothing that was finished may be lost, no process may stay, and the run that
is taken up afterwards must give the graph that it gives undisturbed. So must a
run that goes further in a wider window. Commands that write one file leave the
good one that was there, or a whole new one.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from bifurc.graph.files import load

ROOT = Path(__file__).parent.parent.parent
SMALL = 'family = "II"\nwindow = { d = [9.0, 5.0] }\n[explore]\ndepth = 1\n'
WIDE = SMALL.replace("5.0", "4.6")
ONE_FILE = (  # what is written, and the command that does
    ("W.npy", ["embed", "II", "d=6", "-o", "{}"]),
    ("cert.json", ["certify", "II", "--at", "d=6..30", "-o", "{}"]),
    ("mine.toml", ["identify", "{W}", "-o", "{}"]),
    ("a.png", ["plot", "{run}", "-o", "{}"]),
    ("a.html", ["report", "{run}", "-o", "{}"]),
    ("new-3-4-1.toml", ["descend", "--d", "3", "--k", "4", "--runs", "9", "--cases", "{.}"]),
    (None, ["arcs", "global", "d=3", "--explicit", "1", "--equal-parts", "0"]),
    (None, ["landscape", "global", "d=3", "--json"]),
    (None, ["discover", "II", "d=4", "--starts", "40"]),
    (None, ["atlas", "update", "{.}/atlas", "A", "global", "--at", "d=3", "--jobs", "2", "-q"]),
    (None, ["status", "{run}"]),
)
WAYS = ("kill", "terminate", "interrupt", "worker")
PATIENCE = 5.0  # seconds in which workers notice that their parent is gone
PROMPT = 1.0  # seconds in which Ctrl-C ends a run, or the time of a run where others work too


def start(case: Path, out: Path) -> subprocess.Popen:
    """Start, or take up, a run with two workers in a session of its own."""
    return started(["run", str(case), "-o", str(out), "--jobs", "2", "-q", "--resume"])


def started(arguments: list[str]) -> subprocess.Popen:
    """Start a command in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "bifurc", *arguments], env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
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
    before = finished(out)
    process = start(case, out)
    return _ended(process, way, takes, rng) or _missing(before, out)


def finished(out: Path) -> set[str]:
    """Names of the branches that are in the folder of a run."""
    return {path.stem for path in out.glob("b*/b*.npz")}


def _ended(process, way: str, takes: float, rng: random.Random) -> str | None:
    """Wait for a random moment, strike, and say what is wrong with how the command ended."""
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
    return _fault(process, way, err) or _orphans(process.pid)


def _fault(process, way: str, err: str) -> str | None:
    codes = {"kill": (0, -9), "terminate": (0, -15), "interrupt": (0, 3), "worker": (0, 3)}[way]
    if way == "interrupt" and f"{ROOT}/bifurc/" not in err and process.returncode in (-2, 1):
        return None  # struck before Python had come to the package
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


def _missing(before: set[str], out: Path) -> str | None:
    gone = before - finished(out)
    return f"{len(gone)} finished branches are lost" if gone else None


def one_file(folder: Path, run: Path, rng: random.Random) -> tuple[str, str | None]:
    """Strike a command that writes one file, or none; its way and what is wrong afterwards."""
    way, (name, command) = rng.choice(WAYS[:3]), rng.choice(ONE_FILE)
    places = {"{}": folder / str(name), "{W}": folder / "given.npy", "{run}": run, "{.}": folder}
    good = b"a good result"
    if name is not None:
        (folder / name).write_bytes(good)
    process = started([_placed(word, places) for word in command])
    wrong = _ended(process, way, 4.0, rng)
    now = good if name is None else (folder / name).read_bytes()
    if wrong is None and not (now == good or len(now) > 2 * len(good)):
        wrong = f"{name} is neither what it was nor whole"
    parts = list(folder.glob(".*.part"))
    if wrong is None and parts and way == "interrupt":
        wrong = f"{parts[0].name} is left"
    for part in parts:
        part.unlink()
    return f"{way} of {command[0]}", wrong and f"{command[0]}: {wrong}"


def _placed(word: str, places: dict[str, Path]) -> str:
    for name, place in places.items():
        word = word.replace(name, str(place))
    return word


def kills(folder: Path, count: int, seed: int):
    """Yield (way, what is wrong or None) for so many kills.

    Four strike one run, which is then finished; every second one goes further
    than a run that is there. One in five strikes a command that writes one file.
    """
    # a shell starts what runs in the background deaf to Ctrl-C, and so would be its children
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rng, began = random.Random(seed), time.perf_counter()
    cases = {"small": SMALL, "wide": WIDE}
    for name, text in cases.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    whole = folder / "whole"
    start(folder / "small.toml", whole).communicate()
    takes = time.perf_counter() - began
    shutil.copytree(whole, folder / "further")
    start(folder / "wide.toml", folder / "further").communicate()
    graphs = {"small": load(whole), "wide": load(folder / "further")}
    started(["embed", "II", "d=5", "-o", str(folder / "given.npy")]).communicate()
    for number in range(count):
        if number % 5 == 4:
            yield one_file(folder, whole, rng)
            continue
        out = folder / f"out{number // 5}"
        name = "wide" if number // 5 % 2 else "small"
        case = folder / f"{name}.toml"
        if name == "wide" and not out.exists():
            shutil.copytree(whole, out)
        way = rng.choice(WAYS)
        wrong = struck(case, out, way, takes, rng)
        if wrong is None and number % 5 == 3:
            _, err = start(case, out).communicate()
            again = load(out) if (out / "graph.json").exists() else None
            left = [path for path in out.rglob("*") if path.name.startswith((".", "before"))]
            same = again == graphs[name] and not left
            wrong = None if same else f"taken up, it is not the same: {left} {err[-300:]}"
        yield f"{way} of a run" + " that goes further" * (name == "wide"), wrong
