"""The one module for output: whole files or none, the same bytes each time, spreadsheet-safe.

A file is written as a temporary sibling, synced, then renamed. A folder is written beside its
place, then exchanged with it in one step; see `csa.base.atomic`.
"""

from __future__ import annotations

import csv
import errno
import fcntl
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from csa.base.atomic import (
    new_link,
    point,
    put,
    put_new,
    remove_leftovers,
    sync_folder,
    writing,
    written_beside,
)
from csa.base.errors import OutputError

CURRENT = "current"
VERSIONS = "versions"
KEPT = "kept"
"""Folder beside a versioned folder's files for stored results computed from a version."""
LOCK = "lock"
PRIVATE = 0o600
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With what may stand before one, and the wide signs of East Asian text."""


def json_bytes(value: object) -> bytes:
    """Write a value as JSON, the same bytes each time."""
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    return (text + "\n").encode()


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Write a table as CSV that no spreadsheet reads as formulas.

    A text that begins like a formula gets an apostrophe before it; numbers do not.
    """
    buffer = io.BytesIO()  # a text of as many rows as a police file has takes four times as much
    with io.TextIOWrapper(buffer, "utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow([_safe(value) for value in row])
        text.flush()
        return buffer.getvalue()


def _safe(value: object) -> object:
    if not isinstance(value, str):
        return "" if value is None else value
    # A lone carriage return is not quoted by Python 3.11 and would begin a new row.
    text = value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value
    return f"'{text}" if value.startswith(FORMULA_STARTS) else text


def made_in_file(write: Callable[[Path], None], suffix: str) -> bytes:
    """Return the bytes that a library can write only to a file, by way of a temporary one."""
    try:
        with tempfile.TemporaryDirectory(prefix=".csa-tmp-") as folder:
            path = Path(folder) / f"file{suffix}"
            write(path)
            return path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError("files.cannot_write", path=f"a {suffix} file", why=why) from error


def write_file(path: Path, content: bytes, *, is_private: bool = False) -> None:
    """Write a file completely or not at all; its folder is made if it is absent.

    A private one is its owner's alone to read.
    """
    with (
        writing(path) as place,
        written_beside(place, {place.name: content}) as fresh,
    ):
        if is_private:
            (fresh / place.name).chmod(PRIVATE)
        (fresh / place.name).replace(place)
        sync_folder(place.parent)


def create_file(path: Path, content: bytes, *, is_private: bool = False) -> bool:
    """Write a file that is never overwritten, completely or not at all.

    Of several writers of one name, in whatever process, one alone creates it.
    """
    with (
        writing(path) as place,
        written_beside(place, {place.name: content}) as fresh,
    ):
        if is_private:
            (fresh / place.name).chmod(PRIVATE)
        is_created = put_new(fresh / place.name, place)
        sync_folder(place.parent)
        return is_created


@contextmanager
def held(folder: Path, refusal: OutputError, mode: int = 0o777, name: str = LOCK) -> Iterator[None]:
    """Hold a folder, which is made if it is absent; while another process does, refuse.

    The lock ends with the process, however it ends.
    """
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError("files.cannot_write", path=folder, why=why) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise refusal from error
        yield
    finally:
        os.close(descriptor)


def require_writable(place: Path) -> None:
    """Refuse a place that could not be written, before hours of computing."""
    folder = place.resolve().parent
    while not os.path.lexists(folder):
        folder = folder.parent
    if not folder.is_dir():
        raise OutputError("files.not_a_folder", path=folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError("files.cannot_write", path=place, why=os.strerror(errno.EACCES))


def replace_folder(
    out: Path,
    marker: str,
    files: Mapping[str, bytes],
    optional: Sequence[str] = (),
    refuse: Callable[[Path], None] | None = None,
) -> None:
    """Write a folder: all of its files, or nothing.

    An existing folder of the same kind is replaced; anything else is refused.
    """
    with writing(out) as place:
        require_replaceable(place, marker, {*files, *optional})
        if refuse is not None:
            refuse(place)
        with written_beside(place, files) as fresh:
            put(fresh, place)


def require_replaceable(out: Path, marker: str, names: Iterable[str]) -> None:
    """Refuse a folder that holds something else, before anything is made for its place."""
    allowed = {marker, *names}
    _refuse_other(out, marker, {name.partition("/")[0] for name in allowed})
    _refuse_strangers(out, allowed)


def publish_version(
    out: Path, marker: str, files: Mapping[str, bytes], optional: Sequence[str] = ()
) -> str:
    """Add a version to a versioned folder and make it the current one in one step.

    The folder holds `versions/<number>`, a link `current` to one of them, and a link to each of its
    files: `out/incidents.parquet` is always the current version's. Stored results in `kept/` stay.
    """
    with writing(out) as place:
        _refuse_other(place, marker, allowed={*files, *optional, CURRENT, VERSIONS, KEPT})
        current = place / CURRENT
        if current.is_dir() and _content(current) == files:
            _link_files(place, files, optional)
            return current.resolve().name
        number = _add_version(place, files)
        point(current, Path(VERSIONS) / number)
        _link_files(place, files, optional)
        return number


def point_version(out: Path, number: str) -> None:
    """Make another version of a versioned folder the current one, in one step."""
    with writing(out) as place:
        files = {path.name: b"" for path in (place / VERSIONS / number).iterdir()}
        point(place / CURRENT, Path(VERSIONS) / number)
        links = [one.name for one in place.iterdir() if one.is_symlink() and one.name != CURRENT]
        _link_files(place, files, links)


def _add_version(place: Path, files: Mapping[str, bytes]) -> str:
    versions = place / VERSIONS
    is_first = not versions.exists()
    versions.mkdir(parents=True, exist_ok=True)
    number = f"{1 + max((_number(path) for path in versions.iterdir()), default=0):04d}"
    remove_leftovers(versions / number)
    try:
        with written_beside(versions / number, files) as fresh:
            fresh.rename(versions / number)
            sync_folder(versions)
    except OSError:
        if is_first:
            shutil.rmtree(versions, ignore_errors=True)
            if not any(place.iterdir()):
                place.rmdir()
        raise
    return number


def _link_files(place: Path, files: Mapping[str, bytes], optional: Sequence[str]) -> None:
    for name in files:
        if not (place / name).is_symlink():
            point(place / name, Path(CURRENT) / name)
    for name in optional:
        if name not in files and (place / name).is_symlink():
            (place / name).unlink()
    sync_folder(place)


def _number(path: Path) -> int:
    return int(path.name) if path.name.isdigit() else 0


def _refuse_other(place: Path, marker: str, allowed: set[str]) -> None:
    if not place.exists():
        return
    if not place.is_dir():
        raise OutputError("files.not_a_folder", path=place)
    # A writer that was killed may have left the new end of a link.
    leftovers = {new_link(name) for name in allowed}
    held = {path.name for path in place.iterdir()} - leftovers
    strangers = sorted(held - allowed)
    if strangers or (held and marker not in held and VERSIONS not in held):
        what = ", ".join(strangers[:3] or sorted(held)[:3])
        raise OutputError("files.holds_other", path=place, what=what, marker=marker)


def _refuse_strangers(place: Path, allowed: set[str]) -> None:
    """Refuse a folder whose subfolders hold files that would be lost."""
    for below in sorted({name.partition("/")[0] for name in allowed if "/" in name}):
        held = sorted(path.name for path in (place / below).glob("*"))
        strangers = [name for name in held if f"{below}/{name}" not in allowed]
        if strangers:
            what = ", ".join(f"{below}/{name}" for name in strangers[:3])
            raise OutputError("files.holds_other", path=place, what=what, marker=below)


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}
