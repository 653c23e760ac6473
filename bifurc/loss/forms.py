"""The Hessian in other forms of the literature: its Gauss-Newton part.

The Gauss-Newton part is the second moment of the network's derivatives. It is
the Hessian of a student that has learnt its teacher, so it is computed as
that: the teacher is replaced by the student as it is.
"""

from dataclasses import replace

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.spectra import Block
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import ALPHA, OUTPUT


def gauss_newton(problem: NetworkProblem, x: np.ndarray, lam: float) -> dict[Component, Block]:
    """Blocks of the Gauss-Newton part of the Hessian at one point.

    What :meth:`~bifurc.loss.problem.NetworkProblem.blocks` has beyond it comes of the error.
    """
    s = problem.structure
    values = dict(zip(s.coordinates, x, strict=True))
    of = {s.entries[i]: a for a, orbit in enumerate(s.orbits) for i in orbit}
    teacher: dict = {}
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
