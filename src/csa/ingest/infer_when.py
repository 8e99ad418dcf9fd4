"""Guess which columns are the day and the time, in which order, format and zone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from csa.base.message import msg
from csa.city.types import FieldName
from csa.ingest.columns import JOINED, join_texts
from csa.ingest.infer_columns import (
    DATE_FORMATS,
    DAY_FIRST,
    LAST_MONTH,
    MONTH_FIRST,
    MOST,
    NIGHT,
    NIGHT_WITHIN,
    ORDER,
    Interpretation,
    Questions,
    TextColumn,
    mirrored,
)
from csa.ingest.parse import COUNTED, EPOCH_S, EXCEL_DAY, LOCAL, has_clock, parse_dates

DAY_PARTS = (("year", 1900, 2100), ("month", 1, 12), ("day_of_month", 1, 31))
"""A day's three columns, and the numbers in them."""
LAST_DAY = 31
"""Of days of the month some are later than the 12th."""
MERIDIEMS = ({"am", "pm"}, {"a", "p"}, {"a.m.", "p.m."})
"""Which half of the day it is, in a column of its own."""
CLOCK = re.compile(r"T|,? %[HI]")
"""Where a format's day ends, and its time of day begins."""


@dataclass(frozen=True)
class DateTimeColumns:
    """The columns that say when."""

    columns: Mapping[FieldName, TextColumn]  # date, time, hour, reported_date
    date_formats: tuple[str, ...]
    time_formats: tuple[str, ...]
    has_time: bool = True  # whether the day's column holds a time of day, if no other does


def guess_when(
    columns: Sequence[TextColumn], questions: Questions, *, is_us: bool = True
) -> DateTimeColumns | None:
    """Guess which columns are the day and the time; None where none is.

    Where days fit both orders, month first is likelier in the United States, and nowhere else.
    """
    taken = _guess_day(columns, questions)
    if taken is None:
        return None
    formats = _with_others(taken, _settle_order(taken, questions, is_us=is_us))
    found: dict[FieldName, TextColumn] = {"date": taken}
    dated = [one for one in columns if one.formats and not one.is_a("never")]
    reported = [one for one in dated if one.is_a("reported")]
    if taken not in reported:
        kept = [one for one in reported if not one.is_a("written")]
        found |= dict.fromkeys(["reported_date"], kept[0]) if kept else {}
    clocks: tuple[str, ...] = ("%H:%M", "%H:%M:%S")
    has_time = True
    if not any(map(has_clock, formats)) or _is_midnight(taken, formats):
        others = [one for one in columns if one is not taken and not one.is_a("never")]
        field_name, clock = _guess_clock(others, is_reported=taken.is_a("reported"))
        has_time = clock is not None or not any(map(has_clock, formats))
        if clock is not None:
            found[field_name] = clock
            clocks = clock.clocks if field_name == "time" else clocks
    return DateTimeColumns(found, formats, clocks, has_time)


def _guess_day(columns: Sequence[TextColumn], questions: Questions) -> TextColumn | None:
    """Guess which column is the day of the shooting; asked where several are."""
    dated = [one for one in columns if one.formats and not one.is_a("never")]
    written = [one for one in dated if not _is_counted(one)]
    reported = [one for one in written if one.is_a("reported")]
    others = [one for one in written if one not in reported]
    if not others and (parts := _day_in_parts(columns)):
        return _ask_day([*parts, *reported], questions)
    # Numbers that count days may be those of anything else.
    others = others or reported or [one for one in dated if not one.is_a("reported")] or dated
    others = others or [one for one in columns if one.formats and one.is_a("answered")]
    if not others:
        return None
    named = [one for one in others if one.is_a("occurred")] or others
    with_times = [one for one in named if any(map(has_clock, one.formats))]
    named = with_times + [one for one in named if one not in with_times]
    named.sort(key=lambda one: bool(re.search(r"(^|[^a-z])(to|end)([^a-z]|$)", one.header.lower())))
    return _ask_day(named, questions)


def _ask_day(named: Sequence[TextColumn], questions: Questions) -> TextColumn:
    """Ask which of several columns is the day; the first is the likeliest."""
    taken = named[0]
    if len(named) > 1 and not _are_alike(named):
        readings = [
            Interpretation(msg("start.is_day", column=one.header, example=one.distinct[0]), one)
            for one in named
        ]
        taken = questions.resolve("day", msg("start.which_day"), readings)
    return taken


def _is_counted(column: TextColumn) -> bool:
    """Check for numbers that count seconds or days, which those of a case may seem to do."""
    return not {EPOCH_S, EXCEL_DAY}.isdisjoint(column.formats)


def _guess_clock(
    columns: Sequence[TextColumn], *, is_reported: bool
) -> tuple[FieldName, TextColumn | None]:
    """Guess which column is the time of day, and whether it is a clock's or the hour alone.

    The time of a report is taken beside the day of a report alone.
    """
    named = [one for one in columns if one.is_a("clock") or _is_tm(one)]
    hours = [one for one in named if _is_hour(one)]
    timed = [one for one in named if one.clocks and one not in hours and not one.is_a("hour")]
    timed = [one for one in timed if is_reported or not one.is_a("reported")]
    timed.sort(key=lambda one: (not one.is_a("occurred"), one.position))
    hours = [one for one in hours if is_reported or not one.is_a("reported")]
    halves = [one for one in columns if {*map(str.casefold, one.distinct)} in MERIDIEMS]
    if timed and halves and not any("%p" in form for form in timed[0].clocks):
        parts = (timed[0], halves[0])
        joined = _joined(parts)
        timed = [joined] if joined.clocks else timed
    if timed:
        return "time", timed[0]
    return "hour", hours[0] if hours else None


def unread_clocks(columns: Sequence[TextColumn]) -> list[str]:
    """List the columns that say a time by their names, though none was read."""
    named = [one for one in columns if one.is_a("said_clock") and len(one.known)]
    return [one.header for one in named if not (one.formats or one.clocks or one.is_a("never"))]


def reported_clocks(columns: Sequence[TextColumn]) -> list[str]:
    """List the columns that hold the time of a report, which is not the shooting's."""
    return [one.header for one in columns if one.is_a("reported") and one.clocks]


def _joined(parts: Sequence[TextColumn]) -> TextColumn:
    """Take columns that tell one thing together as one."""
    header = JOINED.join(one.header for one in parts)
    return TextColumn(parts[0].position, header, join_texts([one.texts for one in parts]))


def _day_in_parts(columns: Sequence[TextColumn]) -> list[TextColumn]:
    """Join the year, the month and the day of the month, where each has a column of its own."""
    parts = []
    for part, least, most in DAY_PARTS:
        for one in columns:
            is_named = one.is_a(part) and not one.is_a("never", "reported", "no_part")
            is_month = most == 12 and one.share(str.isalpha) == 1
            in_range = one.is_number and bool(one.numbers.dropna().between(least, most).all())
            is_whole = most != LAST_DAY or bool(one.numbers.max() > LAST_MONTH)
            if is_named and (is_month or (in_range and is_whole)):
                parts.append(one)
                break
    if len(parts) < len(DAY_PARTS):
        return []
    joined = _joined(parts)
    return [joined] if joined.formats else []


def _is_tm(column: TextColumn) -> bool:
    """Check for a time of the shooting as Oracle's users shorten it: `OCC_TM`, `CMPLNT_FR_TM`."""
    return "tm" in column.words and (column.is_a("occurred") or "fr" in column.words)


def _is_hour(column: TextColumn) -> bool:
    """Check whether numbers are hours of a day: as times without a colon, all would be at night."""
    return column.is_number and bool(column.numbers.dropna().between(0, 24).all())


def _are_alike(columns: Sequence[TextColumn]) -> bool:
    """Check whether columns hold the same days, so that it makes no difference."""
    first = columns[0].texts.str.slice(0, 10)
    return all(first.equals(one.texts.str.slice(0, 10)) for one in columns[1:])


def _settle_order(column: TextColumn, questions: Questions, *, is_us: bool) -> tuple[str, ...]:
    """Choose between month first and day first, where all values fit both."""
    first = [form for form in column.formats if MONTH_FIRST.search(form)]
    last = [form for form in column.formats if DAY_FIRST.search(form)]
    if not (first and last):
        return column.formats[:3]
    example = column.distinct[0]
    readings = [
        Interpretation(msg("start.month_first", example=example), tuple(first)[:3]),
        Interpretation(msg("start.day_first", example=example), tuple(last)[:3]),
    ]
    question = msg("start.which_order", column=column.header)
    order: tuple[str, ...] = questions.resolve("order", question, readings[:: 1 if is_us else -1])
    return order


def _with_others(column: TextColumn, formats: tuple[str, ...]) -> tuple[str, ...]:
    """Add formats that read what these leave: Excel's midnight is a day alone, years may differ.

    First those of the same days, then others of which it is sure which number is the month.
    """
    left = _unread(pd.Series(column.distinct, dtype="str"), formats)
    days = {CLOCK.split(form)[0] for form in formats}
    for form in sorted(DATE_FORMATS, key=lambda one: CLOCK.split(one)[0] not in days):
        after = _unread(left, (form,)) if len(left) else left
        if len(after) < len(left) and _is_sure(form, formats, left.drop(after.index)):
            left, formats = after, (*formats, form)
    return formats


def _is_sure(form: str, formats: Sequence[str], values: pd.Series) -> bool:
    """Check whether values that a format reads can be read with day and month in no other order."""
    if not (MONTH_FIRST.search(form) or DAY_FIRST.search(form)):
        return True
    orders = {bool(DAY_FIRST.search(one)) for one in formats if ORDER.match(one)}
    if orders:
        return orders == {bool(DAY_FIRST.search(form))}
    return len(_unread(values, (mirrored(form),))) == len(values)


def _unread(values: pd.Series, formats: Sequence[str]) -> pd.Series:
    return values[parse_dates(values, formats, "UTC")[0].isna()]


def _read(column: TextColumn, formats: Sequence[str]) -> pd.Series:
    times, _ = parse_dates(pd.Series(column.distinct, dtype="str"), formats[:1], "UTC")
    return times.dropna()


def _is_midnight(column: TextColumn, formats: Sequence[str]) -> bool:
    """Check whether dates have a time that is the same nearly everywhere, which then is none."""
    when = _read(column, formats)
    clock = when.dt.strftime("%M:%S")
    return (
        bool(len(when))
        and bool((clock == clock.iloc[0]).mean() >= MOST)
        and when.dt.hour.nunique() <= 2
    )


def middle_hour(times: pd.Series) -> float:
    """Return the middle of times of day, as hours on a circle."""
    angles = 2 * np.pi * (times.dt.hour + times.dt.minute / 60) / 24
    return float(np.arctan2(np.sin(angles).mean(), np.cos(angles).mean()) * 12 / np.pi) % 24


def resolve_time_zone(
    when: DateTimeColumns, is_shooting: pd.Series, questions: Questions
) -> DateTimeColumns:
    """Choose between universal and local time, where times end in +00 or Z.

    Times that end otherwise, as in -05:00, say which moment they are. Portals write both, and both
    as milliseconds. Where all are midnight, days are local; where all are one other hour, that is
    local midnight. Else the middle of the day's hours tells: shootings (`is_shooting`, row by row)
    have theirs about 11 at night, and universal time is 4 to 10 hours later in the Americas.
    """
    column, formats = when.columns["date"], when.date_formats
    is_counted = bool(formats) and formats[0] + LOCAL in COUNTED
    if not formats or not ("%z" in formats[0] or is_counted):
        return when
    shot = column.texts[is_shooting & (column.texts != "")]
    example = column.distinct[0]
    end = (re.search(r"Z$| ?UTC$| ?GMT$|[-+][\d:]+$", example) or [""])[0]
    if re.search(r"[1-9]", end):
        return when
    literal = tuple(
        form + LOCAL if form + LOCAL in COUNTED else form.replace("%z", end) for form in formats
    )
    every = _read(column, formats)
    if every.dt.hour.nunique() <= 2:
        is_local = (every.dt.hour == 0).mean() >= MOST
        return replace(when, date_formats=literal if is_local else formats)
    times, _ = parse_dates(shot, formats[:1], "UTC")
    middle = middle_hour(times.dropna())
    is_night = min(abs(middle - NIGHT), 24 - abs(middle - NIGHT)) <= NIGHT_WITHIN
    local, universal = (
        Interpretation(msg("start.is_local", example=example), literal),
        Interpretation(msg("start.is_universal", example=example), formats),
    )
    readings = [local, universal] if is_night else [universal, local]
    question = msg("start.which_zone", column=column.header)
    zoned: tuple[str, ...] = questions.resolve("zone", question, readings)
    return replace(when, date_formats=zoned)
