"""The modules stand in one stream: an import points up it, never down."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "bifurc"
# in the order of the flow; those on one line stand side by side and know nothing of each other
STREAM = [
    {"errors", "given", "glossary"},
    {"files", "imported", "threads"},  # what any program needs
    {"case", "workers"},  # the file a user writes, as plain data; processes that know no task
    {"structure", "groups"},
    {"spectra"},
    {"protocol"},  # what is asked of a problem
    {"loss", "continuation"},
    {"events"},
    {"switching", "loci", "members"},
    {"models", "own"},
    {"graph", "proof"},
    {"restart"},
    {"draw", "exploration", "seeds"},
    {"api", "sweeps"},
    {"run", "certified", "identification", "page", "spectral"},
    {"landscapes"},
    {"cli"},
]
LEVEL = {name: level for level, names in enumerate(STREAM) for name in names}
# a branch can save itself, in the one way that branches are written
ALLOWED = {("events/branch.py", "bifurc.graph.files")}
# the ways into the package, which stand outside the stream
ENTRANCES = {"__init__.py", "__main__.py"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def imported(path):
    """All modules of bifurc that a file names, those inside functions included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("bifurc"))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are by full name"
            if (node.module or "").startswith("bifurc"):
                yield node.module


def part(module):
    """The part of the package that ``bifurc.part.module`` belongs to."""
    return module.split(".")[1] if "." in module else ""


def faults(path):
    name = path.relative_to(PACKAGE).as_posix()
    own = name.split("/")[0].removesuffix(".py")
    for module in imported(path):
        other = part(module)
        if not other or other == own or (name, module) in ALLOWED:
            continue  # the package itself holds the version and nothing else
        if other not in LEVEL or LEVEL[other] >= LEVEL[own]:
            yield f"{name} imports {module}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_run_one_way(path):
    name = path.relative_to(PACKAGE).as_posix()
    if name in ENTRANCES:
        return
    assert name.split("/")[0].removesuffix(".py") in LEVEL, "give the new part its place above"
    assert list(faults(path)) == []


@pytest.mark.parametrize(("name", "module"), ALLOWED)
def test_what_is_excepted_is_there(name, module):
    """And the check itself sees what it should."""
    assert module in imported(PACKAGE / name)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_the_command_line_prints(path):
    if "cli" in path.parts:
        return
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert [c.lineno for c in calls if getattr(c.func, "id", "") == "print"] == []
