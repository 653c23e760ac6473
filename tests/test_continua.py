"""Critical points that form a continuum: what is followed ends soon, and says so."""

import itertools

import numpy as np
import pytest

import bifurc
from bifurc import groups
from bifurc.continuation.options import Status

O_H = [  # a quarter turn, a third of a turn and the inversion generate all 48
    np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]]),
    np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0.0]]),
    -np.eye(3),
]
CUBE = np.array(list(itertools.product((1.0, -1.0), repeat=3)))


def cut(graph):
    """What a graph says that was not followed."""
    return " ".join(graph.graph.graph["cut"])


def hat(copies, group):
    """The potential -lam |x|^2 / 2 + |x|^4 / 4, which all rotations leave alone."""
    n = 3 * copies
    return bifurc.Problem(
        None,
        np.zeros(n),
        {"lam": -0.5},
        group=group,
        gradient=lambda x, lam: (x @ x - lam) * x,
        hessian=lambda x, lam: (x @ x - lam) * np.eye(n) + 2 * np.outer(x, x),
    )


def springs(places, dim, group, lam):
    """Charges that repel with 1/r and attract with a spring lam, free to move together."""
    n, (i, j) = len(places) // dim, np.triu_indices(len(places) // dim, 1)

    def gradient(x, lam):
        d = (x.reshape(n, dim)[i] - x.reshape(n, dim)[j])[:, None, :]
        s = (d * d).sum(axis=-1, keepdims=True)
        force = (lam - s**-1.5) * d
        total = np.zeros((n, 1, dim))
        np.add.at(total, i, force)
        np.add.at(total, j, -force)
        return total.ravel()

    def hessian(x, lam):
        d = x.reshape(n, dim)[i] - x.reshape(n, dim)[j]
        s = (d * d).sum(axis=-1)[:, None, None]
        each = (lam - s**-1.5) * np.eye(dim) + 3 * s**-2.5 * d[:, :, None] * d[:, None, :]
        found = np.zeros((n, dim, n, dim))
        for a, b, one in zip(i, j, each, strict=True):
            for p, q, sign in ((a, a, 1), (b, b, 1), (a, b, -1), (b, a, -1)):
                found[p, :, q] += sign * one
        return found.reshape(n * dim, n * dim)

    return bifurc.Problem(
        None, places, {"lam": lam}, group=group, gradient=gradient, hessian=hessian
    )


def test_a_group_smaller_than_that_of_the_loss_is_told():
    """O_h where O(3) acts: |x|^2 = lam on a sphere, axes of three classes are on it."""
    graph = bifurc.explore(hat(1, groups.matrices(O_H)), lam=(-0.5, 1.0))
    assert graph.graph.nodes[1]["lam"] == pytest.approx(0, abs=1e-12)
    born = [branch for name, branch in graph.branches.items() if "-" in name]
    assert len(born) == 3
    for branch in born:  # two directions along the sphere, of one irrep or of two
        last = branch.points[-1]
        assert last.x @ last.x == pytest.approx(1, abs=1e-10)
        zeros = branch.problem.neutrals
        assert set(zeros.reasons.values()) == {"continuum"} and not branch.note
    assert cut(graph).count("form a continuum") == 3
    assert "all directions are alike" in str(graph.graph.nodes[1]["tried"])


def test_a_sphere_in_nine_dimensions_is_not_counted_point_by_point():
    group = groups.matrices([np.kron(np.eye(3), one) for one in O_H])
    graph = bifurc.explore(hat(3, group), lam=(-0.5, 1.0))
    tried = str(graph.graph.nodes[1]["tried"])
    assert "all together: all directions are alike" in tried


def test_free_charges_on_a_line():
    """Two charges at distance lam^(-1/3): nothing says where on the line."""
    mirror = groups.matrices([-np.eye(2)[::-1]])
    graph = bifurc.explore(springs(np.array([-0.5, 0.5]), 1, mirror, 1.0), lam=(1.0, 0.05))
    (branch,) = graph.branches.values()
    apart = np.ptp(branch.problem.full_state(branch.points[-1].x))
    assert apart == pytest.approx(0.05 ** (-1 / 3), rel=1e-10)
    assert "form a continuum" in cut(graph)


def test_charges_at_the_corners_of_a_free_cube():
    """They move and turn together: three zeros of each kind, an irrep for each."""
    perm = [np.abs(CUBE[:, None] @ one.T - CUBE[None]).sum(-1).argmin(axis=1) for one in O_H]
    moves = []
    for one, order in zip(O_H, perm, strict=True):
        moved = np.zeros((8, 3, 8, 3))
        for corner, image in enumerate(order):
            moved[image, :, corner] = one
        moves.append(moved.reshape(24, 24))
    # the sum of lam r^2 over pairs is that of 1 / r where scaling changes nothing
    lengths = np.sqrt(((CUBE[1:] - CUBE[0]) ** 2).sum(axis=1))
    edge = (sum(lengths**-1.0) / sum(lengths**2.0)) ** (1 / 3)
    problem = springs((edge * CUBE).ravel(), 3, groups.matrices(moves), 1.0)
    graph = bifurc.explore(problem, lam=(1.0, 0.5), depth=0)
    (branch,) = graph.branches.values()
    assert branch.status is Status.WINDOW
    zeros = branch.problem.neutrals
    assert sorted(zeros.zeros.values()) == [1, 1]
    assert {c.irrep for c in zeros.zeros} == {"T1g", "T1u"}  # rotations and translations
    assert set(zeros.reasons.values()) == {"continuum"}


@pytest.mark.parametrize("n", [5, pytest.param(8, marks=pytest.mark.slow)])
def test_zeros_of_all_of_the_own_block_have_the_stiffness_of_others(n):
    """Of n charges at one point the common place is all that S_n leaves free."""

    def loss(x, lam):
        i, j = np.triu_indices(n, 1)
        r = x[i] - x[j]
        return lam * (r @ r) / 2 + (1 / np.sqrt(r * r + 1)).sum()

    problem = bifurc.Problem(loss, np.zeros(n), {"lam": 2.0}, group=groups.symmetric(n))
    graph = bifurc.explore(problem, lam=(2.0, 0.5), depth=0)
    (branch,) = graph.branches.values()
    # the Hessian is (lam - 1) times that of springs between all
    assert [event.lam for event in branch.events] == pytest.approx([1.0], abs=1e-9)
    assert "1 in t" in cut(graph)


def test_a_hessian_that_vanishes_at_the_start_is_not_taken_for_inexact():
    problem = bifurc.Problem(lambda x, lam: (lam - 1) * x @ x / 2 + (x**4).sum(), [0.0], {"lam": 1})
    assert problem.along("lam").error < 1e-6
