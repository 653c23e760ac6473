"""Truncated power series that numpy formulas accept in place of arrays.

A formula written with ``+ - * / @ ** np.sqrt np.arccos`` ... works on arrays;
handed a :class:`Series` it also carries derivatives, exactly, to any order.
So a kernel is written once and nothing is differenced.

For first derivatives alone complex numbers do the same, faster: along an
imaginary step so small that its square is lost in rounding, the imaginary part
is the derivative, with no difference taken (:func:`ahead`).

References
----------
.. [1] Griewank, Walther, "Evaluating Derivatives", 2nd ed., SIAM 2008, chapter 13.
.. [2] Squire, Trapp, "Using complex variables to estimate derivatives of real
   functions", SIAM Review 40 (1998) 110-112.
"""

import numpy as np


class Series(np.lib.mixins.NDArrayOperatorsMixin):
    """sum_k coefficients[k] * eps**k, truncated; each coefficient an array.

    Parameters
    ----------
    coefficients : array_like, shape (order + 1, ...)

    Examples
    --------
    >>> eps = Series([0.0, 1.0, 0.0])
    >>> np.sqrt(1 + eps).coefficients
    array([ 1.   ,  0.5  , -0.125])
    """

    __slots__ = ("coefficients",)

    def __init__(self, coefficients):
        self.coefficients = np.asarray(coefficients)

    @property
    def order(self) -> int:
        """The highest power kept."""
        return len(self.coefficients) - 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one coefficient."""
        return self.coefficients.shape[1:]

    def __getitem__(self, index) -> "Series":
        whole = index if isinstance(index, tuple) else (index,)
        return Series(self.coefficients[(slice(None), *whole)])

    def swapaxes(self, one: int, other: int) -> "Series":
        """Swap two axes of every coefficient; both counted from the end."""
        return Series(self.coefficients.swapaxes(one, other))

    def diagonal(self, offset: int, one: int, other: int) -> "Series":
        """Diagonals of every coefficient; both axes counted from the end."""
        return Series(self.coefficients.diagonal(offset, one, other))

    def reshape(self, *shape: int) -> "Series":
        """Reshape every coefficient."""
        return Series(self.coefficients.reshape(len(self.coefficients), *shape))

    def sum(self, axis: int) -> "Series":
        """Sum every coefficient over ``axis``, counted from the end."""
        return Series(self.coefficients.sum(axis=axis))

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__" or kwargs or ufunc.__name__ not in _RULES:
            return NotImplemented
        return _RULES[ufunc.__name__](*inputs)


COMPLEX = np.dtype(complex)
OBJECTS = np.dtype(object)
TINY_STEP = 2.0**-300  # its square is far below rounding, its fourth power still a number


def ahead(base, first):
    """``base`` moved by an imaginary :data:`TINY_STEP` along ``first``.

    Examples
    --------
    >>> value, change = parts(np.sqrt(ahead(4.0, 1.0)))
    >>> float(value), float(change)
    (2.0, 0.25)
    """
    return base + 1j * (TINY_STEP * first)


def parts(value):
    """Constant term and first derivative of what came of :func:`ahead` or of a :class:`Series`."""
    if isinstance(value, Series):
        return value.coefficients[0], value.coefficients[1]
    return value.real, value.imag / TINY_STEP


def beside(one, other):
    """Two matrices, or series of them, with their columns side by side."""
    if not isinstance(one, Series):
        return np.concatenate([one, other], axis=-1)
    return Series(np.concatenate([one.coefficients, other.coefficients], axis=-1))


def leading(value):
    """The constant term of a series or of :func:`ahead`; a real array is its own."""
    if isinstance(value, Series):
        return value.coefficients[0]
    return value.real if getattr(value, "dtype", None) == COMPLEX else value


def pi_like(value):
    """π in the arithmetic of ``value``: a double, or what its own numbers call ``pi``."""
    numbers = leading(value)
    if getattr(numbers, "dtype", None) == OBJECTS:
        numbers = numbers.flat[0]
    return getattr(numbers, "pi", np.pi)


def direction(base, first, order: int = 1):
    """The series base + first * eps."""
    base, first = np.broadcast_arrays(base, first)
    rest = np.zeros((order - 1, *base.shape), dtype=base.dtype)
    return Series(np.concatenate([[base], [first], rest]))


def lifted(value, order: int) -> Series:
    """An array, or a series of lower order, as a series of this order."""
    known = value.coefficients if isinstance(value, Series) else np.asarray(value)[None]
    return Series(np.concatenate([known, np.zeros((order + 1 - len(known), *known.shape[1:]))]))


def _pair(a, b) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of both operands, to the same order and number of axes."""
    order = (a if isinstance(a, Series) else b).order
    arrays = []
    for value in (a, b):
        if isinstance(value, Series):
            arrays.append(value.coefficients)
        else:
            plain = np.asarray(value)
            arrays.append(np.concatenate([plain[None], np.zeros((order, *plain.shape))]))
    axes = max(array.ndim for array in arrays)
    one, other = (a.reshape(a.shape[:1] + (1,) * (axes - a.ndim) + a.shape[1:]) for a in arrays)
    return one, other


def _linear(ufunc):
    def rule(a, b):
        return Series(ufunc(*_pair(a, b)))

    return rule


def _bilinear(ufunc):
    """Cauchy's product; a plain array multiplies each coefficient."""

    def rule(a, b):
        if not isinstance(a, Series):
            return Series(np.array([ufunc(a, bk) for bk in b.coefficients]))
        if not isinstance(b, Series):
            return Series(np.array([ufunc(ak, b) for ak in a.coefficients]))
        x, y = a.coefficients, b.coefficients
        out = []
        for k in range(len(x)):
            total = ufunc(x[0], y[k])
            for j in range(1, k + 1):
                total = total + ufunc(x[j], y[k - j])
            out.append(total)
        return Series(np.array(out))

    return rule


_times = _bilinear(np.multiply)


def _divide(a, b):
    if not isinstance(b, Series):
        return Series(np.stack([ak / b for ak in a.coefficients]))
    x, y = _pair(a, b)
    out: list[np.ndarray] = []
    for k in range(len(y)):
        known = sum((y[k - j] * out[j] for j in range(k)), start=np.zeros(()))
        out.append((x[k] - known) / y[0])
    return Series(np.stack(np.broadcast_arrays(*out)))


def _power(a, b):
    """a**b for a constant b, from a * (a**b)' = b * a**b * a'."""
    if isinstance(b, Series):
        return _exp(_times(b, _log(a)))
    if float(b).is_integer() and 0 <= b <= 4:
        result = Series(np.zeros_like(a.coefficients)) + 1.0
        for _ in range(int(b)):
            result = _times(result, a)
        return result
    x = a.coefficients
    out = [x[0] ** b]
    for k in range(1, len(x)):
        out.append(sum((b * j - (k - j)) * x[j] * out[k - j] for j in range(1, k + 1)) / (k * x[0]))
    return Series(np.stack(out))


def _derivative(a: Series) -> Series:
    """d/deps, with a zero in the place of the order that is lost."""
    ranks = np.arange(1, a.order + 1).reshape(-1, *(1,) * len(a.shape))
    last = np.zeros((1, *a.shape), dtype=a.coefficients.dtype)
    return Series(np.concatenate([a.coefficients[1:] * ranks, last]))


def _integral(constant, slope: Series) -> Series:
    ranks = np.arange(1, slope.order + 1).reshape(-1, *(1,) * len(slope.shape))
    return Series(np.concatenate([[constant], slope.coefficients[:-1] / ranks]))


def _primitive(value, slope):
    """Rule for a function with ``value`` at the constant term and known derivative."""

    def rule(a):
        return _integral(value(a.coefficients[0]), _times(slope(a), _derivative(a)))

    return rule


def primitive(value, *terms):
    """The function with ``value`` at the constant terms, whose derivative is sum slope · argument'.

    Parameters
    ----------
    value : array
    *terms : pairs (slope, argument), arrays or series
        Where no argument is a series, ``value`` itself is returned.
    """
    slopes = [_times(slope, _derivative(x)) for slope, x in terms if isinstance(x, Series)]
    return _integral(value, sum(slopes[1:], start=slopes[0])) if slopes else value


def _exp(a):
    out = [np.exp(a.coefficients[0])]
    x = a.coefficients
    for k in range(1, len(x)):
        out.append(sum(j * x[j] * out[k - j] for j in range(1, k + 1)) / k)
    return Series(np.stack(out))


def _tanh(a):
    """y' = (1 - y²) a', coefficient by coefficient."""
    y = Series(np.concatenate([np.tanh(a.coefficients[:1]), np.zeros_like(a.coefficients[1:])]))
    for _ in range(a.order):
        y = _integral(y.coefficients[0], _times(1.0 - _times(y, y), _derivative(a)))
    return y


def _logaddexp(a, b):
    """The derivative is that of both, weighed by their shares."""
    a, b = (Series(x) for x in _pair(a, b))
    share = 0.5 + 0.5 * _tanh(0.5 * (b - a))
    slope = _derivative(a) + share * (_derivative(b) - _derivative(a))
    return _integral(np.logaddexp(a.coefficients[0], b.coefficients[0]), slope)


def _ndtr(a):
    from bifurc.loss.normal import below, density

    return _primitive(below, density)(a)


def _erf(a):
    from scipy.special import erf

    slope = lambda x: 2.0 / np.sqrt(np.pi) * _exp(-_times(x, x))  # noqa: E731
    return _primitive(erf, slope)(a)


def one_sided_root(square: Series, exact: np.ndarray) -> Series:
    """The root, for eps > 0, of a series that begins with eps²; 0 where it has no such term.

    Its last coefficient is not known and is left at 0.

    Parameters
    ----------
    square : Series of order 2 or more
        Its first two coefficients are taken as 0.
    exact : ndarray
        What of the coefficient of eps² may be rounding.

    Examples
    --------
    >>> one_sided_root(Series([0.0, 0.0, 4.0, 4.0]), np.array(0.0)).coefficients
    array([0., 2., 1., 0.])
    """
    high = square.coefficients[2:]
    moves = high[0] > exact
    high = np.where(moves, high, np.eye(1, len(high))[0].reshape(-1, *(1,) * moves.ndim))
    found = _power(Series(high), 0.5).coefficients * moves
    none = np.zeros((1, *moves.shape))
    return Series(np.concatenate([none, found, none]))


_log = _primitive(np.log, lambda a: _power(a, -1.0))


def _sine(a, phase: float):
    """sin(a + phase), from sin'' = -sin."""
    turned = [np.sin(a.coefficients[0] + phase + k * np.pi / 2) for k in range(a.order + 1)]
    step = Series(np.concatenate([np.zeros_like(a.coefficients[:1]), a.coefficients[1:]]))
    total, power = Series(np.zeros_like(a.coefficients)), 1.0
    for k, value in enumerate(turned):
        total = total + power * value
        power = power * step * (1.0 / (k + 1))
    return total


_RULES = {
    "add": _linear(np.add),
    "subtract": _linear(np.subtract),
    "multiply": _times,
    "matmul": _bilinear(np.matmul),
    "divide": _divide,
    "power": _power,
    "negative": lambda a: Series(-a.coefficients),
    "square": lambda a: _times(a, a),
    "reciprocal": lambda a: _power(a, -1.0),
    "sqrt": lambda a: _power(a, 0.5),
    "exp": _exp,
    "log": _log,
    "log1p": _primitive(np.log1p, lambda a: _power(1.0 + a, -1.0)),
    "expm1": _primitive(np.expm1, _exp),
    "tanh": _tanh,
    "logaddexp": _logaddexp,
    "erf": _erf,
    "ndtr": _ndtr,
    "sin": lambda a: _sine(a, 0.0),
    "cos": lambda a: _sine(a, np.pi / 2),
    "arccos": _primitive(np.arccos, lambda a: -((1.0 - a * a) ** -0.5)),
    "arcsin": _primitive(np.arcsin, lambda a: (1.0 - a * a) ** -0.5),
    "arctan": _primitive(np.arctan, lambda a: (1.0 + a * a) ** -1.0),
}
