"""Eigenvalues along a branch: of every block at every point, with their speeds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from bifurc.continuation.constants import NOISE
from bifurc.continuation.neutral import EPS
from bifurc.continuation.point import Point
from bifurc.events import suspects
from bifurc.events.cubics import CLEAR, errors, extrema, touching
from bifurc.events.locate import Crossing
from bifurc.events.records import Index
from bifurc.protocol import Problem
from bifurc.structure.irreps import Component

AT_ONCE = 10_000  # points of a call times the square of their unknowns: memory
ROUNDINGS = 8  # behind a sum of g, over that of one term of it
TRUST = 2.0  # times what the cubic through its neighbours misses a point by
SHARED = ("error", "ends", "located", "columns")  # by branches that are looked at together
BEHIND = ("rates", "rises", "stops")  # whose axis of branches is the second one


@dataclass(frozen=True, eq=False)
class Spectra:
    """Eigenvalues along a branch: for each component (points, k), with their speeds.

    Speeds are along the points' tangents. Branches with equally many points may be looked at
    together: all arrays then have an axis of branches in front of that of points or steps.
    """

    X: np.ndarray  # (points, n + 1)
    tangents: np.ndarray  # (points, n + 1)
    values: dict[Component, np.ndarray]
    speeds: dict[Component, np.ndarray]
    definite: dict[Component, np.ndarray]  # (points,), whether all eigenvalues must be real
    lengths: np.ndarray  # (steps,), in the chart
    rates: np.ndarray  # (2, steps, 1), length over speed in the chart at both ends of each step
    rises: np.ndarray  # (2, steps), speed of the parameter over that of all, in the chart
    error: float = 0.0  # of the blocks' entries, relative, where they come of differences
    ends: tuple[dict[Component, np.ndarray], ...] | None = None  # signs at both, if known before
    # zeros found before, by component, step and eigenvalue, where branches are looked at together,
    # with the shares of their steps
    located: Mapping[tuple[Component, int, int], tuple[Crossing, float]] = field(
        default_factory=dict
    )

    @cached_property
    def columns(self) -> dict[Component, slice]:
        """Where the eigenvalues of each block stand in tables of all, those of shape (..., k)."""
        stops = np.cumsum([0, *(table.shape[-1] for table in self.values.values())]).tolist()
        return {c: slice(*ends) for c, *ends in zip(self.values, stops, stops[1:], strict=False)}

    def by_blocks(self, table: np.ndarray) -> dict[Component, np.ndarray]:
        """A table of all eigenvalues taken apart."""
        return {c: table[..., columns] for c, columns in self.columns.items()}

    @cached_property
    def table(self) -> np.ndarray:
        """The eigenvalues of all blocks side by side, (points, k)."""
        return np.concatenate(list(self.values.values()), axis=-1)

    @cached_property
    def pushed(self) -> np.ndarray:
        """Their speeds, (points, k)."""
        return np.concatenate(list(self.speeds.values()), axis=-1)

    @cached_property
    def largest(self) -> np.ndarray:
        """The largest eigenvalue at each point, (points,)."""
        return np.abs(self.table).max(axis=-1, initial=0.0)

    @cached_property
    def about(self) -> np.ndarray:
        """The same, of all points that lie about as near as counts as one, (points, 1)."""
        along = np.zeros(self.largest.shape)
        np.cumsum(self.lengths, axis=-1, out=along[..., 1:])
        near = np.abs(along[..., None, :] - along[..., None]) <= 1.0
        return np.where(near, self.largest[..., None, :], 0.0).max(axis=-1, keepdims=True)

    @property
    def _of_differences(self) -> np.ndarray:
        """The error of blocks that come of differences: it stays where all eigenvalues vanish."""
        return self.error * self.largest.max(axis=-1, keepdims=True)

    @cached_property
    def floor(self) -> np.ndarray:
        """How small an eigenvalue is to be called zero that is not known to cross, (points, 1)."""
        return NOISE * self.about + self._of_differences[..., None]

    @cached_property
    def noise(self) -> np.ndarray:
        """How far from zero rounding may move the cubics of each eigenvalue, (steps, k).

        Near a branch point of its own, not near a fold, points of the branch
        are known to what rounds g over the eigenvalue that vanishes.
        """
        floor = np.maximum(self.floor[..., :-1, :], self.floor[..., 1:, :])
        found = np.tile(floor, self.table.shape[-1])
        size = ROUNDINGS * EPS * np.abs(self.X[..., :-1, :-1]).max(axis=-1, initial=0.0)
        size = (size * np.abs(self.rises).max(axis=0))[..., None]
        for c, columns in self.columns.items():
            if c.irrep == "t":
                values = np.abs(self.table[..., columns])
                ends = np.minimum(values[..., :-1, :], values[..., 1:, :])
                about = self.about[..., :-1, :]
                found[..., columns] += size * about**2 / np.maximum(ends, floor)
        return found

    @cached_property
    def signs(self) -> dict[Component, np.ndarray]:
        """Which eigenvalues are negative; of one that may be rounding, what they are after it.

        So a zero at a point belongs to the step that ends there, and one that a
        branch is born with, or what has not yet grown out of it, says nothing.
        At the last points it is what was before.
        """
        return self.by_blocks(self.negative)

    @cached_property
    def negative(self) -> np.ndarray:
        """:attr:`signs` side by side, (points, k)."""
        floor = (NOISE * self.largest + self._of_differences)[..., None]
        found, told = self.table < 0, np.abs(self.table) > floor
        if not told.all():
            last = told.shape[-2] - 1
            order = np.where(told, np.arange(last + 1)[:, None], last + 1)[..., ::-1, :]
            after = np.minimum.accumulate(order, axis=-2)[..., ::-1, :]
            before = last - told[..., ::-1, :].argmax(axis=-2)  # the last that is told
            place = np.where(after <= last, after, before[..., None, :])
            found = np.take_along_axis(found, place, axis=-2)
        if self.ends is not None:
            for c, columns in self.columns.items():
                found[0, columns], found[-1, columns] = (ends[c] for ends in self.ends)
        return found

    @cached_property
    def real(self) -> np.ndarray:
        """On which steps the eigenvalues of all blocks side by side must be real, (steps, k)."""
        counts = [table.shape[-1] for table in self.values.values()]
        both = np.repeat(np.stack(list(self.definite.values()), -1), counts, axis=-1)
        return both[..., :-1, :] & both[..., 1:, :]

    @cached_property
    def inertia(self) -> dict[Component, np.ndarray]:
        """How many eigenvalues of each block are negative, (points,)."""
        return {c: np.count_nonzero(signs, axis=-1) for c, signs in self.signs.items()}

    @property
    def paces(self) -> np.ndarray:
        """Speed in the chart at each point, (points,)."""
        leaving, arriving = self.lengths / self.rates[..., 0]
        return np.concatenate([leaving, arriving[..., -1:]], axis=-1)

    @cached_property
    def stops(self) -> tuple[np.ndarray, np.ndarray]:
        """Shares of each step where the cubics of eigenvalues turn, and values there and at ends.

        Shapes (2, steps, k) and (4, steps, k).
        """
        a, b = self.table[..., :-1, :], self.table[..., 1:, :]
        shares, inside = extrema(a, b, *self.over_steps(self.pushed))
        return shares, np.stack([a, *inside, b])

    @cached_property
    def missed(self) -> np.ndarray:
        """What cubics may miss eigenvalues by, (steps, k)."""
        return TRUST * errors(self.table, self.pushed, self.lengths, self.paces)

    @cached_property
    def touched(self) -> np.ndarray:
        """Where cubics touch zero to rounding, (steps, k)."""
        return touching(self.stops[1], self.missed, self.noise)

    @cached_property
    def unclear(self) -> np.ndarray:
        """Below this an eigenvalue is not told from zero, (points, k)."""
        noise = CLEAR * self.noise
        return np.minimum(
            np.concatenate([noise[..., :1, :], noise], axis=-2),
            np.concatenate([noise, noise[..., -1:, :]], axis=-2),
        )

    @cached_property
    def turns(self) -> np.ndarray:
        """On which steps lam turns, (steps,)."""
        return self.tangents[..., :-1, -1] * self.tangents[..., 1:, -1] < 0

    @cached_property
    def eventful(self) -> np.ndarray:
        """Steps on which an eigenvalue changes sign or lam turns, (steps,)."""
        return self.turns | np.diff(self.negative, axis=-2).any(axis=-1)

    @cached_property
    def doubtful(self) -> tuple[np.ndarray, np.ndarray]:
        """See :func:`bifurc.events.suspects.doubtful`."""
        return suspects.doubtful(self)

    @cached_property
    def returning(self) -> np.ndarray:
        """See :func:`bifurc.events.suspects.returning`."""
        return suspects.returning(self)

    def one(self, i: int, **more: Any) -> "Spectra":
        """Those of one branch of several, with all that is worked out of them already."""
        found = object.__new__(Spectra)
        for name, value in vars(self).items():
            at = (slice(None), i) if name in BEHIND else i
            vars(found)[name] = value if name in SHARED else _one(value, at)
        vars(found).update(more)
        return found

    def like(self, other: "Spectra") -> bool:
        """Whether both have as many eigenvalues of each block."""
        return all(table.shape[1] == other.values[c].shape[1] for c, table in self.values.items())

    def with_more(self, problem: Problem, places: list[int], more: "Spectra") -> "Spectra":
        """With those of other points, put before the points at ``places``."""
        names = ("values", "speeds", "definite")
        both = ((getattr(self, name), getattr(more, name)) for name in names)
        values, speeds, definite = (
            {c: np.insert(t, places, b[c], axis=0) for c, t in a.items()} for a, b in both
        )
        X = np.insert(self.X, places, more.X, axis=0)
        tangents = np.insert(self.tangents, places, more.tangents, axis=0)
        steps = steps_of(problem, X, tangents)
        return Spectra(X, tangents, values, speeds, definite, *steps, error=self.error)

    def over_steps(self, speeds: np.ndarray) -> np.ndarray:
        """Changes over each step, as speeds (points, k) at both ends see them; (2, steps, k)."""
        return np.stack([speeds[..., :-1, :], speeds[..., 1:, :]]) * self.rates

    def negatives(self, i: int) -> Index:
        """How many eigenvalues of each block are negative at point ``i``."""
        return {c: int(counts[i]) for c, counts in self.inertia.items()}


def _one(value, at):
    """The part of one branch of what there is of several."""
    if isinstance(value, dict):
        return {c: table[at] for c, table in value.items()}
    return tuple(table[at] for table in value) if isinstance(value, tuple) else value[at]


def spectra(problem: Problem, points: list[Point]) -> Spectra:
    """All isotypic eigenvalues of all points, in as few calls as memory allows."""
    X, tangents = (np.array([getattr(p, name) for p in points]) for name in ("X", "tangent"))
    parts = max(1, math.ceil(len(X) * problem.n**2 / AT_ONCE))
    each = zip(np.array_split(X, parts), np.array_split(tangents, parts), strict=True)
    seen = [_seen(problem, *part) for part in each]
    values, definite, speeds = (
        {c: np.concatenate([one[c] for one in tables]) for c in tables[0]}
        for tables in zip(*seen, strict=True)
    )
    steps, error = steps_of(problem, X, tangents), problem.error
    return Spectra(X, tangents, values, speeds, definite, *steps, error=error)


def _seen(problem: Problem, X: np.ndarray, tangents: np.ndarray) -> tuple[dict, dict, dict]:
    """Eigenvalues, whether blocks are definite, and speeds, by component."""
    blocks, changes = problem.blocks_and_changes(X[:, :-1], X[:, -1], tangents)
    eigens = {component: block.eigen() for component, block in blocks.items()}
    values = {component: eigen.values for component, eigen in eigens.items()}
    definite = {component: block.definite for component, block in blocks.items()}
    speeds = {component: eigen.speeds(changes[component]) for component, eigen in eigens.items()}
    return values, definite, speeds


def steps_of(
    problem: Problem, X: np.ndarray, tangents: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each step the length in its chart, (steps,), length over speed at its ends, rises."""
    lengths, rates = np.zeros(len(X) - 1), np.zeros((2, len(X) - 1, 1))
    rises = np.zeros((2, len(X) - 1))
    charts = [problem.chart(lam) for lam in X[:-1, -1]]
    for chart in set(charts):
        first = np.flatnonzero([other is chart for other in charts])
        ends = first + [[0], [1]]
        y, speeds = chart.lift(X[ends], tangents[ends])
        lengths[first] = np.linalg.norm(y[1] - y[0], axis=-1)
        speed = np.linalg.norm(speeds, axis=-1)
        rates[:, first, 0] = lengths[first] / speed
        rises[:, first] = speeds[..., -1] / speed
    return lengths, rates, rises
