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
from bifurc.events.cubics import CLEAR, extrema
from bifurc.events.detect import Found, located_at
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
    touched: list[Found] = []
    if not (known.returning >= 0).any():
        return touched
    for component, values in known.values.items():
        deep: list[tuple[Low, Bottom]] = []
        positions = [one.position for one in found if one.component == component]
        for low in _lows(known, component):
            # of points that are not believed nothing is told
            if low.last >= len(points) or known.turns[max(low.step - 1, 0) : low.step + 2].any():
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
    noise = known.noise[:, known.columns[component]]
    unknown = noise[low.first : low.last, low.number].max()
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
    columns = known.columns[component]
    values, speeds = known.values[component], known.speeds[component]
    before = known.returning[:, columns]
    for j, step in np.argwhere(before.T >= 0).tolist():
        i, k = int(before[step, j]), step + 1
        sign, about = int(np.sign(values[i, j])), float(known.about[i, 0])
        if (known.signs[component][i + 1 : k + 1, j] != known.signs[component][i, j]).any():
            continue
        if not known.definite[component][i : k + 1].all():
            continue
        if k == i + 1:
            shares, stops = (table[:, i, columns.start + j] for table in known.stops)
            share = min(float(shares[(sign * stops[1:-1]).argmin()]), LAST)
            yield Low(i, k, i + share, sign, j, about)
        elif (np.abs(values[i + 1 : k, j]) <= CLEAR * known.floor[i + 1 : k, 0]).any() or (
            _reaches_zero(known, values[:, j], speeds[:, j], known.unclear[:, columns][:, j], i, k)
        ):
            turning = i + int((sign * speeds[i + 1 : k + 1, j] > 0).argmax())
            one, other = (sign * float(speeds[m, j]) for m in (turning, turning + 1))
            share = min(max(one / (one - other), 0.0), 1.0)
            yield Low(i, k, turning + min(share, LAST), sign, j, float(known.about[turning, 0]))


def _reaches_zero(known: Spectra, values, speeds, unclear, i: int, k: int) -> bool:
    """Whether the cubic from point i to k, with none between that is told from zero, does."""
    length = known.lengths[i:k].sum()
    slopes = (float(speeds[m] * length / known.paces[m]) for m in (i, k))
    _, heights = extrema(values[i], values[k], *slopes)
    low, room = min(abs(values[i]), abs(values[k])), max(unclear[i], unclear[k])
    reached = abs((np.sign(values[i]) * heights).min()) < room + SLACK * low
    return bool(reached and room < 2 * SLACK * low)
