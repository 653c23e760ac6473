"""A network on a structure along a line of parameters, as a problem the engine can continue."""

from collections.abc import Mapping
from copy import copy
from functools import cached_property, partial
from typing import Any, Self

import numpy as np

from bifurc.loss import reduced
from bifurc.loss.arithmetic import Arithmetic
from bifurc.loss.evaluator import Evaluator, numbers
from bifurc.loss.isotypic import Vertex, coefficients, pair_block, vertex_block
from bifurc.loss.kernels import parameter_names
from bifurc.loss.layout import dual
from bifurc.loss.line import Line, Reader
from bifurc.loss.line import coefficients as on_line
from bifurc.loss.neutral import (
    norm_exchanges,
    reason_of,
    rescalings,
)
from bifurc.loss.series import Series, parts
from bifurc.spectra import Block, Neutrals
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.split import split
from bifurc.structure.structure import Structure

# what is computed once per line of parameters
_ON_LINE = (
    "_sizes", "_domain", "_row_sizes", "_column_sizes", "_given", "_teacher", "_teacher_moves",
    "_metric", "_directions", "running", "_copy_lengths", "_spring", "_inner_columns", "_sphere",
    "_signs",
)  # fmt: skip
ROUNDING = 1e-14  # of the squared length of a copy, near sizes where it may vanish


class NetworkProblem(Evaluator):
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

    def blocks(self, x, lam, components=None) -> dict[Component, Block]:
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

    def _block(self, component: Component, matrix, rows, lam) -> Block:
        return Block(
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
        lam = lam if isinstance(lam, Series) else numbers(lam)
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
        lam = numbers(lam)[..., None]
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
