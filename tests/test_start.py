"""A family is found from its pattern, the limit of W, and its name is one branch."""

import numpy as np
import pytest

import bifurc
from bifurc import family
from bifurc.api import member, problem
from bifurc.loss.start import StartError, descend, has_pattern
from bifurc.structure.families import BUILT_IN, Family


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("d", [20.0, 30.5, 60.0])
def test_the_start_is_a_critical_point_with_the_pattern(name, d):
    one = family(name)
    reduced, point = member(one, "d", d)
    assert point.lam == d
    assert np.abs(reduced.gradient(point.x, d)).max() < 1e-10
    assert has_pattern(reduced, one, point.x)


@pytest.mark.parametrize("name", ["A", "I", "II", "M"])
def test_diagonals_approach_the_pattern_as_d_grows(name):
    """Arjevani & Field, NeurIPS 2021: the diagonal goes to ±1 with a power of 1/sqrt(d)."""
    one = family(name)
    distances = []
    for d in (100.0, 10_000.0):
        reduced, point = member(one, "d", d)
        signs = [
            (value, one.start[c.row])
            for c, value in zip(reduced.structure.coordinates, point.x, strict=True)
            if c.row == c.column and c.part != "off"
        ]
        distances.append(max(abs(value - sign) for value, sign in signs))
    assert distances[1] < distances[0] / 5  # at least like d^(-0.35)


def test_descent_does_not_raise_the_loss(rng):
    reduced = problem("M")
    for _ in range(5):
        x = rng.normal(size=reduced.n) / 5
        lower, _ = descend(reduced, x, 20.0)
        assert reduced.loss(lower, 20.0) < reduced.loss(x, 20.0)


def test_a_pattern_without_a_critical_point_says_so():
    start = {"all": {"all": [-1, -5]}}
    hopeless = Family.build("none", sets={"all": "d"}, start=start, parameters={"d": 3})
    with pytest.raises(StartError, match="'none'"):
        member(hopeless, "d", 5.0)


def test_a_start_value_for_every_row_block_is_asked_for():
    with pytest.raises(ValueError, match="starting value"):
        Family.build("bad", sets={"a": "d", "b": 1}, start={"a": 1}, parameters={"d": 20})
    with pytest.raises(ValueError, match="parameter k"):
        Family.build("bad", sets={"a": "k"}, start={"a": 1})


M = {  # p, d: loss and lowest eigenvalue of published end points of gradient descent
    # Safran, Yehudai, Shamir, "The effects of mild over-parameterization on the
    # optimization landscape of shallow ReLU neural networks", COLT 2021, processed minima
    (11, 70): (0.0398549, 0.0561710),
    (12, 80): (0.03856, 0.0584),
}


@pytest.mark.parametrize("p,d", M)
def test_m_is_the_published_minimum_and_not_the_other_family_with_its_signs(p, d):
    reduced, point = member(family("M", p=p), "d", float(d))
    loss, lowest = M[p, d]
    assert reduced.loss(point.x, point.lam) == pytest.approx(loss, rel=2e-4)
    values = [block.eigen().values.min() for block in reduced.blocks(point.x, point.lam).values()]
    assert min(values) == pytest.approx(lowest, rel=2e-3)


@pytest.mark.parametrize(
    "p", [1, 2.5, 8, 11, *(pytest.param(p, marks=pytest.mark.slow) for p in (17, 24, 40))]
)
def test_the_loss_of_m_is_continuous_in_d(p):
    """Small steps of d change it a little: one branch; other families differ by a half and more."""
    start = family("M", p=p)
    sizes = np.geomspace(p + 3, 1e4, 40)
    found = [member(start, "d", d) for d in sizes for d in (d, 1.005 * d)]
    losses = np.array([float(r.loss(pt.x, pt.lam)) for r, pt in found]).reshape(-1, 2)
    assert np.abs(np.diff(losses, axis=1) / losses[:, :1]).max() < 0.05
    far = p * (0.5 - 2 / np.pi**2) / sizes[-1]  # the limit of d times the loss
    assert losses[-1, 0] == pytest.approx(far, rel=0.02)


def test_a_share_of_the_size_is_a_number_there():
    """M at p = d/2 is M at that number of flipped neurons, not another branch."""
    _, by_share = member(family("M", p="d/2"), "d", 40.0)
    _, by_number = member(family("M", p=20), "d", 40.0)
    _, along_p = member(family("M", d=40), "p", 20.0)
    assert by_share.x == pytest.approx(by_number.x, abs=1e-12)
    assert along_p.x == pytest.approx(by_number.x, abs=1e-12)


@pytest.mark.parametrize(
    ("p", "window", "value"),
    # found from d = 40 and, where that is another branch's, by a longhand computation
    [(11, (70, 13), 21.331324683), (20, (40, 23), 33.2918), (20, (150, 23), 33.2918)],
)
def test_critical_dimensions_of_m_do_not_depend_on_where_the_walk_starts(p, window, value):
    branch = bifurc.trace(family("M", p=p), d=window)
    event = next(e for e in branch.events if e.transition == "saddle -> minimum")
    assert event.component.label == "s[bulk]"
    assert event.lam == pytest.approx(value, abs=5e-5 if p == 20 else 1e-8)


FAMILIES = [*BUILT_IN, "A(p) + I", "II + 1", "I + 1", "M + 1", "M + p", "II + e"]


def labels(branch, low, high):
    """What happens between two sizes, by falling size."""
    inside = [e for e in branch.events if low < e.lam < high]
    return sorted(((e.lam, e.component.label, e.transition) for e in inside), reverse=True)


@pytest.mark.parametrize("name", FAMILIES)
def test_events_do_not_depend_on_direction_window_or_start(name):
    rng = np.random.default_rng(len(name))
    whole = bifurc.trace(name, d=(60, 5.5))
    turned = [e.lam for e in whole.events if e.kind == "fold"]
    low = max([5.5, *turned]) + 0.01  # above the folds there is one sheet
    for _ in range(4):
        ends = np.sort(rng.uniform(low, 60, 2))
        expected = labels(whole, *ends)
        for first, last in (ends, ends[::-1]):
            found = labels(bifurc.trace(name, d=(first, last)), *ends)
            assert [entry[1:] for entry in found] == [entry[1:] for entry in expected]
            assert [e[0] for e in found] == pytest.approx([e[0] for e in expected], rel=1e-10)
    far = labels(bifurc.trace(name, d=(1e5, 5.5)), low, 60)
    assert [e[0] for e in far] == pytest.approx([e[0] for e in labels(whole, low, 60)], rel=1e-10)


A_P = {3: 8.717555, 6: 11.692003}  # of the processed minima: x of the flipped block


@pytest.mark.parametrize("q", A_P)
def test_critical_dimensions_of_a_p_and_i(q):
    branch = bifurc.trace(family("A(p)+I", q=q), d=(40, q + 3))
    assert [e.lam for e in branch.events if e.component.irrep == "x"] == pytest.approx(
        [A_P[q]], abs=1e-6
    )


AVERAGE = {3: 16.965347, 4: 13.677094, 5: 12.701568, 6: 11.850171}


@pytest.mark.parametrize("p", AVERAGE)
def test_critical_dimensions_with_an_averaging_row(p):
    branch = bifurc.trace(family("M + average", p=p), d=(40, 11))
    event = branch.events[0]
    assert event.transition == "saddle -> minimum"
    assert event.lam == pytest.approx(AVERAGE[p], abs=1.1e-6)


@pytest.mark.filterwarnings("ignore::bifurc.EndedEarlyWarning")  # beyond the fold, at 4.788
def test_three_neurons_too_many():
    """Rows (last, bulk), losses, index, event and fold: an independent computation at d = 20."""
    two, point = member("II + 3", "d", 20.0)
    named = dict(zip((c.name for c in two.structure.coordinates), point.x, strict=True))
    rows = {
        "last": (-0.6273973, 0.0291142), "extra": (-0.1114175, 0.0326516),
        "more": (-0.0536260, 0.0107631), "most": (-0.0467803, 0.0059698),
    }  # fmt: skip
    for row, (last, bulk) in rows.items():
        assert named[f"{row}.last"] == pytest.approx(last, abs=6e-8)
        assert named[f"{row}.bulk"] == pytest.approx(bulk, abs=6e-8)
    assert two.loss(point.x, 20.0) == pytest.approx(0.01072724614506626, rel=1e-12)
    branch = bifurc.trace("II + 3", d=(20, 3.72))
    assert branch.index_at(0).text() == "2*d - 4"
    assert [e.lam for e in branch.events][:2] == pytest.approx([6.532862156, 3.740879377], abs=1e-9)
    m, point = member("M + 3", "d", 20.0)
    assert m.loss(point.x, 20.0) == pytest.approx(0.0105955948, abs=5e-11)
    assert bifurc.trace("M + 3", d=(20, 19)).index_at(0)(d=20, p=2) == 2 * (20 - 3) + 3


def test_split_type_ii_turns_where_it_was_published():
    assert bifurc.trace("II + 1", d=(40, 5)).events[0].lam == pytest.approx(6.665363354, abs=1e-9)


def test_a_member_with_biases_is_reached_far_out():
    """Newton's method needs Jacobians in which nothing of order d loses what is of order 1/d."""
    _, point = bifurc.member(bifurc.family("II").with_bias("hidden"), d=1.6e7)
    assert point.x[-1] * 1.6e7 == pytest.approx(-2.6117, abs=0.1)  # last.bias is of order 1/d
