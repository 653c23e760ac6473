"""Eigenvalues that touch zero and turn back.

No sign tells of a touch. But between two points where an eigenvalue is told
from zero, falls towards it and has risen from it again, it has been at its
lowest; and where a cubic knows it to rounding and that is zero to rounding, it
has touched. An eigenvalue that only comes near is told from zero all along.

On the branch itself points are known badly where it is singular: the place is
taken from the points on both sides, where they are known well.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bifurc.continuation.point import Point
from bifurc.continuation.step import Step
from bifurc.events.cubics import CLEAR, errors, extrema, touching
from bifurc.events.detect import TRUST, Found, Spectra, located_at
from bifurc.protocol import Problem
from bifurc.structure.irreps import Component

SLACK = 0.1  # of the smaller end: how far a cubic may miss an eigenvalue that touches flatly
ONE_PLACE = 1e-3  # of a step: eigenvalues of a block that touch nearer to each other touch together


def touches(problem: Problem, points: list[Point], known: Spectra) -> list[Found]:
    """All places where eigenvalues touch zero, in no order."""
    slopes = np.array([point.tangent[-1] for point in points])
    turns = slopes[:-1] * slopes[1:] < 0
    found: list[Found] = []
    for component in known.values:
        places: dict[int, list[tuple[float, int]]] = {}
        for i, share, sign in _places(known, component):
            if i + 1 < len(points) and not turns[max(i - 1, 0) : i + 2].any():
                places.setdefault(i, []).append((share, sign))
        for i, here in places.items():
            way = Step(problem, points[i], points[i + 1])
            found.extend(_on_step(way, component, i, sorted(here)))
    return found


def _on_step(way: Step, component: Component, i: int, here: list) -> Iterator[Found]:
    """What touches zero on one step, that which does so at one place put together."""
    while here:
        share, sign = here[0]
        count = sum(other - share < ONE_PLACE and same == sign for other, same in here)
        at = located_at(way, way.guess(share), share, component, count)
        yield Found(component, _still(at), count, False, i + share, sign)
        here = here[count:]


def _still(at):
    """The singular point with an eigenvalue that does not move."""
    return replace(at, slope=0.0 * at.slope)


def _places(known: Spectra, component: Component) -> Iterator[tuple[int, float, int]]:
    """Steps, shares of them and signs where one eigenvalue of a block touches zero."""
    values, speeds = known.values[component], known.speeds[component]
    noise, ends = known.noise[component], np.abs(values)
    at_points = np.minimum(np.vstack([noise[:1], noise]), np.vstack([noise, noise[-1:]]))
    slopes = known.over_steps(speeds)
    shares, inside = extrema(values[:-1], values[1:], *slopes)
    stops = np.stack([values[:-1], *inside, values[1:]])
    touched = touching(stops, TRUST * errors(values, speeds, known), noise)
    for j in range(values.shape[1]):
        order = np.flatnonzero(ends[:, j] > CLEAR * at_points[:, j]).tolist()
        for i, k in zip(order, order[1:], strict=False):
            sign = int(np.sign(values[i, j]))
            falls, rises = sign * speeds[i, j] < 0, sign * speeds[k, j] > 0
            if values[k, j] * sign < 0 or not (falls and rises):
                continue
            if not known.definite[component][i : k + 1].all():
                continue
            if k == i + 1:
                if touched[i, j]:
                    lowest = (sign * inside[:, i, j]).argmin()
                    yield i, float(shares[lowest, i, j]), sign
            elif (ends[i + 1 : k, j] <= CLEAR * known.floor[i + 1 : k, 0]).any() or _reaches_zero(
                known, values[:, j], speeds[:, j], at_points[:, j], i, k
            ):
                turning = i + int((sign * speeds[i + 1 : k + 1, j] > 0).argmax())
                one, other = (sign * float(speeds[m, j]) for m in (turning, turning + 1))
                yield turning, min(max(one / (one - other), 0.0), 1.0), sign


def _reaches_zero(known: Spectra, values, speeds, noise, i: int, k: int) -> bool:
    """Whether the cubic from point i to k, with none between that is told from zero, does."""
    length = known.lengths[i:k].sum()
    slopes = (float(speeds[m] * length / known.paces[m]) for m in (i, k))
    _, heights = extrema(values[i], values[k], *slopes)
    low, room = min(abs(values[i]), abs(values[k])), CLEAR * max(noise[i], noise[k])
    reached = abs((np.sign(values[i]) * heights).min()) < room + SLACK * low
    return bool(reached and room < 2 * SLACK * low)
