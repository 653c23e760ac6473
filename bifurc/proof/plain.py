"""Critical points of the models that come with bifurc, in all their coordinates.

Gradients and Hessians of :mod:`bifurc.models` are sums, products and powers, which
arrays of :class:`~bifurc.proof.interval.Ball` pass as arrays of doubles do. A
certificate holds the name of a model and its parameters, never a function: nothing
of a file is evaluated, so what is a function of one's own has no certificate.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bifurc.continuation.problem import PlainProblem
from bifurc.models import model
from bifurc.proof import bounds, record
from bifurc.proof.interval import (
    Ball,
    NotCertifiedError,
    arbs,
    balls,
    column,
    flint,
    matrix,
    need_flint,
    precision,
)
from bifurc.proof.signs import diagonalise, signs
from bifurc.proof.system import box, contract, newton

GUARD = 80  # bits beyond the digits asked for


@dataclass(frozen=True, eq=False)
class ModelSystem:
    """The gradient of a model at one parameter value, and its Jacobian; arb matrices."""

    problem: PlainProblem
    lam: Any  # a ball

    def residual(self, z):
        """The gradient."""
        return column(arbs(self.problem.gradient(balls(z), self.lam)))

    def jacobian(self, z):
        """The Hessian."""
        return matrix(self.problem.hessian(balls(z), self.lam))


def certify_model(problem: PlainProblem, x, lam, digits: int = 15) -> dict:
    """Prove one critical point near ``x`` at ``lam``, and the sign of every eigenvalue.

    Parameters
    ----------
    problem : PlainProblem
        A model by name, see :func:`bifurc.models.model`, or restricted to a fixed space.
    x : ndarray, shape (problem.n,)
    lam : int, Fraction or float
        Taken as the decimal that it is written as.
    digits : int
        Of the coordinates.

    Raises
    ------
    NotCertifiedError
        If the proof does not go through.
    ValueError
        If the problem is no such model, or python-flint is missing.
    """
    need_flint()
    if set(problem.source or ()) != {"model", "parameters"}:
        raise ValueError(
            "A certificate names what it is about and evaluates nothing of a file: families and "
            "the models of bifurc have one, functions of one's own have none."
        )
    x = problem.full_state(x) if problem is not _full(problem) else x
    exponent = int(3.33 * digits) + 12
    with precision(exponent + GUARD):
        system = ModelSystem(_full(problem), Ball(Fraction(str(lam))))
        zero = newton(system, [flint.arb(float(value)) for value in x])
        data: dict[str, Any] = {
            "schema": record.SCHEMA,
            "kind": "model",
            "precision": exponent + GUARD,
            "problem": dict(problem.source or ()),
            "lam": str(Fraction(str(lam))),
            "narrow": record.box_to_data(zero, exponent),
        }
        return record.sign({**data, "proved": bounds.stated(conclusions(data))})


def conclusions(data: dict) -> dict:
    """What a certificate of this kind proves.

    Raises
    ------
    NotCertifiedError
        If the zero is not proved to be one, or a sign is not.
    """
    problem, (centre, radii) = _problem_of(data["problem"]), record.ends(data["narrow"])
    if len(centre) != problem.n:
        raise NotCertifiedError("The box is none of the coordinates.")
    system, whole = ModelSystem(problem, Ball(record.fraction(data["lam"]))), box(centre, radii)
    slopes = system.jacobian(whole)
    contract(whole, centre, system.residual(centre), slopes)
    found = signs(diagonalise(slopes, [flint.arb(1)] * problem.n))
    return {"gap": found.gap, "index": found.negative, "is_minimum": not found.negative}


def _problem_of(data: dict) -> PlainProblem:
    """The model of a certificate, on the whole space."""
    record.only(data, "model", "parameters")
    problem = model(data["model"], **data["parameters"])
    if record.texts(problem.source) != record.texts(data):
        raise ValueError("the model is not written as it is read")
    return _full(problem)


def _full(problem: Any) -> PlainProblem:
    """A problem on the whole space."""
    return getattr(problem, "full", problem)
