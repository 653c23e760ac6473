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

from bifurc.loss.reduced import Rows
from bifurc.loss.shapes import SAME, across, exchanged, joined, transpose, two_places, with_excess


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
    students, outer = rows.frame.students, rows.outer
    along = basis @ transpose(rows.sigma)
    inner = along[..., :students, :] + sign * transpose(along)[..., :students, :]
    f_c = rows.second[4][..., 0] * inner
    image = rows.self_coupling * basis[:, :students] + rows.excess @ (outer * basis)
    image = rows.outer_weight * (image + f_c @ (outer * rows.sigma))
    if rows.spring is not None:
        image = image + rows.spring.stiffness * basis[:, :students]
    return transpose(coefficients(image, keep))


def vertex_block(rows: Rows, basis: "Vertex", keep: "Vertex"):
    """Coefficients of H on the copies of s.

    U_ij = (X1 + X2 [i = j]) z_i + X3 z_j changes <w_i, w_k> by
    A z_i + A' z_k and, at a common point, by (A + A' + S + S') z_i.

    Parameters
    ----------
    basis : Vertex
        X1, X2, X3 of each copy.
    keep : Vertex
        Reads off coefficients.
    """
    frame, students = rows.frame, rows.frame.students
    own, other = frame.weights(basis.own), basis.other
    along = two_places(across(own, transpose(rows.reach)))
    along = along + (rows.sigma @ transpose(other))[..., None]
    norms = 2.0 * along[..., 1].diagonal(0, -2, -1)
    at_i, at_k = norms[..., :students, None, None], norms[..., None, :, None]
    back = rows.of_students(exchanged(along))
    b_i, b_k = _biases(rows, basis)
    biases = () if b_i is None else (b_i, SAME * b_k)
    # at different points another part goes with z_k: what is left over for z_i at the same one
    moved = at_i, SAME * at_k, rows.of_students(along) + SAME * back, *biases
    left = _from_other(rows, at_k, back[..., :1], b_k)
    f_p, f_c, *f_b = (h - SAME * k for h, k in zip(rows.first_change(*moved), left, strict=True))
    turn = across(joined(f_p), rows.count)
    more = (0.0, 0.0, 0.0)
    if b_i is not None:
        more = rows.biases.turned(norms, basis.own[..., frame.bias])
    # signs w of the rows, and how they change
    signed, signed_other = rows.outer * own, rows.outer * other
    if frame.alpha is not None:
        alpha = basis.own[..., frame.alpha, None]
        signed = signed + alpha * rows.weights
        turn = turn + _excess(rows.first[0]) @ alpha
    at_own = rows.self_coupling * own[:, :students] + rows.excess @ signed
    at_own = at_own + 2.0 * (turn + more[1]) * rows.own + across(with_excess(f_c), rows.pull)
    if f_b:
        into_bias = across(joined(f_b[0]), rows.count) + more[2]
        if frame.alpha is not None:
            into_bias = into_bias + _excess(rows.first[2]) @ alpha
        at_own = at_own + into_bias * (1.0 * frame.at_bias)
    spread = signed[..., frame.columns :] + rows.sizes[..., :, None] * signed_other
    at_other = rows.self_coupling * other[:, :students] + rows.excess @ signed_other
    at_other = at_other + rows.apart @ spread + left[1][..., 0] @ (rows.outer * rows.sigma)
    at_own, at_other = rows.outer_weight * at_own, rows.outer_weight * at_other
    if frame.alpha is not None:
        changes = rows.value_change(*moved)
        left_over = rows.value_change(0.0, at_k, back[..., :1], *(0.0, b_k)[: len(biases)])[..., :1]
        response = across(joined(changes - SAME * left_over), rows.count) + more[0]
        response = response + _excess(rows.values) @ alpha
        at_own = at_own + alpha[:, :students] * rows.pulled + response * frame.at_alpha
    if rows.spring is not None:
        at_own = at_own + rows.spring.stiffness * frame.drawn(basis.own)
        at_other = at_other + rows.spring.stiffness * other[:, :students]
    image = coefficients(at_own, keep.flat_own)
    return transpose(image + coefficients(at_other, keep.flat_other))


def _excess(pairs):
    """What the row at the same point has over the others; (..., students, rows)."""
    return pairs[..., 1] - pairs[..., 0]


def _biases(rows: Rows, basis: "Vertex") -> tuple:
    """How the biases of both rows of a pair change, or (None, None)."""
    if rows.biases is None:
        return None, None
    b = basis.own[..., rows.frame.bias]
    return b[..., : rows.frame.students, None, None], b[..., None, :, None]


def _from_other(rows: Rows, q, c, b) -> tuple:
    """Change of the first derivatives by what goes with z_k, of rows at different points."""
    _, f_pq, f_pc, f_qc, f_cc, *of_bias = (value[..., :1] for value in rows.second)
    f_p, f_c = f_pq * q + f_pc * c, f_qc * q + f_cc * c
    if b is None:
        return f_p, f_c
    _, f_po, f_qb, f_cb, f_co = of_bias
    f_b = f_qb * q + f_cb * c + rows.first[1][..., :1] * b
    return f_p + f_po * b, f_c + f_co * b, f_b


class Vertex:
    """Tables of directions in the irrep s, in two: what goes with z_i and what with z_j.

    Parameters
    ----------
    basis : ndarray, shape (copies, rows, 3, columns)
    """

    def __init__(self, basis: np.ndarray):
        copies, rows, _, columns = basis.shape
        self.own = basis[:, :, :2].reshape(copies, rows, 2 * columns)  # X1 and X2
        self.other = basis[:, :, 2]  # X3
        self.flat_own, self.flat_other = (
            part.reshape(copies, -1).T for part in (self.own, self.other)
        )


def coefficients(image, keep):
    """Read coefficients off the student's rows: flatten, multiply by their part of ``keep``."""
    *batch, rows, columns = image.shape
    return image.reshape(*batch, rows * columns) @ keep[: rows * columns]
