"""The one door for output: whole files or none, the same bytes each time, safe in a spreadsheet.

A file is written as a temporary sibling, synced, then renamed. A folder is written beside its
place, then exchanged with it in one step.
"""

from __future__ import annotations

import csv
import ctypes
import fcntl
import glob
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from csa.errors import OutputError

CURRENT = "current"
VERSIONS = "versions"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def json_bytes(value: object) -> bytes:
    """Write a value as JSON, the same bytes each time.

    Parameters
    ----------
    value
        Dictionaries, lists, texts, numbers; keys keep their order.

    Returns
    -------
    bytes
        UTF-8, indented, with a newline at the end.

    Raises
    ------
    ValueError
        If a number is NaN or infinite: JSON has neither.
    """
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    return (text + "\n").encode()


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Write a table as CSV that no spreadsheet takes for formulas.

    A text that begins like a formula gets an apostrophe before it; numbers do not.

    Parameters
    ----------
    header
        Column names.
    rows
        Values; None is empty.

    Returns
    -------
    bytes
        UTF-8, lines ending in a newline.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_safe(value) for value in row])
    return buffer.getvalue().encode()


def _safe(value: object) -> object:
    if not isinstance(value, str):
        return "" if value is None else value
    # A lone carriage return is not quoted by Python 3.11 and would begin a new row.
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if value.startswith(FORMULA_STARTS) else text


def made_in_file(write: Callable[[Path], None], suffix: str) -> bytes:
    """Return what a library can write only to a file, by way of a temporary one.

    Parameters
    ----------
    write
        Called with the file's path.
    suffix
        The file's ending, such as `.gpkg`.

    Returns
    -------
    bytes
        The file's content; the file itself is gone.

    Raises
    ------
    OutputError
        If the machine has no room for it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".csa-tmp-") as folder:
            path = Path(folder) / f"file{suffix}"
            write(path)
            return path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError("files.cannot_write", path=f"a {suffix} file", why=why) from error


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all; its folder is made where it is absent.

    Parameters
    ----------
    path
        The file.
    content
        Its bytes.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    with _writing(path) as place:
        fresh = _fresh_sibling(place)
        try:
            _fill(fresh, {place.name: content})
            (fresh / place.name).replace(place)
            _sync_folder(place.parent)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def replace_folder(out: Path, marker: str, files: Mapping[str, bytes]) -> None:
    """Write a folder whole: all of its files, or nothing.

    An existing folder of the same kind is replaced; anything else is refused.

    Parameters
    ----------
    out
        The folder.
    marker
        The file by which a folder of this kind is known; one of `files`.
    files
        Name to content.

    Raises
    ------
    OutputError
        If the place holds something else, or cannot be written.
    """
    with _writing(out) as place:
        _refuse_other(place, marker, allowed=set(files))
        fresh = _fresh_sibling(place)
        try:
            _fill(fresh, files)
            _put(fresh, place)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def publish_version(
    out: Path, marker: str, files: Mapping[str, bytes], optional: Sequence[str] = ()
) -> str:
    """Add a version to a versioned folder and make it the current one in one step.

    The folder holds `versions/<number>`, a link `current` to one of them, and a link to each
    of its files: `out/incidents.parquet` is always the current version's.

    Parameters
    ----------
    out
        The folder.
    marker
        The file by which a folder of this kind is known; one of `files`.
    files
        Name to content.
    optional
        Names of files that a version may lack, and another have.

    Returns
    -------
    str
        The version's number; the current one's where its content is the same.

    Raises
    ------
    OutputError
        If the place holds something else, or cannot be written.
    """
    with _writing(out) as place:
        _refuse_other(place, marker, allowed={*files, *optional, CURRENT, VERSIONS})
        current = place / CURRENT
        if current.is_dir() and _content(current) == _content_of(files):
            _link_files(place, files, optional)
            return current.resolve().name
        number = _add_version(place, files)
        _point(current, Path(VERSIONS) / number)
        _link_files(place, files, optional)
        return number


def _add_version(place: Path, files: Mapping[str, bytes]) -> str:
    versions = place / VERSIONS
    is_first = not versions.exists()
    versions.mkdir(parents=True, exist_ok=True)
    number = f"{1 + max((_number(path) for path in versions.iterdir()), default=0):04d}"
    fresh = _fresh_sibling(versions / number)
    try:
        _fill(fresh, files)
        fresh.rename(versions / number)
        _sync_folder(versions)
    except OSError:
        shutil.rmtree(versions if is_first else fresh, ignore_errors=True)
        if is_first and not any(place.iterdir()):
            place.rmdir()
        raise
    return number


def _link_files(place: Path, files: Mapping[str, bytes], optional: Sequence[str]) -> None:
    for name in files:
        if not (place / name).is_symlink():
            _point(place / name, Path(CURRENT) / name)
    for name in optional:
        if name not in files and (place / name).is_symlink():
            (place / name).unlink()
    _sync_folder(place)


def _number(path: Path) -> int:
    return int(path.name) if path.name.isdigit() else 0


def _refuse_other(place: Path, marker: str, allowed: set[str]) -> None:
    if not place.exists():
        return
    if not place.is_dir():
        raise OutputError("files.not_a_folder", path=place)
    # A writer that was killed may have left the new end of a link.
    leftovers = {_new_link(name) for name in allowed}
    held = {path.name for path in place.iterdir()} - leftovers
    strangers = sorted(held - allowed)
    if strangers or (held and marker not in held and VERSIONS not in held):
        what = ", ".join(strangers[:3] or sorted(held)[:3])
        raise OutputError("files.holds_other", path=place, what=what, marker=marker)


@contextmanager
def _writing(out: Path) -> Iterator[Path]:
    """Give the real place of a folder to one writer at a time, and sentences for what fails."""
    try:
        place = out.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(place.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            for leftover in place.parent.glob(f"{glob.escape(_temporary(place))}????????"):
                shutil.rmtree(leftover, ignore_errors=True)
            yield place
        finally:
            os.close(descriptor)
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError("files.cannot_write", path=out, why=why) from error


def _temporary(place: Path) -> str:
    """Return how our temporary folders begin: so that no folder of the user's is taken for one."""
    return f".csa-tmp-{place.name}-"


def _fresh_sibling(place: Path) -> Path:
    fresh = Path(tempfile.mkdtemp(prefix=_temporary(place), dir=place.parent))
    fresh.chmod(0o777 & ~_umask())
    return fresh


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        with (folder / name).open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put(fresh: Path, place: Path) -> None:
    if place.exists() and _exchange(fresh, place):
        _sync_folder(place.parent)
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
    _sync_folder(place.parent)


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


def _new_link(name: str) -> str:
    return f".{name}.new"


def _point(link: Path, target: Path) -> None:
    fresh = link.parent / _new_link(link.name)
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _content(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def _content_of(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
