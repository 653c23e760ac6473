"""What the networks look like: weight matrices of the families at d = 12."""

import matplotlib.pyplot as plt
from common import save

import bifurc
from bifurc import draw

D = 12


def main():
    """A heat map for each family, on one scale."""
    names = ("global", "A", "I", "II", "M")
    with draw.style("print"):
        fig, row = plt.subplots(1, len(names), figsize=(6.3, 1.75))
        for ax, name in zip(row, names, strict=True):
            problem, point = bifurc.member(name, "d", float(D))
            image = draw.weights(
                problem.structure, point.x, problem.parameters(point.lam), ax, limit=1.0
            )
            ax.set_title(f"{name}\nloss {problem.loss(point.x, point.lam):.3f}")
        fig.colorbar(image, ax=row, shrink=0.8, label="entry of W", extend="both")
        save(fig, "weights")


if __name__ == "__main__":
    main()
