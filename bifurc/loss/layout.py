"""Where each coordinate of a structure sits in the array of all rows.

All rows, students first and teachers after them, are kept as one array of
shape (rows, 2, columns) over *blocks*: beta, the constant part of a block,
and sigma, what its diagonal has on top (see :mod:`bifurc.structure.structure`).
Coordinates go in by :attr:`Layout.basis` and gradients come out by its dual.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bifurc.loss.frame import Frame
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import ALPHA, BIAS, OUTPUT, Structure


@dataclass(frozen=True, eq=False)
class Breaking:
    """Sums of the first k entries of an orbit less k times the next: orthogonal, and exact.

    ``image @ keep / lengths`` are coefficients in the basis.
    """

    basis: np.ndarray  # (vectors, rows, 2, columns)
    keep: np.ndarray  # (entries, vectors)
    lengths: np.ndarray  # (vectors,), squared, each entry counted once
    orbit: np.ndarray  # (vectors,), the coordinate whose orbit it comes from


@dataclass(frozen=True, eq=False)
class Layout:
    """Constant index arrays of one structure."""

    structure: Structure

    @cached_property
    def rows(self) -> int:
        """Number of student and teacher row blocks together."""
        return len(self.structure.students) + len(self.structure.teachers)

    @cached_property
    def columns(self) -> int:
        """Number of input blocks."""
        return len(self.structure.inputs)

    @cached_property
    def signs(self) -> np.ndarray:
        """Second-layer weights, negative for the teacher, 0 of a bias or if trained; (rows,).

        0 too where they are expressions, see :attr:`bifurc.loss.line.OnLine._signs`.
        """
        return np.array([0.0 if isinstance(w, Polynomial) else w for w in self.weights])

    @property
    def weights(self) -> list:
        """The same, numbers and expressions."""
        s = self.structure
        return (
            [0.0 if s.trained else s.student_weights.get(row.name, 1.0) for row in s.hidden]
            + [0.0] * (len(s.students) - len(s.hidden))
            + [-s.teacher_weights.get(row.name, 1.0) for row in s.teachers]
        )

    @cached_property
    def on_one_set(self) -> np.ndarray:
        """Which pairs of student blocks copy the same point set."""
        points = [block.points for block in self.structure.students]
        return np.array([[one == other for other in points] for one in points])

    @cached_property
    def frame(self) -> Frame:
        """What sums over the rows need to know."""
        s, columns = self.structure, [c.name for c in self.structure.inputs]
        bias = columns.index(BIAS) if s.bias else None
        output = len(s.hidden) if OUTPUT in s.bias else None
        alpha = columns.index(ALPHA) if s.trained else None
        single = {points.name for points in s.sets if points.single}
        many = np.array([row.points not in single for row in (*s.students, *s.teachers)], bool)
        return Frame(self.signs, self.columns, len(s.students), many, bias, output, alpha)

    @cached_property
    def basis(self) -> np.ndarray:
        """Each coordinate as (beta, sigma) of all rows; shape (n, rows, 2, columns)."""
        return np.array([self.entries[list(orbit)].sum(axis=0) for orbit in self.structure.orbits])

    @cached_property
    def outward(self) -> np.ndarray:
        """What reads coordinates off: all entries of an orbit are the same, the first is taken."""
        return dual(self.entries)[:, [orbit[0] for orbit in self.structure.orbits]]

    @cached_property
    def breaking(self) -> "Breaking":
        """Directions that break the ties alone."""
        entries, orbits = self.entries, self.structure.orbits
        found = [(a, orbit[:k], orbit[k]) for a, orbit in enumerate(orbits)
                 for k in range(1, len(orbit))]  # fmt: skip
        steps = np.zeros((len(found), len(entries)))
        for step, (_, before, entry) in zip(steps, found, strict=True):
            step[list(before)], step[entry] = 1.0, -len(before)
        lengths = np.array([len(before) * (len(before) + 1.0) for _, before, _ in found])
        basis = np.tensordot(steps, entries, axes=1)
        orbit = np.array([a for a, _, _ in found], dtype=int)
        return Breaking(basis, dual(entries) @ steps.T, lengths, orbit)

    @cached_property
    def entries(self) -> np.ndarray:
        """Each entry as (beta, sigma) of all rows."""
        entries = np.zeros((len(self.structure.entries), self.rows, 2, self.columns))
        for a, (r, c, part) in enumerate(self._places):
            if part == "diag":
                entries[a, r, 1, c] = 1.0
            elif part == "off":
                entries[a, r, :, c] = 1.0, -1.0
            else:
                entries[a, r, 0, c] = 1.0
        return entries

    @cached_property
    def _places(self) -> list[tuple[int, int, str]]:
        row = {block.name: i for i, block in enumerate(self.structure.students)}
        column = {block.name: i for i, block in enumerate(self.structure.inputs)}
        return [(row[c.row], column[c.column], c.part) for c in self.structure.entries]

    def row_of(self, coordinate) -> int:
        """The student block of a coordinate."""
        return [block.name for block in self.structure.students].index(coordinate.row)

    def on(self, points: str) -> tuple[np.ndarray, np.ndarray]:
        """Masks of the student rows and of the columns that copy ``points``."""
        s = self.structure
        rows = np.array([block.points == points for block in s.students])
        return rows, np.array([block.points == points for block in s.inputs])

    def pair_basis(self, component: Component) -> np.ndarray:
        """Copies of x, y or sxs: one for each (row block, column block) they live on.

        Shape (copies, rows, columns).
        """
        sets = component.sets
        (rows, cols), (other_rows, other_cols) = self.on(sets[0]), self.on(sets[-1])
        where = np.outer(rows, other_cols) | np.outer(other_rows, cols)
        return self._units(where)

    def vertex_basis(self, component: Component) -> np.ndarray:
        """Copies of s: the parts (X1, X2, X3) of U_ij = (X1 + X2 [i = j]) z_i + X3 z_j.

        On blocks tied to the set the three copies are made orthogonal:
        diagonal, antisymmetric, and symmetric off the diagonal (the last one
        vanishes on a set of two points). Shape (copies, rows, 3, columns).
        """
        rows, cols, s = *self.on(*component.sets), self.structure
        free = np.array([[s.free(r, c) for c in s.inputs] for r in s.students])
        both = self._units(np.outer(rows, cols))
        by_row = self._units(np.outer(rows, ~cols) & free)
        by_column = self._units(np.outer(~rows, cols) & free)
        patterns = [(both, (0, 1, 0)), (both, (1, 0, -1)), (both, (1, -2, 1))]
        patterns += [(by_row, (1, 0, 0)), (by_column, (0, 0, 1))]
        return np.concatenate(
            [units[:, :, None] * np.array(parts)[:, None] for units, parts in patterns]
        ).astype(float)

    def _units(self, where: np.ndarray) -> np.ndarray:
        """One unit array for each True of ``where``, teacher rows zero."""
        units = np.zeros((int(where.sum()), self.rows, self.columns))
        units[(np.arange(len(units)), *np.nonzero(where))] = 1.0
        return units


def dual(basis: np.ndarray) -> np.ndarray:
    """Return the matrix that reads off coefficients in ``basis``.

    ``flat @ dual(basis)`` are the coefficients of a combination of the basis
    vectors, flattened; shape (entries, vectors).
    """
    flat = basis.reshape(len(basis), -1)
    return np.linalg.solve(flat @ flat.T, flat).T
