"""Fixed spaces of signed permutations, as partitions of coordinates.

A vector is fixed by a permutation of coordinates if it is constant on cycles.
So a fixed space is a partition of the coordinates into parts, and one more
element joins parts: connected components of a graph, for many elements at a
time. With signs there are two points for each coordinate, +x and -x; a part
that holds both is zero. A partition is written as a row that names for each
point the first of its part.
"""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from bifurc.groups.elements import random_vectors

ONE_VALUE = 1e-8  # entries of a generic vector of a fixed space that differ by less are equal
AT_ONCE = 1_000_000  # points of all partitions that are joined at a time


def joined(basis: np.ndarray, codes: np.ndarray, signed: bool) -> list[np.ndarray]:
    """Largest fixed spaces of the group that fixes a space with one more element.

    Parameters
    ----------
    basis : ndarray, shape (n, f)
    codes : ndarray, shape (m, n)
        The elements to choose from.
    signed : bool
        Whether the group has signs, be they in these elements or not: then some
        coordinates may be zero on the space, or negatives of others.
    """
    n = len(basis)
    labels = _parts(basis, signed)
    weights = random_vectors(len(labels), 1)[0]
    found: dict[float, np.ndarray] = {}
    size = max(1, AT_ONCE // n)
    for start in range(0, len(codes), size):
        rows = _join(labels, codes[start : start + size].astype(int), n)
        marks, first = np.unique(rows @ weights, return_index=True)
        found.update(zip(marks.tolist(), rows[first], strict=True))
    if not found:
        return []
    bases = [_basis_of(row, n) for row in _finest(np.array(list(found.values())))]
    return [basis for basis in bases if basis.shape[1]]


def _finest(rows: np.ndarray) -> np.ndarray:
    """Those of some partitions that refine no other of them; (kept, points)."""
    parts = np.count_nonzero(rows == np.arange(rows.shape[1]), axis=1)
    left = rows[np.argsort(-parts, kind="stable")]
    kept = []
    while len(left):
        kept.append(left[0])
        left = left[~(left[:, left[0]] == left).all(axis=1)]
    return np.array(kept)


def _parts(basis: np.ndarray, signed: bool) -> np.ndarray:
    """Labels of the coordinates, and of their negatives, that are equal on a space."""
    generic = basis @ random_vectors(basis.shape[1], 1)[0]
    values = np.concatenate([generic, -generic]) if signed else generic
    order = np.argsort(values, kind="stable")
    steps = np.diff(values[order], prepend=values[order[:1]]) > ONE_VALUE
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
