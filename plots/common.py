"""What the scripts share: where a figure goes."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from bifurc import draw  # noqa: E402

HERE = Path(__file__).parent


def save(fig, name: str) -> None:
    """Write NAME.png and NAME.svg beside the scripts, or into the folder given as argument."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for ending in ("png", "svg"):
        draw.save(fig, folder / f"{name}.{ending}")
