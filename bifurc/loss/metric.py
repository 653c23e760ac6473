"""Lengths and charts in which the branches of a network look alike at all sizes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

import numpy as np

ALMOST_NONE = 1e-3  # a size, or a number of neurons, below which it counts as this


def counted(weights):
    """What m_a entries count as in lengths: sqrt(1 + m_a²).

    That is almost m_a and never less than one, and smooth: a corner in the
    measure would look like one of the branch.
    """
    return np.sqrt(1.0 + weights * weights)


@dataclass(frozen=True, eq=False)
class WarpedChart:
    """The chart y = (factor(lam) x, theta(lam))."""

    factor: Callable[[Any], np.ndarray]
    factors: Callable[[Any], tuple[np.ndarray, np.ndarray]]  # factor and its derivative
    theta: Callable[[Any], Any]
    theta_dlam: Callable[[Any], Any]
    lam: Callable[[Any], Any]  # inverse of theta

    def into(self, X: np.ndarray) -> np.ndarray:
        """(x, lam) to y; shapes (..., n + 1)."""
        return self._into(X, self.factor(X[..., -1]))

    def lift(self, X: np.ndarray, tangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(x, lam) and the tangent there, both in y."""
        lam, slope = X[..., -1], tangent[..., -1:]
        factor, change = self.factors(lam)
        moved = factor * tangent[..., :-1] + slope * change * X[..., :-1]
        moved = np.concatenate([moved, self.theta_dlam(lam)[..., None] * slope], -1)
        return self._into(X, factor), moved

    def _into(self, X: np.ndarray, factor: np.ndarray) -> np.ndarray:
        return np.concatenate([factor * X[..., :-1], self.theta(X[..., -1])[..., None]], -1)

    def out(self, y: np.ndarray) -> np.ndarray:
        """y to (x, lam)."""
        lam = self.lam(y[..., -1])
        return np.concatenate([y[..., :-1] / self.factor(lam), np.asarray(lam)[..., None]], -1)


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
        _, entries, neurons = self._measures(lam)
        lengths = np.maximum(self._over_speeds(lam), self._least_over_speeds)
        if lengths.shape[-1] > 1:
            lengths = lengths.min(axis=-1, keepdims=True)
        return np.concatenate([np.sqrt(neurons / entries), lengths], axis=-1)

    def chart(self, lam: float) -> WarpedChart:
        """Coordinates sqrt(counted(m_a) / neurons) x_a and the logarithm of a size."""
        alone = len(self._moving) == 1
        return self._charts(0 if alone else int(self._over_speeds(lam).argmin()))

    @cached_property
    def _charts(self):
        return cache(self._chart)

    def _chart(self, i: int) -> WarpedChart:
        """The chart with the logarithm of the i-th size that changes."""
        constant, slope = self._moving[i]
        if not slope:
            return WarpedChart(
                self._factor, self._factors, np.asarray, np.ones_like, lambda theta: theta
            )
        sign = np.sign(slope)
        return WarpedChart(
            self._factor,
            self._factors,
            lambda lam: sign * np.log(constant + slope * lam),
            lambda lam: sign * slope / (constant + slope * lam),
            lambda theta: (np.exp(sign * theta) - constant) / slope,
        )

    @cached_property
    def _moving(self) -> np.ndarray:
        """(constant, slope) of the sizes that change; if none does, of the number 1."""
        moving = self.sizes[self.sizes[:, 1] != 0]
        return moving if len(moving) else np.array([[1.0, 0.0]])

    @cached_property
    def _speeds(self) -> np.ndarray:
        return np.abs(self._moving[:, 1]) if self._moving[0, 1] else np.ones(1)

    @cached_property
    def _least_over_speeds(self) -> np.ndarray:
        return ALMOST_NONE / self._speeds

    def _over_speeds(self, lam):
        """How far ``lam`` would go to change each size by its own amount; (..., moving)."""
        (constant, slope), lam = self._moving_over_speeds, np.asarray(lam)[..., None]
        return np.abs(constant + slope * lam)

    @cached_property
    def _moving_over_speeds(self) -> np.ndarray:
        return self._moving.T / self._speeds

    @cached_property
    def _table(self) -> np.ndarray:
        """Coefficients of the m_a and of the number of neurons, highest first; (3, n + 1)."""
        neurons = [0.0, self.students[1], self.students[0]]
        return np.column_stack([self.weight_polynomials, neurons])

    def _measures(self, lam):
        """m_a, what it counts as, and the number of neurons."""
        square, slope, constant = self._table
        lam = np.asarray(lam)[..., None]
        values = (square * lam + slope) * lam + constant
        weights, neurons = values[..., :-1], values[..., -1:]
        return weights, counted(weights), np.maximum(neurons, ALMOST_NONE)

    def _factor(self, lam) -> np.ndarray:
        """sqrt(counted(m_a) / neurons)."""
        _, entries, neurons = self._measures(lam)
        return np.sqrt(entries / neurons)

    def _factors(self, lam) -> tuple[np.ndarray, np.ndarray]:
        """:meth:`_factor` and its derivative."""
        square, slope, _ = self.weight_polynomials
        weights, entries, neurons = self._measures(lam)
        factor = np.sqrt(entries / neurons)
        more = (2.0 * square * np.asarray(lam)[..., None] + slope) * weights / entries**2
        return factor, 0.5 * factor * (more - self.students[1] / neurons)
