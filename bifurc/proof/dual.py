"""Values with their derivatives in several directions, through the same formulas as arrays.

In doubles rounded outwards nothing is divided by a step: each operation has its
own rule, and its parts are :class:`~bifurc.proof.rounded.Enclosure`.
"""

import numpy as np

from bifurc.loss.normal import below, density


class Dual(np.lib.mixins.NDArrayOperatorsMixin):
    """A value and its derivatives in m directions, shapes (...) and (m, ...).

    Parts are Enclosures, or Duals again for second derivatives.
    """

    __slots__ = ("value", "slope")

    def __init__(self, value, slope):
        self.value, self.slope = value, slope

    @property
    def shape(self):
        """Shape of the value."""
        return self.value.shape

    @property
    def ndim(self) -> int:
        """Number of axes of the value."""
        return len(self.value.shape)

    @property
    def pi(self):
        """π, a constant."""
        return self.value.pi

    def __getitem__(self, index) -> "Dual":
        whole = index if isinstance(index, tuple) else (index,)
        return Dual(self.value[index], self.slope[(slice(None), *whole)])

    def reshape(self, *shape: int) -> "Dual":
        """Reshape."""
        return Dual(self.value.reshape(*shape), self.slope.reshape(self.slope.shape[0], *shape))

    def swapaxes(self, one: int, other: int) -> "Dual":
        """Swap two axes; both counted from the end."""
        return Dual(self.value.swapaxes(one, other), self.slope.swapaxes(one, other))

    def diagonal(self, *axes: int) -> "Dual":
        """The diagonal, as numpy's; axes counted from the end."""
        return Dual(self.value.diagonal(*axes), self.slope.diagonal(*axes))

    def sum(self, axis: int) -> "Dual":
        """Sum over an axis counted from the end."""
        return Dual(self.value.sum(axis), self.slope.sum(axis))

    def below_both(self, k: "Dual", r: "Dual", slopes) -> "Dual":
        """P(U < self, V < k) of normal variables of correlation ``r``, its derivatives given."""
        arguments, at = (self, k, r), [slope.value for slope in slopes]
        value = self.value.below_both(k.value, r.value, at)
        moved = [slope * argument.slope for slope, argument in zip(at, arguments, strict=True)]
        return Dual(value, moved[0] + moved[1] + moved[2])

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        name = ufunc.__name__
        if method != "__call__" or kwargs:
            return NotImplemented
        if name in ("greater", "less", "not_equal"):  # of the values
            return ufunc(*(v.value if isinstance(v, Dual) else v for v in inputs))
        if name == "equal":
            return np.zeros(np.broadcast_shapes(*(v.shape for v in inputs)), dtype=bool)
        rule = _DUAL.get(name)
        return NotImplemented if rule is None else rule(*inputs)

    def __array_function__(self, function, types, args, kwargs):
        if function is np.iscomplexobj:
            return False
        if function is np.broadcast_to:
            shape = tuple(args[1])
            slope = _raised(self.slope, self.ndim, len(shape))
            slope = np.broadcast_to(slope, (self.slope.shape[0], *shape))
            return Dual(np.broadcast_to(self.value, shape), slope)
        return NotImplemented


def _raised(slope, axes: int, wanted: int):
    """A slope with axes of length 1 put in behind its first."""
    return slope[(slice(None), *(None,) * (wanted - axes))] if wanted > axes else slope


def _pair(one, other):
    """Values of both, and slopes with as many axes as the result has; None for a constant."""
    axes = max(np.ndim(v) if isinstance(v, int | float) else len(v.shape) for v in (one, other))
    parts = []
    for v in (one, other):
        if isinstance(v, Dual):
            parts += [v.value, _raised(v.slope, v.ndim, axes)]
        else:
            parts += [v, None]
    return parts


def _dual_add(one, other, ufunc=np.add):
    a, da, b, db = _pair(one, other)
    value = ufunc(a, b)
    if da is None or db is None:
        only = db if da is None else da
        if da is None and ufunc is np.subtract:
            only = -only
        return Dual(value, np.broadcast_to(only, (only.shape[0], *value.shape)))
    return Dual(value, ufunc(da, db))


def _dual_product(ufunc):
    def rule(one, other):
        a, da, b, db = _pair(one, other)
        value = ufunc(a, b)
        if da is None:
            return Dual(value, ufunc(a, db))
        if db is None:
            return Dual(value, ufunc(da, b))
        return Dual(value, ufunc(da, b) + ufunc(a, db))

    return rule


def _dual_divide(one, other):
    a, da, b, db = _pair(one, other)
    value = a / b
    if db is None:
        return Dual(value, da / b)
    change = -(value * db)
    return Dual(value, (change if da is None else da + change) / b)


def _chain(function, derivative):
    def rule(v):
        value = function(v.value)
        return Dual(value, v.slope * derivative(v.value, value))

    return rule


def _dual_power(v, power):
    if power in (0.5, -0.5):
        return _chain(lambda a: a**power, lambda a, value: power * value / a)(v)
    if power == -1:
        return _chain(lambda a: 1 / a, lambda a, value: -(value * value))(v)
    if int(power) != power or not 1 <= power <= 8:
        return NotImplemented
    return _chain(lambda a: a ** int(power), lambda a, value: power * a ** int(power - 1))(v)


_DUAL = {
    "add": _dual_add,
    "subtract": lambda one, other: _dual_add(one, other, np.subtract),
    "multiply": _dual_product(np.multiply),
    "matmul": _dual_product(np.matmul),
    "divide": _dual_divide,
    "negative": lambda v: Dual(-v.value, -v.slope),
    "power": _dual_power,
    "square": lambda v: v * v,
    "sqrt": _chain(np.sqrt, lambda a, value: 0.5 / value),
    "arccos": _chain(np.arccos, lambda a, value: -1 / np.sqrt(1 - a * a)),
    "arcsin": _chain(np.arcsin, lambda a, value: 1 / np.sqrt(1 - a * a)),
    "arctan": _chain(np.arctan, lambda a, value: 1 / (1 + a * a)),
    "ndtr": _chain(below, lambda a, value: density(a)),
    "exp": _chain(np.exp, lambda a, value: value),
    "log": _chain(np.log, lambda a, value: 1 / a),
}
