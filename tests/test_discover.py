"""Critical points in a fixed space: all that independent random starts find."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares

import bifurc.landscapes.discover as room
from bifurc import discover
from bifurc.api import member
from bifurc.cli.main import main
from bifurc.landscapes import homotopy
from bifurc.loss import full
from bifurc.loss.embedding import matrices
from bifurc.loss.kernels import kernel
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
    found = discover("II", starts=3, d=6)
    assert not found.complete
    assert not found.proof
    assert "nothing is proved" in str(found)
    wide = discover("A + 1", starts=1, d=6)
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


@pytest.mark.parametrize("kind", ["decay", "slope"])
def test_at_zero_a_homotopy_is_the_loss_itself(kind):
    problem, point = member("II", d=8)
    made = homotopy.along(problem, 8.0, kind)
    x = point.x + 0.1 * np.random.default_rng(0).normal(size=5)
    assert made.gradient(x, 0.0) == pytest.approx(problem.gradient(x, 8.0), abs=1e-14)
    at = homotopy.WINDOWS[kind][1]
    w, v = matrices(problem.structure, x, {"d": 8.0})
    more = at / 2 * (w**2).sum() if kind == "decay" else 0.0
    name = RELU if kind == "decay" else replace(kernel("leaky"), slope=at)
    assert made.loss(x, at) == pytest.approx(full.loss(w, v, name) + more, rel=1e-12)


def test_homotopies_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match="no homotopy 'heat'"):
        discover("II", starts=1, d=6, homotopies=["heat"])
