"""Arguments and output that several commands share."""

import argparse
import json
import math
import os
import sys
from pathlib import Path

from bifurc.structure.structure import GAUGES

KERNEL = "another activation: relu, erf, gelu, tanh, ..., or module:name, file.py:name of one's own"


class _Given(argparse.Action):
    """Families and case files, apart from NAME=VALUE and NAME=FROM..TO among them."""

    def __call__(self, parser, namespace, values, option_string=None):
        families = [text for text in values if "=" not in text]
        if len(families) < (self.nargs == "+") or (len(families) > 1 and not namespace.several):
            wanted = "at least one family" if namespace.several else "one family"
            raise argparse.ArgumentError(self, f"needs {wanted}, got {len(families)}")
        namespace.families, namespace.family = families, families[0] if families else None
        namespace.fixed, namespace.runs = [], {}
        for text in values:
            try:
                name, value = assignment(text) if "=" in text else ("", "")
                if name in namespace.runs or name in map(_name_of, namespace.fixed):
                    raise ValueError(f"{name} is given twice; give one value or one window of it")
                if ".." in value:
                    namespace.runs[name] = ends(text, value)
                elif name:
                    namespace.fixed.append(text)
            except ValueError as error:
                raise argparse.ArgumentError(self, str(error)) from None


def _name_of(text: str) -> str:
    return assignment(text)[0]


def add_family(parser: argparse.ArgumentParser, several: bool = False, needed: bool = True) -> None:
    """FAMILY with NAME=VALUE and NAME=FROM..TO behind it, --set, options of the network."""
    from bifurc.loss.forms import FORMS

    parser.add_argument(
        "given",
        nargs="+" if needed else "*",
        action=_Given,
        metavar="FAMILY",
        help="a family's name or a case file (.toml); behind it p=2 fixes a parameter and "
        "d=40..3.1 lets one run",
    )
    parser.set_defaults(several=several, at=[], sets=None)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help='value of another parameter, a number or an expression such as "k=d+1"',
    )
    parser.add_argument(
        "--kernel",
        metavar="NAME",
        help=KERNEL,
    )
    parser.add_argument(
        "--bias",
        metavar="KIND",
        help="trained biases: hidden, output or hidden,output; or an expression that all hidden "
        "neurons have in common",
    )
    parser.add_argument(
        "--decay",
        metavar="MU",
        help="weight decay, the term mu/2 |W|² in the loss; a number is a parameter mu, which may "
        "run",
    )
    parser.add_argument(
        "--form",
        choices=FORMS,
        default=FORMS[0],
        help="whose eigenvalues spectrum shows: the Hessian's, those of its Gauss-Newton part, or "
        "of the rest, which comes of the error and is singular for ReLU",
    )
    _add_norms(parser)


def _add_norms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sphere", metavar="EXPR", help="hold |W|² there, such as d")
    parser.add_argument("--row-norm", metavar="EXPR", help="hold |w|² of each row there, such as 1")
    parser.add_argument(
        "--train-weights",
        nargs="?",
        const=GAUGES[0],
        choices=GAUGES,
        help="output weights are coordinates too; where neurons are rescaled at no cost, in this "
        "gauge",
    )


def add_place(parser: argparse.ArgumentParser, example: str) -> None:
    """--at, for commands that look at one place."""
    parser.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"where; {example} behind the family as well",
    )


def ends(text: str, window: str) -> tuple[float, float]:
    """Both ends of FROM..TO."""
    first, _, last = window.replace("−", "-").partition("..")
    try:
        found = float(first), float(last)
    except ValueError:
        raise ValueError(f"{text!r} is no window, such as d=40..3.1") from None
    if not all(map(math.isfinite, found)):
        raise ValueError(f"{text!r} is not finite")
    return found


def add_output(parser: argparse.ArgumentParser, csv: bool = False) -> None:
    """--json, -q and -v; --csv if the command has it."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object")
    if csv:
        form.add_argument("--csv", action="store_true", help="print rows with commas between")
    add_talk(parser, "no remarks, only the result")


def add_talk(parser: argparse.ArgumentParser, quiet: str) -> None:
    """-q and -v."""
    parser.add_argument("-q", "--quiet", action="store_true", help=quiet)
    parser.add_argument(
        "-v", "--verbose", action="count", default=0, help="log each step; -vv what else is done"
    )


def fixes_of(arguments, but: str | None = None) -> dict[str, str]:
    """Values of parameters, from --at, --set and behind the family; ``but`` one.

    Raises
    ------
    ValueError
        If one is given twice.
    """
    given: dict[str, str] = {}
    for name, value in map(assignment, [*arguments.at, *arguments.set, *arguments.fixed]):
        if given.setdefault(name, value) != value:
            raise ValueError(f"{name} is given twice, as {given[name]} and as {value}.")
    return {name: value for name, value in given.items() if name != but}


def family_of(arguments, but: str | None = None):
    """The family that the arguments name, with its parameters set.

    Raises
    ------
    ValueError
        If there is no such family, or a parameter is unknown or not a number.
    """
    from bifurc.api import as_family

    family = network_of(as_family(arguments.family), arguments)
    return family.with_parameters(**fixes_of(arguments, but))


def network_of(problem, arguments):
    """The same family with the kernel, biases and decay that the arguments name.

    Raises
    ------
    ValueError
        If they name some of a problem that is no family.
    """
    if arguments.form != "hessian" and arguments.command != "spectrum":
        raise ValueError(
            f"--form {arguments.form} is shown by bifurc spectrum; critical points, their index "
            f"and their events, which bifurc {arguments.command} asks for, are the Hessian's."
        )
    for option in ("kernel", "bias", "decay", "sphere", "row_norm", "train_weights"):
        given = getattr(arguments, option)
        if given is None:
            continue
        if not hasattr(problem, f"with_{option}"):
            raise ValueError(f"--{option.replace('_', '-')} is for families of networks.")
        problem = getattr(problem, f"with_{option}")(given)
    return problem


def place_of(arguments) -> tuple[str, str]:
    """NAME and VALUE of --at, or of what stands first behind the family.

    Raises
    ------
    ValueError
        If neither is there.
    """
    places = [*arguments.at, *arguments.fixed]
    if not places:
        raise ValueError("Say where, such as d=20.")
    return assignment(places[0])


def families_in(paths) -> list:
    """The families of case files.

    Raises
    ------
    ValueError
        If a file is no case, or one of a plain model.
    """
    from bifurc.case import load_case
    from bifurc.run import family_of

    cases = {path: load_case(path) for path in paths}
    for path, case in cases.items():
        if case.family is None:
            raise ValueError(f"Case {path} is about a plain model and has no family.")
    return [family_of(case) for case in cases.values()]


def assignment(text: str) -> tuple[str, str]:
    """Split NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier() or not value.strip():
        raise ValueError(f"{text!r} is not NAME=VALUE, such as p=2.")
    return name.strip(), value.strip()


def value_of(name: str, text: str) -> float:
    """The number of NAME=VALUE.

    Raises
    ------
    ValueError
        If it is none, or not finite.
    """
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name}={text} needs a number; write it as {name}=8.") from None
    if not math.isfinite(value):
        raise ValueError(f"{name}={text} needs a finite number.")
    return value


def number(text: str) -> float:
    """A finite number, for argparse."""
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def check_place(path, ending: str = "", picture: bool = False) -> None:
    """Raise ValueError unless a file can be written there: said before the work is done, not after.

    None is no file, and right. A ``picture`` has an ending that one is written as.
    """
    if path is None:
        return
    if picture:
        from bifurc.draw.style import check_ending

        check_ending(path)
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise ValueError(f"There is no folder {path.parent} for {path.name}; make it first.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"{path} cannot be written; choose another place.")
    if not path.name.endswith(ending):
        raise ValueError(f"{path} must end in {ending}.")


def bar(each, unit: str, quiet: bool = False):
    """``each`` with a progress bar on a terminal, as it is in a pipe."""
    if quiet or not sys.stderr.isatty():
        return each
    from tqdm import tqdm

    return tqdm(each, unit=f" {unit}", leave=False)


def print_json(value) -> None:
    """One JSON object with all digits."""
    json.dump(value, sys.stdout, indent=1, allow_nan=False)
    print()


def csv_text(columns, rows) -> str:
    """Rows (mappings) with every digit, under a heading."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
