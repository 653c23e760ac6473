"""Second-layer weights as expressions: copies and an averaging neuron, in closed form."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc.loss import full
from bifurc.loss.embedding import matrices, row_weights


def copy_average(H, sign=1):
    """Rows that copy a teacher each, and one that stands for the H others, with weight ±H."""
    length = sign / np.sqrt(H * (2 * H - 1))
    return bifurc.Family.build(
        "copy-average", sets={"copied": "d - H", "rest": "H", "avg": 1},
        students=["copied", "avg"], inputs=["copied", "rest"],
        start={"copied": 1, "avg": {"rest": length, "copied": 0}},
        student_weights={"avg": "H" if sign > 0 else "-H"},
        kernel="erf", parameters={"d": 20, "H": H},
    )  # fmt: skip


# issue 17, section 2; Simsek et al., arXiv 2311.01644
@pytest.mark.parametrize("H, expected", [(2, 6.1357), (3, 13.3040)])
@pytest.mark.parametrize("sign", [1, -1])
def test_where_copies_and_an_average_stop_being_a_minimum(H, expected, sign):
    (event,) = bifurc.trace(copy_average(H, sign), d=(20, H + 1.1)).events
    assert event.lam == pytest.approx(expected, abs=5e-5)
    assert event.component.label == "s[rest]" and event.transition == "minimum -> saddle"


@pytest.mark.parametrize("H, sign", [(2, 1), (3, -1)])
def test_the_averaging_neuron_is_the_closed_form(H, sign):
    problem, point = bifurc.member(copy_average(H, sign), d=8)
    assert_allclose(point.x[:-1], [1, 0, 0, 0], atol=1e-12)
    assert point.x[-1] ** 2 * H == pytest.approx(1 / (2 * H - 1), rel=1e-12)
    loss = (H * np.arcsin(0.5) - H * H * np.arcsin(1 / (2 * H))) / np.pi
    assert problem.loss(point.x, 8.0) == pytest.approx(loss, rel=1e-12)
    family, values = copy_average(H, sign), {"d": 8.0, "H": float(H)}
    w, v = matrices(problem.structure, point.x, values)
    a, b = row_weights(family.structure, values)
    assert a[-1] == sign * H
    assert full.loss(w, v, problem.kernel, a, b) == pytest.approx(loss, rel=1e-12)


def test_a_weight_does_not_run():
    with pytest.raises(ValueError, match="The weight H of row 'avg' moves along the line"):
        bifurc.trace(copy_average(2), H=(2, 3), d=10)
    with pytest.raises(ValueError, match="parameter K without a default"):
        bifurc.Family.build(
            "mine", sets={"all": "d"}, start={"all": 1}, parameters={"d": 20},
            student_weights={"all": "K"},
        )  # fmt: skip
