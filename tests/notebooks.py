"""The tutorials of cases/ as notebooks: ``python -m tests.notebooks FOLDER`` writes and runs them.

A script in percent format is split at its ``# %%`` lines; one without them is a
text, its docstring, and one cell of code.
"""

import ast
import json
import re
import sys
from pathlib import Path

CASES = Path(__file__).parent.parent / "cases"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def notebook(script: str) -> dict:
    """A script as a notebook without outputs, format 4.5."""
    cells = [
        _text(re.sub(r"^# ?", "", body, flags=re.M)) if "[markdown]" in head else _code(body)
        for head, body in re.findall(r"^# %%(.*)\n((?:(?!# %%).*\n?)*)", script, flags=re.M)
    ]
    cells = cells or [_text(ast.get_docstring(ast.parse(script))), _code(script)]
    numbered = [{"id": f"cell-{i}"} | cell for i, cell in enumerate(cells)]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": KERNEL, "cells": numbered}


def _text(body: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": body.strip()}


def _code(body: str) -> dict:
    about = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    return about | {"source": body.strip()}


def said(run: dict) -> str:
    """All that the cells of a notebook that was run have printed."""
    outputs = [one for cell in run["cells"] for one in cell.get("outputs", ())]
    return "".join(one.get("text", "") for one in outputs)


def execute(script: Path, folder: Path) -> dict:
    """Write the notebook of a script into a folder, run it there, and write what it shows."""
    import nbformat
    from nbclient import NotebookClient

    made = nbformat.from_dict(notebook(script.read_text(encoding="utf-8")))
    nbformat.validate(made)
    NotebookClient(made, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    target = folder / f"{script.stem}.ipynb"
    target.write_text(json.dumps(made, indent=1, ensure_ascii=False), encoding="utf-8")
    return made


if __name__ == "__main__":
    place = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    place.mkdir(parents=True, exist_ok=True)
    for path in sorted(CASES.glob("*.py")):
        execute(path, place)
        print(place / f"{path.stem}.ipynb")
