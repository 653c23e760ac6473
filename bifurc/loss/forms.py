"""The Hessian in other forms of the literature: parts of it, of other layers, in other metrics.

The Gauss-Newton part is the second moment of the network's derivatives. It is
the Hessian of a student that has learnt its teacher, so it is computed as
that: the teacher is replaced by the student as it is. The rest comes of the
error and the second derivatives of neurons, which for ReLU are singular, on
its kink; decay belongs to it.

A layer's part is the Hessian in its unknowns alone. In a metric
sum of m_l |dW_l|² over layers l the eigenvalues are those of M^-1/2 H M^-1/2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bifurc import given
from bifurc.loss.problem import NetworkProblem
from bifurc.protocol import Problem
from bifurc.spectra import Block
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import ALPHA, BIAS, OUTPUT

FORMS = ("hessian", "gn", "singular")
PARTS = ("all", "hidden", "output")
LAYERS = ("hidden", "bias", "output")  # weights and biases of neurons; what is behind them
ROUNDED = 1e-10  # of a direction: what of it lies in another layer


@dataclass(frozen=True)
class Form:
    """What is shown of a Hessian.

    Parameters
    ----------
    form : "hessian", "gn" or "singular"
        All of it, its Gauss-Newton part, or the rest.
    part : "all", "hidden" or "output"
        Of all unknowns; of the neurons' weights and biases; of output weights and their bias.
    metric : mapping from "hidden", "bias", "output" to positive numbers
        Squared length of a unit of each layer; 1 where nothing is given.
    half : bool
        Whether the loss has its factor 1/2; without it all is twice as large.

    Raises
    ------
    ValueError
        If there is no such form, part or layer, or a length is not positive.
    """

    form: str = "hessian"
    part: str = "all"
    metric: Mapping[str, float] | None = None
    half: bool = True

    def __post_init__(self):
        for what, known in (("form", FORMS), ("part", PARTS)):
            if getattr(self, what) not in known:
                raise ValueError(f"{what} is {', '.join(known)}; got {getattr(self, what)!r}.")
        table = given.one_of("metric", self.metric or {}, Mapping, 'a table such as {"output": 4}')
        for layer, length in table.items():
            if layer not in LAYERS or not (length > 0 and np.isfinite(length)):
                raise ValueError(
                    f"A metric gives {', '.join(LAYERS)} a positive number; got {layer}={length}."
                )

    def blocks(self, problem: Problem, x: np.ndarray, lam: float) -> dict[Component, Block]:
        """Blocks at one point, in this form; problems that are no networks have the Hessian alone.

        Raises
        ------
        ValueError
            If another form is asked for and it is no network, if the weights are on a sphere and
            a layer or a metric is asked for, or
            nothing of that layer is trained.
        """
        if not isinstance(problem, NetworkProblem):
            if self.metric or replace(self, metric=None) != Form():
                raise ValueError("Forms, parts and metrics of the Hessian are those of networks.")
            return problem.blocks(x, lam)
        whole = problem.blocks(x, lam) if self.form != "gn" else gauss_newton(problem, x, lam)
        if self.form == "singular":
            learnt = gauss_newton(problem, x, lam)
            whole = {c: _less(block, learnt[c]) for c, block in whole.items()}
        if self.part == "all" and not self.metric and self.half:
            return whole
        if problem.structure.confined and (self.part != "all" or self.metric):
            raise ValueError("Weights on a sphere have no spectrum of one layer, or in a metric.")
        found = {c: self._of(block, layers(problem, c)) for c, block in whole.items()}
        found = {c: block for c, block in found.items() if block.weights.size}
        if not found:
            raise ValueError("Output weights are fixed here, and there is no bias of the output.")
        return found

    def _of(self, block: Block, names: np.ndarray) -> Block:
        """A block in the unknowns that are shown, of the layers ``names`` (copies,)."""
        kept = np.array([self.part in ("all", _half_of(name)) for name in names], bool)
        lengths = np.array([(self.metric or {}).get(name, 1.0) for name in names])[kept]
        matrix = (1.0 if self.half else 2.0) * block.matrix[np.ix_(kept, kept)] / lengths[:, None]
        neutral = None if block.neutral is None else _within(block.neutral, kept)
        zeros = block.zeros if kept.all() else 0
        return replace(
            block, matrix=matrix, weights=block.weights[kept] * lengths, neutral=neutral,
            zeros=zeros,
        )  # fmt: skip


def layers(problem: NetworkProblem, component: Component) -> np.ndarray:
    """The layer that each copy of an irrep belongs to; shape (copies,)."""
    s = problem.structure
    columns = [c.name for c in s.inputs]
    output = [b.name for b in s.students].index(OUTPUT) if OUTPUT in s.bias else None
    found = []
    for table in problem.basis_of(component)[0]:
        at = np.argwhere(table)[0]
        row, column = at[0], columns[at[-1]]
        behind = column == ALPHA or row == output
        found.append("output" if behind else "bias" if column == BIAS else "hidden")
    return np.array(found)


def _half_of(layer: str) -> str:
    """The part that a layer is shown in."""
    return "output" if layer == "output" else "hidden"


def _within(directions: np.ndarray, kept: np.ndarray) -> np.ndarray | None:
    """Combinations of directions (copies, m) that lie in the copies that are kept."""
    _, sizes, turns = np.linalg.svd(directions[~kept], full_matrices=True)
    sizes = np.append(sizes, np.zeros(len(turns) - len(sizes)))
    inside = directions[kept] @ turns[sizes <= ROUNDED * np.abs(directions).max(initial=1.0)].T
    return inside if inside.shape[-1] else None


def _less(whole: Block, part: Block) -> Block:
    """The difference of two blocks; what both leave out is known to be zero in it too."""
    both = whole.neutral is not None and part.neutral is not None
    return replace(
        whole, matrix=whole.matrix - part.matrix, zeros=0, neutral=whole.neutral if both else None
    )


def gauss_newton(problem: NetworkProblem, x: np.ndarray, lam: float) -> dict[Component, Block]:
    """Blocks of the Gauss-Newton part of the Hessian at one point.

    What :meth:`~bifurc.loss.problem.NetworkProblem.blocks` has beyond it comes of the error.
    """
    s = problem.structure
    values = dict(zip(s.coordinates, x, strict=True))
    of = {s.entries[i]: a for a, orbit in enumerate(s.orbits) for i in orbit}
    given = s.hidden if s.common.terms else ()  # rows with a bias that is no unknown
    teacher: dict = {(row.name, BIAS): (s.common, s.common) for row in given}
    weights = dict(s.student_weights)
    for entry in s.entries:
        value = Polynomial.of(float(values[s.coordinates[of[entry]]]))
        pair = teacher.get((entry.row, entry.column), (value, value))
        parts = (pair[0], value) if entry.part == "off" else (value, pair[1])
        if entry.column == ALPHA and s.trained:
            weights[entry.row] = float(values[s.coordinates[of[entry]]])
        elif entry.row != OUTPUT:
            teacher[entry.row, entry.column] = parts
    learnt = replace(
        s, teachers=s.hidden, teacher=teacher, teacher_weights=weights, decay=Polynomial.of(0)
    )
    at = x * [c.row != OUTPUT or not s.bias for c in s.coordinates]
    return problem.on(learnt, any_size=True).blocks(at, lam)
