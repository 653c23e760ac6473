"""Certificates: what is proved, and how it is proved again from the file alone.

A certificate holds the problem, boxes with exact ends, and conclusions. Two
boxes: on the wide one the zero is unique and all signs and speeds are proved;
the narrow one inside it holds the same zero to the digits asked for.
Conclusions are never read to prove anything, they are compared with what the
boxes prove.
"""

from fractions import Fraction

import numpy as np

from bifurc.events.records import Event
from bifurc.loss.problem import NetworkProblem
from bifurc.proof import branch, record
from bifurc.proof.claims import at_event, at_point, lengthy
from bifurc.proof.interval import (
    Ball,
    NotCertifiedError,
    balls,
    enclosing,
    flint,
    need_flint,
    precision,
)
from bifurc.proof.system import EventSystem, PointSystem, box, krawczyk, newton

GUARD = 80  # bits beyond the digits asked for
WIDE = (20, 25, 30, 35, 40)  # the wide box has half-widths 2**-k of its centre, first k that works
LEAST_SCALE = 2.0**-6  # entries below this are boxed as if they were this large


def certify_event(problem: NetworkProblem, event: Event, digits: int = 15) -> dict:
    """Prove a located event; returns the certificate as plain data.

    Parameters
    ----------
    problem : NetworkProblem
    event : Event
    digits : int
        Decimal digits of the parameter value.

    Raises
    ------
    NotCertifiedError
        If the proof does not go through, as where two eigenvalues vanish at once.
    ValueError
        If python-flint is missing.
    """
    need_flint()
    if event.kernel.shape[1] != 1:
        raise NotCertifiedError(
            f"{event.kernel.shape[1]} eigenvalues of {event.component.label} vanish at once at "
            f"lam = {event.lam:.10g}; only simple events are certified."
        )
    bits = _bits(digits)
    with precision(bits):
        reduced = enclosing(problem)
        copies = lengthy(reduced, event.component, Ball(event.lam))
        phi = event.kernel[list(copies), 0]
        pivot = int(np.argmax(np.abs(phi)))
        system = EventSystem(reduced, event.component, copies, pivot)
        start = [*event.X, *np.delete(phi / phi[pivot], pivot)]
        return _seal(
            {
                "kind": "event",
                "precision": bits,
                "problem": record.problem_to_data(problem),
                "component": {"irrep": event.component.irrep, "set": event.component.points},
                "pivot": pivot,
            },
            system,
            newton(system, [flint.arb(float(v)) for v in start]),
            digits,
        )


def certify_point(problem: NetworkProblem, x, lam, digits: int = 15) -> dict:
    """Prove one critical point near ``x`` at ``lam``, and the sign of every eigenvalue.

    Parameters
    ----------
    x : ndarray, shape (n,)
    lam : int, Fraction or float
        Taken as the decimal that it is written as.

    Raises
    ------
    NotCertifiedError, ValueError
        See :func:`certify_event`.
    """
    need_flint()
    bits = _bits(digits)
    lam = Fraction(str(lam))
    with precision(bits):
        system = PointSystem(enclosing(problem), Ball(lam))
        return _seal(
            {
                "kind": "point",
                "precision": bits,
                "problem": record.problem_to_data(problem),
                "lam": str(lam),
            },
            system,
            newton(system, [flint.arb(float(v)) for v in x]),
            digits,
        )


def check(data: dict) -> None:
    """Prove a certificate again, from what it holds alone.

    Raises
    ------
    NotCertifiedError
        If it proves less than it states, or was changed.
    ValueError
        If it is no certificate, or python-flint is missing.
    """
    need_flint()
    if data.get("kind") == "set":
        _check_set(data)
        return
    _check_seal(data)
    try:
        bits = data["precision"]
        if not isinstance(bits, int) or not 64 <= bits <= 100_000:
            raise ValueError(f"precision {bits!r} is not between 64 and 100000 bits")
        with precision(bits):
            compare(data["proved"], _conclusions(data))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise ValueError(f"The certificate is malformed: {error}.") from None
    except ZeroDivisionError:
        raise NotCertifiedError("A matrix is not provably invertible on its box.") from None


def join(certificates: list[dict]) -> dict:
    """Several certificates as one."""
    return record.sign({"schema": record.SCHEMA, "kind": "set", "certificates": certificates})


def _check_set(data: dict) -> None:
    _check_seal(data)
    members = data.get("certificates")
    if not isinstance(members, list) or not members:
        raise ValueError("The certificate is malformed: a set without certificates.")
    for one in members:
        if not isinstance(one, dict) or one.get("kind") == "set":
            raise ValueError("The certificate is malformed: a set holds single certificates.")
        check(one)


def _check_seal(data: dict) -> None:
    if data.get("schema") != record.SCHEMA:
        raise ValueError(
            f"The certificate has schema {data.get('schema')!r}; this version checks "
            f"{record.SCHEMA}."
        )
    if data.get("checksum") != record.checksum(data):
        raise NotCertifiedError("The checksum does not fit: the certificate was changed.")


def _conclusions(data: dict) -> dict:
    if data["kind"] == "branch":
        return branch.conclusions(data)
    return conclusions(data, len(_digits_of(data["proved"]["value"])))


def conclusions(data: dict, digits: int) -> dict:
    """Everything that the boxes of a certificate prove: texts, numbers and enclosures."""
    problem = enclosing(record.problem_from_data(data["problem"]))
    system = _system(problem, data)
    wide, narrow = (
        krawczyk(system, *(_exact(data[name][part]) for part in ("centre", "radius")))
        for name in ("wide", "narrow")
    )
    whole = box(*(_exact(data["wide"][part]) for part in ("centre", "radius")))
    if data["unknowns"] != list(system.unknowns) or len(whole) != len(system.unknowns):
        raise NotCertifiedError("The boxes are not boxes of the unknowns.")
    if not all(outer.contains(inner) for outer, inner in zip(whole, narrow, strict=True)):
        raise NotCertifiedError("The narrow box does not lie in the wide one.")
    if data["kind"] == "event":
        x, lam, _ = system.parts(whole)
        found = at_event(system, x, lam)
        value = narrow[problem.n]
    else:
        x, lam = balls(whole), system.lam
        found = at_point(problem, x, lam)
        value = lam.arb
    loss = problem.loss(balls(narrow[: problem.n]), Ball(value)).item().arb
    return {"value": _decimal(value, digits), "loss": _decimal(loss, digits), **found}


def _decimal(value, digits: int) -> str:
    """Decimal digits, wrong by less than one unit of the last."""
    text = value.str(digits, radius=False)
    if not _near(text, value):
        raise NotCertifiedError(f"The narrow box does not hold {digits} digits.")
    return text


def _near(text: str, value) -> bool:
    """Whether ``text`` is within one unit of its last digit of every number in ``value``."""
    number, _, power = text.partition("e")
    unit = flint.arb(10) ** (int(power or 0) - len(number.partition(".")[2]))
    return bool(abs(flint.arb(text) - value) < unit)


def compare(stated: dict, proved: dict) -> None:
    """Raise NotCertifiedError where ``stated`` says more than, or else than, ``proved``."""
    if list(stated) != list(proved):
        raise NotCertifiedError("The certificate states other things than its boxes prove.")
    for key, value in proved.items():
        if not _agrees(key, stated[key], value):
            raise NotCertifiedError(
                f"The certificate states {key} = {stated[key]}, which its boxes do not prove."
            )


def _agrees(key: str, stated, value) -> bool:
    if key in ("value", "loss"):
        return stated == value
    if key == "gap":
        low = record.decimal(stated)
        return bool(low > 0) and bool(value >= low)
    if isinstance(value, flint.arb):
        return record.within(value, stated)
    return type(stated) is type(value) and stated == value


def _seal(data: dict, system, zero, digits: int) -> dict:
    """Complete a certificate with boxes, what they prove, and a checksum.

    Raises
    ------
    NotCertifiedError
        If no wide box proves everything; says why the narrowest one does not.
    """
    data = {
        "schema": record.SCHEMA,
        **data,
        "unknowns": list(system.unknowns),
        "narrow": _box(zero, int(3.33 * digits) + 12),
    }
    failure: ArithmeticError = NotCertifiedError("No box to try.")
    for k in WIDE:
        data["wide"] = _box([flint.arb(float(z)) for z in zero], k)
        try:
            proved = conclusions(data, digits)
        except (NotCertifiedError, ZeroDivisionError) as error:
            failure = error
            continue
        return record.sign({**data, "proved": {key: _state(key, v) for key, v in proved.items()}})
    raise NotCertifiedError(str(failure))


def _state(key: str, value):
    """A conclusion as it is written: enclosures by decimal bounds."""
    if key == "gap":
        return record.bound(value, up=False)
    return record.interval(value) if isinstance(value, flint.arb) else value


def _box(centre, exponent: int) -> dict:
    """A box with half-widths about 2**-exponent of its centre, as exact texts."""
    radii = [
        flint.arb(2.0 ** np.ceil(np.log2(max(abs(float(c)), LEAST_SCALE))))
        * flint.arb(2) ** -exponent
        for c in centre
    ]
    return {
        "centre": [record.to_text(value) for value in centre],
        "radius": [record.to_text(value) for value in radii],
    }


def _system(problem, data: dict):
    if data["kind"] == "point":
        return PointSystem(problem, Ball(Fraction(data["lam"])))
    if data["kind"] != "event":
        raise ValueError(f"kind {data['kind']!r} is not known")
    component = record.find_component(problem, data["component"])
    lam = problem.n
    centre, radius = (_exact(data["wide"][part])[lam] for part in ("centre", "radius"))
    copies = lengthy(problem, component, Ball(box([centre], [radius])[0]))
    return EventSystem(problem, component, copies, data["pivot"])


def _exact(texts) -> list:
    return [record.from_text(text) for text in texts]


def _digits_of(text: str) -> str:
    return "".join(c for c in text.partition("e")[0] if c.isdigit()).lstrip("0")


def _bits(digits: int) -> int:
    if not 1 <= digits <= 10_000:
        raise ValueError(f"Digits must be between 1 and 10000, got {digits}.")
    return int(3.33 * digits) + GUARD
