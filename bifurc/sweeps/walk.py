"""Walk many branches side by side, each with steps of its own length."""

from dataclasses import dataclass, field

import numpy as np

from bifurc.continuation.batch import Batch, lengths
from bifurc.continuation.constants import (
    CALM,
    LEADING,
    LEVEL,
    MISSES,
    NEAR_PREDICTOR,
    PLAIN,
    STRAIGHT,
    WASTED,
)
from bifurc.continuation.correct import Courses
from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.continuation.step import count_negative
from bifurc.spectra import Block
from bifurc.sweeps.several import Several

SHORTENED = 6  # halvings of one step after which a branch is walked alone


@dataclass(eq=False)
class State:
    """One point of each of several branches, as arrays over the branches."""

    X: np.ndarray  # (m, n + 1)
    tangents: np.ndarray  # (m, n + 1)
    scales: np.ndarray  # (m, n + 1)
    slopes: np.ndarray  # (m, n, n + 1)
    values: np.ndarray  # (m, n)
    iterations: np.ndarray = field(default_factory=lambda: np.zeros(0, int))  # (m,)
    moved: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (m,)

    @classmethod
    def unknown(cls, count: int, n: int) -> "State":
        """Points (x, lam) with n numbers, none of them known."""
        shapes = (n,), (n,), (n,), (n - 1, n), (n - 1,)
        X, tangents, scales, slopes, values = (np.full((count, *shape), np.nan) for shape in shapes)
        nothing = np.zeros(count, int), np.zeros(count)
        return cls(X, tangents, scales, slopes, values, *nothing)

    def __getitem__(self, which) -> "State":
        return State(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def put(self, which, other: "State") -> None:
        """Replace some of them."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[which] = getattr(other, name)

    def point(self, i: int) -> Point:
        """The i-th as a point of a branch."""
        X, tangent, scales = self.X[i], self.tangents[i], self.scales[i]
        return Point(X, tangent, scales, self.slopes[i], self.values[i], int(self.iterations[i]))


class Together(Batch):
    """Iterates of which each is of a member of its own; one that is lost is nan from then on."""

    problem: Several

    def keep(self, mask: np.ndarray) -> None:
        """Go on with some of them."""
        super().keep(mask)
        self.problem = self.problem.at(np.flatnonzero(mask))

    def _scales(self) -> np.ndarray:
        return self.problem.scales(self.X[:, -1])

    def _asked(self) -> tuple[np.ndarray, np.ndarray]:
        return self.problem.jacobian(self.X[:, :-1], self.X[:, -1])

    def _solved(self, matrix: np.ndarray) -> np.ndarray:
        good = np.isfinite(matrix).all((-1, -2))
        good[good] &= np.linalg.slogdet(matrix[good])[0] != 0
        matrix[~good], self.right[~good] = np.eye(matrix.shape[-1]), np.nan
        return super()._solved(matrix)


def corrected(problem: Several, guesses, across, options: Options) -> tuple[State, np.ndarray]:
    """Newton from each guess in the hyperplane across a direction, by the rules of one alone.

    Returns
    -------
    State, and whether each converged (m,)
    """
    count, n = guesses.shape
    found = State.unknown(count, n)
    good = np.zeros(count, bool)
    batch, courses = Together(problem, guesses, across), Courses(count)
    for _ in range(options.max_iterations):
        batch.update()
        courses.update(batch.sizes, options.newton_tol)
        near = np.flatnonzero(courses.near)
        if len(near):
            there, slopes = batch.problem.at(near), batch.slopes[near]
            values = Block(slopes[..., :-1], there.weights(batch.X[near, -1])).values()
            parts = batch.X[near], batch.tangents[near], batch.scales[near], slopes, values
            how = courses.iterations[near], courses.moved[near]
            found.put(courses.places[near], State(*parts, *how))
            good[courses.places[near]] = courses.sure(values, near)
        going = courses.going & ~courses.near
        courses.keep(going)
        if not len(courses):
            break
        batch.keep(going)
    return found, good


def walk(problem: Several, start: State, last: float, options: Options):
    """Walk from the points of ``start``, one for each member, to one value of ``lam``.

    Returns
    -------
    points : list of lists of Point, for each member, the start first
    arrived : ndarray of bool, (members,)
        Of the others steps did not get through: they are for a walk of their own.
    """
    count = len(start.X)
    points = [[start.point(i)] for i in range(count)]
    now, before = start[np.arange(count)], start[np.arange(count)]
    alone, arrived = np.zeros(count, bool), np.zeros(count, bool)
    steps, refused = np.full(count, options.ds), np.zeros(count, int)
    rates = np.zeros((2, count))
    history = np.zeros(count, bool)  # whether there is a point before
    for _ in range(options.max_steps):
        active = np.flatnonzero(~alone & ~arrived)
        if not len(active):
            break
        here = problem.at(active)
        charts = here.charted(now.X[active, -1])
        y, guesses = _predicted(charts, now[active], before[active], steps[active], history[active])
        across, edged = _at_edge(now[active], guesses, last, options)
        found, good = corrected(here, guesses, across, options)
        good &= np.isfinite(found.X).all(-1)
        taken = np.flatnonzero(good)
        told, turned = _trusted(here, charts, now[active], found, steps[active], options, taken)
        good[taken], angle = told, np.zeros(len(active))
        angle[taken] = turned
        ok, bad = active[good], active[~good]
        before.put(ok, now[ok])
        now.put(ok, found[good])
        for i, j in zip(ok.tolist(), np.flatnonzero(good).tolist(), strict=True):
            points[i].append(found.point(j))
        history[ok], refused[ok] = True, 0
        arrived[ok] = edged[good]
        fresh = np.maximum(angle[good], STRAIGHT) / steps[ok]
        rates[:, ok] = np.where(rates[1, ok] > 0, rates[1, ok], fresh), fresh
        growth = np.clip(rates[1, ok] / rates[0, ok], 1.0, 2.0)
        longest = 0.5 * options.max_turn / (rates[1, ok] * growth)
        spare = options.target_iterations - found.iterations[good]
        wanted = steps[ok] * np.where(spare > 0, 1.5, 2.0 ** (np.minimum(spare, 0) / 2))
        wanted = np.minimum(np.minimum(wanted, longest), options.ds_max)
        steps[ok] = np.maximum(wanted, options.ds_min)
        steps[bad] /= 2
        refused[bad] += 1
        alone[bad] = (refused[bad] > SHORTENED) | (steps[bad] < options.ds_min)
    return points, arrived


def _predicted(charts, now: State, before: State, steps: np.ndarray, history: np.ndarray):
    """The cubic through the last two points and their tangents, extrapolated; y, and guesses."""
    y, speed = charts.lift(now.X, now.tangents)
    size = lengths(speed)
    ahead = y + steps[:, None] * speed
    if history.any():
        old, pushed = charts.lift(before.X, before.tangents)
        with np.errstate(all="ignore"):
            where = ((old - y) * speed).sum(-1) / size
            rate = (pushed * speed).sum(-1) / size
            H, h = -where[:, None], (size * steps)[:, None]
            m0, m1 = pushed / rate[:, None], speed / size[:, None]
            u = 1 + h / H
            cubic = (2 * u**3 - 3 * u**2 + 1) * old + (u**3 - 2 * u**2 + u) * H * m0
            cubic += (3 * u**2 - 2 * u**3) * y + (u**3 - u**2) * H * m1
        tame = history & (where < 0) & (rate > 0.7 * lengths(pushed))
        tame &= np.abs(cubic - y).max(-1) < 2 * size * steps
        ahead = np.where(tame[:, None], cubic, ahead)
    with np.errstate(all="ignore"):
        return y, charts.out(ahead)


def _at_edge(now: State, guesses: np.ndarray, last: float, options: Options):
    """Guesses beyond the last value moved back to it; across what to correct; which they are."""
    across = now.tangents.copy()
    towards = np.sign(last - now.X[:, -1])
    room = options.ds_min * now.scales[:, -1]
    edged = ~((last - guesses[:, -1]) * towards > room)  # also what is not finite
    leads = np.abs(now.tangents[:, -1]) > LEADING * now.scales[:, -1]
    leads &= now.tangents[:, -1] * towards > 0
    edged &= leads
    share = ((last - now.X[:, -1]) / (guesses[:, -1] - now.X[:, -1]))[:, None]
    back = now.X + (guesses - now.X) * share
    back[:, -1] = last
    guesses[edged] = back[edged]
    across[edged] = 0.0
    across[edged, -1] = np.sign(now.tangents[edged, -1])
    return across, edged


def _trusted(problem, charts, now: State, found: State, steps, options: Options, taken):
    """Of the converged steps ``taken``: whether each follows its branch, and by how much it turns.

    See :func:`bifurc.continuation.trust.judge`.
    """
    if not len(taken):
        return np.zeros(0, bool), np.zeros(0)
    problem, now, found, steps = problem.at(taken), now[taken], found[taken], steps[taken]
    charts = type(charts)(problem, charts.constant[taken], charts.slope[taken])
    one, other = now.tangents / now.scales, found.tangents / now.scales
    cosine = (one * other).sum(-1) / (lengths(one) * lengths(other))
    turned = np.arccos(np.clip(cosine, -1.0, 1.0))
    good = turned <= options.max_turn
    good &= found.iterations <= options.target_iterations + WASTED
    (y0, s0), (y1, s1) = (charts.lift(p.X, p.tangents) for p in (now, found))
    u0, u1 = (s / lengths(s)[:, None] for s in (s0, s1))
    chord, turn = y1 - y0, u1 - u0
    straight = lengths(chord)
    bow = lengths(chord - 0.5 * straight[:, None] * (u0 + u1)) / np.maximum(straight, 1e-300)
    level = np.minimum(options.max_correction, np.maximum(turned, LEVEL))
    moved = found.moved > np.maximum(NEAR_PREDICTOR * steps, options.ds_min)
    good &= ~moved | (bow <= level)
    arc = straight * (1 + (turn * turn).sum(-1) / 24)
    good &= arc > options.ds_min
    ends = count_negative(now.values), count_negative(found.values)
    good &= (ends[0] == ends[1]) & (now.tangents[:, -1] * found.tangents[:, -1] > 0)
    asked = np.flatnonzero(good & ~(found.moved <= CALM * arc))
    if len(asked):
        half = charts.out((y0 + y1) / 2 - arc[:, None] * turn / 8)[asked]
        along = (now.tangents[asked] + found.tangents[asked]) / 2
        good[asked] = middle_holds(problem.at(asked), half, along, arc[asked], ends[0][asked])
    return good, turned


def middle_holds(problem: Several, guesses, tangents, arcs, negatives) -> np.ndarray:
    """Whether the branch is where cubics say half way: :mod:`bifurc.continuation.middle`."""
    batch = Together(problem, guesses, tangents)
    batch.update()
    batch.update()
    good = np.isfinite(batch.X).all(-1)
    good[good] &= (problem.at(np.flatnonzero(good)).weights(batch.X[good, -1]) > 0).all(-1)
    batch.keep(good)
    values = Block(batch.slopes[..., :-1], batch.problem.weights(batch.X[:, -1])).values()
    holds = (batch.changes() < PLAIN) & (batch.moved < MISSES * arcs[good])
    good[good] = holds & (count_negative(values) == negatives[good])
    return good
