"""``bifurc families``."""

EPILOG = """examples:
  bifurc families

A family of your own is a table in a case file; see bifurc run --help.
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "families",
        help="list the built-in families and the catalogue, a line each",
        epilog=EPILOG,
    )
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Print a line for each family."""
    from bifurc.structure.families import BUILT_IN, catalogue

    for family in (*BUILT_IN.values(), *catalogue().values()):
        print(family)
