"""The lattice of isotropies: boxes in rows by the dimension of their fixed space.

Boxes have the widths of their words and stand side by side in their row, in
the order of their neighbours. A line that passes a row without ending there
keeps a place in it, so that it runs behind no box; a name of an irrep stands on
its line where no box and no other name is. Everything is measured in points, so
that it fits whatever the names are; new axes become as large as that takes.

References
----------
.. [1] Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical
   system structures", IEEE Trans. Systems, Man, Cybernetics 11 (1981) 109-125.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

import networkx as nx
import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from bifurc.draw.graph import isotropies
from bifurc.draw.style import GREY, axes
from bifurc.graph.graph import BranchGraph
from bifurc.groups import IsotropyLattice

LETTERS = 24  # of a line in a box; longer names go on below
PAD, GAP = 5.0, 16.0  # points inside a box and between boxes
RISE = 52.0  # points from row to row, boxes left out
MARGIN = 60.0  # points beside the boxes, for the numbers of the rows
ROUNDS = 8  # of ordering rows by their neighbours
DOTS = 25  # that stand for a stretch of a line
SHARES = (0.5, 0.62, 0.38, 0.72, 0.28, 0.8, 0.2)  # where on a line its name may stand


@dataclass(frozen=True)
class Box:
    """A rectangle around its middle, in points."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: "Box") -> bool:
        """Whether two boxes have a place in common."""
        wide, high = (self.width + other.width) / 2, (self.height + other.height) / 2
        return abs(self.x - other.x) < wide and abs(self.y - other.y) < high


def isotropy_lattice(graph: BranchGraph | IsotropyLattice, ax: Axes | None = None):
    """Draw the isotropies met, larger groups on top, joined where one branch is born from another.

    The height is the dimension of the fixed-point space; edges name the
    irrep whose kernel breaks the symmetry. Of a group's own lattice
    (:meth:`bifurc.groups.FiniteGroup.lattice`) all isotropies are drawn, each
    joined to the next smaller ones that it contains.

    Returns
    -------
    fig, ax
    """
    lattice = graph.named if isinstance(graph, IsotropyLattice) else isotropies(graph)
    boxes, ways, rows = layout(lattice)
    width, height = extent(boxes.values(), ways.values())
    own = ax is None
    fig, ax = axes(ax)
    if own:
        fig.set_size_inches((width + MARGIN) / 72, (height + GAP) / 72)
    room = 1.0 if own else min(1.0, ax.bbox.width * 72 / fig.dpi / width)
    size = room * FontProperties().get_size_in_points()
    taken = list(boxes.values())
    for way in ways.values():
        ax.plot(*way.T, color=GREY, linewidth=0.9, zorder=1)
    for u, v, irrep in lattice.edges(data="irrep"):
        if irrep is None:
            continue
        others = [other for edge, other in ways.items() if edge != (u, v)]
        at = beside(ways[u, v], irrep, taken, others)
        taken.append(at)
        ax.text(
            at.x, at.y, irrep, ha="center", va="center", fontsize=0.8 * size, color="0.3", zorder=2,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
    for label, box in boxes.items():
        ax.text(
            box.x, box.y, lines(label), ha="center", va="center", fontsize=size, zorder=3,
            bbox={"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": "#0072B2"},
        )  # fmt: skip
    ax.set_xlim(-GAP, width + GAP)
    ax.set_ylim(-height + GAP, GAP + max(box.height for box in boxes.values()) / 2)
    ax.set_xticks([])
    ax.set_yticks(list(rows.values()), [str(n) for n in rows])
    ax.set_ylabel("dimension of the fixed space")
    for side in ax.spines.values():
        side.set_visible(False)
    ax.tick_params(length=0)
    return fig, ax


def lines(label: str) -> str:
    """A name with its parts on lines of their own where it is long."""
    if len(label) <= LETTERS:
        return label
    return label.replace(", ", ",\n").replace(" x ", " x\n")


def measured(text: str, size: float) -> tuple[float, float]:
    """Width and height of some lines, in points."""
    each = text.split("\n")
    font = FontProperties(family=rcParams["font.family"])
    wide = max(
        TextPath((0, 0), one or " ", size=size, prop=font).get_extents().width for one in each
    )
    return float(wide), 1.25 * size * len(each)


def layout(lattice: nx.DiGraph):
    """Where everything is.

    Returns
    -------
    boxes : mapping from isotropies to Box
    ways : mapping from edges to ndarray, shape (points, 2)
        The corners of their lines.
    rows : mapping from dimensions of fixed spaces to heights
    """
    size = FontProperties().get_size_in_points()
    chains, order = layered(lattice)
    sizes = {n: measured(lines(n), size) if n in lattice else (0.0, 0.0) for n in chains}
    x: dict[Hashable, float] = {}
    for _ in range(ROUNDS):  # rows in the order of their neighbours, as far as known
        for names in order.values():
            middle = {name: _middle(chains, name, x) for name in names}
            names.sort(key=lambda name: middle[name])
            x |= _side_by_side(names, sizes)
    rows: dict[int, float] = {}
    place: dict[Hashable, tuple[float, float]] = {}
    y = above = 0.0
    for n, names in order.items():
        high = max(sizes[name][1] for name in names) + 2 * PAD
        y -= (above + high) / 2 + RISE if rows else 0.0
        rows[n], above = y, high
        place |= {name: (x[name], y) for name in names}
    left = min(x[name] - sizes[name][0] / 2 - PAD for name in chains)
    place = {name: (at - left, y) for name, (at, y) in place.items()}
    boxes = {n: Box(*place[n], sizes[n][0] + 2 * PAD, sizes[n][1] + 2 * PAD) for n in lattice}
    ways = {
        (u, v): np.array([place[n] for n in nx.shortest_path(chains.edge_subgraph(
            [pair for pair in chains.edges if chains.edges[pair]["of"] == {u, v}]), u, v)])
        for u, v in lattice.edges
    }  # fmt: skip
    return boxes, ways, rows


def layered(lattice: nx.DiGraph) -> tuple[nx.Graph, dict[int, list[Hashable]]]:
    """The lattice with a node in each row that an edge passes, and the nodes of each row."""
    dimension = dict(lattice.nodes(data="dimension"))
    order: dict[int, list[Hashable]] = {n: [] for n in sorted(set(dimension.values()))}
    for name, n in dimension.items():
        order[n].append(name)
    levels, chains = list(order), nx.Graph()
    chains.add_nodes_from(lattice)
    for u, v in lattice.edges:
        one, other = sorted((u, v), key=lambda name: dimension[name])
        between = levels[levels.index(dimension[one]) + 1 : levels.index(dimension[other])]
        chain = [one, *((u, v, n) for n in between), other]
        for n in between:
            order[n].append((u, v, n))
        chains.add_edges_from(zip(chain, chain[1:], strict=False), of={u, v})
    return chains, order


def _middle(chains: nx.Graph, name: Hashable, x: Mapping[Hashable, float]) -> float:
    """The mean place of the neighbours whose place is known."""
    near = [x[other] for other in chains[name] if other in x]
    return float(np.mean(near)) if near else x.get(name, np.inf)


def _side_by_side(names: list[Hashable], sizes) -> dict[Hashable, float]:
    """Places in a row, with its middle at 0."""
    widths = np.array([sizes[name][0] + 2 * PAD + GAP for name in names])
    ends = np.cumsum(widths)
    return dict(zip(names, (ends - widths / 2 - ends[-1] / 2).tolist(), strict=True))


def extent(boxes, ways) -> tuple[float, float]:
    """Width and height of all together."""
    boxes = list(boxes)
    wide = max([box.x + box.width / 2 for box in boxes] + [way[:, 0].max() for way in ways])
    high = max(box.y + box.height / 2 for box in boxes) - min(box.y - box.height for box in boxes)
    return wide, high + GAP


def beside(way: np.ndarray, text: str, taken: list[Box], others: list[np.ndarray]) -> Box:
    """A place on a line for a name, off all that is taken and off other lines where it can be."""
    wide, high = measured(text, 0.8 * FontProperties().get_size_in_points())
    tries = [Box(x, y, wide + 4, high + 2) for x, y in _along(way)]
    points = [Box(x, y, 0.0, 0.0) for other in others for x, y in _dotted(other)]

    def spoilt(at: Box) -> tuple[int, int]:
        return sum(map(at.overlaps, taken)), sum(map(at.overlaps, points))

    return min(tries, key=spoilt)


def _dotted(way: np.ndarray) -> np.ndarray:
    """Points on a line, closer than letters."""
    shares = np.linspace(0, 1, DOTS)[:, None]
    return np.concatenate([a + shares * (b - a) for a, b in zip(way, way[1:], strict=False)])


def _along(way: np.ndarray) -> Iterator[np.ndarray]:
    for one, other in zip(way, way[1:], strict=False):
        for share in SHARES:
            yield one + share * (other - one)
