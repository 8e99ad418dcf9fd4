"""The store as it stood at the end of a past day: the trail replayed, corrections applied.

A decision counts from its own day, or from the day it was written where that is earlier or it names
none. A correction counts from the day of what it corrects: it says what was true then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Date
from sqlalchemy import inspect as look_into

from csa.decisions.store.audit import AT_UTC, Head, as_text, values_of
from csa.decisions.store.records import APPROVED, NO_STORE, TABLES, Records
from csa.decisions.store.rows import Audited
from csa.decisions.store.tables import CorrectionRow, HandoutRow, ValueRow
from csa.plan.measures import Value

OWN_DAYS = (
    "on_date",
    "execution_on",
    "since",
    "updated_on",
    "proposed_on",
    "answered_on",
    "asked_on",
    "approved_on",
    "meeting_on",
)
"""Values that say from which day an entry counts; the first that it has."""
GOES_ON = ("updated_on", "since")
"""Where an entry leaves these as they are, it was made on the same day as the one before."""
Entry = Mapping[str, Any]


def corrected(entries: Iterable[Entry], corrections: Iterable[CorrectionRow]) -> list[Entry]:
    """Return the trail's entries as they would be had they been right from the start."""
    right = dict[int, dict[str, Any]]()
    carried = set[int]()
    for row in corrections:
        right.setdefault(row.entry, {}).update(row.now)
        carried.add(row.carried)
    return [
        {**entry, "new": as_text({**json.loads(entry["new"]), **right[entry["id"]]})}
        if entry["id"] in right
        else entry
        for entry in entries
        if entry["id"] not in carried and not entry["item"].startswith(CorrectionRow.prefix)
    ]


def approvals(entries: Sequence[Entry]) -> frozenset[int]:
    """Return the numbers of the entries by which an approved proposal changed its action."""
    action_of, found, approved = dict[str, str](), set[int](), ("", "")
    for entry in entries:
        if entry["item"].startswith("change-"):
            new = json.loads(entry["new"])
            action = action_of.setdefault(entry["item"], new.get("action", ""))
            approved = (action, entry["at_utc"]) if new.get("state") == APPROVED else ("", "")
            continue
        if (entry["item"], entry["at_utc"]) == approved:  # carried out at once
            found.add(int(entry["id"]))
        approved = ("", "")
    return frozenset(found)


def as_of(records: Records, entries: Sequence[Entry], day: date, time_zone: str) -> Records:
    """Return what was on record at the end of a past day, with what was corrected since."""
    entries = [one for one in entries if one["id"] <= records.head.n]  # all of one moment
    zone = ZoneInfo(time_zone)
    told, counted = _replay(entries, records.corrections, day, zone)
    was_counted = _replay(entries, (), day, zone)[1] if records.corrections else counted
    matter = counted | was_counted
    of_corrections = {row.item for row in records.corrections if row.entry in matter}
    head = _head(entries, counted, of_corrections)
    rows = {name: tuple(_then(getattr(records, name), told)) for name in TABLES}
    rows["corrections"] = records.corrections
    values = tuple(value for value in records.values if _item(value) in told)
    return replace(records, head=head, decided=head, on=day, values=values, **rows)  # type: ignore[arg-type]


def _replay(
    entries: Sequence[Entry], corrections: Sequence[CorrectionRow], day: date, zone: ZoneInfo
) -> tuple[dict[str, dict[str, Any]], set[int]]:
    """Return each item's values at the end of a day, and the numbers of the entries counted."""
    told, counted, approved = dict[str, dict[str, Any]](), set[int](), approvals(entries)
    for entry in corrected(entries, corrections):
        values, before = json.loads(entry["new"]), told.get(entry["item"], {})
        if _counts_from(entry, values, {} if entry["id"] in approved else before, zone) <= day:
            told[entry["item"]] = before | values
            counted.add(entry["id"])
    return told, counted


def _head(entries: Sequence[Entry], counted: set[int], of_corrections: set[str]) -> Head:
    """Return the last entry that matters: what is decided later leaves a report's id as it is."""
    kept = [
        entry
        for entry in entries
        if (entry["id"] in counted or entry["item"] in of_corrections)
        and not entry["item"].startswith(HandoutRow.prefix)
    ]
    return Head(kept[-1]["id"], kept[-1]["hash"]) if kept else NO_STORE


def _counts_from(entry: Entry, values: Entry, goes_on: Entry, zone: ZoneInfo) -> date:
    written = datetime.strptime(entry["at_utc"], AT_UTC).replace(tzinfo=UTC).astimezone(zone).date()
    own = next((values[name] for name in OWN_DAYS if values.get(name)), None)
    own = own or next((goes_on[name] for name in GOES_ON if goes_on.get(name)), None)
    return min(written, date.fromisoformat(own)) if own else written


def _then(rows: Iterable[Audited], told: Mapping[str, Entry]) -> Iterator[Audited]:
    """Yield the rows that were there, with their values of then."""
    for row in rows:
        if row.item in told:
            values = {**values_of(row), **told[row.item]}
            for column in look_into(type(row)).columns:
                if isinstance(column.type, Date) and isinstance(values[column.key], str):
                    values[column.key] = date.fromisoformat(values[column.key])
            yield type(row)(key=row.key, revision=row.revision, **values)


def _item(value: Value) -> str:
    place = value.place or "city"
    return f"{ValueRow.prefix}{value.measure}/{value.quarter}/{place}/{value.number}"
