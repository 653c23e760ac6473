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

from bifurc.continuation.correct import lengths, split
from bifurc.continuation.newton import LOST
from bifurc.continuation.point import Point
from bifurc.continuation.step import Step, negative
from bifurc.protocol import Field
from bifurc.spectra import Block

HALF = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class Middle:
    """What the branch says at a share of a step."""

    point: Point
    missed: float  # how far the cubic is from it, in scales
    change: float  # relative change of the bordered Jacobian over that distance

    @property
    def negatives(self) -> int:
        """Number of negative eigenvalues there."""
        return int(np.count_nonzero(negative(self.point.values)))


class Middles:
    """Those of neighbouring steps, asked for all at once when the first is wanted."""

    def __init__(self, steps: Sequence[Step]):
        self.steps = steps
        self.found: list[Middle | None] | None = None

    def __getitem__(self, i: int) -> Middle | None:
        if self.found is None:
            self.found = middles(self.steps, HALF)
        return self.found[i]


def middle(step: Step, share: float = HALF) -> Middle | None:
    """What the branch says at a share of one step; None if it says nothing."""
    return middles([step], share)[0]


def middles(steps: Sequence[Step], share: float) -> list[Middle | None]:
    """:func:`middle` of each, in two evaluations where the problem takes batches."""
    try:
        return _middles(steps, share)
    except LOST:
        if len(steps) == 1:
            return [None]
        return [middle(step, share) for step in steps]


def _middles(steps: Sequence[Step], share: float) -> list[Middle | None]:
    problem = steps[0].problem
    chart = steps[0].chart
    if all(step.chart is chart for step in steps):
        guesses = chart.out(np.array([step.curve(share) for step in steps]))
    else:
        guesses = np.array([step.guess(share) for step in steps])
    scales = np.broadcast_to(problem.scales(split(guesses)[1]), guesses.shape)
    rows = np.array([step.tangent(share) for step in steps]) / scales**2
    first, missed, _ = _update(problem, guesses, rows)
    X = guesses - missed
    second, rest, tangents = _update(problem, X, rows)
    change = np.linalg.solve(second, (first - second) * scales[:, None]) / scales[..., None]
    slopes = second[:, :-1]
    values = Block(slopes[..., :-1], problem.weights(X[:, -1])).values()
    tangents = tangents / lengths(tangents / scales)[:, None]
    return [
        Middle(Point(*parts), float(away), float(size))
        for *parts, away, size in zip(
            X - rest, tangents, scales, slopes, values,
            lengths((missed + rest) / scales), np.sqrt((change**2).sum(axis=(-1, -2))),
            strict=True,
        )
    ]  # fmt: skip


def _update(problem: Field, X: np.ndarray, rows: np.ndarray):
    """The bordered Jacobians, the updates of Newton, and the tangents."""
    count, n = X.shape
    matrix, right = np.empty((count, n, n)), np.zeros((count, n, 2))
    matrix[:, -1], right[:, -1, 1] = rows, 1.0
    if problem.batched or count == 1:
        right[:, :-1, 0], matrix[:, :-1] = problem.jacobian(*split(X))
    else:
        for i, one in enumerate(X):
            right[i, :-1, 0], matrix[i, :-1] = problem.jacobian(one[:-1], one[-1])
    solved = np.linalg.solve(matrix, right)
    return matrix, solved[..., 0], solved[..., 1]
