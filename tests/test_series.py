"""Truncated power series against Taylor coefficients in long arithmetic."""

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from bifurc.loss.series import Series, ahead, direction, leading, parts

mpmath.mp.dps = 40

FORMULAS = {
    "sqrt": (np.sqrt, mpmath.sqrt),
    "square": (np.square, lambda x: x * x),
    "reciprocal": (np.reciprocal, lambda x: 1 / x),
    "exp": (np.exp, mpmath.exp),
    "log": (np.log, mpmath.log),
    "arccos": (np.arccos, mpmath.acos),
    "arcsin": (np.arcsin, mpmath.asin),
    "arctan": (np.arctan, mpmath.atan),
    "power": (lambda x: x**-1.5, lambda x: x ** mpmath.mpf(-1.5)),
    "cube": (lambda x: x**3, lambda x: x**3),
    "exponent": (lambda x: x**x, lambda x: x**x),
    "quotient": (lambda x: (1 + x) / (2 - x * x), lambda x: (1 + x) / (2 - x * x)),
    "left": (lambda x: 1 / x - 3, lambda x: 1 / x - 3),
    "right": (lambda x: x / 4 + 2 * x, lambda x: x / 4 + 2 * x),
    "minus": (lambda x: -x, lambda x: -x),
}


@pytest.mark.parametrize("order", [0, 1, 2, 5])
@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_of_a_series_gives_its_taylor_coefficients(name, order):
    ours, theirs = FORMULAS[name]
    inner = [0.3, 0.7, -0.2, 0.5, 0.1, -0.4][: order + 1]

    def composed(eps):
        return theirs(sum(mpmath.mpf(c) * eps**k for k, c in enumerate(inner)))

    expected = mpmath.taylor(composed, 0, order)
    assert_allclose(ours(Series(inner)).coefficients, [float(c) for c in expected], rtol=1e-10)


def test_products_of_matrices_follow_cauchy(rng):
    a, b = rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 4, 2))
    product = (Series(a) @ Series(b)).coefficients
    assert_allclose(product[2], a[0] @ b[2] + a[1] @ b[1] + a[2] @ b[0])
    assert_allclose((a[0] @ Series(b)).coefficients[1], a[0] @ b[1])
    assert_allclose((Series(a) @ b[0]).coefficients[1], a[1] @ b[0])


def test_operands_of_different_shapes_are_broadcast(rng):
    a, b = rng.normal(size=(2, 3)), rng.normal(size=(2, 5, 3))
    total = Series(a) + Series(b)
    assert_allclose(total.coefficients, a[:, None] + b)
    assert_allclose((Series(a) * Series(b)).coefficients[1], a[0] * b[1] + a[1] * b[0])
    assert_allclose((np.ones((5, 1)) / Series(a)).coefficients[0], np.ones((5, 1)) / a[0])


def test_a_direction_starts_at_its_base_and_an_array_leads_itself():
    line = direction(np.zeros(2), np.ones(2), order=3)
    assert line.order == 3 and line.shape == (2,)
    assert_allclose(leading(line), np.zeros(2))
    assert_allclose(leading(np.ones(2)), np.ones(2))
    assert_allclose(leading(ahead(np.ones(2), np.ones(2))), np.ones(2))


@pytest.mark.parametrize("name", FORMULAS)
def test_an_imaginary_step_gives_the_derivative_that_a_series_gives(name, rng):
    formula, _ = FORMULAS[name]
    base, first = rng.uniform(0.1, 0.9, 8), rng.normal(size=8)
    for one, other in zip(
        parts(formula(ahead(base, first))), parts(formula(direction(base, first))), strict=True
    ):
        assert_allclose(one, other, rtol=1e-14)


def test_a_function_without_a_rule_is_an_error_and_not_a_wrong_number():
    with pytest.raises(TypeError):
        np.sinh(Series([1.0, 1.0]))
