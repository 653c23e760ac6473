"""Plain gradient problems with answers on paper, by name."""

import inspect
import sys
from collections.abc import Callable, Sequence

import numpy as np

from bifurc import given
from bifurc.continuation.problem import PlainProblem
from bifurc.switching.linear import Matrices, Permutations, SymmetricProblem

MOST_SIDES = 24  # of a polygon: pairs of the 2 m elements are tried as generators of subgroups


def chain(force: Sequence[float] = (0.0,) * 5) -> PlainProblem:
    """u_{i-1} - 2 u_i + u_{i+1} + lam u_i + u_i³ - u_i⁵ + force_i, ends fixed at 0.

    On u = 0 it has branch points at 4 sin²(k pi / (2 (n + 1))).
    """
    push = np.asarray(force, dtype=float)
    n = given.whole("the number of forces", push.size, 1, 1000)
    stiffness = -2 * np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1)
    one = np.eye(n)

    def gradient(u, lam):
        square = u * u
        return u @ stiffness + u * (_each(lam) + square - square * square) + push

    def hessian(u, lam):
        square = u * u
        return stiffness + one * (_each(lam) + 3 * square - 5 * square * square)[..., None]

    return PlainProblem(
        gradient=gradient,
        hessian=hessian,
        gradient_dlam=lambda u, lam: u,
        batched=True,
        loss=lambda u, lam: float(
            u @ stiffness @ u / 2 + lam * u @ u / 2 + (u**4).sum() / 4 - (u**6).sum() / 6 + push @ u
        ),
        n=n,
        source=_source("chain", force=push.tolist()),
    )


def permuted(n: int = 5, square: float = 0.3) -> SymmetricProblem:
    """lam u_i + square u_i² - u_i³ - (u_i - mean u): S_n permutes the coordinates.

    On u = 0 a simple branch point at lam = 0 and, at lam = 1, one whose kernel
    is the standard representation of dimension n - 1.
    """
    one = np.eye(given.whole("n", n, 2, 1000))

    def gradient(u, lam):
        mean = u.sum(axis=-1)[..., None] / n if u.ndim > 1 else u.sum() / n
        return u * (_each(lam) + square * u - u * u) - (u - mean)

    def hessian(u, lam):
        own = _each(lam) + 2 * square * u - 3 * u * u - 1
        return one * own[..., None] + (0 * _each(lam) + 1)[..., None] / n

    full = PlainProblem(
        gradient=gradient,
        hessian=hessian,
        gradient_dlam=lambda u, lam: u,
        batched=True,
        loss=lambda u, lam: float(
            lam * u @ u / 2
            + square * (u**3).sum() / 3
            - (u**4).sum() / 4
            - (u @ u - u.sum() ** 2 / n) / 2
        ),
        n=n,
        source=_source("permuted", n=n, square=square),
    )
    return SymmetricProblem.of(full, Permutations(n))


def pitchfork() -> PlainProblem:
    """-x³ - lam x."""
    return PlainProblem(
        gradient=lambda x, lam: -(x**3) - lam * x,
        hessian=lambda x, lam: np.diag(-3 * x**2 - lam),
        gradient_dlam=lambda x, lam: -x,
        loss=lambda x, lam: float(-(x**4).sum() / 4 - lam * (x**2).sum() / 2),
        n=1,
        source=_source("pitchfork"),
    )


def dihedral(
    m: int = 4, quadratic: float = 0.0, cubic: float = -1.0, twist: float = 0.2
) -> SymmetricProblem:
    """Gradient problem in the plane with the symmetry D_m of the regular m-gon.

    The potential is lam |z|²/2 + cubic |z|⁴/4 + twist Re(z^m)/m, with
    ``quadratic`` Re(z³)/3 on top when m = 3.

    References
    ----------
    .. [1] Golubitsky, Stewart, Schaeffer, "Singularities and Groups in
       Bifurcation Theory II", Springer 1988, section XIII.5.
    """
    given.whole("m", m, 2, MOST_SIDES)
    power = twist if m != 3 else quadratic

    def gradient(x, lam):
        real, imaginary = _power(x, m - 1)
        return lam * x + cubic * (x @ x) * x + power * np.array([real, -imaginary])

    def hessian(x, lam):
        real, imaginary = _power(x, m - 2)
        radial = cubic * ((x @ x) * np.eye(2) + 2 * np.outer(x, x))
        turned = np.array([[real, -imaginary], [-imaginary, -real]])
        return lam * np.eye(2) + radial + power * ((m - 1) * turned)

    full = PlainProblem(
        gradient=gradient,
        hessian=hessian,
        gradient_dlam=lambda x, lam: np.asarray(x, dtype=float),
        loss=lambda x, lam: float(
            lam * (x @ x) / 2 + cubic * (x @ x) ** 2 / 4 + power * (complex(*x) ** m).real / m
        ),
        n=2,
        source=_source("dihedral", m=m, quadratic=quadratic, cubic=cubic, twist=twist),
    )
    angle = 2 * np.pi / m
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return SymmetricProblem.of(full, Matrices((turn, np.diag([1.0, -1.0]))))


def _power(x, k: int) -> tuple:
    """Real and imaginary part of (x_0 + i x_1)^k."""
    real, imaginary = 0 * x[0] + 1, 0 * x[0]
    for _ in range(k):
        real, imaginary = real * x[0] - imaginary * x[1], real * x[1] + imaginary * x[0]
    return real, imaginary


def _each(lam) -> np.ndarray:
    """The parameter of each point, beside its coordinates."""
    return np.asarray(lam)[..., None]


def _source(name: str, **parameters) -> dict:
    """What a saved branch needs to make the model again."""
    return {"model": name, "parameters": parameters}


MODELS: dict[str, Callable[..., PlainProblem]] = {
    "chain": chain,
    "permuted": permuted,
    "pitchfork": pitchfork,
    "dihedral": dihedral,
}


def model(name: str, **parameters) -> PlainProblem:
    """Return the model called ``name``.

    Raises
    ------
    ValueError
        If there is none, or it does not take these parameters.
    """
    if name not in MODELS:
        raise ValueError(f"Unknown model {name!r}; there are {', '.join(MODELS)}.")
    known = inspect.signature(MODELS[name]).parameters
    for key, value in parameters.items():
        if key not in known:
            there = ", ".join(known) or "none"
            raise ValueError(f"Model {name!r} has no parameter {key!r}; it has {there}.")
        several = isinstance(known[key].default, tuple)
        if several != isinstance(value, list | tuple) or not all(
            map(_finite, value if several else [value])
        ):
            kind = "a list of finite numbers" if several else "a finite number"
            raise ValueError(f"Model {name!r}: {key} needs {kind}, got {value!r}.")
    return MODELS[name](**parameters)


def _finite(value) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max
