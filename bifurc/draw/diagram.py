"""The bifurcation diagram: a scalar over the parameter, branches and events."""

from collections.abc import Callable

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bifurc.draw.curves import Curve, EventMark, Scalar, Source, curves, marks, members
from bifurc.draw.style import (
    GREY,
    IRREPS,
    axes,
    key,
    legend,
    line_of,
    look_of,
    marker_of,
    pretty,
)
from bifurc.draw.view import across, coloured, few, grouped, heighten, ranked, say, scale_to

MANY, CROWDED = 30, 0.6  # events from which on symbols are smaller, and by how much
NAMED: dict[str, Callable[[str], str]] = {
    "label": str,
    "branch": str,
    "index": lambda index: f"index {pretty(index)}",
}
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
    if by not in NAMED:
        raise ValueError(f"Colours can go by label, branch or index, not by {by!r}.")
    pieces = curves(source, y, x, window)
    events = marks(source, y, x, window, formal)
    own = ax is None
    fig, ax = axes(ax)
    colour = coloured(ranked(names_of(source, pieces, by), pieces, events, by))
    for piece in sorted(pieces, key=lambda piece: colour[getattr(piece, by)] != GREY):
        draw_curve(ax, piece, colour[getattr(piece, by)])
    for mark in events:
        draw_mark(ax, mark, CROWDED if len(events) > MANY else 1.0)
    running = members(source)[0][2].problem.parameter
    gone = frame(ax, pieces, events, window if x in (None, running) else None)
    ax.set_xlabel(x or running)
    ax.set_ylabel(y.__name__ if callable(y) else TITLES.get(y, y))
    grey = [NAMED[by](one) for p in pieces if colour[one := getattr(p, by)] == GREY]
    notes = left_out(source, pieces, y, gone, grey)
    say(ax, notes)
    if explain:
        told = legend(ax, entries(grouped(colour, pieces, by, NAMED[by]), pieces, events))
        if own:
            heighten(fig, told, notes)
    return fig, ax


def names_of(source: Source, pieces: list[Curve], by: str) -> list[str]:
    """What colours tell apart, in the order of the source, whatever of it the window shows."""
    if by == "index":
        return [piece.index for piece in pieces]
    return [label if by == "label" else name for name, label, _ in members(source)]


def left_out(source: Source, pieces, y, gone: list[Curve], grey: list[str]) -> list[str]:
    """Sentences on branches that are not drawn, leave the frame or have no colour."""
    drawn = {piece.branch for piece in pieces}
    missing = [name for name, *_ in members(source) if name not in drawn]
    notes = [f"grey: {few(grey)}"] if grey else []
    if missing:
        what = f"without {y}, or outside the window" if isinstance(y, str) else "outside the window"
        notes.append(f"not drawn, {what}: {few(missing)}")
    if gone:
        notes.append(f"leaves the frame: {few([piece.branch for piece in gone])}")
    return notes


def draw_curve(ax: Axes, piece: Curve, colour: str) -> Line2D:
    """One piece of a branch."""
    (line,) = ax.plot(piece.x, piece.y, color=colour, **line_of(piece.stable))
    return line


def draw_mark(ax: Axes, mark: EventMark, size: float = 1.0) -> Line2D:
    """One event: the symbol of its irrep, filled where a minimum is gained or lost."""
    event = mark.event
    look = marker_of(symbol(event), event.decides, GREY if event.formal else "#000000")
    size *= mpl.rcParams["lines.markersize"]
    (line,) = ax.plot([mark.x], [mark.y], zorder=4 + event.decides, markersize=size, **look)
    return line


def symbol(event) -> str:
    """Under what name an event stands in the table of symbols."""
    return "fold" if event.kind == "fold" else event.irrep


def frame(ax: Axes, pieces: list[Curve], events: list[EventMark], window) -> list[Curve]:
    """Limits that fit what is in the window; the pieces that leave them."""
    low, high = window or (
        min(piece.x.min() for piece in pieces),
        max(piece.x.max() for piece in pieces),
    )
    across(ax, low, high)
    inside = [(piece.x >= low) & (piece.x <= high) for piece in pieces]
    kept = [i for i, seen in enumerate(inside) if np.isfinite(pieces[i].y[seen]).any()]
    x, y = ([getattr(pieces[i], at)[inside[i]] for i in kept] for at in "xy")
    gone = scale_to(ax, x, y, [mark.y for mark in events if np.isfinite(mark.y)]) if kept else []
    return [pieces[kept[i]] for i in gone]


def entries(colour: dict[str, str], pieces: list[Curve], events: list[EventMark]) -> list[Line2D]:
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
