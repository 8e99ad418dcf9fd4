"""The one module for output: whole files or none, the same bytes each time, spreadsheet-safe.

A file is written as a temporary sibling, synced, then renamed. A folder is written beside its
place, then exchanged with it in one step; see `csa.base.io`.
"""

from __future__ import annotations

import csv
import ctypes
import errno
import glob
import io
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from csa.base.errors import CsaError, OutputError
from csa.base.safe_parsing import parse_json

# ---- Changes on disk that happen completely or not at all: links, renames, exchanges, syncs.


_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
WRITER_LOCK = ".csa-tmp-lock"
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)


@contextmanager
def writing(out: Path) -> Iterator[Path]:
    """Allow one writer at a time, and turn failures into sentences."""
    try:
        place = out.resolve()
        make_folder(place.parent)
        with FileLock(place.parent / WRITER_LOCK, mode=0o666) as lock:  # anybody may take it next
            try:
                remove_leftovers(place)
                yield place
            finally:
                # Who waits for a file that is gone makes another. Windows keeps it until then.
                with suppress(OSError):
                    Path(lock.lock_file).unlink()
    except OSError as error:
        raise OutputError("files.cannot_write", path=out, why=error.strerror or error) from error


def remove_leftovers(place: Path) -> None:
    """Remove what killed writers of a place left beside it; the caller holds the lock."""
    for leftover in place.parent.glob(f"{glob.escape(_temporary(place))}????????"):
        shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def write_aside(place: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
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


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it, each synced with the one that lists it."""
    missing = [level for level in (folder, *folder.parents) if not level.exists()]
    folder.mkdir(mode, parents=True, exist_ok=True)
    for level in missing:
        sync_folder(level.parent)


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
        write_aside(place, {place.name: content}) as fresh,
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
        write_aside(place, {place.name: content}) as fresh,
    ):
        if is_private:
            (fresh / place.name).chmod(PRIVATE)
        is_created = put_new(fresh / place.name, place)
        sync_folder(place.parent)
        return is_created


def copy_file(source: Path, path: Path) -> bool:
    """Copy a file of any size to a place where none is, completely or not at all."""
    with writing(path) as place, write_aside(place, {}) as fresh:
        shutil.copyfile(source, fresh / place.name)
        with (fresh / place.name).open("rb") as stream:
            os.fsync(stream.fileno())
        is_created = put_new(fresh / place.name, place)
        sync_folder(place.parent)
        return is_created


@contextmanager
def locked_folder(
    folder: Path, refusal: CsaError, mode: int = 0o777, name: str = LOCK
) -> Iterator[None]:
    """Hold a folder, which is made if it is absent; while another process does, refuse.

    The lock ends with the process, however it ends.
    """
    try:
        make_folder(folder, mode)
        held = FileLock(folder / name, timeout=0, mode=0o600).acquire()
    except Timeout as error:
        raise refusal from error
    except OSError as error:
        raise OutputError("files.cannot_write", path=folder, why=error.strerror or error) from error
    with held:
        yield


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
        with write_aside(place, files) as fresh:
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
        with write_aside(versions / number, files) as fresh:
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


# ---- Several changes on disk that happen together: written down first, then carried out.


@dataclass(frozen=True)
class Move:
    """A change of one place."""

    place: str  # where it is to be
    made: str = ""  # the finished file or folder; empty: nothing comes here
    aside: str = ""  # where what stands there goes; empty: it is not kept
    version: str = ""  # of a versioned folder: the number that becomes the current one


def carry_out(journal: Path, moves: Sequence[Move]) -> None:
    """Carry out changes together: once the journal is written, they will happen."""
    write_file(journal, json_bytes([asdict(one) for one in moves]))
    finish(journal)


def finish(journal: Path) -> bool:
    """Finish the changes of a run that was killed; return whether there were any."""
    try:
        moves = [Move(**one) for one in parse_json(journal.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return False
    except (OSError, ValueError, TypeError) as error:
        raise OutputError("files.journal", path=journal) from error
    try:
        for one in moves:
            _move(one)
    except OSError as error:
        why = error.strerror or str(error)
        raise OutputError("files.cannot_write", path=journal.parent, why=why) from error
    journal.unlink()
    remove_leftovers(journal)
    return True


def _move(one: Move) -> None:
    """Make one change, unless it was made already."""
    place, made = Path(one.place), Path(one.made)
    if one.version:
        point_version(place, one.version)
        return
    is_open = made.exists() if one.made else True
    gone = place.parent / f"{_temporary(place)}replaced"  # removed under another name, and last
    if is_open and place.exists():
        aside = Path(one.aside) if one.aside else gone
        if aside.exists():
            aside = gone
            _remove(gone)
        make_folder(aside.parent)
        # A file that another replaces stands there until then.
        is_file = one.made and place.is_file() and not place.is_symlink()
        (_link if is_file else os.rename)(place, aside)
        sync_folder(aside.parent)
    if one.made and made.exists():
        make_folder(place.parent)
        made.replace(place)
    if place.parent.exists():
        sync_folder(place.parent)
    _remove(gone)


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def clone_folder(folder: Path, target: Path) -> None:
    """Copy a folder whose files are never changed in place: each file is the same one twice."""
    if folder.exists():
        shutil.copytree(folder, target, symlinks=True, copy_function=_link)


def _link(source: str | Path, copy: str | Path) -> None:
    try:
        os.link(source, copy)
    except OSError:  # a disk without hard links
        shutil.copy2(source, copy)


def current_version(folder: Path) -> str:
    """Return the number of a versioned folder's current version; empty where there is none."""
    current = folder / CURRENT
    return current.resolve().name if current.exists() else ""


def exclusive_lock(lock: Path) -> AbstractContextManager[None]:
    """Admit one process at a time; refuse a second one at once."""
    return locked_folder(lock.parent, OutputError("month.busy", path=lock), name=lock.name)
