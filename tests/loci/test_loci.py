"""Events in two parameters: against one-parameter runs, and against pencil and paper."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq

import bifurc
from bifurc.case import load_case
from bifurc.cli.main import main
from bifurc.draw import locus as draw_locus
from bifurc.loci.kernel import kernels
from bifurc.loci.locus import follow
from bifurc.loci.problem import LocusProblem
from bifurc.run import family_of
from tests.loci.toys import T, Toy, circle

pytestmark = pytest.mark.xdist_group("loci")

NARROW = bifurc.Family.build(
    "narrow A", sets={"seen": "k", "rest": "e"}, students=["seen"], inputs=["seen", "rest"],
    start={"seen": -1}, parameters={"k": 18, "e": 5}, about="too few neurons, all flipped",
)  # fmt: skip


def events(family, irrep, points, **window):
    branch = bifurc.trace(family, **window)
    return [e for e in branch.events if (e.component.irrep, e.component.points) == (irrep, points)]


def curve_of_m(**more):
    return bifurc.locus("M", "s:bulk", ("d", "p"), window=(1, 4), **more)


@pytest.fixture(scope="module")
def m_curve():
    return curve_of_m()


@pytest.fixture(scope="module")
def narrow():
    window = {"k": (2.5, 40), "e": (1, 30)}
    return {irrep: bifurc.locus(NARROW, f"{irrep}:seen", ("k", "e"), window) for irrep in "sx"}


@pytest.mark.parametrize("p", [1, 2, 2.5, 3])
def test_critical_curve_passes_through_the_events_of_one_parameter_runs(m_curve, p):
    (found,) = m_curve.at(p=p)
    family = bifurc.family("II") if p == 1 else bifurc.family("M", p=p)
    event = max(events(family, "s", "bulk", d=(40, 4.5)), key=lambda event: event.lam)
    assert_allclose(found["d"], event.lam, rtol=1e-10 / event.lam)


def test_critical_curve_ends_where_the_second_set_is_one_point(m_curve):
    assert [end.limit for end in m_curve.ends] == ["rest", None]
    assert m_curve.values["p"][0] == 1.0
    assert m_curve.values["p"][-1] == 4.0
    assert np.all(np.diff(m_curve.values["d"]) > 0)


def test_derivatives_of_the_extended_system_are_exact(m_curve):
    problem, h = m_curve.problem, 1e-6
    X = m_curve.points[len(m_curve.points) // 2].X
    _, jacobian = problem.jacobian(X[:-1], X[-1])
    for move in np.eye(len(X)):
        ahead, behind = X + h * move, X - h * move
        change = (
            problem.jacobian(ahead[:-1], ahead[-1])[0]
            - problem.jacobian(behind[:-1], behind[-1])[0]
        )
        assert_allclose(jacobian @ move, change / (2 * h), atol=1e-8)


def test_a_locus_walked_forth_and_back_comes_back(m_curve):
    far = m_curve.points[-1].X
    back = follow(m_curve.problem, far, ("d", "p"), ((3.1, 60), (1, 4)))
    assert_allclose(back.points[0].X, m_curve.points[0].X, atol=1e-10)
    assert_allclose(back.at(p=2)[0]["d"], m_curve.at(p=2)[0]["d"], rtol=1e-12)


@pytest.mark.parametrize("irrep", ["s", "x"])
def test_random_points_of_a_locus_are_found_again_by_one_parameter_runs(narrow, irrep):
    for e in np.random.default_rng(5).uniform(1.2, 29, 3):
        (found,) = narrow[irrep].at(e=e)
        family = NARROW.with_parameters(e=float(e))
        again = [event.lam for event in events(family, irrep, "seen", k=(20, 2.6))]
        assert_allclose(min(again, key=lambda k: abs(k - found["k"])), found["k"], rtol=1e-10)


def test_two_irreps_cross_at_once_where_one_parameter_runs_say(narrow):
    def gap(e):
        family = NARROW.with_parameters(e=float(e))
        branch = bifurc.trace(family, k=(20, 3.5))
        at = {zero.component.label: event.lam for event in branch.events for zero in event.zeros}
        return at["s[seen]"] - at["x[seen]"]

    e = brentq(gap, 3, 4, xtol=1e-12)
    for irrep in "sx":
        (both,) = [special for special in narrow[irrep].special if special.kind == "two irreps"]
        assert_allclose(both.parameters["e"], e, atol=1e-9)
        here = narrow[irrep].problem.place(both.X)
        for component in here.plane.components:
            if component.label in ("s[seen]", "x[seen]"):
                assert np.abs(here.blocks()[component].eigen().values).min() < 1e-12


def test_both_loci_span_one_to_thirty_unseen_inputs(narrow):
    for curve in narrow.values():
        assert_allclose(sorted(curve.values["e"][[0, -1]]), [1, 30], rtol=1e-12)
        assert "rest" in [end.limit for end in curve.ends]


def test_the_codimension_two_point_is_the_same_in_other_coordinates(narrow):
    data = {"sets": {"seen": "k", "rest": "d - k"}, "parameters": {"d": 20, "k": 5.5}}
    family = bifurc.Family.build(
        "narrow", students=["seen"], inputs=["seen", "rest"], start={"seen": -1}, **data
    )
    curve = bifurc.locus(family, "s:seen", ("d", "k"), window=(4, 6), search=(40, 6.6))
    (one,) = [special for special in curve.special if special.kind == "two irreps"]
    (other,) = [special for special in narrow["s"].special if special.kind == "two irreps"]
    assert_allclose(one.parameters["k"], other.parameters["k"], atol=1e-11)
    assert_allclose(one.parameters["d"], other.parameters["k"] + other.parameters["e"], atol=1e-11)


def test_the_quadratic_term_changes_sign_where_it_is_said_to_vanish(narrow):
    (flat,) = [s for s in narrow["s"].special if s.kind == "no quadratic term"]
    problem = narrow["s"].problem
    kernel_of = kernels(problem.plane, problem.component)
    kernel = kernel_of(problem.place(flat.X))
    assert abs(kernel.quadratic) < 1e-10
    sides = [narrow["s"].crossings(flat.parameters["e"] + step)[0] for step in (-0.1, 0.1)]
    one, other = (kernel_of(problem.place(X)).turned_like(kernel).quadratic for X in sides)
    assert one * other < 0


def test_events_carry_their_locus():
    branch = bifurc.trace("M", d=(12, 6))
    (event,) = [e for e in branch.events if e.component.label == "s[bulk]"]
    curve = event.locus(("d", "p"), (1, 3))
    assert_allclose(curve.at(p=1)[0]["d"], 5.585505247425877, rtol=1e-11)


def test_folds_of_a_cubic_form_a_cusp():
    # g = x³ - mu x - lam: folds at mu = 3 x², lam = -2 x³; the cusp is the origin
    plane = Toy(
        lambda x, lam, mu: x**3 - mu * x - lam, lambda x, lam, mu: 3 * x * x - mu,
        lambda x, lam, mu: -1.0, lambda x, lam, mu: -x,
    )  # fmt: skip
    problem = LocusProblem(plane, T)
    curve = follow(
        problem, problem.unknowns(np.array([1.0]), -2.0, 3.0), ("lam", "mu"), ((-9, 9), (-5, 5))
    )
    x = np.array([curve.x(i)[0] for i in range(len(curve.points))])
    assert_allclose(curve.values["mu"], 3 * x**2, atol=1e-9)
    assert_allclose(curve.values["lam"], -2 * x**3, atol=1e-9)
    assert min(x) < -1 < 1 < max(x)
    kinds = {special.kind for special in curve.special}
    assert kinds == {"fold", "cusp"}
    for special in curve.special:
        assert_allclose([special.parameters["lam"], special.parameters["mu"]], 0, atol=1e-9)


def test_a_circle_of_folds_closes():
    # g = x² + lam² + mu² - 1: folds on the unit circle
    problem = LocusProblem(circle(), T)
    curve = follow(
        problem, np.array([0.0, np.arcsinh(1.0), 0.0]), ("lam", "mu"), ((-2, 2), (-2, 2))
    )
    assert curve.closed
    values = curve.values
    assert_allclose(values["lam"] ** 2 + values["mu"] ** 2, 1, atol=1e-10)
    turns = sorted((s.about, round(s.parameters["lam"], 9)) for s in curve.special)
    assert turns == [
        ("the locus turns round in lam", -1.0), ("the locus turns round in lam", 1.0),
        ("the locus turns round in mu", 0.0), ("the locus turns round in mu", 0.0),
    ]  # fmt: skip
    assert len(curve.at(mu=0.5)) == 2


def test_a_locus_may_run_along_the_slope_of_the_kernel():
    data = {"sets": {"bulk": "d - 1", "last": 1}, "start": {"bulk": 1, "last": -1}}
    family = bifurc.Family.build(
        "leaky II", **data, parameters={"d": 20, "a": 0}, kernel="leaky",
        kernel_parameters={"slope": "a"},
    )  # fmt: skip
    curve = bifurc.locus(family, "s:bulk", ("d", "a"), window=(0, 0.2))
    assert_allclose(curve.at(a=0)[0]["d"], 5.585505247425877, rtol=1e-11)
    (event,) = events(family.with_parameters(a=0.1), "s", "bulk", d=(40, 5))
    assert_allclose(curve.at(a=0.1)[0]["d"], event.lam, rtol=1e-10)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--event", "q"], "No event 'q' on the branch"),
        (["--event", "s:bulk", "--params", "d,d"], "Name two different parameters"),
        (["--event", "s:bulk", "--params", "d,z"], "has no parameter 'z'"),
        (["--event", "s:bulk", "--from", "3", "--to", "4"], "outside its window"),
        (["--event", "s:bulk", "--from", "3"], "Give both --from and --to"),
    ],
)
def test_mistakes_on_the_command_line_are_one_line(capsys, arguments, message):
    assert main(["locus", "M", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_the_command_prints_the_curve(capsys):
    assert main(["locus", "M", "--event", "s:bulk", "--from", "1", "--to", "2.1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["parameters"] == ["d", "p"]
    assert found["ends"][0]["set"] == "rest"
    assert_allclose(found["points"][0]["d"], 5.585505247425877, rtol=1e-11)
    assert main(["locus", "M", "--event", "s:bulk", "--from", "1", "--to", "2.1"]) == 0
    assert "Point set 'rest' reaches its least size 1." in capsys.readouterr().out


def test_the_command_names_the_sheet_where_a_branch_has_several(capsys):
    # M folds at d = 3.434
    arguments = ["locus", "M", "--event", "s:bulk", "--from", "1.8", "--to", "2.2", "--within"]
    for last, sheet in (("3.3", 1), ("4", None)):
        assert main([*arguments, "20", last, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["sheet"] == sheet
        assert main([*arguments, "20", last]) == 0
        first = capsys.readouterr().out.splitlines()[0]
        assert first == ("s[bulk], on sheet 1 of the branch" if sheet else "s[bulk]")


def test_the_command_draws_the_curve(tmp_path, capsys):
    path = tmp_path / "curve.png"
    arguments = ["locus", "M", "--event", "s:bulk", "--from", "1", "--to", "2.1"]
    assert main([*arguments, "-o", str(path)]) == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()
    assert main([*arguments, "-o", str(tmp_path / "curve.xyz")]) == 2
    assert "must end in" in capsys.readouterr().err


def test_marks_stand_where_the_special_points_are(narrow):
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    curve, *marks = draw_locus(narrow["s"], ax)
    assert np.isin(narrow["s"].values["e"], curve.get_xdata()).all()
    assert sum(len(mark.get_xdata()) for mark in marks) == len(narrow["s"].special)


def test_the_surface_goes_on_to_type_one():
    # q neurons keep their sign, d - q are flipped: q = 1 is type I
    family = bifurc.Family.build(
        "all but q flipped", sets={"bulk": "d - q", "rest": "q"}, start={"bulk": -1, "rest": 1},
        parameters={"d": 20, "q": 2},
    )  # fmt: skip
    curve = bifurc.locus(family, "x:bulk", ("d", "q"), window=(1, 4))
    assert "rest" in [end.limit for end in curve.ends]
    (event,) = events("I", "x", "bulk", d=(20, 6))
    assert_allclose(curve.at(q=1)[0]["d"], event.lam, rtol=1e-10)


def test_a_locus_that_ends_because_rows_become_parallel_says_so():
    case = load_case(Path(__file__).parents[2] / "cases" / "wide_m_1.toml")
    window = {"p": (1, 2.1), "d": (2, 6)}
    curve = bifurc.locus(family_of(case), "fold", ("d", "p"), window, search=(12, 4.2))
    assert "Rows 'rest' become parallel" in curve.ends[0].reason + curve.ends[1].reason
    assert not any(end.early for end in curve.ends)
