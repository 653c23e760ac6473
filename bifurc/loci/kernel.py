"""The kernel of an event as a vector of a smaller group's fixed-point space.

A vector of the irrep that some subgroup fixes turns the coefficients of a
kernel in the copies of the irrep into coordinates there: z = (1, -1/(n-1), ...)
for s under S_1 x S_{n-1}, z_i z'_j for s⊗s', and for y under S_2 x S_{n-2} the
symmetric matrix with zero diagonal, zero row sums, and 1 between the two points.
With it the quadratic coefficient of the normal form can be followed along a
locus with its sign, also past places where another irrep vanishes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bifurc.loci.problem import PlanePoint
from bifurc.loss.layout import Layout
from bifurc.loss.plane import Plane
from bifurc.structure.irreps import Component
from bifurc.structure.split import Split, split

# the smallest split under which a vector of the irrep is fixed, where it has a quadratic term
SPLITS = {"s": [1], "y": [2], "sxs": [1]}
Sizes = Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Lift:
    """From the copies of an irrep to the coordinates of a split structure."""

    layout: Layout
    component: Component
    pieces: Split

    def __call__(self, copies: np.ndarray, sizes: Sizes) -> np.ndarray:
        """The vector with these coefficients in the copies; shape (n of the split structure,)."""
        return self._columns(sizes) @ copies

    def _columns(self, sizes: Sizes) -> np.ndarray:
        entries: dict[str, Callable[..., np.ndarray]] = {
            "s": self._vertex, "y": self._pair, "sxs": self._product
        }  # fmt: skip
        entry = entries[self.component.irrep]
        return np.array([entry(*where, sizes) for where in self._where])

    @cached_property
    def _basis(self) -> np.ndarray:
        if self.component.irrep == "s":
            return self.layout.vertex_basis(self.component)
        return self.layout.pair_basis(self.component)

    @cached_property
    def _where(self) -> list[tuple]:
        """Of each coordinate: numbers of the blocks it is part of, its two parts, on a diagonal."""
        child, s = self.pieces.structure, self.layout.structure
        rows, columns = (
            {
                block.name: (number, block.points)
                for block, number in zip(parts, self._numbers(whole), strict=True)
            }
            for parts, whole in ((child.students, s.students), (child.inputs, s.inputs))
        )
        found = []
        for entry in child.coordinates:
            (r, one), (c, other) = rows[entry.row], columns[entry.column]
            found.append((r, c, one, other, one == other and entry.part != "off"))
        return found

    def _numbers(self, blocks) -> list[int]:
        """For each part of the blocks, in order, the number of the block."""
        return [i for i, block in enumerate(blocks) for _ in self.pieces.parts[block.points]]

    def _z(self, part: str, sizes: Sizes) -> tuple[str, float]:
        """The set that a part belongs to, and z = (1, -1/(n-1)) on it."""
        whole, parts = next((w, p) for w, p in self.pieces.parts.items() if part in p)
        return whole, 1.0 if part == parts[0] else -1.0 / (sizes[whole] - 1.0)

    def _vertex(self, r, c, one, other, diagonal, sizes: Sizes) -> np.ndarray:
        constant, spike, by_column = np.moveaxis(self._basis[:, r, :, c], 1, 0)
        (row_set, z), (column_set, other_z) = self._z(one, sizes), self._z(other, sizes)
        own = self.component.points
        z, other_z = z * (row_set == own), other_z * (column_set == own)
        return (constant + spike * diagonal) * z + by_column * other_z

    def _product(self, r, c, one, other, diagonal, sizes: Sizes) -> np.ndarray:
        return self._basis[:, r, c] * self._z(one, sizes)[1] * self._z(other, sizes)[1]

    def _pair(self, r, c, one, other, diagonal, sizes: Sizes) -> np.ndarray:
        if diagonal or not self._basis[:, r, c].any():
            return 0.0 * self._basis[:, r, c]
        pair = self.pieces.parts[self.component.points][0]
        n, inside = sizes[self.component.points], (one == pair) + (other == pair)
        values = (2.0 / ((n - 2.0) * (n - 3.0)), -1.0 / (n - 2.0), 1.0)
        return values[inside] * self._basis[:, r, c]


@dataclass(frozen=True, eq=False)
class NullVectors:
    """The null vectors of an event in the copies of its irrep, and what its normal form says."""

    right: np.ndarray  # (copies,)
    left: np.ndarray  # (copies,), left @ right = 1
    quadratic: float  # over what it could be; its sign goes with that of ``right``

    def turned_like(self, other: "NullVectors | None") -> "NullVectors":
        """The same, with the sign of the right vector of ``other``."""
        if other is None or other.left @ self.right >= 0:
            return self
        return NullVectors(-self.right, -self.left, -self.quadratic)


def kernels(plane: Plane, component: Component) -> Callable[[PlanePoint], NullVectors] | None:
    """The kernel of an event at a place; None for an irrep that has no quadratic term."""
    if component.irrep == "t":
        child, lift = plane, None
    elif component.irrep in SPLITS and not plane.structure.ties:
        sizes = dict.fromkeys(component.sets, SPLITS[component.irrep])
        pieces = split(plane.structure, sizes)
        child, lift = plane.on(pieces.structure), Lift(plane.layout, component, pieces)
    else:
        return None

    def at(here: PlanePoint) -> NullVectors:
        near, _ = here.vanishing(component)
        right, left = near.kernel[:, 0], near.left[:, 0]
        x, phi = here.x, right
        inside = child.at(here.lam, here.mu)
        if lift is not None:
            given = plane.parameters(here.lam, here.mu)
            sizes = {name: size(**given) for name, size in plane.structure.size.items()}
            x, phi = lift.pieces.embedding @ x, lift(right, sizes)
        weights = inside.weights(0.0)
        return NullVectors(right, left, _quadratic(inside, x, phi, weights))

    return at


def _quadratic(problem, x: np.ndarray, phi: np.ndarray, weights: np.ndarray) -> float:
    """psi' D²g[phi, phi], over the lengths of psi and of D²g[phi, phi]; psi = weights phi."""
    second = problem.jacobian_along(x, 0.0, np.append(phi, 0.0))[:, :-1] @ phi
    root = np.sqrt(np.abs(weights))
    natural = np.linalg.norm(root * phi) * np.linalg.norm(root * second)
    return float((weights * phi) @ second / natural) if natural else 0.0
