"""How many classes of branches a reduced equation has: against counts by hand and by others."""

from itertools import permutations

import numpy as np
import pytest

import bifurc
from bifurc import groups
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.switching.count import count
from bifurc.switching.linear import SymmetricProblem
from bifurc.switching.polynomials import directions, equivariant
from bifurc.switching.switch import ALL, switch

pytestmark = pytest.mark.xdist_group("counts")


def standard(n):
    """S_n on vectors of n numbers that add up to 0; (order, n - 1, n - 1), and a basis of them."""
    group = groups.permutations([[1, 0, *range(2, n)], [*range(1, n), 0]])
    basis = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)]))[0][:, 1:n]
    return np.concatenate([basis.T @ images for images in group.images(basis)]), basis


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_the_quadratic_equation_of_the_symmetric_group_has_a_branch_for_each_split(n):
    """sum x_i³ on the sphere: two values, so p + (n - p); each both ways, which are one if p = n/2.

    Golubitsky, Stewart, Schaeffer II, XIII.5; Elmhirst, "Symmetry and emergence", 2001.
    """
    action, basis = standard(n)
    P = equivariant(2, lambda w: basis.T @ (basis @ w) ** 2, action)
    found = count(P, action)
    assert len(found.lines) == n // 2
    assert len(found.found) == n - 1
    assert found.total == found.sphere
    assert all(map(found.axial, found.lines))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_hyperoctahedral_group_has_its_diagonals(n, sign):
    """sum x_i⁴ on the sphere: k equal entries, the others 0; one class for each k."""
    signs = groups.matrices([np.diag([-1.0] + [1.0] * (n - 1))])
    swaps = groups.permutations([[1, 0, *range(2, n)], [*range(1, n), 0]])
    action = np.array(groups.joined(signs, swaps).elements())
    found = count(equivariant(3, lambda w: sign * w**3, action), action)
    assert len(found.found) == len(found.lines) == n
    assert found.total == found.sphere
    assert sorted(one.index for one in found.found) == list(range(n))


def test_a_random_form_without_symmetry_is_counted_by_its_paths(rng):
    """Against all solutions of a homotopy."""
    tensor = rng.normal(size=(3,) * 4)
    tensor = sum(np.transpose(tensor, order) for order in permutations(range(4)))
    action = np.eye(3)[None]
    P = equivariant(3, lambda w: tensor @ w @ w @ w, action)
    assert len(count(P, action).lines) == len(directions(P, np.eye(3)).found)


@pytest.fixture(scope="module")
def words():
    """What is said of the families A and I where x vanishes, by the whole size."""
    said = {}
    for name, points in (("A", "all"), ("I", "bulk")):
        branch = bifurc.trace(name, d=(9, 3.2))
        event = branch.events[f"x[{points}]"]
        births, attempts = switch(branch.problem, event)
        (word,) = [attempt.outcome for attempt in attempts if attempt.isotropy == ALL]
        said[name] = dict(part.split(": ", 1) for part in word.split("; at "))
    return said


@pytest.mark.parametrize(
    ("family", "at", "followed", "classes", "axial"),
    [
        ("A", "at d = 5", 3, 12, 4),
        ("A", "d = 6", 4, 42, 8),
        ("I", "at d = 6", 3, 12, 4),
        ("I", "d = 7", 4, 50, 8),
    ],
)
@pytest.mark.slow
def test_classes_of_families_where_sizes_are_whole(words, family, at, followed, classes, axial):
    """Counted for the issue by another program, by all solutions in the kernel."""
    word = words[family][at]
    assert word.startswith(
        f"{followed} of {classes} classes of branches followed, {axial} are axial"
    )
    assert word.endswith("the indices add up to Euler's characteristic")


def test_what_is_not_solved_of_an_own_problem_is_counted():
    """Signs of five coordinates, sum a_i x_i⁴: a class for each set of them that is not zero.

    Of 31 those with four and five fix too much of the kernel to be solved.
    """
    a = np.array([1.0, 1.3, 1.7, 2.1, 2.9])
    full = PlainProblem(
        gradient=lambda x, lam: lam * x - a * x**3,
        hessian=lambda x, lam: np.diag(lam - 3 * a * x**2),
        gradient_dlam=lambda x, lam: x,
        n=5,
    )
    signs = groups.matrices([np.diag(1.0 - 2 * row) for row in np.eye(5)])
    problem = SymmetricProblem.of(full, signs)
    (event,) = follow(problem, point_at(problem, np.zeros(0), -0.5), (-0.5, 0.5)).events
    births, attempts = switch(problem, event)
    assert len(births) == 5 + 10 + 10
    word = attempts[-1].outcome
    assert word.startswith("25 of 31 classes of branches followed, 5 are axial")
    assert "1 of order 1" in word and "5 of order 2" in word
