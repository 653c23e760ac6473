"""A branch against the full network, at every whole parameter value inside it.

The reduced loss knows d only as a number; where d is whole there is a matrix
behind it. There its gradient must vanish in the full space, and the union of
the blocks' eigenvalues, each as often as its dimension says, must be the
spectrum of the full Hessian. A large Hessian is never formed: from a random
vector its products give every eigenvalue once (Lanczos), however often it
counts, so that those are compared, and how often they count is not.

References
----------
.. [1] Golub, Van Loan, "Matrix Computations", 4th ed. (2013), section 10.1: the
   process ends after as many steps as there are different eigenvalues.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import brentq
from scipy.sparse.linalg import LinearOperator

from bifurc.continuation.correct import correct_at
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point
from bifurc.continuation.step import Step
from bifurc.events.branch import Branch
from bifurc.events.records import morse_index
from bifurc.given import one_of
from bifurc.identification.polish import operator
from bifurc.loss import full
from bifurc.loss.embedding import network_behind
from bifurc.loss.problem import NetworkProblem
from bifurc.threads import one_thread

GRADIENT = 1e-9  # norm of the full gradient of a corrected point
EIGENVALUE = 1e-8  # relative to the largest eigenvalue
FORMED = 900  # entries of W up to which the Hessian is formed
LARGEST = 40_000  # entries of W up to which products with it are taken
ONE_EIGENVALUE = 1e-9  # relative: eigenvalues that agree so well are one
ENDS = 1e-9  # relative to the largest eigenvalue: the residual of one that has settled
MORE = 4  # products for each different eigenvalue: those that are close take several
EDGE = 1e-6  # a branch that ends this close to a whole value because of it, ends there


@dataclass(frozen=True)
class Check:
    """A branch at one whole parameter value.

    Attributes
    ----------
    lam : int
    gradient : float
        Norm of the gradient in the full space.
    deviation : float
        Largest difference of an eigenvalue from the reduced one, nan if their
        numbers differ.
    full_index, index : int
        Negative eigenvalues of the full Hessian and of the blocks.
    note : str
        Why there is nothing to compare, else "".
    once : bool
        Whether each eigenvalue was compared once, however often it counts;
        ``full_index`` then relies on the dimensions of the irreps.
    """

    lam: int
    gradient: float = math.nan
    deviation: float = math.nan
    full_index: int = -1
    index: int = -1
    note: str = ""
    once: bool = False

    @property
    def compared(self) -> bool:
        """Whether there was a matrix to compare with."""
        return not self.note

    @property
    def mismatch(self) -> bool:
        """Whether the full network disagrees."""
        agrees = (
            self.gradient <= GRADIENT
            and self.deviation <= EIGENVALUE
            and self.full_index == self.index
        )
        return self.compared and not agrees


@one_thread()
def verify(branch: Branch, largest: int = LARGEST) -> list[Check]:
    """Check a branch at every whole parameter value that it passes, in its order.

    A value that the branch passes twice, beside a fold, is checked twice.

    Parameters
    ----------
    branch : Branch
        Of a :class:`~bifurc.loss.problem.NetworkProblem`.
    largest : int
        Entries of W up to which it is done; beyond it a row says so.

    Raises
    ------
    ValueError
        If the branch is not one of a network.
    """
    problem = one_of("branch", branch, Branch, "a branch").problem
    if not isinstance(problem, NetworkProblem):
        raise ValueError("Only branches of networks have matrices behind them; nothing to verify.")
    checks = []
    for n, before, after in whole_values(branch.points):
        if _at_edge(branch, n):
            checks.append(Check(n, note="not compared: the loss ceases to be defined there"))
        else:
            checks.append(_check(branch, problem, n, before, after, largest))
    return checks


def _at_edge(branch: Branch, n: int) -> bool:
    """Whether the branch ends at this value because the loss does."""
    undefined = branch.status in (Status.OUTSIDE, Status.ZERO_ROW)
    return undefined and abs(branch.points[-1].lam - n) < EDGE


def whole_values(points: list[Point]) -> Iterator[tuple[int, Point, Point]]:
    """Each whole value of the parameter with the points before and after it."""
    for i, (before, after) in enumerate(zip(points, points[1:], strict=False)):
        last, near = i == len(points) - 2, round(after.lam)
        end = near if last and abs(near - after.lam) < EDGE else after.lam
        low, high = sorted((before.lam, end))
        inside = list(range(math.ceil(low), math.floor(high) + 1))
        for n in inside if after.lam > before.lam else inside[::-1]:
            if n != after.lam or last:  # a point on n counts for one step
                yield n, before, after


def _check(
    branch: Branch, problem: NetworkProblem, n: int, before: Point, after: Point, largest: int
) -> Check:
    entries = problem.weights(float(n)).sum()
    if entries > largest:
        return Check(n, note=f"not compared: {entries:.0f} entries are too many")
    point = between(problem, n, before, after)
    if point is None:
        close = _beside_event(branch, before, after)
        said = "not compared: Newton does not settle this close to an event"
        return Check(n, note=said) if close else Check(n, gradient=math.inf)
    if problem.structure.reference:
        return Check(n, note="not compared: there is no full formula for its reference")
    try:
        network, kept = network_behind(problem, point.x, point.lam)
    except ValueError:
        return Check(n, note="not compared: a size is not whole")
    reduced, index = repeated(problem, point.x, float(n))
    if network.w.size > FORMED:
        return _check_once(problem, n, network, reduced, index)
    slope, hessian = of_all_entries(network, kept)
    gradient, whole = np.linalg.norm(slope), np.linalg.eigvalsh(hessian)
    deviation = math.nan
    scale = np.abs(whole).max()
    if len(whole) == len(reduced):
        deviation = float(np.abs(whole - reduced).max() / scale)
    full_index = int((whole < -EIGENVALUE * scale).sum())
    return Check(n, float(gradient), deviation, full_index, index)


def _check_once(problem: NetworkProblem, n: int, network, reduced, index: int) -> Check:
    """Compare without forming the Hessian."""
    if problem.structure.beside or problem.structure.confined:
        said = "of this size only networks are that have no biases, spheres or trained weights"
        return Check(n, note=f"not compared: {said}")
    w, v, kernel, a, b = network.w, network.v, network.kernel, network.a, network.b
    decay, ours = network.decay, different(reduced)
    gradient = np.linalg.norm(full.gradient(w, v, kernel, a, b) + decay * w)
    scale, missing, wrong = np.abs(ours).max(), ours, 0.0
    settled = lanczos(operator(w, v, kernel, a, b, decay), ENDS)
    for products, whole in enumerate(islice(settled, MORE * len(ours))):
        apart = np.abs(whole[:, None] - ours) / scale
        near = apart.min(axis=0, initial=np.inf)
        wrong, missing = apart.min(axis=1).max(initial=0.0), ours[near > EIGENVALUE]
        # one that is not among ours has settled by then, too
        if wrong > EIGENVALUE or (products > 2 * len(ours) and not len(missing)):
            break
    else:
        return Check(n, note=f"not compared: eigenvalue {missing[0]:.6g} is not seen apart")
    full_index = index if wrong <= EIGENVALUE else -1
    deviation = float(max(wrong, near.max())) if len(reduced) == w.size else math.nan
    return Check(n, float(gradient), deviation, full_index, index, once=True)


def different(values: np.ndarray) -> np.ndarray:
    """Each of some sorted values once, up to rounding."""
    new = np.diff(values, prepend=-np.inf) > ONE_EIGENVALUE * np.abs(values).max()
    return values[new]


def lanczos(hessian: LinearOperator, small: float) -> Iterator[np.ndarray]:
    """After each product with a symmetric operator the eigenvalues that have settled.

    That is, their residual is below ``small``, relative to the largest. Every
    vector is made orthogonal to all before it, twice.
    """
    vector = np.random.default_rng(0).standard_normal(hessian.shape[0])
    basis = np.zeros((0, len(vector)))
    diagonal: list[float] = []
    off: list[float] = []
    while len(basis) < len(vector):
        basis = np.vstack([basis, vector / np.linalg.norm(vector)])
        vector = hessian.matvec(basis[-1])
        diagonal.append(float(basis[-1] @ vector))
        for _ in range(2):
            vector = vector - basis.T @ (basis @ vector)
        off.append(float(np.linalg.norm(vector)))
        values, vectors = eigh_tridiagonal(diagonal, off[:-1])
        yield values[off[-1] * np.abs(vectors[-1]) <= small * np.abs(values).max()]


def of_all_entries(network: full.Network, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian of a full network in the unknowns that are trained."""
    slope, hessian = network.derivatives()
    slope, hessian = slope[kept], hessian[np.ix_(kept, kept)]
    return network.on_sphere(slope, hessian, kept) if network.confined else (slope, hessian)


def _beside_event(branch: Branch, before: Point, after: Point) -> bool:
    """Whether the branch is singular in its own space somewhere on a step."""
    low, high = sorted((before.lam, after.lam))
    return any(event.component.irrep == "t" and low <= event.lam <= high for event in branch.events)


def between(problem, n: int, before: Point, after: Point) -> Point | None:
    """The branch's point at ``n``, or None if Newton does not find it near the step's curve."""
    guess = _on_curve(problem, n, before, after)
    point = correct_at(problem, guess, before.tangent, Options(max_iterations=30)).point
    if point is None:
        return None
    scales = problem.scales(float(n))
    off = np.linalg.norm((point.X - guess) / scales)
    near = np.linalg.norm((after.X - before.X) / scales)
    return point if off <= near + 1e-9 else None


def _on_curve(problem, n: int, before: Point, after: Point) -> np.ndarray:
    """Where the curve between two points passes ``n``; shape (n + 1,)."""
    step = Step(problem, before, after)

    def ahead(share: float) -> float:
        return float(step.guess(share)[-1]) - n

    ends = [share for share in (0.0, 1.0) if abs(ahead(share)) <= EDGE]
    share = ends[0] if ends else brentq(ahead, 0.0, 1.0)
    guess = step.guess(share)
    guess[-1] = n
    return guess


def repeated(problem: NetworkProblem, x, lam: float) -> tuple[np.ndarray, int]:
    """The blocks' eigenvalues as often as they count, sorted, and the index.

    Neutral directions count as zeros.
    """
    parameters = problem.parameters(lam)
    values, negatives = [], {}
    for component, block in problem.blocks(x, lam).items():
        if not component.exists(parameters):
            continue
        own = block.eigen().values
        times = round(component.dimension(**parameters))
        values.append(np.repeat(np.append(own, np.zeros(block.neutrals)), times))
        negatives[component] = int((own < -EIGENVALUE * np.abs(own).max(initial=0)).sum())
    index = morse_index(negatives, parameters)(**parameters)
    return np.sort(np.concatenate(values)), round(index)
