"""The full loss of weight matrices, with gradient and Hessian: the ground truth.

Nothing here knows of symmetry; it is what blocks and reduced gradients are
checked against, and what users' own matrices are polished with.
"""

import numpy as np


def loss(w, v, kernel, a=None, b=None) -> float:
    """Population loss of a student ``w`` (k, d) for a teacher ``v`` (h, d).

    ``a`` (k,) and ``b`` (h,) are second-layer weights, 1 by default.
    """
    rows, signs = _stack(w, v, a, b)
    p, q, c = _arguments(rows)
    return float(0.5 * signs @ kernel.value(p, q, c) @ signs)


def gradient(w, v, kernel, a=None, b=None) -> np.ndarray:
    """dL/dw, shape (k, d)."""
    return loss_and_gradient(w, v, kernel, a, b)[1]


def loss_and_gradient(w, v, kernel, a=None, b=None) -> tuple[float, np.ndarray]:
    """Both of them, with the inner products computed once."""
    rows, signs = _stack(w, v, a, b)
    arguments = _arguments(rows)
    value = float(0.5 * signs @ kernel.value(*arguments) @ signs)
    f_p, f_c = kernel.gradient(*arguments)
    k = len(w)
    own = 2.0 * (f_p @ signs)[:k, None]
    return value, signs[:k, None] * (own * w + (f_c[:k] * signs) @ rows)


def hessian(w, v, kernel, a=None, b=None) -> np.ndarray:
    """d²L/dw², shape (k d, k d), entries of w row by row."""
    rows, signs = _stack(w, v, a, b)
    k, d = np.shape(w)
    arguments = _arguments(rows)
    f_p, f_c = (value[:k] for value in kernel.gradient(*arguments))
    f_pp, f_pq, f_pc, f_cc = kernel.hessian(*arguments)
    f_qc = f_pc.T[:k]
    f_pp, f_pq, f_pc, f_cc = (value[:k] for value in (f_pp, f_pq, f_pc, f_cc))
    eye = np.eye(d)
    total = np.zeros((k, d, k, d))
    pulled = (f_pc * signs) @ rows  # sum over rows l of f_pc w_l
    for i in range(k):
        w_i = rows[i]
        own = 2.0 * (f_p[i] @ signs) * eye + 4.0 * (f_pp[i] @ signs) * np.outer(w_i, w_i)
        own += 2.0 * (np.outer(w_i, pulled[i]) + np.outer(pulled[i], w_i))
        total[i, :, i, :] = own + rows.T @ ((f_cc[i] * signs)[:, None] * rows)
        for j in range(k):
            w_j = rows[j]
            total[i, :, j, :] += signs[j] * (
                f_c[i, j] * eye
                + 4.0 * f_pq[i, j] * np.outer(w_i, w_j)
                + 2.0 * f_pc[i, j] * np.outer(w_i, w_i)
                + 2.0 * f_qc[i, j] * np.outer(w_j, w_j)
                + f_cc[i, j] * np.outer(w_j, w_i)
            )
    total *= signs[:k, None, None, None]
    return total.reshape(k * d, k * d)


def _stack(w, v, a, b) -> tuple[np.ndarray, np.ndarray]:
    a = np.ones(len(w)) if a is None else np.asarray(a)
    b = np.ones(len(v)) if b is None else np.asarray(b)
    return np.concatenate([w, v]), np.concatenate([a, -b])


def _arguments(rows: np.ndarray):
    c = rows @ rows.T
    p = np.broadcast_to(np.diagonal(c)[:, None], c.shape)
    return p, p.T, c
