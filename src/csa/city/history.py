"""What was reported when: a month's count in each version of a dataset, and how it grew since.

Reports come late, and a wounded person may die later. So the newest month is provisional, and
what a month's count was first is kept beside what it is now. Counts are of the whole city only.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from csa.base.errors import ParamError, SourceError
from csa.base.io import CURRENT
from csa.base.message import Message, msg
from csa.base.params import Month
from csa.base.safe_parsing import parse_json
from csa.base.schema import KINDS
from csa.base.text import month
from csa.city.dataset import FORMAT_VERSION, KIND, MARKER

MAX_REVISED = 3
"""Months that a sentence names, the newest."""

REVISION_COLUMNS = {
    "month": "str",
    "first_reported": "int64",
    "was": "int64",
    "now": "int64",
    "homicides_first_reported": "int64",
    "homicides_was": "int64",
    "homicides_now": "int64",
    "first_version": "str",
    "was_version": "str",
}
"""The table of `list_revisions`: column to kind of value."""


class MonthCount(NamedTuple):
    """What was counted in a month."""

    incidents: int  # all kinds
    homicides: int  # the homicides among them


@dataclass(frozen=True)
class DatasetVersion:
    """A version of a dataset: its counts by month."""

    version: str  # its number, such as `0003`
    city: str  # the city's id
    fingerprint: str  # of its incidents and places
    data_from: date | None  # first day that it covers
    data_through: date | None  # last day that it covers
    months: Mapping[str, MonthCount]  # `YYYY-MM` to counts
    reading: frozenset[str] = frozenset()  # its files and what was left out of them
    skipped_before: int = 0  # how many versions since the edition before could not be read

    def count(self, month: Month) -> MonthCount:
        """Return its count of a month."""
        return self.months.get(str(month), MonthCount(0, 0))

    def complete_months(self) -> tuple[Month, ...]:
        """List the months that it covers to their end, oldest first."""
        return tuple(Month(n // 12, n % 12 + 1) for n in self._whole_indices())

    def is_complete(self, month: Month) -> bool:
        """Check whether it covers a month to its end."""
        return month.index in self._whole_indices()

    def _whole_indices(self) -> range:
        if self.data_from is None or self.data_through is None:
            return range(0)
        after = self.data_through + timedelta(days=1)
        return range(_month_of(self.data_from).index, _month_of(after).index)


def load_history(folder: Path) -> tuple[DatasetVersion, ...]:
    """Read what each version of a dataset counted by month.

    Consecutive versions with the same incidents and places count as one, the last.
    """
    if not (folder / MARKER).is_file():
        raise SourceError("dataset.absent", path=folder)
    editions: list[DatasetVersion] = []
    n_skipped = 0
    for place in _places_of_versions(folder):
        edition = _read_edition(place)
        if edition is None:
            n_skipped += 1
            continue
        if editions and editions[-1].fingerprint == edition.fingerprint:
            n_skipped += editions.pop().skipped_before
        editions.append(replace(edition, skipped_before=n_skipped))
        n_skipped = 0
    if n_skipped:  # the current version follows the last that could be read
        raise SourceError("dataset.damaged", path=folder)
    return tuple(editions)


def list_comparable(editions: Sequence[DatasetVersion]) -> tuple[DatasetVersion, ...]:
    """List the editions whose counts can be compared with the newest one's."""
    alike = operator.attrgetter("city", "data_from", "reading")
    return tuple(one for one in editions if alike(one) == alike(editions[-1]))


def list_revisions(editions: Sequence[DatasetVersion]) -> pd.DataFrame:
    """List what each month's count was first, was in the edition before, and is now."""
    comparable = list_comparable(editions)
    rows = [_revision(month, comparable) for month in _compared_months(comparable)]
    table = pd.DataFrame(rows, columns=list(REVISION_COLUMNS))
    return table.astype(REVISION_COLUMNS)


def describe_revisions(revisions: pd.DataFrame, until: Month | None = None) -> tuple[Message, ...]:
    """Name the newest months whose count late reports changed; nothing where there is none.

    Parameters
    ----------
    revisions
        As `list_revisions`.
    until
        The last month that is reported; later ones are passed over. None: all months.
    """
    changed = revisions[revisions["now"] != revisions["first_reported"]]
    if until is not None:
        changed = changed[changed["month"] <= str(until)]
    if changed.empty:
        return ()
    newest = [
        str(msg("label.was_now", month=month(str(row.month)), was=row.first_reported, now=row.now))
        for row in changed.iloc[: -MAX_REVISED - 1 : -1].itertuples()
    ]
    return (msg("follow.late", n=len(changed), months="; ".join(newest)),)


def explain_left_out(editions: Sequence[DatasetVersion]) -> tuple[Message, ...]:
    """Explain which versions are not compared, and why."""
    n_skipped = sum(edition.skipped_before for edition in editions)
    n_unlike = len(editions) - len(list_comparable(editions))
    said = (
        msg("history.unreadable", n=n_skipped) if n_skipped else None,
        msg("history.unlike", n=n_unlike) if n_unlike else None,
    )
    return tuple(message for message in said if message is not None)


def _places_of_versions(folder: Path) -> list[Path]:
    """List the versions up to the current one; a later one was never published."""
    current = (folder / CURRENT).resolve() if (folder / CURRENT).exists() else folder
    if current == folder or not current.name.isdigit():
        return [current]
    numbers = {int(p.name): p for p in current.parent.iterdir() if p.name.isdigit()}
    return [numbers[number] for number in sorted(numbers) if number <= int(current.name)]


def _read_edition(place: Path) -> DatasetVersion | None:
    try:
        report = parse_json((place / MARKER).read_text(encoding="utf-8"))
        if (report["kind"], report["format_version"]) != (KIND, FORMAT_VERSION):
            return None
        return DatasetVersion(
            version=place.name,
            city=str(report["city"]),
            fingerprint=str(report["fingerprint"]),
            data_from=_day(report["data_from"]),
            data_through=_day(report["data_through"]),
            months=MappingProxyType(_months_of(report)),
            reading=_reading_of(report),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ParamError):
        return None


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _months_of(report: Mapping[str, Any]) -> dict[str, MonthCount]:
    return {
        str(Month.parse(month)): MonthCount(
            sum(int(counts[kind]) for kind in KINDS), int(counts["homicide"])
        )
        for month, counts in report["months"].items()
    }


def _reading_of(report: Mapping[str, Any]) -> frozenset[str]:
    sources = {f"source {given['source']}" for given in report["inputs"]}
    rules = {f"rule {rule['name']}" for rule in report["rules"]}
    nonfatal = f"nonfatal {report['nonfatal_name']} {report['nonfatal_is_proxy']}"
    return frozenset({*sources, *rules, nonfatal})


def _compared_months(comparable: Sequence[DatasetVersion]) -> list[Month]:
    """List the months that the newest edition and one before it cover to their end."""
    before = {month for edition in comparable[:-1] for month in edition.complete_months()}
    newest = comparable[-1].complete_months() if comparable else ()
    return [month for month in newest if month in before]


def _revision(month: Month, comparable: Sequence[DatasetVersion]) -> tuple[object, ...]:
    before = [edition for edition in comparable[:-1] if edition.is_complete(month)]
    first, was, now = (one.count(month) for one in (before[0], before[-1], comparable[-1]))
    incidents = (first.incidents, was.incidents, now.incidents)
    homicides = (first.homicides, was.homicides, now.homicides)
    return (str(month), *incidents, *homicides, before[0].version, before[-1].version)


def _month_of(day: date) -> Month:
    return Month(day.year, day.month)
