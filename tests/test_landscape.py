"""Where gradient flow leads from saddles, against flows of full matrices and by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import bifurc
from bifurc import Search, draw, landscape
from bifurc.api import member
from bifurc.cli.main import main
from bifurc.continuation.trace import point_at
from bifurc.landscapes.connections import connect, orbit
from bifurc.landscapes.flow import descents, ways
from bifurc.landscapes.points import Names, critical, family_of, own_space, sizes_of
from bifurc.loss import full
from bifurc.loss.kernels import kernel
from bifurc.seeds import along
from bifurc.structure.families import Family
from bifurc.structure.split import split

PASS = Path(__file__).parent.parent / "cases" / "pass_ii.toml"
RELU = kernel("relu")
NAMES = Names()


def the_pass(d):
    problem, point = member(PASS, d=float(d))
    return critical(problem, point.x, float(d), NAMES)


def two_aside(d=8.0):
    """The saddle with two points of the bulk apart, by Newton from three digits."""
    problem, point = member("II", d=d)
    parts = split(problem.structure, {"bulk": ["2"]}).along(problem.line)
    child = problem.on(parts.structure)
    rough = {
        "bulk/1.bulk/1.diag": 0.779, "bulk/1.bulk/1.off": -0.197, "bulk/1.last": 0.557,
        "bulk/2.last": 0.071, "last.bulk/1": 0.508, "last.bulk/2": 0.048, "last.last": -0.491,
    }  # fmt: skip
    start = dict(zip(child.coordinate_names, parts.embedding @ point.x, strict=True)) | rough
    found = point_at(child, [start[name] for name in child.coordinate_names], d)
    return critical(child, found.x, d, NAMES)


def ends_of_full_flow(saddle):
    """Losses at the ends of the flow of the full matrix, along its lowest eigenvector."""
    w, v = saddle.matrices
    _, vectors = np.linalg.eigh(full.hessian(w, v, RELU))
    found = []
    for sign in (1, -1):
        start = w.ravel() + sign * 1e-2 * vectors[:, 0]
        run = solve_ivp(
            lambda _, y: -full.gradient(y.reshape(w.shape), v, RELU).ravel(), (0, 600), start,
            "BDF", jac=lambda _, y: -full.hessian(y.reshape(w.shape), v, RELU),
            rtol=1e-5, atol=1e-7,
        )  # fmt: skip
        found.append(full.loss(run.y[:, -1].reshape(w.shape), v, RELU))
    return sorted(found)


@pytest.mark.parametrize(
    ("d", "loss", "barrier"), [(6, 0.0250923306, 1.175e-5), (8, 0.0221583979, 6.503607e-4)]
)
def test_the_pass_out_of_type_ii(d, loss, barrier):
    """Values of an independent flow of full matrices."""
    saddle = the_pass(d)
    assert saddle.loss == pytest.approx(loss, abs=1e-10)
    assert saddle.index == 1
    found = connect([saddle], NAMES)
    assert [point.name for point in found.points] == ["global", "II", ""]
    over, at = found.barrier("II", "global")
    assert over == pytest.approx(barrier, rel=1e-4)
    assert found.points[at].same(saddle)
    assert found.passes() == [(2, 0, 1)]
    assert not found.unfinished


def test_at_a_real_size_the_flow_stays_in_its_fixed_space():
    found = connect([the_pass(7.3)], NAMES)
    assert [point.name for point in found.points] == ["global", "II", ""]
    assert found.barrier("II", "global")[0] > 0


@pytest.mark.slow
def test_the_full_matrix_flows_to_the_same_points():
    saddle = the_pass(8)
    mine = sorted(one.end.loss for one in descents(saddle, Search(), NAMES))
    assert ends_of_full_flow(saddle) == pytest.approx(mine, abs=1e-6)


def test_from_the_saddle_with_two_aside_both_sides_lead_to_the_global_minimum():
    """Along its lowest direction, which a relabelling reverses: one way stands for both."""
    saddle = two_aside()
    assert saddle.loss == pytest.approx(0.0239264173, abs=1e-10)
    assert saddle.index == 2
    lowest = min(way.eigenvalue for way in ways(saddle, Search()))
    found = [one for one in descents(saddle, Search(), NAMES) if one.way.eigenvalue == lowest]
    assert [one.end.name for one in found] == ["global"]
    assert ends_of_full_flow(saddle) == pytest.approx([0.0, 0.0], abs=1e-6)


def test_ways_are_unstable_eigenvectors_and_losses_fall():
    saddle = the_pass(8)
    for one in descents(saddle, Search(), NAMES):
        way = one.way
        along = way.problem.jacobian(way.x, 8.0)[1][:, :-1] @ way.direction
        assert along == pytest.approx(way.eigenvalue * way.direction, abs=1e-9)
        assert way.eigenvalue < 0
        known = one.losses[~np.isnan(one.losses)]  # near zero its digits are lost
        assert (known >= 0).all() and len(known) > len(one.losses) / 2
        assert (np.diff(known) < 1e-9).all()  # to the accuracy of the integration


@pytest.mark.slow
def test_the_barrier_tends_to_what_two_neurons_make_of_it():
    """By hand: with constants and linear functions free, two neurons s(1, ±1)/sqrt(2) in the plane.

    E of products of |<w, x>| - mean: a = 1 - 2/pi for one, c for two at an angle of pi/4.
    """
    a = 1 - 2 / np.pi
    c = 2 / np.pi * ((1 + np.pi / 4) / np.sqrt(2) - 1)
    by_hand = a / 4 - c**2 / a
    series = bifurc.asymptotics(PASS).loss
    assert series.first == 0
    assert series.coefficients[0] == pytest.approx(by_hand, rel=1e-12)
    far = the_pass(1e4).loss - float(member("II", d=1e4)[0].losses(member("II", d=1e4)[1].x, 1e4))
    assert far == pytest.approx(by_hand, rel=3e-3)


def test_orbits_are_as_large_as_the_group_over_the_isotropy():
    """d! for the global minimum, d d! for type II: which neuron, which input, all orders."""
    for name, d, count in (("global", 5, 120), ("II", 5, 600)):
        problem, point = member(name, d=d)
        assert orbit(critical(problem, point.x, float(d))) == count
    (equal,) = [p for p in bifurc.discover("global", d=5).points if p.loss > 2]
    assert orbit(equal) == 1  # all rows are equal, and all their entries
    wide = bifurc.family("A + e", e=2)
    problem, point = member(wide, d=5)
    assert orbit(critical(problem, point.x, 5.0)) == 7 * 6 * 60  # which neurons, in which order
    problem, point = member("II", d=5.5)
    assert orbit(critical(problem, point.x, 5.5)) is None


def test_a_point_is_a_family_that_leads_back_to_it():
    saddle = two_aside()
    family = family_of(saddle, "two aside")
    problem, point = member(family, d=8)
    assert float(problem.losses(point.x, 8.0)) == pytest.approx(saddle.loss, rel=1e-9)


def test_a_disconnectivity_graph_joins_minima_at_their_lowest_pass():
    minima = [("a", 0.0), ("b", 1.0), ("c", 0.5)]
    passes = [(3.0, 0, 2), (2.0, 0, 1), (5.0, 1, 2)]
    across, upright, level = draw.disconnectivity_tree(minima, passes)
    assert across == [0.0, 1.0, 2.0]
    assert [height for *_, height in level] == [2.0, 3.0]
    assert (0.5, 2.0, 3.0) in upright
    artists = draw.disconnectivity(minima, passes)
    drawn = [tuple(line.get_ydata()) for line in artists]
    assert (0.0, 2.0) in drawn
    assert (3.0, 3.0) in drawn


def saddle_in_the_plane():
    """x²/2 - x⁴/... a double well across a line: minima at (±1, 0), a saddle at 0."""

    def loss(x, a):
        return x[0] ** 4 / 4 - a * x[0] ** 2 / 2 + x[1] ** 2

    turn = bifurc.groups.matrices([np.diag([-1.0, 1.0])])
    return bifurc.Problem(loss, [0.0, 0.0], {"a": 1.0}, group=turn)


def test_a_double_well_of_ones_own():
    found = landscape(saddle_in_the_plane())
    assert [round(point.loss, 9) for point in found.points] == [-0.25, 0.0]
    assert [(saddle, end) for saddle, end, _ in found.descents] == [(1, 0)]  # one side is the other
    assert [orbit(point) for point in found.points] == [2, 1]


@pytest.mark.slow
def test_the_network_around_type_ii(capsys, tmp_path):
    """It holds the pass, and descents end at what is a minimum by the full Hessian."""
    figure = tmp_path / "ii.png"
    main(["landscape", "II", "d=8", "--json", "-o", str(figure)])
    said = json.loads(capsys.readouterr().out)
    losses = [point["loss"] for point in said["points"]]
    saddle = min(range(len(losses)), key=lambda i: abs(losses[i] - 0.0221583979))
    ends = {said["points"][d["end"]]["name"] for d in said["descents"] if d["saddle"] == saddle}
    assert ends == {"II", "global"}
    assert figure.stat().st_size > 1000


def test_a_set_that_happens_to_be_one_point_keeps_its_coordinates():
    """S(d - 3) x S(3) at d = 4: a state without more symmetry stays, W = V is the teacher."""
    family = Family.build(
        "one", sets={"bulk": "d - 3", "rest": 3}, start={"bulk": -1, "rest": -1},
        parameters={"d": 8},
    )  # fmt: skip
    reduced = along(family, "d")
    state = np.arange(1.0, 1 + reduced.n)
    problem, x = own_space(reduced, state, 4.0)
    assert str(problem.structure) == "S(d - 3) x S(3)" and x.tolist() == state.tolist()
    learnt = np.array([float(c.part == "diag") for c in reduced.structure.coordinates])
    problem, x = own_space(reduced, learnt, 4.0)
    assert str(problem.structure) == "S(d)" and x.tolist() == [1.0, 0.0]


def test_members_at_a_size_are_those_with_its_sets_however_large_it_is():
    names = Names()
    for d in (6.0, 1e9):
        reduced = along(bifurc.family("M").with_parameters(p=3), "d")
        found = list(names._members(reduced, (d, d), (3.0, d - 3)))
        assert {(f.name, f.parameters.get("p")) for f in found} >= {("M", 3)}
        assert all(sizes_of(f.structure, f.values(d=d)) == (3.0, d - 3) for f in found)
