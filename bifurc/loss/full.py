"""The full loss of weight matrices, with gradient and Hessian: the ground truth.

Nothing here knows of symmetry; it is what blocks and reduced gradients are
checked against, and what users' own matrices are polished with.
"""

from collections.abc import Callable

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


def hessian_times(w, v, kernel, a=None, b=None) -> Callable[[np.ndarray], np.ndarray]:
    """The Hessian as a function that takes u (k, d) to d²L/dw² u, of the same shape.

    It is the derivative of the gradient along u: with dp_i = 2 w_i·u_i and
    dc_ij = u_i·w_j + w_i·u_j, in k² d operations and memory for k² numbers.
    """
    rows, signs = _stack(w, v, a, b)
    k, arguments = len(w), _arguments(rows)
    f_p, f_c = (value[:k] * signs for value in kernel.gradient(*arguments))
    second = kernel.hessian(*arguments)
    f_qc = second[2].T[:k] * signs
    f_pp, f_pq, f_pc, f_cc = (value[:k] * signs for value in second)
    own, front = 2.0 * f_p.sum(axis=1, keepdims=True), signs[:k, None]
    pulled = f_pp.sum(axis=1)

    def times(u: np.ndarray) -> np.ndarray:
        dp = 2.0 * np.einsum("id,id->i", w, u)
        dc = u @ rows.T
        dc[:, :k] += w @ u.T
        along_p = pulled * dp + f_pq[:, :k] @ dp + np.einsum("ij,ij->i", f_pc, dc)
        along_c = f_pc * dp[:, None] + f_cc * dc
        along_c[:, :k] += f_qc[:, :k] * dp
        total = own * u + 2.0 * along_p[:, None] * w + along_c @ rows + f_c[:, :k] @ u
        return front * total

    return times


def with_biases(w, v, kernel, a=None, b=None) -> tuple[np.ndarray, np.ndarray]:
    """Gradient (k, d + 1) and Hessian of neurons with biases, the last columns of ``w`` and ``v``.

    ``kernel`` is one of five arguments, such as ``ReLU().biased``.
    """
    rows, signs = _stack(w, v, a, b)
    k, n = np.shape(w)
    weights, bias = rows[:, :-1], rows[:, -1]
    c = weights @ weights.T
    p, o = (np.broadcast_to(value[:, None], c.shape) for value in (np.diagonal(c), bias))
    at = p, p.T, c, o, o.T
    f_p, f_c, f_b = kernel.gradient(*at)
    f_pp, f_pq, f_pc, f_cc, f_pb, f_po, f_cb = kernel.hessian(*at)
    g, total, eye = np.zeros((k, n)), np.zeros((k, n, k, n)), np.eye(n - 1)
    for i in range(k):
        x = weights[i]
        for j, y in enumerate(weights):
            s = signs[i] * signs[j]
            xx, xy, yy = np.outer(x, x), np.outer(x, y), np.outer(y, y)
            g[i] += s * np.append(2 * f_p[i, j] * x + f_c[i, j] * y, f_b[i, j])
            own = 2 * f_p[i, j] * eye + 4 * f_pp[i, j] * xx + f_cc[i, j] * yy
            own = own + 2 * f_pc[i, j] * (xy + xy.T)
            turn = (2 * f_pb[i, j] * x + f_cb[i, j] * y)[:, None]
            total[i, :, i] += s * np.block([[own, turn], [turn.T, 2 * f_p[i, j]]])
            if j < k:
                across = f_c[i, j] * eye + 4 * f_pq[i, j] * xy + f_cc[i, j] * xy.T
                across = across + 2 * f_pc[i, j] * xx + 2 * f_pc[j, i] * yy
                ahead = (2 * f_po[i, j] * x + f_cb[j, i] * y)[:, None]
                back = (2 * f_po[j, i] * y + f_cb[i, j] * x)[None, :]
                total[i, :, j] += s * np.block([[across, ahead], [back, f_c[i, j]]])
    return g, total.reshape(k * n, k * n)


def _stack(w, v, a, b) -> tuple[np.ndarray, np.ndarray]:
    a = np.ones(len(w)) if a is None else np.asarray(a)
    b = np.ones(len(v)) if b is None else np.asarray(b)
    return np.concatenate([w, v]), np.concatenate([a, -b])


def _arguments(rows: np.ndarray):
    c = rows @ rows.T
    p = np.broadcast_to(np.diagonal(c)[:, None], c.shape)
    return p, p.T, c
