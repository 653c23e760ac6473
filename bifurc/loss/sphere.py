"""Weights of fixed norm: |W|_F² = rho, or |w_i|² = rho of every row.

On the sphere a point is critical where g + mu v = 0, v the weights and

    mu = -<g, v> / N,   N = <v, v>,

the multiplier, which is a decay for every irrep. The Hessian on the sphere is
H + mu on what is orthogonal to v: of the trivial block, and where each row has
a sphere of its own of s too, one direction is left out for each.

Off the sphere v stays in the fixed-point space, and one equation more brings
the state back. It is added so that the Jacobian is symmetric where N = rho: to

    F = g + mu v + (N - rho) (v - P h) / 2N,   h = (H + mu) v,

P the projector off v, belongs P (H + mu) P + v <v, .> / N. With h as it is at one
point all derivatives of F are those of one function, whose zeros are the critical
points on spheres. The same with one v, N and mu for each row.

References
----------
.. [1] Absil, Mahony, Sepulchre, "Optimization Algorithms on Matrix Manifolds", Princeton 2008,
   section 5.3.3 and example 5.4.1.
"""

from functools import cached_property

import numpy as np

from bifurc.loss.isotypic import coefficients
from bifurc.loss.series import Series, leading
from bifurc.structure.irreps import Component


class Sphere:
    """The sphere, or the spheres of rows, of one network problem.

    Every function takes arrays, complex ones or :class:`~bifurc.loss.series.Series`.
    """

    def __init__(self, problem):
        self.problem, self.layout, s = problem, problem.layout, problem.structure
        weights = [c.column not in s.beside for c in s.coordinates]
        rows = [self.layout.row_of(c) for c in s.coordinates]
        # row blocks that share a sphere, or are tied to one another
        self.groups = [list(range(len(s.hidden)))]
        if s.row_norm.terms:
            place = {c: a for a, orbit in enumerate(s.orbits) for c in orbit}
            first = [next(i for i, e in enumerate(s.entries) if e.row == b.name) for b in s.hidden]
            orbits = [place[i] for i in first]
            self.groups = [[r for r, o in enumerate(orbits) if o == k] for k in sorted(set(orbits))]
        #: whether a coordinate is one of a group; shape (n, groups)
        self.of = np.array([[row in g for g in self.groups] for row in rows]) * 1.0
        self.of *= np.array(weights)[:, None]

    @cached_property
    def _targets(self) -> np.ndarray:
        """rho of each group by powers of lam, highest first: (3, groups)."""
        problem, s = self.problem, self.problem.structure
        if s.sphere.terms:
            return problem.read(s.sphere, 2)[::-1][:, None]
        sizes = [s.size[s.hidden[g[0]].points] * len(g) for g in self.groups]
        return np.array([problem.read(size * s.row_norm, 2) for size in sizes]).T[::-1]

    def _lengths(self, lam):
        """m, its derivative in lam, rho and its derivative; (..., n) and (..., groups)."""
        each = (lam if isinstance(lam, Series) else np.asarray(lam))[..., None]
        found = []
        for square, slope, constant in (self.problem._metric.weight_polynomials, self._targets):
            found += [(each * square + slope) * each + constant, each * (2.0 * square) + slope]
        return found

    def state(self, rows, lam, g):
        """v, m, N and mu at points; ``g`` (..., n) is the gradient of the loss."""
        v = coefficients(rows.own, self.problem.layout.outward)[..., 0, :]
        m, *_ = self._lengths(lam)
        N = (m * v * v) @ self.of
        return v, m, N, -((m * v * g) @ self.of) / N

    def gradient(self, rows, lam, g):
        """g + mu v."""
        v, _, _, mu = self.state(rows, lam, g)
        return g + (mu @ self.of.T) * v

    def lift(self, rows, lam, g, jacobian) -> np.ndarray:
        """(v - P h) / N of each group at points; (..., n, groups)."""
        v, m, N, mu = self.state(rows, lam, g)
        ways = v[..., None] * self.of
        h = jacobian[..., :-1] @ ways + (mu @ self.of.T)[..., None] * ways
        return (ways - self._off(ways, m, N, h)) / N[..., None, :]

    @staticmethod
    def _off(ways, m, N, h):
        """P h."""
        return h - ways @ (_turned(m[..., None] * ways) @ h / N[..., None])

    def field(self, rows, lam, g, lift):
        """F with the lift of a point held fixed."""
        v, _, N, mu = self.state(rows, lam, g)
        _, _, rho, _ = self._lengths(lam)
        off = (lift @ (N - rho)[..., None])[..., 0]
        return g + (mu @ self.of.T) * v + 0.5 * off

    def jacobian(self, rows, lam, g, jacobian, lift):
        """[dF/dx | dF/dlam], from that of g."""
        v, m, N, mu = self.state(rows, lam, g)
        _, m_lam, _, rho_lam = self._lengths(lam)
        ways, each = v[..., None] * self.of, mu @ self.of.T
        weighed = _turned(m[..., None] * ways)  # (..., groups, n)
        own = _turned((m * g)[..., None] * self.of)
        slope = -(weighed @ jacobian[..., :-1] + own + 2.0 * mu[..., None] * weighed) / N[..., None]
        N_lam = (m_lam * v * v) @ self.of
        mu_lam = (m * v * jacobian[..., -1] + m_lam * v * g) @ self.of + mu * N_lam
        H = jacobian[..., :-1] + each[..., None] * np.eye(len(self.of)) + ways @ slope
        by_lam = jacobian[..., -1:] - ways @ (mu_lam / N)[..., None]
        by_lam = by_lam + lift @ (0.5 * (N_lam - rho_lam))[..., None]
        return H + lift @ weighed, by_lam

    def confined(self, component: Component, matrix, rows, lam, g):
        """The block of H + mu on the sphere, 0 on what leads off it; and that, or None."""
        *_, mu = self.state(rows, lam, g)
        which, ways = self._of_copies(component), self._ways(component, rows)
        matrix = matrix + (mu @ which.T)[..., None] * np.eye(len(which))
        if ways is None:
            return matrix, None
        m = self.problem.squared_lengths(component, lam)
        N = (m[..., None] * ways * ways).swapaxes(-1, -2).sum(-1)
        N = N + 1.0 * (leading(N) == 0.0)  # nothing is there on a set of one point
        off = self._off(ways, m, N, matrix)
        back = ((off @ ways) / N[..., None, :]) @ _turned(m[..., None] * ways)
        return off - back, ways

    def _of_copies(self, component: Component) -> np.ndarray:
        """Which group's multiplier acts on a copy; (copies, groups)."""
        if component.irrep == "t":
            return self.of
        basis, _ = self.problem.basis_of(component)
        copies, rows = basis.shape[:2]
        there = np.abs(basis.reshape(copies, rows, -1, self.layout.columns)).sum(axis=2)
        beside = self.problem.structure.beside
        inner = [block.name not in beside for block in self.problem.structure.inputs]
        there = there[..., inner].any(axis=-1)  # (copies, rows)
        return np.array([there[:, g].any(axis=1) for g in self.groups]).T * 1.0

    def _ways(self, component: Component, rows):
        """Directions off the sphere in the copies of an irrep, (..., copies, m), or None."""
        groups, rowwise = self.groups, bool(self.problem.structure.row_norm.terms)
        shares = np.zeros((0, rows.frame.students))
        if component.irrep == "t":
            shares = np.array([np.isin(np.arange(rows.frame.students), g) for g in groups])
        elif component.irrep == "s" and rowwise:
            there = np.flatnonzero(self.layout.on(*component.sets)[0])
            shares = np.eye(rows.frame.students)[there[there < len(self.problem.structure.hidden)]]
        elif component.irrep == "k" and rowwise:
            across = [_differences(g, rows.frame.students) for g in groups]
            shares = np.concatenate([shares, *across])
        if not len(shares):
            return None
        if component.irrep == "s":
            keep = self.problem._vertices[component][1].flat_own
        else:
            keep = self.problem.basis_of(component)[1]
        found = coefficients(rows.own * (1.0 * shares[:, :, None]), keep)
        return found.swapaxes(-1, -2)


def _differences(group: list[int], students: int) -> np.ndarray:
    """Orthonormal combinations of tied rows that sum to nothing; (len(group) - 1, students)."""
    across = np.linalg.qr(np.ones((len(group), 1)), mode="complete")[0][:, 1:]
    return across.T @ np.eye(students)[group]


def _turned(matrix):
    return matrix.swapaxes(-1, -2)
