"""What a problem asks of its symmetry, on one page.

A subspace fixed by a subgroup is given by orthonormal columns, shape (n, f);
the subgroup meant is always the whole isotropy group of that space, so a
fixed space names its group. Whatever has these methods will do:
:class:`bifurc.groups.finite.FiniteGroup` and
:class:`bifurc.groups.young.SymmetricGroups` are the two that the package has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True, eq=False)
class Isotypic:
    """All copies of one real irrep in R^n.

    A symmetric matrix that commutes with the group acts here as a block on
    ``rows``: one vector of each copy, and where the irrep is of complex or
    quaternionic type its images under the 2 or 4 units of that type. Then
    each eigenvalue of the block stands 2 or 4 times in it.
    """

    name: str
    dimension: int
    copies: int
    kind: str  # real, complex, quaternionic
    rows: np.ndarray  # (n, units * copies), orthonormal
    make_spaces: Any  # () -> (units * copies, n, dimension), see ``spaces``
    sets: tuple[str, ...] = ()  # which of several factors of one kind it belongs to

    @property
    def units(self) -> int:
        """1, 2 or 4: real dimension of the numbers that commute with the irrep."""
        return UNITS[self.kind]

    def spaces(self) -> np.ndarray:
        """Maps from the irrep to R^n that commute with the group, one for each row.

        Shape (units * copies, n, dimension), with orthonormal columns; the
        first column of each is its row.
        """
        return self.make_spaces()

    def character(self, writing, raw: np.ndarray) -> np.ndarray:
        """Traces of some elements on the irrep; (elements,)."""
        space = self.spaces()[0]
        return np.round(np.einsum("mnd,nd->m", writing.apply(raw, space), space), 9) + 0.0

    def kernel(self, vectors: np.ndarray) -> np.ndarray:
        """All of R^n that vanishes where these combinations of the rows do; (n, k)."""
        copies = np.tensordot(vectors.T, self.spaces(), 1)
        return np.concatenate(list(copies), axis=1)

    def __str__(self) -> str:
        return f"{self.copies}·{self.name}"


UNITS = {"real": 1, "complex": 2, "quaternionic": 4}


@dataclass(frozen=True, eq=False)
class Smaller:
    """An isotropy subgroup of a kernel: its fixed space, and what of the kernel lies in it."""

    label: str
    basis: np.ndarray  # (n, f), of all that it fixes
    inside: np.ndarray  # (n, m), what it fixes of the kernel; orthonormal


class Symmetry(Protocol):
    """How a group acts on R^n; all that switching asks of it."""

    @property
    def n(self) -> int:
        """Dimension of the space it acts on."""

    @property
    def order(self) -> int:
        """Number of elements."""

    @property
    def generators(self) -> Sequence[np.ndarray]:
        """Matrices (n, n), or index arrays p with (g x) = x[p]."""

    def whole(self) -> np.ndarray:
        """The space fixed by the whole group; orthonormal columns."""

    def fixed_space(self, states: np.ndarray) -> np.ndarray:
        """The space fixed by all that fixes the columns of ``states`` (n, f)."""

    def isotropy(self, basis: np.ndarray) -> "Symmetry":
        """The subgroup of all elements that fix a space."""

    def isotropy_order(self, basis: np.ndarray) -> int:
        """How many elements fix a space."""

    def components(self, basis: np.ndarray) -> tuple[Isotypic, ...]:
        """The irreps of the isotropy group of a fixed space, but for the trivial one."""

    def smaller(self, basis: np.ndarray, kernel: np.ndarray, most: int) -> Iterator[Smaller]:
        """Isotropy subgroups of the vectors of a kernel, once up to conjugacy.

        Conjugacy is that of the isotropy group of ``basis``. Those that fix
        more than ``most`` dimensions of the kernel are left out.
        """

    def moves(self, state: np.ndarray, one: np.ndarray, other: np.ndarray) -> bool:
        """Whether an element that fixes ``state`` takes one vector to the other."""

    def conjugate(self, one: np.ndarray, other: np.ndarray) -> bool:
        """Whether an element takes one state to the other."""

    def fixes_more(self, basis: np.ndarray, states: Sequence[np.ndarray]) -> bool:
        """Whether an element that does not fix all of ``basis`` fixes the states."""

    def invariants(self, state: np.ndarray) -> np.ndarray:
        """Numbers that are the same for states of one orbit only."""

    def label(self, basis: np.ndarray) -> str:
        """The name of the isotropy group, the same for conjugate ones."""
