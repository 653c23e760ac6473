"""A half-branch, from the event that it is born at to where it can be followed from.

Newton tells a new branch from the known one only at some distance from the
event; but the branch begins at the event itself, in its own coordinates, and
so does its record. Between the two, whatever happens may happen: a fold, or
the crossing of a mode that is nearly as soft as the one that vanished. So a
second point is put close to the event, so close that no sign has changed on
the way to it, and from there on the branch is searched as anywhere else.
"""

import logging
from dataclasses import dataclass

import numpy as np

from bifurc.continuation.correct import correct
from bifurc.continuation.options import Options
from bifurc.continuation.point import Point, point_of
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.protocol import Problem
from bifurc.switching.normal_form import Crossed, NormalForm, Touched

AMPLITUDE = 0.05  # distance from the event at which a half-branch is taken up, in scales
SHARES = (1.0, 0.4, 0.1, 0.02)  # of that, where Newton falls back
REACH = 0.2  # of the scale of lam: how far it may go on the way, where the branch is steep
HALVINGS = 60  # of an amplitude, until the branch is inside the window
NEAR = tuple(1e-2 * 4.0**-k for k in range(8))  # of the way to the first point: another one
KERNEL = 1e-9  # of the largest eigenvalue: what vanishes at an event, which is known to rounding

EVERYWHERE = (-np.inf, np.inf)
Form = NormalForm | Crossed | Touched

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Birth:
    """A half-branch and the event that it is born at, in its own coordinates."""

    isotropy: str
    problem: Problem
    X: np.ndarray  # (n + 1,), of the event
    form: Form | None  # None where third order does not decide
    sign: int  # of the amplitude along the kernel vector
    start: Point  # the first point that it is followed from

    def inside(self, window: tuple[float, float]) -> bool:
        """Whether it has a part in a window of the parameter."""
        return window[0] <= self.start.lam <= window[1]

    def lead(self, options: Options) -> list[Point]:
        """The points before the first one: the event itself, and one close to it."""
        problem, exact = self.problem, self._exact()
        for share in NEAR if self.form is not None else ():
            near = self._nearer(share, options)
            if near is None:
                break
            if no_sign_between(problem, exact, near) and self._goes_on(near):
                return [exact, near]
        log.info("near %.10g not all signs are those at the event", exact.lam)
        return [exact]

    def _exact(self) -> Point:
        """The point at the event, with the tangent of the half-branch."""
        form = self.form
        along = self.start.X - self.X if form is None else self.sign * form.tangent(0.0)
        return point_of(self.problem, self.X, along)

    def _nearer(self, share: float, options: Options) -> Point | None:
        """The point at a share of the amplitude of the first one."""
        assert self.form is not None
        s = share * self.form.amplitude(self.start.X - self.X, self.start.scales)
        return at_amplitude(self.problem, self.X, self.form, s, options)

    def _goes_on(self, near: Point) -> bool:
        """Whether lam does not turn on the way from the close point to the first."""
        return near.tangent[-1] * (near.lam - self.X[-1]) >= 0


def no_sign_between(problem: Problem, exact: Point, near: Point) -> bool:
    """Whether no eigenvalue that is not zero at the event can have crossed zero up to a point.

    Sorted eigenvalues of a block move no further than the block does: those
    that have moved by less than the smallest of them kept their signs.
    """
    there, here = (problem.blocks(point.x, point.lam) for point in (exact, near))
    for component, block in there.items():
        values = block.eigen().values
        sizes = np.abs(values)
        others = sizes[sizes > KERNEL * max(sizes.max(initial=0.0), 1.0)]
        moved = np.abs(here[component].eigen().values - values).max(initial=0.0)
        if moved >= others.min(initial=np.inf):
            return False
    return True


def leave(
    problem: Problem, X: np.ndarray, form: Form, sign: int, options: Options, window=EVERYWHERE
) -> Point | None:
    """The first point of a half-branch, off the event; None if Newton falls back.

    It lies inside the window, unless the branch is outside at once.
    """
    s = _longest(problem, X, form, sign, window)
    if not s:
        window = EVERYWHERE
        s = _longest(problem, X, form, sign, window)
    for share in SHARES:
        point = at_amplitude(problem, X, form, share * s, options)
        if point is not None and window[0] <= point.lam <= window[1]:
            return point
    return None


def _longest(problem: Problem, X, form: Form, sign: int, window) -> float:
    """The amplitude to begin with, signed; 0 if the branch leaves the window at once."""
    room = REACH * float(problem.scales(X[-1])[-1])
    s = sign * AMPLITUDE
    for _ in range(HALVINGS):
        away = form.lam(s)
        if abs(away) <= room and window[0] <= X[-1] + away <= window[1]:
            return s
        s /= 2
    return 0.0


def at_amplitude(problem: Problem, X, form: Form, s: float, options: Options) -> Point | None:
    """The point of the new branch at this amplitude; None if Newton comes out elsewhere."""
    scales = problem.scales(X[-1])
    tangent = np.sign(s) * form.tangent(s)
    try:
        guess, along = form.guess(X, s), tangent / np.linalg.norm(tangent / scales)
        point = correct(problem, guess, along, options).point
    except (NotDefinedError, ZeroRowError):
        return None
    if point is None:
        return None
    return point if 0.5 < form.amplitude(point.X - X, scales) / s < 2.0 else None
