"""The weight matrix of a family at whole sizes."""

from typing import Any

import numpy as np

from bifurc.api import as_family, first_of, member
from bifurc.loss.embedding import matrices, network_behind, row_weights
from bifurc.loss.full import Network
from bifurc.structure.families import Family


def embed(family: Family | str, **parameters: Any) -> np.ndarray:
    """Return the matrix W (k, d) of a family's critical point.

    Parameters
    ----------
    family : Family or str
    **parameters
        Where: ``d=12``, ``p=3``. The first is the one along which the member
        is found.

    Raises
    ------
    ValueError
        If a size is not whole there, or no parameter is given.
    EndedEarlyError
        If the family does not reach that far.

    Examples
    --------
    >>> embed("II", d=4).shape
    (4, 4)
    """
    return embed_both(family, **parameters).w


def embed_both(family: Family | str, **parameters: Any) -> Network:
    """Student W (k, d) and teacher V (h, d), with their output weights; biases are a last column.

    The bias of the output is ``beta``.
    """
    family = as_family(family)
    parameter, value, others = first_of(parameters)
    problem, point = member(family, parameter, value, **others)
    s, values = problem.structure, problem.parameters(point.lam)
    if s.beside:
        return network_behind(problem, point.x, point.lam)[0]
    (w, v), (a, b) = matrices(s, point.x, values), row_weights(s, values)
    return Network(w, v, problem.kernel, a, b)
