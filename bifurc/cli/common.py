"""Arguments and output that several commands share."""

import argparse
import json
import math
import os
import sys
from pathlib import Path


def add_family(parser: argparse.ArgumentParser) -> None:
    """FAMILY and --set."""
    parser.add_argument("family", metavar="FAMILY", help="a family's name, or a case file (.toml)")
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
        help="another activation: relu, erf, gelu, tanh, ..., or module:name, file.py:name of "
        "one's own",
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
    parser.add_argument("-v", "--verbose", action="count", default=0, help="log what is done")


def family_of(arguments):
    """The family that the arguments name, with its parameters set.

    Raises
    ------
    ValueError
        If there is no such family, or a parameter is unknown or not a number.
    """
    from bifurc.structure.families import find

    if arguments.family.endswith(".toml"):
        (family,) = families_in([arguments.family])
    else:
        family = find(arguments.family)
    if arguments.kernel is not None:
        family = family.with_kernel(arguments.kernel)
    if arguments.bias is not None:
        family = family.with_bias(arguments.bias)
    if arguments.decay is not None:
        family = family.with_decay(arguments.decay)
    return family.with_parameters(**dict(assignment(text) for text in arguments.set))


def windows_in(arguments) -> dict:
    """Windows of the case file that names the family, by parameter; none without one."""
    if not arguments.family.endswith(".toml"):
        return {}
    from bifurc.case import load_case

    return load_case(arguments.family).window


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


def number(text: str) -> float:
    """A finite number, for argparse."""
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def check_place(path) -> None:
    """Raise ValueError unless a file can be written there: said before the work is done, not after.

    None is no file, and right.
    """
    if path is None:
        return
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise ValueError(f"There is no folder {path.parent} for {path.name}; make it first.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"{path} cannot be written; choose another place.")


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
