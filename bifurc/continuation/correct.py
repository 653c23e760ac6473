"""The corrector: Newton on the bordered system."""

import math
from dataclasses import dataclass, replace

import numpy as np

from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.spectra import Block

REFUSED = {
    NotDefinedError: Status.OUTSIDE,
    ZeroRowError: Status.ZERO_ROW,
    np.linalg.LinAlgError: Status.SINGULAR,
}
STALE = 1e-7  # how far from the point its tangent and eigenvalues may have been taken, in scales
SURE = 1e-12  # below this they are those of the point; above it no sign may hang on it


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
    return correct_all(problem, guess[None], tangent, options)[0]


def correct_all(problem, guesses: np.ndarray, tangents, options: Options) -> list[Outcome]:
    """Newton from each of ``guesses``, all at once.

    Parameters
    ----------
    problem : see :mod:`bifurc.continuation.problem`
        One whose functions take batches, unless there is only one guess.
    guesses : ndarray, shape (m, n + 1)
    tangents : ndarray, shape (m, n + 1) or (n + 1,)

    Returns
    -------
    list of Outcome
        In the order of the guesses; only of the first ones, where a later one
        leaves the domain of the problem.
    """
    try:
        return _newton(problem, guesses, tangents, options)
    except tuple(REFUSED):
        near = len(guesses) // 2
        tangents = np.broadcast_to(tangents, guesses.shape)
        return correct_all(problem, guesses[:near], tangents[:near], options)


def _newton(problem, guesses, tangents, options: Options) -> list[Outcome]:
    """Raises where one of several guesses leaves the domain or has a singular matrix."""
    count, n = guesses.shape
    scales = np.broadcast_to(problem.scales(_lam(guesses)), guesses.shape)
    matrix, right = np.empty((count, n, n)), np.zeros((count, n, 2))
    matrix[:, -1], right[:, -1, 1] = tangents / scales**2, 1.0
    outcomes = [Outcome(Status.STALLED, None, options.max_iterations)] * count
    alive, X = np.arange(count), guesses
    size, moved = np.full(count, np.inf), np.zeros(count)
    for iteration in range(1, options.max_iterations + 1):
        try:
            right[:, :-1, 0], matrix[:, :-1] = problem.jacobian(*_split(X))
            solved = np.linalg.solve(matrix, right)
        except tuple(REFUSED) as error:
            if len(guesses) > 1:
                raise
            return [Outcome(REFUSED[type(error)], None, iteration)]
        X = X - solved[..., 0]
        last, size = size, lengths(solved[..., 0] / scales)
        moved = moved + size
        left = size * size * np.maximum(1.0, size / (last * last))  # Newton's contraction
        done = (left < options.newton_tol) & (size < STALE)
        if done.any():
            jacobian = matrix[:, :-1].copy()
            values = Block(jacobian[..., :-1], problem.weights(X[:, -1])).values()
            done &= (size < SURE) | _signs_are_sure(values, size)
            ahead = solved[..., 1] / lengths(solved[..., 1] / scales)[:, None]
            for i in np.flatnonzero(done):
                point = Point(X[i], ahead[i], jacobian[i], values[i], iteration)
                outcomes[alive[i]] = Outcome(Status.CONVERGED, point, iteration, float(moved[i]))
        going = ~done & (size < 2 * last)  # nan is not: Newton diverges
        if not going.all():
            for i in np.flatnonzero(~done & ~going):
                outcomes[alive[i]] = Outcome(Status.STALLED, None, iteration)
            if not going.any():
                break
            alive, X, scales, size = alive[going], X[going], scales[going], size[going]
            matrix, right, moved = matrix[going], right[going], moved[going]
    return outcomes


def _signs_are_sure(values: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Whether eigenvalues taken a last update of this size away have the signs of the point's."""
    values = np.abs(values)
    return values.min(axis=-1, initial=np.inf) > 10 * size * values.max(axis=-1, initial=0.0)


def _split(X: np.ndarray):
    """(x, lam) of a batch; of one alone without the leading axis."""
    return (X[0, :-1], X[0, -1]) if len(X) == 1 else (X[:, :-1], X[:, -1])


def _lam(X: np.ndarray):
    return _split(X)[1]


def lengths(vectors: np.ndarray) -> np.ndarray:
    """Euclidean lengths of a batch of vectors."""
    return np.sqrt(np.einsum("...i,...i->...", vectors, vectors))


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
