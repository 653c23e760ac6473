"""The full matrices that stand behind reduced coordinates at integer sizes."""

from collections.abc import Mapping, Sequence

import numpy as np

from bifurc.loss import full
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import ALPHA, BIAS, OUTPUT, PointBlock, Structure


def matrices(structure: Structure, x, values: Mapping[str, float]):
    """Return W (k, d) and V (h, d) of the coordinates ``x``.

    Parameters
    ----------
    structure : Structure
    x : ndarray, shape (n,)
    values : mapping
        The parameters; every size must come out as a positive integer.

    Raises
    ------
    ValueError
        If a size is not a positive integer.
    """
    sizes = integer_sizes(structure, values)
    entries: dict[tuple[str, str], list[float]] = {}
    values_of = {i: value for orbit, value in zip(structure.orbits, x, strict=True) for i in orbit}
    for i, entry in enumerate(structure.entries):
        entries.setdefault((entry.row, entry.column), []).append(values_of[i])
    student = {key: (pair[0], pair[-1]) for key, pair in entries.items()}
    teacher = {key: (d(**values), off(**values)) for key, (d, off) in structure.teacher.items()}
    columns = structure.inputs
    return (
        _assemble(structure.students, columns, student, sizes),
        _assemble(structure.teachers, columns, teacher, sizes),
    )


def network_behind(problem, x, lam: float) -> tuple[full.Network, np.ndarray]:
    """The full network of coordinates ``x``, and which of its unknowns are trained.

    Raises
    ------
    ValueError
        If a size is not a positive integer, or weights are drawn elsewhere than to 0.
    """
    s, values = problem.structure, problem.parameters(lam)
    if s.reference:
        raise ValueError("there is no full formula for a reference")
    w, v = matrices(s, x, values)
    a, b = row_weights(s, values)
    sizes = integer_sizes(s, values)
    columns = np.repeat([c.name for c in s.inputs], [sizes[c.points] for c in s.inputs])
    output = OUTPUT in s.bias
    beta = float(w[-1, columns == BIAS][0]) if output else None
    k = len(w) - output
    w, a = w[:k], a[:k]
    if s.trained:
        a, w = w[:, columns == ALPHA][:, 0], w[:, columns != ALPHA]
        v = v[:, columns != ALPHA]
    if s.common.terms:
        w[:, -1] = s.common(**values)
    kernel = problem.kernel_at(lam)
    trained = np.ones(w.shape, bool)
    trained[:, w.shape[1] - bool(s.bias) :] = "hidden" in s.bias
    more = k * bool(s.trained) + output
    network = full.Network(
        w, v, kernel.biased if s.bias else kernel, a, b, bool(s.bias), bool(s.trained), beta,
        s.decay(**values), "rows" if s.row_norm.terms else "sphere" * bool(s.sphere.terms),
    )  # fmt: skip
    return network, np.append(trained.ravel(), np.ones(more, bool))


def row_weights(structure: Structure, values: Mapping[str, float]):
    """Second-layer weights of the rows of W and V; shapes (k,) and (h,)."""
    sizes = integer_sizes(structure, values)
    structure = structure.weighed({name: Polynomial.of(value) for name, value in values.items()})
    student = [(structure.student_weights.get(b.name, 1.0), b) for b in structure.students]
    teacher = [(structure.teacher_weights.get(b.name, 1.0), b) for b in structure.teachers]
    return tuple(
        np.concatenate([np.full(sizes[b.points], weight) for weight, b in rows] or [np.zeros(0)])
        for rows in (student, teacher)
    )


def integer_sizes(structure: Structure, values: Mapping[str, float]) -> dict[str, int]:
    """The sizes of the point sets, as integers."""
    sizes = {}
    for name, size in structure.size.items():
        value = size(**values)
        if abs(value - round(value)) > 1e-9 or round(value) < 1:
            raise ValueError(
                f"Point set {name!r} has size {value:.6g}; a matrix needs whole sizes of at "
                "least 1. Choose the parameters accordingly."
            )
        sizes[name] = round(value)
    return sizes


def _assemble(
    rows: Sequence[PointBlock],
    columns: Sequence[PointBlock],
    entries: Mapping[tuple[str, str], tuple[float, float]],
    sizes: Mapping[str, int],
) -> np.ndarray:
    bands = [np.zeros((0, sum(sizes[c.points] for c in columns)))]
    for row in rows:
        band = []
        for column in columns:
            diagonal, off = entries.get((row.name, column.name), (0.0, 0.0))
            piece = np.full((sizes[row.points], sizes[column.points]), float(off))
            if row.points == column.points:
                np.fill_diagonal(piece, diagonal)
            band.append(piece)
        bands.append(np.hstack(band))
    return np.vstack(bands)
