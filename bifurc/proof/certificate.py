"""Certificates: what is proved, and how it is proved again from the file alone.

A certificate holds the problem, boxes with exact ends, and conclusions. Two
boxes: on the wide one the zero is unique and all signs and speeds are proved;
the narrow one inside it holds the same zero to the digits asked for.
Conclusions are never read to prove anything, they are compared with what the
boxes prove. Where the student is the teacher the point is exact, and there
are no boxes.
"""

import json
import re
from fractions import Fraction

import numpy as np

from bifurc.events.records import Event
from bifurc.files import reason
from bifurc.given import whole
from bifurc.loss.problem import NetworkProblem
from bifurc.proof import births, bounds, branch, complete, limit, plain, record, teacher, theorem
from bifurc.proof.claims import at_point, lengthy, proved_on
from bifurc.proof.extended import EventSystem, PairSystem, PointSystem
from bifurc.proof.extended import system_of as event_system
from bifurc.proof.interval import (
    Ball,
    NotCertifiedError,
    balls,
    flint,
    need_flint,
    precision,
)
from bifurc.proof.learnt import is_learnt, unpinned
from bifurc.proof.place import ExactPlace, enclosed
from bifurc.proof.system import box, contract, newton

GUARD = 80  # bits beyond the digits asked for
HIGHEST = 100_000  # bits
SPARE = 1000  # bits beyond those that the numbers of a certificate have
# the wide box has half-widths 2**-k of its centre, first k that works; beyond what doubles
# resolve only of a point, which is then enclosed to the working precision
WIDE = (20, 25, 30, 35, 40)
FINE = (50, 60, 70, 85, 100, 120)
CANCELLED = 4  # bits that cancellation in pq - c² may take for each doubling of the parameter
SEALED = ("schema", "kind", "precision", "problem", "proved", "checksum")
ENTRIES = {  # of each kind, beside these
    "event": ("component", "pivot", "unknowns", "narrow", "wide"),
    "pair": ("component", "pivot", "unknowns", "narrow", "wide"),
    "point": ("lam", "unknowns", "narrow", "wide"),
    "learnt": ("lam", "coordinates"),
    "branch": ("pieces",),
    "complete": ("largest",),
    "limit": ("reach", "limit", "centre", "radius"),
    "teacher": ("coordinates", "beyond"),
    "model": ("lam", "narrow"),
}


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
    bits = _bits(digits)
    problem, X = unpinned(problem, event.X)
    with precision(bits), np.errstate(all="ignore"):
        system, start = event_system(enclosed(problem), event, X)
        return _seal(
            {
                "kind": "pair" if isinstance(system, PairSystem) else "event",
                "precision": bits,
                "problem": record.problem_to_data(problem),
                "component": {"irrep": event.component.irrep, "set": event.component.points},
                "pivot": system.pivot,
            },
            system,
            newton(system, start),
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
    bits = _bits(digits) + CANCELLED * max(0, int(np.log2(max(float(lam), 1.0))) - CANCELLED)
    problem, X = unpinned(problem, np.append(x, float(lam)))
    lam = Fraction(str(lam))
    data = {
        "kind": "point",
        "precision": bits,
        "problem": record.problem_to_data(problem),
        "lam": str(lam),
    }
    with precision(bits), np.errstate(all="ignore"):
        system = PointSystem(enclosed(problem), Ball(lam))
        start = [flint.arb(float(v)) for v in X[:-1]]
        near = [flint.arb(round(float(v))) for v in X[:-1]]
        if np.abs(X[:-1] - np.round(X[:-1])).max() < 1e-9 and is_learnt(problem, near, lam):
            exact = {**data, "kind": "learnt", "coordinates": [record.to_text(v) for v in near]}
            exact = {"schema": record.SCHEMA, **exact, "precision": min(bits, SPARE)}
            return record.sign({**exact, "proved": bounds.stated(_learnt(exact))})
        return _seal(data, system, newton(system, start), digits)


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
    if not isinstance(data, dict):
        raise ValueError(f"The certificate is malformed: {record.short(data)} is no table.")
    if type(data.get("schema")) is not int or data["schema"] != record.SCHEMA:
        raise ValueError(
            f"The certificate has schema {data.get('schema')!r}; this version checks "
            f"{record.SCHEMA}."
        )
    try:
        if data.get("checksum") != record.checksum(data):
            raise NotCertifiedError("The checksum does not fit: the certificate was changed.")
        if data["kind"] == "set":
            _check_set(data)
            return
        if data["kind"] in ("theorem", "births"):
            made = births if data["kind"] == "births" else theorem
            record.only(data, *made.ENTRIES)
            for one in made.members(data):
                check(one)
            compare(data["proved"], made.conclusions(data))
            return
        record.only(data, *SEALED, *ENTRIES[_kind(data)])
        with precision(_bits_of(data)), np.errstate(all="ignore"):
            compare(data["proved"], _conclusions(data))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError) as error:
        raise ValueError(f"The certificate is malformed: {reason(error)}.") from None
    except (ZeroDivisionError, OverflowError):
        raise NotCertifiedError("A matrix is not provably invertible on its box.") from None


def _kind(data: dict) -> str:
    if not isinstance(data["kind"], str) or data["kind"] not in ENTRIES:
        raise ValueError(f"kind {data['kind']!r} is not known")
    return data["kind"]


def _bits_of(data: dict) -> int:
    """The stated precision, if it is about what the numbers there need: more takes time alone."""
    bits, digits = data["precision"], re.findall("[0-9a-f]+", json.dumps(data))
    most = min(HIGHEST if "narrow" in data else SPARE, 4 * max(map(len, digits)) + SPARE)
    if type(bits) is not int or not 64 <= bits <= most:
        raise ValueError(f"precision {record.short(bits)} is not between 64 and {most} bits")
    return bits


def join(certificates: list[dict]) -> dict:
    """Several certificates as one."""
    return record.sign({"schema": record.SCHEMA, "kind": "set", "certificates": certificates})


def prove_theorem(of_branch: dict, of_limit: dict) -> dict:
    """The certificates of a branch and of its limit as one.

    Raises
    ------
    NotCertifiedError
        If the branch does not go on to infinity as the other says.
    """
    data = {
        "schema": record.SCHEMA,
        "kind": "theorem",
        "certificates": [of_branch, of_limit],
    }
    return record.sign({**data, "proved": theorem.conclusions(data)})


def _check_set(data: dict) -> None:
    members = record.only(data, "schema", "kind", "certificates", "checksum")["certificates"]
    if not isinstance(members, list) or not members:
        raise ValueError("a set without certificates")
    for one in members:
        if not isinstance(one, dict) or one.get("kind") == "set":
            raise ValueError("a set holds single certificates")
        check(one)


def _conclusions(data: dict) -> dict:
    if data["kind"] in OWN:
        return OWN[data["kind"]](data)
    return conclusions(data, len(_digits_of(data["proved"]["value"])))


def conclusions(data: dict, digits: int) -> dict:
    """Everything that the boxes of a certificate prove: texts, numbers and enclosures."""
    (centre, radii), (middle, small) = (record.ends(data[name]) for name in ("wide", "narrow"))
    problem = enclosed(record.problem_from_data(data["problem"], len(centre)))
    system = _system(problem, data)
    if data["unknowns"] != list(system.unknowns) or len(centre) != len(system.unknowns):
        raise NotCertifiedError("The boxes are not boxes of the unknowns.")
    whole = box(centre, radii)
    inside = zip(whole, box(middle, small), strict=True)
    if not all(outer.contains(inner) for outer, inner in inside):
        raise NotCertifiedError("The narrow box does not lie in the wide one.")
    residual = system.residual(middle)
    found = proved_on(system, whole, middle, residual)
    narrow = contract(box(middle, small), middle, residual, system.jacobian(whole))
    value = system.lam.arb if isinstance(system, PointSystem) else narrow[problem.n]
    loss = problem.exact.loss(balls(narrow[: problem.n]), Ball(value)).item().arb
    texts = (number.str(digits, radius=False) for number in (value, loss))  # no digit not held
    return {**dict(zip(("value", "loss"), texts, strict=True)), **found}


def _learnt(data: dict) -> dict:
    """What holds at an exact point where the student is the teacher.

    Every term of the gradient cancels, so the point is critical; where no
    eigenvalue vanishes it is the only one nearby.
    """
    x, lam = record.from_texts(data["coordinates"]), record.fraction(data["lam"])
    problem = record.problem_from_data(data["problem"], len(x))
    if not is_learnt(problem, x, lam):
        raise NotCertifiedError("The student is not the teacher.")
    place = ExactPlace(enclosed(problem), x, lam)
    return {"value": str(lam), **at_point(place)}


OWN = {  # kinds that say themselves what they prove
    "branch": branch.conclusions,
    "learnt": _learnt,
    "limit": limit.conclusions,
    "teacher": teacher.conclusions,
    "complete": complete.conclusions,
    "model": plain.conclusions,
}


def compare(stated: dict, proved: dict) -> None:
    """Raise NotCertifiedError where ``stated`` says more than, or else than, ``proved``."""
    if list(stated) != list(proved):
        raise NotCertifiedError("The certificate states other things than its boxes prove.")
    for key, value in proved.items():
        if not _agrees(key, stated[key], value):
            raise NotCertifiedError(
                f"The certificate states {key} = {record.short(stated[key])}, which its boxes do "
                "not prove."
            )


def _agrees(key: str, stated, value) -> bool:
    if key in ("value", "loss"):
        return stated == value
    if key == "gap":
        return bounds.bounds_gap(value, stated)
    if isinstance(value, flint.arb):
        return bounds.encloses(value, stated)
    return record.texts(stated) == record.texts(value)


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
    }
    failure: ArithmeticError = NotCertifiedError("No box to try.")
    residual = system.residual(zero)
    for k in (*WIDE, *(FINE if isinstance(system, PointSystem) else ())):
        fine = k in FINE
        data["wide"] = record.box_to_data(zero if fine else [flint.arb(float(z)) for z in zero], k)
        data["narrow"] = record.box_to_data(
            zero, max(int(3.33 * digits) + 12, k + 4 if fine else 0)
        )
        whole = box(*record.ends(data["wide"]))
        try:
            proved_on(system, whole, zero, residual)
        except (NotCertifiedError, ZeroDivisionError) as error:
            failure = error
            continue
        return record.sign({**data, "proved": bounds.stated(conclusions(data, digits))})
    raise NotCertifiedError(str(failure))


def _system(problem, data: dict):
    kinds = {"event": EventSystem, "pair": PairSystem}
    if data["kind"] == "point":
        return PointSystem(problem, Ball(record.fraction(data["lam"])))
    component = record.find_component(problem, data["component"])
    centre, radius = record.ends(data["wide"])
    copies = lengthy(problem.exact, component, Ball(box(centre, radius)[problem.n]))
    pivot = data["pivot"]
    if type(pivot) is not int or not 0 <= pivot < len(copies):
        raise ValueError(f"pivot {pivot!r} is none of {len(copies)} copies")
    return kinds[data["kind"]](problem, component, copies, pivot)


def _digits_of(text: str) -> str:
    return "".join(c for c in text.partition("e")[0] if c.isdigit()).lstrip("0")


def _bits(digits: int) -> int:
    return int(3.33 * whole("digits", digits, 1, 10_000)) + GUARD
