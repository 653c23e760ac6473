"""The bifurcation diagram: a scalar over the parameter, branches and events."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, MultipleLocator

from bifurc.draw.curves import Curve, Mark, Scalar, Source, curves, marks, members, parameter_of
from bifurc.draw.style import (
    GREY,
    IRREPS,
    axes,
    colours,
    key,
    legend,
    line_of,
    look_of,
    marker_of,
    pretty,
)

FEW = 16  # integers in the window that get a tick each
TITLES = {"loss": "loss", "norm": "norm", "smallest": "smallest eigenvalue"}


def diagram(
    source: Source,
    y: str | Scalar = "loss",
    ax: Axes | None = None,
    *,
    x: str | None = None,
    window: tuple[float, float] | None = None,
    by: str = "label",
    formal: bool = False,
    explain: bool = True,
):
    """Draw branches with their events; minima solid, saddles dashed.

    Parameters
    ----------
    source : Branch, BranchGraph or mapping from names to branches
    y, x, window : see :func:`bifurc.draw.curves`, which gives the numbers drawn
    ax : Axes, optional
        New ones in our print style if not given.
    by : "label", "branch" or "index"
        What colours tell apart: isotropies (or the names given), branches,
        or Morse indices.
    formal : bool
        Whether to draw, in grey, events of irreps that do not exist there.
    explain : bool
        Whether to add a legend.

    Returns
    -------
    fig, ax
    """
    if by not in ("label", "branch", "index"):
        raise ValueError(f"Colours can go by label, branch or index, not by {by!r}.")
    pieces = curves(source, y, x, window)
    events = marks(source, y, x, window, formal)
    fig, ax = axes(ax)
    names = [getattr(piece, by) for piece in pieces]
    every = {"branch": 0, "label": 1}  # a branch keeps its colour in every window
    colour = colours([one[every[by]] for one in members(source)] if by in every else names)
    for piece, name in zip(pieces, names, strict=True):
        draw_curve(ax, piece, colour[name])
    for mark in events:
        draw_mark(ax, mark)
    running = parameter_of(members(source)[0][2].problem)
    frame(ax, pieces, window if x in (None, running) else None)
    ax.set_xlabel(x or running)
    ax.set_ylabel(y.__name__ if callable(y) else TITLES.get(y, y))
    if explain:
        say = (lambda name: f"index {pretty(name)}") if by == "index" else str
        shown = {say(name): colour[name] for name in dict.fromkeys(names)}
        legend(ax, entries(shown, pieces, events))
    return fig, ax


def draw_curve(ax: Axes, piece: Curve, colour: str) -> Line2D:
    """One piece of a branch."""
    (line,) = ax.plot(piece.x, piece.y, color=colour, **line_of(piece.stable))
    return line


def draw_mark(ax: Axes, mark: Mark) -> Line2D:
    """One event: the symbol of its irrep, filled where a minimum is gained or lost."""
    event = mark.event
    look = marker_of(symbol(event), event.decides, GREY if event.formal else "#000000")
    (line,) = ax.plot([mark.x], [mark.y], zorder=4, **look)
    return line


def symbol(event) -> str:
    """Under what name an event stands in the table of symbols."""
    return "fold" if event.kind == "fold" else event.irrep


def frame(ax: Axes, pieces: list[Curve], window) -> None:
    """Limits that fit what is in the window, and a tick at every integer if they are few."""
    low, high = window or (
        min(piece.x.min() for piece in pieces),
        max(piece.x.max() for piece in pieces),
    )
    seen = [piece.y[(piece.x >= low) & (piece.x <= high)] for piece in pieces]
    heights = np.concatenate(seen)
    heights = heights[np.isfinite(heights)]
    if heights.size:
        room = 0.05 * (np.ptp(heights) or 1.0)
        ax.set_ylim(heights.min() - room, heights.max() + room)
    ax.set_xlim(low, high)
    mark_integers(ax, low, high)


def mark_integers(ax: Axes, low: float, high: float) -> None:
    """Ticks and faint lines at integers: sizes of networks that exist."""
    if 1 <= high - low <= FEW:
        ax.xaxis.set_major_locator(MultipleLocator(1))
    elif high - low > FEW:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="x")


def entries(colour: dict[str, str], pieces: list[Curve], events: list[Mark]) -> list[Line2D]:
    """What a legend must say: branches, stability, irreps, what a filled symbol means."""
    found = [key(label, color=c) for label, c in colour.items()] if len(colour) > 1 else []
    names = {True: "minimum", False: "saddle"}
    for stable in sorted({piece.stable for piece in pieces}, reverse=True):
        found.append(key(names[stable], color="0.3", **line_of(stable)))
    real = [mark.event for mark in events if not mark.event.formal]
    known = dict.fromkeys([*IRREPS, *sorted(map(symbol, real))])
    for name in [name for name in known if name in map(symbol, real)]:
        filled = any(event.decides for event in real if symbol(event) == name)
        found.append(key(look_of(name)[2], **marker_of(name, filled)))
    changes = {event.decides for event in real}
    if True in changes:
        found.append(key("filled: saddle ↔ minimum", linestyle="none"))
    if False in changes:
        found.append(key("hollow: saddle ↔ saddle", linestyle="none"))
    if len(real) < len(events):
        found.append(key("formal", **marker_of("t", False, GREY)))
    return found
