"""Weights on a sphere, and rows on spheres, against independent values and full matrices."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose

import bifurc
from bifurc.cli.main import main
from bifurc.graph.problems import problem_from, problem_spec
from bifurc.identification.verify import verify
from bifurc.loss import full
from bifurc.loss.embedding import matrices, row_weights
from bifurc.loss.kernels import ReLU
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.polynomial import Polynomial
from tests.strategies import samples
from tests.test_reduced import along, close


def confined(sample, which):
    """The sample with |W|², or |w_i|², held at a size that moves with lam."""
    structure = replace(sample.structure, **{which: Polynomial.parse("rho + 2")})
    line = {**sample.problem.line, "rho": "0.4 + 0.3*lam"}
    return NetworkProblem(structure, ReLU(), line)


def network(problem, x):
    values = problem.parameters(0.0)
    w, v = matrices(problem.structure, x, values)
    return w, v, ReLU(), *row_weights(problem.structure, values)


# issue 17, section 3: an independent evaluator
@pytest.mark.parametrize(
    "name, expected", [("A", 5.7438340320), ("II", 5.5848495376), ("M", 7.5625143003)]
)
def test_where_families_on_the_sphere_of_radius_root_d_become_minima(name, expected):
    branch = bifurc.trace(bifurc.family(name).with_sphere("d"), d=(40, 5.55))
    assert branch.events[0].lam == pytest.approx(expected, abs=6e-11)
    assert branch.events[0].transition == "saddle -> minimum"
    weights = branch.problem.weights(branch.lam)
    assert_allclose((weights * branch.x**2).sum(-1), branch.lam, rtol=1e-12)


@pytest.mark.parametrize("name, loss", [("II", 0.011281427645), ("A", 0.101515710906)])
def test_losses_on_the_sphere(name, loss):
    problem, point = bifurc.member(bifurc.family(name).with_sphere("d"), d=20)
    assert problem.losses(point.x, 20.0) == pytest.approx(loss, abs=6e-13)


@pytest.mark.parametrize("d", [5, 20.5])
def test_the_trivial_block_where_student_and_teacher_coincide(d):
    problem, point = bifurc.member(bifurc.family("global").with_sphere("d"), d=d)
    block = problem.blocks(point.x, float(d))[problem.components[0]]
    expected = 1 / 4 + 1 / (2 * np.pi) + (d - 1) / 4
    assert block.eigen().values == pytest.approx([expected], rel=1e-12)
    assert block.neutrals == 0  # the radius is no direction


@pytest.mark.parametrize("which", ["sphere", "row_norm"])
@given(sample=samples())
def test_gradient_and_blocks_are_those_of_the_full_sphere(which, sample):
    problem, x = confined(sample, which), sample.x
    w, g = network(problem, x)[0], full.gradient(*network(problem, x))
    squares = (w**2).sum(axis=None if which == "sphere" else 1, keepdims=True)
    mu = -(g * w).sum(axis=None if which == "sphere" else 1, keepdims=True) / squares
    values = problem.parameters(0.0)
    close(matrices(problem.structure, problem.gradient(x, 0.0), values)[0], g + mu * w, 1e-11)
    hessian = full.hessian(*network(problem, x))
    hessian = hessian + np.diag(np.broadcast_to(mu, w.shape).ravel())
    spheres = (
        [w.ravel()]
        if which == "sphere"
        else [np.kron(e, r) for e, r in zip(np.eye(len(w)), w, strict=True)]
    )
    off = np.linalg.qr(np.array(spheres).T, mode="complete")[0][:, len(spheres) :]
    found = []
    for component, block in problem.blocks(x, 0.0).items():
        dimension = round(component.dimension(**values))
        if dimension > 0:
            found.extend(np.repeat(replace(block, neutral=None).eigen().values, dimension))
    expected = np.linalg.eigvalsh(off.T @ hessian @ off)
    assert_allclose(
        np.sort(found), expected, rtol=0, atol=1e-10 * (1 + np.abs(expected).max(initial=0))
    )


@pytest.mark.parametrize("which", ["sphere", "row_norm"])
@pytest.mark.parametrize("name", ["II", "M", "I"])
def test_derivatives_are_slopes(which, name, rng):
    """Of the field with what leads back held fixed; on the sphere its Jacobian is symmetric."""
    family = getattr(bifurc.family(name), f"with_{which}")({"sphere": "d", "row_norm": 1}[which])
    problem, point = bifurc.member(family, d=9.3)
    x, lam = point.x, 9.3
    lift = problem.lift_at(x, lam)

    def field(x, lam):
        rows = problem.rows(x, lam)
        return problem._sphere.field(rows, np.array(lam), problem.gradient_of(rows), lift)

    g, jacobian = problem.jacobian(x, lam)
    assert np.abs(g).max() < 1e-12
    columns = [along(lambda h, e=e: field(x + h * e, lam)) for e in np.eye(problem.n)]
    columns.append(along(lambda h: field(x, lam + h)))
    close(jacobian, np.array(columns).T, 1e-9)
    scaled = jacobian[:, :-1] * problem.weights(lam)[:, None]
    close(scaled, scaled.T, 1e-11)
    u = np.append(rng.normal(size=problem.n), 0.7) / np.sqrt(problem.n)
    at = lambda h: (x + h * u[:-1], lam + h * u[-1])  # noqa: E731
    second = along(lambda h: along(lambda k: field(*at(h + k)), 1e-3), 1e-3)
    close(problem.jacobian_along(x, lam, u) @ u, second, 1e-6)
    third = along(
        lambda h: along(lambda k: along(lambda j: field(*at(h + k + j)), 1e-2), 1e-2), 1e-2
    )
    close(problem.third_along(x, lam, u), third, 1e-4)
    for component, change in problem.blocks_along(x, lam, u).items():
        slope = along(lambda h, c=component: problem.blocks(*at(h), [c])[c].matrix, 2e-4)
        close(change, slope, 1e-7)


@pytest.mark.parametrize("name", ["II", "A", "M"])
def test_rows_of_unit_norm_in_full(name):
    branch = bifurc.trace(bifurc.family(name).with_row_norm(1), d=(30, 5.2))
    problem = branch.problem
    rows = problem.rows(branch.x, branch.lam)
    assert_allclose(rows.norms[..., 0, :], 1.0, rtol=1e-11)
    problem, point = bifurc.member(bifurc.family(name).with_row_norm(1), d=8)
    w, g = network_at(problem, point.x, 8.0)
    mu = -(g * w).sum(1, keepdims=True)
    assert np.abs(g + mu * w).max() < 1e-11
    off = np.array([np.kron(e, r) for e, r in zip(np.eye(8), w, strict=True)]).T
    off = np.linalg.qr(off, mode="complete")[0][:, 8:]
    values = problem.parameters(8.0)
    v = matrices(problem.structure, point.x, values)[1]
    hessian = full.hessian(w, v, ReLU()) + np.diag(np.broadcast_to(mu, w.shape).ravel())
    found = []
    for component, block in problem.blocks(point.x, 8.0).items():
        found.extend(np.repeat(block.eigen().values, max(round(component.dimension(**values)), 0)))
    assert_allclose(np.sort(found), np.linalg.eigvalsh(off.T @ hessian @ off), atol=1e-10)


def network_at(problem, x, lam):
    w, v = matrices(problem.structure, x, problem.parameters(lam))
    return w, full.gradient(w, v, ReLU())


def test_biases_are_free_beside_a_sphere():
    family = bifurc.family("II").with_bias("hidden").with_sphere("d")
    branch = bifurc.trace(family, d=(20, 5))
    (event,) = branch.events
    assert event.transition == "saddle -> minimum" and 5 < event.lam < 5.5
    again = problem_from(problem_spec(branch.problem))
    assert_allclose(again.gradient(branch.x, branch.lam), 0.0, atol=1e-12)


@pytest.mark.parametrize("which, square", [("sphere", "d"), ("row_norm", 1)])
def test_a_branch_is_verified_in_full(which, square):
    family = getattr(bifurc.family("II"), f"with_{which}")(square)
    checks = verify(bifurc.trace(family, d=(8, 5)))
    assert [check.lam for check in checks] == [8, 7, 6, 5]
    assert all(check.compared and not check.mismatch for check in checks)
    biased = bifurc.trace(family.with_bias("hidden, output"), d=(7, 6))
    assert all(check.compared and not check.mismatch for check in verify(biased))


def test_branches_are_born_on_the_sphere():
    graph = bifurc.explore(bifurc.family("II").with_sphere("d"), d=(6, 5), depth=1)
    assert len(graph.branches) > 1
    for branch in graph.branches.values():
        weights = branch.problem.weights(branch.lam)
        assert_allclose((weights * branch.x**2).sum(-1), branch.lam, rtol=1e-10)


def test_the_command_line_and_case_files(tmp_path, capsys):
    assert main(["critical", "II", "--sphere", "d", "--json"]) == 0
    (point,) = json.loads(capsys.readouterr().out)["points"]
    assert point["value"] == pytest.approx(5.5848495376, abs=6e-11)
    case = tmp_path / "sphere.toml"
    case.write_text(
        '[family]\nname = "A"\nsets = { all = "d" }\nsphere = "d"\n'
        "start = { all = -1 }\nparameters = { d = 20 }\n[window]\nd = [20, 5]\n"
    )
    assert main(["critical", str(case), "--json"]) == 0
    (point,) = json.loads(capsys.readouterr().out)["points"]
    assert point["value"] == pytest.approx(5.7438340320, abs=6e-11)
    assert main(["spectrum", "A", "--at", "d=20", "--row-norm", "1"]) == 0
    for more, said in (
        (["--sphere", "d", "--row-norm", "1"], "not both"),
        (["--sphere", "d", "--decay", "0.1"], "no decay"),
        (["--sphere", "r"], "parameter r without a default"),
    ):
        capsys.readouterr()
        assert main(["critical", "II", *more]) == 2
        assert said in capsys.readouterr().err
    (event,) = bifurc.trace(bifurc.family("II").with_sphere("d"), d=(8, 5)).events
    assert not event.proof and "spheres" in event.proof.reason


@pytest.mark.parametrize("option", ["--sphere", "--row-norm"])
@pytest.mark.parametrize("value", ["0", "-1", "20 - d"])
def test_a_norm_that_is_not_positive_is_refused_in_one_line(option, value, capsys):
    assert main(["critical", "A", f"{option}={value}"]) == 2
    assert "more than 0" in capsys.readouterr().err
