"""Read what a team counted elsewhere: a CSV, or an export of CommCare, KoboToolbox or ODK.

Columns are found by their headers. What a form adds by itself (who sent it, from which phone, where
it was) is never read, and a file that holds what looks like a person, a phone number or an address
in another column is refused until somebody has looked at it.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from csa.base.errors import SourceError
from csa.base.message import Message, msg
from csa.base.text import spelling
from csa.city.config import CityConfig
from csa.disclosure.texts import kinds_in
from csa.extras.activities.recording import (
    Activity,
    activity_faults,
    activity_places,
    require_counting,
)
from csa.ingest.infer_columns import day_formats, list_values
from csa.ingest.measures import FORMULA, cut, read_utf8, refusal, sheet_rows
from csa.ingest.records import FileRecords
from csa.program.store.engine import Store
from csa.program.store.records import read_records

N = r"((number|no) of |n |total )?"
WORK = r"(activity|visit|service|contact|event)"
PLACE = r"(core area|service area|area|zone|site|beat)"
ACTIVITY_FIELDS: Mapping[str, tuple[str, ...]] = {
    "id": (r"instance ?id|key|_?uuid|form ?id|entry ?id", r"_?id"),
    "on": (
        rf"({WORK} )?(day|date)|date of (the )?{WORK}|on|when|fecha",
        *("today", r"completed ?time", r"received ?on", "end", "start"),
        r"_?submission ?(time|date)",
    ),
    "kind": (rf"({WORK} )?(kind|type)|activity|service|what|category|tipo",),
    "place": (rf"{PLACE}( name| letter| id)?|letter|place|where|area or zone|zona|lugar",),
    "contacts": (rf"{N}(contacts|people (contacted|talked to|met)|encounters)",),
    "reached": (
        rf"{N}((people )?(newly )?reached|newly enrolled)",
        rf"{N}new (people|participants|contacts|clients)",
    ),
    "hours": (r"(team |total |staff )?hours( worked)?|person hours|horas",),
    "staff": (rf"{N}(staff|workers|team members)|team size|staff (count|number)",),
}
"""A field to the headers that name it; a later pattern only counts where no earlier one fits."""
NEEDED = ("on", "kind", "place")
NUMBERS = ("contacts", "reached", "hours", "staff")
BY_ITSELF = re.compile(
    r"((form|case|device|user|sim|subscriber|submitter|instance|deprecated|root|xform) ?"
    r"(id|serial|name|version|link)( string)?|version|start|end|today|username|phone ?number|email"
    r"|audit|uuid|key|number|hidden|edits|review ?state|attachments ?(present|expected)"
    r"|(submission|received|started|completed|created|updated) ?(date|time|on|at|by)"
    r"|((geo ?)?location|geopoint|gps)( (latitude|longitude|altitude|precision))?"
    r"|latitude|longitude|altitude|accuracy|precision|parent (index|table name|key))"
)
"""What CommCare, KoboToolbox and ODK write by themselves, and where a phone was: never read."""
FORMS = (
    ("KoboToolbox", "_submission_time"),
    ("CommCare", "received_on"),
    ("ODK", "submissiondate"),
)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NUMBER = re.compile(r"\d{1,9}(\.\d{1,3})?")
CHUNK = 2000
"""Texts of a column that are looked at for persons."""


@dataclass(frozen=True)
class ActivityFile:
    """What a file of activities holds."""

    lines: tuple[tuple[int, Activity], ...]  # number in a spreadsheet, and what was read there
    form: str  # KoboToolbox, CommCare, ODK, or CSV
    sha256: str
    columns: Mapping[str, str]  # field to its header
    left_out: tuple[str, ...]  # headers that are not read
    has_ids: bool  # whether rows have ids of their own


def read_activity_file(
    config: CityConfig,
    store: Store | None,
    path: Path,
    leave_out: Collection[str] = (),
    columns: Mapping[str, str] | None = None,
) -> tuple[ActivityFile, tuple[Activity, ...]]:
    """Read a file of activities, or refuse it with every fault by its row."""
    settings = require_counting(config.activities)
    records = read_records(store, with_values=False)
    places = activity_places(records)
    kinds = {
        spelling(word): kind for kind, words in settings.kinds.items() for word in (kind, words)
    }
    names = {spelling(f"area {row.key}"): row.key for row in records.areas}
    names |= {spelling(row.place_name): row.key for row in records.areas}
    names |= {spelling(place): place for place in places}
    zone = config.city.time_zone
    found = load_activities(path, kinds, names, zone, leave_out, columns)
    today = config.city.clock.today()
    faults = [
        msg("measures_file.fault", row=row, name=found.columns.get(name, name), why=why)
        for row, activity in found.lines
        for name, why in activity_faults(activity, settings, places, today)
    ]
    if faults:
        raise refusal(path, faults)
    return found, tuple(activity for _, activity in found.lines)


def load_activities(
    path: Path,
    kinds: Mapping[str, str],
    places: Mapping[str, str],
    time_zone: str,
    leave_out: Collection[str] = (),
    columns: Mapping[str, str] | None = None,
) -> ActivityFile:
    """Read a file of activities, whole or not at all.

    Parameters
    ----------
    path
        A CSV, as CommCare, KoboToolbox and ODK export it too.
    kinds, places
        Each name that may stand in the file, to what it means.
    time_zone
        The city's: a form's own time is UTC.
    leave_out
        Headers of columns that hold persons or places, and that somebody has looked at.
    columns
        Field to header, where headers do not show which is which.
    """
    records = read_utf8(path)
    found = _find_columns(records, columns or {}, path)
    _refuse_persons(records, {*found.values()}, leave_out, path)
    header = {name: records.header.index(head) for name, head in found.items()}
    texts = {name: [cell.strip() for cell in records.columns[at]] for name, at in header.items()}
    days = _days(texts["on"], found["on"], ZoneInfo(time_zone), path)
    faults = [msg("measures_file.unreadable", row=row) for row in records.unreadable]
    lines, n_same = [], Counter[str]()
    for at, row in enumerate(sheet_rows(records)):
        cells = {name: column[at] for name, column in texts.items()}
        if not any(cells[name] for name in NEEDED):
            continue
        wrong, values = _row(cells, days[at], kinds, places)
        faults += [msg("measures_file.fault", row=row, name=found[n], why=why) for n, why in wrong]
        if wrong:
            continue
        sign = f"id {cells['id']}" if cells.get("id") else f"row {sorted(values.items())}"
        n_same[sign] += 1
        if cells.get("id") and n_same[sign] > 1:
            faults.append(
                msg("measures_file.fault", row=row, name=found["id"], why=msg("activity.id_twice"))
            )
        own = hashlib.sha256(f"{sign} {n_same[sign]}".encode()).hexdigest()[:32]
        lines.append((row, Activity(**values, id=own)))  # the same whenever the row comes again
    if faults:
        raise refusal(path, faults)
    heads = {_plain(head).replace(" ", "_") for head in records.header}
    form = next((name for name, sign in FORMS if sign in {*heads, *map(_joined, heads)}), "CSV")
    left = tuple(head for head in records.header if head and head not in found.values())
    has_ids = "id" in found and all(texts["id"])
    return ActivityFile(tuple(lines), form, records.sha256, found, left, has_ids)


def _plain(head: str) -> str:
    """Return a header in words, without its groups (`visit/kind`, `form.kind`, `visit-kind`)."""
    last = re.split(r"[/.:@]|(?<=[a-z])-(?=[a-z])", head.strip())[-1]
    words = re.sub(r"[_\s]+", " ", last.casefold()).strip(" ?*#")
    return ("_" if last.startswith("_") else "") + words


def _joined(head: str) -> str:
    return head.replace("_", "")


def _find_columns(records: FileRecords, given: Mapping[str, str], path: Path) -> dict[str, str]:
    """Find each field's column; where two could be meant, ask."""
    found: dict[str, str] = {}
    for name, head in given.items():
        if name not in ACTIVITY_FIELDS or head not in records.header:
            known = ", ".join(filter(None, records.header))
            raise SourceError("activity.no_column", path=path, name=name, given=head, known=known)
        found[name] = head
    for name, patterns in ACTIVITY_FIELDS.items():
        for pattern in patterns if name not in found else ():
            taken = found.values()
            fits = [
                h for h in records.header if re.fullmatch(pattern, _plain(h)) and h not in taken
            ]
            if len(fits) > 1 and name != "id":
                raise SourceError(
                    "activity.two_columns", path=path, name=name, heads=list_values(fits)
                )
            if fits:
                found[name] = fits[0]
                break
    lacking = [name for name in NEEDED if name not in found]
    if lacking:
        known = ", ".join(filter(None, records.header))
        raise SourceError("activity.lacks", path=path, names=", ".join(lacking), known=known)
    return found


def _refuse_persons(
    records: FileRecords, used: Collection[str], leave_out: Collection[str], path: Path
) -> None:
    """Refuse a file with a column that seems to hold persons, numbers of phones, or addresses."""
    odd = []
    for head, column in zip(records.header, records.columns, strict=True):
        is_known = (
            head in used or head in leave_out or BY_ITSELF.fullmatch(_plain(head).lstrip("_"))
        )
        if is_known or head.startswith("_"):
            continue
        if re.search(r"\bname\b", _plain(head)) or any(map(kinds_in, {*column[:CHUNK]})):
            odd.append(head)
    if odd:
        raise SourceError("activity.persons", path=path, n=len(odd), heads=list_values(odd))


def _days(texts: Sequence[str], head: str, zone: ZoneInfo, path: Path) -> list[date | None]:
    """Read days, in one way for the whole column; a time with its zone becomes the city's day."""
    others = [text for text in texts if text and not DAY.match(text)]
    forms = day_formats(others) if others else ()
    if len(forms) > 1:
        raise SourceError("activity.two_dates", path=path, head=head, example=others[0])
    return [_day(text, forms, zone) for text in texts]


def _day(text: str, forms: Sequence[str], zone: ZoneInfo) -> date | None:
    try:
        if DAY.match(text):
            moment = datetime.fromisoformat(text.replace("UTC", "+00:00").replace(" +", "+"))
            return (moment if moment.tzinfo is None else moment.astimezone(zone)).date()
        return datetime.strptime(text, forms[0]).date() if forms else None  # noqa: DTZ007 - a day
    except ValueError:
        return None


def _row(
    cells: Mapping[str, str], on: date | None, kinds: Mapping[str, str], places: Mapping[str, str]
) -> tuple[list[tuple[str, Message]], dict[str, Any]]:
    """Read a row's fields, or list what is wrong with them."""
    wrong: list[tuple[str, Message]] = []
    values: dict[str, Any] = {"on": on}
    if on is None:
        wrong.append(("on", msg("activity.no_day", given=cut(cells["on"]))))
    for name, known in (("kind", kinds), ("place", places)):
        text = cells[name]
        values[name] = known.get(spelling(text), text)
        if text.startswith(FORMULA):
            wrong.append((name, msg("measures_file.formula", given=cut(text))))
    for name in NUMBERS:
        text = cells.get(name, "")
        read: Callable[[str], float] = float if name == "hours" else int
        if text and (not NUMBER.fullmatch(text) or (name != "hours" and float(text) % 1)):
            key = "activity.not_a_count"
            shown = (
                msg("activity.looks_like_person") if kinds_in(text) else msg(key, given=cut(text))
            )
            wrong.append((name, shown))
        else:
            values[name] = (
                read(text.partition(".")[0] if name != "hours" else text) if text else None
            )
    return wrong, values
