"""Points whose certificates rest on exact knowledge: student = teacher, and equal rows."""

from fractions import Fraction

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.proof.interval import flint
from bifurc.structure.merge import merge, merged_values, mergers, spread


def is_learnt(problem: NetworkProblem, x: list, lam: Fraction) -> bool:
    """Whether the rows of the student are, exactly, the rows of the teacher.

    Each teacher block needs a student block on the same set with the same
    entries and weight, and none is left over. ``x`` are exact arbs.
    """
    s = problem.structure
    teachers = [_rows(s, b, lambda e: _entry_of_teacher(problem, e, lam)) for b in s.teachers]
    values = dict(zip(s.coordinates, x, strict=True)) if not s.ties else {}
    if not values:
        return False
    students = [_rows(s, b, values.__getitem__) for b in s.students]
    weights = [
        [given.get(b.name, 1.0) for b in blocks]
        for given, blocks in (
            (s.student_weights, s.students),
            (s.teacher_weights, s.teachers),
        )
    ]
    mine, theirs = (
        [(b.points, w, row) for b, w, row in zip(blocks, ws, rows, strict=True)]
        for blocks, ws, rows in (
            (s.students, weights[0], students),
            (s.teachers, weights[1], teachers),
        )
    )
    for one in mine:
        match = next((other for other in theirs if _same(one, other)), None)
        if match is None:
            return False
        theirs.remove(match)
    return not theirs


def _rows(structure, block, value) -> list:
    """Entries of one row block, in the order of the columns."""
    return [value(entry) for entry in structure.entries_of([block])]


def _entry_of_teacher(problem, entry, lam: Fraction):
    """An entry of the teacher, exact if it is a double there."""
    given = problem.structure.teacher.get((entry.row, entry.column))
    if given is None:
        return flint.arb(0)
    poly = given[entry.part == "off"].substitute(problem.line)
    total = sum((c * lam ** len(key) for key, c in poly.terms.items()), start=Fraction(0))
    return flint.arb(flint.fmpq(total.numerator, total.denominator))


def _same(one, other) -> bool:
    """Whether two blocks have the same set, weight and exactly equal entries."""
    exact = all(
        a.is_exact() and b.is_exact() and a == b for a, b in zip(one[2], other[2], strict=True)
    )
    return one[:2] == other[:2] and exact


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
