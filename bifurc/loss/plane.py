"""A structure over a plane of two parameters, and the lines through its points.

A network problem lives on a line of parameters. Through a point of the plane
there is one in every direction; derivatives in both parameters come from two
of them, so nothing in the evaluator knows of a second parameter. What varies
over the plane is a table of coefficients, and a line through a point of it
reads its own constants off by one small product.
"""

from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np

from bifurc.loss.line import LAM
from bifurc.loss.neutral import shared_classes
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import Structure

MU = "mu"
ASKEW = (1.0, np.sqrt(2.0) - 1.0)  # what stays as it is along this stays so in all the plane
# what a polynomial of the plane is made of: quadratic ones are the numbers of matrix entries
MONOMIALS = ((), (LAM,), (MU,), (LAM, LAM), (LAM, MU), (MU, MU))


class Plane:
    """Network problems over the plane (lam, mu).

    Parameters
    ----------
    structure : Structure
    kernel : object
    plane : mapping from parameter names to polynomials in ``lam`` and ``mu``
        Every size, entry of the teacher and kernel parameter must be affine on it.
    kernel_parameters, any_size, pinned : optional
        See :class:`~bifurc.loss.problem.NetworkProblem`.

    Raises
    ------
    ValueError
        If something is not affine on the plane.
    """

    def __init__(
        self,
        structure: Structure,
        kernel: Any,
        plane: Mapping[str, Polynomial],
        kernel_parameters: Mapping[str, Any] | None = None,
        any_size: bool = False,
        pinned: bool = False,
    ):
        self.plane = dict(plane)
        self.structure = structure
        line = self._through(0.0, 0.0, ASKEW)
        self._template = NetworkProblem(
            structure, kernel, line, any_size, kernel_parameters, pinned
        )
        self._tables: dict[Polynomial, np.ndarray] = {}  # see _read
        entries = [v for _, _, table in structure.tables for pair in table.values() for v in pair]
        in_kernel = [Polynomial.of(value) for value in (kernel_parameters or {}).values()]
        own = structure.decay, structure.common, *structure.size.values()
        weights = *structure.student_weights.values(), *structure.teacher_weights.values()
        own = *own, structure.sphere, structure.row_norm, *map(Polynomial.of, weights)
        for poly in [*own, *entries, *in_kernel, *self.plane.values()]:
            if poly.substitute(self.plane).degree > 1:
                raise ValueError(f"{poly} is not affine in the two parameters that run.")

    def on(self, structure: Structure) -> "Plane":
        """The same plane and kernel under another structure, at any sizes."""
        of = self._template
        return Plane(structure, of.kernel, self.plane, of.kernel_parameters, True, of.pinned)

    def pinned_at(self, x: np.ndarray, lam: float, mu: float) -> "Plane":
        """The plane to follow a critical point in: pinned if it lies on a continuum."""
        here, of = self.at(lam, mu), self._template
        if not of.exchanges:
            return self
        shared = bool(shared_classes(here.rows(x, 0.0), here.layout))
        return Plane(
            self.structure, of.kernel, self.plane, of.kernel_parameters, of.any_size, shared
        )

    @property
    def components(self):
        """Isotypic components, t first."""
        return self._template.components

    @property
    def layout(self):
        """Where each coordinate and each copy of an irrep sits in the rows."""
        return self._template.layout

    @property
    def n(self) -> int:
        """Number of coordinates."""
        return self._template.n

    def at(self, lam: float, mu: float, towards=(1.0, 0.0)) -> NetworkProblem:
        """The problem on the line through (lam, mu), which is its point 0, in a direction."""
        (a, b), (to_a, to_b) = (lam, mu), towards
        monomials = np.array(  # on the line, by powers of its own parameter
            [
                [1.0, a, b, a * a, a * b, b * b],
                [0.0, to_a, to_b, 2 * a * to_a, a * to_b + b * to_a, 2 * b * to_b],
                [0.0, 0.0, 0.0, to_a * to_a, to_a * to_b, to_b * to_b],
            ]
        )
        read = partial(self._read, monomials)
        return self._template.along(self._through(lam, mu, towards), read)

    def _read(self, monomials: np.ndarray, poly: Polynomial, degree: int) -> np.ndarray:
        """Coefficients of 1, ... lam**degree on a line; that they end there is seen to."""
        if poly not in self._tables:
            terms = poly.substitute(self.plane).terms
            self._tables[poly] = np.array([float(terms.get(key, 0)) for key in MONOMIALS])
        return monomials[: degree + 1] @ self._tables[poly]

    def _through(self, lam, mu, towards) -> dict[str, Polynomial]:
        slopes = self._slopes
        return {
            name: Polynomial(
                {
                    (): poly(lam=lam, mu=mu),
                    (LAM,): towards[0] * slopes[name][0] + towards[1] * slopes[name][1],
                }
            )
            for name, poly in self.plane.items()
        }

    @cached_property
    def _slopes(self) -> dict[str, tuple[float, float]]:
        return {
            name: (poly.derivative(LAM)(lam=0.0, mu=0.0), poly.derivative(MU)(lam=0.0, mu=0.0))
            for name, poly in self.plane.items()
        }

    def parameters(self, lam: float, mu: float) -> dict[str, float]:
        """Value of every parameter."""
        return {name: poly(lam=lam, mu=mu) for name, poly in self.plane.items()}
