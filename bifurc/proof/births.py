"""Branches that are born at a proved event, with their directions enclosed.

Where an eigenvalue of an irrep crosses zero at a speed that is not zero, let
the points of its set fall into parts such that the fixed-point space of the
parts has one line of that irrep. There the eigenvalue is simple, the known
branch keeps its smaller space, and by Crandall and Rabinowitz one more branch
leaves it along the kernel phi, smooth, x = x*(lam) + s phi + O(s²) with x*(lam)
the known one, and

    lam = lam* - (q / speed) s + O(s²),   q = psi . g_xx(phi, phi) / 2,

psi the left null vector with psi . phi = 1. At whole sizes the parts are those of
an axial isotropy and the branch is that of the Equivariant Branching Lemma; at
other real ones it is one of the split structure. Where two parts of equal size
can be exchanged and that turns phi into -phi, the exchange takes the branch to
itself, q = 0, and

    lam = lam* - (c / speed) s² + O(s⁴),   c = psi . (g_xx(phi, v) + g_xxx(phi, phi, phi) / 6),

with g_x v = -g_xx(phi, phi) / 2.

References
----------
.. [1] Crandall, Rabinowitz, "Bifurcation from simple eigenvalues", J. Funct. Anal. 8, 1971.
.. [2] Golubitsky, Stewart, Schaeffer, "Singularities and Groups in Bifurcation Theory II",
   Springer 1988, chapter XIII.
"""

from dataclasses import replace
from itertools import combinations_with_replacement, product

import numpy as np

from bifurc.loss.series import Series
from bifurc.proof import bounds, record
from bifurc.proof.claims import check_sizes, value_of, velocity
from bifurc.proof.interval import (
    Ball,
    NotCertifiedError,
    arbs,
    balls,
    column,
    enclosing,
    flint,
    matrix,
    precision,
)
from bifurc.proof.signs import diagonalise, null_vectors
from bifurc.proof.system import part
from bifurc.proof.tube import dot
from bifurc.structure.irreps import Component
from bifurc.structure.split import Split, split

ENTRIES = ("schema", "kind", "certificates", "splits", "proved", "checksum")
LARGEST = 2  # points of a part that is split off, in certificates written here


def certify_births(event: dict) -> dict:
    """Prove the branches that are born at an event, for some ways to part its points.

    Parameters
    ----------
    event : dict
        Its certificate.

    Raises
    ------
    NotCertifiedError
        If no branch is proved.
    """
    data = {"schema": record.SCHEMA, "kind": "births", "certificates": [event]}
    splits: list = []
    born, failure = [], "its irrep has no such branches"
    for parts in _proposals(event):
        try:
            born += conclusions({**data, "splits": [parts]})["born"]
            splits.append(parts)
        except (NotCertifiedError, ZeroDivisionError) as error:
            failure = str(error)
    if not born:
        raise NotCertifiedError(f"No branch is proved to be born: {failure}")
    return record.sign({**data, "splits": splits, "proved": {"born": born}})


def _proposals(event: dict) -> list:
    """Ways to part the points of an event, small parts first."""
    irrep, sets = event["component"]["irrep"], event["component"]["set"].split(",")
    count = {"s": 1, "y": 1, "x": 2, "sxs": 1}.get(irrep, 0)
    each = [list(p) for p in combinations_with_replacement(range(1, LARGEST + 1), count)]
    return [dict(zip(sets, parts, strict=True)) for parts in product(each, repeat=len(sets))]


def conclusions(data: dict) -> dict:
    """What a certificate of this kind proves, once that of the event is.

    Raises
    ------
    NotCertifiedError
        If a branch is not proved, or its direction.
    """
    (event,) = members(data)
    if not isinstance(data["splits"], list) or not data["splits"]:
        raise ValueError("there are no ways to part the points")
    with precision(event["precision"]), np.errstate(all="ignore"):
        found = [_born(event, parts) for parts in data["splits"]]
        return bounds.written({"born": found}, data.get("proved"))


def members(data: dict) -> list:
    """The certificate of an event."""
    found = data["certificates"]
    if not isinstance(found, list) or [one.get("kind") for one in found] != ["event"]:
        raise ValueError("it is not the certificate of one event")
    return found


def _born(event: dict, parts: dict) -> dict:
    """The branch of one way to part the points."""
    plain = record.problem_from_data(event["problem"])
    problem = enclosing(plain)
    component = record.find_component(problem, event["component"])
    box = record.state_of(event)
    x, lam = box[: problem.n], box[problem.n]
    _check_parts(problem, component, parts, Ball(lam))
    made = split(problem.structure, parts)
    child = enclosing(plain.on(made.structure))
    check_sizes(child, Ball(lam))
    embed = made.embedding.astype(int)
    state = [sum((v for v, e in zip(x, row, strict=True) if e), flint.arb(0)) for row in embed]
    phi, psi, solve = _kernel(child, state, lam)
    moving = velocity(matrix(problem.jacobian(balls(x), Ball(lam), checked=False)[1]))
    u = [sum((v for v, e in zip(moving, row, strict=True) if e), flint.arb(0)) for row in embed]
    still = [*phi, flint.arb(0)]
    both = [a + b for a, b in zip(still, [*u, flint.arb(1)], strict=True)]

    def second(w):
        return _terms(child, state, lam, [w])[2]

    bent = second(still)
    terms = zip(second(both), bent, second([*u, flint.arb(1)]), strict=True)
    speed = dot(psi, [a - b - c for a, b, c in terms])
    odd = _is_turned(made, parts, phi)
    if odd:
        v = [-value for value in solve(bent)]
        bend = dot(psi, _terms(child, state, lam, [still, [*v, flint.arb(0)]])[3])
    else:
        bend = dot(psi, bent)
    coefficient = -bend / speed
    if speed.contains(0) or coefficient.contains(0) or not coefficient.is_finite():
        raise NotCertifiedError("The direction of a branch is not proved.")
    names = [c.name for c in made.structure.coordinates]
    return {
        "coordinate": names[_largest(phi)],
        "kind": "pitchfork" if odd else "transcritical",
        "coefficient": coefficient,
    }


def _check_parts(problem, component: Component, parts: dict, lam: Ball) -> None:
    """Raise unless the parts have one line of the irrep in their fixed-point space.

    S_n / (S_a x S_b x ...) with k parts holds s = (n-1, 1) k - 1 times, x = (n-2, 1, 1)
    (k - 1)(k - 2)/2 times, and y = (n-2, 2) as often as there are pairs of parts and parts
    of two points and more, less k.
    """
    if list(parts) != list(component.sets):
        raise NotCertifiedError("The points are not those of the event.")
    multiplicity = 1
    for name, given in parts.items():
        if not given or not all(type(a) is int and a >= 1 for a in given):
            raise ValueError("parts are lists of whole numbers")
        rest = value_of(problem, problem.structure.size[name], lam) - sum(given)
        if not rest > 0 or (component.irrep == "y" and not rest >= 2):
            raise NotCertifiedError("A part may have no point left.")
        k = len(given) + 1
        pairs = k * (k - 1) // 2
        multiplicity *= {
            "s": k - 1,
            "sxs": k - 1,
            "x": (k - 1) * (k - 2) // 2,
            "y": pairs + 1 + sum(a >= 2 for a in given) - k,
        }.get(component.irrep, 0)
    if multiplicity != 1:
        raise NotCertifiedError("The parts have not one line of the irrep.")


def _kernel(problem, state: list, lam):
    """(phi, psi with psi . phi = 1, v -> the solution of g_x w = v - (psi . v) phi); lists of arbs.

    The largest entry of phi is 1. Beside the eigenvalue that is zero there is no other
    one, as all but its place in nearly diagonal form is proved to be regular.
    """
    slopes = matrix(problem.jacobian(balls(state), Ball(lam), checked=False)[1])
    n = range(slopes.nrows())
    hessian = part(slopes, n)
    diagonal = diagonalise(hessian, arbs(problem.weights(Ball(lam))))
    left, right = null_vectors(diagonal)
    phi, psi = (diagonal.basis * right).entries(), (left * diagonal.inverse).entries()
    scale = phi[_largest(phi)]
    phi = [value / scale for value in phi]
    length = dot(psi, phi)
    psi = [value / length for value in psi]
    rows = [[*row, p] for row, p in zip(hessian.tolist(), phi, strict=True)]
    whole = flint.arb_mat([*rows, [*psi, flint.arb(0)]])

    def solve(v):
        return whole.solve(column([*v, flint.arb(0)])).entries()[:-1]

    return phi, psi, solve


def _terms(problem, state: list, lam, moves: list) -> list:
    """Taylor coefficients of g along X + s moves[0] + s² moves[1]; lists of arbs."""
    start = [*state, lam]
    rows = [start, *moves] + [[flint.arb(0)] * len(start)] * (3 - len(moves))
    whole = np.array([balls(row) for row in rows])
    found = problem.gradient(Series(whole[:, :-1]), Series(whole[:, -1])).coefficients
    return [arbs(term) for term in found]


def _is_turned(made: Split, parts: dict, phi: list) -> bool:
    """Whether the exchange of two parts of one size takes phi to -phi.

    It takes the line of phi to itself, so that one entry tells the sign.
    """
    for name, given in parts.items():
        pieces = made.parts[name]
        for i, j in np.argwhere(np.triu(np.equal.outer(given, given), 1)):
            tie = {pieces[i]: pieces[j], pieces[j]: pieces[i]}
            for one, *others in replace(made.structure, ties=(tie,)).orbits:
                if any(not (phi[one] - phi[k]).contains(0) for k in others):
                    return True
    return False


def _largest(values: list) -> int:
    return int(np.argmax([abs(float(value.mid())) for value in values]))
