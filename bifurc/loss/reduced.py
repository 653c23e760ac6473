"""The loss on a fixed-point subspace, its gradient and its Hessian.

With every row written as beta + sigma at its own point, the inner products
of all pairs of rows are two small matrices over row blocks: ``[0]`` for rows
at different points and ``[1]`` for rows at the same point. All sums over
rows are then matrix products with the sizes as weights, so the cost does not
depend on d, and nothing is divided by a size.

Every function takes leading batch axes, and arrays or
:class:`~bifurc.loss.series.Series`.
"""

from functools import cached_property
from typing import Any

import numpy as np

SPIKE = np.array([0.0, 1.0])[:, None, None]  # what a common point adds: nothing, sigma sigma'


class Rows:
    """All rows of student and teacher, students first, at a batch of points.

    Parameters
    ----------
    kernel : see :mod:`bifurc.loss.kernels`
    beta, sigma : shape (..., rows, columns)
    sizes, columns : shape (..., rows), (..., columns)
        Sizes of the row and column blocks.
    signs : ndarray, shape (rows,)
        Second-layer weights, the teacher's negated.

    Attributes
    ----------
    reach : beta n + sigma, the sum of each row over a column block
    inner : <w_i, w_k> for rows at different and at the same point; (..., 2, rows, rows)
    norms : |w_i|², shape (..., rows)
    """

    def __init__(self, kernel: Any, beta, sigma, sizes, columns, signs: np.ndarray):
        self.kernel, self.beta, self.sigma = kernel, beta, sigma
        self.sizes, self.columns, self.signs = sizes, columns, signs
        self.reach = beta * columns[..., None, :] + sigma
        apart = self.reach @ transpose(beta) + beta @ transpose(sigma)
        self.inner = at_points(apart, sigma @ transpose(sigma))
        self.norms = diagonal(self.inner[..., 1, :, :])
        self._others = sizes[..., None, :] - 1.0

    @cached_property
    def arguments(self):
        """(p, q, c) as the kernel takes them."""
        p = self.norms[..., None, :, None] * np.ones(self.inner.shape[-3:])
        return p, p.swapaxes(-1, -2), self.inner

    @cached_property
    def first(self):
        """(f_p, f_c), each (..., 2, rows, rows)."""
        return self.kernel.gradient(*self.arguments)

    @cached_property
    def second(self):
        """(f_pp, f_pq, f_pc, f_qc, f_cc), each (..., 2, rows, rows).

        Ask for it before :attr:`first` where both are needed: a kernel may
        share the work.
        """
        if hasattr(self.kernel, "derivatives"):
            self.first, second = self.kernel.derivatives(*self.arguments)
        else:
            second = self.kernel.hessian(*self.arguments)
        f_pp, f_pq, f_pc, f_cc = second
        return f_pp, f_pq, f_pc, transpose(f_pc), f_cc

    @cached_property
    def self_coupling(self):
        """2 sum_k signs_k f_p(i, k) over all rows k; shape (..., rows, 1)."""
        return 2.0 * self.sum_rows(self.first[0]).sum(-1)[..., None]

    @cached_property
    def pull(self):
        """f_c summed over the rows of each block; shape (..., rows, rows)."""
        return self.sum_rows(self.first[1])

    @cached_property
    def pull_apart(self):
        """f_c of a row at another point."""
        return self.others(self.first[1])

    @cached_property
    def pull_excess(self):
        """What f_c of the row at the same point has over the others."""
        return self.excess(self.first[1])

    @cached_property
    def outer_weight(self):
        """The weight in front of each row's gradient, (rows, 1)."""
        return self.signs[:, None]

    def first_change(self, p, q, c, at=None):
        """Change of (f_p, f_c) when p, q and c change by these amounts.

        ``at`` selects rows at different points (0) or at the same one (1).
        """
        second = self.second if at is None else [value[..., at, :, :] for value in self.second]
        f_pp, f_pq, f_pc, f_qc, f_cc = second
        return f_pp * p + f_pq * q + f_pc * c, f_pc * p + f_qc * q + f_cc * c

    def sum_rows(self, change):
        """Sum ``change(i, k)`` over the rows k of each block, with signs; (..., rows, rows)."""
        return (change[..., 0, :, :] * self._others + change[..., 1, :, :]) * self.signs

    def others(self, change):
        """``change(i, k)`` for k at another point, with signs."""
        return change[..., 0, :, :] * self.signs

    def excess(self, change):
        """What the row at the same point has over the others, with signs."""
        return (change[..., 1, :, :] - change[..., 0, :, :]) * self.signs


def loss(rows: Rows):
    """L = 1/2 sum over all pairs of rows of signs times f; shape (...)."""
    pairs = rows.sum_rows(rows.kernel.value(*rows.arguments)).sum(-1)
    return 0.5 * (pairs * rows.signs * rows.sizes).sum(-1)


def gradient(rows: Rows):
    """(beta, sigma) of the full gradient, each (..., rows, columns).

    With G = dL/dW one has G_i = signs_i sum_k signs_k (2 f_p w_i + f_c w_k).
    The entries in teacher rows are meaningless.
    """
    beta = rows.self_coupling * rows.beta + rows.pull @ rows.beta + rows.pull_apart @ rows.sigma
    sigma = rows.self_coupling * rows.sigma + rows.pull_excess @ rows.sigma
    return rows.outer_weight * beta, rows.outer_weight * sigma


def gradient_change(rows: Rows, beta, sigma, sizes, columns, first=None):
    """Change of :func:`gradient` when the rows and the sizes change.

    Parameters
    ----------
    rows : Rows
        With an axis of length 1 where the directions stand.
    beta, sigma : shape (..., directions, rows, columns)
        Change of all rows, the teacher's included.
    sizes, columns : shape (directions, rows), (directions, columns)
        Change of the sizes of the row and column blocks.
    first : pair of arrays, shape (..., directions, 2, rows, rows), optional
        Change of (f_p, f_c) at fixed rows, from a kernel parameter.
    """
    moved = beta @ transpose(rows.reach) + sigma @ transpose(rows.beta)
    moved = moved + 0.5 * (rows.beta * columns[:, None, :]) @ transpose(rows.beta)
    inner = at_points(symmetric(moved), symmetric(sigma @ transpose(rows.sigma)))
    norms = diagonal(inner[..., 1, :, :])
    f_p, f_c = rows.first_change(norms[..., None, :, None], norms[..., None, None, :], inner)
    if first is not None:
        f_p, f_c = f_p + first[0], f_c + first[1]
    more = rows.signs * sizes[:, None, :]
    own = 2.0 * (rows.sum_rows(f_p) + more * rows.first[0][..., 0, :, :]).sum(-1)[..., None]
    coupling = rows.sum_rows(f_c) + more * rows.first[1][..., 0, :, :]
    beta = (
        (own * rows.beta + rows.self_coupling * beta)
        + (coupling @ rows.beta + rows.pull @ beta)
        + (rows.others(f_c) @ rows.sigma + rows.pull_apart @ sigma)
    )
    sigma = (own * rows.sigma + rows.self_coupling * sigma) + (
        rows.excess(f_c) @ rows.sigma + rows.pull_excess @ sigma
    )
    return rows.outer_weight * beta, rows.outer_weight * sigma


def transpose(matrix):
    """Swap rows and columns."""
    return matrix.swapaxes(-1, -2)


def symmetric(matrix):
    """matrix + its transpose."""
    return matrix + matrix.swapaxes(-1, -2)


def diagonal(matrix):
    """The diagonal, to the last bit (no rounding may part |w|² from <w, w>)."""
    return matrix.diagonal(0, -2, -1)


def at_points(apart, spike):
    """Stack values for rows at different points and at the same one; (..., 2, rows, rows)."""
    return apart[..., None, :, :] + spike[..., None, :, :] * SPIKE
