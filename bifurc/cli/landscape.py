"""``bifurc landscape``: minima and saddles at one size, and where gradient flow leads."""

from bifurc.cli.arcs import add_search, place_and_problem, search_of
from bifurc.cli.common import add_family, add_output, add_place, check_place, print_json

EPILOG = """examples:
  bifurc landscape II d=8
  bifurc landscape II d=8 --explicit 2 -o ii.png
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "landscape",
        help="minima and saddles around a member, and where gradient flow leads from saddles",
        epilog=EPILOG,
    )
    add_family(command)
    add_place(command, "d=8")
    command.add_argument("--depth", type=int, default=1, help="of the arcs that lead to points")
    command.add_argument(
        "--index", type=int, default=2, metavar="N", help="saddles up to this index are left (2)"
    )
    command.add_argument(
        "-o", "--output", metavar="FILE", help="draw the disconnectivity graph (.png, .svg, .pdf)"
    )
    add_search(command, explicit=1, equal_parts=0)
    add_output(command)
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Find the network and print it."""
    from bifurc.errors import EndedEarlyError
    from bifurc.landscapes.connections import landscape

    check_place(arguments.output, picture=True)
    problem, at = place_and_problem(arguments)
    found = landscape(
        problem, depth=arguments.depth, search=search_of(arguments), most_index=arguments.index,
        **at,
    )  # fmt: skip
    if arguments.output:
        import matplotlib.pyplot as plt

        from bifurc import draw

        with draw.style("print"):
            fig, ax = plt.subplots()
            draw.disconnectivity(*found.drawn(), ax)
            draw.save(fig, arguments.output)
    if arguments.json:
        print_json(found.to_dict() | {"family": arguments.family, "at": at})
    else:
        print(found)
    if found.unfinished:
        raise EndedEarlyError(f"{len(found.unfinished)} saddles or descents have no end.")
