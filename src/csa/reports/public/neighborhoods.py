"""Each neighborhood in one row: its number, its years, what changed, what is done, who meets."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from csa.base.text import Speaker
from csa.reports.document import Block, Paragraph, Table
from csa.reports.public.change import (
    change_numbers,
    change_sentence,
    moved_somewhere,
    short_change,
)
from csa.reports.public.facts import PublicFacts, PublicMeeting, PublicPlace, Years
from csa.reports.public.plan import standing, standing_word, tasks_in_order
from csa.reports.public.trend import YearTrend, dispersion_of, latest, percent, trend_of
from csa.reports.public.words import (
    LEAST,
    area_name,
    city_count,
    class_words,
    noun,
    period,
)


def neighborhood_blocks(facts: PublicFacts, tell: Speaker) -> tuple[Block, ...]:
    """Return the table of neighborhoods, with what its words mean."""
    by_name = in_order(facts)
    caption = tell("public.neighborhoods_caption", what=noun(facts, tell), when=period(facts, tell))
    words, dispersion = class_words(facts, tell.language), dispersion_of(facts)
    rows = tuple(
        (
            place.name,
            city_count(place.count, tell),
            words[place.level],
            _years(place, tell),
            trend_words(trend_of(place.years, dispersion), tell),
            _doing(place, facts, tell),
            _next_meeting(place, facts, tell),
        )
        for place in by_name
    )
    shown = latest(by_name[0].years)
    years = f"{shown[0][0]}–{shown[-1][0]}" if shown else ""
    columns = (
        tell("public.neighborhood"),
        tell("public.count"),
        tell("public.color"),
        tell("public.by_year", years=years),
        tell("public.trend", last=shown[-1][0] if shown else ""),
        tell("public.doing_here"),
        tell("public.next_meeting"),
    )
    about = tell("public.trend_about") if any(len(place.years) > 1 for place in by_name) else ""
    table = Table(caption, columns, rows, numeric=(1,))
    return (table, *([Paragraph(about)] if about else []))


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


@dataclass(frozen=True)
class PlaceCard:
    """What is said of one place: in a neighborhood, or in the whole city."""

    key: str  # its address on the page
    name: str
    count: str  # in words
    bars: tuple[YearBar, ...]
    alt: str  # the bars in words
    trend: str  # how the last year compares; empty where it is not said
    doing: tuple[str, ...]  # areas, what changed in them, and tasks
    meeting: str


def place_cards(facts: PublicFacts, tell: Speaker) -> tuple[PlaceCard, ...]:
    """Return a card for each neighborhood, by name."""
    keys, dispersion = place_ids(facts), dispersion_of(facts)
    return tuple(
        PlaceCard(
            keys[place.name],
            place.name,
            city_count(place.count, tell),
            *_bars(place.name, place.years, facts, tell),
            _trend(place, dispersion, tell),
            tuple(_doing_in(place, facts, tell)) or (tell("public.doing_nothing"),),
            _next_meeting(place, facts, tell),
        )
        for place in in_order(facts)
    )


def city_card(facts: PublicFacts, tell: Speaker) -> PlaceCard:
    """Return the card of the whole city, which stands until a neighborhood is chosen."""
    whole = PublicPlace(name=facts.city_name, count=facts.n_incidents)
    change = facts.change
    said: tuple[str, ...] = ()
    if change is not None and (
        short := short_change(change, noun(facts, tell), tell("public.in_areas"), tell)
    ):
        said = (short, *moved_somewhere(facts, tell), *change_numbers(change, tell))
    return PlaceCard(
        "city",
        facts.city_name,
        city_count(facts.n_incidents, tell),
        *_bars(facts.city_name, facts.years, facts, tell),
        "",
        said or (change_sentence(facts, tell),),
        _next_meeting(whole, facts, tell),
    )


def _bars(
    name: str, years: Years, facts: PublicFacts, tell: Speaker
) -> tuple[tuple[YearBar, ...], str]:
    shown = latest(years)
    if len(shown) < 2:  # one bar compares nothing: its number stands above
        return (), ""
    most = max([LEAST_TOP, *(count or 0 for _, count in shown)])
    few_words = tell("public.few_short")
    bars = tuple(
        YearBar(
            str(year),
            few_words if count is None else f"{count:,}",
            (LEAST - 1 if count is None else count) / most,
            count is None,
        )
        for year, count in shown
    )
    listed = ", ".join(f"{year}: {city_count(count, tell)}" for year, count in shown)
    alt = tell("public.bars_alt", what=noun(facts, tell), place=name, listed=listed)
    return bars, alt


def _trend(place: PublicPlace, dispersion: float, tell: Speaker) -> str:
    if len(place.years) < 2:
        return ""
    last = latest(place.years)[-1][0]
    return tell(
        "public.said_of",
        name=tell("public.trend", last=last),
        said=trend_words(trend_of(place.years, dispersion), tell),
    )


def _doing_in(place: PublicPlace, facts: PublicFacts, tell: Speaker) -> Iterator[str]:
    """Yield the areas in a neighborhood, what changed in each, and the tasks there."""
    for area in facts.areas:
        if area.key not in place.areas:
            continue
        name = area_name(area, facts, tell)
        key = "public.may_be_chosen" if area.state == "candidate" else "public.area_chosen"
        said = short_change(area, noun(facts, tell), tell("public.here"), tell)
        yield f"{tell(key, area=name)} {said}".strip()
        for task in tasks_in_order(facts):
            if task.area == area.key:
                stands = standing_word(standing(task, facts), tell)
                yield tell("wall.task", what=task.what, agency=task.agency, stands=stands)


def _years(place: PublicPlace, tell: Speaker) -> str:
    """Return the counts of the last years, oldest first."""
    few_words = tell("public.few_short")
    if all(n is None for _, n in latest(place.years)):
        return tell("public.fewer_each")
    return ", ".join(few_words if n is None else f"{n:,}" for _, n in latest(place.years))


def trend_words(trend: YearTrend | None, tell: Speaker) -> str:
    """Return how the last year compares with those before, with its range."""
    if trend is None:
        return tell("public.trend_few")
    low, high, ratio = percent(trend.low), percent(trend.high), percent(trend.ratio)
    if trend.verdict == "fewer":
        return tell("public.trend_fewer", n=ratio, low=high, high=low)
    if trend.verdict == "more":
        return tell("public.trend_more", n=ratio, low=low, high=high)
    return tell("public.trend_unclear", low=low, high=high)


def _doing(place: PublicPlace, facts: PublicFacts, tell: Speaker) -> str:
    """Name the areas in a neighborhood, with how many tasks agencies took on there."""
    said = []
    for area in facts.areas:
        if area.key in place.areas:
            name = area_name(area, facts, tell)
            n = sum(task.area == area.key for task in facts.tasks)
            key = "public.may_be_chosen" if area.state == "candidate" else "public.area_chosen"
            said.append(tell(key, area=name))
            said.append(short_change(area, noun(facts, tell), tell("public.here"), tell))
            said += [tell("public.n_tasks", n=n)] if n else []
    return " ".join(filter(None, said)) or tell("public.doing_nothing")


def _next_meeting(place: PublicPlace, facts: PublicFacts, tell: Speaker) -> str:
    own = [one for one in facts.meetings if not one.places or place.name in one.places]
    if not own:
        return tell("public.no_meeting")
    when, _, where = meeting_row(own[0], tell)
    return ", ".join(filter(None, (when, where)))


def meeting_row(meeting: PublicMeeting, tell: Speaker) -> tuple[str, str, str]:
    """Return when a meeting is, what it is about and where."""
    when = ", ".join(filter(None, (tell.day(meeting.on), meeting.at)))
    return when, meeting.what or tell("public.listening"), meeting.where
