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
from functools import cached_property

import numpy as np

from bifurc.continuation.correct import correct_at
from bifurc.continuation.options import Options
from bifurc.protocol import Problem
from bifurc.switching.normal_form import (
    NEGLIGIBLE,
    SMALL,
    NormalForm,
    Touched,
    cubic_part,
    natural_size,
)
from bifurc.switching.polynomials import Homogeneous, directions, equivariant

MOST = 3  # dimensions of a kernel that are solved: 8 paths in two, 26 in three
LARGEST = 4  # the same where no subgroup fixes less: 80 paths
PROBES = 3
ASIDE = 1e-2  # of the scale of lam: where a branch is asked beside a point where it touches
FLAT = 1e-4  # of the natural size: what is smaller is not told from a touch of higher order
COARSE = 1e-6  # of the natural size: third derivatives are differences of differences
SEED = 11
PERSISTENT = 1e9  # times smaller than the largest singular value: a zero beside the kernel
ANGLES = 360  # of a plane: half-lines closer together than a degree are not told apart
ASKEW = 0.0123  # radians: so that no half-line that symmetry puts on an axis is on the grid


@dataclass(frozen=True, eq=False)
class Kernel:
    """The kernel of the Hessian at a point, and what the reduced equation takes from there."""

    problem: Problem
    X: np.ndarray  # (n + 1,)
    right: np.ndarray  # (n, m), null vectors of length 1 in the scales
    left: np.ndarray  # (n, m), the same times the weights
    bordered: np.ndarray  # (n + m, n + m)
    inverse: np.ndarray  # of that
    size: float  # how much the Hessian changes over one scale, in the directions that matter
    trivial: np.ndarray  # (n + 1,), tangent across the kernel, lam component 1

    @classmethod
    def at(cls, problem: Problem, X: np.ndarray, right: np.ndarray | None = None) -> "Kernel":
        """The kernel at a critical point: that of the branch's own block, if it is not given."""
        x, lam = X[:-1], X[-1]
        _, jacobian = problem.jacobian(x, lam)
        scales = problem.scales(lam)
        ways = [scales * way for way in (np.eye(len(X))[-1], *random_ways(len(X)))]
        moves = [problem.jacobian_along(x, lam, u)[:, :-1] for u in ways]
        size = float(np.abs(moves).max(initial=0.0))
        largest = float(np.abs(jacobian[:, :-1]).max(initial=0.0))
        if largest <= SMALL * max(size, 1e-300):  # all of the Hessian vanishes
            size = natural_size(problem, X, largest, scales)
        if right is None:
            block = next(iter(problem.blocks(x, lam, problem.components[:1]).values()))
            eigen = block.eigen()
            values = np.abs(eigen.values)
            right = eigen.right[:, values < SMALL * max(values.max(initial=0.0), size)]
        right = right @ _lengths(right / scales[:-1, None])
        left = right * np.asarray(problem.weights(lam))[:, None]
        m = right.shape[1]
        bordered = np.block([[jacobian[:, :-1], right], [left.T, np.zeros((m, m))]])
        inverse = _inverse(bordered)
        trivial = np.append(-inverse[: len(x), : len(x)] @ jacobian[:, -1], 1.0)
        return cls(problem, X, right, left, bordered, inverse, size, trivial)

    @property
    def m(self) -> int:
        """Dimension of the kernel."""
        return self.right.shape[1]

    @property
    def natural(self) -> float:
        """What a coefficient of the reduced equation is held against."""
        return self.size * float(np.linalg.norm(self.left, axis=0).max(initial=0.0))

    @cached_property
    def kinked(self) -> bool:
        """Whether g is not C² on the kernel: then Q is homogeneous, but no polynomial."""
        ways = (np.append(self.right @ v, 0.0) for v in random_ways(self.m))
        return any(self.problem.kinked(self.X[:-1], self.X[-1], u) for u in ways)

    def speeds(self) -> np.ndarray:
        """A of the reduced equation, (m, m)."""
        change = self.problem.jacobian_along(self.X[:-1], self.X[-1], self.trivial)
        return self.left.T @ change[:, :-1] @ self.right

    def second(self, v: np.ndarray) -> np.ndarray:
        """Half the second derivative of g along the null vector v, (n,)."""
        way = np.append(self.right @ v, 0.0)
        return self.problem.second_along(self.X[:-1], self.X[-1], way)

    def bend(self, v: np.ndarray) -> np.ndarray:
        """Second-order part of the state along v, across the kernel; (n,)."""
        second, n = self.second(v), len(self.right)
        return -self.inverse[:n, :n] @ second

    def quadratic(self, action: np.ndarray | None = None) -> Homogeneous | None:
        """Q of the reduced equation; None if it is zero.

        ``action`` (order, m, m) is a group that it commutes with: fewer values are asked for.
        """
        return self._polynomial(2, lambda v: self.left.T @ self.second(v), action)

    def cubic(self, action: np.ndarray | None = None) -> Homogeneous | None:
        """C of the reduced equation; None if it is zero."""
        return self._polynomial(3, lambda v: self.left.T @ self._third(v), action)

    def kind(self) -> str:
        """transcritical if the loss has a term of third order in any direction, else pitchfork.

        Or degenerate, if it has none of fourth order either.
        """
        probes = random_ways(self.m)
        if any(abs(v @ self.left.T @ self.second(v)) > NEGLIGIBLE * self.natural for v in probes):
            return "transcritical"
        if any(abs(v @ self.left.T @ self._third(v)) > COARSE * self.natural for v in probes):
            return "pitchfork"
        return "degenerate"

    def _third(self, v: np.ndarray) -> np.ndarray:
        x, lam = self.X[:-1], self.X[-1]
        return cubic_part(self.problem, x, lam, self.right @ v, self.bend(v))

    def _polynomial(self, degree: int, value, action) -> Homogeneous | None:
        found = equivariant(degree, value, np.eye(self.m)[None] if action is None else action)
        floor = (NEGLIGIBLE if degree == 2 else COARSE) * self.natural
        return found if np.abs(found.coefficients).max() > floor else None


def random_ways(n: int) -> np.ndarray:
    """A few unit vectors: a form that is not zero is not zero at all of them; (PROBES, n)."""
    ways = np.random.default_rng(SEED).normal(size=(PROBES, n))
    return ways / np.linalg.norm(ways, axis=1, keepdims=True)


def _inverse(bordered: np.ndarray) -> np.ndarray:
    """The inverse; where zeros that persist along the branch are left, that across them."""
    try:
        found = np.linalg.inv(bordered)
        if np.abs(found).max() * np.abs(bordered).max() < PERSISTENT:
            return found
    except np.linalg.LinAlgError:
        pass
    return np.linalg.pinv(bordered, rcond=1 / PERSISTENT)


def _lengths(vectors: np.ndarray) -> np.ndarray:
    """What makes columns orthonormal, (m, m)."""
    _, r = np.linalg.qr(vectors)
    return np.linalg.inv(r)


@dataclass(frozen=True, eq=False)
class Solved:
    """Normal forms along all directions of a kernel, and a word on whether that is all."""

    forms: list
    word: str


def solve_touch(problem: Problem, X: np.ndarray) -> Solved:
    """The same where the eigenvalues of the kernel touch zero: l² A v + Q(v) + C(v) = 0.

    The speeds of the first order are zero there; A is of the second, from the
    branch on both sides.
    """
    kernel = Kernel.at(problem, X)
    if not 1 < kernel.m <= LARGEST:
        return Solved([], f"the kernel in its fixed space has {kernel.m} dimensions: not solved")
    if kernel.kinked:
        return Solved([], "not C³ on a kernel where eigenvalues touch zero: not solved")
    second = _second_speeds(kernel)
    values = np.abs(np.linalg.eigvalsh((second + second.T) / 2))
    if values.min() <= FLAT * kernel.natural:
        return Solved([], "an eigenvalue of the kernel touches zero to a higher order: not solved")
    leading = kernel.quadratic() or kernel.cubic()
    if leading is None:
        return Solved([], "degenerate: the normal form is not determined to third order")
    ways, forms = directions(leading, second), []
    for way in ways.found:
        phi, rate = kernel.right @ way.vector, way.rate
        if leading.degree == 2 and rate:
            forms += [Touched(kernel.trivial, phi, 1 / rate, 2)]
        elif rate > 0:
            forms += [Touched(kernel.trivial, phi, side / np.sqrt(rate), 1) for side in (1, -1)]
    return Solved(forms, str(ways))


def _second_speeds(kernel: Kernel) -> np.ndarray:
    """Half the second derivative of the Hessian on the kernel along the branch, (m, m)."""
    scale = float(kernel.problem.scales(kernel.X[-1])[-1])
    upward, found = np.eye(len(kernel.X))[-1], np.zeros((kernel.m, kernel.m))
    for l in (ASIDE * scale, -ASIDE * scale):
        point = correct_at(kernel.problem, kernel.X + l * kernel.trivial, upward, Options()).point
        if point is None:
            raise np.linalg.LinAlgError("no point of the branch beside the touch")
        bordered = kernel.bordered.copy()
        bordered[: -kernel.m, : -kernel.m] = point.jacobian[:, :-1]
        found -= np.linalg.inv(bordered)[-kernel.m :, -kernel.m :] / (2 * l * l)
    return found


def solve(problem: Problem, X: np.ndarray) -> Solved:
    """The normal forms of all directions of the kernel at X, to third order."""
    kernel = Kernel.at(problem, X)
    if not kernel.m:
        return Solved([], "fixes nothing of the kernel")
    if not 1 < kernel.m <= LARGEST:
        return Solved([], f"the kernel in its fixed space has {kernel.m} dimensions: not solved")
    speeds = kernel.speeds()
    values = np.abs(np.linalg.eigvalsh((speeds + speeds.T) / 2))
    if values.min() <= NEGLIGIBLE * kernel.natural:
        return Solved([], "an eigenvalue of the kernel does not cross zero: not solved")
    if kernel.kinked:
        return _on_circle(kernel, speeds)
    quadratic, cubic = kernel.quadratic(), kernel.cubic()
    leading = quadratic or cubic
    if leading is None:
        return Solved([], "degenerate: the normal form is not determined to third order")
    ways = directions(leading, speeds)
    forms = [_form(kernel, way, speeds, leading, cubic) for way in ways.found]
    return Solved([form for form in forms if form is not None], str(ways))


def _on_circle(kernel: Kernel, speeds: np.ndarray) -> Solved:
    """The forms of all half-lines of a plane on which Q(v) is a multiple of A v.

    Q has kinks itself, on the lines where rows stay parallel; it is continuous,
    and sign changes of its part across A v on the circle are counted.
    """
    from scipy.optimize import brentq  # waited for where it is needed

    if kernel.m != 2:
        word = f"not C³ on a kernel of {kernel.m} dimensions: not solved"
        return Solved([], word)

    def vector(angle: float) -> np.ndarray:
        return np.array([np.cos(angle), np.sin(angle)])

    def across(angle: float) -> float:
        v = vector(angle)
        (a, b), (p, q) = speeds @ v, kernel.left.T @ kernel.second(v)
        return float(a * q - b * p)

    grid = np.linspace(0, 2 * np.pi, ANGLES + 1) + ASKEW
    heights = np.array([across(angle) for angle in grid])
    if np.abs(heights).max() <= NEGLIGIBLE * kernel.natural * np.abs(speeds).max():
        return Solved([], "all directions alike to second order: not solved")
    roots = [
        brentq(across, grid[i], grid[i + 1], xtol=1e-14)
        for i in np.flatnonzero(heights[:-1] * heights[1:] < 0)
    ]
    forms = []
    for v in map(vector, roots):
        quadratic, speed = (float(v @ w) for w in (kernel.left.T @ kernel.second(v), speeds @ v))
        if min(abs(quadratic), abs(speed)) > NEGLIGIBLE * kernel.natural:
            way = kernel.right @ v
            forms.append(
                NormalForm(speed, quadratic, 0.0, kernel.trivial, way, kernel.bend(v), True)
            )
    return Solved(forms, f"{len(roots)} directions on the circle, to {360 / ANGLES:g} degrees")


def _form(kernel: Kernel, way, speeds: np.ndarray, leading, cubic) -> NormalForm | None:
    """The normal form on one line; its speed is that of the form A along the line.

    Where Q is zero on the line, a term of second order in the kernel keeps
    the branch on it to third order, and C says where the branch goes.
    """
    v, inner = way.vector, np.zeros(kernel.m)
    speed = float(v @ speeds @ v)
    speed = speed if abs(speed) > NEGLIGIBLE * kernel.natural else 1.0
    second, third = 0.0, 0.0
    if way.rate and leading.degree == 2:
        second = -way.rate * speed
    elif way.rate:
        third = -way.rate * speed
    elif leading.degree == 3 or cubic is None:
        return None
    else:
        image = speeds @ v
        rate = -float(v @ cubic(v)) / float(v @ image)
        third = -rate * speed
        inner = -np.linalg.pinv(leading.jacobian(v)) @ (rate * image + cubic(v))
    return NormalForm(
        speed=speed,
        quadratic=second,
        cubic=third,
        trivial=kernel.trivial,
        kernel=kernel.right @ v,
        bend=kernel.bend(v) + kernel.right @ inner,
    )
