"""The loss less a multiple of the squared distance from a point, as a problem of its own.

The parameter that runs is the multiple ``lam``; the parameters of the loss stay
as they are. The symmetry of the new problem is what fixes the point.
"""

from dataclasses import replace
from functools import singledispatch
from typing import Any

import numpy as np

from bifurc.continuation.problem import PlainProblem
from bifurc.loss.line import LAM
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import Structure
from bifurc.switching.linear import SymmetricProblem

NAME = LAM  # of the multiple, among the parameters
ROOM = 0.5  # of the largest eigenvalue at c: how far beyond all of them arcs are followed


def window_of(values: np.ndarray) -> tuple[float, float]:
    """Where arcs are followed: all eigenvalues at c and 0, with some room."""
    room = ROOM * np.abs(values).max() or 1.0
    return float(min(values.min(), 0.0) - room), float(max(values.max(), 0.0) + room)


@singledispatch
def about(problem, x: np.ndarray, lam: float, measured: np.ndarray | None = None):
    """The problem L - t/2 |W - c|² along t, c the state ``x`` at the parameter ``lam``.

    Parameters
    ----------
    problem : NetworkProblem or PlainProblem
    x : ndarray, shape (n,)
    lam : float
    measured : ndarray of 0 and 1, shape (n of the full state,), optional
        Which coordinates of a plain problem the distance counts; all by default.

    Returns
    -------
    problem, c
        And the state c in its coordinates.

    Raises
    ------
    ValueError
        If a problem is of no such kind.
    """
    raise ValueError(f"Arcs are of networks and of plain problems, not {type(problem).__name__}.")


@about.register
def _(problem: NetworkProblem, x: np.ndarray, lam: float, measured: np.ndarray | None = None):
    structure = problem.structure
    if structure.decay.terms:
        raise ValueError("Arcs of a loss with weight decay are not there; leave it out.")
    if structure.bias:
        raise ValueError("Arcs of networks with trained biases are not there; leave them out.")
    held = replace(
        structure, decay=Polynomial.parse(f"-{NAME}"), reference=_reference(structure, x)
    )
    line = {name: Polynomial.of(value) for name, value in problem.parameters(lam).items()}
    line[NAME] = Polynomial.parse(LAM)
    kernel_parameters = problem.kernel_parameters
    made = NetworkProblem(held, problem.kernel, line, problem.any_size, kernel_parameters)
    return made, x


def _reference(structure: Structure, x: np.ndarray) -> dict:
    """The entries of c by block, as polynomials."""
    values: dict[tuple[str, str], dict[str, Polynomial]] = {}
    for coordinate, value in zip(structure.coordinates, x, strict=True):
        at = values.setdefault((coordinate.row, coordinate.column), {})
        at[coordinate.part] = Polynomial.of(float(value))
    zero = Polynomial.of(0)
    return {
        key: (at[""], at[""]) if "" in at else (at.get("diag", zero), at.get("off", zero))
        for key, at in values.items()
    }


def bare(problem, of):
    """The loss alone on the fixed space of ``problem``, one of :func:`about` ``of`` another."""
    if isinstance(problem, NetworkProblem):
        zero = Polynomial.of(0)
        return of.on(replace(problem.structure, decay=zero, reference={}), problem.any_size)
    if isinstance(problem, SymmetricProblem):
        whole = of.full if isinstance(of, SymmetricProblem) else of
        return SymmetricProblem.of(whole, of.group, problem.basis)
    return of


@about.register
def _(problem: PlainProblem, x: np.ndarray, lam: float, measured: np.ndarray | None = None):
    c = np.asarray(x, dtype=float)
    return _less_distance(problem, c, lam, measured), c


@about.register
def _(problem: SymmetricProblem, x: np.ndarray, lam: float, measured: np.ndarray | None = None):
    c = problem.basis @ x
    basis = problem.group.fixed_space(c[:, None])
    whole = _less_distance(problem.full, c, lam, measured)
    group = problem.group.isotropy(basis)
    return SymmetricProblem.of(whole, group, basis), basis.T @ c


def _less_distance(problem: PlainProblem, c: np.ndarray, lam: float, measured: np.ndarray | None):
    """The plain problem along t."""
    measured = np.ones(problem.n) if measured is None else measured
    along: Any = problem.hessian_along
    loss: Any = problem.loss
    times: Any = problem.slopes_times

    def less(x, t):
        return float(loss(x, lam)) - t / 2 * float(measured @ (x - c) ** 2)

    def less_along(x, t, u):
        change = along(x, lam, np.append(u[:-1], 0.0))[:, :-1] - u[-1] * np.diag(measured)
        return np.column_stack([change, -measured * u[:-1]])

    def less_times(x, t, columns):
        u, across = columns[:-1], np.zeros((1, columns.shape[1]))
        less = np.outer(measured * (x - c), columns[-1]) + t * measured[:, None] * u
        return times(x, lam, np.vstack([u, across])) - less

    return PlainProblem(
        gradient=lambda x, t: problem.gradient(x, lam) - t * measured * (x - c),
        hessian=lambda x, t: problem.hessian(x, lam) - t * np.diag(measured),
        gradient_dlam=lambda x, t: -measured * (x - c),
        n=problem.n,
        loss=None if loss is None else less,
        hessian_along=None if along is None else less_along,
        slopes_times=None if times is None else less_times,
        error=problem.error,
        parameter=NAME,
        fixed=problem.parameters(lam),
    )
