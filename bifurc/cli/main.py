"""Entry point: read the arguments, run one command, turn mistakes into one line."""

import argparse
import importlib
import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dis import opmap
from typing import Any, NoReturn

from bifurc import __version__
from bifurc.cli.output import Output
from bifurc.errors import EndedEarlyError, EndedEarlyWarning

DONE, WRONG_INPUT, ENDED_EARLY = 0, 2, 3
LONGEST = 600  # characters of a complaint: what echoes the input shows its two ends
LEVELS = (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)  # -q, none, -v, -vv

# of values, as argparse calls them and as a reader does
KINDS = {"int": "a whole number", "float": "a number", "number": "a number"}
RAISE = opmap["RAISE_VARARGS"]
log = logging.getLogger(__name__)

# one module each in bifurc.cli; it has add(subparsers) and run(arguments)
COMMANDS = (
    "families", "critical", "locus", "spectrum", "run", "status", "plot", "report", "identify",
    "embed", "descend", "verify", "certify", "check", "asymptotics", "case", "explain",
    "arcs", "landscape", "discover", "atlas",
)  # fmt: skip

EPILOG = """examples:
  bifurc critical II                   the fractional dimension at which II becomes a minimum
  bifurc spectrum II --at d=20         its loss, coordinates and Hessian eigenvalues there
  bifurc run cases/type_ii.toml -o out follow it and all branches that are born on it
  bifurc plot out                      the bifurcation diagram, out/loss.png
"""


class Once(argparse.Action):
    """An option with a value, which may be given once: of two one would be dropped in silence."""

    def __call__(self, parser, namespace, values, option_string=None):
        given = vars(namespace).setdefault("given_once", set())
        if option_string and self.dest in given:
            raise argparse.ArgumentError(self, "is given twice")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """A parser that reports a mistake in one line and prints its texts as they are written."""

    commands: Any = None  # of the whole line

    def __init__(self, **options):
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)
        for name in (None, "store"):
            self.register("action", name, Once)

    def error(self, message) -> NoReturn:
        for kind, said in KINDS.items():
            message = message.replace(f"invalid {kind} value:", f"needs {said}, got")
        sys.stderr.write(f"{self.prog}: {line_of(message)} (try {self.prog} --help)\n")
        raise SystemExit(WRONG_INPUT)


def parser() -> Parser:
    """The parser of all commands."""
    top = Parser(
        prog="bifurc",
        description="Equivariant bifurcation continuation at real dimensions.",
        epilog=EPILOG,
    )
    top.add_argument("--version", action="version", version=f"bifurc {__version__}")
    top.commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        importlib.import_module(f"bifurc.cli.{name}").add(top.commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    0: done; 2: the input is wrong; 3: the computation ended early, what was
    done is saved and said.
    """
    _any_letter()
    out, err = Output(sys.stdout, "standard output"), Output(sys.stderr, "errors", remarks=True)
    with redirect_stdout(out), redirect_stderr(err):
        arguments = read(sys.argv[1:] if argv is None else argv)
        with _talk(arguments):
            return _status(arguments)


def read(argv: Sequence[str]) -> argparse.Namespace:
    """What a line says; NAME=VALUE may stand behind options too."""
    from bifurc.given import nearest

    lines = parser()
    arguments, late = lines.parse_known_args(argv)
    if not late:
        return arguments
    wrong = [text for text in late if "=" not in text or text.startswith("-")]
    if not wrong:
        rest = list(argv)[::-1]
        for text in late:
            rest.remove(text)  # its last one
        command, *rest = rest[::-1]
        return lines.parse_args([command, *late, *rest])
    own: Parser = lines.commands.choices[arguments.command]
    options = [name for one in own._actions for name in one.option_strings]
    own.error(f"there is no {wrong[0]!r} here.{nearest(wrong[0], options)}")


def _status(arguments) -> int:
    from bifurc.threads import one_thread

    try:
        with one_thread(), warnings.catch_warnings():
            # commands say so themselves, in one line, and exit with 3
            warnings.simplefilter("ignore", EndedEarlyWarning)
            arguments.run(arguments)
        sys.stdout.flush()
        return DONE
    except KeyboardInterrupt:
        kept = getattr(arguments, "kept", "nothing is saved")
        return _complain(arguments, f"interrupted; {kept}.", ENDED_EARLY)
    except Exception as error:
        log.debug("%s ends", arguments.command, exc_info=True)
        return _complain(arguments, *_verdict(error))


def _verdict(error: Exception) -> tuple[object, int]:
    """What is said of an error, and the exit status."""
    match error:
        case EndedEarlyError():
            return error, ENDED_EARLY
        case MemoryError():
            said = str(error).rstrip(".") or "out of memory"
            return f"{said}; choose smaller sizes.", WRONG_INPUT
        case OSError():
            place = f"{error.filename}: {error.strerror}; choose another place."
            return place if error.filename else error, WRONG_INPUT
        case ValueError() | ArithmeticError() if _raised_here(error):
            return error, WRONG_INPUT
    kind = type(error).__name__
    log.info("an operation failed", exc_info=True)
    if isinstance(error, ValueError | ArithmeticError):
        said = f"an operation fails on this input ({kind}); -v tells where"
        return f"{said}. Are its numbers extreme?", WRONG_INPUT
    said = f"a mistake in bifurc, not in the input: {kind}: {error}"  # no input should lead here
    return f"{said}; please report it with what -v says.", ENDED_EARLY


def _raised_here(error: BaseException) -> bool:
    """Whether a raise statement of this package made the error, so that it speaks to a user.

    An operation of numpy that fails, or a division, speaks of arrays and names
    nothing that a user knows.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return True
    code = trace.tb_frame.f_code
    ours = trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] == "bifurc"
    return ours and code.co_code[trace.tb_lasti] == RAISE


def _complain(arguments, error, status: int) -> int:
    sys.stderr.write(f"bifurc {arguments.command}: {line_of(error)}\n")
    return status


def line_of(error) -> str:
    """What an error says as one line; of a very long one, both ends."""
    line = " ".join(str(error).split()) or f"{type(error).__name__}."
    if len(line) <= LONGEST:
        return line
    return f"{line[: LONGEST // 2]} ... {line[-LONGEST // 2 :]}"


@contextmanager
def _talk(arguments) -> Iterator[None]:
    """Log as -q and -v ask for; warnings of other packages are for those who ask."""
    verbose, quiet = getattr(arguments, "verbose", 0), getattr(arguments, "quiet", False)
    logging.basicConfig(format="%(name)s: %(message)s")
    root, others = logging.getLogger(), logging.getLogger("py.warnings")
    before = root.level
    root.setLevel(LEVELS[0] if quiet else LEVELS[min(verbose, 2) + 1])
    others.setLevel(logging.WARNING if verbose else logging.CRITICAL)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.setLevel(before)


def _any_letter() -> None:
    """Where the locale has no letter for λ or ², it is printed as an escape."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
