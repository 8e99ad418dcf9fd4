"""Leader's sheets for walks: counts for the leader only, copies numbered, every page marked."""

from __future__ import annotations

import calendar

from csa.base.text import Speaker, in_ten
from csa.reports.briefing import status_word
from csa.reports.document import (
    Block,
    Bullets,
    Document,
    Heading,
    PageBreak,
    Paragraph,
    Table,
)
from csa.reports.editions.framing import framed
from csa.reports.editions.map_sheets import Draw
from csa.reports.editions.phrases import area_name, counted, kept_rows, months_covered, more_rows
from csa.reports.editions.walks import not_here, walked
from csa.reports.editions.why_parts import marks_here
from csa.reports.month.area_facts import AreaFacts, AreaMonth
from csa.reports.month.facts import Facts

MAX_TASKS = 8


def leaders_sheets(facts: Facts, language: str, draw: Draw) -> Document:  # noqa: ARG001 - as all
    """Write a leader's sheet for each area."""
    tell = Speaker(language)
    blocks: list[Block] = []
    areas, left = walked(facts)
    for at, area in enumerate(areas, start=1):
        name = tell("report.leader_title", at=at, of=len(areas), area=area_name(area, tell))
        blocks += [*([PageBreak()] if blocks else []), Heading(name), *_sheet(facts, area, tell)]
    if not blocks:
        blocks.append(Paragraph(tell("report.walks_none")))
    blocks += not_here(facts, left, tell)
    name, watermark = tell("report.leaders"), tell("report.leader_watermark")
    return framed(facts, name, blocks, tell, watermark=watermark)


def _sheet(facts: Facts, area: AreaFacts, tell: Speaker) -> list[Block]:
    return [
        Paragraph(tell("report.leader_about")),
        Paragraph(tell("report.leader_copy")),
        Paragraph(_known(facts, area, tell)),
        _months(area, tell),
        *_partly(area, tell),
        *_parts(area, tell),
        *marks_here(facts, area, tell),
        *_tasks(area, tell),
        *_offices(facts, area, tell),
    ]


def _known(facts: Facts, area: AreaFacts, tell: Speaker) -> str:
    what = counted(facts, tell)
    known = {"n": area.incidents, "what": what, "months": months_covered(facts)}
    said = [
        tell("report.leader_count_short", **known)
        if area.recent_12 is None
        else tell("report.leader_count", **known, recent=area.recent_12)
    ]
    if area.usual is not None:
        said.append(tell("report.leader_usual", low=area.usual[0], high=area.usual[1]))
    if area.next12 is not None:
        expected, low, high = area.next12
        said.append(tell("report.leader_next12", expected=expected, low=low, high=high))
    if area.stability is not None:
        share = in_ten(area.stability)
        said.append(tell("report.leader_stability", share=share, what=what))
    if area.is_doubtful:
        said.append(tell("report.doubtful", n=1, areas=area_name(area, tell)))
    return " ".join(said)


def _months(area: AreaFacts, tell: Speaker) -> Table:
    by_year: dict[str, dict[int, AreaMonth]] = {}
    for one in area.times.months:
        year, month = one.month.split("-")
        by_year.setdefault(year, {})[int(month)] = one
    names = tuple(tell.month(f"2020-{month:02d}", is_short=True)[:3] for month in range(1, 13))
    return Table(
        tell("report.leader_months"),
        (tell("report.year"), *names),
        tuple(
            (year, *(_month(months.get(month), tell) for month in range(1, 13)))
            for year, months in sorted(by_year.items())
        ),
        numeric=tuple(range(1, 13)),
    )


def _month(one: AreaMonth | None, tell: Speaker) -> str:
    if one is None or one.n is None:
        return ""
    return tell("report.partial", n=one.n) if one.is_partial else f"{one.n:,}"


def _partly(area: AreaFacts, tell: Speaker) -> list[Block]:
    if not any(one.is_partial and one.n is not None for one in area.times.months):
        return []
    return [Paragraph(tell("report.partial_note"), is_faint=True)]


def _parts(area: AreaFacts, tell: Speaker) -> list[Block]:
    times = area.times
    if times.parts is None:
        return [Paragraph(tell("report.leader_parts_few"))]
    columns = tell.each("report.day_of_week", "charts.day", "charts.evening", "charts.night")
    rows = tuple(
        (name, *(f"{n:,}" for n in row))
        for name, row in zip(calendar.day_name, times.parts, strict=True)
    )
    said = [
        tell("report.leader_night"),
        tell("sheet.without_time", n=times.without_time) if times.without_time else "",
        tell("sheet.reported_time", n=times.reported_time) if times.reported_time else "",
    ]
    note = " ".join(sentence for sentence in said if sentence)
    table = Table(tell("report.leader_parts"), columns, rows, numeric=(1, 2, 3))
    return [table, Paragraph(note, is_faint=True)]


def _tasks(area: AreaFacts, tell: Speaker) -> list[Block]:
    tasks = () if area.work is None else area.work.tasks
    if not tasks:
        return []
    rows, n_more = kept_rows(tasks, MAX_TASKS)
    table = Table(
        tell("report.leader_tasks"),
        tell.each("report.task", "report.agency", "report.status", "report.due"),
        tuple(
            (
                task.what,
                task.agency,
                status_word(task.status),
                tell("report.no_day") if task.due is None else tell.day(task.due),
            )
            for task in rows
        ),
    )
    return [table, *more_rows(n_more, tell)]


def _offices(facts: Facts, area: AreaFacts, tell: Speaker) -> list[Block]:
    """Name offices and organizations to ask, never a person."""
    work, known = area.work, facts.plan
    team = () if known is None else tuple(t for t in known.plan.teams if t.id == "prevention")
    named = (
        *(one.chair_office for one in team),
        *(() if work is None else (work.area.office, *(task.agency for task in work.tasks))),
        *(() if work is None else (taker.organisation for taker in work.stakeholders)),
        *(line.state.office for line in area.lines),
    )
    offices = tuple(dict.fromkeys(name for name in named if name))
    title = Heading(tell("report.leader_offices"), 3)
    if not offices:
        return [title, Paragraph(tell("report.leader_offices_none"))]
    if area.why.factors is not None:  # what marks the place needs the lines
        return [title, Paragraph(f"{tell.listed(offices[:MAX_TASKS])}.")]
    return [title, Bullets(offices[:MAX_TASKS])]
