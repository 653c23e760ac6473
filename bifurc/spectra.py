"""Eigenvalues of isotypic blocks.

A block is the Hessian on the copies of one irrep, written in a basis that
need not be orthonormal: column j holds the coefficients of the image of copy
j, and ``weights`` the squared lengths of the copies. Kept like this it stays
finite where a length goes to zero (a set of one or two points); scaled by the
square roots of the weights it is symmetric wherever they are positive.

Some eigenvalues are zero wherever a branch goes, and their signs are those of
rounding. Of some the directions are known by structure; of others only how
many there are, and those nearest to zero are set apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

ALIKE = (
    1e-8  # of the largest eigenvalue: nearer to zero, rounding mixes vectors with those of zeros
)
CONTINUUM = "continuum"
SYMMETRIES = ("norm exchange", "rotation", CONTINUUM)  # along these the loss is constant


@dataclass(frozen=True, eq=False)
class Neutrals:
    """Zeros that persist along a branch and that no structure foretells.

    Attributes
    ----------
    zeros : mapping from components to how many there are in the block
    reasons : mapping from components to what they come of
        One of :data:`SYMMETRIES` if the loss is constant along them; otherwise
        only derivatives of higher order say what becomes of the loss there.
    stiffness : float
        An eigenvalue as large as the others, for zeros of the branch's own
        block: see :func:`held`.
    """

    zeros: Mapping[Any, int] = field(default_factory=dict)
    reasons: Mapping[Any, str] = field(default_factory=dict)
    stiffness: float = 1.0

    @property
    def own(self) -> int:
        """How many zeros the branch's own block has: it runs through a continuum."""
        return sum(count for c, count in self.zeros.items() if c.irrep == "t")

    def undecided(self, parameters: Mapping[str, float]) -> dict:
        """The components that exist there in which only higher orders decide, with the reason."""
        return {
            c: why
            for c, why in self.reasons.items()
            if why not in SYMMETRIES and c.exists(parameters)
        }

    @property
    def continuum(self) -> str:
        """The zeros along which critical points form a continuum, such as "1 in E"; or empty."""
        along = [c for c, why in self.reasons.items() if why == CONTINUUM]
        return ", ".join(f"{self.zeros[c]} in {c.label}" for c in along)

    def note(self, parameters: Mapping[str, float]) -> str:
        """What has to be said beside an index; empty if there is nothing."""
        undecided = self.undecided(parameters)
        if not undecided:
            return ""
        zeros = ", ".join(f"{self.zeros[c]} in {c.label} ({why})" for c, why in undecided.items())
        return f"degenerate: decided to second order only, where these stay zero: {zeros}"


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
    zeros : int
        How many more are zero all along a branch, see :class:`Neutrals`.
    barred : ndarray, shape (..., copies, m)
        Directions that a constraint takes away: the block is that of the others.
    repeated : int
        How often each eigenvalue stands in the block by its structure: 2 or 4
        for irreps of complex or quaternionic type. It is listed once.
    """

    matrix: np.ndarray
    weights: np.ndarray
    neutral: np.ndarray | None = None
    zeros: int = 0
    repeated: int = 1
    barred: np.ndarray | None = None

    @property
    def aside(self) -> np.ndarray | None:
        """All directions that are left out of eigenvalues, neutral ones and barred ones."""
        found = [part for part in (self.neutral, self.barred) if part is not None]
        return np.concatenate(found, axis=-1) if found else None

    @property
    def neutrals(self) -> int:
        """How many eigenvalues are set apart."""
        return self.zeros + (0 if self.neutral is None else self.neutral.shape[-1])

    def eigen(self) -> "Eigen":
        """Eigenvalues, ascending, with left and right eigenvectors; neutral ones left out."""
        eigen = self._all()
        return eigen.without_nearest(self.zeros) if self.zeros else eigen

    def told_apart(self, change: np.ndarray, count: int) -> "Block":
        """The block with its zeros written out as directions, where ``count`` others vanish too.

        Of all that vanish, zeros are those that ``change``, the derivative of
        the block along the branch, leaves alone: B v = 0 all along says that
        u' B' v = -u' B v' = 0 for all u with B u = 0.
        """
        eigen = self._all()
        near = np.argsort(np.abs(eigen.values))[: self.zeros + count]
        largest = np.abs(eigen.values).max(initial=0.0)
        alike = np.abs(eigen.values[near]) <= ALIKE * largest
        if not self.zeros or not alike.all() or not np.all(self.weights > 0):
            return self
        moves = eigen.left[:, near].T @ change @ eigen.right[:, near]
        speeds, turns = np.linalg.eigh((moves + moves.T) / 2)
        still = turns[:, np.argsort(np.abs(speeds))[: self.zeros]]
        found = eigen.right[:, near] @ still
        if self.neutral is not None:
            found = np.hstack([self.neutral, found])
        return replace(self, neutral=found, zeros=0)

    def _all(self) -> "Eigen":
        absent = (self.weights == 0).all(axis=tuple(range(self.weights.ndim - 1)))
        if absent.any():
            return self._without(absent)
        return self._symmetric() if np.all(self.weights > 0) else self._general()

    def values(self) -> np.ndarray:
        """Eigenvalues alone, of blocks without neutral directions; ascending."""
        plain = not self.neutrals and self.barred is None and self.repeated == 1
        if plain and self.weights.min(initial=1.0) > 0:
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
        neutral = None if self.aside is None else self.aside[..., kept, :]
        matrix = self.matrix[..., kept, :][..., kept]
        part = Block(matrix, self.weights[..., kept], neutral).eigen()
        vectors = []
        for thin in (part.right, part.left):
            full = np.zeros((*thin.shape[:-2], len(kept), thin.shape[-1]))
            full[..., kept, :] = thin
            vectors.append(full)
        return Eigen(part.values, vectors[0], vectors[1], part.imaginary)

    def _symmetric(self) -> "Eigen":
        root, aside = np.sqrt(self.weights)[..., :, None], self.aside
        if self.matrix.shape[-1] == 1 and aside is None:
            return Eigen(self.matrix[..., 0], 1.0 / root, root)
        matrix = self.matrix * root / root.swapaxes(-1, -2)
        if aside is None:
            values, vectors = np.linalg.eigh(matrix)
        else:
            m = aside.shape[-1]
            rest = np.linalg.qr(aside * root, mode="complete")[0][..., m:]
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
        matrix, m, aside = self.matrix, 0, self.aside
        if aside is not None:
            m = aside.shape[-1]
            # move the neutral zeros out of the way, then drop them
            lift = 1e6 * (1.0 + np.abs(matrix).max())
            matrix = matrix + lift * aside @ np.linalg.pinv(aside)
        values, right = np.linalg.eig(matrix)
        order = np.argsort(values.real, axis=-1, kind="stable")[..., : values.shape[-1] - m]
        left = np.linalg.pinv(right).swapaxes(-1, -2)
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

    def at(self, index) -> "Eigen":
        """Those of one point of a batch."""
        turn = None if self.imaginary is None else self.imaginary[index]
        return Eigen(self.values[index], self.right[index], self.left[index], turn)

    @property
    def negatives(self) -> np.ndarray:
        """How many eigenvalues are negative; shape (...)."""
        return np.count_nonzero(self.values < 0, axis=-1)

    def without_nearest(self, zeros: int) -> "Eigen":
        """All but this many nearest to zero."""
        order = np.argsort(np.abs(self.values), axis=-1, kind="stable")
        kept = np.sort(order[..., zeros:], axis=-1)
        right, left = (
            np.take_along_axis(v, kept[..., None, :], -1) for v in (self.right, self.left)
        )
        values, turn = np.take_along_axis(self.values, kept, -1), self.imaginary
        return Eigen(
            values, right, left, None if turn is None else np.take_along_axis(turn, kept, -1)
        )

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


def held(jacobian: np.ndarray, weights: np.ndarray, neutrals: Neutrals, along) -> np.ndarray:
    """[dg/dx | dg/dlam] of a branch in a continuum, with its zeros lifted out of the way.

    The projector on the directions of the zeros, times the stiffness, is added
    to dg/dx: of a Newton step the part across the continuum is left, of the
    inertia what is no zero. As g has no part along a zero, critical points and
    tangents are what they were.

    Parameters
    ----------
    jacobian : ndarray, shape (..., n, n + 1)
    weights : ndarray, shape (..., n)
    neutrals : Neutrals
    along : callable (index of a point, u) -> (n, n + 1)
        Derivative of the Jacobian along u, asked where others vanish as well.
    """
    eigen, zeros = Block(jacobian[..., :-1], weights).eigen(), neutrals.own
    sizes = np.abs(eigen.values)
    order = np.argsort(sizes, axis=-1)
    near = order[..., None, :zeros]
    right, left = (np.take_along_axis(v, near, -1) for v in (eigen.right, eigen.left))
    if zeros < sizes.shape[-1]:
        next_one = np.take_along_axis(sizes, order[..., zeros, None], -1)[..., 0]
        for i in map(tuple, np.argwhere(next_one <= ALIKE * neutrals.stiffness)):
            close = sizes[i] <= ALIKE * neutrals.stiffness
            at = partial(along, i)
            right[i], left[i] = _still(eigen.at(i), close, jacobian[i], zeros, at)
    lift = neutrals.stiffness * (right @ left.swapaxes(-1, -2))
    return np.concatenate([jacobian[..., :-1] + lift, jacobian[..., -1:]], axis=-1)


def _still(eigen: "Eigen", close, jacobian, zeros: int, along) -> tuple[np.ndarray, np.ndarray]:
    """Right and left vectors of the zeros, at a point where other eigenvalues vanish too.

    At a fold lam pushes against what vanishes, and never along a zero. At a
    branch point nothing pushes; the zeros are those that stay along the branch,
    see :meth:`Block.told_apart`.
    """
    push = jacobian[:, -1]
    right, left = eigen.right[:, close], eigen.left[:, close]
    pushed = left.T @ push
    usual = np.linalg.norm(left, axis=0).max() * np.linalg.norm(push)
    if np.linalg.norm(pushed) > np.sqrt(ALIKE) * usual:
        moves = np.outer(pushed, pushed)
    else:
        others = eigen.left[:, ~close].T @ push / eigen.values[~close]
        tangent = np.append(-eigen.right[:, ~close] @ others, 1.0)
        moves = left.T @ along(tangent)[:, :-1] @ right
    speeds, turns = np.linalg.eigh((moves + moves.T) / 2)
    still = turns[:, np.argsort(np.abs(speeds))[:zeros]]
    return right @ still, left @ still


def shortest(matrix: np.ndarray, right: np.ndarray, rcond: float | None = None) -> np.ndarray:
    """The shortest solution of least squares.

    Raises
    ------
    numpy.linalg.LinAlgError
        If there is none, or an entry is not finite: LAPACK would complain aloud.
    """
    if not (np.isfinite(matrix).all() and np.isfinite(right).all()):
        raise np.linalg.LinAlgError("an entry is not finite")
    return np.linalg.lstsq(matrix, right, rcond=rcond)[0]
