"""Functions that a user watches: located on the branch, labelled UZ, and told apart from events."""

import numpy as np
import pytest

import bifurc


def parabola(x, lam):
    """Critical points on lam = x²."""
    return x[0] ** 3 / 3 - lam * x[0]


def branch(**how):
    problem = bifurc.Problem(parabola, [1.0], {"lam": 1.0})
    return bifurc.trace(problem, lam=(4, 0.25), both=True, **how)


def test_a_watched_coordinate_is_located_where_paper_says():
    found = branch(events=[bifurc.when(lambda s: s.x[0], 1.5, "x")])
    (mark,) = found.marks
    assert mark.label == "UZ"
    assert mark.lam == pytest.approx(2.25, abs=1e-12)
    assert found.events == []  # it is none of the Hessian's


def test_two_values_in_one_step_are_both_seen():
    """(x - 1.2) (x - 1.25) has one sign at both ends of a step and another between."""
    watched = bifurc.when(lambda s: (s.x[0] - 1.2) * (s.x[0] - 1.25), name="pair")
    found = branch(events=[watched], ds=0.02, ds_max=0.05)
    assert sorted(mark.lam for mark in found.marks) == pytest.approx([1.44, 1.5625], abs=1e-11)


def test_a_branch_stops_where_it_was_told_to():
    found = branch(events=[bifurc.when(lambda s: s.smallest, 2.0, "stiff", stop=True)])
    assert found.status.name == "STOPPED" and not found.status.early
    assert found.lam[-1] == pytest.approx(1.0, abs=1e-12)  # the eigenvalue is 2 x
    assert found.points[-1] is found.marks[-1].state.point


@pytest.mark.parametrize("first, last", [(20, 6), (6, 20)])
def test_the_loss_of_a_family_does_not_depend_on_the_direction(first, last):
    found = bifurc.trace(
        "II", d=(first, last), events=[bifurc.when(lambda s: s.loss, 0.02, "loss")]
    )
    (mark,) = found.marks
    problem, point = bifurc.member("II", d=mark.lam)
    assert problem.loss(point.x, mark.lam) == pytest.approx(0.02, abs=1e-12)


def test_columns_may_be_recorded():
    found = branch(record={"cube": lambda s: s.x[0] ** 3})
    assert np.allclose(found.recorded["cube"], found.lam**1.5, rtol=1e-11)
    assert found.to_dict()["points"]["cube"] == found.recorded["cube"].tolist()


@pytest.mark.parametrize("wrong", [["loss"], [lambda s: s.loss]])
def test_what_is_not_watched_is_said(wrong):
    with pytest.raises(ValueError, match=r"bifurc.when"):
        branch(events=wrong)
    with pytest.raises(ValueError, match="function of a state"):
        bifurc.when("loss")
