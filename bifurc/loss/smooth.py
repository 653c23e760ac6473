"""Kernels of smooth activations in closed form; see :mod:`bifurc.loss.kernels`."""

from dataclasses import dataclass

import numpy as np

from bifurc.loss.activation import Activation
from bifurc.loss.series import Series, leading, pi_like


def erf(z):
    """The error function, of arrays and series; scipy is loaded where it is used."""
    from scipy.special import erf as of_arrays

    return of_arrays(z)


class Erf:
    """phi(z) = erf(z/sqrt 2): f = (2/pi) arcsin(c / sqrt((1 + p)(1 + q))).

    References
    ----------
    .. [1] Saad, Solla, "Exact solution for on-line learning in multilayer
       neural networks", Phys. Rev. Lett. 74 (1995) 4337, eq. (4).
    """

    smooth = True
    holomorphic = True
    biased = Activation(lambda z: erf(z / np.sqrt(2.0))).biased

    def value(self, p, q, c):
        """f itself."""
        return 2 / pi_like(c) * np.arcsin(c / np.sqrt((1 + p) * (1 + q)))

    def gradient(self, p, q, c):
        """(f_p, f_c)."""
        root, pi = self._root(p, q, c), pi_like(c)
        return -c / (pi * (1 + p) * root), 2 / pi / root

    def hessian(self, p, q, c):
        """(f_pp, f_pq, f_pc, f_cc)."""
        root, pi = self._root(p, q, c), pi_like(c)
        cube = pi * root**3
        return (
            c / (1 + p) * (1 / (pi * (1 + p) * root) + (1 + q) / (2 * cube)),
            c / (2 * cube),
            -(1 + q) / cube,
            2 * c / cube,
        )

    @staticmethod
    def _root(p, q, c):
        return np.sqrt((1 + p) * (1 + q) - c * c)


class GELU:
    """phi(z) = z Phi(z), Phi the normal distribution function.

    With P = 1 + p, Q = 1 + q, D = PQ - c² and e = 1 / (2 pi sqrt(D)), Stein's lemma gives

        f = c/4 + c asin(c / sqrt(PQ)) / (2 pi) + e K,   K = pq + M c²,   M = 1/P + 1/Q - 1.

    References
    ----------
    .. [1] Hendrycks, Gimpel, "Gaussian error linear units", arXiv 1606.08415 (2016).
    .. [2] Tsuchida, Pearce, van der Heide, Roosta, Gallagher, "Avoiding kernel fixed points:
       computing with ELU and GELU infinite networks", AAAI 2021 (arXiv 2002.08517).
    """

    smooth = True
    holomorphic = True
    biased = Activation(lambda z: z * (0.5 + 0.5 * erf(z / np.sqrt(2.0)))).biased

    def value(self, p, q, c):
        """f itself."""
        pi, P, Q, _, e, M, K = self._terms(p, q, c)
        return c * (0.25 + np.arcsin(c / np.sqrt(P * Q)) / (2 * pi)) + e * K

    def gradient(self, p, q, c):
        """(f_p, f_c)."""
        return self.derivatives(p, q, c)[0]

    def hessian(self, p, q, c):
        """(f_pp, f_pq, f_pc, f_cc)."""
        return self.derivatives(p, q, c)[1]

    def derivatives(self, p, q, c):
        """Gradient and Hessian."""
        pi, P, Q, D, e, M, K = self._terms(p, q, c)
        square, k = c * c, K / D
        K_p, K_q = q - square / (P * P), p - square / (Q * Q)
        f_p = K_p - square / (2 * P) - Q * k / 2  # over e
        turn = 0.25 + np.arcsin(c / np.sqrt(P * Q)) / (2 * pi)
        f_pp = square / (2 * P * P) + 2 * square / (P * P * P)
        f_pp = f_pp + (Q * Q * k / 2 - Q * K_p / 2 - Q * f_p / 2) / D
        f_pq = 1 + (P * Q * k / 2 - K / 2 - Q * K_q / 2 - P * f_p / 2) / D
        f_pc = (K_p - Q * (M + 0.5 + 1.5 * k)) / D - 0.5 / P - 2 / (P * P)
        f_cc = 2 + 2 * M + k + square / D * (1 + 4 * M + 3 * k)
        return (e * f_p, turn + e * c * (1 + k + 2 * M)), (
            e * f_pp,
            e * f_pq,
            e * c * f_pc,
            e * f_cc,
        )

    @staticmethod
    def _terms(p, q, c):
        pi, P, Q = pi_like(c), 1 + p, 1 + q
        D, M = P * Q - c * c, 1 / P + 1 / Q - 1
        return pi, P, Q, D, 1 / (2 * pi * np.sqrt(D)), M, p * q + M * c * c


class Quadratic:
    """phi(z) = z²: f = pq + 2c² (Isserlis)."""

    smooth = True
    rotates = True
    holomorphic = True
    biased = Activation(np.square).biased

    def value(self, p, q, c):
        """f itself."""
        return p * q + 2 * c**2

    def gradient(self, p, q, c):
        """(f_p, f_c)."""
        return q, 4 * c

    def hessian(self, p, q, c):
        """(f_pp, f_pq, f_pc, f_cc)."""
        nothing = 0 * (p + q + c)
        return nothing, nothing + 1, nothing, nothing + 4


@dataclass(frozen=True)
class TensorPower:
    """f = <w, v>^order: symmetric tensor decomposition in the Frobenius norm.

    L is then half the squared distance of sum_i w_i^{⊗ order} from the teacher's.

    References
    ----------
    .. [1] Arjevani, Bruna, Field, Kileel, Trager, Williams, "Symmetry breaking
       in symmetric tensor decomposition", arXiv 2103.06234 (2021).
    """

    order: int = 3
    smooth = True
    holomorphic = True

    def value(self, p, q, c):
        """f itself."""
        return c**self._whole

    def gradient(self, p, q, c):
        """(f_p, f_c)."""
        return 0 * p, self._whole * c ** (self._whole - 1)

    def hessian(self, p, q, c):
        """(f_pp, f_pq, f_pc, f_cc)."""
        nothing = 0 * (p + q + c)
        n = self._whole
        return nothing, nothing, nothing, n * (n - 1) * c ** (n - 2)

    @property
    def rotates(self) -> bool:
        """Of order 2 the tensors are the matrices w w'."""
        return self._whole == 2

    @property
    def _whole(self) -> int:
        order = np.asarray(leading(self.order))
        if isinstance(self.order, Series) or order.size != 1 or order != round(order.item()):
            raise ValueError(f"The order of a tensor is a fixed whole number, got {self.order}.")
        if order < 2:
            raise ValueError(f"The order of a tensor must be at least 2, got {self.order}.")
        return round(order.item())
