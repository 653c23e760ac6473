"""Case files, their format and the words of tables: what is wrong is named, what is right told."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from bifurc.case import Case, load_case
from bifurc.cli.main import main
from bifurc.continuation.options import Status
from bifurc.glossary import WORDS

ROOT = Path(__file__).parents[1]
GOOD = """
window = { d = [12, 11] }
[family]
name = "F"
sets = { all = "d" }
start = { all = -1 }
parameters = { d = 12 }
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sets =", "setz =", r"\[family\]: there is no key 'setz'. Did you mean 'sets'"),
        ("start =", "strat =", r"\[family\]: there is no key 'strat'. Did you mean 'start'"),
        ("sets =", "#", "family.sets: the key 'sets' is missing"),
        ('name = "F"', "name = 3", "family.name: .*string"),
        ("parameters = { d = 12 }", 'parameters = "twelve"', "family.parameters: .*dictionary"),
        ("all = -1", 'all = "one"', "family.start.all.* 'one'"),
        ("window =", "windw =", "the file: there is no key 'windw'. Did you mean 'window'"),
        ("[12, 11]", "[12]", "window needs"),
        ("[12, 11]", '["a", 11]', "window.d.0.* 'a'"),
        ("[12, 11]", "[nan, 11]", "window.d.0.* nan"),
        ("[family]", "[famly]", "there is no key 'famly'. Did you mean 'family'"),
        ("[family]", "[explore]\ndeth = 1\n[family]", r"\[explore\].*'deth'. Did you mean 'depth'"),
        ("[family]", "[explore]\ndepth = 'a'\n[family]", "explore.depth: .*integer"),
        ("[family]", "[options]\ndsmax = 1\n[family]", r"\[options\].*Did you mean 'ds_max'"),
        ("[family]", "[draw]\nx = 1\n[family]", r"\[draw\]: there is no key 'x'"),
        ("[family]", "[expect]\nevnts = []\n[family]", r"\[expect\].*Did you mean 'events'"),
        ("[family]", "[[expect.branches]]\ncount = 1\n[family]", "expect.branches.0.isotropy"),
        ("[family]", "[[expect.events]]\np = 1\n[family]", "'p'"),
        ('{ all = "d" }', "3", "family.sets: .*dictionary"),
        ("[family]", "[problem]", r"\[problem\]: there is no key 'name'"),
        ("[family]", "[family", "TOML"),
    ],
)
def test_a_mistake_in_a_case_names_key_place_and_what_is_right(old, new, said, tmp_path):
    assert old in GOOD
    path = tmp_path / "case.toml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ValueError, match=said) as raised:
        load_case(path)
    assert "\n" not in str(raised.value) and "case.toml" in str(raised.value)


def test_the_format_is_told_from_the_schema(capsys):
    assert main(["case"]) == 0
    told = capsys.readouterr().out
    for table in ("[family]", "[problem]", "[explore]", "[options]", "[draw]", "[expect.events]"):
        assert table in told
    assert re.search(r"depth +whole number  \(0\)", told)
    assert re.search(r"function +text  \(needed\)", told)
    assert main(["case", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == Case.model_json_schema()


@pytest.mark.parametrize("name", ["II", "M", "A+I", "II + 1"])
def test_a_new_case_is_one(name, tmp_path, capsys):
    path = tmp_path / "new.toml"
    assert main(["case", "new", name, "-o", str(path)]) == 0
    case = load_case(path)
    assert case.parameter == "d" and case.explore.depth == 1
    capsys.readouterr()
    assert main(["case", "new", name, "-o", str(path)]) == 2
    assert "there already" in capsys.readouterr().err
    assert main(["case", "new", name]) == 0
    assert tomllib.loads(capsys.readouterr().out)["family"] == case.family


def test_a_new_case_of_nothing_is_one_line(capsys):
    for words in (["new"], ["new", "IIi"]):
        assert main(["case", *words]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("s[bulk]", "s"), ("sxs[bulk,last]", "sxs"), ("K = <(1 2 3)>", "K"),
        ("Isotropy", "isotropy"), ("formal", "formal"), ("uz", "UZ"), ("JUMP", "JUMP"),
        ("tangential", "tangential"), ("k", "k"), ("x", "x"), ("y", "y"), ("t", "t"),
        ("pair", "pair"), ("index", "index"), ("sheet", "sheet"),
    ],
)  # fmt: skip
def test_words_are_explained(text, word, capsys):
    assert main(["explain", *text.split()]) == 0
    assert capsys.readouterr().out.startswith(f"{word}: ")


def test_a_word_that_is_not_there_has_a_nearest_one(capsys):
    assert main(["explain", "shet"]) == 2
    assert "Did you mean 'sheet'" in capsys.readouterr().err
    assert main(["explain"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == len({*WORDS, *Status.__members__})


@pytest.mark.parametrize("name", Status.__members__)
def test_every_way_a_branch_ends_is_explained(name, capsys):
    assert main(["explain", name]) == 0
    assert capsys.readouterr().out.startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("critical II d=12..5 d=3..4", "d is given twice"),
        ("critical II d=12 d=3", "d is given twice"),
        ("report nothing", "nothing holds no run"),
        ("explain sheeet", "Did you mean 'sheet'"),
    ],
)
def test_a_careless_line_is_told_in_one(line, said, capsys):
    try:
        status = main(line.split())
    except SystemExit as end:
        status = end.code
    error = capsys.readouterr().err
    assert status == 2 and said in error and error.count("\n") == 1


def test_the_readme_explains_words_as_the_command_does():
    section = (ROOT / "README.md").read_text().partition("## Words")[2].partition("\n## ")[0]
    told = dict(re.findall(r"^- \*\*(\w+)\*\*: (.+?)$", section, re.M))
    assert len(told) > 8
    assert all(WORDS[word] == text for word, text in told.items())


def test_each_step_is_told_to_those_who_ask(caplog, capsys):
    assert main(["critical", "II", "d=12..5", "-v"]) == 0
    told = [record.getMessage() for record in caplog.records if "trace" in record.name]
    assert any(line.startswith("lam=+5 ") for line in told) and len(told) > 5
    caplog.clear()
    assert main(["critical", "II", "d=12..5"]) == 0
    assert not caplog.records
