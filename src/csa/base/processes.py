"""Work shared out to several processors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import current_process
from typing import Any, Protocol, TypeVar

from csa.base.errors import MachineError
from csa.base.logging import ProgressCallback

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


def announced(
    results: Iterator[Made], items: Collection[object], progress: ProgressCallback, step: str
) -> Iterator[Made]:
    """Name a step before the result of each item is waited for."""
    for _ in items:
        progress(step)
        yield next(results)


@contextmanager
def worker_map(n_rows: int) -> Iterator[Mapper]:
    """Give a `map` that shares the work on so many rows with other processes, where that pays.

    A function, its items and its results are pickled; a function goes over once for many items.
    A process that is itself one of several works alone.
    """
    if n_rows < WORTH_SHARING or current_process().name != "MainProcess":
        yield map
        return
    import joblib  # noqa: PLC0415 - only where work is shared

    n_workers = min(joblib.cpu_count(), MOST_WORKERS)

    def shared(function: Callable[[Item], Made], items: Iterable[Item], /) -> Iterator[Made]:
        every = list(items)
        # Not Python's own pool: it runs the main script again, which in a server is a page.
        together = joblib.Parallel(
            n_workers,
            backend="loky",
            return_as="generator",
            pre_dispatch="all",
            batch_size=max(1, -(-len(every) // (n_workers * PARTS_A_WORKER))),
            max_nbytes=None,
        )
        results: Any = together(joblib.delayed(function)(item) for item in every)
        yield from results

    try:
        yield map if n_workers == 1 else shared
    except BrokenProcessPool as error:
        raise MachineError("processes.ended") from error
