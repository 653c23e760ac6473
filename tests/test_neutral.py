"""Parallel neurons exchange norm at no cost; that is a zero eigenvalue and no event."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from bifurc.api import trace
from bifurc.loss import full
from bifurc.loss.embedding import matrices
from bifurc.loss.kernels import ReLU
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.families import Family
from bifurc.structure.structure import Structure

ROUNDING = 1e-12


def twins(**data):
    """The rows of ``pair`` see no column of their own: they are equal by structure."""
    return Family.build(
        "twins",
        sets={"all": "d", "pair": data.pop("pair", 2)},
        students=["all", "pair"],
        inputs=["all"],
        start={"all": -1, "pair": 0.5},
        parameters={"d": 20, **data},
    )


def neutral_count(problem, x, lam):
    parameters, total = problem.parameters(lam), 0
    for component, block in problem.blocks(x, lam).items():
        if block.neutral is not None and component.exists(parameters):
            total += block.neutral.shape[-1] * round(component.dimension(**parameters))
    return total


@pytest.mark.parametrize("copies", [2, 3, 4])
def test_clones_have_one_neutral_direction_less_than_their_number(copies, rng):
    s = Structure.build({"all": "d", "c": "p"}, ["all", "c"], ["all"])
    problem = NetworkProblem(s, ReLU(), {"d": "lam", "p": copies})
    assert neutral_count(problem, rng.normal(size=problem.n), 5.0) == copies - 1


def test_neutral_directions_are_null_vectors_of_their_block_at_a_critical_point():
    branch = trace(twins(), d=(20, 15))
    point = branch.points[0]
    for block in branch.problem.blocks(point.x, point.lam).values():
        if block.neutral is not None:
            assert_allclose(block.matrix @ block.neutral, 0, atol=ROUNDING)
            assert np.linalg.matrix_rank(block.neutral) == block.neutral.shape[-1]


def test_two_row_blocks_that_are_parallel_exchange_norm_too(rng):
    """Blocks a and a#2 with rows in proportion 1 : 3, point by point: one direction
    for each of the d points, in t and in s. The loss is constant along them."""
    s = Structure.build({"a": "d"}, ["a", "a"], ["a"])
    problem = NetworkProblem(s, ReLU(), {"d": "lam"})
    row = rng.normal(size=2)
    x = np.concatenate([row, 3 * row])
    assert neutral_count(problem, x, 4.0) == 4
    w, v = matrices(s, x, {"d": 4.0})
    moved = w.copy()
    moved[1] *= 0.5  # half of its norm, given to its partner
    moved[5] *= (3 + 0.5) / 3
    assert full.loss(moved, v, ReLU()) == pytest.approx(full.loss(w, v, ReLU()), rel=1e-14)
    assert neutral_count(problem, x + [0, 0, 0, 1e-3], 4.0) == 0
    assert neutral_count(problem, x * [1, 1, -1, -1], 4.0) == 0  # antiparallel ones do not


def test_opposite_second_layer_weights_change_what_is_neutral_but_not_how_much(rng):
    weights = {"a": 1.0, "a#2": -2.0}
    s = Structure.build({"a": "d"}, ["a", "a"], ["a"], student_weights=weights)
    problem = NetworkProblem(s, ReLU(), {"d": "lam"})
    row = rng.normal(size=2)
    x = np.concatenate([row, 3 * row])
    (block,) = (b for c, b in problem.blocks(x, 4.0).items() if c.irrep == "t")
    # the sum of weight times norm stays: u = eps w with 1 eps + 3 (-2) eps' = 0
    expected = np.concatenate([6 * row, 3 * row])
    cosine = expected @ block.neutral[:, 0] / np.linalg.norm(expected)
    assert abs(cosine) / np.linalg.norm(block.neutral[:, 0]) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("family", [twins(), twins(pair="p", p=2.5)], ids=["two", "two and a half"])
def test_no_neutral_direction_is_reported_as_an_event(family):
    """Neither as a crossing nor as noise about zero in any block."""
    branch = trace(family, d=(40, 4.5))
    eigenvalues = np.concatenate([v.ravel() for v in branch.spectrum.values()])
    assert np.abs(eigenvalues).min() > ROUNDING  # exact zeros are set apart
    for event in branch.events:
        block = branch.problem.blocks(event.X[:-1], event.lam)[event.component]
        if block.neutral is not None:
            span = np.linalg.qr(block.neutral)[0]
            kernel = event.kernel / np.linalg.norm(event.kernel)
            assert np.linalg.norm(span.T @ kernel) < 1 - 1e-3
        assert abs(event.speed) > 1e-6
