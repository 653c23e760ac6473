"""Predictors: where to look for the next point of a branch.

A predictor takes the last points (one or two) and a step in arclength and
returns a guess (x, lam). A new one is a function with this signature.
"""

import math

import numpy as np

from bifurc.continuation.point import Point
from bifurc.continuation.problem import Chart


def along_tangent(problem, points: tuple[Point, ...], step: float) -> np.ndarray:
    """Euler's predictor: ``step`` along the unit tangent."""
    return points[-1].X + step * points[-1].tangent


def along_hermite(problem, points: tuple[Point, ...], step: float) -> np.ndarray:
    """Extrapolate the cubic through the last two points and their tangents.

    Works in the problem's chart, where branches are nearly straight.
    """
    if len(points) < 2:
        return along_tangent(problem, points, step)
    chart = problem.chart(points[-1].lam)
    curve = Hermite.between(chart, *points[-2:])
    y = curve(curve.length + step * curve.last_speed)
    return chart.out(y)


class Hermite:
    """The cubic between two points with given tangents, by arclength."""

    def __init__(self, start, end, tangents, length: float, last_speed: float):
        self.start, self.end = start, end
        self.tangents = tangents
        self.length = length
        self.last_speed = last_speed

    @classmethod
    def between(cls, chart: Chart, one: Point, other: Point) -> "Hermite":
        """The cubic from ``one`` to ``other`` in the chart."""
        start, end = chart.into(one.X), chart.into(other.X)
        speeds = [chart.push(point.X, point.tangent) for point in (one, other)]
        norms = [math.sqrt(speed @ speed) for speed in speeds]
        units = [speed / norm for speed, norm in zip(speeds, norms, strict=True)]
        turn = units[1] - units[0]
        # arc over chord, to the fourth order in the turn
        chord = end - start
        length = math.sqrt(chord @ chord) * (1 + float(turn @ turn) / 24)
        return cls(start, end, units, length, norms[1])

    def __call__(self, s: float) -> np.ndarray:
        """The point at arclength ``s`` from the start."""
        h = self.length
        r = s / h if h else 0.0
        return (
            self.start
            + (3 - 2 * r) * r * r * (self.end - self.start)
            + r * (1 - r) * h * ((1 - r) * self.tangents[0] - r * self.tangents[1])
        )


def along_parameter(problem, points: tuple[Point, ...], step: float) -> np.ndarray:
    """Move lam alone: natural continuation, which ends at the first fold."""
    X = points[-1].X.copy()
    X[-1] += step * np.sign(points[-1].tangent[-1]) * problem.scales(X[-1])[-1]
    return X
