"""Draw a locus in the plane of its two parameters.

The curve is what a reader looks for first, so special points are marks on
it, one marker for each kind, and formal ones are left hollow.
"""

from bifurc.loci.locus import Locus

MARKERS = {"two irreps": "s", "fold": "o", "cusp": "D", "no quadratic term": "^"}


def draw_locus(ax, locus: Locus, **style):
    """Draw the curve and its special points onto ``ax``.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    locus : Locus
    **style
        For the curve, as :meth:`matplotlib.axes.Axes.plot` takes it.

    Returns
    -------
    list of matplotlib.lines.Line2D
        The curve, then the marks of each kind.
    """
    first, second = locus.names
    style = {"label": locus.problem.component.label} | style
    artists = ax.plot(locus.values[second], locus.values[first], **style)
    for kind in dict.fromkeys((special.kind, special.formal) for special in locus.special):
        name, formal = kind
        chosen = [s.parameters for s in locus.special if (s.kind, s.formal) == kind]
        artists += ax.plot(
            [at[second] for at in chosen],
            [at[first] for at in chosen],
            linestyle="none",
            marker=MARKERS[name],
            color=artists[0].get_color(),
            fillstyle="none" if formal else "full",
            label=f"{name}{' (formal)' if formal else ''}",
        )
    ax.set_xlabel(second)
    ax.set_ylabel(first)
    return artists
