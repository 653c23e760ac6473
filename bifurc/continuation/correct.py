"""The corrector: Newton on the bordered system."""

import math
from dataclasses import dataclass, replace
from itertools import compress
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
    batch, courses = Batch(problem, guesses, tangents), [_Course(place) for place in range(count)]
    for iteration in range(1, options.max_iterations + 1):
        try:
            batch.update()
        except tuple(REFUSED) as error:
            if count > 1:
                raise
            return [Outcome(REFUSED[type(error)], None, iteration)]
        for course, size in zip(courses, batch.sizes.tolist(), strict=False):
            course.update(size, options.newton_tol)
        going = [course.near or course.contracts for course in courses]
        if not all(going):
            for course in compress(courses, (not kept for kept in going)):
                outcomes[course.place] = Outcome(Status.STALLED, None, iteration)
            courses = list(compress(courses, going))
            batch.keep(going + [True] * batch.riders)
        if not courses:
            break
        # those that are near wait for the others: it costs little to take them along
        near = all(course.near for course in courses)
        if riders:
            riders.seen(batch, last=near or iteration == options.max_iterations)
        if near or iteration == options.max_iterations:
            values = Block(batch.slopes[..., :-1], problem.weights(batch.X[:, -1])).values()
            parts = zip(batch.X, batch.tangents, batch.scales, batch.slopes, values, strict=True)
            for course, known in zip(courses, parts, strict=True):
                outcomes[course.place] = course.outcome(Point(*known, course.iterations))
            if all(course.near for course in courses):
                break
    return outcomes


@dataclass(slots=True, eq=False)
class _Course:
    """How the correction of one guess goes; sizes are of updates, in scales."""

    place: int
    size: float = math.inf
    last: float = math.inf
    moved: float = 0.0
    iterations: int = 0  # until it was near
    near: bool = False

    def update(self, size: float, tolerance: float) -> None:
        """See whether the error left is small, by the way that Newton contracts."""
        self.size, self.last = size, self.size
        if not self.near:
            self.moved, self.iterations = self.moved + size, self.iterations + 1
        square = size * size
        small = square < tolerance and square * size < tolerance * self.last * self.last
        small = small and (self.iterations > 1 or size < SEEN)
        self.near = self.near or (small and size < STALE)

    @property
    def contracts(self) -> bool:
        return self.size < 2 * self.last  # nan is not: Newton diverges

    def outcome(self, point: Point) -> Outcome:
        """The point, if it is near and its eigenvalues, taken before the update, are its own."""
        sizes = [abs(value) for value in point.values.tolist()]
        sure = self.size < SURE or not sizes or min(sizes) > 10 * self.size * max(sizes)
        self.near = self.near and sure
        if not self.near:
            return Outcome(Status.STALLED, None, self.iterations)
        return Outcome(Status.CONVERGED, point, self.iterations, self.moved)


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
