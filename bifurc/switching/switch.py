"""Turn a located event into the branches that are born there.

In the fixed-point space of a smaller group the event is an ordinary branch
point. A group is axial if the kernel there is one line (Equivariant Branching
Lemma): then there is a branch, its direction is the null vector, and the
reduced equation of :mod:`bifurc.switching.normal_form` says where it goes.

References
----------
.. [1] Golubitsky, Stewart, Schaeffer, "Singularities and Groups in Bifurcation
   Theory II", Springer 1988, theorem XIII.3.3.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

import numpy as np

from bifurc.continuation.correct import correct
from bifurc.continuation.neutral import recognised
from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.events.records import Event
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.split import split
from bifurc.switching.isotropy import larger_isotropy, reversed_by_relabelling
from bifurc.switching.normal_form import NormalForm, reduce
from bifurc.switching.subgroups import Search, Subgroup, proposals

OWN = "the branch's own"
AMPLITUDES = (0.05, 0.02, 0.005, 0.001)  # distances from the event to start at, in scales


@dataclass(frozen=True, eq=False)
class Candidate:
    """A smaller group, its problem, and the event in its fixed-point space."""

    isotropy: str
    problem: Any
    X: np.ndarray  # (n + 1,)
    tangent: np.ndarray | None = (
        None  # (n + 1,), of the known branch if it may move along the kernel
    )


@dataclass(frozen=True)
class Attempt:
    """What became of a proposed isotropy subgroup."""

    isotropy: str
    outcome: str

    def __str__(self) -> str:
        return f"{self.isotropy}: {self.outcome}"


@dataclass(frozen=True, eq=False)
class Birth:
    """A half-branch at its start."""

    isotropy: str
    problem: Any
    form: NormalForm
    sign: int  # of the amplitude along the kernel vector
    start: Point


@singledispatch
def candidates(problem, event: Event, search: Search) -> Iterator[Candidate | Attempt]:
    """Smaller groups to try at an event; an Attempt for one that cannot exist there."""
    yield Candidate(OWN, problem, event.X, event.tangent)


@candidates.register
def _(problem: NetworkProblem, event: Event, search: Search):
    proposed: list[Subgroup] = []
    for component in (zero.component for zero in event.zeros):
        if component.irrep == "t":
            yield Candidate(OWN, problem, event.X, event.tangent)
        elif component.irrep == "k":
            proposed.append(Subgroup({}))
        else:
            proposed.extend(proposals(component, problem.structure.size, search))
    for subgroup in {str(one): one for one in proposed}.values():
        parts = split(problem.structure, subgroup.parts, subgroup.generators)
        try:
            parts.structure.check_sizes(event.parameters)
        except ValueError:
            yield Attempt(str(subgroup), "a part would be smaller than one point")
            continue
        parts = parts.along(problem.line)
        X = np.append(parts.embedding @ event.X[:-1], event.lam)
        yield Candidate(str(subgroup), problem.on(parts.structure), X)


def switch(problem, event: Event, search: Search | None = None, options: Options | None = None):
    """All half-branches born at an event, each once up to relabelling.

    Parameters
    ----------
    problem : the problem of the branch that the event lies on
    event : Event
    search : Search, optional
        How many isotropy subgroups to try.
    options : Options, optional
        For the corrector.

    Returns
    -------
    births : list of Birth
    attempts : list of Attempt
        Every subgroup tried, and what became of it.
    """
    births: list[Birth] = []
    attempts: list[Attempt] = []
    if event.kind in ("fold", "pair") or event.formal:  # of a pair no eigenvalue is zero
        return births, attempts
    options = options or Options()
    if event.kind == "tangential":
        births, outcome = _crossing(problem, event, options)
        return births, [Attempt(OWN, outcome)]
    for candidate in candidates(problem, event, search or Search()):
        if isinstance(candidate, Attempt):
            attempts.append(candidate)
            continue
        if problem.neutrals.zeros and candidate.isotropy != OWN:
            # zeros that other blocks have here may lie in the fixed space of the candidate
            held = recognised(candidate.problem, candidate.X[:-1], float(candidate.X[-1]))
            candidate = replace(candidate, problem=held)
        found, outcome = _at(candidate, options)
        births.extend(found)
        attempts.append(Attempt(candidate.isotropy, outcome))
    return births, attempts


def _at(candidate: Candidate, options: Options) -> tuple[list[Birth], str]:
    """The half-branches with one isotropy, and a word on how many there are."""
    try:
        form = reduce(candidate.problem, candidate.X, candidate.tangent)
    except (NotDefinedError, ZeroRowError, np.linalg.LinAlgError):
        return [], "the loss is not smooth there"
    if form is None:
        return [], "not axial: the kernel in its fixed space is not one line"
    if candidate.isotropy != OWN and larger_isotropy(
        candidate.problem, candidate.X[:-1], form.kernel
    ):
        return [], "its branch has a larger isotropy"
    if form.kind == "degenerate":
        return [], "degenerate: the normal form is not determined to third order"
    signs = (
        (1,)
        if reversed_by_relabelling(candidate.problem, candidate.X[:-1], form.kernel)
        else (1, -1)
    )
    births = []
    for sign in signs:
        start = leave(candidate.problem, candidate.X, form, sign, options)
        if start is not None:
            births.append(Birth(candidate.isotropy, candidate.problem, form, sign, start))
    return births, f"{form.kind}, {len(births)} half-branches" + (
        "" if len(births) == len(signs) else " (of which some could not be started)"
    )


def _crossing(problem, event: Event, options: Options) -> tuple[list[Birth], str]:
    """Both ways along the branch that is crossed where lam turns: a pitchfork met from its side."""
    upward = np.eye(len(event.X))[-1]
    try:
        form = reduce(problem, event.X, upward)
    except (NotDefinedError, ZeroRowError, np.linalg.LinAlgError):
        return [], "the loss is not smooth there"
    if form is None or form.speed == 0:
        return [], "no single branch crosses there"
    scales = problem.scales(event.lam)
    along = form.trivial / np.linalg.norm(form.trivial / scales)
    line = form.kernel / scales[:-1] ** 2
    births = []
    for sign in (1, -1):
        for amplitude in AMPLITUDES:
            guess = event.X + sign * amplitude * along
            point = correct(problem, guess, sign * along, options).point
            if point is None:
                continue
            moved = (point.X - event.X)[:-1] - (point.lam - event.lam) * form.trivial[:-1]
            if abs(line @ moved) < 0.5 * amplitude:
                start = replace(point, evaluations=point.iterations)
                births.append(Birth(OWN, problem, form, sign, start))
                break
    return births, f"met from its side, {len(births)} half-branches of the branch that it crosses"


def leave(problem, X: np.ndarray, form: NormalForm, sign: int, options: Options) -> Point | None:
    """The first point of a half-branch, off the event; None if Newton falls back."""
    scales = problem.scales(X[-1])
    line = form.kernel / scales[:-1] ** 2
    for amplitude in AMPLITUDES:
        s = sign * amplitude
        tangent = sign * form.tangent(s)
        tangent = tangent / np.linalg.norm(tangent / scales)
        point = correct(problem, form.guess(X, s), tangent, options).point
        if point is None:
            continue
        moved = (point.X - X)[:-1] - (point.lam - X[-1]) * form.trivial[:-1]
        if 0.5 < (line @ moved) / s < 2.0:
            return replace(point, evaluations=point.iterations)
    return None
