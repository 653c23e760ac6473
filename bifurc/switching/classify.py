"""Name the kind of an event that breaks symmetry."""

from dataclasses import replace

import numpy as np

from bifurc.events.records import Event
from bifurc.loss.problem import NetworkProblem
from bifurc.protocol import Problem
from bifurc.structure.irreps import Component
from bifurc.structure.split import split
from bifurc.switching.normal_form import kind_at, reduce
from bifurc.switching.subgroups import Search
from bifurc.switching.switch import Candidate, candidates

# the smallest split under which a vector of the irrep is fixed, per set it lives on
SIMPLEST = {"s": [1], "x": [1, 1], "y": [2], "sxs": [1], "k": []}
KINDS = ("transcritical", "pitchfork", "degenerate")  # of several zeros the lowest order decides


def classify(problem: Problem, event: Event) -> Event:
    """The event with its kind from the normal form in the simplest fixed-point space.

    Kinds other than ``unknown`` are kept. An event whose irrep does not exist
    at this size has no kernel vector; its kind stays unknown.
    """
    if event.kind != "unknown" or event.formal:
        return event
    kinds = {kind_of(problem, event, zero.component) for zero in event.zeros}
    return replace(event, kind=next((kind for kind in KINDS if kind in kinds), "unknown"))


def kind_of(problem: Problem, event: Event, component: Component) -> str:
    """The kind as far as the kernel in one block shows it."""
    if component.irrep == "t":
        return kind_inside(problem, event)
    if not isinstance(problem, NetworkProblem):
        from bifurc.switching.linear import SymmetricProblem  # with groups, which load scipy

        if isinstance(problem, SymmetricProblem):
            return problem.reduced(event).kind()
        tries = (c for c in candidates(problem, event, Search()) if isinstance(c, Candidate))
        forms = (reduce(c.problem, c.X) for c in tries)
        return next((form.kind for form in forms if form), "unknown")
    sizes = dict.fromkeys(component.sets, SIMPLEST[component.irrep])
    child = split(problem.structure, sizes)
    on_child = problem.on(child.structure, any_size=True)
    X = np.append(child.embedding @ event.X[:-1], event.lam)
    form = reduce(on_child, X)
    return "unknown" if form is None else kind_at(on_child, X, form)


def kind_inside(problem: Problem, event: Event) -> str:
    """The kind of a branch point that breaks no symmetry.

    From the normal form if the kernel is one line, else from the quadratic
    part psi' D²g[phi, phi'] on it.
    """
    x, lam = event.X[:-1], event.lam
    if (form := reduce(problem, event.X, event.tangent)) is not None:
        return kind_at(problem, event.X, form)
    left = event.kernel * problem.weights(lam)[:, None]
    forms = [
        left.T @ problem.jacobian_along(x, lam, np.append(phi, 0.0))[:, :-1] @ event.kernel
        for phi in event.kernel.T
    ]
    return "transcritical" if np.abs(forms).max() > 1e-6 else "pitchfork"
