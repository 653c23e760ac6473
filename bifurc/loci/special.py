"""Codimension-two points: what happens along a locus, found and located.

Four things are watched along a locus: every eigenvalue of the other blocks
(two irreps cross at once), the way either parameter runs (two events of a
one-parameter family meet), and the quadratic coefficient of the normal form
(transcritical becomes pitchfork; a cusp on a locus of folds). Each is a
number that passes zero there. They are compared at the points, half-way
between them, and where three of them in a row say that a zero may hide; a
zero at a point itself shows by the signs on both sides of it. What is zero all
along is so by symmetry and no point of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from bifurc.continuation.point import Point
from bifurc.loci.kernel import NullVectors, kernels
from bifurc.loci.problem import LocusProblem, PlanePoint
from bifurc.loci.track import LAM, MU, Track
from bifurc.spectra import Block, Eigen
from bifurc.structure.irreps import Component

NOISE = 1e-10  # over the largest of its kind, what is left of a zero after a correction
LEVEL = 1e-6  # a slope below it is none: where a set has few points derivatives are that rough
ROUNDING = 1e-12  # of an unknown; less than it no locus turns round
SEEN = 2  # samples on each side that say how far it has gone
HIDES = 0.8  # a dip of the parabola through three values below this part of them is looked at
DEEP = 0.1  # and so is a value below this part of both its neighbours
ROUNDS = 8  # of halving a step: past 1/512 of one, two zeros count as none
ONE_POINT = 1e-8  # unknowns less apart are one point
REAL = 1e-6  # over the largest eigenvalue: one above it, at a change of sign, is no zero


@dataclass(frozen=True, eq=False)
class Special:
    """A located codimension-two point of a locus."""

    kind: str  # two irreps, fold, cusp, no quadratic term
    about: str  # a sentence
    parameters: dict[str, float]
    X: np.ndarray  # (n + 1,), unknowns of the locus problem
    x: np.ndarray  # (n,), the state
    component: Component | None  # the other irrep, where two cross
    formal: bool  # an irrep in it does not exist at these sizes
    position: float  # number of the point before it, plus the share of the step

    def __str__(self) -> str:
        where = ", ".join(f"{name} = {value:.10g}" for name, value in self.parameters.items())
        return f"{self.kind} at {where}: {self.about}{' (formal)' if self.formal else ''}"


@dataclass(frozen=True, eq=False)
class Sample:
    """What is watched, at one position of a locus."""

    position: float
    point: Point
    here: PlanePoint
    eigens: dict[Component, Eigen]  # what has been asked for
    kernel_of: Callable[[], NullVectors] | None = None

    @cached_property
    def kernel(self) -> NullVectors | None:
        """The kernel with its quadratic coefficient; None if there is none by symmetry."""
        return self.kernel_of() if self.kernel_of else None

    def slope(self, place: int) -> float:
        """How fast one of the unknowns runs, in its scale."""
        return float(self.point.tangent[place] / self.point.scales[place])

    def eigen(self, component: Component) -> Eigen:
        """Of one block."""
        if component not in self.eigens:
            block = self.here.lines[0].blocks(self.here.x, 0.0, [component])[component]
            self.eigens[component] = eigen_of(block)
        return self.eigens[component]

    def value(self, component: Component, j: int) -> float:
        """The j-th eigenvalue of a block; nan if rows have become parallel and it has fewer."""
        values = self.eigen(component).values
        return float(values[j]) if j < len(values) else np.nan

    def size(self, component: Component, j: int) -> float:
        """How far from zero the j-th eigenvalue is in the complex plane."""
        eigen = self.eigen(component)
        imaginary = 0.0 if eigen.imaginary is None else eigen.imaginary[j]
        return float(np.hypot(eigen.values[j], imaginary))


def eigen_of(block: Block) -> Eigen:
    """Eigenvalues with those of copies that have no length there, as the limit of such that do."""
    weights = np.where(block.weights == 0.0, -1.0, block.weights)  # keeps a copy in its place
    return Block(block.matrix, weights, block.neutral).eigen()


Watched = Callable[[Sample], float]


def specials(problem: LocusProblem, points: list[Point], names: tuple[str, str], closed=False):
    """All codimension-two points of a locus in order, and the irreps that vanish all along it.

    Returns
    -------
    special : list of Special
    throughout : list of Component
    """
    if len(points) < 2:
        return [], []
    watch = Watch(Track(problem, points), names, closed)
    found: list[Special] = []
    for special in watch.found():
        if not any(_same(special, other) for other in found):
            found.append(special)
    return sorted(found, key=lambda special: special.position), watch.throughout


def _same(one: Special, other: Special) -> bool:
    near = np.abs(one.X - other.X).max() < ONE_POINT
    return bool(near) and (one.about, one.component) == (other.about, other.component)


class Watch:
    """All that is watched along one locus."""

    def __init__(self, track: Track, names: tuple[str, str], closed: bool):
        self.track, self.names, self.closed = track, names, closed
        self.problem: LocusProblem = track.problem
        self.kernel_of = kernels(self.problem.plane, self.problem.component)
        self.length = len(track.points) - 1
        self.samples: list[Sample] = []
        self._take(np.arange(2 * self.length + 1) / 2)
        for _ in range(ROUNDS):
            if not self._take(self._doubtful()):
                break
        if closed:  # on past the end, so that the start is a point like any other
            self._take(self.length + np.array([sample.position for sample in self.samples[1:3]]))

    @cached_property
    def largest(self) -> float:
        """The largest eigenvalue of all, against which a small one is zero."""
        values = [e.values for sample in self.samples for e in sample.eigens.values()]
        return max(np.abs(v).max(initial=0.0) for v in values) or 1.0

    def found(self) -> Iterator[Special]:
        """Everything that passes zero."""
        for place, name in ((MU, self.names[1]), (LAM, self.names[0])):
            for at in self._zeros(partial(_slope, place), LEVEL):
                if self._comes_back(at, place):
                    yield self._special("fold", f"the locus turns round in {name}", at)
        for component, j, watched in self._eigenvalues():
            about = f"{self.problem.component.label} and {component.label} at once"
            for at in self._zeros(watched):
                if at.size(component, j) < REAL * self.largest:
                    yield self._special("two irreps", about, at, component)
        if self.kernel_of is not None:
            fold = self.problem.component.irrep == "t" and not self.problem.unfoldings
            kind = "cusp" if fold else "no quadratic term"
            about = "two folds meet" if fold else "transcritical becomes a pitchfork"
            for at in self._zeros(_quadratic):
                yield self._special(kind, about, at)

    def _comes_back(self, apex: Sample, place: int) -> bool:
        """Whether an unknown goes away on both sides of where it turns, by more than rounding."""
        far = [(s.position - apex.position, s.point.X[place]) for s in self.samples]
        before = [value for away, value in far if away < 0][-SEEN:]
        after = [value for away, value in far if away > 0][:SEEN]
        top = apex.point.X[place]
        depths = [max(abs(top - value) for value in side) for side in (before, after) if side]
        return min(depths) > ROUNDING * (1.0 + abs(top))

    @property
    def throughout(self) -> list[Component]:
        """Other irreps of which an eigenvalue is zero all along, by symmetry."""
        each = self._eigenvalues()
        return [c for c, _, watched in each if not self._signs(watched, NOISE)[1].any()]

    def _eigenvalues(self) -> list[tuple[Component, int, Watched]]:
        """Every eigenvalue of the other blocks over the largest, by component and number."""
        others = [c for c in self.problem.plane.components if c != self.problem.component]
        return [
            (c, j, partial(self._eigenvalue, c, j))
            for c in others
            for j in range(max(len(sample.eigen(c).values) for sample in self.samples))
        ]

    def _eigenvalue(self, component: Component, j: int, sample: Sample) -> float:
        return sample.value(component, j) / self.largest

    @cached_property
    def _watched(self) -> list[Watched]:
        slopes: list[Watched] = [partial(_slope, place) for place in (LAM, MU)]
        form = [] if self.kernel_of is None else [_quadratic]
        return [*slopes, *form, *(watched for *_, watched in self._eigenvalues())]

    # -- samples -----------------------------------------------------------------

    def _take(self, positions) -> bool:
        """Add samples at these positions; whether there are new ones."""
        taken = False
        for position in map(float, positions):
            if (sample := self._sample(position, whole=True)) is not None:
                self.samples.append(sample)
                self.samples.sort(key=lambda sample: sample.position)
                taken = True
        return taken

    def _sample(self, position: float, whole: bool = False) -> Sample | None:
        """What is watched at a position; None if something is not defined there.

        If ``whole`` everything is evaluated at once, else what is asked for.
        """
        wraps = self.closed and position > self.length
        try:
            point = self.track.at(position - self.length if wraps else position)
            here = self.problem.place(point.X)
            sample = Sample(position, point, here, {}, self._kernel_at(position, here))
            if whole:
                with np.errstate(all="ignore"):  # an end may have sizes that are none
                    sample.eigens.update((c, eigen_of(b)) for c, b in here.blocks().items())
                    _ = sample.kernel
        except (ArithmeticError, np.linalg.LinAlgError):
            return None
        return sample

    def _kernel_at(self, position: float, here: PlanePoint) -> Callable[[], NullVectors] | None:
        """What gives the kernel, with the sign of that of the nearest sample before it."""
        kernel_of = self.kernel_of
        if kernel_of is None:
            return None
        before = [s for s in self.samples if s.position <= position] or self.samples
        near = min(before, key=lambda s: abs(s.position - position), default=None)

        def kernel() -> NullVectors:
            return kernel_of(here).turned_like(near.kernel if near else None)

        return kernel

    def _doubtful(self) -> list[float]:
        """Positions between samples where a zero may hide: three in a row have one sign and dip."""
        at = np.array([sample.position for sample in self.samples])
        wanted: set[float] = set()
        for watched in self._watched:
            values = np.array([watched(sample) for sample in self.samples])
            for i in np.flatnonzero(_dips(at, values)) + 1:
                wanted |= {(at[i - 1] + at[i]) / 2, (at[i] + at[i + 1]) / 2}
            wanted |= {(at[i] + at[i + 1]) / 2 for i in np.flatnonzero(_flattens(at, values)) + 1}
        return sorted(wanted)

    # -- zeros -------------------------------------------------------------------

    def _signs(self, watched: Watched, noise: float) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the samples where it is defined, and its sign there; 0 for rounding."""
        values = np.array([watched(sample) for sample in self.samples])
        known = np.isfinite(values)
        at = np.array([sample.position for sample in self.samples])[known]
        return at, np.sign(values[known]) * (np.abs(values[known]) > noise)

    def _zeros(self, watched: Watched, noise: float = NOISE) -> Iterator[Sample]:
        """Samples at the places where a number passes zero, or is zero at an end alone."""
        at, signs = self._signs(watched, noise)
        some = np.flatnonzero(signs)
        for i, j in zip(some, some[1:], strict=False):
            if signs[i] != signs[j]:
                where = self.track.root(lambda s: self._value(watched, s), at[i], at[j])
                if where is not None and (found := self._sample(where)):
                    yield found
        last = len(at) - 1
        if not self.closed and last > 0:
            for end, inner in ((0, 1), (last, last - 1)):
                sample = next(s for s in self.samples if s.position == at[end])
                small = abs(watched(sample)) <= NOISE
                if small and signs[inner] and at[end] in (0.0, self.length):
                    yield sample

    def _value(self, watched: Watched, position: float) -> float:
        if (sample := self._sample(position)) is None:
            raise ArithmeticError("The locus was lost between two of its points.")
        return watched(sample)

    def _special(self, kind, about, sample: Sample, component=None) -> Special:
        here = self.problem.place(sample.point.X)
        parameters = self.problem.plane.parameters(here.lam, here.mu)
        both = [c for c in (self.problem.component, component) if c is not None]
        formal = not all(c.exists(parameters) for c in both)
        position = sample.position % self.length if self.closed else sample.position
        return Special(kind, about, parameters, sample.point.X, here.x, component, formal, position)


def _slope(place: int, sample: Sample) -> float:
    return sample.slope(place)


def _quadratic(sample: Sample) -> float:
    assert sample.kernel is not None  # asked for only where the irrep has a quadratic term
    return sample.kernel.quadratic


def _dips(at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """For each inner value, whether the parabola through it and its neighbours nears zero.

    Only where all three have one sign. Shape (values - 2,).
    """
    a, m, b = values[:-2], values[1:-1], values[2:]
    left, right = at[1:-1] - at[:-2], at[2:] - at[1:-1]
    with np.errstate(all="ignore"):  # values that are not known are in no doubt
        rise, fall = (m - a) / left, (b - m) / right
        bend = (fall - rise) / (left + right)
        slope = rise + bend * left  # at the middle
        turn = -slope / (2 * bend)
        bottom = (m - slope * slope / (4 * bend)) * np.sign(m)
        least = np.minimum(np.minimum(np.abs(a), np.abs(m)), np.abs(b))
        one_sign = (np.sign(a) == np.sign(m)) & (np.sign(m) == np.sign(b)) & (least > NOISE)
        turns = (turn > -left) & (turn < right) & (bottom < HIDES * least)
        deep = np.abs(m) < DEEP * np.minimum(np.abs(a), np.abs(b))
        return one_sign & (turns | deep)


def _flattens(at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """For each inner interval with a change of sign, whether it is crossed slower than its
    neighbours, as where there are three zeros. Shape (values - 3,)."""
    with np.errstate(all="ignore"):
        rates = np.abs(np.diff(values) / np.diff(at))
        least = np.minimum(rates[:-2], rates[2:])
        sizes = np.abs(values)
        known = (sizes > NOISE)[1:-2] & (sizes > NOISE)[2:-1]
        crossed = np.sign(values[1:-2]) * np.sign(values[2:-1]) < 0
        return known & crossed & (rates[1:-1] < HIDES * least)
