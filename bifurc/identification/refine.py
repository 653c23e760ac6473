"""Colour refinement of the rows and columns of student and teacher.

Entries are first sorted into classes of equal value; then the colour of a row
is split by the multiset of (entry, column colour) in it, that of a column
likewise, until nothing changes (the Weisfeiler-Leman algorithm in one
dimension). Colours are ranks, so that two matrices which are permutations of
one another get the same ones: they order rows and columns canonically.

References
----------
.. [1] Weisfeiler, Leman, "The reduction of a graph to canonical form and the
   algebra which appears therein", NTI Series 2 (1968).
"""

import numpy as np


def value_classes(matrix: np.ndarray, tolerance: float) -> np.ndarray:
    """Number the values of ``matrix`` so that equal ones, up to noise, share a number.

    Sorted values part where a gap is wider than ``tolerance``.

    Examples
    --------
    >>> value_classes(np.array([[1.0, 0.2], [0.2 + 1e-9, 1.0]]), 1e-7)
    array([[1, 0],
           [0, 1]])
    """
    order = np.argsort(matrix, axis=None, kind="stable")
    values = matrix.ravel()[order]
    classes = np.empty(matrix.size, dtype=int)
    classes[order] = np.concatenate([[0], np.cumsum(np.diff(values) > tolerance)])
    return classes.reshape(matrix.shape)


def refine(w: np.ndarray, v: np.ndarray):
    """The stable colours of student rows, columns and teacher rows.

    Parameters
    ----------
    w, v : ndarray of int, shapes (k, d) and (h, d)
        Value classes.

    Returns
    -------
    rows, columns, teachers : ndarray of int, shapes (k,), (d,), (h,)
    """
    rows, columns, teachers = (np.zeros(n, dtype=int) for n in (len(w), w.shape[1], len(v)))
    count = 0
    while True:
        rows, teachers = _split(rows, (w, columns)), _split(teachers, (v, columns))
        columns = _split(columns, (w.T, rows), (v.T, teachers))
        last, count = count, sum(len(set(c.tolist())) for c in (rows, columns, teachers))
        if count == last:
            return rows, columns, teachers


def _split(colours, *seen) -> np.ndarray:
    """New colours: ranks of (colour, sorted (entry, colour at the other end), ...)."""
    keys = [colours[:, None]]
    for matrix, others in seen:
        keys.append(np.sort(matrix * (1 + others.max(initial=0)) + others, axis=1))
    return np.unique(np.hstack(keys), axis=0, return_inverse=True)[1].reshape(-1)
