"""From a loss of my own to its branches, a saved graph and a picture.

Six cells in a ring, each with a quartic well, coupled to their neighbours: the
symmetry is that of the hexagon, and all that is born on the trivial branch is
known on paper (at -c times the eigenvalues 0, 1, 3, 4 of the ring's Laplacian).
"""

import networkx as nx
import numpy as np

import bifurc

RING = nx.laplacian_matrix(nx.cycle_graph(6)).toarray().astype(float)


def loss(x, lam, c):
    """The potential of the ring."""
    return lam * x @ x / 2 - (x**4).sum() / 4 + c * x @ RING @ x / 2


def main():
    """Check, trace, explore, save, and draw."""
    problem = bifurc.Problem(
        loss,
        x0=np.zeros(6),
        parameters={"lam": -0.5, "c": 0.3},
        group=bifurc.groups.automorphisms(nx.cycle_graph(6)),
    )
    for claim in bifurc.check(problem):
        print(claim)

    branch = bifurc.trace(problem, lam=(-2, 2), both=True)
    print(branch)

    graph = bifurc.explore(problem, lam=(-0.5, 2))
    for name, born in graph.branches.items():
        print(f"{name:8} {born!r}")
    graph.save("ring")
    again = bifurc.load("ring", problem=problem)
    print("from the folder:", again.branches["b0-0.0"](1.0))

    figure, _ = bifurc.draw.diagram(again, y="norm")
    bifurc.draw.save(figure, "ring.png")


if __name__ == "__main__":
    main()
