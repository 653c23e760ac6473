"""``bifurc verify``: a finished run against the full network at whole sizes."""

from bifurc.cli.common import add_output, print_json

EPILOG = """examples:
  bifurc verify out
  bifurc verify out --json
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "verify",
        help="check a finished run against the full network",
        description="Compare gradient, eigenvalues and index of the full network with the "
        "reduced ones at every whole parameter value inside every branch. "
        "Exit status 3 if anything differs.",
        epilog=EPILOG,
    )
    command.add_argument("folder", metavar="OUT", help="what a run wrote")
    add_output(command)
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Verify and print."""
    from bifurc.errors import EndedEarlyError
    from bifurc.events.branch import Branch
    from bifurc.graph.files import load
    from bifurc.identification.verify import verify

    found = load(arguments.folder)
    branches = {"branch": found} if isinstance(found, Branch) else found.branches
    checks = {name: verify(branch) for name, branch in branches.items()}
    if arguments.json:
        print_json({name: [row(check) for check in own] for name, own in checks.items()})
    else:
        print("\n".join(table(checks)))
    every = [check for own in checks.values() for check in own]
    wrong = sum(check.mismatch for check in every)
    if wrong:
        raise EndedEarlyError(
            f"{wrong} of {len(every)} checks do not agree with the full network; rows marked "
            "MISMATCH say where."
        )


def row(check) -> dict:
    """A check as plain data."""
    from math import isfinite

    numbers = {"gradient_norm": check.gradient, "eigenvalue_deviation": check.deviation}
    return {
        "value": check.lam,
        **{name: number if isfinite(number) else None for name, number in numbers.items()},
        "full_index": check.full_index if check.compared else None,
        "index": check.index if check.compared else None,
        "mismatch": check.mismatch,
        "each_once": check.once,
        "note": check.note,
    }


def table(checks) -> list[str]:
    """Lines of a table that a person reads."""
    text = [f"{'branch':10} {'value':>6} {'|gradient|':>11} {'eigenvalues':>11}   full  index"]
    for name, own in checks.items():
        for check in own:
            numbers = f"{check.gradient:11.1e} {check.deviation:11.1e}"
            counts = f"{check.full_index:6d} {check.index:6d}"
            remark = ("  MISMATCH" if check.mismatch else "") + (
                "  each once" if check.once else ""
            )
            said = check.note or numbers + " " + counts + remark
            text.append(f"{name:10} {check.lam:6d} {said}")
    return text
