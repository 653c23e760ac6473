"""The weight matrix of a family at whole sizes."""

from typing import Any

import numpy as np

from bifurc.api import as_family, first_of, member
from bifurc.loss.embedding import matrices
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
    return embed_both(family, **parameters)[0]


def embed_both(family: Family | str, **parameters: Any) -> tuple[np.ndarray, np.ndarray]:
    """W (k, d) and the teacher V (h, d) that belongs to it."""
    family = as_family(family)
    parameter, value, others = first_of(parameters)
    problem, point = member(family, parameter, value, **others)
    return matrices(problem.structure, point.x, problem.parameters(point.lam))
