"""A family of ReLU critical points at every large size at once, infinity included.

With e = lam**(-1/2) the sums over all rows (:mod:`bifurc.proof.sums`) are
:class:`~bifurc.proof.germ.Germ`. In unknowns X, the coordinates being
limit + e**k (Z + e X) with k so that the Hessian is finite, Krawczyk's test is
passed for all e from 0 to a bound at once, and the signs of all isotypic
blocks are those of forms that are finite at e = 0.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.proof.germ import Germ, Slope
from bifurc.proof.interval import NotCertifiedError, exact, flint
from bifurc.proof.signs import diagonalise, signs
from bifurc.proof.sums import Row, Sums
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.split import split
from bifurc.structure.structure import Coordinate, Structure

NOTHING = 1e-12  # eigenvalues in doubles that are none
APART, CLOSE = 1e-6, 1e-9  # limits nearer than that are enclosed together; half their width
Z, Y = (1, -1, 0, 0, 0), (0, 0, 1, -1, 0)  # on four points of a set, and on all others


@dataclass(frozen=True, eq=False)
class AtInfinity:
    """A family at all e from 0 to ``reach``, in unknowns X that stay finite.

    Parameters
    ----------
    problem : NetworkProblem
        Without ties; lam is the parameter.
    reach : float
        A power of 2: e = lam**(-1/2) is at most so large.
    limit : tuple of tuples of int
        Of each coordinate the coefficients l of e**0, ..., e**k: it is
        sum l_j e**j + e**(k + 1) X.
    """

    problem: NetworkProblem
    reach: float
    limit: tuple

    def power(self, k: int) -> Any:
        """e**k."""
        return Germ.of(flint.arb(self.reach) ** k) * Germ.e(k)

    def polynomial(self, poly) -> Any:
        """A polynomial in the parameters along the line."""
        total = Germ.of(0)
        for key, coefficient in poly.substitute(self.problem.line).terms.items():
            total = total + Germ.of(exact(coefficient)) * self.power(-2 * len(key))
        return total

    @cached_property
    def matched(self) -> list:
        """The teacher's row that each row of the student becomes parallel to, and the sign.

        Raises
        ------
        NotCertifiedError
            If the limit of the student is not the teacher up to signs.
        """
        s, found = self.problem.structure, []
        if not s.is_plain:
            raise NotCertifiedError("Only weights of neurons, without decay, tend to the teacher.")
        if s.ties or s.student_weights or s.teacher_weights or len(s.students) != len(s.teachers):
            raise NotCertifiedError("The student does not tend to the teacher up to signs.")
        values = dict(zip(s.coordinates, (known[0] for known in self.limit), strict=True))
        for i, (row, other) in enumerate(zip(s.students, s.teachers, strict=True)):
            entries = s.entries_of([row])
            taught = [s.taught(Coordinate(other.name, e.column, e.part)) for e in entries]
            signs = [
                t for t in (1, -1) if taught == [Polynomial.of(t * values[e]) for e in entries]
            ]
            if row.points != other.points or len(signs) != 1:
                raise NotCertifiedError("The student does not tend to the teacher up to signs.")
            found.append((i, signs[0]))
        return found

    @property
    def powers(self) -> list:
        """k of each coordinate."""
        return [len(known) - 1 for known in self.limit]

    def state(self, unknowns) -> list:
        """The coordinates, germs, from X."""
        found = []
        for value, known in zip(unknowns, self.limit, strict=True):
            total = self.power(len(known)) * value
            for j, coefficient in enumerate(known):
                total = total + self.power(j) * coefficient
            found.append(total)
        return found

    def sums(self, structure: Structure, x: list, matched: list) -> Sums:
        """Everything at coordinates of a structure, germs or slopes."""
        size = {p.name: self.polynomial(p.size) for p in structure.sets}
        values = dict(zip(structure.coordinates, x, strict=True))

        def rows(blocks, value, sign):
            return [
                Row(
                    b.points, sign,
                    {c.name: _pair(structure, b, c, value) for c in structure.inputs},
                )
                for b in blocks
            ]  # fmt: skip

        return Sums(
            structure,
            size,
            rows(structure.students, values.__getitem__, 1),
            rows(structure.teachers, lambda e: self.polynomial(structure.taught(e)), -1),
            matched,
        )

    def residual(self, unknowns) -> list:
        """Derivatives of the loss in sum l_j e**(j - k) + e X, divided by e; germs."""
        s = self.problem.structure
        found = self.sums(s, self.state(unknowns), self.matched).gradient()
        return [
            self.polynomial(m) * self.power(k - 1) * found[c]
            for c, m, k in zip(s.coordinates, s.multiplicities, self.powers, strict=True)
        ]

    def hessian(self, unknowns) -> np.ndarray:
        """The Jacobian of :meth:`residual` in X, a symmetric array of germs."""
        directions = [
            [self.power(k) if i == j else 0 for j in range(len(self.powers))]
            for i, k in enumerate(self.powers)
        ]
        return self.form(self.problem.structure, self.state(unknowns), self.matched, directions)

    def form(self, structure, x: list, matched: list, directions: list) -> np.ndarray:
        """The second derivative of the loss as a form on directions; an array of germs."""
        found = np.empty((len(directions), len(directions)), dtype=object)
        for i, direction in enumerate(directions):
            moved = [Slope(value, step) for value, step in zip(x, direction, strict=True)]
            change = self.sums(structure, moved, matched).gradient()
            slopes = [change[c].slope for c in structure.coordinates]
            for j, other in enumerate(directions):
                found[i, j] = self.product(structure, slopes, other)
        return found

    def product(self, structure, one: list, other: list):
        """The inner product of two directions in all entries of W, one of numbers as they are."""
        total = self.polynomial(Polynomial.of(0))
        for weight, a, b in zip(structure.multiplicities, one, other, strict=True):
            if not (isinstance(b, int) and b == 0):
                total = total + self.polynomial(weight) * a * b
        return total

    def pencil(self, component: Component, unknowns) -> tuple[np.ndarray, np.ndarray]:
        """The Hessian as a form on the copies of an irrep, and their inner products."""
        structure, x, matched = self.problem.structure, self.state(unknowns), self.matched
        if component.irrep == "t":
            own = np.array([self.power(k) for k in self.powers], dtype=object)
            directions = np.where(np.eye(len(x), dtype=int), own, 0).tolist()
        else:
            parts = split(structure, dict.fromkeys(component.sets, [1, 1, 1, 1]))
            rows = zip(structure.students, matched, strict=True)
            sign = {b.name: s for b, (_, s) in rows}
            structure = parts.structure
            x = [x[int(np.argmax(row))] for row in parts.embedding]
            matched = [(i, sign[_piece(b.name)[0]]) for i, b in enumerate(structure.students)]
            tests = copies(component, self.problem.structure, self.pairs)
            directions = [[copy(c) for c in structure.coordinates] for copy in tests]
        gram = np.array(
            [[self.product(structure, a, b) for b in directions] for a in directions], dtype=object
        )
        kept = [i for i in range(len(gram)) if not gram[i, i].is_zero]
        form = self.form(structure, x, matched, [directions[i] for i in kept])
        return form, gram[np.ix_(kept, kept)]

    def block(self, component: Component, unknowns) -> np.ndarray:
        """The form of the Hessian on the copies of an irrep, each scaled to stay finite."""
        form, _ = self.pencil(component, unknowns)
        return self.scaled(form, [max(0, -(form[i, i].power // 2)) for i in range(len(form))])

    def scaled(self, form: np.ndarray, powers: list) -> np.ndarray:
        """A form on directions times powers of e."""
        scales = np.array([self.power(k) for k in powers], dtype=object)
        return scales[:, None] * form * scales

    def limits(self, component: Component, unknowns) -> tuple[list, list]:
        """(limits of eigenvalues that stay finite, limits of eigenvalue / lam), ascending; arbs.

        Scaled so that the form H is finite at e = 0, directions whose eigenvalue
        grows have inner products G that vanish there, and H - μ G has as many
        negative eigenvalues as there are below μ at every small e. Scaled so that
        G is finite, H / lam - μ G tells the same of those that grow.

        Raises
        ------
        NotCertifiedError
            If not all are proved.
        """
        form, gram = self.pencil(component, unknowns)
        stay, grow = (
            [-(m[i, i].power // 2) for i in range(len(form))] for m in (form, gram)
        )  # powers of the directions
        near = [self._at_zero(m, stay) for m in (form, gram)]
        far = [self._at_zero(m, grow) for m in (form * self.power(2), gram)]
        one = _enclosed_roots(near[0], near[1], 1 / _eigenvalues(*near[::-1]))
        two = _enclosed_roots(far[0], far[1], _eigenvalues(*far))
        if len(one) + len(two) != len(form):
            raise NotCertifiedError(f"Limits of eigenvalues of {component.label} are missing.")
        return one, two

    def _at_zero(self, form: np.ndarray, powers: list) -> np.ndarray:
        """A form on scaled directions at e = 0; an array of arbs."""
        found = np.empty(form.shape, dtype=object)
        for place, value in np.ndenumerate(self.scaled(form, powers)):
            found[place] = value.at(flint.arb(0))
        return found

    @property
    def pairs(self) -> set:
        """Names of the sets of two points."""
        sets = self.problem.structure.sets
        return {p.name for p in sets if (self.polynomial(p.size) - 2).is_zero}


def _eigenvalues(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Those of one with respect to two, in doubles, without zeros."""
    a, b = (np.array([[float(v) for v in row] for row in m]) for m in (one, two))
    found = np.sort(np.linalg.eigvals(np.linalg.solve(b, a)).real)
    return found[np.abs(found) > NOTHING]


def _enclosed_roots(one: np.ndarray, two: np.ndarray, near: np.ndarray) -> list:
    """Proved places of all μ near given ones at which one - μ two is singular, as often as that."""
    found, near = [], np.sort(near)
    for group in np.split(near, np.flatnonzero(np.diff(near) > APART) + 1) if len(near) else []:
        ends = group[0] - CLOSE, group[-1] + CLOSE
        before, after = (negative(one - flint.arb(float(end)) * two) for end in ends)
        if after - before != len(group):
            raise NotCertifiedError("The limit of an eigenvalue is not proved.")
        found += [flint.arb(float(ends[0])).union(flint.arb(float(ends[1])))] * len(group)
    return found


def negative(entries: np.ndarray) -> int:
    """How many negative eigenvalues a symmetric matrix of arbs has.

    Raises
    ------
    NotCertifiedError
        If that is not the same for all matrices that are enclosed.
    """
    ones = [flint.arb(1)] * len(entries)
    return signs(diagonalise(flint.arb_mat(entries.tolist()), ones)).negative


def _pair(structure, row, column, value) -> tuple:
    """(diagonal, off-diagonal) of a block; twice the constant where there is no diagonal."""
    if structure.tied(row, column):
        return tuple(value(Coordinate(row.name, column.name, part)) for part in ("diag", "off"))
    return (value(Coordinate(row.name, column.name, "")),) * 2


def copies(component: Component, structure: Structure, pairs: set) -> list:
    """Test matrices of an irrep, one for each copy, as functions of split coordinates.

    On sets in ``pairs``, of two points, rows and columns differ in sign alone.
    """
    found = []
    for row in structure.students:
        for column in structure.inputs:
            found += [
                _entry_of(row.name, column.name, pattern)
                for pattern in _patterns(component, row.points, column.points, pairs)
            ]
    return found


def _patterns(component: Component, row: str, column: str, pairs: set) -> list:
    """Functions of the numbers of two points among those split off, and whether they are one."""
    on, sets = component.irrep, component.sets
    first, last = sets[0], sets[-1]
    if on == "sxs":
        pair = row != column and {row, column} == {first, last}
        return [lambda i, j, same: Z[i] * Z[j]] if pair else []
    if on in ("x", "y"):
        sign = -1 if on == "x" else 1
        both = row == column == first
        return [lambda i, j, same: Z[i] * Y[j] + sign * Y[i] * Z[j]] if both else []
    if row == column == first:
        found = [
            lambda i, j, same: Z[i] * same,
            lambda i, j, same: Z[i] * (not same),
            lambda i, j, same: Z[j] * (not same),
        ]
        return found[: 2 if first in pairs else 3]
    if row == first:
        return [lambda i, j, same: Z[i]]
    return [lambda i, j, same: Z[j]] if column == first else []


def _entry_of(row: str, column: str, pattern):
    """The entry of a test matrix at a split coordinate."""

    def value(coordinate: Coordinate) -> int:
        (own, i), (over, j) = (_piece(name) for name in (coordinate.row, coordinate.column))
        if (own, over) != (row, column):
            return 0
        same = i == j and coordinate.part != "off"
        return int(pattern(i, j, same))

    return value


def _piece(name: str) -> tuple[str, int]:
    """The block that a piece comes from, and its number; the rest is the last."""
    whole, _, number = name.partition("/")
    return whole, int(number) - 1 if number else 4
