"""Taylor models: polynomials in one variable that enclose functions on an interval.

A :class:`Model` stands for a function f on \\|t\\| <= 1: at every t there are
numbers c_k(t) in the balls c_k with f(t) = sum_k c_k(t) t**k. Sums and
products of such polynomials enclose sums and products of functions, and what
goes beyond the order is folded into the last ball. In contrast to an interval
a model knows how a function moves, so differences do not blow up, and one
model serves a long piece of a branch.

A model is an element for numpy's object arrays, so it goes through the
formulas of :mod:`bifurc.loss` like :class:`~bifurc.proof.interval.Ball`.
Where a function is not provably defined, nothing is returned but
:class:`~bifurc.proof.interval.NotCertifiedError` raised.

References
----------
.. [1] Makino, Berz, "Taylor models and other validated functional inclusion
   methods", Int. J. Pure Appl. Math. 4, 2003.
"""

from collections.abc import Iterable
from functools import reduce

import numpy as np

from bifurc.loss.normal import density, slopes
from bifurc.proof.interval import Ball, NotCertifiedError, flint

MOST_TERMS = 200  # of a series; what is left out is enclosed
ORDER = 12  # of all models; one more costs 15 % and makes pieces about 5 % longer


class Model:
    """An enclosure of a function on \\|t\\| <= 1 by a polynomial with balls.

    Parameters
    ----------
    poly : arb_poly
        Of degree ``ORDER`` at most.

    Examples
    --------
    >>> f = Model(flint.arb_poly([8, 1]))  # 8 + t
    >>> (f * (1 / f) - 1).range().rad() < 1e-9, (f - f).range().is_zero()
    (True, True)
    """

    __slots__ = ("poly",)

    def __init__(self, poly):
        self.poly = poly

    @classmethod
    def constant(cls, value) -> "Model":
        """A constant, from an arb, a Ball or a number."""
        return cls(flint.arb_poly([value.arb if isinstance(value, Ball) else Ball(value).arb]))

    def range(self):
        """All values on \\|t\\| <= 1, an arb."""
        return self.poly(flint.arb(0, 1))

    def at(self, t):
        """All values at ``t``, an arb."""
        return self.poly(t)

    def within(self, middle, half) -> "Model":
        """The same function on the interval ``middle`` ± ``half``, in its own variable."""
        return Model(self.poly(flint.arb_poly([middle, half])))

    def __add__(self, other):
        poly = other.poly if type(other) is Model else _operand(other)
        return NotImplemented if poly is None else Model(self.poly + poly)

    def __sub__(self, other):
        poly = _operand(other)
        return NotImplemented if poly is None else Model(self.poly - poly)

    def __mul__(self, other):
        if type(other) is Model:
            return _cut(self.poly * other.poly)
        if isinstance(other, float | int) and other in (0, 1):  # most entries of the layout
            return self if other else ZERO
        poly = _operand(other)
        return NotImplemented if poly is None else Model(self.poly * poly)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return (-self) + other

    def __truediv__(self, other):
        if isinstance(other, Model):
            return self * other.inverse()
        poly = _operand(other)
        return NotImplemented if poly is None else Model(self.poly * (1 / poly[0]))

    def __rtruediv__(self, other):
        return self.inverse() * other

    def __neg__(self):
        return Model(-self.poly)

    def __pow__(self, power):
        if power == -1:
            return self.inverse()
        if power in (0.5, -0.5):
            return self.sqrt() if power > 0 else self.rsqrt()
        if not isinstance(power, int | float) or power != int(power) or not 0 <= power <= 8:
            return NotImplemented
        return reduce(Model.__mul__, [self] * int(power), Model.constant(1))

    def __gt__(self, other):
        return bool((self - other).range() > 0)

    def __lt__(self, other):
        return bool((self - other).range() < 0)

    def __eq__(self, other):
        return bool((self - other).range() == 0)

    def __ne__(self, other):
        return bool((self - other).range() != 0)

    __hash__ = None  # type: ignore[assignment]

    def inverse(self) -> "Model":
        """1 / f, from an approximate one y: y / (1 - r) with r = 1 - f y."""
        y = _approximate(self.poly, "inv")
        r = 1 - _cut(self.poly * y)
        size = r.range()
        if not abs(size) < 1:
            raise NotCertifiedError("A divisor may vanish.")
        return Model(y) + _cut(y * r.poly) * Ball(1 / (1 - size))

    def rsqrt(self) -> "Model":
        """f**(-1/2), from an approximate one y: y (1 - r)**(-1/2) with r = 1 - f y².

        By the mean value theorem (1 - r)**(-1/2) = 1 + r (1 - q)**(-3/2) / 2, q between 0 and r.
        """
        y = _approximate(self.poly, "rsqrt")
        r = 1 - _cut(_cut(self.poly * y).poly * y)
        size = r.range()
        if not abs(size) < 1 or not y[0] > 0:
            raise NotCertifiedError("A root of what may be negative.")
        rest = 1 - size.union(flint.arb(0))
        return Model(y) + _cut(y * r.poly) * Ball(1 / (2 * rest * rest.sqrt()))

    def sqrt(self) -> "Model":
        """f**(1/2)."""
        return self * self.rsqrt()

    def arccos(self) -> "Model":
        """The angle in [0, π]."""
        return self._primitive(Ball.arccos, lambda x: [-((1 - x * x) ** -0.5)])

    def exp(self) -> "Model":
        """The exponential: of the constant, times the series of that of the rest."""
        constant = self.poly[0]
        rest = self - Ball(constant)
        size = abs(rest.range()).upper()
        total, term, k = Model.constant(1), Model.constant(1), 0
        bound = flint.arb(1)
        while k < ORDER or (bound > flint.arb(2) ** -flint.ctx.prec and k < MOST_TERMS):
            k += 1
            term, bound = term * rest / k, bound * size / k
            total = total + term
        # what is left out is below size^(k + 1) e^size / (k + 1)!
        left = bound * size / (k + 1) * size.exp()
        return (total + Ball(flint.arb(0, left.upper()))) * Ball(constant.exp())

    def ndtr(self) -> "Model":
        """The normal distribution function."""
        return self._primitive(Ball.ndtr, lambda x: [density(x)])

    def below_both(self, k, r) -> "Model":
        """That of two normal variables of correlation ``r``."""
        k, r = (v if isinstance(v, Model) else Model.constant(v) for v in (k, r))
        return self._primitive(Ball.below_both, slopes, k, r)

    def _primitive(self, value, derivatives, *others) -> "Model":
        """A function of models, from its value and its partial derivatives.

        For the polynomials m of the midpoints it is that at m(0) and the integral along m;
        what is beside m is carried by the mean value theorem.
        """
        given = self, *others
        middle = [Model(_middle(v.poly)) for v in given]
        path = ZERO
        for slope, m in zip(derivatives(*middle), middle, strict=True):
            path = path + slope * Model(m.poly.derivative())
        total = Model.constant(value(*(Ball(m.poly[0]) for m in middle)))
        total = total + _cut(path.poly.integral())
        between = [Ball(v.range().union(m.range())) for v, m in zip(given, middle, strict=True)]
        for slope, v, m in zip(derivatives(*between), given, middle, strict=True):
            if not slope.arb.is_finite():
                raise NotCertifiedError("Two rows may be parallel.")
            total = total + (v - m) * slope
        return total

    @property
    def pi(self) -> "Model":
        """π in this arithmetic."""
        return Model.constant(flint.arb.pi())

    def __float__(self):
        return float(self.poly[0].mid())

    def __repr__(self):
        return f"Model({self.poly})"


def _operand(value):
    """What is added or multiplied as a polynomial or an arb, or None."""
    if isinstance(value, Model):
        return value.poly
    if isinstance(value, Ball):
        return flint.arb_poly([value.arb])
    if isinstance(value, float | int | np.integer | np.bool_):
        return flint.arb_poly([flint.arb(value if isinstance(value, float) else int(value))])
    return None


def _cut(poly) -> Model:
    """Fold what is beyond the order into the last ball: t**k, k > ORDER, is t**ORDER times
    a number of size 1 at most."""
    if poly.length() <= ORDER + 1:
        return Model(poly)
    top = poly.right_shift(ORDER)(flint.arb(0, 1))
    return Model(poly.truncate(ORDER) + flint.arb_poly([top]).left_shift(ORDER))


def _middle(poly):
    """The polynomial of the midpoints."""
    return flint.arb_poly([c.mid() for c in poly.coeffs()])


def _approximate(poly, function: str):
    """A polynomial near a function of ``poly``, exact."""
    cap, flint.ctx.cap = flint.ctx.cap, ORDER + 1
    try:
        found = getattr(flint.arb_series([c.mid() for c in poly.coeffs()]), function)()
    except (ZeroDivisionError, ValueError):
        raise NotCertifiedError("A divisor or a root may vanish.") from None
    finally:
        flint.ctx.cap = cap
    coefficients = [c.mid() for c in found.coeffs()]
    if not all(c.is_finite() for c in coefficients):
        raise NotCertifiedError("A divisor or a root may vanish.")
    return flint.arb_poly(coefficients)


def models(rows: Iterable) -> np.ndarray:
    """An object array of models from rows of coefficients, one row for each power; shape (n,)."""
    columns = [Model(flint.arb_poly(list(column))) for column in zip(*rows, strict=True)]
    array = np.empty(len(columns), dtype=object)
    array[:] = columns
    return array


ZERO = Model(flint.arb_poly([])) if flint is not None else None
