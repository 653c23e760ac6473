"""Certified branches: what they state, that doubles lie in them, and that lies are rejected."""

import copy
from pathlib import Path

import pytest

import bifurc
from bifurc.cli.main import main
from bifurc.proof import record
from bifurc.proof.certificate import check
from bifurc.proof.interval import NotCertifiedError, enclosing, flint, precision
from bifurc.proof.tube import make


@pytest.fixture(scope="module")
def with_event():
    return bifurc.certify("A", d=(5.75, 5.78))


def test_type_a_is_a_minimum_at_every_real_size_of_a_window():
    data = bifurc.certify("A", d=(6.0, 6.6))
    assert data["proved"]["is_minimum"] and not data["proved"]["events"]
    check(data)


def test_the_branch_of_type_a_has_exactly_its_one_event(with_event):
    (event,) = with_event["proved"]["events"]
    low, high = map(float, event["between"])
    assert event["component"] == "x[all]"
    assert event["negative"] == [1, 0]
    assert low < bifurc.trace("A", d=(8, 5)).events[0].lam < high
    assert not with_event["proved"]["is_minimum"]
    check(with_event)


def test_the_tubes_contain_the_branch_found_in_doubles():
    problem, _ = bifurc.member("II", "d", 7.0)
    with precision(80):
        tube = make(enclosing(problem), problem, bifurc.member("II", "d", 7.01)[1].x, 7.0, 7.02)
        tube.prove_unique()
        for d in (7.0, 7.004, 7.0135, 7.02):
            point = bifurc.member("II", "d", d)[1]
            for ball, value in zip(tube.around(tube.at(flint.arb(d))), point.x, strict=True):
                assert (ball + flint.arb(0, 1e-15)).contains(flint.arb(float(value)))


def test_a_tube_off_the_branch_is_not_proved():
    problem, point = bifurc.member("A", "d", 7.0)
    with precision(80):
        tube = make(enclosing(problem), problem, point.x, 6.99, 7.01)
        tube.prove_unique()
        tube.curve[0][0] = tube.curve[0][0] + flint.arb(1e-6)
        moved = type(tube)(tube.problem, tube.first, tube.last, tube.curve, tube.radius)
        with pytest.raises(NotCertifiedError):
            moved.prove_unique()


def crossing_piece(data):
    return next(i for i, piece in enumerate(data["pieces"]) if piece["crossing"])


def lie(name, data):
    """A changed copy with a fitting checksum."""
    data = copy.deepcopy(data)
    pieces, middle = data["pieces"], len(data["pieces"]) // 2
    if name == "no event":
        data["proved"]["events"] = []
    elif name == "a minimum":
        data["proved"]["is_minimum"] = True
    elif name == "other signs":
        data["proved"]["negative"]["s[all]"] = 1
    elif name == "a piece left out":
        del pieces[middle]
    elif name == "crossing not marked":
        pieces[crossing_piece(data)]["crossing"] = None
    elif name == "wide box":
        pieces[middle]["radius"][0] = "0x1p-1"
    elif name == "narrow box":
        pieces[middle]["radius"][0] = "0x1p-90"
    elif name == "curve":
        pieces[middle]["curve"][0][0] = "0x1p-1"
    elif name == "longer window":
        pieces[-1]["last"] = "0x6p0"
    elif name == "curve too short":
        pieces[middle]["curve"] = pieces[middle]["curve"][:-1]
    elif name == "no piece":
        data["pieces"] = []
    return record.sign(data)


LIES = (
    "no event", "a minimum", "other signs", "a piece left out", "crossing not marked", "wide box",
    "narrow box", "curve", "longer window", "curve too short", "no piece",
)  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_a_lie_about_a_branch_is_rejected(with_event, name):
    changed = lie(name, with_event)
    assert changed["checksum"] != with_event["checksum"]
    with pytest.raises((NotCertifiedError, ValueError)):
        check(changed)


def test_commands(tmp_path, capsys):
    path = str(tmp_path / "branch.json")
    assert main(["certify", "A", "--branch", "--from", "6", "--to", "6.1", "-o", path]) == 0
    assert main(["check", path]) == 0
    assert "a minimum throughout" in capsys.readouterr().out
    assert main(["certify", "A", "--branch", "--from", "6", "--to", "6"]) == 2
    assert "empty" in capsys.readouterr().err


@pytest.mark.slow
def test_the_branch_of_type_ii_is_proved_again_from_its_file():
    path = Path(__file__).parent.parent / "cases" / "certificates" / "branches" / "II.json"
    proved = bifurc.check(path)["proved"]
    assert [event["component"] for event in proved["events"]] == ["s[bulk]"]
    assert proved["negative"] == {"t": 0, "s[bulk]": 1, "x[bulk]": 0, "y[bulk]": 0}
