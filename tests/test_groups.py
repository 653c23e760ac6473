"""Groups, their irreps and isotropy lattices against tables and against counts of all subgroups."""

import pickle
from collections import Counter
from itertools import permutations as arrangements
from itertools import product
from math import prod

import networkx as nx
import numpy as np
import pytest

from bifurc import draw, groups
from bifurc.continuation.problem import PlainProblem
from bifurc.groups.graphs import by_refinement
from bifurc.switching.linear import SymmetricProblem

TURN = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])  # by a quarter, about z
THIRD = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])  # x -> y -> z -> x
QUARTERS = np.array([[0.0, -1], [1, 0]])
I4 = np.kron(np.eye(2), QUARTERS)
J4 = np.array([[0.0, 0, -1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, -1, 0, 0]])


def octahedral(basis=None):
    """O_h in any orthonormal basis of R^3."""
    Q = np.eye(3) if basis is None else basis
    return groups.matrices([Q @ g @ Q.T for g in (TURN, THIRD, -np.eye(3))])


def irreps(group):
    return {part.name: (part.dimension, part.copies) for part in group.isotypic}


def classes(group):
    return [(one.order, one.dimension, one.conjugates) for one in group.lattice()]


@pytest.mark.parametrize("n", range(3, 11))
def test_rings_have_the_irreps_of_the_dihedral_and_the_cyclic_group(n):
    """A ring is the sum of all cosines: A1, B1 for even n, and each E_k once."""
    planes = (n - 1) // 2
    names = ["E"] if planes == 1 else [f"E{k}" for k in range(1, planes + 1)]
    even = n % 2 == 0
    assert irreps(groups.dihedral(n)) == dict.fromkeys(names, (2, 1)) | (
        {"B1": (1, 1)} if even else {}
    )
    assert irreps(groups.cyclic(n)) == dict.fromkeys(names, (2, 1)) | (
        {"B": (1, 1)} if even else {}
    )
    assert {p.kind for p in groups.cyclic(n).isotypic if p.dimension == 2} == {"complex"}
    assert {p.kind for p in groups.dihedral(n).isotypic} == {"real"}
    assert (groups.dihedral(n).order, groups.cyclic(n).order) == (2 * n, n)


def test_the_edges_and_the_vertices_of_a_square_differ_in_their_irrep_b():
    """B1 is kept by the reflection through vertices, B2 by the other (Mulliken)."""
    r, s = np.roll(np.arange(4), 1), -np.arange(4) % 4  # of vertices
    edges = [(i, (i + 1) % 4) for i in range(4)]
    place = {frozenset(edge): i for i, edge in enumerate(edges)}
    both = [
        [*g, *(4 + place[frozenset(int(g[i]) for i in edge)] for edge in edges)] for g in (r, s)
    ]
    group = groups.permutations(both)
    assert str(group) == "D_4"
    assert sorted(irreps(group)) == ["B1", "B2", "E"]


@pytest.mark.parametrize(
    ("graph", "order", "expected"),
    [
        (nx.hypercube_graph(3), 48, {"A2u": 1, "T1u": 3, "T2g": 3}),
        (nx.petersen_graph(), 120, {"(4,1)": 4, "(3,2)": 5}),
        (nx.dodecahedral_graph(), 120, {"3a": 3, "3b": 3, "4a": 4, "4b": 4, "5a": 5}),
        (nx.tetrahedral_graph(), 24, {"(3,1)": 3}),
        (nx.icosahedral_graph(), 120, {"3a": 3, "3b": 3, "5a": 5}),
        (nx.octahedral_graph(), 48, {"Eg": 2, "T1u": 3}),
    ],
    ids=["cube", "Petersen", "dodecahedron", "tetrahedron", "icosahedron", "octahedron"],
)
def test_vertices_of_graphs_have_the_irreps_of_the_tables(graph, order, expected):
    """Point groups: Atkins, Child, Phillips, "Tables for Group Theory"; S_5 on pairs: (3,2)."""
    group = groups.automorphisms(graph)
    assert group.order == order
    found = {part.name: part.dimension for part in group.components(group.whole())}
    assert found == expected


def test_the_cartesian_axes_are_t1u_in_any_basis(rng):
    basis = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    for group in (octahedral(), octahedral(basis)):
        assert irreps(group) == {"T1u": (3, 1)}
        # GSS II, XIII.5: D_4, D_3, D_2 on axes, two planes
        assert classes(group) == [
            (48, 0, 1), (8, 1, 3), (6, 1, 4), (4, 1, 6), (2, 2, 3), (2, 2, 6), (1, 3, 1)
        ]  # fmt: skip


@pytest.mark.parametrize(
    "group",
    [
        groups.automorphisms(nx.dodecahedral_graph()),
        groups.automorphisms(nx.heawood_graph()),
        groups.dihedral(12),
        groups.cyclic(11),
        groups.product(groups.cyclic(3), groups.dihedral(4)),
        groups.matrices([np.kron(np.eye(3), I4), np.kron(np.eye(3), J4)]),
    ],
    ids=repr,
)
def test_another_basis_changes_neither_irreps_nor_isotropies(group, rng):
    basis = np.linalg.qr(rng.normal(size=(group.n, group.n)))[0]
    turned = groups.matrices([basis @ g @ basis.T for g in group.generators])

    def parts(one):
        return sorted((p.dimension, p.copies, p.kind) for p in one.isotypic)

    assert parts(turned) == parts(group)
    assert sorted(classes(turned)) == sorted(classes(group))


def test_types_of_irreps_and_their_copies(rng):
    """Z_4 by a signed permutation is complex on the plane, Q_8 quaternionic on R^4."""
    for generators, kind, units in (([QUARTERS], "complex", 2), ([I4, J4], "quaternionic", 4)):
        for copies in (1, 2, 3):
            group = groups.matrices([np.kron(np.eye(copies), g) for g in generators])
            (part,) = group.isotypic
            assert (part.kind, part.copies, part.units) == (kind, copies, units)
            assert part.dimension == len(generators[0])
            H = rng.normal(size=(group.n, group.n))
            H = sum(g @ (H + H.T) @ g.T for g in group.elements())
            own = np.linalg.eigvalsh(part.rows.T @ H @ part.rows)
            times = part.rows.shape[1] // copies  # of each eigenvalue in the block
            whole = np.linalg.eigvalsh(H)
            assert np.allclose(np.repeat(own[::times], part.dimension), whole)


@pytest.mark.parametrize(
    "group",
    [
        groups.dihedral(6),
        groups.cyclic(7),
        groups.joined(groups.dihedral(6), groups.minus(6)),
        groups.automorphisms(nx.petersen_graph()),
        groups.automorphisms(nx.complete_bipartite_graph(3, 3)),
        groups.product(groups.cyclic(3), groups.dihedral(4)),
        octahedral(),
        groups.symmetric(5),
        groups.product(groups.symmetric(3), groups.symmetric(4)),
    ],
    ids=repr,
)
def test_blocks_with_their_dimensions_are_the_spectrum(group, rng):
    """And so they are of each isotropy group that a random state has."""
    n = group.n
    states = [np.zeros(n), np.round(rng.normal(size=n)), np.r_[1.0, 1.0, np.zeros(n - 2)]]
    for state in states:
        basis = group.fixed_space(state[:, None])
        H = np.zeros((n, n))
        for p in [np.asarray(g) for g in _all_of(group, basis)]:
            H += (
                p @ np.diag(np.arange(n) ** 2.0) @ p.T
                + p @ np.outer(np.sin(np.arange(n)), np.sin(np.arange(n))) @ p.T
            )
        values = list(np.linalg.eigvalsh(basis.T @ H @ basis))
        for part in group.components(basis):
            times = part.rows.shape[1] // part.copies
            own = np.linalg.eigvalsh(part.rows.T @ H @ part.rows)[::times]
            values += np.repeat(own, part.dimension).tolist()
        assert np.allclose(sorted(values), np.linalg.eigvalsh(H))


def _all_of(group, basis):
    """Matrices of all elements that fix a space."""
    if isinstance(group, groups.SymmetricGroups):
        everything = (np.eye(group.n)[list(p)] for p in arrangements(range(group.n)))
        kept = [g for g in everything if (group.labels[g.argmax(axis=1)] == group.labels).all()]
    else:
        kept = group.elements()
    return [g for g in kept if np.allclose(g @ basis, basis)]


def lattice_by_vectors(group):
    """(order, dimension) of all isotropy groups, from all intersections of fixed spaces."""
    elements = np.array(group.elements())

    def isotropy(basis):
        fixes = np.abs(elements @ basis - basis).max(axis=(1, 2), initial=0.0) < 1e-9
        return frozenset(np.flatnonzero(fixes).tolist())

    def fixed(members):
        mean = elements[sorted(members)].mean(axis=0)
        return np.linalg.svd(mean)[0][:, : round(float(np.trace(mean)))]

    found = {isotropy(np.eye(group.n))}
    front = list(found)
    while front:
        fresh = set()
        for members in front:
            for g in range(len(elements)):
                if g not in members:
                    mean = fixed(members)
                    _, values, rows = np.linalg.svd((elements[g] - np.eye(group.n)) @ mean)
                    null = mean @ rows[np.count_nonzero(values > 1e-7) :].T
                    fresh.add(isotropy(null))
        front = list(fresh - found)
        found |= fresh
    inverse = {
        g: int(np.argmin(np.abs(elements - elements[g].T).sum(axis=(1, 2))))
        for g in range(len(elements))
    }
    table = np.array(
        [
            [int(np.argmin(np.abs(elements - a @ b).sum(axis=(1, 2)))) for b in elements]
            for a in elements
        ]
    )
    orbits = set()
    for members in found:
        orbits.add(
            frozenset(
                frozenset(int(table[table[x, g], inverse[x]]) for g in members)
                for x in range(len(elements))
            )
        )
    return sorted((len(next(iter(o))), fixed(next(iter(o))).shape[1], len(o)) for o in orbits)


@pytest.mark.parametrize(
    "group",
    [
        groups.dihedral(6),
        groups.dihedral(5),
        groups.joined(groups.dihedral(4), groups.minus(4)),
        octahedral(),
        groups.automorphisms(nx.complete_bipartite_graph(2, 3)),
        groups.product(groups.cyclic(2), groups.cyclic(3)),
        pytest.param(
            groups.joined(groups.automorphisms(nx.complete_bipartite_graph(3, 3)), groups.minus(6)),
            marks=pytest.mark.slow,
        ),
        groups.matrices([QUARTERS]),
        groups.matrices([np.kron(np.diag([1.0, 1.0]), QUARTERS), np.diag([-1.0, -1, 1, 1])]),
    ],
    ids=repr,
)
def test_the_lattice_against_all_intersections_and_all_conjugates(group):
    assert sorted(classes(group)) == lattice_by_vectors(group)


# (order, dimension of the fixed space, conjugates): how many classes, on functions on the nodes
# under Aut x Z_2. Counted by GAP 4.12: of all classes of subgroups those H for which no group
# <H, g> has a fixed space of the same dimension, by characters.
BY_GAP = {
    "cube": "1,8,1:1 2,4,1:2 2,4,3:3 2,4,6:2 2,6,6:1 4,2,3:2 4,2,6:3 4,3,6:4 4,4,3:1 6,4,4:1 "
    "8,1,6:2 8,2,3:5 12,2,4:2 16,1,3:2 24,2,1:1 48,1,1:2",
    "Petersen": "1,10,1:1 2,3,10:1 2,4,15:1 2,6,15:1 2,7,10:1 4,2,30:1 4,3,15:1 4,4,5:1 4,5,15:1 "
    "6,4,10:1 8,1,15:1 8,2,15:1 8,3,15:1 10,2,6:1 12,1,10:1 12,3,10:1 20,1,6:1 24,2,5:1 120,1,1:1",
    "dodecahedron": "1,20,1:1 2,8,15:1 2,10,1:2 2,10,15:2 2,12,15:1 3,8,10:1 4,3,15:1 4,4,15:2 "
    "4,5,5:1 4,5,15:3 4,6,15:2 4,7,15:1 6,2,10:1 6,4,10:4 6,6,10:1 8,2,15:1 8,3,15:1 8,4,5:1 "
    "10,4,6:1 12,1,10:2 12,3,5:1 12,3,10:2 20,2,6:2 24,1,5:1 24,2,5:1 120,1,1:1",
}


@pytest.mark.parametrize(
    ("name", "graph"),
    [
        ("cube", nx.hypercube_graph(3)),
        ("Petersen", nx.petersen_graph()),
        ("dodecahedron", nx.dodecahedral_graph()),
    ],
)
def test_the_lattice_of_odd_functions_on_graphs_is_that_of_gap(name, graph):
    group = groups.joined(groups.automorphisms(graph), groups.minus(len(graph)))
    expected = {}
    for entry in BY_GAP[name].split():
        kind, count = entry.split(":")
        expected[tuple(map(int, kind.split(",")))] = int(count)
    found = [(one.order, one.dimension, one.conjugates) for one in group.lattice()]
    assert Counter(kind for kind in found if kind[1]) == expected


def test_the_lattice_of_a_group_of_thousands_is_a_product_of_lattices():
    """Three rings of ten, each with D_10: 7 classes with their fixed spaces on each."""
    one = groups.dihedral(10)
    rings = groups.product(one, one, one)
    assert rings.order == 8000
    alone = [(c.order, c.dimension, c.conjugates) for c in one.lattice()]
    chosen = [list(zip(*three, strict=True)) for three in product(alone, repeat=3)]
    expected = Counter((prod(o), sum(d), prod(c)) for o, d, c in chosen)
    assert Counter((c.order, c.dimension, c.conjugates) for c in rings.lattice()) == expected


def test_the_lattice_of_the_subgroups_of_s4_on_four_points():
    """Partitions of 4, by symmetric functions: as products of symmetric groups and by elements."""
    by_elements = groups.permutations([[1, 0, 2, 3], [1, 2, 3, 0]])
    orders = sorted(one.order for one in by_elements.lattice())
    assert orders == [1, 2, 4, 6, 24]
    names = {one.name for one in by_elements.lattice()}
    assert names == {"trivial", "C_2", "D_2", "D_3", "S_4"}


def test_arrows_of_the_lattice_go_to_subgroups_next_in_size():
    lattice = octahedral().lattice()
    orders = [one.order for one in lattice]
    arrows = {(orders[i], orders[j]) for i, j in lattice.graph.edges}
    assert arrows == {(48, 8), (48, 6), (48, 4), (8, 2), (6, 2), (4, 2), (2, 1)}


def test_the_lattice_is_drawn_with_the_dimension_for_height():
    fig, ax = draw.isotropy_lattice(octahedral().lattice())
    assert {text.get_text() for text in ax.texts} == {
        "S_4 x C_2", "D_4", "D_3", "D_2", "C_2", "C_2 #2", "trivial"
    }  # fmt: skip
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "1", "2", "3"]
    fig.canvas.draw()


@pytest.mark.parametrize("seed", range(4))
def test_automorphisms_of_random_graphs_are_those_that_networkx_enumerates(seed):
    graph = nx.gnp_random_graph(7, 0.5, seed=seed)
    matcher = nx.algorithms.isomorphism.GraphMatcher(graph, graph)
    _, order = by_refinement(nx.to_numpy_array(graph))
    assert order == sum(1 for _ in matcher.isomorphisms_iter())
    assert groups.automorphisms(graph).order == order


def test_a_complete_graph_has_the_symmetric_group_without_its_elements():
    group = groups.automorphisms(nx.complete_graph(30))
    assert isinstance(group, groups.SymmetricGroups)
    assert str(group) == "S_30"


def test_a_thousand_coordinates():
    """A group of order 100 by its elements, S_1000 by partitions."""
    ring = np.concatenate([np.roll(np.arange(100), -1) + 100 * i for i in range(10)])
    group = groups.permutations([ring])
    assert group.order == 100
    assert [(p.dimension, p.copies) for p in group.isotypic] == [(1, 10)] + 49 * [(2, 10)]
    state = np.repeat([0.0, 1.0], [400, 600])
    basis = groups.symmetric(1000).fixed_space(state[:, None])
    assert groups.symmetric(1000).label(basis) == "S_400 x S_600"
    assert [p.dimension for p in groups.symmetric(1000).components(basis)] == [399, 599]


@pytest.mark.parametrize("group", [octahedral(), groups.dihedral(6), groups.symmetric(4)], ids=repr)
def test_groups_are_sent_to_workers_with_what_is_known_of_them(group):
    parts = group.components(group.whole())
    again = pickle.loads(pickle.dumps(group))
    assert again.order == group.order
    for one, other in zip(parts, again.components(again.whole()), strict=True):
        assert (one.name, one.dimension) == (other.name, other.dimension)
        assert np.array_equal(one.spaces(), pickle.loads(pickle.dumps(other)).spaces())


def test_conjugates_have_one_name_and_others_another():
    """Two kinds of reflections of a hexagon: they fix four vertices, or three pairs of them."""
    group = groups.dihedral(6)
    rng = np.random.default_rng(3)
    names = {}
    for g in group.elements()[1:]:
        fixed = np.linalg.svd(np.vstack([g - np.eye(6)]))
        basis = fixed[2][np.count_nonzero(fixed[1] > 1e-9) :].T
        names.setdefault(group.label(basis), set()).add(round(float(np.trace(g))))
    assert {n: t for n, t in names.items() if n.startswith("C_2")} == {
        "C_2": {0}, "C_2 #2": {0}, "C_2 #3": {2}
    }  # fmt: skip
    moved = group.elements()[3] @ rng.normal(size=6)
    assert group.conjugate(moved, group.elements()[7] @ moved)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: groups.matrices([np.diag([1.0, 2.0])]),
            r"Generator 0 is not orthogonal.*\[1, 1\] = 3",
        ),
        (
            lambda: groups.matrices([np.eye(2), np.array([[0, 1], [1, 0.1]])]),
            "Generator 1 is not orth",
        ),
        (lambda: groups.matrices([np.eye(3)[:2]]), r"shape \(2, 3\)"),
        (lambda: groups.matrices([np.array([[np.nan]])]), "not finite"),
        (lambda: groups.matrices([]), "at least one generator"),
        (lambda: groups.permutations([[1, 2, 2]]), "Generator 0 is not a permutation of 0..2"),
        (
            lambda: groups.permutations([[1, 0], [0, 1, 2]]),
            "Generator 1 is not a permutation of 0..1",
        ),
        (lambda: groups.cyclic(0), "at least 1, got 0"),
        (lambda: groups.joined(groups.cyclic(3), groups.cyclic(4)), "one n, got 3, 4"),
    ],
)
def test_what_makes_no_group_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def ring(quadratic, n=6):
    """lam x_i + quadratic x_i² - x_i³ with neighbours coupled: odd where quadratic is 0."""
    coupling = nx.laplacian_matrix(nx.cycle_graph(n)).toarray().astype(float)
    return PlainProblem(
        gradient=lambda x, lam: lam * x + quadratic * x**2 - x**3 + 0.3 * coupling @ x,
        hessian=lambda x, lam: np.diag(lam + 2 * quadratic * x - 3 * x**2) + 0.3 * coupling,
        gradient_dlam=lambda x, lam: x,
        n=n,
    )


def test_symmetries_that_are_stated_and_not_there_are_refused():
    odd = groups.joined(groups.dihedral(6), groups.minus(6))
    groups.check_symmetry(SymmetricProblem.of(ring(0.0), odd))
    groups.check_symmetry(SymmetricProblem.of(ring(0.3), groups.dihedral(6)))
    with pytest.raises(ValueError, match="symmetry of generator 2: at lam = 0.3.*is off by"):
        groups.check_symmetry(SymmetricProblem.of(ring(0.3), odd))
    with pytest.raises(ValueError, match="symmetry of generator 0"):
        groups.check_symmetry(SymmetricProblem.of(ring(0.3), groups.symmetric(6)))
    with pytest.raises(ValueError, match=r"acts on R\^12.*bifurc.groups.joined"):
        product = groups.product(groups.dihedral(6), groups.minus(6))
        groups.check_symmetry(SymmetricProblem.of(ring(0.0), product))


@pytest.mark.parametrize(
    ("hessian", "message"),
    [
        (
            lambda x, lam: np.array([[lam, -1.0], [1.0, lam]]),
            "not symmetric.*entry 0, 1 is off by -2",
        ),
        (lambda x, lam: -lam * np.eye(2), "not the derivative of the gradient"),
        (lambda x, lam: lam * np.eye(3), r"shape \(3, 3\)"),
    ],
)
def test_a_hessian_that_is_none_is_refused_with_the_place(hessian, message):
    problem = PlainProblem(lambda x, lam: lam * x, hessian, lambda x, lam: x, 2)
    with pytest.raises(ValueError, match=message):
        groups.check_hessian(problem)
