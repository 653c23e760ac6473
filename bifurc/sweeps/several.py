"""Members of one shape as one problem, of which each point of a batch is one's own."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from bifurc.loss.evaluator import TINY
from bifurc.loss.kernels import PARALLEL
from bifurc.loss.metric import ALMOST_NONE, counted
from bifurc.loss.neutral import parallel_each
from bifurc.loss.problem import NetworkProblem
from bifurc.loss.running import RunningKernel

# shared by all members, or there is no batch
SHARED = ("_teacher", "_given", "_spring")
# tables of which a batch of points picks its members
PICKED = ("_row_sizes", "_column_sizes", "_inner_columns", "moving", "neurons", "limits")


class Several(NetworkProblem):
    """Network problems that differ in constants alone, with a leading axis of members.

    :meth:`at` picks a member for each point of a batch. Where a function is not defined at a
    point, its values there are nan; the others are what they are.
    """

    limits: np.ndarray  # (2, members), of lam
    moving: np.ndarray  # (2, members, sizes), (constant, slope) of the sizes that change
    neurons: np.ndarray  # (2, members), the same of the number of student neurons

    @classmethod
    def of(cls, lines: Sequence[NetworkProblem]) -> "Several | None":
        """The members' problems as one; None if they are not of one shape."""
        first = lines[0]
        s = first.structure
        if s.ties or s.confined or s.trained or s.weights_run:
            return None
        if any((first.layout.signs != line.layout.signs).any() for line in lines):
            return None
        found = object.__new__(cls)
        vars(found).update(vars(first))
        for name in SHARED:
            if any(not _alike(getattr(first, name), getattr(line, name)) for line in lines):
                return None
        rows, columns, inner = (
            np.stack([getattr(line, name) for line in lines], axis=1)[:, :, None]
            for name in ("_row_sizes", "_column_sizes", "_inner_columns")
        )
        sizes = np.stack([line._sizes for line in lines])  # (members, sets, 2)
        kernel = _kernel([line.running for line in lines])
        if kernel is None or any((part[1] != part[1, :1]).any() for part in (rows, inner)):
            return None  # a size changes by another rate in another member
        found._directions = first._directions
        found.running = kernel
        found._row_sizes, found._column_sizes, found._inner_columns = rows, columns, inner
        found._copy_lengths = {
            c: np.stack([line._copy_lengths[c] for line in lines], axis=1)
            for c in first._copy_lengths
        }
        weights = [line._metric.weight_polynomials for line in lines]
        found._metric = replace(first._metric, weight_polynomials=np.stack(weights, axis=1))
        changes = sizes[0, :, 1] != 0
        if not changes.any():
            return None
        found.moving = np.moveaxis(sizes[:, changes], -1, 0)
        found.neurons = np.array([line._metric.students for line in lines]).T
        found.limits = np.array([line._domain for line in lines]).T
        return found

    def at(self, members: np.ndarray) -> "Several":
        """The problem for a batch of points of which the i-th is of ``members[i]``."""
        found = copy(self)
        for name in PICKED:
            setattr(found, name, getattr(self, name)[:, members])
        found._copy_lengths = {c: table[:, members] for c, table in self._copy_lengths.items()}
        picked = self._metric.weight_polynomials[:, members]
        found._metric = replace(self._metric, weight_polynomials=picked)
        if isinstance(self.running, _Kernels):
            found.running = replace(self.running, each=[v[members] for v in self.running.each])
        return found

    def jacobian(self, x, lam, checked: bool = True):
        """As of one problem; nan where it is not defined."""
        with np.errstate(all="ignore"):
            rows = self.rows(x, lam)
            g, jacobian = self.gradient_of(rows), self.jacobian_of(rows, lam)
        g[~self.defined(rows, lam)] = np.nan
        return g, jacobian

    def defined(self, rows, lam) -> np.ndarray:
        """Where :meth:`~bifurc.loss.problem.NetworkProblem.check` has nothing to say, (points,)."""
        low, high = self.limits
        p, q, c, *_ = rows.arguments
        good = (low <= lam) & (lam <= high)
        good &= (c * c <= p * q * (1 + PARALLEL)).all(axis=(-1, -2, -3, -4))
        return good & (self._says("smooth") | (rows.norms[..., 0, :].min(-1) > TINY))

    def odd(self, x, lam) -> np.ndarray:
        """At which points other neurons are parallel than at most of them, (points,)."""
        if not self.exchanges:
            return np.zeros(len(x), dtype=bool)
        which = parallel_each(self.rows(x, lam), len(self.structure.students))
        which = which.reshape(len(x), -1)
        patterns, place, counts = np.unique(which, axis=0, return_inverse=True, return_counts=True)
        return place.reshape(-1) != counts.argmax()

    def scales(self, lam) -> np.ndarray:
        """Lengths of (x, lam) that count as one; (points, n + 1)."""
        return np.column_stack([1.0 / self.factors(lam)[0], self._over_speeds(lam).min(-1)])

    def _over_speeds(self, lam) -> np.ndarray:
        constant, slope = self.moving
        speeds = np.abs(slope)
        return np.maximum(np.abs(constant + slope * lam[:, None]), ALMOST_NONE) / speeds

    def factors(self, lam) -> tuple[np.ndarray, np.ndarray]:
        """What x is multiplied by in the chart, and its derivative."""
        square, slope, _ = self._metric.weight_polynomials
        weights = self.weights(lam)
        entries = counted(weights)
        neurons = np.maximum(self.neurons[0] + self.neurons[1] * lam, ALMOST_NONE)[:, None]
        factor = np.sqrt(entries / neurons)
        more = (2.0 * square * lam[:, None] + slope) * weights / entries**2
        return factor, 0.5 * factor * (more - self.neurons[1][:, None] / neurons)

    def charted(self, lam: np.ndarray) -> "Charts":
        """The charts near these values of ``lam``."""
        chosen = self._over_speeds(lam).argmin(-1)
        return Charts(self, *self.moving[:, np.arange(len(lam)), chosen])


class Charts:
    """A chart for each point of a batch: the coordinates of :class:`bifurc.loss.metric.Metric`."""

    def __init__(self, problem: Several, constant: np.ndarray, slope: np.ndarray):
        self.problem, self.constant, self.slope = problem, constant, slope
        self.sign = np.sign(slope)

    def lift(self, X: np.ndarray, tangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(x, lam) and the tangent there, both in the chart; (points, n + 1)."""
        lam, along = X[:, -1], tangent[:, -1]
        factor, change = self.problem.factors(lam)
        size = self.constant + self.slope * lam
        y = np.column_stack([factor * X[:, :-1], self.sign * np.log(size)])
        moved = factor * tangent[:, :-1] + along[:, None] * change * X[:, :-1]
        return y, np.column_stack([moved, self.sign * self.slope / size * along])

    def into(self, X: np.ndarray) -> np.ndarray:
        """(x, lam) in the chart."""
        return self.lift(X, np.zeros_like(X))[0]

    def out(self, y: np.ndarray) -> np.ndarray:
        """Back to (x, lam)."""
        lam = (np.exp(self.sign * y[:, -1]) - self.constant) / self.slope
        return np.column_stack([y[:, :-1] / self.problem.factors(lam)[0], lam])


def _alike(one, other) -> bool:
    if one is None or other is None:
        return one is other
    if isinstance(one, tuple):
        return all(_alike(a, b) for a, b in zip(one, other, strict=True))
    return np.array_equal(one, other)


def _kernel(each: list[RunningKernel]) -> RunningKernel | None:
    """The kernels as one, whose parameters have a value for each point."""
    first = each[0]
    if not first.names:
        return first
    values = np.array([one.line[0] for one in each])  # (members, parameters)
    if any(one.moves for one in each) or not all(_smooth(first.kernel, n) for n in first.names):
        return None
    before_pairs = list(values.T[:, :, None, None, None, None])
    return _Kernels(first.kernel, first.names, first.line, biased=first.biased, each=before_pairs)


def _smooth(kernel, name: str) -> bool:
    """Whether a field of a kernel may be an array: it is a number that its formulas are made of."""
    return isinstance(getattr(kernel, name, None), float)


@dataclass(frozen=True, eq=False)
class _Kernels(RunningKernel):
    """A kernel with parameters of its own at each point; none of them runs."""

    each: list[np.ndarray] = field(kw_only=True)  # (points, 1, 1, 1, 1), by names

    def _at(self, lam):
        return replace(self.kernel, **dict(zip(self.names, self.each, strict=True)))
