"""Known families, and whether a form is a member of one.

A name is one branch. So a matrix is recognised by continuation: it is read in
the coordinates of each family that has its sizes, and the branch through it is
followed to where the family is defined (:func:`bifurc.members.sheet_of`). It
is a member if it is the family there, on whatever sheet it lies; signs of its
diagonals say nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bifurc import members
from bifurc.api import member, problem
from bifurc.errors import EndedEarlyError
from bifurc.identification.form import Form, block_form
from bifurc.identification.reading import readings
from bifurc.loss.embedding import integer_sizes, matrices, row_weights
from bifurc.structure.families import BUILT_IN, Family, catalogue
from bifurc.structure.merge import spread

TOLERANCE = 1e-7  # on entries of polished matrices that count as equal
AGREE = 1e-6  # on coordinates of one and the same critical point
FOLLOWED = 6  # readings of one matrix in one family that are followed, the likeliest first


def known_families() -> list[Family]:
    """Built-in and published families; a name comes before a parameter: II before M with p = 1."""
    families = [*BUILT_IN.values(), *catalogue().values()]
    return sorted(families, key=lambda family: len(set(family.parameters) - {"d", "k"}))


@dataclass(eq=False)
class Catalogue:
    """Families to recognise; what was computed for one matrix serves the next.

    Parameters
    ----------
    families : sequence of Family
        The built-in ones and those of the catalogue by default.
    kernel : str or object
        The activation of the networks that are looked at; families are those of this kernel.
    """

    families: Sequence[Family] = field(default_factory=known_families)
    kernel: Any = "relu"
    _forms: dict = field(default_factory=dict, repr=False)

    @classmethod
    def beside(cls, families: Sequence[Family] | None, kernel: Any = "relu") -> "Catalogue":
        """Those of ``families`` with this kernel first, then those known by name, with it."""
        known = [f if f.kernel == kernel else f.with_kernel(kernel) for f in known_families()]
        mine = [family for family in families or () if family.kernel == kernel]
        return cls((*mine, *known), kernel)

    def recognise(self, form: Form, d: int, k: int) -> tuple[Family | None, list[str]]:
        """The family that ``form`` belongs to, or None; and what is to be noted of it."""
        notes: list[str] = []
        for family in self.candidates(d, k):
            if _size_counts(family, d) != _counts(form.structure, form.parameters):
                continue
            sheet, x = sheet_of(form, family, float(d))
            if sheet == 1:
                return family, []
            if sheet:
                return found_at(family, x, d), [f"It lies on sheet {sheet} of its family."]
            if _has_signs(form, family, d):
                notes.append(f"It has the signs of {label(family)} but is not on its branch.")
        return None, notes[:1]

    def candidates(self, d: int, k: int) -> Iterator[Family]:
        """Every family with matrices (k, d), for each whole value of one further parameter."""
        for family in self.families:
            given = {
                name: value for name, value in (("d", d), ("k", k)) if name in family.parameters
            }
            others = set(family.parameters) - {"d", "k"}
            values = [{}] if len(others) != 1 else [{n: p} for n in others for p in range(1, d)]
            for extra in values:
                candidate = family.with_parameters(**given, **extra)
                if _shape(candidate, d) == (k, d):
                    yield candidate

    def form_of(self, family: Family, d: int) -> Form | str:
        """The block form of the family's member at ``d``, or why there is none."""
        key = family.name, tuple(sorted((n, str(v)) for n, v in family.parameters.items()))
        if key not in self._forms:
            self._forms[key] = _form_of(family, d)
        return self._forms[key]


def label(family: Family) -> str:
    """The name, with the parameters beside d and k.

    >>> label(BUILT_IN["M"])
    'M (p = 2)'
    """
    others = [f"{n} = {v}" for n, v in family.parameters.items() if n not in ("d", "k")]
    return f"{family.name} ({', '.join(others)})" if others else family.name


def agree(one: Form, other: Form) -> bool:
    """Whether two forms are the same critical point."""
    alike = one.structure == other.structure and one.parameters == other.parameters
    return alike and bool(np.abs(one.x - other.x).max() < AGREE)


def sheet_of(form: Form, family: Family, d: float):
    """The sheet of the family's branch that a form lies on, and the state there; or None twice."""
    reduced = problem(family, "d")
    read = list(readings(form, reduced.structure, reduced.parameters(d)))
    try:
        expected = members.find(reduced, family, d).point.x
    except (ValueError, ArithmeticError, EndedEarlyError):
        expected = None  # the branch does not reach so far on its first sheet
    if expected is not None:
        read.sort(key=lambda x: float(np.abs(x - expected).max()))
        if read and np.abs(read[0] - expected).max() < AGREE:
            return 1, expected
    for x in read[:FOLLOWED]:
        sheet = members.sheet_of(reduced, family, x, d)
        if sheet is not None:
            return sheet, x
    return None, None


def found_at(family: Family, x: np.ndarray, d: int) -> Family:
    """The family with a member of it as its anchor."""
    names = [coordinate.name for coordinate in problem(family, "d").structure.coordinates]
    own = {c.name.removesuffix(".diag"): c.name for c in family.structure.coordinates}
    states = dict.fromkeys(own.values(), 0.0)  # a set of one point has nothing off its diagonal
    states |= {own[n.removesuffix(".diag")]: float(v) for n, v in zip(names, x, strict=True)}
    return replace(family, found={"at": {"d": d}, "coordinates": states})


def _has_signs(form: Form, family: Family, d: int) -> bool:
    """Whether diagonals have the signs of a family's start."""
    values = family.values(d=float(d))
    return _form_signs(form) == _signs(family.structure, values, family.diagonals)


def _form_of(family: Family, d: int) -> Form | str:
    try:
        problem, point = member(family, "d", float(d))
    except (ValueError, ArithmeticError, EndedEarlyError) as error:
        return str(error)
    w, v = matrices(problem.structure, point.x, problem.parameters(point.lam))
    weights = row_weights(problem.structure, problem.parameters(point.lam))
    return block_form(w, v, TOLERANCE, weights)


def _size_counts(family: Family, d: int) -> Counter:
    return _counts(family.structure, family.values(d=float(d)))


def _shape(family: Family, d: int) -> tuple[int, int] | None:
    """Neurons and inputs of a family at ``d``; None where a size is not whole, or not positive."""
    if "d" not in family.parameters:
        return None
    try:
        values = family.values(d=float(d))
        sizes = integer_sizes(family.structure, values)
    except ValueError:
        return None
    blocks = family.structure.students, family.structure.inputs
    rows, columns = (sum(sizes[b.points] for b in part) for part in blocks)
    return rows, columns


def _counts(structure, values) -> Counter:
    return Counter(integer_sizes(structure, values).values())


def _signs(structure, values, diagonals) -> Counter:
    """How often a student block of a size has a diagonal of a sign."""
    sizes = integer_sizes(structure, values)
    return Counter((sizes[b.points], np.sign(diagonals[b.name])) for b in structure.students)


def _form_signs(form: Form) -> Counter:
    return _signs(form.structure, form.parameters, own_diagonals(form))


def own_diagonals(form: Form) -> dict[str, float]:
    """For each student block its entry at its own point; 0 if it has no columns."""
    points = {b.name: b.points for b in (*form.structure.students, *form.structure.inputs)}
    own = {block.name: 0.0 for block in form.structure.students}
    entries = zip(form.structure.entries, spread(form.structure, form.x), strict=True)
    for coordinate, value in entries:
        if coordinate.part != "off" and points[coordinate.row] == points[coordinate.column]:
            own[coordinate.row] = float(value)
    return own
