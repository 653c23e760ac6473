"""Files of a run: one npz per branch, the graph as node-link JSON and GraphML.

Every file is written whole, so that a run killed at any moment leaves whole
files only. No pickle: arrays are plain numbers, all else is JSON with every
digit. A branch file carries its name, the digest of what was run (the one in
the manifest) and the digest of its own content, which the graph's file states
too: one that was swapped, altered or taken from elsewhere is not believed.
"""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from bifurc import given
from bifurc.continuation.options import Status
from bifurc.continuation.point import Point
from bifurc.events.branch import Branch
from bifurc.events.records import Born, Event, Events, Index, Zero
from bifurc.files import FileError, digest, read_json, read_text, reading, write_atomically
from bifurc.graph.graph import SCHEMA, BranchGraph
from bifurc.graph.problems import (
    component_from,
    component_spec,
    problem_from,
    problem_spec,
    with_functions,
)

ARRAYS = ("X", "tangent", "scales", "jacobian", "values", "work")  # of every branch
RESUME = "resume the run to write it anew"
ALTERED = "delete it and resume the run"


def run_digest(problems, starts, *settings) -> str:
    """What tells one run from another: problems, starts and settings (records of plain data)."""
    plain = [[problem_spec(problem) for problem in problems], starts, *map(asdict, settings)]
    return digest(json.dumps(plain, sort_keys=True, default=str))


def save_branch(path: Path, branch: Branch, run: str = "") -> None:
    """Write one branch as npz; ``load_branch`` gives it back to the last bit.

    ``run`` is the :func:`run_digest` of what it belongs to.
    """
    points, events = branch.points, branch.events
    arrays = {
        "X": np.array([p.X for p in points]),
        "tangent": np.array([p.tangent for p in points]),
        "scales": np.array([p.scales for p in points]),
        "jacobian": np.array([p.jacobian for p in points]),
        "values": _rectangle([p.values for p in points]),
        "work": np.array([[p.iterations] for p in points]),
        "loss": np.asarray(branch.loss, dtype=float),
    }
    for i, event in enumerate(events):
        arrays |= _event_arrays(event, f"event{i}")
    if branch.born is not None:
        arrays |= _event_arrays(branch.born.event, "born")
    about = {
        "schema": SCHEMA,
        "name": path.stem,
        "run": run,
        "problem": problem_spec(branch.problem),
        "status": branch.status.name,
        "isotropy": branch.isotropy,
        "events": [_event_spec(event) for event in events],
        "born": branch.born and [branch.born.parent, _event_spec(branch.born.event)],
    }
    about["digest"] = _content_digest(arrays, about)
    arrays["about"] = np.array(json.dumps(about))
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    write_atomically(path, buffer.getvalue())


def _rectangle(rows: list[np.ndarray]) -> np.ndarray:
    """Rows of different lengths as one array, filled up with nan."""
    full = np.full((len(rows), max(map(len, rows))), np.nan)
    for row, values in zip(full, rows, strict=True):
        row[: len(values)] = values
    return full


def _content_digest(arrays: Mapping[str, np.ndarray], about: Mapping) -> str:
    """Of everything in a branch file but the digest itself."""
    rest = {key: value for key, value in about.items() if key != "digest"}
    parts: list[bytes | str] = [json.dumps(rest, sort_keys=True)]
    for name in sorted(set(arrays) - {"about"}):
        array = np.ascontiguousarray(arrays[name])
        parts += [f"{name} {array.dtype.str} {array.shape}", array.tobytes()]
    return digest(*parts)


def load_branch(path: Path, run: str | None = None) -> Branch:
    """Read a branch; with ``run``, one of that run.

    Raises
    ------
    FileError
        If the file is not a branch of a known schema, of this name and of
        that run, or was altered since it was written.
    """
    with reading(path, "is no branch file of this version", ALTERED):
        data, about = _parts(path)
        if run is not None and about["run"] != run:
            raise FileError(
                f"{path} belongs to another run, of another problem, window or options; choose "
                "another folder, or delete this one."
            )
        return _branch_from(data, about)


def _about(path: Path) -> dict:
    """What a branch file says of itself, its arrays left aside."""
    with reading(path, "is no branch file of this version", ALTERED):
        return _parts(path)[1]


def _parts(path: Path) -> tuple[dict, dict]:
    """Arrays and description of a branch file that is whole and bears its own name."""
    # from memory: numpy leaves a broken file open
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
        data = {name: arrays[name] for name in arrays.files}
    about = json.loads(str(data["about"]))
    _check_schema(about, path)
    if missing := [name for name in ARRAYS if name not in data]:
        raise KeyError(", ".join(missing))
    if about["digest"] != _content_digest(data, about):
        raise FileError(f"{path} was altered since it was written; {ALTERED}.")
    if about["name"] != path.stem:
        raise FileError(f"{path} holds branch {about['name']!r}; {ALTERED}.")
    return data, about


def _branch_from(data: dict, about: dict) -> Branch:
    arrays = (data[name] for name in ARRAYS)
    points = [
        Point(X, tangent, scales, jacobian, values[~np.isnan(values)], int(work[0]))
        for X, tangent, scales, jacobian, values, work in zip(*arrays, strict=True)
    ]
    events = Events(_event_from(spec, data, f"event{i}") for i, spec in enumerate(about["events"]))
    born = about["born"] and Born(about["born"][0], _event_from(about["born"][1], data, "born"))
    problem, status = problem_from(about["problem"]), Status[about["status"]]
    branch = Branch(problem, points, status, events, about["isotropy"], born)
    vars(branch)["loss"] = data["loss"]  # known, even where the functions of a problem are not
    return branch


def _event_arrays(event: Event, name: str) -> dict[str, np.ndarray]:
    kernels = {f"{name}_kernel{j}": zero.kernel for j, zero in enumerate(event.zeros)}
    return {f"{name}_X": event.X, f"{name}_tangent": event.tangent, **kernels}


def _event_spec(event: Event) -> dict:
    """What :meth:`Event.to_dict` says, and what it does not need to say; arrays apart."""
    return event.to_dict() | {
        "parameters": event.parameters,
        "zeros": [[component_spec(zero.component), float(zero.speed)] for zero in event.zeros],
        "below": _index_spec(event.below),
        "above": _index_spec(event.above),
        "position": float(event.position),
        "decided": event.decided,
    }


def _event_from(spec: dict, data: dict, name: str) -> Event:
    X = data[f"{name}_X"]
    return Event(
        label=spec["label"],
        zeros=tuple(
            Zero(component_from(component), data[f"{name}_kernel{j}"], speed)
            for j, (component, speed) in enumerate(spec["zeros"])
        ),
        lam=float(X[-1]),
        X=X,
        tangent=data[f"{name}_tangent"],
        parameters=spec["parameters"],
        loss=float("nan") if spec["loss"] is None else spec["loss"],
        kind=spec["kind"],
        position=spec["position"],
        sheet=spec["sheet"],
        decided=spec["decided"],
        below=_index_from(spec["below"]),
        above=_index_from(spec["above"]),
    )


def _index_spec(index: Index | None) -> list | None:
    return None if index is None else [[component_spec(c), n] for c, n in index.items()]


def _index_from(spec: list | None) -> Index | None:
    return None if spec is None else {component_from(c): n for c, n in spec}


def save_graph(folder: Path, graph: BranchGraph) -> None:
    """Write graph.json and graph.graphml; branches have their own files, there already."""
    data = nx.node_link_data(graph.graph, edges="edges")
    said = {name: _about(branch_path(folder, name)) for name in graph.branches}
    data["branches"] = list(said)
    data["digests"] = {name: about["digest"] for name, about in said.items()}
    data["run"] = next((about["run"] for about in said.values()), "")
    write_atomically(folder / "graph.json", json.dumps(data, indent=1))
    write_atomically(folder / "graph.graphml", graphml(graph))


def save_table(folder: Path, graph: BranchGraph) -> None:
    """Write critical.csv, a row for each event of each branch."""
    rows = list(graph.rows())
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    write_atomically(folder / "critical.csv", text.getvalue())


def graphml(graph: BranchGraph) -> bytes:
    """GraphML holds plain values only: lists become text."""
    plain = nx.MultiGraph()
    plain.graph.update({k: _plain(v) for k, v in graph.graph.graph.items()})
    for node, data in graph.graph.nodes(data=True):
        plain.add_node(node, **{k: _plain(v) for k, v in data.items()})
    for one, other, key, data in graph.graph.edges(keys=True, data=True):
        plain.add_edge(one, other, key, **{k: _plain(v) for k, v in data.items()})
    return "\n".join(nx.generate_graphml(plain)).encode()


def _plain(value):
    return value if isinstance(value, str | int | float | bool) else json.dumps(value)


def load(folder: str | Path, problem: Any = None) -> BranchGraph | Branch:
    """Read what a run wrote into ``folder``, or one branch from its file.

    A run that was stopped is read as far as its branches are there, which
    ``graph.graph.graph["cut"]`` says.

    Parameters
    ----------
    folder : path
        Of a run; or an ``.npz`` that :meth:`bifurc.events.branch.Branch.save` wrote.
    problem : bifurc.Problem, optional
        A problem of one's own, whose functions are in no file: with it the
        branches can be continued.

    Raises
    ------
    FileError
        If there is no run, its schema is not known, or a file is
        damaged, altered or of another run.
    """
    folder = given.place("folder", folder)
    if folder.suffix == ".npz":
        return _continuing(load_branch(folder), problem)
    path = folder / "graph.json"
    if not path.exists():
        return gathered(folder, problem)
    with reading(path, "is no graph of this version", RESUME):
        data = json.loads(read_text(path))
        _check_form(data, path)
        names, digests, run = (data.pop(key) for key in ("branches", "digests", "run"))
        if manifest(folder).get("run", run) != run:
            raise FileError(f"{path} is of another run than the manifest beside it; {RESUME}.")
        branches = {
            name: _continuing(load_branch(branch_path(folder, name), run), problem)
            for name in names
        }
        for name in names:
            place = branch_path(folder, name)
            if _about(place)["digest"] != digests.get(name):
                raise FileError(f"{place} is not the file that the run wrote; {ALTERED}.")
        return BranchGraph(nx.node_link_graph(data, edges="edges"), branches)


def gathered(folder: Path, problem: Any = None) -> BranchGraph:
    """The graph of a run that was stopped, of the branches that are there.

    Raises
    ------
    FileError
        If there is none.
    """
    paths = sorted((folder / "branches").glob("b*.npz"), key=lambda path: _rank(path.stem))
    if not paths:
        raise FileError(f"{folder} holds no run with a branch that is done; run a case.")
    run, graph = manifest(folder).get("run") or _about(paths[0])["run"], BranchGraph()
    for path in paths:
        branch = _continuing(load_branch(path, run), problem)
        if not any(graph.holds(branch.problem, point.X) for point in branch.points[1:3]):
            born = branch.born is not None
            origin = graph.node_at(branch.problem, branch.points[0].X) if born else None
            graph.add_branch(path.stem, branch.isotropy, branch, origin)
    graph.cut(f"the run was stopped after {len(paths)} branches; resume it to go on")
    return graph


def _rank(name: str) -> tuple[int, list[int]]:
    """Where a branch comes in the order of discovery: by its depth, then by its number."""
    numbers = [int(part) for part in re.findall(r"\d+", name)]
    return len(numbers), numbers


def _continuing(branch: Branch, problem: Any) -> Branch:
    """The branch on the functions of ``problem``, if that is given."""
    if problem is None:
        return branch
    again = replace(branch, problem=with_functions(branch.problem, problem))
    vars(again)["loss"] = branch.loss
    return again


def manifest(folder: Path) -> dict:
    """What the manifest of a run says; nothing where explore() wrote without one.

    Raises
    ------
    FileError
        If it is damaged.
    """
    path = folder / "manifest.json"
    if not path.exists():
        return {}
    said = read_json(path, "is no manifest of a run", "choose another folder, or delete this one")
    if not isinstance(said, dict):
        raise FileError(f"{path} is not the manifest of a run; choose another folder.")
    return said


def branch_path(folder: Path, name: str) -> Path:
    """Where a branch is kept."""
    return folder / "branches" / f"{name}.npz"


NUMBER = (int, float)
GRAPH: dict[str, Any] = {
    **dict.fromkeys(("nodes", "edges", "branches"), list),
    "digests": dict,
    "run": str,
    "multigraph": bool,
}
NODE = {"id": int, "type": str, "label": str, "lam": NUMBER, "mark": list}
EVENT = {"irrep": str, "set": str, "kind": str, "transition": str}
EDGE = {
    **dict.fromkeys(("branch", "isotropy", "index"), str),
    **dict.fromkeys(("source", "target", "key", "first_point", "last_point", "sheet"), int),
    **dict.fromkeys(("lam_low", "lam_high"), NUMBER),
    "minimum_at": list,
}


def _check_form(data, path: Path) -> None:
    """Raise FileError unless ``data`` holds a graph of our schema, with what is read of it."""
    _require(data, {"graph": dict}, "the file", path)
    _check_schema(data["graph"], path)
    _require(data["graph"], {"cut": list}, "graph", path)
    _require(data, GRAPH, "the file", path)
    for i, node in enumerate(data["nodes"]):
        _require(node, NODE, f"node {i}", path)
        _require(node, EVENT if node["type"] == "event" else {}, f"node {i}", path)
    ids = {node["id"] for node in data["nodes"]}
    for i, edge in enumerate(data["edges"]):
        _require(edge, EDGE, f"edge {i}", path)
        if not {edge["source"], edge["target"]} <= ids or edge["branch"] not in data["branches"]:
            raise FileError(
                f"{path} is no whole graph (edge {i} leads to what is not there); resume the run."
            )


def _require(given, fields: Mapping[str, Any], what: str, path: Path) -> None:
    """Raise FileError unless ``given`` is a table with these fields of these types."""
    table = given if isinstance(given, dict) else {}
    wrong = [name for name, kind in fields.items() if not isinstance(table.get(name), kind)]
    if wrong:
        raise FileError(
            f"{path} is no graph of this version ({what} lacks {', '.join(wrong)}, or holds "
            "another type there); resume the run to write it anew."
        )


def _check_schema(about: dict, path: Path) -> None:
    if about.get("schema") != SCHEMA:
        raise FileError(
            f"{path} has schema {about.get('schema')!r}, this version reads {SCHEMA}; "
            "run the case again."
        )
