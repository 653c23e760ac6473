"""Arrays of intervals in doubles, rounded outwards: fast where double precision will do.

An :class:`Enclosure` is an array of midpoints and one of radii. It goes
through the formulas of :mod:`bifurc.loss` as an array does, a few numpy calls
for each operation, whatever its size. Sums and products are bounded in
whatever order numpy takes them, with fused steps or without; other functions
are handed to Arb. First derivatives come along in a
:class:`~bifurc.proof.dual.Dual`.

References
----------
.. [1] Rump, "Fast and parallel interval arithmetic", BIT 39, 1999.
.. [2] Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., SIAM
   2002, sections 3.1 and 3.5.
"""

from collections.abc import Callable

import numpy as np

from bifurc.proof import normal
from bifurc.proof.interval import NotCertifiedError, flint

UNIT = 2.0**-53  # relative error of one operation
GROW = 1 + 2.0**-40  # more than the roundings of some thousand operations in a radius
TINY = 1e-290  # more than what underflow can take away
PRECISION = 64  # bits of an integral that doubles are made of
FLOOR = 2.0**-900  # what entries count as at least, so that their share of rounding is a number


class Enclosure(np.lib.mixins.NDArrayOperatorsMixin):
    """All arrays within ``rad`` of ``mid``; a comparison is True only where it holds for all.

    Examples
    --------
    >>> third = 1 / Enclosure(np.array([3.0]), 0.0)
    >>> bool(third.contains(1 / 3)[0]), bool(third.rad[0] < 1e-15)
    (True, True)
    """

    __slots__ = ("mid", "rad")

    def __init__(self, mid, rad):
        self.mid = np.asarray(mid, dtype=float)
        self.rad = np.asarray(rad, dtype=float)
        if self.rad.shape != self.mid.shape:
            self.rad = np.broadcast_to(self.rad, self.mid.shape)

    @property
    def shape(self):
        """Shape of the array."""
        return self.mid.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.mid.ndim

    @property
    def T(self) -> "Enclosure":
        """The transpose."""
        return Enclosure(self.mid.T, self.rad.T)

    @property
    def pi(self) -> "Enclosure":
        """π, for formulas that ask their arguments for it."""
        return Enclosure(np.pi, 2.0**-51)

    def __getitem__(self, index) -> "Enclosure":
        return Enclosure(self.mid[index], self.rad[index])

    def reshape(self, *shape: int) -> "Enclosure":
        """Reshape."""
        return Enclosure(self.mid.reshape(*shape), self.rad.reshape(*shape))

    def swapaxes(self, one: int, other: int) -> "Enclosure":
        """Swap two axes."""
        return Enclosure(self.mid.swapaxes(one, other), self.rad.swapaxes(one, other))

    def diagonal(self, *axes: int) -> "Enclosure":
        """The diagonal, as numpy's."""
        return Enclosure(self.mid.diagonal(*axes), self.rad.diagonal(*axes))

    def sum(self, axis: int) -> "Enclosure":
        """Sum over an axis."""
        slack = UNIT * (self.mid.shape[axis] + 2)
        rad = (self.rad + slack * np.abs(self.mid)).sum(axis) * GROW
        return _unless_infinite(self.mid.sum(axis), np.where(rad == 0, 0.0, rad + TINY))

    def below_both(self, k: "Enclosure", r: "Enclosure", slopes) -> "Enclosure":
        """P(U < self, V < k) of normal variables of correlation ``r``, its derivatives given."""
        at = [np.broadcast_to(value.mid, r.shape) for value in (self, k, r)]
        places, back = np.unique(np.stack(at, axis=-1).reshape(-1, 3), axis=0, return_inverse=True)
        with flint.ctx.workprec(PRECISION):
            found = enclosure(
                [normal.below_both(*map(flint.arb, place)) for place in places.tolist()]
            )
        total = found[back.reshape(r.shape)]
        for slope, value in zip(slopes, (self, k, r), strict=True):
            total = total + slope * Enclosure(np.zeros(value.shape), value.rad)
        return total

    def contains(self, values) -> np.ndarray:
        """Whether it may be equal to ``values``, entry by entry."""
        return ~_not_equal(self, values)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        rule = _RULES.get(ufunc.__name__)
        if method != "__call__" or kwargs or rule is None:
            return NotImplemented
        if not all(isinstance(value, OPERANDS) for value in inputs):
            return NotImplemented  # a derivative comes along
        return rule(*inputs)

    def __array_function__(self, function, types, args, kwargs):
        if function is np.iscomplexobj:
            return False
        if function is np.broadcast_to:
            return Enclosure(np.broadcast_to(self.mid, args[1]), np.broadcast_to(self.rad, args[1]))
        return NotImplemented


OPERANDS = (Enclosure, np.ndarray, np.generic, int, float)


def enclosure(values) -> Enclosure:
    """The enclosure of an array or list of arbs or Balls, in double precision."""
    array = np.asarray(values, dtype=object)
    pairs = [_double(getattr(value, "arb", value)) for value in array.flat]
    mid, rad = np.array(pairs, dtype=float).reshape(-1, 2).T
    return Enclosure(mid.reshape(array.shape), rad.reshape(array.shape))


def _double(value) -> tuple[float, float]:
    if not isinstance(value, flint.arb):
        value = flint.arb(value)
    mid = float(value.mid())
    away = (value - flint.arb(mid)).abs_upper()
    rad = float(away) * GROW  # the conversion rounds once
    return mid, rad if away.is_zero() else rad + TINY


def arbs_of(value) -> list:
    """The arbs of an array, flattened."""
    mid, rad = _split(value)
    pairs = zip(
        np.ravel(mid).tolist(), np.ravel(np.broadcast_to(rad, mid.shape)).tolist(), strict=True
    )
    return [flint.arb(m, r) if r == r else flint.arb("nan") for m, r in pairs]


def matrix_of(value):
    """The arb_mat of an array of two axes."""
    rows, columns = value.shape
    return flint.arb_mat(rows, columns, arbs_of(value))


def _split(value) -> tuple[np.ndarray, np.ndarray | float]:
    if isinstance(value, Enclosure):
        return value.mid, value.rad
    array = np.asarray(value)
    if array.dtype == object:
        raise TypeError("Doubles and numbers of another precision do not mix.")
    return array.astype(float), 0.0


def _add(one, other, ufunc=np.add):
    (a, ar), (b, br) = _split(one), _split(other)
    mid = ufunc(a, b)
    return Enclosure(mid, (ar + br + UNIT * np.abs(mid)) * GROW)


def _multiply(one, other):
    (a, ar), (b, br) = _split(one), _split(other)
    mid, size = a * b, np.abs(a)
    rad = ar * (np.abs(b) + br) + UNIT * np.abs(mid)
    if isinstance(other, Enclosure):
        rad = rad + size * br
    return Enclosure(mid, rad * GROW + TINY)


def _matmul(one, other):
    (a, ar), (b, br) = _split(one), _split(other)
    slack, size = UNIT * (a.shape[-1] + 3), np.abs(b)
    rad = np.abs(a) @ (br + slack * (size + FLOOR))
    if isinstance(one, Enclosure):
        rad = rad + ar @ (size + br)
    return _unless_infinite(a @ b, rad * GROW + a.shape[-1] * TINY)


def _unless_infinite(mid, rad):
    """The enclosure, nothing where the midpoint has overflown: inf lies within no finite radius."""
    return Enclosure(mid, np.where(np.isfinite(mid), rad, np.inf))


def _divide(one, other):
    (a, ar), (b, br) = _split(one), _split(other)
    mid, least = a / b, np.abs(b) - br
    rad = (ar + np.abs(mid) * br) / least + 2 * UNIT * np.abs(mid)
    return Enclosure(mid, np.where(least > 0, rad * GROW + TINY / least + TINY, np.nan))


def _sqrt(value):
    a, ar = _split(value)
    mid, least = np.sqrt(a), (a - ar) / GROW
    return Enclosure(mid, (ar / (mid + np.sqrt(least)) + UNIT * mid) * GROW + TINY)


def _power(value, power):
    if power == 0.5:
        return _sqrt(value)
    if power == -0.5:
        return _divide(1.0, _sqrt(value))
    if power == -1:
        return _divide(1.0, value)
    if int(power) != power or not 0 <= power <= 8:
        return NotImplemented
    result = Enclosure(np.ones(value.shape), 0.0)
    for _ in range(int(power)):
        result = _multiply(result, value)
    return result


def _by_arb(function: Callable):
    def rule(value):
        pairs, back = np.unique(value.mid + 1j * value.rad, return_inverse=True)
        found = [_double(function(flint.arb(p.real, p.imag))) for p in pairs.tolist()]
        mid, rad = np.array(found).reshape(-1, 2).T
        back = back.reshape(value.shape)
        return Enclosure(mid[back], rad[back])

    return rule


def _greater(one, other):
    gap = _add(one, other, np.subtract)
    return gap.mid > gap.rad


def _not_equal(one, other):
    gap = _add(one, other, np.subtract)
    return np.abs(gap.mid) > gap.rad


def _undecided(one, other):
    return np.zeros(_add(one, other).shape, dtype=bool)


_RULES = {
    "add": _add,
    "subtract": lambda one, other: _add(one, other, np.subtract),
    "multiply": _multiply,
    "matmul": _matmul,
    "divide": _divide,
    "negative": lambda value: Enclosure(-value.mid, value.rad),
    "power": _power,
    "square": lambda value: _multiply(value, value),
    "sqrt": _sqrt,
    "arccos": _by_arb(lambda x: x.acos()),
    "arcsin": _by_arb(lambda x: x.asin()),
    "arctan": _by_arb(lambda x: x.atan()),
    "exp": _by_arb(lambda x: x.exp()),
    "log": _by_arb(lambda x: x.log()),
    "ndtr": _by_arb(normal.below),
    "greater": _greater,
    "less": lambda one, other: _greater(other, one),
    "not_equal": _not_equal,
    "equal": _undecided,
}


def finite(value: Enclosure) -> Enclosure:
    """The same enclosure, if it is one.

    Raises
    ------
    NotCertifiedError
        If something could not be enclosed.
    """
    if not (np.isfinite(value.rad).all() and np.isfinite(value.mid).all()):
        raise NotCertifiedError("A derivative cannot be enclosed over the box.")
    return value
