"""The full loss against sampling, its gradient and Hessian against differences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from bifurc.loss import full
from bifurc.loss.kernels import ReLU

RELU = ReLU()
# central differences of fourth order, times twelve: offset and weight
STENCIL = ((1, 8), (-1, -8), (2, -1), (-2, 1))


def difference(function, w, step=1e-3):
    """d function / dw for every entry of w, to the fourth order in the step."""
    out = []
    for i in np.ndindex(*w.shape):
        unit = np.zeros_like(w)
        unit[i] = step
        out.append(sum(k * function(w + j * unit) for j, k in STENCIL) / (12 * step))
    return np.array(out)


@pytest.fixture(params=["plain", "weighted"])
def network(request, rng):
    w, v = rng.normal(size=(4, 3)), rng.normal(size=(3, 3))
    if request.param == "plain":
        return w, v, None, None
    return w, v, np.array([1.0, -0.7, 2.0, 0.4]), np.array([1.0, 0.5, -1.5])


def test_the_loss_is_the_mean_squared_error_on_gaussian_inputs(network, rng):
    w, v, a, b = network
    x = rng.normal(size=(400_000, 3))
    student, teacher = np.maximum(x @ w.T, 0), np.maximum(x @ v.T, 0)
    error = student @ (np.ones(4) if a is None else a) - teacher @ (np.ones(3) if b is None else b)
    halves = 0.5 * error**2
    sigma = halves.std() / np.sqrt(len(x))
    assert full.loss(w, v, RELU, a, b) == pytest.approx(halves.mean(), abs=4 * sigma)


def test_the_gradient_is_the_derivative_of_the_loss(network):
    w, v, a, b = network
    expected = difference(lambda w: full.loss(w, v, RELU, a, b), w)
    assert_allclose(full.gradient(w, v, RELU, a, b).ravel(), expected, atol=1e-9)


def test_the_hessian_is_the_derivative_of_the_gradient(network):
    w, v, a, b = network
    expected = difference(lambda w: full.gradient(w, v, RELU, a, b).ravel(), w)
    hessian = full.hessian(w, v, RELU, a, b)
    assert_allclose(hessian, expected, atol=1e-8)
    assert_allclose(hessian, hessian.T, atol=1e-14)


@pytest.mark.parametrize("parallel", [False, True])
def test_products_with_the_hessian_are_those_of_the_matrix(network, parallel, rng):
    w, v, a, b = network
    if parallel:
        w[1], v[0] = 2 * w[0], w[2]
    u = rng.normal(size=w.shape)
    expected = full.hessian(w, v, RELU, a, b) @ u.ravel()
    assert_allclose(full.hessian_times(w, v, RELU, a, b)(u).ravel(), expected, atol=1e-13)


@pytest.mark.parametrize("step", [1e-2, 1e-3, 1e-4])
def test_the_hessian_holds_at_clones_and_at_a_teacher_row(step, rng):
    """Where rows coincide L is C² and no more: differences converge like the step."""
    v = rng.normal(size=(2, 3))
    w = np.array([v[0], 2 * v[0], v[1], -v[1]])
    expected = difference(lambda w: full.gradient(w, v, RELU).ravel(), w, step)
    assert np.abs(full.hessian(w, v, RELU) - expected).max() < step


def test_student_equal_to_teacher_has_no_loss_and_no_gradient(rng):
    w = rng.normal(size=(4, 3))
    assert full.loss(w, w, RELU) == pytest.approx(0, abs=1e-15)
    assert_allclose(full.gradient(w, w, RELU), 0, atol=1e-15)
    assert np.linalg.eigvalsh(full.hessian(w, w, RELU)).min() > -1e-14
