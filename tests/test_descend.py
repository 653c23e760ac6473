"""Descents from random starts."""

import numpy as np
import pytest
from scipy.optimize import check_grad

import bifurc
from bifurc.identification.descend import end_point, same_kind
from bifurc.identification.form import block_form
from bifurc.identification.identify import Identified
from bifurc.identification.polish import Polished, Verdict
from bifurc.loss import full
from bifurc.loss.kernels import ReLU

# which families are minima at d = k, from the critical sizes of each family:
# II from 5.59, A from 5.76, I from 6.74, M (p = 2) from 7.56, A(p) + I (q = 2) from 7.73 on
MINIMA = {6: {"II", "A"}, 8: {"II", "A", "I", "M (p = 2)", "A(p) + I (q = 2)"}}


def test_loss_and_gradient_agree_with_differences():
    rng = np.random.default_rng(0)
    v = np.eye(4)

    def value(flat):
        return full.loss_and_gradient(flat.reshape(5, 4), v, ReLU())[0]

    def slope(flat):
        return full.loss_and_gradient(flat.reshape(5, 4), v, ReLU())[1].ravel()

    x = rng.normal(size=20)
    assert check_grad(value, slope, x) < 1e-6
    assert value(x) == full.loss(x.reshape(5, 4), v, ReLU())


@pytest.mark.parametrize("d", [6, *(pytest.param(d, marks=pytest.mark.slow) for d in (8, 10, 12))])
def test_end_points_are_known_minima(d):
    """The families of Safran & Shamir 2018, table 1, and no other."""
    ended = bifurc.descend(d, runs=30, seed=1)
    assert ended.unidentified == ()
    assert sum(len(kind.runs) for kind in ended.kinds) == 30
    names = {kind.name for kind in ended.kinds}
    assert names <= {"global", "II"} | ({"M (p = 2)"} if d >= 8 else set())
    assert "global" in names and (d < 10 or "II" in names)
    assert all(kind.index == 0 for kind in ended.kinds)
    if d in MINIMA:
        assert names | {kind.name for kind in ended.missed} == MINIMA[d] | {"global"}


def test_runs_depend_on_the_seed_and_their_number_alone():
    few, many = (bifurc.descend(6, runs=runs, seed=5) for runs in (3, 5))
    by_run = [{run: kind.name for kind in e.kinds for run in kind.runs} for e in (few, many)]
    assert by_run[0] == {run: by_run[1][run] for run in range(3)}
    assert np.array_equal(end_point(6, 6, 5, 2), end_point(6, 6, 5, 2))
    assert not np.array_equal(end_point(6, 6, 5, 2), end_point(6, 6, 6, 2))


@pytest.mark.slow
def test_with_a_neuron_too_many_every_end_point_is_identified():
    """Two neurons share a teacher; where they stop within it is one kind."""
    ended = bifurc.descend(6, k=7, runs=10, seed=1)
    assert ended.unidentified == ()
    (kind,) = ended.kinds
    assert not kind.known
    assert abs(kind.loss) < 1e-13
    assert any("exchange norm" in note for note in kind.example.notes)


def test_points_that_look_alike_are_one_kind_in_any_order():
    """Three inputs in a circle have no first one: their order in the form is arbitrary."""
    circle = np.eye(3) + 0.3 * np.roll(np.eye(3), 1, axis=1)
    turn = np.random.default_rng(0).permutation(3)
    kinds = []
    for w in (circle, circle[:, turn][turn], circle * 1.01):
        form = block_form(w, np.eye(3), 1e-7)
        polished = Polished(w, Verdict.CRITICAL, 0.0, 0.0, 0.0)
        kinds.append(Identified(polished, form, loss=full.loss(w, np.eye(3), ReLU())))
    assert kinds[0].form.order == 3
    assert same_kind(kinds[0], kinds[1])
    assert not same_kind(kinds[0], kinds[2])


def test_too_few_neurons_end_in_a_new_family_with_sizes_in_k():
    ended = bifurc.descend(7, k=5, runs=5, seed=1)
    assert [kind.name for kind in ended.kinds] == ["new: S(k) x S(d - k)"]
    assert ended.kinds[0].index == 0


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"d": 1}, "d must"),
        ({"d": 6.5}, "d must"),
        ({"d": 6, "runs": 0}, "runs must"),
        ({"d": 6, "seed": -1}, "seed must"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        bifurc.descend(**numbers)


@pytest.mark.slow
@pytest.mark.parametrize("d", range(6, 13))
def test_two_hundred_descents_are_all_identified(d):
    ended = bifurc.descend(d, runs=200, seed=1)
    assert ended.unidentified == ()
    assert all(kind.index == 0 for kind in ended.kinds)
    if d >= 7:
        assert "II" in {kind.name for kind in ended.kinds}
