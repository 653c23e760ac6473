"""The branches that are born where family II becomes a minimum, at d = 5.5855."""

from common import save

import bifurc
from bifurc import draw

WINDOW = (5.3, 5.9)


def own_weight(problem, X):
    """The weight of the first neuron on its own input: the first coordinate of every structure."""
    return X[:, 0]


def main():
    """Explore one step deep and draw the neighbourhood of the event."""
    graph = bifurc.explore("II", d=(12, 4.5), depth=1, search=bifurc.Search(explicit=2))
    with draw.style("print"):
        fig, ax = draw.diagram(graph, own_weight, window=WINDOW)
        ax.set_ylabel(r"weight of neuron 1 on input 1")
        save(fig, "birth")


if __name__ == "__main__":
    main()
