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

from bifurc.continuation.constants import EXACT, ONE_PLACE, STUCK
from bifurc.continuation.newton import iterated
from bifurc.protocol import Field, Problem
from bifurc.spectra import Block, Eigen, shortest


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


def inertia(problem: Field, jacobian: np.ndarray, lam: float) -> Eigen:
    """Eigenvalues and vectors of dg/dx, symmetrised by the weights."""
    return Block(jacobian[..., :-1], problem.weights(lam)).eigen()


def nearest(eigen: Eigen, count: int) -> np.ndarray:
    """Indices of the ``count`` eigenvalues nearest to zero."""
    return np.argsort(np.abs(eigen.values))[:count]


def locate_singular(
    problem: Problem, guess: np.ndarray, count: int, fold: bool
) -> Singularity | None:
    """Newton to a singular point near ``guess``; None if it does not converge.

    Parameters
    ----------
    guess : ndarray, shape (n + 1,)
    count : int
        Dimension of the kernel.
    fold : bool
        Whether to look for a fold, else for a branch point.
    """
    opened, n = 0 if fold else count, len(guess)

    def system(unknowns):
        X, eps = unknowns[:n], unknowns[n:]
        g, jacobian = problem.jacobian(X[:-1], X[-1])
        eigen = inertia(problem, jacobian, X[-1])
        chosen = nearest(eigen, count)
        right, left = eigen.right[:, chosen], eigen.left[:, chosen]
        unfolding = right[:, :opened]
        slope = _mean_slope(problem, X, right, left)
        rows = [np.hstack([jacobian, unfolding]), np.append(slope, np.zeros(opened))[None]]
        values = [g + unfolding @ eps, eigen.values[chosen].mean()[None]]
        if not fold:
            in_range = _range_slope(problem, X, jacobian, right, left)
            rows.append(np.hstack([in_range, np.zeros((count, count))]))
            values.append(left.T @ jacobian[:, -1])
        return np.concatenate(values), np.vstack(rows), (jacobian, eigen, right, left, slope)

    start = np.append(np.array(guess, dtype=float), np.zeros(opened))
    found = iterated(system, start, lambda X: problem.scales(X[n - 1]), EXACT)
    if found is None:
        return None
    (jacobian, eigen, right, left, slope), size = found[1], found[3]
    X, eps = found[0][:n], found[0][n:]
    big = np.abs(jacobian[:, :-1]).max()
    # where all of it vanishes it is rounding, and its derivative says how large it is elsewhere
    rise = np.abs(slope * problem.scales(X[-1])).max()
    big = (big if big > ONE_PLACE * rise else rise) or 1.0
    imperfection = float(np.abs(eps).max(initial=0.0) / big)
    return Singularity(X, right, left, eigen.values, fold, imperfection, slope, size)


def locate_fold_on_branch_point(problem: Problem, guess: np.ndarray) -> list[Singularity] | None:
    """A fold and a branch point at one place, as on an arch with a symmetry to break.

    Of the kernel of two dimensions one direction is that of the fold, with
    g_lam in it; across that g_lam is in the range.
    """
    if problem.n < 2:
        return None

    def system(X):
        g, jacobian = problem.jacobian(X[:-1], X[-1])
        eigen = inertia(problem, jacobian, X[-1])
        chosen = nearest(eigen, 2)
        right, left = eigen.right[:, chosen], eigen.left[:, chosen]
        part = left.T @ jacobian[:, -1]
        part = part / max(float(np.linalg.norm(part)), 1e-300)
        turned = np.column_stack([part, [-part[1], part[0]]])
        right, left = right @ turned, left @ turned
        slope = _mean_slope(problem, X, right[:, :1], left[:, :1])
        value = left[:, 0] @ jacobian[:, :-1] @ right[:, 0]
        return np.append(g, value), np.vstack([jacobian, slope]), (eigen, right, left, slope)

    found = iterated(system, np.array(guess), lambda X: problem.scales(X[-1]), EXACT)
    if found is None:
        return None
    X, (eigen, right, left, slope), _, size = found
    values = np.sort(np.abs(eigen.values))
    if len(values) < 2 or values[1] > STUCK * max(values[-1], 1.0):
        return None
    other = _mean_slope(problem, X, right[:, 1:], left[:, 1:])
    return [
        Singularity(X, right[:, :1], left[:, :1], eigen.values, True, 0.0, slope, size),
        Singularity(X, right[:, 1:], left[:, 1:], eigen.values, False, 0.0, other, size),
    ]


def _mean_slope(problem: Problem, X, right, left) -> np.ndarray:
    """Gradient in (x, lam) of the mean of the eigenvalues with these vectors; (n + 1,)."""
    total = np.zeros(len(X))
    for phi, psi in zip(right.T, left.T, strict=True):
        total += psi @ problem.jacobian_along(X[:-1], X[-1], np.append(phi, 0.0))
    return total / right.shape[1]


def _range_slope(problem: Problem, X, jacobian, right, left) -> np.ndarray:
    """Derivative of psi' g_lam in (x, lam), the turning of psi included; (count, n + 1)."""
    n, count = right.shape
    bordered = np.zeros((n + count, n + count))
    bordered[:n, :n], bordered[:n, n:], bordered[n:, :n] = jacobian[:, :-1], right, left.T
    target = np.append(-jacobian[:, -1], np.zeros(count))
    try:
        across = np.linalg.solve(bordered, target)[:n]
    except np.linalg.LinAlgError:  # the kernel is larger than ``count``
        across = shortest(bordered, target)[:n]
    return left.T @ problem.jacobian_along(X[:-1], X[-1], np.append(across, 1.0))
