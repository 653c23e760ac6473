"""Isotypic blocks: they are the full spectrum, and they have closed forms at W = V."""

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose

from bifurc import family
from bifurc.api import member
from bifurc.loss import full
from bifurc.loss.embedding import matrices, row_weights
from bifurc.loss.kernels import ReLU
from bifurc.structure.families import Family
from bifurc.structure.split import split
from tests.strategies import samples

PI = np.pi


def repeated_by_dimension(problem, x, lam):
    """Eigenvalues of all blocks, each as often as its irrep's dimension says."""
    parameters, values = problem.parameters(lam), []
    for component, block in problem.blocks(x, lam).items():
        dimension = round(component.dimension(**parameters))
        if dimension <= 0:
            continue
        own = block.eigen().values
        neutral = 0 if block.neutral is None else block.neutral.shape[-1]
        values.extend(np.repeat(np.append(own, np.zeros(neutral)), dimension))
    return np.sort(values)


def full_hessian(problem, x, lam):
    parameters = problem.parameters(lam)
    w, v = matrices(problem.structure, x, parameters)
    return full.hessian(w, v, ReLU(), *row_weights(problem.structure, parameters))


@given(samples())
def test_blocks_with_their_dimensions_are_the_full_spectrum(sample):
    expected = np.linalg.eigvalsh(full_hessian(sample.problem, sample.x, 0.0))
    values = repeated_by_dimension(sample.problem, sample.x, 0.0)
    assert_allclose(values, expected, rtol=0, atol=1e-10 * (1 + np.abs(expected).max()))


@given(samples(sizes=(2, 5)))
def test_dimensions_of_the_copies_add_up_to_the_number_of_entries(sample):
    rows = sum(sample.structure.size[b.points] for b in sample.structure.students)
    columns = sum(sample.structure.size[b.points] for b in sample.structure.inputs)
    total = sum(c.dimension * c.copies for c in sample.problem.components)
    assert total == rows * columns  # as polynomials, at all sizes


@given(samples(sizes=(4, 6), singles=False))
def test_a_split_point_has_the_same_loss_gradient_and_spectrum(sample):
    problem, name = sample.problem, sample.structure.sets[0].name
    child = split(sample.structure, {name: [1, 2]})
    finer, x = problem.on(child.structure), child.embedding @ sample.x
    assert finer.loss(x, 0.0) == pytest.approx(problem.loss(sample.x, 0.0), rel=1e-12, abs=1e-12)
    there = child.embedding @ problem.gradient(sample.x, 0.0)
    assert_allclose(finer.gradient(x, 0.0), there, rtol=0, atol=1e-11 * (1 + abs(there).max()))
    expected = repeated_by_dimension(problem, sample.x, 0.0)
    values = repeated_by_dimension(finer, x, 0.0)
    assert_allclose(values, expected, rtol=0, atol=1e-10 * (1 + np.abs(expected).max()))


def eigenvalues_of_the_global_minimum(d):
    """Closed forms at W = V, from the jets of f at orthogonal and at equal rows."""
    low, high = 1 / 4 - 1 / (2 * PI), 1 / 4 + 1 / (2 * PI)
    s = np.sqrt(PI**2 * d**2 - 16 * PI + 16)
    t = np.sqrt((PI - 2) ** 2 * d**2 + 16 * (PI - 1) * d - 16 * (PI - 1))
    return {
        "x": [low],
        "y": [high],
        "s": sorted([low, (PI * (d + 2) - s) / (8 * PI), (PI * (d + 2) + s) / (8 * PI)]),
        "t": [((PI + 2) * d + 2 * PI + sign * t) / (8 * PI) for sign in (-1, 1)],
    }


@pytest.mark.parametrize("d", [2.5, 5.5, 20.0, 1e3, 1e6])
def test_spectrum_of_the_global_minimum_is_its_closed_form_at_every_real_d(d):
    problem, _ = member("global", "d", 20.0)
    expected = eigenvalues_of_the_global_minimum(d)
    for component, block in problem.blocks(np.array([1.0, 0.0]), d).items():
        values = block.eigen().values
        # the smaller of two roots is rounded with the larger
        scale = max(map(abs, expected[component.irrep]))
        assert_allclose(values, expected[component.irrep], rtol=0, atol=1e-14 * scale)


@pytest.mark.parametrize("d", [6, 9])
def test_spectrum_at_a_critical_point_is_that_of_the_full_matrix(d):
    for name in ("A", "I", "II", "M"):
        problem, point = member(family(name), "d", float(d))
        expected = np.linalg.eigvalsh(full_hessian(problem, point.x, float(d)))
        values = repeated_by_dimension(problem, point.x, float(d))
        assert_allclose(values, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("d", [8.0, 8.5, 20.0])
def test_one_neuron_too_many_makes_type_a_a_saddle_by_its_s_block(d):
    """Arjevani & Field, "Annihilation of spurious minima in two-layer ReLU
    networks", NeurIPS 2022 (arXiv 2210.06088): with k = d + 1 the minimum of type A
    becomes a saddle, and the direction down lies in the standard representation."""
    one_more = Family.build(
        "A+1",
        sets={"all": "d", "extra": 1},
        students=["all", "extra"],
        inputs=["all"],
        start={"all": -1, "extra": 0.5},
        parameters={"d": 20},
    )
    problem, point = member(one_more, "d", d)
    negative = {c.irrep: int(b.eigen().negatives) for c, b in problem.blocks(point.x, d).items()}
    assert negative["s"] > 0
    assert all(count == 0 for irrep, count in negative.items() if irrep != "s")
    if d == 8.0:
        values = np.linalg.eigvalsh(full_hessian(problem, point.x, d))
        assert np.count_nonzero(values < -1e-9) == negative["s"] * (d - 1)
