"""Streams whose reader may leave before the end, as ``| head -1`` does, or that are not there."""

import os
from typing import Any


class Output:
    """A stream that goes nowhere once nobody reads it, so that the work is done.

    Files that a command writes are written whether or not somebody listens.

    Parameters
    ----------
    stream : file or None
        None where the process was started without one.
    name : str
        Of what cannot be written, such as a file on a full disk, in an error.
    remarks : bool
        Whether it only carries remarks: then nothing that is wrong with it is an error.
    """

    def __init__(self, stream: Any, name: str, remarks: bool = False):
        self._stream = open(os.devnull, "w") if stream is None else stream  # noqa: SIM115
        self._name, self._remarks = name, remarks

    def write(self, text: str) -> int:
        """Write, if somebody reads."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._to_nowhere(error)
            return len(text)

    def flush(self) -> None:
        """Flush, if somebody reads."""
        try:
            self._stream.flush()
        except OSError as error:
            self._to_nowhere(error)

    def _to_nowhere(self, error: OSError) -> None:
        """What comes goes nowhere from here on, also what is still in the stream at its end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        if not self._remarks and not isinstance(error, BrokenPipeError):
            raise OSError(error.errno, error.strerror, self._name) from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
