"""A figure for a paper and the numbers in it: the smallest eigenvalue of two families."""

import csv
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import bifurc  # noqa: E402
from bifurc import draw  # noqa: E402


def main(folder: Path):
    """Draw in our print style, with text as text; write every point as CSV."""
    branches = {name: bifurc.trace(name, d=(12, 4.5)) for name in ("II", "I")}
    with draw.style("print"):
        fig, ax = draw.diagram(branches, "smallest")
        ax.axhline(0.0, color="0.6", linewidth=0.8, zorder=0)
        draw.save(fig, folder / "smallest.pdf")
    with open(folder / "smallest.csv", "w", newline="") as file:
        rows = [row for piece in draw.curves(branches, "smallest") for row in piece.rows()]
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
