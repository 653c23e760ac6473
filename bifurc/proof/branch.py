"""Certificates of branches: one smooth arc, and no crossing but the stated ones.

A branch is a chain of tubes, each going on where the one before ends
(:mod:`bifurc.proof.tube`), on which the signs of all eigenvalues are proved
cell by cell (:mod:`bifurc.proof.cells`). Where an eigenvalue crosses zero,
its cells lie between cells with proved signs and it moves in one direction
through zero, so there is exactly one zero if the signs differ. A zero of t is
a fold: g_x is singular while [g_x | g_lam] has full rank, so dlam = 0 along
the branch, and lam turns since the eigenvalue moves through zero.
"""

import logging
from collections.abc import Sequence
from functools import reduce

import numpy as np

from bifurc.loss.problem import NetworkProblem
from bifurc.proof import bounds, record
from bifurc.proof.cells import BlockAlong, Cell, interval
from bifurc.proof.claims import check_sizes
from bifurc.proof.interval import (
    Ball,
    NotCertifiedError,
    enclosing,
    flint,
    need_flint,
    precision,
)
from bifurc.proof.learnt import unpinned
from bifurc.proof.model import ORDER
from bifurc.proof.tube import Tube
from bifurc.proof.walk import walk

log = logging.getLogger(__name__)

BITS = 80
ENOUGH = 13  # doublings of the parameter for which these will do; beyond each takes
CANCELLED = 4  # more, to be lost in pq - c²


def certify_branch(
    problem: NetworkProblem, x, first: float, last: float, partial: bool = False
) -> dict:
    """Prove the branch through ``x`` at ``first`` until lam leaves the window.

    Parameters
    ----------
    problem : NetworkProblem
    x : array_like, shape (n,)
    first, last : float
        Where the branch starts, and which way it goes. Folds on the way are passed.
    partial : bool
        Whether to return what is proved where the proof ends early.

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
    if first == last:
        raise ValueError(f"The window {first:g}, {last:g} of the branch is empty.")
    problem, X = unpinned(problem, np.append(x, first))
    bits = BITS + CANCELLED * max(0, int(np.log2(max(first, last))) - ENOUGH)
    with precision(bits):
        exact = enclosing(problem)
        chain = Chain(exact)
        try:
            for tube in walk(exact, problem, X[:-1], first, last, chain.add):
                log.info("lam to %.10g", float(tube.at(flint.arb(1))[-1]))
        except NotCertifiedError as error:
            if not partial or not chain.tubes:
                raise
            log.warning("%s", error)
        data = {
            "schema": record.SCHEMA,
            "kind": "branch",
            "precision": bits,
            "problem": record.problem_to_data(problem),
            "pieces": [_piece(tube) for tube in chain.tubes],
        }
        proved = bounds.written(chain.summary())
    return record.sign({**data, "proved": proved})


class Chain:
    """Proved tubes, one going on where the other ends, with cells for each component."""

    def __init__(self, problem):
        self.problem = problem
        self.tubes: list[Tube] = []
        self.runs: dict = {component: [] for component in problem.components}

    def add(self, tube: Tube) -> None:
        """Prove one more tube; nothing is added unless all of it is proved.

        Raises
        ------
        NotCertifiedError
            If it is not proved.
        """
        check_sizes(self.problem, Ball(tube.lam.range()))
        tube.prove()
        entry = self.tubes[-1].leads_to(tube) if self.tubes else flint.arb(-1)
        first = np.nextafter(float(entry.lower()), -2.0) if self.tubes else -1.0
        found = {}
        for component in self.problem.components:
            along = BlockAlong(tube, component)
            found[component] = [(along, cell) for cell in along.cells(max(first, -1.0), 1.0)]
        self.tubes.append(tube)
        for component, cells in found.items():
            self.runs[component] += cells

    def summary(self) -> dict:
        """What the tubes say together.

        Raises
        ------
        NotCertifiedError
            If the branch begins or ends on a crossing, or a sign changes unproved.
        """
        if not self.tubes:
            raise NotCertifiedError("A branch needs a piece.")
        negative, events, formal = {}, [], []
        for component, run in self.runs.items():
            counts, crossings = follow(run)
            if counts:
                negative[component.label] = counts
            else:
                formal.append(component.label)
            events += crossings
        order = {id(tube): i for i, tube in enumerate(self.tubes)}
        events.sort(key=lambda event: (order[id(event[0][0][0].tube)], event[0][0][1].first))
        ends = [t.thick[-1].at(flint.arb(s)) for t, s in ((self.tubes[0], -1), (self.tubes[-1], 1))]
        return {
            "window": ends,
            "pieces": len(self.tubes),
            "negative": negative,
            "formal": formal,
            "events": [
                {
                    "component": cells[0][0].component.label,
                    "at": _place(cells, before),
                    "negative": [before, before + cells[0][1].crossing],
                }
                for cells, before in events
            ],
            "is_minimum": not any(map(any, negative.values())),
            **({"neutral": neutral} if (neutral := self._neutral()) else {}),
        }

    def _neutral(self) -> dict:
        """How many exact zeros were set apart in each block that has some."""
        first = {c: run[0][0] for c, run in self.runs.items() if run}
        return {c.label: a.neutral for c, a in first.items() if a.neutral}


def follow(run: Sequence) -> tuple[list, list]:
    """(counts of negative eigenvalues one after the other, crossings) along the cells of a block.

    Raises
    ------
    NotCertifiedError
        If a crossing is not between proved signs, or a sign changes without one.
    """
    counts: list[int] = []
    crossings: list[tuple] = []
    moving: list[tuple] = []
    known = None
    for along, cell in run:
        if cell.crossing is not None:
            if known is None:
                raise NotCertifiedError(f"{along.component.label} begins on a crossing.")
            if moving and moving[-1][1].crossing != cell.crossing:
                raise NotCertifiedError(f"{along.component.label} may cross zero twice.")
            moving.append((along, cell))
            continue
        if cell.negative is None:
            if moving:
                raise NotCertifiedError(f"{along.component.label} ends on a crossing.")
            known = None
            continue
        if known is None:
            counts.append(cell.negative)
        elif cell.negative != known:
            if not moving or cell.negative - known != moving[0][1].crossing:
                raise NotCertifiedError(f"A sign in {along.component.label} changes unproved.")
            crossings.append((_located(moving, known), known))
            counts.append(cell.negative)
        known, moving = cell.negative, []
    if moving:
        raise NotCertifiedError("The branch ends on a crossing.")
    return counts, crossings


def _located(moving: list, before: int) -> list[tuple[BlockAlong, Cell]]:
    """Neighbouring cells that hold the zero, as few as is known; one as a rule.

    Where the sign at the end of a cell is not proved, the zero may lie in the
    cell or in the next one.
    """
    found: list[tuple[BlockAlong, Cell]] = []
    for along, cell in moving:
        found.append((along, cell))
        try:
            after = along.negative_at(cell.last)
        except NotCertifiedError:
            continue
        if after != before:
            return found
        found = []
    return found or moving[-1:]


def _place(cells: list, before: int):
    """The parameter at the zero, an arb."""
    if len(cells) == 1:
        return cells[0][0].locate(cells[0][1], before)
    places = [along.tube.enclose(interval(cell.first, cell.last))[0][-1] for along, cell in cells]
    return reduce(flint.arb.union, places)


def conclusions(data: dict) -> dict:
    """Everything that the pieces of a certificate prove, as it is stated where that is proved.

    Raises
    ------
    NotCertifiedError
        If a piece is no tube, or less is proved than stated.
    """
    if not data["pieces"]:
        raise NotCertifiedError("A branch needs a piece.")
    problem = record.problem_from_data(data["problem"], len(data["pieces"][0]["radius"]))
    chain = Chain(enclosing(problem))
    for tube in tubes_of(data, chain.problem):
        chain.add(tube)
    return bounds.written(chain.summary(), data["proved"])


def tubes_of(data: dict, problem) -> list[Tube]:
    """The pieces of a certificate; nothing is proved yet.

    Raises
    ------
    NotCertifiedError
        If a piece is no tube.
    """
    tubes = []
    for piece in data["pieces"]:
        record.only(piece, "curve", "radius", "direction")
        curve = [record.from_texts(row) for row in piece["curve"]]
        radius, direction = (record.from_texts(piece[key]) for key in ("radius", "direction"))
        shapes = {len(row) for row in (*curve, radius, direction)}
        if shapes != {problem.n + 1} or len(curve) != ORDER + 1:
            raise NotCertifiedError("A piece of the branch is no tube.")
        tubes.append(Tube(problem, curve, radius, direction))
    return tubes


def _piece(tube: Tube) -> dict:
    return {
        "curve": [[record.to_text(value) for value in row] for row in tube.curve],
        "radius": [record.to_text(value) for value in tube.radius],
        "direction": [record.to_text(value) for value in tube.direction],
    }
