"""Walk many branches side by side, each with steps of its own length."""

from dataclasses import dataclass, field

import numpy as np

from bifurc.continuation.batch import lengths
from bifurc.continuation.constants import (
    LEADING,
    LEVEL,
    MISSES,
    NEAR_PREDICTOR,
    PLAIN,
    SEEN,
    STALE,
    STRAIGHT,
    SURE,
    WASTED,
)
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


def corrected(problem: Several, guesses, across, options: Options) -> tuple[State, np.ndarray]:
    """Newton from each guess in the hyperplane across a direction, by the rules of one alone.

    Returns
    -------
    State, and whether each converged (m,)
    """
    count, n = guesses.shape
    members = np.arange(count)
    X, scales = guesses.copy(), problem.scales(guesses[:, -1])
    rows = across / scales**2
    ahead, slopes = np.zeros_like(X), np.zeros((count, n - 1, n))
    size, last, moved = (np.full(count, value) for value in (np.inf, np.inf, 0.0))
    iterations, near = np.zeros(count, int), np.zeros(count, bool)
    right = np.zeros((count, n, 2))
    right[:, -1, 1] = 1.0
    for _ in range(options.max_iterations):
        here = problem.at(members)
        g, slopes[members] = here.jacobian(X[members, :-1], X[members, -1])
        matrix = np.concatenate([slopes[members], rows[members, None]], axis=1)
        right[members, :-1, 0] = g
        good = np.isfinite(g).all(-1) & np.isfinite(matrix).all((-1, -2))
        members, matrix = members[good], matrix[good]
        good = np.linalg.slogdet(matrix)[0] != 0
        members, matrix = members[good], matrix[good]
        if not len(members):
            break
        solved = np.linalg.solve(matrix, right[members])
        ahead[members] = solved[..., 1]
        X[members] -= solved[..., 0]
        last[members] = size[members]
        size[members] = update = lengths(solved[..., 0] / scales[members])
        moved[members] += update
        iterations[members] += 1
        square, before = update * update, last[members]
        small = (square < options.newton_tol) & (square * update < options.newton_tol * before**2)
        small &= ((iterations[members] > 1) | (update < SEEN)) & (update < STALE)
        near[members] = small
        members = members[~small & (update < 2 * before)]
        if not len(members):
            break
    unit = ahead / np.maximum(lengths(ahead / scales), 1e-300)[:, None]
    values = np.full((count, n - 1), np.nan)
    done = np.flatnonzero(near)
    if len(done):
        there = problem.at(done)
        values[done] = Block(slopes[done, :, :-1], there.weights(X[done, -1])).values()
        sizes = np.abs(values[done])
        near[done] = (size[done] < SURE) | (sizes.min(-1) > 10 * size[done] * sizes.max(-1))
    return State(X, unit, scales, slopes, values, iterations, moved), near


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
    half = charts.out((y0 + y1) / 2 - arc[:, None] * turn / 8)
    good &= middle_holds(problem, half, (now.tangents + found.tangents) / 2, arc, ends[0])
    return good, turned


def middle_holds(problem: Several, guesses, tangents, arcs, negatives) -> np.ndarray:
    """Whether the branch is where cubics say half way: :mod:`bifurc.continuation.middle`."""
    scales = problem.scales(guesses[:, -1])
    rows = (tangents / scales**2)[:, None]
    X, first = guesses, None
    right = np.zeros((*X.shape, 1))
    for _ in range(2):
        g, slopes = problem.jacobian(X[:, :-1], X[:, -1])
        bordered = np.concatenate([slopes, rows], axis=1)
        right[:, :-1, 0] = g
        bad = ~(np.isfinite(g).all(-1) & np.isfinite(bordered).all((-1, -2)))
        bordered[bad] = np.eye(bordered.shape[-1])
        right[bad] = np.inf
        first, second = bordered if first is None else first, bordered
        X = X - np.linalg.solve(bordered, right)[..., 0]
    with np.errstate(all="ignore"):
        missed = lengths((X - guesses) / scales)
        change = np.linalg.solve(second, (first - second) * scales[:, None]) / scales[..., None]
        change = lengths(change.reshape(len(change), -1))
        weights = problem.weights(X[:, -1])
        good = np.isfinite(X).all(-1) & (weights > 0).all(-1)
        values = np.zeros(slopes.shape[:2])
        values[good] = Block(slopes[good, :, :-1], weights[good]).values()
        good &= (change < PLAIN) & (missed < MISSES * arcs)
    return good & (count_negative(values) == negatives)
