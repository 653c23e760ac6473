"""Certificates: proved again from their files, agreed with by doubles, rejected when changed."""

import copy
import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import bifurc
from bifurc.cli.main import main
from bifurc.loss.kernels import ReLU
from bifurc.loss.problem import NetworkProblem
from bifurc.loss.series import Series
from bifurc.proof import record
from bifurc.proof.certificate import certify_event, check
from bifurc.proof.interval import Ball, NotCertifiedError, balls, enclosing, flint, precision
from bifurc.proof.system import box
from bifurc.structure.structure import Structure

CASES = sorted((Path(__file__).parent.parent / "cases" / "certificates").glob("*.json"))
WINDOW = (40.0, 3.1)


@pytest.fixture(scope="module")
def branches():
    return {name: bifurc.trace(name, d=WINDOW) for name in ("global", "A", "I", "II", "M")}


@pytest.fixture(scope="module")
def type_ii(branches):
    return certify_event(branches["II"].problem, branches["II"].events[0], digits=20)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_certificate_is_proved_again_from_its_file(path):
    assert bifurc.check(path)["kind"] == "event"


def test_every_event_of_the_built_in_families_has_a_certificate(branches):
    # two formal ones of M, on a bulk of fewer than two points, have a second zero too close by
    without = {("M", "3.4444"), ("M", "3.4341")}
    missing = {
        (name, f"{event.lam:.4f}")
        for name, branch in branches.items()
        for event in branch.events
        if f"{name}-{event.component.irrep}-{event.lam:.4f}" not in {p.stem for p in CASES}
    }
    assert missing == without
    formal = {(n, f"{e.lam:.4f}"): e.formal for n, b in branches.items() for e in b.events}
    assert all(formal[key] for key in without)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_wide_box_contains_the_event_found_in_doubles(branches, path):
    data = record.load(path)
    name = path.stem.partition("-")[0]
    lam = float(data["proved"]["value"])
    event = min(branches[name].events, key=lambda event: abs(event.lam - lam))
    kernel = event.kernel[:, 0]
    kept = [int(t[7:-1]) for t in data["unknowns"] if t.startswith("kernel")]
    pivot = max(set(range(len(kernel))) - set(kept), key=lambda i: abs(kernel[i]))
    values = [*event.X, *(kernel[kept] / kernel[pivot])]
    with precision(data["precision"]):
        centre, radius = (map(record.from_text, data["wide"][k]) for k in ("centre", "radius"))
        for ball, value in zip(box(centre, radius), values, strict=True):
            assert ball.contains(flint.arb(float(value)))
    low, high = map(float, data["proved"].get("speed", (event.speed, event.speed)))
    assert low <= event.speed <= high
    assert data["proved"]["index"]["above"] == event.index("above").text()
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
        for g, enclosure in zip(problem.gradient(X[:-1], X[-1]), inner, strict=True):
            assert (enclosure.arb + flint.arb(0, 1e-14)).contains(float(g))


@pytest.mark.parametrize("name", ["A", "II", "M"])
def test_bases_and_what_reads_them_off_are_exact(name):
    """Interval arithmetic takes them as they are, so not even the last bit may be rounded."""
    problem = bifurc.problem(name)
    pairs = [(problem.layout.basis, problem._outward), *problem._bases.values()]
    for basis, keep in pairs:
        flat = np.vectorize(Fraction, otypes=[object])(basis.reshape(len(basis), -1))
        product = flat @ np.vectorize(Fraction, otypes=[object])(keep)
        assert (product == np.eye(len(basis), dtype=int)).all()


def test_ties_between_point_sets_are_refused():
    structure = Structure.build({"a": "n", "b": "n"}, ["a", "b"], ["a", "b"])
    tied = replace(structure, ties=({"a": "b", "b": "a"},))
    problem = NetworkProblem(tied, ReLU(), {"n": "lam"})
    with pytest.raises(ValueError, match="ties"):
        enclosing(problem)


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
        (["certify", "II", "--at", "d=6", "--digits", "0"], "Digits"),
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
