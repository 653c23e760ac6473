"""What makes a structure none: names, weights, entries and ties that do not fit."""

import math
import re
from collections.abc import Iterable, Mapping
from numbers import Real

import numpy as np

from bifurc.structure.blocks import Coordinate, entry_of
from bifurc.structure.polynomial import Polynomial

SLACK = 1e-9  # what rounding may take from a size: 4.1 - 3.1 is no more than 1
MOST_BLOCKS = 100_000  # of W: beyond, nothing can be computed in reasonable time
# an identifier; parts, copies and mergers of sets add to it what no identifier has
NAME = re.compile(r"[^\W\d]\w*([/#+]\w+)*")


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


def check_blocks(structure) -> None:
    """Raise ValueError unless there are blocks, on sets there are, with names of their own."""
    for what, named in (
        ("Point set", structure.sets),
        ("Student block", structure.students),
        ("Input block", structure.inputs),
        ("Teacher block", structure.teachers),
    ):
        check_names(what, [one.name for one in named])
    rows, columns = len(structure.students), len(structure.inputs)
    if rows * columns > MOST_BLOCKS:
        raise ValueError(
            f"A structure of {rows} by {columns} blocks has {rows * columns} of them; "
            f"{MOST_BLOCKS} are the most. Use fewer point sets."
        )
    known = {points.name for points in structure.sets}
    for block in (*structure.students, *structure.inputs, *structure.teachers):
        if block.points not in known:
            raise ValueError(
                f"Block {block.name!r} is a copy of point set {block.points!r}, which is "
                f"not defined; the sets are {', '.join(sorted(known))}."
            )
    if not rows or not columns:
        raise ValueError("A structure needs at least one student and one input block.")


def check_weights(structure) -> None:
    """Raise ValueError unless second-layer weights are numbers or expressions of rows there are."""
    for what, weights, blocks in (
        ("student", structure.student_weights, structure.students),
        ("teacher", structure.teacher_weights, structure.teachers),
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


def check_teacher(structure) -> None:
    """Raise ValueError unless the entries of teacher and reference are between blocks there are."""
    columns = [block.name for block in structure.inputs]
    for what, blocks, table in structure.tables:
        rows = [block.name for block in blocks]
        for row, column in table:
            if row not in rows or column not in columns:
                raise ValueError(
                    f"The {what} has no entry {row!r}, {column!r}; its rows are "
                    f"{', '.join(rows) or 'none'}, its columns {', '.join(columns)}."
                )


def check_tie(structure, generator: Mapping[str, str]) -> None:
    """Raise ValueError unless a permutation of point sets is a symmetry of the problem."""
    names, tie = set(structure.size), ", ".join(f"{a} -> {b}" for a, b in generator.items())
    if not names >= {*generator, *generator.values()} or set(generator) != set(generator.values()):
        raise ValueError(f"A tie must permute point sets; {tie} does not.")
    for one, other in generator.items():
        if structure.size[one] != structure.size[other]:
            raise ValueError(
                f"Parts {one!r} and {other!r} cannot be exchanged: their sizes are "
                f"{structure.size[one]} and {structure.size[other]}. Tie parts of equal size."
            )
        for blocks, weights in (
            (structure.students, structure.student_weights),
            (structure.inputs, {}),
            (structure.teachers, structure.teacher_weights),
        ):
            mine, yours = ([b.name for b in blocks if b.points == s] for s in (one, other))
            if [weights.get(b, 1.0) for b in mine] != [weights.get(b, 1.0) for b in yours]:
                raise ValueError(
                    f"Parts {one!r} and {other!r} cannot be exchanged: their blocks or "
                    "weights differ."
                )
    columns = structure.moved(structure.inputs, generator)
    for what, blocks, table in structure.tables:
        rows = structure.moved(blocks, generator)
        of = {b.name: b for b in blocks}, {b.name: b for b in structure.inputs}
        there = [e for r, c in table for e in structure.parts(of[0][r], of[1][c])]
        for entry in there:  # zeros are taken to zeros if all others go to their like
            image = Coordinate(rows[entry.row], columns[entry.column], entry.part)
            if entry_of(table, entry) != entry_of(table, image):
                raise ValueError(
                    f"The tie {tie} does not leave the {what} as it is: {entry.name} and "
                    f"{image.name} differ."
                )


def _is_double(value) -> bool:
    """Whether a value is a finite number that a double holds exactly."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(value) and float(value) == value
    except OverflowError:
        return False


def check_sizes(structure, values: Mapping[str, float]) -> None:
    """Raise ValueError unless every point set has an admissible size."""
    for points in structure.sets:
        size = points.size(**values)
        least = structure.least_size(points)
        if not least - SLACK <= size < np.inf:
            given = ", ".join(f"{name} = {values[name]:.6g}" for name in sorted(values))
            raise ValueError(
                f"Point set {points.name!r} has size {points.size} = {size:.6g} at {given}; "
                f"it needs {'at least 1' if least == 1 else 'more than 0'}. "
                "Move the parameters to larger sets."
            )
    for what, square in (("|W|²", structure.sphere), ("|w|² of each row", structure.row_norm)):
        if square.terms and not square(**values) > 0:
            raise ValueError(f"{what} is held at {square}, which must be more than 0.")
