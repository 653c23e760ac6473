"""Critical points from random states: by Newton as it is, and pushed away from known points.

References
----------
.. [1] Farrell, Birkisson, Funke, "Deflation techniques for finding distinct
   solutions of nonlinear partial differential equations", SIAM J. Sci. Comput. 37, 2015.
"""

import numpy as np

from bifurc.continuation.newton import LOST
from bifurc.continuation.trace import point_at
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.graph.identity import invariants
from bifurc.loss.problem import NetworkProblem
from bifurc.loss.start import off_continuum

LENGTHS = (-1.5, 0.5)  # of starts, as powers of ten
STEPS = 60  # of deflated Newton from one start
ROOM = 1.0  # of invariants: how near a known point pushes Newton away
SHORTEST = 0.05  # of a Newton step: what deflation and damping leave of it at least
AT_REST = 1e-10  # of the gradient
NO_ROW = 1e-9  # of the longest row
LARGE = 1e3  # of coordinates over their lengths: Newton has gone away
FAILS = (ValueError, ZeroRowError, NotDefinedError, *LOST)


def start(problem: NetworkProblem, lam: float, rng) -> np.ndarray:
    """A random state, its coordinates as long as the neurons they are in, or by a factor shorter.

    Points with short rows, high up, are met from short starts only.
    """
    structure, values = problem.structure, problem.parameters(lam)
    sizes = {b.name: float(structure.size[b.points](**values)) for b in structure.students}
    rows = np.array([sizes[c.row] for c in structure.coordinates])
    length = rng.choice([1.0, 10.0 ** rng.uniform(*LENGTHS)])
    return length * rng.normal(size=problem.n) * np.sqrt(rows / problem.weights(lam))


def hybrid(problem, x: np.ndarray, lam: float) -> np.ndarray | None:
    """The critical point where Powell's method ends."""
    end = rest(problem, x, lam)
    return None if end is None else confirmed(problem, end, lam)


def rest(problem, x: np.ndarray, lam: float) -> np.ndarray | None:
    """Where Powell's method ends."""
    from scipy.optimize import root  # waited for where it is needed

    lengths = np.sqrt(problem.weights(lam))

    def both(y):
        g, jacobian = problem.jacobian(y / lengths, lam)
        return lengths * g, lengths[:, None] * jacobian[:, :-1] / lengths

    try:
        run = root(both, lengths * x, jac=True, method="hybr")
        return run.x / lengths if run.success else None
    except FAILS:
        return None


def deflated(problem, x: np.ndarray, lam: float, marks: list[np.ndarray]) -> np.ndarray | None:
    """The critical point where Newton ends that known points push away; ``marks`` are theirs.

    The step of the deflated system is Newton's times a number, see [1].
    """
    lengths = np.sqrt(problem.weights(lam))
    try:
        for _ in range(STEPS):
            g, jacobian = problem.jacobian(x, lam)
            if np.linalg.norm(lengths * g) < AT_REST:
                return confirmed(problem, x, lam)
            step = -np.linalg.solve(jacobian[:, :-1], g)
            reach = float(np.linalg.norm(lengths * step) / (1 + np.linalg.norm(lengths * x)))
            x = x + min(1.0, 1.0 / max(reach, 1e-300)) * _share(problem, x, lam, step, marks) * step
            if not np.abs(lengths * x).max() < LARGE:
                return None
    except FAILS:
        pass
    return None


def _share(problem, x: np.ndarray, lam: float, step: np.ndarray, marks) -> float:
    """How much of a Newton step the deflated system takes."""
    if not marks:
        return 1.0
    h = 1e-6
    here, ahead = (invariants(problem, np.append(x + s * step, lam)) for s in (0.0, h))
    slope = 0.0  # of log of the product of (1 + (ROOM / distance)²) along the step
    for mark in marks:
        off, move = here - mark, (ahead - here) / h
        square = float(off @ off) or 1e-300
        slope -= 2 * ROOM**2 * float(off @ move) / (square * (square + ROOM**2))
    share = 1.0 / (1.0 - slope) if slope != 1.0 else 1.0
    return float(np.sign(share) * np.clip(abs(share), SHORTEST, 1.0))


def confirmed(problem, x: np.ndarray, lam: float) -> np.ndarray | None:
    """The critical point near a state, if Newton finds it; of a continuum that of equal norms."""
    try:
        on_path, x = off_continuum(problem, x, lam)
        found = point_at(on_path, x, lam).x
    except FAILS:
        return None
    return None if _has_no_row(problem, found, lam) else found


def _has_no_row(problem: NetworkProblem, x: np.ndarray, lam: float) -> bool:
    """Whether Newton went to where a row is zero, and the loss is not smooth."""
    if getattr(problem.kernel_at(lam), "smooth", False):
        return False
    rows = problem.rows(x, lam)
    norms = rows.norms[..., : len(problem.structure.students)]
    return bool(norms.min() <= NO_ROW**2 * norms.max())
