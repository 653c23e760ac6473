"""Expansions for large d: against closed forms, direct solves and the literature."""

import json
from functools import cache
from math import pi

import numpy as np
import pytest

import bifurc
from bifurc.cli.main import main
from bifurc.proof.asymptotics import recognise
from bifurc.proof.extended import PointSystem
from bifurc.proof.interval import Ball, arbs, balls, enclosing, flint, matrix, precision
from bifurc.proof.place import enclosed
from bifurc.proof.system import newton

ORDER = 7
LONG = [pytest.param(name, marks=pytest.mark.slow) for name in ("I", "M")]
SPURIOUS = ["A", "II", *LONG]

pytestmark = pytest.mark.xdist_group("asymptotics")


@cache
def found(name):
    return bifurc.asymptotics(name, order=ORDER)


def named(expansions):
    return {expansion.name: expansion for expansion in expansions}


def direct(name, d):
    """Coordinates, loss and eigenvalues at d, solved to 60 digits and rounded."""
    problem, point = bifurc.member(name, "d", d)
    with precision(200):
        ball = enclosing(problem)
        x = newton(PointSystem(enclosed(ball), Ball(d)), [flint.arb(v) for v in point.x.tolist()])
        state, lam = balls(x), Ball(d)
        values = dict(
            zip([c.name for c in problem.structure.coordinates], map(float, x), strict=True)
        )
        values["loss"] = float(ball.loss(state, lam).item())
        for component in problem.components:
            rows, weights = ball.rows(state, lam), arbs(ball.copy_weights(component, lam))
            block = matrix(ball.block_matrix(component, rows, lam))
            kept = [i for i, weight in enumerate(weights) if not weight.is_zero()]
            if len(kept) < block.nrows() or not component.exists(problem.parameters(d)):
                continue
            each = [block[0, 0]] if len(kept) == 1 else block.eig(algorithm="approx")
            for i, value in enumerate(sorted(float(v.real.mid()) for v in each)):
                values[f"{component.label} {i + 1}"] = value
    return values


@pytest.mark.parametrize("d", [pytest.param(1e4, marks=pytest.mark.slow), 1e6, 1e8])
@pytest.mark.parametrize("name", SPURIOUS)
def test_truncated_series_err_by_the_first_term_left_out(name, d):
    e = d**-0.5
    expansions = named([*found(name).coordinates, found(name).loss, *found(name).eigenvalues])
    for key, value in direct(name, d).items():
        series = expansions[key]
        for kept in range(1, len(series.coefficients)):
            powers = e ** (series.first + np.arange(kept + 1))
            terms = np.array(series.coefficients[: kept + 1]) * powers
            # the next terms grow at most a hundredfold each, and e is 1/100 or less
            left_out = 4 * np.abs(series.coefficients[kept:]) @ (
                e ** (series.first + np.arange(kept, len(series.coefficients)))
            ) + 1e5 * e ** (series.first + len(series.coefficients))
            assert abs(terms[:kept].sum() - value) <= left_out + 4e-16 * np.abs(terms).sum()


def test_loss_of_type_ii():
    """Arjevani & Field, NeurIPS 2021 (2107.10370), abstract and theorem on the loss."""
    loss = found("II").loss
    assert loss.first == 2  # 1/d
    assert loss.closed[0] == "1/2 - 2/π²"
    assert loss.coefficients[0] == pytest.approx(1 / 2 - 2 / pi**2, rel=1e-15)


@pytest.mark.parametrize("name", ["A", LONG[0]])
def test_loss_of_types_a_and_i_does_not_vanish(name):
    """Arjevani & Field, NeurIPS 2021: it tends to 1/2 - 1/π."""
    loss = found(name).loss
    assert (loss.first, loss.closed[0]) == (0, "1/2 - 1/π")
    assert loss.coefficients[0] == pytest.approx(1 / 2 - 1 / pi, rel=1e-15)


@pytest.mark.slow
def test_loss_of_m_grows_with_the_number_of_flipped_neurons():
    assert found("M").loss.closed[0] == "1 - 4/π²"  # p = 2 times that of II


@pytest.mark.parametrize("name", SPURIOUS)
def test_spectra_of_global_and_spurious_minima_agree_up_to_the_square_root_of_d(name):
    """Arjevani & Field, 2008.01805: all but O(d) of the d² eigenvalues, to O(d^-1/2)."""
    limits = {e.name: e.coefficients[0] for e in found(name).eigenvalues if e.first == 0}
    whole = {e.name: e.coefficients[0] for e in found("global").eigenvalues if e.first == 0}
    bulk = "all" if name == "A" else "bulk"
    for irrep in ("x", "y"):
        assert limits[f"{irrep}[{bulk}] 1"] == pytest.approx(whole[f"{irrep}[all] 1"], rel=1e-14)
    # and the eigenvalues of multiplicity about d accumulate at those of the global minimum
    everywhere = np.array(list(whole.values()))
    for key, value in limits.items():
        assert np.abs(everywhere - value).min() < 1e-14, key


@pytest.mark.parametrize("name", ["global", *SPURIOUS])
def test_large_eigenvalues_grow_linearly(name):
    """Arjevani & Field, 2008.01805: Θ(d) eigenvalues in t and s, none in x and y."""
    growing = {e.name: e for e in found(name).eigenvalues if e.first < 0}
    assert {e.first for e in growing.values()} == {-2}
    assert {key[0] for key in growing} == {"t", "s"}
    assert all(e.closed[0] in ("1/4", "1/(2π)") for e in growing.values())


def test_exterior_and_symmetric_eigenvalues_of_the_global_minimum():
    """2003.10576: they are 1/4 - 1/(2π) and 1/4 + 1/(2π) at every d."""
    values = named(found("global").eigenvalues)
    assert values["x[all] 1"].closed == ("1/4 - 1/(2π)", *["0"] * ORDER)
    assert values["y[all] 1"].closed == ("1/4 + 1/(2π)", *["0"] * ORDER)


def test_families_with_integer_powers_are_told_from_those_without():
    assert all(e.integer for e in found("global").eigenvalues)
    assert not found("II").loss.integer


def test_error_estimates_bound_the_change_with_the_order():
    more = named(bifurc.asymptotics("A", order=ORDER + 3).eigenvalues)
    for key, expansion in named(found("A").eigenvalues).items():
        n = len(expansion.coefficients)
        np.testing.assert_allclose(more[key].coefficients[:n], expansion.coefficients, rtol=1e-15)
        assert max(expansion.errors) < 1e-60


def test_recognised_numbers_are_right_and_others_are_left_alone():
    with precision(500):
        small, inverse = flint.arb(10) ** -100, 1 / flint.arb.pi()
        closed = flint.arb(3) / 4 - 5 * inverse / 6 + 7 * inverse * inverse
        assert recognise(closed, small) == "3/4 - 5/(6π) + 7/π²"
        assert recognise(-inverse, small) == "-1/π"
        assert recognise(flint.arb(2).sqrt(), small) is None
        assert recognise(flint.arb(3).exp() * inverse, small) is None
        assert recognise(closed, flint.arb(10) ** -20) is None


def test_command_prints_a_table_and_json(capsys):
    assert main(["asymptotics", "A", "--order", "2"]) == 0
    assert "1/2 - 1/π" in capsys.readouterr().out
    assert main(["asymptotics", "A", "--order", "2", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["loss"]["closed_forms"][0] == "1/2 - 1/π"
    assert data["loss"]["first_power"] == 0


def test_an_order_out_of_range_is_one_line(capsys):
    assert main(["asymptotics", "A", "--order", "0"]) == 2
    assert "order" in capsys.readouterr().err
