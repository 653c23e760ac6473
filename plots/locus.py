"""The critical dimension of family M over the number p of flipped neurons, p real."""

from common import save

import bifurc
from bifurc import draw

LAST = 6


def main():
    """Follow the event in d and p together, and draw where the family is a minimum."""
    curve = bifurc.locus("M", "s:bulk", ("d", "p"), window=(1, LAST))
    with draw.style("print"):
        (line,) = draw.locus(curve)
        ax, (p, d) = line.axes, line.get_data()
        ax.fill_between(p, d, 16, color=line.get_color(), alpha=0.12, linewidth=0)
        for whole in range(1, LAST + 1):
            (at,) = curve.at(p=whole)
            ax.plot(whole, at["d"], "o", color=line.get_color())
            ax.annotate(
                f"{at['d']:.4f}", (whole, at["d"]), xytext=(6, -10), textcoords="offset points"
            )
        ax.text(1.5, 12.5, "minimum")
        ax.text(4.5, 7.0, "saddle")
        ax.set(xlim=(0.9, LAST + 0.5), ylim=(5, 15.5), xticks=range(1, LAST + 1))
        ax.set(xlabel="p, number of flipped neurons", ylabel="d*(p)")
        save(line.figure, "locus")


if __name__ == "__main__":
    main()
