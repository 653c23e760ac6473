"""Where a branch starts: a corrected point and the way on from it.

At a fixed value of the parameter a start is an ordinary zero, unless it lies
on an event. There the Jacobian is singular: Newton leaves the kernel alone,
and of all directions in which g does not change the branch takes the one
nearest to where it is to go; at a fold there is but one.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bifurc.continuation.constants import (
    AWAY,
    CLOSE,
    COARSEST,
    NOISES,
    NOISY,
    ON_EVENT,
    RANDOM,
    SLOPE,
    TRIES,
    UNEVEN,
    USUAL,
)
from bifurc.continuation.correct import Outcome, correct_at, length
from bifurc.continuation.neutral import as_it_is, rested
from bifurc.continuation.newton import LOST
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.within import NOWHERE
from bifurc.protocol import Field, Problem
from bifurc.spectra import Block, shortest


def point_at(
    problem: Problem, x, lam: float, options: Options | None = None, towards: float = 1.0
) -> Point:
    """The corrected point at ``lam``, its tangent in the direction of ``towards``.

    Raises
    ------
    ValueError
        If Newton does not converge from ``x``.
    """
    guess = np.append(np.asarray(x, dtype=float), lam)
    like = np.zeros(len(guess))
    like[-1] = towards
    precise(problem, guess[:-1], lam)
    outcome = correct_at(problem, guess, like, options or Options(max_iterations=30))
    persistent = False
    if outcome.point is None:
        held, near = rested(problem, guess[:-1], lam)  # zeros that persist make Newton singular
        if persistent := bool(held.neutrals.own):
            outcome = correct_at(held, np.append(near, lam), like, options or Options())
            outcome = as_it_is(problem, outcome)
    point = outcome.point
    if point is None or (on_an_event(point) and not persistent):
        point = on_event(problem, guess, like) or point
    if point is None:
        raise ValueError(
            f"No solution near the start at {lam:.6g}: {outcome.status.value} "
            "Give a better start or another parameter value."
        )
    return point


def at_lam(problem: Field, guess: np.ndarray, like: np.ndarray, options: Options) -> Outcome:
    """Newton at the ``lam`` of the guess, the tangent to the side of ``like``; also on an event."""
    outcome = correct_at(problem, guess, like, options)
    if outcome.point is None or on_an_event(outcome.point):
        point = on_event(problem, guess, like)
        if point is not None:
            return Outcome(Status.CONVERGED, point, 1)
    return outcome


def on_an_event(point: Point) -> bool:
    """Whether the Jacobian is singular at a point."""
    sizes = np.abs(point.values)
    return bool(sizes.min(initial=np.inf) <= ON_EVENT * sizes.max(initial=0.0))


def on_event(problem: Field, guess: np.ndarray, like: np.ndarray) -> Point | None:
    """The point at an event, its tangent in the direction of ``like``; None if there is none.

    ``lam`` stays what it is, and the part of ``x`` in the kernel.
    """
    X = guess.copy()
    try:
        scales = problem.scales(X[-1])
        for _ in range(TRIES):
            g, jacobian = problem.jacobian(X[:-1], X[-1])
            move = shortest(jacobian[:, :-1] * scales[:-1], g, ON_EVENT)
            X[:-1] -= move * scales[:-1]
            if length(move) < ON_EVENT**2:
                break
        g, jacobian = problem.jacobian(X[:-1], X[-1])
        sizes, rows = np.linalg.svd(jacobian * scales)[1:]
    except LOST:
        return None
    biggest = sizes.max(initial=0.0)
    if not length(g) <= ON_EVENT**1.5 * max(biggest, 1e-300) or length(X - guess) > 1e-2 * (
        1.0 + length(guess)
    ):
        return None
    still = rows[np.append(sizes, np.zeros(len(rows) - len(sizes))) <= ON_EVENT * biggest]
    wanted = like / scales
    along = still.T @ (still @ wanted)
    if length(along) < ON_EVENT * length(wanted):  # a fold
        along = still[0] * np.sign(like[-1] or 1.0)
    values = Block(jacobian[:, :-1], problem.weights(X[-1])).values()
    return Point(X, along / length(along) * scales, np.asarray(scales), jacobian, values, 1)


def in_units(problem: Problem, start: Point, window: tuple[float, float]):
    """The problem and its start in units that fit a window far from the usual; else as they are.

    A problem that has units keeps them. Else the window says how long ``lam``
    is, and the start with its tangent how long ``x``.
    """
    width = window[1] - window[0]
    if USUAL[0] <= width <= USUAL[1]:
        return problem, start
    lam = width / 4
    slope = np.abs(start.tangent[:-1]).max(initial=0.0) / max(abs(start.tangent[-1]), 1e-300)
    size = max(np.abs(start.x).max(initial=0.0), SLOPE * slope * lam) or 1.0
    return measured(problem, start, size, lam)


def measured(problem: Problem, start: Point, size: float, lam: float):
    """The problem and its start in units of ``size`` for x and ``lam`` for the parameter."""
    units = np.append(np.full(problem.n, size), lam)
    scaled = problem.with_units(units)
    if scaled is problem:
        return problem, start
    tangent = start.tangent / length(start.tangent / units)
    return scaled, replace(start, tangent=tangent, scales=units)


def in_box(problem: Problem, start: Point, points: Sequence[Point]):
    """The problem and its start in the units of what was seen of a branch that ended early.

    As they are where these are not far from the units that it was walked in.
    """
    size, lam = _box(points)
    if not size * lam or 1 / UNEVEN <= size / lam * start.scales[-1] / start.scales[0] <= UNEVEN:
        return problem, start
    return measured(problem, start, size, lam)


def _box(points: Sequence[Point]) -> tuple[float, float]:
    """How far a branch reaches in x, the farthest coordinate, and in lam."""
    X = np.ptp([point.X for point in points], axis=0)
    return float(X[:-1].max(initial=0.0)), float(X[-1])


def precise(problem: Problem, x: np.ndarray, lam: float) -> None:
    """Raise ValueError where plain functions are too coarse for what is asked of them.

    Numbers in double precision may have been computed in single: so the noise
    of the functions is asked as well.
    """
    plain: Any = problem  # of functions that a user wrote
    if not hasattr(plain, "hessian"):
        return
    functions = (plain.gradient, plain.hessian)
    kinds = [np.asarray(function(x, lam)).dtype for function in functions]
    coarse = [kind for kind in kinds if kind.kind == "f" and kind.itemsize < COARSEST]
    if coarse:
        raise ValueError(
            f"These functions compute in {coarse[0]}, with {np.finfo(coarse[0]).precision} digits: "
            "too few to follow a branch. Let them compute in float64."
        )
    size = float(np.abs(plain.hessian(x, lam)).max(initial=0.0))
    way = problem.scales(lam)[:-1] + np.abs(x)
    far = AWAY * float(way.max(initial=0.0))
    noises = (noise(functions[0], x, lam, way, size * far), noise(functions[1], x, lam, way, size))
    if noises[0] > NOISY or noises[1] > max(NOISY, NOISES * problem.error):
        raise ValueError(
            f"These functions are known to {max(noises):.0e} of their size, as if they computed in "
            "single precision: too few digits to follow a branch. Let them compute in float64."
        )


def noise(function, x: np.ndarray, lam: float, way: np.ndarray, size: float) -> float:
    """What is random in the values of a function some ``way`` off, over their size or ``size``.

    Fourth differences over a tiny distance leave nothing of what is smooth.

    References
    ----------
    .. [1] Moré, Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33
       (2011) 1292-1314.
    """
    way = np.random.default_rng(len(x)).uniform(0.5, 1.0, len(x)) * way
    try:
        with np.errstate(all="ignore"):
            values = np.array([function(x + (AWAY + k * CLOSE) * way, lam) for k in range(8)])
    except NOWHERE:
        return 0.0
    values = values.astype(float)
    size = max(size, np.abs(values).max(initial=0.0))
    if not np.isfinite(size) or not size:
        return 0.0
    return float(np.abs(np.diff(values, 4, axis=0)).max() / (RANDOM * size))
