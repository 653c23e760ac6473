"""``bifurc run CASE.toml``: explore as a case says, and save what is found."""

import sys
from contextlib import nullcontext
from pathlib import Path

from bifurc.cli.common import add_talk

EPILOG = """examples:
  bifurc run cases/type_ii.toml
  bifurc run cases/type_ii.toml -o out --jobs 2
  bifurc run cases/type_ii.toml -o out --resume
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "run",
        help="explore a case file and save branches, events and graph",
        epilog=EPILOG,
    )
    command.add_argument("case", metavar="CASE.toml", type=Path)
    command.add_argument(
        "-o", "--output", metavar="OUT", type=Path, help="folder (default: the case's name)"
    )
    command.add_argument("--jobs", type=int, default=1, metavar="N", help="parallel processes")
    command.add_argument("--resume", action="store_true", help="take up a run that was stopped")
    add_talk(command, "print nothing but errors")
    kept = "what was finished is saved; add --resume to go on"
    command.set_defaults(run=run, kept=kept)


def run(arguments) -> None:
    """Run the case and print the table of critical sizes."""
    from bifurc.case import load_case
    from bifurc.errors import EndedEarlyError
    from bifurc.run import differences, plan_of, prepare, run_case, seed_of

    if arguments.jobs < 1:
        raise ValueError(f"--jobs needs at least 1, got {arguments.jobs}.")
    case = load_case(arguments.case)
    folder = arguments.output or Path(arguments.case.stem)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; choose another folder with -o.")
    plan_of(case)  # what is wrong with it is said at once
    seed = seed_of(case)  # a case that cannot start leaves no folder behind
    prepare(folder, case, arguments.case, arguments.resume, seed)
    with _executor(arguments.jobs) as executor, _bar(arguments.quiet) as progress:
        graph = run_case(case, executor, folder, progress, seed)
    if not arguments.quiet:
        for line in table(graph, case.parameter):
            print(line)
        print(f"{graph}, in {folder}")
    if wrong := differences(graph, case):
        raise EndedEarlyError(f"the case expected otherwise: {'; '.join(wrong)}")
    if early := graph.ended_early():
        raise EndedEarlyError("some branches ended early, all is saved: " + "; ".join(early))


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


def _executor(jobs: int):
    """Worker processes for more than one job, else nothing."""
    from bifurc.workers import Workers

    return Workers(jobs) if jobs > 1 else nullcontext()


class _bar:
    """A progress bar on a terminal, nothing in a pipe."""

    def __init__(self, quiet: bool):
        self.shown = sys.stderr.isatty() and not quiet

    def __enter__(self):
        if not self.shown:
            return None
        from tqdm import tqdm

        self.bar = tqdm(unit=" branches", leave=False)
        return self._update

    def _update(self, name, branch, waiting) -> None:
        self.bar.total = self.bar.n + 1 + waiting
        self.bar.set_postfix_str(f"{name} at {branch.points[-1].lam:.4g}, {waiting} waiting")
        self.bar.update()

    def __exit__(self, *_):
        if self.shown:
            self.bar.close()
