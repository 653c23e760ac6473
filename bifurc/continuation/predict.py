"""Predictors: where to look for the next points of a branch.

A predictor takes the last points (at most :data:`NODES`, the newest last) and
steps in arclength, shape (m,), and returns guesses (x, lam), shape (m, n + 1);
fewer, but one at least, where it knows no more. A new one is a function with
this signature.
"""

import numpy as np

from bifurc.continuation.batch import lengths
from bifurc.continuation.correct import length
from bifurc.continuation.point import Point
from bifurc.protocol import Chart, Field

NODES = 4  # points that a polynomial goes through
ALONG = 0.7  # least cosine of the tangent at a node and the newest one
WILD = 2.0  # farther from the newest point than this times the step is no guess


def along_tangent(problem: Field, points: tuple[Point, ...], steps: np.ndarray) -> np.ndarray:
    """Euler's predictor: ``steps`` along the unit tangent, straight on in the problem's chart."""
    last = points[-1]
    chart = problem.chart(last.lam)
    y, speed = chart.lift(last.X, last.tangent)
    return chart.out(y + steps[:, None] * speed)


def along_hermite(problem: Field, points: tuple[Point, ...], steps: np.ndarray) -> np.ndarray:
    """Extrapolate the polynomial through the last points and their tangents, as far as it goes.

    Its variable is the distance along the newest tangent. Works in the
    problem's chart, where branches are nearly straight. Within a continuum,
    where no corrector calls points back, a polynomial would run away.
    """
    if len(points) < 2 or problem.neutrals.own:
        return along_tangent(problem, points, steps)
    chart = problem.chart(points[-1].lam)
    y, speeds = lifted(chart, *points)
    speed = length(speeds[-1])
    where, rates = ((y - y[-1]) @ speeds[-1]) / speed, (speeds @ speeds[-1]) / speed
    straight = rates > ALONG * lengths(speeds)
    first = len(points) - 1
    while first and straight[first - 1] and where[first - 1] < where[first]:
        first -= 1
    known = np.concatenate([y[first:], speeds[first:] / rates[first:, None]])
    guesses = hermite_weights(where[first:], speed * steps) @ known
    # a polynomial runs away where it knows the branch no more
    wild = np.abs(guesses - y[-1]).max(-1) > WILD * speed * steps
    if wild[0]:
        return along_tangent(problem, points, steps[:1])
    return chart.out(guesses[: int(wild.argmax())] if wild.any() else guesses)


def hermite_weights(nodes: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Weights that values, then slopes, at ``nodes`` have in the polynomial at ``targets``.

    Shape (targets, 2 nodes).

    Examples
    --------
    >>> weights = hermite_weights(np.array([-1.0, 0.0]), np.array([2.0]))
    >>> weights @ [-1, 0, 3, 0]  # of s³
    array([8.])
    """
    unit = max(np.abs(nodes).max(), 1e-300)
    s, powers = nodes / unit, np.arange(2 * len(nodes))[:, None]
    slopes = powers * s ** np.maximum(powers - 1, 0) / unit
    return np.linalg.solve(np.hstack([s**powers, slopes]), (targets / unit) ** powers).T


def lifted(chart: Chart, *points: Point) -> tuple[np.ndarray, np.ndarray]:
    """The points and their tangents in the chart; each (points, n + 1)."""
    return chart.lift(np.array([p.X for p in points]), np.array([p.tangent for p in points]))


def along_parameter(problem: Field, points: tuple[Point, ...], steps: np.ndarray) -> np.ndarray:
    """Move lam alone: natural continuation, which ends at the first fold."""
    X = np.tile(points[-1].X, (len(steps), 1))
    X[:, -1] += steps * np.sign(points[-1].tangent[-1]) * points[-1].scales[-1]
    return X
