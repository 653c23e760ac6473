"""A certificate as plain data: exact numbers, structures, a checksum.

Numbers of boxes are binary, ``0x1abp-7`` being 1ab (hexadecimal) times
2**-7, so that nothing is rounded on the way through a file.
"""

import hashlib
import json
import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from bifurc.files import read_json, write_atomically
from bifurc.loss.kernels import KERNELS, kernel
from bifurc.loss.problem import NetworkProblem
from bifurc.proof.interval import NotCertifiedError, flint
from bifurc.structure.irreps import Component
from bifurc.structure.polynomial import Polynomial
from bifurc.structure.structure import Block, PointSet, Structure

SCHEMA = 1
_EXACT = re.compile(r"(-?)0x([0-9a-f]+)p(-?\d+)")
_WHOLE = Context(prec=10_000)
_BOUND = re.compile(r"-?\d\.\d+e[+-]\d+")


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
    return value


def bound(value, up: bool) -> str:
    """A decimal of 8 digits not above (``up``: not below) every number in ``value``."""
    edge = value.upper() if up else value.lower()
    if not edge.is_finite():
        raise NotCertifiedError("A bound is not finite.")
    text = f"{float(edge):.7e}"
    # two units of the last digit further out, for other versions of the library
    slack = 2.0 * 10.0 ** (int(text.partition("e")[2]) - 7)
    moved = float(text) + (slack if up else -slack)
    return f"{moved:.7e}"


def interval(value) -> list[str]:
    """Decimals below and above every number in ``value``."""
    return [bound(value, up=False), bound(value, up=True)]


def decimals(value, digits: int = 17) -> tuple[str, str]:
    """Decimals of so many digits below and above every number in ``value``."""
    ends = []
    for end, rounding in ((value.lower(), ROUND_FLOOR), (value.upper(), ROUND_CEILING)):
        if not end.is_finite():
            raise NotCertifiedError("A bound is not finite.")
        mantissa, exponent = (int(part) for part in end.man_exp())
        context = Context(prec=digits, rounding=rounding)
        power = max(-exponent, 0)  # 2**-k is 5**k * 10**-k
        whole = mantissa * 2 ** max(exponent, 0) * 5**power
        ends.append(str(context.create_decimal(Decimal(whole).scaleb(-power, _WHOLE))))
    return ends[0], ends[1]


def within(value, stated) -> bool:
    """Whether every number in ``value`` lies in the interval of two decimals."""
    low, high = (decimal(text) for text in stated)
    return bool(value >= low) and bool(value <= high)


def decimal(text: str):
    """A decimal as an arb.

    Raises
    ------
    ValueError
        If it is not written like 1.25e-03.
    """
    if not isinstance(text, str) or not _BOUND.fullmatch(text):
        raise ValueError(f"{text!r} is not a decimal such as '1.25e-03'.")
    return flint.arb(text)


def problem_to_data(problem: NetworkProblem) -> dict:
    """Structure, kernel and parameter line of a problem.

    Raises
    ------
    ValueError
        If the kernel cannot be written by its name.
    """
    names = [name for name, kind in KERNELS.items() if type(problem.kernel) is kind]
    if not names:
        raise ValueError(f"Kernel {problem.kernel!r} has no name, so no certificate can name it.")
    s = problem.structure
    running = {
        name: Polynomial.of(value).text() for name, value in problem.kernel_parameters.items()
    }
    more = {"kernel_parameters": running, "ties": [dict(tie) for tie in s.ties]}
    return {
        "kernel": {"name": names[0], "parameters": dict(vars(problem.kernel))},
        "line": {name: poly.text() for name, poly in problem.line.items()},
        "sets": {points.name: points.size.text() for points in s.sets},
        "students": [[block.name, block.points] for block in s.students],
        "inputs": [[block.name, block.points] for block in s.inputs],
        "teachers": [[block.name, block.points] for block in s.teachers],
        "teacher": [[r, c, one.text(), off.text()] for (r, c), (one, off) in s.teacher.items()],
        "student_weights": dict(s.student_weights),
        "teacher_weights": dict(s.teacher_weights),
        **{key: value for key, value in more.items() if value},
    }


def problem_from_data(data: dict) -> NetworkProblem:
    """The problem of :func:`problem_to_data`."""
    parse = Polynomial.parse
    students, inputs, teachers = (
        tuple(Block(name, points) for name, points in data[key])
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
    )
    made = kernel(data["kernel"]["name"], **data["kernel"]["parameters"])
    line, running = (
        {name: parse(text) for name, text in data.get(key, {}).items()}
        for key in ("line", "kernel_parameters")
    )
    return NetworkProblem(structure, made, line, kernel_parameters=running)


def find_component(problem: NetworkProblem, data: dict) -> Component:
    """The component named by irrep and set.

    Raises
    ------
    ValueError
        If the structure has none of that name.
    """
    for component in problem.components:
        if (component.irrep, component.points) == (data["irrep"], data["set"]):
            return component
    raise ValueError(f"The structure has no component {data['irrep']}[{data['set']}].")


def checksum(data: dict) -> str:
    """SHA-256 of everything but the checksum itself."""
    rest = {key: value for key, value in data.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def sign(data: dict) -> dict:
    """The same data with its checksum."""
    return {**data, "checksum": checksum(data)}


def save(path, data: dict) -> None:
    """Write a certificate; a reader sees the old file or the whole new one."""
    write_atomically(path, json.dumps(data, indent=1) + "\n")


def load(path) -> dict:
    """Read a certificate.

    Raises
    ------
    ValueError
        If there is no such file, it is not JSON, or no certificate.
    """
    data = read_json(path, "is not a certificate", "write it anew with bifurc certify -o")
    if not isinstance(data, dict) or "schema" not in data:
        raise ValueError(f"{path} is not a certificate: it has no schema.")
    return data
