"""The public facts as sentences, in short words, about places and never persons."""

from __future__ import annotations

from datetime import date

from csa.base.params import Month
from csa.base.text import ENGLISH, Speaker
from csa.plan.measures import Quarter
from csa.reports.public.facts import PublicArea, PublicFacts

LEAST = 10
"""Counts below it are not published."""
MOST_NAMED = 6
"""Areas that a legend names."""


def noun(facts: PublicFacts, tell: Speaker) -> str:
    """Name what is counted."""
    return tell("public.reports" if facts.is_proxy else "public.shootings")


def period(facts: PublicFacts, tell: Speaker) -> str:
    """Return the months counted, in words; whole years by their names."""
    if is_whole_years(facts):
        first, last = facts.start[:4], str(int(facts.until[:4]) - 1)
        return first if first == last else tell("public.between", first=first, last=last)
    return between(facts.start, str(Month.parse(facts.until).plus(-1)), tell)


def is_whole_years(facts: PublicFacts) -> bool:
    """Return whether the months counted are calendar years."""
    return facts.start.endswith("-01") and facts.until.endswith("-01")


def between(first: str, last: str, tell: Speaker) -> str:
    """Return a span of months in words, both ends included."""
    if first == last:
        return tell.month(first)
    return tell("public.between", first=tell.month(first), last=tell.month(last))


def quarter_words(quarter: str, tell: Speaker) -> str:
    """Return a quarter in words: its months."""
    year, number = quarter.split("-Q")
    first = Month(int(year), 3 * int(number) - 2)
    return between(str(first), str(first.plus(2)), tell)


def city_count(count: int | None, tell: Speaker) -> str:
    """Return a count in words short enough for a table."""
    return tell("public.fewer") if count is None or count < LEAST else f"{count:,}"


def marks_of(facts: PublicFacts, language: str = ENGLISH) -> tuple[str, ...]:
    """List the marks that must stand above everything."""
    tell = Speaker(language)
    marks = [tell("public.made_up")] if facts.is_synthetic else []
    if is_unreviewed(facts, language):
        marks.append(tell("public.unreviewed"))
    return tuple(marks)


def is_unreviewed(facts: PublicFacts, language: str) -> bool:
    """Return whether nobody has approved the translation into a language."""
    return language != ENGLISH and not facts.spanish_office


def unit_sentence(facts: PublicFacts, tell: Speaker) -> str:
    """Return the sentence on what a number means."""
    return tell("public.one_or_more_proxy" if facts.is_proxy else "public.one_or_more")


def class_words(facts: PublicFacts, language: str = ENGLISH) -> tuple[str, ...]:
    """Name the classes of the map, lowest first."""
    tell = Speaker(language)
    words = [tell("public.fewer")]
    for bounds in facts.classes[1:]:
        if bounds.high is None:
            words.append(tell("public.class_open", low=bounds.low))
        elif bounds.high == bounds.low:
            words.append(tell("public.class_one", low=bounds.low))
        else:
            words.append(tell("public.class_range", low=bounds.low, high=bounds.high))
    return tuple(words)


def areas_title(facts: PublicFacts, tell: Speaker) -> str:
    """Return the title for the areas, which depends on whether any was chosen."""
    are_candidates = bool(facts.areas) and not are_chosen(facts)
    return tell("public.areas_title_candidates" if are_candidates else "public.areas_title")


def outlines_words(facts: PublicFacts, tell: Speaker) -> str:
    """Return what a map's outlines are, with the areas' names if they are few; "" without any."""
    named = [f"{area.letter} {area.place_name}" for area in facts.areas if area.letter]
    title = areas_title(facts, tell) if facts.areas else ""
    return f"{title}: {', '.join(named)}" if 0 < len(named) <= MOST_NAMED else title


def are_chosen(facts: PublicFacts) -> bool:
    """Return whether the city has chosen any area."""
    return any(area.state != "candidate" for area in facts.areas)


def map_name(area: PublicArea, facts: PublicFacts, tell: Speaker) -> str:
    """Return an area's name without its letter; no bare neighborhood's where it has none."""
    name = tell.place(area.place_name)
    is_shared = any(place.name == area.place_name for place in facts.districts)
    return tell("public.around", name=name) if is_shared and not area.letter else name


def area_name(area: PublicArea, facts: PublicFacts, tell: Speaker) -> str:
    """Return an area's name; a candidate has no letter, which would promise a choice."""
    name = map_name(area, facts, tell)
    return tell("public.area_named", letter=area.letter, name=name) if area.letter else name


def through(facts: PublicFacts, tell: Speaker) -> str:
    """Return the last month of the quarter, through which the city's numbers go."""
    return tell.month(f"{Quarter.parse(facts.quarter).last_day:%Y-%m}")


def subtitle(facts: PublicFacts, tell: Speaker) -> str:
    """Return which months are counted, and why a page named by a quarter counts whole years."""
    when, last = period(facts, tell), through(facts, tell)
    return tell(
        "public.subtitle_years" if is_whole_years(facts) else "public.subtitle",
        when=when,
        last=last,
    )


def area_state(area: PublicArea, tell: Speaker) -> str:
    """Return an area's state in words."""
    return tell(
        {
            "candidate": "public.candidate",
            "designated": "public.designated",
            "maintenance": "public.maintenance",
        }[area.state]
    )


def limits(facts: PublicFacts, tell: Speaker) -> tuple[str, ...]:
    """List what the map cannot say."""
    said = [
        tell("public.limit_address"),
        tell("public.limit_person"),
        tell("public.limit_next"),
        tell("public.limit_unlocated", count=city_count(facts.n_unlocated, tell)),
        tell("public.limit_below_ten"),
    ]
    if facts.domestic == "left_out":
        said.append(tell("public.limit_left_out"))
        if facts.n_unknown != 0:
            said.append(tell("public.limit_unsaid", count=city_count(facts.n_unknown, tell)))
    else:
        said += [tell("public.limit_no_field"), tell("public.limit_so_kept")]
        said.extend(_confirmed(facts.domestic_office, facts.domestic_on, tell))
    said.append(tell("public.limit_no_detail"))
    return tuple(said)


def _confirmed(office: str, on: date | None, tell: Speaker) -> tuple[str, ...]:
    if on is None:
        return ()
    return (tell("public.limit_confirmed", office=office, day=tell.day(on)),)
