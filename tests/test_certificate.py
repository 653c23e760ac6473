"""Certificates: proved again from their files, agreed with by doubles, rejected when changed."""

import copy
import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bifurc
from bifurc.case import load_case
from bifurc.cli.main import main
from bifurc.events.records import morse_index
from bifurc.loss.kernels import Erf, LeakyReLU, Quadratic, ReLU
from bifurc.loss.layout import Layout
from bifurc.loss.problem import NetworkProblem
from bifurc.loss.series import Series
from bifurc.proof import record
from bifurc.proof.certificate import certify_event, check
from bifurc.proof.claims import quotient
from bifurc.proof.dual import Dual
from bifurc.proof.event import prove
from bifurc.proof.interval import (
    Ball,
    NotCertifiedError,
    balls,
    enclosing,
    flint,
    precision,
)
from bifurc.proof.learnt import unpinned
from bifurc.proof.place import Place, enclosed
from bifurc.proof.rounded import Enclosure, arbs_of, enclosure
from bifurc.proof.signs import Diagonal
from bifurc.proof.system import box
from bifurc.run import family_of
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.split import split
from bifurc.structure.structure import Structure

pytestmark = pytest.mark.xdist_group("certificates")

FOLDER = Path(__file__).parent.parent / "cases" / "certificates"
CASES = sorted(FOLDER.glob("*.json"))
BY_NAME = {"type_a", "type_i", "type_ii", "type_m"}  # cases about the built-in families as they are
WINDOW = (40.0, 3.1)


def case_branches():
    """The branch of each case about a family of its own, or one at other parameters."""
    found = {}
    for path in sorted((FOLDER.parent).glob("*.toml")):
        case = load_case(path)
        if case.family is not None and path.stem not in BY_NAME:
            window = {name: tuple(ends) for name, ends in case.window.items()}
            found[path.stem] = bifurc.trace(family_of(case), **window)
    return found


def has_formulas(branch):
    """Whether it has formulas in interval arithmetic: output weights that move have none."""
    structure = branch.problem.structure
    return not (structure.trained or structure.confined or structure.weights_run)


def provable(branch):
    """The events a certificate can be about: those where eigenvalues of one block vanish."""
    return [event for event in branch.events if has_formulas(branch) and len(event.zeros) == 1]


@pytest.fixture(scope="module")
def branches():
    built_in = {name: bifurc.trace(name, d=WINDOW) for name in ("global", "A", "I", "II", "M")}
    return built_in | case_branches()


@pytest.fixture(scope="module")
def type_ii(branches):
    return certify_event(branches["II"].problem, branches["II"].events[0], digits=20)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_certificate_is_proved_again_from_its_file(path):
    assert bifurc.check(path)["kind"] in ("event", "pair")


def test_every_event_of_the_built_in_families_and_of_the_cases_has_a_certificate(branches):
    events = {
        f"{name}-{event.component.irrep}-{event.lam:.4f}"
        for name, branch in branches.items()
        for event in provable(branch)
    }
    assert events == {path.stem for path in CASES}
    assert len([name for name in events if name.startswith("M-")]) == 11


def test_every_event_is_proved_on_the_spot_and_encloses_what_is_printed(branches):
    for name, branch in branches.items():
        for event in provable(branch):
            assert event.proof, f"{name}: {event}: {event.proof}"
            low, high = map(float, event.proof.enclosure)
            assert low <= event.lam <= high and high - low < 1e-7 * event.lam
            certificate = record.load(
                FOLDER / f"{name}-{event.component.irrep}-{event.lam:.4f}.json"
            )
            assert low <= float(certificate["proved"]["value"]) <= high


def test_what_cannot_be_proved_is_not_said_to_be(branches):
    """Output weights and spheres; an event where two blocks vanish, as where t meets s."""
    others = {
        name: [event for event in branch.events if event not in provable(branch)]
        for name, branch in branches.items()
    }
    assert all(others[name] for name in ("copy_average", "sphere_a", "pass_ii"))
    for name, events in others.items():
        why = "vanish at once" if has_formulas(branches[name]) else "no formulas in interval"
        for event in events:
            assert not event.proof and why in event.proof.reason
            with pytest.raises(NotCertifiedError, match=why):
                certify_event(branches[name].problem, event)


def test_an_event_that_is_none_is_not_proved(branches):
    """A wrong place, a wrong kernel's sign of the index, another problem: nothing is claimed."""
    branch = branches["II"]
    event = branch.events[0]
    elsewhere = replace(event, X=event.X + np.append(np.zeros(len(event.X) - 1), 1e-3))
    assert not prove(branch.problem, elsewhere)
    wrong = replace(event, below=event.above)
    assert "index" in prove(branch.problem, wrong).reason
    other = branch.problem.on(branch.problem.structure)
    other.kernel = LeakyReLU(0.1)
    assert not prove(other, event)


def test_a_fold_is_proved_whichever_way_it_was_passed(branches):
    fold = next(event for event in branches["M"].events if event.label == "LP")
    other_way = replace(fold, tangent=-fold.tangent, below=fold.above, above=fold.below)
    assert prove(branches["M"].problem, fold)
    assert prove(branches["M"].problem, other_way)


def test_a_kernel_that_intervals_do_not_go_through_proves_nothing(branches):
    class Clipped(ReLU):
        def gradient(self, p, q, c):
            return super().gradient(p, q, np.clip(c, -1e9, 1e9))

    problem = branches["II"].problem.on(branches["II"].problem.structure)
    problem.kernel = Clipped()
    proof = prove(problem, branches["II"].events[0])
    assert not proof and "not made for interval arithmetic" in proof.reason


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_wide_box_contains_the_event_found_in_doubles(branches, path):
    data = record.load(path)
    name, irrep, _ = path.stem.rsplit("-", 2)
    lam = float(data["proved"]["value"])
    events = [event for event in branches[name].events if event.component.irrep == irrep]
    event = min(events, key=lambda event: abs(event.lam - lam))
    pinned, X = unpinned(branches[name].problem, event.X)
    values = [*X]
    if data["kind"] == "event":
        # the record's own kernel is that of the iterate before the last one
        problem = branches[name].problem
        block = problem.blocks(event.X[:-1], event.lam, [event.component])[event.component]
        eigen = block.eigen()
        kernel = eigen.right[:, np.argmin(np.abs(eigen.values))]
        kept = [int(t[7:-1]) for t in data["unknowns"] if t.startswith("kernel")]
        pivot = max(set(range(len(kernel))) - set(kept), key=lambda i: abs(kernel[i]))
        values += [*(kernel[kept] / kernel[pivot])]
    slack = 1e-12 if pinned is not branches[name].problem else 0.0
    with precision(data["precision"]):
        centre, radius = (map(record.from_text, data["wide"][k]) for k in ("centre", "radius"))
        whole = box(centre, radius)
        assert data["kind"] == "pair" or len(whole) == len(values)
        for ball, value in zip(whole, values, strict=False):
            assert (ball + flint.arb(0, slack)).contains(flint.arb(float(value)))
    low, high = map(float, data["proved"].get("speed", (event.speed, event.speed)))
    assert low <= event.speed <= high
    above = Polynomial.parse(data["proved"]["index"]["above"])(**event.parameters)
    assert above == pytest.approx(event.index("above")(**event.parameters))
    assert float(data["proved"]["loss"]) == pytest.approx(event.loss, rel=1e-12)


def test_fifty_digits_of_the_critical_dimension_of_type_ii_agree_between_two_precisions(branches):
    problem, event = branches["II"].problem, branches["II"].events[0]
    fifty, ninety = (certify_event(problem, event, digits) for digits in (50, 90))
    assert fifty["precision"] < ninety["precision"]
    with precision(400):
        gap = flint.arb(fifty["proved"]["value"]) - flint.arb(ninety["proved"]["value"])
        assert abs(gap) < flint.arb(10) ** -49


@pytest.mark.parametrize("name", ["A", "I", "II", "M"])
def test_the_evaluator_gives_the_same_in_interval_arithmetic(branches, name):
    branch = branches[name]
    problem, point = branch.problem, branch.points[len(branch.points) // 2]
    x, lam = point.x, point.lam
    u = np.random.default_rng(5).normal(size=problem.n + 1)
    with precision(128):
        ball = enclosing(problem)
        X, lam_ball = balls(x), Ball(lam)
        np.testing.assert_allclose(
            float(ball.loss(X, lam_ball).item()), problem.loss(x, lam), 1e-12
        )
        slopes = ball.jacobian(X, lam_ball, checked=False)[1].astype(float)
        np.testing.assert_allclose(slopes, problem.jacobian(x, lam)[1], atol=1e-13)
        change = ball.blocks_along(X, lam_ball, balls(u))
        for component, expected in problem.blocks_along(x, lam, u).items():
            got = change[component].astype(float)
            np.testing.assert_allclose(got, expected, atol=1e-11)


def test_an_enclosure_over_a_box_contains_the_values_at_points_in_it():
    problem, point = bifurc.member("II", "d", 8.0)
    radius = 1e-3
    rng = np.random.default_rng(3)
    with precision(64):
        ball = enclosing(problem)
        whole = [flint.arb(float(v), radius) for v in (*point.x, 8.0)]
        inner = ball.gradient(balls(whole[:-1]), Ball(whole[-1]))
    for _ in range(50):
        X = np.append(point.x, 8.0) + rng.uniform(-radius, radius, problem.n + 1)
        for g, held in zip(problem.gradient(X[:-1], X[-1]), inner, strict=True):
            assert (held.arb + flint.arb(0, 1e-14)).contains(float(g))


@pytest.mark.parametrize("name", ["A", "II", "M"])
def test_bases_and_what_reads_them_off_are_exact(name):
    """Interval arithmetic takes them as they are, so not even the last bit may be rounded."""
    problem = bifurc.problem(name)
    pairs = [(problem.layout.basis, problem.layout.outward), *problem.bases.values()]
    for basis, keep in pairs:
        flat = np.vectorize(Fraction, otypes=[object])(basis.reshape(len(basis), -1))
        product = flat @ np.vectorize(Fraction, otypes=[object])(keep)
        assert (product == np.eye(len(basis), dtype=int)).all()


def test_directions_that_break_ties_are_exact_and_orthogonal():
    """Entries of three orbits of Z_3 and two borders: two directions of each break the ties."""
    ring = {"all/1": "all/2", "all/2": "all/3", "all/3": "all/1"}
    parts = split(bifurc.problem("A").structure, {"all": [1, 1, 1]}, [ring])
    layout = Layout(parts.structure)
    ties, entries = layout.breaking, layout.entries
    rational = np.vectorize(Fraction, otypes=[object])
    product = rational(ties.basis.reshape(len(ties.basis), -1)) @ rational(ties.keep)
    assert (product == np.diag(ties.lengths.astype(int))).all()
    assert sorted(ties.lengths) == [2.0] * 5 + [6.0] * 5
    whole = rational(layout.basis.reshape(len(layout.basis), -1)) @ rational(ties.keep)
    assert not whole.any() and len(ties.basis) + len(layout.basis) == len(entries)


def test_events_of_structures_with_ties_are_proved():
    """A branch born at type A with a finite group that permutes three blocks."""
    graph = bifurc.explore("A", d=(8.0, 5.0), depth=1)
    tied = [branch for branch in graph.branches.values() if branch.problem.structure.ties]
    events = [(branch.problem, event) for branch in tied for event in branch.events]
    plain = [(p, e) for p, e in events if e.kind in ("fold", "transcritical", "pitchfork")]
    assert plain
    for problem, event in plain:
        data = certify_event(problem, event)
        assert float(data["proved"]["value"]) == pytest.approx(event.lam, rel=1e-11)
        check(data)


def test_blocks_of_structures_with_ties_are_those_of_doubles():
    structure = Structure.build({"a": "n", "b": "n"}, ["a", "b"], ["a", "b"])
    problem = NetworkProblem(replace(structure, ties=({"a": "b", "b": "a"},)), ReLU(), {"n": "lam"})
    x = np.random.default_rng(1).normal(size=problem.n)
    with precision(64):
        place = Place(enclosed(problem), [flint.arb(v) for v in x.tolist()], flint.arb(4))
        for component, block in problem.blocks(x, 4.0).items():
            exact = place.block(component).tolist()
            own = np.linalg.eigvals(np.array([[float(v.mid()) for v in row] for row in exact]))
            np.testing.assert_allclose(np.sort(own.real), block.eigen().values, atol=1e-10)


def test_series_of_balls_differentiate():
    with precision(64):
        zero, one = Ball(0), Ball(1)
        series = np.arccos(Series(np.array([[zero], [one], [zero], [zero]], dtype=object)))
        # arccos e = pi/2 - e - e³/6
        np.testing.assert_allclose(
            series.coefficients[:, 0].astype(float), [np.pi / 2, -1, 0, -1 / 6]
        )


@pytest.mark.parametrize("d", [6, 7, 20])
def test_type_ii_is_a_minimum_at_integers_from_six_on(d):
    data = bifurc.certify("II", d=d)
    assert data["proved"]["is_minimum"]
    check(data)


def test_type_ii_is_a_saddle_at_five():
    assert bifurc.certify("II", d=5)["proved"]["index"] == "d - 2"


def test_a_range_of_integers_is_one_certificate():
    data = bifurc.certify("A", d=range(6, 10))
    assert [one["proved"]["is_minimum"] for one in data["certificates"]] == [True] * 4
    check(data)
    changed = copy.deepcopy(data)
    changed["certificates"][2]["proved"]["is_minimum"] = False
    with pytest.raises(NotCertifiedError):
        check(changed)


def test_an_event_at_which_the_slope_of_the_kernel_runs_is_proved():
    """Derivatives in the kernel's parameter, of the gradient and of a block, are enclosed too."""
    family = family_of(load_case(FOLDER.parent / "leaky_ii.toml")).with_parameters(d=5.7)
    branch = bifurc.trace(family, a=(0.0, 0.3))
    (event,) = branch.events
    data = certify_event(branch.problem, event)
    assert float(data["proved"]["value"]) == pytest.approx(event.lam, rel=1e-11)
    low, high = map(float, data["proved"]["speed"])
    assert low <= event.speed <= high < 0
    check(data)
    lie = put(data, ("problem", "kernel_parameters", "slope"), "a + 0.001")
    with pytest.raises((NotCertifiedError, ValueError)):
        check(record.sign(lie))


@pytest.mark.parametrize(
    "kernel", [ReLU(), LeakyReLU(0.3), Erf(), Quadratic()], ids=lambda kernel: type(kernel).__name__
)
@pytest.mark.parametrize("name", ["II", "M"])
def test_boxes_hold_the_blocks_and_their_changes_for_every_kernel(kernel, name):
    own = bifurc.problem(name)
    problem = NetworkProblem(own.structure, kernel, own.line)
    x = np.random.default_rng(7).normal(size=problem.n)
    with precision(64), np.errstate(all="ignore"):
        place = Place(enclosed(problem), [flint.arb(v, 1e-9) for v in x.tolist()], flint.arb(6.5))
        for component, block in problem.blocks(x, 6.5).items():
            found = np.array(place.block(component).tolist(), dtype=object)
            for ball, value in zip(found.flat, block.matrix.flat, strict=True):
                assert (ball + flint.arb(0, 1e-13)).contains(float(value))
                assert ball.rad() < 1e4 * 1e-9  # not much wider than the box
        for component in problem.components:
            turns = place.turns(component)
            for i, u in enumerate(np.eye(problem.n + 1)):
                change = problem.blocks_along(x, 6.5, u, [component])[component]
                assert (np.abs(change - turns.mid[i]) <= turns.rad[i] + 1e-11).all()


@pytest.mark.parametrize("d", [6, Fraction(5, 2)])
def test_the_global_minimum_is_proved_at_its_exact_point(d):
    """Smallest eigenvalue: that of x, 1/4 - 1/(2 pi), at every d."""
    data = bifurc.certify("global", d=d)
    assert data["kind"] == "learnt" and data["proved"]["is_minimum"]
    assert float(data["proved"]["gap"]) == pytest.approx(1 / 4 - 1 / (2 * np.pi), rel=1e-6)
    check(data)
    for changed in (
        put(data, ("coordinates", 1), "0x1p-40"),
        put(data, ("proved", "gap"), "9.0845060e-02"),
        put(data, ("problem", "teacher", 0, 2), "2"),
        put(data, ("proved", "is_minimum"), False),
    ):
        with pytest.raises((NotCertifiedError, ValueError)):
            check(record.sign(changed))


@pytest.mark.parametrize(
    "case, first, neutral",
    [("wide_ii_1", 7, None), ("wide_ii_e", None, "s[extra]"), ("wide_a_2", None, "s[extra+more]")],
)
def test_families_with_more_neurons_than_inputs_are_proved_for_a_range(case, first, neutral):
    """Off the directions in which equal neurons exchange norm, as the spectrum in doubles says."""
    family = family_of(load_case(FOLDER.parent / f"{case}.toml"))
    data = bifurc.certify(family, d=range(6, 9))
    check(data)
    for one in data["certificates"]:
        d, proved = int(one["lam"]), one["proved"]
        problem, point = bifurc.member(family, "d", float(d))
        negative = {c: int(b.eigen().negatives) for c, b in problem.blocks(point.x, d).items()}
        index = morse_index(negative, problem.parameters(d))
        assert Polynomial.parse(proved["index"])(d=d, e=2) == index(**problem.parameters(d))
        assert proved["is_minimum"] == (first is not None and d >= first)
        assert proved.get("neutral") == (neutral and {neutral: 1})


# -- arithmetic ---------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_rounded_arithmetic_encloses_what_arb_finds(seed):
    """Every operation, on points of random intervals, to 200 bits."""
    rng = np.random.default_rng(seed)
    mids, rads = rng.uniform(0.1, 0.9, (2, 3, 3)), 10.0 ** rng.uniform(-17, -2, (2, 3, 3))
    points = mids + rads * rng.uniform(-1, 1, mids.shape)
    points = np.where(np.abs(points - mids) <= rads, points, mids)  # this difference is exact
    a, b = (Enclosure(m, r) for m, r in zip(mids, rads, strict=True))
    with precision(200):
        x, y = (balls(p.ravel()).reshape(3, 3) for p in points)
        pairs = [
            (a + b, x + y), (a - b, x - y), (a * b, x * y), (a / b, x / y), (a @ b, x @ y),
            (np.sqrt(a), np.sqrt(x)), (np.arccos(a), np.arccos(x)), (np.arcsin(a), np.arcsin(x)),
            (np.arctan(a), np.arctan(x)), (np.exp(a), np.exp(x)), (np.log(a), np.log(x)),
            (a**3, x * x * x), (a**-0.5, 1 / np.sqrt(x)), (a.sum(-1), x.sum(-1)),
            (2.0 - a, 2 - x), (points[0] @ b, x @ y),
        ]  # fmt: skip
        for found, exact in pairs:
            for ball, value in zip(arbs_of(found), exact.ravel(), strict=True):
                assert ball.contains(value.arb)


def test_an_enclosure_in_doubles_holds_what_is_smaller_than_any_double():
    with precision(64):
        tiny = flint.arb(0, flint.arb(2) ** -3000)
        assert arbs_of(enclosure([tiny]))[0].contains(tiny)
        assert enclosure([flint.arb(0.5)]).rad[0] == 0


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_balanced_discs_are_those_of_a_similar_matrix(seed):
    """Rows are scaled by exact numbers s_i / s_j, not by their quotients in doubles."""
    rng = np.random.default_rng(seed)
    with precision(200):
        matrix = flint.arb_mat([[flint.arb(v) for v in row] for row in rng.uniform(1, 2, (2, 2))])
        radii = Diagonal(matrix, None, None).radii(balanced=True)
        shares = [flint.arb(float(abs(matrix[i, i]).mid()) ** 0.5) for i in range(2)]
        exact = [abs(matrix[i, 1 - i]) * shares[i] / shares[1 - i] for i in range(2)]
        assert all(not radius < value for radius, value in zip(radii, exact, strict=True))


def test_what_cannot_be_divided_by_is_not_finite():
    zero = Enclosure(np.array([0.0, 1e-3]), 1e-2)
    with np.errstate(all="ignore"):
        assert np.isnan((1.0 / zero).rad).all() and np.isnan(np.sqrt(zero).rad).all()
    with pytest.raises(TypeError, match="another precision"):
        zero * balls([1, 2])


def test_duals_differentiate_twice():
    with precision(64):
        x = Enclosure(np.array([0.3]), 0.0)
        one = Enclosure(np.ones((1, 1)), 0.0)
        inner = Dual(x, one)
        outer = Dual(inner, 0.0 * inner[None] + 1.0)
        second = (np.arccos(outer) * np.sqrt(outer) / (1 + outer)).slope.slope
    f = lambda v: mpmath.acos(v) * mpmath.sqrt(v) / (1 + v)  # noqa: E731
    assert second.contains(float(mpmath.diff(f, mpmath.mpf(0.3), 2))).all()


def test_the_quotient_has_the_other_eigenvalues():
    rng = np.random.default_rng(2)
    null = rng.normal(size=(5, 2))
    rest = np.linalg.qr(null, mode="complete")[0][:, 2:]
    block = rest @ np.diag([1.0, -2.0, 3.0]) @ rest.T
    with precision(64):
        vectors = [[flint.arb(float(v)) for v in column] for column in null.T]
        left = quotient(flint.arb_mat(block.tolist()), vectors).tolist()
    values = np.linalg.eigvals(np.array([[float(v.mid()) for v in row] for row in left]))
    np.testing.assert_allclose(np.sort(values.real), [-2.0, 1.0, 3.0], atol=1e-12)


# -- changed certificates -----------------------------------------------------------


def leaves(data, path=()):
    """All (path, value) of a nested certificate."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        if isinstance(value, dict | list):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def put(data, path, value):
    changed = copy.deepcopy(data)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def test_any_figure_changed_in_the_file_is_rejected(type_ii):
    text = json.dumps(type_ii)
    for place in [match.start() for match in re.finditer(r"[0-9]", text)]:
        figure = str((int(text[place]) + 1) % 10)
        with pytest.raises((NotCertifiedError, ValueError)):
            check(json.loads(text[:place] + figure + text[place + 1 :]))


def moved(text, factor, data):
    """An exact number plus ``factor`` times the first radius of a box."""
    with precision(data["precision"] + 64):
        return record.to_text(record.from_text(text) + factor)


def pair_certificate():
    return record.load(next(FOLDER.glob("M-s-3.4341.json")))


@pytest.mark.parametrize("kind", ["pair", "learnt", "point"])
def test_every_conclusion_of_the_other_kinds_is_held_to_what_is_proved(kind):
    """Each number and word under "proved" changed by itself, with a fitting checksum."""
    if kind == "pair":
        data = pair_certificate()
    else:
        family = family_of(load_case(FOLDER.parent / "wide_ii_e.toml"))
        data = bifurc.certify("global" if kind == "learnt" else family, d=7)
    assert data["kind"] == kind
    check(data)
    for path, value in leaves(data["proved"]):
        changed = put(data, ("proved", *path), other(value, path[-1] == 1))
        with pytest.raises((NotCertifiedError, ValueError)):
            check(record.sign(changed))


def other(value, upper):
    """Something else of the same kind: more than was stated, less for an upper bound."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    try:
        number = float(value)
        return f"{number + (-0.2 if upper else 0.2) * abs(number):.7e}"
    except ValueError:
        return value + " - 1" if "->" not in value else "minimum -> saddle"


def test_a_pair_is_no_event_and_an_event_no_pair(type_ii):
    for data, kind in ((pair_certificate(), "event"), (type_ii, "pair")):
        with pytest.raises((NotCertifiedError, ValueError)):
            check(record.sign(put(data, ("kind",), kind)))


LIES = {
    "critical value": lambda d: put(d, ("proved", "value"), "5.5855052474258800099"),
    "loss": lambda d: put(d, ("proved", "loss"), "0.025884340014647687499"),
    "gap": lambda d: put(d, ("proved", "gap"), "4.4000000e-02"),
    "negative gap": lambda d: put(d, ("proved", "gap"), "-1.0000000e+00"),
    "speed": lambda d: put(d, ("proved", "speed"), ["1.2000000e-02", "1.2100000e-02"]),
    "index": lambda d: put(d, ("proved", "index", "below"), "d - 1"),
    "transition": lambda d: put(d, ("proved", "transition"), "saddle -> saddle"),
    "existence": lambda d: put(d, ("proved", "exists"), False),
    "negatives": lambda d: put(d, ("proved", "negative", "x[bulk]"), 1),
    "another irrep": lambda d: put(d, ("component", "irrep"), "x"),
    "pivot": lambda d: put(d, ("pivot",), 0),
    "parameter line": lambda d: put(d, ("problem", "line", "d"), "lam + 1"),
    "size": lambda d: put(d, ("problem", "sets", "bulk"), "d - 2"),
    "teacher": lambda d: put(d, ("problem", "teacher", 0, 2), "2"),
    "weight": lambda d: put(d, ("problem", "student_weights"), {"bulk": 2.0}),
    "wide centre": lambda d: put(d, ("wide", "centre", 5), moved(d["wide"]["centre"][5], 1e-3, d)),
    "narrow centre": lambda d: put(
        d, ("narrow", "centre", 5), moved(d["narrow"]["centre"][5], 1e-20, d)
    ),
    "wide radius": lambda d: put(d, ("wide", "radius", 0), "0x1p-2"),
    "narrow radius": lambda d: put(d, ("narrow", "radius", 0), "0x1p-300"),
    "precision": lambda d: put(d, ("precision",), 64),
    "kind": lambda d: put(d, ("kind",), "point"),
    "unknowns": lambda d: put(d, ("unknowns", 0), "bulk.bulk.off"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_rejected_even_with_a_fitting_checksum(type_ii, lie):
    changed = record.sign(LIES[lie](type_ii))
    assert record.checksum(changed) == changed["checksum"] != type_ii["checksum"]
    with pytest.raises((NotCertifiedError, ValueError)):
        check(changed)


def test_dropping_any_entry_is_rejected_in_one_line(type_ii):
    for key in type_ii:
        rest = {k: v for k, v in type_ii.items() if k != key}
        with pytest.raises((NotCertifiedError, ValueError), match=r"^[^\n]+$"):
            check(record.sign(rest) if key != "checksum" else rest)


# -- command line -------------------------------------------------------------------


def test_commands_certify_and_check(tmp_path, capsys):
    path = tmp_path / "cert.json"
    window = ["--from", "12", "--to", "5"]
    assert (
        main(["certify", "II", "--event", "s:bulk", "--digits", "25", *window, "-o", str(path)])
        == 0
    )
    assert main(["check", str(path)]) == 0
    assert "5.58550524742588000694117" in capsys.readouterr().out
    path.write_text(path.read_text().replace("saddle -> minimum", "saddle -> saddle"))
    assert main(["check", str(path)]) == 2
    assert "rejected" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["certify", "II", "--event", "x:bulk"], "s:bulk"),
        (["certify", "II", "--at", "d=six"], "d=6..40"),
        (["certify", "II", "--at", "d=6..5"], "empty"),
        (["certify", "II", "--at", "d=6", "--digits", "0"], "digits must be a whole number from 1"),
        (["check", "absent.json"], "absent.json"),
    ],
)
def test_a_users_mistake_is_one_line(arguments, message, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_without_flint_the_command_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("bifurc.proof.interval.flint", None)
    assert main(["certify", "II", "--at", "d=6"]) == 2
    assert "bifurc[certify]" in capsys.readouterr().err
