"""The five editions of a month, and the sheets handed out with the prevention edition.

Each edition is a `Document` of finished text; the code that renders files sees no facts. Walk
sheets are documents of their own: residents may hold one, so no internal page is in the same
file, and a leader's sheet is marked across each page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from csa.base.text import ENGLISH, Translator, render
from csa.reports.briefing.lines import DONE, WorkPlan
from csa.reports.briefing.measuring import MeasureStatus
from csa.reports.document import Block, Bullets, Document, Heading, Paragraph, Table
from csa.reports.editions.map_sheets import Draw, where
from csa.reports.editions.parts import (
    areas_by_tier,
    change_chart,
    describe_change,
    describe_concentration,
    measures,
    what_changed,
    why_table,
)
from csa.reports.editions.phrases import (
    area_name,
    by_tier,
    internal_edition,
    kind_word,
    more_rows,
    near_words,
    short_table,
)
from csa.reports.editions.plan_parts import (
    actions_by_team,
    arrivals,
    decisions,
    due_soon,
    late,
    open_slots,
    team_lead,
    team_parts,
    to_decide,
)
from csa.reports.editions.public import public
from csa.reports.editions.walks import leaders_sheets, walk_sheets
from csa.reports.month.facts import AreaFacts, AreaServices, Facts, PlanFacts

# ---- The edition for the enforcement team: cleared cases, shooting reviews, its actions.


ENFORCEMENT = "enforcement"
KINDS = frozenset({"clearance", "charges", "convictions", "cooperation"})
"""Kinds of measure about cases, wherever the plan names them."""


def enforcement(facts: Facts, language: str, draw: Draw) -> Document:
    """Write the edition for the enforcement team."""
    t = Translator(language)

    def measured(known: PlanFacts) -> list[Block]:
        return [*measures(of_cases(known), t), *_reviews(known, t)]

    blocks = [
        *team_parts(facts, ENFORCEMENT, t, measured),
        *where(facts, t, draw),
        *areas_by_tier(facts, t),
        *what_changed(facts, t, with_singles=True),
    ]
    return internal_edition(facts, t("report.enforcement"), _lead(facts, ENFORCEMENT, t), blocks, t)


def _lead(facts: Facts, team: str, t: Translator) -> tuple[str, ...]:
    """Name where areas stand out, what changed, and a team's status of actions."""
    where_and_change = describe_concentration(facts, t), describe_change(facts, t)
    return (*where_and_change, team_lead(facts, team, t))


def _reviews(known: PlanFacts, t: Translator) -> list[Block]:
    """Describe cases before and after shooting reviews began."""
    if not known.reviews:
        return [Paragraph(t("report.review_note"), is_faint=True)]
    reviews = [(measure.name, render(message, t.language)) for measure, message in known.reviews]
    said = tuple(t("term.pair", name=name, text=text) for name, text in reviews)
    title = Heading(t("report.review_title"), 3)
    return [title, Bullets(said), Paragraph(t("shoot_review.no_proof"), is_faint=True)]


def of_cases(known: PlanFacts) -> tuple[MeasureStatus, ...]:
    """List the measures about cases, then the others of the team's goal."""
    cases = [at for at in known.at_quarter if at.line.measure.kind in KINDS]
    ids = {at.line.measure.id for at in cases}
    others = [at for at in known.team_measures(ENFORCEMENT) if at.line.measure.id not in ids]
    return (*cases, *others)


# ---- The edition for the Executive Committee: what to decide, at two minutes a page.


def executive(facts: Facts, language: str, draw: Draw) -> Document:
    """Write the edition for the Executive Committee."""
    t, known = Translator(language), facts.plan
    lines = () if known is None else known.lines
    lead = describe_concentration(facts, t), describe_change(facts, t), to_decide(facts, t)
    measured: list[Block] = [Paragraph(t("report.no_plan_here"))]
    if known is not None:
        measured = [*measures(known.at_quarter, t), actions_by_team(known, facts.today, t)]
    blocks = [
        *decisions(facts, t),
        *arrivals(facts, t),
        *change_chart(facts, t),  # on the first page, with what is to be decided
        *where(facts, t, draw),
        *areas_by_tier(facts, t),
        *what_changed(facts, t, with_singles=False, with_chart=False),
        Heading(t("report.measures_title")),
        *measured,
        *late(facts, lines, t),
        *due_soon(facts, lines, t),
        *open_slots(facts, t),
    ]
    return internal_edition(facts, t("report.executive"), lead, blocks, t)


# ---- The edition for the intervention team: services in and near areas, greatest gaps first.


INTERVENTION = "intervention"
MAX_AREAS = 20


def intervention(facts: Facts, language: str, draw: Draw) -> Document:
    """Write the edition for the intervention team."""
    t = Translator(language)
    lead = first_needs(facts, t), describe_change(facts, t), team_lead(facts, INTERVENTION, t)
    blocks = [
        Heading(t("label.services_near")),
        *_services(facts, t),
        *areas_by_tier(facts, t),
        *where(facts, t, draw),
        *what_changed(facts, t, with_singles=False),
        *team_parts(facts, INTERVENTION, t),
    ]
    return internal_edition(facts, t("report.intervention"), lead, blocks, t)


def first_needs(facts: Facts, t: Translator) -> str:
    """Name the areas that lack the most kinds of service."""
    helped = _helped(facts)
    if not helped:
        return t("report.lacks_services") if facts.areas else t("report.walks_none")
    most = max(len(of.lacking) for _, of in helped)
    if not most:
        return t("report.no_gaps")
    names = [area_name(area, t) for area, of in helped if len(of.lacking) == most]
    return t("report.first_needs", n=most, areas=t.listed(sorted(names)))


def _helped(facts: Facts) -> list[tuple[AreaFacts, AreaServices]]:
    return [(area, area.help) for area in by_tier(facts.areas) if area.help is not None]


def _services(facts: Facts, t: Translator) -> list[Block]:
    helped, config = _helped(facts), facts.config.services
    if not helped or config is None:
        return [Paragraph(first_needs(facts, t))]
    # The area that lacks the most kinds comes first.
    helped.sort(key=lambda one: -len(one[1].lacking))
    rows = []
    for area, of in helped[:MAX_AREAS]:
        lacks = ", ".join(kind_word(facts, kind, t) for kind in of.lacking) or t("label.none")
        counts = f"{of.n_inside:,}", f"{len(of.near) - of.n_inside:,}"
        rows.append((area_name(area, t), *counts, _rate(of.per_1k, t), lacks))
    rows.append((t("label.citywide"), "", "", _rate(facts.services_per_1k, t), ""))
    columns = t.each("term.area", "label.in_area", "label.nearby", "report.per_1k")
    lacking = t("report.lacking", near=near_words(config.near_m, facts, t))
    table = Table(t("label.services_near"), (*columns, lacking), tuple(rows), numeric=(1, 2, 3))
    note = t("report.services_note", source=config.source, day=t.day(config.as_of))
    return [table, *more_rows(len(helped) - MAX_AREAS, t), Paragraph(note, is_faint=True)]


def _rate(per_1k: float | None, t: Translator) -> str:
    return t("term.unknown") if per_1k is None else t("report.rate", rate=per_1k)


# ---- The edition for the prevention team: areas, the work in them, and what is late.


PREVENTION = "prevention"


def prevention(facts: Facts, language: str, draw: Draw) -> Document:
    """Write the edition for the prevention team."""
    t = Translator(language)
    blocks = [
        *areas_by_tier(facts, t),
        *where(facts, t, draw),
        *what_changed(facts, t, with_singles=True),
        *why_table(facts, t),
        Heading(t("report.work_title")),
        *_work(facts, t),
        *team_parts(facts, PREVENTION, t),
    ]
    return internal_edition(facts, t("report.prevention"), _lead(facts, PREVENTION, t), blocks, t)


def _work(facts: Facts, t: Translator) -> list[Block]:
    """Show each served area's work plan as one row."""
    note, rows = Paragraph(t("report.sheets_note"), is_faint=True), []
    for area, work in ((area, area.work) for area in facts.areas):
        if work is None:
            continue
        undone = [task.due for task in work.tasks if task.status != DONE]
        n_late = sum(due is not None and due < facts.today for due in undone)
        n_open = sum(not row.answered for row in work.questions)
        done = t("label.of", n=work.n_done, of=len(work.tasks))
        last = t("report.never") if work.last is None else t.day(work.last)
        rows.append((area_name(area, t), done, f"{n_late:,}", _clock(work, t), f"{n_open:,}", last))
    if not rows:
        return [Paragraph(t("report.work_none")), note]
    columns = t.each("term.area", "report.tasks_done", "report.tasks_late", "report.sixty_days")
    columns += t.each("report.not_answered", "report.last_told")
    caption = t("report.work_caption", day=t.day(facts.today))
    table = Table(caption, columns, tuple(rows), numeric=(2, 4))
    return [*short_table(table, MAX_AREAS, t), note]


def _clock(work: WorkPlan, t: Translator) -> str:
    """Return the progress from first group meeting to start of work, in words."""
    match work.clock.state:
        case "not-started":
            return t("report.clock_none")
        case "running":
            return t("report.clock_running", day=work.clock.day)
        case "over":
            return t("report.clock_over", day=work.clock.day)
        case "begun":
            return t("report.clock_begun")


_EDITIONS: Mapping[str, Callable[[Facts, str, Draw], Document]] = {
    "executive": executive,
    "prevention": prevention,
    "intervention": intervention,
    "enforcement": enforcement,
    "public": public,
}
AUDIENCES = tuple(_EDITIONS)
WALKS, LEADERS = "prevention-walks", "prevention-leaders"
EXTRAS: Mapping[str, Callable[[Facts, str, Draw], Document]] = {
    WALKS: walk_sheets,
    LEADERS: leaders_sheets,
}
"""Files besides the editions, made the same way: `<month>_<name>_<language>`."""

FOR_RESIDENTS = frozenset({"public", WALKS})


def spoken(audience: str, language: str) -> str:
    """Return the language of an edition."""
    return language if audience in FOR_RESIDENTS else ENGLISH


def edition(facts: Facts, audience: str, language: str, draw: Draw) -> Document:
    """Write an edition."""
    return {**_EDITIONS, **EXTRAS}[audience](facts, spoken(audience, language), draw)
