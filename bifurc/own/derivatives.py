"""Derivatives of a plain function, from the best way it allows."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurc.own import hyperdual

# central differences of sixth order (Fornberg 1988, table 1)
NODES = np.array([1.0, 2.0, 3.0])
WEIGHTS = np.array([3 / 4, -3 / 20, 1 / 60])
EPS = float(np.finfo(float).eps)
STEP = EPS ** (1 / 7)  # over the size of x, where rounding over h and h^6 weigh the same
TINY = 2.0**-300  # an imaginary step whose square is lost; also no size at all
AGREE = 1e-6  # between an exact derivative and a difference, relative: both are of one function
FURTHER, SEED = 20.0, 5  # in steps: how far from a point the size of derivatives is asked as well
SHORTER = 0.1 ** np.arange(4)  # of steps: differences that exact derivatives are held against
ENOUGH = 1e-10  # error of differences that need no shorter steps
REDUCED = 0.7  # a second step, to estimate the error of the first by


@dataclass(frozen=True, eq=False)
class Way:
    """How derivatives are got: ``way(function, x)`` is the Jacobian, shape (..., n).

    With ``along`` (n, m) it is the derivatives along these columns, (..., m).
    """

    slopes: Callable[[Callable, np.ndarray, np.ndarray], np.ndarray] | None  # JAX has its own
    how: str
    error: float  # relative, estimated; of rounding for exact ways

    def __call__(self, function: Callable, x: np.ndarray, along=None) -> np.ndarray:
        assert self.slopes is not None
        return self.slopes(function, x, np.eye(len(x)) if along is None else along)

    def __str__(self) -> str:
        return f"{self.how}, error {self.error:.0e}"


def best_way(function: Callable, x: np.ndarray, size: Any = 1.0) -> Way:
    """How to get the Jacobian of ``function`` near ``x``: an exact way, else differences.

    ``size`` is how long x is, one number or one for each coordinate.
    """
    for way in (BY_STEP, BY_NUMBERS):
        if agrees(lambda at, way=way: way(function, at), function, x, size):
            return way
    tries = []
    for shorter in SHORTER:
        tries.append(_by_differences(function, x, shorter * _lengths(x, size)))
        if tries[-1].error < ENOUGH:
            break
    return min(tries, key=lambda way: way.error)


def _by_differences(function: Callable, x: np.ndarray, lengths: np.ndarray) -> Way:
    """Differences of these lengths with their error, infinite where the function is not defined."""
    error = np.inf
    rough, other = (_defined(function, x, part * lengths) for part in (1.0, REDUCED))
    if rough is not None and other is not None:
        largest = max(float(np.abs(rough).max(initial=0.0)), _beside(function, x, lengths), TINY)
        error = max(float(np.abs(other - rough).max(initial=0.0)) / largest, EPS / STEP)
    return Way(lambda f, at, u: _differences(f, at, u, lengths), "differences", error)


def agrees(exact: Callable, function: Callable, x: np.ndarray, size: Any = 1.0) -> bool:
    """Whether exact derivatives are those that differences of a function give, at x and beside.

    Steps are as long as x is, or shorter where they lead out of where the
    function is defined or past where it bends.

    Parameters
    ----------
    exact : callable x -> (..., n)
    function : callable x -> (...)
    """
    return any(_agrees(exact, function, x, shorter * _lengths(x, size)) for shorter in SHORTER)


def _agrees(exact: Callable, function: Callable, x: np.ndarray, lengths: np.ndarray) -> bool:
    places = (x, x + _aside(lengths))
    rough = [_defined(function, at, lengths) for at in places]
    if rough[0] is None:
        return False
    size = max(TINY, *(float(np.abs(one).max(initial=0.0)) for one in rough if one is not None))
    try:
        with np.errstate(all="ignore"):
            return all(
                np.abs(exact(at) - one).max(initial=0.0) <= AGREE * size
                for at, one in zip(places, rough, strict=True)
                if one is not None
            )
    except Exception:  # noqa: BLE001 (whatever a function does with such numbers)
        return False


def _lengths(x: np.ndarray, size: Any) -> np.ndarray:
    """Steps of differences, one for each coordinate."""
    size = np.broadcast_to(np.asarray(size, dtype=float), x.shape)
    return STEP * size * max(1.0, float((np.abs(x) / size).max(initial=0.0)))


def _aside(lengths: np.ndarray) -> np.ndarray:
    """The way to a point beside, where what vanishes at the first does not."""
    return FURTHER * lengths * np.random.default_rng(SEED).uniform(0.5, 1.0, len(lengths))


def _defined(function: Callable, x: np.ndarray, lengths: np.ndarray) -> np.ndarray | None:
    """Differences, where the function is defined."""
    try:
        with np.errstate(all="ignore"):
            found = _differences(function, x, np.eye(len(x)), lengths)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return found if np.isfinite(found).all() else None


def _beside(function: Callable, x: np.ndarray, lengths: np.ndarray) -> float:
    """The largest derivative a little away from ``x``, where all may vanish; 0 if there is none."""
    found = _defined(function, x + _aside(lengths), lengths)
    return 0.0 if found is None else float(np.abs(found).max(initial=0.0))


def _imaginary(function: Callable, x: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Derivatives along the columns of ``along``, from imaginary steps."""
    moved = x + 1j * TINY * along.T
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        values = [np.asarray(function(one)) for one in moved]
    if not all(np.iscomplexobj(value) for value in values):
        raise TypeError("The function drops imaginary parts.")
    if not values:
        return np.zeros((*np.shape(function(x)), 0))
    slopes = np.stack([value.imag / TINY for value in values], axis=-1)
    # the logarithm of a negative number is not real: outside of where the function is defined
    return np.where(np.abs(slopes) < 1 / np.sqrt(TINY), slopes, np.nan)


def _differences(
    function: Callable, x: np.ndarray, along: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """Derivatives along the columns of ``along``, from central differences of these lengths."""
    found = []
    for direction in along.T:
        h = 1 / max(float((np.abs(direction) / lengths).max(initial=0.0)), TINY)
        pairs = (
            np.subtract(
                function(x + node * h * direction), function(x - node * h * direction), dtype=float
            )
            for node in NODES
        )
        found.append(sum(w * pair for w, pair in zip(WEIGHTS, pairs, strict=True)) / h)
    return np.stack(found, axis=-1) if found else np.zeros((*np.shape(function(x)), 0))


BY_JAX = Way(None, "JAX", EPS)
BY_STEP = Way(_imaginary, "imaginary step", EPS)
BY_NUMBERS = Way(lambda f, at, u: hyperdual.gradient(f, at) @ u, "hyper-dual numbers", EPS)


def jax_functions(loss: Callable, x: np.ndarray, lam: float) -> dict[str, Any] | None:
    """Gradient and all that follows from it by JAX; None where the loss does not go through it.

    Double precision is switched on, for the whole process: JAX has no other way.
    """
    try:
        import jax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    slope = jax.grad(loss)

    def slopes(x, lam):
        return jax.jacfwd(slope)(x, lam), jax.jacfwd(slope, 1)(x, lam)

    def along(x, lam, u):
        return jax.jvp(slopes, (x, lam), (u[:-1], u[-1]))[1]

    compiled = {name: jax.jit(f) for name, f in (("g", slope), ("h", slopes), ("a", along))}

    def joined(pair):
        return np.column_stack([np.asarray(part) for part in pair])

    try:
        found = np.asarray(compiled["g"](x, float(lam)))
    except Exception:  # noqa: BLE001 (whatever a function does with a tracer)
        return None
    if found.dtype != np.float64 or not np.isfinite(found).all():
        return None
    return {
        "gradient": lambda x, lam: np.asarray(compiled["g"](x, float(lam))),
        "hessian": lambda x, lam: np.asarray(compiled["h"](x, float(lam))[0]),
        "gradient_dlam": lambda x, lam: np.asarray(compiled["h"](x, float(lam))[1]),
        "hessian_along": lambda x, lam, u: joined(compiled["a"](x, float(lam), u)),
    }
