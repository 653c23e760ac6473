"""Products of symmetric groups permuting coordinates, kept as partitions.

Isotropy groups are again such products: a fixed space is a partition of the
coordinates into parts of equal entries. So nothing here lists elements, and
n = 1000 costs no more than its vectors.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import combinations, combinations_with_replacement, product
from math import factorial, prod

import numpy as np

from bifurc.groups.elements import random_vectors
from bifurc.groups.names import partition_text
from bifurc.groups.symmetry import Isotypic, Smaller

SOLVED = 3  # largest dimension of a fixed space in the kernel that is proposed
CLOSE = 1e-6  # relative: a branch point met from its side is known to the root of rounding
EXACT = 1e-10  # relative: fixed spaces are known to rounding
ALL_WAYS = 12  # points of a part that is split into three or more in all ways
EXPLICIT = 3  # points of the small parts of a split of a larger part into three or more


@dataclass(frozen=True, eq=False)
class SymmetricGroups:
    """All permutations of each of several sets of coordinates.

    Attributes
    ----------
    labels : ndarray, shape (n,)
        Number of the set that a coordinate belongs to.
    """

    labels: np.ndarray

    @property
    def n(self) -> int:
        """Dimension of the space it acts on."""
        return len(self.labels)

    @property
    def order(self) -> int:
        """Number of elements."""
        return prod(factorial(int(size)) for size in np.bincount(self.labels))

    @cached_property
    def generators(self) -> list[np.ndarray]:
        """Index arrays p, with (g x) = x[p]: two neighbours exchanged, and a cycle, of each set."""
        found = []
        for members in self._sets:
            for order in (np.r_[1, 0, 2 : len(members)], np.roll(np.arange(len(members)), 1)):
                if len(members) > 1:
                    source = np.arange(self.n)
                    source[members] = members[order]
                    found.append(source)
        return found

    @cached_property
    def _sets(self) -> list[np.ndarray]:
        return [np.flatnonzero(self.labels == label) for label in np.unique(self.labels)]

    def __str__(self) -> str:
        return self._name([len(members) for members in self._sets])

    def __repr__(self) -> str:
        return f"SymmetricGroups({self} on R^{self.n})"

    # fixed spaces and isotropy groups

    def whole(self) -> np.ndarray:
        """The space fixed by the whole group; orthonormal columns."""
        return self._basis(self._sets)

    def parts(self, basis: np.ndarray, close: float = EXACT) -> list[np.ndarray]:
        """Coordinates that are equal in all columns of a basis (n, f), in order of the first."""
        generic = basis @ random_vectors(basis.shape[1], 1)[0]
        close = close * (np.abs(generic).max(initial=0.0) + 1e-9)
        found: list[np.ndarray] = []
        for members in self._sets:
            order = members[np.argsort(generic[members], kind="stable")]
            cuts = np.flatnonzero(np.diff(generic[order]) > close) + 1
            found.extend(np.sort(part) for part in np.split(order, cuts))
        return sorted(found, key=lambda part: int(part[0]))

    def partition(self, basis: np.ndarray) -> list[int]:
        """Sizes of the parts of a fixed space, one for each column."""
        return [int(np.count_nonzero(column)) for column in basis.T]

    def fixed_space(self, states: np.ndarray) -> np.ndarray:
        """The space fixed by all that fixes the columns of ``states`` (n, f)."""
        return self._basis(self.parts(states, CLOSE))

    def isotropy(self, basis: np.ndarray) -> "SymmetricGroups":
        """The subgroup of all elements that fix a space."""
        labels = np.empty(self.n, dtype=int)
        for number, part in enumerate(self.parts(basis)):
            labels[part] = number
        return SymmetricGroups(labels)

    def isotropy_order(self, basis: np.ndarray) -> int:
        """How many elements fix a space."""
        return prod(factorial(len(part)) for part in self.parts(basis))

    def components(self, basis: np.ndarray) -> tuple[Isotypic, ...]:
        """A standard irrep for each part of two or more coordinates."""
        moved = [part for part in self.parts(basis) if len(part) > 1]
        return tuple(
            self._standard(part, () if len(moved) == 1 else (str(number),))
            for number, part in enumerate(moved, start=1)
        )

    def smaller(self, basis: np.ndarray, kernel: np.ndarray, most: int) -> Iterator[Smaller]:
        """Splits of the parts that the kernel moves, once up to conjugacy."""
        parts = self.parts(basis)
        moved = [i for i, part in enumerate(parts) if self._moved(part, kernel)]
        for dimension in range(1, min(most, SOLVED) + 1):
            for shares in product(range(dimension + 1), repeat=len(moved)):
                if sum(shares) == dimension:
                    yield from self._split(basis, parts, dict(zip(moved, shares, strict=True)))

    def _split(self, basis, parts, shares: dict[int, int]) -> Iterator[Smaller]:
        choices = [_ways(len(parts[i]), share + 1) for i, share in shares.items()]
        for sizes in product(*choices):
            finer: list[np.ndarray] = []
            directions: list[np.ndarray] = []
            cut = dict(zip(shares, sizes, strict=True))
            for i, part in enumerate(parts):
                pieces = np.split(part, np.cumsum(cut[i])[:-1]) if i in cut else [part]
                finer.extend(pieces)
                directions.extend(_contrasts(pieces, self.n))
            inside = np.array(directions).T.reshape(self.n, -1)
            fixed = self._basis(finer)
            yield Smaller(self.label(fixed), fixed, inside)

    @staticmethod
    def _moved(part: np.ndarray, kernel: np.ndarray) -> bool:
        here = kernel[part]
        return bool(np.ptp(here, axis=0).max(initial=0.0) > CLOSE)

    def _standard(self, part: np.ndarray, sets: tuple[str, ...]) -> Isotypic:
        size = len(part)
        row = np.zeros((self.n, 1))
        row[part[:2], 0] = np.sqrt(0.5), -np.sqrt(0.5)

        spaces = partial(_standard_space, part, self.n)
        name = partition_text((size - 1, 1))
        return Isotypic(name, size - 1, 1, "real", row, spaces, sets)

    # vectors

    def moves(self, state: np.ndarray, one: np.ndarray, other: np.ndarray) -> bool:
        """Whether an element that fixes ``state`` takes one vector to the other."""
        close = CLOSE * (np.abs(other).max(initial=0.0) + 1e-9)
        return all(
            np.abs(np.sort(one[part]) - np.sort(other[part])).max() <= close
            for part in self.parts(state[:, None], CLOSE)
        )

    def conjugate(self, one: np.ndarray, other: np.ndarray) -> bool:
        """Whether an element takes one state to the other."""
        return self.moves(np.zeros(self.n), one, other)

    def fixes_more(self, basis: np.ndarray, states: Sequence[np.ndarray]) -> bool:
        """Whether two parts of one set have equal entries in all states."""
        first = [int(part[0]) for part in self.parts(basis)]
        close = [CLOSE * (np.abs(s).max() + 1e-9) for s in states]
        return any(
            self.labels[i] == self.labels[j]
            and all(abs(s[i] - s[j]) <= c for s, c in zip(states, close, strict=True))
            for i, j in combinations(first, 2)
        )

    def invariants(self, state: np.ndarray) -> np.ndarray:
        """The entries of each set, sorted; shape (n,)."""
        return np.concatenate([np.sort(state[members]) for members in self._sets])

    def label(self, basis: np.ndarray) -> str:
        """Such as ``S_1 x S_4``, smaller parts first; sets apart by a semicolon."""
        parts = self.parts(basis)
        return "; ".join(
            self._name(sorted(len(p) for p in parts if self.labels[p[0]] == self.labels[m[0]]))
            for m in self._sets
        )

    @staticmethod
    def _name(sizes: list[int]) -> str:
        return " x ".join(f"S_{size}" for size in sizes)

    def _basis(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        basis = np.zeros((self.n, len(parts)))
        for j, part in enumerate(parts):
            basis[part, j] = 1.0 / np.sqrt(len(part))
        return basis


def _standard_space(part: np.ndarray, n: int) -> np.ndarray:
    """Orthonormal vectors of mean zero on some coordinates; (1, n, size - 1)."""
    return np.array(_contrasts(np.split(part, len(part)), n)).T[None]


def _contrasts(pieces: list[np.ndarray], n: int) -> list[np.ndarray]:
    """Orthonormal vectors of mean zero that are constant on the pieces of a part."""
    found = []
    for i in range(1, len(pieces)):
        before = np.concatenate(pieces[:i])
        vector = np.zeros(n)
        vector[before], vector[pieces[i]] = 1.0 / len(before), -1.0 / len(pieces[i])
        found.append(vector / np.linalg.norm(vector))
    return found


def _ways(size: int, count: int) -> list[tuple[int, ...]]:
    """Sizes of ``count`` pieces of a part, ascending.

    Of a large part all splits in two, and those with few points in all pieces
    but the largest.

    >>> _ways(5, 2), _ways(5, 3)
    ([(1, 4), (2, 3)], [(1, 1, 3), (1, 2, 2)])
    """
    if count == 1:
        return [(size,)]
    if count == 2:
        return [(one, size - one) for one in range(1, size // 2 + 1)]
    most = size if size <= ALL_WAYS else EXPLICIT
    small = combinations_with_replacement(range(1, min(most, size) + 1), count - 1)
    return [(*some, size - sum(some)) for some in small if size - sum(some) >= some[-1]]
