"""Counts without points, compared on their own, and the city's homicides beside other cities'.

They are an outcome of their own: nothing here is added to police counts, and nothing says which
share of shootings goes unreported, for tables that are not linked cannot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from csa.analysis.analysis import Analysis
from csa.areas.window import is_in_period
from csa.areas.year_to_date import YEAR, compare_years, month_range_text, months_so_far
from csa.base.message import Message, msg
from csa.base.params import Month, Period
from csa.base.stats import DISPERSION, find_change
from csa.base.text import day, month, percent
from csa.change.analyze import Displacement
from csa.change.expectation import Baseline
from csa.change.past import PastChange
from csa.change.verdict import LEAST_MONTHS, expect
from csa.city.dataset import City
from csa.extras.counts.recording import count_tables, peer_table
from csa.extras.counts.tables import LEAST_PEERS, CountTable, Range

INJURY = "injury"
BEFORE_MONTHS = 36
HOMICIDE = "homicide"
VERDICTS = {
    "more": "wall.more",
    "fewer": "wall.fewer",
    "few": "label.too_few",
    "same": "meeting.no_change",
}
YEARS = VERDICTS | {"more": "label.more_than_chance", "fewer": "label.fewer_than_chance"}
LOCATED = {
    "injury": "count_table.injury",
    "home": "count_table.home",
    "hospital": "count_table.hospital",
}
COURSES = {1: "count_table.rose", -1: "count_table.fell", 0: "count_table.stayed"}
CHANGES = {1: "count_table.up", -1: "count_table.down", 0: "count_table.even"}


@dataclass(frozen=True)
class PlaceCounts:
    """A place's counts since a start, and the no-change range; or why they are not compared."""

    place: str
    since: Month
    reporters: tuple[str, ...] = ()  # those that reported throughout
    counted: Range = (0, 0)
    low: int = 0
    high: int = 0
    why_not: Message | None = None

    @property
    def verdict(self) -> str:
        """`fewer` or `more` only where it holds whatever was suppressed; `few`: too small."""
        if self.counted[0] > self.high:
            return "more"
        if not self.low:
            return "few"
        return "fewer" if self.counted[1] < self.low else "same"


def compare_places(table: CountTable, displaced: Displacement) -> tuple[PlaceCounts, ...]:
    """Compare each area in a table with the rest of the city, by those that reported throughout.

    What is expected is what the area had before, as the rest of the city went. Areas chosen by
    police counts had more then than they usually have, and the same people are in both tables: so
    the low end of the range takes that off as police counts show it, the high end takes off none.
    A table whose place is the home or the hospital is not compared: it says where people live, or
    where they were taken.
    """
    if table.located != INJURY:
        return ()
    ids = displaced.chosen.area_ids
    held = [at for at, area_id in enumerate(ids) if area_id in table.places]
    return tuple(_compare(table, displaced, at) for at in held)


def compare_tables(
    analysis: Analysis,
) -> Iterator[tuple[CountTable, tuple[PlaceCounts, ...]]]:
    """Compare each table's areas and zones."""
    tables = count_tables(analysis.records)
    held = {place for table in tables for place in table.places}
    zones = [analysis.zone_areas(zone) for zone in analysis.zones if zone.key in held]
    grounds = [areas for areas in (analysis.areas, *zones) if areas] if held else []
    changes = [change for areas in grounds if (change := analysis.change(areas)) is not None]
    for table in tables:
        yield (
            table,
            tuple(one for change in changes for one in compare_places(table, change.displaced)),
        )


def _compare(table: CountTable, displaced: Displacement, at: int) -> PlaceCounts:
    place, since, covered = displaced.chosen.area_ids[at], displaced.starts[at], table.covered
    first = max(covered.start, since.plus(-BEFORE_MONTHS))
    if since.index - first.index < YEAR or covered.until.index - since.index < LEAST_MONTHS:
        return PlaceCounts(place, since, why_not=msg("count_table.short"))
    before, after = Period(first, since), Period(since, covered.until)
    reporters = table.throughout(Period(first, covered.until), place, "")
    if not reporters:
        return PlaceCounts(place, since, why_not=msg("count_table.no_reporter"))
    (own, rest), (counted, later) = (_split(table, reporters, place, p) for p in (before, after))
    if not rest[0]:
        return PlaceCounts(place, since, reporters, counted, why_not=msg("count_table.no_rest"))
    usual, places = displaced.usual_core, displaced.places
    ratio = float(usual.ratio[-1]) * places.cores[at].mean / max(places.counted[at], 1)
    ends = (own[0], rest[1], later[0], min(ratio, 1.0)), (own[1], rest[0], later[1], max(ratio, 1))
    low, high = (
        expect(
            Baseline.counted(base),
            n_before,
            np.array([n_after]),
            PastChange(np.array([times]), usual.relative_error[-1:]),
            displaced.dispersion.value,
        ).bounds(displaced.by_area[at].boundary_z)
        for base, n_before, n_after, times in ends
    )
    return PlaceCounts(place, since, reporters, counted, int(low[0][0]), int(high[1][0]))


def _split(
    table: CountTable, reporters: Sequence[str], place: str, period: Period
) -> tuple[Range, Range]:
    """Return what a place had in some months, and what the rest of the city had."""
    own, city = (table.total(reporters, name, period) for name in (place, ""))
    return own, (max(city[0] - own[1], 0), max(city[1] - own[0], 0))


def describe_places(found: Sequence[PlaceCounts], names: Mapping[str, str]) -> Iterator[Message]:
    """Describe each area's counts, or why they are not compared."""
    for one in found:
        area, since = names.get(one.place, one.place), month(str(one.since))
        if one.why_not is not None:
            yield msg("count_table.not_compared", area=area, why=one.why_not)
            continue
        yield msg(
            "count_table.area",
            area=area,
            counted=span(one.counted),
            since=since,
            low=one.low,
            high=one.high,
            verdict=msg(VERDICTS[one.verdict]),
        )


def span(number: Range) -> str:
    """Return a number in words; one that was suppressed in part is between two."""
    low, high = number
    return f"{low:,}" if low == high else str(msg("count_table.between", low=low, high=high))


def describe_table(table: CountTable, today: Month) -> Iterator[Message]:
    """Describe a table: what it covers, how late it is, who is left out, and the city's year."""
    covered, what = table.covered, msg(LOCATED[table.located])
    lag = today.index - covered.until.index
    first, last = (month(str(end)) for end in (covered.start, covered.until.plus(-1)))
    yield msg("count_table.covers", name=table.name, what=what, first=first, last=last, n=lag)
    yield describe_year(table, "", str(msg("label.citywide")))
    if table.located != INJURY:
        yield msg("count_table.not_by_area")
    left = table.counts.keys() - {*table.throughout(_two_years(covered), "")}
    if left - {""}:
        yield msg("count_table.left_out", names=", ".join(sorted(left - {""})))


def describe_year(table: CountTable, place: str, name: str) -> Message:
    """Compare a place's last 12 months with the 12 before, by those that reported throughout."""
    both = _two_years(table.covered)
    reporters = table.throughout(both, place)
    middle = both.until.plus(-YEAR)
    if both.start < table.covered.start or not reporters:
        return msg("count_table.no_year")
    halves = Period(middle, both.until), Period(both.start, middle)
    now, before = (table.total(reporters, place, half) for half in halves)
    least, most = (find_change(1, n, 1.0, 1.0, DISPERSION) for n in before)
    word = "more" if now[0] > most.high else "fewer" if now[1] < least.low else "same"
    if not find_change(now[1], before[1], 1.0, 1.0, DISPERSION).is_enough:
        word = "few"
    return msg(
        "count_table.year",
        place=name,
        now=span(now),
        last=month(str(both.until.plus(-1))),
        before=span(before),
        low=least.low,
        high=most.high,
        verdict=msg(YEARS[word]),
    )


def _two_years(covered: Period) -> Period:
    return Period(covered.until.plus(-2 * YEAR), covered.until)


def counts_account(table: CountTable, found: Sequence[PlaceCounts]) -> dict[str, Any]:
    """Return what is said of a table as plain values."""
    return {
        "name": table.name,
        "kind": table.kind,
        "place_is": table.located,
        "first": str(table.covered.start),
        "last": str(table.covered.until.plus(-1)),
        "single": [
            {
                "area_id": one.place,
                "since": str(one.since),
                "reporters": list(one.reporters),
                "counted": list(one.counted),
                "no_change": [one.low, one.high],
                "verdict": one.verdict if one.why_not is None else None,
            }
            for one in found
        ],
    }


# ---- The city's homicides beside those of cities chosen by the Committee.


def compare_city(analysis: Analysis) -> Iterator[Message]:
    """Compare in editions the city's homicides with other cities', if any were chosen."""
    table = peer_table(analysis.records)
    if table is not None:
        yield compare_peers(analysis.city, table, analysis.settings.until)


def compare_peers(city: City, table: CountTable, until: Month | None) -> Message:
    """Compare the city's homicides with other cities', in the same months of two years.

    Only cities that reported each of these months count. Their range is that of the middle half:
    of a small city one homicide is a large share. Cities are not ranked.
    """
    covered = city.dataset.complete_months
    end = min(until or table.covered.until, table.covered.until)
    now = None if covered is None else months_so_far(covered, end)
    if now is None:
        return msg("count_table.peers_short")
    before = Period(now.start.plus(-YEAR), now.until.plus(-YEAR))
    names = {*table.throughout(now, "")} & {*table.throughout(before, "")}
    pairs = [tuple(table.total([name], "", p)[0] for p in (before, now)) for name in sorted(names)]
    if len(pairs) < LEAST_PEERS or not all(earlier for earlier, _ in pairs):
        return msg("count_table.peers_few", n=len(pairs), least=LEAST_PEERS)
    n_before, n_now = (
        int(is_in_period(city.dataset.incidents, p, (HOMICIDE,)).sum()) for p in (before, now)
    )
    year = compare_years(msg("find.homicides"), now, n_now, n_before)
    theirs = sum(later for _, later in pairs) / sum(earlier for earlier, _ in pairs) - 1
    low, high = np.quantile([later / earlier - 1 for earlier, later in pairs], (0.25, 0.75))
    is_before = table.chosen_on is not None and str(table.chosen_on) < f"{now.start}-01"
    return msg(
        "count_table.peers" if is_before else "count_table.peers_after",
        here=msg(COURSES[_way(n_now - n_before)], before=n_before, now=n_now),
        span=month_range_text(now),
        year=before.start.year,
        low_here=year.change.low,
        high_here=year.change.high,
        there=msg(CHANGES[_way(round(100 * theirs))], share=percent(abs(theirs))),
        n=len(pairs),
        day="-" if table.chosen_on is None else day(table.chosen_on),
        low=float(low),
        high=float(high),
    )


def _way(change: int) -> int:
    return (change > 0) - (change < 0)
