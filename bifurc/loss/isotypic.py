"""Isotypic blocks of the full Hessian at real sizes, one irrep at a time.

A direction U of weight matrices in a nontrivial irrep is a table of
coefficients times functions on points whose sums vanish: z_i with
sum z = 0 for s, u_ij with zero row and column sums for x, y and sxs. Applying
the Hessian needs only such sums, so each block comes out exact at every real
size, with no test vector and no division by n - 2 or n - 3.

The Hessian maps U to

    (HU)_i = 2 sum f_p u_i + sum f_c u_k + sum (2 df_p w_i + df_c w_k),

all sums over k with signs, where df is the change of f's derivatives as
|w_i|², |w_k|² and <w_i, w_k> change along U.

References
----------
.. [1] Arjevani, Field, "Analytic characterization of the Hessian in shallow
   ReLU models: a tale of symmetry", NeurIPS 2020 (arXiv 2008.01805).
"""

import numpy as np

from bifurc.loss.reduced import Rows, diagonal, symmetric, transpose


def pair_block(rows: Rows, basis, sign: float, keep):
    """Coefficients of H on the copies of x (``sign`` -1), y or sxs (``sign`` +1).

    U_ij = X u_ij changes <w_i, w_k> by (Q + sign Q') u_ik with Q = X sigma',
    no norm, and no inner product at a common point.

    Parameters
    ----------
    rows : Rows
        With an axis of length 1 where the copies stand.
    basis : ndarray, shape (copies, rows, columns)
    keep : ndarray, shape (rows * columns, copies)
        Reads off coefficients, see :func:`~bifurc.loss.layout.dual`.

    Returns
    -------
    ndarray or Series, shape (..., copies, copies)
        Column j is the image of copy j.
    """
    along = basis @ transpose(rows.sigma)
    inner = along + sign * transpose(along)
    f_c = rows.second[4][..., 0, :, :] * inner
    image = rows.self_coupling * basis + rows.pull_excess @ basis + (f_c * rows.signs) @ rows.sigma
    return _coefficients([rows.outer_weight * image], keep)


def vertex_block(rows: Rows, basis, keep):
    """Coefficients of H on the copies of s.

    U_ij = (X1 [i = j] + X2) z_i + X3 z_j changes <w_i, w_k> by
    A z_i + A' z_k and, at a common point, by (A + A' + S + S') z_i.

    Parameters
    ----------
    basis : ndarray, shape (copies, 3, rows, columns)
    keep : ndarray, shape (3 * rows * columns, copies)
    """
    x1, x2, x3 = basis[:, 0], basis[:, 1], basis[:, 2]
    spike = x1 @ transpose(rows.sigma)
    own = x1 @ transpose(rows.beta) + x2 @ transpose(rows.reach)
    own = own + rows.sigma @ transpose(x3)  # the part at z_i; its transpose is at z_k
    same = symmetric(own + spike)
    norms = diagonal(same)
    at_i, at_k, nothing = norms[..., :, None], norms[..., None, :], np.zeros(1)
    i_p, i_c = rows.first_change(at_i, nothing, own, at=0)
    k_p, k_c = rows.first_change(nothing, at_k, transpose(own), at=0)
    s_p, s_c = rows.first_change(at_i, at_k, same, at=1)
    # sum over k of (h_i z_i + h_k z_k), with what a common point has on top
    bump_c = (s_c - i_c - k_c) * rows.signs
    sum_p = (rows.sizes[..., None, :] * i_p + (s_p - i_p - k_p)) * rows.signs
    sum_c = rows.sizes[..., None, :] * i_c * rows.signs + bump_c
    own_row = 2.0 * sum_p.sum(-1)[..., None]
    excess = rows.pull_excess
    y1 = rows.self_coupling * x1 + excess @ x1 + own_row * rows.sigma + bump_c @ rows.sigma
    y2 = (rows.self_coupling * x2 + excess @ x2 + own_row * rows.beta) + (
        sum_c @ rows.beta + (i_c * rows.signs) @ rows.sigma
    )
    spread = x1 + rows.sizes[..., :, None] * x3
    y3 = (rows.self_coupling * x3 + excess @ x3 + rows.pull_apart @ spread) + (
        k_c * rows.signs
    ) @ rows.sigma
    return _coefficients([rows.outer_weight * y for y in (y1, y2, y3)], keep)


def _coefficients(images, keep):
    """Read the images off in the basis; shape (..., copies, copies)."""
    return transpose(flat_product(images, keep))


def flat_product(parts, matrix):
    """Flatten the last two axes of each part, join them, multiply by ``matrix``."""
    rows, columns = parts[0].shape[-2:]
    pieces = matrix.reshape(len(parts), rows * columns, -1)
    flats = [part.reshape(*part.shape[:-2], rows * columns) for part in parts]
    return sum(flat @ piece for flat, piece in zip(flats, pieces, strict=True))
