"""Measure everything and write RESULTS.md: ``python -m tests.benchmarks.report``.

All times are medians; the two sides of a ratio took turns in one run. It takes
about twelve minutes; a package that is not there, or a section that fails, is said.
"""

import importlib.metadata
import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import networkx as nx
import numpy as np

import bifurc
from bifurc.api import member
from bifurc.continuation.trace import point_at
from bifurc.continuation.trace import trace as walk
from bifurc.events.branch import collect, follow
from bifurc.seeds import seed
from bifurc.structure.split import split
from tests.benchmarks import targets, tasks, today
from tests.benchmarks.jobs import explorations, large_matrices, loop_of_families, start_up
from tests.benchmarks.peers import PEERS, bifurc_alone
from tests.benchmarks.peers import bifurc as ours
from tests.benchmarks.sides import Result, compare, reached, score
from tests.benchmarks.spectra import completed
from tests.benchmarks.tables import in_turn, table

OUT = Path(__file__).with_name("RESULTS.md")
ROUNDS, LIMIT, BUDGET = 5, 20.0, 4.0
DISTRIBUTIONS = {"pycont": "pycont-lite"}
REMARKS = {
    "contique": "; it reports no events",
    "pycont": "; it follows every branch that it meets",
    "jaxcont": "; it compiles at each call and has no test for branch points",
    "bifpack": ", in a process for each call",
    "bifpy": " (AUTO-07p), in a process for each call",
}


def main() -> None:
    """Measure and write, a section at a time."""
    first, load = time.monotonic(), os.getloadavg()[0]
    sections = [
        *comparisons, jumps, chain_steps, full_matrices, independence, growth, members,
        large_matrices, lattices, explorations, loop_of_families, start_up,
    ]  # fmt: skip
    found = [section(make) for make in sections]
    minutes = (time.monotonic() - first) / 60
    asked = table("What was asked", "target | asked | measured | ", targets.rows())
    OUT.write_text("\n\n".join([header(load, minutes), asked, *found]) + "\n", encoding="utf-8")


def section(make: Callable[[], str]) -> str:
    """The text of a section; what went wrong if it did."""
    try:
        return make()
    except Exception as error:  # the others are worth their time all the same
        name = getattr(make, "__name__", "comparison")
        return f"## {name}\n\nNot measured: {type(error).__name__}: {error}"


def header(load: float, minutes: float) -> str:
    """Versions, and what the columns mean."""
    lines = [f"- {name}: {version(name)}{REMARKS.get(name, '')}" for name in PEERS]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `python -m tests.benchmarks.report`; do not edit.",
            f"Python {platform.python_version()}, numpy {np.__version__}, one thread per side, "
            f"{os.cpu_count()} cores at a load of {load:.1f} before the run, which took "
            f"{minutes:.0f} minutes.",
            "",
            "Every side follows the same branch from the same point, with tolerance "
            f"{tasks.TOLERANCE:g} and the same first and longest step (for families bifurc takes "
            "its defaults, arclength in its own scales); times are medians over "
            "turns taken in one run, short tasks several times in each, without the first turn "
            "(imports, compilation). The other "
            "packages get the reduced system as plain functions and see the branch's own block "
            "alone. For families there are two tables. With all spectra: at each point that a "
            "package found, a plain function gives the eigenvalues of all other irreps; where "
            "one changes sign, Brent's method with Newton for the branch finds the event. The "
            "branch alone: nothing but points. `ratio` is their time over bifurc's. "
            f"An event within {tasks.MATCH:g} of an expected one is found; its error is relative.",
            "",
            *lines,
        ]
    )


def version(name: str) -> str:
    """The installed version of a package."""
    try:
        return importlib.metadata.version(DISTRIBUTIONS.get(name, name))
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def installed() -> dict[str, Callable]:
    """The packages that can take part, without this one."""
    return {name: way for name, way in PEERS.items() if version(name) != "not installed"}


def with_spectra(make: Callable[[], tasks.Task], name: str = "") -> str:
    """All sides on a family with its spectra."""
    sides = {"bifurc": ours} | {key: completed(way) for key, way in installed().items()}
    return comparison(make(), sides, "all spectra and their events", name)


def without(make: Callable[[], tasks.Task]) -> str:
    """All sides on the branch alone."""
    sides = {"bifurc": bifurc_alone} | installed()
    return comparison(replace(make(), expected=()), sides, "the branch alone")


def model(make: Callable[[], tasks.Task]) -> str:
    """All sides on a model with answers on paper."""
    return comparison(make(), {"bifurc": ours} | installed(), "with events")


def _comparisons() -> list[Callable[[], str]]:
    """A table for each task that all sides do; families with their spectra and without."""
    type_ii = partial(tasks.family, "II", expected=(5.585505247425877,))
    type_m = partial(tasks.family, "M", d=(60.0, 7.0), expected=(7.5611904979454,), p=2)
    families = [(type_ii, "II"), (type_m, ""), (tasks.four_sets, "")]
    found: list[Callable[[], str]] = []
    for make, name in families:
        found += [partial(with_spectra, make, name), partial(without, make)]
    return found + [partial(model, make) for make in (tasks.chain_task, tasks.permuted_task)]


comparisons = _comparisons()


def comparison(task: tasks.Task, sides, what: str, name: str = "") -> str:
    """All sides on one task; ``name`` is that of the target that bifurc's time is."""
    results = compare(task, sides, ROUNDS, LIMIT, BUDGET)
    if name:
        targets.measured(name, 1e3 * results["bifurc"].median)
    head = "side | ms | ratio | points | us per point | found | missed | spurious | error | note"
    rows = [row(task, name, result, results["bifurc"]) for name, result in results.items()]
    low, high = task.window
    return table(f"{task.name}, {low:g} to {high:g}, {task.n} coordinates: {what}", head, rows)


def row(task: tasks.Task, name: str, result: Result, base: Result) -> list[str]:
    """One side's line."""
    if result.points is None:
        return [name, *["-"] * 8, result.failure]
    s, count = score(task, result), len(result.points)
    note = result.failure or ("" if reached(task, result) else "did not reach the end")
    return [
        name,
        f"{1e3 * result.median:.3g}",
        f"{result.median / base.median:.2f}",
        str(count),
        f"{1e6 * result.median / count:.0f}",
        str(s.found),
        str(s.missed),
        str(s.spurious),
        f"{s.error:.1e}" if s.found else "-",
        note,
    ]


def jumps() -> str:
    """Who jumps to the other branch of the imperfect pitchfork."""
    columns = {step: tasks.forced_chain(step) for step in (0.02, 0.05, 0.2)}
    sides = {"bifurc": ours} | installed()
    found = {step: compare(task, sides, 0, LIMIT, BUDGET) for step, task in columns.items()}
    rows = [[name, *(verdict(columns[s], found[s][name]) for s in columns)] for name in sides]
    title = "forced chain: does it jump? (lam > 0.6 at |u| < 0.1 is another branch)"
    return table(title, "side | steps up to 0.02 | 0.05 | 0.2", rows)


def verdict(task: tasks.Task, result: Result) -> str:
    """Whether a side jumped."""
    if result.points is None:
        return result.failure
    if task.jumped(result.points[:, :-1], result.points[:, -1]):
        return "jumps"
    return "no" if reached(task, result) else f"no, ends at {result.points[-1, -1]:.3g}"


def chain_steps() -> str:
    """The cost of an accepted step of the chain, inertia and location included."""
    task = tasks.chain_task()
    problem, start, window, options = task.follow.args

    def steps():
        return collect(walk(problem, start, window, options))[0]

    count = len(steps()) - 1
    engine, whole = in_turn(steps, task.follow, rounds=15)
    targets.measured("chain", 1e6 * whole / count)
    rows = [
        ["steps with inertia, singular points located", f"{1e6 * engine / count:.0f}"],
        ["the whole branch with spectra and event records", f"{1e6 * whole / count:.0f}"],
    ]
    return table(f"chain of 5: {count} accepted steps", "what | us per step", rows)


def full_matrices(seconds: float = 60.0) -> str:
    """One point with its spectrum, by full matrices and by blocks, as far as a minute goes."""
    rows, spent, d = [], 0.0, 4
    while spent < seconds:
        problem, point = member("II", "d", d + 1.0)
        guess = point.x

        def by_blocks(problem=problem, guess=guess, d=d):
            here = point_at(problem, guess, float(d))
            return [b.eigen() for b in problem.blocks(here.x, here.lam).values()]

        start = time.perf_counter()
        rounds = 3 if d <= 16 else 1
        theirs, mine = in_turn(partial(today.spectrum, problem, guess, d), by_blocks, rounds=rounds)
        once = time.perf_counter() - start
        rows.append([str(d), f"{1e3 * theirs:.3g}", f"{1e3 * mine:.3g}", f"{theirs / mine:.3g}"])
        spent += once
        if once * 8 > seconds:  # the next one, half as large again, takes that much longer
            break
        d = d + 2 if d < 8 else round(1.5 * d)
    text = table(
        "type II at one whole d: Newton and all eigenvalues",
        "d | full matrix, ms | blocks, ms | ratio", rows,
    )  # fmt: skip
    return text + "\n\n" + whole_job()


def whole_job() -> str:
    """Every whole d from 16 to 4 by full matrices, against one trace."""
    theirs, mine = in_turn(
        partial(today.sweep, "II", 16, 4), lambda: bifurc.trace("II", d=(16.0, 4.0)), rounds=3
    )
    signs = dict(today.sweep("II", 16, 4))
    change = next(d for d in signs if d - 1 in signs and bool(signs[d]) != bool(signs[d - 1]))
    event = bifurc.trace("II", d=(16.0, 4.0)).events[0].lam
    return (
        f"Every whole d from 16 to 4 takes {1e3 * theirs:.0f} ms by full matrices and shows a "
        f"change between {change - 1} and {change}; bifurc traces the window in {1e3 * mine:.0f} "
        f"ms ({theirs / mine:.1f} times less) and locates it at {event:.12f}."
    )


def independence() -> str:
    """Cost of one point with all its spectra at d = 40, 1e4 and 1e6."""
    sizes = (40.0, 1e4, 1e6)
    calls = []
    for d in sizes:
        problem, point = member("II", "d", d)
        guess = point.x * (1 + 1e-6)

        def once(problem=problem, guess=guess, d=d):
            here = point_at(problem, guess, d)
            return [b.eigen() for b in problem.blocks(here.x, here.lam).values()]

        calls.append(once)
    seconds = in_turn(*calls, rounds=100)
    rows = [
        [f"{d:g}", f"{1e6 * s:.0f}", f"{s / seconds[0]:.2f}"]
        for d, s in zip(sizes, seconds, strict=True)
    ]
    return table("type II: one point with all its spectra", "d | us | ratio to d = 40", rows)


def growth() -> str:
    """Cost against the number of sets, type II with its bulk in parts."""
    at = seed("II", {"d": (60.0, 20.0)})
    problem, start = at.problem, at.start
    rows: list[list[str]] = []
    for count in (0, 1, 2, 3, 5, 6, 8):
        parts = [str(i + 1) for i in range(count)]
        pieces = split(problem.structure, {"bulk": parts} if parts else {})
        larger = problem.on(pieces.structure)
        begin = point_at(larger, pieces.embedding @ start.x, 60.0, towards=-1.0)
        X = np.tile(begin.X, (20, 1))
        seconds = in_turn(
            partial(larger.jacobian, begin.x, 60.0),
            partial(spectra_of, larger, X),
            partial(follow, larger, begin, (20.0, 60.0)),
            rounds=9 if count < 4 else 3,
        )
        targets.measured("sets", seconds[-1])
        counts = [str(len(larger.structure.sets)), str(larger.n)]
        rows.append([*counts, *(f"{1e3 * s:.3g}" for s in seconds)])
    sizes, *columns = np.log([[float(row[i]) for row in rows[2:]] for i in (1, 2, 3, 4)])
    slopes = [float(np.polyfit(sizes, column, 1)[0]) for column in columns]
    targets.measured("exponent", slopes[-1])
    rows.append(["", "exponent in coordinates", *(f"{slope:.1f}" for slope in slopes)])
    head = "sets | coordinates | Jacobian, ms | all spectra of 20 points, ms | d = 60 to 20, ms"
    return table("type II with its bulk in parts", head, rows)


def members() -> str:
    """Many members side by side, against one after the other."""
    rows = []
    for count in (10, 50, 250):
        values = np.linspace(1.2, 3.2, count)
        few = values[:: max(count // 10, 1)]
        together, alone = in_turn(
            partial(bifurc.sweep, "M", d=(40.0, 5.0), p=values),
            partial(today.one_by_one, "M", (40.0, 5.0), "p", few),
            rounds=3,
        )
        each = 1e3 * together / count, 1e3 * alone / len(few)
        targets.measured("sweep", each[1] / each[0])
        rows.append([str(count), *(f"{ms:.3g}" for ms in each), f"{each[1] / each[0]:.1f}"])
    head = "members | together, ms a member | one by one | ratio"
    return table("type M, d = 40 to 5, p = 1.2 to 3.2: events of all irreps", head, rows)


def lattices() -> str:
    """Isotropy lattices and isotypic components of finite groups, from generators."""
    g = bifurc.groups
    graphs = {"Petersen": nx.petersen_graph(), "dodecahedron": nx.dodecahedral_graph()}
    made = {
        **{f"{n} x Z_2": partial(_on_graph, graph) for n, graph in graphs.items()},
        "cube x Z_2": partial(_on_graph, nx.hypercube_graph(3)),
        "D_50": lambda: g.dihedral(50),
        "S_5 on 5 points": lambda: g.permutations([[1, 2, 3, 4, 0], [1, 0, 2, 3, 4]]),
    }
    rows = []
    for name, make in made.items():
        (seconds,) = in_turn(lambda make=make: make().lattice(), rounds=3)
        group = make()
        targets.measured("lattice", seconds)
        lattice = group.lattice()
        rows.append([name, str(group.order), str(len(list(lattice))), f"{seconds:.2f}"])
    return table("isotropy lattices", "group | order | classes | s", rows)


def _on_graph(graph):
    automorphisms = bifurc.groups.automorphisms(graph)
    return bifurc.groups.joined(automorphisms, bifurc.groups.minus(len(graph)))


def spectra_of(problem, X):
    """All isotypic eigenvalues of a batch of points."""
    return [b.eigen().values for b in problem.blocks(X[:, :-1], X[:, -1]).values()]


if __name__ == "__main__":
    main()
