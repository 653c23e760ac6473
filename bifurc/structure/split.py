"""Split point sets into parts: smaller groups, larger fixed-point spaces.

The subgroup S_p x S_{n-p} of S_n is again a structure. Every isotropy
subgroup that is a product of symmetric groups is reached by splitting sets,
and what was computed for the structure holds for the split one as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import Coordinate, PointBlock, PointSet, Structure


@dataclass(frozen=True, eq=False)
class Split:
    """A structure with one or more of its sets split into parts.

    Attributes
    ----------
    structure : Structure
    parts : mapping from each set to the names of its parts, itself if whole
    embedding : ndarray, shape (n of the split structure, n of the original)
        Coordinates of a point of the original in the split structure.
    """

    structure: Structure
    parts: Mapping[str, tuple[str, ...]]
    embedding: np.ndarray

    def along(self, line: Mapping[str, Polynomial]) -> "Split":
        """The split on a line of parameters: parts that stay one point lose their off-diagonal."""
        structure = self.structure.along(line)
        orbit_of = {
            self.structure.entries[i]: a
            for a, orbit in enumerate(self.structure.orbits)
            for i in orbit
        }
        kept = [
            orbit_of[c if c in orbit_of else Coordinate(c.row, c.column, "diag")]
            for c in structure.coordinates
        ]
        return Split(structure, self.parts, self.embedding[kept])


def split(structure: Structure, sizes: Mapping[str, Sequence], ties=()) -> Split:
    """Split sets into parts of the given sizes, and tie parts of equal size.

    Parameters
    ----------
    structure : Structure
    sizes : mapping from set names to sequences of sizes
        All parts but the last, which takes the rest: ``{"bulk": [1, "p"]}``
        makes parts of 1, p and n - 1 - p points.
    ties : sequence of mappings between names of parts, optional
        Generators of a group that permutes parts of equal size; ties of
        ``structure`` itself are dropped, as they need not permute parts.

    Raises
    ------
    ValueError
        If parts are tied that no symmetry exchanges.

    Examples
    --------
    >>> whole = Structure.build({"all": "d"}, ["all"], ["all"])
    >>> parts = split(whole, {"all": [1]})
    >>> print(*parts.structure.sets, sep="; ")
    all/1: 1; all/2: d - 1
    >>> parts.embedding @ [5.0, 7.0]  # diagonal and off-diagonal
    array([5., 7., 7., 5., 7.])
    """
    pieces = {points.name: _pieces(points, sizes.get(points.name, ())) for points in structure.sets}
    students, inputs, teachers = (
        _split_blocks(blocks, pieces)
        for blocks in (structure.students, structure.inputs, structure.teachers)
    )
    child = replace(
        structure,
        sets=tuple(piece for group in pieces.values() for piece in group),
        students=tuple(students),
        inputs=tuple(inputs),
        teachers=tuple(teachers),
        teacher=_split_table(structure, structure.teacher, teachers, inputs),
        student_weights=_split_weights(students, structure.student_weights),
        teacher_weights=_split_weights(teachers, structure.teacher_weights),
        ties=tuple(ties),
        reference=_split_table(structure, structure.reference, students, inputs),
    )
    parts = {name: tuple(piece.name for piece in group) for name, group in pieces.items()}
    return Split(child, parts, _embedding(structure, child, students, inputs))


def _pieces(points: PointSet, sizes: Sequence) -> list[PointSet]:
    if not sizes:
        return [points]
    first = [Polynomial.of(size) for size in sizes]
    last = points.size - sum(first, start=Polynomial.of(0))
    return [PointSet(f"{points.name}/{i}", size) for i, size in enumerate([*first, last], start=1)]


def _split_blocks(blocks: Sequence[PointBlock], pieces) -> dict[PointBlock, PointBlock]:
    """Each new block with the one it is part of."""
    return {
        PointBlock(block.name + piece.name.removeprefix(block.points), piece.name): block
        for block in blocks
        for piece in pieces[block.points]
    }


def _split_table(structure: Structure, table: Mapping, rows: Mapping, columns: Mapping) -> dict:
    """The entries of the teacher or of c between the new blocks."""
    found = {}
    for row, over in rows.items():
        for column, above in columns.items():
            if entry := table.get((over.name, above.name)):
                whole = structure.tied(over, above) and row.points != column.points
                found[row.name, column.name] = (entry[1], entry[1]) if whole else entry
    return found


def _split_weights(
    blocks: Mapping[PointBlock, PointBlock], weights: Mapping[str, float]
) -> dict[str, float]:
    return {b.name: weights[over.name] for b, over in blocks.items() if over.name in weights}


def _embedding(structure, child, students, inputs) -> np.ndarray:
    """Selection matrix from the coordinates of ``structure`` to those of ``child``."""
    entries = structure.entries
    orbit_of = {i: a for a, orbit in enumerate(structure.orbits) for i in orbit}
    old = {(e.row, e.column, e.part): orbit_of[i] for i, e in enumerate(entries)}
    row_of = {b.name: (b, over) for b, over in students.items()}
    column_of = {b.name: (b, over) for b, over in inputs.items()}
    matrix = np.zeros((len(child.coordinates), len(structure.coordinates)))
    for i, coordinate in enumerate(child.coordinates):
        (row, over), (column, above) = row_of[coordinate.row], column_of[coordinate.column]
        part = ""
        if structure.tied(over, above):  # a single point of a set is its diagonal
            part = "diag" if row.points == column.points and coordinate.part != "off" else "off"
        matrix[i, old[over.name, above.name, part]] = 1.0
    return matrix
