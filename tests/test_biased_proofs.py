"""Proofs with biases: the normal distribution enclosed, values from elsewhere, lies refused."""

import copy
import json

import mpmath
import numpy as np
import pytest

import bifurc
from bifurc.cli.certify import subject_of
from bifurc.loss.biased import BiasedLeakyReLU, BiasedReLU
from bifurc.loss.kernels import ReLU
from bifurc.loss.normal import below, below_both, density, slopes
from bifurc.loss.problem import NetworkProblem
from bifurc.proof import normal, record
from bifurc.proof.certificate import check
from bifurc.proof.dual import Dual
from bifurc.proof.interval import NotCertifiedError, balls, enclosing, flint, precision
from bifurc.proof.model import Model
from bifurc.proof.rounded import Enclosure

PLACES = [
    (0.0, 0.0, 0.3), (0.0, 1.2, -0.4), (0.0, -1.2, 0.4), (0.7, 0.0, 0.9), (-0.7, 0.0, -0.9),
    (0.5, 0.5, 0.999), (0.5, -0.5, -0.999), (1.5, -2.5, 0.2), (-1e-9, 2e-9, 0.6),
    (6.0, -5.0, 0.8), (0.3, 9.0, -0.7), (12.0, 0.1, 0.1), (-0.2, -0.3, 0.0),
]  # fmt: skip


def by_quadrature(h, k, r):
    """P(U < h, V < k), by Plackett's integral over the correlation, in 30 digits."""
    with mpmath.workdps(30):
        h, k, end = mpmath.mpf(h), mpmath.mpf(k), mpmath.asin(mpmath.mpf(r))

        def change(t):
            return mpmath.exp(-(h * h - 2 * h * k * mpmath.sin(t) + k * k) / 2 / mpmath.cos(t) ** 2)

        path = [end * i / 8 for i in range(9)]
        over = mpmath.quad(change, path) / (2 * mpmath.pi)
        return flint.arb(mpmath.nstr(mpmath.ncdf(h) * mpmath.ncdf(k) + over, 25))


@pytest.mark.parametrize("place", PLACES)
def test_two_normal_variables(place):
    for bits, digits in ((64, 15), (90, 21)):
        with precision(bits):
            value = normal.below_both(*map(flint.arb, place))
            off = abs(value - by_quadrature(*place))
            assert off < flint.arb(10) ** -digits
            assert value.rad() < flint.arb(10) ** -(digits - 1)


@pytest.mark.parametrize(("h", "a"), [(12.0, 0.5), (16.0, 1.0), (40.0, 2.0**-9)])
def test_owens_function_is_not_zero_where_it_is_tiny(h, a):
    with mpmath.workdps(30):
        value = mpmath.quad(
            lambda x: mpmath.exp(-h * h * (1 + x * x) / 2) / (1 + x * x),
            [a * i / 32 for i in range(33)],
        ) / (2 * mpmath.pi)
        text = mpmath.nstr(value, 15)
    with precision(64):
        found = normal.owen(flint.arb(h), flint.arb(a))
        assert flint.arb(text) > 0 and found.contains(flint.arb(text)) and found.rad() < 1e-19


@pytest.mark.parametrize("place", PLACES[:9])
def test_a_box_holds_all_its_corners(place):
    width = 1e-4
    with precision(64):
        box = balls([flint.arb(v, width) for v in place])
        over = box[0].below_both(*box[1:]).arb
        arrays = [Enclosure(np.array([v]), width) for v in place]
        in_doubles = below_both(*arrays, None, slopes(*arrays))
        for signs in ((-1, -1, -1), (1, 1, 1), (1, -1, 1), (-1, 1, -1)):
            corner = [flint.arb(v) + s * 0.99 * width for v, s in zip(place, signs, strict=True)]
            value = by_quadrature(*(float(v) for v in corner))
            assert over.contains(value.mid())
            assert abs(value - flint.arb(in_doubles.mid[0])) < in_doubles.rad[0]
        assert over.rad() < 4 * width
        assert in_doubles.rad[0] < 4 * width


def test_correlations_of_size_one_prove_nothing():
    with precision(64):
        one, half = flint.arb(1), flint.arb("0.5")
        assert not normal.below_both(half, one, one).is_finite()
        ball = balls([half, flint.arb("0.3"), flint.arb(1, 0.01)])
        assert not ball[0].below_both(*ball[1:]).arb.is_finite()
        with pytest.raises(NotCertifiedError, match="negative"):
            wide = Model(flint.arb_poly([flint.arb("0.95"), flint.arb("0.06")]))
            Model.constant(half).below_both(Model.constant(half), wide)


def test_derivatives_come_along():
    """Those of Duals are the slopes; slopes are those of the values, by differences."""
    at = [0.4, -0.9, 0.55]
    step = 1e-5
    with precision(64):
        unit = np.eye(3)[..., None]
        moved = [
            Dual(Enclosure(np.array([v]), 0.0), Enclosure(u, 0.0))
            for v, u in zip(at, unit, strict=True)
        ]
        found = below_both(*moved, None, slopes(*moved))
        for i in range(3):
            ends = [[v + s * step * (j == i) for j, v in enumerate(at)] for s in (1, -1)]
            high, low = (normal.below_both(*map(flint.arb, end)) for end in ends)
            quotient = float((high - low) / (2 * flint.arb(step)))
            assert found.slope.mid[i, 0] == pytest.approx(quotient, abs=1e-9)
        bell = below(moved[0])
        assert bell.slope.mid[0, 0] == pytest.approx(np.exp(-0.08) / np.sqrt(2 * np.pi), rel=1e-14)


@pytest.mark.parametrize("thick", [0.0, 1e-6])
def test_models_hold_the_functions(thick):
    rng = np.random.default_rng(3)
    with precision(90):
        rows = [rng.uniform(-0.25, 0.25, 6) * 0.4 ** np.arange(6) for _ in range(3)]
        exact = [flint.arb_poly([flint.arb(v) for v in row]) for row in rows]
        h, k, r = (
            Model(flint.arb_poly([c + flint.arb(0, thick) for c in poly.coeffs()]))
            for poly in exact
        )
        both, one, grown = h.below_both(k, r), h.ndtr(), (8 * h).exp()
        for t in np.linspace(-1, 1, 9):
            values = [poly(flint.arb(t)) for poly in exact]
            assert both.at(flint.arb(t)).overlaps(normal.below_both(*(v.mid() for v in values)))
            assert one.at(flint.arb(t)).overlaps(normal.below(values[0]))
            assert grown.at(flint.arb(t)).overlaps((8 * values[0]).exp())
        size = 1e-9 + 10 * thick
        assert max(float(f.at(flint.arb(0)).rad()) for f in (both, one)) < size
        assert density(h).range().overlaps(flint.arb(0.39))


@pytest.mark.parametrize("kernel", [BiasedReLU(), BiasedLeakyReLU(0.3)])
def test_enclosed_kernels_hold_those_in_doubles(kernel):
    """At pairs of rows apart, and at a row with itself, told to be one."""
    rng = np.random.default_rng(5)
    p, q = rng.uniform(0.4, 2.0, (2, 12))
    c = rng.uniform(-0.9, 0.9, 12) * np.sqrt(p * q)
    b, d = rng.normal(size=(2, 12))
    q[:3], c[:3], d[:3] = p[:3], p[:3], b[:3]
    told = type(kernel)(*([kernel.slope] if hasattr(kernel, "slope") else []), np.arange(12) < 3)
    at = p, q, c, b, d
    with precision(64):
        thick = [Enclosure(v, 1e-9) for v in at]
        pairs = [(kernel.value(*at), told.value(*thick))]
        pairs += zip(kernel.gradient(*at), told.gradient(*thick), strict=True)
        pairs += zip(kernel.hessian(*at), told.hessian(*thick), strict=True)
        pairs += zip(kernel.mean(p, b), told.mean(thick[0], thick[3]), strict=True)
        for value, over in pairs:
            assert (np.abs(value - over.mid) <= over.rad + 1e-13).all()
            assert (over.rad < 1e-6).all()


# independent evaluator, with the full 56 x 56 Hessian at d = 7; Field, arXiv 2609.30661
EVENTS = [
    ("II", "hidden", "s:bulk", 5.2331727478),
    ("II", "hidden, output", "s:bulk", 5.2227554915),
    ("A", "hidden", "x:all", 5.8294181906),
]


@pytest.mark.parametrize(("name", "bias", "event", "value"), EVENTS)
def test_events_with_biases(name, bias, event, value):
    data = bifurc.certify(bifurc.family(name).with_bias(bias), event=event, d=(20, 4.5))
    check(data)
    assert float(data["proved"]["value"]) == pytest.approx(value, abs=6e-11)
    assert data["proved"]["transition"] == "saddle -> minimum"
    assert f"biases {bias}" in subject_of(data)


def test_the_global_minimum_with_biases():
    """d = 6: the least eigenvalue without the factor 1/2 is 0.09497801 (the same evaluator)."""
    data = bifurc.certify(bifurc.family("global").with_bias("hidden, output"), d=6)
    check(data)
    assert data["kind"] == "learnt"
    assert data["proved"]["index"] == "0"
    assert float(data["proved"]["gap"]) == pytest.approx(0.09497801 / 2, abs=1e-8)


def test_a_branch_with_biases():
    data = bifurc.certify(bifurc.family("II").with_bias("hidden"), d=(7.4, 7.2))
    check(data)
    assert data["proved"]["is_minimum"]


def changed(data, change):
    lie = copy.deepcopy(data)
    lie.pop("checksum", None)
    change(lie)
    return record.sign(lie)


def test_lies_about_biases_are_refused():
    data = bifurc.certify(bifurc.family("II").with_bias("1/10"), d=7)
    check(data)
    lies = [
        lambda lie: lie["problem"].update(bias="1/11"),
        lambda lie: lie["problem"].update(bias="hidden"),
        lambda lie: lie["problem"].update(bias="0.1"),
        lambda lie: lie["problem"].update(bias="hidden, hidden"),
        lambda lie: lie["problem"].update(bias=7),
        lambda lie: lie["problem"].pop("bias"),
        lambda lie: lie["problem"].update(biases=[["bulk", "1/10"]]),
        lambda lie: lie["problem"].update(biases=[["none", "1/10"]]),
        lambda lie: lie["problem"].update(biases=[]),
    ]
    for change in lies:
        with pytest.raises((ValueError, NotCertifiedError)):
            check(changed(data, change))


def test_an_output_bias_that_is_not_zero_is_not_learnt():
    data = bifurc.certify(bifurc.family("global").with_bias("hidden, output"), d=6)
    names = [c.name for c in record.problem_from_data(data["problem"]).structure.coordinates]

    def move(lie):
        lie["coordinates"][names.index("output.bias")] = "0x1p-3"

    with pytest.raises(NotCertifiedError, match="not the teacher"):
        check(changed(data, move))


def test_problems_with_biases_pass_through_data():
    for bias, teacher in (("hidden", {"bulk": "1/5", "last": "d/100"}), ("d/40", {})):
        family = bifurc.family("II")
        structure = family.structure.biased(bias, teacher)
        problem = NetworkProblem(structure, ReLU(), {"d": "lam"})
        data = json.loads(json.dumps(record.problem_to_data(problem)))
        again = record.problem_from_data(data)
        assert again.structure == structure
        with precision(64):
            x = balls([flint.arb(v) for v in np.linspace(0.3, 1.1, problem.n)])
            ball = enclosing(again).gradient(x, balls([7])[0])
            exact = problem.gradient(np.linspace(0.3, 1.1, problem.n), 7.0)
            assert all(abs(v.arb - e) < 1e-13 for v, e in zip(ball, exact, strict=True))


@pytest.mark.slow  # half a minute: sizes to 10^21, to hundreds of digits
def test_large_sizes_with_biases():
    """Biases are of order 1/d and 1/d², and the leading loss is that without (arXiv 2107.10370)."""
    found = bifurc.asymptotics(bifurc.family("II").with_bias("hidden"), order=2)
    series = {expansion.name: expansion for expansion in found.coordinates}
    assert found.loss.first == 2
    assert found.loss.closed[0] == "1/2 - 2/π²"
    assert series["last.bias"].first == 2
    assert abs(series["last.bias"].coefficients[0]) > 1
    assert not any(series["bulk.bias"].coefficients)  # to the order kept
