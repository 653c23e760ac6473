"""Single lines of the engine that nothing else asks for: each is left out by a mutant once."""

from types import SimpleNamespace

import numpy as np
import pytest

from bifurc.continuation.newton import iterated
from bifurc.continuation.trust import _fits, _with_whole_kernel
from bifurc.events.locate import Vanishing
from bifurc.exploration import _known
from bifurc.spectra import Block


def test_newton_ends_where_rounding_is_all_that_is_left():
    """No update is smaller than 0, so the second clause alone ends it."""

    def system(X):
        return X * X - 2.0 + 1e-13 * np.sin(1e16 * X), np.diag(2 * X), None

    found = iterated(system, np.array([1.5]), lambda _: np.ones(1), 0.0)
    assert found is not None and found[0] == pytest.approx([np.sqrt(2)], abs=1e-12)
    assert iterated(system, np.array([1.5]), lambda _: np.ones(1), 0.0, iterations=3) is None


def test_a_kernel_is_moved_with_the_last_update():
    """diag(0, 1) with [[0, a], [a, 0]] for each unit: its kernel turns to (1, -a d)."""
    a, d = 0.7, 1e-4
    matrix, change = np.diag([0.0, 1.0]), np.array([[0.0, a], [a, 0.0]])
    near = Vanishing(
        np.zeros(1), np.ones((1, 2)), Block(matrix, np.ones(2)).eigen(), np.array([0]), matrix,
        np.array([change, 0 * change]),
    )  # fmt: skip
    (first,), (second,) = near.kernel_after(np.array([d, 0.0]))
    assert second / first == pytest.approx(-a * d, rel=1e-6)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_branch_is_known_by_either_of_two_points(at):
    """The one that it starts from may lie where another branch is cut."""
    points = [SimpleNamespace(X=i) for i in range(4)]
    graph = SimpleNamespace(holds=lambda problem, X: 1 + at == X)
    assert _known(graph, SimpleNamespace(problem=None, points=points), 1) == (at < 2)


def way(holds=True, rise=0.0, values=(1.0,)):
    """A step of length 1 that holds a point, or not, and how steeply lam rises there."""
    ends = SimpleNamespace(values=np.array(values), scales=np.ones(1))
    return SimpleNamespace(
        holds=lambda X, missed: holds, rise=lambda place: rise, place=lambda X: X, length=1.0,
        one=ends, other=ends, problem=None,
    )  # fmt: skip


def found(values=(0.0, 1.0), kernel=1):
    return SimpleNamespace(
        X=np.zeros(2), fold=True, imperfection=0.0, values=np.array(values), slope=np.ones(1),
        residual=0.0, kernel=np.ones((2, kernel)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("step", "point", "jump", "fits"),
    [
        (way(), found(), 1, True),
        (way(), found(), 0, True),
        (way(holds=False), found(), 1, False),
        (way(rise=0.9), found(), 0, False),
        (way(rise=0.9), found(), 1, True),
        (way(), found((0.0, 0.5, 1.0)), 2, False),
        (way(), found((0.0, 0.0, 1.0)), 2, True),
    ],
)
def test_a_point_fits_a_step_that_holds_it_and_is_singular_as_often(step, point, jump, fits):
    assert _fits(step, point, jump, 0.0) == fits


def test_a_touch_has_its_whole_kernel(monkeypatch):
    """Two zeros that change no sign: the point is located anew with both."""
    asked = []
    monkeypatch.setattr(
        "bifurc.continuation.trust.locate_singular",
        lambda problem, X, count, fold: asked.append(count) or "anew",
    )
    assert _with_whole_kernel(way(), found((0.0, 0.0, 1.0))) == "anew" and asked == [2]
    one = found((0.0, 1.0))
    assert _with_whole_kernel(way(), one) is one and asked == [2]
