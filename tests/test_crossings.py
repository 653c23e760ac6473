"""Detection on blocks made to measure: pairs within a step, coincidences, none invented."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bifurc.case import load_case
from bifurc.continuation.options import Options, Status
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.run import seed_of
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.switching.switch import switch


def events_of(block, copies=1, ds_max=1.0, to=3.0):
    """Trace x = lam with ``block(lam)`` as the block of an irrep of dimension 3."""
    s = Component.on("s", copies, {"a": Polynomial.of(4)})
    line = PlainProblem(
        gradient=lambda x, lam: x - lam,
        hessian=lambda x, lam: np.eye(1),
        gradient_dlam=lambda x, lam: -np.ones(1),
        n=1,
        blocks_of=lambda x, lam: {s: block(lam)},
    )
    options = Options(ds=min(0.05, ds_max), ds_max=ds_max)
    branch = follow(line, point_at(line, np.zeros(1), 0.0), (0.0, to), options)
    assert branch.status is Status.WINDOW
    return branch.events


@pytest.mark.parametrize("depth", [1e-2, 1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("centre", [0.5, 1.0, 2.71])
@pytest.mark.parametrize("ds_max", [0.1, 1.0])
def test_two_crossings_within_a_step_are_both_found(depth, centre, ds_max):
    """(lam - c)² - depth vanishes at c ± sqrt(depth)."""
    events = events_of(lambda lam: np.array([[(lam - centre) ** 2 - depth]]), ds_max=ds_max)
    expected = [centre - np.sqrt(depth), centre + np.sqrt(depth)]
    assert [e.lam for e in events] == pytest.approx(expected, rel=1e-11)
    assert all(e.multiplicity == 3 for e in events)
    assert [e.speed for e in events] == pytest.approx([-2 * depth**0.5, 2 * depth**0.5], rel=1e-5)


@pytest.mark.parametrize("depth", [1e-2, 1e-4, 1e-6])
def test_a_dip_that_stays_above_zero_is_no_event(depth):
    assert events_of(lambda lam: np.array([[(lam - 0.5) ** 2 + depth]])) == []


@pytest.mark.parametrize("gap", [0.5, 1e-2, 1e-4])
def test_two_eigenvalues_that_pass_one_another_near_zero_are_two_events(gap):
    """lam - 1.2 comes up and 1.2 + gap - lam goes down: sorted, no sign changes for good."""
    events = events_of(lambda lam: np.diag([lam - 1.2, 1.2 + gap - lam]), copies=2)
    assert [e.lam for e in events] == pytest.approx([1.2, 1.2 + gap], rel=1e-12)
    assert [e.transition for e in events] == ["saddle -> minimum", "minimum -> saddle"]


def test_eigenvalues_that_vanish_together_are_one_event_of_their_joint_multiplicity():
    (event,) = events_of(lambda lam: (lam - 1.2) * np.eye(2), copies=2)
    assert event.lam == pytest.approx(1.2, rel=1e-12)
    assert event.multiplicity == 6


def test_two_close_crossings_in_one_direction_are_told_apart():
    events = events_of(lambda lam: np.diag([lam - 1.2, lam - 1.2 - 1e-6]), copies=2)
    assert [e.lam for e in events] == pytest.approx([1.2, 1.2 + 1e-6], rel=1e-12)


def test_an_avoided_crossing_has_the_events_of_its_determinant():
    """[[lam - 1, e], [e, 1.5 - lam]]: zero where (lam - 1)(1.5 - lam) = e²."""
    e = 0.1
    events = events_of(lambda lam: np.array([[lam - 1, e], [e, 1.5 - lam]]), copies=2)
    half = np.sqrt(0.25**2 - e**2)
    assert [event.lam for event in events] == pytest.approx([1.25 - half, 1.25 + half], rel=1e-12)


def test_eigenvalues_that_are_not_real_pass_together_once():
    """However the two are located, their common place is one event of two eigenvalues."""
    case = load_case(Path(__file__).parent.parent / "cases" / "wide_i_1.toml")
    window = (3.1, 40.0)
    _, problem, start = seed_of(case)
    event = follow(problem, start, window).events[0]
    birth = switch(problem, event)[0][0]
    last = follow(birth.problem, birth.start, window).points[-1]
    back = replace(last, tangent=-last.tangent)
    branch = follow(birth.problem, back, window)
    pairs = [e for e in branch.events if abs(e.lam - 3.163209860655) < 1e-9]
    assert [e.kernel.shape[1] for e in pairs] == [2]


@pytest.mark.parametrize("slopes", [(1.15, -1.09), (-0.48, -1.44), (-0.41, 0.53)])
@pytest.mark.parametrize("gap", [2.5e-7, 8.8e-9, 4.9e-10, 4.6e-12, 1e-14])
def test_two_branch_points_close_by_on_a_curved_branch_are_two_zeros(slopes, gap):
    """Eigenvalues slopes (lam - at), at = c and c + gap, on (sin, cos) / 3; all vanish there."""
    at, turn = np.array([-0.04, -0.04 + gap]), 0.6
    m, Q = np.array(slopes), np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])

    def parts(x, lam):
        off = Q.T @ x - np.array([np.sin(lam), np.cos(lam)]) / 3
        return off, m * (lam - at), m * (lam - at) + off

    problem = PlainProblem(
        gradient=lambda x, lam: (
            Q @ (parts(x, lam)[1] * parts(x, lam)[0] + parts(x, lam)[0] ** 2 / 2)
        ),
        hessian=lambda x, lam: Q @ np.diag(parts(x, lam)[2]) @ Q.T,
        gradient_dlam=lambda x, lam: (
            Q
            @ (m * parts(x, lam)[0] - parts(x, lam)[2] * np.array([np.cos(lam), -np.sin(lam)]) / 3)
        ),
        n=2,
    )
    start = point_at(problem, Q @ np.array([np.sin(-1), np.cos(-1)]) / 3, -1.0)
    branch = follow(problem, start, (-1.0, 1.0))
    assert branch.status is Status.WINDOW
    zeros = [event.lam for event in branch.events for _ in range(event.kernel.shape[1])]
    assert zeros == pytest.approx(at.tolist(), rel=0, abs=1e-9)
    assert len(branch.events) == 2 or gap < 1e-8
