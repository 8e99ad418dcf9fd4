"""The edition for the Executive Committee: what to decide, at two minutes a page."""

from __future__ import annotations

from csa.base.text import Speaker
from csa.reports.document import Block, Document, Heading, Lead, Paragraph
from csa.reports.editions.ending import data_notes, method
from csa.reports.editions.framing import as_of, framed
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
    blocks: list[Block] = [
        Lead((stands_out(facts, tell), lead_changed(facts, tell), to_decide(facts, tell))),
        Paragraph(as_of(facts, tell), is_faint=True),
        *decisions(facts, tell),
        *areas_by_tier(facts, tell),
        Heading(tell("report.where_title")),
        city_map(facts, tell, draw),
        *what_changed(facts, tell, with_singles=False),
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
    blocks += data_notes(facts, tell)
    blocks += method(facts, tell)
    return framed(facts, tell("report.executive"), blocks, tell)
