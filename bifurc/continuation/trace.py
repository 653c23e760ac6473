"""Walk along a branch: predict, correct, keep or shorten.

Nothing else lives here: no detection, no printing, no saving. The generator
yields points, so the caller says when it has seen enough; what it returns
(the value of its StopIteration) says why the branch ended.
"""

import logging
from collections.abc import Callable, Generator

import numpy as np

from bifurc.continuation.correct import Outcome, correct_all, correct_at
from bifurc.continuation.neutral import as_it_is, rested
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.predict import NODES, Hermite, along_hermite
from bifurc.continuation.trust import judge

log = logging.getLogger(__name__)
LEADING = 0.3  # part of lam in the unit tangent from which on the branch is not about to turn
FLOOR = 1e3  # times ds_min is so short a step that those before it tell why the branch ends
FIRST = 4  # steps that are tried at once from the start, where only the tangent is known


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
    most = options.ahead if getattr(problem, "batched", False) else 1
    points: tuple[Point, ...] = (start,)
    steps, spent, count = first_steps(options, min(most, FIRST)), 0, 0
    failures: set[Status] = set()
    rates: list[float] = []
    yield start
    while count < options.max_steps:
        steps = steps[: options.max_steps - count]
        outcomes = attempt(problem, points, steps, window, options, predict)
        spent += sum(outcome.iterations for outcome in outcomes)
        taken: list[Outcome] = []
        for step, outcome in zip(steps.tolist(), outcomes, strict=False):
            outcome, ended = _settle(problem, points[-1], outcome, step, window, options, trust)
            spent += outcome.iterations if ended else 0
            if outcome.point is None:
                failures |= {ended or outcome.status}
                break
            point = outcome.point.arrived(outcome.point.passed, spent)
            log.debug("lam=%+.8g step=%.1e newton=%d", point.lam, step, outcome.iterations)
            yield point
            if ended or _closes(start, points[-1], point, count):
                return ended or Status.CLOSED
            taken.append(outcome)
            points, spent, count = (*points[1 - NODES :], point), 0, count + 1
        if taken:
            turns = zip(taken, steps.tolist(), strict=False)
            rates = [*rates, *(max(one.turned, 1e-12) / step for one, step in turns)][-2:]
            failures = failures if steps[0] < FLOOR * options.ds_min else set()
            steps = next_steps(steps, taken, rates, options)[:most]
        elif steps[0] / 2 < options.ds_min:
            return _ending(failures)
        else:
            steps = steps[:1] / 2
    return Status.MAX_STEPS


def attempt(problem, points, steps: np.ndarray, window, options: Options, predict):
    """Steps of these lengths, one after the other, predicted and corrected at once.

    The first guess beyond the window is moved back to its edge and corrected
    there, unless the branch is about to turn; those after it are left out.

    Returns
    -------
    list of Outcome
    """
    last, guesses = points[-1], predict(problem, points, np.cumsum(steps))
    beyond = (guesses[:, -1] < window[0]) | (guesses[:, -1] > window[1])
    if not beyond.any():
        return correct_all(problem, guesses, last.tangent, options)
    out = int(beyond.argmax())
    before, after = guesses[out - 1] if out else last.X, guesses[out]
    edge = window[0] if after[-1] < window[0] else window[1]
    across = np.tile(last.tangent, (out + 1, 1))
    leads = abs(last.tangent[-1]) > LEADING * last.scales[-1]
    if leads and before[-1] != edge:
        after = before + (after - before) * (edge - before[-1]) / (after[-1] - before[-1])
        after[-1] = edge
        across[out] = np.append(np.zeros(problem.n), np.sign(last.tangent[-1]))
    return correct_all(problem, np.vstack([guesses[:out], after]), across, options)


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
        held, near = rested(problem, guess[:-1], lam)  # zeros that persist make Newton singular
        if held.neutrals.own:
            outcome = correct_at(held, np.append(near, lam), like, options or Options())
            outcome = as_it_is(problem, outcome)
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
    if outcome.point is None or window[0] < outcome.point.lam < window[1]:
        return outcome, None
    if outcome.point.lam in window:
        return outcome, Status.WINDOW
    return _stop_at_edge(problem, before, outcome.point, window, options, trust), Status.WINDOW


def _stop_at_edge(problem, before: Point, after: Point, window, options, trust) -> Outcome:
    """The point between two points at which ``lam`` leaves the window."""
    edge = window[0] if after.lam < window[0] else window[1]
    if before.lam == edge:
        return Outcome(Status.WINDOW, None, 0)
    chart = problem.chart(before.lam)
    curve = Hermite.between(chart, before, after)
    low, high = 0.0, 1.0
    for _ in range(10):
        middle = (low + high) / 2
        inside = window[0] <= chart.out(curve(middle * curve.length))[-1] <= window[1]
        low, high = (middle, high) if inside else (low, middle)
    guess = chart.out(curve(low * curve.length))
    guess[-1] = edge
    outcome = correct_at(problem, guess, after.tangent, options)
    return outcome if outcome.point is None else trust(problem, before, outcome, 0.0, options)


def _closes(start: Point, before: Point, point: Point, count: int) -> bool:
    """Whether the step from ``before`` passed the start, in its direction."""
    if count < 3:
        return False
    step, back = (point.X - before.X) / start.scales, (start.X - before.X) / start.scales
    share = (back @ step) / (step @ step)
    if not 0 < share <= 1 or step @ (start.tangent / start.scales) <= 0:
        return False
    return bool(np.linalg.norm(back - share * step) < 0.2 * np.linalg.norm(step))


def _ending(failures: set[Status]) -> Status:
    """What a step floor means, from how the last steps failed."""
    for status in (Status.WINDOW, Status.OUTSIDE, Status.ZERO_ROW):
        if status in failures:
            return status
    doubtful = {Status.TURNED, Status.FAR, Status.UNEXPLAINED, Status.ONE_WAY}
    return Status.JUMP if failures & doubtful else Status.STEP_FLOOR
