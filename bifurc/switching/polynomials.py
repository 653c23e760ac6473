"""All solutions of P(w) = A w for a homogeneous P, by a homotopy.

The reduced equation at a branch point is l A v + P(v) = 0 to leading order, P
of degree 2 or 3. With v = s w its real solutions are the directions w of
P(w) = A w, at l = -s^(degree - 1), and where the degree is 3 the imaginary
ones, at l = +s². As many paths as Bezout's number start at the solutions of
w_i^degree = w_i; those that end at a finite place are all solutions there are.

References
----------
.. [1] Sommese, Wampler, "The Numerical Solution of Systems of Polynomials",
   World Scientific 2005, chapters 2 and 7.
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import numpy as np

SEED = 7
FIRST, LEAST = 0.05, 1e-9  # steps of the homotopy, of its length
FAR = 1e5  # beyond it, in units of coefficients of order one, a path goes to infinity
CLOSE = 1e-9  # of Newton's last update at a point of a path
SAME = 1e-6  # ends of two paths nearer than this, relative, are one solution
REGULAR = 1e-6  # of the Jacobian's largest singular value: below it a solution is not simple
TRIES = 3  # with other constants, if two paths end at one place
ITERATIONS = 4


@dataclass(frozen=True, eq=False)
class Homogeneous:
    """P_i(w) = sum over monomials of a degree; coefficients (m, monomials)."""

    degree: int
    coefficients: np.ndarray

    @property
    def m(self) -> int:
        """Number of unknowns."""
        return len(self.coefficients)

    @property
    def exponents(self) -> np.ndarray:
        """One row for each monomial; (monomials, m)."""
        return exponents(self.m, self.degree)

    def __call__(self, w: np.ndarray) -> np.ndarray:
        """Values at points (..., m)."""
        return monomials(w, self.exponents) @ self.coefficients.T

    def jacobian(self, w: np.ndarray) -> np.ndarray:
        """Derivatives at points (..., m); shape (..., m, m)."""
        columns = []
        for j in range(self.m):
            lower = self.exponents.copy()
            factor = lower[:, j].copy()
            lower[:, j] = np.maximum(lower[:, j] - 1, 0)
            columns.append((monomials(w, lower) * factor) @ self.coefficients.T)
        return np.stack(columns, axis=-1)


def exponents(m: int, degree: int) -> np.ndarray:
    """Exponents of all monomials of a degree in m unknowns.

    >>> exponents(2, 2).tolist()
    [[2, 0], [1, 1], [0, 2]]
    """
    chosen = list(combinations_with_replacement(range(m), degree))
    return np.array([np.bincount(c, minlength=m) for c in chosen])


def monomials(w: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """All monomials at points (..., m); shape (..., monomials)."""
    return np.prod(w[..., None, :] ** powers, axis=-1)


def fitted(directions: np.ndarray, values: np.ndarray, degree: int) -> Homogeneous:
    """The polynomial with these values (points, m) at these directions (points, m)."""
    matrix = monomials(directions, exponents(directions.shape[1], degree))
    return Homogeneous(degree, np.linalg.lstsq(matrix, values, rcond=None)[0].T)


@dataclass(frozen=True, eq=False)
class Direction:
    """A direction of the reduced equation, of length one."""

    vector: np.ndarray  # (m,)
    rate: float  # l = rate * s^(degree - 1) along s * vector
    index: int  # negative eigenvalues of P - A across the direction; -1 if A is not definite


@dataclass(frozen=True, eq=False)
class Directions:
    """All real directions, one of each pair w, -w, and whether that is all."""

    found: list[Direction]
    paths: int  # of the homotopy, the trivial solution left out
    ended: int  # paths that end at different finite solutions
    singular: int  # real solutions that are not simple: left out

    @property
    def complete(self) -> bool:
        """Whether each path ended at a simple solution of its own."""
        return self.ended == self.paths and not self.singular


def directions(P: Homogeneous, A: np.ndarray) -> Directions:
    """All directions in which l A v + P(v) = 0 has solutions."""
    size, speed = np.abs(P.coefficients).max(), np.abs(A).max()
    scaled, matrix = Homogeneous(P.degree, P.coefficients / size), A / speed
    paths = P.degree**P.m - 1
    ends = np.zeros((0, P.m), dtype=complex)
    for attempt in range(TRIES):
        more = _different(_track(scaled, matrix, np.random.default_rng(SEED + attempt)))
        ends = more if len(more) > len(ends) else ends
        if len(ends) == paths:
            break
    found, singular = [], 0
    for w, sign in _real(ends, P.degree):
        if any(_parallel(w, known.vector) for known in found):
            continue
        values = np.linalg.svd(scaled.jacobian(w) - sign * matrix, compute_uv=False)
        if values[-1] < REGULAR * values[0]:
            singular += 1
            continue
        length = np.linalg.norm(w)
        rate = -sign * (size / speed) / length ** (P.degree - 1)
        found.append(Direction(w / length, rate, _index(scaled, sign * matrix, w)))
    return Directions(found, paths, len(ends), singular)


def _track(P: Homogeneous, A: np.ndarray, rng) -> np.ndarray:
    """Ends of the paths of (1 - t) gamma (w^degree - w) + t (P(w) - A w) that stay finite."""
    d, m = P.degree, P.m
    roots = np.concatenate([[0], np.exp(2j * np.pi * np.arange(d - 1) / (d - 1))])
    w = np.array(list(product(roots, repeat=m))[1:], dtype=complex)
    gamma = np.exp(2j * np.pi * rng.random())
    one = np.eye(m)

    def value(w, t):
        return (1 - t) * gamma * (w**d - w) + t * (P(w) - w @ A.T)

    def slopes(w, t):
        start = gamma * (d * w ** (d - 1) - 1)
        matrix = (1 - t)[..., None] * start[..., None] * one
        return matrix + t[..., None] * (P.jacobian(w) - A)

    t, step = np.zeros((len(w), 1)), np.full((len(w), 1), FIRST)
    going = np.ones(len(w), dtype=bool)
    while going.any():
        here, at = w[going], t[going]
        ahead = np.minimum(at + step[going], 1.0)
        rise = P(here) - here @ A.T - gamma * (here**d - here)
        with np.errstate(all="ignore"):
            guess = here - (ahead - at) * _solve(slopes(here, at), rise)
            for _ in range(ITERATIONS):
                update = _solve(slopes(guess, ahead), value(guess, ahead))
                guess = guess - update
            size = 1 + np.abs(guess).max(axis=1, keepdims=True)
            good = np.abs(update).max(axis=1, keepdims=True) < CLOSE * size
            good &= np.abs(guess - here).max(axis=1, keepdims=True) < 0.3 * size
        w[going] = np.where(good, guess, here)
        t[going] = np.where(good, ahead, at)
        step[going] = np.where(good, 1.5, 0.5) * step[going]
        going = (t[:, 0] < 1) & (step[:, 0] > LEAST) & (np.abs(w).max(axis=1) < FAR)
    return w[t[:, 0] == 1]


def _solve(matrices: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solutions one by one; nan where a matrix is singular."""
    try:
        return np.linalg.solve(matrices, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        found = np.full_like(right, np.nan)
        regular = np.abs(np.linalg.det(matrices)) > 0
        found[regular] = np.linalg.solve(matrices[regular], right[regular][..., None])[..., 0]
        return found


def _different(ends: np.ndarray) -> np.ndarray:
    """Ends that differ, the trivial solution left out."""
    kept: list[np.ndarray] = []
    for w in ends:
        near = (np.abs(w - other).max() < SAME * (1 + np.abs(w).max()) for other in kept)
        if np.abs(w).max() > SAME and not any(near):
            kept.append(w)
    return np.array(kept, dtype=complex).reshape(-1, ends.shape[1])


def _real(ends: np.ndarray, degree: int):
    """Real vectors w with P(w) = sign A w among the solutions, with the sign."""
    for w in ends:
        length = np.abs(w).max()
        if np.abs(w.imag).max() < SAME * length:
            yield w.real, 1
        elif degree == 3 and np.abs(w.real).max() < SAME * length:
            yield w.imag, -1


def _parallel(w: np.ndarray, unit: np.ndarray) -> bool:
    return bool(abs(w @ unit) > (1 - SAME**2) * np.linalg.norm(w)) and bool(
        np.linalg.norm(w - (w @ unit) * unit) < SAME * np.linalg.norm(w)
    )


def _index(P: Homogeneous, A: np.ndarray, w: np.ndarray) -> int:
    """Negative eigenvalues of the Hessian of the potential of P on the sphere of A."""
    values = np.linalg.eigvalsh((A + A.T) / 2)
    if values.min() * values.max() <= 0:
        return -1
    across = np.linalg.qr(np.column_stack([A @ w, np.eye(len(w))]))[0][:, 1 : len(w)]
    form = across.T @ (P.jacobian(w) - A) @ across
    return int(np.count_nonzero(np.linalg.eigvalsh((form + form.T) / 2) < 0))
