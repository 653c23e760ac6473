"""The command line as DESIGN fixes it: what each line takes, and the keys of what it prints."""

import json

import numpy as np
import pytest

import bifurc
from bifurc.cli.main import main

LINES = {
    "critical II --from 8 --to 5 --json": {"family", "parameter", "window", "points"},
    "spectrum II --at d=20 --json": {
        "family", "at", "loss", "gradient_norm", "coordinates", "blocks", "index", "is_minimum",
        "sheet",
    },
    "spectrum M --at d=20 --set p=2 --json": {"sheet"},
    "arcs global --at d=5 --depth 1 --explicit 0 --equal-parts 0 --json": {
        "family", "at", "events", "points",
    },
    "landscape A --at d=5.5 --explicit 0 --json": {"family", "at"},
    "discover --sets d --at d=8 --json": {"at", "points", "complete", "proof"},
}  # fmt: skip
PARTS = {
    ("critical", "points"): {
        "value", "irrep", "set", "kind", "loss", "eigenvalue_speed", "index_below",
        "index_above", "transition", "formal", "sheet",
    },
    ("spectrum", "blocks"): {"irrep", "set", "dimension", "eigenvalues", "neutral"},
    ("arcs", "events"): {"lambda", "irrep", "set"},
    ("arcs", "points"): {"loss", "index", "isotropy", "name", "born_at"},
    ("discover", "points"): {"loss", "index", "name", "coordinates"},
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_each_line_prints_its_keys(line, capsys):
    assert main(line.split()) == 0
    found = json.loads(capsys.readouterr().out)
    assert LINES[line] <= set(found)
    for (command, part), keys in PARTS.items():
        if line.startswith(command) and part in found:
            assert found[part]
            assert all(keys <= set(one) for one in found[part])


def test_values_may_stand_behind_options(capsys):
    """argparse gives a positional argument its values once; those behind an option are added."""
    assert main(["spectrum", "M", "--json", "d=12", "p=3"]) == 0
    late = json.loads(capsys.readouterr().out)
    assert main(["spectrum", "M", "d=12", "p=3", "--json"]) == 0
    assert late == json.loads(capsys.readouterr().out)
    assert late["at"] == {"d": 12.0, "p": 3.0}


def test_several_families_are_a_list_with_values_falling(capsys):
    assert main(["critical", "II", "A", "--from", "9", "--to", "5", "--json"]) == 0
    for one in json.loads(capsys.readouterr().out):
        values = [point["value"] for point in one["points"]]
        assert values == sorted(values, reverse=True)


def test_four_points_of_the_smallest_fixed_space_are_all(capsys):
    """The certificate `complete` tells how many there are, so that starts end with the fourth."""
    assert main(["discover", "--sets", "d", "--at", "d=6.5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["complete"]
    assert len(found["points"]) == 4
    assert found["starts"] < 400
    assert [p["name"] for p in found["points"]][:2] == ["global", "A"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("discover --at d=8", "one fixed space"),
        ("discover II --sets d --at d=8", "one fixed space"),
        ("discover --sets d-p,p --at d=8", "need a value for p"),
        ("discover --sets d,, --at d=8", "is empty"),
        ("discover --sets d", "need a value for d"),
        ("critical A --from 9 --to 5 --form gn", "shown by bifurc spectrum"),
        ("arcs II --at d=8 d=9", "d is given twice"),
        ("landscape II --at d=x", "needs a number"),
        ("spectrum II --at d=8 --set d=9", "d is given twice"),
    ],
)
def test_what_is_wrong_with_a_place_is_said_in_a_line(line, said, capsys):
    assert main(line.split()) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_problem_of_ones_own_has_a_spectrum_too():
    """V = lam |x|²/2 + (x⁴ + y⁴)/4 + x y/4 at 0: eigenvalues lam ± 1/4, from the start -0.5 on."""

    def loss(x, lam):
        return lam * (x @ x) / 2 + (x**4).sum() / 4 + x[0] * x[1] / 4

    own = bifurc.Problem(loss, np.zeros(2), {"lam": -0.5}, group=bifurc.groups.symmetric(2))
    for lam in (0.1, -0.5):
        found = bifurc.spectrum(own, lam=lam)
        values = np.sort(np.concatenate(list(found.eigenvalues.values())))
        np.testing.assert_allclose(values, [lam - 0.25, lam + 0.25], atol=1e-12)
        assert found.index == (1 if lam == 0.1 else 2)
    with pytest.raises(ValueError, match="those of networks"):
        bifurc.spectrum(own, form="gn", lam=0.1)
    with pytest.raises(ValueError, match="'mu' is not known"):
        bifurc.spectrum(own, mu=0.1)


def test_a_case_about_a_model_has_a_spectrum_on_the_command_line(capsys):
    """The chain at u = 0: 2 cos(k pi/6) - 2 + lam, k = 1..5."""
    assert main(["spectrum", "cases/chain.toml", "lam=0.1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    values = [value for block in found["blocks"] for value in block["eigenvalues"]]
    expected = 2 * np.cos(np.arange(1, 6) * np.pi / 6) - 2 + 0.1
    np.testing.assert_allclose(np.sort(values), np.sort(expected), atol=1e-12)


def test_a_branch_that_turns_before_a_value_says_how_near_it_comes():
    """The side branch x² = -lam comes to lam = 0 alone, and turns there."""
    with pytest.raises(bifurc.EndedEarlyError, match="comes as near as"):
        bifurc.member("cases/pitchfork.toml", lam=0.5)
