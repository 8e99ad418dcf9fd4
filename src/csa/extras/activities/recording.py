"""What programs count of their work: its rows for whoever entered them, area-months for others.

Visits follow shootings. Who reads where a team was yesterday knows whom it talked to: workers would
be in danger, and mediators would lose their standing. So a row has no name, no note and no place
finer than an area; it is in no trail, which others may read; only its own organization sees it; and
after 90 days it is a part of a monthly total.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal, TypeAlias, cast

from sqlalchemy import Connection, RowMapping, Table, and_, delete, insert, select, update

from csa.base.errors import ParamError, RoleError
from csa.base.message import Message, msg
from csa.base.params import Month, Period
from csa.base.text import month as month_words
from csa.city.config import Activities
from csa.disclosure.texts import kinds_in
from csa.program.roles import Act, Person, require
from csa.program.store.audit import STORE_ITEM, AuditEntry, append
from csa.program.store.engine import Store
from csa.program.store.records import Records
from csa.program.store.tables import (
    PHONE_SECRET,
    AboutRow,
    ActivityMonthRow,
    ActivityRow,
    Audit,
    PhoneRow,
)

ROW_DAYS = 90
"""How long a row is kept; then it is a part of its month's total."""
MIN_SHOWN = 5
"""Activities of others in an area and month: fewer are not shown."""
ENFORCEMENT = "enforcement"
"""The plan's team that never sees activities, whatever the city's file says."""
MAX_PEOPLE, MAX_STAFF, HOURS_A_DAY, USUAL_STAFF = 5_000, 200, 24, 20
SUMMED = ("contacts", "reached", "hours", "staff")
Entry: TypeAlias = Mapping[str, Any] | RowMapping
Again: TypeAlias = Literal["add", "replace", "skip"]
"""What becomes of rows of a month that is on record already."""
ROWS = cast("Table", ActivityRow.__table__)
MONTHS = cast("Table", ActivityMonthRow.__table__)


@dataclass(frozen=True)
class Activity:
    """One thing that a team did."""

    kind: str  # a kind of the city's file
    place: str  # an area's letter, or a zone's name
    on: date
    contacts: int | None = None  # people talked to
    reached: int | None = None  # of them, people newly reached
    hours: float | None = None  # of the whole team, never of a worker
    staff: int | None = None  # how many of the team were there
    id: str = ""  # 32 hex digits: the same entry sent again has the same


@dataclass(frozen=True)
class ActivityTotal:
    """What an organization did of a kind in a month and place; None where nobody counted that."""

    office: str
    place: str
    kind: str
    month: str  # YYYY-MM
    n: int
    contacts: int | None = None
    reached: int | None = None
    hours: float | None = None
    staff: int | None = None


@dataclass(frozen=True)
class AddedActivities:
    """What became of a list of activities."""

    added: int
    same: int  # were on record already
    left_out: int = 0  # of months that stay as they were


@dataclass(frozen=True)
class AreaMonth:
    """Activities of an area and month, as somebody may see them; None: fewer than five."""

    place: str
    month: str
    own: int  # of the reader's organization
    others: int | None
    kinds: Mapping[str, int]  # kind to number, where every kind of others has five or more


# ---- Who may do what.


def require_organization(person: Person, settings: Activities | None) -> Activities:
    """Refuse a person whose office enters no activities."""
    settings = require_counting(settings)
    require(person, "member")
    if person.team == ENFORCEMENT or person.office.strip() not in settings.organizations:
        raise RoleError("activity.not_organization", known=", ".join(settings.organizations))
    return settings


def require_reader(person: Person, settings: Activities | None) -> Activities:
    """Refuse a person who may not see even totals of five or more."""
    settings = require_counting(settings)
    require(person, "member")
    if person.team == ENFORCEMENT or person.office.strip() not in {
        *settings.organizations,
        *settings.readers,
    }:
        raise RoleError("activity.not_reader")
    return settings


def require_counting(settings: Activities | None) -> Activities:
    """Refuse where the city's file has no [activities]."""
    if settings is None:
        raise ParamError("activity.none")
    return settings


# ---- What an activity must be.


Places: TypeAlias = Mapping[str, tuple[date, date | None]]
"""Where activities can be: an area's letter or a zone's name, with its first and last day."""


def activity_places(records: Records) -> Places:
    """Return where activities can be: areas by letter, zones by name."""
    days: dict[str, tuple[date, date | None]] = {}
    for step in records.steps:
        days[step.area] = min(days.get(step.area, (step.on_date,))[0], step.on_date), None
    return days | {row.name: (row.starts_on, row.ends_on) for row in records.zones}


def activity_faults(
    row: Activity, settings: Activities, places: Places, today: date
) -> Iterator[tuple[str, Message]]:
    """Yield what is wrong with an activity, by field."""
    if row.kind not in settings.kinds:
        refusal = msg("activity.kind", given=row.kind[:60], known=", ".join(settings.kinds))
        yield "kind", unknown_word(refusal, row.kind)
    if row.place not in places:
        refusal = msg("activity.place", given=row.place[:60], known=", ".join(places))
        yield "place", unknown_word(refusal, row.place)
    yield from _day_faults(row, places, today)
    for name in ("contacts", "reached"):
        if not 0 <= (getattr(row, name) or 0) <= MAX_PEOPLE:
            yield name, msg("activity.range", given=getattr(row, name), most=MAX_PEOPLE)
    if row.contacts is not None and (row.reached or 0) > row.contacts:
        yield "reached", msg("activity.reached", given=row.reached, contacts=row.contacts)
    if not 0 <= (row.staff or 0) <= MAX_STAFF:
        yield "staff", msg("activity.range", given=row.staff, most=MAX_STAFF)
    most = HOURS_A_DAY * (row.staff or USUAL_STAFF)
    if not 0 <= (row.hours or 0) <= most:
        yield "hours", msg("activity.hours", given=row.hours, most=most)


def _day_faults(row: Activity, places: Places, today: date) -> Iterator[tuple[str, Message]]:
    first, last = places.get(row.place, (row.on, None))
    if row.on > today:
        yield "on", msg("decide.ahead", day=row.on, today=today)
    elif row.on < first:
        yield "on", msg("activity.before", place=row.place, first=first, day=row.on)
    elif last is not None and row.on > last:
        yield "on", msg("activity.after", place=row.place, last=last, day=row.on)


def unknown_word(refusal: Message, given: str) -> Message:
    """Return the refusal of a word that is not on a list; a person's is not repeated."""
    return msg("activity.looks_like_person") if kinds_in(given) else refusal


def check_activity(row: Activity, settings: Activities, places: Places, today: date) -> Activity:
    """Return an activity that may be recorded, with an id."""
    for _, fault in activity_faults(row, settings, places, today):
        raise ParamError(fault.key, **fault.values)
    return row if row.id else replace(row, id=secrets.token_hex(16))


# ---- Into the store.


def add_activities(  # noqa: PLR0913 - what a file was, too
    store: Store,
    act: Act,
    settings: Activities | None,
    rows: Sequence[Activity],
    file: str = "",
    again: Again | None = None,
    *,
    has_ids: bool = True,
) -> AddedActivities:
    """Record activities of the signer's organization, all or none.

    What is on record stays once: by its id, or by the file that it came in. Where a file's rows
    have no ids of their own (`has_ids`), or a month is a total by now, nobody can see whether they
    are the same: then `again` says if they are added, replace the month, or are left out.
    """
    settings = require_organization(act.person, settings)
    places = read_places(store)
    rows = [check_activity(row, settings, places, act.on) for row in rows]
    office = act.person.office.strip()
    with store.writing(act.signed) as session:
        connection = session.connection()
        if file and _is_taken(connection, office, file):
            return AddedActivities(0, len(rows))
        own = {row.key: row for row in connection.execute(select(ROWS).filter_by(office=office))}
        fresh = list({row.id: row for row in rows if _key(office, row.id) not in own}.values())
        closed = set(connection.scalars(select(MONTHS.c.month).filter_by(office=office)))
        closed |= set() if has_ids else {_month(row.on_date) for row in own.values()}
        months = sorted(closed.intersection(_month(row.on) for row in fresh)) if file else []
        if months and again is None:
            raise ParamError("activity.month_again", months=", ".join(months))
        if again == "replace":
            _remove(connection, office, months)
        left = [row for row in fresh if again == "skip" and _month(row.on) in months]
        added = [row for row in fresh if row not in left]
        if added:
            connection.execute(insert(ROWS), [_values(office, row) for row in added])
        if file:
            noted = {"activities": len(added), "office": office, "file": file}
            append(connection, act.signed, AuditEntry(STORE_ITEM, None, noted))
        _total(connection, act.on)
    return AddedActivities(len(added), len(rows) - len(fresh), len(left))


def read_places(store: Store | None) -> Places:
    """Read where activities can be."""
    from csa.program.store.records import read_records  # noqa: PLC0415 - one writer asks for it

    return activity_places(read_records(store, with_values=False))


def _values(office: str, row: Activity) -> dict[str, Any]:
    values = asdict(row)
    return {**values, "key": _key(office, values.pop("id")), "office": office, "on_date": row.on}


def _key(office: str, entry_id: str) -> str:
    """Return a row's key: an id belongs to its organization, and no other can take it."""
    return hashlib.sha256(f"{office}\n{entry_id}".encode()).hexdigest()[:32]


def _month(day: date) -> str:
    return str(Month(day.year, day.month))


def _is_taken(connection: Connection, office: str, file: str) -> bool:
    """Check whether the trail has this file of this office: rows may be totals by now."""
    entries = connection.scalars(select(Audit.new).where(Audit.item == STORE_ITEM))
    wanted = {"office": office, "file": file}
    return any(wanted.items() <= json.loads(entry).items() for entry in entries)


def _remove(connection: Connection, office: str, months: Sequence[str]) -> None:
    for month in months:
        first = date.fromisoformat(f"{month}-01")
        after = date.fromisoformat(f"{Month.parse(month).plus(1)}-01")
        within = and_(ROWS.c.on_date >= first, ROWS.c.on_date < after)
        connection.execute(delete(ROWS).where(ROWS.c.office == office, within))
        of_month = (MONTHS.c.office == office, MONTHS.c.month == month)
        connection.execute(delete(MONTHS).where(*of_month))


def total_activities(store: Store, today: date) -> int:
    """Make rows older than 90 days parts of their monthly totals; return how many."""
    is_old = ROWS.c.on_date < today - timedelta(days=ROW_DAYS)
    with store.reading() as session:  # one that nobody here can write is left in peace
        if session.connection().execute(select(ROWS.c.key).where(is_old).limit(1)).first() is None:
            return 0
    with store.changing() as connection:
        return _total(connection, today)


def _total(connection: Connection, today: date) -> int:
    is_old = ROWS.c.on_date < today - timedelta(days=ROW_DAYS)
    rows = connection.execute(select(ROWS).where(is_old)).mappings().all()
    keys = ("office", "place", "kind", "month")
    for total in _sums(rows):
        values = asdict(total)
        same = and_(*(MONTHS.c[name] == values[name] for name in keys))
        before = connection.execute(select(MONTHS).where(same)).mappings().first()
        if before is None:
            connection.execute(insert(MONTHS), values)
        else:
            both = next(_sums([before, values]))
            connection.execute(update(MONTHS).where(same).values(**asdict(both)))
    connection.execute(delete(ROWS).where(is_old))
    return len(rows)


def _sums(rows: Iterable[Entry]) -> Iterator[ActivityTotal]:
    """Add up rows, or totals, by organization, place, kind and month."""
    parts = defaultdict[tuple[str, str, str, str], list[Entry]](list)
    for row in rows:
        month = row["month"] if "month" in row else _month(row["on_date"])
        parts[row["office"], row["place"], row["kind"], month].append(row)
    for key, part in sorted(parts.items()):
        counted = {name: [row[name] for row in part if row[name] is not None] for name in SUMMED}
        sums: dict[str, Any] = {
            name: sum(values) if values else None for name, values in counted.items()
        }
        yield ActivityTotal(*key, sum(row.get("n", 1) for row in part), **sums)


# ---- Out of the store.


def read_totals(store: Store | None) -> tuple[ActivityTotal, ...]:
    """Read all monthly totals, of every organization: for sums, never to be shown as they are."""
    if store is None:
        return ()
    with store.reading() as session:
        parts = (session.connection().execute(select(t)).mappings().all() for t in (ROWS, MONTHS))
        return tuple(_sums(row for part in parts for row in part))


def own_totals(
    totals: Iterable[ActivityTotal], person: Person, settings: Activities | None
) -> tuple[ActivityTotal, ...]:
    """Return the totals of a person's organization."""
    require_organization(person, settings)
    return tuple(total for total in totals if total.office == person.office.strip())


def area_months(
    totals: Iterable[ActivityTotal], person: Person, settings: Activities | None
) -> tuple[AreaMonth, ...]:
    """Return what a person may see of each area and month.

    Their organization's number is theirs. Of all others together they see five or more: the sum
    with their own would otherwise give away what one other organization did.
    """
    require_reader(person, settings)
    office = person.office.strip()
    parts = defaultdict[tuple[str, str], dict[bool, dict[str, int]]](lambda: {True: {}, False: {}})
    for total in totals:
        kinds = parts[total.place, total.month][total.office == office]
        kinds[total.kind] = kinds.get(total.kind, 0) + total.n
    months = []
    for (place, month), part in sorted(parts.items()):
        own, others = part[True], part[False]
        n = sum(others.values())
        shown = others if others and min(others.values()) >= MIN_SHOWN else {}
        kinds = {kind: own.get(kind, 0) + shown.get(kind, 0) for kind in {**own, **shown}}
        is_shown = n >= MIN_SHOWN
        months.append(AreaMonth(place, month, sum(own.values()), n if is_shown else None, kinds))
    return tuple(months)


@dataclass(frozen=True)
class PlannedMonth:
    """What an organization planned of a kind in an area and month, and what it did."""

    place: str
    month: str
    kind: str
    planned: int
    done: int

    @property
    def is_short(self) -> bool:
        """Whether less was done than planned."""
        return self.done < self.planned


def planned_months(
    totals: Iterable[ActivityTotal],
    person: Person,
    settings: Activities | None,
    months: Sequence[str],
    served: Mapping[str, Sequence[Period]],
) -> tuple[PlannedMonth, ...]:
    """Compare what a person's organization planned with what it did, where and what it works.

    Only that organization sees it: a gap says where no worker was. Nothing was planned before it
    first did that there, nor while the place was not served (`csa.program.registry.served_months`).
    """
    settings, own = require_organization(person, settings), own_totals(totals, person, settings)
    done = {(total.place, total.kind, total.month): total.n for total in own}
    begun: dict[tuple[str, str], str] = {}
    for place, kind, month in sorted(done):
        if kind in settings.targets:
            begun.setdefault((place, kind), month)
    lines = []
    for (place, kind), first in begun.items():
        for month in months:
            when, n = Month.parse(month), done.get((place, kind, month), 0)
            is_served = any(span.start <= when < span.until for span in served.get(place, ()))
            planned = settings.targets[kind] if is_served and month >= first else 0
            if planned or n:
                lines.append(PlannedMonth(place, month, kind, planned, n))
    return tuple(lines)


def describe_reach(
    totals: Iterable[ActivityTotal], person: Person, settings: Activities | None, until: Month
) -> Message | None:
    """State how many people were newly reached in 12 months, of how many at highest risk."""
    settings = require_reader(person, settings)
    first, last = str(until.plus(-12)), str(until)
    reached = sum(total.reached or 0 for total in totals if first <= total.month < last)
    if settings.highest_risk is None or reached < MIN_SHOWN:
        return None
    source = settings.highest_risk_source
    return msg(
        "activity.reach",
        n=reached,
        until=month_words(last),
        risk=settings.highest_risk,
        source=source,
    )


# ---- Phones that count without a network.


def give_phone(store: Store, act: Act, settings: Activities | None) -> str:
    """Record a phone of the signer's organization; return its id."""
    require_organization(act.person, settings)
    key, office = secrets.token_hex(16), act.person.office.strip()
    with store.writing(act.signed) as session:
        session.add(PhoneRow(key=key, office=office, given_on=act.on, revoked_on=None))
        noted = {"phone": key[:8], "office": office}
        append(session.connection(), act.signed, AuditEntry(STORE_ITEM, None, noted))
    return key


def revoke_phone(store: Store, act: Act, settings: Activities | None, phone: str) -> None:
    """Refuse what a lost phone sends from now on; it erases its entries when it next connects."""
    require_organization(act.person, settings)
    with store.writing(act.signed) as session:
        listed = session.scalars(select(PhoneRow).filter_by(office=act.person.office.strip()))
        found = [row for row in listed if phone and row.key.startswith(phone)]
        if len(found) != 1:
            raise ParamError("activity.no_phone", given=phone)
        found[0].revoked_on = act.on
        noted = {"phone": found[0].key[:8], "revoked": True}
        append(session.connection(), act.signed, AuditEntry(STORE_ITEM, None, noted))


def list_phones(store: Store | None, person: Person, settings: Activities | None) -> list[PhoneRow]:
    """List the phones of a person's organization."""
    require_organization(person, settings)
    if store is None:
        return []
    with store.reading() as session:
        rows = list(session.scalars(select(PhoneRow).filter_by(office=person.office.strip())))
        session.expunge_all()
    return sorted(rows, key=lambda row: (row.given_on, row.key))


def find_phone(store: Store, key: str) -> PhoneRow | None:
    """Find a phone by its id."""
    with store.reading() as session:
        row = session.get(PhoneRow, key)
        session.expunge_all()
    return row


def phone_secret(store: Store) -> bytes:
    """Return the secret that opens what phones have locked; made with the first phone."""
    wanted = select(AboutRow.value).where(AboutRow.key == PHONE_SECRET)
    with store.reading() as session:
        value = session.connection().execute(wanted).scalar()
    if value is None:
        with store.changing() as connection:
            value = connection.execute(wanted).scalar()
            if value is None:
                value = secrets.token_hex(32)
                connection.execute(insert(AboutRow).values(key=PHONE_SECRET, value=value))
    return bytes.fromhex(value)
