"""Each neighborhood in one row: its number, its years, what changed, what is done, who meets."""

from __future__ import annotations

from csa.base.text import Speaker
from csa.reports.document import Block, Paragraph, Table
from csa.reports.public.facts import PublicFacts, PublicMeeting, PublicPlace
from csa.reports.public.trend import YearTrend, dispersion_of, latest, percent, trend_of
from csa.reports.public.words import (
    area_name,
    class_words,
    few,
    noun,
    period,
    place_count,
)


def neighborhood_blocks(facts: PublicFacts, tell: Speaker) -> tuple[Block, ...]:
    """Return the table of neighborhoods, with what its words mean."""
    by_name = sorted(facts.districts, key=lambda place: (place.name.casefold(), place.name))
    caption = tell("public.neighborhoods_caption", what=noun(facts, tell), when=period(facts, tell))
    if facts.method == "keys":
        return _of_this_way(facts, by_name, caption, tell)
    return _of_the_way_before(facts, by_name, caption, tell)


def _of_this_way(
    facts: PublicFacts, by_name: list[PublicPlace], caption: str, tell: Speaker
) -> tuple[Block, ...]:
    words, dispersion = class_words(facts, tell.language), dispersion_of(facts)
    rows = tuple(
        (
            place.name,
            place_count(place.count, facts, tell),
            words[place.level or 0],
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


def _of_the_way_before(
    facts: PublicFacts, by_name: list[PublicPlace], caption: str, tell: Speaker
) -> tuple[Block, ...]:
    rows: tuple[tuple[str, ...], ...] = tuple(
        (place.name, place_count(place.count, facts, tell)) for place in by_name
    )
    is_few = any(row[-1] == few(facts, tell) for row in rows)
    columns: tuple[str, ...] = (tell("public.neighborhood"), tell("public.count"))
    if any(place.level is not None for place in by_name):
        words = class_words(facts, tell.language)
        columns = (*columns, tell("public.darkest"))
        rows = tuple(
            (*row, "" if place.level is None else words[place.level])
            for row, place in zip(rows, by_name, strict=True)
        )
    table = Table(caption, columns, rows, numeric=(1,))
    return (table, *([Paragraph(tell("public.few_about"))] if is_few else []))


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
            said += [tell("public.n_tasks", n=n)] if n else []
    return " ".join(said) or tell("public.doing_nothing")


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
