"""Tangency arcs: what is on them, against formulas, other computations and by hand."""

import json

import numpy as np
import pytest

import bifurc
from bifurc import Search, arcs
from bifurc.api import member
from bifurc.cli.main import main
from bifurc.events.states import passes
from bifurc.landscapes.tangency import about
from bifurc.loss import full
from bifurc.loss.embedding import matrices
from bifurc.loss.kernels import kernel
from bifurc.structure.split import split
from bifurc.switching.isotropy import larger_isotropy
from bifurc.switching.subgroups import Subgroup
from bifurc.switching.submaximal import solve

ALONE = Search(explicit=0, finite_groups=False)  # no group but that of c
A_QUARTER, HALF_TURN = 1 / 4, 1 / (2 * np.pi)


def events_of(name, **at):
    """Events on W = c: lam and what vanishes."""
    return {
        e.lam: set(e.irrep.split("+")) for e in arcs(name, search=ALONE, switches=0, **at).events
    }


@pytest.mark.parametrize("d", [4.0, 6.5, 20.0])
def test_events_from_the_global_minimum_are_its_eigenvalues(d):
    """arXiv 2312.16819: x and s together, two more s, y, and two t."""
    found = events_of("global", d=d)
    root = np.sqrt(np.pi**2 * d**2 - 16 * np.pi + 16)
    s = [(np.pi * (d + 2) + sign * root) / (8 * np.pi) for sign in (-1, 1)]
    both = next(lam for lam, irreps in found.items() if irreps == {"x", "s"})
    assert both == pytest.approx(A_QUARTER - HALF_TURN, rel=1e-12)
    assert [lam for lam, i in found.items() if i == {"s"}] == pytest.approx(s, rel=1e-12)
    assert [lam for lam, i in found.items() if i == {"y"}] == pytest.approx(
        [A_QUARTER + HALF_TURN], rel=1e-12
    )
    assert sum(irreps == {"t"} for irreps in found.values()) == 2


@pytest.mark.parametrize(("name", "at"), [("II", {"d": 7.0}), ("M", {"d": 9.0, "p": 2.0})])
def test_events_are_the_eigenvalues_of_the_full_hessian(name, at):
    problem, point = member(name, **at)
    w, v = matrices(problem.structure, point.x, problem.parameters(point.lam))
    values = np.linalg.eigvalsh(full.hessian(w, v, kernel("relu")))
    found = np.array(sorted(events_of(name, **at)))
    distances = np.abs(found[:, None] - values).min(axis=1)
    assert distances.max() < 1e-10
    assert np.abs(values[:, None] - found).min(axis=1).max() < 1e-10


def test_the_arc_of_the_smaller_t_folds_and_reaches_type_a():
    """The fold and the loss of A by Newton on the two equations of Fix(S_6)."""
    found = arcs("global", d=6, search=ALONE)
    folds = [e.lam for b in found.graph.branches.values() for e in b.events if e.label == "LP"]
    assert min(abs(lam + 0.261107) for lam in folds) < 1e-6
    a = next(met for met in found.met if met.point.name == "A")
    assert {born for *_, born in a.arcs} == {min(e.lam for e in found.events if e.irrep == "t")}
    problem, point = member("A", d=6)
    assert a.point.loss == pytest.approx(float(problem.loss(point.x, 6.0)), rel=1e-10)


@pytest.mark.slow
def test_type_a_is_on_the_arcs_of_a_cyclic_and_of_a_dihedral_group():
    found = arcs("global", d=4, search=Search(explicit=0))
    a = next(met for met in found.met if met.point.name == "A")
    assert a.point.loss == pytest.approx(0.0376527707, abs=1e-10)
    groups = {isotropy for _, isotropy, _ in a.arcs}
    assert {"S(1)^4 : C4", "S(2)^2 : C2"} <= groups  # the second one is D_4


@pytest.mark.slow
def test_a_circulant_critical_point_on_the_arc_of_a_pentagon():
    found = arcs("global", d=5, search=Search(explicit=0, equal_parts=5))
    (point,) = (p for p in found.points if abs(p.loss - 0.1735483048) < 1e-9)
    assert point.index == 10
    w, v = point.matrices
    assert np.abs(full.gradient(w, v, kernel("relu"))).max() < 1e-9
    rows = np.sort(w, axis=1)
    assert np.abs(rows - rows[0]).max() < 1e-9  # each row has the same entries
    values = np.linalg.eigvalsh(full.hessian(w, v, kernel("relu")))
    assert (values < -1e-9).sum() == 10


def test_the_arc_with_three_turned_and_two_kept_lies_below_only():
    """At W = V the loss is not C³: the reduced equation is not a polynomial."""
    event = arcs("global", d=5, search=ALONE, switches=0).events[0]
    problem, point = member("global", d=5)
    held, _ = about(problem, point.x, 5.0)
    turned = Subgroup({"all": (1, 1, 1)}, ({"all/1": "all/2", "all/2": "all/3", "all/3": "all/1"},))
    parts = split(held.structure, turned.parts, turned.generators).along(held.line)
    X = np.append(parts.embedding @ event.X[:-1], event.lam)
    solved = solve(held.on(parts.structure), X)
    inside = [f for f in solved.forms if not larger_isotropy(held.on(parts.structure), f.kernel)]
    assert inside
    assert all(form.lam(0.01) < 0 for form in inside)


def test_one_sided_jets_are_those_of_differences():
    """Along a way on which rows of student and teacher part."""
    problem, point = member("global", d=7)
    parts = split(problem.structure, {"all": ["1", "2"]}).along(problem.line)
    child, x = problem.on(parts.structure, True), parts.embedding @ point.x
    rng = np.random.default_rng(0)
    for _ in range(3):
        u = np.append(rng.normal(size=child.n), 0.0)
        exact, back = (child.second_along(x, 7.0, s * u) for s in (1, -1))
        assert child.kinked(x, 7.0, u)
        assert np.abs(exact - back).max() > 0.1
        h, weights = 1e-3, np.array([35 / 12, -26 / 3, 19 / 2, -14 / 3, 11 / 12])
        g = [child.gradient(x + k * h * u[:-1], 7.0) for k in range(5)]
        assert np.abs(weights @ g / h**2 / 2 - exact).max() < 1e-4 * np.abs(exact).max()


def test_where_no_rows_are_parallel_both_sides_have_one_jet():
    problem, point = member("II", d=7)
    u = np.append(np.random.default_rng(0).normal(size=problem.n), 0.0)
    assert not problem.kinked(point.x, 7.0, u)
    along = problem.jacobian_along(point.x, 7.0, u)[:, :-1] @ u[:-1] / 2
    assert problem.second_along(point.x, 7.0, u) == pytest.approx(along, rel=1e-9)


def test_rows_are_not_exchanged_beside_a_point_that_distances_are_from():
    """A permuted copy of W is as far from 0 as W, but not as far from c."""
    problem, point = member("global", d=4)
    held, c = about(problem, point.x, 4.0)
    off = float(held.loss(c + [0.1, 0.0], 1.0) - problem.loss(c + [0.1, 0.0], 4.0))
    assert off == pytest.approx(-0.5 * 4 * 0.01, rel=1e-12)


# problems of one's own

SQUARE = bifurc.groups.matrices([np.array([[0.0, -1.0], [1.0, 0.0]]), np.diag([1.0, -1.0])])


def quartic(x, a):
    return x[0] ** 4 + x[0] ** 2 * x[1] ** 2 + x[1] ** 4 - 2 * a * (x[0] ** 2 + x[1] ** 2)


def quartic_slope(x, a):
    y = x[::-1]
    return 4 * x**3 + 2 * x * y**2 - 4 * a * x


def own(c, group=None):
    return bifurc.Problem(quartic, c, {"a": 1.0}, group=group, gradient=quartic_slope)


@pytest.mark.parametrize(("group", "count"), [(None, 8), (SQUARE, 2)])
def test_eight_arcs_leave_the_maximum_of_a_quartic(group, count):
    """Two up to symmetry; (±1, 0), (0, ±1), and (±1, ±1) sqrt(2/3) are on them."""
    found = arcs(own([0.0, 0.0], group))
    assert len(found.graph.branches) == 1 + count
    assert {round(p.loss, 9): p.index for p in found.points} == {-1.0: 1, round(-4 / 3, 9): 0}
    assert len(found.points) == count


@pytest.mark.parametrize("group", [None, SQUARE])
def test_arcs_from_a_saddle_of_a_quartic_are_a_line_and_a_cubic(group):
    """y = 0, and y² = (1 - x)(x² + 2x + 2)/(2 - x)."""
    found = arcs(own([0.0, 0.0], group), [1.0, 0.0])
    assert [e.lam for e in found.events] == pytest.approx([-2.0, 8.0])
    for name, branch in found.graph.branches.items():
        for x, y in branch.x:
            cubic = (1 - x) * (x**2 + 2 * x + 2) / (2 - x) if name != "b0" else 0.0
            assert abs(y) < 1e-9 or y**2 == pytest.approx(cubic, rel=1e-7)


def test_groups_that_are_not_solved_are_named():
    """Two points apart fix more than a line of x and s together, at W = V."""
    assert not arcs("global", d=6, search=ALONE, switches=1, max_steps=3).not_solved
    two = Search(explicit=2, finite_groups=False)
    found = arcs("global", d=6, search=two, max_steps=3, window=(-0.1, 0.2))
    assert any("1 + 1 + rest: not axial" in said for said in found.not_solved)


def test_a_bad_place_is_said_in_one_line():
    with pytest.raises(ValueError, match="Say where"):
        arcs("II")
    with pytest.raises(ValueError, match="one value of d"):
        arcs("II", d=(40, 5))
    with pytest.raises(ValueError, match="depth"):
        arcs("II", d=8, depth=0)


@pytest.mark.slow
@pytest.mark.parametrize("symmetric", [False, True])
def test_values_of_motzkins_form_at_its_eigenvectors(symmetric):
    """x⁴y² + x²y⁴ + z⁶ - 3x²y²z² on the unit sphere: 0, 0, 1/64, 1/4, 1."""

    def form(v, a):
        x, y, z = v
        return x**4 * y**2 + x**2 * y**4 + z**6 - 3 * a * x**2 * y**2 * z**2

    turns = [np.diag(s) for s in ([-1.0, 1, 1], [1, -1.0, 1], [1, 1, -1.0])]
    turns.append(np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]]))
    group = bifurc.groups.matrices(turns) if symmetric else None
    found = arcs(bifurc.Problem(form, np.ones(3) / 3**0.5, {"a": 1.0}, group=group), sphere=True)
    losses = {0.0, *(round(abs(p.loss), 7) for p in found.points)}
    assert {0.0, round(1 / 64, 7), 0.25, 1.0} <= losses
    assert all(np.linalg.norm(p.state[:3]) == pytest.approx(1) for p in found.points)


def test_the_command_prints_one_object(capsys):
    status = main(["arcs", "global", "d=6", "--explicit", "0", "--equal-parts", "0", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert status == 0  # arcs that are left far out are no early ends
    assert said["far"]
    assert not said["not_followed"]
    assert said["at"]["d"] == 6
    assert any(point["name"] == "A" for point in said["points"])


def test_where_an_arc_comes_through_zero_the_state_is_critical():
    found = arcs("global", d=6, search=ALONE)
    for name, branch in found.graph.branches.items():
        if name != "b0":
            for _, point in passes(branch, 0.0):
                assert np.abs(branch.problem.gradient(point.x, 0.0)).max() < 1e-10
