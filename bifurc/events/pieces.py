"""Pieces of a branch: what lies between neighbouring stops, where the Morse index is constant.

Stops are the ends of the branch, its events, and the sizes at which an irrep
with negative eigenvalues ceases to exist: there the index changes without an
eigenvalue at zero. The graph, the pictures and the tables all see a branch
through its pieces.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurc.continuation.correct import correct_at
from bifurc.continuation.options import Options
from bifurc.continuation.step import Step
from bifurc.events.records import Event, Index, morse_index
from bifurc.protocol import Problem
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial

WHOLE = 10_000  # of the whole sizes on a piece, the smallest: a window may reach to 10^9
NEARLY_WHOLE = 1e-9  # a size that differs by less from a whole number is one, up to rounding
AT_END = 1e-7  # relative: how far steps may go to and fro where a branch ends
HALVINGS = 60  # of a step, to where an irrep ceases to exist: down to rounding


@dataclass(frozen=True, eq=False)
class Stop:
    """Where a piece ends."""

    position: float  # number of the point before it, plus the share of the step
    X: np.ndarray  # (n + 1,)
    event: Event | None = None
    why: str = ""  # if it is neither an event nor an end of the branch

    @property
    def ends_branch(self) -> bool:
        """Whether it is an end of the branch, not at an event."""
        return self.event is None and not self.why


@dataclass(frozen=True, eq=False)
class Piece:
    """A stretch of a branch between two stops."""

    branch: Any
    first: Stop
    last: Stop
    negatives: Index  # negative eigenvalues of each block
    sheet: int

    @property
    def inner(self) -> list[int]:
        """Numbers of the points between the two stops."""
        low, high = math.floor(self.first.position) + 1, math.ceil(self.last.position)
        return [i for i in range(low, high) if self.first.position < i < self.last.position]

    @property
    def X(self) -> np.ndarray:
        """The two stops and the points between them, (points, n + 1)."""
        points = self.branch.points
        return np.array([self.first.X, *(points[i].X for i in self.inner), self.last.X])

    @property
    def index(self) -> Polynomial:
        """The Morse index as a polynomial in the parameters."""
        lams = self.X[:, -1]
        middle = self.branch.problem.parameters((lams.min() + lams.max()) / 2)
        return morse_index(self.negatives, middle)

    @property
    def stable(self) -> bool:
        """Whether it is one of minima."""
        lams = self.X[:, -1]
        return self.is_minimum_at((lams.min() + lams.max()) / 2)

    def is_minimum_at(self, lam: float) -> bool:
        """Whether it is a minimum there, as far as second derivatives tell."""
        parameters = self.branch.problem.parameters(float(lam))
        undecided = self.branch.problem.neutrals.undecided(parameters)
        return not undecided and not morse_index(self.negatives, parameters).terms

    @property
    def whole(self) -> list[int]:
        """The whole values of the parameter on it at which all sizes are whole."""
        lams = self.X[:, -1]
        # a branch that ends at a whole value ends there up to rounding
        ends = {float(stop.X[-1]) for stop in (self.first, self.last) if stop.ends_branch}
        low, high = (float(lam) for lam in (lams.min(), lams.max()))
        low -= NEARLY_WHOLE * max(1.0, abs(low)) if low in ends else 0.0
        high += NEARLY_WHOLE * max(1.0, abs(high)) if high in ends else 0.0
        values = range(math.ceil(low), math.floor(high) + 1)[:WHOLE]
        return [lam for lam in values if all_whole(self.branch.problem, lam)]

    @property
    def minimum_at(self) -> list[int]:
        """The whole values at which it is a minimum."""
        return [lam for lam in self.whole if self.is_minimum_at(lam)]


def all_whole(problem: Problem, lam: float) -> bool:
    """Whether all sizes are whole numbers; other parameters need not be."""
    sizes = problem.sizes(float(lam)).values()
    return all(abs(size - round(size)) <= NEARLY_WHOLE * max(1.0, size) for size in sizes)


def pieces(branch) -> list[Piece]:
    """The pieces of a branch, in the order of the walk."""
    ends = stops(branch)
    found = []
    for first, last in zip(ends, ends[1:], strict=False):
        if first.position == last.position:
            continue  # several things happen at one point
        sheet = branch.sheet_at((first.position + last.position) / 2)
        found.append(Piece(branch, first, last, _negatives(branch, first, last), sheet))
    return found


def stops(branch) -> list[Stop]:
    """The ends, events and limits of a branch, in the order of the walk."""
    points = branch.points
    events = [Stop(e.position, e.X, e) for e in branch.events if not e.formal]
    limits = sorted(_limits(branch), key=lambda stop: stop.position)
    start, end = Stop(0.0, points[0].X), Stop(float(len(points) - 1), points[-1].X)
    # a branch that ends at such a size may do so a hair behind it
    edges = [stop for stop in limits if _only_end_behind(branch, stop.position)]
    if edges:
        end = Stop(edges[0].position, points[-1].X)
    inner = sorted(
        [*events, *(stop for stop in limits if 0 < stop.position < end.position)],
        key=lambda stop: stop.position,
    )
    cut = bool(events) and events[-1].position > len(points) - 1
    return [start, *inner] if cut or len(points) < 2 else [start, *inner, end]


def _only_end_behind(branch, position: float) -> bool:
    """Whether all that follows a position lies at the last value of the parameter."""
    last = branch.points[-1].lam
    behind = [point.lam for point in branch.points[math.ceil(position) :]]
    return all(abs(lam - last) <= AT_END * (1 + abs(last)) for lam in behind)


def _limits(branch) -> Iterator[Stop]:
    """Where an irrep with negative eigenvalues ceases to exist."""
    problem = branch.problem
    there = [problem.parameters(point.lam) for point in branch.points]
    for component, values in branch.spectrum.items():
        exists = np.array([component.exists(parameters) for parameters in there])
        for i in np.flatnonzero(exists[:-1] != exists[1:]).tolist():
            if not (values[i if exists[i] else i + 1] < 0).any():
                continue
            yield _limit(branch, i, component, exists[i])


def _limit(branch, i: int, component: Component, before: bool) -> Stop:
    """Where on step ``i`` an irrep ceases to exist, or begins to; there it does not exist."""
    problem, (one, other) = branch.problem, branch.points[i : i + 2]

    def lam(share):
        return one.lam + share * (other.lam - one.lam)

    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        share = (low + high) / 2
        same = component.exists(problem.parameters(lam(share))) == before
        low, high = (share, high) if same else (low, share)
    share = high if before else low
    guess = (1 - share) * one.X + share * other.X
    guess[-1] = lam(share)
    point = correct_at(problem, guess, one.tangent, Options()).point
    why = f"The irrep {component.label} exists on one side only; beyond it is formal."
    return Stop(i + share, guess if point is None else point.X, why=why)


def _negatives(branch, first: Stop, last: Stop) -> Index:
    """Negative eigenvalues of every block between two stops, where the block exists."""
    problem, points = branch.problem, branch.points
    inner = [i for i in range(len(points)) if first.position < i < last.position]
    if inner:
        index = {}
        for c, signs in branch.spectra.signs.items():
            real = [i for i in inner if c.exists(problem.parameters(points[i].lam))]
            i = (real or inner)[len(real or inner) // 2]
            index[c] = int(np.count_nonzero(signs[i]))
        return index
    said = (_beside(stop, stop is first) for stop in (first, last))
    if (side := next((side for side in said if side is not None), None)) is not None:
        return side
    i = min(max(math.floor(first.position), 0), len(points) - 1)
    if i + 1 < len(points):  # no point between two stops: one of its own
        share = (max(first.position, i) + min(last.position, i + 1)) / 2 - i
        point = Step(problem, points[i], points[i + 1]).corrected(share, Options())
        if point is not None:
            blocks = problem.blocks(point.x, point.lam)
            return {c: int(np.count_nonzero(b.eigen().values < 0)) for c, b in blocks.items()}
    return {c: int(np.count_nonzero(signs[i])) for c, signs in branch.spectra.signs.items()}


def _beside(stop: Stop, after: bool) -> Index | None:
    """What the event at a stop says of the piece after, or before, it."""
    if stop.event is None:
        return None
    forward = stop.event.kind == "fold" or stop.event.tangent[-1] > 0
    return stop.event.above if forward == after else stop.event.below
