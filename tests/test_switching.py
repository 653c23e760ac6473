"""Switching: from a located event to the half-branches born there."""

import numpy as np
import pytest

import bifurc
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.loss.embedding import matrices
from bifurc.models import chain, permuted, pitchfork
from bifurc.switching.classify import classify
from bifurc.switching.isotropy import enlarge, larger_isotropy, reversed_by_relabelling
from bifurc.switching.names import isotropy_of
from bifurc.switching.subgroups import Search
from bifurc.switching.switch import ALL, OWN, switch
from tests.test_subgroups import invariants

WINDOWS = {"II": (12, 5), "A": (12, 5), "I": (12, 6), "M": (12, 5.5)}


@pytest.fixture(scope="module")
def branches():
    return {name: bifurc.trace(name, d=window) for name, window in WINDOWS.items()}


@pytest.mark.parametrize("name", list(WINDOWS))
def test_a_half_branch_starts_on_its_equations_with_its_symmetry_and_no_more(branches, name):
    branch = branches[name]
    for event in branch.events:
        for birth in switch(branch.problem, event)[0]:
            g, _ = birth.problem.jacobian(birth.start.x, birth.start.lam)
            assert np.abs(g).max() < 1e-12
            assert not larger_isotropy(birth.problem, birth.start.x)


@pytest.mark.parametrize("name", ["II", "A"])
def test_which_splits_are_axial_is_what_invariants_say(branches, name):
    """Counted by brute force for S_n with n of whole size; splits without K."""
    branch = branches[name]
    (event,) = branch.events
    _, attempts = switch(branch.problem, event, Search(finite_groups=False))
    assert attempts
    for attempt in (attempt for attempt in attempts if attempt.isotropy != ALL):
        sizes = [int(p) for p in attempt.isotropy.split(": ")[1].split(" + ")[:-1]]
        axial = invariants(event.component.irrep, (*sizes, 9 - sum(sizes))) == 1
        assert axial == ("half-branches" in attempt.outcome), str(attempt)


def test_the_exterior_square_has_no_quadratic_term_and_the_standard_one_has(branches):
    kinds = {
        name: {birth.form.kind for birth in switch(branches[name].problem, event)[0]}
        for name in ("II", "A", "I")
        for event in branches[name].events
    }
    assert kinds == {"II": {"transcritical"}, "A": {"pitchfork"}, "I": {"pitchfork"}}


def test_complementary_splits_are_one_branch_with_the_sign_reversed(branches):
    """p and n - p points at n = 4.5855...: the same fixed space, the kernel turned round."""
    problem, (event,) = branches["II"].problem, branches["II"].events
    n = event.lam - 1
    one, other = (
        switch(problem, event, Search(explicit=0, sizes=(size,)))[0] for size in (1.5, n - 1.5)
    )
    assert len(one) == len(other) == 2
    for birth in one:
        same = [
            b
            for b in other
            if np.sign(b.start.lam - event.lam) == np.sign(birth.start.lam - event.lam)
        ]
        (match,) = same
        assert match.form.quadratic == pytest.approx(-birth.form.quadratic, rel=1e-6) or (
            match.form.quadratic == pytest.approx(birth.form.quadratic, rel=1e-6)
        )
        assert match.form.direction(match.sign) == birth.form.direction(birth.sign)


def test_a_share_of_points_is_a_split_of_real_size(branches):
    problem, (event,) = branches["II"].problem, branches["II"].events
    births, (*attempts, _) = switch(problem, event, Search(explicit=0, shares=("1/3", "2/5")))
    assert len(births) == 4
    assert [a.isotropy for a in attempts] == [
        "bulk: (d - 1)/3 + rest",
        "bulk: (2·d - 2)/5 + rest",
    ]


def test_a_split_with_too_small_a_part_is_on_record(branches):
    problem, (event,) = branches["II"].problem, branches["II"].events
    births, (*attempts, _) = switch(problem, event, Search(explicit=0, sizes=(0.5, 4.2)))
    assert births == []
    assert all("smaller than one point" in a.outcome for a in attempts)


def test_a_finite_group_ties_the_coordinates_it_permutes(branches):
    problem, (event,) = branches["A"].problem, branches["A"].events
    births, _ = switch(problem, event)
    ring = next(b for b in births if b.isotropy.endswith("K = <(1 2 3)>") and "1 + 1" in b.isotropy)
    at = follow(ring.problem, ring.start, (5.7, 6.0)).points[-1]
    w, _ = matrices(ring.problem.structure, at.x, {"d": 6.0})
    turn = np.eye(6)[[1, 2, 0, 3, 4, 5]]
    swap = np.eye(6)[[1, 0, 2, 3, 4, 5]]
    np.testing.assert_allclose(turn @ w @ turn.T, w, atol=1e-14)
    assert np.abs(swap @ w @ swap.T - w).max() > 1e-3


def test_events_that_give_birth_to_nothing(branches):
    formal = [event for event in branches["M"].events if event.formal]
    for event in formal:
        assert switch(branches["M"].problem, event) == ([], [])


def test_simple_branch_points_of_a_plain_problem():
    problem = chain()
    branch = follow(problem, point_at(problem, np.zeros(5), -0.5), (-0.5, 4.5))
    for k, event in enumerate(branch.events, start=1):
        births, (attempt,) = switch(problem, classify(problem, event))
        assert attempt.isotropy == OWN
        assert len(births) == 2
        mode = np.sin(k * np.pi * np.arange(1, 6) / 6)
        for birth in births:
            assert birth.form.side == -1  # u³ is destabilising: subcritical
            cosine = birth.start.x @ mode / np.linalg.norm(birth.start.x) / np.linalg.norm(mode)
            assert abs(cosine) > 0.99


def test_the_branch_crossed_at_a_pitchfork_met_from_its_side():
    problem = pitchfork()
    branch = follow(problem, point_at(problem, np.ones(1), -1.0), (-1.0, 1.0))
    (event,) = branch.events
    births, _ = switch(problem, event)
    assert sorted(np.sign(birth.start.lam) for birth in births) == [-1, 1]
    for birth in births:
        assert birth.start.x == pytest.approx(0.0, abs=1e-12)


def test_a_single_unknown_has_a_kernel_too():
    """Where the only eigenvalue vanishes there is no other to measure it against."""
    for n in (4, 5, 6, 7):
        problem = permuted(n)
        branch = follow(problem, point_at(problem, np.zeros(1), -0.5), (-0.5, 0.5))
        births, _ = switch(problem, branch.events[0])
        assert len(births) == 2


@pytest.mark.parametrize("p", [1, 2])
def test_a_state_of_larger_isotropy_is_seen_and_enlarged(branches, p):
    """A state of S_(d-1) x S_1, seen in a smaller group."""
    from bifurc.structure.split import split

    branch = branches["II"]
    point = branch.points[0]
    parts = split(branch.problem.structure, {"bulk": [p]})
    child, x = branch.problem.on(parts.structure), parts.embedding @ point.x
    assert larger_isotropy(child, x)
    moved = x.copy()
    moved[0] += 0.1
    assert not larger_isotropy(child, moved)
    problem, X = enlarge(child, np.append(x, point.lam))
    assert problem.n == branch.problem.n
    assert problem.loss(X[:-1], X[-1]) == pytest.approx(branch.loss[0], rel=1e-12)


def test_halves_that_a_relabelling_exchanges_are_one(branches):
    """x on 1 + 1 + rest: exchanging the two points turns the kernel round."""
    problem, (event,) = branches["A"].problem, branches["A"].events
    births = [b for b in switch(problem, event)[0] if b.isotropy == "all: 1 + 1 + rest"]
    (birth,) = births
    X = birth.form.guess(np.append(birth.start.x, event.lam), 0.0)
    assert not reversed_by_relabelling(birth.problem, X[:-1], birth.form.kernel)
    other = [b for b in switch(problem, event)[0] if b.isotropy == "all: 1 + 2 + rest"]
    assert len(other) == 2


def test_a_product_of_two_standard_irreps_has_axes_that_see_both_sets():
    """M: <(b1 b2)(r1 r2)> x S_(d-4), of loss .0437757163 at d = 5.016803, is the third class."""
    branch = bifurc.trace("M", d=(5.4, 4.9), p=2)
    event = branch.events["sxs[bulk,rest]"]
    assert event.lam == pytest.approx(5.0068, abs=1e-4)
    births, attempts = switch(branch.problem, event)
    assert "at d = 6: 3 of 3 classes of branches followed, 3 are axial" in attempts[-1].outcome
    (birth,) = [b for b in births if isotropy_of(b.problem) == "S(d - 4) x S(1)^4 : C2"]
    arm = follow(birth.problem, birth.start, (5.0, 5.05))
    near = point_at(birth.problem, arm.at(d=5.016803)[0].x, 5.016803)
    (loss,) = birth.problem.losses(near.x[None], np.array([5.016803]))
    assert loss == pytest.approx(0.0437757163, abs=2e-9)  # d is given to six digits


def test_a_kernel_of_complex_type_of_a_cyclic_group_of_parts(branches):
    """Z_4 on four equal parts: two eigenvalues vanish together, and two classes are born."""
    (event,) = branches["A"].events
    births, _ = switch(branches["A"].problem, event)
    (ring,) = [b for b in births if b.isotropy.endswith("K = <(1 2 3 4)>")]
    arm = follow(ring.problem, ring.start, (5.7, 9.0))
    (event,) = [e for e in arm.events if e.irrep == "k"]
    assert event.lam == pytest.approx(8.154, abs=1e-3)
    assert event.multiplicity == 2
    assert event.index("above")(d=8.0) - event.index("below")(d=8.0) == pytest.approx(2)
    births, attempts = switch(arm.problem, event)
    words = {attempt.isotropy: attempt.outcome for attempt in attempts}
    assert words["K = <(1 3)(2 4)>"] == "fixes nothing of the kernel"
    assert words["K = 1"].startswith("4 directions, all by Euler's characteristic")
    assert len(births) == 2
