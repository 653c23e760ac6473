"""Kernels: f(w, v) = E[phi(<w, x>) phi(<v, x>)] through p = |w|², q = |v|², c = <w, v>.

A kernel is a handful of formulas. Anything with the methods below will do;
there is nothing to inherit. They are called with arrays or with
:class:`~bifurc.loss.series.Series`, so write them with numpy's functions
and operators. A method ``derivatives`` that returns (gradient, hessian) may
share the work of both. Only derivatives in the first argument are asked for: the
others follow from f(p, q, c) = f(q, p, c).

Parameters of a kernel are the fields of a frozen dataclass. A family may let
them run like d, and then they come as arrays or as Series too.

Your own kernel, here a z + z² (``homogeneous``, ``smooth``, ``holomorphic`` and
``rotates`` may be left out: they say that phi(a z) = a phi(z) for a > 0, that
zero rows do no harm, that the formulas may be given complex numbers, which is
faster, and that only sum_i w_i w_i' matters, so that W -> OW is free):

>>> @dataclass(frozen=True)
... class Bowl:
...     a: float = 1.0
...     smooth = holomorphic = True
...     def value(self, p, q, c):
...         return self.a**2 * c + p * q + 2 * c**2
...     def gradient(self, p, q, c):
...         return q, self.a**2 + 4 * c
...     def hessian(self, p, q, c):
...         return 0 * p, 1 + 0 * p, 0 * p, 4 + 0 * p
>>> check(Bowl(a=0.5))
"""

import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from bifurc.given import function, nearest
from bifurc.imported import imported
from bifurc.loss.activation import Activation, sigmoid, softplus
from bifurc.loss.biased import BiasedLeakyReLU, BiasedReLU
from bifurc.loss.series import (
    Series,
    ahead,
    direction,
    leading,
    one_sided_root,
    parts,
    pi_like,
)
from bifurc.loss.smooth import GELU, Erf, Quadratic, TensorPower

# sin² of the angle below which two rows count as parallel. The angle is then
# below 1e-7, where rounding of pq - c² would spoil the second derivatives and
# their limits are right to the same 1e-7.
PARALLEL = 1e-14
KINK = 1e-10  # of its terms: a second-order change of sin² below it is rounding of rows that stay
FORMULAS = ("value", "gradient", "hessian")  # of every kernel


@dataclass(frozen=True)
class Splitting:
    """A kernel as |w||v| (radial + linear x + share k(x)), x the cosine of the angle.

    k is that of ReLU, which is even:

        k(x) = (sqrt(1 - x²) - 1 + x asin x) / (2 pi).

    Written so that nothing cancels, near x = 0 nor near |x| = 1; x may be complex.
    """

    radial: Any
    linear: Any
    share: Any = 1.0

    def at_points(self) -> "Splitting":
        """The same without the axes of pairs, where parameters that run lead them."""
        return Splitting(
            *(np.asarray(v)[..., 0, 0, 0, 0] if np.ndim(v) else v for v in astuple(self))
        )

    at_one: ClassVar[float] = (np.pi / 2 - 1) / (2 * np.pi)  # k(1)

    @staticmethod
    def even(x):
        """k(x)."""
        return x * (np.arcsin(x) - x / (1 + np.sqrt(1 - x * x))) / (2 * np.pi)

    @staticmethod
    def drop(u):
        """k(1) - k(1 - u) = (pi u / 2 - (sin t - t cos t)) / (2 pi), with u = 1 - cos t."""
        t = 2 * np.arcsin(np.sqrt(u / 2))
        near = np.where(np.abs(t) < 1, t, 0.0)
        series = near**3 * np.polyval(_SIN_LESS_T_COS, near * near)
        less = np.where(np.abs(t) < 1, series, np.sin(t) - t * np.cos(t))
        return (np.pi / 2 * u - less) / (2 * np.pi)


# sin t - t cos t = sum over j >= 1 of (-1)^(j+1) 2j / (2j + 1)! t^(2j+1), to rounding for |t| < 1
_SIN_LESS_T_COS = [(-1) ** (j + 1) * 2 * j / math.factorial(2 * j + 1) for j in range(9, 0, -1)]


class ReLU:
    """f = (|w||v| sin t + (pi - t) <w, v>) / (2 pi), t the angle between w and v.

    Where two rows are positively parallel f is C² with the jet of c/2, where
    they are antiparallel with jet 0; the single partial derivatives blow up
    there and are replaced by those jets. It is not C³ there: along a series of
    order 2 or more on which two parallel rows part, value and gradient are
    those for eps > 0, but for the last coefficient.

    References
    ----------
    .. [1] Cho, Saul, "Kernel methods for deep learning", NIPS 2009, eq. (6).
    .. [2] Brutzkus, Globerson, "Globally optimal gradient descent for a ConvNet
       with Gaussian inputs", ICML 2017, section 3.

    Examples
    --------
    >>> float(ReLU().value(1.0, 1.0, 0.0) * 2 * np.pi)
    1.0
    """

    homogeneous = True  # phi(a z) = a phi(z) for a > 0: parallel rows exchange norm freely
    holomorphic = True  # its formulas hold for complex numbers too

    def value(self, p, q, c):
        """f itself."""
        sine, _, angle, pi = self._angle(p, q, c)
        return (sine + (pi - angle) * c) / (2 * pi)

    def gradient(self, p, q, c):
        """(f_p, f_c)."""
        sine, _, angle, pi = self._angle(p, q, c)
        return sine / (4 * pi * p), (pi - angle) / (2 * pi)

    def hessian(self, p, q, c):
        """(f_pp, f_pq, f_pc, f_cc)."""
        return self.derivatives(p, q, c)[1]

    def derivatives(self, p, q, c):
        """Gradient and Hessian."""
        sine, cosecant, angle, pi = self._angle(p, q, c)
        f_p, half = sine / (4 * pi * p), cosecant / (2 * pi)
        f_pq = half / 4
        return (f_p, (pi - angle) / (2 * pi)), (
            (f_pq * q - f_p) / p,
            f_pq,
            -c * half / (2 * p),
            half,
        )

    @property
    def biased(self) -> BiasedReLU:
        """The kernel of five arguments, with the biases of both neurons."""
        return BiasedReLU()

    @staticmethod
    def split() -> Splitting:
        """|w||v| (1/(2 pi) + x/4 + k(x)): what need not be summed pair by pair comes first."""
        return Splitting(1 / (2 * np.pi), 0.25)

    @staticmethod
    def _angle(p, q, c):
        """|w||v| sin t and its inverse, both 0 where the rows are parallel; t; and pi."""
        pi, product = pi_like(c), p * q
        square = product - c * c
        parallel = PARALLEL if pi is np.pi else 0.0  # none where numbers are not rounded
        apart = 1.0 * (leading(square) > parallel * leading(product))
        opposite = (1.0 - apart) * (leading(c) < 0)
        root = np.sqrt(square * apart + (1.0 - apart))
        angle = np.arccos(c * apart / np.sqrt(product)) * apart + pi * opposite
        sine = root * apart
        rounded = pi is np.pi  # enclosed rows are parallel only where they are one and the same
        if rounded and isinstance(square, Series) and square.order > 1 and not np.all(apart):
            beside = _beside(product, c, square) * (1.0 - apart)
            sine = sine + beside
            angle = angle + (1.0 - 2.0 * opposite) * np.arcsin(beside / np.sqrt(product))
        return sine, apart / root, angle, pi


def _beside(product: Series, c: Series, square: Series) -> Series:
    """|w||v| sin t of rows that are parallel and part along the series; see ``second_along``."""
    sizes = [np.abs(value.coefficients[2]) for value in (product, c * c)]
    return one_sided_root(square, KINK * (sizes[0] + sizes[1]))


@dataclass(frozen=True)
class LeakyReLU:
    """phi(z) = z for z > 0 and ``slope`` z below: f = (1 - slope)² f_relu + slope c.

    Slope 0 is ReLU, slope 1 the linear network, slope -1 the absolute value.
    With R the kernel of relu, phi(z) = relu(z) - slope relu(-z) gives
    (1 + slope²) R(p, q, c) - 2 slope R(p, q, -c), and R(p, q, -c) = R(p, q, c) - c/2.
    """

    slope: Any = 0.01
    homogeneous = True
    holomorphic = True

    def value(self, p, q, c):
        """f itself."""
        return (1 - self.slope) ** 2 * _RELU.value(p, q, c) + self.slope * c

    def gradient(self, p, q, c):
        """(f_p, f_c)."""
        share = (1 - self.slope) ** 2
        f_p, f_c = _RELU.gradient(p, q, c)
        return share * f_p, share * f_c + self.slope

    def hessian(self, p, q, c):
        """(f_pp, f_pq, f_pc, f_cc)."""
        share = (1 - self.slope) ** 2
        return tuple(share * value for value in _RELU.hessian(p, q, c))

    @property
    def biased(self) -> BiasedLeakyReLU:
        """The kernel of five arguments, with the biases of both neurons."""
        return BiasedLeakyReLU(self.slope)

    def split(self) -> Splitting:
        """As of ReLU, with slope c on top."""
        share, of = (1 - self.slope) ** 2, _RELU.split()
        return Splitting(share * of.radial, share * of.linear + self.slope, share)


class AbsoluteValue(LeakyReLU):
    """phi(z) = |z|, the leaky ReLU of slope -1."""

    def __init__(self):
        super().__init__(slope=-1.0)


_RELU = ReLU()
KERNELS: dict[str, Callable] = {
    "relu": ReLU,
    "leaky": LeakyReLU,
    "abs": AbsoluteValue,
    "erf": Erf,
    "gelu": GELU,
    "quadratic": Quadratic,
    "tensor": TensorPower,
    "tanh": partial(Activation, np.tanh, "tanh"),
    "sigmoid": partial(Activation, sigmoid, "sigmoid"),
    "softplus": partial(Activation, softplus, "softplus"),
}
_OWN: dict[str, Any] = {}  # kernels that users named by where they are written


def activation(phi: Callable) -> Activation:
    """The kernel of an activation, from the activation alone.

    Parameters
    ----------
    phi : callable
        Smooth, and written with numpy's functions; see :mod:`bifurc.loss.activation`.

    Examples
    --------
    >>> import bifurc
    >>> swish = activation(lambda z: z / (1 + np.exp(-z)))
    >>> two = bifurc.Family.build("II", sets={"bulk": "d - 1", "last": 1}, kernel=swish,
    ...                           start={"bulk": 1, "last": -1}, parameters={"d": 20})
    """
    return Activation(function("activation()", phi, "z"))


def kernel(name: Any, **parameters: Any):
    """Return the kernel called ``name``; a kernel itself is returned as it is.

    ``module:name`` and ``file.py:name`` are kernels, or activations, of one's own.

    Raises
    ------
    ValueError
        If there is none, or it has no such parameter.
    """
    if not isinstance(name, str):
        return _formulas(name, f"A kernel that is {name!r}")
    if ":" in name:
        if name not in _OWN:
            _OWN[name] = _own(name)
        return replace(_OWN[name], **parameters) if parameters else _OWN[name]
    if name not in KERNELS:
        raise ValueError(f"Unknown kernel {name!r}.{nearest(name, KERNELS)}")
    try:
        return KERNELS[name](**parameters)
    except TypeError:
        raise ValueError(
            f"Kernel {name!r} has no parameters {', '.join(parameters)}; "
            f"it has {', '.join(parameter_names(KERNELS[name])) or 'none'}."
        ) from None


def _own(reference: str):
    """A kernel by where it is written: its class, one of it, or the activation alone."""
    found = imported(reference)
    made = found() if isinstance(found, type) else found
    if callable(made) and not all(hasattr(made, formula) for formula in FORMULAS):
        return Activation(made, reference)
    return _formulas(made, repr(reference))


def _formulas(made: Any, what: str):
    """A kernel: whatever has its formulas."""
    if missing := [formula for formula in FORMULAS if not hasattr(made, formula)]:
        raise ValueError(
            f"{what} has no formula {', '.join(missing)}; name one of {', '.join(KERNELS)}, or "
            "make one of an activation with bifurc.kernels.activation(phi)."
        )
    return made


def name_of(kernel) -> str:
    """The name under which a kernel is known."""
    if name := getattr(kernel, "name", "") or next((n for n, k in _OWN.items() if k is kernel), ""):
        return name
    for name, known in KERNELS.items():
        if type(kernel) is known and (not parameter_names(known) or kernel == known()):
            return name
    raise ValueError(
        f"Kernel {kernel!r} has no name; add it to bifurc.kernels.KERNELS to save it, and give "
        "parameters as the family's kernel_parameters."
    )


def parameter_names(kernel: Any) -> tuple[str, ...]:
    """The parameters of a kernel: the fields of its dataclass, unless it fixes them itself."""
    made = kernel if isinstance(kernel, type) else type(kernel)
    own = "__dataclass_params__" in vars(made)
    return tuple(entry.name for entry in fields(made)) if own else ()


def check(kernel: Any, samples: int = 20, tol: float = 1e-9) -> None:
    """Raise unless value, gradient, hessian and the symmetry in p, q fit together.

    Derivatives are taken by :class:`~bifurc.loss.series.Series`, so they are
    exact, at random p, q in (0.3, 3) and |c| < 0.95 sqrt(pq).

    Raises
    ------
    ValueError
        With the formula that does not fit and by how much.
    """
    rng = np.random.default_rng(0)
    p, q = rng.uniform(0.3, 3.0, (2, samples))
    c = rng.uniform(-0.95, 0.95, samples) * np.sqrt(p * q)
    point, names = (p, q, c), "pqc"
    moves = [tuple(direction(v, 1.0 * (i == j)) for j, v in enumerate(point)) for i in range(3)]
    value, (f_p, f_c) = kernel.value(*point), kernel.gradient(*point)
    f_q, g_c = kernel.gradient(q, p, c)
    f_pp, f_pq, f_pc, f_cc = kernel.hessian(*point)
    g_qq, g_qp, g_qc, g_cc = kernel.hessian(q, p, c)
    claims = [
        ("f(p, q, c) = f(q, p, c)", value, kernel.value(q, p, c)),
        ("f_c(p, q, c) = f_c(q, p, c)", f_c, g_c),
        ("f_pq(p, q, c) = f_pq(q, p, c)", f_pq, g_qp),
        ("f_cc(p, q, c) = f_cc(q, p, c)", f_cc, g_cc),
    ]
    stated = {"f_p": f_p, "f_q": f_q, "f_c": f_c}
    for moved, (name, given) in zip(moves, stated.items(), strict=True):
        claims.append((f"{name} = df/d{name[-1]}", given, _slope(kernel.value(*moved))))
    second = {"f_p": (f_pp, f_pq, f_pc), "f_c": (f_pc, g_qc, f_cc)}
    for moved, name, *given in zip(moves, names, *second.values(), strict=True):
        for (first, _), entry, slope in zip(
            second.items(), given, kernel.gradient(*moved), strict=True
        ):
            claims.append((f"{first}{name} = d{first}/d{name}", entry, _slope(slope)))
    if hasattr(kernel, "derivatives"):
        both = [entry for part in kernel.derivatives(*point) for entry in part]
        for one, other in zip(both, (f_p, f_c, f_pp, f_pq, f_pc, f_cc), strict=True):
            claims.append(("derivatives = (gradient, hessian)", one, other))
    if getattr(kernel, "holomorphic", False):
        along = (0.7, -0.4, 0.5)
        imaginary = kernel.hessian(*map(ahead, point, along))
        series = kernel.hessian(*map(direction, point, along))
        for one, other in zip(imaginary, series, strict=True):
            claims.append(("holomorphic", parts(np.asarray(one))[1], _slope(other)))
    for claim, one, other in claims:
        gap = np.max(np.abs(one - other) / (1 + np.abs(other)))
        if not gap <= tol:
            raise ValueError(
                f"Kernel {type(kernel).__name__}: {claim} fails by {gap:.2g}; "
                "correct value, gradient or hessian."
            )


def _slope(series):
    """The coefficient of the first power; 0 for what does not move."""
    return series.coefficients[1] if isinstance(series, Series) else np.zeros(1)
