"""Square systems whose zero is an event or a critical point.

An event in a block B of the Hessian is a zero of

    g(x, lam) = 0,   B(x, lam) phi = 0,   phi_pivot = 1,

where B is the Jacobian dg/dx itself for a fold. Where a block is symmetric in
a form that is not definite, which a set of fewer than two points can have,
two eigenvalues may leave the real line, and their common real part may vanish:

    g(x, lam) = 0,   B (a + ib) = iw (a + ib),   a_pivot = 1,   b_pivot = 0.

No eigenvalue is zero then. A critical point at a given lam is a zero of g alone.

Jacobians are enclosed in doubles, over boxes; residuals, which are what
digits come from, either so or to the working precision.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.proof.interval import Ball, NotCertifiedError, arbs, balls, block, column, flint
from bifurc.proof.place import ExactPlace, Place
from bifurc.proof.rounded import arbs_of, enclosure
from bifurc.proof.system import part
from bifurc.structure.irreps import Component

NARROW = 2.0**-45  # half-widths below which a box is no wider than the rounding of doubles


@dataclass(frozen=True, eq=False)
class System:
    """What the systems share: an evaluation over a box is made once."""

    problem: NetworkProblem
    _known: dict = field(default_factory=dict, init=False)

    @property
    def state(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        return tuple(c.name for c in self.problem.structure.coordinates)

    def where(self, z) -> tuple[list, Any]:
        """(x, lam) of the unknowns."""
        raise NotImplementedError

    def slopes(self, z):
        """F' over a box, an arb_mat."""
        raise NotImplementedError

    def rest(self, z, block) -> list:
        """Equations beside g = 0, from ``block(component)``."""
        raise NotImplementedError

    def over(self, z) -> Any:
        """The problem over a box of unknowns, evaluated anew."""
        return Place(self.problem, *self.where(z))

    def place(self, z) -> Any:
        """The problem over a box of unknowns."""
        if self._known.get("box") is not z:
            self._known.update(box=z, place=self.over(z))
        return self._known["place"]

    def jacobian(self, z):
        """F' over a box, enclosed once."""
        if self._known.get("slopes_of") is not z:
            self._known.update(slopes_of=z, slopes=self.slopes(z))
        return self._known["slopes"]

    def rough(self, z):
        """The residual in doubles."""
        place = self.place(z)
        return column(place.gradient + self.rest(z, place.block))

    def residual(self, z):
        """The residual to the working precision."""
        exact = self.problem.exact
        here, value = self.where(z)
        x, lam = balls(here), Ball(value)
        own = lambda component: block(exact, component, x, lam)[0]  # noqa: E731
        return column(arbs(exact.gradient(x, lam)) + self.rest(z, own))


@dataclass(frozen=True, eq=False)
class PointSystem(System):
    """g = 0 in the coordinates at one exact lam."""

    lam: Ball

    @property
    def unknowns(self) -> tuple[str, ...]:
        """Names of the unknowns."""
        return self.state

    def where(self, z):
        """(x, lam) of the unknowns."""
        return list(z), self.lam.arb

    def over(self, z) -> Place | ExactPlace:
        """The problem over a box of unknowns, to the working precision if doubles are too coarse.

        At large sizes rows are so nearly parallel that only narrow boxes keep them apart.
        """
        fine = all(float(value.rad()) < NARROW for value in z)
        return (ExactPlace if fine else Place)(self.problem, *self.where(z))

    def rest(self, z, block) -> list:
        """Equations beside g = 0: none."""
        return []

    def slopes(self, z):
        """F' over a box."""
        slopes, n = self.place(z).slopes, self.problem.n
        return flint.arb_mat([[slopes[i, j] for j in range(n)] for i in range(n)])


@dataclass(frozen=True, eq=False)
class BlockSystem(System):
    """An event in one block."""

    component: Component
    copies: tuple[int, ...]  # those of positive length
    pivot: int  # position among ``copies``

    @property
    def free(self) -> list[int]:
        """Positions among the copies of what the kernel vector leaves open."""
        return [i for i in range(len(self.copies)) if i != self.pivot]

    def where(self, z):
        """(x, lam) of the unknowns."""
        n = self.problem.n
        return list(z[:n]), z[n]

    def vector(self, values, pivot: int) -> list:
        """A kernel vector with its pivot put in."""
        whole = list(values)
        whole.insert(self.pivot, flint.arb(pivot))
        return whole

    def turned(self, place: Place, vector) -> np.ndarray:
        """Derivatives of B times a vector in x_1, ..., lam; an object array (copies, n + 1)."""
        turns = place.turns(self.component)[:, self.copies, :][:, :, self.copies]
        moved = (turns @ enclosure(vector)[:, None]).reshape(self.problem.n + 1, -1).T
        return np.array(arbs_of(moved), dtype=object).reshape(moved.shape)

    def entries(self, place: Place) -> np.ndarray:
        """The block on its copies, an object array."""
        return np.array(part(place.block(self.component), self.copies).tolist(), dtype=object)

    def bordered(self, place: Place, below: np.ndarray):
        """The Jacobian, from its rows below those of g."""
        top = place.slopes.tolist()
        more = below.shape[1] - self.problem.n - 1
        return flint.arb_mat([row + [flint.arb(0)] * more for row in top] + below.tolist())


@dataclass(frozen=True, eq=False)
class EventSystem(BlockSystem):
    """g = 0 and B phi = 0 in the unknowns (x, lam, phi without its pivot)."""

    @property
    def unknowns(self) -> tuple[str, ...]:
        """Names of the unknowns."""
        return (*self.state, "lam", *(f"kernel[{self.copies[i]}]" for i in self.free))

    def rest(self, z, block) -> list:
        """B phi."""
        phi = self.vector(z[self.problem.n + 1 :], 1)
        return (part(block(self.component), self.copies) * column(phi)).entries()

    def slopes(self, z):
        """F' over a box."""
        place, phi = self.place(z), self.vector(z[self.problem.n + 1 :], 1)
        below = [self.turned(place, phi), self.entries(place)[:, self.free]]
        return self.bordered(place, np.hstack(below))


@dataclass(frozen=True, eq=False)
class PairSystem(BlockSystem):
    """g = 0 and B (a + ib) = iw (a + ib) in (x, lam, a and b without their pivots, w)."""

    @property
    def unknowns(self) -> tuple[str, ...]:
        """Names of the unknowns."""
        names = (f"{kind}[{self.copies[i]}]" for kind in ("real", "imaginary") for i in self.free)
        return (*self.state, "lam", *names, "frequency")

    def split(self, z):
        """(a, b, w)."""
        rest, half = z[self.problem.n + 1 :], len(self.copies) - 1
        return self.vector(rest[:half], 1), self.vector(rest[half:-1], 0), rest[-1]

    def rest(self, z, block) -> list:
        """B a + w b and B b - w a."""
        a, b, w = self.split(z)
        B = part(block(self.component), self.copies)
        one = B * column(a) + column(b) * w
        other = B * column(b) - column(a) * w
        return one.entries() + other.entries()

    def slopes(self, z):
        """F' over a box."""
        place, (a, b, w) = self.place(z), self.split(z)
        B, own = self.entries(place)[:, self.free], np.eye(len(self.copies), dtype=int)
        W = np.array([[flint.arb(int(v)) * w for v in row] for row in own])[:, self.free]
        a_, b_ = (np.array(v, dtype=object)[:, None] for v in (a, b))
        one = [self.turned(place, a), B, W, b_]
        other = [self.turned(place, b), -W, B, -a_]
        return self.bordered(place, np.vstack([np.hstack(one), np.hstack(other)]))


def system_of(problem: NetworkProblem, event, X) -> tuple[BlockSystem, list]:
    """The system that a located event at ``X`` solves, and where to start; exact arbs.

    Raises
    ------
    NotCertifiedError
        If more than one eigenvalue vanishes there, or none does.
    """
    if len(event.zeros) > 1:
        raise NotCertifiedError(
            f"{' and '.join(zero.component.label for zero in event.zeros)} vanish at once at "
            f"lam = {event.lam:.10g}; only simple events are certified."
        )
    component, exact = event.component, problem.exact
    lengths = arbs(exact.copy_weights(component, Ball(float(X[-1]))))
    copies = tuple(i for i, length in enumerate(lengths) if not length.is_zero())
    state = [flint.arb(float(v)) for v in X]
    phi = event.kernel[:, 0]
    if event.kernel.shape[1] == 1:
        phi = phi[list(copies)]
        pivot = int(np.argmax(np.abs(phi)))
        start = np.delete(phi / phi[pivot], pivot).tolist()
        system = EventSystem(problem, component, copies, pivot)
        return system, state + [flint.arb(value) for value in start]
    block = part(Place(problem, state[:-1], state[-1]).block(component), copies)
    values, vectors = np.linalg.eig(np.array([[float(v.mid()) for v in r] for r in block.tolist()]))
    i = int(np.argmin(np.abs(values.real) - 1e-3 * (values.imag > 0)))
    if event.kernel.shape[1] != 2 or not values[i].imag > 1e-6:
        raise NotCertifiedError(
            f"{event.kernel.shape[1]} eigenvalues of {component.label} vanish at once at "
            f"lam = {event.lam:.10g}; only simple events are certified."
        )
    pivot = int(np.argmax(np.abs(vectors[:, i])))
    free = np.delete(vectors[:, i] / vectors[pivot, i], pivot)
    start = [*free.real, *free.imag, values[i].imag]
    pair = PairSystem(problem, component, copies, pivot)
    return pair, state + [flint.arb(float(v)) for v in start]
