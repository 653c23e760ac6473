"""A network problem over a box of states: gradient, blocks and their derivatives, enclosed.

Evaluated in doubles with outward rounding, each once for all that ask.
"""

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from bifurc.loss.kernels import parameter_names
from bifurc.loss.problem import NetworkProblem
from bifurc.loss.reduced import Moves, Rows
from bifurc.proof.interval import (
    Apart,
    Ball,
    BallProblem,
    arbs,
    balls,
    enclosing,
    matrix,
)
from bifurc.proof.rounded import Dual, Enclosure, arbs_of, enclosure, finite, matrix_of
from bifurc.structure.irreps import Component


class Enclosed(NetworkProblem):
    """The evaluator of a problem on Enclosures; made by :func:`enclosed`."""

    exact: BallProblem

    @cached_property
    def _sizes(self):
        return _plain(self.exact._sizes)

    @cached_property
    def _row_sizes(self):
        return _plain(self.exact._row_sizes)

    @cached_property
    def _column_sizes(self):
        return _plain(self.exact._column_sizes)

    @cached_property
    def _teacher(self):
        return _plain(self.exact._teacher)

    @cached_property
    def _spring(self):
        return self.exact._spring and tuple(map(_plain, self.exact._spring))

    @cached_property
    def _directions(self) -> Moves:
        """x_1, ..., x_n and lam."""
        only_lam = np.append(np.zeros(self.n), 1.0)
        basis = np.concatenate([self._inward, np.zeros((1, self._inward.shape[1]))])
        moves = basis.reshape(self.n + 1, *self._teacher.shape[1:])
        moves = moves + only_lam[:, None, None] * self._teacher[1]
        return Moves(self.layout.frame, moves, self._row_sizes[1], self._column_sizes[1], only_lam)

    @cached_property
    def _running(self):
        return _Running(self.exact)

    def rows(self, x, lam) -> Rows:
        """All rows at ``x`` (n,) and ``lam`` (), both Enclosure or Dual."""
        teacher = self._teacher[0] + lam[..., None, None, None] * self._teacher[1]
        entries = (x[None] @ self._inward).reshape(1, *self._teacher.shape[1:]) + teacher
        return Rows(
            self._running.at(lam),
            entries,
            self._row_sizes[0] + lam[..., None, None] * self._row_sizes[1],
            self._column_sizes[0] + lam[..., None, None] * self._column_sizes[1],
            self.layout.frame,
            self._spring_at(lam[..., None, None, None]),
        )


class _Running:
    """The kernel along the line, kept apart from parallel rows, and its change with lam."""

    def __init__(self, exact: BallProblem):
        self.kernel, self.names = _in_doubles(exact.bare), exact._running.names
        self.line = _plain(exact._running.line)
        self.moves = exact._running.moves
        self.identical, self.teachers = exact.kernel.identical, exact.kernel.idle

    def at(self, lam):
        """The kernel at ``lam``."""
        if not self.names:
            return Apart(self.kernel, self.identical, self.teachers)
        at = lam[..., None, None, None, None]
        values = [self.line[0, i] + at * self.line[1, i] for i in range(len(self.names))]
        made = replace(self.kernel, **dict(zip(self.names, values, strict=True)))
        return Apart(made, self.identical, self.teachers)

    def gradient_dlam(self, arguments, lam):
        """Derivative of (f_p, f_c) in ``lam`` at fixed arguments."""
        moving = Dual(lam, _ones(lam))
        still = [Dual(value, 0.0 * value[None]) for value in arguments]
        return [part.slope[0] for part in self.at(moving).gradient(*still)]


def _in_doubles(kernel):
    """A kernel with Balls for parameters on Enclosures."""
    names = [n for n in parameter_names(kernel) if isinstance(getattr(kernel, n), Ball)]
    if not names:
        return kernel
    return replace(kernel, **{n: enclosure(getattr(kernel, n)) for n in names})


def _ones(lam):
    """The slope 1 of lam, in its own arithmetic."""
    return 0.0 * lam[None] + 1.0


def _plain(balls):
    """An array of Balls in doubles: exact where every entry is a double."""
    value = enclosure(balls)
    return value if value.rad.any() else value.mid


def enclosed(problem: NetworkProblem) -> Enclosed:
    """The same problem on Enclosures; what does not depend on numbers is shared."""
    exact = problem if isinstance(problem, BallProblem) else enclosing(problem)
    made = object.__new__(Enclosed)
    shared = ("structure", "line", "kernel_parameters", "any_size", "pinned", "n", "layout")
    vars(made).update({name: vars(exact)[name] for name in shared})
    made.kernel, made.exact = exact.kernel, exact
    for name in ("components", "_bases", "_vertices", "_inward", "_outward"):
        vars(made)[name] = getattr(exact, name)
    return made


class Place:
    """A problem over one box.

    Parameters
    ----------
    problem : Enclosed
    x : list of arb
    lam : arb
    """

    def __init__(self, problem: Enclosed, x: list, lam):
        self.problem, self.lam = problem, Ball(lam)
        self.x = enclosure(x)
        self._lam = enclosure(lam)
        self._blocks: dict[Component, Any] = {}
        self._turns: dict[Component, Enclosure] = {}

    @cached_property
    def rows(self) -> Rows:
        """All rows."""
        return self.problem.rows(self.x, self._lam)

    @cached_property
    def gradient(self) -> list:
        """g, arbs."""
        return arbs_of(finite(self.problem._gradient(self.rows)))

    @cached_property
    def slopes(self):
        """[g_x | g_lam], an arb_mat."""
        return matrix_of(finite(self.problem._jacobian(self.rows, self._lam)))

    def block(self, component: Component):
        """The matrix of one block, an arb_mat."""
        if component not in self._blocks:
            matrix = self.problem._matrix(component, self.rows, self._lam)
            self._blocks[component] = matrix_of(finite(matrix))
        return self._blocks[component]

    def weights(self, component: Component) -> list:
        """Squared lengths of the copies, arbs."""
        return arbs(self.problem.exact._copy_weights(component, self.lam))

    def neutral(self, component: Component) -> list:
        """Directions in the copies that the block annuls by structure, each a list of arbs."""
        beta = self.rows.beta
        return self.problem.exact.neutral(component, lambda i: arbs_of(beta[0, i]))

    @cached_property
    def _ahead(self):
        """Rows with their derivatives in x_1, ..., x_n, lam, and lam with its own."""
        unit = np.eye(self.problem.n + 1)
        lam = Dual(self._lam, Enclosure(unit[:, -1], 0.0))
        return self.problem.rows(Dual(self.x, Enclosure(unit[:, :-1], 0.0)), lam), lam

    def turns(self, component: Component) -> Enclosure:
        """Derivatives of a block in x_1, ..., x_n, lam; shape (n + 1, copies, copies)."""
        if component not in self._turns:
            rows, lam = self._ahead
            self._turns[component] = finite(self.problem._matrix(component, rows, lam).slope)
        return self._turns[component]


class ExactPlace:
    """The same to the working precision, slower: on boxes too narrow for doubles.

    At one exact point rows may be parallel.
    """

    def __init__(self, problem: Enclosed, x: list, lam):
        self.problem, self.x, self.lam = problem, balls(x), Ball(lam)

    @cached_property
    def slopes(self):
        """[g_x | g_lam], an arb_mat."""
        return matrix(self.problem.exact.jacobian(self.x, self.lam, checked=False)[1])

    def block(self, component: Component):
        """The matrix of one block, an arb_mat."""
        return self.problem.exact.block(component, self.x, self.lam)[0]

    def weights(self, component: Component) -> list:
        """Squared lengths of the copies, arbs."""
        return arbs(self.problem.exact._copy_weights(component, self.lam))

    def neutral(self, component: Component) -> list:
        """Directions in the copies that the block annuls by structure, each a list of arbs."""
        beta = self.problem.exact.rows(self.x, self.lam).beta
        return self.problem.exact.neutral(component, lambda i: arbs(beta[0, i]))
