"""The loss of a network in the coordinates of a fixed-point space, with its derivatives.

One evaluator for all numbers: constants come from the line (:class:`~bifurc.loss.line.OnLine`),
and rows, sums and derivatives of them take whatever numpy's operations take.
"""

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.loss import gauge, reduced
from bifurc.loss.isotypic import coefficients
from bifurc.loss.kernels import PARALLEL
from bifurc.loss.line import OnLine
from bifurc.loss.neutral import (
    equal_norms,
    norm_exchanges,
    shared_classes,
)
from bifurc.loss.running import RunningKernel
from bifurc.loss.series import ahead, beside, direction, parts
from bifurc.loss.sphere import Sphere
from bifurc.loss.spring import Spring
from bifurc.loss.value import LossSums, losses
from bifurc.spectra import Neutrals, held
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import OUTPUT

SIDES = 1e-8  # relative: by less, second derivatives on both sides differ by rounding
TINY = 1e-24  # squared norm of a row that counts as zero


class Evaluator(OnLine):
    """L, its gradient and their derivatives on a fixed-point space; no isotypic blocks yet.

    The state is the vector of coordinates xi of the structure and ``lam`` the
    parameter; every function takes leading batch axes.
    """

    kernel: Any
    kernel_parameters: dict[str, Any]
    pinned: bool
    neutrals: Neutrals
    components: Any

    @cached_property
    def _inward(self) -> np.ndarray:
        return self.layout.basis.reshape(self.n, -1)

    def rows(self, x, lam) -> reduced.Rows:
        """All rows at ``x``; an axis of length 1 stands where directions go."""
        if isinstance(lam, np.ndarray | np.generic) or not hasattr(lam, "shape"):
            lam = numbers(lam)
        each = lam[..., None, None]
        fixed, moving = self._teacher[0], self._teacher[1]
        flat = (x if len(x.shape) > 1 else x[None]) @ self._inward
        entries = flat.reshape(*x.shape[:-1], 1, *fixed.shape) + fixed
        if self._teacher_moves:
            entries = entries + each[..., None] * moving
        return reduced.Rows(
            self.running.at(lam),
            entries,
            self._row_sizes[0] + each * self._row_sizes[1],
            self._inner_columns[0] + each * self._inner_columns[1],
            self.layout.frame,
            self._spring_at(each[..., None]),
            None if self._signs is None else self._signs[0] + each * self._signs[1],
        )

    def _spring_at(self, each) -> Spring | None:
        if self._spring is None:
            return None
        (mu, more), (c, moved) = self._spring
        return Spring(mu + each * more, c + each * moved, more, moved)

    @property
    def exchanges(self) -> bool:
        """Whether parallel neurons exchange norm freely."""
        return not self.structure.decay.terms and self._says("homogeneous")

    @property
    def rescales(self) -> bool:
        """Whether neurons are rescaled freely against their output weights, in a gauge."""
        return bool(self.structure.trained) and self.exchanges

    def _says(self, what: str) -> bool:
        """What the kernel that is used says of itself."""
        return getattr(self.kernel.biased if self.structure.bias else self.kernel, what, False)

    def loss(self, x, lam):
        """L at ``x``; shape (...)."""
        return reduced.loss(self.rows(x, lam))[..., 0]

    def losses(self, x, lam) -> np.ndarray:
        """L of the critical points that ``x`` (..., n) rounds, to nine digits; nan if lost."""
        return losses(self, np.asarray(x, dtype=float), numbers(lam))

    @cached_property
    def _sums(self) -> LossSums:
        return LossSums(self.layout)

    def gradient(self, x, lam):
        """Entries g_a of the full gradient, shape (..., n)."""
        rows = self.rows(x, lam)
        g = self.gradient_of(rows)
        return g if self._sphere is None else self._sphere.gradient(rows, numbers(lam), g)

    @cached_property
    def _sphere(self) -> Sphere | None:
        return Sphere(self) if self.structure.confined else None

    def jacobian(self, x, lam, checked: bool = True):
        """(g, [dg/dx | dg/dlam]), shapes (..., n) and (..., n, n + 1).

        Raises
        ------
        NotDefinedError, ZeroRowError
            See :meth:`check`; not unless ``checked``.
        """
        rows = self.rows(x, lam)
        if checked:
            self.check(rows, lam)
        jacobian, g = self.jacobian_of(rows, lam), self.gradient_of(rows)
        if self.pinned:
            for members in shared_classes(rows, self.layout):
                g = g + x - equal_norms(rows, self.layout, x, members)
            jacobian[..., :-1] += self._pin(rows, lam)
        if self._sphere is not None:
            lift = self._sphere.lift(rows, numbers(lam), g, jacobian)
            g, jacobian = self._on_sphere(rows, numbers(lam), lift)
        if self.rescales:
            g, jacobian = gauge.held(self, rows, x, lam, g, jacobian)
        if self.neutrals.own:
            at = lambda i, u: self.jacobian_along(x[i], np.asarray(lam)[i], u)  # noqa: E731
            jacobian = held(jacobian, self.weights(lam), self.neutrals, at)
        return g, jacobian

    def kernel_at(self, lam: float) -> Any:
        """The kernel with its parameters at one value of ``lam``."""
        values = dict(
            zip(
                self.kernel_parameters,
                self.running.line[0] + lam * self.running.line[1],
                strict=True,
            )
        )
        return replace(self.kernel, **values) if values else self.kernel

    @cached_property
    def running(self) -> RunningKernel:
        values = [self.read(Polynomial.of(value), 1) for value in self.kernel_parameters.values()]
        line = np.array(values).reshape(-1, 2).T
        if OUTPUT in self.structure.bias and (line[1] != 0).any():
            raise ValueError(
                "A kernel parameter cannot run beside a trained bias of the output; let another "
                "parameter run."
            )
        return self.arithmetic.running(self, tuple(self.kernel_parameters), line)

    def gradient_of(self, rows):
        return coefficients(reduced.gradient(rows), self.layout.outward)[..., 0, :]

    def _pin(self, rows, lam):
        """The projector on the norm exchanges of parallel neurons, where g has no part.

        It is the derivative of x less its representative with equal norms,
        which is added to g: of a continuum of critical points one is left.
        """
        neutral = norm_exchanges(rows, self.layout, self.components[0], self.layout.outward)
        if neutral is None:
            return 0.0
        weights = self.weights(lam)
        root = np.sqrt(np.where(weights > 0.0, weights, 1.0))[..., None]
        basis = np.linalg.qr(neutral * root)[0]
        return (basis / root) @ (basis * root).swapaxes(-1, -2)

    def jacobian_of(self, rows, lam):
        value = first = None
        if self.running.moves:
            only_lam = np.append(np.zeros(self.n), 1.0)[:, None, None, None]
            first = [only_lam * part for part in self.running.gradient_dlam(rows.arguments, lam)]
            if self.structure.trained:
                value = only_lam * self.running.value_dlam(rows.arguments, lam)
        change = reduced.gradient_change(rows, self._directions, first, value)
        return coefficients(change, self.layout.outward).swapaxes(-1, -2)

    @cached_property
    def _directions(self) -> reduced.Moves:
        """x_1, ..., x_n and lam."""
        along_x = self._inward.reshape(self.n, *self._teacher.shape[1:])
        return reduced.Moves(
            self.layout.frame,
            self.arithmetic.table(np.concatenate([along_x, self._given[1:]])),
            self._row_sizes[1],
            self._inner_columns[1],
            np.append(np.zeros(self.n), 1.0),
            None if self._signs is None else self._signs[1],
        )

    def jacobian_along(self, x, lam, u):
        """Derivative of [dg/dx | dg/dlam] along ``u`` = (dx, dlam); shape (..., n, n + 1)."""
        along = self._along(x, lam, u)
        if self._sphere is None:
            return parts(self.jacobian_of(*along))[1]
        return parts(self._on_sphere(*along, self.lift_at(x, lam))[1])[1]

    def third_along(self, x, lam, u):
        """d³/de³ of g(x + e dx, lam + e dlam) at e = 0, u = (dx, dlam); shape (..., n)."""
        return 6.0 * self._jet(x, lam, u)[3]

    def _jet(self, x, lam, u) -> np.ndarray:
        """The series of g along u to third order; (4, ..., n)."""
        lam_along = direction(lam, u[..., -1], 3)
        rows = self.rows(direction(x, u[..., :-1], 3), lam_along)
        field = self.gradient_of(rows)
        if self._sphere is not None:
            field = self._sphere.field(rows, lam_along, field, self.lift_at(x, lam))
        return field.coefficients

    def lift_at(self, x, lam) -> np.ndarray:
        """What leads back to the sphere, as it is at points."""
        assert self._sphere is not None
        rows, lam = self.rows(x, lam), numbers(lam)
        return self._sphere.lift(rows, lam, self.gradient_of(rows), self.jacobian_of(rows, lam))

    def _on_sphere(self, rows, lam, lift) -> tuple:
        """F and its derivatives [F_x | F_lam], see :mod:`bifurc.loss.sphere`."""
        assert self._sphere is not None
        g, jacobian = self.gradient_of(rows), self.jacobian_of(rows, lam)
        field = self._sphere.field(rows, lam, g, lift)
        H, by_lam = self._sphere.jacobian(rows, lam, g, jacobian, lift)
        return field, beside(H, by_lam)

    def mixed_along(self, x, lam, u, v):
        """d²/de df of g along u and v; shape (n,)."""
        return self.jacobian_along(x, lam, u) @ v

    def second_along(self, x, lam, u):
        """Half of d²/de² of g(x + e dx, lam + e dlam) at e = +0, u = (dx, dlam); shape (..., n).

        One-sided: where rows of student and teacher are parallel, ReLU's g has
        no second derivative, but one along each half-line.
        """
        return self._jet(x, lam, u)[2]

    def kinked(self, x, lam, u) -> bool:
        """Whether parallel rows part along ``u``, so that the sides of g have other jets."""
        if self._says("smooth"):
            return False
        ahead_, back = (self.second_along(x, lam, s * np.asarray(u)) for s in (1.0, -1.0))
        gap = np.abs(ahead_ - back).max()
        return bool(gap > SIDES * (np.abs(ahead_).max() + np.abs(back).max()))

    def _along(self, x, lam, u) -> tuple[reduced.Rows, Any]:
        """Rows and ``lam`` with their first derivative along ``u``."""
        holomorphic = self._says("holomorphic") and not self.running.moves
        move = ahead if holomorphic and self._sizes.dtype == float else direction
        lam = move(lam, u[..., -1])
        return self.rows(move(x, u[..., :-1]), lam), lam

    def check(self, rows: reduced.Rows, lam) -> None:
        """Raise where the loss is not defined or not smooth.

        Raises
        ------
        NotDefinedError
            If a size is below its least value, or a Gram determinant of two
            rows is negative, which can happen at sizes that are not whole.
        ZeroRowError
            If a row is zero and the kernel is not smooth there.
        """
        least, most = self._domain
        lowest, highest = (lam.min(), lam.max()) if np.ndim(lam) else (lam, lam)
        if not (least <= lowest and highest <= most):
            raise NotDefinedError(f"Point set {self._short(lam)!r} has become too small.")
        norms = rows.norms[..., 0, :]
        if self._says("smooth") or (norms > TINY).all():
            c, wide = rows.arguments[2], rows.norms * (1 + PARALLEL)
            if (c * c <= (rows.norms[..., None] * wide[..., None, :])[..., None]).all():
                return
            raise NotDefinedError("The angle between two rows is no real angle.")
        row = np.argwhere(~(norms > TINY))[0][-1]
        names = [b.name for b in self.structure.students]
        names += [f"{b.name} of the teacher" for b in self.structure.teachers]
        raise ZeroRowError(f"Row block {names[row]} is zero; the loss is not smooth there.")


def numbers(value) -> np.ndarray:
    """An array of doubles, or of whatever numbers a complex or object array holds."""
    array = np.asarray(value)
    return array if array.dtype.kind in "cO" else array.astype(float, copy=False)
