"""Continua of critical points: parallel neurons that exchange norm."""

import logging

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc.api import problem
from bifurc.loss.start import off_continuum

SHARED = bifurc.Family.build(
    "A + 2", sets={"all": "d", "extra": 1, "more": 1}, students=["all", "extra", "more"],
    inputs=["all"], start={"all": -1, "extra": {}, "more": {}}, parameters={"d": 20},
)  # fmt: skip
ALONE = bifurc.Family.build(
    "A + 1", sets={"all": "d", "extra": 1}, students=["all", "extra"], inputs=["all"],
    start={"all": -1, "extra": {}}, parameters={"d": 20},
)  # fmt: skip


@pytest.fixture(scope="module")
def alone():
    return bifurc.member(ALONE, "d", 20.0)[1].x


@pytest.mark.parametrize("share", [0.5, 0.1, 0.999])
def test_every_point_of_a_continuum_has_one_representative(alone, caplog, share):
    reduced = problem(SHARED)
    x = np.append(alone[:-1], [share * alone[-1], (1 - share) * alone[-1]])
    assert np.abs(reduced.gradient(x, 20.0)).max() < 1e-12
    with caplog.at_level(logging.WARNING):
        pinned, chosen = off_continuum(reduced, x, 20.0)
    assert "rows extra, more are parallel" in caplog.text
    assert_allclose(chosen[-2:], alone[-1] / 2, rtol=1e-12)
    g, jacobian = pinned.jacobian(chosen, 20.0)
    assert np.abs(g).max() < 1e-12
    assert np.linalg.cond(jacobian[:, :-1]) < 1e4
    _, singular = reduced.jacobian(chosen, 20.0)
    assert np.linalg.cond(singular[:, :-1]) > 1e12


def test_a_branch_of_representatives_has_the_events_of_one_row_alone():
    shared, alone = (bifurc.trace(family, d=(40, 4)) for family in (SHARED, ALONE))
    assert [str(e).split(":")[1] for e in shared.events] == [
        str(e).split(":")[1] for e in alone.events
    ]
    assert_allclose([e.lam for e in shared.events], [e.lam for e in alone.events], rtol=1e-11)
    assert_allclose(shared.x[:, -1], shared.x[:, -2], rtol=1e-12)
    t = shared.problem.components[0]
    assert shared.spectrum[t].shape[1] == alone.spectrum[alone.problem.components[0]].shape[1]


def test_a_critical_point_with_unequal_directions_is_left_alone(caplog):
    with caplog.at_level(logging.WARNING):
        bifurc.trace("II", d=(12, 6))
    assert not caplog.text


def test_a_locus_may_start_on_a_continuum():
    family = bifurc.Family.build(
        "A + e", sets={"all": "d", "extra": 1, "more": "e"}, students=["all", "extra", "more"],
        inputs=["all"], start={"all": -1, "extra": {}, "more": {}}, parameters={"d": 20, "e": 1.5},
    )  # fmt: skip
    curve = bifurc.locus(family, "x:all", ("d", "e"), window=(1, 3))
    # how many rows share it does not matter
    assert_allclose(curve.values["d"], bifurc.trace(ALONE, d=(20, 4)).events[0].lam, rtol=1e-10)
