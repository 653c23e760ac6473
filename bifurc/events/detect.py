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
from bifurc.events.cubics import blurred, corners, errors, extrema, root, touching
from bifurc.events.locate import Crossing, crossing_at, locate_crossing, vanishing
from bifurc.events.spectra import Spectra, spectra
from bifurc.protocol import Problem
from bifurc.structure.irreps import Component

TRUST = 2.0  # times what the cubic through its neighbours misses a point by
TOGETHER = 3.0  # times what eigenvalues change by on a last step: those below it vanish there
FLAT = 2.0  # times what is called zero: an eigenvalue below it at both ends is zero all along
CORNER = 0.1  # of the smaller end value: a corner below it may be one beyond zero
SWAPPED = 0.1  # of the difference of two speeds, up to which each has become the other
INWARD = 0.1  # least distance of a new point from the ends of its step, as a share
HALF = 0.5
BY_TURNS = (HALF, 0.4, 0.65)  # shares at which a step is cut where the first is no good
LEAST, MOST = 0.04, 1e3  # of its change on a step: that to a neighbour which tells of its zero
ROUNDS = 60  # of refinement; each halves a step at least
NEAR = 0.75  # a dip below this part of the smaller end value gets a point of its own; 0.5 would
# miss two eigenvalues that pass one another at zero, whose cubic only halves from step to step
SEPARATE = 1e-9  # unknowns less apart than this are one place
COARSE = 1e-6  # a step that is not halved again for eigenvalues that need not be real
SHORTEST = 1e-10  # a step, in the chart, that is not halved again
ONE_SHARE = 1e-7  # shares of a step less apart than this may be one place, located twice
VANISHED = 1e-3  # of what an eigenvalue is elsewhere on the branch: beyond it none vanishes there
AT_ONCE = 40_000  # points of a call times the square of their unknowns: memory
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
        doubtful, shares = _doubtful(points, known)
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
    eventful, believed = _eventful(points, known), len(points)
    for i in np.flatnonzero(eventful).tolist():
        here = _within(Step(problem, points[i], points[i + 1]), known, i, options)
        if here is None:
            believed = i + 1
            break
        found.extend(here)
    short = (known.lengths <= SHORTEST) & ~eventful
    short[believed - 1 :] = False
    if short.any():
        for i in np.flatnonzero(short & _doubtful(points, known)[0]).tolist():
            found.extend(_at_once(Step(problem, points[i], points[i + 1]), known, i, found))
    return sorted(found, key=lambda event: event.position), believed


def _eventful(points: list[Point], known: Spectra) -> np.ndarray:
    """Steps on which an eigenvalue changes sign or lam turns."""
    slopes = np.array([point.tangent[-1] for point in points])
    eventful = slopes[:-1] * slopes[1:] < 0
    for signs in known.signs.values():
        eventful |= (signs[:-1] != signs[1:]).any(axis=-1)
    return eventful


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
        at = known.located.get((component, i, j))
        at = at if at is not None and way.holds(at.X) else None
        for guess in guesses_of(known, component, i, j, way) if at is None else ():
            at = locate_crossing(problem, guess, component)
            if at is not None and way.holds(at.X):
                break
            at = None
        if at is None:
            return None
        share = way.place(at.X)
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


def _doubtful(points, known: Spectra) -> tuple[np.ndarray, np.ndarray]:
    """For each step, whether an eigenvalue may do more on it than its ends show, and where."""
    values = np.concatenate(list(known.values.values()), axis=-1)
    speeds = np.concatenate(list(known.speeds.values()), axis=-1)
    slopes = known.over_steps(speeds)
    a, b = values[:-1], values[1:]
    places, inside = extrema(a, b, *slopes)
    stops = np.stack([a, *inside, b])
    changes = np.count_nonzero(np.diff(np.signbit(stops), axis=0), axis=0)
    sizes = np.abs(stops)
    ends, lowest = np.minimum(sizes[0], sizes[-1]), sizes.min(axis=0)
    kinks, heights = corners(a, b, *slopes)
    missed = TRUST * errors(values, speeds, known)
    hidden = blurred(a, b, slopes[0], slopes[1], missed)
    turning = (lowest < NEAR * ends) | hidden | (heights * np.sign(a) < CORNER * ends)
    real = known.real  # others pass one another and through infinity as they like
    turning = np.where(real, turning, lowest < NEAR * ends)
    unsure = (changes > 1) | np.where(changes == 0, turning, real & hidden)
    unsure &= real | (known.lengths > COARSE)[:, None]
    unsure &= np.maximum(sizes[0], sizes[-1]) > FLAT * np.maximum(known.floor[:-1], known.floor[1:])
    touched = touching(stops, missed, np.concatenate([*known.noise.values()], -1))
    unsure &= ~touched | _passing(known)
    # where lam turns at constant inertia a branch of larger isotropy is met: touches are expected
    doubtful = np.any(unsure, axis=-1) & ~_touches(known, points)
    worst = np.where(unsure, lowest, np.inf).argmin(axis=-1)
    step = np.arange(len(a))
    deep = sizes[1:-1, step, worst].argmin(axis=0)
    # a place where it cannot be told what lies below zero may be singular: to the side of it
    turns = places[deep, step, worst]
    told = sizes[1:-1][deep, step, worst] > 4 * missed[step, worst]
    aside = np.where(turns < HALF, turns + (1 - turns) / 4, turns - turns / 4)
    tries = np.stack([np.where(told, turns, aside), kinks[step, worst]])
    good = (tries > INWARD) & (tries < 1 - INWARD)
    return doubtful, np.where(good[0], tries[0], np.where(good[1], tries[1], HALF))


def _passing(known: Spectra) -> np.ndarray:
    """Which eigenvalues of a block, on which step, pass a neighbour about zero; (steps, k).

    In order they turn there, but each takes the speed of the other.
    """
    found = []
    for c, values in known.values.items():
        leave, arrive = known.over_steps(known.speeds[c])
        swapped = np.abs(leave[:, 1:] - arrive[:, :-1]) + np.abs(leave[:, :-1] - arrive[:, 1:])
        pairs = swapped < SWAPPED * np.abs(leave[:, 1:] - leave[:, :-1])
        signs = np.signbit(values)
        pairs &= (signs[:-1, 1:] != signs[:-1, :-1]) & (signs[1:, 1:] != signs[1:, :-1])
        found.append(np.zeros(leave.shape, dtype=bool))
        found[-1][:, 1:] |= pairs
        found[-1][:, :-1] |= pairs
    return np.concatenate(found, axis=-1)


def _touches(known: Spectra, points: list[Point]) -> np.ndarray:
    """Steps on which lam turns while the inertia of the branch's own block stays."""
    slopes = np.array([point.tangent[-1] for point in points])
    own = next(signs for component, signs in known.signs.items() if component.irrep == "t")
    negatives = np.count_nonzero(own, axis=-1)
    return (slopes[:-1] * slopes[1:] < 0) & (negatives[:-1] == negatives[1:])
