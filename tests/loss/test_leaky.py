"""A leaky ReLU of slope 1 is linear: where families meet the continuum of its critical points."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar

import bifurc
from bifurc.loss import full
from bifurc.loss.kernels import LeakyReLU, ReLU

WINDOWS = [(1, 0.1), (1, 1.5), (1 - 1e-6, 0.1), (0.9999, 0.1)]


START = {
    "A": {"all": -1}, "global": {"all": 1},
    "II": {"bulk": 1, "last": -1}, "I": {"bulk": -1, "last": 1},
}  # fmt: skip


def leaky(name, fixed=None, **parameters):
    """The family with a slope that runs; with ``fixed`` neurons that is its only parameter."""
    rest = "d - 1" if fixed is None else fixed - 1
    whole = "d" if fixed is None else fixed
    sets = {"all": whole} if "all" in START[name] else {"bulk": rest, "last": 1}
    return bifurc.Family.build(
        name, sets=sets, start=START[name], kernel="leaky", parameters={"a": 0.5, **parameters},
        kernel_parameters={"slope": "a"},
    )  # fmt: skip


def linear(x, d):
    """The sum of rows less that of the teacher's, of type A."""
    return x[0] + (d - 1) * x[1] - 1


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", ["A", "I", "II", "global"])
def test_a_slope_starts_where_it_is_told_to(name, window):
    for family in (leaky(name, fixed=12), leaky(name, d=12)):
        branch = bifurc.trace(family, a=window)
        assert (branch.lam[0], branch.lam[-1]) == window
        there = bifurc.member(family, a=window[1])[1]
        assert_allclose(branch.x[-1], there.x, atol=1e-9)


@pytest.mark.parametrize("d", [7, 12, 20.5])
@pytest.mark.parametrize("a", [1, 1 - 1e-7])
def test_the_member_at_slope_one_is_the_limit(d, a):
    """L = e² L_relu + (1 - e) |sum W - sum V|² / 2, e = 1 - a: on the continuum where the sums
    are one, it is critical for L_relu."""
    relu = bifurc.problem("A")
    found = minimize_scalar(
        lambda b: relu.loss(np.array([1 - (d - 1) * b, b]), d),
        bracket=(0.9 / d, 2 / d), options={"xtol": 1e-14},
    )  # fmt: skip
    _, point = bifurc.member(leaky("A", d=d), a=a)
    assert linear(point.x, d) == pytest.approx(0, abs=1e-9)
    assert point.x[1] == pytest.approx(found.x, abs=2e-8)


def test_in_full_the_loss_is_that_of_relu_and_of_sums(rng):
    w, v, a = rng.normal(size=(4, 3)), rng.normal(size=(2, 3)), 0.7
    sums = w.sum(0) - v.sum(0)
    expected = (1 - a) ** 2 * full.loss(w, v, ReLU()) + a * sums @ sums / 2
    assert full.loss(w, v, LeakyReLU(a)) == pytest.approx(expected, rel=1e-12)


def test_along_d_a_linear_network_runs_through_a_continuum_of_global_minima():
    branch = bifurc.trace(leaky("A", d=12), d=(12, 6), a=1)
    assert set(branch.problem.neutrals.reasons.values()) == {"continuum"}
    assert_allclose(branch.loss, 0.0, atol=1e-14)
    assert branch.is_minimum().all()
