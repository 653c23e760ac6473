"""Locate a crossing in one isotypic block by Newton on (g, eigenvalue) = 0.

Inside the fixed-point space of the branch such a crossing is a regular
point, so (x, lam) is fixed by g = 0 and by the vanishing of the eigenvalue
(of the mean of ``count`` coinciding ones). The eigenvectors are taken anew
at each iterate, which solves block phi = 0, |phi| = 1 exactly; the gradient
of the eigenvalue is psi' (d block) phi.
"""

from dataclasses import dataclass

import numpy as np

from bifurc.continuation.singular import nearest
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.structure.irreps import Component

SMALL = 1e-12  # in scales; kernel and slope belong to the iterate before the last step


@dataclass(frozen=True, eq=False)
class Crossing:
    """A located zero of eigenvalues of one block."""

    X: np.ndarray  # (n + 1,)
    tangent: np.ndarray  # (n + 1,), of the branch, lam increasing
    kernel: np.ndarray  # (copies, count)
    slope: np.ndarray  # (n + 1,), gradient of the eigenvalue in (x, lam)
    residual: float  # last Newton update, in scales


def locate_crossing(
    problem, guess: np.ndarray, component: Component, count: int = 1, iterations: int = 20
):
    """Newton from ``guess`` (n + 1,) to where ``count`` eigenvalues of the block vanish.

    Returns
    -------
    Crossing, or None if it does not converge
    """
    X, last = np.array(guess, dtype=float), np.inf
    for _ in range(iterations):
        try:
            g, jacobian = problem.jacobian(X[:-1], X[-1])
            near = vanishing(problem, X, component, count)
        except (NotDefinedError, ZeroRowError, np.linalg.LinAlgError):
            return None
        matrix = np.vstack([jacobian, near.slope])
        try:
            step = np.linalg.solve(matrix, -np.append(g, near.values.mean()))
        except np.linalg.LinAlgError:
            return None
        scales = problem.scales(X[-1])
        size = float(np.linalg.norm(step / scales))
        if not np.isfinite(size):
            return None
        # a wild first step leaves the branch; shorten it
        X = X + step * min(1.0, 0.5 / size) if size > 0.5 else X + step
        if size < SMALL or (size < 1e-9 and size >= last / 2):
            tangent = np.linalg.solve(np.vstack([jacobian, np.eye(len(X))[-1]]), np.eye(len(X))[-1])
            return Crossing(X, tangent, near.kernel, near.slope, size)
        last = size
    return None


def crossing_at(problem, X: np.ndarray, component: Component, count: int, tangent: np.ndarray):
    """The crossing at a known point of the branch, or None if the block is regular there."""
    near = vanishing(problem, X, component, count)
    if np.abs(near.values).max() > 1e-8 * max(near.largest, 1.0):
        return None
    return Crossing(X, tangent / tangent[-1], near.kernel, near.slope, 0.0)


@dataclass(frozen=True, eq=False)
class Vanishing:
    """The eigenvalues of a block that are nearest to zero."""

    values: np.ndarray  # (count,)
    kernel: np.ndarray  # (copies, count), right eigenvectors
    left: np.ndarray  # (copies, count), left eigenvectors
    slope: np.ndarray  # (n + 1,), gradient of their mean in (x, lam)
    largest: float  # absolute value of any eigenvalue of the block


def vanishing(problem, X: np.ndarray, component: Component, count: int = 1) -> Vanishing:
    """The ``count`` eigenvalues of the block nearest to zero, in one evaluation."""
    blocks, changes = problem.blocks_and_changes(X[:-1], X[-1], np.eye(len(X)), [component])
    eigen = blocks[component].eigen()
    chosen = nearest(eigen, count)
    left, right = eigen.left[:, chosen], eigen.right[:, chosen]
    slope = np.einsum("ik,dij,jk->d", left, changes[component], right) / count
    return Vanishing(eigen.values[chosen], right, left, slope, float(np.abs(eigen.values).max()))
