"""Files of a run: what is written is read back, to the last bit, without pickle."""

import io
import json
import os
import shutil
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import bifurc
from bifurc.cli.main import main
from bifurc.continuation.options import Options, Status
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at, trace
from bifurc.events.branch import follow
from bifurc.exploration import Plan, explore_from, save_run
from bifurc.files import (
    FileError,
    parts_left,
    read_sealed,
    read_text,
    sealed,
    write_atomically,
)
from bifurc.graph.files import branch_path, load, load_branch, save_branch
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
    with pytest.raises(ValueError, match="holds no run"):
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
    with pytest.raises(OSError, match="file.*disk"):
        write_atomically(path, b"after")
    assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


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
    top += [(("graph", "cut"), -1), (("graph", "cut"), None)]
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
    with pytest.raises(OSError, match="No space.*file'"):
        write_atomically(tmp_path / "file", b"text")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_link_stays_a_link_and_a_pipe_a_pipe(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_atomically(tmp_path / "link", "λ")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == "λ".encode()
    write_atomically("/dev/null", "text")
    assert not Path("/dev/null").is_file()


def test_who_may_read_a_file_stays_as_it_was(tmp_path):
    path = tmp_path / "file"
    path.touch(mode=0o600)
    write_atomically(path, "text")
    assert path.stat().st_mode & 0o777 == 0o600


def test_text_is_read_with_and_without_a_byte_order_mark(tmp_path):
    for start in (b"", b"\xef\xbb\xbf"):
        (tmp_path / "file").write_bytes(start + "λ".encode())
        assert read_text(tmp_path / "file") == "λ"


def test_only_parts_of_our_files_whose_writers_are_gone_are_left_behind(tmp_path):
    gone, alive = 2**22 + 1, os.getppid()  # no process has a number beyond the largest
    for name in (f".a.json.{gone}.part", f".a.json.{alive}.part", f".b.{gone}.part", ".a.part"):
        (tmp_path / name).touch()
    assert [path.name for path in parts_left(tmp_path, r"a\.json")] == [f".a.json.{gone}.part"]


@pytest.fixture
def copy(run, tmp_path):
    """A run that may be damaged."""
    shutil.copytree(run[0], tmp_path / "run")
    return tmp_path / "run"


def test_swapped_branch_files_are_refused(copy):
    one, other = (branch_path(copy, name) for name in sorted(load(copy).branches)[1:3])
    shutil.copy(one, other)
    with pytest.raises(ValueError, match=f"{other.name} holds branch '{one.stem}'"):
        load(copy)


@pytest.mark.parametrize("change", [lambda X: X * (1 + 1e-15), lambda X: X[:-1], lambda X: -X])
def test_an_altered_branch_file_is_refused(copy, change):
    path = branch_path(copy, "b0")
    with np.load(io.BytesIO(path.read_bytes())) as arrays:
        data = {name: arrays[name] for name in arrays.files}
    np.savez(path, **data | {"X": change(data["X"])})
    with pytest.raises(ValueError, match=r"b0\.npz was altered"):
        load(copy)
    about = json.loads(str(data["about"])) | {"status": "FOLD"}
    np.savez(path, **data | {"about": np.array(json.dumps(about))})
    with pytest.raises(ValueError, match=r"b0\.npz was altered"):
        load_branch(path)


def test_a_branch_file_of_another_run_is_refused(copy, tmp_path):
    bifurc.explore("A", d=(12, 6), depth=0, folder=tmp_path / "other")
    shutil.copy(branch_path(tmp_path / "other", "b0"), branch_path(copy, "b0"))
    with pytest.raises(ValueError, match=r"b0\.npz belongs to another run"):
        load(copy)
    with pytest.raises(ValueError, match=r"b0\.npz belongs to another run"):
        bifurc.explore("A", d=(12, 5), depth=0, folder=copy)


def test_a_whole_file_that_the_run_did_not_write_is_refused(copy):
    """Signed anew, of this run and of this name, but not what the graph states."""
    path = branch_path(copy, "b0")
    about = json.loads(str(np.load(io.BytesIO(path.read_bytes()))["about"]))
    branch = load_branch(path)
    branch.points[3].X[0] += 1e-15
    save_branch(path, branch, about["run"])
    load_branch(path)
    with pytest.raises(ValueError, match=r"b0\.npz is not the file that the run wrote"):
        load(copy)


@pytest.mark.parametrize("content", ["[]", "null", "1", "{", '"x"', "[" * 100_000, '{"run": 1}'])
def test_a_damaged_manifest_is_named(copy, content, capsys):
    (copy / "manifest.json").write_text(content)
    for command in (["plot", str(copy)], ["verify", str(copy)]):
        assert main(command) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert "manifest" in err


def test_no_single_flipped_bit_goes_through_or_beyond_one_line(copy, rng):
    """Of a branch file; what is not noticed (a date, say) changes nothing."""
    path = branch_path(copy, "b0")
    whole, good = path.read_bytes(), load_branch(path)
    for place in rng.integers(len(whole) * 8, size=150).tolist():
        raw = bytearray(whole)
        raw[place // 8] ^= 1 << place % 8
        path.write_bytes(raw)
        try:
            again = load_branch(path)
        except ValueError as error:
            assert str(path) in str(error)
        else:
            assert again.points[0].X.tobytes() == good.points[0].X.tobytes()


def test_a_text_without_end_is_refused(capsys, monkeypatch):
    monkeypatch.setattr("bifurc.files.LONGEST", 1 << 20)
    for command in (
        ["check", "/dev/urandom"],
        ["critical", "/dev/zero.toml"],
        ["run", "/dev/zero"],
    ):
        assert main(command) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1 and ("more than 1 MB" in err or "zero.toml" in err)


def test_sealed_data_are_read_as_they_were_written(tmp_path):
    path, data = tmp_path / "a.json", {"a": (1, 2.5), "b": None, "λ": {"x": [0.1]}}
    path.write_text(sealed(data))
    assert read_sealed(path, "is none", "write it") == {**data, "a": [1, 2.5]}
    path.write_text(path.read_text().replace("2.5", "2.6"))
    with pytest.raises(FileError, match="is none .it was altered since it was written.; write it"):
        read_sealed(path, "is none", "write it")
