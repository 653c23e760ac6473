"""Branches born with less symmetry: against tables, pencil and paper, and counts by a sphere."""

from collections import Counter
from itertools import permutations

import networkx as nx
import numpy as np
import pytest

import bifurc
from bifurc import groups
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.exploration import Plan, explore_from
from bifurc.switching.classify import classify
from bifurc.switching.linear import SymmetricProblem
from bifurc.switching.polynomials import directions, exponents, fitted
from bifurc.switching.subgroups import Search
from bifurc.switching.switch import ALL, switch

COUPLING = 0.3
GRAPHS = {
    "ring": nx.cycle_graph(6),
    "square": nx.cycle_graph(4),
    "cube": nx.hypercube_graph(3),
    "Petersen": nx.petersen_graph(),
    "dodecahedron": nx.dodecahedral_graph(),
}


def on_graph(graph, quadratic=0.0):
    """-c L x + lam x + ... on a graph: potential sum lam x²/2 + quadratic x³/3 - x⁴/4 + c x'Lx/2.

    Up to the sign of lam this is Neuberger, Sieben and Swift's -Lu + su + u³ = 0.
    """
    L = nx.laplacian_matrix(graph).toarray().astype(float)
    one = np.eye(len(L))

    def each(lam):
        return np.asarray(lam)[..., None]

    full = PlainProblem(
        gradient=lambda x, lam: each(lam) * x + quadratic * x**2 - x**3 + COUPLING * x @ L,
        hessian=lambda x, lam: (
            one * (each(lam) + 2 * quadratic * x - 3 * x**2)[..., None] + COUPLING * L
        ),
        gradient_dlam=lambda x, lam: x,
        n=len(L),
        batched=True,
    )
    group = groups.automorphisms(graph)
    if quadratic == 0:
        group = groups.joined(group, groups.minus(group.n))
    return SymmetricProblem.of(full, group)


def events_of(problem, window, x=None):
    start = point_at(problem, np.zeros(problem.n) if x is None else x, window[0])
    branch = follow(problem, start, window)
    return [classify(problem, event) for event in branch.events]


def orders(problem, births):
    """Orders of the isotropy groups of some births, the largest first."""
    found = (problem.group.isotropy_order(birth.problem.basis) for birth in births)
    return sorted(found, reverse=True)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ring", {0.0: (1, 1), -0.3: (2, 2), -0.9: (2, 2), -1.2: (1, 1)}),
        ("square", {0.0: (1, 1), -0.6: (2, 2), -1.2: (1, 1)}),
        ("cube", {0.0: (1, 1), -0.6: (3, 3), -1.2: (3, 3), -1.8: (1, 1)}),
    ],
)
def test_branch_points_on_graphs_with_their_multiplicities_and_classes(name, expected):
    """Eigenvalues of the graph; under Aut x Z_2 all branches are axial.

    Ring and square: the two axes of each plane. Cube: 4-fold, 3-fold and 2-fold axes.
    """
    problem = on_graph(GRAPHS[name])
    found = {}
    for event in events_of(problem, (-2.5, 0.5)):
        births, attempts = switch(problem, event)
        found[round(event.lam, 9) + 0.0] = (round(event.multiplicity), len(births))
        assert event.kind == "pitchfork"
        assert {birth.form.side for birth in births} == {1}
        if name != "ring":  # whose cubic term is the same in all directions of a plane
            words = [a.outcome for a in attempts if a.isotropy == ALL]
            assert all("by Euler's characteristic" in word for word in words)
    assert found == expected


def test_petersen_with_and_without_a_quadratic_term():
    """S_5 on 10 pairs. Axial: D_5, S_3 x S_2, D_4 at -0.6 and S_3 x S_2, S_4 at -1.5.

    Of the five-dimensional irrep some axes have a quadratic term and D_5 none:
    its normaliser is F_20, which turns the line round.
    """
    problem = on_graph(GRAPHS["Petersen"], quadratic=0.3)
    four, five, one = events_of(problem, (-1.7, 0.3))
    assert [round(e.lam, 9) + 0.0 for e in (four, five, one)] == [-1.5, -0.6, 0.0]
    assert [e.component.label for e in (four, five, one)] == ["(4,1)", "(3,2)", "t"]
    assert {four.kind, five.kind} == {"transcritical"}
    births, attempts = switch(problem, four)
    assert orders(problem, births) == [24, 24, 12, 12]
    assert "4 of 4 classes" in attempts[-1].outcome
    births, attempts = switch(problem, five)
    assert orders(problem, births) == [12, 12, 10, 8, 8]
    kinds = {problem.group.isotropy_order(b.problem.basis): b.form.kind for b in births}
    assert kinds == {12: "transcritical", 10: "pitchfork", 8: "transcritical"}
    assert "5 of 5 classes" in attempts[-1].outcome


@pytest.mark.parametrize("quadratic", [0.0, 0.3])
def test_the_dodecahedron_has_its_axes_and_submaximal_branches(quadratic):
    """Kernels of dimension 3, 4, 4, 5, 3. A_5 on its five-dimensional irrep, with a cubic term:

    beside D_5 and D_3 the Klein group fixes a plane, turned by a third and
    not reflected by its normaliser A_4: three axes in it, of one class.
    """
    problem = on_graph(GRAPHS["dodecahedron"], quadratic)
    events = [e for e in events_of(problem, (-2.0, 0.5)) if e.multiplicity > 1]
    assert [round(e.multiplicity) for e in events] == [3, 4, 4, 5, 3]
    five = next(e for e in events if e.multiplicity == 5)
    births, attempts = switch(problem, five)
    scale = 2 if quadratic == 0 else 1  # each group is doubled by -1 times an element, or not
    if quadratic:
        assert orders(problem, births) == [20, 20, 12, 12, 8, 8]
        assert "6 of 6 classes" in attempts[-1].outcome
    for event in events:
        if event.multiplicity == 3:  # axes of the icosahedron: 5-fold, 3-fold, 2-fold
            births, _ = switch(problem, event)
            assert orders(problem, births) == [10 * scale, 6 * scale, 4 * scale]


def test_a_graph_is_explored_to_branches_that_solve_it():
    problem = on_graph(GRAPHS["Petersen"], quadratic=0.3)
    start = point_at(problem, np.zeros(problem.n), -1.7)
    graph = explore_from([("S_5", problem, start)], Plan((-1.7, 0.3), depth=1))
    assert len(graph.branches) == 1 + 4 + 5 + 2
    for branch in graph.branches.values():
        for point in branch.points:
            state = branch.problem.basis @ point.x
            assert np.abs(problem.full.gradient(state, point.lam)).max() < 1e-9


TURN = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
THIRD = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])


def cubic_crystal(basis, generators):
    """lam |x|²/2 - sum x_i⁴/4 - lam sum x_i² x_j² + sum x_i⁴ x_j²/4 (i != j), in any basis; O_h.

    On an axis x² = lam, and across it the eigenvalue lam - 2 lam x² + x⁴/2
    = lam (1 - 3 lam/2).
    """

    def others(square):
        return square.sum() - square

    def gradient(y, lam):
        x = basis.T @ y
        q = x**2
        mixed = x * q * others(q) + x * others(q**2) / 2
        return basis @ (lam * x - x**3 - 2 * lam * x * others(q) + mixed)

    def hessian(y, lam):
        x = basis.T @ y
        q = x**2
        own = lam - 3 * q - 2 * lam * others(q) + 3 * q * others(q) + others(q**2) / 2
        mixed = np.outer(x, x) * (2 * (q[:, None] + q) - 4 * lam)
        return basis @ (mixed - np.diag(np.diag(mixed)) + np.diag(own)) @ basis.T

    def gradient_dlam(y, lam):
        x = basis.T @ y
        return basis @ (x - 2 * x * others(x**2))

    full = PlainProblem(gradient, hessian, gradient_dlam, 3)
    group = groups.matrices([basis @ g @ basis.T for g in generators])
    return full, group


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    "generators",
    [(TURN, THIRD, -np.eye(3)), (THIRD.T @ TURN @ THIRD, np.diag([-1.0, 1, 1]), THIRD.T)],
    ids=["one", "other"],
)
def test_an_axis_state_of_the_cube_group_bears_both_planes(rng, axis, sign, turned, generators):
    """(x, y, 0) and (x, y, y), whatever axis the state is on and whatever makes the group."""
    basis = np.linalg.qr(rng.normal(size=(3, 3)))[0] if turned else np.eye(3)
    full, group = cubic_crystal(basis, generators)
    groups.check_symmetry(SymmetricProblem.of(full, group))
    state = sign * basis[:, axis]
    problem = SymmetricProblem.of(full, group, group.fixed_space(state[:, None]))
    assert problem.n == 1
    x = problem.basis.T @ state * np.sqrt(0.3)
    (event,) = [e for e in events_of(problem, (0.3, 0.8), x) if e.component.irrep != "t"]
    assert (event.lam, event.component.irrep) == (pytest.approx(2 / 3, abs=1e-12), "E")
    births, _ = switch(problem, event)
    planes = Counter()
    for birth in births:
        kernel = np.abs(basis.T @ birth.problem.basis @ birth.form.kernel)
        planes[tuple(np.round(np.sort(kernel), 6))] += 1
    root = round(float(np.sqrt(0.5)), 6)
    assert planes == {(0.0, 0.0, 1.0): 1, (0.0, root, root): 1}


def two_blocks():
    """(1, 1, -1, -1) in any order is critical for all lam; within blocks it gives way at lam = 0.

    sum (lam (x² - 1)²/8 + (x² - 1)⁴/64 + (x² - 1)³ / 240) + (sum x)² + (sum x² - 4)²: S_4.
    """

    def parts(x, lam):
        q = x**2 - 1
        first = lam * q / 4 + q**3 / 16 + q**2 / 80
        second = lam / 4 + 3 * q**2 / 16 + q / 40
        return first, second

    def gradient(x, lam):
        return 2 * x * parts(x, lam)[0] + 2 * x.sum() + 4 * x * (x @ x - 4)

    def hessian(x, lam):
        first, second = parts(x, lam)
        own = 2 * first + 4 * x**2 * second + 4 * (x @ x - 4)
        return np.diag(own) + 2 * np.ones((4, 4)) + 8 * np.outer(x, x)

    return PlainProblem(gradient, hessian, lambda x, lam: x * (x**2 - 1) / 2, 4)


@pytest.mark.parametrize("state", sorted(set(permutations((1.0, 1, -1, -1)))), ids=str)
@pytest.mark.parametrize(
    "group",
    [groups.symmetric(4), groups.permutations([[1, 0, 2, 3], [1, 2, 3, 0]])],
    ids=["by partitions", "by elements"],
)
def test_conjugate_states_have_the_same_births(state, group):
    """Two irreps, one of each block, vanish together and are one kernel, a plane.

    Each exchange within a block turns one axis round: both axes and the four
    diagonals, which are one class, bear pitchforks.
    """
    problem = SymmetricProblem.of(two_blocks(), group, group.fixed_space(np.array(state)[:, None]))
    groups.check_symmetry(problem)
    x = problem.basis.T @ np.array(state)
    (event,) = events_of(problem, (-0.3, 0.4), x)
    assert (event.lam, event.multiplicity) == (pytest.approx(0.0, abs=1e-9), 2)
    births, attempts = switch(problem, event)
    assert orders(problem, births) == [2, 2, 1]
    assert "3 of 3 classes" in attempts[-1].outcome


@pytest.mark.parametrize("coefficient", [0.3 + 0.2j, -0.5 + 1.0j, 0.4j, 0.7])
def test_z4_on_the_plane_has_two_classes_without_an_axis(coefficient):
    """lam z - |z|² z + c conj(z)³: at angle t where c e^(-4it) is real; l = r² (1 -+ |c|)."""

    def gradient(x, lam):
        z = complex(*x)
        g = lam * z - abs(z) ** 2 * z + coefficient * np.conj(z) ** 3
        return np.array([g.real, g.imag])

    def hessian(x, lam):
        h = 3 * coefficient * np.conj(complex(*x)) ** 2
        own = lam * np.eye(2) - (x @ x) * np.eye(2) - 2 * np.outer(x, x)
        return own + np.array([[h.real, h.imag], [h.imag, -h.real]])

    full = PlainProblem(gradient, hessian, lambda x, lam: np.asarray(x, float), 2)
    turn = groups.matrices([np.array([[0.0, -1], [1, 0]])])
    problem = SymmetricProblem.of(full, turn)
    groups.check_symmetry(problem)
    (event,) = events_of(problem, (-1.0, 1.0))
    assert (event.kind, event.multiplicity) == ("pitchfork", 2)
    births, attempts = switch(problem, event)
    assert len(births) == 2
    assert "2 of 2 classes" in attempts[-1].outcome
    ends = []
    for birth in births:
        z = complex(*(birth.problem.basis @ birth.start.x))
        turned = coefficient * (np.conj(z) / abs(z)) ** 4
        assert abs(turned.imag) < 1e-5 * abs(turned)
        assert birth.start.lam == pytest.approx(abs(z) ** 2 * (1 - turned.real), rel=1e-6)
        ends.append(np.sign(turned.real))
    assert sorted(ends) == [-1, 1]


def two_rings(quadratic):
    """Two rings of three, coupled so that C_3 is left: a Hermitian block of two copies of E."""
    turn = np.roll(np.eye(3), 1, axis=0)
    mixed = 0.7 * turn - 0.4 * turn.T
    matrix = np.block([[0.2 * np.eye(3), mixed], [mixed.T, -0.1 * np.eye(3)]])
    full = PlainProblem(
        gradient=lambda x, lam: lam * x + matrix @ x + quadratic * x**2 - x**3,
        hessian=lambda x, lam: matrix + np.diag(lam + 2 * quadratic * x - 3 * x**2),
        gradient_dlam=lambda x, lam: x,
        n=6,
    )
    return SymmetricProblem.of(full, groups.permutations([[1, 2, 0, 4, 5, 3]]))


def test_eigenvalues_of_complex_type_move_as_pairs_and_cross():
    """[[a, z], [z', b]], z = 0.7 w - 0.4 w', w = exp(2 pi i/3): |z|² = .49 + .16 + .28 = .93."""
    problem = two_rings(0.4)
    events = [e for e in events_of(problem, (-2.0, 2.0)) if e.component.irrep == "E"]
    root = np.sqrt(0.15**2 + 0.93)
    assert [e.lam for e in events] == pytest.approx([-0.05 - root, -0.05 + root], abs=1e-12)
    for event in events:
        assert (event.multiplicity, event.component.copies) == (2, 2)
        assert event.kind == "transcritical"
        births, attempts = switch(problem, event)
        assert len(births) == 2  # three directions, of one class
        assert "2 of 2 classes" in attempts[-1].outcome
        drop = event.index("below")(**event.parameters) - event.index("above")(**event.parameters)
        assert drop == 2


def random_form(rng, m, degree):
    """A homogeneous gradient and the same by its tensor."""
    shape = (m,) * (degree + 1)
    tensor = rng.normal(size=shape)
    tensor = sum(tensor.transpose(order) for order in permutations(range(degree + 1)))

    def gradient(w):
        result = tensor
        for _ in range(degree):
            result = result @ w
        return result

    at = rng.normal(size=(3 * len(exponents(m, degree)), m))
    return gradient, fitted(at, np.array([gradient(w) for w in at]), degree)


@pytest.mark.parametrize("m", [2, 3, 4])
@pytest.mark.parametrize("degree", [2, 3])
@pytest.mark.parametrize("seed", range(2))
def test_all_directions_of_a_random_form_by_euler_and_by_many_starts(m, degree, seed):
    rng = np.random.default_rng(seed)
    gradient, P = random_form(rng, m, degree)
    A = np.diag(rng.uniform(0.5, 2.0, size=m)) * rng.choice([-1, 1])
    ways = directions(P, A)
    assert ways.complete
    for way in ways.found:
        value = gradient(way.vector)
        assert np.allclose(way.rate * A @ way.vector, -value, atol=1e-7 * np.abs(value).max())
    for _ in range(20):
        w = ends_on_sphere(gradient, P, A, rng.normal(size=m))
        if w is not None:
            nearest = max(abs(w @ way.vector) for way in ways.found)
            assert nearest == pytest.approx(1, abs=1e-7)


def ends_on_sphere(gradient, P, A, w):
    """A line where gradient(w) = level A w by Newton from one start; None if it does not settle."""
    for _ in range(80):
        w = w / np.sqrt(abs(w @ A @ w))
        image = A @ w
        level = w @ gradient(w) / (w @ image)
        system = np.block(
            [[P.jacobian(w) - level * A, -image[:, None]], [image[None], np.zeros((1, 1))]]
        )
        right = np.append(level * image - gradient(w), 0.0)
        step = np.linalg.lstsq(system, right, rcond=None)[0][:-1]
        w = w + step * min(1.0, 0.3 / max(np.linalg.norm(step), 1e-300))
    return w / np.linalg.norm(w) if np.linalg.norm(step) < 1e-10 else None


def test_directions_where_the_quadratic_term_vanishes_are_found():
    """w2 w3, w1 w3, w1 w2: three axes without it and four diagonals; 7 lines on the sphere."""
    at = np.random.default_rng(0).normal(size=(12, 3))
    P = fitted(at, np.array([[w[1] * w[2], w[0] * w[2], w[0] * w[1]] for w in at]), 2)
    ways = directions(P, np.eye(3))
    assert ways.complete
    assert sorted(way.rate == 0 for way in ways.found) == [False] * 4 + [True] * 3


def test_a_circle_of_solutions_is_said_to_be_one():
    at = np.random.default_rng(0).normal(size=(12, 2))
    ways = directions(fitted(at, np.array([(w @ w) * w for w in at]), 3), np.eye(2))
    assert not ways.isolated and not ways.found
    assert "not determined to third order" in str(ways)


@pytest.fixture(scope="module")
def exterior():
    """The family A, and its event at which the irrep x vanishes."""
    branch = bifurc.trace("A", d=(8, 3.2))
    (event,) = [event for event in branch.events if event.irrep == "x"]
    return branch.problem, event


def test_a_submaximal_branch_of_a_family_at_real_size(exterior):
    """At d = 6 it has S_3 on 1 + 1 + 1 + 3 and the loss .0557068596, and it goes on to d = 20."""
    problem, event = exterior
    assert event.lam == pytest.approx(5.763812735, abs=1e-9)
    births, attempts = switch(problem, event, Search(submaximal=True))
    words = {attempt.isotropy: attempt.outcome for attempt in attempts}
    split = "all: 1 + 1 + 1 + rest"
    assert words[split].startswith("13 directions, all by Euler's characteristic")
    losses = []
    for birth in (birth for birth in births if birth.isotropy == split):
        branch = follow(birth.problem, birth.start, (5.7, 20.0))
        if branch.lam[-1] == 20.0:
            at = int(np.argmin(np.abs(branch.lam - 6)))
            point = point_at(birth.problem, branch.points[at].x, 6.0)
            losses.append(birth.problem.losses(point.x[None], np.array([6.0]))[0])
    assert losses == [pytest.approx(0.0557068596, abs=1e-10)]


def test_submaximal_branches_of_families_are_left_out_unless_asked_for(exterior):
    births, attempts = switch(*exterior)
    words = {attempt.isotropy: attempt.outcome for attempt in attempts}
    assert words["all: 1 + 1 + 1 + rest"].startswith("not axial")
    assert "all: 1 + 1 + 1 + rest" not in {birth.isotropy for birth in births}
