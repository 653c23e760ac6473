"""``bifurc critical``: the fractional sizes at which families change."""

import math
import sys
import warnings
from typing import Any

from bifurc.cli.common import (
    add_family,
    add_output,
    csv_text,
    fixes_of,
    network_of,
    number,
    print_json,
)

MARGIN = 0.1  # how far the default window stays from the smallest size

EPILOG = """examples:
  bifurc critical II
  bifurc critical M p=2.5 d=60..4 --json
  bifurc critical M p=1..3 d=20
  bifurc critical A I II cases/type_m.toml --csv
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "critical",
        help="critical sizes of a family",
        description="Trace a family along one parameter and list where it changes.",
        epilog=EPILOG,
    )
    add_family(command, several=True)
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
    """Trace each problem and print what happens on it."""
    from bifurc.errors import EndedEarlyError

    early, found = [], []
    for given in arguments.families:
        problem, parameter, window = about(given, arguments)
        branch = traced(problem, {parameter: window})
        found.append((problem, parameter, window, branch))
        early += remarks(problem, parameter, branch, arguments)
    if arguments.json:
        objects = [summary(*one) for one in found]
        print_json(objects[0] if len(objects) == 1 else objects)
    elif arguments.csv:
        rows = [row for one in found for row in csv_rows(*one, len(found) > 1)]
        print(csv_text(COLUMNS if len(found) == 1 else ("family", *COLUMNS), rows), end="")
    else:
        for problem, parameter, _, branch in found:
            print(*([problem.name] if len(found) > 1 else []), *table(parameter, branch), sep="\n")
    if early:
        raise EndedEarlyError(" ".join(early))


def traced(problem, runs: dict[str, Any]):
    """The branch; what its warning says goes to the person at the end."""
    from bifurc.api import trace
    from bifurc.errors import OtherBranchWarning

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", OtherBranchWarning)
        branch = trace(problem, **runs)
    for warning in said:
        if issubclass(warning.category, OtherBranchWarning):
            sys.stderr.write(f"{warning.message}\n")
    return branch


def remarks(problem, parameter: str, branch, arguments) -> list[str]:
    """Write what is to be said of a branch; returns why it ended early, if it did."""
    from bifurc.api import ended_early
    from bifurc.continuation.options import Status

    several = len(arguments.families) > 1
    whose = f"{problem.name}: " if several else ""
    if reason := ended_early(branch):
        return [whose + reason]
    if arguments.json or arguments.quiet:
        return []
    if branch.status is not Status.WINDOW:
        where = f"{parameter} = {branch.points[-1].lam:.6g}"
        sys.stderr.write(f"{whose}The branch ends at {where}: {branch.status.value}\n")
    if branch.note:
        sys.stderr.write(f"{whose}The branch is {branch.note}.\n")
    return []


def about(given: str, arguments):
    """The problem of one word of the command, its running parameter and window."""
    from bifurc import seeds

    case = seeds.case_of(given)
    problem = network_of(seeds.named(case), arguments)
    fixed = fixes_of(arguments)
    if fixed or given.endswith(seeds.CASE_FILE):
        problem = _fixed(problem, fixed)
    parameter, window = window_of(problem, seeds.window_of(case) | arguments.runs, arguments)
    return problem, parameter, window


def _fixed(problem, fixed: dict[str, str]):
    """The problem with these values; a case about a model takes none."""
    if not hasattr(problem, "with_parameters"):
        raise ValueError("A case about a plain model is followed by bifurc run.")
    return problem.with_parameters(**fixed)


def window_of(problem, windows, arguments) -> tuple[str, tuple[float, float]]:
    """The parameter that runs and its window: as given, the case's, or for d the usual one."""
    from bifurc.api import problem as along

    if len(arguments.runs) > 1:
        raise ValueError(
            f"One parameter runs, got windows for {', '.join(arguments.runs)}; fix the others, as "
            "in p=2. Two run in bifurc locus."
        )
    running = list(arguments.runs) or list(windows)
    parameter = arguments.param or next(iter(running), "d")
    first, last = windows.get(parameter, (None, None))
    first = first if arguments.first is None else arguments.first
    last = last if arguments.last is None else arguments.last
    if parameter != "d" and (first is None or last is None):
        along(problem, parameter)  # an unknown parameter is the first thing to say
        raise ValueError(f"Give both ends of the window of {parameter!r}, --from and --to.")
    least = -math.inf if None not in (first, last) else along(problem, parameter).least_lam
    first = max(40.0, 2.0 * least) if first is None else first
    last = max(3.1, least + MARGIN) if last is None else last
    return parameter, (float(first), float(last))


def summary(problem, parameter: str, window, branch) -> dict:
    """The JSON object of DESIGN section 7."""
    return {
        "family": problem.name,
        "parameter": parameter,
        "window": [min(window), max(window)],
        "points": [point(event) for event in by_value(branch.events)],
        "end": {"value": branch.points[-1].lam, "reason": branch.status.value},
    }


def csv_rows(problem, parameter: str, window, branch, named: bool) -> list[dict]:
    """One row for each event, with the problem's name if there are several."""
    rows = [point(event) for event in by_value(branch.events)]
    for row in rows:
        row["enclosed_below"], row["enclosed_above"] = row.pop("enclosure") or ("", "")
    return [({"family": problem.name} if named else {}) | row for row in rows]


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
