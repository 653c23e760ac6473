"""The points of a locus, and the curve between them.

A position on it is the number of the point before plus the share of the step.
Whatever is looked for on a locus is a number that changes sign along it, and
is found as the root of that number over the position: each place that is
tried is corrected onto the locus, so that a root is as exact as the locus.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import brentq

from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.continuation.step import Step
from bifurc.protocol import Field

LAM, MU = -2, -1  # places of arcsinh(lam) and of mu among the unknowns
CLOSE = 1e-15  # of a step: how near two positions are before a root is found


def fresh(problem: Field, point: Point) -> Point:
    """The point with the tangent that the locus has there, to the last digit.

    The one that a correction leaves is from the iterate before.

    Raises
    ------
    NotDefinedError
        If the point lies beyond the edge of definition.
    """
    _, jacobian = problem.jacobian(point.X[:-1], point.lam)
    scales = problem.scales(point.lam)
    tangent = null_vector(jacobian, scales)
    side = 1.0 if (tangent / scales) @ (point.tangent / scales) >= 0 else -1.0
    return replace(point, tangent=side * tangent, jacobian=jacobian, scales=scales)


def null_vector(jacobian: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """What an (n, n + 1) matrix takes to zero, of length one in the scales."""
    return scales * np.linalg.svd(jacobian * scales)[2][-1]


@dataclass(frozen=True, eq=False)
class Track:
    """A locus as its points; anything in between is corrected when asked for."""

    problem: Any  # a field that is walked along
    points: list[Point]  # with tangents of their own, see :func:`fresh`

    def at(self, position: float) -> Point:
        """The point at a position.

        Raises
        ------
        ArithmeticError
            If the correction fails.
        """
        i = min(int(position), max(len(self.points) - 2, 0))
        share, one = position - i, self.points[i]
        if share in (0.0, 1.0):
            return self.points[i + 1] if share else one
        point = Step(self.problem, one, self.points[i + 1]).corrected(share, Options())
        if point is None:
            raise ArithmeticError("The locus was lost between two of its points.")
        return fresh(self.problem, point)

    def root(self, function: Callable[[float], float], low: float, high: float) -> float | None:
        """The position between two where a function of positions that changes sign is zero."""
        try:
            return float(brentq(function, low, high, xtol=CLOSE))
        except (ArithmeticError, ValueError):  # lost on the way, or no change of sign
            return None

    def apex(self, place: int, low: float, high: float) -> float | None:
        """The position between two where an unknown turns round; None if it does not."""
        return self.root(lambda position: self.at(position).tangent[place], low, high)

    def meets(self, place: int, value: float, low: float, high: float) -> float | None:
        """The position between two where an unknown has a value; None if it does not."""
        return self.root(lambda position: float(self.at(position).X[place] - value), low, high)
