"""A locus: an event as a curve in the plane of two parameters.

The curve is what a reader looks for first, so special points are marks on
it, one marker for each kind, and formal ones are grey and hollow.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bifurc import given
from bifurc.draw.curves import divided
from bifurc.draw.style import GREY, PALETTE, axes
from bifurc.loci.locus import Locus

MARKERS = {"two irreps": "s", "fold": "o", "cusp": "D", "no quadratic term": "^"}


def locus_curve(curve: Locus) -> dict[str, np.ndarray]:
    """The numbers that :func:`locus` draws: both parameters by name, closely spaced."""
    X = divided(curve.problem, curve.points)
    return {curve.names[0]: np.sinh(X[:, -2]), curve.names[1]: X[:, -1]}


def locus(curve: Locus, ax: Axes | None = None, **look) -> list[Line2D]:
    """Draw a locus and its special points; the critical parameter goes up.

    Parameters
    ----------
    curve : Locus
    ax : Axes, optional
    **look
        For the curve, as :meth:`matplotlib.axes.Axes.plot` takes it.

    Returns
    -------
    list of Line2D
        The curve, then the marks of each kind.
    """
    given.one_of("curve", curve, Locus, "a locus")
    _, ax = axes(ax)
    up, across = curve.names
    values = locus_curve(curve)
    look = {"color": PALETTE[1], "label": curve.label} | look
    artists = ax.plot(values[across], values[up], **look)
    for name, formal in dict.fromkeys((one.kind, one.formal) for one in curve.special):
        chosen = [s.parameters for s in curve.special if (s.kind, s.formal) == (name, formal)]
        artists += ax.plot(
            [at[across] for at in chosen],
            [at[up] for at in chosen],
            linestyle="none",
            marker=MARKERS[name],
            color=GREY if formal else artists[0].get_color(),
            fillstyle="none" if formal else "full",
            label=f"{name}{' (formal)' if formal else ''}",
        )
    ax.set(xlabel=across, ylabel=up)
    return artists
