"""How many classes of half-branches an event of a family has where sizes are whole.

A family's event lies at a real size, and its branches are followed at real
sizes, one way to split the points after another. How many there are can be
counted only where the points can be: at the whole sizes beside the event, in
the reduced equation on the whole irrep there, under all permutations of the
points. Half-branches that were followed are found among these by their
directions. A class that is left may have no branch at the event itself: Z_5 of
type A splits off five points, which leaves 0.76 of one at d = 5.76 and one
at 6.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bifurc.continuation.newton import LOST
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.start import point_at
from bifurc.events.records import Event
from bifurc.groups import permutations
from bifurc.loss.embedding import matrices, network_behind
from bifurc.loss.full import Network
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.structure import Structure
from bifurc.switching.birth import Birth
from bifurc.switching.count import MOST_DIMENSIONS, MOST_ELEMENTS, count
from bifurc.switching.normal_form import NormalForm
from bifurc.switching.polynomials import Homogeneous
from bifurc.switching.submaximal import Kernel

WHOLE = 1e-9  # how far a size may be from a whole number
ALIKE = 1e-7  # of the largest eigenvalue: nearer ones belong to one irrep
ABOUT = 10.0  # times where its speed takes it: an eigenvalue there is the one that vanished
ENTRIES = 150  # of W, whose Hessian is asked for a few hundred times


def classes_beside(problem: NetworkProblem, event: Event, births: list[Birth]) -> str | None:
    """The classes at the whole sizes beside the event, and which of them are followed."""
    if len(event.zeros) > 1 or not event.breaks_out:
        return None
    s = problem.structure
    if s.ties or s.bias or s.trained or s.confined or s.reference:
        return None  # of networks of weights alone the kernel is known in all entries of W
    words = {}
    for n in _whole_beside(problem, event):
        try:
            words[n] = counted_at(problem, event, n, births)
        except (*LOST, ValueError):
            continue  # the branch is not there
    told = [f"at {problem.parameter} = {n:.6g}: {word}" for n, word in words.items() if word]
    return "; ".join(told) or None


def _whole_beside(problem: NetworkProblem, event: Event) -> list[float]:
    """The parameters at which sizes are whole: that of the event, or those on both sides of it."""

    def whole(lam: float) -> bool:
        sizes = problem.sizes(lam).values()
        return all(abs(size - round(size)) <= WHOLE and size > WHOLE for size in sizes)

    if whole(event.lam):
        return [event.lam]
    return [lam for lam in (math.floor(event.lam), math.ceil(event.lam)) if whole(float(lam))]


def counted_at(problem: NetworkProblem, event: Event, n: float, births: list[Birth]) -> str | None:
    """A word on the classes of branches where the parameter is ``n``; None if too many to count."""
    structure, parameters = problem.structure, problem.parameters(n)
    elements = math.prod(math.factorial(round(size)) for size in problem.sizes(n).values())
    dimension = round(event.zeros[0].multiplicity(parameters))
    if not (1 < dimension <= MOST_DIMENSIONS and 1 < elements <= MOST_ELEMENTS):
        return None
    point = point_at(problem, event.X[:-1], n)
    network, _ = network_behind(problem, point.x, n)
    w = network.w
    if w.size > ENTRIES:
        return None
    full = _full(network)
    vectors = _irrep(problem, event, point.x, n, full.hessian(w.ravel(), n))
    if vectors.shape[1] != dimension:
        return None
    kernel = Kernel.at(full, np.append(w.ravel(), n), vectors)
    group = permutations(_exchanges(structure, problem.sizes(n)))
    action = np.concatenate([kernel.right.T @ images for images in group.images(kernel.right)])
    form = leading(kernel, action)
    if form is None:
        return None
    ways = [kernel.right.T @ way for way in _directions(births, parameters)]
    return count(form, action).word(ways)


def leading(kernel: Kernel, action: np.ndarray) -> Homogeneous | None:
    """The lowest order of the reduced equation, which commutes with a group; None if none is."""
    return kernel.quadratic(action) or kernel.cubic(action)


def _full(network: Network) -> PlainProblem:
    """The whole network, all entries of W for themselves."""
    shape = network.w.shape

    def at(x) -> tuple[np.ndarray, np.ndarray]:
        return replace(network, w=x.reshape(shape)).derivatives()

    return PlainProblem(
        gradient=lambda x, _: at(x)[0],
        hessian=lambda x, _: at(x)[1],
        gradient_dlam=lambda x, _: np.zeros(x.size),
        n=network.w.size,
    )


def _irrep(problem, event: Event, x: np.ndarray, lam: float, hessian: np.ndarray) -> np.ndarray:
    """Eigenvectors of the full Hessian for the eigenvalue that vanishes at the event.

    None where no eigenvalue of the block is about where its speed takes it.
    """
    (zero,) = event.zeros
    block = problem.blocks(x, lam, [zero.component])[zero.component]
    values = block.eigen().values
    near = values[np.argmin(np.abs(values))]
    if lam != event.lam and not 1 / ABOUT < near / (zero.speed * (lam - event.lam)) < ABOUT:
        return np.zeros((x.size, 0))
    every, vectors = np.linalg.eigh(hessian)
    return vectors[:, np.abs(every - near) <= ALIKE * np.abs(every).max()]


def _exchanges(structure: Structure, sizes) -> list[np.ndarray]:
    """Two points exchanged, and all in a cycle, of each set: where each entry of W goes."""
    found = []
    for points in structure.sets:
        size = round(sizes[points.name])
        here = np.arange(size)
        for moved in (np.r_[1, 0, 2:size], np.roll(here, 1)) if size > 1 else ():
            rows, columns = (
                _moved(blocks, points.name, moved, sizes)
                for blocks in (structure.students, structure.inputs)
            )
            found.append((rows[:, None] * len(columns) + columns).ravel())
    return found


def _moved(blocks, name: str, moved: np.ndarray, sizes) -> np.ndarray:
    """Where rows or columns go if the points of one set are moved."""
    parts, start = [], 0
    for block in blocks:
        size = round(sizes[block.points])
        parts.append(start + (moved if block.points == name else np.arange(size)))
        start += size
    return np.concatenate(parts)


def _directions(births: list[Birth], parameters) -> Iterator[np.ndarray]:
    """The entries of W that half-branches move first, where their parts have whole sizes."""
    for birth in births:
        child = birth.problem
        if isinstance(birth.form, NormalForm) and isinstance(child, NetworkProblem):
            try:
                way, _ = matrices(child.structure, birth.form.kernel, parameters)
            except ValueError:
                continue
            yield birth.sign * way.ravel()
