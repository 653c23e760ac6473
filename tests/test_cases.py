"""Every case file gives what it promises, and every branch of it stands in the full matrix."""

import numpy as np
import pytest

from bifurc.case import load_case
from bifurc.continuation.correct import correct_at
from bifurc.continuation.options import Options
from bifurc.events.records import morse_index
from bifurc.identification.verify import of_all_entries
from bifurc.loss.embedding import network_behind
from bifurc.loss.problem import NetworkProblem
from bifurc.run import differences
from tests.runs import CASES, run_of, together

pytestmark = together
LARGEST = 12  # side of the full matrices; their Hessian has 144 rows


def whole_points(branch):
    """The points of a branch at whole parameters at which all sizes are whole, each once."""
    structure, problem = branch.problem.structure, branch.problem
    for one, other in zip(branch.points, branch.points[1:], strict=False):
        low, high = sorted((one.lam, other.lam))
        for lam in range(int(np.ceil(low)), min(int(np.floor(high)), LARGEST) + 1):
            parameters = problem.parameters(float(lam))
            sizes = [size(**parameters) for size in structure.size.values()]
            if low == high or any(abs(n - round(n)) > 1e-9 or n < 1 for n in sizes):
                continue
            share = (lam - one.lam) / (other.lam - one.lam)
            guess = (1 - share) * one.X + share * other.X
            guess[-1] = lam
            point = correct_at(problem, guess, one.tangent, Options()).point
            if point is not None:
                yield point


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_gives_the_answer_it_promises(path):
    assert differences(run_of(path.stem), load_case(path)) == []


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_expected_event_says_where_it_is_from(path):
    case = load_case(path)
    assert case.about
    assert case.expect.events
    assert all(event.source for event in case.expect.events)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_at_whole_sizes_the_full_matrix_is_critical_with_the_predicted_index(path):
    branches = run_of(path.stem).branches
    if not isinstance(branches["b0"].problem, NetworkProblem):
        check_plain(branches.values())
        return
    checked = sum(check_network(branch) for branch in branches.values())
    fractional = "fractional" in path.stem
    assert checked >= (0 if fractional else 5)


def check_network(branch):
    problem, checked = branch.problem, 0
    for point in whole_points(branch):
        parameters = problem.parameters(point.lam)
        slope, hessian = of_all_entries(*network_behind(problem, point.x, point.lam))
        assert np.abs(slope).max() < 1e-10
        blocks = problem.blocks(point.x, point.lam)
        values = np.concatenate(
            [
                np.repeat(block.eigen().values, round(component.dimension(**parameters)))
                for component, block in blocks.items()
                if component.exists(parameters)
            ]
        )
        spectrum = np.linalg.eigvalsh(hessian)
        assert len(values) <= len(spectrum)  # neutral directions are zeros of the full spectrum
        values = np.append(values, np.zeros(len(spectrum) - len(values)))
        np.testing.assert_allclose(np.sort(values), spectrum, atol=1e-10)
        index = morse_index({c: b.eigen().negatives for c, b in blocks.items()}, parameters)
        assert np.count_nonzero(spectrum < -1e-9) == round(index(**parameters))
        checked += 1
    return checked


def check_plain(branches):
    """The states of the whole problem solve it, and blocks add up to its Hessian."""
    for branch in branches:
        full_problem = getattr(branch.problem, "full", branch.problem)
        basis = getattr(branch.problem, "basis", np.eye(full_problem.n))
        for i, point in enumerate(branch.points):
            state = basis @ point.x
            assert np.abs(full_problem.gradient(state, point.lam)).max(initial=0.0) < 1e-10
            spectrum = np.linalg.eigvalsh(full_problem.hessian(state, point.lam))
            values = np.concatenate(
                [np.repeat(v[i], round(c.dimension())) for c, v in branch.spectrum.items()]
            )
            np.testing.assert_allclose(np.sort(values), spectrum, atol=1e-9)


def test_at_least_one_case_has_a_tied_structure():
    graph = run_of("type_a")
    tied = [b for b in graph.branches.values() if b.problem.structure.ties]
    assert sum(check_network(branch) for branch in tied) >= 3


def test_a_case_that_expects_otherwise_says_so():
    case = load_case(next(path for path in CASES if path.stem == "permuted"))
    graph = run_of("permuted")
    case.expect.events[1].multiplicity = 3.0
    case.expect.branches[0].count = 5
    case.expect.end = "CLOSED"
    said = differences(graph, case)
    assert any("no event (4,1) at lam = 1.0" in line for line in said)
    assert any("unexpected: BP at lam = 1" in line for line in said)
    assert any("not CLOSED" in line for line in said)
    assert any("2 branches with isotropy 'S_1 x S_4', not 5" in line for line in said)
