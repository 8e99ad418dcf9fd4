"""All public facts in order and in words, the same on the page, in the app and on paper."""

from __future__ import annotations

from csa.base.text import ENGLISH, Translator
from csa.reports.document import Block, Bullets, Lead, Paragraph, Picture, Table
from csa.reports.public.areas import area_changes, change_doubts, change_numbers, change_sentence
from csa.reports.public.facts import PublicFacts
from csa.reports.public.neighborhoods import meeting_row, neighborhood_blocks
from csa.reports.public.pages import Section
from csa.reports.public.plan import (
    action_title,
    actions_in_order,
    answers_in_order,
    day_or_none,
    how_to_participate,
    plan_words,
    question,
    reply,
    status_words,
    tasks_in_order,
    tasks_note,
    unquoted,
)
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
    t = Translator(language)
    return (
        _number(facts, t),
        _where(facts, t, map_png),
        _areas(facts, t),
        _neighborhoods(facts, t),
        _years(facts, t),
        _change(facts, t),
        _doing(facts, t),
        _tasks(facts, t),
        _answers(facts, t),
        _part(facts, t),
        Section("limits", t("public.limits_title"), (Bullets(limits(facts, t)),)),
    )


def public_title(facts: PublicFacts, language: str = ENGLISH) -> str:
    """Return the title of the public report."""
    t = Translator(language)
    return t("public.title", what=noun(facts, t), city=facts.city_name)


def _number(facts: PublicFacts, t: Translator) -> Section:
    count, what, when = city_count(facts.n_incidents, t), noun(facts, t), period(facts, t)
    whole_city = Paragraph(t("public.whole_city", count=count, what=what, when=when))
    lead = Lead((unit_sentence(facts, t), t("public.behind")))
    blocks = (lead, whole_city, Paragraph(t("public.changed")))
    return Section("number", t("public.number_title"), blocks)


def _where(facts: PublicFacts, t: Translator, png: bytes | None) -> Section:
    what, missing = noun(facts, t), t("public.map_missing")
    caption = t("public.map_caption", when=period(facts, t), source=facts.source)
    blocks: list[Block] = [
        Paragraph(f"{t('public.where', what=what)} {t('public.where_place')}"),
        Picture(png, map_alt(facts, t), caption, missing),
    ]
    if len(facts.classes) < 2:
        blocks.append(Paragraph(t("public.classes_none")))
    return Section("where", t("public.where_title", what=what), tuple(blocks))


def map_alt(facts: PublicFacts, t: Translator) -> str:
    """Describe the map for readers who cannot see it."""
    what, when = noun(facts, t), period(facts, t)
    return t("public.map_alt", city=facts.city_name, what=what, when=when)


def _areas(facts: PublicFacts, t: Translator) -> Section:
    blocks: list[Block] = [Paragraph(t("public.areas_about"))]
    if not facts.areas:
        blocks.append(Paragraph(t("public.areas_none")))
        return Section("areas", areas_title(facts, t), tuple(blocks))
    if not are_chosen(facts):
        blocks.append(Paragraph(t("public.areas_candidates")))
    rows, changed = [], dict(area_changes(facts, t))
    for area in facts.areas:
        since, count = day_or_none(area.since, t), city_count(area.count, t)
        row = area_name(area, facts, t), area_state(area, t), since, count
        rows.append((*row, changed.get(area, "")))
    columns = t.each(
        "term.area", "term.status", "public.since", "public.count", "wall.change_title"
    )
    caption = t("public.areas_caption", what=noun(facts, t), when=period(facts, t))
    blocks.append(Table(caption, columns, tuple(rows), numeric=(3,)))
    return Section("areas", areas_title(facts, t), tuple(blocks))


def _neighborhoods(facts: PublicFacts, t: Translator) -> Section:
    title = t("public.neighborhoods_title")
    if not facts.districts:
        return Section("neighborhoods", title, (Paragraph(t("public.neighborhoods_none")),))
    return Section("neighborhoods", title, neighborhood_blocks(facts, t))


def _years(facts: PublicFacts, t: Translator) -> Section:
    title = t("public.years_title")
    if not facts.years:
        return Section("years", title, (Paragraph(t("public.years_none")),))
    what, count = noun(facts, t), t("public.count")
    rows = tuple((str(year), city_count(n, t)) for year, n in facts.years)
    columns = t("public.year"), count
    blocks = [Table(t("public.years_caption", what=what), columns, rows, (1,))]
    if facts.quarters:
        latest = facts.quarters[-MOST_QUARTERS:]
        rows = tuple((quarter_words(name, t), city_count(n, t)) for name, n in latest)
        columns = t("public.quarter"), count
        blocks.append(Table(t("public.quarters_caption", what=what), columns, rows, (1,)))
    return Section("years", title, tuple(blocks))


def _change(facts: PublicFacts, t: Translator) -> Section:
    blocks: list[Block] = [Lead((change_sentence(facts, t),))]
    said = (*change_numbers(facts.change, t), *change_doubts(facts.change, t))
    if said:
        blocks.append(Paragraph(" ".join(said)))
    return Section("change", t("public.change_title"), tuple(blocks))


def _doing(facts: PublicFacts, t: Translator) -> Section:
    title = t("public.doing_title")
    if not facts.actions:
        return Section("doing", title, (Paragraph(t("public.doing_none")),))
    stands = t("term.status")
    rows = tuple(
        (action_title(action, t), status_words(action, facts, t), day_or_none(action.due, t))
        for action in actions_in_order(facts)
    )
    blocks = (
        Paragraph(plan_words(facts, t)),
        Table(t("public.actions_caption"), (t("term.action"), stands, t("term.due")), rows),
    )
    return Section("doing", title, blocks)


def _tasks(facts: PublicFacts, t: Translator) -> Section:
    title = t("public.tasks_title")
    if not facts.tasks:
        return Section("tasks", title, (Paragraph(t("public.tasks_none")),))
    rows = []
    for task in tasks_in_order(facts):
        status, due = status_words(task, facts, t), day_or_none(task.due, t)
        rows.append((task.area, task.what, task.agency, status, due, task.reason))
    columns = t.each(
        "term.area", "term.task", "public.agency", "term.status", "term.due", "term.why"
    )
    table = Table(t("public.tasks_caption"), columns, tuple(rows))
    notes = map(Paragraph, tasks_note(facts, t))
    return Section("tasks", title, (table, *notes, *_as_written(t)))


def _answers(facts: PublicFacts, t: Translator) -> Section:
    title = t("public.answers_title")
    others = unquoted(facts, t)
    notes = (Paragraph(" ".join(others)),) if others else ()
    if not facts.answers:
        return Section("answers", title, notes or (Paragraph(t("public.answers_none")),))
    rows = tuple((row.area, question(row, t), reply(row, t)) for row in answers_in_order(facts))
    columns = (t("term.area"), t("public.you_said"), t("public.we_did"))
    table = Table(t("public.answers_caption"), columns, rows)
    return Section("answers", title, (table, *notes, *_as_written(t)))


def _part(facts: PublicFacts, t: Translator) -> Section:
    blocks: list[Block] = [Bullets(how_to_participate(facts, t))]
    if facts.meetings:
        rows = tuple(meeting_row(one, t) for one in facts.meetings)
        columns = t.each("public.meeting_on", "public.meeting_what", "term.where")
        blocks.append(Table(t("public.meetings"), columns, rows))
    return Section("part", t("public.part_title"), tuple(blocks))


def _as_written(t: Translator) -> tuple[Paragraph, ...]:
    """On a translated page, note that texts people wrote are not translated."""
    return () if t.language == ENGLISH else (Paragraph(t("public.as_written"), is_faint=True),)
