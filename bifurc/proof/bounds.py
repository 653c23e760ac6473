"""Proved numbers as decimals that are rounded outwards, and those of a file held against them."""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from bifurc.proof.interval import NotCertifiedError, flint

_WHOLE = Context(prec=10_000)
_BOUND = re.compile(r"-?[0-9]\.[0-9]{7}e[+-][0-9]{2,3}")
LOOSE = 2  # how much wider speeds may be stated: how they are enclosed differs between versions
SLACK = 2  # units of the last digit by which bounds are moved out, for other versions of a library


def short(value) -> str:
    """A value on one line, or the beginning of it."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


def bound(value, up: bool) -> str:
    """A decimal of 8 digits not above (``up``: not below) every number in ``value``."""
    edge = value.upper() if up else value.lower()
    if not edge.is_finite():
        raise NotCertifiedError("A bound is not finite.")
    text = f"{float(edge):.7e}"
    return _moved(text, SLACK if up else -SLACK)


def _moved(text: str, units: int) -> str:
    """A bound moved by units of its last digit."""
    unit = Decimal(1).scaleb(int(text.partition("e")[2]) - 7)
    return f"{float(Decimal(text) + units * unit):.7e}"


def interval(value) -> list[str]:
    """Decimals below and above every number in ``value``."""
    return [bound(value, up=False), bound(value, up=True)]


def fits(value, stated) -> bool:
    """Whether ``stated`` is :func:`interval` of ``value``, to the slack that is in it.

    Every number in ``value`` lies in it, and it is not wider than what would
    be written here.
    """
    if not isinstance(stated, list) or len(stated) != 2:
        return False
    return all(bound_fits(value, text, up) for text, up in zip(stated, (False, True), strict=True))


def bound_fits(value, stated, up: bool) -> bool:
    """Whether ``stated`` is :func:`bound` of ``value``, to the slack that is in it."""
    edge, sign = decimal(stated), 1 if up else -1
    farthest = decimal(_moved(bound(value, up), sign * SLACK))
    return bool(edge >= value if up else edge <= value) and bool(sign * edge <= sign * farthest)


def written(proved, given=None):
    """What is proved as plain data: each enclosure as ``given`` where that fits, or anew."""
    if isinstance(proved, dict):
        known = given if isinstance(given, dict) else {}
        return {key: written(value, known.get(key)) for key, value in proved.items()}
    if isinstance(proved, list):
        same = isinstance(given, list) and len(given) == len(proved)
        return list(map(written, proved, given if same else [None] * len(proved)))
    if isinstance(proved, flint.arb):
        return given if fits(proved, given) else interval(proved)
    return proved


def encloses(value, stated) -> bool:
    """Whether ``stated`` is an interval around ``value`` that another version may have proved.

    Every number in ``value`` lies in it, it has no zero, and it is not wider
    than ``LOOSE`` times what would be written here.
    """
    if not isinstance(stated, list) or len(stated) != 2:
        return False
    (low, high), (below, above) = (map(decimal, ends) for ends in (stated, interval(value)))
    inside = bool(low <= value) and bool(value <= high) and not (low <= 0 and high >= 0)
    return inside and bool(high - low <= LOOSE * (above - below))


def bounds_gap(value, stated) -> bool:
    """The same of a positive lower bound."""
    low = decimal(stated)
    return bool(low > 0) and bool(value >= low) and bool(LOOSE * low >= value.lower())


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


def decimal(text: str):
    """A bound as an arb.

    Raises
    ------
    ValueError
        If it is not written like 1.2500000e-03.
    """
    if not isinstance(text, str) or not _BOUND.fullmatch(text):
        raise ValueError(f"{short(text)} is not a bound such as '1.2500000e-03'.")
    return flint.arb(text)


def stated(proved: dict) -> dict:
    """Conclusions as they are written: enclosures by decimal bounds."""
    found = {}
    for key, value in proved.items():
        inside = interval(value) if isinstance(value, flint.arb) else value
        found[key] = bound(value, up=False) if key == "gap" else inside
    return found
