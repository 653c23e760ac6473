"""Runs of the case files, each made once for all tests of a process that look at it."""

from functools import cache
from pathlib import Path

import pytest

from bifurc.case import load_case
from bifurc.run import run_case

CASES = sorted((Path(__file__).parent.parent / "cases").glob("*.toml"))
together = pytest.mark.xdist_group("runs of cases")


@cache
def run_of(name):
    """The branch graph of ``cases/name.toml``."""
    (path,) = [path for path in CASES if path.stem == name]
    return run_case(load_case(path))
