"""A teacher in the form it is best looked at: unit vectors where it is orthonormal.

Gaussian inputs do not tell one orthonormal basis from another, so rotating
the inputs changes nothing but the entries. With the rows of the teacher as
basis vectors, permutations of the inputs become visible.
"""

import numpy as np

ORTHONORMAL = 1e-10


def rotated(w: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (w, v) with inputs rotated so that an orthonormal teacher reads [I 0].

    Other teachers, and those made of unit vectors, stay as they are but for
    a full set of unit vectors, which is put in order.
    """
    h, d = v.shape
    if h > d or np.abs(v @ v.T - np.eye(h)).max() > ORTHONORMAL:
        return w, v
    if np.isin(v, (0.0, 1.0)).all() and h < d:
        return w, v
    rest = np.linalg.svd(v)[2][h:]  # a basis of what the teacher does not see
    return np.hstack([w @ v.T, w @ rest.T]), np.eye(h, d)
