"""Polishing where rows are parallel: to one point of a continuum, the same for all of it.

Parallel neurons exchange norm at no cost, and where they have learnt a
teacher together the loss grows only with the third power of the angle between
them: neither descent nor Newton closes it. Rows that are nearly parallel are
therefore set to their mean, and Newton says whether a critical point is there.
"""

import numpy as np

from bifurc.identification.checks import parallel_classes
from bifurc.identification.polish import FIXED, Polished, polish
from bifurc.loss import full

CLOSE = 0.05  # radians between rows that a descent may have left apart
FLAT = 1e-10  # difference of losses within a continuum


def settle(w, v, kernel, weights=FIXED) -> tuple[Polished, list[np.ndarray]]:
    """Polish ``w``; give parallel rows of one output weight the same norm.

    Returns
    -------
    Polished
        Its ``moved`` does not count the exchange of norm.
    classes : list of ndarray
        Classes of parallel rows that exchange norm.
    """
    first = polish(w, v, kernel, weights)
    if not getattr(kernel, "homogeneous", False):
        return first, []  # parallel neurons do not exchange norm
    classes = parallel_classes(first.w if first.status.ok else w, CLOSE)
    if weights[0] is not None:
        classes = [rows for rows in classes if np.ptp(weights[0][rows]) == 0.0]
    if not classes:
        return first, []
    second = polish(_merged(first.w if first.status.ok else w, classes), v, kernel, weights)
    if not second.status.ok:
        return first, []
    if (
        first.status.ok
        and abs(np.diff([full.loss(at.w, v, kernel, *weights) for at in (first, second)])) > FLAT
    ):
        return first, []  # two critical points, and this is the one that was given
    moved = first.moved if first.status.ok else second.moved
    return Polished(second.w, second.status, first.before, second.after, moved), classes


def _merged(w, classes) -> np.ndarray:
    """``w`` with the mean of its class in the place of each row."""
    shared = w.copy()
    for rows in classes:
        shared[rows] = shared[rows].mean(axis=0)
    return shared
