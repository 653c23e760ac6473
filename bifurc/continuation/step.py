"""A step: two neighbouring points, and the curve between them.

The chart is chosen once, at the first point, and everything that lies between
the two points is said in it: the cubic with their tangents, the share of the
way at which something lies, whether it lies on the step at all, the point of
the branch at a share. How well the cubic knows the branch is asked of the
branch itself, at the middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np

from bifurc.continuation.batch import inner, lengths
from bifurc.continuation.constants import BESIDE, ENDS, NOISE, TIMES
from bifurc.continuation.correct import correct, length
from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.protocol import Field


def count_negative(values: np.ndarray) -> np.ndarray:
    """How many of the eigenvalues (..., n), ascending, are negative; not what may be rounding."""
    if not values.shape[-1]:
        return np.zeros(values.shape[:-1], dtype=int)
    largest = np.maximum(-values[..., :1], values[..., -1:])
    return np.count_nonzero(values < -NOISE * largest, axis=-1)


class Arcs:
    """Cubics through neighbouring points with their tangents, looked at in one chart.

    Parameters
    ----------
    chart : see :mod:`bifurc.protocol`
    X, tangents, scales : ndarray, shape (m + 1, n + 1)

    Attributes
    ----------
    y, units : (m + 1, n + 1), the points and unit tangents in the chart
    chords : (m, n + 1), from each point to the next
    lengths : (m,), of the arcs: over the chord, right to the fourth order in the turn
    middles : (m, n + 1), of the cubics
    """

    def __init__(self, chart, X: np.ndarray, tangents: np.ndarray, scales: np.ndarray):
        self._given = tangents, scales
        self.y, speeds = chart.lift(X, tangents)
        self.units = speeds / lengths(speeds)[:, None]
        self.chords = self.y[1:] - self.y[:-1]
        turns = self.units[1:] - self.units[:-1]
        self._straight = lengths(self.chords)
        self.lengths = self._straight * (1 + inner(turns, turns) / 24)
        self.middles = (self.y[1:] + self.y[:-1]) / 2 - self.lengths[:, None] * turns / 8

    @classmethod
    def of(cls, chart, points: Sequence[Point]) -> "Arcs":
        """Those between points of a branch."""
        each = ((point.X, point.tangent, point.scales) for point in points)
        return cls(chart, *(np.array(parts) for parts in zip(*each, strict=True)))

    @cached_property
    def turned(self) -> list[float]:
        """Angles between the tangents at both ends, in the scales of the first one."""
        tangents, scales = self._given
        one, other = tangents[:-1] / scales[:-1], tangents[1:] / scales[:-1]
        cosines = inner(one, other) / (lengths(one) * lengths(other))
        return np.arccos(np.minimum(np.maximum(cosines, -1.0), 1.0)).tolist()

    @cached_property
    def bows(self) -> list[float]:
        """How far the chords leave the tangents, over their length."""
        off = self.chords - 0.5 * self._straight[:, None] * (self.units[1:] + self.units[:-1])
        return (lengths(off) / np.maximum(self._straight, 1e-300)).tolist()


Walked_co = TypeVar("Walked_co", bound=Field, covariant=True)


@dataclass(frozen=True, eq=False)
class Step(Generic[Walked_co]):
    """From one corrected point to the next.

    Shares run from 0 at the first point to 1 at the other.
    """

    problem: Walked_co
    one: Point
    other: Point
    told: tuple[int, int] | None = None  # negative eigenvalues at both ends, as the branch tells

    @property
    def crossing(self) -> np.ndarray:
        """Which eigenvalues, in ascending order, change sign from end to end."""
        return np.arange(*sorted(self.negatives))

    @property
    def from_event(self) -> bool:
        """Whether an eigenvalue vanishes at the first point, which then is not on the way."""
        sizes = np.abs(self.one.values)
        return bool(sizes.min(initial=np.inf) <= NOISE * sizes.max(initial=0.0))

    @cached_property
    def negatives(self) -> list[int]:
        """Number of negative eigenvalues at both ends; a block may have fewer at one of them."""
        if self.told is not None:
            return list(self.told)
        return [int(count_negative(point.values)) for point in (self.one, self.other)]

    @cached_property
    def chart(self):
        """The coordinates that the curve is a cubic in, those of the first point."""
        return self.problem.chart(self.one.lam)

    @cached_property
    def arc(self) -> tuple[Arcs, int]:
        """The cubic, as one of several that are looked at together."""
        return Arcs.of(self.chart, (self.one, self.other)), 0

    @classmethod
    def chain(cls, problem: Any, points: list[Point]) -> list["Step"]:
        """The steps from each point to the next, all in the chart of the first."""
        steps = [cls(problem, *pair) for pair in zip(points, points[1:], strict=False)]
        if len(steps) > 1:
            chart = steps[0].chart
            arcs = Arcs.of(chart, points)
            for i, step in enumerate(steps):
                vars(step).update(chart=chart, arc=(arcs, i), length=float(arcs.lengths[i]))
        if len({len(point.values) for point in points}) == 1:
            counts = count_negative(np.array([point.values for point in points])).tolist()
            for step, *ends in zip(steps, counts, counts[1:], strict=False):
                vars(step)["negatives"] = ends
        return steps

    @property
    def ends(self) -> np.ndarray:
        """Both points in the chart, shape (2, n + 1)."""
        arcs, i = self.arc
        return arcs.y[i : i + 2]

    @property
    def tangents(self) -> np.ndarray:
        """Both tangents in the chart, of length one, shape (2, n + 1)."""
        arcs, i = self.arc
        return arcs.units[i : i + 2]

    @cached_property
    def length(self) -> float:
        """Of the arc, in the chart."""
        arcs, i = self.arc
        return float(arcs.lengths[i])

    @property
    def middle(self) -> np.ndarray:
        """Half way, in the chart."""
        arcs, i = self.arc
        return arcs.middles[i]

    @property
    def turned(self) -> float:
        """Angle between the tangents at both ends, in the scales of the first one."""
        arcs, i = self.arc
        return arcs.turned[i]

    @property
    def bow(self) -> float:
        """How far the chord leaves the tangents, over its length."""
        arcs, i = self.arc
        return arcs.bows[i]

    def curve(self, share) -> np.ndarray:
        """The cubic in the chart; shares of shape (m,) give (m, n + 1)."""
        r = np.asarray(share)[..., None]
        (start, end), (leave, arrive) = self.ends, self.tangents
        bend = r * (1 - r) * self.length * ((1 - r) * leave - r * arrive)
        return start + (3 - 2 * r) * r * r * (end - start) + bend

    def guess(self, share) -> np.ndarray:
        """(x, lam) on the cubic; shares of shape (m,) give (m, n + 1)."""
        return self.chart.out(self.curve(share))

    def tangent(self, share) -> np.ndarray:
        """About the tangent at a share; of shape (m, 1) it gives (m, n + 1)."""
        return (1 - share) * self.one.tangent + share * self.other.tangent

    def corrected(self, share: float, options: Options) -> Point | None:
        """The point of the branch at a share."""
        return correct(self.problem, self.guess(share), self.tangent(share), options).point

    def share(self, X: np.ndarray) -> float:
        """How far along the chord ``X`` lies, not confined to the step."""
        chord = self.ends[1] - self.ends[0]
        return float((self.chart.into(X) - self.ends[0]) @ chord / max(chord @ chord, 1e-300))

    def place(self, X: np.ndarray) -> float:
        """The share of something that lies on the step."""
        return min(max(self.share(X), 0.0), 1.0)

    def beside(self, X: np.ndarray) -> float:
        """How far off the cubic ``X`` lies, across the chord."""
        return length(self.chart.into(X) - self.curve(self.share(X)))

    def holds(self, X: np.ndarray, missed: float = 0.0) -> bool:
        """Whether ``X`` lies on the step; ``missed`` is by how much the cubic misses the branch."""
        if not np.isfinite(X).all() or not -ENDS <= self.share(X) <= 1 + ENDS:
            return False
        return self.beside(X) <= max(BESIDE * self.length, TIMES * missed) + ENDS**2

    def rise(self, share: float) -> float:
        """How fast the last coordinate moves at a share, over how fast it does at the ends."""
        r, (one, other) = share, (float(unit[-1]) for unit in self.tangents)
        chord = float(self.ends[1, -1] - self.ends[0, -1]) / self.length
        inside = (1 - r) * (1 - 3 * r) * one + r * (3 * r - 2) * other
        return (6 * r * (1 - r) * chord + inside) / max(abs(one), abs(other), 1e-300)

    def leaves(self, window: tuple[float, float]) -> float | None:
        """The first share at which the cubic is outside the window, about; None if it is not."""
        one, other = self.one, self.other
        inside = window[0] <= other.lam <= window[1]
        if inside and one.tangent[-1] * other.tangent[-1] > 0:
            return None  # lam does not turn round
        shares = np.linspace(0.0, 1.0, 33)[1:-1]
        lam = self.guess(shares)[:, -1]
        out = np.flatnonzero((lam < window[0]) | (lam > window[1]))
        return float(shares[out[0]]) if len(out) else None

    def halves(self, middle: Point) -> tuple["Step", "Step"]:
        """The step by way of a point on it."""
        return Step(self.problem, self.one, middle), Step(self.problem, middle, self.other)
