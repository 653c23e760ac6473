"""``bifurc asymptotics``: a family in the limit of large sizes."""

from bifurc.cli.common import add_family, add_output, family_of, print_json

EPILOG = """examples:
  bifurc asymptotics II --order 6
  bifurc asymptotics M --set p=3 --json
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "asymptotics",
        help="expansions for large sizes",
        description="Expand coordinates, loss and all isotypic eigenvalues in powers of d^(-1/2).",
        epilog=EPILOG,
    )
    add_family(command)
    command.add_argument("--order", type=int, default=6, help="up to d**(-order/2) (default 6)")
    command.add_argument("--param", default="d", help="the parameter that grows (default d)")
    add_output(command)
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Expand and print."""
    from bifurc.certified import asymptotics

    family = family_of(arguments)
    found = asymptotics(family, arguments.param, arguments.order)
    if arguments.json:
        print_json(summary(family, arguments, found))
        return
    for title, expansions in (
        ("coordinates", found.coordinates),
        ("loss", [found.loss]),
        ("eigenvalues", found.eigenvalues),
    ):
        print(title)
        for expansion in expansions:
            print(f"  {expansion.name}  (error {max(expansion.errors):.0e})")
            for line in terms(expansion, arguments.param):
                print(f"    {line}")


def terms(expansion, parameter: str) -> list[str]:
    """The terms that do not vanish, a line each."""
    rows = enumerate(
        zip(expansion.coefficients, expansion.closed, strict=True), start=expansion.first
    )
    return [
        f"{value:+.15g} {power(parameter, k)}".ljust(40) + (f"= {closed}" if closed else "")
        for k, (value, closed) in rows
        if value
    ] or ["0"]


def power(parameter: str, k: int) -> str:
    """parameter**(-k/2) as one writes it."""
    if not k:
        return ""
    exponent = f"{-k // 2}" if k % 2 == 0 else f"({-k}/2)"
    return f"{parameter}^{exponent}"


def summary(family, arguments, found) -> dict:
    """The JSON object: powers are those of parameter**(-1/2)."""

    def plain(expansion) -> dict:
        return {
            "name": expansion.name,
            "first_power": expansion.first,
            "coefficients": expansion.coefficients,
            "errors": expansion.errors,
            "closed_forms": expansion.closed,
            "integer_powers_only": expansion.integer,
        }

    return {
        "family": family.name,
        "parameter": arguments.param,
        "order": arguments.order,
        "coordinates": [plain(expansion) for expansion in found.coordinates],
        "loss": plain(found.loss),
        "eigenvalues": [plain(expansion) for expansion in found.eigenvalues],
        "multiplicities": {label: poly.text() for label, poly in found.multiplicities.items()},
    }
