"""A calendar file (RFC 5545) of due dates and of meetings that anyone may come to.

An event's UID is made of what it is of, and its sequence number rises with each change on record,
so that a calendar that reads a later file moves the event instead of adding another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event

from csa.base.text import tr
from csa.city.config import CityConfig
from csa.program.plan.items import Plan
from csa.program.store.records import Records
from csa.program.store.tables import RETIRED
from csa.program.work import LISTENING
from csa.reports.briefing.lines import plan_lines

PRODUCT = "-//csa//core service areas//EN"


@dataclass(frozen=True)
class CalendarEntry:
    """One day in the calendar."""

    name: str  # what it is of: the stem of its UID
    on: date
    title: str
    sequence: int = 0  # rises with each change on record
    about: str = ""
    where: str = ""
    is_meeting: bool = False  # otherwise a due date, which keeps nobody busy


def calendar_entries(
    config: CityConfig, plan: Plan | None, records: Records, today: date
) -> tuple[CalendarEntry, ...]:
    """List due dates of actions and tasks, and meetings that anyone may come to, soonest first."""
    found = (*_actions(plan, records, today), *_tasks(records), *_meetings(config, records))
    return tuple(sorted(found, key=lambda entry: (entry.on, entry.name)))


def calendar_file(config: CityConfig, entries: Sequence[CalendarEntry], made_at: datetime) -> bytes:
    """Write entries as a calendar file; where two files differ, `made_at` says which is newer."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", tr("calendar.name", city=config.city.name))
    for entry in entries:
        event = Event()
        event.add("uid", f"{entry.name}@{config.city.id}.csa")
        event.add("dtstamp", made_at)
        event.add("sequence", entry.sequence)
        event.add("dtstart", entry.on)
        event.add("dtend", entry.on + timedelta(days=1))
        event.add("summary", _plain(entry.title))
        event.add("transp", "OPAQUE" if entry.is_meeting else "TRANSPARENT")
        for name, text in (("description", entry.about), ("location", entry.where)):
            if text:
                event.add(name, _plain(text))
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _plain(text: str) -> str:
    """Return a text with no control character but the break of a line; calendars refuse others."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(c if c.isprintable() else " " for c in line) for line in lines)


def _actions(plan: Plan | None, records: Records, today: date) -> Iterator[CalendarEntry]:
    for line in () if plan is None else plan_lines(plan, records, today):
        if line.state.due is not None:
            about = line.number, line.title or tr("plan.open_slot"), line.state.office
            is_done = line.state.status == "done"
            name = f"action-{line.number}"
            yield _due(name, line.state.due, about, line.revision, is_done=is_done)


def _tasks(records: Records) -> Iterator[CalendarEntry]:
    served = {row.key for row in records.areas if row.state != RETIRED}
    for row in records.tasks:
        if row.due is not None and row.area in served:
            about = tr("calendar.area", area=row.area), row.what, row.agency
            name = f"task-{row.key.replace('/', '-')}"
            yield _due(name, row.due, about, row.revision, is_done=row.status == "done")


def _due(
    name: str, on: date, about: tuple[str, str, str], sequence: int, *, is_done: bool
) -> CalendarEntry:
    number, title, office = about
    key = "calendar.done" if is_done else "calendar.due"
    said = tr("calendar.office", office=office) if office else ""
    return CalendarEntry(name, on, tr(key, number=number, title=title), sequence, said)


def _meetings(config: CityConfig, records: Records) -> Iterator[CalendarEntry]:
    """List the city's meetings, named by day and place in the file, and listening sessions."""
    places = {row.key: row.place_name for row in records.areas}
    n_on: Counter[date] = Counter()
    for one in config.public.meetings:
        n_on[one.on] += 1
        yield CalendarEntry(
            name=f"meeting-{one.on}-{n_on[one.on]}",
            on=one.on,
            title=tr("term.pair", name=one.at, text=one.what) if one.at else one.what,
            about=", ".join(one.places),
            where=one.where,
            is_meeting=True,
        )
    for row in records.meetings:
        if row.kind == LISTENING:
            yield CalendarEntry(
                name=f"meeting-{row.key.replace('/', '-')}",
                on=row.on_date,
                title=tr("calendar.listening", area=row.area),
                sequence=row.revision,
                where=places.get(row.area, ""),
                is_meeting=True,
            )
