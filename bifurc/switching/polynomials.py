"""All directions in which l A v + P(v) = 0 has solutions, by a homotopy.

P is homogeneous of degree 2 or 3, the gradient of a form, and A is symmetric.
A direction is a line of vectors w with P(w) = mu A w; on v = s w there,
l = -mu s^(degree - 1). Lines with mu = 0 are found as well. Degree 2: in the
unknowns (w, mu), with w'A w = 1. Degree 3: a multiple of (w'A w) A w added to
P changes no line and makes mu = 1 possible on each; what is solved is then
P(w) = A w, whose imaginary solutions are lines too.

As many paths as Bezout's number start at the solutions of y_i^degree = y_i or
1, and those that end at a finite place are all solutions there are. That is
checked by Euler's characteristic: over the critical points of a form on a
sphere, (-1)^index adds up to 0 or 2.

References
----------
.. [1] Sommese, Wampler, "The Numerical Solution of Systems of Polynomials",
   World Scientific 2005, chapters 2 and 7.
.. [2] Milnor, "Morse Theory", Princeton 1963, section 5.
"""

from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement, product

import numpy as np

SEED = 7
FIRST, LEAST = 0.05, 1e-9  # steps of the homotopy, of its length
FAR = 1e4  # beyond it, in units of coefficients of order one, a path goes to infinity
TURN = 0.3  # of its size: how far a point of a path may move in a step
CLOSE = 1e-9  # of Newton's last update at a point of a path
ONE_SOLUTION = 1e-6  # ends of two paths nearer than this, relative, are one solution
REGULAR = 1e-5  # of the Jacobian's largest singular value: below it a solution is not simple
NEAR = 100  # a path that cannot be followed and is nearer than this comes to a multiple solution
TRIES = 3  # with other constants, if the indices do not add up
RADIAL = 0.7310585786  # of the term that is added, in units of P: no symmetry has this number
LEVEL = 1e-7  # of P's coefficients: below it P is zero on a line, or (w'A w) A w
ITERATIONS = 4
SPARE = 3  # vectors beyond those whose values determine a polynomial
LEAST_PROBES = 12  # the same where images under a large group help


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


@cache
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


def equivariant(degree: int, value, action: np.ndarray) -> Homogeneous:
    """A homogeneous map that commutes with a group, from its values at a few vectors.

    A value at a vector tells those at its images.

    Parameters
    ----------
    value : callable (m,) -> (m,)
    action : ndarray, shape (order, m, m)
    """
    rng, (order, m, _) = np.random.default_rng(SEED), action.shape
    unknown = len(exponents(m, degree))
    probes = min(unknown + SPARE, LEAST_PROBES + 2 * unknown // order)
    at = rng.normal(size=(probes, m))
    at /= np.linalg.norm(at, axis=1, keepdims=True)
    values = np.array([value(w) for w in at])
    chosen = action[rng.integers(order, size=(-(-3 * unknown // probes), probes))]
    images, theirs = ((chosen @ each[..., None])[..., 0].reshape(-1, m) for each in (at, values))
    return fitted(images, theirs, degree)


@dataclass(frozen=True, eq=False)
class Direction:
    """A line of the reduced equation."""

    vector: np.ndarray  # (m,), of length one
    rate: float  # l = rate s^(degree - 1) at s times the vector; 0 where P vanishes
    index: int  # negative eigenvalues across it of the form on the sphere of A


@dataclass(frozen=True, eq=False)
class Directions:
    """The real lines that were found."""

    found: list[Direction]
    isolated: bool  # False if P leaves a continuum of solutions
    definite: bool  # whether A is: then indices add up to Euler's characteristic
    degree: int
    m: int

    @property
    def total(self) -> int:
        """The sum of (-1)^index over both ends of each line."""
        other = [w.index if self.degree == 3 else self.m - 1 - w.index for w in self.found]
        return sum((-1) ** i for i in other + [w.index for w in self.found])

    @property
    def complete(self) -> bool:
        """Whether the indices add up to the characteristic of the sphere."""
        return self.isolated and self.definite and self.total == (2 if self.m % 2 else 0)

    def __str__(self) -> str:
        text = f"{len(self.found)} direction{'s' * (len(self.found) != 1)}"
        if not self.isolated:
            return f"{text}, and others that are not determined to third order"
        if not self.definite:
            return text
        if self.complete:
            return f"{text}, all by Euler's characteristic"
        return f"{text}, but their indices add up to {self.total}: some are missing"


def directions(P: Homogeneous, A: np.ndarray) -> Directions:
    """All directions in which l A v + P(v) = 0 has solutions.

    Parameters
    ----------
    P : Homogeneous of degree 2 or 3, a gradient
    A : ndarray, shape (m, m), symmetric and regular
    """
    size, speed = np.abs(P.coefficients).max(), np.abs(A).max()
    scaled, matrix = Homogeneous(P.degree, P.coefficients / size), A / speed
    values = np.linalg.eigvalsh(matrix)
    definite = bool(values[0] * values[-1] > 0)
    best = Directions([], False, definite, P.degree, P.m)
    if is_radial(scaled, matrix):
        return best
    for attempt in range(TRIES):
        lines, isolated = _lines(scaled, matrix, np.random.default_rng(SEED + attempt))
        found = [_direction(scaled, matrix, w, size / speed) for w in lines]
        here = Directions(found, isolated, definite, P.degree, P.m)
        best = here if len(found) >= len(best.found) else best
        if here.complete or not isolated:
            break
    return best


def is_radial(P: Homogeneous, A: np.ndarray) -> bool:
    """Whether each line is a direction: P is a multiple of (w'A w) A w."""
    if P.degree != 3:
        return False
    w = np.random.default_rng(SEED).normal(size=(2 * P.m + 2, P.m))
    value, radial = P(w), np.einsum("pi,ij,pj->p", w, A, w)[:, None] * (w @ A.T)
    share = np.sum(value * radial) / np.sum(radial * radial)
    return bool(np.abs(value - share * radial).max() <= LEVEL * np.abs(value).max())


def _direction(P: Homogeneous, A: np.ndarray, w: np.ndarray, unit: float) -> Direction:
    value, image = P(w), A @ w
    level = float(value @ image / (image @ image))
    level = level if np.abs(value).max() > LEVEL else 0.0
    return Direction(w, -level * unit, index_across(P, A, w, level)[0])


def index_across(P: Homogeneous, A: np.ndarray, w: np.ndarray, level: float) -> tuple[int, bool]:
    """Negative eigenvalues at w of the form of P on the sphere of A, where P(w) = level A w.

    And whether none is zero. Where A is negative the sphere is that of -A.
    """
    across = np.linalg.qr(np.column_stack([A @ w, np.eye(len(w))]))[0][:, 1 : len(w)]
    form = across.T @ (P.jacobian(w) - level * A) @ across
    values = np.linalg.eigvalsh((form + form.T) / 2)
    floor = REGULAR * np.abs(P.coefficients).max()
    return int(np.count_nonzero(values < 0)), bool((np.abs(values) > floor).all())


def _lines(P: Homogeneous, A: np.ndarray, rng) -> tuple[list[np.ndarray], bool]:
    """Unit vectors of all real lines, and whether all solutions are isolated."""
    system = _OnSphere(P, A) if P.degree == 2 else _Shifted(P, A)
    ends, stuck = system.solutions(rng)
    values = np.linalg.svd(system.jacobian(ends), compute_uv=False)
    isolated = not stuck and bool((values[:, -1] > REGULAR * values[:, 0]).all())
    lines: list[np.ndarray] = []
    for w in ends[:, : P.m]:
        size = np.abs(w).max()
        for part, other in ((w.real, w.imag), (w.imag, w.real)):
            if np.abs(other).max() < ONE_SOLUTION * size:
                unit = part / np.linalg.norm(part)
                if not any(1 - abs(unit @ known) < ONE_SOLUTION for known in lines):
                    lines.append(unit)
    return lines, isolated


class _System:
    """Polynomials F(y), all of one degree, and those from whose solutions the paths start."""

    unknowns: int
    degree: int

    def __call__(self, y: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def jacobian(self, y: np.ndarray) -> np.ndarray:
        """Derivatives at points (..., unknowns)."""
        raise NotImplementedError

    def first(self, y: np.ndarray) -> np.ndarray:
        """The polynomials of the start."""
        return y**self.degree - 1

    def first_slope(self, y: np.ndarray) -> np.ndarray:
        """Their derivatives, each in its own unknown."""
        return self.degree * y ** (self.degree - 1)

    def starts(self) -> np.ndarray:
        """Their solutions."""
        roots = np.exp(2j * np.pi * np.arange(self.degree) / self.degree)
        return np.array(list(product(roots, repeat=self.unknowns)))

    def solutions(self, rng) -> tuple[np.ndarray, int]:
        """The finite ends of all paths, and how many come near a solution that is not simple."""
        gamma = np.exp(2j * np.pi * rng.random())
        y = self.starts()
        t, step = np.zeros((len(y), 1)), np.full((len(y), 1), FIRST)
        going = np.ones(len(y), dtype=bool)
        while going.any():
            here, at = y[going], t[going]
            ahead = np.minimum(at + step[going], 1.0)
            with np.errstate(all="ignore"):
                guess, last = self._next(here, at, ahead, gamma)
                size = 1 + np.abs(guess).max(axis=1, keepdims=True)
                good = np.abs(last).max(axis=1, keepdims=True) < CLOSE * size
                good &= np.abs(guess - here).max(axis=1, keepdims=True) < TURN * size
            y[going] = np.where(good, guess, here)
            t[going] = np.where(good, ahead, at)
            step[going] = np.where(good, 1.5, 0.5) * step[going]
            going = (t[:, 0] < 1) & (step[:, 0] > LEAST) & (np.abs(y).max(axis=1) < FAR)
        size, there = np.abs(y).max(axis=1), t[:, 0] == 1
        return y[there & (size < FAR)], int(np.count_nonzero(~there & (size < NEAR)))

    def _next(self, y, t, ahead, gamma) -> tuple[np.ndarray, np.ndarray]:
        """Corrected points further along the paths, and Newton's last updates."""
        rise = self(y) - gamma * self.first(y)
        guess = y - (ahead - t) * solve_each(self._slopes(y, t, gamma), rise)
        for _ in range(ITERATIONS):
            value = (1 - ahead) * gamma * self.first(guess) + ahead * self(guess)
            last = solve_each(self._slopes(guess, ahead, gamma), value)
            guess = guess - last
        return guess, last

    def _slopes(self, y, t, gamma) -> np.ndarray:
        first = ((1 - t) * gamma * self.first_slope(y))[..., None] * np.eye(self.unknowns)
        return first + t[..., None] * self.jacobian(y)


class _OnSphere(_System):
    """P(w) - mu A w = 0 and w'A w = 1 for P of degree 2, in y = (w, mu)."""

    degree = 2

    def __init__(self, P: Homogeneous, A: np.ndarray):
        self.P, self.A, self.unknowns = P, A, P.m + 1

    def __call__(self, y):
        w, image = y[..., :-1], y[..., :-1] @ self.A.T
        sphere = (w * image).sum(axis=-1, keepdims=True) - 1
        return np.concatenate([self.P(w) - y[..., -1:] * image, sphere], axis=-1)

    def jacobian(self, y):
        w, image = y[..., :-1], y[..., :-1] @ self.A.T
        top = self.P.jacobian(w) - y[..., -1:, None] * self.A
        top = np.concatenate([top, -image[..., None]], axis=-1)
        bottom = np.concatenate([2 * image, np.zeros_like(y[..., :1])], axis=-1)
        return np.concatenate([top, bottom[..., None, :]], axis=-2)


class _Shifted(_System):
    """P(w) + share (w'A w) A w = A w for P of degree 3."""

    degree = 3

    def __init__(self, P: Homogeneous, A: np.ndarray):
        self.P, self.A, self.unknowns = P, A, P.m

    def __call__(self, w):
        image = w @ self.A.T
        square = (w * image).sum(axis=-1, keepdims=True)
        return self.P(w) + (RADIAL * square - 1) * image

    def jacobian(self, w):
        image = w @ self.A.T
        square = (w * image).sum(axis=-1)[..., None, None]
        outer = image[..., :, None] * image[..., None, :]
        return self.P.jacobian(w) + (RADIAL * square - 1) * self.A + 2 * RADIAL * outer

    def first(self, y):
        return y**3 - y

    def first_slope(self, y):
        return 3 * y**2 - 1

    def starts(self):
        return np.array(list(product((0, 1, -1), repeat=self.unknowns))[1:], dtype=complex)


def solve_each(matrices: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solutions one by one; nan where a matrix is singular."""
    try:
        return np.linalg.solve(matrices, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        found = np.full_like(right, np.nan)
        regular = np.abs(np.linalg.det(matrices)) > 0
        found[regular] = np.linalg.solve(matrices[regular], right[regular][..., None])[..., 0]
        return found
