"""The loss where its large parts nearly cancel, against fifty digits."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc.case import load_case
from bifurc.cli.main import main
from bifurc.loss import full
from bifurc.loss.embedding import matrices, row_weights
from bifurc.loss.kernels import KERNELS, LeakyReLU, ReLU
from bifurc.loss.value import of_parts
from bifurc.run import family_of

CASES = Path(__file__).parents[2] / "cases"
PRECISION = 50


def relu(p, q, c):
    angle = mpmath.acos(min(max(c / mpmath.sqrt(p * q), mpmath.mpf(-1)), mpmath.mpf(1)))
    product = mpmath.sqrt(p * q)
    return (product * mpmath.sin(angle) + (mpmath.pi - angle) * c) / (2 * mpmath.pi)


def loss_with_one_apart(x, d, slope):
    """L of d - 1 rows (a at their own point, b at the others, e at the last) and (f, ..., f, g)."""
    (a, b, e, f, g), n = x, d - 1

    def pairs(p, q, c):
        return (1 - slope) ** 2 * relu(p, q, c) + slope * c

    bulk, last, one = a**2 + (n - 1) * b**2 + e**2, n * f**2 + g**2, mpmath.mpf(1)
    own = (1 + slope**2) / mpmath.mpf(2)  # f(w, w) / |w|²
    student = n * own * bulk + own * last
    student += n * (n - 1) * pairs(bulk, bulk, 2 * a * b + (n - 2) * b**2 + e**2)
    student += 2 * n * pairs(bulk, last, a * f + (n - 1) * b * f + e * g)
    cross = n * (pairs(bulk, one, a) + (n - 1) * pairs(bulk, one, b) + pairs(bulk, one, e))
    cross += n * pairs(last, one, f) + pairs(last, one, g)
    teacher = d * own + d * (d - 1) * pairs(one, one, mpmath.mpf(0))
    return student / 2 - cross + teacher / 2


@cache
def at_critical_point(near, d, slope):
    """The loss at the critical point beside ``near``, by Newton with exact differences."""
    with mpmath.workdps(3 * PRECISION):
        h, x = mpmath.mpf(10) ** -PRECISION, [mpmath.mpf(v) for v in near]

        def at(*moves):
            y = list(x)
            for i, step in moves:
                y[i] += step
            return loss_with_one_apart(y, mpmath.mpf(d), mpmath.mpf(slope))

        size = range(len(x))
        for _ in range(4):
            g = mpmath.matrix([(at((i, h)) - at((i, -h))) / (2 * h) for i in size])
            H = mpmath.matrix(len(x), len(x))
            for i in size:
                for j in size:
                    signs = [(s, t) for s in (1, -1) for t in (1, -1)]
                    H[i, j] = sum(s * t * at((i, s * h), (j, t * h)) for s, t in signs) / (4 * h**2)
            x = [v - step for v, step in zip(x, mpmath.lu_solve(H, g), strict=True)]
        return float(at())


@pytest.mark.parametrize("d", [1e2, 1e4, 1e6, 1e8, 1e9])
@pytest.mark.parametrize("name", ["I", "II"])
def test_the_loss_at_large_sizes_has_nine_digits(name, d):
    problem, point = bifurc.member(name, "d", d)
    exact = at_critical_point(tuple(point.x.tolist()), d, 0.0)
    assert problem.losses(point.x, d) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("d", [1e6, 1e9])
@pytest.mark.parametrize("slope", [0.3, 0.01])
def test_so_has_that_of_leaky_networks(slope, d):
    family = replace(bifurc.family("II"), kernel="leaky", kernel_parameters={"slope": slope})
    problem, point = bifurc.member(family, "d", d)
    exact = at_critical_point(tuple(point.x.tolist()), d, slope)
    assert problem.losses(point.x, d) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("d, expected", [(1e6, 2.972e-7), (1e8, 2.97e-9)])
def test_what_the_command_line_prints_at_large_sizes(capsys, d, expected):
    assert main(["spectrum", "II", "--at", f"d={d:g}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["loss"] == pytest.approx(expected, rel=2e-3)


class Whole:
    """ReLU by a kernel that offers no split."""

    homogeneous, derivatives = True, ReLU().derivatives
    value, gradient, hessian = ReLU().value, ReLU().gradient, ReLU().hessian


def test_a_loss_that_is_lost_in_rounding_is_not_printed(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(KERNELS, "whole", Whole)
    case = tmp_path / "whole.toml"
    case.write_text(
        '[family]\nname = "II"\nsets = { bulk = "d - 1", last = 1 }\nkernel = "whole"\n'
        "start = { bulk = 1, last = -1 }\nparameters = { d = 20 }\n[window]\nd = [20, 10]\n"
    )
    assert main(["spectrum", str(case), "--at", "d=20", "--json"]) == 0
    near = at_critical_point(tuple(bifurc.member("II", "d", 20.0)[1].x.tolist()), 20.0, 0.0)
    assert json.loads(capsys.readouterr().out)["loss"] == pytest.approx(near, rel=1e-9)
    assert main(["spectrum", str(case), "--at", "d=1e6", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["loss"] is None
    assert main(["spectrum", str(case), "--at", "d=1e6"]) == 0
    assert "lost in rounding" in capsys.readouterr().out


@pytest.mark.parametrize("d", [3.5, 1e3, 1e9])
def test_the_loss_of_the_global_minimum_is_zero(d):
    problem, point = bifurc.member("global", "d", d)
    assert problem.losses(point.x, d) == 0


@pytest.mark.parametrize(
    "name",
    [
        "leaky_ii", "narrow_a", "signs", "teacher_narrow", "teacher_oblique", "teacher_wide",
        "too_few", "type_m", "wide_a_1", "wide_ii_1", "wide_ii_2", "wide_ii_e", "wide_m_1",
    ],
)  # fmt: skip
def test_the_split_sum_is_the_loss_of_the_full_network_for_every_structure(name):
    """Where nothing cancels both sums have all digits."""
    case = load_case(CASES / f"{name}.toml")
    family, ((parameter, _),) = family_of(case), case.window.items()
    problem, point = bifurc.member(family, parameter, 8.0)
    values = problem.parameters(point.lam)
    w, v = matrices(problem.structure, point.x, values)
    a, b = row_weights(problem.structure, values)
    lam = np.array(point.lam)
    split = of_parts(problem, problem.rows(point.x, lam), point.x, lam)
    assert split == pytest.approx(full.loss(w, v, problem.kernel_at(point.lam), a, b), rel=1e-10)


def test_a_slope_that_runs_is_split_at_each_of_its_values():
    family = replace(
        bifurc.family("II"),
        kernel="leaky", kernel_parameters={"slope": "a"}, parameters={"d": 12, "a": 0.1},
    )  # fmt: skip
    branch = bifurc.trace(family, a=(0.3, -0.2))
    problem, x, lam = branch.problem, branch.x, branch.lam
    split = of_parts(problem, problem.rows(x, lam), x, lam)
    assert_allclose(split, branch.loss, rtol=1e-9)


@pytest.mark.parametrize("kernel", [ReLU(), LeakyReLU(0.2), LeakyReLU(-1.0)])
def test_a_split_kernel_is_the_kernel(kernel, rng):
    split = kernel.split()
    p, q = rng.uniform(0.3, 3.0, (2, 50))
    x = np.append(rng.uniform(-1, 1, 48), [0.0, -1.0])
    product = np.sqrt(p * q)
    parts = product * (split.radial + split.linear * x + split.share * split.even(x))
    assert_allclose(parts, kernel.value(p, q, product * x), rtol=1e-12, atol=1e-14)
    u = np.geomspace(1e-3, 1.0, 20)
    assert_allclose(split.drop(u), split.at_one - split.even(1 - u), rtol=1e-10)


@pytest.mark.parametrize("u", [1e-30, 1e-17, 1e-9, 1e-4, 0.3, 0.9])
def test_the_remainder_keeps_its_digits_at_small_arguments(u):
    with mpmath.workdps(PRECISION):
        even = lambda x: (mpmath.sqrt(1 - x * x) - 1 + x * mpmath.asin(x)) / (2 * mpmath.pi)  # noqa: E731
        exact, drop = even(mpmath.mpf(u)), even(mpmath.mpf(1)) - even(1 - mpmath.mpf(u))
    split = ReLU().split()
    assert float(split.even(np.array(u))) == pytest.approx(float(exact), rel=1e-14)
    assert float(split.drop(np.array(u))) == pytest.approx(float(drop), rel=1e-14)
