"""How long x is, found from where a loss bends."""

import numpy as np
import pytest

import bifurc
from bifurc.own.scales import length


@pytest.mark.parametrize("a", [1e-12, 1e-4, 1.0, 1e6])
def test_a_pitchfork_is_as_long_as_where_its_quartic_is_as_large_as_its_square(a):
    """V = lam x²/2 - x⁴/(4 a²): of the square's size at x = a sqrt(2 |lam|)."""
    losses = [lambda x, lam=lam: lam * x[0] ** 2 / 2 - x[0] ** 4 / (4 * a**2) for lam in (-1, 0.3)]
    assert a / 20 <= length(losses, np.zeros(1), 2) <= 20 * a


@pytest.mark.parametrize("power", [3, 4, 5])
def test_where_no_square_is_seen_nothing_says_how_long_it_is(power):
    losses = [lambda x, lam=lam: x[0] ** power / power - (1 - lam**2) * x[0] for lam in (-1, 0, 1)]
    assert length(losses, np.zeros(1), 2) == 1.0


def test_where_a_function_overflows_is_not_how_long_x_is():
    """Potts' free energy in its fields bends at one and has no value at 1e3: 1/K = 1/q at K = 4."""

    def loss(h, K):
        return h @ h / (2 * K) - np.log(np.exp(h).sum())

    problem = bifurc.Problem(loss, np.full(4, 0.5), {"K": 2.0}, group=bifurc.groups.symmetric(4))
    assert problem.scaled("K", (2.0, 6.0)).scales == {}
    (event,) = bifurc.trace(problem, K=(2, 6)).events
    assert event.lam == pytest.approx(4.0, rel=1e-12)
    assert (event.multiplicity, event.kind) == (3, "transcritical")
