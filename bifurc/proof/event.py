"""A located event proved on the spot, in double precision."""

from dataclasses import dataclass

import numpy as np

from bifurc.events.records import Event
from bifurc.loss.problem import NetworkProblem
from bifurc.proof.bounds import decimals
from bifurc.proof.claims import proved_on
from bifurc.proof.extended import PairSystem, system_of
from bifurc.proof.interval import NotCertifiedError, flint, precision
from bifurc.proof.learnt import unpinned
from bifurc.proof.place import enclosed
from bifurc.proof.system import box, inverse, shrink
from bifurc.structure.polynomial import Polynomial

BITS = 64  # of the linear algebra; everything else is in doubles
EXPONENTS = (24, 28, 32, 36)  # half-widths of the box are 2**-k of its centre and more
INFLATION = 8.0  # of the box over the error that rounding leaves of its centre


@dataclass(frozen=True)
class Proof:
    """Whether an event is proved, and between which values of the parameter it lies.

    On a box around it there is exactly one zero of its extended system, the
    eigenvalue crosses zero with a speed that is not zero, and every other
    eigenvalue keeps its sign.
    """

    proved: bool
    reason: str = ""  # why it is not proved
    enclosure: tuple[str, str] | None = None  # decimals below and above the parameter
    gap: float | None = None  # every other |eigenvalue| is larger
    pair: bool = False  # no eigenvalue is zero: two that are not real pass the imaginary axis

    def __bool__(self) -> bool:
        return self.proved

    def __str__(self) -> str:
        if not self.proved or self.enclosure is None:
            return f"not proved: {self.reason}"
        low, high = self.enclosure
        return f"proved between {low} and {high}"

    @property
    def short(self) -> str:
        """A cell of a table."""
        if not self.proved:
            return f"no: {self.reason}"
        return "yes, of a pair that is not real" if self.pair else "yes"


def prove(problem: NetworkProblem, event: Event) -> Proof | None:
    """Prove a located event; None if python-flint is missing.

    Examples
    --------
    >>> import bifurc
    >>> branch = bifurc.trace("II", d=(12, 5))
    >>> print(prove(branch.problem, branch.events[0]))
    proved between 5.58550524741... and 5.58550524743...
    """
    if flint is None:
        return None
    try:
        with precision(BITS), np.errstate(all="ignore"):
            return _prove(problem, event)
    except (NotCertifiedError, ZeroDivisionError) as error:
        return Proof(False, str(error))
    except TypeError as error:  # of a function that a kernel calls
        return Proof(False, f"The kernel is not made for interval arithmetic: {error}.")


def _prove(problem: NetworkProblem, event: Event) -> Proof:
    problem, X = unpinned(problem, event.X)
    system, centre = system_of(enclosed(problem), event, X)
    residual = system.rough(centre)
    error = [0.0] * len(centre)
    failure: ArithmeticError = NotCertifiedError("No box to try.")
    for k in EXPONENTS:
        radii = [
            2.0**-k * max(abs(float(c)), 2.0**-6) + INFLATION * e
            for c, e in zip(centre, error, strict=True)
        ]
        whole = box(centre, radii)
        try:
            found = proved_on(system, whole, centre, residual)
            zero = whole
            for _ in range(3):  # what Krawczyk's test leaves of a box that passes it, again
                zero = shrink(zero, centre, residual, system.jacobian(whole))
        except (NotCertifiedError, ZeroDivisionError) as reason:
            failure = reason
            step = (inverse(system.jacobian(whole)) * residual).entries()
            error = [float(abs(value).upper()) for value in step]
            continue
        _agree(found, event)
        return Proof(
            True,
            enclosure=decimals(zero[problem.n]),
            gap=float(found["gap"].lower()),
            pair=isinstance(system, PairSystem),
        )
    raise failure


def _agree(found: dict, event: Event) -> None:
    """Raise NotCertifiedError where a record states other things than what is proved."""
    sides = ("below", "above")
    proved = [Polynomial.parse(found["index"][side])(**event.parameters) for side in sides]
    stated = [event.index(side)(**event.parameters) for side in sides]
    if event.label == "LP":  # which sheet came first is a matter of the walk
        proved, stated = sorted(proved), sorted(stated)
    for side, one, other in zip(sides, proved, stated, strict=True):
        if abs(one - other) > 1e-6:
            raise NotCertifiedError(f"The index {side} the event is proved to be another one.")
    if found["exists"] == event.formal:
        raise NotCertifiedError("Whether the irrep exists is proved to be otherwise.")
