"""Case files, their format and the words of tables: what is wrong is named, what is right told."""

import ast
import dataclasses
import json
import re
import tomllib
from pathlib import Path

import pytest

import bifurc
from bifurc.case import Case, load_case
from bifurc.cli.explain import found
from bifurc.cli.main import main
from bifurc.continuation.options import Status
from bifurc.draw.curves import SCALARS
from bifurc.draw.graph import ENDS
from bifurc.draw.locus import MARKERS
from bifurc.draw.style import IRREPS
from bifurc.events.marks import LABEL
from bifurc.glossary import WORDS
from bifurc.identification.polish import Verdict
from bifurc.structure.polynomial import Polynomial
from bifurc.switching.classify import KINDS

ROOT = Path(__file__).parents[1]
WRITERS = {"to_dict", "summary", "rows", "row"}  # functions that make what is printed or written
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
        ('name = "F"', "name = 3", "family.name: needs text, got 3"),
        ("parameters = { d = 12 }", 'parameters = "twelve"', "family.parameters: needs a table"),
        ("all = -1", 'all = "one"', "family.start.all.* 'one'"),
        ("window =", "windw =", "the file: there is no key 'windw'. Did you mean 'window'"),
        ("[12, 11]", "[12]", "window needs"),
        ("[12, 11]", '["a", 11]', "window.d.0.* 'a'"),
        ("[12, 11]", "[nan, 11]", "window.d.0.* nan"),
        ("[family]", "[famly]", "there is no key 'famly'. Did you mean 'family'"),
        ("[family]", "[explore]\ndeth = 1\n[family]", r"\[explore\].*'deth'. Did you mean 'depth'"),
        ("[family]", "[explore]\ndepth = 'a'\n[family]", "explore.depth: needs a whole number"),
        ("[family]", "[options]\ndsmax = 1\n[family]", r"\[options\].*Did you mean 'ds_max'"),
        ("[family]", "[draw]\nx = 1\n[family]", r"\[draw\]: there is no key 'x'"),
        ("[family]", "[expect]\nevnts = []\n[family]", r"\[expect\].*Did you mean 'events'"),
        ("[family]", "[[expect.branches]]\ncount = 1\n[family]", "expect.branches.0.isotropy"),
        ("[family]", "[[expect.events]]\np = 1\n[family]", r"events.0.p .*'d'"),
        ('{ all = "d" }', "3", "family.sets: needs a table"),
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
        ("s[bulk]", "s"), ("sxs[bulk,last]", "sxs"), ("t+s[bulk/1]", "t"), ("K = <(1 2 3)>", "K"),
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
    assert "Did you mean 'sheet'? bifurc explain lists all" in capsys.readouterr().err
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
        ("critical M p=2 --set p=3", "p is given twice"),
        ("spectrum II --at d=20 --at d=30", "d is given twice"),
        ("plot out --y loss --y norm", "--y: is given twice"),
        ("descend --d three", "--d: needs a whole number, got 'three'"),
        ("critical II --from 40 --to abc", "--to: needs a number, got 'abc'"),
        ("run case.toml --depth 2", "bifurc run: there is no '--depth' here"),
        ("critical II --kernl gelu", "no '--kernl' here. Did you mean '--kernel'?"),
        ("families II", "bifurc families: there is no 'II' here"),
        ("landscape II d=8 --index -1", "most_index"),
        ("case new II -o case.txt", "case.txt must end in .toml"),
        ("critical M p=d//2", "'d//2' does not parse"),
        ("critical M p=d^2", "'d^2' does not parse"),
        ("critical M p=1/d", "divides by numbers alone"),
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


def written():
    """The keys of all tables that functions for output make, and where."""
    for path in sorted((ROOT / "bifurc").rglob("*.py")):
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for made in (one for one in tree if isinstance(one, ast.FunctionDef)):
            tables = [one for one in ast.walk(made) if isinstance(one, ast.Dict)]
            for key in (key for one in tables for key in one.keys):
                if made.name in WRITERS and isinstance(key, ast.Constant):
                    yield path.name, key.value


def printed(line, capsys):
    """The words in the head of a table."""
    assert main(line.split()) == 0
    return re.split(r",|  +", capsys.readouterr().out.splitlines()[0].strip())


def test_every_word_of_an_output_is_explained(capsys):
    words = [word for _, word in written()]
    assert len(set(words)) > 50
    for made in (bifurc.Options, bifurc.Search):
        words += [field.name for field in dataclasses.fields(made)]
    words += [*Status.__members__, *Verdict.__members__, *KINDS, *SCALARS, *MARKERS, *IRREPS]
    words += [LABEL, "BP", "LP", *ENDS]
    words += printed("critical II d=12..5", capsys) + printed("critical II d=12..5 --csv", capsys)
    missing = []
    for word in dict.fromkeys(words):
        try:
            found(word)
        except ValueError:
            missing.append(word)
    assert missing == []


def test_a_minus_sign_may_be_that_of_print():
    assert Polynomial.parse("d − 1") == Polynomial.parse("d - 1")
