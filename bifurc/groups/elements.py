"""How the elements of a finite group are written, many at a time.

A permutation of coordinates, with or without signs, is a row of n integers:
``code = source + n * (sign < 0)`` with (g x)_i = sign_i x[source_i]. So a group
of permutations costs n small integers for an element, and its products are
exact. Anything else is a matrix. Both are told apart by the images of a random
vector, which no element but the identity leaves where it is.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Protocol

import numpy as np

ORTHOGONAL = 1e-8  # how far from orthogonal a generator may be: entries given to nine digits
APART = 1e-9  # images of a random vector nearer than this belong to one element
ENTRIES = 40_000_000  # of all elements of a group together: memory
MOST = 100_000  # elements of a group: what is done with all of them takes seconds
LONGEST = 10_000  # order of a single matrix; beyond it a rotation by an irrational angle
SEED = 20  # of the random vectors: results are the same in each run


class Writing(Protocol):
    """One way to write elements; ``raw`` arrays have a leading axis of elements."""

    @property
    def n(self) -> int: ...  # dimension of the space

    def identity(self) -> np.ndarray: ...
    def compose(self, g: np.ndarray, h: np.ndarray) -> np.ndarray: ...  # first h, then g
    def inverse(self, g: np.ndarray) -> np.ndarray: ...
    def apply(self, g: np.ndarray, x: np.ndarray) -> np.ndarray: ...  # (m, n[, f])
    def marks(self, g: np.ndarray) -> np.ndarray: ...  # (m, 2) that tell elements apart
    def traces(self, g: np.ndarray) -> np.ndarray: ...
    def matrix(self, g: np.ndarray) -> np.ndarray: ...  # of one element


@dataclass(frozen=True)
class SignedPermutations:
    """Rows of codes, shape (m, n)."""

    n: int

    def identity(self) -> np.ndarray:
        """The code of the identity, (n,)."""
        return np.arange(self.n, dtype=self._dtype)

    def compose(self, g: np.ndarray, h: np.ndarray) -> np.ndarray:
        """First h, then g; one of each or as many of both."""
        turned = (h + self.n) % (2 * self.n)
        both = np.concatenate([h, turned.astype(h.dtype)], axis=-1)  # of x_i and of -x_i
        if h.ndim == 1:
            return both[g]
        return both[:, g] if g.ndim == 1 else np.take_along_axis(both, g.astype(int), axis=-1)

    def inverse(self, g: np.ndarray) -> np.ndarray:
        """The inverse of each."""
        found = np.empty_like(g)
        back = np.arange(self.n) + self.n * (g // self.n).astype(int)
        np.put_along_axis(found, g % self.n, back.astype(self._dtype), axis=-1)
        return found

    def apply(self, g: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The images of a vector (n,) or of vectors (n, f)."""
        return np.concatenate([x, -x])[g]

    def marks(self, g: np.ndarray) -> np.ndarray:
        """Two random numbers for each element."""
        return _marks(self, g)

    def traces(self, g: np.ndarray) -> np.ndarray:
        """Trace of each element."""
        here = np.arange(self.n)
        return np.count_nonzero(g == here, axis=-1) - np.count_nonzero(g == here + self.n, axis=-1)

    def matrix(self, g: np.ndarray) -> np.ndarray:
        """One element as a matrix."""
        return self.apply(g, np.eye(self.n))

    @property
    def _dtype(self):
        return np.int16 if 2 * self.n < np.iinfo(np.int16).max else np.int32


@dataclass(frozen=True)
class OrthogonalMatrices:
    """Matrices, shape (m, n, n)."""

    n: int

    def identity(self) -> np.ndarray:
        """The unit matrix."""
        return np.eye(self.n)

    def compose(self, g: np.ndarray, h: np.ndarray) -> np.ndarray:
        """First h, then g."""
        return g @ h

    def inverse(self, g: np.ndarray) -> np.ndarray:
        """The transposes."""
        return np.swapaxes(g, -1, -2)

    def apply(self, g: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The images of a vector (n,) or of vectors (n, f)."""
        return g @ x

    def marks(self, g: np.ndarray) -> np.ndarray:
        """Two random numbers for each element."""
        return _marks(self, g)

    def traces(self, g: np.ndarray) -> np.ndarray:
        """Trace of each element."""
        return np.trace(g, axis1=-2, axis2=-1)

    def matrix(self, g: np.ndarray) -> np.ndarray:
        """The matrix itself."""
        return g


def _marks(writing, g: np.ndarray) -> np.ndarray:
    one, other = random_vectors(writing.n, 2)
    seen = random_vectors(writing.n, 4)[2:]
    return np.stack([writing.apply(g, v) @ w for v, w in zip((one, other), seen, strict=True)], -1)


@cache
def random_vectors(n: int, count: int) -> np.ndarray:
    """Vectors in general position, the same in each run; (count, n), read-only."""
    vectors = np.random.default_rng(SEED).normal(size=(count, n)) / np.sqrt(max(n, 1))
    vectors.flags.writeable = False
    return vectors


class Marks:
    """Pairs of random numbers that tell elements apart, to be found again."""

    def __init__(self, values: np.ndarray):
        self.values = values  # (m, 2)
        self._order = np.argsort(values[:, 0], kind="stable")
        self._sorted = values[self._order]

    def find(self, marks: np.ndarray) -> np.ndarray:
        """The place of each of some marks, -1 where it is none of these."""
        at = np.searchsorted(self._sorted[:, 0], marks[:, 0] - APART)
        found = np.full(len(marks), -1)
        left = np.ones(len(marks), dtype=bool)
        while left.any():
            left &= at < len(self._sorted)
            here = np.where(left, at, 0)
            left &= self._sorted[here, 0] <= marks[:, 0] + APART
            hit = left & (np.abs(self._sorted[here, 1] - marks[:, 1]) <= APART)
            found[hit] = self._order[here[hit]]
            left &= ~hit
            at = at + 1
        return found


@dataclass(frozen=True, eq=False)
class Elements:
    """All elements of a group, or those of a subgroup."""

    writing: Writing
    raw: np.ndarray

    def __len__(self) -> int:
        return len(self.raw)

    @cached_property
    def _marks(self) -> Marks:
        return Marks(self.writing.marks(self.raw))

    def find(self, raw: np.ndarray) -> np.ndarray:
        """The number of each of some elements, -1 where it is none of these."""
        return self._marks.find(self.writing.marks(raw))

    def products(self, i, j) -> np.ndarray:
        """Numbers of the products g_i g_j."""
        return self.find(self.writing.compose(self.raw[i], self.raw[j]))

    def power(self, exponent: int) -> np.ndarray:
        """All elements to a positive power, raw."""
        square, found = self.raw, None
        while exponent:
            if exponent % 2:
                found = square if found is None else self.writing.compose(found, square)
            square, exponent = self.writing.compose(square, square), exponent // 2
        assert found is not None
        return found

    @cached_property
    def inverses(self) -> np.ndarray:
        """Number of the inverse of each."""
        return self.find(self.writing.inverse(self.raw))


def closure(writing: Writing, generators: np.ndarray) -> Elements:
    """All products of generators, the identity first.

    Raises
    ------
    ValueError
        If they do not make a small finite group.
    """
    most = min(MOST, ENTRIES // max(writing.identity().size, 1))
    front = writing.identity()[None]
    levels, known = [front], writing.marks(front)
    while len(front) and len(generators):
        fresh = np.concatenate([writing.compose(g, front) for g in generators])
        marks = writing.marks(fresh)
        new = first_of_each(marks)
        new = new[Marks(known).find(marks[new]) < 0]
        front, known = fresh[new], np.concatenate([known, marks[new]])
        levels.append(front)
        if len(known) > most:
            raise ValueError(
                f"The generators do not make a small finite group: more than {most} elements. "
                "Check them; for all permutations of n coordinates use bifurc.groups.symmetric."
            )
    return Elements(writing, np.concatenate(levels))


def first_of_each(marks: np.ndarray) -> np.ndarray:
    """Numbers of rows that differ, the first of each, in their order."""
    return alike(marks)[0]


def alike(marks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of rows that differ, the first of each, in their order; and which one each row is."""
    order = np.lexsort((marks[:, 1], marks[:, 0]))
    ahead = np.abs(np.diff(marks[order], axis=0)).max(axis=1, initial=0.0) > APART
    starts = np.flatnonzero(np.concatenate([[True] * bool(len(order)), ahead]))
    first = np.minimum.reduceat(order, starts) if len(order) else order
    sizes = np.diff(np.append(starts, len(order)))
    turns = np.argsort(first)
    place = np.empty_like(turns)
    place[turns] = np.arange(len(turns))
    label = np.empty_like(order)
    label[order] = np.repeat(place, sizes)
    return first[turns], label


def primes(number: int) -> list[int]:
    """The primes that divide a number.

    >>> primes(360), primes(97), primes(1)
    ([2, 3, 5], [97], [])
    """
    found, divisor = [], 2
    while divisor * divisor <= number:
        if number % divisor == 0:
            found.append(divisor)
            while number % divisor == 0:
                number //= divisor
        divisor += 1
    return found + [number] * (number > 1)
