"""``bifurc certify``: prove an event, or the kind of critical points, in interval arithmetic."""

from typing import Any

from bifurc.cli.common import add_family, assignment, check_place, family_of, number, print_json

EPILOG = """examples:
  bifurc certify II --event s:bulk --digits 50 -o cert.json
  bifurc certify M --event s:bulk --from 12 --to 6
  bifurc certify II --at d=6
  bifurc certify II --at d=6..40 -o minima.json
  bifurc certify A --branch --from 40 --to 3.2 -o branch.json
  bifurc certify M --branch --from 40 --to 3.2 --partial -o branch.json
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "certify",
        help="prove an event or a minimum, and write a certificate",
        description="Prove an event of a family, or the kind of its critical points at given "
        "sizes, and write a certificate that `bifurc check` proves again. Where equal neurons "
        "exchange norm at no cost, eigenvalues are those off these directions. Not proved: events "
        "where several eigenvalues of one block vanish, and branch points in t.",
        epilog=EPILOG,
    )
    add_family(command)
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--event", metavar="IRREP:SET", help="the event, such as s:bulk or t")
    what.add_argument("--at", metavar="NAME=VALUE", help="a size d=6, or whole ones d=6..40")
    what.add_argument(
        "--branch", action="store_true", help="the whole branch from --from on, to --to"
    )
    command.add_argument(
        "--partial", action="store_true", help="of a branch, what is proved where the proof ends"
    )
    command.add_argument("--near", type=number, help="where the event is, if there are several")
    command.add_argument("--digits", type=int, default=15, help="decimal digits (default 15)")
    command.add_argument("--param", default="d", help="the parameter that runs (default d)")
    command.add_argument("--from", dest="first", type=number, default=40.0, metavar="VALUE")
    command.add_argument("--to", dest="last", type=number, default=3.1, metavar="VALUE")
    command.add_argument("-o", "--output", metavar="FILE", help="where to write the certificate")
    command.add_argument("-v", "--verbose", action="count", default=0, help="log what is done")
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Prove, then write or print the certificate."""
    from bifurc.certified import certify
    from bifurc.proof.record import save

    check_place(arguments.output)
    family = family_of(arguments)
    where: dict[str, Any] = {arguments.param: (arguments.first, arguments.last)}
    if arguments.branch:
        data = certify(family, partial=arguments.partial, **where)
    elif arguments.event:
        data = certify(family, arguments.event, arguments.near, arguments.digits, **where)
    else:
        name, text = assignment(arguments.at)
        data = certify(family, digits=arguments.digits, **{name: sizes(text)})
    if not arguments.output:
        print_json(data)
        return
    save(arguments.output, data)
    for line in lines(data):
        print(line)


def sizes(text: str):
    """A number as it is written, or the whole numbers of ``6..40``.

    Raises
    ------
    ValueError
        If it is neither.
    """
    from fractions import Fraction

    first, dots, last = text.partition("..")
    try:
        return [*range(int(first), int(last) + 1)] if dots else [Fraction(text)]
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"--at needs d=6 or d=6..40, got {text!r}.") from None


def lines(data: dict) -> list[str]:
    """What a certificate proves, for a person."""
    if data["kind"] == "set":
        return [line for one in data["certificates"] for line in lines(one)]
    proved = data["proved"]
    line = "; ".join(f"{name} = {text}" for name, text in data["problem"]["line"].items())
    if data["kind"] == "branch":
        whole, *events = branch_lines(proved)
        return [f"{line} {whole}", *events]
    if data["kind"] in ("point", "learnt"):
        kind = "minimum" if proved["is_minimum"] else f"saddle of index {proved['index']}"
        off = " off neutral directions" if "neutral" in proved else ""
        gap = f"every |eigenvalue|{off} > {proved['gap']}"
        return [f"{line} at lam = {data['lam']}: {kind}, {gap}"]
    where = data["component"]
    label = f"{where['irrep']}[{where['set']}]" if where["set"] else where["irrep"]
    formal = "" if proved["exists"] else " (formal)"
    if data["kind"] == "pair":
        formal += ", two eigenvalues that are not real"
    return [f"{line} at lam = {proved['value']}: {label}{formal}, {proved['transition']}"]


def branch_lines(proved: dict) -> list[str]:
    """What the certificate of a branch proves."""
    first, last = (float(low) for low, _ in proved["window"])
    kind = "a minimum throughout" if proved["is_minimum"] else "no crossing but those listed"
    return [
        f"from lam = {first:.6g} to {last:.6g}: one smooth branch, {kind}",
        *(
            f"  {event['component']} {'folds' if event['component'] == 't' else 'crosses zero'} "
            f"once between {' and '.join(event['at'])}"
            for event in proved["events"]
        ),
    ]
