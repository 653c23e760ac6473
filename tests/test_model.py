"""Taylor models: they enclose what they stand for, and not much more."""

import numpy as np
import pytest

from bifurc.proof.interval import Ball, NotCertifiedError, flint, precision
from bifurc.proof.model import ORDER, Model

WIDTH = 1e-6  # of the balls in a thick model
FUNCTIONS = {
    "inverse": (lambda f: 1 / f, lambda v: 1 / v),
    "square root": (np.sqrt, lambda v: v.sqrt()),
    "inverse root": (lambda f: f**-0.5, lambda v: v.rsqrt()),
    "angle": (np.arccos, lambda v: v.acos()),
    "high power": (lambda f: f * f * f * f * f * f, lambda v: v * v * v * v * v * v),
    "mixed": (lambda f: (2 - f * Ball(3)) / (f + 1) - 0.5, lambda v: (2 - 3 * v) / (v + 1) - 0.5),
    "quotient": (lambda f: f / Ball(7) / 2 - (-f), lambda v: v / 7 / 2 + v),
}


def polynomials(thick):
    """Models with values in about (0.2, 0.8), bent more or less, and points of their balls."""
    rng = np.random.default_rng(1)
    for _ in range(4):
        c = 0.5 * rng.uniform(-1, 1, ORDER) * 0.3 ** np.arange(1, ORDER + 1)
        exact = [flint.arb(float(v)) for v in (rng.uniform(0.4, 0.6), *c)]
        balls = [v + flint.arb(0, WIDTH * thick) for v in exact]
        shifts = rng.uniform(-WIDTH, WIDTH, len(exact)) * thick
        yield (
            Model(flint.arb_poly(balls)),
            flint.arb_poly([v + float(s) for v, s in zip(exact, shifts, strict=True)]),
        )


@pytest.mark.parametrize("thick", [0, 1])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_a_model_encloses_the_function(name, thick):
    of_model, of_number = FUNCTIONS[name]
    with precision(100):
        for model, inside in polynomials(thick):
            argument = np.array(model, dtype=object)
            found = np.asarray(of_model(argument), dtype=object).item()
            assert found.poly.length() <= ORDER + 1
            for t in np.linspace(-1, 1, 21):
                value = of_number(inside(flint.arb(float(t))))
                assert found.at(flint.arb(float(t))).overlaps(value)
                assert (found.at(flint.arb(float(t))) - value).abs_upper() < 1e-3
            assert all(found.range().contains(found.at(flint.arb(t)).mid()) for t in (-1, 0, 1))


def test_a_part_of_a_model_is_the_same_function():
    with precision(100):
        for model, inside in polynomials(1):
            part = model.within(flint.arb(0.25), flint.arb(0.5))
            for s in (-1.0, 0.3, 1.0):
                assert part.at(flint.arb(s)).overlaps(inside(flint.arb(0.25 + 0.5 * s)))


@pytest.mark.parametrize(
    ("coefficients", "function"),
    [
        ([0.5, 1], lambda f: 1 / f),
        ([0.5, 0.6], np.sqrt),
        ([-1], np.sqrt),
        ([0.5, 0.6], np.arccos),
        ([flint and flint.arb(0.5, 0.6)], np.arccos),  # the polynomial alone is defined
        ([0.5, 1], lambda f: f**-0.5),
    ],
)
def test_what_is_not_defined_everywhere_is_not_enclosed(coefficients, function):
    with precision(100), pytest.raises(NotCertifiedError):
        function(np.array([Model(flint.arb_poly(coefficients))], dtype=object))


def test_comparisons_hold_at_every_point():
    with precision(100):
        model = Model(flint.arb_poly([0.5, 0.4]))
        assert model > 0 and model < 1 and model != 0
        assert not model > 0.2 and not model < 0.8 and (model == 0.5) is False
        assert model - model == 0


def test_what_the_series_of_the_exponential_leaves_out_is_enclosed():
    """s^12/12! is just below 2^-64, so that the series ends there, and few bits are rounded."""
    s = 67 / 512
    with precision(64):
        found = Model(flint.arb_poly([0, s])).exp()
    with precision(200):
        for t in (1, -1):
            assert found.at(flint.arb(t)).contains(flint.arb(s * t).exp())
