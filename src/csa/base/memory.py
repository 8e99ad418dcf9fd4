"""Have the C library give back what is freed, where it is GNU's."""

from __future__ import annotations

import ctypes
from contextlib import suppress

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8


def tune_malloc(large_bytes: int, n_heaps: int, spare_bytes: int | None = None) -> None:
    """Hold what is large apart, so that it goes back when it is freed; the rest in a few heaps.

    So many bytes may stay free at each heap's end, as many as are large if not told. What is large
    is dear: the system gives it page by page, and takes it back.

    Left to itself the library learns to hold large arrays in a heap, where one block in use holds
    all below it, and makes a heap for every other thread. Where it is another than GNU's, nothing
    is told.
    """
    with suppress(AttributeError, OSError):
        set_option = ctypes.CDLL(None).mallopt
        set_option(M_ARENA_MAX, n_heaps)
        set_option(M_MMAP_THRESHOLD, large_bytes)
        set_option(M_TRIM_THRESHOLD, large_bytes if spare_bytes is None else spare_bytes)
