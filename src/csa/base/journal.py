"""Several changes on disk that happen together: written down first, then carried out.

A change is a move of a finished file or folder to its place, what stands there going aside; or a
new target of a versioned folder. A run that is killed while they are carried out is finished by the
next, from the journal; one that is killed before has changed nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from csa.base.errors import OutputError
from csa.base.io import CURRENT, held, json_bytes, point_version, write_file
from csa.base.reading import parse_json


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
    return True


def _move(one: Move) -> None:
    """Make one change, unless it was made already."""
    place, made = Path(one.place), Path(one.made)
    if one.version:
        point_version(place, one.version)
        return
    is_open = made.exists() if one.made else True
    if is_open and place.exists():
        _put_aside(place, Path(one.aside) if one.aside else None)
    if one.made and made.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        made.rename(place)


def _put_aside(place: Path, aside: Path | None) -> None:
    if aside is not None:
        aside.parent.mkdir(parents=True, exist_ok=True)
        if not aside.exists():
            place.rename(aside)
            return
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink()


def clone_folder(folder: Path, target: Path) -> None:
    """Copy a folder whose files are never changed in place: each file is the same one twice."""
    if not folder.exists():
        return

    def link(source: str, copy: str) -> None:
        try:
            os.link(source, copy)
        except OSError:  # a disk without hard links
            shutil.copy2(source, copy)

    shutil.copytree(folder, target, symlinks=True, copy_function=link)


def current_version(folder: Path) -> str:
    """Return the number of a versioned folder's current version; empty where there is none."""
    current = folder / CURRENT
    return current.resolve().name if current.exists() else ""


def alone(lock: Path) -> AbstractContextManager[None]:
    """Admit one process at a time; refuse a second one at once."""
    return held(lock.parent, OutputError("month.busy", path=lock), name=lock.name)
