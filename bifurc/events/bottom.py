"""An eigenvalue around its lowest, told from zero by what rounding leaves of it.

Near enough to its lowest an eigenvalue is a polynomial of low degree in the
parameter, far beyond rounding: what its values at several points leave of the
best polynomial is noise, of the functions, of the points and of the
eigenvalues. So the noise is measured where it matters, and the polynomial says
whether the eigenvalue stays above zero, touches it or goes beyond.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bifurc.continuation.constants import NOISE
from bifurc.continuation.correct import correct
from bifurc.continuation.neutral import EPS
from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.continuation.step import Step
from bifurc.events.locate import vanishing
from bifurc.protocol import Problem
from bifurc.structure.irreps import Component

Fitted = np.polynomial.Polynomial
ASKED = np.linspace(-1.0, 1.0, 21)  # places around the lowest, over the width
DEGREE = 6  # of the polynomial: an eigenvalue may touch zero flatly
LEAST = 12  # of the places: fewer tell nothing
HIGH = 200.0  # times what may have no sign, to which an eigenvalue may rise on the way
NARROWER = 30  # times that the width is cut to a quarter until it does not rise further
WELL = 1e-3  # of the largest eigenvalue: an eigenvalue that is well above zero
SURE = 5.0  # times the noise that is measured: what is told from it
ROUNDINGS = 8  # behind a sum of g, over that of one term of it
ROUNDING = 4.0  # of the largest eigenvalue and square root of their number: never measured away


@dataclass(frozen=True)
class Low:
    """Where one eigenvalue of a block is at its lowest and may be zero."""

    first: int  # the points between which it lies,
    last: int  # where the eigenvalue is told from zero
    position: float  # about, the whole part the step that it lies on
    sign: int  # of the eigenvalue on both sides
    number: int  # of the eigenvalue, in ascending order
    largest: float  # eigenvalue about there

    @property
    def step(self) -> int:
        """The number of the step that it lies on."""
        return int(self.position)


@dataclass(frozen=True, eq=False)
class Bottom:
    """What an eigenvalue does at its lowest."""

    X: np.ndarray  # (n + 1,), where it is lowest
    above: bool = False  # whether it stays away from zero
    crossings: tuple[np.ndarray, ...] = ()  # where it goes beyond zero and comes back, if it does


def bottom(
    problem: Problem,
    points: list[Point],
    component: Component,
    values: np.ndarray,
    low: Low,
    options: Options,
) -> Bottom:
    """What an eigenvalue does where it is low; that it touches zero, if nothing else is told.

    Parameters
    ----------
    points : list of Point, of the branch
    values : ndarray, shape (points,)
        The eigenvalue at them.
    """

    def asked(positions):
        found = [_at(problem, points, component, low, where, options) for where in positions]
        told = [one for one in found if one is not None]
        return [point for point, _ in told], np.array([value for _, value in told])

    step = Step(problem, points[low.step], points[low.step + 1])
    touch = Bottom(step.guess(low.position - low.step))
    known = _known_to(step, component) * low.largest
    ends = _wide(values, low)
    centre, width = _around(asked, low.position, ends, HIGH * max(NOISE * low.largest, known))
    near, heights = asked(np.unique(np.clip(centre + width * ASKED, *ends)))
    told = np.abs(heights) >= known  # where points are known badly, eigenvalues are
    if np.count_nonzero(told) < LEAST:
        return touch
    lam = np.array([point.lam for point in near])
    fitted = Fitted.fit(lam[told], heights[told], DEGREE)
    left = (heights - fitted(lam))[told]
    noise = SURE * float(np.sqrt(left @ left / (len(left) - DEGREE - 1)))
    turns = [turn.real for turn in fitted.deriv().roots() if lam.min() <= turn.real <= lam.max()]
    lowest = float(min([*turns, lam.min(), lam.max()], key=fitted))
    X, least = _where(near, lowest), float(fitted(lowest))
    size = (ROUNDING * EPS * np.sqrt(problem.n) + problem.error) * low.largest
    if known:
        slope = vanishing(problem, X, component).slope * step.one.scales
        size = max(size, SURE * options.newton_tol * float(np.linalg.norm(slope)))
    if abs(least) <= max(noise, size):
        return Bottom(X)
    if least > 0:
        return Bottom(X, above=True)
    roots = fitted.roots()
    real = np.sort(roots.real[np.abs(roots.imag) < np.sqrt(NOISE) * np.ptp(lam)])
    around = [*real[real < lowest][-1:], *real[real > lowest][:1]]
    ordered = around if near[0].lam < near[-1].lam else around[::-1]
    return Bottom(X, crossings=tuple(_where(near, float(root)) for root in ordered))


def _wide(values: np.ndarray, low: Low) -> tuple[int, int]:
    """From before to after a low, so far that the eigenvalue has risen well above it."""
    ends, high = [low.first, low.last], WELL * low.largest
    for k, on in ((0, -1), (1, 1)):
        heights = low.sign * values[ends[k] :: on]
        higher = np.append(np.diff(heights) > 0, False) & (heights < high)
        ends[k] += on * int(higher.argmin())
    return ends[0], ends[1]


def _around(asked: Callable, centre: float, ends, high: float) -> tuple[float, float]:
    """The lowest place, about, and how far from it the eigenvalue has risen by ``high``."""
    width = (ends[1] - ends[0]) / 2
    for _ in range(NARROWER):
        places = np.unique(np.clip(centre + width * ASKED[::5], *ends))
        _, heights = asked(places)
        if len(heights) == len(places):
            if np.ptp(heights) <= high:
                break
            best = int(heights.argmin())
            inner = slice(max(best - 1, 0), best + 2)
            centre = _turn(places[inner], heights[inner])
        width /= 2
    return centre, width


def _turn(places: np.ndarray, heights: np.ndarray) -> float:
    """Where the parabola through three places is lowest; the lowest of them if it is not inside."""
    if len(places) == 3:
        _, slope, bend = Fitted.fit(places, heights, 2).convert().coef.tolist()
        if bend > 0 and places[0] < (turn := -slope / (2 * bend)) < places[-1]:
            return float(turn)
    return float(places[heights.argmin()])


def _at(problem: Problem, points, component: Component, low: Low, where: float, options: Options):
    """The point at a position and the eigenvalue, positive on its own side of zero."""
    i = min(int(where), len(points) - 2)
    point = Step(problem, points[i], points[i + 1]).corrected(where - i, options)
    if point is not None and component.irrep == "t":  # once more: Newton is slow where it is small
        point = correct(problem, point.X, point.tangent, options).point
    if point is None:
        return None
    block = problem.blocks(point.x, point.lam, [component])[component]
    return point, float(low.sign * block.eigen().values[low.number])


def _where(near: list[Point], lam: float) -> np.ndarray:
    """The state at a value of the parameter, from the nearest point."""
    point = min(near, key=lambda one: abs(one.lam - lam))
    return point.X + (lam - point.lam) / point.tangent[-1] * point.tangent


def _known_to(way: Step, component: Component) -> float:
    """How small an eigenvalue, over the largest, of the branch itself its points can show.

    A branch point of its own is known to what rounds g over the eigenvalue that vanishes.
    """
    size = np.abs([way.one.x, way.other.x]).max() if component.irrep == "t" else 0.0
    return float(np.sqrt(ROUNDINGS * EPS * size))
