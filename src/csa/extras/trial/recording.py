"""Draws of who starts when, in the store: a list closed first, then drawn once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from csa.base import text
from csa.base.errors import ParamError
from csa.base.io import json_bytes
from csa.base.message import Message, msg
from csa.base.params import Month
from csa.extras.trial.draw_files import CLOSED, DRAWN, ClosedDraw
from csa.program.roles import Act, require_area_chair
from csa.program.store.engine import Store
from csa.program.store.records import Records, in_order
from csa.program.store.tables import DrawRow
from csa.program.writing import clean_text, next_key, refuse_stale
from csa.reports.briefing.news import NEWS_MONTHS

MIN_SOURCE = 8
"""Characters that say where the seed will come from, about two words."""
CODES = ("entrants_sha256", "areas_sha256")


def record_draw(
    store: Store, act: Act, made: ClosedDraw, seed_source: str = "", seen: int | None = None
) -> str:
    """Record a closed list with the source of its seed, or the draw from it; return its name.

    The same may be recorded again, which changes nothing. Only the list closed last can be drawn,
    and it is drawn once: nobody can draw until they like the outcome.
    """
    require_area_chair(act.person)
    account = json.loads(json_bytes(made.account))
    with store.writing(act.signed) as session:
        rows = sorted(session.scalars(select(DrawRow)), key=lambda row: in_order(row.key))
        same = next((row for row in reversed(rows) if _codes(row.record) == _codes(account)), None)
        if made.draw is None:
            return same.key if same else _close(session, act, rows, made, account, seed_source)
        if same is None:
            raise ParamError("draws.not_closed", code=account[CODES[0]])
        if same.state == DRAWN:
            if same.record["seed"] != account["seed"]:
                raise ParamError("draws.drawn", key=same.key, seed=same.record["seed"])
            return same.key
        if same is not rows[-1]:
            raise ParamError("draws.replaced", key=same.key, by=rows[-1].key)
        refuse_stale(session, same, seen)
        same.state, same.drawn_on, same.record = DRAWN, act.on, account
        return same.key


def _close(
    session: Session,
    act: Act,
    rows: Sequence[DrawRow],
    made: ClosedDraw,
    account: dict[str, Any],
    seed_source: str,
) -> str:
    source = clean_text("seed_source", seed_source, least=MIN_SOURCE)
    listed = {one["area_id"]: one["place_name"] for one in account["entrants"]}
    for row in rows:
        if row.state == DRAWN:
            _refuse_twice(row, listed, Month.parse(account["first_start"]))
    key = next_key(session, DrawRow, "draw-")
    row = DrawRow(key=key, state=CLOSED, seed_source=source, closed_on=act.on, record=account)
    row.areas = made.areas.decode()
    session.add(row)
    return key


def _refuse_twice(row: DrawRow, listed: dict[str, str], first: Month) -> None:
    """Refuse areas whose start was drawn and is still ahead of the new first one."""
    for slot in row.record["slots"]:
        if slot["area_id"] in listed and Month.parse(slot["start"]) >= first:
            place = listed[slot["area_id"]]
            raise ParamError("draws.twice", place=place, key=row.key, start=slot["start"])


def _codes(record: dict[str, Any]) -> tuple[str, ...]:
    return tuple(record[name] for name in CODES)


def recorded(row: DrawRow) -> ClosedDraw:
    """Restore a list or a draw from its row; the files are those that the command writes."""
    return ClosedDraw.of(row.record, row.areas.encode())


def list_lotteries(records: Records, today: date) -> list[Message]:
    """State which area starts when, of each recent lottery."""
    said = []
    for row in records.of(DrawRow):
        if row.drawn_on is None or _month(today).index - _month(row.drawn_on).index > NEWS_MONTHS:
            continue
        names = {entrant["area_id"]: entrant["place_name"] for entrant in row.record["entrants"]}
        slots = [
            text.tr("term.with", name=names[slot["area_id"]], of=text.month(slot["start"]))
            for slot in row.record["slots"]
        ]
        said.append(msg("draw.news", day=text.day(row.drawn_on), starts=text.in_words(slots)))
    return said


def _month(day: date) -> Month:
    return Month(day.year, day.month)
