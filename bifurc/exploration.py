"""Follow everything that can be reached from a start: the one conductor of all stages."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from bifurc.continuation.constants import ON_EVENT
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.trace import point_at
from bifurc.errors import EndedEarlyError, WorkerDiedError
from bifurc.events.branch import Branch, follow
from bifurc.events.records import END, Born, Event, Events
from bifurc.given import one_of, whole
from bifurc.graph.files import (
    branch_path,
    load_branch,
    run_digest,
    save_branch,
    save_graph,
    save_table,
)
from bifurc.graph.graph import BranchGraph
from bifurc.loss.problem import NetworkProblem
from bifurc.protocol import Problem
from bifurc.restart import begun, extended
from bifurc.switching.classify import classify
from bifurc.switching.isotropy import enlarge, larger_isotropy
from bifurc.switching.names import isotropy_of
from bifurc.switching.subgroups import Search
from bifurc.switching.switch import switch

DIGITS = 6  # of a start, by which two runs are told apart
OFF = 1e-4  # how far from an event, in scales, a branch through it is taken up

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """A branch to follow: everything a worker needs."""

    name: str  # the way to it: its parent's name, event and half-branch
    isotropy: str
    problem: Problem
    start: Point
    origin: int | None = None  # node that it is born at
    lead: tuple[Point, ...] = ()  # points before the start, the event first
    born: Born | None = None
    known: Branch | None = None  # what is followed of it already


@dataclass(frozen=True)
class Plan:
    """What to explore, and how far."""

    window: tuple[float, float]
    depth: int = 1  # how many times to switch; 0 follows the start alone
    max_branches: int = 200
    search: Search = field(default_factory=Search)
    options: Options = field(default_factory=Options)

    def __post_init__(self):
        for name, least in (("depth", 0), ("max_branches", 1)):
            object.__setattr__(self, name, whole(name, getattr(self, name), least))
        one_of("search", self.search, Search, "a bifurc.Search")


def explore_from(
    seeds: Iterable[tuple[str, Any, Point]],
    plan: Plan,
    executor: Executor | None = None,
    folder: Path | None = None,
    progress: Callable[[str, Branch, int], None] | None = None,
    known: Sequence[Branch] = (),
) -> BranchGraph:
    """Follow the seeds and every branch born on them.

    Parameters
    ----------
    seeds : iterable of (isotropy, problem, start)
    plan : Plan
    executor : concurrent.futures.Executor, optional
        Follows independent branches in parallel; the graph does not depend on it.
    folder : Path, optional
        Each branch is saved there as soon as it is done, and taken from there
        if it already is.
    progress : callable (name, branch, waiting), optional
        Called as soon as a branch is followed.
    known : sequence of Branch, optional
        Branches that were followed in a window inside this one: they go on.

    Returns
    -------
    BranchGraph
    """
    graph, seeds = BranchGraph(), [_at_home(*seed) for seed in seeds]
    run = "" if folder is None else digest_of(seeds, plan)
    tasks = [
        Task(f"b{i}", isotropy_of(problem) or iso, problem, start)
        for i, (iso, problem, start) in enumerate(seeds)
    ]
    for depth in range(plan.depth + 1):
        if not tasks:
            break
        births: list[Task] = []
        tasks = _within_budget(graph, tasks, plan)
        tasks = [_begun(task, known) for task in tasks] if known else tasks
        done = _follow_all(tasks, plan, executor, folder, run, progress)
        follow_on = depth < plan.depth
        ahead = _ahead(tasks, done, plan, executor) if executor and follow_on else {}
        for task, branch in zip(tasks, done, strict=True):
            if _known(graph, branch, len(task.lead)):
                continue  # another branch of this level came the other way
            path = None if folder is None else branch_path(folder, task.name)
            branch = _up_to_known(graph, task, branch, path, run)
            nodes = graph.add_branch(task.name, task.isotropy, branch, task.origin)
            if zeros := branch.problem.neutrals.continuum:
                graph.cut(
                    f"{task.name} ({task.isotropy}): critical points form a continuum, along zeros "
                    f"of its Hessian ({zeros}); one branch of it is followed"
                )
            for word in _at_edges(branch):
                graph.cut(f"{task.name} ({task.isotropy}) {word}")
            births.extend(_births(graph, task, branch, nodes, plan, follow_on, ahead))
        for unneeded in ahead.values():
            unneeded.cancel()
        tasks = births
    return graph


def _at_home(isotropy: str, problem: Problem, start: Point):
    """A seed on the fixed space of its start's own isotropy: in a larger one nothing is born."""
    if not isinstance(problem, NetworkProblem):
        return isotropy, problem, start
    larger, X = enlarge(problem, start.X)
    if larger is problem:
        return isotropy, problem, start
    x, lam, way = X[:-1], float(X[-1]), float(start.tangent[-1])
    moved = point_at(larger, x, lam, towards=way)
    was, now = isotropy_of(problem), isotropy_of(larger)
    log.warning("The start has the isotropy %s, larger than %s: it is followed there.", now, was)
    return isotropy, larger, moved


def _begun(task: Task, known: Sequence[Branch]) -> Task:
    """The task, with the branch that began as it does, if one is known."""
    points = (*task.lead, task.start)
    return replace(task, known=begun(known, task.problem, points))


def digest_of(seeds, plan: Plan) -> str:
    """The digest of a run, which its branch files carry: what is followed, and how."""
    problems = [problem for _, problem, _ in seeds]
    starts = [np.round(start.X, DIGITS).tolist() for *_, start in seeds]
    return run_digest(problems, starts, replace(plan, depth=0, max_branches=1))


def _known(graph: BranchGraph, branch: Branch, first: int) -> bool:
    """Whether a branch is in the graph already.

    Points close to the event that it is born at do not tell, and the one that
    it starts from may lie where another one is cut: two are asked.
    """
    return any(graph.holds(branch.problem, p.X) for p in branch.points[first : first + 2])


def _within_budget(graph: BranchGraph, tasks: list[Task], plan: Plan) -> list[Task]:
    fresh = [t for t in tasks if graph.holds(t.problem, t.start.X) is None]
    room = plan.max_branches - len(graph.branches)
    for task in fresh[room:]:
        graph.cut(f"{task.name} ({task.isotropy}): max_branches = {plan.max_branches} reached")
    return fresh[:room]


def _follow_all(tasks, plan: Plan, executor, folder, run: str, progress) -> list[Branch]:
    """The branches of the tasks, in their order; each is saved as soon as it is done."""
    done: dict[str, Branch] = {}

    def keep(task: Task, branch: Branch, path: Path | None = None) -> None:
        done[task.name] = branch if path is None else _saved(branch, path, run)
        said = branch.status.name
        log.info("%s (%s): %d points, %s", task.name, task.isotropy, len(branch.points), said)
        if progress is not None:
            progress(task.name, branch, len(tasks) - len(done))

    running: dict[Future, Task] = {}
    lost: list[str] = []
    paths = {t.name: None if folder is None else branch_path(folder, t.name) for t in tasks}
    for task in tasks:
        path = paths[task.name]
        if path is not None and path.exists():
            keep(task, load_branch(path, run))
        elif executor is None:
            keep(task, _follow(task, plan), path)
        else:
            running[executor.submit(_follow, task, plan)] = task
    for future in as_completed(running):
        task = running[future]
        try:
            keep(task, future.result(), paths[task.name])
        except WorkerDiedError as error:
            lost.append(f"{task.name}: {error}")
    if lost:
        raise EndedEarlyError(f"Not all branches were followed: {'; '.join(lost)}.")
    return [done[task.name] for task in tasks]


def _follow(task: Task, plan: Plan) -> Branch:
    """Follow one branch to its end, cut where it meets a larger isotropy; runs in workers."""
    if task.known is not None:
        whole = extended(task.known, plan.window, plan.options)
    else:
        whole = follow(task.problem, task.start, plan.window, plan.options, lead=task.lead)
    branch = cut_at_return(replace(whole, isotropy=task.isotropy, born=task.born))
    classified = (classify(branch.problem, event) for event in branch.events)
    return replace(branch, events=Events(classified))


def cut_at_return(branch: Branch) -> Branch:
    """End a branch at the first event whose state has a larger isotropy than the branch."""
    for number, event in enumerate(branch.events):
        inside = event.label == "BP" and not event.breaks_out
        if inside and larger_isotropy(branch.problem, event.X[:-1]):
            return cut_at(branch, number, Status.RETURNED)
    return branch


def _up_to_known(graph: BranchGraph, task: Task, branch: Branch, path, run: str) -> Branch:
    """End a half-branch where it runs into an event that branches were born at already.

    What goes on from there is one of these.
    """
    if task.born is None:
        return branch
    for number, event in enumerate(branch.events):
        if event.breaks_out or event.label != "BP" or event.formal:
            continue
        node = graph.node_at(branch.problem, event.X)
        if node is not None and graph.graph.nodes[node].get("births"):
            return _saved(cut_at(branch, number, Status.MET), path, run)
    if branch.status.early and graph.runs_into(branch) is not None:
        return _saved(replace(branch, status=Status.MET), path, run)
    return branch


def _saved(branch: Branch, path: Path | None, run: str) -> Branch:
    if path is not None:
        save_branch(path, branch, run)
    return branch


def cut_at(branch: Branch, number: int, status: Status) -> Branch:
    """The branch up to one of its events, where it ends."""
    event = branch.events[number]
    points = branch.points[: int(event.position) + 1]
    last = event.ending(upward=points[-1].lam < event.lam)
    events = Events([*branch.events[:number], last])
    return replace(branch, points=points, status=status, events=events)


def _ahead(tasks, branches, plan: Plan, executor: Executor) -> dict[tuple[str, int], Future]:
    """What switching finds at each event, begun before it is known whether it is needed.

    Whether it is depends on the branches that come before in the graph.
    """
    return {
        (task.name, number): executor.submit(_switched, branch.problem, event, plan)
        for task, branch in zip(tasks, branches, strict=True)
        for number, event in enumerate(_real(branch))
        if END not in event.transition
    }


def _switched(problem, event: Event, plan: Plan):
    return switch(problem, event, plan.search, plan.options, plan.window)


def _real(branch: Branch) -> list[Event]:
    return [event for event in branch.events if not event.formal]


def _at_edges(branch: Branch) -> Iterator[str]:
    """A word on each end of a branch at which an eigenvalue is zero: no sign changes there."""
    ends = (branch.points[0], branch.points[-1])
    asked = (branch.born is None, branch.status is Status.WINDOW)
    sizes = [_sizes(branch.problem, point) for point in ends]
    every = [one for each in sizes for one in each.values()]
    largest = max((float(one.max(initial=0.0)) for one in every), default=0.0)
    for point, each, ask in zip(ends, sizes, asked, strict=True):
        near = OFF * point.scales[-1]
        if not ask or any(abs(event.lam - point.lam) <= near for event in branch.events):
            continue
        zero = [c.label for c, one in each.items() if one.min(initial=np.inf) <= ON_EVENT * largest]
        if zero:
            yield (
                f"at {point.lam:.12g}: an eigenvalue of {', '.join(zero)} is zero at the edge of "
                "the window; what is born there is not followed, unless the window reaches beyond"
            )


def _sizes(problem: Problem, point: Point) -> dict[Any, np.ndarray]:
    """How large eigenvalues are, of the blocks that exist at a point."""
    parameters, blocks = problem.parameters(point.lam), problem.blocks(point.x, point.lam)
    return {c: np.abs(b.eigen().values) for c, b in blocks.items() if c.exists(parameters)}


def _births(graph: BranchGraph, task, branch: Branch, nodes, plan: Plan, follow_on: bool, ahead):
    """Half-branches born at the events of a branch; what was tried is noted at the node."""
    events = _real(branch)
    for number, (event, node) in enumerate(zip(events, nodes, strict=True)):
        data = graph.graph.nodes[node]
        if branch.status is Status.MET and END in event.transition:
            continue  # its branches are there
        returned = branch.status is Status.RETURNED and event is events[-1]
        problem = branch.problem
        if returned and not isinstance(problem, NetworkProblem):
            continue  # born on the trivial branch, which is followed anyway
        if not follow_on:
            if event.kind != "fold":
                graph.cut(f"{task.name} at {event.lam:.12g}: depth = {plan.depth} reached")
            continue
        if event.name in data.get("tried", {}):
            continue  # the same event was met on another branch
        if returned:
            yield from _through(task, number, branch, event, plan, node)
            continue
        begun = ahead.get((task.name, number))
        births, attempts = begun.result() if begun else _switched(branch.problem, event, plan)
        tried = data.setdefault("tried", {})
        tried[event.name] = [str(attempt) for attempt in attempts]
        born = Born(task.name, event)
        data["births"] = data.get("births", 0) + len(births)
        for attempt in attempts:
            if attempt.open:
                graph.cut(f"{task.name} at {event.lam:.12g}: {attempt}")
        for i, birth in enumerate(births):
            name, lead = f"{task.name}-{number}.{i}", tuple(birth.lead(plan.options))
            isotropy = isotropy_of(birth.problem) or birth.isotropy
            yield Task(name, isotropy, birth.problem, birth.start, node, lead, born)


def _through(task: Task, number: int, branch: Branch, event, plan: Plan, node: int):
    """The branch of larger isotropy that a branch has come back to, both ways from there."""
    assert isinstance(branch.problem, NetworkProblem)  # others do not come back
    problem, X = enlarge(branch.problem, event.X)
    born = Born(task.name, event)
    for i, towards in enumerate((1.0, -1.0)):
        name = f"{task.name}-{number}.{i}"
        lam = float(X[-1] + towards * OFF * problem.scales(X[-1])[-1])
        try:
            first = point_at(problem, X[:-1], float(X[-1]), plan.options, towards)
            start = point_at(problem, X[:-1], lam, plan.options, towards)
        except ValueError:
            continue  # the larger branch has a fold or a branch point of its own there
        isotropy = isotropy_of(problem) or ""
        yield Task(name, isotropy, problem, start, node, (first,), born)


def save_run(folder: Path, graph: BranchGraph) -> None:
    """Write the files of a finished run besides its branches."""
    save_graph(folder, graph)
    save_table(folder, graph)
