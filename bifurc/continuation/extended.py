"""One Newton for systems that hold g = 0 and something more."""

from collections.abc import Callable

import numpy as np

from bifurc.continuation.constants import LONGEST, STUCK, TRIES
from bifurc.errors import NotDefinedError, ZeroRowError

LOST = (NotDefinedError, ZeroRowError, np.linalg.LinAlgError)


def newton(problem, guess: np.ndarray, system: Callable, more: int, enough: float):
    """Newton on the unknowns (x, lam) and ``more`` others that start at zero.

    Parameters
    ----------
    problem : see :mod:`bifurc.continuation.problem`
    guess : ndarray, shape (n + 1,)
    system : callable (X, others) -> (values, matrix, about)
        All equations, their derivatives, and what they were made of.
    more : int
    enough : float
        The last update, in scales.

    Returns
    -------
    (X, others, about, step, size), or None if it does not converge
        ``about`` belongs to the iterate before the last update ``step``.
    """
    n = len(guess)
    unknown, last = np.append(np.array(guess, dtype=float), np.zeros(more)), np.inf
    for _ in range(TRIES):
        try:
            values, matrix, about = system(unknown[:n], unknown[n:])
            step = np.linalg.solve(matrix, -values)
        except LOST:
            return None
        size = float(np.linalg.norm(step[:n] / problem.scales(unknown[n - 1])))
        if not np.isfinite(size):
            return None
        unknown = unknown + step * min(1.0, LONGEST / max(size, 1e-300))
        if size < enough or (size < STUCK and size >= last / 2):
            return unknown[:n], unknown[n:], about, step[:n], size
        last = size
    return None
