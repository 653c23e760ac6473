"""A kernel from its activation alone: dual kernels by Mehler's series.

With X, Y normal of variances p, q and covariance c, and orthonormal Hermite
polynomials h_n,

    E[phi(X) psi(Y)] = sum_n rho^n a_n b_n,   a_n = E[phi(sqrt(p) Z) h_n(Z)],  rho = c / sqrt(pq),

and the heat equation gives every derivative by more of the same,

    d^i/dp^i d^j/dq^j d^k/dc^k E[phi(X) phi(Y)] = 2^-(i+j) E[phi^(2i+k)(X) phi^(2j+k)(Y)].

Nothing in it is singular where two rows coincide (rho = 1), nor at a zero row.
The a_n are integrals over all of R and come of the trapezoidal rule, which for
functions analytic in a strip converges like exp(-2 pi width / step), faster
than Gauss-Hermite quadrature; derivatives of phi come of series. Strips are
wider for shorter rows, so how many terms and which step are needed is found
out once for each power of two that p may reach.

References
----------
.. [1] Mehler, "Ueber die Entwicklung einer Function von beliebig vielen Variablen
   nach Laplaceschen Functionen höherer Ordnung", J. reine angew. Math. 66 (1866) 161-176.
.. [2] Daniely, Frostig, Singer, "Toward deeper understanding of neural networks: the power of
   initialization and a dual view on expressivity", NIPS 2016, section 4.
.. [3] Trefethen, Weideman, "The exponentially convergent trapezoidal rule", SIAM Review 56
   (2014) 385-458, section 5.
"""

import math
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import product
from typing import Any

import numpy as np

from bifurc.errors import NotDefinedError
from bifurc.loss.series import Series, direction, leading

ACCURATE = 1e-12  # relative error of a kernel's value and derivatives that is let pass
TERMS = tuple(2**k for k in range(4, 12))  # of the series; more are slow
STEPS = tuple(2.0**-k for k in range(1, 6))  # of the quadrature
END = 13.0  # of the quadrature: Hermite functions are below 1, and exp(-END²/4) is below rounding
HIGHEST = 4  # derivative of phi that decides what is needed: that of f_pp
SHORTEST = 2.0**-30  # |w|² of rows below which nothing is easier
AT_ONCE = 4_000_000  # numbers in a table of powers
# orders of derivatives by p, q and c, then by both biases
GRADIENT = ((1, 0, 0), (0, 0, 1))
HESSIAN = ((2, 0, 0), (1, 1, 0), (1, 0, 1), (0, 0, 2))
FIRST = ((1, 0, 0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 0, 1, 0))
SECOND = tuple((*key, 0, 0) for key in HESSIAN)
SECOND += ((1, 0, 0, 1, 0), (1, 0, 0, 0, 1), (0, 0, 1, 1, 0))
MEAN = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1))  # by p and the bias


class Activation:
    """The kernel of an activation.

    Parameters
    ----------
    phi : callable
        Of arrays and of :class:`~bifurc.loss.series.Series`: written with
        numpy's functions (or ``scipy.special.erf``), and smooth.
    name : str, optional
        Under which it is known, to save it.

    Examples
    --------
    >>> from bifurc.loss.kernels import check
    >>> check(Activation(np.tanh))
    >>> round(float(Activation(lambda z: z * z).value(1.0, 1.0, 0.5)), 12)  # pq + 2c²
    1.5
    """

    smooth = True
    holomorphic = False  # series carry its derivatives

    def __init__(self, phi: Callable, name: str = ""):
        self.phi, self.name = phi, name
        self._rule_up_to = cache(self._enough)

    def __eq__(self, other) -> bool:
        return isinstance(other, Activation) and (other.phi, other.name) == (self.phi, self.name)

    def __hash__(self) -> int:
        return hash((self.phi, self.name))

    def __reduce__(self):
        return (_named, (self.name,)) if self.name else (Activation, (self.phi,))

    def __repr__(self) -> str:
        return f"Activation({self.name or getattr(self.phi, '__name__', self.phi)})"

    def value(self, p, q, c):
        """f itself."""
        return _taylor(self.averages, (p, q, c), ((0, 0, 0),))[0]

    def gradient(self, p, q, c):
        """(f_p, f_c)."""
        return _taylor(self.averages, (p, q, c), GRADIENT)

    def hessian(self, p, q, c):
        """(f_pp, f_pq, f_pc, f_cc)."""
        return _taylor(self.averages, (p, q, c), HESSIAN)

    def derivatives(self, p, q, c):
        """Gradient and Hessian."""
        found = _taylor(self.averages, (p, q, c), GRADIENT + HESSIAN)
        return found[: len(GRADIENT)], found[len(GRADIENT) :]

    @property
    def biased(self) -> "BiasedActivation":
        """The kernel of five arguments, with the biases of both neurons."""
        return BiasedActivation(self)

    def error(self, p: float) -> float:
        """The estimated relative error of the kernel for rows up to \\|w\\|² = p.

        It is what half the step of the quadrature changes in a coefficient, and what the last
        quarter of the terms add up to.
        """
        return self._rule_up_to(math.ceil(math.log2(max(p, SHORTEST))))[1]

    def averages(self, arguments, keys) -> dict:
        """Derivatives of f at arrays (p, q, c), or with both biases, by their orders."""
        p, q, c, *biases = _in_doubles(arguments)
        b, d = biases or (np.zeros(p.shape), np.zeros(p.shape))
        orders = {}
        for key in keys:
            i, j, k, u, v = (*key, 0, 0)[:5]
            orders[key] = 2 * i + k + u, 2 * j + k + v
        # a pair of numbers is one of complex ones
        rows, place = np.unique(np.stack([p + 1j * b, q + 1j * d]), return_inverse=True)
        one, other = place.reshape(2, -1)
        table = self._coefficients(rows.real, rows.imag, max(map(max, orders.values())))
        both = np.sqrt(p * q).ravel()
        rho = np.divide(c.ravel(), both, out=np.zeros(both.shape), where=both > 0.0)
        means = _summed(table, rho, one, other, set(orders.values()))
        return {
            key: (means[pair] / 2.0 ** (key[0] + key[1])).reshape(c.shape)
            for key, pair in orders.items()
        }

    def means(self, arguments, keys) -> dict:
        """Derivatives of E[phi(X)], X ~ N(b, p), at arrays (p, b), by their orders."""
        p, b = _in_doubles(arguments)
        highest = max(2 * i + u for i, u in keys)
        table = self._coefficients(p.ravel(), b.ravel(), highest)[:, :, 0]
        return {(i, u): table[2 * i + u].reshape(p.shape) / 2.0**i for i, u in keys}

    # -- coefficients in Hermite polynomials ---------------------------------------

    def _coefficients(self, lengths: np.ndarray, biases: np.ndarray, highest: int) -> np.ndarray:
        """E[phi^(m)(b + sqrt(p) Z) h_n(Z)] for m up to ``highest``; shape (m, lengths, terms).

        Raises
        ------
        NotDefinedError
            If they are not known to :data:`ACCURATE`.
        """
        top = max(float(lengths.max(initial=0.0)), SHORTEST)
        rule, error = self._rule_up_to(math.ceil(math.log2(top)))
        if not error <= ACCURATE:
            raise NotDefinedError(
                f"{self!r} is known to {error:.1g} only for rows of |w|² = {top:.3g}, as it is "
                "not smooth enough; give its kernel as formulas, see bifurc.kernels."
            )
        return self._by(rule, lengths, highest, biases)

    def _by(self, rule: tuple[int, float], lengths: np.ndarray, highest: int, biases=0.0):
        """:meth:`_coefficients` by a number of terms and a step."""
        z, weighed = _rule(*rule)
        at = np.reshape(biases, (-1, 1)) + np.sqrt(lengths)[:, None] * z
        return self._slopes(at, highest) @ weighed

    def _slopes(self, at: np.ndarray, highest: int) -> np.ndarray:
        """phi and its derivatives up to ``highest``; shape (highest + 1, ...)."""
        try:
            with np.errstate(all="ignore"):  # what is not finite is no accurate average
                found = self.phi(direction(at, np.ones(()), highest) if highest else at)
        except TypeError as error:
            raise ValueError(
                f"{self!r} does not take series ({error}); write it with numpy's functions."
            ) from None
        if not highest:
            return np.asarray(found)[None]
        if not isinstance(found, Series):  # a constant
            found = Series(np.stack([found + 0 * at, *np.zeros((highest, *at.shape))]))
        ranks = np.array([math.factorial(m) for m in range(highest + 1)], float)
        return found.coefficients * ranks.reshape(-1, *(1,) * at.ndim)

    def _enough(self, exponent: int) -> tuple[tuple[int, float], float]:
        """Terms and step for rows up to \\|w\\|² = 2**exponent, and the error that is left."""
        length, best = np.array([2.0**exponent]), ((TERMS[-1], STEPS[-1]), math.inf)
        steps = list(STEPS)
        for terms in TERMS:
            for step in tuple(steps):
                found, finer = (self._by((terms, h), length, HIGHEST) for h in (step, step / 2))
                found, finer = found[:, 0], finer[:, 0]
                size = np.linalg.norm(finer, axis=-1)
                size = np.where(size > 0.0, size, 1.0)
                moved = float((np.linalg.norm(found - finer, axis=-1) / size).max())
                if moved <= ACCURATE / 10 or len(steps) == 1:
                    break
                steps.remove(step)  # more terms need no longer ones
            left = np.linalg.norm(finer[:, 3 * terms // 4 :], axis=-1) / size
            error = max(moved, float((left * left[::-1]).max()))  # of f_pp, f_pc and f_cc
            if error < best[1]:
                best = (terms, step), error
            if error <= ACCURATE / 10:
                break
        return best


class BiasedActivation:
    """The kernel of an activation with biases: E[phi(X) phi(Y)], X ~ N(b, p), Y ~ N(b', q)."""

    smooth = True
    holomorphic = False

    def __init__(self, of: Activation):
        self.of = of

    def value(self, *at):
        """f itself, of (p, q, c, b, b')."""
        return _taylor(self.of.averages, at, ((0, 0, 0, 0, 0),))[0]

    def gradient(self, *at):
        """(f_p, f_c, f_b)."""
        return _taylor(self.of.averages, at, FIRST)

    def hessian(self, *at):
        """(f_pp, f_pq, f_pc, f_cc, f_pb, f_pb', f_cb)."""
        return _taylor(self.of.averages, at, SECOND)

    def derivatives(self, *at):
        """Gradient and Hessian."""
        found = _taylor(self.of.averages, at, FIRST + SECOND)
        return found[: len(FIRST)], found[len(FIRST) :]

    def mean(self, p, b):
        """(M, M_p, M_b, M_pp, M_pb) of M(p, b) = E[phi(X)]."""
        return _taylor(self.of.means, (p, b), MEAN)


def _taylor(derivatives: Callable, arguments, wanted) -> tuple:
    """Derivatives of the orders ``wanted``, at arrays or along series.

    ``derivatives`` (arrays, orders) gives them at arrays, as a dict.
    """
    moving = [value.order for value in arguments if isinstance(value, Series)]
    if not moving:
        known = derivatives(arguments, wanted)
        return tuple(known[key] for key in wanted)
    order, n = max(moving), len(arguments)
    base = [leading(value) for value in arguments]
    powers = [_powers(value - at, order) for value, at in zip(arguments, base, strict=True)]
    more = [key for key in product(range(order + 1), repeat=n) if sum(key) <= order]
    sums = {(key, extra): _added(key, extra) for key in wanted for extra in more}
    known = derivatives(base, set(sums.values()))
    found = []
    for key in wanted:
        total: Any = 0.0
        for extra in more:
            term = known[sums[key, extra]]
            for step, power in zip(powers, extra, strict=True):
                if power:
                    term = step[power] * (term / math.factorial(power))
            total = total + term
        found.append(total)
    return tuple(found)


def _added(one: tuple, other: tuple) -> tuple:
    return tuple(map(sum, zip(one, other, strict=True)))


def _in_doubles(arguments) -> list[np.ndarray]:
    """Arguments of one shape.

    Raises
    ------
    TypeError
        If they are balls, or complex.
    """
    arrays = [np.asarray(value) for value in arguments]
    if any(array.dtype.kind not in "fiu" for array in arrays):
        raise TypeError("an activation is averaged in doubles alone")
    return list(np.broadcast_arrays(*(array.astype(float) for array in arrays)))


def _named(name: str) -> Activation:
    from bifurc.loss.kernels import kernel

    return kernel(name)


def _powers(step, order: int) -> list:
    """1, step, step², ... up to ``order``."""
    found: list = [1.0]
    for _ in range(order):
        found.append(step * found[-1])
    return found


def _summed(table: np.ndarray, rho, one, other, pairs) -> dict:
    """sum over n of rho^n a_n b_n for derivatives of orders ``pairs``; each (points,)."""
    terms = table.shape[-1]
    found = {pair: np.empty(len(rho)) for pair in pairs}
    size = max(1, AT_ONCE // terms)
    for start in range(0, len(rho), size):
        here = slice(start, start + size)
        powers = np.ones((len(rho[here]), terms))
        np.cumprod(np.broadcast_to(rho[here, None], (len(powers), terms - 1)), 1, out=powers[:, 1:])
        firsts = {m: powers * table[m, one[here]] for m in {m for m, _ in pairs}}
        for m, k in pairs:
            found[m, k][here] = np.einsum("kn,kn->k", firsts[m], table[k, other[here]])
    return found


@lru_cache(maxsize=2 * len(TERMS))
def _rule(terms: int, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes z, and h_n(z) times the normal weight of each; shapes (nodes,), (nodes, terms).

    By Hermite functions h_n(z) exp(-z²/4), which stay within the doubles.
    """
    count = math.ceil(END / step)
    z = step * np.arange(-count, count + 1)
    functions = np.empty((terms, len(z)))
    functions[0] = np.exp(-z * z / 4)
    functions[1] = z * functions[0]
    for n in range(1, terms - 1):
        functions[n + 1] = (z * functions[n] - math.sqrt(n) * functions[n - 1]) / math.sqrt(n + 1)
    weights = step / math.sqrt(2 * math.pi) * functions[0]
    return z, (functions * weights).T


def sigmoid(z):
    """1 / (1 + exp(-z))."""
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def softplus(z):
    """log(1 + exp(z))."""
    return np.logaddexp(0.0, z)
