"""Splitting sets: larger fixed spaces of smaller groups, with the same full matrices behind."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from bifurc.api import family
from bifurc.api import member as member_of
from bifurc.api import problem as problem_of
from bifurc.loss import full
from bifurc.loss.embedding import matrices
from bifurc.structure.merge import merge, merged_values, mergers, spread
from bifurc.structure.split import split
from bifurc.structure.structure import Structure

Z3 = ({"bulk/1": "bulk/2", "bulk/2": "bulk/3", "bulk/3": "bulk/1"},)
SPLITS = [
    ({"bulk": [1]}, ()),
    ({"bulk": [3]}, ()),
    ({"bulk": [1, 2]}, ()),
    ({"bulk": [1, 1, 1]}, Z3),
    ({"bulk": [2, 2, 2]}, Z3),
    ({"bulk": [2, "d - 6"]}, ()),
]


@pytest.fixture(scope="module")
def member():
    problem, point = member_of("II", "d", 9.0)
    return problem, point


@pytest.mark.parametrize(("sizes", "ties"), SPLITS, ids=str)
def test_a_state_is_the_same_matrix_after_a_split(member, sizes, ties, rng):
    """Up to the order of points, which the split does not change."""
    problem, point = member
    parts = split(problem.structure, sizes, ties)
    child = problem.on(parts.structure)
    for x in (point.x, rng.normal(size=problem.n)):
        w, v = matrices(problem.structure, x, {"d": 9.0})
        w_child, v_child = matrices(child.structure, parts.embedding @ x, {"d": 9.0})
        assert_allclose(w_child, w)
        assert_allclose(v_child, v)
        assert child.loss(parts.embedding @ x, 9.0) == pytest.approx(
            problem.loss(x, 9.0), rel=1e-12
        )
    g, _ = child.jacobian(parts.embedding @ point.x, 9.0)
    assert np.abs(g).max() < 1e-12


@pytest.mark.parametrize(("sizes", "ties"), SPLITS, ids=str)
def test_the_gradient_in_a_split_is_the_full_one(member, sizes, ties, rng):
    problem, _ = member
    child = problem.on(split(problem.structure, sizes, ties).structure)
    x = rng.normal(size=child.n)
    w, v = matrices(child.structure, x, {"d": 9.0})
    whole = full.gradient(w, v, problem.kernel)
    tags = matrices(child.structure, np.arange(child.n) + 1.0, {"d": 9.0})[0]
    for a, value in enumerate(child.gradient(x, 9.0)):
        here = whole[tags == a + 1]
        assert_allclose(here, value, atol=1e-12)
        assert len(here) == pytest.approx(child.weights(9.0)[a])


@pytest.mark.parametrize("d", [9.0, 9.5, 30.2])
def test_embedding_keeps_lengths_at_real_sizes(member, d, rng):
    problem, _ = member
    for sizes, ties in SPLITS:
        parts = split(problem.structure, sizes, ties)
        x = rng.normal(size=problem.n)
        lengths = problem.on(parts.structure).weights(d) @ (parts.embedding @ x) ** 2
        assert lengths == pytest.approx(problem.weights(d) @ x**2, rel=1e-12)


def test_ties_halve_the_unknowns_and_count_their_entries():
    whole = Structure.build({"all": "d"}, ["all"], ["all"])
    ring = {"all/1": "all/2", "all/2": "all/3", "all/3": "all/1"}
    free = split(whole, {"all": [1, 1, 1]}).structure
    tied = split(whole, {"all": [1, 1, 1]}, [ring]).structure
    # 3 x 3 entries in 3 orbits of Z_3, two borders in one orbit each, and the bulk's two
    assert len(free.coordinates) == 9 + 3 + 3 + 2
    assert len(tied.coordinates) == 3 + 1 + 1 + 2
    assert sum(m(d=8.0) for m in tied.multiplicities) == 64


def test_a_part_that_is_one_point_on_the_line_has_no_off_diagonal():
    problem = problem_of(family("M", p=2))
    parts = split(problem.structure, {"rest": [1]})
    along = parts.along(problem.line)
    assert len(along.structure.coordinates) == len(parts.structure.coordinates) - 1
    x = np.arange(problem.n) + 1.0
    for structure, embedding in ((s.structure, s.embedding) for s in (parts, along)):
        w, _ = matrices(structure, embedding @ x, {"d": 7.0, "p": 2.0})
        assert_allclose(w, matrices(problem.structure, x, {"d": 7.0, "p": 2.0})[0])


@pytest.mark.parametrize("p", [1, 2, 4])
def test_merging_undoes_a_split(member, p):
    problem, point = member
    parts = split(problem.structure, {"bulk": [p]})
    x = parts.embedding @ point.x
    pair = parts.parts["bulk"]
    merger = next(m for m in mergers(parts.structure) if m.pair == pair)
    merged = merge(parts.structure, pair)
    back = merged_values(merger, merged, spread(parts.structure, x))
    assert problem.on(merged).loss(back, 9.0) == pytest.approx(
        problem.loss(point.x, 9.0), rel=1e-12
    )
    assert_allclose(np.sort(back), np.sort(point.x))


@pytest.mark.parametrize("generator", [{"bulk/1": "bulk/4", "bulk/4": "bulk/1"}])
def test_a_tie_of_unequal_sizes_is_refused(member, generator):
    with pytest.raises(ValueError, match="size"):
        split(member[0].structure, {"bulk": [1, 1, 1]}, [generator])
