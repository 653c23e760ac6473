"""What is known of an event, and how it reads."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial

Index = dict[Component, int]  # number of negative eigenvalues of each block


def morse_index(index: Index, parameters: dict[str, float] | None = None) -> Polynomial:
    """The Morse index as a polynomial: blocks' negative eigenvalues times dimension.

    With ``parameters`` given, components that do not exist
    there (see :meth:`Component.exists`) are left out.
    """
    total = Polynomial.of(0)
    for component, negatives in index.items():
        if parameters is None or component.exists(parameters):
            total = total + component.dimension * negatives
    return total


def first_whole(problem, event: "Event", reach: int = 1000) -> int | None:
    """The first integer past an event at which it leaves a minimum and all parameters are whole.

    None if the event makes no minimum, or no such integer follows.
    """
    if event.transition != "saddle -> minimum" or event.formal or event.kind == "fold":
        return None
    for lam in range(math.floor(event.lam) + 1, math.floor(event.lam) + 1 + reach):
        if all(abs(v - round(v)) < 1e-9 for v in problem.parameters(float(lam)).values()):
            return lam
    return None


@dataclass(frozen=True, eq=False)
class Event:
    """A located crossing, fold or branch point.

    ``below`` and ``above`` are the numbers of negative eigenvalues for smaller
    and larger ``lam``; at a fold, where both sheets lie on one side, before
    and after it along the branch.

    At an event of kind ``pair`` no eigenvalue is zero: two of one block, which
    can be not real where its form is not definite, pass the imaginary axis.
    """

    label: str  # BP, LP
    component: Component
    lam: float
    X: np.ndarray  # (n + 1,)
    tangent: np.ndarray  # (n + 1,), of the branch at the event
    parameters: dict[str, float]
    kernel: np.ndarray  # (copies, count), coefficients in the copies of the irrep
    speed: float  # d eigenvalue / d lam along the branch; d/ds at a fold
    loss: float | None
    below: Index = field(repr=False)
    above: Index = field(repr=False)
    kind: str = "unknown"  # fold, transcritical, pitchfork, degenerate, tangential, pair
    position: float = 0.0  # number of the point before it, plus the share of the step
    decided: bool = True  # whether second derivatives tell minima from saddles on its branch
    # (params, window, options) -> Locus: the event in two parameters; bifurc.trace sets it
    locus: Callable | None = field(default=None, repr=False)
    # () -> Proof, or None if nothing can be proved here; bifurc.trace sets it
    prove: Callable | None = field(default=None, repr=False)

    @cached_property
    def proof(self) -> Any:
        """Whether the event is proved in interval arithmetic, tried when first asked for.

        A :class:`bifurc.proof.event.Proof`, true if it is; None if it was not
        tried, as where python-flint is missing.
        """
        return None if self.prove is None else self.prove()

    @property
    def formal(self) -> bool:
        """Whether the irrep does not exist at this size."""
        return not self.component.exists(self.parameters)

    @property
    def multiplicity(self) -> float:
        """Dimension of the kernel: a real number."""
        return self.kernel.shape[1] * self.component.dimension(**self.parameters)

    def index(self, side: str) -> Polynomial:
        """Morse index ``"below"`` or ``"above"`` as a polynomial in the parameters."""
        return morse_index(getattr(self, side), self.parameters)

    @property
    def transition(self) -> str:
        """Such as "saddle -> minimum", as ``lam`` grows; "degenerate" if higher orders decide."""
        otherwise = "minimum" if self.decided else "degenerate"
        sides = ["saddle" if self.index(side).terms else otherwise for side in ("below", "above")]
        return " -> ".join(sides)

    def __str__(self) -> str:
        where = ", ".join(f"{name} = {value:.10g}" for name, value in self.parameters.items())
        formal = ", formal" if self.formal else ""
        what = f"{self.component.label}, {self.kind}{formal}, {self.transition}"
        return f"{self.label} at {where}: {what}"
