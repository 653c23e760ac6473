"""What a call is about, and where it starts: one grammar for all of them.

A family, its name, a case file, or a problem of one's own: each is *a
problem*. ``name=value`` fixes a parameter of it and ``name=(from, to)`` lets
one run. A family starts at the first end of its window, a problem of one's own
at its own x0, and both head for the window's second end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bifurc import members
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.trace import point_at, trace
from bifurc.errors import EndedEarlyError
from bifurc.events.branch import collect
from bifurc.given import ARGUMENTS, flag, listed, one_of
from bifurc.loss.kernels import kernel
from bifurc.loss.problem import NetworkProblem
from bifurc.structure import families
from bifurc.structure.families import Family

CASE_FILE = ".toml"
ALIKE = 0.75  # words from there on are taken for one another, mistyped
FOLLOWED = 500  # coordinates: memory grows with their square, and 1000 took 4 GB and 40 s
if TYPE_CHECKING:  # what a family by its name need not wait for is imported where it is used
    from bifurc.case import Case
    from bifurc.continuation.problem import PlainProblem
    from bifurc.own.problem import Problem

WHOLE = "all of G"  # the isotropy of what is followed first


@dataclass(frozen=True, eq=False)
class Seed:
    """Where a walk starts."""

    problem: Any
    start: Point
    window: tuple[float, float]  # ascending
    family: Family | None = None  # with its parameters at the first end
    sheet: int = 1
    defines: bool = False  # whether all of the branch is the family's, see members.Member

    def __iter__(self):
        """Isotropy, problem and start."""
        return iter((WHOLE, self.problem, self.start))


def named(given: Any) -> "Family | Problem | Case":
    """The problem that a user means: a family, a problem, or a case about a model.

    Parameters
    ----------
    given : Family, Problem, Case, str or Path
        A name of a family, or the path of a case file.

    Raises
    ------
    ValueError
        If it is none of these, or there is no such name or file.
    """
    if isinstance(given, Family):
        return given
    if isinstance(given, str) and not given.endswith(CASE_FILE):
        return families.find(given)
    from bifurc.case import Case
    from bifurc.own.problem import Problem

    if isinstance(given, Problem):
        return given
    found = case_of(given)
    if not isinstance(found, Case):
        raise ValueError(
            "A problem is a family, its name, a case file or a bifurc.Problem; got "
            f"{type(given).__name__} {given!r}."
        )
    return of_case(found)


def case_of(given: Any) -> Any:
    """The case of a file; anything else as it is."""
    if isinstance(given, Path) or (isinstance(given, str) and given.endswith(CASE_FILE)):
        from bifurc.case import load_case

        return load_case(given)
    return given


def of_case(case: "Case") -> "Family | Problem | Case":
    """The family or the problem of a case; a case about a model stands for itself."""
    if case.problem is not None:
        from bifurc.own.problem import Problem

        given = case.problem.model_dump(exclude_none=True)
        found = Problem.from_file(given.pop("function"), case.folder, **given)
        return found.with_parameters(**{n: float(v) for n, v in case.set.items()})
    if case.model is not None:
        return case
    if isinstance(case.family, str):
        return families.find(case.family).with_parameters(**case.set)
    assert case.family is not None  # a case has one of the three
    given = case.family.model_dump(exclude_none=True)
    path, colon, name = given["kernel"].partition(":")
    if colon and path.endswith(".py"):  # a file beside the case
        given["kernel"] = f"{(case.folder / path).resolve()}:{name}"
    return Family.build(given.pop("name"), **given).with_parameters(**case.set)


def split_options(options: Options | None, keywords: Mapping[str, Any]):
    """Engine options given by name, such as ``ds_max=0.3``, apart from parameters.

    Returns
    -------
    Options, dict of the other keywords
    """
    if options is not None:
        one_of("options", options, Options, "a bifurc.Options")
    names = {entry.name for entry in fields(Options)}
    changed = {name: value for name, value in keywords.items() if name in names}
    others = {name: value for name, value in keywords.items() if name not in names}
    return replace(options or Options(), **changed), others


def along(given: "Family | Problem | Case", parameter: str):
    """The problem that the engine continues when ``parameter`` runs."""
    if not isinstance(given, Family):
        from bifurc.own.problem import Problem

        return given.along(parameter) if isinstance(given, Problem) else _model(given)[0]
    line = given.line(parameter)
    if (n := len(given.structure.coordinates)) > FOLLOWED:
        raise ValueError(
            f"Family {given.name!r} has {n} coordinates; up to {FOLLOWED} are followed. "
            "Use fewer point sets."
        )
    return NetworkProblem(
        given.structure.along(line), kernel(given.kernel), line,
        kernel_parameters=given.kernel_parameters,
    )  # fmt: skip


def seed(given: Any, parameters: Mapping[str, Any], both: bool = False) -> Seed:
    """Where a walk of a problem starts.

    Parameters
    ----------
    given : see :func:`named`
    parameters : mapping
        ``name=value`` fixes a parameter, ``name=(from, to)`` runs it. A case
        file brings a window of its own.
    both : bool
        Start at the far end of the branch on the other side of the start, so
        that the walk to the window's second end passes all of it. For problems
        that start inside their window.

    Raises
    ------
    ValueError
        If a parameter is unknown, no or two of them run, or the start is no
        critical point.
    """
    given = case_of(given)
    about = named(given)
    if not any(isinstance(value, tuple | list) for value in parameters.values()):
        parameters = {**window_of(given), **parameters}
    _check_words(about, parameters)
    name, (first, last), others = running(parameters)
    flag("both", both)
    if not isinstance(about, Family):
        return _inside(about, name, (first, last), others, both)
    if both:
        raise ValueError(
            f"A family starts at the first end of its window, {name} = {first:g}; both=True is "
            "for problems that start inside theirs."
        )
    return _of_family(about.with_parameters(**others), name, first, last)


def member_of(given: Any, name: str, value: float, others: Mapping[str, Any]) -> members.Member:
    """The critical point of a problem at one value of a parameter, and its sheet.

    A family's is followed from where the family is defined, that of another
    problem from where it starts.

    Raises
    ------
    EndedEarlyError
        If the branch does not reach that value.
    """
    about = named(given)
    if isinstance(about, Family):
        found = about.with_parameters(**others)
        return members.find(along(found, name), found, value)
    starts = _starts(about)
    first = starts[listed("The parameter", name, starts)]
    if first == value:
        there = at_start(about, name, value, others)
        return members.Member(there.problem, there.start, 1)
    there = seed(about, {**others, name: (first, value)})
    points, status = collect(trace(there.problem, there.start, there.window))
    if points[-1].lam != value:
        nearest = min((point.lam for point in points), key=lambda lam: abs(lam - value))
        raise EndedEarlyError(
            f"No critical point is known at {name} = {value:g}: the branch from {first:g} on comes "
            f"as near as {nearest:.6g}. {status.value}"
        )
    return members.Member(there.problem, points[-1], members.sheet_on(points))


def at_start(given: Any, name: str, value: float, others: Mapping[str, Any]) -> Seed:
    """The seed of a problem that is no family with its own start at a value of a parameter."""
    return seed(given, {**others, name: (value, value + 1.0)})


def _starts(about: "Problem | Case") -> dict[str, float]:
    """Where a problem that is no family starts, by the parameters that may run."""
    from bifurc.own.problem import Problem

    if isinstance(about, Problem):
        return dict(about.parameters)
    return {name: first for name, (first, _) in window_of(about).items()}


def restarted(given: Any, parameters: Mapping[str, Any], both: bool, start: Any) -> Seed:
    """Where a walk starts that goes on from what is there; see :func:`bifurc.restart.place_of`.

    A state without a parameter of its own is one at the window's first end.
    """
    from bifurc.own.problem import Problem
    from bifurc.restart import in_coordinates, place_of

    about, place = named(case_of(given)), place_of(start)
    _check_words(about, parameters)
    name, ends, others = running(parameters)
    flag("both", both)
    lam = ends[0] if place.lam is None else place.lam
    if not min(ends) <= lam <= max(ends):
        raise ValueError(
            f"The start lies at {name} = {lam:g}, outside the window from {ends[0]:g} to "
            f"{ends[1]:g}; widen it."
        )
    if place.problem is not None:
        plain = place.problem
        if plain.parameter != name:
            raise ValueError(f"The start is a branch in {plain.parameter!r}, not in {name!r}.")
    elif isinstance(about, Problem) and len(place.x) == len(about.x0):
        there = replace(about.with_parameters(**{**others, name: lam}), x0=place.x)
        return _inside(there, name, ends, {}, both)
    elif isinstance(about, Family | Problem):
        plain = along(about.with_parameters(**others), name)
    else:
        raise ValueError("A case about a model starts at its own x; it takes no start.")
    x, towards = in_coordinates(place, plain), ends[1] - lam or lam - ends[0]
    point = point_at(plain, x, lam, towards=towards)
    if place.way is not None and len(place.way) == len(point.tangent) and lam not in ends:
        ahead = point.tangent @ (place.way / point.scales**2)
        if place.problem is not None and ahead < 0:  # a branch goes on the way it went
            point = replace(point, tangent=-point.tangent)
    found = Seed(plain, point, (min(ends), max(ends)))
    return replace(found, start=_far_end(found)) if both else found


def _check_words(about: Any, words: Iterable[str]) -> None:
    """Raise ValueError where a word is no parameter, and was to be an option or an argument."""
    known = getattr(about, "parameters", None)
    if known is None:
        return
    for word in words:
        meant = get_close_matches(word, ARGUMENTS, n=1, cutoff=ALIKE)
        if word not in known and meant:
            raise ValueError(f"There is no option {word!r}. Did you mean {meant[0]!r}?")


def _inside(about, name: str, ends: tuple[float, float], others: dict, both: bool) -> Seed:
    """The seed of a problem, or a model, that starts inside its window."""
    from bifurc.own.check import answers, check
    from bifurc.own.problem import Problem

    first, last = ends
    if isinstance(about, Problem):
        about = about.with_parameters(**others)
        about.with_parameters(**{name: first})  # an unknown one is said first
        answers(about)
        about = about.scaled(name, ends)
        check(about)
        plain, value = about.along(name), about.parameters[name]
        x = about.start(plain)
    else:
        plain, x, value = *_model(about), first
    if not min(ends) <= value <= max(ends):
        raise ValueError(
            f"Problem {getattr(about, 'name', 'model')!r} starts at {name} = {value:g}, outside "
            f"the window from {first:g} to {last:g}; give it another value in `parameters`, with "
            "an x0 for it."
        )
    start = point_at(plain, x, value, towards=last - value or value - first)
    found = Seed(plain, start, (min(ends), max(ends)))
    return replace(found, start=_far_end(found)) if both else found


def window_of(given: Any) -> dict[str, tuple[float, float]]:
    """The window that a case brings along; none for anything else."""
    window = getattr(given, "window", {})
    return {name: (float(a), float(b)) for name, (a, b) in window.items()}


def _of_family(family: Family, name: str, first: float, last: float) -> Seed:
    reduced = along(family, name)
    for end in (first, last):
        family.structure.check_sizes(reduced.parameters(end))
    found = members.find(reduced, family, first)
    start = found.point
    if start.tangent[-1] * (last - first) < 0:
        start = replace(start, tangent=-start.tangent)
    window = min(first, last), max(first, last)
    fixed = family.with_parameters(**{name: first})
    return Seed(found.problem, start, window, fixed, found.sheet, found.defines)


def _model(case: "Case") -> tuple["PlainProblem", np.ndarray]:
    """A plain model by name, and the state that its case starts at."""
    from bifurc.models import model

    assert case.model is not None
    plain = model(case.model.name, **case.model.parameters)
    x = np.array(case.model.x, dtype=float)
    if len(x) != plain.n:
        raise ValueError(
            f"The start x of model {case.model.name!r} needs {plain.n} numbers, got {len(x)}."
        )
    return plain, x


def _far_end(found: Seed) -> Point:
    """Where the branch ends on the other side of a start, heading back."""
    back = replace(found.start, tangent=-found.start.tangent)
    points, status = collect(trace(found.problem, back, found.window))
    if status is Status.CLOSED:
        return found.start
    return replace(points[-1], tangent=-points[-1].tangent)


def running(parameters: Mapping[str, Any]) -> tuple[str, tuple[float, float], dict[str, Any]]:
    """Split keywords into the one running parameter, its window and the fixed others.

    Raises
    ------
    ValueError
        If not exactly one runs, or its window is none.
    """
    runs = {name: value for name, value in parameters.items() if isinstance(value, tuple | list)}
    if len(runs) != 1:
        raise ValueError(
            "Give a window (from, to) for exactly one parameter, such as d=(40, 3.1); got "
            f"{len(runs)}{': ' if runs else ''}{', '.join(runs)}."
        )
    ((name, window),) = runs.items()
    try:
        first, last = (float(end) for end in window)
    except (TypeError, ValueError):
        raise ValueError(f"The window of {name!r} needs two numbers, got {window!r}.") from None
    if not (np.isfinite(first) and np.isfinite(last)) or first == last:
        raise ValueError(
            f"The window of {name!r} is empty or not finite: from {first:g} to {last:g}."
        )
    return name, (first, last), {k: v for k, v in parameters.items() if k != name}
