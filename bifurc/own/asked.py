"""A user's function, and what it raises: said of it, wherever the engine asks it."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bifurc.errors import MistakenError, NotDefinedError


def asked(function: Callable, whose: str, parameter: str, fixed: Mapping[str, float]) -> Callable:
    """A function of (x, parameters) as one of (x, lam).

    Where it raises what numbers raise ("math domain error"), or is no finite
    number, it is not defined; whatever else it raises is a mistake in it.
    """

    def ask(x: Any, lam: Any) -> Any:
        try:
            found = function(x, **fixed, **{parameter: lam})
        except (MemoryError, MistakenError):  # the latter of a function that this one asks
            raise
        except (ArithmeticError, ValueError) as error:
            raise NotDefinedError(f"{whose} has no value {place(lam)}: {error}") from error
        except (Exception, SystemExit) as error:
            said = f"{whose} fails {place(lam)} ({reason(error)}); correct the function."
            raise MistakenError(said) from error
        if isinstance(found, float) and not math.isfinite(found):
            raise NotDefinedError(f"{whose} is {found} {place(lam)}")
        return found

    def place(lam: Any) -> str:
        return f"at {parameter} = {float(np.real(getattr(lam, 'value', lam))):.6g}"

    return ask


def reason(error: BaseException) -> str:
    """The kind of an error and what it says."""
    return f"{type(error).__name__}: {error}".rstrip(":. ")
