"""``bifurc check``: prove certificates again, from their files alone."""

EPILOG = """examples:
  bifurc check cases/certificates/II-s-5.5855.json
  bifurc check cases/certificates/*.json
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "check",
        help="prove certificates again",
        description="Prove certificates again from their files alone; a changed one is rejected.",
        epilog=EPILOG,
    )
    command.add_argument("files", nargs="+", metavar="CERT.json")
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Check one file after another; the first that fails ends the run."""
    from bifurc.certified import check
    from bifurc.cli.certify import lines
    from bifurc.proof.interval import NotCertifiedError

    for path in arguments.files:
        try:
            data = check(path)
        except NotCertifiedError as error:
            raise NotCertifiedError(f"{path} is rejected: {error}") from None
        except ValueError as error:
            raise ValueError(str(error) if path in str(error) else f"{path}: {error}") from None
        for line in lines(data):
            print(f"{path}: proved: {line}")
