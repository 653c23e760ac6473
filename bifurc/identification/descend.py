"""Gradient descent from random starts, every end point identified.

L-BFGS goes down on the exact population loss; Newton polishes where it ends.
Each run has its own random stream, so run 17 is the same whatever came before
it. What comes out is compared with the families that are minima at that size.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import minimize

from bifurc.given import whole
from bifurc.identification.catalogue import AGREE, Catalogue, agree, label
from bifurc.identification.checks import outer
from bifurc.identification.identify import Identified, canonical, identify
from bifurc.loss import full, kernels
from bifurc.loss.embedding import row_weights
from bifurc.threads import one_thread

RELU = kernels.ReLU()
STEPS = 20000  # L-BFGS iterations; descents take a few hundred


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of end point: a critical point up to permutations.

    Attributes
    ----------
    name : str
    example : Identified or None
        The first run that ended there; None for a family that no run met.
    runs : tuple of int
    loss, index : of the critical point
    """

    name: str
    example: Identified | None
    runs: tuple[int, ...]
    loss: float
    index: int

    @property
    def known(self) -> bool:
        """Whether it is a member of a known family."""
        return self.example is None or self.example.known


@dataclass(frozen=True, eq=False)
class Descents:
    """Where all runs ended.

    Attributes
    ----------
    d, k, seed : int
    kinds : tuple of Kind
        Most frequent first.
    missed : tuple of Kind
        Known families that are minima here and that no run ended in.
    unidentified : tuple of (int, Identified)
        Runs whose end point Newton could not polish.
    """

    d: int
    k: int
    seed: int
    kinds: tuple[Kind, ...]
    missed: tuple[Kind, ...]
    unidentified: tuple[tuple[int, Identified], ...]

    def __repr__(self) -> str:
        met = ", ".join(f"{kind.name} {len(kind.runs)}" for kind in self.kinds)
        return f"Descents at d = {self.d}, k = {self.k}: {met}"


@one_thread()
def descend(
    d: int,
    k: int | None = None,
    runs: int = 200,
    seed: int = 1,
    families=None,
    progress: Callable | None = None,
    kernel: Any = "relu",
    weights=None,
) -> Descents:
    """Descend from ``runs`` random starts and identify every end point.

    The teacher is the identity; starts are normal with variance 2/(d + k)
    (Glorot & Bengio 2010, eq. 16, in its normal form).

    Parameters
    ----------
    d, k : int
        Inputs and neurons; k is d by default.
    runs, seed : int
    families : sequence of Family, optional
        Known families beside the built-in ones.
    kernel : str or object
        The activation of the networks, see :func:`bifurc.kernels.kernel`.
    weights : array_like, shape (k,), optional
        Second-layer weights of the student, which stay as they are; 1 by default.
    progress : callable, optional
        Wraps the range of runs, such as ``tqdm.tqdm``.

    Raises
    ------
    ValueError
        If a number is too small.
    """
    k = d if k is None else k
    for name, value, least in (("d", d, 2), ("k", k, 1), ("runs", runs, 1), ("seed", seed, 0)):
        whole(name, value, least)
    catalogue, made = Catalogue.beside(families, kernel), kernels.kernel(kernel)
    a, gathered = outer(weights, k, "the student"), _Gathered()
    for run in (progress or iter)(range(runs)):
        ended = end_point(d, k, seed, run, made, a)
        gathered.add(run, identify(ended, catalogue=catalogue, weights=a))
    kinds = tuple(sorted(gathered.kinds(), key=lambda kind: (-len(kind.runs), kind.loss)))
    met = {kind.name for kind in kinds}
    missed = tuple(
        Kind(found.name, None, (), found.loss, 0)
        for found in minima(d, k, catalogue, a)
        if found.name not in met
    )
    return Descents(d, k, seed, kinds, missed, tuple(gathered.unidentified))


def start(d: int, k: int, seed: int, run: int) -> np.ndarray:
    """The random start of one run, shape (k, d)."""
    return np.random.default_rng([seed, run]).normal(scale=np.sqrt(2 / (d + k)), size=(k, d))


def end_point(d: int, k: int, seed: int, run: int, made=RELU, a=None) -> np.ndarray:
    """Where L-BFGS ends from one start, shape (k, d)."""
    v = np.eye(d)

    def objective(flat):
        value, slope = full.loss_and_gradient(flat.reshape(k, d), v, made, a)
        return value, slope.ravel()

    options = {"maxiter": STEPS, "maxfun": 2 * STEPS, "ftol": 1e-15, "gtol": 1e-8}
    first = start(d, k, seed, run).ravel()
    ended = minimize(objective, first, jac=True, method="L-BFGS-B", options=options)
    return ended.x.reshape(k, d)


def minima(d: int, k: int, catalogue: Catalogue, a=None) -> list[Identified]:
    """The members of known families with these output weights that are minima, each once."""
    found: dict[str, Identified] = {}
    wanted = np.ones(k) if a is None else np.sort(a)
    for family in catalogue.candidates(d, k):
        form = catalogue.form_of(family, d)
        if isinstance(form, str):
            continue
        mine, theirs = row_weights(form.structure, form.parameters)
        if not np.allclose(np.sort(mine), wanted):
            continue
        member = identify(
            *canonical(form), catalogue=catalogue, weights=mine, teacher_weights=theirs
        )
        if member.ok and member.is_minimum:
            found.setdefault(label(member.family), member)
    return list(found.values())


@dataclass(eq=False)
class _Gathered:
    """End points sorted into kinds: known ones by name, new ones by their form."""

    groups: list[tuple[Identified, list[int]]] = field(default_factory=list)
    unidentified: list[tuple[int, Identified]] = field(default_factory=list)

    def add(self, run: int, found: Identified) -> None:
        if not found.ok:
            self.unidentified.append((run, found))
            return
        for example, runs in self.groups:
            if same_kind(example, found):
                runs.append(run)
                return
        self.groups.append((found, [run]))

    def kinds(self):
        taken: dict[str, int] = {}
        for found, runs in self.groups:
            taken[found.name] = taken.get(found.name, 0) + 1
            count = taken[found.name]
            name = found.name if count == 1 else f"{found.name} #{count}"
            yield Kind(name, found, tuple(runs), found.loss, found.index)


def same_kind(one: Identified, other: Identified) -> bool:
    """Whether two identified matrices are the same point up to permutations."""
    if one.known or other.known:
        return one.known and other.known and one.name == other.name
    if agree(one.form, other.form):
        return True
    # sets that look alike have no canonical order; entries and loss have
    entries = [np.sort(found.polished.w, axis=None) for found in (one, other)]
    return bool(
        entries[0].shape == entries[1].shape
        and abs(one.loss - other.loss) < AGREE**2
        and np.abs(np.subtract(*entries)).max() < AGREE
    )
