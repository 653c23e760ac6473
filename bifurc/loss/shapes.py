"""Tables over pairs of rows at both places, taken apart and put together for matrix products."""

from math import prod

import numpy as np

WITH_EXCESS = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 1.0]])
ELSEWHERE, SAME = np.eye(2)  # at another point, at the same one


def transpose(matrix):
    """Swap rows and columns."""
    return matrix.swapaxes(-1, -2)


def exchanged(pairs):
    """The value for (k, i) at (i, k); shape (..., rows, rows, 2)."""
    return pairs.swapaxes(-3, -2)


def joined(pairs):
    """(..., rows, rows, m) as (..., rows, m rows)."""
    *batch, rows, others, places = pairs.shape
    return pairs.reshape(*batch, rows, others * places)


def with_excess(pairs):
    """:func:`joined`, with what the same point has over others beside both."""
    *batch, rows, others, places = pairs.shape
    flat = pairs.reshape(prod(batch) * rows * others, places) @ WITH_EXCESS
    return flat.reshape(*batch, rows, 3 * others)


def across(changes, table):
    """(..., directions, rows, m) @ (..., 1, m, n), one product for all directions of a point."""
    *batch, directions, rows, m = changes.shape
    product = changes.reshape(*batch, 1, directions * rows, m) @ table
    *batch, _, _, n = product.shape
    return product.reshape(*batch, directions, rows, n)


def two_places(matrix):
    """(..., rows, 2 rows) as (..., rows, rows, 2)."""
    *batch, rows, others = matrix.shape
    return matrix.reshape(*batch, rows, others // 2, 2)


def regrouped(matrix, parts: int):
    """(..., rows, parts * columns) as (..., parts * rows, columns)."""
    *batch, rows, columns = matrix.shape
    return matrix.reshape(*batch, parts * rows, columns // parts)
