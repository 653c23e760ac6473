"""The network of minima and saddles at one size: what is connected to what, and how high.

Nodes are critical points up to symmetry, edges the descents from saddles
(:mod:`bifurc.landscapes.flow`). The barrier between two minima is the lowest
pass found: the smallest, over all ways through the network, of the highest
saddle on the way. It bounds the true one from above; it is the true one if no
lower saddle was missed.

References
----------
.. [1] Becker, Karplus, "The topology of multidimensional potential energy
   surfaces", J. Chem. Phys. 106, 1997: disconnectivity graphs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import factorial, prod
from typing import Any

import networkx as nx
import numpy as np

from bifurc import given
from bifurc.landscapes.arcs import ArcPlan, Arcs, from_point, place
from bifurc.landscapes.flow import Descent, descents
from bifurc.landscapes.points import Critical, Names, critical
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.structure import Structure
from bifurc.switching.linear import SymmetricProblem
from bifurc.switching.subgroups import Search, closure
from bifurc.threads import one_thread

EQUAL = 9  # decimals to which entries are, as parts of the largest
MOST_INDEX = 2  # of saddles that are left along their unstable directions
ARCS = Search(explicit=2, finite_groups=False)


@dataclass(frozen=True, eq=False)
class Landscape:
    """Critical points and the descents between them.

    Attributes
    ----------
    points : list of Critical
        Lowest loss first.
    descents : list of (int, int or None, Descent)
        Numbers of the saddle and of the point where the descent ends, if it
        ends at one.
    arcs : Arcs or None
        Where the points come from.
    """

    points: list[Critical]
    descents: list[tuple[int, int | None, Descent]]
    arcs: Arcs | None = None
    most_index: float = MOST_INDEX

    @property
    def graph(self) -> nx.MultiDiGraph:
        """Nodes with ``loss``, ``index``, ``isotropy``, ``name``, ``orbit``; descents as edges.

        An edge says in which fixed space it was followed, along which irrep
        and eigenvalue, and holds the states and losses on the way.
        """
        graph = nx.MultiDiGraph()
        for number, point in enumerate(self.points):
            graph.add_node(
                number, **point.to_dict(), minimum=point.is_minimum, orbit=orbit(point), point=point
            )
        for saddle, end, one in self.descents:
            if end is not None:
                graph.add_edge(
                    saddle, end, isotropy=one.way.isotropy, irrep=one.way.irrep,
                    eigenvalue=one.way.eigenvalue, states=one.states, losses=one.losses,
                )  # fmt: skip
        return graph

    def node(self, which: int | str) -> int:
        """The number of a point, by its number or its name.

        Raises
        ------
        ValueError
            If there is none.
        """
        numbers = [
            i
            for i, point in enumerate(self.points)
            if which == i or (isinstance(which, str) and point.name == which)
        ]
        if not numbers:
            known = ", ".join(point.name for point in self.points if point.name)
            raise ValueError(f"There is no point {which!r} here; with a name there are {known}.")
        return numbers[0]

    def passes(self) -> list[tuple[int, int, int]]:
        """(saddle, minimum, minimum): saddles and the minima that lie below them.

        A side that ends at another saddle goes on to every end of that one.
        """
        return [
            (saddle, one, other)
            for saddle, ends in self._ends().items()
            for one in ends
            for other in ends
            if one < other
        ]

    def _ends(self) -> dict[int, set[int]]:
        """The minima below each saddle."""
        below: dict[int, set[int]] = {}
        for number in range(len(self.points)):  # in the order of loss: ends come first
            below[number] = {number} if self.points[number].is_minimum else set()
            for saddle, end, _ in self.descents:
                if saddle == number and end is not None and end < number:
                    below[number] |= below[end]
        return {n: ends for n, ends in below.items() if not self.points[n].is_minimum}

    def drawn(self) -> tuple[list[tuple[str, float]], list[tuple[float, int, int]]]:
        """Minima and passes, as :func:`bifurc.draw.disconnectivity` takes them.

        Minima of one name are told apart by their numbers.
        """
        numbers = [i for i, point in enumerate(self.points) if point.is_minimum]
        names = [self.points[i].name or self.points[i].isotropy for i in numbers]
        minima = [
            (name if names.count(name) == 1 else f"{i}: {name}", self.points[i].loss)
            for i, name in zip(numbers, names, strict=True)
        ]
        passes = [
            (self.points[saddle].loss, numbers.index(one), numbers.index(other))
            for saddle, one, other in self.passes()
        ]
        return minima, passes

    def barrier(self, one: int | str, other: int | str) -> tuple[float, int] | None:
        """How high the lowest pass found from one minimum to another is, and its saddle.

        Returns
        -------
        (loss of the saddle less that of ``one``, number of the saddle), or None
        if they are not connected.
        """
        start, goal = self.node(one), self.node(other)
        groups = nx.utils.UnionFind(range(len(self.points)))
        for saddle, ends in sorted(self._ends().items()):
            groups.union(*ends)
            if groups[start] == groups[goal]:
                return self.points[saddle].loss - self.points[start].loss, saddle
        return None

    @property
    def unfinished(self) -> list[str]:
        """Descents without an end, and saddles that were not left."""
        lost = [
            f"from {self.points[saddle]} in {one.way.isotropy}: {one.word}"
            for saddle, end, one in self.descents
            if end is None
        ]
        left = [
            f"not left: {point}"
            for number, point in enumerate(self.points)
            if 0 < point.index <= self.most_index
            and not any(saddle == number for saddle, *_ in self.descents)
        ]
        return lost + left

    def to_dict(self) -> dict:
        """Plain data."""
        return {
            "points": [p.to_dict() | {"orbit": orbit(p)} for p in self.points],
            "descents": [
                {
                    "saddle": saddle,
                    "end": end,
                    "isotropy": one.way.isotropy,
                    "irrep": one.way.irrep,
                    "eigenvalue": one.way.eigenvalue,
                }
                for saddle, end, one in self.descents
            ],
            "unfinished": self.unfinished,
        }

    def __repr__(self) -> str:
        minima = sum(point.is_minimum for point in self.points)
        return (
            f"Landscape: {len(self.points)} critical points, {minima} of them minima, "
            f"{len(self.descents)} descents"
        )

    def __str__(self) -> str:
        lines = [f"{i:3}  {point}" for i, point in enumerate(self.points)]
        for saddle, end, one in self.descents:
            where = "no end" if end is None else str(end)
            lines.append(f"{saddle} -> {where}: {one.way.irrep} in {one.way.isotropy}")
        return "\n".join(lines + self.unfinished)


def orbit(point: Critical) -> int | None:
    """How many points the symmetries of the loss make of one; None where it is not known.

    Of a network at whole sizes, k! orders of the neurons times d! of inputs
    and teacher together, over the order of the isotropy group: a product of
    symmetric groups and a group that permutes equal sets, as far as they move inputs,
    and all orders of equal neurons.
    """
    problem = point.problem
    if isinstance(problem, SymmetricProblem):
        return problem.group.order // problem.group.isotropy_order(problem.basis)
    if not isinstance(problem, NetworkProblem):
        return None
    structure, values = problem.structure, point.parameters
    sizes = {name: float(size(**values)) for name, size in structure.size.items()}
    if not all(size.is_integer() for size in sizes.values()):
        return None
    neurons, inputs, taught = (
        round(sum(sizes[b.points] for b in blocks))
        for blocks in (structure.students, structure.inputs, structure.teachers)
    )
    if inputs != taught or not _is_identity(structure):
        return None
    order = _orders_of_equal_rows(point)
    for points in {b.points for b in structure.inputs}:
        order *= factorial(round(sizes[points]))
    if structure.ties:
        names = list(sizes)
        ties = [tuple(names.index(tie.get(n, n)) for n in names) for tie in structure.ties]
        order *= len(closure(ties))
    return factorial(neurons) * factorial(inputs) // order


def _orders_of_equal_rows(point: Critical) -> int:
    """How many permutations of the neurons alone leave W as it is."""
    (w, _), structure = point.matrices, point.problem.structure
    entries = np.round(w / np.abs(w).max(), EQUAL)
    if structure.student_weights or structure.bias or structure.trained:  # blocks share theirs
        sizes = [round(structure.size[b.points](**point.parameters)) for b in structure.hidden]
        entries = np.column_stack([entries, np.repeat(np.arange(len(sizes)), sizes)])
    _, counts = np.unique(entries + 0.0, axis=0, return_counts=True)
    return prod(map(factorial, counts.tolist()))


def _is_identity(structure: Structure) -> bool:
    """Whether the teacher is the default one."""
    points = {b.name: b.points for b in (*structure.teachers, *structure.inputs)}
    for (row, column), (diagonal, off) in structure.teacher.items():
        own, single = points[row] == points[column], structure.size[points[row]].constant == 1
        if diagonal.constant != float(own) or (own and not single and off.terms):
            return False
    return True


@one_thread()
def landscape(
    problem: Any,
    c: Any = None,
    *,
    depth: int = 1,
    search: Search | None = None,
    most_index: float = MOST_INDEX,
    points: Sequence[Critical] = (),
    progress: Callable | None = None,
    **parameters: Any,
) -> Landscape:
    """The network of minima and transition states around a critical point.

    Its points are those on the tangency arcs from it
    (:func:`bifurc.landscapes.arcs.arcs`), those given, and the ends of descents.

    Parameters
    ----------
    problem, c, depth, progress, **parameters
        As for :func:`bifurc.landscapes.arcs.arcs`.
    search : bifurc.Search, optional
        Which isotropy subgroups to try for arcs; descents try all that are
        searched by default.
    most_index : float
        Saddles up to this index are left along their unstable directions.
    points : sequence of Critical, optional
        Points known already.

    Returns
    -------
    Landscape
    """
    given.number("most_index", most_index, 0)
    given.one_of("points", points, (list, tuple), "a list of points")
    names = Names()
    there, x, lam, _ = place(problem, c, parameters)
    centre = critical(there, x, lam, names)
    arcs = from_point(centre, ArcPlan(depth=depth, search=search or ARCS), names, progress)
    return connect([centre, *arcs.points, *points], names, most_index, arcs)


def connect(
    points: Sequence[Critical],
    names: Names | None = None,
    most_index: float = MOST_INDEX,
    arcs: Arcs | None = None,
) -> Landscape:
    """Leave every saddle of low index; what the flow ends at is a point too."""
    known: list[Critical] = []
    for point in points:
        _number(known, point)
    found: list[tuple[Critical, Critical | None, Descent]] = []
    left = 0
    while left < len(known):  # ends of descents join the list
        saddle = known[left]
        left += 1
        if not 0 < saddle.index <= most_index:
            continue
        for one in descents(saddle, Search(), names):
            end = None if one.end is None else known[_number(known, one.end)]
            found.append((saddle, end, one))
    order = sorted(known, key=lambda point: point.loss)
    place_of = {id(point): i for i, point in enumerate(order)}
    numbered = [
        (place_of[id(saddle)], None if end is None else place_of[id(end)], one)
        for saddle, end, one in found
    ]
    return Landscape(order, numbered, arcs, most_index)


def _number(known: list[Critical], point: Critical) -> int:
    """The place of a point among the known ones, where it is put if it is new."""
    for number, one in enumerate(known):
        if one.same(point):
            return number
    known.append(point)
    return len(known) - 1
