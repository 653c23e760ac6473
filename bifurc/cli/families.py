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

    families = [*BUILT_IN.values(), *catalogue().values()]
    wide = max(len(str(family.structure)) for family in families)
    for one in families:
        source = f" ({one.source})" if one.source else ""
        print(f"{one.name:12} {one.structure!s:{wide}} {one.about}{source}")
