"""Let several ways to do a task take turns, each in a process of its own.

A process can be stopped when it takes too long, keeps what it has compiled,
and cannot disturb the others. Times are taken inside it; a turn in which
nothing but the first call differs (imports, compilation) is left out.
"""

import os
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing import get_context
from statistics import median

import numpy as np

from tests.benchmarks.tasks import MATCH, Task

TURN = 0.1  # seconds that a side may repeat its task when it is its turn


@dataclass
class Result:
    """What one side did with a task."""

    seconds: list[float] = field(default_factory=list)
    points: np.ndarray | None = None
    events: list = field(default_factory=list)
    failure: str = ""

    @property
    def median(self) -> float:
        """Seconds for the whole task; nan if it was not done."""
        return median(self.seconds) if self.seconds else float("nan")


class Side:
    """A process that does a task whenever it is its turn."""

    def __init__(self, way: Callable, task: Task):
        context = get_context("fork")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, way, task))
        self.process.start()
        self.result, self.turns = Result(), 0

    def turn(self, limit: float) -> None:
        """Do the task, a short one several times; the first turn does not count."""
        if self.result.failure:
            return
        self.pipe.send("go")
        if not self.pipe.poll(limit):
            self.result.failure = f"stopped after {limit:.0f} s"
            self.close()
            return
        try:
            seconds, points, events, failure = self.pipe.recv()
        except EOFError:
            self.result.failure = "its process died"
            return
        self.result.failure = failure
        if not failure:
            self.result.points, self.result.events = points, events
            self.turns += 1
            if self.turns > 1:
                self.result.seconds.extend(seconds)

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()


def compare(task: Task, ways: Mapping[str, Callable], rounds: int, limit: float, budget: float):
    """Results of all ways, which take turns ``rounds`` times after one to warm up.

    A side that has used up its ``budget`` of seconds sits out the rest.
    """
    sides = {name: Side(way, task) for name, way in ways.items()}
    try:
        for _ in range(rounds + 1):
            for side in sides.values():
                if sum(side.result.seconds) < budget:
                    side.turn(limit)
    finally:
        for side in sides.values():
            side.close()
    return {name: side.result for name, side in sides.items()}


def _serve(pipe, way, task: Task) -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    warnings.simplefilter("ignore")
    while pipe.recv():
        seconds: list[float] = []
        try:
            while sum(seconds) < TURN:
                start = time.perf_counter()
                points, events = way(task)
                seconds.append(time.perf_counter() - start)
            answer = seconds, np.asarray(points), np.array(events), ""
        except Exception as error:  # whatever a peer raises is its result
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:90]
            answer = [], None, [], reason
        pipe.send(answer)


@dataclass(frozen=True)
class Score:
    """How the events that were reported compare with those that are there."""

    found: int
    missed: int
    spurious: int
    error: float  # largest relative distance of a found one; nan if none


def score(task: Task, result: Result) -> Score:
    """Match reported events with the expected ones, nearest first.

    On the trivial branch only events on it count: a package may have switched.
    """
    events = [X for X in result.events if not task.trivial or np.abs(X[:-1]).max() < MATCH]
    low, high = task.window
    values = [float(X[-1]) for X in events if low <= X[-1] <= high]
    found, errors = 0, []
    for expected in task.expected:
        scale = max(abs(expected), 1.0)
        near = sorted(
            (v for v in values if abs(v - expected) < MATCH * scale),
            key=lambda v: abs(v - expected),
        )
        if near:
            found += 1
            errors.append(abs(near[0] - expected) / scale)
            values.remove(near[0])
    return Score(found, len(task.expected) - found, len(values), max(errors, default=float("nan")))


def reached(task: Task, result: Result) -> bool:
    """Whether the branch was followed to the other end of the window, about."""
    if result.points is None or not len(result.points):
        return False
    low, high = task.window
    lam = result.points[:, -1]
    slack = 0.05 * (high - low)
    return bool(lam.max() >= high - slack if task.forward > 0 else lam.min() <= low + slack)
