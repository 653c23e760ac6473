"""Codimension-two points: the same from every start and in every direction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import bifurc
from bifurc.loci.family import wanted
from bifurc.loci.locus import follow
from bifurc.loci.problem import BranchPointProblem, LocusProblem
from bifurc.loci.special import Watch
from bifurc.loci.track import Track
from tests.loci.toys import OWN, T, Toy, circle, graphs

WIDE = ((-50, 50), (-1, 1))


def kinds(curve, kind):
    return [special for special in curve.special if special.kind == kind]


def turning(curve, name):
    return [s.parameters[name] for s in kinds(curve, "fold") if s.about.endswith(f" in {name}")]


def oblique(b):
    return bifurc.Family.build(
        "oblique II + 1", sets={"bulk": "d - 1", "last": 1, "extra": 1},
        students=["bulk", "last", "extra"], inputs=["bulk", "last"],
        teacher={"bulk,bulk": ["1", "b"], "last,last": 1, "bulk,last": "b", "last,bulk": "b"},
        start={"bulk": 1, "last": -1, "extra": {"last": -0.3}}, parameters={"d": 20, "b": b},
    )  # fmt: skip


def in_parts(p):
    """II with the set of its event split: the event is one of t and of two s."""
    return bifurc.Family.build(
        "II in parts", sets={"most": "d - p - 1", "few": "p", "last": 1},
        start={"most": 1, "few": 1, "last": -1}, parameters={"d": 20, "p": p},
    )  # fmt: skip


# -- families


def test_the_measure_is_smooth_where_an_entry_counts_as_one():
    # p (p - 1) = 1 at p = 1.618; values of one-parameter runs
    family = bifurc.family("M", p=6)
    curve = bifurc.locus(family, "x:bulk", ("d", "p"), (1, 6), search=(40, 7.5))
    assert [end.limit for end in curve.ends] == ["rest", None]
    assert not any(end.early for end in curve.ends)
    assert_allclose([one["d"] for one in curve.at(p=1.62)], 3.90633646, atol=1e-8)
    assert_allclose([one["d"] for one in curve.at(p=1.5)], 3.72762727, atol=1e-8)


def test_the_bulk_of_m_never_loses_its_quadratic_term():
    curve = bifurc.locus("M", "s:bulk", ("d", "p"), (1, 30))
    assert curve.special == []


@pytest.mark.parametrize("near", [6.7, 3.73])
def test_an_oblique_teacher_takes_no_quadratic_term_away(near):
    curve = bifurc.locus(oblique(0), "s:bulk", ("d", "b"), (-0.02, 0.3), (40, 3.3), near)
    assert not kinds(curve, "no quadratic term")
    watch = Watch(Track(curve.problem, curve.points), curve.names, closed=False)
    sizes = np.abs([sample.kernel.quadratic for sample in watch.samples])
    assert sizes.min() > 0.5 * sizes.max()


@pytest.mark.parametrize(
    "p, window",
    [
        (2, (2, 6)),
        *(
            pytest.param(*given, marks=pytest.mark.slow)
            for given in ((1.5, (1, 6)), (3.5, (1.5, 4)))
        ),
    ],
)
def test_the_locus_of_s_rest_is_the_same_from_everywhere(p, window):
    family = bifurc.family("M", p=p)
    curve = bifurc.locus(family, "s:rest", ("d", "p"), window, search=(20, p + 1.6))
    # where d*(p) of one-parameter runs, interpolated by polynomials, is largest
    assert_allclose(turning(curve, "d"), [6.287689969487], atol=1e-11)
    (apex,) = [s for s in kinds(curve, "fold") if s.about.endswith(" in d")]
    assert_allclose(apex.parameters["p"], 3.0708080885, atol=1e-10)
    # two points carry no cubic invariant; the other place is a point of A, see below
    flat = [s.parameters["p"] for s in kinds(curve, "no quadratic term")]
    assert_allclose(flat, [2, 3.7638127349196], atol=1e-10)


@pytest.mark.slow
def test_all_that_vanishes_by_symmetry_is_named_together():
    # A is fixed by all of S_d: its event in x is one of five irreps of S_{d-p} x S_p
    family = bifurc.Family.build(
        "A in two", sets={"bulk": "d - p", "rest": "p"}, start={"bulk": -1, "rest": -1},
        parameters={"d": 20, "p": 2.5},
    )  # fmt: skip
    curve = bifurc.locus(family, "s:bulk", ("d", "p"), (1.5, 3), search=(40, 5.1))
    assert curve.label == "s[bulk]+x[bulk]+s[rest]+x[rest]+sxs[bulk,rest]"
    (event,) = bifurc.trace("A", d=(40, 5.1)).events
    assert_allclose(curve.values["d"], event.lam, rtol=1e-11)
    assert curve.special == []


@pytest.mark.parametrize("text", ["t+s+s", pytest.param("s[few]", marks=pytest.mark.slow)])
def test_branch_points_that_a_symmetry_keeps_have_a_locus(text):
    curve = bifurc.locus(in_parts(2.5), text, ("d", "p"), (1.5, 3), search=(40, 5.1))
    assert curve.label == "t+s[most]+s[few]"
    assert_allclose(curve.values["d"], 5.585505247425877, rtol=1e-11)
    (flat,) = curve.special  # equal parts can be exchanged
    assert flat.kind == "no quadratic term"
    assert_allclose(flat.parameters["p"], (5.585505247425877 - 1) / 2, atol=1e-10)


def test_events_are_named_in_one_way_or_the_other():
    events = bifurc.trace(bifurc.family("M", p=2.5), d=(12, 6)).events
    for text in ("s:bulk", "s[bulk]", " s [bulk]"):
        assert wanted(events, text).component.label == "s[bulk]"
    with pytest.raises(ValueError, match="No event 'fold' on the branch"):
        wanted(events, "fold")


# -- against pencil and paper


@given(
    roots=st.lists(st.floats(-0.95, 0.95), min_size=0, max_size=4),
    start=st.floats(-0.9, 0.9), height=st.floats(0.2, 2),
)  # fmt: skip
def test_two_irreps_and_folds_do_not_depend_on_start_or_direction(roots, start, height):
    roots = np.sort(roots)
    if len(roots) > 1 and np.diff(roots).min() < 0.02:
        return
    f = np.polynomial.Polynomial([0, 1, -1, 0.5]) * height
    gap = np.polynomial.Polynomial.fromroots(roots) if len(roots) else lambda mu: 1.0
    plane = graphs(f, lambda mu: f(mu) + gap(mu))
    problem = LocusProblem(plane, OWN)
    X = problem.unknowns(np.zeros(1), float(f(start)), start)
    curve = follow(problem, X, ("lam", "mu"), WIDE)
    assert_allclose(curve.values["mu"][[0, -1]] ** 2, 1, atol=1e-12)
    both = [s.parameters["mu"] for s in kinds(curve, "two irreps")]
    assert_allclose(np.sort(both), roots, atol=1e-9)
    turns = [r.real for r in f.deriv().roots() if abs(r.imag) < 1e-9 and abs(r) < 1]
    found = [s.parameters["mu"] for s in kinds(curve, "fold")]
    assert_allclose(np.sort(found), np.sort(turns), atol=1e-7)


@pytest.mark.parametrize("start", [0.3, 0.0, -0.7])
def test_a_swallowtail_has_two_cusps(start):
    # g = x⁴ - a x² + mu x + lam at a = 1: folds where mu = 2 x - 4 x³, cusps at x² = 1/6
    plane = Toy(
        lambda x, lam, mu: x**4 - x**2 + mu * x + lam, lambda x, lam, mu: 4 * x**3 - 2 * x + mu,
        lambda x, lam, mu: 1.0, lambda x, lam, mu: x,
    )  # fmt: skip
    mu = 2 * start - 4 * start**3
    lam = start**2 - start**4 - mu * start
    problem = LocusProblem(plane, T)
    X = problem.unknowns(np.array([start]), lam, mu)
    curve = follow(problem, X, ("lam", "mu"), ((-9, 9), (-3, 3)))
    found = sorted(special.x[0] for special in kinds(curve, "cusp"))
    assert_allclose(found, [-(6**-0.5), 6**-0.5], atol=1e-9)


def test_a_special_point_at_the_start_is_reported_once():
    for start in (0.25, -0.5):
        plane = graphs(lambda mu: 0.0 * mu, lambda mu: (mu - 0.25) * (mu + 0.5))
        problem = LocusProblem(plane, OWN)
        X = problem.unknowns(np.zeros(1), 0.0, start)
        for window in ((-1, 1), (start, 1), (-1, start)):
            curve = follow(problem, X, ("lam", "mu"), ((-1, 1), window))
            low, high = window
            expected = [mu for mu in (-0.5, 0.25) if low <= mu <= high]
            found = sorted(s.parameters["mu"] for s in curve.special)
            assert_allclose(found, expected, atol=1e-9)


def test_a_special_point_at_the_start_of_a_closed_locus_is_reported_once():
    # folds on the unit circle of (lam, mu), started where it turns round
    problem = LocusProblem(circle(), T)
    for lam, mu in ((1, 0), (0, 1), (-1, 0), (0.6, 0.8)):
        X = problem.unknowns(np.zeros(1), float(lam), float(mu))
        curve = follow(problem, X, ("lam", "mu"), ((-2, 2), (-2, 2)))
        assert curve.closed
        assert_allclose(np.sort(turning(curve, "lam")), [-1, 1], atol=1e-9)
        assert_allclose(np.abs(turning(curve, "mu")), [1, 1], atol=1e-9)


@pytest.mark.parametrize("dip", [1e-2, 1e-4, 1e-7])
def test_a_window_that_is_left_and_entered_again_within_a_step_ends_the_locus(dip):
    # lam = mu² comes down to 0, which is below the window's end by ``dip``
    problem = LocusProblem(graphs(lambda mu: mu * mu, lambda mu: 9.0), OWN)
    X = problem.unknowns(np.zeros(1), 0.64, 0.8)
    curve = follow(problem, X, ("lam", "mu"), ((dip, 0.9), (-1, 1)))
    low, high = np.sort(curve.values["mu"][[0, -1]])
    assert_allclose([low, high], np.sqrt([dip, 0.9]), rtol=1e-7)
    assert curve.values["lam"].min() > dip * (1 - 1e-9)
    assert curve.special == []


def test_a_window_of_the_second_parameter_is_left_within_a_step():
    # the mirror image: folds at mu = 3 x², lam = -2 x³ of g = x³ - mu x - lam
    plane = Toy(
        lambda x, lam, mu: x**3 - mu * x - lam, lambda x, lam, mu: 3 * x * x - mu,
        lambda x, lam, mu: -1.0, lambda x, lam, mu: -x,
    )  # fmt: skip
    problem = LocusProblem(plane, T)
    X = problem.unknowns(np.array([1.0]), -2.0, 3.0)
    curve = follow(problem, X, ("lam", "mu"), ((-9, 9), (1e-4, 4)))
    assert_allclose(np.sort(curve.values["mu"][[0, -1]]), [1e-4, 4], rtol=1e-7)
    assert all(curve.x(i)[0] > 0 for i in range(len(curve.points)))
    assert curve.special == []


def test_a_branch_point_without_symmetry_opens():
    # g = x² - lam² + mu: at mu = 0 two lines cross, beside it there are two folds or none
    crossing = Toy(
        lambda x, lam, mu: x * x - lam * lam + mu, lambda x, lam, mu: 2 * x,
        lambda x, lam, mu: -2 * lam, lambda x, lam, mu: 1.0,
    )  # fmt: skip
    problem = BranchPointProblem(crossing, T)
    assert problem.opening(problem.unknowns(np.zeros(1), 0.0, 0.0)) == pytest.approx(1.0)
    # g = x (x - lam + mu): x = 0 is a branch at all mu
    kept = Toy(
        lambda x, lam, mu: x * (x - lam + mu), lambda x, lam, mu: 2 * x - lam + mu,
        lambda x, lam, mu: -x, lambda x, lam, mu: x,
    )  # fmt: skip
    problem = BranchPointProblem(kept, T)
    X = problem.unknowns(np.zeros(1), 0.5, 0.5)
    curve = follow(problem, X, ("lam", "mu"), ((-2, 2), (-1, 1)))
    assert_allclose(curve.values["lam"], curve.values["mu"], atol=1e-9)
    assert curve.special == []
