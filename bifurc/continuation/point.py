"""One point of a branch."""

from dataclasses import dataclass

import numpy as np

from bifurc.protocol import Problem
from bifurc.spectra import Block


@dataclass(frozen=True, eq=False, slots=True)
class Point:
    """One solution of g(x, lam) = 0 and the way on from it.

    Arrays must not be written to.
    """

    X: np.ndarray  # (n + 1,), the unknowns (x, lam)
    tangent: np.ndarray  # (n + 1,), of length 1 in these scales:
    scales: np.ndarray  # (n + 1,), lengths that count as one near this point
    jacobian: np.ndarray  # (n, n + 1), [dg/dx | dg/dlam]
    values: np.ndarray  # (n,) or fewer, eigenvalues of dg/dx, ascending
    iterations: int = 0  # Newton iterations that it took

    def __repr__(self) -> str:
        return f"Point: {len(self.X) - 1} unknowns at {self.lam:.10g}"

    @property
    def x(self) -> np.ndarray:
        """The state, shape (n,)."""
        return self.X[:-1]

    @property
    def lam(self) -> float:
        """The parameter."""
        return float(self.X[-1])

    @property
    def negatives(self) -> int:
        """Number of negative eigenvalues of dg/dx."""
        return int(self.values.searchsorted(0.0))


def point_of(problem: Problem, X: np.ndarray, along: np.ndarray) -> Point:
    """The point at a place that is known already, going on in the direction ``along``."""
    lam = float(X[-1])
    scales = np.asarray(problem.scales(lam), dtype=float)
    _, jacobian = problem.jacobian(X[:-1], lam)
    values = Block(jacobian[:, :-1], problem.weights(lam)).values()
    return Point(X, along / np.linalg.norm(along / scales), scales, jacobian, values)
