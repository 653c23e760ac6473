"""What a user does wrong, or a machine, ends in one line; what was good stays."""

import errno
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import bifurc
from bifurc.cli.main import LONGEST, main
from bifurc.identification.files import read_matrix
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import Structure
from bifurc.switching.subgroups import Search
from bifurc.threads import one_thread

ROOT = Path(__file__).parent.parent


def complaint(arguments, capsys, status=2):
    """The one line that a command ends with."""
    try:
        assert main([str(argument) for argument in arguments]) == status
    except SystemExit as end:  # of the parser
        assert end.code == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.fixture
def full_disk(monkeypatch):
    """No file can be written to its end."""

    def fsync(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fsync)


@pytest.mark.parametrize(
    "name, command",
    [
        ("W.npy", ["embed", "II", "--at", "d=5", "-o", "{}"]),
        ("W.npz", ["embed", "II", "--at", "d=5", "-o", "{}"]),
        ("V.csv", ["embed", "II", "--at", "d=5", "-o", "/dev/null.npy", "--teacher", "{}"]),
        ("mine.toml", ["identify", "{W}", "-o", "{}"]),
        (
            "cert.json",
            ["certify", "II", "--event", "s:bulk", "--from", "7", "--to", "5", "-o", "{}"],
        ),
        (
            "new-3-4-1.toml",
            ["descend", "--d", "3", "--k", "4", "--runs", "3", "-q", "--cases", "{.}"],
        ),
        ("a.png", ["plot", "{run}", "-o", "{}"]),
        ("a.csv", ["plot", "{run}", "-o", "{run}/b.png", "--csv", "{}"]),
    ],
)
def test_a_full_disk_leaves_the_good_file_and_names_it(name, command, tmp_path, capsys, request):
    command = [text for text in command if not text.startswith("/dev")]
    if name == "V.csv":
        command.insert(5, str(tmp_path / "W.npy"))
    matrix = tmp_path / "given.npy"
    np.save(matrix, bifurc.embed("II", d=5))
    run = tmp_path / "run"
    if "{run}" in " ".join(command):
        bifurc.explore("II", d=(7, 6), depth=0, folder=run)
        from bifurc.exploration import save_run

        save_run(run, bifurc.explore("II", d=(7, 6), depth=0, folder=run))
    path = tmp_path / name
    path.write_bytes(b"good")
    request.getfixturevalue("full_disk")
    command = [
        text.replace("{}", str(path)).replace("{W}", str(matrix)).replace("{.}", str(tmp_path))
        .replace("{run}", str(run))
        for text in command
    ]  # fmt: skip
    assert main(command) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "No space" in err and str(tmp_path) in err
    assert path.read_bytes() == b"good"
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf1.5,2\n3,4\n",
        b"1.5;2\n3;4\n",
        b"1,5;2\n3;4\n",
        b"\xef\xbb\xbf1,5;2,0\r\n3;4\r\n",
        b"# neurons are rows\n1.5, 2\n3, 4",
    ],
)
def test_tables_as_other_programs_write_them_are_read(content, tmp_path):
    (tmp_path / "W.csv").write_bytes(content)
    assert read_matrix(tmp_path / "W.csv").tolist() == [[1.5, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    "content", [b"1,2;3\n", b"1 2\n3 4\n", b"\xff\xfe1", b"", b"\n#\n", b"a,b"]
)
def test_what_is_no_table_is_said_in_one_line(content, tmp_path, capsys):
    (tmp_path / "W.csv").write_bytes(content)
    if content == b"1,2;3\n":  # one row, with decimal commas
        assert read_matrix(tmp_path / "W.csv").tolist() == [[1.2, 3.0]]
        return
    assert "W.csv" in complaint(["identify", tmp_path / "W.csv"], capsys)


@pytest.mark.parametrize("factor", [1e-300, 1e-160, 1e-71, 1e71, 1e149, 1e300])
@pytest.mark.parametrize("rows", [slice(None), slice(1)])
def test_rows_whose_fourth_power_is_no_number_are_refused(factor, rows):
    w = np.eye(4)
    w[rows] *= factor
    with pytest.raises(ValueError, match="largest entry of .* in row 0"):
        bifurc.identify(w)


@pytest.mark.parametrize("factor", [1e-60, 1e-12, 1e12, 1e60, 0.0])
def test_other_rows_are_identified_or_far_from_all_without_a_warning(factor):
    w = np.eye(4)
    w[0] *= factor
    assert not bifurc.identify(w).ok


def test_a_line_that_echoes_the_input_shows_its_two_ends(capsys):
    for command in (
        ["critical", "a" * 100_000],
        ["spectrum", "II", "--at", "d=" + "9" * 100_000],
        ["critical", "II", "--from", "x" * 100_000],
        ["b" * 100_000],
        ["critical", "II", "--set", "+".join(["d"] * 50_000)],
    ):
        assert len(complaint(command, capsys)) < LONGEST + 100


def test_where_the_locale_has_no_letters_they_are_escaped():
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "LC_ALL": "C",
    }  # fmt: skip
    command = [sys.executable, "-m", "bifurc", "asymptotics", "II", "--order", "3"]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert b"2/\\u03c0\\xb2" in done.stdout
    assert done.stderr == b""


def test_quiet_is_quiet_and_warnings_of_others_are_not_shown(caplog, monkeypatch, capsys):
    import logging
    import warnings

    def talk(arguments):
        logging.getLogger("bifurc.test").warning("a remark")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("overflow in another package", stacklevel=1)

    monkeypatch.setattr("bifurc.cli.families.run", talk)
    monkeypatch.setattr("bifurc.cli.critical.run", talk)
    for flags, said in (
        ([], ["a remark"]),
        (["-q"], []),
        (["-v"], ["a remark", "overflow"]),
    ):
        caplog.clear()
        assert main(["critical", "II", *flags]) == 0
        messages = [record.getMessage() for record in caplog.records]
        assert len(messages) == len(said)
        assert all(text in message for text, message in zip(said, messages, strict=True))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "fault", [lambda: np.zeros((0, 0)).argmax(axis=1), lambda: 1 / 0, lambda: np.linalg.inv([[0]])]
)
def test_what_other_packages_say_is_not_repeated(fault, monkeypatch, capsys):
    monkeypatch.setattr("bifurc.cli.critical.run", lambda arguments: fault())
    err = complaint(["critical", "II"], capsys)
    assert "an operation fails on this input" in err
    assert not any(leak in err for leak in ("argmax", "division", "ingular"))


def test_running_out_of_memory_is_said(monkeypatch, capsys):
    def run(arguments):
        raise MemoryError

    monkeypatch.setattr("bifurc.cli.critical.run", run)
    assert complaint(["critical", "II"], capsys) == (
        "bifurc critical: out of memory; choose smaller sizes.\n"
    )


def test_a_mistake_of_ours_is_owned_and_needs_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr("bifurc.cli.critical.run", lambda arguments: None.nothing)
    assert "a mistake in bifurc" in complaint(["critical", "II"], capsys, status=3)


def family_of(parameters, size="d"):
    lines = "\n".join(f"{name} = {value}" for name, value in parameters.items())
    return (
        'window = { d = [12, 11] }\n[family]\nname = "F"\n'
        f'sets = {{ all = "{size}" }}\nstart = {{ all = -1 }}\n'
        f"[family.parameters]\nd = 12\n{lines}\n"
    )


@pytest.mark.parametrize("base", ["d + q + r", "d + 1", "1.5"])
def test_parameters_that_multiply_each_other_deep_are_refused_at_once(base, tmp_path, capsys):
    deep = {"q": 1, "r": 1, "p0": f'"{base}"'}
    deep |= {f"p{i}": f'"p{i - 1} * p{i - 1}"' for i in range(1, 40)}
    path = tmp_path / "deep.toml"
    path.write_text(family_of(deep))
    assert "too large" in complaint(["critical", path], capsys)


@pytest.mark.parametrize("count, said", [(31, "coordinates"), (3000, "blocks")])
def test_many_sets_are_refused_at_once(count, said, tmp_path, capsys):
    path = tmp_path / "many.toml"
    sets = "\n".join(f"s{i} = 1" for i in range(count - 1))
    start = "\n".join(f"s{i} = -1" for i in range(count - 1))
    path.write_text(
        'window = { d = [4000, 3990] }\n[family]\nname = "many"\nparameters = { d = 4000 }\n'
        f'[family.sets]\nbulk = "d - {count - 1}"\n{sets}\n[family.start]\nbulk = 1\n{start}\n'
    )
    assert said in complaint(["critical", path], capsys)
    with pytest.raises(ValueError, match="blocks"):
        Structure.build({f"s{i}": 1 for i in range(400)}, [f"s{i}" for i in range(400)] * 1,
                        [f"s{i}" for i in range(400)])  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        {"explicit": 6},
        {"equal_parts": 6},
        {"explicit": -1},
        {"explicit": 9, "finite_groups": False},
        {"explicit": 2.5},
        {"shares": ("d",)},
        {"shares": (1.5,)},
        {"sizes": (-1,)},
        {"sizes": ("d*d",)},
    ],
)
def test_searches_without_end_are_refused(given):
    with pytest.raises(ValueError, match="explicit|equal_parts|share|size"):
        Search(**given)


def test_products_are_bounded_and_sums_are_not():
    many = sum((Polynomial.parse(f"a{i}") for i in range(200)), Polynomial.of(0))
    assert len((many + many).terms) == 200
    with pytest.raises(ValueError, match="too large"):
        many * many
    with pytest.raises(ValueError, match="too large"):
        Polynomial.of(10**400)


def threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_linear_algebra_has_one_thread_inside_and_what_it_had_outside():
    before = threads()
    with one_thread():
        assert set(threads()) <= {1}
        with one_thread():
            assert set(threads()) <= {1}
        assert set(threads()) <= {1}
    assert threads() == before


def test_every_long_call_has_one_thread(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "bifurc.identification.descend.minima", lambda *_: seen.append(threads()) or []
    )
    bifurc.descend(3, runs=1)
    assert seen and set(seen[0]) <= {1}


OWN = (
    'window = { lam = [-0.5, 1.0] }\n[problem]\nfunction = "model.py:loss"\n'
    "x0 = [0, 0, 0]\nparameters = { lam = -0.5 }\n"
)
SOUND = "def loss(x, lam):\n    return -lam * x @ x / 2 + (x**4).sum() / 4\n"


@pytest.mark.parametrize(
    "module, more, said",
    [
        ("def loss(x, lam:\n", "", "SyntaxError"),
        ("import nothing_there\n", "", "nothing_there"),
        ("import sys\nsys.exit(4)\n", "", "SystemExit: 4"),
        ("raise RuntimeError('mine')\n", "", "RuntimeError: mine"),
        ("\x00", "", "null bytes"),
        ("loss = 5\n", "", "needs a function"),
        (SOUND, 'group = { matrices = [["a"]] }\n', "matri"),
        (SOUND, "group = { matrices = [[1], [1, 2]] }\n", "Generator"),
        (SOUND, 'group = { permutations = [["a", 0, 1]] }\n', "permutation"),
        (SOUND.replace("return", "raise SystemExit(3)\n    return"), "", "SystemExit: 3"),
    ],
)
def test_a_function_of_ones_own_that_fails_is_said_to_be_it(module, more, said, tmp_path, capsys):
    (tmp_path / "model.py").write_text(module)
    (tmp_path / "own.toml").write_text(OWN + more)
    for command in (["run", "-o", tmp_path / "out"], ["critical"]):
        assert said in complaint([command[0], tmp_path / "own.toml", *command[1:]], capsys)
    assert not (tmp_path / "out").exists()


def test_a_start_beyond_all_numbers_makes_no_library_speak(tmp_path, capfd):
    """LAPACK writes to the process's own streams what is wrong with a matrix that is not finite."""
    path = tmp_path / "far.toml"
    path.write_text("window = { lam = [-0.5, 1.5] }\n[model]\nname = 'permuted'\nx = [1e300]\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the log has them
        assert main(["run", str(path), "-o", str(tmp_path / "out")]) == 2
    out, err = capfd.readouterr()
    assert out == "" and err.count("\n") == 1 and "No solution near the start" in err


@pytest.mark.parametrize(
    "body, said",
    [
        ("raise KeyError('mine')", "fails at lam = 0."),
        ("raise SystemExit(4)", "SystemExit: 4"),
        ("return unknown", "NameError"),
        ("raise ValueError('buckled')", None),
        ("return 1 / 0", None),
        ("return float('inf')", None),
    ],
)
def test_a_function_that_fails_on_the_way_ends_the_branch_or_is_named(body, said, tmp_path, capsys):
    """Where it raises what numbers raise it is not defined; anything else is a mistake in it."""
    head = "import math\n\ndef loss(x, lam):\n    if lam > 0.25:\n        "
    (tmp_path / "model.py").write_text(head + body + SOUND.partition("\n")[2].join(["\n", ""]))
    (tmp_path / "own.toml").write_text(OWN.replace("-0.5", "0.2").replace("[0, 0, 0]", "[0]"))
    command = ["run", tmp_path / "own.toml", "-o", tmp_path / "out", "-q"]
    if said is not None:
        assert said in complaint(command, capsys)
        return
    assert main([str(word) for word in command]) == 0
    branch = bifurc.load(tmp_path / "out").branches["b0"]
    assert branch.status.name == "OUTSIDE" and 0.249 < branch.lam[-1] <= 0.25


@pytest.mark.parametrize("what", [["--branch"], ["--infinity"]])
@pytest.mark.parametrize("to", ["0", "-1", "1.9"])
def test_a_proof_to_where_there_is_no_family_is_refused_at_once(what, to, capsys):
    said = complaint(["certify", "II", *what, "--to", to], capsys)
    assert "has size d - 1" in said


def test_a_picture_of_another_ending_is_refused_before_the_work(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("bifurc.landscapes.connections.landscape", None)
    for command in (["landscape", "M", "p=2"], ["locus", "M", "--event", "s:bulk"]):
        assert "a.x" in complaint([*command, "-o", tmp_path / "a.x"], capsys)
