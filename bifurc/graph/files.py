"""Files of a run: one npz per branch, the graph as node-link JSON and GraphML.

Every file is written beside its place and renamed, so that a run killed at
any moment leaves whole files only. No pickle: arrays are plain numbers, all
else is JSON with every digit.
"""

import csv
import errno
import io
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import networkx as nx
import numpy as np

import bifurc
from bifurc.continuation.options import Status
from bifurc.continuation.point import Point
from bifurc.events.branch import Branch
from bifurc.events.records import Event, Events, Index, Zero
from bifurc.graph.graph import SCHEMA, BranchGraph
from bifurc.graph.problems import component_from, component_spec, problem_from, problem_spec


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` so that ``path`` holds all of it or what it held before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError:  # a full disk, say; a killed run leaves its parts to the next one
        part.unlink(missing_ok=True)
        raise


def claim(folder: Path, said: Mapping[str, Any], resume: bool = True) -> None:
    """Write the manifest of a run into its folder, or see that the one there is of the same run.

    ``said`` is everything that makes it this run; the versions are added.

    Raises
    ------
    ValueError
        If the folder holds something else, or this run and ``resume`` is not set.
    """
    versions = {
        "bifurc": bifurc.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    # through JSON, so that tuples and lists compare equal
    text = json.dumps({"schema": SCHEMA, **said, "versions": versions}, default=str, indent=1)
    place = folder / "manifest.json"
    if resume:
        for part in folder.rglob(".*.part"):  # files that a killed run was writing
            part.unlink(missing_ok=True)
    if place.exists():
        try:
            old = json.loads(place.read_text())
        except json.JSONDecodeError:
            old = None
        if old != json.loads(text):
            raise ValueError(
                f"{folder} holds another run ({_differences(old, json.loads(text))}); choose "
                "another folder, or delete it."
            )
        if not resume:
            raise ValueError(f"{folder} holds this run already; add --resume to take it up.")
        return
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty and holds no run; choose another folder.")
    write_atomically(place, text.encode())


def _differences(old: Any, new: dict) -> str:
    """Which parts of two manifests differ."""
    if not isinstance(old, dict):
        return "its manifest cannot be read"
    parts = [name for name in {**new, **old} if old.get(name) != new.get(name)]
    return f"other {', '.join(parts)}"


def save_branch(path: Path, branch: Branch) -> None:
    """Write one branch as npz; ``load_branch`` gives it back to the last bit."""
    points, events = branch.points, branch.events
    arrays = {
        "X": np.array([p.X for p in points]),
        "tangent": np.array([p.tangent for p in points]),
        "scales": np.array([p.scales for p in points]),
        "jacobian": np.array([p.jacobian for p in points]),
        "values": _rectangle([p.values for p in points]),
        "work": np.array([[p.iterations, p.evaluations] for p in points]),
    }
    for i, event in enumerate(events):
        arrays[f"event{i}_X"] = event.X
        arrays[f"event{i}_tangent"] = event.tangent
        for j, zero in enumerate(event.zeros):
            arrays[f"event{i}_kernel{j}"] = zero.kernel
    about = {
        "schema": SCHEMA,
        "problem": problem_spec(branch.problem),
        "status": branch.status.name,
        "events": [_event_spec(event) for event in events],
    }
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


def load_branch(path: Path) -> Branch:
    """Read a branch.

    Raises
    ------
    ValueError
        If the file is not a branch of a known schema.
    """
    try:
        # from memory: numpy leaves a broken file open
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            data = {name: arrays[name] for name in arrays.files}
        about = json.loads(str(data["about"]))
        _check_schema(about, path)
        return _branch_from(data, about)
    except (KeyError, OSError, ValueError, EOFError, BadZipFile) as error:
        raise ValueError(
            f"{path} is no branch file of this version ({error}); delete it and resume the run."
        ) from None


def _branch_from(data: dict, about: dict) -> Branch:
    arrays = (data[name] for name in ("X", "tangent", "scales", "jacobian", "values", "work"))
    points = [
        Point(X, tangent, scales, jacobian, values[~np.isnan(values)], *work.tolist())
        for X, tangent, scales, jacobian, values, work in zip(*arrays, strict=True)
    ]
    events = Events(_event_from(spec, data, i) for i, spec in enumerate(about["events"]))
    return Branch(problem_from(about["problem"]), points, Status[about["status"]], events)


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


def _event_from(spec: dict, data: dict, i: int) -> Event:
    X = data[f"event{i}_X"]
    return Event(
        label=spec["label"],
        zeros=tuple(
            Zero(component_from(component), data[f"event{i}_kernel{j}"], speed)
            for j, (component, speed) in enumerate(spec["zeros"])
        ),
        lam=float(X[-1]),
        X=X,
        tangent=data[f"event{i}_tangent"],
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
    """Write graph.json, graph.graphml and critical.csv; branches have their own files."""
    data = nx.node_link_data(graph.graph, edges="edges")
    data["branches"] = list(graph.branches)
    write_atomically(folder / "graph.json", json.dumps(data, indent=1).encode())
    write_atomically(folder / "graph.graphml", graphml(graph))


def save_table(folder: Path, graph: BranchGraph) -> None:
    """Write critical.csv, a row for each event of each branch."""
    rows = list(graph.rows())
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    write_atomically(folder / "critical.csv", text.getvalue().encode())


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


def load(folder: str | Path) -> BranchGraph:
    """Read what a run wrote into ``folder``.

    Raises
    ------
    ValueError
        If there is no finished graph, or its schema is not known.
    """
    folder = Path(folder)
    path = folder / "graph.json"
    try:
        data = json.loads(path.read_text())
    except OSError:
        raise ValueError(
            f"{folder} holds no finished run (no graph.json); run the case, or resume it."
        ) from None
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path} is not JSON ({error}); resume the run to write it anew."
        ) from None
    _check_form(data, path)
    names = data.pop("branches")
    graph = nx.node_link_graph(data, edges="edges")
    branches = {name: load_branch(branch_path(folder, name)) for name in names}
    return BranchGraph(graph, branches)


def branch_path(folder: Path, name: str) -> Path:
    """Where a branch is kept."""
    return folder / "branches" / f"{name}.npz"


NUMBER = (int, float)
GRAPH = {"nodes": list, "edges": list, "branches": list, "multigraph": bool}
NODE = {"id": int, "type": str, "label": str, "lam": NUMBER, "mark": list}
EVENT = {"irrep": str, "set": str, "kind": str, "transition": str}
EDGE = {
    **dict.fromkeys(("branch", "isotropy", "index"), str),
    **dict.fromkeys(("source", "target", "key", "first_point", "last_point", "sheet"), int),
    **dict.fromkeys(("lam_low", "lam_high"), NUMBER),
    "minimum_at": list,
}


def _check_form(data, path: Path) -> None:
    """Raise ValueError unless ``data`` holds a graph of our schema, with what is read of it."""
    _require(data, {"graph": dict}, "the file", path)
    _check_schema(data["graph"], path)
    _require(data, GRAPH, "the file", path)
    for i, node in enumerate(data["nodes"]):
        _require(node, NODE, f"node {i}", path)
        _require(node, EVENT if node["type"] == "event" else {}, f"node {i}", path)
    ids = {node["id"] for node in data["nodes"]}
    for i, edge in enumerate(data["edges"]):
        _require(edge, EDGE, f"edge {i}", path)
        if not {edge["source"], edge["target"]} <= ids or edge["branch"] not in data["branches"]:
            raise ValueError(
                f"{path} is no whole graph (edge {i} leads to what is not there); resume the run."
            )


def _require(given, fields: Mapping[str, Any], what: str, path: Path) -> None:
    """Raise ValueError unless ``given`` is a table with these fields of these types."""
    table = given if isinstance(given, dict) else {}
    wrong = [name for name, kind in fields.items() if not isinstance(table.get(name), kind)]
    if wrong:
        raise ValueError(
            f"{path} is no graph of this version ({what} lacks {', '.join(wrong)}, or holds "
            "another type there); resume the run to write it anew."
        )


def _check_schema(about: dict, path: Path) -> None:
    if about.get("schema") != SCHEMA:
        raise ValueError(
            f"{path} has schema {about.get('schema')!r}, this version reads {SCHEMA}; "
            "run the case again."
        )
