"""When two points, or two branches, are the same up to symmetry.

Relabelled blocks, a split set whose parts are equal, another order of the
row blocks: all of these leave the sums over the entries of W unchanged, at
real sizes too, since an entry counts with its real multiplicity. A plain
problem has no symmetry but the group it is given with.
"""

from functools import singledispatch

import numpy as np

from bifurc.events import states
from bifurc.events.branch import Branch
from bifurc.loss.problem import NetworkProblem
from bifurc.protocol import Problem
from bifurc.switching.linear import SymmetricProblem

TOUCHED = 1e-6  # relative; a touched branch point is known to about the root of rounding
EXACT = 1e-9  # relative; a point of a branch is known to rounding


@singledispatch
def invariants(problem: Problem, X: np.ndarray) -> np.ndarray:
    """Numbers of a state that a symmetry leaves as they are; without symmetry, the state."""
    return _measured(problem, X)


@invariants.register
def _(problem: NetworkProblem, X: np.ndarray) -> np.ndarray:
    """Sums of powers of all entries, with multiplicity; shape (4,)."""
    weights = np.abs(problem.weights(X[-1]))
    return np.array([np.sum(weights * X[:-1] ** k) for k in (1, 2, 3, 4)])


@invariants.register
def _(problem: SymmetricProblem, X: np.ndarray) -> np.ndarray:
    return problem.group.invariants(_measured(problem, X))


def fingerprint(problem: Problem, X: np.ndarray) -> np.ndarray:
    """Numbers that agree for points that are the same up to symmetry: lam, loss, invariants.

    Of a problem with units of its own, in these; the first lam is as it is.
    """
    loss = problem.losses(X[None, :-1], X[-1:])[0]
    units = _units(problem)
    scaled = [] if units is None else [X[-1] / units[-1]]
    return np.concatenate([[X[-1], np.nan_to_num(loss)], invariants(problem, X), scaled])


def _units(problem: Problem) -> np.ndarray | None:
    """Lengths that count as one of the full state and of lam, of a problem that has some."""
    return getattr(getattr(problem, "full", problem), "units", None)


def _measured(problem: Problem, X: np.ndarray) -> np.ndarray:
    """The full state in its units."""
    state, units = problem.full_state(X[:-1]), _units(problem)
    return state if units is None else state / units[:-1]


def same(one: np.ndarray, other: np.ndarray, close: float = TOUCHED) -> bool:
    """Whether two fingerprints agree."""
    return distance(one, other) <= close


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference of two fingerprints, relative to their numbers."""
    return float((np.abs(one - other) / (1 + np.abs(one) + np.abs(other))).max())


def passes(branch: Branch, mark: np.ndarray) -> bool:
    """Whether a branch goes through the point with this fingerprint."""
    points = states.passes(branch, float(mark[0]))
    return any(same(fingerprint(branch.problem, point.X), mark, EXACT) for _, point in points)
