"""What is asked of a problem, and that each that the package has gives it."""

import inspect

import numpy as np
import pytest

import bifurc
from bifurc.continuation.within import within
from bifurc.loci.problem import LocusProblem
from bifurc.models import model
from bifurc.protocol import Field, Problem
from bifurc.spectra import Block, Neutrals


def members(protocol):
    """Names that the protocol asks for, its own and inherited ones."""
    return sorted(name for one in protocol.__mro__ for name in vars(one) if name in asked(one))


def asked(protocol):
    return {n for n in vars(protocol) if not n.startswith("_")} if protocol is not object else set()


def problems():
    x = np.array([0.2, -0.1])
    own = bifurc.Problem(
        lambda x, lam, c: lam * x @ x / 2 - x @ x * (x @ x) / 4 + c * x[0] * x[1],
        x,
        parameters={"lam": 0.3, "c": 0.1},
        group=bifurc.groups.symmetric(2),
    )
    symmetric = own.along("lam")
    network, point = bifurc.member("II", d=12)
    plain = symmetric.full
    return {
        "network": (network, point.x, 12.0),
        "plain": (plain, x, 0.3),
        "symmetric": (symmetric, np.zeros(symmetric.n), 0.3),
        "model": (model("dihedral", m=5), np.zeros(model("dihedral", m=5).n), -0.5),
    }


@pytest.fixture(params=["network", "plain", "symmetric", "model"])
def given(request):
    return problems()[request.param]


def test_every_problem_has_all_that_is_asked_for(given):
    problem = given[0]
    for one in (problem, within(problem, (0.1, 40.0))):
        assert [name for name in members(Problem) if not hasattr(one, name)] == []


def test_functions_take_what_they_are_asked_with(given):
    problem = given[0]
    for name in members(Problem):
        wanted = getattr(Problem, name)
        if inspect.isfunction(wanted):
            count = len(inspect.signature(wanted).parameters) - 1
            inspect.signature(getattr(problem, name)).bind(*[None] * count)


def test_shapes_are_those_of_the_page(given):
    problem, x, lam = given
    n, u, first = problem.n, np.eye(problem.n + 1)[0], problem.components[0]
    g, jacobian = problem.jacobian(x, lam)
    assert (g.shape, jacobian.shape) == ((n,), (n, n + 1))
    assert problem.jacobian_along(x, lam, u).shape == (n, n + 1)
    assert problem.third_along(x, lam, u).shape == (n,)
    assert problem.weights(lam).shape == (n,) and problem.scales(lam).shape == (n + 1,)
    assert first.irrep == "t" and isinstance(problem.blocks(x, lam)[first], Block)
    assert problem.blocks_along(x, lam, u)[first].shape == (n, n)
    blocks, changes = problem.blocks_and_changes(x, lam, u)
    assert list(blocks) == list(changes) and set(problem.components) <= set(blocks)
    assert problem.jacobian_and_block(x, lam, first)[3].shape == (n + 1, n, n)
    assert problem.losses(x[None], np.array([lam])).shape == (1,)
    assert problem.full_state(x).shape == (len(problem.coordinate_names),)
    assert problem.parameters(lam)[problem.parameter] == lam
    assert isinstance(problem.neutrals, Neutrals) and problem.error >= 0.0
    chart, X = problem.chart(lam), np.append(x, lam)
    np.testing.assert_allclose(chart.out(chart.into(X)), X, atol=1e-12)
    np.testing.assert_allclose(chart.lift(X, u)[0], chart.into(X), atol=1e-12)


def test_a_locus_is_a_field_that_can_be_walked_along():
    assert [
        name for name in members(Field) if name != "n" and not hasattr(LocusProblem, name)
    ] == []
