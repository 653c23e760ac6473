"""The page of a run: its numbers are those of the run, and a browser draws them."""

import json
import shutil
import subprocess

import numpy as np
import pytest

import bifurc
from bifurc.cli.main import main
from bifurc.loss.embedding import matrices
from bifurc.page import write
from bifurc.page.content import content, numbers

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def run():
    return bifurc.explore("II", d=(9, 5), depth=1)


@pytest.fixture(scope="module")
def found(run):
    return content(run, "type II", prove=False)


@pytest.fixture
def drawn(monkeypatch):
    """Without plotly: its code is no part of what is tested here."""
    monkeypatch.setattr(write, "plotly", lambda: "/* plotly */")


def test_every_branch_event_and_piece_is_on_it(run, found):
    assert [one["name"] for one in found["branches"]] == list(run.branches)
    for one, branch in zip(found["branches"], run.branches.values(), strict=True):
        assert [e["x"] for e in one["events"]] == [e.lam for e in branch.events]
        assert len(one["pieces"]) == len(branch.pieces)
    assert len(found["graph"]["edges"]) == run.graph.size()
    assert len(found["graph"]["nodes"]) == len(run.graph)
    (change,) = [one for one in found["transitions"] if one["branch"] == "b0"]
    assert change["x"] == pytest.approx(5.585505247425877, abs=1e-10)
    assert (change["first"], change["change"]) == (6, "saddle -> minimum")


def test_the_weights_shown_are_those_of_the_network(run, found):
    """W is put together on the page from coordinates and a choice of one for each entry."""
    root, branch = found["branches"][0], run.branches["b0"]
    assert [one["label"] for one in root["states"]] == [f"d = {d}" for d in range(5, 10)]
    for one, d in zip(root["states"], range(5, 10), strict=True):
        values = np.array([0.0, *one["values"]])
        state = branch.at(d=d)[0]
        W = matrices(branch.problem.structure, state.point.x, {"d": d})[0]
        shown = values[np.array(found["layouts"][one["layout"]])]
        np.testing.assert_allclose(shown, W, atol=1e-6)


def test_a_problem_without_rows_shows_its_full_states():
    problem = bifurc.Problem(
        lambda x, lam: x[0] ** 4 / 4 - lam * x[0] ** 2 / 2, np.zeros(1), parameters={"lam": -0.5}
    )
    graph = bifurc.explore(problem, lam=(-0.5, 0.5))
    side = content(graph, "pitchfork")["branches"][1]["states"][-1]
    assert len(side["values"]) == 1
    assert abs(side["values"][0]) == pytest.approx(np.sqrt(0.5), abs=1e-6)


def test_what_is_no_number_is_none():
    assert numbers([1 / 3, np.nan, np.inf]) == [0.3333333, None, None]
    assert numbers(np.array([[1.0, 2.0], [3.0, np.nan]])) == [[1.0, 2.0], [3.0, None]]


def test_no_word_of_a_run_is_markup(found, drawn):
    title = "</script><script>alert(1)</script>"
    page = write.html(found | {"title": title, "cut": [title]})
    assert page.count("<script") == 3
    assert page.count("&lt;/script&gt;&lt;script&gt;alert(1)") == 2
    data = page.partition('type="application/json">')[2].partition("</script>")[0]
    assert json.loads(data)["cut"] == [title]


def test_a_page_of_one_branch(tmp_path, drawn):
    branch = bifurc.trace("II", d=(9, 5))
    bifurc.report(branch, tmp_path / "ii.html", prove=False)
    assert "type II" not in (tmp_path / "ii.html").read_text()
    with pytest.raises(ValueError, match=r"written as \.html"):
        bifurc.report(branch, tmp_path / "ii.png")


def test_the_command(run, tmp_path, capsys, drawn):
    run.save(tmp_path)
    assert main(["report", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "report.html")
    assert main(["report", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_without_plotly_one_line_says_so(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "plotly.offline", None)
    run.save(tmp_path)
    assert main(["report", str(tmp_path)]) == 2
    assert "pip install" in capsys.readouterr().err
    assert not (tmp_path / "report.html").exists()


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="needs chromium")
def test_a_browser_draws_it(run, tmp_path):
    pytest.importorskip("plotly")
    bifurc.report(run, tmp_path / "run.html", prove=False)
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=9000"]
    made = subprocess.run(
        [*command, "--dump-dom", (tmp_path / "run.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    body = made.partition("<body")[2]
    assert body.count('class="main-svg"') >= 8  # two for each picture
    assert "Branch b0: S(d - 1) x S(1)" in body
    assert body.count("<tr data-branch") == len(run.branches) + len(run.transitions())
