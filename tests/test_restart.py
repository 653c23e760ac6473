"""What was followed goes on: from a point, an event, a branch or a run, and in a wider window."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc import groups
from bifurc.cli.main import main

CASE = """
window = {{ lam = [{low}, {high}] }}
explore = {{ depth = 1 }}
[problem]
function = "model.py:loss"
x0 = [0, 0]
parameters = {{ lam = -0.5 }}
group = {{ symmetric = 2 }}
"""
MODEL = """
def loss(x, lam):
    return -lam * x @ x / 2 + (x**4).sum() / 4 + 0.4 * (x[0] - x[1]) ** 2
"""


def pitchfork(x, lam, c):
    """Critical points at 0 and, for lam > 0, at plus and minus sqrt(lam / c)."""
    return -lam * x @ x / 2 + c * (x**4).sum() / 4


def own(**changes):
    given = {"loss": pitchfork, "x0": [0.0], "parameters": {"lam": -0.5, "c": 2.0}}
    return bifurc.Problem(**{**given, **changes})


@pytest.fixture(scope="module")
def upper():
    """The branch sqrt(lam / 2), from lam = 1/2 to 2."""
    return bifurc.trace(own(), lam=(0.5, 2), start=[0.5])


def on_upper(branch):
    assert_allclose(branch.x[:, 0], np.sqrt(branch.lam / 2), rtol=1e-9)


def test_an_array_is_a_state_at_the_first_end(upper):
    assert upper.lam[[0, -1]].tolist() == [0.5, 2]
    on_upper(upper)


def test_a_state_and_a_point_start_where_they_are_and_go_both_ways(upper):
    (state,) = upper.at(lam=1.0)
    for start in (state, state.point):
        for ends in ((0.25, 3), (3, 0.25)):
            branch = bifurc.trace(own(), lam=ends, start=start)
            assert branch.lam[[0, -1]].tolist() == [1.0, ends[1]]
            on_upper(branch)
    both = bifurc.trace(own(), lam=(0.25, 3), start=state, both=True)
    assert both.lam[[0, -1]].tolist() == [0.25, 3]


def test_a_branch_goes_on_from_its_end_in_a_wider_window_loaded_or_not(upper, tmp_path):
    upper.save(tmp_path / "upper.npz")
    loaded = bifurc.load(tmp_path / "upper.npz", problem=own())
    for start in (upper, loaded):
        branch = bifurc.trace(own(), lam=(0, 5), start=start)
        assert branch.lam[[0, -1]].tolist() == [2, 5]
        on_upper(branch)


def test_a_start_at_an_event_is_on_the_branch():
    (event,) = bifurc.trace(own(), lam=(-0.5, 2)).events
    branch = bifurc.trace(own(), lam=(-1, 1), start=event)
    assert branch.lam[-1] == 1 and np.abs(branch.x).max() < 1e-9


def test_families_start_from_states_events_branches_and_files(tmp_path):
    branch = bifurc.trace("II", d=(12, 5))
    member = bifurc.member("II", d=4.5)[1].x
    branch.save(tmp_path / "ii.npz")
    for start in (branch, branch[2], branch.points[3], branch.events[0], branch[0].x,
                  tmp_path / "ii.npz"):  # fmt: skip
        again = bifurc.trace("II", d=(12, 4.5), start=start)
        assert_allclose(again.points[-1].x, member, atol=1e-10)


def test_a_symmetric_problem_starts_from_a_full_state():
    problem = own(x0=[0.0, 0.0], group=groups.symmetric(2))
    branch = bifurc.trace(problem, lam=(0.5, 2), start=[0.5, 0.5])
    assert_allclose(branch.x, np.sqrt(branch.lam / 2)[:, None] * [1, 1], rtol=1e-9)
    other = bifurc.trace(problem, lam=(0.5, 2), start=[0.5, -0.5])
    assert_allclose(other.x, np.sqrt(other.lam / 2)[:, None] * [1, -1], rtol=1e-9)


@pytest.mark.parametrize(
    "start", [3, {}, "none.npz", [[1.0]], [np.nan], [1.0, 2.0, 3.0], ["a"], None]
)
def test_what_is_no_start_is_said_in_one_line(start):
    if start is None:
        start = bifurc.trace("II", d=(12, 11))
    with pytest.raises(ValueError, match=r"start|none.npz") as raised:
        bifurc.trace(own(), lam=(0.5, 2), start=start)
    assert "\n" not in str(raised.value)


def test_a_graph_goes_on_in_a_wider_window(monkeypatch):
    small = bifurc.explore(own(), lam=(-0.5, 1))
    whole = bifurc.explore(own(), lam=(-0.5, 3))
    monkeypatch.setattr("bifurc.exploration.follow", None)  # nothing is followed from its start
    wide = bifurc.explore(own(), lam=(-0.5, 3), start=small)
    assert list(wide.branches) == list(whole.branches)
    for name, branch in whole.branches.items():
        assert [e.lam for e in wide.branches[name].events] == [e.lam for e in branch.events]
        assert_allclose(wide.branches[name](2.5), branch(2.5), rtol=1e-12)


def test_a_run_is_resumed_in_a_wider_window(tmp_path, capsys):
    """On x = 0 lie events at lam = 0 (1, 1) and 1.6 (1, -1)."""
    (tmp_path / "model.py").write_text(MODEL)
    case, out = tmp_path / "case.toml", tmp_path / "out"
    case.write_text(CASE.format(low=-0.5, high=1))
    assert main(["run", str(case), "-o", str(out), "-q"]) == 0
    assert [e.lam for e in bifurc.load(out).branches["b0"].events] == pytest.approx([0], abs=1e-9)
    case.write_text(CASE.format(low=-0.5, high=2))
    assert main(["run", str(case), "-o", str(out), "-q"]) == 2
    assert "holds another run" in capsys.readouterr().err
    assert main(["run", str(case), "-o", str(out), "-q", "--resume"]) == 0
    graph = bifurc.load(out)
    events = [event.lam for event in graph.branches["b0"].events]
    assert events == pytest.approx([0, 1.6], abs=1e-9)
    assert all(branch.lam[-1] == 2 for branch in graph.branches.values())
    fresh = tmp_path / "fresh"
    assert main(["run", str(case), "-o", str(fresh), "-q"]) == 0
    assert sorted(bifurc.load(fresh).branches) == sorted(graph.branches)
    assert json.loads((out / "manifest.json").read_text())["settings"]["window"] == [-0.5, 2]
    case.write_text(
        CASE.format(low=0.5, high=2).replace("-0.5 }", "0.7 }")
    )  # narrower: another run
    assert main(["run", str(case), "-o", str(out), "-q", "--resume"]) == 2


def test_a_run_that_goes_further_keeps_what_it_goes_on_with_until_it_is_done(tmp_path, monkeypatch):
    """Also of a family, on whose branch others are born: their files come first by name."""
    case, out = tmp_path / "case.toml", tmp_path / "out"
    text = 'family = "II"\nwindow = {{ d = [7, {}] }}\nexplore = {{ depth = 1, explicit = 1 }}\n'
    command = ["run", str(case), "-o", str(out), "-q"]
    case.write_text(text.format(5.2))
    assert main(command) == 0
    small = bifurc.load(out)
    names = {path.name for path in out.glob("branches/b*.npz")}
    assert {"b0.npz"} < names
    case.write_text(text.format(5.1))
    with monkeypatch.context() as patch:
        patch.setattr("bifurc.run.explore_from", interrupted)
        assert main([*command, "--resume"]) == 3
    assert {path.name for path in out.glob("b*/b*.npz")} == names
    case.write_text(text.format(5.0))  # further still, from a run that has not begun
    assert main([*command, "--resume"]) == 0
    assert not list(out.glob("before*"))
    again = bifurc.load(out)
    first, longer = small.branches["b0"], again.branches["b0"]
    assert longer.lam[-1] == 5.0
    assert np.array_equal(first.lam[:-1], longer.lam[: len(first.lam) - 1])


def interrupted(*_, **__):
    raise KeyboardInterrupt
