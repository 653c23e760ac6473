"""Certificates of what holds at every large size, and their join with a certified branch.

For every e = lam**(-1/2) from 0 to a bound there is one zero in a box around a
polynomial in e, by Krawczyk's test for all e at once, and the Hessian is
regular there; so these zeros are one smooth branch, whose signs are proved for
all e as well. A certified branch that at one lam lies in the box is the same
branch, because the box holds one zero.
"""

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.proof import bounds, record
from bifurc.proof.germ import Germ
from bifurc.proof.infinity import AtInfinity, negative
from bifurc.proof.interval import NotCertifiedError, column, flint, need_flint, precision
from bifurc.proof.model import Model
from bifurc.proof.system import shrink

BITS = 160
REACHES = (2.0**-4, 2.0**-5, 2.0**-6)  # bounds of e that are tried
RADII = (2.0**-4, 2.0**-6, 2.0**-8)  # half-widths of the box
DEGREE = 6  # of the polynomial in its middle
SAMPLES = (4.0**6, 4.0**7)  # of lam, from which powers and limits are read off
ROUNDS = 8  # of Newton's method on polynomials
SPECTRUM = ("limits", "growth")  # of eigenvalues, and of eigenvalue / lam


def certify_limit(problem: NetworkProblem, member) -> dict:
    """Prove a family of ReLU critical points for every large lam.

    Parameters
    ----------
    problem : NetworkProblem
    member : callable lam -> x
        Its coordinates in doubles.

    Raises
    ------
    NotCertifiedError
        If that is not proved.
    """
    need_flint()
    failure: ArithmeticError = NotCertifiedError("No bound to try.")
    with precision(BITS):
        limit = _limit(problem, member)
        start = _unknowns(limit, member(SAMPLES[1]), SAMPLES[1] ** -0.5)
        for reach in REACHES:
            try:
                family = AtInfinity(problem, reach, limit)
                centre = _centre(family, start)
                for radius in RADII:
                    data = {
                        "schema": record.SCHEMA,
                        "kind": "limit",
                        "precision": BITS,
                        "problem": record.problem_to_data(problem),
                        "reach": record.to_text(flint.arb(reach)),
                        "limit": [list(known) for known in limit],
                        "centre": [[record.to_text(c) for c in row] for row in centre],
                        "radius": record.to_text(flint.arb(radius)),
                    }
                    try:
                        return record.sign({**data, "proved": conclusions(data)})
                    except (NotCertifiedError, ZeroDivisionError) as error:
                        failure = error
            except (NotCertifiedError, ZeroDivisionError) as error:
                failure = error
    raise NotCertifiedError(str(failure))


def conclusions(data: dict) -> dict:
    """What a certificate of this kind proves.

    Raises
    ------
    NotCertifiedError
        If the zero is not proved to be one, or a sign is not.
    """
    family, centre, radius = parts_of(data)
    box = [c + flint.arb(0, 1) * radius for c in centre]
    _one_zero(family, centre, box, radius)
    counts: dict[str, int] = {}
    kinds = [c for c in family.problem.components if present(family, c)]
    for component in kinds:
        block = family.block(component, box)
        counts[component.label] = negative(np.vectorize(Germ.range, otypes=[object])(block))
    for points in family.problem.structure.sets:
        least = Germ.of(family.problem.structure.least_size(points))
        if not (family.polynomial(points.size) - least).sign() >= 0:
            raise NotCertifiedError(f"Point set {points.name!r} may be too small.")
    X = [Germ.of(value) for value in at_infinity(family, centre, radius)]
    found = {
        "from": str(round(float(family.reach) ** -2)),
        "negative": counts,
        "is_minimum": not any(counts.values()),
        **limits_of(family, kinds, X),
    }
    return bounds.written(found, data.get("proved"))


def limits_of(family: AtInfinity, components: list, X: list) -> dict:
    """Limits of all eigenvalues of each block, and of eigenvalue / lam of those that grow."""
    found = {c.label: family.limits(c, X) for c in components}
    return {
        name: {label: pair[i] for label, pair in found.items() if pair[i]}
        for i, name in enumerate(SPECTRUM)
    }


def at_infinity(family: AtInfinity, centre: list, radius) -> list:
    """The unknowns X at e = 0, of the one zero in a box, by Krawczyk's operator; arbs."""
    zero, size = flint.arb(0), range(len(centre))
    X = [c.at(zero) + flint.arb(0, 1) * radius for c in centre]
    for _ in range(ROUNDS):
        middle = [x.mid() for x in X]
        germs = family.hessian([Germ.of(x) for x in X])
        slopes = flint.arb_mat([[germs[i, j].at(zero) for j in size] for i in size])
        residual = column([g.at(zero) for g in family.residual([Germ.of(x) for x in middle])])
        X = [a.intersection(b) for a, b in zip(shrink(X, middle, residual, slopes), X, strict=True)]
    return X


def parts_of(data: dict):
    """(family, centre, radius) of a certificate."""
    problem = problem_of(data["problem"])
    reach = float(record.from_text(data["reach"]))
    if reach not in [2.0**-k for k in range(1, 40)]:
        raise ValueError("the bound of e is no power of 2")
    limit = tuple(tuple(known) for known in data["limit"])
    if len(limit) != problem.n or not all(
        known and all(type(v) is int for v in known) for known in limit
    ):
        raise ValueError("the limit is no list of whole numbers for each coordinate")
    centre = [Germ(Model(flint.arb_poly(record.from_texts(row)))) for row in data["centre"]]
    radius = record.from_text(data["radius"])
    if len(centre) != problem.n or not radius > 0 or max(map(len, data["centre"])) > DEGREE + 1:
        raise ValueError("the box is none of the unknowns")
    return AtInfinity(problem, reach, limit), centre, radius


def problem_of(data: dict) -> NetworkProblem:
    """The problem of a certificate, if there are formulas for it here."""
    problem = record.problem_from_data(data)
    s = problem.structure
    plain = not problem.kernel_parameters and s.is_plain
    if record.kernel_name(problem) != "relu" or not plain:
        raise NotCertifiedError("Only ReLU without biases and decay is proved at infinity.")
    return problem


def holds(data: dict, x: list, lam) -> bool:
    """Whether a state at ``lam``, arbs, lies in the box of a certificate."""
    family, centre, radius = parts_of(data)
    e = 1 / lam.sqrt()
    if not e <= family.reach:
        return False
    for value, known, c in zip(x, family.limit, centre, strict=True):
        rest = value - sum((e**j * v for j, v in enumerate(known)), start=flint.arb(0))
        if not abs(rest / e ** len(known) - c.at(e / family.reach)) < radius:
            return False
    return True


def _one_zero(family: AtInfinity, centre: list, box: list, radius) -> None:
    """Krawczyk's test for all e at once."""
    slopes = family.hessian(box)
    size = range(len(centre))
    middle = flint.arb_mat([[v.whole().poly[0].mid() for v in row] for row in slopes])
    near = middle.inv().mid()
    moved = family.residual(centre)
    for i in size:
        total = Germ.of(0)
        for k in size:
            total = total - moved[k] * near[i, k]
            defect = Germ.of(int(i == k))
            for j in size:
                defect = defect - slopes[j, k] * near[i, j]
            total = total + defect * (flint.arb(0, 1) * radius)
        if not abs(total.range()) < radius:
            raise NotCertifiedError("Krawczyk's test fails near infinity.")


def present(family: AtInfinity, component) -> bool:
    """Whether an irrep exists at every e.

    Raises
    ------
    NotCertifiedError
        If that changes, or may.
    """
    dimension = family.polynomial(component.dimension)
    least = dimension - Germ.of(component.least)
    if dimension.sign() > 0 and least.sign() >= 0:
        return True
    if dimension.sign() <= 0 or least.sign() < 0:
        return False
    raise NotCertifiedError(f"Whether {component.label} exists changes.")


def _limit(problem: NetworkProblem, member) -> tuple:
    """Whole coefficients of e**0, ..., e**k for each coordinate, guessed from two samples."""
    diagonals = []
    for lam in SAMPLES:
        x = member(lam)
        slopes = problem.jacobian(x, lam)[1]
        diagonals.append(np.abs(np.diag(slopes)) * problem.weights(lam))
    ratio = np.log(diagonals[1] / diagonals[0]) / np.log(SAMPLES[1] / SAMPLES[0])
    powers = np.maximum(np.round(ratio).astype(int), 0)
    x, e, limit = member(SAMPLES[1]), SAMPLES[1] ** -0.5, []
    for value, k in zip(x, powers, strict=True):
        known, rest = [], value
        for _ in range(k + 1):
            known.append(round(rest))
            rest = (rest - known[-1]) / e
        limit.append(tuple(int(v) for v in known))
    return tuple(limit)


def _unknowns(limit: tuple, x, e: float) -> list:
    """X of a state in doubles."""
    return [
        (value - sum(v * e**j for j, v in enumerate(known))) / e ** len(known)
        for value, known in zip(x, limit, strict=True)
    ]


def _centre(family: AtInfinity, start: list) -> list:
    """Polynomials in e near the zero, by Newton's method from constants; exact coefficients."""
    centre = [Germ.of(flint.arb(float(value))) for value in start]
    slopes = family.hessian(centre)
    near = flint.arb_mat([[v.whole().poly[0].mid() for v in row] for row in slopes]).inv().mid()
    size = range(len(centre))
    for _ in range(ROUNDS):
        moved = family.residual(centre)
        steps = [sum((moved[k] * near[i, k] for k in size), start=Germ.of(0)) for i in size]
        centre = [_cut(c - s) for c, s in zip(centre, steps, strict=True)]
    return [[flint.arb(float(v.mid())) for v in c.whole().poly.coeffs()] for c in centre]


def _cut(germ: Germ) -> Germ:
    poly = germ.whole().poly
    return Germ(Model(flint.arb_poly([c.mid() for c in poly.coeffs()[: DEGREE + 1]])))
