"""What a weight matrix must be, and what its rows are to one another."""

import numpy as np

NEARLY = 1.0  # degrees
LARGEST, SMALLEST = 1e70, 1e-70  # of a row's largest entry: the loss takes its fourth power


def valid(W, V=None) -> tuple[np.ndarray, np.ndarray]:
    """Return W (k, d) and V (h, d) as arrays of finite floats.

    Raises
    ------
    ValueError
        With what is wrong and where.
    """
    w = matrix(W, "W")
    v = np.eye(w.shape[1]) if V is None else matrix(V, "V")
    if v.shape[1] != w.shape[1]:
        raise ValueError(
            f"W has {w.shape[1]} columns and V {v.shape[1]}; both need one for each input. "
            "Rows are neurons: transpose a matrix that has them as columns."
        )
    if not np.abs(v).max(axis=1).min() > 0:
        raise ValueError("V has a zero row; leave it out, it teaches nothing.")
    if not w.any():
        raise ValueError("W is zero: the loss is not differentiable there.")
    return w, v


def matrix(given, name: str) -> np.ndarray:
    """``given`` as a matrix of finite floats, called ``name`` in what is complained of."""
    try:
        array = np.asarray(given)
    except ValueError:
        raise ValueError(f"{name} is no matrix: its rows differ in length.") from None
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} holds {array.dtype}, not real numbers; convert it first.")
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} has shape {array.shape}; a matrix (neurons, inputs) is needed.")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        i, j = bad[0].tolist()
        raise ValueError(f"{name} has {array[i, j]} in row {i}, column {j}; all must be finite.")
    array = array.astype(float)
    largest = np.abs(array).max(axis=1)
    for row in np.flatnonzero((largest > LARGEST) | ((largest > 0) & (largest < SMALLEST))):
        raise ValueError(
            f"{name} has a largest entry of {largest[row]:.3g} in row {row}; only from "
            f"{SMALLEST:g} to {LARGEST:g} its fourth power is a number. Scale it, or make it zero."
        )
    return array


def angles(w: np.ndarray) -> np.ndarray:
    """Angles between rows in radians, exact to rounding for small ones too; (k, k)."""
    unit = w / np.linalg.norm(w, axis=1, keepdims=True)
    apart = np.linalg.norm(unit[:, None] - unit[None], axis=-1)
    return 2 * np.arcsin(np.minimum(apart / 2, 1.0))


def nearly_parallel(w: np.ndarray, degrees: float = NEARLY) -> list[tuple[int, int, float]]:
    """Pairs of rows that make an angle of less than ``degrees``, with the angle."""
    angle = np.degrees(angles(w))
    pairs = np.argwhere(np.triu(angle < degrees, 1))
    return [(int(i), int(j), float(angle[i, j])) for i, j in pairs]


def parallel_classes(w: np.ndarray, angle: float) -> list[np.ndarray]:
    """Classes of two or more rows that are parallel up to ``angle`` (radians)."""
    close = angles(w) < angle
    firsts = close.argmax(axis=1)
    classes = [np.flatnonzero(firsts == first) for first in np.unique(firsts)]
    return [rows for rows in classes if len(rows) > 1]


def outer(weights, count: int, whose: str) -> np.ndarray | None:
    """Second-layer weights of so many rows, or None where none are given.

    Raises
    ------
    ValueError
        If they are not so many numbers that are finite and not zero.
    """
    if weights is None:
        return None
    found = np.asarray(weights, dtype=float).ravel()
    if len(found) != count or not np.isfinite(found).all() or not found.all():
        raise ValueError(
            f"The output weights of {whose} need {count} finite numbers that are not zero, one for "
            f"each row; got {short(found)}."
        )
    return found


def short(numbers: np.ndarray) -> str:
    """At most five of some numbers."""
    told = ", ".join(f"{value:g}" for value in numbers[:5])
    return f"{len(numbers)}: {told}{', ...' if len(numbers) > 5 else ''}"
