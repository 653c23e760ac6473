"""Square systems whose zero is an event or a critical point, and Krawczyk's test for them.

An event in a block B of the Hessian is a zero of

    g(x, lam) = 0,   B(x, lam) phi = 0,   phi_pivot = 1,

where B is the Jacobian dg/dx itself for a fold. A critical point at a given
lam is a zero of g alone. For a box Z around z with an approximate inverse Y
of the Jacobian at z, if

    K = z - Y F(z) + (1 - Y F'(Z)) (Z - z)

lies in the interior of Z, there is exactly one zero of F in Z, and it lies in K.

References
----------
.. [1] Krawczyk, "Newton-Algorithmen zur Bestimmung von Nullstellen mit
   Fehlerschranken", Computing 4, 1969.
.. [2] Rump, "Verification methods: rigorous results using floating-point
   arithmetic", Acta Numerica 19, 2010, section 13.
"""

from dataclasses import dataclass

import numpy as np

from bifurc.proof.interval import (
    Ball,
    BallProblem,
    NotCertifiedError,
    arbs,
    balls,
    column,
    flint,
    matrix,
)
from bifurc.structure.irreps import Component


@dataclass(frozen=True, eq=False)
class EventSystem:
    """g = 0 and B phi = 0 in the unknowns (x, lam, phi without its pivot)."""

    problem: BallProblem
    component: Component
    copies: tuple[int, ...]  # those of positive length
    pivot: int  # position among ``copies``

    @property
    def unknowns(self) -> tuple[str, ...]:
        """Names of the unknowns."""
        state = tuple(c.name for c in self.problem.structure.coordinates)
        kernel = tuple(f"kernel[{c}]" for i, c in enumerate(self.copies) if i != self.pivot)
        return (*state, "lam", *kernel)

    def parts(self, z):
        """(x, lam, phi) of a list of arbs."""
        n = self.problem.n
        phi = list(z[n + 1 :])
        phi.insert(self.pivot, flint.arb(1))
        return balls(z[:n]), Ball(z[n]), column(phi)

    def block(self, x, lam):
        """B as an arb_mat, on the copies of positive length."""
        return part(self.problem.block(self.component, x, lam)[0], self.copies)

    def block_along(self, x, lam, u):
        """The derivative of B along ``u``, (n + 1,)."""
        return part(self.problem.block_along(self.component, x, lam, u), self.copies)

    def residual(self, z):
        """F(z) as an arb_mat of one column."""
        x, lam, phi = self.parts(z)
        return column(arbs(self.problem.gradient(x, lam)) + (self.block(x, lam) * phi).entries())

    def jacobian(self, z):
        """F'(z) as an arb_mat."""
        x, lam, phi = self.parts(z)
        n, size = self.problem.n, len(self.copies)
        slopes = matrix(self.problem.jacobian(x, lam, checked=False)[1]).tolist()
        top = [row + [flint.arb(0)] * (size - 1) for row in slopes]
        block = self.block(x, lam).tolist()
        moved = [(self.block_along(x, lam, balls(unit)) * phi).entries() for unit in np.eye(n + 1)]
        bottom = [
            [change[i] for change in moved] + [b for j, b in enumerate(block[i]) if j != self.pivot]
            for i in range(size)
        ]
        return flint.arb_mat(top + bottom)


@dataclass(frozen=True, eq=False)
class PointSystem:
    """g = 0 in the coordinates at one exact lam."""

    problem: BallProblem
    lam: Ball

    @property
    def unknowns(self) -> tuple[str, ...]:
        """Names of the unknowns."""
        return tuple(c.name for c in self.problem.structure.coordinates)

    def residual(self, z):
        """F(z) as an arb_mat of one column."""
        return column(arbs(self.problem.gradient(balls(z), self.lam)))

    def jacobian(self, z):
        """F'(z) as an arb_mat."""
        return matrix(self.problem.jacobian(balls(z), self.lam, checked=False)[1][:, :-1])


def part(whole, kept):
    """Rows and columns ``kept`` of an arb_mat."""
    return flint.arb_mat([[whole[i, j] for j in kept] for i in kept])


def middle(values) -> list:
    """Midpoints, exact."""
    return [value.mid() for value in values]


def box(centre, radii) -> list:
    """The box of all z with \\|z_i - centre_i\\| <= radii_i."""
    return [c + flint.arb(0, r) for c, r in zip(centre, radii, strict=True)]


def inverse(whole):
    """An approximate inverse of the midpoint, exact entries.

    Raises
    ------
    NotCertifiedError
        If it is singular to the working precision.
    """
    try:
        return whole.mid().inv().mid()
    except ZeroDivisionError:
        raise NotCertifiedError("The Jacobian is singular to the working precision.") from None


def newton(system, z, iterations: int = 12) -> list:
    """Newton's method on midpoints until it stops improving; exact arbs.

    Raises
    ------
    NotCertifiedError
        If it does not converge.
    """
    z, last = middle(z), None
    tiny = flint.arb(2) ** (8 - flint.ctx.prec)
    for _ in range(iterations):
        step = (inverse(system.jacobian(z)) * system.residual(z)).entries()
        size = sum((abs(s.mid()) for s in step), start=flint.arb(0)).mid()
        if not size < 1:
            break
        if size < tiny:
            return z
        z = middle(zi - si for zi, si in zip(z, step, strict=True))
        if last is not None and last < 1e-8 and size > last / 4:  # rounding is all that is left
            return z
        last = size
    raise NotCertifiedError("Newton's method did not converge from the double-precision values.")


def krawczyk(system, centre, radii) -> list:
    """Enclosure K of the one zero in the box, a list of arbs.

    Raises
    ------
    NotCertifiedError
        If K does not lie in the interior of the box.
    """
    whole = box(centre, radii)
    near = inverse(system.jacobian(centre))
    slopes = near * system.jacobian(whole)
    size = range(len(centre))
    defect = flint.arb_mat([[int(i == j) - slopes[i, j] for j in size] for i in size])
    away = column([flint.arb(0, r) for r in radii])
    moved = (column(centre) - near * system.residual(centre) + defect * away).entries()
    for inner, outer in zip(moved, whole, strict=True):
        if not outer.contains_interior(inner):
            raise NotCertifiedError("Krawczyk's test fails on the box.")
    return moved
