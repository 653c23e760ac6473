"""Many members at once: what each is alone, and what is said of those that cannot be followed."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc import seeds
from bifurc.events.branch import follow
from bifurc.events.spectra import spectra
from bifurc.sweeps.several import Several
from bifurc.sweeps.zeros import locate_all, spectra_of

WINDOW = (20.0, 6.2)


def alone(family, options=None, **parameters):
    seed = seeds.seed(family, parameters)
    return follow(seed.problem, seed.start, seed.window, options)


def facts(branch):
    return [
        (e.name, e.transition, e.formal, e.sheet, e.index("below").text(), e.index("above").text())
        for e in branch.events
    ]


def lams(branch):
    return [event.lam for event in branch.events]


@pytest.mark.parametrize("runs", [WINDOW, WINDOW[::-1]])
def test_a_sweep_finds_what_each_member_has_alone(runs):
    # at p = 1 the set is one point, at p = 2 a copy of s has length zero
    values = np.array([1.0, 1.2, 1.5, 1.7, 1.9, 2.0, 2.25, 2.5, 2.75, 3.0, 3.2, 3.4])
    found = bifurc.sweep("M", d=runs, p=values)
    assert found.together.sum() == 10 and not any(found.notes)
    for p, branch in zip(values, found.branches, strict=True):
        expected = alone("M", d=runs, p=p)
        assert facts(branch) == facts(expected), p
        assert_allclose(lams(branch), lams(expected), rtol=1e-10)
        assert_allclose(branch.points[-1].x, expected.points[-1].x, atol=1e-10)
    crossed = found.thresholds("s[bulk]")
    assert crossed[5] == pytest.approx(7.561190497945, rel=1e-11)  # of type M
    assert np.isnan(crossed[0]) and np.isnan(crossed[1])  # at 5.5855 and 6.009, beyond the window


def test_a_parameter_of_the_kernel_is_swept_like_a_size():
    leaky = bifurc.Family.build(
        "leaky II", sets={"bulk": "d - 1", "last": 1}, start={"bulk": 1, "last": -1},
        parameters={"d": 20, "a": 0}, kernel="leaky", kernel_parameters={"slope": "a"},
    )  # fmt: skip
    values = np.linspace(0.0, 0.05, 5)
    found = bifurc.sweep(leaky, d=(12, 4.5), a=values, kinds=True)
    assert found.together.all()
    assert found.thresholds("s[bulk]")[0] == pytest.approx(5.585505247426, rel=1e-11)  # of ReLU
    for a, branch in zip(values, found.branches, strict=True):
        expected = bifurc.trace(leaky, d=(12, 4.5), a=a)
        assert facts(branch) == facts(expected)
        assert [e.kind for e in branch.events] == [e.kind for e in expected.events]
        assert_allclose(lams(branch), lams(expected), rtol=1e-10)


def test_a_member_that_cannot_be_followed_says_so():
    found = bifurc.sweep("M", d=(12, 6.2), p=np.linspace(1.5, 6.0, 4))
    assert found.branches[-1] is None and "d - p" in found.notes[-1]
    assert found.branches[0] is not None and not found.notes[0]
    assert np.isnan(found.thresholds("s[bulk]")[-1])
    assert {row["p"] for row in found.rows()} <= {1.5, 3.0, 4.5}


def test_the_table_of_a_sweep_knows_what_is_to_be_said_of_members():
    pytest.importorskip("pandas")
    found = bifurc.sweep("M", d=(8, 6.2), p=np.array([1.5, 6.0]))
    frame = found.to_dataframe()
    assert frame.attrs["notes"] == {6.0: found.notes[-1]}
    assert frame["d"].tolist() == [event.lam for event in found.branches[0].events]


def test_a_step_that_does_not_get_through_leaves_its_member_to_a_walk_of_its_own():
    # no step turns by less than 1e-3 unless it is shorter than ds_min
    values = np.linspace(1.2, 2.4, 4)
    found = bifurc.sweep("M", d=WINDOW, p=values, max_turn=1e-3, ds_min=1e-2, ds=0.05)
    assert not found.together.any()


def test_a_problem_of_ones_own_is_swept_one_by_one():
    def loss(x, lam, c):
        return -(lam - c) * x[0] ** 2 / 2 + x[0] ** 4 / 4

    pitchfork = bifurc.Problem(loss, [0.0], parameters={"lam": -1.0, "c": 0.0})
    found = bifurc.sweep(pitchfork, lam=(-1, 1), c=np.array([0.0, 0.25]))
    assert not found.together.any()
    assert_allclose([event["lam"] for event in found.rows()], [0.0, 0.25], atol=1e-9)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"d": (20, 6)}, "exactly one parameter"),
        ({"d": (20, 6), "mu": np.zeros(2)}, "no parameter 'mu'"),
        ({"d": (20, 6), "p": np.zeros((2, 2))}, "finite numbers"),
        ({"d": (20, 6), "p": np.array([1.0, np.nan])}, "finite numbers"),
        ({"d": 20, "p": np.array([1.0, 2.0])}, "window"),
    ],
)
def test_what_is_no_sweep_is_said(given, said):
    with pytest.raises(ValueError, match=said):
        bifurc.sweep("M", **given)


def test_members_in_a_batch_have_the_functions_that_each_has_alone():
    family = seeds.named("M")
    lines = [seeds.along(family.with_parameters(p=p), "d") for p in (1.5, 2.5, 3.0)]
    several = Several.of(lines)
    picked, lam = np.array([2, 0, 1, 0]), np.array([9.0, 12.0, 1e4, 1.2])
    x = np.tile(bifurc.member("M", d=12, p=2.0)[1].x, (4, 1))
    here = several.at(picked)
    g, jacobian = here.jacobian(x, lam)
    assert np.isnan(g[3]).all()  # a set has become too small there
    for i in range(3):
        alone_g, alone_jacobian = lines[picked[i]].jacobian(x[i], lam[i])
        assert_allclose(g[i], alone_g, rtol=1e-13, atol=1e-15)
        assert_allclose(jacobian[i], alone_jacobian, rtol=1e-13, atol=1e-15)
    here, lam, x = several.at(picked[:3]), lam[:3], x[:3]
    charts, X, u = here.charted(lam), np.column_stack([x, lam]), np.ones((3, x.shape[1] + 1))
    for i, alone_problem in enumerate(lines[k] for k in picked[:3]):
        assert_allclose(here.scales(lam)[i], alone_problem.scales(lam[i]), rtol=1e-14)
        expected = alone_problem.chart(lam[i]).lift(X[i], u[i])
        for one, other in zip(charts.lift(X, u), expected, strict=True):
            assert_allclose(one[i], other, rtol=1e-13)
    assert_allclose(charts.out(charts.lift(X, u)[0]), X, rtol=1e-13)


def test_members_of_which_a_size_changes_by_another_rate_are_no_batch():
    lines = [bifurc.problem(bifurc.family("M", p=p), "d") for p in (2.0, 3.0)]
    assert Several.of(lines) is not None
    other = lines[1].along({**lines[1].line, "d": lines[1].line["d"] * 2})
    assert Several.of([lines[0], other]) is None


def test_what_is_worked_out_for_several_branches_is_what_each_has_alone():
    values = np.linspace(1.5, 3.0, 6)
    branches = bifurc.sweep("M", d=WINDOW, p=values).branches
    lines = [branch.problem for branch in branches]
    several = Several.of(lines)
    together = spectra_of(several, [branch.points for branch in branches])
    locate_all(several, together)
    found = 0
    for branch, known in zip(branches, together, strict=True):
        single = spectra(branch.problem, branch.points)
        assert_allclose(known.table, single.table, rtol=1e-9, atol=1e-14)
        for name in ("eventful", "returning", "negative", "turns"):
            assert (getattr(known, name) == getattr(single, name)).all(), name
        assert (known.doubtful[0] == single.doubtful[0]).all()
        for name in ("noise", "about", "unclear", "paces", "lengths", "rates", "rises"):
            assert_allclose(getattr(known, name), getattr(single, name), rtol=1e-6, atol=1e-16)
        assert known.negatives(0) == single.negatives(0)
        places = [i + share for (_, i, _), (_, share) in known.located.items()]
        assert_allclose(sorted(places), [e.position for e in branch.events], atol=1e-7)
        found += len(places)
    assert found >= len(branches)
