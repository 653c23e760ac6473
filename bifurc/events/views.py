"""A branch as a person reads it, and as other programs take it: lines, tables, frames."""

import html
from typing import Any

import numpy as np


def headline(branch) -> str:
    """One line: what it is, where it goes, how it ended.

    Such as ``Branch: d from 40 to 3.1, 15 points, 1 event; WINDOW``.
    """
    name = branch.problem.parameter
    first, last = branch.points[0].lam, branch.points[-1].lam
    label = f" {branch.isotropy}" if branch.isotropy else ""
    events = f"{len(branch.events)} event" + ("" if len(branch.events) == 1 else "s")
    count = f"{len(branch.points)} points, {events}"
    return f"Branch{label}: {name} from {first:.6g} to {last:.6g}, {count}; {branch.status.name}"


def rows(branch) -> list[tuple[str, ...]]:
    """The events as texts, under their headings."""
    found: list[tuple[str, ...]] = [(f"at {branch.problem.parameter}", "event", "index", "")]
    for event in branch.events:
        sides = [
            "end" if getattr(event, side) is None else event.index(side).text()
            for side in ("below", "above")
        ]
        first = branch.first_minimum(event)
        what = f"{event.label} {event.name}, {event.kind}" + (", formal" if event.formal else "")
        note = [] if event.sheet == 1 else [f"sheet {event.sheet}"]
        note += [] if first is None else [f"minimum from {branch.problem.parameter} = {first}"]
        found.append((f"{event.lam:.12g}", what, " -> ".join(sides), ", ".join(note)))
    return found


def table(branch) -> str:
    """The headline, and a line for each event.

    The index is that for smaller and for larger values of the parameter.
    """
    lines = rows(branch)
    lines += [(f"{mark.lam:.12g}", f"{mark.label} {mark.name}", "", "") for mark in branch.marks]
    return text_table(lines, headline(branch))


def page(branch) -> str:
    """:func:`table` as HTML, for notebooks."""
    return html_table(rows(branch), headline(branch))


def html_table(lines: list[tuple[str, ...]], above: str = "") -> str:
    """Rows of texts, the first of them headings, as HTML."""
    head, *body = lines
    cells = [
        "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in line) + "</tr>"
        for tag, line in [("th", head), *(("td", line) for line in body)]
    ]
    before = f"<p>{html.escape(above)}</p>" if above else ""
    return f"{before}<table>{''.join(cells)}</table>"


def text_table(lines: list[tuple[str, ...]], above: str) -> str:
    """Rows of texts in columns under a headline."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    body = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return "\n".join([above, *(f"  {line}" for line in body if len(lines) > 1)])


class Spectrum(dict):
    """Isotypic eigenvalues along a branch: component to (points, eigenvalues), ascending.

    It reads as a table of what is smallest and largest of each block.
    """

    def lines(self) -> list[tuple[str, ...]]:
        """A row for each block."""
        found: list[tuple[str, ...]] = [("block", "dimension", "smallest", "largest")]
        for c, values in self.items():
            ends = ("", "") if not values.size else (f"{values.min():.6g}", f"{values.max():.6g}")
            found.append((str(c), str(c.dimension), *ends))
        return found

    def __repr__(self) -> str:
        points = max((len(values) for values in self.values()), default=0)
        return f"Spectrum: {', '.join(map(str, self))} at {points} points"

    def __str__(self) -> str:
        return text_table(self.lines(), repr(self))

    def _repr_html_(self) -> str:
        return html_table(self.lines(), repr(self))


def columns(branch) -> dict[str, np.ndarray]:
    """Parameter, sheet, loss, Morse index and coordinates at each point."""
    parameters = [branch.problem.parameters(lam) for lam in branch.lam.tolist()]
    index = [branch.index_at(i)(**here) for i, here in enumerate(parameters)]
    found = {
        branch.problem.parameter: branch.lam,
        "sheet": branch.sheets,
        "loss": branch.loss,
        "index": np.array(index, dtype=float),
        "is_minimum": branch.is_minimum(),
    }
    names = branch.problem.coordinate_names
    return found | branch.recorded | dict(zip(names, np.asarray(branch.x).T, strict=True))


def frame(branch) -> Any:
    """:func:`columns` as a pandas DataFrame, the events in its ``attrs``.

    Raises
    ------
    ModuleNotFoundError
        If pandas is not installed.
    """
    import pandas as pd

    found = pd.DataFrame(columns(branch))
    found.attrs["events"] = [event.to_dict() for event in branch.events]
    return found


def dataset(branch) -> Any:
    """Spectra as an xarray Dataset, one variable for each block, over points and eigenvalues.

    Raises
    ------
    ModuleNotFoundError
        If xarray is not installed.
    """
    import xarray as xr

    name = branch.problem.parameter
    blocks = {
        component.label: (("point", f"eigenvalue of {component.label}"), values)
        for component, values in branch.spectrum.items()
    }
    return xr.Dataset(blocks, coords={name: ("point", branch.lam)})
