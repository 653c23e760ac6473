"""The length over which a function bends, where it is far from one.

Steps, differences and the finding of new branches all ask how long x is. At a
start such as x0 = 0 the point itself does not say it. The function does: with
q the part of it that is of lowest order along a line (quadratic of a loss,
linear of a gradient), x is as long as the step at which the rest is as large
as q. As q may vanish at the start, it is the largest of those at several
values of the parameter; where it vanishes at all of them, nothing says how
long x is.
"""

from collections.abc import Callable, Sequence

import numpy as np

DECADES = range(-12, 13)
COARSE = 1e-5  # of x: shorter steps are lost in its rounding
EPS = float(np.finfo(float).eps)
NOISE = 64.0  # roundings of the values that are subtracted
BENT = 0.03  # of the lowest order: the rest, a decade before a point where it has no value
STEPS = (-2.0, -1.0, 1.0, 2.0)


def length(functions: Sequence[Callable], x: np.ndarray, order: int) -> float:
    """A power of ten at which what a function has beyond its lowest order is as large as that.

    A decade in which it has no value counts if it bends in the one before.

    Parameters
    ----------
    functions : sequence of callable (x) -> array
        The function at several values of its parameter.
    x : ndarray, shape (n,)
    order : int
        The lowest order: 2 of a loss at a critical point, 1 of its gradient.

    Returns
    -------
    float
        One where it does not bend within twelve decades.
    """
    along = np.random.default_rng(0).uniform(0.5, 1.0, len(x))
    bent = False
    for decade in DECADES:
        step = 10.0**decade
        if step < COARSE * np.abs(x).max(initial=0.0):
            continue
        parts = [_parts(function, x, step * along, order) for function in functions]
        lowest, rest, noise = np.max(parts, axis=0)
        if not np.isfinite(rest):  # far from where it bends that says nothing: eˣ overflows
            if bent:
                return step
            continue
        if rest > lowest > noise:
            return step
        bent = rest > max(BENT * lowest, noise)
    return 1.0


def _parts(function: Callable, x: np.ndarray, step: np.ndarray, order: int) -> list[float]:
    """Sizes of the lowest order along a step, of what is beyond it, and of rounding."""
    with np.errstate(all="ignore"):
        try:
            here, *around = (np.asarray(function(x + t * step), float) for t in (0.0, *STEPS))
        except (Exception, SystemExit):  # out of where it is defined
            return [0.0, np.inf, 0.0]
        minus2, minus, plus, plus2 = (value - here for value in around)
        even, even2, odd, odd2 = plus + minus, plus2 + minus2, plus - minus, plus2 - minus2
        # what comes next in the same parity is taken out: a pure quartic has no square
        lowest = (16 * even - even2) / 12 if order == 2 else (8 * odd - odd2) / 6
        beyond = [odd2 - 2 * odd, even2 - 4 * even if order == 2 else even]
        noise = NOISE * EPS * max(np.abs(value).max(initial=0.0) for value in (here, *around))
        return [np.abs(lowest).max(initial=0.0), np.max(np.abs(beyond)), noise]
