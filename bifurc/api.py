"""The calls of a script or notebook: a problem by name, its branch, what is born on it."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bifurc import given, members, seeds
from bifurc.continuation.limit import is_met
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.trust import judge, judge_both_ways
from bifurc.errors import EndedEarlyWarning, OtherBranchWarning
from bifurc.events.branch import Branch, follow
from bifurc.events.marks import When, marked, watching
from bifurc.events.records import Event, Events
from bifurc.events.states import State
from bifurc.loss.problem import NetworkProblem
from bifurc.structure import families
from bifurc.structure.families import Family
from bifurc.switching.classify import classify
from bifurc.threads import one_thread

if TYPE_CHECKING:
    from bifurc.loci.locus import Locus


def family(name: str, **parameters: Any) -> Family:
    """Return the built-in family ``name``, with values for its parameters.

    Examples
    --------
    >>> family("M", p=2.5).parameters["p"]
    2.5
    """
    return families.find(name).with_parameters(**parameters)


def problem(family: Any, parameter: str = "d"):
    """The reduced problem of a family, or of one's own problem, along one of its parameters."""
    return seeds.along(seeds.named(family), parameter)


def as_family(family: Any) -> Family:
    """A family, or the one that a name or a case file stands for."""
    found = seeds.named(family)
    if not isinstance(found, Family):
        raise ValueError(
            "This is for families of networks: give one, its name or its case file; got "
            f"{type(found).__name__} {getattr(found, 'name', 'about a model')!r}."
        )
    return found


@one_thread()
def member(
    family: Any, parameter: str | None = None, value: float | None = None, **parameters: Any
) -> tuple[Any, Point]:
    """The family's critical point at one value of a parameter.

    See :mod:`bifurc.members`: it is followed from where the family is defined; that of
    a problem of one's own from where it starts.

    Parameters
    ----------
    family : Family, Problem, str or Path
        A family, its name, a case file or a problem of one's own.
    parameter, value : str and float, optional
        The parameter along which the returned problem runs.
    **parameters
        Values by name, ``member("M", d=20, p=3)``; the first one runs, if no
        ``parameter`` is named.

    Raises
    ------
    ValueError
        If a size has no meaning there.
    StartError
        If the family is not found where it is defined.
    EndedEarlyError
        If its branch does not reach ``value``.

    Examples
    --------
    >>> reduced, point = member("M", d=20, p=3)
    >>> round(float(reduced.loss(point.x, 20.0)), 9)
    0.03215162
    """
    if parameter is None:
        parameter, value, parameters = first_of(parameters)
    there = seeds.member_of(family, parameter, given.number(parameter, value), parameters)
    return there.problem, there.point


def first_of(parameters: Mapping[str, Any]) -> tuple[str, float, dict[str, Any]]:
    """The parameter along which a member is found, its value, and the others."""
    if not parameters:
        raise ValueError("Say where, such as d=12.")
    (name, value), *others = parameters.items()
    return name, given.number(name, value), dict(others)


@one_thread()
def trace(
    problem: Any,
    options: Options | None = None,
    checked: bool = False,
    both: bool = False,
    events: Sequence[When] = (),
    record: Mapping[str, Callable[[State], float]] | None = None,
    start: Any = None,
    **parameters: Any,
) -> Branch:
    """Trace a problem along one parameter and find every event on the way.

    Parameters
    ----------
    problem : Family, bifurc.Problem, str or Path
        A family or its name, a case file, or a problem of one's own.
    options : Options, optional
        Or single ones by name, such as ``ds_max=0.3``.
    checked : bool
        Verify each step by a step back as well.
    both : bool
        Of a problem that starts inside its window, the branch both ways.
    events : sequence of bifurc.when(...), optional
        Functions to watch; where they take their values is in ``branch.marks``.
    record : mapping from names to functions of a state, optional
        Further columns of ``branch.to_dict()`` and ``branch.to_dataframe()``.
    start : array, state, point, event, branch or the file of one, optional
        Where to start instead: a state at the first end of the window, or one
        with its own parameter; of a branch its last point, to go on from there.
    **parameters
        A pair (from, to) for the parameter that runs, such as ``d=(40, 3.1)``;
        numbers or expressions for others.

    Returns
    -------
    Branch
        With ``points``, ``events``, ``spectrum`` and ``status``. An event's
        ``proof`` says whether it is proved in interval arithmetic, if
        python-flint is there.

    Warns
    -----
    EndedEarlyWarning
        If the branch ended before it was done.
    OtherBranchWarning
        If it comes to another point than the family's member there.

    Examples
    --------
    >>> branch = trace("II", d=(40, 5))
    >>> print(branch.events[0])
    BP at d = 5.585505247: s[bulk], transcritical, saddle -> minimum
    """
    watched = watching(events)
    columns = given.one_of("record", record or {}, Mapping, "a table of functions by name")
    for name, function in columns.items():
        given.function(f"record[{name!r}]", function, "a state")
    trust = judge_both_ways if given.flag("checked", checked) else judge
    options, parameters = seeds.split_options(options, parameters)
    if start is None:
        seed = seeds.seed(problem, parameters, both)
    else:
        seed = seeds.restarted(problem, parameters, both, start)
    branch = follow(seed.problem, seed.start, seed.window, options, trust=trust)
    _warn(ended_early(branch), EndedEarlyWarning)
    _warn(_elsewhere(seed, branch), OtherBranchWarning)
    if watched:
        branch = marked(branch, watched, options)
    reduced = branch.problem
    recorded = {
        n: np.array([given.result(n, f, one) for one in branch]) for n, f in columns.items()
    }
    return replace(
        branch,
        events=Events(
            _with_calls(reduced, classify(reduced, event), seed.family) for event in branch.events
        ),
        recorded=recorded,
    )


def _with_calls(problem: Any, event: Event, family: Family | None) -> Event:
    """The event of a family, which can be proved and followed in a second parameter."""
    if family is None:
        return event
    return replace(event, follow=partial(_locus_of, family), prove=partial(proof_of, problem))


def _locus_of(family: Family, event: Event, *where: Any, **how: Any) -> "Locus":
    """The locus of a family's event in two parameters; see :func:`bifurc.loci.family.of_event`."""
    from bifurc.loci.family import of_event  # loads scipy.optimize

    return of_event(family, event, *where, **how)


def _warn(said: str | None, category: type[Warning]) -> None:
    if said:
        warnings.warn(said, category, stacklevel=4)  # past the one that keeps to one thread


def _elsewhere(seed: seeds.Seed, branch: Branch) -> str | None:
    """That a branch has come to another point than the member of its family there, if it has."""
    folded = any(event.turns for event in branch.events)
    if seed.family is None or seed.defines or folded or branch.status is not Status.WINDOW:
        return None
    end = branch.points[-1]
    if is_met(end, branch.problem.neutrals.own):
        return None  # on a continuum nothing tells its points apart
    if members.agrees(seed.problem, seed.family, end.x, end.lam) is not False:
        return None
    where = ", ".join(f"{n} = {v:.6g}" for n, v in branch.problem.parameters(end.lam).items())
    return (
        f"The branch comes to another point at {where} than the member of {seed.family.name!r} "
        "there: two branches of the name meet between the ends of this window."
    )


def proof_of(problem: NetworkProblem, event: Event):
    """Prove a located event in interval arithmetic; None if python-flint is missing."""
    from bifurc.proof.event import prove  # takes longer to import than to do

    return prove(problem, event)


@one_thread()
def locus(
    family: Any,
    event: str,
    params: tuple[str, str] | None = None,
    window: Any = None,
    search: tuple[float, float] | None = None,
    near: float | None = None,
    options: Options | None = None,
    **windows: Any,
) -> "Locus":
    """Trace an event of a family in two parameters, with what happens on the way.

    The family is traced along the first parameter, the second one at its own
    value; the event found there is then followed both ways.

    Parameters
    ----------
    family : Family, str or Path
    event : str
        ``"s:bulk"`` (irrep and set), ``"x"`` (irrep), or ``"fold"``.
    params : (str, str), optional
        The two that run; by default those that have a window, else d and p.
    window : pair for the second parameter, or pairs by name, optional
    search : pair, optional
        Where along the first parameter the event is looked for; by default its
        window, or (40, 3.1) if it has none.
    near : float, optional
        Which of several such events: the one nearest to this value of the
        first parameter. By default the one with the largest.
    options : Options, optional
        Or single ones by name.
    **windows
        A window by name for each of the two, ``d=(40, 3.1), p=(1, 3)``; values
        for other parameters.

    Examples
    --------
    >>> curve = locus("M", "s:bulk", d=(40, 3.1), p=(1, 3))
    >>> round(curve.at(p=1)[0]["d"], 9)  # the event of type II
    5.585505247
    """
    from bifurc.loci.family import two, wanted

    as_family(family)
    given.one_of("event", event, str, 'the name of one, such as "s:bulk"')
    if near is not None:
        given.number("near", near)
    options, windows = seeds.split_options(options, windows)
    named = {name: ends for name, ends in windows.items() if isinstance(ends, tuple | list)}
    first, second = two(params or (tuple(named) if len(named) == 2 else ("d", "p")))
    if not isinstance(window, Mapping):
        window = {second: window} if window else {}
    window = {**{name: ends for name, ends in named.items() if name == second}, **window}
    along = tuple(search or window.get(first) or named.get(first) or (40.0, 3.1))
    fixed: dict[str, Any] = {n: value for n, value in windows.items() if n not in named}
    branch = trace(family, **{first: along, **fixed})
    found = wanted(branch.events, event, near)
    curve = found.locus((first, second), window, options)
    return replace(curve, sheet=found.sheet) if max(branch.sheets) > 1 else curve


@one_thread()
def explore(
    problem: Any,
    depth: int = 1,
    *,
    both: bool = False,
    max_branches: int = 200,
    search: Any = None,
    options: Options | None = None,
    executor: Any = None,
    folder: str | Path | None = None,
    progress: Any = None,
    start: Any = None,
    **parameters: Any,
):
    """Follow a problem and every branch born on it, and on those, ``depth`` times.

    Parameters
    ----------
    problem : Family, bifurc.Problem, str or Path
        As for :func:`trace`; so are ``both`` and ``parameters``.
    depth : int
        How many times to switch branches; 0 follows the family alone.
    max_branches : int
        The most branches to follow; what is cut off is said in the graph.
    search : bifurc.Search, optional
        Which isotropy subgroups to try.
    options : Options, optional
    executor : concurrent.futures.Executor, optional
        Follows independent branches in parallel.
    folder : path, optional
        Where finished branches are saved, and taken from if they are there. It
        belongs to one run: the same problem, window, options and search.
    progress : callable (name, branch, waiting), optional
    start : BranchGraph or the folder of a run, optional
        What was followed of it in a window that lies in this one is taken
        over, and goes on where that window ended. Or where to start, as for
        :func:`trace`.
    **parameters
        As for :func:`trace`.

    Returns
    -------
    BranchGraph

    Raises
    ------
    ValueError
        If the folder belongs to another run.

    Warns
    -----
    EndedEarlyWarning
        If branches ended before they were done.

    Examples
    --------
    >>> graph = explore("II", d=(12, 5), depth=0)
    >>> for transition in graph.transitions():
    ...     print(transition)
    b0 (S(d - 1) x S(1)) at 5.58550524743: s[bulk] transcritical, saddle -> minimum, minimum from 6
    """
    from bifurc.exploration import Plan, explore_from
    from bifurc.restart import known_branches
    from bifurc.switching.subgroups import Search

    place = None if folder is None else given.place("folder", folder)
    if progress is not None:
        given.function("progress", progress, "(name, branch, waiting)")
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise ValueError(f"executor needs one of concurrent.futures, got {executor!r}.")
    options, parameters = seeds.split_options(options, parameters)
    known = None if start is None else known_branches(start)
    if start is None or known is not None:
        seed = seeds.seed(problem, parameters, both)
    else:
        seed = seeds.restarted(problem, parameters, both, start)
    plan = Plan(
        window=seed.window,
        depth=depth,
        max_branches=max_branches,
        search=search or Search(),
        options=options,
    )
    graph = explore_from([tuple(seed)], plan, executor, place, progress, known or ())
    if early := graph.ended_early():
        said = f"Some branches ended early. {' '.join(early)}"
        _warn(said, EndedEarlyWarning)
    return graph


def ended_early(branch: Branch) -> str | None:
    """Why a branch ended before it was done, or None."""
    if branch.status.early:
        return f"The branch ended at {branch.points[-1].lam:.10g}. {branch.status.value}"
    return None
