"""The teacher as a minimum at every real size: minors of the Hessian, exactly.

Where W = V, with rows that are equal or at right angles and of rational
length, the Hessian on the copies of an irrep is a matrix of polynomials in lam
whose coefficients are polynomials in 1/π over the rationals. By Sylvester it
is positive definite where its leading minors are positive, and a minor is so
at every lam > b if, written in powers of lam - b, all its coefficients are. No
lam is singled out, and what vanishes at b itself, as an irrep does that
begins to exist there, does no harm.
"""

from fractions import Fraction
from math import isqrt

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.proof import bounds, record
from bifurc.proof.germ import Germ
from bifurc.proof.infinity import AtInfinity
from bifurc.proof.interval import NotCertifiedError, exact, flint, need_flint, precision
from bifurc.proof.limit import REACHES, limits_of, present, problem_of

BITS = 160


class Exact:
    """A polynomial in lam, π and 1/π with rational coefficients, {(power, power of π): value}."""

    __slots__ = ("terms",)

    def __init__(self, terms: dict):
        self.terms = {key: value for key, value in terms.items() if value}

    @classmethod
    def of(cls, value) -> "Exact":
        """A rational number."""
        return cls({(0, 0): Fraction(value)})

    @property
    def is_zero(self) -> bool:
        """Whether it is exactly 0."""
        return not self.terms

    @property
    def pi(self) -> "Exact":
        """π."""
        return Exact({(0, 1): Fraction(1)})

    def __add__(self, other):
        if (other := _exact(other)) is None:
            return NotImplemented
        terms = dict(self.terms)
        for key, value in other.terms.items():
            terms[key] = terms.get(key, 0) + value
        return Exact(terms)

    def __mul__(self, other):
        if (other := _exact(other)) is None:
            return NotImplemented
        terms: dict = {}
        for (i, j), one in self.terms.items():
            for (k, m), two in other.terms.items():
                terms[i + k, j + m] = terms.get((i + k, j + m), 0) + one * two
        return Exact(terms)

    def __truediv__(self, other):
        if (other := _exact(other)) is None:
            return NotImplemented
        (i, j), value = other.single
        if i:
            raise NotCertifiedError("A size stands in a divisor.")
        return self * Exact({(0, -j): 1 / value})

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return Exact.of(other) / self

    def sqrt(self) -> "Exact":
        """The square root of the square of a rational number."""
        if self.is_zero:
            return self
        key, value = self.single
        roots = isqrt(abs(value.numerator)), isqrt(value.denominator)
        if key != (0, 0) or Fraction(roots[0] ** 2, roots[1] ** 2) != value:
            raise NotCertifiedError("A length is not rational.")
        return Exact.of(Fraction(*roots))

    def arcsin(self) -> "Exact":
        """0 of 0; rows are at right angles."""
        if not self.is_zero:
            raise NotCertifiedError("Two rows of the teacher are not at right angles.")
        return self

    def sign(self) -> int:
        """The sign of a rational number."""
        if self.is_zero:
            return 0
        key, value = self.single
        if key != (0, 0):
            raise NotCertifiedError("A sign may change.")
        return 1 if value > 0 else -1

    @property
    def single(self):
        """(powers, value) of the one term."""
        if len(self.terms) != 1:
            raise NotCertifiedError("What should be a single term is none.")
        return next(iter(self.terms.items()))

    def beyond(self, least: Fraction) -> list:
        """Coefficients of the powers of lam - least; arbs, exactly 0 where they are."""
        shift, power, total = Exact({(1, 0): Fraction(1), (0, 0): least}), Exact.of(1), Exact({})
        for i in range(1 + max((key[0] for key in self.terms), default=0)):
            total = total + power * Exact({(0, j): v for (k, j), v in self.terms.items() if k == i})
            power = power * shift
        found = []
        for i in range(1 + max((key[0] for key in total.terms), default=0)):
            terms = [(j, v) for (k, j), v in total.terms.items() if k == i]
            found.append(sum((exact(v) * flint.arb.pi() ** j for j, v in terms), flint.arb(0)))
        return found

    def positive_beyond(self, least: Fraction) -> bool:
        """Whether it is proved to be positive at every lam > least."""
        found = [value for value in self.beyond(least) if not value.is_zero()]
        return bool(found) and all(value > 0 for value in found)


def _exact(value) -> Exact | None:
    if isinstance(value, Exact):
        return value
    return Exact.of(value) if isinstance(value, int | float | Fraction) else None


class AtTeacher(AtInfinity):
    """W = V at every lam, in exact numbers."""

    def polynomial(self, poly) -> Exact:
        """A polynomial in the parameters along the line."""
        terms = poly.substitute(self.problem.line).terms
        return Exact({(len(key), 0): value for key, value in terms.items()})

    def power(self, k: int) -> Exact:
        """1: nothing is scaled."""
        return Exact.of(1)

    def state(self, unknowns) -> list:
        """The coordinates."""
        return [Exact.of(known[0]) for known in self.limit]


def certify_teacher(problem: NetworkProblem, x, beyond: Fraction) -> dict:
    """Prove that W = V is a minimum at every real lam > ``beyond``, and the limits of its spectrum.

    Parameters
    ----------
    problem : NetworkProblem
    x : array_like, shape (n,)
        The student.
    beyond : Fraction

    Raises
    ------
    NotCertifiedError
        If the student is not the teacher at all lam, or that is not proved.
    """
    need_flint()
    data = {
        "schema": record.SCHEMA,
        "kind": "teacher",
        "precision": BITS,
        "problem": record.problem_to_data(problem),
        "coordinates": [str(round(float(value))) for value in x],
        "beyond": str(beyond),
    }
    with precision(BITS):
        return record.sign({**data, "proved": conclusions(data)})


def learnt_everywhere(problem: NetworkProblem, x) -> bool:
    """Whether the student is the teacher, with whole entries, at every lam."""
    limit = tuple((round(float(value)),) for value in x)
    if not all(abs(value - known[0]) < 1e-9 for value, known in zip(x, limit, strict=True)):
        return False
    try:
        return all(sign == 1 for _, sign in AtTeacher(problem, 0.0, limit).matched)
    except NotCertifiedError:
        return False


def conclusions(data: dict) -> dict:
    """What a certificate of this kind proves.

    Raises
    ------
    NotCertifiedError
        If a minor is not proved to be positive.
    """
    problem, beyond = problem_of(data["problem"]), record.fraction(data["beyond"])
    limit = tuple((int(record.fraction(text)),) for text in data["coordinates"])
    if [str(known[0]) for known in limit] != data["coordinates"] or len(limit) != problem.n:
        raise ValueError("the coordinates are no list of whole numbers")
    family = AtTeacher(problem, 0.0, limit)
    if any(sign != 1 for _, sign in family.matched):
        raise NotCertifiedError("The student is not the teacher.")
    if not all(value.is_zero for value in family.residual([])):
        raise NotCertifiedError("The gradient is not zero.")
    for points in problem.structure.sets:
        spare = family.polynomial(points.size) - problem.structure.least_size(points)
        if not (spare.is_zero or spare.positive_beyond(beyond)):
            raise NotCertifiedError(f"Point set {points.name!r} may be too small.")
    far, X = AtInfinity(problem, REACHES[0], limit), [Germ.of(0)] * problem.n
    kinds = [c for c in problem.components if present(far, c)]
    for component in kinds:
        form, _ = family.pencil(component, X)
        for k in range(1, len(form) + 1):
            if not determinant(form[:k, :k]).positive_beyond(beyond):
                raise NotCertifiedError(f"{component.label} is not proved to be positive.")
    found = {"beyond": str(beyond), "is_minimum": True, **limits_of(far, kinds, X)}
    return bounds.written(found, data.get("proved"))


def determinant(matrix: np.ndarray) -> Exact:
    """By the first row."""
    if not len(matrix):
        return Exact.of(1)
    total = Exact({})
    for j, value in enumerate(matrix[0]):
        total = total + value * determinant(np.delete(matrix[1:], j, 1)) * (-1) ** j
    return total
