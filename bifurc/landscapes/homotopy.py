"""From known critical points to others: along a parameter that the loss is given, and back.

The loss is made one of a family in which the parameter is 0: weight decay
mu/2 |W|², of either sign; the slope of a leaky ReLU; a bias that all neurons
have, relu(z + b). Each critical point lies on a branch in that parameter. It
is followed both ways, and where it turns and comes by 0 again there is another
critical point of the loss: two points that meet in a fold, at some decay or
slope, lead to one another.

Where decay is large, or a leaky ReLU or one with a large bias nearly linear,
there are fewer critical points; those that are found there by random starts
are followed to 0 likewise.

Tangency arcs (:mod:`bifurc.landscapes.tangency`) are the same with the distance
from the point itself, and leave it at each eigenvalue of its Hessian in the
fixed space. Of an eigenvalue that is there several times the arcs along its
eigenvectors are looked for; others may be there.

A branch that does not come back, or not to 0, says nothing.

References
----------
.. [1] Allgower, Georg, "Introduction to Numerical Continuation Methods", SIAM
   2003, chapter 11.
.. [2] Arjevani, "Symmetry & Critical Points", arXiv 2312.16819.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, takewhile

import numpy as np

from bifurc.continuation.correct import Outcome
from bifurc.continuation.newton import LOST, solve
from bifurc.continuation.options import Options, Status
from bifurc.continuation.point import Point, point_of
from bifurc.continuation.step import Step
from bifurc.continuation.trace import point_at, trace
from bifurc.errors import EndedEarlyError, NotDefinedError, ZeroRowError
from bifurc.landscapes.tangency import about, window_of
from bifurc.loss.biased import GivenBias
from bifurc.loss.kernels import kernel, name_of
from bifurc.loss.line import LAM
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.polynomial import Polynomial

NAME = "homotopy"  # of the parameter
ARCS = "arcs"
# how far the parameter of the loss is followed, by kind
WINDOWS = {"decay": (-0.5, 0.5), "slope": (-0.9, 0.9), "bias": (-1.0, 1.0)}
KERNELS = {"slope": kernel("leaky"), "bias": GivenBias()}  # their only field is the parameter
KINDS = (ARCS, *WINDOWS)
STEPS = Options(max_steps=300)
AWAY = 1e-2  # of the norm of W and 1: where an arc is taken up
FAR = 10.0  # times the norm of W at the start: a branch that is there goes to infinity
SAMPLES = 33  # of a step, between which the parameter is taken to run evenly
FAILS = (ValueError, ArithmeticError, ZeroRowError, NotDefinedError, EndedEarlyError, *LOST)


def refused(kind: str, problem: NetworkProblem) -> str:
    """Why there is no such homotopy for the loss; empty if there is one.

    Examples
    --------
    >>> refused("heat", None)
    "There is no homotopy 'heat'; there are arcs, decay, slope, bias."
    """
    if kind not in KINDS:
        return f"There is no homotopy {kind!r}; there are {', '.join(KINDS)}."
    structure = problem.structure
    if structure.decay.terms or structure.confined:
        return "Homotopies are of losses without weight decay, and off spheres."
    if kind in KERNELS and name_of(problem.kernel) != "relu":
        return f"The {kind} is one of ReLU, not of {name_of(problem.kernel)}."
    if kind in (ARCS, "bias") and structure.bias:
        return f"There is no homotopy {kind!r} for networks with trained biases."
    return ""


def along(problem: NetworkProblem, lam: float, kind: str) -> NetworkProblem:
    """The loss along the parameter of a homotopy, which is 0 for the loss itself.

    Parameters
    ----------
    problem : NetworkProblem
    lam : float
        Where the parameter of ``problem`` stays.
    kind : str
        "decay", "slope" or "bias".
    """
    line = {name: Polynomial.of(value) for name, value in problem.parameters(lam).items()}
    line[NAME] = Polynomial.parse(LAM)
    structure, of, own = problem.structure, problem.kernel, problem.kernel_parameters
    if kind == "decay":
        structure = replace(structure, decay=Polynomial.parse(NAME))
    else:
        of, own = KERNELS[kind], {kind: NAME}
    return NetworkProblem(structure, of, line, problem.any_size, own)


def met(
    problem: NetworkProblem, x: np.ndarray, lam: float, kind: str, options: Options = STEPS
) -> Iterator[np.ndarray]:
    """Critical points of the loss on the branches of a homotopy through one of them.

    The point itself may be among them.

    Parameters
    ----------
    problem : NetworkProblem
    x : ndarray, shape (n,)
        A critical point.
    lam : float
    kind : str
        "arcs", "decay", "slope" or "bias".
    """
    if kind == ARCS:
        yield from _on_arcs(problem, x, lam, options)
        return
    for towards in (1.0, -1.0):
        yield from _by_zero(problem, lam, kind, (x, 0.0, towards), options)


def arriving(
    problem: NetworkProblem, lam: float, kind: str, x: np.ndarray, options: Options = STEPS
) -> Iterator[np.ndarray]:
    """Critical points of the loss on the branch through one at the far end of a homotopy."""
    yield from _by_zero(problem, lam, kind, (x, WINDOWS[kind][1], -1.0), options)


def _by_zero(problem: NetworkProblem, lam: float, kind: str, first, options: Options):
    """Where a branch of the homotopy comes by the loss itself."""
    x, value, towards = first
    made = along(problem, lam, kind)
    try:
        start = point_at(made, x, value, options, towards)
    except FAILS:
        return
    yield from _passed(problem, lam, made, start, WINDOWS[kind], options)


def _passed(problem, lam: float, made, first: Point, window, options: Options):
    """Where a branch of ``made`` comes by 0; corrected on the loss."""
    near = FAR * max(1.0, _norm(made, first))
    walk = trace(made, first, window, options, trust=turns_little)
    try:
        points = list(takewhile(lambda point: _norm(made, point) < near, walk))
    except FAILS:
        return
    for one, other in pairwise(points):
        for x in _between(Step(made, one, other)):
            try:
                yield point_at(problem, x, lam).x
            except FAILS:
                continue


def turns_little(problem, before: Point, outcome: Outcome, step: float, options: Options):
    """Whether a step is believed: which branch it is on does not matter to what is met there."""
    assert outcome.point is not None  # it was corrected
    way = outcome.way or Step(problem, before, outcome.point)
    if way.turned > options.max_turn:
        return outcome.failed(Status.TURNED)
    outcome.turned, outcome.way = way.turned, way
    return outcome


def _norm(made, point: Point) -> float:
    return float(np.sqrt(made.weights(point.lam) @ point.x**2))


def _between(step: Step) -> Iterator[np.ndarray]:
    """Near where the parameter is 0 on a step, also if it turns between its ends."""
    one, other = step.one, step.other
    if one.lam * other.lam > 0 and one.tangent[-1] * other.tangent[-1] > 0:
        return
    for X, Y in pairwise(step.guess(share) for share in np.linspace(0.0, 1.0, SAMPLES)):
        if X[-1] * Y[-1] <= 0 and X[-1] != Y[-1]:
            yield (X + X[-1] / (X[-1] - Y[-1]) * (Y - X))[:-1]


def _on_arcs(problem: NetworkProblem, x: np.ndarray, lam: float, options: Options):
    """Where the arcs from a critical point, in its fixed space, come by the loss itself."""
    made, c = about(problem, x, lam)
    root = np.sqrt(made.weights(0.0))
    try:
        matrix = made.jacobian(c, 0.0)[1][:, :-1] * root[:, None] / root
    except FAILS:
        return
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    for value, vector in zip(values, vectors.T, strict=True):
        for sign in (1.0, -1.0):
            start = arc_start(made, c, float(value), sign * vector / root)
            if start is not None:
                yield from _passed(problem, lam, made, start, window_of(values), options)


def arc_start(made, c: np.ndarray, value: float, vector: np.ndarray) -> Point | None:
    """The arc that leaves c at an eigenvalue along its eigenvector, a little away from c.

    Newton on the gradient and on how far along the vector the state is.
    """
    weights = made.weights(0.0)
    away = AWAY * max(1.0, float(np.sqrt(weights @ c**2)))
    row = np.append(weights * vector, 0.0)

    def system(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        g, jacobian = made.jacobian(X[:-1], X[-1])
        return np.append(g, row[:-1] @ (X[:-1] - c) - away), np.vstack([jacobian, row])

    try:
        X = solve(system, np.append(c + away * vector, value), made.scales(value))
        if X is None:
            return None
        return point_of(made, X, np.linalg.solve(system(X)[1], np.eye(len(X))[-1]))
    except FAILS:
        return None
