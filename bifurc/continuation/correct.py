"""The corrector: Newton on the bordered system."""

from dataclasses import dataclass

import numpy as np

from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.errors import NotDefinedError, ZeroRowError


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """How a correction ended; ``point`` is None unless it converged."""

    status: Status
    point: Point | None
    iterations: int


def correct(problem, guess: np.ndarray, tangent: np.ndarray, options: Options) -> Outcome:
    """Newton from ``guess`` in the hyperplane across ``tangent``.

    Parameters
    ----------
    problem : see :mod:`bifurc.continuation.problem`
    guess : ndarray, shape (n + 1,)
    tangent : ndarray, shape (n + 1,)
        Direction that the correction must not have, in the problem's scales;
        the new tangent points to the same side.
    """
    scales = problem.scales(guess[-1])
    row = tangent / scales**2
    upward = np.zeros((len(guess), 2))
    upward[-1, 1] = 1.0
    X = guess
    matrix = np.empty((len(guess), len(guess)))
    matrix[-1] = row
    size = np.inf
    for iteration in range(1, options.max_iterations + 1):
        try:
            g, jacobian = problem.jacobian(X[:-1], X[-1])
        except NotDefinedError:
            return Outcome(Status.OUTSIDE, None, iteration)
        except ZeroRowError:
            return Outcome(Status.ZERO_ROW, None, iteration)
        matrix[:-1] = jacobian
        upward[:-1, 0] = g
        try:
            solved = np.linalg.solve(matrix, upward)
        except np.linalg.LinAlgError:
            return Outcome(Status.SINGULAR, None, iteration)
        X = X - solved[:, 0]
        last, size = size, np.linalg.norm(solved[:, 0] / scales)
        if not size < 2 * last:  # nan included: Newton diverges
            return Outcome(Status.STALLED, None, iteration)
        if size < options.newton_tol:
            direction = solved[:, 1] / np.linalg.norm(solved[:, 1] / scales)
            return Outcome(Status.CONVERGED, Point(X, direction, jacobian, iteration), iteration)
    return Outcome(Status.STALLED, None, options.max_iterations)


def correct_at(problem, guess: np.ndarray, like: np.ndarray, options: Options) -> Outcome:
    """Newton at fixed ``lam``; the tangent is oriented like ``like``."""
    upward = np.zeros(len(guess))
    upward[-1] = 1.0
    outcome = correct(problem, guess, upward, options)
    if outcome.point is None:
        return outcome
    point = outcome.point
    scales = problem.scales(point.lam)
    if (point.tangent / scales) @ (like / scales) < 0:
        point = Point(point.X, -point.tangent, point.jacobian, point.iterations)
    return Outcome(outcome.status, point, outcome.iterations)
