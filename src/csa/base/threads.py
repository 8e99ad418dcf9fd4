"""How many threads linear algebra may use: matrices here are small, and more cost more."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    """Find the loaded libraries once; that takes milliseconds, a limit microseconds."""
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """Limit linear algebra to one thread within a `with` block.

    Threads that wait for one another on a busy machine made estimates of areas 30 times slower.
    """
    limit: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limit
