"""``python -m bifurc``, and what the command ``bifurc`` calls.

Ctrl-C is one line from the start, while modules are being loaded too.
"""

import signal
import sys


def entry() -> int:
    """Run the command line; also while its modules are being loaded it can be interrupted."""
    try:
        from bifurc.cli.main import main

        return main()
    except KeyboardInterrupt:
        sys.stderr.write("bifurc: interrupted.\n")
        return 3
    finally:  # nothing is left to interrupt; the interpreter's own end would die of it
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    raise SystemExit(entry())
