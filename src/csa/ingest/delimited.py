"""Rows of cells that commas, semicolons, tabs or bars separate, every one accounted for."""

from __future__ import annotations

import csv
import itertools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from csa.base.errors import SourceError
from csa.base.message import Message, msg
from csa.ingest.record_columns import OpenRecords, RecordBlock, in_blocks

FileState = tuple[int, int] | None
DELIMITERS = ",;\t|"
MAX_TITLES, LEAST_COLUMNS = 10, 3
"""Lines that may stand above the header; columns that a table below them has at least."""
FULL = 0.8
"""Share of the fullest line's cells that a header fills at least."""
TOP = 100_000
"""Characters in which the first lines are."""
MAX_NOTES = 10
MAX_CHARACTERS = 1_000_000
"""Of a cell: more is text that a quote, opened and never closed, has swallowed."""


def count_titles(rows: list[list[str]]) -> int:
    """Count the lines above the header: each with one cell, where the lines below have more.

    Or with a few, such as a day on which it was made or a line of groups, above a line as full as
    the table that holds no number and no day.
    """
    filled = [sum(1 for cell in row if cell.strip()) for row in rows[:MAX_TITLES]]
    n_titles = next((at for at, n in enumerate(filled) if n > 1), 0)
    full = [at for at, n in enumerate(filled) if n >= FULL * max(filled, default=0)]
    named = [at for at in full if not any(map(is_value, rows[at]))]
    if named and n_titles < named[0] == full[0]:
        n_titles = named[0]
    is_table = len(rows) > n_titles + 1 and filled[n_titles] >= LEAST_COLUMNS
    return n_titles if is_table else 0


def is_value(cell: str) -> bool:
    """Check for a number or a day, which the names of columns hardly ever are."""
    is_number = set(cell) <= {*"-+./: 0123456789"} and any(map(str.isdigit, cell))
    return is_number or bool(re.match(r"\d{4}-\d\d-\d\d", cell))


def title_notes(n_titles: int, path: Path) -> tuple[Message, ...]:
    """Note how many lines above the header were left out, if any."""
    return (msg("source.note_titles", name=path.name, n=n_titles),) if n_titles else ()


class _Lines:
    """Lines of a text, which remember whether the reader asked for more than there are."""

    start = 1  # the line at which the record begins that is being read

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._has_ended = False

    def has_ended(self) -> bool:
        """Check whether the reader ran out of lines: then its record is cut off inside quotes."""
        return self._has_ended

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline()
        if not line:
            self._has_ended = True
            raise StopIteration
        return line


@contextmanager
def _parsing(lines: _Lines, path: Path) -> Iterator[None]:
    """Bound the cells that are read, for as long as they are; refuse what cannot be."""
    before = csv.field_size_limit(MAX_CHARACTERS)
    try:
        yield
    except csv.Error as error:
        if "limit" in str(error):
            where = {"path": path, "line": lines.start}
            raise SourceError("source.long_cell", **where, n=MAX_CHARACTERS) from error
        raise SourceError("source.unreadable", path=path, why=str(error)) from error
    except OSError as error:
        raise SourceError("source.unreadable", path=path, why=error.strerror) from error
    except UnicodeDecodeError as error:  # it could be decoded a moment ago
        raise SourceError("source.changed", path=path) from error
    finally:
        csv.field_size_limit(before)


def read_delimited(
    text: IO[str], path: Path, sha256: str, notes: list[Message], state: FileState
) -> OpenRecords:
    """Begin to read a text of rows and cells, its header first; its state must stay the same."""
    delimiter = _delimiter(text.read(TOP))
    text.seek(0)
    lines = _Lines(text)
    with _parsing(lines, path):
        top = csv.reader(_Lines(text), delimiter=delimiter)
        n_titles = count_titles([*itertools.islice(filter(any, top), MAX_TITLES)])
        text.seek(0)
        reader = csv.reader(lines, delimiter=delimiter)
        header = next(itertools.islice(filter(any, reader), n_titles, None), [""])
    header[0] = header[0].removeprefix("\ufeff")
    if len(header) < 2 or "\0" in "".join(header) or lines.has_ended():
        raise SourceError("source.not_table", path=path)
    reading = OpenRecords(path.name, sha256, tuple(header), iter(()), notes=notes)
    most = len(notes) + MAX_NOTES
    reading.notes += title_notes(n_titles, path)
    rows = _rows(reader, lines, reading, most)
    reading.blocks = _csv_blocks(text, lines, in_blocks(rows, len(header)), path, state)
    return reading


def _csv_blocks(
    text: IO[str], lines: _Lines, blocks: Iterator[RecordBlock], path: Path, state: FileState
) -> Iterator[RecordBlock]:
    """Yield the blocks of a CSV file, and close it; refuse one that another program changes."""
    with text:
        while True:
            with _parsing(lines, path):
                block = next(blocks, None)
            if state_of(text) != state:
                raise SourceError("source.changed", path=path)
            if block is None:
                return
            yield block


def state_of(file: IO[Any]) -> FileState:
    """Return an open file's size and time of change; None of what is no file."""
    try:
        known = os.fstat(file.fileno())
    except OSError:
        return None
    return known.st_size, known.st_mtime_ns


def _delimiter(text: str) -> str:
    """Return what separates the cells of the first line that has several."""
    lines = [line for line in text[:TOP].split("\n") if line.strip()][:MAX_TITLES]
    found = ((max(DELIMITERS, key=line.count), line) for line in lines)
    several = (mark for mark, line in found if line.count(mark) >= LEAST_COLUMNS - 1)
    return next(several, max(DELIMITERS, key=lines[0].count) if lines else ",")


def _rows(
    reader: Any, lines: _Lines, reading: OpenRecords, most: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that can be read, with its line; note the others."""
    name, width = reading.name, len(reading.header)
    lines.start = reader.line_num + 1
    for row in reader:
        start = lines.start
        sized, is_cut_off = _fit(row, width), lines.has_ended()
        if sized is not None and not is_cut_off and "\0" not in "".join(row):
            yield start, sized
        elif row:
            reading.unreadable.append(start)
            n_lines = reader.line_num - start + 1
            key = "source.note_cut_off" if is_cut_off else "source.note_swallowed"
            if (is_cut_off or n_lines > 1) and len(reading.notes) < most:
                reading.notes.append(msg(key, name=name, line=start, n=n_lines))
        lines.start = reader.line_num + 1


def _fit(row: list[str], width: int) -> list[str] | None:
    """Return the row at the header's width; extra empty fields are dropped, others refused."""
    if len(row) == width:
        return row
    if len(row) > width and not any(row[width:]):
        return row[:width]
    return None
