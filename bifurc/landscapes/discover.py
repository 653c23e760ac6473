"""Critical points in one fixed space at one size, by several means.

Random starts (:mod:`bifurc.landscapes.starts`). About every second one is as long as
the teacher, the others from a thirtieth to three times as long. Newton goes from
it twice: as it is, by Powell's hybrid method, and deflated, when points that are
known push it away. What was found is counted:
how often each point was met tells how much was likely missed (Good and Turing:
the share of starts that would lead to new points is about that of points met once).

Homotopies (:mod:`bifurc.landscapes.homotopy`) go on from every point that is
known, and from those that are found at the far end: tangency arcs, unless others are asked for.

No number of starts proves that nothing is missed. Where a proof is known it is
named: in Fix(S_d), rows not zero, there are four critical points.

Where rows are parallel they exchange norm at no cost, and a critical point is one of a
continuum. One point of it stands for all, and it is said how many directions it has.

Not looked for are points with a zero row, where the loss is not smooth.

References
----------
.. [1] Good, "The population frequencies of species and the estimation of
   population parameters", Biometrika 40, 1953.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurc.graph.identity import distance, fingerprint
from bifurc.landscapes.arcs import space as fixed_space
from bifurc.landscapes.homotopy import ARCS, WINDOWS, along, arriving, met, refused
from bifurc.landscapes.points import SAME, Critical, Names, counts, critical
from bifurc.landscapes.starts import FAILS, confirmed, deflated, hybrid, rest, start
from bifurc.loss.kernels import name_of
from bifurc.loss.problem import NetworkProblem
from bifurc.proof.complete import LARGEST
from bifurc.threads import one_thread

MEANS = ("start", "deflation")
FEW = 6  # coordinates: from each point twice as many arcs leave
SHARE = 0.1  # of the starts, as many are tried at the far end of a homotopy
FOUR = "the certificate `complete`: {count} critical points at every real d >= {least:.4f}"


@dataclass(frozen=True, eq=False)
class Discovery:
    """The critical points that were found in a fixed space.

    Attributes
    ----------
    points : list of Critical
        Lowest loss first.
    met : list of int
        How many starts led to each by Newton alone; 0 if it was found otherwise.
    means : list of str
        How each was found first: "start", "deflation", or a kind of homotopy.
    starts : int
        How many were made: as many as were asked for, or until what is proved to be all was found.
    lost : int
        How many starts led nowhere by Newton alone.
    proof : str
        What is proved of their number; "" if nothing is.
    expected : int or None
        How many there are by that proof.
    """

    points: list[Critical]
    met: list[int]
    starts: int
    lost: int
    means: list[str]
    proof: str = ""
    expected: int | None = None

    @property
    def complete(self) -> bool:
        """Whether these are proved to be all."""
        return self.expected is not None and self.expected == len(self.points)

    @property
    def unseen(self) -> float:
        """About the share of starts that would lead to points that no start led to by itself."""
        if self.complete:
            return 0.0
        return sum(count == 1 for count in self.met) / max(1, sum(self.met))

    def to_dict(self) -> dict:
        """Plain data."""
        found = [
            point.to_dict() | {"met": count, "means": how, "coordinates": _coordinates(point)}
            for point, count, how in zip(self.points, self.met, self.means, strict=True)
        ]
        return {
            "points": found,
            "starts": self.starts,
            "lost": self.lost,
            "unseen": self.unseen,
            "complete": self.complete,
            "proof": self.proof or None,
        }

    def __repr__(self) -> str:
        said = "proved to be all" if self.complete else "not proved to be all"
        return f"Discovery: {len(self.points)} critical points of {self.starts} starts, {said}"

    def __str__(self) -> str:
        lines = [
            f"{count:5} times  {point}" + (f"; by {how}" if how not in MEANS[:1] else "")
            for point, count, how in zip(self.points, self.met, self.means, strict=True)
        ]
        more = (
            ""
            if self.complete
            else (
                f"; about {self.unseen:.1%} of more starts would lead to points that these did not"
            )
        )
        lines.append(f"{self.starts} starts, {self.lost} of them led nowhere{more}")
        if self.complete:
            lines.append(f"these are all: {self.proof}")
        elif self.proof:
            lines.append(f"not all, or not counted alike: {self.proof}")
        else:
            lines.append("nothing is proved of whether these are all")
        return "\n".join(lines)


def _coordinates(point: Critical) -> dict[str, float]:
    names = point.problem.coordinate_names
    return dict(zip(names, map(float, point.state), strict=True))


@one_thread()
def discover(
    problem: Any,
    starts: int = 400,
    seed: int = 0,
    progress: Callable | None = None,
    homotopies: Sequence[str] | None = None,
    **parameters: Any,
) -> Discovery:
    """Look for all critical points in the fixed space of a family, at one size.

    Parameters
    ----------
    problem : Family, str or Path
        Its structure is the fixed space: "global" or "A" that of S_d, "II" that
        of S_(d-1).
    starts, seed : int
    progress : callable, optional
        Wraps the range of starts, such as ``tqdm.tqdm``.
    homotopies : sequence of str, optional
        "arcs", "decay", "slope", "bias": what goes on from points that are known. By
        default arcs, where the loss has some and the space at most :data:`FEW` coordinates.
    **parameters
        Where: ``d=8``.

    Returns
    -------
    Discovery

    Raises
    ------
    ValueError
        If there are no starts, or the problem is no network.

    Examples
    --------
    >>> found = discover("global", starts=30, d=6)
    >>> [round(point.loss, 6) for point in found.points][:2]
    [0.0, 0.055669]
    """
    if not isinstance(starts, int) or starts < 1:
        raise ValueError(f"starts must be a whole number of at least 1, got {starts!r}.")
    there, lam = fixed_space(problem, parameters)
    space = there.on(there.structure, there.any_size)
    kinds = _kinds(space, homotopies)
    found, lost, made = _Found(space, lam), 0, 0
    proof, expected = _proved(space, lam)
    for number in (progress or iter)(range(starts)):
        if len(found.points) == expected:
            break  # these are proved to be all
        made += 1
        x = start(space, lam, np.random.default_rng([seed, number]))
        lost += not found.add(hybrid(space, x, lam), MEANS[0], 1)
        found.add(deflated(space, x, lam, [point.mark[2:] for point in found.points]), MEANS[1])
    if len(found.points) != expected:
        _go_on(found, kinds, math.ceil(SHARE * starts), (seed, starts))
    order = sorted(range(len(found.points)), key=lambda i: found.points[i].loss)
    points, counted = [found.points[i] for i in order], [found.met[i] for i in order]
    means = [found.by[i] for i in order]
    return Discovery(points, counted, made, lost, means, proof, expected)


def _kinds(space: NetworkProblem, homotopies: Sequence[str] | None) -> list[str]:
    """The homotopies that are asked for, or those that there are by default."""
    if homotopies is None:
        return [] if space.n > FEW or refused(ARCS, space) else [ARCS]
    for kind in homotopies:
        if why := refused(kind, space):
            raise ValueError(why)
    return list(homotopies)


def _go_on(found: "_Found", kinds: Sequence[str], tries: int, seed: tuple[int, int]) -> None:
    """Points by homotopies, from their far ends and from all that are known."""
    for kind in kinds:
        if kind in WINDOWS:
            _from_far(found, kind, tries, seed)
    for point, x in zip(found.points, found.states, strict=True):  # which grow
        if point.problem.neutrals.own:
            continue  # each of a continuum would lead to more of it
        for kind in kinds:
            found.add_all(met(found.space, x, found.lam, kind), kind)


def _from_far(found: "_Found", kind: str, tries: int, seed: tuple[int, int]) -> None:
    """Points on the branches through those at the far end of a homotopy."""
    (first, started), end = seed, WINDOWS[kind][1]
    far = along(found.space, found.lam, kind)
    for number in range(tries):
        x = start(far, end, np.random.default_rng([first, started + number]))
        if (there := rest(far, x, end)) is not None:
            found.add_all(arriving(found.space, found.lam, kind, there), kind)


class _Found:
    """Points of a fixed space as they are found, each once."""

    def __init__(self, space: NetworkProblem, lam: float):
        self.space, self.lam = space, lam
        self.points: list[Critical] = []
        self.states: list[np.ndarray] = []  # in the fixed space
        self.met: list[int] = []
        self.by: list[str] = []
        self._names = Names()

    def add(self, x: np.ndarray | None, means: str, counted: int = 0) -> bool:
        """One more state; those that were not met by Newton alone are no fair sample.

        Returns whether it is a critical point.
        """
        if x is None:
            return False
        mark = fingerprint(self.space, np.append(x, self.lam))
        at = self._number(mark)
        if at is None:
            try:
                point = critical(self.space, x, self.lam)
            except FAILS:
                return False
            at = self._number(point.mark)  # its own symmetry may have mended it
        if at is None:
            at = len(self.points)
            self.points.append(self._names.named(point))
            self.states.append(x)
            self.met.append(0)
            self.by.append(means)
        self.met[at] += counted
        return True

    def _number(self, mark: np.ndarray) -> int | None:
        """Which of the points has this mark."""
        return next(
            (i for i, one in enumerate(self.points) if distance(one.mark, mark) <= SAME), None
        )

    def add_all(self, states: Iterable[np.ndarray], means: str) -> None:
        """Several more; of a continuum the point that stands for it."""
        for x in states:
            self.add(confirmed(self.space, x, self.lam), means)


def _proved(problem: NetworkProblem, lam: float) -> tuple[str, int | None]:
    """What is proved of the number of critical points in a fixed space."""
    structure, values = problem.structure, problem.parameters(lam)
    neurons, inputs = counts(structure, values)
    alone = len(structure.sets) == len(structure.students) == len(structure.inputs) == 1
    (entry, *others) = structure.teacher.values()
    identity = not others and entry[0].constant == 1 and not entry[1].terms
    plain = not (structure.decay.terms or structure.bias or structure.ties)
    least = float(1 + 1 / LARGEST**2)
    square = neurons == inputs and inputs >= least
    if alone and identity and plain and square and name_of(problem.kernel) == "relu":
        return FOUR.format(count=4, least=least), 4
    return "", None
