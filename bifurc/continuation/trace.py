"""Walk along a branch: predict, correct, keep or shorten.

Nothing else lives here: no detection, no printing, no saving. The generator
yields points, so the caller says when it has seen enough; what it returns
(the value of its StopIteration) says why the branch ended.
"""

import logging
from collections.abc import Callable, Generator
from itertools import takewhile

import numpy as np

from bifurc.continuation.constants import (
    AT_EDGE,
    CLOSED,
    CLOSER,
    FIRST,
    FLOOR,
    LEADING,
    NEARER,
    REACH,
    STRAIGHT,
)
from bifurc.continuation.correct import Outcome, correct, correct_all, length
from bifurc.continuation.middle import Halfway
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.predict import NODES, along_hermite
from bifurc.continuation.start import at_lam, on_an_event, point_at
from bifurc.continuation.step import Step
from bifurc.continuation.trust import judge
from bifurc.continuation.within import edge, within
from bifurc.protocol import Field

__all__ = ["point_at", "trace"]
log = logging.getLogger(__name__)
# statuses of steps that led somewhere else, and of steps that led out of where g is defined
DOUBTFUL = {Status.TURNED, Status.FAR, Status.UNEXPLAINED, Status.ONE_WAY}
ENDS = (Status.WINDOW, Status.OUTSIDE, Status.ZERO_ROW)


def trace(
    problem: Field,
    start: Point,
    window: tuple[float, float],
    options: Options | None = None,
    predict: Callable = along_hermite,
    trust: Callable = judge,
) -> Generator[Point, None, Status]:
    """Yield the points of the branch that leaves ``start``, the start first.

    Parameters
    ----------
    problem : see :mod:`bifurc.protocol`
    start : Point
        A corrected point; its tangent says which way to go.
    window : (float, float)
        The branch ends where ``lam`` leaves this interval, exactly at its end.
    options : Options, optional
    predict : callable (problem, points, steps) -> (m, n + 1), optional
    trust : callable (problem, before, outcome, step, options) -> Outcome, optional
        Says whether a corrected step stayed on the branch: the outcome, with
        the angle it turned by, or one without a point.

    Returns
    -------
    Status
        Why the branch ended.

    Examples
    --------
    >>> from bifurc.continuation.problem import PlainProblem
    >>> circle = PlainProblem(
    ...     gradient=lambda x, lam: x**2 + lam**2 - 1,
    ...     hessian=lambda x, lam: np.diag(2 * x),
    ...     gradient_dlam=lambda x, lam: np.array([2 * lam]),
    ...     n=1,
    ... )
    >>> start = point_at(circle, np.array([1.0]), 0.0)
    >>> points = list(trace(circle, start, (-2, 2)))
    >>> bool(np.ptp([p.lam for p in points]) > 1.9)  # both folds were passed
    True
    """
    options, problem = options or Options(), within(problem, window)
    most = options.ahead if problem.batched else 1
    points: tuple[Point, ...] = (start,)
    steps, count = first_steps(options, min(most, FIRST)), 0
    failures: set[Status] = set()
    rates: list[float] = []
    folded = False  # before lam has turned no branch comes back
    yield start
    while count < options.max_steps:
        steps = steps[: options.max_steps - count]
        outcomes = attempt(problem, window, points, steps, options, predict)
        taken: list[Outcome] = []
        for step, outcome in zip(steps.tolist(), outcomes, strict=False):
            outcome = settle(problem, window, points[-1], outcome, step, options, trust)
            if outcome.point is None:
                short = steps[0] < FLOOR * options.ds_min
                failures = {outcome.status, *(failures if short else ())}
                break
            point = outcome.point
            log.info("lam=%+.8g step=%.1e newton=%d", point.lam, step, outcome.iterations)
            yield from (*outcome.between, point)
            if point.lam in window:
                return Status.WINDOW
            folded = folded or point.tangent[-1] * start.tangent[-1] <= 0
            if folded and count >= 3 and closes(start, outcome.way, window, options):
                return Status.CLOSED
            taken.append(outcome)
            points, count = (*points[1 - NODES :], point), count + 1
        if taken:
            turns = zip(taken, steps.tolist(), strict=False)
            rates = [*rates, *(max(one.turned, STRAIGHT) / step for one, step in turns)][-2:]
            failures = failures if steps[0] < FLOOR * options.ds_min else set()
            steps = next_steps(steps, taken, rates, options)[:most]
        elif steps[0] / 2 < options.ds_min:
            return ahead_of(problem, points, options) or ending(failures)
        else:
            steps = steps[:1] / 2
    return Status.MAX_STEPS


def attempt(problem: Field, window, points, steps: np.ndarray, options: Options, predict):
    """Steps of these lengths, one after the other, predicted and corrected at once.

    The first guess beyond the window is moved back to its edge and corrected
    there, unless the branch is about to turn; those after it are left out.

    Returns
    -------
    list of Outcome
    """
    last, guesses = points[-1], predict(problem, points, np.cumsum(steps))
    room = options.ds_min * last.scales[-1]  # a shorter step to the edge is none
    low, high = window
    beyond = (guesses[:, -1] < low + room) | (guesses[:, -1] > high - room)
    beyond &= np.abs(guesses[:, -1] - last.lam) > room
    across = np.tile(last.tangent, (len(guesses), 1))
    if beyond.any():
        out = int(beyond.argmax())
        guesses, across = guesses[: out + 1].copy(), across[: out + 1]
        before, after = guesses[out - 1] if out else last.X, guesses[out]
        end = edge(window, after[-1])
        if abs(last.tangent[-1]) > LEADING * last.scales[-1] and before[-1] != end:
            after = before + (after - before) * (end - before[-1]) / (after[-1] - before[-1])
            across[out] = np.append(np.zeros(problem.n), np.sign(last.tangent[-1]))
        after[-1] = end
        guesses[out] = after
    halfway = Halfway(problem, window, last, steps) if problem.batched else None
    outcomes = correct_all(problem, guesses, across, options, halfway)
    # what comes after a failure is not taken
    points = takewhile(lambda point: point is not None, (one.point for one in outcomes))
    ways = Step.chain(problem, [last, *points])
    told = halfway.told(ways) if halfway else [None] * len(ways)
    for outcome, way, middle in zip(outcomes, ways, told, strict=False):
        outcome.way, outcome.middle = way, middle
    return outcomes


def settle(problem: Field, window, before: Point, outcome: Outcome, step: float, options, trust):
    """The outcome if it can be believed, moved back to the edge where it left the window."""
    point, out = outcome.point, None
    if point is not None and outcome.way.length <= options.ds_min:
        return outcome.failed(Status.WINDOW)  # from its edge straight out
    if point is not None and point.lam in window:
        out = point.X if on_an_event(point) else None
    elif point is not None:
        way = outcome.way
        share = way.leaves(window)
        out = None if share is None else way.guess(share)
    elif outcome.status in (Status.WINDOW, Status.SINGULAR) and before.lam not in window:
        out = before.X + step * before.tangent
    if out is None:
        return outcome if point is None else trust(problem, before, outcome, step, options)
    landed = land(problem, window, before, out, options)
    landed = landed if landed.point is None else trust(problem, before, landed, 0.0, options)
    near = abs(before.lam - edge(window, before.lam)) <= step * before.scales[-1]
    return landed.failed(Status.WINDOW) if landed.point is None and near else landed


def land(problem: Field, window, before: Point, guess: np.ndarray, options: Options) -> Outcome:
    """The point at the edge of the window nearest to a guess."""
    guess = np.append(guess[:-1], edge(window, guess[-1]))
    outcome = at_lam(problem, guess, before.tangent, options)
    return outcome if outcome.point is not None else outcome.failed(Status.WINDOW)


def first_steps(options: Options, count: int) -> np.ndarray:
    """Lengths of the steps to try at once from the start, each twice the one before."""
    return np.minimum(options.ds * 2.0 ** np.arange(count), options.ds_max)


def next_steps(steps: np.ndarray, taken: list[Outcome], rates: list[float], options: Options):
    """Lengths of the steps to try at once after ``taken`` ones of ``steps``; (m,).

    They are equal, aim at ``target_iterations`` and at turns by half of
    ``max_turn``, and reach twice as far as the last ones. ``rates`` are the
    last turns over arclength, the newest last: if they grow, they will.
    """
    growth = min(max(rates[-1] / rates[0], 1.0), 2.0)
    longest = 0.5 * options.max_turn / (rates[-1] * growth)
    spare = options.target_iterations - taken[0].iterations
    wanted = steps[len(taken) - 1] * (1.5 if spare > 0 else 2.0 ** (spare / 2))
    length = max(min(wanted, longest, options.ds_max), options.ds_min)
    count = int(2.0 * steps[: len(taken)].sum() / length + 1e-9)
    return np.full(min(max(count, 1), options.ahead), length)


def closes(start: Point, way: Step, window: tuple[float, float], options: Options) -> bool:
    """Whether the step passes the start, in its direction."""
    reach = REACH * way.length * max(way.one.scales[-1], way.other.scales[-1])
    if abs(start.lam - way.one.lam) > reach:
        return False
    share = way.share(start.X)
    along = way.chart.lift(start.X, start.tangent)[1] @ (way.ends[1] - way.ends[0])
    if not 0 < share <= 1 or along <= 0 or way.beside(start.X) > way.length:
        return False
    there, unit = way.guess(share), start.tangent / start.scales
    there = there - (((there - start.X) / start.scales) @ unit) * start.tangent
    point = correct(way.problem, there, start.tangent, options).point
    if point is None and start.lam in window:  # a fold on the edge, beyond which nothing is asked
        return way.beside(start.X) < AT_EDGE * way.length
    return point is not None and length((point.X - start.X) / start.scales) < CLOSED


def ahead_of(problem: Field, points: tuple[Point, ...], options: Options) -> Status | None:
    """How the branch ends right ahead, where its Hessian grows without bound; None if it does not.

    Newton converges from as far as the pole at most, and steps shrink with the
    distance. The inverse of the largest eigenvalue goes to zero on a straight
    line, the straighter the nearer: what the problem says there is why it ends.
    """
    for _ in range(CLOSER if len(points) > 1 else 0):
        before, last = points[-2:]
        small, large = (float(np.abs(p.values).max(initial=0.0)) for p in (before, last))
        if not small < large:
            return None
        rest = (last.X - before.X) * (small / (large - small))
        if not length(rest / last.scales) <= FLOOR * options.ds_min:
            return None
        if (status := correct(problem, last.X + rest, last.tangent, options).status) in ENDS:
            return status
        nearer = correct(problem, last.X + NEARER * rest, last.tangent, options).point
        if nearer is None:
            return None
        points = (last, nearer)
    return None


def ending(failures: set[Status]) -> Status:
    """What a step floor means, from how the last steps failed."""
    known = [status for status in ENDS if status in failures]
    return known[0] if known else Status.JUMP if failures & DOUBTFUL else Status.STEP_FLOOR
