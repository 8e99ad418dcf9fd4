"""The sheets of an Excel file that hold a table, as rows of text."""

from __future__ import annotations

import functools
import io
import re
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from csa.base.errors import MachineError, SourceError
from csa.base.safe_parsing import unpack_zip
from csa.ingest.delimited import count_titles
from csa.ingest.record_columns import cell_text

MAX_CELLS = 5_000_000
"""Cells of the rectangle that an Excel sheet spans, filled or not: all of it is held."""
MAX_EXCEL = 400_000_000
"""Bytes of an Excel file when unpacked."""
PLACE = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,7})(\d{1,19})["']""")
"""Where a cell or a row says that it stands."""
TABLE_COLUMNS, TABLE_ROWS, LOOKED_AT = 2, 2, 50
"""A table has a header and a row of so many cells, near its top; a sheet of notes has not."""
MOST_SHEETS, FEW_ROWS, MOSTLY_NEW = 20, 30, 0.5
"""Sheets that are looked at; rows of a table that is passed over for a longer one; the share of a
sheet's rows that no other has, where it is put below another."""


@dataclass(frozen=True)
class ExcelTable:
    """What was read of an Excel file."""

    rows: list[list[str]]  # a header and the rows of all sheets that have it, titles before it
    sheets: list[str]  # the names of these sheets
    others: list[str]  # the names of those that were not read


def read_excel(content: bytes, path: Path) -> ExcelTable:
    """Read the first sheet with a table, and below it those with the same header: a year each.

    Hidden sheets are left, unless all are. Days are as ISO writes them, whole numbers without .0.
    """
    from csa.ingest.infer_words import kind_in_name  # noqa: PLC0415 - loads late

    if find_spec("python_calamine") is None:
        raise MachineError("source.no_excel", path=path)
    from python_calamine import (  # noqa: PLC0415 - loads late
        CalamineError,
        CalamineWorkbook,
        SheetVisibleEnum,
    )

    try:
        span = _span(content)
        if span > MAX_CELLS:
            raise SourceError("source.vast_excel", path=path, n=span, most=MAX_CELLS)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        shown = [
            one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible
        ]
        names = shown or book.sheet_names
        first = _rows(book.get_sheet_by_name(names[0]))
    except (CalamineError, ValueError, IndexError) as error:  # it may name no sheet
        raise SourceError("source.bad_excel", path=path) from error
    found = {names[0]: first}
    n_cells = sum(map(len, first))
    for name in names[1:MOST_SHEETS]:
        with suppress(CalamineError, ValueError):  # a damaged one is not the one
            rows = _rows(book.get_sheet_by_name(name))
            n_cells += sum(map(len, rows))
            if n_cells > MAX_CELLS:  # the first can be read all the same; it is told what was not
                break
            found[name] = rows
    taken = _first_table(found, names[0])
    rows, sheets = found.pop(taken), [taken]
    header, *known = _below_titles(rows) or [[]]
    seen = {*map(tuple, known)}
    for name, more in found.items():
        own, *below = _below_titles(more) or [[]]
        is_other = kind_in_name(name)[0] != kind_in_name(taken)[0]
        n_new = sum(tuple(row) not in seen for row in below)
        # A sheet of all years beside one for each repeats what they hold.
        if own == header and not is_other and n_new > MOSTLY_NEW * len(below):
            rows, sheets = rows + below, [*sheets, name]
            seen |= {*map(tuple, below)}
    return ExcelTable(rows, sheets, [name for name in book.sheet_names if name not in sheets])


def _first_table(found: dict[str, list[list[str]]], first: str) -> str:
    """Return the name of the first sheet with a table; of sums by year, that of a longer one."""
    # Near its top a table has a header and a row below it.
    filled = {n: [sum(map(bool, row)) for row in rows[:LOOKED_AT]] for n, rows in found.items()}
    tables = [n for n in filled if sum(k >= TABLE_COLUMNS for k in filled[n]) >= TABLE_ROWS]
    tables = tables or [first]
    n_columns = len(found[tables[0]][0]) if found[tables[0]] else 0
    longer = (n for n in tables if len(found[n]) > FEW_ROWS and len(found[n][0]) >= n_columns)
    return next(longer, tables[0])


def _rows(sheet: Any) -> list[list[str]]:
    """Return a sheet's rows as text; what is merged over several rows stands in each, if blank."""
    rows = [[cell_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=True)]
    top, left = sheet.start or (0, 0)
    n_free = sum(map(len, rows))  # a made-up file may say that cells are merged many times over
    for (first, column), (last, last_column) in sheet.merged_cell_ranges or ():
        places = range(first - top, min(last - top + 1, len(rows)))
        at = column - left
        n_free -= len(places)
        is_within = at >= 0 and first >= top and bool(places) and at < len(rows[places[0]])
        if column != last_column or not is_within or n_free < 0:
            continue
        for place in places:  # what stands there in spite of it stays
            if at < len(rows[place]):
                rows[place][at] = rows[place][at] or rows[places[0]][at]
    return rows


def _below_titles(rows: list[list[str]]) -> list[list[str]]:
    return rows[count_titles(rows) :]


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
