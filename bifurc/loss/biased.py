"""Kernels of neurons with biases: E[phi(X) phi(Y)], X ~ N(b, p), Y ~ N(b', q), covariance c.

They take (p, q, c, b, b'). With h = b / sqrt(p), k = b' / sqrt(q), r the
cosine and S the sine of the angle between the rows, all is made of the normal
density and distribution function, of one and of two variables.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from bifurc.loss.series import leading, primitive

PARALLEL = 1e-14  # sin² of the angle below which two rows count as parallel, as without biases
# how often a change of sign of either argument changes that of a derivative
FIRST = [(0, 0), (1, 1), (1, 0)]
SECOND = [(0, 0), (0, 0), (1, 1), (0, 0), (1, 0), (0, 1), (0, 1)]
KINK = 1e-6  # of h - k: parallel rows that are nearer have one kink, and the limits of derivatives


class BiasedReLU:
    """ReLU with biases.

    The kernel is singular only where both kinks coincide: r = 1 and h = k, or
    r = -1 and h = -k. There f is C² and has the second-order jet of
    E[1(X > 0) X Y] across two rows and none within one; the single partial
    derivatives are replaced by ones that make up this jet.

    References
    ----------
    .. [1] Owen, "Tables for computing bivariate normal probabilities", Ann. Math. Statist. 27
       (1956) 1075-1090.
    .. [2] Rosenbaum, "Moments of a truncated bivariate normal distribution", J. R. Statist.
       Soc. B 23 (1961) 405-408.
    """

    homogeneous = True  # in (w, b)

    def value(self, p, q, c, b, d):
        """f itself."""
        t = _Terms(p, q, c, b, d)
        kinks = t.density_h * _density(t.ka) * t.S * t.apart - t.r * (t.h * t.A + t.k * t.B)
        sides = b * t.s2 * (t.B + t.r * t.A) + d * t.s1 * (t.A + t.r * t.B)
        return (b * d + c) * t.both + sides + t.s1 * t.s2 * kinks

    def gradient(self, p, q, c, b, d):
        """(f_p, f_c, f_b)."""
        return _Terms(p, q, c, b, d).gradient

    def hessian(self, p, q, c, b, d):
        """(f_pp, f_pq, f_pc, f_cc, f_pb, f_pb', f_cb)."""
        return _Terms(p, q, c, b, d).hessian

    def derivatives(self, p, q, c, b, d):
        """Gradient and Hessian."""
        t = _Terms(p, q, c, b, d)
        return t.gradient, t.hessian

    def mean(self, p, b):
        """(M, M_p, M_b, M_pp, M_pb) of M(p, b) = E[relu(X)]."""
        from scipy.special import ndtr

        s = np.sqrt(p)
        h = b / s
        density, below = _density(h), ndtr(h)
        M_p = density / (2 * s)
        return b * below + s * density, M_p, below, M_p * (h * h - 1) / (2 * p), -h * M_p / s


@dataclass(frozen=True, eq=False)
class BiasedLeakyReLU:
    """phi(z) = relu(z) - slope relu(-z), with biases: four times ReLU, with signs."""

    slope: Any
    homogeneous = True

    def value(self, *at):
        """f itself, of (p, q, c, b, b')."""
        return self._sum(lambda *moved: (BiasedReLU().value(*moved),), at, [(0, 0)])[0]

    def gradient(self, *at):
        """(f_p, f_c, f_b)."""
        return self._sum(BiasedReLU().gradient, at, FIRST)

    def hessian(self, *at):
        """(f_pp, f_pq, f_pc, f_cc, f_pb, f_pb', f_cb)."""
        return self._sum(BiasedReLU().hessian, at, SECOND)

    def mean(self, p, b):
        """(M, M_p, M_b, M_pp, M_pb) of M(p, b) = E[phi(X)]."""
        above, below = BiasedReLU().mean(p, b), BiasedReLU().mean(p, -b)
        signs = (-1.0, -1.0, 1.0, -1.0, 1.0)
        sides = zip(above, below, signs, strict=True)
        return tuple(one + sign * self.slope * other for one, other, sign in sides)

    def _sum(self, formulas, at, turns):
        """Over the signs of both arguments; ``turns`` tells how often each changes a formula's."""
        p, q, c, b, d = at
        total: Any = [0.0] * len(turns)
        for one, other in product((1.0, -1.0), repeat=2):
            share = (1.0 if one > 0 else -self.slope) * (1.0 if other > 0 else -self.slope)
            found = formulas(p, q, one * other * c, one * b, other * d)
            total = [
                t + share * (one**i * other**j) * part
                for t, (i, j), part in zip(total, turns, found, strict=True)
            ]
        return tuple(total)


class _Terms:
    """What the formulas are made of, at arrays or series."""

    def __init__(self, p, q, c, b, d):
        from scipy.special import ndtr

        self.p, self.d = p, d
        self.s1, self.s2 = np.sqrt(p), np.sqrt(q)
        product = self.s1 * self.s2
        self.h, self.k, self.r = b / self.s1, d / self.s2, c / product
        square = (p * q - c * c) / (p * q)
        side = np.sign(leading(self.r))
        near = leading(square) <= PARALLEL
        kink = near & (np.abs(leading(self.k) - side * leading(self.h)) <= KINK)
        self.apart, self.one_kink = 1.0 * ~kink, 1.0 * (kink & (side > 0))
        self.S = np.sqrt(square * ~near + PARALLEL * near)
        over = self.apart / self.S  # at one kink k - r h is rounding
        self.ka, self.kb = (self.k - self.r * self.h) * over, (self.h - self.r * self.k) * over
        self.density_h = _density(self.h)
        self.A, self.B = self.density_h * ndtr(self.ka), _density(self.k) * ndtr(self.kb)
        self.density = self.density_h * _density(self.ka) / self.S  # of both kinks
        both = _below_both(self)
        self.both = both * self.apart + ndtr(self.h) * self.one_kink

    @property
    def beyond(self):
        """S psi(ka), with psi(z) = z Phi(z) + phi(z)."""
        from scipy.special import ndtr

        return self.S * (self.ka * ndtr(self.ka) + _density(self.ka))

    @property
    def gradient(self):
        f_p = self.density_h * self.s2 * self.beyond / (2 * self.s1) * self.apart
        return f_p, self.both, self.d * self.both + self.s2 * (self.B + self.r * self.A)

    @property
    def hessian(self):
        h, s1, s2, p = self.h, self.s1, self.s2, self.p
        turned = self.r * self.density  # (r/S) phi(h) phi(ka)
        reach = self.density_h * self.beyond
        kinked = self.density_h * self.one_kink
        f_cc = self.density / (s1 * s2) * self.apart
        f_pc = (-h * self.A - turned) / (2 * p) * self.apart
        f_pb = s2 / (2 * p) * (-h * reach - self.r * self.A) * self.apart
        of_pp = (h * h - 1) * reach + 2 * h * self.r * self.A + self.r * turned
        return (
            s2 / (4 * s1 * p) * of_pp * self.apart,
            f_cc / 4 - h * kinked / (4 * s1 * s2),
            f_pc,
            f_cc,
            f_pb,
            (self.A * self.apart + kinked) / (2 * s1),
            self.A / s1 * self.apart,
        )


def _density(x):
    """The normal density."""
    return np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)


def _below_both(t: _Terms):
    """P(U < h, V < k) of two normal variables of correlation r."""
    h, k, r, S = (leading(value) for value in (t.h, t.k, t.r, t.S))
    value = _owen(h, k, r, S)
    return primitive(value, (t.A, t.h), (t.B, t.k), (t.density, t.r))


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
