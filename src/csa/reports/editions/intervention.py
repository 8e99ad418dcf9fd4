"""The edition for the intervention team: services in and near areas, greatest gaps first."""

from __future__ import annotations

from csa.base.text import Speaker
from csa.reports.document import Block, Document, Heading, Paragraph, Table
from csa.reports.editions.framing import internal_edition
from csa.reports.editions.map_sheets import Draw, city_map
from csa.reports.editions.measure_parts import measures
from csa.reports.editions.parts import areas_by_tier, lead_changed, what_changed
from csa.reports.editions.phrases import (
    area_name,
    by_tier,
    kept_rows,
    kind_word,
    more_rows,
    near_words,
)
from csa.reports.editions.plan_parts import team_lead, team_parts
from csa.reports.month.area_facts import AreaFacts, Help
from csa.reports.month.facts import Facts

TEAM = "intervention"
MAX_AREAS = 20


def intervention(facts: Facts, language: str, draw: Draw) -> Document:
    """Write the edition for the intervention team."""
    tell = Speaker(language)
    lead = (first_needs(facts, tell), lead_changed(facts, tell), team_lead(facts, TEAM, tell))
    blocks: list[Block] = [
        Heading(tell("report.services_title")),
        *_services(facts, tell),
        *areas_by_tier(facts, tell),
        Heading(tell("report.where_title")),
        city_map(facts, tell, draw),
        *what_changed(facts, tell, with_singles=False),
        Heading(tell("report.measures_title")),
        *team_parts(facts, TEAM, tell, lambda known: measures(known.team_measures(TEAM), tell)),
    ]
    return internal_edition(facts, tell("report.intervention"), lead, blocks, tell)


def first_needs(facts: Facts, tell: Speaker) -> str:
    """Name the areas that lack the most kinds of service."""
    helped = _helped(facts)
    if not helped:
        return tell("report.lacks_services") if facts.areas else tell("report.walks_none")
    most = max(len(of.lacking) for _, of in helped)
    if not most:
        return tell("report.no_gaps")
    names = [area_name(area, tell) for area, of in helped if len(of.lacking) == most]
    return tell("report.first_needs", n=most, areas=tell.listed(sorted(names)))


def _helped(facts: Facts) -> list[tuple[AreaFacts, Help]]:
    return [(area, area.help) for area in by_tier(facts.areas) if area.help is not None]


def _services(facts: Facts, tell: Speaker) -> list[Block]:
    helped, config = _helped(facts), facts.config.services
    if not helped or config is None:
        return [Paragraph(first_needs(facts, tell))]
    # The area that lacks the most kinds comes first.
    helped.sort(key=lambda one: -len(one[1].lacking))
    rows, n_more = kept_rows(helped, MAX_AREAS)
    none = tell("report.none")
    listed = [
        (
            area_name(area, tell),
            f"{of.n_inside:,}",
            f"{len(of.near) - of.n_inside:,}",
            _rate(of.per_1k, tell),
            ", ".join(kind_word(facts, kind, tell) for kind in of.lacking) or none,
        )
        for area, of in rows
    ]
    listed.append((tell("report.whole_city"), "", "", _rate(facts.services_per_1k, tell), ""))
    near = near_words(config.near_m, facts, tell)
    table = Table(
        tell("report.services_caption"),
        (
            *tell.each("report.area", "report.in_it", "report.near_it", "report.per_1k"),
            tell("report.lacking", near=near),
        ),
        tuple(listed),
        numeric=(1, 2, 3),
    )
    note = tell("report.services_note", source=config.source, day=tell.day(config.as_of))
    return [table, *more_rows(n_more, tell), Paragraph(note, is_faint=True)]


def _rate(per_1k: float | None, tell: Speaker) -> str:
    return tell("report.rate_none") if per_1k is None else tell("report.rate", rate=per_1k)
