"""Certificates written to deceive: every kind of lie is rejected, with one line that says why.

A hostile file has a checksum that fits, so nothing here rests on that.
"""

import copy
import json
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import bifurc
from bifurc.case import load_case
from bifurc.cli.certify import inner_hull, lines
from bifurc.cli.main import main
from bifurc.loss.kernels import ReLU
from bifurc.loss.problem import NetworkProblem
from bifurc.proof import record
from bifurc.proof.branch import _located
from bifurc.proof.cells import Cell
from bifurc.proof.certificate import check
from bifurc.proof.full import check_full, network_of
from bifurc.proof.interval import NotCertifiedError, flint, precision
from bifurc.proof.record import problem_from_data, problem_to_data
from bifurc.proof.rounded import Enclosure, finite
from bifurc.run import family_of
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.split import split
from bifurc.structure.structure import Structure

CASES = Path(__file__).parent.parent / "cases"
NAMES = ["last,last", "a b", "a\nb", "", "1a", "a.b", "a[b]", "s:a", "a;b", " a", "a ", "-"]


@pytest.fixture(scope="module")
def event():
    return bifurc.certify("II", event="s:bulk", d=(12, 5))


@pytest.fixture(scope="module")
def point():
    return bifurc.certify("II", d=7)


@pytest.fixture(scope="module")
def arc():
    return bifurc.certify("A", d=(6.0, 6.6))


def case(name):
    """The family of a case file."""
    return family_of(load_case(CASES / f"{name}.toml"))


def lie(data, path, value):
    """The data with another value at a path, and a checksum that fits."""
    data = copy.deepcopy(data)
    *way, last = path
    place = data
    for key in way:
        place = place[key]
    place[last] = value
    return record.sign(data)


def rejected(data, tmp_path, capsys) -> str:
    """The one line with which ``bifurc check`` rejects a file."""
    path = tmp_path / "lie.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    assert main(["check", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "Traceback" not in err
    return err


# -- names ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_point_set_is_named_by_an_identifier(name):
    with pytest.raises(ValueError, match="needs another name"):
        Structure.build({name: "d - 1", "last": 1}, [name, "last"], [name, "last"])


def test_two_sets_of_one_name_are_refused():
    s = Structure.build({"a": "d - 1", "b": 1}, ["a", "b"], ["a", "b"])
    with pytest.raises(ValueError, match="there twice"):
        replace(s, sets=(s.sets[0], s.sets[0]))
    with pytest.raises(ValueError, match="there twice"):
        replace(s, students=(s.students[0], s.students[0]))


def test_a_component_knows_its_sets_and_parses_no_name():
    s = Structure.build({"a": "n", "b": "m"}, ["a", "b"], ["a", "b"])
    (pair,) = [c for c in s.components if c.irrep == "sxs"]
    assert pair.sets == ("a", "b") and pair.points == "a,b" and pair.label == "sxs[a,b]"
    parts = split(s, {"a": [1]}).structure
    assert ("a/2", "b") in [c.sets for c in parts.components]


def test_the_case_of_both_signs_with_a_parsed_name_is_refused(tmp_path, capsys):
    """Renamed "last,last" the bulk was given the multiplicities of the last set: a minimum."""
    text = (CASES / "signs.toml").read_text().partition("[[expect")[0]
    text = text.replace("bulk =", '"last,last" =')
    path = tmp_path / "signs.toml"
    path.write_text(text)
    for command in (["spectrum", str(path), "--at", "d=6"], ["certify", str(path), "--at", "d=6"]):
        assert main(command) == 2
        assert "needs another name" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_a_file_is_an_identifier(point, name, tmp_path, capsys):
    renamed = json.dumps(point["problem"]).replace('"bulk"', json.dumps(name))
    data = lie(point, ["problem"], json.loads(renamed))
    assert "name" in rejected(data, tmp_path, capsys)
    line = lie(point, ["problem", "line"], {"d": "lam", name: "2"})
    assert "name" in rejected(line, tmp_path, capsys)


# -- ties ----------------------------------------------------------------------------


def tied(teacher=None, tie=None, sizes=("n", "n"), weights=None):
    a, b = sizes
    given = {"a,a": [1, 0], "b,b": teacher or [1, 0]}
    s = Structure.build({"a": a, "b": b}, ["a", "b"], ["a", "b"], teacher=given)
    return replace(s, student_weights=weights or {}, ties=({"a": "b", "b": "a"} | (tie or {}),))


def test_a_tie_that_is_a_symmetry_is_taken():
    assert len(tied().coordinates) == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"teacher": [1, -0.3]}, "teacher"),
        ({"teacher": ["n", 0]}, "teacher"),
        ({"tie": {"b": "b"}}, "permute"),
        ({"tie": {"b": "c"}}, "permute"),
        ({"tie": {"c": "c"}}, "permute"),
        ({"sizes": ("n", "n + 1")}, "sizes"),
        ({"sizes": ("4", "m")}, "sizes"),
        ({"weights": {"a": 2.0}}, "weights"),
    ],
)
def test_a_tie_that_is_no_symmetry_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        tied(**given)


def test_a_tie_that_is_no_symmetry_is_refused_in_a_file(tmp_path, capsys):
    """Two sets of 4 whose teachers differ: tied, the gradient 0.292 was not seen."""
    problem = NetworkProblem(tied(), ReLU(), {"n": "lam"})
    data = problem_to_data(problem)
    assert problem_to_data(problem_from_data(data)) == data
    data["teacher"][1][3] = "-0.3"
    with pytest.raises(ValueError, match="tie"):
        problem_from_data(data)
    with pytest.raises(ValueError, match="differ"):
        tied(teacher=[1, "-3/10"])


def test_blocks_of_tied_sets_are_as_many():
    s = Structure.build({"a": "n", "b": "n"}, ["a", "b", "a"], ["a", "b"])
    with pytest.raises(ValueError, match="blocks or weights"):
        replace(s, ties=({"a": "b", "b": "a"},))


# -- weights and teachers ----------------------------------------------------------


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), True, "1", 2**60 + 1, None])
def test_a_weight_is_a_number_that_a_double_holds(weight):
    s = Structure.build({"a": "n"}, ["a"], ["a"])
    with pytest.raises(ValueError, match="weight"):
        replace(s, student_weights={"a": weight})


def test_weights_and_teachers_of_what_is_not_there_are_refused():
    s = Structure.build({"a": "n"}, ["a"], ["a"])
    with pytest.raises(ValueError, match="weight"):
        replace(s, teacher_weights={"b": 1.0})
    with pytest.raises(ValueError, match="teacher"):
        replace(s, teacher={("a", "b"): next(iter(s.teacher.values()))})


# -- the sentence is not wider than the proof --------------------------------------


def test_a_window_stated_wider_is_rejected_and_the_inner_hull_is_printed(arc, tmp_path, capsys):
    for i, wide in (
        (1, ["2.1000000e+00", "6.6100000e+00"]),
        (1, ["6.5990000e+00", "6.6100000e+00"]),
        (0, ["1.0000000e+00", "6.0000000e+00"]),
    ):
        rejected(lie(arc, ["proved", "window", i], wide), tmp_path, capsys)
    first, last = arc["proved"]["window"]
    line = lines(arc)[0]
    start, end = (
        Fraction(text) for text in line.partition("from lam = ")[2].split(":")[0].split(" to ")
    )
    assert Fraction(first[1]) <= start <= 6 and 6.6 <= end <= Fraction(last[0])


@pytest.mark.parametrize("window", [(6.0, 6.6), (6.6, 6.0), (6.0, 6.0 + 1e-9), (1e5, 1.1e5)])
def test_what_was_asked_for_is_proved_and_said(window):
    proved = bifurc.certify("A", d=window)["proved"]
    start, end = (float(text) for text in inner_hull(proved)[11:].split(" to "))
    assert min(start, end) <= min(window) and max(window) <= max(start, end)
    assert (start < end) == (window[0] < window[1])


def test_events_of_a_branch_are_stated_as_narrowly_as_they_are_proved(tmp_path, capsys):
    data = bifurc.certify("A", d=(6.0, 5.5))
    check(data)
    (event,) = data["proved"]["events"]
    low, high = map(float, event["at"])
    wide = [f"{low - 1e-2:.7e}", f"{high + 1e-2:.7e}"]
    rejected(lie(data, ["proved", "events", 0, "at"], wide), tmp_path, capsys)


def test_a_speed_and_a_gap_are_stated_about_as_they_are_proved(event, tmp_path, capsys):
    low, high = event["proved"]["speed"]
    for path, value in (
        (["proved", "speed"], ["1.0000000e-09", high]),
        (["proved", "speed"], [low, "1.0000000e+09"]),
        (["proved", "speed"], ["-1.0000000e-01", high]),
        (["proved", "gap"], "1.0000000e-09"),
        (["proved", "gap"], "0.0000000e+00"),
        (["proved", "gap"], "-1.0000000e+00"),
    ):
        rejected(lie(event, path, value), tmp_path, capsys)


# -- one text, one number -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.00000000000000000001", Fraction(10**20 + 1, 10**20)),
        ("0.1", Fraction(1, 10)),
        ("1e-3", Fraction(1, 1000)),
        ("9007199254740993", Fraction(2**53 + 1)),
    ],
)
def test_a_polynomial_keeps_every_digit(text, value):
    assert Polynomial.parse(text).terms == {(): value}
    assert Polynomial.parse(Polynomial.parse(text).text()).terms == {(): value}


@pytest.mark.parametrize("text", ["0x1p5", "0x10", "0b11", "1_000", "1e999", "0 d", "1__0d", "٣"])
def test_what_is_no_decimal_is_not_read_as_another_number(text):
    with pytest.raises(ValueError, match="does not parse"):
        Polynomial.parse(text)


@pytest.mark.parametrize(
    "size", ["d - 1.0", "d-1", "-1 + d", "d - 1 ", "(d - 1)", "1*d - 1", "d - 2/2"]
)
def test_a_problem_is_written_in_one_way(point, size, tmp_path, capsys):
    data = lie(point, ["problem", "sets", "bulk"], size)
    assert "written" in rejected(data, tmp_path, capsys)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["claims"], "the global minimum"),
        (["problem", "about"], "nothing"),
        (["wide", "claims"], 1),
        (["proved", "claims"], True),
        (["problem", "line"], {"d": "lam", "e": "1\nproved: all"}),
        (["problem", "line", "d"], "lam\n"),
        (["problem", "line", "lam"], "lam"),
        (["problem", "kernel", "about"], 1),
        (["problem", "ties"], []),
        (["problem", "student_weights"], {"last": True}),
        (["schema"], True),
        (["schema"], 1.0),
        (["precision"], 129.0),
        (["precision"], True),
        (["lam"], "7.0"),
        (["lam"], "14/2"),
        (["lam"], " 7"),
        (["lam"], "7\n"),
        (["lam"], "٧"),
        (["lam"], "7e0"),
        (["lam"], 7),
        (["proved", "value"], "7.0"),
        (["proved", "is_minimum"], 1),
        (["proved", "negative", "t"], False),
        (["narrow", "radius", 0], "0x1p-2"),
        (["narrow", "radius", 0], "0x0p0"),
        (["narrow", "radius", 0], "-0x1p-61"),
        (["wide", "radius", 0], "-0x1p-20"),
        (["problem", "line"], {"d": "lam", "every_minimum_is_global": "1"}),
        (["proved", "index"], "0\n"),
        (["narrow", "radius", 0], "0x2p-62"),
        (["narrow", "radius", 0], "0x01p-61"),
        (["narrow", "radius", 0], "0X1p-61"),
        (["narrow", "radius", 0], "0x1p-61 "),
        (["narrow", "radius", 0], "0x1p-٦"),
        (["narrow", "radius", 0], "0x1p-999999999"),
        (["kind"], ["point"]),
        (["kind"], "claims"),
        (["problem"], []),
        (["proved"], None),
        (["unknowns"], "bulk"),
    ],
    ids=str,
)
def test_nothing_stands_in_a_file_but_what_is_proved(point, path, value, tmp_path, capsys):
    rejected(lie(point, path, value), tmp_path, capsys)


def test_the_narrow_box_holds_the_zero_and_lies_in_the_wide_one(point, tmp_path, capsys):
    with precision(200):
        centre = record.from_text(point["narrow"]["centre"][0]) + flint.arb(2) ** -50
        beside = record.to_text(centre)
    for path, value in (
        (["narrow", "centre", 0], beside),
        (["narrow", "radius"], ["0x1p-2"] * 5),
        (["wide", "radius"], point["narrow"]["radius"]),
        (["wide", "radius", 4], "0x1p-3"),
    ):
        rejected(lie(point, path, value), tmp_path, capsys)


def test_a_narrow_box_outside_the_wide_one_is_rejected_even_if_it_holds_the_digits():
    """Slopes are enclosed on the wide box alone, so that outside nothing is proved."""
    data = bifurc.certify("II", d=7, digits=3)
    with pytest.raises(NotCertifiedError, match="lie in the wide one"):
        check(lie(data, ["narrow", "radius"], ["0x1p-12"] * 5))


def test_a_box_that_does_not_hold_the_digits_is_rejected(event, tmp_path, capsys):
    """Its middle has them all, but a zero of it may have others."""
    assert "value" in rejected(lie(event, ["narrow"], event["wide"]), tmp_path, capsys)


def test_a_point_off_the_teacher_is_not_learnt(tmp_path, capsys):
    data = bifurc.certify("global", d=6)
    assert data["kind"] == "learnt"
    rejected(lie(data, ["coordinates", 1], "0x1p-40"), tmp_path, capsys)


def test_a_checksum_that_does_not_fit_is_rejected_whatever_the_file_says(point, tmp_path, capsys):
    assert "checksum" in rejected(point | {"checksum": "0" * 64}, tmp_path, capsys)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["component", "claims"], 1),
        (["pivot"], True),
        (["pivot"], -1),
        (["pivot"], 3.0),
        (["claims"], []),
    ],
    ids=str,
)
def test_nothing_stands_in_the_file_of_an_event_either(event, path, value, tmp_path, capsys):
    rejected(lie(event, path, value), tmp_path, capsys)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["pieces", 0, "claims"], 1),
        (["proved", "events"], [{"claims": 1}]),
        (["proved", "pieces"], True),
        (["proved", "negative", "t"], [False]),
        (["claims"], 1),
    ],
    ids=str,
)
def test_nothing_stands_in_the_file_of_a_branch_either(arc, path, value, tmp_path, capsys):
    rejected(lie(arc, path, value), tmp_path, capsys)


def test_a_set_holds_certificates_alone(point, tmp_path, capsys):
    data = bifurc.certify("A", d=range(6, 8))
    check(data)
    rejected(record.sign(data | {"claims": 1}), tmp_path, capsys)
    rejected(record.sign(data | {"certificates": [data]}), tmp_path, capsys)
    rejected(record.sign(data | {"certificates": [None]}), tmp_path, capsys)
    for nothing in ("[]", "null", '"set"', "{}", "", "[" * 10**5, "\x00", "{} {}"):
        rejected(nothing, tmp_path, capsys)
    for other in ([], None, "nothing"):
        with pytest.raises(ValueError, match="table"):
            check(other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"schema": 1,', '"schema": 1, "schema": 1,'),
        ('"last": "1"', '"last": "1", "last": "1"'),
        ('"is_minimum": true', '"is_minimum": false, "is_minimum": true'),
        ('"student_weights": {}', '"student_weights": {"last": 1.00000000000000000001}'),
        ('"student_weights": {}', '"student_weights": {"last": NaN}'),
        ('"student_weights": {}', '"student_weights": {"last": 1e999}'),
        ('"student_weights": {}', '"student_weights": {"last": 1e-99999999999}'),
        ('"student_weights": {}', '"student_weights": ' + '{"a":' * 9999 + "1" + "}" * 9999),
    ],
)
def test_a_file_says_each_thing_once_with_all_its_digits(point, old, new, tmp_path, capsys):
    text = json.dumps(point)
    assert old in text
    assert "is not a certificate" in rejected(text.replace(old, new), tmp_path, capsys)


@pytest.mark.parametrize("name", ["global", "A", "I", "II", "M"])
def test_from_a_problem_to_data_and_back_nothing_changes(name):
    data = problem_to_data(bifurc.problem(name))
    assert problem_to_data(problem_from_data(json.loads(json.dumps(data)))) == data


# -- of what, and where -------------------------------------------------------------


def test_two_families_at_one_place_are_told_apart(point):
    other = bifurc.certify("I", d=7)
    (one,), (two,) = lines(point), lines(other)
    assert one != two
    for text in ("relu", "bulk: d - 1", "last: 1", "last.last -0.633", "bulk.bulk.diag 0.997"):
        assert text in one
    assert "bulk.bulk.diag -0.658" in two


def test_weights_teachers_and_ties_are_said():
    weighed = bifurc.certify(case("signs"), d=7)
    assert "student weights last -1" in lines(weighed)[0]
    oblique = bifurc.certify(case("teacher_oblique"), d=7)
    assert "teacher bulk.bulk 1 (off b)" in lines(oblique)[0]
    leaky = bifurc.certify(case("leaky_ii"), d=7)
    assert "leaky(slope = a)" in lines(leaky)[0] and "a = 1/10" in lines(leaky)[0]


def test_a_number_that_no_double_is_is_said_to_be_the_nearest_one(point):
    """0.1 is computed with as a double, so that of 1/10 nothing is proved."""
    weighed = lie(point, ["problem", "student_weights"], {"bulk": 0.1, "last": 0.5})
    weighed = lie(weighed, ["problem", "kernel"], {"name": "leaky", "parameters": {"slope": 0.3}})
    assert "student weights bulk the double 0.1, last 0.5" in lines(weighed)[0]
    assert "leaky(slope = the double 0.3)" in lines(weighed)[0]


def test_a_size_a_little_more_than_one_is_not_one():
    """1 + 10^-20 is 1 as a double: a set of that size has a diagonal all the same."""
    s = Structure.build({"a": "1.00000000000000000001", "b": 1}, ["a", "b"], ["a", "b"])
    assert not s.sets[0].single and s.sets[1].single
    assert [c.name for c in s.coordinates][:2] == ["a.a.diag", "a.a.off"]


# -- doubles at the ends of their range ---------------------------------------------


def test_a_product_of_tiny_and_huge_numbers_is_enclosed():
    """Radii of 2^-53 times a subnormal number underflow before they meet the huge one."""
    rng = np.random.default_rng(0)
    tiny, huge = rng.uniform(1, 2, 3) * 2.0**-1030, rng.uniform(1, 2, 3) * 2.0**1000
    for a, b in ((tiny, huge), (huge, tiny)):
        exact = sum(Fraction(x) * Fraction(y) for x, y in zip(a, b, strict=True))
        found = (Enclosure(a[None], 0.0) @ Enclosure(b[:, None], 0.0))[0, 0]
        assert abs(Fraction(float(found.mid)) - exact) <= Fraction(float(found.rad))


def test_what_overflows_is_not_enclosed():
    big = np.full((2, 2), 1e300)
    with np.errstate(all="ignore"):
        for value in (
            Enclosure(big, 0.0) @ Enclosure(big, 0.0),
            (Enclosure(big * 1e8, 0.0)).sum(0),
            Enclosure(big, 0.0) * Enclosure(big, 0.0),
            Enclosure(big * 1e8, 0.0) + Enclosure(big * 1e8, 0.0),
            Enclosure(big, 0.0) @ Enclosure(-big, 0.0) + Enclosure(big, 0.0) @ big,
        ):
            with pytest.raises(NotCertifiedError):
                finite(value)
            assert not (value > 0).any()


# -- the place of a crossing -----------------------------------------------------------


class Along:
    """A block with one eigenvalue, t - zero, whose sign is known ``blur`` away from zero."""

    def __init__(self, zero, blur):
        self.zero, self.blur = zero, blur

    def negative_at(self, t):
        if abs(t - self.zero) <= self.blur:
            raise NotCertifiedError("too near")
        return int(t > self.zero)


@pytest.mark.parametrize(
    ("zero", "blur", "expected"),
    [(0.5, 0.0, [0]), (1.5, 0.0, [1]), (0.99, 0.1, [0, 1]), (1.01, 0.1, [0, 1]), (2.5, 0, [2])],
)
def test_the_cell_with_the_zero_is_named_or_all_that_may_have_it(zero, blur, expected):
    along = Along(zero, blur)
    moving = [(along, Cell(i, i + 1.0, crossing=1)) for i in range(3)]
    assert [int(cell.first) for _, cell in _located(moving, 0)] == expected


# -- the full problem ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("d", "least"), [(6, 0.004700), (7, 0.014059), (8, 0.0213465), (20, 0.055092)]
)
def test_type_ii_is_a_minimum_of_the_full_loss(d, least):
    full = check_full(bifurc.certify("II", d=d))
    assert full.unknowns == d * d and full.index == 0
    assert least < full.gap < least + 1e-6


@pytest.mark.parametrize(
    ("name", "d", "index"), [("II", 5, 3), ("A", 5, 6), ("I", 6, 6), ("M", 6, 4), ("global", 6, 0)]
)
def test_the_index_in_full_is_that_of_the_blocks(name, d, index):
    assert check_full(bifurc.certify(name, d=d)).index == index


@pytest.mark.parametrize("name", ["signs", "leaky_ii", "too_few", "teacher_oblique"])
def test_other_problems_are_checked_in_full(name):
    family = case(name)
    data = bifurc.certify(family, d=7)
    assert check_full(data).gap >= float(data["proved"]["gap"])


@pytest.mark.parametrize(("name", "d", "index"), [("II", 7, 0), ("II", 5, 3), ("A", 6, 0)])
def test_weight_decay_is_checked_in_full(name, d, index):
    """At mu = 0.01 II turns at 5.6623900686 and A at 5.7905040240 (independent evaluator)."""
    data = bifurc.certify(bifurc.family(name).with_decay(0.01), d=d)
    assert check_full(data).index == index
    with pytest.raises((NotCertifiedError, ValueError)):
        check_full(lie(data, ["problem", "line", "mu"], "1/50"))


def test_what_is_false_in_full_is_rejected(point):
    with pytest.raises(NotCertifiedError):
        check_full(lie(point, ["proved", "index"], "d - 2"))
    with pytest.raises(NotCertifiedError):
        check_full(lie(point, ["problem", "teacher", 1, 2], "2"))
    with pytest.raises(NotCertifiedError):
        check_full(lie(point, ["narrow", "centre", 0], "0x1p-1"))


@pytest.mark.parametrize("shift", [flint and flint.arb(0.01), flint and flint.arb(0, 0.01)])
def test_no_zero_in_full_is_proved_away_from_it_or_of_all_that_is_near(point, shift):
    problem, lam = problem_from_data(point["problem"]), record.fraction(point["lam"])
    with precision(point["precision"]), np.errstate(all="ignore"):
        x = record.state_of(point)
        network_of(problem, lam, x).prove_zero()
        with pytest.raises(NotCertifiedError):
            network_of(problem, lam, [x[0] + shift, *x[1:]]).prove_zero()


def test_the_command_says_what_is_proved_in_full(tmp_path, capsys, event):
    path = str(tmp_path / "two.json")
    assert main(["certify", "II", "--at", "d=6..7", "-o", path]) == 0
    capsys.readouterr()
    assert main(["check", "--full", path]) == 0
    out = capsys.readouterr().out
    assert "in all 36 unknowns: minimum, every |eigenvalue| > 0.00470035" in out
    assert "in all 49 unknowns" in out
    record.save(path, event)
    assert main(["check", "--full", path]) == 0
    assert "not checked in full" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("family", "value"), [("II", Fraction(13, 2)), ("II", 60)], ids=["half", "large"]
)
def test_what_is_not_whole_or_too_large_is_not_checked_in_full(family, value):
    with pytest.raises(ValueError):
        check_full(bifurc.certify(family, d=value))


# -- kinds that failed ------------------------------------------------------------------


def test_the_branch_of_a_leaky_kernel_is_certified():
    family = case("leaky_ii")
    data = bifurc.certify(family, d=(5.7, 5.6))
    (found,) = data["proved"]["events"]
    low, high = map(float, found["at"])
    assert low < 5.651062527607 < high
    check(data)


def test_a_branch_along_the_slope_of_the_kernel_is_certified():
    family = case("leaky_ii").with_parameters(d="57/10")
    data = bifurc.certify(family, a=(0.1, 0.13))
    assert data["proved"]["is_minimum"]
    check(data)


@pytest.mark.parametrize("kernel", ["relu", "abs", "leaky", "quadratic"])
def test_certificates_of_every_kernel_are_read_again(kernel):
    data = problem_to_data(NetworkProblem(bifurc.problem("A").structure,
                                          bifurc.kernels.kernel(kernel), {"d": "lam"}))  # fmt: skip
    assert problem_to_data(problem_from_data(data)) == data


def test_a_certificate_of_the_absolute_value_is_checked():
    family = replace(bifurc.family("global"), kernel="abs")
    data = bifurc.certify(family, d=6)
    assert data["problem"]["kernel"] == {"name": "abs", "parameters": {}}
    check(data)


def test_two_neurons_that_learnt_each_others_inputs_are_learnt():
    """Type I at d = 3 is the global minimum with two rows exchanged."""
    data = bifurc.certify("I", d=3)
    assert data["kind"] == "learnt" and data["proved"]["is_minimum"]
    check(data)
    for i, value in ((0, "0x1p0"), (1, "0x0p0")):
        with pytest.raises(NotCertifiedError):
            check(lie(data, ["coordinates", i], value))


@pytest.mark.parametrize("name", ["II", "M"])
@pytest.mark.parametrize("d", [10_000, 10**6])
def test_points_at_large_sizes_are_certified(name, d):
    data = bifurc.certify(name, d=d)
    assert data["proved"]["is_minimum"]
    # (1/2 - 2/π²) p/d to leading order
    count = 2 if name == "M" else 1
    assert float(data["proved"]["loss"]) * d == pytest.approx(
        count * (0.5 - 2 / np.pi**2), abs=3 / np.sqrt(d)
    )
    check(data)


@pytest.mark.parametrize(
    ("name", "window", "at", "neutral"),
    [
        ("wide_a_2", (6.0, 4.8), 5.0577255, "s[extra+more]"),
        pytest.param("wide_ii_e", (6.75, 6.6), 6.6653634, "s[extra]", marks=pytest.mark.slow),
    ],
)
def test_branches_with_norm_exchange_are_certified(name, window, at, neutral):
    family = case(name)
    data = bifurc.certify(family, d=window)
    low, high = map(float, data["proved"]["events"][0]["at"])
    assert low - 1e-6 < at < high + 1e-6
    assert data["proved"]["neutral"] == {neutral: 1}
    assert "off neutral directions" in lines(data)[0]
    check(data)
    rest = {k: v for k, v in data["proved"].items() if k != "neutral"}
    with pytest.raises(NotCertifiedError):
        check(lie(data, ["proved"], rest))


# -- threads --------------------------------------------------------------------------


def test_four_threads_prove_at_four_precisions(event):
    """The precision of flint is one for all threads."""
    failures = []

    def work(digits):
        try:
            for _ in range(4):
                check(bifurc.certify("II", d=7, digits=digits))
                check(event)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(digits,)) for digits in (10, 30, 60, 120)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_the_precision_is_that_of_before_after_a_proof():
    before = flint.ctx.prec
    with precision(200), precision(90):
        assert flint.ctx.prec == 90
    assert flint.ctx.prec == before


def test_the_branch_of_type_ii_goes_on_beyond_14346():
    """There doubles lose the Taylor coefficients; they are taken to the working precision."""
    data = bifurc.certify("II", d=(14340.0, 16000.0))
    assert data["proved"]["is_minimum"]
    check(data)
