"""Eigenvalues along a branch: of every block at every point, with their speeds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bifurc.continuation.constants import NOISE
from bifurc.continuation.neutral import EPS
from bifurc.continuation.point import Point
from bifurc.events.locate import Crossing
from bifurc.events.records import Index
from bifurc.protocol import Problem
from bifurc.structure.irreps import Component

ROUNDINGS = 8  # behind a sum of g, over that of one term of it


@dataclass(frozen=True, eq=False)
class Spectra:
    """Eigenvalues along a branch: for each component (points, k), with their speeds.

    Speeds are along the points' tangents.
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
    # zeros found before, by component, step and eigenvalue, where branches are looked at together
    located: Mapping[tuple[Component, int, int], Crossing] = field(default_factory=dict)

    @cached_property
    def largest(self) -> np.ndarray:
        """The largest eigenvalue at each point, (points,)."""
        sizes = [np.abs(values).max(axis=-1, initial=0.0) for values in self.values.values()]
        return np.max(sizes, axis=0)

    @cached_property
    def about(self) -> np.ndarray:
        """The same, of all points that lie about as near as counts as one, (points, 1)."""
        along = np.append(0.0, np.cumsum(self.lengths))
        near = np.abs(along - along[:, None]) <= 1.0
        return np.where(near, self.largest, 0.0).max(axis=-1, keepdims=True)

    @cached_property
    def floor(self) -> np.ndarray:
        """How small an eigenvalue is to be called zero that is not known to cross, (points, 1)."""
        return NOISE * self.about + self.error * self.largest.max()

    @cached_property
    def noise(self) -> dict[Component, np.ndarray]:
        """How far from zero rounding may move the cubics of each block, (steps, k).

        Near a branch point of its own, not near a fold, points of the branch
        are known to what rounds g over the eigenvalue that vanishes.
        """
        floor, found = np.maximum(self.floor[:-1], self.floor[1:]), {}
        size = ROUNDINGS * EPS * np.abs(self.X[:-1, :-1]).max(axis=-1, initial=0.0)
        size = (size * np.abs(self.rises).max(axis=0))[:, None]
        for c, values in self.values.items():
            ends = np.minimum(np.abs(values[:-1]), np.abs(values[1:]))
            own = size * self.about[:-1] ** 2 / np.maximum(ends, floor) if c.irrep == "t" else 0.0
            found[c] = floor + own + 0.0 * ends
        return found

    @cached_property
    def signs(self) -> dict[Component, np.ndarray]:
        """Which eigenvalues are negative; of one that may be rounding, what they are after it.

        So a zero at a point belongs to the step that ends there, and one that a
        branch is born with, or what has not yet grown out of it, says nothing.
        At the last points it is what was before.
        """
        # the error of differences is absolute: it stays where all eigenvalues vanish
        floor = (NOISE * self.largest + self.error * self.largest.max())[:, None]
        found = {}
        for c, values in self.values.items():
            told, negative, last = np.abs(values) > floor, values < 0, len(values) - 1
            order = np.arange(last + 1)[:, None]
            after = np.minimum.accumulate(np.where(told, order, last + 1)[::-1], axis=0)[::-1]
            before = last - told[::-1].argmax(axis=0)  # the last that is told
            place = np.where(after <= last, after, before)
            found[c] = np.take_along_axis(negative, place, axis=0)
            if self.ends is not None:
                found[c][0], found[c][-1] = (ends[c] for ends in self.ends)
        return found

    @property
    def real(self) -> np.ndarray:
        """On which steps the eigenvalues of all blocks side by side must be real, (steps, k)."""
        each = [
            np.broadcast_to(self.definite[c][:, None], table.shape)
            for c, table in self.values.items()
        ]
        both = np.concatenate(each, axis=-1)
        return both[:-1] & both[1:]

    @property
    def paces(self) -> np.ndarray:
        """Speed in the chart at each point, (points,)."""
        leaving, arriving = self.lengths / self.rates[..., 0]
        return np.append(leaving, arriving[-1:])

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
        return np.stack([speeds[:-1], speeds[1:]]) * self.rates

    def negatives(self, i: int) -> Index:
        """How many eigenvalues of each block are negative at point ``i``."""
        return {c: int(np.count_nonzero(signs[i])) for c, signs in self.signs.items()}


def spectra(problem: Problem, points: list[Point]) -> Spectra:
    """All isotypic eigenvalues of all points, in one call."""
    X, tangents = (np.array([getattr(p, name) for p in points]) for name in ("X", "tangent"))
    blocks, changes = problem.blocks_and_changes(X[:, :-1], X[:, -1], tangents)
    eigens = {component: block.eigen() for component, block in blocks.items()}
    values = {component: eigen.values for component, eigen in eigens.items()}
    definite = {component: block.definite for component, block in blocks.items()}
    speeds = {component: eigen.speeds(changes[component]) for component, eigen in eigens.items()}
    steps, error = steps_of(problem, X, tangents), problem.error
    return Spectra(X, tangents, values, speeds, definite, *steps, error=error)


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
