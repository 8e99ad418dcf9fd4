"""The edition for the prevention team: areas, the work in them, and what is late."""

from __future__ import annotations

from csa.base.text import Speaker
from csa.reports.briefing.working import DONE, WorkPlan
from csa.reports.document import Block, Document, Heading, Paragraph, Table
from csa.reports.editions.framing import internal_edition
from csa.reports.editions.map_sheets import Draw, city_map
from csa.reports.editions.measure_parts import measures
from csa.reports.editions.parts import (
    areas_by_tier,
    lead_changed,
    stands_out,
    what_changed,
)
from csa.reports.editions.phrases import area_name, kept_rows, more_rows
from csa.reports.editions.plan_parts import team_lead, team_parts
from csa.reports.editions.why_parts import why_table
from csa.reports.month.area_facts import AreaFacts
from csa.reports.month.facts import Facts

TEAM = "prevention"
MAX_AREAS = 20


def prevention(facts: Facts, language: str, draw: Draw) -> Document:
    """Write the edition for the prevention team."""
    tell = Speaker(language)
    lead = (stands_out(facts, tell), lead_changed(facts, tell), team_lead(facts, TEAM, tell))
    blocks: list[Block] = [
        *areas_by_tier(facts, tell),
        Heading(tell("report.where_title")),
        city_map(facts, tell, draw),
        *what_changed(facts, tell, with_singles=True),
        *why_table(facts, tell),
        Heading(tell("report.work_title")),
        *_work(facts, tell),
        Heading(tell("report.measures_title")),
        *team_parts(facts, TEAM, tell, lambda known: measures(known.team_measures(TEAM), tell)),
    ]
    return internal_edition(facts, tell("report.prevention"), lead, blocks, tell)


def _work(facts: Facts, tell: Speaker) -> list[Block]:
    """Show each served area's work plan as one row."""
    note = Paragraph(tell("report.sheets_note"), is_faint=True)
    worked = [area for area in facts.areas if area.work is not None]
    if not worked:
        return [Paragraph(tell("report.work_none")), note]
    rows, n_more = kept_rows(worked, MAX_AREAS)
    table = Table(
        tell("report.work_caption", day=tell.day(facts.today)),
        tell.each(
            "report.area",
            "report.tasks_done",
            "report.tasks_late",
            "report.sixty_days",
            "report.not_answered",
            "report.last_told",
        ),
        tuple(_work_row(facts, area, area.work, tell) for area in rows if area.work is not None),
        numeric=(2, 4),
    )
    return [table, *more_rows(n_more, tell), note]


def _work_row(facts: Facts, area: AreaFacts, work: WorkPlan, tell: Speaker) -> tuple[str, ...]:
    n_late = sum(
        task.status != DONE and task.due is not None and task.due < facts.today
        for task in work.tasks
    )
    return (
        area_name(area, tell),
        tell("report.of_tasks", done=work.n_done, n=len(work.tasks)),
        f"{n_late:,}",
        _clock(work, tell),
        f"{sum(not row.answered for row in work.asked):,}",
        tell("report.never") if work.last is None else tell.day(work.last),
    )


def _clock(work: WorkPlan, tell: Speaker) -> str:
    """Return the progress from first group meeting to start of work, in words."""
    match work.clock.state:
        case "not-started":
            return tell("report.clock_none")
        case "running":
            return tell("report.clock_running", day=work.clock.day)
        case "over":
            return tell("report.clock_over", day=work.clock.day)
        case "begun":
            return tell("report.clock_begun")
