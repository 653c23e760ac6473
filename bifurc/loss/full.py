"""The full loss of weight matrices, with gradient and Hessian: the ground truth.

Nothing here knows of symmetry; it is what blocks and reduced gradients are
checked against, and what users' own matrices are polished with.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
    return Network(w, v, kernel, a, b).derivatives()[1]


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


@dataclass(frozen=True, eq=False)
class Network:
    """A student with all that may be trained beside its weights.

    Parameters
    ----------
    w, v : ndarray, shape (k, n), (h, n)
        Of student and teacher; the last columns are biases if it is ``biased``.
    kernel : object
        Of five arguments if it is, such as ``ReLU().biased``.
    a, b : ndarray, shape (k,), (h,)
        Second-layer weights.
    biased, trained : bool
        Whether there are biases, and whether ``a`` is trained.
    beta : float or None
        The trained bias of the output.
    confined : str
        "sphere" or "rows" where the norm of all weights, or of each row, is held.
    decay : float
        mu of mu/2 (\\|W\\|² + \\|a\\|²), of ``a`` if that is trained.
    """

    w: Any
    v: Any
    kernel: Any
    a: Any = None
    b: Any = None
    biased: bool = False
    trained: bool = False
    beta: float | None = None
    decay: float = 0.0
    confined: str = ""

    def on_sphere(self, g, H, kept) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and Hessian on the sphere, in a basis of its tangent space.

        Of the unknowns that are ``kept``, which ``g`` and ``H`` are in.
        """
        k, n = np.shape(self.w)
        inner = np.ones((k, n))
        inner[:, n - self.biased :] = 0.0
        each = np.eye(k)[:, :, None] * (inner * self.w)
        ways = each.reshape(k, -1) if self.confined == "rows" else each.reshape(k, -1).sum(0)[None]
        ways = np.pad(ways, ((0, 0), (0, len(kept) - k * n)))[:, kept]
        mu = -(ways @ g) / (ways * ways).sum(axis=1)
        held = np.pad(inner.ravel(), (0, len(kept) - k * n))[kept]
        if self.confined == "rows":
            held = held * np.pad(np.repeat(mu, n), (0, len(kept) - k * n))[kept]
        else:
            held = held * mu
        basis = np.linalg.qr(ways.T, mode="complete")[0][:, len(ways) :]
        return basis.T @ (g + mu @ ways), basis.T @ (H + np.diag(held)) @ basis

    def derivatives(self) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and Hessian in w row by row, then in a, then in beta, as far as trained."""
        rows, signs = _stack(self.w, self.v, self.a, self.b)
        (k, n), kernel = np.shape(self.w), self.kernel
        weights, bias = (rows[:, :-1], rows[:, -1]) if self.biased else (rows, None)
        at: tuple = _arguments(weights)
        if bias is not None:
            o = np.broadcast_to(bias[:, None], at[0].shape)
            at = *at, o, o.T
        first, second = kernel.gradient(*at), kernel.hessian(*at)
        f_p, f_c = first[:2]
        # of row i by its pair with row j: sum over signs of it is the gradient over a_i
        pulls = 2 * f_p[:k, :, None] * weights[:k, None] + f_c[:k, :, None] * weights
        if bias is not None:
            pulls = np.concatenate([pulls, first[2][:k, :, None]], axis=-1)
        own = np.einsum("j,ijn->in", signs, pulls)
        total = np.zeros((k, n, k, n))
        for i in range(k):
            total[i, :, i] += signs[i] * _of_row(weights, signs, first, second, i)
            for j in range(k):
                total[i, :, j] += signs[i] * signs[j] * _of_pair(weights, first, second, i, j)
        held = np.ones((k, n))
        held[:, n - self.biased :] = 0.0  # biases do not decay
        g = signs[:k, None] * own + self.decay * held * rows[:k]
        H = total.reshape(k * n, -1) + self.decay * np.diag(held.ravel())
        g = g.ravel()
        if self.trained:
            f = kernel.value(*at)
            mixed = signs[:k, None, None] * pulls[:, :k]
            mixed[range(k), range(k)] += own
            mixed = mixed.transpose(0, 2, 1).reshape(k * n, k)
            g = np.append(g, (f @ signs)[:k] + self.decay * signs[:k])
            H = np.block([[H, mixed], [mixed.T, f[:k, :k] + self.decay * np.eye(k)]])
        return (g, H) if self.beta is None else self._with_output(g, H, weights, bias, signs)

    def _with_output(self, g, H, weights, bias, signs):
        """The same with beta²/2 + beta sum_j signs_j M_j on top."""
        k, n = np.shape(self.w)
        p = (weights * weights).sum(1)
        M, M_p, M_b, M_pp, M_pb = self.kernel.mean(p, bias)
        slopes = np.column_stack([2 * M_p[:, None] * weights, M_b])[:k]
        mixed = (signs[:k, None] * slopes).ravel()
        eye, H = np.eye(n - 1), H.copy()
        for i in range(k):
            x, at = weights[i], slice(i * n, i * n + n)
            turn = 2 * M_pb[i] * x[:, None]
            curve = 2 * M_p[i] * eye + 4 * M_pp[i] * np.outer(x, x)
            curve = np.block([[curve, turn], [turn.T, 2 * M_p[i]]])
            H[at, at] += self.beta * signs[i] * curve
            if self.trained:
                H[at, k * n + i] += self.beta * slopes[i]
                H[k * n + i, at] += self.beta * slopes[i]
        g = g + self.beta * np.append(mixed, M[:k] if self.trained else [])
        mixed = np.append(mixed, M[:k] if self.trained else [])
        g = np.append(g, self.beta + signs @ M)
        return g, np.block([[H, mixed[:, None]], [mixed[None], np.ones((1, 1))]])


def _of_row(weights, signs, first, second, i: int) -> np.ndarray:
    """Second derivatives of sum_j signs_j f(i, j) in row i, the others fixed."""
    x, eye = weights[i], np.eye(weights.shape[1])
    f_pp, _, f_pc, f_cc = (value[i] * signs for value in second[:4])
    f_p, pulled = first[0][i] @ signs, f_pc @ weights
    here = 2 * f_p * eye + 4 * f_pp.sum() * np.outer(x, x) + weights.T @ (f_cc[:, None] * weights)
    here += 2 * (np.outer(x, pulled) + np.outer(pulled, x))
    if len(first) == 2:
        return here
    f_pb, _, f_cb = (value[i] * signs for value in second[4:])
    turn = (2 * f_pb.sum() * x + f_cb @ weights)[:, None]
    return np.block([[here, turn], [turn.T, 2 * f_p]])


def _of_pair(weights, first, second, i: int, j: int) -> np.ndarray:
    """Second derivatives of f(i, j), in row i and row j."""
    x, y = weights[i], weights[j]
    (f_c,), (_, f_pq, f_pc, f_cc) = first[1:2], second[:4]
    across = f_c[i, j] * np.eye(len(x)) + 4 * f_pq[i, j] * np.outer(x, y)
    across += f_cc[i, j] * np.outer(y, x)
    across += 2 * f_pc[i, j] * np.outer(x, x) + 2 * f_pc[j, i] * np.outer(y, y)
    if len(first) == 2:
        return across
    _, f_po, f_cb = second[4:]
    ahead = (2 * f_po[i, j] * x + f_cb[j, i] * y)[:, None]
    back = (2 * f_po[j, i] * y + f_cb[i, j] * x)[None, :]
    return np.block([[across, ahead], [back, f_c[i, j]]])


def _stack(w, v, a, b) -> tuple[np.ndarray, np.ndarray]:
    a = np.ones(len(w)) if a is None else np.asarray(a)
    b = np.ones(len(v)) if b is None else np.asarray(b)
    return np.concatenate([w, v]), np.concatenate([a, -b])


def _arguments(rows: np.ndarray):
    c = rows @ rows.T
    p = np.broadcast_to(np.diagonal(c)[:, None], c.shape)
    return p, p.T, c
