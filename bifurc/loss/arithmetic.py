"""The numbers that the constants of a problem are made of.

Sizes, numbers of entries and the teacher are polynomials with rational coefficients; along a
line they become tables of numbers. The evaluator asks nothing of these but numpy's operations,
so that one evaluator serves doubles, and whatever a proof calculates with.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bifurc.loss.running import RunningKernel


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """How constants are written down, and how a kernel is asked.

    Attributes
    ----------
    number : callable Fraction -> number
    table : callable
        What the evaluator is given of an array of such numbers.
    running : callable (problem, names, line) -> RunningKernel
        The problem's kernel with parameters of these names, whose (constant, slope) in lam
        are the table ``line``, (2, parameters).
    """

    number: Callable[[Fraction], Any]
    table: Callable[[np.ndarray], Any]
    running: Callable[..., RunningKernel]

    @property
    def dtype(self) -> np.dtype:
        """That of an array of numbers."""
        return np.array([self.number(Fraction(0))]).dtype


def in_doubles(problem, names: tuple[str, ...], line: np.ndarray) -> RunningKernel:
    """The kernel as it is."""
    return RunningKernel(problem.kernel, names, line, biased=bool(problem.structure.bias))


DOUBLES = Arithmetic(float, np.asarray, in_doubles)
