"""The public facts as sentences, in short words, about places and never persons."""

from __future__ import annotations

from collections.abc import Iterator

from csa.base.params import Month
from csa.base.text import ENGLISH, Translator
from csa.program.plan.measures import Quarter
from csa.reports.public.facts import PublicArea, PublicFacts

LEAST = 10
"""Counts below it are not published."""
MOST_NAMED = 6
"""Areas that a legend names."""


def noun(facts: PublicFacts, t: Translator) -> str:
    """Name what is counted."""
    return t("public.reports" if facts.is_proxy else "public.shootings")


def period(facts: PublicFacts, t: Translator) -> str:
    """Return the months counted, in words; whole years by their names."""
    if is_calendar_years(facts):
        first, last = facts.start[:4], str(int(facts.until[:4]) - 1)
        return first if first == last else t("term.span", first=first, last=last)
    return between(facts.start, str(Month.parse(facts.until).plus(-1)), t)


def is_calendar_years(facts: PublicFacts) -> bool:
    """Return whether the months counted are calendar years."""
    return facts.start.endswith("-01") and facts.until.endswith("-01")


def between(first: str, last: str, t: Translator) -> str:
    """Return a span of months in words, both ends included."""
    if first == last:
        return t.month(first)
    return t("term.span", first=t.month(first), last=t.month(last))


def quarter_words(quarter: str, t: Translator) -> str:
    """Return a quarter in words: its months."""
    year, number = quarter.split("-Q")
    first = Month(int(year), 3 * int(number) - 2)
    return between(str(first), str(first.plus(2)), t)


def city_count(count: int | None, t: Translator) -> str:
    """Return a count in words short enough for a table."""
    return t("public.fewer") if count is None or count < LEAST else f"{count:,}"


def marks_of(facts: PublicFacts, language: str = ENGLISH) -> tuple[str, ...]:
    """List the marks that must stand above everything."""
    t = Translator(language)
    marks = [t("public.made_up")] if facts.is_synthetic else []
    if is_unreviewed(facts, language):
        marks.append(t("public.unreviewed"))
    return tuple(marks)


def is_unreviewed(facts: PublicFacts, language: str) -> bool:
    """Return whether nobody has approved the translation into a language."""
    return language != ENGLISH and not facts.spanish_office


def unit_sentence(facts: PublicFacts, t: Translator) -> str:
    """Return the sentence on what a number means."""
    return t("public.one_or_more_proxy" if facts.is_proxy else "public.one_or_more")


def class_words(facts: PublicFacts, language: str = ENGLISH) -> tuple[str, ...]:
    """Name the classes of the map, lowest first."""
    t = Translator(language)
    words = [t("public.fewer")]
    for bounds in facts.classes[1:]:
        if bounds.high is None:
            words.append(t("public.class_open", low=bounds.low))
        elif bounds.high == bounds.low:
            words.append(t("public.class_one", low=bounds.low))
        else:
            words.append(t("public.class_range", low=bounds.low, high=bounds.high))
    return tuple(words)


def areas_title(facts: PublicFacts, t: Translator) -> str:
    """Return the title for the areas, which depends on whether any was chosen."""
    are_candidates = bool(facts.areas) and not are_chosen(facts)
    return t("public.areas_title_candidates" if are_candidates else "public.areas_title")


def outlines_words(facts: PublicFacts, t: Translator) -> str:
    """Return what a map's outlines are, with the areas' names if they are few; "" without any."""
    named = [f"{area.letter} {area.place_name}" for area in facts.areas if area.letter]
    title = areas_title(facts, t) if facts.areas else ""
    return f"{title}: {', '.join(named)}" if 0 < len(named) <= MOST_NAMED else title


def are_chosen(facts: PublicFacts) -> bool:
    """Return whether the city has chosen any area."""
    return any(area.state != "candidate" for area in facts.areas)


def map_name(area: PublicArea, facts: PublicFacts, t: Translator) -> str:
    """Return an area's name without its letter; no bare neighborhood's where it has none."""
    name = t.place(area.place_name)
    is_shared = any(place.name == area.place_name for place in facts.districts)
    return t("public.around", name=name) if is_shared and not area.letter else name


def area_name(area: PublicArea, facts: PublicFacts, t: Translator) -> str:
    """Return an area's name; a candidate has no letter, which would promise a choice."""
    name = map_name(area, facts, t)
    return t("term.with", of=area.letter, name=name) if area.letter else name


def subtitle(facts: PublicFacts, t: Translator) -> str:
    """Return which months are counted, and why a page named by a quarter counts whole years.

    The city's own numbers go through the quarter's last month.
    """
    last = t.month(f"{Quarter.parse(facts.quarter).last_day:%Y-%m}")
    key = "public.subtitle_years" if is_calendar_years(facts) else "public.subtitle"
    return t(key, when=period(facts, t), last=last)


def area_state(area: PublicArea, t: Translator) -> str:
    """Return an area's state in words."""
    return t(
        {
            "candidate": "public.candidate",
            "designated": "public.designated",
            "maintenance": "public.maintenance",
        }[area.state]
    )


def limits(facts: PublicFacts, t: Translator) -> tuple[str, ...]:
    """List what the map cannot say."""
    unlocated = t("public.limit_unlocated", count=city_count(facts.n_unlocated, t))
    said = [*t.each("public.limit_address", "public.limit_person", "public.limit_next"), unlocated]
    said += [t("public.limit_below_ten"), *_limits_domestic(facts, t)]
    return (*said, t("public.limit_no_detail"))


def _limits_domestic(facts: PublicFacts, t: Translator) -> Iterator[str]:
    """Yield whether cases between partners or family count at places, and who agreed."""
    if facts.domestic == "confirmed":
        yield t("public.limit_no_field")
    elif facts.domestic == "counted":
        yield t("public.limit_counted")
        if facts.domestic_on is not None and not facts.domestic_agency:
            yield t("public.limit_posted")
    else:
        yield t("public.limit_left_out")
        if facts.n_unknown != 0:
            yield t("public.limit_unsaid", count=city_count(facts.n_unknown, t))
    if facts.rounded_to > 1:
        yield t("public.limit_rounded", n=facts.rounded_to)
    if facts.domestic_on is not None:
        office, on = facts.domestic_office, t.day(facts.domestic_on)
        if facts.domestic_agency:
            yield t("public.limit_agreed", office=office, agency=facts.domestic_agency, day=on)
        else:
            yield t("public.limit_confirmed", office=office, day=on)
