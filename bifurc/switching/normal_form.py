"""The reduced equation at a branch point with a one-dimensional kernel.

In the fixed-point space of an isotropy subgroup whose kernel is one line,
Lyapunov-Schmidt reduction leaves one equation for the amplitude s of the
kernel vector and the distance l of the parameter,

    s (speed l + quadratic s + cubic s²) = 0,

up to higher orders. Its new branch is l = -(quadratic s + cubic s²) / speed.

References
----------
.. [1] Golubitsky, Stewart, Schaeffer, "Singularities and Groups in Bifurcation
   Theory II", Springer 1988, chapter XIII.
"""

from dataclasses import dataclass, replace

import numpy as np

from bifurc.protocol import Problem

SMALL = 1e-6  # an eigenvalue below this part of its natural size belongs to the kernel
ROUNDING = 1e-9  # an eigenvalue below this part of it is one to rounding
NEGLIGIBLE = 1e-7  # a coefficient below this part of its natural size is rounding
PROBES, SEED = 3, 11  # moves of the state at which that is asked
ASIDE = 1e-2  # of a scale: how far a second derivative of the Hessian is differenced over
WEAK = (1e-3, 1e-2)  # of what the Hessian changes over one scale: the natural size at least


@dataclass(frozen=True, eq=False)
class NormalForm:
    """Coefficients of the reduced equation and the curves that solve it.

    Lengths of s are in the problem's scales: s = 1 moves the state by one.
    """

    speed: float
    quadratic: float
    cubic: float
    trivial: np.ndarray  # (n + 1,), tangent of the known branch, lam component 1
    kernel: np.ndarray  # (n,), of length 1 in the scales
    bend: np.ndarray  # (n,), second-order part of the new branch's state
    one_sided: bool = False  # whether it holds for s > 0 only: g is not C² there

    @property
    def kind(self) -> str:
        """transcritical, pitchfork (super- or subcritical in lam) or degenerate."""
        if self.speed == 0:
            return "degenerate"
        if self.quadratic != 0:
            return "transcritical"
        if self.cubic == 0:
            return "degenerate"
        return "pitchfork"

    @property
    def side(self) -> int:
        """Where the branches of a pitchfork lie: +1 for larger lam, -1 for smaller."""
        return -int(np.sign(self.cubic * self.speed))

    def direction(self, sign: int) -> int:
        """Whether lam grows (+1) or falls (-1) along the half-branch s * sign > 0."""
        if self.quadratic:
            return -int(np.sign(self.quadratic * self.speed)) * sign
        return self.side

    def lam(self, s: float) -> float:
        """Distance of the parameter on the new branch at amplitude ``s``."""
        return -(self.quadratic * s + self.cubic * s * s) / self.speed

    def guess(self, X: np.ndarray, s: float) -> np.ndarray:
        """Predicted point (x, lam) of the new branch at amplitude ``s``."""
        move = self.lam(s) * self.trivial
        move[:-1] += s * self.kernel + s * s * self.bend
        return X + move

    def tangent(self, s: float) -> np.ndarray:
        """d/ds of :meth:`guess`."""
        rate = -(self.quadratic + 2 * self.cubic * s) / self.speed
        move = rate * self.trivial
        move[:-1] += self.kernel + 2 * s * self.bend
        return move

    def side_of(self, sign: int) -> int:
        """On which side of the event along the kernel the half-branch of this sign lies."""
        return sign

    def amplitude(self, move: np.ndarray, scales: np.ndarray) -> float:
        """The amplitude of a point that lies at ``move`` (n + 1,) from the event."""
        aside = move[:-1] - move[-1] * self.trivial[:-1]
        return float(self.kernel / scales[:-1] ** 2 @ aside)


@dataclass(frozen=True, eq=False)
class Crossed:
    """The branch that is crossed at a pitchfork, met from its side: a straight line at first."""

    along: np.ndarray  # (n + 1,), its tangent, of length 1 in the scales, lam growing
    kernel: np.ndarray  # (n,), direction of the side branch

    def lam(self, s: float) -> float:
        """Distance of the parameter at arclength ``s``."""
        return s * float(self.along[-1])

    def guess(self, X: np.ndarray, s: float) -> np.ndarray:
        """Predicted point (x, lam) at arclength ``s``."""
        return X + s * self.along

    def tangent(self, s: float) -> np.ndarray:
        """d/ds of :meth:`guess`."""
        return self.along

    def amplitude(self, move: np.ndarray, scales: np.ndarray) -> float:
        """The arclength of a point at ``move`` from the event; 0 if it is on the side branch."""
        s = float(move[-1] / self.along[-1])
        aside = abs(float(self.kernel / scales[:-1] ** 2 @ (move - s * self.along)[:-1]))
        return s if aside < 0.5 * abs(s) else 0.0


def halves(problem: Problem, X: np.ndarray, form: NormalForm, both: bool = True):
    """The half-branches of a normal form, as pairs (form, sign of the amplitude).

    Where the loss has no third derivative, each side has a form of its own.
    """
    if not both:
        return [(form, 1)]
    if not form.one_sided:
        return [(form, 1), (form, -1)]
    other = reduce(problem, X, side=-1)
    assert other is not None  # it is the same kernel
    return [(form, 1), (other, 1)]


def kind_at(problem: Problem, X: np.ndarray, form: NormalForm) -> str:
    """The kind of a normal form; of a one-sided one, by where both half-branches go."""
    if not form.one_sided:
        return form.kind
    sides = [one.direction(sign) if one.speed else 0 for one, sign in halves(problem, X, form)]
    if not all(sides):
        return "degenerate"
    return "pitchfork" if sides[0] == sides[1] else "transcritical"


@dataclass(frozen=True, eq=False)
class Touched:
    """A branch where eigenvalues touch zero: the known one and share l^order phi."""

    trivial: np.ndarray  # (n + 1,), tangent of the known branch, lam component 1
    kernel: np.ndarray  # (n,), phi
    share: float
    order: int
    one_sided: bool = False

    def lam(self, s: float) -> float:
        """Distance of the parameter: the amplitude itself."""
        return s

    def guess(self, X: np.ndarray, s: float) -> np.ndarray:
        """Predicted point (x, lam) at l = ``s``."""
        return X + s * self.trivial + self.share * s**self.order * np.append(self.kernel, 0.0)

    def tangent(self, s: float) -> np.ndarray:
        """d/ds of :meth:`guess`."""
        rate = self.share * self.order * s ** (self.order - 1)
        return self.trivial + rate * np.append(self.kernel, 0.0)

    def side_of(self, sign: int) -> int:
        """On which side of the event along the kernel the half-branch of this sign lies."""
        return int(np.sign(self.share)) * sign**self.order

    def amplitude(self, move: np.ndarray, scales: np.ndarray) -> float:
        """l of a point at ``move`` (n + 1,) from the event; 0 if it is not on this branch."""
        l, line = float(move[-1]), self.kernel / scales[:-1] ** 2
        aside = float(line @ (move - l * self.trivial)[:-1]) / float(line @ self.kernel)
        return l if 0.5 < aside / (self.share * l**self.order or np.inf) < 2.0 else 0.0


def reduce(
    problem: Problem, X: np.ndarray, tangent: np.ndarray | None = None, side: int = 1
) -> NormalForm | None:
    """Lyapunov-Schmidt reduction at a branch point with a simple kernel.

    Parameters
    ----------
    problem : see :mod:`bifurc.protocol`
    X : ndarray, shape (n + 1,)
        The branch point in the fixed-point space where the kernel is a line.
    tangent : ndarray, shape (n + 1,), optional
        Of the known branch, roughly. Needed where the kernel breaks no
        symmetry, so that the known branch may move along it.
    side : +1 or -1
        Of the kernel vector, where the loss has no third derivative.

    Returns
    -------
    NormalForm, or None if the kernel is not one line
    """
    x, lam = X[:-1], X[-1]
    _, jacobian = problem.jacobian(x, lam)
    hessian = jacobian[:, :-1]
    block = next(iter(problem.blocks(x, lam, problem.components[:1]).values()))
    eigen = replace(block, matrix=hessian, zeros=0).eigen()  # pinned, where there is a continuum
    order = np.argsort(np.abs(eigen.values))
    values = np.abs(eigen.values[order])
    scales = problem.scales(lam)
    usual = natural_size(problem, X, values[-1], scales)
    reach = 1.0 if getattr(problem, "units", None) is None else float(np.mean(scales[:-1]))
    # what is as small as the zero, or as rounding, vanishes as well
    if values[0] > SMALL * usual or (values[1:2] < max(10 * values[0], ROUNDING * usual)).any():
        return None
    phi, psi = eigen.right[:, order[0]], eigen.left[:, order[0]]
    length = np.linalg.norm(phi / scales[:-1])
    phi, psi = phi / length, psi * length
    if phi[np.argmax(np.abs(phi / scales[:-1]))] * side < 0:
        phi, psi = -phi, -psi

    def solve(right):
        """The part of -hessian^+ right across the kernel."""
        bordered = np.block([[hessian, phi[:, None]], [psi[None, :], np.zeros((1, 1))]])
        return np.linalg.solve(bordered, np.append(-right, 0.0))[:-1]

    trivial = np.append(solve(jacobian[:, -1]), 1.0)
    ahead = np.append(phi, 0.0)
    along, kinked = problem.jacobian_along(x, lam, ahead), problem.kinked(x, lam, ahead)
    second = problem.second_along(x, lam, ahead) if kinked else along[:, :-1] @ phi / 2
    quadratic, speed = psi @ second, psi @ (along @ trivial)
    steep = float(np.linalg.norm(psi))
    natural = steep * max(float(np.linalg.norm(second)), WEAK[0] * usual * reach)
    quadratic = _significant(quadratic, natural)
    if tangent is not None and tangent[-1]:
        share = _known_share(problem, X, (psi, phi), trivial, quadratic, speed, tangent)
        trivial = trivial + share * np.append(phi, 0.0)
        speed = speed + 2 * quadratic * share
    bend = solve(second - (psi @ second) * phi)
    # along a half-line the term of second order decides, and Newton corrects what follows
    third = np.zeros_like(phi) if kinked else cubic_part(problem, x, lam, phi, bend)
    natural = steep * max(float(np.linalg.norm(third)), WEAK[1] * usual * reach)
    return NormalForm(
        speed=_significant(speed, np.linalg.norm(psi) * usual / scales[-1]),
        quadratic=quadratic,
        cubic=_significant(psi @ third, natural),
        trivial=trivial,
        kernel=phi,
        bend=bend,
        one_sided=kinked,
    )


def natural_size(problem: Problem, X: np.ndarray, largest: float, scales: np.ndarray) -> float:
    """What to hold an eigenvalue against: the largest, or what they change by over one scale.

    The other eigenvalues do not say, where the whole Hessian vanishes; and
    where its derivatives vanish as well, only their own change does. A few
    moves of all coordinates together tell as much as one of each.
    """
    ways = np.random.default_rng(SEED).normal(size=(PROBES, len(X))) * scales
    moves = [problem.jacobian_along(X[:-1], X[-1], u)[:, :-1] for u in ways]
    change = float(np.abs(moves).max(initial=0.0))
    if len(scales) == 2 or largest <= SMALL * change:
        change = max(change, _second_change(problem, X, scales))
    return max(largest, change) or 1.0


def _second_change(problem: Problem, X: np.ndarray, scales: np.ndarray) -> float:
    """How much what it changes by changes over one scale, from differences."""
    moves = []
    for u in np.random.default_rng(SEED).normal(size=(PROBES, len(X))) * scales:
        one, other = (X + side * ASIDE * u for side in (1, -1))
        near, far = (problem.jacobian_along(at[:-1], at[-1], u)[:, :-1] for at in (one, other))
        moves.append((near - far) / (2 * ASIDE))
    return float(np.abs(moves).max(initial=0.0))


def _known_share(problem: Problem, X, vectors, trivial, quadratic, speed, tangent) -> float:
    """How far the known branch moves along the kernel per unit of lam.

    A root of the algebraic branching equation quadratic s² + speed s + rest = 0,
    the one that the rough tangent points at.
    """
    psi, phi = vectors
    rest = psi @ (problem.jacobian_along(X[:-1], X[-1], trivial) @ trivial) / 2
    rest = rest if abs(rest) > NEGLIGIBLE * (abs(quadratic) + abs(speed)) else 0.0
    rough = phi @ (tangent[:-1] / tangent[-1] - trivial[:-1]) / (phi @ phi)
    roots = np.roots([quadratic, speed, rest] if quadratic else [speed, rest])
    if not len(roots):
        return 0.0
    return float(roots[np.argmin(np.abs(roots - rough))].real)


def cubic_part(problem: Problem, x, lam, phi, bend) -> np.ndarray:
    """Third-order coefficient of g along x + s phi + s² bend; shape (n,)."""
    along_phi, along_bend = np.append(phi, 0.0), np.append(bend, 0.0)
    second = problem.mixed_along(x, lam, along_phi, along_bend)
    return second + problem.third_along(x, lam, along_phi) / 6


def _significant(value: float, natural: float) -> float:
    return float(value) if abs(value) > NEGLIGIBLE * natural else 0.0
