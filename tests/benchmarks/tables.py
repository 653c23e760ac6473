"""Times of calls that take turns, and tables of them."""

import time
from collections.abc import Callable
from statistics import median


def in_turn(*calls: Callable, rounds: int) -> list[float]:
    """Median seconds of each call; they take turns after one to warm up."""
    seconds: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(rounds):
        for call, mine in zip(calls, seconds, strict=True):
            start = time.perf_counter()
            call()
            mine.append(time.perf_counter() - start)
    return [median(mine) for mine in seconds]


def table(title: str, head: str, rows) -> str:
    """A Markdown table under a heading."""
    columns = head.count("|") + 1
    lines = [f"| {head} |", "|" + " --- |" * columns]
    return f"## {title}\n\n" + "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])
