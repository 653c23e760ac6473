"""``python -m tests.fuzz``: so many hostile inputs and kills, and a count of what was wrong."""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bifurc.certified import certify, certify_to_infinity
from bifurc.cli.main import main
from bifurc.proof.births import certify_births
from bifurc.proof.record import save
from tests.fuzz.inputs import MAKERS, SHARES
from tests.fuzz.kills import kills
from tests.fuzz.trial import limit_memory, trial

EVERY = 250  # inputs between two lines of progress
SMALL = (  # a run with one birth, read and taken up by every trial on damaged files
    'family = "II"\nwindow = { d = [6.0, 5.5] }\n'
    "[explore]\ndepth = 1\nmax_branches = 2\nfinite_groups = false\n"
)


def inputs(folder: Path, seeds, kinds=tuple(MAKERS)):
    """Yield (kind, exit status, fault or None) for the inputs of so many seeds."""
    (folder / "small.toml").write_text(SMALL, encoding="utf-8")
    run, pool = folder / "run", folder / "pool"
    if "finished run" in kinds and not run.exists():
        assert main(["run", str(folder / "small.toml"), "-o", str(run), "-q"]) == 0
    if "theorem" in kinds and not pool.exists():
        pool.mkdir()
        _certify(pool)
    more = {"finished run": (run,), "theorem": (pool,)}
    for seed in seeds:
        rng = random.Random(seed)
        (kind,) = rng.choices(kinds, [SHARES[kind] for kind in kinds])
        with tempfile.TemporaryDirectory(dir=folder) as place:
            arguments = MAKERS[kind](rng, Path(place), *more.get(kind, ()))
            yield seed, kind, *trial(arguments, Path(place))


def _certify(pool: Path) -> None:
    """One certificate of each kind besides those of events, which are among the cases."""
    event = certify("II", event="s:bulk", d=(7, 5))
    found = {
        "point": certify("II", d=6),
        "learnt": certify("global", d=4),
        "set": certify("A", d=range(6, 8)),
        "branch": certify("A", d=(6, 5.5)),
        "births": certify_births(event),
        "theorem": certify_to_infinity("A", 5.9),
        "teacher": certify_to_infinity("global", 4.0),
    }
    for name, data in found.items():
        save(pool / f"{name}.json", data)


def report(title: str, tried: Counter, faults: list) -> None:
    """A line for each kind, and what was wrong."""
    print(f"{title}: {sum(tried.values())} tried, {len(faults)} wrong")
    for key, count in sorted(tried.items(), key=str):
        print(f"  {count:6d} {key}")
    for fault in faults:
        print(f"  {fault}")


def run() -> int:
    """Try, print and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", choices=MAKERS, default=list(MAKERS))
    given = parser.parse_args()
    began, tried, wrong = time.perf_counter(), Counter(), []
    with tempfile.TemporaryDirectory() as place:
        if given.inputs:
            limit_memory()
        seeds = range(given.seed, given.seed + given.inputs)
        for seed, kind, status, fault in inputs(Path(place), seeds, given.kinds):
            tried[f"{kind}, exit status {status}"] += 1
            if sum(tried.values()) % EVERY == 0:
                sys.stderr.write(f"{sum(tried.values())} tried, {len(wrong)} wrong\n")
            if fault is not None:
                wrong.append(f"seed {seed}, {fault}")
                sys.stderr.write(f"seed {seed}, {kind}, {fault}\n")
        report("inputs", tried, wrong)
        struck, lost = Counter(), []
        for way, fault in kills(Path(place), given.kills, given.seed):
            struck[way] += 1
            if fault is not None:
                lost.append(fault)
                sys.stderr.write(f"{fault}\n")
        report("kills", struck, lost)
    print(f"{time.perf_counter() - began:.0f} s")
    return 1 if wrong or lost else 0


if __name__ == "__main__":
    raise SystemExit(run())
