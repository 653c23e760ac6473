"""Polynomials: arithmetic is exact, text is read back, and nonsense is refused."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bifurc.structure.polynomial import Polynomial

NAMES = ("d", "k", "p")
numbers = st.fractions(-9, 9, max_denominator=16)
monomials = st.lists(st.sampled_from(NAMES), max_size=3).map(lambda names: tuple(sorted(names)))
polynomials = st.dictionaries(monomials, numbers, max_size=5).map(Polynomial)
points = st.fixed_dictionaries({name: st.integers(-4, 4) for name in NAMES})


@given(polynomials)
def test_the_text_of_a_polynomial_parses_to_itself(one):
    assert Polynomial.parse(one.text()) == one


@given(polynomials, polynomials, points)
def test_values_add_and_multiply(one, other, at):
    assert (one + other)(**at) == pytest.approx(one(**at) + other(**at), abs=1e-9)
    assert (one * other)(**at) == pytest.approx(one(**at) * other(**at), rel=1e-12, abs=1e-9)
    assert (one - other) + other == one


@given(polynomials, polynomials)
def test_the_derivative_obeys_leibniz(one, other):
    product = (one * other).derivative("d")
    assert product == one.derivative("d") * other + one * other.derivative("d")


@given(polynomials, polynomials, points)
def test_substituting_then_evaluating_is_evaluating_the_inner_first(outer, inner, at):
    direct = outer(**{**at, "d": inner(**at)})
    assert outer.substitute({"d": inner})(**at) == pytest.approx(direct, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "at", "value"),
    [
        ("2d - k", {"d": 5, "k": 3}, 7),
        ("p/2 + 0.5", {"p": 3}, 2),
        ("(d - 1)*(d - 2)/2", {"d": 5}, 6),
        ("1e-2 * d", {"d": 100}, 1),  # a number, not 1*e - 2
        ("2.5e1", {}, 25),
        ("-d + +3", {"d": 1}, 2),
        (" 7 ", {}, 7),
        ("2(d - 1)", {"d": 4}, 6),
    ],
)
def test_sizes_are_written_as_on_paper(text, at, value):
    assert Polynomial.parse(text)(**at) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "d -",
        "1/d",
        "d/0",
        "d**2",
        "sin(d)",
        "True",
        "d; k",
        "'d'",
        "1e999",
        "[1]",
        "__import__('os')",
    ],
)
def test_what_is_no_polynomial_is_refused_in_one_line(text):
    with pytest.raises(ValueError, match="does not parse") as error:
        Polynomial.parse(text)
    assert "\n" not in str(error.value)


def test_a_decimal_is_the_number_that_was_typed():
    assert Polynomial.of(0.1).terms == {(): Fraction(1, 10)}
    assert Polynomial.parse("0.1 * d").terms == {("d",): Fraction(1, 10)}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, [1], 1j])
def test_what_is_neither_number_nor_text_is_refused(value):
    with pytest.raises(ValueError, match="neither a finite number nor an expression"):
        Polynomial.of(value)
