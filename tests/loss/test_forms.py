"""Gauss-Newton parts and trained output weights, against independent values and full matrices."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import bifurc
from bifurc.case import load_case
from bifurc.cli.main import main
from bifurc.loss import full
from bifurc.loss.embedding import matrices, network_behind, row_weights
from bifurc.loss.forms import Form, gauss_newton
from bifurc.run import family_of
from bifurc.structure.structure import GAUGES
from tests.loss.test_networks import networks
from tests.loss.test_value import CASES


def by_irrep(blocks, irrep):
    return next(b for c, b in blocks.items() if c.irrep == irrep)


def union(blocks, values):
    found = []
    for c, block in blocks.items():
        both = np.append(block.eigen().values, np.zeros(block.neutrals))
        found.extend(np.repeat(both, max(round(c.dimension(**values)), 0)))
    return np.sort(found)


# issue 17, section 5
def test_the_gauss_newton_part_of_type_a():
    problem, point = bifurc.member("A", d=20)
    part = gauss_newton(problem, point.x, 20.0)
    assert by_irrep(part, "x").eigen().values == pytest.approx([0.090844920], abs=6e-10)
    assert by_irrep(part, "y").eigen().values == pytest.approx([0.409572363], abs=6e-10)
    hessian = problem.blocks(point.x, 20.0)
    assert by_irrep(hessian, "x").eigen().values == pytest.approx([0.034466138], abs=6e-10)


@pytest.mark.parametrize("name", ["type_m", "wide_ii_1", "narrow_a", "signs", "wide_m_1"])
def test_the_gauss_newton_part_is_the_hessian_of_a_student_that_has_learnt(name):
    """And of the full network: the Hessian where the teacher is the student."""
    family = family_of(load_case(CASES / f"{name}.toml"))
    problem, point = bifurc.member(family, next(iter(family.parameters)), 8)
    values = problem.parameters(point.lam)
    w, _ = matrices(problem.structure, point.x, values)
    a, _ = row_weights(problem.structure, values)
    expected = np.linalg.eigvalsh(full.hessian(w, w, problem.kernel, a, a))
    found = union(gauss_newton(problem, point.x, point.lam), values)
    assert_allclose(found, expected, atol=1e-11)
    assert found.min() > -1e-12


# issue 17, section 2; the first without the factor 1/2
@pytest.mark.parametrize(
    "name, d, gauge, irrep, factor, expected",
    [
        ("global", 5, "alpha=1", "s", 2, [0.2739099783658, 0.6652011471370, 3.424269102130]),
        ("global", 5, "balanced", "t", 2, [2.025094817038, 5.339694158616]),
        ("global", 8, "alpha=1", "s", 2, [0.2927390199493, 0.6183618755740, 4.952279332109]),
        ("II", 10, "alpha=1", "s", 1,
         [0.031975051, 0.137661641, 0.275028012, 0.364099993, 2.965909625]),
        ("II", 10, "balanced", "s", 1,
         [0.029468568, 0.139076142, 0.273389429, 0.334176526, 2.959269608]),
    ],
)  # fmt: skip
def test_spectra_with_trained_output_weights(name, d, gauge, irrep, factor, expected):
    problem, point = bifurc.member(bifurc.family(name).with_train_weights(gauge), d=d)
    block = by_irrep(problem.blocks(point.x, float(d)), irrep)
    assert_allclose(factor * block.eigen().values, expected, atol=6e-10)
    assert np.abs(block.matrix @ block.neutral).max() < 1e-12  # rescaling


@pytest.mark.parametrize("gauge", GAUGES)
@pytest.mark.parametrize("name", ["type_m", "narrow_a", "signs", "wide_ii_1"])
def test_blocks_with_output_weights_are_those_of_the_full_network(name, gauge):
    family = family_of(load_case(CASES / f"{name}.toml"))
    parameter = next(iter(family.parameters))
    problem, point = bifurc.member(family, parameter, 8)
    values = problem.parameters(point.lam)
    w, v = matrices(problem.structure, point.x, values)
    a, b = row_weights(problem.structure, values)
    # a relu(w.x) = (a / s) relu(s w.x): the Hessian is J' H J, J of the product (a / s) (s w) / a
    share = np.sqrt(np.linalg.norm(w, axis=1) / np.abs(a)) if gauge == "balanced" else 1 + 0 * a
    (k, d), inner = w.shape, w / share[:, None]
    J = np.zeros((k, d, k, d + 1))
    for i in range(k):
        J[i, :, i, :d], J[i, :, i, d] = share[i] * np.eye(d), inner[i] / a[i]
    J = J.reshape(k * d, -1)
    expected = np.linalg.eigvalsh(J.T @ full.hessian(w, v, problem.kernel, a, b) @ J)
    trained, there = bifurc.member(family.with_train_weights(gauge), parameter, 8)
    blocks = trained.blocks(there.x, there.lam)
    assert_allclose(union(blocks, values), expected, atol=1e-11)


@pytest.mark.parametrize("gauge", GAUGES)
@pytest.mark.parametrize("name, last", [("II", 5), ("A", 5), ("I", 6)])
def test_thresholds_are_those_of_fixed_weights(name, last, gauge):
    (fixed,) = bifurc.trace(name, d=(12, last)).events
    family = bifurc.family(name).with_train_weights(gauge)
    branch = bifurc.trace(family, d=(12, last))
    (event,) = branch.events
    assert event.lam == pytest.approx(fixed.lam, abs=1e-10)
    assert (event.name, event.transition) == (fixed.name, fixed.transition)
    for row, d in zip(branch.x, branch.lam, strict=True):  # the gauge holds all along
        rows = branch.problem.rows(row, d)
        alpha = rows.signs[0, : len(branch.problem.structure.hidden)]
        lengths = np.sqrt(rows.norms[0, : len(alpha)])
        assert_allclose(alpha, lengths if gauge == "balanced" else 1.0, rtol=1e-9)


def test_the_command_line_prints_both(capsys):
    def blocks(*arguments):
        assert main(["spectrum", *arguments, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        return found, {b["irrep"]: b for b in found["blocks"]}

    found, shown = blocks("A", "--at", "d=20", "--form", "gn")
    assert shown["x"]["eigenvalues"] == pytest.approx([0.090844920], abs=6e-10)
    assert found["form"] == "gn" and found["is_minimum"]
    _, shown = blocks("II", "--at", "d=10", "--train-weights", "balanced")
    assert shown["s"]["eigenvalues"][0] == pytest.approx(0.029468568, abs=6e-10)
    assert shown["s"]["neutral"] == [0.0] and shown["t"]["neutral"] == [0.0, 0.0]
    assert shown["s"]["neutral_reasons"] == {"rescaling": 1}
    assert main(["spectrum", "II", "--at", "d=10", "--train-weights"]) == 0
    assert "(and 2 neutral: rescaling)" in capsys.readouterr().out
    _, shown = blocks("II", "--at", "d=20", "--kernel", "gelu", "--train-weights")
    assert shown["t"]["neutral"] == [] and len(shown["t"]["eigenvalues"]) == 7
    _, shown = blocks("II", "--at", "d=20", "--kernel", "softplus", "--form", "gn")
    assert min(shown["s"]["eigenvalues"]) > 0


def of_full(network, kept, shown):
    """Eigenvalues of the full Hessian in a form, layer by layer."""
    k, n = network.w.shape
    inner = np.ones((k, n), bool)
    inner[:, n - network.biased :] = False
    first = np.where(inner, "hidden", "bias").ravel()
    names = np.append(first, ["output"] * (len(kept) - k * n))[kept]
    learnt = replace(
        network, v=network.w, b=network.a, decay=0.0, beta=None if network.beta is None else 0.0
    )
    whole, second = (net.derivatives()[1][np.ix_(kept, kept)] for net in (network, learnt))
    matrix = {"hessian": whole, "gn": second, "singular": whole - second}[shown.form]
    lengths = np.sqrt([(shown.metric or {}).get(name, 1.0) for name in names])
    matrix = (2 - shown.half) * matrix / np.outer(lengths, lengths)
    if shown.part != "all":
        there = (names == "output") == (shown.part == "output")
        matrix = matrix[np.ix_(there, there)]
    return np.linalg.eigvalsh(matrix)


SHOWN = [
    Form("gn"), Form("singular", half=False), Form(part="hidden"), Form("gn", "output"),
    Form(metric={"output": 4.0, "bias": 0.3}), Form("singular", "hidden", {"hidden": 2.0}),
]  # fmt: skip


@given(networks(), st.sampled_from(SHOWN))
def test_each_form_is_that_of_the_full_network(drawn, shown):
    problem, x = drawn
    values = problem.parameters(0.0)
    expected = of_full(*network_behind(problem, x, 0.0), shown)
    found = []
    for component, block in shown.blocks(problem, x, 0.0).items() if len(expected) else ():
        eigen = replace(block, neutral=None).eigen()
        found.extend(np.repeat(eigen.values, max(round(component.dimension(**values)), 0)))
    scale = 1 + np.abs(expected).max(initial=0.0)
    assert_allclose(np.sort(found), expected, rtol=0, atol=1e-9 * scale)


def test_a_spectrum_in_python_and_on_the_command_line(capsys):
    found = bifurc.spectrum("A", d=20, form="gn")
    assert found.eigenvalues["x[all]"] == pytest.approx([0.090844920], abs=6e-10)
    assert found.eigenvalues["y[all]"] == pytest.approx([0.409572363], abs=6e-10)
    dimensions = {"t": "1", "s[all]": "d - 1", "x[all]": "(d² - 3·d + 2)/2"}
    assert dimensions.items() <= found.multiplicities.items()
    twice = bifurc.spectrum("II", d=20, half=False)
    assert twice.loss == pytest.approx(2 * 0.0112755819476, rel=1e-10)
    assert "loss 0.0225511638" in str(twice) and "dim d - 2 = 18" in str(twice)
    layer = ["spectrum", "II", "d=10", "--train-weights", "--part", "output"]
    assert main([*layer, "--metric", "output=4", "--no-half", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    plain = bifurc.spectrum(bifurc.family("II").with_train_weights(), d=10, part="output")
    (of_s,) = [b["eigenvalues"] for b in shown["blocks"] if b["irrep"] == "s"]
    assert_allclose(of_s, plain.eigenvalues["s[bulk]"] / 2)
    assert shown["index"] == 0 and {b["multiplicity"] for b in shown["blocks"]} == {"1", "d - 2"}


def test_neutral_directions_of_one_layer_are_those_that_lie_in_it():
    """Two parallel neurons exchange norm in the hidden layer alone; rescaling is no part of it."""
    family = family_of(load_case(CASES / "wide_ii_2.toml")).with_train_weights()
    for part in ("all", "hidden"):
        for block in bifurc.spectrum(family, d=8, part=part).blocks.values():
            if block.neutral is not None:
                assert np.abs(block.matrix @ block.neutral).max() < 1e-11
    hidden = bifurc.spectrum(bifurc.family("II").with_train_weights(), d=8, part="hidden")
    assert not any(block.neutrals for block in hidden.blocks.values())


@pytest.mark.parametrize(
    "options, said",
    [
        (["--part", "output"], "Output weights are fixed here"),
        (["--metric", "last=2"], "A metric gives hidden, bias, output a positive number"),
        (["--metric", "output=-1"], "a positive number; got output=-1.0"),
        (["--metric", "output=x"], "needs a number"),
        (
            ["--sphere", "d", "--part", "hidden"],
            "Weights on a sphere have no spectrum of one layer",
        ),
    ],
)
def test_what_cannot_be_shown_is_said(options, said, capsys):
    assert main(["spectrum", "II", "--at", "d=10", *options]) == 2
    assert said in capsys.readouterr().err
