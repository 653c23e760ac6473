"""Every built-in family is found from its sign pattern alone."""

import numpy as np
import pytest

from bifurc import family
from bifurc.api import member, problem
from bifurc.loss.start import StartError, descend, find_start, has_pattern
from bifurc.structure.families import BUILT_IN, Family


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("d", [20.0, 30.5, 60.0])
def test_the_start_is_a_critical_point_with_the_pattern(name, d):
    one = family(name)
    reduced = problem(one)
    x, lam = find_start(reduced, one, (d,))
    assert lam == d
    assert np.abs(reduced.gradient(x, d)).max() < 1e-10
    assert has_pattern(reduced, one, x)


@pytest.mark.parametrize("name", ["A", "I", "II", "M"])
def test_diagonals_approach_the_pattern_as_d_grows(name):
    """Arjevani & Field, NeurIPS 2021: the diagonal goes to ±1 with a power of 1/sqrt(d)."""
    one = family(name)
    distances = []
    for d in (100.0, 10_000.0):
        reduced, point = member(one, "d", d)
        signs = [
            (value, one.start[c.row])
            for c, value in zip(reduced.structure.coordinates, point.x, strict=True)
            if c.row == c.column and c.part != "off"
        ]
        distances.append(max(abs(value - sign) for value, sign in signs))
    assert distances[1] < distances[0] / 5  # at least like d^(-0.35)


def test_descent_does_not_raise_the_loss(rng):
    reduced = problem("M")
    for _ in range(5):
        x = rng.normal(size=reduced.n) / 5
        lower, _ = descend(reduced, x, 20.0)
        assert reduced.loss(lower, 20.0) < reduced.loss(x, 20.0)


def test_a_pattern_without_a_critical_point_says_so():
    hopeless = Family.build("none", sets={"all": "d"}, start={"all": -1}, parameters={"d": 3})
    with pytest.raises(StartError, match="'none'"):
        find_start(problem(hopeless), hopeless, (0.5,))


def test_a_start_value_for_every_row_block_is_asked_for():
    with pytest.raises(ValueError, match="starting value"):
        Family.build("bad", sets={"a": "d", "b": 1}, start={"a": 1}, parameters={"d": 20})
    with pytest.raises(ValueError, match="parameter k"):
        Family.build("bad", sets={"a": "k"}, start={"a": 1})
