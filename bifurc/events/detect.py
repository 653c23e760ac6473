"""Find what happens along a branch, irrep by irrep, from its points.

Eigenvalues of every block and their speeds along the branch are computed for
all points in one call. Between two points each eigenvalue is then known as
the cubic with those values and slopes: a sign change is a crossing, and a
cubic that comes near zero in between (a crossing and a recrossing, a touch)
asks for another point there.
"""

from dataclasses import dataclass, replace

import numpy as np

from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.continuation.predict import hermite_weights
from bifurc.continuation.singular import Singularity
from bifurc.continuation.step import Step
from bifurc.continuation.trust import singular_between
from bifurc.events.cubics import root
from bifurc.events.locate import Crossing, crossing_at, locate_crossing, vanishing
from bifurc.events.spectra import Spectra, spectra
from bifurc.protocol import Problem
from bifurc.structure.irreps import Component

TOGETHER = 3.0  # times what eigenvalues change by on a last step: those below it vanish there
HALF = 0.5
BY_TURNS = (HALF, 0.4, 0.65)  # shares at which a step is cut where the first is no good
LEAST, MOST = 0.04, 1e3  # of its change on a step: that to a neighbour which tells of its zero
ROUNDS = 60  # of refinement; each halves a step at least
SEPARATE = 1e-9  # unknowns less apart than this are one place
SHORTEST = 1e-10  # a step, in the chart, that is not halved again
ONE_SHARE = 1e-7  # shares of a step less apart than this may be one place, located twice
VANISHED = 1e-3  # of what an eigenvalue is elsewhere on the branch: beyond it none vanishes there
DEPTH = 30  # halvings of a step before two events count as one


@dataclass(frozen=True, eq=False)
class Found:
    """Something located between two points."""

    component: Component
    at: Crossing | Singularity
    count: int
    tangential: bool
    position: float
    touch: int = 0  # the sign on both sides of eigenvalues that touch zero; 0 if they cross it


def refine(
    problem: Problem, points: list[Point], known: Spectra, options: Options
) -> tuple[list[Point], Spectra]:
    """Insert points until no eigenvalue can cross zero twice unseen between two of them."""
    stuck: set[int] = set()
    for _ in range(ROUNDS):
        doubtful, shares = known.doubtful
        places, added = [], []
        for i in np.flatnonzero(doubtful & (known.lengths > SHORTEST)).tolist():
            if id(points[i]) in stuck:
                continue
            way = Step(problem, points[i], points[i + 1])
            tries = (way.corrected(share, options) for share in (shares[i], *BY_TURNS))
            middle = next((one for one in tries if one is not None), None)
            if middle is None:
                stuck.add(id(points[i]))
                continue
            places.append(i + 1)
            added.append(middle)
        if not added:
            break
        for i, middle in zip(places[::-1], added[::-1], strict=True):
            points = [*points[:i], middle, *points[i:]]
        more = spectra(problem, added)
        if known.like(more):
            known = known.with_more(problem, places, more)
        else:  # zeros that are there at all points asked are set apart: here they differ
            known = spectra(problem, points)
    return points, known


def find(problem: Problem, points: list[Point], known: Spectra, options: Options):
    """Everything that happens between the points, in order.

    Returns
    -------
    found : list of Found
    believed : int
        How many of the points lie on one branch for sure: a step whose change
        of inertia is not explained by located events ends it.
    """
    found: list[Found] = []
    eventful, believed = known.eventful, len(points)
    for i in np.flatnonzero(eventful).tolist():
        here = _within(Step(problem, points[i], points[i + 1]), known, i, options)
        if here is None:
            believed = i + 1
            break
        found.extend(here)
    short = (known.lengths <= SHORTEST) & ~eventful
    short[believed - 1 :] = False
    if short.any():
        for i in np.flatnonzero(short & known.doubtful[0]).tolist():
            found.extend(_at_once(Step(problem, points[i], points[i + 1]), known, i, found))
    return sorted(found, key=lambda event: event.position), believed


def _within(way: Step, known, i, options, depth=0) -> list[Found] | None:
    """Events on a step; it is halved where several get in each other's way."""
    events: list[Found] = []
    halved = False
    for component in known.values:
        if component.irrep == "t":
            told = tuple(np.count_nonzero(known.signs[component][i : i + 2], axis=-1).tolist())
            here = _inside(replace(way, told=told), component)
        else:
            singular = [e.at for e in events if isinstance(e.at, Singularity)]
            here = _outside(way, component, known, i, singular)
        if here is None and not halved:
            ends = tuple({c: known.signs[c][k] for c in known.signs} for k in (i, i + 1))
            halved, halves = True, _halves(way, options, i, depth, ends)
            if halves is not None:
                return halves
        if here is None and known.definite[component][i : i + 2].all():
            return None  # eigenvalues that need not be real may pass through infinity
        events.extend(here or [])
    return [replace(event, position=i + event.position) for event in events]


def _at_once(way: Step, known: Spectra, i: int, found: list[Found]) -> list[Found]:
    """Eigenvalues that pass one another at zero, on a step too short to be cut: it is the place."""
    events: list[Found] = []
    X = way.guess(HALF)
    for component, values in known.values.items():
        room = TOGETHER * np.abs(known.over_steps(known.speeds[component])[:, i]).max(axis=0)
        # eigenvalues that run away to infinity are fast as well, and larger than elsewhere
        room = np.minimum(room, VANISHED * np.abs(values).max(axis=0))
        count = int(np.count_nonzero(np.abs(values[i : i + 2]).max(axis=0) < room))
        near = (one.at.X - X for one in found if one.component == component)
        count *= bool(known.definite[component][i : i + 2].all())
        if count and not any(np.abs(off).max() < SEPARATE for off in near):
            at = located_at(way, X, HALF, component, count)
            events.append(Found(component, at, count, False, i + HALF))
    return events


def located_at(way: Step, X: np.ndarray, share: float, component: Component, count: int):
    """A known place on a step where eigenvalues of a block vanish."""
    at, tangent = vanishing(way.problem, X, component, count), way.tangent(share)
    if component.irrep == "t":
        return Singularity(X, at.kernel, at.left, at.eigen.values, False, 0.0, at.slope, way.length)
    return Crossing(X, tangent / tangent[-1], at.kernel, at.slope, way.length)


def _halves(way: Step, options, i, depth, ends):
    if depth >= DEPTH:
        return None
    middle = way.corrected(0.5, options)
    if middle is None:
        return None
    known = spectra(way.problem, [way.one, middle, way.other])
    if any(len(signs) != known.values[c].shape[1] for c, signs in ends[0].items()):
        return None  # a zero that persists is set apart here and not on the whole step
    known = replace(known, ends=ends)
    events: list[Found] = []
    for j, part in enumerate(way.halves(middle)):
        half = _within(part, known, j, options, depth + 1)
        if half is None:
            return None
        events.extend(replace(event, position=i + event.position / 2) for event in half)
    return events


def _inside(way: Step, component) -> list[Found] | None:
    """Folds and branch points of the branch itself."""
    singular = singular_between(way)
    if not singular:
        return None if singular is None else []
    turns = way.one.tangent[-1] * way.other.tangent[-1] < 0
    fold = any(one.fold for one in singular)
    return [
        Found(component, one, one.kernel.shape[1], turns and not fold, way.place(one.X))
        for one in singular
    ]


def _outside(way: Step, component, known, i, singular) -> list[Found] | None:
    """Crossings in a block that the branch does not feel."""
    before, after = known.signs[component][i : i + 2]
    crossing = np.flatnonzero(before != after)
    if not len(crossing):
        return []
    problem = way.problem
    for branch_point in singular:
        # where branches of another isotropy cross, several irreps become singular at once
        at = crossing_at(problem, branch_point.X, component, len(crossing), way.one.tangent)
        if at is not None:
            return [Found(component, at, len(crossing), False, way.place(at.X))]
    events: list[Found] = []
    for j in crossing.tolist():
        at, share = known.located.get((component, i, j), (None, 0.0))
        for guess in guesses_of(known, component, i, j, way) if at is None else ():
            at = locate_crossing(problem, guess, component)
            if at is not None and way.holds(at.X):
                share = way.place(at.X)
                break
            at = None
        if at is None:
            return None
        if any(abs(event.position - share) < ONE_SHARE for event in events):
            return _together(problem, at.X, component, len(crossing), share)
        events.append(Found(component, at, 1, False, share))
    return events


def guesses_of(known: Spectra, component: Component, i: int, j: int, way: Step):
    """Where to look for the zero of the j-th eigenvalue on a step, the best guess first.

    That is the branch as a polynomial in the eigenvalue, through the ends of
    the step and their neighbours as far as it is monotone; then come shares of
    the step.
    """
    values, speeds = known.values[component][:, j], known.speeds[component][:, j]
    rise = values[i + 1] - values[i]
    nodes = [i, i + 1]
    for k, inner in ((i - 1, i), (i + 2, i + 1)):
        if not 0 <= k < len(values):
            continue
        ahead = 2.0 * (values[k] - values[inner]) * (inner - i - 0.5) * rise
        if LEAST * rise**2 < ahead < MOST * rise**2:
            nodes.append(k)
    nodes.sort()
    moves = abs(rise) > SEPARATE * np.abs(values[nodes]).max()
    if moves and (speeds[nodes] * rise > 0).all():
        y, pushed = way.chart.lift(known.X[nodes], known.tangents[nodes])
        curves = np.concatenate([y, pushed / speeds[nodes, None]])
        yield way.chart.out(hermite_weights(values[nodes], np.zeros(1)) @ curves)[0]
    slopes = known.over_steps(known.speeds[component])[:, i, j]
    for share in (root(values[i], values[i + 1], *slopes), 0.5, 0.1, 0.9):
        yield way.guess(share)


def _together(problem: Problem, X, component, count, position) -> list[Found] | None:
    """``count`` eigenvalues of one block that vanish at one point."""
    at = locate_crossing(problem, X, component, count)
    if at is None:
        return None
    values = np.abs(problem.blocks(at.X[:-1], at.X[-1], [component])[component].eigen().values)
    if np.sort(values)[count - 1] > 1e-9 * max(values.max(), 1.0):
        return None
    return [Found(component, at, count, False, position)]
