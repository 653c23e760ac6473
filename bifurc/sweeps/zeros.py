"""Eigenvalues of many branches, and their zeros, in batches."""

import math
from collections.abc import Sequence

import numpy as np

from bifurc.continuation.batch import inner, lengths
from bifurc.continuation.constants import BESIDE, ENDS, ENOUGH, LONGEST, STUCK, TRIES
from bifurc.continuation.point import Point
from bifurc.events.locate import Crossing
from bifurc.events.spectra import Spectra
from bifurc.loss.series import parts
from bifurc.spectra import Block, Eigen
from bifurc.structure.irreps import Component
from bifurc.sweeps.several import Charts, Several


def spectra_of(problem: Several, each: Sequence[list[Point]]):
    """The spectra of all branches; None for those whose copies or zeros are not those of most.

    What they say of steps is worked out for branches with equally many points at once.

    Parameters
    ----------
    problem : Several
    each : the points of each member

    Returns
    -------
    list of Spectra or None
    """
    counts = [len(points) for points in each]
    members = np.repeat(np.arange(len(each)), counts)
    X = np.array([point.X for points in each for point in points])
    tangents = np.array([point.tangent for points in each for point in points])
    x, lam = X[:, :-1], X[:, -1]
    kept = np.ones(len(each), bool)
    kept[members[problem.at(members).odd(x, lam)]] = False
    positive = {}
    first = np.cumsum([0, *counts[:-1]])
    for c in problem.components:
        weights = problem.at(members).copy_weights(c, lam)
        # of a copy that does not exist the length is zero all along
        kept &= np.logical_or.reduceat(weights != 0, first, axis=0).all(-1)
        positive[c] = np.repeat(np.logical_and.reduceat((weights > 0).all(-1), first), counts)
    good = kept[members]
    if not good.any():
        return [None] * len(each)
    members, X, tangents = members[good], X[good], tangents[good]
    with np.errstate(all="ignore"):
        several = problem.at(members)
        blocks, changes = several.blocks_and_changes(X[:, :-1], X[:, -1], tangents)
    values, speeds, certain = {}, {}, {}
    for c, block in blocks.items():
        eigen = parted(block, positive[c][good])
        values[c], speeds[c] = eigen.values, eigen.speeds(changes[c])
        certain[c] = block.definite
    found: list[Spectra | None] = [None] * len(each)
    for count in set(counts):
        mine = np.flatnonzero(kept & (np.array(counts) == count))
        rows = np.searchsorted(members, mine)[:, None] + np.arange(count)
        parts = ({c: t[rows] for c, t in of.items()} for of in (values, speeds, certain))
        several_values, several_speeds, definite = parts
        steps = _steps(problem.at(np.repeat(mine, count - 1)), X[rows], tangents[rows])
        together = Spectra(
            X[rows], tangents[rows], several_values, several_speeds, definite, *steps
        )
        together.eventful, together.doubtful, together.returning, together.inertia  # noqa: B018
        for k, i in enumerate(mine.tolist()):
            found[i] = together.one(k, located={})
    return found


def _steps(problem: Several, X: np.ndarray, tangents: np.ndarray):
    """:func:`bifurc.events.spectra.steps_of` for (members, points, n + 1)."""
    shape, flat = X[:, 1:].shape, (-1, X.shape[-1])
    charts = problem.charted(X[:, :-1, -1].ravel())
    sides = [
        charts.lift(X[:, s].reshape(flat), tangents[:, s].reshape(flat))
        for s in (slice(-1), slice(1, None))
    ]
    y, speeds = (np.stack(parts).reshape(2, *shape) for parts in zip(*sides, strict=True))
    straight, speed = lengths(y[1] - y[0]), lengths(speeds)
    return straight, (straight / speed)[..., None], speeds[..., -1] / speed


def parted(block: Block, positive: np.ndarray) -> Eigen:
    """Eigenvalues and vectors, where lengths are positive and where they are not.

    In one branch alone they are computed in one way or in the other.
    """
    found: list[np.ndarray] = []
    for mask in (positive, ~positive):
        if not mask.any():
            continue
        neutral = None if block.neutral is None else block.neutral[mask]
        part = Block(block.matrix[mask], block.weights[mask], neutral, block.zeros).eigen()
        turn = np.zeros(part.values.shape) if part.imaginary is None else part.imaginary
        for i, table in enumerate((part.values, part.right, part.left, turn)):
            if len(found) == i:
                found.append(np.empty((len(mask), *table.shape[1:])))
            found[i][mask] = table
    return Eigen(*found)


def locate_all(problem: Several, known) -> None:
    """Find where eigenvalues of blocks other than the branch's own vanish; into ``located``."""
    for component in problem.components[1:]:
        asked = []
        for i, spectra in enumerate(known):
            if spectra is None:
                continue
            signs = spectra.signs[component]
            for step, j in np.argwhere(signs[:-1] != signs[1:]).tolist():
                asked.append((i, step, j))
        if not asked:
            continue
        here = problem.at(np.array([i for i, *_ in asked]))
        ends = np.array(
            [(known[i].X[s : s + 2], known[i].tangents[s : s + 2]) for i, s, _ in asked]
        )
        several = _Steps(here.charted(ends[:, 0, 0, -1]), *ends.swapaxes(0, 1))
        values, speeds = (
            np.array([getattr(known[i], name)[component][s : s + 2, j] for i, s, j in asked])
            for name in ("values", "speeds")
        )
        X, crossings = _crossings(here, component, several.guesses(values, speeds))
        found = zip(asked, crossings, several.shares(X).tolist(), strict=True)
        for (i, step, j), crossing, share in found:
            if crossing is not None and not math.isnan(share):
                known[i].located[component, step, j] = crossing, share


class _Steps:
    """Steps of several members, each in a chart of its own; see :class:`~..step.Step`."""

    def __init__(self, charts: Charts, X: np.ndarray, tangents: np.ndarray):
        self.charts = charts
        self.y, self.speeds = np.array(
            [charts.lift(X[:, k], tangents[:, k]) for k in (0, 1)]
        ).swapaxes(0, 1)

    def guesses(self, values: np.ndarray, speeds: np.ndarray) -> np.ndarray:
        """Where branches, as cubics in an eigenvalue, are when that is zero; (steps, n + 1)."""
        rise = (values[:, 1] - values[:, 0])[:, None]
        with np.errstate(all="ignore"):
            r = -values[:, :1] / rise
            slopes = (rise * push / speeds[:, [k]] for k, push in enumerate(self.speeds))
            cubic = self._cubic(r, *slopes)
            tame = (speeds * rise > 0).all(-1) & np.isfinite(cubic).all(-1)
            straight = (1 - r) * self.y[0] + r * self.y[1]
            return self.charts.out(np.where(tame[:, None], cubic, straight))

    def shares(self, X: np.ndarray) -> np.ndarray:
        """At which share of its step each of ``X`` lies; nan if it is not on it."""
        with np.errstate(all="ignore"):
            at, chord = self.charts.into(X), self.y[1] - self.y[0]
            units = self.speeds / lengths(self.speeds)[..., None]
            turn, straight = units[1] - units[0], lengths(chord)
            arcs = straight * (1 + inner(turn, turn) / 24)
            r = (inner(at - self.y[0], chord) / np.maximum(straight**2, 1e-300))[:, None]
            beside = lengths(at - self._cubic(r, *(arcs[:, None] * units)))
            on = (r[:, 0] >= -ENDS) & (r[:, 0] <= 1 + ENDS) & (beside <= BESIDE * arcs + ENDS**2)
            return np.where(on, np.clip(r[:, 0], 0.0, 1.0), np.nan)

    def _cubic(self, r, leave, arrive) -> np.ndarray:
        one, other = self.y
        bend = r * (1 - r) * ((1 - r) * leave - r * arrive)
        return one + (3 - 2 * r) * r * r * (other - one) + bend


def _crossings(problem: Several, component: Component, guesses: np.ndarray):
    """:func:`bifurc.events.locate.locate_crossing` from each guess; where, and None if it fails."""
    found: list[Crossing | None] = [None] * len(guesses)
    X, going, last = guesses.copy(), np.arange(len(guesses)), np.full(len(guesses), np.inf)
    upward = np.eye(X.shape[1])[-1]
    for _ in range(TRIES):
        here = problem.at(going)
        value, matrix, near = _system(here, component, X[going])
        good = np.isfinite(matrix).all((-1, -2)) & np.isfinite(value).all(-1)
        good[good] &= np.linalg.slogdet(matrix[good])[0] != 0
        step = np.zeros_like(value)
        step[good] = np.linalg.solve(matrix[good], -value[good][..., None])[..., 0]
        size = np.linalg.norm(step / here.scales(X[going, -1]), axis=-1)
        X[going] += step * np.minimum(1.0, LONGEST / np.maximum(size, 1e-300))[:, None]
        done = good & ((size < ENOUGH) | ((size < STUCK) & (size >= last[going] / 2)))
        last[going] = size
        for k in np.flatnonzero(done).tolist():
            regular = np.vstack([matrix[k, :-1], upward])
            tangent = np.linalg.solve(regular, upward)
            at = X[going[k]].copy()
            found[going[k]] = Crossing(at, tangent, near(k, step[k]), matrix[k, -1], size[k])
        going = going[good & ~done]
        if not len(going):
            break
    return X, found


def _system(problem: Several, component: Component, X: np.ndarray):
    """(g, eigenvalue nearest to zero), its derivatives, and what gives the kernel after a step."""
    count, m = X.shape
    members = np.repeat(np.arange(count), m)
    flat = problem.at(members)
    with np.errstate(all="ignore"):
        rows = problem.rows(X[:, :-1], X[:, -1])
        X[~problem.defined(rows, X[:, -1])] = np.nan
        repeated = X[members]
        along = flat._along(repeated[:, :-1], repeated[:, -1], np.tile(np.eye(m), (count, 1)))
        matrix, changes = parts(flat.block_matrix(component, *along))
        g, slopes = parts(flat.gradient_of(along[0]))
    matrix = matrix.reshape(count, m, *matrix.shape[1:])[:, 0]
    changes = changes.reshape(count, m, *changes.shape[1:])
    g, slopes = g.reshape(count, m, -1)[:, 0], slopes.reshape(count, m, -1).swapaxes(-1, -2)
    bad = ~np.isfinite(matrix).all((-1, -2))
    matrix[bad] = 0.0
    weights = problem.copy_weights(component, X[:, -1])
    block = Block(matrix, weights, problem._neutral(component, rows))
    eigen = parted(block, np.asarray((weights > 0).all(-1)))
    chosen = np.abs(eigen.values).argmin(-1)
    pick = np.arange(count), chosen
    assert eigen.imaginary is not None  # zero where eigenvalues are real
    each = (eigen.values, eigen.right, eigen.left, eigen.imaginary)
    slope = Eigen(*(table[:, None] for table in each)).speeds(changes)[pick[0], :, chosen]
    value = np.column_stack([g, eigen.values[pick]])
    value[bad] = np.nan
    system = np.concatenate([slopes, slope[:, None]], axis=1)

    def kernel_after(k: int, step: np.ndarray) -> np.ndarray:
        """The kernel vector of the k-th a small step away, as an only column."""
        one, rest = eigen.at(k), np.arange(eigen.values.shape[-1]) != chosen[k]
        kernel = one.right[:, [chosen[k]]]
        residual = (matrix[k] + np.tensordot(step, changes[k], 1)) @ kernel
        return kernel - one.right[:, rest] @ (
            one.left[:, rest].T @ residual / one.values[rest, None]
        )

    return value, system, kernel_after
