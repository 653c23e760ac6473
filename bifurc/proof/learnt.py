"""Points whose certificates rest on exact knowledge: student = teacher, and equal rows."""

from fractions import Fraction

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.proof.interval import exact, flint
from bifurc.structure.merge import merge, merged_values, mergers, spread
from bifurc.structure.structure import OUTPUT


def is_learnt(problem: NetworkProblem, x: list, lam: Fraction) -> bool:
    """Whether the rows of the student are, exactly, the rows of the teacher.

    Each teacher block needs a student block on the same set with the same
    entries, bias and weight, none is left over, and the output has no bias.
    ``x`` are exact arbs.
    """
    s = problem.structure
    teachers = [_rows(s, b, lambda e: _entry_of_teacher(problem, e, lam)) for b in s.teachers]
    values = dict(zip(s.coordinates, x, strict=True)) if not s.ties else {}
    if not values or s.decay.terms or s.trained or s.confined:
        return False
    if any(not value.is_zero() for entry, value in values.items() if entry.row == OUTPUT):
        return False
    common = exact(at_exactly(problem, s.common, lam))  # of neurons whose biases are not trained
    students = [_rows(s, b, lambda e: values.get(e, common)) for b in s.hidden]
    weights = [
        [given.get(b.name, 1.0) for b in blocks]
        for given, blocks in (
            (s.student_weights, s.hidden),
            (s.teacher_weights, s.teachers),
        )
    ]
    mine, theirs = (
        [(b.points, w, row) for b, w, row in zip(blocks, ws, rows, strict=True)]
        for blocks, ws, rows in (
            (s.hidden, weights[0], students),
            (s.teachers, weights[1], teachers),
        )
    )
    two = {p.name for p in s.sets if at_exactly(problem, p.size, lam) == 2}
    for one in mine:
        exchanged = (*one[:2], _exchanged(one[2])) if one[0] in two else one
        match = next((o for o in theirs if _same(one, o) or _same(exchanged, o)), None)
        if match is None:
            return False
        theirs.remove(match)
    return not theirs


def _rows(structure, block, value) -> dict:
    """Entries of one row block, by column and part."""
    return {(e.column, e.part): value(e) for e in structure.entries_of([block])}


def _exchanged(row: dict) -> dict:
    """The row of the other one of two points."""
    swap = {"diag": "off", "off": "diag", "": ""}
    return {(column, swap[part]): value for (column, part), value in row.items()}


def _entry_of_teacher(problem, entry, lam: Fraction):
    """An entry of the teacher, exact if it is a double there."""
    given = problem.structure.teacher.get((entry.row, entry.column))
    if given is None:
        return flint.arb(0)
    return exact(at_exactly(problem, given[entry.part == "off"], lam))


def at_exactly(problem, poly, lam: Fraction) -> Fraction:
    """A polynomial in the parameters at ``lam``, exactly."""
    terms = poly.substitute(problem.line).terms
    return sum((c * lam ** len(key) for key, c in terms.items()), start=Fraction(0))


def _same(one, other) -> bool:
    """Whether two blocks have the same set, weight and exactly equal entries."""
    if one[:2] != other[:2] or one[2].keys() != other[2].keys():
        return False
    pairs = ((value, other[2][key]) for key, value in one[2].items())
    return all(a.is_exact() and b.is_exact() and a == b for a, b in pairs)


def unpinned(problem: NetworkProblem, X: np.ndarray) -> tuple[NetworkProblem, np.ndarray]:
    """A point on a continuum of critical points, seen in a larger group.

    The member with equal norms has equal rows; with their sets merged it is
    an ordinary critical point, and exchanges of norm are neutral directions
    by structure.
    """
    if not problem.pinned:
        return problem, X
    while True:
        values, s = spread(problem.structure, X[:-1]), problem.structure
        for merger in mergers(s):
            pair = [b for b in (*s.inputs, *s.teachers) if b.points in merger.pair]
            own = np.arange(len(values))
            if pair or not np.array_equal(merger.order, own) or not _constant(merger, values):
                continue
            merged = merge(s, merger.pair)
            x = merged_values(merger, merged, values)
            problem, X = problem.on(merged, problem.any_size), np.append(x, X[-1])
            break
        else:
            problem = problem.on(problem.structure, problem.any_size)
            problem.pinned = False
            return problem, X


def _constant(merger, values) -> bool:
    """Whether entries that would be merged are equal, to rounding."""
    places: dict = {}
    for place, value in zip(merger.classes, values[merger.order], strict=True):
        places.setdefault(place, []).append(value)
    return all(np.ptp(found) < 1e-8 * (1 + np.abs(found).max()) for found in places.values())
