"""A network problem over a box of states: gradient, blocks and their derivatives, enclosed.

Evaluated in doubles with outward rounding, each once for all that ask.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from bifurc.loss.arithmetic import Arithmetic
from bifurc.loss.problem import NetworkProblem
from bifurc.loss.reduced import Rows
from bifurc.proof.dual import Dual
from bifurc.proof.interval import (
    Ball,
    KeptApart,
    annulled,
    arbs,
    balls,
    block,
    enclosing,
    matrix,
    with_numbers,
)
from bifurc.proof.rounded import Enclosure, arbs_of, enclosure, finite, matrix_of
from bifurc.structure.irreps import Component


@dataclass(frozen=True, eq=False)
class _Rounded(KeptApart):
    """A kernel with parameters along a line, on Enclosures."""

    @property
    def moves(self) -> bool:
        """Whether any parameter may depend on ``lam``."""
        return bool(self.names)

    def _at(self, lam):
        at, line = lam[..., None, None, None, None], self.line
        values = [line[0, i] + at * line[1, i] for i in range(len(self.names))]
        return replace(self.kernel, **dict(zip(self.names, values, strict=True)))

    def gradient_dlam(self, arguments, lam):
        """Derivative of (f_p, f_c) in ``lam`` at fixed arguments."""
        moving = Dual(lam, 0.0 * lam[None] + 1.0)
        still = [Dual(value, 0.0 * value[None]) for value in arguments]
        return [part.slope[0] for part in self.at(moving).gradient(*still)]


def _rounded(problem: NetworkProblem, names: tuple[str, ...], line: np.ndarray) -> _Rounded:
    apart = problem.exact.running
    kernel, biased = with_numbers(problem.kernel, enclosure), apart.biased
    same = {"identical": apart.identical, "idle": apart.idle}
    return _Rounded(kernel, names, _plain(line), biased=biased, **same)


def _plain(numbers):
    """An array of Balls in doubles: exact where every entry is a double."""
    value = enclosure(numbers)
    return value if value.rad.any() else value.mid


ROUNDED = Arithmetic(Ball, _plain, _rounded)


def enclosed(problem: NetworkProblem) -> NetworkProblem:
    """The same problem on Enclosures; ``exact`` is that on Balls."""
    return enclosing(problem).in_arithmetic(ROUNDED)


class Place:
    """A problem over one box.

    Parameters
    ----------
    problem : NetworkProblem
        See :func:`enclosed`.
    x : list of arb
    lam : arb
    """

    def __init__(self, problem: NetworkProblem, x: list, lam):
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
        return arbs_of(finite(self.problem.gradient_of(self.rows)))

    @cached_property
    def slopes(self):
        """[g_x | g_lam], an arb_mat."""
        return matrix_of(finite(self.problem.jacobian_of(self.rows, self._lam)))

    def block(self, component: Component):
        """The matrix of one block, an arb_mat."""
        if component not in self._blocks:
            matrix = self.problem.block_matrix(component, self.rows, self._lam)
            self._blocks[component] = matrix_of(finite(matrix))
        return self._blocks[component]

    def weights(self, component: Component) -> list:
        """Squared lengths of the copies, arbs."""
        return arbs(self.problem.exact.copy_weights(component, self.lam))

    def neutral(self, component: Component) -> list:
        """Directions in the copies that the block annuls by structure, each a list of arbs."""
        beta = self.rows.beta
        return annulled(self.problem.exact, component, lambda i: arbs_of(beta[0, i]))

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
            self._turns[component] = finite(self.problem.block_matrix(component, rows, lam).slope)
        return self._turns[component]


class ExactPlace:
    """The same to the working precision, slower: on boxes too narrow for doubles.

    At one exact point rows may be parallel.
    """

    def __init__(self, problem: NetworkProblem, x: list, lam):
        self.problem, self.x, self.lam = problem, balls(x), Ball(lam)

    @cached_property
    def slopes(self):
        """[g_x | g_lam], an arb_mat."""
        return matrix(self.problem.exact.jacobian(self.x, self.lam, checked=False)[1])

    def block(self, component: Component):
        """The matrix of one block, an arb_mat."""
        return block(self.problem.exact, component, self.x, self.lam)[0]

    def weights(self, component: Component) -> list:
        """Squared lengths of the copies, arbs."""
        return arbs(self.problem.exact.copy_weights(component, self.lam))

    def neutral(self, component: Component) -> list:
        """Directions in the copies that the block annuls by structure, each a list of arbs."""
        beta = self.problem.exact.rows(self.x, self.lam).beta
        return annulled(self.problem.exact, component, lambda i: arbs(beta[0, i]))
