"""What is asked of a problem, on one page; there is nothing to inherit.

A walk follows the zeros of a field g(x, lam), n equations in n + 1 unknowns, and asks for
little (:class:`Field`). What happens on the way, what is born there and what is drawn of it
asks for the Hessian as well, by its isotypic blocks (:class:`Problem`): g is then the gradient
of a loss. The package has three: a network on a structure
(:class:`~bifurc.loss.problem.NetworkProblem`), plain functions
(:class:`~bifurc.continuation.problem.PlainProblem`), and these on a fixed space of a group
(:class:`~bifurc.switching.linear.SymmetricProblem`).

Where a problem is ``batched`` functions take leading axes: x of shape (..., n), lam of shape
(...) and u = (dx, dlam) of shape (..., n + 1). Where they are not defined functions raise
:class:`~bifurc.errors.NotDefinedError` or :class:`~bifurc.errors.ZeroRowError`, or give nan.
"""

from collections.abc import Sequence
from typing import Any, Protocol, Self

import numpy as np

from bifurc.spectra import Block, Neutrals
from bifurc.structure.irreps import Component


class Chart(Protocol):
    """Coordinates y of (x, lam), both (..., n + 1), in which branches are nearly straight."""

    def into(self, X: np.ndarray, /) -> np.ndarray:
        """(x, lam) to y."""

    def out(self, y: np.ndarray, /) -> np.ndarray:
        """y to (x, lam)."""

    def lift(self, X: np.ndarray, tangent: np.ndarray, /) -> tuple[np.ndarray, np.ndarray]:
        """(x, lam) and the tangent there, both in y."""

    def factors(self, lam: Any, /) -> tuple[np.ndarray, np.ndarray]:
        """What x is multiplied by in y, and its derivative; both (..., n)."""


class Field(Protocol):
    """A field g(x, lam): all that predicting, correcting and stepping ask for."""

    @property
    def n(self) -> int:
        """Number of unknowns, lam aside."""

    @property
    def batched(self) -> bool:
        """Whether its functions take leading axes; several steps are then corrected at once."""

    @property
    def neutrals(self) -> Neutrals:
        """Zeros of the blocks that persist along its branch."""

    def inside(self, window: tuple[float, float], /) -> Self:
        """The same field, which by itself asks nothing outside a window of lam."""

    def jacobian(self, x: np.ndarray, lam: Any, /) -> tuple[np.ndarray, np.ndarray]:
        """(g, [dg/dx | dg/dlam]); shapes (..., n) and (..., n, n + 1)."""

    def weights(self, lam: Any, /) -> np.ndarray:
        """Positive numbers m with m_i dg_i/dx_j symmetric; (..., n)."""

    def scales(self, lam: Any, /) -> np.ndarray:
        """Lengths of (x, lam) that count as one in the arclength; (..., n + 1)."""

    def chart(self, lam: Any, /) -> Chart:
        """The chart to use near a value of lam."""


class Problem(Field, Protocol):
    """The gradient field of a loss, with the isotypic blocks of the Hessian.

    The first component is t, the block of the Jacobian itself; others are of irreps that break
    the symmetry of the states.
    """

    @property
    def parameter(self) -> str:
        """Name of the parameter that runs."""

    @property
    def coordinate_names(self) -> list[str]:
        """Names of the entries of :meth:`full_state`."""

    @property
    def components(self) -> tuple[Component, ...]:
        """Isotypic components of the Hessian, t first; others may come with the blocks alone."""

    @property
    def error(self) -> float:
        """Relative error of the Hessian, where it is more than that of rounding."""

    @property
    def least_lam(self) -> float:
        """The smallest lam at which it is defined, or -inf."""

    def parameters(self, lam: float, /) -> dict[str, float]:
        """Value of every parameter, by name."""

    def sizes(self, lam: float, /) -> dict[str, float]:
        """Sizes that are whole where there is something behind the state, by name."""

    def full_state(self, x: np.ndarray, /) -> np.ndarray:
        """The states behind the unknowns, whatever fixed space they lie in; (..., entries)."""

    def losses(self, x: np.ndarray, lam: np.ndarray, /) -> np.ndarray:
        """The loss at a batch of points; (points,), nan where it is not known."""

    def jacobian_along(self, x: np.ndarray, lam: Any, u: np.ndarray, /) -> np.ndarray:
        """Derivative of [dg/dx | dg/dlam] along u; (..., n, n + 1)."""

    def third_along(self, x: np.ndarray, lam: Any, u: np.ndarray, /) -> np.ndarray:
        """d³/de³ of g(x + e dx, lam + e dlam) at e = 0; (..., n)."""

    def mixed_along(self, x: np.ndarray, lam: Any, u: np.ndarray, v: np.ndarray, /) -> np.ndarray:
        """d²/de df of g(x + e dx + f dy, lam + e dlam + f dmu), u = (dx, dlam), v = (dy, dmu)."""

    def kinked(self, x: np.ndarray, lam: float, u: np.ndarray, /) -> bool:
        """Whether g is not C² along u at x, so that it has other jets ahead and back."""

    def second_along(self, x: np.ndarray, lam: Any, u: np.ndarray, /) -> np.ndarray:
        """Half of d²/de² of g(x + e dx, lam + e dlam) at e = +0; (..., n)."""

    def blocks(
        self, x: np.ndarray, lam: Any, components: Sequence[Component] | None = None, /
    ) -> dict[Component, Block]:
        """The blocks of some components, by default of all; also at a batch of points."""

    def blocks_along(
        self, x: np.ndarray, lam: Any, u: np.ndarray, components: Any = None, /
    ) -> dict[Component, np.ndarray]:
        """Derivatives of the blocks' matrices along u; each (..., copies, copies)."""

    def blocks_and_changes(
        self, x: np.ndarray, lam: Any, u: np.ndarray, components: Any = None, /
    ) -> tuple[dict[Component, Block], dict[Component, np.ndarray]]:
        """:meth:`blocks` and :meth:`blocks_along`, in one evaluation where that is cheaper."""

    def jacobian_and_block(
        self, x: np.ndarray, lam: float, component: Component, /
    ) -> tuple[np.ndarray, np.ndarray, Block, np.ndarray]:
        """:meth:`jacobian`, one block, and its derivatives in (x, lam), (n + 1, copies, copies)."""

    def with_neutrals(self, neutrals: Neutrals, /) -> Self:
        """The same problem with these zeros set apart."""

    def with_units(self, units: np.ndarray, /) -> Self:
        """The same problem with these lengths as :meth:`scales`; itself if it has its own."""

    def where_fixed(self, component: Component, /) -> "tuple[Problem, np.ndarray] | None":
        """A problem whose fixed space holds a vector of ``component``, None if none is known.

        With the matrix that takes states there.
        """

    def reason_of(
        self, component: Component, x: np.ndarray, lam: float, kernel: np.ndarray, /
    ) -> str:
        """What zeros of a block with eigenvectors ``kernel`` (copies, m) come of; "" if unknown."""
