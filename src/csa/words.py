"""Messages into sentences, in the reader's language, through gettext catalogs.

English is the source text, in `locale/en.toml`. Another language is a compiled catalog under
`locale/<language>/LC_MESSAGES/csa.mo` that translates those sentences; what it lacks stays
English.
"""

from __future__ import annotations

import calendar
import gettext
import math
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import as_file, files

from csa.message import Message, Template, english, fill, say

KM2_PER_SQUARE_MILE = 2.589988110336


def render(message: Message, language: str = "en") -> str:
    """Render a message in a reader's language.

    Parameters
    ----------
    message
        What is to be said.
    language
        Such as `en` or `es`.

    Returns
    -------
    str
        The sentence; in English where the language has no catalog, or not this sentence.
    """
    template = english()[message.key]
    return fill(_translated(template, language), message.values)


def speak(key: str, /, **values: object) -> str:
    """Say something at once, in English; a shorthand for `render(say(key, ...))`.

    Parameters
    ----------
    key
        A key of the catalog.
    **values
        What the sentence names.

    Returns
    -------
    str
        The sentence.
    """
    return render(say(key, **values))


def _translated(template: Template, language: str) -> Template:
    catalog = _catalog(language)
    if isinstance(template, str):
        return catalog.gettext(template)
    return {form: catalog.gettext(text) for form, text in template.items()}


@cache
def _catalog(language: str) -> gettext.NullTranslations:
    with as_file(files("csa") / "locale") as folder:
        return gettext.translation("csa", folder, [language], fallback=True)


def day(when: date) -> str:
    """Write a day, such as `July 31, 2020`.

    Parameters
    ----------
    when
        The day.

    Returns
    -------
    str
        The day in words.
    """
    return f"{calendar.month_name[when.month]} {when.day}, {when.year}"


def month(text: str, *, is_short: bool = False) -> str:
    """Write a month, such as `July 2020`.

    Parameters
    ----------
    text
        `YYYY-MM`.
    is_short
        True for `Jul 2020`.

    Returns
    -------
    str
        The month in words.
    """
    year, number = text.split("-")
    names = calendar.month_abbr if is_short else calendar.month_name
    return f"{names[int(number)]} {year}"


def percent(share: float | None) -> str:
    """Write a share in percent, with no more digits than it carries.

    Parameters
    ----------
    share
        0 to 1, or None.

    Returns
    -------
    str
        Such as `3 %`, `0.4 %`, `under 0.1 %`, `over 99 %`, or `unknown`.
    """
    if share is None:
        return "unknown"
    hundredths = 100 * share
    if 0 < hundredths < 0.1:
        return "under 0.1 %"
    if 99 < hundredths < 100:
        return "over 99 %"
    digits = 1 if 0 < hundredths < 0.95 else 0
    return f"{hundredths:.{digits}f} %"


def in_ten(share: float | None) -> str:
    """Write a share as so many in ten; none is ever said to be all or nothing.

    Parameters
    ----------
    share
        0 to 1; None or NaN where it is not known.

    Returns
    -------
    str
        Such as `7 in 10`, `under 1 in 10` below .05, `over 9 in 10` from .95, or `unknown`.
    """
    if share is None or math.isnan(share):
        return speak("ways.unknown")
    if share < 0.05:
        return speak("ways.under_one_in_ten")
    if share >= 0.95:
        return speak("ways.over_nine_in_ten")
    return speak("ways.in_ten", n=math.floor(10 * share + 0.5))


def times(ratio: float | None) -> str:
    """Write how many times one number is another, with no more digits than it carries.

    Parameters
    ----------
    ratio
        0 or more; None or NaN where it is not known.

    Returns
    -------
    str
        Such as `1.4` below 10, `23` from 10 on, or `unknown`.
    """
    if ratio is None or math.isnan(ratio):
        return speak("ways.unknown")
    digits = 1 if ratio < 9.95 else 0
    return f"{ratio:,.{digits}f}"


def way_name(method: str) -> str:
    """Name a way of choosing in plain words, inside a sentence or in a table.

    Parameters
    ----------
    method
        Of `csa.priorities.backtest.METHODS`.

    Returns
    -------
    str
        Such as `counting each cell` or `a heat map of 400 m`.
    """
    if method.startswith("kde_"):
        return speak("ways.heat", metres=method.removeprefix("kde_"))
    return speak(
        {
            "areas": "ways.areas",
            "count": "ways.count",
            "neighborhoods": "ways.neighborhoods",
            "random": "ways.random",
            "ceiling": "ways.ceiling",
        }[method]
    )


def land(km2: float, units: str) -> str:
    """Write an area of land in the city's units.

    Parameters
    ----------
    km2
        Square kilometres.
    units
        `us` or `metric`.

    Returns
    -------
    str
        Such as `1.2 square miles` or `3.1 km2`.
    """
    size, unit = (km2 / KM2_PER_SQUARE_MILE, "square miles") if units == "us" else (km2, "km2")
    digits = 1 if size >= 0.5 else 2
    return f"{size:,.{digits}f} {unit}"


def listed(counts: Mapping[str, int]) -> str:
    """List counts by name, zeros left out, largest first.

    Parameters
    ----------
    counts
        Name to count.

    Returns
    -------
    str
        Such as `12 bad date, 3 duplicate row`; `none` where all are zero.
    """
    order = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    parts = [f"{count:,} {name.replace('_', ' ')}" for name, count in order if count]
    return ", ".join(parts) or "none"
