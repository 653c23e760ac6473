"""Newton's method for a square system: what every extended system is solved by.

A system is a function of the unknowns that returns its value and its
derivative. The last update is added and not looked at again, so that an
error of its square is left.
"""

from collections.abc import Callable

import numpy as np

from bifurc.continuation.constants import EXACT, LONGEST, STUCK, TRIES
from bifurc.errors import NotDefinedError, ZeroRowError

System = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
LOST = (NotDefinedError, ZeroRowError, np.linalg.LinAlgError)


def solve(system: System, X: np.ndarray, scales: np.ndarray, iterations: int = TRIES):
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
    found = iterated(lambda X: (*system(X), None), X, lambda _: scales, EXACT, iterations)
    return None if found is None else found[0]


def iterated(
    system: Callable, X: np.ndarray, scales: Callable, enough: float, iterations: int = TRIES
):
    """:func:`solve`, with what it was solved by.

    Parameters
    ----------
    system : callable X -> (value, derivative, about)
        ``about`` is whatever the two were made of.
    X : ndarray, shape (m,)
    scales : callable X -> lengths of the first unknowns, those that have to settle
    enough : float
        The last update of these.

    Returns
    -------
    (X, about, step, size), or None if it does not converge
        ``about`` belongs to the iterate before the last update ``step``.
    """
    last = np.inf
    for _ in range(iterations):
        try:
            value, slopes, about = system(X)
            step = np.linalg.solve(slopes, -value)
        except LOST:
            return None
        units = scales(X)
        size = float(np.linalg.norm(step[: len(units)] / units))
        if not np.isfinite(size):
            return None
        X = X + step * min(1.0, LONGEST / max(size, EXACT))
        if size < enough or (size < STUCK and size >= last / 2):
            return X, about, step, size
        last = size
    return None
