"""Read a file of measures: accepted or refused as a whole, with every fault named."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

from csa.base.errors import SourceError
from csa.base.io import FORMULA_STARTS
from csa.base.message import Message, msg
from csa.ingest.columns import normalise_header
from csa.ingest.records import FileRecords, read_records

V = TypeVar("V")
Field: TypeAlias = str | float | None
Make: TypeAlias = Callable[
    [Mapping[str, Field], str], tuple[V | None, Sequence[tuple[str, Message]]]
]
"""Makes a value from a row's fields and its measure's kind, or returns faults by column."""

NUMBER_COLUMNS = ("value", "numerator", "denominator", "answers", "design_effect")
MEASURE_COLUMNS = ("measure", "quarter", "place", *NUMBER_COLUMNS, "basis", "note")
NEEDED = ("measure", "quarter")
MOST_LISTED = 50
"""Faults that are written out: more than a person fixes at once."""

NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
COMMA = re.compile(r"[-+]?[0-9.\s]*,[0-9.,\s]*")
FORMULA = ("=", "@")
PARTS = {"value", "numerator", "denominator"}
"""If one of them cannot be read, their consistency is not checked."""


def load_measures(
    path: Path, kinds: Mapping[str, str], places: Collection[str], make: Make[V]
) -> tuple[V, ...]:
    """Read a CSV of measures' values."""
    records = read_utf8(path)
    columns, faults = match_columns(records, MEASURE_COLUMNS, NEEDED)
    values: list[V] = []
    if set(NEEDED) <= set(columns):
        reading = _Reading(records, columns, kinds, _spellings(places), make)
        values = reading.values()
        faults += [message for _, message in sorted(reading.faults, key=lambda fault: fault[0])]
    if faults:
        raise refusal(path, faults)
    return tuple(values)


def read_utf8(path: Path) -> FileRecords:
    """Read a file of texts; refuse one whose accents may be misread."""
    records = read_records(path, only_text=True)
    if any(note.key == "source.note_encoding" for note in records.notes):
        raise SourceError("measures_file.not_utf8", path=path)
    return records


def refusal(path: Path | str, faults: Sequence[Message]) -> SourceError:
    """Return the refusal of a file, with all its faults and the first of them written out."""
    lines = [str(fault) for fault in faults[:MOST_LISTED]]
    n_more = len(faults) - len(lines)
    if n_more:
        lines.append(str(msg("measures_file.more", n=n_more)))
    listed = "\n".join(lines)
    error = SourceError("measures_file.faults", path=path, n=len(faults), listed=listed)
    error.faults = tuple(faults)
    return error


def match_columns(
    records: FileRecords, names: Sequence[str], needed: Collection[str]
) -> tuple[dict[str, int], list[Message]]:
    """Find each column's position; an unknown, repeated or missing header is a fault."""
    known = {normalise_header(name): name for name in names}
    columns: dict[str, int] = {}
    faults: list[Message] = []
    for position, header in enumerate(records.header):
        given = header.strip()
        name = known.get(normalise_header(header))
        if name is None:
            if given or any(row[position].strip() for row in records.rows):
                hint = _did_you_mean(given, names)
                faults.append(msg("measures_file.column", given=given, hint=hint))
        elif name in columns:
            faults.append(msg("measures_file.column_twice", name=name))
        else:
            columns[name] = position
    faults += [msg("measures_file.no_column", name=name) for name in needed if name not in columns]
    return columns, faults


def _did_you_mean(given: str, known: Collection[str]) -> str:
    by_key = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(given.casefold(), list(by_key), n=1)
    if not close:
        return "."
    return str(msg("measures_file.hint", name=by_key[close[0]]))


def _spellings(places: Collection[str]) -> dict[str, str]:
    """Map each place's key to its own spelling; where two differ in capitals alone, to neither."""
    by_key: dict[str, str] = {}
    doubtful = set()
    for place in places:
        if by_key.setdefault(_key(place), place) != place:
            doubtful.add(_key(place))
    exact = {place: place for place in places}
    return {key: place for key, place in by_key.items() if key not in doubtful} | exact


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()


def sheet_rows(records: FileRecords) -> list[int]:
    """Return the rows' numbers in a spreadsheet, where a text of several lines is one row."""
    rows, inside = [], sum(name.count("\n") for name in records.header)
    for line, fields in zip(records.lines, records.rows, strict=True):
        rows.append(line - inside)
        inside += sum(text.count("\n") for text in fields)
    return rows


@dataclass
class _Reading(Generic[V]):
    """The rows of one file, and the faults found in them."""

    records: FileRecords
    columns: Mapping[str, int]
    kinds: Mapping[str, str]
    places: Mapping[str, str]
    make: Make[V]
    faults: list[tuple[tuple[int, int], Message]] = field(default_factory=list)
    first_rows: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def values(self) -> list[V]:
        """Read all rows that can be read."""
        found = []
        for number in self.records.unreadable:
            self.faults.append(((number, -1), msg("measures_file.unreadable", row=number)))
        for number, texts in zip(sheet_rows(self.records), self.records.rows, strict=True):
            value = self._value(number, {n: texts[p].strip() for n, p in self.columns.items()})
            if value is not None:
                found.append(value)
        return found

    def _value(self, row: int, texts: Mapping[str, str]) -> V | None:
        fields: dict[str, Field] = dict(texts)
        faults = dict(self._text_faults(texts, fields))
        for name in NUMBER_COLUMNS:
            text = texts.get(name, "")
            fields[name], fault = _number(text)
            if fault is not None:
                faults[name] = fault
        kind = self.kinds.get(str(fields["measure"]), "")
        value, told = self.make(fields, kind)
        unclear = PARTS if PARTS & set(faults) else set()
        for name, message in told:
            if name not in {*faults, *unclear}:
                faults[name] = message
        if {"measure", "quarter", "place"}.isdisjoint(faults):
            slot = str(fields["measure"]), str(fields["quarter"]), str(fields.get("place") or "")
            first = self.first_rows.setdefault(slot, row)
            if first != row:
                what = ", ".join(filter(None, slot))
                faults["measure"] = msg("measures_file.twice", first=first, what=what)
        for name, message in faults.items():
            order = row, MEASURE_COLUMNS.index(name) if name in MEASURE_COLUMNS else -1
            self.faults.append((order, msg("measures_file.fault", row=row, name=name, why=message)))
        return None if faults else value

    def _text_faults(
        self, texts: Mapping[str, str], fields: dict[str, Field]
    ) -> Iterator[tuple[str, Message]]:
        """Find what is wrong with texts; put the place's own spelling into the fields."""
        for name in ("measure", "quarter", "place", "basis", "note"):
            if texts.get(name, "").startswith(FORMULA):
                yield name, msg("measures_file.formula", given=cut(texts[name]))
                fields[name] = ""
        measure, place = fields["measure"], str(fields.get("place") or "")
        if measure and measure not in self.kinds:
            hint = _did_you_mean(str(measure), self.kinds)
            yield "measure", msg("measures_file.measure", given=cut(str(measure)), hint=hint)
        if place:
            own = self.places.get(place, self.places.get(_key(place)))
            fields["place"] = own or ""
            if own is None:
                hint = _did_you_mean(place, self.places.values())
                yield "place", msg("measures_file.place", given=cut(place), hint=hint)


def _number(text: str) -> tuple[float | None, Message | None]:
    """Read a number as it is written in English, or return why it is not a number."""
    if not text:
        return None, None
    if not NUMBER.fullmatch(text):
        return None, _no_number(text)
    number = float(text)
    if math.isfinite(number):
        return number, None
    return None, msg("measures_file.too_large", given=cut(text))


def _no_number(text: str) -> Message:
    key = "measures_file.number"
    if text.startswith(FORMULA):
        key = "measures_file.formula"
    elif COMMA.fullmatch(text):
        key = "measures_file.comma"
    elif text.endswith("%"):
        key = "measures_file.percent"
    return msg(key, given=cut(text))


def cut(text: str) -> str:
    """Shorten a text that a sentence quotes."""
    return text if len(text) <= 60 else f"{text[:60]}..."


# Read a file of work plans: each row's texts, or every fault of the file by its row.

WORK_COLUMNS = (
    "item",
    "key",
    "area",
    "on_date",
    "kind",
    "text",
    "office",
    "due",
    "status",
    "source",
    "answer",
    "answered_on",
    "is_public",
    "reason",
    "told_on",
)
WORK_NEEDED = ("item", "area")


@dataclass(frozen=True)
class WorkLine:
    """One row of a file of work plans."""

    row: int  # its number in a spreadsheet, the header being 1
    cells: Mapping[str, str]  # by column, "" where empty


def load_work(path: Path) -> tuple[WorkLine, ...]:
    """Read a CSV of work plans; what its rows mean is checked where they are written."""
    records = read_utf8(path)
    columns, faults = match_columns(records, WORK_COLUMNS, WORK_NEEDED)
    faults += [msg("measures_file.unreadable", row=row) for row in records.unreadable]
    lines = []
    for row, texts in zip(sheet_rows(records), records.rows, strict=True):
        cells = {name: texts[at].strip() for name, at in columns.items()}
        faults += [
            msg("measures_file.fault", row=row, name=name, why=_formula(text))
            for name, text in cells.items()
            if text.startswith(FORMULA)
        ]
        lines.append(WorkLine(row, {name: plain(text) for name, text in cells.items()}))
    if faults:
        raise refusal(path, faults)
    return tuple(lines)


def _formula(text: str) -> Message:
    return msg("measures_file.formula", given=cut(text))


def plain(text: str) -> str:
    """Take off the apostrophe that `csa.base.io.csv_bytes` puts before a formula."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA_STARTS) else text
