"""Problems of one's own: what is given must fit together, and one grammar starts them."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc import groups
from bifurc.events.branch import follow
from bifurc.own.check import check
from bifurc.own.problem import Problem
from bifurc.seeds import seed

RING = np.roll(np.eye(6), 1, axis=0)


def ring(x, lam, c):
    """Six cells in a ring, coupled to their neighbours by c."""
    return lam * x @ x / 2 - (x**4).sum() / 4 + c * ((x - RING @ x) ** 2).sum() / 2


def ring_problem(**changes):
    given = {"loss": ring, "x0": np.zeros(6), "parameters": {"lam": -0.5, "c": 0.3}}
    return Problem(**{**given, "group": groups.dihedral(6), **changes})


def test_events_of_the_ring_are_where_the_coupling_puts_them():
    """-c times the eigenvalues 0, 1, 3, 4 of the ring's Laplacian, once or twice."""
    found = seed(ring_problem(), {"lam": (-2, 2)}, both=True)
    events = follow(found.problem, found.start, found.window).events
    assert [e.lam for e in events] == pytest.approx([-1.2, -0.9, -0.3, 0.0], abs=1e-12)
    assert [round(e.multiplicity) for e in events] == [1, 2, 2, 1]


def test_another_parameter_may_run():
    """At lam = -0.5 the events in c lie at 1/2 over the eigenvalues 1, 3, 4."""
    found = seed(ring_problem(), {"c": (1.0, 0.01)}, both=True)
    assert found.problem.parameters(0.2) == {"lam": -0.5, "c": 0.2}
    events = follow(found.problem, found.start, found.window).events
    assert sorted(e.lam for e in events) == pytest.approx([0.125, 1 / 6, 0.5], abs=1e-12)


def test_a_parameter_is_fixed_by_its_name():
    found = seed(ring_problem(), {"lam": (-2, 2), "c": 0.1})
    assert found.problem.parameters(1.0) == {"lam": 1.0, "c": 0.1}
    assert found.start.lam == -0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": None}, "needs a loss"),
        ({"loss": lambda x, mu: x @ x}, "does not take"),
        ({"x0": [[0.0]]}, "finite numbers"),
        ({"x0": [np.nan] * 6}, "finite numbers"),
        ({"x0": "abc"}, "vector of numbers"),
        ({"x0": [0.0, 0.0]}, "acts on 6 coordinates"),
        ({"parameters": {"lam": "a", "c": 1}}, "numbers"),
        ({"gradient": 3}, "function"),
    ],
)
def test_what_does_not_fit_is_said_at_once(changes, message):
    with pytest.raises(ValueError, match=message):
        ring_problem(**changes)


TURN = np.array([[0.0, -1.0], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("problem", "claim"),
    [
        (
            Problem(None, [0.0, 0.0], {"lam": 0.5}, gradient=lambda x, lam: lam * x + TURN @ x),
            "symmetric",
        ),
        (
            Problem(
                lambda x, lam: lam * x @ x, [0.0], {"lam": 1.0}, gradient=lambda x, lam: lam * x
            ),
            "gradient is that of the loss",
        ),
        (
            Problem(
                lambda x, lam: lam * x @ x, [0.0], {"lam": 1.0},
                hessian=lambda x, lam: -2 * lam * np.eye(1),
            ),
            "Hessian is that of the gradient",
        ),
        (
            Problem(
                lambda x, lam: lam * x[0] ** 2 + 3 * x[1] ** 2, [0.0, 0.0], {"lam": 1.0},
                group=groups.symmetric(2),
            ),
            "generator 0",
        ),
    ],
    ids=["no gradient field", "wrong gradient", "wrong sign", "no symmetry"],
)  # fmt: skip
def test_functions_that_contradict_each_other_are_refused_with_place_and_size(problem, claim):
    with pytest.raises(ValueError, match=rf"{claim}.* fails by .* at x = .*lam = "):
        check(problem)
    with pytest.raises(ValueError, match=claim):
        seed(problem, {"lam": (-1, 2)})


def test_a_right_problem_passes_with_every_claim():
    claims = check(ring_problem(gradient=lambda x, lam, c: lam * x - x**3 + c * (
        2 * x - RING @ x - RING.T @ x)))  # fmt: skip
    assert all(claim.holds for claim in claims)
    assert {claim.what.split(" ")[0] for claim in claims} == {"the", "generator"}


@pytest.mark.parametrize("length", [4e-3, 1.0])
@pytest.mark.parametrize("slope", [np.cos, lambda y: 1 / (1.3 + y)], ids=["cos", "log"])
def test_a_right_hessian_passes_whatever_the_length_of_x(slope, length):
    """A gradient of order 7 that bends over ``length``; one that is wrong by 2 % does not pass."""
    bend = {np.cos: lambda y: -np.sin(y)}.get(slope, lambda y: -1 / (1.3 + y) ** 2)

    def problem(factor):
        return Problem(
            None, np.array([0.2, -0.6]) * length, {"lam": 0.3},
            gradient=lambda x, lam: 7 * slope(x / length) + lam * x / length,
            hessian=lambda x, lam: np.diag(factor * 7 * bend(x / length) + lam) / length,
        )  # fmt: skip

    check(problem(1.0))
    with pytest.raises(ValueError, match="the Hessian is that of the gradient fails"):
        check(problem(1.02))


def test_a_start_outside_the_window_is_refused():
    with pytest.raises(ValueError, match="outside the window"):
        seed(ring_problem(), {"lam": (0, 2)})


def test_a_problem_in_a_file_pickles_by_its_name(tmp_path):
    (tmp_path / "model.py").write_text(
        "def loss(x, lam):\n    return lam * x @ x / 2 - (x**4).sum() / 4\n"
    )
    given = {"x0": [0.0, 0.0], "parameters": {"lam": -0.5}}
    problem = Problem.from_file("model.py:loss", tmp_path, **given)
    again = pickle.loads(pickle.dumps(problem))
    x = np.array([0.3, 0.4])
    assert_allclose(again.along("lam").gradient(x, 0.2), 0.2 * x - x**3, rtol=1e-14)
    for wrong in ("model.py", "none.py:loss", "model.py:los"):
        with pytest.raises(ValueError, match="loss|los"):
            Problem.from_file(wrong, tmp_path, **given)


def test_a_sparse_hessian_is_taken():
    sparse = pytest.importorskip("scipy.sparse")
    problem = Problem(
        lambda x, lam: lam * x @ x / 2 - (x**4).sum() / 4, np.zeros(50), {"lam": -0.5},
        hessian=lambda x, lam: sparse.diags(lam - 3 * x**2),
    )  # fmt: skip
    check(problem)
    x = np.linspace(0, 1, 50)
    assert_allclose(problem.along("lam").hessian(x, 0.1), np.diag(0.1 - 3 * x**2), rtol=1e-14)


def test_a_loss_that_raises_outside_of_where_it_is_defined_ends_the_branch_there():
    def loss(x, lam):
        if x[0] > 0.8:
            raise ValueError("buckled")
        return (x[0] - lam) ** 2 / 2

    branch = bifurc.trace(Problem(loss, [0.0], {"lam": 0.0}), lam=(0.0, 2.0))
    assert branch.status.name == "OUTSIDE"
    assert 0.79 < branch.points[-1].lam <= 0.8


def test_only_that_watch_stops_a_branch_that_is_told_to():
    watched = [
        bifurc.when(lambda at: at.smallest, 0.7),
        bifurc.when(lambda at: at.lam, 1.0, stop=True),
    ]
    branch = bifurc.trace(ring_problem(), lam=(-0.5, 2), events=watched)
    assert [round(mark.lam, 9) for mark in branch.marks] == [0.7, 1.0]
    assert branch.points[-1].lam == pytest.approx(1.0, abs=1e-12)


def test_what_third_order_leaves_open_is_said():
    """Without its group the double zero of the ring at -3 c is a circle of directions."""
    graph = bifurc.explore(ring_problem(group=None), lam=(-0.5, -1.0))
    told = [word for word in graph.graph.graph["cut"] if "not determined" in word]
    assert any("-0.9" in word for word in told)
