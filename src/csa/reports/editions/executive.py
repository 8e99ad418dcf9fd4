"""The edition for the Executive Committee: what to decide, at two minutes a page."""

from __future__ import annotations

from csa.base.text import Speaker
from csa.reports.document import Block, Document, Heading, Paragraph
from csa.reports.editions.charts import change_chart
from csa.reports.editions.framing import internal_edition
from csa.reports.editions.map_sheets import Draw, city_map
from csa.reports.editions.measure_parts import measures
from csa.reports.editions.parts import (
    areas_by_tier,
    lead_changed,
    stands_out,
    what_changed,
)
from csa.reports.editions.plan_parts import (
    actions_by_team,
    decisions,
    due_soon,
    late,
    open_slots,
    to_decide,
)
from csa.reports.month.facts import Facts


def executive(facts: Facts, language: str, draw: Draw) -> Document:
    """Write the edition for the Executive Committee."""
    tell = Speaker(language)
    known = facts.plan
    lines = () if known is None else known.lines
    lead = (stands_out(facts, tell), lead_changed(facts, tell), to_decide(facts, tell))
    blocks: list[Block] = [
        *decisions(facts, tell),
        *change_chart(facts, tell),  # on the first page, with what is to be decided
        *areas_by_tier(facts, tell),
        *what_changed(facts, tell, with_singles=False, with_chart=False),
        Heading(tell("report.where_title")),
        city_map(facts, tell, draw),
        Heading(tell("report.measures_title")),
    ]
    if known is None:
        blocks.append(Paragraph(tell("report.no_plan_here")))
    else:
        blocks += measures(known.at_quarter, tell)
        blocks.append(actions_by_team(known, facts.today, tell))
    blocks += late(facts, lines, tell)
    blocks += due_soon(facts, lines, tell)
    blocks += open_slots(facts, tell)
    return internal_edition(facts, tell("report.executive"), lead, blocks, tell)
