"""Name the kind of an event that breaks symmetry."""

from dataclasses import replace

import numpy as np

from bifurc.events.records import Event
from bifurc.loss.problem import NetworkProblem
from bifurc.structure.split import split
from bifurc.switching.normal_form import reduce

# the smallest split under which a vector of the irrep is fixed, per set it lives on
SIMPLEST = {"s": [1], "x": [1, 1], "y": [2], "sxs": [1], "k": []}


def classify(problem, event: Event) -> Event:
    """The event with its kind from the normal form in the simplest fixed-point space.

    Kinds other than ``unknown`` are kept. An event whose irrep does not exist
    at this size has no kernel vector; its kind stays unknown.
    """
    if event.kind != "unknown" or event.formal:
        return event
    if event.component.irrep == "t" or not isinstance(problem, NetworkProblem):
        return replace(event, kind=kind_on_kernel(problem, event))
    sizes = dict.fromkeys(event.component.sets, SIMPLEST[event.component.irrep])
    child = split(problem.structure, sizes)
    on_child = problem.on(child.structure, any_size=True)
    form = reduce(on_child, np.append(child.embedding @ event.X[:-1], event.lam))
    return event if form is None else replace(event, kind=form.kind)


def kind_on_kernel(problem, event: Event) -> str:
    """transcritical or pitchfork, by the quadratic part psi' D²g[phi, phi'] on the kernel."""
    x, lam = event.X[:-1], event.lam
    if event.component.irrep != "t":
        return "unknown"
    left = event.kernel * problem.weights(lam)[:, None]
    forms = [
        left.T @ problem.jacobian_along(x, lam, np.append(phi, 0.0))[:, :-1] @ event.kernel
        for phi in event.kernel.T
    ]
    return "transcritical" if np.abs(forms).max() > 1e-6 else "pitchfork"
