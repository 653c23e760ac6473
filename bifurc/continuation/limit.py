"""The point at which a branch meets a continuum of critical points.

At one value of the parameter all of a continuum may be critical, of which the
branch passes one: leaky ReLU at slope 1 is linear, and any weights whose sum is
the teacher's will do. There Newton's method cannot tell the points apart, but
a little away it can, and the branch is smooth: it is extrapolated from there.
"""

import numpy as np

from bifurc.continuation.correct import correct_at
from bifurc.continuation.neutral import PATIENT, SCREEN
from bifurc.continuation.point import Point, point_of
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.protocol import Problem

POINTS = 6  # to extrapolate from, at distances h, 2h, ...; without the last one it must agree
APART = 0.01  # h, in the scale of lam: errors of order h^6, and rounding stays below 1e-10
AGREE = 1e-7  # of the scale of an entry


def is_met(point: Point, own_zeros: int) -> bool:
    """Whether the fixed-point space is singular at a point, but for zeros that are known."""
    sizes = np.abs(point.values)
    return not own_zeros and sizes.size > 0 and bool(sizes.min() <= SCREEN * sizes.max())


def reach(problem: Problem, lam: float) -> float:
    """How far from ``lam`` the farthest point that is asked lies."""
    return POINTS * APART * float(problem.scales(lam)[-1])


def limit(problem: Problem, beside: Point, lam: float) -> Point | None:
    """Where the branch through ``beside`` is at ``lam``, from points between; None if unclear."""
    upward, x, found = np.eye(len(beside.X))[-1], beside.x, []
    h = (beside.lam - lam) / POINTS
    try:
        for k in range(POINTS, 0, -1):
            point = correct_at(problem, np.append(x, lam + k * h), upward, PATIENT).point
            if point is None:
                return None
            x = point.x
            found.append(x)
    except (NotDefinedError, ZeroRowError):
        return None
    steps = np.arange(POINTS, 0, -1.0)
    coefficients = np.linalg.solve(np.vander(steps, increasing=True), found)
    fewer = np.linalg.solve(np.vander(steps[1:], increasing=True), found[1:])
    scales = problem.scales(lam)
    if np.abs((coefficients[0] - fewer[0]) / scales[:-1]).max() > AGREE:
        return None
    x, along = coefficients[0], np.append(coefficients[1] / h, 1.0)
    g, jacobian = problem.jacobian(x, lam)
    if np.abs(g).max() > AGREE * np.abs(jacobian).max() * np.abs(x).max():
        return None
    return point_of(problem, np.append(x, lam), along)
