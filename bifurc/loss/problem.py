"""A network on a structure along a line of parameters, as a problem the engine can continue."""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Self

import numpy as np

from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.loss import gauge, reduced
from bifurc.loss.arithmetic import Arithmetic
from bifurc.loss.isotypic import Vertex, coefficients, pair_block, vertex_block
from bifurc.loss.kernels import PARALLEL, parameter_names
from bifurc.loss.layout import dual
from bifurc.loss.line import Line, OnLine, Reader
from bifurc.loss.line import coefficients as on_line
from bifurc.loss.neutral import (
    equal_norms,
    norm_exchanges,
    reason_of,
    rescalings,
    shared_classes,
)
from bifurc.loss.running import RunningKernel
from bifurc.loss.series import Series, ahead, beside, direction, parts
from bifurc.loss.sphere import Sphere
from bifurc.loss.value import LossSums, losses
from bifurc.spectra import Block as SpectralBlock
from bifurc.spectra import Neutrals, held
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.split import split
from bifurc.structure.structure import OUTPUT, Structure

# what is computed once per line of parameters
_ON_LINE = (
    "_sizes", "_domain", "_row_sizes", "_column_sizes", "_given", "_teacher", "_teacher_moves",
    "_metric", "_directions", "running", "_copy_lengths", "_spring", "_inner_columns", "_sphere",
)  # fmt: skip
ROUNDING = 1e-14  # of the squared length of a copy, near sizes where it may vanish
SIDES = 1e-8  # relative: by less, second derivatives on both sides differ by rounding
TINY = 1e-24  # squared norm of a row that counts as zero


class NetworkProblem(OnLine):
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

    def __repr__(self) -> str:
        line = ", ".join(f"{name} = {poly}" for name, poly in self.line.items())
        return f"NetworkProblem: {self.structure}; {line}"

    def __init__(
        self,
        structure: Structure,
        kernel: Any,
        line: Mapping[str, Any],
        any_size: bool = False,
        kernel_parameters: Mapping[str, Any] | None = None,
        pinned: bool = False,
    ):
        super().__init__(structure, line, any_size)
        self.kernel, self.pinned, self.neutrals = kernel, pinned, Neutrals()
        self.kernel_parameters = dict(kernel_parameters or {})
        known = parameter_names(kernel)
        if unknown := set(self.kernel_parameters) - set(known):
            raise ValueError(
                f"The kernel has no parameter {', '.join(sorted(unknown))}; it has "
                f"{', '.join(known) or 'none'}."
            )
        in_kernel = [Polynomial.of(value).names for value in self.kernel_parameters.values()]
        if missing := structure.parameters.union(*in_kernel) - set(self.line):
            raise ValueError(f"No value for parameter {', '.join(sorted(missing))}; give one.")
        if structure.bias and not hasattr(kernel, "biased"):
            raise ValueError(
                f"Kernel {kernel!r} has no formulas for neurons with biases; give it a property "
                "`biased`, or use relu, or an activation."
            )

    @property
    def batched(self) -> bool:
        """Whether :meth:`jacobian` takes several points: not along continua."""
        return not self.pinned

    error = 0.0  # derivatives are exact

    def inside(self, window: tuple[float, float]) -> Self:
        """The problem itself: it has no differences that reach beyond a window."""
        return self

    def with_units(self, units: np.ndarray) -> Self:
        """The problem itself, which has lengths of its own."""
        return self

    def on(self, structure: Structure, any_size: bool = False) -> "NetworkProblem":
        """The same kernel and line of parameters on another structure.

        With ``any_size`` sets may be smaller than a point; the formulas hold,
        though nothing stands behind them.
        """
        return NetworkProblem(
            structure, self.kernel, self.line, any_size, self.kernel_parameters, self.pinned
        )

    def with_neutrals(self, neutrals: Neutrals) -> Self:
        """The same problem with these zeros set apart; all else is shared."""
        other = copy(self)
        other.neutrals = neutrals
        return other

    exact: Any = None  # the problem that this one is a copy of, in another arithmetic

    def along(self, line: Line, read: Reader | None = None) -> "NetworkProblem":
        """The same problem on another line of parameters, cheaply made.

        Everything that does not depend on the line is shared, and nothing is checked.
        ``read`` takes coefficients of polynomials from the line, if there is a faster way.
        """
        other = self._with_other_constants()
        other.line = dict(line)
        other.read = read or partial(on_line, self.arithmetic.number, other.line)
        return other

    def in_arithmetic(self, arithmetic: Arithmetic) -> "NetworkProblem":
        """The same problem with constants of other numbers; all else is shared."""
        other = self._with_other_constants()
        other.arithmetic, other.exact = arithmetic, self
        other.read = partial(on_line, arithmetic.number, self.line)
        return other

    def _with_other_constants(self) -> "NetworkProblem":
        self._vertices  # noqa: B018 (made once for all)
        other = copy(self)
        for name in _ON_LINE:
            vars(other).pop(name, None)
        return other

    # -- loss and derivatives inside the fixed-point space -----------------------

    @cached_property
    def _inward(self) -> np.ndarray:
        return self.layout.basis.reshape(self.n, -1)

    def rows(self, x, lam) -> reduced.Rows:
        """All rows at ``x``; an axis of length 1 stands where directions go."""
        if isinstance(lam, np.ndarray | np.generic) or not hasattr(lam, "shape"):
            lam = _numbers(lam)
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
        )

    def _spring_at(self, each) -> "reduced.Spring | None":
        if self._spring is None:
            return None
        (mu, more), (c, moved) = self._spring
        return reduced.Spring(mu + each * more, c + each * moved, more, moved)

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
        return losses(self, np.asarray(x, dtype=float), _numbers(lam))

    @cached_property
    def _sums(self) -> LossSums:
        return LossSums(self.layout)

    def gradient(self, x, lam):
        """Entries g_a of the full gradient, shape (..., n)."""
        rows = self.rows(x, lam)
        g = self.gradient_of(rows)
        return g if self._sphere is None else self._sphere.gradient(rows, _numbers(lam), g)

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
            lift = self._sphere.lift(rows, _numbers(lam), g, jacobian)
            g, jacobian = self._on_sphere(rows, _numbers(lam), lift)
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
        rows, lam = self.rows(x, lam), _numbers(lam)
        return self._sphere.lift(rows, lam, self.gradient_of(rows), self.jacobian_of(rows, lam))

    def _on_sphere(self, rows, lam, lift) -> tuple:
        """F and its derivatives [F_x | F_lam], see :mod:`bifurc.loss.sphere`."""
        assert self._sphere is not None
        g, jacobian = self.gradient_of(rows), self.jacobian_of(rows, lam)
        field = self._sphere.field(rows, lam, g, lift)
        H, by_lam = self._sphere.jacobian(rows, lam, g, jacobian, lift)
        return field, beside(H, by_lam)

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
        if norms.min() > TINY or self._says("smooth"):
            p, q, c, *_ = rows.arguments
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
    def bases(self) -> dict[Component, tuple[np.ndarray, np.ndarray]]:
        bases = {}
        for component in self.components[1:]:
            match component.irrep:
                case "k":
                    continue  # see Layout.breaking
                case "s":
                    basis = self.layout.vertex_basis(component)
                case _:
                    basis = self.layout.pair_basis(component)
            bases[component] = basis, dual(basis)
        return bases

    @cached_property
    def _vertices(self) -> dict[Component, tuple[Vertex, Vertex]]:
        """The basis of each s, and what reads it off."""
        found = {}
        for component in self.components:
            if component.irrep == "s":
                basis, keep = self.bases[component]
                found[component] = Vertex(basis), Vertex(keep.T.reshape(basis.shape))
        return found

    def blocks(self, x, lam, components=None) -> dict[Component, SpectralBlock]:
        """The block of each of ``components`` (default: of all, t included)."""
        rows = self.rows(x, lam)
        return {
            component: self._block(component, self.block_matrix(component, rows, lam), rows, lam)
            for component in components or self.components
        }

    def blocks_along(self, x, lam, u, components=None) -> dict[Component, np.ndarray]:
        """Derivative of each block's matrix along ``u``; shape (..., copies, copies)."""
        along = self._along(x, lam, u)
        return {c: parts(self.block_matrix(c, *along))[1] for c in components or self.components}

    def blocks_and_changes(self, x, lam, u, components=None):
        """:meth:`blocks` and :meth:`blocks_along`, in one evaluation."""
        rows, along = self.rows(x, lam), self._along(x, lam, u)
        blocks, changes = {}, {}
        for c in components or self.components:
            matrix, changes[c] = parts(self.block_matrix(c, *along))
            blocks[c] = self._block(c, matrix, rows, lam)
        return blocks, changes

    def jacobian_and_block(self, x, lam, component: Component, checked: bool = True):
        """:meth:`jacobian`, a block and its derivatives in (x, lam), in one evaluation.

        Returns
        -------
        g : ndarray, shape (n,)
        jacobian : ndarray, shape (n, n + 1)
        block : Block
        changes : ndarray, shape (n + 1, copies, copies)
        """
        rows = self.rows(x, lam)
        if checked:
            self.check(rows, lam)
        along = self._along(x, lam, np.eye(self.n + 1))
        (matrix, *_), changes = parts(self.block_matrix(component, *along))
        block = self._block(component, matrix, rows, lam)
        if self.pinned or self.rescales or self._sphere is not None or self.neutrals.own:
            return *self.jacobian(x, lam, checked), block, changes
        (g, *_), slopes = parts(self.gradient_of(along[0]))
        return g, slopes.T, block, changes

    def _block(self, component: Component, matrix, rows, lam) -> SpectralBlock:
        return SpectralBlock(
            matrix,
            self.copy_weights(component, lam),
            self._neutral(component, rows),
            self.neutrals.zeros.get(component, 0),
            barred=None if self._sphere is None else self._sphere._ways(component, rows),
        )

    def block_matrix(self, component: Component, rows, lam):
        """The matrix of a block, on the sphere if weights are held there."""
        matrix = self._free_matrix(component, rows, lam)
        if self._sphere is None:
            return matrix
        lam = lam if isinstance(lam, Series) else _numbers(lam)
        return self._sphere.confined(component, matrix, rows, lam, self.gradient_of(rows))[0]

    def _free_matrix(self, component: Component, rows, lam):
        if component.irrep == "t":
            return self.jacobian_of(rows, lam)[..., :-1]
        if component.irrep == "k":
            ties, frame = self.layout.breaking, self.layout.frame
            moves, none = ties.basis.reshape(len(ties.basis), *self._teacher.shape[1:]), np.zeros(1)
            still = reduced.Moves(frame, moves, none, none, np.zeros(len(moves)))
            image = coefficients(reduced.gradient_change(rows, still), ties.keep) / ties.lengths
            return image.swapaxes(-1, -2)
        basis, keep = self.bases[component]
        if component.irrep == "s":
            return vertex_block(rows, *self._vertices[component])
        return pair_block(rows, basis, -1.0 if component.irrep == "x" else 1.0, keep)

    def copy_weights(self, component: Component, lam) -> np.ndarray:
        """Squared length of each copy, up to a common factor; shape (..., copies)."""
        if component.irrep == "t":
            return self.weights(lam)
        if component.irrep == "k":
            ties = self.layout.breaking
            counts = [len(self.structure.orbits[a]) for a in ties.orbit]
            return self.weights(lam)[..., ties.orbit] * ties.lengths / counts
        basis, _ = self.bases[component]
        lam = _numbers(lam)[..., None]
        if component.irrep != "s":
            return np.ones((*lam.shape[:-1], len(basis)))
        fixed, by_lam = self._copy_lengths[component]
        lengths = fixed + lam * by_lam
        # one that vanishes at a size such as 6/3 has no entry behind it, nor has its rounding
        return lengths if lengths.dtype == object else lengths * (np.abs(lengths) > ROUNDING)

    def squared_lengths(self, component: Component, lam):
        """:meth:`copy_weights` where ``lam`` may be complex or a series."""
        if component.irrep == "s":
            fixed, by_lam = self._copy_lengths[component]
            return fixed + lam[..., None] * by_lam
        square, slope, constant = self._metric.weight_polynomials
        weights = (lam[..., None] * square + slope) * lam[..., None] + constant
        if component.irrep == "t":
            return weights
        ties = self.layout.breaking
        counts = [len(self.structure.orbits[a]) for a in ties.orbit]
        return weights[..., ties.orbit] * (ties.lengths / counts)

    @cached_property
    def _copy_lengths(self) -> dict[Component, np.ndarray]:
        """Squared lengths of the copies of each s as (constant, slope) in lam; (2, copies)."""
        found = {}
        for component, (basis, _) in self.bases.items():
            if component.irrep == "s":
                constant, spike, other = np.moveaxis(basis, 2, 0)
                rows, columns = self._row_sizes[:, None, :, None], self._column_sizes[:, None, None]
                lengths = columns * constant**2 + rows * other**2
                lengths[0] += spike**2 + 2 * spike * (constant + other)
                found[component] = lengths.sum(axis=(-1, -2))
        return found

    def where_fixed(self, component: Component) -> "tuple[NetworkProblem, np.ndarray] | None":
        """The problem in a fixed-point space that holds a vector of ``component``.

        Returns
        -------
        problem, embedding
            And the matrix that takes states there; None if no split does it.
        """
        ones = {"s": ["1"], "x": ["1", "1"], "y": ["1", "1"], "sxs": ["1"]}.get(component.irrep)
        if ones is None or self.structure.ties:
            return None
        parts = split(self.structure, dict.fromkeys(component.sets, ones)).along(self.line)
        return self.on(parts.structure, any_size=True), parts.embedding

    def basis_of(self, component: Component) -> tuple[np.ndarray, np.ndarray]:
        """The copies of a component as tables of all rows, and what reads off coefficients."""
        if component.irrep == "k":
            ties = self.layout.breaking
            return ties.basis, ties.keep / ties.lengths
        return self.bases.get(component, (self.layout.basis, self.layout.outward))

    def reason_of(self, component: Component, x, lam, kernel: np.ndarray) -> str:
        """What zeros of a block with the eigenvectors ``kernel`` (copies, m) come of, or ""."""
        if component.irrep == "k":
            return ""
        basis, keep = self.basis_of(component)
        root = np.sqrt(np.maximum(self.copy_weights(component, lam), 0.0))
        turns = getattr(self.kernel_at(lam), "rotates", False)
        return reason_of(
            self.rows(x, lam), self.layout, component, basis, keep, root, kernel, turns
        )

    def _neutral(self, component: Component, rows):
        if not self.exchanges or component.irrep not in ("t", "s"):
            return None
        found = self._known_zeros(component, rows).values()
        return np.concatenate(list(found), axis=-1) if found else None

    def _known_zeros(self, component: Component, rows) -> dict[str, np.ndarray]:
        """Directions of zeros by what they come of; each (..., copies, m)."""
        at = rows, self.layout, component, self.basis_of(component)[1]
        found = {"norm exchange": norm_exchanges(*at), "rescaling": rescalings(*at)}
        return {why: directions for why, directions in found.items() if directions is not None}

    def known_zeros(self, component: Component, x, lam) -> dict[str, int]:
        """How many zeros of a block come of what, by the structure alone."""
        if not self.exchanges or component.irrep not in ("t", "s"):
            return {}
        zeros = self._known_zeros(component, self.rows(x, lam))
        return {why: directions.shape[-1] for why, directions in zeros.items()}


def _numbers(value) -> np.ndarray:
    """An array of doubles, or of whatever numbers a complex or object array holds."""
    array = np.asarray(value)
    return array if array.dtype.kind in "cO" else array.astype(float)
