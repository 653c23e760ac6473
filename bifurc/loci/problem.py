"""An event in two parameters, as a problem that the engine can continue.

Where an eigenvalue of a block vanishes on a branch, (g, eigenvalue) = 0 fixes
(x, lam) for each value of the second parameter mu. With (x, lam) as the state
and mu as the parameter this is a curve like any other: where it turns round
in mu, two events of the one-parameter family meet. It is no gradient system,
so inertia says nothing about it; see :func:`bifurc.loci.trust.reversible`.

References
----------
.. [1] Govaerts, "Numerical Methods for Bifurcations of Dynamical Equilibria",
   SIAM 2000, chapter 4.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bifurc.continuation.problem import Chart
from bifurc.events.locate import vanishing
from bifurc.loss.plane import Plane
from bifurc.structure.irreps import Component


@dataclass(frozen=True, eq=False)
class Linear:
    """The two network problems through a point of the plane, and its coordinates."""

    plane: Plane
    x: np.ndarray
    lam: float
    mu: float

    @cached_property
    def along(self) -> list[Any]:
        """The problems that move with lam and with mu from here."""
        return [self.plane.at(self.lam, self.mu, way) for way in ((1.0, 0.0), (0.0, 1.0))]

    def jacobian(self, checked: bool = True):
        """(g, [dg/dx | dg/dlam | dg/dmu])."""
        g, first = self.along[0].jacobian(self.x, 0.0, checked)
        _, second = self.along[1].jacobian(self.x, 0.0, checked=False)
        return g, np.hstack([first, second[:, -1:]])

    def eigen(self, component: Component):
        """Eigenvalues and vectors of a block."""
        return self.along[0].blocks(self.x, 0.0, [component])[component].eigen()

    def vanishing(self, component: Component):
        """The eigenvalue of the block nearest to zero and its gradient in (x, lam, mu)."""
        near = vanishing(self.along[0], np.append(self.x, 0.0), component, checked=False)
        only_mu = np.append(np.zeros(len(self.x)), 1.0)
        change = self.along[1].blocks_along(self.x, 0.0, only_mu, [component])[component]
        second = near.left[:, 0] @ change @ near.kernel[:, 0]
        return near.values[0], np.append(near.slope, second)


class LocusProblem:
    """(g, eigenvalue of a block) = 0 with state (x, lam) and parameter mu.

    The state is kept as y_a = sqrt(m_a / rows) x_a and arcsinh(lam), in which
    steps make sense at all sizes; :meth:`place` gives x and lam back.

    Parameters
    ----------
    plane : Plane
    component : Component
        Whose block has the vanishing eigenvalue; t for folds.
    """

    def __init__(self, plane: Plane, component: Component):
        self.plane, self.component = plane, component
        self.n = plane.n + 1

    def place(self, X: np.ndarray) -> Linear:
        """The point of the branch and of the plane behind the unknowns (n + 1,)."""
        lam, mu = float(np.sinh(X[-2])), float(X[-1])
        lengths, _ = self.plane.lengths(lam, mu)
        return Linear(self.plane, X[:-2] / lengths, lam, mu)

    def unknowns(self, x: np.ndarray, lam: float, mu: float) -> np.ndarray:
        """The inverse of :meth:`place`; shape (n + 1,)."""
        lengths, _ = self.plane.lengths(lam, mu)
        return np.concatenate([x * lengths, [np.arcsinh(lam), mu]])

    def jacobian(self, y, mu, checked: bool = True):
        """(g and the eigenvalue, their derivatives in the unknowns)."""
        here = self.place(np.append(y, mu))
        g, slopes = here.jacobian(checked)
        value, slope = here.vanishing(self.component)
        return np.append(g, value), self.in_unknowns(here, np.vstack([slopes, slope]))

    def in_unknowns(self, here: Linear, slopes: np.ndarray) -> np.ndarray:
        """Derivatives in (x, lam, mu), shape (..., n + 1), as derivatives in the unknowns."""
        lengths, rates = self.plane.lengths(here.lam, here.mu)
        by_x, by_lam, by_mu = slopes[..., :-2], slopes[..., -2], slopes[..., -1]
        by_lam = (by_lam - by_x @ (here.x * rates[0])) * np.sqrt(1 + here.lam**2)
        by_mu = by_mu - by_x @ (here.x * rates[1])
        return np.concatenate([by_x / lengths, by_lam[..., None], by_mu[..., None]], axis=-1)

    def weights(self, mu: float) -> np.ndarray:
        """Ones: the engine asks for them, but this is no gradient system and nobody uses
        the inertia that it notes with each point."""
        return np.ones(self.n)

    def scales(self, mu: float) -> np.ndarray:
        """Lengths of the unknowns that count as one."""
        return np.append(np.ones(self.n), np.sqrt(1 + mu * mu))

    def chart(self, mu: float) -> Chart:
        """The state as it is and arcsinh(mu): even steps near 0, equal ratios far from it."""
        one, zero = np.ones(self.n), np.zeros(self.n)
        return Chart(
            lambda mu: one,
            lambda mu: (one, zero),
            np.arcsinh,
            lambda mu: 1.0 / np.sqrt(1.0 + np.asarray(mu) ** 2),
            np.sinh,
        )
