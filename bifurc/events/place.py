"""A place on a branch where something happens: what was found there, put together and described.

Several blocks may become singular at one point, and the branch may turn there
as well. What is singular in the branch itself knows best where the point is;
the ends of its step know what is negative before and after it.
"""

import numpy as np

from bifurc.continuation.point import Point
from bifurc.continuation.singular import Singularity, nearest
from bifurc.events.detect import Found
from bifurc.events.records import Event, Index, Zero
from bifurc.events.spectra import Spectra
from bifurc.protocol import Problem
from bifurc.spectra import Block
from bifurc.structure.irreps import Component

REAL = 1e-6  # of the largest eigenvalue: an imaginary part below it is rounding
ONE = 1e-9  # in scales: zeros that are located to rounding and lie closer are at one point


def together(problem: Problem, found: list[Found]) -> list[list[Found]]:
    """What was found, in order, that which happens at one point put together.

    Two zeros of one block that were located apart are not at one point.
    """
    places: list[list[Found]] = []
    for one in found:
        last = places[-1] if places else []
        away = (one.at.X - last[0].at.X) / problem.scales(one.at.X[-1]) if last else np.inf
        apart = (one.component, _folds(one)) in [(other.component, _folds(other)) for other in last]
        if np.linalg.norm(away) <= ONE and not apart:
            last.append(one)
        else:
            places.append([one])
    return places


def turning(place: list[Found]) -> bool:
    """Whether lam turns at a place."""
    return any(isinstance(one.at, Singularity) and (one.at.fold or one.tangential) for one in place)


def leading(place: list[Found]) -> Found:
    """What is singular in the branch itself, if anything is: it knows best where the place is."""
    return min(place, key=lambda found: (not _folds(found), _regular(found)))


def describe(
    problem: Problem,
    place: list[Found],
    points,
    known: Spectra,
    i: int,
    beside: list[list[Found]],
    sheet: int,
    way: float,
    loss: float,
) -> list[Event]:
    """Make the record of what happens at one place on step ``i``.

    That is one event, or two if there are irreps that exist and irreps that do
    not, or if the branch folds where another one crosses it. ``beside`` are all
    places on the step, ``way`` says whether lam grows there, ``loss`` is the loss.
    """
    first = leading(place)
    X, lam, one = first.at.X, float(first.at.X[-1]), points[i]
    fold = _folds(first)
    tangent, parameters = _tangent(first, one, points[i + 1], i, way), problem.parameters(lam)
    rates = [float(found.at.slope @ tangent) for found in place]  # along the branch
    before, after = _sides(problem, place, rates, known, i, beside)
    backward = tangent[-1] < 0 and not fold
    # d eigenvalue / d lam, but where lam turns
    over = 1.0 if fold or first.tangential else float(tangent[-1])
    groups: dict[tuple[bool, bool], list[Zero]] = {}
    for found, rate in zip(place, rates, strict=True):
        zero = Zero(found.component, found.at.kernel, rate / over)
        turns = fold and (_folds(found) or _regular(found))
        groups.setdefault((turns, found.component.exists(parameters)), []).append(zero)
    definite = bool(known.definite[first.component][i : i + 2].all())
    return [
        Event(
            label="LP" if turns else "BP",
            zeros=tuple(zeros),
            lam=lam,
            X=X,
            tangent=tangent,
            parameters=parameters,
            loss=loss,
            below=after if backward else before,
            above=before if backward else after,
            kind=_kind(problem, first, turns, definite),
            position=first.position,
            sheet=sheet,
            decided=not problem.neutrals.undecided(parameters),
        )
        for (turns, _), zeros in groups.items()
    ]


def _regular(found: Found) -> bool:
    """Whether the branch itself is regular there."""
    return not isinstance(found.at, Singularity)


def _folds(found: Found) -> bool:
    """Whether the branch turns round there in lam."""
    return isinstance(found.at, Singularity) and found.at.fold


def _tangent(found: Found, one: Point, other: Point, i: int, way: float) -> np.ndarray:
    """The tangent of the branch at what was found on step ``i`` between two points."""
    if isinstance(found.at, Singularity):
        share = found.position - i
        return (1 - share) * one.tangent + share * other.tangent
    return found.at.tangent * way


def _sides(problem: Problem, place: list[Found], rates, known: Spectra, i: int, beside):
    """Negative eigenvalues of every block before and after a place on step ``i``.

    The ends of the step show them, as long as each block is at no more than
    one of the places ``beside`` each other on it.
    """
    before, after = known.negatives(i), known.negatives(i + 1)
    if len(beside) == 1 or any(found.tangential for found in place):
        return before, after
    at = [{found.component for found in one} for one in beside]
    tangential = any(found.tangential for one in beside for found in one)
    if not tangential and sum(map(len, at)) == len(set().union(*at)):
        mine = next(k for k, one in enumerate(beside) if one is place)
        passed = set().union(*at[:mine])
        return (
            {c: (after if c in passed else before)[c] for c in before},
            {c: (after if c in passed | at[mine] else before)[c] for c in before},
        )
    vanishing = dict.fromkeys((found.component for found in place), 0)
    for found in place:
        vanishing[found.component] += found.count
    rest = _others(problem, place[0].at.X, vanishing)
    before, after = dict(rest), dict(rest)
    for found, rate in zip(place, rates, strict=True):
        negative = (found.touch < 0,) * 2 if found.touch else (rate > 0, rate <= 0)
        for side, there in zip((before, after), negative, strict=True):
            side[found.component] += found.count * there
    return before, after


def _kind(problem: Problem, found: Found, fold: bool, definite: bool) -> str:
    """The kind of an event as far as eigenvalues show it; the rest is for a normal form."""
    if fold:
        return "fold"
    if found.tangential:
        return "tangential"
    if found.touch:
        return "touch"
    if definite or found.count < 2:
        return "unknown"
    X, c = found.at.X, found.component
    return "pair" if _turning(problem.blocks(X[:-1], X[-1], [c])[c], found.count) else "unknown"


def _turning(block: Block, count: int) -> bool:
    """Whether the ``count`` eigenvalues nearest the imaginary axis are not real."""
    eigen = block.eigen()
    if eigen.imaginary is None:
        return False
    turn = np.abs(eigen.imaginary[nearest(eigen, count)])
    return bool(turn.min() > REAL * np.abs(eigen.values).max())


def _others(problem: Problem, X, vanishing: dict[Component, int]) -> Index:
    """Negative eigenvalues of every block at an event, the vanishing ones left out."""
    index = {}
    for c, block in problem.blocks(X[:-1], X[-1]).items():
        eigen = block.eigen()
        values = np.delete(eigen.values, nearest(eigen, vanishing.get(c, 0)))
        index[c] = int(np.count_nonzero(values < 0))
    return index
