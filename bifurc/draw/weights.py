"""What a network looks like: its weight matrix as a heat map."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from bifurc import given
from bifurc.draw.style import axes
from bifurc.loss.embedding import integer_sizes, matrices
from bifurc.structure.structure import Structure


def matrix(structure: Structure, x, values: Mapping[str, float]) -> np.ndarray:
    """The weight matrix W (k, d) that :func:`weights` draws."""
    return matrices(structure, x, values)[0]


def weights(
    structure: Structure,
    x,
    values: Mapping[str, float],
    ax: Axes | None = None,
    *,
    limit: float | None = None,
) -> AxesImage:
    """Draw W, a row for each neuron; lines between the blocks.

    Parameters
    ----------
    structure : Structure
    x : ndarray, shape (n,)
        Coordinates of a critical point.
    values : mapping
        The parameters; all sizes must come out as positive integers.
    limit : float, optional
        Colours go from -limit to limit; the largest entry by default. Give
        the same to several pictures to compare them.

    Returns
    -------
    AxesImage
        For a colour bar.

    Raises
    ------
    ValueError
        If a size is not a positive integer.
    """
    given.one_of("structure", structure, Structure, "a structure, such as problem.structure")
    W = matrix(structure, x, values)
    _, ax = axes(ax)
    limit = limit or float(np.abs(W).max())
    image = ax.imshow(W, cmap="PuOr_r", vmin=-limit, vmax=limit, interpolation="nearest")
    sizes = integer_sizes(structure, values)
    for at in np.cumsum([sizes[b.points] for b in structure.students])[:-1]:
        ax.axhline(at - 0.5, color="0.35", linewidth=0.6)
    for at in np.cumsum([sizes[b.points] for b in structure.inputs])[:-1]:
        ax.axvline(at - 0.5, color="0.35", linewidth=0.6)
    ax.set(xticks=[], yticks=[])
    for side in ax.spines.values():
        side.set_visible(True)
    return image
