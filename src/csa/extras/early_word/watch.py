"""Early word: found in the newest data, recorded once, mailed to whom the Committee named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from csa.areas.places import called
from csa.base.arrays import Bools
from csa.base.schema import KINDS
from csa.base.text import tr
from csa.city.dataset import City
from csa.city.deployment import Mail
from csa.extras.early_word.runs import (
    NEWEST_DAYS,
    WatchLimit,
    days_in_areas,
    hold_false_words,
    scan,
)
from csa.extras.early_word.words import (
    RUN,
    SHOOTING,
    Word,
    is_quiet,
    known_marks,
    recipients,
    record_receipt,
    record_words,
)
from csa.geo.cells import bin_points, cell_resolution
from csa.geo.neighborhoods import is_inside
from csa.program.registry import all_zones, core_areas
from csa.program.roles import Act
from csa.program.store.engine import Store
from csa.program.store.records import Records, read_records
from csa.program.store.tables import WordRow
from csa.workflow.outbox import without_addresses
from csa.workflow.smtp import MailServer, UnreachableError, begin_mail

MARK_DIGITS = 16
UNSURE = "unsure"


@dataclass(frozen=True)
class NewWords:
    """What the newest data say of areas in service and zones."""

    words: tuple[Word, ...]
    limit: WatchLimit
    names: Mapping[str, str]  # what each area is called


def find_words(city: City, records: Records, today: date) -> NewWords:
    """Find what is new within 14 days: shootings in an area, and runs that chance seldom gives."""
    inside, names = _grounds(city, records, today)
    dataset = city.dataset
    through = min(today, date.fromisoformat(dataset.report["data_through"]))
    found = days_in_areas(dataset, inside, through, KINDS)
    limit, words = hold_false_words(found), list[Word]()
    every, oldest = dataset.incidents, pd.Timestamp(today - timedelta(days=NEWEST_DAYS - 1))
    until = pd.Timestamp(through + timedelta(days=1))
    chance, length = scan(found, np.zeros(len(found.day), dtype=np.int64))
    for place, area in enumerate(inside):
        own = every[
            inside[area] & (every["occurred_at"] >= oldest) & (every["occurred_at"] < until)
        ]
        known = known_marks(records, area, SHOOTING)
        new = own[[_mark(area, one) not in known for one in own["incident_id"]]]
        if len(new):
            words.append(_word(area, SHOOTING, new))
        looks = np.arange(max(0, (oldest.date() - found.first).days), found.n_days)
        if not len(looks) or not (chance[place, looks] < limit.chance).any():
            continue
        day = int(looks[chance[place, looks].argmin()])
        last = pd.Timestamp(found.first + timedelta(days=day + 1))
        start = last - pd.Timedelta(days=int(length[place, day]))
        run = own[(own["occurred_at"] >= start) & (own["occurred_at"] < last)]
        if len(run):
            words.append(_word(area, RUN, run))
    return NewWords(tuple(words), limit, names)


def _grounds(city: City, records: Records, today: date) -> tuple[dict[str, Bools], dict[str, str]]:
    """Return which incidents lie in each area in service and each zone of a day, and the names."""
    every = city.dataset.incidents
    inside, names, cells = dict[str, Bools](), dict[str, str](), dict[int, np.ndarray]()
    for area in core_areas(records):
        resolution = cell_resolution(min(area.cells))
        if resolution not in cells:
            cells[resolution] = bin_points(every["lon"], every["lat"], resolution)
        inside[area.key] = np.isin(cells[resolution], [*area.cells])
        names[area.key] = called(area.place_name, area.key)
    for zone in all_zones(records):
        if zone.is_on(today):
            inside[zone.key] = is_inside(every["lon"], every["lat"], zone.shape).to_numpy()
            names[zone.key] = zone.place_name
    return inside, names


def _word(area: str, kind: str, rows: pd.DataFrame) -> Word:
    days = rows["occurred_at"].dt.date
    marks = tuple(sorted(_mark(area, one) for one in rows["incident_id"]))
    return Word(area, kind, len(rows), min(days), max(days), marks)


def _mark(area: str, incident_id: str) -> str:
    """Return a one-way mark of an incident: the store has no report's number."""
    return hashlib.sha256(f"{area}/{incident_id}".encode()).hexdigest()[:MARK_DIGITS]


@dataclass(frozen=True)
class WatchDone:
    """What became of early word."""

    is_on: bool  # whether anybody was named
    new: tuple[str, ...]  # keys of words that are new
    sent: tuple[tuple[str, str], ...]  # word and office
    waiting: tuple[tuple[str, str], ...]  # quiet hours, no address, or a server that is away
    limit: WatchLimit | None


def watch(
    city: City,
    store: Store,
    sign: Callable[[], Act],
    mail: Mail | None,
    server: MailServer | None,
) -> WatchDone:
    """Record what is new, and mail it to whom the Committee named; nothing while nobody is."""
    records, clock = read_records(store), city.config.city.clock
    if not recipients(records):
        return WatchDone(is_on=False, new=(), sent=(), waiting=(), limit=None)
    found = find_words(city, records, clock.today())
    new = record_words(store, sign(), found.words) if found.words else ()
    records = read_records(store)
    oldest = clock.today() - timedelta(days=NEWEST_DAYS - 1)
    sent, waiting = list[tuple[str, str]](), list[tuple[str, str]]()

    def receive(letter: tuple[str, str], receipt: str) -> None:
        record_receipt(store, sign(), *letter, receipt)

    for word, to in product(records.of(WordRow), recipients(records)):
        is_told = to.key in word.receipts or word.last < oldest
        if is_told or (to.areas and word.area not in to.areas):
            continue
        letter, now, email = (word.key, to.key), clock.now(), _address(mail, to.key)
        if (
            mail is None
            or server is None
            or not email
            or is_quiet(to, now, city.config.city.time_zone)
        ):
            waiting.append(letter)
            continue
        name = found.names.get(word.area, word.area)
        content = write_word(name, mail, email, now, city.config.city.name)
        # From the line that ends the mail on it counts as sent, whatever fails then.
        unsure = partial(receive, letter, UNSURE)
        try:
            answer = server.deliver(mail.from_address, email, content, unsure)
        except UnreachableError:
            waiting.append(letter)
            continue
        if answer.outcome == "sent":
            receive(letter, sign().signed.at_utc.isoformat()[:16])
        elif answer.outcome == "refused":
            receive(letter, f"refused: {without_addresses(answer.reply)}")
        (sent if answer.outcome == "sent" else waiting).append(letter)
    return WatchDone(
        is_on=True, new=new, sent=tuple(sent), waiting=tuple(waiting), limit=found.limit
    )


def _address(mail: Mail | None, office: str) -> str:
    """Return an office's address: that of any edition it receives."""
    listed = [] if mail is None else [one for group in mail.recipients.values() for one in group]
    named = (one.email for one in listed if one.office.casefold() == office.casefold())
    return next(named, "")


def write_word(name: str, mail: Mail, email: str, at: datetime, city: str) -> bytes:
    """Write the mail: the area, and what to do; no day, number or place stands in it."""
    message = begin_mail(mail, email, tr("watch.subject", area=name, city=city), at)
    message.set_content(tr("watch.body", area=name) + "\n", cte="quoted-printable")
    return message.as_bytes()
