"""The thresholds of a family, or of a problem of one's own, for many values of a parameter."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bifurc import members, seeds
from bifurc.continuation.options import Options, Status
from bifurc.errors import EndedEarlyError
from bifurc.events.branch import Branch, examine, follow
from bifurc.events.records import Events
from bifurc.loss.kernels import kernel
from bifurc.loss.plane import Plane
from bifurc.loss.start import deviation, off_continuum
from bifurc.structure.families import Family
from bifurc.sweeps.several import Several
from bifurc.sweeps.walk import State, corrected, middle_holds, walk
from bifurc.sweeps.zeros import locate_all, spectra_of
from bifurc.switching.classify import classify

ANCHORS = 8  # single members between which the first points of the others are looked for
LIKE = 2.0  # times the largest deviation of anchors from the pattern that another may have
LEAST = 4  # members of one shape that are worth a batch


@dataclass(frozen=True, eq=False)
class Sweep:
    """Branches of one family for many values of a parameter.

    Attributes
    ----------
    name, values : str and ndarray, the parameter that is swept
    parameter : str, the one that runs along each branch
    branches : list of Branch, or None where there is none
    notes : list of str
        Why there is no branch, or why it ended before it was done; else "".
    together : ndarray of bool
        Which members were walked side by side; the others one by one.
    """

    name: str
    values: np.ndarray
    parameter: str
    branches: list[Branch | None]
    notes: list[str]
    together: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        first, last = self.values[0], self.values[-1]
        count = sum(len(branch.events) for branch in self.branches if branch is not None)
        missing = sum(branch is None for branch in self.branches)
        early = sum(bool(note) for note in self.notes) - missing
        said = f"Sweep of {len(self)} members, {self.name} from {first:.6g} to {last:.6g}"
        return f"{said}: {count} events; {missing} without a branch, {early} ended early"

    def rows(self) -> Iterator[dict[str, Any]]:
        """The events as plain data, by members; a member without events has none."""
        for value, branch in zip(self.values.tolist(), self.branches, strict=True):
            for event in branch.events if branch is not None else ():
                yield {
                    self.name: value,
                    self.parameter: event.lam,
                    "irrep": "+".join(zero.component.irrep for zero in event.zeros),
                    "set": "+".join(",".join(zero.component.sets) for zero in event.zeros),
                    "kind": event.kind,
                    "transition": event.transition,
                    "formal": event.formal,
                    "sheet": event.sheet,
                    "loss": event.loss,
                }

    def to_dataframe(self) -> Any:
        """The events as a pandas DataFrame; what is to be said of members in its ``attrs``.

        Raises
        ------
        ModuleNotFoundError
            If pandas is not installed.
        """
        import pandas as pd

        found = pd.DataFrame(list(self.rows()))
        notes = zip(self.values.tolist(), self.notes, strict=True)
        found.attrs["notes"] = {value: note for value, note in notes if note}
        return found

    def thresholds(self, event: str, which: int = 0) -> np.ndarray:
        """Where an event lies on each branch, such as ``thresholds("s[bulk]")``; (members,).

        nan where a branch has none, or less than ``which`` + 1 of them.
        """
        found = np.full(len(self), np.nan)
        for i, branch in enumerate(self.branches):
            named = [one for one in branch.events if one.name == event] if branch else []
            if len(named) > which:
                found[i] = named[which].lam
        return found


def sweep(
    problem: Any, options: Options | None = None, kinds: bool = False, **parameters: Any
) -> Sweep:
    """Trace a problem for each of many values of one of its parameters.

    Members of a family that have one shape are followed side by side; what
    cannot be is followed one by one.

    Parameters
    ----------
    problem : Family, bifurc.Problem, str or Path
        A family or its name, a case file, or a problem of one's own.
    options : Options, optional
        Or single ones by name.
    kinds : bool
        Whether to name the kind of each event from its normal form, which takes longer than to
        find it. Without that only folds have theirs.
    **parameters
        A pair (from, to) for the parameter that runs, an array for the one
        that is swept, numbers or expressions for others.

    Returns
    -------
    Sweep

    Raises
    ------
    ValueError
        If not exactly one parameter is an array of numbers.

    Examples
    --------
    >>> found = sweep("M", d=(12, 6.5), p=np.linspace(1.2, 2.4, 5))
    >>> print(found)
    Sweep of 5 members, p from 1.2 to 2.4: 4 events; 0 without a branch, 0 ended early
    >>> found.thresholds("s[bulk]").round(6)
    array([     nan, 6.613354, 7.189204, 7.744189, 8.282911])
    """
    from bifurc.own.problem import Problem

    options, parameters = seeds.split_options(options, parameters)
    arrays = [name for name, given in parameters.items() if isinstance(given, np.ndarray | range)]
    if len(arrays) != 1:
        raise ValueError(
            "Give an array of values for exactly one parameter, such as p=numpy.linspace(1, 6, "
            f"50); got {len(arrays)}."
        )
    (name,) = arrays
    values = np.asarray(parameters[name], dtype=float)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError(f"The values of {name!r} must be a list of finite numbers, not empty.")
    about = seeds.named(problem)
    if isinstance(about, Family | Problem):
        about.with_parameters(**{name: float(values[0])})  # an unknown one is said at once
    others = {key: given for key, given in parameters.items() if key != name}
    runs, ends, _ = seeds.running({**seeds.window_of(seeds.case_of(problem)), **others})
    branches: list[Branch | None] = [None] * len(values)
    notes, together = [""] * len(values), np.zeros(len(values), bool)
    for i, branch in _side_by_side(problem, name, values, others, options).items():
        branches[i], together[i] = branch, True
    for i in np.flatnonzero(~together).tolist():
        branches[i], notes[i] = _alone(problem, {**others, name: float(values[i])}, options)
    for i, found in enumerate(branches):
        if found is None:
            continue
        if found.status is not Status.WINDOW:
            notes[i] = f"It ended at {found.points[-1].lam:.10g}. {found.status.value}"
        if kinds:
            named = Events(classify(found.problem, event) for event in found.events)
            branches[i] = replace(found, events=named)
    return Sweep(name, values, runs, branches, notes, together)


def _alone(problem: Any, parameters: Mapping[str, Any], options: Options):
    """The branch of one member, and why there is none."""
    try:
        seed = seeds.seed(problem, parameters)
        return follow(seed.problem, seed.start, seed.window, options), ""
    except (ValueError, ArithmeticError, EndedEarlyError) as error:
        return None, str(error)


def _side_by_side(problem, name: str, values: np.ndarray, others, options) -> dict[int, Branch]:
    """The branches of the members that can be followed together, by their places."""
    family = seeds.named(problem)
    if not isinstance(family, Family):
        return {}
    runs, (first, last), fixed = seeds.running(others)
    try:
        family = family.with_parameters(**fixed)
        shapes = _shapes(family, runs, name, values, (first, last))
    except ValueError:
        return {}  # each says so of itself
    found: dict[int, Branch] = {}
    for places in shapes:
        if len(places) >= LEAST:
            batch = _Batch(family, runs, name, values[places])
            for k, branch in batch.branches(first, last, options).items():
                found[places[k]] = branch
    return found


def _shapes(family: Family, runs: str, name: str, values: np.ndarray, ends):
    """Values of one shape, each with the places of the members that have it.

    A set that has one point all along the line has another shape than a larger one.
    """
    plane = family.line(runs, name)
    sizes = [size.substitute(plane) for size in family.structure.size.values()]
    shapes: dict[tuple[bool, ...], list[int]] = {}
    for i, value in enumerate(values.tolist()):
        try:
            for end in ends:
                here = {n: poly(lam=end, mu=value) for n, poly in plane.items()}
                family.structure.check_sizes(here)
        except ValueError:
            continue
        single = tuple(all(size(lam=lam, mu=value) == 1 for lam in (0.0, 1.0)) for size in sizes)
        shapes.setdefault(single, []).append(i)
    return list(shapes.values())


class _Batch:
    """Members of one shape."""

    def __init__(self, family: Family, runs: str, name: str, values: np.ndarray):
        self.family, self.runs, self.name, self.values = family, runs, name, values
        first = family.with_parameters(**{name: float(values[0])})
        structure = family.structure.along(first.line(runs))
        self.plane = Plane(
            structure,
            kernel(family.kernel),
            family.line(runs, name),
            kernel_parameters=family.kernel_parameters,
        )
        self.lines = [self.plane.at(0.0, value) for value in values.tolist()]

    def branches(self, first: float, last: float, options: Options) -> dict[int, Branch]:
        """By places, of those that could be followed."""
        together = Several.of(self.lines)
        started = None if together is None else self._started(together, first, options)
        if together is None or started is None:
            return {}
        start, kept = started
        if (last - first) * (start.tangents[0, -1] if len(kept) else 1.0) < 0:
            start.tangents *= -1.0
        several = together.at(kept)
        points, arrived = walk(several, start, last, options)
        done = np.flatnonzero(arrived)
        places, points = kept[done], [points[k] for k in done.tolist()]
        if not len(places):
            return {}
        lines, several = [self.lines[k] for k in places.tolist()], several.at(done)
        known = spectra_of(several, points)
        locate_all(several, known)
        window = min(first, last), max(first, last)
        return {
            place: examine(line, mine, Status.WINDOW, options, window, spectra)
            for place, line, mine, spectra in zip(
                places.tolist(), lines, points, known, strict=True
            )
            if spectra is not None
        }

    def _started(self, together: Several, first: float, options: Options):
        """Points of the members at ``first``, and the places of those that were found."""
        count = len(self.values)
        chosen = np.unique(np.linspace(0, count - 1, min(ANCHORS, count)).astype(int))
        far, states, off = [], [], []
        for k in chosen.tolist():
            mine = self.family.with_parameters(**{self.name: float(self.values[k])})
            reduced = self.lines[k]
            try:
                origin = members.where_defined(reduced, mine, reduced.parameters(first))
                on_path, x = off_continuum(origin.problem, origin.x, origin.first)
            except (ValueError, ArithmeticError, EndedEarlyError):
                return None
            if not origin.limit or on_path.pinned or not _same(on_path, reduced):
                return None
            far.append(origin.first)
            states.append(x)
            off.append(deviation(reduced, mine, x))
        order = np.argsort(self.values[chosen])
        at, table = self.values[chosen][order], np.array(states)[order]
        places = np.arange(count)
        guesses = np.column_stack(
            [np.interp(self.values, at, column) for column in [*table.T, np.array(far)[order]]]
        )
        upward = np.zeros_like(guesses)
        upward[:, -1] = np.sign(first - guesses[:, -1])
        found, good = corrected(together, guesses, upward, options)
        negatives = np.count_nonzero(found.values < 0, axis=-1)
        none = np.full(count, np.inf)
        good &= middle_holds(together, guesses, upward, none, negatives)
        good &= negatives == negatives[chosen[0]]
        most = LIKE * max(off)
        for k in np.flatnonzero(good).tolist():
            good[k] = deviation(self.lines[k], self.family, found.X[k, :-1]) <= most
        kept = places[good]
        if not len(kept):
            return None
        points, arrived = walk(together.at(kept), found[kept], first, options)
        done = np.flatnonzero(arrived).tolist()
        return _state([points[k][-1] for k in done]), kept[done]


def _same(one, other) -> bool:
    """Whether two problems run along the same line."""
    return all(one.parameters(lam) == other.parameters(lam) for lam in (0.0, 1.0))


def _state(points: Sequence):
    parts = ("X", "tangent", "scales", "jacobian", "values")
    X, tangents, scales, slopes, values = (
        np.array([getattr(point, part) for point in points]) for part in parts
    )
    nothing = np.zeros(len(points))
    return State(X, tangents, scales, slopes, values, nothing.astype(int), nothing)
