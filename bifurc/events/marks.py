"""Where a function that a user gives passes zero along a branch.

Such places are no events of the Hessian: nothing is born there. They are
located on the branch itself, by a root of the function over the corrected
points of a step, and labelled UZ as AUTO does. A function that passes zero
twice within a step is seen if it has changed sign at the step's middle.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from bifurc import given
from bifurc.continuation.options import Options, Status
from bifurc.continuation.step import Step
from bifurc.events.states import State, state

LABEL = "UZ"
EXACT = 1e-15  # of a step: a root is located to rounding
ITERATIONS = 200  # of the root finder; it takes about ten
HALF = 0.5


@dataclass(frozen=True)
class When:
    """A function of a state that is watched along a branch; see :func:`when`."""

    function: Callable[[State], float]
    value: float = 0.0
    name: str = ""
    stop: bool = False

    def __call__(self, at: State) -> float:
        return given.result(self.name, self.function, at) - self.value


@dataclass(frozen=True, eq=False)
class Mark:
    """Where a watched function takes its value.

    Attributes
    ----------
    name : str
    lam : float
    state : State
    position : float
        Number of the point before it, plus the share of the step.
    """

    name: str
    lam: float
    state: State
    position: float
    label: str = LABEL

    def __repr__(self) -> str:
        return f"{self.label} at {self.lam:.10g}: {self.name}"


def when(
    function: Callable[[State], float], value: float = 0.0, name: str = "", stop: bool = False
) -> When:
    """Watch where ``function`` takes ``value`` along a branch.

    Parameters
    ----------
    function : callable (State) -> float
        Of ``state.x``, ``state.lam``, ``state.loss``, ``state.eigenvalues``, ...
    value : float
    name : str
        By default that of the function.
    stop : bool
        Whether the branch ends there.

    Examples
    --------
    >>> import bifurc
    >>> low = bifurc.when(lambda state: state.loss, 0.02, name="loss")
    >>> branch = bifurc.trace("II", d=(20, 6), events=[low])
    >>> print(*branch.marks)
    UZ at 9.010141148: loss
    """
    given.function("when()", function, "a state")
    called = name or getattr(function, "__name__", "function")
    return When(function, given.number("value", value), called, given.flag("stop", stop))


def watching(events: Any) -> list[When]:
    """The functions to watch, as a list."""
    found = [events] if isinstance(events, When) else events
    return [
        given.one_of("An entry of events", one, When, "a bifurc.when(...)")
        for one in given.one_of("events", found, (list, tuple), "a list of bifurc.when(...)")
    ]


def marked(branch: Any, watched: Sequence[When], options: Options) -> Any:
    """The branch with its marks, in order; cut at the first that stops it."""
    each = [(mark, one.stop) for one in watched for mark in _marks(branch, one, options)]
    each.sort(key=lambda pair: pair[0].position)
    found = [mark for mark, _ in each]
    end = next((mark for mark, stops in each if stops), None)
    if end is None:
        return replace(branch, marks=tuple(found))
    kept = [mark for mark in found if mark.position <= end.position]
    events = type(branch.events)(e for e in branch.events if e.position <= end.position)
    points = [*branch.points[: int(end.position) + 1], end.state.point]
    return replace(branch, points=points, events=events, status=Status.STOPPED, marks=tuple(kept))


def _marks(branch: Any, watched: When, options: Options) -> Iterator[Mark]:
    """Where one function takes its value."""
    from scipy.optimize import brentq  # waited for where it is needed

    for i, ends in enumerate(pairwise(branch.points)):
        step, sheet = Step(branch.problem, *ends), branch.sheet_at(i)

        def at(share: float, step=step, sheet=sheet) -> State | None:
            if share in (0.0, 1.0):
                point = step.one if share == 0.0 else step.other
            else:
                point = step.corrected(share, options)
            return None if point is None else state(branch.problem, sheet, point)

        states = [(share, at(share)) for share in (0.0, HALF, 1.0)]
        known = [(share, watched(one)) for share, one in states if one is not None]
        for (a, low), (b, high) in pairwise(known):
            if low * high > 0 or (low == 0 and (i or a)):
                continue  # a zero at a point counts for the step that ends there
            share = a if low == 0 else b
            if low * high < 0:
                share = brentq(
                    lambda s, at=at: watched(at(s)), a, b, xtol=EXACT, maxiter=ITERATIONS
                )
            there = at(share)
            if there is not None and (low == 0 or high == 0 or low * high < 0):
                yield Mark(watched.name, there.lam, there, i + share)
