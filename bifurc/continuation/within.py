"""A problem that is asked inside its window only.

A loss may end where the window ends, so nothing is evaluated beyond it: a
guess or an iterate there is refused before anyone is asked. Functions of
others may also give nan, or raise what arithmetic raises, where they are not
defined; here that gets one name.
"""

import math
from typing import TypeVar, cast

import numpy as np

from bifurc.errors import LeftWindowError, MistakenError, NotDefinedError
from bifurc.protocol import Field

ALL = (-np.inf, np.inf)
NOWHERE = (ValueError, ArithmeticError)  # what math and numpy raise outside a domain


Asked = TypeVar("Asked", bound=Field)


def within(problem: Asked, window: tuple[float, float]) -> Asked:
    """``problem``, asked for ``lam`` in a window alone."""
    return cast(Asked, Within(problem.inside(window), window))


def edge(window: tuple[float, float], lam: float) -> float:
    """The end of the window that is nearer to ``lam``."""
    low, high = window
    return low if abs(lam - low) < abs(lam - high) else high


class Within:
    """The problem but for its functions, which are asked inside the window."""

    def __init__(self, problem, window: tuple[float, float]):
        self.problem, self.window = problem, window
        # asked for all the time
        self.chart, self.scales, self.weights = problem.chart, problem.scales, problem.weights
        self.batched = problem.batched

    def __getattr__(self, name):
        return getattr(self.__dict__["problem"], name)

    def with_neutrals(self, neutrals) -> "Within":
        """The same with these zeros set apart."""
        return Within(self.problem.with_neutrals(neutrals), self.window)

    def jacobian(self, x, lam):
        """That of the problem, finite.

        Raises
        ------
        LeftWindowError
            If ``lam`` is outside the window.
        NotDefinedError
            If the problem says so, gives what is not finite, or fails as arithmetic does.
        """
        return self._asked(self.problem.jacobian, x, lam)

    def jacobian_along(self, x, lam, u):
        """As :meth:`jacobian`."""
        return self._asked(self.problem.jacobian_along, x, lam, u)

    def jacobian_and_block(self, x, lam, component, **how):
        """As :meth:`jacobian`."""
        return self._asked(self.problem.jacobian_and_block, x, lam, component, **how)

    def blocks_and_changes(self, x, lam, u, components=None):
        """As :meth:`jacobian`."""
        return self._asked(self.problem.blocks_and_changes, x, lam, u, components)

    def _asked(self, function, x, lam, *more, **how):
        low, high = self.window
        asked = lam.tolist() if np.ndim(lam) else [lam]
        if not (low <= min(asked) and max(asked) <= high):
            raise LeftWindowError(f"The window ends at {low:.10g} and {high:.10g}.")
        try:
            with np.errstate(all="ignore"):
                found = function(x, lam, *more, **how)
                first = found[0] if isinstance(found, tuple) else found
                parts = [b.matrix for b in first.values()] if isinstance(first, dict) else [first]
                finite = all(math.isfinite(np.add.reduce(a, None)) for a in parts)
                finite = finite or all(np.isfinite(a).all() for a in parts)
        except (np.linalg.LinAlgError, MistakenError):
            raise
        except NOWHERE as error:
            raise _named(error) from error
        if not finite:
            raise NotDefinedError("A function of the problem is not finite there.")
        return found


def _named(error: Exception) -> Exception:
    """The error itself if it has a name of its own, else that of a domain that ended."""
    own = isinstance(error, ArithmeticError) and type(error).__module__ == "bifurc.errors"
    return error if own else NotDefinedError(str(error))
