"""Newton on the full loss: from a trained matrix to the critical point it stands for.

No symmetry is used or kept, so what comes out has the symmetry the matrix
really had. Newton preserves the index: a saddle stays a saddle. Steps are
shortened until the gradient falls, and a point that Newton has to go far for
is not the one that was handed in, so the distance is bounded.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy.sparse.linalg import LinearOperator, minres

from bifurc.loss import full

TOLERANCE = 1e-12  # on the Frobenius norm of the gradient
REACH = 0.1  # relative distance past which another critical point was found
ITERATIONS = 40
SPECTRAL = 900  # unknowns up to which the Hessian is formed
ROUGH, EXACT = 1e-2, 1e-8  # relative errors of a Newton step, far from its end and near it
PRODUCTS = 500  # with the Hessian, for one step
FIXED = (None, None)  # second-layer weights of student and teacher: all 1
SINGULAR = 1e-10  # relative eigenvalue below which a direction counts as neutral


class Verdict(Enum):
    """How a polishing ended."""

    CRITICAL = "Newton converged to a critical point."
    STALLED = (
        "The matrix is not near a critical point: the gradient does not fall to zero along "
        "Newton's steps. Train longer, or check that the teacher is the right one."
    )
    FAR = (
        "The matrix is not near a critical point: the one that Newton finds is more than 10 % "
        "away. Train longer, or check that the teacher is the right one."
    )

    @property
    def ok(self) -> bool:
        """Whether the matrix is a critical point now."""
        return self is Verdict.CRITICAL


@dataclass(frozen=True, eq=False)
class Polished:
    """A matrix after polishing.

    Attributes
    ----------
    w : ndarray, shape (k, d)
    status : Verdict
    before, after : float
        Norm of the gradient.
    moved : float
        Distance from the matrix given, relative to its norm.
    """

    w: np.ndarray
    status: Verdict
    before: float
    after: float
    moved: float


def polish(
    w, v, kernel, weights=FIXED, tolerance: float = TOLERANCE, reach: float = REACH
) -> Polished:
    """Polish ``w`` (k, d) by Newton until the gradient is below ``tolerance``.

    ``weights`` are those of the second layer, of student and teacher.

    Directions in which the Hessian vanishes are left alone (the
    pseudo-inverse step), so a point of a continuum goes to a near point of it.
    """
    start, norm = w, np.linalg.norm(full.gradient(w, v, kernel, *weights))
    first = norm
    for _ in range(ITERATIONS):
        if not norm > tolerance:
            break
        shorter = _descend(w, newton_step(w, v, kernel, weights), norm, v, kernel, weights)
        if shorter is None:
            break
        w, norm = shorter
    moved = float(np.linalg.norm(w - start) / np.linalg.norm(start))
    status = Verdict.CRITICAL if norm <= tolerance else Verdict.STALLED
    if status.ok and moved > reach:
        status = Verdict.FAR
    return Polished(w, status, float(first), float(norm), moved)


def newton_step(w, v, kernel, weights=FIXED) -> np.ndarray:
    """The step -H⁺ g, shape (k, d); of many unknowns by products alone, as far as is needed."""
    g = full.gradient(w, v, kernel, *weights).ravel()
    if len(g) > SPECTRAL:
        # of all solutions minres gives the shortest; an error of order |g| keeps Newton quadratic
        exact = max(EXACT, min(ROUGH, float(np.linalg.norm(g))))
        step, _ = minres(operator(w, v, kernel, *weights), g, rtol=exact, maxiter=PRODUCTS)
        return -step.reshape(w.shape)
    values, vectors = np.linalg.eigh(full.hessian(w, v, kernel, *weights))
    kept = np.abs(values) > SINGULAR * np.abs(values).max()
    along = vectors[:, kept]
    return -(along @ ((along.T @ g) / values[kept])).reshape(w.shape)


def operator(w, v, kernel, a=None, b=None, decay: float = 0.0) -> LinearOperator:
    """The Hessian of the full loss, for what needs its products only; (k d, k d)."""
    times = full.hessian_times(w, v, kernel, a, b)

    def product(u: np.ndarray) -> np.ndarray:
        return times(u.reshape(w.shape)).ravel() + decay * u.ravel()

    return LinearOperator((w.size, w.size), matvec=product, dtype=float)


def _descend(w, step, norm, v, kernel, weights):
    """The longest of step, step/2, ... on which the gradient falls, or None."""
    for _ in range(12):
        trial = w + step
        if np.linalg.norm(trial, axis=1).min() > 0:
            with np.errstate(all="ignore"):  # a step may lead far, where nothing falls
                fallen = np.linalg.norm(full.gradient(trial, v, kernel, *weights))
            if fallen < norm * (1 - 1e-4):
                return trial, fallen
        step = step / 2
    return None
