"""Locate a crossing in one isotypic block by Newton on (g, eigenvalue) = 0.

Inside the fixed-point space of the branch such a crossing is a regular
point, so (x, lam) is fixed by g = 0 and by the vanishing of the eigenvalue
(of the mean of ``count`` coinciding ones). The eigenvectors are taken anew
at each iterate, which solves block phi = 0, |phi| = 1 exactly; the gradient
of the eigenvalue is psi' (d block) phi.
"""

from dataclasses import dataclass

import numpy as np

from bifurc.continuation.constants import ENOUGH
from bifurc.continuation.newton import iterated
from bifurc.continuation.singular import nearest
from bifurc.protocol import Problem
from bifurc.spectra import Eigen
from bifurc.structure.irreps import Component


@dataclass(frozen=True, eq=False)
class Crossing:
    """A located zero of eigenvalues of one block."""

    X: np.ndarray  # (n + 1,)
    tangent: np.ndarray  # (n + 1,), of the branch, lam increasing
    kernel: np.ndarray  # (copies, count)
    slope: np.ndarray  # (n + 1,), gradient of the eigenvalue in (x, lam)
    residual: float  # last Newton update, in scales


def locate_crossing(problem: Problem, guess: np.ndarray, component: Component, count: int = 1):
    """Newton from ``guess`` (n + 1,) to where ``count`` eigenvalues of the block vanish.

    Returns
    -------
    Crossing, or None if it does not converge
    """

    def system(X):
        near = vanishing(problem, X, component, count)
        return np.append(near.g, near.values.mean()), np.vstack([near.jacobian, near.slope]), near

    found = iterated(system, np.array(guess), lambda X: problem.scales(X[-1]), ENOUGH)
    if found is None:
        return None
    X, near, step, size = found
    upward = np.eye(len(X))[-1]
    try:
        tangent = np.linalg.solve(np.vstack([near.jacobian, upward]), upward)
    except np.linalg.LinAlgError:  # the branch itself is singular there
        return None
    return Crossing(X, tangent, near.kernel_after(step), near.slope, size)


def crossing_at(
    problem: Problem, X: np.ndarray, component: Component, count: int, tangent: np.ndarray
):
    """The crossing at a known point of the branch, or None if the block is regular there."""
    near = vanishing(problem, X, component, count)
    if np.abs(near.values).max() > 1e-8 * max(np.abs(near.eigen.values).max(), 1.0):
        return None
    return Crossing(X, tangent / tangent[-1], near.kernel, near.slope, 0.0)


@dataclass(frozen=True, eq=False)
class Vanishing:
    """The eigenvalues of a block that are nearest to zero."""

    g: np.ndarray  # (n,), zero on a branch
    jacobian: np.ndarray  # (n, n + 1), its derivatives in (x, lam)
    eigen: Eigen
    chosen: np.ndarray  # (count,), which of the eigenvalues
    matrix: np.ndarray  # (copies, copies)
    changes: np.ndarray  # (n + 1, copies, copies), of the matrix with (x, lam)

    @property
    def values(self) -> np.ndarray:
        """The eigenvalues, (count,)."""
        return self.eigen.values[self.chosen]

    @property
    def kernel(self) -> np.ndarray:
        """Right eigenvectors, (copies, count)."""
        return self.eigen.right[:, self.chosen]

    @property
    def left(self) -> np.ndarray:
        """Left eigenvectors, (copies, count)."""
        return self.eigen.left[:, self.chosen]

    @property
    def slope(self) -> np.ndarray:
        """Gradient of the mean of the eigenvalues in (x, lam), shape (n + 1,)."""
        return self.eigen.speeds(self.changes)[:, self.chosen].mean(axis=-1)

    def kernel_after(self, step: np.ndarray) -> np.ndarray:
        """The right eigenvectors a small step away, to first order."""
        eigen, rest = self.eigen, np.ones(len(self.eigen.values), dtype=bool)
        rest[self.chosen] = False
        residual = (self.matrix + np.tensordot(step, self.changes, 1)) @ self.kernel
        shares = eigen.left[:, rest].T @ residual / eigen.values[rest, None]
        return self.kernel - eigen.right[:, rest] @ shares


def vanishing(
    problem: Problem, X: np.ndarray, component: Component, count: int = 1, **how
) -> Vanishing:
    """The ``count`` eigenvalues of the block nearest to zero, in one evaluation."""
    g, jacobian, block, changes = problem.jacobian_and_block(X[:-1], X[-1], component, **how)
    if block.zeros:
        along = np.linalg.svd(jacobian)[2][-1]  # the tangent of the branch
        block = block.told_apart(np.tensordot(along, changes, 1), count)
    eigen = block.eigen()
    return Vanishing(g, jacobian, eigen, nearest(eigen, count), block.matrix, changes)
