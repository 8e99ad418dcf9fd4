"""The edition for everyone, made from the public facts and the public wording alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from csa.base.errors import CsaError, PrivacyError
from csa.base.message import msg
from csa.base.text import Translator, render
from csa.reports.document import Block, Document, Heading, Paragraph, Table
from csa.reports.editions.charts import years_chart
from csa.reports.editions.map_sheets import Draw
from csa.reports.editions.phrases import framed
from csa.reports.month.facts import Facts
from csa.reports.public.facts import PublicFacts
from csa.reports.public.map_sheet import public_sheet
from csa.reports.public.pages import Section
from csa.reports.public.sections import public_sections, public_title
from csa.reports.public.words import marks_of

NONE_PUBLISHED = "0"
"""In place of a digest: the pages say that they are a draft, whatever is published later."""
MAX_ROWS = 10
"""Most rows of a printed table."""


def public(facts: Facts, language: str, draw: Draw) -> Document:
    """Write the edition for everyone; refused where nothing may be published."""
    t = Translator(language)
    told = facts.public.facts
    if told is None:
        raise nothing_public(facts)
    sections = public_sections(told, language, _map(facts, told, t, draw))
    blocks = _blocks(told, sections, t)
    document = framed(facts, t("report.public"), blocks, t, is_internal=False)
    document = replace(document, title=public_title(told, language), audit_head="")
    return with_figures(replace(document, marks=marks_of(told, language)), facts, t)


def nothing_public(facts: Facts) -> PrivacyError:
    """Return the refusal of an edition for residents: an empty page would be an internal one."""
    why = facts.public.why_not or msg("report.public_not_asked")
    return PrivacyError("report.nothing_public", why=render(why))


def with_figures(document: Document, facts: Facts, t: Translator) -> Document:
    """Name the publication that its figures are of; those of none are marked as a draft."""
    if facts.public.caution is None:
        return replace(document, figures=facts.public.figures)
    return replace(document, figures=NONE_PUBLISHED, watermark=t("report.public_draft"))


def _blocks(told: PublicFacts, sections: Sequence[Section], t: Translator) -> list[Block]:
    """Return two pages' worth of the public report: the web page has the rest."""
    blocks: list[Block] = []
    for section in sections:
        tables = [block for block in section.blocks if isinstance(block, Table)]
        blocks.append(Heading(section.title))
        for block in section.blocks:
            if block not in tables:
                blocks.append(block)
            elif section.key == "years":
                blocks += years_chart(told, t) if block is tables[0] else []
            elif block is tables[0]:  # of the plan, how many actions are late
                blocks += _shortened(told, block, t)
    return blocks


def _shortened(told: PublicFacts, table: Table, t: Translator) -> list[Block]:
    """Keep the first rows of a long table; of neighborhoods, those with the highest numbers."""
    counts = {place.name: place.count or 0 for place in told.districts}
    first = sorted(table.rows, key=lambda row: -counts.get(row[0], 0))[:MAX_ROWS]
    rows = tuple(row for row in table.rows if row in first)
    n_more = len(table.rows) - len(rows)
    rest = [Paragraph(t("report.public_more", n=n_more), is_faint=True)] if n_more else []
    return [replace(table, rows=rows), *rest]


def _map(facts: Facts, told: PublicFacts, t: Translator, draw: Draw) -> bytes | None:
    try:
        return draw(public_sheet(told, facts.ground, facts.config, t.language))
    except CsaError:
        return None  # the section says so, in the public wording
