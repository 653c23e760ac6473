"""Critical sizes as a curve in the plane of two parameters."""

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bifurc.draw.style import PALETTE, axes


def critical_curve(
    x, y, ax: Axes | None = None, *, names: tuple[str, str] = ("", ""), special=(), **look
) -> Line2D:
    """Draw where an event lies in two parameters.

    Parameters
    ----------
    x, y : ndarray, shape (points,)
        The two parameters along the curve.
    names : (str, str)
        What they are called.
    special : iterable of (x, y, label)
        Points of codimension two.
    **look
        As for ``Axes.plot``.

    Returns
    -------
    Line2D
    """
    _, ax = axes(ax)
    (line,) = ax.plot(x, y, **{"color": PALETTE[1]} | look)
    for at, height, label in special:
        ax.plot([at], [height], "o", color=PALETTE[2], zorder=4)
        ax.annotate(label, (at, height), xytext=(5, 4), textcoords="offset points")
    ax.set(xlabel=names[0], ylabel=names[1])
    return line


def locus(curve, ax: Axes | None = None, **look) -> Line2D:
    """Draw a locus: anything with ``names`` (y first), ``values`` by name and ``special``.

    The first parameter, the critical one, goes up. Special points have
    ``parameters``, ``kind`` and ``formal``; formal ones are left out.
    """
    up, across = curve.names
    special = [
        (s.parameters[across], s.parameters[up], s.kind) for s in curve.special if not s.formal
    ]
    return critical_curve(
        curve.values[across], curve.values[up], ax, names=(across, up), special=special, **look
    )
