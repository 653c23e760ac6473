"""``bifurc atlas``: what was found in several fixed spaces, kept in a folder."""

from collections import Counter
from pathlib import Path

from bifurc.cli.common import add_talk, assignment, value_of
from bifurc.cli.discover import KINDS, NONE, kinds
from bifurc.cli.run import executor_of

EPILOG = """examples:
  bifurc atlas update k_is_d A II "M p=2" "M p=3" --at d=8
  bifurc atlas update k_is_d A II --at d=12 --jobs 2
  bifurc atlas update k_is_d
  bifurc atlas update wider "II + 1" --at d=8 --starts 1000 --homotopy decay

A space is written as a family with its structure: A is Fix(S_d), II Fix(S_(d-1)),
"M p=3" Fix(S_(d-3) x S_3). An update that was stopped goes on where it was; more
spaces and places are added to what is there. With the folder alone, all that was
asked of it before is brought to its end.
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "atlas", help="search several fixed spaces and keep families and a table", epilog=EPILOG
    )
    command.add_argument("what", choices=["update"], help="add to what is there")
    command.add_argument("folder", metavar="DIR", type=Path)
    command.add_argument("spaces", metavar="SPACE", nargs="*")
    command.add_argument("--at", metavar="NAME=VALUE", action="append", default=[])
    command.add_argument("--starts", type=int, default=400, metavar="N", help="in each space (400)")
    command.add_argument("--seed", type=int, default=0, metavar="N", help="of the starts (0)")
    command.add_argument("--homotopy", action="append", metavar="KIND", choices=(*KINDS, NONE))
    where = command.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=int, default=1, metavar="N", help="parallel processes")
    where.add_argument(
        "--executor", metavar="dask://HOST:PORT", help="the cluster of a Dask scheduler"
    )
    add_talk(command, "print nothing but errors")
    command.set_defaults(run=run, kept="what was finished is saved; the same command goes on")


def run(arguments) -> None:
    """Search, follow, and say what there is."""
    from bifurc.landscapes.atlas import update_atlas

    if arguments.jobs < 1:
        raise ValueError(f"--jobs needs at least 1, got {arguments.jobs}.")
    at = {}
    for text in arguments.at:
        name, value = assignment(text)
        at[name] = value_of(name, value)
    with executor_of(arguments) as executor:
        lines = update_atlas(
            arguments.folder, arguments.spaces, executor, None if arguments.quiet else print,
            arguments.starts, arguments.seed, kinds(arguments.homotopy), **at,
        )  # fmt: skip
    if arguments.quiet:
        return
    for line in lines:
        place = " ".join(f"{name}={value:g}" for name, value in line["at"].items())
        print(f"{place:8} loss {line['loss']:.10g}, index {line['index']:g}, {line['family']}")
    new = Counter(line["new"] for line in lines)
    print(f"{arguments.folder / 'atlas.csv'}: {new[False]} known by name, {new[True]} new")
