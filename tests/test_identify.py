"""From weight matrices to families and back."""

import itertools
import json
import math
import tomllib
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.io import loadmat

import bifurc
from bifurc.identification import permuting
from bifurc.identification.case import case_text
from bifurc.identification.catalogue import TOLERANCE, Catalogue
from bifurc.identification.form import block_form
from bifurc.identification.identify import canonical, lowest, problem_of
from bifurc.identification.isotropy import find_points
from bifurc.identification.polish import Verdict, polish
from bifurc.loss import full
from bifurc.loss.kernels import ReLU
from bifurc.structure.families import BUILT_IN, Family
from bifurc.structure.families import catalogue as published
from bifurc.switching.names import isotropy_of

pytestmark = pytest.mark.xdist_group("identification")

# a part of the processed minima; see the README beside the file
MINIMA = json.loads(
    (Path(__file__).parent / "data" / "safran_yehudai_shamir" / "minima.json").read_text()
)
DATA = Path(__file__).parent / "data" / "safran_shamir"
FAMILIES = sorted(BUILT_IN)


def descended(d, k):
    """Matrices (k, d) that Safran and Shamir's runs ended in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # symbolic MATLAB objects that SciPy cannot read
        found = loadmat(DATA / f"newExp-{d}-{k}.mat", variable_names=["WbadNew"])["WbadNew"]
    return np.moveaxis(np.atleast_3d(found), (0, 1, 2), (2, 1, 0))


def conjugate(rng, w, noise=0.0):
    """Rows shuffled and inputs and teacher relabelled, with noise."""
    k, d = w.shape
    return w[rng.permutation(k)][:, rng.permutation(d)] + noise * rng.normal(size=(k, d))


@pytest.fixture(scope="module")
def catalogue():
    """One for all tests: members are computed once."""
    return Catalogue()


# families: Arjevani & Field (2107.02422, table of minima found by SGD) and the
# first-row signs; II is a minimum from d = 6 on, M (p = 2) from d = 8 on
@pytest.mark.parametrize(
    ("d", "names"),
    [(6, ["II"]), (7, ["II"]), (8, ["II"]), (9, ["II", "M (p = 2)"]), (10, ["II", "M (p = 2)"])],
)
def test_end_points_of_published_descents_are_identified(d, names, catalogue):
    found = [bifurc.identify(w, catalogue=catalogue) for w in descended(d, d)]
    assert [f.name for f in found] == names
    for f, w in zip(found, descended(d, d), strict=True):
        eigenvalues = np.linalg.eigvalsh(full.hessian(w, np.eye(d), ReLU()))
        assert f.known
        assert f.is_minimum and eigenvalues.min() > 0
        assert f.loss == pytest.approx(full.loss(w, np.eye(d), ReLU()), rel=1e-9)
        problem, point = bifurc.member(f.family, "d", float(d))
        assert f.loss == pytest.approx(problem.loss(point.x, point.lam), rel=1e-12)


def test_the_matrix_with_one_neuron_too_many_is_an_isolated_minimum_of_its_own_family():
    """No two rows of it are parallel, so no norm is exchanged and no continuum passes."""
    (w,) = descended(8, 9)
    found = bifurc.identify(w)
    assert found.name == "II + 1"  # of the catalogue
    assert [p.size.text() for p in found.structure.sets] == ["d - 1", "1", "1"]
    assert [b.points for b in found.structure.students] == ["bulk", "last", "extra"]
    assert [b.points for b in found.structure.inputs] == ["bulk", "last"]
    assert found.parallel == ()
    eigenvalues = np.linalg.eigvalsh(full.hessian(found.polished.w, np.eye(8), ReLU()))
    assert found.index == 0 and eigenvalues.min() > 1e-3
    assert found.loss == pytest.approx(full.loss(w, np.eye(8), ReLU()), rel=1e-9)


@pytest.mark.parametrize("count", [4, pytest.param(50, marks=pytest.mark.slow)])
@pytest.mark.parametrize("d", [6, 9])
@pytest.mark.parametrize("name", FAMILIES)
def test_random_conjugates_with_noise_are_identified(name, d, count, catalogue):
    rng = np.random.default_rng([d, FAMILIES.index(name)])
    w = bifurc.embed(name, d=d)
    for _ in range(count):
        found = bifurc.identify(conjugate(rng, w, 1e-6), catalogue=catalogue)
        assert found.family.name == name
        assert found.polished.after < 1e-12


@pytest.mark.parametrize("p", [1, 3, 4, 5])
def test_every_whole_p_of_type_m_is_recognised(p, catalogue):
    """With one neuron flipped it is type II."""
    w = bifurc.embed("M", d=8, p=p)
    expected = "II" if p == 1 else f"M (p = {p})"
    assert bifurc.identify(w, catalogue=catalogue).name == expected


@pytest.mark.parametrize("p", [2, 6])
def test_where_two_neurons_are_left_type_m_is_type_a_with_two_rows_exchanged(p, catalogue):
    """Fix(S_2 x S_p) holds a conjugate of type A: the larger isotropy is what counts."""
    w = bifurc.embed("M", d=p + 2, p=p)
    a = bifurc.embed("A", d=p + 2)
    assert_allclose(np.sort(w, axis=None), np.sort(a, axis=None), atol=1e-12)
    assert bifurc.identify(w, catalogue=catalogue).name == "A"


@pytest.mark.parametrize("name", ["II", "M", "A"])
def test_index_and_spectrum_are_those_of_the_full_hessian(name):
    w = bifurc.embed(name, d=5)
    found = bifurc.identify(w)
    whole = np.linalg.eigvalsh(full.hessian(w, np.eye(5), ReLU()))
    assert found.index == (whole < 0).sum() > 0
    at = found.form.parameters
    parts = [np.repeat(v, max(0, round(c.dimension(**at)))) for c, (v, _) in found.spectrum.items()]
    assert_allclose(np.sort(np.concatenate(parts)), whole, atol=1e-10)


def test_a_relabelled_or_rotated_teacher_changes_nothing(catalogue):
    rng = np.random.default_rng(3)
    w = bifurc.embed("II", d=7)
    shuffle = np.eye(7)[rng.permutation(7)]
    turn = np.linalg.qr(rng.normal(size=(7, 7)))[0]
    for q in (shuffle, turn):
        found = bifurc.identify(conjugate(rng, w) @ q, q, catalogue=catalogue)
        assert found.name == "II"
        assert found.index == 0


def test_a_teacher_that_is_no_identity_is_part_of_the_structure():
    v = np.eye(5) + 0.3
    w = polish(v + 0.01 * np.random.default_rng(0).normal(size=(5, 5)), v, ReLU()).w
    found = bifurc.identify(w, v)
    assert not found.known
    assert found.loss == pytest.approx(0, abs=1e-13)
    assert_allclose(canonical(found.form)[1], v)
    problem, point = bifurc.member(found.family, "d", 6.0)
    assert abs(problem.loss(point.x, 6.0)) < 1e-12  # W = V at d = 6 too


def test_too_few_neurons_give_sizes_in_k():
    d, k = 7, 4
    x = np.hstack([np.eye(k) + 0.1, np.full((k, d - k), 0.2)])
    polished = polish(x, np.eye(d), ReLU(), reach=np.inf)
    assert polished.status is Verdict.CRITICAL
    found = bifurc.identify(polished.w)
    assert {p.size.text() for p in found.structure.sets} == {"k", "d - k"}
    assert found.family.parameters == {"d": 7, "k": "d - 3"}


def test_clones_are_a_set_of_rows_and_the_continuum_is_named():
    rng = np.random.default_rng(0)
    w = np.vstack([np.eye(6), 0.3 * np.eye(6)[5:]])
    w[5] *= 0.7
    found = bifurc.identify(w[rng.permutation(7)])
    assert found.ok and abs(found.loss) < 1e-13
    assert any("exchange norm" in note for note in found.notes)
    assert len(found.parallel) == 1 and found.parallel[0][2] < 1e-6
    rows = {b.points: found.structure.size[b.points](d=6, k=7) for b in found.structure.students}
    assert sorted(rows.values()) == [2, 5]
    other = np.vstack([np.eye(6), 0.6 * np.eye(6)[5:]])
    other[5] *= 0.4
    assert_allclose(canonical(bifurc.identify(other).form)[0], canonical(found.form)[0], atol=1e-10)


def test_two_neurons_for_each_of_some_inputs():
    """d <= k <= 2d: k - d inputs have two neurons each, and every point two copies."""
    w = np.vstack([np.eye(6), 0.5 * np.eye(6)[4:]])
    w[4:6] *= 0.5
    points = find_points(w, np.eye(6), 1e-9)
    assert [(p.size, len(p.students)) for p in points] == [(4, 1), (2, 2)]
    found = bifurc.identify(w)
    assert [p.size.text() for p in found.structure.sets] == ["2*d - k", "-d + k"]


def test_a_zero_row_is_named_and_left_out(catalogue):
    w = np.insert(bifurc.embed("II", d=8), 3, 0.0, axis=0)
    found = bifurc.identify(w, catalogue=catalogue)
    assert found.zero_rows == (3,)
    assert found.name == "II"
    assert sorted(found.form.rows) == [0, 1, 2, 4, 5, 6, 7, 8]


def test_rows_and_columns_of_the_form_are_where_they_were():
    w = conjugate(np.random.default_rng(4), bifurc.embed("M", d=9))
    found = bifurc.identify(w)
    block, _ = canonical(found.form)
    assert_allclose(w[np.ix_(found.form.rows, found.form.columns)], block, atol=1e-10)


@pytest.mark.parametrize("p", [6, 8])
def test_two_critical_points_of_one_block_form_and_signs_are_told_apart(p, catalogue):
    """Type A on p neurons beside a student that is right, A(p) + I: not type M with p flipped.

    Of the same signs, but the flipped neurons cover their inputs by themselves.
    """
    d = 12
    w = np.eye(d)
    w[:p, :p] = bifurc.embed("A", d=p)
    found = bifurc.identify(polish(w, np.eye(d), ReLU()).w, catalogue=catalogue)
    assert found.name == f"A(p) + I (q = {d - p})"
    assert found.index == 0
    assert np.linalg.eigvalsh(full.hessian(found.polished.w, np.eye(d), ReLU())).min() > 1e-3


def cyclic(n, extra):
    """A matrix with isotropy Z_3 x S_n: three rows and columns permuted in a circle."""
    w = np.full((n + 3, n + 3), 0.1) + 0.9 * np.eye(n + 3)
    for i in range(3):
        w[i, (i + 1) % 3] += extra
    w[:3, 3:] = 0.2
    return w


def test_a_circle_of_points_is_tied():
    form = block_form(cyclic(4, 0.35), np.eye(7), TOLERANCE)
    assert [p.size.text() for p in form.structure.sets] == ["d - 3", "1", "1", "1"]
    assert form.deviation < 1e-14
    assert (form.order, len(form.x)) == (
        3,
        7,
    )  # 2 in the bulk, 1 each way beside it, 3 in the circle
    assert isotropy_of(problem_of(form, ReLU())) == "S(d - 3) x S(1)^3 : C3"
    assert block_form(cyclic(4, 0.0), np.eye(7), TOLERANCE).order == 1


# the classes of subgroups of S_4 by generators, and the order of the isotropy group of a
# generic matrix that they fix: of all but A_4 their own (2-closed groups, Wielandt 1969)
SUBGROUPS_OF_S4 = {
    "trivial": ([], 1),
    "C_2": ([(1, 0, 2, 3)], 2),
    "C_2, both pairs": ([(1, 0, 3, 2)], 2),
    "C_3": ([(1, 2, 0, 3)], 3),
    "C_4": ([(1, 2, 3, 0)], 4),
    "V_4": ([(1, 0, 3, 2), (2, 3, 0, 1)], 4),
    "S_2 x S_2": ([(1, 0, 2, 3), (0, 1, 3, 2)], 4),
    "S_3": ([(1, 2, 0, 3), (1, 0, 2, 3)], 6),
    "D_4": ([(1, 2, 3, 0), (2, 1, 0, 3)], 8),
    "A_4": ([(1, 2, 0, 3), (1, 0, 3, 2)], 24),
    "S_4": ([(1, 2, 3, 0), (1, 0, 2, 3)], 24),
}


def fixed_by(generators, seed):
    """A generic square matrix that a group of permutations fixes."""
    n = len(generators[0]) if generators else 4
    w = np.random.default_rng(seed).normal(size=(n, n))
    for _ in range(6000):  # each takes a share of what is not fixed
        for g in generators:
            w = (w + w[np.ix_(g, g)]) / 2
    return w


def order_of(form):
    """The order of the isotropy group: of the sets, and of what permutes them."""
    sizes = (round(points.size(**form.parameters)) for points in form.structure.sets)
    return form.order * math.prod(math.factorial(size) for size in sizes)


@pytest.mark.parametrize("name", SUBGROUPS_OF_S4)
def test_isotropy_groups_at_four_points_are_the_closed_ones(name):
    generators, order = SUBGROUPS_OF_S4[name]
    w, rng = fixed_by(generators, 3), np.random.default_rng(4)
    turn = rng.permutation(4)
    form = block_form(w[rng.permutation(4)][:, turn], np.eye(4)[:, turn], 1e-9)
    assert order_of(form) == order
    assert form.deviation < 1e-12
    assert not form.said
    orbits = len({round(float(entry), 9) for entry in w.ravel()})
    assert len(form.x) == orbits


@pytest.mark.parametrize(
    ("matrix", "order"),
    [
        (np.kron(np.eye(10), np.eye(2) + 0.3) + 0.1, 2**10 * math.factorial(10)),  # S_2 wr S_10
        (np.kron(np.eye(2), np.eye(10) + 0.3) + 0.1, 2 * math.factorial(10) ** 2),  # S_10 wr S_2
        (fixed_by([tuple((i + 1) % 20 for i in range(20))], 0), 20),  # C_20
        (fixed_by([tuple((i + 1) % 7 for i in range(7)), (0, 6, 5, 4, 3, 2, 1)], 0), 14),  # D_7
    ],
)
def test_wreath_products_circles_and_polygons_are_found(matrix, order):
    n, rng = len(matrix), np.random.default_rng(5)
    turn = rng.permutation(n)
    form = block_form(matrix[rng.permutation(n)][:, turn], np.eye(n)[:, turn], 1e-9)
    assert order_of(form) == order
    assert form.deviation < 1e-12


def symmetries_by_trial(w, v):
    """The order of the isotropy group, by all permutations of columns."""

    def rows(matrix):
        return Counter(tuple(np.round(row, 8)) for row in matrix)

    orders = map(list, itertools.permutations(range(w.shape[1])))
    found = sum(rows(w) == rows(w[:, o]) and rows(v) == rows(v[:, o]) for o in orders)
    clones = [math.factorial(n) for matrix in (w, v) for n in rows(matrix).values()]
    return found * math.prod(clones)


@pytest.mark.parametrize("seed", range(24))
def test_isotropy_groups_are_those_of_trial_or_it_is_said(seed):
    """Random matrices of few values, symmetric ones, those that a permutation fixes, on pairs."""
    rng = np.random.default_rng(seed)
    n, values = int(rng.integers(2, 6)), rng.normal(size=int(rng.integers(2, 4)))
    pairs = list(itertools.combinations(range(n), 2))
    square = rng.choice(values, size=(n, n))
    w = [
        rng.choice(values, size=(int(rng.integers(1, 7)), n)),
        square + square.T,
        fixed_by([tuple(rng.permutation(n).tolist())], seed),
        np.array([[values[int(c in pair)] for c in range(n)] for pair in pairs]),
    ][seed % 4]
    v = np.vstack([np.eye(n), np.ones((int(rng.integers(2)), n))])
    turn = rng.permutation(n)
    form = block_form(w[rng.permutation(len(w))][:, turn], v[:, turn], 1e-9)
    assert form.deviation < 1e-12
    order = symmetries_by_trial(w, v)
    assert order_of(form) == order or (form.said and order % order_of(form) == 0)


def test_a_search_for_permutations_that_is_cut_short_is_said(monkeypatch):
    monkeypatch.setattr(permuting, "MOST", 1)
    form = block_form(fixed_by([(1, 2, 3, 4, 0)], 0), np.eye(5), 1e-9)
    assert "ended before" in form.said
    assert form.deviation < 1e-12


# of 0.6872 on its diagonal, on the arc of D_5 from W = V (test_arcs); polished below
PENTAGON = (
    0.687241184244 * np.eye(5)
    + 0.378850850816 * (np.roll(np.eye(5), 1, 1) + np.roll(np.eye(5), -1, 1))
    - 0.190565910657 * (np.roll(np.eye(5), 2, 1) + np.roll(np.eye(5), -2, 1))
)


@pytest.mark.parametrize(("noise", "tolerance"), [(1e-5, None), (2e-2, 0.1)])
def test_the_critical_point_of_a_pentagon_is_told_by_its_group(noise, tolerance):
    """Loss and index from the full matrix of another computation."""
    rng = np.random.default_rng(0)
    turn = rng.permutation(5)
    w = PENTAGON[rng.permutation(5)][:, turn] + noise * rng.normal(size=(5, 5))
    found = bifurc.identify(w, tolerance=tolerance)
    assert found.name == "new: S(1)^5 : D5"
    assert found.loss == pytest.approx(0.1735483048, abs=1e-10)
    assert found.index == 10
    assert len(found.form.x) == 3
    every = np.concatenate([values for values, _ in found.spectrum.values()])
    full_ones = np.linalg.eigvalsh(full.hessian(found.polished.w, np.eye(5), ReLU()))
    assert_allclose(np.sort(every), full_ones, atol=1e-10)
    assert ("0.1 of one another" in " ".join(found.notes)) == (tolerance is not None)


def test_a_case_of_a_pentagon_runs_again():
    """No size can grow, so it is continued in weight decay; its loss is that of the matrix."""
    data = tomllib.loads(case_text(bifurc.identify(PENTAGON).family))
    family = Family.build(**data["family"])
    assert data["window"] == {"mu": [0.0, 0.05]}
    assert family.structure.ties
    problem, point = bifurc.api.member(family, "mu", 0.02)
    assert len(point.x) == 3
    w, v = bifurc.loss.embedding.matrices(problem.structure, point.x, {"d": 5.0, "mu": 0.02})
    pulled = full.gradient(w, v, ReLU()) + 0.02 * w
    assert np.abs(pulled).max() < 1e-10
    assert np.linalg.norm(w) < np.linalg.norm(PENTAGON)


def test_ties_that_permute_nothing_there_is_are_refused():
    sets, start = {"a": 1, "b": 1}, {"a": 1, "b": 1}
    with pytest.raises(ValueError, match="tie must permute"):
        Family.build("f", sets=sets, start=start, ties=[{"a": "c", "c": "a"}])
    with pytest.raises(ValueError, match="list of tables"):
        Family.build("f", sets=sets, start=start, ties={"a": "b", "b": "a"})


def test_a_matrix_without_symmetry_is_all_points():
    form = block_form(np.random.default_rng(1).normal(size=(4, 4)), np.eye(4), TOLERANCE)
    assert all(p.size.constant == 1 for p in form.structure.sets)
    assert form.deviation < 1e-15


def test_rows_on_pairs_of_points_fall_back_to_a_form_that_holds():
    pairs = [(i, j) for i in range(5) for j in range(i)]
    w = np.array([[1.0 if c in pair else 0.2 for c in range(5)] for pair in pairs])
    form = block_form(w, np.eye(5), TOLERANCE)
    assert form.deviation < 1e-14
    assert max(p.size(**form.parameters) for p in form.structure.sets) == 3


@pytest.mark.parametrize("seed", range(20))
def test_block_form_is_an_automorphism_form_and_canonical(seed):
    """Random matrices of random structures, shuffled: same form, and it reproduces them."""
    rng = np.random.default_rng(seed)
    n, m = rng.integers(2, 5, size=2)
    structure = bifurc.Structure.build(
        {"a": int(n), "b": int(m), "c": 1, "e": 2},
        ["a", "b", "c", "a", "e"],
        ["a", "b", "c"],
    )
    from bifurc.loss.embedding import matrices

    w, v = matrices(structure, rng.normal(size=len(structure.coordinates)), {})
    one = block_form(w, v, TOLERANCE)
    turn = rng.permutation(w.shape[1])
    other = block_form(w[rng.permutation(len(w))][:, turn], v[:, turn][turn], TOLERANCE)
    assert one.deviation < 1e-12
    assert_allclose(
        w[np.ix_(one.rows, one.columns)], matrices(one.structure, one.x, one.parameters)[0]
    )
    # no more coordinates than it was made with; on two points two copies may part alike
    assert len(one.x) <= len(structure.coordinates)
    assert one.structure == other.structure
    assert_allclose(one.x, other.x, atol=1e-12)


def test_a_matrix_far_from_any_critical_point_gets_a_clear_answer():
    found = bifurc.identify(np.random.default_rng(0).normal(size=(8, 8)))
    assert not found.ok
    assert "not near a critical point" in found.polished.status.value
    assert found.name is None and found.index is None


def test_polishing_keeps_the_index():
    """Newton goes to the near saddle, not down to a minimum."""
    w = bifurc.embed("II", d=5)
    polished = polish(w + 1e-4 * np.random.default_rng(2).normal(size=w.shape), np.eye(5), ReLU())
    assert polished.status.ok
    assert_allclose(polished.w, w, atol=1e-10)


def test_sixty_inputs_work():
    w = conjugate(np.random.default_rng(6), bifurc.embed("M", d=60, p=3), 1e-6)
    found = bifurc.identify(w)
    assert found.name == "M (p = 3)"
    assert found.polished.after < 1e-12


@pytest.mark.parametrize(("name", "p"), [("II", {}), ("A", {}), ("M", {"p": 2})])
def test_a_hundred_neurons_are_identified_without_forming_a_hessian(name, p, monkeypatch):
    w = conjugate(np.random.default_rng(7), bifurc.embed(name, d=100, **p), 1e-5)
    monkeypatch.setattr("bifurc.loss.full.hessian", lambda *_: pytest.fail("formed"))
    found = bifurc.identify(w)
    assert found.name.split()[0] == name and found.index == 0
    assert found.polished.after < 1e-12 and found.polished.moved < 1e-3


def test_polishing_by_products_keeps_a_saddle(monkeypatch):
    monkeypatch.setattr("bifurc.identification.polish.SPECTRAL", 0)
    test_polishing_keeps_the_index()


def test_the_lowest_eigenvalues_of_a_large_hessian_tell_its_index(monkeypatch):
    w = bifurc.embed("A", d=5)
    whole = lowest(w, np.eye(5))
    monkeypatch.setattr("bifurc.identification.identify.SPECTRAL", 0)
    few = lowest(w, np.eye(5))
    assert len(few) == 12 < len(whole) == 25
    assert (few < 0).sum() == (whole < 0).sum() == 6  # x of dimension (d - 1)(d - 2)/2
    assert_allclose(few, whole[:12], atol=1e-8)


@pytest.mark.parametrize(
    ("w", "message"),
    [
        (np.ones(3), "shape"),
        (np.ones((0, 3)), "shape"),
        ([[1.0, np.nan]], "row 0, column 1"),
        ([["a", "b"]], "real numbers"),
        ([[1.0], [1.0, 2.0]], "differ in length"),
        (np.zeros((3, 3)), "zero"),
        (np.ones((2, 2), dtype=complex), "real numbers"),
    ],
)
def test_bad_matrices_are_refused_in_a_line(w, message):
    with pytest.raises(ValueError, match=message) as caught:
        bifurc.identify(w)
    assert "\n" not in str(caught.value)


def test_a_teacher_of_another_width_is_refused():
    with pytest.raises(ValueError, match="columns"):
        bifurc.identify(np.eye(3), np.eye(4))


# -- case files ------------------------------------------------------------------


# its window ends at the smallest size, where rows go to zero and the branch ends early
@pytest.mark.filterwarnings("ignore:The branch ended:bifurc.errors.EndedEarlyWarning")
def test_a_case_file_gives_the_family_back_and_continues_it():
    (w,) = descended(8, 9)
    found = bifurc.identify(w)
    data = tomllib.loads(case_text(found.family))
    again = Family.build(**data["family"])
    assert again == found.family
    problem, point = bifurc.member(again, "d", 8.0)
    assert problem.loss(point.x, 8.0) == pytest.approx(found.loss, rel=1e-13)
    window = data["window"]["d"]
    branch = bifurc.trace(again, d=tuple(window))
    assert branch.points[0].lam == 40
    assert branch.points[-1].lam < 4
    minimum_from = [e.lam for e in branch.events if e.transition == "saddle -> minimum"]
    assert 6 < minimum_from[0] < 7  # it is a minimum at 8


@pytest.mark.parametrize("name", FAMILIES)
def test_case_text_of_every_built_in_family_builds_it_again(name):
    family = BUILT_IN[name]
    data = tomllib.loads(case_text(family, (40, 3.1)))
    assert data["window"] == {"d": [40, 3.1]}
    again = Family.build(**data["family"])
    assert (again.structure, again.start) == (family.structure, family.start)
    assert again.parameters == family.parameters


def test_a_family_of_points_only_has_no_case_file():
    structure = bifurc.Structure.build({"a": 1}, ["a"], ["a"])
    with pytest.raises(ValueError, match="nothing to continue"):
        case_text(Family("points", structure, {"a": 1.0}, {}))


def test_a_family_of_a_case_file_is_recognised():
    (w,) = descended(8, 9)
    text = case_text(bifurc.identify(w).family).replace('"II + 1"', '"mine"')
    mine = Family.build(**tomllib.loads(text)["family"])
    found = bifurc.identify(conjugate(np.random.default_rng(0), w, 1e-6), families=[mine])
    assert found.known
    assert found.name == "mine"


def found_at(values, at):
    """Type II with a member at hand."""
    names = [c.name for c in BUILT_IN["II"].structure.coordinates]
    found = {"at": at, "coordinates": dict(zip(names, values, strict=True))}
    return replace(BUILT_IN["II"], found=found)


def test_a_found_member_is_where_the_family_starts():
    """A member of type I found at d = 9: its coordinates decide, not the pattern of II."""
    problem, point = bifurc.member("I", "d", 9.0)
    _, reached = bifurc.member(found_at(point.x, {"d": 9}), "d", 12.0)
    _, expected = bifurc.member("I", "d", 12.0)
    assert_allclose(reached.x, expected.x, atol=1e-10)


@pytest.mark.parametrize(
    ("values", "at", "message"),
    [
        ([0.7, -0.3, 0.2, -0.4, 0.1], {"d": 9}, "no critical point"),
        ([1.0, 0.0, 0.0, 0.0, 1.0], {"p": 2}, "where"),
    ],
)
def test_a_found_member_that_is_none_is_refused(values, at, message):
    with pytest.raises(ValueError, match=message):
        bifurc.member(found_at(values, at), "d", 12.0)


def test_a_found_member_must_have_all_coordinates():
    with pytest.raises(ValueError, match="found"):
        Family.build("x", sets={"all": "d"}, start={"all": 1}, parameters={"d": 8},
                     found={"at": {"d": 8}, "coordinates": {}})  # fmt: skip


@pytest.mark.parametrize("d", [20, 21, 23])
@pytest.mark.parametrize("name", [*BUILT_IN, *published()])
@pytest.mark.filterwarnings("ignore:The start lies on a continuum")
def test_every_known_family_is_recognised_from_its_matrix(name, d, catalogue):
    rng = np.random.default_rng(d)
    found = bifurc.identify(conjugate(rng, bifurc.embed(name, d=d)), catalogue=catalogue)
    assert found.known
    assert found.family.name == name


def matrix_of(entry):
    """The student of a published minimum: rows are neurons there, columns are in the file."""
    sizes, values = entry["p"], entry["vals"]
    if len(sizes) == 1:
        values = [values]
    w = np.block(
        [[np.full((m, n), values[i][j]) for j, n in enumerate(sizes)] for i, m in enumerate(sizes)]
    )
    for start, n, row, i in zip(
        np.cumsum([0, *sizes]), sizes, values, range(len(sizes)), strict=False
    ):
        w[start : start + n, start : start + n] = row[-1] + (row[i] - row[-1]) * np.eye(n)
    return w.T


def names_of(entry):
    """What the blocks of a published minimum may be called: one plus for each that is kept."""
    sizes = entry["p"]
    if len(sizes) == 1:
        return ["global"]
    if len(sizes) == 3:
        return [f"p- 1- (p = {sizes[0]})"]
    if sizes[0] == 1:
        return ["II"]
    # the flipped block of A(p) + I covers its inputs by itself: off-diagonal near 2/p
    covers = entry["vals"][0][-1] > 1 / sizes[0]
    return [f"A(p) + I (q = {sizes[1]})" if covers else f"M (p = {sizes[0]})"]


@pytest.mark.parametrize(
    "entry",
    [pytest.param(e, marks=pytest.mark.slow if e["k"] > 20 else ()) for e in MINIMA],
    ids=lambda e: f"{e['k']}-{'-'.join(map(str, e['p']))}",
)
def test_published_minima_are_named(entry, catalogue):
    """Safran, Yehudai, Shamir 2021, processed minima of 500 descents for each k."""
    found = bifurc.identify(matrix_of(entry), catalogue=catalogue)
    assert [found.name] == names_of(entry)
    assert found.index == 0


def test_a_transposed_matrix_is_described_as_its_transpose(catalogue):
    """Type II at d = 7 transposed moves by a tenth of its norm, to another conjugate of II."""
    found = bifurc.identify(bifurc.embed("II", d=7).T, catalogue=catalogue)
    assert found.name == "II"
    assert found.polished.moved < 1e-10
    assert any("transpose" in note for note in found.notes)


@pytest.mark.parametrize("entry", [e for e in MINIMA if len(e["p"]) == 3][:2], ids=str)
def test_the_case_of_a_branch_with_folds_can_be_followed(entry, catalogue):
    """Its window begins on the branch and ends beyond the lower fold, at 18.73 for p = 6."""
    data = tomllib.loads(case_text(bifurc.identify(matrix_of(entry), catalogue=catalogue).family))
    branch = bifurc.trace(Family.build(**data["family"]), d=tuple(data["window"]["d"]))
    (fold,) = (event for event in branch.events if event.kind == "fold")
    assert fold.lam == pytest.approx(18.73, abs=0.005)
    assert 23 < branch.points[0].lam < 23.642675


@pytest.mark.parametrize("kernel, name", [("gelu", "II"), ("gelu", "A"), ("softplus", "II")])
def test_a_matrix_of_another_activation_is_identified(kernel, name, rng, tmp_path, capsys):
    from bifurc.cli.main import main

    family = bifurc.family(name).with_kernel(kernel)
    w = conjugate(rng, bifurc.embed(family, d=7), 1e-6)
    found = bifurc.identify(w, kernel=kernel)
    problem, point = bifurc.member(family, d=7)
    assert found.name == name and found.index == 0
    assert found.loss == pytest.approx(problem.loss(point.x, 7.0), rel=1e-9)
    assert_allclose(found.problem.gradient(found.form.x, 7.0), 0.0, atol=1e-12)
    np.save(tmp_path / "w.npy", w)
    assert main(["identify", str(tmp_path / "w.npy"), "--kernel", kernel, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["family"] == name


def test_descents_of_another_activation_know_its_minima():
    """Of A, I, II and M those that are minima at d = 6 by the thresholds of issue 17, section 4."""
    ended = bifurc.descend(6, runs=3, seed=1, kernel="gelu")
    assert not ended.unidentified
    assert {kind.name for kind in (*ended.kinds, *ended.missed)} == {"global", "A", "II"}
    assert all(kind.index == 0 for kind in (*ended.kinds, *ended.missed))
