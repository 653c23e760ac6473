"""Certified branches: what they state, that doubles lie in them, and that lies are rejected."""

import copy
import operator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bifurc
from bifurc.cli.main import main
from bifurc.proof import record, walk
from bifurc.proof.branch import Chain, follow
from bifurc.proof.cells import Cell
from bifurc.proof.certificate import check
from bifurc.proof.interval import NotCertifiedError, enclosing, flint, precision
from bifurc.proof.tube import Tube, corrected, largest, make, taylor
from bifurc.proof.walk import heading

pytestmark = pytest.mark.xdist_group("certified branches")

BRANCHES = Path(__file__).parent.parent / "cases" / "certificates" / "branches"


@pytest.fixture(scope="module")
def with_event():
    return bifurc.certify("A", d=(7.0, 5.0))


def tube_at(name, d, half, way=1.0):
    """A tube of a family around d, inside a precision."""
    problem, point = bifurc.member(name, "d", d)
    z = np.append(point.x, d)
    v = heading(problem, z, way * np.eye(len(z))[-1])
    return problem, make(enclosing(problem), problem, taylor(problem, z, v), v, half)


def test_type_a_is_a_minimum_at_every_real_size_of_a_window():
    data = bifurc.certify("A", d=(6.0, 6.6))
    assert data["proved"]["is_minimum"] and not data["proved"]["events"]
    check(data)


def test_the_branch_of_type_a_has_exactly_its_one_event(with_event):
    (event,) = with_event["proved"]["events"]
    low, high = map(float, event["at"])
    assert event["component"] == "x[all]"
    assert event["negative"] == [0, 1]
    assert low < bifurc.trace("A", d=(8, 5)).events[0].lam < high
    assert high - low < 1e-5
    assert not with_event["proved"]["is_minimum"]
    check(with_event)


def test_the_tubes_contain_the_branch_found_in_doubles():
    with precision(80):
        problem, tube = tube_at("II", 8.0, 0.3)
        tube.prove()
        v = np.array([float(value) for value in tube.direction])
        for t in (-1.0, -0.3, 0.0, 0.77, 1.0):
            middle = np.array([float(value.mid()) for value in tube.at(flint.arb(t))])
            z = corrected(problem, middle, v)
            near, _ = tube.enclose(flint.arb(t), rounds=4)
            for wide, tight, value in zip(tube.thick, near, z, strict=True):
                assert wide.at(flint.arb(t)).contains(flint.arb(float(value)))
                assert abs(tight - float(value)) < 1e-12
                assert wide.at(flint.arb(t)).contains(tight)


def test_the_velocity_is_that_of_the_branch_found_in_doubles():
    with precision(80):
        problem, tube = tube_at("M", 6.0, 0.1)
        v = np.array([float(value) for value in tube.direction])
        middle = [float(value.mid()) for value in tube.at(flint.arb(0.5))]
        slopes = problem.jacobian(np.array(middle[:-1]), middle[-1])[1]
        pace = float(tube.pace.at(flint.arb(0.5)).mid())
        expected = np.linalg.solve(np.vstack([slopes, v]), np.append(np.zeros(problem.n), pace))
        for ball, value in zip(tube.velocity, expected, strict=True):
            assert (ball.at(flint.arb(0.5)) + flint.arb(0, 1e-10)).contains(flint.arb(value))


def changed(tube, **parts):
    """The tube with other parts, none of its proofs kept."""
    own = {name: getattr(tube, name) for name in ("curve", "radius", "direction")}
    return Tube(tube.problem, **{**own, **parts})


def test_a_tube_off_the_branch_is_not_proved():
    with precision(80):
        _, tube = tube_at("A", 7.0, 0.2)
        tube.prove()
        moved = [[value + flint.arb(1e-5) for value in tube.curve[0]], *tube.curve[1:]]
        with pytest.raises(NotCertifiedError):
            changed(tube, curve=moved).prove()


def test_a_tube_that_runs_backwards_is_not_proved():
    with precision(80):
        _, tube = tube_at("A", 7.0, 0.2)
        with pytest.raises(NotCertifiedError, match="forward"):
            changed(tube, direction=[-v for v in tube.direction]).prove()


def test_tubes_that_do_not_follow_each_other_are_not_joined():
    with precision(80):
        _, tube = tube_at("A", 7.0, 0.1)
        _, apart = tube_at("A", 9.0, 0.1)
        _, back = tube_at("A", 7.0, 0.101, way=-1.0)
        back.prove()
        for other, why in ((apart, "overlap"), (back, "head on")):
            with pytest.raises(NotCertifiedError, match=why):
                tube.leads_to(other)


def test_a_step_onto_another_branch_is_not_a_continuation():
    """Types I and II live in one fixed-point space; a tube of one does not go on with the other."""
    with precision(80):
        _, one = tube_at("I", 9.0, 0.1)
        _, other = tube_at("II", 9.02, 0.1)
        for tube in (one, other):
            tube.prove()
        with pytest.raises(NotCertifiedError):
            one.leads_to(Tube(one.problem, other.curve, other.radius, other.direction))


class Named:
    """Stands for a block along a tube."""

    def __init__(self):
        self.component = type("Component", (), {"label": "s"})

    def negative_at(self, t):
        return 1


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("0 + 1", ([0, 1], 1)),
        ("0 + + 1", ([0, 1], 1)),
        ("0 + 0", ([0], 0)),
        ("0 + 1 - 0", ([0, 1, 0], 2)),
        ("0 + - 0", None),  # two zeros, or none
        ("0 - 1", None),
        ("0 + .", None),
        ("0 + . 1", None),
        ("0 1", None),
        ("+ 1", None),
        ("0 +", None),
        ("0 + .", None),
        ("0 + . 1", None),
        ("0 . 1", ([0, 1], 0)),  # the irrep does not exist in between
    ],
)
def test_crossings_are_counted_only_between_proved_signs(steps, expected):
    along = Named()
    cells = {
        "0": {"negative": 0}, "1": {"negative": 1}, "2": {"negative": 2},
        "+": {"crossing": 1}, "-": {"crossing": -1}, ".": {},
    }  # fmt: skip
    run = [(along, Cell(0.0, 1.0, **cells[step])) for step in steps.split()]
    if expected is None:
        with pytest.raises(NotCertifiedError):
            follow(run)
    else:
        counts, crossings = follow(run)
        assert (counts, len(crossings)) == expected


def test_the_largest_of_bounds_is_not_below_any():
    with precision(80):
        near = [flint.arb(1), flint.arb(1) + flint.arb(2) ** -70]  # equal in doubles
        assert largest(near) >= near[1]
        assert not largest([flint.arb(1), flint.arb("nan")]) < 2


def middle(data):
    """The piece in the middle of a certificate."""
    return data["pieces"][len(data["pieces"]) // 2]


def turned(texts, i):
    """Change the sign of one of several exact numbers."""
    texts[i] = "-" + texts[i]


ELSEWHERE, BEYOND = ["5.6000000e+00", "5.6100000e+00"], ["4.0000000e+00", "4.1000000e+00"]
LIES = {
    "no event": lambda data: data["proved"]["events"].clear(),
    "event elsewhere": lambda data: data["proved"]["events"][0].update(at=ELSEWHERE),
    "event the other way": lambda data: data["proved"]["events"][0].update(negative=[1, 0]),
    "another irrep": lambda data: data["proved"]["events"][0].update(component="y[all]"),
    "a minimum": lambda data: data["proved"].update(is_minimum=True),
    "other signs": lambda data: data["proved"]["negative"].update({"s[all]": [1]}),
    "an irrep left out": lambda data: data["proved"]["negative"].pop("s[all]"),
    "formal": lambda data: data["proved"].update(formal=["s[all]"]),
    "more pieces": lambda data: data["proved"].update(pieces=len(data["pieces"]) + 1),
    "a piece left out": lambda data: data["pieces"].remove(middle(data)),
    "a piece twice": lambda data: data["pieces"].insert(len(data["pieces"]) // 2, middle(data)),
    "wide box": lambda data: operator.setitem(middle(data)["radius"], 0, "0x1p-1"),
    "narrow box": lambda data: operator.setitem(middle(data)["radius"], 0, "0x1p-90"),
    "negative box": lambda data: turned(middle(data)["radius"], 0),
    "curve": lambda data: operator.setitem(middle(data)["curve"][0], 0, "0x1p-1"),
    "direction": lambda data: turned(middle(data)["direction"], -1),
    "longer window": lambda data: operator.setitem(data["proved"]["window"], 1, BEYOND),
    "curve too short": lambda data: middle(data)["curve"].pop(),
    "no piece": lambda data: data["pieces"].clear(),
    "another teacher": lambda data: operator.setitem(data["problem"]["teacher"][0], 2, "2"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_about_a_branch_is_rejected(with_event, name):
    lied = copy.deepcopy(with_event)
    LIES[name](lied)
    lied = record.sign(lied)
    assert lied["checksum"] != with_event["checksum"]
    with pytest.raises((NotCertifiedError, ValueError)):
        check(lied)


def figures(value, path=()):
    """Paths to all texts with a figure in them."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, one in pairs for found in figures(one, (*path, key))]
    return [path] if isinstance(value, str) and any(map(str.isdigit, value)) else []


def test_any_figure_changed_is_rejected_by_the_checksum(with_event):
    rng = np.random.default_rng(0)
    paths = figures({key: with_event[key] for key in ("problem", "pieces", "proved")})
    for path in rng.choice(np.array(paths, dtype=object), 40):
        data = copy.deepcopy(with_event)
        *way, last = path
        place = data
        for key in way:
            place = place[key]
        text = place[last]
        i = next(i for i in reversed(range(len(text))) if text[i].isdigit())
        place[last] = text[:i] + str((int(text[i]) + 1) % 10) + text[i + 1 :]
        with pytest.raises(NotCertifiedError, match="changed"):
            check(data)


def test_the_fold_of_type_m_is_passed():
    data = bifurc.certify("M", d=(3.45, 3.43), partial=True)
    (fold,) = [e for e in data["proved"]["events"] if e["component"] == "t"]
    low, high = map(float, fold["at"])
    assert fold["negative"] == [0, 1]
    assert low < 3.434054209961 < high and high - low < 1e-5
    first, last = data["proved"]["window"]
    assert float(last[0]) > 3.45 - 1e-6 > high  # back where it started, on the other side


@pytest.fixture(params=[1e-2, pytest.param(walk.SHORTEST, marks=pytest.mark.slow)])
def shortest(request, monkeypatch):
    """The step below which a proof gives up: the longer, the sooner."""
    monkeypatch.setattr(walk, "SHORTEST", request.param)


def test_a_proof_that_ends_early_says_where(shortest):
    with pytest.raises(NotCertifiedError, match=r"not proved beyond lam = 2\.0"):
        bifurc.certify("A", d=(2.3, 1.9))


def test_of_a_branch_that_ends_early_a_part_is_proved(shortest, caplog):
    data = bifurc.certify("A", d=(2.1, 1.9), partial=True)
    assert "not proved beyond" in caplog.text
    check(data)
    first, last = data["proved"]["window"]
    assert float(first[0]) >= 2.1 and 2.0 < float(last[0]) < 2.05


def test_an_empty_chain_proves_nothing():
    with precision(80):
        chain = Chain(enclosing(bifurc.member("A", "d", 7.0)[0]))
        with pytest.raises(NotCertifiedError):
            chain.summary()


def test_commands(tmp_path, capsys):
    path = str(tmp_path / "branch.json")
    assert main(["certify", "A", "--branch", "--from", "6", "--to", "6.1", "-o", path]) == 0
    assert main(["check", path]) == 0
    assert "a minimum throughout" in capsys.readouterr().out
    assert main(["certify", "A", "--branch", "--from", "6", "--to", "6"]) == 2
    assert "empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["A", "II", *(pytest.param(n, marks=pytest.mark.slow) for n in ("I", "M"))]
)
def test_a_branch_is_proved_again_from_its_file_and_has_the_events_found_in_doubles(name):
    proved = bifurc.check(BRANCHES / f"{name}.json")["proved"]
    first, last = (float(low) for low, _ in proved["window"])
    low = min(last, *(float(event["at"][0]) for event in proved["events"]))
    found = bifurc.trace(name, d=(40, low - 1e-6)).events
    expected = [e for e in found if not e.formal and e.lam > low]
    assert first >= 1e4
    assert len(proved["events"]) == len(expected)
    for event in expected:
        (same,) = [
            e for e in proved["events"]
            if e["component"] == event.component.label
            and float(e["at"][0]) < event.lam < float(e["at"][1])
        ]  # fmt: skip
        assert same["negative"][0] != same["negative"][1]


def test_the_loss_of_type_ii_is_proved_to_follow_its_expansion():
    """|loss - (1/2 - 2/π²)/d + 32/(3π⁴) d^-3/2| < 2/d² for every real d from 40 to 1000."""
    data = record.load(BRANCHES / "II.json")
    expansion = bifurc.asymptotics("II", order=3).loss
    assert expansion.closed == ("1/2 - 2/π²", "-32/(3π⁴)")
    bound = bifurc.loss_remainder(data, expansion, 40.0, 1000.0)
    assert bound < 2
    for d in (40.0, 77.7, 300.0, 1000.0):
        problem, point = bifurc.member("II", "d", d)
        assert abs(float(problem.loss(point.x, d)) - expansion(d)) * d**2 <= bound


def test_a_remainder_is_claimed_only_where_the_branch_is_proved():
    data = bifurc.certify("A", d=(42.0, 60.0))
    expansion = bifurc.asymptotics("A", order=2).loss
    assert bifurc.loss_remainder(data, expansion, 45.0, 55.0) < 2
    with pytest.raises(NotCertifiedError, match="cover"):
        bifurc.loss_remainder(data, expansion, 45.0, 70.0)
    wrong = replace(expansion, coefficients=(expansion.coefficients[0] + 0.01, 0.0, 0.0))
    assert bifurc.loss_remainder(data, wrong, 45.0, 55.0) > 2
    lied = copy.deepcopy(data)
    lied["pieces"][0]["curve"][0][0] = "0x1p-1"
    with pytest.raises(NotCertifiedError):
        bifurc.loss_remainder(lied, expansion, 42.5, 55.0)
