"""Other widths, teachers and signs: every case file with a family of its own."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import bifurc
from bifurc.case import load_case
from bifurc.continuation.trace import point_at
from bifurc.errors import EndedEarlyError
from bifurc.events.branch import follow
from bifurc.loss import full
from bifurc.loss.embedding import matrices, row_weights
from bifurc.run import family_of

CASES = Path(__file__).parents[2] / "cases"
CRAFTED = [
    "narrow_a", "wide_a_1", "wide_i_1", "wide_ii_1", "wide_m_1", "wide_i_2", "wide_ii_2",
    "wide_ii_e", "wide_i_3", "wide_m_2", "teacher_oblique", "teacher_narrow", "teacher_wide",
    "signs", "leaky_ii",
]  # fmt: skip


def traced(name):
    case = load_case(CASES / f"{name}.toml")
    ((parameter, window),) = case.window.items()
    family = family_of(case)
    return case, parameter, family, bifurc.trace(family, **{parameter: tuple(window)})


@pytest.mark.parametrize("name", CRAFTED)
def test_a_case_has_the_events_it_promises_and_no_others(name):
    case, parameter, _, branch = traced(name)
    found = [
        (e.lam, e.component.irrep, e.component.points, e.transition)
        for e in branch.events
        if not e.formal
    ]
    wanted = [(e.model_extra[parameter], e.irrep, e.set, e.transition) for e in case.expect.events]
    assert [rest for _, *rest in found] == [rest for _, *rest in wanted]
    assert_allclose([lam for lam, *_ in found], [lam for lam, *_ in wanted], atol=1e-9)


@pytest.mark.parametrize("name", CRAFTED)
def test_index_on_both_sides_of_every_event_is_that_of_the_full_hessian(name):
    case, parameter, family, branch = traced(name)
    for event in (e for e in branch.events if not e.formal):
        for whole in (np.floor(event.lam), np.ceil(event.lam)):
            if not case.window[parameter][1] <= whole <= 12:
                continue
            reduced, point = bifurc.member(family, parameter, float(whole))
            values = reduced.parameters(point.lam)
            w, v = matrices(reduced.structure, point.x, values)
            a, b = row_weights(reduced.structure, values)
            kernel = reduced.rows(point.x, point.lam).kernel
            assert np.abs(full.gradient(w, v, kernel, a, b)).max() < 1e-10
            blocks = reduced.blocks(point.x, point.lam)
            expected = sum(
                int(np.count_nonzero(block.eigen().values < 0)) * round(c.dimension(**values))
                for c, block in blocks.items()
                if c.exists(values)
            )
            eigenvalues = np.linalg.eigvalsh(full.hessian(w, v, kernel, a, b))
            assert np.count_nonzero(eigenvalues < -1e-9) == expected


@pytest.mark.parametrize(
    "name, minimum",
    [
        ("wide_a_1", False), ("wide_i_1", True), ("wide_ii_1", True), ("wide_m_1", True),
        ("wide_i_2", False), ("wide_ii_2", False), ("wide_ii_e", False), ("wide_i_3", False),
    ],
)  # fmt: skip
def test_which_types_survive_extra_neurons_at_dimension_twenty(name, minimum):
    # Arjevani, Field, "Annihilation of spurious minima in two-layer ReLU networks", NeurIPS 2022
    family = family_of(load_case(CASES / f"{name}.toml"))
    reduced, point = bifurc.member(family, "d", 20.0)
    w, v = matrices(reduced.structure, point.x, reduced.parameters(20.0))
    eigenvalues = np.linalg.eigvalsh(full.hessian(w, v, reduced.kernel))
    assert reduced.loss(point.x, 20.0) > 1e-3  # a spurious critical point
    assert (eigenvalues.min() > -1e-9) == minimum


def test_an_input_that_no_teacher_sees_shifts_the_event_by_one():
    events = [traced(name)[3].events for name in ("wide_a_1", "teacher_narrow")]
    assert_allclose(events[1][0].lam, events[0][0].lam + 1, rtol=1e-10)


def test_extra_rows_tied_to_one_flipped_point_are_one_extra_row():
    family = family_of(load_case(CASES / "wide_m_2.toml")).with_parameters(p=1)
    # from p = 2 its branch ends at p = 1.2073, where the two rows of the last point become equal
    with pytest.raises(EndedEarlyError, match=r"p = 1\.2073"):
        bifurc.trace(family, d=(20, 5))
    reduced = bifurc.problem(family, "d")
    x = [0.9983, -0.0043, 0.0947, 0.0322, -0.6618, 0.0461, -0.1773]
    tied = follow(reduced, point_at(reduced, x, 20.0, towards=-1.0), (5.0, 20.0)).events
    alone = [e for e in traced("wide_ii_1")[3].events if e.lam > 5]
    assert_allclose([e.lam for e in tied], [e.lam for e in alone], rtol=1e-11)


def test_a_start_that_names_an_unknown_column_is_refused():
    with pytest.raises(ValueError, match="names column 'lsat'|names column lsat"):
        bifurc.Family.build(
            "mine", sets={"all": "d", "extra": 1}, students=["all", "extra"], inputs=["all"],
            start={"all": -1, "extra": {"lsat": 1}}, parameters={"d": 20},
        )  # fmt: skip


def test_diagonals_of_a_start_are_those_of_rows_with_a_column_of_their_own():
    family = family_of(load_case(CASES / "wide_i_1.toml"))
    assert family.diagonals == {"bulk": -1.0, "last": 1.0, "extra": 0.0}
