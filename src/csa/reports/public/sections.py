"""All public facts in order and in words, the same on the page, in the app and on paper."""

from __future__ import annotations

from csa.base.text import ENGLISH, Speaker
from csa.reports.document import Block, Bullets, Lead, Paragraph, Picture, Table
from csa.reports.public.change import (
    area_changes,
    change_doubts,
    change_numbers,
    change_sentence,
)
from csa.reports.public.facts import PublicFacts
from csa.reports.public.neighborhoods import meeting_row, neighborhood_blocks
from csa.reports.public.plan import (
    action_title,
    actions_in_order,
    answers_in_order,
    day_or_none,
    question,
    reply,
    standing,
    standing_word,
    standings,
    tasks_in_order,
    tasks_note,
    unquoted,
    ways_in,
)
from csa.reports.public.section import Section
from csa.reports.public.words import (
    are_chosen,
    area_name,
    area_state,
    areas_title,
    city_count,
    limits,
    noun,
    period,
    quarter_words,
    unit_sentence,
)

MOST_QUARTERS = 8


def public_sections(
    facts: PublicFacts, language: str = ENGLISH, map_png: bytes | None = None
) -> tuple[Section, ...]:
    """Return all sections of the public report, in order; the map as a picture for paper."""
    tell = Speaker(language)
    return (
        _number(facts, tell),
        _where(facts, tell, map_png),
        _areas(facts, tell),
        _neighborhoods(facts, tell),
        _years(facts, tell),
        _change(facts, tell),
        _doing(facts, tell),
        _tasks(facts, tell),
        _answers(facts, tell),
        _part(facts, tell),
        Section("limits", tell("public.limits_title"), (Bullets(limits(facts, tell)),)),
    )


def public_title(facts: PublicFacts, language: str = ENGLISH) -> str:
    """Return the title of the public report."""
    tell = Speaker(language)
    return tell("public.title", what=noun(facts, tell), city=facts.city_name)


def _number(facts: PublicFacts, tell: Speaker) -> Section:
    whole_city = tell(
        "public.whole_city",
        count=city_count(facts.n_incidents, tell),
        what=noun(facts, tell),
        when=period(facts, tell),
    )
    blocks: tuple[Block, ...] = (
        Lead((unit_sentence(facts, tell), tell("public.behind"))),
        Paragraph(whole_city),
        Paragraph(tell("public.changed")),
    )
    return Section("number", tell("public.number_title"), blocks)


def _where(facts: PublicFacts, tell: Speaker, png: bytes | None) -> Section:
    what, when = noun(facts, tell), period(facts, tell)
    blocks: list[Block] = [
        Paragraph(f"{tell('public.where', what=what)} {tell('public.where_place')}"),
        Picture(
            png,
            alt=map_alt(facts, tell),
            caption=tell("public.map_caption", when=when, source=facts.source),
            missing=tell("public.map_missing"),
        ),
    ]
    if len(facts.classes) < 2:
        blocks.append(Paragraph(tell("public.classes_none")))
    return Section("where", tell("public.where_title", what=what), tuple(blocks))


def map_alt(facts: PublicFacts, tell: Speaker) -> str:
    """Describe the map for readers who cannot see it."""
    what, when = noun(facts, tell), period(facts, tell)
    return tell("public.map_alt", city=facts.city_name, what=what, when=when)


def _areas(facts: PublicFacts, tell: Speaker) -> Section:
    blocks: list[Block] = [Paragraph(tell("public.areas_about"))]
    if not facts.areas:
        blocks.append(Paragraph(tell("public.areas_none")))
        return Section("areas", areas_title(facts, tell), tuple(blocks))
    if not are_chosen(facts):
        blocks.append(Paragraph(tell("public.areas_candidates")))
    rows = tuple(
        (
            area_name(area, facts, tell),
            area_state(area, tell),
            day_or_none(area.since, tell),
            city_count(area.count, tell),
        )
        for area in facts.areas
    )
    columns = tell.each("public.area", "public.stands", "public.since", "public.count")
    caption = tell("public.areas_caption", what=noun(facts, tell), when=period(facts, tell))
    blocks.append(Table(caption, columns, rows, numeric=(3,)))
    return Section("areas", areas_title(facts, tell), tuple(blocks))


def _neighborhoods(facts: PublicFacts, tell: Speaker) -> Section:
    title = tell("public.neighborhoods_title")
    if not facts.districts:
        return Section("neighborhoods", title, (Paragraph(tell("public.neighborhoods_none")),))
    return Section("neighborhoods", title, neighborhood_blocks(facts, tell))


def _years(facts: PublicFacts, tell: Speaker) -> Section:
    title = tell("public.years_title")
    if not facts.years:
        return Section("years", title, (Paragraph(tell("public.years_none")),))
    what = noun(facts, tell)
    rows = tuple((str(year), city_count(count, tell)) for year, count in facts.years)
    columns = (tell("public.year"), tell("public.count"))
    blocks = [Table(tell("public.years_caption", what=what), columns, rows, numeric=(1,))]
    if facts.quarters:
        latest = facts.quarters[-MOST_QUARTERS:]
        rows = tuple((quarter_words(name, tell), city_count(n, tell)) for name, n in latest)
        columns = (tell("public.quarter"), tell("public.count"))
        blocks.append(
            Table(tell("public.quarters_caption", what=what), columns, rows, numeric=(1,))
        )
    return Section("years", title, tuple(blocks))


def _change(facts: PublicFacts, tell: Speaker) -> Section:
    blocks: list[Block] = [Lead((change_sentence(facts, tell),))]
    said = (*change_numbers(facts.change, tell), *change_doubts(facts.change, tell))
    if said:
        blocks.append(Paragraph(" ".join(said)))
    each = tuple(
        tell("public.said_of", name=area_name(area, facts, tell), said=words)
        for area, words in area_changes(facts, tell)
    )
    blocks += [Paragraph(tell("public.change_each")), Bullets(each)] if each else []
    return Section("change", tell("public.change_title"), tuple(blocks))


def _doing(facts: PublicFacts, tell: Speaker) -> Section:
    title = tell("public.doing_title")
    if not facts.actions:
        return Section("doing", title, (Paragraph(tell("public.doing_none")),))
    summary = tuple((word, f"{n:,}") for word, n in standings(facts, tell))
    stands = tell("public.stands")
    rows = tuple(
        (
            action_title(action, tell),
            standing_word(standing(action, facts), tell),
            day_or_none(action.due, tell),
        )
        for action in actions_in_order(facts)
    )
    blocks = (
        Paragraph(tell("public.actions_count", n=len(facts.actions))),
        Table(tell("public.doing_summary"), (stands, tell("public.actions")), summary, (1,)),
        Table(
            tell("public.actions_caption"),
            (tell("public.action"), stands, tell("public.due")),
            rows,
        ),
    )
    return Section("doing", title, blocks)


def _tasks(facts: PublicFacts, tell: Speaker) -> Section:
    title = tell("public.tasks_title")
    if not facts.tasks:
        return Section("tasks", title, (Paragraph(tell("public.tasks_none")),))
    rows = tuple(
        (
            task.area,
            task.what,
            task.agency,
            standing_word(standing(task, facts), tell),
            day_or_none(task.due, tell),
            task.reason,
        )
        for task in tasks_in_order(facts)
    )
    columns = tell.each(
        "public.area",
        "public.task",
        "public.agency",
        "public.stands",
        "public.due",
        "public.why",
    )
    table = Table(tell("public.tasks_caption"), columns, rows)
    notes = map(Paragraph, tasks_note(facts, tell))
    return Section("tasks", title, (table, *notes, *_as_written(tell)))


def _answers(facts: PublicFacts, tell: Speaker) -> Section:
    title = tell("public.answers_title")
    others = unquoted(facts, tell)
    notes = (Paragraph(" ".join(others)),) if others else ()
    if not facts.answers:
        return Section("answers", title, notes or (Paragraph(tell("public.answers_none")),))
    asked = answers_in_order(facts)
    rows = tuple((row.area, question(row, tell), reply(row, tell)) for row in asked)
    columns = (tell("public.area"), tell("public.you_said"), tell("public.we_did"))
    table = Table(tell("public.answers_caption"), columns, rows)
    return Section("answers", title, (table, *notes, *_as_written(tell)))


def _part(facts: PublicFacts, tell: Speaker) -> Section:
    blocks: list[Block] = [Bullets(ways_in(facts, tell))]
    if facts.meetings:
        rows = tuple(meeting_row(one, tell) for one in facts.meetings)
        columns = tell.each("public.meeting_on", "public.meeting_what", "public.meeting_where")
        blocks.append(Table(tell("public.meetings"), columns, rows))
    return Section("part", tell("public.part_title"), tuple(blocks))


def _as_written(tell: Speaker) -> tuple[Paragraph, ...]:
    """On a translated page, note that texts people wrote are not translated."""
    is_source = tell.language == ENGLISH
    return () if is_source else (Paragraph(tell("public.as_written"), is_faint=True),)
