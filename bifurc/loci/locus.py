"""A locus: the curve of an event in two parameters, and why it ends on either side."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bifurc.continuation.constants import LEADING
from bifurc.continuation.correct import Outcome, correct, correct_at, length
from bifurc.continuation.newton import solve
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.step import Step
from bifurc.continuation.trace import trace
from bifurc.continuation.trust import bows
from bifurc.continuation.within import Within
from bifurc.errors import NotDefinedError
from bifurc.loci.problem import LocusProblem
from bifurc.loci.special import Special, specials
from bifurc.loci.track import LAM, MU, Track, fresh, null_vector
from bifurc.structure.checks import SLACK
from bifurc.structure.irreps import Component

# steps of at most a quarter: nothing but the ends of a step says whether it stayed on the locus
STEPS = Options(ds_max=0.25)
BACK = 1e-5  # of the step: how near the way back must come to the old point
NEARLY = 1e-6  # 1 - |cosine| of two rows at which a locus that cannot go on has ended for that
# how near to its least size a set is where a locus has ended for that; rounding stops some before
BESIDE_LIMIT = {
    Status.OUTSIDE: 1e-3, Status.WINDOW: SLACK, Status.JUMP: 1e-6, Status.STEP_FLOOR: 1e-6
}  # fmt: skip
Window = tuple[float, float]


@dataclass(frozen=True, eq=False)
class End:
    """Why a locus ends, and which set has reached its least size if one has."""

    reason: str
    status: Status
    limit: str | None = None  # name of the point set

    @property
    def early(self) -> bool:
        """Whether the walk could not go on where a locus may."""
        return self.status.early and self.status not in (Status.OUTSIDE, Status.ZERO_ROW)


@dataclass(frozen=True, eq=False)
class Locus:
    """The curve of one event in the plane of two parameters.

    Attributes
    ----------
    names : (str, str)
        The two parameters.
    problem : LocusProblem
    points : list of Point
        In the unknowns of ``problem``, from one end to the other.
    ends : (End, End)
    special : list of Special
        Codimension-two points, in the order of the points.
    """

    names: tuple[str, str]
    problem: LocusProblem
    points: list[Point]
    ends: tuple[End, End]
    special: list[Special] = field(default_factory=list)
    throughout: Sequence[Component] = ()  # other irreps whose eigenvalue is zero all along
    sheet: int | None = None  # of the branch that the event was found on, where that has several

    def __repr__(self) -> str:
        marked = f"{len(self.points)} points, {len(self.special)} special"
        return f"Locus of {self.label} in {' and '.join(self.names)}: {marked}"

    @property
    def label(self) -> str:
        """All irreps that vanish on it, such as ``t+s[bulk]``."""
        return "+".join(dict.fromkeys(c.label for c in (self.problem.component, *self.throughout)))

    @property
    def values(self) -> dict[str, np.ndarray]:
        """The two parameters at each point, by name; each of shape (points,)."""
        X = np.array([point.X for point in self.points])
        return {self.names[0]: np.sinh(X[:, LAM]), self.names[1]: X[:, MU]}

    @property
    def closed(self) -> bool:
        """Whether the locus came back to its start."""
        return self.ends[1].status is Status.CLOSED

    def x(self, i: int) -> np.ndarray:
        """The state of the branch at point ``i``; shape (n,)."""
        return self.problem.place(self.points[i].X).x

    def at(self, **given: float) -> list[dict[str, float]]:
        """Both parameters wherever the second one has a value, such as ``p=2.5``.

        Each is corrected at exactly that value.

        Raises
        ------
        ValueError
            If another parameter is given; trace the locus with the two exchanged.
        """
        if list(given) != [self.names[1]]:
            raise ValueError(
                f"Give the second parameter, {self.names[1]}=...; to ask for one of "
                f"{self.names[0]!r} trace the locus with the parameters exchanged."
            )
        (value,) = given.values()
        found = self.crossings(float(value))
        return [{self.names[0]: float(np.sinh(X[LAM])), self.names[1]: float(X[MU])} for X in found]

    def crossings(self, value: float) -> list[np.ndarray]:
        """Unknowns at which the second parameter is ``value``, each corrected there."""
        found: list[np.ndarray] = []
        track = Track(self.problem, self.points)
        turns = {s.position: float(s.X[MU]) for s in self.special if s.kind == "fold"}
        nodes = sorted((dict(enumerate(p.lam for p in self.points)) | turns).items())
        for (low, one), (high, other) in zip(nodes, nodes[1:], strict=False):
            if not min(one, other) <= value <= max(one, other):
                continue
            place = track.meets(MU, value, low, high)
            if place is None:
                continue
            near = track.at(place)
            point = correct_at(self.problem, _set(near.X, MU, value), near.tangent, STEPS).point
            if point is not None and not any(np.allclose(point.X, X, atol=1e-9) for X in found):
                found.append(point.X)
        return found


def _set(X: np.ndarray, place: int, value: float) -> np.ndarray:
    moved = X.copy()
    moved[place] = value
    return moved


def follow(
    problem: LocusProblem,
    X: np.ndarray,
    names: tuple[str, str],
    windows: tuple[Window, Window],
    options: Options | None = None,
) -> Locus:
    """Trace a locus both ways from an event and find what happens on it.

    Parameters
    ----------
    problem : LocusProblem
    X : ndarray, shape (n + 1,)
        The event in the unknowns of ``problem``.
    names : the two parameters
    windows : two pairs (low, high), in the order of ``names``
    options : Options, optional

    Raises
    ------
    ValueError
        If the event cannot be corrected.
    """
    options = options or STEPS
    start = _start(problem, X)
    forward, end = _arm(problem, start, windows, options)
    if end.status is Status.CLOSED:
        points, ends = forward, (end, end)
    else:
        turned = replace(start, tangent=-start.tangent)
        backward, other = _arm(problem, turned, windows, options)
        reverse = [replace(point, tangent=-point.tangent) for point in backward[:0:-1]]
        points, ends = reverse + forward, (other, end)
    found, along = specials(problem, points, names, end.status is Status.CLOSED)
    return Locus(names, problem, points, ends, found, along)


def _start(problem: LocusProblem, X: np.ndarray) -> Point:
    """The event as a point of its locus: at its own mu, unless it is about to turn round there."""
    _, jacobian = problem.jacobian(X[:-1], X[MU])
    scales = problem.scales(X[MU])
    tangent = null_vector(jacobian, scales)
    tangent = tangent if tangent[MU] >= 0 else -tangent
    leads = tangent[MU] > LEADING * scales[MU]
    outcome = (correct_at if leads else correct)(problem, X, tangent, STEPS)
    if outcome.point is None:
        raise ValueError(f"The event is no point of its locus: {outcome.status.value}")
    return fresh(problem, outcome.point)


def reversible(
    problem: LocusProblem, before: Point, outcome: Outcome, step: float, options: Options
) -> Outcome:
    """The outcome if its point follows ``before`` and the step back leads there.

    There is no inertia to compare on a locus, as on a branch. Besides the angle
    and the distance, the hyperplane through the old point across the new
    tangent, corrected from the new side, must lead to the old point again.
    """
    after = outcome.point
    assert after is not None  # only converged outcomes are judged
    way = Step(problem, before, after)
    if way.turned > options.max_turn:
        return outcome.failed(Status.TURNED)
    if bows(way, options):
        return outcome.failed(Status.FAR)
    if isinstance(problem, Within):
        problem = problem.problem  # the way back may go over the edge
    row = after.tangent / after.scales
    away = row @ ((before.X - after.X) / after.scales)
    for _ in range(6):
        guess = after.X + away * after.tangent
        scales = problem.scales(guess[MU])
        row = after.tangent / scales**2
        away = row @ (before.X - after.X) / (row @ after.tangent)
    back = correct(problem, guess, after.tangent, options).point
    if back is None or length((back.X - before.X) / scales) > BACK * max(abs(away), 1e-3):
        return outcome.failed(Status.ONE_WAY)
    return replace(outcome, turned=way.turned)


def _arm(problem: LocusProblem, start: Point, windows: tuple[Window, Window], options):
    """Points from the start on, one way, and why they end."""
    walk = trace(problem, start, windows[1], options, trust=reversible)
    points: list[Point] = []
    while True:
        try:
            points.append(fresh(problem, next(walk)))
        except StopIteration as stop:
            return _explained(problem, points, stop.value)
        except NotDefinedError:  # the last update went beyond the edge of definition
            return _explained(problem, points, Status.OUTSIDE)
        if len(points) > 1 and (edge := _leaves(problem, points, windows)):
            return [*points[:-1], edge], End(Status.WINDOW.value, Status.WINDOW)


def _leaves(
    problem: LocusProblem, points: list[Point], windows: tuple[Window, Window]
) -> Point | None:
    """Where the last step first leaves a window, also if it has come back in; None if it stays."""
    track = Track(problem, points[-2:])
    exits = [_exit(track, place, window) for place, window in zip((LAM, MU), windows, strict=True)]
    found = [share for share in exits if share is not None]
    return track.at(min(found)) if found else None


def _exit(track: Track, place: int, window: Window) -> float | None:
    """The share of a step at which an unknown first leaves its window; None if it stays."""
    low, high = np.arcsinh(window) if place == LAM else window
    for end in (track.apex(place, 0.0, 1.0), 1.0):
        beyond = low if end is None else track.at(end).X[place]
        if end is not None and not low <= beyond <= high:
            edge = low if beyond < low else high
            return track.meets(place, edge, 0.0, end)
    return None


def _explained(
    problem: LocusProblem, points: list[Point], status: Status
) -> tuple[list[Point], End]:
    """The points, with the last one of all where it can be found, and why they end."""
    stopped = (Status.OUTSIDE, Status.JUMP, Status.STEP_FLOOR)
    near = BESIDE_LIMIT.get(status)
    if near is not None and (found := _size_limit(problem, points, near)):
        return found
    if status in stopped and (names := parallel_rows(problem, points[-1])):
        what = f"Rows {names} become parallel, where the loss is not smooth in them one by one."
        return points, End(what, Status.OUTSIDE)
    return points, End(status.value, status)


def parallel_rows(problem: LocusProblem, point: Point) -> str:
    """Names of a student block's rows and of those that they are parallel or opposite to.

    "" if there are none.
    """
    here = problem.place(point.X)
    rows = here.lines[0].rows(here.x, 0.0)
    p, q, c = (value[0] for value in rows.arguments)
    structure = problem.plane.structure
    students = structure.students
    k = len(students)
    turned = 1.0 - np.abs(c) / np.sqrt(p * q)
    # a row and itself, and the equal rows of a block without a diagonal
    untied = [
        not any(structure.tied(row, column) for column in structure.inputs) for row in students
    ]
    turned[:k, :k] += np.stack([np.diag(untied), np.eye(k)], axis=-1)
    one, other = np.nonzero((turned[:k] < NEARLY).any(axis=-1))
    names = [repr(row.name) for row in students]
    names += [f"{row.name!r} of the teacher" for row in structure.teachers]
    return " and ".join(dict.fromkeys(names[i] for i in sorted({*one, *other})))


def _size_limit(
    problem: LocusProblem, points: list[Point], near: float
) -> tuple[list[Point], End] | None:
    """The points with the one where a set reaches its least size, if one is ``near`` it."""
    plane, last = problem.plane, points[-1]
    lam, mu = float(np.sinh(last.X[LAM])), last.lam
    for one in plane.structure.sets:
        least = plane.structure.least_size(one)
        size = one.size(**plane.parameters(lam, mu))
        if one.size.substitute(plane.plane).degree and size - least <= near:
            ahead = least == 1.0 and size - least > SLACK
            ending = _where_least(problem, last, one) if ahead else []
            what = f"Point set {one.name!r} reaches its least size {1 if least == 1.0 else 0}."
            return points + ending, End(what, Status.OUTSIDE, one.name)
    return None


def _where_least(problem: LocusProblem, last: Point, points_of) -> list[Point]:
    """The point near the last one where a set is one point; none if it is not found."""
    plane = problem.plane
    size = points_of.size.substitute(plane.plane)
    slopes = [size.derivative(name)(lam=0.0, mu=0.0) for name in ("lam", "mu")]

    def system(X):
        lam = float(np.sinh(X[LAM]))
        with np.errstate(all="ignore"):  # what leaves the domain does not converge
            g, jacobian = problem.jacobian(X[:-1], X[MU], checked=False)
        row = np.zeros(len(X))
        row[LAM], row[MU] = slopes[0] * np.hypot(1.0, lam), slopes[1]
        return np.append(g, size(lam=lam, mu=float(X[MU])) - 1.0), np.vstack([jacobian, row])

    X = solve(system, last.X, last.scales)
    if X is None or length((X - last.X) / last.scales) > 1.0:
        return []
    return [fresh(problem, replace(last, X=X))]
