"""The edition for the enforcement team: cleared cases, shooting reviews, its actions."""

from __future__ import annotations

from csa.base.text import Speaker, render
from csa.reports.briefing.meeting_measures import AtQuarter
from csa.reports.document import Block, Bullets, Document, Heading, Paragraph
from csa.reports.editions.framing import internal_edition
from csa.reports.editions.map_sheets import Draw, city_map
from csa.reports.editions.measure_parts import measures
from csa.reports.editions.parts import (
    areas_by_tier,
    lead_changed,
    stands_out,
    what_changed,
)
from csa.reports.editions.plan_parts import team_lead, team_parts
from csa.reports.month.facts import Facts, PlanFacts

TEAM = "enforcement"
KINDS = frozenset({"clearance", "charges", "convictions", "cooperation"})
"""Kinds of measure about cases, wherever the plan names them."""


def enforcement(facts: Facts, language: str, draw: Draw) -> Document:
    """Write the edition for the enforcement team."""
    tell = Speaker(language)
    lead = (stands_out(facts, tell), lead_changed(facts, tell), team_lead(facts, TEAM, tell))
    blocks: list[Block] = [
        Heading(tell("report.measures_title")),
        *team_parts(facts, TEAM, tell, lambda known: _of_cases(known, tell)),
        Heading(tell("report.where_title")),
        city_map(facts, tell, draw),
        *areas_by_tier(facts, tell),
        *what_changed(facts, tell, with_singles=True),
    ]
    return internal_edition(facts, tell("report.enforcement"), lead, blocks, tell)


def _of_cases(known: PlanFacts, tell: Speaker) -> list[Block]:
    return [*measures(of_cases(known), tell), *_reviews(known, tell)]


def _reviews(known: PlanFacts, tell: Speaker) -> list[Block]:
    """Describe cases before and after shooting reviews began."""
    if not known.reviews:
        return [Paragraph(tell("report.review_note"), is_faint=True)]
    said = tuple(
        tell("report.review_line", name=one.measure.name, said=render(one.message, tell.language))
        for one in known.reviews
    )
    title = Heading(tell("report.review_title"), 3)
    return [title, Bullets(said), Paragraph(tell("shoot_review.no_proof"), is_faint=True)]


def of_cases(known: PlanFacts) -> tuple[AtQuarter, ...]:
    """List the measures about cases, then the others of the team's goal."""
    cases = [at for at in known.at_quarter if at.line.measure.kind in KINDS]
    ids = {at.line.measure.id for at in cases}
    others = [at for at in known.team_measures(TEAM) if at.line.measure.id not in ids]
    return (*cases, *others)
