"""From point sets in a matrix to a structure with sizes as expressions in d and k.

One matrix does not say which set grows with d. The convention: the largest
set of columns takes d minus the rest. If k differs from d and another set
changes k independently of d, the largest such set takes what k asks for;
otherwise k follows d. All other sizes are the numbers they are. Sets that are
permuted have one size, and share what d leaves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from bifurc.identification.isotropy import Points, find_points, told
from bifurc.identification.permuting import permuting
from bifurc.identification.polish import FIXED
from bifurc.loss.embedding import matrices
from bifurc.structure.components import orbits_of
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import PointBlock, Structure


@dataclass(frozen=True, eq=False)
class Form:
    """A matrix in block form.

    Attributes
    ----------
    structure : Structure
    parameters : dict
        ``d`` and, where sizes depend on it, ``k``: numbers at this matrix.
    x : ndarray, shape (n,)
        Coordinates: the mean of the entries behind each.
    rows, columns : tuple of int
        Where each student row and input column of the form was in the matrix.
    deviation : float
        The largest distance of an entry from its mean.
    said : str
        Why its group may be larger than that of the structure; "" if it is not.
    order : int
        Of the group that permutes whole sets.
    """

    structure: Structure
    parameters: dict[str, float]
    x: np.ndarray
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    deviation: float
    said: str = ""
    order: int = 1


def block_form(w: np.ndarray, v: np.ndarray, tolerance: float, weights=FIXED) -> Form:
    """The block form of student ``w`` (k, d) and teacher ``v`` (h, d) with their output weights."""
    ids = told(w, v, tolerance, weights)
    found = permuting(find_points(w, v, tolerance, weights), w, ids)
    count = len(found.sets)
    classes = orbits_of(count, [[tie.get(i, i) for i in range(count)] for tie in found.ties])
    sets = dict(_named(found.sets, classes))
    names = list(sets)
    k, d = w.shape
    sizes = size_expressions(found.sets, d, k, classes)
    blocks: dict[str, Any] = {
        "students": [name for name, points in sets.items() for _ in points.students],
        "teachers": [name for name, points in sets.items() for _ in points.teachers],
        "inputs": [name for name, points in sets.items() if points.columns],
    }
    bare = Structure.build(dict(zip(sets, sizes, strict=True)), **blocks)
    places = _places(sets)
    structure = _with_teacher(bare, dict(zip(sets, sizes, strict=True)), blocks, v, places)
    ties = tuple({names[a]: names[b] for a, b in tie.items()} for tie in found.ties)
    mine, theirs = (
        {n: float(each[at[0]]) for n, at in places[kind].items() if each[at[0]] != 1.0}
        if each is not None
        else {}
        for each, kind in zip(weights, ("students", "teachers"), strict=True)
    )
    structure = replace(structure, ties=ties, student_weights=mine, teacher_weights=theirs)
    means = [mean for block in structure.students for mean in _means(structure, block, w, places)]
    x = np.array([np.mean([means[i] for i in orbit]) for orbit in structure.orbits])
    parameters = {"d": float(d), "k": float(k)}
    parameters = {name: parameters[name] for name in sorted(structure.parameters | {"d"})}
    rows, teachers = (
        tuple(row for points in sets.values() for copy in getattr(points, kind) for row in copy)
        for kind in ("students", "teachers")
    )
    columns = tuple(column for points in sets.values() for column in points.columns)
    again = matrices(structure, x, parameters)
    given = w[np.ix_(rows, columns)], v[np.ix_(teachers, columns)]
    deviation = max(float(np.abs(a - b).max()) for a, b in zip(again, given, strict=True))
    return Form(structure, parameters, x, rows, columns, deviation, found.said, found.order)


def size_expressions(sets: Sequence[Points], d: int, k: int, classes=None) -> list[str]:
    """Sizes of the sets as texts in d and k, by the convention of this module.

    ``classes`` are those of sets that are permuted, as tuples of places.

    Examples
    --------
    >>> bulk, last = Points(tuple(range(7)), (tuple(range(7)),)), Points((7,), ((7,),))
    >>> size_expressions([bulk, last], 8, 8)
    ['d - 1', '1']
    >>> size_expressions([Points((0, 1, 2, 3), ((0, 1, 2, 3),)), Points((4, 5))], 6, 4)
    ['k', 'd - k']
    """
    classes = [(i,) for i in range(len(sets))] if classes is None else classes
    first = [sets[one[0]] for one in classes]
    counts = np.array(
        [[bool(s.columns) * len(c), len(s.students) * len(c)]
         for s, c in zip(first, classes, strict=True)], dtype=int,
    )  # fmt: skip
    sizes = np.array([points.size for points in first])
    texts = _of_classes(counts, sizes, d, k)
    of = {i: text for one, text in zip(classes, texts, strict=True) for i in one}
    return [of[i] for i in range(len(sets))]


def _of_classes(counts: np.ndarray, sizes: np.ndarray, d: int, k: int) -> list[str]:
    """The size of the sets of each class, which stand ``counts`` times in columns and rows."""
    texts = [str(size) for size in sizes]
    grows = [i for i in np.argsort(-sizes, kind="stable") if sizes[i] > 1]
    main = next((i for i in grows if counts[i, 0]), None)
    if main is None:
        return texts
    free = [int(main)]
    if k != d:
        pairs = ((i, counts[main] @ (counts[i, 1], -counts[i, 0])) for i in grows)
        free += [int(i) for i, determinant in pairs if determinant][:1]
    rest = counts.T @ np.where(np.isin(np.arange(len(sizes)), free), 0, sizes)
    wanted = [Polynomial.parse("d") - int(rest[0]), Polynomial.parse("k") - int(rest[1])]
    if len(free) == 1:
        texts[main] = (wanted[0] * Fraction(1, int(counts[main, 0]))).text()
        return texts
    (a, b), (c, e) = counts[free].T.tolist()
    one = Fraction(1, a * e - b * c)
    texts[free[0]] = ((wanted[0] * e - wanted[1] * b) * one).text()
    texts[free[1]] = ((wanted[1] * a - wanted[0] * c) * one).text()
    return texts


def _named(found: Sequence[Points], classes) -> Iterator[tuple[str, Points]]:
    """Names that say what a set is: all, bulk, part, last; and rows alone, extra or target.

    Sets that are permuted have one name, and numbers.
    """
    seen: dict[str, int] = {}
    of = {i: one[0] for one in classes for i in one}
    for i, points in enumerate(found):
        if not points.columns:
            name = "extra" if points.students else "target"
        elif of[i] == 0:
            name = "all" if len(classes) == 1 else "bulk"
        else:
            name = "last" if points.size == 1 else "part"
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name}{seen[name]}"), points


def _places(sets) -> dict[str, dict[str, tuple[int, ...]]]:
    """Where the points of each block are in the matrix, by kind and block name."""
    places: dict[str, dict[str, tuple[int, ...]]]
    places = {"students": {}, "teachers": {}, "inputs": {}}
    for name, points in sets.items():
        if points.columns:
            places["inputs"][name] = points.columns
        for kind in ("students", "teachers"):
            for i, copy in enumerate(getattr(points, kind), start=1):
                places[kind][name if i == 1 else f"{name}#{i}"] = copy
    return places


def _means(structure, row: PointBlock, matrix, places, kind: str = "students") -> Iterator[float]:
    """Mean entries of a row block over its coordinates, in their order."""
    for column in structure.inputs:
        part = matrix[list(places[kind][row.name])][:, list(places["inputs"][column.name])]
        if structure.tied(row, column):
            n = len(part)
            diagonal = float(np.trace(part)) / n
            yield diagonal
            yield (float(part.sum()) - n * diagonal) / (n * (n - 1))
        else:
            yield float(part.mean())


def _with_teacher(bare: Structure, sizes, blocks, v, places) -> Structure:
    """The structure with the entries of ``v``; the identity is left unsaid."""
    teacher = {}
    for row in bare.teachers:
        means = _means(bare, row, v, places, "teachers")
        for column in bare.inputs:
            tied = bare.tied(row, column)
            entry = [_round(next(means)) for _ in range(2 if tied else 1)]
            if any(entry):
                teacher[f"{row.name},{column.name}"] = entry if tied else entry[0]
    given = Structure.build(sizes, **blocks, teacher=teacher)
    return bare if given.teacher == _written_out(bare) else given


def _written_out(structure: Structure) -> dict:
    """The default teacher with single points as constants."""
    one = Polynomial.of(1)
    single = {points.name for points in structure.sets if points.single}
    named = {block.name: block.points for block in structure.inputs}
    return {
        key: (one, one) if named[key[1]] in single else entry
        for key, entry in structure.teacher.items()
    }


def _round(value: float) -> float:
    """A teacher's entry without the rounding of its mean."""
    return float(f"{value:.12g}") if abs(value) > 1e-12 else 0.0
