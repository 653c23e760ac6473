"""Decide whether a step stayed on its branch.

Near an imperfect pitchfork Newton can land on the disconnected branch and
every sign but one looks right. The one that does not: the inertia of the
Jacobian has changed although nothing happened on the way. So at each change
of inertia the singular point between the two ends is located, and it must be
of the kind that the tangents show: lam turns round at a fold, and only there;
a branch point must be a true one, with nothing left over of g.

Where two branches cross, a step from one to the other may change no sign at
all, and its chord is the mean of its tangents as on a curve. But Newton has
hard work there, far from its guess: the step must be shorter. A step from one
branch to another beside it turns little, but its chord leaves the tangents.
"""

import math

import numpy as np

from bifurc.continuation.correct import Outcome, correct, length
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.predict import Hermite, lifted
from bifurc.continuation.singular import Singularity, inertia, locate_singular
from bifurc.errors import NotDefinedError, ZeroRowError

NEAR_PREDICTOR = 0.02  # a corrector that moved less than this part of the step followed the curve
LEVEL = 0.05  # how far, over the step, a chord may leave its tangents though they hardly turn
BACK = 0.05  # how far from the curve a step back may come out, over the step
BETWEEN = 1e-6  # how far off the ends of a step, over its length, a point is still on it
APEX = 0.05  # speed of lam, over that at the ends of the step, that is none where lam turns
VANISHED = 0.1  # of its value at the ends of a step, an eigenvalue that touches zero between them
REAL = 1e-7  # relative size of an unfolding parameter that is rounding, not imperfection


def judge(problem, before: Point, outcome: Outcome, step: float, options: Options) -> Outcome:
    """The outcome, with what was passed on the way, if it can be believed to follow ``before``.

    Otherwise an outcome without a point, whose status says why.
    """
    after = outcome.point
    assert after is not None  # only converged outcomes are judged
    turned = turn(before, after)
    if turned > options.max_turn:
        return outcome.failed(Status.TURNED)
    if outcome.iterations > options.target_iterations + 2:
        return outcome.failed(Status.FAR)
    moved = outcome.moved > max(NEAR_PREDICTOR * step, options.ds_min)
    if moved and bows(problem.chart(after.lam), before, after, turned, options):
        return outcome.failed(Status.FAR)
    passed = singular_between(problem, before, after)
    if passed is None:
        return outcome.failed(Status.UNEXPLAINED)
    point = after.arrived(tuple(passed), after.evaluations)
    return Outcome(outcome.status, point, outcome.iterations, outcome.moved, turned)


def judge_both_ways(problem, before: Point, outcome: Outcome, step: float, options: Options):
    """:func:`judge`, and the step must lead back: for when a jump would be costly.

    A step of the same length backwards from the new point, by its own tangent
    alone, has to come out on the curve through both points.
    """
    outcome = judge(problem, before, outcome, step, options)
    after = outcome.point
    if after is None:
        return outcome
    chart = problem.chart(after.lam)
    curve = Hermite.between(chart, before, after)
    guess = chart.out(curve.end - curve.length * curve.tangents[1])
    back = correct(problem, guess, after.tangent, options)
    if back.point is None or curve.distance(chart.into(back.point.X)) > BACK * curve.length:
        return outcome.failed(Status.FAR)
    return outcome


def bows(chart, before: Point, after: Point, turned: float, options: Options) -> bool:
    """Whether the chord between two points leaves their tangents further than allowed.

    A curve that turns by an angle leaves them by a small part of it; what lies
    between two branches side by side leaves them without a turn.
    """
    (start, end), (one, other) = lifted(chart, before, after)
    chord = end - start
    along = one / length(one) + other / length(other)
    allowed = min(options.max_correction, max(turned, LEVEL))
    return length(chord - 0.5 * length(chord) * along) > allowed * length(chord)


def turn(before: Point, after: Point) -> float:
    """Angle between two tangents in the scales of the first point."""
    one, other = before.tangent / before.scales, after.tangent / before.scales
    cosine = (one @ other) / (length(one) * length(other))
    return math.acos(max(-1.0, min(1.0, cosine)))


def singular_between(problem, before: Point, after: Point) -> list[Singularity] | None:
    """The fold or branch point between two points; [] if none, None if it is not found."""
    if after.passed is not None:
        return list(after.passed)
    jump = abs(after.negatives - before.negatives)
    turns = before.tangent[-1] * after.tangent[-1] < 0
    if not jump and not turns:
        return []
    if turns and jump > 1:
        return None  # a fold and something else: a shorter step parts them
    fold = turns and jump == 1
    chart = problem.chart(after.lam)
    curve = Hermite.between(chart, before, after)
    for share in _guesses(before, after, turns):
        guess = chart.out(curve(share * curve.length))
        count = jump or _touching(problem, guess, before, after)
        found = locate_singular(problem, guess, count, fold)
        if found is not None and _fits(problem, found, curve, chart, jump):
            return [found if jump else _with_whole_kernel(problem, found, before, after)]
    return None


def _touching(problem, guess: np.ndarray, before: Point, after: Point) -> int:
    """How many eigenvalues vanish near the guess without a change of sign; one at least."""
    try:
        _, jacobian = problem.jacobian(guess[:-1], guess[-1])
    except (NotDefinedError, ZeroRowError):
        return 1
    values = np.abs(inertia(problem, jacobian, guess[-1]).values)
    ends = np.minimum(np.abs(before.values), np.abs(after.values))
    return max(int(np.count_nonzero(values < VANISHED * ends)), 1)


def _with_whole_kernel(problem, found: Singularity, before: Point, after: Point) -> Singularity:
    """A branch point that changes no sign hides its multiplicity: count its zeros."""
    values = np.abs(found.values)
    scale = max(np.abs(one).max() for one in (values, before.values, after.values))
    rounding = 10 * found.residual * float(np.linalg.norm(found.slope))  # of the last step
    count = int(np.count_nonzero(values < 1e-9 * scale + rounding))
    if count <= found.kernel.shape[1]:
        return found
    return locate_singular(problem, found.X, count, False) or found


def _guesses(before: Point, after: Point, by_tangent: bool):
    """Where between the points to start looking, as shares of the way."""
    if by_tangent:
        ends = before.tangent[-1], after.tangent[-1]
    else:
        a, b = before.values, after.values
        crossing = np.flatnonzero((a < 0) != (b < 0))
        ends = a[crossing].mean(), b[crossing].mean()
    first = ends[0] / (ends[0] - ends[1]) if ends[0] != ends[1] else 0.5
    return (min(max(first, 0.0), 1.0), 0.5)


def _fits(problem, found: Singularity, curve: Hermite, chart, jump: int) -> bool:
    """Whether the point lies on the step, is of its kind, and is singular to its full count.

    ``jump`` is by how much the inertia changes; if it does not, lam turns at the point.
    """
    if not found.fold and found.imperfection > REAL:
        return False
    y = chart.into(found.X)
    share = curve.share(y)
    if not -BETWEEN <= share <= 1 + BETWEEN:
        return False
    s = min(max(share, 0.0), 1.0) * curve.length
    if np.linalg.norm(y - curve(s)) > 0.25 * curve.length:
        return False
    if not jump and abs(curve.turns(s)) > APEX:
        return False  # lam turns elsewhere: a fold and a branch point
    values, count = np.sort(np.abs(found.values)), max(jump, 1)
    return bool(values[count - 1] <= 1e-6 * max(values[-1], 1e-300) or values[-1] < 1e-9)
