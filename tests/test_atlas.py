"""The atlas: several fixed spaces in one folder, each point once, with its family."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import bifurc
import bifurc.landscapes.atlas as room
from bifurc.cli.main import main
from bifurc.files import FileError
from bifurc.landscapes.points import Names, critical
from bifurc.loss import full
from bifurc.loss.kernels import ReLU

MINIMA = json.loads(
    (Path(__file__).parent / "data" / "safran_yehudai_shamir" / "minima.json").read_text()
)


def loss_of(minimum):
    """The loss of a published minimum from its full matrix (columns are neurons there)."""
    sizes, values = minimum["p"], minimum["vals"]
    values = values if isinstance(values[0], list) else [values]
    bands = []
    for i, row in enumerate(values):
        band = [np.full((sizes[i], n), row[j]) for j, n in enumerate(sizes)]
        band[i] = np.full((sizes[i], sizes[i]), row[-1]) + (row[i] - row[-1]) * np.eye(sizes[i])
        bands.append(np.hstack(band))
    w = np.vstack(bands).T
    return full.loss(w, np.eye(len(w)), ReLU())


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    folder = tmp_path_factory.mktemp("atlas")
    return folder, bifurc.update_atlas(folder, ["A", "II"], starts=10, homotopies=[], d=8)


def test_each_point_is_there_once_and_known_ones_have_their_names(atlas):
    """The threshold of II is that of arXiv 2008.01805 to the digits of the catalogue's tests."""
    folder, lines = atlas
    named = {line["name"]: line for line in lines}
    assert named["global"]["spaces"] == ["A", "II"]
    assert named["II"]["loss"] == pytest.approx(0.0215080372, abs=1e-10)
    assert "s[bulk] 5.585505" in named["II"]["thresholds"]
    marks = [np.array(line["mark"]) for line in lines]
    for i, one in enumerate(marks):
        assert all(np.abs(one - other).max() > 1e-6 for other in marks[:i])
    with open(folder / "atlas.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == [line["loss"] for line in lines]


def test_every_case_of_a_family_gives_its_member_again(atlas):
    folder, lines = atlas
    for line in lines:
        problem, point = bifurc.member(str(folder / line["case"]), d=8)
        assert float(problem.loss(point.x, 8.0)) == pytest.approx(line["loss"], abs=1e-11)


def test_what_was_done_is_not_done_again(atlas, monkeypatch):
    folder, lines = atlas

    def never(*_, **__):
        raise AssertionError

    monkeypatch.setattr(room, "discover", never)
    monkeypatch.setattr(room, "follow", never)
    again = bifurc.update_atlas(folder, ["A", "II"], starts=10, homotopies=[], d=8)
    assert [line["name"] for line in again] == [line["name"] for line in lines]


@pytest.mark.slow
def test_points_at_two_places_are_of_one_family_if_its_branch_comes_by(tmp_path):
    """In Fix(S_d) all points are found at both, which is proved."""
    bifurc.update_atlas(tmp_path, ["A"], starts=60, d=6)
    lines = bifurc.update_atlas(tmp_path, ["A"], starts=60, d=7)
    new = {(line["at"]["d"], line["family"]) for line in lines if line["new"]}
    families = [{family for d, family in new if d == at} for at in (6, 7)]
    assert len(families[0]) == 2
    assert families[0] == families[1]


def test_what_is_wrong_is_said_in_one_line(tmp_path):
    with pytest.raises(ValueError, match="which spaces and where"):
        bifurc.update_atlas(tmp_path, ["A"])
    with pytest.raises(ValueError, match="Unknown family"):
        bifurc.update_atlas(tmp_path, ["Q"], d=6)
    with pytest.raises(ValueError, match="size"):
        bifurc.update_atlas(tmp_path, ["A", "M p=9"], d=6)
    (tmp_path / "spaces").mkdir()
    (tmp_path / "spaces" / "broken.json").write_text("{")
    with pytest.raises(FileError, match="no part of an atlas"):
        bifurc.update_atlas(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"[]",
        lambda text: b"null",
        lambda text: b"{}",
        lambda text: b"",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace(b'"index": 1', b'"index": 0'),
        lambda text: text.replace(b'"points"', b'"pints"'),
        lambda text: text.replace(b'"window": "', b'"window": "9'),
        lambda text: text.replace(b'"through": {', b'"through": { "7": 1, '),
    ],
)
def test_a_part_that_was_altered_is_refused_in_one_line(atlas, change, tmp_path):
    shutil.copytree(atlas[0], tmp_path / "atlas")
    parts = sorted((tmp_path / "atlas").rglob("*.json"))
    changed = [part for part in parts if change(part.read_bytes()) != part.read_bytes()]
    assert changed
    for part in (changed[0], changed[-1]):
        whole = part.read_bytes()
        part.write_bytes(change(whole))
        with pytest.raises(FileError, match="no (part|plan) of an atlas.*delete it, and update"):
            bifurc.update_atlas(tmp_path / "atlas")
        part.write_bytes(whole)


def test_the_command_updates_a_folder(tmp_path, capsys):
    assert main(["atlas", "update", str(tmp_path), "A", "--at", "d=6", "--starts", "3"]) == 0
    assert "known by name" in capsys.readouterr().out
    assert (tmp_path / "atlas.csv").exists()
    assert main(["atlas", "update", str(tmp_path), "A", "--at", "d=x"]) == 2


@pytest.mark.slow
def test_published_minima_of_two_blocks_are_in_the_atlas(tmp_path):
    """All that gradient descent reached at k = 12 (Safran, Yehudai and Shamir 2021)."""
    spaces = ["A", "II", "M p=2", "M p=3", "M p=6"]
    found = np.array([p["loss"] for p in bifurc.update_atlas(tmp_path, spaces, starts=150, d=12)])
    published = [one for one in MINIMA if one["k"] == 12]
    assert len(published) == 5
    for one in published:
        assert np.abs(found - loss_of(one)).min() < 1e-8


@pytest.mark.slow
def test_a_published_minimum_of_three_blocks_is_found_from_random_starts():
    """6 + 1 flipped neurons at k = 19 (Safran, Yehudai and Shamir 2021)."""
    found = bifurc.discover("p- 1-", starts=120, d=19, p=6)
    (published,) = (one for one in MINIMA if one["k"] == 19 and len(one["p"]) == 3)
    (point,) = (one for one in found.points if abs(one.loss - loss_of(published)) < 1e-10)
    assert point.is_minimum
    assert point.name == "p- 1- (p = 6)"
    assert found.unseen > 0.1  # and many more are there than were met


def families_with_blocks(minimum):
    """Catalogued families whose blocks have the sizes of a published minimum, with their values."""
    sizes = minimum["p"]
    if len(sizes) == 1:
        return [("global", {}), ("A", {})]
    if len(sizes) == 3:
        return [("p- 1-", {"p": sizes[0]})]
    single = [("I", {}), ("II", {})] if 1 in sizes else []
    named = [(name, {q: n}) for n in sizes for name, q in (("M", "p"), ("A(p) + I", "q"))]
    return single + named


@pytest.mark.slow
def test_every_published_minimum_is_a_member_of_a_catalogued_family_and_is_named():
    """All 64 of Safran, Yehudai and Shamir 2021, those with three blocks too."""
    names = Names()
    for published in MINIMA:
        k, loss = published["k"], loss_of(published)
        for family, values in families_with_blocks(published):
            try:
                problem, point = bifurc.member(family, d=k, **values)
            except ValueError:
                continue  # has no member there
            if abs(float(problem.loss(point.x, k)) - loss) < 1e-8:
                break
        else:
            pytest.fail(f"k = {k}, blocks {published['p']} is in no family")
        if len(published["p"]) == 3:
            assert names.of(critical(problem, point.x, float(k))).startswith("p- 1-")


def test_a_folder_alone_goes_on_with_what_was_asked_of_it(tmp_path):
    """A part that is lost is searched again; what is there is kept as it is."""
    bifurc.update_atlas(tmp_path, ["A"], starts=4, homotopies=[], d=8)
    table = (tmp_path / "atlas.csv").read_text()
    (part,) = (tmp_path / "spaces").glob("*.json")
    part.unlink()
    (tmp_path / "atlas.csv").unlink()
    bifurc.update_atlas(tmp_path)
    assert part.exists()
    assert (tmp_path / "atlas.csv").read_text() == table
    with pytest.raises(ValueError, match="holds no atlas"):
        bifurc.update_atlas(tmp_path / "none")
    for wrong in ({"spaces": ["A"]}, {"d": 8}):
        with pytest.raises(ValueError, match="which spaces and where"):
            bifurc.update_atlas(tmp_path, **wrong)
