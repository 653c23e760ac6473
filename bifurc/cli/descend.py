"""``bifurc descend``: where gradient descent ends, family by family."""

import sys
from functools import partial

from bifurc.cli.common import KERNEL, add_output, bar, families_in, print_json

EPILOG = """examples:
  bifurc descend --d 8
  bifurc descend --d 8 --k 9 --runs 500 --seed 3 --cases new/
  bifurc descend --d 6 --kernel gelu
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "descend",
        help="descend from random starts and identify every end point",
        description="L-BFGS from Xavier starts on the exact loss, polished by Newton.",
        epilog=EPILOG,
    )
    command.add_argument("--d", type=int, required=True, help="inputs, and neurons of the teacher")
    command.add_argument("--k", type=int, help="neurons of the student (default: d)")
    command.add_argument("--runs", type=int, default=200)
    command.add_argument("--seed", type=int, default=1)
    command.add_argument(
        "--known", action="append", default=[], metavar="CASE", help="a case file with a family"
    )
    command.add_argument("--cases", metavar="DIR", help="write a case file for each new family")
    command.add_argument("--kernel", metavar="NAME", default="relu", help=KERNEL)
    command.add_argument(
        "--weights", metavar="A", help="a file of the student's output weights (default: 1)"
    )
    add_output(command)
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Descend and print."""
    from bifurc.identification.descend import descend
    from bifurc.identification.files import read_matrix

    ended = descend(
        arguments.d,
        arguments.k,
        arguments.runs,
        arguments.seed,
        families=families_in(arguments.known),
        kernel=arguments.kernel,
        weights=None if arguments.weights is None else read_matrix(arguments.weights),
        progress=partial(bar, unit="run", quiet=arguments.quiet),
    )
    if arguments.json:
        print_json(summary(ended))
    else:
        print("\n".join(table(ended)))
    if arguments.cases:
        write_cases(ended, arguments.cases)


def summary(ended) -> dict:
    """The result as plain data."""
    kinds = [
        {
            "family": kind.name,
            "known": kind.known,
            "runs": len(kind.runs),
            "first_run": kind.runs[0] if kind.runs else None,
            "loss": kind.loss,
            "index": kind.index,
            "is_minimum": kind.index == 0,
            "notes": list(kind.example.notes) if kind.example else [],
        }
        for kind in (*ended.kinds, *ended.missed)
    ]
    unidentified = [
        {
            "run": run,
            "status": found.polished.status.name.lower(),
            "gradient_norm": found.polished.after,
        }
        for run, found in ended.unidentified
    ]
    head = {"d": ended.d, "k": ended.k, "seed": ended.seed}
    return head | {"kinds": kinds, "unidentified": unidentified}


def table(ended) -> list[str]:
    """Lines of a table that a person reads."""
    total = sum(len(kind.runs) for kind in ended.kinds) + len(ended.unidentified)
    lost = len(ended.unidentified)
    rows = [("family", "runs", "share", "loss", "index", "")]
    for kind in (*ended.kinds, *ended.missed):
        remark = "a known minimum that no run met" if not kind.runs else "" if kind.known else "new"
        share = f"{100 * len(kind.runs) / total:.1f} %"
        rows.append(
            (kind.name, str(len(kind.runs)), share, f"{kind.loss:.10g}", str(kind.index), remark)
        )
    if lost:
        rows.append(("not identified", str(lost), f"{100 * lost / total:.1f} %", "", "", ""))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    text = [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    if ended.unidentified:
        first = ", ".join(str(run) for run, _ in ended.unidentified[:5])
        more = ", ..." if len(ended.unidentified) > 5 else ""
        text.append(f"Newton found no critical point at the ends of runs {first}{more}.")
    notes = {(kind.name, note) for kind in ended.kinds for note in kind.example.notes}
    return text + [f"{name}: {note}" for name, note in sorted(notes)]


def write_cases(ended, folder: str) -> None:
    """A case file for each new family that can be continued."""
    from pathlib import Path

    from bifurc.files import write_atomically
    from bifurc.identification.case import case_text

    Path(folder).mkdir(parents=True, exist_ok=True)
    new = [kind for kind in ended.kinds if not kind.known]
    for number, kind in enumerate(new, start=1):
        path = Path(folder) / f"new-{ended.d}-{ended.k}-{number}.toml"
        try:
            text = case_text(kind.example.family)
        except ValueError as error:
            sys.stderr.write(f"no case file for {kind.name}: {error}\n")
            continue
        write_atomically(path, text)
