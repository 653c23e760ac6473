"""Planes of two parameters over one equation in one unknown, with loci known on paper."""

import numpy as np

import bifurc
from bifurc.continuation.problem import PlainProblem
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial

T = Component.on("t", 1)
# irreps that have no quadratic term
OWN, OTHER = (Component.on("x", 1, {name: Polynomial.of(9)}) for name in ("own", "other"))


class Line(PlainProblem):
    """A plain problem with nothing to check."""

    def jacobian(self, x, lam, checked=True):
        return super().jacobian(x, lam)

    def jacobian_and_block(self, x, lam, component, checked=True):
        return super().jacobian_and_block(x, lam, component)


class Toy:
    """A plane over one scalar equation g(x, lam, mu) = 0.

    ``others`` are eigenvalues of other components, functions of (lam, mu).
    """

    n, plane = 1, {}

    def __init__(self, g, g_x, g_lam, g_mu, others=None):
        self.parts, self.others = (g, g_x, g_lam, g_mu), others or {}
        self.structure = bifurc.Structure.build({"one": 1}, ["one"], ["one"])
        self.components = (T, *self.others)

    def at(self, lam, mu, way=(1.0, 0.0)):
        def on_line(f):
            return lambda x, s: f(x[0], lam + s * way[0], mu + s * way[1])

        def blocks(x, s):
            place = lam + s * way[0], mu + s * way[1]
            return {c: np.array([[value(*place)]]) for c, value in self.others.items()}

        g, g_x, g_lam, g_mu = (on_line(f) for f in self.parts)
        return Line(
            gradient=lambda x, s: np.array([g(x, s)]),
            hessian=lambda x, s: np.array([[g_x(x, s)]]),
            gradient_dlam=lambda x, s: np.array([way[0] * g_lam(x, s) + way[1] * g_mu(x, s)]),
            n=1,
            blocks_of=blocks if self.others else None,
        )

    def parameters(self, lam, mu):
        return {"lam": lam, "mu": mu}


def graphs(f, others):
    """On the branch x = 0 the eigenvalue of OWN is lam - f(mu), of OTHER lam - others(mu)."""
    return Toy(
        lambda x, lam, mu: x, lambda x, lam, mu: 1.0, lambda x, lam, mu: 0.0,
        lambda x, lam, mu: 0.0,
        {OWN: lambda lam, mu: lam - f(mu), OTHER: lambda lam, mu: lam - others(mu)},
    )  # fmt: skip


def circle():
    """Folds on the unit circle of (lam, mu): g = x² + lam² + mu² - 1."""
    return Toy(
        lambda x, lam, mu: x * x + lam * lam + mu * mu - 1, lambda x, lam, mu: 2 * x,
        lambda x, lam, mu: 2 * lam, lambda x, lam, mu: 2 * mu,
    )  # fmt: skip
