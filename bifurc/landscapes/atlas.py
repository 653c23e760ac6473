"""An atlas: what was found in several fixed spaces, kept in a folder and gone on with.

The folder holds

- ``plan.json``: which spaces are searched where, and how;
- ``spaces/``: of each fixed space at one place the points that were found there;
- ``families/``: a case file for each family, the branch through a point, and beside
  it what happens along that branch: its window, its sheets, its thresholds;
- ``atlas.csv``: one line for each point at each place.

A point is new unless it is, up to a relabelling, the member of a family that is
known by name. New points at several places are one family if the branch through
one of them comes by the others. Every file is written when its part is
done, so that an update that was stopped goes on where it was; parts do not
depend on one another and are done in parallel.

The atlas holds what the searches found. Nothing in it is complete unless the
search of a space says so.
"""

import csv
import io
import json
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path
from typing import Any

import numpy as np

from bifurc import given
from bifurc.api import as_family, member
from bifurc.continuation.options import Options
from bifurc.continuation.trace import point_at
from bifurc.errors import EndedEarlyError
from bifurc.events.branch import follow
from bifurc.events.states import passes
from bifurc.files import digest, read_sealed, sealed, write_atomically
from bifurc.graph.identity import distance, fingerprint
from bifurc.identification.case import LEAST, case_text
from bifurc.landscapes.arcs import space as fixed_space
from bifurc.landscapes.discover import discover
from bifurc.landscapes.points import SAME, Critical, counts, family_of
from bifurc.loss.start import off_continuum
from bifurc.structure.checks import SLACK
from bifurc.structure.families import Family

COLUMNS = ("name", "family", "new", "at", "loss", "index", "minimum", "isotropy", "spaces", "met",
           "window", "sheets", "thresholds", "ends", "note", "case")  # fmt: skip
REACH = 5.0  # times the place, and at least FARTHEST: how far a family is followed upwards
FARTHEST = 40.0
STEPS = Options(max_steps=800)
REMEDY = "delete it, and update the atlas again"


def update_atlas(
    folder: str | Path,
    spaces: Sequence[str] = (),
    executor: Executor | None = None,
    progress: Callable[[str], None] | None = None,
    starts: int = 400,
    seed: int = 0,
    homotopies: Sequence[str] | None = None,
    **at: float,
) -> list[dict[str, Any]]:
    """Search fixed spaces at one place, and add what is found to an atlas.

    Without spaces, what was asked of the atlas before is brought to its end.

    Parameters
    ----------
    folder : path
        Of the atlas; made if it is not there.
    spaces : sequence of str
        Families whose structures are the fixed spaces, with values behind them: "II", "M p=3".
    executor : concurrent.futures.Executor, optional
        Does the parts in parallel.
    progress : callable, optional
        Called with a line when a part is done.
    starts, seed, homotopies
        See :func:`bifurc.landscapes.discover.discover`.
    **at
        Where: ``d=8``.

    Returns
    -------
    list of dict
        The lines of the table, those of other places too.

    Raises
    ------
    ValueError
        If a space or a parameter is unknown, nothing was ever asked of the atlas, or a file
        of it is damaged.
    """
    folder, said = given.place("folder", folder), progress or (lambda line: None)
    given.one_of("spaces", spaces, (list, tuple), 'a list such as ["A", "M p=3"]')
    if bool(at) != bool(spaces):
        raise ValueError("Say which spaces and where, such as A II and d=8; or nothing, to go on.")
    for space in spaces:
        fixed_space(space_of(space), at)  # what is wrong is said before the work begins
    ways = homotopies and tuple(homotopies)
    jobs: list[tuple] = _planned(folder, [(space, at, starts, seed, ways) for space in spaces])
    places = [f"{space} at {_place(where)}" for space, where, *_ in jobs]
    files = [
        folder / "spaces" / f"{_slug(name.replace(' at ', ' '))}-{_key(*job)}.json"
        for name, job in zip(places, jobs, strict=True)
    ]
    for number, _ in _done(executor, search, jobs, files):
        said(f"searched {places[number]}")
    lines = _joined(folder)
    values = sorted({line["at"][name] for line in lines for name in line["where"]})
    jobs = [(line["text"], line["where"], values) for line in lines]
    files = [
        folder / f"{line['case'].removesuffix('.toml')}-{_key(*job)}.json"
        for line, job in zip(lines, jobs, strict=True)
    ]
    for number, found in _done(executor, along, jobs, files):
        lines[number] |= found
        said(f"followed {lines[number]['name']}")
    _one_family(lines)
    write_atomically(folder / "atlas.csv", _table(lines))
    return lines


def _planned(folder: Path, asked: list[tuple]) -> list[tuple]:
    """The searches that are asked for, which the plan keeps; all of the plan if there are none."""
    file = folder / "plan.json"
    known: list[tuple] = []
    if file.exists():
        known = [tuple(job) for job in read_sealed(file, "is no plan of an atlas", REMEDY)["jobs"]]
    if not (known or asked or (folder / "spaces").exists()):
        raise ValueError(
            f"{folder} holds no atlas; say which spaces and where, such as A II --at d=8."
        )
    plain = [tuple(json.loads(json.dumps(job))) for job in asked]
    if new := [job for job in plain if job not in known]:
        write_atomically(file, sealed({"jobs": known + new}))
    return asked or [(s, at, n, seed, ways and tuple(ways)) for s, at, n, seed, ways in known]


def space_of(text: str) -> Family:
    """The family that a space is written as: a name or a case file, and values behind it.

    >>> space_of("M p=3").parameters["p"]
    '3'
    """
    words = text.split()
    name = " ".join(word for word in words if "=" not in word)
    values = dict(word.split("=", 1) for word in words if "=" in word)
    return as_family(name).with_parameters(**values)


def search(space: str, at: dict, starts: int, seed: int, homotopies: Sequence[str] | None) -> dict:
    """What is found in one space at one place, as plain data."""
    family = space_of(space)
    found = discover(family, starts, seed, homotopies=homotopies, **at)
    names = [one.name or f"{one.isotropy} {one.loss:.8g}" for one in found.points]
    told = zip(found.points, names, found.to_dict()["points"], strict=True)
    points = [_told(*each) for each in told]
    shape = counts(family.structure, family.values(**at))
    return found.to_dict() | {"space": space, "at": at, "shape": list(shape), "points": points}


def _told(point: Critical, name: str, data: dict) -> dict:
    """A point as a line of the atlas; with the case of its family, where a size can grow."""
    family, runs = family_of(point, name), point.problem.parameter
    grows = runs == "d" and "d" in family.structure.parameters
    return data | {
        "name": name,
        "new": not point.name,
        "minimum": point.is_minimum,
        "mark": point.mark.tolist(),
        "where": {runs: point.lam} if grows else {},
        "text": case_text(family, (point.lam, _lowest(point.problem))) if grows else "",
    }


def _lowest(problem) -> float:
    """The smallest size, in tenths, that point sets allow, at least as far as it is looked at."""
    return max(math.ceil(10 * problem.least_lam - SLACK) / 10, LEAST)


def along(text: str, where: dict[str, float], places: Sequence[float]) -> dict:
    """What happens along the family of a case, both ways from one of its members.

    ``through`` are the marks of its members at other places, on all sheets.
    """
    nothing = {"window": "", "sheets": 0, "thresholds": "", "through": {}}
    if not where:
        return nothing | {"ends": "no size can grow"}
    ((name, value),) = where.items()
    try:
        data = tomllib.loads(text)["family"]
        problem, point = member(Family.build(**data), name, value)
        problem, x = off_continuum(problem, point.x, value)
        window = problem.least_lam, max(FARTHEST, REACH * value)
        ways = [
            follow(problem, point_at(problem, x, value, STEPS, towards), window, STEPS)
            for towards in (-1.0, 1.0)
        ]
    except (ValueError, ArithmeticError, EndedEarlyError) as error:
        return nothing | {"ends": f"not followed: {error}"}
    lams = [p.lam for branch in ways for p in branch.points]
    events = sorted((e for b in ways for e in b.events), key=lambda event: -event.lam)
    marked = [e for e in events if not e.formal and (e.turns or e.transition)]
    through = {
        str(at): [
            fingerprint(branch.problem, found.X).tolist()
            for branch in ways
            for _, found in passes(branch, at)
        ]
        for at in places
    }
    return {
        "window": f"{min(lams):.6g}..{max(lams):.6g}",
        "sheets": 1 + sum(event.turns for event in events),
        "thresholds": "; ".join(f"{e.name} {e.lam:.10g} {e.transition or e.kind}" for e in marked),
        "ends": "; ".join(dict.fromkeys(b.status.value for b in ways if b.status.early)),
        "through": through,
    }


def _done(executor, work: Callable, jobs: list, files: list[Path]) -> Iterator[tuple[int, dict]]:
    """Each job's number and result: read, if it was done before, else computed and written."""
    waiting = {}
    for number, (job, file) in enumerate(zip(jobs, files, strict=True)):
        if file.exists():
            yield number, read_sealed(file, "is no part of an atlas", REMEDY)
        elif executor is None:
            yield number, _kept(file, work(*job))
        else:
            waiting[executor.submit(work, *job)] = number, file
    for future in as_completed(waiting):
        number, file = waiting[future]
        yield number, _kept(file, future.result())


def _kept(file: Path, result: dict) -> dict:
    write_atomically(file, sealed(result))
    return result


def _joined(folder: Path) -> list[dict[str, Any]]:
    """Each point of all spaces once, by places and losses; the case file of each is written."""
    lines: list[dict[str, Any]] = []
    for file in sorted((folder / "spaces").glob("*.json")):
        found = read_sealed(file, "is no part of an atlas", REMEDY)
        for point in found["points"]:
            line = next((one for one in lines if _same(one, point, found)), None)
            if line is None:
                more = {key: found[key] for key in ("at", "shape")}
                lines.append(point | more | {"spaces": [found["space"]]})
            elif found["space"] not in line["spaces"]:
                line["spaces"] = [*line["spaces"], found["space"]]
                line["met"] += point["met"]
    lines.sort(key=lambda line: (list(line["at"].values()), line["loss"]))
    seen: dict[str, int] = {}
    for line in lines:
        slug = _slug(f"{line['name']} {_place(line['at'])}")
        seen[slug] = seen.get(slug, 0) + 1
        name = slug if seen[slug] == 1 else f"{slug}-{seen[slug]}"
        line["case"] = f"families/{name}.toml" if line["text"] else f"families/{name}"
        if line["text"]:
            write_atomically(folder / line["case"], line["text"])
    return lines


def _same(line: dict, point: dict, found: dict) -> bool:
    """Whether two points at one place are one, up to relabelling."""
    if (line["at"], line["shape"]) != (found["at"], found["shape"]):
        return False
    return distance(np.array(line["mark"]), np.array(point["mark"])) <= SAME


def _one_family(lines: list[dict[str, Any]]) -> None:
    """The name of a new point is that of the first family that comes through it."""
    for i, line in enumerate(lines):
        line.setdefault("family", line["name"])
        for other in lines[i + 1 :]:
            if not other["new"] or "family" in other:
                continue
            at = [other["at"].get(name) for name in line["where"]]
            marks = line["through"].get(str(at[0]), []) if at else []
            if any(distance(np.array(m), np.array(other["mark"])) <= SAME for m in marks):
                other["family"] = line["family"]


def _table(lines: list[dict[str, Any]]) -> str:
    """The table as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for line in lines:
        plain = {"at": _place(line["at"]), "spaces": "; ".join(line["spaces"])}
        writer.writerow({**line, **plain, "note": line["note"] or ""})
    return text.getvalue()


def _place(at: dict[str, float]) -> str:
    return " ".join(f"{name}={value:g}" for name, value in at.items())


def _slug(text: str) -> str:
    """A file's name of a text."""
    return re.sub(r"[^\w.+=-]+", "_", text).strip("_")


def _key(*parts) -> str:
    return digest(json.dumps(parts, sort_keys=True))[:10]
