"""``python -m tests.fuzz``: so many hostile inputs and kills, and a count of what was wrong."""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bifurc.cli.main import main
from tests.fuzz.inputs import MAKERS, SHARES
from tests.fuzz.kills import SMALL, kills
from tests.fuzz.trial import limit_memory, trial


def inputs(folder: Path, seeds, kinds=tuple(MAKERS)):
    """Yield (kind, exit status, fault or None) for the inputs of so many seeds."""
    (folder / "small.toml").write_text(SMALL, encoding="utf-8")
    run = folder / "run"
    if not run.exists():
        assert main(["run", str(folder / "small.toml"), "-o", str(run), "-q"]) == 0
    for seed in seeds:
        rng = random.Random(seed)
        (kind,) = rng.choices(kinds, [SHARES[kind] for kind in kinds])
        with tempfile.TemporaryDirectory(dir=folder) as place:
            more = (run,) if kind == "finished run" else ()
            arguments = MAKERS[kind](rng, Path(place), *more)
            yield seed, kind, *trial(arguments, Path(place))


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
