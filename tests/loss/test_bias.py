"""Biases: the kernel against quadrature, blocks against full Hessians, families against values."""

import itertools
import json
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtr

import bifurc
from bifurc.cli.main import main
from bifurc.graph.problems import problem_from, problem_spec
from bifurc.loss import full
from bifurc.loss.biased import BiasedLeakyReLU, BiasedReLU
from bifurc.loss.embedding import matrices
from bifurc.loss.kernels import GELU, Quadratic, ReLU, TensorPower, kernel
from bifurc.loss.problem import NetworkProblem
from bifurc.loss.series import Series, direction
from bifurc.structure.merge import mergers
from bifurc.structure.split import split
from bifurc.structure.structure import Structure
from tests.test_reduced import along, close

KERNEL = BiasedReLU()
KINDS = ["hidden", "output", "hidden, output"]


def by_quadrature(p, q, c, b, d):
    """E[relu(X) relu(Y)]: Y is averaged given X in closed form, X in 30 digits."""
    p, q, c, b, d = map(mpmath.mpf, (p, q, c, b, d))
    rest = mpmath.sqrt(q - c * c / p)

    def inner(z):
        mean = d + c / mpmath.sqrt(p) * z
        return mean * mpmath.ncdf(mean / rest) + rest * mpmath.npdf(mean / rest)

    low = -b / mpmath.sqrt(p)
    whole = lambda z: (b + mpmath.sqrt(p) * z) * inner(z) * mpmath.npdf(z)  # noqa: E731
    return float(mpmath.quad(whole, [low, low + 1, low + 3, low + 6, low + 16]))


def places(rng, count=30):
    p, q = rng.uniform(0.3, 2.0, (2, count))
    c = rng.uniform(-0.95, 0.95, count) * np.sqrt(p * q)
    return (p, q, c, *rng.normal(size=(2, count)))


@pytest.mark.parametrize(
    "at",
    [
        (1.0, 1.0, 0.3, 0.0, 0.0), (1.3, 0.7, -0.5, 0.4, -1.1), (0.5, 2.0, 0.9, -2.0, 1.0),
        (1.0, 1.0, 0.999999, 0.5, -0.5), (1.0, 2.0, 0.2, 0.0, 0.7), (1.0, 2.0, -0.2, -0.7, 0.0),
    ],
)  # fmt: skip
def test_the_kernel_is_the_gaussian_average(at):
    assert KERNEL.value(*map(np.array, at)) == pytest.approx(by_quadrature(*at), rel=1e-12)


OTHERS = [BiasedLeakyReLU(0.3), GELU().biased, kernel("softplus").biased, Quadratic().biased]


@pytest.mark.parametrize("KERNEL", [KERNEL, *OTHERS], ids=lambda k: type(k).__name__)
def test_derivatives_of_the_kernel_are_those_of_its_value(KERNEL, rng):
    at = places(rng)

    def slopes(function, i):
        found = function(*[direction(v, 1.0 * (i == j)) for j, v in enumerate(at)])
        return [f.coefficients[1] for f in (found if isinstance(found, tuple) else (found,))]

    first = [slopes(KERNEL.value, i)[0] for i in range(5)]
    assert_allclose(KERNEL.gradient(*at), [first[0], first[2], first[3]], atol=1e-14)
    g = [slopes(KERNEL.gradient, i) for i in range(5)]
    second = [g[0][0], g[1][0], g[2][0], g[2][1], g[3][0], g[4][0], g[3][1]]
    assert_allclose(KERNEL.hessian(*at), second, atol=1e-14)
    f_p, f_c, _ = KERNEL.gradient(*at)
    assert_allclose(g[3][2], 2 * f_p, atol=1e-14)  # the heat equations
    assert_allclose(g[4][2], f_c, atol=1e-14)
    h = 1e-5
    for i, slope in enumerate(first):
        ahead, behind = (
            KERNEL.value(*[v + s * (i == j) for j, v in enumerate(at)]) for s in (h, -h)
        )
        assert_allclose((ahead - behind) / (2 * h), slope, atol=1e-9)
    p, _, _, b, _ = at
    M, M_p, M_b, M_pp, M_pb = KERNEL.mean(p, b)
    by_p, by_b = (
        [f.coefficients[1] for f in KERNEL.mean(*moved)]
        for moved in (
            (direction(p, 1.0), direction(b, 0.0)),
            (direction(p, 0.0), direction(b, 1.0)),
        )
    )
    assert_allclose([M_p, M_b, M_pp, M_pb], [by_p[0], by_b[0], by_p[1], by_b[1]], atol=1e-14)
    assert_allclose(by_b[2], 2 * M_p, atol=1e-14)
    none = np.zeros_like(p)
    with_one = {"BiasedReLU": b * ndtr(b / np.sqrt(p)) + p * 2 * M_p}
    assert_allclose(M, with_one.get(type(KERNEL).__name__, M), atol=1e-14)
    # independent arguments: f is a product of means
    both = KERNEL.value(p, p, none, b, b[::-1] * 0 + 0.3)
    assert_allclose(both, M * KERNEL.mean(p, 0.3 + none)[0], rtol=1e-12)


@pytest.mark.parametrize(
    "made, phi",
    [
        (BiasedLeakyReLU(0.3), lambda z: np.where(z > 0, z, 0.3 * z)),
        (GELU().biased, lambda z: z * ndtr(z)),
        (kernel("softplus").biased, lambda z: np.logaddexp(0, z)),
        (kernel("tanh").biased, np.tanh),
    ],
)
def test_other_kernels_with_biases_are_gaussian_averages(made, phi):
    p, q, c, b, d = 1.3, 0.7, -0.5, 0.4, -1.1
    z = np.linspace(-9, 9, 2401)
    weight = (z[1] - z[0]) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    one = b + np.sqrt(p) * z[:, None]
    other = d + c / np.sqrt(p) * z[:, None] + np.sqrt(q - c * c / p) * z[None, :]
    expected = weight @ (phi(one) * phi(other)) @ weight
    rtol = 1e-5 if isinstance(made, BiasedLeakyReLU) else 1e-12  # a kink costs the rule its order
    assert_allclose(made.value(*map(np.array, (p, q, c, b, d))), expected, rtol=rtol)


def test_a_leaky_slope_runs_beside_hidden_biases():
    family = bifurc.Family.build(
        "II", sets={"bulk": "d - 1", "last": 1}, start={"bulk": 1, "last": -1}, kernel="leaky",
        parameters={"d": 12, "a": 0}, kernel_parameters={"slope": "a"}, bias="hidden",
    )  # fmt: skip
    branch = bifurc.trace(family, a=(0.0, 0.2))
    problem, point = bifurc.member(bifurc.family("II").with_bias("hidden"), d=12)
    assert_allclose(branch.x[0], point.x, atol=1e-11)
    reduced, x = branch.problem, branch.x[-1]
    slope = along(lambda h: reduced.gradient(x, 0.2 + h))
    close(reduced.jacobian(x, 0.2)[1][:, -1], slope, 1e-9)
    with pytest.raises(ValueError, match="cannot run beside a trained bias of the output"):
        structure = family.structure.plain.biased("output")
        bifurc.trace(replace(family, structure=structure), a=(0.0, 0.2))


def test_without_biases_it_is_the_kernel_of_relu_parallel_rows_included(rng):
    p, q, c, *_ = places(rng)
    p, q, c = np.append(p, [1.0, 1.0]), np.append(q, [4.0, 4.0]), np.append(c, [2.0, -2.0])
    none = np.zeros_like(p)
    mine = [KERNEL.value(p, q, c, none, none), *KERNEL.gradient(p, q, c, none, none)[:2]]
    mine += KERNEL.hessian(p, q, c, none, none)[:4]
    known = [ReLU().value(p, q, c), *ReLU().gradient(p, q, c), *ReLU().hessian(p, q, c)]
    for one, other in zip(mine, known, strict=True):
        assert_allclose(one, other, atol=1e-15, rtol=1e-13)


def flat_loss(theta, k, d, V, output):
    """The loss of all entries, a series, by the kernel's value alone, but for the teacher's own."""
    W, v, o = theta[: k * (d + 1)].reshape(k, d + 1), V[:, :d], V[:, d]
    w, b = W[:, :d], W[:, d]
    c, one, off = w @ w.swapaxes(-1, -2), np.ones((k, k)), 1 - np.eye(k)
    p = c.diagonal(0, -2, -1)
    P, B = p.reshape(k, 1) * one, b.reshape(k, 1) * one
    pairs = KERNEL.value(P, P.swapaxes(-1, -2), c * off, B, B.swapaxes(-1, -2)) * off
    M, M_p, M_b, *_ = KERNEL.mean(p, b)
    own = b * M + p * M_b  # E[relu(X)²]
    across = np.ones((k, len(V)))
    norms = (v * v).sum(1)
    mixed = KERNEL.value(
        p.reshape(k, 1) * across, norms * across, w @ v.T, b.reshape(k, 1) * across, o * across
    )
    total = 0.5 * (pairs.sum(-1).sum(-1) + own.sum(-1)) - mixed.sum(-1).sum(-1)
    if output:
        beta = theta[k * (d + 1)]
        total = total + 0.5 * beta * beta + beta * (M.sum(-1) - KERNEL.mean(norms, o)[0].sum())
    return total


def by_series(theta, *how):
    """Gradient and Hessian in all entries, by second-order series along pairs of them."""
    n, one = len(theta), np.eye(len(theta))

    def along(u):
        return flat_loss(Series(np.stack([theta, u, 0 * u])), *how).coefficients[1:]

    g, squares = np.array([along(u) for u in one]).T
    H = np.diag(2 * squares)
    for i, j in itertools.combinations(range(n), 2):
        H[i, j] = H[j, i] = along(one[i] + one[j])[1] - squares[i] - squares[j]
    return g, H


def random_problem(bias, seed=0):
    taught = {"bulk,bulk": [1, 0.1], "last,last": 1, "bulk,bias": "0.3 + m/10", "last,bias": -0.2}
    s = Structure.build(
        {"bulk": "d - 1", "last": 1}, ["bulk", "last"], ["bulk", "last"], None, taught, bias=bias
    )
    problem = NetworkProblem(s, ReLU(), {"d": "lam", "m": "lam - 4"})
    return problem, np.random.default_rng(seed).normal(size=problem.n)


@pytest.mark.parametrize("bias", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_gradient_and_blocks_are_those_of_the_full_network(bias, seed):
    problem, x = random_problem(bias, seed)
    d = k = 4
    parameters = problem.parameters(4.0)
    W, V = matrices(problem.structure, x, parameters)
    output, hidden = "output" in bias, "hidden" in bias
    last = [W[k:, d]] if output else []
    g, H = by_series(np.concatenate([W[:k].ravel(), *last]), k, d, V, output)
    kept = np.ones(len(g), bool)
    kept[: k * (d + 1)].reshape(k, d + 1)[:, d] = hidden
    G = matrices(problem.structure, problem.gradient(x, 4.0), parameters)[0]
    mine = np.concatenate([G[:k].ravel(), *([G[k:, d]] if output else [])])
    close(mine[kept], g[kept], 1e-12)
    found = []
    for component, block in problem.blocks(x, 4.0).items():
        values = np.linalg.eigvals(block.matrix).real
        found.extend(np.repeat(values, round(component.dimension(**parameters))))
    close(np.sort(found), np.linalg.eigvalsh(H[np.ix_(kept, kept)]), 1e-12)


@pytest.mark.parametrize("bias", KINDS)
def test_all_derivatives_are_slopes_at_real_sizes(bias):
    problem, x = random_problem(bias)
    lam, u = 4.3, np.append(np.cos(np.arange(problem.n)), 0.7)
    at = lambda h: (x + h * u[:-1], lam + h * u[-1])  # noqa: E731
    g, jacobian = problem.jacobian(x, lam)
    slopes = [along(lambda h, e=e: problem.loss(x + h * e, lam), 1e-3) for e in np.eye(problem.n)]
    close(g * problem.weights(lam), np.array(slopes), 1e-9)
    columns = [along(lambda h, e=e: problem.gradient(x + h * e, lam)) for e in np.eye(problem.n)]
    columns.append(along(lambda h: problem.gradient(x, lam + h)))
    close(jacobian, np.array(columns).T, 1e-9)
    scaled = jacobian[:, :-1] * problem.weights(lam)[:, None]
    close(scaled, scaled.T, 1e-13)
    close(problem.jacobian_along(x, lam, u), along(lambda h: problem.jacobian(*at(h))[1]), 1e-8)
    third = along(lambda h: problem.jacobian_along(*at(h), u) @ u)
    close(problem.third_along(x, lam, u), third, 1e-7)
    for component, change in problem.blocks_along(x, lam, u).items():
        slope = along(lambda h, c=component: problem.blocks(*at(h), [c])[c].matrix)
        close(change, slope, 1e-8)


# issue 17, section 1: an independent evaluator
@pytest.mark.parametrize(
    "name, bias, expected",
    [
        ("II", "hidden", 5.2331727478),
        ("II", "hidden, output", 5.2227554915),
        ("A", "hidden", 5.8294181906),
    ],
)
def test_where_families_with_biases_become_minima(name, bias, expected):
    (event,) = bifurc.trace(bifurc.family(name).with_bias(bias), d=(40, 4)).events
    assert event.lam == pytest.approx(expected, abs=5e-11)
    assert event.transition == "saddle -> minimum"


@pytest.mark.parametrize(
    "name, bias, d, loss, biases",
    [
        ("II", "hidden", 20, 0.010796591320, {"bulk": 0.0078368974, "last": -0.1118586167}),
        ("II", "hidden, output", 20, 0.010795256799, {}),
        ("II", "hidden", 10, 0.017476583700, {}),
        ("II", "hidden, output", 10, 0.017461775370, {}),
        ("II", "hidden", 6, 0.023078071394, {}),
        ("A", "hidden", 20, 0.100229594585, {}),
        ("A", "hidden, output", 20, 0.099635802843, {"output": -0.3800368371}),
        ("A", "hidden", 10, 0.074861541284, {}),
    ],
)
def test_losses_and_biases_of_members(name, bias, d, loss, biases):
    problem, point = bifurc.member(bifurc.family(name).with_bias(bias), d=d)
    assert problem.losses(point.x, d) == pytest.approx(loss, abs=6e-13)
    named = {c.row: v for c, v in zip(problem.structure.coordinates, point.x, strict=True)}
    for row, value in biases.items():
        assert named[row] == pytest.approx(value, abs=6e-11)


# Newton on all weights and biases from the members without, the kernel by the formulas of issue
# 17, Phi2 by Gauss-Legendre quadrature in the correlation
@pytest.mark.parametrize(
    "name, bias, d, loss",
    [
        ("M", "hidden", 7, 0.0391795690404), ("M", "hidden, output", 7, 0.0391644919125),
        ("M", "hidden", 9, 0.0350891985394), ("M", "hidden, output", 9, 0.0350721368993),
        ("I", "hidden", 7, 0.0537344678280), ("I", "hidden, output", 7, 0.0536923650012),
        ("I", "hidden", 9, 0.0656502132688), ("I", "hidden, output", 9, 0.0655080668109),
    ],
)  # fmt: skip
def test_losses_of_other_members_are_those_of_full_matrices(name, bias, d, loss):
    problem, point = bifurc.member(bifurc.family(name).with_bias(bias), d=d)
    assert problem.losses(point.x, d) == pytest.approx(loss, abs=2e-13)


def test_the_spectrum_of_the_global_minimum_with_both_biases():
    problem, point = bifurc.member(bifurc.family("global").with_bias("hidden, output"), d=6)
    found = []
    for component, block in problem.blocks(point.x, 6.0).items():
        found += np.repeat(2 * block.eigen().values, round(component.dimension(d=6))).tolist()
    expected = [7.94960842, 3.17220926, 0.19306362, 0.09497801]
    expected += 5 * [3.71943865, 0.59887124] + 9 * [0.81830989] + 20 * [0.18169011]
    assert_allclose(sorted(found), sorted(expected), atol=6e-9)


def test_biases_go_through_splits_switching_files_and_the_command_line(tmp_path, capsys):
    family = bifurc.family("II").with_bias("hidden, output")
    graph = bifurc.explore(family, d=(6, 5), depth=1)
    assert len(graph.branches) > 1
    branch = bifurc.trace(family, d=(12, 5))
    again = problem_from(problem_spec(branch.problem))
    assert_allclose(again.gradient(branch.x, branch.lam), 0.0, atol=1e-12)
    parts = split(branch.problem.structure, {"bulk": ["1"]})
    finer = branch.problem.on(parts.structure, any_size=True)
    x, lam = branch.x[0], branch.lam[0]
    assert finer.loss(parts.embedding @ x, lam) == pytest.approx(branch.problem.loss(x, lam))
    assert all("bias" not in m.pair for m in mergers(parts.structure))
    assert main(["critical", "II", "--bias", "hidden", "--json"]) == 0
    (point,) = json.loads(capsys.readouterr().out)["points"]
    assert point["value"] == pytest.approx(5.2331727478, abs=5e-11)
    case = tmp_path / "biased.toml"
    case.write_text(
        '[family]\nname = "II"\nsets = { bulk = "d - 1", last = 1 }\nbias = "hidden"\n'
        "start = { bulk = 1, last = -1 }\nparameters = { d = 20 }\n[window]\nd = [20, 5]\n"
    )
    (event,) = bifurc.trace(str(case)).events
    assert event.lam == pytest.approx(5.2331727478, abs=5e-11)


def test_what_cannot_have_biases_is_refused(capsys):
    assert main(["critical", "II", "--bias", "inner"]) == 2
    assert "uses parameter inner without a default" in capsys.readouterr().err
    for given in ("hidden, inner", "hidden, hidden"):
        assert main(["critical", "II", "--bias", given]) == 2
        assert "Biases are hidden, output or both" in capsys.readouterr().err
    with pytest.raises(ValueError, match="no formulas for neurons with biases"):
        bifurc.member(bifurc.family("II").with_bias("hidden").with_kernel(TensorPower(4)), d=20)


def test_nothing_is_said_to_be_proved_of_output_weights_that_are_trained(capsys):
    (event,) = bifurc.trace(bifurc.family("II").with_bias("hidden"), d=(8, 5)).events
    assert event.proof
    assert main(["certify", "II", "--train-weights", "--event", "s:bulk"]) != 0
    assert "rained output weights" in capsys.readouterr().err


def test_the_limits_where_student_and_teacher_coincide(rng):
    """At W = V the Hessian is the second moment of the student's derivatives."""
    taught = {"all,all": [1.2, -0.3], "all,bias": 0.6}
    s = Structure.build({"all": "d"}, ["all"], ["all"], None, taught, bias="hidden")
    problem = NetworkProblem(s, ReLU(), {"d": "lam"})
    g, jacobian = problem.jacobian(np.array([1.2, -0.3, 0.6]), 3.0)
    assert_allclose(g, 0.0, atol=1e-15)
    inputs = rng.normal(size=(1_000_000, 3))
    W = 1.5 * np.eye(3) - 0.3
    active = inputs @ W.T + 0.6 > 0
    sums = np.stack(  # of the derivatives behind each coordinate
        [
            (active * inputs).sum(1),
            (active * (inputs.sum(1)[:, None] - inputs)).sum(1),
            active.sum(1),
        ]
    )
    moments = sums @ sums.T / len(inputs)
    found = jacobian[:, :-1] * problem.weights(3.0)[:, None]
    assert_allclose(found, moments, atol=0.05)  # 4 sigma; wrong limits are off by more than 0.5
    for component, block in problem.blocks(np.array([1.2, -0.3, 0.6]), 3.0).items():
        assert block.eigen().values.min() > -1e-14, component


def common(**more):
    return bifurc.Family.build(
        "II", sets={"bulk": "d - 1", "last": 1}, start={"bulk": 1, "last": -1},
        parameters={"d": 20, "b": 0}, bias="b", **more,
    )  # fmt: skip


def test_a_bias_that_all_neurons_have_in_common_runs_as_a_parameter():
    """Student and teacher have the same one: at b = 0 all is as without, and W = V learns it."""
    taught = {"bulk,bulk": [1, 0], "last,last": 1, "bulk,bias": "b", "last,bias": "b"}
    branch = bifurc.trace(common(teacher=taught), b=(0.0, 0.4), d=6)
    plain, point = bifurc.member("II", d=6)
    assert_allclose(branch.x[0], point.x, atol=1e-12)
    assert branch.loss[0] == pytest.approx(plain.loss(point.x, 6.0), rel=1e-12)
    assert branch.lam[-1] == 0.4
    problem, x, lam = branch.problem, branch.x[-1], 0.4
    close(problem.jacobian(x, lam)[1][:, -1], along(lambda h: problem.gradient(x, lam + h)), 1e-9)
    event = bifurc.trace(common(teacher=taught), d=(12, 5), b=0).events[0]
    assert event.lam == pytest.approx(5.5855052474, abs=1e-9)
    moved = bifurc.trace(common(teacher=taught), d=(12, 5), b=0.01).events[0]
    assert 1e-6 < abs(moved.lam - event.lam) < 0.1
    again = problem_from(problem_spec(problem))
    assert_allclose(again.gradient(x, lam), 0.0, atol=1e-12)


def test_the_full_network_with_biases_is_that_of_the_value(rng):
    W, V = rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
    g, H = by_series(W.ravel(), 3, 3, V, False)
    mine, hessian = full.Network(W, V, ReLU().biased, biased=True).derivatives()
    close(mine, g, 1e-13)
    close(hessian, H, 1e-12)
