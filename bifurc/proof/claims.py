"""What holds over a box of states: signs of eigenvalues, speeds, existence of irreps."""

from fractions import Fraction

from bifurc.proof.interval import Ball, NotCertifiedError, arbs, balls, exact, flint, matrix
from bifurc.proof.signs import diagonalise, null_vectors, signs, speed
from bifurc.proof.system import EventSystem, part
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial


def at_event(system: EventSystem, x, lam) -> dict:
    """Signs, speed and transition over a box around an event."""
    problem, own = system.problem, system.component
    check_sizes(problem, lam)
    weights = arbs(problem._copy_weights(own, lam))
    diagonal = diagonalise(system.block(x, lam), [weights[i] for i in system.copies])
    mine = signs(diagonal, crossing=True)
    others = block_signs(problem, x, lam, [c for c in problem.components if c != own])
    slopes = matrix(problem.jacobian(x, lam, checked=False)[1])
    if own.irrep == "t":
        moved = _fold(system, diagonal, slopes, x, lam)
        counts = mine.negative, mine.negative + 1
    else:
        tangent = along(slopes)
        moved = {"speed": speed(diagonal, system.block_along(x, lam, balls([*tangent, 1])))}
        rising = bool(moved["speed"] > 0)
        counts = mine.negative + rising, mine.negative + 1 - rising
    if any(value.contains(0) for value in moved.values()):
        raise NotCertifiedError("Transversality is not proved: a speed may vanish.")
    present = exists(problem, own, lam)
    sides = {
        side: index(problem, {**others, **({own: count} if present else {})})
        for side, count in zip(("below", "above"), counts, strict=True)
    }
    return {
        **moved,
        "exists": present,
        "gap": min(mine.gap, *(found.gap for found in others.values())),
        "index": {side: poly.text() for side, poly in sides.items()},
        "transition": " -> ".join("saddle" if p.terms else "minimum" for p in sides.values()),
        "negative": {own.label: mine.negative, **{c.label: s.negative for c, s in others.items()}},
    }


def _fold(system: EventSystem, diagonal, slopes, x, lam) -> dict:
    """psi' g_lam and psi' g_xx phi phi for null vectors psi, phi: a fold if neither is 0."""
    n = system.problem.n
    left, right = null_vectors(diagonal)
    push = flint.arb_mat([[slopes[i, n]] for i in system.copies])
    phi = (diagonal.basis * right).entries()
    full = [flint.arb(0)] * (n + 1)
    for i, value in zip(system.copies, phi, strict=True):
        full[i] = value
    bend = left * diagonal.carry(system.block_along(x, lam, balls(full))) * right
    return {"push": (left * diagonal.inverse * push)[0, 0], "bend": bend[0, 0]}


def at_point(problem, x, lam) -> dict:
    """Signs of all eigenvalues over a box of states at one parameter value or an interval."""
    check_sizes(problem, lam)
    found = block_signs(problem, x, lam, problem.components)
    total = index(problem, found)
    return {
        "gap": min(block.gap for block in found.values()),
        "index": total.text(),
        "is_minimum": not total.terms,
        "negative": {c.label: block.negative for c, block in found.items()},
    }


def block_signs(problem, x, lam, components) -> dict:
    """Proved signs of each component that exists there: {component: Signs}."""
    found = {}
    for component in components:
        if not exists(problem, component, lam):
            continue
        block, weights = problem.block(component, x, lam)
        kept = [i for i, weight in enumerate(weights) if not weight.is_zero()]
        found[component] = signs(diagonalise(part(block, kept), [weights[i] for i in kept]))
    return found


def index(problem, negative: dict) -> Polynomial:
    """The Morse index as a polynomial in the parameters."""
    total = Polynomial.of(0)
    for component, count in negative.items():
        total = total + component.dimension * getattr(count, "negative", count)
    return total


def along(slopes) -> list:
    """dx/dlam on the branch from [g_x | g_lam]; arbs."""
    n = slopes.nrows()
    own = flint.arb_mat([[slopes[i, j] for j in range(n)] for i in range(n)])
    return (-own.solve(flint.arb_mat([[slopes[i, n]] for i in range(n)]))).entries()


def value_of(problem, poly: Polynomial, lam: Ball):
    """A polynomial in the parameters at ``lam``; an arb."""
    total = flint.arb(0)
    for key, coefficient in poly.substitute(problem.line).terms.items():
        product = exact(coefficient)
        for _ in key:
            product = product * lam.arb
        total = total + product
    return total


def exists(problem, component: Component, lam: Ball) -> bool:
    """Whether the irrep has a positive dimension on all of ``lam``.

    Raises
    ------
    NotCertifiedError
        If that changes, or may change, within ``lam``.
    """
    dimension = value_of(problem, component.dimension, lam)
    least = exact(Fraction(component.least))
    if dimension > 0 and dimension >= least:
        return True
    if dimension <= 0 or dimension < least:
        return False
    raise NotCertifiedError(f"Whether {component.label} exists changes within the box.")


def check_sizes(problem, lam: Ball) -> None:
    """Raise NotCertifiedError unless every point set has an admissible size on all of ``lam``."""
    for points in problem.structure.sets:
        least = exact(Fraction(problem.structure.least_size(points)))
        if not value_of(problem, points.size, lam) >= least:
            raise NotCertifiedError(f"Point set {points.name!r} may be too small on the box.")


def lengthy(problem, component: Component, lam: Ball) -> tuple[int, ...]:
    """Copies of the component that do not have length zero for all lam."""
    lengths = arbs(problem._copy_weights(component, lam))
    return tuple(i for i, length in enumerate(lengths) if not length.is_zero())
