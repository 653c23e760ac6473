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

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from bifurc.groups.elements import SignedPermutations, random_vectors

MOST = 2000  # classes of isotropy groups looked for; elementary abelian groups have far more
SAME = 1e-8  # values of a random function of projectors that differ by less are equal
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


class Orbits:
    """Which fixed spaces of an action are images of one another.

    Parameters
    ----------
    matrices : callable (k, m) -> (order, k, m)
        The images of columns under all elements, as an iterator of batches.
    """

    def __init__(self, images, k: int):
        self._images = images
        one, other = random_vectors(k, 2)
        both = np.stack([one, other], axis=1)
        # q(g F) = one' g P g' other; all g are met, so g' may stand for g
        self._moved = np.concatenate(list(images(both)))
        self._size = 1.0 + np.linalg.norm(one) * np.linalg.norm(other)

    def values(self, basis: np.ndarray) -> np.ndarray:
        """A random function of the projectors g' P g for all elements g."""
        one, other = self._moved[:, :, 0] @ basis, self._moved[:, :, 1] @ basis
        return (one * other).sum(axis=1)

    def place(self, basis: np.ndarray) -> tuple[float, int]:
        """What tells the class of a space, and the order of its normaliser."""
        values = self.values(basis)
        own = np.abs(values - values[0]) <= SAME * self._size
        return float(values.max()), int(np.count_nonzero(own))

    def same(self, one: float, other: float) -> bool:
        """Whether two such values tell of one class."""
        return abs(one - other) <= SAME * self._size


class Classes:
    """Fixed spaces found so far, one of each class."""

    def __init__(self, orbits: Orbits, fixing: Callable[[np.ndarray], np.ndarray]):
        self._orbits, self._fixing = orbits, fixing
        self._by_dimension: dict[int, list[FixedSpace]] = {}
        self.found: list[FixedSpace] = []

    def add(self, basis: np.ndarray) -> FixedSpace | None:
        """The new class, or None if it is known."""
        key, normal = self._orbits.place(basis)
        alike = self._by_dimension.setdefault(basis.shape[1], [])
        if any(self._orbits.same(key, known.key) for known in alike):
            return None
        fresh = FixedSpace(basis, self._fixing(basis), key, normal)
        alike.append(fresh)
        self.found.append(fresh)
        return fresh

    def grow(self, whole: np.ndarray, smaller, most: int) -> None:
        """Add the whole space and all that is reached from it by ``smaller``, up to ``most``."""
        front = [self.add(whole)]
        while front:
            fresh = []
            for space in front:
                for basis in smaller(space):
                    if len(self.found) >= most:
                        return
                    added = self.add(basis)
                    if added is not None:
                        fresh.append(added)
            front = fresh


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

    def images(x):
        yield matrices @ x

    k = kernel.shape[1]
    classes = Classes(Orbits(images, k), lambda basis: _fixing(matrices, basis))
    classes.grow(np.eye(k), lambda space: _intersections(matrices, space), MOST)
    kept = [s for s in classes.found if 0 < s.basis.shape[1] <= most]
    return sorted(kept, key=lambda s: (s.basis.shape[1], -s.order))


def _fixing(matrices: np.ndarray, basis: np.ndarray) -> np.ndarray:
    generic = basis @ random_vectors(basis.shape[1], 1)[0]
    return np.abs(matrices @ generic - generic).max(axis=1, initial=0.0) <= NULL


def _intersections(matrices: np.ndarray, space: FixedSpace) -> list[np.ndarray]:
    """Intersections with the fixed spaces of single elements, each once."""
    others = np.flatnonzero(~space.members)
    size = max(1, AT_ONCE // space.basis.size)
    found: list[np.ndarray] = []
    for start in range(0, len(others), size):
        moved = matrices[others[start : start + size]] @ space.basis - space.basis
        gram = np.swapaxes(moved, 1, 2) @ moved
        values, vectors = np.linalg.eigh(gram)
        rank = np.count_nonzero(values > NULL, axis=1)
        m = space.basis.shape[1]
        for dimension in range(1, m):
            chosen = vectors[rank == m - dimension][:, :, :dimension]
            found.extend(space.basis @ chosen[i] for i in _differ(chosen))
    return found


def _differ(bases: np.ndarray) -> np.ndarray:
    """Numbers of spaces that differ, the first of each."""
    if not len(bases):
        return np.zeros(0, dtype=int)
    one, other = random_vectors(bases.shape[1], 2)
    values = ((one @ bases) * (other @ bases)).sum(axis=1)
    order = np.argsort(values, kind="stable")
    ahead = np.diff(values[order]) > SAME
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
        return nx.transitive_reduction(graph) if len(graph) else graph

    def _inside(self, small: Isotropy, large: Isotropy) -> bool:
        """Whether a conjugate of the small group lies in the large one."""
        generic = large.basis @ random_vectors(large.dimension, 1)[0]
        return any(
            (np.linalg.norm(images @ small.basis, axis=1) >= np.linalg.norm(generic) - NULL).any()
            for images in self.group.images(generic)
        )


def fixed_spaces(group, most: int) -> tuple[list[FixedSpace], bool]:
    """One fixed space of each class on R^n, those of larger groups first; whether that is all."""
    classes = Classes(Orbits(group.images, group.n), group.fixing)
    classes.grow(np.eye(group.n), lambda space: _next_fixed(group, space), most)
    if group.whole().shape[1] == 0:
        classes.add(group.whole())
    ordered = sorted(classes.found, key=lambda s: (-s.order, s.basis.shape[1], s.key))
    return ordered, len(classes.found) < most


def of_action(group, most: int = MOST) -> IsotropyLattice:
    """The isotropy lattice of a finite group on R^n."""
    ordered, complete = fixed_spaces(group, most)
    classes = [
        Isotropy(group, s.order, s.basis.shape[1], group.order // s.normal, s.normal, s.basis)
        for s in ordered
    ]
    return IsotropyLattice(group, classes, complete)


def _next_fixed(group, space: FixedSpace) -> list[np.ndarray]:
    if isinstance(group.writing, SignedPermutations):
        return _joined_orbits(group, space)
    return _intersections(group.all.raw, space)


def _joined_orbits(group, space: FixedSpace) -> list[np.ndarray]:
    """Largest fixed spaces of the isotropy group with one more element, for signed permutations.

    A fixed space is a partition of the coordinates, each with both signs; one
    more element joins parts. A part that holds a coordinate with both signs is
    zero.
    """
    n, codes = group.n, group.all.raw
    labels = _parts(space.basis, signed=bool((codes >= n).any()))
    others = np.flatnonzero(~space.members)
    weights = random_vectors(len(labels), 1)[0]
    found: dict[float, np.ndarray] = {}
    size = max(1, AT_ONCE // (4 * n))
    for start in range(0, len(others), size):
        rows = _join(labels, codes[others[start : start + size]].astype(int), n)
        marks, first = np.unique(rows @ weights, return_index=True)
        found.update(zip(marks.tolist(), rows[first], strict=True))
    bases = [_basis_of(row, n) for row in _finest(list(found.values()))]
    return [basis for basis in bases if basis.shape[1]]


def _finest(rows: list[np.ndarray]) -> list[np.ndarray]:
    """Those of some partitions that refine no other of them; each row names its parts' firsts."""
    kept: list[np.ndarray] = []
    for row in sorted(rows, key=lambda row: -len(np.unique(row))):
        if not any(np.array_equal(row[fine], row) for fine in kept):
            kept.append(row)
    return kept


def _parts(basis: np.ndarray, signed: bool) -> np.ndarray:
    """Labels of the coordinates, and of their negatives, that are equal on a space."""
    generic = basis @ random_vectors(basis.shape[1], 1)[0]
    values = np.concatenate([generic, -generic]) if signed else generic
    order = np.argsort(values, kind="stable")
    steps = np.diff(values[order], prepend=values[order[:1]]) > SAME
    labels = np.empty(len(values), dtype=int)
    labels[order] = np.cumsum(steps)
    return labels


def fixed_by_codes(codes: np.ndarray, n: int) -> np.ndarray:
    """Orthonormal basis of all vectors that some signed permutations fix; (n, f)."""
    labels = np.arange(2 * n if (codes >= n).any() else n)
    for code in codes:
        labels = _join(labels, code[None], n)[0]
    return _basis_of(labels, n)


def _join(labels: np.ndarray, codes: np.ndarray, n: int) -> np.ndarray:
    """For each element the parts joined with it, as the first coordinate of each."""
    if len(labels) > n:
        codes = np.concatenate([codes, (codes + n) % (2 * n)], axis=1)
    count, parts = len(codes), labels.max(initial=-1) + 1
    shift = parts * np.arange(count)[:, None]
    ends = ((labels + shift).ravel(), (labels[codes] + shift).ravel())
    links = np.ones(codes.size, dtype=bool)
    graph = coo_matrix((links, ends), shape=(count * parts, count * parts))
    number, joined = connected_components(graph, directed=False)
    joined = joined.reshape(count, parts)[:, labels]
    first = np.empty(number, dtype=np.int32)
    backward = np.arange(len(labels) - 1, -1, -1, dtype=np.int32)
    first[joined[:, ::-1]] = backward  # of several the last is kept, which is the smallest
    return first[joined]


def _basis_of(row: np.ndarray, n: int) -> np.ndarray:
    """Orthonormal basis of the vectors that are constant on parts, named by their firsts."""
    plus, minus = (row[:n], row[n:]) if len(row) > n else (row, row + n)
    moved = np.flatnonzero(plus != minus)  # the others are zero
    parts, number = np.unique(np.minimum(plus, minus)[moved], return_inverse=True)
    basis = np.zeros((n, len(parts)))
    basis[moved, number] = np.where(plus < minus, 1.0, -1.0)[moved]
    return basis / np.sqrt(np.bincount(number, minlength=len(parts)))


class Labels:
    """Names of isotropy groups, with a number where classes of one name differ.

    Of a group whose lattice is quickly found the numbers are those of the
    lattice, so that a name means the same in every run; of a larger one they
    are those in the order of asking.
    """

    def __init__(self, group):
        self._group = group
        self._orbits = Orbits(group.images, group.n)
        self._known = fixed_spaces(group, FEW)[0] if group.order <= SMALL else []
        self._names: dict[int, str] = {}

    def of(self, basis: np.ndarray) -> str:
        """The name of the isotropy group of a fixed space."""
        members = self._group.fixing(basis)
        key, normal = self._orbits.place(basis)
        space = FixedSpace(basis, members, key, normal)
        alike = [i for i, known in enumerate(self._known) if known.order == space.order]
        for i in alike:
            if self._orbits.same(self._known[i].key, key):
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
