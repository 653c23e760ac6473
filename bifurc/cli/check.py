"""``bifurc check``: prove certificates again, from their files alone."""

EPILOG = """examples:
  bifurc check cases/certificates/II-s-5.5855.json
  bifurc check cases/certificates/*.json
  bifurc certify II --at d=6..20 -o minima.json && bifurc check --full minima.json
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
    command.add_argument(
        "--full",
        action="store_true",
        help="prove points at whole sizes in all k d unknowns too, by formulas of their own",
    )
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Check one file after another; the first that fails ends the run."""
    from bifurc.certified import check
    from bifurc.cli.certify import lines
    from bifurc.proof.interval import NotCertifiedError

    for path in arguments.files:
        try:
            data = check(path)
            full = in_full(data) if arguments.full else []
        except NotCertifiedError as error:
            raise NotCertifiedError(f"{path} is rejected: {error}") from None
        except ValueError as error:
            raise ValueError(str(error) if path in str(error) else f"{path}: {error}") from None
        for line in [f"proved: {line}" for line in lines(data)] + full:
            print(f"{path}: {line}")


def in_full(data: dict) -> list[str]:
    """What is proved in the full problem of each single certificate, or why nothing is."""
    from bifurc.proof.full import check_full

    found = []
    for one in data.get("certificates", [data]):
        at = one.get("lam", one["proved"].get("value", "a window"))
        try:
            found.append(f"proved at lam = {at} {check_full(one)}")
        except ValueError as reason:
            found.append(f"not checked in full at lam = {at}: {reason}")
    return found
