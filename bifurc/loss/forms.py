"""The Hessian in other forms of the literature: Gauss-Newton, and with trained output weights.

The Gauss-Newton part is the second moment of the network's derivatives. It is
the Hessian of a student that has learnt its teacher, so it is computed as
that: the teacher is replaced by the student as it is.

For a positively homogeneous kernel a neuron alpha relu(w.x) is one with the
weights alpha w, so where output weights are trained too, at a critical point,
the Hessian is J' H J with J(dw, dalpha) = alpha dw + dalpha w. It has one more
copy of t for each row block, and of s for each on the set, and as many zeros:
a neuron may be rescaled at no cost. Thresholds are those of fixed weights; the
other eigenvalues depend on the gauge that is chosen.

References
----------
.. [1] Simsek, Ged, Jacot, Spadaro, Hongler, Gerstner, Brea, "Geometry of the loss landscape in
   overparameterized neural networks", ICML 2021 (arXiv 2105.12221).
"""

from dataclasses import replace

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.spectra import Block
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import OUTPUT

GAUGES = ("alpha=1", "balanced")


def gauss_newton(problem: NetworkProblem, x: np.ndarray, lam: float) -> dict[Component, Block]:
    """Blocks of the Gauss-Newton part of the Hessian at one point.

    What :meth:`~bifurc.loss.problem.NetworkProblem.blocks` has beyond it comes of the error.
    """
    s = problem.structure
    values = dict(zip(s.coordinates, x, strict=True))
    of = {s.entries[i]: a for a, orbit in enumerate(s.orbits) for i in orbit}
    teacher: dict = {}
    for entry in s.entries:
        value = Polynomial.of(float(values[s.coordinates[of[entry]]]))
        pair = teacher.get((entry.row, entry.column), (value, value))
        parts = (pair[0], value) if entry.part == "off" else (value, pair[1])
        if entry.row != OUTPUT:
            teacher[entry.row, entry.column] = parts
    learnt = replace(
        s, teachers=s.hidden, teacher=teacher, teacher_weights=s.student_weights,
        decay=Polynomial.of(0),
    )  # fmt: skip
    at = x * [c.row != OUTPUT or not s.bias for c in s.coordinates]
    return problem.on(learnt, any_size=True).blocks(at, lam)


def with_output_weights(
    problem: NetworkProblem, x: np.ndarray, lam: float, gauge: str = GAUGES[0], blocks=None
) -> dict[Component, Block]:
    """Blocks of the Hessian in weights and output weights, at one critical point.

    Parameters
    ----------
    problem : NetworkProblem
        Of a positively homogeneous kernel, whose rows stand for \\|alpha\\| w.
    gauge : str
        ``"alpha=1"``, or ``"balanced"``: \\|w\\| = \\|alpha\\|.
    blocks : dict, optional
        Those of fixed weights; by default the Hessian's.

    Returns
    -------
    dict
        With the zeros, of rescaling, set apart.

    Raises
    ------
    ValueError
        If the kernel is not homogeneous, or there is no such gauge.
    """
    if not problem.exchanges or problem.structure.bias:
        raise ValueError(
            "Trained output weights need a positively homogeneous kernel, without biases or decay."
        )
    if gauge not in GAUGES:
        raise ValueError(f"A gauge is {' or '.join(GAUGES)}, got {gauge!r}.")
    rows, layout = problem.rows(x, lam), problem.layout
    students = len(problem.structure.students)
    lengths = np.sqrt(rows.norms[0, :students])
    alpha = np.ones(students) if gauge == GAUGES[0] else np.sqrt(lengths)
    found: dict[Component, Block] = {}
    for component, block in (blocks or problem.blocks(x, lam)).items():
        basis, keep = problem.basis_of(component)
        own = np.abs(basis[:, :students]).reshape(len(basis), students, -1).any(axis=-1)
        scale = alpha[own.argmax(axis=1)]  # of each copy; it lives on one row block
        counts, along = np.zeros(0), np.zeros((len(basis), 0))
        if component.irrep in ("t", "s"):
            whole = component.irrep == "t"
            mine = own.any(axis=0) if whole else layout.on(*component.sets)[0][:students]
            there = np.flatnonzero(mine).tolist()
            columns = [_row(rows, layout, r, basis, keep) / alpha[r] for r in there]
            along = np.array(columns).reshape(len(there), len(basis)).T
            counts = rows.sizes[0, there] if whole else np.ones(len(there))
            component = component._replace(copies=component.copies + len(there))
        found[component] = _pulled(block, scale, along, counts)
    return found


def _row(rows, layout, r: int, basis: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Coefficients in the copies of the row block itself, times 1 or z_i."""
    table = np.zeros(basis.shape[1:] if basis.ndim == 4 else (layout.rows, 2, layout.columns))
    table[r, 0], table[r, 1] = rows.beta[0, r], rows.sigma[0, r]
    return table.reshape(-1) @ keep


def _pulled(block: Block, scale: np.ndarray, along: np.ndarray, counts: np.ndarray) -> Block:
    """The block of J' H J, J = (scale, along), with what J annuls set apart."""
    J = np.hstack([np.diag(scale), along])
    weights = np.concatenate([block.weights, counts])
    form = J.T @ (block.weights[:, None] * block.matrix) @ J
    over = np.where(weights > 0.0, weights, 1.0)[:, None]
    zeros = np.vstack([-along / scale[:, None], np.eye(len(counts))])
    if block.neutral is not None:
        still = block.neutral / scale[:, None]
        zeros = np.hstack([zeros, np.vstack([still, np.zeros((len(counts), still.shape[1]))])])
    return Block(form / over, weights, zeros if zeros.size else None)
