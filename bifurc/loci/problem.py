"""An event in two parameters, as a problem that the engine can continue.

Where an eigenvalue of a block vanishes on a branch, (g, eigenvalue) = 0 fixes
(x, lam) for each value of the second parameter mu. With (x, lam) as the state
and mu as the parameter this is a curve like any other: where it turns round
in mu, two events of the one-parameter family meet. It is no gradient system,
so there is no inertia that says whether a step stayed on the curve; see
:func:`bifurc.loci.locus.reversible`.

At a branch point of the fixed-point space itself the branch is not one curve,
so an unfolding parameter eps along the kernel phi is added and psi' g_lam = 0
asked in return, psi the left kernel:

    g + phi eps = 0,   eigenvalue = 0,   psi' g_lam = 0.

Such a point has a locus only if a symmetry keeps it: then eps stays zero.
Else it opens as mu moves, at the speed psi' g_mu.

References
----------
.. [1] Govaerts, "Numerical Methods for Bifurcations of Dynamical Equilibria",
   SIAM 2000, chapter 4.
.. [2] Moore, "The numerical treatment of non-trivial bifurcation points",
   Numer. Funct. Anal. Optim. 2 (1980) 441-472.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from bifurc.events.locate import Vanishing, vanishing
from bifurc.loss.metric import WarpedChart
from bifurc.loss.plane import Plane
from bifurc.spectra import Block, Neutrals
from bifurc.structure.irreps import Component

ALONG_LAM, ALONG_MU, ALONG_BOTH = (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)


@dataclass(frozen=True, eq=False)
class PlanePoint:
    """A point of the branch over the plane, and the lines of network problems through it."""

    plane: Plane
    x: np.ndarray
    lam: float
    mu: float

    @cached_property
    def lines(self) -> tuple[Any, Any]:
        """The problems that move with lam and with mu from here."""
        lam, mu = self.lam, self.mu
        return self.plane.at(lam, mu, ALONG_LAM), self.plane.at(lam, mu, ALONG_MU)

    @cached_property
    def measures(self) -> tuple[np.ndarray, np.ndarray]:
        """What coordinates are multiplied by, (n,), and its slopes in lam and mu, (2, n)."""
        (factor, by_lam), (_, by_mu) = (line.chart(0.0).factors(0.0) for line in self.lines)
        return factor, np.stack([by_lam, by_mu])

    def jacobian(self, checked: bool = True):
        """(g, [dg/dx | dg/dlam | dg/dmu])."""
        g, first = self.lines[0].jacobian(self.x, 0.0, checked)
        _, second = self.lines[1].jacobian(self.x, 0.0, checked=False)
        return g, np.hstack([first, second[:, -1:]])

    def blocks(self) -> dict[Component, Block]:
        """The block of every component."""
        return self.lines[0].blocks(self.x, 0.0)

    def vanishing(self, component: Component) -> tuple[Vanishing, np.ndarray]:
        """The eigenvalue of a block that is nearest to zero, and its gradient in (x, lam, mu)."""
        near = vanishing(self.lines[0], np.append(self.x, 0.0), component, checked=False)
        only_mu = np.append(np.zeros(len(self.x)), 1.0)
        change = self.lines[1].blocks_along(self.x, 0.0, only_mu, [component])[component]
        return near, np.append(near.slope, near.left[:, 0] @ change @ near.kernel[:, 0])

    def range_slope(self, near: Vanishing, by_lam: np.ndarray) -> np.ndarray:
        """Derivative of psi' g_lam in (x, lam, mu), the turning of psi included; (n + 2,)."""
        phi, psi = near.kernel, near.left
        bordered = np.block([[near.jacobian[:, :-1], phi], [psi.T, np.zeros((1, 1))]])
        across = np.linalg.solve(bordered, np.append(-by_lam, 0.0))[:-1]
        ahead = np.append(across, 1.0)
        inside = self.lines[0].jacobian_along(self.x, 0.0, ahead)
        # D²g[(across, 1, 0), (0, 0, 1)], by what the diagonal has on top of lam and mu alone
        mixed = self._second(ALONG_BOTH, ahead) - inside @ ahead
        mixed -= self._second(ALONG_MU, np.append(np.zeros(len(across)), 1.0))
        return psi[:, 0] @ np.hstack([inside, mixed[:, None] / 2])

    def _second(self, way, u: np.ndarray) -> np.ndarray:
        """D²g[u, u] on the line through here in a direction; (n,)."""
        return self.plane.at(self.lam, self.mu, way).jacobian_along(self.x, 0.0, u) @ u


class LocusProblem:
    """(g, eigenvalue of a block) = 0 with state (x, lam) and parameter mu.

    The state is kept as y, the coordinates in the measure of the network's own
    charts, and arcsinh(lam), in which steps make sense at all sizes;
    :meth:`place` gives x and lam back.

    Parameters
    ----------
    plane : Plane
    component : Component
        Whose block has the vanishing eigenvalue; t for folds.
    """

    unfoldings = 0  # unknowns between y and arcsinh(lam)
    neutrals = Neutrals()  # a locus is an isolated curve
    batched = False

    def __init__(self, plane: Plane, component: Component):
        self.plane, self.component = plane, component
        self.n = plane.n + self.unfoldings + 1

    def inside(self, window: tuple[float, float]) -> Self:
        """The problem itself: it asks nothing outside a window."""
        return self

    def place(self, X: np.ndarray) -> PlanePoint:
        """The point of the branch and of the plane behind the unknowns (n + 1,)."""
        lam, mu = float(np.sinh(X[-2])), float(X[-1])
        y = X[: self.plane.n]
        return PlanePoint(self.plane, y / PlanePoint(self.plane, y, lam, mu).measures[0], lam, mu)

    def unknowns(self, x: np.ndarray, lam: float, mu: float) -> np.ndarray:
        """The inverse of :meth:`place`; shape (n + 1,)."""
        factor, _ = PlanePoint(self.plane, x, lam, mu).measures
        return np.concatenate([x * factor, np.zeros(self.unfoldings), [np.arcsinh(lam), mu]])

    def jacobian(self, y, mu, checked: bool = True):
        """(g and the eigenvalue, their derivatives in the unknowns)."""
        here = self.place(np.append(y, mu))
        g, slopes = here.jacobian(checked)
        near, slope = here.vanishing(self.component)
        return np.append(g, near.values), self.in_unknowns(here, np.vstack([slopes, slope]))

    def in_unknowns(self, here: PlanePoint, slopes: np.ndarray) -> np.ndarray:
        """Derivatives in (x, lam, mu) as derivatives in the unknowns; shape (..., n + 1)."""
        factor, rates = here.measures
        by_x, by_lam, by_mu = slopes[..., :-2], slopes[..., -2], slopes[..., -1]
        by_lam = (by_lam - by_x @ (here.x * rates[0] / factor)) * np.hypot(1.0, here.lam)
        by_mu = by_mu - by_x @ (here.x * rates[1] / factor)
        unfolding = np.zeros((*slopes.shape[:-1], self.unfoldings))
        parts = [by_x / factor, unfolding, by_lam[..., None], by_mu[..., None]]
        return np.concatenate(parts, axis=-1)

    def weights(self, mu: float) -> np.ndarray:
        """Ones: the engine asks for them, but this is no gradient system and nobody uses
        the inertia that it notes with each point."""
        return np.ones(self.n)

    def scales(self, mu: float) -> np.ndarray:
        """Lengths of the unknowns that count as one."""
        return np.append(np.ones(self.n), np.hypot(1.0, mu))

    def chart(self, mu: float) -> WarpedChart:
        """The state as it is and arcsinh(mu): even steps near 0, equal ratios far from it."""
        one, zero = np.ones(self.n), np.zeros(self.n)
        return WarpedChart(
            lambda mu: one,
            lambda mu: (one, zero),
            np.arcsinh,
            lambda mu: 1.0 / np.hypot(1.0, mu),
            np.sinh,
        )


class BranchPointProblem(LocusProblem):
    """Branch points of the fixed-point space; the state is (x, eps, lam)."""

    unfoldings = 1

    def jacobian(self, y, mu, checked: bool = True):
        """(g + phi eps, the eigenvalue, psi' g_lam; their derivatives in the unknowns)."""
        X = np.append(y, mu)
        here, eps = self.place(X), self.unfolding(X)
        g, slopes = here.jacobian(checked)
        near, slope = here.vanishing(self.component)
        phi, psi = near.kernel[:, 0], near.left[:, 0]
        ranges = here.range_slope(near, slopes[:, -2])
        jacobian = self.in_unknowns(here, np.vstack([slopes, slope, ranges]))
        jacobian[: len(g), len(g)] = phi
        return np.concatenate([g + eps * phi, near.values, [psi @ slopes[:, -2]]]), jacobian

    def unfolding(self, X: np.ndarray) -> float:
        """eps, zero at a true branch point."""
        return float(X[self.plane.n])

    def opening(self, X: np.ndarray) -> float:
        """How fast the branch point opens as mu moves: |psi' g_mu| over the largest slope of g."""
        here = self.place(X)
        near, _ = here.vanishing(self.component)
        _, slopes = here.jacobian(checked=False)
        most = float(np.linalg.norm(near.left) * np.abs(slopes).max())
        return abs(float(near.left[:, 0] @ slopes[:, -1])) / most
