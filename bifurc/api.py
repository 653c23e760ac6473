"""The calls of a script or notebook: a family by name, its branch, its spectrum."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bifurc import members
from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.continuation.trust import judge, judge_both_ways
from bifurc.errors import EndedEarlyWarning
from bifurc.events.branch import Branch, follow
from bifurc.events.records import Event, Events
from bifurc.loci.family import of_event, two, wanted
from bifurc.loci.locus import Locus
from bifurc.loss.kernels import kernel
from bifurc.loss.problem import NetworkProblem
from bifurc.structure import families
from bifurc.structure.families import Family
from bifurc.switching.classify import classify
from bifurc.threads import one_thread

FOLLOWED = 500  # coordinates: memory grows with their square, and 1000 took 4 GB and 40 s


def family(name: str, **parameters: Any) -> Family:
    """Return the built-in family ``name``, with values for its parameters.

    Examples
    --------
    >>> family("M", p=2.5).parameters["p"]
    2.5
    """
    return families.find(name).with_parameters(**parameters)


def problem(family: Family | str, parameter: str = "d") -> NetworkProblem:
    """The reduced problem of a family along one of its parameters."""
    family = as_family(family)
    line = family.line(parameter)
    if (n := len(family.structure.coordinates)) > FOLLOWED:
        raise ValueError(
            f"Family {family.name!r} has {n} coordinates; up to {FOLLOWED} are followed. "
            "Use fewer point sets."
        )
    return NetworkProblem(
        family.structure.along(line), kernel(family.kernel), line,
        kernel_parameters=family.kernel_parameters,
    )  # fmt: skip


def as_family(family: Family | str) -> Family:
    """A family, or the built-in one of that name."""
    return families.find(family) if isinstance(family, str) else family


@one_thread()
def member(family: Family | str, parameter: str, value: float) -> tuple[NetworkProblem, Point]:
    """The family's critical point at one value of a parameter.

    See :mod:`bifurc.members`: it is followed from where the family is defined.

    Raises
    ------
    ValueError
        If a size has no meaning there.
    StartError
        If the family is not found where it is defined.
    EndedEarlyError
        If its branch does not reach ``value``.
    """
    family = as_family(family)
    found = members.find(problem(family, parameter), family, value)
    return found.problem, found.point


@one_thread()
def trace(
    family: Family | str,
    options: Options | None = None,
    checked: bool = False,
    **parameters: Any,
) -> Branch:
    """Trace a family along one parameter and find every event on the way.

    Parameters
    ----------
    family : Family or str
    options : Options, optional
    checked : bool
        Verify each step by a step back as well.
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

    Examples
    --------
    >>> branch = trace("II", d=(40, 5))
    >>> print(branch.events[0])
    BP at d = 5.585505247: s[bulk], transcritical, saddle -> minimum
    """
    reduced, start, window = at_first(family, parameters)
    trust = judge_both_ways if checked else judge
    branch = follow(reduced, start, window, options, trust=trust)
    if reason := ended_early(branch):
        warnings.warn(reason, EndedEarlyWarning, stacklevel=2)
    parameter, (first, _), others = running(parameters)
    fixed = as_family(family).with_parameters(**others, **{parameter: first})
    events = (classify(reduced, event) for event in branch.events)
    return replace(
        branch,
        events=Events(
            replace(
                event,
                locus=partial(of_event, fixed, event),
                prove=partial(proof_of, reduced, event),
            )
            for event in events
        ),
    )


def proof_of(problem: NetworkProblem, event: Event):
    """Prove a located event in interval arithmetic; None if python-flint is missing."""
    from bifurc.proof.event import prove  # takes longer to import than to do

    return prove(problem, event)


@one_thread()
def locus(
    family: Family | str,
    event: str,
    params: tuple[str, str] = ("d", "p"),
    window: Any = None,
    search: tuple[float, float] | None = None,
    near: float | None = None,
    options: Options | None = None,
) -> Locus:
    """Trace an event of a family in two parameters, with what happens on the way.

    The family is traced along the first parameter, the second one at its own
    value; the event found there is then followed both ways.

    Parameters
    ----------
    family : Family or str
    event : str
        ``"s:bulk"`` (irrep and set), ``"x"`` (irrep), or ``"fold"``.
    params : (str, str)
    window : pair for the second parameter, or pairs by name, optional
    search : pair, optional
        Where along the first parameter the event is looked for; by default its
        window, or (40, 3.1) if it has none.
    near : float, optional
        Which of several such events: the one nearest to this value of the
        first parameter. By default the one with the largest.
    options : Options, optional

    Examples
    --------
    >>> curve = locus("M", "s:bulk", ("d", "p"), window=(1, 3))
    >>> round(curve.at(p=1)[0]["d"], 9)  # the event of type II
    5.585505247
    """
    first, second = two(params)
    if not isinstance(window, Mapping):
        window = {second: window} if window else {}
    along = tuple(search or window.get(first) or (40.0, 3.1))
    runs: dict[str, Any] = {first: along}
    branch = trace(family, **runs)
    found = wanted(branch.events, event, near)
    assert found.locus is not None  # events of a traced family have one
    return found.locus((first, second), window, options)


@one_thread()
def explore(
    family: Family | str,
    depth: int = 1,
    *,
    max_branches: int = 200,
    search: Any = None,
    options: Options | None = None,
    executor: Any = None,
    folder: str | Path | None = None,
    progress: Any = None,
    **parameters: Any,
):
    """Follow a family and every branch born on it, and on those, ``depth`` times.

    Parameters
    ----------
    family : Family or str
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
    b0 (all of G) at 5.58550524743: s[bulk] transcritical, saddle -> minimum, minimum from 6
    """
    from bifurc.exploration import Plan, explore_from
    from bifurc.switching.subgroups import Search

    reduced, start, window = at_first(family, parameters)
    plan = Plan(
        window=window,
        depth=depth,
        max_branches=max_branches,
        search=search or Search(),
        options=options or Options(),
    )
    seed = ("all of G", reduced, start)
    place = None if folder is None else Path(folder)
    graph = explore_from([seed], plan, executor, place, progress)
    if early := graph.ended_early():
        said = f"Some branches ended early. {' '.join(early)}"
        warnings.warn(said, EndedEarlyWarning, stacklevel=2)
    return graph


def at_first(family: Family | str, parameters: dict[str, Any]):
    """The problem, its point at the first end of the window, heading for the other, the window."""
    parameter, (first, last), others = running(parameters)
    family = as_family(family).with_parameters(**others)
    reduced = problem(family, parameter)
    for end in (first, last):
        family.structure.check_sizes(reduced.parameters(end))
    reduced, start = member(family, parameter, first)
    if start.tangent[-1] * (last - first) < 0:
        start = replace(start, tangent=-start.tangent)
    return reduced, start, (min(first, last), max(first, last))


def running(parameters: dict[str, Any]) -> tuple[str, tuple[float, float], dict[str, Any]]:
    """Split keywords into the one running parameter, its window and the fixed others."""
    runs = {name: value for name, value in parameters.items() if isinstance(value, tuple | list)}
    if len(runs) != 1:
        raise ValueError(
            "Give a window (from, to) for exactly one parameter, such as d=(40, 3.1); got "
            f"{len(runs)}."
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


def ended_early(branch: Branch) -> str | None:
    """Why a branch ended before it was done, or None."""
    if branch.status.early:
        return f"The branch ended at {branch.points[-1].lam:.10g}. {branch.status.value}"
    return None
