"""All critical points with full symmetry, at every real d from 2.24 to infinity.

With all rows w_i of one norm r and w_i fixed by the permutations that fix i,
L/d = r² A/2 - r B + const, where A and B are positive and depend on one angle
phi alone: w_i/r = cos phi (1, ..., 1)/sqrt(d) + sin phi times the unit vector
along e_i - (1, ..., 1)/d. So r = B/A, and what is left is

    E(phi) = B A' - 2 A B' = 0.

With e = (d - 1)**(-1/2), c(t) = (sin t + (pi - t) cos t)/(2 pi), and the
cosines a of w_i to its own row of the teacher, b to another one, x to another
row of the student,

    e² A = e²/2 + c(x),            e² A' = -(1 + e²) (pi - t_x) sin 2 phi / (2 pi),
    e² B = e² c(a) + c(b),         e² B' = (e² (pi - t_a) a' + (pi - t_b) b') / (2 pi),

a = cos(phi - psi), psi = atan(1/e), b = e cos(phi + atan e), x = cos² phi - e² sin² phi,
all regular at e = 0, and so is E' in phi: t_x' = -x'/sqrt(1 - x²) is
2 cos phi sign(sin phi) sqrt((1 + e²)/(1 + x)). On cells of (phi, e) that cover
the circle, E is not zero, or E' is not, so the zeros for each e are counted.
"""

import math
from fractions import Fraction

from bifurc.loss.kernels import ReLU
from bifurc.loss.problem import NetworkProblem
from bifurc.proof import record
from bifurc.proof.interval import NotCertifiedError, exact, flint, precision
from bifurc.structure.structure import Structure

LARGEST = Fraction(9, 10)  # of e; d = 1 + 1/e² = 2.2346
POINTS = 4  # W = V, type A, and the two with all rows equal: sin phi = 0
STEPS = 256  # cells in e
PARTS = 8  # of the circle, each halved as often as needed
DEEPEST = 14
OVERLAP = 1e-6
BITS = 64


def count(e) -> int:
    """How many zeros E has on the circle at each e of a ball.

    Raises
    ------
    NotCertifiedError
        If that is not proved.
    """
    # ends between the zeros near 0, pi/2, pi and -pi/2; the last one overlaps the first
    ends = [math.pi * (2 * k + 1) / PARTS for k in range(-PARTS // 2, PARTS // 2 + 1)]
    ends[-1] += OVERLAP
    cells = [
        cell for low, high in zip(ends, ends[1:], strict=False) for cell in _cells(low, high, e)
    ]
    start = next((i for i, (kind, _) in enumerate(cells) if kind == "sign"), None)
    if start is None:
        raise NotCertifiedError("No sign is proved on the circle.")
    zeros, run, (_, before) = 0, None, cells[start]
    for kind, sign in [*cells[start + 1 :], *cells[: start + 1]]:
        if kind == "slope":
            if run not in (None, sign):
                raise NotCertifiedError("Two zeros may be near each other.")
            run = sign
            continue
        if sign != before:
            if run != sign:
                raise NotCertifiedError("A sign changes unproved.")
            zeros += 1
        before, run = sign, None
    return zeros


def _cells(low: float, high: float, e, depth: int = 0) -> list:
    """("sign", s) where E has that sign, ("slope", s) where E' has, in order."""
    value, slope = value_and_slope(flint.arb(low).union(flint.arb(high)), e)
    for kind, found in (("sign", value), ("slope", slope)):
        if found > 0 or found < 0:
            return [(kind, 1 if found > 0 else -1)]
    if depth >= DEEPEST:
        raise NotCertifiedError(f"Near the angle {low:.6f} nothing is proved.")
    middle = (low + high) / 2
    return _cells(low, middle, e, depth + 1) + _cells(middle, high, e, depth + 1)


def value_and_slope(phi, e) -> tuple:
    """(2 pi)² e⁴ (E, E') for all phi and e of two balls."""
    pi = flint.arb.pi()
    sine, cosine, square = phi.sin(), phi.cos(), 1 + e * e
    root = square.sqrt()
    a, da = (e * cosine + sine) / root, (cosine - e * sine) / root
    b, db = e * (cosine - e * sine) / root, -e * (sine + e * cosine) / root
    x, dx = 1 - square * sine * sine, -2 * square * sine * cosine
    t_a, t_b, t_x = (angle_of(cosine_of) for cosine_of in (a, b, x))
    A, dA = pi * e * e + _kernel(x, t_x), (pi - t_x) * dx
    B = e * e * _kernel(a, t_a) + _kernel(b, t_b)
    dB = e * e * (pi - t_a) * da + (pi - t_b) * db
    t_x_moves = 2 * cosine * _sign(sine) * (square / (1 + x)).sqrt()
    ddA = -2 * square * (pi - t_x) * (1 - 2 * sine * sine) - t_x_moves * dx
    # t_a is |phi - psi|, so that -t_a' a' is sin t_a on either side of its kink
    ddB = e * e * (t_a.sin() - (pi - t_a) * a) + db * db / (1 - b * b).sqrt() - (pi - t_b) * b
    return B * dA - 2 * A * dB, B * ddA - dA * dB - 2 * A * ddB


def angle_of(cosine):
    """The angle in [0, pi] of all numbers of a ball that are cosines."""
    low, high = cosine.lower(), cosine.upper()
    least = high.acos() if high < 1 else flint.arb(0)
    most = low.acos() if low > -1 else flint.arb.pi()
    return least.union(most)


def _kernel(cosine, angle):
    """2 pi c."""
    return angle.sin() + (flint.arb.pi() - angle) * cosine


def _sign(value):
    """The sign of all numbers of a ball."""
    return flint.arb(1 if value > 0 else -1) if value > 0 or value < 0 else flint.arb(0, 1)


def certify_complete() -> dict:
    """Prove that there are four critical points with all symmetries, at every real d.

    Raises
    ------
    ValueError
        If python-flint is missing.
    """
    data = {
        "schema": record.SCHEMA,
        "kind": "complete",
        "precision": BITS,
        "problem": record.problem_to_data(_problem()),
        "largest": str(LARGEST),
    }
    with precision(BITS):
        return record.sign({**data, "proved": conclusions(data)})


def _problem() -> NetworkProblem:
    return NetworkProblem(Structure.build({"all": "d"}, ["all"], ["all"]), ReLU(), {"d": "lam"})


def conclusions(data: dict) -> dict:
    """What a certificate of this kind proves.

    Raises
    ------
    NotCertifiedError
        If another number of zeros is proved for some e, or none.
    """
    if data["problem"] != record.problem_to_data(_problem()):
        raise NotCertifiedError(
            "Only rows with all symmetries of an orthonormal teacher are counted."
        )
    largest = record.fraction(data["largest"])
    if not 0 < largest < 1:
        raise ValueError("the largest e is not between 0 and 1")
    ends = [exact(largest * k / STEPS) for k in range(STEPS + 1)]
    if any(count(low.union(high)) != POINTS for low, high in zip(ends, ends[1:], strict=False)):
        raise NotCertifiedError("The number of critical points is another one at some sizes.")
    least = math.ceil((1 + 1 / largest**2) * 10**4)
    return {"from": f"{least // 10**4}.{least % 10**4:04d}", "points": POINTS}
