"""The tutorials of cases/: each runs as it stands, and says what it promises."""

import runpy
from pathlib import Path

import pytest

CASES = Path(__file__).parent.parent / "cases"
SAID = {  # a word of what each prints, and where its value is from
    "figure_for_a_paper": "",
    "from_a_trained_network": "5.5855052474",  # README: the table of critical dimensions
    "what_is_born_there": "",
    "your_own_family": "m = 1: d*",
    "your_own_loss": "BP E1, pitchfork",
}


def test_every_tutorial_is_tried():
    assert {path.stem for path in CASES.glob("*.py")} == set(SAID)


LONG = ("figure_for_a_paper",)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in SAID]
)
def test_a_tutorial_runs(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    runpy.run_path(str(CASES / f"{name}.py"), run_name="__main__")
    assert SAID[name] in capsys.readouterr().out


@pytest.mark.parametrize("name", SAID)
def test_a_tutorial_imports_nothing_from_inside(name):
    lines = (CASES / f"{name}.py").read_text(encoding="utf-8").splitlines()
    inside = [line for line in lines if line.startswith(("import bifurc.", "from bifurc."))]
    assert [line for line in inside if "bifurc.cli.main" not in line] == []
