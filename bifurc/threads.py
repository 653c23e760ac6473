"""One thread of linear algebra: our matrices are too small to share.

BLAS divides even a product of two 12 x 12 matrices among all cores, and its
threads then wait for one another; on a busy machine that takes ten times as
long as the product. While we compute it works with one thread; what a user
has set comes back afterwards.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = 0
_limit: Any = None


@cache
def _controller() -> ThreadpoolController:
    """The libraries that are loaded; looking for them takes longer than setting them."""
    import numpy  # noqa: F401 (so that its BLAS is among them)

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Work with one BLAS thread; the first one in sets it, the last one out restores.

    The setting belongs to the process, so several of our threads share it.
    Also a decorator.
    """
    global _inside, _limit  # noqa: PLW0603 (it is the process's own setting)
    with _lock:
        _inside += 1
        if _inside == 1:
            _limit = _controller().limit(limits=1, user_api="blas")
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limit.restore_original_limits()
