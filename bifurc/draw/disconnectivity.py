"""A disconnectivity graph: minima as leaves, joined where the lowest pass between them lies."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bifurc import given
from bifurc.draw.style import PALETTE, axes

ABREAST = 70  # letters below the axes, all labels as wide as the widest; more stand upright


def disconnectivity_tree(
    minima: Sequence[tuple[str, float]], passes: Sequence[tuple[float, int, int]]
) -> tuple[list[float], list[tuple[float, float, float]], list[tuple[float, float, float]]]:
    """Where :func:`disconnectivity` draws its lines.

    Parameters
    ----------
    minima : sequence of (label, loss)
    passes : sequence of (loss, minimum, minimum)
        Minima by their numbers.

    Returns
    -------
    across : list of float
        Where each minimum stands.
    upright : list of (across, lower, upper)
    level : list of (left, right, height)

    Examples
    --------
    >>> disconnectivity_tree([("a", 0.0), ("b", 1.0)], [(2.0, 0, 1)])
    ([0.0, 1.0], [(0.0, 0.0, 2.0), (1.0, 1.0, 2.0)], [(0.0, 1.0, 2.0)])
    """
    given.one_of("minima", minima, (list, tuple), "pairs of a label and a loss")
    given.one_of("passes", passes, (list, tuple), "a loss and the numbers of two minima each")
    for number in (number for _, *both in passes for number in both):
        given.whole("the number of a minimum", number, 0, len(minima) - 1)
    joins, groups = [], {i: [i] for i in range(len(minima))}
    of = dict(enumerate(range(len(minima))))
    for height, one, other in sorted(passes):
        a, b = of[one], of[other]
        if a != b:
            joins.append((height, a, b))
            groups[a] = groups[a] + groups.pop(b)
            of.update(dict.fromkeys(groups[a], a))
    order = [i for members in groups.values() for i in members]
    across = [float(order.index(i)) for i in range(len(minima))]
    at = {i: (across[i], loss) for i, (_, loss) in enumerate(minima)}
    upright, level = [], []
    for height, a, b in joins:
        (left, low), (right, other_low) = at[a], at[b]
        upright += [(left, low, height), (right, other_low, height)]
        level.append((left, right, height))
        at[a] = (left + right) / 2, height
    return across, upright, level


def disconnectivity(
    minima: Sequence[tuple[str, float]],
    passes: Sequence[tuple[float, int, int]],
    ax: Axes | None = None,
    **look,
) -> list[Line2D]:
    """Draw which minima are joined below which loss.

    Parameters
    ----------
    minima : sequence of (label, loss)
    passes : sequence of (loss, minimum, minimum)
    ax : Axes, optional
    **look
        As :meth:`matplotlib.axes.Axes.plot` takes it.

    Returns
    -------
    list of Line2D
    """
    _, ax = axes(ax)
    across, upright, level = disconnectivity_tree(minima, passes)
    look = {"color": PALETTE[0]} | look
    artists = []
    for x, low, high in upright:
        artists += ax.plot([x, x], [low, high], **look)
    for left, right, height in level:
        artists += ax.plot([left, right], [height, height], **look)
    losses = np.array([loss for _, loss in minima])
    artists += ax.plot(across, losses, linestyle="none", marker="o", color=look["color"])
    labels = [label for label, _ in minima]
    ax.set_xticks(across, labels)
    ax.tick_params(axis="x", length=0)
    if len(labels) * max(map(len, labels), default=0) > ABREAST:
        ax.tick_params(axis="x", rotation=90)
    ax.set_ylabel("loss")
    ax.margins(0.1)
    return artists
