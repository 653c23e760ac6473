"""Whether functions have the symmetry that is said of them, and a Hessian that is one.

What the rest takes for granted is tried at random points before anything is
followed: generators are orthogonal, the loss is the same and the gradient
turned at turned points, the Hessian is symmetric and the derivative of the
gradient. A check that fails says which, where, and by how much.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from bifurc.groups.make import check_orthogonal

POINTS = 3  # random points; what is wrong is wrong nearly everywhere
TURNED = 1e-5  # relative difference that counts; functions in single precision have 1e-6
SLOPES = 1e-3  # the same for a derivative against a difference
STEP = 1e-5  # of that difference, in units of the state; the error is its square
NEAR = 0.1  # how far from a given point, in units of its size, the random ones are


def check_symmetry(problem: Any, x: np.ndarray | None = None, lam: float = 0.3) -> None:
    """Raise ValueError unless a problem has the symmetry of its group.

    Parameters
    ----------
    problem : SymmetricProblem
        Or anything with ``full`` (a plain problem) and ``group``.
    x : ndarray, shape (n,), optional
        A point where the functions are defined: others are taken near it.
    lam : float
        The parameter there.

    Raises
    ------
    ValueError
        With the generator, the place and the size of the largest difference.
    """
    full, group = problem.full, problem.group
    if group.n != full.n:
        raise ValueError(
            f"The group acts on R^{group.n} and the problem has n = {full.n}. A product acts on "
            "coordinates of each factor; for groups on the same coordinates use "
            "bifurc.groups.joined."
        )
    turns = [_as_matrix(g, full.n) for g in group.generators]
    for i, g in enumerate(turns):
        check_orthogonal(g, full.n, f"Generator {i}")
    check_hessian(full, x, lam)
    for at in _points(full.n, x):
        for i, g in enumerate(turns):
            _compare_turned(full, at, lam, i, g)


def check_hessian(problem: Any, x: np.ndarray | None = None, lam: float = 0.3) -> None:
    """Raise ValueError unless the Hessian is symmetric and the derivative of the gradient.

    And the gradient that of the loss, where there is one. Parameters are those
    of :func:`check_symmetry`.
    """
    for at in _points(problem.n, x):
        hessian = np.asarray(problem.hessian(at, lam), dtype=float)
        if hessian.shape != (problem.n, problem.n):
            raise ValueError(f"The Hessian has shape {hessian.shape}, not {(problem.n,) * 2}.")
        _refuse("The Hessian is not symmetric", hessian - hessian.T, hessian, TURNED, at, lam)
        way = np.random.default_rng(1).normal(size=problem.n)
        size = 1.0 + np.abs(at).max(initial=0.0)
        h = STEP * size / np.abs(way).max(initial=1.0)
        rise = problem.gradient(at + h * way, lam) - problem.gradient(at - h * way, lam)
        slope = rise / (2 * h)
        what = "The Hessian is not the derivative of the gradient"
        _refuse(what, hessian @ way - slope, slope, SLOPES, at, lam)
        if problem.loss is not None:
            rise = problem.loss(at + h * way, lam) - problem.loss(at - h * way, lam)
            gradient = np.asarray(problem.gradient(at, lam), dtype=float)
            off = gradient @ way - rise / (2 * h)
            what = "The gradient is not the derivative of the loss"
            _refuse(what, np.array([off]), np.linalg.norm(gradient), SLOPES, at, lam)


def _points(n: int, x: np.ndarray | None) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    for _ in range(POINTS):
        random = rng.normal(size=n)
        yield random if x is None else x + NEAR * (1 + np.abs(x).max(initial=0.0)) * random


def _compare_turned(full: Any, x: np.ndarray, lam: float, i: int, g: np.ndarray) -> None:
    """The gradient, and the loss, at a point and at its image."""
    moved = g @ x
    gradient = np.asarray(full.gradient(x, lam), dtype=float)
    off = np.asarray(full.gradient(moved, lam), dtype=float) - g @ gradient
    what = f"The gradient does not have the symmetry of generator {i}"
    _refuse(what, off, gradient, TURNED, x, lam)
    if full.loss is not None:
        value = full.loss(x, lam)
        off = np.array([full.loss(moved, lam) - value])
        what = f"The loss does not have the symmetry of generator {i}"
        _refuse(what, off, abs(value) + np.linalg.norm(gradient), TURNED, x, lam)


def _refuse(what: str, off, scale, most: float, x: np.ndarray, lam: float) -> None:
    """Raise where a difference is more than ``most`` of the usual size."""
    if not np.size(off) or not np.isfinite(off).all() or not np.isfinite(scale).all():
        return  # not defined there; the engine says so when it comes to such a point
    size = np.abs(off).max()
    if size <= most * (np.abs(scale).max() + np.finfo(float).tiny):
        return
    place = np.unravel_index(np.abs(off).argmax(), np.shape(off))
    entry = f"entry {', '.join(map(str, place))} is off by {off[place]:.3g}"
    where = np.array2string(x[:6], precision=3, separator=", ") + (" ..." if len(x) > 6 else "")
    raise ValueError(
        f"{what}: at lam = {lam:g}, x = {where}, {entry} (of {np.abs(scale).max():.3g})."
    )


def _as_matrix(g: np.ndarray, n: int) -> np.ndarray:
    g = np.asarray(g)
    return np.eye(n)[g] if g.ndim == 1 else g
