"""A new city's files of shootings as tables: those with the same columns are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from csa.base.errors import ParamError, SourceError
from csa.base.message import Message
from csa.config.types import FieldName
from csa.ingest.columns import normalise_header
from csa.ingest.delimited import is_value
from csa.ingest.guess_columns import TextColumn, columns_of
from csa.ingest.guess_formats import DAY_FIRST, ORDER
from csa.ingest.guess_rules import tells_kinds
from csa.ingest.guess_words import kind_in_name
from csa.ingest.parse import parse_numbers
from csa.ingest.records import FileRecords, read_records

ALIKE = 1e-6
"""Degrees: a tenth of a meter."""


@dataclass(frozen=True)
class ShootingTable:
    """Files of shootings with the same columns, read as one table."""

    name: str  # the first file's
    files: tuple[Path, ...]
    columns: tuple[TextColumn, ...]
    n_rows: int
    notes: tuple[Message, ...]
    named: str = ""  # what of a file's name tells that it is of this table, if columns do not
    crs: str = ""  # the system of x and y, where the first file names one that is not degrees


def read_tables(files: Sequence[Path]) -> tuple[ShootingTable, ...]:
    """Read a city's files, those with the same columns as one table.

    Raises
    ------
    SourceError
        If a file is absent, cannot be read, or has no line of column names.
    """
    alike: dict[frozenset[str], list[tuple[Path, FileRecords]]] = {}
    for file in files:
        if not file.is_file():
            raise ParamError("start.no_file", path=file)
        records = read_records(file)
        if not records.lines:
            raise SourceError("start.no_rows", path=file.name)
        spelled = frozenset(map(normalise_header, records.header))
        alike.setdefault(spelled, []).append((file, records))
    return tuple(table for group in alike.values() for table in _by_name(group))


def _by_name(group: Sequence[tuple[Path, FileRecords]]) -> list[ShootingTable]:
    """Join files of the same columns, but for kinds that their names alone tell."""
    whole = _table(group)
    parts: dict[str, list[tuple[Path, FileRecords]]] = {}
    for file, records in group:
        parts.setdefault(kind_in_name(file.name)[0], []).append((file, records))
    if len(parts) < 2 or tells_kinds(whole.columns):
        return [whole]
    named = [(kind_in_name(part[0][0].name)[1], part) for part in parts.values()]
    return [replace(_table(part), named=name) for name, part in named]


def _table(group: Sequence[tuple[Path, FileRecords]]) -> ShootingTable:
    """Join files of the same columns, in the first one's order."""
    (first, records), *others = group
    order = [normalise_header(name) for name in records.header]
    parts = [records.columns]
    for _, more in others:
        names = [normalise_header(name) for name in more.header]
        parts.append(tuple(more.columns[names.index(name)] for name in order))
    joined = [pd.concat(same, ignore_index=True) for same in zip(*parts, strict=True)]
    columns = columns_of(replace(records, columns=tuple(joined)))
    for column in columns if others else ():
        _refuse_two_orders(column, [file for file, _ in group], [p[column.position] for p in parts])
    _refuse_no_header(columns, first)
    notes = tuple(note for _, one in group for note in one.notes)
    files = tuple(file for file, _ in group)
    n_rows = len(joined[0])
    return ShootingTable(first.name, files, tuple(columns), n_rows, notes, crs=records.crs)


def _refuse_two_orders(
    column: TextColumn, files: Sequence[Path], parts: Sequence[pd.Series]
) -> None:
    """Refuse a column whose days begin with the month in one file and with the day in another."""
    seen: dict[bool, tuple[Path, str]] = {}
    for file, texts in zip(files, parts, strict=True):
        part = replace(column, texts=texts.str.strip())
        orders = {bool(DAY_FIRST.search(form)) for form in part.formats if ORDER.match(form)}
        if len(orders) == 1:
            seen.setdefault(orders.pop(), (file, part.distinct[0]))
    if len(seen) > 1:
        (file, first), (other, second) = seen[False], seen[True]
        told = {"file": file.name, "first": first, "other": other.name, "second": second}
        raise SourceError("start.two_orders", column=column.header, **told)


def _refuse_no_header(columns: Sequence[TextColumn], file: Path) -> None:
    """Refuse a file whose first line is data: names of columns are hardly ever numbers or days."""
    heads = [one.header for one in columns]
    odd = [head for head in heads if is_value(head)]
    if len(odd) * 3 >= max(1, len(heads)):
        raise SourceError("start.no_header", path=file.name, first=", ".join(heads[:4]))


def _are_alike(one: TextColumn, other: TextColumn) -> bool:
    """Check whether columns hold the same texts, or the same numbers but for their last digits."""
    if one.texts.equals(other.texts):
        return True
    left, right = (parse_numbers(column.texts) for column in (one, other))
    is_close = np.allclose(left, right, rtol=0, atol=ALIKE, equal_nan=True)
    return one.is_number and bool(is_close)


def refuse_same_names(
    columns: Sequence[TextColumn], taken: Mapping[FieldName, TextColumn], name: str
) -> None:
    """Refuse two columns of one name that differ: a city's file could not say which is meant."""
    for column in taken.values():
        same = [one for one in columns if one.name == column.name]
        if any(not _are_alike(one, same[0]) for one in same[1:]):
            headers = ", ".join(one.header for one in same)
            raise SourceError("start.same_names", path=name, columns=headers)
