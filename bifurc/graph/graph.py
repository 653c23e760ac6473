"""The branch graph: what was found, as a networkx MultiGraph.

Nodes are located events and ends, edges are pieces of branches on which the
Morse index is constant. The graph knows branches only through their records,
so it can be saved, loaded and compared.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import networkx as nx
import numpy as np

from bifurc.continuation.options import Status
from bifurc.events.branch import Branch
from bifurc.events.pieces import Piece, Stop
from bifurc.events.records import Event
from bifurc.events.views import html_table, text_table
from bifurc.given import place
from bifurc.graph.identity import EXACT, TOUCHED, distance, fingerprint, passes, same
from bifurc.protocol import Problem

SCHEMA = 4
NEAR = 1e-2  # relative: how far from an event a branch may end that runs into it


@dataclass(frozen=True)
class Transition:
    """A saddle that becomes a minimum, or the other way round, as the parameter grows."""

    branch: str
    isotropy: str
    lam: float
    name: str  # of the event: irreps and their sets
    irrep: str
    points: str
    kind: str
    change: str
    first_integer: int | None  # first integer at which it is a minimum, if there is one
    meets: tuple[str, ...]  # other branches at that event

    def __str__(self) -> str:
        first = "" if self.first_integer is None else f", minimum from {self.first_integer}"
        meets = f"; meets {', '.join(self.meets)}" if self.meets else ""
        where = f"{self.branch} ({self.isotropy}) at {self.lam:.12g}"
        return f"{where}: {self.name} {self.kind}, {self.change}{first}{meets}"


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

    def holds(self, problem: Problem, X: np.ndarray) -> str | None:
        """The name of a branch through this point, up to symmetry; None if there is none."""
        mark = fingerprint(problem, X)
        for name, branch in self.branches.items():
            if passes(branch, mark):
                return name
        return None

    def add_branch(self, name: str, isotropy: str, branch: Branch, origin: int | None) -> list[int]:
        """Add a branch that starts at node ``origin`` (None: at an end of its own).

        Returns the nodes along it, one for each of its events.
        """
        self.branches[name] = branch
        if origin is None:
            origin = self._end(branch.problem, branch.points[0].X, "start", "It was started here.")
        nodes = {0.0: origin}
        for piece in branch.pieces:
            here = nodes[piece.first.position]
            # two events close by on one branch are two, though up to rounding of a touch they agree
            short = all(same(self._marks[here], fingerprint(branch.problem, X)) for X in piece.X)
            there = self._stop(branch, piece.last, origin, here if short else None)
            nodes[piece.last.position] = there
            if not (short and here == there):
                self._piece(name, isotropy, piece, (here, there))
        return [nodes[event.position] for event in branch.events if not event.formal]

    def _stop(self, branch: Branch, stop: Stop, origin: int, beside: int | None) -> int:
        """The node at the end of a piece that is so short as to lie ``beside`` another node."""
        problem, status = branch.problem, branch.status
        if stop.event is not None:
            return self.event_node(problem, stop.event, beside)
        if stop.why:
            return self._end(problem, stop.X, "SIZE", stop.why)
        if status is Status.CLOSED:
            return origin
        met = self.runs_into(branch) if status is Status.MET else None
        if met is not None:
            return met
        return self._end(problem, stop.X, status.name, status.value)

    def event_node(self, problem: Problem, event: Event, beside: int | None = None) -> int:
        """The node of an event; the same one for what is the same up to symmetry.

        It is not the one that it lies ``beside``, unless they agree to rounding.
        """
        mark = fingerprint(problem, event.X)
        known = self._at(mark)
        apart = known is not None and known == beside and not same(self._marks[known], mark, EXACT)
        if known is not None and not apart:
            return known
        return self._new(mark, type="event", lam=event.lam, **about(event))

    def _end(self, problem: Problem, X: np.ndarray, label: str, reason: str) -> int:
        mark = fingerprint(problem, X)
        known = self._at(mark)
        if known is not None:
            return known
        return self._new(mark, type="end", label=label, lam=float(X[-1]), reason=reason)

    def node_at(self, problem: Problem, X: np.ndarray) -> int | None:
        """The node of a state, up to symmetry; None if there is none."""
        return self._at(fingerprint(problem, X))

    def runs_into(self, branch: Branch) -> int | None:
        """The event that a branch comes to at its end, though no step leads over it.

        Sums over all entries of a state are smooth in the parameter near an
        event of larger symmetry, where the state itself goes with a root: on
        a straight line through those of the last two points lies the event.
        """
        if len(branch.points) < 2:
            return None
        before, last = (fingerprint(branch.problem, p.X) for p in branch.points[-2:])
        for node, data in self.graph.nodes(data=True):
            ahead, step = self._marks[node][0] - last[0], last[0] - before[0]
            if data["type"] != "event" or len(self._marks[node]) != len(last) or ahead * step <= 0:
                continue
            reach = abs(ahead) / (1 + abs(last[0]))
            there = last + (last - before) * (ahead / step)
            if reach < NEAR and distance(there, self._marks[node]) < NEAR * reach + TOUCHED:
                return node
        return None

    def end_of(self, name: str) -> str:
        """How a branch ends: "ends in node 1", or why it does."""
        branch = self.branches[name]
        own = [edge for edge in self.graph.edges(data=True) if edge[2]["branch"] == name]
        ends = {node for edge in own for node in edge[:2]}
        if branch.status in (Status.MET, Status.RETURNED, Status.CLOSED) and own:
            mark = fingerprint(branch.problem, branch.pieces[-1].last.X)
            return f"ends in node {min(ends, key=lambda n: distance(self._marks[n], mark))}"
        return branch.status.value

    def _at(self, mark: np.ndarray) -> int | None:
        known = [node for node, old in self._marks.items() if same(old, mark)]
        return min(known, key=lambda node: distance(self._marks[node], mark), default=None)

    def _new(self, mark: np.ndarray, **data) -> int:
        node = len(self.graph)
        self.graph.add_node(node, mark=mark.tolist(), loss=float(mark[1]), **data)
        self._marks[node] = mark
        return node

    def _piece(self, name: str, isotropy: str, piece: Piece, ends: tuple[int, int]) -> None:
        inner = piece.inner
        lams = np.array([*piece.X[:, -1], *(self.graph.nodes[n]["lam"] for n in ends)])
        losses = [float(piece.branch.loss[i]) for i in inner] + [
            self.graph.nodes[n]["loss"] for n in ends
        ]
        self.graph.add_edge(
            *ends,
            branch=name,
            isotropy=isotropy,
            index=piece.index.text(),
            sheet=piece.sheet,
            lam_low=float(lams.min()),
            lam_high=float(lams.max()),
            loss_low=min(losses),
            loss_high=max(losses),
            first_point=inner[0] if inner else math.ceil(piece.first.position),
            last_point=inner[-1] if inner else math.floor(piece.last.position),
            minimum_at=piece.minimum_at,
        )

    def transitions(self) -> list[Transition]:
        """Events at which a branch changes between saddle and minimum, in the order found."""
        found = []
        for name, branch in self.branches.items():
            for event in branch.events:
                if event.formal or event.turns or not event.decides:
                    continue
                node = self.event_node(branch.problem, event)
                pieces = [d for *_, d in self.graph.edges(node, data=True)]
                own = [d for d in pieces if d["branch"] == name]
                others = sorted(
                    {f"{d['branch']} ({d['isotropy']})" for d in pieces if d["branch"] != name}
                )
                found.append(
                    Transition(
                        name,
                        own[0]["isotropy"] if own else "",
                        event.lam,
                        event.name,
                        event.irrep,
                        event.set,
                        event.kind,
                        event.transition,
                        branch.first_minimum(event),
                        tuple(others),
                    )
                )
        return found

    def ended_early(self) -> list[str]:
        """Which branches ended before they were done, and why."""
        return [f"{n}: {b.status.value}" for n, b in self.branches.items() if b.status.early]

    def cut(self, what: str) -> None:
        """Note that something was not followed, and why."""
        self.graph.graph["cut"].append(what)

    def rows(self) -> Iterator[dict]:
        """One row for each event of each branch, as plain data."""
        for name, branch in self.branches.items():
            for event in branch.events:
                first = branch.first_minimum(event)
                yield {"branch": name} | event.to_dict() | {"first_integer": first}

    def save(self, folder: str | Path) -> None:
        """Write branches, graph and table into a folder, for :func:`bifurc.load`."""
        from bifurc.graph.files import branch_path, save_branch, save_graph, save_table

        folder = place("folder", folder)
        for name, branch in self.branches.items():
            save_branch(branch_path(folder, name), branch)
        save_graph(folder, self)
        save_table(folder, self)

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

    def lines(self) -> list[tuple[str, ...]]:
        """A row of texts for each branch, under their headings."""
        found: list[tuple[str, ...]] = [
            ("branch", "isotropy", "from", "to", "events", "born at", "ends")
        ]
        for name, one in self.branches.items():
            born = "" if one.born is None else f"{one.born.event.lam:.10g} on {one.born.parent}"
            ends = f"{one.points[0].lam:.6g}", f"{one.points[-1].lam:.6g}"
            number = str(sum(not event.formal for event in one.events))
            found.append((name, one.isotropy, *ends, number, born, one.status.name))
        return found

    @property
    def headline(self) -> str:
        """How much there is of it."""
        return f"{len(self.branches)} branches, {len(self.graph)} nodes, {self.graph.size()} pieces"

    def __repr__(self) -> str:
        return f"BranchGraph: {self.headline}"

    def __str__(self) -> str:
        return text_table(self.lines(), self.headline)

    def _repr_html_(self) -> str:
        return html_table(self.lines(), self.headline)


def about(event: Event) -> dict:
    """What the node of an event says of it: what does not depend on the branch met first."""
    said = event.to_dict()
    names = ("label", "irrep", "set", "kind", "multiplicity", "transition", "sheet")
    return {name: said[name] for name in names} | {"speed": said["eigenvalue_speed"]}


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
            np.array_equal(e.X, f.X)
            and all(map(np.array_equal, *([z.kernel for z in x.zeros] for x in (e, f))))
            for e, f in zip(one.events, other.events, strict=True)
        )
    )
