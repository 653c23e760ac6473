"""``bifurc run``: its files, resuming after a kill, and mistakes of the user."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bifurc.cli.main import main
from bifurc.graph.files import load

ROOT = Path(__file__).parent.parent

SMALL = """
family = "II"
window = { d = [9.0, 5.0] }
[explore]
depth = 1
"""


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def bifurc(*arguments, **how):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "bifurc", *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **how,
    )


def finished(*arguments):
    process = bifurc(*arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_a_run_writes_its_files_and_says_what_it_found(case, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["run", str(case), "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "d = 5.58550524743" in printed
    assert "minimum from d = 6" in printed
    assert {path.name for path in out.iterdir()} == {
        "manifest.json",
        "graph.json",
        "graph.graphml",
        "critical.csv",
        "branches",
    }
    graph = load(out)
    assert {path.stem for path in (out / "branches").iterdir()} == set(graph.branches)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["settings"]["depth"] == 1
    assert set(manifest["versions"]) >= {"bifurc", "numpy", "python"}
    assert len(manifest["sha256"]) == 64


def test_a_finished_run_is_not_overwritten_but_resumed(case, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["run", str(case), "-o", str(out), "-q"]) == 0
    before = (out / "graph.json").read_bytes()
    assert main(["run", str(case), "-o", str(out), "-q"]) == 2
    assert "add --resume" in capsys.readouterr().err
    assert main(["run", str(case), "-o", str(out), "-q", "--resume"]) == 0
    assert (out / "graph.json").read_bytes() == before
    case.write_text(SMALL.replace("9.0", "8.5"))
    assert main(["run", str(case), "-o", str(out), "--resume"]) == 2
    assert "holds another run" in capsys.readouterr().err
    assert (out / "graph.json").read_bytes() == before


def test_a_stopped_run_is_read_as_far_as_it_is(case, tmp_path, capsys):
    out, whole = tmp_path / "out", tmp_path / "whole"
    assert main(["run", str(case), "-o", str(whole), "-q"]) == 0
    assert main(["run", str(case), "-o", str(out), "-q"]) == 0
    for name in ("graph.json", "graph.graphml", "critical.csv"):
        (out / name).unlink()
    there, all_of_it = load(out), load(whole)
    assert list(there.branches) == list(all_of_it.branches)
    assert there.graph.size() == all_of_it.graph.size()
    (out / "branches" / "b0-0.1.npz").unlink()
    there = load(out)
    assert set(there.branches) == set(all_of_it.branches) - {"b0-0.1"}
    assert "stopped after" in there.graph.graph["cut"][0]
    assert main(["plot", str(out), "-q"]) == 0
    assert main(["status", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "not finished" in printed and "not followed: the run was stopped" in printed
    assert main(["run", str(case), "-o", str(out), "-q", "--resume"]) == 0
    assert load(out) == all_of_it
    assert main(["status", str(out)]) == 0
    assert "small.toml, finished; " in capsys.readouterr().out


def test_several_cases_get_a_folder_each(case, tmp_path, capsys):
    other = tmp_path / "other.toml"
    other.write_text(SMALL.replace("9.0", "8.0"))
    assert main(["run", str(case), str(other), "-o", str(tmp_path / "runs")]) == 0
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"small", "other"}
    broken = tmp_path / "broken.toml"
    broken.write_text("family = 7\n")
    assert main(["run", str(case), str(broken), "-o", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()  # nothing is begun before all can start
    assert main(["run", str(case), str(case)]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_progress_in_a_pipe_is_plain_lines(case, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("bifurc.cli.run.EVERY", 0.0)
    assert main(["run", str(case), "-o", str(tmp_path / "out")]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(load(tmp_path / "out").branches)
    assert lines[0].startswith("1 branches in ") and lines[0].endswith("; 0 waiting")


def test_two_jobs_give_the_same_graph(case, tmp_path):
    assert main(["run", str(case), "-o", str(tmp_path / "one"), "-q"]) == 0
    code, _, err = finished("run", case, "-o", tmp_path / "two", "--jobs", "2", "-q")
    assert (code, err) == (0, "")
    assert load(tmp_path / "two") == load(tmp_path / "one")


def killed_and_resumed(case, out, kills, seed):
    """Kill the run at random moments, resume it each time, and let it end."""
    moments = random.Random(seed)
    started = time.perf_counter()
    assert finished("run", case, "-o", out.with_name("whole"), "-q")[0] == 0
    whole = time.perf_counter() - started
    done = 0
    for _ in range(kills):
        process = bifurc("run", case, "-o", out, "-q", "--resume")
        try:
            process.wait(timeout=moments.uniform(0.2, 1.0) * whole)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        kept = len(list(out.glob("branches/*.npz")))
        assert kept >= done  # no finished branch is lost
        done = kept
    code, _, err = finished("run", case, "-o", out, "-q", "--resume")
    assert (code, err) == (0, "")
    assert load(out) == load(out.with_name("whole"))
    for name in ("graph.json", "graph.graphml", "critical.csv"):
        assert (out / name).read_bytes() == (out.with_name("whole") / name).read_bytes()


@pytest.mark.slow
def test_killed_twice_and_resumed_a_run_is_the_same(case, tmp_path):
    killed_and_resumed(case, tmp_path / "killed", kills=2, seed=4)


GONE = 2**22 + 1  # no process has this number


@pytest.mark.parametrize("resume", [[], ["--resume"]])
def test_killed_while_its_first_file_was_written_a_run_starts_anew(resume, case, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / f".manifest.json.{GONE}.part").write_text('{"sch')
    assert main(["run", str(case), "-o", str(out), "-q", *resume]) == 0
    assert len(load(out).branches) == 7
    assert list(out.rglob("*.part")) == []


def test_resuming_deletes_nothing_of_others(case, tmp_path):
    out, foreign = tmp_path / "out", tmp_path / "foreign"
    names = [f".thesis.tex.{GONE}.part", ".part", f".graph.json.{GONE}.part.bak", "graph.part"]
    foreign.mkdir()
    assert main(["run", str(case), "-o", str(out), "-q"]) == 0
    for folder in (out, foreign):
        for name in names:
            (folder / name).write_text("mine")
    (foreign / f".graph.json.{GONE}.part").write_text("mine")  # for it is no run of ours
    (out / f".graph.json.{GONE}.part").write_text("left by a kill")
    (out / "branches" / f".b0-1.0.npz.{GONE}.part").write_text("left by a kill")
    assert main(["run", str(case), "-o", str(foreign), "-q", "--resume"]) == 2
    assert main(["run", str(case), "-o", str(out), "-q", "--resume"]) == 0
    assert {path.name for path in foreign.iterdir()} == {*names, f".graph.json.{GONE}.part"}
    assert sorted(path.name for path in out.rglob("*part*")) == sorted(names)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_killed_at_random_moments_and_resumed_a_run_is_the_same(case, tmp_path, seed):
    killed_and_resumed(case, tmp_path / "killed", kills=1 + seed % 3, seed=seed)


def test_killed_between_any_two_files_a_run_is_resumed(case, tmp_path, monkeypatch):
    """Every file may be the last one written: the run dies at each in turn."""
    from bifurc import files

    whole, out = tmp_path / "whole", tmp_path / "out"
    assert main(["run", str(case), "-o", str(whole), "-q"]) == 0
    replaced = os.replace

    class DeadError(BaseException):
        pass

    def die(source, target):
        raise DeadError(target)

    deaths = 0
    while True:
        spare = iter([None])  # one file gets through, the next one kills

        def once(source, target, spare=spare):
            return replaced(source, target) if next(spare, 1) is None else die(source, target)

        monkeypatch.setattr(files.os, "replace", once)
        try:
            main(["run", str(case), "-o", str(out), "-q", "--resume"])
            break
        except DeadError:
            deaths += 1
        finally:
            monkeypatch.setattr(files.os, "replace", replaced)
        if deaths > 9:
            break
    assert deaths >= 7
    assert main(["run", str(case), "-o", str(out), "-q", "--resume"]) == 0
    assert load(out) == load(whole)


BAD = {
    "not TOML": ("family = ", "is not TOML"),
    "unknown key": (SMALL + "dept = 2\n", "Did you mean 'depth'?"),
    "unknown table": (SMALL + "[frobnicate]\nx = 1\n", "frobnicate"),
    "wrong type": (SMALL.replace("depth = 1", 'depth = "deep"'), "explore.depth"),
    "missing window": ('family = "II"\n', "window"),
    "window with one end": ('family = "II"\nwindow = { d = [9.0] }\n', "two ends"),
    "two windows": ('family = "II"\nwindow = { d = [9.0, 5.0], p = [1, 2] }\n', "one parameter"),
    "empty window": ('family = "II"\nwindow = { d = [9.0, 9.0] }\n', "window"),
    "window not finite": ('family = "II"\nwindow = { d = [nan, 9.0] }\n', "not finite"),
    "too small": ('family = "II"\nwindow = { d = [9.0, 0.5] }\n', "bulk"),
    "unknown family": ('family = "Z"\nwindow = { d = [9.0, 5.0] }\n', "'Z'"),
    "unknown parameter": ('family = "II"\nwindow = { q = [9.0, 5.0] }\n', "q"),
    "unknown setting": (SMALL.replace("[explore]", "[set]\nq = 3\n[explore]"), "q"),
    "unknown model": ('window = { lam = [0, 1] }\n[model]\nname = "rope"\nx = [0]\n', "rope"),
    "wrong length": (
        'window = { lam = [0, 1] }\n[model]\nname = "chain"\nx = [0]\n',
        "needs 5 numbers, got 1",
    ),
    "model and family": (SMALL + '[model]\nname = "chain"\nx = [0]\n', "one of"),
    "neither": ("window = { d = [9.0, 5.0] }\n", "one of"),
    "negative depth": (SMALL.replace("depth = 1", "depth = -1"), "depth"),
    "wrong steps": (SMALL + "[options]\nds = -1.0\n", "ds"),
    "expected nowhere": (SMALL + "[[expect.events]]\nd = nan\n", "not finite"),
    "expected anywhere": (
        SMALL + "[[expect.events]]\nd = 5.5\ntolerance = inf\n",
        "expect.events.0.tolerance",
    ),
    "expected loosely": (SMALL + "[[expect.events]]\nd = 5.5\ntolerance = nan\n", "tolerance"),
    "expected any number": (SMALL + "[[expect.events]]\nmultiplicity = nan\n", "multiplicity"),
    "expected as text": (
        SMALL + '[[expect.events]]\nd = "5"\n',
        "expect.events.0.d: needs a number, got '5'",
    ),
    "expected elsewhere": (SMALL + "[[expect.events]]\nq = 5.0\n", "events.0.q is neither"),
    "expected never": (SMALL + '[[expect.branches]]\nisotropy = "x"\ncount = 0\n', "count"),
    "sizes in nothing": (SMALL + 'sizes = ["q"]\n', "'q'"),
    "share of nothing": (SMALL + 'shares = ["d"]\n', "share"),
    "too many explicit": (SMALL + "explicit = 6\n", "explicit must be a whole number from 0 to 5"),
    "too many parts": (SMALL + "equal_parts = 6\n", "equal_parts"),
    "window as text": (SMALL.replace("[9.0, 5.0]", '["9", 5.0]'), "needs a number, got '9'"),
    "long expression": (
        SMALL + 'sizes = ["' + "+".join(["d"] * 1500) + '"]\n',
        "Expressions have at most 2000",
    ),
    "nested deep": ("x = " + "[" * 500 + "]" * 500, "nested too deep"),
    "model of text": (
        'window = { lam = [0, 1] }\n[model]\nname = "dihedral"\nx = []\n'
        '[model.parameters]\ntwist = "a"\n',
        "twist needs a finite number, got 'a'",
    ),
    "model of no sides": (
        'window = { lam = [0, 1] }\n[model]\nname = "dihedral"\nx = []\n'
        "[model.parameters]\nm = 0\n",
        "m must be a whole number",
    ),
    "a number as text": (SMALL + "[draw]\ny = 3\n", "draw.y: needs text, got 3."),
    "a number as table": (
        SMALL + "[expect]\nevents = [3]\n",
        "0: needs a table, got 3.",
    ),
    "true as number": (
        SMALL.replace("depth = 1", "depth = true"),
        "needs a whole number, got True",
    ),
    "text as depth": (SMALL.replace("depth = 1", 'depth = "1"'), "needs a whole number, got '1'"),
    "a number as flag": (SMALL + "both = 1\n", "explore.both: needs true or false, got 1."),
    "a broken number": (
        SMALL + "explicit = 1.5\n",
        "needs a whole number, got 1.5",
    ),
    "a list as size": (
        SMALL.replace("[explore]", "[set]\nq = [3]\n[explore]"),
        "set.q: needs a number or",
    ),
    "three entries": (
        'window = { d = [9, 5] }\n[family]\nname = "F"\nsets = { all = "d" }\n'
        "start = { all = [1, 2, 3] }\n",
        "family.start.all: needs a number, got [1, 2, 3].",
    ),
    "a number as kind": (SMALL.replace("window", "kind = 3\nwindow"), "kind: needs 'case', got 3."),
    "tolerance below zero": (
        SMALL + "[[expect.events]]\ntolerance = -1\n",
        "expect.events.0.tolerance: needs at least 0, got -1.",
    ),
    "not text": (b"\xff\xfe\x00", "is not TOML"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_a_bad_case_file_is_refused_in_one_line(name, tmp_path, capsys):
    content, said = BAD[name]
    path, out = tmp_path / "bad.toml", tmp_path / "out"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["run", str(path), "-o", str(out)]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert said in err
    assert not out.exists()


def test_bad_arguments_are_refused_in_one_line(case, tmp_path, capsys):
    file, full = tmp_path / "file", tmp_path / "full"
    file.write_text("mine")
    full.mkdir()
    (full / "thesis.tex").write_text("mine")
    for arguments, said in (
        (["run", str(tmp_path / "none.toml")], "cannot be read"),
        (["run", str(tmp_path)], "cannot be read"),
        (["run", str(case), "-o", str(file)], "is a file"),
        (["run", str(case), "-o", str(full)], "holds no run"),
        (["run", str(case), "-o", str(full), "--resume"], "holds no run"),
        (["run", str(case), "-o", str(file / "below")], "file"),
        (["run", str(case), "--jobs", "0"], "--jobs"),
    ):
        assert main(arguments) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert said in err, err
    assert file.read_text() == "mine"
    assert [path.name for path in full.iterdir()] == ["thesis.tex"]


def test_a_case_that_expects_otherwise_ends_with_three_and_keeps_its_files(tmp_path, capsys):
    path, out = tmp_path / "case.toml", tmp_path / "out"
    path.write_text(SMALL + "[[expect.events]]\nd = 7.0\n")
    assert main(["run", str(path), "-o", str(out), "-q"]) == 3
    err = capsys.readouterr().err
    assert "expected otherwise" in err
    assert err.count("\n") == 1
    assert len(load(out).branches) == 7


def test_a_branch_that_ends_early_is_said(tmp_path, capsys):
    path, out = tmp_path / "case.toml", tmp_path / "out"
    path.write_text(SMALL.replace("depth = 1", "depth = 0") + "[options]\nmax_steps = 2\n")
    assert main(["run", str(path), "-o", str(out), "-q"]) == 3
    assert "max_steps" in capsys.readouterr().err
    assert load(out).branches["b0"].status.name == "MAX_STEPS"


def test_depth_beyond_the_last_birth_costs_nothing(tmp_path):
    path, out = tmp_path / "case.toml", tmp_path / "out"
    path.write_text('family = "II"\nwindow = { d = [9.0, 7.0] }\n[explore]\ndepth = 100000000\n')
    assert main(["run", str(path), "-o", str(out), "-q"]) == 0


def test_a_file_from_elsewhere_with_a_byte_order_mark_is_a_case(case, tmp_path):
    case.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("depth = 1", "depth = 0").encode())
    assert main(["run", str(case), "-o", str(tmp_path / "out"), "-q"]) == 0


@pytest.mark.parametrize("name", ["chain", "dihedral", "permuted"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_cases_of_models_run(name, jobs, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("bifurc.cli.run.EVERY", float("inf"))
    out = str(tmp_path / "out")
    assert main(["run", str(ROOT / "cases" / f"{name}.toml"), "-o", out, "--jobs", jobs]) == 0
    captured = capsys.readouterr()
    assert "minimum" in captured.out and captured.err == ""


def test_a_broken_branch_file_is_named(case, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["run", str(case), "-o", str(out), "-q"]) == 0
    (out / "branches" / "b0.npz").write_bytes(b"broken")
    assert main(["run", str(case), "-o", str(out), "-q", "--resume"]) == 2
    err = capsys.readouterr().err
    assert "b0.npz is no branch file" in err
    assert err.count("\n") == 1
