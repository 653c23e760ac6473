"""What a picture of much shows: which curves get a colour, on what scale, within what frame.

A run of some depth has more branches than there are colours to tell apart,
and a few eigenvalues that run off to -100 beside all those that cross zero. So
the classes that matter most get the colours, the others are grey together, and
the ordinate goes by what is seen on most of the parameter's range. Whatever
a picture leaves out it says, in words, below the axes.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.legend import Legend
from matplotlib.ticker import MaxNLocator, MultipleLocator, NullFormatter

from bifurc.draw.curves import Curve, EventMark
from bifurc.draw.style import GREY, PALETTE, in_lines

SEEN = 0.995  # of the parameter's range: what is beyond it on both sides may leave the frame
RUNS_OFF = 3.0  # times as large as what is seen, values would flatten it
SPREAD = 8.0  # largest over middle size, from which on a straight scale shows nothing at zero
ROOM = 0.05  # of the frame, left free above and below
FIVEFOLD = 5.0  # ends of a window: beyond it small sizes, where most happens, stand in one place
FEW = 24  # integers in the window, the first of them, that get a line each
APART = 0.06  # of an axis, between numbers on a scale that is not straight
WIDE, MOST = 110, 40  # letters in a line of a note, and names in it
ENTRY, LINE, FRAME = (
    1.6,
    1.3,
    60,
)  # heights: in sizes of the type, and of what else there is in points


def ranked(
    labels: Iterable[str], pieces: Sequence[Curve], events: Sequence[EventMark], by: str = "label"
) -> list[str]:
    """Labels by what there is to see of them: the first one given, minima, then events.

    ``by`` is the attribute of a piece that they are values of.
    """
    first, *rest = dict.fromkeys(labels)
    minima = {getattr(piece, by) for piece in pieces if piece.stable}
    label = {piece.branch: getattr(piece, by) for piece in pieces}
    count = dict.fromkeys(rest, 0)
    for mark in events:
        if (name := label.get(mark.branch)) in count:
            count[name] += 1 + mark.event.decides
    return [first, *sorted(rest, key=lambda name: (name not in minima, -count[name]))]


def coloured(labels: Sequence[str]) -> dict[str, str]:
    """A colour of its own for each of the first labels, grey for the others."""
    if len(labels) <= len(PALETTE):
        return dict(zip(labels, PALETTE, strict=False))
    most = len(PALETTE) - 1
    return dict.fromkeys(labels, GREY) | dict(zip(labels[:most], PALETTE, strict=False))


def grouped(
    colour: dict[str, str],
    pieces: Sequence[Curve],
    by: str = "label",
    named: Callable[[str], str] = str,
) -> dict[str, str]:
    """What the legend calls each colour that is seen: a label with the number of its branches."""
    branches: dict[str, set[str]] = {}
    for piece in pieces:
        branches.setdefault(getattr(piece, by), set()).add(piece.branch)
    several = any(len(names) > 1 for names in branches.values())
    grey = [name for name in branches if colour[name] == GREY]
    found = {
        f"{named(name)} ({len(branches[name])})" if several else named(name): hue
        for name, hue in colour.items()
        if name in branches and name not in grey
    }
    if grey:
        count = len(set().union(*(branches[name] for name in grey)))
        found[f"{len(grey)} others ({count})"] = GREY
    return found


def across(ax: Axes, low: float, high: float) -> None:
    """The abscissa: by ratios in a wide window, with faint lines at integers, which are sizes."""
    ax.set_xlim(low, high)
    whole = np.arange(np.ceil(low), min(np.floor(high), np.ceil(low) + FEW) + 1)
    if by_ratios(low, high):
        ax.set_xscale("log")
        number(ax.xaxis, low, high)
        ax.set_xticks(whole, minor=True)
    elif high - low >= 1:
        ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
        if high - low <= FEW:
            ax.xaxis.set_minor_locator(MultipleLocator(1))
    ax.grid(axis="x", which="both")


def by_ratios(low: float, high: float) -> bool:
    """Whether a window is so wide that equal ratios get equal widths."""
    return low > 0 and high > FIVEFOLD * low


def number(axis: Axis, low: float, high: float) -> None:
    """Numbers on a scale that is not straight: powers of ten first, others where there is room."""
    scale = axis.get_transform()
    most = int(np.ceil(np.log10(max(abs(low), abs(high)))))
    least = int(np.floor(np.log10(min(one for one in (abs(low), abs(high)) if one))))
    powers = 10.0 ** np.arange(most, least - 1, -1)
    sizes = [k * power for k in (1, 5, 2, 3, 7, 4, 6) for power in powers]
    tries = [0.0, *(sign * size for size in sizes for sign in (1, -1))]
    ends = scale.transform(np.array([low, high]))
    kept: list[float] = []
    for one in (value for value in tries if low <= value <= high):
        places = scale.transform(np.array([one, *kept]))
        if (np.abs(places[1:] - places[0]) >= APART * np.ptp(ends)).all():
            kept.append(one)
    kept.sort()
    axis.set_ticks(kept, [f"{one:g}".replace("-", "−") for one in kept])
    axis.set_ticks([], minor=True)
    axis.set_minor_formatter(NullFormatter())


def scale_to(ax: Axes, x: Sequence[np.ndarray], y: Sequence[np.ndarray], must=()) -> list[int]:
    """Set the ordinate for some curves; the numbers of those that leave the frame.

    Where values of both signs differ by orders the scale is logarithmic on
    both sides of zero and straight near it; else what runs off on a small part
    of the parameter's range is cut. ``must`` are heights that have to be seen.
    """
    values = np.concatenate([np.asarray(one, float).ravel() for one in y])
    finite = np.isfinite(values)
    if not finite.any():
        return []
    widths = _widths(x, y, ax.xaxis.get_transform())
    ends = float(values[finite].min()), float(values[finite].max())
    low, high = _seen(values, widths)
    low, high = min([low, *must]), max([high, *must])
    if ends[1] - ends[0] <= RUNS_OFF * (high - low):
        low, high = ends
    middle = float(np.median(np.abs(values[finite])))
    if ends[0] < 0 < ends[1] and max(-low, high) > SPREAD * middle > 0:
        straight = _rounded(middle)
        ax.set_yscale("symlog", linthresh=straight, linscale=2.0)
        low, high = (one + ROOM * np.sign(one) * max(5 * abs(one), straight) for one in (low, high))
    else:
        room = ROOM * ((high - low) or 1.0)
        low, high = low - room, high + room
    ax.set_ylim(low, high)
    if ax.get_yscale() == "symlog":
        number(ax.yaxis, low, high)
    return [i for i, one in enumerate(y) if np.nanmin(one) < low or np.nanmax(one) > high]


def _widths(x, y, scale) -> np.ndarray:
    """How much of the parameter's range each value stands for."""
    parts = []
    for at, values in zip(x, y, strict=True):
        width = np.abs(np.gradient(scale.transform(at))) if len(at) > 1 else np.zeros(len(at))
        shape = (-1,) + (1,) * (np.ndim(values) - 1)
        parts.append(np.broadcast_to(width.reshape(shape), np.shape(values)).ravel())
    return np.concatenate(parts)


def _seen(values: np.ndarray, widths: np.ndarray) -> tuple[float, float]:
    """Between which heights values are on most of the range."""
    finite = np.isfinite(values)
    order = np.argsort(values[finite])
    values, below = values[finite][order], np.cumsum(widths[finite][order])
    if not below[-1]:
        return float(values[0]), float(values[-1])
    low, high = np.interp([1 - SEEN, SEEN], below / below[-1], values)
    return float(low), float(high)


def _rounded(value: float) -> float:
    """A power of ten, or two or five times one, not above a value."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(one for one in (1, 2, 5) if one * power <= value))


def say(ax: Axes, notes: Sequence[str]) -> None:
    """Sentences on what is left out, below the axes."""
    if notes:
        ax.annotate(
            in_lines(notes, WIDE), (0, 0), xytext=(0, -34), xycoords="axes fraction",
            textcoords="offset points", ha="left", va="top", fontsize="small", color="0.35",
        )  # fmt: skip


def heighten(fig: Figure, legend: Legend, notes: Sequence[str]) -> None:
    """Make a figure of one picture as high as its legend and the notes below it are together."""
    texts = [text.get_text() for text in legend.get_texts()]
    size = FontProperties(size=rcParams["legend.fontsize"]).get_size_in_points()
    more = sum(text.count("\n") for text in texts) + in_lines(notes, WIDE).count("\n")
    wide, high = fig.get_size_inches()
    fig.set_size_inches(wide, max(high, (size * (ENTRY * len(texts) + LINE * more) + FRAME) / 72))


def few(names: Iterable[str]) -> str:
    """Names, each once; of very many some, and how many more."""
    once = list(dict.fromkeys(names))
    rest = len(once) - MOST
    return ", ".join(once[:MOST]) + (f" and {rest} more" if rest > 0 else "")
