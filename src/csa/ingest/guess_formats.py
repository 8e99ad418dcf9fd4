"""Guess the formats of days and of times of day."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import pandas as pd

from csa.ingest.parse import EPOCH_MS, EPOCH_S, EXCEL_DAY, parse_clock, parse_dates, plain_day

MOST = 0.95
"""A share of a column's values that must fit a reading: a few are always typing errors."""
USUAL_FORMATS = (
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
    "%m/%d/%y %H:%M:%S",
    "%m/%d/%y %H:%M",
    "%m/%d/%y %I:%M %p",
    "%A, %B %d, %Y",
    "%m-%d-%Y",
    "%d/%m/%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%y",
    "%d/%m/%y %H:%M:%S",
    "%d/%m/%y %H:%M",
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
    "%Y%m%dT%H%M%S",
)
DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%d/%m/%Y", "%d/%m/%y",
    "%d-%m-%Y", "%d.%m.%Y", "%d-%b-%Y", "%d/%b/%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%a, %d %b %Y", "%a %b %d %Y", "%A, %B %d, %Y", "%Y%m%d",
    "%Y-%B-%d", "%Y-%b-%d", "%Y %b %d",
)  # fmt: skip
CLOCKS = (
    "", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %I:%M:%S%p", " %I:%M%p",
    ", %I:%M:%S %p", ", %I:%M %p", ", %H:%M",
)  # fmt: skip
OTHER_FORMATS = tuple(
    day + clock for day in DAYS for clock in CLOCKS if day + clock not in USUAL_FORMATS
)
"""Any day with any time of day."""
DATE_FORMATS = (*USUAL_FORMATS, *OTHER_FORMATS)
LEAST_IN_TURN, LAST_MONTH = 0.02, 12
LIKELY_IN, FIRST_LOOK = 100, 10
"""Values, drawn from all, of which one at least must fit before all are tried: in files of several
years, and where nearly all must fit."""
DAY_LIKE = r"\d\D+\d|\d{8}"
"""Two numbers at least: an address has one."""
TIME_FORMATS = (
    "%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H%M", "%H:%M:%S.%f", "%I:%M-%p",
    "%I:%M:%S-%p", "%Hh%M",
)  # fmt: skip
ORDER = re.compile("%[md][/.-]%[md]")
DAY_FIRST, MONTH_FIRST = re.compile(r"^%d[/.-]%m"), re.compile(r"^%m[/.-]%d")
NUMBERED = {EPOCH_MS: (0.3e12, 2.2e12), EPOCH_S: (0.3e9, 2.2e9), EXCEL_DAY: (29_000, 52_000)}
"""Numbers of 1979 to 2039, as days that are counted."""


def counted_days(numbers: pd.Series, forms: Iterable[str]) -> tuple[str, ...]:
    """Return in which of some forms numbers count days or moments, if nearly all of them do."""
    fitting = (form for form in forms if numbers.between(*NUMBERED[form]).mean() >= MOST)
    return tuple(itertools.islice(fitting, 1))


def day_formats(values: Sequence[str]) -> tuple[str, ...]:
    """Return the formats that nearly all of some texts fit, as days; the usual ones first."""
    looked_at = pd.Series(values, dtype="str")
    if not len(looked_at) or looked_at.str.contains(DAY_LIKE).mean() < MOST:
        return ()
    likely = _likely(USUAL_FORMATS, looked_at, FIRST_LOOK)
    usual = [form for form in likely if _fits(looked_at, form)]
    # Beside a usual form, that with day and month the other way around: which it is, is asked.
    others = [mirrored(form) for form in usual] if usual else OTHER_FORMATS
    others = [form for form in others if form in OTHER_FORMATS]
    others = _likely(others, looked_at, FIRST_LOOK)
    fitting = (*usual, *(form for form in others if _fits(looked_at, form)))
    return fitting or (_in_turns(looked_at) if likely else ())


def clock_formats(values: Sequence[str]) -> tuple[str, ...]:
    """Return the formats that nearly all of some texts fit, as times of day."""
    looked_at = pd.Series(values, dtype="str")
    return tuple(
        form
        for form in TIME_FORMATS
        if len(looked_at) and parse_clock(looked_at, (form,)).notna().mean() >= MOST
    )


def _fits(values: pd.Series, form: str) -> bool:
    return bool(parse_dates(values, (form,), "UTC")[0].notna().mean() >= MOST)


def _likely(forms: Sequence[str], values: pd.Series, n: int = LIKELY_IN) -> list[str]:
    """Return the formats that read one of some values at least: the others need no trial."""
    names = ("%b", "%B", "")
    some = values.sample(min(len(values), n), random_state=0)
    spelled = {name: plain_day(some, f"{name}%p%f").tolist() for name in names}
    return [
        form
        for form in forms
        if any(_is_read(one, form) for one in spelled[next(name for name in names if name in form)])
        or ("%z" in form and parse_dates(some, (form,), "UTC")[0].notna().any())  # +00 too
    ]


def _is_read(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - it is not kept
    except ValueError:
        return False
    return True


def _in_turns(values: pd.Series) -> tuple[str, ...]:
    """Return formats that together read what none does alone: those of files of several years.

    None where days are turned around, as `are_turned` says.
    """
    read = _read_days(values)
    taken: dict[str, pd.Series] = {}
    left = values
    for form in sorted(read, key=lambda one: -len(read[one])):
        turned = mirrored(form)
        if turned in taken and len(read[form]) == len(taken[turned]):
            taken[form] = read[form]  # which it is, is asked
        days = read[form][read[form].index.isin(left.index)]
        if len(days) >= LEAST_IN_TURN * len(values) and not _is_opposed(form, taken):
            taken[form], left = days, left.drop(days.index)
    is_whole = len(left) <= (1 - MOST) * len(values)
    return tuple(taken) if is_whole and not _are_turned(taken) else ()


def are_turned(values: Sequence[str]) -> bool:
    """Check whether texts are days that a table turned around: all from the 13th on stay as text.

    A table of days first does so, opened where months are first: it takes the 5th of January for
    the 1st of May, and the 13th of January, which it cannot, for a text.
    """
    looked_at = pd.Series(values, dtype="str")
    few = LEAST_IN_TURN * len(looked_at)
    read = _read_days(looked_at)
    return _are_turned({form: days for form, days in read.items() if len(days) > few})


def _read_days(values: pd.Series) -> dict[str, pd.Series]:
    """Read days by each usual format that may fit."""
    forms = _likely(USUAL_FORMATS, values)
    return {form: parse_dates(values, (form,), "UTC")[0].dropna() for form in forms}


def _are_turned(read: Mapping[str, pd.Series]) -> bool:
    turned = [days for form, days in read.items() if form.startswith("%Y")]
    texts = [days for form, days in read.items() if ORDER.match(form)]
    return any(
        one.dt.day.max() <= LAST_MONTH < other.dt.day.min() for one in turned for other in texts
    )


def _is_opposed(form: str, others: Iterable[str]) -> bool:
    """Check whether a format begins with the day and another with the month, or the reverse."""
    opposite = MONTH_FIRST if DAY_FIRST.search(form) else DAY_FIRST
    is_either = DAY_FIRST.search(form) or MONTH_FIRST.search(form)
    return bool(is_either) and any(opposite.search(other) for other in others)


def mirrored(form: str) -> str:
    """Return a format with the month and the day of the month in each other's place."""
    return form.translate(str.maketrans("md", "dm"))
