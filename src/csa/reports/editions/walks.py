"""Walk sheets for residents who look at a place together. They show no counts."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import replace

from csa.areas.explanation import within
from csa.base.text import Translator, in_ten
from csa.disclosure.texts import kinds_in
from csa.geo.cells import HALF, outline
from csa.reports.briefing.lines import DONE, status_word
from csa.reports.document import Block, Bullets, Document, Heading, PageBreak, Paragraph, Table
from csa.reports.editions.map_sheets import MAX_ON_WALK, Draw, walk_map
from csa.reports.editions.parts import marks_here, study_here, vacant_land
from csa.reports.editions.phrases import (
    area_name,
    by_tier,
    counted,
    framed,
    kind_word,
    months_covered,
    short_table,
)
from csa.reports.editions.public import nothing_public, with_figures
from csa.reports.month.facts import AreaFacts, Facts

MAX_SHEETS = 12
MAX_TASKS = 6
N_LINES = 3
ROOMY = 6
"""With so few places in the list there is room below it, beside the map."""


def walk_sheets(facts: Facts, language: str, draw: Draw) -> Document:
    """Write a walk sheet for each area: streets, services and things to look for.

    The sheets show no number of incidents, no month, no time of day, and only those tasks that
    may be shown to everyone. Refused where no area is in service and nothing may be published.
    """
    t = Translator(language)
    if not facts.is_served and facts.public.facts is None:
        raise nothing_public(facts)
    blocks = _pages(facts, [_sheet(facts, area, t, draw) for area in walked(facts)[0]], t)
    document = framed(facts, t("report.walks"), blocks, t, is_internal=False)
    if not facts.is_served:
        document = with_figures(document, facts, t)
    month = t.month(str(facts.month))
    subtitle = t("term.comma", name=facts.config.city.name, text=month)
    return replace(document, title=t("report.walks"), subtitle=subtitle)


def _pages(facts: Facts, sheets: Sequence[Sequence[Block]], t: Translator) -> list[Block]:
    """Put each sheet on a page of its own, and name the areas without one."""
    blocks: list[Block] = [*sheets[0]] if sheets else [Paragraph(t("report.walks_none"))]
    for sheet in sheets[1:]:
        blocks += [PageBreak(), *sheet]
    left = walked(facts)[1]
    if not left:
        return blocks
    values = {"n": len(left), "names": t.listed(sorted(area_name(area, t) for area in left))}
    said = t("report.walks_left" if facts.is_served else "report.walks_first", **values)
    return [*blocks, Paragraph(said, is_faint=True)]


def walked(facts: Facts) -> tuple[tuple[AreaFacts, ...], tuple[AreaFacts, ...]]:
    """Split areas into those that get a sheet and the rest: served ones, else those that are first.

    No more than `MAX_SHEETS`, so that the file stays printable.
    """
    order = by_tier(facts.areas if facts.is_served else _as_told(facts))
    chosen = [area for area in order if facts.is_served or area.is_first][:MAX_SHEETS]
    return tuple(chosen), tuple(area for area in order if area not in chosen)


def _as_told(facts: Facts) -> Sequence[AreaFacts]:
    """Return candidates as the public edition shows them; the others rest on figures held back."""
    if facts.public.facts is None:
        return facts.areas
    shown: dict[str, AreaFacts] = {}
    for area in by_tier(facts.areas):
        for public in facts.public.facts.areas:
            cells = public.ground
            alike = len(cells & area.cells) / len(cells | area.cells)
            if alike >= HALF and public.key not in shown:
                shape, name = outline(cells), public.place_name
                why = within(area.why, shape)
                own = replace(area, cells=cells, shape=shape, why=why, place_name=name)
                shown[public.key] = own
                break
    return tuple(shown.values())


def _sheet(facts: Facts, area: AreaFacts, t: Translator, draw: Draw) -> list[Block]:
    is_roomy = area.why.factors is not None and len(area.help.near if area.help else ()) <= ROOMY
    return [
        Heading(t("report.walk_title", area=area_name(area, t))),
        Paragraph(t("report.walk_about")),
        walk_map(facts, area, t, draw),
        *_help(facts, area, t),
        *vacant_land(facts, area, t, is_beside=is_roomy),
        *marks_here(facts, area, t, is_beside=is_roomy),
        *(study_here(area, t) if is_roomy else []),
        Heading(t("report.walk_tasks"), 3),
        *_tasks(area, t),
        Heading(t("report.walk_seen"), 3),
        Bullets((t("report.walk_line"),) * N_LINES, is_open=True),
    ]


def _help(facts: Facts, area: AreaFacts, t: Translator) -> list[Block]:
    near = () if area.help is None else area.help.near
    if not near:
        return [Heading(t("report.walk_help"), 3), Paragraph(t("report.walk_help_none"))]
    rows = tuple(
        (str(one.number), one.name, kind_word(facts, one.kind, t)) for one in near[:MAX_ON_WALK]
    )
    columns = t.each("report.walk_number", "report.walk_place", "report.walk_kind")
    table = Table(t("report.walk_help"), columns, rows)
    n_more = len(near) - MAX_ON_WALK
    more = [Paragraph(t("report.walk_more", n=n_more), is_faint=True)] if n_more > 0 else []
    return [table, *more]


def _tasks(area: AreaFacts, t: Translator) -> list[Block]:
    tasks = () if area.work is None else area.work.tasks
    open_ones = [task for task in tasks if task.is_public and task.status != DONE]
    # The public report refuses a text that was caught; here the author is warned as well.
    shown = [task for task in open_ones if not kinds_in(f"{task.what}. {task.agency}")]
    if not shown:
        return [Paragraph(t("report.walk_tasks_none"))]
    items = tuple(t("term.with", name=task.what, of=task.agency) for task in shown)
    n_more = len(shown) - MAX_TASKS
    more = [Paragraph(t("report.walk_more", n=n_more), is_faint=True)] if n_more > 0 else []
    return [Bullets(items[:MAX_TASKS], is_open=True), *more]


# ---- Leader's sheets for walks: counts for the leader only, copies numbered, every page marked.


MAX_LEADER_TASKS = 8


def leaders_sheets(facts: Facts, language: str, draw: Draw) -> Document:  # noqa: ARG001 - as all
    """Write a leader's sheet for each area."""
    t = Translator(language)
    areas, _ = walked(facts)
    sheets: list[list[Block]] = []
    for at, area in enumerate(areas, start=1):
        name = t("report.leader_title", at=at, of=len(areas), area=area_name(area, t))
        sheets.append([Heading(name), *_leader_sheet(facts, area, t)])
    name, watermark = t("report.leaders"), t("report.leader_watermark")
    return framed(facts, name, _pages(facts, sheets, t), t, watermark=watermark)


def _leader_sheet(facts: Facts, area: AreaFacts, t: Translator) -> list[Block]:
    months = area.times.by_month
    is_partial = bool((months["is_partial"] & months["is_covered"]).any())
    return [
        Paragraph(t("report.leader_about")),
        Paragraph(t("report.leader_copy")),
        Paragraph(_known(facts, area, t)),
        _months(area, t),
        *([Paragraph(t("report.partial_note"), is_faint=True)] if is_partial else []),
        *_parts(area, t),
        *marks_here(facts, area, t),
        *_leader_tasks(area, t),
        *_offices(facts, area, t),
    ]


def _known(facts: Facts, area: AreaFacts, t: Translator) -> str:
    what = counted(facts, t)
    known = {"n": area.incidents, "what": what, "months": months_covered(facts)}
    said = [
        t("report.leader_count_short", **known)
        if area.recent_12 is None
        else t("report.leader_count", **known, recent=area.recent_12)
    ]
    if area.usual is not None:
        said.append(t("label.likely", low=area.usual[0], high=area.usual[1]))
    if area.next12 is not None:
        expected, low, high = area.next12
        said.append(t("sheet.next12", expected=expected, low=low, high=high))
    if area.stability is not None:
        said.append(t("report.leader_stability", share=in_ten(area.stability), what=what))
    if area.is_doubtful:
        said.append(t("report.doubtful", n=1, areas=area_name(area, t)))
    return " ".join(said)


def _months(area: AreaFacts, t: Translator) -> Table:
    by_year: dict[str, dict[int, str]] = {}
    for row in area.times.by_month.to_dict("records"):
        year, month = str(row["month"]).split("-")
        counts, n = by_year.setdefault(year, {}), int(row["incidents"])
        if row["is_covered"]:
            counts[int(month)] = t("report.partial", n=n) if row["is_partial"] else f"{n:,}"
    names = tuple(t.month(f"2020-{month:02d}", is_short=True)[:3] for month in range(1, 13))
    numbers = tuple(range(1, 13))
    rows = tuple(
        (year, *(months.get(month, "") for month in numbers))
        for year, months in sorted(by_year.items())
    )
    return Table(t("report.leader_months"), (t("public.year"), *names), rows, numeric=numbers)


def _parts(area: AreaFacts, t: Translator) -> list[Block]:
    times = area.times
    if times.by_part is None:
        return [Paragraph(t("sheet.too_few_times"))]
    columns = t.each("report.day_of_week", "charts.day", "charts.evening", "charts.night")
    rows = tuple(
        (name, *(f"{n:,}" for n in row))
        for name, row in zip(calendar.day_name, times.by_part.to_numpy().tolist(), strict=True)
    )
    said = [
        t("report.leader_night"),
        t("sheet.without_time", n=times.without_time) if times.without_time else "",
        t("sheet.reported_time", n=times.reported_time) if times.reported_time else "",
    ]
    note = " ".join(sentence for sentence in said if sentence)
    table = Table(t("sheet.tab_times"), columns, rows, numeric=(1, 2, 3))
    return [table, Paragraph(note, is_faint=True)]


def _leader_tasks(area: AreaFacts, t: Translator) -> list[Block]:
    tasks = () if area.work is None else area.work.tasks
    if not tasks:
        return []
    rows = []
    for task in tasks:
        due = t("public.no_day") if task.due is None else t.day(task.due)
        rows.append((task.what, task.agency, status_word(task.status), due))
    columns = t.each("term.task", "label.agency", "term.status", "term.due")
    table = Table(t("report.leader_tasks"), columns, tuple(rows))
    return short_table(table, MAX_LEADER_TASKS, t)


def _offices(facts: Facts, area: AreaFacts, t: Translator) -> list[Block]:
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
    title = Heading(t("report.leader_offices"), 3)
    if not offices:
        return [title, Paragraph(t("report.leader_offices_none"))]
    if area.why.factors is not None:  # what marks the place needs the lines
        return [title, Paragraph(f"{t.listed(offices[:MAX_LEADER_TASKS])}.")]
    return [title, Bullets(offices[:MAX_LEADER_TASKS])]
