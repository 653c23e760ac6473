"""Eigenvalues that touch zero and turn back.

No sign tells of a touch. But between two points where an eigenvalue is told
from zero, falls towards it and has risen from it again, it has been at its
lowest. What it is there is asked of the branch around that place
(:mod:`bifurc.events.bottom`): an eigenvalue that only comes near is told from
zero by what rounding leaves of it, and one that goes just beyond crosses twice.

On the branch itself points are known badly where it is singular: the place is
taken from the points on both sides, where they are known well.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.continuation.step import Step
from bifurc.events.bottom import Bottom, Low, bottom
from bifurc.events.cubics import CLEAR, errors, extrema, touching
from bifurc.events.detect import TRUST, Found, located_at
from bifurc.events.spectra import Spectra
from bifurc.protocol import Problem
from bifurc.structure.irreps import Component

SLACK = 0.1  # of the smaller end: how far a cubic may miss an eigenvalue that touches flatly
WELL = 1e-3  # of the largest eigenvalue: an eigenvalue that is well above zero
LAST = 1 - 1e-9  # share of a step that is still on it
ONE_PLACE = 1e-3  # of a step: eigenvalues of a block that touch nearer to each other touch together


def touches(
    problem: Problem, points: list[Point], known: Spectra, options: Options, found: list[Found]
) -> list[Found]:
    """All places where eigenvalues touch zero, or just cross it and back, in no order.

    Not those that are part of what was ``found``.
    """
    slopes = np.array([point.tangent[-1] for point in points])
    turns = slopes[:-1] * slopes[1:] < 0
    touched: list[Found] = []
    for component, values in known.values.items():
        deep: list[tuple[Low, Bottom]] = []
        positions = [one.position for one in found if one.component == component]
        for low in _lows(known, component):
            # of points that are not believed nothing is told
            if low.last >= len(points) or turns[max(low.step - 1, 0) : low.step + 2].any():
                continue
            if _explained(low, known, component, positions):
                continue
            heights = values[: len(points), low.number]
            told = bottom(problem, points, component, heights, low, options)
            if not told.above:
                deep.append((low, told))
        deep.sort(key=lambda one: one[0].position)
        touched.extend(_found(problem, points, component, deep))
    return touched


def _explained(low: Low, known: Spectra, component: Component, positions: list[float]) -> bool:
    """Whether what is found beside a low is all there is, as points near it are known badly."""
    unknown = known.noise[component][low.first : low.last, low.number].max()
    badly = unknown > CLEAR * known.floor[low.first : low.last + 1].max()
    return bool(badly) and any(low.first <= position <= low.last for position in positions)


def _found(problem: Problem, points: list[Point], component: Component, deep) -> Iterator[Found]:
    """What happens where eigenvalues of a block are lowest; at one place it is put together."""
    while deep:
        low, told = deep[0]
        alike = [
            other.position - low.position < ONE_PLACE and other.sign == low.sign
            for other, more in deep
            if not (more.crossings or told.crossings)
        ]
        count, touch = max(sum(alike), 1), 0 if told.crossings else low.sign
        way = Step(problem, points[low.step], points[low.step + 1])
        for X in told.crossings or (told.X,):
            share = way.place(X)
            at = located_at(way, X, share, component, count)
            at = at if told.crossings else _still(at)
            yield Found(component, at, count, False, low.step + share, touch)
        deep = deep[count:]


def _still(at):
    """The singular point with an eigenvalue that does not move."""
    return replace(at, slope=0.0 * at.slope)


def _lows(known: Spectra, component: Component) -> Iterator[Low]:
    """Where one eigenvalue of a block may touch zero."""
    values, speeds = known.values[component], known.speeds[component]
    noise, ends, signs = known.noise[component], np.abs(values), known.signs[component]
    at_points = np.minimum(np.vstack([noise[:1], noise]), np.vstack([noise, noise[-1:]]))
    about = known.about[:, 0].tolist()
    slopes = known.over_steps(speeds)
    shares, inside = extrema(values[:-1], values[1:], *slopes)
    stops = np.stack([values[:-1], *inside, values[1:]])
    touched = touching(stops, TRUST * errors(values, speeds, known), noise)
    for j in range(values.shape[1]):
        order = np.flatnonzero(ends[:, j] > CLEAR * at_points[:, j]).tolist()
        for i, k in zip(order, order[1:], strict=False):
            sign = int(np.sign(values[i, j]))
            falls, rises = sign * speeds[i, j] < 0, sign * speeds[k, j] > 0
            if (signs[i + 1 : k + 1, j] != signs[i, j]).any() or not (falls and rises):
                continue
            if not known.definite[component][i : k + 1].all():
                continue
            if k == i + 1:
                if touched[i, j]:
                    lowest = (sign * inside[:, i, j]).argmin()
                    share = min(float(shares[lowest, i, j]), LAST)
                    yield Low(i, k, i + share, sign, j, about[i])
            elif (ends[i + 1 : k, j] <= CLEAR * known.floor[i + 1 : k, 0]).any() or _reaches_zero(
                known, values[:, j], speeds[:, j], at_points[:, j], i, k
            ):
                turning = i + int((sign * speeds[i + 1 : k + 1, j] > 0).argmax())
                one, other = (sign * float(speeds[m, j]) for m in (turning, turning + 1))
                share = min(max(one / (one - other), 0.0), 1.0)
                yield Low(i, k, turning + min(share, LAST), sign, j, about[turning])


def _reaches_zero(known: Spectra, values, speeds, noise, i: int, k: int) -> bool:
    """Whether the cubic from point i to k, with none between that is told from zero, does."""
    length = known.lengths[i:k].sum()
    slopes = (float(speeds[m] * length / known.paces[m]) for m in (i, k))
    _, heights = extrema(values[i], values[k], *slopes)
    low, room = min(abs(values[i]), abs(values[k])), CLEAR * max(noise[i], noise[k])
    reached = abs((np.sign(values[i]) * heights).min()) < room + SLACK * low
    return bool(reached and room < 2 * SLACK * low)
