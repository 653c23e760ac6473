"""Lengths and charts in which the branches of a network look alike at all sizes."""

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

import numpy as np

from bifurc.continuation.problem import Chart


@dataclass(frozen=True, eq=False)
class Metric:
    """Arclength along a line of parameters.

    Entries are measured by their share in the norm of W per row, so that
    diagonals of order 1 and off-diagonals of order 1/d weigh the same, and
    ``lam`` by the size that it changes most in proportion, so that arclength
    in sizes is logarithmic.

    Parameters
    ----------
    weight_polynomials : ndarray, shape (3, n)
        Coefficients of the m_a in ``lam``, highest first.
    sizes : ndarray, shape (sets, 2)
        Each point set's (constant, slope) in ``lam``.
    students : ndarray, shape (2,)
        The same for the number of student neurons.
    """

    weight_polynomials: np.ndarray
    sizes: np.ndarray
    students: np.ndarray

    def __reduce__(self):
        return Metric, (self.weight_polynomials, self.sizes, self.students)  # without its charts

    def weights(self, lam) -> np.ndarray:
        """m_a, the number of matrix entries behind each coordinate; shape (..., n)."""
        square, slope, constant = self.weight_polynomials
        lam = np.asarray(lam)[..., None]
        return (square * lam + slope) * lam + constant

    def scales(self, lam) -> np.ndarray:
        """Lengths of (x, lam) that count as one, (..., n + 1): the derivatives of :meth:`chart`.

        Arrays must not be written to.
        """
        return self._scales(lam) if np.ndim(lam) else self._last_scales(float(lam))

    @cached_property
    def _last_scales(self):
        return lru_cache(maxsize=8)(self._scales)  # asked for several times at the same point

    def _scales(self, lam) -> np.ndarray:
        rate = self._rates(lam).max(axis=-1, keepdims=True) if self._moves else np.ones(1)
        rate = np.broadcast_to(rate, (*np.shape(lam), 1))
        return 1.0 / np.concatenate([self._factor(lam), rate], axis=-1)

    def chart(self, lam: float) -> Chart:
        """Coordinates sqrt(m_a / neurons) x_a and the logarithm of a size."""
        return self._charts(int(self._rates(lam).argmax()) if self._moves else 0)

    @cached_property
    def _charts(self):
        return cache(self._chart)

    def _chart(self, i: int) -> Chart:
        """The chart with the logarithm of the i-th size."""
        constant, slope = self.sizes[i]
        sign = np.sign(slope)
        theta: tuple[Any, ...] = np.asarray, np.ones_like, lambda theta: theta
        if slope:
            theta = (
                lambda lam: sign * np.log(constant + slope * np.asarray(lam)),
                lambda lam: sign * slope / (constant + slope * np.asarray(lam)),
                lambda theta: (np.exp(sign * theta) - constant) / slope,
            )
        return Chart(self._factor, self._factor_dlam, *theta)

    @cached_property
    def _moves(self) -> bool:
        return bool(self.sizes[:, 1].any())

    def _rates(self, lam) -> np.ndarray:
        """How fast each size changes with ``lam``, in proportion; shape (..., sets)."""
        constant, slope = self.sizes.T
        sizes = constant + np.asarray(lam)[..., None] * slope
        return np.abs(slope) / np.maximum(np.abs(sizes), 1e-3)

    def _neurons(self, lam) -> np.ndarray:
        """Size of the student, shape (..., 1)."""
        constant, slope = self.students
        return np.maximum(constant + np.asarray(lam)[..., None] * slope, 1e-3)

    def _factor(self, lam) -> np.ndarray:
        """sqrt(m_a / neurons); entries behind less than one row count as one."""
        return np.sqrt(np.maximum(self.weights(lam), 1.0) / self._neurons(lam))

    def _factor_dlam(self, lam) -> np.ndarray:
        square, slope, _ = self.weight_polynomials
        weights, neurons = self.weights(lam), self._neurons(lam)
        factor = np.sqrt(np.maximum(weights, 1.0) / neurons)
        rate = np.where(weights > 1.0, 2 * np.asarray(lam)[..., None] * square + slope, 0.0)
        return 0.5 * (rate / factor - factor * self.students[1]) / neurons
