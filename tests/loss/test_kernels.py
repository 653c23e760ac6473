"""Kernels against quadrature, against one another and against the full matrices."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc import kernels
from bifurc.loss import full
from bifurc.loss.embedding import matrices, row_weights
from bifurc.loss.kernels import (
    AbsoluteValue,
    Erf,
    LeakyReLU,
    Quadratic,
    ReLU,
    TensorPower,
)
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.structure import Structure

KERNELS = [
    ReLU(),
    LeakyReLU(0.3),
    AbsoluteValue(),
    Erf(),
    kernels.GELU(),
    kernels.kernel("softplus"),
    Quadratic(),
    TensorPower(3),
    TensorPower(4),
]
ACTIVATIONS = [
    (ReLU(), lambda z: np.maximum(z, 0)),
    (LeakyReLU(0.3), lambda z: np.where(z > 0, z, 0.3 * z)),
    (AbsoluteValue(), np.abs),
    (Quadratic(), np.square),
]
STRUCTURES = [
    (Structure.build({"all": "d"}, ["all"], ["all"]), {"d": 5}),
    (Structure.build({"bulk": "d - 1", "last": 1}, ["bulk", "last"], ["bulk", "last"]), {"d": 5}),
    (Structure.build({"seen": "k", "rest": "d - k"}, ["seen"], ["seen", "rest"]), {"d": 6, "k": 4}),
    (
        Structure.build(
            {"bulk": "d - 1", "last": 1, "extra": 2}, ["bulk", "last", "extra"], ["bulk", "last"],
            student_weights={"last": -1}, teacher={"bulk,bulk": ["1 + b", "b"], "last,last": 1},
        ),
        {"d": 5, "b": 0.25},
    ),
]  # fmt: skip


def name(kernel):
    return getattr(kernel, "__name__", type(kernel).__name__)


@pytest.mark.parametrize("kernel", KERNELS, ids=name)
def test_formulas_of_a_kernel_fit_together(kernel):
    kernels.check(kernel)


def test_check_finds_a_kernel_that_is_holomorphic_by_name_only():
    class Forgetful(ReLU):
        def hessian(self, p, q, c):
            return super().hessian(p.real if np.iscomplexobj(p) else p, q, c)

    with pytest.raises(ValueError, match="holomorphic fails"):
        kernels.check(Forgetful())


def test_check_names_the_formula_that_is_wrong():
    class Wrong(Erf):
        def gradient(self, p, q, c):
            f_p, f_c = super().gradient(p, q, c)
            return f_p, f_c * (1 + 1e-6)

    with pytest.raises(ValueError, match="Wrong: f_c = df/dc fails"):
        kernels.check(Wrong())


@pytest.mark.parametrize("kernel, activation", ACTIVATIONS, ids=name)
@pytest.mark.parametrize("p, q, cosine", [(1.0, 1.0, 0.3), (2.0, 0.5, -0.8), (0.3, 4.0, 0.95)])
def test_piecewise_polynomial_kernels_are_the_gaussian_average(kernel, activation, p, q, cosine):
    # in polar coordinates the radius integrates out: E r^(2m) = 2^m m! for phi of degree m
    degree = 2 if isinstance(kernel, Quadratic) else 1
    turn = np.arccos(cosine)
    # between the kinks the integrand is smooth: Gauss on each piece
    kinks = np.sort(np.mod([np.pi / 2, -np.pi / 2, turn + np.pi / 2, turn - np.pi / 2], 2 * np.pi))
    nodes, weights = np.polynomial.legendre.leggauss(40)
    total = 0.0
    for low, high in zip(kinks, [*kinks[1:], kinks[0] + 2 * np.pi], strict=True):
        angle = low + (high - low) * (nodes + 1) / 2
        values = activation(np.cos(angle)) * activation(np.cos(angle - turn))
        total += (high - low) / 2 * weights @ values
    expected = total / (2 * np.pi) * {1: 2.0, 2: 8.0}[degree] * (p * q) ** (degree / 2)
    assert_allclose(kernel.value(p, q, cosine * np.sqrt(p * q)), expected, rtol=1e-12)


@pytest.mark.parametrize("p, q, cosine", [(1.0, 1.0, 0.3), (2.0, 0.5, -0.8), (0.3, 4.0, 0.95)])
def test_erf_is_the_gaussian_average(p, q, cosine):
    from scipy.special import erf

    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / np.sqrt(2 * np.pi)
    one = np.sqrt(p) * nodes[:, None]
    other = np.sqrt(q) * (cosine * nodes[:, None] + np.sqrt(1 - cosine**2) * nodes[None, :])
    expected = weights @ (erf(one / np.sqrt(2)) * erf(other / np.sqrt(2))) @ weights
    assert_allclose(Erf().value(p, q, cosine * np.sqrt(p * q)), expected, rtol=1e-8)


def test_leaky_relu_joins_relu_the_linear_network_and_the_absolute_value():
    p, q, c = 1.3, 0.7, 0.4
    assert LeakyReLU(0.0).value(p, q, c) == ReLU().value(p, q, c)
    assert LeakyReLU(1.0).value(p, q, c) == c
    assert AbsoluteValue() == LeakyReLU(-1.0) or AbsoluteValue().slope == -1.0
    assert_allclose(AbsoluteValue().value(p, q, -c), AbsoluteValue().value(p, q, c), rtol=1e-15)


@pytest.mark.parametrize("kernel", KERNELS, ids=name)
@pytest.mark.parametrize("structure, values", STRUCTURES, ids=["square", "last", "wide", "signs"])
def test_blocks_with_their_dimensions_are_the_full_spectrum(kernel, structure, values):
    line = {**values, "d": "lam"}
    problem = NetworkProblem(
        structure.along(NetworkProblem(structure, kernel, line).line), kernel, line
    )
    x = np.random.default_rng(3).normal(size=problem.n)
    found = []
    for component, block in problem.blocks(x, 1.0 * values["d"]).items():
        matrix = block.matrix  # neutral directions included
        dimension = round(component.dimension(**values))
        found.extend(np.repeat(np.linalg.eigvals(matrix).real, dimension) if dimension > 0 else [])
    w, v = matrices(problem.structure, x, values)
    a, b = row_weights(problem.structure, values)
    expected = np.linalg.eigvalsh(full.hessian(w, v, kernel, a, b))
    assert_allclose(np.sort(found), expected, atol=1e-10 * np.abs(expected).max())
    assert_allclose(problem.loss(x, 1.0 * values["d"]), full.loss(w, v, kernel, a, b), rtol=1e-12)


@pytest.mark.parametrize("line", [{"d": 6, "a": "lam"}, {"d": "20*lam + 2", "a": "lam"}])
def test_derivatives_in_a_kernel_parameter_are_exact(line):
    structure = Structure.build({"bulk": "d - 1", "last": 1}, ["bulk", "last"], ["bulk", "last"])
    problem = NetworkProblem(structure, LeakyReLU(), line, kernel_parameters={"slope": "a/2 + 0.1"})
    rng = np.random.default_rng(1)
    x, u = rng.normal(size=problem.n), rng.normal(size=problem.n + 1)
    lam, h = 0.3, 1e-5
    _, jacobian = problem.jacobian(x, lam)
    difference = (problem.gradient(x, lam + h) - problem.gradient(x, lam - h)) / (2 * h)
    assert_allclose(jacobian[:, -1], difference, atol=1e-8 * np.abs(jacobian).max())

    def at(f, s):
        return f(x + s * u[:-1], lam + s * u[-1])

    slopes = [at(lambda *X: problem.jacobian(*X)[1], s * h) for s in (1, -1)]
    along = problem.jacobian_along(x, lam, u)
    assert_allclose(along, (slopes[0] - slopes[1]) / (2 * h), atol=1e-7 * np.abs(along).max())
    for component, change in problem.blocks_along(x, lam, u).items():
        sides = [at(problem.blocks, s * h)[component].matrix for s in (1, -1)]
        assert_allclose(change, (sides[0] - sides[1]) / (2 * h), atol=1e-7 * np.abs(along).max())
    third = problem.third_along(x, lam, u)
    curve = [at(lambda *X: problem.jacobian_along(*X, u) @ u, s * h) for s in (1, -1)]
    assert_allclose(third, (curve[0] - curve[1]) / (2 * h), atol=1e-6 * np.abs(third).max())


def test_a_batch_with_a_kernel_parameter_is_its_points_one_by_one():
    structure = Structure.build({"all": "d"}, ["all"], ["all"])
    problem = NetworkProblem(
        structure, LeakyReLU(), {"d": 6, "a": "lam"}, kernel_parameters={"slope": "a"}
    )
    x, lam = np.random.default_rng(1).normal(size=(4, 2)), np.linspace(0, 0.9, 4)
    _, together = problem.jacobian(x, lam)
    for i in range(4):
        assert_allclose(together[i], problem.jacobian(x[i], lam[i])[1], rtol=1e-13)


def test_a_family_may_run_along_the_slope_of_its_kernel():
    family = bifurc.Family.build(
        "leaky II", sets={"bulk": "d - 1", "last": 1}, start={"bulk": 1, "last": -1},
        parameters={"d": 20, "a": 0}, kernel="leaky", kernel_parameters={"slope": "a"},
    )  # fmt: skip
    branch = bifurc.trace(family, a=(0.0, 0.3))
    plain, point = bifurc.member("II", "d", 20.0)
    assert_allclose(branch.points[0].x, point.x, atol=1e-12)
    fixed = family.with_parameters(a=branch.points[-1].lam)
    _, again = bifurc.member(fixed, "d", 20.0)
    assert_allclose(branch.points[-1].x, again.x, atol=1e-9)


def test_a_kernel_of_ones_own_needs_no_registration():
    @dataclass(frozen=True)
    class Half:
        scale: float = 2.0

        def value(self, p, q, c):
            return self.scale * ReLU().value(p, q, c)

        def gradient(self, p, q, c):
            return tuple(self.scale * part for part in ReLU().gradient(p, q, c))

        def hessian(self, p, q, c):
            return tuple(self.scale * part for part in ReLU().hessian(p, q, c))

    kernels.check(Half())
    family = bifurc.Family.build(
        "own", sets={"all": "d"}, start={"all": -1}, parameters={"d": 20}, kernel=Half()
    )
    _, mine = bifurc.member(family, "d", 20.0)
    _, known = bifurc.member("A", "d", 20.0)
    assert_allclose(mine.x, known.x, atol=1e-12)


@pytest.mark.parametrize(
    "data, message",
    [
        ({"kernel": "tan"}, "Unknown kernel 'tan'"),
        ({"kernel": "leaky", "kernel_parameters": {"slop": 0.1}}, "no parameter slop"),
        ({"kernel": "leaky", "kernel_parameters": {"slope": "a"}}, "parameter a without a default"),
        ({"kernel": "tensor", "kernel_parameters": {"order": 2.5}}, "whole number, got 2.5"),
    ],
)
def test_mistakes_in_a_kernel_are_said_plainly(data, message):
    with pytest.raises(ValueError, match=message):
        family = bifurc.Family.build(
            "mine", sets={"all": "d"}, start={"all": 1}, parameters={"d": 20}, **data
        )
        bifurc.member(family, "d", 20.0)


@pytest.mark.parametrize("kernel", KERNELS, ids=name)
@pytest.mark.parametrize(("structure", "values"), STRUCTURES)
def test_an_imaginary_step_and_a_series_give_the_same_change_of_every_block(
    kernel, structure, values, rng, monkeypatch
):
    line = {key: "lam" if key == "d" else value for key, value in values.items()}
    problem = NetworkProblem(structure, kernel, line)
    x, u = rng.normal(size=problem.n), rng.normal(size=problem.n + 1)
    blocks, changes = problem.blocks_and_changes(x, 5.5, u)
    monkeypatch.setattr(type(kernel), "holomorphic", False)
    for component, expected in problem.blocks_along(x, 5.5, u).items():
        scale = np.abs(expected).max() + 1.0
        assert_allclose(changes[component], expected, atol=1e-12 * scale)
        block = problem.blocks(x, 5.5)[component]
        assert_allclose(blocks[component].matrix, block.matrix, atol=1e-13 * scale)
        assert_allclose(blocks[component].weights, block.weights)
