"""The middle of a step, asked of the branch: does the cubic through its ends know the way?

Two updates of Newton from the cubic's own middle tell how far it misses the
branch and by how much the bordered Jacobian changes over that distance. By
Newton-Kantorovich, a small change says that no other solution lies between
the guess and the point. A cubic that leads from one branch to another has to
cross the room between them, where the change is large, however near they are.

References
----------
.. [1] Deuflhard, "Newton Methods for Nonlinear Problems", Springer 2004,
   sections 2.1 and 5.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bifurc.continuation.batch import Batch, inner, lengths
from bifurc.continuation.constants import CALM, OFF, SOON, TWICE
from bifurc.continuation.newton import LOST
from bifurc.continuation.point import Point
from bifurc.continuation.step import Arcs, Step, count_negative
from bifurc.protocol import Field
from bifurc.spectra import Block

HALF = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class Middle:
    """What the branch says at a share of a step."""

    missed: float  # how far the cubic is from it, in scales
    change: float  # relative change of the bordered Jacobian over that distance
    negatives: int  # number of negative eigenvalues there
    X: np.ndarray  # (n + 1,), where the branch is
    ahead: np.ndarray  # (n + 1,), along its tangent


def middle(step: Step, share: float = HALF) -> Middle | None:
    """What the branch says at a share of one step; None if it says nothing."""
    return middles(step, [share])[0]


def middles(step: Step, shares: Sequence[float]) -> Sequence[Middle | None]:
    """:func:`middle` at each share, in two evaluations where the problem takes batches."""
    r = np.array(shares)
    try:
        batch = Batch(step.problem, step.guess(r), step.tangent(r[:, None]))
        batch.update()
        batch.update()
        return _told(batch)
    except LOST:
        return [None] if len(r) == 1 else [middle(step, share) for share in shares]


def _told(batch: Batch, missed=None, more=1.0) -> list[Middle]:
    """What the branch says, of guesses that were asked twice.

    ``missed`` is how far what they stand for is from it, if not as far as they
    are, and ``more`` by how much further the Jacobian is to be compared.
    """
    change = more * batch.changes()
    missed = batch.moved if missed is None else missed
    values = Block(batch.slopes[..., :-1], batch.problem.weights(batch.X[:, -1])).values()
    told = missed.tolist(), change.tolist(), count_negative(values).tolist()
    return [Middle(*one) for one in zip(*told, batch.X, batch.ahead, strict=True)]


class Halfway:
    """Middles of steps that are being corrected, asked in the same evaluations.

    After an update or two of the ends the cubics through them are nearly what
    they will be. Where a middle was asked may then be off the cubic that comes
    out, but not by much more than the branch was off it: the distance of the
    branch is taken from the cubic that came out, and the change of the
    Jacobian scaled to it.

    Parameters
    ----------
    problem : see :mod:`bifurc.protocol`
    window : (float, float)
    last : Point
        Where the first step starts.
    steps : ndarray, shape (m,)
        Lengths of the steps; those that are well predicted are not asked.
    """

    def __init__(self, problem: Field, window, last: Point, steps: np.ndarray):
        self.problem, self.window, self.steps = problem, window, steps
        self._last = last.X[None], last.tangent[None], last.scales[None]
        self.chart = problem.chart(last.lam)
        self.batch: Batch | None = None  # the middles, when they have been asked
        self.places: list[int] = []

    def seen(self, ends: Batch, last: bool) -> None:
        """Let the middles get on or off, given the ends after an update."""
        if ends.asked == 1:
            self.batch, self.since = None, 0
        if ends.riders:
            if last or ends.asked == self.since + TWICE:
                self.batch = ends.leave()
                if ends.asked < self.since + TWICE:
                    self._once_more(self.batch)
        elif self.batch is None and not last and ends.asked <= TWICE and ends.whole:
            self.since = ends.asked
            made = self._made(ends)
            if made is not None:
                ends.board(made)

    def _once_more(self, batch: Batch) -> None:
        try:
            batch.update()
        except LOST:
            self.batch = None

    def _made(self, ends: Batch) -> Batch | None:
        """The middles; None while the ends are still too far off, or all well predicted."""
        steps = self.steps[: len(ends.X)]
        far = ends.moved > CALM * steps
        if not far.any() or (ends.asked < TWICE and (ends.sizes > SOON * steps).any()):
            return None
        each = zip(self._last, (ends.X, ends.tangents, ends.scales), strict=True)
        X, tangents, scales = (np.concatenate(parts) for parts in each)
        with np.errstate(all="ignore"):
            self.y = Arcs(self.chart, X, tangents, scales).middles
            guesses = self.chart.out(self.y)
        low, high = self.window
        lam = guesses[:, -1]
        far &= (lam > low) & (lam < high) & np.isfinite(guesses).all(-1)
        self.places = np.flatnonzero(far).tolist()
        if not self.places:
            return None
        return Batch(self.problem, guesses[far], ((tangents[1:] + tangents[:-1]) / 2)[far])

    def told(self, ways: Sequence[Step]) -> list[Middle | None]:
        """What the branch says half way of each, where it was asked."""
        found: list[Middle | None] = [None] * len(ways)
        if self.batch is None or not ways:
            return found
        arcs, _ = ways[0].arc
        places = [place for place in self.places if place < len(ways)]
        if not places:
            return found
        batch, moved = self.batch, self.batch.moved[: len(places)]
        batch.keep(np.array(self.places) < len(ways))
        off = (batch.X - self.chart.out(arcs.middles[places])) / batch.scales
        across = batch.tangents / batch.scales
        missed = lengths(off - inner(off, across)[:, None] * across)
        near = lengths(arcs.middles[places] - self.y[places]) < OFF * moved
        told_of = _told(batch, missed, np.maximum(1.0, missed / np.maximum(moved, 1e-300)))
        for place, told, close in zip(places, told_of, near.tolist(), strict=True):
            found[place] = told if close else None
        return found
