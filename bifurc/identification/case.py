"""A family as the text of a case file."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace

from bifurc.api import member
from bifurc.continuation.trace import point_at, trace
from bifurc.events.branch import collect
from bifurc.structure.checks import SLACK
from bifurc.structure.families import Family
from bifurc.structure.polynomial import Polynomial

TABLES = ("teacher", "found")  # what gets a table of its own
DECAYS = (0.0, 0.05)  # the window of weight decay, where no size can grow
LEAST = 1.1  # a window's lower end, where sizes allow any
INSIDE, BEYOND = 0.98, 1.02  # of the way to where a branch turns, for the ends of a window


def case_text(family: Family, window: tuple[float, float] | None = None) -> str:
    """A case file (TOML) that continues ``family`` in d, or in weight decay if no size can grow.

    The table [family] holds what :meth:`Family.build` takes.

    Parameters
    ----------
    family : Family
    window : (float, float), optional
        From and to; by default :func:`default_window`, where the branch lies.

    Raises
    ------
    ValueError
        If no size of the family depends on d and no member of it is known.

    Examples
    --------
    >>> from bifurc.structure.families import BUILT_IN
    >>> print(case_text(BUILT_IN["II"], (40, 3.1)).splitlines()[4])
    sets = {bulk = "d - 1", last = "1"}
    """
    running = "d"
    if running not in family.structure.parameters:
        if not family.found.get("coordinates") or family.structure.decay.terms:
            raise ValueError(
                f"Family {family.name!r} has no size that depends on d; there is nothing to "
                "continue."
            )
        running, window = "mu", window or DECAYS
        family = replace(family.with_decay(0.0), found={**family.found, "at": {"mu": 0.0}})
    tables = {key: value for key, value in family_data(family).items() if key in TABLES}
    plain = {key: value for key, value in family_data(family).items() if key not in TABLES}
    text = [f"window = {{{running} = {_value(window or default_window(family))}}}", "", "[family]"]
    text += [f"{key} = {_value(value)}" for key, value in plain.items()]
    for key, table in tables.items():
        text += ["", f"[family.{key}]"]
        text += [f"{_key(name)} = {_value(value)}" for name, value in table.items()]
    return "\n".join(text) + "\n"


def default_window(family: Family) -> tuple[float, float]:
    """Where the branch of the family lies, found by following it both ways from a member.

    From 40, or twice the d it was found at, if the branch reaches so far, to
    the smallest d (in tenths) that its sizes allow. Where it folds before, the
    window begins on its sheet, and ends beyond the lower fold.
    """
    at = family.values()["d"]
    reduced, point = member(family, "d", at)
    low, high = max(math.ceil(10 * reduced.least_lam - SLACK) / 10, LEAST), max(40.0, 2 * at)
    ends = []
    for end in (high, low):
        start = point_at(reduced, point.x, at, towards=end - at)
        points, _ = collect(trace(reduced, start, (low, high)))
        lams = [p.lam for p in points]
        ends.append(max(lams) if end == high else min(lams))
    # a fold is left a little, so that the window begins at a point of its own
    first = high if ends[0] == high else at + INSIDE * (ends[0] - at)
    last = low if ends[1] == low else max(low, at + BEYOND * (ends[1] - at))
    return round(first, 4), round(last, 4)


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
    if s.ties:
        data["ties"] = [dict(tie) for tie in s.ties]
    data |= {key: text for key in ("about", "source") if (text := getattr(family, key))}
    for key in ("student_weights", "teacher_weights"):
        given = {name: _told(weight) for name, weight in getattr(s, key).items() if weight != 1}
        data |= {key: given} if given else {}
    if s.decay.terms:
        data["decay"] = s.decay.text()
    if family.kernel_parameters:
        data["kernel_parameters"] = dict(family.kernel_parameters)
    identity = {f"{b.name},{b.name}": ["1", "0"] for b in s.inputs}
    square = [b.name for b in s.inputs] == [b.name for b in s.teachers]
    if square and _default_teacher(data["teacher"], identity, s):
        del data["teacher"], data["teachers"]
    if family.found:
        data["found"] = {key: dict(value) for key, value in family.found.items()}
    return data


def _told(weight):
    """A second-layer weight, a number or an expression."""
    return weight.text() if isinstance(weight, Polynomial) else weight


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
