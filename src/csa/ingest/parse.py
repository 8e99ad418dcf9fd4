"""Parse dates and coordinates in every way that cities write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from csa.base.text import UNSEEN

NUMBER = r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)"
LOCATION_PATTERNS = (
    # (pattern, its first number is the longitude)
    (rf"POINT\s*\(\s*{NUMBER}\s+{NUMBER}\s*\)", True),
    (rf"coordinates[^-\d]+{NUMBER}\s*,\s*{NUMBER}", True),
    (rf"latitude[^-\d]+{NUMBER}[^-\d]+longitude[^-\d]+{NUMBER}", False),
    (rf"longitude[^-\d]+{NUMBER}[^-\d]+latitude[^-\d]+{NUMBER}", True),
    (rf"\(\s*{NUMBER}\s*,\s*{NUMBER}\s*\)", False),
)


EPOCH_MS, EPOCH_MS_LOCAL = "epoch_ms", "epoch_ms_local"
"""Among date formats: milliseconds since 1970, of universal time or of the city's clocks."""


DECIMAL_COMMA = r"[-+]?\d{1,3},(?:\d{1,2}|\d{4,})$"
DEGREES_COMMA = r"[-+]?(?:1[0-7]\d|\d{1,2}),\d{3}$"
"""A comma before three digits may mark thousands, but among degrees, which have none. Before any
other number of digits it marks decimals."""


def parse_dates(text: pd.Series, formats: Sequence[str], zone: str) -> tuple[pd.Series, pd.Series]:
    """Read dates, trying each format on what the ones before could not read."""
    text = text.str.strip()
    has_time = pd.Series(False, index=text.index)
    times = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")
    for form in formats:
        open_rows = times.isna() & (text != "")
        if not open_rows.any():
            break
        utc = "%z" in form or form == EPOCH_MS
        if form in (EPOCH_MS, EPOCH_MS_LOCAL):
            # Rounded, since one part of a millisecond would narrow the years that all can be of.
            given = pd.to_numeric(text[open_rows], errors="coerce").round()
            read = pd.to_datetime(given, unit="ms", errors="coerce", utc=utc)
        else:
            given = text[open_rows]
            if "%f" in form:  # for the same reason: to the millionth of a second
                given = given.str.replace(r"(\.\d{6})\d+", r"\1", regex=True)
            read = pd.to_datetime(given, format=form, errors="coerce", utc=utc)
        if utc:
            read = read.dt.tz_convert(zone).dt.tz_localize(None)
        times[open_rows] = read.astype("datetime64[us]")
        has_time[open_rows] = read.notna() & any(mark in form for mark in ("%H", "%I", "epoch"))
    return times, has_time


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
        given = text[open_rows]
        if form == "%H%M":  # 41 is 00:41; a table's export may add .0
            given = given.str.replace(r"\.0$", "", regex=True).str.zfill(4)
        read = pd.to_datetime(given, format=form, errors="coerce")
        clock[open_rows] = (read - read.dt.normalize()).astype("timedelta64[us]")
    return clock


def parse_hours(text: pd.Series) -> pd.Series:
    """Read an hour of the day, 0 to 23."""
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
    text = text.str.strip()
    if text.str.contains(",", regex=False).any():
        is_decimal = text.str.match(DECIMAL_COMMA)
        if are_degrees:
            is_decimal |= text.str.match(DEGREES_COMMA)
        text = text.where(~is_decimal, text.str.replace(",", ".", regex=False))
    numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype="float64")
    return np.where(np.isfinite(numbers), numbers, np.nan)


def parse_locations(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read a location's text: `POINT (lon lat)`, `(lat, lon)` after an address, a dict's text."""
    lon = pd.Series(np.nan, index=text.index)
    lat = pd.Series(np.nan, index=text.index)
    for pattern, is_lon_first in LOCATION_PATTERNS:
        open_rows = lon.isna() & (text != "")
        if not open_rows.any():
            break
        found = text[open_rows].str.extract(f"(?i){pattern}").astype("float64")
        first, second = (0, 1) if is_lon_first else (1, 0)
        lon[open_rows], lat[open_rows] = found[first], found[second]
    return lon, lat


def plain_text(column: pd.Series) -> pd.Series:
    """Return a column as text: missing values as empty, spaces as one, nothing unseen."""
    text = column.astype("str").where(column.notna(), "").str.replace(UNSEEN, "", regex=True)
    return text.str.replace(r"\s+", " ", regex=True).str.strip()


def plain_id(text: pd.Series) -> pd.Series:
    """Strip blanks and the `.0` that a spreadsheet adds to a number."""
    return text.str.strip().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
