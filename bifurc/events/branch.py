"""A branch: its points, why it ended, its eigenvalues and its events."""

from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.singular import Singularity, nearest
from bifurc.continuation.trace import trace
from bifurc.continuation.within import ALL, Within
from bifurc.events.detect import Found, Spectra, find, refine, spectra
from bifurc.events.records import Event, Index, morse_index
from bifurc.spectra import Block
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial

REAL = 1e-6  # of the largest eigenvalue: an imaginary part below it is rounding
# so near, in arclength, to where the loss is not defined nothing need be explained; a window may
# end just there
EDGES = {Status.OUTSIDE: 1e-2, Status.WINDOW: 1e-6}


@dataclass(frozen=True, eq=False)
class Branch:
    """A traced branch with everything that happens on it.

    Attributes
    ----------
    problem : the problem it solves
    points : list of Point, in the order of the walk
    status : Status
        Why it ended.
    events : list of Event, in the order of the walk
    """

    problem: Any
    points: list[Point]
    status: Status
    events: list[Event]

    @property
    def lam(self) -> np.ndarray:
        """The parameter at each point, shape (points,)."""
        return np.array([point.lam for point in self.points])

    @property
    def x(self) -> np.ndarray:
        """The states, shape (points, n)."""
        return np.array([point.x for point in self.points])

    @cached_property
    def loss(self) -> np.ndarray:
        """The loss at each point, shape (points,); nan if the problem has none."""
        return self.problem.losses(self.x, self.lam)

    @cached_property
    def spectra(self) -> Spectra:
        """Eigenvalues of every block with their speeds along the branch."""
        return spectra(self.problem, self.points)

    @property
    def spectrum(self) -> dict[Component, np.ndarray]:
        """All isotypic eigenvalues: component to (points, eigenvalues), ascending."""
        return self.spectra.values

    def index_at(self, i: int) -> Polynomial:
        """Morse index at point ``i`` as a polynomial in the parameters."""
        parameters = self.problem.parameters(self.points[i].lam)
        return morse_index(_negatives(self.spectrum, i), parameters)

    def is_minimum(self) -> np.ndarray:
        """Whether each point is a minimum, neutral directions aside; shape (points,)."""
        return np.array([not self.index_at(i).terms for i in range(len(self.points))])


def follow(problem, start: Point, window, options: Options | None = None, **choices) -> Branch:
    """Trace a branch to its end and find everything on it.

    Parameters
    ----------
    problem, start, window, options
        See :func:`bifurc.continuation.trace.trace`; so are ``choices``.
    """
    options = options or Options()
    points, status = collect(trace(problem, start, window, options, **choices))
    return examine(problem, points, status, options, window)


def collect(walk: Generator[Point, None, Status]) -> tuple[list[Point], Status]:
    """All points of a trace and why it ended."""
    points = []
    while True:
        try:
            points.append(next(walk))
        except StopIteration as end:
            return points, end.value


def examine(problem, points: list[Point], status: Status, options: Options, window=ALL) -> Branch:
    """Find the events along traced points."""
    if len(points) < 2:
        return Branch(problem, points, status, [])
    inside = Within(problem, window)
    points, known = refine(inside, points, options)
    found, believed = find(inside, points, known, options)
    if believed < len(points):
        # the last points before the edge of definition may already lie beyond it
        room = EDGES.get(status, 0.0)
        at_edge = known.lengths[believed - 1 :].sum() < room
        points, status = points[:believed], Status.OUTSIDE if at_edge else Status.JUMP
    steps = [min(int(event.position), len(points) - 2) for event in found]
    events = [
        describe(inside, event, points, known, i, steps.count(i) == 1)
        for event, i in zip(found, steps, strict=True)
    ]
    return Branch(problem, points, status, events)


def describe(
    problem, found: Found, points: list[Point], known: Spectra, i: int, alone: bool
) -> Event:
    """Make the record of an event on step ``i``; ``alone`` if no other lies on that."""
    at, component = found.at, found.component
    X, lam = at.X, float(at.X[-1])
    one, other = points[i], points[i + 1]
    if isinstance(at, Singularity):
        share = found.position - i
        tangent = (1 - share) * one.tangent + share * other.tangent
        fold, slope = at.fold, at.slope
    else:
        tangent, fold, slope = at.tangent * np.sign(one.tangent[-1]), False, at.slope
    change = float(slope @ tangent)  # of the eigenvalue, along the branch
    before, after = _negatives(known.values, i), _negatives(known.values, i + 1)
    if not alone and not found.tangential:
        rest = _others(problem, X, component, found.count)
        before = rest | {component: rest[component] + found.count * int(change > 0)}
        after = rest | {component: rest[component] + found.count * int(change < 0)}
    backward = tangent[-1] < 0 and not fold
    return Event(
        label="LP" if fold else "BP",
        component=component,
        lam=lam,
        X=X,
        tangent=tangent,
        parameters=problem.parameters(lam),
        kernel=at.kernel,
        speed=change if fold or found.tangential else change / float(tangent[-1]),
        loss=float(problem.losses(X[None, :-1], X[-1:])[0]),
        below=after if backward else before,
        above=before if backward else after,
        kind=_kind(problem, found, fold, bool(known.definite[component][i : i + 2].all())),
        position=found.position,
    )


def _kind(problem, found: Found, fold: bool, definite: bool) -> str:
    """The kind of an event as far as eigenvalues show it; the rest is for a normal form."""
    if fold:
        return "fold"
    if found.tangential:
        return "tangential"
    if definite or found.count < 2:
        return "unknown"
    X, c = found.at.X, found.component
    return "pair" if _turning(problem.blocks(X[:-1], X[-1], [c])[c], found.count) else "unknown"


def _turning(block: Block, count: int) -> bool:
    """Whether the ``count`` eigenvalues nearest the imaginary axis are not real."""
    eigen = block.eigen()
    if eigen.imaginary is None:
        return False
    turn = np.abs(eigen.imaginary[nearest(eigen, count)])
    return bool(turn.min() > REAL * np.abs(eigen.values).max())


def _others(problem, X, component: Component, count: int) -> Index:
    """Negative eigenvalues of every block at an event, the vanishing ones left out."""
    index = {}
    for c, block in problem.blocks(X[:-1], X[-1]).items():
        eigen = block.eigen()
        values = np.delete(eigen.values, nearest(eigen, count if c == component else 0))
        index[c] = int(np.count_nonzero(values < 0))
    return index


def _negatives(values: dict[Component, np.ndarray], i: int) -> Index:
    return {c: int(np.count_nonzero(v[i] < 0)) for c, v in values.items()}
