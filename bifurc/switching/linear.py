"""Plain gradient problems with a group that acts linearly.

The fixed space of a subgroup is spanned by the columns of an orthonormal
matrix; restricted to it the problem is an ordinary one. The rest of the
Hessian is one block for each irrep of the subgroup
(:mod:`bifurc.groups.isotypic`). So models from a textbook go through the same
engine, switching and graph as networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from bifurc import groups
from bifurc.continuation.problem import PlainProblem
from bifurc.events.records import Event
from bifurc.groups import Isotypic, Symmetry
from bifurc.spectra import Block
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.switching.count import MOST_DIMENSIONS, MOST_ELEMENTS, count
from bifurc.switching.isotropy import (
    exchanged,
    larger_isotropy,
)
from bifurc.switching.normal_form import NormalForm
from bifurc.switching.polynomials import equivariant, index_across, is_radial
from bifurc.switching.subgroups import Search
from bifurc.switching.submaximal import LARGEST, MOST, Kernel
from bifurc.switching.switch import OWN, Attempt, Birth, Candidate, candidates, census

VANISHING = 1e-7  # of the largest: eigenvalues of one place, which is known to rounding
AT_ONCE = 20_000_000  # numbers of full Hessians in memory at a time
EVERY_WAY = "all directions are alike to third order: branches of a continuum, or of higher order"
COUNTED = 6  # the largest kernel whose branches are counted where its group is not listed


def Permutations(n: int) -> Symmetry:  # noqa: N802 (the name it had as a class)
    """S_n permuting n coordinates."""
    return groups.symmetric(n)


def Matrices(generators: Sequence[np.ndarray]) -> Symmetry:  # noqa: N802
    """A finite group of orthogonal matrices, given by generators."""
    return groups.matrices(generators)


@dataclass(frozen=True, eq=False, repr=False)
class SymmetricProblem(PlainProblem):
    """A plain problem restricted to a fixed space of its symmetry group.

    Attributes
    ----------
    full : PlainProblem
        The problem on the whole space.
    group : Symmetry
    basis : ndarray, shape (full.n, n), orthonormal columns
    """

    full: Any = None  # PlainProblem; a default is needed behind those of the base
    group: Any = None  # Symmetry
    basis: Any = None  # ndarray

    @classmethod
    def of(cls, full: PlainProblem, group: Symmetry, basis: np.ndarray | None = None):
        """``full`` restricted to ``basis``, by default to the space fixed by the whole group."""
        basis = group.whole() if basis is None else basis
        whole = full.loss
        times: Any = full.slopes_times

        def restricted_along(x, lam, u):
            whole_u = np.concatenate([u[..., :-1] @ basis.T, u[..., -1:]], axis=-1)
            change = full.jacobian_along(x @ basis.T, lam, whole_u)
            inner = basis.T @ change[..., :-1] @ basis
            outer = basis.T @ change[..., -1:]
            return np.concatenate([inner, outer], axis=-1)

        def restricted_times(x, lam, columns):
            return basis.T @ times(basis @ x, lam, np.vstack([basis @ columns[:-1], columns[-1:]]))

        return cls(
            gradient=lambda x, lam: full.gradient(x @ basis.T, lam) @ basis,
            hessian=lambda x, lam: basis.T @ full.times(x @ basis.T, lam, basis),
            gradient_dlam=lambda x, lam: full.gradient_dlam(x @ basis.T, lam) @ basis,
            n=basis.shape[1],
            loss=None if whole is None else lambda x, lam: whole(basis @ x, lam),
            hessian_along=None if full.hessian_along is None else restricted_along,
            slopes_times=None if times is None else restricted_times,
            source=full.source,
            batched=full.batched,
            error=full.error,
            parameter=full.parameter,
            units=None if full.units is None else _units(full.units, basis),
            fixed=full.fixed,
            full=full,
            group=group,
            basis=basis,
        )

    def full_state(self, x: np.ndarray) -> np.ndarray:
        """The states in the whole space, (..., full.n)."""
        return x @ self.basis.T

    @cached_property
    def isotypic(self) -> dict[Component, Isotypic]:
        """The irreps that break the symmetry of the fixed space, with their vectors."""
        return {
            Component(part.name, part.sets, part.copies, Polynomial.of(part.dimension)): part
            for part in self.group.components(self.basis)
        }

    def where_fixed(self, component: Component) -> tuple[PlainProblem, np.ndarray]:
        """The problem on all of the space, and the matrix that takes states there."""
        return self.full, self.basis

    def inside(self, window: tuple[float, float]) -> Self:
        """The same problem, never asked outside ``window`` by its own differences."""
        return replace(self, limits=window, full=self.full.inside(window))

    def blocks(self, x, lam, components=None) -> dict[Component, Block]:
        """The block of every component at one point or a batch of points."""
        parts = self._parts(components)
        if not np.ndim(lam):
            matrices = self._matrices(parts, x, lam)
        elif not self.full.batched:
            each = [self._matrices(parts, *one) for one in zip(x, lam, strict=True)]
            matrices = {c: np.array([one[c] for one in each]) for c in parts}
        else:
            size = max(1, AT_ONCE // max(1, self.full.n**2))
            spans = [slice(i, i + size) for i in range(0, len(lam), size)]
            each = [self._matrices(parts, x[span], lam[span]) for span in spans]
            matrices = {c: np.concatenate([one[c] for one in each]) for c in parts}
        zeros = self.neutrals.zeros
        return {
            c: Block(m, np.ones(m.shape[:-1]), zeros=zeros.get(c, 0), repeated=parts[c][1])
            for c, m in matrices.items()
        }

    def blocks_along(self, x, lam, u, components=None) -> dict[Component, np.ndarray]:
        """Derivative of each block along u."""
        parts = self._parts(components)
        if not np.ndim(lam):
            return self._change(parts, x, lam, u)
        each = [self._change(parts, *one) for one in zip(x, lam, u, strict=True)]
        return {c: np.array([one[c] for one in each]) for c in parts}

    def _matrices(self, parts, x, lam) -> dict[Component, np.ndarray]:
        """The matrix of each block, at one point or, if functions take them, several."""
        columns = np.hstack([rows for rows, _ in parts.values()])
        images = self.full.times(x @ self.basis.T, lam, columns)
        ends = np.cumsum([rows.shape[1] for rows, _ in parts.values()])[:-1]
        split = np.split(images, ends, axis=-1)
        return {
            c: rows.T @ image for (c, (rows, _)), image in zip(parts.items(), split, strict=True)
        }

    def _change(self, parts, x, lam, u) -> dict[Component, np.ndarray]:
        """Derivative of each block along u: of blocks alone where it takes differences."""
        if self.full.hessian_along is not None:
            whole_u = np.append(self.basis @ u[:-1], u[-1])
            change = self.full.hessian_along(self.basis @ x, lam, whole_u)[:, :-1]
            return {c: rows.T @ change @ rows for c, (rows, _) in parts.items()}

        def entries(x, lam):
            matrices = self._matrices(parts, x, lam).values()
            return np.concatenate([matrix.ravel() for matrix in matrices])[:, None]

        sizes = [rows.shape[1] for rows, _ in parts.values()]
        split = np.split(self._difference(entries, x, lam, u), np.cumsum(np.square(sizes))[:-1])
        return {c: m.reshape(k, k) for c, m, k in zip(parts, split, sizes, strict=True)}

    def _parts(self, components) -> dict[Component, tuple[np.ndarray, int]]:
        """The vectors behind each block, and how often its eigenvalues stand in it."""
        parts = {self.components[0]: (self.basis, 1)}
        parts |= {c: (p.rows, p.rows.shape[1] // p.copies) for c, p in self.isotypic.items()}
        return {c: part for c, part in parts.items() if components is None or c in components}

    def kernel(self, event: Event) -> np.ndarray:
        """What vanishes at an event across the fixed space, all irreps together; (full.n, k).

        Zeros that persist along the branch are not among them.
        """
        x, lam = event.X[:-1], event.X[-1]
        blocks = self.blocks(x, lam)
        found = [np.zeros((self.full.n, 0))]
        largest = max(np.abs(b.matrix).max(initial=0.0) for b in blocks.values())
        for component, part in self.isotypic.items():
            block = blocks[component]
            values, vectors = np.linalg.eigh(block.matrix)
            null = vectors[:, np.abs(values) <= VANISHING * max(largest, 1.0)]
            if block.zeros:
                change = self.blocks_along(x, lam, event.tangent, [component])[component]
                null = _moving(null, change, block.zeros * block.repeated)
            if null.shape[1]:
                found.append(_orthonormal(part.kernel(null), part))
        return np.hstack(found)

    def reduced(self, event: Event) -> Kernel:
        """The reduced equation on all of the kernel at an event."""
        whole = np.append(self.basis @ event.X[:-1], event.X[-1])
        own = [self.basis @ z.kernel for z in event.zeros if z.component == self.components[0]]
        return Kernel.at(self.full, whole, np.hstack([*own, self.kernel(event)]))


def _units(units: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Lengths that count as one of coordinates in an orthonormal basis, and of lam."""
    return np.append(np.sqrt((units[:-1] ** 2) @ basis**2), units[-1])


def _moving(null: np.ndarray, change: np.ndarray, zeros: int) -> np.ndarray:
    """Null vectors of a block but those on which its derivative along the branch vanishes."""
    speeds, turns = np.linalg.eigh(null.T @ change @ null)
    return null @ turns[:, np.argsort(np.abs(speeds), kind="stable")[zeros:]]


def _orthonormal(copies: np.ndarray, part: Isotypic) -> np.ndarray:
    """A basis of the span of copies of an irrep, which may coincide where it is not real."""
    if part.rows.shape[1] == part.copies:
        return copies
    left, sizes, _ = np.linalg.svd(copies, full_matrices=False)
    return left[:, sizes > 0.5]


@candidates.register
def _(problem: SymmetricProblem, event: Event, search: Search):
    if not event.breaks_out:
        yield Candidate(OWN, problem, event.X, event.tangent)
    state = problem.basis @ event.X[:-1]
    kernel = problem.kernel(event)
    least = None
    for smaller in problem.group.smaller(problem.basis, kernel, kernel.shape[1]):
        inside = smaller.inside.shape[1]
        least = least or inside
        if inside > (MOST if inside > least else LARGEST):
            yield Attempt(smaller.label, f"fixes {inside} dimensions of the kernel: not solved")
            continue
        child = SymmetricProblem.of(problem.full, problem.group, smaller.basis)
        yield Candidate(smaller.label, child, np.append(smaller.basis.T @ state, event.lam))


@larger_isotropy.register
def _(problem: SymmetricProblem, *vectors: np.ndarray) -> bool:
    states = [problem.basis @ x for x in vectors]
    return problem.group.fixes_more(problem.basis, states)


@exchanged.register
def _(problem: SymmetricProblem, state: np.ndarray, one: np.ndarray, other: np.ndarray) -> bool:
    return problem.group.moves(*(problem.basis @ x for x in (state, one, other)))


@census.register
def _(problem: SymmetricProblem, event: Event, births: list[Birth]) -> str | None:
    """Their orbits on the sphere of the kernel, with signs by index: Euler's characteristic.

    Where they do not add up to it, all classes are looked for.
    """
    forms = [
        (birth.sign, birth.form, birth.problem.basis)
        for birth in births
        if isinstance(birth.form, NormalForm) and isinstance(birth.problem, SymmetricProblem)
    ]
    k = problem.kernel(event).shape[1]
    if len(forms) < len(births) or not 1 < k <= MOST_DIMENSIONS or not event.breaks_out:
        return None
    kernel = problem.reduced(event)
    if (action := _action(problem, kernel)) is None and k > COUNTED:
        return None
    ways = [sign * kernel.right.T @ (basis @ form.kernel) for sign, form, basis in forms]
    orders = [problem.group.isotropy_order(basis) for _, _, basis in forms]
    return _classes(kernel, action, ways, [problem.group.isotropy_order(problem.basis), *orders])


def _classes(kernel: Kernel, action, ways: list[np.ndarray], orders: list[int]) -> str | None:
    """A word on the half-branches that go some ways: orders are those of isotropy groups."""
    leading, speeds = kernel.quadratic(action) or kernel.cubic(action), kernel.speeds()
    values, turns = np.linalg.eigh((speeds + speeds.T) / 2)
    if leading is None or values[0] * values[-1] <= 0:
        return None
    if is_radial(leading, speeds):
        return EVERY_WAY
    total, (order, *theirs) = 0, orders
    for way, own in zip(ways, theirs, strict=True):
        w = way / np.linalg.norm(way)
        image = speeds @ w
        level = float(leading(w) @ image / (image @ image))
        index, regular = index_across(leading, speeds, w, level)
        if not regular:
            return f"{len(ways)} half-branches; the third order does not tell whether that is all"
        total += (-1) ** index * (order // own)
    sphere = 2 if kernel.m % 2 else 0
    if ways and total == sphere:
        return f"{len(ways)} of {len(ways)} classes of half-branches, by Euler's characteristic"
    if action is not None:
        root = turns / np.sqrt(np.abs(values)) @ turns.T  # lengths in which all speeds are one
        unit = equivariant(leading.degree, lambda w: root @ leading(root @ w), action)
        return count(unit, action).word([np.linalg.solve(root, way) for way in ways])
    return f"{len(ways)} classes of half-branches, and some are missing: {total} is not {sphere}"


def _action(problem: SymmetricProblem, kernel: Kernel) -> np.ndarray | None:
    """Elements of the isotropy group on a kernel, (order, k, k); None if they are not listed."""
    if not isinstance(problem.group, groups.FiniteGroup):
        return None
    own = problem.group.isotropy(problem.basis)
    if own.order > MOST_ELEMENTS:
        return None
    inverse = np.linalg.pinv(kernel.right)
    return np.concatenate([inverse @ images for images in own.images(kernel.right)])
