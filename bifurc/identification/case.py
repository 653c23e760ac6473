"""A family as the text of a case file."""

import json
from collections.abc import Mapping

from bifurc.structure.families import Family

TABLES = ("teacher", "found")  # what gets a table of its own


def case_text(family: Family, window: tuple[float, float] | None = None) -> str:
    """A case file (TOML) that continues ``family`` in d.

    The table [family] holds what :meth:`Family.build` takes.

    Parameters
    ----------
    family : Family
    window : (float, float), optional
        From and to; by default :func:`default_window`.

    Raises
    ------
    ValueError
        If no size of the family depends on d.

    Examples
    --------
    >>> from bifurc.structure.families import BUILT_IN
    >>> print(case_text(BUILT_IN["II"], (40, 3.1)).splitlines()[4])
    sets = {bulk = "d - 1", last = "1"}
    """
    if "d" not in family.structure.parameters:
        raise ValueError(
            f"Family {family.name!r} has no size that depends on d; there is nothing to continue."
        )
    tables = {key: value for key, value in family_data(family).items() if key in TABLES}
    plain = {key: value for key, value in family_data(family).items() if key not in TABLES}
    text = [f"window = {{d = {_value(window or default_window(family))}}}", "", "[family]"]
    text += [f"{key} = {_value(value)}" for key, value in plain.items()]
    for key, table in tables.items():
        text += ["", f"[family.{key}]"]
        text += [f"{_key(name)} = {_value(value)}" for name, value in table.items()]
    return "\n".join(text) + "\n"


def default_window(family: Family) -> tuple[float, float]:
    """From 40, or twice the d it was found at, to the smallest d (in tenths) its sizes allow."""
    at = float(family.found.get("at", family.parameters).get("d", 20))
    low = at
    while low - 0.1 > 1.0 and _allows(family, low - 0.1):
        low = round(low - 0.1, 1)
    return max(40.0, 2 * at), max(low, 1.1)


def _allows(family: Family, d: float) -> bool:
    try:
        values = {name: poly(lam=d) for name, poly in family.line("d").items()}
        family.structure.check_sizes(values)
    except ValueError:
        return False
    return True


def family_data(family: Family) -> dict:
    """What :meth:`Family.build` takes to make ``family`` again."""
    s = family.structure
    names = {"students": s.students, "inputs": s.inputs, "teachers": s.teachers}
    data = {
        "name": family.name,
        "sets": {points.name: points.size.text() for points in s.sets},
        **{kind: [block.points for block in blocks] for kind, blocks in names.items()},
        "teacher": {f"{r},{c}": [p.text() for p in pair] for (r, c), pair in s.teacher.items()},
        "start": dict(family.start),
        "parameters": dict(family.parameters),
        "kernel": family.kernel,
    }
    if family.kernel_parameters:
        data["kernel_parameters"] = dict(family.kernel_parameters)
    identity = {f"{b.name},{b.name}": ["1", "0"] for b in s.inputs}
    square = [b.name for b in s.inputs] == [b.name for b in s.teachers]
    if square and _default_teacher(data["teacher"], identity, s):
        del data["teacher"], data["teachers"]
    if family.found:
        data["found"] = {key: dict(value) for key, value in family.found.items()}
    return data


def _default_teacher(teacher, identity, structure) -> bool:
    """Whether the teacher is the identity; a single point's entry is its diagonal alone."""
    single = {b.name for b in structure.inputs if structure.size[b.points].constant == 1}
    if set(teacher) != set(identity):
        return False
    return all(
        pair[0] == "1" and (pair[1] == "0" or key.partition(",")[0] in single)
        for key, pair in teacher.items()
    )


def _value(value) -> str:
    """A value as TOML writes it, with every digit."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else json.dumps(name, ensure_ascii=False)
