"""Zeros that persist along a branch are set apart: rounding is never read as a sign."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc.continuation.neutral import counted
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.identification.verify import verify
from bifurc.loss import full
from bifurc.loss.embedding import matrices
from bifurc.own.problem import Problem
from bifurc.switching.switch import switch

PLATEAU = bifurc.Family.build(
    "plateau", sets={"units": "d", "inputs": "d"}, students=["units"], inputs=["inputs"],
    teachers=["inputs"], start={"units": {"inputs": 0.2}}, parameters={"d": 20}, kernel="erf",
)  # fmt: skip
CUBE = {"kernel": "tensor", "kernel_parameters": {"order": 3}}
ONE_DEAD = bifurc.Family.build(
    "I + 0", sets={"bulk": "d - 1", "last": 1}, start={"bulk": 1, "last": 0},
    parameters={"d": 20}, **CUBE,
)  # fmt: skip
TWO_DEAD = bifurc.Family.build(
    "table 4", sets={"inputs": "d", "rows": "d - 2", "dead": 2}, students=["rows", "dead"],
    inputs=["inputs"], teachers=["inputs"],
    start={"rows": {"inputs": 0.14}, "dead": {"inputs": 0}}, parameters={"d": 20}, **CUBE,
)  # fmt: skip


def of_kernel(name, kernel, **parameters):
    return replace(bifurc.family(name), kernel=kernel, kernel_parameters=parameters)


def zeros(branch, **parameters):
    """How many eigenvalues of the full Hessian are set apart."""
    return sum(n * c.dimension(**parameters) for c, n in branch.problem.neutrals.zeros.items())


def spectrum(problem, point):
    """All eigenvalues but those set apart, by component; each as often as it counts."""
    parameters = problem.parameters(point.lam)
    return {
        c.label: (block.eigen().values, c.dimension(**parameters))
        for c, block in problem.blocks(point.x, point.lam).items()
    }


# -- networks -------------------------------------------------------------------


@pytest.mark.parametrize("K", [4, 11, 20, 37])
def test_the_symmetric_plateau_of_the_erf_student(K):
    """Saad, Solla, PRL 74 (1995) 4337: Q = 1/(2K - 1), R = 1/sqrt(K (2K - 1)), and
    the generalisation error K (pi/6 - K asin(1/(2K)))/pi; K is their M."""
    branch = bifurc.trace(PLATEAU, d=(float(K), 3.0))
    assert_allclose(branch.x[0], 1 / np.sqrt(K * (2 * K - 1)), rtol=1e-12)
    error = K * (np.pi / 6 - K * np.arcsin(1 / (2 * K))) / np.pi
    assert branch.loss[0] == pytest.approx(error, rel=1e-10)
    ((component, count),) = branch.problem.neutrals.zeros.items()
    assert (component.label, count) == ("s[units]", 1)
    assert branch.lam[-1] == 3.0
    assert branch.events == []
    assert "s[units] (plateau of equal rows)" in branch.note
    assert not branch.is_minimum().any()


@pytest.mark.parametrize(
    "kernel", [{"kernel": "quadratic"}, {"kernel": "tensor", "order": 2}], ids=["square", "matrix"]
)
@pytest.mark.parametrize("name", ["global", "A", "I", "II", "M"])
def test_rotated_global_minima_of_a_quadratic_kernel_are_minima(name, kernel):
    """W -> OW is free: d (d - 1)/2 zeros, all of them rotations, and no event."""
    branch = bifurc.trace(of_kernel(name, **kernel), d=(20.0, 5.0))
    assert branch.events == []
    assert branch.is_minimum().all()
    assert branch.note == ""
    assert set(branch.problem.neutrals.reasons.values()) == {"rotation"}
    for d in (20.0, 7.0):
        assert zeros(branch, **branch.problem.parameters(d)) == d * (d - 1) / 2
    assert_allclose(branch.loss, 0, atol=1e-11)


@pytest.mark.parametrize("angle", [0.7, 2.0, 3.0])
@pytest.mark.parametrize("window", [(20.0, 4.0), (8.0, 40.0)])
def test_a_branch_of_rotated_minima_does_not_turn(angle, window):
    """W = OV, where O turns the mean of the bulk into the last neuron by any angle."""
    n, (cos, sin) = 7, (np.cos(angle), np.sin(angle))
    entries = [1 + (cos - 1) / n, (cos - 1) / n, sin / np.sqrt(n), -sin / np.sqrt(n), cos]
    names = [c.name for c in bifurc.family("II").structure.coordinates]
    family = replace(
        of_kernel("II", "quadratic"),
        start={"bulk": 1.0, "last": 1.0},
        found={"at": {"d": n + 1}, "coordinates": dict(zip(names, entries, strict=True))},
    )
    branch = bifurc.trace(family, d=window)
    assert branch.lam[-1] == window[1]
    assert branch.events == []
    assert branch.is_minimum().all()
    assert set(branch.problem.neutrals.reasons.values()) == {"rotation"}


def test_a_student_of_fewer_quadratic_neurons_turns_in_its_inputs_as_well():
    """k of d equal directions are learnt: the set of such W is a Grassmannian times O(k)."""
    family = bifurc.Family.build(
        "few", sets={"learnt": "m", "other": "d - m"}, students=["learnt"],
        inputs=["learnt", "other"], start={"learnt": 1}, parameters={"d": 12, "m": 5},
        kernel="quadratic",
    )  # fmt: skip
    branch = bifurc.trace(family, d=(12.0, 8.0))
    assert branch.is_minimum().all()
    assert branch.problem.neutrals.undecided({"d": 12.0, "m": 5.0}) == {}
    k, d = 5, 12
    assert zeros(branch, d=d, m=k) == k * (k - 1) / 2 + k * (d - k)
    values = np.linalg.eigvalsh(whole_hessian(branch))
    assert np.count_nonzero(np.abs(values) < 1e-9) == zeros(branch, d=d, m=k)


def whole_hessian(branch):
    point = branch.points[0]
    w, v = matrices(branch.problem.structure, point.x, branch.problem.parameters(point.lam))
    return full.hessian(w, v, branch.problem.kernel_at(point.lam))


@pytest.mark.parametrize("d", [4, 8, 15])
def test_a_crossing_beside_rotations_in_its_block_keeps_its_own_kernel(d):
    """d - 1 quadratic neurons learn all directions but the last, a minimum as long as that
    one's teacher is the shortest: where b passes 1 their entries in the last column cross."""
    family = bifurc.Family.build(
        "all but the last", sets={"bulk": "d - 1", "last": 1}, students=["bulk"],
        inputs=["bulk", "last"], teachers=["bulk", "last"],
        teacher={"bulk, bulk": [1, 0], "last, last": "b"},
        start={"bulk": {"bulk": 1, "last": 0}}, parameters={"d": d, "b": 0.5}, kernel="quadratic",
    )  # fmt: skip
    branch = bifurc.trace(family, b=(0.5, 1.5))
    (event,) = branch.events
    assert event.name == "t+s[bulk]"
    assert event.lam == pytest.approx(1.0, rel=1e-12)
    assert branch.is_minimum().tolist() == (branch.lam < 1).tolist()
    assert set(branch.problem.neutrals.reasons.values()) == {"rotation"}
    across = event.zeros[1].kernel[:, 0]
    assert np.abs(across[:-1]).max() < 1e-9 * abs(across[-1])


@pytest.mark.parametrize("family, d", [(PLATEAU, 6), (ONE_DEAD, 6), (TWO_DEAD, 6)])
def test_what_is_set_apart_is_the_kernel_of_the_full_hessian(family, d):
    branch = bifurc.trace(family, d=(float(d), 4.0))
    values = np.linalg.eigvalsh(whole_hessian(branch))
    parameters = branch.problem.parameters(float(d))
    assert np.count_nonzero(np.abs(values) < 1e-10) == zeros(branch, **parameters)
    assert not any(check.mismatch for check in verify(branch))


@pytest.mark.parametrize("d", [5.0, 9.0, 20.0, 33.0])
def test_two_dead_rows_have_the_spectrum_of_the_table(d):
    """arXiv 2610.09919, Table 4, row 1."""
    problem, point = bifurc.member(TWO_DEAD, "d", d)
    t = (d**2 * (d - 2)) ** (-1 / 3)
    assert_allclose(point.x, [t, 0], atol=1e-12)
    assert problem.losses(point.x, d) == pytest.approx((d - 1 / d) / 2, rel=1e-12)
    found = {}
    for values, dimension in spectrum(problem, point).values():
        for value in values:
            found[round(value / t)] = found.get(round(value / t), 0) + dimension
            assert value / t == pytest.approx(round(value / t), abs=1e-9)
    assert found == {-6: (d - 1) * (d - 3), -3: d - 1, 9: 1}
    apart = sum(n * c.dimension(d=d) for c, n in problem.neutrals.zeros.items())
    assert apart == 3 * d - 3


@pytest.mark.parametrize("order", [3, 4, 5])
def test_a_zero_row_of_a_smooth_kernel_is_an_ordinary_point_and_no_minimum_is_claimed(order):
    family = replace(ONE_DEAD, kernel_parameters={"order": order})
    branch = bifurc.trace(family, d=(20.0, 4.0))
    assert branch.lam[-1] == 4.0
    assert_allclose(branch.loss, 0.5, rtol=1e-12)  # one teacher of length one is not learnt
    assert zeros(branch, d=20.0) == 20
    assert set(branch.problem.neutrals.reasons.values()) == {"zero row"}
    assert branch.index_at(0).text() == "0"
    assert not branch.is_minimum().any()
    assert branch.note.startswith("degenerate")


def test_the_command_line_says_what_second_order_does_not_decide(tmp_path, capsys):
    from bifurc.cli.main import main

    case = tmp_path / "dead.toml"
    case.write_text(
        '[family]\nname = "dead"\nsets = { bulk = "d - 1", last = 1 }\n'
        "start = { bulk = 1, last = 0 }\nparameters = { d = 20 }\n"
        'kernel = "tensor"\nkernel_parameters = { order = 3 }\n[window]\nd = [20, 4]\n'
    )
    assert main(["spectrum", str(case), "--at", "d=8"]) == 0
    assert "degenerate" in capsys.readouterr().out
    assert main(["critical", str(case), "--from", "20", "--to", "4"]) == 0
    assert "zero row" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["global", "A", "I", "II", "M"])
@pytest.mark.parametrize("window", [(40.0, 6.0), (1e4, 20.0), (1e9, 50.0), (1e9, 1e8)])
def test_nothing_of_an_ordinary_family_is_set_apart(name, window):
    branch = bifurc.trace(name, d=window)
    assert not branch.problem.neutrals.zeros
    assert branch.note == ""


# -- plain problems -------------------------------------------------------------


def potential(turn=None):
    """lam x²/2 - x⁴/4 + y² in three coordinates, seen in turned ones."""
    Q = np.eye(3) if turn is None else turn

    def gradient(u, lam):
        x, y, _ = Q.T @ u
        return Q @ np.array([lam * x - x**3, 2 * y, 0.0])

    def hessian(u, lam):
        x = (Q.T @ u)[0]
        return Q @ np.diag([lam - 3 * x**2, 2.0, 0.0]) @ Q.T

    def loss(u, lam):
        x, y, _ = Q.T @ u
        return lam * x**2 / 2 - x**4 / 4 + y**2

    slope = lambda u, lam: Q @ np.array([(Q.T @ u)[0], 0.0, 0.0])  # noqa: E731
    return PlainProblem(gradient, hessian, slope, 3, loss)


def turns():
    rng = np.random.default_rng(5)
    return [None, *(np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(3))]


@pytest.mark.parametrize("turn", turns(), ids=["z", "one", "two", "three"])
def test_a_potential_without_one_of_its_coordinates(turn):
    """One pitchfork, at lam = 0, wherever z is; both its branches are x² = lam."""
    Q = np.eye(3) if turn is None else turn
    problem = potential(turn)
    start = point_at(problem, Q @ np.array([0.0, 0.0, 0.7]), -1.0)
    branch = follow(problem, start, (-1.0, 1.0))
    (event,) = branch.events
    assert event.lam == pytest.approx(0, abs=1e-12)
    assert event.transition == "saddle -> minimum"
    cosine = Q[:, 0] @ event.kernel[:, 0] / np.linalg.norm(event.kernel)
    assert abs(cosine) == pytest.approx(1, abs=1e-12)
    assert branch.problem.neutrals.reasons == {branch.problem.components[0]: "continuum"}
    births, _ = switch(branch.problem, event)
    assert len(births) == 2
    for birth in births:
        end = follow(birth.problem, birth.start, (-1.0, 1.0)).x[-1]
        assert_allclose(np.abs(Q.T @ end), [1.0, 0.0, 0.7], atol=1e-8)


def rotor(n, coupling=0.3):
    """lam r²/2 - r⁴/4 + (2 - lam) y²/2 + coupling r² y, r the length of n coordinates."""

    def gradient(u, lam):
        x, y = u[:n], u[n]
        return np.append((lam - x @ x + 2 * coupling * y) * x, (2 - lam) * y + coupling * x @ x)

    def hessian(u, lam):
        x, y = u[:n], u[n]
        H = np.zeros((n + 1, n + 1))
        H[:n, :n] = (lam - x @ x + 2 * coupling * y) * np.eye(n) - 2 * np.outer(x, x)
        H[:n, n] = H[n, :n] = 2 * coupling * x
        H[n, n] = 2 - lam
        return H

    return PlainProblem(gradient, hessian, lambda u, lam: np.append(u[:n], -u[n]), n + 1)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_a_rotation_group_acting_on_a_plain_problem(n):
    """Off the origin n - 1 zeros; where lam turns at r = 0 the branch meets the trunk."""
    problem = rotor(n, 0.0)
    start = point_at(problem, np.append(np.ones(n) / np.sqrt(n), 0.0), 1.0)
    branch = follow(problem, start, (0.25, 3.0))
    own = branch.problem.components[0]
    assert branch.problem.neutrals.zeros == {own: n - 1}
    assert branch.problem.neutrals.reasons == {own: "continuum"}
    assert [event.lam for event in branch.events] == pytest.approx([2.0], rel=1e-12)
    assert_allclose(np.linalg.norm(branch.x[:, :n], axis=1), np.sqrt(branch.lam), rtol=1e-9)
    coupled = rotor(n)
    start = point_at(coupled, np.append(0.9 * np.eye(n)[0], -0.1), 1.0)
    branch = follow(coupled, start, (0.25, 1.8))
    assert branch.problem.neutrals.zeros == {own: n - 1}
    assert branch.events == []
    assert branch.index_at(0).text() == "1"


def test_two_crossings_beside_two_conserved_combinations():
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]

    def diagonal(u, lam):
        return np.array([lam - 3 * u[0] ** 2, lam - 0.3 - 3 * u[1] ** 2, 2.0, 0.0, 0.0])

    def force(u, lam):
        return np.array([lam * u[0] - u[0] ** 3, (lam - 0.3) * u[1] - u[1] ** 3, 2 * u[2], 0, 0])

    problem = PlainProblem(
        gradient=lambda x, lam: turn @ force(turn.T @ x, lam),
        hessian=lambda x, lam: turn @ np.diag(diagonal(turn.T @ x, lam)) @ turn.T,
        gradient_dlam=lambda x, lam: turn @ (np.array([1.0, 1, 0, 0, 0]) * (turn.T @ x)),
        n=5,
    )
    start = point_at(problem, turn @ np.array([0, 0, 0, 0.4, -0.2]), -1.0)
    branch = follow(problem, start, (-1.0, 1.0))
    assert [e.lam for e in branch.events] == pytest.approx([0.0, 0.3], abs=1e-12)
    for i, event in enumerate(branch.events):
        kernel = turn.T @ event.kernel[:, 0] / np.linalg.norm(event.kernel)
        assert_allclose(np.abs(kernel), np.eye(5)[i], atol=1e-10)


def test_a_quartic_well_is_degenerate_and_no_minimum():
    problem = PlainProblem(
        gradient=lambda u, lam: np.array([lam * u[0] - u[0] ** 3, 4 * u[1] ** 3]),
        hessian=lambda u, lam: np.diag([lam - 3 * u[0] ** 2, 12 * u[1] ** 2]),
        gradient_dlam=lambda u, lam: np.array([u[0], 0.0]),
        n=2,
    )
    branch = follow(problem, point_at(problem, np.zeros(2), -1.0), (-1.0, 1.0))
    (event,) = branch.events
    assert event.transition == "saddle -> degenerate"
    assert not branch.is_minimum().any()
    assert branch.note.startswith("degenerate")


def test_a_fold_beside_a_free_coordinate():
    circle = PlainProblem(
        gradient=lambda u, lam: np.array([u[0] ** 2 + lam**2 - 1, 0.0]),
        hessian=lambda u, lam: np.diag([2 * u[0], 0.0]),
        gradient_dlam=lambda u, lam: np.array([2 * lam, 0.0]),
        n=2,
    )
    branch = follow(circle, point_at(circle, np.array([1.0, 0.3]), 0.0), (-2.0, 2.0))
    assert [(e.label, round(e.lam, 9)) for e in branch.events] == [("LP", 1.0), ("LP", -1.0)]
    assert_allclose(branch.x[:, 1], 0.3, atol=1e-12)


@pytest.mark.parametrize("small", [1e-6, 1e-9])
def test_a_small_eigenvalue_is_no_zero(small):
    """The floor is that of rounding: what is larger keeps its sign."""
    problem = PlainProblem(
        gradient=lambda u, lam: np.array([(2 + lam) * u[0], -small * u[1]]),
        hessian=lambda u, lam: np.diag([2 + lam, -small]),
        gradient_dlam=lambda u, lam: np.array([u[0], 0.0]),
        n=2,
    )
    assert counted(problem, np.array([[0.0, 0.0, 0.5], [0.0, 0.0, 0.6]])) == {}
    branch = follow(problem, point_at(problem, np.zeros(2), -1.0), (-1.0, 1.0))
    assert branch.index_at(0).text() == "1"
    assert branch.note == ""


@pytest.mark.parametrize("error", [1e-11, 1e-8])
def test_zeros_of_a_hessian_by_differences_are_those_of_its_own_error(error):
    exact, rng = potential(turns()[1]), np.random.default_rng(2)

    def rough(u, lam):
        noise = rng.normal(size=(3, 3))
        return exact.hessian(u, lam) + error * (noise + noise.T) / 4

    problem = replace(exact, hessian=rough, error=error)
    start = point_at(problem, turns()[1] @ np.array([0.0, 0.0, 0.7]), -1.0)
    branch = follow(problem, start, (-1.0, 1.0))
    assert [event.lam for event in branch.events] == pytest.approx([0.0], abs=10 * error)
    assert list(branch.problem.neutrals.zeros.values()) == [1]


@pytest.mark.parametrize("start, lam, expected", [([0.8, 0.6, 0.0], 1.0, 2.0)])
def test_a_rotation_of_a_loss_whose_derivatives_are_differences(start, lam, expected):
    def loss(x, lam):
        square = x[0] ** 2 + x[1] ** 2
        return float(lam * square / 2 - square**2 / 4 + (2 - lam) * x[2] ** 2 / 2)

    own = Problem(loss, x0=start, parameters={"lam": lam})
    problem = own.along("lam")
    branch = follow(problem, point_at(problem, own.start(problem), lam), (0.5, 3.0))
    assert [event.lam for event in branch.events] == pytest.approx([expected], abs=1e-8)
    assert list(branch.problem.neutrals.reasons.values()) == ["continuum"]
