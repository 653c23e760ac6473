"""A branch at one value of its parameter: as many states as it has sheets there."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from bifurc import given
from bifurc.continuation.constants import NOISE
from bifurc.continuation.correct import correct_at
from bifurc.continuation.options import Options
from bifurc.continuation.point import Point, point_of
from bifurc.continuation.step import Step
from bifurc.events.records import signs
from bifurc.protocol import Problem
from bifurc.structure.polynomial import Polynomial

ROUNDING = 4 * np.finfo(float).eps  # of lam: values less apart are one
ROUNDS, PARTS = 10, 32  # of dividing a step, down to rounding
ITERATIONS = 30  # of Newton, which is slow near a fold
ON_STEP = 0.25  # of the step: a state further from where it is looked for is on another branch


@dataclass(frozen=True, eq=False)
class State:
    """The branch at one value of its parameter."""

    sheet: int
    point: Point = field(repr=False)
    loss: float
    index: Polynomial  # Morse index, in the parameters; of eigenvalues that are told from zero
    is_minimum: bool  # neutral directions aside, and as far as second derivatives tell
    zeros: tuple[str, ...]  # labels of blocks with an eigenvalue that is zero to rounding
    x: np.ndarray  # (n,), the full state, whatever fixed-point space it lies in
    eigenvalues: dict[str, np.ndarray]  # of each block, by its label, ascending

    def __repr__(self) -> str:
        kind = "minimum" if self.is_minimum else f"index {self.index}"
        kind += f", zero in {', '.join(self.zeros)}" if self.zeros else ""
        return f"State: at {self.lam:.10g} on sheet {self.sheet}, loss {self.loss:.10g}, {kind}"

    @property
    def smallest(self) -> float:
        """The smallest eigenvalue of all blocks."""
        return min(float(values[0]) for values in self.eigenvalues.values() if len(values))

    @property
    def lam(self) -> float:
        """The parameter."""
        return self.point.lam


def states(branch, value: dict[str, float], sheet: int | None = None) -> list[State]:
    """See :meth:`bifurc.events.branch.Branch.at`."""
    running = branch.problem.parameter
    if list(value) != [running]:
        raise ValueError(f"Give the parameter that runs, such as {running}=12; got {value}.")
    lam = given.number(running, value[running])
    found = [state(branch.problem, on, point) for on, point in passes(branch, lam, True)]
    found = [one for one in found if sheet in (None, one.sheet)]
    if not found:
        which = "" if sheet is None else f" on sheet {sheet}"
        raise ValueError(
            f"The branch does not come by {running} = {lam:.10g}{which}; it has "
            f"{branch.sheets[-1]} sheets between {branch.lam.min():.6g} and {branch.lam.max():.6g}."
        )
    return found


def state(problem: Problem, sheet: int, point: Point) -> State:
    """All that is said of a point of a branch."""
    blocks = problem.blocks(point.x, point.lam)
    eigens = {c: block.eigen() for c, block in blocks.items()}
    loss = float(problem.losses(point.x[None], point.X[-1:])[0])
    parameters = problem.parameters(point.lam)
    total, zeros = signs(eigens, parameters, NOISE + problem.error)
    minimum = not (total.terms or zeros or problem.neutrals.undecided(parameters))
    values = {c.label: eigen.values for c, eigen in eigens.items()}
    return State(sheet, point, loss, total, minimum, zeros, problem.full_state(point.x), values)


@dataclass(frozen=True, eq=False)
class _Knot:
    """A point of a branch, or an event on it, where lam may turn."""

    position: float
    X: np.ndarray  # (n + 1,)
    turn: bool = False

    def off(self, lam: float) -> float:
        """How far it is from a value of the parameter; 0 where that may be rounding."""
        off = self.X[-1] - lam
        return off if abs(off) > ROUNDING * max(abs(lam), abs(self.X[-1]), 1e-300) else 0.0


def passes(branch, lam: float, at_events: bool = False) -> Iterator[tuple[int, Point]]:
    """Where a branch comes by a value of its parameter: sheets and corrected points.

    Points where its own Hessian is singular, of which other branches have part, are among
    them if ``at_events``.
    """
    asked = [event for event in branch.events if event.turns or at_events]
    events = [_Knot(event.position, event.X, event.turns) for event in asked]
    knots = [_Knot(i, point.X) for i, point in enumerate(branch.points)] + events
    knots.sort(key=lambda knot: knot.position)
    sheet, before = 1, 1.0
    for one, other in zip(knots, [*knots[1:], None], strict=True):
        sheet += one.turn
        off = one.off(lam)
        if not off and before and (at_events or not one.turn):
            yield sheet - one.turn, _at_knot(branch, one)
        elif other is not None and off * other.off(lam) < 0:
            point = _between_knots(branch, one, other, lam)
            if point is not None:
                yield sheet, point
        before = off


def _at_knot(branch, knot: _Knot) -> Point:
    """The branch at a knot; at an event it may be singular, and is known from its location."""
    i = int(knot.position)
    if i == knot.position:
        return branch.points[i]
    way = Step(branch.problem, branch.points[i], branch.points[i + 1])
    return point_of(branch.problem, knot.X, way.tangent(knot.position - i))


def _guess(step: Step, lam: float) -> np.ndarray:
    """Where the cubic of a step first comes by a value of the parameter, (n + 1,)."""
    low, high = 0.0, 1.0
    for _ in range(ROUNDS):
        shares = np.linspace(low, high, PARTS + 1)
        ahead = (step.guess(shares[1:-1])[:, -1] < lam) == (step.other.lam > step.one.lam)
        k = int(np.argmin([*ahead, False]))
        low, high = shares[k : k + 2]
    return step.guess((low + high) / 2)


def _between_knots(branch, one: _Knot, other: _Knot, lam: float) -> Point | None:
    """The point at this parameter between two knots; None if Newton does not find it."""
    i = min(int(one.position), len(branch.points) - 2)
    start, end = branch.points[i : i + 2]
    if one.turn or other.turn:
        turn, far = (one.X, other.X) if one.turn else (other.X, one.X)
        # the parameter goes with the square of the way from where it turns
        guess = turn + np.sqrt((lam - turn[-1]) / (far[-1] - turn[-1])) * (far - turn)
    else:
        guess = _guess(Step(branch.problem, start, end), lam)
    guess[-1] = lam
    along = other.X - one.X
    point = correct_at(branch.problem, guess, along, Options(max_iterations=ITERATIONS)).point
    if point is None or point.tangent[-1] * along[-1] < 0:
        return None  # on another sheet, or another branch
    room = ON_STEP * np.linalg.norm((end.X - start.X) / start.scales)
    return point if np.linalg.norm((point.X - guess) / start.scales) <= room else None
