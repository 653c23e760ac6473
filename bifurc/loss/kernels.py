"""Kernels: f(w, v) = E[phi(<w, x>) phi(<v, x>)] through p = |w|², q = |v|², c = <w, v>.

A kernel is a handful of formulas. Anything with the methods below will do;
there is nothing to inherit. They are called with arrays or with
:class:`~bifurc.loss.series.Series`, so write them with numpy's functions
and operators. Only derivatives in the first argument are asked for: the
others follow from f(p, q, c) = f(q, p, c).
"""

import numpy as np

from bifurc.loss.series import leading

# sin² of the angle below which two rows count as parallel. The angle is then
# below 1e-7, where rounding of pq - c² would spoil the second derivatives and
# their limits are right to the same 1e-7.
PARALLEL = 1e-14


class ReLU:
    """f = (|w||v| sin t + (pi - t) <w, v>) / (2 pi), t the angle between w and v.

    Where two rows are positively parallel f is C² with the jet of c/2, where
    they are antiparallel with jet 0; the single partial derivatives blow up
    there and are replaced by those jets.

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

    def value(self, p, q, c):
        """f itself."""
        sine, _, angle = self._angle(p, q, c)
        pi = pi_like(c)
        return (sine + (pi - angle) * c) / (2 * pi)

    def gradient(self, p, q, c):
        """(f_p, f_c)."""
        sine, _, angle = self._angle(p, q, c)
        pi = pi_like(c)
        return sine / (4 * pi * p), (pi - angle) / (2 * pi)

    def hessian(self, p, q, c):
        """(f_pp, f_pq, f_pc, f_cc)."""
        sine, cosecant = self._sine(p, q, c)
        pi = pi_like(c)
        return (
            (q * cosecant / 2 - sine / p) / (4 * pi * p),
            cosecant / (8 * pi),
            -c * cosecant / (4 * pi * p),
            cosecant / (2 * pi),
        )

    def _sine(self, p, q, c):
        """|w||v| sin t and its inverse; both 0 where the rows are parallel."""
        square = p * q - c * c
        apart = np.asarray(leading(square) > parallel_like(c) * leading(p * q))
        root = np.sqrt(square * apart + ~apart)
        return root * apart, apart / root

    def _angle(self, p, q, c):
        sine, cosecant = self._sine(p, q, c)
        apart = leading(cosecant) != 0
        cosine = c * apart / np.sqrt(p * q)
        opposite = ~apart & (leading(c) < 0)
        angle = np.arccos(cosine) * apart + pi_like(c) * opposite
        return sine, cosecant, angle


def pi_like(value):
    """π in the arithmetic of ``value``: a double, or what its own numbers call ``pi``."""
    numbers = np.asarray(leading(value))
    return numbers.flat[0].pi if numbers.dtype == object else np.pi


def parallel_like(value) -> float:
    """sin² of the angle that counts as parallel: none in object arrays, which do not round."""
    return 0.0 if np.asarray(leading(value)).dtype == object else PARALLEL


KERNELS = {"relu": ReLU}


def kernel(name: str, **parameters: float):
    """Return the kernel called ``name``.

    Raises
    ------
    ValueError
        If there is none.
    """
    if name not in KERNELS:
        raise ValueError(f"Unknown kernel {name!r}; there are {', '.join(KERNELS)}.")
    return KERNELS[name](**parameters)


def name_of(kernel) -> str:
    """The name under which a kernel is known."""
    for name, known in KERNELS.items():
        if type(kernel) is known:
            return name
    raise ValueError(
        f"Kernel {type(kernel).__name__} has no name; add it to bifurc.kernels.KERNELS to save it."
    )
