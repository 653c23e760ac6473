"""Locate folds and branch points of g(x, lam) = 0 by Newton on an extended system.

At a fold the Jacobian is singular and g_lam is outside its range; the pair
(g, eigenvalue) determines (x, lam). At a branch point g_lam is in the range
as well: the system gets an unfolding parameter eps for each kernel direction
phi and asks psi' g_lam = 0 in return,

    g + phi eps = 0,   mean eigenvalue = 0,   psi' g_lam = 0,

which is regular at a simple branch point and at one whose whole kernel
belongs to an irrep. eps = 0 says that the branch point is real; at an
imperfect one, eps is the size of the imperfection.

References
----------
.. [1] Moore, "The numerical treatment of non-trivial bifurcation points",
   Numer. Funct. Anal. Optim. 2 (1980) 441-472.
.. [2] Govaerts, "Numerical Methods for Bifurcations of Dynamical Equilibria",
   SIAM 2000, chapters 3 and 4.
"""

from dataclasses import dataclass

import numpy as np

from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.spectra import Block, Eigen


@dataclass(frozen=True, eq=False)
class Singularity:
    """A located fold or branch point of the branch itself."""

    X: np.ndarray  # (n + 1,)
    kernel: np.ndarray  # (n, count), right null vectors
    left: np.ndarray  # (n, count), left null vectors
    values: np.ndarray  # (n,), all eigenvalues of dg/dx there
    fold: bool
    imperfection: float  # |eps| relative to the Jacobian; 0 at a true branch point
    slope: np.ndarray  # (n + 1,), gradient of the mean of the vanishing eigenvalues
    residual: float  # last Newton update, in scales


def inertia(problem, jacobian: np.ndarray, lam: float) -> Eigen:
    """Eigenvalues and vectors of dg/dx, symmetrised by the weights."""
    return Block(jacobian[..., :-1], problem.weights(lam)).eigen()


def nearest(eigen: Eigen, count: int) -> np.ndarray:
    """Indices of the ``count`` eigenvalues nearest to zero."""
    return np.argsort(np.abs(eigen.values))[:count]


def locate_singular(problem, guess: np.ndarray, count: int, fold: bool, iterations: int = 15):
    """Newton to a singular point near ``guess``; None if it does not converge.

    Parameters
    ----------
    guess : ndarray, shape (n + 1,)
    count : int
        Dimension of the kernel.
    fold : bool
        Whether to look for a fold, else for a branch point.

    Returns
    -------
    Singularity or None
    """
    n, X = len(guess) - 1, np.array(guess, dtype=float)
    eps = np.zeros(0 if fold else count)
    last = np.inf
    for _ in range(iterations):
        scales = problem.scales(X[-1])
        try:
            g, jacobian = problem.jacobian(X[:-1], X[-1])
            eigen = inertia(problem, jacobian, X[-1])
        except (NotDefinedError, ZeroRowError, np.linalg.LinAlgError):
            return None
        chosen = nearest(eigen, count)
        right, left = eigen.right[:, chosen], eigen.left[:, chosen]
        unfolding = right[:, : len(eps)]
        rows, values = [np.hstack([jacobian, unfolding])], [g + unfolding @ eps]
        mean_slope = _mean_slope(problem, X, right, left)
        rows.append(np.append(mean_slope, np.zeros(len(eps)))[None])
        values.append(np.array([eigen.values[chosen].mean()]))
        if not fold:
            range_slope = _range_slope(problem, X, jacobian, right, left)
            rows.append(np.hstack([range_slope, np.zeros((count, count))]))
            values.append(left.T @ jacobian[:, -1])
        try:
            step = np.linalg.solve(np.vstack(rows), -np.concatenate(values))
        except np.linalg.LinAlgError:
            return None
        X = X + step[: n + 1]
        eps = eps + step[n + 1 :]
        size = float(np.linalg.norm(step[: n + 1] / scales))
        if not np.isfinite(size) or size > 1e3:
            return None
        # the values belong to the iterate before, so the last step must be tiny
        if size < 1e-12 or (size < 1e-9 and size >= last / 2):
            break
        last = size
    else:
        return None
    big = np.abs(jacobian[:, :-1]).max() or 1.0
    return Singularity(
        X=X,
        kernel=right,
        left=left,
        values=eigen.values,
        fold=fold,
        imperfection=float(np.abs(eps).max(initial=0.0) / big),
        slope=mean_slope,
        residual=size,
    )


def _mean_slope(problem, X, right, left) -> np.ndarray:
    """Gradient in (x, lam) of the mean of the eigenvalues with these vectors; (n + 1,)."""
    total = np.zeros(len(X))
    for phi, psi in zip(right.T, left.T, strict=True):
        total += psi @ problem.jacobian_along(X[:-1], X[-1], np.append(phi, 0.0))
    return total / right.shape[1]


def _range_slope(problem, X, jacobian, right, left) -> np.ndarray:
    """Derivative of psi' g_lam in (x, lam), the turning of psi included; (count, n + 1)."""
    n, count = right.shape
    bordered = np.zeros((n + count, n + count))
    bordered[:n, :n], bordered[:n, n:], bordered[n:, :n] = jacobian[:, :-1], right, left.T
    target = np.append(-jacobian[:, -1], np.zeros(count))
    try:
        across = np.linalg.solve(bordered, target)[:n]
    except np.linalg.LinAlgError:  # the kernel is larger than ``count``
        across = np.linalg.lstsq(bordered, target, rcond=None)[0][:n]
    return left.T @ problem.jacobian_along(X[:-1], X[-1], np.append(across, 1.0))
