"""Bytes into records: a CSV or JSON file as rows of text, every record accounted for.

A record that cannot be read is not dropped: it is one `unreadable` row with its line number.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import itertools
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np
import pandas as pd

from csa.base.errors import CrsError, SourceError
from csa.base.message import Message, msg
from csa.base.safe_parsing import BROKEN_ZIP, parse_json, unpack_gzip, unpack_zip
from csa.base.text import tr
from csa.ingest.delimited import FileState, count_titles, read_delimited, state_of, title_notes
from csa.ingest.excel import read_excel
from csa.ingest.job import begin_file
from csa.ingest.record_columns import (
    OpenRecords,
    concat_blocks,
    in_blocks,
    read_parquet,
)

# ---- A table of records that somebody packed: alone in a zip, or as a gzip.


ZIP, GZIP = b"PK\x03\x04", b"\x1f\x8b"
PACKED = frozenset({".zip", ".gz"})
PACKED_MAPS = frozenset({".shp", ".gpkg", ".geojson"})
PACKED_TABLES = frozenset({".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xlsx", ".xlsm"})
MOST_JSON, PACKED_CHUNK = 15_000_000, 1000
"""Bytes of JSON that is packed; of the beginning, which tells what it is."""
OTHERS = re.compile(r"^__MACOSX/|(?:^|/)\.[^/]*$")
"""What a computer packs beside the files that its user chose."""


def unpack_table(packed: bytes, path: Path) -> tuple[str, bytes] | None:
    """Return the name and the bytes of the table in a packed file, None if it is packed otherwise.

    A zip that holds a map is one; of several tables none is taken in silence.
    """
    if path.suffix.casefold() not in PACKED:
        return None
    try:
        if packed.startswith(GZIP):
            return path.stem, _bounded(unpack_gzip(packed))
        table = _only_table(packed, path)
        parts = unpack_zip(packed) if table else ()
        content = _bounded(b"".join(block for name, block in parts if name == table))
    except (ValueError, *BROKEN_ZIP) as error:
        raise SourceError("source.bad_packed", path=path, why=str(error)) from error
    return (PurePosixPath(table).name, content) if table else None


def _bounded(content: bytes) -> bytes:
    """Refuse much JSON, which takes fifty times its bytes: what is packed may be small."""
    is_json = content[:PACKED_CHUNK].removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"[")
    if is_json and len(content) > MOST_JSON:
        raise ValueError("it is too large when unpacked")
    return content


def _only_table(packed: bytes, path: Path) -> str:
    """Return the name of the one table of an archive; "" if it has none, or a map."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = [name for name in archive.namelist() if not OTHERS.search(name)]
    ends = [PurePosixPath(name).suffix.casefold() for name in names]
    found = [name for name, end in zip(names, ends, strict=True) if end in PACKED_TABLES]
    if not found or not PACKED_MAPS.isdisjoint(ends):
        return ""
    if len(found) > 1:
        said = ", ".join(PurePosixPath(name).name for name in found[:10])
        raise SourceError("source.many_packed", path=path, n=len(found), names=said)
    return found[0]


# ---- JSON as records: lists, a record a line, GeoJSON's features, or an ArcGIS server's answer.


FIRST_EPSG, LAST_EPSG = 1024, 32767
DEGREES = (4326, 4269)
EPSG = re.compile(r"EPSG:+(?:[0-9.]*:)?([0-9]{4,5})\b")
MOSTLY_DEGREES, FAR = 0.95, 1e9
"""Share of points that could be degrees, at least; more than any place on the earth in feet."""
A_RECORD_A_LINE = frozenset({".jsonl", ".ndjson"})
NEXT_PAGE = ("@odata.nextLink", "odata.nextLink", "next")
"""Under which names portals say where the rest is."""
WRAPPERS, MOST_WRAPPERS = ("data", "records", "result", "results", "items", "value", "rows"), 2
"""What portals call the list of records in their answers, or what it lies in; how deep at most."""
SOCRATA_PLACE = 5
"""Cells of a place: its address as JSON, latitude, longitude, and two more."""
RECORD_BEGINS, FIRST_LINES = "\x1e", 2
"""What GeoJSON of a feature a line may begin a line with; lines that must be records."""


def parse_records(text: str, path: Path) -> tuple[list[object], str, tuple[Message, ...]]:
    """Return what a text lists, records or not, the system of x and y that it names, and notes.

    Raises
    ------
    SourceError
        If it is no JSON, or no list.
    """
    try:
        parsed = parse_json(text)
    except ValueError as error:
        parsed = _a_record_a_line(text)
        if parsed is None:
            raise SourceError("source.not_json", path=path, why=str(error)) from error
    crs, notes = "", tuple[Message, ...]()
    if _is_cut(parsed):
        notes = (msg("source.note_limit", name=path.name),)
    if isinstance(parsed, dict) and isinstance(parsed.get("features"), list):
        crs, named = _system(parsed.get("spatialReference")), parsed.get("crs")
        parsed = [_from_feature(feature) for feature in parsed["features"]]
        code = EPSG.search(json.dumps(named)) if named else None
        if code:
            _to_degrees(parsed, code[1])
    elif isinstance(parsed, dict):
        is_one = path.suffix.casefold() in A_RECORD_A_LINE
        parsed = [_from_feature(parsed)] if is_one else _unwrapped(parsed)
    if not isinstance(parsed, list):
        raise SourceError("source.not_records", path=path)
    return parsed, crs, notes


def _is_cut(answer: object) -> bool:
    """Check whether a server says that it has more than it gave."""
    whole = answer if isinstance(answer, dict) else {}
    parts = [one for one in (whole, whole.get("properties")) if isinstance(one, dict)]
    is_cut = any(one.get("exceededTransferLimit") is True for one in parts)
    return is_cut or any(isinstance(one.get(key), str) for one in parts for key in NEXT_PAGE)


def _unwrapped(answer: dict[str, Any], depth: int = 0) -> list[object] | None:
    """Return the records in a portal's answer; None if there are none."""
    view = answer.get("meta", {}).get("view", {}) if isinstance(answer.get("meta"), dict) else {}
    columns = view.get("columns") if isinstance(view, dict) else None
    if isinstance(columns, list) and isinstance(answer.get("data"), list):  # Socrata's rows
        names = [one.get("name") if isinstance(one, dict) else None for one in columns]
        return [_from_cells(names, row) for row in answer["data"]]
    if isinstance(answer.get("columns"), list) and isinstance(answer.get("rows"), list):
        names = [one.get("name") if isinstance(one, dict) else one for one in answer["columns"]]
        if any(isinstance(row, list) for row in answer["rows"]):
            return [_from_cells(names, row) for row in answer["rows"]]
    others: list[str] = []
    # A list of records by any name, or what it lies in, where it is the only one.
    for kind in (list, dict):
        named = [name for name, one in answer.items() if isinstance(one, kind)]
        others += named if len(named) == 1 else []
    for name in (*WRAPPERS, *others):
        found = answer.get(name)
        if isinstance(found, dict) and depth < MOST_WRAPPERS:
            found = _unwrapped(found, depth + 1)
        if isinstance(found, list) and any(isinstance(one, dict) for one in found):
            return [_from_feature(one) for one in found]
    return None


def _from_cells(names: Sequence[object], row: object) -> object:
    """Take a row of cells as a record; of a cell that is a place, its coordinates."""
    if not isinstance(row, list) or len(row) != len(names):
        return row
    record = {name: cell for name, cell in zip(names, row, strict=True) if isinstance(name, str)}
    for name, cell in record.items():
        if isinstance(cell, list) and len(cell) == SOCRATA_PLACE:
            record[name] = {"latitude": cell[1], "longitude": cell[2]}
    return record


def _a_record_a_line(text: str) -> list[object] | None:
    """Read JSON with a record a line; None if its first lines are none, a later one stays out."""
    found: list[object] = []
    for line in filter(None, map(str.strip, text.replace(RECORD_BEGINS, "").split("\n"))):
        try:
            found.append(parse_json(line))
        except ValueError:
            found.append(None)
        if len(found) == FIRST_LINES and not all(isinstance(one, dict) for one in found):
            return None
    return [_from_feature(one) for one in found] if len(found) >= FIRST_LINES else None


def _system(reference: object) -> str:
    """Return the system that an ArcGIS server's answer names; "" for degrees and its own codes."""
    named = reference if isinstance(reference, dict) else {}
    code = named.get("latestWkid", named.get("wkid"))
    is_known = isinstance(code, int) and FIRST_EPSG <= code <= LAST_EPSG and code not in DEGREES
    return f"EPSG:{code}" if is_known else ""


def _to_degrees(records: list[object], code: str) -> None:
    """Turn GeoJSON's points to degrees where they are of the projected system that it names.

    Numbers that could be degrees are taken as such: GeoJSON has no other by its standard.
    """
    points = [point for record in records for point in _point_of(record)]
    x, y = (np.array([point[axis] for point in points], float) for axis in (0, 1))
    is_degrees = (np.abs(x) <= 180) & (np.abs(y) <= 90)
    if not points or is_degrees.mean() >= MOSTLY_DEGREES:
        return
    from csa.base.crs import to_lonlat  # noqa: PLC0415 - few files need it, and it loads late

    try:
        lon, lat = to_lonlat(x, y, f"EPSG:{code}")
    except CrsError:  # such as heights: what has no place is told of where places are looked for
        return
    for point, *place in zip(points, lon.tolist(), lat.tolist(), strict=True):
        point[:] = place


def _point_of(record: object) -> Iterator[list[float]]:
    """Yield the coordinates of a record's point, if it has one."""
    shape = record.get("geometry") if isinstance(record, dict) else None
    point = shape.get("coordinates") if isinstance(shape, dict) else None
    if isinstance(point, list) and len(point) > 1:
        is_plain = all(isinstance(one, int | float) and abs(one) < FAR for one in point)
        yield from [point] * is_plain


def _without_wrapper(value: object) -> object:
    """Take a day that a database wraps, such as {"$date": "2024-05-31"}; all else stays."""
    if isinstance(value, dict) and len(value) == 1:
        name, inner = next(iter(value.items()))
        return inner if str(name).casefold().strip("$") in {"date", "value", "iso"} else value
    return value


def _flat(record: dict[str, Any], depth: int = 0) -> Iterator[tuple[str, object]]:
    """Yield a record's values, and those of a record within it by both names; a point stays.

    With a point stand the texts that are written beside it, such as its neighborhood's name.
    """
    for name, wrapped in record.items():
        value = _without_wrapper(wrapped)
        is_point = isinstance(value, dict) and _is_point(value)
        if is_point or not isinstance(value, dict) or depth >= MOST_WRAPPERS:
            yield name, value
        if isinstance(value, dict) and depth < MOST_WRAPPERS:
            parts = ((f"{name} {part}", one) for part, one in _flat(value, depth + 1))
            yield from (part for part in parts if not is_point or _is_name(part[1]))


def _is_name(value: object) -> bool:
    is_text = isinstance(value, str) and not value.startswith("{") and value != "Point"
    return is_text and any(map(str.isalpha, str(value)))


def _is_point(record: dict[str, Any]) -> bool:
    """Check for both coordinates in one text, as places are read from it."""
    starts = isinstance(record.get("coordinates"), list)
    return starts or any(str(name).casefold().startswith("lat") for name in record)


def _from_feature(feature: object) -> object:
    """Take a feature as a record: its properties, and its point as a column or two."""
    if not isinstance(feature, dict):
        return feature
    geometry = feature.get("geometry")
    if isinstance(feature.get("attributes"), dict):  # as an ArcGIS server answers
        place = geometry if isinstance(geometry, dict) else {}
        return {axis: place[axis] for axis in ("x", "y") if axis in place} | feature["attributes"]
    if not isinstance(feature.get("properties"), dict):
        return dict(_flat(feature))
    return feature["properties"] | ({"geometry": geometry} if isinstance(geometry, dict) else {})


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
    b"PAR1": "a Parquet file",
    b"\x00\x00\x27\x0a": "a shapefile",
}


Content = io.BufferedReader | io.BytesIO
EXCEL = frozenset({".xlsx", ".xlsm"})
MAPS, MAP_NAMES = (
    (ZIP, b"SQLite format 3", b"\x00\x00\x27\x0a"),
    frozenset({".gpkg", ".shp", ".zip"}),
)
PARQUET = b"PAR1"
MOST_COLUMNS = 10_000
"""Excel has 16,384; a census that is published as one table has two thousand."""
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


def read_records(path: Path, *, only_text: bool = False) -> FileRecords:
    """Read a file of records, all at once; as text alone where no job reads it."""
    with open_records(path, only_text=only_text) as reading:
        columns, lines = concat_blocks(reading.blocks)
        told = reading.unreadable, tuple(reading.notes), reading.crs
        return FileRecords(reading.name, reading.sha256, reading.header, columns, lines, *told)


def open_records(path: Path, *, only_text: bool = False) -> OpenRecords:
    """Begin to read a file of records: CSV, JSON, Excel, Parquet or a map of points.

    Raises
    ------
    SourceError
        If it is absent, unreadable or of another kind, or holds no record.
    """
    begin_file(path)
    try:
        file = path.open("rb")
        with ExitStack() as held:
            held.callback(file.close)
            content = file if file.seekable() else io.BytesIO(file.read())
            reading = _begin(content, path, only_text=only_text)
            if (n := len(reading.header)) > MOST_COLUMNS:
                raise SourceError("source.vast_header", path=path, n=n, most=MOST_COLUMNS)
            first = next(reading.blocks)
            if not (first.lines or reading.unreadable):
                raise SourceError("source.no_record", path=path)
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


def _begin(content: Content, path: Path, *, only_text: bool = False) -> OpenRecords:
    """Find out what kind of file it is, and read what stands above its records."""
    state = state_of(content)
    sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    content.seek(0)
    head = content.read(HEAD)
    if only_text:
        _refuse_binary(head, path)
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
        from csa.ingest.map_files import read_map_rows  # noqa: PLC0415 - what reads maps loads late

        content.close()
        rows = read_map_rows(path) if is_map else read_parquet(path)
        header = tuple(next(rows))  # the line of each row below it is its place in the file
        return OpenRecords(path.name, sha256, header, in_blocks(enumerate(rows, 1), len(header)))
    _refuse_binary(head, path)
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


def _refuse_binary(head: bytes, path: Path) -> None:
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise SourceError("source.not_text", path=path, what=what)


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
    reading.notes.insert(0, msg("source.note_packed", name=path.name, file=name))
    reading.name, reading.sha256 = path.name, sha256
    return reading


def _from_excel(content: bytes, path: Path, sha256: str) -> OpenRecords:
    """Take the sheets of an Excel file that hold one table as records."""
    table = read_excel(content, path)
    rows, others = table.rows, table.others
    if len(rows) < 2:
        raise SourceError("source.no_record", path=path)
    left = tr("source.other_sheets", names=", ".join(others)) if others else ""
    sheets = ", ".join(table.sheets)
    note = msg("source.note_excel", name=path.name, n=len(table.sheets), sheet=sheets, others=left)
    n_titles = count_titles(rows)
    header, notes = tuple(rows[n_titles]), [note, *title_notes(n_titles, path)]
    blocks = in_blocks(enumerate(rows[n_titles + 1 :], n_titles + 2), len(header))
    return OpenRecords(path.name, sha256, header, blocks, notes=notes)


def _decoded(content: Content, head: bytes, name: str) -> tuple[IO[str], list[Message]]:
    """Return a file's text, its lines as they end, and what had to be guessed about it."""
    codec, said = _codec(content, head)
    content.seek(0)
    errors = "replace" if codec.startswith("utf-16") else "strict"
    text = io.TextIOWrapper(content, codec, errors, newline="")
    return text, [msg("source.note_encoding", name=name, encoding=said)] if said else []


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
