"""Codimension-two points: what happens along a locus, found and located.

Between neighbouring points of a locus four things are compared: the sign of
every other eigenvalue (two irreps cross at once), the way either parameter
runs (two events of a one-parameter family meet), and the sign of the
quadratic coefficient of the normal form (transcritical becomes pitchfork; a
cusp on a locus of folds). The first is located by Newton with both
eigenvalues zero, the others by a bracketed root along the locus.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bifurc.continuation.options import Options
from bifurc.continuation.point import Point
from bifurc.continuation.step import Step
from bifurc.errors import NotDefinedError, ZeroRowError
from bifurc.loci.problem import LocusProblem
from bifurc.spectra import Block
from bifurc.structure.irreps import Component
from bifurc.structure.split import split

# the smallest split under which a vector of the irrep is fixed, where it has a quadratic term
SPLITS = {"s": [1], "y": [2], "sxs": [1]}
NOISE = 1e-7  # a relative quadratic coefficient below this is zero for a reason of symmetry


@dataclass(frozen=True, eq=False)
class Special:
    """A located codimension-two point of a locus."""

    kind: str  # two irreps, fold, cusp, no quadratic term
    about: str  # a sentence
    parameters: dict[str, float]
    X: np.ndarray  # (n + 1,), unknowns of the locus problem
    x: np.ndarray  # (n,), the state
    component: Component | None  # the other irrep, where two cross
    formal: bool  # an irrep in it does not exist at these sizes
    position: float  # number of the point before it, plus the share of the step

    def __str__(self) -> str:
        where = ", ".join(f"{name} = {value:.10g}" for name, value in self.parameters.items())
        return f"{self.kind} at {where}: {self.about}{' (formal)' if self.formal else ''}"


def newton(problem: LocusProblem, X: np.ndarray, condition: Callable, iterations: int = 20):
    """Newton on the locus together with one more condition (problem, X) -> (value, gradient).

    Returns
    -------
    ndarray, shape (n + 1,), or None if it does not converge
    """
    scales, last = problem.scales(X[-1]), np.inf
    for _ in range(iterations):
        try:
            with np.errstate(all="ignore"):  # what leaves the domain does not converge
                g, jacobian = problem.jacobian(X[:-1], X[-1], checked=False)
            value, row = condition(problem, X)
            step = np.linalg.solve(np.vstack([jacobian, row]), -np.append(g, value))
        except (NotDefinedError, ZeroRowError, np.linalg.LinAlgError):
            return None
        size = float(np.linalg.norm(step / scales))
        if not np.isfinite(size):
            return None
        X = X + step * min(1.0, 0.3 / max(size, 1e-300))
        if size < 1e-13 or (size < 1e-9 and size >= last / 2):
            return X
        last = size
    return None


def eigenvalue_zero(component: Component) -> Callable:
    """Condition that the eigenvalue of another block nearest to zero vanishes."""

    def condition(problem, X):
        here = problem.place(X)
        value, slope = here.vanishing(component)
        return value, problem.in_unknowns(here, slope)

    return condition


def specials(problem: LocusProblem, points: list[Point], names: tuple[str, str]) -> list[Special]:
    """All codimension-two points between the points of a locus, in order."""
    if len(points) < 2:
        return []
    search = Search(problem, points, names)
    found = [*search.crossings(), *search.folds(), *search.quadratic_zeros()]
    return sorted(found, key=lambda special: special.position)


class Search:
    """The comparisons along one locus."""

    def __init__(self, problem: LocusProblem, points: list[Point], names: tuple[str, str]):
        self.problem, self.points, self.names = problem, points, names
        self.form = quadratic_form(problem)

    @cached_property
    def places(self):
        """Every point as a point of the branch."""
        return [self.problem.place(point.X) for point in self.points]

    def crossings(self):
        """Where an eigenvalue of another block vanishes as well."""
        for component in self.problem.plane.components:
            if component == self.problem.component:
                continue
            values = [here.eigen(component).values for here in self.places]
            known = np.full(self.problem.n + 1, np.inf)  # a pair that is not real shows twice
            for i, (a, b) in enumerate(zip(values, values[1:], strict=False)):
                if len(a) != len(b):  # at an end a set has few points and a copy has no length
                    inside = (self._guess(i, share) for share in (1e-4, 1 - 1e-4))
                    a, b = (self.problem.place(X).eigen(component).values for X in inside)
                if len(a) != len(b):  # rows have become parallel: a neutral direction more
                    continue
                for j in np.flatnonzero((a < 0) != (b < 0)):
                    share = float(a[j] / (a[j] - b[j]))
                    X = self._both_zero(component, i, j, share)
                    if X is not None and np.abs(X - known).max() > 1e-8:
                        known = X
                        about = f"{self.problem.component.label} and {component.label} at once"
                        yield self._special("two irreps", about, X, i + share, component)

    def _both_zero(self, component: Component, i: int, j: int, share: float):
        """The point of step ``i`` where eigenvalue ``j`` of another block vanishes as well."""
        X = newton(self.problem, self._guess(i, share), eigenvalue_zero(component))
        if X is not None and self._on_step(i, X):
            return X
        found = self._root(i, lambda at: self.problem.place(at.X).eigen(component).values[j])
        return None if found is None else found[0].X

    def folds(self):
        """Where the locus turns round in one of the parameters."""
        for place, name in ((-1, self.names[1]), (-2, self.names[0])):
            slopes = [point.tangent[place] for point in self.points]
            for i in _changes(slopes):
                if found := self._root(i, lambda point, place=place: point.tangent[place]):
                    point, share = found
                    about = f"the locus turns round in {name}"
                    yield self._special("fold", about, point.X, i + share)

    def quadratic_zeros(self):
        """Where the quadratic coefficient of the normal form vanishes."""
        if self.form is None:
            return
        values, reference = [], None
        kernels = []
        for point in self.points:
            value, reference = self.form(point.X, reference)
            values.append(value)
            kernels.append(reference)
        fold = self.problem.component.irrep == "t"
        kind = "cusp" if fold else "no quadratic term"
        about = "two folds meet" if fold else "transcritical becomes a pitchfork"
        for i in _changes(values):
            if min(abs(values[i]), abs(values[i + 1])) < NOISE:
                continue
            if found := self._root(i, lambda point, i=i: self.form(point.X, kernels[i])[0]):
                point, share = found
                yield self._special(kind, about, point.X, i + share)

    # -- between two points ------------------------------------------------------

    def _step(self, i: int) -> Step:
        return Step(self.problem, self.points[i], self.points[i + 1])

    def _guess(self, i: int, share: float) -> np.ndarray:
        return self._step(i).guess(share)

    def _on_step(self, i: int, X: np.ndarray) -> bool:
        step = self._step(i)
        return -1e-6 <= step.share(X) <= 1 + 1e-6 and step.beside(X) <= 0.1 * step.length + 1e-9

    def _root(self, i: int, function: Callable) -> tuple[Point, float] | None:
        """The point of step ``i`` at which a function of points that changes sign is zero."""
        from scipy.optimize import brentq

        step = self._step(i)

        def corrected(share: float) -> Point:
            if share in (0.0, 1.0):
                return step.other if share else step.one
            point = step.corrected(share, Options())
            if point is None:
                raise ArithmeticError("The locus was lost between two of its points.")
            return point

        try:
            share = brentq(lambda s: function(corrected(s)), 0.0, 1.0, xtol=1e-15, rtol=1e-14)
        except ArithmeticError:
            return None
        return corrected(share), float(share)

    def _special(self, kind, about, X, position, component=None) -> Special:
        here = self.problem.place(X)
        parameters = self.problem.plane.parameters(here.lam, here.mu)
        both = [c for c in (self.problem.component, component) if c is not None]
        formal = not all(c.exists(parameters) for c in both)
        return Special(kind, about, parameters, X, here.x, component, formal, position)


def _changes(values) -> np.ndarray:
    """Steps on which a list of numbers changes sign."""
    signs = np.sign(values)
    return np.flatnonzero(signs[:-1] * signs[1:] < 0)


def quadratic_form(problem: LocusProblem) -> Callable | None:
    """The relative quadratic coefficient of the normal form along a locus.

    Returns a function (X, reference) -> (coefficient, kernel) whose sign goes
    with the kernel vector's, turned to the side of ``reference``; None for an
    irrep that has no quadratic invariant.
    """
    component, plane = problem.component, problem.plane
    if component.irrep == "t":
        embedding, child = np.eye(plane.n), plane
    elif component.irrep in SPLITS:
        pieces = split(plane.structure, dict.fromkeys(component.sets, SPLITS[component.irrep]))
        embedding, child = pieces.embedding, plane.on(pieces.structure)
    else:
        return None
    inside = embedding @ np.linalg.pinv(embedding)

    def form(X, reference):
        here = problem.place(X)
        on_child = child.at(here.lam, here.mu)
        x = embedding @ here.x
        _, jacobian = on_child.jacobian(x, 0.0, checked=False)
        eigen = Block(jacobian[:, :-1], on_child.weights(0.0)).eigen()
        size = np.abs(eigen.values)
        if component.irrep != "t":  # not the directions that keep the symmetry
            kept = np.linalg.norm(inside @ eigen.right, axis=0)
            size = np.where(kept > 0.5 * np.linalg.norm(eigen.right, axis=0), np.inf, size)
        chosen = int(np.argmin(size))
        phi, psi = eigen.right[:, chosen], eigen.left[:, chosen]
        lengths, _ = child.lengths(here.lam, here.mu)
        length = np.linalg.norm(phi * lengths)
        side = 1.0 if reference is None or (phi * lengths) @ reference >= 0 else -1.0
        phi, psi = side * phi / length, side * psi * length
        second = on_child.jacobian_along(x, 0.0, np.append(phi, 0.0))[:, :-1] @ phi
        natural = np.linalg.norm(psi / lengths) * np.linalg.norm(second * lengths)
        return float(psi @ second / natural), phi * lengths

    return form
