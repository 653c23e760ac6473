"""Plain gradient problems with a finite group that acts linearly.

The fixed space of a subgroup is spanned by the columns of an orthonormal
matrix; restricted to it the problem is an ordinary one, and the rest of the
Hessian is a second block. So models from a textbook go through the same
engine, switching and graph as networks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from bifurc.continuation.problem import PlainProblem
from bifurc.events.records import Event
from bifurc.structure.irreps import Component
from bifurc.switching.isotropy import larger_isotropy, reversed_by_relabelling
from bifurc.switching.subgroups import Search
from bifurc.switching.switch import OWN, Candidate, candidates

SAME = 1e-9


def _close(one, other, scale: np.ndarray) -> bool:
    """Equal to the accuracy of a touched branch point, relative to a vector."""
    return bool(np.all(np.abs(one - other) <= 1e-6 * (np.abs(scale).max() + 1e-9)))


@dataclass(frozen=True)
class Permutations:
    """S_n permuting n coordinates; a fixed space is a partition into blocks of equal entries."""

    n: int

    def whole(self) -> np.ndarray:
        """Orthonormal basis of the space fixed by the whole group."""
        return self._basis([self.n])

    def smaller(self, basis: np.ndarray, explicit: int) -> Iterator[tuple[str, np.ndarray]]:
        """Fixed spaces of subgroups with one block split into two or three, by conjugacy class."""
        blocks = self.partition(basis)
        for i, size in enumerate(blocks):
            if size in blocks[:i]:
                continue  # a block of equal size is split already
            for one in range(1, size // 2 + 1):
                yield self._proposal([*blocks[:i], one, size - one, *blocks[i + 1 :]])
            for one in range(1, min(explicit, size // 3) + 1):
                for two in range(one, (size - one) // 2 + 1):
                    yield self._proposal(
                        [*blocks[:i], one, two, size - one - two, *blocks[i + 1 :]]
                    )

    def partition(self, basis: np.ndarray) -> list[int]:
        """Sizes of the blocks of a fixed space, one for each column."""
        return [int(np.count_nonzero(column)) for column in basis.T]

    def fixes_more(self, basis: np.ndarray, states: list[np.ndarray]) -> bool:
        """Whether two blocks of the partition have equal entries in all states."""
        first = [int(np.flatnonzero(column)[0]) for column in basis.T]
        return any(all(_close(s[i], s[j], s) for s in states) for i, j in combinations(first, 2))

    def reverses(self, state: np.ndarray, vector: np.ndarray) -> bool:
        """Whether a permutation fixes ``state`` and takes ``vector`` to its negative."""
        kept = np.round(state / (np.abs(state).max() or 1.0), 6)
        return all(
            _close(np.sort(vector[kept == value]), np.sort(-vector[kept == value]), vector)
            for value in np.unique(kept)
        )

    def invariants(self, state: np.ndarray) -> np.ndarray:
        """The entries, sorted; shape (n,)."""
        return np.sort(state)

    def label(self, basis: np.ndarray) -> str:
        """Such as ``S_1 x S_4``."""
        return " x ".join(f"S_{size}" for size in self.partition(basis))

    def _proposal(self, blocks: list[int]) -> tuple[str, np.ndarray]:
        basis = self._basis(blocks)
        return self.label(basis), basis

    def _basis(self, blocks: list[int]) -> np.ndarray:
        basis, start = np.zeros((self.n, len(blocks))), 0
        for j, size in enumerate(blocks):
            basis[start : start + size, j] = 1.0 / np.sqrt(size)
            start += size
        return basis


def _key(matrix: np.ndarray) -> bytes:
    """The same for matrices that are equal to seven digits."""
    return (np.round(matrix, 7) + 0.0).tobytes()


@dataclass(frozen=True, eq=False)
class Matrices:
    """A finite group of orthogonal matrices, given by generators; meant for small groups."""

    generators: tuple[np.ndarray, ...]

    def elements(self) -> list[np.ndarray]:
        """All elements of the group, the identity first.

        Raises
        ------
        ValueError
            If the generators make more than 10 000 elements.
        """
        return self._elements

    @cached_property
    def _elements(self) -> list[np.ndarray]:
        identity = np.eye(len(self.generators[0]))
        found = {_key(identity): identity}
        front = [identity]
        while front:
            fresh = {_key(g @ h): g @ h for g in self.generators for h in front}
            fresh = {key: g for key, g in fresh.items() if key not in found}
            found |= fresh
            front = list(fresh.values())
            if len(found) > 10_000 or not all(np.isfinite(g).all() for g in front):
                raise ValueError("The generators do not make a small finite group; check them.")
        return list(found.values())

    def whole(self) -> np.ndarray:
        """Orthonormal basis of the space fixed by the whole group."""
        return self._fixed(self.generators)

    def smaller(self, basis: np.ndarray, explicit: int) -> Iterator[tuple[str, np.ndarray]]:
        """Fixed spaces of subgroups with at most two generators, one for each conjugacy class."""
        elements = self.elements()
        seen: list[np.ndarray] = []
        for count in (1, 2):
            for generators in combinations(elements[1:], count):
                fixed = self._fixed(generators)
                if fixed.shape[1] <= basis.shape[1]:
                    continue
                projector = fixed @ fixed.T
                conjugates = [g @ projector @ g.T for g in elements]
                if any(np.abs(p - q).max() < 1e-7 for p in conjugates for q in seen):
                    continue
                seen.append(projector)
                order = sum(np.abs(g @ fixed - fixed).max() < SAME for g in elements)
                yield f"order {order}, fixed space {fixed.shape[1]} #{len(seen)}", fixed
        if basis.shape[1] < len(elements[0]):
            yield "trivial", np.eye(len(elements[0]))

    def fixes_more(self, basis: np.ndarray, states: list[np.ndarray]) -> bool:
        """Whether an element that does not fix the whole fixed space fixes all states."""
        return any(
            all(_close(g @ s, s, s) for s in states) and np.abs(g @ basis - basis).max() > SAME
            for g in self.elements()
        )

    def reverses(self, state: np.ndarray, vector: np.ndarray) -> bool:
        """Whether an element fixes ``state`` and takes ``vector`` to its negative."""
        return any(
            _close(g @ state, state, state) and _close(g @ vector, -vector, vector)
            for g in self.elements()
        )

    def invariants(self, state: np.ndarray) -> np.ndarray:
        """Where the orbit of the state lies along a direction without symmetry; sorted."""
        direction = np.sin(1.0 + np.arange(len(state)))
        return np.sort([direction @ g @ state for g in self.elements()])

    def label(self, basis: np.ndarray) -> str:
        """The order of the isotropy subgroup."""
        return f"order {sum(np.abs(g @ basis - basis).max() < SAME for g in self.elements())}"

    @staticmethod
    def _fixed(generators) -> np.ndarray:
        stacked = np.vstack([g - np.eye(len(g)) for g in generators])
        _, values, rows = np.linalg.svd(stacked)
        rank = int(np.count_nonzero(values > 1e-9))
        return rows[rank:].T


@dataclass(frozen=True, eq=False)
class SymmetricProblem(PlainProblem):
    """A plain problem restricted to a fixed space of its symmetry group.

    Attributes
    ----------
    full : PlainProblem
        The problem on the whole space.
    group : Permutations or Matrices
    basis : ndarray, shape (full.n, n), orthonormal columns
    """

    full: Any = None  # PlainProblem; a default is needed behind those of the base
    group: Any = None
    basis: Any = None  # ndarray

    @classmethod
    def of(cls, full: PlainProblem, group: Any, basis: np.ndarray | None = None):
        """``full`` restricted to ``basis``, by default to the space fixed by the whole group."""
        basis = group.whole() if basis is None else basis
        rest = np.linalg.qr(np.hstack([basis, np.eye(full.n)]))[0][:, basis.shape[1] : full.n]
        breaking = Component.on("k", rest.shape[1])

        def blocks_of(x, lam):
            if not rest.shape[1]:
                return {}
            return {breaking: rest.T @ full.hessian(basis @ x, lam) @ rest}

        whole = full.loss
        loss = None if whole is None else lambda x, lam: whole(basis @ x, lam)
        return cls(
            gradient=lambda x, lam: full.gradient(x @ basis.T, lam) @ basis,
            hessian=lambda x, lam: basis.T @ full.hessian(x @ basis.T, lam) @ basis,
            gradient_dlam=lambda x, lam: full.gradient_dlam(x @ basis.T, lam) @ basis,
            n=basis.shape[1],
            loss=loss,
            blocks_of=blocks_of,
            source=full.source,
            batched=full.batched,
            full=full,
            group=group,
            basis=basis,
        )


@candidates.register
def _(problem: SymmetricProblem, event: Event, search: Search):
    if event.component.irrep == "t":
        yield Candidate(OWN, problem, event.X, event.tangent)
        return
    state = problem.basis @ event.X[:-1]
    for label, basis in problem.group.smaller(problem.basis, search.explicit):
        if np.abs(basis @ (basis.T @ state) - state).max() > SAME * (1 + np.abs(state).max()):
            continue  # a conjugate that does not hold this state
        child = SymmetricProblem.of(problem.full, problem.group, basis)
        yield Candidate(label, child, np.append(basis.T @ state, event.lam))


@larger_isotropy.register
def _(problem: SymmetricProblem, *vectors: np.ndarray) -> bool:
    states = [problem.basis @ x for x in vectors]
    return problem.group.fixes_more(problem.basis, states)


@reversed_by_relabelling.register
def _(problem: SymmetricProblem, state: np.ndarray, vector: np.ndarray) -> bool:
    return problem.group.reverses(problem.basis @ state, problem.basis @ vector)
