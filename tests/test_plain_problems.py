"""Four problems with answers on paper: the engine knows nothing of networks."""

from functools import cache

import mpmath
import numpy as np
import pytest

from bifurc.continuation.options import Options, Status
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow

CHAIN = np.diag(-2.0 * np.ones(5)) + np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)
FORCE = 1e-4 * np.array([1, 0.5, 0.2, -0.1, 0.3])


def chain(force=0.0):
    """F_i = u_{i-1} - 2 u_i + u_{i+1} + lam u_i + u_i³ - u_i⁵ + force_i, u_0 = u_6 = 0."""
    return PlainProblem(
        gradient=lambda u, lam: CHAIN @ u + lam * u + u**3 - u**5 + force,
        hessian=lambda u, lam: CHAIN + np.diag(lam + 3 * u**2 - 5 * u**4),
        gradient_dlam=lambda u, lam: u,
        n=5,
    )


def all_to_all():
    """F_i = lam u_i + 0.3 u_i² - u_i³ - (u_i - mean u), with the symmetry of S_5."""
    apart = np.eye(5) - 0.2
    return PlainProblem(
        gradient=lambda u, lam: lam * u + 0.3 * u**2 - u**3 - apart @ u,
        hessian=lambda u, lam: np.diag(lam + 0.6 * u - 3 * u**2) - apart,
        gradient_dlam=lambda u, lam: u,
        n=5,
    )


def pitchfork():
    """f = -x³ - lam x."""
    return PlainProblem(
        gradient=lambda x, lam: -(x**3) - lam * x,
        hessian=lambda x, lam: np.diag(-3 * x**2 - lam),
        gradient_dlam=lambda x, lam: -x,
        n=1,
    )


def follow_from(problem, x, lam, window, towards=1.0, **options):
    return follow(problem, point_at(problem, x, lam, towards=towards), window, Options(**options))


@pytest.mark.parametrize("ds_max", [0.05, 0.3, 1.0])
def test_the_chain_branches_at_its_five_eigenvalues_and_nowhere_else(ds_max):
    """-CHAIN has the eigenvalues 2 - 2 cos(k pi / 6) = 4 sin²(k pi / 12)."""
    branch = follow_from(chain(), np.zeros(5), -0.5, (-0.5, 4.5), ds_max=ds_max)
    expected = [4 * np.sin(k * np.pi / 12) ** 2 for k in range(1, 6)]
    assert [e.lam for e in branch.events] == pytest.approx(expected, rel=1e-12)
    assert all(e.label == "BP" and e.multiplicity == 1 for e in branch.events)
    assert branch.status is Status.WINDOW


def test_kernels_of_the_chain_are_its_sine_modes():
    branch = follow_from(chain(), np.zeros(5), -0.5, (-0.5, 4.5))
    for k, event in enumerate(branch.events, start=1):
        mode = np.sin(k * np.pi * np.arange(1, 6) / 6)
        cosine = mode @ event.kernel[:, 0] / np.linalg.norm(mode) / np.linalg.norm(event.kernel)
        assert abs(cosine) == pytest.approx(1, abs=1e-12)


@cache
def fold_of_the_chain(a, b, c):
    """lam where u = (a, b, c, b, a) solves the chain and its Jacobian is singular, by mpmath."""

    def equations(a, b, c, lam):
        ends = [(0, a, b), (a, b, c), (b, c, b)]
        forces = [left - 2 * u + right + lam * u + u**3 - u**5 for left, u, right in ends]
        k1, k2, k3 = (lam - 2 + 3 * u**2 - 5 * u**4 for u in (a, b, c))
        return [*forces, mpmath.det(mpmath.matrix([[k1, 1, 0], [1, k2, 1], [0, 2, k3]]))]

    with mpmath.workdps(30):
        return float(mpmath.findroot(equations, (a, b, c, 0.04))[3])


@pytest.mark.parametrize("ds_max", [0.02, 0.2, 1.0])
def test_the_first_primary_branch_of_the_chain_turns_at_its_fold(ds_max):
    """Born below 4 sin²(pi/12): along the mode phi, (lam0 - lam) <phi²> = a² <phi⁴>."""
    mode, amplitude = np.sin(np.pi * np.arange(1, 6) / 6), 0.05
    first = 4 * np.sin(np.pi / 12) ** 2
    lam = first - amplitude**2 * (mode**4).sum() / (mode**2).sum()
    branch = follow_from(
        chain(), amplitude * mode, lam, (0.0, 1.0), towards=-1.0, ds=0.01, ds_max=ds_max
    )
    assert np.abs(branch.points[0].x).max() > 0.02  # it did not start on u = 0
    fold, *others = [e for e in branch.events if e.label == "LP"]
    assert fold.lam == pytest.approx(0.044607064614989, rel=1e-12)
    assert fold.lam == pytest.approx(fold_of_the_chain(*np.round(fold.X[:3], 2)), rel=1e-12)
    assert others == []
    assert branch.lam[-1] == 1.0


@pytest.mark.parametrize("ds_max", [0.1, 1.0])
def test_a_kernel_of_four_dimensions_is_reported_with_its_multiplicity(ds_max):
    """On u = 0 the Hessian is lam - (1 - mean): eigenvalues lam and four times lam - 1."""
    branch = follow_from(all_to_all(), np.zeros(5), -0.5, (-0.5, 1.5), ds_max=ds_max)
    simple, fourfold = branch.events
    assert simple.lam == pytest.approx(0, abs=1e-12)
    assert simple.multiplicity == 1
    assert np.ptp(simple.kernel) == pytest.approx(0, abs=1e-12)
    assert fourfold.lam == pytest.approx(1, rel=1e-12)
    assert fourfold.multiplicity == 4
    assert np.abs(fourfold.kernel.sum(axis=0)).max() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("ds_max", [0.02, 0.05, 0.2])
def test_the_forced_chain_is_followed_round_its_fold_and_not_across(ds_max):
    """The branch of small |u| is connected to the one with u > 0, which is born near
    4 sin²(pi/12) = 0.268; on from there at small |u| lies another branch."""
    branch = follow_from(
        chain(FORCE), np.zeros(5), -0.5, (-1.0, 0.9), ds=min(0.05, ds_max), ds_max=ds_max
    )
    sizes = np.linalg.norm(branch.x, axis=1)
    assert not np.any((branch.lam > 0.6) & (sizes < 0.1))
    first = next(e for e in branch.events if e.label == "LP")
    assert first.lam == pytest.approx(0.266, abs=1e-3)
    assert branch.status is Status.WINDOW


@pytest.mark.parametrize("ds_max", [0.05, 0.2])
def test_a_pitchfork_is_seen_from_its_side_branch(ds_max):
    """x² = -lam touches lam = 0, where the eigenvalue 2 lam touches zero as well."""
    branch = follow_from(
        pitchfork(), np.ones(1), -1.0, (-1.0, 1.0), ds=min(0.05, ds_max), ds_max=ds_max
    )
    (event,) = branch.events
    assert event.label == "BP"
    assert event.kind == "tangential"
    assert event.lam == pytest.approx(0, abs=1e-12)
    assert event.X[0] == pytest.approx(0, abs=1e-6)
    assert branch.x[-1] == pytest.approx(-1, rel=1e-12)  # through it, to the other side


def test_the_pitchfork_seen_from_its_trunk_is_an_ordinary_branch_point():
    branch = follow_from(pitchfork(), np.zeros(1), -1.0, (-1.0, 1.0))
    (event,) = branch.events
    assert (event.label, event.lam) == ("BP", pytest.approx(0, abs=1e-12))
    assert event.speed == pytest.approx(-1, rel=1e-12)
    assert branch.x == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("ds_max", [0.05, 0.3, 1.0])
def test_a_touch_is_reported_with_the_whole_kernel_and_the_index_of_both_sides(ds_max):
    """g_i = lam u_i - u_i³ - u_i u_j²/2 has the symmetry of the square. On its branch
    u = (sqrt(lam), 0) the eigenvalues are -2 lam and lam/2; at zero both touch."""
    square = PlainProblem(
        gradient=lambda u, lam: lam * u - u**3 - u * u[::-1] ** 2 / 2,
        hessian=lambda u, lam: (
            np.diag(lam - 3 * u**2 - u[::-1] ** 2 / 2) - u[0] * u[1] * np.eye(2)[::-1]
        ),
        gradient_dlam=lambda u, lam: u,
        n=2,
    )
    branch = follow_from(
        square, np.array([1.0, 0.0]), 1.0, (-1.0, 1.0), towards=-1.0,
        ds=min(0.05, ds_max), ds_max=ds_max,
    )  # fmt: skip
    (event,) = branch.events
    assert (event.kind, event.multiplicity) == ("tangential", 2)
    assert event.lam == pytest.approx(0, abs=1e-12)
    assert event.index("below").text() == event.index("above").text() == "1"
