"""All eigenvalues of the Hessian along family II, and those near zero."""

import matplotlib.pyplot as plt
from common import save

import bifurc
from bifurc import draw


def main():
    """Draw the whole spectrum and a strip of it."""
    branch = bifurc.trace("II", d=(16, 4))
    with draw.style("print"):
        fig, (whole, near) = plt.subplots(1, 2, width_ratios=[1, 1.25])
        draw.eigenvalues(branch, whole, explain=False)
        draw.eigenvalues(branch, near)
        whole.set_title("all eigenvalues")
        near.set(yscale="linear", ylim=(-0.035, 0.105), ylabel="", title="near zero")
        for ax in (whole, near):
            ax.set_xticks(range(4, 17, 2))
        save(fig, "spectrum")


if __name__ == "__main__":
    main()
