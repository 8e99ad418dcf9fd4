"""What new files would change, before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pandas as pd

from csa.base.errors import PeriodError
from csa.base.message import Message, say
from csa.base.text import day as day_words
from csa.base.text import month as month_words
from csa.dataset.versioned import Dataset
from csa.ingest.intake import Intake

MOST_MONTHS = 4
"""Months whose count changed that a sentence names."""
GONE_SHARE = 0.1
"""Of what was known: with more gone, the files are hardly the whole list."""


@dataclass(frozen=True)
class MonthPreview:
    """What a new reading of a city's files differs in from the dataset that is served."""

    month: str  # the month that would be reported, the last that the data cover to its end
    data_through: str  # last day of the data
    was_through: str | None  # last day of the dataset that is served; None for the first
    incidents: int  # in the new reading
    before: int  # in the dataset that is served
    new: int  # incidents that were not known
    late: int  # of those, in days that the dataset covered already
    gone: int  # incidents that are no longer in the files
    now_homicides: int  # incidents that were nonfatal and are homicides now
    moved: int  # incidents with another day or place
    counts: tuple[tuple[str, int, int], ...]  # month, count it had, count it has; oldest first
    suspect_points: int  # points that may stand for others
    in_month: int  # incidents of the month that would be reported
    homicides_in_month: int  # homicides among them

    @property
    def is_first(self) -> bool:
        """Whether there was no dataset before."""
        return self.was_through is None

    @property
    def is_same(self) -> bool:
        """Whether the files tell nothing new."""
        differs = self.new or self.gone or self.now_homicides or self.moved
        return not differs and self.was_through == self.data_through

    @property
    def loses_much(self) -> bool:
        """Whether so much is gone that the files are hardly the whole list."""
        return self.gone > GONE_SHARE * self.before

    def to_json(self) -> dict[str, Any]:
        """Return the preview as JSON can hold it."""
        return asdict(self)


def preview(intake: Intake, served: Dataset | None) -> MonthPreview:
    """Compare a new reading with the dataset that is served.

    Raises
    ------
    PeriodError
        If the new reading covers no month to its end.
    """
    new = intake.dataset
    if new.whole_months is None:
        raise PeriodError("month.no_month")
    month = new.whole_months.until.plus(-1)
    now = _by_id(new.incidents)
    was = _by_id(served.incidents) if served is not None else now.head(0)
    through = served.report["data_through"] if served is not None else None
    fresh, both = now.index.difference(was.index), now.index.intersection(was.index)
    is_late = now.loc[fresh, "day"] <= pd.Timestamp(through) if through else pd.Series(dtype=bool)
    before, after = was.loc[both], now.loc[both]
    is_moved = (before["day"] != after["day"]) | (before["place"] != after["place"])
    is_in = now["day"].dt.strftime("%Y-%m") == str(month)
    return MonthPreview(
        month=str(month),
        data_through=str(new.report["data_through"]),
        was_through=through,
        incidents=len(now),
        before=len(was),
        new=len(fresh),
        late=int(is_late.sum()),
        gone=len(was.index.difference(now.index)),
        now_homicides=int(((before["kind"] == "nonfatal") & (after["kind"] == "homicide")).sum()),
        moved=int(is_moved.sum()),
        counts=tuple(_changed_months(was, now, through)),
        suspect_points=int(new.report["suspect_points_total"]),
        in_month=int(is_in.sum()),
        homicides_in_month=int((now["kind"][is_in] == "homicide").sum()),
    )


def _by_id(incidents: pd.DataFrame) -> pd.DataFrame:
    lon, lat = (incidents[axis].round(6).map(str).astype("str") for axis in ("lon", "lat"))
    day = incidents["occurred_at"].dt.normalize()
    table = pd.DataFrame({"day": day, "kind": incidents["kind"], "place": lon + " " + lat})
    table.index = pd.Index(incidents["incident_id"].astype("str"), name="incident_id")
    return table


def _changed_months(
    was: pd.DataFrame, now: pd.DataFrame, through: str | None
) -> Iterator[tuple[str, int, int]]:
    """Yield the months, known before to their end, whose count changed."""
    if through is None:
        return
    after = pd.Timestamp(through) + pd.Timedelta(days=1)
    counts = pd.DataFrame(
        {
            name: table["day"].dt.strftime("%Y-%m").value_counts()
            for name, table in (("was", was), ("now", now))
        }
    ).fillna(0)
    for month, row in counts.sort_index().iterrows():
        is_whole = pd.Timestamp(f"{month}-01") + pd.offsets.MonthBegin(1) <= after
        if is_whole and row["was"] != row["now"]:
            yield str(month), int(row["was"]), int(row["now"])


def preview_sentences(found: MonthPreview) -> Iterator[Message]:
    """Describe what would change, one sentence a matter."""
    through = day_words(date.fromisoformat(found.data_through))
    counts = {"n": found.in_month, "homicides": found.homicides_in_month}
    yield say("month.in_month", month=month_words(found.month), **counts)
    if found.was_through is None:
        yield say("month.first", n=found.incidents, through=through)
    else:
        was = day_words(date.fromisoformat(found.was_through))
        if found.is_same:
            yield say("month.same", through=through)
            return
        yield say("month.new", n=found.new, through=through, was=was)
        if found.late:
            yield say("month.late", n=found.late, was=was)
        if found.gone:
            yield say("month.gone", n=found.gone)
        if found.now_homicides:
            yield say("month.now_homicides", n=found.now_homicides)
        if found.moved:
            yield say("month.moved", n=found.moved)
        yield from _count_sentences(found)
    if found.suspect_points:
        yield say("month.suspect", n=found.suspect_points)
    if found.loses_much:
        yield say("month.loses_much", n=found.gone, before=found.before)


def _count_sentences(found: MonthPreview) -> Iterator[Message]:
    newest = found.counts[-MOST_MONTHS:]
    if newest:
        listed = "; ".join(
            str(say("month.was_now", month=month_words(month), was=was, now=now))
            for month, was, now in newest
        )
        n_more = len(found.counts) - len(newest)
        more = str(say("month.more_months", n=n_more)) if n_more else ""
        yield say("month.counts", listed=listed, more=more)
