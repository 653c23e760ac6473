"""A matrix in block form, read in the coordinates of a family.

A form names its blocks by convention, a family as it likes. A reading takes
each point set with columns to one of the same size, and the row blocks along;
rows on a single point have only constant entries, so any of them may stand for
any other, and sets of rows alone for those of their size.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice, permutations, product
from typing import Any

import numpy as np

from bifurc.identification.form import Form
from bifurc.loss.embedding import integer_sizes
from bifurc.structure.merge import spread
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import Structure

MOST = 2000  # readings that are looked at: beyond it blocks are too many and too alike to sort


def readings(form: Form, structure: Structure, values: Mapping[str, float]) -> Iterator[np.ndarray]:
    """States of ``structure`` at these parameters whose matrix is a permutation of the form's."""
    mine, yours = form.structure, structure
    sizes, at = integer_sizes(mine, form.parameters), integer_sizes(yours, values)
    entries = {
        (c.row, c.column, c.part == "off"): float(value)
        for c, value in zip(mine.entries, spread(mine, form.x), strict=True)
    }
    taught = sorted(_teacher_rows(mine, form.parameters, sizes, {}))
    sets = {block.name: block.points for block in mine.inputs}
    columns = [
        _grouped((b.name, n[b.points]) for b in s.inputs) for s, n in ((yours, at), (mine, sizes))
    ]
    for column_of in islice(_matchings(*columns), MOST):
        if sorted(_teacher_rows(yours, values, at, column_of)) != taught:
            continue
        set_of = {block.points: sets[column_of[block.name]] for block in yours.inputs}
        own = {points: points for points in sets.values()}
        rows = tuple(
            _grouped(
                (b.name, (_weight(s.student_weights, b, v), *_kind(n[b.points], of.get(b.points))))
                for b in s.students
            )
            for s, n, of, v in ((yours, at, set_of, values), (mine, sizes, own, form.parameters))
        )
        for row_of in islice(_matchings(*rows), MOST):
            places = ((row_of[c.row], column_of[c.column], c.part) for c in yours.coordinates)
            # an entry off the diagonal of a set of one point is none
            yield np.array([entries.get((r, c, part == "off"), 0.0) for r, c, part in places])


def _weight(weights: Mapping, row, values) -> float:
    """The second-layer weight of a row block, to ten digits."""
    return round(float(Polynomial.of(weights.get(row.name, 1))(**values)), 10)


def _kind(size: int, points: str | None) -> tuple:
    """Which row blocks may stand for one another: on one set, or of one size without columns."""
    return (size,) if size == 1 or points is None else (size, points)


def _grouped(pairs) -> dict[Any, list[str]]:
    """Names by what they are grouped by."""
    groups = defaultdict(list)
    for name, key in pairs:
        groups[key].append(name)
    return groups


def _matchings(one: Mapping, other: Mapping) -> Iterator[dict[str, str]]:
    """All ways to take the names of ``one`` to those of ``other``, group by group."""
    if {key: len(names) for key, names in one.items()} != {k: len(n) for k, n in other.items()}:
        return
    for images in product(*(permutations(other[key]) for key in one)):
        yield {
            a: b
            for names, image in zip(one.values(), images, strict=True)
            for a, b in zip(names, image, strict=True)
        }


def _teacher_rows(structure: Structure, values, sizes, renamed: Mapping[str, str]) -> Iterator:
    """Each teacher block as (size, entries by column, to ten digits)."""
    for row in structure.teachers:
        entries = []
        for column in structure.inputs:
            pair = structure.teacher.get((row.name, column.name))
            if pair is None:
                continue
            together = row.points == column.points and sizes[row.points] > 1
            told = [round(float(p(**values)), 10) for p in (pair if together else pair[:1])]
            if any(told):
                entries.append((renamed.get(column.name, column.name), *told))
        yield sizes[row.points], _weight(structure.teacher_weights, row, values), sorted(entries)
