"""A gradient problem given by plain functions of (x, lam)."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Self

import numpy as np

from bifurc.continuation.within import NOWHERE
from bifurc.errors import NotDefinedError
from bifurc.spectra import Block, Neutrals, held
from bifurc.structure.irreps import Component


@dataclass(frozen=True, eq=False)
class FlatChart:
    """The chart y = (x, lam), each over the length that counts as one."""

    units: np.ndarray  # (n + 1,)

    def factors(self, lam) -> tuple[np.ndarray, np.ndarray]:
        """What x is multiplied by, and its derivative."""
        return 1 / self.units[:-1], np.zeros(len(self.units) - 1)

    def into(self, X: np.ndarray) -> np.ndarray:
        """(x, lam) to y; shapes (..., n + 1)."""
        return X / self.units

    def lift(self, X: np.ndarray, tangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(x, lam) and the tangent there, both in y."""
        return X / self.units, tangent / self.units

    def out(self, y: np.ndarray) -> np.ndarray:
        """y to (x, lam)."""
        return y * self.units


@dataclass(frozen=True, eq=False)
class PlainProblem:
    """A gradient problem given by plain functions of (x, lam).

    Parameters
    ----------
    gradient : callable -> (n,)
    hessian : callable -> (n, n), symmetric
    gradient_dlam : callable -> (n,)
    n : int
    loss : callable -> float, optional
    blocks_of : callable -> mapping from Component to a symmetric matrix, optional
        The isotypic blocks of the Hessian other than ``t``.
    hessian_along : callable (x, lam, u) -> (n, n + 1), optional
        Derivative of [hessian | gradient_dlam] along u. Without it a central
        difference of those two is used; it sets how fast the location of an
        event converges, not where.
    error : float
        Relative error of the Hessian, where it is not that of rounding.
    slopes_times : callable (x, lam, columns) -> (n, m), optional
        [hessian | gradient_dlam] times columns (n + 1, m), where that is cheaper than both.
    batched : bool
        Whether the functions take x of shape (..., n) and lam of shape (...).
    parameter : str
        The name of the parameter that runs.
    fixed : mapping from names to numbers
        The other parameters.
    units : ndarray, shape (n + 1,), optional
        Lengths of x and lam that count as one; ones by default.

    Examples
    --------
    >>> pitchfork = PlainProblem(
    ...     gradient=lambda x, lam: lam * x - x**3,
    ...     hessian=lambda x, lam: np.diag(lam - 3 * x**2),
    ...     gradient_dlam=lambda x, lam: x,
    ...     n=1,
    ... )
    >>> pitchfork.jacobian(np.array([2.0]), 4.0)
    (array([0.]), array([[-8.,  2.]]))
    """

    gradient: Callable[[np.ndarray, float], np.ndarray]
    hessian: Callable[[np.ndarray, float], np.ndarray]
    gradient_dlam: Callable[[np.ndarray, float], np.ndarray]
    n: int
    loss: Callable[[np.ndarray, float], float] | None = None
    blocks_of: Callable[[np.ndarray, float], Mapping[Component, np.ndarray]] | None = None
    hessian_along: Callable[[np.ndarray, float, np.ndarray], np.ndarray] | None = None
    slopes_times: Callable[[np.ndarray, float, np.ndarray], np.ndarray] | None = None
    source: Mapping[str, Any] | None = None
    batched: bool = False
    neutrals: Neutrals = field(default_factory=Neutrals)
    error: float = 0.0
    parameter: str = "lam"
    fixed: Mapping[str, float] = field(default_factory=dict)
    units: np.ndarray | None = None
    limits: tuple[float, float] = (-np.inf, np.inf)  # of lam: differences stay inside

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.n} unknowns, {self.parameter} runs"

    def inside(self, window: tuple[float, float]) -> Self:
        """The same problem, never asked outside ``window`` by its own differences."""
        return replace(self, limits=window)

    def with_neutrals(self, neutrals: Neutrals) -> Self:
        """The same problem with these zeros set apart."""
        return replace(self, neutrals=neutrals)

    def with_units(self, units: np.ndarray) -> Self:
        """The same problem with these lengths counting as one, unless it has its own."""
        return self if self.units is not None else replace(self, units=units)

    def jacobian(self, x, lam):
        """(g, [dg/dx | dg/dlam])."""
        g, slopes = np.asarray(self.gradient(x, lam), float), self._slopes(x, lam)
        if self.neutrals.own:
            at = lambda i, u: self.jacobian_along(x[i], np.asarray(lam)[i], u)  # noqa: E731
            slopes = held(slopes, self.weights(lam), self.neutrals, at)
        return g, slopes

    def times(self, x, lam, columns: np.ndarray) -> np.ndarray:
        """The Hessian times ``columns`` (n, m); (..., n, m)."""
        if self.slopes_times is not None and columns.shape[1]:
            return self.slopes_times(x, lam, np.vstack([columns, np.zeros(columns.shape[1])]))
        return np.asarray(self.hessian(x, lam), float) @ columns

    def _slopes(self, x, lam) -> np.ndarray:
        if self.slopes_times is not None:
            return np.asarray(self.slopes_times(x, lam, np.eye(self.n + 1)), float)
        matrix = np.empty((*np.shape(lam), self.n, self.n + 1))
        matrix[..., :-1] = self.hessian(x, lam)
        matrix[..., -1] = self.gradient_dlam(x, lam)
        return matrix

    def jacobian_along(self, x, lam, u) -> np.ndarray:
        """Derivative of [dg/dx | dg/dlam] along u."""
        if self.hessian_along is not None:
            return self.hessian_along(x, lam, u)
        return self._difference(self._slopes, x, lam, u)

    def _difference(self, function, x, lam, u):
        """Derivative of a function of (x, lam) along u, by differences inside the limits.

        To one side alone near an end of the limits, or of where the function is defined.
        """
        h = 1e-4 / np.maximum(np.abs(u / self.scales(lam)).max(axis=-1, keepdims=True), 1e-300)
        move, over = h * u, 2 * h[..., None]

        def at(share):
            return function(x + share * move[..., :-1], lam + share * move[..., -1])

        def to_both_sides():
            near, far = ((at(s) - at(-s)) / (s * over) for s in (1, 2))
            return (4 * near - far) / 3

        def to_one_side(side):
            return (4 * at(side) - at(2 * side) - 3 * at(0)) / (side * over)

        def inside(share):
            low, high = self.limits
            end = lam + share * move[..., -1]
            return np.all((end >= low) & (end <= high))

        ways = [to_both_sides] if inside(2) and inside(-2) else []
        if not np.ndim(lam):
            ways += [partial(to_one_side, side) for side in (0.1, -0.1) if inside(2 * side)]
        for way in ways:
            with np.errstate(all="ignore"), suppress(*NOWHERE):
                found = way()
                if np.isfinite(found).all():
                    return found
        if np.ndim(lam):
            return np.stack(
                [self._difference(function, *one) for one in zip(x, lam, u, strict=True)]
            )
        raise NotDefinedError("A function of the problem is not defined to both sides of a point.")

    def kinked(self, x, lam, u) -> bool:
        """No: plain functions are taken to be smooth."""
        return False

    def second_along(self, x, lam, u) -> np.ndarray:
        """Half of d²/de² of g along u."""
        return self.mixed_along(x, lam, u, u) / 2

    def mixed_along(self, x, lam, u, v) -> np.ndarray:
        """d²/de df of g along u and v."""
        if self.hessian_along is not None:
            return self.hessian_along(x, lam, u) @ v
        return self._difference(lambda x, lam: self._slopes_on(x, lam, v), x, lam, u)[..., 0]

    def _slopes_on(self, x, lam, u) -> np.ndarray:
        """[hessian | gradient_dlam] times u, as a column."""
        if self.slopes_times is not None:
            return self.slopes_times(x, lam, u[:, None])
        return self._slopes(x, lam) @ u[:, None]

    def third_along(self, x, lam, u) -> np.ndarray:
        """d³/de³ of g along u, from differences of the Hessian's directional derivative.

        Extrapolated, so that a quintic does not pass for a small cubic.
        """
        h = 1e-3 / max(np.abs(u / self.scales(lam)).max(), 1e-300)
        values = {
            s: self._slopes_on(x + s * h * u[:-1], lam + s * h * u[-1], u)[..., 0]
            for s in (-2, -1, 0, 1, 2)
        }
        near, far = (values[s] - 2 * values[0] + values[-s] for s in (1, 2))
        return (4 * near - far / 4) / (3 * h**2)

    def weights(self, lam) -> np.ndarray:
        """One for each coordinate."""
        return self._ones[1:] if np.ndim(lam) == 0 else np.ones((*np.shape(lam), self.n))

    def scales(self, lam) -> np.ndarray:
        """The units."""
        return self.chart(lam).units

    @cached_property
    def _ones(self) -> np.ndarray:
        return np.ones(self.n + 1)

    def chart(self, lam) -> FlatChart:
        """The unknowns over their units."""
        return self._chart

    @cached_property
    def _chart(self) -> FlatChart:
        return FlatChart(self._ones if self.units is None else np.asarray(self.units, dtype=float))

    def parameters(self, lam: float) -> dict[str, float]:
        """The parameters by their names."""
        return {**self.fixed, self.parameter: float(lam)}

    least_lam = -np.inf  # nothing is known of where the functions are defined

    def sizes(self, lam: float) -> dict[str, float]:
        """Sizes that must be whole; none."""
        return {}

    def where_fixed(self, component: Component) -> "tuple[PlainProblem, np.ndarray] | None":
        """A problem that fixes a vector of ``component``; none is known."""

    def reason_of(self, component: Component, x, lam, kernel: np.ndarray) -> str:
        """What zeros of a block come of; functions do not say."""
        return ""

    @property
    def coordinate_names(self) -> list[str]:
        """Names of the entries of a full state."""
        return [f"x{i}" for i in range(len(self.full_state(np.zeros(self.n))))]

    def full_state(self, x: np.ndarray) -> np.ndarray:
        """The states behind the unknowns, (..., n): themselves."""
        return x

    def losses(self, x, lam) -> np.ndarray:
        """The loss at a batch of points."""
        if self.loss is None:
            return np.full(len(lam), np.nan)
        return np.array([self.loss(xi, li) for xi, li in zip(x, lam, strict=True)])

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """The component t; those of ``blocks_of`` come with the blocks."""
        return (Component.on("t", self.n),)

    def blocks(self, x, lam, components=None) -> dict[Component, Block]:
        """The block of every component at one point or a batch of points."""
        if np.ndim(lam) and (self.blocks_of is not None or not self.batched):
            each = [self.blocks(xi, li, components) for xi, li in zip(x, lam, strict=True)]
            return {
                c: replace(
                    block,
                    matrix=np.stack([b[c].matrix for b in each]),
                    weights=np.stack([b[c].weights for b in each]),
                )
                for c, block in each[0].items()
            }
        matrices = {self.components[0]: np.asarray(self.hessian(x, lam), float)}
        if self.blocks_of is not None:
            matrices |= self.blocks_of(x, lam)
        return {
            c: Block(np.asarray(m), np.ones(np.shape(m)[:-1]), zeros=self.neutrals.zeros.get(c, 0))
            for c, m in matrices.items()
            if components is None or c in components
        }

    def blocks_along(self, x, lam, u, components=None) -> dict[Component, np.ndarray]:
        """Derivative of each block along u, by central differences but for t."""
        if np.ndim(lam) and (self.blocks_of is not None or not self.batched):
            each = [self.blocks_along(*args, components) for args in zip(x, lam, u, strict=True)]
            return {c: np.stack([one[c] for one in each]) for c in each[0]}
        change = {self.components[0]: self.jacobian_along(x, lam, u)[..., :-1]}
        if self.blocks_of is not None:
            names = list(self.blocks_of(x, lam))
            change |= {
                c: self._difference(lambda *at, c=c: self.blocks_of(*at)[c], x, lam, u)
                for c in names
            }
        return {c: m for c, m in change.items() if components is None or c in components}

    def blocks_and_changes(self, x, lam, u, components=None):
        """:meth:`blocks` and :meth:`blocks_along`."""
        return self.blocks(x, lam, components), self.blocks_along(x, lam, u, components)

    def jacobian_and_block(self, x, lam, component: Component):
        """:meth:`jacobian`, a block and its derivatives in (x, lam)."""
        block = self.blocks(x, lam, [component])[component]
        changes = [self.blocks_along(x, lam, u, [component])[component] for u in np.eye(self.n + 1)]
        return *self.jacobian(x, lam), block, np.stack(changes)
