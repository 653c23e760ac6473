"""Whether what a user gave fits together: derivatives and symmetry, at random points."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurc.given import whole
from bifurc.own.asked import reason
from bifurc.own.derivatives import EPS, best_way
from bifurc.own.problem import Problem

POINTS = 4  # random points that are tried
# how far from x0 and the parameters, over their scales and sizes: nearer where it is not defined
NEARER = 0.1 ** np.arange(1, 8)
COARSEST = 1e-3  # relative error of a derivative with which nothing can be located
ALLOWED = 1e-6  # relative difference that is no mistake: far above errors, far below formulas
MARGIN = 100.0  # over the estimated errors of derivatives that were differenced


@dataclass(frozen=True)
class Claim:
    """Something that must hold of a problem, and by how much it does not.

    Attributes
    ----------
    what : str
    difference : float
        Largest over the points, relative to the largest entry.
    allowed : float
    where : str
        The point with the largest difference.
    """

    what: str
    difference: float
    allowed: float
    where: str

    @property
    def holds(self) -> bool:
        """Whether the difference is no larger than allowed; nan is."""
        return self.difference <= self.allowed

    def __str__(self) -> str:
        return f"{self.what}: {self.difference:.1e} (allowed {self.allowed:.0e})"


def check(problem: Problem, seed: int = 0) -> list[Claim]:
    """Compare derivatives and symmetry of a problem at random points near its start.

    Returns
    -------
    list of Claim
        Each with the largest difference found.

    Raises
    ------
    ValueError
        With the first claim that fails, the place and the size of the difference.
    """
    answers(problem)
    rng = np.random.default_rng(whole("seed", seed))
    worst: dict[str, Claim] = {}
    for _ in range(POINTS):
        moved, x = _nearby(problem, rng)
        for claim in _claims(moved, x, rng):
            known = worst.get(claim.what)
            if known is None or not claim.difference <= known.difference:
                worst[claim.what] = claim
    for claim in worst.values():
        if not claim.holds:
            raise ValueError(
                f"Problem {problem.name!r}: {claim.what} fails by {claim.difference:.2g} of its "
                f"size at {claim.where}; correct the function."
            )
    return list(worst.values())


def _nearby(problem: Problem, rng) -> tuple[Problem, np.ndarray]:
    """Random values of parameters and x near the start, as near as functions need to be defined."""
    function: Any = problem.gradient if problem.loss is None else problem.loss
    move = rng.normal(size=len(problem.x0))
    moves = {name: float(rng.uniform(-1, 1)) for name in problem.parameters}
    for spread in NEARER:
        x = problem.x0 + spread * (problem.size_of("x") + np.abs(problem.x0)) * move
        values = {
            name: value + spread * (problem.size_of(name) + abs(value)) * moves[name]
            for name, value in problem.parameters.items()
        }
        try:
            with np.errstate(all="ignore"):
                if np.isfinite(function(x, **values)).all():
                    break
        except (Exception, SystemExit):
            continue  # not defined there
    return problem.with_parameters(**values), x


def answers(problem: Problem) -> None:
    """Ask each function that a user gave once, at the start.

    Raises
    ------
    ValueError
        If one fails there, or gives something of another shape or no finite numbers.
    """
    n = len(problem.x0)
    told = ", ".join(f"{name} = {value:.6g}" for name, value in problem.parameters.items())
    for what, shape in (("loss", ()), ("gradient", (n,)), ("hessian", (n, n))):
        function = getattr(problem, what)
        if function is None:
            continue
        where = f"Problem {problem.name!r}: {what} at x0, {told},"
        try:
            found = function(problem.x0.copy(), **problem.parameters)
            found = np.asarray(found.toarray() if hasattr(found, "toarray") else found)
        except (Exception, SystemExit) as error:  # whatever a user's function does
            raise ValueError(f"{where} fails ({reason(error)}).") from error
        if found.shape != shape or found.dtype.kind not in "fiu":
            kind = "a number" if not shape else f"numbers of shape {shape}"
            got = f"shape {found.shape} of {found.dtype}"
            raise ValueError(f"{where} must give {kind}, got {got}.")
        if not np.isfinite(found).all():
            raise ValueError(f"{where} is not finite; start where it is defined.")


def _claims(problem: Problem, x: np.ndarray, rng) -> Iterator[Claim]:
    """What must hold at one point, with the differences there."""
    parameter = next(iter(problem.parameters))
    lam = problem.parameters[parameter]
    plain, ways = problem.engine_functions(parameter)
    told = ", ".join(f"{name} = {value:.6g}" for name, value in problem.parameters.items())
    for what, way in ways.items():
        if way is not None and way.error > COARSEST:
            raise ValueError(
                f"Problem {problem.name!r}: the {what} comes of differences with a relative error "
                f"of {way.error:.0e}. Give it, or scales, or a loss that takes complex numbers."
            )
    where = f"x = {np.array2string(x, precision=4, threshold=6)}, {told}"
    error = max([EPS, *(way.error for way in ways.values() if way is not None)])
    allowed = max(ALLOWED, MARGIN * error)

    def claim(what, one, other, error=0.0):
        return Claim(what, _apart(one, other), max(allowed, min(MARGIN * error, COARSEST)), where)

    u, v = rng.normal(size=(2, len(x)))
    gradient, image = plain["gradient"](x, lam), plain["hessian"](x, lam) @ v
    if problem.loss is not None and problem.gradient is not None:
        found = _along(lambda at: plain["loss"](at, lam), x, v)
        yield claim("the gradient is that of the loss", gradient @ v, *found)
    if problem.hessian is not None:
        found = _along(lambda at: plain["gradient"](at, lam), x, v)
        yield claim("the Hessian is that of the gradient", image, *found)
    other = plain["hessian"](x, lam) @ u
    size = np.linalg.norm(image) * np.linalg.norm(u)
    yield claim("the Hessian is symmetric", [u @ image, size], [v @ other, size])
    for i, element in enumerate(() if problem.group is None else problem.group.generators):
        moved = _moved(element, x)
        image = plain["gradient"](moved, lam)
        yield claim(f"generator {i} takes the gradient along", image, _moved(element, gradient))
        if problem.loss is not None:
            one, other = plain["loss"](moved, lam), plain["loss"](x, lam)
            yield claim(f"generator {i} leaves the loss as it is", one, other)


def _along(function, x: np.ndarray, v: np.ndarray):
    """Derivative of a function along ``v``, and its relative error."""

    def line(t):
        return function(x + t[0] * v)

    zero = np.zeros(1)
    way = best_way(line, zero)
    return way(line, zero)[..., 0], way.error


def _moved(element: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A generator, a matrix or an index array of a permutation, applied to a vector."""
    if np.ndim(element) == 2:
        return element @ x
    moved = np.empty_like(x)
    moved[element] = x
    return moved


def _apart(one, other) -> float:
    """The largest difference, relative to the largest entry."""
    size = max(np.abs(one).max(initial=0.0), np.abs(other).max(initial=0.0), 1e-12)
    return float(np.abs(np.subtract(one, other)).max(initial=0.0) / size)
