"""A locus: the curve of an event in two parameters, and why it ends on either side."""

from dataclasses import dataclass, field, replace

import numpy as np

from bifurc.continuation.correct import correct_at
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.step import Step
from bifurc.continuation.trace import point_at, trace
from bifurc.loci.problem import LocusProblem
from bifurc.loci.special import Special, newton, specials
from bifurc.loci.trust import reversible
from bifurc.structure.structure import SLACK

# steps of at most a quarter: nothing but the ends of a step says what happens on it
STEPS = Options(ds_max=0.25)
NEARLY = 1e-6  # 1 - |cosine| of two rows at which a locus that cannot go on has ended for that


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

    @property
    def values(self) -> dict[str, np.ndarray]:
        """The two parameters at each point, by name; each of shape (points,)."""
        X = np.array([point.X for point in self.points])
        return {self.names[0]: np.sinh(X[:, -2]), self.names[1]: X[:, -1]}

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
        found = self._crossings(float(value))
        return [{self.names[0]: float(np.sinh(X[-2])), self.names[1]: float(X[-1])} for X in found]

    def _crossings(self, value: float):
        """Unknowns at which the second parameter is ``value``, each corrected there."""
        found: list[np.ndarray] = []
        for one, other in zip(self.points, self.points[1:], strict=False):
            if not min(one.lam, other.lam) <= value <= max(one.lam, other.lam):
                continue
            share = (value - one.lam) / (other.lam - one.lam) if other.lam != one.lam else 0.0
            guess = Step(self.problem, one, other).guess(share)
            guess[-1] = value
            outcome = correct_at(self.problem, guess, one.tangent, Options())
            if outcome.point is None:
                continue
            X = outcome.point.X
            if not any(np.abs(X - known).max() < 1e-9 for known in found):
                found.append(X)
        return found


def follow(
    problem: LocusProblem,
    X: np.ndarray,
    names: tuple[str, str],
    windows: tuple[tuple[float, float], tuple[float, float]],
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
    start = point_at(problem, X[:-1], float(X[-1]))
    forward, end = _arm(problem, start, windows, options)
    if end.status is Status.CLOSED:
        points, ends = forward, (end, end)
    else:
        turned = replace(start, tangent=-start.tangent)
        backward, other = _arm(problem, turned, windows, options)
        reverse = [replace(point, tangent=-point.tangent) for point in backward[:0:-1]]
        points, ends = reverse + forward, (other, end)
    return Locus(names, problem, points, ends, specials(problem, points, names))


def _arm(problem, start: Point, windows, options) -> tuple[list[Point], End]:
    """Points from the start on, one way, and why they end."""
    (low, high), window = windows
    walk = trace(problem, start, window, options, trust=reversible)
    points: list[Point] = []
    while True:
        try:
            point = next(walk)
        except StopIteration as stop:
            status = stop.value
            break
        points.append(point)
        lam = np.sinh(point.X[-2])
        if not low <= lam <= high:
            edge = low if lam < low else high
            points[-1:] = _stop_where(problem, points, _at_first(edge))
            return points, End(Status.WINDOW.value, Status.WINDOW)
    return _explained(problem, points, status)


def _explained(problem, points: list[Point], status: Status) -> tuple[list[Point], End]:
    """The points, with the last one of all where it can be found, and why they end."""
    near = {Status.OUTSIDE: 1e-3, Status.WINDOW: SLACK}.get(status)
    if near is not None and (found := _size_limit(problem, points, near)):
        return found
    stopped = (Status.OUTSIDE, Status.JUMP, Status.STEP_FLOOR)
    if status in stopped and (names := parallel_rows(problem, points[-1])):
        what = f"Rows {names} become parallel, where the loss is not smooth in them one by one."
        return points, End(what, Status.OUTSIDE)
    return points, End(status.value, status)


def parallel_rows(problem, point: Point) -> str:
    """Names of the student blocks with rows that are parallel or opposite; "" if there are none."""
    here = problem.place(point.X)
    rows = here.along[0].rows(here.x, 0.0)
    p, q, c = (value[0] for value in rows.arguments)
    structure = problem.plane.structure
    students = structure.students
    k = len(students)
    turned = (1.0 - np.abs(c) / np.sqrt(p * q))[:k, :k]
    # a row and itself, and the equal rows of a block without a diagonal
    untied = [
        not any(structure.tied(row, column) for column in structure.inputs) for row in students
    ]
    turned = turned + np.stack([np.diag(untied), np.eye(k)], axis=-1)
    close = (turned < NEARLY).any(axis=-1)
    found = np.flatnonzero(close.any(axis=0))
    return " and ".join(repr(students[i].name) for i in found)


def _at_first(edge: float):
    """Condition that the first parameter is at an edge of its window."""

    def condition(problem, X):
        row = np.zeros(len(X))
        row[-2] = 1.0
        return X[-2] - np.arcsinh(edge), row

    return condition


def _at_size(points, least: float):
    """Condition that a set has its least size."""

    def condition(problem, X):
        plane, lam = problem.plane, float(np.sinh(X[-2]))
        size = points.size.substitute(plane.plane)
        row = np.zeros(len(X))
        row[-2] = size.derivative("lam")(lam=0.0, mu=0.0) * np.sqrt(1 + lam * lam)
        row[-1] = size.derivative("mu")(lam=0.0, mu=0.0)
        return size(lam=lam, mu=float(X[-1])) - least, row

    return condition


def _stop_where(problem, points: list[Point], condition) -> list[Point]:
    """The point near the last one that meets a condition; none if there is none."""
    X = newton(problem, points[-1].X, condition)
    if X is None or np.linalg.norm((X - points[-1].X) / problem.scales(X[-1])) > 1.0:
        return []
    _, jacobian = problem.jacobian(X[:-1], X[-1], checked=False)
    tangent = _tangent(problem, jacobian, X, points[-1].tangent)
    return [Point(X, tangent, problem.scales(X[-1]), jacobian, np.zeros(0))]


def _tangent(problem, jacobian, X, like) -> np.ndarray:
    """Null vector of the Jacobian, of length 1 in the scales, to the side of ``like``."""
    scales = problem.scales(X[-1])
    vector = np.linalg.svd(jacobian * scales)[2][-1]
    return scales * vector * (1.0 if vector @ (like / scales) >= 0 else -1.0)


def _size_limit(problem, points: list[Point], near: float) -> tuple[list[Point], End] | None:
    """The points with the one where a set reaches its least size, if one is ``near`` it."""
    plane, last = problem.plane, points[-1]
    lam, mu = float(np.sinh(last.X[-2])), last.lam
    for one in plane.structure.sets:
        least = plane.structure.least_size(one)
        size = one.size(**plane.parameters(lam, mu))
        if one.size.substitute(plane.plane).degree and size - least <= near:
            ahead = least == 1.0 and size - least > SLACK
            ending = _stop_where(problem, points, _at_size(one, least)) if ahead else []
            what = f"Point set {one.name!r} reaches its least size {1 if least == 1.0 else 0}."
            return points + ending, End(what, Status.OUTSIDE, one.name)
    return None
