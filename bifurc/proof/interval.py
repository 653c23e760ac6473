"""The one evaluator in interval arithmetic, to any precision.

numpy hands ``sqrt`` and ``arccos`` of an object array to methods of its
elements, so an array of :class:`Ball` goes through the formulas of
:mod:`bifurc.loss` as an array of doubles does, and so do series of them. What
comes out encloses the value at every point of what went in. Whatever cannot
be decided, a division by an interval around zero say, becomes nan, and nan
proves nothing.

What needs exact knowledge is taken from the structure: that two rows are the
same row, see :class:`Apart`, and rational sizes.

References
----------
.. [1] Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval
   arithmetic", IEEE Trans. Computers 66, 2017 (arXiv 1611.02831).
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from bifurc.loss.arithmetic import Arithmetic
from bifurc.loss.kernels import parameter_names
from bifurc.loss.normal import slopes
from bifurc.loss.problem import NetworkProblem
from bifurc.loss.running import RunningKernel
from bifurc.loss.series import Series, leading
from bifurc.proof import normal
from bifurc.proof.normal import flint
from bifurc.structure.irreps import Component


class NotCertifiedError(ArithmeticError):
    """A proof did not go through; nothing is claimed."""


def need_flint() -> None:
    """Raise ValueError unless python-flint is there."""
    if flint is None:
        raise ValueError(
            "Interval arithmetic needs python-flint; install it: pip install 'bifurc[certify]'."
        )


_ALONE = threading.RLock()


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """A context in which interval arithmetic works with ``bits`` bits.

    The precision of flint is one for all threads, so one thread at a time is in here.
    """
    need_flint()
    with _ALONE, flint.ctx.workprec(bits):
        yield


class Ball:
    """A real number known to lie within an interval; an element for numpy's object arrays.

    A comparison is True only where it holds for all values.

    Examples
    --------
    >>> print(Ball(2).sqrt().arb.str(10, radius=False))
    1.414213562
    """

    __slots__ = ("arb",)

    def __init__(self, value):
        self.arb = value if isinstance(value, flint.arb) else exact(value)

    def __add__(self, other):
        return _apply(flint.arb.__add__, self.arb, other)

    def __sub__(self, other):
        return _apply(flint.arb.__sub__, self.arb, other)

    def __mul__(self, other):
        return _apply(flint.arb.__mul__, self.arb, other)

    def __truediv__(self, other):
        return _apply(flint.arb.__truediv__, self.arb, other)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return (-self) + other

    def __rtruediv__(self, other):
        return _apply(lambda one, two: two / one, self.arb, other)

    def __neg__(self):
        return Ball(-self.arb)

    def __pow__(self, power):
        if power == -1:
            return Ball(1 / self.arb)
        if power in (0.5, -0.5):
            root = self.arb.sqrt()
            return Ball(root if power > 0 else 1 / root)
        if not isinstance(power, int | float) or power != int(power) or not 0 <= power <= 8:
            return NotImplemented
        value = flint.arb(1)
        for _ in range(int(power)):  # flint's own powers are nan around zero
            value = value * self.arb
        return Ball(value)

    def __lt__(self, other):
        return self.arb < _plain(other)

    def __gt__(self, other):
        return self.arb > _plain(other)

    def __eq__(self, other):
        return self.arb == _plain(other)

    def __ne__(self, other):
        return self.arb != _plain(other)

    __hash__ = None  # type: ignore[assignment]

    def sqrt(self):
        """The square root."""
        return Ball(self.arb.sqrt())

    def exp(self):
        """The exponential."""
        return Ball(self.arb.exp())

    def log(self):
        """The natural logarithm."""
        return Ball(self.arb.log())

    def arccos(self):
        """The angle in [0, π]."""
        return Ball(self.arb.acos())

    def arcsin(self):
        """The angle in [-π/2, π/2]."""
        return Ball(self.arb.asin())

    def arctan(self):
        """The angle in (-π/2, π/2)."""
        return Ball(self.arb.atan())

    def ndtr(self):
        """The normal distribution function."""
        return Ball(normal.below(self.arb))

    def below_both(self, k, r):
        """That of two variables of correlation ``r``."""
        given = self, Ball(_lift(k)), Ball(_lift(r))
        value = Ball(normal.below_both(*(v.arb.mid() for v in given)))
        for v, slope in zip(given, slopes(*given), strict=True):
            value = value + Ball(v.arb - v.arb.mid()) * slope
        return value

    @property
    def pi(self):
        """π in this arithmetic."""
        return Ball(flint.arb.pi())

    def __float__(self):
        return float(self.arb.mid())

    def __repr__(self):
        return f"Ball({self.arb})"


def _plain(value):
    """What flint takes as an operand, or None."""
    if isinstance(value, Ball):
        return value.arb
    if isinstance(value, float):
        return value
    if isinstance(value, int | np.integer | np.bool_):
        return int(value)
    return None


def _apply(operation, one, other):
    plain = _plain(other)
    return NotImplemented if plain is None else Ball(operation(one, flint.arb(plain)))


def exact(value):
    """The arb of an integer, a double or a fraction, rounded outwards."""
    if isinstance(value, Fraction):
        return flint.arb(flint.fmpq(value.numerator, value.denominator))
    return flint.arb(value)


def balls(values: Iterable) -> np.ndarray:
    """An object array of Ball from arbs, numbers or fractions; shape (n,)."""
    entries = [value if isinstance(value, Ball) else Ball(value) for value in values]
    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    return array


def arbs(array) -> list:
    """The arbs of a one-dimensional array."""
    return [_lift(value) for value in array]


def matrix(array):
    """An arb_mat of a two-dimensional array of Ball or plain numbers."""
    return flint.arb_mat([[_lift(value) for value in row] for row in array])


def column(values):
    """An arb_mat of one column from arbs."""
    return flint.arb_mat([[value] for value in values])


def _lift(value):
    plain = _plain(value)
    return plain if isinstance(plain, flint.arb) else flint.arb(plain)


class Apart:
    """A kernel for enclosures: rows are one and the same, or provably not parallel.

    Where two rows are the same row by structure, p = q = c, their angle is
    exactly zero. In interval arithmetic pq - c² would not be, so such pairs
    are handed on as p = q = c = 1, which changes no first derivative of a
    positively homogeneous kernel (its value is scaled back). A kernel with
    biases is told which they are.
    Any other pair must provably enclose an angle, else the value is nan.

    Parameters
    ----------
    kernel : object
        See :mod:`bifurc.loss.kernels`.
    identical : ndarray of bool, shape (rows, rows, 2)
    idle : ndarray of bool, shape (rows, rows, 1)
        Pairs of which no derivative is asked for: both rows of the teacher.
    """

    def __init__(self, kernel, identical: np.ndarray, idle: np.ndarray):
        self.kernel, self.identical, self.idle = kernel, identical, idle
        self.homogeneous = getattr(kernel, "homogeneous", False)

    def value(self, *at):
        """f itself."""
        kernel, moved = self._apart(self.identical, *at)
        if not self.homogeneous or len(at) > 3:
            return kernel.value(*moved)
        return kernel.value(*moved) * (at[0] * self.identical + ~self.identical)

    def gradient(self, *at):
        """(f_p, f_c), and f_b with biases."""
        kernel, moved = self._apart(self.identical | self.idle, *at)
        return kernel.gradient(*moved)

    def hessian(self, *at):
        """(f_pp, f_pq, f_pc, f_cc), and those in biases."""
        kernel, moved = self._apart(self.identical | self.idle, *at)
        return kernel.hessian(*moved)

    def derivatives(self, *at):
        """Gradient and Hessian."""
        kernel, moved = self._apart(self.identical | self.idle, *at)
        if hasattr(kernel, "derivatives"):
            return kernel.derivatives(*moved)
        return kernel.gradient(*moved), kernel.hessian(*moved)

    def mean(self, p, b):
        """(M, M_p, M_b, M_pp, M_pb) of a neuron with a bias."""
        return self.kernel.mean(p, b)

    def _apart(self, same, p, q, c, *biases):
        """The kernel and the arguments to ask it for, pairs that are one row told or taken out."""
        if not self.homogeneous:
            return self.kernel, (p, q, c, *biases)
        if not biases:
            p, q, c = (value * ~same + same for value in (p, q, c))
        first, second, inner, *kinks = (leading(value) for value in (p, q, c, *biases))
        apart = first * second - inner * inner > 0
        one = same
        if not isinstance(c, Series):  # at one exact point, where the loss is still C²
            equal, opposite = first == inner, first == -inner
            if biases:
                equal, opposite = equal & (kinks[0] == kinks[1]), opposite & (kinks[0] == -kinks[1])
            one = one | ((first == second) & (equal | opposite))
        if not (apart | one).all():
            raise NotCertifiedError("Two rows may be parallel, or a row zero, within the box.")
        return (replace(self.kernel, one=one) if biases else self.kernel), (p, q, c, *biases)


@dataclass(frozen=True, eq=False)
class KeptApart(RunningKernel):
    """A kernel with parameters along a line, kept apart from parallel rows."""

    identical: np.ndarray
    idle: np.ndarray

    def at(self, lam):
        """The kernel at ``lam``."""
        return Apart(super().at(lam), self.identical, self.idle)


def _in_balls(problem: NetworkProblem, names: tuple[str, ...], line: np.ndarray) -> KeptApart:
    rows = np.arange(problem.layout.rows) >= len(problem.structure.students)
    idle = np.outer(rows, rows)[..., None]
    return KeptApart(
        with_numbers(problem.kernel, Ball),
        names,
        line,
        identical=one_row(problem),
        idle=idle,
        biased=bool(problem.structure.bias),
    )


BALLS = Arithmetic(Ball, np.asarray, _in_balls)


def with_numbers(kernel, number):
    """The kernel with its parameters as such numbers, so that nothing is rounded in between."""
    names = [n for n in parameter_names(kernel) if isinstance(getattr(kernel, n), float)]
    return replace(kernel, **{n: number(getattr(kernel, n)) for n in names}) if names else kernel


def one_row(problem: NetworkProblem) -> np.ndarray:
    """Pairs of row blocks that are one and the same row, at different and at the same point."""
    spiked = np.any(problem.layout.basis[:, :, 1] != 0, axis=(0, 2)) | problem.spiked
    return np.stack([np.diag(~spiked), np.eye(len(spiked), dtype=bool)], axis=-1)


def enclosing(problem: NetworkProblem) -> NetworkProblem:
    """The same problem in interval arithmetic, to the working precision.

    Use it inside :func:`precision`, and make a new one for another precision.

    Raises
    ------
    ValueError
        If python-flint is missing.
    """
    need_flint()
    s = problem.structure
    if s.trained or s.confined or s.weights_run:
        raise NotCertifiedError(
            "Trained output weights, ones that run, and spheres have no formulas in interval "
            "arithmetic."
        )
    return problem.in_arithmetic(BALLS)


def block(problem: NetworkProblem, component: Component, x, lam):
    """The matrix of one block as an arb_mat, and the squared lengths of its copies."""
    values = problem.block_matrix(component, problem.rows(x, lam), lam)
    return matrix(values), arbs(problem.copy_weights(component, lam))


def annulled(problem: NetworkProblem, component: Component, beta) -> list:
    """Directions in the copies of s that exchange norm among rows equal by structure.

    ``beta(i)`` are the constant entries of row block i, arbs or models. For each
    such block of student rows, u_i = z_i w; lists of the same. The block of
    the Hessian annuls them exactly, at every state: along them the network
    does not change, and the gradient of a row depends on its direction alone.
    """
    if component.irrep != "s" or not problem.exchanges:
        return []
    found, same = [], one_row(problem)
    for i, block in enumerate(problem.structure.students):
        if (block.points,) == component.sets and same[i, i, 0]:
            own = problem.bases[component][0][:, i, 0, :]
            # a copy is a unit vector, or 0 on this row
            place = [np.flatnonzero(copy).tolist() for copy in own]
            row = beta(i)
            found.append([row[at[0]] if at else 0 * row[0] for at in place])
    return found
