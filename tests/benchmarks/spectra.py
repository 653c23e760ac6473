"""What a package that sees the branch alone has to be given besides, to find the same events.

The eigenvalues of all other isotypic blocks come from a plain function of one
point, at every point that the package found. Where one changes sign, Brent's
method finds its zero, with Newton for the branch at each trial value.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from tests.benchmarks.tasks import TOLERANCE, Task


def completed(way: Callable) -> Callable:
    """The same side, with the spectra of all irreps and the events in them."""

    def run(task: Task):
        points, events = way(task)
        return points, [*events, *crossings(task, np.asarray(points))]

    return run


def crossings(task: Task, points: np.ndarray) -> list[np.ndarray]:
    """Where an eigenvalue outside the branch's own block vanishes between two points."""
    spectra = [task.spectra(X[:-1], X[-1]) for X in points]
    found = []
    for one, other, before, after in zip(points, points[1:], spectra, spectra[1:], strict=False):
        for name, values in before.items():
            for j in np.flatnonzero((values < 0) != (after[name] < 0)):
                found.append(_between(task, one, other, name, j))
    return found


def _between(task: Task, one, other, name, j: int) -> np.ndarray:
    def eigenvalue(lam: float) -> float:
        return task.spectra(_on_branch(task, one, other, lam), lam)[name][j]

    lam = brentq(eigenvalue, one[-1], other[-1], xtol=TOLERANCE, rtol=TOLERANCE)
    return np.append(_on_branch(task, one, other, lam), lam)


def _on_branch(task: Task, one, other, lam: float) -> np.ndarray:
    """Newton at fixed ``lam`` from the chord."""
    share = (lam - one[-1]) / (other[-1] - one[-1])
    x = one[:-1] + share * (other[:-1] - one[:-1])
    for _ in range(10):
        g = task.gradient(x, lam)
        if np.abs(g).max() < TOLERANCE:
            break
        x = x - np.linalg.solve(task.hessian(x, lam), g)
    return x
