"""The corrector: Newton on the bordered system."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bifurc.continuation.batch import Batch
from bifurc.continuation.constants import SEEN, STALE, SURE
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.errors import LeftWindowError, NotDefinedError, ZeroRowError
from bifurc.protocol import Field
from bifurc.spectra import Block

REFUSED = {
    LeftWindowError: Status.WINDOW,
    NotDefinedError: Status.OUTSIDE,
    ZeroRowError: Status.ZERO_ROW,
    np.linalg.LinAlgError: Status.SINGULAR,
}


@dataclass(eq=False, slots=True)
class Outcome:
    """How a correction ended; ``point`` is None unless it converged."""

    status: Status
    point: Point | None
    iterations: int
    moved: float = 0.0  # how far Newton went from the guess, in scales
    turned: float = 0.0  # angle of the tangents on both sides of the step, in radians
    between: tuple[Point, ...] = ()  # points that were needed to know the step
    way: Any = None  # the step that it is, if it was looked at
    middle: Any = None  # what the branch says in its middle, if it was asked

    def failed(self, status: Status) -> "Outcome":
        """The same work, without a point."""
        return Outcome(status, None, self.iterations)


def correct(problem: Field, guess: np.ndarray, tangent: np.ndarray, options: Options) -> Outcome:
    """Newton from ``guess`` in the hyperplane across ``tangent``.

    Parameters
    ----------
    problem : see :mod:`bifurc.protocol`
    guess : ndarray, shape (n + 1,)
    tangent : ndarray, shape (n + 1,)
        Direction that the correction must not have, in the problem's scales;
        the new tangent points to the same side.
    """
    return correct_all(problem, guess[None], tangent, options)[0]


def correct_all(
    problem: Field, guesses: np.ndarray, tangents, options: Options, riders=None
) -> list[Outcome]:
    """Newton from each of ``guesses``, all at once.

    Parameters
    ----------
    problem : see :mod:`bifurc.protocol`
        One whose functions take batches, unless there is only one guess.
    guesses : ndarray, shape (m, n + 1)
    tangents : ndarray, shape (m, n + 1) or (n + 1,)
    riders : bifurc.continuation.middle.Halfway, optional
        What else is to be asked in the same evaluations.

    Returns
    -------
    list of Outcome
        In the order of the guesses; only of the first ones, where a later one
        leaves the domain of the problem.
    """
    try:
        return _newton(problem, guesses, tangents, options, riders)
    except tuple(REFUSED):
        near = len(guesses) // 2
        tangents = np.broadcast_to(tangents, guesses.shape)
        return correct_all(problem, guesses[:near], tangents[:near], options, riders)


def _newton(problem: Field, guesses, tangents, options: Options, riders) -> list[Outcome]:
    """Raises where one of several guesses leaves the domain or has a singular matrix."""
    count = len(guesses)
    outcomes = [Outcome(Status.STALLED, None, options.max_iterations)] * count
    batch, courses = Batch(problem, guesses, tangents), Courses(count)
    for iteration in range(1, options.max_iterations + 1):
        try:
            batch.update()
        except tuple(REFUSED) as error:
            if count > 1:
                raise
            return [Outcome(REFUSED[type(error)], None, iteration)]
        courses.update(batch.sizes[: len(courses)], options.newton_tol)
        going = courses.going
        if not going.all():
            for place in courses.places[~going].tolist():
                outcomes[place] = Outcome(Status.STALLED, None, iteration)
            courses.keep(going)
            batch.keep(np.append(going, np.ones(batch.riders, dtype=bool)))
        if not len(courses):
            break
        # those that are near wait for the others: it costs little to take them along
        near = bool(courses.near.all())
        if riders:
            riders.seen(batch, last=near or iteration == options.max_iterations)
        if near or iteration == options.max_iterations:
            values = Block(batch.slopes[..., :-1], problem.weights(batch.X[:, -1])).values()
            courses.near &= courses.sure(values)
            parts = batch.X, batch.tangents, batch.scales, batch.slopes, values
            each = zip(*parts, courses.iterations.tolist(), strict=True)
            points = [Point(*known) for known in each]
            for place, point, good, moved in zip(
                courses.places.tolist(), points, courses.near, courses.moved.tolist(), strict=True
            ):
                outcomes[place] = (
                    Outcome(Status.CONVERGED, point, point.iterations, moved)
                    if good
                    else Outcome(Status.STALLED, None, point.iterations)
                )
            if courses.near.all():
                break
    return outcomes


class Courses:
    """How the corrections of several guesses go; sizes are of updates, in scales."""

    def __init__(self, count: int):
        self.places = np.arange(count)
        self.size = self.last = np.full(count, math.inf)
        self.moved = np.zeros(count)
        self.iterations = np.zeros(count, dtype=int)  # until each was near
        self.near = np.zeros(count, dtype=bool)

    def __len__(self) -> int:
        return len(self.places)

    def update(self, size: np.ndarray, tolerance: float) -> None:
        """See whether the errors left are small, by the way that Newton contracts."""
        last, self.size, self.last = self.size, size, self.size
        self.moved = self.moved + size * ~self.near
        self.iterations = self.iterations + ~self.near
        square = size * size
        small = (square < tolerance) & (square * size < tolerance * last * last) & (size < STALE)
        self.near = self.near | (small & ((self.iterations > 1) | (size < SEEN)))

    @property
    def going(self) -> np.ndarray:
        """Those that are near or contract: nan does not."""
        return self.near | (self.size < 2 * self.last)

    def keep(self, mask: np.ndarray) -> None:
        """Go on with some of them."""
        for name, table in vars(self).items():
            vars(self)[name] = table[mask]

    def sure(self, values: np.ndarray, which=slice(None)) -> np.ndarray:
        """Whether eigenvalues (m, k) that were taken before the last updates are their own."""
        sizes = np.abs(values)
        least, most = sizes.min(axis=-1, initial=math.inf), sizes.max(axis=-1, initial=0.0)
        return (self.size[which] < SURE) | (least > 10 * self.size[which] * most)


def length(vector: np.ndarray) -> float:
    """Euclidean length, without the overhead of numpy's norm."""
    return math.sqrt(vector @ vector)


def correct_at(problem: Field, guess: np.ndarray, like: np.ndarray, options: Options) -> Outcome:
    """Newton at fixed ``lam``; the tangent is oriented like ``like``."""
    upward = np.zeros(len(guess))
    upward[-1] = 1.0
    outcome = correct(problem, guess, upward, options)
    if outcome.point is None:
        return outcome
    point = outcome.point
    if (point.tangent / point.scales) @ (like / point.scales) < 0:
        point = replace(point, tangent=-point.tangent)
    return replace(outcome, point=point)
