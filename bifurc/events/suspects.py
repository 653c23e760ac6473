"""What may happen along a branch that signs at its points do not show.

Two eigenvalues may change sign and change it back between two points, and one may touch zero. The
cubics through eigenvalues and their speeds say where that is to be looked at.
"""

from typing import TYPE_CHECKING

import numpy as np

from bifurc.events.cubics import blurred, corners

if TYPE_CHECKING:
    from bifurc.events.spectra import Spectra

FLAT = 2.0  # times what is called zero: an eigenvalue below it at both ends is zero all along
CORNER = 0.1  # of the smaller end value: a corner below it may be one beyond zero
SWAPPED = 0.1  # of the difference of two speeds, up to which each has become the other
INWARD = 0.1  # least distance of a new point from the ends of its step, as a share
HALF = 0.5
NEAR = 0.75  # a dip below this part of the smaller end value gets a point of its own; 0.5 would
# miss two eigenvalues that pass one another at zero, whose cubic only halves from step to step
COARSE = 1e-6  # a step that is not halved again for eigenvalues that need not be real


def doubtful(known: "Spectra") -> tuple[np.ndarray, np.ndarray]:
    """For each step, whether an eigenvalue may do more on it than its ends show, and where."""
    (places, stops), slopes = known.stops, known.over_steps(known.pushed)
    a, b = stops[0], stops[-1]
    changes = np.count_nonzero(np.diff(np.signbit(stops), axis=0), axis=0)
    sizes = np.abs(stops)
    ends, lowest = np.minimum(sizes[0], sizes[-1]), sizes.min(axis=0)
    kinks, heights = corners(a, b, *slopes)
    hidden = blurred(a, b, slopes[0], slopes[1], known.missed)
    turning = (lowest < NEAR * ends) | hidden | (heights * np.sign(a) < CORNER * ends)
    real = known.real  # others pass one another and through infinity as they like
    turning = np.where(real, turning, lowest < NEAR * ends)
    unsure = (changes > 1) | np.where(changes == 0, turning, real & hidden)
    unsure &= real | (known.lengths > COARSE)[..., None]
    floor = np.maximum(known.floor[..., :-1, :], known.floor[..., 1:, :])
    unsure &= (np.maximum(sizes[0], sizes[-1]) > FLAT * floor) & (~known.touched | _passing(known))
    # where lam turns at constant inertia a branch of larger isotropy is met: touches are expected
    found = unsure.any(axis=-1) & ~(known.turns & _constant(known))
    worst = np.where(unsure, lowest, np.inf).argmin(axis=-1)[..., None]

    def pick(table: np.ndarray, where: np.ndarray) -> np.ndarray:
        return np.take_along_axis(table, where, -1)[..., 0]

    inside = pick(sizes[1:-1], worst[None])
    deep = inside.argmin(axis=0)[None]
    # a place where it cannot be told what lies below zero may be singular: to the side of it
    turns = np.take_along_axis(pick(places, worst[None]), deep, 0)[0]
    told = np.take_along_axis(inside, deep, 0)[0] > 4 * pick(known.missed, worst)
    aside = np.where(turns < HALF, turns + (1 - turns) / 4, turns - turns / 4)
    tries = np.stack([np.where(told, turns, aside), pick(kinks, worst)])
    good = (tries > INWARD) & (tries < 1 - INWARD)
    return found, np.where(good[0], tries[0], np.where(good[1], tries[1], HALF))


def _passing(known: "Spectra") -> np.ndarray:
    """Which eigenvalues of a block, on which step, pass a neighbour about zero; (steps, k).

    In order they turn there, but each takes the speed of the other.
    """
    leaves, arrives = known.over_steps(known.pushed)
    signs, found = np.signbit(known.table), np.zeros(leaves.shape, dtype=bool)
    for block in known.columns.values():
        leave, arrive, negative = (table[..., block] for table in (leaves, arrives, signs))
        swapped = np.abs(leave[..., 1:] - arrive[..., :-1])
        swapped += np.abs(leave[..., :-1] - arrive[..., 1:])
        pairs = swapped < SWAPPED * np.abs(leave[..., 1:] - leave[..., :-1])
        differ = negative[..., 1:] != negative[..., :-1]
        pairs &= differ[..., :-1, :] & differ[..., 1:, :]
        found[..., block][..., 1:] |= pairs
        found[..., block][..., :-1] |= pairs
    return found


def _constant(known: "Spectra") -> np.ndarray:
    """Steps on which the inertia of the branch's own block stays, (steps,)."""
    negatives = next(counts for c, counts in known.inertia.items() if c.irrep == "t")
    return negatives[..., :-1] == negatives[..., 1:]


def returning(known: "Spectra") -> np.ndarray:
    """Where an eigenvalue may have touched zero since it was last told from it, (steps, k).

    That is the point where it was told last, if it fell towards zero there and has risen from it
    at the end of the step; elsewhere -1.
    """
    told = np.abs(known.table) > known.unclear
    outward = np.sign(known.table) * known.pushed
    order = np.where(told, np.arange(told.shape[-2])[:, None], -1)
    last = np.maximum.accumulate(order, axis=-2)[..., :-1, :]
    before = np.maximum(last, 0)

    def there(table: np.ndarray) -> np.ndarray:
        return np.take_along_axis(table, before, -2)

    found = told[..., 1:, :] & (last >= 0) & (outward[..., 1:, :] > 0) & there(outward < 0)
    found &= there(known.negative) == known.negative[..., 1:, :]
    if found.any():
        found &= known.touched | (last < np.arange(told.shape[-2] - 1)[:, None])
    return np.where(found, last, -1)
