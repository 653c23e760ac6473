"""Branches through a point where third order does not decide: found at a small distance.

Lyapunov-Schmidt reduction is done numerically: for a distance l of the
parameter and an amplitude s of the kernel vector phi, everything across the
kernel is solved for, and one number h(l, s) is left. On a small circle in
(l, s) each zero of h is an arm of a branch; one on each side is the branch
that is known. Whatever the order of h, its arms are there to be counted.

References
----------
.. [1] Golubitsky, Schaeffer, "Singularities and Groups in Bifurcation Theory
   I", Springer 1985, chapter I.
"""

import numpy as np

from bifurc.continuation.correct import correct
from bifurc.continuation.newton import LOST
from bifurc.continuation.options import Options
from bifurc.protocol import Problem
from bifurc.switching.normal_form import NormalForm

RADII = (0.05, 0.02, 0.005)  # of the circle, in scales
ANGLES = 720  # arms closer together than half a degree are not told apart
ITERATIONS = 20
LAST = 1e-12  # update of Newton across the kernel, in scales


def arms(problem: Problem, X: np.ndarray, form: NormalForm, tangent: np.ndarray, options: Options):
    """The first points of all arms at an event but those of the known branch.

    Parameters
    ----------
    form : NormalForm
        A degenerate one: of it the kernel and the other directions are used.
    tangent : ndarray, shape (n + 1,)
        Of the known branch.

    Returns
    -------
    list of Point, and the radius at which they were found
    """
    for radius in RADII:
        try:
            found = _on_circle(problem, X, form, tangent, radius, options)
        except LOST:
            continue
        if found is not None:
            return found, radius
    return [], RADII[-1]


def _on_circle(problem: Problem, X, form: NormalForm, tangent, radius: float, options: Options):
    """The arms at one radius; None if one of them is not found on a branch."""
    from scipy.optimize import brentq  # waited for where it is needed

    scales = np.asarray(problem.scales(X[-1]))
    line = form.kernel / scales[:-1] ** 2
    along = float(tangent[-1]) / scales[-1]
    aside = float(line @ (tangent[:-1] - tangent[-1] * form.trivial[:-1]))

    def state(angle):
        l, s = radius * np.cos(angle) * scales[-1], radius * np.sin(angle)
        return _across(problem, X, form, line, l, s)

    # the grid lies askew, so that no arm that symmetry puts on an axis is on it
    grid = np.linspace(0, 2 * np.pi, ANGLES + 1) + 0.37 * 2 * np.pi / ANGLES
    heights = np.array([state(angle)[1] for angle in grid])
    zeros = [
        brentq(lambda angle: state(angle)[1], grid[i], grid[i + 1], xtol=1e-15)
        for i in np.flatnonzero(heights[:-1] * heights[1:] < 0)
    ]
    for known in (np.arctan2(aside, along), np.arctan2(-aside, -along)):
        if zeros:
            zeros.remove(min(zeros, key=lambda angle: 1 - np.cos(angle - known)))
    points = []
    for angle in zeros:
        guess, _ = state(angle)
        outward = guess - X
        outcome = correct(problem, guess, outward / np.linalg.norm(outward / scales), options)
        if outcome.point is None or outcome.moved > radius / 2:
            return None
        points.append(outcome.point)
    return points


def _across(
    problem: Problem, X, form: NormalForm, line, l: float, s: float
) -> tuple[np.ndarray, float]:
    """The point at (l, s) with g = -h phi, and h: Newton across the kernel."""
    phi, scales = form.kernel, problem.scales(X[-1])
    at = X + l * form.trivial
    at[:-1] += s * phi
    target, h = line @ at[:-1], 0.0
    for _ in range(ITERATIONS):
        g, jacobian = problem.jacobian(at[:-1], at[-1])
        bordered = np.block([[jacobian[:, :-1], phi[:, None]], [line[None, :], np.zeros((1, 1))]])
        right = np.append(-(g + h * phi), target - line @ at[:-1])
        step = np.linalg.solve(bordered, right)
        at[:-1] += step[:-1]
        h += float(step[-1])
        if np.linalg.norm(step[:-1] / scales[:-1]) < LAST:
            return at, h
    raise np.linalg.LinAlgError("no point across the kernel")
