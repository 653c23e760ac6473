"""The tutorials of cases/: each runs as it stands and as a notebook, and says what it promises."""

import ast
import runpy
from pathlib import Path

import pytest

from tests.notebooks import CASES, execute, notebook, said

SAID = {  # a word of what each prints, and where its value is from
    "a_landscape": "loss -1.3333333333, index 0",  # by hand, in the script
    "figure_for_a_paper": "points",
    "from_a_trained_network": "5.5855052474",  # README: the table of critical dimensions
    "the_result": "d* = 5.5855052474, transcritical, s[bulk]",  # the same
    "what_is_born_there": "",
    "your_own_family": "m = 1: d*",
    "your_own_loss": "BP E1, pitchfork",
}


def script(name):
    return CASES / f"{name}.py"


def test_every_tutorial_is_tried():
    assert {path.stem for path in CASES.glob("*.py")} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_a_tutorial_runs(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    runpy.run_path(str(script(name)), run_name="__main__")
    assert SAID[name] in capsys.readouterr().out


@pytest.mark.parametrize("name", SAID)
def test_a_tutorial_imports_nothing_from_inside(name):
    tree = ast.parse(script(name).read_text(encoding="utf-8"))
    named = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    named |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {one for one in named if one.startswith("bifurc")} == {"bifurc"}


@pytest.mark.parametrize("name", SAID)
def test_a_notebook_has_all_the_code_of_its_script(name):
    text = script(name).read_text(encoding="utf-8")
    cells = notebook(text)["cells"]
    assert cells[0]["cell_type"] == "markdown" and cells[0]["source"]
    code = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "code")
    assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(text))


@pytest.mark.slow
@pytest.mark.parametrize("name", SAID)
def test_a_notebook_runs(name, tmp_path: Path):
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    assert SAID[name] in said(execute(script(name), tmp_path))
    assert (tmp_path / f"{name}.ipynb").exists()
