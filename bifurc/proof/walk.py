"""Pieces of a branch one after the other, as long as they can be proved.

Everything here is in doubles and proves nothing: it proposes tubes. A piece is
a Taylor polynomial around its middle, its length a share of the radius at
which the coefficients say that the series ends; the share follows from what
could be proved so far.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.polynomial.polynomial import polyval

from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.proof.interval import NotCertifiedError, flint
from bifurc.proof.tube import Tube, corrected, fine_taylor, make, taylor

SHARE = 0.2  # half a piece, in units of the radius of convergence
LARGEST_SHARE = 0.3
SHORTEST = 1e-6  # in units of arclength
OVERLAP = 1e-3  # of half a piece
BEYOND = 1e-6  # how far beyond its ends the window is covered, as a share of lam


def walk(
    exact, doubles, x: np.ndarray, first: float, last: float, prove: Callable[[Tube], None]
) -> Iterator[Tube]:
    """Yield proved tubes from ``first`` on until lam leaves the window.

    Parameters
    ----------
    exact : NetworkProblem
    doubles : NetworkProblem
        The same problem.
    x : ndarray, shape (n,)
        Near the branch at ``first``.
    prove : callable Tube -> None
        Raises NotCertifiedError where a tube is not proved.

    Raises
    ------
    NotCertifiedError
        Where no tube is proved, however short.
    """
    sign = 1.0 if last > first else -1.0
    only_lam = np.append(np.zeros(len(x)), 1.0)
    z = corrected(doubles, np.append(x, first - sign * BEYOND * abs(first)), only_lam)
    ahead = sign * only_lam
    share, beyond, fine = SHARE, BEYOND * abs(last), False
    while True:
        v = heading(doubles, z, ahead)
        series = taylor(doubles, z, v)
        step = share * radius(doubles, series)
        try:
            piece = _reaching(doubles, z, v, series, step, last + sign * beyond)
            coefficients, v, half = piece
            if fine:
                coefficients = fine_taylor(exact, coefficients[0], v)
            tube = make(exact, doubles, coefficients, v, half)
            prove(tube)
        except (NotCertifiedError, ZeroDivisionError, NotDefinedError, ZeroRowError) as error:
            if step < SHORTEST:
                raise NotCertifiedError(
                    f"The branch is not proved beyond lam = {z[-1]:.10g}: {error}"
                ) from None
            share, fine = (0.7 * share if fine else share), True
            continue
        yield tube
        share = min(1.1 * share, LARGEST_SHARE)
        coefficients, v, half = piece
        fine = fine and sign > 0  # as sizes grow doubles do not recover
        z, ahead = corrected(doubles, polyval(half, coefficients), v), v
        reached = tube.lam.at(flint.arb(1))
        if sign * (reached - last) >= BEYOND * abs(last) / 2 or sign * (z[-1] - first) < 0:
            return
        if sign * (z[-1] - last) >= 0:  # perhaps, but for the width of the tube
            beyond += 4 * float(reached.rad())


def heading(doubles, z: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """A direction v with v . tangent = 1, along which unknowns weigh by their scales."""
    scales = doubles.scales(float(z[-1]))
    slopes = doubles.jacobian(z[:-1], z[-1])[1]
    tangent = np.linalg.svd(slopes * scales)[2][-1]
    return np.copysign(1.0, ahead @ (tangent * scales)) * tangent / scales


def radius(doubles, coefficients: np.ndarray) -> float:
    """An estimate of the radius of convergence, from the last coefficients."""
    size = np.abs(coefficients / doubles.scales(float(coefficients[0, -1]))).max(axis=1)
    powers = np.arange(len(size))[-4:]
    return float(min((size[1] / size[k]) ** (1 / (k - 1)) for k in powers))


def _piece(doubles, z, v, series, step):
    """(coefficients, direction, half) of a piece from ``z`` on, its middle ``step`` away."""
    middle = corrected(doubles, polyval(step, series), v)
    direction = heading(doubles, middle, v)
    half = direction @ (middle - z) * (1 + OVERLAP)
    if not half > 0:
        raise NotCertifiedError("The branch turns too fast for the step.")
    return taylor(doubles, middle, direction), direction, half


def _reaching(doubles, z, v, series, step, end):
    """The piece of this step, or a shorter one that just reaches ``end``."""
    piece = _piece(doubles, z, v, series, step)
    for _ in range(8):
        coefficients, _, half = piece
        reached = polyval(half, coefficients[:, -1])
        miss = end - reached
        if abs(miss) < 0.1 * BEYOND * abs(end) or miss * (end - z[-1]) > 0:
            break  # not there yet
        step = step * (end - z[-1]) / (reached - z[-1])
        piece = _piece(doubles, z, v, series, step)
    return piece
