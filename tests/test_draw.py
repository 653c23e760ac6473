"""Pictures show the numbers that were computed: data is compared, not pixels."""

import csv
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pytest

import bifurc
from bifurc import draw
from bifurc.case import load_case
from bifurc.cli.main import main
from bifurc.continuation.trace import point_at
from bifurc.draw.graph import heights, lanes, places
from bifurc.events.branch import follow
from bifurc.exploration import save_run
from bifurc.graph.files import branch_path, load_branch, save_branch
from bifurc.loss.embedding import matrices
from bifurc.models import model
from bifurc.run import run_case

pytestmark = pytest.mark.xdist_group("drawings")

BIRTH = 5.585505247425877  # of the minima of type II
ROOT = Path(__file__).parent.parent
FIGURES = sorted(set(ROOT.glob("plots/*.py")) - {ROOT / "plots" / "common.py"})


@pytest.fixture(scope="module")
def branch():
    return bifurc.trace("II", d=(12, 4))


@pytest.fixture(scope="module")
def graph():
    return bifurc.explore("II", d=(20, 3.2), depth=2, search=bifurc.Search(explicit=2))


@pytest.fixture(scope="module")
def pieces(graph):
    return draw.curves(graph)


@pytest.fixture(scope="module")
def folder(graph, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    for name, one in graph.branches.items():
        save_branch(branch_path(folder, name), one)
    save_run(folder, graph)
    return folder


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_points_in_between_are_those_of_a_cold_start(branch):
    stable = max(draw.curves(branch), key=lambda piece: piece.x.max())
    for i in range(7, len(stable.x), 40):
        problem, point = bifurc.member("II", "d", stable.x[i])
        assert stable.y[i] == pytest.approx(problem.loss(point.x, point.lam), rel=1e-9)


def test_curves_are_smooth_and_cut_at_the_event(branch):
    below, above = sorted(draw.curves(branch), key=lambda piece: piece.x.max())
    assert (below.stable, above.stable) == (False, True)
    assert (below.index, above.index) == ("d - 2", "0")
    assert below.x.max() == above.x.min() == pytest.approx(BIRTH, abs=1e-9)
    # no turn between neighbouring segments that an eye could see, axes scaled to one
    x = np.concatenate([above.x, below.x[1:]]) / 8
    y = np.concatenate([above.y, below.y[1:]]) / 0.02
    keep = np.hypot(np.diff(x), np.diff(y)) > 1e-6
    angle = np.arctan2(np.diff(y)[keep], np.diff(x)[keep])
    assert np.abs(np.diff(np.unwrap(angle))).max() < np.radians(3)


def test_what_is_drawn_is_what_is_given_as_data(branch):
    fig, ax = draw.diagram(branch)
    pieces, (mark,) = draw.curves(branch), draw.marks(branch)
    assert fig is ax.figure
    for line, piece in zip(ax.lines, pieces, strict=False):
        np.testing.assert_array_equal(line.get_xydata(), np.c_[piece.x, piece.y])
        assert (line.get_linestyle() == "-") == piece.stable
    np.testing.assert_array_equal(ax.lines[len(pieces)].get_xydata(), [[mark.x, mark.y]])
    assert mark.x == pytest.approx(BIRTH, abs=1e-9)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert {"minimum", "saddle", "s, standard (n−1, 1)"} <= set(texts)
    assert set(range(4, 13)) <= set(ax.get_xticks())


def test_axes_that_are_given_are_used_and_settings_stay(branch):
    fig, ax = plt.subplots()
    before = dict(matplotlib.rcParams)
    assert draw.diagram(branch, "norm", ax) == (fig, ax)
    draw.eigenvalues(branch)
    assert dict(matplotlib.rcParams) == before


def test_norm_and_smallest_eigenvalue_are_those_of_the_full_problem(branch):
    norm, smallest = (draw.curves(branch, y)[0] for y in ("norm", "smallest"))
    problem, point = bifurc.member("II", "d", 12.0)
    W, _ = matrices(problem.structure, point.x, {"d": 12})
    assert norm.x[0] == 12.0
    assert norm.y[0] == pytest.approx(np.linalg.norm(W), rel=1e-9)
    values = [block.eigen().values for block in problem.blocks(point.x, 12.0).values()]
    assert smallest.y[0] == pytest.approx(min(v.min() for v in values), rel=1e-9)


def test_formal_events_are_left_out_unless_asked_for():
    branch = bifurc.trace("M", d=(8, 5.1))
    assert any(event.formal for event in branch.events)
    assert not any(mark.event.formal for mark in draw.marks(branch))
    assert len(draw.marks(branch, formal=True)) == len(branch.events)


def test_a_branch_begins_at_the_event_it_is_born_at(graph, pieces):
    for name in ("b0-0.0", "b0-0.1", "b0-0.2", "b0-0.3"):
        first = next(piece for piece in pieces if piece.branch == name)
        (event,) = graph.branches["b0"].events
        assert (first.x[0], first.y[0]) == pytest.approx((event.lam, event.loss), rel=1e-9)


def test_a_branch_that_returned_is_drawn_up_to_the_branch_it_meets(graph, pieces):
    returned = graph.branches["b0-0.2"]
    last = [piece for piece in pieces if piece.branch == "b0-0.2"][-1]
    assert last.x[-1] == pytest.approx(returned.events[-1].lam, rel=1e-12)
    assert np.diff(last.x).max() < 0.3  # and not by one straight line


def test_stability_changes_where_an_irrep_comes_to_exist(graph, pieces):
    """S_2 x S_(d-3) x S_1 has no irrep x on d - 3 points until d = 5."""
    stable = [p for p in pieces if p.branch == "b0-0.3" and p.stable]
    assert max(p.x.max() for p in stable) == pytest.approx(5.0, abs=0.05)
    whole = {d for *_, e in graph.graph.edges(data=True) for d in e["minimum_at"]
             if e["branch"] == "b0-0.3"}  # fmt: skip
    assert whole == {4}


def test_eigenvalues_are_those_of_the_branch_with_their_multiplicities(branch):
    found = {one.component: one for one in draw.eigencurves(branch)}
    for component, values in branch.spectrum.items():
        np.testing.assert_allclose(found[component].values[0], values[0], rtol=1e-12)
    labels = {one.label for one in found.values()}
    assert {"t × 1", "s[bulk] × (d − 2)", "x[bulk] × (d² − 5d + 6)/2"} <= labels


def test_eigenvalues_of_irreps_that_do_not_exist_are_not_drawn():
    branch = bifurc.trace("II", d=(4.5, 3.4))
    (y,) = (one for one in draw.eigencurves(branch) if one.component.irrep == "y")
    assert np.isnan(y.values[y.x < 4.0]).all() and np.isfinite(y.values[y.x > 4.001]).all()


def test_graph_is_drawn_in_the_order_of_the_parameter(graph):
    fig, ax = draw.branch_graph(graph)
    assert len(ax.patches) == graph.graph.number_of_edges()
    for node, place in places(graph).items():
        assert place.lam == graph.graph.nodes[node]["lam"]
    assert set(places(graph)) == set(graph.graph)
    fig.canvas.draw()


def test_branches_on_one_lane_do_not_overlap(graph):
    lane, spans = lanes(graph), {}
    for *_, data in graph.graph.edges(data=True):
        spans.setdefault(data["branch"], []).append((data["lam_low"], data["lam_high"]))
    whole = {n: (min(a for a, _ in s), max(b for _, b in s)) for n, s in spans.items()}
    for one in lane:
        for other in lane:
            if one < other and lane[one] == lane[other]:
                shared = min(whole[one][1], whole[other][1]) - max(whole[one][0], whole[other][0])
                assert shared <= 1e-6
    assert len(heights(graph)) == graph.graph.number_of_edges()


def test_isotropies_hang_together_as_the_branches_were_born(graph):
    lattice = draw.isotropies(graph)
    dimension = dict(lattice.nodes(data="dimension"))
    assert dimension["S(d - 1) x S(1)"] == 5 and dimension["S(d - 2) x S(1) x S(1)"] == 10
    assert lattice.edges["S(d - 1) x S(1)", "S(d - 3) x S(2) x S(1)"]["irrep"] == "s[bulk]"
    assert nx.is_directed_acyclic_graph(lattice)
    draw.isotropy_lattice(graph)[0].canvas.draw()


def test_weights_show_the_matrix():
    problem, point = bifurc.member("M", "d", 7.0)
    image = draw.weights(problem.structure, point.x, {"d": 7, "p": 2})
    W, _ = matrices(problem.structure, point.x, {"d": 7, "p": 2})
    np.testing.assert_array_equal(image.get_array(), W)
    assert image.get_clim() == (-np.abs(W).max(), np.abs(W).max())
    with pytest.raises(ValueError, match="whole sizes"):
        draw.weights(problem.structure, point.x, {"d": 7.5, "p": 2})


def test_plain_models_are_drawn_too():
    pitchfork = model("pitchfork")
    start = point_at(pitchfork, np.array([1.0]), -1.0, towards=1.0)
    branch = follow(pitchfork, start, (-1.0, 1.0))
    for piece in draw.curves(branch, "x0"):
        np.testing.assert_allclose(piece.x, -(piece.y**2), atol=1e-8)  # -x³ - lam x = 0
    assert draw.diagram(branch, "x0")[1].get_xlabel() == "lam"


@pytest.mark.parametrize("case", ["chain", "dihedral", "permuted"])
def test_graphs_of_plain_models_are_drawn_from_their_first_point_on(case):
    graph = run_case(load_case(ROOT / "cases" / f"{case}.toml"))
    pieces = draw.curves(graph, "norm")
    for name, branch in graph.branches.items():
        own = np.concatenate([piece.x for piece in pieces if piece.branch == name])
        assert own.min() <= branch.lam.min() and branch.lam.max() <= own.max()
    root = [piece for piece in pieces if piece.branch == "b0"]
    first = np.concatenate([piece.x for piece in root])
    assert (first.min(), first.max()) == (
        graph.branches["b0"].lam.min(),
        graph.branches["b0"].lam.max(),
    )
    assert (np.diff(first) >= 0).all() or (np.diff(first) <= 0).all()
    draw.branch_graph(graph)[0].canvas.draw()


@pytest.mark.parametrize("y, message", [("bulk.nothing", "bulk.bulk.diag"), ("loss", "window")])
def test_what_cannot_be_drawn_is_said(branch, y, message):
    with pytest.raises(ValueError, match=message):
        draw.diagram(branch, y, window=(100.0, 200.0) if y == "loss" else None)


def test_text_stays_text_and_files_do_not_change_from_day_to_day(branch, tmp_path):
    for name in ("print", "slides"):
        for copy in ("a", "b"):
            with draw.style(name):
                fig, _ = draw.diagram(branch)
            draw.save(fig, tmp_path / f"{name}-{copy}.svg")
        one, two = (tmp_path / f"{name}-{copy}.svg" for copy in "ab")
        assert one.read_bytes() == two.read_bytes()
        assert ">minimum</text>" in one.read_text()
    draw.save(fig, tmp_path / "a.pdf")
    assert b"/Type3" not in (tmp_path / "a.pdf").read_bytes()
    with pytest.raises(ValueError, match=".png, .svg, .pdf"):
        draw.save(fig, tmp_path / "a.bmp")
    with pytest.raises(ValueError, match="print and slides"):
        draw.style("poster")


@pytest.mark.parametrize("y", ["loss", "eigenvalues", "graph", "isotropy"])
def test_plot_writes_the_picture_and_its_numbers(folder, pieces, tmp_path, y, capsys):
    picture, numbers = tmp_path / "a.svg", tmp_path / "a.csv"
    assert main(["plot", str(folder), "--y", y, "-o", str(picture), "--csv", str(numbers)]) == 0
    assert capsys.readouterr().out.split() == [str(picture), str(numbers)]
    assert picture.read_text().startswith("<?xml")
    rows = list(csv.DictReader(numbers.read_text().splitlines()))
    if y == "loss":
        expected = [row for piece in pieces for row in piece.rows()]
        # nan where the loss is lost to rounding
        np.testing.assert_array_equal([float(r["y"]) for r in rows], [r["y"] for r in expected])
    assert rows


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere"],
        ["{folder}", "--y", "nothing"],
        ["{folder}", "-o", "a.bmp"],
        ["{folder}", "--branch", "b7"],
        ["{folder}", "--window", "5", "5"],
        ["{folder}", "--window", "50", "60"],
    ],
)
def test_plot_says_what_is_wrong_in_one_line(folder, arguments, capsys):
    assert main(["plot", *(text.format(folder=folder) for text in arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1


def test_a_branch_file_that_misses_an_array_is_said_to(folder, tmp_path):
    with np.load(branch_path(folder, "b0")) as arrays:
        np.savez(tmp_path / "b0.npz", **{k: arrays[k] for k in arrays.files if k != "jacobian"})
    with pytest.raises(ValueError, match="jacobian.*delete it"):
        load_branch(tmp_path / "b0.npz")


def test_colours_can_go_by_index(branch):
    _, ax = draw.diagram(branch, by="index")
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert {"index 0", "index d − 2"} <= set(texts)
    assert len({line.get_color() for line in ax.lines[:2]}) == 2
    with pytest.raises(ValueError, match="not by 'loss'"):
        draw.diagram(branch, by="loss")


def test_a_locus_is_drawn_smoothly_through_its_events():
    curve = bifurc.locus("M", "s:bulk", ("d", "p"), window=(1, 2.1))
    line, *marks = draw.locus(curve)
    assert len(marks) == len({(one.kind, one.formal) for one in curve.special})
    values = draw.locus_curve(curve)
    np.testing.assert_array_equal(line.get_xydata(), np.c_[values["p"], values["d"]])
    assert len(values["p"]) > 100
    i = len(values["p"]) // 2
    (at,) = curve.at(p=float(values["p"][i]))
    assert at["d"] == pytest.approx(values["d"][i], rel=1e-10)
    assert (line.axes.get_xlabel(), line.axes.get_ylabel()) == ("p", "d")


def execute(script, folder, monkeypatch):
    monkeypatch.syspath_prepend(script.parent)
    monkeypatch.setattr(sys, "argv", [script.name, str(folder)])
    namespace = {"__name__": "__main__", "__file__": str(script)}
    exec(compile(script.read_text(), str(script), "exec"), namespace)


@pytest.mark.slow
@pytest.mark.parametrize("script", FIGURES, ids=lambda script: script.stem)
def test_figures_are_made_by_their_scripts(script, tmp_path, monkeypatch):
    execute(script, tmp_path, monkeypatch)
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".svg"}


def test_points_in_between_stay_on_their_step_where_a_branch_ends():
    graph = bifurc.explore("II", d=(12, 3.2), depth=1)
    for name, branch in graph.branches.items():
        for piece in draw.curves({name: branch}, "smallest"):
            assert piece.x.min() >= min([branch.lam.min(), *(e.lam for e in branch.events)])
            assert not piece.stable or np.nanmin(piece.y) > -1e-9


@pytest.mark.parametrize("fam, window", [("II", (40, 3.2)), ("M", (40, 4)), ("A", (1e4, 3))])
@pytest.mark.parametrize("y", ["loss", "norm", "smallest"])
def test_between_points_drawn_the_curve_is_as_straight_as_print_needs(fam, window, y):
    branch = bifurc.trace(fam, d=window)
    pieces = draw.curves(branch, y)
    height = max(piece.y.max() for piece in pieces) - min(piece.y.min() for piece in pieces)
    for piece in pieces:
        finer = next(
            other
            for other in draw.curves(branch, y, points=4 * draw.curves.__defaults__[-1])
            if other.index == piece.index
        )
        order = np.argsort(piece.x)
        between = np.interp(finer.x, piece.x[order], piece.y[order])
        assert np.abs(between - finer.y).max() < 1e-3 * height  # a tenth of a line's width


@pytest.mark.parametrize("y", ["graph", "isotropy"])
def test_plot_says_what_does_not_go_with_a_graph(folder, y, capsys):
    assert main(["plot", str(folder), "--y", y, "--branch", "b0"]) == 2
    assert "leave them out" in capsys.readouterr().err


def test_an_eigenvalue_that_runs_off_at_the_end_does_not_flatten_the_others(branch):
    wild = bifurc.trace("M", d=(12, 3.1))
    values = np.concatenate([one.values.ravel() for one in draw.eigencurves(wild)])
    assert np.nanmin(values) < -100
    low, high = draw.eigenvalues(wild)[1].get_ylim()
    assert -10 < low < 0 < np.nanmax(values) < high < 10
    low, high = draw.eigenvalues(branch)[1].get_ylim()
    values = np.concatenate([one.values.ravel() for one in draw.eigencurves(branch)])
    assert low < np.nanmin(values) and np.nanmax(values) < high


def test_no_line_joins_the_smallest_eigenvalues_of_two_irreps_where_one_ceases(graph):
    """An eigenvalue moves by less than a hundredth in a thousandth of the window."""
    for name, one in graph.branches.items():
        for piece in draw.curves({name: one}, "smallest"):
            fast = np.abs(np.diff(piece.y)) > 0.01
            assert not (fast & (np.abs(np.diff(piece.x)) < 0.02)).any()


def test_a_coordinate_with_a_slash_in_its_name_has_a_file(folder, capsys):
    assert main(["plot", str(folder), "--y", "bulk/1.last"]) == 0
    path = folder / "bulk-1.last.png"
    assert capsys.readouterr().out.strip() == str(path) and path.exists()
    path.unlink()
