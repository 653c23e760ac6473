"""``python -m tests.honesty [--count 20] [--seed 1] [--only TYPE]``: the table of all types."""

import argparse
import sys
import time
import warnings

import numpy as np

from tests.honesty.judge import verdict
from tests.honesty.problems import TYPES

SIZES = (1, 1, 2, 3, 5, 10, 30)


def trials(make, count: int, seed: int):
    """``count`` trials of one type, with and without exact third derivatives by turns."""
    for i in range(count):
        rng = np.random.default_rng([seed, i, *make.__name__.encode()])
        yield i, make(rng, bool(i % 2), int(rng.choice(SIZES)))


def main(argv=None) -> int:
    """Print the table; 1 if anything is wrong without a word."""
    parser = argparse.ArgumentParser(prog="python -m tests.honesty")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--verbose", action="store_true")
    given = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    wrong = 0
    print(f"{'type':32} {'right':>6} {'honest':>6} {'wrong':>6} {'s':>7}")
    for make in TYPES:
        if given.only not in make.__name__:
            continue
        tally, began = {"right": 0, "honest": 0, "wrong": 0}, time.process_time()
        for i, trial in trials(make, given.count, given.seed):
            what, why = verdict(trial)
            tally[what] += 1
            if given.verbose and what != "right":
                print(f"    {i} (n = {trial.problem.n}): {what}: {why}"[:220], flush=True)
        spent = time.process_time() - began
        counts = " ".join(f"{n:6d}" for n in tally.values())
        print(f"{make.__name__:32} {counts} {spent:7.1f}", flush=True)
        wrong += tally["wrong"]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
