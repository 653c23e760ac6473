"""Families as data: point sets of real size, and blocks of rows and columns on them.

Student rows, input columns and teacher rows are lists of blocks, each a copy
of one point set. A weight matrix that is fixed by the group
G = prod_a S_{n_a} is constant on each (row block, column block), but for a
diagonal where both are copies of one set:

    W_ij = beta + sigma * [i and j are the same point]

with ``beta`` the off-diagonal entry and ``sigma`` the diagonal minus the
off-diagonal one. In this form every sum over points is a number times a
size, so nothing has to be divided by, and n = 1, 2, 3 are ordinary sizes.
A point set of literal size 1 has no off-diagonal: its entry is a constant.

A finite group K that permutes point sets of equal size ties coordinates to
one another; what is then free are the orbits of K on the coordinates.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np

from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial

ONE = Polynomial.of(1)
SLACK = 1e-9  # what rounding may take from a size: 4.1 - 3.1 is no more than 1
MOST_BLOCKS = 100_000  # of W: beyond, nothing can be computed in reasonable time
BIAS, OUTPUT = "bias", "output"  # the column of biases, and the row that holds the last one
BIASES = ("hidden", "output")
COMMON = "common"  # biases that are not trained
Entry = tuple[Polynomial, Polynomial]  # diagonal and off-diagonal; equal where not tied
# an identifier; parts, copies and mergers of sets add to it what no identifier has
NAME = re.compile(r"[^\W\d]\w*([/#+]\w+)*")


@dataclass(frozen=True)
class PointSet:
    """A set of interchangeable points; its size is an affine polynomial."""

    name: str
    size: Polynomial

    def __post_init__(self):
        if self.size.degree > 1:
            raise ValueError(
                f"Point set {self.name!r} has size {self.size}; a size must be affine "
                'in the parameters, such as "d - 1".'
            )

    @property
    def single(self) -> bool:
        """Whether this is literally one point, at all parameters."""
        return self.size == ONE

    def __str__(self) -> str:
        return f"{self.name}: {self.size}"


@dataclass(frozen=True)
class Block:
    """A copy of a point set among the rows or the columns."""

    name: str
    points: str  # name of the point set


@dataclass(frozen=True)
class Coordinate:
    """One coordinate of the fixed-point space: an entry of W and its orbit."""

    row: str
    column: str
    part: str  # "diag", "off", or "" for a constant block

    @property
    def name(self) -> str:
        """``row.column`` and, on tied blocks, ``.diag`` or ``.off``."""
        return ".".join(filter(None, (self.row, self.column, self.part)))


@dataclass(frozen=True)
class Structure:
    """Student, input and teacher blocks on point sets of real size.

    Parameters
    ----------
    sets : tuple of PointSet
    students, inputs, teachers : tuple of Block
        Row blocks of W, column blocks of W and V, row blocks of V.
    teacher : mapping (teacher row, column) -> (diagonal, off-diagonal)
        Entries of V as polynomials; blocks left out are zero.
    student_weights, teacher_weights : mapping from row names to numbers or expressions
        Second-layer weights; rows left out have weight 1. Expressions are in
        parameters that stay as they are along a line.
    ties : tuple of mappings from set names to set names
        Generators of K: permutations of point sets of equal size; sets left
        out stay where they are.
    decay : Polynomial
        mu of the term mu/2 |W - c|², in the parameters.
    reference : mapping (student row, column) -> (diagonal, off-diagonal)
        Entries of c, as those of the teacher.
    bias : tuple of "hidden" and "output", or ("common",)
        Trained biases. Those of hidden neurons are one more column of W, the
        weights of an input that is always 1; that of the output is the entry
        of one more row in this column, the neuron that is always 1.
    common : Polynomial
        The bias of all hidden neurons where it is not trained.
    """

    sets: tuple[PointSet, ...]
    students: tuple[Block, ...]
    inputs: tuple[Block, ...]
    teachers: tuple[Block, ...]
    teacher: Mapping[tuple[str, str], Entry]
    student_weights: Mapping[str, Any] = field(default_factory=dict)
    teacher_weights: Mapping[str, Any] = field(default_factory=dict)
    ties: tuple[Mapping[str, str], ...] = ()
    decay: Polynomial = Polynomial.of(0)
    reference: Mapping[tuple[str, str], Entry] = field(default_factory=dict)
    bias: tuple[str, ...] = ()
    common: Polynomial = Polynomial.of(0)

    def __post_init__(self):
        for what, named in (
            ("Point set", self.sets),
            ("Student block", self.students),
            ("Input block", self.inputs),
            ("Teacher block", self.teachers),
        ):
            check_names(what, [one.name for one in named])
        if (blocks := len(self.students) * len(self.inputs)) > MOST_BLOCKS:
            raise ValueError(
                f"A structure of {len(self.students)} by {len(self.inputs)} blocks has {blocks} of "
                f"them; {MOST_BLOCKS} are the most. Use fewer point sets."
            )
        known = {points.name for points in self.sets}
        for block in (*self.students, *self.inputs, *self.teachers):
            if block.points not in known:
                raise ValueError(
                    f"Block {block.name!r} is a copy of point set {block.points!r}, which is "
                    f"not defined; the sets are {', '.join(sorted(known))}."
                )
        if not self.students or not self.inputs:
            raise ValueError("A structure needs at least one student and one input block.")
        self._check_weights()
        self._check_teacher()
        for generator in self.ties:
            self._check_tie(generator)

    def _check_weights(self) -> None:
        for what, weights, blocks in (
            ("student", self.student_weights, self.students),
            ("teacher", self.teacher_weights, self.teachers),
        ):
            rows = [block.name for block in blocks]
            for name, weight in weights.items():
                if name not in rows:
                    raise ValueError(
                        f"There is no {what} block {name!r} to have a weight; the blocks are "
                        f"{', '.join(rows) or 'none'}."
                    )
                if not isinstance(weight, Polynomial) and not _is_double(weight):
                    raise ValueError(
                        f"The weight of {what} block {name!r} must be a finite number that a "
                        f"double holds, got {weight!r}."
                    )

    def _check_teacher(self) -> None:
        columns = [block.name for block in self.inputs]
        for what, blocks, table in self.tables:
            rows = [block.name for block in blocks]
            for row, column in table:
                if row not in rows or column not in columns:
                    raise ValueError(
                        f"The {what} has no entry {row!r}, {column!r}; its rows are "
                        f"{', '.join(rows) or 'none'}, its columns {', '.join(columns)}."
                    )

    def _check_tie(self, generator: Mapping[str, str]) -> None:
        """Raise ValueError unless a permutation of point sets is a symmetry of the problem."""
        names, tie = set(self.size), ", ".join(f"{a} -> {b}" for a, b in generator.items())
        if not names >= {*generator, *generator.values()} or set(generator) != set(
            generator.values()
        ):
            raise ValueError(f"A tie must permute point sets; {tie} does not.")
        for one, other in generator.items():
            if self.size[one] != self.size[other]:
                raise ValueError(
                    f"Parts {one!r} and {other!r} cannot be exchanged: their sizes are "
                    f"{self.size[one]} and {self.size[other]}. Tie parts of equal size."
                )
            for blocks, weights in (
                (self.students, self.student_weights),
                (self.inputs, {}),
                (self.teachers, self.teacher_weights),
            ):
                mine, yours = ([b.name for b in blocks if b.points == s] for s in (one, other))
                if [weights.get(b, 1.0) for b in mine] != [weights.get(b, 1.0) for b in yours]:
                    raise ValueError(
                        f"Parts {one!r} and {other!r} cannot be exchanged: their blocks or "
                        "weights differ."
                    )
        columns = self.moved(self.inputs, generator)
        for what, blocks, table in self.tables:
            rows = self.moved(blocks, generator)
            for entry in self.entries_of(blocks):
                image = Coordinate(rows[entry.row], columns[entry.column], entry.part)
                if entry_of(table, entry) != entry_of(table, image):
                    raise ValueError(
                        f"The tie {tie} does not leave the {what} as it is: {entry.name} and "
                        f"{image.name} differ."
                    )

    @property
    def tables(self):
        """What W is compared with: a name, row blocks and entries, of the teacher and of c."""
        return (
            ("teacher", self.teachers, self.teacher),
            ("reference", self.students, self.reference),
        )

    def taught(self, entry: Coordinate) -> Polynomial:
        """An entry of the teacher."""
        return entry_of(self.teacher, entry)

    @classmethod
    def build(
        cls,
        sets: Mapping[str, str | float | Polynomial],
        students: Sequence[str],
        inputs: Sequence[str],
        teachers: Sequence[str] | None = None,
        teacher: Mapping[str, object] | None = None,
        student_weights: Mapping[str, Any] | None = None,
        teacher_weights: Mapping[str, Any] | None = None,
        decay: str | float | Polynomial = 0,
        reference: Mapping[str, object] | None = None,
        bias: str | float = "",
    ) -> "Structure":
        """Make a structure from names; a repeated set is named ``set``, ``set#2``, ...

        ``teachers`` defaults to ``inputs`` and ``teacher`` to the identity on
        blocks that copy one set. Entries of ``teacher`` are written
        ``{"row,column": [diagonal, off-diagonal]}`` or, for a constant block,
        ``{"row,column": value}``; so are those of ``reference``.

        Examples
        --------
        >>> s = Structure.build({"bulk": "d - 1", "last": 1}, ["bulk", "last"], ["bulk", "last"])
        >>> [c.name for c in s.coordinates]
        ['bulk.bulk.diag', 'bulk.bulk.off', 'bulk.last', 'last.bulk', 'last.last']
        >>> print(*s.components, sep=" ⊕ ")
        5·t ⊕ 5·s[bulk] ⊕ 1·x[bulk] ⊕ 1·y[bulk]
        """
        points = tuple(PointSet(name, Polynomial.of(size)) for name, size in sets.items())
        columns = _name_blocks(inputs)
        rows = _name_blocks(inputs if teachers is None else teachers)
        given = {k: v for k, v in (teacher or {}).items() if bias == "" or _pair(k)[1] != BIAS}
        entries = _identity(rows, columns) if teacher is None else _table(given)
        made = cls(
            points,
            _name_blocks(students),
            columns,
            rows,
            entries,
            _expressions(student_weights),
            _expressions(teacher_weights),
            decay=Polynomial.of(decay),
            reference=_table(reference or {}),
        )
        return made if bias == "" else made.biased(bias, _biases(teacher or {}))

    def biased(self, bias: str | float, taught: Mapping[str, object] | None = None) -> "Structure":
        """The same structure with biases, and those of the teacher as ``{row: value}``.

        Raises
        ------
        ValueError
            If ``bias`` is neither hidden, output or both, nor an expression.
        """
        kinds = tuple(part.strip() for part in str(bias).split(","))
        common = Polynomial.of(0)
        if not set(kinds) & set(BIASES):
            kinds, common = (COMMON,), Polynomial.of(bias)
        known = set(kinds) <= {*BIASES, COMMON}
        if not known or len(set(kinds)) != len(kinds) or self.bias:
            raise ValueError(
                "Biases are hidden, output or both, of a network, or an expression that all "
                f"neurons have in common; got {bias!r}."
            )
        block = Block(BIAS, BIAS)
        row = (Block(OUTPUT, BIAS),) if OUTPUT in kinds else ()
        more = {(name, BIAS): _entry(value) for name, value in (taught or {}).items()}
        return replace(
            self,
            sets=(*self.sets, PointSet(BIAS, Polynomial.of(1))),
            students=(*self.students, *row),
            inputs=(*self.inputs, block),
            teacher={**self.teacher, **more},
            bias=kinds,
            common=common,
        )

    @property
    def plain(self) -> "Structure":
        """The same structure without biases and without decay."""
        if not self.bias:
            return replace(self, decay=Polynomial.of(0))
        return replace(
            self,
            sets=self.sets[:-1],
            students=self.hidden,
            inputs=self.inputs[:-1],
            teacher={key: entry for key, entry in self.teacher.items() if key[1] != BIAS},
            bias=(),
            common=Polynomial.of(0),
            decay=Polynomial.of(0),
        )

    @property
    def hidden(self) -> tuple[Block, ...]:
        """The row blocks of neurons: all but that of the output's bias."""
        return self.students[: len(self.students) - (OUTPUT in self.bias)]

    def free(self, row: Block, column: Block) -> bool:
        """Whether the block of W is there: all but for biases that are not trained."""
        if not self.bias:
            return True
        if row.name == OUTPUT:
            return column.name == BIAS
        return column.name != BIAS or "hidden" in self.bias

    @cached_property
    def size(self) -> dict[str, Polynomial]:
        """The size of each point set."""
        return {points.name: points.size for points in self.sets}

    @property
    def parameters(self) -> set[str]:
        """Names of the parameters in sizes, teacher and decay."""
        entries = [v for _, _, table in self.tables for pair in table.values() for v in pair]
        own = self.decay.names | self.common.names
        for weight in (*self.student_weights.values(), *self.teacher_weights.values()):
            own |= weight.names if isinstance(weight, Polynomial) else set()
        return own.union(*(p.names for p in [*self.size.values(), *entries]))

    def tied(self, row: Block, column: Block) -> bool:
        """Whether the block has a diagonal: both copy one set of more than one point."""
        return row.points == column.points and self.size[row.points] != ONE

    @cached_property
    def entries(self) -> tuple[Coordinate, ...]:
        """Orbits of entries of W under the point permutations alone, row by row."""
        return tuple(
            entry
            for row in self.students
            for column in self.inputs
            if self.free(row, column)
            for entry in self._parts(row, column)
        )

    def entries_of(self, rows: Sequence[Block]) -> tuple[Coordinate, ...]:
        """Orbits of entries of a matrix with these row blocks."""
        return tuple(e for row in rows for column in self.inputs for e in self._parts(row, column))

    def _parts(self, row: Block, column: Block) -> tuple[Coordinate, ...]:
        parts = ("diag", "off") if self.tied(row, column) else ("",)
        return tuple(Coordinate(row.name, column.name, part) for part in parts)

    @cached_property
    def orbits(self) -> tuple[tuple[int, ...], ...]:
        """Orbits of K on :attr:`entries`, as indices; one each without ties."""
        place = {entry: i for i, entry in enumerate(self.entries)}
        links = []
        for generator in self.ties:
            rows, columns = self.moved(self.students, generator), self.moved(self.inputs, generator)
            links.append(
                [place[Coordinate(rows[e.row], columns[e.column], e.part)] for e in self.entries]
            )
        return _orbits(len(place), links)

    @cached_property
    def coordinates(self) -> tuple[Coordinate, ...]:
        """Coordinates of the fixed-point space, named by the first entry of each orbit."""
        return tuple(self.entries[orbit[0]] for orbit in self.orbits)

    @cached_property
    def multiplicities(self) -> tuple[Polynomial, ...]:
        """m_a: how many entries of W stand behind each coordinate."""
        each = [self._multiplicity(entry) for entry in self.entries]
        return tuple(sum((each[i] for i in orbit), Polynomial.of(0)) for orbit in self.orbits)

    def _multiplicity(self, entry: Coordinate) -> Polynomial:
        points = {b.name: self.size[b.points] for b in (*self.students, *self.inputs)}
        n = points[entry.row]
        return {"diag": n, "off": n * (n - 1), "": n * points[entry.column]}[entry.part]

    def moved(self, blocks: Sequence[Block], generator: Mapping[str, str]) -> dict[str, str]:
        """Where a generator of K takes each block: the copy of the new set in the same place."""
        copies: dict[str, list[str]] = {}
        for block in blocks:
            copies.setdefault(block.points, []).append(block.name)
        return {
            name: copies[generator.get(points, points)][i]
            for points, names in copies.items()
            for i, name in enumerate(names)
        }

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """Isotypic components of the space of weight matrices, t first.

        Components that K permutes have the same eigenvalues and are counted
        as one. The directions that break K alone are the component k.
        """
        rows = {a: sum(b.points == a for b in self.students) for a in self.size}
        cols = {a: sum(b.points == a for b in self.inputs) for a in self.size}
        found = [Component.on("t", len(self.coordinates))]
        found.append(Component.on("k", len(self.entries) - len(self.coordinates)))
        many = [points.name for points in self.sets if not points.single]
        there = [
            (r.points, c.points) for r in self.students for c in self.inputs if self.free(r, c)
        ]
        for a in many:
            vertex = sum((r == a) + (c == a) + (r == a == c) for r, c in there)
            least = 1.0 if rows[a] and cols[a] else 0.0
            found.append(Component.on("s", vertex, {a: self.size[a]}, least))
            for irrep in ("x", "y"):
                found.append(Component.on(irrep, rows[a] * cols[a], {a: self.size[a]}))
        for i, a in enumerate(many):
            for b in many[i + 1 :]:
                copies = rows[a] * cols[b] + rows[b] * cols[a]
                found.append(Component.on("sxs", copies, {a: self.size[a], b: self.size[b]}))
        return self._up_to_ties([component for component in found if component.copies])

    def _up_to_ties(self, components: Sequence[Component]) -> tuple[Component, ...]:
        """One component for each orbit of K, with the dimensions added."""
        place = {(c.irrep, frozenset(c.sets)): i for i, c in enumerate(components)}
        links = [
            [place[c.irrep, frozenset(g.get(a, a) for a in c.sets)] for c in components]
            for g in self.ties
        ]
        return tuple(
            replace(
                components[orbit[0]],
                dimension=sum((components[i].dimension for i in orbit), Polynomial.of(0)),
                least=components[orbit[0]].least * len(orbit),
            )
            for orbit in _orbits(len(components), links)
        )

    def weighed(self, line: Mapping[str, Polynomial]) -> "Structure":
        """The structure with numbers for second-layer weights that are expressions.

        Raises
        ------
        ValueError
            If one of them moves along the line.
        """
        both = self.student_weights, self.teacher_weights
        if not any(isinstance(weight, Polynomial) for given in both for weight in given.values()):
            return self
        found = [{n: _weight(n, weight, line) for n, weight in given.items()} for given in both]
        return replace(self, student_weights=found[0], teacher_weights=found[1])

    def along(self, line: Mapping[str, Polynomial]) -> "Structure":
        """The structure on a line of parameters: sets that stay one point become single."""
        sets = tuple(
            PointSet(points.name, Polynomial.of(1))
            if points.size.substitute(line) == Polynomial.of(1)
            else points
            for points in self.sets
        )
        return replace(self, sets=sets)

    def __str__(self) -> str:
        """Such as ``S(d - 3) x S(3)``."""
        sets = [points for points in self.sets if not self.bias or points.name != BIAS]
        return " x ".join(f"S({points.size})" for points in sets)

    def least_size(self, points: PointSet) -> float:
        """The smallest size: 1 with an off-diagonal, and just above 0 for bare rows or columns."""
        rows = any(b.points == points.name for b in (*self.students, *self.teachers))
        columns = any(b.points == points.name for b in self.inputs)
        return 1.0 if rows and columns else 1e-9

    def check_sizes(self, values: Mapping[str, float]) -> None:
        """Raise ValueError unless every point set has an admissible size."""
        for points in self.sets:
            size = points.size(**values)
            least = self.least_size(points)
            if not least - SLACK <= size < np.inf:
                given = ", ".join(f"{name} = {values[name]:.6g}" for name in sorted(values))
                raise ValueError(
                    f"Point set {points.name!r} has size {points.size} = {size:.6g} at {given}; "
                    f"it needs {'at least 1' if least == 1 else 'more than 0'}. "
                    "Move the parameters to larger sets."
                )


def _is_double(value) -> bool:
    """Whether a value is a finite number that a double holds exactly."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(value) and float(value) == value
    except OverflowError:
        return False


def _expressions(weights: Mapping[str, Any] | None) -> dict:
    """Second-layer weights, those that are written as text as polynomials."""
    given = weights or {}
    return {n: Polynomial.parse(w) if isinstance(w, str) else w for n, w in given.items()}


def _weight(name: str, weight, line: Mapping[str, Polynomial]) -> float:
    """A second-layer weight at the parameters that a line leaves as they are."""
    if not isinstance(weight, Polynomial):
        return weight
    value = weight.substitute(line).constant
    if value is None:
        raise ValueError(
            f"The weight {weight} of row {name!r} moves along the line; let a parameter run that "
            "it does not depend on."
        )
    return float(value)


def check_names(what: str, names: Iterable[str]) -> None:
    """Raise ValueError unless all names are identifiers, and no two the same."""
    seen: set[str] = set()
    for name in names:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ValueError(
                f"{what} {name!r} needs another name: letters, figures and _, a letter first."
            )
        if name in seen:
            raise ValueError(f"{what} {name!r} is there twice; names must differ.")
        seen.add(name)


def _orbits(n: int, links: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Orbits of permutations of range(n), each sorted, in the order of their first member."""
    seen: set[int] = set()
    orbits = []
    for start in range(n):
        if start in seen:
            continue
        orbit, front = {start}, [start]
        while front:
            new = {link[i] for i in front for link in links} - orbit
            orbit |= new
            front = list(new)
        seen |= orbit
        orbits.append(tuple(sorted(orbit)))
    return tuple(orbits)


def _name_blocks(points: Sequence[str]) -> tuple[Block, ...]:
    seen: dict[str, int] = {}
    blocks = []
    for name in points:
        seen[name] = seen.get(name, 0) + 1
        blocks.append(Block(name if seen[name] == 1 else f"{name}#{seen[name]}", name))
    return tuple(blocks)


def _identity(rows: Sequence[Block], columns: Sequence[Block]) -> dict[tuple[str, str], Entry]:
    one, zero = Polynomial.of(1), Polynomial.of(0)
    return {(r.name, c.name): (one, zero) for r in rows for c in columns if r.points == c.points}


def _biases(teacher: Mapping[str, object]) -> dict[str, object]:
    """The teacher's biases by row."""
    return {_pair(key)[0]: value for key, value in teacher.items() if _pair(key)[1] == BIAS}


def entry_of(table: Mapping[tuple[str, str], Entry], entry: Coordinate) -> Polynomial:
    """An entry of the teacher or of c."""
    nothing = Polynomial.of(0), Polynomial.of(0)
    return table.get((entry.row, entry.column), nothing)[entry.part == "off"]


def _table(given: Mapping[str, object]) -> dict[tuple[str, str], Entry]:
    return {_pair(key): _entry(value) for key, value in given.items()}


def _pair(key: str) -> tuple[str, str]:
    row, _, column = (part.strip() for part in key.partition(","))
    return row, column


def _entry(value) -> Entry:
    if isinstance(value, list | tuple):
        diagonal, off = value
    else:
        diagonal = off = value
    return Polynomial.of(diagonal), Polynomial.of(off)
