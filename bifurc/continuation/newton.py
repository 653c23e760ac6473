"""Newton's method for a square system: what every extended system is solved by.

A system is a function of the unknowns that returns its value and its
derivative. The last update is added and not looked at again, so that an
error of its square is left.
"""

from collections.abc import Callable

import numpy as np

from bifurc.errors import NotDefinedError, ZeroRowError

System = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

DONE = 1e-12  # an update, in scales, after which nothing is left to correct
ROUNDED = 1e-9  # updates below it that no longer shrink by half are rounding
LONGEST = 0.5  # a longer update leaves the neighbourhood that it was predicted in


def solve(system: System, X: np.ndarray, scales: np.ndarray, iterations: int = 20):
    """Newton from ``X``; None if it does not converge or leaves the domain of the system.

    Parameters
    ----------
    system : callable X -> (value, derivative), shapes (m,) and (m, m)
    X : ndarray, shape (m,)
    scales : ndarray, shape (m,)
        Lengths of the unknowns that count as one.
    iterations : int

    Examples
    --------
    >>> X = solve(lambda X: (X * X - 2.0, np.diag(2 * X)), np.array([1.0]), np.ones(1))
    >>> round(float(X[0]), 12)
    1.414213562373
    """
    last = np.inf
    for _ in range(iterations):
        try:
            value, slopes = system(X)
            step = np.linalg.solve(slopes, -value)
        except (NotDefinedError, ZeroRowError, np.linalg.LinAlgError):
            return None
        size = float(np.linalg.norm(step / scales))
        if not np.isfinite(size):
            return None
        X = X + step * min(1.0, LONGEST / max(size, DONE))
        if size < DONE or (size < ROUNDED and size >= last / 2):
            return X
        last = size
    return None
