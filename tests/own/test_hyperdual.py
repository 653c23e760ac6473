"""Hyper-dual numbers: second derivatives exact to rounding, or a refusal."""

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc.own import hyperdual
from bifurc.own.derivatives import best_way

FUNCTIONS = {  # numpy's name, mpmath's function, where
    "sin": (mpmath.sin, 0.7),
    "cos": (mpmath.cos, 0.7),
    "tan": (mpmath.tan, 0.7),
    "sinh": (mpmath.sinh, 0.7),
    "cosh": (mpmath.cosh, 0.7),
    "tanh": (mpmath.tanh, 0.7),
    "arcsin": (mpmath.asin, 0.4),
    "arccos": (mpmath.acos, 0.4),
    "arctan": (mpmath.atan, 0.4),
    "arcsinh": (mpmath.asinh, 0.4),
    "arccosh": (mpmath.acosh, 1.7),
    "arctanh": (mpmath.atanh, 0.4),
    "exp": (mpmath.exp, 0.7),
    "exp2": (lambda x: mpmath.mpf(2) ** x, 0.7),
    "expm1": (mpmath.expm1, 0.7),
    "log": (mpmath.log, 0.7),
    "log2": (lambda x: mpmath.log(x, 2), 0.7),
    "log10": (mpmath.log10, 0.7),
    "log1p": (mpmath.log1p, 0.7),
    "sqrt": (mpmath.sqrt, 0.7),
    "cbrt": (mpmath.cbrt, 0.7),
    "square": (lambda x: x * x, 0.7),
    "reciprocal": (lambda x: 1 / x, 0.7),
    "abs": (abs, -0.7),
}
EXPRESSIONS = {
    "x**3": (lambda x: x**3, 0.0),
    "x**-2.5": (lambda x: x**-2.5, 1.3),
    "3**x": (lambda x: 3.0**x, 0.6),
    "x**x": (lambda x: x**x, 0.6),
    "(2 - x)/(1 + x*x)": (lambda x: (2 - x) / (1 + x * x), 0.6),
    "-x*x + 1/x": (lambda x: -x * x + 1 / x, 0.6),
}


def derivatives(function, at):
    """First and second by the package's numbers."""
    x = np.array([at])
    (slope,) = hyperdual.gradient(lambda y: function(y)[0], x)
    ((bend,),) = hyperdual.second(lambda y, lam: function(y)[0], x, 0.0, np.eye(2)[:, :1])
    return slope, bend


@pytest.mark.parametrize("name", FUNCTIONS)
def test_rules_are_the_derivatives_of_the_function(name):
    exact, at = FUNCTIONS[name]
    with mpmath.workdps(60):
        wanted = [float(mpmath.diff(exact, mpmath.mpf(at), k)) for k in (1, 2)]
    assert_allclose(derivatives(getattr(np, name), at), wanted, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_operations_too(name):
    function, at = EXPRESSIONS[name]
    with mpmath.workdps(60):
        wanted = [float(mpmath.diff(function, mpmath.mpf(at), k)) for k in (1, 2)]
    assert_allclose(derivatives(function, at), wanted, rtol=2e-14, atol=1e-15)


def test_a_loss_with_matrices_choices_and_a_parameter_in_its_midst():
    rng = np.random.default_rng(3)
    A, x, lam = rng.normal(size=(5, 5)), rng.normal(size=5), 0.7

    def loss(x, lam):
        inner = np.where(x > 0, x**2, 2 * x**2)
        return np.exp(-lam * x @ A @ x / 9) + np.roll(inner, 1) @ x + np.log(np.exp(x).sum())

    e, S = np.exp(-lam * x @ A @ x / 9), (A + A.T) / 9
    soft = np.exp(x) / np.exp(x).sum()
    c = np.where(x > 0, 1.0, 2.0)
    turned = np.zeros((5, 5))
    turned[np.arange(5), np.arange(5) - 1] = 2 * c[np.arange(5) - 1] * x[np.arange(5) - 1]
    hessian = e * (lam**2 * np.outer(S @ x, S @ x) - lam * S)
    hessian += turned + turned.T + np.diag(2 * c * np.roll(x, -1))
    hessian += np.diag(soft) - np.outer(soft, soft)
    found = hyperdual.second(loss, x, lam, np.eye(6))
    assert_allclose(found[:, :-1], hessian, rtol=1e-12, atol=1e-13)
    rate = e * (lam * (x @ A @ x / 9) - 1) * (S @ x)  # d/dlam of -lam e S x
    assert_allclose(found[:, -1], rate, rtol=1e-12, atol=1e-13)


def test_columns_come_in_parts(monkeypatch):
    monkeypatch.setattr(hyperdual, "AT_ONCE", 6)
    found = hyperdual.second(lambda x, lam: lam * (x**3).sum(), np.arange(3.0), 2.0, np.eye(4))
    assert_allclose(found, np.hstack([np.diag(12 * np.arange(3.0)), [[0], [3], [12]]]))


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: np.asarray(x, dtype=float) @ x,
        lambda x: np.linalg.slogdet(np.diag(x))[1],
        lambda x: complex(1, 1) * x[0],
        lambda x: x,
    ],
)
def test_what_does_not_go_through_is_refused(loss):
    with pytest.raises(TypeError):
        hyperdual.gradient(loss, np.ones(2))


def test_a_loss_with_an_absolute_value_has_a_gradient_by_numbers_where_complex_ones_do_not_pass():
    def chosen(x):
        return np.abs(x).sum() * x[0]

    x = np.array([0.3, -0.7, 1.1])
    way = best_way(chosen, x)
    assert way.how == "hyper-dual numbers"
    assert_allclose(way(chosen, x), [0.3 + 2.1, -0.3, 0.3], rtol=1e-15)


def test_a_kink_at_the_point_itself_is_left_to_differences():
    assert best_way(lambda x: np.abs(x).sum() + x @ x, np.zeros(2)).how == "differences"


def test_a_loss_near_the_end_of_where_it_is_defined_is_differentiated_exactly():
    """x log x at 1e-3: a step of differences of its usual length would leave the domain."""
    problem = bifurc.Problem(
        lambda x, lam: (x * np.log(x)).sum() - lam * x.sum(), [1e-3], {"lam": 1}
    )
    functions, _ = problem.engine_functions("lam")
    assert_allclose(functions["hessian"](np.array([1e-3]), 1.0), [[1e3]], rtol=1e-14)


def test_a_gradient_that_adds_into_an_array_of_floats_is_differenced():
    """There numpy itself fails, with SystemError."""

    def gradient(x):
        total = np.zeros(3)
        np.add.at(total, [0, 1, 1], x**2)
        return total

    way = best_way(gradient, np.arange(1.0, 4.0))
    assert_allclose(
        way(gradient, np.arange(1.0, 4.0)), [[2, 0, 0], [0, 4, 6], [0, 0, 0]], atol=1e-9
    )
