"""The half-branches of a reduced equation, one of each class under its group, counted.

To third order half-branches are half-lines w of the kernel with P(w) = level w:
critical points of a form on a sphere. They are looked for by Newton's method
from random starts in the fixed space of each isotropy group, so that those of
any symmetry are come upon, and the count is held against Euler's
characteristic: over all orbits, (-1)^index times the length of the orbit adds
up to that of the sphere. What is missing in pairs this does not see; so the
search goes on until a round of it has found nothing new.

References
----------
.. [1] Golubitsky, Stewart, Schaeffer, "Singularities and Groups in Bifurcation
   Theory II", Springer 1988, chapter XIII.
.. [2] Milnor, "Morse Theory", Princeton 1963, section 5.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement, permutations
from typing import Any

import numpy as np

from bifurc.groups.elements import OrthogonalMatrices
from bifurc.groups.lattice import Action
from bifurc.switching.polynomials import Homogeneous, index_across, solve_each

MOST_ELEMENTS = 1500  # of a group; each is a matrix on the kernel
MOST_DIMENSIONS = 10  # of a kernel
CLASSES = 500  # of isotropy groups on it
STARTS = 24  # of Newton in a fixed space, for each of its dimensions
ROUNDS = 5  # each with fresh starts
ITERATIONS = 40
SETTLED = 1e-10  # of Newton's last step on the unit sphere
LONGEST = 0.3  # step of Newton on it
SAME = 1e-7  # half-lines whose cosine is nearer to 1 than its square, and images of one of them
SEED = 3


@dataclass(frozen=True, eq=False)
class HalfLine:
    """A half-branch to leading order, one of its class."""

    vector: np.ndarray  # (m,), of length one
    order: int  # of its isotropy group
    dimension: int  # of what that group fixes in the kernel; 1 if it is axial
    index: int  # negative eigenvalues of the form across it on the sphere
    regular: bool  # whether none is zero


@dataclass(frozen=True, eq=False)
class Count:
    """All half-lines that were found, one of each class."""

    action: np.ndarray  # (order, m, m)
    form: "Form"
    found: list[HalfLine]

    @property
    def total(self) -> int:
        """The sum over all half-lines of (-1)^index."""
        return sum((-1) ** one.index * (len(self.action) // one.order) for one in self.found)

    @property
    def sphere(self) -> int:
        """Euler's characteristic of the sphere of the kernel."""
        return 2 if self.action.shape[1] % 2 else 0

    @property
    def regular(self) -> bool:
        """Whether third order tells where half-branches are."""
        return bool(self.found) and all(one.regular for one in self.found)

    @cached_property
    def lines(self) -> list[frozenset[int]]:
        """Classes of branches: half-branches w and -w are two halves of one."""
        pairs = ((i, self.place(-one.vector)) for i, one in enumerate(self.found))
        return list(dict.fromkeys(frozenset(k for k in pair if k is not None) for pair in pairs))

    def axial(self, line: frozenset[int]) -> bool:
        """Whether the isotropy group of a branch fixes one line of the kernel."""
        return any(self.found[i].dimension == 1 for i in line)

    def place(self, w: np.ndarray) -> int | None:
        """The number of the class of half-lines that Newton comes to from a vector."""
        for end in self.form.settle(w[None]) if self.form.m > 1 else [w / np.linalg.norm(w)]:
            for i, one in enumerate(self.found):
                if not _apart(self.action @ one.vector, end[None])[0]:
                    return i
        return None

    def word(self, ways: Iterable[np.ndarray]) -> str:
        """How many branches there are, whether that is all, and which of them go some ways."""
        if not self.regular:
            return "the third order does not tell how many classes of branches there are"
        taken = {self.place(w) for w in ways}
        left = [line for line in self.lines if not line & taken]
        number, axial = len(self.lines), sum(map(self.axial, self.lines))
        text = f"{number - len(left)} of {number} classes of branches followed, {axial} are axial"
        if left:
            orders = Counter(self.found[min(line)].order for line in left)
            each = (f"{n} of order {order}" for order, n in sorted(orders.items(), reverse=True))
            text += f"; left are isotropy groups, {', '.join(each)}"
        if self.total == self.sphere:
            return f"{text}; the indices add up to Euler's characteristic"
        return f"{text}; some are missing: indices add up to {self.total}, not {self.sphere}"


@dataclass(frozen=True, eq=False)
class Form:
    """A homogeneous gradient by its symmetric tensor, fast at many points."""

    degree: int
    tensor: np.ndarray  # (m, ..., m), degree + 1 axes

    @classmethod
    def of(cls, P: Homogeneous) -> "Form":
        tensor = np.zeros((P.m,) * (P.degree + 1))
        chosen = combinations_with_replacement(range(P.m), P.degree)
        for column, some in zip(P.coefficients.T, chosen, strict=True):
            orders: Any = set(permutations(some))
            for order in orders:
                tensor[(slice(None), *order)] = column / len(orders)
        return cls(P.degree, tensor)

    def within(self, basis: np.ndarray) -> "Form":
        """The same on a subspace that it maps into itself, (m, f) orthonormal columns."""
        tensor = self.tensor
        for _ in range(tensor.ndim):
            tensor = np.tensordot(tensor, basis, (0, 0))
        return Form(self.degree, tensor)

    @property
    def m(self) -> int:
        """Number of unknowns."""
        return len(self.tensor)

    @cached_property
    def _flat(self) -> np.ndarray:
        m = len(self.tensor)
        return self.tensor.reshape(m * m, -1).T  # symmetric: any axes may be the last

    def jacobian(self, w: np.ndarray) -> np.ndarray:
        """Derivatives at points (count, m); (count, m, m)."""
        powers = w if self.degree == 2 else (w[:, :, None] * w[:, None, :]).reshape(len(w), -1)
        m = w.shape[1]
        return self.degree * (powers @ self._flat).reshape(-1, m, m)

    def settle(self, w: np.ndarray) -> np.ndarray:
        """Unit vectors with P(w) = level w by Newton on the sphere; those that settle."""
        w = w / np.linalg.norm(w, axis=1, keepdims=True)
        m = w.shape[1]
        if m == 1:
            return np.array([[1.0], [-1.0]])
        for _ in range(ITERATIONS):
            slope = self.jacobian(w)
            value = (slope @ w[..., None])[..., 0] / self.degree
            level = np.sum(value * w, axis=1)[:, None]
            system = np.zeros((len(w), m + 1, m + 1))
            system[:, :m, :m] = slope - level[..., None] * np.eye(m)
            system[:, :m, m], system[:, m, :m] = -w, w
            right = np.concatenate([level * w - value, np.zeros_like(level)], axis=1)
            step = solve_each(system, right)[:, :m]
            step = np.nan_to_num(step, nan=LONGEST)  # on from where the system is singular
            size = np.linalg.norm(step, axis=1, keepdims=True)
            w = w + step * np.minimum(1.0, LONGEST / np.maximum(size, 1e-300))
            w = w / np.linalg.norm(w, axis=1, keepdims=True)
        return w[size[:, 0] <= SETTLED]


def count(P: Homogeneous, action: np.ndarray) -> Count:
    """The half-lines of P(w) = level w, one of each class under a group.

    Parameters
    ----------
    P : Homogeneous of degree 2 or 3, a gradient
    action : ndarray, shape (order, m, m)
        Orthogonal matrices that P commutes with: all elements of a group.
    """
    P = Homogeneous(P.degree, P.coefficients / np.abs(P.coefficients).max())
    form, rng = Form.of(P), np.random.default_rng(SEED)
    isotropies = Action(OrthogonalMatrices(P.m), action)
    isotropies.grow(CLASSES)
    spaces = [one.basis for one in isotropies.found if one.basis.shape[1]]
    found = Count(action, form, [])
    for number in range(ROUNDS):
        known = len(found.found)
        for basis in sorted(spaces, key=lambda basis: basis.shape[1]):
            f = basis.shape[1]
            if number and f == 1:
                continue
            starts = rng.normal(size=(STARTS * f * (1 + number), f))
            ends = form.within(basis).settle(starts) @ basis.T
            _add(found, P, np.concatenate([ends, -ends]))
            if not all(one.regular for one in found.found):
                return found
        if number and len(found.found) == known and found.total == found.sphere:
            break
    return found


def _add(known: Count, P: Homogeneous, ends: np.ndarray) -> None:
    """Put those half-lines that are images of no known one to the count."""
    for one in known.found:
        ends = ends[_apart(known.action @ one.vector, ends)]
    while len(ends):
        w = ends[0]
        images = known.action @ w
        fixing = known.action[np.abs(images - w).max(axis=1) <= np.sqrt(SAME)]
        dimension = round(float(np.trace(fixing.mean(axis=0))))
        value = P(w)
        index, regular = index_across(P, np.eye(P.m), w, float(value @ w))
        known.found.append(HalfLine(w, len(fixing), dimension, index, regular))
        if not regular:
            return  # one of a continuum, or of higher order: what there is cannot be counted
        ends = ends[_apart(images, ends)]


def _apart(images: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Which unit vectors are none of the images; a mask."""
    return (images @ ends.T).max(axis=0) < 1 - SAME
