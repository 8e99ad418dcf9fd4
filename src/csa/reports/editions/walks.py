"""Walk sheets for residents who look at a place together. They show no counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from csa.base.text import Speaker
from csa.disclosure.texts import kinds_in
from csa.geo.cells import outline
from csa.geo.ground import HALF
from csa.reports.briefing.working import DONE
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
from csa.reports.editions.map_sheets import MAX_ON_WALK, Draw, walk_map
from csa.reports.editions.phrases import area_name, by_tier, kept_rows, kind_word
from csa.reports.editions.public import nothing_public, with_figures
from csa.reports.editions.why_parts import marks_here, study_here, vacant_land
from csa.reports.month.area_facts import AreaFacts
from csa.reports.month.facts import Facts
from csa.risk.why import within

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
    tell = Speaker(language)
    blocks: list[Block] = []
    if not facts.is_served and facts.public.facts is None:
        raise nothing_public(facts)
    areas, left = walked(facts)
    for area in areas:
        blocks += [*([PageBreak()] if blocks else []), *_sheet(facts, area, tell, draw)]
    if not blocks:
        blocks.append(Paragraph(tell("report.walks_none")))
    blocks += not_here(facts, left, tell)
    document = framed(facts, tell("report.walks"), blocks, tell, is_internal=False)
    if not facts.is_served:
        document = with_figures(document, facts, tell)
    month = tell.month(str(facts.month))
    subtitle = tell("report.walks_subtitle", city=facts.config.city.name, month=month)
    return replace(document, title=tell("report.walks"), subtitle=subtitle)


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
            cells = frozenset(int(cell, 16) for cell in public.cells)
            alike = len(cells & area.cells) / len(cells | area.cells)
            if alike >= HALF and public.key not in shown:
                shape = outline(cells)
                shown[public.key] = replace(
                    area,
                    cells=cells,
                    shape=shape,
                    why=within(area.why, shape),
                    letter=public.letter,
                    name=public.place_name,
                )
                break
    return tuple(shown.values())


def not_here(facts: Facts, left: Sequence[AreaFacts], tell: Speaker) -> list[Block]:
    """Name the areas that have no sheet in the file."""
    if not left:
        return []
    told = {"n": len(left), "names": tell.listed(sorted(area_name(area, tell) for area in left))}
    said = tell("report.walks_left" if facts.is_served else "report.walks_first", **told)
    return [Paragraph(said, is_faint=True)]


def _sheet(facts: Facts, area: AreaFacts, tell: Speaker, draw: Draw) -> list[Block]:
    is_roomy = area.why.factors is not None and len(area.help.near if area.help else ()) <= ROOMY
    return [
        Heading(tell("report.walk_title", area=area_name(area, tell))),
        Paragraph(tell("report.walk_about")),
        walk_map(facts, area, tell, draw),
        *_help(facts, area, tell),
        *vacant_land(facts, area, tell, is_beside=is_roomy),
        *marks_here(facts, area, tell, is_beside=is_roomy),
        *(study_here(area, tell) if is_roomy else []),
        Heading(tell("report.walk_tasks"), 3),
        *_tasks(area, tell),
        Heading(tell("report.walk_seen"), 3),
        Bullets((tell("report.walk_line"),) * N_LINES, is_open=True),
    ]


def _help(facts: Facts, area: AreaFacts, tell: Speaker) -> list[Block]:
    if area.help is None or not area.help.near:
        title = Heading(tell("report.walk_help"), 3)
        return [title, Paragraph(tell("report.walk_help_none"))]
    rows, n_more = kept_rows(area.help.near, MAX_ON_WALK)
    columns = tell.each("report.walk_number", "report.walk_place", "report.walk_kind")
    table = Table(
        tell("report.walk_help"),
        columns,
        tuple((str(one.number), one.name, kind_word(facts, one.kind, tell)) for one in rows),
    )
    more = [Paragraph(tell("report.walk_more", n=n_more), is_faint=True)] if n_more else []
    return [table, *more]


def _tasks(area: AreaFacts, tell: Speaker) -> list[Block]:
    tasks = () if area.work is None else area.work.tasks
    open_ones = [task for task in tasks if task.is_public and task.status != DONE]
    # The public report refuses a text that was caught; here the author is warned as well.
    shown = [task for task in open_ones if not kinds_in(f"{task.what}. {task.agency}")]
    if not shown:
        return [Paragraph(tell("report.walk_tasks_none"))]
    rows, n_more = kept_rows(shown, MAX_TASKS)
    items = tuple(tell("report.walk_task", what=row.what, agency=row.agency) for row in rows)
    more = [Paragraph(tell("report.walk_tasks_more", n=n_more), is_faint=True)] if n_more else []
    return [Bullets(items, is_open=True), *more]
