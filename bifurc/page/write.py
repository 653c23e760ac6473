"""A page as one file of HTML."""

import html as markup
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from bifurc import given
from bifurc.events.branch import Branch
from bifurc.files import write_atomically
from bifurc.graph.graph import BranchGraph
from bifurc.page.content import content


def report(source: BranchGraph | Branch, path: str | Path, title: str = "", prove: bool = True):
    """Write all that was found as one HTML file that works offline.

    Parameters
    ----------
    source : BranchGraph or Branch
    path : str or Path
        Ends in .html.
    title : str
        What the page is called; the file's name by default.
    prove : bool
        Whether to prove the events at which a minimum is gained or lost, where
        python-flint is there.

    Raises
    ------
    ValueError
        If the path does not end in .html, or plotly (the extra ``report``) is missing.
    """
    path = given.place("path", path)
    given.one_of("source", source, (BranchGraph, Branch), "a graph or a branch")
    if path.suffix not in (".html", ".htm"):
        raise ValueError(f"A report is written as .html, got {path}.")
    graph = source if isinstance(source, BranchGraph) else alone(source)
    write_atomically(path, html(content(graph, title or path.stem, prove)))


def alone(branch: Branch) -> BranchGraph:
    """A graph of one branch."""
    graph = BranchGraph()
    graph.add_branch("b0", branch.isotropy, branch, None)
    return graph


def html(found: dict[str, Any]) -> str:
    """The page of some content: a frame, the data, and the code that draws them."""
    room = files("bifurc.page")
    # within a script element only "<" could end the data
    data = json.dumps(found, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    parts = {
        "TITLE": markup.escape(found["title"]),
        "PLOTLY": plotly(),
        "DATA": data,
        "CODE": (room / "run.js").read_text(encoding="utf-8"),
    }
    frame = (room / "run.html").read_text(encoding="utf-8")
    return re.sub(f"@({'|'.join(parts)})@", lambda hole: parts[hole[1]], frame)


def plotly() -> str:
    """The code of plotly, to be written into a page."""
    try:
        from plotly.offline import get_plotlyjs
    except ImportError:
        raise ValueError(
            "A report needs plotly; install it: pip install 'bifurc[report]'."
        ) from None
    return get_plotlyjs()
