"""``bifurc critical``: the fractional sizes at which a family changes."""

import sys
from typing import Any

from bifurc.cli.common import (
    add_family,
    add_output,
    csv_text,
    family_of,
    number,
    print_json,
    windows_in,
)

MARGIN = 0.1  # how far the default window stays from the smallest size

EPILOG = """examples:
  bifurc critical II
  bifurc critical M --set p=2.5 --from 60 --to 4 --json
  bifurc critical M --param p --set d=20 --from 1 --to 3
  bifurc critical cases/type_ii.toml --csv
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "critical",
        help="critical sizes of a family",
        description="Trace a family along one parameter and list where it changes.",
        epilog=EPILOG,
    )
    add_family(command)
    command.add_argument("--param", help="the parameter that runs (the case's, or d)")
    command.add_argument(
        "--from",
        dest="first",
        type=number,
        metavar="VALUE",
        help="one end of the window (the case's, or d = 40)",
    )
    command.add_argument(
        "--to",
        dest="last",
        type=number,
        metavar="VALUE",
        help="the other end (the case's, or d = 3.1 or the smallest size that the family has)",
    )
    add_output(command, csv=True)
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Trace and print."""
    from bifurc.api import ended_early, trace
    from bifurc.continuation.options import Status
    from bifurc.errors import EndedEarlyError

    family = family_of(arguments)
    parameter, window = window_of(family, arguments)
    runs: dict[str, Any] = {parameter: window}
    branch = trace(family, **runs)
    if arguments.json:
        print_json(summary(family, parameter, window, branch))
    elif arguments.csv:
        rows = [point(event) for event in by_value(branch.events)]
        for row in rows:
            row["enclosed_below"], row["enclosed_above"] = row.pop("enclosure") or ("", "")
        print(csv_text(COLUMNS, rows), end="")
    else:
        for line in table(parameter, branch):
            print(line)
    if reason := ended_early(branch):
        raise EndedEarlyError(reason)
    if branch.status is not Status.WINDOW and not (arguments.json or arguments.quiet):
        reached = branch.points[-1].lam
        sys.stderr.write(f"The branch ends at {parameter} = {reached:.6g}: {branch.status.value}\n")
    if branch.note and not (arguments.json or arguments.quiet):
        sys.stderr.write(f"The branch is {branch.note}.\n")


def window_of(family, arguments) -> tuple[str, tuple[float, float]]:
    """The parameter that runs and its window: as given, the case's, or for d the usual one."""
    from bifurc.api import problem

    windows = windows_in(arguments)
    parameter = arguments.param or next(iter(windows), "d")
    first, last = windows.get(parameter, (None, None))
    first = first if arguments.first is None else arguments.first
    last = last if arguments.last is None else arguments.last
    if parameter != "d" and (first is None or last is None):
        family.line(parameter)  # an unknown parameter is the first thing to say
        raise ValueError(f"Give both ends of the window of {parameter!r}, --from and --to.")
    first = 40.0 if first is None else first
    if last is None:
        last = max(3.1, problem(family, "d").least_lam + MARGIN)
    return parameter, (float(first), float(last))


def summary(family, parameter: str, window, branch) -> dict:
    """The JSON object of DESIGN section 7."""
    return {
        "family": family.name,
        "parameter": parameter,
        "window": [min(window), max(window)],
        "points": [point(event) for event in by_value(branch.events)],
        "end": {"value": branch.points[-1].lam, "reason": branch.status.value},
    }


def by_value(events) -> list:
    """Events with the largest parameter first."""
    return sorted(events, key=lambda event: -event.lam)


def point(event) -> dict:
    """One event as plain data."""
    return event.to_dict() | {"enclosure": list(event.proof.enclosure) if event.proof else None}


COLUMNS = (
    "value", "label", "irrep", "set", "kind", "loss", "eigenvalue_speed", "index_below",
    "index_above", "transition", "formal", "multiplicity", "sheet", "enclosed_below",
    "enclosed_above",
)  # fmt: skip
HEADINGS = ("irrep", "kind", "transition", "first minimum", "sheet", "proved")


def table(parameter: str, branch) -> list[str]:
    """Lines of a table that a person reads; a column that says the same of all is left out."""
    rows: list[tuple[str, ...]] = [(parameter, *HEADINGS)]
    for event in by_value(branch.events):
        first = branch.first_minimum(event)
        rows.append(
            (
                f"{event.lam:.12g}",
                event.name,
                event.kind + (" (formal)" if event.formal else ""),
                event.transition,
                "" if first is None else f"{parameter} = {first}",
                str(event.sheet),
                "" if event.proof is None else event.proof.short,
            )
        )
    if len(rows) == 1:
        return [f"No event between {branch.lam.min():.6g} and {branch.lam.max():.6g}."]
    needless = set() if branch.sheets[-1] > 1 else {"sheet"}
    needless |= {"proved"} if all(event.proof is None for event in branch.events) else set()
    kept = [i for i, name in enumerate(rows[0]) if name not in needless]
    rows = [tuple(row[i] for i in kept) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
