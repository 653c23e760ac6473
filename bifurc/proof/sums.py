"""All rows of a ReLU network at once, so that what grows with the sizes cancels exactly.

With f(w, v) = |w||v|/(2π) + <w, v>/4 + |w||v| k(x), x the cosine between the
rows and k(x) = (sqrt(1 - x²) - 1 + x asin x)/(2π), the gradient of the loss is

    G_w = P ŵ/(2π) + Q/4 + (1/4 - 1/(2π)) w
          + 1/(2π) sum_u s_u |u| ((sqrt(1 - x²) - 1) ŵ + asin(x) û),

    P = sum s |u|,   Q = sum s u,

over all other rows u, those of the teacher with s = -1. What grows with the
sizes stands in P and Q alone. A student's row and the teacher's row v at its
own point become parallel or opposite; with v' = ±v and the angle t between w
and v', less than π/2, the terms of that pair and (1/4 - 1/(2π)) w together are

    (1/4 - 1/(2π)) (w - v') + |v|/(2π) ((ŵ - v̂') - ŵ sin t + v̂' t).

Where w is v' the last two terms vanish with their first derivatives. Numbers
are whatever the rows are made of: :class:`~bifurc.proof.germ.Germ`, or
:class:`~bifurc.proof.germ.Slope` of them.
"""

from dataclasses import dataclass
from functools import cached_property

from bifurc.proof.germ import Slope
from bifurc.proof.interval import NotCertifiedError
from bifurc.structure.structure import ONE, Coordinate, Structure


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

    def inner(self, one: Row, other: Row, same: bool):
        """The inner product of two rows, at one point of their set or not."""
        total, tied = 0, self.structure.tied
        for column in self.structure.inputs:
            n, (d, o), (a, b) = self.size[column.points], *(
                row.entries[column.name] for row in (one, other)
            )  # fmt: skip
            if tied(one, column) and tied(other, column):
                term = d * a + (n - 1) * (o * b) if same else d * b + o * a + (n - 2) * (o * b)
            elif tied(one, column):
                term = (d + (n - 1) * o) * b
            elif tied(other, column):
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
        return d + (n - 1) * o if self.structure.tied(row, column) else n * o

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
        """Terms of the teacher's row at the same point, with those of the row itself.

        Raises
        ------
        NotCertifiedError
            If the angle between the rows may be π/2 or more.
        """
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
        if not _leading(self.inner(row, v, True)).sign() > 0:
            raise NotCertifiedError("A row may be at right angles to the teacher's.")
        sine = angle = 0  # and so are the derivatives of what they stand in
        if not all(_leading(value).is_zero for pair in u.entries.values() for value in pair):
            away, across = self.inner(u, u, True), self.inner(u, v, True)
            sine = ((away * norm * norm - across * across).sqrt()) / (length * norm)
            angle = sine.arcsin()
        found = {}
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
            for part in (("diag", "off") if self.structure.tied(row, column) else ("",))
        ]

    @staticmethod
    def _entry(row: Row, place):
        return row.entries[place[0]][place[1] == "off"]

    def _pairs(self, row: Row, other: Row, same: bool) -> bool:
        """Whether there are such pairs of rows."""
        one = row.points == other.points
        return one if same else not (one and self.structure.size[row.points] == ONE)

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
        n, tied = self.size[other.points], self.structure.tied(other, column)
        if row.points != other.points:
            return d + (n - 1) * o if tied else n * o
        if not tied:
            return (n - 1) * o
        return (n - 1) * o if part == "diag" else d + (n - 2) * o

    def _name(self, i: int) -> str:
        return self.structure.students[i].name


def _leading(value):
    """A number without its derivative."""
    return value.value if isinstance(value, Slope) else value


def _pi(value):
    """π in the arithmetic of a value."""
    return _leading(value).pi
