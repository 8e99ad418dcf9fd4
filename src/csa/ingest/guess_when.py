"""Guess which columns are the day and the time, in which order, format and zone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csa.base.errors import SourceError
from csa.base.message import say
from csa.config.types import FieldName
from csa.ingest.guess_columns import (
    DAY_FIRST,
    EPOCH,
    MOST,
    NEVER,
    NIGHT,
    NIGHT_WITHIN,
    OCCURRED,
    REPORTED,
    Questions,
    Reading,
    TextColumn,
)


@dataclass(frozen=True)
class WhenColumns:
    """The columns that say when."""

    columns: Mapping[FieldName, TextColumn]  # date, time, hour, reported_date
    date_formats: tuple[str, ...]
    time_formats: tuple[str, ...]


def guess_when(
    columns: Sequence[TextColumn],
    questions: Questions,
) -> WhenColumns | None:
    """Guess which columns are the day and the time; None where none is."""
    dated = [one for one in columns if one.formats and not one.says(*NEVER)]
    reported = [one for one in dated if one.says(*REPORTED)]
    others = [one for one in dated if one not in reported]
    if not others and any(_is_epoch(one) for one in columns):
        raise SourceError("start.epoch", column=next(o.header for o in columns if _is_epoch(o)))
    others = others or reported
    if not others:
        return None
    named = [one for one in others if one.says(*OCCURRED)] or others
    with_times = [one for one in named if any("%H" in form or "%I" in form for form in one.formats)]
    named = with_times + [one for one in named if one not in with_times]
    named.sort(key=lambda one: bool(re.search(r"(^|[^a-z])(to|end)([^a-z]|$)", one.header.lower())))
    taken = named[0]
    if len(named) > 1 and not _are_alike(named):
        readings = [
            Reading(say("start.is_day", column=one.header, example=one.distinct[0]), one)
            for one in named
        ]
        taken = questions.settle("day", say("start.which_day"), readings)
    formats = _settle_order(taken, questions)
    formats = _settle_zone(taken, formats, questions)
    found: dict[FieldName, TextColumn] = {"date": taken}
    if reported and taken not in reported:
        found["reported_date"] = reported[0]
    clocks: tuple[str, ...] = ()
    if not any("%H" in form or "%I" in form for form in formats) or _is_midnight(taken, formats):
        timed = [one for one in columns if one.clocks and one is not taken and one.says("time")]
        timed = [one for one in timed if not one.says(*REPORTED, *NEVER, "dispatch", "arriv")] or [
            one for one in timed if not one.says(*NEVER, "dispatch", "arriv")
        ]
        timed.sort(key=lambda one: (not one.says(*OCCURRED), one.position))
        hours = [one for one in columns if one.says("hour") and one.is_number]
        hours = [one for one in hours if one.numbers.between(0, 23).all()]
        if timed:
            found["time"], clocks = timed[0], timed[0].clocks
        elif hours and hours[0].is_number:
            found["hour"] = hours[0]
    return WhenColumns(found, formats, clocks or ("%H:%M", "%H:%M:%S"))


def _is_epoch(column: TextColumn) -> bool:
    """Check for days as milliseconds since 1970."""
    return column.says("date", "time") and bool(column.numbers.between(*EPOCH).mean() >= MOST)


def _are_alike(columns: Sequence[TextColumn]) -> bool:
    """Check whether columns hold the same days, so that it makes no difference."""
    first = columns[0].texts.str.slice(0, 10)
    return all(first.equals(one.texts.str.slice(0, 10)) for one in columns[1:])


def _settle_order(
    column: TextColumn,
    questions: Questions,
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
    order: tuple[str, ...] = questions.settle("order", question, readings)
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
    column: TextColumn,
    formats: tuple[str, ...],
    questions: Questions,
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
    zoned: tuple[str, ...] = questions.settle("zone", question, readings)
    return zoned
