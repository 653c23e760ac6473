"""Second derivatives of a loss of plain arithmetic, exact to rounding.

A hyper-dual number carries a value, its derivatives along two sets of
directions and the mixed second ones; each operation has its own rule, and no
step is taken. numpy passes arrays of them through sums, products, indices and
those functions that have a rule here. What asks for a float, a comparison of
nothing real or a function without a rule raises TypeError.

References
----------
.. [1] Fike, Alonso, "The development of hyper-dual numbers for exact
   second-derivative calculations", AIAA 2011-886.
"""

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

AT_ONCE = 2**14  # mixed derivatives that a number carries: memory, and the cache of a core


class HyperDual:
    """A number with derivatives along p directions, along q others, and mixed ones.

    Attributes
    ----------
    value : float
    one : ndarray, shape (p, 1), or 0
    other : ndarray, shape (1, q), or 0
    both : ndarray, shape (p, q), or 0
    """

    __slots__ = ("both", "one", "other", "value")

    def __init__(self, value, one=0.0, other=0.0, both=0.0):
        self.value, self.one, self.other, self.both = value, one, other, both

    def through(self, value, slope, bend) -> "HyperDual":
        """A function of it with this value, first and second derivative."""
        both = slope * self.both + bend * (self.one * self.other)
        return HyperDual(value, slope * self.one, slope * self.other, both)

    def __add__(self, right):
        if isinstance(right, HyperDual):
            return HyperDual(
                self.value + right.value,
                self.one + right.one,
                self.other + right.other,
                self.both + right.both,
            )
        if not isinstance(right, Real):
            return NotImplemented
        return HyperDual(self.value + right, self.one, self.other, self.both)

    def __mul__(self, right):
        if isinstance(right, HyperDual):
            a, b = self.value, right.value
            mixed = self.one * right.other + right.one * self.other
            return HyperDual(
                a * b,
                a * right.one + b * self.one,
                a * right.other + b * self.other,
                a * right.both + b * self.both + mixed,
            )
        if not isinstance(right, Real):
            return NotImplemented
        c = float(right)
        return HyperDual(c * self.value, c * self.one, c * self.other, c * self.both)

    def __pow__(self, power):
        if isinstance(power, HyperDual):
            return (self.log() * power).exp()
        if not isinstance(power, Real):
            return NotImplemented
        v, c = self.value, float(power)
        # a factor of zero first: a square has no pole in its third power
        slope = c * v ** (c - 1) if c else 0.0
        bend = c * (c - 1) * v ** (c - 2) if c * (c - 1) else 0.0
        return self.through(v**c, slope, bend)

    def __rpow__(self, base):
        return (self * np.log(float(base))).exp() if isinstance(base, Real) else NotImplemented

    def __sub__(self, right):
        return self + (-right) if isinstance(right, HyperDual | Real) else NotImplemented

    def __rsub__(self, left):
        return -self + left

    def __truediv__(self, right):
        return self * right**-1.0 if isinstance(right, HyperDual | Real) else NotImplemented

    def __rtruediv__(self, left):
        return self**-1.0 * left

    def __neg__(self):
        return self * -1.0

    def __pos__(self):
        return self

    def __abs__(self):
        return -self if self.value < 0 else self

    __radd__, __rmul__ = __add__, __mul__

    def __lt__(self, right):
        return self.value < _value(right)

    def __le__(self, right):
        return self.value <= _value(right)

    def __gt__(self, right):
        return self.value > _value(right)

    def __ge__(self, right):
        return self.value >= _value(right)

    def __eq__(self, right):
        return self.value == _value(right)

    def __ne__(self, right):
        return self.value != _value(right)

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self):
        return bool(self.value)

    def __repr__(self) -> str:
        return f"HyperDual({self.value!r})"

    # what numpy's functions of the same names ask of the entries of an array

    def conjugate(self):
        """Itself: it is real."""
        return self

    def sqrt(self):
        """√v."""
        return self**0.5

    def cbrt(self):
        """The real cube root."""
        root = np.cbrt(self.value)
        return self.through(root, root / (3 * self.value), -2 * root / (9 * self.value**2))

    def exp(self):
        """e^v."""
        value = np.exp(self.value)
        return self.through(value, value, value)

    def exp2(self):
        """2^v."""
        return (self * np.log(2.0)).exp()

    def expm1(self):
        """e^v - 1."""
        slope = np.exp(self.value)
        return self.through(np.expm1(self.value), slope, slope)

    def log(self):
        """The natural logarithm."""
        return self.through(np.log(self.value), 1 / self.value, -1 / self.value**2)

    def log2(self):
        """The logarithm to base 2."""
        return self.log() / np.log(2.0)

    def log10(self):
        """The logarithm to base 10."""
        return self.log() / np.log(10.0)

    def log1p(self):
        """log(1 + v)."""
        v = 1 + self.value
        return self.through(np.log1p(self.value), 1 / v, -1 / v**2)

    def sin(self):
        """The sine."""
        s, c = np.sin(self.value), np.cos(self.value)
        return self.through(s, c, -s)

    def cos(self):
        """The cosine."""
        s, c = np.sin(self.value), np.cos(self.value)
        return self.through(c, -s, -c)

    def tan(self):
        """The tangent."""
        t = np.tan(self.value)
        return self.through(t, 1 + t * t, 2 * t * (1 + t * t))

    def sinh(self):
        """The hyperbolic sine."""
        s, c = np.sinh(self.value), np.cosh(self.value)
        return self.through(s, c, s)

    def cosh(self):
        """The hyperbolic cosine."""
        s, c = np.sinh(self.value), np.cosh(self.value)
        return self.through(c, s, c)

    def tanh(self):
        """The hyperbolic tangent."""
        t = np.tanh(self.value)
        return self.through(t, 1 - t * t, -2 * t * (1 - t * t))

    def arcsin(self):
        """The inverse of the sine."""
        slope = 1 / np.sqrt(1 - self.value**2)
        return self.through(np.arcsin(self.value), slope, self.value * slope**3)

    def arccos(self):
        """The inverse of the cosine."""
        return np.pi / 2 - self.arcsin()

    def arctan(self):
        """The inverse of the tangent."""
        slope = 1 / (1 + self.value**2)
        return self.through(np.arctan(self.value), slope, -2 * self.value * slope**2)

    def arcsinh(self):
        """The inverse of the hyperbolic sine."""
        slope = 1 / np.sqrt(1 + self.value**2)
        return self.through(np.arcsinh(self.value), slope, -self.value * slope**3)

    def arccosh(self):
        """The inverse of the hyperbolic cosine."""
        slope = 1 / np.sqrt(self.value**2 - 1)
        return self.through(np.arccosh(self.value), slope, -self.value * slope**3)

    def arctanh(self):
        """The inverse of the hyperbolic tangent."""
        slope = 1 / (1 - self.value**2)
        return self.through(np.arctanh(self.value), slope, 2 * self.value * slope**2)


def _value(number):
    return number.value if isinstance(number, HyperDual) else number


def gradient(function: Callable, x: np.ndarray) -> np.ndarray:
    """The derivatives of a function of x (n,) with a real value; (n,).

    Raises
    ------
    TypeError
        If the function does not go through, see above.
    """
    found = _asked(function, _numbers(x, np.eye(len(x)), np.zeros((len(x), 0))))
    return np.broadcast_to(found.one, (len(x), 1))[:, 0].copy()


def second(function: Callable, x: np.ndarray, lam: float, along: np.ndarray) -> np.ndarray:
    """How the gradient in x of a function of (x, lam) changes along columns (n + 1, m); (n, m).

    Raises
    ------
    TypeError
        If the function does not go through, see above.
    """
    (n, m), every = (len(x), along.shape[1]), np.eye(len(x))
    found, size = np.zeros((n, m)), max(1, AT_ONCE // n)
    for start in range(0, m, size):
        some = along[:, start : start + size]
        moving = HyperDual(np.float64(lam), 0.0, some[-1:]) if some[-1].any() else float(lam)
        whole = _asked(function, _numbers(x, every, some[:-1]), moving)
        found[:, start : start + size] = whole.both
    return found


def _numbers(x: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The coordinates with their derivatives along columns (n, p) and (n, q); objects, (n,)."""
    made = np.empty(len(x), dtype=object)
    for i, value in enumerate(x):
        made[i] = HyperDual(np.float64(value), one[i][:, None], other[i][None])
    return made


def _asked(function: Callable, *numbers: Any) -> HyperDual:
    """The value of a function; a constant if it does not depend on the numbers."""
    found = function(*numbers)
    if isinstance(found, np.ndarray) and found.ndim == 0:
        found = found.item()
    if isinstance(found, Real):
        return HyperDual(np.float64(found))
    if not isinstance(found, HyperDual):
        raise TypeError(f"The function gives {type(found).__name__}, no number.")
    return found
