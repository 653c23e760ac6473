"""From known critical points to others: along a parameter that the loss is given, and back.

The loss is made one of a family in which the parameter is 0: weight decay
mu/2 |W|², of either sign, or the slope of a leaky ReLU. Each critical point
lies on a branch in that parameter. It is followed both ways, and where it
turns and comes by 0 again there is another critical point of the loss: two
points that meet in a fold, at some decay or slope, lead to one another.

Where decay is large, or a leaky ReLU nearly linear, there are fewer critical
points; those that are found there by random starts are followed to 0 likewise.

A branch that does not come back, or not to 0, says nothing.

References
----------
.. [1] Allgower, Georg, "Introduction to Numerical Continuation Methods", SIAM
   2003, chapter 11.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bifurc.continuation.newton import LOST
from bifurc.continuation.options import Options
from bifurc.continuation.trace import point_at
from bifurc.errors import EndedEarlyError, NotDefinedError, ZeroRowError
from bifurc.events.branch import follow
from bifurc.events.states import passes
from bifurc.landscapes.points import Critical, critical
from bifurc.loss.kernels import kernel, name_of
from bifurc.loss.line import LAM
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.polynomial import Polynomial

NAME = "homotopy"  # of the parameter
WINDOWS = {"decay": (-0.5, 0.5), "slope": (-0.9, 0.9)}  # how far it is followed, by kind
STEPS = Options(max_steps=300)
FAILS = (ValueError, ArithmeticError, ZeroRowError, NotDefinedError, EndedEarlyError, *LOST)


def check_kind(kind: str, problem: NetworkProblem) -> None:
    """Raise ValueError unless there is such a homotopy for the loss.

    Examples
    --------
    >>> check_kind("heat", None)
    Traceback (most recent call last):
        ...
    ValueError: There is no homotopy 'heat'; there are decay, slope.
    """
    if kind not in WINDOWS:
        raise ValueError(f"There is no homotopy {kind!r}; there are {', '.join(WINDOWS)}.")
    if problem.structure.decay.terms or problem.structure.confined:
        raise ValueError("Homotopies are of losses without weight decay, and off spheres.")
    if kind == "slope" and name_of(problem.kernel) != "relu":
        raise ValueError(f"The slope is one of ReLU, not of {name_of(problem.kernel)}.")


def along(problem: NetworkProblem, lam: float, kind: str) -> NetworkProblem:
    """The loss along the parameter of a homotopy, which is 0 for the loss itself.

    Parameters
    ----------
    problem : NetworkProblem
    lam : float
        Where the parameter of ``problem`` stays.
    kind : str
        "decay" or "slope".
    """
    line = {name: Polynomial.of(value) for name, value in problem.parameters(lam).items()}
    line[NAME] = Polynomial.parse(LAM)
    if kind == "decay":
        held = replace(problem.structure, decay=Polynomial.parse(NAME))
        return NetworkProblem(
            held, problem.kernel, line, problem.any_size, problem.kernel_parameters
        )
    return NetworkProblem(
        problem.structure, kernel("leaky"), line, problem.any_size, {"slope": NAME}
    )


def met(point: Critical, kind: str, options: Options = STEPS) -> Iterator[Critical]:
    """Critical points of the loss on the branch of a homotopy through one of them.

    The point itself may be among them.
    """
    for towards in (1.0, -1.0):
        yield from _by_zero(point.problem, point.lam, kind, (point.x, 0.0, towards), options)


def arriving(
    problem: NetworkProblem, lam: float, kind: str, x: np.ndarray, options: Options = STEPS
) -> Iterator[Critical]:
    """Critical points of the loss on the branch through one at the far end of a homotopy."""
    yield from _by_zero(problem, lam, kind, (x, WINDOWS[kind][1], -1.0), options)


def _by_zero(problem: NetworkProblem, lam: float, kind: str, first, options: Options):
    """Where a branch of the homotopy comes by the loss itself; corrected on the loss."""
    x, value, towards = first
    made = along(problem, lam, kind)
    try:
        branch = follow(made, point_at(made, x, value, options, towards), WINDOWS[kind], options)
    except FAILS:
        return
    for _, other in passes(branch, 0.0):
        try:
            corrected = point_at(problem, other.x, lam)
            yield critical(problem, corrected.x, lam)
        except FAILS:
            continue
