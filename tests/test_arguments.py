"""Careless arguments: each ends in one line that names it, whatever call it is given to."""

import dataclasses
import inspect
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import bifurc
from bifurc import draw, given, groups
from bifurc.cli.main import main

CASES = Path(__file__).parents[1] / "cases"
WINDOW = {"d": (12, 5)}
OWN = {"lam": (-0.5, 2)}


def loss(x, lam, c):
    return -lam * x @ x / 2 + c * (x**4).sum() / 4


def own(**changes):
    right = {"loss": loss, "x0": [0.0, 0.0], "parameters": {"lam": -0.5, "c": 2.0}}
    return bifurc.Problem(**right | changes)


def family(**changes):
    right = {"sets": {"a": "d"}, "start": {"a": -1}, "parameters": {"d": 20}}
    return bifurc.Family.build("F", **right | changes)


@pytest.fixture(scope="module")
def branch():
    return bifurc.trace("II", d=(12, 5))


@pytest.fixture(scope="module")
def graph():
    return bifurc.explore("II", depth=0, d=(12, 5))


TRACE = [
    ((42,), WINDOW, "problem .* got int 42"),
    ((None,), WINDOW, "problem .* got NoneType"),
    (("IIi",), WINDOW, "IIi.*Did you mean 'II'"),
    (("none.toml",), WINDOW, "none.toml"),
    (("II",), {}, "window"),
    (("II",), {"d": (12, "a")}, "'d' needs two numbers"),
    (("II",), {"d": (12, 5, 3)}, "'d' needs two numbers"),
    (("II",), {"d": (12, 12)}, "'d' is empty"),
    (("II",), {"d": (12, float("nan"))}, "'d' is empty or not finite"),
    (("II",), {"q": (12, 5)}, "'q'; it has d"),
    (("M",), {"d": (12, 5), "p": None}, "None"),
    (("M",), {"d": (12, 5), "p": (1, 2)}, "2: d, p"),
    (("M",), {"d": (12, 5), "p": "two"}, "p of family 'M'"),
    (("II", {}), WINDOW, "options .* dict"),
    (("II",), {**WINDOW, "options": 3}, "options .* int 3"),
    (("II",), {**WINDOW, "checked": "yes"}, "checked needs True or False"),
    ((own(),), {**OWN, "both": "yes"}, "both needs True or False"),
    (("II",), {**WINDOW, "events": 3}, "events .* int 3"),
    (("II",), {**WINDOW, "events": [3]}, "events .* int 3"),
    (("II",), {**WINDOW, "record": 3}, "record .* int 3"),
    (("II",), {**WINDOW, "record": {"a": 3}}, r"record\['a'\] needs a function"),
    (("II",), {**WINDOW, "record": {"a": lambda state: state.x}}, "'a' gives no number"),
    (("II",), {**WINDOW, "record": {"a": lambda state: state.no}}, "'a' gives no number .*no"),
    (("II",), {**WINDOW, "events": [bifurc.when(lambda state: state.x, name="f")]}, "'f' gives no"),
    (("II",), {**WINDOW, "ds_max": "a"}, "ds_max must be a finite number.* 'a'"),
    (("II",), {**WINDOW, "ds_max": -1}, "ds_max .* -1"),
    (("II",), {**WINDOW, "newton_tol": 2}, "newton_tol .* 2"),
    (("II",), {**WINDOW, "max_steps": 1.5}, "max_steps must be a whole number.* 1.5"),
    (("II",), {**WINDOW, "ahead": 0}, "ahead .* 0"),
    (("II",), {**WINDOW, "ds_mx": 1}, "'ds_mx'. Did you mean 'ds_max'"),
    (("II",), {**WINDOW, "evnts": []}, "'evnts'. Did you mean 'events'"),
    ((own(),), {"lam": (0, 1)}, "outside the window"),
    ((own(),), {"mu": (0, 1)}, "no parameter mu"),
]
EXPLORE = [
    {"search": 3}, {"depth": "a"}, {"depth": 1.5}, {"depth": -1}, {"depth": True},
    {"max_branches": 0}, {"max_branches": "many"}, {"executor": 2}, {"folder": 3}, {"progress": 3},
    {"options": {}}, {"both": 1.0}, {"max_branchs": 3},
]  # fmt: skip
PROBLEM = [
    ({"loss": None}, "loss"),
    ({"loss": 3}, "loss needs a function"),
    ({"loss": lambda x, mu: 0.0}, "loss does not take"),
    ({"x0": "abc"}, "x0"),
    ({"x0": []}, "x0"),
    ({"x0": [np.inf]}, "x0"),
    ({"x0": [[0.0]]}, "x0"),
    ({"parameters": None}, "parameters"),
    ({"parameters": [1]}, "parameters"),
    ({"parameters": {}}, "parameter"),
    ({"parameters": {"lam": [1, 2], "c": 1}}, "parameters"),
    ({"parameters": {"x": 1}}, "'x'"),
    ({"parameters": {"ds": 1}}, "'ds'"),
    ({"parameters": {"both": 1}}, "'both'"),
    ({"parameters": {3: 1}}, "3"),
    ({"parameters": {"λ λ": 1}}, "λ λ"),
    ({"group": 3}, "group .* 3"),
    ({"group": groups.symmetric(3)}, "group acts on 3"),
    ({"gradient": "g"}, "gradient needs a function"),
    ({"hessian": lambda x: x}, "hessian does not take"),
]
ANSWERS = [
    ({"loss": lambda x, lam, c: lam * x}, r"loss at x0.*got shape \(2,\)"),
    ({"loss": lambda x, lam, c: None}, "loss at x0.*object"),
    ({"loss": lambda x, lam, c: "a"}, "loss at x0.*U1"),
    ({"loss": lambda x, lam, c: x.no}, "loss at x0.*fails.*no"),
    ({"loss": lambda x, lam, c: np.nan}, "loss at x0.*not finite"),
    ({"loss": lambda x, lam, c: 1 / 0}, "loss at x0.*ZeroDivisionError"),
    ({"gradient": lambda x, lam, c: x[:1]}, r"gradient at x0.*\(2,\).*\(1,\)"),
    ({"hessian": lambda x, lam, c: np.eye(3)}, r"hessian at x0.*\(2, 2\).*\(3, 3\)"),
]
FAMILY = [
    ({"name": 3}, "name"),
    ({"setz": {}}, "setz.*'sets'"),
    ({"strat": {}}, "strat.*'start'"),
    ({"sets": ["a"]}, "sets needs a table"),
    ({"start": "one"}, "start needs a table"),
    ({"start": {"a": "one"}}, "start of 'a'.*'one'"),
    ({"start": {"a": np.nan}}, "start of 'a'.*nan"),
    ({"start": {"a": [1, 2, 3]}}, r"start of 'a'.*diagonal, off"),
    ({"start": {}}, "student blocks a"),
    ({"start": {"b": 1}}, "student blocks a"),
    ({"sets": {"a": "q*q"}, "parameters": {"q": 3}}, "'a' has size q²"),
    ({"sets": {"a": "1/d"}}, "'1/d'.*divides by numbers"),
    ({"sets": {"a": "d +"}}, "'d [+]'"),
    ({"sets": {"a": "sin(d)"}}, "sin"),
    ({"sets": {"a": "d - m"}}, "parameter m"),
    ({"student_weights": {"a": 0}}, "weight of student block 'a' is 0"),
    ({"student_weights": {"a": "heavy"}}, "heavy"),
    ({"student_weights": {"b": 1}}, "'b'"),
    ({"teacher_weights": {"a": "0"}}, "weight of teacher block 'a' is 0"),
    ({"parameters": 3}, "parameters needs a table"),
]
CALLS = [
    (bifurc.family, (3,), {}, "name"),
    (bifurc.problem, (3,), {}, "problem"),
    (bifurc.member, ("II",), {}, "where"),
    (bifurc.member, ("II",), {"d": "a"}, "d must be a finite number"),
    (bifurc.member, ("II",), {"d": None}, "d must be a finite number"),
    (bifurc.member, ("II",), {"d": (3, 4)}, "d must be a finite number"),
    (bifurc.member, (own(),), {"mu": 0}, "'mu' is not known"),
    (bifurc.member, (CASES / "pitchfork.toml",), {"mu": 0}, "'mu' is not known"),
    (bifurc.embed, ("II",), {}, "where"),
    (bifurc.embed, ("II",), {"d": 5.5}, "whole"),
    (bifurc.embed, ("II",), {"d": "a"}, "d must be a finite number"),
    (bifurc.embed, (own(),), {"lam": 1}, "families of networks"),
    (bifurc.locus, (own(), "s"), {"lam": (0, 1), "c": (0, 1)}, "families of networks"),
    (bifurc.locus, ("M", 3), {"d": (40, 5), "p": (1, 2)}, "event .* int 3"),
    (bifurc.locus, ("M", "s"), {"d": (40, 5), "p": (1, 2), "near": "a"}, "near must be"),
    (bifurc.certify, (own(),), {"lam": 1}, "families of networks"),
    (bifurc.certify, ("II",), {}, "value"),
    (bifurc.certify, ("II",), {"d": []}, "'d' is empty"),
    (bifurc.certify, ("II",), {"d": 7, "digits": "a"}, "digits must be"),
    (bifurc.certify_to_infinity, (own(),), {}, "families of networks"),
    (bifurc.asymptotics, (own(),), {}, "families of networks"),
    (bifurc.asymptotics, ("II",), {"order": "a"}, "order must be"),
    (bifurc.asymptotics, ("II",), {"order": 0}, "order must be"),
    (bifurc.check, (3,), {}, "check.* int 3"),
    (bifurc.check, ("II",), {}, "II cannot be read"),
    (bifurc.load, (3,), {}, "folder needs a path"),
    (bifurc.load, ("/none",), {}, "/none holds no"),
    (bifurc.when, (3,), {}, "function of a state"),
    (bifurc.when, (abs, "a"), {}, "value must be"),
    (bifurc.when, (abs,), {"stop": 1}, "stop needs True"),
    (bifurc.Search, (), {"explicit": "a"}, "explicit must be"),
    (bifurc.Search, (), {"shares": 0.5}, "shares needs a list"),
    (bifurc.Search, (), {"finite_groups": "no"}, "finite_groups needs True"),
    (bifurc.Options, (), {"ds": "a"}, "ds must be"),
    (bifurc.identify, ("a",), {}, "W"),
    (bifurc.identify, (3,), {}, "shape"),
    (bifurc.descend, ("a",), {}, "d must be"),
    (bifurc.descend, (3,), {"runs": 0}, "runs must be"),
    (bifurc.verify, (3,), {}, "branch needs"),
    (groups.symmetric, ("a",), {}, "number of coordinates"),
    (groups.symmetric, (0,), {}, "number of coordinates"),
    (groups.cyclic, (2.5,), {}, "number of coordinates"),
    (groups.dihedral, (True,), {}, "number of coordinates"),
    (groups.permutations, (3,), {}, "generators"),
    (groups.permutations, ([],), {}, "generator"),
    (groups.permutations, ([[0, 0]],), {}, "not a permutation"),
    (groups.matrices, ([np.ones((2, 2))],), {}, "not orthogonal"),
    (groups.matrices, (3,), {}, "generators"),
    (groups.automorphisms, (3,), {}, "graph needs a networkx graph"),
    (groups.automorphisms, (nx.Graph(),), {}, "no nodes"),
    (groups.product, (3, 4), {}, "Factor 0"),
    (groups.joined, (), {}, "no group"),
    (bifurc.kernels.kernel, ("rellu",), {}, "'rellu'.*Did you mean 'relu'"),
    (bifurc.kernels.kernel, (3,), {}, "3 has no formula value"),
    (bifurc.kernels.activation, (3,), {}, "function of z"),
    (draw.diagram, ("II",), {}, "drawn .* str 'II'"),
    (draw.diagram, ({"a": 3},), {}, "'a' needs a branch"),
    (draw.eigenvalues, (3,), {}, "branch needs"),
    (bifurc.landscape, ("II",), {"d": "a"}, "d must be a finite number"),
    (bifurc.landscape, ("II",), {"d": 8, "points": 3}, "points needs a list"),
    (bifurc.landscape, ("II",), {"d": 8, "most_index": -1}, "most_index must be"),
    (bifurc.update_atlas, (3, ["A"]), {"d": 5}, "folder needs a path"),
    (bifurc.update_atlas, ("atlas", "A"), {"d": 5}, "spaces needs a list"),
    (bifurc.report, (3, "x.html"), {}, "source needs a graph or a branch"),
    (bifurc.report, ("II", 3), {}, "path needs a path"),
    (bifurc.spectrum, ("II",), {"d": 8, "metric": 3}, "metric needs a table"),
    (bifurc.certify_at, ("II",), {"d": "a"}, "d must be a finite number"),
    (draw.branch_graph, (3,), {}, "graph needs"),
    (draw.isotropy_lattice, (3,), {}, "graph needs"),
    (draw.locus, (3,), {}, "curve needs"),
    (draw.weights, (3, [], {}), {}, "structure needs"),
    (draw.save, ("II", "a.pdf"), {}, "fig needs"),
]


OWN_CASE = """
window = { lam = [-0.5, 2] }
[problem]
function = "model.py:loss"
x0 = [0]
parameters = { lam = -0.5 }
"""
ZERO_ROW = """
window = { d = [12, 11] }
[family]
name = "Z"
sets = { bulk = "d - 1", last = 1 }
start = { bulk = 1, last = { last = 0, bulk = 0 } }
parameters = { d = 12 }
"""
MODEL = """
import numpy as np


def loss(x, lam):
    return -lam * x @ x / 2 + (x**4).sum() / 4


def phi(z):
    return z * np.nan
"""
COMMANDS = [
    "spectrum own.toml --at mu=0", "embed own.toml --at lam=0 -o a.npy", "asymptotics own.toml",
    "locus own.toml --event s", "certify own.toml --at lam=0", "critical own.toml c=1",
    "critical own.toml lam=a", "critical own.toml --kernel gelu", "critical zero.toml",
    "critical II --kernel model.py:phi", "critical II --kernel model.py:no",
    "critical II --kernel rellu", "critical II --decay a+", "critical II --decay nan",
    "critical II --bias hiden", "critical II --from nan", "critical II --from 3 --to 3",
    "critical II d=", "critical II d=..3", "critical II d=40..5..3", "critical II d=40..5 q=1..2",
    "critical II d=12..11 p=1", "critical M p=q", "critical II --param q", "critical A+J",
    "critical", "spectrum II", "spectrum II d=a", "spectrum II d=nan", "spectrum II d=-3",
    "spectrum II d=1e400", "embed II --at d=5.5 -o a.npy", "embed II --at d=5 -o a.txt",
    "embed II -o a.npy", "asymptotics II --order 0", "locus M", "locus M --event s --params d",
    "certify II", "certify II --at d=a", "certify II --at d=7 --digits 0", "check none.json",
    "check own.toml", "run none.toml", "run own.toml --jobs 0", "run own.toml -o model.py", "run",
    "plot none", "plot model.py", "status none", "report none", "verify none",
    "identify none.npy", "identify model.py", "descend --d 1", "descend --d 3 --runs 0",
    "arcs II", "case new IIi", "explain qqqq", "families x", "nothing",
]  # fmt: skip


def said(call, *args, **keywords) -> str:
    """The one line that a call ends with."""
    with pytest.raises(ValueError) as raised:
        call(*args, **keywords)
    line = str(raised.value)
    assert "\n" not in line and line.endswith((".", "?"))
    return line


def matches(line: str, pattern: str) -> None:
    with pytest.raises(ValueError, match=pattern):
        raise ValueError(line)


@pytest.mark.parametrize(("args", "keywords", "pattern"), TRACE)
def test_trace(args, keywords, pattern):
    matches(said(bifurc.trace, *args, **keywords), pattern)


@pytest.mark.parametrize("wrong", EXPLORE, ids=str)
def test_explore(wrong):
    (name,) = wrong
    assert name[:12] in said(bifurc.explore, own(), **{**OWN, **wrong})


@pytest.mark.parametrize(("changes", "pattern"), PROBLEM)
def test_problems(changes, pattern):
    matches(said(own, **changes), pattern)


@pytest.mark.parametrize(("changes", "pattern"), ANSWERS)
def test_functions_that_do_not_answer(changes, pattern):
    matches(said(bifurc.trace, own(**changes), **OWN), pattern)


@pytest.mark.parametrize(("changes", "pattern"), FAMILY)
def test_families(changes, pattern):
    changes = dict(changes)
    name = changes.pop("name", "F")
    right = {"sets": {"a": "d"}, "start": {"a": -1}, "parameters": {"d": 20}}
    matches(said(bifurc.Family.build, name, **right | changes), pattern)


@pytest.mark.parametrize("missing", ["sets", "start"])
def test_what_a_family_needs(missing):
    rest = {"sets": {"a": "d"}, "start": {"a": -1}, "parameters": {"d": 20}}
    del rest[missing]
    assert f"needs {missing}, such as" in said(bifurc.Family.build, "F", **rest)


@pytest.mark.parametrize(("call", "args", "keywords", "pattern"), CALLS)
def test_other_calls(call, args, keywords, pattern):
    matches(said(call, *args, **keywords), pattern)


def test_branches(branch):
    for wrong in ({}, {"p": 2}, {"d": None}, {"d": "a"}, {"d": 99}, {"d": float("nan")}):
        assert "d" in said(branch.at, **wrong)
    assert "d must be" in said(branch, "a")
    assert "number of a point" in said(branch.__getitem__, "a")
    assert [state.lam for state in branch[:2]] == branch.lam[:2].tolist()
    assert "s:bulk" in said(branch.events.__getitem__, "zz")
    assert "path" in said(branch.save, 3)
    assert ".npz" in said(branch.save, "a.txt")


@pytest.mark.parametrize("window", [3, (5,), ("a", "b"), "ab", (1, np.nan)])
@pytest.mark.parametrize("call", [draw.diagram, draw.eigenvalues])
def test_windows_of_pictures(call, window, branch):
    assert "window" in said(call, branch, window=window)


def test_graphs(graph, branch):
    assert "folder" in said(graph.save, 3)
    assert "axes" in said(draw.diagram, branch, ax=3)
    assert "png" in said(draw.save, draw.diagram(branch)[0], "a.jpg")


def test_no_parameter_has_the_name_of_an_argument():
    calls = (bifurc.trace, bifurc.explore, bifurc.member, bifurc.locus, bifurc.certify)
    own = {name for call in calls for name in inspect.signature(call).parameters}
    options = {field.name for field in dataclasses.fields(bifurc.Options)}
    assert own | options <= {*given.ARGUMENTS, "parameters", "windows"}


def test_names_are_typed_easily():
    for typed, name in (("A+I", "A(p) + I"), ("A(p)+I", "A(p) + I"), ("II+1", "II + 1")):
        assert bifurc.family(typed).name == name


@pytest.mark.parametrize("line", COMMANDS)
def test_commands(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_text(OWN_CASE)
    (tmp_path / "zero.toml").write_text(ZERO_ROW)
    (tmp_path / "model.py").write_text(MODEL)
    before = sorted(tmp_path.iterdir())
    try:
        assert main(line.split()) == 2
    except SystemExit as end:  # of the parser
        assert end.code == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("bifurc")
    assert not any(word in err for word in ("mistake in bifurc", "an operation", "Warning"))
    assert [one for one in sorted(tmp_path.iterdir()) if "cache" not in one.name] == before
