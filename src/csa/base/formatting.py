"""Numbers, shares, days and land as text, in a reader's language."""

from __future__ import annotations

import calendar
import math
from collections.abc import Mapping
from datetime import date

from csa.base.catalogs import ENGLISH, locale_of, render
from csa.base.message import say

KM2_PER_SQUARE_MILE = 2.589988110336


def day(when: date, language: str = ENGLISH) -> str:
    """Write a day, such as `July 31, 2020`."""
    locale = locale_of(language)
    if locale != ENGLISH:
        from babel.dates import format_date  # noqa: PLC0415 - English alone needs no Babel

        return format_date(when, "long", locale=locale)
    return f"{calendar.month_name[when.month]} {when.day}, {when.year}"


def month(text: str, *, is_short: bool = False, language: str = ENGLISH) -> str:
    """Write a month, such as `July 2020`."""
    year, number = text.split("-")
    locale = locale_of(language)
    if locale != ENGLISH:
        from babel.dates import format_skeleton  # noqa: PLC0415 - English alone needs no Babel

        skeleton = "yMMM" if is_short else "yMMMM"
        return format_skeleton(skeleton, date(int(year), int(number), 1), locale=locale)
    names = calendar.month_abbr if is_short else calendar.month_name
    return f"{names[int(number)]} {year}"


def percent(share: float | None, language: str = ENGLISH) -> str:
    """Write a share in percent, with no more digits than it carries."""
    if share is None:
        return render(say("ways.unknown"), language)
    hundredths = 100 * share
    if 0 < hundredths < 0.1:
        return render(say("number.under", share="0.1 %"), language)
    if 99 < hundredths < 100:
        return render(say("number.over", share="99 %"), language)
    digits = 1 if 0 < hundredths < 0.95 else 0
    return f"{hundredths:.{digits}f} %"


def in_ten(share: float | None, language: str = ENGLISH) -> str:
    """Write a share as so many in ten, never as all or nothing."""
    if share is None or math.isnan(share):
        return render(say("ways.unknown"), language)
    if share < 0.05:
        return render(say("ways.under_one_in_ten"), language)
    if share >= 0.95:
        return render(say("ways.over_nine_in_ten"), language)
    return render(say("ways.in_ten", n=math.floor(10 * share + 0.5)), language)


def times(ratio: float | None, language: str = ENGLISH) -> str:
    """Write how many times one number is another, with no more digits than it carries."""
    if ratio is None or math.isnan(ratio):
        return render(say("ways.unknown"), language)
    digits = 1 if ratio < 9.95 else 0
    return f"{ratio:,.{digits}f}"


def land(km2: float, units: str, language: str = ENGLISH) -> str:
    """Write an area of land in the city's units."""
    is_us = units == "us"
    size = km2 / KM2_PER_SQUARE_MILE if is_us else km2
    written = f"{size:,.{1 if size >= 0.5 else 2}f}"
    key = "number.square_miles" if is_us else "number.km2"
    return render(say(key, size=written), language)


def listed(counts: Mapping[str, int]) -> str:
    """List counts by name, zeros left out, largest first."""
    order = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    parts = [f"{count:,} {name.replace('_', ' ')}" for name, count in order if count]
    return ", ".join(parts) or "none"
