"""Known families, and whether a form is a member of one.

The member of a candidate family with the same sizes is computed and brought
to its own block form. Forms are canonical, so the matrices are permutations
of one another exactly if the forms agree. Signs of diagonals only decide
where the member cannot be computed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bifurc.api import member
from bifurc.errors import EndedEarlyError
from bifurc.identification.form import Form, block_form
from bifurc.loss.embedding import integer_sizes, matrices
from bifurc.structure.families import BUILT_IN, Family

TOLERANCE = 1e-7  # on entries of polished matrices that count as equal
AGREE = 1e-6  # on coordinates of one and the same critical point


@dataclass(eq=False)
class Catalogue:
    """Families to recognise; what was computed for one matrix serves the next.

    Parameters
    ----------
    families : sequence of Family
        The built-in ones by default.
    """

    families: Sequence[Family] = tuple(BUILT_IN.values())
    _forms: dict = field(default_factory=dict, repr=False)

    @classmethod
    def beside(cls, families: Sequence[Family] | None) -> "Catalogue":
        """The built-in families and ``families``."""
        return cls((*BUILT_IN.values(), *(families or ())))

    def recognise(self, form: Form, d: int, k: int) -> tuple[Family | None, str]:
        """The family that ``form`` belongs to, or None; and a note, "" if there is none to make."""
        note = ""
        for family in self.candidates(d, k):
            if _size_counts(family, d) != _counts(form.structure, form.parameters):
                continue
            other = self.form_of(family, d)
            if isinstance(other, Form) and agree(form, other):
                return family, ""
            note = note or _near_miss(form, family, other, d)
        return None, note

    def candidates(self, d: int, k: int) -> Iterator[Family]:
        """Every family at d and k, with each whole value of one further parameter."""
        for family in self.families:
            given = {
                name: value for name, value in (("d", d), ("k", k)) if name in family.parameters
            }
            others = set(family.parameters) - {"d", "k"}
            values = [{}] if len(others) != 1 else [{n: p} for n in others for p in range(1, d)]
            for extra in values:
                yield family.with_parameters(**given, **extra)

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
    return _alike(one, other) and bool(np.abs(one.x - other.x).max() < AGREE)


def _alike(one: Form, other: Form) -> bool:
    return one.structure == other.structure and one.parameters == other.parameters


def _near_miss(form: Form, family: Family, other: Form | str, d: int) -> str:
    """What to say of a form that has a family's signs but is not its member."""
    if isinstance(other, Form):
        if _alike(form, other) and _form_signs(form) == _form_signs(other):
            return f"It has the block form and the signs of {label(family)} but is another point."
        return ""
    values = {name: poly(lam=float(d)) for name, poly in family.line("d").items()}
    if _form_signs(form) != _signs(family.structure, values, family.diagonals):
        return ""
    return f"It has the signs of {label(family)}, which was not reached here: {other}"


def _form_of(family: Family, d: int) -> Form | str:
    try:
        problem, point = member(family, "d", float(d))
    except (ValueError, ArithmeticError, EndedEarlyError) as error:
        return str(error)
    w, v = matrices(problem.structure, point.x, problem.parameters(point.lam))
    return block_form(w, v, TOLERANCE)


def _size_counts(family: Family, d: int) -> Counter | None:
    if "d" not in family.parameters:
        return None
    values = {name: poly(lam=float(d)) for name, poly in family.line("d").items()}
    try:
        return _counts(family.structure, values)
    except ValueError:
        return None  # a size is not whole, or not positive


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
    for coordinate, value in zip(form.structure.coordinates, form.x, strict=True):
        if coordinate.part != "off" and points[coordinate.row] == points[coordinate.column]:
            own[coordinate.row] = float(value)
    return own
