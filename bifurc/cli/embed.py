"""``bifurc embed``: the weight matrix of a family at whole sizes."""

from bifurc.cli.common import add_family, add_place, check_place, family_of, place_of, value_of

EPILOG = """examples:
  bifurc embed II --at d=12 -o W.npy
  bifurc embed M --at d=12 --set p=3 -o W.csv --teacher V.csv
  bifurc embed II --at d=12 --train-weights balanced -o W.npy --weights A.npy
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "embed",
        help="the full weight matrix of a family",
        epilog=EPILOG,
    )
    add_family(command)
    add_place(command, "d=12")
    command.add_argument(
        "-o", "--output", required=True, metavar="W", help="where to write: .npy, .npz or .csv"
    )
    command.add_argument("--teacher", metavar="V", help="write the teacher too")
    command.add_argument("--weights", metavar="A", help="write the neurons' output weights too")
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Embed and write."""
    from bifurc.identification.embed import embed_both
    from bifurc.identification.files import write_matrix

    check_place(arguments.output)
    check_place(arguments.teacher)
    check_place(arguments.weights)
    name, text = place_of(arguments)
    found = embed_both(family_of(arguments, but=name), **{name: value_of(name, text)})
    write_matrix(arguments.output, found.w)
    if arguments.teacher:
        write_matrix(arguments.teacher, found.v)
    if arguments.weights:
        write_matrix(arguments.weights, found.a[:, None])
