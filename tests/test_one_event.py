"""What is said of an event: coincident zeros, sheets, names, first minima, early ends, folders."""

import csv
import json
import warnings

import numpy as np
import pytest

import bifurc
from bifurc.cli.main import main
from bifurc.continuation.options import Options, Status
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.events.records import NoEventError
from bifurc.loss.start import off_continuum
from bifurc.structure.families import Family
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.switching.classify import classify
from bifurc.switching.isotropy import enlarge

# Blocks of flipped neurons, one more, and the rest, at k = d: diagonals on the diagonal and
# off-diagonals last. Safran, Yehudai, Shamir 2021, "The effects of mild over-parameterization on
# the optimization landscape of shallow ReLU neural networks", processed minima at k = 20 and 26.
THREE = {
    (6, 20): [
        [-0.7462383825564062, 0.37509219162301094, 0.02802272093516794, 0.19923749033165158],
        [0.3297668326657541, -0.2611756117330496, -0.05390311670497503, 0.0],
        [0.012063645229828196, -0.07120237577285415, 1.0279866542562743, -0.002479394104073719],
    ],
}


def three_blocks(flipped, d):
    """The family through a published minimum; in the data columns are neurons."""
    entries, names = THREE[flipped, d], ("minus", "one", "plus")
    coordinates = {}
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            coordinates[f"{a}.{b}"] = entries[j][i]
        if a != "one":
            coordinates[f"{a}.{a}.diag"] = coordinates.pop(f"{a}.{a}")
            coordinates[f"{a}.{a}.off"] = entries[i][-1]
    return Family.build(
        f"{flipped}- 1-",
        sets={"minus": flipped, "one": 1, "plus": f"d - {flipped + 1}"},
        start={"minus": -1, "one": -1, "plus": 1},
        parameters={"d": d},
        found={"at": {"d": d}, "coordinates": coordinates},
    )


@pytest.fixture(scope="module")
def folded():
    """The family 6- 1- +, from the published minimum round its fold and up again."""
    problem, point = bifurc.member(three_blocks(6, 20), "d", 20)
    start = point_at(problem, point.x, 20, towards=-1)
    return follow(problem, start, (15, 25))


def crossing_of(branch):
    (event,) = (event for event in branch.events if "+" in event.irrep)
    return classify(branch.problem, event)


def test_where_a_branch_crosses_its_parent_t_and_s_are_one_event(folded):
    """The branch crosses M with seven flipped neurons: index 1 below, 6 - 1 above."""
    event = crossing_of(folded)
    assert event.lam == pytest.approx(19.743232671, abs=1e-9)
    assert (event.irrep, event.set, event.name) == ("t+s", "+minus", "t+s[minus]")
    assert (event.index("below").text(), event.index("above").text()) == ("1", "5")
    assert (event.kind, event.transition) == ("transcritical", "saddle -> saddle")
    assert event.multiplicity == pytest.approx(6)  # s of the seven, as one more is like the six
    assert [zero.kernel.shape[1] for zero in event.zeros] == [1, 1]
    assert folded.first_minimum(event) is None


@pytest.mark.parametrize("side", [-0.4, -0.01, 0.01, 0.4])
@pytest.mark.parametrize("towards", [1, -1])
def test_it_is_the_same_event_from_both_sides(folded, side, towards):
    """Whatever the direction of the walk and where it starts."""
    event = crossing_of(folded)
    state = folded.at(d=event.lam + side, sheet=2)
    start = point_at(folded.problem, state.x, state.lam, towards=towards)
    again = follow(folded.problem, start, (event.lam - 0.5, event.lam + 0.5))
    if side * towards > 0:
        assert not again.events
        return
    same = crossing_of(again)
    assert same.lam == pytest.approx(event.lam, rel=1e-10)
    assert same.name == event.name
    assert (same.index("below").text(), same.index("above").text()) == ("1", "5")


def test_no_piece_has_length_zero(folded):
    for piece in folded.pieces:
        assert piece.last.position > piece.first.position
        assert np.linalg.norm(piece.last.X - piece.first.X) > 1e-6
    index = [piece.index.text() for piece in folded.pieces]
    assert index == ["0", "1", "5"]
    assert [piece.sheet for piece in folded.pieces] == [1, 2, 2]


def test_the_parent_has_its_kernel_there(folded):
    """On the parent one block vanishes, that of s of the seven, which has dimension 6."""
    event = crossing_of(folded)
    parent, X = enlarge(folded.problem, event.X)
    blocks = parent.blocks(X[:-1], X[-1])
    values = {c: np.abs(block.eigen().values).min() for c, block in blocks.items()}
    (seven,) = (c for c, value in values.items() if value < 1e-9)
    assert seven.irrep == "s" and seven.dimension(d=event.lam) == 6


def blocks(**values):
    """x = lam in the own block, and other blocks that are functions of lam."""
    known = {
        name: Component(name[0], name[1:], 1, Polynomial.of(size))
        for name, (size, _) in values.items()
    }
    return PlainProblem(
        gradient=lambda x, lam: x - lam,
        hessian=lambda x, lam: np.eye(1),
        gradient_dlam=lambda x, lam: -np.ones(1),
        n=1,
        blocks_of=lambda x, lam: {
            known[name]: np.array([[float(of(lam))]]) for name, (_, of) in values.items()
        },
    )


GAP = 1e-6


@pytest.mark.parametrize("towards", [1, -1])
@pytest.mark.parametrize("at", [0.0, 0.0703125, 1 / 4 - 1 / (2 * np.pi)])
def test_blocks_that_vanish_together_are_one_event(towards, at):
    """Both of positive slope, or of opposite ones; another block near by is an event of its own."""
    problem = blocks(
        s=(3, lambda lam: lam - at), x=(2, lambda lam: 2 * (at - lam)),
        y=(7, lambda lam: lam - at - GAP),
    )  # fmt: skip
    start = point_at(problem, [at - towards], at - towards, towards=towards)
    branch = follow(problem, start, (at - 1, at + 1))
    both, other = branch.events[::towards]
    assert (both.name, other.name) == ("s+x", "y")
    assert both.lam == pytest.approx(at, abs=1e-12)
    assert other.lam - both.lam == pytest.approx(GAP, rel=1e-3)
    assert both.multiplicity == 5
    indices = [event.index(side).text() for event in (both, other) for side in ("below", "above")]
    assert indices == ["10", "9", "9", "2"]  # s and y; x and y; x
    assert [zero.speed for zero in both.zeros] == pytest.approx([1.0, -2.0])
    assert len(branch.pieces) == 3


@pytest.mark.parametrize("size", [0, 2])
def test_an_irrep_that_does_not_exist_is_an_event_of_its_own(size):
    problem = blocks(s=(3, lambda lam: lam), x=(size, lambda lam: lam))
    branch = follow(problem, point_at(problem, [-1.0], -1.0), (-1, 1))
    names = [(event.name, event.formal, event.index("below").text()) for event in branch.events]
    assert names == ([("s", False, "3"), ("x", True, "3")] if size == 0 else [("s+x", False, "5")])


def test_events_are_found_by_name(folded):
    events = folded.events
    fold, crossing = events
    assert events["fold"] is fold
    for name in ("s[minus]", "s:minus", "s", "t+s[minus]", "t+s: minus"):
        assert events[name] is crossing
    with pytest.raises(NoEventError, match="2 events 't', at 18.72950358, 19.74323267; say near"):
        events["t"]
    with pytest.raises(
        KeyError, match="No event 'x' on the branch; its events are fold, t\\+s:minus"
    ):
        events["x"]
    assert events[0] is fold and list(events[1:]) == [crossing]


def test_a_branch_that_folds_has_several_states_at_one_size(folded):
    low, high = folded.at(d=19)
    assert (low.sheet, high.sheet) == (1, 2)
    assert low.is_minimum and not high.is_minimum
    assert low.lam == high.lam == 19.0
    assert folded.at(d=19, sheet=2).x == pytest.approx(high.x)
    g = [folded.problem.jacobian(state.x, 19.0)[0] for state in (low, high)]
    assert np.abs(g).max() < 1e-12
    fold = folded.events["fold"]
    near = folded.at(d=fold.lam + 1e-8)
    assert [state.sheet for state in near] == [1, 2]
    with pytest.raises(ValueError, match="does not come by d = 18"):
        folded.at(d=18)
    with pytest.raises(ValueError, match="does not come by d = 22 on sheet 1"):
        folded.at(d=22, sheet=1)
    with pytest.raises(ValueError, match="the parameter that runs, such as d=12"):
        folded.at(k=19)


def test_sheets_are_counted_from_the_start_of_the_walk():
    """The circle x² + lam² = 1 from (0, 1), twice round through folds at -1 and 1."""
    circle = PlainProblem(
        gradient=lambda x, lam: x**2 + lam**2 - 1,
        hessian=lambda x, lam: np.diag(2 * x),
        gradient_dlam=lambda x, lam: np.array([2 * lam]),
        n=1,
    )
    branch = follow(circle, point_at(circle, [1.0], 0.0), (-2, 2))
    assert branch.status is Status.CLOSED
    assert [event.sheet for event in branch.events] == [1, 2]
    states = branch.at(lam=0.5)
    assert [state.sheet for state in states] == [1, 2]
    assert [float(state.x[0]) for state in states] == pytest.approx([np.sqrt(0.75), -np.sqrt(0.75)])
    assert [piece.sheet for piece in branch.pieces] == [1, 2, 3]


CASE = """
window = { d = [20, 18.4] }
[family]
name = "6- 1-"
sets = { minus = 6, one = 1, plus = "d - 7" }
start = { minus = -1, one = -1, plus = 1 }
parameters = { d = 20 }
[family.found]
at = { d = 20 }
"""


def test_tables_say_the_sheet(tmp_path, capsys):
    path, found = tmp_path / "three.toml", three_blocks(6, 20).found["coordinates"]
    path.write_text(CASE + f"coordinates = {json.dumps(found).replace(': ', ' = ')}\n")
    assert main(["critical", str(path), "--json"]) == 0
    points = json.loads(capsys.readouterr().out)["points"]
    assert [(p["irrep"], p["set"], p["sheet"]) for p in points] == [
        ("t+s", "+minus", 2),
        ("t", "", 1),
    ]
    assert all(a["value"] > b["value"] for a, b in zip(points, points[1:], strict=False))
    assert len(points[0]["eigenvalue_speed"]) == 2
    assert main(["critical", str(path), "--csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["sheet"] for row in rows] == ["2", "1"]
    assert main(["critical", str(path), "-q"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "sheet" in lines[0] and "t+s[minus]" in lines[1]
    out = tmp_path / "out"
    assert main(["run", str(path), "-o", str(out), "-q"]) == 0
    graph = bifurc.load(out)
    assert [d["sheet"] for *_, d in graph.graph.edges(data=True)] == [1, 2]
    assert [row["sheet"] for row in graph.rows()] == [1, 2]
    assert sorted(d["sheet"] for _, d in graph.graph.nodes(data=True) if "sheet" in d) == [1, 2]
    assert [e.name for e in graph.branches["b0"].events] == ["t", "t+s[minus]"]


@pytest.mark.parametrize(
    ("case", "first"), [("leaky_ii", "d = 6"), ("teacher_oblique", "d = 6"), ("type_ii", "d = 6")]
)
def test_only_sizes_must_be_whole_for_a_first_minimum(case, first, capsys):
    """Minima of type II from k = 6 on: Safran & Shamir 2018, for slopes and teachers near by."""
    assert main(["critical", f"cases/{case}.toml", "-q"]) == 0
    line = next(x for x in capsys.readouterr().out.splitlines() if "saddle -> minimum" in x)
    assert first in line


def test_a_first_minimum_needs_whole_sizes_and_a_branch_that_is_there():
    branch = bifurc.trace("M", d=(12, 5), p=2.5)
    assert branch.first_minimum(branch.events["s[bulk]"]) is None
    branch = bifurc.trace("II", d=(5.9, 5))
    assert branch.first_minimum(branch.events["s[bulk]"]) is None  # it does not reach to 6
    with pytest.warns(bifurc.EndedEarlyWarning):
        leaky = bifurc.trace("M", p=(1, 4), d=7, options=bifurc.Options(max_steps=2))
    assert not [event for event in leaky.events if leaky.first_minimum(event)]


def test_an_early_end_warns_and_the_command_line_says_so_in_its_own_way(capsys):
    few = bifurc.Options(max_steps=2)
    with pytest.warns(bifurc.EndedEarlyWarning, match="ended at .* took max_steps steps"):
        bifurc.trace("II", d=(40, 5), options=few)
    with pytest.warns(bifurc.EndedEarlyWarning, match="b0: The branch took max_steps"):
        bifurc.explore("II", d=(40, 5), depth=0, options=few)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bifurc.trace("II", d=(40, 5))


def test_a_folder_belongs_to_one_run(tmp_path):
    def small(name, **others):
        return bifurc.explore(name, depth=0, folder=tmp_path, **({"d": (9, 5)} | others))

    graph = small("II")
    assert small("II") == graph
    for name, others in (
        ("A", {}),
        ("I", {}),
        ("II", {"d": (9, 5.2)}),
        ("II", {"options": bifurc.Options(ds=0.01)}),
        ("II", {"search": bifurc.Search(explicit=1)}),
    ):
        with pytest.raises(ValueError, match="belongs to another run, of another problem, window"):
            small(name, **others)
    assert small("II") == graph


def test_a_branch_that_ends_at_an_event_has_one_side():
    """M to depth 2: b0-0.4 returns to a larger isotropy at 6.8526, and ends there."""
    search = bifurc.Search(explicit=3)
    graph = bifurc.explore("M", d=(9, 5.2), depth=1, search=search)
    ends = [b for b in graph.branches.values() if b.status is Status.RETURNED]
    assert ends
    for branch in ends:
        event = branch.events[-1]
        assert "end" in event.transition.split(" -> ") and not event.decides
        missing = "above" if event.transition.endswith("end") else "below"
        assert getattr(event, missing) is None and event.to_dict()[f"index_{missing}"] is None
        with pytest.raises(ValueError, match="ends at"):
            event.index(missing)
    assert pytest.approx(6.852627308, abs=1e-8) in [branch.events[-1].lam for branch in ends]
    assert [t.branch for t in graph.transitions()] == ["b0"]


def test_rows_that_are_all_parallel_are_followed_to_the_end():
    """Zeros that persist are set apart at some points and not at others."""
    row = -0.05079950297521032
    family = Family.build(
        "equal rows", sets={"all": "d", "extra": 1}, students=["all", "extra"], inputs=["all"],
        start={"all": -1, "extra": 0}, parameters={"d": 8},
        found={"at": {"d": 8}, "coordinates": {
            "all.all.diag": row, "all.all.off": row, "extra.all": row,
        }},
    )  # fmt: skip
    problem, point = bifurc.member(family, d=8)
    problem, x = off_continuum(problem, point.x, 8.0)
    window = problem.least_lam, 40.0
    branch = follow(problem, point_at(problem, x, 8.0, Options(), -1.0), window)
    assert branch.points[-1].lam < 1.1 and not branch.events


def test_a_state_at_an_event_has_an_eigenvalue_without_a_sign():
    """Rounding is no sign: neither minimum nor saddle there, but both on its sides."""
    branch = bifurc.trace("II", d=(12, 5))
    event = branch.events["s[bulk]"]
    (state,) = branch.at(d=event.lam)
    assert state.zeros == ("s[bulk]",) and not state.is_minimum and not state.index.terms
    assert branch.at(d=event.lam + 1e-6)[0].is_minimum
    assert branch.at(d=event.lam - 1e-6)[0].index.text() == "d - 2"
    found = bifurc.spectrum("II", d=event.lam)
    assert not found.is_minimum and "s[bulk]" in found.kind


def test_a_branch_is_known_where_its_own_hessian_is_singular():
    """Pitchfork at 0 on x = 0, and the fold at 1/4 of lam = x - x²."""
    forked = bifurc.Problem(
        lambda x, lam: lam * x @ x / 2 - (x**4).sum() / 4, [0.0], parameters={"lam": -0.5}
    )
    (state,) = bifurc.trace(forked, lam=(-0.5, 1)).at(lam=0.0)
    assert state.x == 0.0 and state.zeros and not state.is_minimum
    folded = bifurc.Problem(
        lambda x, lam: lam * x[0] - x[0] ** 2 / 2 + x[0] ** 3 / 3, [0.0], parameters={"lam": 0.0}
    )
    branch = bifurc.trace(folded, lam=(-1, 1))
    (event,) = branch.events
    (state,) = branch.at(lam=event.lam)
    assert event.lam == pytest.approx(0.25) and state.x == pytest.approx(0.5, abs=1e-7)
    assert len(branch.at(lam=0.2)) == 2
