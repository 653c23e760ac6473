"""A structure along a line of parameters, as a problem the engine can continue."""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from bifurc.continuation.problem import Chart
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.loss import reduced
from bifurc.loss.isotypic import flat_product, pair_block, vertex_block
from bifurc.loss.kernels import PARALLEL, parameter_names
from bifurc.loss.layout import Layout, dual
from bifurc.loss.metric import Metric
from bifurc.loss.neutral import equal_norms, norm_exchanges, shared_classes
from bifurc.loss.running import RunningKernel
from bifurc.loss.series import Series, ahead, direction, leading, parts
from bifurc.spectra import Block as SpectralBlock
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import SLACK, Block, Structure

LAM = "lam"
# what is computed once per line of parameters
_ON_LINE = (
    "_sizes", "_row_sizes", "_column_sizes", "_teacher", "_metric", "_directions", "_running",
)  # fmt: skip
TINY = 1e-24  # squared norm of a row that counts as zero


class NetworkProblem:
    """Gradient field of a two-layer network on a fixed-point space.

    The state is the vector of coordinates xi of the structure and ``lam`` the
    parameter; every function takes leading batch axes.

    Parameters
    ----------
    structure : Structure
    kernel : object
        See :mod:`bifurc.loss.kernels`.
    line : mapping from parameter names to numbers or expressions in ``lam``
        Where the parameters go, such as ``{"d": "lam", "k": "lam + 1"}``;
        affine, so that every size is affine in ``lam``.
    kernel_parameters : mapping from the kernel's fields to numbers or expressions
        In the parameters, such as ``{"slope": "a"}``; affine along the line.
    pinned : bool
        Whether critical points form continua along which parallel neurons
        exchange norm: one with equal norms is then asked for.

    Raises
    ------
    ValueError
        If a parameter of the structure is missing or a line is not affine,
        or if the kernel has no such parameter.
    """

    def __init__(
        self,
        structure: Structure,
        kernel: Any,
        line: Mapping[str, Any],
        any_size: bool = False,
        kernel_parameters: Mapping[str, Any] | None = None,
        pinned: bool = False,
    ):
        self.structure, self.kernel, self.any_size = structure, kernel, any_size
        self.pinned = pinned
        self.kernel_parameters = dict(kernel_parameters or {})
        self.line = {name: Polynomial.of(value) for name, value in line.items()}
        for name, poly in self.line.items():
            if poly.degree > 1 or poly.names - {LAM}:
                raise ValueError(f"Parameter {name!r} must be affine along the line, got {poly}.")
        known = parameter_names(kernel)
        if unknown := set(self.kernel_parameters) - set(known):
            raise ValueError(
                f"The kernel has no parameter {', '.join(sorted(unknown))}; it has "
                f"{', '.join(known) or 'none'}."
            )
        in_kernel = [Polynomial.of(value).names for value in self.kernel_parameters.values()]
        if missing := structure.parameters.union(*in_kernel) - set(self.line):
            raise ValueError(f"No value for parameter {', '.join(sorted(missing))}; give one.")
        self.layout = Layout(structure)
        self.n = len(structure.coordinates)

    @property
    def batched(self) -> bool:
        """Whether :meth:`jacobian` takes several points: not along continua."""
        return not self.pinned

    def on(self, structure: Structure, any_size: bool = False) -> "NetworkProblem":
        """The same kernel and line of parameters on another structure.

        With ``any_size`` sets may be smaller than a point; the formulas hold,
        though nothing stands behind them.
        """
        return NetworkProblem(
            structure, self.kernel, self.line, any_size, self.kernel_parameters, self.pinned
        )

    def along(self, line: Mapping[str, Polynomial]) -> "NetworkProblem":
        """The same problem on another line of parameters, cheaply made.

        Everything that does not depend on the line is shared, and nothing is checked.
        """
        other = copy(self)
        other.line = dict(line)
        for name in _ON_LINE:
            vars(other).pop(name, None)
        return other

    # -- where the parameters are ------------------------------------------------

    def parameters(self, lam: float) -> dict[str, float]:
        """Value of every parameter."""
        return {name: poly(lam=lam) for name, poly in self.line.items()}

    @cached_property
    def _sizes(self) -> np.ndarray:
        """Size of each point set as (constant, slope) in lam; shape (sets, 2)."""
        return np.array([self._affine(points.size) for points in self.structure.sets])

    @cached_property
    def _least_sizes(self) -> np.ndarray:
        if self.any_size:
            return np.full(len(self.structure.sets), -np.inf)
        least = [self.structure.least_size(points) for points in self.structure.sets]
        return np.array(least) * (1 - SLACK)

    def _affine(self, poly: Polynomial) -> np.ndarray:
        on_line = poly.substitute(self.line)
        if on_line.degree > 1:
            raise ValueError(f"{poly} is not affine along the line; fix one of its parameters.")
        return np.array([self.number(on_line.terms.get(key, Fraction(0))) for key in ((), (LAM,))])

    def number(self, value: Fraction):
        """An exact coefficient in the arithmetic of this problem; doubles here."""
        return float(value)

    @property
    def least_lam(self) -> float:
        """The smallest ``lam`` at which all growing sets have their least size, or -inf."""
        constant, slope = self._sizes.T
        growing = slope > 0
        least = (self._least_sizes[growing] - constant[growing]) / slope[growing]
        return float(least.max(initial=-np.inf))

    @cached_property
    def _row_sizes(self) -> np.ndarray:
        return self._block_sizes(*self.structure.students, *self.structure.teachers)

    @cached_property
    def _column_sizes(self) -> np.ndarray:
        return self._block_sizes(*self.structure.inputs)

    def _block_sizes(self, *blocks: Block) -> np.ndarray:
        order = {points.name: i for i, points in enumerate(self.structure.sets)}
        return self._sizes[[order[block.points] for block in blocks]].T

    @cached_property
    def _teacher(self) -> np.ndarray:
        """(constant, slope) of beta and sigma in lam; shape (2, 2, rows, columns)."""
        s = self.structure
        teacher = np.zeros((2, 2, self.layout.rows, self.layout.columns), self._sizes.dtype)
        row = {b.name: i for i, b in enumerate(s.teachers, start=len(s.students))}
        column = {b.name: i for i, b in enumerate(s.inputs)}
        blocks = {b.name: b for b in (*s.inputs, *s.teachers)}
        for (r, c), (diagonal, off) in s.teacher.items():
            if s.tied(blocks[r], blocks[c]):
                teacher[:, 0, row[r], column[c]] = self._affine(off)
                teacher[:, 1, row[r], column[c]] = self._affine(diagonal - off)
            else:
                teacher[:, 0, row[r], column[c]] = self._affine(diagonal)
        return teacher

    @cached_property
    def _metric(self) -> Metric:
        on_line = [m.substitute(self.line) for m in self.structure.multiplicities]
        zero = Fraction(0)
        weights = [[self.number(m.terms.get((LAM,) * k, zero)) for m in on_line] for k in (2, 1, 0)]
        students = self._row_sizes[:, : len(self.structure.students)].sum(axis=1)
        return Metric(np.array(weights), self._sizes, students)

    def weights(self, lam) -> np.ndarray:
        """m_a, the number of matrix entries behind each coordinate; shape (..., n)."""
        return self._metric.weights(lam)

    def scales(self, lam) -> np.ndarray:
        """Lengths that count as one in the arclength; shape (..., n + 1)."""
        return self._metric.scales(lam)

    def chart(self, lam: float) -> Chart:
        """Coordinates in which branches are nearly straight near ``lam``."""
        return self._metric.chart(lam)

    # -- loss and derivatives inside the fixed-point space -----------------------

    @cached_property
    def _inward(self) -> np.ndarray:
        return self.layout.basis.reshape(self.n, -1)

    @cached_property
    def _outward(self) -> np.ndarray:
        return dual(self.layout.basis)

    def rows(self, x, lam) -> reduced.Rows:
        """All rows at ``x``; an axis of length 1 stands where directions go."""
        if not isinstance(lam, Series):
            lam = _numbers(lam)
        each = lam[..., None, None]
        fixed, moving = self._teacher
        entries = (x @ self._inward).reshape(*leading(x).shape[:-1], 1, *fixed.shape) + fixed
        if moving.any():
            entries = entries + each[..., None, None] * moving
        return reduced.Rows(
            self._running.at(lam),
            entries[..., 0, :, :],
            entries[..., 1, :, :],
            self._row_sizes[0] + each * self._row_sizes[1],
            self._column_sizes[0] + each * self._column_sizes[1],
            self.layout.signs,
        )

    def loss(self, x, lam):
        """L at ``x``; shape (...)."""
        return reduced.loss(self.rows(x, lam))[..., 0]

    losses = loss  # it takes batches as it is

    def gradient(self, x, lam):
        """Entries g_a of the full gradient, shape (..., n)."""
        return flat_product(reduced.gradient(self.rows(x, lam)), self._outward)[..., 0, :]

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
        jacobian, g = self._jacobian(rows, lam), self._gradient(rows)
        if self.pinned:
            for members in shared_classes(rows, self.layout):
                g = g + x - equal_norms(rows, self.layout, x, members)
            jacobian[..., :-1] += self._pin(rows, lam)
        return g, jacobian

    def kernel_at(self, lam: float) -> Any:
        """The kernel with its parameters at one value of ``lam``."""
        values = dict(
            zip(
                self.kernel_parameters,
                self._running.line[0] + lam * self._running.line[1],
                strict=True,
            )
        )
        return replace(self.kernel, **values) if values else self.kernel

    @cached_property
    def _running(self) -> RunningKernel:
        values = [self._affine(Polynomial.of(value)) for value in self.kernel_parameters.values()]
        line = np.array(values).reshape(-1, 2).T
        return RunningKernel(self.kernel, tuple(self.kernel_parameters), line)

    def _gradient(self, rows):
        return flat_product(reduced.gradient(rows), self._outward)[..., 0, :]

    def _pin(self, rows, lam):
        """The projector on the norm exchanges of parallel neurons, where g has no part.

        It is the derivative of x less its representative with equal norms,
        which is added to g: of a continuum of critical points one is left.
        """
        neutral = self._neutral(self.components[0], rows)
        if neutral is None:
            return 0.0
        weights = self.weights(lam)
        root = np.sqrt(np.where(weights > 0.0, weights, 1.0))[..., None]
        basis = np.linalg.qr(neutral * root)[0]
        return (basis / root) @ (basis * root).swapaxes(-1, -2)

    def _jacobian(self, rows, lam):
        first = None
        if self._running.moves:
            only_lam = np.append(np.zeros(self.n), 1.0)[:, None, None, None]
            first = [only_lam * part for part in self._running.gradient_dlam(rows.arguments, lam)]
        change = reduced.gradient_change(rows, *self._directions, first)
        return flat_product(change, self._outward).swapaxes(-1, -2)

    @cached_property
    def _directions(self) -> tuple[np.ndarray, ...]:
        """Changes of (beta, sigma, row sizes, column sizes) along x_1, ..., x_n, lam."""
        moves = np.concatenate([self.layout.basis, self._teacher[1:]])
        only_lam = np.append(np.zeros(self.n), 1.0)[:, None]
        return (
            moves[:, 0],
            moves[:, 1],
            only_lam * self._row_sizes[1],
            only_lam * self._column_sizes[1],
        )

    def jacobian_along(self, x, lam, u):
        """Derivative of [dg/dx | dg/dlam] along ``u`` = (dx, dlam); shape (..., n, n + 1)."""
        return parts(self._jacobian(*self._along(x, lam, u)))[1]

    def third_along(self, x, lam, u):
        """d³/de³ of g(x + e dx, lam + e dlam) at e = 0, u = (dx, dlam); shape (..., n)."""
        rows = self.rows(direction(x, u[..., :-1], 3), direction(lam, u[..., -1], 3))
        return 6.0 * self._gradient(rows).coefficients[3]

    def _along(self, x, lam, u) -> tuple[reduced.Rows, Any]:
        """Rows and ``lam`` with their first derivative along ``u``."""
        holomorphic = getattr(self.kernel, "holomorphic", False) and not self._running.moves
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
        sizes = self._sizes[:, 0] + np.asarray(lam)[..., None] * self._sizes[:, 1]
        if not (sizes >= self._least_sizes).all():
            short = self.structure.sets[int(np.argwhere(~(sizes >= self._least_sizes))[0][-1])]
            raise NotDefinedError(f"Point set {short.name!r} has become too small.")
        norms = rows.norms[..., 0, :]
        if norms.min() > TINY or getattr(self.kernel, "smooth", False):
            p, q, c = rows.arguments
            if (c * c <= p * q * (1 + PARALLEL)).all():
                return
            raise NotDefinedError("The angle between two rows is no real angle.")
        row = np.argwhere(~(norms > TINY))[0][-1]
        names = [b.name for b in self.structure.students]
        names += [f"{b.name} of the teacher" for b in self.structure.teachers]
        raise ZeroRowError(f"Row block {names[row]} is zero; the loss is not smooth there.")

    # -- isotypic blocks ---------------------------------------------------------

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """Isotypic components of the full Hessian, t first."""
        return self.structure.components

    @cached_property
    def _bases(self) -> dict[Component, tuple[np.ndarray, np.ndarray]]:
        bases = {}
        for component in self.components[1:]:
            match component.irrep:
                case "k":
                    basis = self.layout.breaking_basis
                case "s":
                    basis = self.layout.vertex_basis(component)
                case _:
                    basis = self.layout.pair_basis(component)
            bases[component] = basis, dual(basis)
        return bases

    def blocks(self, x, lam, components=None) -> dict[Component, SpectralBlock]:
        """The block of each of ``components`` (default: of all, t included)."""
        rows = self.rows(x, lam)
        return {
            component: SpectralBlock(
                self._matrix(component, rows, lam),
                self._copy_weights(component, lam),
                self._neutral(component, rows),
            )
            for component in components or self.components
        }

    def blocks_along(self, x, lam, u, components=None) -> dict[Component, np.ndarray]:
        """Derivative of each block's matrix along ``u``; shape (..., copies, copies)."""
        along = self._along(x, lam, u)
        return {c: parts(self._matrix(c, *along))[1] for c in components or self.components}

    def blocks_and_changes(self, x, lam, u, components=None):
        """:meth:`blocks` and :meth:`blocks_along`, in one evaluation.

        ``u`` may have an axis of directions more than ``x``, in front.
        """
        rows, along = self.rows(x, lam), self._along(x, lam, u)
        once = (0,) * (np.ndim(u) - np.ndim(x))
        blocks, changes = {}, {}
        for c in components or self.components:
            matrix, changes[c] = parts(self._matrix(c, *along))
            neutral = self._neutral(c, rows)
            blocks[c] = SpectralBlock(matrix[once], self._copy_weights(c, lam), neutral)
        return blocks, changes

    def _matrix(self, component: Component, rows, lam):
        if component.irrep == "t":
            return self._jacobian(rows, lam)[..., :-1]
        basis, keep = self._bases[component]
        if component.irrep == "k":
            still = np.zeros((len(basis), 1))
            change = reduced.gradient_change(rows, basis[:, 0], basis[:, 1], still, still)
            return flat_product(change, keep).swapaxes(-1, -2)
        if component.irrep == "s":
            return vertex_block(rows, basis, keep)
        return pair_block(rows, basis, -1.0 if component.irrep == "x" else 1.0, keep)

    def _copy_weights(self, component: Component, lam) -> np.ndarray:
        """Squared length of each copy, up to a common factor; shape (..., copies)."""
        if component.irrep == "t":
            return self.weights(lam)
        if component.irrep == "k":
            sizes = [len(self.structure.orbits[a]) for a in self.layout.breaking_orbits]
            return self.weights(lam)[..., self.layout.breaking_orbits] / sizes
        basis, _ = self._bases[component]
        lam = _numbers(lam)[..., None]
        if component.irrep != "s":
            return np.ones((*lam.shape[:-1], len(basis)))
        x1, x2, x3 = basis[:, 0], basis[:, 1], basis[:, 2]
        rows = (self._row_sizes[0] + lam * self._row_sizes[1])[..., None, :, None]
        columns = (self._column_sizes[0] + lam * self._column_sizes[1])[..., None, None, :]
        lengths = x1**2 + columns * x2**2 + rows * x3**2 + 2 * x1 * (x2 + x3)
        return lengths.sum(axis=(-1, -2))

    def _neutral(self, component: Component, rows):
        if not getattr(self.kernel, "homogeneous", False) or component.irrep not in ("t", "s"):
            return None
        keep = self._outward if component.irrep == "t" else self._bases[component][1]
        return norm_exchanges(rows, self.layout, component, keep)


def _numbers(value) -> np.ndarray:
    """An array of doubles, or of whatever numbers a complex or object array holds."""
    array = np.asarray(value)
    return array if array.dtype.kind in "cO" else array.astype(float)
