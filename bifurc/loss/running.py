"""A kernel whose parameters move along a line, with exact derivatives in them."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bifurc.loss.series import Series, lifted


@dataclass(frozen=True, eq=False)
class RunningKernel:
    """A kernel with some of its parameters affine in ``lam``.

    Parameters
    ----------
    kernel : object
    names : tuple of str
        Fields of the kernel.
    line : ndarray, shape (2, parameters)
        Their (constant, slope) in ``lam``.
    biased : bool
        Whether the kernel with biases, of five arguments, is asked for.
    """

    kernel: Any
    names: tuple[str, ...]
    line: np.ndarray
    biased: bool = field(default=False, kw_only=True)

    @property
    def moves(self) -> bool:
        """Whether any parameter depends on ``lam``."""
        return bool(self.line[1].any())

    def at(self, lam):
        """The kernel at ``lam``, an array or a series that leads the axes of its arguments."""
        made = self._at(lam) if self.names else self.kernel
        return made.biased if self.biased else made

    def _at(self, lam):
        if self.moves:
            lam = lam[..., None, None, None, None]
            values = [constant + slope * lam for constant, slope in self.line.T]
        else:
            values = self.line[0].tolist()
        return replace(self.kernel, **dict(zip(self.names, values, strict=True)))

    def gradient_dlam(self, arguments, lam):
        """Derivative of (f_p, f_c) in ``lam`` at fixed arguments."""
        return self._dlam(lambda kernel, at: kernel.gradient(*at), arguments, lam)

    def value_dlam(self, arguments, lam):
        """Derivative of f in ``lam`` at fixed arguments."""
        return self._dlam(lambda kernel, at: [kernel.value(*at)], arguments, lam)[0]

    def _dlam(self, formulas, arguments, lam) -> list:
        """Derivatives in ``lam`` of what ``formulas`` (kernel, arguments) are.

        Arguments and ``lam`` may be series of one order already. The
        derivative is then what is odd in a further step of ``lam`` alone,
        one order up.
        """
        order = lam.order + 1 if isinstance(lam, Series) else 1
        arguments = [lifted(value, order) for value in arguments]
        step = np.eye(order + 1)[1]
        sides = [
            formulas(self.at(lifted(lam, order) + Series(sign * step)), arguments)
            for sign in (1.0, -1.0)
        ]
        odd = [
            (lifted(ahead, order) - lifted(behind, order)).coefficients[1:] / 2
            for ahead, behind in zip(*sides, strict=True)
        ]
        return [Series(part) if isinstance(lam, Series) else part[0] for part in odd]
