"""Eigenvalues of isotypic blocks.

A block is the Hessian on the copies of one irrep, written in a basis that
need not be orthonormal: column j holds the coefficients of the image of copy
j, and ``weights`` the squared lengths of the copies. Kept like this it stays
finite where a length goes to zero (a set of one or two points); scaled by the
square roots of the weights it is symmetric wherever they are positive.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Block:
    """A batch of blocks of one irrep.

    Parameters
    ----------
    matrix : ndarray, shape (..., copies, copies)
    weights : ndarray, shape (..., copies)
    neutral : ndarray, shape (..., copies, m)
        Directions along which the loss is constant by homogeneity; their
        eigenvalues are exactly zero and are set apart.
    repeated : int
        How often each eigenvalue stands in the block by its structure: 2 or 4
        for irreps of complex or quaternionic type. It is listed once.
    """

    matrix: np.ndarray
    weights: np.ndarray
    neutral: np.ndarray | None = None
    repeated: int = 1

    def eigen(self) -> "Eigen":
        """Eigenvalues, ascending, with left and right eigenvectors; neutral ones left out."""
        absent = (self.weights == 0).all(axis=tuple(range(self.weights.ndim - 1)))
        if absent.any():
            return self._without(absent)
        return self._symmetric() if np.all(self.weights > 0) else self._general()

    def values(self) -> np.ndarray:
        """Eigenvalues alone, of blocks without neutral directions; ascending."""
        if self.neutral is None and self.repeated == 1 and self.weights.min(initial=1.0) > 0:
            root = np.sqrt(self.weights)
            return np.linalg.eigvalsh(self.matrix * root[..., :, None] / root[..., None, :])
        return self.eigen().values

    @property
    def definite(self) -> np.ndarray:
        """Whether all copies have positive length, so that eigenvalues are real; (...)."""
        return np.asarray((self.weights >= 0).all(axis=-1))

    def _without(self, absent: np.ndarray) -> "Eigen":
        """Eigenvalues on the copies that exist: one of length zero has no entry behind it."""
        kept = ~absent
        neutral = None if self.neutral is None else self.neutral[..., kept, :]
        matrix = self.matrix[..., kept, :][..., kept]
        part = Block(matrix, self.weights[..., kept], neutral).eigen()
        vectors = []
        for thin in (part.right, part.left):
            full = np.zeros((*thin.shape[:-2], len(kept), thin.shape[-1]))
            full[..., kept, :] = thin
            vectors.append(full)
        return Eigen(part.values, vectors[0], vectors[1], part.imaginary)

    def _symmetric(self) -> "Eigen":
        root = np.sqrt(self.weights)[..., :, None]
        if self.matrix.shape[-1] == 1 and self.neutral is None:
            return Eigen(self.matrix[..., 0], 1.0 / root, root)
        matrix = self.matrix * root / root.swapaxes(-1, -2)
        if self.neutral is None:
            values, vectors = np.linalg.eigh(matrix)
        else:
            m = self.neutral.shape[-1]
            rest = np.linalg.qr(self.neutral * root, mode="complete")[0][..., m:]
            values, vectors = np.linalg.eigh(rest.swapaxes(-1, -2) @ matrix @ rest)
            vectors = rest @ vectors
        if self.repeated > 1:
            values, vectors = values[..., :: self.repeated], vectors[..., :: self.repeated]
        return Eigen(values, vectors / root, vectors * root)

    def _general(self) -> "Eigen":
        """Where a weight is not positive the block need not have real eigenvalues.

        Real parts are kept as values. Of a pair that is not real the right
        vectors span its real plane, and the left vectors are dual to them.
        """
        matrix, m = self.matrix, 0
        if self.neutral is not None:
            m = self.neutral.shape[-1]
            # move the neutral zeros out of the way, then drop them
            lift = 1e6 * (1.0 + np.abs(matrix).max())
            matrix = matrix + lift * self.neutral @ np.linalg.pinv(self.neutral)
        values, right = np.linalg.eig(matrix)
        order = np.argsort(values.real, axis=-1, kind="stable")[..., : values.shape[-1] - m]
        left = np.linalg.inv(right).swapaxes(-1, -2)
        values = np.take_along_axis(values, order, -1)
        right, left = (np.take_along_axis(v, order[..., None, :], -1) for v in (right, left))
        if not np.iscomplexobj(values):
            return Eigen(values, right, left)
        turn = values.imag[..., None, :]
        root = np.sqrt(2.0)
        plane = np.where(turn > 0, root * right.real, -root * right.imag)
        dual = np.where(turn > 0, root * left.real, root * left.imag)
        return Eigen(
            values.real,
            np.where(turn == 0, right.real, plane),
            np.where(turn == 0, left.real, dual),
            values.imag,
        )


@dataclass(frozen=True, eq=False)
class Eigen:
    """Eigenvalues (..., k) with right and left eigenvectors (..., copies, k)."""

    values: np.ndarray
    right: np.ndarray
    left: np.ndarray
    imaginary: np.ndarray | None = None  # (..., k) where eigenvalues are not all real

    @property
    def negatives(self) -> np.ndarray:
        """How many eigenvalues are negative; shape (...)."""
        return np.count_nonzero(self.values < 0, axis=-1)

    def speeds(self, change: np.ndarray) -> np.ndarray:
        """First-order change of each eigenvalue when the block changes by ``change``.

        Of one that is not real, the change of its real part.
        """
        own = (self.left * (change @ self.right)).sum(axis=-2)
        if self.imaginary is None:
            return own
        # what a pair has in common is the mean over its plane; its two stand side by side
        before, after = np.roll(own, 1, axis=-1), np.roll(own, -1, axis=-1)
        other = np.where(self.imaginary > 0, after, before)
        return np.where(self.imaginary == 0, own, (own + other) / 2)
