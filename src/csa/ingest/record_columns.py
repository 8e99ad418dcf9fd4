"""Records as columns of text, a block at a time: as lists of rows they take five times the memory.

Parquet is read here too, row by row as text, as every other format is.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from csa.base.errors import SourceError

BLOCK = 20_000
"""Rows that are held as lists until they become a part of the columns."""
BATCH = 1000
"""Rows of Parquet that are read at once."""
SPREAD, FREE_CHARACTERS = 64, 50_000_000
"""Text that a Parquet file may hold, in times of its bytes, and what any may: more of it than that
is a small file that fills the memory."""
TEXT = pd.StringDtype("pyarrow", na_value=np.nan)


class ColumnBuilder:
    """Takes rows of text, all as wide as the first, and makes columns of them."""

    def __init__(self) -> None:
        self.marks = array("q")
        """A mark of each row: equal rows have equal marks."""
        self._rows: list[Sequence[str]] = []
        self._parts: list[list[pa.Array]] = []

    def add(self, row: Sequence[str]) -> None:
        """Take one row."""
        self.marks.append(hash(tuple(row)))
        self._rows.append(row)
        if len(self._rows) == BLOCK:
            self._close()

    def columns(self, width: int) -> tuple[pd.Series, ...]:
        """Return a column for each cell of a row of a width, indexed from 0."""
        self._close()
        types, kind = {pa.large_string(): TEXT}.get, pa.large_string()
        parts = zip(*self._parts, strict=True) if self._parts else [()] * width
        return tuple(pa.chunked_array(part, kind).to_pandas(types_mapper=types) for part in parts)

    def _close(self) -> None:
        if self._rows:
            cells = zip(*self._rows, strict=True)
            self._parts.append([pa.array(cell, pa.large_string()) for cell in cells])
            self._rows = []


def columns_of_rows(
    rows: Iterable[Sequence[str]], width: int
) -> tuple[tuple[pd.Series, ...], Sequence[int]]:
    """Return rows as columns, and the mark of each row."""
    built = ColumnBuilder()
    for row in rows:
        built.add(row)
    return built.columns(width), built.marks


def repeats(columns: Sequence[pd.Series], marks: Sequence[int]) -> np.ndarray:
    """Return which rows repeat an earlier one in every column."""
    alike = pd.Series(np.asarray(marks)).duplicated(keep=False).to_numpy()
    found = np.zeros(len(alike), dtype=bool)
    if alike.any():  # equal marks are almost certainly equal rows; these few are compared
        found[alike] = pd.concat([one[alike] for one in columns], axis=1).duplicated().to_numpy()
    return found


def read_parquet(path: Path) -> Iterator[Sequence[str]]:
    """Yield a Parquet file's header, then its rows, as text.

    Raises
    ------
    SourceError
        If it is damaged, or holds far more than its bytes tell.
    """
    most = SPREAD * path.stat().st_size + FREE_CHARACTERS
    try:
        with pq.ParquetFile(path) as plain:
            schema, known = plain.schema_arrow, plain.metadata
        groups = [known.row_group(at) for at in range(known.num_row_groups)]
        unpacked = sum(group.total_byte_size for group in groups)
        if max(unpacked, known.num_rows * known.num_columns) > most:
            raise SourceError("source.vast_parquet", path=path, n=known.num_rows)
        names = [name for name in schema.names if pa.types.is_string(schema.field(name).type)]
        yield schema.names
        with pq.ParquetFile(path, read_dictionary=names) as file:
            for batch in file.iter_batches(BATCH):
                cells = [_texts(column) for column in batch.columns]
                most -= sum(len(text) for column in cells for text in column)
                if most < 0:
                    raise SourceError("source.vast_parquet", path=path, n=known.num_rows)
                yield from zip(*cells, strict=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise SourceError("source.bad_parquet", path=path) from error


def _texts(column: pa.Array) -> list[str]:
    if isinstance(column, pa.DictionaryArray):  # each text once, however often it stands there
        known = [*map(cell_text, column.dictionary.to_pylist())]
        return ["" if at is None else known[at] for at in column.indices.to_pylist()]
    return [*map(cell_text, column.to_pylist())]


def cell_text(value: Any) -> str:
    """Write a cell as a CSV would: days and times as ISO writes them, whole numbers without .0."""
    match value:
        case None:
            text = ""
        case float() if math.isnan(value):
            text = ""
        case datetime():
            text = value.isoformat(" ", "seconds")
        case float() | Decimal():
            text = str(int(value)) if value % 1 == 0 else str(value)
        case bytes():  # a geometry
            shape = shapely.from_wkb(value, on_invalid="ignore")
            text = shapely.to_wkt(shape, rounding_precision=-1) or value.hex()
        case dict() | list():
            text = json.dumps(value, ensure_ascii=False, default=str)
        case _:
            text = str(value)
    return text
