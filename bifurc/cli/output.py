"""Standard output whose reader may leave before the end, as ``| head -1`` does."""

import os
from typing import Any


class Output:
    """A stream that goes nowhere once its reader has seen enough, so that the work is done.

    Files that a command writes are written whether or not somebody listens.
    """

    def __init__(self, stream: Any):
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, if somebody reads."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            return self._to_nowhere(len(text))

    def flush(self) -> None:
        """Flush, if somebody reads."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._to_nowhere(0)

    def _to_nowhere(self, length: int) -> int:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        return length

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
