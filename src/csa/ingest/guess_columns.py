"""Guess what a table's columns are, from their names and values: never silently where two fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from unicodedata import normalize

import pandas as pd

from csa.base.message import Message
from csa.ingest.columns import normalise_header
from csa.ingest.parse import EPOCH_MS, LOCATION_PATTERNS, parse_numbers
from csa.ingest.records import FileRecords

MOST = 0.95
"""A share of a column's values that must fit a reading: a few are always typing errors."""

LOOKED_AT = 20_000
"""Distinct values of a column that are looked at."""

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
)
DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%d/%m/%Y", "%d/%m/%y",
    "%d-%m-%Y", "%d.%m.%Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%a, %d %b %Y", "%a %b %d %Y", "%A, %B %d, %Y", "%Y%m%d",
    "%Y-%B-%d", "%Y-%b-%d",
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
FIRST_LOOK = 8
"""Values of which one at least must fit before all are tried."""
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
    "fecha",
)
REPORTED = (
    "report",
    "rpt",
    "edit",
    "create",
    "update",
    "enter",
    "modif",
    "receiv",
    "publish",
    "load",
)
ANSWERED = ("dispatch", "arriv")
NEVER = ("birth", "dob", "arrest", "death", "died", "dispos", "clear", "close", *ANSWERED)
"""Days and times of something else than the shooting."""
EPOCH = (0.3e12, 2.2e12)
"""Milliseconds since 1970 of 1979 to 2039."""
STRAY = 0.005
"""Share of rows whose value in a column of yes and no may be another."""
YES = ("y", "yes", "true", "t", "1", "1.0")
NO = ("n", "no", "false", "f", "0", "0.0")
FATAL = ("fatal", "murder", "killed", "death", "died", "deceased", "homicide")
INJURED = ("injur", "wounded", "nonfatal", "hurt")
LATITUDE = ("latitude", "lat", "latitud")
LONGITUDE = ("longitude", "long", "lon", "lng", "longitud")
X_NAMES = ("xcoord", "pointx", "easting", "coordx", "geox", "roughx", "mapx")
Y_NAMES = ("ycoord", "pointy", "northing", "coordy", "geoy", "roughy", "mapy")


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
    file: str = ""  # of which it is asked, where there are several


@dataclass
class Questions:
    """What was answered, and what is asked."""

    answers: Mapping[str, int]  # the number of the reading chosen, by what it is about
    doubts: list[Doubt] = field(default_factory=list)
    _about: tuple[str, int] = ("", 1)

    @contextmanager
    def of(self, file: str, number: int) -> Iterator[None]:
        """Ask about one file of several: its questions are apart from the others'."""
        self._about = (file, number)
        yield
        self._about = ("", 1)

    def settle(self, about: str, question: Message, readings: Sequence[Reading]) -> Any:
        """Return what was answered, else the likeliest, which is then a doubt."""
        file, number = self._about
        about = about if number == 1 else f"{about} {number}"
        self.doubts.append(Doubt(about, question, tuple(readings), file))
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
        apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.header).casefold()
        return re.split(r"[^a-z]+", re.sub(r"[\u0300-\u036f]", "", normalize("NFKD", apart)))

    @cached_property
    def numbers(self) -> pd.Series:
        """Its values as numbers, where they are."""
        return pd.Series(parse_numbers(self.known), index=self.known.index)

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
        is_day = self.says("date", "day", "dt", "occ", "fecha")
        if self.is_number and bool(self.numbers.between(*EPOCH).mean() >= MOST):
            is_moment = is_day or self.says("time")
            return (EPOCH_MS,) if is_moment else ()
        if not self.distinct or (self.is_number and not is_day):
            return ()
        looked_at = pd.Series(self.distinct[:400])
        if not looked_at.str.contains(r"\d").mean() >= MOST:
            return ()
        usual = [form for form in USUAL_FORMATS if _fits(looked_at, form)]
        first = looked_at[:FIRST_LOOK].tolist()
        # Beside a usual form, that with day and month the other way around: which it is, is asked.
        others = [_mirrored(form) for form in usual] if usual else OTHER_FORMATS
        others = [form for form in others if form in OTHER_FORMATS]
        others = [form for form in others if any(_is_read(one, form) for one in first)]
        return (*usual, *(form for form in others if _fits(looked_at, form)))

    @cached_property
    def clocks(self) -> tuple[str, ...]:
        """The formats that nearly all of its values fit, as times of day."""
        looked_at = pd.Series(self.distinct[:400], dtype="str")
        padded = looked_at.str.replace(r"\.0$", "", regex=True).str.zfill(4)
        return tuple(
            form
            for form in TIME_FORMATS
            if len(looked_at) and _fits(padded if form == "%H%M" else looked_at, form)
        )

    @property
    def yes_no(self) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Its spellings of yes and of no, where it has no other values but unknown ones.

        A value that next to no row has, such as the sum below a table, is of no row here.
        """
        found = {value.casefold(): value for value in self.distinct}
        yes = tuple(value for low, value in found.items() if low in YES)
        no = tuple(value for low, value in found.items() if low in NO)
        others = set(found) - {*map(str.casefold, yes + no), "u", "unknown", "unk", "null", "na"}
        n_others = sum(int(self.counts[found[low]]) for low in others)
        return (yes, no) if (yes or no) and n_others <= STRAY * len(self.known) else None


def _fits(values: pd.Series, form: str) -> bool:
    utc = "%z" in form
    read = pd.to_datetime(values, format=form, errors="coerce", utc=utc)
    return bool(read.notna().mean() >= MOST)


def _mirrored(form: str) -> str:
    return form.translate(str.maketrans("md", "dm"))


def _is_read(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - it is not kept
    except ValueError:
        return False
    return True


def columns_of(records: FileRecords) -> list[TextColumn]:
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


def list_values(values: Sequence[str]) -> str:
    """List the first values of a column in a sentence."""
    return ", ".join(values[:6]) + (", ..." if len(values) > 6 else "")
