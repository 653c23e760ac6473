"""Files of a run: what is written is read back, to the last bit, without pickle."""

import io
import json
import shutil

import networkx as nx
import numpy as np
import pytest

import bifurc
from bifurc.continuation.options import Options, Status
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at, trace
from bifurc.events.branch import follow
from bifurc.exploration import Plan, explore_from, save_run
from bifurc.graph.files import (
    branch_path,
    load,
    load_branch,
    save_branch,
    write_atomically,
)
from bifurc.graph.problems import (
    problem_from,
    problem_spec,
    structure_from,
    structure_spec,
)
from bifurc.models import chain, dihedral, permuted, pitchfork


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    graph = bifurc.explore("A", d=(12, 5), folder=folder)
    save_run(folder, graph)
    return folder, graph


PLAIN = {
    "chain": (chain(), np.zeros(5), (-0.5, 4.5)),
    "permuted": (permuted(5), np.zeros(1), (-0.5, 1.5)),
    "pitchfork": (pitchfork(), np.ones(1), (-1.0, 1.0)),
    "dihedral": (dihedral(4), np.zeros(0), (-0.5, 1.0)),
}


def explored(name, folder=None):
    problem, x, window = PLAIN[name]
    seed = ("all of G", problem, point_at(problem, x, window[0]))
    return explore_from([seed], Plan(window), folder=folder)


def test_a_graph_is_loaded_equal(run):
    folder, graph = run
    again = load(folder)
    assert again == graph
    assert list(again.rows()) == list(graph.rows())
    assert [str(t) for t in again.transitions()] == [str(t) for t in graph.transitions()]
    assert any(branch.problem.structure.ties for branch in again.branches.values())


@pytest.mark.parametrize("name", list(PLAIN))
def test_graphs_of_plain_models_are_loaded_equal(name, tmp_path):
    graph = explored(name, tmp_path)
    save_run(tmp_path, graph)
    assert load(tmp_path) == graph


def test_a_change_in_any_branch_makes_graphs_unequal(run):
    folder, graph = run
    again = load(folder)
    again.branches["b0"].points[3].X[0] += 1e-15
    assert again != graph


def test_no_file_holds_a_pickle(run):
    folder, _ = run
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".npz", ".json", ".graphml", ".csv"}
    for path in files:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                assert all(arrays[name].dtype.kind in "fiU" for name in arrays.files)


def test_graphml_opens_in_networkx(run):
    folder, graph = run
    opened = nx.read_graphml(folder / "graph.graphml", node_type=int, force_multigraph=True)
    assert opened.number_of_nodes() == graph.graph.number_of_nodes()
    assert opened.number_of_edges() == graph.graph.number_of_edges()
    for node, data in graph.graph.nodes(data=True):
        assert opened.nodes[node]["lam"] == data["lam"]
        assert opened.nodes[node]["label"] == data["label"]
    names = sorted(data["branch"] for *_, data in opened.edges(data=True))
    assert names == sorted(data["branch"] for *_, data in graph.graph.edges(data=True))


def test_the_table_has_a_row_for_each_event(run):
    folder, graph = run
    lines = (folder / "critical.csv").read_text().splitlines()
    assert len(lines) == 1 + sum(len(branch.events) for branch in graph.branches.values())
    assert lines[0].startswith("branch,value,label,irrep,set,kind")
    assert lines[1].startswith("b0,5.76381273491")


@pytest.mark.parametrize("name", ["A", *PLAIN])
def test_a_saved_branch_goes_on_bit_identically(run, name, tmp_path):
    """The walk taken up from the last point, and spectra, are the same floats."""
    graph = run[1] if name == "A" else explored(name)
    for branch in graph.branches.values():
        save_branch(tmp_path / "branch.npz", branch)
        again = load_branch(tmp_path / "branch.npz")
        assert again.status is branch.status
        walks = [
            list(trace(b.problem, b.points[-2], (-1.0, 60.0), Options(max_steps=5)))
            for b in (branch, again)
        ]
        assert len(walks[0]) == len(walks[1])
        for one, other in zip(*walks, strict=True):
            assert one.X.tobytes() == other.X.tobytes()
            assert one.tangent.tobytes() == other.tangent.tobytes()
            assert one.jacobian.tobytes() == other.jacobian.tobytes()
        for values, loaded in zip(branch.spectrum.items(), again.spectrum.items(), strict=True):
            assert values[0] == loaded[0]
            assert values[1].tobytes() == loaded[1].tobytes()
        for event, loaded in zip(branch.events, again.events, strict=True):
            assert str(event) == str(loaded)
            assert event.kernel.tobytes() == loaded.kernel.tobytes()
            assert (event.below, event.above) == (loaded.below, loaded.above)


def test_structures_and_problems_are_plain_data(run):
    for branch in run[1].branches.values():
        spec = json.loads(json.dumps(problem_spec(branch.problem)))
        assert problem_spec(problem_from(spec)) == problem_spec(branch.problem)
        structure = branch.problem.structure
        assert structure_from(json.loads(json.dumps(structure_spec(structure)))) == structure


def test_a_problem_of_functions_cannot_be_saved(tmp_path):
    problem = PlainProblem(
        lambda x, lam: lam * x, lambda x, lam: np.eye(1) * lam, lambda x, lam: x, 1
    )
    branch = follow(problem, point_at(problem, np.zeros(1), 0.5), (0.5, 1.0))
    with pytest.raises(ValueError, match="plain functions cannot be saved"):
        save_branch(tmp_path / "b.npz", branch)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no finished run"):
        load(tmp_path)
    (tmp_path / "graph.json").write_text("{")
    with pytest.raises(ValueError, match="is not JSON"):
        load(tmp_path)
    (tmp_path / "graph.json").write_text('{"graph": {"schema": 99}}')
    with pytest.raises(ValueError, match="schema 99"):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a zip", "half"])
def test_a_broken_branch_file_is_refused(run, content, tmp_path):
    whole = branch_path(run[0], "b0").read_bytes()
    path = tmp_path / "b0.npz"
    path.write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    with pytest.raises(ValueError, match="is no branch file"):
        load_branch(path)


def test_a_file_with_a_pickle_is_refused(tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, about=np.array([{"schema": 1}], dtype=object))
    (tmp_path / "b.npz").write_bytes(buffer.getvalue())
    with pytest.raises(ValueError, match="is no branch file"):
        load_branch(tmp_path / "b.npz")


def test_writing_is_all_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"before")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        write_atomically(path, b"after")
    assert path.read_bytes() == b"before"


def test_every_status_survives(tmp_path):
    branch = bifurc.trace("II", d=(8, 7))
    for status in Status:
        changed = type(branch)(branch.problem, branch.points, status, branch.events)
        save_branch(tmp_path / "b.npz", changed)
        assert load_branch(tmp_path / "b.npz").status is status


def damages():
    """One damage each to a graph file: (where, new value); None takes the value away."""
    top = [(("graph",), 3), (("nodes",), "x"), (("branches",), None), (("multigraph",), [])]
    node = [(("nodes", 0), -1), (("nodes", 0, "mark"), None), (("nodes", 0, "id"), -1)]
    edge = [(("edges", 0, name), None) for name in ("branch", "index", "lam_low", "key")]
    return [*top, *node, *edge, (("edges", 0, "branch"), "b7"), (("edges", 0, "index"), 2)]


@pytest.mark.parametrize("place, value", damages(), ids=str)
def test_a_damaged_graph_file_is_refused_in_one_line(run, place, value, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(run[0], folder)
    data = json.loads((folder / "graph.json").read_text())
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    if value is None:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    (folder / "graph.json").write_text(json.dumps(data))
    with pytest.raises(ValueError, match="graph.json"):
        load(folder)


def test_a_list_is_no_graph(tmp_path):
    (tmp_path / "graph.json").write_text("[]")
    with pytest.raises(ValueError, match="no graph of this version"):
        load(tmp_path)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match="folder"):
        write_atomically(tmp_path / "folder", b"text")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(tmp_path / "file", b"text")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
