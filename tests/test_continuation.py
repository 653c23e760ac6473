"""The engine: folds, ends, closed loops, the way back, the cost, and no jumps."""

from dataclasses import replace
from itertools import islice
from unittest.mock import Mock

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc import family
from bifurc.api import member, problem
from bifurc.continuation.correct import STALE, Outcome, correct, correct_all
from bifurc.continuation.options import Options, Status
from bifurc.continuation.predict import along_hermite, along_parameter, along_tangent
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at, trace
from bifurc.continuation.trust import judge, judge_both_ways
from bifurc.events.branch import collect, follow
from bifurc.structure.families import BUILT_IN, find
from bifurc.switching.switch import switch


def circle():
    return PlainProblem(
        gradient=lambda x, lam: x**2 + lam**2 - 1,
        hessian=lambda x, lam: np.diag(2 * x),
        gradient_dlam=lambda x, lam: np.array([2 * lam]),
        n=1,
    )


def walk(reduced, x, lam, to, **options):
    start = point_at(reduced, x, lam, towards=to - lam)
    options.setdefault("ds", min(0.05, options.get("ds_max", 0.05)))
    return collect(trace(reduced, start, (min(lam, to), max(lam, to)), Options(**options)))


def test_the_circle_closes_and_its_folds_are_at_its_sides():
    start = point_at(circle(), np.array([1.0]), 0.0)
    branch = follow(circle(), start, (-2, 2), Options(ds_max=0.3))
    assert branch.status is Status.CLOSED
    assert [e.label for e in branch.events] == ["LP", "LP"]
    assert [e.lam for e in branch.events] == pytest.approx([1, -1], rel=1e-12)
    assert np.hypot(branch.x[:, 0], branch.lam) == pytest.approx(1, rel=1e-12)
    angles = np.unwrap(np.arctan2(branch.x[:, 0], branch.lam))
    assert abs(angles[-1] - angles[0]) > 2 * np.pi - 0.3  # all the way round, and once
    assert abs(angles[-1] - angles[0]) < 2 * np.pi + 0.3


@pytest.mark.parametrize("edge", [0.7, -0.7])
def test_a_branch_ends_exactly_at_the_edge_of_its_window(edge):
    start = point_at(circle(), np.array([1.0]), 0.0, towards=edge)
    points, status = collect(trace(circle(), start, (-abs(edge), abs(edge))))
    assert points[-1].lam == edge
    assert points[-1].x == pytest.approx(np.sqrt(1 - edge**2), rel=1e-12)
    assert status is Status.WINDOW


def test_trace_is_a_generator_that_does_no_more_than_it_is_asked_for():
    calls = []

    def gradient(x, lam):
        calls.append(lam)
        return x - lam

    line = PlainProblem(gradient, lambda x, lam: np.eye(1), lambda x, lam: -np.ones(1), 1)
    start = point_at(line, np.zeros(1), 0.0)
    calls.clear()
    walking = trace(line, start, (0, 1e9))
    assert calls == []
    assert next(walking) is start and calls == []
    first = [point.lam for point in islice(walking, 3)]
    assert first == sorted(first) and len(calls) < 20


def test_a_branch_says_that_it_ran_out_of_steps():
    start = point_at(circle(), np.array([1.0]), 0.0)
    points, status = collect(trace(circle(), start, (-2, 2), Options(max_steps=3, ds_max=0.1)))
    assert (len(points), status) == (4, Status.MAX_STEPS)
    assert status.early and not Status.WINDOW.early


def test_a_branch_says_that_a_row_went_to_zero_or_that_the_loss_ended():
    reduced, start = member("II", "d", 20.0)
    start = point_at(reduced, start.x, 20.0, towards=-1)
    _, status = collect(trace(reduced, start, (0.5, 20.0)))
    assert status in (Status.OUTSIDE, Status.ZERO_ROW)


def test_a_branch_ends_where_its_functions_are_no_numbers_any_more():
    cliff = PlainProblem(  # x = lam, and nothing beyond lam = 1
        gradient=lambda x, lam: x - lam if lam <= 1 else np.full(1, np.nan),
        hessian=lambda x, lam: np.eye(1),
        gradient_dlam=lambda x, lam: -np.ones(1),
        n=1,
    )
    points, status = collect(trace(cliff, point_at(cliff, np.zeros(1), 0.0), (0, 2)))
    assert status is Status.OUTSIDE
    assert points[-1].lam == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("predict", [along_tangent, along_hermite])
def test_predictors_follow_the_same_branch(predict):
    start = point_at(circle(), np.array([1.0]), 0.0)
    points, status = collect(trace(circle(), start, (-2, 2), predict=predict))
    assert status is Status.CLOSED
    assert max(p.lam for p in points) > 0.9 and min(p.lam for p in points) < -0.9


def test_natural_continuation_ends_at_the_fold():
    start = point_at(circle(), np.array([1.0]), 0.0)
    points, status = collect(trace(circle(), start, (-2, 2), predict=along_parameter))
    assert status is not Status.CLOSED
    assert max(p.lam for p in points) <= 1 + 1e-12


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"ds": 0.0}, "ds_min"),
        ({"ds": 2.0, "ds_max": 1.0}, "ds_max"),
        ({"ds_min": float("nan")}, "ds_min"),
        ({"newton_tol": 0.0}, "newton_tol"),
        ({"max_iterations": 0}, "max_iterations"),
    ],
)
def test_options_out_of_order_are_refused(options, word):
    with pytest.raises(ValueError, match=word):
        Options(**options)


@pytest.mark.parametrize("name", BUILT_IN)
def test_forth_and_back_ends_where_it_began(name):
    reduced, start = member(name, "d", 40.0)
    forth, status = walk(reduced, start.x, 40.0, 4.0)
    assert status is Status.WINDOW and forth[-1].lam == 4.0
    back, status = walk(reduced, forth[-1].x, 4.0, 40.0)
    assert status is Status.WINDOW and back[-1].lam == 40.0
    assert np.abs(back[-1].x - start.x).max() < 1e-10


@pytest.mark.parametrize("name", BUILT_IN)
def test_no_point_of_a_branch_is_off_it(name):
    reduced, start = member(name, "d", 40.0)
    points, _ = walk(reduced, start.x, 40.0, 4.0)
    x, lam = np.array([p.x for p in points]), np.array([p.lam for p in points])
    assert np.abs(reduced.gradient(x, lam) * np.sqrt(reduced.weights(lam))).max() < 1e-12


def work(name, first):
    """Evaluations of the Jacobian, of one point or several at once, from ``first`` down to 4."""
    reduced, start = member(name, "d", first)
    reduced.jacobian = Mock(wraps=reduced.jacobian)
    _, status = walk(reduced, start.x, first, 4.0)
    assert status is Status.WINDOW
    return reduced.jacobian.call_count


def test_six_decades_cost_at_most_twice_the_last_one():
    assert work("II", 1e6) <= 2 * work("II", 40.0)


@pytest.mark.parametrize("name", ["A", "I", "II", "M"])
def test_walks_take_few_evaluations(name):
    assert work(name, 40.0) <= 16
    assert work(name, 1e6) <= 32


def random_walk(rng):
    """A random family from a random d to another, with random step bounds."""
    name = rng.choice(list(BUILT_IN))
    first, last = np.exp(rng.uniform(np.log(4.0), np.log(200.0), size=2))
    shortest, longest = 10 ** rng.uniform(-8, -5), 10 ** rng.uniform(-1.5, 1)
    one = find(name) if name != "M" else family("M", p=float(rng.uniform(1.5, 2.5)))
    reduced, start = member(one, "d", first)
    points, status = walk(reduced, start.x, first, last, ds_max=longest, ds_min=shortest)
    return name, points, status, member(one, "d", last)[1]


@pytest.mark.parametrize("count", [15, pytest.param(100, marks=pytest.mark.slow)])
def test_random_walks_do_not_jump(count, rng):
    for _ in range(count):
        name, points, status, expected = random_walk(rng)
        where = f"{name} from {points[0].lam} to {expected.lam}"
        assert status is Status.WINDOW, where
        assert np.abs(points[-1].x - expected.x).max() < 1e-9, where


def imperfect_pitchfork(size):
    """g = lam x - x³ + size: three branches, two of them near each other at lam = 0."""
    return PlainProblem(
        gradient=lambda x, lam: lam * x - x**3 + size,
        hessian=lambda x, lam: np.diag(lam - 3 * x**2),
        gradient_dlam=lambda x, lam: x,
        n=1,
    )


@pytest.mark.parametrize("size", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5])
def test_an_imperfect_pitchfork_is_never_crossed(size, rng):
    """From above zero the branch goes on up; from below it turns, at lam = 3 (size/2)^(2/3).
    Whatever the steps, the sign of x never changes."""
    reduced = imperfect_pitchfork(size)
    for _ in range(8):
        longest = 10 ** rng.uniform(-2, 0)
        points, status = walk(reduced, np.array([size]), -1.0, 1.0, ds_max=longest)
        assert min(p.x[0] for p in points) > 0
        assert status is Status.WINDOW
        assert points[-1].x[0] > 0.9
    start = point_at(reduced, np.array([-1.0]), 1.0, towards=-1)
    branch = follow(reduced, start, (-1.0, 1.0), Options(ds_max=0.1))
    assert branch.x.max() < 0
    (fold,) = branch.events
    assert fold.lam == pytest.approx(3 * (size / 2) ** (2 / 3), rel=1e-12)


def test_a_start_that_is_no_solution_is_refused():
    with pytest.raises(ValueError, match="No solution near the start"):
        point_at(circle(), np.array([0.1]), 5.0)


def test_member_at_a_size_without_meaning_is_refused():
    with pytest.raises(ValueError, match="bulk"):
        member("II", "d", 1.5)
    assert problem("II").n == 5


@pytest.mark.parametrize("name", ["global", "A", "I", "II"])
def test_a_checked_walk_verifies_every_step_and_finds_the_same(name):
    plain, checked = (bifurc.trace(name, d=(40, 4), checked=flag) for flag in (False, True))
    assert checked.status is plain.status is Status.WINDOW
    assert len(checked.points) == len(plain.points)
    assert_allclose([e.lam for e in checked.events], [e.lam for e in plain.events], rtol=1e-12)


def parallel_lines(apart):
    """x = 0 and x = ± apart, whatever lam."""
    return PlainProblem(
        gradient=lambda x, lam: x * (x**2 - apart**2),
        hessian=lambda x, lam: np.diag(3 * x**2 - apart**2),
        gradient_dlam=lambda x, lam: np.zeros(1),
        n=1,
    )


def step_across(lines, apart, moved):
    """A point on the one outer line, and a step from it that ended on the other one."""
    start = point_at(lines, np.array([apart]), 0.0)
    other = point_at(lines, np.array([-apart]), 0.5)
    return start, Outcome(Status.CONVERGED, other, 3, moved)


def test_a_step_that_does_not_lead_back_is_refused():
    # a point on the other one of two parallel lines has the same tangent and inertia
    lines = parallel_lines(0.05)
    start, landed = step_across(lines, 0.05, moved=0.0)  # a guess that was there already
    assert judge(lines, start, landed, 0.5, Options()).point is None  # half way it is on neither
    assert judge_both_ways(lines, start, landed, 0.5, Options()).point is None


def test_a_chord_that_leaves_its_tangents_without_a_turn_is_refused():
    lines = parallel_lines(0.05)
    start, landed = step_across(lines, 0.05, moved=0.1)
    assert judge(lines, start, landed, 0.5, Options()).status is Status.FAR


@pytest.mark.parametrize("name", ["A", "I", "II", "M"])
def test_steps_corrected_at_once_are_those_corrected_one_by_one(name):
    reduced, start = member(name, "d", 40.0)
    start = point_at(reduced, start.x, 40.0, towards=-1)
    together, alone = (
        follow(reduced, start, (4.0, 40.0), Options(ahead=ahead)) for ahead in (8, 1)
    )
    assert_allclose([e.lam for e in together.events], [e.lam for e in alone.events], rtol=1e-12)
    shared = [p for p in alone.points if 5 < p.lam < 35]
    assert shared
    for point in shared:  # both walks are on one curve
        there = point_at(
            reduced,
            np.array(
                [np.interp(point.lam, together.lam[::-1], column[::-1]) for column in together.x.T]
            ),
            point.lam,
        )
        assert_allclose(there.x, point.x, atol=1e-11)


def test_several_guesses_are_corrected_each_as_it_would_be_alone(rng):
    reduced, start = member("II", "d", 20.0)
    guesses = start.X + 1e-3 * rng.standard_normal((5, len(start.X)))
    for together, guess in zip(
        correct_all(reduced, guesses, start.tangent, Options()), guesses, strict=True
    ):
        alone = correct(reduced, guess, start.tangent, Options())
        assert together.iterations == alone.iterations
        assert_allclose(together.point.X, alone.point.X, rtol=1e-12)
        # these may be taken so far from the point, nearer to it where others took longer
        assert_allclose(together.point.tangent, alone.point.tangent, atol=STALE)
        assert_allclose(together.point.values, alone.point.values, rtol=10 * STALE)


def test_guesses_before_one_outside_the_domain_are_still_corrected():
    reduced, start = member("II", "d", 20.0)
    guesses = np.tile(start.X, (4, 1))
    guesses[3, -1] = 0.5  # no such size
    outcomes = correct_all(reduced, guesses, start.tangent, Options())
    assert [outcome.status for outcome in outcomes] == [Status.CONVERGED] * 2
    (lost,) = correct_all(reduced, guesses[3:], start.tangent, Options())
    assert lost.status is Status.OUTSIDE and lost.point is None


def test_a_point_is_not_taken_while_the_sign_of_an_eigenvalue_is_open():
    """At x = lam = 1 the second eigenvalue is -1e-9; at the guess, 5e-8 away, it is positive."""
    near = PlainProblem(
        gradient=lambda x, lam: np.array([x[0] - lam, (x[0] - 1.0 - 1e-9) * x[1]]),
        hessian=lambda x, lam: np.array([[1.0, 0.0], [x[1], x[0] - 1.0 - 1e-9]]),
        gradient_dlam=lambda x, lam: np.array([-1.0, 0.0]),
        n=2,
    )
    guess = np.array([1.0 + 5e-8, 0.0, 1.0])
    outcome = correct(near, guess, np.array([0.0, 0.0, 1.0]), Options())
    assert outcome.point.negatives == 1  # at the guess itself it is positive


@pytest.mark.parametrize(
    "isotropy", [pytest.param("bulk: 2 + rest", marks=pytest.mark.slow), "bulk: 3 + rest"]
)
def test_long_steps_do_not_change_over_where_branches_cross(isotropy):
    branch = bifurc.trace("II", d=(40, 3.1))
    births, _ = switch(branch.problem, branch.events[0])
    for birth in (one for one in births if one.isotropy == isotropy):
        there = follow(birth.problem, birth.start, (3.1, 40))
        last = there.points[-1]
        back = replace(last, tangent=-last.tangent)
        long = follow(birth.problem, back, (3.1, 40))
        short = follow(birth.problem, back, (3.1, 40), Options(ds_max=0.05, ahead=1))
        assert long.status is short.status
        assert [e.component for e in long.events] == [e.component for e in short.events]
        assert_allclose([e.lam for e in long.events], [e.lam for e in short.events], rtol=1e-8)


@pytest.mark.parametrize("ds_max", [0.05, 0.3, 1.5, 4.0])
def test_a_fold_and_a_branch_point_on_one_step_are_two_events(ds_max):
    """lam = 0.25 x² - 0.15 x turns at x = 0.3 and crosses x = 0 at zero."""
    both = PlainProblem(
        gradient=lambda x, lam: x * (lam + 0.15 * x - 0.25 * x**2),
        hessian=lambda x, lam: np.diag(lam + 0.3 * x - 0.75 * x**2),
        gradient_dlam=lambda x, lam: x,
        hessian_along=lambda x, lam, u: np.array([[u[1] + (0.3 - 1.5 * x[0]) * u[0], u[0]]]),
        n=1,
    )
    x = np.array([3.0])
    start = point_at(both, x, 0.25 * 9 - 0.15 * 3, towards=-1.0)
    branch = follow(both, start, (-2, 2), Options(ds_max=ds_max))
    assert [e.label for e in branch.events] == ["LP", "BP"]
    assert_allclose([e.lam for e in branch.events], [-0.0225, 0.0], atol=1e-12)
    assert branch.points[-1].x[0] < -1


def test_a_row_that_goes_to_zero_is_why_a_branch_ends():
    """II + 3 beyond its fold: Newton reaches as far as the row is long, so no step reaches zero.

    Without the row it is a critical point of the loss with one neuron fewer.
    """
    branch = bifurc.trace("II + 3", d=(5, 3.5))
    assert branch.status is Status.ZERO_ROW
    assert [event.kind for event in branch.events] == ["fold"]
    last = branch.points[-1]
    rest, row = np.delete(last.x, (5, 6)), last.x[5:7]
    assert np.abs(row).max() < 1e-6
    fewer = problem("II + 2", "d")
    gradient = fewer.gradient(rest, last.lam)
    assert np.abs(gradient).max() < 1e-6
    assert np.abs(fewer.gradient(rest + 1e-3, last.lam)).max() > 1e-4
