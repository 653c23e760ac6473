"""Branches through a point where third order does not decide: found at a small distance.

Lyapunov-Schmidt reduction is done numerically: for a distance l of the
parameter along the known branch and an amplitude s of the kernel vector phi,
everything across the kernel is solved for, and one number h(l, s) is left. On
the edge of a small rectangle in (l, s) each zero of h is an arm of a branch.
Arms may leave the point as any power: so the edge is looked at in steps that
shrink towards the known branch on the sides where it goes out, and towards
l = 0 on the others. A smaller rectangle must have as many arms.

References
----------
.. [1] Golubitsky, Schaeffer, "Singularities and Groups in Bifurcation Theory
   I", Springer 1985, chapter I.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bifurc.continuation.correct import correct
from bifurc.continuation.neutral import accuracy
from bifurc.continuation.newton import LOST
from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.protocol import Problem
from bifurc.switching.normal_form import NormalForm

RADII = (0.05, 0.02, 0.007, 0.0025, 0.0009)  # half the length of rectangles in l, in scales
WIDE = 0.77  # their width over their length: no arm that symmetry puts on a diagonal is at a corner
GRADED = np.append(np.linspace(1.0, 0.25, 7), 0.25 * 0.55 ** np.arange(1, 19))  # down to 5e-6
ITERATIONS = 20
LAST = 1e-12  # update of Newton across the kernel, in scales
UPRIGHT = 1e-3  # part of lam in a unit tangent below which it does not say where l goes
ALONE = 3.0  # times as far as the nearest one another arm has to be from the known tangent
ONE = 1e-4  # of a rectangle: what is nearer to each other is one arm


def arms(
    problem: Problem,
    X: np.ndarray,
    form: NormalForm,
    tangent: np.ndarray,
    options: Options,
    window: tuple[float, float],
):
    """The first points of all arms at an event but those of the known branch.

    Of two rectangles that have as many, the larger one is taken that has more in the window.

    If arms have the tangent of the known branch it cannot be told from them,
    and is one of them.

    Parameters
    ----------
    form : NormalForm
        A degenerate one: of it the kernel and the other directions are used.
    tangent : ndarray, shape (n + 1,)
        Of the known branch.

    Returns
    -------
    list of Point, and the radius at which they were found
    """
    rooms = [abs(edge - X[-1]) / problem.scales(X[-1])[-1] for edge in window]
    room = float(min((one for one in rooms if one > LAST), default=np.inf))
    best: tuple[list[Point], float] = [], RADII[-1]
    last, most = None, 0
    for radius in RADII:
        try:
            found = _Rectangle(problem, X, form, tangent, radius, min(radius, room)).arms(options)
        except LOST:
            found = None
        if found is not None and last is not None and len(found) == len(last[0]):
            inside = [window[0] <= point.lam <= window[1] for point in last[0]]
            if not best[0] or sum(inside) > most:
                best, most = last, sum(inside)
            if all(inside):
                break
        last = None if found is None else (found, radius)
    return best


@dataclass(frozen=True, eq=False)
class _Rectangle:
    """|l| up to a length and |s| up to a little less than a radius, in scales, round a point."""

    problem: Problem
    X: np.ndarray  # (n + 1,)
    form: NormalForm
    tangent: np.ndarray  # (n + 1,), of the known branch
    radius: float
    length: float  # the radius, or less where the window ends before

    def arms(self, options: Options) -> list[Point] | None:
        """The points of all arms on the edge; None if one of them is on no branch."""
        points: list[Point] = []
        for guess in [*self._ends(), *self._sides()]:
            outward = guess - self.X
            along = outward / np.linalg.norm(outward / self.scales)
            outcome = correct(self.problem, guess, along, options)
            if outcome.point is None or outcome.moved > self.radius / 2:
                return None
            away = [np.linalg.norm((outcome.point.X - p.X) / self.scales) for p in points]
            if min(away, default=np.inf) > ONE * self.length:
                points.append(outcome.point)
        return points

    def _ends(self) -> Iterator[np.ndarray]:
        """Arms at both ends in l, where the known branch goes out."""
        for l in (self.length, -self.length):
            first = self._nearest(l)
            amplitudes = [first]
            for edge in (self.width, -self.width):
                amplitudes += self._zeros(lambda t, e=edge: (l, first + t * (e - first)), GRADED)  # noqa: B023
            amplitudes.sort(key=abs)
            far = ALONE * max(abs(amplitudes[0]), ONE * self.length)
            known = len(amplitudes) == 1 or abs(amplitudes[1]) > far
            yield from (self.at(l, s)[0] for s in amplitudes[known:])

    def _sides(self) -> Iterator[np.ndarray]:
        """Arms at both sides in s."""
        grid = np.concatenate([GRADED, -GRADED[::-1]])
        for s in (self.width, -self.width):
            for l in self._zeros(lambda t: (t * self.length, s), grid, which=0):  # noqa: B023
                yield self.at(l, s)[0]

    @property
    def width(self) -> float:
        """The largest s."""
        return WIDE * self.radius

    @property
    def scales(self) -> np.ndarray:
        """Lengths that count as one."""
        return np.asarray(self.problem.scales(self.X[-1]))

    @property
    def trunk(self) -> np.ndarray:
        """How the state moves with l, (n + 1,)."""
        upright = abs(self.tangent[-1]) < UPRIGHT * np.linalg.norm(self.tangent / self.scales)
        return self.form.trivial if upright else self.tangent / self.tangent[-1]

    def at(self, l: float, s: float) -> tuple[np.ndarray, float]:
        """The point at (l, s) with g = -h phi, and h; zero where it may be rounding."""
        phi, line = self.form.kernel, self.form.kernel / self.scales[:-1] ** 2
        at = self.X + l * self.scales[-1] * self.trunk
        at[:-1] += s * phi
        target, h = line @ at[:-1], 0.0
        for _ in range(ITERATIONS):
            g, jacobian = self.problem.jacobian(at[:-1], at[-1])
            bordered = np.block([[jacobian[:, :-1], phi[:, None]], [line, np.zeros(1)]])
            step = np.linalg.solve(bordered, np.append(-(g + h * phi), target - line @ at[:-1]))
            at[:-1] += step[:-1]
            h += float(step[-1])
            if np.linalg.norm(step[:-1] / self.scales[:-1]) < LAST:
                terms = np.linalg.norm(np.abs(jacobian[:, :-1]) @ np.abs(at[:-1]))
                floor = accuracy(self.problem) * float(terms / np.linalg.norm(phi))
                return at, h if abs(h) > floor else 0.0
        raise np.linalg.LinAlgError("no point across the kernel")

    def _nearest(self, l: float) -> float:
        """An amplitude at which h vanishes, near the tangent of the known branch."""
        s, step = 0.0, 1e-4 * self.radius
        for _ in range(ITERATIONS):
            h, ahead = self.at(l, s)[1], self.at(l, s + step)[1]
            if h in (0.0, ahead):
                break
            s, step = s - h * step / (ahead - h), 1e-4 * self.radius
            if abs(s) > self.width:
                return 0.0
        return s

    def _zeros(self, place: Callable, shares: np.ndarray, which: int = 1) -> list[float]:
        """Where h vanishes along a line of (l, s), between shares of it: l or s there."""
        from scipy.optimize import brentq  # waited for where it is needed

        heights = [(share, self.at(*place(share))[1]) for share in shares.tolist()]
        told = [(share, h) for share, h in heights if h]
        return [
            place(brentq(lambda t: self.at(*place(t))[1], one, other, xtol=1e-12))[which]
            for (one, h), (other, ahead) in zip(told, told[1:], strict=False)
            if h * ahead < 0
        ]
