"""The first sheet of an Excel file that holds a table, as rows of text."""

from __future__ import annotations

import functools
import io
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from csa.base.errors import SourceError
from csa.base.reading import unpack_zip
from csa.ingest.record_columns import cell_text

MAX_CELLS = 5_000_000
"""Cells of the rectangle that an Excel sheet spans, filled or not: all of it is held."""
MAX_EXCEL = 400_000_000
"""Bytes of an Excel file when unpacked."""
PLACE = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,7})(\d{1,19})["']""")
"""Where a cell or a row says that it stands."""
TABLE_COLUMNS, TABLE_ROWS, LOOKED_AT = 2, 2, 50
"""A table has a header and a row of so many cells, near its top; a sheet of notes has not."""
MOST_SHEETS = 10
"""Sheets that are looked at where the first holds no table."""


def read_excel(content: bytes, path: Path) -> tuple[list[list[str]], str, list[str]]:
    """Return the rows of the first sheet with a table, its name, and the names of the others.

    Days are as ISO writes them, whole numbers without .0.
    """
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - loads late

    try:
        span = _span(content)
        if span > MAX_CELLS:
            raise SourceError("source.vast_excel", path=path, n=span, most=MAX_CELLS)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet, *others = book.sheet_names
        table = book.get_sheet_by_name(sheet).to_python(skip_empty_area=True)
    except (CalamineError, ValueError) as error:
        raise SourceError("source.bad_excel", path=path) from error
    for other in others[: 0 if _is_table(table) else MOST_SHEETS]:
        with suppress(CalamineError, ValueError):  # a damaged one is not the one
            found = book.get_sheet_by_name(other).to_python(skip_empty_area=True)
            if _is_table(found):
                sheet, table = other, found
                break
    others = [name for name in book.sheet_names if name != sheet]
    return [[cell_text(value) for value in row] for row in table], sheet, others


def _is_table(rows: list[list[Any]]) -> bool:
    """Check whether a sheet holds a header and a row below it."""
    filled = (sum(1 for cell in row if cell != "") for row in rows[:LOOKED_AT])
    return sum(1 for n in filled if n >= TABLE_COLUMNS) >= TABLE_ROWS


def _span(content: bytes) -> int:
    """Count the cells of the largest sheet, from its first to its last, before any is read."""
    n_rows, n_columns, sheet, tail, span = 0, 0, "", b"", 0
    for name, block in unpack_zip(content, MAX_EXCEL):
        if name != sheet:
            n_rows, n_columns, sheet, tail = 0, 0, name, b""
        if not name.startswith("xl/worksheets/"):
            continue
        places = PLACE.findall(tail + block)
        n_rows = max((int(row) for _, row in places), default=n_rows)
        for column in {letters for letters, _ in places}:
            number = functools.reduce(lambda so_far, letter: so_far * 26 + letter - 64, column, 0)
            n_columns = max(n_columns, number)
        tail, span = block[-40:], max(span, n_rows * n_columns)
    return span
