"""What a step must know: the window, what lies on it, and that it is one branch.

Every right value is on paper, next to its problem.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc.continuation.options import Options, Status
from bifurc.continuation.problem import PlainProblem
from bifurc.continuation.trace import point_at
from bifurc.events.branch import examine, follow
from tests.equations import scalar
from tests.test_plain_problems import chain

POLYNOMIAL = (-0.63942, -0.58845, 0.13396, 0.49372, 0.50445, 0.7018, 0.84216)


def went(problem, x, lam, window, towards=1.0, **options):
    start = point_at(problem, np.atleast_1d(x).astype(float), lam, towards=towards)
    return follow(problem, start, window, Options(**options))


# --- the window


@pytest.mark.parametrize("edge", [1e-1, 1e-2, 1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_fold_beyond_the_window_is_not_passed(edge, side):
    """x² = -lam: from x = ±1 to the edge at lam = -edge, where x = ±sqrt(edge)."""
    asked: list[float] = []
    parabola = scalar(lambda x, lam: lam + x * x, lambda x, lam: 2 * x, lambda x, lam: 1.0, asked)
    branch = went(parabola, side, -1.0, (-1.0, -edge))
    assert branch.status is Status.WINDOW and branch.events == []
    assert branch.lam[-1] == -edge
    assert branch.x[-1, 0] == pytest.approx(side * np.sqrt(edge), rel=1e-9)
    assert min(asked) >= -1.0 and max(asked) <= -edge


def test_type_m_ends_at_a_window_that_ends_just_before_its_fold():
    fold = next(e for e in bifurc.trace("M", d=(40, 3.4)).events if e.label == "LP")
    branch = bifurc.trace("M", d=(40, fold.lam + 1e-6))
    assert branch.status is Status.WINDOW
    assert branch.lam.min() == branch.lam[-1] == fold.lam + 1e-6
    assert [e for e in branch.events if e.label == "LP"] == []


@pytest.mark.parametrize("b", [0.0, 2.0, -3.0])
@pytest.mark.parametrize("bare", [True, False])
def test_nothing_is_asked_beyond_the_window(b, bare):
    """x = log(b - lam) exists up to lam = b."""
    log = np.log if bare else lambda v: np.log(v) if v > 0 else np.nan
    asked: list[float] = []
    problem = scalar(
        lambda x, lam: x - log(b - lam), lambda x, lam: 1.0, lambda x, lam: 1 / (b - lam), asked
    )
    branch = went(problem, 0.0, b - 1, (b - 1, b - 1e-6))
    assert branch.status is Status.WINDOW and branch.lam[-1] == b - 1e-6
    assert branch.x[-1, 0] == pytest.approx(np.log(1e-6), rel=1e-9)
    assert max(asked) <= b - 1e-6


@pytest.mark.parametrize("kind", ["nan", "math", "zero"])
def test_a_domain_that_ends_keeps_its_points_and_says_so(kind):
    import math

    def gradient(x, lam):
        if kind == "nan":
            return np.sqrt(1 - lam) if lam <= 1 else np.nan
        return math.sqrt(1 - lam) if kind == "math" else 0.5 / float(np.sqrt(max(1 - lam, 0)))

    def slope(lam):
        if kind == "zero":
            return 0.25 * max(1 - lam, 0) ** -1.5
        return -0.5 / math.sqrt(1 - lam) if lam < 1 else math.nan

    problem = scalar(
        lambda x, lam: x - gradient(x, lam), lambda x, lam: 1.0, lambda x, lam: -slope(lam)
    )
    branch = went(problem, gradient(0, 0.0), 0.0, (0.0, 2.0))
    assert branch.status is Status.OUTSIDE or kind == "zero"
    assert len(branch.points) > 3 and branch.lam.max() < 1 + 1e-8


@pytest.mark.parametrize(
    ("name", "window", "fixed", "expected"),
    [
        ("A", (40, 2), {}, (2.10758, 2.10080)),
        ("A", (40, 1.9), {}, (2.10758, 2.10080)),
        ("I", (40, 3), {}, ()),
    ],
)
def test_a_window_that_ends_where_the_family_ends_loses_nothing(name, window, fixed, expected):
    branch = bifurc.trace(name, d=window, **fixed)
    assert not branch.status.early
    found = [event.lam for event in branch.events]
    for lam in expected:
        assert any(abs(lam - one) < 1e-5 for one in found), (lam, found, branch.lam[-1])
    assert branch.lam[-1] < expected[-1] if expected else window[1] + 1e-3


# --- events at the ends


def test_the_chain_reaches_an_edge_that_is_an_event_and_starts_from_it():
    """On u = 0 the eigenvalues vanish at 4 sin²(k pi / 12), the third at 2."""
    below = went(chain(), np.zeros(5), -0.5, (-0.5, 2.0))
    assert below.status is Status.WINDOW and below.lam[-1] == 2.0
    above = went(chain(), np.zeros(5), 2.0, (2.0, 4.5))
    assert above.status is Status.WINDOW and above.lam[-1] == 4.5
    expected = [4 * np.sin(k * np.pi / 12) ** 2 for k in range(1, 6)]
    inside = [e.lam for e in (*below.events, *above.events) if abs(e.lam - 2) > 1e-9]
    assert_allclose(inside, [expected[i] for i in (0, 1, 3, 4)], rtol=1e-12)
    for branch in (below, above):
        assert np.abs(branch.x).max() < 1e-12


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_branch_starts_at_a_fold(side):
    """The unit circle from (0, ±1)."""
    circle = scalar(
        lambda x, lam: x * x + lam * lam - 1, lambda x, lam: 2 * x, lambda x, lam: 2 * lam
    )
    branch = went(circle, 0.0, side, (-2.0, 2.0))
    assert branch.status is Status.CLOSED
    assert_allclose(np.hypot(branch.x[:, 0], branch.lam), 1, rtol=1e-12)
    assert any(e.label == "LP" and e.lam == pytest.approx(-side) for e in branch.events)


# --- what lies on a step


@pytest.mark.parametrize("k", range(1, 15))
@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, 1)])
def test_two_simple_points_are_two_events_or_one_double(k, signs):
    gap = 10.0**-k
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])

    def values(lam):
        return np.array([signs[0] * lam, signs[1] * 2 * (lam - gap)])

    problem = PlainProblem(
        lambda x, lam: turn @ (values(lam) * (turn.T @ x)) - (x @ x) * x,
        lambda x, lam: (
            turn @ np.diag(values(lam)) @ turn.T - (x @ x) * np.eye(2) - 2 * np.outer(x, x)
        ),
        lambda x, lam: turn @ (np.array([signs[0], 2 * signs[1]]) * (turn.T @ x)),
        2,
    )
    branch = went(problem, np.zeros(2), -1.0, (-1.0, 1.0))
    assert branch.status is Status.WINDOW
    found = [e.lam for e in branch.events for _ in range(e.kernel.shape[1])]
    assert_allclose(found, [0, gap], atol=1e-9)


@pytest.mark.parametrize("k", [2 / 3, 0.5])
@pytest.mark.parametrize("ds_max", [0.05, 0.3, 1.5])
def test_the_arch_folds_where_its_symmetry_breaks(k, ds_max):
    """V = (u² + v² - 1)²/4 + k v²/2 - lam u: on v = 0, lam = u³ - u turns at u² = 1/3, and
    the Hessian across is u² - 1 + k."""

    def hessian(x, lam):
        off = x @ x - 1
        return off * np.eye(2) + 2 * np.outer(x, x) + np.diag([0.0, k])

    arch = PlainProblem(
        lambda x, lam: (x @ x - 1) * x + np.array([-lam, k * x[1]]),
        hessian,
        lambda x, lam: np.array([-1.0, 0.0]),
        2,
    )
    branch = went(arch, [1.5, 0.0], 1.5**3 - 1.5, (-1.875, 1.875), -1.0, ds_max=ds_max)
    assert branch.status is Status.WINDOW
    u = np.sqrt(1 - k)
    folds = [e.lam for e in branch.events if e.label == "LP"]
    points = [e.lam for e in branch.events if e.label == "BP"]
    assert_allclose(folds, [-2 / (3 * np.sqrt(3)), 2 / (3 * np.sqrt(3))], rtol=1e-9)
    assert_allclose(points, [u**3 - u, u - u**3], rtol=1e-9)


# folds of lam = p(x), p' = factor prod(x - c), some of them close together: three lie within
# 2e-7 of lam or less
CLOSE = (
    (0.689, POLYNOMIAL),
    (-1.446, (-0.9069, -0.4027, -0.1537, 0.1738, 0.4427, 0.5054, 0.5396, 0.9408)),
    (-0.9588, (-0.30158, 0.05691, 0.53882, 0.54685, 0.55833, 0.74587)),
    (0.8185, (-0.99743, -0.93271, -0.5719, -0.55768, -0.49031, 0.31358, 0.49335, 0.5847)),
)


@pytest.mark.parametrize("ds_max", [0.2, 1.5])
@pytest.mark.parametrize(("factor", "folds"), CLOSE)
def test_all_folds_of_a_polynomial_are_found(factor, folds, ds_max):
    slope = np.poly1d(factor * np.poly(folds))
    p, first = slope.integ(), folds[0] - 0.3
    graph = scalar(lambda x, lam: lam - p(x), lambda x, lam: -slope(x), lambda x, lam: 1.0)
    values = p(np.array([first, *folds, folds[-1] + 0.3]))
    window = (values.min() - 0.1, values.max() + 0.1)
    branch = went(graph, first, p(first), window, np.sign(slope(first)), ds_max=ds_max)
    assert_allclose([e.lam for e in branch.events], [p(c) for c in folds], atol=1e-12)
    assert all(e.label == "LP" for e in branch.events)


@pytest.mark.parametrize("ds_max", [0.2, 1.5])
def test_two_eigenvalues_that_cross_against_each_other_are_two_events(ds_max):
    places, m = np.array([0.747149, 0.834061]), np.array([-2.993414, 0.400664])
    problem = PlainProblem(
        lambda x, lam: m * (lam - places) * x - x**3,
        lambda x, lam: np.diag(m * (lam - places) - 3 * x * x),
        lambda x, lam: m * x,
        2,
    )
    branch = went(problem, np.zeros(2), 0.0, (0.0, 1.5), ds_max=ds_max)
    assert_allclose([e.lam for e in branch.events], places, rtol=1e-12)


# --- one branch


@pytest.mark.parametrize("eps", [1e-7, -1e-7, 1e-9, 1e-11, -1e-11])
def test_a_small_imperfection_is_no_branch_point(eps):
    """lam x - x³ + eps: from x near 0 at lam = -1 to the sign of eps at lam = 1, no event."""
    problem = scalar(
        lambda x, lam: lam * x - x**3 + eps, lambda x, lam: lam - 3 * x * x, lambda x, lam: x
    )
    branch = went(problem, eps, -1.0, (-1.0, 1.0))
    assert branch.status is Status.WINDOW and branch.events == []
    assert branch.x[-1, 0] == pytest.approx(np.sign(eps), abs=1e-6)


@pytest.mark.parametrize("e", [0.005, 0.02, 0.2])
def test_a_helix_is_not_closed(e):
    """V = |u - c|²/2 with c = (cos, sin)(lam / e)."""

    def there(lam):
        return np.array([np.cos(lam / e), np.sin(lam / e)])

    problem = PlainProblem(
        lambda u, lam: u - there(lam),
        lambda u, lam: np.eye(2),
        lambda u, lam: -np.array([-np.sin(lam / e), np.cos(lam / e)]) / e,
        2,
    )
    branch = went(problem, there(0.0), 0.0, (0.0, 1.0))
    assert branch.status is Status.WINDOW and branch.lam[-1] == 1.0
    assert_allclose(branch.x[-1], there(1.0), atol=1e-9)


def test_no_step_leads_to_the_curve_beside(rng):
    """y (y² - e²) = 0 with y = x - sin 5 lam."""
    e = 0.01

    def y(x, lam):
        return x - np.sin(5 * lam)

    problem = scalar(
        lambda x, lam: y(x, lam) * (y(x, lam) ** 2 - e * e),
        lambda x, lam: 3 * y(x, lam) ** 2 - e * e,
        lambda x, lam: -5 * np.cos(5 * lam) * (3 * y(x, lam) ** 2 - e * e),
    )
    for _ in range(30):
        lam, side = rng.uniform(-2, 0), rng.choice([-e, 0.0, e])
        options = {"ds": 10 ** rng.uniform(-3, -1), "ds_max": 0.2}
        branch = went(problem, np.sin(5 * lam) + side, lam, (lam, 2.0), **options)
        assert branch.status is Status.WINDOW and branch.events == []
        assert np.abs(y(branch.x[:, 0], branch.lam) - side).max() < 1e-10


@pytest.mark.parametrize("where", [1e-9, 1e-5, 0.1])
def test_a_point_is_not_believed_by_one_update_where_newton_contracts_slowly(where):
    """x = lam by way of a tan of it, sharp on the scale ``where``: the first update is short."""
    sharp = scalar(
        lambda x, lam: np.arctan((x - lam) / where) + (x - lam),
        lambda x, lam: 1 / where / (1 + ((x - lam) / where) ** 2) + 1,
        lambda x, lam: -1 / where / (1 + ((x - lam) / where) ** 2) - 1,
    )
    branch = went(sharp, 0.3, 0.3, (0.3, 2.0))
    assert np.abs(branch.x[:, 0] - branch.lam).max() < 1e-13


# --- scales and precision


@pytest.mark.parametrize("long", [1e6, 1e-5, 1e9])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4])
def test_scales_change_nothing(long, size):
    """The unit circle and a polynomial's graph, lam times ``long`` and x times ``size``."""
    circle = scalar(
        lambda x, lam: (x / size) ** 2 + (lam / long) ** 2 - 1,
        lambda x, lam: 2 * x / size**2,
        lambda x, lam: 2 * lam / long**2,
    )
    branch = went(circle, size, 0.0, (-2 * long, 2 * long))
    assert branch.status is Status.CLOSED
    assert_allclose([e.lam / long for e in branch.events], [1, -1], rtol=1e-9)
    slope = np.poly1d(0.689 * np.poly(POLYNOMIAL))
    p = slope.integ()
    graph = scalar(
        lambda x, lam: lam / long - p(x / size),
        lambda x, lam: -slope(x / size) / size,
        lambda x, lam: 1 / long,
    )
    way = np.sign(slope(-0.9))
    branch = went(graph, -0.9 * size, long * p(-0.9), (-long, long), way)
    assert_allclose([e.lam / long for e in branch.events], [p(c) for c in POLYNOMIAL], atol=1e-9)


@pytest.mark.parametrize("long", [1e6, 1e-5])
def test_given_units_are_used(long):
    size = 1e-3
    problem = PlainProblem(
        lambda x, lam: lam / long * x / size - (x / size) ** 3 + 1e-9,
        lambda x, lam: np.diag(lam / long / size - 3 * x**2 / size**3),
        lambda x, lam: x / size / long,
        1,
        units=np.array([size, long]),
    )
    branch = went(problem, 1e-9 * size, -long, (-long, long))
    assert branch.status is Status.WINDOW and branch.events == []
    assert branch.x[-1, 0] / size == pytest.approx(1, abs=1e-6)


def test_functions_in_float32_are_refused_with_a_word():
    matrix = np.diag(-2 * np.ones(5)) + np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)
    matrix = matrix.astype(np.float32)
    problem = PlainProblem(
        lambda u, lam: matrix @ u.astype(np.float32) + np.float32(lam) * u.astype(np.float32),
        lambda u, lam: matrix + np.float32(lam) * np.eye(5, dtype=np.float32),
        lambda u, lam: u.astype(np.float32),
        5,
    )
    with pytest.raises(ValueError, match="float32"):
        point_at(problem, np.zeros(5), -0.5)


@pytest.mark.parametrize("name, ends", [("A", (2.0, 1.9)), ("I", (3.0, 2.9))])
def test_what_runs_away_to_infinity_at_the_end_of_a_family_is_no_event(name, ends):
    """At d = 2 the rows of A are antiparallel and the Hessian is infinite: events end before."""
    found = [
        [(e.name, round(e.lam, 9)) for e in bifurc.trace(name, d=(40, end)).events] for end in ends
    ]
    assert found[0] == found[1]
    assert len(found[0]) == 3


@pytest.mark.parametrize("start", [-1.0, 1.0])
@pytest.mark.parametrize("window", [(-1, 1), (1, -1), (-2, 2)])
def test_a_circle_from_its_fold_is_gone_round_once(start, window):
    circle = bifurc.Problem(
        lambda x, lam: x[0] ** 3 / 3 - (1 - lam**2) * x[0], [0.0], {"lam": start}
    )
    branch = bifurc.trace(circle, lam=window)
    assert branch.status.name == "CLOSED"
    assert sorted(e.lam for e in branch.events) == pytest.approx([-1, 1], abs=1e-9)


@pytest.mark.parametrize("sizes", [(6.0, None, 5.2), (5.2, None, 6.0)])
@pytest.mark.parametrize("off", [0.0, 1e-15, -1e-15, 3e-14, -3e-14])
def test_an_event_at_a_point_of_the_branch_is_found_once(sizes, off):
    """Whatever sign rounding gives the zero there, from either side."""
    (event,) = bifurc.trace("II", d=(6, 5.2)).events
    towards = sizes[-1] - sizes[0]
    points = []
    for size in sizes:
        problem, point = bifurc.member("II", "d", event.lam * (1 + off) if size is None else size)
        points.append(point_at(problem, point.x, point.lam, towards=towards))
    found = examine(problem, points, Status.WINDOW, Options()).events
    assert [e.lam for e in found] == pytest.approx([event.lam], rel=1e-12)


@pytest.mark.parametrize("which", ["gradient", "hessian", "loss"])
def test_single_precision_behind_double_is_seen_by_its_noise(which, rng):
    """x³ - lam x + A x, one of its functions computed in float32 and returned as float64."""
    A = rng.standard_normal((4, 4))
    A = A + A.T

    def single(function):
        return lambda x, lam: np.asarray(function(np.float32(x), np.float32(lam)), dtype=float)

    functions = {
        "gradient": lambda x, lam: A.astype(x.dtype) @ x - lam * x + x**3,
        "hessian": lambda x, lam: A.astype(x.dtype) + np.diag(3 * x**2 - lam),
        "gradient_dlam": lambda x, lam: -x,
    }
    assert point_at(PlainProblem(**functions, n=4), np.zeros(4), -0.3).x == pytest.approx(0)
    if which == "loss":
        own = bifurc.Problem(
            lambda x, lam: float((np.float32(x) ** 4).sum() / 4 - np.float32(lam) * (x @ x)),
            x0=np.zeros(4), parameters={"lam": -0.3},
        )  # fmt: skip
        problem = own.along("lam")
    else:
        problem = PlainProblem(**{**functions, which: single(functions[which])}, n=4)
    with pytest.raises(ValueError, match="as if they computed in single precision"):
        point_at(problem, np.zeros(4), -0.3)
