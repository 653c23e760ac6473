"""The way of today: full matrices at whole d, and all eigenvalues of the full Hessian."""

import numpy as np

from bifurc import seeds
from bifurc.api import member
from bifurc.events.branch import follow
from bifurc.loss import full
from bifurc.loss.embedding import matrices
from tests.benchmarks.tasks import TOLERANCE


def spectrum(problem, x, d: int) -> np.ndarray:
    """All d² eigenvalues at the critical point that Newton finds from the coordinates ``x``."""
    w, v = matrices(problem.structure, x, problem.parameters(d))
    for _ in range(20):
        hessian = full.hessian(w, v, problem.kernel)
        step = np.linalg.solve(hessian, full.gradient(w, v, problem.kernel).ravel())
        w = w - step.reshape(w.shape)
        if np.abs(step).max() < TOLERANCE:
            break
    return np.linalg.eigvalsh(full.hessian(w, v, problem.kernel))


def sweep(family: str, first: int, last: int) -> list[tuple[int, int]]:
    """(d, number of negative eigenvalues) at every whole d from ``first`` down to ``last``.

    Each Newton starts from the coordinates of the family one dimension up.
    """
    found = []
    for d in range(first, last - 1, -1):
        problem, point = member(family, "d", d + 1.0)
        found.append((d, int(np.count_nonzero(spectrum(problem, point.x, d) < 0))))
    return found


def one_by_one(family: str, d: tuple[float, float], name: str, values) -> list:
    """The branches of a family for each value of a parameter, by a loop."""
    starts = (seeds.seed(family, {"d": d, name: float(value)}) for value in values)
    return [follow(seed.problem, seed.start, seed.window) for seed in starts]
