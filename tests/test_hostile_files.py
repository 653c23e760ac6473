"""Files of shipped certificates made hostile: no code is run, nothing hangs, nothing is unread."""

import json
from pathlib import Path

import pytest

from bifurc.cli.certify import subject_of
from bifurc.proof import complete, theorem
from bifurc.proof.interval import NotCertifiedError
from tests.test_hostile import lie, rejected

SHIPPED = Path(__file__).parent.parent / "cases" / "certificates"
EVENT, LEAKY, BRANCH, THEOREM = (
    json.loads((SHIPPED / f"{name}.json").read_text())
    for name in ("II-s-5.5855", "leaky_ii-s-5.6511", "branches/II", "theorems/II")
)
LIMIT = THEOREM["certificates"][1]


def test_a_file_that_a_certificate_names_is_not_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = "open('was_run', 'w').close()\nfrom bifurc.loss.kernels import ReLU\n"
    Path("model.py").write_text(code)
    data = lie(EVENT, ["problem", "kernel", "name"], "model.py:ReLU")
    assert "there is no kernel" in rejected(data, tmp_path, capsys)
    assert not Path("was_run").exists()


@pytest.mark.parametrize("data", [EVENT, BRANCH, LIMIT], ids=["event", "branch", "limit"])
def test_a_precision_that_nothing_needs_is_refused_at_once(data, tmp_path, capsys):
    """With it a branch would be checked for days."""
    assert "precision" in rejected(lie(data, ["precision"], 100_000), tmp_path, capsys)


@pytest.mark.parametrize("data", [EVENT, BRANCH, LIMIT], ids=["event", "branch", "limit"])
def test_a_problem_larger_than_its_boxes_is_refused_before_it_is_computed_with(
    data, tmp_path, capsys
):
    names = [f"s{i}" for i in range(120)]
    blocks = [[name, name] for name in names]
    problem = data["problem"] | {
        "sets": dict.fromkeys(names, "d - 1"),
        "teacher": [[name, name, "1", "0"] for name in names],
        **dict.fromkeys(("students", "inputs", "teachers"), blocks),
    }
    rejected(lie(data, ["problem"], problem), tmp_path, capsys)


@pytest.mark.parametrize("depth", [900, 950, 980, 985, 990, 995, 1000])
def test_however_deep_a_file_is_nested_it_is_rejected_in_one_line(depth, tmp_path, capsys):
    text = json.dumps(EVENT)
    rejected(text.replace('"pivot": ', '"x": ' + "[" * depth + "]" * depth + ', "pivot": '),
             tmp_path, capsys)  # fmt: skip


@pytest.mark.parametrize(
    ("data", "path", "value"),
    [
        (EVENT, ["problem", "teacher", 1, 3], "9"),  # beside the diagonal of one point
        (EVENT, ["problem", "teacher", 1], ["last", "bulk", "0", "0"]),
        (LEAKY, ["problem", "kernel", "parameters"], {"slope": 0.3}),  # that runs along the line
    ],
)
def test_nothing_of_a_problem_is_unread(data, path, value, tmp_path, capsys):
    rejected(lie(data, path, value), tmp_path, capsys)


def test_an_entry_is_said_to_be_off_a_diagonal_where_there_is_one():
    oblique = json.loads((SHIPPED / "teacher_oblique-s-5.8803.json").read_text())
    assert "teacher bulk.bulk 1 (off b), last.last 1, bulk.last b, last.bulk b;" in subject_of(
        oblique
    )


def test_signs_may_not_change_where_an_irrep_ends_and_begins_again():
    """With no event since, a theorem would say that signs are the same all the way."""
    negative = THEOREM["certificates"][0]["proved"]["negative"]
    assert negative["s[bulk]"] == [0, 1]
    assert theorem.conclusions(THEOREM) == THEOREM["proved"]
    silent = lie(THEOREM, ["certificates", 0, "proved", "events"], [])
    with pytest.raises(NotCertifiedError, match="begins again"):
        theorem.conclusions(silent)


def test_another_number_of_critical_points_is_none_of_those_named(monkeypatch):
    monkeypatch.setattr(complete, "count", lambda e: 2)
    with pytest.raises(NotCertifiedError, match="another one"):
        complete.certify_complete()
