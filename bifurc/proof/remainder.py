"""How far the expansion of the loss at large sizes is from the loss, proved along a branch.

The coefficients of an expansion carry estimates, and nothing is proved at
infinity. On the tubes of a certified branch, though, the loss itself is
enclosed, and so is what it differs from the truncated series as it stands in
doubles. The branch is within R of the middle of its tube, where the loss is
evaluated; as its gradient nearly vanishes there, what is left is of second
order in R.
"""

import numpy as np

from bifurc.proof import record
from bifurc.proof.asymptotics import Expansion
from bifurc.proof.branch import tubes_of
from bifurc.proof.interval import NotCertifiedError, balls, enclosing, flint, precision
from bifurc.proof.model import Model
from bifurc.proof.tube import Tube, largest


def loss_remainder(data: dict, expansion: Expansion, first: float, last: float) -> float:
    """A number C with \\|loss - series\\| <= C lam**(-k/2) at every lam from ``first`` to ``last``.

    Parameters
    ----------
    data : dict
        The certificate of a branch, proved once more as far as it is used.
    expansion : Expansion
        Of its loss; k is the first power that is left out.
    first, last : float
        A window within that of the certificate, ``first < last``.

    Returns
    -------
    float
        Not below the C that is proved.

    Raises
    ------
    NotCertifiedError
        If a tube is not proved, or the tubes do not cover the window.
    """
    if data.get("kind") != "branch":
        raise ValueError("The loss is enclosed along the certificate of a branch.")
    with precision(data["precision"]):
        tubes = tubes_of(data, enclosing(record.problem_from_data(data["problem"])))
        used = [t for t in tubes if not (t.lam.range() < first or t.lam.range() > last)]
        ends = [used[i].lam.at(flint.arb(s)) for i, s in ((0, -1), (-1, 1))] if used else []
        if not ends or not min(ends, key=float) < first or not max(ends, key=float) > last:
            raise NotCertifiedError("The certificate does not cover the window.")
        for tube in used:
            tube.prove()
        for tube, following in zip(used, used[1:], strict=False):
            tube.leads_to(following)
        return np.nextafter(float(largest([_scaled(tube, expansion) for tube in used])), np.inf)


def _scaled(tube: Tube, expansion: Expansion):
    """(loss - series) lam**(k/2) over a tube, an arb."""
    root = tube.lam.sqrt()
    small = tube.lam.rsqrt()
    series, power = Model.constant(0), Model.constant(1)
    for _ in range(expansion.first):
        power = power * small
    for coefficient in expansion.coefficients:
        series = series + power * float(coefficient)
        power = power * small
    rest = _loss(tube) - series
    for _ in range(expansion.first + len(expansion.coefficients)):
        rest = rest * root
    return rest.range()


def _loss(tube: Tube) -> Model:
    """The loss along the branch: on the middle of the tube, and m_a g_a R_a for the way to it."""
    problem, lam = tube.problem, np.array(tube.lam, dtype=object)
    total = problem.loss(tube.thin[:-1], lam).item()
    slopes = problem.weights(tube.lam) * problem.gradient_of(tube.rows)
    away = balls(flint.arb(0, 1) * r for r in tube.radius[:-1])
    return total + sum(slopes * away)
