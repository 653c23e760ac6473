"""The ReLU kernel: against the Gaussian integral, and its derivatives in long arithmetic."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from bifurc.loss import full
from bifurc.loss.kernels import ReLU, kernel

mpmath.mp.dps = 40
angles = st.floats(0.01, 3.13)
norms = st.floats(0.1, 5.0)


def gaussian_integral(one, other, angle):
    """E[relu(<w, x>) relu(<v, x>)] in polar form: only the plane of w and v matters.

    The radius integrates to 2 (of r³ exp(-r²/2)); both factors are positive for
    directions from angle - pi/2 to pi/2.
    """
    integrand = lambda phi: mpmath.cos(phi) * mpmath.cos(phi - angle)  # noqa: E731
    return one * other / mpmath.pi * mpmath.quad(integrand, [angle - mpmath.pi / 2, mpmath.pi / 2])


def formula(p, q, c):
    """Cho & Saul 2009, eq. (6), at any precision."""
    root = mpmath.sqrt(p * q)
    angle = mpmath.acos(c / root)
    return (root * mpmath.sin(angle) + (mpmath.pi - angle) * c) / (2 * mpmath.pi)


def arguments(one, other, angle):
    return one**2, other**2, one * other * np.cos(angle)


@given(norms, norms, angles)
def test_the_kernel_is_the_gaussian_expectation(one, other, angle):
    expected = float(gaussian_integral(one, other, angle))
    # the angle is read off its cosine, which costs eps / sin(angle)
    tolerance = 1e-15 * one * other * (10 + 1 / np.sin(angle))
    assert ReLU().value(*arguments(one, other, angle)) == pytest.approx(expected, abs=tolerance)


@given(norms, norms, st.floats(0.05, 3.09))
def test_its_derivatives_are_those_of_the_formula(one, other, angle):
    at = arguments(one, other, angle)
    orders = {"p": (1, 0, 0), "c": (0, 0, 1)}
    expected = [float(mpmath.diff(formula, at, order)) for order in orders.values()]
    assert_allclose(ReLU().gradient(*at), expected, rtol=1e-11)
    seconds = [(2, 0, 0), (1, 1, 0), (1, 0, 1), (0, 0, 2)]
    expected = [float(mpmath.diff(formula, at, order)) for order in seconds]
    scale = 1e-10 * np.abs(expected).max()
    assert_allclose(ReLU().hessian(*at), expected, rtol=1e-9, atol=scale)


@pytest.mark.parametrize("factor", [1.0, 0.25, 3.0])
def test_parallel_rows_have_the_jet_of_half_the_inner_product(factor):
    at = 1.7, 1.7 * factor**2, 1.7 * factor
    assert ReLU().value(*at) == pytest.approx(at[2] / 2, rel=1e-15)
    assert_allclose(ReLU().gradient(*at), (0, 0.5), atol=0)
    assert_allclose(ReLU().hessian(*at), 0, atol=0)


@pytest.mark.parametrize("factor", [1.0, 0.25, 3.0])
def test_antiparallel_rows_have_jet_zero(factor):
    at = 1.7, 1.7 * factor**2, -1.7 * factor
    assert ReLU().value(*at) == 0
    assert_allclose(ReLU().gradient(*at), 0, atol=0)
    assert_allclose(ReLU().hessian(*at), 0, atol=0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_full_hessian_goes_to_its_limit_as_two_rows_become_parallel(sign, rng):
    w, away = rng.normal(size=(2, 4))
    away -= w * (away @ w) / (w @ w)
    away *= np.linalg.norm(w) / np.linalg.norm(away)
    at = full.hessian(np.array([w]), np.array([sign * w]), ReLU())
    for angle in (1e-3, 1e-4, 1e-5):
        v = sign * (np.cos(angle) * w + np.sin(angle) * away)
        near = full.hessian(np.array([w]), np.array([v]), ReLU())
        assert np.abs(near - at).max() < 2 * angle


def test_relu_kernel_is_homogeneous_in_each_row():
    p, q, c = 1.3, 0.6, -0.2
    for a in (0.5, 3.0):
        assert ReLU().value(a * a * p, q, a * c) == pytest.approx(a * ReLU().value(p, q, c))


def test_an_unknown_kernel_is_named_in_the_error():
    assert isinstance(kernel("relu"), ReLU)
    with pytest.raises(ValueError, match="'softmax'"):
        kernel("softmax")
