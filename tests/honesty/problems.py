"""Random problems whose branches and events are known from how they are made.

Each is a scalar equation f(u, lam) = 0 with a curve on paper, put into n
dimensions without losing the gradient: the state is Q z, and

    V(z, lam) = F(z_1, lam) + 1/2 sum_j k_j (z_j - a_j z_1² - b_j lam)²,   dF/du = f,

so that z_j = a_j z_1² + b_j lam on a branch and the Hessian is singular where
f_u = 0, whatever the k_j; or a quadratic form that depends on lam, with higher
terms, whose branch is zero.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from bifurc.continuation.options import Options, Status
from bifurc.continuation.problem import PlainProblem
from bifurc.structure.irreps import Component

TINY = 1e-30  # of a complex step: derivatives are exact


@dataclass(frozen=True, eq=False)
class Trial:
    """A problem, where to start, and what is on the branch."""

    kind: str
    problem: PlainProblem
    x: np.ndarray
    lam: float
    window: tuple[float, float]
    events: tuple[float, ...]  # lam of each, with repetition, in the order of the walk
    on_branch: Callable[[np.ndarray, np.ndarray], np.ndarray]  # (x, lam) -> distances
    towards: float = 1.0
    status: Status = Status.WINDOW
    options: Options = field(default_factory=Options)
    near: float = 1e-6  # events nearer to each other than this may come as one, all in its kernel


@dataclass(frozen=True, eq=False)
class Scalar:
    """f(u, lam) with its first derivatives, of complex numbers as well."""

    f: Callable
    f_u: Callable
    f_lam: Callable

    @classmethod
    def of(cls, f: Callable) -> "Scalar":
        """With derivatives by a complex step."""
        return cls(
            f,
            lambda u, lam: _slope(lambda t: f(u + t, lam), u),
            lambda u, lam: _slope(lambda t: f(u, lam + t), lam),
        )


def _slope(function, where):
    """Derivative at zero; with real arguments to rounding, else to a millionth."""
    if np.iscomplexobj(where) and np.imag(where) != 0:
        h = 1e-4 * (1 + 0j)
        near, far = ((function(s * h) - function(-s * h)) / (2 * s * h) for s in (1, 2))
        return (4 * near - far) / 3
    return np.imag(function(1j * TINY)) / TINY


def exact_along(hessian, gradient_dlam):
    """Derivative of [hessian | gradient_dlam] along a direction, by a complex step."""

    def along(x, lam, u):
        x, lam = x + 1j * TINY * u[:-1], lam + 1j * TINY * u[-1]
        return np.imag(np.column_stack([hessian(x, lam), gradient_dlam(x, lam)])) / TINY

    return along


def plain(rng, exact, gradient, hessian, gradient_dlam, n, **more) -> PlainProblem:
    """The problem with or without its exact third derivatives."""
    along = exact_along(hessian, gradient_dlam) if exact else None
    return PlainProblem(gradient, hessian, gradient_dlam, n, hessian_along=along, **more)


def rotation(rng, n: int) -> np.ndarray:
    """A random orthogonal matrix."""
    return np.linalg.qr(rng.standard_normal((n, n)))[0]


def embedded(rng, scalar: Scalar, n: int, exact: bool):
    """The scalar problem in n dimensions; also (u, lam) -> x and x -> u."""
    Q = rotation(rng, n) if n > 1 else np.eye(1)
    k = rng.uniform(0.5, 3.0, n - 1) * rng.choice([-1.0, 1.0], n - 1)
    a, b = rng.uniform(-0.5, 0.5, (2, n - 1))

    def parts(x, lam):
        z = Q.T @ x
        return z[0], z[1:] - a * z[0] ** 2 - b * lam

    def gradient(x, lam):
        u, off = parts(x, lam)
        return Q @ np.append(scalar.f(u, lam) - 2 * u * (k * a) @ off, k * off)

    def hessian(x, lam):
        u, off = parts(x, lam)
        H = np.zeros((n, n), dtype=np.result_type(x, lam))
        H[0, 0] = scalar.f_u(u, lam) + (k * a) @ (4 * a * u * u - 2 * off)
        H[0, 1:] = H[1:, 0] = -2 * u * k * a
        H[1:, 1:] = np.diag(k)
        return Q @ H @ Q.T

    def gradient_dlam(x, lam):
        u, _ = parts(x, lam)
        return Q @ np.append(scalar.f_lam(u, lam) + 2 * u * (k * a) @ b, -k * b)

    def state(u, lam):
        return Q @ np.append(u, a * u**2 + b * lam)

    return plain(rng, exact, gradient, hessian, gradient_dlam, n), state, Q[:, 0]


def curved(kind, rng, exact, n, scalar, u, lam, window, events, curve, **more) -> Trial:
    """A trial on a scalar curve; ``curve`` (u, lam) -> distance off the right one."""
    problem, state, first = embedded(rng, scalar, n, exact)

    def on_branch(x, lams):
        us = x @ first
        off = [np.abs(xi - state(ui, li)).max() for xi, ui, li in zip(x, us, lams, strict=True)]
        return np.maximum(np.abs([curve(ui, li) for ui, li in zip(us, lams, strict=True)]), off)

    return Trial(kind, problem, state(u, lam), lam, window, tuple(events), on_branch, **more)


def trivial(kind, rng, exact, values, slopes, window, events, n, blocks_of=None, **more) -> Trial:
    """Branch x = 0 of Q diag(values(lam)) Q' x + higher terms."""
    Q = rotation(rng, n) if n > 1 else np.eye(1)
    cubic, square = rng.uniform(-1.0, 1.0), rng.uniform(-0.5, 0.5, n)

    def gradient(x, lam):
        z = Q.T @ x
        return Q @ (values(lam) * z + square * z * z + cubic * (z @ z) * z)

    def hessian(x, lam):
        z = Q.T @ x
        own = values(lam) + 2 * square * z + cubic * (z @ z)
        return Q @ (np.diag(own) + 2 * cubic * np.outer(z, z)) @ Q.T

    def gradient_dlam(x, lam):
        return Q @ (slopes(lam) * (Q.T @ x))

    return Trial(
        kind,
        plain(rng, exact, gradient, hessian, gradient_dlam, n, blocks_of=blocks_of),
        np.zeros(n),
        window[0],
        window,
        tuple(sorted(events)),
        lambda x, lam: np.abs(x).max(axis=1),
        **more,
    )


def zeros_of(function, low, high, fine=20001):
    """All zeros of a function on an interval, by its signs on a fine grid."""
    from scipy.optimize import brentq

    grid = np.linspace(low, high, fine)
    values = np.array([function(one) for one in grid])
    places = np.flatnonzero(values[:-1] * values[1:] < 0)
    return [float(brentq(function, grid[i], grid[i + 1], xtol=1e-15)) for i in places]


# --- the types


def isolas(rng, exact, n):
    """An ellipse: two folds, and closed."""
    r, c, s = rng.uniform(0.01, 1), rng.uniform(-1, 1), rng.uniform(0.2, 5)
    scalar = Scalar(
        lambda u, lam: u * u + s * s * (lam - c) ** 2 - r * r,
        lambda u, lam: 2 * u,
        lambda u, lam: 2 * s * s * (lam - c),
    )
    side = rng.choice([-1.0, 1.0])
    return curved(
        "isolas", rng, exact, n, scalar, side * r, c, (c - 10, c + 10), (c + r / s, c - r / s),
        lambda u, lam: np.hypot(u, s * (lam - c)) - r, status=Status.CLOSED,
    )  # fmt: skip


def high_curvature(rng, exact, n):
    """u = A arctan(k (lam - c)), steep up to k = 300; no event."""
    A, k, c = rng.uniform(0.2, 2), 10 ** rng.uniform(0, 2.5), rng.uniform(-0.5, 0.5)
    scalar = Scalar(
        lambda u, lam: u - A * np.arctan(k * (lam - c)),
        lambda u, lam: 1.0 + 0 * u,
        lambda u, lam: -A * k / (1 + (k * (lam - c)) ** 2),
    )

    def there(lam):
        return A * np.arctan(k * (lam - c))

    return curved(
        "high curvature", rng, exact, n, scalar, there(-1.0), -1.0, (-1, 1), (),
        lambda u, lam: u - there(lam),
    )  # fmt: skip


def multiple_kernels(rng, exact, n):
    """Eigenvalues of a trivial branch that coincide, two or three at once."""
    n = max(n, 2)
    places = rng.uniform(-0.9, 0.9, n)
    m = rng.uniform(0.3, 3, n) * rng.choice([-1, 1], n)
    size = int(rng.integers(2, min(n, 3) + 1))
    places[:size], m[:size] = places[0], m[0]
    return trivial(
        "multiple kernels", rng, exact, lambda lam: m * (lam - places), lambda lam: m + 0 * lam,
        (-1.0, 1.0), places, n,
    )  # fmt: skip


def dips(rng, exact, n):
    """An eigenvalue that comes near zero and does not cross."""
    c, low, m = rng.uniform(-0.8, 0.8), 10 ** rng.uniform(-8, -1), rng.uniform(0.5, 3)
    rest = rng.uniform(0.5, 2, n) * rng.choice([-1, 1], n)

    def values(lam):
        return np.append(m * ((lam - c) ** 2 + low), rest[1:] + 0 * lam)

    def slopes(lam):
        return np.append(2 * m * (lam - c), 0 * rest[1:])

    return trivial("dips", rng, exact, values, slopes, (-1.0, 1.0), (), n)


def perturbed_pitchforks(rng, exact, n):
    """lam u - u³ + eps, eps down to 1e-11."""
    eps = 10 ** rng.uniform(-11, -1) * rng.choice([-1, 1])
    scalar = Scalar(
        lambda u, lam: lam * u - u**3 + eps,
        lambda u, lam: lam - 3 * u * u,
        lambda u, lam: u + 0 * lam,
    )

    def root(lam, guess):
        roots = np.roots([-1, 0, lam, eps])
        real = roots.real[np.abs(roots.imag) < 1e-9]
        return float(real[np.argmin(np.abs(real - guess))])

    def off(side):
        # the sheet of this sign of u, as lam of u
        return lambda u, lam: (
            abs(lam - (u * u - eps / u)) * min(1.0, u * u / abs(eps)) + (u * side < 0)
        )

    side = np.sign(eps)
    if rng.random() < 0.7:
        return curved(
            "perturbed pitchforks", rng, exact, n, scalar, root(-1.0, eps), -1.0, (-1, 1), (),
            off(side),
        )  # fmt: skip
    # the other sheet, from above: it turns at its fold
    start = root(1.0, -side)
    return curved(
        "perturbed pitchforks", rng, exact, n, scalar, start, 1.0, (-1, 1),
        (3 * (abs(eps) / 2) ** (2 / 3),), off(-side), towards=-1.0,
    )  # fmt: skip


def perturbed_transcriticals(rng, exact, n):
    """lam u - u² + eps: no event, two sheets that turn, or a crossing."""
    eps = float(rng.choice([-1, 0, 1])) * 10 ** rng.uniform(-11, -1)
    scalar = Scalar(
        lambda u, lam: lam * u - u * u + eps,
        lambda u, lam: lam - 2 * u,
        lambda u, lam: u + 0 * lam,
    )
    events = {-1: (-2 * np.sqrt(abs(eps)),), 0: (0.0,), 1: ()}[int(np.sign(eps))]
    start = float(2 * eps / (1 + np.sqrt(1 + 4 * eps)))  # the small one at lam = -1

    def off(u, lam):
        under = lam * lam + 4 * eps
        sheets = [(lam + s * np.sqrt(max(under, 0.0))) / 2 for s in (-1, 1)]
        right = (
            (sheets[1] if eps > 0 else 0.0) if eps >= 0 else min(sheets, key=lambda v: abs(v - u))
        )
        return (u - right) * (min(1.0, np.sqrt(max(under, 0.0))) if eps < 0 else 1.0) + (
            eps < 0 and lam > 0
        )

    return curved(
        "perturbed transcriticals", rng, exact, n, scalar, start, -1.0, (-1, 1), events, off,
    )  # fmt: skip


def cusps(rng, exact, n):
    """lam = u³ - a u, with its folds near each other."""
    a = 10 ** rng.uniform(-5, 0.3) * rng.choice([-1, 1])
    scalar = Scalar(
        lambda u, lam: lam - u**3 + a * u, lambda u, lam: a - 3 * u * u, lambda u, lam: 1 + 0 * lam
    )
    roots = np.roots([1, 0, -a, 2.0])
    start = float(roots.real[np.argmin(np.abs(roots.imag))])
    at = 2 * (max(a, 0) / 3) ** 1.5
    return curved(
        "cusps", rng, exact, n, scalar, start, -2.0, (-2, 2), (at, -at) if a > 0 else (),
        lambda u, lam: lam - u**3 + a * u,
    )  # fmt: skip


def polynomial_graphs(rng, exact, n):
    """lam = p(u) with up to eight folds."""
    c = np.sort(rng.uniform(-1, 1, int(rng.integers(1, 9))))
    slope = np.poly1d(rng.uniform(0.3, 2) * rng.choice([-1, 1]) * np.poly(c))
    p = slope.integ()
    ends = np.array([c[0] - 0.3, c[-1] + 0.3])
    scalar = Scalar(lambda u, lam: lam - p(u), lambda u, lam: -slope(u), lambda u, lam: 1 + 0 * lam)
    inside = p(np.append(c, ends))
    window = (float(inside.min()) - 0.1, float(inside.max()) + 0.1)
    start = float(ends[0])
    return curved(
        "polynomial graphs", rng, exact, n, scalar, start, float(p(start)), window,
        tuple(float(p(u)) for u in c), lambda u, lam: lam - p(u),
        towards=float(np.sign(slope(start))),
    )  # fmt: skip


def _product(curves, factor):
    """f = factor prod (u - curve(lam)); curves are pairs (value, slope)."""

    def f(u, lam):
        return factor * np.prod([u - value(lam) for value, _ in curves], axis=0)

    def each(u, lam):
        for i in range(len(curves)):
            others = [u - value(lam) for j, (value, _) in enumerate(curves) if j != i]
            yield factor * np.prod(others, axis=0) if others else factor, curves[i][1]

    def f_u(u, lam):
        return sum(rest for rest, _ in each(u, lam))

    def f_lam(u, lam):
        return sum(-rest * slope(lam) for rest, slope in each(u, lam))

    return Scalar(f, f_u, f_lam)


def _wave(a, b, w, phase, line=0.0):
    return (
        lambda lam: a + b * np.sin(w * lam + phase) + line * lam,
        lambda lam: b * w * np.cos(w * lam + phase) + line,
    )


def _on_curves(kind, rng, exact, n, curves, window, **more):
    """The first one of curves that cross."""
    (first, _), events = curves[0], []
    for value, _ in curves[1:]:
        events += zeros_of(lambda lam, value=value: value(lam) - first(lam), *window)
    return curved(
        kind, rng, exact, n, _product(curves, rng.uniform(0.5, 2)), float(first(window[0])),
        window[0], window, sorted(events), lambda u, lam: u - first(lam), **more,
    )  # fmt: skip


def crossing_curves(rng, exact, n):
    """Two to four smooth curves that cross each other."""
    curves = [
        _wave(*rng.uniform(-0.5, 0.5, 2), rng.uniform(0.5, 4), rng.uniform(0, 6))
        for _ in range(int(rng.integers(2, 5)))
    ]
    return _on_curves("crossing curves", rng, exact, n, curves, (-1.0, 1.0))


def flat_crossings(rng, exact, n):
    """Two curves that cross at a small angle."""
    slope, at = 10 ** rng.uniform(-4, -1) * rng.choice([-1, 1]), rng.uniform(-0.8, 0.8)
    b, w = rng.uniform(0.1, 0.6), rng.uniform(0.5, 3)
    curves = [_wave(0, b, w, 0), _wave(-slope * at, b, w, 0, slope)]
    return _on_curves("flat crossings", rng, exact, n, curves, (-1.0, 1.0))


def curves_close_by(rng, exact, n):
    """Three copies of a curve side by side."""
    A, w, e = rng.uniform(0.2, 1.5), rng.uniform(0.5, 6), 10 ** rng.uniform(-3.5, -1)
    order = rng.permutation([-1.0, 0.0, 1.0])
    curves = [_wave(side * e, A, w, 0) for side in order]
    options = Options(ds=0.05, ds_max=float(rng.choice([0.2, 1.5])))
    return _on_curves("curves close by", rng, exact, n, curves, (-2.0, 2.0), options=options)


def crossings_on_a_trivial_branch(rng, exact, n):
    """Eigenvalues m (lam - c), some in pairs as near as 1e-7, each its own way."""
    n = max(n, 2)
    places = rng.uniform(-0.9, 0.9, n)
    m = rng.uniform(0.1, 3, n) * rng.choice([-1, 1], n)
    for i in range(0, n - 1, 2):
        if rng.random() < 0.5:
            places[i + 1] = places[i] + 10 ** rng.uniform(-7, -1)
    places = np.clip(places, -0.99, 0.99)
    return trivial(
        "crossings on a trivial branch", rng, exact, lambda lam: m * (lam - places),
        lambda lam: m + 0 * lam, (-1.0, 1.0), places, n,
    )  # fmt: skip


def close_pairs_on_a_curve(rng, exact, n):
    """Two curves that cross one in other planes, 1e-14 to 1e-6 apart, to the same side or not."""
    n = max(n, 2)
    at, gap, Q = rng.uniform(-0.5, 0.5), 10 ** rng.uniform(-14, -6), rotation(rng, n)
    m = rng.uniform(0.3, 2, n) * rng.choice([-1, 1], n)
    A, w, square = rng.uniform(0, 0.5), rng.uniform(0.5, 3), rng.uniform(-1, 1, n)
    still = np.arange(n) > 1

    def values(lam):
        return np.where(still, m, m * (lam - at - gap * (np.arange(n) == 1)))

    def there(lam):
        return A * np.concatenate([[np.sin(w * lam), np.cos(w * lam)], 0 * lam * m[2:]])

    def moves(lam):
        return A * w * np.concatenate([[np.cos(w * lam), -np.sin(w * lam)], 0 * lam * m[2:]])

    def own(x, lam):
        return values(lam) + 2 * square * (Q.T @ x - there(lam))

    def gradient(x, lam):
        off = Q.T @ x - there(lam)
        return Q @ (values(lam) * off + square * off**2)

    def gradient_dlam(x, lam):
        return Q @ (~still * m * (Q.T @ x - there(lam)) - own(x, lam) * moves(lam))

    problem = plain(
        rng, exact, gradient, lambda x, lam: Q @ np.diag(own(x, lam)) @ Q.T, gradient_dlam, n
    )
    return Trial(
        "close pairs on a curve", problem, Q @ there(-1.0), -1.0, (-1.0, 1.0), (at, at + gap),
        lambda x, lam: np.array(
            [np.abs(a - Q @ there(b)).max() for a, b in zip(x, lam, strict=True)]
        ),
    )  # fmt: skip


def cross_and_recross(rng, exact, n):
    """An eigenvalue that crosses zero and comes back, 1e-4 to 0.3 on."""
    c, r, m = rng.uniform(-0.6, 0.6), 10 ** rng.uniform(-4, -0.5), rng.uniform(0.3, 3)
    sign = rng.choice([-1, 1])
    rest = rng.uniform(0.1, 2, n) * rng.choice([-1, 1], n)

    def values(lam):
        return np.append(sign * m * ((lam - c) ** 2 - r * r), rest[1:] + 0 * lam)

    def slopes(lam):
        return np.append(sign * 2 * m * (lam - c), 0 * rest[1:])

    return trivial("cross and recross", rng, exact, values, slopes, (-1.0, 1.0), (c - r, c + r), n)


def wiggles(rng, exact, n):
    """Eigenvalues a sin(w lam + phase) + b with w up to 12."""
    a, w, phase, b = (
        rng.uniform(0.3, 2, n), rng.uniform(1, 12, n), rng.uniform(0, 6.3, n), rng.uniform(-1, 1, n)
    )  # fmt: skip
    window = (-1.0, 1.0)
    events = []
    for i in range(n):
        events += zeros_of(lambda lam, i=i: a[i] * np.sin(w[i] * lam + phase[i]) + b[i], *window)
    return trivial(
        "wiggling eigenvalues", rng, exact, lambda lam: a * np.sin(w * lam + phase) + b,
        lambda lam: a * w * np.cos(w * lam + phase), window, events, n,
    )  # fmt: skip


def blocks_with_close_pairs(rng, exact, n):
    """Blocks of other irreps whose eigenvalues cross in close pairs, turning as they do."""
    sizes = rng.integers(1, max(n, 2) + 1, 2)
    blocks, events = {}, []
    for i, size in enumerate(sizes.tolist()):
        places = rng.uniform(-0.9, 0.9, size)
        if size > 1:
            places[1] = np.clip(places[0] + 10 ** rng.uniform(-6, -1), -0.99, 0.99)
        m = rng.uniform(0.3, 2, size) * rng.choice([-1, 1], size)
        twist = rng.standard_normal((size, size)) * 0.5
        blocks[Component("k", f"b{i}", size, Component.on("t", 1).dimension)] = (
            places, m, rotation(rng, size), twist - twist.T,
        )  # fmt: skip
        events += places.tolist()

    def blocks_of(x, lam):
        from scipy.linalg import expm

        found = {}
        for component, (places, m, Q, twist) in blocks.items():
            R = Q @ expm(lam * twist)
            found[component] = R @ np.diag(m * (lam - places)) @ R.T + (x @ x) * np.eye(len(m))
        return found

    rest = rng.uniform(0.5, 2, 2)
    return trivial(
        "blocks with close pairs", rng, exact, lambda lam: rest + 0 * lam, lambda lam: 0 * rest,
        (-1.0, 1.0), events, 2, blocks_of=blocks_of,
    )  # fmt: skip


def side_branches(rng, exact, n):
    """u² = lam / m from its own side: it touches the trunk at zero, where an eigenvalue touches."""
    m, side = rng.uniform(0.2, 5), rng.choice([-1.0, 1.0])
    scalar = Scalar(
        lambda u, lam: lam * u - m * u**3,
        lambda u, lam: lam - 3 * m * u * u,
        lambda u, lam: u + 0 * lam,
    )
    start = side / np.sqrt(m)
    return curved(
        "side branches", rng, exact, n, scalar, start, 1.0, (-1.0, 1.0), (0.0,),
        lambda u, lam: lam - m * u * u, towards=-1.0,
    )  # fmt: skip


def many_folds(rng, exact, n):
    """lam = u + a sin(w u), w up to 20: to and fro, up to thirteen folds each way."""
    w = rng.uniform(2, 20)
    a = rng.uniform(1.05, 4) / w * rng.choice([-1, 1])

    def p(u):
        return u + a * np.sin(w * u)

    scalar = Scalar(
        lambda u, lam: lam - p(u),
        lambda u, lam: -1 - a * w * np.cos(w * u),
        lambda u, lam: 1 + 0 * lam,
    )
    # from where the graph comes into the window for good to where it leaves it
    window = (-1.0 - 2 * abs(a), 1.0 + 2 * abs(a))
    ends = [zeros_of(lambda u, edge=edge: p(u) - edge, -8, 8)[0] for edge in window]
    begin = zeros_of(lambda u: p(u) - window[0], -8, 8)[-1]
    folds = zeros_of(lambda u: 1 + a * w * np.cos(w * u), begin, ends[1])
    slope = 1 + a * w * np.cos(w * begin)
    return curved(
        "many folds", rng, exact, n, scalar, begin, window[0], window, [p(u) for u in folds],
        lambda u, lam: lam - p(u), towards=float(np.sign(slope)),
    )  # fmt: skip


def helices(rng, exact, n):
    """(cos, sin)(lam / e) in a plane: comes past its start again and again, never closes."""
    e, n = 10 ** rng.uniform(-2, 0), max(n, 2)
    Q = rotation(rng, n)
    k = rng.uniform(0.5, 3, n) * rng.choice([-1, 1], n)

    def there(lam):
        return Q @ np.array([np.cos(lam / e), np.sin(lam / e), *[0 * lam] * (n - 2)])

    def moves(lam):
        return Q @ np.array([-np.sin(lam / e), np.cos(lam / e), *[0 * lam] * (n - 2)]) / e

    H = Q @ np.diag(k) @ Q.T
    problem = plain(
        rng, exact, lambda x, lam: H @ (x - there(lam)), lambda x, lam: H + 0 * lam,
        lambda x, lam: -H @ moves(lam), n,
    )  # fmt: skip
    return Trial(
        "helices", problem, there(0.0), 0.0, (0.0, 1.0), (),
        lambda x, lam: np.array([np.abs(a - there(b)).max() for a, b in zip(x, lam, strict=True)]),
    )  # fmt: skip


def touches(rng, exact, n):
    """An eigenvalue m (lam - c)², or (lam - c)⁴, of a trivial branch, others beside it."""
    c, m = rng.uniform(-0.8, 0.8), rng.uniform(0.3, 3) * rng.choice([-1, 1])
    power = int(rng.choice([2, 2, 4]))
    rest = rng.uniform(0.5, 2, n) * rng.choice([-1, 1], n)

    def values(lam):
        return np.append(m * (lam - c) ** power, rest[1:] + 0 * lam)

    def slopes(lam):
        return np.append(power * m * (lam - c) ** (power - 1), 0 * rest[1:])

    trial = trivial("touches", rng, exact, values, slopes, (-1.0, 1.0), (c,), n)
    return replace(trial, near=1e-6 if power == 2 else 1e-2)


def touching_curves(rng, exact, n):
    """u = A sin(w lam) and a curve that lies on one side of it and touches it once."""
    A, w = rng.uniform(0.1, 0.8), rng.uniform(0.5, 3)
    c, k = rng.uniform(-0.8, 0.8), rng.uniform(0.3, 3) * rng.choice([-1, 1])
    one = _wave(0, A, w, 0)
    other = (
        lambda lam: one[0](lam) + k * (lam - c) ** 2,
        lambda lam: one[1](lam) + 2 * k * (lam - c),
    )
    return curved(
        "touching curves", rng, exact, n, _product([one, other], rng.uniform(0.5, 2)),
        float(one[0](-1.0)), -1.0, (-1.0, 1.0), (c,), lambda u, lam: u - one[0](lam), near=1e-3,
    )  # fmt: skip


def flat_births(rng, exact, n):
    """lam u + a u^m of order 4 to 6: nothing of it is seen up to third order."""
    c, m = rng.uniform(-0.5, 0.5), int(rng.integers(4, 7))
    a = rng.uniform(0.3, 3) * rng.choice([-1, 1])
    scalar = Scalar(
        lambda u, lam: (lam - c) * u + a * u**m,
        lambda u, lam: lam - c + m * a * u ** (m - 1),
        lambda u, lam: u + 0 * lam,
    )
    return curved(
        "flat births", rng, exact, n, scalar, 0.0, -1.0, (-1.0, 1.0), (c,), lambda u, lam: u
    )


def rescaled_cubics(rng, exact, n):
    """lam = p(u) with two folds, u and lam in units from 1e-4 to 1e5 of each other."""
    long, size = 10 ** rng.uniform(-3, 5), 10 ** rng.uniform(-3, 2)
    c = np.sort(rng.uniform(-1, 1, 2))
    slope = np.poly1d(rng.uniform(0.5, 2) * rng.choice([-1, 1]) * np.poly(c))
    p = slope.integ()
    scalar = Scalar(
        lambda u, lam: lam / long - p(u / size),
        lambda u, lam: -slope(u / size) / size,
        lambda u, lam: 1 / long + 0 * lam,
    )
    ends = np.array([c[0] - 0.7, c[1] + 0.7])
    inside = p(np.append(c, ends))
    window = (float(inside.min()) - 0.1, float(inside.max()) + 0.1)
    problem = plain(
        rng, exact,
        lambda x, lam: np.array([scalar.f(x[0], lam)]),
        lambda x, lam: np.array([[scalar.f_u(x[0], lam)]]),
        lambda x, lam: np.array([scalar.f_lam(x[0], lam)]),
        1,
    )  # fmt: skip
    start = float(ends[0])
    return Trial(
        "rescaled cubics", problem, np.array([start * size]), float(p(start)) * long,
        tuple(long * edge for edge in window), tuple(long * float(p(u)) for u in c),
        lambda x, lam: np.abs(lam / long - p(x[:, 0] / size)),
        towards=float(np.sign(slope(start))), near=1e-6 * long,
    )  # fmt: skip


def mirrored_with_imperfection(rng, exact, n):
    """lam u - u³ beside an eigenvalue of another block, and a small term that breaks the mirror."""
    eps = 10 ** rng.uniform(-8, -2) * rng.choice([-1, 1])
    at, m = rng.uniform(-0.8, 0.8), rng.uniform(0.3, 2) * rng.choice([-1, 1])
    scalar = Scalar(
        lambda u, lam: lam * u - u**3 + eps * (1 + u),
        lambda u, lam: lam - 3 * u * u + eps,
        lambda u, lam: u + 0 * lam,
    )
    # u(-1), on the sheet that goes on to +-1
    roots = np.roots([-1, 0, -1 + eps, eps])
    start = float(roots.real[np.argmin(np.abs(roots.imag) + np.abs(roots.real))])
    trial = curved(
        "mirrored with imperfection", rng, exact, n, scalar, start, -1.0, (-1.0, 1.0), (at,),
        lambda u, lam: (lam * u - u**3 + eps * (1 + u)) * min(1.0, 1e-1 / abs(eps))
        + (u * np.sign(eps) < 0),
    )  # fmt: skip
    block = Component("s", "beside", 1, Component.on("t", 1).dimension)
    problem = replace(trial.problem, blocks_of=lambda x, lam: {block: np.array([[m * (lam - at)]])})
    return replace(trial, problem=problem)


TYPES = (
    isolas, high_curvature, multiple_kernels, dips, perturbed_pitchforks,
    perturbed_transcriticals, cusps, polynomial_graphs, crossing_curves, flat_crossings,
    curves_close_by, crossings_on_a_trivial_branch, close_pairs_on_a_curve, cross_and_recross,
    blocks_with_close_pairs,
    wiggles, side_branches, many_folds, helices, touches, touching_curves, flat_births,
    rescaled_cubics, mirrored_with_imperfection,
)  # fmt: skip
