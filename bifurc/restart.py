"""Go on from what is there: a point, an event, a branch, a graph.

A branch that ended at the edge of its window is the same in a wider one, and
goes on from its last point. What begins as another branch does is that branch.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.trace import trace
from bifurc.errors import EndedEarlyError
from bifurc.events.branch import Branch, collect, examine
from bifurc.events.records import Event
from bifurc.events.states import State
from bifurc.graph.files import load
from bifurc.graph.graph import BranchGraph
from bifurc.graph.problems import problem_spec
from bifurc.switching.linear import SymmetricProblem

SAME = 1e-9  # in scales: two starts that lie closer are one
# of a spec: what does not say which problem it is; groups are written in several ways
LOOSE = ("neutrals", "units", "pinned", "x0", "scales", "parameters", "group")


@dataclass(frozen=True, eq=False)
class Place:
    """Where to start: a state and, where it is known, the parameter and the problem there."""

    x: np.ndarray
    lam: float | None = None
    problem: Any = None  # of a branch, whose coordinates x are in
    way: np.ndarray | None = None  # the tangent that it came with


def place_of(given: Any) -> Place:
    """The place that a user means.

    Parameters
    ----------
    given : array_like, State, Point, Event, Branch or the path of a saved one
        Of a branch, its last point.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if isinstance(given, str | Path):
        given = load(given)
    match given:
        case State():
            return Place(given.x, given.lam)
        case Point():
            return Place(given.x, given.lam, way=given.tangent)
        case Event():
            return Place(given.X[:-1], given.lam, way=given.tangent)
        case Branch():
            last = given.points[-1]
            return Place(last.x, last.lam, given.problem, last.tangent)
    try:
        x = np.array(given, dtype=float)
    except (TypeError, ValueError):
        x = np.zeros((0, 0))
    if x.ndim != 1 or not x.size or not np.isfinite(x).all():
        raise ValueError(
            "start needs a vector of finite numbers, or a state, point, event or branch, or the "
            f"file of one; got {type(given).__name__}."
        )
    return Place(x)


def in_coordinates(place: Place, problem: Any) -> np.ndarray:
    """The state in the coordinates of a problem; a full state lies in its fixed space.

    Raises
    ------
    ValueError
        If it has another number of them.
    """
    if len(place.x) == problem.n:
        return place.x
    if isinstance(problem, SymmetricProblem) and len(place.x) == problem.full.n:
        return problem.basis.T @ place.x
    raise ValueError(
        f"The start has {len(place.x)} numbers, the problem {problem.n} coordinates; give the "
        "branch itself, start=branch, or a full state."
    )


def known_branches(given: Any) -> list[Branch] | None:
    """The branches of a graph or of the folder of a run; None if it is neither."""
    if isinstance(given, str | Path) and Path(given).suffix != ".npz":
        given = load(given)
    return list(given.branches.values()) if isinstance(given, BranchGraph) else None


def same_problem(one: Any, other: Any) -> bool:
    """Whether two problems are one, whatever was found out on the way and where it starts."""
    try:
        specs = [{k: v for k, v in problem_spec(p).items() if k not in LOOSE} for p in (one, other)]
    except ValueError:  # made of functions without a name
        return one is other
    orders = [getattr(getattr(p, "group", None), "order", 1) for p in (one, other)]
    fixed = [getattr(p, "fixed", None) for p in (one, other)]
    return all(pair[0] == pair[1] for pair in (specs, orders, fixed))


def begun(branches: Iterable[Branch], problem: Any, points: tuple[Point, ...]) -> Branch | None:
    """The branch that begins with these points; None if there is none."""
    for branch in branches:
        first = branch.points[: len(points)]
        if len(first) == len(points) and same_problem(branch.problem, problem):
            ways = zip(first, points, strict=True)
            if all(np.linalg.norm((a.X - b.X) / b.scales) <= SAME for a, b in ways):
                return branch
    return None


def extended(branch: Branch, window: tuple[float, float], options: Options) -> Branch:
    """The same branch in a window that reaches further.

    Raises
    ------
    EndedEarlyError
        If its last point is no longer inside.
    """
    last = branch.points[-1]
    if not window[0] <= last.lam <= window[1]:
        raise EndedEarlyError(f"The branch ends at {last.lam:.6g}, outside the new window.")
    if branch.status not in (Status.WINDOW, Status.MAX_STEPS, Status.STEP_FLOOR):
        return branch
    more, status = collect(trace(branch.problem, last, window, options))
    lead = branch.points[:1] if branch.born is not None else []
    whole = [*branch.points[len(lead) :], *more[1:]]
    found = examine(branch.problem, whole, status, options, window)
    found = found.after(lead[0]) if lead else found
    return replace(found, isotropy=branch.isotropy, born=branch.born)
