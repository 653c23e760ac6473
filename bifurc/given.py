"""Arguments as users give them: what is wrong with one is said in a line that names it.

A call checks what it was handed before it does anything, with these few
questions; each gives the value back in the type that was meant.
"""

import difflib
import math
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from pathlib import Path
from typing import Any

# what the calls of bifurc take by name beside parameters, which are called otherwise
ARGUMENTS = (
    "problem", "family", "options", "checked", "both", "events", "record", "start", "depth",
    "max_branches", "search", "executor", "folder", "progress", "parameter", "value", "event",
    "params", "window", "near", "digits", "partial", "sheet", "ds", "ds_min", "ds_max", "max_steps",
    "newton_tol", "max_iterations", "ahead", "target_iterations", "max_turn", "max_correction",
)  # fmt: skip


def number(name: str, value: Any, least: float = -math.inf, most: float = math.inf) -> float:
    """A finite number between two bounds.

    Raises
    ------
    ValueError
        If it is none; so do all functions here.
    """
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real or not math.isfinite(value) or not least <= value <= most:
        raise ValueError(f"{name} must be a finite number{_between(least, most)}, got {value!r}.")
    return float(value)


def whole(name: str, value: Any, least: int = 0, most: float = math.inf) -> int:
    """A whole number between two bounds; 2.0 is one, True is not."""
    integral = isinstance(value, Integral) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not integral or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number{_between(least, most)}, got {value!r}.")
    return int(value)


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} needs True or False, got {value!r}.")
    return value


def function(name: str, value: Any, of: str) -> Callable:
    """Something that can be called; ``of`` says with what, such as "a state"."""
    if not callable(value):
        raise ValueError(f"{name} needs a function of {of}, got {value!r}.")
    return value


def result(name: str, function: Callable, *at: Any) -> float:
    """The number that a function of a user's gives; what it raises is told with its name."""
    try:
        return float(function(*at))
    except Exception as error:  # whatever a user's function does
        why = f"{type(error).__name__}: {error}"
        raise ValueError(f"The function {name!r} gives no number ({why}).") from error


def one_of(name: str, value: Any, kinds: type | tuple[type, ...], what: str) -> Any:
    """An instance of some types; ``what`` says how to make one, such as "a bifurc.Options"."""
    if not isinstance(value, kinds):
        raise ValueError(f"{name} needs {what}, got {type(value).__name__} {value!r}.")
    return value


def place(name: str, value: Any) -> Path:
    """The path of a file or a folder."""
    return Path(one_of(name, value, (str, Path), "a path"))


def listed(what: str, value: Any, known: Iterable[str]) -> str:
    """One of the names that there are; else the nearest of them is said."""
    known = list(known)
    if value not in known:
        raise ValueError(f"{what} {value!r} is not known.{nearest(value, known)}")
    return value


def nearest(word: Any, known: Iterable[str]) -> str:
    """What may have been meant, and all that there is: two sentences for the end of a line."""
    known = list(known)
    alike = [name for name in known if name.casefold() == str(word).casefold()]
    alike += difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    hint = f" Did you mean {alike[0]!r}?" if alike else ""
    return f"{hint} There is {', '.join(known) or 'none'}."


def _between(least: float, most: float) -> str:
    if math.isinf(least):
        return "" if math.isinf(most) else f" of at most {most:g}"
    return f" of at least {least:g}" if math.isinf(most) else f" from {least:g} to {most:g}"
