"""``bifurc arcs``: critical points on the tangency arcs from a member."""

from typing import Any

from bifurc.cli.common import (
    add_family,
    add_output,
    add_place,
    fixes_of,
    network_of,
    print_json,
    value_of,
)

EPILOG = """examples:
  bifurc arcs global d=6 --explicit 1 --equal-parts 0
  bifurc arcs II d=8 --depth 2 --json
  bifurc arcs my_case.toml a=1 --from 1,0
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "arcs",
        help="critical points on the arcs of L - lambda/2 |W - c|² from a critical point c",
        epilog=EPILOG,
    )
    add_family(command)
    add_place(command, "d=5")
    command.add_argument("--depth", type=int, default=1, help="2 goes on from the points met")
    command.add_argument(
        "--switches", type=int, default=1, help="2 also follows what is born on the arcs"
    )
    command.add_argument(
        "--from", dest="c", metavar="X,Y,...", help="c, for a problem of one's own; x0 by default"
    )
    command.add_argument(
        "--on-sphere",
        action="store_true",
        help="of a problem of one's own, on the sphere through c",
    )
    add_search(command)
    add_output(command)
    command.set_defaults(run=run)


def add_search(command, explicit: int = 3, equal_parts: int = 4) -> None:
    """Which isotropy subgroups are tried."""
    command.add_argument(
        "--explicit",
        type=int,
        default=explicit,
        metavar="N",
        help=f"points split off at most ({explicit})",
    )
    command.add_argument(
        "--equal-parts",
        type=int,
        default=equal_parts,
        metavar="N",
        help=f"equal parts that finite groups permute at most ({equal_parts}); 0 for none",
    )
    command.add_argument(
        "--submaximal", action="store_true", help="also groups that fix a plane of the kernel"
    )


def search_of(arguments):
    """The Search that the arguments ask for."""
    from bifurc.switching.subgroups import Search

    groups = arguments.equal_parts > 0
    return Search(
        explicit=arguments.explicit,
        finite_groups=groups,
        equal_parts=arguments.equal_parts,
        submaximal=arguments.submaximal,
    )


def place_and_problem(arguments):
    """The problem that the arguments name, and the values of its parameters.

    Raises
    ------
    ValueError
        If a parameter has a window, or a value is no number.
    """
    from bifurc.seeds import named
    from bifurc.structure.families import Family

    if arguments.runs:
        name = next(iter(arguments.runs))
        raise ValueError(f"Give one value of {name}, such as {name}=8: it stays fixed.")
    at: dict[str, Any] = {n: value_of(n, text) for n, text in fixes_of(arguments).items()}
    if arguments.sets is not None:
        return network_of(Family.of_sizes(arguments.sets, **at), arguments), at
    return network_of(named(arguments.family), arguments), at


def run(arguments) -> None:
    """Follow the arcs and print what they meet."""
    import numpy as np

    from bifurc.errors import EndedEarlyError
    from bifurc.landscapes.arcs import arcs

    c = None
    if arguments.c is not None:
        try:
            c = np.array([float(text) for text in arguments.c.split(",")])
        except ValueError:
            raise ValueError(f"--from {arguments.c} needs numbers with commas between.") from None
    problem, at = place_and_problem(arguments)
    found = arcs(
        problem, c, depth=arguments.depth, switches=arguments.switches, sphere=arguments.on_sphere,
        search=search_of(arguments), **at,
    )  # fmt: skip
    if arguments.json:
        whole = found.to_dict() | {"family": arguments.family, "at": found.centre.parameters}
        print_json(whole | {"beyond": [one.to_dict() for one in list(found.all())[1:]]})
    else:
        for one in found.all():
            print(one)
    if open_ends := found.open_ends:
        raise EndedEarlyError(f"{len(open_ends)} arcs were not followed to an end.")
