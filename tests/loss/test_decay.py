"""The term mu/2 |W - c|²: weight decay against published-style values and the full matrices."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from numpy.testing import assert_allclose

import bifurc
from bifurc.cli.main import main
from bifurc.graph.problems import problem_from, problem_spec, structure_from, structure_spec
from bifurc.loss import full
from bifurc.loss.embedding import matrices, row_weights
from bifurc.loss.kernels import ReLU
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.merge import merge
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.split import split
from tests.strategies import entries, least_sine, samples
from tests.test_reduced import along, as_matrix, close, defined_around

# issue 17, section 3: an evaluator that shares nothing with this one
EVENTS = [("II", 0.001, 5.5937748628), ("II", 0.01, 5.6623900686), ("A", 0.01, 5.7905040240)]


def sprung(sample, seed=0):
    """The sample with decay along the line towards a random reference that moves too."""
    rng, s = np.random.default_rng(seed), sample.structure
    put = lambda: Polynomial.of(entries(rng)) + Polynomial.parse("0.5*mu")  # noqa: E731
    reference = {(r.name, c.name): (put(), put()) for r in s.students for c in s.inputs}
    structure = replace(s, decay=Polynomial.parse("mu + 0.2"), reference=reference)
    line = {**sample.problem.line, "mu": "0.3 + 0.7*lam"}
    return replace(sample, problem=NetworkProblem(structure, ReLU(), line))


def reference(sample):
    """c as a full matrix."""
    s, values = sample.structure, sample.values
    of = {**s.reference}
    x = [of[c.row, c.column][c.part == "off"](**values) for c in s.coordinates]
    return as_matrix(sample, np.array(x))


def network(sample):
    w, v = matrices(sample.structure, sample.x, sample.values)
    return w, v, ReLU(), *row_weights(sample.structure, sample.values)


@pytest.mark.parametrize("name, mu, expected", EVENTS)
def test_where_a_family_turns_with_weight_decay(name, mu, expected):
    (event,) = bifurc.trace(bifurc.family(name).with_decay(mu), d=(40, 4)).events
    assert event.lam == pytest.approx(expected, abs=5e-11)
    assert event.proof


def test_decay_runs_through_the_event_that_d_runs_through():
    family = bifurc.family("II").with_decay(0.0)
    (event,) = bifurc.trace(family, mu=(0.0, 0.03), d=5.6623900686).events
    assert event.lam == pytest.approx(0.01, abs=1e-9)
    curve = bifurc.locus(family, "s:bulk", ("d", "mu"), window=(0.0, 0.02))
    assert curve.at(mu=0.001)[0]["d"] == pytest.approx(5.5937748628, abs=1e-9)


# where the smallest eigenvalue of the full d² x d² Hessian, of Newton on all weights, is zero
@pytest.mark.parametrize(
    "name, d, mu",
    [("I", 7, 0.1253700), ("A", 6, 0.0912308), ("II", 6, 0.0824723), ("M", 8, 0.1160525)],
)
def test_decay_at_a_whole_size_meets_the_event_of_the_full_hessian(name, d, mu):
    (event,) = bifurc.trace(bifurc.family(name).with_decay(0.0), mu=(0.0, 0.2), d=d).events
    assert event.lam == pytest.approx(mu, abs=1e-6)


@given(samples())
def test_loss_gradient_and_hessian_are_the_full_ones(sample):
    sample = sprung(sample)
    problem, x, mu = sample.problem, sample.x, 0.5
    off = as_matrix(sample, x) - reference(sample)
    expected = full.loss(*network(sample)) + mu / 2 * (off**2).sum()
    assert problem.loss(x, 0.0) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    g, jacobian = problem.jacobian(x, 0.0, checked=False)
    close(as_matrix(sample, g), full.gradient(*network(sample)) + mu * off, 1e-11)
    hessian = full.hessian(*network(sample))
    hessian += mu * np.eye(len(hessian))
    found = []
    for component, block in problem.blocks(x, 0.0).items():
        assert block.neutral is None  # decay holds the norms of parallel rows
        dimension = round(component.dimension(**sample.values))
        values = replace(block, matrix=block.matrix).eigen().values
        found.extend(np.repeat(values, max(dimension, 0)))
    close(np.sort(found), np.linalg.eigvalsh(hessian), 1e-10)


@given(samples(sizes=(3, 6)))
def test_derivatives_in_the_parameter_are_slopes(sample):
    sample = sprung(sample)
    problem, x, lam = sample.problem, sample.x, 0.37
    assume(defined_around(problem, x, lam, 0.02) and least_sine(problem, x, lam) > 0.3)
    close(problem.jacobian(x, lam)[1][:, -1], along(lambda h: problem.gradient(x, lam + h)), 1e-8)
    slopes = [along(lambda h, u=u: problem.loss(x + h * u, lam)) for u in np.eye(problem.n)]
    close(problem.gradient(x, lam) * problem.weights(lam), np.array(slopes), 1e-6)
    u = np.append(np.cos(np.arange(problem.n)), 0.7) / np.sqrt(problem.n)
    at = lambda h: (x + h * u[:-1], lam + h * u[-1])  # noqa: E731
    slope = along(lambda h: problem.jacobian(*at(h))[1], 2e-4)
    close(problem.jacobian_along(x, lam, u), slope, 1e-6)
    second = along(lambda h: problem.jacobian_along(*at(h), u) @ u, 2e-4)
    close(problem.third_along(x, lam, u), second, 1e-5)
    for component, change in problem.blocks_along(x, lam, u).items():
        slope = along(lambda h, c=component: problem.blocks(*at(h), [c])[c].matrix, 2e-4)
        close(change, slope, 1e-6)


def test_a_split_a_merger_and_a_file_keep_decay_and_reference():
    s = bifurc.Family.build(
        "kept", sets={"all": "d"}, start={"all": 1}, parameters={"d": 6, "mu": 0.1},
        decay="mu", reference={"all,all": ["1 + mu", "mu"]},
    ).structure  # fmt: skip
    parts = split(s, {"all": ["1", "2"]})
    line = {"d": 6, "mu": 0.1}
    whole, fine = (NetworkProblem(t, ReLU(), line) for t in (s, parts.structure))
    x = np.array([0.7, -0.2])
    assert fine.loss(parts.embedding @ x, 0.0) == pytest.approx(whole.loss(x, 0.0), rel=1e-14)
    joined = merge(parts.structure, ("all/2", "all/3"))
    again = NetworkProblem(joined, ReLU(), line)
    assert joined.decay == s.decay and again.n == 5
    y = np.array([0.7, -0.2, -0.2, 0.7, -0.2])
    assert again.loss(y, 0.0) == pytest.approx(whole.loss(x, 0.0), rel=1e-14)
    assert structure_from(structure_spec(parts.structure)) == parts.structure


def test_a_branch_with_decay_is_saved_and_certified(tmp_path, capsys):
    branch = bifurc.trace(bifurc.family("II").with_decay(0.01), d=(8, 5))
    again = problem_from(problem_spec(branch.problem))
    assert_allclose(again.gradient(branch.x, branch.lam), 0.0, atol=1e-12)
    made = tmp_path / "c.json"
    assert main(["certify", "II", "--decay", "0.01", "--event", "s:bulk", "-o", str(made)]) == 0
    capsys.readouterr()
    assert main(["check", str(made)]) == 0
    assert "last: 1; decay mu; W = " in capsys.readouterr().out
    data = json.loads(made.read_text())
    data["problem"]["decay"] = "0"  # the boxes are those of another problem
    made.write_text(json.dumps(data))
    capsys.readouterr()
    assert main(["check", str(made)]) != 0


def test_the_command_line_takes_a_number_or_a_parameter(capsys):
    assert main(["critical", "II", "--decay", "0.01", "--json"]) == 0
    (point,) = json.loads(capsys.readouterr().out)["points"]
    assert point["value"] == pytest.approx(5.6623900686, abs=5e-11)
    runs = ["--param", "mu", "--from", "0", "--to", "0.03", "--set", "d=5.6623900686"]
    assert main(["critical", "II", "--decay", "0", *runs, "--json"]) == 0
    (point,) = json.loads(capsys.readouterr().out)["points"]
    assert point["value"] == pytest.approx(0.01, abs=1e-9)
    assert main(["critical", "II", "--decay", "nu"]) == 2
    assert "uses parameter nu without a default value" in capsys.readouterr().err


def test_a_case_file_names_its_decay(tmp_path):
    case = tmp_path / "decayed.toml"
    case.write_text(
        '[family]\nname = "II"\nsets = { bulk = "d - 1", last = 1 }\ndecay = "mu"\n'
        "start = { bulk = 1, last = -1 }\nparameters = { d = 20, mu = 0.01 }\n"
        "[window]\nd = [20, 5]\n"
    )
    (event,) = bifurc.trace(str(case)).events
    assert event.lam == pytest.approx(5.6623900686, abs=5e-11)


def test_what_cannot_be_decay_is_refused():
    with pytest.raises(ValueError, match="not affine along the line"):
        problem = bifurc.api.problem(bifurc.family("II").with_decay("d*d"))
        problem.loss(np.ones(problem.n), 20.0)
    with pytest.raises(ValueError, match="The reference has no entry 'last', 'bulk'"):
        bifurc.Family.build(
            "mine", sets={"bulk": "d"}, start={"bulk": 1}, parameters={"d": 20},
            reference={"last,bulk": 1},
        )  # fmt: skip
