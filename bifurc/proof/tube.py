"""A branch proved between two parameter values: a chain of thin tubes.

On a piece lam = c + t, \\|t\\| <= h, a polynomial X(t) follows the branch to
rounding, and for every t Krawczyk's test on X(t) + R proves exactly one
critical point in that box, which depends smoothly on lam. What is evaluated
along a tube is a Taylor polynomial in t with an enclosed remainder, because
plain interval arithmetic over the whole piece would give far too wide
results. Neighbouring pieces hold the same branch where they meet.

References
----------
.. [1] Makino, Berz, "Taylor models and other validated functional inclusion
   methods", Int. J. Pure Appl. Math. 4, 2003.
"""

from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Any

import numpy as np

from bifurc.loss.series import Series
from bifurc.proof.claims import along, check_sizes, exists, lengthy
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
from bifurc.proof.signs import diagonalise, signs, speed
from bifurc.proof.system import PointSystem, inverse, krawczyk, part

SLACK = 50.0  # of R over the first term that X(t) leaves out; its enclosure is that wide
ORDER = 3  # of the polynomial X(t); remainders have one order more


@dataclass(frozen=True, eq=False)
class Tube:
    """One piece: lam from ``first`` to ``last``, X(t) by its coefficients, half-widths R.

    All numbers are exact arbs; ``curve`` has shape (ORDER + 1, n).
    """

    problem: BallProblem
    first: Any
    last: Any
    curve: list
    radius: list

    @property
    def centre(self):
        """The middle of the piece."""
        return (self.first + self.last) / 2

    @property
    def half(self):
        """Half its length."""
        return (self.last - self.first) / 2

    @property
    def span(self):
        """All t of the piece."""
        return flint.arb(0, 1) * self.half

    @property
    def lam(self) -> Ball:
        """All lam of the piece."""
        return Ball(self.centre + self.span)

    def at(self, lam) -> list:
        """X there, the middle of the tube."""
        t = lam - self.centre
        total = self.curve[-1]
        for row in reversed(self.curve[:-1]):
            total = [value * t + one for value, one in zip(total, row, strict=True)]
        return total

    def around(self, values) -> list:
        """The boxes of half-widths R around values."""
        return [value + flint.arb(0, r) for value, r in zip(values, self.radius, strict=True)]

    @cached_property
    def whole(self) -> list:
        """A box around the whole tube."""
        return self.around(self._expanded(self.span)[0])

    def _expanded(self, t) -> list:
        """Coefficients of X(t + e) in e."""
        power = [flint.arb(1)]
        for _ in self.curve:
            power.append(power[-1] * t)
        return [
            [
                sum(
                    (
                        comb(k, j) * row[i] * power[k - j]
                        for k, row in enumerate(self.curve)
                        if k >= j
                    ),
                    start=flint.arb(0),
                )
                for i in range(self.problem.n)
            ]
            for j in range(len(self.curve))
        ]

    def _rows(self, t, thick: bool):
        """Rows along the tube as series in e, expanded around t."""
        states = self._expanded(t)
        if thick:
            states[0] = self.around(states[0])
        nothing = [flint.arb(0)] * self.problem.n
        x = np.stack([balls(row) for row in [*states, nothing]])
        lam = balls([self.centre + t, 1, *[0] * (len(states) - 1)])
        return self.problem.rows(Series(x), Series(lam))

    @cached_property
    def _thin(self):
        return self._rows(flint.arb(0), thick=False)

    @cached_property
    def _thick(self):
        return self._rows(flint.arb(0), thick=True)

    @cached_property
    def _spread(self):
        return self._rows(self.span, thick=True)

    def enclose(self, function, thick: bool = True) -> np.ndarray:
        """What ``function`` of rows takes on the tube: a Taylor polynomial and its remainder."""
        middle = function(self._thick if thick else self._thin).coefficients
        rest = function(self._spread).coefficients
        total, power = middle[0], flint.arb(1)
        for k in range(1, len(middle)):
            power = power * self.half
            term = middle[k] if k < len(middle) - 1 else rest[k]
            total = total + term * Ball(flint.arb(0, 1) * power)
        return total

    @cached_property
    def slopes(self):
        """[g_x | g_lam] over the tube, an arb_mat."""
        return matrix(self.enclose(lambda rows: self.problem._jacobian(rows, self.lam)))

    def correction(self):
        """(-Y g(X), 1 - Y g_x) over the tube, as arb_mats."""
        n = self.problem.n
        own = flint.arb_mat([[self.slopes[i, j] for j in range(n)] for i in range(n)])
        near = inverse(own)
        product = near * own
        defect = [[int(i == j) - product[i, j] for j in range(n)] for i in range(n)]
        g = column(arbs(self.enclose(self.problem._gradient, thick=False)))
        return -(near * g), flint.arb_mat(defect)

    def prove_unique(self) -> None:
        """Exactly one critical point in every cross-section.

        Raises
        ------
        NotCertifiedError
            If Krawczyk's test fails.
        """
        shift, defect = self.correction()
        moved = shift + defect * column([flint.arb(0, r) for r in self.radius])
        for value, r in zip(moved.entries(), self.radius, strict=True):
            if not flint.arb(0, r).contains_interior(value):
                raise NotCertifiedError("Krawczyk's test fails on a piece of the branch.")

    def prove_signs(self, crossing=None) -> dict:
        """Negative eigenvalues of each component; ``crossing`` has one that moves through zero.

        Raises
        ------
        NotCertifiedError
            If a sign, or the direction of the crossing, is not proved.
        """
        check_sizes(self.problem, self.lam)
        found = {}
        for component in self.problem.components:
            if not self._matters(component) and component != crossing:
                continue
            kept = lengthy(self.problem, component, self.lam)
            block = matrix(self.enclose(self._block_of(component)))
            weights = arbs(self.problem._copy_weights(component, self.lam))
            diagonal = diagonalise(part(block, kept), [weights[i] for i in kept])
            found[component] = signs(diagonal, crossing=component == crossing).negative
            if component == crossing:
                self._prove_crossing(diagonal, component, kept)
        return found

    def _block_of(self, component):
        return lambda rows: self.problem._matrix(component, rows, self.lam)

    def _matters(self, component) -> bool:
        """Whether the irrep exists somewhere on the piece."""
        try:
            return exists(self.problem, component, self.lam)
        except NotCertifiedError:
            return True

    def _prove_crossing(self, diagonal, component, kept) -> None:
        """The eigenvalue is monotone along the branch, so it is zero once at most."""
        direction = balls([*along(self.slopes), 1])
        change = self.problem.block_along(component, balls(self.whole), self.lam, direction)
        if speed(diagonal, part(change, kept)).contains(0):
            raise NotCertifiedError("The speed of a crossing eigenvalue is not proved.")

    def leads_to(self, other: "Tube") -> None:
        """Raise NotCertifiedError unless ``other`` goes on with the same branch."""
        if self.last.man_exp() != other.first.man_exp():
            raise NotCertifiedError("The pieces of the branch do not meet.")
        if not (self._holds_zero_of(other) or other._holds_zero_of(self)):
            raise NotCertifiedError("Two pieces of the branch do not hold the same points.")

    def _holds_zero_of(self, other: "Tube") -> bool:
        """Whether the critical point of ``other`` where both meet is the one in this tube."""
        lam = self.last if other.first >= self.last else self.first
        try:
            zero = krawczyk(PointSystem(self.problem, Ball(lam)), other.at(lam), other.radius)
        except NotCertifiedError:
            return False
        return all(o.contains(z) for o, z in zip(self.around(self.at(lam)), zero, strict=True))


def make(problem: BallProblem, doubles, x, first: float, last: float) -> Tube:
    """A tube along the branch; whether it holds the branch is for the proof to say.

    Parameters
    ----------
    doubles : NetworkProblem
        The same problem in doubles.
    x : ndarray, shape (n,)
        Near the branch in the middle of the piece.
    """
    lam = (first + last) / 2
    for _ in range(8):
        g, slopes = doubles.jacobian(x, lam)
        step = np.linalg.solve(slopes[:, :-1], g)
        x = x - step
        if np.abs(step).max() < 1e-14:
            break
    rows = [x]
    for k in range(1, ORDER + 2):
        states = Series(np.stack([*rows, np.zeros_like(x)]))
        values = Series(np.array([lam, 1.0, *[0.0] * (k - 1)]))
        change = doubles.gradient(states, values).coefficients[k]
        rows.append(-np.linalg.solve(slopes[:, :-1], change))
    rest = np.abs(rows.pop()) * ((last - first) / 2) ** (ORDER + 1)
    # generous against the first term left out, since its enclosure is, and rounding
    radius = SLACK * (rest + rest.max()) + 2.0**-46 * np.maximum(np.abs(x), 2.0**-6)
    return Tube(
        problem,
        flint.arb(first),
        flint.arb(last),
        [[flint.arb(float(value)) for value in row] for row in rows],
        [flint.arb(float(r)) for r in radius],
    )
