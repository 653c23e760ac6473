"""What the README shows works as it is shown."""

import re
import shlex
from pathlib import Path

import pytest

from bifurc.cli.main import main

README = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
SHELLS = {"sh", "bash", "shell", "console"}


def commands():
    """Every call of bifurc in a shell block, also after && and behind a prompt."""
    lines = [line for kind, body in BLOCKS if kind in SHELLS for line in body.splitlines()]
    parts = [part.strip().removeprefix("$ ") for line in lines for part in line.split("&&")]
    return [part for part in parts if part.startswith("bifurc ")]


def snippets():
    return [body for kind, body in BLOCKS if kind == "python"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Files that a snippet writes do not land in the repository; cases are found."""
    cases = Path(__file__).parent.parent / "cases"
    if cases.exists():
        (tmp_path / "cases").symlink_to(cases)
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.chdir(tmp_path)


def test_commands_of_the_readme_run_in_their_order():
    for command in commands():
        assert main(shlex.split(command, comments=True)[1:]) == 0, command


def test_the_first_command_prints_what_the_readme_says(capsys):
    first = commands()[0]
    assert main(shlex.split(first)[1:]) == 0
    shown = next(body for kind, body in BLOCKS if kind == "text")
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize("snippet", snippets())
def test_python_of_the_readme_runs(snippet):
    exec(compile(snippet, "README.md", "exec"), {"__name__": "readme"})


def test_the_readme_begins_with_how_to_install_and_run():
    shells = [body for kind, body in BLOCKS if kind in SHELLS]
    assert shells[0].startswith("pip install ") and "bifurc critical II" in shells[0]
    assert any(".[test]" in body and "pytest" in body for body in shells)
