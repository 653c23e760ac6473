"""Derivatives of plain functions: exact where complex numbers go through, else with an error."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from bifurc.own.derivatives import best_way, jax_functions

X = np.array([0.3, -0.7, 1.1])


def smooth(x):
    return np.exp(x[0]) * np.sin(x[1]) + x @ x * x[2] ** 3


def slope(x):
    return np.array(
        [
            np.exp(x[0]) * np.sin(x[1]) + 2 * x[0] * x[2] ** 3,
            np.exp(x[0]) * np.cos(x[1]) + 2 * x[1] * x[2] ** 3,
            2 * x[2] ** 4 + 3 * (x @ x) * x[2] ** 2,
        ]
    )


def test_an_imaginary_step_is_exact_to_rounding():
    way = best_way(smooth, X)
    assert way.how == "imaginary step"
    assert_allclose(way(smooth, X), slope(X), rtol=4e-16)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: float(smooth(x)),  # takes no complex numbers
        lambda x: smooth(np.asarray(x, dtype=float)),
        lambda x: smooth(np.real(x)),  # drops imaginary parts
        lambda x: smooth(np.where(x > 0, x, x)) + 0 * np.abs(x).sum(),
    ],
)
def test_differences_say_their_error(function):
    way = best_way(function, X)
    found = way(function, X)
    assert np.abs(found - slope(X)).max() <= 1e3 * way.error * np.abs(slope(X)).max()
    assert way.error < 1e-11


def test_second_derivatives_of_a_loss_alone():
    first = best_way(smooth, X)

    def gradient(x):
        return first(smooth, x)

    hessian = best_way(gradient, X)(gradient, X)
    exact = best_way(slope, X)(slope, X)
    assert_allclose(hessian, exact, atol=1e-11)


def test_a_function_with_a_kink_elsewhere_is_not_taken_for_an_analytic_one():
    """|x| in complex numbers is the modulus, whose imaginary derivative is another."""

    def kinked(x):
        return np.abs(x[0]) * x[1] + x @ x

    way = best_way(kinked, X)
    assert_allclose(way(kinked, X), [2 * 0.3 - 0.7, 0.3 - 1.4, 2.2], atol=1e-10)


def test_jax_gives_all_derivatives_where_it_is_installed():
    jnp = pytest.importorskip("jax.numpy")

    def loss(x, lam):
        return lam * jnp.sum(x**2) / 2 - jnp.sum(x**4) / 4

    found = jax_functions(loss, X, 0.4)
    assert_allclose(found["gradient"](X, 0.4), 0.4 * X - X**3, rtol=1e-14)
    assert_allclose(found["hessian"](X, 0.4), np.diag(0.4 - 3 * X**2), rtol=1e-14)
    assert_allclose(found["gradient_dlam"](X, 0.4), X, rtol=1e-14)
    along = found["hessian_along"](X, 0.4, np.array([1.0, 0, 0, 2.0]))
    assert_allclose(along[:, :-1], np.diag([2.0 - 6 * X[0], 2.0, 2.0]), rtol=1e-13)
    assert_allclose(along[:, -1], [1.0, 0, 0], atol=1e-14)


def test_a_loss_for_numpy_alone_does_not_go_through_jax():
    pytest.importorskip("jax")
    assert jax_functions(lambda x, lam: float(np.sum(x**2)) * lam, X, 0.4) is None
