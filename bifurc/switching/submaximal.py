"""The reduced equation where the kernel in a fixed space is more than one line.

On a kernel with coordinates v, to third order,

    l A v + Q(v) + C(v) = 0,

A the speeds of the eigenvalues, Q and C homogeneous of degree 2 and 3. Where
Q is not zero its directions carry transcritical branches, else those of C
carry pitchforks. All directions are found (:mod:`bifurc.switching.polynomials`),
and each is one line on which the branch has a normal form like any other.

References
----------
.. [1] Golubitsky, Stewart, Schaeffer, "Singularities and Groups in Bifurcation
   Theory II", Springer 1988, sections XIII.3 to XIII.5.
.. [2] Field, Richardson, "Symmetry breaking and branching patterns in
   equivariant bifurcation theory II", Arch. Rational Mech. Anal. 120, 1992.
"""

from dataclasses import dataclass

import numpy as np

from bifurc.switching.normal_form import NEGLIGIBLE, SMALL, NormalForm, cubic_part
from bifurc.switching.polynomials import Directions, Homogeneous, directions, exponents, fitted

MOST = 3  # dimensions of a kernel that are solved: 8 paths in two, 26 in three
SPARE = 3  # directions beyond those that determine a polynomial
SEED = 11


@dataclass(frozen=True, eq=False)
class Kernel:
    """The kernel of the Hessian at a point, and what the reduced equation takes from there."""

    problem: object
    X: np.ndarray  # (n + 1,)
    right: np.ndarray  # (n, m), null vectors of length 1 in the scales
    left: np.ndarray  # (n, m), the same times the weights
    bordered: np.ndarray  # (n + m, n + m)
    size: float  # how much the Hessian changes over one scale
    along: np.ndarray  # (m, n, n + 1), derivative of the Jacobian along each null vector
    trivial: np.ndarray  # (n + 1,), tangent across the kernel, lam component 1

    @classmethod
    def at(cls, problem, X: np.ndarray, near: float = SMALL) -> "Kernel":
        """The kernel at a critical point: eigenvalues below ``near`` of their usual size."""
        x, lam = X[:-1], X[-1]
        _, jacobian = problem.jacobian(x, lam)
        scales = problem.scales(lam)
        moves = [problem.jacobian_along(x, lam, u)[:, :-1] for u in np.diag(scales)]
        size = float(np.abs(moves).max(initial=0.0))
        block = next(iter(problem.blocks(x, lam, problem.components[:1]).values()))
        eigen = block.eigen()
        values = np.abs(eigen.values)
        small = values < near * max(values.max(initial=0.0), size)
        right = eigen.right[:, small]
        right = right @ _lengths(right / scales[:-1, None])
        left = right * np.asarray(problem.weights(lam))[:, None]
        m = right.shape[1]
        bordered = np.block([[jacobian[:, :-1], right], [left.T, np.zeros((m, m))]])
        along = np.array([problem.jacobian_along(x, lam, np.append(r, 0.0)) for r in right.T])
        across = np.linalg.solve(bordered, -np.append(jacobian[:, -1], np.zeros(m)))
        trivial = np.append(across[: len(x)], 1.0)
        return cls(problem, X, right, left, bordered, size, along, trivial)

    @property
    def m(self) -> int:
        """Dimension of the kernel."""
        return self.right.shape[1]

    @property
    def natural(self) -> float:
        """What a coefficient of the reduced equation is held against."""
        return self.size * float(np.linalg.norm(self.left, axis=0).max(initial=0.0))

    def speeds(self) -> np.ndarray:
        """A of the reduced equation, (m, m)."""
        return np.array([self.left.T @ (one @ self.trivial) for one in self.along]).T

    def second(self, v: np.ndarray) -> np.ndarray:
        """Half the second derivative of g along the null vector v, (n,)."""
        return np.tensordot(v, self.along, 1)[:, :-1] @ (self.right @ v) / 2

    def bend(self, v: np.ndarray) -> np.ndarray:
        """Second-order part of the state along v, across the kernel; (n,)."""
        second = np.append(self.second(v), np.zeros(self.m))
        return -np.linalg.solve(self.bordered, second)[: len(self.right)]

    def quadratic(self) -> Homogeneous | None:
        """Q of the reduced equation; None if it is zero."""
        return self._polynomial(2, lambda v: self.left.T @ self.second(v))

    def cubic(self) -> Homogeneous | None:
        """C of the reduced equation; None if it is zero."""
        return self._polynomial(3, lambda v: self.left.T @ self._third(v))

    def _third(self, v: np.ndarray) -> np.ndarray:
        x, lam = self.X[:-1], self.X[-1]
        return cubic_part(self.problem, x, lam, self.right @ v, self.bend(v))

    def _polynomial(self, degree: int, value) -> Homogeneous | None:
        count = len(exponents(self.m, degree)) + SPARE
        at = np.random.default_rng(SEED).normal(size=(count, self.m))
        at = at / np.linalg.norm(at, axis=1, keepdims=True)
        found = fitted(at, np.array([value(v) for v in at]), degree)
        floor = (NEGLIGIBLE if degree == 2 else COARSE) * self.natural
        return found if np.abs(found.coefficients).max() > floor else None


COARSE = 1e-6  # of the natural size: third derivatives are differences of differences


def _lengths(vectors: np.ndarray) -> np.ndarray:
    """What makes columns orthonormal, (m, m)."""
    _, r = np.linalg.qr(vectors)
    return np.linalg.inv(r)


@dataclass(frozen=True, eq=False)
class Solved:
    """Normal forms along all directions of a kernel, and a word on whether that is all."""

    forms: list[NormalForm]
    word: str


def solve(problem, X: np.ndarray) -> Solved:
    """The normal forms of all directions of the kernel at X, to third order."""
    kernel = Kernel.at(problem, X)
    if not 1 < kernel.m <= MOST:
        return Solved([], f"the kernel in its fixed space has {kernel.m} dimensions: not solved")
    speeds = kernel.speeds()
    values = np.abs(np.linalg.eigvalsh((speeds + speeds.T) / 2))
    if values.min() <= NEGLIGIBLE * kernel.natural:
        return Solved([], "an eigenvalue of the kernel does not cross zero: not solved")
    P = kernel.quadratic() or kernel.cubic()
    if P is None:
        return Solved([], "degenerate: the normal form is not determined to third order")
    ways = directions(P, speeds)
    forms = [_form(kernel, way, speeds, P.degree) for way in ways.found]
    return Solved(forms, count(ways, kernel.m, P.degree))


def _form(kernel: Kernel, way, speeds: np.ndarray, degree: int) -> NormalForm:
    """The normal form on one line; its speed is that of the form A along the line."""
    v = way.vector
    speed = float(v @ speeds @ v)
    speed = speed if abs(speed) > NEGLIGIBLE * kernel.natural else 1.0
    coefficient = -way.rate * speed
    return NormalForm(
        speed=speed,
        quadratic=coefficient if degree == 2 else 0.0,
        cubic=coefficient if degree == 3 else 0.0,
        trivial=kernel.trivial,
        kernel=kernel.right @ v,
        bend=kernel.bend(v),
    )


def count(ways: Directions, m: int, degree: int) -> str:
    """A word on whether the directions found are all, by paths and by Euler's characteristic."""
    text = f"{len(ways.found)} directions"
    if ways.singular:
        return f"{text}, {ways.singular} more are not determined to third order"
    indices = [way.index for way in ways.found]
    if -1 in indices:
        return text if ways.complete else f"{text}, {ways.paths - ways.ended} paths have no end"
    turned = [i if degree == 3 else m - 1 - i for i in indices]
    total = sum((-1) ** i for i in indices + turned)
    sphere = 2 if m % 2 else 0
    if total != sphere:
        return f"{text}, but their indices add up to {total} and not {sphere}: some are missing"
    return f"{text}, all by Euler's characteristic"
