"""Births: what is born at an event, from the event on, and how branches hang together."""

import numpy as np
import pytest

import bifurc
from bifurc.case import load_case
from bifurc.continuation.options import Status
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.exploration import Plan, explore_from
from bifurc.graph.files import branch_path, load_branch, save_branch
from bifurc.identification.verify import verify
from bifurc.run import family_of
from bifurc.structure.split import split
from bifurc.switching.names import isotropy_of
from bifurc.switching.subgroups import Search, proposals
from tests.equations import scalar

pytestmark = pytest.mark.xdist_group("births")


def pitchfork(size=1.0):
    """lam x - x³/size², with the branch x = ±size sqrt(lam)."""
    c = 1 / size**2
    return scalar(
        lambda x, lam: lam * x - c * x**3, lambda x, lam: lam - 3 * c * x * x, lambda x, lam: x
    )


def two_modes(gap):
    """lam a - a³ - a b²/2 and (lam - gap) b - b³ - b a²/2."""
    return PlainProblem(
        gradient=lambda u, lam: np.array(
            [
                lam * u[0] - u[0] ** 3 - u[0] * u[1] ** 2 / 2,
                (lam - gap) * u[1] - u[1] ** 3 - u[1] * u[0] ** 2 / 2,
            ]
        ),
        hessian=lambda u, lam: np.array(
            [
                [lam - 3 * u[0] ** 2 - u[1] ** 2 / 2, -u[0] * u[1]],
                [-u[0] * u[1], lam - gap - 3 * u[1] ** 2 - u[0] ** 2 / 2],
            ]
        ),
        gradient_dlam=lambda u, lam: np.array(u, dtype=float),
        n=2,
    )


def explored(problem, x, window, depth=1, **how):
    start = point_at(problem, np.array(x, dtype=float), window[0])
    return explore_from([("all of G", problem, start)], Plan(window, depth=depth, **how))


def edges(graph, name=None):
    return [d for *_, d in graph.graph.edges(data=True) if name in (None, d["branch"])]


@pytest.mark.parametrize("size", [1.0, 1e-2, 1e-3])
@pytest.mark.parametrize("end", [0.002, 1.0])
def test_a_branch_is_born_at_its_event_and_stays_in_the_window(size, end):
    graph = explored(pitchfork(size), [0.0], (-1.0, end))
    assert list(graph.branches) == ["b0", "b0-0.0", "b0-0.1"]
    for name, sign in (("b0-0.0", 1), ("b0-0.1", -1)):
        branch = graph.branches[name]
        assert branch.lam.max() == end and branch.lam.min() >= -1e-15
        assert branch.x[-1] == pytest.approx([sign * size * np.sqrt(end)], rel=1e-9)
        assert (branch.born.parent, branch.born.event.name) == ("b0", "t")
        assert pytest.approx([0.0, 0.0], abs=1e-12) == branch.points[0].X
        assert {branch.index_at(i).text() for i in range(len(branch.points))} == {"1"}
        (edge,) = edges(graph, name)
        assert (edge["lam_low"], edge["lam_high"]) == (pytest.approx(0.0, abs=1e-12), end)


def test_a_branch_that_leaves_the_window_at_once_is_not_born():
    below = scalar(lambda x, lam: lam * x + x**3, lambda x, lam: lam + 3 * x * x, lambda x, lam: x)
    graph = explored(below, [0.0], (-1e-9, 1.0), depth=1)
    for branch in list(graph.branches.values())[1:]:
        assert branch.lam.min() >= -1e-9
    transcritical = scalar(
        lambda x, lam: lam * x - x * x, lambda x, lam: lam - 2 * x, lambda x, lam: x
    )
    graph = explored(transcritical, [0.0], (-1.0, 1e-12))
    assert [b.lam.max() <= 1e-12 for b in graph.branches.values()]


@pytest.mark.parametrize("gap", [1e-2, 1e-3, 1e-5, 1e-7])
def test_what_happens_close_to_a_birth_is_seen(gap):
    """On a = sqrt(lam) the other mode crosses where lam - gap = lam / 2; the index is 2 below."""
    graph = explored(two_modes(gap), [0.0, 0.0], (-1.0, 1.0))
    for name in ("b0-0.0", "b0-0.1"):
        branch = graph.branches[name]
        assert branch.x[-1] == pytest.approx([branch.x[-1][0], 0.0], abs=1e-12)
        (event,) = branch.events
        assert event.lam == pytest.approx(2 * gap, rel=1e-6)
        assert (event.index("below").text(), event.index("above").text()) == ("2", "1")
        assert [edge["index"] for edge in edges(graph, name)] == ["2", "1"]
    secondary = explored(two_modes(gap), [0.0, 0.0], (-1.0, 0.5), depth=2)
    born = [n for n, b in secondary.branches.items() if b.born and b.born.parent == "b0-0.0"]
    assert len(born) == 2
    for name in born:  # a² + b²/2 = lam and a²/2 + b² = lam - gap
        a, b = secondary.branches[name].x[-1] ** 2
        assert a + b / 2 == pytest.approx(0.5, rel=1e-9)
        assert a / 2 + b == pytest.approx(0.5 - gap, rel=1e-9)


@pytest.mark.parametrize(
    ("problem", "x", "window"),
    [
        (
            scalar(lambda x, lam: lam * x - x * x, lambda x, lam: lam - 2 * x, lambda x, lam: x),
            -1.0, (-1.0, 1.0),
        ),
        (
            scalar(
                lambda x, lam: (lam - 1) * x - lam * x * x,
                lambda x, lam: lam - 1 - 2 * lam * x,
                lambda x, lam: x - x * x,
            ),
            -1.0, (0.5, 2.0),
        ),
        (
            scalar(
                lambda x, lam: x * (x - np.sin(lam)),
                lambda x, lam: 2 * x - np.sin(lam),
                lambda x, lam: -x * np.cos(lam),
            ),
            np.sin(-1.0), (-1.0, 1.0),
        ),
    ],
)  # fmt: skip
def test_the_trivial_branch_is_born_both_ways_from_the_side_branch(problem, x, window):
    graph = explored(problem, [x], window)
    assert list(graph.branches) == ["b0", "b0-0.0", "b0-0.1"]
    ends = {graph.branches[name].lam[-1] for name in ("b0-0.0", "b0-0.1")}
    assert ends == set(window)
    for name in ("b0-0.0", "b0-0.1"):
        assert np.abs(graph.branches[name].x).max() < 1e-12


def test_three_pieces_join_the_two_pitchforks_of_a_circle():
    """x (1 - lam² - x²): the line and two halves of the circle, each of them once."""
    circle = scalar(
        lambda x, lam: x * (1 - lam**2 - x**2),
        lambda x, lam: 1 - lam**2 - 3 * x**2,
        lambda x, lam: -2 * lam * x,
    )
    for depth in (1, 2):
        graph = explored(circle, [0.0], (-2.0, 2.0), depth=depth)
        joins = [set(edge) for edge in graph.graph.edges()]
        one, other = (n for n, d in graph.graph.nodes(data=True) if d["type"] == "event")
        assert joins.count({one, other}) == 3
        assert graph.graph.number_of_edges() == 5
        assert [b.status for b in graph.branches.values()] == [
            Status.WINDOW, Status.MET, Status.MET
        ]  # fmt: skip
        assert graph.end_of("b0-0.0") == f"ends in node {other}"
        assert graph.graph.graph["cut"] == []


@pytest.mark.parametrize("gap", [5e-7, 2e-6, 1e-4])
def test_events_close_by_on_one_branch_are_two_nodes(gap):
    graph = explored(two_modes(gap), [0.0, 0.0], (-1.0, 1.0))
    assert len(graph.branches) == 5
    first, second = graph.branches["b0"].events
    assert second.lam - first.lam == pytest.approx(gap, rel=1e-3)
    nodes = [d["lam"] for _, d in graph.graph.nodes(data=True) if d["type"] == "event"]
    assert sorted(nodes)[:2] == pytest.approx([0.0, gap], abs=1e-12)
    assert [edge["index"] for edge in edges(graph, "b0")] == ["2", "1", "0"]


@pytest.mark.parametrize("power", [5, 7, 9])
def test_where_third_order_does_not_decide_the_branches_are_found(power):
    """lam x - x^power: lam = x^(power - 1) on both sides."""
    problem = scalar(
        lambda x, lam: lam * x - x**power,
        lambda x, lam: lam - power * x ** (power - 1),
        lambda x, lam: x,
    )
    graph = explored(problem, [0.0], (-1.0, 1.0))
    assert list(graph.branches) == ["b0", "b0-0.0", "b0-0.1"]
    assert graph.branches["b0"].events[0].kind == "degenerate"
    (said,) = next(d["tried"]["t"] for _, d in graph.graph.nodes(data=True) if "tried" in d)
    assert "degenerate to third order; 2 half-branches" in said
    for name, sign in (("b0-0.0", 1), ("b0-0.1", -1)):
        branch = graph.branches[name]
        assert branch.x[-1] == pytest.approx([sign], abs=1e-9)
        assert branch.lam[1:-1] == pytest.approx(branch.x[1:-1, 0] ** (power - 1), rel=1e-6)


def test_critical_points_beside_an_event_at_one_parameter_are_not_followed():
    upright = scalar(lambda x, lam: lam * x, lambda x, lam: lam, lambda x, lam: x)
    graph = explored(upright, [0.0], (-1.0, 1.0))
    assert list(graph.branches) == ["b0"]
    (said,) = next(d["tried"]["t"] for _, d in graph.graph.nodes(data=True) if "tried" in d)
    assert "critical points beside it at the same parameter" in said


def test_a_birth_is_kept_on_file(tmp_path):
    graph = bifurc.explore("II", d=(9, 5), search=bifurc.Search(explicit=1), folder=tmp_path)
    for name, branch in graph.branches.items():
        again = load_branch(branch_path(tmp_path, name))
        assert again.isotropy == branch.isotropy
        assert (again.born is None) == (branch.born is None)
        if branch.born is not None:
            assert again.born.parent == branch.born.parent == "b0"
            assert again.born.event.X.tobytes() == branch.born.event.X.tobytes()
            assert str(again.born.event) == str(branch.born.event)
        save_branch(tmp_path / "again.npz", again)


@pytest.fixture(scope="module")
def wide():
    """One neuron too many beside type II, explicit 1."""
    family = family_of(load_case("cases/wide_ii_1.toml"))
    return bifurc.explore(family, d=(8, 3.2), search=bifurc.Search(explicit=1))


def test_a_fold_behind_a_birth_is_seen(wide):
    branch = wide.branches["b0-1.1"]
    assert branch.born.event.lam == pytest.approx(3.7328157, abs=1e-7)
    assert branch.points[0].lam == branch.born.event.lam
    fold = branch.events[0]
    assert fold.kind == "fold" and fold.lam == pytest.approx(3.7304245, abs=1e-7)
    assert [piece.sheet for piece in branch.pieces][:2] == [1, 2]


def test_the_stretch_from_the_event_on_is_part_of_the_branch():
    """type_m b0-0.0 exists at d = 8: loss .0398007047, index 1."""
    graph = bifurc.explore("M", d=(20, 5.2), search=bifurc.Search(explicit=1))
    branch = graph.branches["b0-0.0"]
    (state,) = branch.at(d=8)
    assert state.loss == pytest.approx(0.0398007047, rel=1e-9)
    assert state.index.text() == "1" and not state.is_minimum
    checks = verify(branch)
    assert checks[0].lam == 8 and checks[0].index == checks[0].full_index == 1
    assert not any(check.mismatch for check in checks)


def test_pieces_and_events_agree_on_the_index(wide):
    for branch in wide.branches.values():
        for one, other in zip(branch.pieces, branch.pieces[1:], strict=False):
            event = one.last.event
            if event is None or event.turns:
                continue
            sides = (one, other) if event.tangent[-1] > 0 else (other, one)
            for piece, side in zip(sides, ("below", "above"), strict=True):
                assert piece.negatives == getattr(event, side)


@pytest.mark.parametrize(
    ("family", "parts", "name"),
    [
        ("M", {"rest": (1,)}, "S(d - 2) x S(1) x S(1)"),
        ("II", {"bulk": (1,)}, "S(d - 2) x S(1) x S(1)"),
        ("II", {"bulk": (2,)}, "S(d - 3) x S(2) x S(1)"),
        ("M", {"bulk": (1,)}, "S(d - 3) x S(2) x S(1)"),
        ("M", {"bulk": (2,)}, "S(d - 4) x S(2) x S(2)"),
        ("A", {"all": (1, 2)}, "S(d - 3) x S(2) x S(1)"),
        ("A", {"all": (2, 1)}, "S(d - 3) x S(2) x S(1)"),
        ("A", {}, "S(d)"),
    ],
)
def test_an_isotropy_has_one_name_whatever_way_leads_to_it(family, parts, name):
    problem = bifurc.problem(family)
    child = split(problem.structure, parts).structure if parts else problem.structure
    assert isotropy_of(problem.on(child, any_size=True)) == name


def test_finite_groups_have_names_of_their_own():
    problem = bifurc.problem("A")
    (y,) = (component for component in problem.components if component.irrep == "y")
    named = {}
    for subgroup in proposals(y, problem.structure.size, Search()):
        child = split(problem.structure, subgroup.parts, subgroup.generators).structure
        named[str(subgroup)] = isotropy_of(problem.on(child, any_size=True))
    assert named["all: 1 + 1 + 1 + rest; K = <(1 2 3)>"] == "S(d - 3) x S(1)^3 : C3"
    assert named["all: d/2 + rest; K = <(1 2)>"] == "S(d/2)^2 : C2"
    quarters = {name for name in named.values() if name.startswith("S(d/4)^4")}
    assert quarters == {f"S(d/4)^4 : {group}" for group in ("C2^2", "C4", "D4", "A4", "S4")}
    assert len(set(named.values())) == len(named)


@pytest.mark.slow
def test_eight_branches_of_four_groups_have_four_names():
    """M to depth 2: what was "rest: 1 + rest" relative to four parents."""
    graph = bifurc.explore("M", d=(20, 5.2), depth=2)
    for branch in graph.branches.values():
        assert branch.isotropy == isotropy_of(branch.problem)
    sizes = {}
    for branch in graph.branches.values():
        sizes.setdefault(branch.isotropy, set()).add(branch.problem.n)
    assert all(len(dimensions) == 1 for dimensions in sizes.values())


@pytest.mark.slow
@pytest.mark.parametrize("family", ["A", "I"])
def test_a_branch_that_runs_back_into_its_event_ends_there(family):
    graph = bifurc.explore(family, d=(20, 3.2), depth=2)
    assert not graph.ended_early()
    met = [name for name, branch in graph.branches.items() if branch.status is Status.MET]
    assert met and all(graph.end_of(name).startswith("ends in node ") for name in met)
