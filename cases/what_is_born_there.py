"""What bifurcates where the minima of type II appear, and is any of it a minimum?"""

import bifurc


def main():
    """Explore one step deep and list branches, isotropies and transitions."""
    graph = bifurc.explore("II", d=(20, 4.2), depth=1, search=bifurc.Search(explicit=2))
    print(graph)
    for *_, piece in graph.graph.edges(data=True):
        whole = ", ".join(map(str, piece["minimum_at"])) or "no whole d"
        print(
            f"{piece['branch']:8}{piece['isotropy']:24}d from {piece['lam_low']:.4f} to "
            f"{piece['lam_high']:.4f}, index {piece['index']}, minimum at {whole}"
        )
    for transition in graph.transitions():
        print(transition)


if __name__ == "__main__":
    main()
