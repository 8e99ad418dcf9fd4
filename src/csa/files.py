"""The one door for output: whole files or none, the same bytes each time, safe in a spreadsheet.

A file is written as a temporary sibling, synced, then renamed. A folder is written beside its
place, then exchanged with it in one step.
"""

from __future__ import annotations

import csv
import ctypes
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value


def read_json(path: Path) -> Any:
    """Read a JSON file of ours.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    object
        Its value.

    Raises
    ------
    OutputError
        If it is absent or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError("files.unreadable", path=path) from error


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
    _refuse_other(out, marker, allowed=set(files))
    with _writing(out):
        fresh = _fresh_sibling(out)
        try:
            _fill(fresh, files)
            _put(fresh, out)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def publish_version(out: Path, marker: str, files: Mapping[str, bytes]) -> str:
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

    Returns
    -------
    str
        The version's number; the current one's where its content is the same.

    Raises
    ------
    OutputError
        If the place holds something else, or cannot be written.
    """
    _refuse_other(out, marker, allowed={*files, CURRENT, VERSIONS})
    with _writing(out):
        (out / VERSIONS).mkdir(parents=True, exist_ok=True)
        current = out / CURRENT
        if current.is_dir() and _content(current) == _content_of(files):
            return current.resolve().name
        number = f"{1 + max((_number(path) for path in (out / VERSIONS).iterdir()), default=0):04d}"
        fresh = _fresh_sibling(out / VERSIONS / number)
        try:
            _fill(fresh, files)
            fresh.rename(out / VERSIONS / number)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        _point(out / CURRENT, Path(VERSIONS) / number)
        for name in files:
            if not (out / name).is_symlink():
                _point(out / name, Path(CURRENT) / name)
        _sync_folder(out)
        return number


def _number(path: Path) -> int:
    return int(path.name) if path.name.isdigit() else 0


def _refuse_other(out: Path, marker: str, allowed: set[str]) -> None:
    if not out.exists() and not out.is_symlink():
        return
    if not out.is_dir():
        raise OutputError("files.not_a_folder", path=out)
    held = {path.name for path in out.iterdir()}
    strangers = sorted(held - allowed)
    if strangers or (held and marker not in held and VERSIONS not in held):
        what = ", ".join(strangers[:3] or sorted(held)[:3])
        raise OutputError("files.holds_other", path=out, what=what, marker=marker)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError("files.cannot_write", path=out, why=why) from error


def _fresh_sibling(place: Path) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
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


def _put(fresh: Path, out: Path) -> None:
    if out.exists():
        if _exchange(fresh, out):
            return  # the old folder is now at `fresh`, and is removed there
        shutil.rmtree(out)
    fresh.rename(out)
    _sync_folder(out.parent)


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


def _point(link: Path, target: Path) -> None:
    fresh = link.parent / f".{link.name}.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _content(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def _content_of(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
