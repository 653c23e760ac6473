"""Find the zeros that persist along a branch, so that rounding is never read as a sign.

An eigenvalue that is zero for a reason is computed as rounding: its sign is
chance, and a Jacobian that has it inside the fixed-point space is singular
everywhere. One evaluation cannot tell such a zero from a crossing that happens
to be near; the branch can. What lies within rounding of zero at *all* of its
points is set apart, once, and everything downstream sees the rest.

How far rounding reaches (:func:`floors`) is derived, not chosen: the entries
of a block are functions of (x, lam), each known to a few units in its last
place and to what the corrector leaves, and their own sums are rounded.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from bifurc.continuation.correct import Outcome, correct_at
from bifurc.continuation.newton import LOST
from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.protocol import Problem
from bifurc.spectra import CONTINUUM, Block, Neutrals, shortest
from bifurc.structure.irreps import Component

EPS = float(np.finfo(float).eps)
OPERATIONS = 64  # roundings behind an entry: a kernel's formula and the sums over rows and columns
# over the largest eigenvalue: what is larger is no rounding, and nothing more is asked
SCREEN = 1e-9
PROBE = 0.02  # how far from a point its neighbours are asked, in the scale of lam
MOVE = 0.1  # how far to go along a zero to see whether it is a continuum, where a row has length 1
UNKNOWN = "no reason known"
PATIENT = Options(max_iterations=30)


def accuracy(problem: Problem) -> float:
    """Relative error of an entry of a block: of rounding, or of what it is approximated by."""
    return max(OPERATIONS * EPS, problem.error)


def floors(problem: Problem, X: np.ndarray, blocks: dict[Component, Block], which: list[Component]):
    """How far from zero rounding can move an eigenvalue of blocks; {component: (points,)}.

    By Weyl's inequality no further than the norm of the error of the block:
    with u the :func:`accuracy` of an entry,

        u max |B| + sum over a of |dB/dX_a| (u |X_a| + tol scale_a),

    the largest norm of all blocks, for their sums are made of the same terms,
    and for each unknown its own rounding and what the corrector may leave.
    """
    x, lam, n = X[:, :-1], X[:, -1], X.shape[1] - 1
    unit = accuracy(problem)
    left = PATIENT.newton_tol * problem.scales(lam) * np.ones_like(X)
    error = unit * np.abs(X) + left
    norms = [_norm(block.matrix, block.weights) for block in blocks.values()]
    found = dict.fromkeys(which, unit * np.max(norms, axis=0))
    for a in range(n + 1):
        along = np.broadcast_to(np.eye(n + 1)[a], X.shape)
        for c, change in problem.blocks_along(x, lam, along, which).items():
            found[c] = found[c] + _norm(change, blocks[c].weights) * error[:, a]
    return found


def _norm(matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Frobenius norm in orthonormal coordinates; copies of no length are left out."""
    root = np.sqrt(np.maximum(weights, 0.0))
    across = np.where(root > 0, 1.0 / np.where(root > 0, root, 1.0), 0.0)
    return np.linalg.norm(matrix * root[..., :, None] * across[..., None, :], axis=(-1, -2))


def counted(problem: Problem, X: np.ndarray, components=None) -> dict[Component, int]:
    """How many eigenvalues of each block are zero, to rounding, at all points X (points, n + 1).

    Where a form is not definite eigenvalues need not be real, and it is not asked.
    """
    bare = _bare(problem)
    blocks = bare.blocks(X[:, :-1], X[:, -1], components)
    values = {c: np.abs(block.eigen().values) for c, block in blocks.items()}
    suspects = [c for c in blocks if _screened(problem, values, c)]
    if not suspects:
        return {}
    levels, found = floors(bare, X, blocks, suspects), {}
    for c in suspects:
        zero = np.count_nonzero(values[c] <= levels[c][:, None], axis=-1)[blocks[c].definite]
        if zero.size and zero.min():
            found[c] = int(zero.min())
    return found


def _screened(problem: Problem, values: dict[Component, np.ndarray], component: Component) -> bool:
    """Whether a block has small eigenvalues at all points; a cheap question."""
    largest = np.max([v.max(axis=-1, initial=0.0) for v in values.values()], axis=0)
    small = values[component] <= _screen(problem) * largest[:, None]
    return bool(small.any(axis=-1).all())


def _screen(problem: Problem) -> float:
    return max(SCREEN, 10 * accuracy(problem))


def suspected(problem: Problem, values: dict[Component, np.ndarray]) -> bool:
    """Whether eigenvalues (points, k) along a branch call for :func:`settled`."""
    sizes = np.abs(np.concatenate(list(values.values()), axis=-1))
    least, most = sizes.min(axis=-1, initial=np.inf), sizes.max(axis=-1, initial=0.0)
    small = least <= _screen(problem) * most
    return bool(problem.neutrals.zeros) or bool(small.all())


def settled(problem: Problem, X: np.ndarray):
    """The problem with the zeros set apart that all points X (points, n + 1) share."""
    zeros = counted(problem, X)
    reasons = {c: problem.neutrals.reasons.get(c) for c in zeros}
    middle = X[len(X) // 2]
    held = problem.with_neutrals(_apart(problem, middle, zeros, {}))
    reasons = {c: why or reason(held, middle, c, zeros[c]) for c, why in reasons.items()}
    return problem.with_neutrals(_apart(problem, middle, zeros, reasons))


def recognised(problem: Problem, x: np.ndarray, lam: float):
    """The problem with the zeros set apart that persist beside one critical point."""
    here = np.append(x, lam)
    zeros = counted(problem, here[None])
    if not zeros:
        return problem
    trial = problem.with_neutrals(_apart(problem, here, zeros, {}))
    beside = _neighbours(trial, x, lam)
    if not beside:
        return problem
    zeros = counted(trial, np.array([here, *beside]))
    # the point itself may be singular: what persists is seen beside it
    held = problem.with_neutrals(_apart(problem, beside[0], zeros, {}))
    reasons = {c: reason(held, beside[0], c, m) for c, m in zeros.items()}
    return held.with_neutrals(replace(held.neutrals, reasons=reasons))


def _apart(problem: Problem, X: np.ndarray, zeros, reasons) -> Neutrals:
    """The record of zeros, with the stiffness of the branch's own block at ``X``."""
    own = problem.components[0]
    if own not in zeros:
        return Neutrals(zeros, reasons)
    blocks = _bare(problem).blocks(X[:-1], X[-1])
    sizes = {c: np.abs(block.eigen().values) for c, block in blocks.items()}
    # where all of the block vanishes its eigenvalues are rounding, and others say how large one is
    alike = sizes.values() if len(sizes[own]) <= zeros[own] else [sizes[own]]
    stiffness = max(float(each.max(initial=0.0)) for each in alike)
    return Neutrals(zeros, reasons, stiffness or 1.0)


def _neighbours(problem: Problem, x: np.ndarray, lam: float) -> list[np.ndarray]:
    """Points of the branch on both sides, where there are some."""
    reach, found = PROBE * float(problem.scales(lam)[-1]), []
    upward = np.append(np.zeros(len(x)), 1.0)
    for side in (reach, -reach):
        try:
            outcome = correct_at(problem, np.append(x, lam + side), upward, PATIENT)
        except (NotDefinedError, ZeroRowError):
            continue
        if outcome.point is not None:
            found.append(outcome.point.X)
    return found


def reason(problem: Problem, X: np.ndarray, component: Component, zeros: int) -> str:
    """What the zeros of a block come of: what the problem says, or a continuum that is there."""
    eigen = _bare(problem).blocks(X[:-1], X[-1], [component])[component].eigen()
    kernel = eigen.right[:, np.argsort(np.abs(eigen.values))[:zeros]]
    if said := problem.reason_of(component, X[:-1], X[-1], kernel):
        return said
    seen = _where_fixed(problem, X, component)
    return CONTINUUM if seen is not None and _is_continuum(*seen) else UNKNOWN


def _where_fixed(problem: Problem, X: np.ndarray, component: Component):
    """The problem and the state where zeros of ``component`` are of its own block; or None."""
    if component == problem.components[0]:
        return problem, X
    if (found := problem.where_fixed(component)) is None:
        return None
    inside, embedding = found
    state = np.append(embedding @ X[:-1], X[-1])
    zeros = counted(inside, state[None], [inside.components[0]])
    return inside.with_neutrals(_apart(inside, state, zeros, {})), state


def _is_continuum(problem: Problem, X: np.ndarray) -> bool:
    """Whether there are critical points beside ``X`` in all directions of its own zeros."""
    own = problem.components[0]
    zeros = problem.neutrals.own
    eigen = _bare(problem).blocks(X[:-1], X[-1], [own])[own].eigen()
    near = np.argsort(np.abs(eigen.values))[:zeros]
    return zeros > 0 and all(
        _goes_on(problem, X, direction) for direction in eigen.right[:, near].T
    )


def _goes_on(problem: Problem, X: np.ndarray, direction: np.ndarray) -> bool:
    """Whether a critical point lies a little further on."""
    x, lam = X[:-1], X[-1]
    root = np.sqrt(np.maximum(problem.weights(lam), 0.0))
    ahead = x + MOVE * direction / np.linalg.norm(root * direction)
    try:
        outcome = correct_at(problem, np.append(ahead, lam), np.eye(len(X))[-1], PATIENT)
    except (NotDefinedError, ZeroRowError):
        return False
    if outcome.point is None or np.linalg.norm(root * (outcome.point.x - ahead)) > MOVE / 2:
        return False
    g, jacobian = _bare(problem).jacobian(outcome.point.x, lam)
    size = max(float(np.abs(outcome.point.x).max()), 1.0) * np.abs(jacobian).sum(axis=-1).max()
    return bool(np.abs(g).max() <= (accuracy(problem) + PATIENT.newton_tol) * size)


def _bare(problem: Problem):
    """The problem with nothing set apart but what is known by structure."""
    return problem.with_neutrals(Neutrals())


def at_rest(problem: Problem, start: Point) -> tuple[Any, Point]:
    """The problem with the zeros set apart that its own block has at a start, and the start on it.

    Most have none, which the start knows.
    """
    sizes = np.abs(start.values)
    if not sizes.size or sizes.min() > _screen(problem) * sizes.max():
        return problem, start
    held = recognised(problem, start.x, start.lam)
    if not held.neutrals.own:
        return held, start
    outcome = correct_at(held, start.X, start.tangent, PATIENT)
    return held, outcome.point or start


def as_it_is(problem: Problem, outcome: Outcome) -> Outcome:
    """The outcome where zeros are set apart, with the Jacobian that ``problem`` itself has."""
    point = outcome.point
    if point is None:
        return outcome
    _, jacobian = problem.jacobian(point.x, point.lam)
    values = Block(jacobian[:, :-1], problem.weights(point.lam)).values()
    return replace(outcome, point=replace(point, jacobian=jacobian, values=values))


def rested(problem: Problem, x: np.ndarray, lam: float):
    """A critical point near ``x`` by the shortest Newton steps, where Newton alone is singular.

    Returns
    -------
    problem, x
        The problem with its zeros set apart there; or both as they were.
    """
    near, last = np.asarray(x, dtype=float), np.inf
    screen = _screen(problem)
    try:
        for _ in range(PATIENT.max_iterations):
            g, jacobian = problem.jacobian(near, lam)
            step = shortest(jacobian[:, :-1], g, screen)
            near = near - step
            size = float(np.linalg.norm(step / problem.scales(lam)[:-1]))
            if (
                size < PATIENT.newton_tol or last / 2 <= size < screen
            ):  # rounding is all that is left
                return recognised(problem, near, lam), near
            last = size
    except LOST:
        pass
    return problem, x
