"""Find the member of a family that its starting pattern points at.

The pattern gives the diagonals (+1 or -1) only. The off-diagonal entries
follow from the one thing every critical point at large size nearly has: the
student's rows add up to the teacher's, column by column (the linear part of
the error vanishes). From there a regularised Newton method, a Newton step on
the convex side, goes down in the fixed-point space to the nearest minimum
and polishes it. No solution is stored; a family that was found in a matrix
brings its member along, and Newton starts there.
"""

import numpy as np

from bifurc.loss.problem import LAM, NetworkProblem
from bifurc.structure.families import Family

SIZES = (20.0, 30.0, 40.0, 60.0)  # where minima are well apart; tried in this order
FAR = 0.1  # a member that was found does not move by more than this share


class StartError(ValueError):
    """No critical point with the wanted pattern was found."""


def pattern(problem: NetworkProblem, family: Family, lam: float) -> np.ndarray:
    """Coordinates with the family's diagonals and matching column sums; shape (n,)."""
    s = problem.structure
    place = {c.name: i for i, c in enumerate(s.inputs)}
    points = {b.name: b.points for b in (*s.students, *s.inputs)}
    own = [
        c.part == "diag" or (not c.part and points[c.row] == points[c.column])
        for c in s.coordinates
    ]
    x = np.array([family.start[c.row] * mine for c, mine in zip(s.coordinates, own, strict=True)])
    rows = problem.rows(x, lam)
    # what each column still lacks, shared out over the rows
    lacks = -(rows.signs * rows.sizes[..., None, :]) @ rows.beta - rows.signs @ rows.sigma
    share = lacks[0, 0] / np.abs(rows.sizes[0, : len(s.students)]).sum()
    return np.where(own, x, [share[place[c.column]] for c in s.coordinates])


def descend(problem: NetworkProblem, x: np.ndarray, lam: float, steps: int = 400):
    """Regularised Newton descent to a critical point; returns (x, |gradient|).

    The step solves (H + mu) dx = -g in orthonormal coordinates, mu just large
    enough to make H + mu positive, and is shortened until the loss falls.
    """
    root = np.sqrt(np.maximum(problem.weights(lam), 1e-12))
    damping = 1e-3
    value = problem.loss(x, lam)
    for _ in range(steps):
        g, jacobian = problem.jacobian(x, lam, checked=False)
        norm = np.linalg.norm(g * root)
        if norm < 1e-12:
            break
        values, vectors = np.linalg.eigh(_symmetrised(jacobian[:, :-1], root))
        shift = max(0.0, -1.5 * values[0]) + damping * min(1.0, norm)
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
        moved = x - np.linalg.lstsq(jacobian[:, :-1], g, rcond=None)[0]
        g, jacobian = problem.jacobian(moved, lam, checked=False)
        if not np.linalg.norm(g * root) < norm:
            break
        x, norm = moved, np.linalg.norm(g * root)
    return x, float(norm)


def _symmetrised(matrix: np.ndarray, root: np.ndarray) -> np.ndarray:
    scaled = matrix * root[:, None] / root[None, :]
    return (scaled + scaled.T) / 2


def find_start(problem: NetworkProblem, family: Family, lams=SIZES) -> tuple[np.ndarray, float]:
    """Return (x, lam): a critical point of the family at a comfortable parameter.

    Raises
    ------
    StartError
        If no start leads to a critical point whose diagonals have the wanted signs.
    """
    if family.found:
        return from_found(problem, family)
    tried = []
    for lam in lams:
        try:
            family.structure.check_sizes(problem.parameters(lam))
        except ValueError as error:
            tried.append(str(error))
            continue
        x, norm = descend(problem, pattern(problem, family, lam), lam)
        if norm < 1e-9 and has_pattern(problem, family, x):
            return x, lam
        tried.append(f"at {lam:g} the descent ended with |gradient| {norm:.1e} elsewhere")
    raise StartError(
        f"No critical point of family {family.name!r} was found from its pattern ({tried[-1]}); "
        "change the starting values or the sizes."
    )


def from_found(problem: NetworkProblem, family: Family) -> tuple[np.ndarray, float]:
    """Return (x, lam): the member that the family was found at, polished.

    Raises
    ------
    StartError
        If it is no critical point.
    """
    running = [name for name, poly in problem.line.items() if poly.text() == LAM]
    lam = float(next((family.found["at"][n] for n in running if n in family.found["at"]), np.nan))
    if np.isnan(lam):
        raise StartError(f"Family {family.name!r} says in [found] for no running parameter where.")
    given = {name.removesuffix(".diag"): v for name, v in family.found["coordinates"].items()}
    # on this line a set may be a single point, whose entry is its diagonal
    names = [c.name.removesuffix(".diag") for c in problem.structure.coordinates]
    start = x = np.array([given[name] for name in names], dtype=float)
    for _ in range(20):
        g, jacobian = problem.jacobian(x, lam)
        step = np.linalg.lstsq(jacobian[:, :-1], g, rcond=1e-12)[0]
        x = x - step
        if np.abs(x - start).max() > FAR * np.abs(start).max():
            break
        if np.abs(step).max() < 1e-12:
            return x, lam
    raise StartError(f"The member of family {family.name!r} in [found] is no critical point.")


def has_pattern(problem: NetworkProblem, family: Family, x: np.ndarray) -> bool:
    """Whether the diagonals of ``x`` are near the family's starting values."""
    s = problem.structure
    points = {b.name: b.points for b in (*s.students, *s.inputs)}
    for coordinate, value in zip(s.coordinates, x, strict=True):
        own = points[coordinate.row] == points[coordinate.column]
        if own and coordinate.part != "off" and value * family.start[coordinate.row] <= 0.0:
            return False
    return True
