"""A structure over a plane of two parameters, and the lines through its points.

A network problem lives on a line of parameters. Through a point of the plane
there is one in every direction; derivatives in both parameters come from two
of them, so nothing in the evaluator knows of a second parameter.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from bifurc.loss.line import LAM
from bifurc.loss.neutral import shared_classes
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import Structure

MU = "mu"


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
        line = self._through(0.0, 0.0, (1.0, 0.0))
        self._template = NetworkProblem(
            structure, kernel, line, any_size, kernel_parameters, pinned
        )
        entries = [value for pair in structure.teacher.values() for value in pair]
        in_kernel = [Polynomial.of(value) for value in (kernel_parameters or {}).values()]
        for poly in [*structure.size.values(), *entries, *in_kernel, *self.plane.values()]:
            if poly.substitute(self.plane).degree > 1:
                raise ValueError(f"{poly} is not affine in the two parameters that run.")

    def on(self, structure: Structure) -> "Plane":
        """The same plane and kernel under another structure, at any sizes."""
        of = self._template
        return Plane(structure, of.kernel, self.plane, of.kernel_parameters, True, of.pinned)

    def pinned_at(self, x: np.ndarray, lam: float, mu: float) -> "Plane":
        """The plane to follow a critical point in: pinned if it lies on a continuum."""
        here, of = self.at(lam, mu), self._template
        if not getattr(of.kernel, "homogeneous", False):
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
    def n(self) -> int:
        """Number of coordinates."""
        return self._template.n

    def at(self, lam: float, mu: float, towards=(1.0, 0.0)) -> NetworkProblem:
        """The problem on the line through (lam, mu), which is its point 0, in a direction."""
        return self._template.along(self._through(lam, mu, towards))

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

    @cached_property
    def _shares(self) -> np.ndarray:
        """Coefficients of 1, lam, mu, lam², lam mu, mu² in m_a and, last, the number of rows."""
        s = self.structure
        rows = sum((s.size[block.points] for block in s.students), start=Polynomial.of(0))
        keys = [(), (LAM,), (MU,), (LAM, LAM), (LAM, MU), (MU, MU)]
        on_plane = [poly.substitute(self.plane) for poly in (*s.multiplicities, rows)]
        return np.array([[float(poly.terms.get(key, 0)) for key in keys] for poly in on_plane])

    def lengths(self, lam: float, mu: float) -> tuple[np.ndarray, np.ndarray]:
        """sqrt(m_a / rows), by which coordinates are measured, and its logarithmic slopes.

        Shapes (n,) and (2, n). Entries behind less than one row count as one.
        """
        powers = np.array(
            [
                [1.0, lam, mu, lam * lam, lam * mu, mu * mu],
                [0.0, 1.0, 0.0, 2 * lam, mu, 0.0],
                [0.0, 0.0, 1.0, 0.0, lam, 2 * mu],
            ]
        )
        value, *slopes = powers @ self._shares.T
        small = value < 1.0
        small[-1] = False
        value = np.where(small, 1.0, value)
        relative = np.where(small, 0.0, np.array(slopes) / value)
        return np.sqrt(value[:-1] / value[-1]), (relative[:, :-1] - relative[:, -1:]) / 2
