"""Output weights that are given to identify, descend and embed."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc.cli.main import main
from bifurc.identification.descend import end_point
from bifurc.identification.embed import embed_both
from bifurc.identification.identify import lowest
from bifurc.loss import full
from bifurc.loss.kernels import ReLU, kernel
from tests.loss.test_weights import copy_average


@pytest.mark.parametrize("H, sign", [(2, 1), (3, -1)])
def test_a_matrix_with_its_weights_is_the_family_that_it_was_made_of(H, sign, rng):
    family, d = copy_average(H, sign), 8
    network = embed_both(family, d=d)
    order = rng.permutation(len(network.w))
    w = network.w[order] + 1e-6 * rng.normal(size=network.w.shape)
    found = bifurc.identify(w, None, [family], kernel="erf", weights=network.a[order])
    assert found.known and found.name == f"copy-average (H = {H})"
    loss = (H * np.arcsin(0.5) - H * H * np.arcsin(1 / (2 * H))) / np.pi
    assert found.loss == pytest.approx(loss, rel=1e-10)
    values = lowest(network.w, network.v, kernel("erf"), (network.a, None))
    assert found.index == np.count_nonzero(values < -1e-9)
    alone = bifurc.identify(w, kernel="erf", weights=network.a[order])
    assert not alone.known
    assert alone.family.structure.student_weights == {"extra": sign * float(H)}
    assert not bifurc.identify(w, kernel="erf").ok  # with weights of 1 it is near none


def test_rows_of_different_weights_are_not_exchanged():
    """w and 2 w with weights 1 and 1/2 are one function: of II without that symmetry."""
    w, a = bifurc.embed("II", d=6), np.ones(6)
    w[0], a[0] = w[0] / 2, 2.0
    found = bifurc.identify(w, weights=a)
    assert not found.known
    assert found.loss == pytest.approx(bifurc.identify(bifurc.embed("II", d=6)).loss, rel=1e-10)
    assert found.is_minimum
    sizes = sorted(str(points.size) for points in found.structure.sets)
    assert sizes == ["1", "1", "d - 2"]


def test_teacher_weights_are_those_of_the_teacher(rng):
    v, b = np.eye(4), np.array([1.0, 1.0, 1.0, -2.0])
    found = bifurc.identify(v * [1, 1, 1, 2], v, weights=np.sign(b), teacher_weights=b)
    assert found.loss == pytest.approx(0.0, abs=1e-14) and found.polished.moved < 1e-12
    assert found.family.structure.teacher_weights == {"last": -2.0}


@pytest.mark.slow
def test_descents_go_down_on_the_loss_with_these_weights():
    a = np.array([1.0, 1.0, 1.0, 1.0, -1.0])
    w = end_point(4, 5, 1, 0, ReLU(), a)
    assert np.abs(full.gradient(w, np.eye(4), ReLU(), a)).max() < 1e-5
    ended = bifurc.descend(4, 4, runs=4, weights=[2, 2, 2, 2])
    plain = bifurc.descend(4, 4, runs=4, weights=[1, 1, 1, 1])
    assert sum(len(kind.runs) for kind in ended.kinds) == 4
    assert_allclose(ended.kinds[0].loss, plain.kinds[0].loss, atol=1e-12)  # W = V and W = V / 2
    assert plain.kinds[0].known and not ended.kinds[0].known


def test_the_commands_take_and_give_weights(tmp_path, capsys):
    w, a, case = (str(tmp_path / name) for name in ("W.npy", "A.csv", "case.toml"))
    given = ["embed", "II", "--at", "d=7", "--train-weights", "balanced", "-o", w, "--weights", a]
    assert main(given) == 0
    rows, weights = np.load(w), np.loadtxt(a)
    assert rows.shape == (7, 7) and weights.shape == (7,)
    assert_allclose(np.linalg.norm(rows, axis=1), weights, rtol=1e-10)
    assert main(["identify", w, "--weights", a, "-o", case, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["loss"] == pytest.approx(bifurc.identify(bifurc.embed("II", d=7)).loss, rel=1e-10)
    event = bifurc.trace(case, d=(7, 5)).events[0]
    assert event.lam == pytest.approx(5.5855052474, abs=1e-8)  # thresholds are those of weights 1
    assert main(["descend", "--d", "7", "--runs", "1", "--weights", a, "--json"]) == 0
    assert main(["identify", w, "--weights", w]) == 2
    assert "The output weights of W need 7 finite numbers" in capsys.readouterr().err
