"""Find what happens along a branch, irrep by irrep, from its points.

Eigenvalues of every block and their speeds along the branch are computed for
all points in one call. Between two points each eigenvalue is then known as
the cubic with those values and slopes: a sign change is a crossing, and a
cubic that comes near zero in between (a crossing and a recrossing, a touch)
asks for another point there.
"""

from dataclasses import dataclass, replace

import numpy as np

from bifurc.continuation.correct import correct
from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.continuation.predict import Hermite, hermite_weights
from bifurc.continuation.singular import Singularity
from bifurc.continuation.trust import singular_between
from bifurc.events.locate import Crossing, crossing_at, locate_crossing
from bifurc.structure.irreps import Component

NEAR = 0.75  # a dip below this part of the smaller end value gets a point of its own; 0.5 would
# miss two eigenvalues that pass one another at zero, whose cubic only halves from step to step
SHORTEST = 1e-6  # a step, in the chart, that is not halved again
SAME = 1e-7  # shares of a step less apart than this may be one place, located twice
DEPTH = 14  # halvings of a step before two events count as one


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

    def over_steps(self, speeds: np.ndarray) -> np.ndarray:
        """Changes over each step, as speeds (points, k) at both ends see them; (2, steps, k)."""
        return np.stack([speeds[:-1], speeds[1:]]) * self.rates


@dataclass(frozen=True, eq=False)
class Found:
    """Something located between two points."""

    component: Component
    at: Crossing | Singularity
    count: int
    tangential: bool
    position: float


def spectra(problem, points: list[Point]) -> Spectra:
    """All isotypic eigenvalues of all points, in one call."""
    X, tangents = (np.array([getattr(p, name) for p in points]) for name in ("X", "tangent"))
    if getattr(problem, "only_own_block", False):
        blocks, changes = problem.blocks(X[:, :-1], X[:, -1]), None
    else:
        blocks, changes = problem.blocks_and_changes(X[:, :-1], X[:, -1], tangents)
    eigens = {component: block.eigen() for component, block in blocks.items()}
    values = {component: eigen.values for component, eigen in eigens.items()}
    definite = {component: block.definite for component, block in blocks.items()}
    speeds = {
        component: _slopes(X, eigen.values) if changes is None else eigen.speeds(changes[component])
        for component, eigen in eigens.items()
    }
    return Spectra(X, tangents, values, speeds, definite, *_lengths(problem, X, tangents))


def _slopes(X: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Speeds from the neighbouring points, where no derivative of the block is given."""
    if len(X) < 2:
        return np.zeros_like(values)
    steps = np.linalg.norm(np.diff(X, axis=0), axis=1)
    arc = np.concatenate([[0.0], np.cumsum(np.maximum(steps, 1e-300))])
    return np.gradient(values, arc, axis=0, edge_order=2 if len(X) > 2 else 1)


def refine(
    problem, points: list[Point], known: Spectra, options: Options
) -> tuple[list[Point], Spectra]:
    """Insert points until no eigenvalue can cross zero twice unseen between two of them."""
    for _ in range(DEPTH):
        added = {}
        for i in np.flatnonzero(_doubtful(points, known)).tolist():
            middle = between(problem, points[i], points[i + 1], 0.5, options)
            if middle is not None:
                added[i] = middle
        if not added:
            break
        denser = [points[0]]
        for i, point in enumerate(points[1:]):
            denser += [added[i], afresh(point)] if i in added else [point]
        points, known = denser, spectra(problem, denser)
    return points, known


def afresh(point: Point) -> Point:
    """The point with another one put before it: what was passed since is not known."""
    return replace(point, passed=None)


def between(problem, one: Point, other: Point, share: float, options: Options) -> Point | None:
    """The corrected point at this share of the way between two points."""
    chart = problem.chart(one.lam)
    curve = Hermite.between(chart, one, other)
    guess = chart.out(curve(share * curve.length))
    return correct(problem, guess, (1 - share) * one.tangent + share * other.tangent, options).point


def find(problem, points: list[Point], known: Spectra, options: Options):
    """Everything that happens between the points, in order.

    Returns
    -------
    found : list of Found
    believed : int
        How many of the points lie on one branch for sure: a step whose change
        of inertia is not explained by located events ends it.
    """
    found: list[Found] = []
    for i in np.flatnonzero(_eventful(points, known)).tolist():
        here = _within(problem, points[i], points[i + 1], known, i, options)
        if here is None:
            return found, i + 1
        found.extend(sorted(here, key=lambda event: event.position))
    return found, len(points)


def _eventful(points: list[Point], known: Spectra) -> np.ndarray:
    """Steps on which an eigenvalue changes sign or lam turns."""
    slopes = np.array([point.tangent[-1] for point in points])
    eventful = slopes[:-1] * slopes[1:] < 0
    for values in known.values.values():
        negative = values < 0
        eventful |= (negative[:-1] != negative[1:]).any(axis=-1)
    return eventful


def _within(problem, one, other, known, i, options, depth=0) -> list[Found] | None:
    """Events between two points; the step is halved where several get in each other's way."""
    events: list[Found] = []
    halved = False
    for component in known.values:
        if component.irrep == "t":
            here = _inside(problem, one, other, component)
        else:
            singular = [e.at for e in events if isinstance(e.at, Singularity)]
            here = _outside(problem, one, other, component, known, i, singular)
        if here is None and not halved:
            halved, halves = True, _halves(problem, one, other, options, i, depth)
            if halves is not None:
                return halves
        if here is None and known.definite[component][i : i + 2].all():
            return None  # eigenvalues that need not be real may pass through infinity
        events.extend(here or [])
    return [replace(event, position=i + event.position) for event in events]


def _halves(problem, one, other, options, i, depth):
    if depth >= DEPTH:
        return None
    middle = between(problem, one, other, 0.5, options)
    if middle is None:
        return None
    other = afresh(other)
    known = spectra(problem, [one, middle, other])
    events = []
    for j, (a, b) in enumerate(((one, middle), (middle, other))):
        half = _within(problem, a, b, known, j, options, depth + 1)
        if half is None:
            return None
        events.extend(replace(event, position=i + event.position / 2) for event in half)
    return events


def _inside(problem, one, other, component) -> list[Found] | None:
    """Folds and branch points of the branch itself."""
    singular = singular_between(problem, one, other)
    if not singular:
        return None if singular is None else []
    chart = problem.chart(one.lam)
    curve = Hermite.between(chart, one, other)
    return [
        Found(
            component,
            s,
            s.kernel.shape[1],
            not s.fold and one.tangent[-1] * other.tangent[-1] < 0,
            _share(curve, chart, s.X),
        )
        for s in singular
    ]


def _outside(problem, one, other, component, known, i, singular) -> list[Found] | None:
    """Crossings in a block that the branch does not feel."""
    before, after = known.values[component][i : i + 2]
    crossing = np.flatnonzero((before < 0) != (after < 0))
    if not len(crossing):
        return []
    chart = problem.chart(one.lam)
    curve = Hermite.between(chart, one, other)
    for branch_point in singular:
        # where branches of another isotropy cross, several irreps become singular at once
        at = crossing_at(problem, branch_point.X, component, len(crossing), one.tangent)
        if at is not None:
            return [Found(component, at, len(crossing), False, _share(curve, chart, at.X))]
    events: list[Found] = []
    for j in crossing.tolist():
        at = None
        for guess in _guesses(known, component, i, j, chart, curve):
            at = locate_crossing(problem, guess, component)
            if at is not None and _on_step(curve, chart, at.X):
                break
            at = None
        if at is None:
            return None
        share = _share(curve, chart, at.X)
        if any(abs(event.position - share) < SAME for event in events):
            return _together(problem, at.X, component, len(crossing), share)
        events.append(Found(component, at, 1, False, share))
    return events


def _guesses(known: Spectra, component: Component, i: int, j: int, chart, curve: Hermite):
    """Where to look for the zero of the j-th eigenvalue on a step, the best guess first.

    That is the branch as a polynomial in the eigenvalue, through the ends of
    the step and their neighbours as far as it is monotone; then come shares of
    the step.
    """
    values, speeds = known.values[component][:, j], known.speeds[component][:, j]
    rise = values[i + 1] - values[i]
    nodes = [i, i + 1]
    for k, inner in ((i - 1, i), (i + 2, i + 1)):
        inside = 0 <= k < len(values)
        if inside and (values[k] - values[inner]) * (inner - i - 0.5) * rise > 0.02 * rise**2:
            nodes.append(k)
    nodes.sort()
    if (speeds[nodes] * rise > 0).all():
        y, pushed = chart.lift(known.X[nodes], known.tangents[nodes])
        curves = np.concatenate([y, pushed / speeds[nodes, None]])
        yield chart.out(hermite_weights(values[nodes], np.zeros(1)) @ curves)[0]
    slopes = known.over_steps(known.speeds[component])[:, i, j]
    for share in (_root(values[i], values[i + 1], *slopes), 0.5, 0.1, 0.9):
        yield chart.out(curve(share * curve.length))


def _together(problem, X, component, count, position) -> list[Found] | None:
    """``count`` eigenvalues of one block that vanish at one point."""
    at = locate_crossing(problem, X, component, count)
    if at is None:
        return None
    values = np.abs(problem.blocks(at.X[:-1], at.X[-1], [component])[component].eigen().values)
    if np.sort(values)[count - 1] > 1e-9 * max(values.max(), 1.0):
        return None
    return [Found(component, at, count, False, position)]


def _share(curve: Hermite, chart, X) -> float:
    """Where on its step an event lies, from 0 to 1."""
    return min(max(curve.share(chart.into(X)), 0.0), 1.0)


def _on_step(curve: Hermite, chart, X) -> bool:
    """Whether ``X`` lies on the curve, between its ends."""
    if not np.isfinite(X).all():
        return False
    y = chart.into(X)
    return -1e-6 <= curve.share(y) <= 1 + 1e-6 and curve.distance(y) <= 0.25 * curve.length


def _doubtful(points, known: Spectra) -> np.ndarray:
    """For each step, whether an eigenvalue may do more on it than its ends show."""
    values = np.concatenate(list(known.values.values()), axis=-1)
    slopes = known.over_steps(np.concatenate(list(known.speeds.values()), axis=-1))
    a, b = values[:-1], values[1:]
    stops = np.stack([a, *_extrema(a, b, *slopes), b])
    changes = np.count_nonzero(np.diff(np.signbit(stops), axis=0), axis=0)
    dips = np.abs(stops).min(axis=0) < NEAR * np.minimum(np.abs(a), np.abs(b))
    doubtful = np.any((changes > 1) | ((changes == 0) & dips), axis=-1)
    # where lam turns at constant inertia a branch of larger isotropy is met: touches are expected
    return doubtful & (known.lengths > SHORTEST) & ~_touches(known, points)


def _extrema(a, b, slope_a, slope_b) -> tuple[np.ndarray, np.ndarray]:
    """Values of cubics with these end values and slopes where they turn inside, in order.

    Where a cubic does not turn they are its end values.
    """
    square, cube = 3 * (b - a) - 2 * slope_a - slope_b, slope_a + slope_b - 2 * (b - a)
    under = square * square - 3 * cube * slope_a
    turning = -(square + np.copysign(np.sqrt(np.maximum(under, 0.0)), square))
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.stack([turning / (3 * cube), slope_a / turning])
    r = np.sort(np.clip(np.where(under > 0, np.nan_to_num(r), 0.0), 0.0, 1.0), axis=0)
    first, second = a + r * (slope_a + r * (square + r * cube))
    return first, second


def _touches(known: Spectra, points: list[Point]) -> np.ndarray:
    """Steps on which lam turns while the inertia of the branch's own block stays."""
    slopes = np.array([point.tangent[-1] for point in points])
    own = next(values for component, values in known.values.items() if component.irrep == "t")
    negatives = np.count_nonzero(own < 0, axis=-1)
    return (slopes[:-1] * slopes[1:] < 0) & (negatives[:-1] == negatives[1:])


def _lengths(problem, X: np.ndarray, tangents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Length of each step in its chart, (steps,), and length over speed at its ends."""
    lengths, rates = np.zeros(len(X) - 1), np.zeros((2, len(X) - 1, 1))
    charts = [problem.chart(lam) for lam in X[:-1, -1]]
    for chart in set(charts):
        first = np.flatnonzero([other is chart for other in charts])
        ends = first + [[0], [1]]
        y, speeds = chart.lift(X[ends], tangents[ends])
        lengths[first] = np.linalg.norm(y[1] - y[0], axis=-1)
        rates[:, first, 0] = lengths[first] / np.linalg.norm(speeds, axis=-1)
    return lengths, rates


def _root(a: float, b: float, slope_a: float, slope_b: float) -> float:
    """Where in [0, 1] the cubic with these end values and slopes is zero, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(40):
        r = (low + high) / 2
        value = a + (3 - 2 * r) * r * r * (b - a)
        value += r * (1 - r) * ((1 - r) * slope_a - r * slope_b)
        low, high = (r, high) if (value < 0) == (a < 0) else (low, r)
    return low
