"""What every side of a comparison is asked to do: a branch to follow, as plain functions."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.continuation.trace import point_at
from bifurc.events.branch import follow
from bifurc.models import chain, permuted
from bifurc.seeds import seed
from bifurc.structure.split import split

TOLERANCE = 1e-10  # asked of every corrector
MATCH = 1e-3  # an event this near to an expected one, relatively, is that one
FORCE = 1e-4 * np.array([1.0, 0.5, 0.2, -0.1, 0.3])


@dataclass(frozen=True, eq=False)
class Task:
    """Follow the zeros of ``gradient`` from ``start`` to the other end of the window.

    ``expected`` are the parameter values of all events on the branch, those of
    every irrep included; ``follow`` is how bifurc does it, from the same start.
    """

    name: str
    gradient: Callable  # (x, lam) -> (n,)
    jacobian: Callable  # (x, lam) -> (n, n + 1), [derivative in x | in lam]
    start: Point
    window: tuple[float, float]
    ds: float
    ds_max: float
    expected: tuple[float, ...]
    follow: Callable  # () -> Branch
    spectra: Callable | None = None  # (x, lam) -> eigenvalues of each other irrep's block
    traced: Callable | None = None  # the gradient in jax.numpy, where it can be written so
    jumped: Callable | None = None  # (x, lam) of all points -> bool
    trivial: bool = False  # whether the branch is x = 0: events elsewhere do not count

    def hessian(self, x, lam) -> np.ndarray:
        """Derivative of the gradient in x, (n, n)."""
        return self.jacobian(x, lam)[:, :-1]

    def slope(self, x, lam) -> np.ndarray:
        """Derivative of the gradient in lam, (n,)."""
        return self.jacobian(x, lam)[:, -1]

    @property
    def n(self) -> int:
        """Number of coordinates."""
        return len(self.start.x)

    @property
    def forward(self) -> float:
        """+1 if the parameter grows along the branch, else -1."""
        return 1.0 if self.start.lam < sum(self.window) / 2 else -1.0

    @property
    def max_steps(self) -> int:
        """Enough for three times the way in the longest steps."""
        return int(60 + 3 * (self.window[1] - self.window[0]) / self.ds_max)


def family(name: str, d=(60.0, 3.2), expected=(), **parameters) -> Task:
    """A family along d, with all its isotypic spectra."""
    at = seed(name, {"d": d, **parameters})
    problem, start, window = at.problem, at.start, at.window
    title = " ".join([f"type {name}", *(f"{key} = {value}" for key, value in parameters.items())])
    return network(title, problem, start, window, expected)


def four_sets() -> Task:
    """Type II with its bulk in three parts, down to where its symmetry would break inside."""
    at = seed("II", {"d": (60.0, 6.5)})
    problem, start, window = at.problem, at.start, at.window
    parts = split(problem.structure, {"bulk": ["1", "2"]})
    larger = problem.on(parts.structure)
    start = point_at(larger, parts.embedding @ start.x, start.lam, towards=-1.0)
    return network(f"four sets, {larger.n} coordinates", larger, start, window)


def network(name: str, problem, start: Point, window, expected=()) -> Task:
    """A network problem from a point of it on."""
    return Task(
        name=name,
        gradient=problem.gradient,
        jacobian=lambda x, lam: problem.jacobian(x, lam, checked=False)[1],
        start=start,
        window=window,
        ds=0.5,
        ds_max=2.0,
        expected=tuple(expected),
        follow=partial(follow, problem, start, window, Options(newton_tol=TOLERANCE)),
        spectra=partial(other_spectra, problem),
    )


def other_spectra(problem, x, lam) -> dict:
    """Eigenvalues of every isotypic block but the branch's own, at one point."""
    others = problem.components[1:]
    return {c: block.eigen().values for c, block in problem.blocks(x, lam, others).items()}


def plain(name, model, window, lam, expected, ds_max, traced, **more) -> Task:
    """A model with answers on paper, followed from near x = 0."""
    start = point_at(model, np.zeros(model.n), lam)
    options = Options(ds=min(0.05, ds_max), ds_max=ds_max, newton_tol=TOLERANCE)
    return Task(
        name=name,
        gradient=model.gradient,
        jacobian=lambda x, lam: model.jacobian(x, lam)[1],
        start=start,
        window=window,
        ds=min(0.05, ds_max),
        ds_max=ds_max,
        expected=tuple(expected),
        follow=partial(follow, model, start, window, options),
        traced=traced,
        **more,
    )


def chain_task() -> Task:
    """Five branch points on u = 0, at 4 sin²(k pi/12)."""
    expected = [4 * np.sin(k * np.pi / 12) ** 2 for k in range(1, 6)]
    model = chain()
    return plain(
        "chain of 5", model, (-0.5, 4.5), -0.5, expected, 0.05, _chain_in_jax(0.0),
        trivial=True,
    )  # fmt: skip


def permuted_task() -> Task:
    """A simple branch point at 0 and one with a kernel of dimension 4 at 1."""
    return plain(
        "S_5", permuted().full, (-0.5, 1.5), -0.5, (0.0, 1.0), 0.05, _permuted_in_jax,
        trivial=True,
    )  # fmt: skip


def forced_chain(ds_max: float) -> Task:
    """The chain with a small force: on from its first fold at small |u| is another branch."""
    model = chain(FORCE)
    return plain(
        f"forced chain, steps up to {ds_max}", model, (-0.6, 0.9), -0.5, (), ds_max,
        _chain_in_jax(FORCE), jumped=_across,
    )  # fmt: skip


def _across(x: np.ndarray, lam: np.ndarray) -> bool:
    return bool(np.any((lam > 0.6) & (np.linalg.norm(x, axis=-1) < 0.1)))


def _chain_in_jax(force) -> Callable:
    def gradient(u, lam):
        import jax.numpy as jnp

        around = jnp.pad(u, 1)
        return around[:-2] - 2 * u + around[2:] + lam * u + u**3 - u**5 + jnp.asarray(force)

    return gradient


def _permuted_in_jax(u, lam):
    return lam * u + 0.3 * u**2 - u**3 - (u - u.mean())
