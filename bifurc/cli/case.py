"""``bifurc case``: how a case file is written, and a new one to start from."""

from pathlib import Path

from bifurc.cli.common import check_place

EPILOG = """examples:
  bifurc case                          every table and key of a case file
  bifurc case --schema > case.json     for editors that check TOML as it is typed
  bifurc case new II -o mine.toml      a case to start from
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "case", help="how a case file is written, and a new one", epilog=EPILOG
    )
    command.add_argument("action", nargs="?", choices=("new",), help="write a case to start from")
    command.add_argument("family", nargs="?", metavar="FAMILY", help="a name of a family")
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write it")
    command.add_argument("--schema", action="store_true", help="print the JSON schema")
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Print the format, its schema, or a new case."""
    from bifurc.case import Case, described, new_case
    from bifurc.cli.common import print_json
    from bifurc.files import write_atomically
    from bifurc.structure.families import find

    if arguments.action is None:
        if arguments.schema:
            print_json(Case.model_json_schema())
        else:
            print(*described(), sep="\n")
        return
    if arguments.family is None:
        raise ValueError("bifurc case new needs the name of a family, such as II.")
    family = find(arguments.family)
    text = new_case(family.name, {name: str(value) for name, value in family.parameters.items()})
    if arguments.output is None:
        print(text, end="")
        return
    check_place(arguments.output, ".toml")
    if arguments.output.exists():
        raise ValueError(f"{arguments.output} is there already; choose another name with -o.")
    write_atomically(arguments.output, text)
    print(arguments.output)
