"""Exploring: what is found from each family, in any order of work."""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import bifurc
from bifurc.cli.main import main
from bifurc.continuation.options import Status
from bifurc.continuation.trace import point_at
from bifurc.exploration import Plan, explore_from
from bifurc.models import chain, permuted
from bifurc.structure.families import Family
from bifurc.switching.subgroups import Search
from tests.runs import run_of, together


@pytest.fixture(scope="module")
def type_ii():
    return bifurc.explore("II", d=(40, 3.2), depth=2)


def isotropies(graph):
    """Branch names to isotropies."""
    return {d["branch"]: d["isotropy"] for *_, d in graph.graph.edges(data=True)}


def named(graph, isotropy):
    return [graph.branches[n] for n, iso in isotropies(graph).items() if iso == isotropy]


@pytest.mark.parametrize("p", [1, 2, 3])
def test_type_ii_gives_birth_to_products_with_p_points(type_ii, p):
    branches = named(type_ii, f"S(d - {p + 1}) x S({p}) x S(1)")
    assert len(branches) == 2
    event = type_ii.branches["b0"].events[0]
    for branch in branches:
        assert str(branch.problem.structure) == f"S({p}) x S(d - {p + 1}) x S(1)"
        assert abs(branch.points[0].lam - event.lam) < 0.5
    # both signs of the kernel vector: one starts above, one below, as long as no fold intervenes
    assert {b.points[0].lam for b in branches} == {event.lam}
    assert {np.sign(b.points[1].lam - event.lam) for b in branches} == {1.0, -1.0}


def test_with_one_point_the_upper_half_branch_is_a_saddle_of_index_one_up_to_40(type_ii):
    event = type_ii.branches["b0"].events[0]
    upper, lower = sorted(named(type_ii, "S(d - 2) x S(1) x S(1)"), key=lambda b: -b.points[1].lam)
    assert upper.lam[1:].min() > event.lam
    assert upper.points[-1].lam == 40.0
    assert {upper.index_at(i).text() for i in range(len(upper.points))} == {"1"}
    assert upper.status is Status.WINDOW
    assert lower.lam[1:].max() < event.lam
    assert lower.points[-1].lam == 3.2


def test_depth_two_follows_the_branch_that_one_returned_to(type_ii):
    (meeting,) = [
        b for b in named(type_ii, "S(d - 3) x S(2) x S(1)") if b.status is Status.RETURNED
    ]
    assert meeting.events[-1].lam == pytest.approx(16.2008, abs=1e-4)
    onward = named(type_ii, "S(d - 3) x S(3)")
    assert sorted(np.sign(b.points[-1].lam - 16.2) for b in onward) == [-1, 1]
    for branch in onward:
        assert branch.problem.n == 5 + 1  # (bulk, pair) of diagonals, offs and two constants


@together
@pytest.mark.parametrize(
    ("name", "pairs", "rings", "value"),
    [
        ("A", "S(d - 2) x S(1) x S(1)", "S(d - 3) x S(1)^3 : C3", 5.7638127349196),
        pytest.param(
            "I",
            "S(d - 3) x S(1) x S(1) x S(1)",
            "S(d - 4) x S(1)^3 : C3 x S(1)",
            6.7448306562456,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_pitchforks_with_kernel_x(name, pairs, rings, value):
    """1 + 1 + rest and Z_3 on three points, to larger d only; saddles beside the minimum."""
    graph = run_of(f"type_{name.lower()}")
    (pair,) = named(graph, pairs)
    assert pair.lam[1:].min() > value == pytest.approx(pair.lam[0])
    assert {pair.index_at(i).text() for i in range(len(pair.points))} == {"1"}
    (ring,) = named(graph, rings)
    assert ring.problem.structure.ties
    assert ring.lam[1:].min() > value
    assert len(ring.points) > 5
    assert not any(ring.is_minimum())
    whole = graph.branches["b0"]
    minimum = dict(zip(whole.lam, whole.is_minimum(), strict=True))
    assert all(is_one == (lam > value) for lam, is_one in minimum.items())


def test_shares_and_real_sizes_are_split_off():
    search = Search(explicit=1, shares=("1/3",), sizes=(1.5,))
    graph = bifurc.explore("II", d=(12, 5), search=search)
    counts = Counter(isotropies(graph).values())
    assert counts["S(d - 2) x S(1) x S(1)"] == 2
    assert counts["S((2*d - 5)/2) x S(3/2) x S(1)"] == 2
    assert counts["S((2*d - 2)/3) x S((d - 1)/3) x S(1)"] == 2


def test_every_subgroup_tried_is_on_record(type_ii):
    node = next(d for _, d in type_ii.graph.nodes(data=True) if d["label"] == "BP")
    *subgroups, all_together = node["tried"]["s[bulk]"]
    assert all_together.startswith("all together: at d = 5")
    assert [line.split(":")[1] for line in subgroups] == [f" {p} + rest" for p in (1, 2, 3)]


def test_the_same_branch_from_two_events_is_one():
    """The chain's second and fourth modes meet again; each branch is there once."""
    problem = chain()
    seed = ("all of G", problem, point_at(problem, np.zeros(5), -0.5))
    graph = explore_from([seed], Plan((-0.5, 4.5), depth=2))
    middles = [b.points[len(b.points) // 2] for b in graph.branches.values()]
    for i, one in enumerate(middles):
        for other in middles[:i]:
            assert np.abs(one.X - other.X).max() > 1e-6
    assert len(graph.branches) > 11


def test_the_same_seed_twice_is_one_branch():
    problem = permuted(4)
    seed = ("all of G", problem, point_at(problem, np.zeros(1), -0.5))
    graph = explore_from([seed, seed], Plan((-0.5, 1.5), depth=0))
    assert list(graph.branches) == ["b0"]


def small(executor=None, folder=None):
    return bifurc.explore("II", d=(9, 5), executor=executor, folder=folder)


def test_threads_give_the_same_graph():
    with ThreadPoolExecutor(3) as pool:
        assert small(pool) == small()


def test_processes_give_the_same_graph():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert small(pool) == small()


def test_dask_gives_the_same_graph():
    distributed = pytest.importorskip("distributed")
    with distributed.Client(processes=False, dashboard_address=None) as client:
        assert small(client.get_executor()) == small()


@pytest.mark.slow
def test_a_cluster_of_processes_gives_the_same_graph(tmp_path, capsys):
    distributed = pytest.importorskip("distributed")
    case = tmp_path / "case.toml"
    case.write_text('family = "II"\nwindow = { d = [9.0, 5.0] }\n[explore]\ndepth = 1\n')
    cluster = distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None)
    with cluster:
        address = cluster.scheduler_address.replace("tcp", "dask")
        command = ["run", str(case), "-o", str(tmp_path / "out"), "--executor", address]
        assert main(command) == 0
    assert bifurc.load(tmp_path / "out") == small()


def test_an_address_that_is_none_is_refused_in_one_line(tmp_path, capsys):
    case = tmp_path / "case.toml"
    case.write_text('family = "II"\nwindow = { d = [9.0, 5.0] }\n')
    out = str(tmp_path / "out")
    assert main(["run", str(case), "-o", out, "--executor", "localhost"]) == 2
    assert "dask://HOST:PORT" in capsys.readouterr().err


def test_a_branch_on_file_is_not_followed_again(tmp_path, monkeypatch):
    graph = small(folder=tmp_path)
    monkeypatch.setattr("bifurc.exploration._follow", lambda *_: pytest.fail("followed again"))
    assert small(folder=tmp_path) == graph
    branch = next(tmp_path.rglob("b0-0.1.npz"))
    branch.unlink()
    with pytest.raises(BaseException, match="followed again"):
        small(folder=tmp_path)


def test_births_in_workers_give_the_same_graph_at_every_depth():
    with ThreadPoolExecutor(2) as executor:
        ours = bifurc.explore("II", d=(20, 5), depth=2, executor=executor)
    assert ours == bifurc.explore("II", d=(20, 5), depth=2)


def test_progress_is_told_once_for_each_branch():
    seen = []
    graph = bifurc.explore("II", d=(9, 5), progress=lambda name, branch, left: seen.append(name))
    assert seen == list(graph.branches)


def test_sets_that_look_alike_are_followed_as_one(caplog):
    """M with its two flipped neurons as 1 + 1 has the births of M: those of ``cases/type_m``."""
    family = Family.build(
        "flipped one by one",
        sets={"bulk": "d - 2", "one": 1, "two": 1},
        start={"bulk": 1, "one": -1, "two": -1},
        parameters={"d": 20},
    )
    search = Search(explicit=1, finite_groups=False)
    graph = bifurc.explore(family, d=(9, 7), search=search)
    assert "larger than" in caplog.text
    assert graph.branches["b0"].isotropy == "S(d - 2) x S(2)"
    (event,) = graph.branches["b0"].events
    assert event.lam == pytest.approx(7.5611904979454, abs=1e-9)
    born = [branch.isotropy for name, branch in graph.branches.items() if name != "b0"]
    assert born == ["S(d - 3) x S(2) x S(1)"] * 2


@pytest.mark.parametrize(("window", "said"), [((2, 3), 1), ((1, 2), 1), ((1, 3), 0), ((2.1, 3), 0)])
def test_an_event_at_the_edge_of_the_window_is_told(window, said):
    """(lam - 2) x - x^3: pitchfork at 2, where no sign changes in a window that ends there."""
    problem = bifurc.Problem(
        lambda x, lam: (lam - 2) * x[0] ** 2 / 2 - x[0] ** 4 / 4, [0.0], {"lam": window[0]}
    )
    graph = bifurc.explore(problem, lam=window)
    told = [word for word in graph.graph.graph["cut"] if "zero at the edge" in word]
    assert len(told) == said and all(" at 2: " in word for word in told)
