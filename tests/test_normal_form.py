"""Coefficients of the reduced equation, on paper and against what they promise."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bifurc
from bifurc.continuation.options import Options
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.structure.split import split
from bifurc.switching.classify import classify
from bifurc.switching.normal_form import reduce
from bifurc.switching.subgroups import Search
from bifurc.switching.switch import leave, switch
from tests.equations import scalar

coefficient = st.floats(0.2, 3.0).flatmap(lambda a: st.sampled_from([a, -a]))


@given(a=coefficient, q=coefficient, c=coefficient)
def test_coefficients_of_a_cubic_on_paper(a, q, c):
    """a lam x + q x² + c x³ reduces to itself."""
    problem = scalar(
        lambda x, lam: a * lam * x + q * x * x + c * x**3,
        lambda x, lam: a * lam + 2 * q * x + 3 * c * x * x,
        lambda x, lam: a * x,
    )
    form = reduce(problem, np.zeros(2))
    assert form.kind == "transcritical"
    np.testing.assert_allclose([form.speed, form.quadratic, form.cubic], [a, q, c], rtol=1e-6)
    assert [form.direction(sign) for sign in (1, -1)] == [-np.sign(q * a), np.sign(q * a)]


@given(a=coefficient, c=coefficient)
def test_a_pitchfork_is_super_or_subcritical_by_its_signs(a, c):
    problem = scalar(
        lambda x, lam: a * lam * x + c * x**3,
        lambda x, lam: a * lam + 3 * c * x * x,
        lambda x, lam: a * x,
    )
    form = reduce(problem, np.zeros(2))
    assert form.kind == "pitchfork"
    assert form.side == form.direction(1) == form.direction(-1) == -np.sign(a * c)
    assert form.lam(0.1) == pytest.approx(-c * 0.01 / a, rel=1e-6)


def test_a_quintic_is_degenerate_and_its_branches_are_found():
    """lam = x⁴: both halves go up, though third order does not say so."""
    problem = scalar(lambda x, lam: lam * x - x**5, lambda x, lam: lam - 5 * x**4, lambda x, lam: x)
    assert reduce(problem, np.zeros(2)).kind == "degenerate"
    branch = follow(problem, point_at(problem, np.zeros(1), -1.0), (-1.0, 1.0))
    event = classify(problem, branch.events[0])
    assert event.kind == "degenerate"
    births, (attempt,) = switch(problem, event)
    assert "degenerate" in str(attempt)
    ends = [follow(birth.problem, birth.start, (-1.0, 1.0)).points[-1].X for birth in births]
    assert sorted(end.tolist() for end in ends) == [
        pytest.approx([-1.0, 1.0], abs=1e-12), pytest.approx([1.0, 1.0], abs=1e-12)
    ]  # fmt: skip


def test_a_fold_stays_a_fold_and_gives_no_branch():
    problem = scalar(lambda x, lam: lam - x * x, lambda x, lam: -2 * x, lambda x, lam: 1.0)
    branch = follow(problem, point_at(problem, np.ones(1), 1.0, towards=-1.0), (-1.0, 1.5))
    (event,) = branch.events
    assert classify(problem, event).kind == "fold"
    assert event.lam == pytest.approx(0.0, abs=1e-12)
    assert switch(problem, event) == ([], [])


def test_the_cubic_coefficient_counts_what_the_other_directions_give_back():
    """lam x - x³ + 2 x y, x² - y: y = x², so the cubic is -1 + 2 = 1: subcritical."""
    problem = PlainProblem(
        gradient=lambda u, lam: np.array(
            [lam * u[0] - u[0] ** 3 + 2 * u[0] * u[1], u[0] ** 2 - u[1]]
        ),
        hessian=lambda u, lam: np.array(
            [[lam - 3 * u[0] ** 2 + 2 * u[1], 2 * u[0]], [2 * u[0], -1.0]]
        ),
        gradient_dlam=lambda u, lam: np.array([u[0], 0.0]),
        n=2,
    )
    form = reduce(problem, np.zeros(3))
    np.testing.assert_allclose([form.speed, form.quadratic, form.cubic], [1, 0, 1], atol=1e-6)
    np.testing.assert_allclose(form.bend, [0, 1], atol=1e-6)
    assert form.side == -1


def test_a_kernel_of_two_lines_is_refused():
    problem = PlainProblem(
        gradient=lambda u, lam: lam * u - u**3,
        hessian=lambda u, lam: np.diag(lam - 3 * u**2),
        gradient_dlam=lambda u, lam: u,
        n=2,
    )
    assert reduce(problem, np.zeros(3)) is None


def test_a_regular_point_is_refused():
    problem = scalar(lambda x, lam: lam * x, lambda x, lam: lam, lambda x, lam: x)
    assert reduce(problem, np.array([0.0, 0.5])) is None


WINDOWS = {"II": (12, 4.5), "A": (12, 5), "I": (12, 6), "M": (12, 5.5)}


@cache
def branch_of(name):
    return bifurc.trace(name, d=WINDOWS[name])


@cache
def births_of(name):
    """Every half-branch born on a family."""
    branch = branch_of(name)
    search = Search(explicit=3, shares=(0.4,), sizes=(1.5,))
    return [
        (event, birth)
        for event in branch.events
        if not event.formal
        for birth in switch(branch.problem, event, search)[0]
    ]


def bifurcation_point(event, birth, problem):
    """The event in the fixed space of a half-branch."""
    structure, child = problem.structure, birth.problem.structure
    sizes = {
        s.name: [p.size for p in child.sets if p.name.startswith(s.name + "/")][:-1]
        for s in structure.sets
    }
    parts = split(structure, {k: v for k, v in sizes.items() if v}, child.ties)
    return np.append(parts.along(problem.line).embedding @ event.X[:-1], event.lam)


@pytest.mark.parametrize("name", list(WINDOWS))
def test_guesses_solve_the_equations_to_the_order_they_promise(name):
    """g falls like s³ on a transcritical branch, along the kernel like s⁴ on a pitchfork."""
    problem = branch_of(name).problem
    assert births_of(name)
    for event, birth in births_of(name):
        X, child, form = bifurcation_point(event, birth, problem), birth.problem, birth.form
        order = 3 if form.kind == "transcritical" else 4
        weight = child.weights(event.lam) * form.kernel
        sizes = []
        for s in (0.004, 0.002):
            at = form.guess(X, birth.sign * s)
            sizes.append(abs(weight @ child.jacobian(at[:-1], at[-1], checked=False)[0]))
        assert sizes[1] < sizes[0] * 2.0 ** (0.5 - order) + 1e-14, (birth.isotropy, sizes)


@pytest.mark.parametrize("name", list(WINDOWS))
def test_the_predicted_direction_is_the_one_taken(name):
    """Close to the event each half-branch lies on the side that the normal form says."""
    problem = branch_of(name).problem
    for event, birth in births_of(name):
        X, form = bifurcation_point(event, birth, problem), birth.form
        s = birth.sign * 1e-3 if form.kind == "transcritical" else birth.sign * 3e-3
        point = follow_to(birth.problem, X, form, s)
        assert np.sign(point.lam - event.lam) == form.direction(birth.sign), birth.isotropy
        assert (point.lam - event.lam) == pytest.approx(form.lam(s), rel=0.5)


def follow_to(problem, X, form, s):
    """The point of the new branch at amplitude ``s``, by Newton across its tangent."""
    from bifurc.continuation.correct import correct

    point = correct(problem, form.guess(X, s), form.tangent(s), Options()).point
    assert point is not None
    return point


@pytest.mark.parametrize("name", list(WINDOWS))
def test_coefficients_against_differences(name):
    """Speed and quadratic part from differences of the Jacobian and of the gradient."""
    problem = branch_of(name).problem
    for event, birth in births_of(name):
        X, child, form = bifurcation_point(event, birth, problem), birth.problem, birth.form
        psi = child.weights(event.lam) * form.kernel
        hessian = child.jacobian(X[:-1], X[-1])[1][:, :-1]
        scale = form.speed

        def jacobian(Y, child=child):
            return child.jacobian(Y[:-1], Y[-1], checked=False)[1][:, :-1]

        h = 1e-4
        along = (jacobian(X + h * form.trivial) - jacobian(X - h * form.trivial)) / (2 * h)
        move = np.append(form.kernel, 0.0)
        bend = (jacobian(X + h * move) - jacobian(X - h * move)) / (2 * h)
        assert np.abs(hessian @ form.kernel).max() < 1e-8
        norm = form.speed / (psi @ along @ form.kernel)
        quadratic = norm * (psi @ bend @ form.kernel) / 2
        assert quadratic == pytest.approx(form.quadratic, abs=1e-5 * max(abs(scale), 1))
        assert norm > 0


def test_type_ii_is_transcritical_and_type_a_a_pitchfork_to_larger_d():
    kinds = {birth.form.kind for _, birth in births_of("II")}
    assert kinds == {"transcritical"}
    (first, *_) = [b for _, b in births_of("A") if b.isotropy == "all: 1 + 1 + rest"]
    assert first.form.kind == "pitchfork"
    assert first.form.side == 1


def test_newton_that_falls_back_is_no_start():
    """A half-branch that is not there: the form of one problem, the equations of another."""
    problem = scalar(
        lambda x, lam: lam * x - x**3, lambda x, lam: lam - 3 * x * x, lambda x, lam: x
    )
    linear = scalar(lambda x, lam: lam * x + x, lambda x, lam: lam + 1, lambda x, lam: x)
    form = reduce(problem, np.zeros(2))
    assert leave(problem, np.zeros(2), form, 1, Options()) is not None
    assert leave(linear, np.zeros(2), form, 1, Options()) is None
