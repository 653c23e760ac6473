"""``bifurc identify``: which critical point a weight matrix is."""

from bifurc.cli.common import KERNEL, add_output, check_place, families_in, print_json

EPILOG = """examples:
  bifurc identify W.npy
  bifurc identify W.csv --teacher V.csv -o mine.toml
  bifurc identify net.npz --array fc1.weight
  bifurc identify W.npy --kernel gelu
  bifurc identify W.npy --kernel erf --weights A.npy
  bifurc identify noisy.npy --tolerance 0.05

The weights of a PyTorch model are saved as
numpy.savez("net.npz", **{name: p.numpy() for name, p in model.state_dict().items()}).

One matrix does not say which point set grows with d: the largest takes d minus
the rest. If k differs from d, the largest other set that changes k takes what k
asks for, and k moves with d. All other sets keep their number of points.
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "identify",
        help="family, loss, index and spectrum of a weight matrix",
        description="Polish a weight matrix (rows are neurons) and say which critical point it is. "
        "Exit status 3 if it is near none.",
        epilog=EPILOG,
    )
    command.add_argument("matrix", metavar="W", help="a matrix: .npy, .npz or .csv")
    command.add_argument(
        "--array", metavar="NAME", help="which array of an .npz file (default: W, or the only one)"
    )
    command.add_argument("--teacher", metavar="V", help="the teacher (default: the identity)")
    command.add_argument(
        "--weights", metavar="A", help="output weights of the neurons (default: 1)"
    )
    command.add_argument("--teacher-weights", metavar="B", help="those of the teacher")
    command.add_argument(
        "--known", action="append", default=[], metavar="CASE", help="a case file with a family"
    )
    command.add_argument(
        "-o", "--output", metavar="CASE", help="write a case file that continues it"
    )
    command.add_argument(
        "--tolerance", type=float, metavar="E",
        help="of noisy weights: entries that differ by less count as equal",
    )  # fmt: skip
    command.add_argument("--kernel", metavar="NAME", default="relu", help=KERNEL)
    add_output(command)
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Identify and print."""
    from bifurc.errors import EndedEarlyError
    from bifurc.files import write_atomically
    from bifurc.identification.case import case_text
    from bifurc.identification.files import read_matrix
    from bifurc.identification.identify import identify

    check_place(arguments.output, ".toml")
    w = read_matrix(arguments.matrix, arguments.array)
    v = None if arguments.teacher is None else read_matrix(arguments.teacher)
    found = identify(
        w, v, families_in(arguments.known), kernel=arguments.kernel,
        tolerance=arguments.tolerance,
        weights=_numbers(arguments.weights), teacher_weights=_numbers(arguments.teacher_weights),
    )  # fmt: skip
    if arguments.json:
        print_json(summary(found))
    elif found.ok:
        print("\n".join(lines(found)))
    if not found.ok:
        if not arguments.json and found.notes:
            print("\n".join(found.notes))
        polished = found.polished
        raise EndedEarlyError(
            f"{arguments.matrix}: {polished.status.value} |gradient| was {polished.before:.2e} "
            f"and {polished.after:.2e} after Newton."
        )
    if arguments.output:
        write_atomically(arguments.output, case_text(found.family))


def _numbers(path: str | None):
    """The output weights in a file; None if none is named."""
    from bifurc.identification.files import read_matrix

    return None if path is None else read_matrix(path)


def summary(found) -> dict:
    """The result as plain data."""
    polished = found.polished
    result = {
        "status": polished.status.name.lower(),
        "gradient_norm": polished.after,
        "gradient_norm_before": polished.before,
        "moved": polished.moved,
        "zero_rows": list(found.zero_rows),
        "parallel": [{"rows": [i, j], "degrees": angle} for i, j, angle in found.parallel],
    }
    if not found.ok:
        return result
    form = found.form
    return result | {
        "family": found.name,
        "known": found.known,
        "at": form.parameters,
        "loss": found.loss,
        "index": found.index,
        "is_minimum": found.is_minimum,
        "sets": {points.name: points.size.text() for points in form.structure.sets},
        "rows": [[block.name, block.points] for block in form.structure.students],
        "coordinates": {
            c.name: float(x) for c, x in zip(form.structure.coordinates, form.x, strict=True)
        },
        "blocks": [
            {
                "irrep": component.irrep,
                "set": component.points,
                "dimension": component.dimension(**form.parameters),
                "eigenvalues": values.tolist(),
                "neutral": [0.0] * neutral,
            }
            for component, (values, neutral) in found.spectrum.items()
        ],
        "row_order": list(form.rows),
        "column_order": list(form.columns),
        "notes": list(found.notes),
    }


def lines(found) -> list[str]:
    """The result as a person reads it."""
    data = summary(found)
    kind = "minimum" if found.is_minimum else "saddle"
    where = ", ".join(f"{name} = {value:g}" for name, value in data["at"].items())
    text = [
        f"{found.name} at {where}: {kind}, index {found.index}",
        f"loss {found.loss:.12g}, |gradient| {data['gradient_norm']:.1e} "
        f"({data['gradient_norm_before']:.1e} before; moved by {data['moved']:.1e} of its norm)",
        "sets " + "; ".join(f"{name}: {size}" for name, size in data["sets"].items()),
    ]
    if len(data["coordinates"]) <= 60:
        text += [f"  {name:24} {value: .12f}" for name, value in data["coordinates"].items()]
        text += [_block(block) for block in data["blocks"]]
    text += [f"Row {row} is zero and was left out." for row in found.zero_rows]
    text += [f"Rows {i} and {j}: {angle:.2g} degrees apart." for i, j, angle in found.parallel]
    return text + data["notes"]


def _block(block) -> str:
    label = f"{block['irrep']}[{block['set']}]" if block["set"] else block["irrep"]
    values = "  ".join(f"{value:.10g}" for value in block["eigenvalues"])
    neutral = f"  (and {len(block['neutral'])} neutral)" if block["neutral"] else ""
    return f"{label:12} dim {block['dimension']:<10.6g} {values}{neutral}"
