"""Merge point sets: the way back from a split, to a larger group."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, permutations, product

import numpy as np

from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import Coordinate, PointBlock, PointSet, Structure, entry_of


@dataclass(frozen=True, eq=False)
class Merger:
    """Two sets taken as one, after the rows of single sets were relabelled.

    ``order`` rearranges entries (``values[order]``), ``classes`` says which of
    them are then equal in the larger group.
    """

    pair: tuple[str, str]
    order: np.ndarray
    classes: list[Coordinate]


def mergers(structure: Structure) -> Iterator[Merger]:
    """All pairs of sets that play the same part, with all relabellings of single rows.

    Rows of the student may be permuted by themselves, so a state can have a
    larger isotropy in which its rows answer to other inputs.
    """
    sets = [p.name for p in structure.sets if p.name not in structure.beside]
    for pair in combinations(sets, 2):
        if not _alike(structure, *pair):
            continue
        classes = _classes(structure, pair)
        for order in _row_orders(structure):
            yield Merger(pair, order, classes)


def merge(structure: Structure, pair: tuple[str, str]) -> Structure:
    """The structure in which the second set of ``pair`` has joined the first."""
    one, other = pair
    sizes = {p.name: p.size for p in structure.sets}
    name = f"{one}+{other}"
    sets = tuple(
        PointSet(name, sizes[one] + sizes[other]) if p.name == one else p
        for p in structure.sets
        if p.name != other
    )
    renamed = {}
    kinds = []
    for blocks in (structure.students, structure.inputs, structure.teachers):
        kept = []
        for block in blocks:
            if block.points == other:
                continue
            new = block
            if block.points == one:
                new = PointBlock(block.name.replace(one, name, 1), name)
            renamed[block.name] = new.name
            kept.append(new)
        kinds.append(tuple(kept))
    teacher, reference = (
        _merged(structure, blocks, table, pair, renamed) for _, blocks, table in structure.tables
    )
    weights = [
        {renamed[row]: w for row, w in given.items() if row in renamed}
        for given in (structure.student_weights, structure.teacher_weights)
    ]
    students, inputs, teachers = kinds
    return replace(
        structure, sets=sets, students=students, inputs=inputs, teachers=teachers, teacher=teacher,
        student_weights=weights[0], teacher_weights=weights[1], ties=(), reference=reference,
    )  # fmt: skip


def _merged(structure: Structure, blocks, table, pair: tuple[str, str], renamed) -> dict:
    """The entries of the teacher or of c between the blocks that stay."""
    one, other = pair
    zero, found = Polynomial.of(0), {}
    points = {b.name: b.points for b in (*structure.inputs, *blocks)}
    for (row, column), entry in table.items():
        if row in renamed and column in renamed:
            if points[row] == points[column] == one:
                off = table.get((row, _copy(column, one, other)), (zero, zero))[0]
                found[renamed[row], renamed[column]] = entry[0], off
            else:
                found[renamed[row], renamed[column]] = entry
    return found


def merged_values(merger: Merger, merged: Structure, values: np.ndarray) -> np.ndarray:
    """Coordinates in the merged structure of a state that is constant on the classes."""
    of = dict(zip(merger.classes, values[merger.order], strict=True))
    return np.array([of[coordinate] for coordinate in merged.coordinates])


def spread(structure: Structure, x: np.ndarray, dtype: type = float) -> np.ndarray:
    """Coordinates spread out to all entries of the structure."""
    values: np.ndarray = np.empty(len(structure.entries), dtype)
    for orbit, value in zip(structure.orbits, x, strict=True):
        values[list(orbit)] = value
    return values


def _alike(structure: Structure, one: str, other: str) -> bool:
    """Whether two sets have the same copies and weights, and their merger fixes the teacher."""
    for blocks, weights in (
        (structure.students, structure.student_weights),
        (structure.teachers, structure.teacher_weights),
        (structure.inputs, {}),
    ):
        mine, yours = ([b.name for b in blocks if b.points == name] for name in (one, other))
        if [weights.get(b, 1.0) for b in mine] != [weights.get(b, 1.0) for b in yours]:
            return False
    for _, blocks, table in structure.tables:
        seen: dict[Coordinate, Polynomial] = {}
        entries = structure.entries_of(blocks) if table else ()
        for entry, key in zip(entries, _classes(structure, (one, other), entries), strict=True):
            value = entry_of(table, entry)
            if seen.setdefault(key, value) != value:
                return False
    return True


def _copy(name: str, one: str, other: str) -> str:
    """The copy of ``other`` in the place of this copy of ``one``."""
    return name.replace(one, other, 1)


def _classes(structure: Structure, pair: tuple[str, str], entries=None) -> list[Coordinate]:
    """For each entry (of W by default), the entry of the merged structure it belongs to."""
    one, other = pair
    name = f"{one}+{other}"
    blocks = (*structure.students, *structure.inputs, *structure.teachers)
    points = {b.name: b.points for b in blocks}

    def joined(block: str) -> str:
        return block.replace(points[block], name, 1) if points[block] in pair else block

    classes = []
    for entry in structure.entries if entries is None else entries:
        part = entry.part
        if points[entry.row] in pair and points[entry.column] in pair:
            own = points[entry.row] == points[entry.column] and part != "off"
            part = "diag" if own else "off"
        classes.append(Coordinate(joined(entry.row), joined(entry.column), part))
    return classes


def _row_orders(structure: Structure) -> Iterator[np.ndarray]:
    """Rearrangements of entries by permutations of rows alone.

    Rows of single sets are permuted, and the two rows of a set of two points
    exchanged, which swaps diagonal and off-diagonal. Where a distance from a
    point is in the loss, rows by themselves are not to be permuted.
    """
    place = {entry: i for i, entry in enumerate(structure.entries)}
    if any(value.terms for entry in structure.reference.values() for value in entry):
        yield np.arange(len(place))
        return
    weight = structure.student_weights
    single = [b.name for b in structure.hidden if structure.size[b.points].constant == 1]
    double = [b.name for b in structure.hidden if structure.size[b.points].constant == 2]
    swap = {"diag": "off", "off": "diag", "": ""}
    for image in permutations(single[:MOST_SINGLES]):
        moved = dict(zip(single, image, strict=False))
        if any(weight.get(a, 1.0) != weight.get(b, 1.0) for a, b in moved.items()):
            continue
        for exchanged in product((False, True), repeat=len(double)):
            turned = {name for name, yes in zip(double, exchanged, strict=True) if yes}
            yield np.array(
                [
                    place[
                        Coordinate(
                            moved.get(e.row, e.row),
                            e.column,
                            swap[e.part] if e.row in turned else e.part,
                        )
                    ]
                    for e in structure.entries
                ]
            )


MOST_SINGLES = 5  # beyond 120 relabellings only the first five single rows are permuted
