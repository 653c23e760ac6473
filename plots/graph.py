"""What hangs together: the branch graph of family II, in the order of d."""

from common import save

import bifurc
from bifurc import draw


def main():
    """Explore two steps deep; draw the graph and the isotropies in it."""
    graph = bifurc.explore("II", d=(20, 4.05), depth=2, search=bifurc.Search(explicit=2))
    with draw.style("print"):
        save(draw.branch_graph(graph)[0], "graph")
        save(draw.isotropy_lattice(graph)[0], "isotropies")


if __name__ == "__main__":
    main()
