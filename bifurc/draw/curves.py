"""The numbers behind a picture: branches as curves, events as marks.

All that is drawn is computed here first, so that the same numbers can be
printed, saved as CSV and compared in tests. Lines are smooth because points
are inserted on the branch itself, not because a spline bends between them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import ceil

import numpy as np

from bifurc import given
from bifurc.continuation.point import Point
from bifurc.continuation.step import Step
from bifurc.events.branch import Branch
from bifurc.events.pieces import Piece
from bifurc.events.records import Event
from bifurc.graph.graph import BranchGraph
from bifurc.loss.problem import NetworkProblem
from bifurc.protocol import Field, Problem
from bifurc.structure.irreps import Component

Source = Branch | BranchGraph | Mapping[str, Branch]
Scalar = Callable[[Problem, np.ndarray], np.ndarray | None]
ITERATIONS = 4  # of Newton from a guess that is good to the fourth order of the step
STILL = 3e-5  # of a point: an update below it leaves its square, which no picture shows
AWAY = 0.1  # of a step: how far a point in between may be from the cubic between its ends
EDGE = 1e-4  # relative: points so near a value of the parameter are drawn as one
TOLD = 8  # names of coordinates in a message
POINTS = 240  # on a branch within the window: no corner can be seen at print width


@dataclass(frozen=True, eq=False)
class Curve:
    """A piece of a branch on which the Morse index, as a polynomial, is constant."""

    branch: str
    label: str  # its isotropy, or the name it was given
    index: str  # the Morse index, a polynomial in the parameters
    stable: bool
    x: np.ndarray  # (points,)
    y: np.ndarray  # (points,)

    def rows(self) -> list[dict]:
        """One row for each point, as plain data."""
        about = {"branch": self.branch, "isotropy": self.label, "index": self.index}
        return [about | {"x": float(x), "y": float(y)} for x, y in zip(self.x, self.y, strict=True)]


@dataclass(frozen=True, eq=False)
class EventMark:
    """An event at its place in the picture."""

    branch: str
    event: Event
    x: float
    y: float


def loss(problem: Problem, X: np.ndarray) -> np.ndarray:
    """The loss at a batch of points (points, n + 1)."""
    return problem.losses(X[:, :-1], X[:, -1])


def norm(problem: Problem, X: np.ndarray) -> np.ndarray:
    """The norm of W (of the state, for a plain model)."""
    weights = np.array([problem.weights(lam) for lam in X[:, -1]])
    return np.sqrt((np.abs(weights) * X[:, :-1] ** 2).sum(axis=1))


def smallest(problem: Problem, X: np.ndarray) -> np.ndarray:
    """The smallest eigenvalue of the Hessian among irreps that exist; neutral ones left out."""
    return lowest(spectrum(problem, X), len(X))


def smallest_along(problem: Problem, X: np.ndarray) -> np.ndarray:
    """The same at points in the order of a curve; see :func:`unjoined`."""
    found = spectrum(problem, X)
    return unjoined(found, lowest(found, len(X)), X[:, -1])


def spectrum(problem: Problem, X: np.ndarray) -> dict[Component, np.ndarray]:
    """Eigenvalues (points, copies) at a batch of points; nan where an irrep does not exist."""
    parameters = [problem.parameters(lam) for lam in X[:, -1]]
    found = {}
    for component, block in problem.blocks(X[:, :-1], X[:, -1]).items():
        values = block.eigen().values
        there = np.array([component.exists(p) for p in parameters])
        if values.shape[-1] and there.any():
            found[component] = np.where(there[:, None], values, np.nan)
    return found


def lowest(values: dict[Component, np.ndarray], count: int) -> np.ndarray:
    """The smallest of the eigenvalues at each of ``count`` points; inf where there is none."""
    parts = [one.min(axis=-1) for one in values.values()]
    return np.fmin.reduce([np.full(count, np.inf), *parts])


def unjoined(values: dict[Component, np.ndarray], low: np.ndarray, lam: np.ndarray) -> np.ndarray:
    """Smallest eigenvalues along a curve over lam, nan where the irrep of the last one is no more.

    There the smallest eigenvalue is suddenly another one: a line across would
    look as if an eigenvalue had gone through all that is between.
    """
    found = low.copy()
    for one in values.values():
        own = one.min(axis=-1)
        for here, there in ((slice(None, -1), slice(1, None)), (slice(1, None), slice(None, -1))):
            ends = np.isnan(own[there]) & (own[here] == low[here])
            edges = lam[there][ends]
            near = np.abs(lam[:, None] - edges) <= EDGE * (1 + np.abs(edges))
            found[near.any(axis=1)] = np.nan
    return found


def coordinate(problem: Problem, X: np.ndarray, name: str) -> np.ndarray | None:
    """One coordinate of the full state by its name; None if there is none of that name."""
    names = problem.coordinate_names
    return problem.full_state(X[:, :-1])[:, names.index(name)] if name in names else None


SCALARS: dict[str, Scalar] = {"loss": loss, "norm": norm, "smallest": smallest}


def scalar(y: str | Scalar) -> Scalar:
    """What to draw over the parameter: a name, or any function of (problem, X)."""
    return y if callable(y) else SCALARS.get(y) or partial(coordinate, name=y)


def members(source: Source) -> list[tuple[str, str, Branch]]:
    """Every branch of a source with its name and label."""
    if isinstance(source, Branch):
        return [("branch", "branch", source)]
    if isinstance(source, BranchGraph):
        isotropy = {d["branch"]: d["isotropy"] for *_, d in source.graph.edges(data=True)}
        return [(name, isotropy.get(name, name), b) for name, b in source.branches.items()]
    given.one_of("What is drawn", source, Mapping, "a branch, a graph or a table of branches")
    return [
        (str(name), str(name), given.one_of(f"Branch {name!r}", branch, Branch, "a branch"))
        for name, branch in source.items()
    ]


def curves(
    source: Source,
    y: str | Scalar = "loss",
    x: str | None = None,
    window: tuple[float, float] | None = None,
    points: int = POINTS,
) -> list[Curve]:
    """The pieces of all branches.

    Parameters
    ----------
    source : Branch, BranchGraph or mapping from names to branches
    y : str or callable
        "loss", "norm", "smallest" (eigenvalue), the name of a coordinate, or
        a function of (problem, X) with X of shape (points, n + 1). Branches
        that have no such coordinate are left out.
    x : str, optional
        The parameter to draw over; the one that runs by default.
    window : (float, float), optional
        Part of the running parameter to draw.
    points : int
        How many points each branch gets at least.

    Raises
    ------
    ValueError
        If no branch has this coordinate or parameter, or none is in the window.
    """
    of, found = smallest_along if y == "smallest" else scalar(y), []
    for name, label, branch in members(source):
        for piece, X in drawn(branch, window, points):
            heights = of(branch.problem, X)
            if heights is None:
                break
            at, index = abscissae(branch.problem, X, x), piece.index.text()
            found.append(Curve(name, label, index, piece.stable, at, np.asarray(heights)))
    if not found:
        raise ValueError(_nothing(source, y, window))
    return found


def marks(
    source: Source,
    y: str | Scalar = "loss",
    x: str | None = None,
    window: tuple[float, float] | None = None,
    formal: bool = False,
) -> list[EventMark]:
    """The events of all branches, formal ones only if asked for."""
    of, found = scalar(y), []
    low, high = ends_of(window)
    for name, _, branch in members(source):
        shown = [e for e in branch.events if (formal or not e.formal) and low <= e.lam <= high]
        X = np.array([event.X for event in shown])
        heights = of(branch.problem, X) if shown else None
        if heights is not None:
            at = abscissae(branch.problem, X, x)
            found += [
                EventMark(name, event, x_of, float(height))
                for event, x_of, height in zip(shown, at.tolist(), heights, strict=True)
            ]
    return found


def abscissae(problem: Problem, X: np.ndarray, x: str | None) -> np.ndarray:
    """The values of a parameter at a batch of points."""
    name = x or problem.parameter
    values = [problem.parameters(lam) for lam in X[:, -1]]
    if name not in values[0]:
        raise ValueError(f"There is no parameter {name!r}; there is {', '.join(values[0])}.")
    return np.array([one[name] for one in values])


def drawn(branch: Branch, window=None, points: int = POINTS) -> list[tuple[Piece, np.ndarray]]:
    """The pieces of a branch with points on them, closely spaced; each (points, n + 1).

    Both ends are those of the piece; one that crosses the window comes with
    what is inside and one neighbour on either side.
    """
    low, high = ends_of(window)
    at, X = _dense(branch, (low, high), given.whole("points", points, 1))
    defined = X[:, -1] >= _least(branch)
    found: list[tuple[Piece, np.ndarray]] = []
    for piece in branch.pieces:
        here = (at > piece.first.position) & (at < piece.last.position) & defined
        whole = np.array([piece.first.X, *X[here], *_end(branch, piece, points)])
        found.extend((piece, part) for part in _inside(whole, low, high))
    return found


def ends_of(window) -> tuple[float, float]:
    """Both ends of a window, all of the line without.

    Raises
    ------
    ValueError
        If it is no pair of numbers.
    """
    if window is None:
        return -np.inf, np.inf
    if not isinstance(window, tuple | list | np.ndarray) or len(window) != 2:
        raise ValueError(f"window needs two numbers, such as (4, 12); got {window!r}.")
    low, high = (given.number("window", end) for end in window)
    return low, high


def _end(branch: Branch, piece: Piece, points: int) -> list[np.ndarray]:
    """The last points of a piece: its end, and those before it if it lies behind the last point."""
    last, known = piece.last, branch.points[-1]
    if last.event is None and last.X[-1] < _least(branch):
        return []
    if last.position <= len(branch.points) - 1:
        return [last.X]
    inner = _lead(branch.problem, last.X, known, max(2, points // 8))[::-1]
    return [known.X, *inner] if piece.first.position < len(branch.points) - 1 else inner


def _inside(X: np.ndarray, low: float, high: float) -> list[np.ndarray]:
    """The runs of points in a window, with one neighbour on either side."""
    here = (X[:, -1] >= low) & (X[:, -1] <= high)
    wide = here.copy()
    wide[1:] |= here[:-1]
    wide[:-1] |= here[1:]
    changes = np.flatnonzero(np.diff(wide.astype(int))) + 1
    runs = np.split(np.arange(len(X)), changes)
    return [X[run] for run in runs if wide[run[0]] and len(run) > 1]


def _least(branch: Branch) -> float:
    """The least size; a last step may end a hair beyond it."""
    return branch.problem.least_lam


def _dense(branch: Branch, window, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of a branch with more in between, and their positions; (m,) and (m, n + 1)."""
    (low, high), known = window, branch.points
    lam = branch.lam
    seen = (np.minimum(lam[:-1], lam[1:]) <= high) & (np.maximum(lam[:-1], lam[1:]) >= low)
    parts = max(2, ceil(points / max(1, int(seen.sum()))))
    inner = _between(branch.problem, known, np.flatnonzero(seen), parts)
    at: list[float] = []
    X: list[np.ndarray] = []
    for i, point in enumerate(known):
        between = inner.get(i, np.empty(0))
        X.extend([point.X, *between])
        at.extend([float(i), *(i + share for share in _shares(branch, i, between))])
    return np.array(at), np.array(X)


def _shares(branch: Branch, i: int, between: np.ndarray) -> list[float]:
    """How far along their step points lie, as the positions of events are measured."""
    if not len(between):
        return []
    step = Step(branch.problem, branch.points[i], branch.points[i + 1])
    return [step.place(X) for X in between]


def _between(
    problem: Field, known: list[Point], steps: np.ndarray, parts: int
) -> dict[int, np.ndarray]:
    """Points that divide some of the steps of a branch; step to (points, n + 1)."""
    guesses, tangents, steps_of = [], [], []
    room = []  # a point further from its guess is on another step, or another branch
    for i in steps:
        step = Step(problem, known[i], known[i + 1])
        for share in np.arange(1, parts) / parts:
            guesses.append(step.guess(share))
            tangents.append(step.tangent(share))
            steps_of.append(i)
            room.append((step.chart, AWAY * step.length))
    if not guesses:
        return {}
    X, good = correct_all(problem, np.array(guesses), np.array(tangents))
    for k in np.flatnonzero(good):
        chart, reach = room[k]
        good[k] = np.linalg.norm(chart.into(X[k]) - chart.into(guesses[k])) <= reach
    owner = np.array(steps_of)
    return {i: X[good & (owner == i)] for i in steps}


def divided(problem: Field, known: list[Point], points: int = POINTS) -> np.ndarray:
    """Points of a branch with more in between, those known among them; (points, n + 1)."""
    steps = np.arange(len(known) - 1)
    inner = _between(problem, known, steps, max(1, ceil(points / max(1, len(steps)))))
    X: list[np.ndarray] = []
    for i in range(len(steps)):
        X.extend([known[i].X, *inner.get(i, np.empty(0))])
    return np.array([*X, known[-1].X])


def correct_all(problem: Field, guesses: np.ndarray, tangents: np.ndarray):
    """Newton for a batch of guesses, each across its own tangent.

    Returns
    -------
    X : ndarray, shape (points, n + 1)
    good : ndarray of bool, shape (points,)
        Which have converged, and to a point near their guess.
    """
    X, good = guesses.copy(), np.zeros(len(guesses), dtype=bool)
    left = np.arange(len(X))
    with np.errstate(all="ignore"):  # what leaves the domain is not good, and left out
        for _ in range(ITERATIONS):
            g, jacobian = _jacobians(problem, X[left])
            bordered = np.concatenate([jacobian, tangents[left, None, :]], axis=1)
            right = np.concatenate([-g, np.zeros((len(left), 1))], axis=1)
            finite = np.isfinite(bordered).all(axis=(1, 2)) & np.isfinite(right).all(axis=1)
            left, bordered, right = left[finite], bordered[finite], right[finite]
            try:
                step = np.linalg.solve(bordered, right[..., None])[..., 0]
            except np.linalg.LinAlgError:  # a guess hit a branch point to the last bit
                return guesses, np.zeros(len(guesses), dtype=bool)
            X[left] += step
            good[left] = np.abs(step).max(axis=1) <= STILL * np.abs(X[left]).max(axis=1)
            left = left[~good[left]]
            if not len(left):
                break
        good &= np.abs(X - guesses).max(axis=1) <= 0.1 * np.abs(X).max(axis=1)
    return X, good


def _jacobians(problem: Field, X: np.ndarray):
    """g (points, n) and its Jacobian (points, n, n + 1)."""
    if isinstance(problem, NetworkProblem):
        return problem.jacobian(X[:, :-1], X[:, -1], checked=False)
    each = [problem.jacobian(one[:-1], one[-1]) for one in X]
    return tuple(np.array(part) for part in zip(*each, strict=True))


def _lead(problem: Field, born: np.ndarray, first, parts: int) -> list[np.ndarray]:
    """Points from a branch point to a point of a branch through it, that one left out."""
    chart = problem.chart(first.lam)
    start, (end, slope) = chart.into(born), chart.lift(first.X, first.tangent)
    slope = slope * ((end - start) @ (end - start)) / (slope @ (end - start))
    r = np.arange(1, parts)[:, None] / parts
    guesses = chart.out(start + r * (2 * (end - start) - slope) + r * r * (slope - end + start))
    X, good = correct_all(problem, guesses, np.broadcast_to(first.tangent, guesses.shape))
    return [born, *X[good]]


def _nothing(source: Source, y, window) -> str:
    names = {n: None for *_, branch in members(source) for n in branch.problem.coordinate_names}
    if callable(y) or y in SCALARS or y in names:
        return f"No branch is in the window {window}; choose another."
    told = ", ".join([*SCALARS, *list(names)[:TOLD]])
    more = f" and {len(names) - TOLD} more coordinates" if len(names) > TOLD else ""
    return f"Nothing is called {y!r}; there is {told}{more}."
