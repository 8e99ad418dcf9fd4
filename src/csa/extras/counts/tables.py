"""Read counts that others made, without points: hospitals, ambulances, crisis lines, other cities.

Each is a table of who counted, where, in which month, and how many. A number that was suppressed
is kept as what it can be, never as zero; a month without a row is no number at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median_high, median_low
from typing import TypeAlias

from csa.base.errors import ParamError, SourceError
from csa.base.message import Message, msg
from csa.base.params import Month, Period
from csa.base.text import spelling
from csa.ingest.measures import cut, match_columns, read_utf8, refusal, sheet_rows

PEERS = "peers"
"""The kind of a table of other cities."""
COUNT_COLUMNS = ("source", "place", "month", "count")
CITY_WORDS = ("", "city", "whole city", "citywide")
SUPPRESSED = frozenset({"*", "**", "s", "suppressed", "x"})
MONTH = re.compile(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])")
WHOLE = re.compile(r"[0-9]{1,7}")
BELOW = re.compile(r"< ?([0-9]{1,3})")
LEAST_PEERS = 5

Range: TypeAlias = tuple[int, int]
"""What a number is: the same twice, or the least and the most that a suppressed one can be."""
Counts: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Range]]]
"""Who counted, to place (empty: the whole city), to month, to number."""


def list_months(period: Period) -> list[str]:
    """List a period's months."""
    return [str(period.start.plus(at)) for at in range(period.months)]


@dataclass(frozen=True)
class CountTable:
    """Counts without points, of one kind."""

    name: str
    kind: str  # hospital, ems, crisis, or peers
    located: str  # what its place is of: injury, home, hospital
    counts: Counts
    chosen_on: date | None = None  # peers: when they were chosen

    @property
    def covered(self) -> Period:
        """The months that at least half of those who count have reported."""
        months = [sorted({m for own in of.values() for m in own}) for of in self.counts.values()]
        first, last = median_high(m[0] for m in months), median_low(m[-1] for m in months)
        return Period(Month.parse(first), max(Month.parse(last), Month.parse(first)).plus(1))

    @property
    def places(self) -> frozenset[str]:
        """The places that it has; empty for the whole city."""
        return frozenset(place for places in self.counts.values() for place in places)

    def throughout(self, period: Period, *places: str) -> tuple[str, ...]:
        """List who reported in every month of a period, of each of some places."""
        wanted = {*list_months(period)}
        return tuple(
            name
            for name, own in self.counts.items()
            if all(wanted <= own.get(place, {}).keys() for place in places)
        )

    def total(self, reporters: Collection[str], place: str, period: Period) -> Range:
        """Add up a place's months: the least and the most that it can be."""
        own = [
            self.counts[name][place][str(month)]
            for name in reporters
            for month in list_months(period)
        ]
        return sum(low for low, _ in own), sum(high for _, high in own)


def load_counts(
    path: Path, places: Mapping[str, str], today: date, suppressed_below: int | None = None
) -> Counts:
    """Read a table of counts, whole or not at all.

    Parameters
    ----------
    path
        A CSV with the columns source, place, month and count. No other column is read, so that no
        person and no address comes in.
    places
        Each name that may stand in the file, to the place's id.
    today
        No later month can have been counted.
    suppressed_below
        A number that is only marked as suppressed is below this.
    """
    records = read_utf8(path)
    columns, faults = match_columns(records, COUNT_COLUMNS, ("month", "count"))
    if faults:
        raise refusal(path, faults)
    names = {spelling(name): key for name, key in places.items()} | dict.fromkeys(CITY_WORDS, "")
    faults = [msg("measures_file.unreadable", row=row) for row in records.unreadable]
    first_rows: dict[tuple[str, str, str], int] = {}
    counts: dict[str, dict[str, dict[str, Range]]] = {}
    for row, texts in zip(sheet_rows(records), records.rows, strict=True):
        cells = {name: texts[at].strip() for name, at in columns.items()}
        if not any(cells.values()):
            continue
        wrong = dict(_faults(cells, names, today, suppressed_below))
        source, month = cells.get("source", ""), cells["month"]
        place = names.get(spelling(cells.get("place", "")), "")
        first = first_rows.setdefault((source, place, month), row)
        if first != row and not wrong:
            what = ", ".join(filter(None, (source, cells.get("place"), month)))
            wrong["month"] = msg("measures_file.twice", first=first, what=what)
        faults += [msg("measures_file.fault", row=row, name=n, why=why) for n, why in wrong.items()]
        if not wrong:
            own = counts.setdefault(source, {}).setdefault(place, {})
            own[month] = _range(cells["count"], suppressed_below)
    if faults or not counts:
        raise refusal(path, faults or [msg("count_table.empty")])
    return counts


def _faults(
    cells: Mapping[str, str], names: Mapping[str, str], today: date, suppressed_below: int | None
) -> list[tuple[str, Message]]:
    """List what is wrong with a row, by column."""
    wrong = []
    if spelling(cells.get("place", "")) not in names:
        known = ", ".join(sorted({*names.values()} - {""})) or "-"
        wrong.append(("place", msg("count_table.place", given=cut(cells["place"]), known=known)))
    if not is_over(cells["month"], today):
        wrong.append(("month", msg("count_table.not_over", given=cut(cells["month"]), today=today)))
    text = cells["count"]
    if text.casefold() in SUPPRESSED:
        if suppressed_below is None:
            wrong.append(("count", msg("count_table.suppressed", given=text)))
    elif not WHOLE.fullmatch(text) and not (BELOW.fullmatch(text) and int(text[1:]) > 1):
        wrong.append(("count", msg("count_table.number", given=cut(text))))
    return wrong


def is_over(month: str, today: date) -> bool:
    """Check whether a text is a month, `YYYY-MM`, that is over."""
    return bool(MONTH.fullmatch(month)) and month < f"{today:%Y-%m}"


def _range(text: str, suppressed_below: int | None) -> Range:
    if WHOLE.fullmatch(text):
        return int(text), int(text)
    below = BELOW.fullmatch(text)
    return 1, max(1, (int(below[1]) if below else suppressed_below or 2) - 1)


# ---- Other cities, in the layout of the Real-Time Crime Index.


PEER_COLUMNS = ("Month", "Year", "Agency_State", "Murder")


def load_peers(path: Path, peers: Collection[str], city: str, today: date) -> Counts:
    """Read the murders of cities chosen from a file of the Real-Time Crime Index.

    A month that a city did not report (`NA`) is no number. Sums over several cities, which the
    file has too, are refused as peers; so is the city itself.
    """
    records = read_utf8(path)
    header = [name.strip() for name in records.header]
    if lacking := [name for name in PEER_COLUMNS if name not in header]:
        raise SourceError("count_table.no_index", path=path, names=", ".join(lacking))
    month_in, year_in, name_in, number_in = (header.index(name) for name in PEER_COLUMNS)
    known = {row[name_in].strip() for row in records.rows}
    sums = [
        name
        for name in peers
        if re.match(r"full sample|agencies of|nationwide", name, re.IGNORECASE)
    ]
    own = [name for name in peers if spelling(name).startswith(f"{spelling(city)},")]
    if odd := sorted({*peers} - known) or sums or own:
        raise ParamError("count_table.no_peer", given="; ".join(odd), path=path)
    if len({*peers}) < LEAST_PEERS:
        raise ParamError("param.at_least", name="--peer", least=LEAST_PEERS, given=len({*peers}))
    counts: dict[str, dict[str, dict[str, Range]]] = {name: {"": {}} for name in sorted({*peers})}
    faults: list[Message] = []
    for row, texts in zip(sheet_rows(records), records.rows, strict=True):
        name, number = texts[name_in].strip(), texts[number_in].strip()
        if name not in counts or number in {"", "NA"}:
            continue
        month = f"{texts[year_in].strip()}-{texts[month_in].strip():0>2}"
        if not (WHOLE.fullmatch(number) and is_over(month, today)) or month in counts[name][""]:
            given = cut(f"{name}, {month}: {number}")
            faults.append(msg("count_table.index_row", row=row, given=given))
            continue
        counts[name][""][month] = int(number), int(number)
    faults += [
        msg("count_table.no_months", name=name) for name, own in counts.items() if not own[""]
    ]
    if faults:
        raise refusal(path, faults)
    return counts
