"""``bifurc run CASE.toml``: explore as a case says, and save what is found."""

import sys
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from bifurc.cli.common import add_talk

EPILOG = """examples:
  bifurc run cases/type_ii.toml
  bifurc run cases/type_ii.toml -o out --jobs 2
  bifurc run cases/type_ii.toml -o out --resume
  bifurc run cases/type_a.toml cases/type_i.toml -o runs
  bifurc run cases/type_ii.toml -o out --executor dask://localhost:8786

Of several cases each gets a folder of its own in OUT. A run that goes on, or was
stopped, is looked at with bifurc status OUT, and drawn as far as it is.
"""

MOST = 10  # branches that were not followed, before the rest is counted
EVERY = 30.0  # seconds between two lines of progress in a pipe


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "run",
        help="explore a case file and save branches, events and graph",
        epilog=EPILOG,
    )
    command.add_argument("cases", metavar="CASE.toml", type=Path, nargs="+")
    command.add_argument(
        "-o", "--output", metavar="OUT", type=Path, help="folder (default: the case's name)"
    )
    where = command.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=int, default=1, metavar="N", help="parallel processes")
    where.add_argument(
        "--executor", metavar="dask://HOST:PORT", help="the cluster of a Dask scheduler"
    )
    command.add_argument(
        "--resume", action="store_true", help="take up a run that was stopped, or go further"
    )
    add_talk(command, "print nothing but errors")
    kept = "what was finished is saved; add --resume to go on"
    command.set_defaults(run=run, kept=kept)


def run(arguments) -> None:
    """Run the cases, one after the other, and print their tables of critical sizes."""
    from bifurc.errors import EndedEarlyError

    if arguments.jobs < 1:
        raise ValueError(f"--jobs needs at least 1, got {arguments.jobs}.")
    folders = _folders(arguments.cases, arguments.output)
    starts = [_start(path, folder) for path, folder in folders.items()]  # what is wrong, at once
    early = []
    with executor_of(arguments) as executor:
        known = [start.prepare(arguments.resume) for start in starts]
        for start, branches in zip(starts, known, strict=True):
            try:
                _run(start, executor, arguments.quiet, branches)
            except EndedEarlyError as error:
                early.append(str(error) if len(starts) == 1 else f"{start.path}: {error}")
    if early:
        raise EndedEarlyError(" ".join(early))


def _folders(cases: list[Path], output: Path | None) -> dict[Path, Path]:
    """Where each case goes."""
    if len(cases) == 1:
        return {cases[0]: output or Path(cases[0].stem)}
    places = [(output or Path()) / path.stem for path in cases]
    place, count = Counter(places).most_common(1)[0]
    if count > 1:
        raise ValueError(f"{count} cases would go to {place}; run them one by one, each with -o.")
    return dict(zip(cases, places, strict=True))


class _Start(NamedTuple):
    """A case that is ready to run."""

    path: Path
    folder: Path
    case: Any
    seed: Any

    def prepare(self, resume: bool) -> list:
        """Write its manifest, or check the one that is there; the branches to go on with."""
        from bifurc.run import prepare

        return prepare(self.folder, self.case, self.path, resume, self.seed)


def _start(path: Path, folder: Path) -> _Start:
    """Read a case; one that cannot start leaves no folder behind."""
    from bifurc.case import load_case
    from bifurc.run import plan_of, seed_of

    case = load_case(path)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; choose another folder with -o.")
    plan_of(case)
    return _Start(path, folder, case, seed_of(case))


def _run(start: _Start, executor, quiet: bool, known: list) -> None:
    """Run one case into its folder."""
    from bifurc.errors import EndedEarlyError
    from bifurc.run import differences, run_case

    case, folder = start.case, start.folder
    with _progress(quiet) as progress:
        graph = run_case(case, executor, folder, progress, start.seed, known)
    if not quiet:
        for line in [
            *table(graph, case.parameter),
            *summary(graph),
            f"{graph.headline}, in {folder}",
        ]:
            print(line)
    if wrong := differences(graph, case):
        raise EndedEarlyError(f"the case expected otherwise: {'; '.join(wrong)}")
    if early := graph.ended_early():
        raise EndedEarlyError("some branches ended early, all is saved: " + "; ".join(early))


def summary(graph) -> list[str]:
    """How branches ended and what was not followed, a line each."""
    ends = Counter(branch.status.name for branch in graph.branches.values())
    said = ["ends: " + ", ".join(f"{count} {name}" for name, count in ends.most_common())]
    cut = graph.graph.graph["cut"]
    more = [f"and {len(cut) - MOST} more, in graph.json"] if len(cut) > MOST else []
    return said + [f"not followed: {what}" for what in cut[:MOST] + more]


def table(graph, parameter: str) -> list[str]:
    """A line for each change between saddle and minimum."""
    lines = []
    for transition in graph.transitions():
        first = transition.first_integer
        lines.append(
            f"{transition.branch:12} {transition.isotropy:28} "
            f"{parameter} = {transition.lam:<16.12g} {transition.name:18} "
            f"{transition.kind:14} {transition.change}"
            + ("" if first is None else f", minimum from {parameter} = {first}")
            + proof(graph, transition)
        )
    return lines or ["No branch changes between saddle and minimum."]


def proof(graph, transition) -> str:
    """Whether the event of a transition is proved, said where python-flint is there."""
    from bifurc.api import proof_of
    from bifurc.loss.problem import NetworkProblem

    branch = graph.branches[transition.branch]
    if not isinstance(branch.problem, NetworkProblem):
        return ""  # a plain model has no formula that intervals go through
    event = next(event for event in branch.events if event.lam == transition.lam)
    found = proof_of(branch.problem, event)
    if found is None:
        return ""
    return ", proved" if found else f", {found}"


def executor_of(arguments):
    """Worker processes for more than one job, a Dask cluster, or nothing."""
    if arguments.executor is not None:
        return _cluster(arguments.executor)
    from bifurc.workers import Workers

    return Workers(arguments.jobs) if arguments.jobs > 1 else nullcontext()


@contextmanager
def _cluster(address: str):
    """The executor of the Dask scheduler at ``dask://host:port``."""
    kind, _, place = address.partition("://")
    if kind != "dask" or not place:
        raise ValueError(f"--executor is dask://HOST:PORT, got {address!r}.")
    try:
        from distributed import Client
    except ImportError:
        said = "A cluster needs distributed; install it: pip install 'bifurc[dask]'."
        raise ValueError(said) from None
    try:
        client = Client(f"tcp://{place}", timeout=10)
    except (OSError, ValueError) as error:
        raise OSError(f"there is no Dask scheduler at {place}: {error}") from None
    with client:
        yield client.get_executor()


@contextmanager
def _progress(quiet: bool):
    """What to call after each branch: a bar on a terminal, now and then a line in a pipe."""
    if quiet:
        yield None
    elif not sys.stderr.isatty():
        yield _Lines()
    else:
        from tqdm import tqdm

        with tqdm(unit=" branches", leave=False) as bar:

            def update(name, branch, waiting) -> None:
                bar.total = bar.n + 1 + waiting
                bar.set_postfix_str(f"{name} at {branch.points[-1].lam:.4g}, {waiting} waiting")
                bar.update()

            yield update


class _Lines:
    """Progress as plain lines, none where all is done at once."""

    def __init__(self):
        self.start = self.last = time.monotonic()
        self.done = 0

    def __call__(self, name, branch, waiting) -> None:
        self.done += 1
        now = time.monotonic()
        if now - self.last >= EVERY:
            self.last, spent = now, now - self.start
            said = f"{self.done} branches in {spent:.0f} s, the last {name}; {waiting} waiting"
            print(said, file=sys.stderr, flush=True)
