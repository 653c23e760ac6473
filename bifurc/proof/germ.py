"""Functions of a small number e, near and at e = 0, enclosed with their leading powers known.

A :class:`Germ` is e**v times a Taylor model in e / reach, so it stands for a
function at every e from 0 to ``reach``, with one that is infinite or zero at 0
divided or multiplied by the power that makes it finite. Sums cancel powers
only where coefficients are exactly zero, so what is divided by a power of e is
known to vanish to that order. With e = lam**(-1/2) sizes, entries and sums over
all rows are germs, and what holds for a germ holds at every large lam.
"""

import numpy as np

from bifurc.proof.interval import Ball, NotCertifiedError, flint
from bifurc.proof.model import ORDER, Model


class Germ:
    """e**power times a model in e / reach; an element for numpy's object arrays.

    Comparisons are not defined: ask :meth:`range` of a germ of power 0.
    """

    __slots__ = ("model", "power")

    def __init__(self, model: Model, power: int = 0):
        poly, least = model.poly, 0
        while least < poly.length() and poly[least].is_zero():
            least += 1
        self.power = power + least if least < poly.length() else 0
        self.model = Model(poly.right_shift(least)) if least else model

    @classmethod
    def of(cls, value) -> "Germ":
        """A constant."""
        return cls(Model.constant(value))

    @classmethod
    def e(cls, power: int = 1) -> "Germ":
        """e**power in units of its reach."""
        return cls(Model.constant(1), power)

    @property
    def is_zero(self) -> bool:
        """Whether it is exactly 0."""
        return self.model.poly.length() == 0

    def whole(self) -> Model:
        """The model of all of it.

        Raises
        ------
        NotCertifiedError
            If it is infinite at e = 0.
        """
        if self.is_zero:
            return self.model
        if self.power < 0:
            raise NotCertifiedError("What should be finite at infinity may not be.")
        return _raised(self.model, self.power)

    def range(self):
        """All values at e from 0 to its reach, an arb."""
        return self.whole().poly(flint.arb(0.5, 0.5))

    def sign(self) -> int:
        """The sign at every e that is not 0.

        Raises
        ------
        NotCertifiedError
            If it is not the same for all.
        """
        value = self.model.poly(flint.arb(0.5, 0.5))
        if not (self.is_zero or value > 0 or value < 0):
            raise NotCertifiedError("A sign changes at a large size.")
        return 0 if self.is_zero else 1 if value > 0 else -1

    def at(self, share):
        """The value at ``share`` of the reach, an arb."""
        return self.model.at(share) * share**self.power

    def __add__(self, other):
        other = _germ(other)
        if other is None:
            return NotImplemented
        if self.is_zero or other.is_zero:
            return other if self.is_zero else self
        least = min(self.power, other.power)
        one, two = (_raised(g.model, g.power - least) for g in (self, other))
        return Germ(one + two, least)

    def __mul__(self, other):
        other = _germ(other)
        if other is None:
            return NotImplemented
        return Germ(self.model * other.model, self.power + other.power)

    def __truediv__(self, other):
        other = _germ(other)
        if other is None:
            return NotImplemented
        return Germ(self.model * other.model.inverse(), self.power - other.power)

    def __neg__(self):
        return Germ(-self.model, self.power)

    def __sub__(self, other):
        other = _germ(other)
        return NotImplemented if other is None else self + (-other)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return (-self) + other

    def __rtruediv__(self, other):
        return _germ(other) / self

    def __pow__(self, power):
        if power == -1:
            return 1 / self
        if power in (0.5, -0.5):
            root = self._rsqrt()
            return root if power < 0 else self * root
        return NotImplemented

    def sqrt(self) -> "Germ":
        """The square root; of an even power of e."""
        return self if self.is_zero else self * self._rsqrt()

    def _rsqrt(self) -> "Germ":
        if self.power % 2:
            raise NotCertifiedError("A root of an odd power.")
        return Germ(self.model.rsqrt(), -(self.power // 2))

    def arcsin(self) -> "Germ":
        """The angle of a sine that vanishes at e = 0, or is small.

        The integral of m' (1 - m²)**(-1/2) for the polynomial m of midpoints,
        and the mean value theorem for the rest; no power is made.
        """
        if self.is_zero:
            return self
        poly = self.whole().poly
        middle = flint.arb_poly([c.mid() for c in poly.coeffs()])
        m = Model(middle)
        slope = (1 - m * m).rsqrt() * Model(middle.derivative())
        start = middle[0].asin() if not middle[0].is_zero() else flint.arb(0)
        angle = Model.constant(start) + _folded(slope.poly.integral())
        between = m.range().union(Model(poly).range())
        if not abs(between) < 1:
            raise NotCertifiedError("A sine may be 1.")
        return Germ(angle + Model(poly - middle) * Ball((1 - between * between).rsqrt()))

    @property
    def pi(self) -> "Germ":
        """π, a constant."""
        return Germ.of(flint.arb.pi())

    def __float__(self):
        return float(self.model)

    def __repr__(self):
        return f"Germ({self.model}, {self.power})"


def _germ(value) -> Germ | None:
    if isinstance(value, Germ):
        return value
    if isinstance(value, float | int | np.integer | np.bool_ | Ball | flint.arb):
        return Germ.of(value if isinstance(value, Ball | flint.arb | float) else int(value))
    return None


def _raised(model: Model, power: int) -> Model:
    """A model times a power of its variable."""
    return _folded(model.poly.left_shift(power)) if power else model


def _folded(poly) -> Model:
    return Model(poly) * Model.constant(1) if poly.length() > ORDER + 1 else Model(poly)


class Slope:
    """A number with its derivative in one direction."""

    __slots__ = ("slope", "value")

    def __init__(self, value, slope=0):
        self.value, self.slope = value, slope

    def __add__(self, other):
        if not isinstance(other, Slope):
            return Slope(self.value + other, self.slope)
        return Slope(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        if not isinstance(other, Slope):
            return Slope(self.value * other, self.slope * other)
        return Slope(self.value * other.value, self.value * other.slope + self.slope * other.value)

    def __truediv__(self, other):
        if not isinstance(other, Slope):
            return Slope(self.value / other, self.slope / other)
        ratio = self.value / other.value
        return Slope(ratio, (self.slope - ratio * other.slope) / other.value)

    def __neg__(self):
        return Slope(-self.value, -self.slope)

    def __sub__(self, other):
        return self + (-other)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return (-self) + other

    def sqrt(self):
        """The square root."""
        root = self.value.sqrt()
        return Slope(root, self.slope / (2 * root))

    def arcsin(self):
        """The angle of a small sine."""
        return Slope(self.value.arcsin(), self.slope / (1 - self.value * self.value).sqrt())
