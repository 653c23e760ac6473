"""Critical points from the starting pattern of a family, at one value of its parameters.

The pattern gives the diagonals (+1 or -1), and for extra rows, which have
none, entries by column where the user knows them. The others follow from the
one thing every critical point at large size nearly has: the student's rows
add up to the teacher's, column by column (the linear part of the error
vanishes). Far out, where one set has grown to ten thousand points and more,
the pattern is so near to the critical point whose limit it is that Newton
needs a few steps (:func:`beside`). Where a family has no such limit, a
regularised Newton method, a Newton step on the convex side, goes down in the
fixed-point space to the nearest minimum (:func:`nearest`). A family that was
found in a matrix brings its member along (:func:`as_found`). No solution is
stored.

Which member a name means, and how it is reached, is said in :mod:`bifurc.members`.
"""

import logging
from collections.abc import Mapping

import numpy as np

from bifurc.loss.gauge import fixed
from bifurc.loss.neutral import equal_norms, shared_classes
from bifurc.loss.problem import NetworkProblem
from bifurc.spectra import shortest
from bifurc.structure.families import Family
from bifurc.structure.structure import BIAS

log = logging.getLogger(__name__)

NEARLY = 1e-9  # 1 - cosine of two rows that a descent has not made quite parallel
STEP = 1e-9  # last update of a Newton iteration, over the norm of W
STEPS = 12  # of that iteration: it starts near its end
GIVING_WAY = (*(2.0**-k for k in range(12)), 0.0)  # stiffness of what holds biases at a start
ROUNDED = 1e-14  # of the norm of W: a gradient that is rounding
MOVED = 0.1  # a member that was found does not move by more than this share


class StartError(ValueError):
    """No critical point with the wanted pattern was found."""


def pattern(problem: NetworkProblem, family: Family, lam: float) -> np.ndarray:
    """Coordinates with the family's diagonals and matching column sums; shape (n,)."""
    s = problem.structure
    place = {c.name: i for i, c in enumerate(s.inputs)}
    x = known_entries(problem, family)
    # biases start at 0, output weights where they would be fixed
    beside = [BIAS in s.beside and c.column == BIAS for c in s.coordinates]
    x = np.where(beside, 0.0, np.where(np.isnan(fixed(problem)), x, fixed(problem)))
    known = ~np.isnan(x)
    x = np.where(known, x, 0.0)
    rows = problem.rows(x, lam)
    # what each column still lacks, shared out over the rows
    signs = rows.signs * np.ones_like(rows.sizes)
    lacks = -((signs * rows.sizes)[..., None, :] @ rows.beta + signs[..., None, :] @ rows.sigma)
    share = lacks[0, 0] / np.abs(rows.sizes[0, : len(s.students)]).sum()
    return np.where(known, x, [share[place[c.column]] for c in s.coordinates])


def off_continuum(problem: NetworkProblem, x: np.ndarray, lam: float):
    """Recognise a start on a continuum of critical points and choose one point of it.

    Where rows of different blocks are parallel they exchange norm freely, so
    the critical point is one of a continuum. Its representative has equal rows.

    Returns
    -------
    problem, x
        As they were; or a pinned problem and the representative.
    """
    if not problem.exchanges:
        return problem, x
    rows = problem.rows(x, lam)
    classes = shared_classes(rows, problem.layout, NEARLY)
    if not classes:
        return problem, x
    pinned = problem.on(problem.structure, problem.any_size)
    pinned.pinned = True
    chosen = x
    for members in classes:
        chosen = equal_norms(rows, problem.layout, chosen, members)
    values = problem.loss(np.array([x, chosen]), np.array([lam, lam]))
    if abs(values[1] - values[0]) > 1e-9 * (1 + abs(values[0])):
        return problem, x  # near to parallel, but not parallel
    names = [", ".join(problem.structure.students[i].name for i in m) for m in classes]
    log.warning(
        "The start lies on a continuum of critical points: rows %s are parallel and exchange norm "
        "at no cost. The point where they are equal stands for all of them.",
        "; ".join(names),
    )
    return pinned, chosen


def known_entries(problem: NetworkProblem, family: Family) -> np.ndarray:
    """What the pattern says of each coordinate, nan where nothing; shape (n,)."""
    s = problem.structure
    points = {b.name: b.points for b in (*s.students, *s.inputs)}

    def entry(coordinate) -> float:
        given = family.start[coordinate.row]
        own = points[coordinate.row] == points[coordinate.column]
        if isinstance(given, Mapping):
            given = given.get(coordinate.column, np.nan)
        elif not own:
            return np.nan
        diagonal, off = given if isinstance(given, list | tuple) else (given, np.nan)
        return off if coordinate.part == "off" else diagonal

    return np.array([entry(coordinate) for coordinate in s.coordinates], dtype=float)


def descend(problem: NetworkProblem, x: np.ndarray, lam: float, steps: int = 400):
    """Regularised Newton descent to a critical point; returns (x, |gradient|).

    The step solves (H + mu) dx = -g in orthonormal coordinates, mu just large
    enough to make H + mu positive, and is shortened until the loss falls.
    """
    root = np.sqrt(np.maximum(problem.weights(lam), 1e-12))
    damping = 1e-3
    with np.errstate(all="ignore"):
        value = problem.loss(x, lam)
    if not np.isfinite(value):
        problem.jacobian(x, lam)  # says which row is zero, if one is
        raise StartError("The loss is no finite number at the start; give another start or kernel.")
    for _ in range(steps):
        g, jacobian = problem.jacobian(x, lam, checked=False)
        norm = np.linalg.norm(g * root)
        if norm < 1e-12:
            break
        values, vectors = np.linalg.eigh(_symmetrised(jacobian[:, :-1], root))
        shift = max(0.0, -1.5 * values[0]) + damping * min(1.0, float(norm))
        step = -(vectors @ ((vectors.T @ (g * root)) / (values + shift + 1e-300))) / root
        trial = problem.loss(x + step, lam)
        if np.isfinite(trial) and trial <= value + 1e-13 * abs(value) + 1e-15:
            x, value, damping = x + step, trial, damping / 5
        else:
            damping = 10 * max(damping, 1e-8)
            if damping > 1e12:
                break
    return _polished(problem, x, lam, root)


def _polished(problem: NetworkProblem, x: np.ndarray, lam: float, root: np.ndarray):
    """Pure Newton steps as long as the gradient falls: the loss no longer resolves the descent."""
    g, jacobian = problem.jacobian(x, lam, checked=False)
    norm = np.linalg.norm(g * root)
    for _ in range(5):
        try:
            moved = x - shortest(jacobian[:, :-1], g)
        except np.linalg.LinAlgError:
            break
        g, jacobian = problem.jacobian(moved, lam, checked=False)
        if not np.linalg.norm(g * root) < norm:
            break
        x, norm = moved, np.linalg.norm(g * root)
    return x, float(norm)


def _symmetrised(matrix: np.ndarray, root: np.ndarray) -> np.ndarray:
    scaled = matrix * root[:, None] / root[None, :]
    return (scaled + scaled.T) / 2


def deviation(problem: NetworkProblem, family: Family, x: np.ndarray) -> float:
    """How far the entries of ``x`` are from the pattern as a limit.

    Entries that the pattern does not give vanish in the limit, but those of
    rows that it gives by column, of which it says nothing.
    """
    given = known_entries(problem, family)
    by_column = [isinstance(family.start[c.row], Mapping) for c in problem.structure.coordinates]
    limit = np.where(np.isnan(given) & ~np.array(by_column), 0.0, given)
    return float(np.nan_to_num(np.abs(x - limit)).max())


def beside(problem: NetworkProblem, family: Family, lam: float) -> np.ndarray | None:
    """The critical point beside the pattern, by plain Newton; None where there is none."""
    return newton(problem, pattern(problem, family, lam), lam)


def newton(problem: NetworkProblem, x: np.ndarray, lam: float, held=None) -> np.ndarray | None:
    """The critical point that plain Newton goes to from ``x``; None where there is none.

    ``held`` are (stiffness, rest), each (n,), of a spring on coordinates.
    """
    root = np.sqrt(np.maximum(problem.weights(lam), 0.0))
    stiffness, rest = held or (np.zeros(problem.n), x)
    for _ in range(STEPS):
        try:
            g, jacobian = problem.jacobian(x, lam)
            g = g + stiffness * (x - rest)
            step = np.linalg.solve(jacobian[:, :-1] + np.diag(stiffness), g)
        except (ArithmeticError, np.linalg.LinAlgError):
            return None
        x = x - step
        if np.linalg.norm(step * root) < STEP * np.linalg.norm(x * root):
            return x
    return None


def released(problem: NetworkProblem, x: np.ndarray, lam: float) -> np.ndarray | None:
    """The critical point where biases and output weights are let go; None if there is none.

    By plain Newton, or step by step, as a spring that holds them where they are in ``x`` gives way.
    """
    found = newton(problem, x, lam)
    if found is not None:
        return found
    free = [c.column in problem.structure.beside for c in problem.structure.coordinates]
    found = x
    for stiffness in GIVING_WAY:
        found = newton(problem, found, lam, (stiffness * np.array(free), x))
        if found is None:
            return None
    return found


def nearest(problem: NetworkProblem, family: Family, lam: float) -> np.ndarray:
    """The minimum in the fixed-point space that the pattern leads down to at ``lam``.

    Raises
    ------
    StartError
        If its entries do not have the signs that the pattern names.
    """
    x, norm = descend(problem, pattern(problem, family, lam), lam)
    if norm < 1e-9 and has_pattern(problem, family, x):
        return x
    raise StartError(f"at {lam:g} the descent ended with |gradient| {norm:.1e} elsewhere")


def as_found(problem: NetworkProblem, family: Family, lam: float) -> np.ndarray:
    """The member that the family was found at, polished.

    Raises
    ------
    StartError
        If it is no critical point.
    """
    given = {name.removesuffix(".diag"): v for name, v in family.found["coordinates"].items()}
    # on this line a set may be a single point, whose entry is its diagonal
    names = [c.name.removesuffix(".diag") for c in problem.structure.coordinates]
    start = x = np.array([given[name] for name in names], dtype=float)
    root = np.sqrt(np.maximum(problem.weights(lam), 0.0))
    for _ in range(20):
        g, jacobian = problem.jacobian(x, lam)
        try:
            step = shortest(jacobian[:, :-1], g, 1e-12)
        except np.linalg.LinAlgError:
            break
        x = x - step
        if np.abs(x - start).max() > MOVED * np.abs(start).max():
            break
        # near a degenerate point rounding of g alone makes steps that do not shrink
        rounded = np.linalg.norm(g * root) < ROUNDED * np.linalg.norm(x * root)
        if rounded or np.abs(step).max() < 1e-12:
            return x
    raise StartError(f"The member of family {family.name!r} in [found] is no critical point.")


def has_pattern(problem: NetworkProblem, family: Family, x: np.ndarray) -> bool:
    """Whether the entries of ``x`` that the pattern names have its signs."""
    wanted = known_entries(problem, family)
    return not np.any(wanted * x < 0.0) and not np.any(
        (wanted != 0.0) & (x == 0.0) & ~np.isnan(wanted)
    )
