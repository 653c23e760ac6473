"""Walk along a branch: predict, correct, keep or shorten.

Nothing else lives here: no detection, no printing, no saving. The generator
yields points, so the caller says when it has seen enough; what it returns
(the value of its StopIteration) says why the branch ended.
"""

import logging
from collections.abc import Callable, Generator

import numpy as np

from bifurc.continuation.correct import Outcome, correct_all, correct_at
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.predict import NODES, Hermite, along_hermite
from bifurc.continuation.trust import judge

log = logging.getLogger(__name__)


def trace(
    problem,
    start: Point,
    window: tuple[float, float],
    options: Options | None = None,
    predict: Callable = along_hermite,
    trust: Callable = judge,
) -> Generator[Point, None, Status]:
    """Yield the points of the branch that leaves ``start``, the start first.

    Parameters
    ----------
    problem : see :mod:`bifurc.continuation.problem`
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
    options = options or Options()
    farthest = options.ahead if getattr(problem, "batched", False) else 1
    points: tuple[Point, ...] = (start,)
    step, ahead, spent, count = options.ds, 1, 0, 0
    failures: set[Status] = set()
    yield start
    while count < options.max_steps:
        most = min(ahead, options.max_steps - count)
        outcomes = attempt(problem, points, step, most, window, options, predict)
        spent += sum(outcome.iterations for outcome in outcomes)
        taken: list[Outcome] = []
        for outcome in outcomes:
            outcome, ended = _settle(problem, points[-1], outcome, step, window, options, trust)
            if outcome.point is None:
                failures |= {ended or outcome.status}
                break
            point = outcome.point.arrived(outcome.point.passed, spent)
            log.debug("lam=%+.8g step=%.1e newton=%d", point.lam, step, outcome.iterations)
            yield point
            if ended or _closes(problem, start, points[-1], point, count):
                return ended or Status.CLOSED
            taken.append(outcome)
            points, spent, count = (*points[1 - NODES :], point), 0, count + 1
        if taken:
            failures = set()
            reach = step * len(taken)
            step = next_step(step, taken, options)
            ahead = min(next_ahead(reach, step, len(outcomes), taken, options), farthest)
        elif step / 2 < options.ds_min:
            return _ending(failures)
        else:
            step, ahead = step / 2, 1
    return Status.MAX_STEPS


def attempt(problem, points, step: float, ahead: int, window, options: Options, predict):
    """Up to ``ahead`` steps of length ``step``, predicted and corrected at once.

    Guesses after the first one beyond the window are left out.

    Returns
    -------
    list of Outcome
    """
    guesses = predict(problem, points, step * np.arange(1, ahead + 1))
    inside = (window[0] <= guesses[:, -1]) & (guesses[:, -1] <= window[1])
    wanted = len(guesses) if inside.all() else int(inside.argmin()) + 1
    return correct_all(problem, guesses[:wanted], points[-1].tangent, options)


def next_step(step: float, taken: list[Outcome], options: Options) -> float:
    """Aim at ``target_iterations`` and at half of ``max_turn``; at most double, after several
    steps at most four times as much."""
    spare = options.target_iterations - taken[0].iterations
    turned = max(outcome.turned for outcome in taken)
    factor = 2.0 ** (min(spare, 1) * min(len(taken), 2)) if spare > 0 else 2.0 ** (spare / 2)
    factor = min(factor, 0.5 * options.max_turn / max(turned, 1e-12))
    return min(max(step * factor, options.ds_min), options.ds_max)


def next_ahead(reach: float, step: float, wanted: int, taken: list[Outcome], options: Options):
    """How many steps to correct at once, from how far the last ones reached.

    Farther while the farthest point is no more work than the nearest; not
    round more than twice ``max_turn``.
    """
    if len(taken) < wanted:
        return len(taken)
    turned = max(outcome.turned for outcome in taken)
    reach *= 2.0 ** (options.target_iterations - taken[-1].iterations)
    most = min(reach / step, 2 * options.max_turn / max(turned, 1e-3), options.ahead)
    return max(int(most + 1e-6), 1)


def point_at(problem, x, lam: float, options: Options | None = None, towards: float = 1.0) -> Point:
    """The corrected point at ``lam``, its tangent in the direction of ``towards``.

    Raises
    ------
    ValueError
        If Newton does not converge from ``x``.
    """
    guess = np.append(np.asarray(x, dtype=float), lam)
    like = np.zeros(len(guess))
    like[-1] = towards
    outcome = correct_at(problem, guess, like, options or Options(max_iterations=30))
    if outcome.point is None:
        raise ValueError(
            f"No solution near the start at {lam:.6g}: {outcome.status.value} "
            "Give a better start or another parameter value."
        )
    return outcome.point


def _settle(problem, before: Point, outcome: Outcome, step: float, window, options, trust):
    """The outcome if it can be believed, moved back to the edge where it left the window.

    Returns
    -------
    Outcome, and Status.WINDOW or None
    """
    if outcome.point is not None:
        outcome = trust(problem, before, outcome, step, options)
    if outcome.point is None or window[0] <= outcome.point.lam <= window[1]:
        return outcome, None
    return _stop_at_edge(problem, before, outcome.point, window, options, trust), Status.WINDOW


def _stop_at_edge(problem, before: Point, after: Point, window, options, trust) -> Outcome:
    """The point between two points at which ``lam`` leaves the window."""
    edge = window[0] if after.lam < window[0] else window[1]
    if before.lam == edge:
        return Outcome(Status.WINDOW, None, 0)
    chart = problem.chart(before.lam)
    curve = Hermite.between(chart, before, after)
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        inside = window[0] <= chart.out(curve(middle * curve.length))[-1] <= window[1]
        low, high = (middle, high) if inside else (low, middle)
    guess = chart.out(curve(low * curve.length))
    guess[-1] = edge
    outcome = correct_at(problem, guess, after.tangent, options)
    return outcome if outcome.point is None else trust(problem, before, outcome, 0.0, options)


def _closes(problem, start: Point, before: Point, point: Point, count: int) -> bool:
    """Whether the step from ``before`` passed the start, in its direction."""
    if count < 3:
        return False
    scales = problem.scales(start.lam)
    step = (point.X - before.X) / scales
    back = (start.X - before.X) / scales
    share = (back @ step) / (step @ step)
    if not 0 < share <= 1 or step @ (start.tangent / scales) <= 0:
        return False
    return bool(np.linalg.norm(back - share * step) < 0.2 * np.linalg.norm(step))


def _ending(failures: set[Status]) -> Status:
    """What a step floor means, from how the last steps failed."""
    for status in (Status.WINDOW, Status.OUTSIDE, Status.ZERO_ROW):
        if status in failures:
            return status
    doubtful = {Status.TURNED, Status.FAR, Status.UNEXPLAINED, Status.ONE_WAY}
    return Status.JUMP if failures & doubtful else Status.STEP_FLOOR
