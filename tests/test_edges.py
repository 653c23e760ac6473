"""At the edge of a window, of where functions are defined, or of what units and rounding tell."""

import numpy as np
import pytest

from bifurc.continuation.options import Status
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.exploration import Plan, explore_from


@pytest.mark.parametrize("long, size", [(1.0, 1.0), (200.0, 0.004)])
@pytest.mark.parametrize("end", [1e-3, 1e-5, 1e-7])
@pytest.mark.parametrize("m", [5, 7])
def test_a_branch_of_higher_order_is_born_into_what_is_left_of_the_window(long, size, end, m):
    """mu u = u^m with mu = lam / long, u = x / size: u = ±mu^(1/(m - 1))."""
    problem = PlainProblem(
        gradient=lambda x, lam: lam / long * (x / size) - (x / size) ** m,
        hessian=lambda x, lam: np.diag(lam / long - m * (x / size) ** (m - 1)) / size,
        gradient_dlam=lambda x, lam: x / size / long,
        n=1,
    )
    window = (-long, end * long)
    start = point_at(problem, np.zeros(1), -long)
    graph = explore_from([("", problem, start)], Plan(window, depth=1))
    born = [branch for name, branch in graph.branches.items() if name != "b0"]
    assert {branch.status for branch in born} == {Status.WINDOW}
    right = size * end ** (1 / (m - 1))
    assert sorted(branch.x[-1, 0] for branch in born) == pytest.approx([-right, right], rel=1e-9)


@pytest.mark.parametrize("b", [0.3, 0.61, 0.9])
@pytest.mark.parametrize("n", [1, 3, 10])
@pytest.mark.parametrize("raises", [True, False])
def test_derivatives_by_differences_are_taken_where_functions_are_defined(b, n, raises):
    """x = sqrt(b - lam): every function fails beyond b, and differences step over it."""
    size = 1 / (1 + np.arange(n))

    def left(lam):
        if lam >= b and raises:
            raise ValueError("math domain error")
        return b - lam if lam < b else np.nan

    problem = PlainProblem(
        gradient=lambda x, lam: x - np.sqrt(left(lam)) * size,
        hessian=lambda x, lam: np.eye(n) + 0 * left(lam),
        gradient_dlam=lambda x, lam: size / (2 * np.sqrt(left(lam))),
        n=n,
    )
    branch = follow(problem, point_at(problem, np.sqrt(1 + b) * size, -1.0), (-1.0, b + 1))
    assert branch.status is Status.OUTSIDE and len(branch.events) == 0
    assert branch.lam[-1] == pytest.approx(b, abs=1e-6)
    assert np.isfinite(branch.spectra.speeds[problem.components[0]]).all()


@pytest.mark.parametrize("long, size", [(9e3, 1e-2), (2e3, 1e-3), (1e-2, 90.0), (3e-3, 3e-3)])
def test_folds_are_found_in_units_that_do_not_fit(long, size):
    """lam / long = v³ - 3 v, v = x / size: folds at ±2 long."""
    problem = PlainProblem(
        gradient=lambda x, lam: lam / long - (x / size) ** 3 + 3 * x / size,
        hessian=lambda x, lam: np.diag(3 - 3 * (x / size) ** 2) / size,
        gradient_dlam=lambda x, lam: np.ones(1) / long,
        n=1,
    )
    lam = -2.1 * (2.1**2 - 3) * long
    start = point_at(problem, np.array([-2.1 * size]), lam)
    branch = follow(problem, start, (-3 * long, 3 * long))
    assert branch.status is Status.WINDOW
    assert [event.lam for event in branch.events] == pytest.approx([2 * long, -2 * long], rel=1e-9)


@pytest.mark.parametrize("gap", [1e-4, 1e-6])
@pytest.mark.parametrize("side", [1, -1])
def test_a_curve_that_comes_near_is_no_branch_point(gap, side):
    """x = sin lam beside sin lam ± (lam² + gap): g between them is gap²/4 at most."""

    def other(x, lam):
        return x - np.sin(lam) - side * (lam**2 + gap)

    problem = PlainProblem(
        gradient=lambda x, lam: (x - np.sin(lam)) * other(x, lam),
        hessian=lambda x, lam: np.diag(x - np.sin(lam) + other(x, lam)),
        gradient_dlam=lambda x, lam: (
            -np.cos(lam) * other(x, lam) - (x - np.sin(lam)) * (np.cos(lam) + 2 * side * lam)
        ),
        n=1,
    )
    branch = follow(problem, point_at(problem, np.sin([-0.9]), -0.9), (-1.0, 1.0))
    assert len(branch.events) == 0
    assert branch.x[:, 0] == pytest.approx(np.sin(branch.lam), abs=1e-9)
