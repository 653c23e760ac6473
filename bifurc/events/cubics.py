"""Between two points an eigenvalue is about the cubic with its values and slopes at both.

Values and slopes are arrays (steps, k), slopes over the whole step. How far a
cubic misses its eigenvalue is told by its neighbours: error (r (1 - r))² at a
share r of the step.
"""

import numpy as np

PROBES = (0.02, 0.05, 0.11, 0.2, 0.35, 0.5, 0.65, 0.8, 0.89, 0.95, 0.98)  # shares of a step
BETWEEN = 0.4  # of r (1 - r): half the way from one of them to the next
VAGUE = 0.03  # of the larger end value: what a cubic may miss half way and is still known
CLEAR = 4.0  # times noise: what is told from it
UNEVEN = 0.2  # least share of one of two neighbouring steps that tell of each other


def extrema(a, b, slope_a, slope_b) -> tuple[np.ndarray, np.ndarray]:
    """Where in [0, 1] cubics with these end values and slopes turn, in order, and values there.

    Where a cubic does not turn these are its ends.
    """
    square, cube = 3 * (b - a) - 2 * slope_a - slope_b, slope_a + slope_b - 2 * (b - a)
    under = square * square - 3 * cube * slope_a
    turning = -(square + np.copysign(np.sqrt(np.maximum(under, 0.0)), square))
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.stack([turning / (3 * cube), slope_a / turning])
    r = np.sort(np.clip(np.where(under > 0, np.nan_to_num(r), 0.0), 0.0, 1.0), axis=0)
    return r, a + r * (slope_a + r * (square + r * cube))


def blurred(a, b, slope_a, slope_b, error: np.ndarray) -> np.ndarray:
    """On which steps cubics that miss their eigenvalues by ``error`` may hide a zero; (steps, k).

    A cubic through both ends with their slopes misses by error (r (1 - r))² at
    a share r. Where neither the value nor the slope outdoes that, there may be
    two zeros more.
    """
    bend = slope_a + slope_b - 2 * (b - a)
    # an estimate that is not small against the values tells nothing
    blurred = error / 16 > VAGUE * np.maximum(np.abs(a), np.abs(b))
    for r in PROBES:
        room = r * (1 - r)
        value = (1 - r) * a + r * b + room * ((1 - r) * (slope_a - b + a) + r * (b - a - slope_b))
        slope = slope_a + r * (2 * (3 * (b - a) - 2 * slope_a - slope_b) + 3 * r * bend)
        steep = 2 * room * error
        near = room * (room * error + BETWEEN * np.abs(slope))
        blurred |= (np.abs(value) <= near) & (np.abs(slope) <= steep)
    return blurred


def touching(stops: np.ndarray, error: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Where cubics touch zero to rounding, or end there, and do not go beyond it; (steps, k).

    ``stops`` (4, steps, k) are the values of a cubic at its ends and where it turns.
    Where noise is as large as they are nothing is known.
    """
    far = np.where(np.abs(stops[0]) > np.abs(stops[-1]), stops[0], stops[-1])
    lowest = (np.sign(far) * stops).min(axis=0)
    told = CLEAR * noise < np.abs(far)
    return told & (np.abs(lowest) <= noise) & (error / 16 <= noise)


def corners(a, b, slope_a, slope_b) -> tuple[np.ndarray, np.ndarray]:
    """Where lines through the ends with these slopes meet inside (else 0), and how high.

    Two eigenvalues that pass one another, sorted, are such lines; and a curve
    that bends one way lies between its chord and them.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (b - a - slope_b) / (slope_a - slope_b)
    r = np.where((r > 0) & (r < 1), r, 0.0)
    return r, a + r * slope_a


def errors(values: np.ndarray, speeds: np.ndarray, lengths: np.ndarray, paces: np.ndarray):
    """By how much cubics miss eigenvalues on each step, about; (steps, k).

    Each point between two others tells by how much the cubic between those
    two misses it; with the fourth power of the length that says what a step
    of its own does. Nothing is known of a step without a neighbour.
    """
    error = np.full((*lengths.shape, values.shape[-1]), np.inf)
    if lengths.shape[-1] < 2:
        return error
    lengths, paces = lengths[..., None], paces[..., None]
    whole = lengths[..., :-1, :] + lengths[..., 1:, :]
    r = lengths[..., :-1, :] / whole
    before, after = (
        speeds[..., s, :] * (whole / paces[..., s, :]) for s in (slice(-2), slice(2, None))
    )
    one, other = values[..., :-2, :], values[..., 2:, :]
    cubic = one + (3 - 2 * r) * r * r * (other - one)
    cubic += r * (1 - r) * ((1 - r) * before - r * after)
    missed = np.abs(cubic - values[..., 1:-1, :]) / (r * (1 - r)) ** 2
    for steps in (slice(0, -1), slice(1, None)):
        of, sofar = lengths[..., steps, :], error[..., steps, :]
        known_here = missed * (of / whole) ** 4
        # a much longer step says enough of a short one, but not the other way round
        even = (np.minimum(r, 1 - r) > UNEVEN) | (of < whole / 2)
        both = np.where(np.isinf(sofar), known_here, np.maximum(sofar, known_here))
        error[..., steps, :] = np.where(even, both, sofar)
    return error


def root(a: float, b: float, slope_a: float, slope_b: float) -> float:
    """Where in [0, 1] the cubic with these end values and slopes is zero, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(40):
        r = (low + high) / 2
        value = a + (3 - 2 * r) * r * r * (b - a)
        value += r * (1 - r) * ((1 - r) * slope_a - r * slope_b)
        low, high = (r, high) if (value < 0) == (a < 0) else (low, r)
    return low
