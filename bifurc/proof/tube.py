"""A piece of a branch in a tube: a polynomial, and a proof that the branch is near it.

In z = (x, lam) a polynomial Z(t), \\|t\\| <= 1, follows the branch to rounding.
For every t the bordered system

    g(z) = 0,   v . (z - Z(t)) = 0

with a fixed direction v, near the tangent, passes Krawczyk's test on the box
Z(t) + R, all t at once in Taylor models. So there is exactly one zero z(t) in
each box, the Jacobian is regular, hence [g_x | g_lam] has full rank and z(t)
is smooth; v . Z'(t) > 0 is proved too, so the zeros are one arc along which
v . z grows. Nothing is asked of g_x: a fold is an ordinary point.

Two pieces, one after the other, are one smooth arc if the end of the first,
z = z(1), lies in the second: if some s has v' . (z - Z'(s)) = 0 for the
direction v' and the polynomial Z' of the second, and z lies in the box
Z'(s) + R', then z is the one zero in that box. Of the curve of zeros, which
is smooth there, both are parts; and if its tangent at z points forward in
both, the second goes on where the first ends.

References
----------
.. [1] Krawczyk, "Newton-Algorithmen zur Bestimmung von Nullstellen mit
   Fehlerschranken", Computing 4, 1969.
.. [2] Martin, Goldsztejn, Granvilliers, Jermann, "Certified parallelotope
   continuation for one-manifolds", SIAM J. Numer. Anal. 51, 2013.
"""

from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.loss.series import Series
from bifurc.proof.interval import (
    Ball,
    NotCertifiedError,
    arbs,
    balls,
    column,
    flint,
    matrix,
)
from bifurc.proof.model import ORDER, ZERO, Model, models
from bifurc.proof.system import box

SLACK = 4.0  # of R over what Newton's step from Z(t) encloses
ROUNDING = 2.0**-44  # least half-width, in units of each unknown
FINE_ROUNDING = 2.0**-64  # the same where the curve is known to the working precision
ROUNDS = 4  # of Newton's method, from doubles to the working precision


@dataclass(frozen=True, eq=False)
class Tube:
    """One piece: Z(t) by its coefficients, half-widths R and the direction v; exact arbs.

    Attributes
    ----------
    curve : list of lists, shape (ORDER + 1, n + 1)
    radius, direction : list, shape (n + 1,)
    """

    problem: NetworkProblem
    curve: list
    radius: list
    direction: list

    @cached_property
    def thin(self) -> np.ndarray:
        """Z(t); shape (n + 1,)."""
        return models(self.curve)

    @cached_property
    def thick(self) -> np.ndarray:
        """Z(t) + R; shape (n + 1,)."""
        return models([box(self.curve[0], self.radius), *self.curve[1:]])

    @property
    def lam(self) -> Model:
        """The parameter along the tube."""
        return self.thick[-1]

    @cached_property
    def rows(self):
        """All rows over the tube; kernel values in them are computed once."""
        return self.problem.rows(self.thick[:-1], self.lam)

    def at(self, t) -> list:
        """Z(t); arbs."""
        return [value.at(t) for value in self.thin]

    @cached_property
    def jacobian(self) -> np.ndarray:
        """The Jacobian of the bordered system over the tube; shape (n + 1, n + 1)."""
        slopes = self.problem.jacobian_of(self.rows, self.lam)
        return np.vstack([slopes, [Model.constant(v) for v in self.direction]])

    @cached_property
    def inverse(self) -> np.ndarray:
        """A polynomial near the inverse of :attr:`jacobian`, exact."""
        size = len(self.radius)
        known = np.zeros((ORDER + 1, size, size))
        for i, j in np.ndindex(size, size):
            for k, value in enumerate(self.jacobian.item(i, j).poly.coeffs()):
                known[k, i, j] = float(value.mid())
        if not np.isfinite(known).all() or np.linalg.cond(known[0]) > 1e15:
            raise NotCertifiedError("The Jacobian is singular to the working precision.")
        near = [np.linalg.inv(known[0])]
        for k in range(1, ORDER + 1):
            near.append(-near[0] @ sum(known[j] @ near[k - j] for j in range(1, k + 1)))
        exact = np.vectorize(flint.arb, otypes=[object])(np.array(near))
        return models(exact.reshape(ORDER + 1, -1)).reshape(size, size)

    @cached_property
    def defect(self):
        """Bounds of \\|1 - Y F'\\| over the tube, an array of arbs."""
        product = self.inverse @ self.jacobian
        return np.array(
            [
                [(int(i == j) - value).range().abs_upper() for j, value in enumerate(row)]
                for i, row in enumerate(product)
            ]
        )

    @cached_property
    def step(self) -> list:
        """Bounds of \\|Y F(Z(t))\\|: how far Newton's method moves from the middle."""
        return newton_step(self.problem, self.thin, self.inverse)

    @cached_property
    def contraction(self):
        """max_i (\\|1 - Y F'\\| R)_i / R_i, an arb; at most 1 where Krawczyk's test passes."""
        shares = [
            value / r for value, r in zip(self.defect @ self.radius, self.radius, strict=True)
        ]
        return largest(shares)

    def prove(self) -> None:
        """Prove that the tube holds one smooth arc of critical points.

        Raises
        ------
        NotCertifiedError
            If it does not, or not provably.
        """
        if not all(r > 0 for r in self.radius):
            raise NotCertifiedError("A tube needs positive half-widths.")
        moved = self.defect @ self.radius
        for near, far, r in zip(self.step, moved, self.radius, strict=True):
            if not near + far < r:
                raise NotCertifiedError("Krawczyk's test fails on a piece of the branch.")
        if not self.pace.range() > 0:
            raise NotCertifiedError("A piece of the branch does not move forward.")

    @cached_property
    def pace(self) -> Model:
        """v . Z'(t)."""
        total = ZERO
        for v, value in zip(self.direction, self.thin, strict=True):
            total = total + Model(value.poly.derivative()) * Ball(v)
        return total

    @cached_property
    def velocity(self) -> np.ndarray:
        """z'(t) of the arc, which solves F' z' = (0, v . Z'); shape (n + 1,).

        From w = Y (0, v . Z'), which leaves (0, v . Z') - F' w, the error is
        at most (1 - \\|1 - Y F'\\|)⁻¹ \\|Y\\| times that.
        """
        target = np.array([ZERO] * (len(self.radius) - 1) + [self.pace])
        near = self.inverse @ target
        rest = self.inverse @ (target - self.jacobian @ near)
        if not self.contraction < 1:
            raise NotCertifiedError("The velocity along a piece is not proved.")
        share = largest([abs(v.range()) / r for v, r in zip(rest, self.radius, strict=True)])
        error = share / (1 - self.contraction)
        return near + models([[flint.arb(0, 1) * (error * r) for r in self.radius]])

    def enclose(self, t, rounds: int = 3):
        """(z(t), [g_x | g_lam] there) for all t of an arb, by Krawczyk's operator.

        The arc is known to be in the tube, so whatever the operator makes of
        the tube's box there holds it too; each round starts from what the one
        before found.
        """
        foot = self.at(t)
        zero = box(foot, self.radius)
        near = flint.arb_mat([[value.at(t).mid() for value in row] for row in self.inverse])
        size = range(len(zero))
        for _ in range(rounds):
            x, lam = balls(zero[:-1]), Ball(zero[-1])
            slopes = matrix(self.problem.jacobian(x, lam, checked=False)[1])
            product = near * bordered(slopes, self.direction)
            defect = flint.arb_mat([[int(i == j) - product[i, j] for j in size] for i in size])
            centre = [value.mid() for value in zero]
            g = arbs(self.problem.gradient(balls(centre[:-1]), Ball(centre[-1])))
            along = dot(self.direction, minus(centre, foot))
            moved = column(centre) - near * column([*g, along])
            moved = moved + defect * column(minus(zero, centre))
            zero = [a.intersection(b) for a, b in zip(moved.entries(), zero, strict=True)]
        return zero, slopes

    def leads_to(self, other: "Tube"):
        """Prove that ``other`` goes on where this tube ends; where it does, an arb in t.

        Raises
        ------
        NotCertifiedError
            If that is not proved; see the argument at the head of the module.
        """
        zero, slopes = self.enclose(flint.arb(1))
        entry = other.foot(zero)
        middle = [value.at(entry) for value in other.thin]
        for away, r in zip(minus(zero, middle), other.radius, strict=True):
            if not abs(away) < r:
                raise NotCertifiedError("Two pieces of the branch do not hold the same points.")
        try:
            up = column([0] * (len(zero) - 1) + [1])
            tangent = bordered(slopes, other.direction).solve(up).entries()
        except ZeroDivisionError:
            raise NotCertifiedError("The tangent of the branch is not proved.") from None
        if not dot(self.direction, tangent) > 0:
            raise NotCertifiedError("Two pieces of the branch meet head on.")
        return entry

    def foot(self, z):
        """Where v . (z - Z(s)) = 0 for all z of a box: an arb s within [-1, 1]."""
        target = dot(self.direction, z)
        height = ZERO
        for v, value in zip(self.direction, self.thin, strict=True):
            height = height + value * Ball(v)
        s = flint.arb(-1)
        for _ in range(6):  # Newton on midpoints; the proof comes after
            s = (s - (height.at(s) - target) / height.poly.derivative()(s)).mid()
        width = (2 * (abs(height.at(s) - target) / self.pace.range())).abs_upper()
        s = s + flint.arb(0, 1) * (width + flint.arb(2) ** (16 - flint.ctx.prec))
        low, high = s.lower(), s.upper()
        if not (low >= -1 and high <= 1):
            raise NotCertifiedError("Two pieces of the branch do not overlap.")
        if not (height.at(low) < target and height.at(high) > target):
            raise NotCertifiedError("Two pieces of the branch do not meet.")
        return s


def newton_step(problem: NetworkProblem, thin, inverse) -> list:
    """Bounds of \\|Y (g(Z(t)), 0)\\| over all t; arbs."""
    g = problem.gradient_of(problem.rows(thin[:-1], thin[-1]))
    moved = inverse @ np.array([*g, ZERO])
    return [value.range().abs_upper() for value in moved]


def bordered(slopes, direction):
    """[g_x | g_lam] with ``direction`` below it, an arb_mat."""
    return flint.arb_mat([*slopes.tolist(), direction])


def minus(one, other) -> list:
    """The difference of two lists of arbs."""
    return [a - b for a, b in zip(one, other, strict=True)]


def dot(one, other):
    """The inner product of two lists of arbs."""
    return sum((a * b for a, b in zip(one, other, strict=True)), start=flint.arb(0))


def largest(values):
    """An upper bound of all values, nan if one of them is; an arb."""
    return reduce(flint.arb.max, (value.abs_upper() for value in values))


def taylor(doubles, z: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Coefficients of the branch through ``z`` in s = v . (z(s) - z); shape (ORDER + 1, n + 1)."""
    rows = [z]
    for k in range(1, ORDER + 1):
        states = np.stack([*rows, np.zeros_like(z)])
        change = doubles.gradient(Series(states[:, :-1]), Series(states[:, -1])).coefficients[k]
        if k == 1:
            slopes = np.vstack([doubles.jacobian(z[:-1], z[-1], checked=False)[1], direction])
        rows.append(np.linalg.solve(slopes, np.append(-change, float(k == 1))))
    return np.array(rows)


def fine_taylor(problem: NetworkProblem, z: np.ndarray, direction: np.ndarray) -> list:
    """The same to the working precision, for sizes at which doubles lose it; exact arbs."""
    point, v = [flint.arb(float(value)) for value in z], [flint.arb(float(w)) for w in direction]
    for _ in range(ROUNDS):
        g, slopes = problem.jacobian(balls(point[:-1]), Ball(point[-1]), checked=False)
        near = bordered(matrix(slopes), v).mid().inv()
        step = (near * column([*arbs(g), 0])).entries()
        point = [(value - s).mid() for value, s in zip(point, step, strict=True)]
    rows = [point]
    for k in range(1, ORDER + 1):
        states = np.array([balls(row) for row in [*rows, [flint.arb(0)] * len(point)]])
        change = problem.gradient(Series(states[:, :-1]), Series(states[:, -1])).coefficients[k]
        target = column([*arbs(-change), int(k == 1)])
        rows.append([value.mid() for value in (near * target).entries()])
    return rows


def corrected(doubles, z: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Newton's method on the branch at right angles to ``direction``, in doubles."""
    for _ in range(8):
        g, slopes = doubles.jacobian(z[:-1], z[-1])
        step = np.linalg.solve(np.vstack([slopes, direction]), np.append(g, 0.0))
        z = z - step
        if np.abs(step).max() < 1e-14:
            break
    return z


def make(problem: NetworkProblem, doubles, coefficients, direction, half: float) -> Tube:
    """A tube around a Taylor polynomial; whether it holds the branch is for the proof to say.

    Parameters
    ----------
    doubles : NetworkProblem
        The same problem in doubles.
    coefficients : array, shape (ORDER + 1, n + 1)
        See :func:`taylor` and :func:`fine_taylor`.
    half : float
        Half the length of the piece, in the variable of the polynomial.
    """
    fine = isinstance(coefficients, list)
    least = FINE_ROUNDING if fine else ROUNDING
    powers = [flint.arb(half) ** k for k in range(ORDER + 1)]
    curve = [
        [(flint.arb(value) * power).mid() if fine else flint.arb(float(value) * half**k)
         for value in row]
        for k, (row, power) in enumerate(zip(coefficients, powers, strict=True))
    ]  # fmt: skip
    v = [flint.arb(float(value)) for value in direction]
    middle = np.array([float(value) for value in curve[0]])
    scales = np.maximum(doubles.scales(middle[-1]), np.abs(middle))
    first = Tube(problem, curve, [flint.arb(float(s) * least) for s in scales], v)
    step = np.array([float(value) for value in first.step])
    radius = SLACK * (step + 0.1 * scales * (step / scales).max()) + least * scales
    return Tube(problem, curve, [flint.arb(float(r)) for r in radius], v)
