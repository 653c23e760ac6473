"""The branch graph in the order of the parameter, and the lattice of its isotropies."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from bifurc.draw.curves import parameter_of
from bifurc.draw.diagram import mark_integers
from bifurc.draw.style import GREY, axes, colours, key, legend, line_of, look_of, marker_of, pretty
from bifurc.graph.graph import BranchGraph

ENDS = {  # marker and what it means
    "start": (".", "start"),
    "WINDOW": ("|", "end of the window"),
    "OUTSIDE": ("x", "edge of definition"),
    "SIZE": ("+", "an irrep appears"),
}
BEND, CHARACTER = 0.07, 0.014  # widths of a change of lane and of a letter, parts of the axis
OTHER_END = ("1", "other end, see its reason")


@dataclass(frozen=True)
class Place:
    """Where a node of the graph is drawn."""

    node: int
    lam: float
    lane: float


def places(graph: BranchGraph) -> dict[int, Place]:
    """A place for each node: its parameter, and the height of the first piece that meets it."""
    found: dict[int, Place] = {}
    for (u, v, _), height in heights(graph).items():
        for node in (u, v):
            found.setdefault(node, Place(node, graph.graph.nodes[node]["lam"], height))
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

    Names are in the order of discovery, so that a parent comes before its
    children; those of the root go up and down, those of others further off.
    """
    span: dict[str, tuple[float, float]] = {}
    for *_, data in graph.graph.edges(data=True):
        low, high = span.get(data["branch"], (np.inf, -np.inf))
        span[data["branch"]] = min(low, data["lam_low"]), max(high, data["lam_high"])
    found: dict[str, int] = {}
    for name in graph.branches:
        parent = found.get(name.rpartition("-")[0], 0)
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

    The index of an edge is that in the middle of the piece.

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
    fig, ax = axes(ax)
    where, height = places(graph), heights(graph)
    edges = list(graph.graph.edges(data=True))
    colour = colours(data["isotropy"] for *_, data in edges)
    span = np.ptp([place.lam for place in where.values()]) or 1.0
    for (u, v, key_), lane in height.items():
        data = graph.graph.edges[u, v, key_]
        draw_edge(ax, where[u], where[v], data, lane, colour, span)
    keys = [key(label, color=c) for label, c in colour.items()]
    for stable in sorted({data["index"] == "0" for *_, data in edges}, reverse=True):
        text = "minimum" if stable else "saddle, with Morse index"
        keys.append(key(text, color="0.3", **line_of(stable)))
    looks: dict[str, dict] = {}
    for node, place in where.items():
        label, look = node_look(graph.graph.nodes[node])
        ax.plot([place.lam], [place.lane], zorder=5, **look)
        looks.setdefault(label, look)
    keys.extend(key(label, **look) for label, look in looks.items())
    ax.set_ylim(min(height.values()) - 0.5, max(height.values()) + 0.5)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    low, high = (f(place.lam for place in where.values()) for f in (min, max))
    ax.set_xlim(low - 0.03 * span, high + 0.03 * span)
    mark_integers(ax, *ax.get_xlim())
    ax.set_xlabel(parameter_of(next(iter(graph.branches.values())).problem))
    if explain:
        legend(ax, keys)
    return fig, ax


def draw_edge(ax: Axes, one: Place, other: Place, data, lane, colour, span) -> PathPatch:
    """One piece: from its node over to the lane of its branch, along it, and to the other node.

    Its index stands on it where there is room.
    """
    if abs(one.lane - lane) < abs(other.lane - lane):
        one, other = other, one
    way = np.sign(other.lam - one.lam) or 1.0
    bend = min(BEND * span, abs(other.lam - one.lam) / 2) * way
    vertices = [(one.lam, one.lane)]
    codes = [Path.MOVETO]
    if one.lane != lane:
        vertices += [
            (one.lam + 0.6 * bend, one.lane), (one.lam + 0.4 * bend, lane), (one.lam + bend, lane)
        ]  # fmt: skip
        codes += [Path.CURVE4] * 3
    if other.lane != lane:
        vertices += [
            (other.lam - bend, lane), (other.lam - 0.4 * bend, lane),
            (other.lam - 0.6 * bend, other.lane),
        ]  # fmt: skip
        codes += [Path.LINETO, Path.CURVE4, Path.CURVE4]
    vertices.append((other.lam, other.lane))
    codes.append(Path.CURVE4 if other.lane != lane else Path.LINETO)
    look = line_of(data["index"] == "0")
    patch = PathPatch(Path(vertices, codes), fill=False, edgecolor=colour[data["isotropy"]], **look)
    ax.add_patch(patch)
    text, start = pretty(data["index"]), one.lam + (bend if one.lane != lane else 0.0)
    if data["index"] != "0" and len(text) * CHARACTER * span <= abs(other.lam - start):
        ax.annotate(
            text, ((start + other.lam) / 2, lane), xytext=(0, 3), textcoords="offset points",
            ha="center", va="bottom", fontsize="small", color=colour[data["isotropy"]],
        )  # fmt: skip
    return patch


def node_look(data: dict) -> tuple[str, dict]:
    """What a node is, in words, and how it is drawn."""
    if data["type"] == "event":
        before, _, after = data["transition"].partition(" -> ")
        name = "fold" if data["kind"] == "fold" else data["irrep"]
        kind = "" if data["kind"] in ("unknown", "fold") else f": {data['kind']}"
        return f"{look_of(name)[2]}{kind}", marker_of(
            name, {before, after} == {"saddle", "minimum"}
        )
    marker, meaning = ENDS.get(data["label"], OTHER_END)
    return meaning, {"marker": marker, "color": GREY, "linestyle": "none"}


def isotropies(graph: BranchGraph) -> nx.DiGraph:
    """Which isotropy was born from which; nodes carry the dimension of the fixed space."""
    label = {d["branch"]: d["isotropy"] for *_, d in graph.graph.edges(data=True)}
    found = nx.DiGraph()
    for name, branch in graph.branches.items():
        if name not in label:
            continue
        found.add_node(label[name], dimension=len(branch.points[0].x))
        parent = label.get(name.rpartition("-")[0])
        if parent is not None and parent != label[name]:
            events = [e for e in graph.branches[name.rpartition("-")[0]].events if not e.formal]
            number = int(name.rpartition("-")[2].partition(".")[0])
            found.add_edge(parent, label[name], irrep=events[number].name)
    return found


def _columns(lattice: nx.DiGraph) -> dict[str, float]:
    """A column for each leaf of the tree of births; the others stand over their children."""
    found: dict[str, float] = {}
    leaves = count()
    size = dict(lattice.nodes(data="dimension"))
    births = nx.DiGraph((u, v) for u, v in lattice.edges if size[u] < size[v])
    births.add_node(next(iter(lattice)))
    tree = nx.bfs_tree(births, next(iter(lattice)))
    for label in nx.dfs_postorder_nodes(tree):
        below = [found[child] for child in tree[label]]
        found[label] = sum(below) / len(below) if below else float(next(leaves))
    return found | {label: float(next(leaves)) for label in lattice if label not in found}


def isotropy_lattice(graph: BranchGraph, ax: Axes | None = None):
    """Draw the isotropies met, larger groups on top, joined where one branch is born from another.

    The height is the dimension of the fixed-point space; edges name the
    irrep whose kernel breaks the symmetry.

    Returns
    -------
    fig, ax
    """
    lattice = isotropies(graph)
    fig, ax = axes(ax)
    dimension = dict(lattice.nodes(data="dimension"))
    rows = sorted(set(dimension.values()))
    across = _columns(lattice)
    place = {label: (across[label], -rows.index(n)) for label, n in dimension.items()}
    for u, v, irrep in lattice.edges(data="irrep"):
        (x0, y0), (x1, y1) = place[u], place[v]
        ax.plot([x0, x1], [y0, y1], color=GREY, linewidth=0.9, zorder=1)
        ax.text(
            0.45 * x0 + 0.55 * x1, 0.45 * y0 + 0.55 * y1, irrep, ha="center", va="center",
            fontsize="small", color="0.3",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
    for label, (x, y) in place.items():
        box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": "#0072B2"}
        ax.text(x, y, label, ha="center", va="center", bbox=box)
    ax.set_xlim(min(x for x, _ in place.values()) - 0.7, max(x for x, _ in place.values()) + 0.7)
    ax.set_ylim(-len(rows) + 0.5, 0.5)
    ax.set_xticks([])
    ax.set_yticks([-i for i in range(len(rows))], [str(n) for n in rows])
    ax.set_ylabel("dimension of the fixed space")
    for side in ax.spines.values():
        side.set_visible(False)
    ax.tick_params(length=0)
    return fig, ax
