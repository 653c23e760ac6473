"""``bifurc locus``: an event followed in two parameters."""

from bifurc.cli.common import add_family, add_output, check_place, family_of, number, print_json

EPILOG = """examples:
  bifurc locus M --event s:bulk --params d,p --from 1 --to 10
  bifurc locus M --event s:bulk --params d,p --set p=3 --json
  bifurc locus M --event s:bulk --from 1 --to 20 -o critical_curve.png

The family is traced along the first parameter, the second one at its own
value (--set); the event found there is followed both ways in the second.
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "locus",
        help="an event in two parameters",
        description="Follow an event of a family in two parameters; list what happens on the way.",
        epilog=EPILOG,
    )
    add_family(command)
    command.add_argument("--event", required=True, metavar="IRREP[:SET]", help="s:bulk, x, fold")
    command.add_argument("--params", default="d,p", help="the two parameters (default d,p)")
    command.add_argument("--from", dest="first", type=number, metavar="VALUE")
    command.add_argument("--to", dest="last", type=number, metavar="VALUE")
    command.add_argument(
        "--within",
        type=number,
        nargs=2,
        default=(40.0, 3.1),
        metavar="VALUE",
        help="where along the first parameter to look for the event (default 40 3.1)",
    )
    command.add_argument(
        "--near", type=number, metavar="VALUE", help="of several events the one nearest to this"
    )
    command.add_argument(
        "-o", "--output", metavar="FILE", help="draw the curve as well (png, svg or pdf)"
    )
    add_output(command)
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Trace and print."""
    from bifurc.api import locus
    from bifurc.errors import EndedEarlyError
    from bifurc.loci.family import two

    if (arguments.first is None) != (arguments.last is None):
        raise ValueError("Give both --from and --to, the window of the second parameter.")
    check_place(arguments.output, picture=True)
    family, runs = family_of(arguments), arguments.runs
    names = tuple(runs) if len(runs) == 2 else two(arguments.params)
    window = None if arguments.first is None else (arguments.first, arguments.last)
    within = runs.get(names[0], tuple(arguments.within))
    window = runs.get(names[1], window)
    curve = locus(family, arguments.event, names, window, within, arguments.near)
    if arguments.json:
        print_json(summary(family, arguments.event, curve))
    else:
        print(*table(curve), sep="\n")
    if arguments.output:
        draw(curve, family.name, arguments.output)
    for end in curve.ends:
        if end.early:
            raise EndedEarlyError(f"The locus ended early: {end.reason}")


def draw(curve, name: str, path: str) -> None:
    """Save a figure of the curve."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from bifurc.draw import locus
    from bifurc.draw.style import save, style

    with style("print"):
        figure, ax = plt.subplots()
        locus(curve, ax)
        ax.set_title(f"{name}: {curve.label}")
        ax.legend()
        save(figure, path)
        plt.close(figure)


def summary(family, event: str, curve) -> dict:
    """One object: the points of the curve, what happens on it and why it ends."""
    values = {name: each.tolist() for name, each in curve.values.items()}
    return {
        "family": family.name,
        "event": event,
        "parameters": list(curve.names),
        "irreps": curve.label,
        "sheet": curve.sheet,
        "closed": curve.closed,
        "points": [
            dict(zip(values, pair, strict=True)) for pair in zip(*values.values(), strict=True)
        ],
        "special": [
            {
                "kind": special.kind,
                "about": special.about,
                "at": {name: special.parameters[name] for name in curve.names},
                "irrep": special.component and special.component.irrep,
                "set": special.component and special.component.points,
                "formal": special.formal,
            }
            for special in curve.special
        ],
        "ends": [{"reason": end.reason, "set": end.limit} for end in curve.ends],
    }


def table(curve) -> list[str]:
    """Lines that a person reads: the points in order, special ones among them."""
    first, second = curve.names
    where = "" if curve.sheet is None else f", on sheet {curve.sheet} of the branch"
    lines = [f"{curve.label}{where}", f"{first:>18}{second:>18}", "  " + curve.ends[0].reason]
    waiting = list(curve.special)
    for i, pair in enumerate(zip(*curve.values.values(), strict=True)):
        while waiting and waiting[0].position < i:
            lines.append(f"  {waiting.pop(0)}")
        lines.append("".join(f"{value:>18.10g}" for value in pair))
    return [*lines, "  " + curve.ends[1].reason]
