"""Bytes into records: a CSV or JSON file as rows of text, every record accounted for.

A record that cannot be read is not dropped: it is one `unreadable` row with its line number.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pandas as pd

from csa.base.errors import SourceError
from csa.base.message import Message, say
from csa.base.text import speak
from csa.ingest.delimited import FileState, count_titles, read_delimited, state_of, title_notes
from csa.ingest.excel import read_excel
from csa.ingest.json_records import parse_records
from csa.ingest.packed import GZIP, PACKED, ZIP, unpack_table
from csa.ingest.record_columns import (
    OpenRecords,
    RecordBlock,
    in_blocks,
    read_parquet,
    whole,
)

HEAD, CHUNK = 400, 1 << 20
"""Bytes that tell what a file is; bytes, or characters, that are taken at once."""
FREE_CELLS = 100_000
"""Cells of records, filled or not; more of them than the file has characters is refused."""
MAGIC = {
    b"PK\x03\x04": "an Excel or zip file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": "a packed file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"SQLite format 3": "a database or GeoPackage",
}


Content = io.BufferedReader | io.BytesIO
EXCEL = frozenset({".xlsx", ".xlsm"})
MAPS, MAP_NAMES = (
    (ZIP, b"SQLite format 3", b"\x00\x00\x27\x0a"),
    frozenset({".gpkg", ".shp", ".zip"}),
)
PARQUET = b"PAR1"
TABLES = (
    "csv", "tsv", "txt", "json", "geojson", "jsonl", "ndjson", "xlsx", "parquet", "gpkg", "zip",
    "gz",
)  # fmt: skip
"""How the names of files end that hold records."""


@dataclass(frozen=True)
class FileRecords:
    """A file's records as text, all at once: for lists, not for a city's incidents."""

    name: str  # the file's name, without its folder
    sha256: str  # of the file's bytes, 64 hex digits
    header: tuple[str, ...]  # column names as the file spells them
    columns: tuple[pd.Series, ...]  # a column of n texts for each of the header's
    lines: Sequence[int]  # line (in JSON: place in the list) at which each record begins, from 1
    unreadable: list[int] = field(default_factory=list)  # lines at which such records begin
    notes: tuple[Message, ...] = ()  # what had to be guessed: an encoding, a delimiter
    crs: str = ""  # the system of x and y, where the file names one that is not degrees

    @property
    def n_read(self) -> int:
        """How many records the file holds, readable or not."""
        return len(self.lines) + len(self.unreadable)

    @property
    def rows(self) -> list[list[str]]:
        """The n records, each as long as the header."""
        return [list(row) for row in zip(*self.columns, strict=True)]


def read_records(path: Path) -> FileRecords:
    """Read a file of records, all at once."""
    with open_records(path) as reading:
        columns, lines = whole(reading.blocks)
        told = reading.unreadable, tuple(reading.notes), reading.crs
        return FileRecords(reading.name, reading.sha256, reading.header, columns, lines, *told)


def open_records(path: Path) -> OpenRecords:
    """Begin to read a file of records: CSV, JSON, Excel, Parquet or a map of points.

    Raises
    ------
    SourceError
        If it is absent, unreadable or of another kind, or holds no record.
    """
    try:
        file = path.open("rb")
        with ExitStack() as held:
            held.callback(file.close)
            content = file if file.seekable() else io.BytesIO(file.read())
            reading = _begin(content, path)
            first = _first(reading, path)
            if content is file:
                reading.held = held.pop_all()
    except FileNotFoundError as error:
        raise SourceError("source.absent", path=path) from error
    except OSError as error:
        raise SourceError("source.unreadable", path=path, why=error.strerror) from error
    except UnicodeDecodeError as error:  # it could be decoded a moment ago
        raise SourceError("source.changed", path=path) from error
    reading.blocks = itertools.chain([first], reading.blocks)
    return reading


def _first(reading: OpenRecords, path: Path) -> RecordBlock:
    """Take the first block; refuse a file without records."""
    first = next(reading.blocks)
    if not (first.lines or reading.unreadable):
        raise SourceError("source.header_only", path=path)
    return first


def _begin(content: Content, path: Path) -> OpenRecords:
    """Find out what kind of file it is, and read what stands above its records."""
    state = state_of(content)
    sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    content.seek(0)
    head = content.read(HEAD)
    if head.startswith(ZIP) and path.suffix.casefold() in EXCEL:
        with content:
            return _from_excel(head + _rest(content, state, path), path, sha256)
    if head.startswith((ZIP, GZIP)) and path.suffix.casefold() in PACKED:
        packed = head + _rest(content, state, path)
        found = unpack_table(packed, path)
        if found is not None:
            return _from_packed(*found, path, sha256)
    is_map = head.startswith(MAPS) and path.suffix.casefold() in MAP_NAMES
    if is_map or head.startswith(PARQUET):
        content.close()
        return _from_rows(_map_rows(path) if is_map else read_parquet(path), path, sha256)
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise SourceError("source.not_text", path=path, what=what)
    text, notes = _decoded(content, head, path.name)
    letter = _first_letter(text)
    if not letter:
        raise SourceError("source.empty", path=path)
    if letter == "<":
        raise SourceError("source.not_text", path=path, what="a web page or XML")
    if letter in "[{":
        with text:
            whole_text = _rest(text, state, path).removeprefix("\ufeff")
            return _from_json(whole_text, path, sha256, notes)
    return read_delimited(text, path, sha256, notes, state)


def _rest(file: IO[Any], state: FileState, path: Path) -> Any:
    """Read the rest of a file; refuse one that has changed since it was opened."""
    found = file.read()
    if state_of(file) != state:
        raise SourceError("source.changed", path=path)
    return found


def _from_packed(name: str, unpacked: bytes, path: Path, sha256: str) -> OpenRecords:
    """Read the table that was packed; it is known by the name and the bytes of its packing."""
    if unpacked.startswith(PARQUET) or Path(name).suffix.casefold() in PACKED | MAP_NAMES:
        raise SourceError("source.not_text", path=path / name, what="a packed file in another")
    reading = _begin(io.BytesIO(unpacked), path / name)
    reading.notes.insert(0, say("source.note_packed", name=path.name, file=name))
    reading.name, reading.sha256 = path.name, sha256
    return reading


def _from_excel(content: bytes, path: Path, sha256: str) -> OpenRecords:
    """Take the sheets of an Excel file that hold one table as records."""
    table = read_excel(content, path)
    rows, others = table.rows, table.others
    if len(rows) < 2:
        raise SourceError("source.header_only", path=path)
    left = speak("source.other_sheets", names=", ".join(others)) if others else ""
    sheets = ", ".join(table.sheets)
    note = say("source.note_excel", name=path.name, n=len(table.sheets), sheet=sheets, others=left)
    n_titles = count_titles(rows)
    header, notes = tuple(rows[n_titles]), [note, *title_notes(n_titles, path)]
    blocks = in_blocks(enumerate(rows[n_titles + 1 :], n_titles + 2), len(header))
    return OpenRecords(path.name, sha256, header, blocks, notes=notes)


def _map_rows(path: Path) -> Iterator[Sequence[str]]:
    from csa.ingest.map_records import read_map_rows  # noqa: PLC0415 - what reads maps loads late

    return read_map_rows(path)


def _from_rows(rows: Iterator[Sequence[str]], path: Path, sha256: str) -> OpenRecords:
    """Take a header and rows below it as records; the line of each is its place in the file."""
    header = tuple(next(rows))
    return OpenRecords(path.name, sha256, header, in_blocks(enumerate(rows, 1), len(header)))


def _decoded(content: Content, head: bytes, name: str) -> tuple[IO[str], list[Message]]:
    """Return a file's text, its lines as they end, and what had to be guessed about it."""
    codec, said = _codec(content, head)
    content.seek(0)
    errors = "replace" if codec.startswith("utf-16") else "strict"
    text = io.TextIOWrapper(content, codec, errors, newline="")
    return text, [say("source.note_encoding", name=name, encoding=said)] if said else []


def _codec(content: Content, head: bytes) -> tuple[str, str]:
    """Find the encoding of a file, and its name where it had to be guessed."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", "UTF-16"
    for codec, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(head) > 8 and zeros.count(0) > 0.8 * len(zeros):
            return codec, "UTF-16"
    if _is_in(content, "utf-8-sig"):
        return "utf-8-sig", ""
    return "cp1252" if _is_in(content, "cp1252") else "latin-1", "Latin-1 (Windows-1252)"


def _is_in(content: Content, codec: str) -> bool:
    """Check whether a whole file can be decoded."""
    content.seek(0)
    decode = codecs.getincrementaldecoder(codec)().decode
    try:
        while chunk := content.read(CHUNK):
            decode(chunk)
        decode(b"", True)  # noqa: FBT003 - as codecs define it
    except UnicodeDecodeError:
        return False
    return True


def _first_letter(text: IO[str]) -> str:
    """Return the first character that is no blank, "" if there is none; begin again."""
    found = ""
    while not found and (chunk := text.read(CHUNK)):
        found = chunk.replace("\ufeff", "").lstrip()[:1]
    text.seek(0)
    return found


def _from_json(text: str, path: Path, sha256: str, notes: list[Message]) -> OpenRecords:
    parsed, crs, more = parse_records(text, path)
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
    if not (rows or bad):
        raise SourceError("source.no_record", path=path)
    blocks = in_blocks(zip(lines, rows, strict=True), len(header))
    return OpenRecords(path.name, sha256, header, blocks, sorted(bad), [*notes, *more], crs)


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
