"""Enumerated isotropy subgroups: which are proposed, and which of them are axial."""

from math import factorial

import numpy as np
import pytest

from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.switching.subgroups import (
    Search,
    closure,
    compose,
    cycles,
    has_transposition,
    partitions,
    proposals,
    transitive_groups,
    within,
)

N = Polynomial.parse("d - 1")


def proposed(irrep, search=None, **sizes):
    sizes = sizes or {"bulk": N}
    component = Component.on(irrep, 1, sizes)
    return [str(subgroup) for subgroup in proposals(component, sizes, search or Search())]


def test_the_standard_representation_has_two_way_splits():
    search = Search(explicit=2, shares=("1/4",), sizes=(1.5, "p"))
    assert proposed("s", search) == [
        "bulk: 1 + rest",
        "bulk: 2 + rest",
        "bulk: 1.5 + rest",
        "bulk: p + rest",
        "bulk: (d - 1)/4 + rest",
    ]


def test_the_exterior_square_has_three_way_splits_and_finite_groups():
    found = proposed("x")
    assert "bulk: 1 + 1 + rest" in found
    assert "bulk: 1 + 2 + rest" in found
    assert "bulk: 1 + 1 + 1 + rest; K = <(1 2 3)>" in found
    assert "bulk: (d - 1)/3 + (d - 1)/3 + rest; K = <(1 2 3)>" in found
    plain = proposed("x", Search(finite_groups=False))
    assert not any("K =" in line for line in plain)
    assert set(plain) < set(found)


def test_a_product_of_two_sets_is_split_in_both():
    sizes = {"bulk": N, "rest": Polynomial.of("p")}
    plain = proposed("sxs", Search(explicit=2, finite_groups=False), **sizes)
    found = proposed("sxs", Search(explicit=2), **sizes)
    assert len(plain) == 4
    assert set(plain) < set(found)
    assert all("bulk: " in line and "rest: " in line for line in found)
    both = "bulk: 1 + 1 + rest, rest: p/2 + rest; K = <(bulk/1 bulk/2)(rest/1 rest/2)>"
    assert both in found


@pytest.mark.parametrize("irrep", ["t", "k"])
def test_nothing_is_proposed_where_no_point_is_moved(irrep):
    assert proposed(irrep) == []


def test_proposals_are_each_there_once_and_in_a_fixed_order():
    for irrep in ("s", "x", "y"):
        search = Search(explicit=4)
        assert proposed(irrep, search) == proposed(irrep, search)
        assert len(set(proposed(irrep, search))) == len(proposed(irrep, search))


@pytest.mark.parametrize(("m", "count"), [(1, 1), (2, 1), (3, 2), (4, 5), (5, 5)])
def test_transitive_groups_up_to_conjugacy(m, count):
    """1, 1, 2, 5, 5: Butler, McKay, "The transitive groups of degree up to eleven" (1983)."""
    groups = [closure(g) for g in transitive_groups(m)]
    assert len(groups) == count
    for group in groups:
        assert factorial(m) % len(group) == 0
        assert {g[0] for g in group} == set(range(m))
        assert all(compose(g, h) in group for g in group for h in group)


def test_closures_are_groups():
    dihedral = closure([(1, 2, 3, 0), (0, 3, 2, 1)])
    assert len(dihedral) == 8
    assert not has_transposition([(1, 2, 3, 0)])
    assert has_transposition([(1, 0, 2)])


def test_partitions_are_counted_as_euler_did():
    assert [len(list(partitions(n))) for n in range(1, 9)] == [1, 2, 3, 5, 7, 11, 15, 22]


def test_cycle_notation():
    assert cycles({"all/1": "all/2", "all/2": "all/1", "all/3": "all/3"}) == "(1 2)"
    assert cycles({"all/1": "all/1"}) == "()"


def invariants(irrep, sizes):
    """Dimension of the vectors of an irrep of S_n that S_sizes fixes, from projections."""
    n = sum(sizes)
    blocks = np.repeat(np.arange(len(sizes)), sizes)
    mean = np.eye(n) - 1.0 / n
    if irrep == "s":
        basis = [mean @ (blocks == b).astype(float) for b in range(len(sizes))]
        return np.linalg.matrix_rank(basis)
    sign = -1 if irrep == "x" else 1
    tables = []
    for a in range(len(sizes)):
        for b in range(a, len(sizes)):
            table = np.outer(blocks == a, blocks == b).astype(float)
            tables.append((table + sign * table.T).ravel())
        if irrep == "y":
            tables.append(np.diag(blocks == a).astype(float).ravel())
    tables = np.array(tables)
    # zero row sums, and for y a zero diagonal
    rules = [t.reshape(n, n).sum(axis=0) for t in tables]
    if irrep == "y":
        rules = [np.append(r, np.diag(t.reshape(n, n))) for r, t in zip(rules, tables, strict=True)]
    rank = np.linalg.matrix_rank(tables) if tables.any() else 0
    return rank - np.linalg.matrix_rank(rules)


@pytest.mark.parametrize(
    ("irrep", "sizes", "dimension"),
    [
        ("s", (1, 7), 1),
        ("s", (3, 5), 1),
        ("s", (1, 2, 5), 2),
        ("x", (3, 5), 0),
        ("x", (1, 1, 6), 1),
        ("x", (1, 2, 5), 1),
        ("x", (1, 1, 1, 5), 3),
        ("y", (1, 7), 0),
        ("y", (2, 6), 1),
        ("y", (3, 5), 1),
        ("y", (1, 1, 6), 1),
    ],
)
def test_fixed_vectors_of_splits(irrep, sizes, dimension):
    """What the splits of an irrep must be, by brute force; the engine's attempts agree with it."""
    assert invariants(irrep, sizes) == dimension


@pytest.mark.parametrize(
    ("ties", "count"),
    [(((1, 2, 3, 0),), 2), (((1, 0, 3, 2), (2, 3, 0, 1)), 4), (((1, 2, 0), (1, 0, 2)), 3),
     (((1, 2, 3, 0), (0, 3, 2, 1)), 7), (((1, 2, 3, 0), (1, 0, 2, 3)), 10)],
    ids=["C4", "V4", "S3", "D4", "S4"],
)  # fmt: skip
def test_proper_subgroups_of_ties_up_to_conjugacy(ties, count):
    """As many as the group has classes of subgroups, less one: 3, 5, 4, 8 and 11."""
    named = [{f"a/{i}": f"a/{j}" for i, j in enumerate(g)} for g in ties]
    assert len(list(within(named))) == count
