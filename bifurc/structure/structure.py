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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bifurc.structure import checks
from bifurc.structure.blocks import (
    ALPHA,
    BIAS,
    BIASES,
    COMMON,
    GAUGES,
    ONE,
    Coordinate,
    Entry,
    OnPoints,
    PointBlock,
    PointSet,
    biases_of,
    entry_from,
    entry_of,
    expressions,
    identity,
    named_blocks,
    pair_of,
    table_from,
    weight_on,
)
from bifurc.structure.components import components_of, orbits_of
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial

OUTPUT = "output"  # the row that holds the bias of the output


@dataclass(frozen=True)
class Structure:
    """Student, input and teacher blocks on point sets of real size.

    Parameters
    ----------
    sets : tuple of PointSet
    students, inputs, teachers : tuple of PointBlock
        Row blocks of W, column blocks of W and V, row blocks of V.
    teacher : mapping (teacher row, column) -> (diagonal, off-diagonal)
        Entries of V as polynomials; blocks left out are zero.
    student_weights, teacher_weights : mapping from row names to numbers or expressions
        Second-layer weights; rows left out have weight 1. Expressions are affine along
        the line that parameters run on.
    ties : tuple of mappings from set names to set names
        Generators of K: permutations of sets of equal size; those left out stay.
    decay : Polynomial
        mu of the term mu/2 |W - c|², in the parameters; output weights that are trained
        are part of it.
    reference : mapping (student row, column) -> (diagonal, off-diagonal)
        Entries of c, as those of the teacher.
    bias : tuple of "hidden" and "output", or ("common",)
        Trained biases. Those of hidden neurons are one more column of W, the
        weights of an input that is always 1; that of the output is the entry
        of one more row in this column, the neuron that is always 1.
    common : Polynomial
        The bias of all hidden neurons where it is not trained.
    trained : str
        Whether output weights are trained too: "" or one of :data:`GAUGES`, which
        chooses a point where neurons may be rescaled at no cost: the output weights
        are those of ``student_weights``, or \\|alpha\\| = \\|w\\|. They are one
        more column of W, and ``student_weights`` where members start.
    sphere, row_norm : Polynomial
        \\|W\\|_F² where weights are held on a sphere, or \\|w_i\\|² of every row.
    """

    sets: tuple[PointSet, ...]
    students: tuple[PointBlock, ...]
    inputs: tuple[PointBlock, ...]
    teachers: tuple[PointBlock, ...]
    teacher: Mapping[tuple[str, str], Entry]
    student_weights: Mapping[str, Any] = field(default_factory=dict)
    teacher_weights: Mapping[str, Any] = field(default_factory=dict)
    ties: tuple[Mapping[str, str], ...] = ()
    decay: Polynomial = Polynomial.of(0)
    reference: Mapping[tuple[str, str], Entry] = field(default_factory=dict)
    bias: tuple[str, ...] = ()
    common: Polynomial = Polynomial.of(0)
    trained: str = ""
    sphere: Polynomial = Polynomial.of(0)
    row_norm: Polynomial = Polynomial.of(0)

    def __post_init__(self):
        checks.check_blocks(self)
        checks.check_weights(self)
        if self.trained and self.trained not in GAUGES:
            raise ValueError(f"A gauge is {' or '.join(GAUGES)}, got {self.trained!r}.")
        checks.check_teacher(self)
        if self.confined and (self.decay.terms or self.trained or self.reference):
            raise ValueError(
                "On a sphere weights have no decay and no reference, and output weights are fixed."
            )
        if self.sphere.terms and self.row_norm.terms:
            raise ValueError("Give the norm of all weights or that of the rows, not both.")
        for generator in self.ties:
            checks.check_tie(self, generator)

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
        train_weights: str | bool = False,
        sphere: str | float | Polynomial = 0,
        row_norm: str | float | Polynomial = 0,
        ties: Sequence[Mapping[str, str]] = (),
    ) -> "Structure":
        """Make a structure from names; a repeated set is named ``set``, ``set#2``, ...

        ``teachers`` defaults to ``inputs`` and ``teacher`` to the identity on
        blocks that copy one set; ``ties`` permute sets. Entries of ``teacher`` are written
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
        for what, weights in (("student", student_weights), ("teacher", teacher_weights)):
            for row, weight in (weights or {}).items():
                if Polynomial.of(weight).constant == 0:
                    raise ValueError(
                        f"The weight of {what} block {row!r} is 0, so that it does nothing; leave "
                        "the block out."
                    )
        points = tuple(PointSet(name, Polynomial.of(size)) for name, size in sets.items())
        columns = named_blocks(inputs)
        rows = named_blocks(inputs if teachers is None else teachers)
        given = {k: v for k, v in (teacher or {}).items() if bias == "" or pair_of(k)[1] != BIAS}
        entries = identity(rows, columns) if teacher is None else table_from(given)
        made = cls(
            points,
            named_blocks(students),
            columns,
            rows,
            entries,
            expressions(student_weights),
            expressions(teacher_weights),
            decay=Polynomial.of(decay),
            reference=table_from(reference or {}),
            sphere=Polynomial.of(sphere),
            row_norm=Polynomial.of(row_norm),
        )
        made = made if bias == "" else made.biased(bias, biases_of(teacher or {}))
        made = replace(made, ties=tuple(dict(tie) for tie in ties or ()))
        return made.with_train_weights(train_weights) if train_weights else made

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
        block = PointBlock(BIAS, BIAS)
        row = (PointBlock(OUTPUT, BIAS),) if OUTPUT in kinds else ()
        more = {(name, BIAS): entry_from(value) for name, value in (taught or {}).items()}
        return replace(
            self,
            sets=(*self.sets, PointSet(BIAS, Polynomial.of(1))),
            students=(*self.students, *row),
            inputs=(*self.inputs, block),
            teacher={**self.teacher, **more},
            bias=kinds,
            common=common,
        )

    def with_train_weights(self, gauge: str | bool = True) -> "Structure":
        """The same structure with output weights that are trained, in a gauge."""
        chosen = gauge if isinstance(gauge, str) else GAUGES[0]
        if self.trained:
            return replace(self, trained=chosen)
        return replace(
            self,
            sets=(*self.sets, PointSet(ALPHA, Polynomial.of(1))),
            inputs=(*self.inputs, PointBlock(ALPHA, ALPHA)),
            trained=chosen,
        )

    @property
    def plain(self) -> "Structure":
        """The same structure without biases, with fixed output weights and without decay."""
        beside = self.beside
        return replace(
            self,
            sets=tuple(points for points in self.sets if points.name not in beside),
            students=self.hidden,
            inputs=tuple(block for block in self.inputs if block.points not in beside),
            teacher={key: entry for key, entry in self.teacher.items() if key[1] not in beside},
            bias=(),
            common=Polynomial.of(0),
            decay=Polynomial.of(0),
            trained="",
            sphere=Polynomial.of(0),
            row_norm=Polynomial.of(0),
        )

    @property
    def is_plain(self) -> bool:
        """Whether there are weights of neurons alone, free, without decay."""
        return not self.beside and not self.decay.terms and not self.confined

    @property
    def confined(self) -> bool:
        """Whether weights are held on a sphere, or each row on one."""
        return bool(self.sphere.terms or self.row_norm.terms)

    @property
    def beside(self) -> set[str]:
        """The columns that stand beside the inputs, and their sets: biases and output weights."""
        return {name for name, on in ((BIAS, self.bias), (ALPHA, self.trained)) if on}

    @property
    def hidden(self) -> tuple[PointBlock, ...]:
        """The row blocks of neurons: all but that of the output's bias."""
        return self.students[: len(self.students) - (OUTPUT in self.bias)]

    def free(self, row: PointBlock, column: PointBlock) -> bool:
        """Whether the block of W is there: all but for biases that are not trained."""
        if row.name == OUTPUT and OUTPUT in self.bias:
            return column.name == BIAS
        return column.name != BIAS or not self.bias or "hidden" in self.bias

    @cached_property
    def size(self) -> dict[str, Polynomial]:
        """The size of each point set."""
        return {points.name: points.size for points in self.sets}

    @property
    def parameters(self) -> set[str]:
        """Names of the parameters in sizes, teacher and decay."""
        entries = [v for _, _, table in self.tables for pair in table.values() for v in pair]
        own = self.decay.names | self.common.names | self.sphere.names | self.row_norm.names
        for weight in (*self.student_weights.values(), *self.teacher_weights.values()):
            own |= weight.names if isinstance(weight, Polynomial) else set()
        return own.union(*(p.names for p in [*self.size.values(), *entries]))

    def tied(self, row: OnPoints, column: OnPoints) -> bool:
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
            for entry in self.parts(row, column)
        )

    def entries_of(self, rows: Sequence[PointBlock]) -> tuple[Coordinate, ...]:
        """Orbits of entries of a matrix with these row blocks."""
        return tuple(e for row in rows for column in self.inputs for e in self.parts(row, column))

    def parts(self, row: PointBlock, column: PointBlock) -> tuple[Coordinate, ...]:
        """Orbits of entries of one block."""
        parts = ("diag", "off") if self.tied(row, column) else ("",)
        return tuple(Coordinate(row.name, column.name, part) for part in parts)

    @cached_property
    def orbits(self) -> tuple[tuple[int, ...], ...]:
        """Orbits of K on :attr:`entries`, as indices; one each without ties."""
        place = {entry: i for i, entry in enumerate(self.entries)}
        links = []
        for generator in self.ties:
            rows, columns = self.moved(self.students, generator), self.moved(self.inputs, generator)
            moved = (Coordinate(rows[e.row], columns[e.column], e.part) for e in self.entries)
            links.append([place[entry] for entry in moved])
        return orbits_of(len(place), links)

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

    def moved(self, blocks: Sequence[PointBlock], generator: Mapping[str, str]) -> dict[str, str]:
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
        """Isotypic components of the space of weight matrices, t first."""
        return components_of(self)

    def weighed(self, line: Mapping[str, Polynomial]) -> "Structure":
        """The structure with numbers for second-layer weights that stay as they are on a line."""
        if not self.weights_run:
            return self
        both = self.student_weights, self.teacher_weights
        mine, theirs = ({n: weight_on(n, w, line) for n, w in of.items()} for of in both)
        return replace(self, student_weights=mine, teacher_weights=theirs)

    @property
    def weights_run(self) -> bool:
        """Whether second-layer weights are expressions, such as move along a line."""
        given = *self.student_weights.values(), *self.teacher_weights.values()
        return any(isinstance(w, Polynomial) for w in given)

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
        sets = [points for points in self.sets if points.name not in self.beside]
        return " x ".join(f"S({points.size})" for points in sets)

    def least_size(self, points: PointSet) -> float:
        """The smallest size: 1 with an off-diagonal, and just above 0 for bare rows or columns."""
        rows = any(b.points == points.name for b in (*self.students, *self.teachers))
        columns = any(b.points == points.name for b in self.inputs)
        return 1.0 if rows and columns else 1e-9

    def check_sizes(self, values: Mapping[str, float]) -> None:
        """Raise ValueError unless every point set has an admissible size, and weights a length."""
        checks.check_sizes(self, values)
