"""The member of a family at given parameters: from where the family is defined, by a walk.

A name is one branch, and signs at some size do not name it: another branch can
have the same. A family is the branch that *reaches its pattern as one point
set grows*, all other sizes fixed. So the member at any parameters is found far
out, where pattern and critical point are nearly one, and followed from there
along the parameter that grows, all others at their own values. Two
routes to one member end at one point, because this is the only one.

A family without such a limit is the branch through its anchor, the parameters
at which its pattern holds or at which it was found; the member elsewhere lies
on the straight line of parameters from there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bifurc.continuation.limit import is_met, limit, reach
from bifurc.continuation.neutral import at_rest, recognised
from bifurc.continuation.options import Status
from bifurc.continuation.point import Point
from bifurc.continuation.trace import point_at
from bifurc.continuation.trace import trace as walk
from bifurc.errors import EndedEarlyError
from bifurc.events.branch import collect
from bifurc.loss import gauge
from bifurc.loss.line import LAM
from bifurc.loss.problem import NetworkProblem
from bifurc.loss.start import (
    StartError,
    as_found,
    beside,
    deviation,
    nearest,
    newton,
    off_continuum,
    released,
)
from bifurc.structure.families import Family
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import GAUGES, Structure

FAR = 1e4  # points of the set that grows, where a pattern is nearly its limit; and at least
OVER = 100.0  # as many times what the largest other set has
FARTHER = 4.0  # so many times farther out, deviations of order size^(-1/2) are halved;
NEARER = 0.7  # this much of a deviation, or less, counts as that
EXACT = 1e-9  # a deviation that is none: the pattern is a critical point
LEAST = 1e-3  # share of a decay at which neurons that may be rescaled without it are held
AGREE = 1e-6  # on entries of one and the same critical point
SIZES = (20.0, 30.0, 40.0, 60.0)  # of a pattern that is no limit and has no anchor; in this order


@dataclass(frozen=True, eq=False)
class Member:
    """A critical point of a family.

    Attributes
    ----------
    problem : NetworkProblem
        Along the parameter that was asked for; pinned on a continuum.
    point : Point
    sheet : int
        1, and one more for each time that the branch turned on the way to it.
    defines : bool
        Whether it was followed along the line of the problem itself, so that all of this
        branch is the family's.
    """

    problem: NetworkProblem
    point: Point
    sheet: int
    defines: bool = False


@dataclass(frozen=True, eq=False)
class Origin:
    """Where a family is pinned down, and the line of parameters to the member asked for."""

    problem: NetworkProblem  # along that line
    x: np.ndarray
    first: float  # where on the line it is pinned down
    last: float  # where the member lies
    where: str  # in words
    limit: bool = False  # whether it is its pattern as limit, so that it is defined far out


def find(problem: NetworkProblem, family: Family, value: float) -> Member:
    """The member of ``family`` on the line of ``problem`` at ``value``.

    Where it is one of a continuum that members beside it on the line are not of,
    it is the limit of these.

    Raises
    ------
    ValueError
        If a size has no meaning there.
    StartError
        If neither the limit nor the anchor is a critical point.
    EndedEarlyError
        If the branch does not reach ``value``.
    """
    try:
        found = _followed(problem, family, value)
        if not is_met(found.point, found.problem.neutrals.own):
            return found
    except EndedEarlyError as error:
        found, lost = None, error  # type: ignore[assignment]
    for side in (reach(problem, value), -reach(problem, value)):
        try:
            near = _followed(problem, family, value + side)
        except (ValueError, ArithmeticError, EndedEarlyError):
            continue
        if is_met(near.point, near.problem.neutrals.own):
            continue  # nothing is special here: at large sizes eigenvalues are far apart
        if point := limit(near.problem, near.point, value):
            return replace(near, point=point)
    if found is None:
        raise lost
    return found


def _followed(problem: NetworkProblem, family: Family, value: float) -> Member:
    """The member that is followed from where the family is defined."""
    values = problem.parameters(value)
    family.structure.check_sizes(values)
    if not (family.plain or family.found):
        return _from_plain(problem, family, value)
    origin = where_defined(problem, family, values)
    on_path, x = off_continuum(origin.problem, origin.x, origin.first)
    points, status = _walked(on_path, x, origin.first, origin.last)
    if points[-1].lam != origin.last:
        turned, end = status is Status.WINDOW, min(points, key=lambda p: abs(p.lam - origin.last))
        raise EndedEarlyError(
            f"Family {family.name!r} was not reached at {_told(values)}: its branch, "
            f"{origin.where}, {'turns round' if turned else 'ends'} at "
            f"{_told(on_path.parameters(end.lam))}." + ("" if turned else f" {status.value}")
        )
    defines = on_path.line == problem.line
    if defines and on_path.structure == problem.structure:
        held = recognised(on_path, points[-1].x, value)
        if held is on_path:  # far out a point is no better for being corrected again
            return Member(on_path, points[-1], sheet_on(points), defines)
        return Member(held, point_at(held, points[-1].x, value), sheet_on(points), defines)
    reduced = problem.on(problem.structure, problem.any_size)
    reduced.pinned = on_path.pinned
    at = dict(zip(_names(on_path.structure), points[-1].x, strict=True))
    x = np.array([at[name] for name in _names(reduced.structure)])
    held = recognised(reduced, x, value)
    return Member(held, point_at(held, x, value), sheet_on(points), defines)


def _from_plain(problem: NetworkProblem, family: Family, value: float) -> Member:
    """The member with biases, trained output weights and decay, from the one without.

    Biases start at 0 and output weights where they were fixed, and Newton's method
    goes from there; decay grows from nothing.
    """
    plain = replace(family, structure=family.structure.plain)
    free = problem.on(problem.structure.plain, problem.any_size)
    start = find(free, plain, value)
    known = dict(zip(_names(free.structure), start.point.x, strict=True))
    # decay of all weights balances them: from there it is followed as it grows
    none = Polynomial.of(0)
    gauge_of = GAUGES[1] if family.structure.decay.terms else problem.structure.trained
    trained = gauge_of if problem.structure.trained else ""
    free_of = replace(problem.structure, decay=none, sphere=none, row_norm=none, trained=trained)
    bare = problem.on(free_of, problem.any_size)
    at_rest = [known.get(name, 0.0) for name in _names(problem.structure)]
    held = gauge.chosen(bare, np.array(at_rest), value)
    x = released(bare, held, value) if problem.structure.beside else held
    if family.structure.decay.terms:
        x = _decayed(problem, family, x, value, LEAST if bare.rescales else 0.0)
    if family.structure.confined and x is not None:
        x = _confined(problem, bare, family, x, value)
    if x is None:
        raise EndedEarlyError(
            f"Family {family.name!r} was not reached at {_told(problem.parameters(value))}: "
            "Newton's method does not go there from its member without biases and with fixed "
            "output weights."
        )
    held = recognised(problem, x, value)
    return Member(held, point_at(held, x, value), start.sheet)


def _decayed(problem: NetworkProblem, family: Family, x, value: float, first: float):
    """The state with decay: from the one without, as the decay grows from nothing."""
    grown = Polynomial.of(family.structure.decay(**problem.parameters(value)))
    if x is None or not grown.terms:
        return x
    grows = replace(problem.structure, decay=grown * Polynomial.parse(LAM))
    return _led(problem, grows, family, x, value, first)


def _confined(problem: NetworkProblem, bare: NetworkProblem, family: Family, x, value: float):
    """The state on a sphere: from the one on a sphere of its own size, as it grows or shrinks."""
    s, rows = problem.structure, bare.rows(x, value)
    norms, hidden = rows.norms[0, : len(s.hidden)], slice(len(s.hidden))
    if s.row_norm.terms:
        wanted = s.row_norm(**problem.parameters(value)) / norms
        row = np.array([problem.layout.row_of(c) for c in s.coordinates])
        inner = np.array([c.column not in s.beside for c in s.coordinates])
        share = np.where(inner, np.sqrt(wanted[np.minimum(row, len(norms) - 1)]), 1.0)
        return newton(problem, x * share, value)
    own, wanted = (rows.sizes[0, hidden] * norms).sum(), s.sphere(**problem.parameters(value))
    size = Polynomial.of(float(own)) + Polynomial.of(float(wanted - own)) * Polynomial.parse(LAM)
    return _led(problem, replace(s, sphere=size), family, x, value, 0.0)


def _led(problem: NetworkProblem, structure: Structure, family: Family, x, value, first: float):
    """The state at ``lam`` = 1 of a structure in which what is not plain grows with ``lam``."""
    values = problem.parameters(value)
    line = {name: Polynomial.of(v) for name, v in values.items()} | {LAM: Polynomial.parse(LAM)}
    way = NetworkProblem(
        structure, problem.kernel, line, problem.any_size, problem.kernel_parameters
    )
    x = newton(way, x, first) if first else x
    if x is None:
        return None
    points, status = _walked(way, x, first, 1.0)
    if points[-1].lam != 1.0:
        raise EndedEarlyError(
            f"Family {family.name!r} at {_told(values)} is not reached from its member without "
            f"decay and free: it ends at {points[-1].lam:.3g} of the way. {status.value}"
        )
    return points[-1].x


def agrees(problem: NetworkProblem, family: Family, x: np.ndarray, value: float) -> bool | None:
    """Whether a state is the family's member at ``value``; None where there is none."""
    try:
        expected = find(problem, family, value)
    except (ValueError, ArithmeticError, EndedEarlyError):
        return None
    return bool(np.abs(expected.point.x - x).max() < AGREE)


def sheet_of(problem: NetworkProblem, family: Family, x: np.ndarray, value: float) -> int | None:
    """The sheet of a family's branch that a critical point lies on; None if it lies on none.

    The branch through the point is followed both ways, to where the family is
    defined: there it must be the family.

    Parameters
    ----------
    problem : NetworkProblem
    x : ndarray, shape (n,)
        The point, in the coordinates of ``problem`` on its line at ``value``.
    """
    try:
        origin = where_defined(problem, family, problem.parameters(value))
        on_path, home = off_continuum(origin.problem, origin.x, origin.first)
        names, at = _names(on_path.structure), dict(zip(_names(problem.structure), x, strict=True))
        if set(names) != set(at):
            return None
        state = np.array([at[name] for name in names])
        for towards in (origin.first - origin.last, origin.last - origin.first):
            start = point_at(on_path, state, origin.last, towards=towards or 1.0)
            points = [start]
            if origin.first != origin.last:
                ends = sorted((origin.first, origin.last - 10 * (origin.first - origin.last)))
                points, _ = collect(walk(on_path, start, (ends[0], ends[1])))
            if points[-1].lam == origin.first and np.abs(points[-1].x - home).max() < AGREE:
                return sheet_on(points)
    except (ValueError, ArithmeticError, EndedEarlyError):
        pass  # it is no member where there is none
    return None


def sheet_on(points: list[Point]) -> int:
    """1, and one more for each time that lam turns between the points."""
    slopes = np.array([point.tangent[-1] for point in points])
    return 1 + int(np.count_nonzero(slopes[:-1] * slopes[1:] < 0))


def where_defined(problem: NetworkProblem, family: Family, values: Mapping[str, float]) -> Origin:
    """Where the family is defined."""
    if family.found:
        return _anchor(problem, family, values)
    for name, grows, line in family.growths(values):
        others = [size(**values) for n, size in family.structure.size.items() if n != grows]
        lam = _reaches(family, grows, line, max(FAR, OVER * max(others, default=0.0)))
        there = _on(problem, family, line)
        x = beside(there, family, lam)
        if x is not None and _tends(there, family, x, lam, FARTHER * lam):
            where = f"which has its pattern as limit for large {name}"
            return Origin(there, x, lam, values[name], where, limit=True)
    return _descended(problem, family, values)


def _tends(problem: NetworkProblem, family: Family, x: np.ndarray, lam: float, farther: float):
    """Whether the branch through a point comes nearer to the pattern on the way out."""
    try:
        points, _ = _walked(problem, x, lam, farther)
    except ValueError:
        return False
    near, nearer = (deviation(problem, family, state) for state in (x, points[-1].x))
    return points[-1].lam == farther and nearer < max(NEARER * near, EXACT)


def _walked(problem: NetworkProblem, x: np.ndarray, first: float, last: float):
    """The branch through a state, from one value of the parameter to another; why it ended."""
    start = point_at(problem, x, first, towards=(last - first) or 1.0)
    if first == last:
        return [start], Status.WINDOW
    problem, start = at_rest(problem, start)
    return collect(walk(problem, start, (min(first, last), max(first, last))))


def _on(problem: NetworkProblem, family: Family, line: Mapping[str, Polynomial]) -> NetworkProblem:
    """The problem on another line; a set is one point only if it is so on both lines."""
    both = zip(family.structure.along(line).sets, problem.structure.sets, strict=True)
    sets = [
        mine if mine.single and yours.single else whole
        for (mine, yours), whole in zip(both, family.structure.sets, strict=True)
    ]
    return problem.on(replace(problem.structure, sets=tuple(sets)), problem.any_size).along(line)


def _reaches(family: Family, grows: str, line: Mapping[str, Polynomial], points: float) -> float:
    """Where on a line a set has so many points."""
    size = family.structure.size[grows].substitute(line)
    constant, slope = (float(size.terms.get(key, 0)) for key in ((), (LAM,)))
    return (points - constant) / slope


def _anchor(problem: NetworkProblem, family: Family, values: Mapping[str, float]) -> Origin:
    """The member that a family was found at, or the one that its pattern leads to there."""
    at = {name: value for name, value in family.found["at"].items() if name in values}
    numbers = {
        name: value
        for name, value in values.items()
        if name not in at and not Polynomial.of(family.parameters[name]).names
    }
    anchor = family.values(**numbers, **at)
    line, first, last = straight(anchor, values)
    there = _on(problem, family, line)
    x = (as_found if family.found.get("coordinates") else nearest)(there, family, first)
    return Origin(there, x, first, last, f"given at {_told(anchor)}")


def _descended(problem: NetworkProblem, family: Family, values: Mapping[str, float]) -> Origin:
    """The member that a pattern leads to which is no limit and has no anchor.

    That is at the first comfortable value of the parameter that sizes grow
    with, the others at their own values or carried along.
    """
    growing = [name for name, *_ in family.growths(values)]
    named = [name for name in values if name in family.structure.parameters]
    runs = next(iter(growing or sorted(named, key=lambda name: name != "d")), None)
    line = family.lines(runs or next(iter(values)), values)[-1]
    there, last = _on(problem, family, line), values[runs or next(iter(values))]
    tried = []
    for first in SIZES if runs else (last,):
        try:
            family.structure.check_sizes(there.parameters(first))
            x = nearest(there, family, first)
        except ValueError as error:
            tried.append(str(error))
            continue
        return Origin(there, x, first, last, f"started at {_told(there.parameters(first))}")
    raise StartError(
        f"No critical point of family {family.name!r} was found from its pattern ({tried[-1]}); "
        "change the starting values, or say in [found] where they hold."
    )


def straight(one: Mapping[str, float], other: Mapping[str, float]):
    """The straight line of parameters between two places.

    Returns
    -------
    line : dict from names to Polynomial
        In ``lam``, which is the value of the first parameter that differs.
    first, last : float
        Values of ``lam`` at both ends.
    """
    differ = [name for name in one if one[name] != other[name]]
    runs = differ[0] if differ else next(iter(one))
    first, last = one[runs], other[runs]
    lam = Polynomial.parse(LAM)
    line = {name: Polynomial.of(value) for name, value in one.items()}
    for name in differ:
        slope = Polynomial.of(other[name] - one[name]) / Polynomial.of(last - first)
        line[name] = line[name] + slope * (lam - Polynomial.of(first))
    return line | ({runs: lam} if differ else {}), first, last


def _names(structure: Structure) -> list[str]:
    """Names of the coordinates; the entry of a set of one point is its diagonal."""
    return [coordinate.name.removesuffix(".diag") for coordinate in structure.coordinates]


def _told(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {value:.10g}" for name, value in values.items())
