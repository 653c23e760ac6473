"""Critical points in a fixed space: all that independent random starts find."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import least_squares
from scipy.stats import norm

from bifurc import discover
from bifurc.api import member
from bifurc.cli.main import main
from bifurc.landscapes import homotopy
from bifurc.landscapes import starts as room
from bifurc.landscapes.tangency import about
from bifurc.loss import full
from bifurc.loss.biased import GivenBias
from bifurc.loss.embedding import matrices
from bifurc.loss.kernels import check, kernel
from bifurc.structure.structure import Structure

RELU = kernel("relu")
TOLD = 1e-8  # losses of one point, from two computations


def entries(structure: Structure, x, d):
    """The full matrix and the teacher."""
    return matrices(structure, x, {"d": float(d)})


def losses_of_random_starts(name, d, starts, seed=77):
    """Losses of critical points of the full loss, by Levenberg and Marquardt from uniform starts.

    In the fixed space, but with gradients of full matrices.
    """
    problem, _ = member(name, d=d)
    structure, n = problem.structure, problem.n
    basis = np.array([entries(structure, e, d)[0].ravel() for e in np.eye(n)])
    v, rng, found = entries(structure, np.eye(n)[0], d)[1], np.random.default_rng(seed), set()
    for _ in range(starts):
        size = np.linalg.norm(basis, axis=1)
        at = rng.uniform(-1, 1, n) * np.sqrt(d) / size

        def slope(x):
            return full.gradient((x @ basis).reshape(d, d), v, RELU).ravel() @ basis.T

        try:
            run = least_squares(slope, at, method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15)
        except (ValueError, np.linalg.LinAlgError):
            continue
        w = (run.x @ basis).reshape(d, d)
        rows = np.linalg.norm(w, axis=1)
        if np.abs(slope(run.x)).max() < 1e-10 and rows.min() > 1e-3:
            found.add(round(full.loss(w, v, RELU), 9))
    return sorted(found)


@pytest.mark.parametrize("d", [6.0, 9.5])
def test_with_full_symmetry_there_are_four_points_and_that_is_proved(d):
    """The number is proved by `certify complete`; the spurious minimum is type A."""
    found = discover("A", starts=40, d=d)
    assert len(found.points) == 4
    assert found.complete
    assert {"global", "A"} <= {point.name for point in found.points}
    for point in found.points:
        assert np.abs(point.problem.gradient(point.x, d)).max() < 1e-9


def test_where_nothing_is_proved_it_is_said():
    found = discover("II", starts=3, d=6, homotopies=[])
    assert not found.complete
    assert not found.proof
    assert "nothing is proved" in str(found)
    wide = discover("A + 1", starts=1, d=6, homotopies=[])
    assert not wide.proof


def test_a_fixed_space_needs_no_member_of_the_family_it_is_named_by():
    """The branch of p- 1- turns before d = 8."""
    found = discover("p- 1-", starts=2, d=8, p=3)
    assert {point.isotropy for point in found.points}


def test_starts_that_are_no_number_are_refused():
    with pytest.raises(ValueError, match="starts"):
        discover("II", starts=0, d=6)


def test_a_deflated_step_turns_back_near_a_known_point():
    """The factor of Farrell, Birkisson and Funke, against its definition by differences."""
    problem, point = member("A", d=6)
    mark = room_marks(problem, point.x)
    rng = np.random.default_rng(1)
    x, step = point.x + 0.05 * rng.normal(size=2), 0.02 * rng.normal(size=2)

    def pushed(s):
        off = room_marks(problem, x + s * step) - mark
        return np.log1p(room.ROOM**2 / (off @ off))

    slope = (pushed(1e-5) - pushed(-1e-5)) / 2e-5
    exact = 1 / (1 - slope)
    share = room._share(problem, x, 6.0, step, [mark])
    clipped = np.sign(exact) * np.clip(abs(exact), room.SHORTEST, 1.0)
    assert share == pytest.approx(clipped, rel=1e-3)


def room_marks(problem, x):
    return room.invariants(problem, np.append(x, 6.0))


def test_the_command_prints_one_object(capsys):
    assert main(["discover", "global", "d=6", "--starts", "20", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["complete"] is True
    assert [point["name"] for point in said["points"]][:2] == ["global", "A"]


# Losses in Fix(S_(d-1)), and how many isolated points there have each: Levenberg and Marquardt and
# Newton with bounded steps, 16 000 runs at each size from starts of many lengths and signs, on
# the loss in its five coordinates written by hand; points with zero rows left out. The last two
# are continua.
RUNS = {
    8: {
        0.0: 1, 0.0215080372: 1, 0.0566735083: 1, 0.0567197538: 1, 0.0618346222: 1,
        0.0677316914: 1, 0.1118705641: 1, 0.1198218994: 1, 1.12094714: 2, 1.7914453: 2,
        2.2095008: 1, 6.038282907: 1,
    },
    12: {
        0.0: 1, 0.0165237927: 1, 0.0529420567: 1, 0.0529585894: 1, 0.0798469986: 1,
        0.0835992431: 1, 0.1269339431: 1, 0.1341927328: 1, 2.84859822: 2, 4.08399628: 2,
        5.3473236366: 1, 12.2408989: 1,
    },
    20: {
        0.0: 1, 0.0112755819: 1, 0.0499443953: 1, 0.0499480197: 1, 0.0992865061: 1,
        0.1015054624: 1, 0.1448365332: 1, 8.8211721: 2, 11.4449316: 2, 16.0458665232: 1,
        30.63850425: 1,
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("d", RUNS)
def test_nothing_is_missed_that_thousands_of_independent_runs_met(d):
    found = discover("II", starts=100, d=d)
    losses = np.array([point.loss for point in found.points])
    for loss, count in RUNS[d].items():
        assert np.count_nonzero(np.abs(losses - loss) < 3e-8 * (1 + loss)) == count
    assert len(losses) == sum(RUNS[d].values())


@pytest.mark.slow
@pytest.mark.parametrize("d", [8, 12, 20])
@pytest.mark.parametrize("name", ["A", "II"])
def test_all_points_of_independent_random_starts_are_found(name, d):
    found = np.array([point.loss for point in discover(name, starts=600, d=d).points])
    for loss in losses_of_random_starts(name, d, 200):
        assert np.abs(found - loss).min() < TOLD


def test_homotopies_find_points_that_starts_missed():
    """Each a critical point of the full loss; the loss of II from the full matrix."""
    found = discover("II", starts=6, d=8, homotopies=["decay", "slope"])
    by = {round(point.loss, 10): how for point, how in zip(found.points, found.means, strict=True)}
    assert by[0.0215080372] in ("decay", "slope")
    for point in found.points:
        w, v = point.matrices
        assert np.abs(full.gradient(w, v, RELU)).max() < 1e-9


@pytest.mark.parametrize("kind", ["decay", "slope", "bias"])
def test_at_zero_a_homotopy_is_the_loss_itself(kind):
    problem, point = member("II", d=8)
    made = homotopy.along(problem, 8.0, kind)
    x = point.x + 0.1 * np.random.default_rng(0).normal(size=5)
    assert made.gradient(x, 0.0) == pytest.approx(problem.gradient(x, 8.0), abs=1e-14)
    at = homotopy.WINDOWS[kind][1]
    w, v = matrices(problem.structure, x, {"d": 8.0})
    more = at / 2 * (w**2).sum() if kind == "decay" else 0.0
    of_kernel = {"decay": RELU, "slope": replace(kernel("leaky"), slope=at), "bias": GivenBias(at)}
    name = of_kernel[kind]
    assert made.loss(x, at) == pytest.approx(full.loss(w, v, name) + more, rel=1e-12)


def test_homotopies_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match="no homotopy 'heat'"):
        discover("II", starts=1, d=6, homotopies=["heat"])


@pytest.mark.parametrize("bias", [0.4, -0.7])
def test_a_bias_that_all_neurons_have_is_that_of_the_integral(bias):
    """E[relu(X + b) relu(Y + b)] by quadrature."""
    p, q, c = 1.3, 0.8, np.array(-0.4)
    rest = np.sqrt(q - c**2 / p)

    def within(x):
        mean = c / p * x + bias  # of Y + b
        h = mean / rest
        return (x + bias) * (mean * norm.cdf(h) + rest * norm.pdf(h)) * norm.pdf(x, scale=p**0.5)

    by_hand, _ = quad(within, -bias, 12.0, epsabs=1e-13)
    assert GivenBias(bias).value(p, q, c) == pytest.approx(by_hand, rel=1e-9)
    check(GivenBias(bias))


def test_arcs_inside_a_fixed_space_start_at_critical_points_of_the_distance():
    """Off c by as much as is asked, with the gradient a multiple of W - c near an eigenvalue."""
    problem, point = member("II", d=8)
    made, c = about(problem, point.x, 8.0)
    root = np.sqrt(made.weights(0.0))
    matrix = made.jacobian(c, 0.0)[1][:, :-1] * root[:, None] / root
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    for value, vector in zip(values, vectors.T, strict=True):
        at = homotopy.arc_start(made, c, value, vector / root)
        off = at.x - c
        assert (root * off) @ vector == pytest.approx(
            homotopy.AWAY * max(1, np.linalg.norm(root * c))
        )
        assert problem.gradient(at.x, 8.0) == pytest.approx(at.lam * off, abs=1e-11)
        assert at.lam == pytest.approx(value, abs=0.1)


def test_arcs_lead_from_one_point_to_all_that_are_proved_to_be_there():
    found = discover("A", starts=1, d=6)
    assert "arcs" in found.means
    assert found.complete
    assert [point.name for point in found.points][:2] == ["global", "A"]


@pytest.mark.slow
def test_arcs_find_points_that_starts_missed():
    found = discover("II", starts=2, d=8, homotopies=["arcs"])
    assert "arcs" in found.means
    losses = np.array([point.loss for point in found.points])
    for loss in (0.0, 0.0215080372, 0.0618346222, 0.0677316914, 0.1118705641):
        assert np.abs(losses - loss).min() < 1e-9
    for point in found.points:
        w, v = point.matrices
        assert np.abs(full.gradient(w, v, RELU)).max() < 1e-9


def test_parallel_neurons_make_a_continuum_and_that_is_said():
    """All eight rows positively parallel: seven ways to exchange norm, and no more zeros."""
    found = discover("A", starts=30, d=8, homotopies=[])
    on = [point for point in found.points if point.continuum]
    assert [point.continuum for point in on] == [7.0, 7.0]
    for point in on:
        w, v = point.matrices
        shares = np.random.default_rng(0).uniform(0.5, 1.5, 8)
        other = w * (shares * 8 / shares.sum())[:, None]
        assert np.abs(full.gradient(other, v, RELU)).max() < 1e-9
        assert "continuum of dimension 7" in str(point)
    assert all(point.continuum == 0 for point in found.points if point.name)


def test_a_row_that_went_to_zero_makes_no_point():
    """W = V with one more neuron of length 0: the loss is 0, but not smooth there."""
    problem, _ = member("A + 1", d=6)
    assert room.confirmed(problem, np.array([1.0, 0.0, -1e-12]), 6.0) is None
    found = discover("A + 1", starts=5, d=6, homotopies=[])
    assert all(np.linalg.norm(point.matrices[0], axis=1).min() > 1e-6 for point in found.points)
