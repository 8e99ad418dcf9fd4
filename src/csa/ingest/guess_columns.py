"""Guess what a table's columns are, from their names and values: never silently where two fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from csa.base.message import Message, say
from csa.config.types import FieldName
from csa.ingest.columns import normalise_header
from csa.ingest.parse import LOCATION_PATTERNS
from csa.ingest.records import FileRecords

MOST = 0.95
"""A share of a column's values that must fit a reading: a few are always typing errors."""

LOOKED_AT = 4000
"""Distinct values of a column that are looked at."""

DATE_FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M:%S%z",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S%z",
    "%m/%d/%Y",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%y",
    "%m/%d/%y %H:%M",
    "%m-%d-%Y",
    "%d/%m/%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y %I:%M%p",
    "%Y%m%d",
)
TIME_FORMATS = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H%M")
DAY_FIRST = re.compile(r"%d[/.-]%m")

OCCURRED = (
    "occur",
    "occ",
    "offense",
    "incident",
    "crime",
    "from",
    "begin",
    "start",
    "event",
    "shoot",
)
REPORTED = (
    "report",
    "rpt",
    "rptd",
    "create",
    "update",
    "enter",
    "modif",
    "receiv",
    "publish",
    "load",
)
YES = ("y", "yes", "true", "t", "1", "1.0")
NO = ("n", "no", "false", "f", "0", "0.0")
FATAL = ("fatal", "murder", "killed", "death", "died", "deceased", "homicide")
INJURED = ("injur", "wounded", "nonfatal", "hurt")
LATITUDE, LONGITUDE = ("latitude", "lat"), ("longitude", "long", "lon", "lng")
X_NAMES, Y_NAMES = ("xcoord", "pointx", "easting", "coordx", "geox"), (
    "ycoord", "pointy", "northing", "coordy", "geoy",
)  # fmt: skip


NIGHT, NIGHT_WITHIN = 23.0, 2.5
"""Hours: the middle of the times of shootings, on the circle of a day."""


@dataclass(frozen=True)
class Reading:
    """One way to read something, as it is offered."""

    words: Message  # what it means
    value: object  # what is then taken


@dataclass(frozen=True)
class Doubt:
    """A question with two or more likely answers."""

    about: str  # a short name, by which an answer is kept
    question: Message
    readings: tuple[Reading, ...]  # the likeliest first


@dataclass(frozen=True, eq=False)
class TextColumn:
    """A column of a file, as text."""

    position: int
    header: str
    texts: pd.Series  # all rows, blanks stripped

    @property
    def name(self) -> str:
        """Its header in lowercase letters and digits."""
        return normalise_header(self.header)

    @cached_property
    def known(self) -> pd.Series:
        """Its values that are not blank."""
        return self.texts[self.texts != ""]

    @cached_property
    def distinct(self) -> list[str]:
        """Its distinct values, the most frequent first, as far as they are looked at."""
        counts = self.known.value_counts()
        return [str(value) for value in counts.index[:LOOKED_AT]]

    @cached_property
    def numbers(self) -> pd.Series:
        """Its values as numbers, where they are."""
        return pd.to_numeric(self.known, errors="coerce")

    @property
    def is_number(self) -> bool:
        """Whether nearly all of its values are numbers."""
        return bool(len(self.known)) and float(self.numbers.notna().mean()) >= MOST

    @property
    def is_unique(self) -> bool:
        """Whether no two rows share a value, and none is blank."""
        return len(self.known) == len(self.texts) and self.texts.is_unique

    def share(self, fits: Callable[[str], bool]) -> float:
        """Return the share of distinct values that fit."""
        return sum(map(fits, self.distinct)) / max(1, len(self.distinct))

    def says(self, *words: str) -> bool:
        """Whether its name holds one of these words."""
        return any(word in self.name for word in words)

    @cached_property
    def formats(self) -> tuple[str, ...]:
        """The formats that nearly all of its values fit, as dates."""
        if not self.distinct or (self.is_number and not self.says("date")):
            return ()
        looked_at = pd.Series(self.distinct[:400])
        if not looked_at.str.contains(r"\d").mean() >= MOST:
            return ()
        return tuple(form for form in DATE_FORMATS if _fits(looked_at, form))

    @cached_property
    def clocks(self) -> tuple[str, ...]:
        """The formats that nearly all of its values fit, as times of day."""
        looked_at = pd.Series(self.distinct[:400])
        return tuple(form for form in TIME_FORMATS if len(looked_at) and _fits(looked_at, form))

    @property
    def yes_no(self) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Its spellings of yes and of no, where it has no other values but unknown ones."""
        found = {value.casefold(): value for value in self.distinct}
        yes = tuple(value for low, value in found.items() if low in YES)
        no = tuple(value for low, value in found.items() if low in NO)
        others = set(found) - {*map(str.casefold, yes + no), "u", "unknown", "unk", "null", "na"}
        return (yes, no) if (yes or no) and not others else None


def _fits(values: pd.Series, form: str) -> bool:
    utc = "%z" in form
    read = pd.to_datetime(values, format=form, errors="coerce", utc=utc)
    return bool(read.notna().mean() >= MOST)


def columns_of(records: FileRecords) -> list[TextColumn]:
    """Take a file's columns with a name."""
    table = pd.DataFrame(records.rows, dtype="str").fillna("")
    return [
        TextColumn(at, header.strip(), table[at].str.strip())
        for at, header in enumerate(records.header)
        if header.strip()
    ]


@dataclass(frozen=True)
class WhenColumns:
    """The columns that say when."""

    columns: Mapping[FieldName, TextColumn]  # date, time, hour, reported_date
    date_formats: tuple[str, ...]
    time_formats: tuple[str, ...]


def guess_when(
    columns: Sequence[TextColumn], answers: Mapping[str, int], doubts: list[Doubt]
) -> WhenColumns | None:
    """Guess which columns are the day and the time; None where none is."""
    dated = [one for one in columns if one.formats]
    reported = [one for one in dated if one.says(*REPORTED)]
    others = [one for one in dated if one not in reported] or reported
    if not others:
        return None
    named = [one for one in others if one.says(*OCCURRED)] or others
    with_times = [one for one in named if any("%H" in form or "%I" in form for form in one.formats)]
    named = with_times + [one for one in named if one not in with_times]
    taken = named[0]
    if len(named) > 1 and not _are_alike(named):
        readings = [
            Reading(say("start.is_day", column=one.header, example=one.distinct[0]), one)
            for one in named
        ]
        taken = settle("day", say("start.which_day"), readings, answers, doubts)
    formats = _settle_order(taken, answers, doubts)
    formats = _settle_zone(taken, formats, answers, doubts)
    found: dict[FieldName, TextColumn] = {"date": taken}
    if reported and taken not in reported:
        found["reported_date"] = reported[0]
    clocks: tuple[str, ...] = ()
    if not any("%H" in form or "%I" in form for form in formats) or _is_midnight(taken, formats):
        timed = [one for one in columns if one.clocks and one is not taken and one.says("time")]
        timed = [one for one in timed if not one.says(*REPORTED)] or timed
        timed.sort(key=lambda one: (not one.says(*OCCURRED), one.position))
        hours = [one for one in columns if one.name in {"hour", "occhour", "occurhour"}]
        if timed:
            found["time"], clocks = timed[0], timed[0].clocks
        elif hours and hours[0].is_number:
            found["hour"] = hours[0]
    return WhenColumns(found, formats, clocks or ("%H:%M", "%H:%M:%S"))


def _are_alike(columns: Sequence[TextColumn]) -> bool:
    """Check whether columns hold the same days, so that it makes no difference."""
    first = columns[0].texts.str.slice(0, 10)
    return all(first.equals(one.texts.str.slice(0, 10)) for one in columns[1:])


def _settle_order(
    column: TextColumn, answers: Mapping[str, int], doubts: list[Doubt]
) -> tuple[str, ...]:
    """Choose between month first and day first, where all values fit both."""
    first = [form for form in column.formats if not DAY_FIRST.search(form)]
    last = [form for form in column.formats if DAY_FIRST.search(form)]
    if not (first and last):
        return tuple(first or last)[:3]
    example = column.distinct[0]
    readings = [
        Reading(say("start.month_first", example=example), tuple(first)[:3]),
        Reading(say("start.day_first", example=example), tuple(last)[:3]),
    ]
    question = say("start.which_order", column=column.header)
    order: tuple[str, ...] = settle("order", question, readings, answers, doubts)
    return order


def _read(column: TextColumn, formats: Sequence[str]) -> pd.Series:
    values = pd.Series(column.distinct)
    form = formats[0]
    return pd.to_datetime(values, format=form, errors="coerce", utc="%z" in form).dropna()


def _is_midnight(column: TextColumn, formats: Sequence[str]) -> bool:
    """Check whether dates have a time that is the same nearly everywhere, which then is none."""
    when = _read(column, formats)
    clock = when.dt.strftime("%M:%S")
    return (
        bool(len(when))
        and bool((clock == clock.iloc[0]).mean() >= MOST)
        and when.dt.hour.nunique() <= 2
    )


def _settle_zone(
    column: TextColumn, formats: tuple[str, ...], answers: Mapping[str, int], doubts: list[Doubt]
) -> tuple[str, ...]:
    """Choose between universal and local time, where times end in +00 or Z.

    Portals write both. Where all are midnight, days are local; where all are one other hour, that
    is local midnight. Else the middle of the day's hours tells: shootings have theirs about 11 at
    night, and universal time is 4 to 10 hours later in the Americas.
    """
    if not formats or "%z" not in formats[0]:
        return formats
    when = _read(column, formats)
    end = "Z" if column.distinct[0].endswith("Z") else column.distinct[0][-3:]
    literal = tuple(form.replace("%z", end) for form in formats)
    if when.dt.hour.nunique() <= 2:
        return literal if (when.dt.hour == 0).mean() >= MOST else formats
    angles = 2 * np.pi * (when.dt.hour + when.dt.minute / 60) / 24
    middle = float(np.arctan2(np.sin(angles).mean(), np.cos(angles).mean()) * 12 / np.pi) % 24
    is_night = min(abs(middle - NIGHT), 24 - abs(middle - NIGHT)) <= NIGHT_WITHIN
    local, universal = (
        Reading(say("start.is_local", example=column.distinct[0]), literal),
        Reading(say("start.is_universal", example=column.distinct[0]), formats),
    )
    readings = [local, universal] if is_night else [universal, local]
    question = say("start.which_zone", column=column.header)
    zoned: tuple[str, ...] = settle("zone", question, readings, answers, doubts)
    return zoned


def settle(
    about: str,
    question: Message,
    readings: Sequence[Reading],
    answers: Mapping[str, int],
    doubts: list[Doubt],
) -> Any:
    """Return what was answered, else the likeliest, which is then a doubt."""
    doubts.append(Doubt(about, question, tuple(readings)))
    at = answers.get(about, 0)
    return readings[at if 0 <= at < len(readings) else 0].value


def is_location(column: TextColumn) -> bool:
    """Check whether a column holds both coordinates in one text."""
    pattern = re.compile("|".join(f"(?:{one})" for one, _ in LOCATION_PATTERNS), re.IGNORECASE)
    return bool(column.distinct) and column.share(lambda text: bool(pattern.search(text))) >= 0.8
