"""Eigenvalues of many branches, and their zeros, in batches."""

from collections.abc import Sequence

import numpy as np

from bifurc.continuation.constants import ENOUGH, LONGEST, STUCK, TRIES
from bifurc.continuation.point import Point
from bifurc.continuation.step import Step
from bifurc.events.detect import guesses_of
from bifurc.events.locate import Crossing
from bifurc.events.spectra import Spectra, steps_of
from bifurc.loss.series import parts
from bifurc.spectra import Block, Eigen
from bifurc.structure.irreps import Component
from bifurc.sweeps.several import Several


def spectra_of(problem: Several, lines: Sequence, each: Sequence[list[Point]]):
    """The spectra of all branches; None for those whose copies or zeros are not those of most.

    Parameters
    ----------
    problem : Several
    lines : the problem of each member
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
    for i in np.flatnonzero(kept).tolist():
        here = slice(*np.searchsorted(members, [i, i + 1]))
        mine, rates, definite = (
            {c: table[here] for c, table in of.items()} for of in (values, speeds, certain)
        )
        steps = steps_of(lines[i], X[here], tangents[here])
        found[i] = Spectra(X[here], tangents[here], mine, rates, definite, *steps, located={})
    return found


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


def locate_all(problem: Several, lines: Sequence, each: Sequence[list[Point]], known) -> None:
    """Find where eigenvalues of blocks other than the branch's own vanish; into ``located``."""
    for component in problem.components[1:]:
        asked = []
        for i, spectra in enumerate(known):
            if spectra is None:
                continue
            signs = spectra.signs[component]
            for step, j in np.argwhere(signs[:-1] != signs[1:]).tolist():
                way = Step(lines[i], each[i][step], each[i][step + 1])
                guess = next(guesses_of(spectra, component, step, j, way))
                asked.append((i, step, j, guess))
        if not asked:
            continue
        members, guesses = np.array([one[0] for one in asked]), np.array([one[3] for one in asked])
        crossings = _crossings(problem.at(members), component, guesses)
        for (i, step, j, _), crossing in zip(asked, crossings, strict=True):
            if crossing is not None:
                known[i].located[component, step, j] = crossing


def _crossings(problem: Several, component: Component, guesses: np.ndarray):
    """:func:`bifurc.events.locate.locate_crossing` from each guess; None where it fails."""
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
    return found


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
