"""R^n as a sum of real irreps, from generators alone.

A symmetric matrix that commutes with the group and is random among those has
one eigenspace for each irreducible summand. Another random matrix that
commutes maps summands of one kind onto each other, which gives all copies one
basis; and within one summand its antisymmetric part is zero for an irrep of
real type, and else a unit i of the complex numbers or quaternions that
commute with the irrep.

For permutations, with signs or without, the matrices that commute are those
that are constant on the orbits of pairs (i, j), which are the connected
components of a graph. For other matrices it is the mean over the group that
commutes: each of a few random elements halves what does not.

References
----------
.. [1] Serre, "Linear Representations of Finite Groups", sections 2.7, 13.2.
.. [2] Murota, Kanno, Kojima, Kojima, "A numerical algorithm for block-diagonal
   decomposition of matrix *-algebras", Japan J. Indust. Appl. Math. 27, 2010.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from bifurc.groups.elements import SEED, Elements, SignedPermutations
from bifurc.groups.symmetry import UNITS, Isotypic

GAP = 1e-8  # of the largest eigenvalue: nearer ones belong to one summand
COUPLED = 1e-6  # a random map between two summands this small, relative, is zero
MIXED = 1e-13  # of its size: what may be left of a matrix that does not commute
ROUNDS = 400  # of averaging; each halves the square of what does not commute, on average


def decompose(members: Elements, generators: np.ndarray, fixed: np.ndarray) -> list[Isotypic]:
    """All irreps but the trivial one, with orthonormal copies; unnamed.

    Parameters
    ----------
    members : Elements
        All of the group.
    generators : raw elements
    fixed : ndarray, shape (n, f)
        Orthonormal basis of the trivial part.
    """
    n = members.writing.n
    if fixed.shape[1] == n:
        return []
    draw = _Commuting(members, generators)
    apart = np.eye(n) - fixed @ fixed.T
    summands = _summands(apart @ draw.symmetric() @ apart, n - fixed.shape[1])
    maps = [draw.any(), draw.any()]
    alike = _alike(summands, maps[0])
    ends = np.cumsum([group[0].shape[1] for group in alike])[:-1]
    firsts = np.hstack([group[0] for group in alike])
    mapped = [np.split(m @ firsts, ends, axis=1) for m in maps]
    return [_isotypic(*part) for part in zip(alike, *mapped, strict=True)]


def _summands(matrix: np.ndarray, rest: int) -> list[np.ndarray]:
    """Eigenspaces of a matrix of rank ``rest`` with generic eigenvalues; (n, dimension) each."""
    values, vectors = np.linalg.eigh(matrix)
    order = np.sort(np.argsort(-np.abs(values), kind="stable")[:rest])
    values, vectors = values[order], vectors[:, order]
    cuts = np.flatnonzero(np.diff(values) > GAP * np.abs(values).max()) + 1
    return np.split(vectors, cuts, axis=1)


def _alike(summands: list[np.ndarray], commuting: np.ndarray) -> list[list[np.ndarray]]:
    """Summands of one irrep together; the others' coordinates follow those of the first."""
    ends = np.cumsum([0, *(s.shape[1] for s in summands)])
    everything = np.hstack(summands)
    between = everything.T @ commuting @ everything
    sizes = np.add.reduceat(np.add.reduceat(between**2, ends[:-1], 0), ends[:-1], 1)
    coupled = np.sqrt(sizes) > COUPLED * np.linalg.norm(between) / np.sqrt(len(between))
    found: dict[int, list[np.ndarray]] = {}
    for i, space in enumerate(summands):
        first = next((j for j in np.flatnonzero(coupled[i, :i]).tolist() if j in found), None)
        if first is None:
            found[i] = [space]
        else:
            block = between[ends[i] : ends[i + 1], ends[first] : ends[first + 1]]
            found[first].append(space @ block * np.sqrt(len(block)) / np.linalg.norm(block))
    return list(found.values())


def _isotypic(spaces: list[np.ndarray], *mapped: np.ndarray) -> Isotypic:
    """One isotypic part from its aligned copies, (n, dimension) each, and images of the first."""
    first = spaces[0]
    units = _units([first.T @ image for image in mapped])
    kind = next(kind for kind, count in UNITS.items() if count == len(units))
    if len(spaces) == 1:  # one copy: a symmetric matrix is a number there
        units = units[:1]
    stacked = np.stack([space @ unit for unit in units for space in spaces])
    return Isotypic(
        name="",
        dimension=first.shape[1],
        copies=len(spaces),
        kind=kind,
        rows=stacked[:, :, 0].T,
        make_spaces=partial(np.asarray, stacked),
    )


def _units(commuting: list[np.ndarray]) -> list[np.ndarray]:
    """1, and i or i, j, k, of the numbers that commute with an irrep."""
    one = np.eye(len(commuting[0]))
    units: list[np.ndarray] = []
    for matrix in commuting:
        odd = (matrix - matrix.T) / 2
        scale = np.linalg.norm(matrix)
        for unit in units:
            odd = odd - np.sum(odd * unit) / np.sum(unit * unit) * unit
        size = np.linalg.norm(odd)
        if size > COUPLED * scale:
            units.append(odd * np.sqrt(len(one)) / size)
    if len(units) == 2:  # noqa: PLR2004 (i and j: quaternions)
        units.append(units[0] @ units[1])
    return [one, *units]


@dataclass
class _Commuting:
    """Random matrices that commute with the group."""

    members: Elements
    generators: np.ndarray

    def __post_init__(self):
        self._rng = np.random.default_rng(SEED)
        self._orbits = None
        if isinstance(self.members.writing, SignedPermutations):
            self._orbits = orbits_of_pairs(self.members.writing, self.generators)

    def symmetric(self) -> np.ndarray:
        """A symmetric one."""
        matrix = self.any()
        return (matrix + matrix.T) / 2

    def any(self) -> np.ndarray:
        """One of any kind."""
        if self._orbits is None:
            n = self.members.writing.n
            return self._averaged(self._rng.normal(size=(n, n)))
        labels, signs = self._orbits
        return self._rng.normal(size=labels.max() + 1)[labels] * signs

    def _averaged(self, matrix: np.ndarray) -> np.ndarray:
        """The mean over the group, by halves, with random elements.

        They are taken from the list of all: products of products would leave
        the group, their errors growing with each.
        """
        for _ in range(ROUNDS):
            left = max(np.abs(h @ matrix @ h.T - matrix).max() for h in self.generators)
            if left <= MIXED * np.abs(matrix).max():
                break
            g = self.members.raw[self._rng.integers(len(self.members))]
            matrix = (matrix + g @ matrix @ g.T) / 2
        return matrix


def orbits_of_pairs(writing: SignedPermutations, generators: np.ndarray):
    """Orbits on pairs (i, j), with the sign between a pair and the first of its orbit.

    Returns
    -------
    labels : int ndarray, shape (n, n)
    signs : ndarray, shape (n, n)
        0 where an element turns the sign of the pair: no matrix that commutes
        has an entry there.
    """
    n = writing.n
    here = np.arange(n)
    source, negative = generators % n, generators // n
    pairs = (here[:, None] * n + here).ravel()
    signed = bool(negative.any())
    ends: list[np.ndarray] = [np.zeros((2, 0), dtype=int)]
    for s, minus in zip(source.astype(int), negative.astype(int), strict=True):
        to = (s[:, None] * n + s).ravel()
        turned = (minus[:, None] ^ minus).ravel() * n * n
        for sheet in (0, n * n) if signed else (0,):
            ends.append(np.stack([pairs + sheet, to + (turned + sheet) % (2 * n * n)]))
    size = (2 if signed else 1) * n * n
    rows, columns = np.concatenate(ends, axis=1)
    graph = coo_matrix((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    if not signed:
        return label.reshape(n, n), np.ones((n, n))
    plus, minus = label[: n * n], label[n * n :]
    both = np.minimum(plus, minus)
    sign = np.where(plus == minus, 0.0, np.where(plus < minus, 1.0, -1.0))
    return both.reshape(n, n), sign.reshape(n, n)
