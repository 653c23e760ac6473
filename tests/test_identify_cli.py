"""The commands identify, embed, descend and verify."""

import json
import pickle
import tomllib
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

import bifurc
from bifurc.cli.main import main
from bifurc.graph import files

DATA = Path(__file__).parent / "data" / "safran_shamir"


def descended(d, k):
    """Matrices (k, d) that Safran and Shamir's runs ended in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # symbolic MATLAB objects that SciPy cannot read
        found = loadmat(DATA / f"newExp-{d}-{k}.mat", variable_names=["WbadNew"])["WbadNew"]
    return np.moveaxis(np.atleast_3d(found), (0, 1, 2), (2, 1, 0))


@pytest.fixture
def matrix(tmp_path):
    """Write an array and return its path as text."""

    def write(array, name="W.npy"):
        np.save(tmp_path / name, array, allow_pickle=True)
        return str(tmp_path / name)

    return write


@pytest.mark.parametrize("ending", ["npy", "npz", "csv"])
def test_embed_and_identify_are_inverse(tmp_path, capsys, ending):
    path = str(tmp_path / f"W.{ending}")
    assert main(["embed", "M", "--at", "d=9", "--set", "p=3", "-o", path]) == 0
    assert main(["identify", path, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["family"], found["known"], found["at"]) == ("M (p = 3)", True, {"d": 9})
    problem, point = bifurc.member(bifurc.family("M", p=3), "d", 9.0)
    assert found["loss"] == pytest.approx(problem.loss(point.x, 9.0), rel=1e-12)


def test_identify_reads_a_teacher_and_writes_a_case(tmp_path, matrix, capsys):
    shuffle = np.eye(8)[np.random.default_rng(0).permutation(8)]
    w, v = matrix(bifurc.embed("II", d=8) @ shuffle), matrix(shuffle, "V.npy")
    case = tmp_path / "case.toml"
    assert main(["identify", w, "--teacher", v, "-o", str(case)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("II at d = 8: minimum, index 0")
    assert "sets bulk: d - 1; last: 1" in out
    data = tomllib.loads(case.read_text())["family"]
    assert bifurc.Family.build(**data).structure == bifurc.family("II").structure


def test_identify_says_when_there_is_no_critical_point(matrix, capsys):
    path = matrix(np.random.default_rng(0).normal(size=(6, 6)))
    assert main(["identify", path]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "not near a critical point" in captured.err and captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "content",
    [
        np.ones(4),
        np.full((2, 2), np.nan),
        np.array([["a"]]),
        np.array([[None, 1]], dtype=object),
        np.ones((2, 2), dtype=complex),
        np.zeros((3, 3)),
    ],
)
def test_bad_matrices_are_one_line_and_exit_two(matrix, capsys, content):
    assert main(["identify", matrix(content)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("W.csv", b""),
        ("W.csv", b"1,2\n3\n"),
        ("W.csv", b"a,b\n"),
        ("W.csv", b"\xff\xfe\x00"),
        ("W.npy", b""),
        ("W.npy", b"\x93NUMPY"),
        ("W.npy", pickle.dumps([1.0])),
        ("W.npz", b"PK\x03\x04 cut off"),
        ("W.txt", b"1 2"),
    ],
)
def test_bad_files_are_one_line_and_exit_two(tmp_path, capsys, name, content):
    (tmp_path / name).write_bytes(content)
    assert main(["identify", str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_missing_file_is_one_line_and_exit_two(tmp_path, capsys):
    for name in ("none.npy", ""):
        assert main(["identify", str(tmp_path / name)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_an_archive_of_several_arrays_needs_a_name(tmp_path, capsys):
    path = tmp_path / "W.npz"
    np.savez(path, A=np.eye(3), B=np.eye(3))
    assert main(["identify", str(path)]) == 2
    np.savez(path, W=bifurc.embed("II", d=7), B=np.eye(3))
    assert main(["identify", str(path)]) == 0


def test_nothing_is_unpickled(tmp_path, matrix):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    trap = np.array([[Trap()]], dtype=object)
    np.savez(tmp_path / "W.npz", W=trap)
    assert main(["identify", matrix(trap)]) == 2
    assert main(["identify", str(tmp_path / "W.npz")]) == 2
    assert not (tmp_path / "sprung").exists()


def test_a_new_family_goes_from_a_matrix_through_a_run_to_a_verified_branch(
    tmp_path, matrix, capsys
):
    """One neuron too many: identify, find critical sizes, run, verify, recognise."""
    w = matrix(descended(8, 9)[0])
    case, out = str(tmp_path / "case.toml"), str(tmp_path / "out")
    assert main(["identify", w, "-o", case]) == 0
    capsys.readouterr()
    assert main(["critical", case, "--from", "9", "--to", "6", "--json"]) == 0
    (event,) = json.loads(capsys.readouterr().out)["points"]
    assert event["transition"] == "saddle -> minimum" and 6 < event["value"] < 7
    text = Path(case).read_text()
    Path(case).write_text(text.replace(text.splitlines()[0], "window = {d = [10, 6.2]}"))
    assert main(["run", case, "-o", out]) == 0
    assert main(["verify", out]) == 0
    assert "MISMATCH" not in capsys.readouterr().out
    assert main(["identify", w, "--known", case, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["known"]


def test_a_case_of_a_plain_model_is_no_family(tmp_path, matrix, capsys):
    case = tmp_path / "model.toml"
    case.write_text('window = {lam = [-1, 1]}\n[model]\nname = "pitchfork"\nx = [0.0]\n')
    assert main(["identify", matrix(np.eye(3)), "--known", str(case)]) == 2
    assert "plain model" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        ["II", "--at", "d=7.5", "-o", "W.npy"],
        ["II", "--at", "d=x", "-o", "W.npy"],
        ["II", "--at", "d=1", "-o", "W.npy"],
        ["III", "--at", "d=8", "-o", "W.npy"],
        ["II", "--at", "d=8", "-o", "W.mat"],
        ["II", "--at", "d=8", "-o", "no/such/W.npy"],
    ],
)
def test_embed_refuses_in_one_line(tmp_path, monkeypatch, capsys, wrong):
    monkeypatch.chdir(tmp_path)
    assert main(["embed", *wrong]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_descend_prints_a_table_and_writes_new_families(tmp_path, capsys):
    arguments = ["descend", "--d", "7", "--k", "5", "--runs", "3", "--cases", str(tmp_path)]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[1].startswith("new: S(k) x S(d - k)  3")
    assert captured.err == ""  # no progress bar but on a terminal
    (case,) = tmp_path.glob("*.toml")
    bifurc.Family.build(**tomllib.loads(case.read_text())["family"])


def test_descend_is_the_same_twice(capsys):
    outputs = []
    for _ in range(2):
        assert main(["descend", "--d", "6", "--runs", "2", "--seed", "2", "--json"]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    kinds = json.loads(outputs[0])["kinds"]
    assert sum(kind["runs"] for kind in kinds) == 2


@pytest.mark.parametrize(
    "wrong", [["--d", "1"], ["--d", "6", "--k", "0"], ["--d", "6", "--runs", "0"]]
)
def test_descend_refuses_in_one_line(capsys, wrong):
    assert main(["descend", *wrong]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with a finished run."""
    folder = tmp_path_factory.mktemp("run")
    graph = bifurc.explore("II", d=(9, 5), depth=1, max_branches=2, folder=folder)
    files.save_graph(folder, graph)
    return folder


def test_verify_checks_every_branch_of_a_run(finished, capsys):
    assert main(["verify", str(finished), "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)
    assert set(checks) == set(bifurc.load(finished).branches)
    assert [row["value"] for row in checks["b0"]] == [9, 8, 7, 6, 5]
    assert not any(row["mismatch"] for rows in checks.values() for row in rows)


def test_verify_ends_with_three_on_a_mismatch(finished, capsys, monkeypatch):
    network = bifurc.loss.full.Network
    true = network.derivatives

    def wrong(self):
        slope, hessian = true(self)
        return slope, 1.01 * hessian

    monkeypatch.setattr(network, "derivatives", wrong)
    assert main(["verify", str(finished)]) == 3
    captured = capsys.readouterr()
    assert "MISMATCH" in captured.out
    assert captured.err.count("\n") == 1


def test_verify_of_no_run_is_one_line_and_exit_two(tmp_path, capsys):
    assert main(["verify", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_one_array_of_many_is_named(tmp_path, capsys):
    net = tmp_path / "net.npz"
    layers = {
        "fc1.weight": bifurc.embed("II", d=7).astype(np.float32),
        "fc2.weight": np.ones((1, 7)),
    }
    np.savez(net, **layers)
    assert main(["identify", str(net), "--array", "fc1.weight"]) == 0
    assert "II at d = 7: minimum" in capsys.readouterr().out
    for given in ([], ["--array", "fc3.weight"]):
        assert main(["identify", str(net), *given]) == 2
        assert "it holds fc1.weight (7, 7), fc2.weight (1, 7)" in capsys.readouterr().err
    np.save(tmp_path / "w.npy", layers["fc1.weight"])
    assert main(["identify", str(tmp_path / "w.npy"), "--array", "W"]) == 2
    assert "has no name" in capsys.readouterr().err
