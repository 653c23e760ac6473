"""The corrector: Newton on the bordered system."""

import math
from dataclasses import dataclass, replace

import numpy as np

from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.spectra import Block


@dataclass(frozen=True, eq=False, slots=True)
class Outcome:
    """How a correction ended; ``point`` is None unless it converged."""

    status: Status
    point: Point | None
    iterations: int
    moved: float = 0.0  # how far Newton went from the guess, in scales
    turned: float = 0.0  # angle of the tangents on both sides of the step, in radians

    def failed(self, status: Status) -> "Outcome":
        """The same work, without a point."""
        return Outcome(status, None, self.iterations)


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
    n = len(guess)
    right = np.zeros((n, 2))
    right[-1, 1] = 1.0
    matrix = np.empty((n, n))
    matrix[-1] = tangent / scales**2
    X, size, moved = guess, np.inf, 0.0
    for iteration in range(1, options.max_iterations + 1):
        try:
            g, jacobian = problem.jacobian(X[:-1], X[-1])
        except NotDefinedError:
            return Outcome(Status.OUTSIDE, None, iteration)
        except ZeroRowError:
            return Outcome(Status.ZERO_ROW, None, iteration)
        matrix[:-1] = jacobian
        right[:-1, 0] = g
        try:
            solved = np.linalg.solve(matrix, right)
        except np.linalg.LinAlgError:
            return Outcome(Status.SINGULAR, None, iteration)
        step = solved[:, 0]
        X = X - step
        last, size = size, length(step / scales)
        moved += size
        if not size < 2 * last:  # nan included: Newton diverges
            return Outcome(Status.STALLED, None, iteration)
        if size < options.newton_tol:
            ahead = solved[:, 1]
            point = Point(
                X,
                ahead / length(ahead / scales),
                jacobian,
                Block(jacobian[:, :-1], problem.weights(X[-1])).values(),
                iteration,
            )
            return Outcome(Status.CONVERGED, point, iteration, moved)
    return Outcome(Status.STALLED, None, options.max_iterations)


def length(vector: np.ndarray) -> float:
    """Euclidean length, without the overhead of numpy's norm."""
    return math.sqrt(vector @ vector)


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
        point = replace(point, tangent=-point.tangent)
    return replace(outcome, point=point)
