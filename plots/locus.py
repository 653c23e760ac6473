"""The critical dimension of family M over the number p of flipped neurons, p real."""

import numpy as np
from common import save

import bifurc
from bifurc import draw

SIZES = np.linspace(1.0, 4.0, 25)


def critical(p: float) -> float:
    """The dimension d at which the family with p flipped neurons becomes a minimum."""
    branch = bifurc.trace("M", p=float(p), d=(40, 4.5 + p / 2))
    return max(e.lam for e in branch.events if e.transition == "saddle -> minimum")


def main():
    """Trace a branch for each p and draw where it becomes stable."""
    found = np.array([critical(p) for p in SIZES])
    with draw.style("print"):
        line = draw.critical_curve(SIZES, found, names=("p, number of flipped neurons", "d*(p)"))
        ax = line.axes
        ax.fill_between(SIZES, found, 16, color=line.get_color(), alpha=0.12, linewidth=0)
        whole = np.isclose(SIZES, np.round(SIZES))
        ax.plot(SIZES[whole], found[whole], "o", color=line.get_color())
        for p, d in zip(SIZES[whole], found[whole], strict=True):
            ax.annotate(f"{d:.4f}", (p, d), xytext=(6, -10), textcoords="offset points")
        ax.text(1.3, found.max(), "minimum")
        ax.text(3.0, found.min(), "saddle")
        ax.set(xlim=(0.95, 4.3), ylim=(5, 1.08 * found.max()), xticks=range(1, 5))
        save(line.figure, "locus")


if __name__ == "__main__":
    main()
