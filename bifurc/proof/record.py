"""A certificate as plain data: exact numbers, structures, a checksum.

Numbers of boxes are binary, ``0x1abp-7`` being 1ab (hexadecimal) times
2**-7, so that nothing is rounded on the way through a file. Whatever is read
must be written the same way again, to the letter, so that a text has one
meaning and nothing stands in a file that is not proved.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from bifurc.files import read_json, write_atomically
from bifurc.loss.kernels import KERNELS, kernel, parameter_names
from bifurc.loss.line import LAM
from bifurc.loss.problem import NetworkProblem
from bifurc.proof.bounds import short
from bifurc.proof.interval import exact, flint, precision
from bifurc.proof.system import box
from bifurc.structure.checks import check_names
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.polynomial import decimal as exactly
from bifurc.structure.structure import PointBlock, PointSet, Structure

SCHEMA = 1
_EXACT = re.compile(r"(-?)0x([0-9a-f]+)p(-?[0-9]{1,9})")
_FRACTION = re.compile(r"-?[0-9]{1,400}(/[0-9]{1,400})?")
LEAST_SCALE = 2.0**-6  # entries below this are boxed as if they were this large


def to_text(value) -> str:
    """An exact arb as text."""
    mantissa, exponent = (int(part) for part in value.man_exp())
    return f"{'-' if mantissa < 0 else ''}{abs(mantissa):#x}p{exponent}"


def from_text(text: str):
    """The exact arb of :func:`to_text`; the precision must hold it."""
    match = _EXACT.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise ValueError(f"{text!r} is not an exact number such as '0x1abp-7'.")
    sign, digits, exponent = match.groups()
    power = int(exponent)
    if abs(power) > 100_000 or len(digits) > 25_000:
        raise ValueError(f"{text[:40]!r} is out of range.")
    value = flint.arb(int(f"{sign}{digits}" if sign else digits, 16))
    scale = flint.arb(2) ** abs(power)
    value = value * scale if power >= 0 else value / scale
    if not value.is_exact():
        raise ValueError(f"{text[:40]!r} has more digits than the stated precision.")
    if to_text(value) != text:
        raise ValueError(f"{text[:40]!r} is not written in its shortest form.")
    return value


def fraction(text: str) -> Fraction:
    """The exact number written like 7 or 5/2.

    Raises
    ------
    ValueError
        If it is written otherwise.
    """
    if not isinstance(text, str) or not _FRACTION.fullmatch(text):
        raise ValueError(f"{short(text)} is not a fraction such as '7' or '5/2'.")
    if str(Fraction(text)) != text:
        raise ValueError(f"{short(text)} is not written in its shortest form.")
    return Fraction(text)


def only(data: dict, *keys: str) -> dict:
    """The same data, if it has these entries and no other.

    Raises
    ------
    ValueError
        If one is missing, or one is too many.
    """
    if not isinstance(data, dict):
        raise ValueError(f"{short(data)} is no table of {', '.join(keys)}")
    for key in keys:
        if key not in data:
            raise ValueError(f"{key!r} is missing")
    for key in data:
        if key not in keys:
            raise ValueError(f"the entry {short(key)} is not known")
    return data


def problem_to_data(problem: NetworkProblem) -> dict:
    """Structure, kernel and parameter line of a problem.

    Raises
    ------
    ValueError
        If the kernel cannot be written by its name.
    """
    if type(problem) is not NetworkProblem:  # it may have more than is written here
        raise ValueError(f"No certificate can be written of a {type(problem).__name__}.")
    s = problem.structure
    if s.trained or s.confined or s.weights_run:
        raise ValueError("Trained output weights, ones that run, and spheres have no certificate.")
    bare = s.plain
    running = {
        name: Polynomial.of(value).text() for name, value in problem.kernel_parameters.items()
    }
    more = {
        "kernel_parameters": running,
        "ties": [dict(tie) for tie in s.ties],
        "decay": s.decay.text() if s.decay.terms else "",
        "reference": _entries(s, s.students, s.reference),
        "bias": s.common.text() if s.common.terms else ", ".join(s.bias),
        "biases": [[r, one.text()] for (r, c), (one, _) in s.teacher.items() if c in s.beside],
    }
    return {
        "kernel": {
            "name": kernel_name(problem),
            "parameters": {
                n: getattr(problem.kernel, n)
                for n in parameter_names(problem.kernel)
                if n not in running
            },
        },
        "line": {name: poly.text() for name, poly in problem.line.items()},
        "sets": {points.name: points.size.text() for points in bare.sets},
        "students": [[block.name, block.points] for block in bare.students],
        "inputs": [[block.name, block.points] for block in bare.inputs],
        "teachers": [[block.name, block.points] for block in s.teachers],
        "teacher": _entries(bare, s.teachers, bare.teacher),
        "student_weights": dict(s.student_weights),
        "teacher_weights": dict(s.teacher_weights),
        **{key: value for key, value in more.items() if value},
    }


def texts(data) -> str:
    """Plain data as one text, so that 1, 1.0 and true differ."""
    return json.dumps(data, sort_keys=True)


def _entries(structure: Structure, blocks: tuple, table: Mapping) -> list:
    """Entries of a teacher that are not 0, off the diagonal where there is one."""
    rows, columns = ({block.name: block for block in of} for of in (blocks, structure.inputs))
    found = []
    for (r, c), (one, off) in table.items():
        beside = off.text() if structure.tied(rows[r], columns[c]) else "0"
        found += [[r, c, one.text(), beside]] if (one.text(), beside) != ("0", "0") else []
    return found


def kernel_name(problem: NetworkProblem) -> str:
    """The name of the kernel of a problem."""
    for name, kind in KERNELS.items():
        if type(problem.kernel) is kind:
            return name
    raise ValueError(f"Kernel {problem.kernel!r} has no name, so no certificate can name it.")


def problem_from_data(data: dict, most: float = math.inf) -> NetworkProblem:
    """The problem of :func:`problem_to_data`, with ``most`` coordinates at most.

    Raises
    ------
    ValueError
        If it is no problem, or not written as :func:`problem_to_data` writes it.
    """
    parse = Polynomial.parse
    students, inputs, teachers = (
        tuple(PointBlock(name, points) for name, points in data[key])
        for key in ("students", "inputs", "teachers")
    )
    structure = Structure(
        tuple(PointSet(name, parse(size)) for name, size in data["sets"].items()),
        students,
        inputs,
        teachers,
        {(r, c): (parse(one), parse(off)) for r, c, one, off in data["teacher"]},
        dict(data["student_weights"]),
        dict(data["teacher_weights"]),
        tuple(dict(tie) for tie in data.get("ties", ())),
        parse(data.get("decay", "0")),
        {(r, c): (parse(one), parse(off)) for r, c, one, off in data.get("reference", ())},
    )
    if len(structure.coordinates) > most:
        raise ValueError(f"its boxes are of {most} unknowns, too few for the problem")
    if "bias" in data:
        taught = {row: parse(value) for row, value in data.get("biases", ())}
        structure = structure.biased(data["bias"], taught)
    name = data["kernel"]["name"]
    if name not in KERNELS:  # no other one is looked for: a name may be that of a user's file
        raise ValueError(f"there is no kernel {short(name)}")
    made = kernel(name, **data["kernel"]["parameters"])
    line, running = (
        {name: parse(text) for name, text in data.get(key, {}).items()}
        for key in ("line", "kernel_parameters")
    )
    check_names("Parameter", [*line, LAM])
    used = structure.parameters.union(*(poly.names for poly in running.values()))
    for name in line:
        if name not in used:
            raise ValueError(f"nothing depends on parameter {name!r}")
    problem = NetworkProblem(structure, made, line, kernel_parameters=running)
    for name in parameter_names(made):
        value = getattr(made, name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"parameter {name!r} of the kernel is no number: {short(value)}")
    if texts(problem_to_data(problem)) != texts(data):
        raise ValueError("the problem is not written as it is read")
    return problem


def coordinates(data: dict, digits: int = 3) -> dict[str, str]:
    """Where the critical point of a certificate is, by the names of its coordinates.

    Of a branch, where it begins. Digits are those that the boxes hold.
    """
    with precision(data["precision"]):
        state = state_of(data)
        if data["kind"] == "model":
            names = [f"x{i}" for i in range(len(state))]
        else:
            problem = problem_from_data(data["problem"])
            names = [coordinate.name for coordinate in problem.structure.coordinates]
        found = zip(names, state, strict=False)
        return {name: value.str(digits, radius=False) for name, value in found}


def state_of(data: dict) -> list:
    """What holds the unknowns of a certificate, the coordinates first; arbs."""
    if data["kind"] == "branch":
        first = data["pieces"][0]
        powers = zip(*map(from_texts, first["curve"]), strict=True)
        centre = [sum(c[::2]) - sum(c[1::2]) for c in powers]
        radius = from_texts(first["radius"])
    elif data["kind"] == "complete":
        return []
    elif data["kind"] == "limit":
        return [flint.arb(known[0]) for known in data["limit"]]
    elif data["kind"] == "teacher":
        return [exact(fraction(text)) for text in data["coordinates"]]
    elif data["kind"] == "learnt":
        return from_texts(data["coordinates"])
    else:
        centre, radius = (from_texts(data["narrow"][key]) for key in ("centre", "radius"))
    return box(centre, radius)


def box_to_data(centre, exponent: int) -> dict:
    """A box with half-widths about 2**-exponent of its centre, as exact texts."""
    scales = (2.0 ** np.ceil(np.log2(max(abs(float(c)), LEAST_SCALE))) for c in centre)
    return {
        "centre": [to_text(value) for value in centre],
        "radius": [to_text(flint.arb(scale) * flint.arb(2) ** -exponent) for scale in scales],
    }


def ends(data: dict) -> tuple[list, list]:
    """Centre and half-widths of a box."""
    only(data, "centre", "radius")
    centre, radius = (from_texts(data[key]) for key in ("centre", "radius"))
    if not all(r > 0 for r in radius):
        raise ValueError("a half-width of a box is not positive")
    return centre, radius


def from_texts(given) -> list:
    """The exact arbs of several texts."""
    return [from_text(text) for text in given]


def find_component(problem: NetworkProblem, data: dict) -> Component:
    """The component named by irrep and set.

    Raises
    ------
    ValueError
        If the structure has none of that name.
    """
    only(data, "irrep", "set")
    for component in problem.components:
        if (component.irrep, component.points) == (data["irrep"], data["set"]):
            return component
    raise ValueError(f"The structure has no component {data['irrep']}[{data['set']}].")


def checksum(data: dict) -> str:
    """SHA-256 of everything but the checksum itself."""
    rest = {key: value for key, value in data.items() if key != "checksum"}
    return hashlib.sha256(texts(rest).encode()).hexdigest()


def sign(data: dict) -> dict:
    """The same data with its checksum."""
    return {**data, "checksum": checksum(data)}


def save(path, data: dict) -> None:
    """Write a certificate; a reader sees the old file or the whole new one."""
    write_atomically(path, json.dumps(data, indent=1) + "\n")


def _table(pairs: list) -> dict:
    """A JSON object, each key once."""
    table = dict(pairs)
    if len(table) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the entry {short(twice)} is there twice")
    return table


def _float(text: str) -> float:
    """A number of a JSON file, if a double is written so."""
    number = float(text)
    if exactly(text.lstrip("-")) != abs(Fraction(repr(number))):
        raise ValueError(f"{short(text)} has more digits than are read")
    return number


def _no_number(text: str):
    raise ValueError(f"{text} is no number")


def load(path) -> dict:
    """Read a certificate.

    Raises
    ------
    ValueError
        If there is no such file, it is not JSON, or no certificate.
    """
    data = read_json(
        path,
        "is not a certificate",
        "write it anew with bifurc certify -o",
        object_pairs_hook=_table,
        parse_float=_float,
        parse_constant=_no_number,
    )
    if not isinstance(data, dict) or "schema" not in data:
        raise ValueError(f"{path} is not a certificate: it has no schema.")
    return data
