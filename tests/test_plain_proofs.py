"""Points of models by name, proved in all coordinates, against values on paper."""

import json

import numpy as np
import pytest

import bifurc
from bifurc.cli.main import main
from bifurc.models import model
from bifurc.proof.interval import Ball, balls, precision
from bifurc.proof.plain import certify_model
from tests.test_hostile import lie, rejected

MODELS = [
    ("chain", {}),
    ("chain", {"force": [0.1, -0.2, 0.3]}),
    ("permuted", {"n": 3}),
    ("pitchfork", {}),
    ("dihedral", {"m": 2}),
    ("dihedral", {"m": 3, "quadratic": 0.7}),
    ("dihedral", {"m": 5}),
]


@pytest.fixture(scope="module")
def rest():
    return bifurc.certify("cases/chain.toml", lam=0.5)


def full(name, parameters):
    problem = model(name, **parameters)
    return getattr(problem, "full", problem)


@pytest.mark.parametrize(("name", "parameters"), MODELS)
def test_balls_go_through_a_model_as_doubles_do(name, parameters):
    problem, rng = full(name, parameters), np.random.default_rng(1)
    for _ in range(3):
        x, lam = rng.normal(size=problem.n), rng.normal()
        with precision(80):
            for function in (problem.gradient, problem.hessian):
                wide = function(balls(map(float, x)), Ball(float(lam)))
                found = np.array([[float(v) for v in np.atleast_1d(row)] for row in wide])
                known = function(x, lam)
                assert np.allclose(found.reshape(known.shape), known, rtol=1e-13, atol=1e-13)


def test_the_chain_at_rest(rest):
    """The eigenvalues are lam - 4 sin²(k pi/12), of which one is positive at lam = 1/2."""
    assert rest["proved"]["index"] == 4 and not rest["proved"]["is_minimum"]
    least = 0.5 - 4 * np.sin(np.pi / 12) ** 2
    assert least * (1 - 1e-4) < float(rest["proved"]["gap"]) < least
    minimum = bifurc.certify("cases/chain.toml", lam=4)["proved"]
    assert minimum["is_minimum"] and minimum["index"] == 0


def test_permuted_coordinates_at_rest():
    """Once lam, and lam - 1 as often as the standard representation has dimensions."""
    proved = bifurc.certify("cases/permuted.toml", lam=0.25)["proved"]
    assert proved["index"] == model("permuted").full.n - 1
    assert 0.2499 < float(proved["gap"]) < 0.25


def test_points_off_the_origin():
    """On the axis r² = lam/(-cubic - twist), with eigenvalues -2 lam and -4 twist r²."""
    problem, lam = model("dihedral", m=4, cubic=-1.0, twist=0.125), 0.875
    found = certify_model(problem.full, np.array([0.999, 0.001]), lam)
    assert found["proved"]["index"] == 2
    assert 0.4999 < float(found["proved"]["gap"]) < 0.5
    bifurc.check(found)
    pitchfork = certify_model(model("pitchfork"), np.array([0.5]), -0.25)
    assert pitchfork["proved"]["index"] == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["problem", "model"], "permuted"),
        (["problem", "model"], "model.py:loss"),
        (["problem", "parameters", "force"], [0.0] * 6),
        (["problem", "parameters", "force"], [0.0] * 1000),
        (["problem", "parameters", "force"], [0, 0, 0, 0, 0]),
        (["problem", "parameters", "force", 0], 0.1),
        (["problem", "parameters"], {}),
        (["problem", "claims"], 1),
        (["lam"], "0.5"),
        (["lam"], "1"),
        (["precision"], 100_000),
        (["narrow", "radius", 0], "0x1p-2"),
        (["narrow", "radius", 0], "0x0p0"),
        (["narrow", "centre", 0], "0x1p-9"),
        (["narrow", "centre"], []),
        (["proved", "index"], 5),
        (["proved", "index"], "4"),
        (["proved", "is_minimum"], True),
        (["proved", "gap"], "3.0000000e-01"),
        (["claims"], 1),
    ],
    ids=str,
)
def test_lies_about_a_model_are_rejected(rest, path, value, tmp_path, capsys):
    rejected(lie(rest, path, value), tmp_path, capsys)


def test_the_command_proves_a_case_about_a_model(tmp_path, capsys):
    path = tmp_path / "rest.json"
    assert main(["certify", "cases/chain.toml", "--at", "lam=1/2", "-o", str(path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(
        "chain(force = [0.0, 0.0, 0.0, 0.0, 0.0]); x = (x0 0e-20, x1 0e-20, x2 0e-20, x3 0e-20, x4 "
        "0e-20) at lam = 1/2: critical point of index 4 of 5, every |eigenvalue| > 2.320"
    )
    assert main(["check", str(path)]) == 0
    assert said.strip() in capsys.readouterr().out
    assert json.loads(path.read_text())["kind"] == "model"


def test_functions_of_ones_own_have_no_certificate():
    problem = bifurc.Problem(
        lambda x, lam: lam * x @ x / 2 - (x**4).sum() / 4, x0=[0.0], parameters={"lam": -0.5}
    )
    with pytest.raises(ValueError, match="families of networks"):
        bifurc.certify(problem, lam=-0.5)
    with pytest.raises(ValueError, match="functions of one's own have none"):
        certify_model(problem.along("lam"), [0.0], -0.5)


def test_events_and_branches_of_a_model_are_refused_in_one_line():
    with pytest.raises(ValueError, match="points are proved"):
        bifurc.certify("cases/chain.toml", event="t", lam=(0, 1))
    with pytest.raises(ValueError, match="points are proved"):
        bifurc.certify("cases/chain.toml", lam=(0, 1))
