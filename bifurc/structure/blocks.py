"""Blocks of rows and columns, the entries between them, and how both are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bifurc.structure.polynomial import Polynomial

ONE = Polynomial.of(1)
GAUGES = ("alpha=1", "balanced")  # of trained output weights
BIASES = ("hidden", "output")
COMMON = "common"  # biases that are not trained
BIAS = "bias"  # the column of biases
ALPHA = "alpha"  # the column of output weights that are trained
Entry = tuple[Polynomial, Polynomial]  # diagonal and off-diagonal; equal where not tied
NOTHING = Polynomial.of(0), Polynomial.of(0)


@dataclass(frozen=True)
class PointSet:
    """A set of interchangeable points; its size is an affine polynomial."""

    name: str
    size: Polynomial

    def __post_init__(self):
        if self.size.degree > 1:
            raise ValueError(
                f"Point set {self.name!r} has size {self.size}; a size must be affine "
                'in the parameters, such as "d - 1" or "d/2". Give an expression such as '
                f"{self.size} a name among the parameters, and that as the size."
            )

    @property
    def single(self) -> bool:
        """Whether this is literally one point, at all parameters."""
        return self.size == ONE

    def __str__(self) -> str:
        return f"{self.name}: {self.size}"


@dataclass(frozen=True)
class PointBlock:
    """A copy of a point set among the rows or the columns."""

    name: str
    points: str  # name of the point set


class OnPoints(Protocol):
    """Anything that is a copy of a point set."""

    @property
    def points(self) -> str:
        """Name of the point set."""


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


def named_blocks(points: Sequence[str]) -> tuple[PointBlock, ...]:
    """Blocks on these sets; a repeated set is named ``set``, ``set#2``, ..."""
    seen: dict[str, int] = {}
    blocks = []
    for name in points:
        seen[name] = seen.get(name, 0) + 1
        blocks.append(PointBlock(name if seen[name] == 1 else f"{name}#{seen[name]}", name))
    return tuple(blocks)


def identity(
    rows: Sequence[PointBlock], columns: Sequence[PointBlock]
) -> dict[tuple[str, str], Entry]:
    """The identity on blocks that copy one set."""
    one, zero = Polynomial.of(1), Polynomial.of(0)
    return {(r.name, c.name): (one, zero) for r in rows for c in columns if r.points == c.points}


def biases_of(teacher: Mapping[str, object]) -> dict[str, object]:
    """The teacher's biases by row."""
    return {pair_of(key)[0]: value for key, value in teacher.items() if pair_of(key)[1] == BIAS}


def entry_of(table: Mapping[tuple[str, str], Entry], entry: Coordinate) -> Polynomial:
    """An entry of the teacher or of c."""
    return table.get((entry.row, entry.column), NOTHING)[entry.part == "off"]


def table_from(given: Mapping[str, object]) -> dict[tuple[str, str], Entry]:
    """Entries between blocks, of ``{"row,column": value or [diagonal, off-diagonal]}``."""
    return {pair_of(key): entry_from(value) for key, value in given.items()}


def pair_of(key: str) -> tuple[str, str]:
    """Row and column of ``"row,column"``."""
    row, _, column = (part.strip() for part in key.partition(","))
    return row, column


def entry_from(value) -> Entry:
    """A pair, or one value for both."""
    if isinstance(value, list | tuple):
        diagonal, off = value
    else:
        diagonal = off = value
    return Polynomial.of(diagonal), Polynomial.of(off)


def expressions(weights: Mapping[str, Any] | None) -> dict:
    """Second-layer weights, those that are written as text as polynomials."""
    given = weights or {}
    return {n: Polynomial.parse(w) if isinstance(w, str) else w for n, w in given.items()}


def weight_on(name: str, weight, line: Mapping[str, Polynomial]) -> Any:
    """A second-layer weight: a number if the line leaves it as it is, else the expression."""
    if not isinstance(weight, Polynomial):
        return weight
    along = weight.substitute(line)
    if along.degree > 1:
        raise ValueError(
            f"The weight {weight} of row {name!r} is not affine along the line: {along}."
        )
    return weight if along.constant is None else float(along.constant)
