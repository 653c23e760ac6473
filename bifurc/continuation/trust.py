"""Decide whether a step stayed on its branch.

Near an imperfect pitchfork Newton can land on the disconnected branch and
every sign but one looks right. The one that does not: the inertia of the
Jacobian has changed although nothing happened on the way. So at each change
of inertia the singular point between the two ends is located, and it must be
of the kind that the tangents show: lam turns round at a fold, and only there;
a branch point must be a true one, with nothing left over of g.
"""

import numpy as np

from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.predict import Hermite
from bifurc.continuation.singular import Singularity, inertia, locate_singular

REAL = 1e-7  # relative size of an unfolding parameter that is rounding, not imperfection


def judge(problem, before: Point, after: Point, step: float, options: Options) -> Status:
    """CONVERGED if ``after`` can be believed to follow ``before`` on one branch."""
    scales = problem.scales(before.lam)
    one, other = before.tangent / scales, after.tangent / scales
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    if cosine < np.cos(options.max_turn):
        return Status.TURNED
    chart = problem.chart(after.lam)
    curve = Hermite.between(chart, before, after)
    chord = curve.end - curve.start
    bow = chord - 0.5 * np.linalg.norm(chord) * (curve.tangents[0] + curve.tangents[1])
    if np.linalg.norm(bow) > options.max_correction * np.linalg.norm(chord):
        return Status.FAR
    if singular_between(problem, before, after) is None:
        return Status.UNEXPLAINED
    return Status.CONVERGED


def singular_between(problem, before: Point, after: Point) -> list[Singularity] | None:
    """The fold or branch point between two points; [] if none, None if it is not found."""
    negatives = [
        int(inertia(problem, point.jacobian, point.lam).negatives) for point in (before, after)
    ]
    jump = abs(negatives[1] - negatives[0])
    turns = before.tangent[-1] * after.tangent[-1] < 0
    if not jump and not turns:
        return []
    if turns and jump > 1:
        return None  # a fold and something else: a shorter step parts them
    fold = turns and jump == 1
    chart = problem.chart(after.lam)
    curve = Hermite.between(chart, before, after)
    for share in _guesses(problem, before, after, fold or turns):
        guess = chart.out(curve(share * curve.length))
        found = locate_singular(problem, guess, max(jump, 1), fold)
        if found is not None and _fits(problem, found, curve, chart, max(jump, 1)):
            return [found if jump else _with_whole_kernel(problem, found, before)]
    return None


def _with_whole_kernel(problem, found: Singularity, before: Point) -> Singularity:
    """A branch point that changes no sign hides its multiplicity: count its zeros."""
    _, jacobian = problem.jacobian(found.X[:-1], found.X[-1])
    values = np.abs(inertia(problem, jacobian, found.X[-1]).values)
    scale = np.abs(inertia(problem, before.jacobian, before.lam).values).max()
    count = int(np.count_nonzero(values < 1e-9 * max(values.max(), scale)))
    if count <= found.kernel.shape[1]:
        return found
    return locate_singular(problem, found.X, count, False) or found


def _guesses(problem, before: Point, after: Point, by_tangent: bool):
    """Where between the points to start looking, as shares of the way."""
    if by_tangent:
        ends = before.tangent[-1], after.tangent[-1]
    else:
        a, b = (inertia(problem, p.jacobian, p.lam).values for p in (before, after))
        crossing = np.flatnonzero((a < 0) != (b < 0))
        ends = a[crossing].mean(), b[crossing].mean()
    first = ends[0] / (ends[0] - ends[1]) if ends[0] != ends[1] else 0.5
    return (min(max(first, 0.0), 1.0), 0.5)


def _fits(problem, found: Singularity, curve: Hermite, chart, count: int) -> bool:
    """Whether the point lies on the step, is of its kind, and is singular to its full count."""
    if not found.fold and found.imperfection > REAL:
        return False
    y = chart.into(found.X)
    chord = curve.end - curve.start
    share = float((y - curve.start) @ chord / (chord @ chord))
    if not -0.05 <= share <= 1.05:
        return False
    off = np.linalg.norm(y - curve(min(max(share, 0.0), 1.0) * curve.length))
    if off > 0.25 * curve.length:
        return False
    _, jacobian = problem.jacobian(found.X[:-1], found.X[-1])
    values = np.sort(np.abs(inertia(problem, jacobian, found.X[-1]).values))
    return bool(values[count - 1] <= 1e-6 * max(values[-1], 1e-300) or values[-1] < 1e-9)
