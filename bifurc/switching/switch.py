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
from itertools import product

import numpy as np

from bifurc.continuation.neutral import recognised
from bifurc.continuation.newton import LOST
from bifurc.continuation.options import Options
from bifurc.events.records import Event
from bifurc.loss.problem import NetworkProblem
from bifurc.protocol import Problem
from bifurc.structure.checks import SLACK
from bifurc.structure.split import split
from bifurc.structure.structure import Structure
from bifurc.switching.arms import arms
from bifurc.switching.birth import EVERYWHERE, Birth, leave
from bifurc.switching.isotropy import (
    exchanged,
    larger_isotropy,
    reversed_by_relabelling,
)
from bifurc.switching.normal_form import Crossed, NormalForm, halves, kind_at, reduce
from bifurc.switching.subgroups import Search, Subgroup, proposals, within
from bifurc.switching.submaximal import solve, solve_touch

ALL = "all together"
OWN = "the branch's own"
OPEN = (  # what outcomes say where that is not all
    "left are",
    "missing",
    "not solved",
    "not determined",
    "not tell",
    "not be started",
    "alike to third order",
)
UPRIGHT = 1e-13  # of the scale of lam: where it changes by less, a branch goes straight up


@dataclass(frozen=True, eq=False)
class Candidate:
    """A smaller group, its problem, and the event in its fixed-point space."""

    isotropy: str
    problem: Problem
    X: np.ndarray  # (n + 1,)
    tangent: np.ndarray | None = (
        None  # (n + 1,), of the known branch if it may move along the kernel
    )
    submaximal: bool = True  # whether a kernel of more than one line is solved


@dataclass(frozen=True)
class Attempt:
    """What became of a proposed isotropy subgroup."""

    isotropy: str
    outcome: str

    @property
    def open(self) -> bool:
        """Whether something may be born there that is not followed, other than of choice."""
        return any(word in self.outcome for word in OPEN)

    def __str__(self) -> str:
        return f"{self.isotropy}: {self.outcome}"


@singledispatch
def candidates(problem: Problem, event: Event, search: Search) -> Iterator[Candidate | Attempt]:
    """Smaller groups to try at an event; an Attempt for one that cannot exist there."""
    yield Candidate(OWN, problem, event.X, event.tangent)


@candidates.register
def _(problem: NetworkProblem, event: Event, search: Search):
    proposed: list[Subgroup] = []
    for component in (zero.component for zero in event.zeros):
        if component.irrep == "t":
            yield Candidate(OWN, problem, event.X, event.tangent)
        elif component.irrep == "k":
            proposed.extend(within(problem.structure.ties))
        else:
            proposed.extend(proposals(component, problem.structure.size, search))
    for subgroup in {str(one): one for one in proposed}.values():
        parts = split(problem.structure, subgroup.parts, subgroup.generators)
        try:
            parts.structure.check_sizes(event.parameters)
        except ValueError:
            yield Attempt(str(subgroup), "a part would be smaller than one point")
            continue
        if _breaks_points(problem, parts.structure, event.parameters):
            yield Attempt(str(subgroup), "a part would have no whole number of points")
            continue
        parts = parts.along(problem.line)
        X = np.append(parts.embedding @ event.X[:-1], event.lam)
        child = problem.on(parts.structure)
        # a finite group leaves few dimensions of its kernels, and has no other ways to them
        solved = search.submaximal or not subgroup.parts
        yield Candidate(str(subgroup), child, X, submaximal=solved)


def _breaks_points(problem: NetworkProblem, smaller: Structure, values) -> bool:
    """Whether whole sizes that stay as they are would be split into ones that are not whole."""
    polys = [size.substitute(problem.line) for size in problem.structure.size.values()]
    if any(poly.names for poly in polys) or not all(
        float(poly.constant or 0).is_integer() for poly in polys
    ):
        return False
    sizes = (size(**values) for size in smaller.size.values())
    return any(abs(size - round(size)) > SLACK for size in sizes)


@singledispatch
def census(problem: Problem, event: Event, births: list["Birth"]) -> str | None:
    """A word on whether the half-branches born at an event are all; None if nothing is known."""
    return None


@census.register
def _(problem: NetworkProblem, event: Event, births: list[Birth]) -> str | None:
    from bifurc.switching.whole import classes_beside  # with groups, which load scipy

    return classes_beside(problem, event, births)


def switch(
    problem: Problem,
    event: Event,
    search: Search | None = None,
    options: Options | None = None,
    window: tuple[float, float] = EVERYWHERE,
):
    """The half-branches that the search finds at an event, each once up to relabelling.

    Whether these are all is said by the last of the attempts, where it can be counted.

    Parameters
    ----------
    problem : the problem of the branch that the event lies on
    event : Event
    search : Search, optional
        How many isotropy subgroups to try.
    options : Options, optional
        For the corrector.
    window : (float, float), optional
        Half-branches that are outside at once are left out.

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
        births, outcome = _crossing(problem, event, options, window)
        attempts.append(Attempt(OWN, outcome))
        return _inside(births, attempts, window)
    for candidate in candidates(problem, event, search or Search()):
        if isinstance(candidate, Attempt):
            attempts.append(candidate)
            continue
        if problem.neutrals.zeros and candidate.isotropy != OWN:
            # zeros that other blocks have here may lie in the fixed space of the candidate
            held = recognised(candidate.problem, candidate.X[:-1], float(candidate.X[-1]))
            candidate = replace(candidate, problem=held)
        found, outcome = _at(candidate, options, window, event.kind == "touch")
        births.extend(found)
        attempts.append(Attempt(candidate.isotropy, outcome))
    if (word := census(problem, event, births)) is not None:
        attempts.append(Attempt(ALL, word))
    return _inside(births, attempts, window)


def _inside(births: list[Birth], attempts: list[Attempt], window):
    """The half-branches in the window, and a word on those that are not."""
    kept = [birth for birth in births if birth.inside(window)]
    if outside := len(births) - len(kept):
        attempts.append(Attempt(ALL, f"{outside} half-branches leave the window at once"))
    return kept, attempts


def _at(candidate: Candidate, options: Options, window, touch: bool) -> tuple[list[Birth], str]:
    """The half-branches with one isotropy, and a word on how many there are."""
    problem, X = candidate.problem, candidate.X
    try:
        form = reduce(problem, X, candidate.tangent)
    except LOST:
        return [], "the loss is not smooth there"
    if form is None:
        return _in_all_directions(candidate, options, window, touch)
    if candidate.isotropy != OWN and larger_isotropy(problem, X[:-1], form.kernel):
        return [], "its branch has a larger isotropy"
    if touch or form.kind == "degenerate":
        return _degenerate(candidate, form, options, window)
    both = not reversed_by_relabelling(problem, X[:-1], form.kernel)
    births = []
    for half, sign in halves(problem, X, form, both):
        start = leave(problem, X, half, sign, options, window) if half.speed else None
        if start is not None:
            births.append(Birth(candidate.isotropy, problem, X, half, sign, start))
    missing = 1 + both - len(births)
    more = f" ({missing} could not be started)" if missing else ""
    return births, f"{kind_at(problem, X, form)}, {len(births)} half-branches{more}"


def _in_all_directions(
    candidate: Candidate, options: Options, window, touch: bool
) -> tuple[list[Birth], str]:
    """The half-branches of a submaximal isotropy: its kernel is a plane or more."""
    problem, X = candidate.problem, candidate.X
    if not candidate.submaximal:
        return [], "not axial: the kernel in its fixed space is not one line"
    solved = solve_touch(problem, X) if touch else solve(problem, X)
    births: list[Birth] = []
    taken: dict[int, list[np.ndarray]] = {}
    exact = [f for f in solved.forms if not larger_isotropy(problem, X[:-1], f.kernel)]
    missed = 0
    for form, sign in product(exact, (1, -1)):
        if form.one_sided and sign < 0:
            continue  # the other side is a direction of its own
        way = form.side_of(sign) * form.kernel
        known = taken.setdefault(sign if touch else 0, [])  # a touch has branches both ways
        if any(exchanged(problem, X[:-1], other, way) for other in known):
            continue
        known.append(way)
        start = leave(problem, X, form, sign, options, window)
        if start is None or larger_isotropy(problem, start.x):
            missed += 1
            continue
        births.append(Birth(candidate.isotropy, problem, X, form, sign, start))
    if not solved.forms:
        return [], solved.word
    outcome = f"{solved.word}; {len(exact)} with this isotropy, {len(births)} half-branches"
    return births, outcome + (f" ({missed} could not be started)" if missed else "")


def _degenerate(candidate: Candidate, form: NormalForm, options: Options, window):
    """What is born where third order does not decide, as it is seen at a small distance."""
    problem, X = candidate.problem, candidate.X
    tangent = form.trivial if candidate.tangent is None else candidate.tangent
    points, radius = arms(problem, X, form, tangent, options, window)
    level = UPRIGHT * float(problem.scales(X[-1])[-1])
    if any(abs(point.lam - X[-1]) <= level for point in points):
        return [], "degenerate: there are critical points beside it at the same parameter"
    reverse = reversed_by_relabelling(problem, X[:-1], form.kernel)
    births = [
        Birth(candidate.isotropy, problem, X, None, sign, point)
        for point in points
        if (sign := int(np.sign(form.kernel @ (point.X - X)[:-1]))) > 0 or not reverse
    ]
    return births, f"degenerate to third order; {len(births)} half-branches at distance {radius}"


def _crossing(problem: Problem, event: Event, options: Options, window) -> tuple[list[Birth], str]:
    """Both ways along the branch that is crossed where lam turns: a pitchfork met from its side."""
    upward = np.eye(len(event.X))[-1]
    try:
        form = reduce(problem, event.X, upward)
    except LOST:
        return [], "the loss is not smooth there"
    if form is None or form.speed == 0:
        return [], "no single branch crosses there"
    length = np.linalg.norm(form.trivial / problem.scales(event.lam))
    crossed = Crossed(form.trivial / length, form.kernel)
    births = []
    for sign in (1, -1):
        start = leave(problem, event.X, crossed, sign, options, window)
        if start is not None:
            births.append(Birth(OWN, problem, event.X, crossed, sign, start))
    return births, f"met from its side, {len(births)} half-branches of the branch that it crosses"
