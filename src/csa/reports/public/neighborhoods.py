"""Each neighborhood in one row: its number, its years, what changed, what is done, who meets."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from typing import Literal, TypeAlias

from csa.base.text import Translator
from csa.reports.document import Block, Paragraph, Table
from csa.reports.public.areas import (
    area_changes,
    change_numbers,
    change_sentence,
    moved_somewhere,
    short_change,
)
from csa.reports.public.facts import PublicArea, PublicFacts, PublicMeeting, PublicPlace, Years
from csa.reports.public.plan import status_words, tasks_in_order
from csa.reports.public.words import (
    LEAST,
    area_name,
    city_count,
    class_words,
    noun,
    period,
)

# ---- How a place's last year compares with the years before, from published counts alone.


MOST_YEARS = 5
"""Years compared: the last one with up to four before it."""
WIDE = 1.96
CHANGE_VARIANCE = 4.0
"""Of the change that each published count has: 2 q / (1 - q)^2 for q = 1/2."""


@dataclass(frozen=True)
class YearTrend:
    """The last year against the mean of the years before, with its 95% range."""

    first: int  # the first of the years before
    last: int  # the last year
    ratio: float  # of the last year's count to that mean
    low: float  # low end of the ratio's range
    high: float  # high end of the ratio's range

    @property
    def verdict(self) -> Literal["fewer", "more", "unclear"]:
        """Whether the range leaves no change out."""
        return "fewer" if self.high < 1 else "more" if self.low > 1 else "unclear"


def latest(years: Years) -> Years:
    """Return the years that are compared and shown."""
    return years[-MOST_YEARS:]


def trend_of(years: Years, dispersion: float = 1.0, rounded_to: int = 1) -> YearTrend | None:
    """Compare the last year with those before; None where one of them is fewer than 10.

    On the logarithm of the ratio: counts vary as Poisson counts times the dispersion, and each
    published count has its own small change besides.
    """
    shown, counts = latest(years), _told(years)
    if len(counts) < 2:
        return None
    *before, last = counts
    total = sum(before)
    ratio = last / (total / len(before))
    variance = dispersion * (1 / last + 1 / total)
    variance += _publishing_variance(rounded_to) * (1 / last**2 + len(before) / total**2)
    reach = exp(WIDE * sqrt(variance))
    return YearTrend(shown[0][0], shown[-1][0], ratio, ratio / reach, ratio * reach)


def _publishing_variance(rounded_to: int) -> float:
    """Return the variance that a count has from how it was published: its change, its rounding."""
    return CHANGE_VARIANCE + (rounded_to**2 - 1) / 12


def dispersion_of(facts: PublicFacts) -> float:
    """Estimate how much more than Poisson counts the neighborhoods' years vary, at least 1.

    Pearson's statistic over its degrees of freedom, around each place's mean and the common
    course of the years, less what the small changes add.
    """
    tables = [_told(place.years) for place in facts.districts]
    tables = [counts for counts in tables if len(counts) >= 2]
    length = max((len(counts) for counts in tables), default=0)
    tables = [counts for counts in tables if len(counts) == length]
    if len(tables) < 2:
        return 1.0
    of_year = [sum(year) for year in zip(*tables, strict=True)]
    whole, own = sum(of_year), _publishing_variance(facts.rounded_to)
    statistic = 0.0
    for counts in tables:
        for count, year in zip(counts, of_year, strict=True):
            expected = sum(counts) * year / whole
            statistic += ((count - expected) ** 2 - own) / expected
    return max(1.0, statistic / ((len(tables) - 1) * (length - 1)))


def _told(years: Years) -> Sequence[int]:
    shown = latest(years)
    counts = [count for _, count in shown if count is not None]
    return counts if len(counts) == len(shown) else ()


def percent(ratio: float) -> int:
    """Return how many percent a ratio is away from 1."""
    return round(100 * abs(ratio - 1))


def neighborhood_blocks(facts: PublicFacts, t: Translator) -> tuple[Block, ...]:
    """Return the table of neighborhoods, with what its words mean."""
    by_name = in_order(facts)
    caption = t("public.neighborhoods_caption", what=noun(facts, t), when=period(facts, t))
    words, dispersion, rows = class_words(facts, t.language), dispersion_of(facts), []
    for place in by_name:
        count, color = city_count(place.count, t), words[place.level]
        found = trend_of(place.years, dispersion, facts.rounded_to)
        trend = trend_words(found, t) if found else ""
        rows.append((place.name, count, color, _years(place, t), trend))
    shown = latest(by_name[0].years)
    years = f"{shown[0][0]}–{shown[-1][0]}" if shown else ""
    columns = (
        *t.each("public.neighborhood", "public.count", "public.color"),
        t("public.by_year", years=years),
        t("public.trend", last=shown[-1][0] if shown else ""),
    )
    notes = [t("public.trend_about")] if any(len(place.years) > 1 for place in by_name) else []
    if n_small := sum(not row[-1] for row in rows):
        notes.append(t("public.trend_small", n=n_small, of=len(rows)))
    table = Table(caption, columns, tuple(rows), numeric=(1,))
    return (table, Paragraph(" ".join(notes))) if notes else (table,)


def in_order(facts: PublicFacts) -> list[PublicPlace]:
    """Return the neighborhoods by name, letters with accents beside those without."""
    return sorted(facts.districts, key=lambda place: (_folded(place.name), place.name))


def place_ids(facts: PublicFacts) -> dict[str, str]:
    """Return each neighborhood's address on the page, by name."""
    return {place.name: f"place-{at}" for at, place in enumerate(in_order(facts), start=1)}


def _folded(text: str) -> str:
    parted = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in parted if not unicodedata.combining(letter))


LEAST_TOP = 3 * LEAST
"""To this at least bars are drawn, so that a few never look like many."""


@dataclass(frozen=True)
class YearBar:
    """A year's count as a bar."""

    year: str
    words: str  # its count in words
    share: float  # of the highest bar
    is_few: bool  # whether it is anything below 10
    is_outside: bool = False  # whether some of it is not in the months counted above


MOST_FIRST = 5
"""Neighborhoods that the city's card names."""
Listed: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""A heading, and lines with the address of each line's place on the page; "" for none."""


@dataclass(frozen=True)
class PlaceCard:
    """What is said of one place: in a neighborhood, or in the whole city."""

    key: str  # its address on the page
    name: str
    count: str  # in words
    bars: tuple[YearBar, ...]
    alt: str  # the bars in words
    note: str  # what pale bars are; empty where there is none
    trend: str  # how the last year compares; empty where it is not said
    doing: tuple[str, ...]  # areas, what changed in them, and tasks
    meeting: str
    lists: tuple[Listed, ...] = ()  # core service areas, and where there were the most


def place_cards(facts: PublicFacts, t: Translator) -> tuple[PlaceCard, ...]:
    """Return a card for each neighborhood, by name."""
    keys, dispersion = place_ids(facts), dispersion_of(facts)
    cards = []
    for place in in_order(facts):
        count, bars = city_count(place.count, t), _bars(place.name, place.years, facts, t)
        trend, meeting = _trend(place, dispersion, facts, t), _next_meeting(place, facts, t)
        doing = tuple(_doing_in(place, facts, t)) or (t("public.doing_nothing"),)
        cards.append(PlaceCard(keys[place.name], place.name, count, *bars, trend, doing, meeting))
    return tuple(cards)


def city_card(facts: PublicFacts, t: Translator) -> PlaceCard:
    """Return the card of the whole city, which stands until a neighborhood is chosen."""
    whole = PublicPlace(name=facts.city_name, count=facts.n_incidents)
    change = facts.change
    said: tuple[str, ...] = ()
    if change is not None and (
        short := short_change(change, noun(facts, t), t("public.in_areas"), t)
    ):
        said = (short, *moved_somewhere(facts, t), *change_numbers(change, t))
    count, bars = city_count(whole.count, t), _bars(whole.name, facts.years, facts, t)
    doing, meeting = said or (change_sentence(facts, t),), _next_meeting(whole, facts, t)
    lists = tuple(named for named in _first_named(facts, t) if named[1])
    return PlaceCard("city", whole.name, count, *bars, "", doing, meeting, lists)


def _first_named(facts: PublicFacts, t: Translator) -> Iterator[Listed]:
    """Yield what the city's card names: chosen areas, then the neighborhoods with the most."""
    keys = place_ids(facts)
    of_area = {area: keys[place.name] for place in facts.districts for area in place.areas}
    yield (
        t("wall.each_area"),
        tuple(
            (
                of_area.get(area.key, ""),
                t("term.pair", name=area_name(area, facts, t), text=said),
            )
            for area, said in area_changes(facts, t)[:MOST_FIRST]
        ),
    )
    lines = [(place, f"{place.count:,}") for place in with_most(facts, MOST_FIRST)]
    yield (
        t("public.most", what=noun(facts, t)),
        tuple((keys[place.name], t("term.pair", name=place.name, text=n)) for place, n in lines),
    )


def with_most(facts: PublicFacts, most: int) -> list[PublicPlace]:
    """Return so many neighborhoods with the highest numbers, by name: none is called the worst."""
    counted = [place for place in in_order(facts) if place.count]
    first = sorted(counted, key=lambda place: -(place.count or 0))[:most]
    return [place for place in counted if place in first]


def _bars(
    name: str, years: Years, facts: PublicFacts, t: Translator
) -> tuple[tuple[YearBar, ...], str, str]:
    shown = latest(years)
    if len(shown) < 2:  # one bar compares nothing: its number stands above
        return (), "", ""
    most = max([LEAST_TOP, *(count or 0 for _, count in shown)])
    bars = []
    for year, count in shown:
        words = t("public.few_short") if count is None else f"{count:,}"
        share = (LEAST - 1 if count is None else count) / most
        is_outside = f"{year}-01" < facts.start or f"{year + 1}-01" > facts.until
        bars.append(YearBar(str(year), words, share, count is None, is_outside))
    is_noted = any(bar.is_outside for bar in bars)
    note = t("public.bars_note", when=period(facts, t)) if is_noted else ""
    return tuple(bars), bars_alt(name, shown, facts, t), note


def bars_alt(name: str, years: Years, facts: PublicFacts, t: Translator) -> str:
    """Return a place's years in words."""
    listed = ", ".join(f"{year}: {city_count(count, t)}" for year, count in years)
    return t("public.bars_alt", what=noun(facts, t), place=name, listed=listed)


def _trend(place: PublicPlace, dispersion: float, facts: PublicFacts, t: Translator) -> str:
    if len(place.years) < 2:
        return ""
    name = t("public.trend", last=latest(place.years)[-1][0])
    trend = trend_of(place.years, dispersion, facts.rounded_to)
    return t("term.pair", name=name, text=trend_words(trend, t))


def _areas_in(
    place: PublicPlace, facts: PublicFacts, t: Translator
) -> Iterator[tuple[PublicArea, str]]:
    """Yield the areas in a neighborhood, each with what it is and what changed in it."""
    for area in facts.areas:
        if area.key in place.areas:
            key = "public.may_be_chosen" if area.state == "candidate" else "public.area_chosen"
            said = short_change(area, noun(facts, t), t("public.here"), t)
            yield area, f"{t(key, area=area_name(area, facts, t))} {said}".strip()


def _doing_in(place: PublicPlace, facts: PublicFacts, t: Translator) -> Iterator[str]:
    """Yield the areas in a neighborhood, what changed in each, and the tasks there."""
    for area, said in _areas_in(place, facts, t):
        yield said
        for task in tasks_in_order(facts):
            if task.area == area.key:
                stands = status_words(task, facts, t)
                yield t("wall.task", what=task.what, agency=task.agency, status=stands)


def _years(place: PublicPlace, t: Translator) -> str:
    """Return the counts of the last years, oldest first."""
    few_words = t("public.few_short")
    if all(n is None for _, n in latest(place.years)):
        return t("public.fewer_each")
    return ", ".join(few_words if n is None else f"{n:,}" for _, n in latest(place.years))


def trend_words(trend: YearTrend | None, t: Translator) -> str:
    """Return how the last year compares with those before, with its range."""
    if trend is None:
        return t("public.trend_few")
    low, high, ratio = percent(trend.low), percent(trend.high), percent(trend.ratio)
    if trend.verdict == "fewer":
        return t("public.trend_fewer", n=ratio, low=high, high=low)
    if trend.verdict == "more":
        return t("public.trend_more", n=ratio, low=low, high=high)
    return t("public.trend_unclear", low=low, high=high)


def _next_meeting(place: PublicPlace, facts: PublicFacts, t: Translator) -> str:
    own = [one for one in facts.meetings if not one.places or place.name in one.places]
    if not own:
        return t("public.no_meeting")
    when, _, where = meeting_row(own[0], t)
    return ", ".join(filter(None, (when, where)))


def meeting_row(meeting: PublicMeeting, t: Translator) -> tuple[str, str, str]:
    """Return when a meeting is, what it is about and where."""
    when = ", ".join(filter(None, (t.day(meeting.on), meeting.at)))
    return when, meeting.what or t("public.listening"), meeting.where
