"""``bifurc plot OUT``: a picture of a finished run, and the numbers in it."""

from pathlib import Path

from bifurc.cli.common import add_talk, check_place, csv_text

EPILOG = """examples:
  bifurc plot out
  bifurc plot out --y norm -o norm.pdf
  bifurc plot out --y eigenvalues --window 4 12 -o spectrum.svg --csv spectrum.csv
  bifurc plot out --y eigenvalues --branch b0-0.1
  bifurc plot out --y graph -o graph.svg --style slides

OUT is a folder that bifurc run has written. COORDINATE is a name such as
bulk.bulk.diag, as bifurc spectrum lists them.
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "plot",
        help="draw a finished run",
        description="Draw what a run has found; minima solid, saddles dashed, events by irrep.",
        epilog=EPILOG,
    )
    command.add_argument("folder", metavar="OUT", type=Path, help="folder of a finished run")
    command.add_argument(
        "--y",
        metavar="WHAT",
        help="loss, norm, smallest (eigenvalue), a COORDINATE; or another picture: eigenvalues, "
        "graph, isotropy (default: what the case says, else loss)",
    )
    command.add_argument("--branch", help="the branch for eigenvalues (default: the first)")
    command.add_argument(
        "--window", nargs=2, type=float, metavar=("LOW", "HIGH"), help="part of the parameter"
    )
    command.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help=".png, .svg or .pdf (default OUT/Y.png)"
    )
    command.add_argument("--csv", type=Path, metavar="FILE", help="write the numbers drawn, too")
    command.add_argument("--style", choices=("print", "slides"), default="print")
    add_talk(command, "do not name the files written")
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Load, draw and save."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from bifurc.draw.style import check_ending, save, style
    from bifurc.files import write_atomically
    from bifurc.graph.files import load

    graph = load(arguments.folder)
    arguments.y = arguments.y or wish(arguments.folder)
    name = arguments.y.replace("/", "-")  # of a coordinate such as bulk/1.last
    output = arguments.output or arguments.folder / f"{name}.png"
    check_ending(output)
    check_place(output)
    with style(arguments.style):
        fig, numbers = picture(graph, arguments)
        save(fig, output)
        plt.close(fig)
    written = [output]
    if arguments.csv is not None:
        rows = numbers()
        write_atomically(arguments.csv, csv_text(rows[0] if rows else (), rows))
        written.append(arguments.csv)
    if not arguments.quiet:
        print(*written, sep="\n")


def picture(graph, arguments):
    """The figure that the arguments ask for, and a function that gives its numbers as rows."""
    from bifurc import draw

    window = window_of(arguments.window)
    if arguments.y == "eigenvalues":
        branch = branch_of(graph, arguments.branch)
        fig, _ = draw.eigenvalues(branch, window=window)
        return fig, lambda: flat(draw.eigencurves(branch, window=window))
    if arguments.y in ("graph", "isotropy") and (arguments.branch or window):
        raise ValueError(f"--branch and --window do not go with --y {arguments.y}; leave them out.")
    if arguments.y == "graph":
        return draw.branch_graph(graph)[0], lambda: list(graph.rows())
    if arguments.y == "isotropy":
        edges = draw.isotropies(graph).edges(data=True)
        fig, _ = draw.isotropy_lattice(graph)
        return fig, lambda: [{"above": u, "below": v, **data} for u, v, data in edges]
    source = graph
    if arguments.branch is not None:
        source = {arguments.branch: branch_of(graph, arguments.branch)}
    fig, _ = draw.diagram(source, arguments.y, window=window)
    return fig, lambda: flat(draw.curves(source, arguments.y, window=window))


def flat(found) -> list[dict]:
    """The rows of all curves."""
    return [row for one in found for row in one.rows()]


def wish(folder: Path) -> str:
    """What the case of a run wants drawn; the loss where explore() wrote without a case."""
    from bifurc.graph.files import manifest

    draw = manifest(folder).get("draw")
    y = draw.get("y") if isinstance(draw, dict) else None
    return y if isinstance(y, str) else "loss"


def window_of(ends) -> tuple[float, float] | None:
    """The window, lower end first."""
    if ends is None:
        return None
    low, high = min(ends), max(ends)
    if not low < high < float("inf") or low == -float("inf"):
        raise ValueError(f"--window needs two different finite numbers, got {ends[0]} {ends[1]}.")
    return low, high


def branch_of(graph, name: str | None):
    """A branch by its name, the first one without."""
    if name is None:
        return next(iter(graph.branches.values()))
    if name not in graph.branches:
        raise ValueError(f"There is no branch {name!r}; there is {', '.join(graph.branches)}.")
    return graph.branches[name]
