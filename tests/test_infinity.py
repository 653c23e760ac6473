"""What is proved at every large size, and from an event to infinity."""

import copy
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import bifurc
from bifurc.cli.certify import lines
from bifurc.cli.main import main
from bifurc.proof import record
from bifurc.proof.certificate import check, prove_theorem
from bifurc.proof.complete import angle_of, certify_complete, count, value_and_slope
from bifurc.proof.germ import Germ
from bifurc.proof.infinity import AtInfinity, _enclosed_roots, negative
from bifurc.proof.interval import NotCertifiedError, flint, precision
from bifurc.proof.limit import certify_limit, holds, parts_of
from bifurc.proof.sums import Row, Sums
from bifurc.proof.teacher import AtTeacher, Exact
from bifurc.structure.polynomial import Polynomial

THEOREMS = Path(__file__).parent.parent / "cases" / "certificates" / "theorems"
# beyond which real d each family is a minimum: its events of README's table
BEYOND = {"II": 5.5855052474, "A": 5.7638127349, "I": 6.7448306562, "M": 7.5611904979}


@pytest.fixture(scope="module")
def theorem():
    return record.load(THEOREMS / "A.json")


@pytest.mark.parametrize(
    "name", ["A", "II", *(pytest.param(n, marks=pytest.mark.slow) for n in ("I", "M"))]
)
def test_each_family_is_a_minimum_at_every_real_d_beyond_its_event(name):
    data = bifurc.check(THEOREMS / f"{name}.json")
    low, high = data["certificates"][0]["proved"]["events"][0]["at"]
    assert data["proved"]["is_minimum"] and data["proved"]["beyond"] == high
    assert float(low) < BEYOND[name] < float(high) and float(high) - float(low) < 1e-6
    assert "a minimum at every real lam >" in lines(data)[0] and "to infinity" in lines(data)[0]


@pytest.mark.slow
def test_type_m_of_two_and_a_half_flipped_neurons_is_a_minimum_beyond_its_event():
    """The event of cases/type_m_fractional.toml; both sets have fractional sizes at whole d."""
    data = bifurc.check(THEOREMS / "M_p_5_2.json")
    low, high = data["certificates"][0]["proved"]["events"][0]["at"]
    assert data["proved"]["is_minimum"] and data["proved"]["beyond"] == high
    event = record.load(THEOREMS.parent / "type_m_fractional-s-8.4594.json")["proved"]["value"]
    assert float(low) < float(event) < float(high) and float(high) - float(low) < 1e-6
    assert "p = 5/2" in lines(data)[0]


def lie(data, path, value):
    data = copy.deepcopy(data)
    *way, last = path
    levels = [data]
    for key in way:
        levels.append(levels[-1][key])
    levels[-1][last] = value
    for part in data.get("certificates", []):
        part.update(record.sign(part))
    return record.sign(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("proved", "beyond"), "5.7000000e+00"),
        (("proved", "negative", "x[all]"), 1),
        (("proved", "is_minimum"), False),
        (("proved", "claims"), 1),
        (("claims",), 1),
        (("certificates", 1, "proved", "from"), "16"),
        (("certificates", 1, "reach"), "0x1p-1"),
        (("certificates", 1, "reach"), "0x3p-6"),
        (("certificates", 1, "reach"), "0x1p-20"),
        (("certificates", 1, "limit", 0), [-1, 0, 1]),
        (("certificates", 1, "limit", 0), [-1, 0]),
        (("certificates", 1, "limit", 0), [-1, 0, 2.0]),
        (("certificates", 1, "limit", 0), [-1, False, 2]),
        (("certificates", 1, "centre", 0), ["0x1p0"]),
        (("certificates", 1, "radius"), "0x1p3"),
        (("certificates", 1, "radius"), "0x1p-60"),
        (("certificates", 1, "radius"), "-0x1p-4"),
        (("certificates", 1, "proved", "negative", "x[all]"), 1),
        (("certificates", 1, "problem", "sets", "all"), "d - 1"),
        (("certificates", 1, "problem", "teacher", 0, 2), "2"),
        (("certificates", 1, "problem", "kernel"), {"name": "abs", "parameters": {}}),
        (("certificates", 1, "claims"), 1),
    ],
    ids=str,
)
def test_a_lie_about_infinity_is_rejected(theorem, path, value):
    with pytest.raises((NotCertifiedError, ValueError)):
        check(lie(theorem, path, value))


def test_certificates_that_do_not_meet_are_not_joined(theorem):
    of_branch, of_limit = theorem["certificates"]
    short = bifurc.certify("A", d=(50.0, 49.0))  # ends before the other begins
    with pytest.raises(NotCertifiedError, match="does not end"):
        prove_theorem(short, of_limit)
    other = record.load(THEOREMS / "II.json")["certificates"][0]
    with pytest.raises(NotCertifiedError, match="different problems"):
        prove_theorem(other, of_limit)
    one = record.load(THEOREMS / "I.json")["certificates"]
    two = record.load(THEOREMS / "II.json")["certificates"]
    for of_one, of_other in ((one[0], two[1]), (two[0], one[1])):  # one space, two branches
        with pytest.raises(NotCertifiedError, match="does not end"):
            prove_theorem(of_one, of_other)
    with pytest.raises((NotCertifiedError, ValueError)):
        check(record.sign({**theorem, "certificates": [of_limit, of_branch]}))
    with pytest.raises((NotCertifiedError, ValueError)):
        check(record.sign({**theorem, "certificates": [of_branch]}))


@pytest.mark.parametrize("name", BEYOND)
def test_the_box_holds_the_members_found_in_doubles(name):
    limit = record.load(THEOREMS / f"{name}.json")["certificates"][1]
    with precision(limit["precision"]):
        for d in (5e3, 2e4, 1e5):
            _, point = bifurc.member(name, "d", d)
            assert holds(limit, [flint.arb(float(v)) for v in point.x], flint.arb(d))
            moved = [flint.arb(float(v)) for v in point.x]
            moved[0] += 1
            assert not holds(limit, moved, flint.arb(d))
        assert not holds(limit, [flint.arb(float(v)) for v in point.x], flint.arb(100))


@pytest.mark.parametrize("name", BEYOND)
def test_gradient_and_forms_are_those_of_the_blocks_in_doubles(name):
    """At d = 4096, off the critical point, where the gradient is not zero."""
    limit = record.load(THEOREMS / f"{name}.json")["certificates"][1]
    with precision(limit["precision"]):
        family, centre, _ = parts_of(limit)
        family = AtInfinity(family.problem, 2.0**-6, family.limit)
        problem, e = family.problem, 2.0**-6
        X = [float(c.at(flint.arb(0.5)).mid()) + 0.1 for c in centre]
        unknowns = [Germ.of(flint.arb(v)) for v in X]
        x = np.array([float(v.at(flint.arb(1)).mid()) for v in family.state(unknowns)])
        scale = np.array([e**k for k in family.powers])
        expected = problem.gradient(x, 4096.0) * problem.weights(4096.0) * scale / e
        found = [float(v.at(flint.arb(1)).mid()) for v in family.residual(unknowns)]
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
        slopes = problem.jacobian(x, 4096.0)[1][:, :-1] * problem.weights(4096.0)[:, None]
        values = [
            [float(v.at(flint.arb(1)).mid()) for v in row] for row in family.hessian(unknowns)
        ]
        np.testing.assert_allclose(values, slopes * np.outer(scale, scale), rtol=1e-6, atol=1e-9)
        for component, block in problem.blocks(x, 4096.0).items():
            if component.irrep in ("x", "y") and component.exists(problem.parameters(4096.0)):
                form = family.block(component, unknowns)
                length = 8.0  # of the test matrix, squared
                value = float(form[0, 0].at(flint.arb(1)).mid()) / length
                assert value == pytest.approx(block.eigen().values[0], rel=1e-6)


def test_the_limit_of_an_eigenvalue_is_that_of_its_expansion():
    """x at e = 0: 1/4 - 1/(2π), for every family."""
    for name in BEYOND:
        limit = record.load(THEOREMS / f"{name}.json")["certificates"][1]
        with precision(limit["precision"]):
            family, centre, _ = parts_of(limit)
            (x,) = [c for c in family.problem.components if c.label in ("x[all]", "x[bulk]")]
            value = family.block(x, centre)[0, 0].at(flint.arb(0)) / 8
            assert abs(value - (flint.arb(1) / 4 - 1 / (2 * flint.arb.pi()))) < 1e-30


QUARTER = ["2.4999998e-01", "2.5000002e-01"]


@pytest.mark.parametrize("name", [*BEYOND, "global"])
def test_limits_of_eigenvalues_are_where_they_are_at_a_large_size(name):
    """1/4 and 1/4 ± 1/(2π), and lam/4, lam/(2π), as often as at d = 10^8 in doubles."""
    data = record.load(THEOREMS / f"{name}.json")
    proved = (data if name == "global" else data["certificates"][1])["proved"]
    problem, point = bifurc.member(name, "d", 1e8)
    blocks = {c.label: b.eigen().values for c, b in problem.blocks(point.x, 1e8).items()}
    exact = [0.25 - 0.5 / np.pi, 0.25, 0.25 + 0.5 / np.pi]
    for label in {*proved["limits"], *proved["growth"]}:
        values = np.sort(blocks[label].real)
        stay = [[float(v) for v in pair] for pair in proved["limits"].get(label, [])]
        grow = [[float(v) for v in pair] for pair in proved["growth"].get(label, [])]
        assert len(values) == len(stay) + len(grow)
        for (low, high), value in zip(stay, values, strict=False):
            assert low - 1e-3 < value < high + 1e-3
            assert any(low < limit < high for limit in exact)
        for (low, high), value in zip(grow, values[len(stay) :], strict=True):
            assert low - 1e-3 < value / 1e8 < high + 1e-3
            assert any(low < limit < high for limit in (0.25, 0.5 / np.pi))


def test_a_wrong_limit_is_rejected(theorem):
    limit = theorem["certificates"][1]
    (one,) = limit["proved"]["limits"]["x[all]"]
    for value in ([QUARTER], [], [one, one], "x", [["0", "1"]]):
        with pytest.raises((NotCertifiedError, ValueError)):
            check(lie(limit, ("proved", "limits", "x[all]"), value))
    with pytest.raises((NotCertifiedError, ValueError)):
        check(lie(limit, ("proved", "growth"), {}))


@pytest.mark.parametrize(
    ("one", "two", "near", "found"),
    [
        (np.diag([1.0, 3.0]), np.eye(2), [1.0, 3.0], [1.0, 3.0]),
        (np.diag([1.0, 1.0]), np.eye(2), [1.0, 1.0 + 1e-8], [1.0, 1.0]),
        (np.diag([1.0, 3.0]), np.diag([1.0, 0.0]), [1.0], [1.0]),
        (np.diag([1.0, 3.0]), np.eye(2), [2.0], None),
        (np.diag([1.0, 1.0]), np.eye(2), [1.0], None),
    ],
)
def test_zeros_of_a_pencil_are_counted_on_both_sides(one, two, near, found):
    with precision(80):
        one, two = (np.vectorize(flint.arb, otypes=[object])(m) for m in (one, two))
        if found is None:
            with pytest.raises(NotCertifiedError):
                _enclosed_roots(one, two, np.array(near))
            return
        proved = _enclosed_roots(one, two, np.array(near))
        assert [value.contains(flint.arb(v)) for value, v in zip(proved, found, strict=True)]
        assert all(value.rad() < 1e-7 for value in proved)


# -- the teacher -----------------------------------------------------------------------------


def test_the_teacher_is_a_minimum_at_every_real_d_beyond_2():
    data = bifurc.check(THEOREMS / "global.json")
    assert data["proved"]["beyond"] == "2" and data["proved"]["is_minimum"]
    assert "W = V is a minimum at every real lam > 2" in lines(data)[0]
    for path, value in (
        (("beyond",), "3/2"),
        (("beyond",), "2.0"),
        (("coordinates", 1), "1"),
        (("coordinates", 1), "-0"),
        (("coordinates",), ["0", "1"]),
        (("proved", "beyond"), "1"),
        (("proved", "limits", "x[all]"), [QUARTER]),
        (("problem", "teacher", 0, 2), "d"),
        (("problem", "teacher", 0, 3), "1"),
        (("problem", "sets", "all"), "d - 1"),
        (("problem", "kernel", "name"), "abs"),
        (("problem", "student_weights"), {"all": 2}),
        (("claims",), 1),
    ):
        with pytest.raises((NotCertifiedError, ValueError)):
            check(lie(data, path, value))


def test_the_teacher_with_its_sign_changed_is_not_the_teacher():
    data = record.load(THEOREMS / "global.json")
    with pytest.raises(NotCertifiedError, match="not the teacher"):
        check(lie(data, ("coordinates",), ["-1", "0"]))


def test_a_set_that_has_no_points_at_large_sizes_is_refused():
    data = record.load(THEOREMS / "global.json")
    more = Polynomial.parse("9 - d").text()  # no block has it, so that no minor sees it
    data["problem"]["sets"]["other"] = more
    with pytest.raises(NotCertifiedError, match="too small"):
        check(record.sign(data))


@pytest.mark.parametrize("d", [2.25, 3.0, 7.5])
def test_exact_forms_are_those_of_the_blocks_in_doubles(d):
    """Eigenvalues of a form in its inner products, against the blocks of the reduced problem."""
    problem = bifurc.problem("global")
    family = AtTeacher(problem, 0.0, ((1,), (0,)))
    for component, block in problem.blocks(np.array([1.0, 0.0]), d).items():
        form, gram = (
            np.array([[value_at(v, d) for v in row] for row in m])
            for m in family.pencil(component, [])
        )
        expected = np.sort(block.eigen().values.real)
        if np.linalg.matrix_rank(gram) == len(gram):
            found = np.sort(np.linalg.eigvals(np.linalg.solve(gram, form)).real)
            np.testing.assert_allclose(found, expected, rtol=1e-9)


def value_at(value, d):
    return float(sum(v * d**i * np.pi**j for (i, j), v in value.terms.items()))


def test_exact_numbers_are_exact():
    n, pi = Exact({(1, 0): Fraction(1)}), Exact.of(1).pi
    f = (2 * n - 3) * (n + 0.5) / (4 * pi) - 1 / pi
    assert f.terms == {(2, -1): Fraction(1, 2), (1, -1): Fraction(-1, 2), (0, -1): Fraction(-11, 8)}
    assert (f - f).is_zero and (n * 0).is_zero and (1 - Exact.of(1)).is_zero
    assert Exact.of(Fraction(9, 4)).sqrt().terms == {(0, 0): Fraction(3, 2)}
    assert Exact.of(-2).sign() == -1 and Exact.of(0).sign() == 0
    for wrong in (
        lambda: 1 / n, n.sqrt, Exact.of(2).sqrt, Exact.of(-4).sqrt, Exact.of(1).arcsin, n.sign,
        lambda: 1 / (n + 1), pi.sign,
    ):  # fmt: skip
        with pytest.raises(NotCertifiedError):
            wrong()


def test_a_polynomial_is_positive_beyond_where_its_shifted_coefficients_are():
    n = Exact({(1, 0): Fraction(1)})
    with precision(80):
        assert (n - 2).positive_beyond(Fraction(2)) and not (n - 2).positive_beyond(Fraction(1))
        assert (n * n - 4).positive_beyond(Fraction(2))
        assert not Exact.of(0).positive_beyond(Fraction(2))
        assert not ((n - 3) * (n - 3)).positive_beyond(Fraction(2))  # 0 at 3
        assert (n.pi - 3).positive_beyond(Fraction(2)) and not (3 - n.pi).positive_beyond(0)


def test_a_row_that_may_turn_away_from_the_teachers_is_not_taken_for_parallel():
    """Beyond a right angle the angle is not the arcsine of its sine."""
    structure = bifurc.problem("A").structure
    with precision(100):
        for diagonal, right in ((0.5, True), (-0.5, False), (0.0, False)):
            entries = {"all": (Germ.of(diagonal), Germ.of(0.25))}
            teacher = {"all": (Germ.of(1), Germ.of(0))}
            rows = [Row("all", 1, entries)], [Row("all", -1, teacher)]
            sums = Sums(structure, {"all": Germ.of(9)}, *rows, [(0, 1)])
            if right:
                sums.gradient()
                continue
            with pytest.raises(NotCertifiedError, match="right angles"):
                sums.gradient()


def test_kernels_and_weights_that_are_not_covered_prove_nothing():
    family = bifurc.Family.build(
        "signs", sets={"bulk": "d - 1", "last": 1}, start={"bulk": -1, "last": 1},
        student_weights={"last": -1}, teacher_weights={"last": -1}, parameters={"d": 20},
    )  # fmt: skip
    problem = bifurc.problem(family)
    with pytest.raises(NotCertifiedError):
        certify_limit(problem, lambda d: bifurc.member(family, "d", d)[1].x)


def test_the_command(tmp_path, capsys):
    path = str(tmp_path / "theorem.json")
    assert main(["certify", "A", "--infinity", "--to", "200", "-o", path]) == 0
    assert main(["check", path]) == 0
    beyond = capsys.readouterr().out.rpartition("at every real lam > ")[2].partition(",")[0]
    assert 199.9 < float(beyond) <= 200


# -- germs -------------------------------------------------------------------------------


def negative_of(form):
    return negative(np.vectorize(Germ.range, otypes=[object])(form))


def rational(germ, share):
    value = germ.at(flint.arb(float(share)))
    return value


def test_powers_cancel_only_where_coefficients_are_exactly_zero():
    with precision(100):
        e, vague = Germ.e(), Germ.of(flint.arb(1, 1e-9))
        n = 1 / (e * e)
        row = (1 + e * e * Germ.of(0.5)) ** 0.5
        assert ((row - 1) * n).power == 0 and (row - 1).power == 2
        assert (row - vague).power == 0
        with pytest.raises(NotCertifiedError, match="finite"):
            ((row - vague) * n).range()


@pytest.mark.parametrize("share", [0.0625, 0.5, 1.0])
def test_germs_hold_what_they_stand_for(share):
    with precision(100):
        e, t = Germ.e(), flint.arb(share)
        f = 1 / (e * e) + 0.25 - e * e * Germ.of(flint.arb(0.125, 0.01))
        for s in (-1, 0, 1):
            g = 1 / t**2 + 0.25 - t**2 * (flint.arb(0.125) + s * flint.arb(0.01))
            for germ, value in (
                (f, g), (1 / f, 1 / g), (f**0.5, g.sqrt()), (f**-0.5, g.rsqrt()),
                (f * f / 3, g * g / 3), (2 - f, 2 - g), (e / f, t / g),
                ((e / 2 * f**-0.5).arcsin(), (t / 2 * g.rsqrt()).asin()),
                (f.pi * e, flint.arb.pi() * t),
            ):  # fmt: skip
                assert germ.at(t).overlaps(value)
                if germ.power >= 0:
                    assert germ.range().contains(value.mid())


def test_an_arcsine_keeps_its_power_and_its_remainder():
    with precision(100):
        found = (Germ.of(0.9) * Germ.e(3)).arcsin()
        assert found.power == 3
        assert found.at(flint.arb(1)).overlaps(flint.arb(0.9).asin())
        vague = (Germ.of(flint.arb(0.5, 0.1)) * Germ.e(1)).arcsin()
        for value in (0.4, 0.6):
            assert vague.at(flint.arb(1)).contains(flint.arb(value).asin().mid())
        with pytest.raises(NotCertifiedError):
            (Germ.of(1.1) * Germ.e(1)).arcsin()
        with pytest.raises(NotCertifiedError, match="may be 1"):
            (Germ.of(flint.arb(0.9, 0.2)) * Germ.e(1)).arcsin()
        with pytest.raises(NotCertifiedError):
            Germ.e(1).sqrt()


def test_the_sign_of_a_germ_is_that_at_every_small_e():
    with precision(100):
        e = Germ.e()
        assert (1 / e - 0.5).sign() == 1 and (Germ.of(0) - e).sign() == -1 and (e - e).sign() == 0
        with pytest.raises(NotCertifiedError):
            (0.5 - e).sign()


@pytest.mark.parametrize(
    ("entries", "count"),
    [
        ([[1, 0.5], [0.5, 1]], 0),
        ([[1, 2], [2, 1]], 1),
        ([[-1, 0], [0, -2]], 2),
        ([[1, 1], [1, 1]], None),
    ],
)
def test_negative_eigenvalues_of_a_form_are_counted_where_all_signs_are_proved(entries, count):
    with precision(100):
        form = np.array([[Germ.of(float(v)) for v in row] for row in entries], dtype=object)
        if count is None:
            with pytest.raises(NotCertifiedError):
                negative_of(form)
            return
        assert negative_of(form) == count
        vague = form + np.array([[Germ.of(flint.arb(0, 3))] * 2] * 2, dtype=object)
        with pytest.raises(NotCertifiedError):
            negative_of(vague)


def test_a_sign_that_changes_before_infinity_is_not_proved():
    with precision(100):
        with pytest.raises(NotCertifiedError):
            negative_of(np.array([[Germ.of(0.5) - Germ.e()]], dtype=object))
        assert negative_of(np.array([[Germ.of(0.5) - Germ.e() / 4]], dtype=object)) == 0


def test_from_where_the_proof_at_infinity_holds_no_branch_is_walked(monkeypatch):
    monkeypatch.setattr("bifurc.proof.branch.certify_branch", None)
    data = bifurc.certify_to_infinity("A", 1e300)
    assert data == bifurc.certify_to_infinity("A") and data["kind"] == "limit"


def test_fractions_of_the_line_are_exact():
    problem = bifurc.problem("A")
    with precision(100):
        family = AtInfinity(problem, 0.25, ((-1, 0, 2), (0, 0, 2, 0)))
        size = family.polynomial(problem.structure.sets[0].size)
        assert size.power == -2 and size.at(flint.arb(1)) == 16
        assert Fraction(1, 3) and rational(size, 0.5) == 64


# -- all points with full symmetry ---------------------------------------------------------


def test_fix_s_d_has_four_critical_points_at_every_real_d():
    data = bifurc.check(THEOREMS / "fixed_by_S_d.json")
    assert record.load(THEOREMS / "fixed_by_S_d.json") == certify_complete()
    assert data["proved"] == {"from": "2.2346", "points": 4}
    for path, value in (
        ("largest", "19/20"),
        ("proved", {"from": "2.2345", "points": 4}),
        ("proved", {"from": "2.2346", "points": 3}),
        ("problem", record.problem_to_data(bifurc.problem("II"))),
        ("claims", 1),
    ):
        with pytest.raises((NotCertifiedError, ValueError)):
            check(record.sign({**data, path: value}))


@pytest.mark.parametrize("d", [2.5, 4.0, 17.0, 1e4])
def test_the_zeros_are_the_critical_points_of_the_reduced_loss(d):
    """At W = V, at type A, and where all rows are equal."""
    e = (d - 1) ** -0.5
    states = [(1.0, 0.0), tuple(bifurc.member("A", "d", d)[1].x)]
    problem = bifurc.problem("A")
    with precision(64):
        for diagonal, off in states:
            along, across = (
                (diagonal + (d - 1) * off) / np.sqrt(d),
                (diagonal - off) / np.sqrt(1 + e * e),
            )
            phi = np.arctan2(across, along)
            value, slope = value_and_slope(flint.arb(float(phi)), flint.arb(float(e)))
            assert abs(float(value.mid())) < 1e-10 * abs(float(slope.mid()))
        for phi in (0.7, 2.0, -1.0):  # the sign of E is that of -L' along the circle, r chosen best

            def best(angle):
                s, c = np.sin(angle) / np.sqrt(1 + e * e), np.cos(angle) / np.sqrt(d)
                x = np.array([c + s, c - s * e * e])
                r = np.linspace(0.01, 2, 2001)
                values = [problem.loss(x * v, d) for v in r]
                i = int(np.argmin(values))
                fit = np.polyfit(r[i - 1 : i + 2], values[i - 1 : i + 2], 2)
                return np.polyval(fit, -fit[1] / (2 * fit[0]))

            value, _ = value_and_slope(flint.arb(phi), flint.arb(float(e)))
            assert np.sign(best(phi + 1e-3) - best(phi - 1e-3)) == np.sign(float(value.mid()))


def test_the_slope_is_the_derivative_of_the_value_also_over_cells():
    with precision(64):
        for phi in np.linspace(-3, 3, 13):
            for e in (0.0, 0.1, 0.5, 0.9):
                step = flint.arb(2) ** -20
                ahead, behind = (
                    value_and_slope(flint.arb(float(phi)) + s * step, flint.arb(e))[0]
                    for s in (1, -1)
                )
                slope = value_and_slope(flint.arb(float(phi)), flint.arb(e))[1]
                assert abs((ahead - behind) / (2 * step) - slope) < 1e-3
                wide = value_and_slope(flint.arb(float(phi), 0.05), flint.arb(e, 0.01))
                for s in (-0.05, 0.0, 0.05):
                    inside = value_and_slope(flint.arb(float(phi) + s), flint.arb(e + s / 5))
                    assert all(w.overlaps(v) for w, v in zip(wide, inside, strict=True))


def test_an_angle_is_that_of_every_cosine_of_a_ball():
    with precision(64):
        for low, high in ((-1.0, -0.9), (0.9, 1.0), (-1.1, 1.1), (0.2, 0.4)):
            found = angle_of(flint.arb(low).union(flint.arb(high)))
            for value in (max(low, -1.0), min(high, 1.0)):
                assert found.overlaps(flint.arb(value).acos())
        assert angle_of(flint.arb(1, 1e-3)).contains(flint.arb(0))
        with pytest.raises(NotCertifiedError):
            count(flint.arb(0.5, 0.5))
        assert count(flint.arb(0, 0.01)) == 4
