"""Several guesses in Newton on the bordered system, asked in one evaluation."""

from typing import Any

import numpy as np

from bifurc.continuation.newton import LOST
from bifurc.protocol import Field


class Batch:
    """Iterates of Newton, each in the hyperplane across a row of its own.

    Parameters
    ----------
    problem : see :mod:`bifurc.protocol`
    X : ndarray, shape (m, n + 1)
        The guesses.
    tangents : ndarray, shape (m, n + 1) or (n + 1,)
        Directions that the corrections must not have, in the problem's scales.

    Attributes
    ----------
    X : the iterates
    matrix, before : (m, n + 1, n + 1), the bordered Jacobians at the last ones and those before
    sizes : (m,), of the last updates, in scales
    asked : how often they were asked
    whole : whether all that it began with are in it
    riders : how many at its end came later, and may go
    """

    matrix: Any = None
    before: Any = None
    whole = True
    asked = riders = 0

    def __init__(self, problem: Field, X: np.ndarray, tangents: np.ndarray):
        self.problem, self.start, self.X = problem, X, X
        scales = self._scales()
        self.scales = scales if scales.shape == X.shape else np.tile(scales, (len(X), 1))
        self.rows = tangents / self.scales**2
        self.right = np.zeros((*X.shape, 2))
        self.right[:, -1, 1] = 1.0

    def _scales(self) -> np.ndarray:
        return self.problem.scales(split(self.X)[1])

    def update(self) -> None:
        """One iteration of all, in one evaluation where the problem takes several points.

        Raises
        ------
        NotDefinedError, ZeroRowError, LinAlgError
            Where one is not defined or singular. Riders that are get off.
        """
        try:
            self._update()
        except LOST:
            if not self.riders:
                raise
            self.leave()
            self._update()

    def _update(self) -> None:
        g, slopes = self._asked()
        matrix = np.concatenate([slopes, self.rows[:, None]], axis=1)
        self.right[:, :-1, 0] = g
        solved = self._solved(matrix)
        step, self.ahead = solved[..., 0], solved[..., 1]
        self.before, self.matrix = self.matrix, matrix
        self.X, self.sizes = self.X - step, lengths(step / self.scales)
        self.asked += 1

    def _solved(self, matrix: np.ndarray) -> np.ndarray:
        return np.linalg.solve(matrix, self.right)

    def _asked(self) -> tuple[np.ndarray, np.ndarray]:
        X, jacobian = self.X, self.problem.jacobian
        if len(X) > 1 and self.problem.batched:
            return jacobian(X[:, :-1], X[:, -1])
        each = [jacobian(one[:-1], one[-1]) for one in X]
        if len(each) == 1:
            return each[0][0][None], each[0][1][None]
        return np.array([g for g, _ in each]), np.array([slopes for _, slopes in each])

    def keep(self, mask: np.ndarray) -> None:
        """Go on with some of them."""
        self.whole = False
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray) and len(value) == len(mask):
                vars(self)[name] = value[mask]

    def board(self, others: "Batch") -> None:
        """Take others along, after all that are there."""
        self.riders = len(others.X)
        for name in ("X", "start", "scales", "rows", "right"):
            setattr(self, name, np.concatenate([getattr(self, name), getattr(others, name)]))

    def leave(self) -> "Batch":
        """Let the riders go: a batch of their own."""
        ends = len(self.start) - self.riders
        found = object.__new__(Batch)
        for name, value in vars(self).items():
            parts = isinstance(value, np.ndarray)
            vars(found)[name] = value[ends:] if parts else value
            vars(self)[name] = value[:ends] if parts else value
        self.riders = found.riders = 0
        return found

    @property
    def moved(self) -> np.ndarray:
        """How far they are from the guesses, in scales, (m,)."""
        return lengths((self.X - self.start) / self.scales)

    def changes(self) -> np.ndarray:
        """Relative changes of the bordered Jacobians from the iterates before to these, (m,)."""
        change = (self.before - self.matrix) * self.scales[:, None]
        change = np.linalg.solve(self.matrix, change) / self.scales[..., None]
        return lengths(change.reshape(len(change), -1))

    @property
    def slopes(self) -> np.ndarray:
        """[dg/dx | dg/dlam] at the iterates before the last update, (m, n, n + 1)."""
        return self.matrix[:, :-1]

    @property
    def tangents(self) -> np.ndarray:
        """Tangents there, of length one in scales, (m, n + 1)."""
        return self.ahead / lengths(self.ahead / self.scales)[:, None]


def split(X: np.ndarray):
    """(x, lam) of a batch; of one alone without the leading axis."""
    return (X[0, :-1], X[0, -1]) if len(X) == 1 else (X[:, :-1], X[:, -1])


def lengths(vectors: np.ndarray) -> np.ndarray:
    """Euclidean lengths of a batch of vectors."""
    return np.sqrt(inner(vectors, vectors))


def inner(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Inner products of two batches of vectors."""
    return np.add.reduce(one * other, -1)
