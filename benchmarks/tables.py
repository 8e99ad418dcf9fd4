"""Keep what a run found, and write the tables of docs/PERFORMANCE.md and docs/RELIABILITY.md.

Each file of benchmarks/results is what one command found last: `--docs` writes it, and the table
of its page from all of them. What was not run again stays as it was, with its day.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
COLUMNS = {
    "PERFORMANCE": ("what", "found", "aim", "command", "day, machine"),
    "RELIABILITY": ("promise", "last figures", "aim", "not promised", "command", "day, machine"),
}

Page = Literal["PERFORMANCE", "RELIABILITY"]
Line = tuple[str, ...]
"""What was measured or is promised, what was found, what was aimed at, if anything, and what is
not promised."""


def between(text: str, begin: str, end: str, lines: str) -> str:
    """Put lines between two marks."""
    before, after = text.partition(begin)[0], text.partition(end)[2]
    return f"{before}{begin}\n{lines}\n{end}{after}"


def keep(name: str, page: Page, command: str, lines: Iterable[Line]) -> None:
    """Write what a run found to NAME.toml, and its page's table."""
    day = datetime.now(UTC).date().isoformat()
    about = {"page": page, "command": command, "machine": f"{os.cpu_count()} cores"}
    text = "".join(f"{key} = {_quoted(value)}\n" for key, value in about.items())
    text += f"day = {day}\n"
    for line in lines:
        text += "\n[[rows]]\n"
        named = zip(("what", "found", "aim", "limit"), line, strict=False)
        text += "".join(f"{key} = {_quoted(value)}\n" for key, value in named)
    (RESULTS / f"{name}.toml").write_text(text, encoding="utf-8")
    write_page(page)


def table(page: Page) -> str:
    """Return a page's table, from what each of its commands kept."""
    columns = COLUMNS[page]
    rows = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for path in sorted(RESULTS.glob("*.toml")):
        kept = tomllib.loads(path.read_text(encoding="utf-8"))
        if kept["page"] == page:
            where = f"`{kept['command']}` | {kept['day']}, {kept['machine']}"
            for row in kept["rows"]:
                limit = [row.get("limit", "")] if "not promised" in columns else []
                parts = [row["what"], row["found"], row["aim"], *limit, where]
                rows.append(f"| {' | '.join(parts)} |")
    return "\n".join(rows)


def write_page(page: Page) -> None:
    """Put a page's table between its marks."""
    path = ROOT / "docs" / f"{page}.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(between(text, BEGIN, END, table(page)), encoding="utf-8")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
