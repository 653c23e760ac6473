"""The branch graph: what was found, as a networkx MultiGraph.

Nodes are located events and ends, edges are pieces of branches on which the
Morse index is constant. The graph knows branches only through their records,
so it can be saved, loaded and compared.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import networkx as nx
import numpy as np

from bifurc.continuation.correct import correct_at
from bifurc.continuation.options import Options, Status
from bifurc.continuation.step import Step
from bifurc.events.branch import Branch
from bifurc.events.records import Event, Index, first_whole, morse_index
from bifurc.graph.identity import fingerprint, passes, same

SCHEMA = 2
WHOLE = 10_000  # of the whole sizes on a piece, the smallest: a window may reach to 10^9


@dataclass(frozen=True)
class Transition:
    """A saddle that becomes a minimum, or the other way round, as the parameter grows."""

    branch: str
    isotropy: str
    lam: float
    irrep: str
    points: str
    kind: str
    change: str
    first_integer: int | None  # first integer at which it is a minimum, if there is one
    meets: tuple[str, ...]  # other branches at that event

    def __str__(self) -> str:
        first = "" if self.first_integer is None else f", minimum from {self.first_integer}"
        meets = f"; meets {', '.join(self.meets)}" if self.meets else ""
        label = f"{self.irrep}[{self.points}]" if self.points else self.irrep
        where = f"{self.branch} ({self.isotropy}) at {self.lam:.12g}"
        return f"{where}: {label} {self.kind}, {self.change}{first}{meets}"


@dataclass(eq=False)
class BranchGraph:
    """Branches, the events on them and how they hang together.

    Attributes
    ----------
    graph : networkx.MultiGraph
        Nodes are numbered in the order of discovery; ``graph.graph`` says
        under which settings and what was cut off.
    branches : dict from branch name to Branch
    """

    graph: nx.MultiGraph = field(default_factory=nx.MultiGraph)
    branches: dict[str, Branch] = field(default_factory=dict)

    def __post_init__(self):
        self.graph.graph.setdefault("schema", SCHEMA)
        self.graph.graph.setdefault("cut", [])
        self._marks = {node: np.array(data["mark"]) for node, data in self.graph.nodes(data=True)}

    def holds(self, problem, X: np.ndarray, options: Options) -> str | None:
        """The name of a branch through this point, up to symmetry; None if there is none."""
        mark = fingerprint(problem, X)
        for name, branch in self.branches.items():
            if passes(branch, mark, options):
                return name
        return None

    def add_branch(self, name: str, isotropy: str, branch: Branch, origin: int | None) -> list[int]:
        """Add a branch that starts at node ``origin`` (None: at an end of its own).

        Returns the nodes along it, one for each of its events.
        """
        problem, points = branch.problem, branch.points
        self.branches[name] = branch
        stops: list[tuple[float, int]] = []
        if origin is None:
            origin = self._end(problem, points[0].X, "start", "The branch was started here.")
        stops.append((-0.5, origin))
        events = [event for event in branch.events if not event.formal]
        nodes = {event.position: self.event_node(problem, event) for event in events}
        stops.extend(nodes.items())
        stops.extend((at, self._end(problem, X, "SIZE", why)) for at, X, why in _limits(branch))
        if branch.status is Status.CLOSED:
            stops.append((len(points) - 0.5, origin))
        elif branch.status is not Status.RETURNED:
            last = self._end(problem, points[-1].X, branch.status.name, branch.status.value)
            stops.append((len(points) - 0.5, last))
        stops.sort(key=lambda stop: stop[0])
        for (a, one), (b, other) in zip(stops, stops[1:], strict=False):
            inner = (points[i].X for i in range(len(points)) if a < i < b)
            here = self._marks[one]
            if one == other and all(same(here, fingerprint(problem, X)) for X in inner):
                continue  # several things happen at one point
            self._piece(name, isotropy, branch, (a, b), (one, other))
        return [nodes[event.position] for event in events]

    def event_node(self, problem, event: Event) -> int:
        """The node of an event; the same one for what is the same up to symmetry."""
        mark = fingerprint(problem, event.X)
        known = self._at(mark)
        if known is not None:
            return known
        return self._new(
            mark,
            type="event",
            label=event.label,
            lam=event.lam,
            irrep=event.component.irrep,
            set=event.component.points,
            kind=event.kind,
            multiplicity=float(event.multiplicity),
            transition=event.transition,
            speed=float(event.speed),
        )

    def _end(self, problem, X: np.ndarray, label: str, reason: str) -> int:
        mark = fingerprint(problem, X)
        known = self._at(mark)
        if known is not None:
            return known
        return self._new(mark, type="end", label=label, lam=float(X[-1]), reason=reason)

    def _at(self, mark: np.ndarray) -> int | None:
        return next((node for node, old in self._marks.items() if same(old, mark)), None)

    def _new(self, mark: np.ndarray, **data) -> int:
        node = len(self.graph)
        self.graph.add_node(node, mark=mark.tolist(), loss=float(mark[1]), **data)
        self._marks[node] = mark
        return node

    def _piece(self, name, isotropy, branch: Branch, span, ends) -> None:
        inner = [i for i in range(len(branch.points)) if span[0] < i < span[1]]
        index = _index_on(branch, inner, span)
        lams = [branch.points[i].lam for i in inner] + [self.graph.nodes[n]["lam"] for n in ends]
        losses = [float(branch.loss[i]) for i in inner] + [
            self.graph.nodes[n]["loss"] for n in ends
        ]
        low, high = min(lams), max(lams)
        middle = branch.problem.parameters((low + high) / 2)
        whole = range(math.ceil(low), math.floor(high) + 1)[:WHOLE]
        self.graph.add_edge(
            *ends,
            branch=name,
            isotropy=isotropy,
            index=morse_index(index, middle).text(),
            lam_low=low,
            lam_high=high,
            loss_low=min(losses),
            loss_high=max(losses),
            first_point=inner[0] if inner else math.ceil(span[0]),
            last_point=inner[-1] if inner else math.floor(span[1]),
            minimum_at=[n for n in whole if _is_minimum(branch, index, n)],
        )

    def transitions(self) -> list[Transition]:
        """Events at which a branch changes between saddle and minimum, in the order found."""
        found = []
        for name, branch in self.branches.items():
            for event in branch.events:
                before, _, after = event.transition.partition(" -> ")
                if event.formal or before == after or event.kind in ("fold", "tangential"):
                    continue
                node = self.event_node(branch.problem, event)
                pieces = [d for *_, d in self.graph.edges(node, data=True)]
                own = [d for d in pieces if d["branch"] == name]
                others = sorted(
                    {f"{d['branch']} ({d['isotropy']})" for d in pieces if d["branch"] != name}
                )
                integers = [n for d in own for n in d["minimum_at"]]
                found.append(
                    Transition(
                        name,
                        own[0]["isotropy"] if own else "",
                        event.lam,
                        event.component.irrep,
                        event.component.points,
                        event.kind,
                        event.transition,
                        min(integers) if integers else None,
                        tuple(others),
                    )
                )
        return found

    def cut(self, what: str) -> None:
        """Note that something was not followed, and why."""
        self.graph.graph["cut"].append(what)

    def rows(self) -> Iterator[dict]:
        """One row for each event of each branch, as plain data."""
        for name, branch in self.branches.items():
            for event in branch.events:
                yield {
                    "branch": name,
                    "value": event.lam,
                    "label": event.label,
                    "irrep": event.component.irrep,
                    "set": event.component.points,
                    "kind": event.kind,
                    "transition": event.transition,
                    "formal": event.formal,
                    "multiplicity": float(event.multiplicity),
                    "index_below": event.index("below").text(),
                    "index_above": event.index("above").text(),
                    "loss": event.loss,
                    "eigenvalue_speed": float(event.speed),
                    "first_integer": first_whole(branch.problem, event),
                }

    def __eq__(self, other) -> bool:
        """Same nodes, edges, data and branches, to the last bit."""
        if not isinstance(other, BranchGraph):
            return NotImplemented
        return (
            nx.node_link_data(self.graph, edges="edges")
            == nx.node_link_data(other.graph, edges="edges")
            and list(self.branches) == list(other.branches)
            and all(_equal(self.branches[n], other.branches[n]) for n in self.branches)
        )

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{len(self.branches)} branches, {len(self.graph)} nodes, {self.graph.size()} pieces"


def _limits(branch: Branch) -> Iterator[tuple[float, np.ndarray, str]]:
    """Where an irrep with negative eigenvalues ceases to exist, which changes the index.

    Position on the branch, point, and reason.
    """
    problem = branch.problem
    there = [problem.parameters(point.lam) for point in branch.points]
    for component, values in branch.spectrum.items():
        exists = np.array([component.exists(parameters) for parameters in there])
        for i in np.flatnonzero(exists[:-1] != exists[1:]).tolist():
            if not (values[i if exists[i] else i + 1] < 0).any():
                continue
            one, other = branch.points[i], branch.points[i + 1]
            low, high = 0.0, 1.0
            for _ in range(60):
                share = (low + high) / 2
                same = component.exists(problem.parameters(one.lam + share * (other.lam - one.lam)))
                low, high = (share, high) if same == exists[i] else (low, share)
            guess = (1 - high) * one.X + high * other.X
            point = correct_at(problem, guess, one.tangent, Options()).point
            why = f"The irrep {component.label} exists on one side only; beyond it is formal."
            yield i + high, guess if point is None else point.X, why


def _index_on(branch: Branch, inner: list[int], span) -> Index:
    """Negative eigenvalues of every block on a piece of a branch, where the block exists."""
    if inner:
        index = {}
        for c, values in branch.spectrum.items():
            real = [i for i in inner if c.exists(branch.problem.parameters(branch.points[i].lam))]
            i = (real or inner)[len(real or inner) // 2]
            index[c] = int(np.count_nonzero(values[i] < 0))
        return index
    i = max(math.floor(span[0]), 0)
    if i + 1 < len(branch.points):  # no point between two stops: one of its own
        share = (max(span[0], i) + min(span[1], i + 1)) / 2 - i
        point = Step(branch.problem, *branch.points[i : i + 2]).corrected(share, Options())
        if point is not None:
            blocks = branch.problem.blocks(point.x, point.lam)
            return {c: int(np.count_nonzero(b.eigen().values < 0)) for c, b in blocks.items()}
    for event in branch.events:  # the branch was cut there: the side after the first
        if event.position == span[0]:
            forward = event.kind == "fold" or event.tangent[-1] > 0
            return event.above if forward else event.below
    return {c: int(np.count_nonzero(v[-1] < 0)) for c, v in branch.spectrum.items()}


def _is_minimum(branch: Branch, index: Index, lam: int) -> bool:
    return not morse_index(index, branch.problem.parameters(float(lam))).terms


def _equal(one: Branch, other: Branch) -> bool:
    return (
        one.status == other.status
        and len(one.points) == len(other.points)
        and all(
            np.array_equal(p.X, q.X)
            and np.array_equal(p.tangent, q.tangent)
            and np.array_equal(p.jacobian, q.jacobian)
            for p, q in zip(one.points, other.points, strict=True)
        )
        and [str(e) for e in one.events] == [str(e) for e in other.events]
        and all(
            np.array_equal(e.X, f.X) and np.array_equal(e.kernel, f.kernel)
            for e, f in zip(one.events, other.events, strict=True)
        )
    )
