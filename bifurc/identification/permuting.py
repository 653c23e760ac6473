"""Which permutations of whole point sets a matrix allows beside those inside the sets.

The isotropy group of a matrix is that of a graph: its rows, its columns and
the rows of the teacher are nodes, its entries colour the edges. The product
of symmetric groups in it is found first (:mod:`bifurc.identification.isotropy`),
and what is left permutes point sets: one node is kept of each copy of a set,
coloured by what the set is, and the symmetries of that small graph are
searched. Circles, polygons and wreath products are found so, and every group
that is the isotropy group of some matrix.

Where a permutation of sets takes copies of one to copies of the other in
another order, sets of one point give up their rows, which are then sets of
their own; sets of several points cannot, and this is said.

References
----------
.. [1] McKay, Piperno, "Practical graph isomorphism II", J. Symbolic
   Computation 60, 2014.
.. [2] Wielandt, "Permutation Groups through Invariant Relations and Invariant
   Functions", Ohio State University 1969 (2-closed groups).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from bifurc.groups.graphs import symmetries
from bifurc.identification.isotropy import Points, swaps
from bifurc.structure.components import orbits_of

MOST = 2000  # refinements of colours in one search; what is not found by then is left out
KINDS = ("students", "teachers")
CUT = "The search for permutations of whole point sets was ended before it was through"
TAKEN_OUT = "Columns can be exchanged whose rows are not one for each point, such as rows on pairs"
COPIES = "A permutation of whole point sets exchanges rows on one set: it is left out"


@dataclass(frozen=True, eq=False)
class Permuting:
    """Point sets, and the group that permutes them.

    Attributes
    ----------
    sets : list of Points
        Copies of sets that are permuted are in one order.
    ties : list of dict
        Generators, from places in ``sets`` to places.
    order : int
        Of the group.
    said : str
        Why the group may be larger; "" if it is all.
    """

    sets: list[Points]
    ties: list[dict[int, int]]
    order: int = 1
    said: str = ""


def permuting(sets: Sequence[Points], w: np.ndarray, ids) -> Permuting:
    """The group that permutes the point sets of a matrix.

    Parameters
    ----------
    sets : sequence of Points
        From :func:`bifurc.identification.isotropy.find_points`.
    w : ndarray, shape (k, d)
        Says which row of several is called that of a single column: the one
        with the largest entry there.
    ids : ndarray of int, shapes (k, d) and (h, d)
        Value classes of student and teacher.
    """
    graph = _Quotient(list(sets), ids)
    generators, order, through = symmetries(*graph.coloured(), MOST)
    said = "" if through else CUT
    said = TAKEN_OUT if not said and _taken_out(sets, ids) else said
    if not generators:
        return Permuting(list(sets), [], said=said)
    moves = [g.tolist() for g in generators]
    made = graph.rearranged(moves, w)
    if made is None:
        return Permuting(list(sets), [], said=COPIES)
    again = _Quotient(made, ids)
    place = {node: i for i, node in enumerate(again.nodes)}
    ties = []
    for g in moves:
        image = {graph.nodes[i]: graph.nodes[j] for i, j in enumerate(g)}
        tie = {
            of: again.owner[place[image[node]]]
            for node, of in zip(again.nodes, again.owner, strict=True)
        }
        ties.append({a: b for a, b in tie.items() if a != b})
    return _in_circles(Permuting(made, ties, order, said))


def _taken_out(sets: Sequence[Points], ids) -> bool:
    """Whether a column of a set can be exchanged with one that is not in it.

    Where all sets are single points the group that permutes them holds such exchanges.
    """
    columns = [points for points in sets if points.columns]
    pairs = (pair for pair in combinations(columns, 2) if pair[0].colour == pair[1].colour)
    return any(
        max(one.size, other.size) > 1
        and all(swaps(each, one.columns[0], other.columns[0]) for each in ids)
        for one, other in pairs
    )


class _Quotient:
    """The graph with one node for each copy of a point set, by its first point."""

    def __init__(self, sets: list[Points], ids):
        self.sets, self.ids = sets, dict(zip(KINDS, ids, strict=True))
        self.nodes: list[tuple[str, int]] = []  # ("columns" or a kind of rows, place in the matrix)
        self.owner: list[int] = []  # the set of each
        self.copy: list[int] = []  # which of its copies
        for i, points in enumerate(sets):
            columns = [points.columns] if points.columns else []
            for kind, copies in (("columns", columns), *((k, getattr(points, k)) for k in KINDS)):
                self.nodes += [(kind, copy[0]) for copy in copies]
                self.owner += [i] * len(copies)
                self.copy += range(len(copies))
        self.place = {node: i for i, node in enumerate(self.nodes)}

    def coloured(self) -> tuple[np.ndarray, np.ndarray]:
        """The matrix of the graph, and the colours of its nodes."""
        edges = np.zeros((len(self.nodes), len(self.nodes)), dtype=int)
        for i, (kind, at) in enumerate(self.nodes):
            for j, (other, column) in enumerate(self.nodes):
                if kind != "columns" and other == "columns":
                    own = self.owner[i] == self.owner[j] and self._several(i)
                    edges[i, j] = edges[j, i] = 1 + 2 * self.ids[kind][at, column] + own
        told = np.array([self._told(i) for i in range(len(self.nodes))])
        return edges, np.unique(told, axis=0, return_inverse=True)[1].reshape(-1)

    def _several(self, i: int) -> bool:
        points = self.sets[self.owner[i]]
        return bool(points.columns) and points.size > 1

    def _loose(self, i: int) -> bool:
        """Whether a node is a single row that is on no set of several points."""
        return not self._several(i) and len(self._rows(i)) == 1

    def _told(self, i: int) -> tuple[int, int, int]:
        """What a node is: its kind, the size of its set, the entry beside its diagonal."""
        (kind, at), points = self.nodes[i], self.sets[self.owner[i]]
        beside = self.ids[kind][at, points.columns[1]] if kind in KINDS and self._several(i) else -1
        return ("columns", *KINDS).index(kind), points.size, int(beside)

    def rearranged(self, moves: list[list[int]], w: np.ndarray) -> list[Points] | None:
        """The sets with copies that the moves take to one another; None if there are none."""
        columns = [i for i, (kind, _) in enumerate(self.nodes) if kind == "columns"]
        orbits = [o for o in orbits_of(len(self.nodes), moves) if o[0] in columns]
        sets = {self.owner[i]: replace(self.sets[self.owner[i]], students=(), teachers=())
                for i in columns}  # fmt: skip
        taken: set[int] = set()
        slots = sorted(self._slots(orbits, moves, w), key=lambda one: one[0])
        given: set[tuple[int, str]] = set()
        for _, kind, single, slot in slots:
            first = min(slot)
            if taken & set(slot.values()) or (single and (first, kind) in given):
                continue
            given.add((first, kind))
            taken |= set(slot.values())
            for column, row in slot.items():
                points = sets[self.owner[column]]
                sets[self.owner[column]] = _with_copy(points, kind, self._rows(row))
        left = [i for i, (kind, _) in enumerate(self.nodes) if kind in KINDS and i not in taken]
        if any(self._several(i) for i in left):
            return None
        alone = [
            _with_copy(Points((), colour=(1, i)), self.nodes[i][0], self._rows(i)) for i in left
        ]
        return [*sets.values(), *alone]

    def _rows(self, i: int) -> tuple[int, ...]:
        kind, points = self.nodes[i][0], self.sets[self.owner[i]]
        return getattr(points, kind)[self.copy[i]]

    def _slots(self, orbits, moves, w: np.ndarray) -> Iterator:
        """Ways to give each set of an orbit a row that moves along: (order, kind, single, map)."""
        for orbit in orbits:
            first, single = orbit[0], not self._several(orbit[0])
            for i, (kind, row) in enumerate(self.nodes):
                own = self.owner[i] == self.owner[first]
                if kind not in KINDS or not (self._loose(i) if single else own):
                    continue
                slot = _along(first, i, moves)
                if slot is None:
                    continue
                column = self.nodes[first][1]
                entry = abs(w[row, column]) if kind == "students" else self.ids[kind][row, column]
                yield (kind, -entry, not own, first, self.copy[i], i), kind, single, slot


def _along(column: int, row: int, moves: list[list[int]]) -> dict[int, int] | None:
    """Where the moves take a pair: one row for each column; None if that is no bijection."""
    pairs, front = {column: row}, [(column, row)]
    while front:
        new = [(g[a], g[b]) for a, b in front for g in moves]
        if any(pairs.get(a, b) != b for a, b in new):
            return None
        front = [(a, b) for a, b in dict.fromkeys(new) if a not in pairs]
        for a, b in front:
            if pairs.setdefault(a, b) != b:
                return None
    return pairs if len(set(pairs.values())) == len(pairs) else None


def _with_copy(points: Points, kind: str, rows: tuple[int, ...]) -> Points:
    return replace(points, **{kind: (*getattr(points, kind), rows)})


def _in_circles(found: Permuting) -> Permuting:
    """The same, sets along the longest circle of a generator, or of a product of two."""
    n = len(found.sets)
    moves = [[tie.get(i, i) for i in range(n)] for tie in found.ties]
    moves += [[g[i] for i in h] for g in moves for h in moves]
    order: list[int] = []
    for orbit in orbits_of(n, moves):
        circles = [_circle(g, i) for g in moves for i in orbit]
        longest = max(circles, key=lambda c: (len(c), [-i for i in c]))
        order += [*longest, *(i for i in orbit if i not in longest)]
    order.sort(key=lambda i: (found.sets[i].colour[0], -found.sets[i].size))
    new = {old: i for i, old in enumerate(order)}
    ties = [{new[a]: new[b] for a, b in sorted(tie.items())} for tie in found.ties]
    return replace(found, sets=[found.sets[i] for i in order], ties=ties)


def _circle(g: list[int], start: int) -> list[int]:
    circle = [start]
    while (after := g[circle[-1]]) != start:
        circle.append(after)
    return circle
