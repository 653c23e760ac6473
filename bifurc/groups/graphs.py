"""The symmetries of a graph, as generators.

Nodes are told apart by colours that are refined by the colours of their
neighbours; where this leaves several of one colour, one of them is singled
out and sent to each of the others in turn. Generators are found from the last
such choice to the first, so that each choice tries one node of an orbit only.

References
----------
.. [1] McKay, Piperno, "Practical graph isomorphism II", J. Symbolic
   Computation 60, 2014.
"""

from importlib import import_module

import networkx as nx
import numpy as np

Permutation = np.ndarray  # (n,): node i goes to the place of node g[i]


def automorphism_generators(graph: nx.Graph) -> tuple[list[Permutation], int]:
    """Generators of the automorphism group, and its order.

    By pynauty or igraph where they are installed.
    """
    for find in (_by_pynauty, _by_igraph):
        try:
            return find(graph)
        except ImportError:
            continue
    return by_refinement(nx.to_numpy_array(graph, weight=None))


def _by_pynauty(graph: nx.Graph):
    pynauty = import_module("pynauty")
    place = {node: i for i, node in enumerate(graph)}
    neighbours = {place[u]: [place[v] for v in graph[u]] for u in graph}
    made = pynauty.Graph(len(graph), directed=graph.is_directed(), adjacency_dict=neighbours)
    generators, mantissa, exponent, *_ = pynauty.autgrp(made)
    return [np.array(g) for g in generators], round(mantissa * 10**exponent)


def _by_igraph(graph: nx.Graph):
    igraph = import_module("igraph")
    place = {node: i for i, node in enumerate(graph)}
    edges = [(place[u], place[v]) for u, v in graph.edges()]
    made = igraph.Graph(n=len(graph), edges=edges, directed=graph.is_directed())
    return [np.array(g) for g in made.automorphism_group()], int(made.count_automorphisms())


def by_refinement(adjacency: np.ndarray) -> tuple[list[Permutation], int]:
    """Generators and order from the matrix of a graph, (n, n), directed or with weights."""
    generators, order, _ = symmetries(adjacency)
    return generators, order


def symmetries(
    adjacency: np.ndarray, colours: np.ndarray | None = None, most: float = np.inf
) -> tuple[list[Permutation], int, bool]:
    """Generators of what keeps a matrix and colours of nodes, the order, whether that is all.

    Parameters
    ----------
    adjacency : ndarray, shape (n, n)
    colours : ndarray of int, shape (n,), optional
    most : float
        How often colours may be refined: beyond it what was found is a subgroup.
    """
    search = _Search(adjacency, most)
    first = np.zeros(len(adjacency), dtype=int) if colours is None else np.asarray(colours)
    colours = search.refine(first[None])[0]
    choices = []
    while (node := _choice(colours)) is not None:
        choices.append((colours, node))
        colours = search.refine(search.single_out(colours[None], [node]))[0]
    generators: list[Permutation] = []
    order = 1
    for colours, node in reversed(choices):
        orbit = _orbit(generators, node)
        for other in np.flatnonzero(colours == colours[node]).tolist():
            if other in orbit:
                continue
            found = search.match(search.single_out(np.stack([colours, colours]), [node, other]))
            if found is not None:
                generators.append(found)
                orbit = _orbit(generators, node)
        order *= len(orbit)
    return generators, order, search.left > 0


def _choice(colours: np.ndarray) -> int | None:
    """A node of the smallest class of several nodes; None if all colours differ."""
    _, first, counts = np.unique(colours, return_index=True, return_counts=True)
    several = counts > 1
    return int(first[several][counts[several].argmin()]) if several.any() else None


def _orbit(generators: list[Permutation], node: int) -> set[int]:
    orbit, front = {node}, [node]
    while front:
        front = list({int(g[i]) for i in front for g in generators} - orbit)
        orbit.update(front)
    return orbit


def mixed(values: np.ndarray) -> np.ndarray:
    """Numbers that look random, one for each value; sums of them stand for multisets.

    Should two sums agree by chance, colours are told apart less: what is found is checked.

    References
    ----------
    .. [1] Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    z = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    return z ^ (z >> np.uint64(31))


class _Search:
    """Colours of one graph, or of two copies of it that are to be matched."""

    def __init__(self, adjacency: np.ndarray, most: float = np.inf):
        self._adjacency, self.left = adjacency, most
        numbers = np.unique(adjacency, return_inverse=True)[1].reshape(adjacency.shape)
        self._seen = [numbers] + [numbers.T] * bool((numbers != numbers.T).any())

    @staticmethod
    def single_out(colours: np.ndarray, nodes: list[int]) -> np.ndarray:
        """One node of each copy gets a colour of its own."""
        fresh = 2 * colours
        for copy, node in zip(fresh, nodes, strict=True):
            copy[node] += 1
        return fresh

    def refine(self, colours: np.ndarray) -> np.ndarray:
        """Nodes of one colour have as many neighbours of each; (copies, n)."""
        count = -1
        while True:
            _, colours = np.unique(colours, return_inverse=True)
            colours = colours.reshape(-1, len(self._adjacency))
            if colours.max(initial=0) == count:
                return colours
            count = colours.max(initial=0)
            signature = mixed(colours)
            for numbers in self._seen:
                pairs = numbers * (count + 1) + colours[:, None, :]
                signature = mixed(signature + mixed(pairs).sum(axis=2))
            _, colours = np.unique(signature, return_inverse=True)

    def match(self, colours: np.ndarray) -> Permutation | None:
        """A symmetry of the graph that takes the colours of the first copy to the second's."""
        self.left -= 1
        if self.left <= 0:
            return None
        one, other = self.refine(colours)
        if not np.array_equal(np.sort(one), np.sort(other)):
            return None
        # what has one colour in both stays; the rest in any order
        images, moved = np.arange(len(one)), np.flatnonzero(one != other)
        first, second = (np.argsort(each[moved], kind="stable") for each in (one, other))
        images[moved[first]] = moved[second]
        if np.array_equal(self._adjacency[np.ix_(images, images)], self._adjacency):
            return images
        node = _choice(one)
        if node is None:
            return None
        for image in np.flatnonzero(other == one[node]).tolist():
            found = self.match(self.single_out(np.stack([one, other]), [node, image]))
            if found is not None:
                return found
        return None
