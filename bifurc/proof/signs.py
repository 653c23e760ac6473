"""Signs of eigenvalues proved on a box, and the speed of the one that crosses zero.

Columns of Q are approximate eigenvectors; A = Q⁻¹ B Q, enclosed, has the
eigenvalues of B and is nearly diagonal, so Gershgorin's discs separate them
from zero. Where one eigenvalue vanishes, the Schur complement on its place is
zero, and (l, r), read off A, are the exact left and right null vectors.
Eigenvalues in pairs that are not real, which a form that is not definite can
have, are treated alike with complex Q; the sign is that of the real part.

References
----------
.. [1] Horn, Johnson, "Matrix Analysis", 2nd ed., 2013, section 6.1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurc.proof.interval import NotCertifiedError, flint


@dataclass(frozen=True, eq=False)
class Diagonal:
    """B in nearly diagonal form over a box."""

    matrix: Any  # arb_mat or acb_mat, Q⁻¹ B Q
    basis: Any  # of the same kind, Q
    inverse: Any  # encloses Q⁻¹

    def radii(self, balanced: bool = False) -> list:
        """Radii of Gershgorin's discs around the diagonal: their union has all eigenvalues.

        ``balanced`` scales rows by the square roots of the diagonal first, so
        that a small eigenvalue is disturbed only to second order.
        """
        size = range(self.matrix.nrows())
        scale = [1.0] * len(size)
        if balanced:
            scale = [max(self.modulus(i), 1e-30) ** 0.5 for i in size]
        found = []
        for i in size:
            others = (
                abs(self.matrix[i, j]) * flint.arb(scale[i]) / scale[j] for j in size if j != i
            )
            found.append(sum(others, start=flint.arb(0)).abs_upper())
        return found

    def modulus(self, i: int) -> float:
        """About how large an eigenvalue is."""
        return float(abs(self.matrix[i, i]).mid())

    def discs(self, balanced: bool = False) -> list:
        """Real parts of Gershgorin's discs."""
        return [
            real(self.matrix[i, i]) + flint.arb(0, 1) * radius
            for i, radius in enumerate(self.radii(balanced))
        ]

    def apart(self, i: int) -> bool:
        """Whether disc ``i`` meets no other, so that it holds one eigenvalue."""
        radii = self.radii()
        return all(
            bool(abs(self.matrix[i, i] - self.matrix[j, j]) > radii[i] + radii[j])
            for j in range(len(radii))
            if j != i
        )

    def carry(self, change):
        """A change of B, in the same basis."""
        return self.inverse * change * self.basis


def real(value):
    """The real part of an arb or acb."""
    return value.real if isinstance(value, flint.acb) else value


def diagonalise(block, weights) -> Diagonal:
    """Bring ``block`` (arb_mat) to nearly diagonal form.

    Parameters
    ----------
    weights : list of arb, or None
        Squared lengths of the copies. Where all are positive the eigenvalues
        are real; elsewhere signs are those of real parts. None if the copies
        are not orthogonal.

    Raises
    ------
    NotCertifiedError
        If an entry is not finite.
    """
    size = block.nrows()
    entries = np.array([[float(block[i, j].mid()) for j in range(size)] for i in range(size)])
    if not np.isfinite(entries).all():
        raise NotCertifiedError("A block is not finite on the box.")
    if weights is not None and all(weight > 0 for weight in weights):
        root = np.sqrt([float(weight.mid()) for weight in weights])
        symmetric = entries * root[:, None] / root
        vectors = np.linalg.eigh((symmetric + symmetric.T) / 2)[1] / root[:, None]
    else:
        vectors = np.linalg.eig(entries)[1]
    kind = flint.acb_mat if np.iscomplexobj(vectors) else flint.arb_mat
    basis = kind(vectors.tolist())
    try:
        back = basis.inv()
    except ZeroDivisionError:
        raise NotCertifiedError("The eigenvectors of a block are not independent.") from None
    return Diagonal(back * kind(block) * basis, basis, back)


@dataclass(frozen=True)
class Signs:
    """How many eigenvalues are negative, and how far all of them are from zero."""

    negative: int
    gap: Any  # arb, a lower bound of every |eigenvalue|


def signs(diagonal: Diagonal, crossing: bool = False) -> Signs:
    """Prove the sign of every eigenvalue, of all but the one nearest zero if ``crossing``.

    Raises
    ------
    NotCertifiedError
        If a disc meets zero, or the disc of the crossing one another disc.
    """
    discs = diagonal.discs(balanced=not crossing)
    if crossing:
        i = nearest_zero(diagonal)
        del discs[i]
        if not diagonal.apart(i):
            raise NotCertifiedError("More than one eigenvalue of the block is near zero.")
    if not all(disc > 0 or disc < 0 for disc in discs):
        raise NotCertifiedError("The sign of an eigenvalue is not proved on the box.")
    gaps = [disc.abs_lower() for disc in discs]
    return Signs(sum(bool(disc < 0) for disc in discs), min(gaps, default=flint.arb(1)))


def nearest_zero(diagonal: Diagonal) -> int:
    """Position of the eigenvalue nearest zero."""
    return int(np.argmin([diagonal.modulus(i) for i in range(diagonal.matrix.nrows())]))


def null_vectors(diagonal: Diagonal, i: int | None = None, value: Any = 0):
    """Left (1, n) and right (n, 1) vectors that annul A - value wherever it is singular.

    They have a 1 at the place ``i`` of the eigenvalue (by default the one
    nearest zero) and solve the other rows or columns.
    """
    whole, size = diagonal.matrix, diagonal.matrix.nrows()
    kind = type(whole)
    i = nearest_zero(diagonal) if i is None else i
    rest = [j for j in range(size) if j != i]
    left, right = [flint.arb(1)], [flint.arb(1)]
    if rest:
        inner = kind([[whole[j, k] - value * int(j == k) for k in rest] for j in rest])
        try:
            right = (-inner.solve(kind([[whole[j, i]] for j in rest]))).entries()
            left = (-inner.transpose().solve(kind([[whole[i, j]] for j in rest]))).entries()
        except ZeroDivisionError:
            raise NotCertifiedError("Two eigenvalues of the block are near zero.") from None
        left.insert(i, flint.arb(1))
        right.insert(i, flint.arb(1))
    return kind([left]), kind([[entry] for entry in right])


def speed(diagonal: Diagonal, change, i: int | None = None, value: Any = 0):
    """Derivative of the eigenvalue ``value`` (its real part) when B moves by ``change``; an arb."""
    left, right = null_vectors(diagonal, i, value)
    moved = left * diagonal.carry(type(diagonal.matrix)(change)) * right
    return real(moved[0, 0] / (left * right)[0, 0])
