"""Parse dates and numbers in every way that cities write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from csa.base.arrays import Bools, Floats
from csa.base.text import UNSEEN

NUMBER = r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)"
PRECISE, PRECISE_COMMA = (rf"(-?\d{{1,3}}{mark}\d+)" for mark in (r"\.", ","))
LAT, LON = r"\blat(?:itude)?\b", r"\b(?:lon|lng|long|longitude)\b"
LOCATION_PATTERNS = (
    # (pattern, its first number is the longitude; None where it does not say)
    (rf"POINT\s*(?:Z|M|ZM)?\s*\(\s*{NUMBER}\s+{NUMBER}(?:\s+{NUMBER[1:-1]})*\s*\)", True),
    (rf"coordinates[^-\d]+{NUMBER}\s*,\s*{NUMBER}", True),
    (rf"{LAT}[^-\d]+{NUMBER}[^-\d]+{LON}[^-\d]+{NUMBER}", False),
    (rf"{LON}[^-\d]+{NUMBER}[^-\d]+{LAT}[^-\d]+{NUMBER}", True),
    (rf"\(\s*{NUMBER}\s*[,;]\s*{NUMBER}\s*\)", None),
    (rf"^\s*{PRECISE}\s*[,;]\s*{PRECISE}\s*$", None),
    (rf"^\s*\(?\s*{PRECISE_COMMA}\s*;\s*{PRECISE_COMMA}\s*\)?\s*$", None),
)


SOUTHMOST, NORTHMOST = -56.0, 72.0
"""Latitudes of the farthest cities: of a pair beyond, the other number is the latitude."""
MOST_LOCATION, MOST_DEGREES = 1000, 60
"""Characters of a place's text that are looked at: patterns take long for more."""
EPOCH_MS, EPOCH_S, EXCEL_DAY = "epoch_ms", "epoch_s", "excel_day"
LOCAL = "_local"
COUNTED: Mapping[str, tuple[int, Literal["ms", "s"], str]] = {
    EPOCH_MS: (1, "ms", "unix"),
    EPOCH_S: (1, "s", "unix"),
    EPOCH_MS + LOCAL: (1, "ms", "unix"),
    EPOCH_S + LOCAL: (1, "s", "unix"),
    EXCEL_DAY: (86_400, "s", "1899-12-30"),
}
"""Among date formats, numbers: how many of which unit one is, and the day from which they count.
Since 1970 they count universal time, or what the city's clocks show (`_local`)."""
MONTHS = {
    "Jan": "ene enero jan janeiro janv janvier", "Feb": "feb febrero fev fevereiro févr février",
    "Mar": "mar marzo março mars", "Apr": "apr abr abril avr avril", "May": "may mayo mai maio",
    "Jun": "jun junio junho juin", "Jul": "jul julio julho juil juillet",
    "Aug": "aug ago agosto août", "Sep": "sep sept septiembre set setembro septembre",
    "Oct": "oct octubre out outubro octobre", "Nov": "nov noviembre novembro novembre",
    "Dec": "dec dic diciembre dez dezembro déc décembre",
}  # fmt: skip
IN_ENGLISH = {word: english for english, words in MONTHS.items() for word in words.split()}
A_MONTH = re.compile(r"\b(?:" + "|".join(sorted(IN_ENGLISH, key=len, reverse=True)) + r")\b\.?")
"""Months in Spanish, Portuguese and French, and as English abbreviates them."""
NOT_ENGLISH = re.compile(
    r"\b(?:" + "|".join(word for word in IN_ENGLISH if word.title() not in MONTHS) + r")\b|[a-z]\."
)
ORDINAL = r"(?i)(?<=\d)(?:st|nd|rd|th)\b"
UNIVERSAL = r" ?(?:UTC|GMT)$"
DOTTED = r"(?i)[ap](?:\.\s?|\s)m"
MERIDIEM = r"(?i)\b([ap])\.?\s?m\b\.?"
NO_DAY = r"^(?:12/30/1899|30/12/1899|1899-12-30|1/0/1900|1900-01-0[01])[ T]+"
"""The day that Access and Excel put before a time of day."""


DECIMAL_COMMA = r"[-+]?(?:\d+,(?:\d{1,2}|\d{4,})|\d{4,},\d{3})$"
DEGREES_COMMA = r"[-+]?(?:1[0-7]\d|\d{1,2}),\d{3}$"
THOUSANDS = r"[-+]?\d{1,3}(?:(?:,\d{3}){2,}(?:\.\d+)?|,\d{3}\.\d+)$"
"""A comma before three digits may mark thousands, but among degrees, which have none. Before any
other number of digits it marks decimals; several, or one before a point, mark thousands."""
DEGREES = (
    r"([-+]?\d{1,3}(?:\.\d+)?)\s*°?\s*(?:(\d{1,2}(?:\.\d+)?)\s*['\u2032\u2019]\s*)?"
    r"(?:(\d{1,2}(?:\.\d+)?)\s*(?:[\"\u2033\u201d]|''|\u2019\u2019)\s*)?([NSEW]?)$"
)
"""Degrees, minutes, seconds and the side of the earth, as far as they are there."""
NEXT_TO_ZERO = 1e-6
"""Degrees or meters: systems turned into others leave so much of a 0."""
NO_VALUE = r"(?i)(?:null|nan|#?n/?a|none|unknown|unk|not (?:available|geocoded)|-+)$"


def parse_dates(text: pd.Series, formats: Sequence[str], zone: str) -> tuple[pd.Series, pd.Series]:
    """Read dates, trying each format on what the ones before could not read."""
    text = text.str.strip()
    has_time = pd.Series(False, index=text.index)
    times = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")
    for form in formats:
        open_rows = times.isna() & (text != "")
        if not open_rows.any():
            break
        utc = "%z" in form or form in (EPOCH_MS, EPOCH_S)
        if form in COUNTED:
            # Rounded, since one part of a millisecond would narrow the years that all can be of.
            n_units, unit, origin = COUNTED[form]
            given = (pd.to_numeric(text[open_rows], errors="coerce") * n_units).round()
            read = pd.to_datetime(given, unit=unit, origin=origin, errors="coerce", utc=utc)
        else:
            given = plain_day(text[open_rows], form)
            read = pd.to_datetime(given, format=form, errors="coerce", utc=utc)
        if utc:
            read = read.dt.tz_convert(zone).dt.tz_localize(None)
        times[open_rows] = read.astype("datetime64[us]")
        has_time[open_rows] = read.notna() & has_clock(form)
    return times, has_time


def has_clock(form: str) -> bool:
    """Check whether a format tells a time of day."""
    return form in COUNTED or "%H" in form or "%I" in form


def plain_day(text: pd.Series, form: str) -> pd.Series:
    """Write days as a format reads them: months in English, a. m. as AM, seconds to six digits."""
    if "%b" in form or "%B" in form:
        text = _english_months(text, "%b" if "%b" in form else "%B")
    if "%p" in form and text.str.contains(DOTTED).any():
        text = text.str.replace(MERIDIEM, lambda m: f"{m[1].upper()}M", regex=True)
    if "%z" in form:
        text = text.str.replace(UNIVERSAL, "+0000", regex=True)
    if "%f" in form:
        text = text.str.replace(r"(\.\d{6})\d+", r"\1", regex=True)
    return text


def _english_months(text: pd.Series, form: str) -> pd.Series:
    text = text.str.replace(ORDINAL, "", regex=True)
    low = text.str.casefold()
    if not low.str.contains(NOT_ENGLISH).any():
        return text
    names = {short: date(2000, at, 1).strftime(form) for at, short in enumerate(MONTHS, 1)}
    english = low.str.replace(A_MONTH, lambda m: names[IN_ENGLISH[m[0].rstrip(".")]], regex=True)
    return english.str.replace(r"\bde\s", "", regex=True)


def shift_zone(times: pd.Series, source_zone: str, zone: str) -> pd.Series:
    """Turn naive times of one zone into naive times of another."""
    second_hour = np.zeros(len(times), dtype=bool)
    there = times.dt.tz_localize(source_zone, ambiguous=second_hour, nonexistent="shift_forward")
    here: pd.Series = there.dt.tz_convert(zone).dt.tz_localize(None)
    return here.astype("datetime64[us]")


def parse_clock(text: pd.Series, formats: Sequence[str]) -> pd.Series:
    """Read times of day."""
    text = text.str.strip()
    clock = pd.Series(pd.NaT, index=text.index, dtype="timedelta64[us]")
    for form in formats:
        open_rows = clock.isna() & (text != "")
        if not open_rows.any():
            break
        given = plain_day(text[open_rows].str.replace(NO_DAY, "", regex=True), form)
        if form == "%H%M":  # 41 is 00:41; a table's export may add .0
            given = given.str.replace(r"\.0$", "", regex=True).str.zfill(4)
        read = pd.to_datetime(given, format=form, errors="coerce")
        clock[open_rows] = (read - read.dt.normalize()).astype("timedelta64[us]")
    return clock


def parse_hours(text: pd.Series) -> pd.Series:
    """Read an hour of the day, 0 to 23; of 24 it is not said at which end of the day it is."""
    hours = pd.to_numeric(text.str.strip(), errors="coerce")
    hours = hours.where((hours >= 0) & (hours < 24))
    clock: pd.Series = pd.to_timedelta(np.floor(hours), unit="h")
    return clock.astype("timedelta64[us]")


def parse_numbers(
    text: pd.Series, *, are_degrees: bool = False
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Read numbers, of decimal points or commas; NaN for anything else.

    Each by itself: a large file is read some rows at a time.
    """
    text = text.str.strip().str.replace("\u2212", "-", regex=False)  # a minus as it is printed
    if text.str.contains(",", regex=False).any():
        is_decimal = text.str.match(DECIMAL_COMMA)
        if are_degrees:
            is_decimal |= text.str.match(DEGREES_COMMA)
        text = text.where(~is_decimal, text.str.replace(",", ".", regex=False))
        is_grouped = text.str.match(THOUSANDS)
        text = text.where(~is_grouped, text.str.replace(",", "", regex=False))
    numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype="float64", copy=True)
    is_open = np.isnan(numbers) & (text != "").to_numpy()
    if are_degrees and is_open.any():
        numbers[is_open] = _parse_degrees(text[is_open])
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _parse_degrees(text: pd.Series) -> pd.Series:
    """Read degrees with minutes, seconds or a letter; NaN for anything else."""
    parts = text.where(text.str.len() <= MOST_DEGREES, "").str.upper().str.extract(f"^{DEGREES}")
    whole, minutes, seconds = (parts[at].astype("float64") for at in range(3))
    size = whole.abs() + minutes.fillna(0) / 60 + seconds.fillna(0) / 3600
    is_negative = (whole < 0) | parts[0].str.startswith("-") | parts[3].isin(["S", "W"])
    return size.where(~is_negative, -size)


def is_nowhere(x: Floats, y: Floats) -> Bools:
    """Check for pairs that stand for no place: both 0, or next to it, or both -1."""
    is_zero = (np.abs(x) < NEXT_TO_ZERO) & (np.abs(y) < NEXT_TO_ZERO)
    marked: Bools = is_zero | ((x == -1) & (y == -1))
    return marked


def parse_locations(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read a location's text: `POINT (lon lat)`, `(lat, lon)` after an address, a dict's text."""
    lon = pd.Series(np.nan, index=text.index)
    lat = pd.Series(np.nan, index=text.index)
    text = text.str.slice(0, MOST_LOCATION)
    for pattern, is_lon_first in LOCATION_PATTERNS:
        open_rows = lon.isna() & (text != "")
        if not open_rows.any():
            break
        found = text[open_rows].str.extract(f"(?i){pattern}")
        at = (0, 1) if is_lon_first else (1, 0)
        x, y = (found[one].str.replace(",", ".", regex=False).astype("float64") for one in at)
        if is_lon_first is None:  # the latitude, as a rule
            is_turned = ((y < SOUTHMOST) | (y > NORTHMOST)) & (x.abs() <= NORTHMOST)
            x, y = x.where(~is_turned, y), y.where(~is_turned, x)
        lon[open_rows], lat[open_rows] = x, y
    return lon, lat


def plain_text(column: pd.Series) -> pd.Series:
    """Return a column as text: missing values as empty, spaces as one, nothing unseen."""
    text = column.astype("str").where(column.notna(), "").str.replace(UNSEEN, "", regex=True)
    return text.str.replace(r"\s+", " ", regex=True).str.strip()


def plain_id(text: pd.Series) -> pd.Series:
    """Strip blanks, what is not seen, and the `.0` that a spreadsheet adds to a number."""
    seen = text.str.replace(UNSEEN, "", regex=True).str.strip()
    return seen.str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
