"""Entry point: read the arguments, run one command, turn mistakes into one line."""

import argparse
import importlib
import logging
import os
import sys
import warnings
from collections.abc import Sequence

from bifurc import __version__
from bifurc.errors import EndedEarlyError, EndedEarlyWarning

DONE, WRONG_INPUT, ENDED_EARLY = 0, 2, 3

# one module each in bifurc.cli; it has add(subparsers) and run(arguments)
COMMANDS = (
    "families", "critical", "locus", "spectrum", "run", "plot", "identify", "embed", "descend",
    "verify", "certify", "check", "asymptotics",
)  # fmt: skip

EPILOG = """examples:
  bifurc critical II                   the fractional dimension at which II becomes a minimum
  bifurc spectrum II --at d=20         its loss, coordinates and Hessian eigenvalues there
  bifurc run cases/type_ii.toml -o out follow it and all branches that are born on it
  bifurc plot out                      the bifurcation diagram, out/loss.png
"""


class Parser(argparse.ArgumentParser):
    """A parser that reports a mistake in one line and prints its texts as they are written."""

    def __init__(self, **options):
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message):
        sys.stderr.write(f"{self.prog}: {message} (try {self.prog} --help)\n")
        raise SystemExit(WRONG_INPUT)


def parser() -> Parser:
    """The parser of all commands."""
    top = Parser(
        prog="bifurc",
        description="Equivariant bifurcation continuation at real dimensions.",
        epilog=EPILOG,
    )
    top.add_argument("--version", action="version", version=f"bifurc {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        importlib.import_module(f"bifurc.cli.{name}").add(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    0: done; 2: the input is wrong; 3: the computation ended early, what was
    done is saved and said.
    """
    arguments = parser().parse_args(argv)
    level = [logging.WARNING, logging.INFO, logging.DEBUG][min(getattr(arguments, "verbose", 0), 2)]
    logging.basicConfig(level=level, format="%(name)s: %(message)s")
    try:
        with warnings.catch_warnings():
            # commands say so themselves, in one line, and exit with 3
            warnings.simplefilter("ignore", EndedEarlyWarning)
            return arguments.run(arguments) or DONE
    except EndedEarlyError as error:
        return _complain(arguments, error, ENDED_EARLY)
    except MemoryError as error:
        return _complain(
            arguments, f"{error or 'out of memory'}; choose smaller sizes.", WRONG_INPUT
        )
    except BrokenPipeError:  # the reader has seen enough; nothing is left to flush to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except (ValueError, ArithmeticError, OSError) as error:
        return _complain(arguments, error, WRONG_INPUT)
    except KeyboardInterrupt:
        return _complain(arguments, "interrupted; what was finished is saved.", ENDED_EARLY)


def _complain(arguments, error, status: int) -> int:
    line = " ".join(str(error).split())
    sys.stderr.write(f"bifurc {arguments.command}: {line}\n")
    return status
