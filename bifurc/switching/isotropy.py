"""Which relabellings of points fix a state or a vector, or reverse it."""

from dataclasses import replace
from functools import singledispatch
from itertools import permutations, product

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.protocol import Problem
from bifurc.structure.merge import Merger, merge, merged_values, mergers, spread
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import Coordinate, PointSet, Structure

# entries that differ by less, relative to the largest, are equal; a branch point
# met from its side branch is known to about the root of rounding
EQUAL = 1e-6


@singledispatch
def larger_isotropy(problem: Problem, *vectors: np.ndarray) -> bool:
    """Whether a larger group than the problem's fixes all the vectors.

    For networks: whether two point sets can be merged, after the rows of
    single sets were relabelled, or sets of equal size exchanged in a way that
    is not among the ties.
    """
    return False


@larger_isotropy.register
def _(problem: NetworkProblem, *vectors: np.ndarray) -> bool:
    structure = with_numbers(problem)
    if _merger(structure, vectors) is not None:
        return True
    orbits = structure.orbits
    values = [spread(structure, x) for x in vectors]
    return any(
        not _inside(order, orbits) and all(_equal(v[order], v) for v in values)
        for order in relabellings(structure)
    )


def numbers_of(problem: NetworkProblem) -> dict[str, Polynomial]:
    """The parameters that stay the same along the line."""
    return {name: poly for name, poly in problem.line.items() if not poly.names}


def with_numbers(problem: NetworkProblem) -> Structure:
    """The structure with sizes that stay the same along the line as numbers.

    A set of ``p`` points and one of 2 can be exchanged where p = 2. A set that
    happens to be one point keeps its expression, and so its off-diagonal coordinate.
    """
    fixed = numbers_of(problem)
    numbers = (PointSet(s.name, s.size.substitute(fixed)) for s in problem.structure.sets)
    sets = (
        own if number.single else number
        for own, number in zip(problem.structure.sets, numbers, strict=True)
    )
    teacher = {
        key: (one.substitute(fixed), other.substitute(fixed))
        for key, (one, other) in problem.structure.teacher.items()
    }
    return replace(problem.structure, sets=tuple(sets), teacher=teacher)


def reversed_by_relabelling(problem: Problem, state: np.ndarray, vector: np.ndarray) -> bool:
    """Whether a symmetry that fixes a state turns a vector round."""
    return exchanged(problem, state, vector, -vector)


@singledispatch
def exchanged(problem: Problem, state: np.ndarray, one: np.ndarray, other: np.ndarray) -> bool:
    """Whether a symmetry that fixes a state takes one vector to the other."""
    return bool(np.abs(one - other).max(initial=0.0) <= EQUAL * np.abs(other).max(initial=0.0))


@exchanged.register
def _(problem: NetworkProblem, state: np.ndarray, one: np.ndarray, other: np.ndarray) -> bool:
    x, v, w = (spread(problem.structure, each) for each in (state, one, other))
    here = np.arange(len(x))
    return any(
        _equal(x[order], x) and _equal(v[order], w)
        for order in (here, *relabellings(problem.structure))
    )


def enlarge(problem: NetworkProblem, X: np.ndarray) -> tuple[NetworkProblem, np.ndarray]:
    """The problem on the fixed space of the state's own isotropy, and the state there.

    Merges sets until the state has no larger isotropy of that form.
    """
    x = X[:-1]
    while (found := _merger(with_numbers(problem), (x,))) is not None:
        merged = merge(problem.structure, found.pair)
        x = merged_values(found, merged, spread(problem.structure, x))
        problem = problem.on(merged)
    return problem, np.append(x, X[-1])


def _merger(structure: Structure, vectors) -> Merger | None:
    """The first way to merge two sets that keeps all the vectors, if there is one."""
    values = [spread(structure, x) for x in vectors]
    for merger in mergers(structure):
        if all(_constant(v[merger.order], merger.classes) for v in values):
            return merger
    return None


def _constant(values: np.ndarray, classes: list[Coordinate]) -> bool:
    """Whether the entries of each class are equal."""
    scale = np.abs(values).max()
    seen: dict[Coordinate, float] = {}
    return all(
        abs(value - seen.setdefault(key, value)) <= EQUAL * scale
        for value, key in zip(values, classes, strict=True)
    )


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.abs(one - other).max() <= EQUAL * np.abs(other).max())


def relabellings(structure: Structure):
    """Permutations of the entries by exchanging sets of equal size that play the same part."""
    place = {entry: i for i, entry in enumerate(structure.entries)}
    groups: dict = {}
    for points in structure.sets:
        copies = tuple(
            sum(b.points == points.name for b in blocks)
            for blocks in (structure.students, structure.inputs, structure.teachers)
        )
        beside = points.name if points.name in structure.beside else ""
        groups.setdefault((points.size, copies, beside), []).append(points.name)
    names = list(groups.values())
    for images in product(*(list(permutations(group)) for group in names)):
        moved = {
            a: b
            for group, image in zip(names, images, strict=True)
            for a, b in zip(group, image, strict=True)
        }
        if all(a == b for a, b in moved.items()) or not keeps_tables(structure, moved):
            continue
        rows = structure.moved(structure.students, moved)
        columns = structure.moved(structure.inputs, moved)
        yield np.array(
            [place[Coordinate(rows[e.row], columns[e.column], e.part)] for e in structure.entries]
        )


def keeps_tables(structure: Structure, moved: dict[str, str]) -> bool:
    """Whether exchanging sets leaves the teacher, and a point that distances are from, alone."""
    columns = structure.moved(structure.inputs, moved)
    for _, blocks, table in structure.tables:
        rows = structure.moved(blocks, moved)
        if {(rows[r], columns[c]): entry for (r, c), entry in table.items()} != dict(table):
            return False
    return True


def _inside(order: np.ndarray, orbits) -> bool:
    """Whether a permutation of entries keeps every orbit."""
    orbit_of = {i: a for a, orbit in enumerate(orbits) for i in orbit}
    return all(orbit_of[i] == orbit_of[j] for i, j in enumerate(order))
