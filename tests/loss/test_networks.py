"""Biases, trained output weights, decay and any kernel, all at once, against full matrices."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import bifurc
from bifurc.loss import full
from bifurc.loss.embedding import network_behind
from bifurc.loss.kernels import LeakyReLU, Quadratic, ReLU, kernel
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import GAUGES, Structure
from tests.strategies import least_sine, samples
from tests.test_full import difference
from tests.test_reduced import along, close, defined_around

KERNELS = [ReLU(), LeakyReLU(0.3), kernel("gelu"), kernel("softplus"), Quadratic()]
BIASES = ["", "hidden", "output", "hidden, output", "0.4 + mu"]


@st.composite
def networks(draw, sizes=(1, 4)):
    """Random structures, and all that may be trained beside weights."""
    sample = draw(samples(sizes))
    made = draw(st.sampled_from(KERNELS))
    bias, gauge = draw(st.sampled_from(BIASES)), draw(st.sampled_from(["", *GAUGES]))
    structure = sample.structure
    if bias:
        taught = {block.name: 0.1 * i - 0.2 for i, block in enumerate(structure.teachers)}
        structure = structure.biased(bias, taught)
    if gauge:
        structure = structure.with_train_weights(gauge)
    elif draw(st.booleans()):  # weights that run
        both = structure.student_weights, structure.teacher_weights
        mine, theirs = ({n: w + Polynomial.parse("mu") for n, w in of.items()} for of in both)
        structure = replace(structure, student_weights=mine, teacher_weights=theirs)
    if draw(st.booleans()):
        structure = replace(structure, decay=Polynomial.parse("mu + 0.2"))
    line = {**sample.problem.line, "mu": "0.3 + 0.7*lam"}
    problem = NetworkProblem(structure, made, line)
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    x = 0.7 * rng.normal(size=problem.n)
    x[[c.column == "alpha" for c in structure.coordinates]] += 1.0
    assume(problem.rows(x, 0.0).norms.max() < 10)  # activations are averaged to 1e-12 up to there
    assume(least_sine(problem, x, 0.0) > 0.05)
    return problem, x


def unknowns(network):
    """All that may be trained, in the order of derivatives."""
    parts = [network.w.ravel(), network.a if network.trained else []]
    return np.concatenate([*parts, [] if network.beta is None else [network.beta]])


@given(networks())
def test_loss_gradient_and_blocks_are_those_of_the_full_network(drawn):
    problem, x = drawn
    values = problem.parameters(0.0)
    network, kept = network_behind(problem, x, 0.0)
    loss = by_value(network, unknowns(network))
    assert problem.loss(x, 0.0) == pytest.approx(loss, rel=1e-10, abs=1e-10)
    g, hessian = network.derivatives()
    g, hessian = g[kept], hessian[np.ix_(kept, kept)]
    found = problem.gradient(x, 0.0)
    assert np.isfinite(found).all()  # of entries that are nowhere too
    close(unknowns(network_behind(problem, found, 0.0)[0])[kept], g, 1e-10)
    found = []
    for component, block in problem.blocks(x, 0.0).items():
        dimension = max(round(component.dimension(**values)), 0)
        own = replace(block, neutral=None).eigen().values
        found.extend(np.repeat(own, dimension))
    expected = np.linalg.eigvalsh(hessian)
    scale = 1 + np.abs(expected).max()
    assert_allclose(np.sort(found), expected, rtol=0, atol=1e-9 * scale)


@pytest.mark.parametrize("made", KERNELS, ids=lambda k: type(k).__name__)
@pytest.mark.parametrize("bias", BIASES)
def test_a_set_of_one_point_has_no_rows_at_others(made, bias):
    """Whatever the entry off the diagonal, even where it makes an angle that is not real."""
    found = []
    for size, x in (("n", [0.088, -2.5, 0.4, 0.3]), (1, [0.088, 0.4, 0.3])):
        s = Structure.build({"a": size}, ["a"], ["a"], None, {"a,a": [1.0, 0.3]})
        s = s.biased(bias) if bias else s
        problem = NetworkProblem(s, made, {"n": "1 + lam", "mu": 0.1})
        x = np.array(x[: problem.n])
        if size == "n":
            p, q, c = problem.rows(x, 0.0).norms[0, 0], 1.0, problem.rows(x, 0.0).inner
            assert np.max(c**2) > p * q  # the angle that a row elsewhere would have
        g = problem.gradient(x, 0.0)
        assert np.isfinite(g).all()
        kept = [not c.name.endswith("off") for c in problem.structure.coordinates]
        t = problem.blocks(x, 0.0)[problem.components[0]].matrix
        found.append((problem.loss(x, 0.0), g[kept], t[np.ix_(kept, kept)]))
    for one, other in zip(*found, strict=True):
        assert_allclose(one, other, atol=1e-13)


@given(networks((3, 5)))
def test_derivatives_are_slopes_at_real_sizes(drawn):
    problem, x = drawn
    lam = 0.21
    assume(defined_around(problem, x, lam, 0.02) and least_sine(problem, x, lam) > 0.3)
    slopes = [along(lambda h, e=e: problem.loss(x + h * e, lam), 1e-3) for e in np.eye(problem.n)]
    close(problem.gradient(x, lam) * problem.weights(lam), np.array(slopes), 1e-6)
    rows = problem.rows(x, lam)
    bare = problem.jacobian_of(rows, np.array(lam))
    columns = [along(lambda h, e=e: problem.gradient(x + h * e, lam)) for e in np.eye(problem.n)]
    columns.append(along(lambda h: problem.gradient(x, lam + h)))
    close(bare, np.array(columns).T, 1e-6)
    u = np.append(np.cos(np.arange(problem.n)), 0.7) / np.sqrt(problem.n)
    at = lambda h: (x + h * u[:-1], lam + h * u[-1])  # noqa: E731
    for component, change in problem.blocks_along(x, lam, u).items():
        slope = along(lambda h, c=component: problem.blocks(*at(h), [c])[c].matrix, 2e-4)
        close(change, slope, 1e-6)


def by_value(network, theta):
    """The loss at the unknowns ``theta``, from the kernel's value alone."""
    k, n = network.w.shape
    w, rest = theta[: k * n].reshape(k, n), theta[k * n :]
    a = rest[:k] if network.trained else network.a
    rows, signs = np.concatenate([w, network.v]), np.concatenate([a, -network.b])
    inner = rows[:, : n - network.biased]
    c = inner @ inner.T
    p = np.broadcast_to(np.diagonal(c)[:, None], c.shape)
    at = (p, p.T, c)
    if network.biased:
        b = np.broadcast_to(rows[:, -1:], c.shape)
        at = (*at, b, b.T)
    total = signs @ network.kernel.value(*at) @ signs / 2
    if network.beta is not None:
        beta = theta[-1]
        total += beta**2 / 2 + beta * signs @ network.kernel.mean(p[:, 0], rows[:, -1])[0]
    weights = (w[:, : n - network.biased] ** 2).sum() + network.trained * (a**2).sum()
    return total + network.decay / 2 * weights


@pytest.mark.parametrize("beta", [None, 0.3])
@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("made", [ReLU(), kernel("gelu")], ids=lambda k: type(k).__name__)
def test_the_full_network_is_that_of_its_value(made, trained, beta, rng):
    w, v = rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
    a, b = np.array([1.0, -0.7, 0.4]), np.array([1.0, -1.5])
    network = full.Network(w, v, made.biased, a, b, True, trained, beta, 0.2)
    theta = np.concatenate([w.ravel(), a[: 3 * trained], [] if beta is None else [beta]])

    def moved(t):
        a_there = t[12:15] if trained else a
        there = None if beta is None else float(t[-1])
        return replace(network, w=t[:12].reshape(3, 4), a=a_there, beta=there)

    g, hessian = network.derivatives()
    assert_allclose(g, difference(lambda t: by_value(network, t), theta), atol=1e-9)
    slopes = difference(lambda t: moved(t).derivatives()[0], theta)
    assert_allclose(hessian, slopes, atol=1e-8)
    plain = full.Network(w, v, made, a, b, False, trained)
    assert_allclose(plain.derivatives()[1][:12, :12], full.hessian(w, v, made, a, b))


@pytest.mark.parametrize("gauge", GAUGES)
def test_what_holds_the_gauge_is_its_own_jacobian(gauge, rng):
    family = bifurc.family("II").with_bias("hidden").with_train_weights(gauge)
    problem = bifurc.api.problem(family)
    x, lam = rng.normal(size=problem.n) + 1.0, 5.3
    g, jacobian = problem.jacobian(x, lam)
    columns = [along(lambda h, e=e: problem.jacobian(x + h * e, lam)[0]) for e in np.eye(problem.n)]
    columns.append(along(lambda h: problem.jacobian(x, lam + h)[0]))
    close(jacobian, np.array(columns).T, 1e-8)
    scaled = jacobian[:, :-1] * problem.weights(lam)[:, None]
    close(scaled, scaled.T, 1e-12)
