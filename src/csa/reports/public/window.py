"""The months and incidents that the public report covers: the last whole quarter, and before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from csa.areas.window import month_index
from csa.base.errors import ConfigError, PeriodError
from csa.base.params import Month, Period, last_day
from csa.city.config import DOMESTIC_COUNTED
from csa.city.dataset import City, Dataset
from csa.disclosure.published import CELL, Publication
from csa.program.plan.measures import Quarter

MONTHS = 36
QUARTER = 3
YEAR = 12
TELLING_ROWS = 20
"""Rows below which a source cannot show whether it has stopped marking domestic incidents."""
CERTAIN_GAP = 20.0
"""Expected incidents from which months without any count as a gap: chance leaves out so many
once in 500 million times, so the files for those months must be missing."""


@dataclass(frozen=True)
class PublicWindow:
    """What the public report covers."""

    quarter: Quarter  # the last quarter included
    period: Period  # up to 36 months, ending with the quarter; fewer if the data cover fewer
    covered: Period  # all months covered without a gap up to the quarter's end
    places: Period  # of them the months of which places have figures
    span: Period  # of those the last whole calendar years, up to three
    dataset: Dataset  # the incidents of the months covered, and the places; nothing later
    domestic: Literal["left_out", "confirmed", "counted"]
    silent: tuple[str, ...]  # sources that do not say which incidents are domestic
    n_unknown: int
    counts_all: bool  # whether domestic incidents count at places too

    def at_places(self, periods: Mapping[str, Period]) -> list[tuple[str, Period]]:
        """List the periods of which places have figures, with their names."""
        start, until = self.places.start, self.places.until
        return [(n, p) for n, p in periods.items() if start <= p.start and p.until <= until]


def resolve_window(city: City, month: Month, earlier: Sequence[Publication] = ()) -> PublicWindow:
    """Determine which months the public report covers, and whether domestic incidents count."""
    dataset, config = city.dataset, city.config
    quarter, covered = last_quarter(dataset, month)
    period = Period(max(covered.start, covered.until.plus(-MONTHS)), covered.until)
    known = _only(dataset, covered)
    located = known.incidents.dropna(subset=["lon", "lat"])
    silent = _silent_sources(dataset, located, period)
    if silent and not config.public.domestic_rule:
        raise ConfigError("publish.domestic", city=config.city.name, sources=", ".join(silent))
    is_agreed = config.public.domestic_rule in DOMESTIC_COUNTED
    counts_all, places = _places(
        covered, earlier, is_wanted=is_agreed or set(located["source"]) <= set(silent)
    )
    domestic: Literal["left_out", "confirmed", "counted"] = "confirmed" if silent else "left_out"
    if counts_all and (is_agreed or not silent):
        domestic = "counted"
    span = _whole_years(places, () if counts_all else earlier)
    is_unknown = (located["domestic"] == "unknown") & ~located["source"].isin(silent)
    is_in = span.contains(month_index(located["occurred_at"]))
    n_unknown = 0 if counts_all else int((is_unknown & is_in).sum())
    return PublicWindow(
        quarter, period, covered, places, span, known, domestic, silent, n_unknown, counts_all
    )


def _places(
    covered: Period, earlier: Sequence[Publication], *, is_wanted: bool
) -> tuple[bool, Period]:
    """Return whether domestic incidents count at places, and the months of which they have figures.

    What was ever published one way is never published the other: the difference would be what
    is domestic. So places start over with the first month after those that were published
    the other way, once a calendar year of them is whole; until then all stays as it was.
    """
    other, own = (
        max(
            (until for one in earlier if one.counts_all is way and (until := one.places_until)),
            default=None,
        )
        for way in (not is_wanted, is_wanted)
    )
    if other is None or other <= covered.start:
        return is_wanted, covered
    year = -(-other.index // YEAR)
    if covered.until.index >= (year + 1) * YEAR:
        return is_wanted, Period(Month(year, 1), covered.until)
    starts = (covered.start, *([own] if own is not None and own < other else []))
    return not is_wanted, Period(max(starts), min(other, covered.until))


def _whole_years(covered: Period, rounded: Sequence[Publication]) -> Period:
    """Return the last whole calendar years; before the first is over, the months so far.

    Rounded numbers of months that grow each quarter would give a quarter's away, so what was
    published of them stays for a year.
    """
    until = covered.until.index - covered.until.index % YEAR
    start = max(until - MONTHS, -(-covered.start.index // YEAR) * YEAR)
    if until > start:
        return Period(Month(start // YEAR, 1), Month(until // YEAR, 1))
    names = [n for one in rounded if not one.counts_all for n in one.counts.get(CELL, {})]
    ends = [Month.parse(n[-7:]).plus(1) for n in names if n.startswith(f"{covered.start}/")]
    recent = [end for end in ends if covered.until.plus(-YEAR) < end <= covered.until]
    return Period(covered.start, max(recent, default=covered.until))


def last_month(dataset: Dataset) -> Month:
    """Return the last month that the data reach."""
    through = dataset.report["data_through"]
    if through is None:
        raise PeriodError("period.no_data")
    return Month.parse(str(through)[:7])


def last_quarter(dataset: Dataset, month: Month) -> tuple[Quarter, Period]:
    """Return the last whole quarter, and the unbroken run of months that ends with it."""
    spans = list(_spans(dataset))
    limit = month.plus(1)
    for span in reversed(spans):
        until = min(span.until.index, limit.index)
        until -= until % QUARTER  # January is a multiple of three
        if until - QUARTER >= span.start.index:
            end = span.until.plus(until - span.until.index)
            return Quarter.of(last_day(end.plus(-1))), Period(span.start, end)
    told = ", ".join(f"{span.start} to {span.until.plus(-1)}" for span in spans) or "none"
    raise PeriodError("publish.no_quarter", month=month, covered=told)


def _spans(dataset: Dataset) -> Iterator[Period]:
    """Split the covered months at gaps that only missing files can explain."""
    covered = dataset.complete_months
    if covered is None:
        return
    at = month_index(dataset.incidents["occurred_at"]) - covered.start.index
    counts = np.bincount(at[(at >= 0) & (at < covered.months)], minlength=covered.months)
    usual = float(counts.mean())  # missing months lower it, so that a gap is never found too soon
    start = 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], counts == 0, [0]])))
    for low, high in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if usual * (high - low) > CERTAIN_GAP:
            if low > start:
                yield Period(covered.start.plus(start), covered.start.plus(low))
            start = high
    if start < covered.months:
        yield Period(covered.start.plus(start), covered.until)


def _only(dataset: Dataset, covered: Period) -> Dataset:
    is_in = covered.contains(month_index(dataset.incidents["occurred_at"]))
    incidents = dataset.incidents[is_in].reset_index(drop=True)
    report: Mapping[str, Any] = {
        **dataset.report,
        "data_from": max(str(dataset.report["data_from"]), f"{covered.start}-01"),
        "data_through": last_day(covered.until.plus(-1)).isoformat(),
    }
    return replace(dataset, incidents=incidents, report=report)


def _silent_sources(dataset: Dataset, located: pd.DataFrame, period: Period) -> tuple[str, ...]:
    """Name the located sources that never answer yes or no, in the period or at all.

    A source that once answered and has stopped is silent, unless it has too few rows to judge.
    """
    rows = dataset.incidents
    now = rows[period.contains(month_index(rows["occurred_at"]))]
    counts = now["source"].value_counts()
    many = set(counts.index[counts >= TELLING_ROWS])
    says, says_now = (
        set(some.loc[some["domestic"] != "unknown", "source"]) for some in (rows, now)
    )
    heard = {name for name in says if name in says_now or name not in many}
    return tuple(sorted(set(located["source"]) - heard))
