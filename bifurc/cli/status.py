"""``bifurc status OUT``: how far a run is."""

import time
from pathlib import Path

EPILOG = """examples:
  bifurc status out

OUT is a folder that bifurc run writes, or has written.
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "status",
        help="say how far a run is, how its branches ended and what was not followed",
        epilog=EPILOG,
    )
    command.add_argument("folder", metavar="OUT", type=Path, help="folder of a run")
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Print a line for the run, one for its ends, and one for each branch left aside."""
    from bifurc.cli.run import summary
    from bifurc.graph.files import load, manifest
    from bifurc.graph.graph import BranchGraph

    folder = arguments.folder
    graph, done = load(folder), (folder / "graph.json").exists()
    if not isinstance(graph, BranchGraph):
        raise ValueError(f"{folder} is one branch; name the folder of a run.")
    case = manifest(folder).get("case", "explore()")
    last = max(path.stat().st_mtime for path in (folder / "branches").glob("b*.npz"))
    ago = f"{time.time() - last:.0f} s ago"
    said = "finished" if done else f"not finished, the last branch was done {ago}"
    print(f"{folder}: {case}, {said}; {graph.headline}")
    for line in summary(graph):
        print(line)
    for line in graph.ended_early():
        print(f"ended early: {line}")
