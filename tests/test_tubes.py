"""Tubes and cells on curves known on paper: what is not so is not proved."""

from types import SimpleNamespace

import numpy as np
import pytest

from bifurc.loss.series import Series
from bifurc.proof import cells
from bifurc.proof.branch import Chain
from bifurc.proof.cells import BlockAlong
from bifurc.proof.interval import Ball, NotCertifiedError, balls, flint, precision
from bifurc.proof.model import ORDER, Model
from bifurc.proof.tube import Tube
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import PointSet

BITS = 100
S = Component.on("s", 1, {"a": Polynomial.parse("n + 1")})  # of dimension n = lam + 3


class Curve:
    """g(x, lam) = 0 in the plane with its slopes, and a block B(x, lam), as a problem."""

    def __init__(self, g, g_x, g_lam, matrix=None, component=S, wide=0.0):
        self.functions, self._entries, self.n = (g, g_x, g_lam), matrix, 1
        self.components, self.wide = (component,), wide
        self.line = {"n": Polynomial.parse("lam + 3")}
        self.structure, self.exchanges = SimpleNamespace(sets=()), False

    def rows(self, x, lam):
        return SimpleNamespace(x=x[0], lam=lam, beta=None)

    def gradient_of(self, rows):
        return np.array([self.functions[0](rows.x, rows.lam) + Ball(flint.arb(0, self.wide))])

    def jacobian_of(self, rows, lam):
        found = np.empty((1, 2), dtype=object)
        for i, slope in enumerate(self.functions[1:]):
            value = slope(rows.x, rows.lam)
            found[0, i] = value if isinstance(value, Model | Ball) else value + 0 * rows.lam
        return found

    def gradient(self, x, lam):
        return self.gradient_of(self.rows(x, lam))

    def jacobian(self, x, lam, checked=True):
        rows = self.rows(x, lam)
        return self.gradient_of(rows), self.jacobian_of(rows, lam)

    def copy_weights(self, component, lam):
        return balls([1] * component.copies)

    def block_matrix(self, component, rows, lam):
        return self._entries(rows.x, lam)


def parabola(**more):
    """x = lam²."""
    return Curve(lambda x, lam: x - lam * lam, lambda x, lam: 1, lambda x, lam: -2 * lam, **more)


def two_lines(gap):
    """x = 0 and x = gap."""
    return Curve(lambda x, lam: x * (x - gap), lambda x, lam: 2 * x - gap, lambda x, lam: 0)


def cubic():
    """lam = x + x³, at a slope that doubles by x = 0.6."""
    return Curve(
        lambda x, lam: x + x * x * x - lam, lambda x, lam: 1 + 3 * x * x, lambda x, lam: -1
    )


def tube(problem, x, lam, radius, direction=(0.0, 1.0)):
    """A tube with x(t) and lam(t) by their coefficients."""
    pad = lambda c: [flint.arb(v) for v in [*c, *[0.0] * (ORDER + 1 - len(c))]]  # noqa: E731
    curve = [list(pair) for pair in zip(pad(x), pad(lam), strict=True)]
    return Tube(problem, curve, [flint.arb(r) for r in radius], [flint.arb(v) for v in direction])


def refused(made):
    with pytest.raises(NotCertifiedError):
        made.prove()


# -- tubes -----------------------------------------------------------------------------


def test_the_tube_of_a_parabola_is_proved():
    with precision(BITS):
        tube(parabola(), [0, 0, 1], [0, 1], (1e-6, 1e-6)).prove()
        tube(parabola(), [0.5e-6, 0, 1], [0, 1], (1e-6, 1e-6)).prove()


def test_a_tube_with_two_curves_in_it_is_refused():
    with precision(BITS):
        tube(two_lines(1e-3), [0], [0, 1], (1e-5, 1e-5)).prove()
        refused(tube(two_lines(1e-3), [0], [0, 1], (1e-2, 1e-5)))
        refused(tube(two_lines(1e-3), [0], [0, 1], (-1e-2, 1e-5)))


def test_a_tube_beside_the_curve_is_refused():
    with precision(BITS):
        refused(tube(parabola(), [2e-6, 0, 1], [0, 1], (1e-6, 1e-6)))


def test_a_tube_that_leaves_the_curve_at_its_ends_is_refused():
    with precision(BITS):
        refused(tube(parabola(), [0, 0, 1 - 2e-6], [0, 1], (1e-6, 1e-6)))
        refused(tube(parabola(), [0, 0, 1, 2e-6], [0, 1], (1e-6, 1e-6)))


def test_a_tube_too_wide_for_the_bend_of_the_curve_is_refused():
    with precision(BITS):
        tube(cubic(), [0], [0, 1e-3], (0.01, 1e-3)).prove()
        refused(tube(cubic(), [0], [0, 1e-3], (0.6, 1e-3)))


def test_a_tube_that_turns_back_is_refused():
    with precision(BITS):
        refused(tube(parabola(), [0, 0, 0, 0, 1], [0, 0, 1], (1e-6, 1e-6)))
        refused(tube(parabola(), [0, 0, 1], [0, -1], (1e-6, 1e-6)))


def test_the_velocity_holds_that_of_the_curve():
    """On x = lam² with v = (1/4, 1): (lam + 1/4 lam²)' = v . Z'."""
    with precision(BITS):
        shift = 4e-4
        made = tube(parabola(), [shift, 0, 1], [0, 1], (1e-3, 1e-3), (0.25, 1.0))
        made.prove()
        for t in (-0.4, 0.0, 0.3, 0.8):
            # lam + lam²/4 = t + t²/4 + shift/4
            target = flint.arb(t) + flint.arb(t) ** 2 / 4 + flint.arb(shift) / 4
            lam = 2 * ((1 + target).sqrt() - 1)
            moved = (1 + flint.arb(t) / 2) / (1 + lam / 2)
            zero = made.enclose(flint.arb(t))[0]
            assert zero[1].contains(lam.mid()) and zero[0].contains((lam * lam).mid())
            x, found = (value.at(flint.arb(t)) for value in made.velocity)
            assert found.overlaps(moved) and x.overlaps(2 * lam * moved)
            assert found.rad() < 0.01


@pytest.mark.parametrize(("slope", "holds"), [(0.5, True), (1.5, True), (0.0, False), (2.5, False)])
def test_the_velocity_allows_for_an_inverse_that_is_none(slope, holds):
    """F' = slope and Y = 1: what Y makes is off by up to |1 - slope| / (1 - |1 - slope|)."""
    with precision(BITS):
        made = tube(parabola(), [0], [0, 1], (1.0, 1.0))
        diagonal = [
            [Model.constant(slope), Model.constant(0)],
            [Model.constant(0), Model.constant(slope)],
        ]
        unit = [[Model.constant(1), Model.constant(0)], [Model.constant(0), Model.constant(1)]]
        vars(made).update(jacobian=np.array(diagonal), inverse=np.array(unit))
        if not holds:
            with pytest.raises(NotCertifiedError):
                _ = made.velocity
            return
        assert made.velocity[1].range().contains(flint.arb(1) / flint.arb(slope))


def test_an_enclosure_from_one_round_holds_the_curve():
    with precision(BITS):
        made = tube(cubic(), [0], [0, 1], (0.3, 1e-3))
        for t in (0.1, 0.2, 0.25):
            zero, _ = made.enclose(flint.arb(t), rounds=1)
            x = flint.arb(t)
            for _ in range(40):
                x = x - (x + x**3 - t) / (1 + 3 * x**2)
            assert zero[0].contains(x.mid())


def test_tubes_are_joined_only_where_the_second_holds_the_end_of_the_first():
    with precision(BITS):
        problem = parabola()

        # the same parabola, t = -1 at lam = from, t = 1 at lam = to
        def between(start, stop, radius=1e-6):
            a, b = (start + stop) / 2, (stop - start) / 2
            return tube(problem, [a * a, 2 * a * b, b * b], [a, b], (radius, radius))

        one = between(0.0, 1.0)
        one.leads_to(between(0.75, 2.0))
        for gap in (between(1.25, 2.0), between(-2.0, 0.5)):
            gap.prove()
            with pytest.raises(NotCertifiedError):
                one.leads_to(gap)
        back = tube(
            problem, [0.875**2, -1.75 * 0.25, 0.0625], [0.875, -0.25], (1e-6, 1e-6), (0, -1.0)
        )
        back.prove()
        with pytest.raises(NotCertifiedError, match="head on"):
            one.leads_to(back)


def test_a_tube_on_the_other_line_does_not_go_on():
    with precision(BITS):
        lines = two_lines(0.125)
        one = tube(lines, [0], [0, 1], (1e-3, 1e-3))
        other = tube(lines, [0.125], [1, 1], (1e-3, 1e-3))
        one.prove(), other.prove()
        with pytest.raises(NotCertifiedError):
            one.leads_to(other)


def test_all_of_what_is_known_of_an_end_lies_in_the_next_tube():
    """Here g is known to 1e-6 alone, so the end is; a tube of 1e-9 holds its middle."""
    with precision(BITS):
        vague = parabola(wide=1e-6)
        one = tube(vague, [0, 0, 1], [0, 1], (1e-4, 1e-4))
        one.prove()
        narrow = tube(vague, [1, 2, 1], [1, 1], (1e-9, 1e-9))
        with pytest.raises(NotCertifiedError):
            one.leads_to(narrow)
        one.leads_to(tube(vague, [1, 2, 1], [1, 1], (1e-4, 1e-4)))


# -- cells ------------------------------------------------------------------------------


def whole(function):
    """A block [[f(lam)]] of models, of balls, or of series."""

    def matrix(x, lam):
        value = function(lam)
        if isinstance(value, Series):
            return Series(value.coefficients.reshape(-1, 1, 1))
        return np.array([[value.item() if isinstance(value, np.ndarray) else value]], dtype=object)

    return matrix


def diagonal(*functions):
    """A diagonal block."""

    def matrix(x, lam):
        values, size = [f(lam) for f in functions], len(functions)
        if isinstance(values[0], Series):
            coefficients = np.zeros((2, size, size), dtype=object) * Model.constant(0)
            for i, value in enumerate(values):
                coefficients[:, i, i] = value.coefficients.reshape(-1)
            return Series(coefficients)
        found = np.zeros((size, size), dtype=object) * values[0]
        for i, value in enumerate(values):
            found[i, i] = value
        return found

    return matrix


def along(matrix, copies=1, size="n + 1"):
    component = Component.on("s", copies, {"a": Polynomial.parse(size)})
    problem = parabola(matrix=matrix, component=component)
    made = tube(problem, [0, 0, 1], [0, 1], (1e-9, 1e-9))
    made.prove()
    return BlockAlong(made, component)


def counts(block):
    found = block.cells(-1.0, 1.0)
    assert found[0].first == -1.0 and found[-1].last == 1.0
    assert all(one.last == other.first for one, other in zip(found, found[1:], strict=False))
    return [("+" if c.crossing == 1 else "-") if c.crossing else c.negative for c in found]


@pytest.mark.parametrize(
    ("function", "crossing", "before"),
    [
        (lambda lam: lam - 0.3, -1, 1),
        (lambda lam: 0.3 - lam, 1, 0),
        (lambda lam: lam * lam * lam + lam, -1, 1),
    ],
)
def test_a_crossing_is_found_with_its_direction(function, crossing, before):
    with precision(BITS):
        found = [c for c in along(whole(function)).cells(-1.0, 1.0) if c.crossing]
        signs = [
            c.negative for c in along(whole(function)).cells(-1.0, 1.0) if c.negative is not None
        ]
        assert [c.crossing for c in found] == [crossing] * len(found) and found
        assert signs[0] == before and signs[-1] == before + crossing


@pytest.mark.parametrize(
    "function",
    [
        lambda lam: 1 - 1.5 * lam,  # the sign at an end
        lambda lam: 1 + 1.5 * lam,
        lambda lam: 1 - 1.5 * lam * lam,  # at both
        lambda lam: 1 - 1.5 * lam * lam * lam,
        lambda lam: lam * lam - 0.01,
    ],
)
def test_signs_hold_on_the_whole_of_a_cell(function):
    with precision(BITS):
        block = along(whole(function))
        for cell in block.cells(-1.0, 1.0):
            for t in np.linspace(cell.first, cell.last, 7):
                value = function(t)
                if cell.negative is not None:
                    assert cell.negative == (value < 0)


@pytest.mark.parametrize("least", [0.0, -1e-16, -1e-13])
def test_an_eigenvalue_that_touches_zero_proves_nothing(least):
    with precision(BITS), pytest.raises(NotCertifiedError):
        along(whole(lambda lam: (lam - 0.3) * (lam - 0.3) + least)).cells(-1.0, 1.0)


def test_two_eigenvalues_that_cross_together_prove_nothing():
    with precision(BITS):
        twice = diagonal(lambda lam: lam - 0.3, lambda lam: 0.3 - lam)
        with pytest.raises(NotCertifiedError):
            along(twice, 2).cells(-1.0, 1.0)
        apart = diagonal(lambda lam: lam - 0.3, lambda lam: 2 - lam)
        assert along(apart, 2).cells(-1.0, 1.0)


def test_a_pair_that_is_not_real_must_not_cross_beside_a_crossing(monkeypatch):
    """lam - 0.3, and q ± i with q below zero within 1e-3 of it: no determinant sees that."""
    monkeypatch.setattr(Curve, "copy_weights", lambda *_: balls([1, 1, -1]))

    def block(least):
        def q(lam):
            return (lam - 0.3) * (lam - 0.3) + least

        def matrix(x, lam):
            found = diagonal(lambda lam: lam - 0.3, q, q)(x, lam)
            whole = found.coefficients[0] if isinstance(found, Series) else found
            whole[1, 2], whole[2, 1] = whole[1, 2] - 1, whole[2, 1] + 1
            return found

        return along(matrix, 3)

    with precision(BITS):
        assert "-" in counts(block(0.5))
        with pytest.raises(NotCertifiedError):
            block(-1e-6).cells(-1.0, 1.0)


def test_two_eigenvalues_that_cross_near_each_other_are_two_crossings():
    with precision(BITS):
        near = along(diagonal(lambda lam: lam - 0.3, lambda lam: 0.301 - lam), 2)
        ways = [c.crossing for c in near.cells(-1.0, 1.0) if c.crossing]
        assert {-1, 1} == set(ways)


def test_the_zero_is_where_it_is_located():
    with precision(BITS):
        block = along(whole(lambda lam: lam - 0.3))
        (cell,) = [c for c in block.cells(-1.0, 1.0) if c.crossing]
        assert block.locate(cell, 1).contains(flint.arb(0.3))


def test_the_zero_is_where_it_is_located_even_if_the_search_fails(monkeypatch):
    monkeypatch.setattr(cells, "STEPS", 0)
    with precision(BITS):
        for zero in (0.3, -0.6, 0.01):
            block = along(whole(lambda lam, zero=zero: lam - zero))
            for cell in (cells.Cell(-1.0, 1.0, crossing=-1), cells.Cell(-0.75, 0.5, crossing=-1)):
                assert block.locate(cell, 1).contains(flint.arb(zero))


def test_an_irrep_is_formal_only_where_it_provably_does_not_exist():
    """n = lam + 3 and the set of n - 2 points: its s has dimension lam, there from 0 on."""
    with precision(BITS):
        found = along(whole(lambda lam: 2 - lam), size="n - 2").cells(-1.0, 1.0)
        formal = [c for c in found if c.negative is None]
        assert formal and formal[-1].last <= 0 and found[-1].negative == 0
        assert sum(c.last - c.first for c in formal) > 0.99


# -- chains -----------------------------------------------------------------------------


def pieces(problem, *stops):
    """Tubes of the parabola from stop to stop, each a little longer."""
    for start, stop in zip(stops, stops[1:], strict=False):
        a, b = (start + stop) / 2, (stop - start) / 2 * 1.01
        yield tube(problem, [a * a, 2 * a * b, b * b], [a, b], (1e-9, 1e-9))


def chain(function, *stops):
    problem = parabola(matrix=whole(function))
    made = Chain(problem)
    for piece in pieces(problem, *stops):
        made.add(piece)
    return made.summary()


def test_a_chain_says_every_crossing_and_where():
    with precision(BITS):
        found = chain(lambda lam: (lam - 0.3) * (lam + 0.6), -1.0, -0.2, 0.3, 1.0)
        first, second = found["events"]
        assert first["negative"] == [0, 1] and second["negative"] == [1, 0]
        assert first["at"].contains(flint.arb(-0.6)) and second["at"].contains(flint.arb(0.3))
        assert found["negative"] == {"s[a]": [0, 1, 0]} and not found["is_minimum"]
        start, end = found["window"]
        assert start.contains(flint.arb(-1.004)) and end.contains(flint.arb(1.0035))


def test_a_chain_without_a_crossing_is_a_minimum():
    with precision(BITS):
        found = chain(lambda lam: 2 - lam, -1.0, 0.0, 1.0)
        assert found["is_minimum"] and not found["events"]


def test_a_chain_takes_no_tube_on_which_a_set_may_be_too_small():
    """n = lam + 3 points, and two of them somewhere on the way to lam = -1."""
    with precision(BITS):
        for least, refused in ((1.9, False), (2.1, True)):
            problem = parabola(matrix=whole(lambda lam: 2 - lam))
            points = PointSet("a", Polynomial.parse("n"))
            problem.structure = SimpleNamespace(sets=(points,), least_size=lambda _, n=least: n)
            first, *_ = pieces(problem, -1.0, -0.5)
            if not refused:
                Chain(problem).add(first)
                continue
            with pytest.raises(NotCertifiedError, match="too small"):
                Chain(problem).add(first)


def test_a_crossing_in_the_overlap_is_not_lost():
    with precision(BITS):
        found = chain(lambda lam: lam - 0.0, -1.0, 0.0, 1.0)
        (event,) = found["events"]
        assert event["at"].contains(flint.arb(0)) and event["negative"] == [1, 0]


def test_a_chain_takes_no_tube_that_does_not_follow():
    with precision(BITS):
        problem = parabola(matrix=whole(lambda lam: 2 - lam))
        made = Chain(problem)
        first, _, third = pieces(problem, -1.0, -0.5, 0.0, 0.5)
        made.add(first)
        with pytest.raises(NotCertifiedError):
            made.add(third)
        wide = tube(problem, [0.0, 0, 1e-3], [0, 1], (1e-9, 1e-9))
        with pytest.raises(NotCertifiedError):
            Chain(problem).add(wide)
