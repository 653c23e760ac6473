"""What a page shows, as plain data."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from bifurc.api import proof_of
from bifurc.draw.curves import SCALARS, Curve, drawn, lowest, marks, spectrum, unjoined
from bifurc.draw.diagram import symbol
from bifurc.draw.eigenvalues import Eigencurves
from bifurc.draw.graph import heights, node_look, places
from bifurc.draw.style import look_of, pretty
from bifurc.draw.view import by_ratios, coloured, ranked
from bifurc.events.branch import Branch
from bifurc.events.records import Event
from bifurc.events.states import passes
from bifurc.graph.graph import BranchGraph
from bifurc.loss.embedding import integer_sizes, matrices
from bifurc.loss.problem import NetworkProblem
from bifurc.protocol import Problem

POINTS = 120  # on a branch: no corner can be seen at the width of a page
EVERY = 2  # of these points has a spectrum, or a state that is no matrix, of its own
ENTRIES = 1600  # of a weight matrix: of a larger one no cell can be seen
DIGITS = 7
SIDES = ("below", "above")


def content(graph: BranchGraph, title: str, prove: bool = True) -> dict[str, Any]:
    """All that the page of a graph shows, as plain data.

    Parameters
    ----------
    graph : BranchGraph
    title : str
        What the page is called.
    prove : bool
        Whether to prove the events at which a minimum is gained or lost, where
        python-flint is there.

    Returns
    -------
    dict
        For JSON: no number in it is infinite or nan.
    """
    problems = [branch.problem for branch in graph.branches.values()]
    events = {symbol(event) for branch in graph.branches.values() for event in branch.events}
    colour, layouts = _colours(graph), Layouts()
    lams = [branch.lam.tolist() for branch in graph.branches.values()]
    return {
        "title": title,
        "parameter": problems[0].parameter,
        "by_ratios": by_ratios(min(map(min, lams)), max(map(max, lams))),
        "headline": graph.headline,
        "heights": list(SCALARS),
        "coordinates": list(dict.fromkeys(n for p in problems for n in p.coordinate_names)),
        "branches": [
            _branch(graph, name, colour[branch.isotropy], layouts)
            for name, branch in graph.branches.items()
        ],
        "layouts": layouts.known,
        "transitions": list(_transitions(graph, prove)),
        "graph": _graph(graph, colour),
        "looks": {name: look_of(name) for name in sorted(events)},
        "early": graph.ended_early(),
        "cut": list(graph.graph.graph["cut"]),
    }


def numbers(values) -> list:
    """Numbers to as many digits as a page needs; None for what is no number."""
    flat = [float(f"{v:.{DIGITS}g}") for v in np.ravel(values).tolist()]
    kept = [v if np.isfinite(v) else None for v in flat]
    wide = np.shape(values)[1] if np.ndim(values) == 2 else 0
    return [kept[i : i + wide] for i in range(0, len(kept), wide)] if wide else kept


class Layouts:
    """Which coordinate stands in which entry of W, for every structure and size that is shown.

    A layout is a matrix of numbers: i + 1 where W has coordinate i, 0 where it has none.
    """

    def __init__(self):
        self.known: list[list[list[int]]] = []
        self._number: dict[tuple, int] = {}

    def number(self, problem: NetworkProblem, lam: float) -> int | None:
        """The number of a layout; None if the matrix is too large to be seen, or has no rows."""
        structure, values = problem.structure, problem.parameters(lam)
        sizes = integer_sizes(structure, values)
        entries = sum(sizes[b.points] for b in structure.students)
        entries *= sum(sizes[b.points] for b in structure.inputs)
        if not 0 < entries <= ENTRIES:
            return None
        key = (structure.entries, structure.orbits, tuple(sizes.items()))
        if key not in self._number:
            places = matrices(structure, np.arange(1, problem.n + 1), values)[0]
            self._number[key] = len(self.known)
            self.known.append(places.astype(int).tolist())
        return self._number[key]


def _colours(graph: BranchGraph) -> dict[str, str]:
    """The colours of isotropies, the same as in a diagram."""
    labels = [branch.isotropy for branch in graph.branches.values()]
    pieces = [
        Curve(name, branch.isotropy, piece.index.text(), piece.stable, branch.lam, branch.lam)
        for name, branch in graph.branches.items()
        for piece in branch.pieces
    ]
    return coloured(ranked(labels, pieces, marks(graph)))


def _branch(graph: BranchGraph, name: str, colour: str, layouts: Layouts) -> dict[str, Any]:
    branch = graph.branches[name]
    born, found = branch.born, Drawn(branch)
    return {
        "name": name,
        "isotropy": branch.isotropy,
        "colour": colour,
        "born": born and f"at {born.event.name}, {born.event.lam:.10g}, of {born.parent}",
        "end": graph.end_of(name),
        "note": branch.note,
        "early": branch.status.early,
        "pieces": list(found.pieces()),
        "events": [_event(branch, *mark) for mark in found.marks()],
        "spectrum": found.spectra(),
        "states": _matrices(branch, layouts) or found.states(),
    }


class Drawn:
    """Points of a branch that stand close, and its events: what is computed there, once for all."""

    def __init__(self, branch: Branch):
        self.problem, self.events = branch.problem, branch.events
        self.parts = drawn(branch, None, POINTS)
        self.X = np.concatenate([X for _, X in self.parts])
        self.ends = np.cumsum([len(X) for _, X in self.parts])
        self.kept = np.arange(len(self.X)) % EVERY == 0
        self.kept[self.ends - 1] = True
        every = np.array([*self.X, *(event.X for event in self.events)])
        found = spectrum(branch.problem, every)
        self.spectrum = {one: values[: len(self.X)] for one, values in found.items()}
        low = lowest(found, len(every))
        low[: len(self.X)] = unjoined(self.spectrum, low[: len(self.X)], self.X[:, -1])
        self.heights = _heights(branch.problem, every, low)

    def pieces(self) -> Iterator[dict[str, Any]]:
        """Pieces of one index, with every height that may be drawn over the parameter."""
        for (piece, X), end in zip(self.parts, self.ends, strict=True):
            high = {name: one[end - len(X) : end] for name, one in self.heights.items()}
            index = pretty(piece.index.text())
            yield {"index": index, "stable": piece.stable, "x": numbers(X[:, -1]), "y": high}

    def marks(self) -> Iterator[tuple[Event, dict[str, Any]]]:
        """Events with their heights."""
        for i, event in enumerate(self.events, start=len(self.X)):
            yield event, {name: one[i] for name, one in self.heights.items()}

    def spectra(self) -> list[dict[str, Any]]:
        """Eigenvalues of each irrep."""
        x = numbers(self.X[self.kept, -1])
        return [
            {"label": Eigencurves(one, self.X[:, -1], values).label, "irrep": one.irrep}
            | {"x": x, "y": numbers(values[self.kept].T)}
            for one, values in self.spectrum.items()
        ]

    def states(self) -> list[dict[str, Any]]:
        """Full states."""
        X = self.X[self.kept]
        return [
            {"label": f"{self.problem.parameter} = {x[-1]:.6g}", "values": numbers(values)}
            for x, values in zip(X, self.problem.full_state(X[:, :-1]), strict=True)
        ]


def _heights(problem: Problem, X: np.ndarray, low: np.ndarray) -> dict[str, list]:
    """All that may be drawn over the parameter at some points; ``low``: smallest eigenvalues."""
    known = SCALARS | {"smallest": lambda *_: low}
    found = {name: numbers(of(problem, X)) for name, of in known.items()}
    full = problem.full_state(X[:, :-1])
    return found | dict(zip(problem.coordinate_names, map(numbers, full.T), strict=True))


def _event(branch: Branch, event: Event, high: dict[str, Any]) -> dict[str, Any]:
    before, after = ("end" if getattr(event, s) is None else event.index(s).text() for s in SIDES)
    return {
        "x": float(event.lam),
        "y": high,
        "name": event.name,
        "symbol": symbol(event),
        "kind": event.kind,
        "transition": event.transition,
        "index": " → ".join(one if one == "end" else pretty(one) for one in (before, after)),
        "multiplicity": numbers([event.multiplicity])[0],
        "formal": event.formal,
        "decides": event.decides,
        "first": branch.first_minimum(event),
    }


def _matrices(branch: Branch, layouts: Layouts) -> list[dict[str, Any]]:
    """The coordinates at whole sizes, with the layout of W; none for a problem without rows."""
    problem, found, folds = branch.problem, [], branch.sheets[-1] > 1
    if not isinstance(problem, NetworkProblem):
        return []
    for lam in sorted({lam for piece in branch.pieces for lam in piece.whole}):
        layout = layouts.number(problem, lam)
        if layout is None:
            break
        for sheet, point in passes(branch, float(lam), at_events=True):
            label = f"{problem.parameter} = {lam}" + (f", sheet {sheet}" if folds else "")
            found.append({"label": label, "layout": layout, "values": numbers(point.x)})
    return found


def _transitions(graph: BranchGraph, prove: bool) -> Iterator[dict[str, Any]]:
    for one in graph.transitions():
        problem = graph.branches[one.branch].problem
        event = next(e for e in graph.branches[one.branch].events if e.lam == one.lam)
        proof = proof_of(problem, event) if prove and isinstance(problem, NetworkProblem) else None
        yield {
            "branch": one.branch,
            "isotropy": one.isotropy,
            "x": float(one.lam),
            "name": one.name,
            "kind": one.kind,
            "change": one.change,
            "first": one.first_integer,
            "meets": list(one.meets),
            "proof": "" if proof is None else ("proved" if proof else str(proof)),
        }


def _graph(graph: BranchGraph, colour: dict[str, str]) -> dict[str, Any]:
    where, nodes = places(graph), graph.graph.nodes
    edges = [
        {"branch": data["branch"], "colour": colour[graph.branches[data["branch"]].isotropy]}
        | {"index": pretty(data["index"]), "stable": data["index"] == "0"}
        | {"ends": [[float(where[node].lam), float(where[node].lane)] for node in (u, v)]}
        | {"lane": float(lane)}
        for (u, v, key), lane in heights(graph).items()
        for data in [graph.graph.edges[u, v, key]]
    ]
    found = [
        {"node": node, "x": float(place.lam), "y": float(place.lane)}
        | {
            "event": nodes[node]["type"] == "event",
            "what": ": ".join(filter(None, node_look(nodes[node])[0])),
        }
        | {"why": nodes[node].get("reason", nodes[node].get("transition", ""))}
        for node, place in where.items()
    ]
    return {"edges": edges, "nodes": found}
