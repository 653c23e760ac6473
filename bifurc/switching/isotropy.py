"""Which relabellings of parts fix a state or a vector, or reverse it."""

from functools import singledispatch
from itertools import combinations, permutations, product

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.structure.structure import Structure

SAME = 1e-8  # entries that differ by less, relative to the largest, are equal


def siblings(structure: Structure) -> list[list[str]]:
    """Parts of one set, by the names that splitting gives them."""
    families: dict[str, list[str]] = {}
    for points in structure.sets:
        families.setdefault(points.name.partition("/")[0], []).append(points.name)
    return [names for names in families.values() if len(names) > 1]


def merged_classes(structure: Structure, parts: set[str]) -> list[tuple]:
    """For each entry of W, its class when ``parts`` are one set again."""
    points = {b.name: b.points for b in (*structure.students, *structure.inputs)}
    copies = _copies(structure)
    classes = []
    for entry in structure.entries:
        row, column = points[entry.row], points[entry.column]
        key = [(copies[entry.row][0], "") if row in parts else (entry.row, ""), ]
        key.append((copies[entry.column][0], "") if column in parts else (entry.column, ""))
        part = entry.part
        if row in parts and column in parts:
            part = "diag" if row == column and entry.part != "off" else "off"
        classes.append((*key, part))
    return classes


def _copies(structure: Structure) -> dict[str, tuple[str, int]]:
    """Each block by the set that it was split from and its number among such copies."""
    copies = {}
    for blocks in (structure.students, structure.inputs):
        for block in blocks:
            suffix = block.points.removeprefix(block.points.partition("/")[0])
            copies[block.name] = (block.name.removesuffix(suffix), 0)
    return copies


def is_constant(values: np.ndarray, classes: list, scale: float) -> bool:
    """Whether the entries of each class are equal, to ``SAME`` times ``scale``."""
    seen: dict = {}
    for value, key in zip(values, classes, strict=True):
        if abs(value - seen.setdefault(key, value)) > SAME * scale:
            return False
    return True


def entries(structure: Structure, x: np.ndarray) -> np.ndarray:
    """Coordinates spread out to all entries."""
    values = np.empty(len(structure.entries))
    for orbit, value in zip(structure.orbits, x, strict=True):
        values[list(orbit)] = value
    return values


@singledispatch
def larger_isotropy(problem, x: np.ndarray) -> bool:
    """Whether a vector is fixed by more than the problem's group.

    Checked are merging two parts of a set, and exchanging parts of equal size
    in a way that is not among the ties.
    """
    return False


@larger_isotropy.register
def _(problem: NetworkProblem, x: np.ndarray) -> bool:
    structure = problem.structure
    values = entries(structure, x)
    scale = np.abs(values).max()
    for names in siblings(structure):
        for pair in combinations(names, 2):
            if is_constant(values, merged_classes(structure, set(pair)), scale):
                return True
    own = structure.orbits
    return any(
        not _inside(order, own) and np.abs(values[order] - values).max() <= SAME * scale
        for order in relabellings(structure)
    )


@singledispatch
def reversed_by_relabelling(problem, x: np.ndarray) -> bool:
    """Whether exchanging parts of equal size turns a vector into its negative."""
    return False


@reversed_by_relabelling.register
def _(problem: NetworkProblem, x: np.ndarray) -> bool:
    values = entries(problem.structure, x)
    scale = np.abs(values).max()
    return any(
        np.abs(values[order] + values).max() <= SAME * scale
        for order in relabellings(problem.structure)
    )


def relabellings(structure: Structure):
    """Permutations of the entries by exchanging parts of one set of equal size."""
    place = {entry: i for i, entry in enumerate(structure.entries)}
    groups: dict = {}
    for names in siblings(structure):
        for name in names:
            groups.setdefault((names[0], structure.size[name]), []).append(name)
    choices = [list(permutations(names)) for names in groups.values()]
    for images in product(*choices):
        moved = {
            a: b
            for names, image in zip(groups.values(), images, strict=True)
            for a, b in zip(names, image, strict=True)
        }
        if all(a == b for a, b in moved.items()):
            continue
        rows = structure._moved(structure.students, moved)
        columns = structure._moved(structure.inputs, moved)
        yield np.array(
            [place[type(e)(rows[e.row], columns[e.column], e.part)] for e in structure.entries]
        )


def _inside(order: np.ndarray, orbits) -> bool:
    """Whether a permutation of entries keeps every orbit."""
    orbit_of = {i: a for a, orbit in enumerate(orbits) for i in orbit}
    return all(orbit_of[i] == orbit_of[j] for i, j in enumerate(order))
