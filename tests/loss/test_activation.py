"""Kernels from an activation alone, against closed forms, quadrature and independent values."""

import json
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import erf

import bifurc
from bifurc import kernels
from bifurc.cli.main import main
from bifurc.errors import NotDefinedError
from bifurc.graph.problems import problem_from, problem_spec
from bifurc.loss.activation import sigmoid, softplus
from bifurc.loss.series import Series, direction


def gelu(z):
    return z * (0.5 + 0.5 * erf(z / np.sqrt(2)))


def rectified(z):
    return np.abs(z) if not isinstance(z, Series) else np.sqrt(z * z)


CLOSED = [
    (kernels.Erf(), lambda z: erf(z / np.sqrt(2))),
    (kernels.GELU(), gelu),
    (kernels.Quadratic(), lambda z: z * z),
]
EVERYWHERE = np.array([1.0, -1.0, 1 - 1e-9, -1 + 1e-12, 0.0, 1e-9, 0.3, -0.77, 0.999])
NAMED = ["tanh", "sigmoid", "softplus"]


def arguments(rng, longest=3.0):
    p, q = rng.uniform(0.05, longest, (2, len(EVERYWHERE)))
    return p, q, EVERYWHERE * np.sqrt(p * q)


def every(kernel, *at):
    return [kernel.value(*at), *kernel.gradient(*at), *kernel.hessian(*at)]


@pytest.mark.parametrize("closed, phi", CLOSED, ids=lambda k: type(k).__name__)
def test_the_average_is_the_closed_form_at_coincidences_and_apart(closed, phi, rng):
    made = kernels.activation(phi)
    for length in (0.3, 3.0, 8.0):
        at = arguments(rng, length)
        for one, other in zip(every(made, *at), every(closed, *at), strict=True):
            assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("closed, phi", CLOSED, ids=lambda k: type(k).__name__)
def test_series_go_through_it_as_through_the_closed_form(closed, phi, rng):
    at = [Series(np.stack([v, *rng.normal(size=(3, len(v)))])) for v in arguments(rng)]
    made = kernels.activation(phi)
    for one, other in zip(every(made, *at), every(closed, *at), strict=True):
        other = other.coefficients if isinstance(other, Series) else other
        one = one.coefficients if isinstance(one, Series) else one
        assert_allclose(one, other, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("p, q, cosine", [(1.0, 1.0, 0.3), (2.0, 0.5, -0.8), (0.3, 2.0, 1.0)])
def test_named_activations_are_their_gaussian_averages(name, p, q, cosine):
    phi = {"tanh": np.tanh, "sigmoid": sigmoid, "softplus": softplus}[name]
    z = np.linspace(-10, 10, 801)  # the trapezoidal rule in the plane, with Cholesky's split
    weight = (z[1] - z[0]) * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    one = np.sqrt(p) * z[:, None]
    other = np.sqrt(q) * (cosine * z[:, None] + np.sqrt(1 - cosine**2) * z[None, :])
    expected = weight @ (phi(one) * phi(other)) @ weight
    value = kernels.kernel(name).value(p, q, cosine * np.sqrt(p * q))
    assert_allclose(value, expected, rtol=1e-12)


@pytest.mark.parametrize("name", NAMED)
def test_an_activation_says_how_well_it_is_known(name):
    kernel = kernels.kernel(name)
    assert kernel.error(1.0) < 1e-12 and kernel.smooth
    assert kernel.error(1e4) > 1e-12
    with pytest.raises(NotDefinedError, match="not smooth enough"):
        kernel.value(1e4, 1.0, 0.0)


def test_an_activation_with_a_kink_is_refused():
    with pytest.raises(NotDefinedError, match=r"Activation\(rectified\) is known to"):
        kernels.activation(rectified).value(1.0, 1.0, 0.0)


def test_a_zero_row_is_a_point_like_others():
    kernel = kernels.kernel("softplus")
    f, at_zero = kernel.value(0.0, 1.3, 0.0), np.log(2.0) * kernel.value(1e-300, 1.3, 0.0)
    assert_allclose(np.log(2.0) * f, at_zero, rtol=1e-14)
    assert all(np.isfinite(part).all() for part in every(kernel, 0.0, 1.3, 0.0))


@pytest.mark.parametrize("phi", [np.sin, np.cos, np.log1p, np.expm1, np.tanh, softplus, erf])
def test_series_of_functions_are_their_derivatives(phi):
    x, h = np.array([0.3, 1.1]), 1e-2
    found = phi(direction(x, np.ones(()), 3)).coefficients
    t = h * np.arange(-3, 4)
    for k, value in enumerate(x):
        fitted = np.polynomial.polynomial.polyfit(t, phi(value + t), 6)[:4]
        assert_allclose(found[:, k], fitted, rtol=2e-7, atol=1e-8)


# issue 17, section 4: an independent evaluator
@pytest.mark.parametrize(
    "name, expected",
    [("II", 5.579971876), ("A", 5.900329376), ("I", 6.880666715), ("M", 7.233432049)],
)
def test_where_families_of_gelu_networks_become_minima(name, expected):
    for kernel in ("gelu", kernels.activation(gelu)):
        event = bifurc.trace(bifurc.family(name).with_kernel(kernel), d=(40, 7)).events[:1]
        event = event or bifurc.trace(bifurc.family(name).with_kernel(kernel), d=(40, 5)).events
        assert event[0].lam == pytest.approx(expected, abs=6e-10)
        assert event[0].transition == "saddle -> minimum"


# Saad, Solla, Phys. Rev. E 52 (1995) 4225: all students equal, |w|² = 1/(2K - 1); issue 17
@pytest.mark.parametrize(
    "K, escape", [(2, -0.0657498), (3, -0.0461179), (5, -0.0290830), (20, -0.0077661)]
)
def test_the_symmetric_plateau_of_erf_in_twelve_digits_traced_in_k(K, escape):
    def plateau(kernel):
        return bifurc.Family.build(
            "plateau", sets={"neurons": "K", "targets": "K"}, students=["neurons"],
            inputs=["targets"], start={"neurons": {"targets": 0.4}}, parameters={"K": 2},
            kernel=kernel, found={"at": {"K": 2}},
        )  # fmt: skip

    for kernel in ("erf", kernels.activation(lambda z: erf(z / np.sqrt(2)))):
        reduced, point = bifurc.member(plateau(kernel), K=K)
        assert point.x[0] == pytest.approx(1 / np.sqrt(K * (2 * K - 1)), rel=1e-12)
        loss = K / np.pi * (np.pi / 6 - K * np.arcsin(1 / (2 * K)))
        assert reduced.loss(point.x, K) == pytest.approx(loss, rel=1e-12)
        blocks = {c.irrep: b for c, b in reduced.blocks(point.x, K).items()}
        assert blocks["sxs"].eigen().values == pytest.approx([escape], abs=5e-8)


def test_kernels_of_ones_own_by_where_they_are_written(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.py").write_text(
        "import numpy as np\nfrom bifurc.loss.kernels import GELU\n\n"
        "def swish(z):\n    return z / (1 + np.exp(-z))\n\nclass Mine(GELU):\n    pass\n\nx = 1\n"
    )
    case = tmp_path / "case.toml"
    case.write_text(
        '[family]\nname = "II"\nsets = { bulk = "d - 1", last = 1 }\nkernel = "mine.py:Mine"\n'
        "start = { bulk = 1, last = -1 }\nparameters = { d = 20 }\n[window]\nd = [12, 5]\n"
    )
    branch = bifurc.trace(str(case))
    assert branch.events[0].lam == pytest.approx(5.579971876, abs=6e-10)
    again = problem_from(problem_spec(branch.problem))
    assert_allclose(again.gradient(branch.x, branch.lam), 0.0, atol=1e-12)
    monkeypatch.chdir(tmp_path)
    assert main(["critical", "II", "--kernel", "mine.py:swish", "--json"]) == 0
    (point, *_) = json.loads(capsys.readouterr().out)["points"]
    assert point["transition"] == "saddle -> minimum"
    for given, said in (
        ("mine.py:y", "defines no 'y'"), ("mine.py:x", "has no formula"),
        ("nowhere.py:x", "no file"), ("nowhere:x", "cannot be imported"), ("softmax", "Unknown"),
    ):  # fmt: skip
        assert main(["critical", "II", "--kernel", given]) == 2
        assert said in capsys.readouterr().err
    kernel = kernels.kernel("mine.py:swish")
    assert pickle.loads(pickle.dumps(kernel)) == kernel
    assert pickle.loads(pickle.dumps(kernels.kernel("tanh"))) == kernels.kernel("tanh")


def test_an_activation_proves_nothing():
    """Averages in doubles are no enclosures."""
    (event,) = bifurc.trace(bifurc.family("A").with_kernel("softplus"), d=(12, 5)).events
    assert not event.proof
