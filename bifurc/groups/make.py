"""Groups by their names, by generators, and as the symmetries of a graph."""

from collections.abc import Sequence
from math import factorial
from typing import Any

import networkx as nx
import numpy as np

from bifurc.given import one_of, whole
from bifurc.groups.elements import (
    LONGEST,
    ORTHOGONAL,
    OrthogonalMatrices,
    SignedPermutations,
)
from bifurc.groups.finite import FiniteGroup, signed_permutations
from bifurc.groups.graphs import automorphism_generators
from bifurc.groups.names import Named
from bifurc.groups.young import SymmetricGroups

Group = FiniteGroup | SymmetricGroups


def symmetric(n: int) -> SymmetricGroups:
    """S_n, all permutations of n coordinates."""
    return SymmetricGroups(np.zeros(_positive(n), dtype=int))


def cyclic(n: int) -> FiniteGroup:
    """C_n, the rotations of a ring of n coordinates.

    >>> print(cyclic(6).order, *cyclic(4).isotypic)
    6 1·B 1·E
    """
    turn = np.roll(np.arange(_positive(n)), 1)[None]
    given = Named(f"C_{n}", "C", n, turn) if n > 1 else None
    return _codes(n, turn, given)


def dihedral(n: int) -> FiniteGroup:
    """D_n, the rotations and reflections of a ring of n coordinates.

    The reflection i -> -i, which B1 and A1 keep, goes through coordinate 0.

    >>> print(dihedral(6).order, *dihedral(6).isotypic)
    12 1·B1 1·E1 1·E2
    """
    ring = np.arange(_positive(n))
    generators = np.stack([np.roll(ring, 1), -ring % n])
    return _codes(n, generators, Named(f"D_{n}", "D", n, generators) if n > 2 else None)


def permutations(generators: Sequence[Sequence[int] | np.ndarray]) -> FiniteGroup:
    """The group made by permutations of coordinates.

    Parameters
    ----------
    generators : sequence of sequences
        Each the images of 0, ..., n - 1: coordinate i goes to place ``g[i]``.

    Raises
    ------
    ValueError
        If one is not a permutation, or they are of different lengths.
    """
    images = [np.asarray(g) for g in _several(generators)]
    n = images[0].size
    for i, g in enumerate(images):
        if g.shape != (n,) or not np.array_equal(np.sort(g), np.arange(n)):
            raise ValueError(
                f"Generator {i} is not a permutation of 0..{n - 1}: {g.tolist()}. Give the image "
                "of each coordinate."
            )
    return _codes(n, np.argsort(np.array(images), axis=1))


def matrices(generators: Sequence[np.ndarray]) -> FiniteGroup:
    """The group made by orthogonal matrices.

    Those that permute coordinates, with signs or without, are kept as such.

    Raises
    ------
    ValueError
        If one is not square, not finite, not orthogonal or of no finite
        order: which, where and by how much.
    """
    given = [_numbers(g, i) for i, g in enumerate(_several(generators))]
    n = len(given[0]) if given[0].ndim else 0
    for i, g in enumerate(given):
        check_orthogonal(g, n, f"Generator {i}")
    stacked = np.array(given)
    codes = signed_permutations(stacked)
    if codes is not None:
        return FiniteGroup(SignedPermutations(n), codes)
    left, _, right = np.linalg.svd(stacked)
    stacked = left @ right  # the nearest orthogonal matrices
    for i, g in enumerate(stacked):
        if order_of(g) is None:
            raise ValueError(
                f"Generator {i} has no order up to {LONGEST}, so the generators do not make a "
                "small finite group; check it."
            )
    return FiniteGroup(OrthogonalMatrices(n), stacked)


def _numbers(given: Any, number: int) -> np.ndarray:
    """A generator as an array of numbers."""
    try:
        return np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"Generator {number} is no matrix of numbers: {given!r}.") from None


def check_orthogonal(g: np.ndarray, n: int, what: str) -> None:
    """Raise ValueError unless ``g`` is an orthogonal matrix of shape (n, n)."""
    if g.shape != (n, n):
        raise ValueError(f"{what} has shape {g.shape}; it must be {(n, n)}.")
    if not np.isfinite(g).all():
        raise ValueError(f"{what} has entries that are not finite.")
    off = g.T @ g - np.eye(n)
    i, j = np.unravel_index(np.abs(off).argmax(), off.shape) if n else (0, 0)
    if n and abs(off[i, j]) > ORTHOGONAL:
        raise ValueError(
            f"{what} is not orthogonal: (g'g - 1)[{i}, {j}] = {off[i, j]:.3g}. Write the action "
            "in orthonormal coordinates."
        )


def order_of(g: np.ndarray) -> int | None:
    """The order of an orthogonal matrix, None if it is not small."""
    angles = np.abs(np.angle(np.linalg.eigvals(g))) / (2 * np.pi)
    orders = np.arange(1, LONGEST + 1)
    turns = np.multiply.outer(orders, angles)
    back = np.abs(turns - np.round(turns)).max(axis=1, initial=0.0) <= ORTHOGONAL
    return int(orders[back][0]) if back.any() else None


def minus(n: int) -> FiniteGroup:
    """The group of 1 and -1 on R^n: for odd problems, see :func:`joined`."""
    return matrices([-np.eye(_positive(n))])


def automorphisms(graph: nx.Graph) -> Group:
    """The symmetries of a graph, permuting its nodes in the order of ``graph.nodes``.

    >>> automorphisms(nx.petersen_graph()).order
    120
    """
    n = len(one_of("graph", graph, nx.Graph, "a networkx graph"))
    if not n:
        raise ValueError("The graph has no nodes, and so no group.")
    generators, order = automorphism_generators(graph)
    if n > 1 and order == factorial(n):
        return symmetric(n)
    if not generators:
        generators = [np.arange(n)]
    return _codes(n, np.argsort(np.array(generators), axis=1))


def product(*groups: Group) -> Group:
    """The direct product, each factor on coordinates of its own: on R^(n + m).

    For groups that act on the same coordinates see :func:`joined`.

    >>> print(product(symmetric(3), symmetric(4)), product(cyclic(2), cyclic(3)).n)
    S_3 x S_4 5
    """
    symmetric_ones = [g for g in _groups(groups) if isinstance(g, SymmetricGroups)]
    if len(symmetric_ones) == len(groups):
        labels: list[np.ndarray] = []
        for one in symmetric_ones:
            labels.append(one.labels + (labels[-1].max() + 1 if labels else 0))
        return SymmetricGroups(np.concatenate(labels))
    ends = np.cumsum([0, *(g.n for g in groups)])
    generators = []
    for g, start, end in zip(groups, ends, ends[1:], strict=False):
        for matrix in _matrices_of(g):
            whole = np.eye(ends[-1])
            whole[start:end, start:end] = matrix
            generators.append(whole)
    return matrices(generators)


def joined(*groups: Group) -> Group:
    """The group made by several that act on the same coordinates.

    >>> joined(dihedral(6), minus(6)).order
    24
    """
    if len({g.n for g in _groups(groups)}) != 1:
        sizes = ", ".join(str(g.n) for g in groups)
        raise ValueError(f"Groups on the same coordinates have one n, got {sizes or 'no group'}.")
    return matrices([one for g in groups for one in _matrices_of(g)])


def _matrices_of(group: Group) -> list[np.ndarray]:
    if isinstance(group, SymmetricGroups):
        return [np.eye(group.n)[source] for source in group.generators]
    return group.generators


def _codes(n: int, generators: np.ndarray, given: Named | None = None) -> FiniteGroup:
    writing = SignedPermutations(n)
    return FiniteGroup(writing, generators.astype(writing.identity().dtype), given)


def _positive(n: int) -> int:
    return whole("The number of coordinates n", n, 1)


def _several(generators: Any) -> list:
    """Generators as a list: there must be one at least."""
    found = list(one_of("generators", generators, (list, tuple, np.ndarray), "a list"))
    if not found:
        raise ValueError("A group needs at least one generator.")
    return found


def _groups(groups: Sequence[Any]) -> Sequence[Group]:
    for i, group in enumerate(groups):
        one_of(f"Factor {i}", group, (SymmetricGroups, FiniteGroup), "a group")
    return groups
