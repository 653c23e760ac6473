"""Branches proved to be born at proved events, and which way they go."""

import copy
from pathlib import Path

import numpy as np
import pytest

import bifurc
from bifurc.cli.certify import lines
from bifurc.cli.main import main
from bifurc.proof import record
from bifurc.proof.births import _is_turned, certify_births, conclusions
from bifurc.proof.certificate import check
from bifurc.proof.interval import NotCertifiedError, flint, precision
from bifurc.structure.split import split

pytestmark = pytest.mark.xdist_group("proved births")

FOLDER = Path(__file__).parent.parent / "cases" / "certificates"
FILES = sorted((FOLDER / "theorems").glob("born_*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_branches_of_each_family_are_born_as_stated(path):
    data = bifurc.check(path)
    kinds = {"II": "transcritical", "M": "transcritical", "A": "pitchfork", "I": "pitchfork"}
    assert {b["kind"] for b in data["proved"]["born"]} == {kinds[path.stem[5:]]}
    assert len(lines(data)) == 1 + len(data["splits"])


def solved(problem, X, fixed):
    """Newton's method with ``fixed`` . X as it is."""
    for _ in range(20):
        g, slopes = problem.jacobian(X[:-1], X[-1])
        X = X - np.linalg.solve(np.vstack([slopes, fixed]), np.append(g, 0.0))
    assert np.abs(problem.gradient(X[:-1], X[-1])).max() < 1e-13
    return X


def followed(data, i, h):
    """(s, lam) on a born branch in doubles, s the named coordinate less that of the known one."""
    event, born = data["certificates"][0], data["proved"]["born"][i]
    problem = record.problem_from_data(event["problem"])
    made = split(problem.structure, data["splits"][i])
    child = problem.on(made.structure)
    with precision(event["precision"]):
        box = [float(v.mid()) for v in record.state_of(event)]
    known, lam = np.array(box[: problem.n]), box[problem.n]
    x = made.embedding @ known
    place = [c.name for c in made.structure.coordinates].index(born["coordinate"])
    values, vectors = np.linalg.eig(child.jacobian(x, lam)[1][:, :-1])
    phi = vectors[:, np.argmin(np.abs(values))].real
    phi = phi / phi[place]

    slope = sum(map(float, born["coefficient"])) / 2 * (born["kind"] == "transcritical")
    moving = made.embedding @ np.linalg.solve(*np.hsplit(-problem.jacobian(known, lam)[1], [-1]))
    s = h / (1 + slope * moving[place, 0])
    start = np.append(x + s * (phi + slope * moving[:, 0]), lam + slope * s)
    X = solved(child, start, np.append(np.eye(len(x))[place], 0.0))
    there = solved(problem, np.append(known, X[-1]), np.append(0.0 * known, 1.0))[:-1]
    away = X[:-1] - made.embedding @ there
    assert np.abs(away - away[place] * phi).max() < 0.1 * np.abs(away).max()  # along the kernel
    return away[place], X[-1] - lam


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_direction_is_that_of_the_branch_followed_in_doubles(path):
    data = record.load(path)
    for i, born in enumerate(data["proved"]["born"]):
        middle, h = sum(map(float, born["coefficient"])) / 2, 1e-3
        (s, one), (r, other) = followed(data, i, h), followed(data, i, -h)
        if born["kind"] == "transcritical":
            assert (one - other) / (s - r) == pytest.approx(middle, rel=1e-3)
        else:
            assert (one + other) / (s**2 + r**2) == pytest.approx(middle, rel=2e-3)


@pytest.fixture(scope="module")
def born():
    return record.load(FOLDER / "theorems" / "born_II.json")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("splits",), []),
        (("splits",), [{"bulk": [1]}]),
        (("splits", 0), {"bulk": [2]}),
        (("splits", 0), {"bulk": [1, 1]}),
        (("splits", 0), {"bulk": [5]}),
        (("splits", 0), {"bulk": [True]}),
        (("splits", 0), {"bulk": [1.0]}),
        (("splits", 0), {"bulk": [0]}),
        (("splits", 0), {"bulk": [-1]}),
        (("splits", 0), {"bulk": []}),
        (("splits", 0), {"last": [1]}),
        (("splits", 0), {}),
        (("splits", 0), []),
        (("proved", "born", 0, "coefficient"), ["4.6937948e+00", "4.6937952e+00"]),
        (("proved", "born", 0, "coefficient"), ["4.0000000e+00", "5.0000000e+00"]),
        (("proved", "born", 0, "coefficient"), None),
        (("proved", "born", 0, "kind"), "pitchfork"),
        (("proved", "born", 0, "coordinate"), "last.last"),
        (("proved", "born"), []),
        (("certificates", 0, "kind"), "pair"),
        (("certificates",), []),
        (("claims",), 1),
    ],
    ids=str,
)
def test_a_lie_about_a_birth_is_rejected(born, path, value):
    data = copy.deepcopy(born)
    *way, last = path
    place = data
    for key in way:
        place = place[key]
    place[last] = value
    data["certificates"] = [record.sign(one) for one in data["certificates"]]
    with pytest.raises((NotCertifiedError, ValueError)):
        check(record.sign(data))


def test_no_branch_is_proved_where_nothing_says_that_the_quadratic_term_vanishes():
    """Parts of 1 and 2 points: no exchange turns the kernel of x, yet q = 0."""
    event = record.load(FOLDER / "A-x-5.7638.json")
    data = certify_births(event)
    assert data["splits"] == [{"all": [1, 1]}, {"all": [2, 2]}]
    with pytest.raises(NotCertifiedError):
        check(record.sign({**data, "splits": [{"all": [1, 2]}, {"all": [2, 2]}]}))


@pytest.mark.parametrize(
    ("name", "parts", "message"),
    [
        ("A-x-5.7638", {"all": [1]}, "not one line"),
        ("A-x-5.7638", {"all": [1, 1, 1]}, "not one line"),
        ("II-s-5.5855", {"bulk": [1, 1]}, "not one line"),
        ("II-s-5.5855", {"last": [1]}, "not those of the event"),
        ("II-s-5.5855", {"bulk": [5]}, "no point left"),
        ("A-x-5.7638", {"all": [1, 2]}, "direction"),
    ],
)
def test_parts_that_fix_no_one_line_prove_nothing(name, parts, message):
    event = record.load(FOLDER / f"{name}.json")
    with pytest.raises(NotCertifiedError, match=message):
        conclusions({"certificates": [event], "splits": [parts]})


def test_an_exchange_turns_a_kernel_only_if_an_entry_says_so():
    structure, parts = bifurc.problem("A").structure, {"all": [1, 1]}
    made = split(structure, parts)
    names = [c.name for c in made.structure.coordinates]
    for sign, turned in ((1, False), (-1, True)):
        phi = []
        for name in names:
            image = name.replace("all/1", "*").replace("all/2", "all/1").replace("*", "all/2")
            one, two = names.index(name), names.index(image)
            phi.append(flint.arb(0 if one == two and sign < 0 else sign ** (one > two)))
        assert _is_turned(made, parts, phi) == turned
    assert not _is_turned(split(structure, {"all": [1, 2]}), {"all": [1, 2]}, phi)


def test_the_command(tmp_path, capsys):
    path = str(tmp_path / "births.json")
    assert main(["certify", "II", "--event", "s:bulk", "--births", "-o", path]) == 0
    assert main(["check", path]) == 0
    out = capsys.readouterr().out
    assert out.count("one transcritical branch, lam = lam* + k s") == 4
