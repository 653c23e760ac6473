"""What holds over a box of states: signs of eigenvalues, speeds, existence of irreps."""

from fractions import Fraction

import numpy as np

from bifurc.loss.series import leading
from bifurc.proof.extended import BlockSystem, EventSystem, PairSystem, PointSystem
from bifurc.proof.interval import Ball, NotCertifiedError, arbs, exact, flint
from bifurc.proof.model import Model
from bifurc.proof.place import Place
from bifurc.proof.rounded import enclosure, matrix_of
from bifurc.proof.signs import (
    Signs,
    diagonalise,
    null_vectors,
    real,
    signs,
    speed,
)
from bifurc.proof.system import contract, part
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial


def proved_on(system, whole: list, point: list, residual) -> dict:
    """What a wide box proves, from the residual at an exact point of it.

    Raises
    ------
    NotCertifiedError
        If the zero in it is not proved to be one, or a sign is not.
    """
    contract(whole, point, residual, system.jacobian(whole))
    if isinstance(system, PointSystem):
        return at_point(system.place(whole))
    return (at_pair if isinstance(system, PairSystem) else at_event)(system, whole)


def at_event(system: EventSystem, z) -> dict:
    """Signs, speed and transition over a box around an event."""
    place, own = system.place(z), system.component
    diagonal = _diagonal(system, place)
    mine = signs(diagonal, crossing=True)
    if own.irrep == "t":
        moved = _fold(system, diagonal, place)
        counts = mine.negative, mine.negative + 1
    else:
        moved = {"speed": speed(diagonal, _change(system, place))}
        rising = bool(moved["speed"] > 0)
        counts = mine.negative + rising, mine.negative + 1 - rising
    return _both_sides(system, place, moved, mine, counts)


def at_pair(system: PairSystem, z) -> dict:
    """The same where two eigenvalues that are not real pass the imaginary axis."""
    place = system.place(z)
    diagonal = _diagonal(system, place)
    frequency = abs(system.split(z)[2])
    size = range(diagonal.matrix.nrows())
    near = [abs(float((diagonal.matrix[k, k] - flint.acb(0, frequency)).abs_lower())) for k in size]
    i = int(np.argmin(near))
    if not (diagonal.apart(i) and diagonal.matrix[i, i].imag > diagonal.radii()[i]):
        raise NotCertifiedError("The pair of eigenvalues is not proved apart from all others.")
    conjugate = diagonal.matrix[i, i].conjugate()
    j = min(size, key=lambda k: float(abs(diagonal.matrix[k, k] - conjugate).mid()))
    if not diagonal.apart(j):
        raise NotCertifiedError("The pair of eigenvalues is not proved apart from all others.")
    mine = _signs_of([disc for k, disc in enumerate(diagonal.discs()) if k not in (i, j)])
    moved = {"speed": speed(diagonal, _change(system, place), i, flint.acb(0, frequency))}
    rising = bool(moved["speed"] > 0)
    counts = mine.negative + 2 * rising, mine.negative + 2 - 2 * rising
    return {"frequency": frequency, **_both_sides(system, place, moved, mine, counts)}


def _signs_of(discs: list) -> Signs:
    if not all(disc > 0 or disc < 0 for disc in discs):
        raise NotCertifiedError("The sign of an eigenvalue is not proved on the box.")
    gaps = [disc.abs_lower() for disc in discs]
    return Signs(sum(bool(disc < 0) for disc in discs), min(gaps, default=flint.arb(1)))


def _diagonal(system: BlockSystem, place: Place):
    check_sizes(system.problem, place.lam)
    weights = place.weights(system.component)
    block = part(place.block(system.component), system.copies)
    if place.neutral(system.component):
        raise NotCertifiedError(f"{system.component.label} has neutral directions of its own.")
    orthogonal = system.component.irrep != "k"
    return diagonalise(block, [weights[i] for i in system.copies] if orthogonal else None)


def _change(system: BlockSystem, place: Place):
    """The derivative of the block along the branch, lam growing."""
    direction = enclosure([*velocity(place.slopes), 1])
    turns = place.turns(system.component)
    change = (direction[None] @ turns.reshape(turns.shape[0], -1)).reshape(*turns.shape[1:])
    return part(matrix_of(change), system.copies)


def _both_sides(system: BlockSystem, place: Place, moved: dict, mine: Signs, counts) -> dict:
    """What a proved event says, from how many eigenvalues are negative below and above."""
    problem, own = system.problem, system.component
    if any(value.contains(0) for value in moved.values()):
        raise NotCertifiedError("Transversality is not proved: a speed may vanish.")
    others = block_signs(place, [c for c in problem.components if c != own])
    present = exists(problem, own, place.lam)
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


def _fold(system: EventSystem, diagonal, place: Place) -> dict:
    """psi' g_lam and psi' g_xx phi phi for null vectors psi, phi: a fold if neither is 0."""
    n, slopes = system.problem.n, place.slopes
    left, right = null_vectors(diagonal)
    push = flint.arb_mat([[slopes[i, n]] for i in system.copies])
    phi = [real(value) for value in (diagonal.basis * right).entries()]
    full = [flint.arb(0)] * (n + 1)
    for i, value in zip(system.copies, phi, strict=True):
        full[i] = value
    turns = place.turns(system.component)
    change = (enclosure(full)[None] @ turns.reshape(n + 1, -1)).reshape(*turns.shape[1:])
    bend = left * diagonal.carry(type(left)(part(matrix_of(change), system.copies))) * right
    pushed = left * diagonal.inverse * type(left)(push)
    return {"push": real(pushed[0, 0]), "bend": real(bend[0, 0])}


def at_point(place) -> dict:
    """Signs of all eigenvalues over a box of states at one parameter value or an interval."""
    problem = place.problem
    check_sizes(problem, place.lam)
    found = block_signs(place, problem.components)
    total = index(problem, found)
    return {
        "gap": min(block.gap for block in found.values()),
        "index": total.text(),
        "is_minimum": not total.terms,
        "negative": {c.label: block.negative for c, block in found.items()},
        **({"neutral": neutral} if (neutral := _neutral_counts(place, found)) else {}),
    }


def _neutral_counts(place, components) -> dict:
    """How many exact zeros were set apart in each block that has some."""
    counts = {c.label: len(place.neutral(c)) for c in components}
    return {label: count for label, count in counts.items() if count}


def block_signs(place, components) -> dict:
    """Proved signs of each component that exists there: {component: Signs}.

    Directions in which rows that are equal by structure exchange norm have
    eigenvalue zero exactly, everywhere; signs are those of the others.
    """
    found = {}
    for component in components:
        if not exists(place.problem, component, place.lam):
            continue
        weights = place.weights(component)
        kept = [i for i, weight in enumerate(weights) if not weight.is_zero()]
        block = part(place.block(component), kept)
        neutral = place.neutral(component)
        if neutral:
            block = quotient(block, [[vector[i] for i in kept] for vector in neutral])
        if neutral and not block.nrows():
            found[component] = Signs(0, flint.arb(1))
            continue
        plain = component.irrep != "k" and not neutral
        found[component] = signs(diagonalise(block, [weights[i] for i in kept] if plain else None))
    return found


def quotient(block, null: list):
    """:func:`modulo` of an arb_mat by lists of arbs."""
    entries = np.array(block.tolist(), dtype=object).reshape(block.nrows(), -1)
    rest = modulo(entries, [np.array(vector, dtype=object) for vector in null])
    return flint.arb_mat(len(rest), len(rest), list(rest.flat))


def modulo(block, null: list):
    """The block on the quotient by vectors that it annuls exactly.

    Modulo v with v_i = 1, the basis vector e_i is minus the sum of the other
    v_j e_j; so row i comes off the others v_j times, and goes.

    Parameters
    ----------
    block : ndarray of arbs or models, or Series of them, shape (copies, copies)
    null : list of the same, shape (copies,)
    """
    while null:
        vector, *null = null
        size = [_least(value) for value in leading(vector)]
        i = int(np.argmax(size))
        if not size[i] > 0:
            raise NotCertifiedError("A neutral direction may vanish on the box.")
        rest = [k for k in range(len(size)) if k != i]
        shares = vector[rest] / vector[i]
        block = block[np.ix_(rest, rest)] - shares[:, None] * block[i, rest][None]
        null = [other[rest] - shares * other[i] for other in null]
    return block


def _least(value) -> float:
    """A lower bound of the size of an arb, or of a model everywhere."""
    return float((value.range() if isinstance(value, Model) else value).abs_lower())


def index(problem, negative: dict) -> Polynomial:
    """The Morse index as a polynomial in the parameters."""
    total = Polynomial.of(0)
    for component, count in negative.items():
        total = total + component.dimension * getattr(count, "negative", count)
    return total


def velocity(slopes) -> list:
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
    lengths = arbs(problem.copy_weights(component, lam))
    return tuple(i for i, length in enumerate(lengths) if not length.is_zero())
