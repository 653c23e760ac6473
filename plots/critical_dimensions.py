"""Where four families of saddles become spurious minima: loss over the dimension d."""

from common import save

import bifurc
from bifurc import draw

WINDOW = (4.0, 12.0)
PLACES = {"A": (-57, 14), "I": (8, -7), "M": (0, 11), "II": (0, 11)}  # of the labels


def main():
    """Trace the families and draw them in one diagram."""
    branches = {name: bifurc.trace(name, d=WINDOW[::-1]) for name in PLACES}
    with draw.style("print"):
        fig, ax = draw.diagram(branches, window=WINDOW)
        for mark in draw.marks(branches, window=WINDOW):
            if mark.event.transition == "saddle -> minimum":
                ax.annotate(
                    f"{mark.branch}: d = {mark.x:.4f}", (mark.x, mark.y), va="center",
                    xytext=PLACES[mark.branch], textcoords="offset points",
                )  # fmt: skip
        save(fig, "critical_dimensions")


if __name__ == "__main__":
    main()
