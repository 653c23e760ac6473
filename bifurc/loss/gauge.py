"""One point of those that rescaling leads to: what holds a neuron to its gauge.

A neuron alpha relu(w.x) is the neuron (alpha / a) relu(a w.x), so where output
weights are trained every critical point lies on a continuum, one dimension for
each row block. Of it one point is left where a term is added that vanishes
there and rises across it,

    |alpha_i - a_i|² / 2,   or   (|w_i|² - alpha_i²)² / 8,

summed over all neurons. As the loss does not change along the continuum, the
sum is critical only where the term is zero, and elsewhere nothing changes:
inertia has one positive direction more for each neuron, and no zero. The second
gauge is the one that gradient flow keeps, and that decay of all weights leads to.

References
----------
.. [1] Du, Hu, Lee, "Algorithmic regularization in learning deep homogeneous models: layers are
   automatically balanced", NeurIPS 2018 (arXiv 1806.00900).
"""

import numpy as np

from bifurc.loss import reduced
from bifurc.loss.neutral import rescalings, trained_rows
from bifurc.structure.structure import ALPHA, GAUGES


def chosen(problem, x: np.ndarray, lam: float) -> np.ndarray:
    """``x`` of fixed output weights with these, and in the gauge; shape (n,)."""
    s = problem.structure
    if not s.trained:
        return x
    alpha = fixed(problem)
    x = np.where(np.isnan(alpha), x, alpha)
    if not problem.rescales or s.trained == GAUGES[0]:
        return x
    rows, layout = problem.rows(x, lam), problem.layout
    lengths = rows.norms[..., 0, :]
    if rows.biases is not None:
        lengths = lengths + rows.biases.b[..., 0, :] ** 2
    factors = np.sqrt(np.sqrt(lengths) / np.abs(rows.signs[..., 0, :]))
    row = [layout.row_of(c) for c in s.coordinates]
    return x * np.where(np.isnan(alpha), 1.0 / factors[row], factors[row])


def fixed(problem) -> np.ndarray:
    """The output weights that the gauge names, nan elsewhere; shape (n,)."""
    s = problem.structure
    given = s.student_weights
    weights = [given.get(c.row, 1.0) if c.column == ALPHA else np.nan for c in s.coordinates]
    return np.array(weights, dtype=float)


def held(problem, rows, x, lam, g, jacobian) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Jacobian with the term on top that chooses a gauge."""
    if problem.structure.trained == GAUGES[0]:
        alpha = fixed(problem)
        trained = ~np.isnan(alpha)
        jacobian[..., range(problem.n), range(problem.n)] += trained
        return g + np.where(trained, x - alpha, 0.0), jacobian
    layout, moves = problem.layout, problem._directions
    ways = rescalings(rows, layout, problem.components[0], problem.layout.outward)
    coordinates = problem.structure.coordinates
    _, _, norms = reduced.products_change(rows, moves)
    alpha, b = rows.signs[..., 0, :], 0.0
    norms = norms - 2.0 * alpha[..., None, :] * moves.outer[..., 0]
    if rows.biases is not None:
        b = rows.biases.b[..., 0, :]
        norms = norms + 2.0 * rows.biases.b * moves.biases
    groups = trained_rows(layout)
    first = [group[0] for group in groups]  # |w|² - alpha² is the same for all rows that are tied
    off = (rows.norms[..., 0, :] + b * b - alpha * alpha)[..., first] / 2
    slopes = norms[..., first] / 2  # (..., n + 1, trained)
    jacobian = jacobian + ways @ slopes.swapaxes(-1, -2)
    side = np.array([-1.0 if c.column == ALPHA else 1.0 for c in coordinates])
    own = [[layout.row_of(c) in group for group in groups] for c in coordinates]
    own = np.array(own) * side[:, None]
    jacobian[..., range(problem.n), range(problem.n)] += (own @ off[..., None])[..., 0]
    return g + (ways @ off[..., None])[..., 0], jacobian
