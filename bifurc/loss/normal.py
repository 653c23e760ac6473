"""The normal distribution, of one variable and of two, at arrays, series and enclosures.

Numbers that are no doubles know their own: elements of object arrays, and arrays of
enclosures, have methods ``ndtr`` and ``below_both``.
"""

import numpy as np

from bifurc.loss.series import OBJECTS, leading, pi_like, primitive


def density(x):
    """The normal density phi(x)."""
    return np.exp(-0.5 * x * x) / np.sqrt(2 * pi_like(x))


def below(x):
    """P(U < x), Phi(x)."""
    from scipy.special import ndtr

    if hasattr(x, "ndtr"):
        return x.ndtr()
    if getattr(x, "dtype", None) == OBJECTS:
        return np.frompyfunc(lambda number: number.ndtr(), 1, 1)(x)
    return ndtr(x)


def slopes(h, k, r):
    """Derivatives of P(U < h, V < k) in h, k and the correlation r."""
    S = np.sqrt(1 - r * r)
    ka = (k - r * h) / S
    first = density(h)
    return first * below(ka), density(k) * below((h - r * k) / S), first * density(ka) / S


def below_both(h, k, r, S, slopes):
    """P(U < h, V < k) of two normal variables of correlation r, S = sqrt(1 - r²).

    ``slopes`` are the derivatives in h, k and r.
    """
    start = [leading(value) for value in (h, k, r, S)]
    if hasattr(start[0], "below_both"):
        value = start[0].below_both(*start[1:3], slopes)
    elif getattr(start[0], "dtype", None) == OBJECTS:
        value = np.frompyfunc(lambda h, k, r: h.below_both(k, r), 3, 1)(*start[:3])
    else:
        value = _owen(*start)
    return primitive(value, *zip(slopes, (h, k, r), strict=True))


def _owen(h, k, r, S):
    """The same in doubles, by Owen's T."""
    from scipy.special import ndtr, owens_t

    h, k, r, S = np.broadcast_arrays(h, k, r, S)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (h == 0.0) & (k == 0.0)
        a_h = np.where(centre, (1 - r) / S, (k - r * h) / (h * S))
        a_k = np.where(centre, (1 - r) / S, (h - r * k) / (k * S))
    # at h = 0 the ratio is infinite, with the sign of k
    a_h = np.where((h == 0.0) & ~centre, np.copysign(np.inf, k), a_h)
    a_k = np.where((k == 0.0) & ~centre, np.copysign(np.inf, h), a_k)
    product = h * k
    apart = np.where((product > 0.0) | ((product == 0.0) & (h + k >= 0.0)), 0.0, 0.5)
    return 0.5 * (ndtr(h) + ndtr(k)) - owens_t(h, a_h) - owens_t(k, a_k) - apart
