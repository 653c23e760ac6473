"""Where the gradient flow goes from a saddle.

dW/dt = -grad L keeps every fixed space. At a saddle the unstable directions
of an irrep are sorted by axial subgroups: in the fixed space of each there is
one line, and the flow leaves along both of its sides. It is integrated in
this space, where sizes may be real; at whole sizes also on full matrices. It
ends where the gradient has become small, and Newton says at what point.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bifurc.continuation.newton import LOST
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.landscapes.points import Critical, Names, critical
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.checks import SLACK
from bifurc.structure.split import split
from bifurc.structure.structure import Structure
from bifurc.switching.isotropy import exchanged, larger_isotropy
from bifurc.switching.linear import SymmetricProblem
from bifurc.switching.subgroups import Search, proposals

LEAVE = 1e-3  # how far from the saddle the flow is started, in scales
SETTLED = 1e-7  # the gradient, over its largest value on the way: then Newton takes over
NEAR = 0.05  # in scales: Newton may move so far from where the flow was left
LONGEST = 1e8  # of time
ACCURATE = {"rtol": 1e-8, "atol": 1e-10}
ONE = 1e-7  # relative: eigenvalues of a fixed space that are one of the saddle's

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Way:
    """An unstable direction of a saddle in the fixed space of an axial subgroup."""

    problem: Any
    x: np.ndarray  # (n,), the saddle
    direction: np.ndarray  # (n,), of length one in the scales, with its sign
    irrep: str
    isotropy: str
    eigenvalue: float


@dataclass(frozen=True, eq=False)
class Descent:
    """The flow along one way, and where it ends.

    Attributes
    ----------
    way : Way
    end : Critical or None
        None if the flow ends at no critical point that Newton confirms.
    word : str
        Why there is no end.
    states : ndarray, shape (times, n)
        In the coordinates of the way.
    losses : ndarray, shape (times,)
    """

    way: Way
    end: Critical | None
    word: str
    states: np.ndarray
    losses: np.ndarray


def descents(saddle: Critical, search: Search, names: Names | None = None) -> Iterator[Descent]:
    """The flow from a saddle along all of its ways."""
    for way in ways(saddle, search):
        yield descent(way, saddle, names)


def ways(saddle: Critical, search: Search) -> Iterator[Way]:
    """The unstable directions of a saddle, each once up to symmetry."""
    for irrep, isotropy, problem, x in _spaces(saddle, search):
        taken: list[np.ndarray] = []
        eigen = problem.blocks(x, saddle.lam)[problem.components[0]].eigen()
        known = _values(saddle, irrep)
        for value, vector in zip(eigen.values, eigen.right.T, strict=True):
            beside = np.abs(known - value) <= ONE * np.abs(eigen.values).max()
            alone = np.count_nonzero(np.abs(eigen.values - value) <= ONE * abs(value)) == 1
            if value >= 0 or not beside.any() or not alone:
                continue
            if irrep != "t" and larger_isotropy(problem, x, vector):
                continue
            phi = vector / np.linalg.norm(vector / problem.scales(saddle.lam)[:-1])
            for side in (phi, -phi):
                if not any(exchanged(problem, x, one, side) for one in taken):
                    taken.append(side)
                    yield Way(problem, x, side, irrep, isotropy, float(value))


def _values(saddle: Critical, irrep: str) -> np.ndarray:
    """The eigenvalues of a saddle in all blocks of an irrep."""
    blocks = saddle.problem.blocks(saddle.x, saddle.lam)
    found = [b.eigen().values for c, b in blocks.items() if c.label == irrep]
    return np.concatenate([np.zeros(0), *found])


def _spaces(saddle: Critical, search: Search) -> Iterator[tuple[str, str, Any, np.ndarray]]:
    """Irreps with a negative eigenvalue, and fixed spaces that may hold a line of them."""
    problem, x, lam = saddle.problem, saddle.x, saddle.lam
    for component, block in problem.blocks(x, lam).items():
        values = block.eigen().values
        if not (values < 0).any() or not component.exists(saddle.parameters):
            continue
        if component.irrep == "t":
            yield component.label, saddle.isotropy, problem, x
        elif isinstance(problem, NetworkProblem):
            for subgroup in proposals(component, problem.structure.size, search):
                parts = split(problem.structure, subgroup.parts, subgroup.generators)
                if not _has_points(problem, parts.structure, saddle.parameters):
                    continue
                parts = parts.along(problem.line)
                yield (
                    component.label, str(subgroup), problem.on(parts.structure),
                    parts.embedding @ x,
                )  # fmt: skip
        elif isinstance(problem, SymmetricProblem):
            part = problem.isotypic[component]
            lines = part.kernel(np.linalg.eigh(block.matrix)[1][:, values < 0])
            for smaller in problem.group.smaller(problem.basis, lines, lines.shape[1]):
                child = SymmetricProblem.of(problem.full, problem.group, smaller.basis)
                yield component.label, smaller.label, child, smaller.basis.T @ problem.full_state(x)


def _has_points(problem: NetworkProblem, smaller: Structure, values) -> bool:
    """Whether every part has a point, and whole numbers of them if the sets have."""
    own, parts = (
        np.array([float(size(**values)) for size in structure.size.values()])
        for structure in (problem.structure, smaller)
    )
    whole = np.abs(own - own.round()).max() <= SLACK
    return parts.min() >= 1 - SLACK and not (whole and np.abs(parts - parts.round()).max() > SLACK)


def descent(way: Way, saddle: Critical, names: Names | None = None) -> Descent:
    """The flow along one way."""
    problem, lam = way.problem, saddle.lam
    scales = problem.scales(lam)[:-1]
    states, word = integrate(problem, way.x + LEAVE * way.direction, lam)
    losses = problem.losses(states, np.full(len(states), lam))
    if word:
        return Descent(way, None, word, states, losses)
    try:
        point = point_at(problem, states[-1], lam)
    except (ValueError, *LOST) as error:
        return Descent(way, None, f"Newton does not confirm the end: {error}", states, losses)
    if np.linalg.norm((point.x - states[-1]) / scales) > NEAR:
        return Descent(way, None, "Newton goes elsewhere from the end", states, losses)
    end = critical(problem, point.x, lam, names, saddle.constraints)
    return Descent(way, end, "", states, losses)


def integrate(problem, x: np.ndarray, lam: float) -> tuple[np.ndarray, str]:
    """States along dx/dt = -g(x), until the gradient is small; and why not, if it is not.

    Returns
    -------
    states : ndarray, shape (times, n)
    word : str
    """
    from scipy.integrate import solve_ivp  # waited for where it is needed

    weights = problem.weights(lam)
    plain = isinstance(problem, PlainProblem)  # of networks the gradient is one in a gauge

    def downhill(_, x):
        return -problem.gradient(x, lam) if plain else -problem.jacobian(x, lam)[0]

    def curvature(_, x):
        return -problem.jacobian(x, lam)[1][:, :-1]

    def size(x) -> float:
        return float(np.sqrt(weights @ downhill(0.0, x) ** 2))

    largest = [size(x)]

    def settled(_, x):
        now = size(x)
        largest[0] = max(largest[0], now)
        return now - SETTLED * largest[0]

    settled.terminal, settled.direction = True, -1  # type: ignore[attr-defined]
    try:
        run = solve_ivp(
            downhill, (0.0, LONGEST), x, "BDF", jac=curvature, events=settled, **ACCURATE
        )
    except ZeroRowError as error:
        return x[None], f"the flow runs into a row that is zero: {error}"
    except (NotDefinedError, *LOST) as error:
        return x[None], f"the flow leaves where the loss is defined: {error}"
    log.info("flow: %d steps, %s", len(run.t), run.message)
    word = "" if run.status == 1 else "the flow does not come to rest"
    return run.y.T, word
