"""The locus of a family's event: from its name to the curve."""

from collections.abc import Mapping

import numpy as np

from bifurc.continuation.options import Options
from bifurc.events.records import Event, select
from bifurc.loci.locus import Locus, follow
from bifurc.loci.problem import BranchPointProblem, LocusProblem, PlanePoint
from bifurc.loss.kernels import kernel
from bifurc.loss.plane import Plane
from bifurc.structure.families import Family
from bifurc.structure.irreps import Component

Window = tuple[float, float]
VANISHED = 1e-8  # over the largest eigenvalue, what is left of a zero at a located event
KEPT = 1e-7  # of what it could be, how fast a branch point opens that a symmetry keeps


def of_event(
    family: Family,
    event: Event,
    params: tuple[str, str],
    window: Window | Mapping[str, Window] | None = None,
    options: Options | None = None,
) -> Locus:
    """Trace the locus of an event of ``family`` in two of its parameters.

    Parameters
    ----------
    family : Family
        With the values of its parameters at which the event was found.
    event : Event
    params : (str, str)
        The two that run; the second one is the parameter of the walk.
    window : pair for the second parameter, or pairs by name, optional
        Where the locus ends. Without one it goes on to the limits of the
        sizes, at most to ten times the values at the event.
    options : Options, optional

    Raises
    ------
    ValueError
        If a parameter is unknown, a size not affine in the two, or if no curve
        of such events goes through this one.
    """
    first, second = two(params)
    if event.kind == "pair":
        raise ValueError(
            f"At {first} = {event.lam:.10g} no eigenvalue of {event.component.label} is zero: a "
            "pair that is not real passes the imaginary axis. It has no locus; take another event."
        )
    line = family.line(first, second)
    plane = Plane(
        family.structure.along(line), kernel(family.kernel), line, family.kernel_parameters
    )
    named = {c.label: c for c in plane.components}
    if event.component.label not in named or plane.n != len(event.X) - 1:
        raise ValueError(
            f"The event in {event.component.label} does not exist in the plane of {first!r} and "
            f"{second!r}: a set changes between one point and many. Start at other values."
        )
    lam, mu = event.parameters[first], event.parameters[second]
    windows = windows_of((first, second), (lam, mu), window)
    plane = plane.pinned_at(event.X[:-1], lam, mu)
    problem = problem_of(plane, event, named[event.component.label], lam, mu)
    X = problem.unknowns(event.X[:-1], lam, mu)
    if not isinstance(problem, BranchPointProblem):
        return follow(problem, X, (first, second), windows, options)
    if problem.opening(X) <= KEPT:
        locus = follow(problem, X, (first, second), windows, options)
        if max(abs(problem.unfolding(point.X)) for point in locus.points) <= KEPT:
            return locus
    raise ValueError(
        f"The branch point of the fixed-point space at {first} = {lam:.10g}, {second} = {mu:.10g} "
        f"has no locus: no symmetry keeps it, and it opens as {second} moves, into two folds or "
        f"none. Take the event 'fold' at a value of {second} beside it."
    )


def problem_of(plane: Plane, event: Event, component: Component, lam: float, mu: float):
    """What is zero along the locus: a block's eigenvalue, with that of t if it vanishes too.

    Raises
    ------
    ValueError
        If the kernel in a block is more than one line.
    """
    place = PlanePoint(plane, event.X[:-1], lam, mu)
    blocks = place.blocks()
    values = {c: np.sort(np.abs(block.eigen().values)) for c, block in blocks.items()}
    small = VANISHED * max(v.max(initial=0.0) for v in values.values())
    inside = plane.components[0]
    for one in (component, inside):
        if np.count_nonzero(values[one] < small) > 1:
            raise ValueError(
                f"Two eigenvalues of {one.label} vanish at once there: a locus would be of one. "
                "Take another event."
            )
    if event.label == "LP" or not (values[inside] < small).any():
        return LocusProblem(plane, component)
    return BranchPointProblem(plane, inside)


def two(params) -> tuple[str, str]:
    """Two different names, from a pair or from text such as "d,p"."""
    names = params.split(",") if isinstance(params, str) else list(params)
    names = [name.strip() for name in names]
    if len(names) != 2 or names[0] == names[1] or not all(names):
        raise ValueError(f'Name two different parameters, such as ("d", "p"); got {params!r}.')
    return names[0], names[1]


def windows_of(names, values, window) -> tuple[Window, Window]:
    """The window of each parameter; the event must lie inside."""
    given = dict(window) if isinstance(window, Mapping) else {names[1]: window} if window else {}
    if unknown := set(given) - set(names):
        raise ValueError(f"A window for {', '.join(sorted(unknown))}, which does not run.")
    found = []
    for name, value in zip(names, values, strict=True):
        reach = 10 * (1 + abs(value))
        low, high = sorted(float(end) for end in given.get(name, (-reach, reach)))
        if not low <= value <= high or low == high:
            raise ValueError(
                f"The event lies at {name} = {value:.6g}, outside its window from {low:g} to "
                f"{high:g}; widen the window or start from another value."
            )
        found.append((low, high))
    return found[0], found[1]


def wanted(events: list[Event], name: str, near: float | None = None) -> Event:
    """The event of this name (see :func:`bifurc.events.records.select`).

    Of several the one nearest to ``near``, else the one with the largest
    parameter. Of one with several zeros, that zero alone which is named.

    Raises
    ------
    NoEventError
        If there is none, with those there are.
    """
    found = select(events, name)
    event = min(found, key=lambda event: -event.lam if near is None else abs(event.lam - near))
    return event.alone(name)
