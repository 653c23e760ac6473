"""Signs of eigenvalues along a tube, proved on cells of its variable.

The block of an irrep over a whole tube is one matrix of Taylor models. On a
cell, a part of \\|t\\| <= 1, either the sign of every eigenvalue is proved, or
one eigenvalue is proved to move in one direction wherever it is zero, so that
it is zero once at most; what is neither is halved. Cells on which the irrep
provably has no positive dimension are formal, and nothing is said there.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bifurc.loss.series import Series, direction
from bifurc.proof.claims import exists, lengthy, modulo, quotient
from bifurc.proof.interval import Ball, NotCertifiedError, annulled, arbs, balls, block, flint
from bifurc.proof.model import Model
from bifurc.proof.signs import Diagonal, diagonalise, nearest_zero, signs, speed
from bifurc.proof.system import part
from bifurc.proof.tube import Tube
from bifurc.structure.irreps import Component

DEEPEST = 24  # halvings of a tube
EDGE = 12  # halvings down to where an irrep begins to exist; from there on it is taken to exist
SUSPECT = 6  # halvings after which a crossing is tried without a change of sign in doubles
STEPS = 8  # of the secant method that locates a crossing
WIDTHS = (1e-9, 1e-7, 1e-5, 1e-3)  # of a cell around a zero, the first on whose ends signs hold


@dataclass(frozen=True)
class Cell:
    """What is proved from ``first`` to ``last`` in t.

    ``negative`` counts negative eigenvalues, where signs are proved;
    ``crossing`` is how that count changes where an eigenvalue crosses zero,
    -1 or +1. Both are None where the irrep does not exist.
    """

    first: float
    last: float
    negative: int | None = None
    crossing: int | None = None


@dataclass(frozen=True, eq=False)
class BlockAlong:
    """One block along a tube."""

    tube: Tube
    component: Component

    @cached_property
    def kept(self) -> tuple[int, ...]:
        """Copies of positive length."""
        return lengthy(self.tube.problem, self.component, Ball(self.tube.lam.range()))

    @cached_property
    def neutral(self) -> int:
        """How many directions the block annuls by structure; signs are those of the others."""
        return len(self._null(self.tube.rows))

    @cached_property
    def matrix(self) -> np.ndarray:
        """The block off its neutral directions; an array of models."""
        return self._block(self.tube.rows, self.tube.lam)

    @cached_property
    def change(self) -> np.ndarray:
        """Its derivative in t along the branch; an array of models."""
        tube = self.tube
        lam = direction(np.array(tube.lam, dtype=object), np.array(tube.velocity[-1], dtype=object))
        rows = tube.problem.rows(direction(tube.thick[:-1], tube.velocity[:-1]), lam)
        return self._block(rows, lam).coefficients[1]

    def _block(self, rows, lam):
        whole = self.tube.problem.block_matrix(self.component, rows, lam)
        return modulo(whole[np.ix_(self.kept, self.kept)], self._null(rows))

    def _null(self, rows) -> list:
        beta = rows.beta
        null = annulled(self.tube.problem, self.component, lambda i: beta[0, i])
        return [_stacked([vector[i] for i in self.kept]) for vector in null]

    def cells(self, first: float, last: float, depth: int = 0) -> list[Cell]:
        """Cells that cover ``first`` to ``last``.

        Raises
        ------
        NotCertifiedError
            If nothing is proved on a cell, however small.
        """
        present = self._exists(first, last)
        if present is False:
            return [Cell(first, last)]
        if present is None and depth < EDGE:
            return self._halves(first, last, depth)
        if not self.matrix.size:  # nothing is left off the neutral directions
            return [Cell(first, last, negative=0)]
        try:
            return [Cell(first, last, negative=self._negative(first, last))]
        except NotCertifiedError as error:
            failure = error
        if depth >= SUSPECT or self._jumps(first, last):
            try:
                crossing = Cell(first, last, crossing=self._crossing(first, last))
                return [*self._end(first), crossing, *self._end(last)]
            except NotCertifiedError as error:
                failure = error
        if depth >= DEEPEST:
            lam = float(self.tube.lam.at(flint.arb(first)))
            raise NotCertifiedError(f"{self.component.label} near lam = {lam:.10g}: {failure}")
        return self._halves(first, last, depth)

    def _halves(self, first: float, last: float, depth: int) -> list[Cell]:
        middle = (first + last) / 2
        return self.cells(first, middle, depth + 1) + self.cells(middle, last, depth + 1)

    def locate(self, cell: Cell, before: int):
        """The parameter at the zero in a crossing cell, an arb.

        ``before`` counts negative eigenvalues at its first end. The zero is
        sought by the secant method; around it, signs are proved again.
        """
        low, high = cell.first, cell.last
        (t, value), (other, there) = ((s, self._near_zero(s)) for s in (low, high))
        for _ in range(STEPS):
            if there == value:
                break
            t, other, value = other, other - there * (other - t) / (there - value), there
            other = min(max(other, low), high)
            if abs(other - t) < WIDTHS[0]:
                break
            there = self._near_zero(other)
        for width in WIDTHS:
            ends = max(low, other - width), min(high, other + width)
            try:
                counts = [signs(self._at(flint.arb(end))).negative for end in ends]
            except NotCertifiedError:
                continue
            if counts == [before, before + (cell.crossing or 0)]:
                low, high = ends
                break
        return self.tube.enclose(interval(low, high))[0][-1]

    def negative_at(self, t: float) -> int:
        """How many eigenvalues are negative at one point of the branch."""
        return signs(self._at(flint.arb(t))).negative

    def _at(self, t) -> Diagonal:
        """The block on the branch at ``t``, in nearly diagonal form."""
        zero, _ = self.tube.enclose(t)
        x, lam = balls(zero[:-1]), Ball(zero[-1])
        problem = self.tube.problem
        own, weights = block(problem, self.component, x, lam)
        beta = problem.rows(x, lam).beta
        null = annulled(problem, self.component, lambda i: arbs(beta[0, i]))
        own = quotient(part(own, self.kept), [[v[i] for i in self.kept] for v in null])
        return diagonalise(own, None if null else [weights[i] for i in self.kept])

    def _near_zero(self, t: float) -> float:
        """The eigenvalue nearest zero at ``t``, about."""
        diagonal = self._at(flint.arb(t))
        i = nearest_zero(diagonal)
        return float(diagonal.matrix[i, i].mid())

    def _end(self, t: float) -> list[Cell]:
        """The cell of one point, if signs are proved there."""
        try:
            return [Cell(t, t, negative=self._negative(t, t))]
        except NotCertifiedError:
            return []

    def _exists(self, first: float, last: float) -> bool | None:
        """Whether the irrep exists on the cell; None where that changes, or may."""
        try:
            lam = Ball(self.tube.lam.at(interval(first, last)))
            return exists(self.tube.problem, self.component, lam)
        except NotCertifiedError:
            return None

    def _diagonal(self, first, last) -> Diagonal:
        """The block on a cell in nearly diagonal form.

        A block B_0 + B_1 s + rest keeps its order: the change of basis is
        applied to each part before s is replaced by [-1, 1].
        """
        constant, slope, rest = (
            _arb_matrix(part) for part in zip(*(_parts(m, first, last) for m in self.matrix.flat),
                                              strict=True)
        )  # fmt: skip
        lam = self.tube.lam.at(interval(first, last))
        weights = self.tube.problem.copy_weights(self.component, Ball(lam))
        plain = None if self.neutral else [arbs(weights)[i] for i in self.kept]
        diagonal = diagonalise(constant, plain)
        unit = flint.arb(0, 1)
        whole = diagonal.matrix + diagonal.carry(slope) * unit + diagonal.carry(rest)
        return Diagonal(whole, diagonal.basis, diagonal.inverse)

    def _negative(self, first, last) -> int:
        return signs(self._diagonal(first, last)).negative

    def _crossing(self, first, last) -> int:
        """How the number of negative eigenvalues changes at a zero, if there is one."""
        diagonal = self._diagonal(first, last)
        signs(diagonal, crossing=True)
        cell = interval(first, last)
        change = _arb_matrix([entry.at(cell) for entry in self.change.flat])
        rate = speed(diagonal, change)
        if rate.contains(0) or not rate.is_finite():
            raise NotCertifiedError("The speed of a crossing eigenvalue is not proved.")
        return -1 if rate > 0 else 1

    def _jumps(self, first, last) -> bool:
        """Whether signs at the ends differ, by doubles: only a hint."""
        counts = []
        for t in (first, last):
            block = np.array([float(m.at(flint.arb(t)).mid()) for m in self.matrix.flat])
            values = np.linalg.eigvals(block.reshape(self.matrix.shape))
            counts.append((values.real < 0).sum())
        return counts[0] != counts[1]


def _stacked(values: list):
    """Models, or series of them, as one array or series."""
    if isinstance(values[0], Series):
        return Series(np.stack([value.coefficients for value in values], axis=1))
    return np.array(values, dtype=object)


def interval(first: float, last: float):
    """All numbers from ``first`` to ``last``, an arb."""
    return flint.arb(first).union(flint.arb(last))


def _parts(model: Model, first: float, last: float):
    """(constant, slope, bound of the rest) of a model on a cell, in its own variable."""
    half = (flint.arb(last) - flint.arb(first)) / 2
    own = model.within(flint.arb(first) + half, half).poly
    unit = flint.arb(0, 1)
    return own[0], own[1], own.right_shift(2)(unit) * unit


def _arb_matrix(entries):
    """A square arb_mat from its entries row by row."""
    entries = list(entries)
    size = round(len(entries) ** 0.5)
    return flint.arb_mat(size, size, entries)
