"""Records as columns of text, a block at a time: a police file may have ten million rows.

Parquet is read here too, row by row as text, as every other format is.
"""

from __future__ import annotations

import itertools
import json
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from csa.base.errors import SourceError
from csa.base.message import Message

BLOCK = 50_000
"""Records in a block."""
BATCH = 1000
"""Rows of Parquet that are read at once."""
SPREAD, FREE_CHARACTERS = 64, 50_000_000
"""Text that a Parquet file may hold, in times of its bytes, and what any may: more of it than that
is a small file that fills the memory."""
POINT_BYTES = frozenset({21, 25, 29, 33, 37, 41})
"""Bytes of a point as WKB: two to four coordinates, with the number of a system or without."""
TEXT = pd.StringDtype("pyarrow", na_value=np.nan)


@dataclass(frozen=True)
class RecordBlock:
    """Records that follow one another in a file."""

    columns: tuple[pd.Series, ...]  # a column of n texts for each of the header's
    lines: Sequence[int]  # line (in JSON: place in the list) at which each begins, from 1
    marks: Sequence[int]  # of n records: equal records, and in all likelihood no others, are alike


@dataclass
class OpenRecords:
    """A file whose records are read a block at a time.

    What cannot be read, and what had to be guessed, is known once every block has been taken.
    """

    name: str  # the file's name, without its folder
    sha256: str  # of the file's bytes, 64 hex digits
    header: tuple[str, ...]  # column names as the file spells them
    blocks: Iterator[RecordBlock]
    unreadable: list[int] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    crs: str = ""  # the system of x and y, where the file names one that is not degrees
    held: ExitStack = field(default_factory=ExitStack)  # the file, while it is open

    def __enter__(self) -> Self:
        """Read on."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file, whether or not all was read."""
        self.held.close()


def in_blocks(rows: Iterable[tuple[int, Sequence[str]]], width: int) -> Iterator[RecordBlock]:
    """Yield records, each with its line and as wide as the header, a block at a time.

    Where there are none, the only block is empty.
    """
    given, is_first = iter(rows), True
    while (taken := list(itertools.islice(given, BLOCK))) or is_first:
        cells = zip(*(row for _, row in taken), strict=True) if taken else ((),) * width
        arrays = (pa.array(cell, pa.large_string()) for cell in cells)
        columns = tuple(a.to_pandas(types_mapper={pa.large_string(): TEXT}.get) for a in arrays)
        lines = array("q", (line for line, _ in taken))
        yield RecordBlock(columns, lines, array("q", (hash(tuple(row)) for _, row in taken)))
        is_first = False


def concat_blocks(blocks: Iterable[RecordBlock]) -> tuple[tuple[pd.Series, ...], Sequence[int]]:
    """Put blocks together: return their columns, and the lines of their records."""
    first, *more = blocks
    if not more:
        return first.columns, first.lines
    parts = zip(first.columns, *(block.columns for block in more), strict=True)
    lines = array("q", itertools.chain(first.lines, *(block.lines for block in more)))
    return tuple(pd.concat(part, ignore_index=True) for part in parts), lines


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
        names = [field.name for field in schema if pa.types.is_string(field.type)]
        yield schema.names
        with pq.ParquetFile(path, read_dictionary=names) as file:
            for batch in file.iter_batches(BATCH):
                cells = [column_texts(column) for column in batch.columns]
                most -= sum(len(text) for column in cells for text in column)
                if most < 0:
                    raise SourceError("source.vast_parquet", path=path, n=known.num_rows)
                yield from zip(*cells, strict=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise SourceError("source.bad_parquet", path=path) from error


def column_texts(column: pa.Array) -> list[str]:
    """Write a column's cells, as `cell_text`."""
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
        case bytes() if len(value) in POINT_BYTES:  # a point, never collections in collections
            point = shapely.force_2d(shapely.from_wkb(value, on_invalid="ignore"))
            text = shapely.to_wkt(point, rounding_precision=-1) or value.hex()
        case bytes():
            text = value.hex()
        case dict() | list():
            text = json.dumps(value, ensure_ascii=False, default=str)
        case _:
            text = str(value)
    return text
