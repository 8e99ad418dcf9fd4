"""Changes on disk that happen completely or not at all: links, renames, exchanges, syncs.

Private to `csa.base.io`, which alone may import it.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import glob
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from csa.base.errors import OutputError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)


@contextmanager
def writing(out: Path) -> Iterator[Path]:
    """Allow one writer at a time, and turn failures into sentences."""
    try:
        place = out.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(place.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            remove_leftovers(place)
            yield place
        finally:
            os.close(descriptor)
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError("files.cannot_write", path=out, why=why) from error


def remove_leftovers(place: Path) -> None:
    """Remove what killed writers of a place left beside it; the caller holds the lock."""
    for leftover in place.parent.glob(f"{glob.escape(_temporary(place))}????????"):
        shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def written_beside(place: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    """Write files into a temporary folder beside their place, and sync them to disk."""
    fresh = _fresh_sibling(place)
    try:
        _fill(fresh, files)
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def put(fresh: Path, place: Path) -> None:
    """Move a folder to its place, exchanging it with the one that is there."""
    if place.exists() and _exchange(fresh, place):
        sync_folder(place.parent)
        return  # the old folder is now at `fresh`, and is removed there
    if place.exists():
        aside = _fresh_sibling(place)
        place.rename(aside)
        try:
            fresh.rename(place)
        except OSError:
            aside.rename(place)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    else:
        fresh.rename(place)
    sync_folder(place.parent)


def put_new(fresh: Path, place: Path) -> bool:
    """Move a file to its place, unless something is there."""
    try:
        os.link(fresh, place)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A disk without hard links: the lock of `writing` keeps other writers out meanwhile.
        if os.path.lexists(place):
            return False
        fresh.rename(place)
    return True


def point(link: Path, target: Path) -> None:
    """Make a link, or point it elsewhere, in one step."""
    fresh = link.parent / new_link(link.name)
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def new_link(name: str) -> str:
    """Name the new end of a link, which a writer that was killed may leave behind."""
    return f".{name}.new"


def sync_folder(folder: Path) -> None:
    """Sync a folder's list of files to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    inner = {(folder / name).parent for name in files} - {folder}
    for below in sorted(inner):
        below.mkdir(parents=True)
    for name, content in files.items():
        with (folder / name).open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    for below in (*inner, folder):
        sync_folder(below)


def _fresh_sibling(place: Path) -> Path:
    fresh = place.parent / f"{_temporary(place)}{secrets.token_hex(4)}"
    fresh.mkdir()  # open to others as far as the user's umask says
    return fresh


def _temporary(place: Path) -> str:
    """Return the prefix of our temporary folders, so that they are not mistaken for the user's."""
    return f".csa-tmp-{place.name}-"


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step, where the system can."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # pragma: no cover - not Linux
        return False
    done = rename(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), ctypes.c_uint(_RENAME_EXCHANGE)
    )
    return bool(done == 0)
