"""A fleet's folder in an object store: no file is shared, locked or renamed there.

A city is made in a folder of the worker's own and uploaded, its marker last: what has no marker is
not finished. One writer at a time holds a lease, an object that only one of several can create.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from csa.base.errors import OutputError
from csa.base.io import json_bytes, write_file
from csa.base.safe_parsing import parse_json

Answer = TypeVar("Answer")
LEASE_S = 4 * 3600
"""After that long the holder counts as dead: longer than the largest city or a quiet run takes."""


class ObjectStore:
    """What lies under an address such as s3://bucket/fleet."""

    def __init__(self, address: str, clock: Callable[[], float] = time.time) -> None:
        import fsspec  # noqa: PLC0415 - with the extra `fleet` alone

        self.address = address.rstrip("/")
        self._clock = clock
        try:
            self._files, root = fsspec.core.url_to_fs(self.address, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise OutputError("fleet.no_store", out=address, why=error) from error
        self._root = root.rstrip("/")

    def names(self, prefix: str = "") -> list[str]:
        """List all objects below a prefix, by their names from the root."""
        path = f"{self._root}/{prefix}".rstrip("/")
        found = self._asked(lambda: self._files.find(path))
        return sorted(name.removeprefix(f"{self._root}/") for name in found)

    def pull(self, name: str, folder: Path) -> None:
        """Copy an object into a folder, or remove it there if there is none."""
        try:
            content = self._cat(name)
        except FileNotFoundError:
            (folder / name).unlink(missing_ok=True)
        else:
            write_file(folder / name, content)

    def put(self, name: str, content: bytes) -> None:
        """Write an object."""
        self._asked(lambda: self._files.pipe_file(f"{self._root}/{name}", content))

    def replace(self, prefix: str, folder: Path, marker: str) -> None:
        """Upload a folder in place of what lies below a prefix: while that lasts, no marker."""
        self._remove(f"{prefix}/{marker}")
        made = {f"{prefix}/{path.relative_to(folder).as_posix()}": path for path in _files(folder)}
        for name in self.names(prefix):
            if name not in made:
                self._remove(name)
        for name in sorted(made, key=lambda name: name == f"{prefix}/{marker}"):
            self.put(name, made[name].read_bytes())

    @contextmanager
    def lease(self, name: str, busy: OutputError) -> Iterator[None]:
        """Hold what one writer at a time may hold; `busy` is raised while another does.

        Each holder creates the object with the next number, which fails for all but one.
        """
        held = self.names(f"{name}/")
        last = held[-1] if held else f"{name}/{0:09d}"
        if held and self._until(last) > self._clock():
            raise busy
        number = int(last.rpartition("/")[2]) + 1
        own = f"{name}/{number:09d}"
        if not self._create(own, self._lease(LEASE_S)):
            raise busy
        try:
            yield
        finally:
            self.put(own, self._lease(0))
            for earlier in held:
                self._remove(earlier)

    def _lease(self, seconds: float) -> bytes:
        return json_bytes({"holder": uuid4().hex, "until": self._clock() + seconds})

    def _until(self, name: str) -> float:
        with suppress(ValueError, KeyError, TypeError, FileNotFoundError):
            return float(parse_json(self._cat(name))["until"])
        return 0.0

    def _create(self, name: str, content: bytes) -> bool:
        """Write an object that is not there yet; return whether it was we who did."""
        path = f"{self._root}/{name}"
        try:
            self._asked(
                lambda: self._files.pipe_file(path, content, mode="create"), FileExistsError
            )
        except FileExistsError:
            return False
        return self._cat(name) == content  # a store that knows no condition keeps who came last

    def _remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._asked(lambda: self._files.rm_file(f"{self._root}/{name}"), FileNotFoundError)

    def _cat(self, name: str) -> bytes:
        content: bytes = self._asked(
            lambda: self._files.cat_file(f"{self._root}/{name}"), FileNotFoundError
        )
        return content

    def _asked(self, ask: Callable[[], Answer], expected: type[OSError] | tuple[()] = ()) -> Answer:
        try:
            return ask()
        except expected:
            raise
        except Exception as error:  # each store's library has errors of its own
            raise OutputError("fleet.no_store", out=self.address, why=error) from error


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
