"""``bifurc report OUT``: all that a run has found, as one page for a browser."""

from pathlib import Path

from bifurc.cli.common import add_talk, check_place

EPILOG = """examples:
  bifurc report out
  bifurc report out -o type_ii.html

OUT is a folder that bifurc run has written, also one that was stopped. The page
works offline; it needs the extra report (plotly) to be written.
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "report",
        help="write a page that shows a run, to be opened in a browser",
        description="Write one HTML file with the diagram, the weights, spectrum and events of "
        "each branch, the graph and the table of critical values.",
        epilog=EPILOG,
    )
    command.add_argument("folder", metavar="OUT", type=Path, help="folder of a run")
    command.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help=".html (default OUT/report.html)"
    )
    add_talk(command, "do not name the file written")
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Load and write."""
    from bifurc.graph.files import load
    from bifurc.page import report

    check_place(arguments.output)
    graph, output = load(arguments.folder), arguments.output or arguments.folder / "report.html"
    report(graph, output, title=arguments.folder.resolve().name)
    if not arguments.quiet:
        print(output)
