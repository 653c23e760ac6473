"""How pictures look: two style sheets, colours that everybody can tell apart, symbols.

Colours are those of Okabe and Ito, made for colour-blind readers; nothing is
said by colour alone.

References
----------
.. [1] Okabe, Ito, "Color Universal Design", 2008, https://jfly.uni-koeln.de/color/.
"""

import io
import re
import warnings
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from textwrap import wrap
from typing import Any, cast
from zlib import crc32

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bifurc import given
from bifurc.files import write_atomically
from bifurc.structure.polynomial import Polynomial

STYLES = Path(__file__).parent / "styles"
NAMES = ("print", "slides")
PALETTE = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
GREY = "#8C8C8C"
LABEL = 42  # letters in a line of a legend

IRREPS = {  # marker, colour, meaning
    "fold": (">", "#000000", "fold"),
    "t": ("o", "#000000", "t, trivial"),
    "s": ("s", "#0072B2", "s, standard (n−1, 1)"),
    "x": ("^", "#D55E00", "x, exterior square (n−2, 1, 1)"),
    "y": ("D", "#009E73", "y (n−2, 2)"),
    "sxs": ("P", "#CC79A7", "s⊗s′"),
    "k": ("v", "#E69F00", "k, of the finite group"),
}


OTHERS = ("v", "<", "h", "p", "*", "X", "d")  # markers of irreps that are not in the table


def look_of(irrep: str) -> tuple[str, str, str]:
    """Marker, colour and meaning of an irrep; for one of a finite group by its name."""
    if irrep in IRREPS:
        return IRREPS[irrep]
    number = crc32(irrep.encode())
    return OTHERS[number % len(OTHERS)], PALETTE[1 + number % (len(PALETTE) - 1)], irrep


def style(name: str = "print") -> AbstractContextManager:
    """A context with one of our style sheets, "print" or "slides".

    Draw and save inside it: that text stays text is decided on saving.

    Raises
    ------
    ValueError
        If there is no such sheet.
    """
    if name not in NAMES:
        raise ValueError(f"There is no style {name!r}; there is {' and '.join(NAMES)}.")
    return plt.style.context(STYLES / f"{name}.mplstyle")


def axes(ax: Axes | None) -> tuple[Figure, Axes]:
    """The axes given, or new ones in our print style."""
    if ax is not None:
        return cast(Figure, given.one_of("ax", ax, Axes, "axes of matplotlib").figure), ax
    if mpl.rcParams["figure.constrained_layout.use"]:  # a style sheet is chosen already
        return plt.subplots()
    with style("print"):
        return plt.subplots()


ENDINGS: dict[str, dict] = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def check_ending(path: str | Path) -> None:
    """Raise ValueError unless a figure can be written to ``path`` by its ending."""
    if Path(path).suffix not in ENDINGS:
        raise ValueError(f"{path} must end in one of {', '.join(ENDINGS)}.")


def save(fig: Figure, path: str | Path) -> None:
    """Write a figure by its ending, with text as text and nothing that changes from day to day.

    Raises
    ------
    ValueError
        If the ending is none of png, svg and pdf.
    """
    given.one_of("fig", fig, Figure, "a figure of matplotlib")
    check_ending(given.place("path", path))
    ending, content = Path(path).suffix, io.BytesIO()
    rc: Any = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "bifurc"}
    with mpl.rc_context(rc), warnings.catch_warnings():  # a crowded figure is drawn as it comes
        warnings.filterwarnings("ignore", "constrained_layout not applied")
        fig.savefig(content, format=ending[1:], metadata=ENDINGS[ending])
    write_atomically(path, content.getvalue())


def line_of(stable: bool) -> dict:
    """Solid and heavier for minima, dashed for saddles."""
    width = mpl.rcParams["lines.linewidth"]
    if stable:
        return {"linestyle": "-", "linewidth": 1.4 * width}
    return {"linestyle": (0, (4, 1.8)), "linewidth": 0.8 * width}


def marker_of(event: str, filled: bool, colour: str = "#000000") -> dict:
    """The symbol of an irrep or of a fold; filled where a saddle becomes a minimum, else hollow."""
    face = colour if filled else "white"
    marker = look_of(event)[0]
    return {"marker": marker, "color": colour, "markerfacecolor": face, "linestyle": "none"}


def pretty(polynomial: str) -> str:
    """A polynomial as it is written on paper.

    >>> pretty("(d*d - 5*d + 6)/2")
    '(d² − 5d + 6)/2'
    """
    text = str(Polynomial.parse(polynomial))
    return text.replace("·", "").replace("-", "−")


def in_lines(texts: Iterable[str], wide: int) -> str:
    """Texts in lines of so many letters; a set such as S(d - 2) and a name are not broken."""
    kept = [re.sub(r"(?<=[-−+:]) | (?=[-−+:])", "\N{NO-BREAK SPACE}", text) for text in texts]
    lines = [line for text in kept for line in wrap(text, wide, break_on_hyphens=False)]
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def key(label: str, **look) -> Line2D:
    """An entry for a legend; a long name takes several lines."""
    return Line2D([], [], label=in_lines([label], LABEL), **look)


def legend(ax: Axes, entries: list[Line2D], outside: bool = True, **options):
    """A legend to the right of the axes, or inside."""
    if outside:
        options = {
            "loc": "upper left",
            "bbox_to_anchor": (1.01, 1.0),
            "borderaxespad": 0.0,
        } | options
    return ax.legend(handles=entries, **options)
