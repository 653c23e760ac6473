"""``bifurc discover``: the critical points in the fixed space of a family, at one size."""

from bifurc.cli.arcs import place_and_problem
from bifurc.cli.common import add_family, add_output, add_place, bar, print_json

# as in bifurc.landscapes.homotopy, which is imported where it is needed
KINDS, NONE = ("arcs", "decay", "slope", "bias"), "none"
EPILOG = """examples:
  bifurc discover --sets "d" --at d=8
  bifurc discover --sets "d - 1, 1" --at d=8 --json
  bifurc discover II d=12 --starts 500 --json
  bifurc discover II d=8 --starts 40 --homotopy arcs --homotopy decay --homotopy slope
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "discover",
        help="critical points in the fixed space of a family, by starts, deflation, arcs",
        epilog=EPILOG,
    )
    add_family(command, needed=False)
    command.add_argument(
        "--sets", metavar="SIZES", help='sizes of point sets instead of a family: "d", "d - 1, 1"'
    )
    add_place(command, "d=8")
    command.add_argument("--starts", type=int, default=400, metavar="N", help="random starts (400)")
    command.add_argument("--seed", type=int, default=0, metavar="N", help="of the starts (0)")
    command.add_argument(
        "--homotopy", action="append", metavar="KIND", choices=(*KINDS, NONE),
        help=f"how to go on from what is found: {', '.join(KINDS)}, or {NONE} (arcs)",
    )  # fmt: skip
    add_output(command)
    command.set_defaults(run=run)


def kinds(given: list[str] | None) -> list[str] | None:
    """Homotopies as they were given; None for those by default."""
    return None if given is None else [kind for kind in given if kind != NONE]


def run(arguments) -> None:
    """Look for points and print them."""
    from bifurc.landscapes.discover import discover

    if (arguments.family is None) == (arguments.sets is None):
        raise ValueError('Give one fixed space: a family, or its sizes such as --sets "d - 1, 1".')
    problem, at = place_and_problem(arguments)
    quiet = arguments.quiet or arguments.json
    found = discover(
        problem, arguments.starts, arguments.seed,
        lambda numbers: bar(numbers, "starts", quiet), kinds(arguments.homotopy), **at,
    )  # fmt: skip
    if arguments.json:
        print_json({"family": arguments.family or arguments.sets, "at": at} | found.to_dict())
    else:
        print(found)
