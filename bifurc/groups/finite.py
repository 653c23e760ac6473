"""A finite group of orthogonal matrices, known by all its elements.

Subgroups are the isotropy groups of vectors: a generic vector of a fixed space
stands for the space, and one pass over the elements finds all that fix it,
take it to another or turn it round. No subgroup is built from pairs of
elements.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bifurc.groups import lattice, partitions
from bifurc.groups.elements import (
    Elements,
    SignedPermutations,
    Writing,
    closure,
    random_vectors,
)
from bifurc.groups.isotypic import decompose
from bifurc.groups.lattice import IsotropyLattice, Labels
from bifurc.groups.names import Named, name_irreps, recognise
from bifurc.groups.symmetry import Isotypic, Smaller

CLOSE = 1e-6  # relative: a branch point met from its side is known to the root of rounding
EXACT = 1e-8  # relative: fixed spaces are known to rounding, and elements nearly so
SPAN = 1e-9  # relative: singular values below it are those of a smaller space
AT_ONCE = 20_000_000  # numbers that images of vectors may take in memory at a time


@dataclass(frozen=True, eq=False)
class FiniteGroup:
    """A finite group acting on R^n.

    Attributes
    ----------
    writing : Writing
        How its elements are written.
    raw_generators : ndarray, shape (count, ...)
    given : Named
        What it was made as; its irreps are then named after these generators.
    """

    writing: Writing
    raw_generators: np.ndarray
    given: Named | None = None
    known: Elements | None = field(default=None, repr=False)

    @property
    def n(self) -> int:
        """Dimension of the space it acts on."""
        return self.writing.n

    @cached_property
    def all(self) -> Elements:
        """All elements, the identity first."""
        return closure(self.writing, self.raw_generators) if self.known is None else self.known

    @property
    def order(self) -> int:
        """Number of elements."""
        return len(self.all)

    @property
    def generators(self) -> list[np.ndarray]:
        """The generators as matrices."""
        return [self._matrix(g) for g in self.raw_generators]

    def elements(self) -> list[np.ndarray]:
        """All elements as matrices, the identity first; for small groups.

        Raises
        ------
        ValueError
            If the generators do not make a small finite group.
        """
        return [self._matrix(g) for g in self.all.raw]

    @cached_property
    def named(self) -> Named:
        """What group it is, as far as that is easy to tell."""
        return recognise(self) if self.given is None else self.given

    def __str__(self) -> str:
        return self.named.text

    def __repr__(self) -> str:
        return f"FiniteGroup({self.named.text} of order {self.order} on R^{self.n})"

    # fixed spaces and isotropy groups

    @cached_property
    def _whole(self) -> np.ndarray:
        return fixed_by(self.writing, self.raw_generators)

    def whole(self) -> np.ndarray:
        """The space fixed by the whole group; orthonormal columns."""
        return self._whole

    def isotropy(self, basis: np.ndarray) -> "FiniteGroup":
        """The subgroup of all elements that fix a space."""
        return self.subgroup(self.fixing(basis))

    def isotropy_order(self, basis: np.ndarray) -> int:
        """How many elements fix a space."""
        return int(np.count_nonzero(self.fixing(basis)))

    def subgroup(self, members: np.ndarray) -> "FiniteGroup":
        """The subgroup with these elements, given by a mask."""
        if members.all():
            return self
        key = np.packbits(members).tobytes()
        if key not in self._subgroups:
            chosen = Elements(self.writing, self.all.raw[members])
            made = FiniteGroup(self.writing, _few_generators(chosen), known=chosen)
            self._subgroups[key] = made
        return self._subgroups[key]

    @cached_property
    def _subgroups(self) -> "dict[bytes, FiniteGroup]":
        return {}

    def fixing(self, basis: np.ndarray, close: float = EXACT) -> np.ndarray:
        """Which elements fix all columns; a mask."""
        generic = basis @ random_vectors(basis.shape[1], 1)[0]
        return self.taking(generic, generic, close)

    def taking(self, one: np.ndarray, other: np.ndarray, close: float = CLOSE) -> np.ndarray:
        """Which elements take one vector to the other; a mask."""
        close = close * (np.abs(other).max(initial=0.0) + 1e-9)
        parts = [np.abs(images - other).max(axis=1, initial=0.0) for images in self.images(one)]
        return np.concatenate(parts) <= close

    def images(self, x: np.ndarray) -> Iterator[np.ndarray]:
        """The images of a vector (n,) or of vectors (n, f) under all elements, in batches."""
        size = max(1, AT_ONCE // max(self.writing.identity().size, x.size, 1))
        for start in range(0, self.order, size):
            yield self.writing.apply(self.all.raw[start : start + size], x)

    def fixed_space(self, states: np.ndarray) -> np.ndarray:
        """The space fixed by all that fixes the columns of ``states`` (n, f)."""
        return self.subgroup(self.fixing(states, CLOSE)).whole()

    def components(self, basis: np.ndarray) -> tuple[Isotypic, ...]:
        """The irreps of the isotropy group of a fixed space, but for the trivial one."""
        return self.isotropy(basis).isotypic

    @cached_property
    def isotypic(self) -> tuple[Isotypic, ...]:
        """The isotypic decomposition of R^n, the trivial irrep left out; named."""
        parts = decompose(self.all, self.raw_generators, self.whole())
        return name_irreps(self, parts)

    def character(self, part: Isotypic) -> np.ndarray:
        """The character of an irrep at all elements; (order,)."""
        return part.character(self.writing, self.all.raw)

    def smaller(self, basis: np.ndarray, kernel: np.ndarray, most: int) -> Iterator[Smaller]:
        """Isotropy subgroups of the vectors of a kernel, once up to conjugacy."""
        own = self.isotropy(basis)
        for found in lattice.on_kernel(own, kernel, most):
            group = own.subgroup(found.members)
            fixed = first_columns(basis, group.whole())
            yield Smaller(self.label(fixed), fixed, kernel @ found.basis)

    def lattice(self, most: int = lattice.MOST) -> IsotropyLattice:
        """The isotropy groups of the action up to conjugacy, and which lies in which."""
        return lattice.of_action(self, most)

    # vectors

    def moves(self, state: np.ndarray, one: np.ndarray, other: np.ndarray) -> bool:
        """Whether an element that fixes ``state`` takes one vector to the other."""
        return bool((self.taking(state, state) & self.taking(one, other)).any())

    def conjugate(self, one: np.ndarray, other: np.ndarray) -> bool:
        """Whether an element takes one state to the other."""
        return bool(self.taking(one, other).any())

    def fixes_more(self, basis: np.ndarray, states: Sequence[np.ndarray]) -> bool:
        """Whether an element that does not fix all of ``basis`` fixes the states."""
        fixed = np.logical_and.reduce([self.taking(s, s) for s in states])
        return bool((fixed & ~self.fixing(basis)).any())

    def invariants(self, state: np.ndarray) -> np.ndarray:
        """Where the orbit of the state lies along a direction without symmetry; sorted."""
        direction = np.sin(1.0 + np.arange(self.n))
        return np.sort(np.concatenate([images @ direction for images in self.images(state)]))

    def label(self, basis: np.ndarray) -> str:
        """The name of the isotropy group, with a number where several classes share it."""
        return self._labels.of(basis)

    @cached_property
    def _labels(self) -> Labels:
        return Labels(self)

    def _matrix(self, g: np.ndarray) -> np.ndarray:
        return self.writing.matrix(g)


def _few_generators(members: Elements) -> np.ndarray:
    """Some elements that make all of a subgroup; each doubles what there is at least."""
    rng = np.random.default_rng(0)
    chosen = members.raw[:0]
    inside = closure(members.writing, chosen)
    while len(inside) < len(members):
        left = np.flatnonzero(inside.find(members.raw) < 0)
        chosen = np.concatenate([chosen, members.raw[rng.choice(left)][None]])
        inside = closure(members.writing, chosen)
    return chosen


def fixed_by(writing: Writing, generators: np.ndarray) -> np.ndarray:
    """Orthonormal basis of all vectors that some elements fix; (n, f)."""
    if isinstance(writing, SignedPermutations):
        return partitions.fixed_by_codes(generators.astype(int), writing.n)
    moved = np.concatenate([generators - np.eye(writing.n), np.zeros((1, writing.n, writing.n))])
    _, values, rows = np.linalg.svd(moved.reshape(-1, writing.n))
    return rows[np.count_nonzero(values > lattice.NULL) :].T


def first_columns(first: np.ndarray, space: np.ndarray) -> np.ndarray:
    """An orthonormal basis of ``space`` that begins with ``first``, which lies in it."""
    rest = space - first @ (first.T @ space)
    left, values, _ = np.linalg.svd(rest, full_matrices=False)
    return np.hstack([first, left[:, values > 0.5]])


def signed_permutations(matrices: np.ndarray) -> np.ndarray | None:
    """Codes of matrices that permute coordinates up to sign; None if one does not."""
    rounded = np.round(matrices)
    if np.abs(matrices - rounded).max(initial=0.0) > SPAN:
        return None
    if (np.count_nonzero(rounded, axis=2) != 1).any() or np.abs(rounded).max(initial=0.0) != 1:
        return None
    source = np.abs(rounded).argmax(axis=2)
    signs = np.take_along_axis(rounded, source[..., None], axis=2)[..., 0]
    n = matrices.shape[-1]
    return (source + n * (signs < 0)).astype(SignedPermutations(n).identity().dtype)
