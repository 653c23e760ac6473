"""The reduced loss against the full one, and its derivatives against differences."""

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from numpy.testing import assert_allclose

from bifurc.api import member
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.loss import full
from bifurc.loss.embedding import matrices, row_weights
from bifurc.loss.kernels import ReLU
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.structure import Structure
from tests.strategies import least_sine, samples

RELU = ReLU()
STENCIL = ((1, 8), (-1, -8), (2, -1), (-2, 1))


def full_network(sample):
    w, v = matrices(sample.structure, sample.x, sample.values)
    return w, v, RELU, *row_weights(sample.structure, sample.values)


def as_matrix(sample, coordinates):
    """The matrix whose entry behind coordinate a is ``coordinates[a]``."""
    return matrices(sample.structure, coordinates, sample.values)[0]


def defined_around(problem, x, lam, radius):
    """Whether every angle is real in the neighbourhood that differences visit."""
    try:
        for at in np.linspace(lam - radius, lam + radius, 5):
            problem.check(problem.rows(x, at), at)
    except NotDefinedError:
        return False
    return True


def along(function, step=1e-3):
    """Derivative of ``function`` at zero, to the fourth order in the step."""
    return sum(weight * function(j * step) for j, weight in STENCIL) / (12 * step)


def close(actual, expected, tolerance):
    assert_allclose(actual, expected, rtol=0, atol=tolerance * (1 + np.abs(expected).max()))


@given(samples())
def test_loss_is_the_full_loss(sample):
    expected = full.loss(*full_network(sample))
    assert sample.problem.loss(sample.x, 0.0) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(samples())
def test_gradient_entries_are_those_of_the_full_gradient(sample):
    g = sample.problem.gradient(sample.x, 0.0)
    close(as_matrix(sample, g), full.gradient(*full_network(sample)), 1e-11)


@given(samples())
def test_jacobian_columns_are_the_full_hessian_on_their_orbit(sample):
    hessian = full.hessian(*full_network(sample))
    _, jacobian = sample.problem.jacobian(sample.x, 0.0, checked=False)
    for column, unit in zip(jacobian.T, np.eye(sample.problem.n), strict=False):
        moved = hessian @ as_matrix(sample, unit).ravel()
        close(as_matrix(sample, column).ravel(), moved, 1e-10)


@given(samples(sizes=(3, 6)))
def test_parameter_derivative_is_the_slope_of_the_gradient_at_real_sizes(sample):
    problem, x, lam = sample.problem, sample.x, 0.37
    assume(defined_around(problem, x, lam, 2e-3))
    _, jacobian = problem.jacobian(x, lam)
    slope = along(lambda h: problem.gradient(x, lam + h))
    close(jacobian[:, -1], slope, 1e-8)


@given(samples(sizes=(3, 6)))
def test_gradient_is_the_slope_of_the_loss_over_the_multiplicity_at_real_sizes(sample):
    problem, x, lam = sample.problem, sample.x, 0.37
    assume(defined_around(problem, x, lam, 0.0))
    slopes = [along(lambda h, u=u: problem.loss(x + h * u, lam)) for u in np.eye(problem.n)]
    close(problem.gradient(x, lam) * problem.weights(lam), np.array(slopes), 1e-6)


# two student rows that coincide by structure stay so; elsewhere third derivatives
# of f grow like 1/sin(angle)³, so the tolerance is for well separated rows
@given(samples(sizes=(3, 6)))
def test_higher_directional_derivatives_are_slopes_of_lower_ones(sample):
    problem, x, lam = sample.problem, sample.x, 0.37
    assume(defined_around(problem, x, lam, 0.02))
    assume(least_sine(problem, x, lam) > 0.3)
    u = np.append(np.cos(np.arange(problem.n)), 0.7) / np.sqrt(problem.n)

    def at(h):
        return x + h * u[:-1], lam + h * u[-1]

    step = 2e-4
    slope = along(lambda h: problem.jacobian(*at(h))[1], step)
    close(problem.jacobian_along(x, lam, u), slope, 1e-6)
    second = along(lambda h: problem.jacobian_along(*at(h), u) @ u, step)
    close(problem.third_along(x, lam, u), second, 1e-5)
    changes = problem.blocks_along(x, lam, u)
    for component in problem.components:
        slope = along(lambda h, c=component: problem.blocks(*at(h), [c])[c].matrix, step)
        close(changes[component], slope, 1e-6)


@given(samples())
def test_a_batch_is_its_members(sample):
    problem = sample.problem
    xs = np.stack([sample.x, 2 * sample.x, sample.x + 0.1])[:, None]  # two batch axes
    lams = np.zeros((3, 1))
    g, jacobian = problem.jacobian(xs, lams, checked=False)
    assert g.shape == (3, 1, problem.n) and jacobian.shape == (3, 1, problem.n, problem.n + 1)
    blocks = problem.blocks(xs, lams)
    for i in range(3):
        one, two = problem.jacobian(xs[i, 0], 0.0, checked=False)
        close(g[i, 0], one, 1e-13)
        close(jacobian[i, 0], two, 1e-12)
        for component, block in problem.blocks(xs[i, 0], 0.0).items():
            close(blocks[component].matrix[i, 0], block.matrix, 1e-12)
    close(problem.loss(xs, lams)[:, 0], np.array([problem.loss(x[0], 0.0) for x in xs]), 1e-13)


def test_loss_of_isotropy_s_d_at_a_real_size_against_the_sum_over_orbits():
    """Two orbits of pairs of rows, d and d(d-1) of them, by hand, in long arithmetic."""
    mpmath.mp.dps = 30
    d, a, b = mpmath.mpf("7.25"), mpmath.mpf("-0.8"), mpmath.mpf("0.15")

    def f(p, q, c):
        root = mpmath.sqrt(p * q)
        t = mpmath.acos(c / root)
        return (root * mpmath.sin(t) + (mpmath.pi - t) * c) / (2 * mpmath.pi)

    p = a**2 + (d - 1) * b**2
    students = d * p / 2 + d * (d - 1) * f(p, p, 2 * a * b + (d - 2) * b**2)
    mixed = d * f(p, 1, a) + d * (d - 1) * f(p, 1, b)
    teachers = d / 2 + d * (d - 1) * f(1, 1, 0)
    expected = float(students / 2 - mixed + teachers / 2)
    problem, _ = member("global", "d", 20.0)
    assert problem.loss(np.array([-0.8, 0.15]), 7.25) == pytest.approx(expected, rel=1e-14)


def test_cost_and_accuracy_do_not_depend_on_d():
    """At the global minimum of a million points the gradient is zero to rounding."""
    problem, _ = member("global", "d", 20.0)
    assert np.abs(problem.gradient(np.array([1.0, 0.0]), 1e6)).max() < 1e-14


def test_a_zero_row_is_named_with_its_block():
    s = Structure.build({"a": "d", "b": 1}, ["a", "b"], ["a", "b"])
    problem = NetworkProblem(s, RELU, {"d": "lam"})
    x = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    with pytest.raises(ZeroRowError, match="Row block b is zero"):
        problem.jacobian(x, 5.0)


def test_a_size_below_its_least_is_named():
    problem, point = member("II", "d", 20.0)
    with pytest.raises(NotDefinedError, match="'bulk'"):
        problem.jacobian(point.x, 1.5)


def test_a_missing_parameter_and_a_bent_line_are_refused():
    s = Structure.build({"a": "d - p"}, ["a"], ["a"])
    with pytest.raises(ValueError, match="parameter p"):
        NetworkProblem(s, RELU, {"d": "lam"})
    with pytest.raises(ValueError, match="affine"):
        NetworkProblem(s, RELU, {"d": "lam*lam", "p": 1})
