"""Why here, and what could be done: of one area on its sheet, and of all in a table."""

from __future__ import annotations

from collections.abc import Sequence

from csa.base.text import Speaker
from csa.config.evidence import EvidenceStudy
from csa.reports.document import Block, Bullets, Heading, Paragraph, Table
from csa.reports.editions.phrases import area_name, by_tier, kept_rows, kind_word, more_rows
from csa.reports.month.area_facts import AreaFacts
from csa.reports.month.facts import Facts
from csa.risk.files import FactorHere
from csa.risk.why import factor_words, layer_words, study_words

MAX_AREAS = 20
MAX_FACTORS = 4
MAX_STUDIES = 1
"""Most on an area's sheet, so that it keeps to its page; the prevention edition has all."""


def vacant_land(
    facts: Facts, area: AreaFacts, tell: Speaker, *, is_beside: bool = False
) -> list[Block]:
    """State how much vacant land the city's list has here."""
    listed, vacant = facts.config.vacant_land, area.why.vacant
    if listed is None or vacant is None:
        return []
    told = {"source": listed.source, "day": tell.day(listed.as_of)}
    counts = _counts(facts, area, tell)
    key = "report.walk_vacant" if counts else "report.walk_vacant_none"
    return [Paragraph(tell(key, counts=counts, **told), is_beside=is_beside)]


def _counts(facts: Facts, area: AreaFacts, tell: Speaker) -> str:
    counts = [(kind_word(facts, kind, tell), n) for kind, n in (area.why.vacant or {}).items() if n]
    return ", ".join(f"{kind}: {n:,}" for kind, n in counts)


def marks_here(
    facts: Facts, area: AreaFacts, tell: Speaker, *, is_beside: bool = False
) -> list[Block]:
    """State in few lines which places mark where risk is higher here."""
    factors = area.why.factors
    if factors is None:
        return []
    if not factors:
        return [Paragraph(tell("why_line.none"), is_beside=is_beside)]
    listed = [factor_words(one, facts.config, tell) for one in factors[:MAX_FACTORS]]
    said = (tell("why_line.marks"), f"{'; '.join(listed)}.", tell("why_line.no_cause"))
    return [Paragraph(" ".join(said), is_beside=is_beside)]


def study_here(area: AreaFacts, tell: Speaker) -> list[Block]:
    """Give what one study found about a kind of place that is here."""
    return [
        Paragraph(f"{tell('why_line.studies')} {study_words(one, tell)}")
        for one in area.why.studies[:MAX_STUDIES]
    ]


def why_table(facts: Facts, tell: Speaker) -> list[Block]:
    """Show what marks each area, its vacant land and what it lacks, then what helped elsewhere."""
    asked = [area for area in by_tier(facts.areas) if area.why.factors is not None]
    if not asked:
        return []
    rows, n_more = kept_rows(asked, MAX_AREAS)
    none = tell("report.none")
    table = Table(
        tell("report.why_caption"),
        tell.each("report.area", "report.why_places", "report.why_vacant", "report.why_lacking"),
        tuple(
            (
                area_name(area, tell),
                ", ".join(layer_words(one.layer, facts.config, tell) for one in _of(area)) or none,
                _counts(facts, area, tell) or none,
                ", ".join(kind_word(facts, kind, tell) for kind in area.why.lacking) or none,
            )
            for area in rows
        ),
    )
    factors = {one.layer: one for area in asked for one in _of(area)}
    studies = {one.what: one for area in asked for one in area.why.studies}
    return [
        Heading(tell("report.why_title")),
        table,
        *more_rows(n_more, tell),
        *_said(facts, tuple(factors.values()), tuple(studies.values()), tell),
    ]


def _of(area: AreaFacts) -> Sequence[FactorHere]:
    return area.why.factors or ()


def _said(
    facts: Facts,
    factors: Sequence[FactorHere],
    studies: Sequence[EvidenceStudy],
    tell: Speaker,
) -> list[Block]:
    """Give each factor and each study in a line."""
    blocks: list[Block] = []
    if factors:
        lines = tuple(factor_words(one, facts.config, tell) for one in factors)
        blocks += [Paragraph(tell("why_line.marks")), Bullets(lines)]
        blocks.append(Paragraph(tell("why_line.no_cause"), is_faint=True))
    if studies:
        found = tuple(study_words(one, tell) for one in studies)
        blocks += [Paragraph(tell("why_line.studies")), Bullets(found)]
    return blocks
