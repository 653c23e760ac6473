"""Tangency arcs: critical points of L - lam/2 |W - c|² from a critical point c.

W = c solves for every lam; its events are the eigenvalues of the isotypic
blocks of the Hessian at c, and the arcs are what is born there. They are
branches like any other, so everything that finds and follows branches serves.
Where an arc comes through lam = 0 lies a critical point of L.

References
----------
.. [1] Arjevani, "Symmetry & Critical Points", arXiv 2312.16819.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bifurc import given, members, seeds
from bifurc.continuation.options import Options
from bifurc.continuation.trace import point_at
from bifurc.events.branch import Branch
from bifurc.events.records import Event
from bifurc.events.states import passes
from bifurc.exploration import Plan, explore_from
from bifurc.graph.graph import BranchGraph
from bifurc.landscapes.points import Critical, Names, critical
from bifurc.landscapes.sphere import on_sphere
from bifurc.landscapes.tangency import about, bare, window_of
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.families import Family
from bifurc.switching.subgroups import Search
from bifurc.threads import one_thread

FAR = 100.0  # times |c|, or 1: arcs that end farther away are left on their way to infinity
TRIVIAL = "b0"  # the branch W = c
UNSOLVED = ("not solved", "not axial", "could not be started")  # in what is said of a group
STEPS = Options(max_steps=400)  # arcs that go to infinity, at some lam, are left in the end


@dataclass(frozen=True, eq=False)
class Met:
    """A critical point of L, and the arcs that come to it.

    Attributes
    ----------
    point : Critical
    arcs : tuple of (str, str, float)
        Of each arc its name in the graph, its isotropy, and lam of the event
        on W = c at which it is born.
    """

    point: Critical
    arcs: tuple[tuple[str, str, float], ...]

    def to_dict(self) -> dict:
        """Plain data."""
        ways = [{"arc": iso, "born_at": born} for _, iso, born in self.arcs]
        return self.point.to_dict() | {"born_at": self.arcs[0][2], "arcs": ways}

    def __str__(self) -> str:
        ways = dict.fromkeys(f"{iso} from {born:.6g}" for _, iso, born in self.arcs)
        return f"{self.point}; on {', '.join(ways)}"


@dataclass(frozen=True, eq=False)
class Arcs:
    """The arcs from a critical point, and the critical points on them.

    Attributes
    ----------
    centre : Critical
    graph : BranchGraph
        W = c is its branch ``b0``, the arcs are the others.
    met : list of Met
        Each critical point once, where it was met first; lowest loss first.
    beyond : list of Arcs
        Those from these points, if they were asked for.
    """

    centre: Critical
    graph: BranchGraph
    met: list[Met]
    beyond: list["Arcs"] = field(default_factory=list)

    @property
    def events(self) -> list[Event]:
        """The eigenvalues of the Hessian at c that exist there."""
        return [e for e in self.graph.branches[TRIVIAL].events if not e.formal]

    @property
    def points(self) -> list[Critical]:
        """The critical points of all arcs, each once, c itself left out."""
        found: list[Critical] = []
        for arcs in self.all():
            for met in arcs.met:
                known = any(met.point.same(point) for point in (self.centre, *found))
                found += [] if known else [met.point]
        return sorted(found, key=lambda point: point.loss)

    def all(self) -> Iterator["Arcs"]:
        """These arcs, and those beyond."""
        yield self
        for arcs in self.beyond:
            yield from arcs.all()

    @property
    def open_ends(self) -> list[str]:
        """What was not followed to its end, or not tried, and why."""
        early = [(name, b) for name, b in self._early() if not self._far(b)]
        ended = [f"{_end(name, branch)}. {branch.status.value}" for name, branch in early]
        return ended + list(self.graph.graph.graph["cut"])

    @property
    def far(self) -> list[str]:
        """Where arcs were left that seem to go to infinity, 100 times as far as c is long."""
        return [_end(name, branch) for name, branch in self._early() if self._far(branch)]

    def _early(self) -> list[tuple[str, Branch]]:
        return [(name, b) for name, b in self.graph.branches.items() if b.status.early]

    def _far(self, branch: Branch) -> bool:
        c, weights = self.centre.x, self.centre.problem.weights(self.centre.lam)
        return _away(branch) > FAR * max(1.0, float(np.sqrt(weights @ c**2)))

    @property
    def not_solved(self) -> list[str]:
        """Groups that may have arcs which were not found, and why."""
        return [
            f"lambda = {data['lam']:.6g}, {attempt}"
            for _, data in self.graph.graph.nodes(data=True)
            for attempts in data.get("tried", {}).values()
            for attempt in attempts
            if any(word in attempt for word in UNSOLVED)
        ]

    def to_dict(self) -> dict:
        """Plain data."""
        return {
            "centre": self.centre.to_dict(),
            "events": [{"lambda": e.lam, "irrep": e.irrep, "set": e.set} for e in self.events],
            "points": [met.to_dict() for met in self.met],
            "not_followed": self.open_ends,
            "far": self.far,
            "not_solved": self.not_solved,
        }

    def __repr__(self) -> str:
        return (
            f"Arcs from {self.centre}: {len(self.events)} events, "
            f"{len(self.met)} critical points met"
        )

    def __str__(self) -> str:
        lines = [f"arcs from {self.centre}"]
        lines += [f"  lambda = {e.lam:.10g}: {e.name}, {e.kind}" for e in self.events]
        lines += [f"  {one}" for one in self.met]
        lines += [f"  left far out: {one}" for one in self.far]
        lines += [f"  not followed: {one}" for one in self.open_ends]
        lines += [f"  not solved: {one}" for one in self.not_solved]
        return "\n".join(lines)


@dataclass(frozen=True)
class ArcPlan:
    """How arcs are followed."""

    depth: int = 1  # how many times over arcs leave the points that were met
    switches: int = 1  # how many times branches are switched: 1 follows the arcs from W = c
    window: tuple[float, float] | None = None  # of lam
    search: Search = field(default_factory=Search)
    options: Options = STEPS
    most: int = 200  # arcs from one point

    def __post_init__(self):
        given.whole("depth", self.depth, 1)
        given.whole("switches", self.switches)  # 0: events alone
        if self.window is not None and not self.window[0] < 0 < self.window[1]:
            raise ValueError(f"The window of lambda must hold 0 inside, got {self.window}.")


@one_thread()
def arcs(
    problem: Any,
    c: Any = None,
    *,
    depth: int = 1,
    switches: int = 1,
    window: tuple[float, float] | None = None,
    sphere: bool = False,
    search: Search | None = None,
    options: Options | None = None,
    progress: Callable | None = None,
    **parameters: Any,
) -> Arcs:
    """Follow the tangency arcs from a critical point.

    Parameters
    ----------
    problem : Family, bifurc.Problem, str or Path
        A family or its name, a case file, or a problem of one's own.
    c : array_like, optional
        Near the critical point, for problems of one's own; by default x0.
        For a family it is the member at the parameters.
    depth : int
        2 goes on from the points that were met, and so on.
    switches : int
        2 follows also what is born on the arcs themselves.
    window : pair, optional
        Of lambda; by default somewhat more than all eigenvalues at c.
    sphere : bool
        Of a problem of one's own, on the sphere |x| = |c|; states then end with
        the multiplier.
    search : bifurc.Search, optional
        Which isotropy subgroups to try.
    options : Options, optional
        Or single ones by name.
    progress : callable (name, branch, waiting), optional
    **parameters
        Where: ``d=8``, ``p=2``.

    Returns
    -------
    Arcs

    Raises
    ------
    ValueError
        If a parameter is missing or has a window, or c is not near a critical point.

    Examples
    --------
    >>> found = arcs("global", d=6, search=Search(explicit=1, finite_groups=False))
    >>> print(sorted(found.events[0].name.split("+")), round(found.events[0].lam, 10))
    ['s[all]', 'x[all]'] 0.0908450569
    """
    options, parameters = seeds.split_options(options or STEPS, parameters)
    plan = ArcPlan(depth, switches, window, search or Search(), options)
    names = Names()
    there, x, lam, measured = place(problem, c, parameters, sphere)
    constraints = 0 if measured is None else int(np.count_nonzero(measured == 0))
    centre = critical(there, x, lam, names, constraints)
    return from_point(centre, plan, names, progress, measured)


def place(problem: Any, c: Any, parameters: dict[str, Any], sphere: bool = False):
    """The problem along one parameter, a critical point, where, and which coordinates count.

    Raises
    ------
    ValueError
        See :func:`arcs`.
    """
    about_it = _named(problem, parameters)
    if not isinstance(about_it, Family):
        return _own(about_it, c, parameters, sphere)
    if sphere:
        raise ValueError("The sphere is for problems of one's own.")
    if c is not None:
        raise ValueError("Arcs of a family leave its member; c is for problems of one's own.")
    reduced, family, value = _along(about_it, parameters)
    member = members.find(reduced, family, value)
    return member.problem, member.point.x, value, None


def space(problem: Any, parameters: dict[str, Any]) -> tuple[NetworkProblem, float]:
    """The loss on the fixed space of a family, whether or not it has a member there, and where.

    Raises
    ------
    ValueError
        If it is no family, a parameter is missing or has a window, or a size has no meaning.
    """
    about_it = _named(problem, parameters)
    if not isinstance(about_it, Family):
        raise ValueError("Fixed spaces of networks are searched; give a family.")
    reduced, _, value = _along(about_it, parameters)
    reduced.structure.check_sizes(reduced.parameters(value))
    return reduced, value


def _named(problem: Any, parameters: dict[str, Any]) -> Any:
    """What is meant, at one value of each parameter."""
    about_it = seeds.named(seeds.case_of(problem))
    if running := [n for n, v in parameters.items() if isinstance(v, tuple | list)]:
        raise ValueError(f"Give one value of {running[0]}, such as {running[0]}=8: it stays fixed.")
    return about_it


def _along(family: Family, parameters: dict[str, Any]) -> tuple[NetworkProblem, Family, float]:
    """The loss along the first of the parameters, the family with the others, the value."""
    if not parameters:
        raise ValueError("Say where, such as d=8.")
    name, value = next(iter(parameters.items()))
    others = {n: v for n, v in parameters.items() if n != name}
    family = family.with_parameters(**others)
    return seeds.along(family, name), family, given.number(name, value)


def _own(problem: Any, c: Any, parameters: dict[str, Any], sphere: bool):
    from bifurc.own.check import check
    from bifurc.own.problem import Problem

    if not isinstance(problem, Problem):
        raise ValueError("Arcs are of families and of bifurc.Problem.")
    problem = problem.with_parameters(**parameters)
    measured = None
    if c is not None:
        problem = replace(problem, x0=c)
    if sphere:
        problem, measured = on_sphere(problem, problem.x0)
    check(problem)
    name, lam = next(iter(problem.parameters.items()))
    plain = problem.along(name)
    point = point_at(plain, problem.start(plain), lam)
    return plain, point.x, lam, measured


def from_point(
    centre: Critical, plan: ArcPlan, names: Names, progress=None, measured=None, known=()
) -> Arcs:
    """The arcs from one critical point, and from those met, as often as the plan says.

    Parameters
    ----------
    measured : ndarray, optional
        See :func:`bifurc.landscapes.tangency.about`.
    known : sequence of Critical
        Points from which arcs are followed already.
    """
    problem, c = about(centre.problem, centre.x, centre.lam, measured)
    window = plan.window or _window(problem, c)
    start = point_at(problem, c, window[0], plan.options, 1.0)
    how = Plan(window, plan.switches, plan.most, plan.search, plan.options)
    graph = explore_from([("", problem, start)], how, progress=progress)
    graph.graph.graph["cut"] = [
        said for said in graph.graph.graph["cut"] if "depth =" not in said
    ]  # what is born on arcs is not asked for
    met = _met(centre, graph, names)
    done = Arcs(centre, graph, met)
    if plan.depth == 1:
        return done
    further = ArcPlan(plan.depth - 1, plan.switches, None, plan.search, plan.options, plan.most)
    left = [*known, centre]
    beyond: list[Arcs] = []
    for one in met:
        if any(one.point.same(point) for point in left):
            continue
        beyond.append(from_point(one.point, further, names, progress, measured, left))
        left += [arcs.centre for arcs in beyond[-1].all()]
    return Arcs(centre, graph, met, beyond)


def _end(name: str, branch: Branch) -> str:
    lam = branch.points[-1].lam
    return f"{name} ({branch.isotropy}) ends at lambda = {lam:.6g}, |W - c| = {_away(branch):.4g}"


def _away(branch: Branch) -> float:
    """The distance of a branch's end from c."""
    problem, end = branch.problem, branch.points[-1]
    # the derivative of the gradient in lam is -(W - c)
    off = problem.jacobian(end.x, end.lam)[1][:, -1]
    return float(np.sqrt(problem.weights(end.lam) @ off**2))


def _window(problem, c: np.ndarray) -> tuple[float, float]:
    """The window of arcs in all spaces."""
    blocks = problem.blocks(c, 0.0)
    return window_of(np.concatenate([block.eigen().values for block in blocks.values()]))


def _met(centre: Critical, graph: BranchGraph, names: Names) -> list[Met]:
    """The critical points of L on all arcs, each once, but c."""
    found: list[Met] = []
    for name, branch in graph.branches.items():
        if name == TRIVIAL:
            continue
        way = name, branch.isotropy, _origin(graph, name)
        for _, point in passes(branch, 0.0):
            free = bare(branch.problem, centre.problem)
            at = critical(free, point.x, centre.lam, constraints=centre.constraints)
            known = next((i for i, one in enumerate(found) if one.point.same(at)), None)
            if known is not None:
                found[known] = Met(found[known].point, (*found[known].arcs, way))
            elif not at.same(centre):
                found.append(Met(names.named(at), (way,)))
    return sorted(found, key=lambda one: one.point.loss)


def _origin(graph: BranchGraph, name: str) -> float:
    """lam of the event on W = c from which a branch comes."""
    branch = graph.branches[name]
    while branch.born is not None and branch.born.parent != TRIVIAL:
        branch = graph.branches[branch.born.parent]
    assert branch.born is not None  # every branch but W = c is born
    return float(branch.born.event.lam)
