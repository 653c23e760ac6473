"""The branch graph: nodes and edges of real runs, identity up to symmetry, bounds."""

import math

import networkx as nx
import numpy as np
import pytest

import bifurc
from bifurc.continuation.correct import correct_at
from bifurc.continuation.options import Options, Status
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.events.pieces import WHOLE
from bifurc.exploration import Plan, explore_from
from bifurc.graph.graph import BranchGraph
from bifurc.graph.identity import fingerprint, same
from bifurc.models import chain, dihedral, permuted, pitchfork
from bifurc.structure.polynomial import Polynomial
from tests.runs import run_of, together

WINDOWS = {"II": (40, 3.2), "A": (40, 3.2), "I": (40, 3.2), "M": (40, 5.2)}  # of the cases

pytestmark = together


@pytest.fixture(scope="module")
def graphs():
    found = {name: run_of(f"type_{name.lower()}") for name in WINDOWS}
    for name, problem, x, window in (
        ("chain", chain(), np.zeros(5), (-0.5, 4.5)),
        ("permuted", permuted(5), np.zeros(1), (-0.5, 1.5)),
        ("pitchfork", pitchfork(), np.ones(1), (-1.0, 1.0)),
        ("dihedral", dihedral(4), np.zeros(0), (-0.5, 1.0)),
    ):
        seed = ("all of G", problem, point_at(problem, x, window[0]))
        found[name] = explore_from([seed], Plan(window))
    return found


GRAPHS = [*WINDOWS, "chain", "permuted", "pitchfork", "dihedral"]


@pytest.mark.parametrize("name", GRAPHS)
def test_the_index_is_constant_on_each_edge(graphs, name):
    graph = graphs[name]
    for *_, edge in graph.graph.edges(data=True):
        branch = graph.branches[edge["branch"]]
        texts = {
            branch.index_at(i).text() for i in range(edge["first_point"], edge["last_point"] + 1)
        }
        assert texts <= {edge["index"]}


@pytest.mark.parametrize("name", GRAPHS)
def test_edges_have_a_length_and_join_the_stops_of_their_branch_in_order(graphs, name):
    graph = graphs[name]
    assert nx.is_connected(nx.Graph(graph.graph))
    for name, branch in graph.branches.items():
        edges = [(u, v, d) for u, v, d in graph.graph.edges(data=True) if d["branch"] == name]
        assert edges
        for u, v, edge in edges:
            lams = [graph.graph.nodes[n]["lam"] for n in (u, v)]
            assert edge["lam_low"] < edge["lam_high"]
            assert edge["lam_low"] <= min(lams) and max(lams) <= edge["lam_high"]
            assert edge["loss_low"] <= edge["loss_high"]
        real = [event for event in branch.events if not event.formal]
        for event in real:
            node = graph.event_node(branch.problem, event)
            assert any(node in (u, v) for u, v, _ in edges)
    assert len(graph.graph) == len(set(graph.graph))


@pytest.mark.parametrize("name", GRAPHS)
def test_no_two_branches_are_the_same_up_to_symmetry(graphs, name):
    graph = graphs[name]
    for name, branch in graph.branches.items():
        rest = BranchGraph(branches={n: b for n, b in graph.branches.items() if n != name})
        # at the ends branches may meet: S_3 x S_(d-4) is S_(d-2) x S_1 at d = 5
        halfway = branch.lam[[0, -1]].mean()
        middle = min(branch.points, key=lambda point: abs(point.lam - halfway))
        assert rest.holds(branch.problem, middle.X) is None


@pytest.mark.parametrize("name", list(WINDOWS))
def test_minima_at_whole_sizes_are_minima_there(graphs, name):
    graph = graphs[name]
    for *_, edge in graph.graph.edges(data=True):
        branch = graph.branches[edge["branch"]]
        index = Polynomial.parse(edge["index"])
        low, high = math.ceil(edge["lam_low"] + 1e-6), math.floor(edge["lam_high"] - 1e-6)
        for d in range(low, high + 1):
            values = branch.problem.parameters(float(d))
            assert (d in edge["minimum_at"]) == (round(index(**values)) == 0)


def test_an_irrep_that_ceases_to_exist_ends_an_edge(graphs):
    """On S_1 x S_(d-2) x S_1 the irrep s of d - 2 points is lost below d = 4, with its index."""
    graph = graphs["II"].graph
    limits = [data for _, data in graph.nodes(data=True) if data["label"] == "SIZE"]
    assert any(abs(data["lam"] - 4.0) < 1e-8 and "s[bulk/2]" in data["reason"] for data in limits)


def test_the_transition_of_type_ii_names_what_meets_it(graphs):
    (first,) = [t for t in graphs["II"].transitions() if t.branch == "b0"]
    assert first.first_integer == 6
    assert first.change == "saddle -> minimum"
    assert first.lam == pytest.approx(5.585505247425877, rel=1e-12)
    assert any("S(d - 2) x S(1) x S(1)" in other for other in first.meets)
    assert "minimum from 6" in str(first)


@pytest.mark.parametrize(("name", "first"), [("A", 6), ("I", 7), ("II", 6), ("M", 8)])
def test_first_whole_size_of_a_minimum(graphs, name, first):
    assert [t.first_integer for t in graphs[name].transitions() if t.branch == "b0"] == [first]


def test_points_of_a_plain_problem_are_the_same_only_if_equal():
    problem = chain()
    one, other = np.array([0.1, 0.2, 0.0, -0.2, -0.1, 1.0]), np.array([0.2, 0.1, 0, -0.1, -0.2, 1])
    assert same(fingerprint(problem, one), fingerprint(problem, one))
    assert not same(fingerprint(problem, one), fingerprint(problem, other))


def test_points_of_a_symmetric_problem_are_the_same_on_an_orbit(rng):
    problem = dihedral(5)
    group = problem.group
    whole = type(problem).of(problem.full, group, np.eye(2))
    for _ in range(20):
        z = rng.normal(size=2)
        mark = fingerprint(whole, np.append(z, 0.3))
        for g in group.elements():
            assert same(mark, fingerprint(whole, np.append(g @ z, 0.3)))
        assert not same(mark, fingerprint(whole, np.append([z[0] + 0.1, z[1]], 0.3)))


def test_a_branch_of_larger_isotropy_ends_there(graphs):
    returned = [b for b in graphs["II"].branches.values() if b.status is Status.RETURNED]
    (branch,) = returned
    assert branch.events[-1].lam == pytest.approx(16.2007848797, rel=1e-9)
    assert branch.points[-1].lam < branch.events[-1].lam


def test_equal_sizes_are_seen_where_one_of_them_is_a_parameter(graphs):
    """With p = 2, parts of p and of 2 points can be exchanged: branches end in such states."""
    returned = {n for n, b in graphs["M"].branches.items() if b.status is Status.RETURNED}
    assert len(returned) >= 2
    born = [b for n, b in graphs["M"].branches.items() if n.startswith("b0-1.")]
    assert len(born) == 1  # rest: 1 + 1, the two half-branches are one


@pytest.mark.parametrize("name", GRAPHS)
def test_followed_again_from_its_middle_a_branch_is_known(graphs, name):
    graph = graphs[name]
    branch = graph.branches["b0"]
    middle = branch.points[len(branch.points) // 2]
    start = correct_at(branch.problem, middle.X, -middle.tangent, Options()).point
    again = follow(branch.problem, start, (start.lam - 0.1, start.lam + 0.1))
    assert graph.holds(again.problem, again.points[-1].X) == "b0"


def test_limits_of_several_irreps_at_one_size_are_one_node(graphs):
    for name in WINDOWS:
        graph = graphs[name].graph
        assert not [edge for edge in graph.edges if edge[0] == edge[1]]


def test_what_was_cut_is_said():
    none = bifurc.explore("II", depth=0, d=(12, 5))
    assert none.graph.graph["cut"] == ["b0 at 5.58550524743: depth = 0 reached"]
    few = bifurc.explore("II", depth=1, max_branches=3, d=(12, 5))
    assert len(few.branches) == 3
    cut = few.graph.graph["cut"]
    assert len([line for line in cut if "max_branches = 3 reached" in line]) == 4
    assert bifurc.explore("II", depth=1, d=(12, 5.8)).graph.graph["cut"] == []


def test_bounds_are_respected(graphs):
    for name, window in WINDOWS.items():
        for branch in graphs[name].branches.values():
            assert min(window) <= branch.lam.min() and branch.lam.max() <= max(window)
    with pytest.raises(ValueError, match="depth must be a whole number of at least 0"):
        bifurc.explore("II", depth=-1, d=(12, 5))
    with pytest.raises(ValueError, match="max_branches must be a whole number of at least 1"):
        bifurc.explore("II", max_branches=0, d=(12, 5))


def test_the_graph_prints_and_compares(graphs):
    graph = graphs["II"]
    assert str(graph).startswith("7 branches")
    assert graph == graph
    assert graph != graphs["A"]
    assert graph != 3


def test_a_window_may_reach_to_sizes_of_a_thousand_million():
    (edge,) = bifurc.explore("II", d=(1e9, 10)).graph.edges(data=True)
    whole = edge[-1]["minimum_at"]
    assert (whole[0], whole[-1], len(whole)) == (10, 10 + WHOLE - 1, WHOLE)
