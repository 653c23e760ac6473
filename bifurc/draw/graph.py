"""The branch graph in the order of the parameter, and the lattice of its isotropies."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import networkx as nx
import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from bifurc import given
from bifurc.draw.diagram import CROWDED, MANY
from bifurc.draw.style import GREY, axes, key, legend, line_of, look_of, marker_of, pretty
from bifurc.draw.view import across, by_ratios, coloured, few, say
from bifurc.graph.graph import BranchGraph

ENDS = {  # marker and what it means
    "start": (".", "start"),
    "WINDOW": ("|", "end of the window"),
    "OUTSIDE": ("x", "edge of definition"),
    "SIZE": ("+", "an irrep appears"),
}
BEND, CHARACTER = 0.07, 0.014  # widths of a change of lane and of a letter, parts of the axis
LANE, FRAME = 0.3, 0.9  # inches from lane to lane, and for what is above and below them
TEXT = 0.5  # lanes that the height of a text takes
OTHER_END = ("1", "other end, see its reason")


@dataclass(frozen=True)
class Spot:
    """Where a node of the graph is drawn."""

    node: int
    lam: float
    lane: float


def places(graph: BranchGraph) -> dict[int, Spot]:
    """A place for each node: its parameter, and the height of the first piece that meets it."""
    found: dict[int, Spot] = {}
    for (u, v, _), height in heights(graph).items():
        for node in (u, v):
            found.setdefault(node, Spot(node, graph.graph.nodes[node]["lam"], height))
    return found


def heights(graph: BranchGraph) -> dict[tuple, float]:
    """A height for each edge (u, v, key): its branch's lane, a little further off behind a fold."""
    lane, found = lanes(graph), {}
    edges = list(graph.graph.edges(keys=True, data=True))
    for name in graph.branches:
        own = [edge for edge in edges if edge[3]["branch"] == name]
        done: list[tuple[float, float]] = []
        for u, v, key_, data in sorted(own, key=lambda edge: edge[3]["first_point"]):
            low, high = data["lam_low"], data["lam_high"]
            level = sum(_overlap((low, high), other) for other in done)
            found[u, v, key_] = lane[name] + 0.3 * level * (1 if lane[name] >= 0 else -1)
            done.append((low, high))
    return found


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two ranges of the parameter have more than an end in common."""
    return min(one[1], other[1]) - max(one[0], other[0]) > 1e-9 * (1 + abs(one[1]))


def lanes(graph: BranchGraph) -> dict[str, int]:
    """A height for each branch: the root at 0, others at the free one nearest to their parent.

    Branches are in the order of discovery, so that a parent comes before its
    children; those of the root go up and down, those of others further off.
    """
    span: dict[str, tuple[float, float]] = {}
    for *_, data in graph.graph.edges(data=True):
        low, high = span.get(data["branch"], (np.inf, -np.inf))
        span[data["branch"]] = min(low, data["lam_low"]), max(high, data["lam_high"])
    ends = np.array(list(span.values()))
    room = CHARACTER * np.ptp(ends)  # on either side, so that nodes of two branches stand apart
    span = {name: (low - room, high + room) for name, (low, high) in span.items()}
    found: dict[str, int] = {}
    for name in graph.branches:
        born = graph.branches[name].born
        parent = found.get(born.parent, 0) if born else 0
        taken = {lane for other, lane in found.items() if _overlap(span[name], span[other])}
        found[name] = next(lane for lane in _nearest(parent) if lane not in taken)
    return found


def _nearest(lane: int) -> Iterator[int]:
    """A lane and those further off from the root, nearest first."""
    for i in count():
        if lane == 0:
            yield (i + 1) // 2 * (1 if i % 2 else -1)
        else:
            yield lane + i * (1 if lane > 0 else -1)


def branch_graph(graph: BranchGraph, ax: Axes | None = None, *, explain: bool = True):
    """Draw events and ends as nodes in the order of the parameter, pieces of branches as edges.

    The index of an edge is that in the middle of the piece; it stands there where
    there is room. New axes are as high as the branches take.

    Parameters
    ----------
    graph : BranchGraph
    ax : Axes, optional
    explain : bool
        Whether to add a legend.

    Returns
    -------
    fig, ax
    """
    given.one_of("graph", graph, BranchGraph, "a graph, as bifurc.explore gives it")
    where, height = places(graph), heights(graph)
    own = ax is None
    fig, ax = axes(ax)
    if own:
        wide, high = fig.get_size_inches()
        fig.set_size_inches(wide, max(high, LANE * np.ptp(list(height.values())) + FRAME))
    edges = list(graph.graph.edges(data=True))
    branches = {(data["branch"], data["isotropy"]) for *_, data in edges}
    count = Counter(isotropy for _, isotropy in branches)
    minima = {data["isotropy"] for *_, data in edges if data["index"] == "0"}
    first, *rest = dict.fromkeys(data["isotropy"] for *_, data in edges)
    colour = coloured([first, *sorted(rest, key=lambda name: name not in minima)])
    ends = [f(place.lam for place in where.values()) for f in (min, max)]
    scale = (np.log, np.exp) if by_ratios(*ends) else (np.asarray, np.asarray)
    span = np.ptp(scale[0](ends)) or 1.0
    texts: list[tuple[float, float]] = []
    for (u, v, key_), lane in height.items():
        data = graph.graph.edges[u, v, key_]
        draw_edge(ax, where[u], where[v], data, lane, colour, span, texts, scale)
    keys = [key(f"{name} ({count[name]})", color=c) for name, c in colour.items() if c != GREY]
    if grey := [name for name, c in colour.items() if c == GREY]:
        keys.append(key(f"{len(grey)} others ({sum(count[name] for name in grey)})", color=GREY))
        say(ax, [f"grey: {few(grey)}"])
    for stable in sorted({data["index"] == "0" for *_, data in edges}, reverse=True):
        text = "minimum" if stable else "saddle, with Morse index"
        keys.append(key(text, color="0.3", **line_of(stable)))
    looks: dict[tuple, tuple[dict, list[str]]] = {}  # of a symbol: how it is drawn, what it means
    size = rcParams["lines.markersize"] * (CROWDED if len(where) > MANY else 1.0)
    for node, place in where.items():
        (label, kind), look = node_look(graph.graph.nodes[node])
        ax.plot([place.lam], [place.lane], zorder=5, markersize=size, **look)
        _, kinds = looks.setdefault((label, look["marker"]), (look, []))
        kinds.extend({kind} - {*kinds, ""})
    for (label, _), (look, kinds) in looks.items():
        keys.append(key(f"{label}: {', '.join(kinds)}" if kinds else label, **look))
    ax.set_ylim(min(height.values()) - 0.5, max(height.values()) + 0.5)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    across(ax, *scale[1](scale[0](ends) + 0.03 * span * np.array([-1, 1])))
    ax.set_xlabel(next(iter(graph.branches.values())).problem.parameter)
    if explain:
        legend(ax, keys)
    return fig, ax


def draw_edge(ax, one: Spot, other: Spot, data, lane, colour, span, texts, scale) -> PathPatch:
    """One piece: from its node over to the lane of its branch, along it, and to the other node.

    Its index stands on it where there is room, also beside the ``texts`` there are, as
    (middle, height). ``scale`` takes the parameter to the way it goes across, and back.
    """
    if abs(one.lane - lane) < abs(other.lane - lane):
        one, other = other, one
    into, out = scale
    start, end = float(into(one.lam)), float(into(other.lam))
    bend = min(BEND * span, abs(end - start) / 2) * (np.sign(end - start) or 1.0)
    vertices = [(start, one.lane)]
    codes = [Path.MOVETO]
    if one.lane != lane:
        vertices += [
            (start + 0.6 * bend, one.lane), (start + 0.4 * bend, lane), (start + bend, lane)
        ]  # fmt: skip
        codes += [Path.CURVE4] * 3
    if other.lane != lane:
        vertices += [
            (end - bend, lane), (end - 0.4 * bend, lane), (end - 0.6 * bend, other.lane)
        ]  # fmt: skip
        codes += [Path.LINETO, Path.CURVE4, Path.CURVE4]
    vertices.append((end, other.lane))
    codes.append(Path.CURVE4 if other.lane != lane else Path.LINETO)
    path = Path([(out(x), y) for x, y in vertices], codes)
    look = line_of(data["index"] == "0")
    patch = PathPatch(path, fill=False, edgecolor=colour[data["isotropy"]], **look)
    ax.add_patch(patch)
    text, start = pretty(data["index"]), start + (bend if one.lane != lane else 0.0)
    wide, middle = len(text) * CHARACTER * span, (start + end) / 2
    free = not any(abs(middle - x) < wide and abs(lane - y) < TEXT for x, y in texts)
    if data["index"] != "0" and wide <= abs(end - start) and free:
        texts.append((middle, lane))
        ax.annotate(
            text, (out(middle), lane), xytext=(0, 3), textcoords="offset points",
            ha="center", va="bottom", fontsize="small", color=colour[data["isotropy"]],
        )  # fmt: skip
    return patch


def node_look(data: dict) -> tuple[tuple[str, str], dict]:
    """What a node is, in words, with the kind of its event, and how it is drawn."""
    if data["type"] == "event":
        before, _, after = data["transition"].partition(" -> ")
        name = "fold" if data["kind"] == "fold" else data["irrep"]
        kind = "" if data["kind"] in ("unknown", "fold") else data["kind"]
        look = marker_of(name, {before, after} == {"saddle", "minimum"})
        return (look_of(name)[2], kind), look
    marker, meaning = ENDS.get(data["label"], OTHER_END)
    return (meaning, ""), {"marker": marker, "color": GREY, "linestyle": "none"}


def isotropies(graph: BranchGraph) -> nx.DiGraph:
    """Which isotropies meet at births, the larger group first; with dimensions of fixed spaces."""
    given.one_of("graph", graph, BranchGraph, "a graph, as bifurc.explore gives it")
    found = nx.DiGraph()
    size = {branch.isotropy: len(branch.points[0].x) for branch in graph.branches.values()}
    for branch in graph.branches.values():
        found.add_node(branch.isotropy, dimension=len(branch.points[0].x))
        if branch.born is not None:
            parent = graph.branches[branch.born.parent].isotropy
            larger, smaller = sorted((parent, branch.isotropy), key=lambda n: size[n])
            if larger != smaller:
                found.add_edge(larger, smaller, irrep=branch.born.event.name)
    return found
