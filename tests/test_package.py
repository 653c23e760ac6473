"""What the package says of itself, and what it is shipped as."""

import ast
import configparser
import re
from pathlib import Path

import bifurc

ROOT = Path(__file__).parent.parent


def read(name):
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.read(ROOT / name, encoding="utf-8")
    return parser


def requirements(text):
    """{package: (comparison, version)} of a list of requirements."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {m[1]: (m[2], m[3]) for m in (re.match(r"(\S+)\s*(\S+)\s*(\S+)", x) for x in lines)}


def test_the_oldest_versions_that_are_allowed_are_those_that_are_tested():
    setup, tox = read("setup.cfg"), read("tox.ini")
    allowed = requirements(setup["options"]["install_requires"])
    allowed |= requirements(setup["options.extras_require"]["test"])
    tested = requirements(tox["testenv:oldest"]["deps"])
    for package, (comparison, version) in allowed.items():
        assert comparison == ">="
        exact, pinned = tested[package]
        assert exact == "=="
        assert re.sub(r"(\.0)+$", "", pinned).startswith(re.sub(r"(\.0)+$", "", version)), package


def test_the_bounds_of_flint_are_the_same_wherever_they_stand():
    extras = read("setup.cfg")["options.extras_require"]
    bounds = {requirements(extras[name])["python-flint"] for name in ("certify", "test")}
    assert bounds == {(">=", "0.8.0")}


def test_types_are_announced_and_everything_the_tests_need_is_shipped():
    assert (ROOT / "bifurc" / "py.typed").exists()
    shipped = (ROOT / "MANIFEST.in").read_text(encoding="utf-8")
    for name in ("cases", "plots", "tests"):
        assert f"graft {name}\n" in shipped
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert pictures and all((ROOT / picture).exists() for picture in pictures)


def test_type_checkers_see_the_names_that_are_loaded_when_asked_for():
    tree = ast.parse((ROOT / "bifurc" / "__init__.py").read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = [f"{line.module}.{n.name}" for line in block.body for n in line.names]
    homes = [f"{module}.{name}" for name, module in bifurc._HOMES.items()]
    assert sorted(seen) == sorted([*homes, *bifurc._MODULES.values()])
    assert all(getattr(bifurc, name) is not None for name in bifurc.__all__)


def test_what_is_cited_is_this_version():
    cited = re.findall(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    assert cited == [bifurc.__version__]
