"""One grammar: name=value fixes, name=(from, to) runs, whatever the problem is."""

import dataclasses
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc import groups
from bifurc.cli.main import main

CASES = Path(__file__).parents[1] / "cases"
II = 5.585505247426  # see the README


def pitchfork(x, lam, c):
    """Critical points at 0 and, for lam > 0, at plus and minus sqrt(lam / c)."""
    return -lam * x @ x / 2 + c * (x**4).sum() / 4


def own(**changes):
    given = {"loss": pitchfork, "x0": [0.0], "parameters": {"lam": -0.5, "c": 2.0}}
    return bifurc.Problem(**{**given, "group": groups.symmetric(1), **changes})


@pytest.mark.parametrize(
    "problem", ["II", bifurc.family("II"), CASES / "type_ii.toml", str(CASES / "type_ii.toml")]
)
def test_a_family_may_be_named_in_any_way(problem):
    assert bifurc.trace(problem, d=(12, 5)).events["s[bulk]"].lam == pytest.approx(II, abs=1e-10)
    _, point = bifurc.member(problem, d=12.0)
    _, same = bifurc.member("II", "d", 12.0)
    assert np.array_equal(point.x, same.x)


def test_a_case_brings_its_window():
    assert bifurc.trace(CASES / "type_ii.toml").points[0].lam == 40


def test_engine_options_may_be_given_by_name():
    long, short = bifurc.trace("II", d=(40, 5)), bifurc.trace("II", d=(40, 5), ds_max=0.1)
    assert len(short) > 2 * len(long)
    assert bifurc.trace("II", bifurc.Options(ds_max=0.1), d=(40, 5)).lam == pytest.approx(short.lam)


def test_a_locus_takes_two_windows():
    curve = bifurc.locus("M", "s:bulk", d=(40, 3.1), p=(1, 3))
    assert curve.at(p=1)[0]["d"] == pytest.approx(II, abs=1e-9)


@pytest.mark.parametrize("wrong", [42, None, {}, ["II"]])
def test_what_is_no_problem_is_said_in_one_line(wrong):
    with pytest.raises(ValueError, match="family, its name, a case file or a bifurc.Problem; got"):
        bifurc.trace(wrong, d=(12, 5))


def test_wrong_options_are_named():
    with pytest.raises(ValueError, match="options needs"):
        bifurc.trace("II", {}, d=(12, 5))


def test_branches_of_an_own_problem_are_known_on_paper():
    branch = bifurc.trace(own(), lam=(-0.5, 2))
    (event,) = branch.events
    assert event.lam == pytest.approx(0, abs=1e-12)
    assert event.kind == "pitchfork"
    graph = bifurc.explore(own(), lam=(-0.5, 2), depth=1)
    born = [b for name, b in graph.branches.items() if name != "b0"]
    assert len(born) == 2  # S_1 does not know that x and -x are alike
    for one in born:
        assert one.born.event.lam == pytest.approx(0, abs=1e-12)
        assert_allclose(np.abs(one(1.5)), [np.sqrt(0.75)], rtol=1e-12)
        assert_allclose(np.abs(one.x[:, 0]), np.sqrt(np.maximum(one.lam, 0) / 2), atol=1e-9)


def test_a_branch_reads_like_a_list_of_states():
    branch = bifurc.trace("II", d=(40, 5))
    assert len(branch) == len(branch.points)
    assert branch[3].lam == branch.points[3].lam
    assert branch[-1].lam == 5
    with pytest.raises(IndexError):
        branch[len(branch)]
    assert_allclose(branch(12.0), bifurc.member("II", "d", 12.0)[1].x, rtol=1e-11)
    assert branch[0].index.text() == "0" and branch[-1].index.text() == "d - 2"


def test_a_fold_gives_a_state_for_each_sheet():
    """x = 1 - lam² from the loss x³/3 - (1 - lam²) x on the circle x² + lam² = 1."""
    circle = bifurc.Problem(lambda x, lam: x[0] ** 3 / 3 + (lam**2 - 1) * x[0], [1.0], {"lam": 0.0})
    branch = bifurc.trace(circle, lam=(-2, 2))
    found = branch.at(lam=0.6)
    assert sorted(state.x[0] for state in found) == pytest.approx([-0.8, 0.8], abs=1e-12)
    assert branch(0.6).shape == (2, 1)


def test_reprs_are_a_line_and_print_is_a_table():
    branch = bifurc.trace("II", d=(40, 5))
    assert repr(branch).count("\n") == 0
    assert "d from 40 to 5" in repr(branch) and "1 event" in repr(branch)
    assert "5.58550524743  BP s[bulk], transcritical  d - 2 -> 0  minimum from d = 6" in str(branch)
    assert branch._repr_html_().count("<tr>") == 2
    graph = bifurc.explore("II", d=(12, 5), depth=0)
    (event,) = branch.events
    shown = (graph, event, branch[0], branch.spectrum, branch.problem, bifurc.family("M"), own())
    for one in shown:
        assert "\n" not in repr(one) and len(repr(one)) < 120
    assert repr(event) == "Event: BP at d = 5.585505247: s[bulk], transcritical, saddle -> minimum"
    assert repr(own()) == "Problem own: 1 coordinates, lam = -0.5, c = 2, S_1"
    assert "  b0      S(d - 1) x S(1)  12    5   1                WINDOW" in str(graph)
    assert graph._repr_html_().count("<tr>") == 2
    assert branch.spectrum._repr_html_().count("<tr>") == 1 + len(branch.spectrum)
    assert "transcritical" in event._repr_html_()


def test_an_event_is_plain_data_as_a_dataclass():
    (event,) = bifurc.trace("II", d=(12, 5)).events
    data = dataclasses.asdict(event)
    assert data["lam"] == event.lam and data["kind"] == "transcritical"
    assert data["below"] == event.below and data["below"] is not event.below
    assert np.array_equal(data["zeros"][0]["kernel"], event.kernel)


def test_spectra_are_a_dataset_of_xarray():
    xarray = pytest.importorskip("xarray")
    branch = bifurc.trace("II", d=(40, 5))
    found = branch.to_xarray()
    assert isinstance(found, xarray.Dataset)
    assert set(found.data_vars) == {component.label for component in branch.spectrum}
    assert found.d.values.tolist() == branch.lam.tolist()
    for component, values in branch.spectrum.items():
        assert np.array_equal(found[component.label].values, values)


def test_errors_are_at_the_top():
    for name in ("StartError", "EndedEarlyError", "FileError", "NotCertifiedError", "NoEventError"):
        assert issubclass(getattr(bifurc, name), Exception)
    with pytest.raises(bifurc.NoEventError, match="s:bulk"):
        bifurc.trace("II", d=(12, 5)).events["x"]


def test_frames_and_dicts_hold_what_the_points_say():
    branch = bifurc.trace("II", d=(40, 5))
    data = branch.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["points"]["d"][0] == 40
    assert data["points"]["index"][-1] == pytest.approx(3)
    pandas = pytest.importorskip("pandas")
    frame = branch.to_dataframe()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["d"]) == branch.lam.tolist()


def test_what_is_saved_without_its_functions_goes_on_with_them(tmp_path):
    problem = own()
    graph = bifurc.explore(problem, lam=(-0.5, 2), depth=1)
    graph.save(tmp_path / "run")
    data = bifurc.load(tmp_path / "run")
    assert list(data.branches) == list(graph.branches)
    for name, branch in graph.branches.items():
        assert np.array_equal(data.branches[name].x, branch.x)
        assert np.array_equal(data.branches[name].loss, branch.loss)
    with pytest.raises(ValueError, match="problem="):
        data.branches["b0"].at(lam=0.7)
    again = bifurc.load(tmp_path / "run", problem=problem)
    assert_allclose(again.branches["b0-0.0"](1.5), graph.branches["b0-0.0"](1.5), rtol=1e-12)
    one = graph.branches["b0"]
    one.save(tmp_path / "b0.npz")
    assert np.array_equal(bifurc.load(tmp_path / "b0.npz").x, one.x)


def test_a_case_names_a_function_in_a_file(tmp_path, capsys):
    (tmp_path / "model.py").write_text(
        "def loss(x, lam, c):\n    return -lam * x @ x / 2 + c * (x**4).sum() / 4\n"
    )
    (tmp_path / "own.toml").write_text(
        "window = { lam = [-0.5, 2] }\nexplore = { depth = 1 }\n"
        '[problem]\nfunction = "model.py:loss"\nx0 = [0]\nparameters = { lam = -0.5, c = 2 }\n'
        "group = { symmetric = 1 }\n[[expect.events]]\nlam = 0\n"
        'kind = "pitchfork"\ntolerance = 1e-9\n'
    )
    assert main(["run", str(tmp_path / "own.toml"), "-o", str(tmp_path / "out")]) == 0
    assert len(bifurc.load(tmp_path / "out").branches) == 3
    assert main(["critical", str(tmp_path / "own.toml"), "--json"]) == 0
    assert "pitchfork" in capsys.readouterr().out


def test_the_command_line_takes_the_same_words(capsys):
    assert main(["critical", "M", "p=2", "d=40..6.5", "--json"]) == 0
    (point,) = json.loads(capsys.readouterr().out)["points"]
    assert point["value"] == pytest.approx(7.5611904979, abs=1e-9)
    assert main(["critical", "A", "I", "II", "d=40..5.2", "--json"]) == 0
    several = json.loads(capsys.readouterr().out)
    assert [one["family"] for one in several] == ["A", "I", "II"]
    assert main(["spectrum", "II", "d=20", "--json"]) == 0
    here = json.loads(capsys.readouterr().out)
    assert main(["spectrum", "II", "--at", "d=20", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == here


def test_a_walk_in_p_ends_at_the_member_there_or_says_that_it_does_not():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        branch = bifurc.trace("M", d=20, p=(1, 3))
    assert_allclose(branch.points[-1].x, bifurc.member("M", d=20.0, p=3)[1].x, atol=1e-10)


@pytest.mark.parametrize("given", [pytest.param("loss", marks=pytest.mark.slow), "gradient"])
def test_a_zero_that_is_born_with_a_branch_is_no_crossing(given):
    """In a plane the quartic ring has no angle: across its branches an eigenvalue is of order six.

    Beside their birth it is rounding, with signs of rounding.
    """
    ring = np.roll(np.eye(6), 1, axis=0)

    def loss(x, lam):
        return lam * x @ x / 2 - (x**4).sum() / 4 + 0.3 * ((x - ring @ x) ** 2).sum() / 2

    def gradient(x, lam):
        return lam * x - x**3 + 0.3 * (2 * x - ring @ x - ring.T @ x)

    problem = bifurc.Problem(
        loss, np.zeros(6), {"lam": -0.5}, group=groups.dihedral(6),
        gradient=gradient if given == "gradient" else None,
    )  # fmt: skip
    graph = bifurc.explore(problem, lam=(-0.5, 2))
    assert [branch.status.name for branch in graph.branches.values()] == ["WINDOW"] * 5
    assert sorted(b.born.event.lam for b in graph.branches.values() if b.born) == pytest.approx(
        [-0.3, -0.3, 0.0, 0.0], abs=1e-9
    )


@pytest.mark.parametrize(
    ("height", "bend"), [(1, 1e-12), (1, 1e12), (1, 1e20), (1e9, 1e9), (1e-9, 1)]
)
def test_a_start_at_zero_has_the_length_at_which_the_loss_bends(height, bend):
    """Branches of height lam x²/2 - bend x⁴/4 at plus and minus sqrt(height lam / bend)."""
    problem = bifurc.Problem(
        lambda x, lam: -height * lam * x @ x / 2 + bend * (x**4).sum() / 4, [0.0], {"lam": -0.5}
    )
    graph = bifurc.explore(problem, lam=(-0.5, 2))
    born = [branch for branch in graph.branches.values() if branch.born]
    ends = sorted(branch.x[-1, 0] / np.sqrt(2 * height / bend) for branch in born)
    assert ends == pytest.approx([-1, 1], rel=1e-9)
    assert born[0].born.event.lam == pytest.approx(0, abs=1e-12)


def test_scales_are_taken_as_given_and_events_of_small_parameters_are_apart(tmp_path):
    """The events of (lam - unit) x² and (lam - 3 unit) y² lie at unit and at 3 unit."""
    unit, size = 1e-9, 1e-6

    def loss(x, lam):
        y = x / size
        return -((lam - unit) * y[0] ** 2 + (lam - 3 * unit) * y[1] ** 2) / 2 + unit * (y**4).sum()

    problem = bifurc.Problem(
        loss, [0.0, 0.0], {"lam": 0.0}, scales={"x": [size, size], "lam": unit},
        group=groups.matrices([np.diag([-1.0, 1.0]), np.diag([1.0, -1.0])]),
    )  # fmt: skip
    graph = bifurc.explore(problem, lam=(0, 5 * unit))
    assert [event.lam / unit for event in graph.branches["b0"].events] == pytest.approx([1, 3])
    assert len(graph.branches) == 3  # each pitchfork has two halves that the group exchanges
    graph.save(tmp_path / "run")
    again = bifurc.load(tmp_path / "run", problem=problem)
    assert np.array_equal(again.branches["b0"].problem.units, graph.branches["b0"].problem.units)
    wrong = ({"x": -1}, {"y": 1}, {"lam": [1, 2]}, {"x": "a"}, {"x": [1, 2, 3]}, 3)
    for scales in wrong:
        with pytest.raises(ValueError, match="scale"):
            bifurc.Problem(loss, [0.0, 0.0], {"lam": 0.0}, scales=scales)


@pytest.mark.slow  # depth 2 of a ring: 16 branches
def test_a_ring_from_its_loss_to_a_saved_graph(tmp_path):
    """Potential lam x²/2 - x⁴/4 on a ring of six, coupled by c: zeros at 0, -c, -3c and -4c."""
    ring = np.roll(np.eye(6), 1, axis=0)

    def loss(x, lam, c):
        return lam * x @ x / 2 - (x**4).sum() / 4 + c * ((x - ring @ x) ** 2).sum() / 2

    problem = bifurc.Problem(
        loss, np.zeros(6), parameters={"lam": -0.5, "c": 0.3}, group=bifurc.groups.dihedral(6)
    )
    branch = bifurc.trace(problem, lam=(-0.5, 2), both=True)
    graph = bifurc.explore(problem, lam=(-0.5, 2), depth=2)
    graph.save(tmp_path / "run")
    assert list(bifurc.load(tmp_path / "run").branches) == list(graph.branches)
    assert_allclose([event.lam for event in branch.events], [-0.3, 0.0], atol=1e-10)
    assert branch.events["E1"].lam == pytest.approx(-0.3)
    assert not branch.at(lam=0.7)[0].index.terms  # a minimum
    assert not branch(0.7).any() and branch[3].lam == branch.points[3].lam < 2
    # on x = s (1, ..., 1), s² = lam, the Hessian is -2 lam + c times 1, 1, 3, 3 and 4
    uniform = next(b for b in graph.branches.values() if len(b.events) == 3)
    assert_allclose([event.lam for event in uniform.events], [0.15, 0.45, 0.6], atol=1e-10)
