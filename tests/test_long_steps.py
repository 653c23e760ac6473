"""Families of all case files: long steps find what short ones find."""

from pathlib import Path

import pytest
from numpy.testing import assert_allclose

from bifurc.api import member
from bifurc.case import load_case
from bifurc.continuation.options import Options
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.run import family_of

CASES = [
    load_case(path) for path in sorted(Path(__file__).parents[1].joinpath("cases").glob("*.toml"))
]
FAMILIES = [case for case in CASES if case.family is not None and case.parameter == "d"]
SHORT = Options(ds=0.02, ds_max=0.03, max_turn=0.1, max_steps=20000)


def walks(case, far, options):
    """From a comfortable size up to ``far``, and from there down to the end of the window."""
    family = family_of(case)
    reduced, start = member(family, "d", 20.0)  # it may head either way
    start = point_at(reduced, start.x, 20.0, towards=1.0)
    up = follow(reduced, start, (20.0, far), options)
    last = up.points[-1]
    start = point_at(reduced, last.x, last.lam, towards=-1.0)
    return up, follow(reduced, start, (case.window["d"][1], last.lam), options)


@pytest.mark.filterwarnings("ignore:The start lies on a continuum")
@pytest.mark.parametrize(
    "far", [1000.0, *(pytest.param(far, marks=pytest.mark.slow) for far in (60.0, 300.0))]
)
@pytest.mark.parametrize("case", FAMILIES, ids=lambda case: family_of(case).name)
def test_long_steps_find_what_short_ones_find(case, far):
    for long, short in zip(walks(case, far, Options()), walks(case, far, SHORT), strict=True):
        assert long.status is short.status
        assert_allclose(long.points[-1].X, short.points[-1].X, rtol=1e-9, atol=1e-9)
        assert [e.component for e in long.events] == [e.component for e in short.events]
        assert_allclose([e.lam for e in long.events], [e.lam for e in short.events], rtol=1e-9)
        assert len(long.points) < len(short.points) / 2
