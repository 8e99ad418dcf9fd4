"""Bytes into records: a CSV or JSON file as rows of text, every record accounted for.

A record that cannot be read is not dropped: it is one `unreadable` row with its line number.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import itertools
import json
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from csa.base.errors import SourceError
from csa.base.message import Message, say
from csa.base.reading import parse_json
from csa.base.text import speak
from csa.ingest.excel import read_excel
from csa.ingest.record_columns import ColumnBuilder, columns_of_rows, read_parquet, repeats

DELIMITERS = ",;\t|"
MAX_TITLES, LEAST_COLUMNS = 10, 3
"""Lines that may stand above the header; columns that a table below them has at least."""
TOP = 100_000
"""Characters in which the first lines are."""
MAX_NOTES = 10
MAX_CHARACTERS = 1_000_000
"""Of a cell: more is text that a quote, opened and never closed, has swallowed."""
FREE_CELLS = 100_000
"""Cells of records, filled or not; more of them than the file has characters is refused."""
MAGIC = {
    b"PK\x03\x04": "an Excel or zip file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": "a gzip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"SQLite format 3": "a database or GeoPackage",
}


ZIP, EXCEL = b"PK\x03\x04", frozenset({".xlsx", ".xlsm"})
PARQUET = b"PAR1"
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True)
class FileRecords:
    """A file's records as text."""

    name: str  # the file's name, without its folder
    sha256: str  # of the file's bytes, 64 hex digits
    header: tuple[str, ...]  # column names as the file spells them
    columns: tuple[pd.Series, ...]  # a column of n texts for each of the header's
    lines: Sequence[int]  # line (in JSON: place in the list) at which each record begins, from 1
    marks: Sequence[int]  # of n records: equal records have equal marks
    unreadable: list[int] = field(default_factory=list)
    notes: tuple[Message, ...] = ()  # what had to be guessed: an encoding, a delimiter

    @property
    def n_read(self) -> int:
        """How many records the file holds, readable or not."""
        return len(self.lines) + len(self.unreadable)

    @property
    def rows(self) -> list[list[str]]:
        """The n records, each as long as the header: for lists, not for a city's incidents."""
        return [list(row) for row in zip(*self.columns, strict=True)]

    def repeats(self) -> np.ndarray:
        """Return which records repeat an earlier one in every column."""
        return repeats(self.columns, self.marks)


def read_records(path: Path) -> FileRecords:
    """Read a CSV or JSON file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise SourceError("source.absent", path=path) from error
    except OSError as error:
        raise SourceError("source.unreadable", path=path, why=error.strerror) from error
    if not content.strip():
        raise SourceError("source.empty", path=path)
    if content.startswith(ZIP) and path.suffix.casefold() in EXCEL:
        return _from_excel(content, path)
    if content.startswith(PARQUET):
        return _from_parquet(path, hashlib.sha256(content).hexdigest())
    for magic, what in MAGIC.items():
        if content.startswith(magic):
            raise SourceError("source.not_text", path=path, what=what)
    text, notes = _decode(content, path)
    sha256 = hashlib.sha256(content).hexdigest()
    start = text.lstrip()
    if start[0] == "<":
        raise SourceError("source.not_text", path=path, what="a web page or XML")
    reader = _from_json if start[0] in "[{" else _from_csv
    records = reader(text, path, sha256)
    if records.n_read == 0:
        key = "source.no_record" if start[0] in "[{" else "source.header_only"
        raise SourceError(key, path=path)
    return replace(records, notes=(*notes, *records.notes))


def _from_excel(content: bytes, path: Path) -> FileRecords:
    """Take the first sheet of an Excel file as records."""
    rows, sheet, others = read_excel(content, path)
    if len(rows) < 2:
        raise SourceError("source.header_only", path=path)
    left = speak("source.other_sheets", names=", ".join(others)) if others else ""
    note = say("source.note_excel", name=path.name, sheet=sheet, others=left)
    n_titles = _count_titles(rows)
    header = tuple(rows[n_titles])
    columns, marks = columns_of_rows(rows[n_titles + 1 :], len(header))
    lines = range(n_titles + 2, len(rows) + 1)
    sha256 = hashlib.sha256(content).hexdigest()
    notes = (note, *_title_notes(n_titles, path))
    return FileRecords(path.name, sha256, header, columns, lines, marks, notes=notes)


def _from_parquet(path: Path, sha256: str) -> FileRecords:
    """Take a Parquet file's rows as records; the line of each is its place in the file."""
    rows = read_parquet(path)
    header = tuple(next(rows))
    columns, marks = columns_of_rows(rows, len(header))
    if not marks:
        raise SourceError("source.header_only", path=path)
    return FileRecords(path.name, sha256, header, columns, range(1, len(marks) + 1), marks)


def _count_titles(rows: list[list[str]]) -> int:
    """Count the lines above the header: each with one cell, where the lines below have more."""
    filled = [sum(1 for cell in row if cell.strip()) for row in rows[:MAX_TITLES]]
    n_titles = next((at for at, n in enumerate(filled) if n > 1), 0)
    is_table = len(rows) > n_titles + 1 and filled[n_titles] >= LEAST_COLUMNS
    return n_titles if is_table else 0


def _title_notes(n_titles: int, path: Path) -> tuple[Message, ...]:
    return (say("source.note_titles", name=path.name, n=n_titles),) if n_titles else ()


def _decode(content: bytes, path: Path) -> tuple[str, tuple[Message, ...]]:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _decode_utf16(content, "utf-16", path)
    head = content[:400]
    if len(head) > 8 and head[1::2].count(0) > 0.8 * len(head[1::2]):
        return _decode_utf16(content, "utf-16-le", path)
    if len(head) > 8 and head[0::2].count(0) > 0.8 * len(head[0::2]):
        return _decode_utf16(content, "utf-16-be", path)
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        raise SourceError("source.empty", path=path)
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        note = say("source.note_encoding", name=path.name, encoding="Latin-1 (Windows-1252)")
        try:
            return content.decode("cp1252"), (note,)
        except UnicodeDecodeError:
            return content.decode("latin-1"), (note,)


def _decode_utf16(content: bytes, codec: str, path: Path) -> tuple[str, tuple[Message, ...]]:
    note = say("source.note_encoding", name=path.name, encoding="UTF-16")
    text = content.decode(codec, errors="replace").removeprefix("\ufeff")
    if not text.strip():
        raise SourceError("source.empty", path=path)
    return text, (note,)


class _Lines:
    """Lines of a text, which remember whether the reader asked for more than there are."""

    start = 1  # the line at which the record begins that is being read

    def __init__(self, text: str) -> None:
        self._lines = LINE.finditer(text)
        self._has_ended = False

    def has_ended(self) -> bool:
        """Check whether the reader ran out of lines: then its record is cut off inside quotes."""
        return self._has_ended

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        found = next(self._lines, None)
        if found is None:
            self._has_ended = True
            raise StopIteration
        return found.group()


def _from_csv(text: str, path: Path, sha256: str) -> FileRecords:
    before = csv.field_size_limit(MAX_CHARACTERS)
    lines = _Lines(text)
    try:
        return _parse_csv(text, lines, path, sha256)
    except csv.Error as error:
        if "limit" in str(error):
            where = {"path": path, "line": lines.start}
            raise SourceError("source.long_cell", **where, n=MAX_CHARACTERS) from error
        raise SourceError("source.unreadable", path=path, why=str(error)) from error
    finally:
        csv.field_size_limit(before)


def _delimiter(text: str) -> str:
    """Return what separates the cells of the first line that has several."""
    lines = [line for line in text[:TOP].split("\n") if line.strip()][:MAX_TITLES]
    found = ((max(DELIMITERS, key=line.count), line) for line in lines)
    several = (mark for mark, line in found if line.count(mark) >= LEAST_COLUMNS - 1)
    return next(several, max(DELIMITERS, key=lines[0].count) if lines else ",")


def _parse_csv(text: str, lines: _Lines, path: Path, sha256: str) -> FileRecords:
    name = path.name
    delimiter = _delimiter(text)
    top = csv.reader(_Lines(text), delimiter=delimiter)
    n_titles = _count_titles(list(itertools.islice((row for row in top if any(row)), MAX_TITLES)))
    reader = csv.reader(lines, delimiter=delimiter)
    filled = (row for row in reader if any(row))
    header = next(itertools.islice(filled, n_titles, None), [])
    if len(header) < 2 or "\0" in "".join(header) or lines.has_ended():
        raise SourceError("source.not_table", path=path)
    built, starts = ColumnBuilder(), array("q")
    unreadable: list[int] = []
    cut_off: int | None = None
    notes: list[Message] = [*_title_notes(n_titles, path)]
    width = len(header)
    lines.start = reader.line_num + 1
    for row in reader:
        start = lines.start
        if row:
            is_cut_off = lines.has_ended()
            sized = _fit(row, width)
            if sized is None or is_cut_off or "\0" in "".join(row):
                unreadable.append(start)
                n_lines = reader.line_num - start + 1
                if n_lines > 1 and not is_cut_off:
                    notes.append(say("source.note_swallowed", name=name, line=start, n=n_lines))
                cut_off = start if is_cut_off else None
            else:
                built.add(sized)
                starts.append(start)
        lines.start = reader.line_num + 1
    if cut_off is not None:
        n_lines = reader.line_num - cut_off + 1
        notes.append(say("source.note_cut_off", name=name, line=cut_off, n=n_lines))
    columns, told = built.columns(width), tuple(notes[:MAX_NOTES])
    return FileRecords(name, sha256, tuple(header), columns, starts, built.marks, unreadable, told)


def _fit(row: list[str], width: int) -> list[str] | None:
    """Return the row at the header's width; extra empty fields are dropped, others refused."""
    if len(row) == width:
        return row
    if len(row) > width and not any(row[width:]):
        return row[:width]
    return None


def _from_json(text: str, path: Path, sha256: str) -> FileRecords:
    try:
        parsed = parse_json(text)
    except ValueError as error:
        raise SourceError("source.not_json", path=path, why=str(error)) from error
    if isinstance(parsed, dict) and isinstance(parsed.get("features"), list):
        parsed = [_from_feature(feature) for feature in parsed["features"]]
    if not isinstance(parsed, list):
        raise SourceError("source.not_records", path=path)
    good = [(number, row) for number, row in enumerate(parsed, 1) if isinstance(row, dict)]
    bad = [number for number, row in enumerate(parsed, 1) if not isinstance(row, dict)]
    header = tuple(dict.fromkeys(key for _, row in good for key in row if _is_text(key)))
    if len(good) * len(header) > max(len(text), FREE_CELLS):
        raise SourceError("source.many_keys", path=path, n=len(header), n_records=len(good))
    rows: list[list[str]] = []
    lines: list[int] = []
    for number, row in good:
        texts = [_as_text(row.get(key)) for key in header]
        if all(map(_is_text, texts)):
            rows.append(texts)
            lines.append(number)
        else:
            bad.append(number)
    columns, marks = columns_of_rows(rows, len(header))
    return FileRecords(path.name, sha256, header, columns, lines, marks, sorted(bad))


def _from_feature(feature: object) -> object:
    """Take a feature as a record: its properties, and its point as a column or two."""
    if not isinstance(feature, dict):
        return feature
    geometry = feature.get("geometry")
    if isinstance(feature.get("attributes"), dict):  # as an ArcGIS server answers
        place = geometry if isinstance(geometry, dict) else {}
        return {axis: place[axis] for axis in ("x", "y") if axis in place} | feature["attributes"]
    if not isinstance(feature.get("properties"), dict):
        return feature
    return feature["properties"] | ({"geometry": geometry} if isinstance(geometry, dict) else {})


def _is_text(text: str) -> bool:
    """Check whether a text can be encoded: half a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
