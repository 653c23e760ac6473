"""Every rounding, radius, inclusion, remainder and condition that a proof rests on, by itself.

Enclosures are held to exact rational numbers, at the ends of intervals and with
radius 0, where a rounding that is not counted shows; conditions are held to
small problems in which a proof without them would be wrong. One-line mutants
of each are in tests/mutants.py.
"""

import operator
from fractions import Fraction
from itertools import product
from math import comb
from pathlib import Path
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest

import bifurc
from bifurc.loss.kernels import ReLU
from bifurc.proof import bounds, claims, model, record
from bifurc.proof.certificate import check
from bifurc.proof.dual import Dual
from bifurc.proof.extended import EventSystem
from bifurc.proof.interval import (
    Apart,
    Ball,
    NotCertifiedError,
    arbs,
    balls,
    enclosing,
    exact,
    flint,
    precision,
)
from bifurc.proof.learnt import is_learnt
from bifurc.proof.model import ORDER, Model
from bifurc.proof.place import Place, enclosed
from bifurc.proof.rounded import Enclosure, arbs_of, enclosure, finite, matrix_of
from bifurc.proof.signs import (
    Diagonal,
    Signs,
    diagonalise,
    nearest_zero,
    null_vectors,
    signs,
    speed,
)
from bifurc.proof.system import box, contract, newton, shrink
from bifurc.structure.structure import Structure

BITS = 64
RNG = np.random.default_rng(11)
DOUBLES = RNG.uniform(0.1, 2.0, (6, 2))
RADII = (0.0, 1e-3)


def rational(value: flint.arb) -> Fraction:
    """An exact arb as a fraction."""
    mantissa, exponent = (int(part) for part in value.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


def ends(value) -> tuple[Fraction, Fraction]:
    """Exact bounds of what an arb or an entry of an Enclosure stands for."""
    if isinstance(value, Enclosure):
        mid, rad = Fraction(float(value.mid)), Fraction(float(value.rad))
    else:
        mid, rad = rational(value.mid()), rational(value.rad())
    return mid - rad, mid + rad


def holds(value, number: Fraction) -> bool:
    low, high = ends(value)
    return low <= number <= high


# -- balls ------------------------------------------------------------------------------

OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


@pytest.mark.parametrize("rad", RADII)
@pytest.mark.parametrize("name", OPERATIONS)
def test_balls_hold_exact_rationals_at_the_ends_of_intervals(name, rad):
    operation = OPERATIONS[name]
    with precision(BITS):
        for a, b in DOUBLES:
            one, other = Ball(flint.arb(a, rad)), Ball(flint.arb(b, rad))
            for x, y in product(ends(one.arb), ends(other.arb)):
                assert holds(operation(one, other).arb, operation(x, y))
            for x in ends(one.arb):
                assert holds(operation(one, b).arb, operation(x, Fraction(b)))
                assert holds(operation(b, one).arb, operation(Fraction(b), x))
                assert holds(operation(3, one).arb, operation(Fraction(3), x))


@pytest.mark.parametrize("rad", RADII)
@pytest.mark.parametrize("power", [-1, 0, 1, 2, 3, 8])
def test_powers_of_balls_hold_exact_rationals(power, rad):
    with precision(BITS):
        for a, _ in DOUBLES:
            ball = Ball(flint.arb(a, rad))
            for x in (*ends(ball.arb), Fraction(a)):
                assert holds((ball**power).arb, x**power)
        around_zero = Ball(flint.arb(0.1, 0.5))
        assert holds((around_zero**2).arb, Fraction(0)) and holds(
            (around_zero**2).arb, Fraction(9, 25)
        )


@pytest.mark.parametrize("rad", RADII)
def test_roots_of_balls_hold_exact_squares(rad):
    with precision(BITS):
        for a, _ in DOUBLES:
            ball = Ball(flint.arb(a, rad))
            for root in ((ball**0.5).arb, ball.sqrt().arb, (1 / ball**-0.5).arb):
                low, high = ends(root)
                for x in ends(ball.arb):
                    assert low**2 <= x <= high**2


@pytest.mark.parametrize("name", ["arccos", "arcsin", "arctan", "exp", "log"])
def test_functions_of_balls_hold_those_of_the_ends(name):
    with mpmath.workprec(200), precision(BITS):
        function = getattr(mpmath, name.replace("arc", "a"))
        for rad in (0.0, 1e-3):
            found = getattr(Ball(flint.arb(0.4, rad)), name)()
            low, high = (mpmath.mpf(v.numerator) / v.denominator for v in ends(found.arb))
            for sign in (-1, 1):
                assert low <= function(mpmath.mpf(0.4) + sign * mpmath.mpf(rad)) <= high


def test_fractions_are_enclosed_not_rounded():
    with precision(BITS):
        for number in (Fraction(1, 3), Fraction(10**20 + 1, 10**20), Fraction(2, 7)):
            assert holds(exact(number), number) and not exact(number).is_exact()
            assert holds(Ball(number).arb, number)


def test_comparisons_of_balls_hold_for_all_values():
    with precision(BITS):
        wide, narrow = Ball(flint.arb(1, 0.5)), Ball(flint.arb(1.4, 0.2))
        less, more, same, other = (getattr(operator, name) for name in ("lt", "gt", "eq", "ne"))
        assert not any(test(wide, narrow) for test in (less, more, same, other))
        assert not same(wide, wide) and Ball(2) == 2 and Ball(2) > wide and 0.4 < wide < 1.6
        assert other(wide, 2) and not other(wide, 1.2)


# -- doubles with radii --------------------------------------------------------------------


def exactly(operation, a, b):
    return np.array([operation(Fraction(x), Fraction(y)) for x, y in zip(a, b, strict=True)])


@pytest.mark.parametrize("rad", [0.0, 1e-3, 1e-17])
@pytest.mark.parametrize("name", OPERATIONS)
def test_doubles_hold_exact_rationals_at_the_ends_of_intervals(name, rad):
    operation = OPERATIONS[name]
    a, b = RNG.uniform(0.1, 2.0, (2, 300)) * RNG.choice([-1, 1], (2, 300))
    one, other = Enclosure(a, rad), Enclosure(b, rad)
    r = Fraction(rad)
    cases = [
        (one, other, (-r, 0, r), (-r, 0, r)),
        (one, b, (-r, r), (0,)),
        (a, other, (0,), (-r, r)),
    ]
    for left, right, moves, others in cases:
        found = operation(left, right)
        for m, n in product(moves, others):
            for i in range(len(a)):
                assert holds(found[i], operation(Fraction(a[i]) + m, Fraction(b[i]) + n))


def test_products_of_wide_intervals_hold_their_corners():
    one, other = Enclosure(np.array([1.0]), 0.5), Enclosure(np.array([2.0]), 1.0)
    for x, y in product((Fraction(1, 2), Fraction(3, 2)), (Fraction(1), Fraction(3))):
        for operation in OPERATIONS.values():
            assert holds(operation(one, other)[0], operation(x, y))
            assert holds((one.reshape(1, 1) @ other.reshape(1, 1))[0, 0], x * y)


@pytest.mark.parametrize("rad", [0.0, 1e-3, 1e-17])
def test_sums_and_matrix_products_of_fifty_hold_exact_ones(rad):
    a, b = RNG.uniform(-2, 2, (2, 40, 50))
    r = Fraction(rad)
    one, other = Enclosure(a, rad), Enclosure(b, rad)
    total, inner = one.sum(1), (one[:, None] @ other[..., None])[:, 0, 0]
    plain, left = (one[:, None] @ b[..., None])[:, 0, 0], (a[:, None] @ other[..., None])[:, 0, 0]
    for i in range(len(a)):
        x, y = [Fraction(v) for v in a[i]], [Fraction(v) for v in b[i]]
        for s in (-r, r):
            assert holds(total[i], sum(x) + 50 * s)
            away = [s if v > 0 else -s for v in y]
            assert holds(plain[i], sum((v + t) * w for v, t, w in zip(x, away, y, strict=True)))
            back = [s if v > 0 else -s for v in x]
            assert holds(left[i], sum(v * (w + t) for v, t, w in zip(x, back, y, strict=True)))
            both = ((v + t) * (w + u) for v, t, w, u in zip(x, away, y, back, strict=True))
            assert holds(inner[i], sum(both))


def test_roots_and_powers_of_doubles_hold_exact_ones():
    values = RNG.uniform(0.01, 2.0, 300)
    for rad in (0.0, 1e-3):
        whole = Enclosure(values, rad)
        root, back, cube, square = whole**0.5, 1 / whole**-0.5, whole**3, np.square(whole)
        for i, value in enumerate(values):
            for x in (Fraction(value) - Fraction(rad), Fraction(value) + Fraction(rad)):
                for found in (root, back):
                    low, high = ends(found[i])
                    assert low**2 <= x <= high**2
                assert holds(cube[i], x**3) and holds(square[i], x**2)
                assert holds((whole**-1)[i], 1 / x)


@pytest.mark.parametrize("name", ["arccos", "arcsin", "arctan", "exp", "log"])
def test_other_functions_of_doubles_hold_those_of_the_ends(name):
    values = RNG.uniform(0.05, 0.95, 40)
    with mpmath.workprec(200):
        function = getattr(mpmath, name.replace("arc", "a"))
        for rad in (0.0, 1e-3):
            found = getattr(np, name)(Enclosure(values, rad))
            for i, value in enumerate(values):
                for sign in (-1, 1):
                    number = function(mpmath.mpf(value) + sign * mpmath.mpf(rad))
                    low, high = (mpmath.mpf(v.numerator) / v.denominator for v in ends(found[i]))
                    assert low <= number <= high


def test_pi_is_not_a_double():
    with mpmath.workprec(200):
        low, high = ends(Enclosure(np.zeros(1), 0.0).pi.reshape(1)[0])
        assert mpmath.mpf(low.numerator) / low.denominator < mpmath.pi
        assert mpmath.pi < mpmath.mpf(high.numerator) / high.denominator


def test_arbs_become_doubles_and_back_without_loss():
    with precision(100):
        for number in (Fraction(1, 3), Fraction(10**30 + 1, 10**30), Fraction(1, 10**300)):
            arb = exact(number)
            assert holds(enclosure([arb])[0], number)
            assert all(holds(enclosure([arb + flint.arb(0, 1e-5)])[0], end)
                       for end in ends(arb + flint.arb(0, 1e-5)))  # fmt: skip
        kept = Enclosure(np.array([[1.0, 2.0]]), 0.25)
        for back in (arbs_of(kept), matrix_of(kept).entries()):
            assert all(holds(value, Fraction(k) + Fraction(s, 4))
                       for k, value in zip((1, 2), back, strict=True) for s in (-1, 1))  # fmt: skip
        assert enclosure(flint.arb(0.5)).rad == 0 and enclosure([Ball(2)]).rad[0] == 0


def test_subnormal_numbers_are_enclosed():
    tiny = np.array([3e-320, 1.5e-308, 2.0**-1074])
    for other in (0.3, 1e-10, 7.0, 1 / 3):
        found, quotient = Enclosure(tiny, 0.0) * other, Enclosure(tiny, 0.0) / other
        for i, value in enumerate(tiny):
            assert holds(found[i], Fraction(value) * Fraction(other))
            assert holds(quotient[i], Fraction(value) / Fraction(other))


def test_a_sum_that_overflows_on_the_way_is_not_known():
    """It is 1, though the midpoint is inf, of which the inverse would be 0."""
    parts = np.array([1e308, 1e308, -1e308, -1e308, 1.0])
    assert sum(map(Fraction, parts.tolist())) == 1
    with np.errstate(all="ignore"):
        product = Enclosure(parts[None], 0.0) @ np.ones((len(parts), 1))
        for value in (Enclosure(parts, 0.0).sum(0), product[0, 0]):
            assert (1 / value).contains(1.0)


def test_comparisons_of_enclosures_hold_for_all_values():
    wide, narrow = Enclosure(np.array([1.0]), 0.5), Enclosure(np.array([1.4]), 0.2)
    assert not (narrow > wide).any() and not (wide < narrow).any()
    assert not (wide != narrow).any() and not (wide == wide).any()
    assert (wide > 0.4).all() and (wide < 1.6).all() and (wide != 2.0).all()
    assert wide.contains(1.2).all() and not wide.contains(1.6).any()


def test_what_is_not_enclosed_is_not_finite():
    for mid, rad in ((1.0, np.inf), (1.0, np.nan), (np.inf, 0.0), (np.nan, 0.0)):
        with pytest.raises(NotCertifiedError):
            finite(Enclosure(np.array([mid]), rad))


DERIVATIVES = {
    "x y": lambda x, y: x * y,
    "x / y": lambda x, y: x / y,
    "1 / x": lambda x, y: 1 / x,
    "x - y": lambda x, y: x - y,
    "2 - x": lambda x, y: 2.0 - x,
    "x^3": lambda x, y: x**3,
    "1/sqrt x": lambda x, y: x**-0.5,
    "sqrt": lambda x, y: np.sqrt(x) if isinstance(x, Dual) else mpmath.sqrt(x),
    "arccos": lambda x, y: np.arccos(x) if isinstance(x, Dual) else mpmath.acos(x),
    "arcsin": lambda x, y: np.arcsin(x) if isinstance(x, Dual) else mpmath.asin(x),
    "arctan": lambda x, y: np.arctan(x) if isinstance(x, Dual) else mpmath.atan(x),
    "exp": lambda x, y: np.exp(x) if isinstance(x, Dual) else mpmath.exp(x),
    "log": lambda x, y: np.log(x) if isinstance(x, Dual) else mpmath.log(x),
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_duals_hold_derivatives_in_both_arguments(name):
    function, (x, y) = DERIVATIVES[name], (0.4, 0.7)
    unit = np.eye(2)[..., None]
    duals = [
        Dual(Enclosure(np.array([v]), 0.0), Enclosure(unit[i], 0.0)) for i, v in enumerate((x, y))
    ]
    slope = function(*duals).slope
    for i, partial in enumerate(((1, 0), (0, 1))):
        expected = mpmath.diff(function, (mpmath.mpf(x), mpmath.mpf(y)), partial)
        assert abs(slope.mid[i, 0] - float(expected)) <= slope.rad[i, 0] + 1e-12
        assert slope.rad[i, 0] < 1e-10


def test_a_matrix_product_of_duals_has_both_terms():
    a, b, da, db = RNG.normal(size=(4, 3, 3))
    one, other = (Dual(Enclosure(v, 0.0), Enclosure(d[None], 0.0)) for v, d in ((a, da), (b, db)))
    assert (one @ other).slope.contains((da @ b + a @ db)[None]).all()


# -- Taylor models ------------------------------------------------------------------------------


def power_series(values, rad=0.0):
    return Model(flint.arb_poly([flint.arb(v, rad) for v in values]))


def at(coefficients, t):
    return sum(Fraction(c) * Fraction(t) ** k for k, c in enumerate(coefficients))


def test_what_goes_beyond_the_order_of_a_model_is_kept():
    """(1 + t)^ORDER squared at t = 1 is 4^ORDER, most of it beyond the order."""
    with precision(200):
        rising = power_series([float(comb(ORDER, k)) for k in range(ORDER + 1)])
        assert (rising * rising).at(flint.arb(1)).contains(flint.arb(4) ** ORDER)
        assert (rising * rising).range().contains(flint.arb(4) ** ORDER)
        assert (rising * rising).at(flint.arb(-1)).contains(flint.arb(0))


FUNCTIONS = {
    "1/f": (lambda f: f.inverse(), lambda x: 1 / x),
    "f^(-1/2)": (lambda f: f.rsqrt(), lambda x: x.rsqrt()),
    "sqrt": (lambda f: f.sqrt(), lambda x: x.sqrt()),
    "arccos": (lambda f: f.arccos(), lambda x: x.acos()),
    "f^3": (lambda f: f**3, lambda x: x * x * x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("rad", [0.0, 1e-3, 0.02])
def test_functions_of_models_hold_every_function_that_the_argument_holds(name, rad):
    """Coefficients move with t within their balls, to both ends of them."""
    of_model, of_number = FUNCTIONS[name]
    for coefficients in ([0.5, 0.3], [0.5, -0.2, 0.15], [0.4, 0.1, 0.1, -0.1]):
        with precision(200):
            found = of_model(power_series(coefficients, rad))
            for t in np.linspace(-1, 1, 9):
                for s in product((-1, 0, 1), repeat=2):
                    moved = [c + i * rad for c, i in zip(coefficients, (*s, 0, 0), strict=False)]
                    if not 0.02 < at(moved, t) < 0.98:
                        continue
                    number = at(moved, t)
                    value = of_number(flint.arb(flint.fmpq(number.numerator, number.denominator)))
                    assert found.at(flint.arb(float(t))).contains(value) or found.at(
                        flint.arb(float(t))
                    ).overlaps(value)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_remainders_of_models_are_there_where_the_polynomial_ends(name):
    """On a range near the singularity, where a polynomial of this order is off by percents."""
    of_model, of_number = FUNCTIONS[name]
    with precision(200):
        slope = 0.45 if name != "arccos" else 0.44
        found = of_model(power_series([0.5, slope]))
        for t in (-1.0, -0.9, 0.9, 1.0):
            value = of_number(flint.arb(0.5) + flint.arb(slope) * flint.arb(t))
            assert found.at(flint.arb(t)).overlaps(value)


@pytest.mark.parametrize("near", [0.8, 0.9, 1.1])
def test_a_root_is_held_however_rough_the_approximate_one_is(near, monkeypatch):
    """Of 1, where the mean value lies between what is left of it and 0."""
    monkeypatch.setattr(model, "_approximate", lambda *_: flint.arb_poly([near]))
    with precision(100):
        one = Model.constant(1)
        assert one.rsqrt().at(flint.arb(0)).contains(1)
        assert one.inverse().at(flint.arb(0)).contains(1)


def test_a_model_on_a_part_and_its_range_hold_the_ends():
    with precision(100):
        model = power_series([0.5, 0.25, 0.125])
        assert model.range().contains(flint.arb(0.875)) and model.range().contains(
            flint.arb(0.4375)
        )
        part = model.within(flint.arb(0.5), flint.arb(0.5))
        assert part.at(flint.arb(1)).contains(flint.arb(0.875))
        assert part.at(flint.arb(-1)).contains(flint.arb(0.5))
        thick = power_series([0.5], 0.25)
        assert thick.range().contains(flint.arb(0.75)) and not thick > 0.5 and not thick < 0.5
        assert not operator.eq(thick, 0.5) and not operator.ne(thick, 0.5)


# -- Krawczyk ---------------------------------------------------------------------------------


class Scalar:
    """F(z) = sum of c_k z^k as a system of one unknown."""

    def __init__(self, *coefficients):
        self.poly = flint.arb_poly([flint.arb(c) for c in coefficients])

    def residual(self, z):
        return flint.arb_mat([[self.poly(z[0])]])

    def jacobian(self, z):
        return flint.arb_mat([[self.poly.derivative()(z[0])]])


def krawczyk(system, centre, radius, point=None):
    point = [flint.arb(centre if point is None else point)]
    whole = box([flint.arb(centre)], [flint.arb(radius)])
    return contract(whole, point, system.residual(point), system.jacobian(whole))


def test_krawczyk_finds_the_one_zero():
    with precision(BITS):
        (found,) = krawczyk(Scalar(-2, 0, 1), 1.4, 0.1)
        assert found.contains(flint.arb(2).sqrt()) and found.rad() < 0.01
        (other,) = krawczyk(Scalar(-2, 0, 1), 1.4, 0.1, point=1.375)
        assert other.contains(flint.arb(2).sqrt())


@pytest.mark.parametrize(
    ("coefficients", "centre", "radius", "why"),
    [
        ((-2, 0, 1), 0.125, 1.75, "two zeros in the box"),
        ((-2, 0, 1), 1.4, 1.39, "the slope is not near its middle"),
        ((1, 0, 1), 0.5, 0.25, "no zero"),
        ((0, 0, 1), 0.25, 0.5, "a double zero"),
        ((0, 1, 0, 16), 0.0, 0.5, "one zero, not proved: no contraction"),
    ],
)
def test_krawczyk_refuses(coefficients, centre, radius, why):
    with precision(BITS), pytest.raises((NotCertifiedError, ZeroDivisionError)):
        krawczyk(Scalar(*coefficients), centre, radius)


def test_a_zero_on_the_edge_of_the_box_is_not_inside():
    with precision(BITS):
        (whole,) = box([flint.arb(1)], [flint.arb(1)])
        for edge in (whole.mid() + whole.rad(), whole.mid() - whole.rad()):
            inner = flint.arb_mat([[1 - edge]])
            with pytest.raises(NotCertifiedError):
                contract([whole], [flint.arb(1)], inner, flint.arb_mat([[1]]))


def test_what_krawczyk_shrinks_holds_the_zero_wherever_it_is_evaluated():
    with precision(BITS):
        system = Scalar(-2, 0, 1)
        whole = box([flint.arb(1.4)], [flint.arb(0.25)])
        for point in (1.15, 1.4, 1.65):
            start = [flint.arb(point)]
            (found,) = shrink(whole, start, system.residual(start), system.jacobian(whole))
            assert found.contains(flint.arb(2).sqrt())


def test_what_is_known_of_a_residual_is_all_kept():
    """F(z) = z - c, c anywhere within 0.01 of 0: every such zero is held."""
    with precision(BITS):
        (found,) = shrink([flint.arb(0, 1)], [flint.arb(0)], flint.arb_mat([[flint.arb(0, 0.01)]]),
                          flint.arb_mat([[1]]))  # fmt: skip
        assert found.contains(flint.arb(0.01)) and found.contains(flint.arb(-0.01))


def test_newton_does_not_return_what_is_no_zero():
    with precision(BITS):
        (found,) = newton(Scalar(-2, 0, 1), [flint.arb(1.4)])
        assert abs(found - flint.arb(2).sqrt()) < 1e-17
        with pytest.raises(NotCertifiedError):
            newton(Scalar(1, 0, 1), [flint.arb(0.7)])


# -- signs ---------------------------------------------------------------------------------


def block(entries, rad=0.0):
    return flint.arb_mat([[flint.arb(v, rad) for v in row] for row in entries])


def test_signs_are_those_of_every_matrix_in_the_box():
    one = [flint.arb(1)] * 2
    with precision(BITS):
        entries = [[1.0, 0.4], [0.4, 0.5]]
        assert signs(diagonalise(block(entries), one)).negative == 0
        assert signs(diagonalise(block([[1.0, 0.9], [0.9, 0.5]]), one)).negative == 1
        for rad in (0.2, 0.4):  # [[0.8, 0.6], [0.6, 0.3]] has a negative eigenvalue
            with pytest.raises(NotCertifiedError):
                signs(diagonalise(block(entries, rad), one))


def test_the_speed_is_measured_in_units_of_both_null_vectors():
    """[[1/4, 1/2], [1/2, 1]] is singular along (1, -1/2); moved by diag(1, 0) at 1/(1 + 1/4)."""
    with precision(BITS):
        one = flint.arb_mat([[1, 0], [0, 1]])
        found = speed(
            Diagonal(block([[0.25, 0.5], [0.5, 1.0]]), one, one), block([[1, 0], [0, 0]]), 0
        )
        assert found.contains(flint.arb(4) / 5) and found.rad() < 1e-9


def test_certificates_of_an_earlier_version_are_held_to_what_is_proved_now():
    folder = Path(__file__).parent.parent / "cases" / "certificates"
    for name in ("II-s-5.5855", "M-t-3.4341", "M-s-3.4341", "A-x-5.7638"):
        check(record.load(folder / f"{name}.json"))


def test_signs_allow_for_what_stands_off_the_diagonal():
    with precision(BITS):
        vague = flint.arb_mat(
            [[flint.arb(1), flint.arb(0, 1.2)], [flint.arb(0, 1.2), flint.arb(1)]]
        )
        with pytest.raises(NotCertifiedError):
            signs(diagonalise(vague, [flint.arb(1)] * 2))


def test_the_inverse_of_a_basis_is_enclosed():
    with precision(BITS):
        found = diagonalise(block([[1.0, 1.0, 0.2], [1e-6, 1.001, 3.0], [0.0, 1e-5, 0.7]]), None)
    with precision(400):
        unit = found.basis * found.inverse
        for i, j in product(range(3), range(3)):
            assert unit[i, j].contains(flint.arb(int(i == j)))


def test_the_disc_of_a_crossing_meets_no_other():
    with precision(BITS):
        one = flint.arb_mat([[1, 0], [0, 1]])
        meet = Diagonal(block([[0.0, 0.6], [0.5, 1.0]]), one, one)
        with pytest.raises(NotCertifiedError, match="More than one"):
            signs(meet, crossing=True)
        apart = Diagonal(block([[0.0, 0.4], [0.5, 1.0]]), one, one)
        assert signs(apart, crossing=True).negative == 0


def test_a_pair_is_apart_from_all_others_and_from_the_real_line(monkeypatch):
    with precision(BITS):

        def pair(first, third, off=0.0):
            size = 3
            entries = [[flint.acb(0)] * size for _ in range(size)]
            entries[0][0], entries[1][1], entries[2][2] = first, first.conjugate(), third
            entries[0][2] = entries[2][0] = flint.acb(off)
            one = flint.acb_mat(np.eye(size).tolist())
            monkeypatch.setattr(
                claims, "_diagonal", lambda *_: Diagonal(flint.acb_mat(entries), one, one)
            )
            monkeypatch.setattr(claims, "_change", lambda *_: flint.arb_mat(np.eye(size).tolist()))
            monkeypatch.setattr(claims, "_both_sides", lambda *parts: {"counts": parts[-1]})
            system = SimpleNamespace(place=lambda z: None, split=lambda z: (0, 0, first.imag))
            return claims.at_pair(system, None)

        assert pair(flint.acb(0, 1), flint.acb(2))["counts"] == (2, 0)
        with pytest.raises(NotCertifiedError, match="apart"):
            pair(flint.acb(0, 1), flint.acb(0.1, 1), off=0.3)
        with pytest.raises(NotCertifiedError, match="apart"):
            pair(flint.acb(0, 0.1), flint.acb(2), off=0.3)


def test_an_eigenvalue_that_may_stand_still_is_no_crossing():
    with precision(BITS), pytest.raises(NotCertifiedError, match="Transversality"):
        system = SimpleNamespace(problem=SimpleNamespace(components=()), component=None)
        claims._both_sides(
            system, None, {"speed": flint.arb(0.5, 1)}, Signs(0, flint.arb(1)), (0, 1)
        )


def test_sizes_that_may_be_too_small_prove_nothing():
    problem = enclosed(bifurc.problem("A"))
    with precision(BITS), np.errstate(all="ignore"):
        x = [flint.arb(-0.5), flint.arb(0.3)]
        for lam in (flint.arb(0.75), flint.arb(1, 0.1)):
            place = Place(enclosed(bifurc.problem("A")), x, lam)
            with pytest.raises(NotCertifiedError, match="too small"):
                claims.at_point(place)
            (s,) = [c for c in problem.components if c.irrep == "s"]
            with pytest.raises(NotCertifiedError, match="too small"):
                claims._diagonal(EventSystem(problem, s, (0, 1, 2), 0), place)
            with pytest.raises(NotCertifiedError, match="too small"):
                claims.check_sizes(problem, Ball(lam))


def test_an_irrep_exists_only_where_all_its_copies_are_independent():
    """s of P ⊗ P on n points from n = 2 on, y from n > 3 on."""
    problem = enclosed(bifurc.problem("A"))
    by = {c.irrep: c for c in problem.components}
    with precision(BITS):
        assert claims.exists(problem, by["s"], Ball(2)) and not claims.exists(
            problem, by["s"], Ball(1.5)
        )
        assert not claims.exists(problem, by["y"], Ball(3)) and claims.exists(
            problem, by["y"], Ball(3.5)
        )
        for irrep, lam in (("s", flint.arb(2, 0.1)), ("y", flint.arb(3, 0.1))):
            with pytest.raises(NotCertifiedError, match="changes"):
                claims.exists(problem, by[irrep], Ball(lam))


def test_only_copies_of_no_length_are_left_out():
    problem = enclosing(bifurc.problem("M"))
    with precision(BITS):
        (rest,) = [c for c in problem.components if c.label == "s[rest]"]
        lengths = arbs(problem.copy_weights(rest, Ball(6)))
        kept = claims.lengthy(problem, rest, Ball(6))
        assert kept == tuple(i for i, v in enumerate(lengths) if not v.is_zero())
        assert len(kept) < rest.copies and all(lengths[i] > 0 for i in kept)


def test_a_neutral_direction_that_may_vanish_divides_nothing():
    with precision(BITS), pytest.raises(NotCertifiedError, match="may vanish"):
        claims.quotient(block([[1.0, 0.0], [0.0, 1.0]]), [[flint.arb(0, 1), flint.arb(0.5, 1)]])


def test_a_gap_is_below_every_eigenvalue_of_the_box():
    one = [flint.arb(1)] * 2
    with precision(BITS):
        for rad in (0.0, 0.05):
            gap = signs(diagonalise(block([[1.0, 0.3], [0.3, -0.5]], rad), one)).gap
            for a, b, c in product((-rad, rad), repeat=3):
                values = np.linalg.eigvalsh([[1.0 + a, 0.3 + b], [0.3 + b, -0.5 + c]])
                assert (np.abs(values) >= float(gap.lower()) - 1e-15).all()
            assert gap > 0.4


def test_a_crossing_needs_the_signs_of_the_others_and_a_disc_of_its_own():
    with precision(BITS):
        one = [flint.arb(1)] * 3
        fine = block(np.diag([0.0, 1.0, -1.0]), 1e-3)
        assert signs(diagonalise(fine, one), crossing=True).negative == 1
        for diagonal in ([0.0, 1e-4, 1.0], [0.0, 0.0, 1.0]):
            with pytest.raises(NotCertifiedError):
                signs(diagonalise(block(np.diag(diagonal), 1e-3), one), crossing=True)
        spread = np.diag([0.0, 0.01, 1.0])
        with pytest.raises(NotCertifiedError):  # the second disc reaches zero
            signs(diagonalise(block(spread, 0.006), one), crossing=True)


def test_the_speed_of_an_eigenvalue_is_enclosed_for_all_matrices_of_the_box():
    one = [flint.arb(1)] * 2
    with precision(BITS):
        rad = 0.01
        diagonal = diagonalise(block([[0.0, 0.1], [0.1, 1.0]], rad), one)
        change = block([[1.0, 0.5], [0.5, -3.0]], rad)
        found = speed(diagonal, change)
        for s in product((-rad, rad), repeat=3):
            a, b, c = 0.01 / 1.0 + s[0], 0.1, 1.0 + s[2]
            a = b * b / c  # singular, so that the eigenvalue is zero
            if abs(a) > rad:
                continue
            vector = np.array([1.0, -b / c])
            move = np.array([[1.0 + s[0], 0.5 + s[1]], [0.5 + s[1], -3.0 + s[2]]])
            expected = vector @ move @ vector / (vector @ vector)
            assert found.contains(flint.arb(float(expected)))


def test_null_vectors_annul_a_singular_matrix_that_is_not_symmetric():
    with precision(BITS):
        left, right = null_vectors(diagonalise(block([[2.0, 4.0], [1.0, 2.0]]), None), value=0)
        diagonal = diagonalise(block([[2.0, 4.0], [1.0, 2.0]]), None)
        assert all(abs(v) < 1e-15 for v in (diagonal.matrix * right).entries())
        assert all(abs(v) < 1e-15 for v in (left * diagonal.matrix).entries())
        assert nearest_zero(diagonal) in (0, 1)


# -- rows and teachers -----------------------------------------------------------------------


def test_rows_that_may_be_parallel_prove_nothing():
    kernel = Apart(ReLU(), np.zeros((1, 1, 1), bool), np.zeros((1, 1, 1), bool))
    with precision(BITS):
        p, q = (balls([flint.arb(1, 1e-3)]).reshape(1, 1, 1) for _ in range(2))
        apart = balls([flint.arb(0.5)]).reshape(1, 1, 1)
        assert kernel.gradient(p, q, apart)
        for c in (flint.arb(0.9995), flint.arb(-0.9995), flint.arb(1, 1e-3)):
            with pytest.raises(NotCertifiedError):
                kernel.gradient(p, q, balls([c]).reshape(1, 1, 1))
            with pytest.raises(NotCertifiedError):
                kernel.derivatives(p, q, balls([c]).reshape(1, 1, 1))
        with pytest.raises(NotCertifiedError):
            kernel.gradient(balls([flint.arb(0, 1)]).reshape(1, 1, 1), q, apart)


def learnt(
    diagonal, weights=None, teachers=("a",), students=("a",), teacher_weights=None, off=0, lam=5
):
    structure = Structure.build(
        {"a": "n", "b": "m"}, students, ["a", "b"], teachers,
        {f"{name},a": [1, 0] for name in dict.fromkeys(teachers)},
        weights, teacher_weights,
    )  # fmt: skip
    problem = bifurc.problem("A").on(Structure.build({"all": "d"}, ["all"], ["all"]))
    problem = type(problem)(structure, ReLU(), {"n": "lam", "m": 3})
    values = {"diag": diagonal, "off": off}
    x = [flint.arb(values.get(c.part, 0)) for c in structure.coordinates]
    return is_learnt(problem, x, Fraction(lam))


def test_the_student_is_the_teacher_only_if_nothing_differs():
    with precision(BITS):
        assert learnt(1)
        assert not learnt(flint.arb(1) + flint.arb(2) ** -60)
        assert not learnt(flint.arb(1, 1e-30)) and not learnt(2)
        assert not learnt(1, weights={"a": 2.0}) and not learnt(1, teacher_weights={"a": 2.0})
        assert learnt(1, weights={"a": 2.0}, teacher_weights={"a": 2.0})
        # rows exchanged are those of the teacher on two points alone
        assert not learnt(0, off=1) and learnt(0, off=1, lam=2) and not learnt(1, off=1, lam=2)
        assert not learnt(1, teachers=("a", "b")) and not learnt(1, students=("a", "a"))


def test_bounds_in_decimals_lie_outside():
    with precision(100):
        for number in (Fraction(1, 3), Fraction(-2, 3), Fraction(10**9 + 1, 10**9), Fraction(1, 7)):
            value = exact(number) + flint.arb(0, 1e-12)
            low, high = map(Fraction, bounds.interval(value))
            assert low <= ends(value)[0] and ends(value)[1] <= high
            assert high - low < abs(number) * Fraction(1, 10**6)
            below, above = map(Fraction, bounds.decimals(value))
            assert below <= ends(value)[0] and ends(value)[1] <= above
            assert bounds.fits(value, bounds.interval(value))
            assert not bounds.fits(value, bounds.interval(exact(number * Fraction(10001, 10000))))


def test_stated_bounds_are_held_to_both_sides():
    """Of 1 +- 1e-3: on the right side of every number in it, and near what is proved."""
    with precision(100):
        value = flint.arb(1, 1e-3)
        for up, sure, inside, far in (
            (True, "1.0010001e+00", "1.0009999e+00", "1.1000000e+00"),
            (False, "9.9899998e-01", "9.9900010e-01", "9.0000000e-01"),
        ):
            assert bounds.bound_fits(value, sure, up)
            assert not bounds.bound_fits(value, inside, up)
            assert not bounds.bound_fits(value, far, up)
        low, high = "9.9890000e-01", "1.0011000e+00"
        assert bounds.encloses(value, [low, high])
        assert not bounds.encloses(value, [low, "1.0009000e+00"])
        assert not bounds.encloses(value, ["9.9910000e-01", high])
        assert not bounds.encloses(value, ["9.0000000e-01", "1.1000000e+00"])
        assert not bounds.encloses(flint.arb(0, 1), ["-1.0000010e+00", "1.0000010e+00"])
        assert bounds.bounds_gap(value, "9.9000000e-01")
        assert not bounds.bounds_gap(value, "1.0000000e+00")
        assert not bounds.bounds_gap(value, "1.0000000e-01")
        assert not bounds.bounds_gap(value, "-1.0000000e+00")


def test_enclosures_of_a_network_hold_its_values_at_the_ends_of_a_box():
    problem, point = bifurc.member("II", "d", 7.0)
    with precision(100):
        ball, r = enclosing(problem), 2.0**-12
        centre = [*point.x, 7.0]
        whole = arbs(ball.gradient(balls(box([flint.arb(float(v)) for v in centre[:-1]],
                                             [flint.arb(r)] * problem.n)),
                                   Ball(flint.arb(7, r))))  # fmt: skip
        for s in product((-r, r), repeat=problem.n + 1):
            moved = [flint.arb(float(v)) + t for v, t in zip(centre, s, strict=True)]
            inside = arbs(ball.gradient(balls(moved[:-1]), Ball(moved[-1])))
            assert all(g.contains(v) for g, v in zip(whole, inside, strict=True))
