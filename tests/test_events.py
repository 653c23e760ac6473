"""Critical sizes against an independent computation, and facts from the literature."""

from functools import cache
from itertools import product

import mpmath
import numpy as np
import pytest
from mpmath import mpf

from bifurc import family, locus, trace
from bifurc.api import member
from bifurc.continuation.options import Options
from bifurc.events.branch import follow
from bifurc.loss import full
from bifurc.loss.embedding import matrices
from bifurc.loss.kernels import ReLU
from bifurc.seeds import seed
from bifurc.spectra import Block
from tests import longhand

# every family with the p of its second set; for A there is none
CASES = {"II": 1, "I": 1, "M": 2, "M 2.5": 2.5, "A": 0}
SADDLE_TO_MINIMUM = {
    "II": "s[bulk]",
    "I": "x[bulk]",
    "M": "s[bulk]",
    "M 2.5": "s[bulk]",
    "A": "x[all]",
}
# others, between saddles; s[rest] of a set of two points has fewer copies, so not at p = 2
BELOW = [("M", "sxs[bulk,rest]"), ("M 2.5", "s[rest]")] + [
    pytest.param("M 2.5", label, marks=pytest.mark.slow)
    for label in ("x[rest]", "sxs[bulk,rest]", "x[bulk]")
]


@cache
def branch_of(case):
    name, _, p = case.partition(" ")
    one = family(name, p=float(p)) if p else family(name)
    return trace(one, d=(40, 3.2 if name != "M" else 4.5))


def event_of(case, label=None):
    """The only event of this component, by default the one that makes a minimum."""
    label = label or SADDLE_TO_MINIMUM[case]
    (event,) = (e for e in branch_of(case).events if e.component.label == label)
    return event


def in_longhand(case, point):
    """Coordinates of bifurc in the order of ``longhand``, rounded: only a first guess."""
    structure = branch_of(case).problem.structure
    value = {
        c.name: mpf(round(float(v), 3)) for c, v in zip(structure.coordinates, point, strict=True)
    }
    names = [points.name for points in structure.sets]
    diag = [value.get(f"{a}.{a}.diag", value.get(f"{a}.{a}")) for a in names]
    table = [
        value.get(f"{a}.{a}.off", mpf(0)) if a == b else value[f"{a}.{b}"]
        for a, b in product(names, repeat=2)
    ]
    free = range(len(diag) + len(table) - (CASES[case] == 1))  # one point has no off-diagonal
    return diag + table, list(free)


def refined(x, over):
    """The same matrix on parts of sets; ``over`` tells each part's set."""
    diag, table = longhand.unpack(x, max(over) + 1)
    return [diag[a] for a in over] + [table[a][b] for a, b in product(over, repeat=2)]


def matrix_of(entry, over, diagonal=None):
    """Coordinates of the matrix with these entries between parts (and on the diagonal)."""
    parts = range(len(over))
    diag = [(diagonal or (lambda a: entry(a, a)))(a) for a in parts]
    return diag + [mpf(entry(a, b)) for a, b in product(parts, repeat=2)]


def copies_of_s(over, z):
    """diag(z), and z_i or z_j over each block with rows or columns in its set."""
    spans = [matrix_of(lambda a, b: 0, over, diagonal=lambda a: z[a])]
    for other in set(over):
        spans.append(matrix_of(lambda a, b, o=other: z[a] * (over[b] == o), over))
        spans.append(matrix_of(lambda a, b, o=other: z[b] * (over[a] == o), over))
    return spans


def singled_out(sizes, over, where):
    """z = (1, -1/(n - 1)) on the two parts of set ``where``, zero on others."""
    z = [mpf(0)] * len(over)
    first = over.index(where)
    z[first], z[first + 1] = mpf(1), -1 / (sizes[where] - 1)
    return z


def split_for(irrep, sizes, where):
    """Parts that see a vector of each copy of the irrep, and these vectors.

    x: z_i u_j - u_i z_j with z = (1, -1, 0), u = (1, 1, -2/(n-2)); sxs: z_i z'_j.
    """
    pieces = {"x": [1, 1], "s": [1], "sxs": [1]}[irrep]
    over, parts = [], []
    for a, n in enumerate(sizes):
        own = [*pieces, n - len(pieces)] if a in where else [n]
        over += [a] * len(own)
        parts += own
    if irrep == "s":
        return over, parts, copies_of_s(over, singled_out(sizes, over, where[0]))
    if irrep == "sxs":
        z, y = (singled_out(sizes, over, a) for a in where)
        spans = [matrix_of(lambda a, b: z[a] * y[b], over)]
        return over, parts, [*spans, matrix_of(lambda a, b: y[a] * z[b], over)]
    first = over.index(where[0])
    z, u = [mpf(0)] * len(over), [mpf(0)] * len(over)
    z[first : first + 2] = mpf(1), mpf(-1)
    u[first : first + 3] = mpf(1), mpf(1), -2 / (sizes[where[0]] - 2)
    return over, parts, [matrix_of(lambda a, b: z[a] * u[b] - u[a] * z[b], over)]


def determinant(case, component, d, start):
    """Of the component's block at d, at the critical point near ``start``."""
    p, (x, free) = CASES[case], start
    sizes = [d - mpf(p), mpf(p)][: 1 + bool(p)]
    x = longhand.critical(longhand.reduced(sizes), x, free)
    names = [points.name for points in branch_of(case).problem.structure.sets]
    where = [names.index(name) for name in component.sets]
    over, parts, spans = split_for(component.irrep, sizes, where)
    function, finer = longhand.reduced(parts), refined(x, over)
    block = mpmath.matrix(len(spans), len(spans))
    for i, j in product(range(len(spans)), repeat=2):
        if i <= j:
            block[i, j] = block[j, i] = longhand.bend(function, finer, spans[i], spans[j])
    return mpmath.det(block)


def secant(function, one, other):
    values = function(one), function(other)
    while abs(other - one) > mpf("1e-12") * abs(other):
        ahead = other - values[1] * (other - one) / (values[1] - values[0])
        one, other, values = other, ahead, (values[1], function(ahead))
    return other


@pytest.mark.parametrize(("case", "label"), [*SADDLE_TO_MINIMUM.items(), *BELOW])
def test_events_are_where_the_block_is_singular_by_hand(case, label):
    """The loss summed over orbits by hand, its second derivatives from differences in
    30 digits, and a secant for the zero of the block's determinant."""
    event = event_of(case, label)
    start, rough = in_longhand(case, event.X[:-1]), mpf(round(event.lam, 2))
    expected = secant(
        lambda d: determinant(case, event.component, d, start), rough, rough + mpf("0.01")
    )
    assert event.lam == pytest.approx(float(expected), rel=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_each_family_turns_from_saddles_to_minima_once(case):
    turns = [e for e in branch_of(case).events if e.transition == "saddle -> minimum"]
    assert turns == [event_of(case)]
    if not case.startswith("M"):
        assert branch_of(case).events == turns


@pytest.mark.parametrize(
    ("case", "digits", "irrep"), [("II", "5.585505", "s[bulk]"), ("A", "5.763812", "x[all]")]
)
def test_critical_sizes_of_types_ii_and_a_begin_with_the_known_digits(case, digits, irrep):
    event = event_of(case)
    assert f"{event.lam:.9f}".startswith(digits)
    assert event.component.label == irrep


@pytest.mark.parametrize("case", CASES)
def test_events_are_located_to_rounding(case):
    problem, event = branch_of(case).problem, event_of(case)
    assert np.abs(problem.gradient(event.X[:-1], event.lam)).max() < 1e-13
    block = problem.blocks(event.X[:-1], event.lam)[event.component]
    assert np.abs(block.eigen().values).min() < 1e-12
    assert np.abs(block.matrix @ event.kernel).max() < 1e-12 * np.abs(event.kernel).max()


@pytest.mark.parametrize("ds_max", [0.05, 0.3, 2.0])
def test_an_event_does_not_depend_on_the_steps_or_on_the_way(ds_max):
    options = Options(ds=min(0.05, ds_max), ds_max=ds_max)
    for window in ((40, 3.2), (3.2, 40), (6, 5.5)):
        (event,) = trace("II", options, d=window).events
        assert event.lam == pytest.approx(branch_of("II").events[0].lam, rel=1e-12)
        assert event.transition == "saddle -> minimum"


def test_with_one_neuron_flipped_type_m_is_type_ii():
    (event,) = trace(family("M", p=1), d=(40, 3.2)).events
    assert event.lam == pytest.approx(event_of("II").lam, rel=1e-12)
    assert event.component.label == "s[bulk]"


def lowest_eigenvalues(name, d):
    """Of the full d² x d² Hessian."""
    problem, point = member(name, "d", float(d))
    w, v = matrices(problem.structure, point.x, problem.parameters(point.lam))
    assert np.abs(full.gradient(w, v, ReLU())).max() < 1e-11
    return np.linalg.eigvalsh(full.hessian(w, v, ReLU()))


@pytest.mark.parametrize(("name", "first"), [("II", 6), ("I", 7), ("A", 6), ("M", 8)])
def test_full_matrices_turn_from_saddle_to_minimum_at_the_first_whole_size(name, first):
    """Spurious minima for k = d >= 6: Safran & Shamir, "Spurious local minima are common
    in two-layer ReLU neural networks", ICML 2018, theorem 1. That the other families
    begin where they do is the next whole number after their critical size."""
    event = event_of(name)
    assert first - 1 < event.lam < first
    below, above = lowest_eigenvalues(name, first - 1), lowest_eigenvalues(name, first)
    assert above[0] > 1e-4
    assert below[0] < -1e-4
    index = round(event.index("below")(**{**event.parameters, "d": first - 1}))
    assert np.count_nonzero(below < 0) == index
    assert event.index("above").text() == "0"


@pytest.mark.parametrize(
    ("name", "loss"), [("II", 0.0112755819), ("I", 0.0992865061), ("A", 0.1015054624)]
)
def test_losses_at_twenty_are_the_known_ones(name, loss):
    """Ten digits, reached by the reduced loss and by that of the 20 x 20 matrices alike."""
    problem, point = member(name, "d", 20.0)
    assert problem.loss(point.x, 20.0) == pytest.approx(loss, abs=5e-11)
    w, v = matrices(problem.structure, point.x, {"d": 20.0})
    assert full.loss(w, v, ReLU()) == pytest.approx(loss, abs=5e-11)


@pytest.mark.parametrize("case", CASES)
def test_speed_is_the_slope_of_the_eigenvalue_along_the_branch(case):
    problem, event = branch_of(case).problem, event_of(case)
    slope = event.tangent / event.tangent[-1]

    def smallest(h):
        X = event.X + h * slope
        values = problem.blocks(X[:-1], X[-1])[event.component].eigen().values
        return values[np.argmin(np.abs(values))]

    h = 1e-4
    assert event.speed == pytest.approx((smallest(h) - smallest(-h)) / (2 * h), rel=1e-5)
    assert event.speed > 0  # a saddle becomes a minimum as d grows


def test_the_global_minimum_has_no_event_and_is_one_everywhere():
    branch = trace("global", d=(40, 3.2))
    assert branch.events == []
    assert branch.is_minimum().all()
    assert branch.loss == pytest.approx(0, abs=1e-13)


def test_spectrum_has_a_row_for_each_point_and_changes_sign_at_the_event():
    branch = branch_of("II")
    (event,) = branch.events
    values = branch.spectrum[event.component]
    assert values.shape == (len(branch.points), event.component.copies)
    assert ((values.min(axis=1) < 0) == (branch.lam < event.lam)).all()
    assert (branch.is_minimum() == (branch.lam > event.lam)).all()


# --- eigenvalues that are not real: the form of a set of less than two points is not definite


@cache
def formal_events():
    branch = trace("M", d=(4.5, 3.4))
    return branch.problem, [event for event in branch.events if event.component.label == "s[bulk]"]


def spectrum_beside(problem, event, step):
    """Eigenvalues of an event's block, complex ones too, a little further along the branch."""
    x = event.X + step * event.tangent / event.tangent[-1]
    for _ in range(8):
        g, jacobian = problem.jacobian(x[:-1], x[-1])
        x = np.append(x[:-1] - np.linalg.solve(jacobian[:, :-1], g), x[-1])
    return np.linalg.eigvals(problem.blocks(x[:-1], x[-1])[event.component].matrix)


def test_a_pair_on_the_imaginary_axis_is_told_from_a_zero():
    problem, events = formal_events()
    for event in events:
        values = spectrum_beside(problem, event, 0.0)
        zeros = np.count_nonzero(np.abs(values) < 1e-9)
        turning = np.count_nonzero((np.abs(values.real) < 1e-9) & (np.abs(values.imag) > 0.1))
        assert (zeros, turning) == ((0, 2) if event.kind == "pair" else (1, 0))
        assert event.formal and event.kernel.shape[1] == zeros + turning
    assert [event.kind for event in events].count("pair") == 1


def test_speed_of_a_pair_is_that_of_its_real_part():
    problem, events = formal_events()
    (pair,) = (event for event in events if event.kind == "pair")

    def slope(step):
        sides = [spectrum_beside(problem, pair, h) for h in (-step, step)]
        low, high = (v[np.argmax(v.imag)].real for v in sides)
        return (high - low) / (2 * step)

    richardson = (4 * slope(5e-7) - slope(1e-6)) / 3
    assert pair.speed == pytest.approx(richardson, rel=1e-5)


def test_the_kernel_of_a_pair_is_the_plane_that_the_block_turns():
    problem, events = formal_events()
    (pair,) = (event for event in events if event.kind == "pair")
    block = problem.blocks(pair.X[:-1], pair.X[-1])[pair.component].matrix
    assert np.linalg.matrix_rank(pair.kernel) == 2
    inside = np.linalg.lstsq(pair.kernel, block @ pair.kernel, rcond=None)[0]
    np.testing.assert_allclose(pair.kernel @ inside, block @ pair.kernel, atol=1e-9)
    assert abs(np.trace(inside)) < 1e-9 and np.linalg.det(inside) > 0.01


def test_a_pair_has_no_locus():
    with pytest.raises(ValueError, match="no eigenvalue of s.bulk. is zero"):
        locus("M", "s:bulk", ("d", "p"), search=(4.5, 3.4), near=3.4341)


@pytest.mark.parametrize("seed", range(5))
def test_speeds_of_a_block_that_is_not_definite_are_slopes_of_real_parts(seed):
    random = np.random.default_rng(seed)
    form, change = (m + m.T for m in random.normal(size=(2, 6, 6)))
    weights = np.array([1.0, 2.0, 1.5, -1.0, -2.0, -0.5])

    def values(step):
        eigen = Block((form + step * change) / weights[:, None], weights).eigen()
        return eigen.values, eigen.imaginary

    step = 1e-6
    eigen = Block(form / weights[:, None], weights).eigen()
    low, high = values(-step)[0], values(step)[0]
    assert eigen.imaginary is not None and np.any(eigen.imaginary)
    np.testing.assert_allclose(
        eigen.speeds(change / weights[:, None]), (high - low) / (2 * step), rtol=1e-6, atol=1e-7
    )
    np.testing.assert_allclose(eigen.left.T @ eigen.right, np.eye(6), atol=1e-9)


def test_no_event_is_lost_where_eigenvalues_are_not_real():
    """A pair and a real eigenvalue of s[bulk] cross near d = 5.003, within one step."""
    at = seed(family("M", p=3.4045874941426923), {"d": (24.6, 4.8)})
    problem, start, window = at.problem, at.start, at.window
    found = [
        [
            (event.component.label, event.kernel.shape[1])
            for event in follow(problem, start, window, options).events
        ]
        for options in (Options(), Options(ds_max=0.05, ahead=1))
    ]
    assert found[0] == found[1]
    assert ("s[bulk]", 2) in found[0]
