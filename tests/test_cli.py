"""The command line: what it prints, what it promises to scripts, and how it says no."""

import csv
import json
import shlex
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import bifurc
from bifurc import api, trace
from bifurc.cli.main import COMMANDS, main
from bifurc.continuation.options import Status
from bifurc.structure.families import BUILT_IN, catalogue


@pytest.fixture
def run(capsys):
    """Run the command line in process; gives (exit status, stdout, stderr)."""

    def call(*arguments):
        try:
            status = main(list(arguments))
        except SystemExit as end:
            status = end.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_families_lists_each_with_a_line(run):
    status, out, err = run("families")
    assert (status, err) == (0, "")
    known = [*BUILT_IN, *catalogue()]
    lines = out.splitlines()
    assert len(lines) == len(known)
    assert all(line.startswith(name) for line, name in zip(lines, known, strict=True))


def test_critical_ii_lists_exactly_one_event(run):
    status, out, err = run("critical", "II", "--from", "40", "--to", "3.2")
    heading, *rows = out.splitlines()
    assert (status, err) == (0, "")
    assert heading.split()[:2] == ["d", "irrep"]
    (row,) = rows
    assert row.startswith("5.585505")
    assert "s[bulk]" in row and "saddle -> minimum" in row and row.split()[-4:] == [
        "d", "=", "6", "yes",
    ]  # fmt: skip


def test_without_flint_critical_says_nothing_of_proofs(run, monkeypatch):
    _, out, _ = run("critical", "II", "--to", "5", "--json")
    with_flint = json.loads(out)
    monkeypatch.setattr("bifurc.proof.event.flint", None)
    status, out, err = run("critical", "II", "--to", "5")
    assert (status, err) == (0, "") and "proved" not in out
    _, out, _ = run("critical", "II", "--to", "5", "--json")
    without = json.loads(out)
    low, high = map(float, with_flint["points"][0].pop("enclosure"))
    assert without["points"][0].pop("enclosure") is None
    assert low <= without["points"][0]["value"] <= high and high - low < 1e-9
    assert without == with_flint


def test_critical_says_so_when_nothing_happens(run):
    status, out, _ = run("critical", "global", "--from", "20", "--to", "5")
    assert status == 0
    assert out.startswith("No event between 5 and 20")


POINT_KEYS = {
    "value", "irrep", "set", "kind", "loss", "eigenvalue_speed",
    "index_below", "index_above", "transition", "formal",
}  # fmt: skip


def test_critical_csv_has_the_same_numbers_as_json(run):
    _, out, _ = run("critical", "II", "--from", "12", "--to", "4.5", "--csv")
    (row,) = csv.DictReader(out.splitlines())
    _, out, _ = run("critical", "II", "--from", "12", "--to", "4.5", "--json")
    (point,) = json.loads(out)["points"]
    assert [row.pop("enclosed_below"), row.pop("enclosed_above")] == point.pop("enclosure")
    assert row == {key: str(value) for key, value in point.items()}


def test_spectrum_csv_has_a_row_for_each_eigenvalue(run):
    _, out, _ = run("spectrum", "II", "--at", "d=12", "--csv")
    rows = list(csv.DictReader(out.splitlines()))
    _, out, _ = run("spectrum", "II", "--at", "d=12", "--json")
    expected = [v for block in json.loads(out)["blocks"] for v in block["eigenvalues"]]
    assert [float(row["eigenvalue"]) for row in rows] == expected


def test_a_case_file_names_its_family(run, tmp_path):
    case = tmp_path / "three.toml"
    case.write_text(
        'window = { d = [20, 5] }\n[family]\nname = "three"\n'
        'sets = { bulk = "d - 3", rest = 3 }\nstart = { bulk = 1, rest = -1 }\n'
        "parameters = { d = 20 }\n"
    )
    ends = ("--from", "12", "--to", "9")
    assert run("critical", str(case), *ends) == run("critical", "M", "--set", "p=3", *ends)
    ends = ("--from", "20", "--to", "5")  # the case's own
    assert run("critical", str(case)) == run("critical", "M", "--set", "p=3", *ends)
    case.write_text('window = { lam = [-1, 1] }\n[model]\nname = "pitchfork"\nx = [0]\n')
    status, _, err = run("critical", str(case))
    assert status == 2 and "plain model" in err


def test_quiet_leaves_out_remarks(run):
    far = ("critical", "M", "--to", "3.1")  # the branch ends at its edge of definition
    status, out, err = run(*far)
    assert status == 0 and "The branch ends" in err
    assert run(*far, "--quiet") == (0, out, "")
    status, _, err = run("critical", "II", "--to", "2")  # its smallest size, the window's end
    assert (status, err) == (0, "")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_gives_examples(run, command):
    status, out, _ = run(command, "--help")
    assert status == 0 and f"examples:\n  bifurc {command}" in out


@pytest.mark.parametrize("window", [("40", "4.5"), ("4.5", "40")])
def test_critical_json_is_one_object_with_values_strictly_decreasing(run, window):
    status, out, _ = run("critical", "M", "--from", window[0], "--to", window[1], "--json")
    result = json.loads(out)
    assert status == 0
    assert {"family", "parameter", "window", "points"} <= set(result)
    assert (result["family"], result["parameter"]) == ("M", "d")
    assert result["window"] == [4.5, 40.0]
    values = [point["value"] for point in result["points"]]
    assert len(values) > 1
    assert all(one > other for one, other in zip(values, values[1:], strict=False))
    for point in result["points"]:
        assert set(point) >= POINT_KEYS
        assert point["irrep"] in ("t", "s", "x", "y", "sxs")
        assert ("," in point["set"]) == (point["irrep"] == "sxs")
        assert isinstance(point["formal"], bool)
    assert any(point["set"] == "bulk,rest" for point in result["points"])


def test_critical_json_has_every_digit(run):
    _, out, _ = run("critical", "II", "--json")
    (point,) = json.loads(out)["points"]
    (event,) = trace("II", d=(40, 3.1)).events
    assert (point["value"], point["loss"]) == (event.lam, event.loss)
    assert (point["irrep"], point["set"]) == ("s", "bulk")
    assert (point["index_below"], point["index_above"]) == ("d - 2", "0")


def test_other_parameters_are_set_and_run(run):
    _, out, _ = run("critical", "M", "--set", "p=2.5", "--to", "7", "--json")
    (point,) = json.loads(out)["points"]
    assert point["value"] == pytest.approx(8.4594411747525, rel=1e-12)
    status, out, _ = run("critical", "M", "--param", "p", "--set", "d=8.4594411747525",
                         "--from", "2", "--to", "3", "--json")  # fmt: skip
    result = json.loads(out)
    assert (status, result["parameter"]) == (0, "p")
    assert any(p["value"] == pytest.approx(2.5, abs=1e-9) for p in result["points"])


def test_spectrum_prints_every_block(run):
    status, out, err = run("spectrum", "II", "--at", "d=20")
    assert (status, err) == (0, "")
    for label in ("s[bulk]", "x[bulk]", "y[bulk]", "minimum", "loss 0.0112755819"):
        assert label in out


@pytest.mark.parametrize("d", ["8", "8.5"])
def test_spectrum_json_keeps_its_contract(run, d):
    status, out, _ = run("spectrum", "M", "--at", f"d={d}", "--json")
    result = json.loads(out)
    assert status == 0
    keys = {"family", "at", "loss", "gradient_norm", "coordinates", "blocks", "index", "is_minimum"}
    assert keys <= set(result)
    assert result["at"] == {"d": float(d), "p": 2.0}
    assert result["gradient_norm"] < 1e-12
    assert result["is_minimum"] is True and result["index"] == 0
    for block in result["blocks"]:
        assert {"irrep", "set", "dimension", "eigenvalues", "neutral"} <= set(block)
    # with their copies the dimensions count the d² entries of W
    counts = [len(b["eigenvalues"]) + len(b["neutral"]) for b in result["blocks"]]
    dimensions = [b["dimension"] for b in result["blocks"]]
    total = sum(n * dim for n, dim in zip(counts, dimensions, strict=True) if dim > 0)
    # what has no dimension there, such as y on a pair of points, does not count
    assert total == pytest.approx(float(d) ** 2, rel=1e-12)


BAD = {
    "unknown family": ["critical", "IV"],
    "unknown family of spectrum": ["spectrum", "IV", "--at", "d=20"],
    "no such case file": ["critical", "nowhere.toml"],
    "window below the least size": ["critical", "II", "--to", "1.5"],
    "window below zero": ["critical", "II", "--to", "-4"],
    "point below the least size": ["spectrum", "II", "--at", "d=0.5"],
    "nan": ["critical", "II", "--from", "nan"],
    "infinity": ["critical", "II", "--from", "inf"],
    "nan point": ["spectrum", "II", "--at", "d=nan"],
    "infinite point": ["spectrum", "II", "--at", "d=inf"],
    "not a number": ["critical", "II", "--from", "many"],
    "empty window": ["critical", "II", "--from", "10", "--to", "10"],
    "unknown parameter": ["critical", "II", "--param", "q"],
    "unknown parameter set": ["critical", "II", "--set", "q=2"],
    "unknown parameter at": ["spectrum", "II", "--at", "q=2"],
    "expression that does not parse": ["critical", "M", "--set", "p=2+"],
    "division by zero": ["critical", "M", "--set", "p=1/0"],
    "nan set": ["critical", "M", "--set", "p=nan"],
    "infinite set": ["critical", "M", "--set", "p=1e999"],
    "no assignment": ["critical", "M", "--set", "p"],
    "parameters in a circle": ["critical", "M", "--set", "p=p"],
    "quadratic size": ["critical", "M", "--set", "p=d*d"],
    "set larger than the whole": ["critical", "M", "--set", "p=50", "--from", "40"],
    "no point": ["spectrum", "II"],
    "point without a value": ["spectrum", "II", "--at", "d="],
    "point without a name": ["spectrum", "II", "--at", "20"],
    "no command": [],
    "unknown command": ["criticl", "II"],
    "unknown option": ["critical", "II", "--colour"],
    "no family": ["critical"],
    "nonsense for the parameter that runs": ["critical", "II", "--set", "d=20/0"],
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_gets_exit_two_and_one_line(run, arguments):
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert err.endswith("\n") and err.count("\n") == 1
    assert len(err) > 20
    assert "Traceback" not in err


def test_a_name_that_is_nearly_right_gets_a_hint(run):
    assert "Did you mean 'global'" in run("critical", "globl")[2]


def test_a_branch_that_ends_early_gets_exit_three_and_still_prints(run, monkeypatch):
    def short(*arguments, **parameters):
        return replace(trace(*arguments, **parameters), status=Status.JUMP)

    monkeypatch.setattr(api, "trace", short)
    status, out, err = run("critical", "II")
    assert status == 3
    assert "5.585505" in out
    assert err.count("\n") == 1 and "another branch" in err


def test_the_module_runs_as_a_program_and_starts_without_heavy_imports():
    """`bifurc critical` starts fast: neither scipy nor matplotlib nor networkx is loaded.

    flint is, which takes a twentieth of a second, to say what is proved.
    """
    code = (
        "import sys; from bifurc.cli.main import COMMANDS, main; "
        "main(['critical', 'II', '--to', '5']); "
        "heavy = {'scipy', 'matplotlib', 'networkx', 'pydantic'} & set(sys.modules); "
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "5.585505" in done.stdout


def test_the_case_of_a_family_name_is_forgiven_in_the_hint(run):
    assert "Did you mean 'II'" in run("critical", "ii")[2]


def test_a_matrix_that_does_not_fit_into_memory_is_one_line(run, tmp_path):
    code, _, err = run("embed", "II", "--at", "d=1e7", "-o", str(tmp_path / "w.npy"))
    assert code == 2 and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["certify", "II", "--event", "s:bulk"],
        ["identify", "W.npy"],
        ["embed", "II", "--at", "d=12"],
        ["locus", "M", "--event", "s:bulk"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_place_that_cannot_be_written_is_said_before_the_work_is_done(
    run, arguments, tmp_path, monkeypatch
):
    work = ["certified.certify", "identification.identify.identify", "api.locus"]
    for name in [*work, "identification.embed.embed_both"]:
        monkeypatch.setattr(f"bifurc.{name}", lambda *_, **__: pytest.fail("worked first"))
    ending = {"embed": ".npy", "locus": ".png"}.get(arguments[0], ".json")
    status, out, err = run(*arguments, "-o", str(tmp_path / "none" / f"x{ending}"))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "There is no folder" in err


def test_a_value_that_is_not_finite_is_called_so(run):
    for value in ("nan", "inf", "2*nan"):
        _, _, err = run("critical", "M", "--set", f"p={value}")
        assert "needs a finite number" in err


def test_check_names_a_broken_file_once(run, tmp_path):
    path = tmp_path / "broken.json"
    path.write_text("{")
    status, _, err = run("check", str(path))
    assert status == 2 and err.count("broken.json") == 1


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_files_are_written_though_the_reader_of_the_output_has_left(tmp_path, flags):
    matrix, written = tmp_path / "W.npy", tmp_path / "mine.toml"
    np.save(matrix, bifurc.embed("II", d=7))
    command = [sys.executable, "-u", "-m", "bifurc", "identify", matrix, "-o", written, *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait() == 0
    assert "[family]" in written.read_text()


@pytest.mark.parametrize(
    ("command", "streams", "status", "said"),
    [
        (["families"], ">&-", 0, ""),
        (["families"], ">&- 2>&- <&-", 0, ""),
        (["families"], ">/dev/full", 2, "bifurc families: standard output: No space left"),
        (["spectrum", "II", "d=5", "-vv"], "2>/dev/full", 0, ""),
        (["spectrum", "Z", "d=5"], "2>/dev/full", 2, ""),
        (["spectrum", "Z", "d=5"], "2>&-", 2, ""),
        (["nothing"], "2>&-", 2, ""),
    ],
)
def test_streams_that_are_closed_or_full_change_no_exit_status(command, streams, status, said):
    line = shlex.join([sys.executable, "-m", "bifurc", *command])
    done = subprocess.run(
        ["sh", "-c", f"{line} {streams}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == status
    assert done.stderr.startswith(said) and done.stderr.count("\n") == bool(said)
