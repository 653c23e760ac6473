"""Decide whether a step along a locus stayed on it.

There is no inertia to compare here. Besides the angle and the distance, the
step must be reversible: the hyperplane through the old point across the new
tangent, corrected from the new side, must lead to the old point again.
"""

from dataclasses import replace

from bifurc.continuation.correct import Outcome, correct, length
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.step import Step
from bifurc.continuation.trust import bows, turn
from bifurc.continuation.within import Within

SAME = 1e-5  # of the step: how near the way back must come to the old point


def reversible(problem, before: Point, outcome: Outcome, step: float, options: Options) -> Outcome:
    """The outcome if its point follows ``before`` and the step back leads there.

    Otherwise an outcome without a point, whose status says why.
    """
    after = outcome.point
    assert after is not None  # only converged outcomes are judged
    turned = turn(before, after)
    if turned > options.max_turn:
        return outcome.failed(Status.TURNED)
    if bows(Step(problem, before, after), turned, options):
        return outcome.failed(Status.FAR)
    free = problem.problem if isinstance(problem, Within) else problem  # back over its start
    if not leads_back(free, before, after, options):
        return outcome.failed(Status.ONE_WAY)
    return replace(outcome, turned=turned)


def leads_back(problem, before: Point, after: Point, options: Options) -> bool:
    """Whether Newton from ``after``, in the hyperplane through ``before``, ends at ``before``."""
    away, scales = 0.0, problem.scales(after.lam)
    for _ in range(6):  # the hyperplane's own scales are those at the guess
        row = after.tangent / scales**2
        away = row @ (before.X - after.X) / (row @ after.tangent)
        guess = after.X + away * after.tangent
        scales = problem.scales(guess[-1])
    back = correct(problem, guess, after.tangent, options).point
    if back is None:
        return False
    return length((back.X - before.X) / scales) <= SAME * max(abs(away), 1e-3)
