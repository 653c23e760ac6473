"""Models with answers on paper go through the same engine, switching and graph."""

from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import fsolve

from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.exploration import Plan, explore_from
from bifurc.models import MODELS, chain, dihedral, model, permuted, pitchfork
from bifurc.switching.classify import classify
from bifurc.switching.linear import Matrices, Permutations, SymmetricProblem
from bifurc.switching.switch import switch

FORCE = [1e-4, 0.5e-4, 0.2e-4, -0.1e-4, 0.3e-4]


def explored(problem, x, window, **how):
    start = point_at(problem, np.asarray(x, dtype=float), window[0])
    return explore_from([("all of G", problem, start)], Plan(window, **how))


@pytest.mark.parametrize(
    "problem",
    [chain(FORCE), permuted(5).full, permuted(4, square=-0.7).full, pitchfork()]
    + [dihedral(m, quadratic=0.4).full for m in (3, 4, 5, 6)],
    ids=lambda problem: str(problem.source),
)
def test_gradient_and_hessian_are_derivatives_of_the_loss(problem, rng):
    for _ in range(5):
        x, lam, h = rng.normal(size=problem.n), rng.normal(), 1e-5
        for i, e in enumerate(np.eye(problem.n)):
            up, down = x + h * e, x - h * e
            slope = (problem.loss(up, lam) - problem.loss(down, lam)) / (2 * h)
            assert slope == pytest.approx(problem.gradient(x, lam)[i], abs=1e-7)
            column = (problem.gradient(up, lam) - problem.gradient(down, lam)) / (2 * h)
            assert_allclose(problem.hessian(x, lam)[:, i], column, atol=1e-7)
        rate = (problem.gradient(x, lam + h) - problem.gradient(x, lam - h)) / (2 * h)
        assert_allclose(problem.gradient_dlam(x, lam), rate, atol=1e-8)


def test_models_by_name():
    assert model("permuted", n=4).full.n == 4
    with pytest.raises(ValueError, match="Unknown model 'rope'; there are chain"):
        model("rope")
    with pytest.raises(ValueError, match="Model 'chain'.*length"):
        model("chain", length=3)
    assert set(MODELS) == {"chain", "permuted", "pitchfork", "dihedral"}


@pytest.mark.parametrize("n", [3, 5, 8])
def test_branch_points_of_a_chain_of_any_length(n):
    problem = chain([0.0] * n)
    branch = follow(problem, point_at(problem, np.zeros(n), -0.5), (-0.5, 4.5))
    values = 4 * np.sin(np.arange(1, n + 1) * np.pi / (2 * (n + 1))) ** 2
    assert_allclose([event.lam for event in branch.events], values, rtol=1e-12)


def test_primary_branches_of_the_chain_and_the_fold_of_the_first():
    graph = explored(chain(), np.zeros(5), (-0.5, 4.5))
    assert len(graph.branches) == 11
    first = graph.branches["b0-0.0"].events
    assert [event.kind for event in first] == ["fold"]
    assert first[0].lam == pytest.approx(0.044607064614989, abs=1e-12)
    other = graph.branches["b0-0.1"]
    assert_allclose(graph.branches["b0-0.0"].points[3].x, -other.points[3].x, atol=1e-9)


def test_folds_of_the_forced_chain_against_another_solver():
    problem = chain(FORCE)
    branch = follow(problem, point_at(problem, np.zeros(5), -0.5), (-0.5, 1.0))

    def fold(y):
        u, v, lam = y[:5], y[5:10], y[10]
        return [*problem.gradient(u, lam), *(problem.hessian(u, lam) @ v), v @ v - 1]

    assert [event.label for event in branch.events] == ["LP", "LP"]
    for event in branch.events:
        guess = [*np.round(event.X[:5], 2), *np.round(event.kernel[:, 0], 2), round(event.lam, 2)]
        assert event.lam == pytest.approx(fsolve(fold, guess, xtol=1e-13)[10], abs=1e-9)
    assert branch.events[0].lam == pytest.approx(0.266, abs=5e-4)


def small_solutions(p, q, lam, square=0.3, bound=0.01):
    """All (a, b), a != b, of permuted(p + q) with p entries a and q entries b, small.

    Two of the equations lam u + square u² - u³ - u + mean = 0 differ by
    lam - 1 + square (a + b) - (a² + ab + b²) = 0; the rest is their sum. The
    resultant of both in b is a polynomial of degree 6 in a.
    """

    def both(a):
        return np.roots([-1, square - a, lam - 1 + square * a - a * a])

    def total(a, b):
        return sum(m * (lam * u + square * u**2 - u**3) for m, u in ((p, a), (q, b)))

    at = 0.5 * np.exp(2j * np.pi * np.arange(7) / 7)
    values = [np.prod([total(a, b) for b in both(a)]) for a in at]
    coefficients = np.linalg.solve(np.vander(at, 7), values)
    found = []
    for a in np.roots(coefficients):
        for b in both(a):
            point = np.array([a, b])
            small = abs(total(a, b)) < 1e-9 * bound and np.abs(point).max() < bound
            if small and np.abs(point.imag).max() < 1e-9 and abs(a - b) > 1e-8:
                found.append((a.real, b.real))
    return found


@pytest.mark.parametrize("n", [4, 5, 6, 7])
def test_branches_of_the_standard_representation_against_an_enumeration(n):
    """Three different entries add up to 0.3, so small solutions have two: all are enumerated."""
    problem = permuted(n)
    branch = follow(problem, point_at(problem, np.zeros(1), 0.5), (0.5, 1.5))
    (event,) = branch.events
    assert event.lam == pytest.approx(1.0, abs=1e-12)
    assert event.multiplicity == n - 1
    births, _ = switch(problem, event)
    found = Counter((birth.isotropy, birth.form.direction(birth.sign)) for birth in births)
    expected = Counter()
    for p in range(1, n // 2 + 1):
        for side in (1, -1):
            solutions = small_solutions(p, n - p, 1 + side * 1e-6)
            if 2 * p == n:  # a and b are exchanged by a relabelling
                solutions = {tuple(sorted(np.round(pair, 12))) for pair in solutions}
            expected[f"S_{p} x S_{n - p}", side] += len(solutions)
    assert found == +expected
    assert len({birth.isotropy for birth in births}) == n // 2


@pytest.mark.parametrize("n", [4, 5, 6, 7])
def test_the_branches_of_the_standard_representation_solve_the_whole_problem(n):
    graph = explored(permuted(n), [0.0], (-0.5, 1.5))
    for branch in graph.branches.values():
        for point in branch.points:
            state = branch.problem.basis @ point.x
            assert np.abs(permuted(n).full.gradient(state, point.lam)).max() < 1e-12


def cubic_hamiltonian(n):
    """lam |y|²/2 + sum y³/3 on the vectors y of mean zero; the mean itself is damped."""
    off = np.eye(n) - 1.0 / n
    full = PlainProblem(
        gradient=lambda u, lam: off @ (lam * u + (off @ u) ** 2) - (u - off @ u),
        hessian=lambda u, lam: lam * off + off @ np.diag(2 * off @ u) @ off - (np.eye(n) - off),
        gradient_dlam=lambda u, lam: off @ u,
        n=n,
    )
    return SymmetricProblem.of(full, Permutations(n))


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_cubic_hamiltonian_on_the_standard_representation(n):
    """a + b = -lam and p a + q b = 0: straight lines, one for each p != n - p.

    Golubitsky, Stewart, Schaeffer II, XIII; Arjevani, Field, "Equivariant
    bifurcation, quadratic equivariants, and symmetry breaking for the
    standard representation of S_n" (2021).
    """
    graph = explored(cubic_hamiltonian(n), [0.0], (-1.0, 1.0))
    node = next(data for _, data in graph.graph.nodes(data=True) if data["label"] == "BP")
    assert node["lam"] == pytest.approx(0.0, abs=1e-12)
    unequal = [p for p in range(1, n) if p < n - p]
    assert len(graph.branches) == 1 + 2 * len(unequal)
    for name, branch in graph.branches.items():
        if name == "b0":
            continue
        p, q = sorted(branch.problem.group.partition(branch.problem.basis))
        for point in branch.points:
            state = branch.problem.basis @ point.x
            a, b = state[0], state[-1]
            assert a == pytest.approx(-point.lam * q / (q - p), abs=1e-9)
            assert p * a + q * b == pytest.approx(0.0, abs=1e-9)
    if n % 2 == 0:
        (tried,) = node["tried"].values()
        half = f"S_{n // 2} x S_{n // 2}"
        assert any(line.startswith(f"{half}: degenerate") for line in tried)


@pytest.mark.parametrize("m", [3, 4, 5, 6, 7])
def test_pitchforks_with_the_symmetry_of_a_polygon(m):
    """On the axis at angle 0 or pi/m: lam + cubic r² ± twist r^(m - 2) = 0.

    Golubitsky, Stewart, Schaeffer II, section XIII.5: two classes of axes for
    even m; for odd m one, with different ends.
    """
    cubic, twist = -1.0, 0.2
    problem = dihedral(m, cubic=cubic, twist=twist)
    graph = explored(problem, [], (-0.5, 0.5))
    assert len(graph.branches) == 3
    twist = 0.0 if m == 3 else twist  # with m = 3 the invariant is the quadratic one, 0 here
    for name, branch in list(graph.branches.items())[1:]:
        assert branch.points[1].lam > 0, name
        for point in branch.points[1:]:  # the first is the event
            z = complex(*(branch.problem.basis @ point.x))
            r, turned = abs(z), (z / abs(z)) ** m
            assert abs(turned.imag) < 1e-9
            assert point.lam == pytest.approx(
                -cubic * r**2 - twist * turned.real * r ** (m - 2), abs=1e-9
            )


def test_the_triangle_is_transcritical():
    problem = dihedral(3, quadratic=0.5)
    branch = follow(problem, point_at(problem, np.zeros(0), -0.5), (-0.5, 0.5))
    event = classify(problem, branch.events[0])
    assert event.kind == "transcritical"
    births, _ = switch(problem, event)
    assert sorted(birth.form.direction(birth.sign) for birth in births) == [-1, 1]


def test_a_problem_without_unknowns_is_followed():
    problem = dihedral(4)
    assert problem.n == 0
    branch = follow(problem, point_at(problem, np.zeros(0), -0.5), (-0.5, 0.5))
    assert branch.points[-1].lam == 0.5
    assert [event.multiplicity for event in branch.events] == [2]
    assert branch.index_at(0).text() == "2"


def test_generators_of_an_infinite_group_are_refused():
    turn = np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]])
    with pytest.raises(ValueError, match="small finite group"):
        Matrices((turn @ np.diag([1.0, 1.0]),)).elements()
