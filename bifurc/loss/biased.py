"""Kernels of neurons with biases: E[phi(X) phi(Y)], X ~ N(b, p), Y ~ N(b', q), covariance c.

They take (p, q, c, b, b'). With h = b / sqrt(p), k = b' / sqrt(q), r the
cosine and S the sine of the angle between the rows, all is made of the normal
density and distribution function, of one and of two variables.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np

from bifurc.loss.normal import below, below_both, density
from bifurc.loss.series import leading

PARALLEL = 1e-14  # sin² of the angle below which two rows count as parallel, as without biases
# how often a change of sign of either argument changes that of a derivative
FIRST = [(0, 0), (1, 1), (1, 0)]
SECOND = [(0, 0), (0, 0), (1, 1), (0, 0), (1, 0), (0, 1), (0, 1)]
KINK = 1e-6  # of h - k: parallel rows that are nearer have one kink, and the limits of derivatives


@dataclass(frozen=True, eq=False)
class BiasedReLU:
    """ReLU with biases.

    The kernel is singular only where both kinks coincide: r = 1 and h = k, or
    r = -1 and h = -k. There f is C² and has the second-order jet of
    E[1(X > 0) X Y] across two rows and none within one; the single partial
    derivatives are replaced by ones that make up this jet.

    Parameters
    ----------
    one : ndarray of bool, optional
        Pairs whose kinks coincide, where that is known and need not be read off numbers.

    References
    ----------
    .. [1] Owen, "Tables for computing bivariate normal probabilities", Ann. Math. Statist. 27
       (1956) 1075-1090.
    .. [2] Rosenbaum, "Moments of a truncated bivariate normal distribution", J. R. Statist.
       Soc. B 23 (1961) 405-408.
    """

    one: Any = None
    homogeneous: ClassVar[bool] = True  # in (w, b)

    def value(self, p, q, c, b, d):
        """f itself."""
        t = _Terms(self.one, p, q, c, b, d)
        kinks = t.at_h * density(t.ka) * t.S * t.apart - t.r * (t.h * t.A + t.k * t.B)
        sides = b * t.s2 * (t.B + t.r * t.A) + d * t.s1 * (t.A + t.r * t.B)
        return (b * d + c) * t.both + sides + t.s1 * t.s2 * kinks

    def gradient(self, p, q, c, b, d):
        """(f_p, f_c, f_b)."""
        return _Terms(self.one, p, q, c, b, d).gradient

    def hessian(self, p, q, c, b, d):
        """(f_pp, f_pq, f_pc, f_cc, f_pb, f_pb', f_cb)."""
        return _Terms(self.one, p, q, c, b, d).hessian

    def derivatives(self, p, q, c, b, d):
        """Gradient and Hessian."""
        t = _Terms(self.one, p, q, c, b, d)
        return t.gradient, t.hessian

    def mean(self, p, b):
        """(M, M_p, M_b, M_pp, M_pb) of M(p, b) = E[relu(X)]."""
        s = np.sqrt(p)
        h = b / s
        at, up_to = density(h), below(h)
        M_p = at / (2 * s)
        return b * up_to + s * at, M_p, up_to, M_p * (h * h - 1) / (2 * p), -h * M_p / s


@dataclass(frozen=True, eq=False)
class BiasedLeakyReLU:
    """phi(z) = relu(z) - slope relu(-z), with biases: four times ReLU, with signs."""

    slope: Any
    one: Any = None
    homogeneous: ClassVar[bool] = True

    def value(self, *at):
        """f itself, of (p, q, c, b, b')."""
        return self._sum(lambda relu, *moved: (relu.value(*moved),), at, [(0, 0)])[0]

    def gradient(self, *at):
        """(f_p, f_c, f_b)."""
        return self._sum(BiasedReLU.gradient, at, FIRST)

    def hessian(self, *at):
        """(f_pp, f_pq, f_pc, f_cc, f_pb, f_pb', f_cb)."""
        return self._sum(BiasedReLU.hessian, at, SECOND)

    def mean(self, p, b):
        """(M, M_p, M_b, M_pp, M_pb) of M(p, b) = E[phi(X)]."""
        above, below = BiasedReLU().mean(p, b), BiasedReLU().mean(p, -b)
        signs = (-1.0, -1.0, 1.0, -1.0, 1.0)
        sides = zip(above, below, signs, strict=True)
        return tuple(one + sign * self.slope * other for one, other, sign in sides)

    def _sum(self, formulas, at, turns):
        """Over the signs of both arguments; ``turns`` tells how often each changes a formula's."""
        p, q, c, b, d = at
        relu = BiasedReLU(self.one)
        total: Any = [0.0] * len(turns)
        for one, other in product((1.0, -1.0), repeat=2):
            share = (1.0 if one > 0 else -self.slope) * (1.0 if other > 0 else -self.slope)
            found = formulas(relu, p, q, one * other * c, one * b, other * d)
            total = [
                t + share * (one**i * other**j) * part
                for t, (i, j), part in zip(total, turns, found, strict=True)
            ]
        return tuple(total)


@dataclass(frozen=True)
class GivenBias:
    """phi(z) = relu(z + bias), one bias that all neurons have: a kernel of (p, q, c)."""

    bias: Any = 0.0

    def value(self, p, q, c):
        """f itself."""
        return BiasedReLU().value(*self._at(p, q, c))

    def gradient(self, p, q, c):
        """(f_p, f_c)."""
        return BiasedReLU().gradient(*self._at(p, q, c))[:2]

    def hessian(self, p, q, c):
        """(f_pp, f_pq, f_pc, f_cc)."""
        return BiasedReLU().hessian(*self._at(p, q, c))[:4]

    def _at(self, p, q, c):
        """The arguments with biases of their shape."""
        return p, q, c, self.bias + 0.0 * p, self.bias + 0.0 * q


class _Terms:
    """What the formulas are made of, at arrays, series or enclosures."""

    def __init__(self, one, p, q, c, b, d):
        self.p, self.d = p, d
        self.s1, self.s2 = np.sqrt(p), np.sqrt(q)
        product = self.s1 * self.s2
        self.h, self.k, self.r = b / self.s1, d / self.s2, c / product
        square = (p * q - c * c) / (p * q)
        near, kink = self._meeting(square) if one is None else (one, one)
        self.apart, self.one_kink = 1.0 * ~kink, 1.0 * (kink & (leading(c) > 0))
        self.S = np.sqrt(square * ~near + PARALLEL * near)
        over = self.apart / self.S  # at one kink k - r h is rounding
        self.ka, self.kb = (self.k - self.r * self.h) * over, (self.h - self.r * self.k) * over
        self.at_h = density(self.h)
        self.A, self.B = self.at_h * below(self.ka), density(self.k) * below(self.kb)
        self.at_both = self.at_h * density(self.ka) / self.S  # both kinks
        slopes = self.A, self.B, self.at_both
        both = below_both(self.h, self.k, self.r * self.apart, self.S, slopes)
        self.both = both * self.apart + below(self.h) * self.one_kink

    def _meeting(self, square):
        """Pairs of parallel rows, and of those whose kinks coincide, by their numbers."""
        side = np.sign(leading(self.r))
        near = leading(square) <= PARALLEL
        return near, near & (np.abs(leading(self.k) - side * leading(self.h)) <= KINK)

    @property
    def beyond(self):
        """S psi(ka), with psi(z) = z Phi(z) + phi(z)."""
        return self.S * (self.ka * below(self.ka) + density(self.ka))

    @property
    def gradient(self):
        f_p = self.at_h * self.s2 * self.beyond / (2 * self.s1) * self.apart
        return f_p, self.both, self.d * self.both + self.s2 * (self.B + self.r * self.A)

    @property
    def hessian(self):
        h, s1, s2, p = self.h, self.s1, self.s2, self.p
        turned = self.r * self.at_both  # (r/S) phi(h) phi(ka)
        reach = self.at_h * self.beyond
        kinked = self.at_h * self.one_kink
        f_cc = self.at_both / (s1 * s2) * self.apart
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
