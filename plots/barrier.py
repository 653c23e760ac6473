"""How high is the way out of type II? The loss of the pass over that of II, against d."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from common import save

import bifurc
from bifurc import draw
from bifurc.landscapes.connections import connect
from bifurc.landscapes.points import Names, critical

CASE = Path(__file__).parent.parent / "cases" / "pass_ii.toml"
BORN = 5.585505247  # where the pass leaves type II
FAR, LEAST = 1e4, 5.6
FLOWS = (6.0, 20.0)  # where the flow from the pass is followed both ways


def barriers(sizes):
    """The loss of the pass less that of II at each size."""
    up, down = (bifurc.trace(CASE, d=(8.0, end)) for end in (FAR, LEAST))
    ii = bifurc.trace("II", d=(FAR, LEAST))
    passes = np.array([(up if d > 8 else down).at(d=d)[0].loss for d in sizes])
    return passes - np.array([ii.at(d=d)[0].loss for d in sizes])


def limit() -> float:
    """The barrier for d to infinity, from the leading terms of both losses."""
    loss, ii = (bifurc.asymptotics(family).loss for family in (CASE, "II"))
    leading = [x.coefficients[0] if x.first == 0 else 0.0 for x in (loss, ii)]
    return leading[0] - leading[1]


def ends(d: float) -> set[str]:
    """The names of the points to which gradient flow leads from the pass."""
    names = Names()
    problem, point = bifurc.member(CASE, d=d)
    found = connect([critical(problem, point.x, d, names)], names, most_index=1)
    return {found.points[end].name for _, end, _ in found.descents if end is not None}


def main():
    """Draw the barrier, its limit, and where the flow was followed."""
    sizes = BORN + np.geomspace(LEAST - BORN, FAR - BORN, 60)
    with draw.style("print"):
        fig, ax = plt.subplots()
        ax.loglog(sizes - BORN, barriers(sizes), label="pass less II")
        ax.axhline(limit(), linestyle="--", color="grey", label=f"limit {limit():.6f}")
        flown = [d for d in FLOWS if ends(d) == {"global", "II"}]
        ax.plot(
            np.array(flown) - BORN, barriers(flown), "o",
            label="flow to II and to the global minimum",
        )  # fmt: skip
        ax.set(xlabel=f"d - {BORN:.4f}", ylabel="barrier out of type II")
        ax.legend()
        save(fig, "barrier")


if __name__ == "__main__":
    main()
