"""A branch: its points, why it ended, its eigenvalues and its events."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np

from bifurc import given
from bifurc.continuation.neutral import at_rest, settled, suspected
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.start import in_box, in_units
from bifurc.continuation.trace import trace
from bifurc.continuation.within import ALL, within
from bifurc.errors import NotDefinedError
from bifurc.events import views
from bifurc.events.detect import find, refine
from bifurc.events.marks import Mark
from bifurc.events.pieces import Piece, pieces
from bifurc.events.place import describe, leading, together, turning
from bifurc.events.records import Born, Event, Events, morse_index
from bifurc.events.spectra import Spectra, spectra
from bifurc.events.states import State, state, states
from bifurc.events.touch import touches
from bifurc.protocol import Problem
from bifurc.structure.polynomial import Polynomial

# so near, in arclength, to where the loss is not defined nothing need be explained; a window may
# end just there
EDGES = {Status.OUTSIDE: 1e-2, Status.WINDOW: 1e-6}


@dataclass(frozen=True, eq=False)
class Branch:
    """A traced branch with everything that happens on it.

    Attributes
    ----------
    problem : the problem it solves
    points : list of Point, in the order of the walk
    status : Status
        Why it ended.
    events : Events
        A list of Event, in the order of the walk; ``events["s[bulk]"]`` is one of them.
    isotropy : str
        Name of the group that fixes its states.
    born : Born or None
        The event that it was born at, and on which branch; then the first
        point is that event. None for a branch that was started.
    """

    problem: Problem
    points: list[Point]
    status: Status
    events: Events
    isotropy: str = ""
    born: Born | None = None
    marks: tuple[Mark, ...] = ()  # where functions that a user watches take their values
    recorded: dict[str, np.ndarray] = field(default_factory=dict)  # columns that a user asked for

    def __post_init__(self):
        object.__setattr__(self, "events", Events(self.events))

    @property
    def lam(self) -> np.ndarray:
        """The parameter at each point, shape (points,)."""
        return np.array([point.lam for point in self.points])

    @property
    def x(self) -> np.ndarray:
        """The full states, whatever fixed-point space they lie in; shape (points, n)."""
        return self.problem.full_state(np.array([point.x for point in self.points]))

    @cached_property
    def loss(self) -> np.ndarray:
        """The loss at each point, shape (points,); nan if the problem has none."""
        return self.problem.losses(np.array([point.x for point in self.points]), self.lam)

    @property
    def index(self) -> list[Polynomial]:
        """The Morse index at each point, in the parameters."""
        return [self.index_at(i) for i in range(len(self.points))]

    @cached_property
    def spectra(self) -> Spectra:
        """Eigenvalues of every block with their speeds along the branch."""
        return spectra(self.problem, self.points)

    @property
    def spectrum(self) -> views.Spectrum:
        """All isotypic eigenvalues: component to (points, eigenvalues), ascending."""
        return views.Spectrum(self.spectra.values)

    @cached_property
    def pieces(self) -> list[Piece]:
        """The stretches between events, on which the Morse index is constant, in order."""
        return pieces(self)

    def index_at(self, i: int) -> Polynomial:
        """Morse index at point ``i`` as a polynomial in the parameters.

        At the event that the branch is born at it is that of the branch from there on.
        """
        i = 1 if self.born is not None and i % len(self.points) == 0 else i
        parameters = self.problem.parameters(self.points[i].lam)
        return morse_index(self.spectra.negatives(i), parameters)

    @property
    def note(self) -> str:
        """What has to be said of all its indices; empty if there is nothing."""
        return self.problem.neutrals.note(self.problem.parameters(self.points[0].lam))

    def is_minimum(self) -> np.ndarray:
        """Whether each point is a minimum, neutral directions aside; shape (points,).

        Not where only derivatives of higher order decide.
        """
        return np.array([self._is_minimum(i) for i in range(len(self.points))])

    def _is_minimum(self, i: int) -> bool:
        undecided = self.problem.neutrals.undecided(self.problem.parameters(self.points[i].lam))
        return not self.index_at(i).terms and not undecided

    def after(self, first: Point) -> "Branch":
        """The same branch with one more point in front, the event that it is born at."""
        events = (replace(event, position=event.position + 1) for event in self.events)
        return replace(self, points=[first, *self.points], events=Events(events))

    def sheet_at(self, position: float) -> int:
        """On which sheet a place lies: 1 from the start on, one more after each turn of lam."""
        return 1 + sum(event.turns and event.position < position for event in self.events)

    @property
    def sheets(self) -> np.ndarray:
        """The sheet of each point, shape (points,)."""
        return np.array([self.sheet_at(i) for i in range(len(self.points))])

    @overload
    def at(self, sheet: None = None, **value: float) -> list[State]: ...

    @overload
    def at(self, sheet: int, **value: float) -> State: ...

    def at(self, sheet: int | None = None, **value: float) -> list[State] | State:
        """The branch at one value of its parameter, such as ``branch.at(d=12)``.

        Parameters
        ----------
        sheet : int, optional
            Which sheet of a branch that folds; all by default.
        **value
            The parameter that runs and its value.

        Returns
        -------
        list of State, in the order of the walk; one State if ``sheet`` is given

        Raises
        ------
        ValueError
            If another parameter runs, or the branch does not come by.
        """
        found = states(self, value, sheet)
        return found if sheet is None else found[0]

    def __call__(self, value: float) -> np.ndarray:
        """The full state at a value of the parameter, corrected to the accuracy of the points.

        Shape (n,); (sheets, n) where the branch comes by several times.
        """
        found = np.array([one.x for one in states(self, {self.problem.parameter: value})])
        return found[0] if len(found) == 1 else found

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, i):
        """Point ``i``, with all that is said of it."""
        if isinstance(i, slice):
            return [self[j] for j in range(len(self.points))[i]]
        i = range(len(self.points))[given.whole("The number of a point", i, -len(self.points))]
        return state(self.problem, self.sheet_at(i), self.points[i])

    def __iter__(self) -> Iterator[State]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return views.headline(self)

    def __str__(self) -> str:
        return views.table(self)

    def _repr_html_(self) -> str:
        return views.page(self)

    def to_dict(self) -> dict[str, Any]:
        """The points as columns of numbers, the events and the end, as plain data."""
        points = {name: values.tolist() for name, values in views.columns(self).items()}
        events = [event.to_dict() for event in self.events]
        return {"points": points, "events": events, "end": self.status.value}

    def to_dataframe(self) -> Any:
        """A pandas DataFrame with a row for each point; see :func:`bifurc.events.views.frame`."""
        return views.frame(self)

    def to_xarray(self) -> Any:
        """The spectra as an xarray Dataset; see :func:`bifurc.events.views.dataset`."""
        return views.dataset(self)

    def save(self, path: str | Path) -> None:
        """Write the branch to an ``.npz`` file, for :func:`bifurc.load`."""
        from bifurc.graph.files import save_branch

        path = given.place("path", path)
        if path.suffix != ".npz":
            raise ValueError(f"A branch is saved as .npz, got {path}.")
        save_branch(path, self)

    def first_minimum(self, event: Event) -> int | None:
        """The first whole parameter past an event that makes a minimum.

        All sizes are whole there. None if the event makes no minimum, or the
        branch has no such value before the next event.
        """
        if event.transition != "saddle -> minimum" or event.formal or event.turns:
            return None
        if not any(changing(self.problem)):
            return None  # it is no size that runs
        above = [
            piece
            for piece in self.pieces
            if event in (piece.first.event, piece.last.event) and piece.X[:, -1].max() > event.lam
        ]
        return min((n for piece in above for n in piece.minimum_at), default=None)


def changing(problem: Problem) -> list[str]:
    """Names of the sizes that change with the parameter."""
    one, other = problem.sizes(0.0), problem.sizes(1.0)
    return [name for name in one if one[name] != other[name]]


def follow(
    problem: Problem,
    start: Point,
    window,
    options: Options | None = None,
    lead: Sequence[Point] = (),
    **choices,
) -> Branch:
    """Trace a branch to its end and find everything on it.

    ``lead`` are points that come before the start: first the event that the
    branch is born at, where a zero is no sign, and those that follow are
    searched like the rest.

    Parameters
    ----------
    problem, start, window, options
        See :func:`bifurc.continuation.trace.trace`; so are ``choices``.
    """
    options = options or Options()
    seen, first = in_units(*at_rest(problem, start), window)
    branch = _followed(seen, first, window, options, lead, **choices)
    if branch.status.early:
        again, at = in_box(seen, first, branch.points)
        other = branch if again is seen else _followed(again, at, window, options, lead, **choices)
        branch = branch if other.status.early else other
    return branch.after(lead[0]) if lead else branch


def _followed(problem: Problem, start: Point, window, options: Options, lead, **choices) -> Branch:
    points, status = collect(trace(problem, start, window, options, **choices))
    return examine(problem, [*lead[1:], *points], status, options, window)


def collect(walk: Generator[Point, None, Status]) -> tuple[list[Point], Status]:
    """All points of a trace and why it ended."""
    points = []
    while True:
        try:
            points.append(next(walk))
        except StopIteration as end:
            return points, end.value


def examine(
    problem: Problem,
    points: list[Point],
    status: Status,
    options: Options,
    window=ALL,
    known: Spectra | None = None,
) -> Branch:
    """Find the events along traced points; ``known`` are their spectra, if there are some."""
    if len(points) < 2:
        return Branch(problem, points, status, Events())
    last = points[-1]
    inside = within(problem, window)
    if known is None:
        points, known = _defined(inside, points)
        status = status if points[-1] is last else Status.OUTSIDE
    if suspected(inside, known.values):
        inside = settled(inside, known.X)
        problem = problem.with_neutrals(inside.neutrals)
        known = spectra(inside, points)
    points, known = refine(inside, points, known, options)
    found, believed = find(inside, points, known, options)
    if believed < len(points):
        # the last points before the edge of definition may already lie beyond it
        at_edge = known.lengths[believed - 1 :].sum() < EDGES.get(status, 0.0)
        points, status = points[:believed], Status.OUTSIDE if at_edge else Status.JUMP
    found += touches(inside, points, known, options, found)
    places = together(problem, sorted(found, key=lambda one: one.position))
    steps = [min(int(place[0].position), len(points) - 2) for place in places]
    at = np.array([leading(place).at.X for place in places] or np.zeros((0, problem.n + 1)))
    losses = problem.losses(at[:, :-1], at[:, -1]).tolist() if places else []
    events = Events()
    for number, (place, i) in enumerate(zip(places, steps, strict=True)):
        sheet = 1 + sum(event.turns for event in events)
        # lam may have turned on the step before
        turns = sum(turning(places[k]) for k in range(number) if steps[k] == i)
        way = np.sign(points[i].tangent[-1] or points[i + 1].tangent[-1]) * (-1) ** turns
        beside = [other for other, step in zip(places, steps, strict=True) if step == i]
        events.extend(describe(inside, place, points, known, i, beside, sheet, way, losses[number]))
    return Branch(problem, points, status, events)


def _defined(problem: Problem, points: list[Point]) -> tuple[list[Point], Spectra]:
    """The points and their spectra, but for a last one that Newton moved to where nothing is."""
    try:
        return points, spectra(problem, points)
    except NotDefinedError:
        if len(points) < 3:
            raise
        return points[:-1], spectra(problem, points[:-1])
