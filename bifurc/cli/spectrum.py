"""``bifurc spectrum``: a family at one size, block by block."""

from bifurc.cli.common import (
    add_family,
    add_output,
    add_place,
    assignment,
    csv_text,
    fixes_of,
    network_of,
    place_of,
    print_json,
    value_of,
)

EPILOG = """examples:
  bifurc spectrum II d=20
  bifurc spectrum M --at d=12.5 --set p=2 --json
  bifurc spectrum II --at d=20 --csv
  bifurc spectrum A --at d=20 --form gn
  bifurc spectrum II --at d=10 --train-weights balanced --part output
  bifurc spectrum II --at d=10 --train-weights --metric output=4
  bifurc spectrum global --at d=6 --bias hidden,output --no-half
"""


def add(commands) -> None:
    """Declare the command."""
    from bifurc.loss.forms import PARTS

    command = commands.add_parser(
        "spectrum",
        help="loss, coordinates and isotypic eigenvalues at one size",
        epilog=EPILOG,
    )
    add_family(command)
    add_place(command, "d=20")
    command.add_argument(
        "--part",
        choices=PARTS,
        default=PARTS[0],
        help="of all unknowns, of the hidden layer's, or of output weights and their bias",
    )
    command.add_argument(
        "--metric",
        action="append",
        default=[],
        metavar="LAYER=NUMBER",
        help="squared length of a unit of hidden weights, of their bias, or of output weights",
    )
    command.add_argument(
        "--no-half",
        action="store_true",
        help="of the loss without its factor 1/2: all is twice as large",
    )
    add_output(command, csv=True)
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Find the point and print it."""
    from bifurc.seeds import named
    from bifurc.spectral import spectrum

    name, text = place_of(arguments)
    about = network_of(named(arguments.family), arguments)
    value = value_of(name, text)
    metric, half = _metric(arguments.metric), not arguments.no_half
    others = {key: _plain(text) for key, text in fixes_of(arguments, but=name).items()}
    found = spectrum(about, arguments.form, arguments.part, metric, half, **{name: value}, **others)
    if arguments.json:
        print_json(found.to_dict())
    elif arguments.csv:
        print(csv_text(("irrep", "set", "dimension", "eigenvalue"), rows(found.to_dict())), end="")
    else:
        print(found)


def _plain(text: str) -> float | str:
    """A number, or an expression in the parameters of a family as it is written."""
    try:
        return float(text)
    except ValueError:
        return text


def _metric(given: list[str]) -> dict[str, float]:
    """Layers and numbers."""
    found = {}
    for text in given:
        layer, value = assignment(text)
        try:
            found[layer] = float(value)
        except ValueError:
            raise ValueError(f"--metric {text} needs a number, such as output=4.") from None
    return found


def rows(result: dict):
    """One row for each eigenvalue of each block."""
    for block in result["blocks"]:
        about = {key: block[key] for key in ("irrep", "set", "dimension")}
        for value in block["eigenvalues"] + block["neutral"]:
            yield about | {"eigenvalue": value}
