"""Each side of each task under pytest-benchmark; what is asserted is the events, never the time."""

import importlib.util
from functools import cache

import numpy as np
import pytest

import bifurc
from tests.benchmarks import tasks, today
from tests.benchmarks.peers import PEERS
from tests.benchmarks.peers import bifurc as ours
from tests.benchmarks.sides import Result, score
from tests.benchmarks.spectra import completed

pytestmark = pytest.mark.filterwarnings("ignore")  # peers have theirs

TASKS = {
    "II": lambda: tasks.family("II", expected=(5.585505247425877,)),
    "M": lambda: tasks.family("M", d=(60.0, 7.0), expected=(7.5611904979454,), p=2),
    "four sets": tasks.four_sets,
    "chain": tasks.chain_task,
    "S_5": tasks.permuted_task,
}
PATIENCE = {("chain", "pycont"), ("chain", "jaxcont")}  # these take minutes


@cache
def task(name):
    return TASKS[name]()


@pytest.mark.parametrize("name", TASKS)
def test_bifurc(benchmark, name):
    benchmark.group = name
    points, events = benchmark(ours, task(name))
    s = score(task(name), Result(points=points, events=events))
    assert (s.missed, s.spurious) == (0, 0)
    assert not s.error > 1e-12


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("name", TASKS)
def test_peer(benchmark, name, peer):
    if importlib.util.find_spec(peer) is None:
        pytest.skip(f"{peer} is not installed")
    if (name, peer) in PATIENCE:
        pytest.skip("takes minutes; see RESULTS.md")
    benchmark.group = name
    try:
        points, events = benchmark.pedantic(
            completed(PEERS[peer]) if task(name).spectra else PEERS[peer],
            args=(task(name),),
            rounds=3,
            warmup_rounds=1,
        )
    except Exception as error:  # what a peer cannot do is its result
        pytest.skip(f"{type(error).__name__}: {error}"[:200])
    benchmark.extra_info |= vars(score(task(name), Result(points=points, events=events)))


@pytest.mark.parametrize("way", ["full matrices", "trace"])
def test_every_whole_d_from_12_to_4(benchmark, way):
    benchmark.group = "II, d = 12 to 4"
    if way == "trace":
        branch = benchmark(bifurc.trace, "II", d=(12.0, 4.0))
        assert [event.lam for event in branch.events] == pytest.approx([5.585505247425877])
    else:
        signs = dict(benchmark.pedantic(today.sweep, args=("II", 12, 4), rounds=3))
        assert signs[6] == 0 < signs[5]


@pytest.mark.parametrize("d", [40.0, 1e4, 1e6])
def test_cost_does_not_depend_on_d(benchmark, d):
    benchmark.group = "one point with all spectra"
    problem, point = bifurc.api.member("II", "d", d)
    blocks = benchmark(problem.blocks, point.x, d)
    assert len(blocks) == len(problem.components)


def test_exploration_of_depth_2(benchmark):
    benchmark.group = "exploration"
    graph = benchmark.pedantic(
        bifurc.explore, args=("II",), kwargs={"d": (40.0, 3.1), "depth": 2}, rounds=1
    )
    assert graph.transitions()


@pytest.mark.parametrize("way", ["one by one", "together"])
def test_twenty_members(benchmark, way):
    benchmark.group = "M, d = 40 to 5, twenty values of p"
    values = np.linspace(1.2, 3.2, 20)
    if way == "together":
        branches = benchmark(bifurc.sweep, "M", d=(40.0, 5.0), p=values).branches
    else:
        branches = benchmark.pedantic(today.one_by_one, args=("M", (40.0, 5.0), "p", values))
    assert all(any(event.name == "s[bulk]" for event in branch.events) for branch in branches)
