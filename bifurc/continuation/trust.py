"""Decide whether a step stayed on its branch.

Near an imperfect pitchfork Newton can land on the disconnected branch and
every sign but one looks right. The one that does not: the inertia of the
Jacobian has changed although nothing happened on the way. So at each change
of inertia the singular point between the two ends is located, and it must be
of the kind that the tangents show: lam turns round at a fold, and only there;
a branch point must be a true one, with nothing left over of g.

Where two branches cross, or lie side by side, a step from one to the other
may change no sign at all. But half way it is on neither: so the branch is
asked there (:mod:`bifurc.continuation.middle`), and on both sides of a branch
point. A step of which that is not enough to know is cut in two, by points of
the branch, until each part is known or the halves know no more than the whole.
"""

import math

import numpy as np

from bifurc.continuation.constants import (
    APEX,
    BACK,
    BACK_BY,
    CALM,
    DEEP,
    LEVEL,
    MISSES,
    NEAR_PREDICTOR,
    ONE_PLACE,
    PLAIN,
    REAL,
    SHORT,
    SLOWER,
    UNIQUE,
    VANISHED,
    WASTED,
)
from bifurc.continuation.correct import Outcome, correct
from bifurc.continuation.middle import HALF, Middle, middle, middles
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.singular import (
    Singularity,
    inertia,
    locate_fold_on_branch_point,
    locate_singular,
)
from bifurc.continuation.step import Step
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.protocol import Problem


def judge(
    problem: Problem, before: Point, outcome: Outcome, step: float, options: Options
) -> Outcome:
    """The outcome, with the points that it took to know the way, if it follows ``before``.

    Otherwise an outcome without a point, whose status says why.
    """
    after = outcome.point
    assert after is not None  # only converged outcomes are judged
    way = outcome.way or Step(problem, before, after)
    turned = way.turned
    if turned > options.max_turn:
        return outcome.failed(Status.TURNED)
    if outcome.iterations > options.target_iterations + WASTED:
        return outcome.failed(Status.SLOW)
    moved = outcome.moved > max(NEAR_PREDICTOR * step, options.ds_min)
    if moved and bows(way, options):
        return outcome.failed(Status.FAR)
    told = _quiet(way) and (_calm(problem, way, outcome) or _told(way, outcome.middle))
    parts = [way] if told else known(way, options)
    if parts is None:
        return outcome.failed(Status.UNEXPLAINED)
    outcome.turned, outcome.between = turned, tuple(part.other for part in parts[:-1])
    outcome.way = way
    return outcome


def _calm(problem: Problem, way: Step, outcome: Outcome) -> bool:
    """Whether several steps that were predicted at once came out where a polynomial said.

    Problems that take batches have exact derivatives and smooth charts; where
    prediction and point agree so well and nothing changes, the middle is not asked.
    """
    return problem.batched and outcome.moved <= CALM * way.length


def _quiet(way: Step) -> bool:
    """Whether neither an eigenvalue changes sign from end to end nor lam turns."""
    return way.negatives[0] == way.negatives[1] and way.one.tangent[-1] * way.other.tangent[-1] > 0


def _told(way: Step, half: Middle | None) -> bool:
    """Whether what the branch said on the way is enough."""
    return half is not None and _near(way, half) and half.negatives == way.negatives[0]


def judge_both_ways(
    problem: Problem, before: Point, outcome: Outcome, step: float, options: Options
):
    """:func:`judge`, and the step must lead back: for when a jump would be costly.

    A step backwards from the new point, by its own tangent
    alone, has to come out on the curve through both points.
    """
    outcome = judge(problem, before, outcome, step, options)
    after = outcome.point
    if after is None:
        return outcome
    way = Step(problem, before, after)
    guess = way.chart.out(way.ends[1] - BACK_BY * way.length * way.tangents[1])
    back = correct(problem, guess, after.tangent, options)
    if back.point is None or way.beside(back.point.X) > BACK * way.length:
        return outcome.failed(Status.ONE_WAY)
    return outcome


def bows(way: Step, options: Options) -> bool:
    """Whether the chord between two points leaves their tangents further than allowed.

    A curve that turns by an angle leaves them by a small part of it; what lies
    between two branches side by side leaves them without a turn.
    """
    return way.bow > min(options.max_correction, max(way.turned, LEVEL))


def known(
    way: Step,
    options: Options,
    depth: int = 0,
    missed: float = math.inf,
) -> list[Step] | None:
    """The step in parts each of which is known to lie on one branch; None if that fails.

    Parameters
    ----------
    depth : how often the step was halved before
    missed : by how much the whole missed its middle, over its length
    """
    found = singular_between(way) if len(way.crossing) else None
    if found and _both_sides(way, found):
        return [way]
    half = middle(way)
    if half is None:
        return None
    found = singular_between(way, half.missed)
    if found is not None and _one_branch(way, half, found):
        return [way]
    misses = half.missed / way.length
    slow = misses > SLOWER * missed and (misses > MISSES or half.change > UNIQUE)
    if slow or depth >= DEEP or way.length < SHORT:
        return None
    inside = correct(way.problem, half.X, half.ahead, options).point
    return None if inside is None else _in_halves(way, inside, options, depth, misses)


def _in_halves(
    way: Step, inside: Point, options: Options, depth: int, misses: float
) -> list[Step] | None:
    parts: list[Step] = []
    for part in way.halves(inside):
        if part.turned > options.max_turn or bows(part, options):
            return None
        pieces = known(part, options, depth + 1, misses)
        if pieces is None:
            return None
        parts += pieces
    return parts


def _one_branch(way: Step, half: Middle, found: list[Singularity]) -> bool:
    """Whether the branch is where the cubic says, on both sides of what lies on the step."""
    if any(not one.fold for one in found):
        return _both_sides(way, found)
    ends = set(way.negatives)
    return _near(way, half) and (bool(found) or way.from_event or {half.negatives} == ends)


def _both_sides(way: Step, found: list[Singularity]) -> bool:
    """Whether it is there between branch points and the ends; False if there are none."""
    ends = set(way.negatives)
    points = [way.place(one.X) for one in found if not one.fold]
    stops = [0.0, *sorted(points), 1.0]
    pairs = zip(stops, stops[1:], strict=False)
    shares = [(low + high) / 2 for low, high in pairs if high - low > ONE_PLACE]
    return bool(points) and all(
        side is not None and _near(way, side) and side.negatives in ends
        for side in middles(way, shares)
    )


def _near(way: Step, half: Middle) -> bool:
    return half.change < PLAIN and half.missed < MISSES * way.length


def singular_between(way: Step, missed: float = 0.0) -> list[Singularity] | None:
    """The folds and branch points on a step; [] if none, None if they are not found.

    ``missed`` is by how much the cubic misses the branch.
    """
    before, after = way.one, way.other
    jump = len(way.crossing)
    turns = before.tangent[-1] * after.tangent[-1] < 0
    if not jump and not turns:
        return []
    if turns and jump != 1 and (both := _fold_on_branch_point(way, missed)):
        return both
    if turns and jump > 1:
        return None  # a fold and something else: a shorter step parts them
    fold = turns and jump == 1
    for share in _guesses(way, turns):
        guess = way.guess(share)
        count = jump or _touching(way, guess)
        found = locate_singular(way.problem, guess, count, fold)
        if found is not None and _fits(way, found, jump, missed):
            return [found if jump else _with_whole_kernel(way, found)]
    unseen = way.from_event and (way.told is None or not jump)  # it is not on the way
    return [] if unseen else None


def _fold_on_branch_point(way: Step, missed: float) -> list[Singularity] | None:
    """A fold at which another eigenvalue vanishes as well."""
    problem, guess = way.problem, way.guess(_guesses(way, True)[0])
    found = locate_fold_on_branch_point(problem, guess)
    if found is None or not all(way.holds(one.X, missed) for one in found):
        return None
    return found


def _touching(way: Step, guess: np.ndarray) -> int:
    """How many eigenvalues vanish near the guess without a change of sign; one at least."""
    try:
        _, jacobian = way.problem.jacobian(guess[:-1], guess[-1])
    except (NotDefinedError, ZeroRowError):
        return 1
    values = np.abs(inertia(way.problem, jacobian, guess[-1]).values)
    ends = np.minimum(np.abs(way.one.values), np.abs(way.other.values))
    return max(int(np.count_nonzero(values < VANISHED * ends)), 1)


def _with_whole_kernel(way: Step, found: Singularity) -> Singularity:
    """A branch point that changes no sign hides its multiplicity: count its zeros."""
    values = np.abs(found.values)
    scale = max(np.abs(one).max() for one in (values, way.one.values, way.other.values))
    rounding = 10 * found.residual * float(np.linalg.norm(found.slope))  # of the last step
    count = int(np.count_nonzero(values < ONE_PLACE * scale + rounding))
    if count <= found.kernel.shape[1]:
        return found
    return locate_singular(way.problem, found.X, count, False) or found


def _guesses(way: Step, by_tangent: bool) -> tuple[float, float]:
    """Where on a step to start looking, as shares of the way."""
    if by_tangent:
        ends = way.one.tangent[-1], way.other.tangent[-1]
    else:
        ends = way.one.values[way.crossing].mean(), way.other.values[way.crossing].mean()
    first = ends[0] / (ends[0] - ends[1]) if ends[0] != ends[1] else HALF
    return (min(max(float(first), 0.0), 1.0), HALF)


def _fits(way: Step, found: Singularity, jump: int, missed: float) -> bool:
    """Whether the point lies on the step, is of its kind, and is singular to its full count.

    ``jump`` is by how much the inertia changes; if it does not, lam turns at the point.
    """
    size = float(np.abs(found.X[:-1]).max(initial=0.0) + way.one.scales[:-1].max(initial=0.0))
    if not found.fold and found.imperfection > REAL * size:
        return False
    if not way.holds(found.X, missed):
        return False
    if not jump and abs(way.rise(way.place(found.X))) > APEX:
        return False  # lam turns elsewhere: a fold and a branch point
    values, count = np.sort(np.abs(found.values)), max(jump, 1)
    alike = ONE_PLACE * values[-1]
    if way.length < 100 * SHORT:  # what is left of a step that was cut: one place
        alike = max(alike, way.length * float(np.linalg.norm(found.slope * way.one.scales)))
    return bool(values[count - 1] <= max(alike, 1e-300) or values[-1] < ONE_PLACE)
