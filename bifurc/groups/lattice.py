"""Isotropy groups up to conjugacy, by the spaces that they fix.

The fixed spaces of a linear action are those of its elements and their
intersections. From a fixed space one goes on to its intersections with the
fixed spaces of all elements, which one batch of small matrices gives; those
that are images of one another under the group are one class. A class is told
by the largest value that a random function takes on the orbit of its
projector, and the elements at which it takes this value make a coset of the
normaliser: orbits do what comparing pairs of subgroups would.

References
----------
.. [1] Golubitsky, Stewart, Schaeffer, "Singularities and Groups in Bifurcation
   Theory II", Springer 1988, section XIII.1.
.. [2] Neuberger, Sieben, Swift, "Automated bifurcation analysis for nonlinear
   elliptic partial difference equations on graphs", Int. J. Bifurcation and
   Chaos 19, 2009.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np

from bifurc.groups import partitions
from bifurc.groups.elements import (
    Elements,
    OrthogonalMatrices,
    SignedPermutations,
    Writing,
    alike,
    primes,
    random_vectors,
)

MOST = 2000  # classes of isotropy groups looked for; elementary abelian groups have far more
ONE_CLASS = 1e-8  # values of a random function of projectors that differ by less are equal
NULL = 1e-7  # eigenvalues of (g - 1)'(g - 1) on a fixed space are zero or at least 1/order²
SMALL = 1000  # order of a group whose lattice is found to number the names in it
FEW = 300  # classes of such a lattice
AT_ONCE = 4_000_000  # numbers of a batch of small matrices


@dataclass(frozen=True, eq=False)
class FixedSpace:
    """A subspace and all that fixes it."""

    basis: np.ndarray  # (k, m), orthonormal columns
    members: np.ndarray  # (order,), mask of the elements that fix it
    key: float  # the same for conjugate ones
    normal: int  # order of the normaliser

    @property
    def order(self) -> int:
        """Order of the isotropy group."""
        return int(np.count_nonzero(self.members))


@dataclass(frozen=True, eq=False)
class Cosets:
    """The cosets g H of a subgroup, all elements of which do the same to what H fixes."""

    first: np.ndarray  # number of one element of each; that of H first
    of: np.ndarray  # (order,), the coset of each element

    def merged(self, marks: np.ndarray) -> "Cosets":
        """Those of a larger subgroup: cosets of equal marks are one."""
        first, one = alike(marks)
        return Cosets(self.first[first], one[self.of])


class Action:
    """A finite group acting on R^k, and its fixed spaces, one of each class.

    Where a space is fixed by a subgroup H, an element and its products with H
    do the same to it: only one of each coset is asked. The next larger
    isotropy groups are made by H and one element of which a prime power lies
    in H, for of any other a power makes a smaller group with H.
    """

    def __init__(self, writing: Writing, raw: np.ndarray):
        self._writing, self._raw = writing, raw
        generic = random_vectors(writing.n, 1)[0]
        self._pulled = writing.apply(writing.inverse(raw), generic)
        self._signed = isinstance(writing, SignedPermutations) and bool((raw >= writing.n).any())
        self._by_dimension: dict[int, list[FixedSpace]] = {}
        self.found: list[FixedSpace] = []

    @cached_property
    def _powers(self) -> list[np.ndarray]:
        """Numbers of the prime powers g^p of all elements, for each prime that divides the order.

        -1 where it is not found.
        """
        elements = Elements(self._writing, self._raw)
        return [elements.find(elements.power(p)) for p in primes(len(self._raw))]

    def place(self, basis: np.ndarray, pulled: np.ndarray | None = None) -> tuple[float, int]:
        """What tells the class of a space, and how many elements are in its normaliser.

        |P g' r|² for a random r and all g is a function on the orbit of the projector P.
        ``pulled`` are the g' r of one element of each coset; then cosets are counted.
        """
        pulled = self._pulled if pulled is None else pulled
        moved = pulled @ basis
        values = np.einsum("ij,ij->i", moved, moved)
        return float(values.max()), int(np.count_nonzero(np.abs(values - values[0]) <= ONE_CLASS))

    def marks(self, basis: np.ndarray, elements: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Two numbers for each element, the same for those that do the same to a space."""
        generic = basis @ random_vectors(basis.shape[1], 1)[0]
        seen = random_vectors(self._writing.n, 3)[1:].T
        return self._writing.apply(self._raw[elements], generic) @ seen

    def space(self, basis: np.ndarray, key: float, normal: int) -> FixedSpace:
        """The record of a fixed space."""
        return FixedSpace(basis, _as_first(self.marks(basis)), key, normal)

    def _known(self, dimension: int, key: float) -> bool:
        """Whether the class with this key is found already."""
        alike = self._by_dimension.get(dimension, [])
        return any(abs(key - known.key) <= ONE_CLASS for known in alike)

    def _keep(self, space: FixedSpace) -> FixedSpace:
        self._by_dimension.setdefault(space.basis.shape[1], []).append(space)
        self.found.append(space)
        return space

    def add(self, basis: np.ndarray) -> None:
        """Put a fixed space to those that are found, if its class is new."""
        key, normal = self.place(basis)
        if not self._known(basis.shape[1], key):
            self._keep(self.space(basis, key, normal))

    def grow(self, most: int) -> bool:
        """Find all classes but that of the zero space, up to ``most``; whether these are all."""
        everything = np.eye(self._writing.n)
        marks = self.marks(everything)
        trivial = Cosets(*alike(marks))
        whole = FixedSpace(everything, _as_first(marks), *self.place(everything))
        front = [(self._keep(whole), trivial)]
        while front:
            fresh = []
            for space, cosets in front:
                pulled, held = self._pulled[cosets.first], len(self._raw) // len(cosets.first)
                for basis in self._next(space, cosets):
                    if len(self.found) >= most:
                        return False
                    key, normal = self.place(basis, pulled)
                    if self._known(basis.shape[1], key):
                        continue
                    marks = self.marks(basis, cosets.first)
                    members = _as_first(marks)[cosets.of]
                    added = self._keep(FixedSpace(basis, members, key, normal * held))
                    fresh.append((added, cosets.merged(marks)))
            front = fresh
        return True

    def _next(self, space: FixedSpace, cosets: Cosets) -> list[np.ndarray]:
        """Intersections with fixed spaces of single elements; the largest ones suffice."""
        inside = np.append(space.members, True)  # the last: powers that are not found
        enough = np.logical_or.reduce([inside[power] for power in self._powers])
        tried = np.unique(cosets.of[enough & ~space.members])
        others = self._raw[cosets.first[tried]]
        if isinstance(self._writing, SignedPermutations):
            return partitions.joined(space.basis, others, self._signed)
        return _intersections(others, space.basis)


def _as_first(marks: np.ndarray) -> np.ndarray:
    """Which elements do what the first does, the identity; a mask."""
    return np.abs(marks - marks[0]).max(axis=1) <= ONE_CLASS


def on_kernel(group, kernel: np.ndarray, most: int) -> list[FixedSpace]:
    """Isotropy groups of an invariant space, that of the zero vector left out.

    Parameters
    ----------
    group : FiniteGroup
    kernel : ndarray, shape (n, k)
        Orthonormal basis of an invariant subspace.
    most : int
        Largest dimension of the fixed spaces that are kept.

    Returns
    -------
    classes : list of FixedSpace
        One of each conjugacy class, in coordinates of the kernel, those of
        small dimension first.
    """
    matrices = np.concatenate([kernel.T @ images for images in group.images(kernel)])
    action = Action(OrthogonalMatrices(kernel.shape[1]), matrices)
    action.grow(MOST)
    kept = [s for s in action.found if 0 < s.basis.shape[1] <= most]
    return sorted(kept, key=lambda s: (s.basis.shape[1], -s.order))


def _intersections(matrices: np.ndarray, basis: np.ndarray) -> list[np.ndarray]:
    """Intersections of a space with the fixed spaces of single elements, each once."""
    m = basis.shape[1]
    found: list[np.ndarray] = []
    size = max(1, AT_ONCE // max(1, basis.size))
    for start in range(0, len(matrices), size):
        moved = matrices[start : start + size] @ basis - basis
        values, vectors = np.linalg.eigh(np.swapaxes(moved, 1, 2) @ moved)
        rank = np.count_nonzero(values > NULL, axis=1)
        for dimension in range(1, m):
            chosen = vectors[rank == m - dimension][:, :, :dimension]
            found.extend(basis @ chosen[i] for i in _differ(chosen))
    return found


def _differ(bases: np.ndarray) -> np.ndarray:
    """Numbers of spaces that differ, the first of each."""
    if not len(bases):
        return np.zeros(0, dtype=int)
    one, other = random_vectors(bases.shape[1], 2)
    values = ((one @ bases) * (other @ bases)).sum(axis=1)
    order = np.argsort(values, kind="stable")
    ahead = np.diff(values[order]) > ONE_CLASS
    return np.sort(order[np.concatenate([[True], ahead])])


@dataclass(frozen=True, eq=False)
class Isotropy:
    """A conjugacy class of isotropy groups."""

    group: Any
    order: int
    dimension: int  # of its fixed space
    conjugates: int  # how many groups are in the class
    normaliser: int  # order of the normaliser: it acts on the fixed space
    basis: np.ndarray  # (n, dimension), of the fixed space of one of them

    @cached_property
    def name(self) -> str:
        """Its name, the same for conjugates only."""
        return self.group.label(self.basis)

    def __str__(self) -> str:
        return (
            f"{self.name}: order {self.order}, fixes {self.dimension}, {self.conjugates} conjugate"
        )


@dataclass(frozen=True, eq=False)
class IsotropyLattice:
    """The isotropy groups of an action up to conjugacy, larger groups first."""

    group: Any
    classes: list[Isotropy]
    complete: bool  # False if there are more than were looked for

    def __len__(self) -> int:
        return len(self.classes)

    def __iter__(self):
        return iter(self.classes)

    @cached_property
    def graph(self) -> nx.DiGraph:
        """Arrows from each class to the next smaller ones that a conjugate contains."""
        graph = nx.DiGraph()
        for i, one in enumerate(self.classes):
            graph.add_node(i, order=one.order, dimension=one.dimension)
        for i, one in enumerate(self.classes):
            for j, other in enumerate(self.classes):
                fits = one.order > other.order and one.order % other.order == 0
                if fits and one.dimension < other.dimension and self._inside(other, one):
                    graph.add_edge(i, j)
        reduced = nx.transitive_reduction(graph)
        reduced.add_nodes_from(graph.nodes(data=True))
        return reduced

    @property
    def named(self) -> nx.DiGraph:
        """The same with the names of the classes for nodes."""
        return nx.relabel_nodes(self.graph, {i: one.name for i, one in enumerate(self.classes)})

    def _inside(self, small: Isotropy, large: Isotropy) -> bool:
        """Whether a conjugate of the small group lies in the large one."""
        generic = large.basis @ random_vectors(large.dimension, 1)[0]
        space = small.basis
        return any(
            (np.abs(images - images @ space @ space.T).max(axis=1) <= NULL).any()
            for images in self.group.images(generic)
        )


def fixed_spaces(group, most: int) -> tuple[list[FixedSpace], bool]:
    """One fixed space of each class on R^n, those of larger groups first; whether that is all."""
    action = Action(group.writing, group.all.raw)
    complete = action.grow(most)
    if group.whole().shape[1] == 0:
        action.add(group.whole())
    return sorted(action.found, key=lambda s: (-s.order, s.basis.shape[1], s.key)), complete


def of_action(group, most: int = MOST) -> IsotropyLattice:
    """The isotropy lattice of a finite group on R^n."""
    ordered, complete = fixed_spaces(group, most)
    classes = [
        Isotropy(group, s.order, s.basis.shape[1], group.order // s.normal, s.normal, s.basis)
        for s in ordered
    ]
    return IsotropyLattice(group, classes, complete)


class Labels:
    """Names of isotropy groups, with a number where classes of one name differ.

    Of a group whose lattice is quickly found the numbers are those of the
    lattice, so that a name means the same in every run; of a larger one they
    are those in the order of asking.
    """

    def __init__(self, group):
        self._group = group
        self._action = Action(group.writing, group.all.raw)
        self._known = fixed_spaces(group, FEW)[0] if group.order <= SMALL else []
        self._names: dict[int, str] = {}

    def of(self, basis: np.ndarray) -> str:
        """The name of the isotropy group of a fixed space."""
        key, normal = self._action.place(basis)
        space = self._action.space(basis, key, normal)
        alike = [i for i, known in enumerate(self._known) if known.order == space.order]
        for i in alike:
            if abs(self._known[i].key - key) <= ONE_CLASS:
                break
        else:
            i = len(self._known)
            self._known.append(space)
            alike.append(i)
        name = self._name(i)
        number = [j for j in alike if self._name(j) == name].index(i)
        return name if number == 0 else f"{name} #{number + 1}"

    def _name(self, i: int) -> str:
        if i not in self._names:
            self._names[i] = self._group.subgroup(self._known[i].members).named.text
        return self._names[i]
