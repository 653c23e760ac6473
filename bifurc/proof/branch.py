"""Certificates of branches: one smooth curve, and no crossing but the stated ones.

A crossing is a piece on which one eigenvalue is proved monotone in lam, with
its sign proved on the pieces before and after; every other eigenvalue keeps
its sign on every piece.
"""

import logging
from typing import Any

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.proof import record
from bifurc.proof.interval import NotCertifiedError, enclosing, need_flint, precision
from bifurc.proof.tube import ORDER, Tube, make
from bifurc.structure.irreps import Component

log = logging.getLogger(__name__)

BITS = 80
LONGEST = 0.1  # of a piece, as a share of lam
SHORTEST = 1e-7
CROSSING = 3e-6  # distance to a zero, as a share of lam, at which its speed is proved instead
GROWTH = 1.5


def certify_branch(problem: NetworkProblem, x, first: float, last: float) -> dict:
    """Prove the branch through ``x`` at ``first`` up to ``last``, ``first < last``.

    Returns
    -------
    dict
        The certificate as plain data.

    Raises
    ------
    NotCertifiedError
        Where a piece is not proved however short it is.
    ValueError
        If python-flint is missing, or the window is empty.
    """
    need_flint()
    if not first < last:
        raise ValueError(f"A branch is certified upwards; the window {first:g}, {last:g} is empty.")
    with precision(BITS):
        tubes = cover(problem, np.asarray(x, dtype=float), float(first), float(last))
        data = {
            "schema": record.SCHEMA,
            "kind": "branch",
            "precision": BITS,
            "problem": record.problem_to_data(problem),
            "first": record.to_text(tubes[0][0].first),
            "pieces": [_piece(tube, crossing) for tube, crossing in tubes],
        }
        proved = summary(tubes)
    return record.sign({**data, "proved": proved})


def cover(problem: NetworkProblem, x, first: float, last: float) -> list:
    """Proved tubes from ``first`` to ``last``: [(Tube, crossing component or None)]."""
    exact = enclosing(problem)
    tubes: list = []
    lam, length = first, LONGEST * first / 10
    while lam < last:
        x, component, distance = _ahead(problem, x, lam)
        crossing = component if distance < CROSSING * lam else None
        ahead = 2 * distance if crossing else min(length, 0.7 * distance, LONGEST * lam)
        end = min(lam + ahead, last)
        tube = make(exact, problem, _moved(problem, x, lam, (end - lam) / 2), lam, end)
        try:
            tube.prove_unique()
            tube.prove_signs(crossing)
            if tubes:
                tubes[-1][0].leads_to(tube)
        except (NotCertifiedError, ZeroDivisionError) as error:
            length = ahead / 2
            log.debug("lam=%.10g length=%.1e: %s", lam, ahead, error)
            if length < SHORTEST * lam:
                raise NotCertifiedError(
                    f"The branch is not proved beyond lam = {lam:.10g}: {error}"
                ) from None
            continue
        log.info("lam=%.10g to %.10g", lam, end)
        tubes.append((tube, crossing))
        x, lam, length = np.array([float(v.mid()) for v in tube.at(tube.last)]), end, GROWTH * ahead
    return tubes


def _ahead(problem, x, lam: float):
    """The branch at ``lam``, and the block with the next zero and its distance, to first order."""
    for _ in range(4):
        g, slopes = problem.jacobian(x, lam)
        x = x - np.linalg.solve(slopes[:, :-1], g)
    tangent = np.append(-np.linalg.solve(slopes[:, :-1], slopes[:, -1]), 1.0)
    nearest: tuple[Component | None, float] = (None, np.inf)
    changes = problem.blocks_along(x, lam, tangent)
    for component, block in problem.blocks(x, lam).items():
        eigen = block.eigen()
        speeds = eigen.speeds(changes[component])
        for value, speed in zip(eigen.values, speeds, strict=True):
            if value * speed < 0 and -value / speed < nearest[1]:
                nearest = component, float(-value / speed)
    return x, *nearest


def _moved(problem, x, lam: float, by: float) -> np.ndarray:
    """The branch a little further, by its tangent."""
    slopes = problem.jacobian(x, lam)[1]
    return x - by * np.linalg.solve(slopes[:, :-1], slopes[:, -1])


def summary(tubes: list) -> dict:
    """What proved tubes say together.

    Raises
    ------
    NotCertifiedError
        If a sign changes other than across a piece that proves a crossing.
    """
    if tubes[0][1] is not None or tubes[-1][1] is not None:
        raise NotCertifiedError("The branch begins or ends on a crossing.")
    start = known = tubes[0][0].prove_signs()
    events: list[dict] = []
    crossing: Component | None = None
    since: Any = None
    for tube, moving in tubes[1:]:
        found = tube.prove_signs(moving)
        if moving is not None:
            if crossing not in (None, moving):
                raise NotCertifiedError("Two eigenvalues cross next to each other.")
            crossing, since = moving, since or tube.first
            del found[moving]
        elif crossing is not None:
            counts = [known.get(crossing), found.get(crossing)]
            place = record.interval(since.union(tube.first))
            events.append({"component": crossing.label, "between": place, "negative": counts})
            known, crossing, since = {**known, crossing: counts[1]}, None, None
        for component, count in found.items():
            if known.get(component, count) != count:
                raise NotCertifiedError(f"A sign in {component.label} changes unproved.")
        known = {**known, **found}
    events = [event for event in events if event["negative"][0] != event["negative"][1]]
    return {
        "window": record.interval(tubes[0][0].first.union(tubes[-1][0].last)),
        "pieces": len(tubes),
        "negative": {component.label: count for component, count in start.items()},
        "events": events,
        "is_minimum": not events and not any(known.values()),
    }


def conclusions(data: dict) -> dict:
    """Everything that the pieces of a certificate prove."""
    doubles = record.problem_from_data(data["problem"])
    problem = enclosing(doubles)
    tubes, first = [], record.from_text(data["first"])
    for piece in data["pieces"]:
        curve = [[record.from_text(value) for value in row] for row in piece["curve"]]
        radius = [record.from_text(value) for value in piece["radius"]]
        last = record.from_text(piece["last"])
        shapes = {len(row) for row in (*curve, radius)}
        if not first < last or shapes != {problem.n} or len(curve) != ORDER + 1:
            raise NotCertifiedError("A piece of the branch is no tube.")
        crossing = piece["crossing"] and record.find_component(problem, piece["crossing"])
        tubes.append((Tube(problem, first, last, curve, radius), crossing))
        first = last
    for tube, _ in tubes:
        tube.prove_unique()
    for (tube, _), (following, _) in zip(tubes, tubes[1:], strict=False):
        tube.leads_to(following)
    return summary(tubes)


def _piece(tube: Tube, crossing: Component | None) -> dict:
    return {
        "last": record.to_text(tube.last),
        "curve": [[record.to_text(value) for value in row] for row in tube.curve],
        "radius": [record.to_text(value) for value in tube.radius],
        "crossing": crossing and {"irrep": crossing.irrep, "set": crossing.points},
    }
