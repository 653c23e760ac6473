"""A step: two neighbouring points, and the curve between them.

The chart is chosen once, at the first point, and everything that lies between
the two points is said in it: the cubic with their tangents, the share of the
way at which something lies, whether it lies on the step at all, the point of
the branch at a share. How well the cubic knows the branch is asked of the
branch itself, at the middle.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np

from bifurc.continuation.constants import BESIDE, ENDS, NOISE, TIMES
from bifurc.continuation.correct import correct, length, lengths
from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.protocol import Field


def negative(values: np.ndarray) -> np.ndarray:
    """Which of the eigenvalues (..., n) are negative; one that may be rounding is not."""
    return values < -NOISE * np.abs(values).max(axis=-1, keepdims=True, initial=0.0)


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
        return [int(np.count_nonzero(negative(point.values))) for point in (self.one, self.other)]

    @cached_property
    def chart(self):
        """The coordinates that the curve is a cubic in, those of the first point."""
        return self.problem.chart(self.one.lam)

    @cached_property
    def _lifted(self):
        points = self.one, self.other
        X, tangents = np.array([p.X for p in points]), np.array([p.tangent for p in points])
        ends, speeds = self.chart.lift(X, tangents)
        return ends, speeds / lengths(speeds)[:, None]

    @classmethod
    def chain(cls, problem: Any, points: list[Point]) -> list["Step"]:
        """The steps from each point to the next, looked at in one chart where it is one."""
        steps = [cls(problem, *pair) for pair in zip(points, points[1:], strict=False)]
        if len(steps) > 1 and all(step.chart is steps[0].chart for step in steps):
            X, tangents = (
                np.array([getattr(p, name) for p in points]) for name in ("X", "tangent")
            )
            y, speeds = steps[0].chart.lift(X, tangents)
            speeds = speeds / lengths(speeds)[:, None]
            for i, step in enumerate(steps):
                vars(step)["_lifted"] = y[i : i + 2], speeds[i : i + 2]
        return steps

    @property
    def ends(self) -> np.ndarray:
        """Both points in the chart, shape (2, n + 1)."""
        return self._lifted[0]

    @property
    def tangents(self) -> np.ndarray:
        """Both tangents in the chart, of length one, shape (2, n + 1)."""
        return self._lifted[1]

    @cached_property
    def length(self) -> float:
        """Of the arc: over the chord, right to the fourth order in the turn."""
        turn = self.tangents[1] - self.tangents[0]
        return length(self.ends[1] - self.ends[0]) * (1 + float(turn @ turn) / 24)

    def curve(self, share) -> np.ndarray:
        """The cubic in the chart; shares of shape (m,) give (m, n + 1)."""
        r = np.asarray(share)[..., None]
        (start, end), (leave, arrive) = self.ends, self.tangents
        bend = r * (1 - r) * self.length * ((1 - r) * leave - r * arrive)
        return start + (3 - 2 * r) * r * r * (end - start) + bend

    def guess(self, share) -> np.ndarray:
        """(x, lam) on the cubic; shares of shape (m,) give (m, n + 1)."""
        return self.chart.out(self.curve(share))

    def tangent(self, share: float) -> np.ndarray:
        """About the tangent at a share."""
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
