"""Run a case: from the file to a graph and its files, and compare with what it expects."""

import json
import platform
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import bifurc
from bifurc import seeds
from bifurc.case import Case, case_hash
from bifurc.continuation.options import Options
from bifurc.events.branch import Branch
from bifurc.exploration import Plan, digest_of, explore_from, save_run
from bifurc.files import parts_left, write_atomically
from bifurc.graph.files import load_branch
from bifurc.graph.files import manifest as manifest_of
from bifurc.graph.graph import SCHEMA, BranchGraph
from bifurc.restart import same_problem
from bifurc.structure.families import Family
from bifurc.structure.polynomial import Polynomial
from bifurc.switching.subgroups import Search

BEFORE = "before"  # folders of branches that a run goes on with, numbered


def family_of(case: Case) -> Family:
    """The family that a case names or defines, with its parameters set.

    Raises
    ------
    ValueError
        If the case is about something else.
    """
    found = seeds.of_case(case)
    if not isinstance(found, Family):
        raise ValueError("The case is about no family.")
    return found


def plan_of(case: Case) -> Plan:
    """How far a case goes."""
    given = case.explore
    if case.family is not None:
        _check_names(family_of(case), [*given.sizes, *given.shares])
    search = Search(
        explicit=given.explicit,
        shares=tuple(given.shares),
        sizes=tuple(given.sizes),
        finite_groups=given.finite_groups,
        equal_parts=given.equal_parts,
        submaximal=given.submaximal,
    )
    ends = case.window[case.parameter]
    options = Options(**case.options.model_dump())
    return Plan((min(ends), max(ends)), given.depth, given.max_branches, search, options)


def _check_names(family: Family, expressions) -> None:
    """Raise ValueError unless sizes and shares are expressions in the family's parameters."""
    for given in expressions:
        if unknown := Polynomial.of(given).names - set(family.parameters):
            raise ValueError(
                f"explore names {', '.join(sorted(unknown))} in {given!r}; family {family.name!r} "
                f"has the parameters {', '.join(sorted(family.parameters)) or 'none'}."
            )


def seed_of(case: Case) -> tuple[str, Any, Any]:
    """Where a case starts: (isotropy, problem, point)."""
    return tuple(seeds.seed(case, {}, both=case.explore.both))  # type: ignore[return-value]


def run_case(
    case: Case, executor=None, folder: Path | None = None, progress=None, seed=None, known=()
) -> BranchGraph:
    """Explore as the case says; with a folder, save branches as they are done and the graph.

    ``seed`` is :func:`seed_of` the case, if that is at hand; ``known`` are
    branches of a smaller window, which go on.
    """
    starts, plan = [seed or seed_of(case)], plan_of(case)
    graph = explore_from(starts, plan, executor, folder, progress, known)
    if folder is not None:
        save_run(folder, graph)
        for path in set_aside(folder):  # all that is in them has a file of this run
            path.unlink(missing_ok=True)
        for place in folder.glob(f"{BEFORE}-*"):
            with suppress(OSError):  # what else is there is not ours
                place.rmdir()
    return graph


def prepare(folder: Path, case: Case, path: Path, resume: bool, seed=None) -> list[Branch]:
    """Write the manifest of a run, or check that the one there is of the same run.

    A run that is taken up may go further: in a wider window, deeper, to more branches.

    Returns
    -------
    list of Branch
        Those of a smaller window, to go on with.

    Raises
    ------
    ValueError
        If the folder holds another run, or this one and ``resume`` is not set.
    """
    plan = plan_of(case)
    said = {
        "schema": SCHEMA,
        "case": path.name,
        "sha256": case_hash(path),
        "run": digest_of([seed or seed_of(case)], plan),
        "settings": asdict(plan),
        "draw": case.draw.model_dump(),
        "versions": {
            "bifurc": bifurc.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    # through JSON, so that tuples and lists compare equal
    said = json.loads(json.dumps(said, default=str))
    if old := manifest_of(folder):
        known = _taken_over(folder, seed or seed_of(case)) if resume and further(old, said) else []
        if known:
            write_atomically(folder / "manifest.json", json.dumps(said, indent=1))
            return known
        if old != said:
            raise ValueError(
                f"{folder} holds another run (case, settings or versions differ); choose another "
                "folder with -o, or delete it."
            )
        if not resume:
            raise ValueError(f"{folder} holds this run already; add --resume to take it up.")
        clear(folder)
        return [load_branch(path) for path in set_aside(folder)]
    left = parts_left(folder, r"manifest\.json")  # of a run that was killed before it began
    if folder.exists() and set(folder.iterdir()) - set(left):
        raise ValueError(f"{folder} is not empty and holds no run; choose another folder with -o.")
    for part in left:
        part.unlink(missing_ok=True)
    write_atomically(folder / "manifest.json", json.dumps(said, indent=1))
    return []


def further(old: dict, said: dict) -> bool:
    """Whether what a manifest says is the run of an old one, and only goes further."""
    try:
        one, other = dict(old["settings"]), dict(said["settings"])
        (low, high), (left, right) = one.pop("window"), other.pop("window")
        grows = all(one.pop(name) <= other.pop(name) for name in ("depth", "max_branches"))
    except (KeyError, TypeError, ValueError):
        return False
    same = one == other and old.get("versions") == said["versions"]
    return same and old != said and grows and left <= low < high <= right


def _taken_over(folder: Path, seed: tuple[str, Any, Any]) -> list[Branch]:
    """The branches in the folder of a run of this problem; their files are set aside.

    They stay there until the run that goes further is finished, so that nothing
    is lost if it is killed.
    """
    paths, aside = sorted((folder / "branches").glob("b*.npz")), set_aside(folder)
    known = [load_branch(path) for path in (*paths, *aside)]
    if not any(same_problem(branch.problem, seed[1]) for branch in known):
        return []
    clear(folder)
    for name in ("graph.json", "graph.graphml", "critical.csv"):
        (folder / name).unlink(missing_ok=True)
    place = folder / f"{BEFORE}-{1 + max(map(_times, aside), default=0)}"
    place.mkdir(exist_ok=True)
    for path in paths:
        path.replace(place / path.name)
    return known


def set_aside(folder: Path) -> list[Path]:
    """Files of branches of a smaller run that has not gone further yet, the latest first."""
    return sorted(folder.glob(f"{BEFORE}-*/b*.npz"), key=lambda path: (-_times(path), path.name))


def _times(path: Path) -> int:
    """How many times the run of a branch that was set aside had gone further, and one."""
    number = path.parent.name.removeprefix(f"{BEFORE}-")
    return int(number) if number.isdecimal() else 0


def clear(folder: Path) -> None:
    """Delete what a killed run was writing, and nothing else, from the folder of a run."""
    own = r"manifest\.json|graph\.json|graph\.graphml|critical\.csv"
    for part in parts_left(folder, own) + parts_left(folder / "branches", r"b[\d.-]+\.npz"):
        part.unlink(missing_ok=True)


def differences(graph: BranchGraph, case: Case) -> list[str]:
    """What a run found that its case did not expect, or the other way: a sentence each."""
    said: list[str] = []
    branch = next(iter(graph.branches.values()))
    left = list(branch.events)
    for wanted in case.expect.events:
        value = (wanted.model_extra or {}).get(case.parameter)
        match = next((event for event in left if _fits(event, wanted, value)), None)
        if match is None:
            near = min(branch.events, key=lambda e: abs(e.lam - (value or 0)), default=None)
            said.append(
                f"no event {wanted.irrep or ''} at {case.parameter} = {value} "
                f"{wanted.transition or ''}; the nearest is {near}"
            )
        else:
            left.remove(match)
    if case.expect.only and (case.expect.events or case.expect.end):
        said.extend(f"unexpected: {event}" for event in left if not event.formal)
    if case.expect.end and branch.status.name != case.expect.end:
        said.append(f"the branch ended with {branch.status.name}, not {case.expect.end}")
    edges = {(d["branch"], d["isotropy"]) for *_, d in graph.graph.edges(data=True)}
    for born in case.expect.branches:
        count = sum(isotropy == born.isotropy for _, isotropy in edges)
        if count < born.count:
            said.append(f"{count} branches with isotropy {born.isotropy!r}, not {born.count}")
    return said


def _fits(event, wanted, value) -> bool:
    if value is not None and abs(event.lam - value) > wanted.tolerance:
        return False
    if wanted.multiplicity is not None and abs(event.multiplicity - wanted.multiplicity) > 1e-6:
        return False
    found = {
        "irrep": event.irrep,
        "set": event.set,
        "kind": event.kind,
        "transition": event.transition,
    }
    return event.formal == wanted.formal and all(
        getattr(wanted, key) in (None, value) for key, value in found.items()
    )
