"""``bifurc spectrum``: a family at one size, block by block."""

import math

from bifurc.cli.common import add_family, add_output, csv_text, family_of, place_of, print_json

EPILOG = """examples:
  bifurc spectrum II d=20
  bifurc spectrum M --at d=12.5 --set p=2 --json
  bifurc spectrum II --at d=20 --csv
  bifurc spectrum A --at d=20 --form gn
  bifurc spectrum II --at d=10 --train-weights balanced
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "spectrum",
        help="loss, coordinates and isotypic eigenvalues at one size",
        epilog=EPILOG,
    )
    add_family(command)
    command.add_argument("--at", metavar="NAME=VALUE", help="where; d=20 behind the family as well")
    command.add_argument(
        "--form",
        choices=("hessian", "gn"),
        default="hessian",
        help="whose eigenvalues: the Hessian's, or those of its Gauss-Newton part",
    )
    add_output(command, csv=True)
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Find the point and print it."""
    from bifurc.api import member

    name, text = place_of(arguments)
    family = family_of(arguments, but=name)
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name}={text} needs a number; write it as d=20.") from None
    if not math.isfinite(value):
        raise ValueError(f"{name}={text} needs a finite number.")
    problem, point = member(family, name, value)
    result = summary(family, problem, point, arguments.form)
    if arguments.json:
        print_json(result)
        return
    if arguments.csv:
        print(csv_text(("irrep", "set", "dimension", "eigenvalue"), rows(result)), end="")
        return
    print(f"{family.name} at {', '.join(f'{k} = {v:g}' for k, v in result['at'].items())}")
    loss = "lost in rounding" if result["loss"] is None else f"{result['loss']:.12g}"
    print(f"loss {loss}, |gradient| {result['gradient_norm']:.1e}")
    for key, entry in result["coordinates"].items():
        print(f"  {key:24} {entry: .12f}")
    for block in result["blocks"]:
        label = f"{block['irrep']}[{block['set']}]" if block["set"] else block["irrep"]
        values = "  ".join(f"{v:.10g}" for v in block["eigenvalues"])
        reasons = ", ".join(block["neutral_reasons"])
        neutral = f"  (and {len(block['neutral'])} neutral{': ' * bool(reasons)}{reasons})"
        neutral *= bool(block["neutral"])
        print(f"{label:12} dim {block['dimension']:<10.6g} {values}{neutral}")
    print(f"index {result['index']:g}: {kind(result)}")


def kind(result: dict) -> str:
    """Minimum or saddle, as far as second derivatives tell."""
    if result["is_minimum"]:
        return "minimum"
    return "saddle" if result["index"] or not result["note"] else result["note"]


def rows(result: dict):
    """One row for each eigenvalue of each block."""
    for block in result["blocks"]:
        about = {key: block[key] for key in ("irrep", "set", "dimension")}
        for value in block["eigenvalues"] + block["neutral"]:
            yield about | {"eigenvalue": value}


def summary(family, problem, point, form: str = "hessian") -> dict:
    """The JSON object of DESIGN section 7; index and ``is_minimum`` are always the Hessian's."""
    import numpy as np

    from bifurc.events.records import morse_index
    from bifurc.loss.forms import gauss_newton

    parameters = problem.parameters(point.lam)
    weights = problem.weights(point.lam)
    g = problem.gradient(point.x, point.lam)
    hessian = problem.blocks(point.x, point.lam)
    index = {c: int((block.eigen().values < 0).sum()) for c, block in hessian.items()}
    shown = hessian if form == "hessian" else gauss_newton(problem, point.x, point.lam)
    blocks = []
    for component, block in shown.items():
        values = block.eigen().values
        blocks.append(
            {
                "irrep": component.irrep,
                "set": component.points,
                "dimension": component.dimension(**parameters),
                "eigenvalues": values.tolist(),
                "neutral": [0.0] * block.neutrals,
                "neutral_reasons": problem.known_zeros(component, point.x, point.lam),
            }
        )
    total = morse_index(index, parameters)
    note = problem.neutrals.note(parameters)
    loss = float(problem.losses(point.x, point.lam))
    return {
        "family": family.name,
        "at": parameters,
        "loss": None if math.isnan(loss) else loss,
        "gradient_norm": float(np.sqrt(np.sum(weights * g * g))),
        "coordinates": {
            c.name: float(v) for c, v in zip(problem.structure.coordinates, point.x, strict=True)
        },
        "form": form,
        "output_weights": problem.structure.trained or "fixed",
        "blocks": blocks,
        "index": total(**parameters),
        "is_minimum": not total.terms and not note,
        "note": note,
    }
