"""A deeper network whose later layers are linear where its inputs reach them.

Where all later layers are positive, the network with the layers z -> A_l z + b_l
behind the hidden one is the one with

    alpha' = A_L ... A_2,   beta = A_L ... A_3 b_2 + ... + A_L b_{L-1} + b_L,

so every family with trained output weights (and bias of the output) is a manifold of
critical points of deeper networks, with the same thresholds. The Hessian there is J' H J with J
the derivative of (alpha, beta) in all A_l and b_l, and its eigenvalues that are not zero are those
of S H S, S² = J J'. With v_l = A_L ... A_{l+1} and R_l = A_{l-1} ... A_2, c_l what that makes of
no input,

    J J' = sum over l of |v_l|² (R_l, c_l)' (R_l, c_l) + |v_l|² on beta, of b_l.

References
----------
.. [1] Arjevani, arXiv 2610.09919, section 4.2.
"""

from collections.abc import Sequence

import numpy as np

from bifurc.loss.embedding import integer_sizes
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.irreps import Component
from bifurc.structure.structure import ALPHA, OUTPUT

AGREE = 1e-9  # of output weights that layers make, and of what their symmetry leaves as it is


def through_tail(
    problem: NetworkProblem, x: np.ndarray, lam: float, layers: Sequence[tuple]
) -> tuple[dict[Component, np.ndarray], int]:
    """Eigenvalues of the Hessian of a deeper network at a critical point, block by block.

    Parameters
    ----------
    problem : NetworkProblem
        With trained output weights and an output bias.
    layers : sequence of (A_l, b_l)
        From A_2, of shape (m, k), on; A_L has one row.

    Returns
    -------
    values : dict from components to ndarray
        Each counts as often as the dimension of its irrep.
    zeros : int
        How many more are zero by structure.

    Raises
    ------
    ValueError
        If sizes are not whole, or the layers do not make these output weights or
        have less symmetry.
    """
    s, values = problem.structure, problem.parameters(lam)
    if not s.trained or OUTPUT not in s.bias or s.ties:
        raise ValueError("A tail needs trained output weights and an output bias, without ties.")
    sizes = integer_sizes(s, values)
    counts = [sizes[block.points] for block in s.hidden]
    made, spread = pushed(layers)
    state = dict(zip(s.coordinates, x, strict=True))
    alpha = [value for c, value in state.items() if c.column == ALPHA]
    beta = next(value for c, value in state.items() if c.row == OUTPUT)
    own = np.append(np.repeat(alpha, counts), beta)
    if made.shape != own.shape or not np.allclose(made, own, atol=AGREE, rtol=AGREE):
        raise ValueError(
            f"The layers make output weights and a bias {np.round(made, 6).tolist()}, here are "
            f"{np.round(own, 6).tolist()}."
        )
    found, zeros = {}, sum(np.size(A) + np.size(b) for A, b in layers) - len(own)
    for component, block in problem.blocks(x, lam).items():
        root = np.sqrt(np.maximum(block.weights, 0.0))
        over = np.where(root > 0.0, root, 1.0)
        form = root[:, None] * block.matrix / over
        half = _root(_on_copies(problem, component, counts, spread))
        eigenvalues = np.linalg.eigvalsh(half @ (form + form.T) @ half / 2)
        kept = np.sort(np.argsort(np.abs(eigenvalues))[block.neutrals :])
        dimension = round(component.dimension(**values))
        zeros += block.neutrals * max(dimension, 0)
        found[component] = eigenvalues[kept]
    return found, zeros


def pushed(layers: Sequence[tuple]) -> tuple[np.ndarray, np.ndarray]:
    """(alpha, beta) that layers make, shape (k + 1,), and J J'; (k + 1, k + 1)."""
    k = np.shape(layers[0][0])[1]
    before = [np.hstack([np.eye(k), np.zeros((k, 1))])]  # (R_l, c_l)
    for A, b in layers:
        moved = np.asarray(A, float) @ before[-1]
        moved[:, -1] += np.reshape(b, -1)
        before.append(moved)
    spread, after = np.zeros((k + 1, k + 1)), np.ones((1, 1))
    for (A, _), known in zip(reversed(layers), before[-2::-1], strict=True):
        square = float((after**2).sum())
        spread += square * known.T @ known
        spread[-1, -1] += square
        after = after @ np.asarray(A, float)
    return before[-1][0], spread


def _on_copies(problem, component: Component, counts: list[int], spread) -> np.ndarray:
    """J J' on the copies of an irrep, in orthonormal ones; the identity on weights."""
    s, starts = problem.structure, np.cumsum([0, *counts])
    alpha = problem.layout.frame.alpha
    n, vectors = problem.n, {}
    if component.irrep == "t":
        for a, c in enumerate(s.coordinates):
            vector = np.zeros(len(spread))
            if c.row == OUTPUT:
                vector[-1] = 1.0
            elif c.column == ALPHA:
                r = problem.layout.row_of(c)
                vector[starts[r] : starts[r + 1]] = 1.0 / np.sqrt(counts[r])
            else:
                continue
            vectors[a] = vector
    elif component.irrep == "s":
        basis, _ = problem.basis_of(component)
        n = len(basis)
        for a, r in np.argwhere(basis[:, : len(counts), 0, alpha] != 0).tolist():
            vectors[a] = np.zeros(len(spread))
            vectors[a][starts[r] : starts[r] + 2] = np.sqrt(0.5), -np.sqrt(0.5)
    else:
        return np.eye(len(problem.basis_of(component)[0]))
    found, places = np.eye(n), list(vectors)
    if places:
        V = np.array(list(vectors.values())).T
        found[np.ix_(places, places)] = V.T @ spread @ V
        if component.irrep == "t" and not np.allclose(spread @ V, V @ (V.T @ spread @ V)):
            raise ValueError("The layers have less symmetry than the point.")
    return found


def _root(square: np.ndarray) -> np.ndarray:
    """The symmetric root of a positive matrix."""
    values, vectors = np.linalg.eigh(square)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
