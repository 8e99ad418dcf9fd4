"""Guess what a table's columns are, from their names and values: never silently where two fit."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from unicodedata import normalize

import numpy as np
import pandas as pd

from csa.base.message import Message, msg
from csa.ingest.columns import normalise_header
from csa.ingest.infer_words import HEADERS
from csa.ingest.parse import (
    EPOCH_MS,
    EPOCH_S,
    EXCEL_DAY,
    LOCATION_PATTERNS,
    NO_DAY,
    NO_VALUE,
    parse_clock,
    parse_dates,
    parse_numbers,
    plain_day,
)
from csa.ingest.records import FileRecords

# ---- Guess the formats of days and of times of day.


MOST = 0.95
"""A share of a column's values that must fit a reading: a few are always typing errors."""
USUAL_FORMATS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M:%S%z", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S%z",
    "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M",
    "%m/%d/%y", "%m/%d/%y %H:%M:%S", "%m/%d/%y %H:%M", "%m/%d/%y %I:%M %p", "%A, %B %d, %Y",
    "%m-%d-%Y", "%d/%m/%Y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%y", "%d/%m/%y %H:%M:%S",
    "%d/%m/%y %H:%M", "%d-%m-%Y", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y",
    "%b %d, %Y", "%B %d, %Y", "%b %d %Y %I:%M%p", "%Y%m%d", "%Y%m%dT%H%M%S", "%Y%m%d%H%M%S",
)  # fmt: skip
DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%d/%m/%Y", "%d/%m/%y",
    "%d-%m-%Y", "%d.%m.%Y", "%d-%b-%Y", "%d/%b/%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%a, %d %b %Y", "%a %b %d %Y", "%A, %B %d, %Y", "%Y%m%d",
    "%Y-%B-%d", "%Y-%b-%d", "%Y %b %d",
)  # fmt: skip
CLOCKS = (
    "", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %I:%M:%S%p", " %I:%M%p",
    ", %I:%M:%S %p", ", %I:%M %p", ", %H:%M", " %Hh%M", " %H.%M",
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
    "%I:%M:%S-%p", "%Hh%M", "%H h %M", "%H.%M",
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


LOOKED_AT, FORMS_LOOKED_AT = 20_000, 400
"""Distinct values of a column that are looked at, and those in which formats are."""

STRAY = 0.005
"""Share of rows whose value in a column of yes and no may be another."""
YES = ("y", "yes", "true", "t", "1", "1.0", "x", "s", "si", "sí", "sim", "oui")
NO = ("n", "no", "false", "f", "0", "0.0", "não", "nao", "non")
DAY_NAME = re.compile("(?<!up)date|time|fecha")
BESIDE = {"f": {"t"}, "s": {"n", "no", "não", "nao"}}
"""Letters that say yes or no only beside their opposites: F may be fatal, and S survived."""
NO_PLACE = (999, -999, 9999, -9999, 99999, -99999, -1)
"""Numbers that stand for no place; 0 as well, but only where both are."""


PAGE = re.compile(r"://|\bwww\.|href=|^\S+\.(?:jpe?g|png|gif|webp|pdf|html?)$", re.IGNORECASE)
LEAST_FREE, LONG_WORDS, REPEATS, LONG_REPEATS = 20, 6, 0.5, 0.1
"""Texts are free from so many different ones on, if those are a half of their rows; a tenth is
enough where most have so many words: an offense is worded the same way again and again."""

NIGHT, NIGHT_WITHIN = 23.0, 2.5
"""Hours: the middle of the times of shootings, on the circle of a day."""


@dataclass(frozen=True)
class Interpretation:
    """One way to read something, as it is offered."""

    words: Message  # what it means
    value: object  # what is then taken


@dataclass(frozen=True)
class Ambiguity:
    """A question with two or more likely answers."""

    about: str  # a short name, by which an answer is kept
    question: Message
    readings: tuple[Interpretation, ...]  # the likeliest first
    file: str = ""  # of which it is asked, where there are several


@dataclass
class Questions:
    """What was answered, and what is asked."""

    answers: Mapping[str, int]  # the number of the reading chosen, by what it is about
    doubts: list[Ambiguity] = field(default_factory=list)
    _about: tuple[str, int] = ("", 1)

    @contextmanager
    def of(self, file: str, number: int) -> Iterator[None]:
        """Ask about one file of several: its questions are apart from the others'."""
        self._about = (file, number)
        yield
        self._about = ("", 1)

    def resolve(self, about: str, question: Message, readings: Sequence[Interpretation]) -> Any:
        """Return what was answered, else the likeliest, which is then a doubt."""
        file, number = self._about
        about = about if number == 1 else f"{about} {number}"
        self.doubts.append(Ambiguity(about, question, tuple(readings), file))
        at = self.answers.get(about, 0)
        return readings[at if 0 <= at < len(readings) else 0].value


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
        return [str(value) for value in self.counts.index[:LOOKED_AT]]

    @cached_property
    def counts(self) -> pd.Series:
        """How many rows hold each value, the most frequent first."""
        return self.known.value_counts()

    @property
    def words(self) -> list[str]:
        """The words of its header, small, without accents, apart or joined as in VictimAge."""
        apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.header)
        return re.split(r"[^a-z]+", _without_accents(apart.casefold()))

    @cached_property
    def numbers(self) -> pd.Series:
        """Its values as numbers, where they are."""
        return pd.Series(parse_numbers(self.known), index=self.known.index)

    @cached_property
    def degrees(self) -> pd.Series:
        """Its values as degrees, perhaps with letters, without those that stand for no place.

        Nothing where the first values are no numbers: most columns of a file are texts.
        """
        first = pd.Series(self.distinct[:FORMS_LOOKED_AT], dtype="str")
        known = (
            self.known if np.isfinite(parse_numbers(first, are_degrees=True)).any() else first[:0]
        )
        texts = known[~known.str.match(NO_VALUE)]
        numbers = pd.Series(parse_numbers(texts, are_degrees=True), index=texts.index)
        return numbers[~numbers.isin(NO_PLACE)]

    @property
    def most(self) -> float:
        """Its largest number, but for those that next to no row has: the sum below a table."""
        return float(self.numbers.quantile(1 - STRAY, interpolation="lower"))

    @property
    def is_number(self) -> bool:
        """Whether nearly all of its values are numbers."""
        return bool(len(self.known)) and float(self.numbers.notna().mean()) >= MOST

    @property
    def is_unique(self) -> bool:
        """Whether no two rows share a value, and none is blank."""
        return len(self.known) == len(self.texts) and self.texts.is_unique

    @cached_property
    def is_free_text(self) -> bool:
        """Whether its values are addresses of pages, or texts that hardly repeat: no rule's words.

        A rule that lists them says nothing of the next month's.
        """
        if self.share(lambda text: bool(PAGE.search(text))) >= REPEATS:
            return True
        is_long = self.share(lambda text: len(text.split()) >= LONG_WORDS) >= REPEATS
        most = (LONG_REPEATS if is_long else REPEATS) * len(self.known)
        is_varied = len(self.counts) >= max(LEAST_FREE, most)
        return is_varied and not (self.is_number or self.formats)

    def share(self, fits: Callable[[str], bool]) -> float:
        """Return the share of distinct values that fit."""
        return sum(map(fits, self.distinct)) / max(1, len(self.distinct))

    def is_a(self, *kinds: str) -> bool:
        """Whether its header is of one of these kinds, by the table of words."""
        return any(HEADERS[kind].fits(self.plain_name, self.words) for kind in kinds)

    @cached_property
    def plain_name(self) -> str:
        """Its name without accents."""
        return _without_accents(self.name)

    @cached_property
    def formats(self) -> tuple[str, ...]:
        """The formats that nearly all of its values fit, as dates."""
        is_day = self.is_a("day")
        if len(self.known) and self.known.str.match(NO_DAY).mean() >= MOST:
            return ()
        if not self.is_number:
            return day_formats(self.distinct[:FORMS_LOOKED_AT])
        if not (is_day or self.is_a("time")):
            return ()
        # A zip code, or a number of a case, of an occurrence has as many digits.
        is_told = bool(DAY_NAME.search(self.name)) and not self.is_a("no_day")
        counted = counted_days(self.numbers, NUMBERED if is_told else (EPOCH_MS,))
        return counted or (day_formats(self.distinct[:FORMS_LOOKED_AT]) if is_day else ())

    @cached_property
    def clocks(self) -> tuple[str, ...]:
        """The formats that nearly all of its values fit, as times of day."""
        return clock_formats(self.distinct[:FORMS_LOOKED_AT])

    @property
    def yes_no(self) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Its spellings of yes and of no, where it has no other values but unknown ones.

        A value that next to no row has, such as the sum below a table, is of no row here.
        """
        found = {value.casefold(): value for value in self.distinct}
        yes = tuple(value for low, value in found.items() if low in YES and _is_sure(low, found))
        no = tuple(value for low, value in found.items() if low in NO and _is_sure(low, found))
        others = set(found) - {*map(str.casefold, yes + no), "u", "unknown", "unk", "null", "na"}
        n_others = sum(int(self.counts[found[low]]) for low in others)
        return (yes, no) if (yes or no) and n_others <= STRAY * len(self.known) else None


def _is_sure(value: str, values: Collection[str]) -> bool:
    """Check whether a value is a yes or a no: F is false beside T alone, and S is sí beside N."""
    needed = BESIDE.get(value)
    return needed is None or not needed.isdisjoint(values)


def _without_accents(text: str) -> str:
    return re.sub(r"[\u0300-\u036f]", "", normalize("NFKD", text))


def named_columns(records: FileRecords) -> list[TextColumn]:
    """Take a file's columns with a name."""
    return [
        TextColumn(at, header.strip(), column.str.strip())
        for at, (header, column) in enumerate(zip(records.header, records.columns, strict=True))
        if header.strip()
    ]


def is_location(column: TextColumn) -> bool:
    """Check whether a column holds both coordinates in one text."""
    pattern = re.compile("|".join(f"(?:{one})" for one, _ in LOCATION_PATTERNS), re.IGNORECASE)
    return bool(column.distinct) and column.share(lambda text: bool(pattern.search(text))) >= 0.8


def list_counts(values: pd.Series) -> str:
    """List the most frequent values in a sentence, each with its number of rows."""
    counts = values.replace("", str(msg("unnamed.blank"))).value_counts()
    return ", ".join(f"{str(one)[:40]} ({n:,})" for one, n in counts[:10].items())


def list_values(values: Sequence[str]) -> str:
    """List the first values of a column in a sentence."""
    return ", ".join(values[:6]) + (", ..." if len(values) > 6 else "")


def rows_holding(
    rule: Mapping[str, Sequence[str]], columns: Mapping[Any, TextColumn], n_rows: int
) -> pd.Series:
    """Return which rows a rule holds for: each of its fields has one of its values."""
    held = pd.Series(True, index=pd.RangeIndex(n_rows))
    for name, values in rule.items():
        wanted = [value.casefold() for value in values]
        held &= columns[name].texts.str.casefold().isin(wanted)
    return held
