"""Plan's actions in a table whose cells are edited in place."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from csa.base.text import tr
from csa.program.plan.calendar import STATUSES, TEXT_LIMIT
from csa.program.roles import Person
from csa.reports.briefing.lines import ActionLine
from csa_app.screens.plan.filters import STATE
from csa_app.shared import plan_edits, theme
from csa_app.shared.city_session import CitySession
from csa_app.shared.plan_words import (
    MARKS,
    NO_UPDATE,
    Edit,
    edited_values,
    field_word,
    held_words,
    marked,
    updated_words,
)

GRID = "plan table on screen"
LINE_PX, ROW_PX = 20, 18
"""Height of a line of text in a row, and of the space around it."""
LETTER_PX, CELL_PX = 6.2, 16
"""Mean width of a letter in a cell, and of the cell's margins."""
MOST_LINES = 3
"""Most lines of a cell; longer texts are complete in its editor, in cards and in detail."""
HEIGHT_PX = 5000
"""63 actions stand in the page; on sharp screens browsers draw no canvas much taller."""
NUMBER, TITLE, UPDATED, HELD = "number", "title", "updated", "held"
NOTHING = "–"
READ_ONLY = (NUMBER, TITLE, UPDATED, HELD)
COLUMNS: Mapping[str, tuple[str, ...]] = {
    STATE: (NUMBER, TITLE, "status", "reason", "comment", "due", UPDATED, HELD),
    "people": (
        NUMBER,
        TITLE,
        "office",
        "coordinator",
        "start",
        "due",
        "percent",
        "areas",
        "evidence",
    ),
}
WIDTHS: Mapping[str, int] = {
    NUMBER: 72,
    TITLE: 210,
    "status": 112,
    "reason": 150,
    "comment": 130,
    "due": 100,
    UPDATED: 112,
    HELD: 120,
    "office": 120,
    "coordinator": 120,
    "start": 100,
    "percent": 102,
    "areas": 88,
    "evidence": 104,
}


@dataclass(frozen=True)
class ActionTable:
    """A table on screen: its rows stay in place until it is redrawn."""

    print: tuple[Any, ...]  # what it was drawn from; a change redraws it
    key: str  # of the widget
    lines: tuple[ActionLine, ...]  # its rows, in order
    rows: pd.DataFrame  # the widget's input


def frame_of(
    lines: Sequence[ActionLine],
    edits: Mapping[str, Edit],
    columns: Sequence[str],
    open_numbers: frozenset[str],
) -> pd.DataFrame:
    """Return actions as a table's rows."""
    rows = []
    for line in lines:
        values = edited_values(line, edits.get(line.number))
        rows.append(
            values
            | {
                NUMBER: f"{MARKS[line.color]} {line.number}",
                TITLE: line.title,
                UPDATED: updated_words(line),
                HELD: held_words(line, open_numbers),
                "status": marked(values["status"]),
                "areas": list(values["areas"]),
            }
        )
    made = pd.DataFrame(rows, columns=list(columns), index=[line.number for line in lines])
    for name in {"start", "due"} & set(columns):
        made[name] = pd.to_datetime(made[name])
    if "percent" in columns:
        made["percent"] = made["percent"].astype("Int64")
    return made


def table(
    session: CitySession,
    who: Person,
    lines: Sequence[ActionLine],
    open_numbers: frozenset[str],
    drawn_from: tuple[Any, ...],
) -> None:
    """Show actions in a table whose cells are edited in place."""
    columns = COLUMNS[drawn_from[0]]
    grid = make_grid(lines, open_numbers, columns, drawn_from)
    areas = drawn_from[-1]
    tall = ROW_PX + LINE_PX * text_lines(grid.rows)
    st.data_editor(
        _colored(grid),
        key=grid.key,
        hide_index=True,
        width="stretch",
        height=min(HEIGHT_PX, 40 + tall * len(lines)),
        row_height=tall,
        placeholder=NOTHING,
        column_config={name: _column(name, areas) for name in columns},
        disabled=list(READ_ONLY) if who.role in {"editor", "chair"} else True,
        on_change=keep_edits,
        args=(session, who, grid),
    )


def text_lines(rows: pd.DataFrame) -> int:
    """Return how many lines of text the tallest row takes, so that words wrap without cuts."""
    most = 2
    for name in set(rows.columns) - {"start", "due", "percent", "areas", "evidence"}:
        letters = int((WIDTHS[name] - CELL_PX) / LETTER_PX)
        most = max(most, *(_n_lines(text, letters) for text in rows[name]), 0)
    return min(most, MOST_LINES)


def _n_lines(text: str, letters: int) -> int:
    return sum(max(1, len(textwrap.wrap(part, letters))) for part in text.splitlines())


def make_grid(
    lines: Sequence[ActionLine],
    open_numbers: frozenset[str],
    columns: Sequence[str],
    drawn_from: tuple[Any, ...],
) -> ActionTable:
    """Return the table on screen, or redraw it if it would show something else.

    Streamlit stores edits by row position, so rows may move only under another key.
    """
    numbers = tuple(line.number for line in lines)
    wanted = (*drawn_from, numbers, plan_edits.turn())
    kept: ActionTable | None = st.session_state.get(GRID)
    if kept is not None and kept.print == wanted:
        return kept
    turn = 1 if kept is None else int(kept.key.rpartition(" ")[2]) + 1
    rows = frame_of(lines, plan_edits.edits(), columns, open_numbers)
    grid = ActionTable(wanted, f"plan table {turn}", tuple(lines), rows)
    st.session_state[GRID] = grid
    return grid


def _colored(grid: ActionTable) -> Any:
    """Color the read-only cells by status; gray where there is no recent report."""
    now = theme.current()
    colors = {"blocked": now.blocked, "at-risk": now.at_risk}
    colors |= dict.fromkeys(("on-track", "done"), now.accent)
    by_row = [
        f"color: {colors.get(line.color, now.quiet)}; font-weight: 600" for line in grid.lines
    ]
    gray = [f"color: {now.quiet}" if line.color == NO_UPDATE else "" for line in grid.lines]
    styled = grid.rows.style.apply(lambda _: by_row, subset=[NUMBER])
    return styled.apply(lambda _: gray, subset=[UPDATED]) if UPDATED in grid.rows else styled


def _column(name: str, areas: Sequence[str]) -> Any:
    config, width = st.column_config, WIDTHS[name]
    if name in READ_ONLY:
        return config.TextColumn(_head(name), width=width)
    label = field_word(name)
    if name in {"status", "areas"}:
        return _menu(name, label, areas)
    if name in {"start", "due"}:
        return config.DateColumn(label, width=width, format="MMM D, YYYY")
    if name == "percent":
        return config.NumberColumn(
            label, width=width, min_value=0, max_value=100, step=1, format="%d%%"
        )
    if name == "evidence":
        shown = tr("plan_page.evidence_open")
        return config.LinkColumn(label, width=width, max_chars=TEXT_LIMIT, display_text=shown)
    return config.TextColumn(label, width=width, max_chars=TEXT_LIMIT)


def _menu(name: str, label: str, areas: Sequence[str]) -> Any:
    config, width = st.column_config, WIDTHS[name]
    if name == "areas":
        return config.MultiselectColumn(label, width=width, options=list(areas))
    options = [marked(status) for status in STATUSES]
    return config.SelectboxColumn(label, width=width, options=options, required=True)


def _head(name: str) -> str:
    return tr(
        {
            NUMBER: "report.walk_number",
            TITLE: "term.action",
            UPDATED: "plan_page.updated",
            HELD: "plan_page.held",
        }[name]
    )


def keep_edits(session: CitySession, who: Person, grid: ActionTable) -> None:
    """Store what was typed before the page runs, since its rows may then differ."""
    for place, typed in st.session_state[grid.key]["edited_rows"].items():
        plan_edits.take(grid.lines[int(place)], typed)
    plan_edits.keep(session, who)
