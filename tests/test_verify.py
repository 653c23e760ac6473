"""Branches against the full network."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import bifurc
from bifurc.continuation.options import Status
from bifurc.identification.verify import repeated, verify, whole_values
from bifurc.loss.kernels import ReLU
from bifurc.loss.problem import NetworkProblem
from bifurc.models import pitchfork


@pytest.mark.parametrize("name", ["II", "A", "I", "M"])
def test_branches_agree_with_the_full_network(name):
    checks = verify(bifurc.trace(name, d=(14, 4)))
    assert [check.lam for check in checks] == list(range(14, 3, -1))
    assert all(check.compared and not check.mismatch for check in checks)
    assert {check.index > 0 for check in checks} == {True, False}


def test_upward_and_downward_walks_are_checked_at_the_same_values():
    values = [[c.lam for c in verify(bifurc.trace("II", d=w))] for w in ((9.5, 6.2), (6.2, 9.5))]
    assert values == [[9, 8, 7], [7, 8, 9]]


class Wrong(NetworkProblem):
    """A reduced problem whose blocks are a little off."""

    def blocks(self, x, lam, components=None):
        return {
            c: replace(block, matrix=block.matrix + 1e-6 * np.eye(block.matrix.shape[-1]))
            for c, block in super().blocks(x, lam, components).items()
        }


def test_a_wrong_block_is_a_mismatch():
    branch = bifurc.trace("II", d=(9, 7))
    problem = branch.problem
    wrong = Wrong(problem.structure, ReLU(), problem.line)
    checks = verify(replace(branch, problem=wrong))
    assert all(check.mismatch for check in checks)
    assert all(check.deviation > 1e-8 for check in checks)


def test_a_branch_that_is_none_is_a_mismatch():
    """Points far from any solution are not silently moved to one."""
    branch = bifurc.trace("II", d=(9, 7))
    points = [replace(p, X=p.X + 0.2) for p in branch.points]
    for point in points:
        point.X[-1] -= 0.2
    checks = verify(replace(branch, points=points))
    assert any(check.mismatch for check in checks)


def lowest(values):
    """Which are the smallest eigenvalue, as often as it counts."""
    return values < values[0] + 1e-9


@pytest.fixture
def never_formed(monkeypatch):
    monkeypatch.setattr("bifurc.identification.verify.FORMED", 0)
    never = lambda *_: pytest.fail("formed")  # noqa: E731
    monkeypatch.setattr("bifurc.loss.full.Network.derivatives", never)


@pytest.mark.parametrize("name", ["II", "A", "I", "M", "II + 1"])
def test_without_forming_the_hessian_each_eigenvalue_is_compared_once(name, never_formed):
    checks = verify(bifurc.trace(name, d=(12, 8)))
    assert all(check.once and check.compared and not check.mismatch for check in checks)
    assert max(check.deviation for check in checks) < 1e-12


def test_without_forming_the_hessian_what_is_wrong_is_a_mismatch(never_formed, monkeypatch):
    branch = bifurc.trace("II", d=(9, 7))
    wrong = Wrong(branch.problem.structure, ReLU(), branch.problem.line)
    assert all(check.mismatch for check in verify(replace(branch, problem=wrong)))
    for change in (lambda values: values[3:], lambda values: np.where(lowest(values), 1.0, values)):
        monkeypatch.setattr(
            "bifurc.identification.verify.repeated",
            lambda *point, change=change: (change(repeated(*point)[0]), 0),
        )
        assert all(check.mismatch for check in verify(branch))


def test_a_hundred_neurons_are_compared():
    (check,) = verify(bifurc.trace("M", d=(100.5, 99.5)))
    assert check.once and not check.mismatch and check.gradient < 1e-11


def test_sizes_that_are_not_whole_or_too_large_are_said():
    checks = verify(bifurc.trace(bifurc.family("M", p=2.5), d=(12, 10)))
    assert all("not whole" in check.note and not check.mismatch for check in checks)
    checks = verify(bifurc.trace("II", d=(12, 10)), largest=121)
    assert [check.compared for check in checks] == [False, True, True]


def test_a_value_on_a_point_is_checked_once():
    points = [SimpleNamespace(lam=lam) for lam in (3, 4, 5.5, 4.5)]
    assert [n for n, *_ in whole_values(points)] == [3, 4, 5, 5]


def test_a_model_has_no_matrices():
    branch = replace(bifurc.trace("II", d=(9, 8)), problem=pitchfork())
    with pytest.raises(ValueError, match="matrices"):
        verify(branch)


def test_where_the_loss_ceases_to_be_defined_there_is_nothing_to_compare():
    """A part of the 2 + rest branch of II shrinks to one point as d falls to 4."""
    graph = bifurc.explore("II", d=(7, 3.5), search=bifurc.Search(explicit=2, finite_groups=False))
    at_edge = [b for b in graph.branches.values() if b.status is Status.OUTSIDE]
    assert at_edge
    checks = [check for branch in at_edge for check in verify(branch)]
    assert not any(check.mismatch for check in checks)
    assert {check.lam for check in checks if "defined" in check.note} == {4}
