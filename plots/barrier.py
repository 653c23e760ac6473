"""How high is the way out of type II? The loss of the pass over that of II, against d.

That gradient flow leads from the pass to type II on one side and to the global
minimum on the other is followed in tests/test_landscape.py.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from common import save

import bifurc
from bifurc import draw

CASE = Path(__file__).parent.parent / "cases" / "pass_ii.toml"
BORN = 5.585505247  # where the pass leaves type II
FAR, NEAR = 1e4, 5.6

# for d to infinity, by hand: the other neurons supply constants and linear functions, and two
# neurons s (1, ±1)/sqrt(2) stand against two of the teacher; tests compare with the series
ONE = 1 - 2 / np.pi  # variance of |z|
TWO = 2 / np.pi * ((1 + np.pi / 4) / np.sqrt(2) - 1)  # covariance of two at an angle of pi/4
LIMIT = ONE / 4 - TWO**2 / ONE


def barriers():
    """Sizes, and the loss of the pass less that of II there."""
    over, ii = {}, bifurc.trace("II", d=(FAR, NEAR))
    for end in (NEAR, FAR):
        branch = bifurc.trace(CASE, d=(8.0, end))
        for d, loss in zip(branch.lam, branch.loss, strict=True):
            over[float(d)] = loss - ii.at(d=float(d))[0].loss
    return np.array(sorted(over.items())).T


def main():
    """Draw the barrier and its limit."""
    sizes, over = barriers()
    with draw.style("print"):
        fig, ax = plt.subplots()
        ax.loglog(sizes, over, marker=".", label="saddle 1 + rest, less type II")
        ax.axhline(LIMIT, linestyle="--", color="grey", label=f"limit {LIMIT:.6f}")
        ax.axvline(BORN, linestyle=":", color="grey", label=f"born at d = {BORN:.4f}")
        ax.set(xlabel="d", ylabel="barrier out of type II")
        ax.legend(loc="lower right")
        save(fig, "barrier")


if __name__ == "__main__":
    main()
