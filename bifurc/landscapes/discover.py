"""Critical points in one fixed space at one size, by many starts with deflation.

Each start is drawn at random in the fixed space; about every second one is as long as
the teacher, the others from a thirtieth to three times as long. Newton goes from
it twice: as it is, by Powell's hybrid method, and deflated, when points that are
known push it away. What was found is counted:
how often each point was met tells how much was likely missed (Good and Turing:
the share of starts that would lead to new points is about that of points met once).
Homotopies (:mod:`bifurc.landscapes.homotopy`) go on from there, if they are asked for: from
every point that is known, and from those that are found at the far end.

No number of starts proves that nothing is missed. Where a proof is known it is
named: in Fix(S_d), rows not zero, there are four critical points.

Not looked for are points with a zero row, where the loss is not smooth.

References
----------
.. [1] Farrell, Birkisson, Funke, "Deflation techniques for finding distinct
   solutions of nonlinear partial differential equations", SIAM J. Sci. Comput. 37, 2015.
.. [2] Good, "The population frequencies of species and the estimation of
   population parameters", Biometrika 40, 1953.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurc.continuation.newton import LOST
from bifurc.continuation.trace import point_at
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.graph.identity import invariants
from bifurc.landscapes.arcs import space as fixed_space
from bifurc.landscapes.homotopy import WINDOWS, along, arriving, check_kind
from bifurc.landscapes.homotopy import met as homotopy
from bifurc.landscapes.points import Critical, Names, counts, critical
from bifurc.loss.kernels import name_of
from bifurc.loss.problem import NetworkProblem
from bifurc.loss.start import off_continuum
from bifurc.proof.complete import LARGEST
from bifurc.threads import one_thread

LENGTHS = (-1.5, 0.5)  # of starts, as powers of ten
STEPS = 60  # of deflated Newton from one start
ROOM = 1.0  # of invariants: how near a known point pushes Newton away
SHORTEST = 0.05  # of a Newton step: what deflation and damping leave of it at least
AT_REST = 1e-10  # of the gradient
LARGE = 1e3  # of coordinates over their lengths: Newton has gone away
MEANS = ("start", "deflation")
SHARE = 0.1  # of the starts, as many are tried at the far end of a homotopy
FAILS = (ValueError, ZeroRowError, NotDefinedError, *LOST)
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
    homotopies: Sequence[str] = (),
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
    homotopies : sequence of str
        "decay", "slope": more means to find points.
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
    for kind in homotopies:
        check_kind(kind, space)
    found, lost, made = _Found(), 0, 0
    proof, expected = _proved(space, lam)
    for number in (progress or iter)(range(starts)):
        if len(found.points) == expected:
            break  # these are proved to be all
        made += 1
        x = _start(space, lam, np.random.default_rng([seed, number]))
        end = _hybrid(space, x, lam)
        lost += end is None
        found.add(end, MEANS[0], 1)
        found.add(_deflated(space, x, lam, found.points), MEANS[1])
    for kind in homotopies:
        far = along(space, lam, kind)
        for number in range(math.ceil(SHARE * starts)):
            x = _start(far, WINDOWS[kind][1], np.random.default_rng([seed, starts + number]))
            if (y := _rest(far, x, WINDOWS[kind][1])) is not None:
                found.add_all(arriving(space, lam, kind, y), kind)
        for point in found.points:  # which grows
            found.add_all(homotopy(point, kind), kind)
    order = sorted(range(len(found.points)), key=lambda i: found.points[i].loss)
    points, met = [found.points[i] for i in order], [found.met[i] for i in order]
    means = [found.by[i] for i in order]
    return Discovery(points, met, made, lost, means, proof, expected)


class _Found:
    """Points as they are found, each once."""

    def __init__(self):
        self.points: list[Critical] = []
        self.met: list[int] = []
        self.by: list[str] = []
        self._names = Names()

    def add(self, end: Critical | None, means: str, counted: int = 0) -> None:
        """One more; those that were not met by Newton alone are no fair sample."""
        if end is None:
            return
        at = next((i for i, one in enumerate(self.points) if one.same(end)), len(self.points))
        if at == len(self.points):
            self.points.append(self._names.named(end))
            self.met.append(0)
            self.by.append(means)
        self.met[at] += counted

    def add_all(self, ends: Iterable[Critical], means: str) -> None:
        """Several more."""
        for end in ends:
            self.add(end, means)


def _start(problem: NetworkProblem, lam: float, rng) -> np.ndarray:
    """A random state, its coordinates as long as the neurons they are in, or by a factor shorter.

    Points with short rows, high up, are met from short starts only.
    """
    structure, values = problem.structure, problem.parameters(lam)
    sizes = {b.name: float(structure.size[b.points](**values)) for b in structure.students}
    rows = np.array([sizes[c.row] for c in structure.coordinates])
    length = rng.choice([1.0, 10.0 ** rng.uniform(*LENGTHS)])
    return length * rng.normal(size=problem.n) * np.sqrt(rows / problem.weights(lam))


def _hybrid(problem, x: np.ndarray, lam: float) -> Critical | None:
    """The critical point where Powell's method ends."""
    end = _rest(problem, x, lam)
    return None if end is None else _confirmed(problem, end, lam)


def _rest(problem, x: np.ndarray, lam: float) -> np.ndarray | None:
    """Where Powell's method ends."""
    from scipy.optimize import root  # waited for where it is needed

    lengths = np.sqrt(problem.weights(lam))

    def both(y):
        g, jacobian = problem.jacobian(y / lengths, lam)
        return lengths * g, lengths[:, None] * jacobian[:, :-1] / lengths

    try:
        run = root(both, lengths * x, jac=True, method="hybr")
        return run.x / lengths if run.success else None
    except FAILS:
        return None


def _deflated(problem, x: np.ndarray, lam: float, known: list[Critical]) -> Critical | None:
    """Where Newton ends that known points push away.

    The step of the deflated system is Newton's times a number, see [1].
    """
    marks = [mark.mark[2:] for mark in known]
    lengths = np.sqrt(problem.weights(lam))
    try:
        for _ in range(STEPS):
            g, jacobian = problem.jacobian(x, lam)
            if np.linalg.norm(lengths * g) < AT_REST:
                return _confirmed(problem, x, lam)
            step = -np.linalg.solve(jacobian[:, :-1], g)
            reach = float(np.linalg.norm(lengths * step) / (1 + np.linalg.norm(lengths * x)))
            x = x + min(1.0, 1.0 / max(reach, 1e-300)) * _share(problem, x, lam, step, marks) * step
            if not np.abs(lengths * x).max() < LARGE:
                return None
    except FAILS:
        pass
    return None


def _share(problem, x: np.ndarray, lam: float, step: np.ndarray, marks) -> float:
    """How much of a Newton step the deflated system takes."""
    if not marks:
        return 1.0
    h = 1e-6
    here, ahead = (invariants(problem, np.append(x + s * step, lam)) for s in (0.0, h))
    slope = 0.0  # of log of the product of (1 + (ROOM / distance)²) along the step
    for mark in marks:
        off, move = here - mark, (ahead - here) / h
        square = float(off @ off) or 1e-300
        slope -= 2 * ROOM**2 * float(off @ move) / (square * (square + ROOM**2))
    share = 1.0 / (1.0 - slope) if slope != 1.0 else 1.0
    return float(np.sign(share) * np.clip(abs(share), SHORTEST, 1.0))


def _confirmed(problem, x: np.ndarray, lam: float) -> Critical | None:
    """The critical point near a state, if Newton finds it; of a continuum that of equal norms."""
    try:
        on_path, x = off_continuum(problem, x, lam)
        return critical(problem, point_at(on_path, x, lam).x, lam)
    except FAILS:
        return None


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
