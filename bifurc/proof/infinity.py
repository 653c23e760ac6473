"""A family of ReLU critical points at every large size at once, infinity included.

With f(w, v) = |w||v|/(2π) + <w, v>/4 + |w||v| k(x), x the cosine between the
rows and k(x) = (sqrt(1 - x²) - 1 + x asin x)/(2π), the gradient of the loss is

    G_w = P ŵ/(2π) + Q/4 + (1/4 - 1/(2π)) w
          + 1/(2π) sum_u s_u |u| ((sqrt(1 - x²) - 1) ŵ + asin(x) û),

    P = sum s |u|,   Q = sum s u,

over all other rows u, those of the teacher with s = -1. What grows with the
sizes stands in P and Q alone, where it cancels exactly. A student's row and
the teacher's row v at its own point become parallel or opposite; with v' = ±v
and the angle t between w and v', which is small, the terms of that pair and
(1/4 - 1/(2π)) w together are

    (1/4 - 1/(2π)) (w - v') + |v|/(2π) ((ŵ - v̂') - ŵ sin t + v̂' t).

With e = lam**(-1/2) all of it are :class:`~bifurc.proof.germ.Germ`. In unknowns
X, the coordinates being limit + e**k (Z + e X) with k so that the Hessian is
finite, Krawczyk's test is passed for all e from 0 to a bound at once, and the
signs of all isotypic blocks are those of forms that are finite at e = 0.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.proof.germ import Germ
from bifurc.proof.interval import NotCertifiedError, exact, flint
from bifurc.structure.irreps import Component
from bifurc.structure.split import split
from bifurc.structure.structure import Coordinate, Structure

Z, Y = (1, -1, 0, 0, 0), (0, 0, 1, -1, 0)  # on four points of a set, and on all others


class Slope:
    """A number with its derivative in one direction."""

    __slots__ = ("slope", "value")

    def __init__(self, value, slope=0):
        self.value, self.slope = value, slope

    def __add__(self, other):
        if not isinstance(other, Slope):
            return Slope(self.value + other, self.slope)
        return Slope(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        if not isinstance(other, Slope):
            return Slope(self.value * other, self.slope * other)
        return Slope(self.value * other.value, self.value * other.slope + self.slope * other.value)

    def __truediv__(self, other):
        if not isinstance(other, Slope):
            return Slope(self.value / other, self.slope / other)
        ratio = self.value / other.value
        return Slope(ratio, (self.slope - ratio * other.slope) / other.value)

    def __neg__(self):
        return Slope(-self.value, -self.slope)

    def __sub__(self, other):
        return self + (-other)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return (-self) + other

    def sqrt(self):
        """The square root."""
        root = self.value.sqrt()
        return Slope(root, self.slope / (2 * root))

    def arcsin(self):
        """The angle of a small sine."""
        return Slope(self.value.arcsin(), self.slope / (1 - self.value * self.value).sqrt())


@dataclass(frozen=True, eq=False)
class Row:
    """A block of rows: its set, sign, and entries (diagonal, off-diagonal) by column."""

    points: str
    sign: int
    entries: dict  # column name -> (diagonal, off); the same value twice where not tied


@dataclass(frozen=True, eq=False)
class Sums:
    """All rows of student and teacher, and the gradient that they make.

    Parameters
    ----------
    structure : Structure
    size : mapping from set names to germs
    students, teachers : list of Row
    matched : list of (int, int) or None
        For each student block the number of the teacher's that it becomes parallel
        (+1) or opposite (-1) to at its own point.
    """

    structure: Structure
    size: dict
    students: list
    teachers: list
    matched: list

    def tied(self, row: Row, column) -> bool:
        """Whether a block of rows has a diagonal in a column."""
        return row.points == column.points and self.structure.size[row.points].constant != 1

    def inner(self, one: Row, other: Row, same: bool):
        """The inner product of two rows, at one point of their set or not."""
        total = 0
        for column in self.structure.inputs:
            n, (d, o), (a, b) = self.size[column.points], *(
                row.entries[column.name] for row in (one, other)
            )  # fmt: skip
            if self.tied(one, column) and self.tied(other, column):
                term = d * a + (n - 1) * (o * b) if same else d * b + o * a + (n - 2) * (o * b)
            elif self.tied(one, column):
                term = (d + (n - 1) * o) * b
            elif self.tied(other, column):
                term = (a + (n - 1) * b) * o
            else:
                term = n * (o * b)
            total = term + total
        return total

    @cached_property
    def rows(self) -> list:
        """All rows."""
        return [*self.students, *self.teachers]

    @cached_property
    def lengths(self) -> list:
        """|w| of each block of rows."""
        return [self.inner(row, row, True).sqrt() for row in self.rows]

    @cached_property
    def P(self):
        """The sum of all lengths, the teacher's negative."""
        total = 0
        for row, length in zip(self.rows, self.lengths, strict=True):
            total = self.size[row.points] * length * row.sign + total
        return total

    @cached_property
    def Q(self) -> dict:
        """The sum of all rows, by column."""
        found = {}
        for column in self.structure.inputs:
            total = 0
            for row in self.rows:
                total = self._summed(row, column) * row.sign + total
            found[column.name] = total
        return found

    def _summed(self, row: Row, column):
        """The sum of an entry over all rows of a block."""
        (d, o), n = row.entries[column.name], self.size[row.points]
        return d + (n - 1) * o if self.tied(row, column) else n * o

    def gradient(self) -> dict:
        """The full gradient by coordinate."""
        found = {}
        for i, row in enumerate(self.students):
            found.update(self._gradient_of(i, row))
        return found

    def _gradient_of(self, i: int, row: Row) -> dict:
        pi = _pi(self.lengths[i])
        length, along = self.lengths[i], self.P  # what goes with ŵ, times 2π
        others = dict.fromkeys(self._places(row), 0)
        for j, other in enumerate(self.rows):
            for same in (True, False):
                if not self._pairs(row, other, same) or (same and j == i):
                    continue
                if same and j - len(self.students) == self.matched[i][0]:
                    continue
                cosine = self.inner(row, other, same) / (length * self.lengths[j])
                count = 1 if same else self._count(row, other)
                sine = (1 - cosine * cosine).sqrt()
                along = (sine - 1) * self.lengths[j] * count * other.sign + along
                turn = cosine.arcsin() * other.sign
                for place in others:
                    others[place] = self._seen(row, other, place, same) * turn + others[place]
        own = self._matched(i, row)
        return {
            Coordinate(self._name(i), column, part): (
                (along * self._entry(row, (column, part)) / length + others[column, part])
                / (2 * pi)
                + self.Q[column] / 4
                + own[column, part]
            )
            for column, part in others
        }

    def _matched(self, i: int, row: Row) -> dict:
        """Terms of the teacher's row at the same point, with those of the row itself."""
        j, sign = self.matched[i]
        pi, length = _pi(self.lengths[i]), self.lengths[i]
        teacher, norm = self.teachers[j], self.lengths[len(self.students) + j]
        v = Row(
            teacher.points, 1, {c: (d * sign, o * sign) for c, (d, o) in teacher.entries.items()}
        )
        u = Row(
            row.points, 1,
            {c: (row.entries[c][0] - d, row.entries[c][1] - o) for c, (d, o) in v.entries.items()},
        )  # fmt: skip
        away, across = self.inner(u, u, True), self.inner(u, v, True)
        sine = ((away * norm * norm - across * across).sqrt()) / (length * norm)
        angle, found = sine.arcsin(), {}
        for place in self._places(row):
            w, target, difference = (self._entry(r, place) for r in (row, v, u))
            unit, aim = w / length, target / norm
            turned = (unit - aim) - unit * sine + aim * angle
            found[place] = difference * (0.25 - 1 / (2 * pi)) + turned * norm / (2 * pi)
        return found

    def _places(self, row: Row) -> list:
        return [
            (column.name, part)
            for column in self.structure.inputs
            for part in (("diag", "off") if self.tied(row, column) else ("",))
        ]

    @staticmethod
    def _entry(row: Row, place):
        return row.entries[place[0]][place[1] == "off"]

    def _pairs(self, row: Row, other: Row, same: bool) -> bool:
        """Whether there are such pairs of rows."""
        one = row.points == other.points
        return one if same else not (one and self.structure.size[row.points].constant == 1)

    def _count(self, row: Row, other: Row):
        n = self.size[other.points]
        return n - 1 if row.points == other.points else n

    def _seen(self, row: Row, other: Row, place, same: bool):
        """An entry of the other row at the same point, or the sum over all at others, over |u|."""
        name, part = place
        column = next(c for c in self.structure.inputs if c.name == name)
        d, o = other.entries[name]
        if same:
            return o if part == "off" else d
        n, tied = self.size[other.points], self.tied(other, column)
        if row.points != other.points:
            return d + (n - 1) * o if tied else n * o
        if not tied:
            return (n - 1) * o
        return (n - 1) * o if part == "diag" else d + (n - 2) * o

    def _name(self, i: int) -> str:
        return self.structure.students[i].name


def _pi(value):
    """π in the arithmetic of a value."""
    while isinstance(value, Slope):
        value = value.value
    return value.pi


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

    @cached_property
    def e(self) -> Germ:
        """e itself."""
        return Germ.of(self.reach) * Germ.e()

    @cached_property
    def lam(self) -> Germ:
        """The parameter."""
        return 1 / (self.e * self.e)

    def power(self, k: int) -> Germ:
        """e**k."""
        return Germ.of(flint.arb(self.reach) ** k) * Germ.e(k)

    def polynomial(self, poly) -> Germ:
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
        if s.decay.terms:
            raise NotCertifiedError("With decay the student does not tend to the teacher.")
        if s.ties or s.student_weights or s.teacher_weights or len(s.students) != len(s.teachers):
            raise NotCertifiedError("The student does not tend to the teacher up to signs.")
        values = dict(zip(s.coordinates, (known[0] for known in self.limit), strict=True))
        for i, (row, other) in enumerate(zip(s.students, s.teachers, strict=True)):
            entries = s.entries_of([row])
            taught = [s.taught(Coordinate(other.name, e.column, e.part)).constant for e in entries]
            own = [values[e] for e in entries]
            signs = [t for t in (1, -1) if taught == [t * value for value in own]]
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
        weights = [self.polynomial(m) for m in structure.multiplicities]
        found = np.empty((len(directions), len(directions)), dtype=object)
        for i, direction in enumerate(directions):
            moved = [Slope(value, step) for value, step in zip(x, direction, strict=True)]
            change = self.sums(structure, moved, matched).gradient()
            slopes = [change[c].slope for c in structure.coordinates]
            for j, other in enumerate(directions):
                terms = zip(weights, slopes, other, strict=True)
                total = Germ.of(0)
                for weight, slope, step in terms:
                    if not (isinstance(step, int) and step == 0):
                        total = total + weight * slope * step
                found[i, j] = total
        return found

    def block(self, component: Component, unknowns) -> np.ndarray:
        """The form of the Hessian on the copies of an irrep, each scaled to stay finite."""
        if component.irrep == "t":
            return self.hessian(unknowns)
        parts = split(self.problem.structure, dict.fromkeys(component.sets, [1, 1, 1, 1]))
        child, x = parts.structure, self.state(unknowns)
        spread = [x[int(np.argmax(row))] for row in parts.embedding]
        sign = {
            b.name: s
            for b, (_, s) in zip(self.problem.structure.students, self.matched, strict=True)
        }
        matched = [(i, sign[_piece(b.name)[0]]) for i, b in enumerate(child.students)]
        directions = [
            direction
            for copy in copies(component, self.problem.structure, self.pairs)
            if self._long(child, direction := [copy(c) for c in child.coordinates])
        ]
        found = self.form(child, spread, matched, directions)
        scales = np.empty(len(found), dtype=object)
        scales[:] = [self.power(max(0, -(found[i, i].power // 2))) for i in range(len(found))]
        return scales[:, None] * found * scales

    @property
    def pairs(self) -> set:
        """Names of the sets of two points."""
        sets = self.problem.structure.sets
        return {p.name for p in sets if (self.polynomial(p.size) - 2).is_zero}

    def _long(self, structure, direction: list) -> bool:
        """Whether a direction is none of length 0 for all sizes."""
        total = Germ.of(0)
        for m, step in zip(structure.multiplicities, direction, strict=True):
            total = total + self.polynomial(m) * step * step
        return not total.is_zero


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
