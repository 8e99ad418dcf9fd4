"""Work shared out to several processors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Protocol, TypeVar

from csa.base.errors import MachineError

Item = TypeVar("Item")
Made = TypeVar("Made")
MOST_WORKERS = 4
"""More would read as much memory again for little: a city's past has a few dozen parts."""
PARTS_A_WORKER = 2
WORTH_SHARING = 2_500
"""With fewer rows all is done before another process has begun."""


class Mapper(Protocol):
    """What `map` does, wherever it is done: results come in the order of the items."""

    def __call__(
        self, function: Callable[[Item], Made], items: Iterable[Item], /
    ) -> Iterator[Made]:
        """Return an iterator over a function's results."""


@contextmanager
def worker_map(n_rows: int) -> Iterator[Mapper]:
    """Give a `map` that shares the work on so many rows with other processes, where that pays.

    A function, its items and its results are pickled; a function goes over once for many items.
    A process that is itself one of several works alone.
    """
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    n_workers = min(n_cores or 1, MOST_WORKERS)
    if n_workers == 1 or n_rows < WORTH_SHARING or parent_process() is not None:
        yield map
        return
    # Spawned: a fork beside threads, such as a server's, can wait forever.
    with ProcessPoolExecutor(n_workers, mp_context=get_context("spawn")) as pool:

        def shared(function: Callable[[Item], Made], items: Iterable[Item], /) -> Iterator[Made]:
            every = list(items)
            n_parts = n_workers * PARTS_A_WORKER
            return pool.map(function, every, chunksize=max(1, -(-len(every) // n_parts)))

        try:
            yield shared
        except BrokenProcessPool as error:
            raise MachineError("processes.ended") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
