"""A structure along a line of parameters: what depends on ``lam``, and how."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cached_property, partial
from numbers import Real
from typing import Any

import numpy as np

from bifurc.loss.arithmetic import DOUBLES, Arithmetic
from bifurc.loss.layout import Layout
from bifurc.loss.metric import Metric, WarpedChart
from bifurc.structure.blocks import PointBlock
from bifurc.structure.checks import SLACK
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import Structure

LAM = "lam"
Line = Mapping[str, Polynomial]
Reader = Callable[[Polynomial, int], np.ndarray]


def coefficients(number, line: Line, poly: Polynomial, degree: int) -> np.ndarray:
    """Numbers that go with 1, lam, ... lam**degree in a polynomial on a line.

    Raises
    ------
    ValueError
        If it has a higher degree there.
    """
    found = poly.substitute(line)
    if found.degree > degree:
        what = "affine" if degree == 1 else f"of degree {degree}"
        raise ValueError(f"{poly} is not {what} along the line; fix one of its parameters.")
    return np.array([number(found.terms.get((LAM,) * k, Fraction(0))) for k in range(degree + 1)])


class OnLine:
    """Sizes, teacher and metric of a structure, all polynomials in ``lam``.

    What they are is data: :attr:`read` takes their coefficients from the line, and
    :attr:`arithmetic` writes them down.

    Parameters
    ----------
    structure : Structure
    line : mapping from parameter names to numbers or expressions in ``lam``
    any_size : bool
        Whether sets may be smaller than a point.

    Raises
    ------
    ValueError
        If a parameter is not affine along the line, or a weight not.
    """

    def __init__(self, structure: Structure, line: Mapping[str, Any], any_size: bool = False):
        self.structure, self.any_size = structure, any_size
        self.line = {name: Polynomial.of(value) for name, value in line.items()}
        for name, poly in self.line.items():
            if poly.degree > 1 or poly.names - {LAM}:
                raise ValueError(f"Parameter {name!r} must be affine along the line, got {poly}.")
        self.structure = s = structure.weighed(self.line)
        if s.trained and not all(isinstance(w, Real) for w in s.student_weights.values()):
            raise ValueError(
                "Output weights that are trained start at those that are given, which cannot run; "
                "let another parameter run."
            )
        self.layout, self.arithmetic = Layout(self.structure), DOUBLES
        self.read = partial(coefficients, DOUBLES.number, self.line)
        self.n = len(structure.coordinates)

    def parameters(self, lam: float) -> dict[str, float]:
        """Value of every parameter."""
        return {name: poly(lam=lam) for name, poly in self.line.items()}

    @property
    def parameter(self) -> str:
        """Name of the parameter that runs; ``lam`` if none runs as it is."""
        running = Polynomial.parse(LAM).terms
        return next((name for name, poly in self.line.items() if poly.terms == running), LAM)

    def sizes(self, lam: float) -> dict[str, float]:
        """Size of every point set."""
        values = self._sizes[:, 0] + lam * self._sizes[:, 1]
        return {s.name: float(v) for s, v in zip(self.structure.sets, values, strict=True)}

    arithmetic: Arithmetic
    read: Reader

    @cached_property
    def _sizes(self) -> np.ndarray:
        """Size of each point set as (constant, slope) in lam; shape (sets, 2)."""
        sizes = [self.read(points.size, 1) for points in self.structure.sets]
        return self.arithmetic.table(np.array(sizes))

    @cached_property
    def _least_sizes(self) -> np.ndarray:
        if self.any_size:
            return np.full(len(self.structure.sets), -np.inf)
        least = [self.structure.least_size(points) for points in self.structure.sets]
        return np.array(least) * (1 - SLACK)

    @cached_property
    def _domain(self) -> tuple[float, float]:
        """From where to where on the line every set has at least its least size."""
        (constant, slope), least = self._sizes.T, self._least_sizes
        ends = (least - constant) / np.where(slope == 0, np.nan, slope)
        low, high = ends[slope > 0].max(initial=-np.inf), ends[slope < 0].min(initial=np.inf)
        enough = (constant >= least)[slope == 0].all()
        return float(low), float(high) if enough else -np.inf

    def _short(self, lam) -> str:
        """Name of the set that is smallest, over its least size, somewhere."""
        sizes = self._sizes[:, 0] + np.asarray(lam)[..., None] * self._sizes[:, 1]
        spare = (sizes - self._least_sizes).reshape(-1, len(self.structure.sets))
        return self.structure.sets[int(spare.min(axis=0).argmin())].name

    @property
    def least_lam(self) -> float:
        """The smallest ``lam`` at which all growing sets have their least size, or -inf."""
        return self._domain[0]

    @cached_property
    def _row_sizes(self) -> np.ndarray:
        return self._block_sizes(*self.structure.students, *self.structure.teachers)

    @cached_property
    def _signs(self) -> np.ndarray | None:
        """Second-layer weights, the teacher's negated, as (constant, slope) in lam; (2, rows).

        None where all are numbers.
        """
        if not self.structure.weights_run:
            return None
        found = [self.read(Polynomial.of(weight), 1) for weight in self.layout.weights]
        return self.arithmetic.table(np.array(found)).T

    @cached_property
    def _column_sizes(self) -> np.ndarray:
        return self._block_sizes(*self.structure.inputs)

    @cached_property
    def _inner_columns(self) -> np.ndarray:
        """Column sizes as inner products count them: those beside the inputs are none."""
        beside = self.layout.frame.beside[: self.layout.columns]
        return self._column_sizes * ~beside if beside.any() else self._column_sizes

    def _block_sizes(self, *blocks: PointBlock) -> np.ndarray:
        order = {points.name: i for i, points in enumerate(self.structure.sets)}
        return self._sizes[[order[block.points] for block in blocks]].T

    @cached_property
    def _teacher(self) -> np.ndarray:
        """(constant, slope) in lam of what is given of all rows; (2, rows, 2 columns)."""
        return self.arithmetic.table(self._given)

    @property
    def spiked(self) -> np.ndarray:
        """Which rows are given more at their own point; (rows,)."""
        return (self._given[..., self.layout.columns :] != 0).any(axis=(0, 2))

    @cached_property
    def _given(self) -> np.ndarray:
        """The numbers of :attr:`_teacher`.

        Of the student that is nothing, but for a bias that all neurons have in common.
        """
        s = self.structure
        rows = self._table(s.teachers, s.teacher)
        student = np.zeros((2, len(s.students), rows.shape[-1]), rows.dtype)
        if s.common.terms:
            student[:, : len(s.hidden), self.layout.frame.bias] = self.read(s.common, 1)[:, None]
        return np.concatenate([student, rows], axis=1)

    def _table(self, rows, table) -> np.ndarray:
        """(constant, slope) in lam of entries between blocks; (2, rows, 2 columns)."""
        columns = self.structure.inputs
        found = np.zeros((2, len(rows), 2, len(columns)), self.arithmetic.dtype)
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                if (row.name, column.name) not in table:
                    continue
                diagonal, off = table[row.name, column.name]
                tied = self.structure.tied(row, column)
                found[:, i, 0, j] = self.read(off if tied else diagonal, 1)
                if tied:
                    found[:, i, 1, j] = self.read(diagonal - off, 1)
        return found.reshape(2, len(rows), 2 * len(columns))

    @cached_property
    def _spring(self) -> "tuple[np.ndarray, np.ndarray] | None":
        """(constant, slope) of mu and of c in the term mu/2 |W - c|²; None without it."""
        s = self.structure
        if not s.decay.terms:
            return None
        table = self.arithmetic.table
        return table(self.read(s.decay, 1)), table(self._table(s.students, s.reference))

    @cached_property
    def _teacher_moves(self) -> bool:
        return bool((self._given[1] != 0).any())

    @cached_property
    def _metric(self) -> Metric:
        weights = np.array([self.read(m, 2) for m in self.structure.multiplicities])
        students = self._row_sizes[:, : len(self.structure.students)].sum(axis=1)
        return Metric(weights.reshape(-1, 3).T[::-1], self._sizes, students)

    @property
    def coordinate_names(self) -> list[str]:
        """Names of the coordinates."""
        return [coordinate.name for coordinate in self.structure.coordinates]

    @staticmethod
    def full_state(x: np.ndarray) -> np.ndarray:
        """The coordinates themselves: at real sizes there is no matrix behind them."""
        return x

    def weights(self, lam) -> np.ndarray:
        """m_a, the number of matrix entries behind each coordinate; shape (..., n)."""
        return self._metric.weights(lam)

    def scales(self, lam) -> np.ndarray:
        """Lengths that count as one in the arclength; shape (..., n + 1)."""
        return self._metric.scales(lam)

    def chart(self, lam: float) -> WarpedChart:
        """Coordinates in which branches are nearly straight near ``lam``."""
        return self._metric.chart(lam)
