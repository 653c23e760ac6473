"""Signs of eigenvalues proved on a box, and the speed of the one that crosses zero.

Columns of Q are approximate eigenvectors; A = Q⁻¹ B Q, enclosed, has the
eigenvalues of B and is nearly diagonal, so Gershgorin's discs separate them
from zero. Where one eigenvalue vanishes, the Schur complement on its place is
zero, and (l, r), read off A, are the exact left and right null vectors.

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

    matrix: Any  # arb_mat, Q⁻¹ B Q
    basis: Any  # arb_mat, Q
    inverse: Any  # arb_mat, encloses Q⁻¹

    def discs(self, balanced: bool = False) -> list:
        """Real parts of Gershgorin's discs: every eigenvalue lies in their union.

        ``balanced`` scales rows by the square roots of the diagonal first, so
        that a small eigenvalue is disturbed only to second order.
        """
        size = range(self.matrix.nrows())
        scale = [1.0] * len(size)
        if balanced:
            scale = [max(abs(float(self.matrix[i, i].mid())), 1e-30) ** 0.5 for i in size]
        found = []
        for i in size:
            others = (
                abs(self.matrix[i, j]) * flint.arb(scale[i] / scale[j]) for j in size if j != i
            )
            rest = sum(others, start=flint.arb(0))
            found.append(self.matrix[i, i] + flint.arb(0, 1) * rest.abs_upper())
        return found

    def carry(self, change):
        """A change of B, in the same basis."""
        return self.inverse * change * self.basis


def diagonalise(block, weights) -> Diagonal:
    """Bring ``block`` (arb_mat) to nearly diagonal form.

    Parameters
    ----------
    weights : list of arb
        Squared lengths of the copies. Where all are positive the eigenvalues
        are real; elsewhere signs are those of real parts.

    Raises
    ------
    NotCertifiedError
        If an entry is not finite.
    """
    size = block.nrows()
    entries = np.array([[float(block[i, j].mid()) for j in range(size)] for i in range(size)])
    if not np.isfinite(entries).all():
        raise NotCertifiedError("A block is not finite on the box.")
    if all(weight > 0 for weight in weights):
        root = np.sqrt([float(weight.mid()) for weight in weights])
        symmetric = entries * root[:, None] / root
        vectors = np.linalg.eigh((symmetric + symmetric.T) / 2)[1] / root[:, None]
    else:
        values, vectors = np.linalg.eig(entries)
        vectors = np.where(values.imag < 0, vectors.imag, vectors.real)  # real bases of planes
    basis = flint.arb_mat(vectors.tolist())
    try:
        back = basis.inv()
    except ZeroDivisionError:
        raise NotCertifiedError("The eigenvectors of a block are not independent.") from None
    return Diagonal(back * block * basis, basis, back)


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
        apart = discs.pop(nearest_zero(diagonal))
        if any(apart.overlaps(disc) for disc in discs):
            raise NotCertifiedError("More than one eigenvalue of the block is near zero.")
    if not all(disc > 0 or disc < 0 for disc in discs):
        raise NotCertifiedError("The sign of an eigenvalue is not proved on the box.")
    gaps = [disc.abs_lower() for disc in discs]
    return Signs(sum(bool(disc < 0) for disc in discs), min(gaps, default=flint.arb(1)))


def nearest_zero(diagonal: Diagonal) -> int:
    """Position of the eigenvalue nearest zero."""
    middles = [abs(float(diagonal.matrix[i, i].mid())) for i in range(diagonal.matrix.nrows())]
    return int(np.argmin(middles))


def null_vectors(diagonal: Diagonal):
    """Left (1, n) and right (n, 1) vectors that annul A wherever it is singular.

    They have a 1 at the place of the vanishing eigenvalue and solve the other
    rows or columns.
    """
    whole, size = diagonal.matrix, diagonal.matrix.nrows()
    i = nearest_zero(diagonal)
    rest = [j for j in range(size) if j != i]
    left, right = [flint.arb(1)], [flint.arb(1)]
    if rest:
        inner = flint.arb_mat([[whole[j, k] for k in rest] for j in rest])
        try:
            right = (-inner.solve(flint.arb_mat([[whole[j, i]] for j in rest]))).entries()
            left = (
                -inner.transpose().solve(flint.arb_mat([[whole[i, j]] for j in rest]))
            ).entries()
        except ZeroDivisionError:
            raise NotCertifiedError("Two eigenvalues of the block are near zero.") from None
        left.insert(i, flint.arb(1))
        right.insert(i, flint.arb(1))
    return flint.arb_mat([left]), flint.arb_mat([[value] for value in right])


def speed(diagonal: Diagonal, change):
    """Derivative of the vanishing eigenvalue when B moves by ``change``; an arb."""
    left, right = null_vectors(diagonal)
    return (left * diagonal.carry(change) * right)[0, 0] / (left * right)[0, 0]
