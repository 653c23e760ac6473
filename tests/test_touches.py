"""Eigenvalues that touch zero and turn back, and what is born where they do."""

import numpy as np
import pytest

from bifurc import groups
from bifurc.continuation.options import Status
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.exploration import Plan, explore_from
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.switching.linear import SymmetricProblem

WINDOW = (-1.0, 1.0)
C = 0.137


def scalar(g, g_x, g_lam):
    """One equation g(x, lam) = 0."""
    return PlainProblem(
        gradient=lambda x, lam: np.array([g(x[0], lam)]),
        hessian=lambda x, lam: np.array([[g_x(x[0], lam)]]),
        gradient_dlam=lambda x, lam: np.array([g_lam(x[0], lam)]),
        n=1,
    )


def monomials(k, a, m, c=0.0):
    """(lam - c)^k x - a x^m."""
    return scalar(
        lambda x, lam: (lam - c) ** k * x - a * x**m,
        lambda x, lam: (lam - c) ** k - m * a * x ** (m - 1),
        lambda x, lam: k * (lam - c) ** (k - 1) * x,
    )


def explored(problem, x):
    start = point_at(problem, np.array(x, dtype=float), WINDOW[0])
    return explore_from([("", problem, start)], Plan(WINDOW, depth=1))


def ends(graph):
    """Where the branches that are born end, sorted."""
    born = [b for name, b in graph.branches.items() if name != "b0"]
    assert all(b.status is Status.WINDOW for b in born)
    return sorted((float(b.lam[-1]), *b.x[-1]) for b in born)


@pytest.mark.parametrize("c", [0.0, C])
@pytest.mark.parametrize("a", [0.3, 40.0])
@pytest.mark.parametrize(("k", "m"), [(2, 3), (2, 5), (4, 3)])
def test_branches_cross_where_an_eigenvalue_touches_zero(k, m, a, c):
    """x^(m - 1) = (lam - c)^k / a, four half-branches."""
    graph = explored(monomials(k, a, m, c), [0.0])
    (event,) = graph.branches["b0"].events
    assert (event.kind, event.label, event.multiplicity) == ("touch", "BP", 1)
    assert event.lam == pytest.approx(c, abs=1e-9 if k == 2 else 1e-4)
    assert event.speed == 0
    assert event.index("below").text() == event.index("above").text() == "0"
    size = {lam: (abs(lam - c) ** k / a) ** (1 / (m - 1)) for lam in WINDOW}
    expected = sorted((lam, side * size[lam]) for lam in WINDOW for side in (1, -1))
    assert np.allclose(ends(graph), expected, rtol=1e-9)


def test_where_nothing_crosses_nothing_is_born():
    """lam² x + 2 x³ vanishes at x = 0 alone."""
    graph = explored(monomials(2, -2.0, 3), [0.0])
    assert [e.kind for e in graph.branches["b0"].events] == ["touch"]
    assert list(graph.branches) == ["b0"]


def test_of_three_lines_that_cross_any_one_bears_the_others():
    """x = lam of lam² x - x³, where the eigenvalue is -2 lam²."""
    graph = explored(monomials(2, 1.0, 3), [-1.0])
    (event,) = graph.branches["b0"].events
    assert event.kind == "touch" and event.lam == pytest.approx(0, abs=1e-8)
    assert event.index("below").text() == event.index("above").text() == "1"
    expected = [(-1, 0), (-1, 1), (1, -1), (1, 0)]
    assert np.allclose(ends(graph), expected, atol=1e-9)


def test_an_eigenvalue_that_crosses_as_a_cube():
    """lam³ x - x³: x = ± lam^(3/2) for lam > 0."""
    graph = explored(monomials(3, 1.0, 3), [0.0])
    (event,) = graph.branches["b0"].events
    assert event.kind == "degenerate" and event.lam == pytest.approx(0, abs=1e-6)
    assert np.allclose(ends(graph), [(1, -1), (1, 1)], atol=1e-9)


@pytest.mark.parametrize("side", [1, -1])
def test_curves_that_touch(side):
    """x = sin lam and x = sin lam ± (lam - c)², the kernel along the known branch's own way."""

    def off(x, lam):
        return x - np.sin(lam)

    problem = scalar(
        lambda x, lam: off(x, lam) * (off(x, lam) - side * (lam - C) ** 2),
        lambda x, lam: 2 * off(x, lam) - side * (lam - C) ** 2,
        lambda x, lam: (
            -np.cos(lam) * (2 * off(x, lam) - side * (lam - C) ** 2)
            - 2 * side * (lam - C) * off(x, lam)
        ),
    )
    graph = explored(problem, [np.sin(-1.0)])
    (event,) = graph.branches["b0"].events
    assert event.kind == "touch" and event.lam == pytest.approx(C, abs=1e-5)
    expected = [(lam, np.sin(lam) + side * (lam - C) ** 2) for lam in WINDOW]
    assert np.allclose(ends(graph), expected, atol=1e-9)


def plane(kind):
    """Gradient, Hessian and what the symmetry turns by, of lam² |z|²/2 and a form of z."""
    mirror, third = np.diag([1.0, -1.0]), 2 * np.pi / 3
    if kind == "triangle":  # Re z³ / 3
        higher = lambda x: np.array([x[0] ** 2 - x[1] ** 2, -2 * x[0] * x[1]])  # noqa: E731
        slopes = lambda x: 2 * np.array([[x[0], -x[1]], [-x[1], -x[0]]])  # noqa: E731
        c, s = np.cos(third), np.sin(third)
        turn = np.array([[c, -s], [s, c]])
    else:  # -(x⁴ + y⁴)/4 - 0.15 x² y²
        higher = lambda x: -(x**3) - 0.3 * x * x[::-1] ** 2  # noqa: E731
        slopes = lambda x: (  # noqa: E731
            np.diag(-3 * x**2 - 0.3 * x[::-1] ** 2) - 0.6 * x[0] * x[1] * np.eye(2)[::-1]
        )
        turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    problem = PlainProblem(
        gradient=lambda x, lam: (lam - C) ** 2 * x + higher(x),
        hessian=lambda x, lam: (lam - C) ** 2 * np.eye(2) + slopes(x),
        gradient_dlam=lambda x, lam: 2 * (lam - C) * x,
        n=2,
    )
    return problem, groups.matrices([turn, mirror])


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(
    ("kind", "classes", "axes", "size"),
    [
        # z² = -lam² conj z: |z| = lam², three directions
        ("triangle", 1, 3, {1: lambda l: l * l}),
        # |x| = lam on axes, x² + 0.3 x² = lam² on diagonals
        ("square", 2, 8, {1: abs, 2: lambda l: abs(l) * np.sqrt(2 / 1.3)}),
    ],
)
def test_planes_that_touch(kind, classes, axes, size, symmetric):
    """Every axis has its branches both ways, one of each class where the symmetry is given."""
    problem, group = plane(kind)
    problem = SymmetricProblem.of(problem, group) if symmetric else problem
    graph = explored(problem, np.zeros(problem.n))
    (event,) = graph.branches["b0"].events
    assert (event.kind, event.multiplicity) == ("touch", 2)
    assert event.lam == pytest.approx(C, abs=1e-9)
    found = ends(graph)
    assert len(found) == 2 * (classes if symmetric else axes)
    for lam, *x in found:
        sizes = [of(lam - C) for of in size.values()]
        assert min(abs(np.linalg.norm(x) - one) for one in sizes) < 1e-9


@pytest.mark.parametrize("low", [1e-8, 1e-10, 1e-13, -1e-8, -1e-10, -1e-13])
@pytest.mark.parametrize("n", [1, 3])
def test_what_only_comes_near_is_no_touch(low, n, rng):
    """(lam - c)² + low is no event, or two crossings, 2 sqrt(-low) apart."""
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]

    def values(lam):
        return np.append((lam - C) ** 2 + low, np.ones(n - 1))

    slopes = np.append(1.0, np.zeros(n - 1))
    problem = PlainProblem(
        gradient=lambda x, lam: Q @ (values(lam) * (Q.T @ x)) + x @ x * x,
        hessian=lambda x, lam: (
            Q @ np.diag(values(lam)) @ Q.T + 2 * np.outer(x, x) + x @ x * np.eye(n)
        ),
        gradient_dlam=lambda x, lam: Q @ (2 * (lam - C) * slopes * (Q.T @ x)),
        n=n,
    )  # fmt: skip
    branch = follow(problem, point_at(problem, np.zeros(n), -1.0), WINDOW)
    expected = [] if low > 0 else [C - np.sqrt(-low), C + np.sqrt(-low)]
    assert [e.lam for e in branch.events] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("at", [0.0, C])
def test_blocks_that_touch_or_change_places_at_zero(at):
    """Beside a branch x = sin lam that does nothing: a touch from below, and two eigenvalues of
    one block, turned as lam goes, that swap their signs at one point."""
    touch = Component("s", "a", 1, Polynomial.of(3))
    swap = Component("y", "a", 2, Polynomial.of(2))

    def turned(lam):
        c, s = np.cos(3 * lam), np.sin(3 * lam)
        R = np.array([[c, -s], [s, c]])
        return R @ np.diag([lam - at, 2 * (at - lam)]) @ R.T

    problem = PlainProblem(
        gradient=lambda x, lam: x - np.sin(lam),
        hessian=lambda x, lam: np.eye(1),
        gradient_dlam=lambda x, lam: -np.cos(lam) * np.ones(1),
        n=1,
        blocks_of=lambda x, lam: {
            touch: np.array([[-((lam - at - 0.4) ** 2)]]),
            swap: turned(lam),
        },
    )
    branch = follow(problem, point_at(problem, [np.sin(-1.0)], -1.0), WINDOW)
    both, touched = branch.events
    assert (both.irrep, both.kernel.shape[1], both.multiplicity) == ("y", 2, 4)
    assert both.lam == pytest.approx(at, abs=1e-9)
    assert (touched.irrep, touched.kind, touched.multiplicity) == ("s", "touch", 3)
    assert touched.lam == pytest.approx(at + 0.4, abs=1e-9)
    assert touched.X[0] == pytest.approx(np.sin(at + 0.4), abs=1e-9)
    assert touched.index("below").text() == touched.index("above").text() == "5"
