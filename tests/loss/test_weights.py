"""Second-layer weights as expressions: copies and an averaging neuron, in closed form."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar

import bifurc
from bifurc.graph.problems import problem_from, problem_spec
from bifurc.identification.verify import of_all_entries, verify
from bifurc.loss import full
from bifurc.loss.embedding import matrices, network_behind, row_weights
from bifurc.loss.kernels import kernel


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


@pytest.mark.parametrize("H, expected", [(2, 6.1357), (3, 13.3040)])
@pytest.mark.parametrize("sign", [1, -1])
def test_training_the_weights_leaves_the_thresholds_of_copies_and_an_average(H, expected, sign):
    """s[rest] has no output weight in it: that of the averaging neuron belongs to t alone."""
    family = copy_average(H, sign).with_train_weights()
    branch = bifurc.trace(family, d=(20, H + 1.1))
    (event,) = branch.events
    (fixed,) = bifurc.trace(copy_average(H, sign), d=(20, H + 1.1)).events
    assert event.lam == pytest.approx(expected, abs=5e-5)
    assert event.lam == pytest.approx(fixed.lam, abs=1e-10)
    assert event.component.label == "s[rest]" and event.transition == "minimum -> saddle"
    names = [c.name for c in branch.problem.structure.coordinates]
    assert_allclose(branch.x[:, names.index("avg.alpha")], sign * H, rtol=1e-11)
    assert_allclose(branch.x[:, names.index("copied.alpha")], 1.0, rtol=1e-11)


def one_neuron():
    """One student of one input for 1, -0.8 and 0.4 erf(v x / sqrt 2), v = 0.3, 1.5 and m."""
    f, taught = kernel("erf").value, ((1.0, 0.3), (-0.8, 1.5))

    def against(w, m):
        return sum(a * f(w * w, v * v, w * v) for a, v in (*taught, (0.4, m)))

    share = lambda w: against(w, 2.0) / np.sqrt(f(w * w, w * w, w * w))  # noqa: E731
    w = minimize_scalar(share, bounds=(2.5, 5.0), method="bounded", options={"xatol": 1e-12}).x
    return against, bifurc.Family.build(
        "one", sets={"one": 1, "two": 1, "three": 1}, students=["one"], inputs=["one"],
        teachers=["one", "two", "three"], kernel="erf", parameters={"m": 2}, train_weights=True,
        teacher={"one,one": 0.3, "two,one": 1.5, "three,one": "m"}, start={"one": w},
        teacher_weights={"two": -0.8, "three": 0.4},
        found={"at": {"m": 2}, "coordinates": {
            "one.one": w, "one.alpha": against(w, 2.0) / f(w * w, w * w, w * w)}},
    )  # fmt: skip


def test_an_output_weight_runs_through_zero_where_a_curve_of_dead_neurons_turns():
    """alpha = 0 is critical for every w with sum_j a_j f(w, v_j) = 0: a parabola in (w, m)."""
    against, family = one_neuron()
    branch = bifurc.trace(family, m=(2, 5))
    (event,) = branch.events
    assert event.component.irrep == "t" and event.kind == "pitchfork"
    w, alpha, _ = event.X
    assert alpha == pytest.approx(0.0, abs=1e-10)
    assert branch.x[0, 1] < 0 < branch.x[-1, 1]
    h = 1e-4
    assert against(w, event.lam) == pytest.approx(0.0, abs=1e-10)
    assert against(w + h, event.lam) == pytest.approx(against(w - h, event.lam), abs=1e-10)


@pytest.mark.parametrize("bias", ["", "hidden", "hidden, output"])
@pytest.mark.parametrize("name", ["gelu", "softplus"])
def test_other_activations_with_trained_weights_in_full(name, bias):
    family = bifurc.family("II").with_kernel(name).with_train_weights()
    problem, point = bifurc.member(family.with_bias(bias) if bias else family, d=6)
    g, hessian = of_all_entries(*network_behind(problem, point.x, 6.0))
    assert np.abs(g).max() < 1e-11
    found = []
    for c, block in problem.blocks(point.x, 6.0).items():
        found.extend(np.repeat(block.eigen().values, round(c.dimension(d=6))))
    assert_allclose(np.sort(found), np.linalg.eigvalsh(hessian), atol=1e-11)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_weight_runs_with_its_parameter(sign):
    """In H at d = 13.3040 the event is that which d passes at H = 3; the closed form all along."""
    (passed,) = bifurc.trace(copy_average(3, sign), d=(20, 5)).events
    branch = bifurc.trace(copy_average(2, sign), H=(2, 5), d=passed.lam)
    (event,) = branch.events
    assert event.lam == pytest.approx(3.0, abs=1e-10)
    assert event.component.label == "s[rest]"
    H = branch.lam
    assert_allclose(sign * branch.x[:, -1], 1 / np.sqrt(H * (2 * H - 1)), rtol=1e-10)
    loss = (H * np.arcsin(0.5) - H * H * np.arcsin(1 / (2 * H))) / np.pi
    assert_allclose(branch.loss, loss, rtol=1e-10)
    again = problem_from(problem_spec(branch.problem))
    assert_allclose(again.gradient(branch.x, branch.lam), 0.0, atol=1e-12)
    assert not any(check.mismatch for check in verify(branch))


# the second variation along sum-free vectors of the rest, a 2 x 2 matrix written out by hand
@pytest.mark.parametrize("d, H", [(20, 3.7193800036847), (13, 2.9636827169535)])
def test_where_the_event_lies_in_the_weight(d, H):
    (event,) = bifurc.trace(copy_average(2), H=(2, 5), d=d).events
    assert event.lam == pytest.approx(H, abs=1e-10)


def test_an_event_is_followed_where_a_weight_runs():
    curve = bifurc.locus(copy_average(2), "s:rest", d=(20, 3.2), H=(2, 3))
    assert curve.at(H=3)[0]["d"] == pytest.approx(13.3040, abs=5e-5)
    alone = bifurc.trace(copy_average(2.5), d=(20, 3.6)).events[0]
    assert curve.at(H=2.5)[0]["d"] == pytest.approx(alone.lam, abs=1e-9)


def test_a_sweep_over_a_weight_is_of_its_own_members():
    found = bifurc.sweep(copy_average(2), d=(20, 4.1), H=np.array([2, 2.5, 3]))
    second = found.thresholds("s[rest]")[1]
    alone = bifurc.trace(copy_average(2.5), d=(20, 4.1)).events[0]
    assert second == pytest.approx(alone.lam, abs=1e-10)


def test_rescaled_neurons_answer_a_weight_that_runs_with_their_length():
    """A weight m stands for a length: m w is what it is at m = 1, and grows beyond all at 0."""
    family = bifurc.Family.build(
        "II", sets={"bulk": "d - 1", "last": 1}, start={"bulk": 1, "last": -1},
        student_weights={"last": "m"}, parameters={"d": 8, "m": 1},
    )  # fmt: skip
    branch = bifurc.trace(family, m=(1, 0.1))
    scaled = branch.x[:, 3:] * branch.lam[:, None]
    assert_allclose(scaled - scaled[0], 0.0, atol=1e-10)
    assert np.ptp(branch.loss) < 1e-12
    with pytest.warns(bifurc.EndedEarlyWarning):
        gone = bifurc.trace(family, m=(1, -0.5), max_steps=60)
    assert 0 < gone.lam[-1] < 0.1 and not gone.events


def test_weights_that_cannot_run_are_refused():
    with pytest.raises(ValueError, match="which cannot run"):
        bifurc.trace(copy_average(2).with_train_weights(), H=(2, 3), d=10)
    bent = bifurc.Family.build(
        "mine", sets={"all": "d"}, start={"all": 1}, parameters={"d": 20},
        student_weights={"all": "d*d"},
    )  # fmt: skip
    with pytest.raises(ValueError, match="is not affine along the line"):
        bifurc.trace(bent, d=(3, 4))
    with pytest.raises(ValueError, match="parameter K without a default"):
        bifurc.Family.build(
            "mine", sets={"all": "d"}, start={"all": 1}, parameters={"d": 20},
            student_weights={"all": "K"},
        )  # fmt: skip
    event = bifurc.trace(copy_average(2), H=(2, 5), d=20).events[0]
    assert not event.proof
