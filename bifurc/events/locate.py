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
            eigen = problem.blocks(X[:-1], X[-1], [component])[component].eigen()
        except (NotDefinedError, ZeroRowError, np.linalg.LinAlgError):
            return None
        chosen = nearest(eigen, count)
        slope = eigenvalue_slope(problem, X, component, eigen, chosen)
        matrix = np.vstack([jacobian, slope])
        try:
            step = np.linalg.solve(matrix, -np.append(g, eigen.values[chosen].mean()))
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
            return Crossing(X, tangent, eigen.right[:, chosen], slope, size)
        last = size
    return None


def crossing_at(problem, X: np.ndarray, component: Component, count: int, tangent: np.ndarray):
    """The crossing at a known point of the branch, or None if the block is regular there."""
    eigen = problem.blocks(X[:-1], X[-1], [component])[component].eigen()
    chosen = nearest(eigen, count)
    if np.abs(eigen.values[chosen]).max() > 1e-8 * max(np.abs(eigen.values).max(), 1.0):
        return None
    slope = eigenvalue_slope(problem, X, component, eigen, chosen)
    return Crossing(X, tangent / tangent[-1], eigen.right[:, chosen], slope, 0.0)


def eigenvalue_slope(problem, X, component, eigen, chosen) -> np.ndarray:
    """Gradient in (x, lam) of the mean of the chosen eigenvalues; shape (n + 1,)."""
    n = len(X)
    directions = np.eye(n)
    change = problem.blocks_along(
        np.broadcast_to(X[:-1], (n, n - 1)), np.full(n, X[-1]), directions, [component]
    )[component]
    left, right = eigen.left[:, chosen], eigen.right[:, chosen]
    return np.einsum("ik,dij,jk->d", left, change, right) / len(chosen)
