"""Read a file of work plans: each row's texts, or every fault of the file by its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from csa.base.io import FORMULA_STARTS
from csa.base.message import Message, msg
from csa.ingest.measures import FORMULA, cut, match_columns, read_utf8, refusal, sheet_rows

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
NEEDED = ("item", "area")


@dataclass(frozen=True)
class WorkLine:
    """One row of a file of work plans."""

    row: int  # its number in a spreadsheet, the header being 1
    cells: Mapping[str, str]  # by column, "" where empty


def load_work(path: Path) -> tuple[WorkLine, ...]:
    """Read a CSV of work plans; what its rows mean is checked where they are written."""
    records = read_utf8(path)
    columns, faults = match_columns(records, WORK_COLUMNS, NEEDED)
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
