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
from csa.reports.public.plan import actions_in_order, status_at_quarter_end
from csa.reports.public.sections import public_sections, public_title
from csa.reports.public.words import marks_of

NONE_PUBLISHED = "0"
"""In place of a digest: the pages say that they are a draft, whatever is published later."""
MAX_ACTIONS = 20
MAX_COLUMNS = 5
MAX_NEIGHBORHOODS = 40
"""Most neighborhoods in a printed table; beyond it, only those with a number are kept."""


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
    blocks: list[Block] = []
    for section in sections:
        blocks.append(Heading(section.title))
        for block in section.blocks:
            if section.key == "neighborhoods" and isinstance(block, Table):
                blocks += _shortened(told, _narrowed(block), t)
            elif section.key == "years" and isinstance(block, Table) and block is section.blocks[0]:
                blocks += years_chart(told, t)  # in place of the table, with its numbers
            elif section.key == "doing" and isinstance(block, Table):
                blocks += _with_news(told, block, t)
            else:
                blocks.append(block)
    return blocks


def _narrowed(table: Table) -> Table:
    """Keep the columns with numbers: what is done and who meets are sections of their own."""
    rows = tuple(row[:MAX_COLUMNS] for row in table.rows)
    return replace(table, columns=table.columns[:MAX_COLUMNS], rows=rows)


def _shortened(told: PublicFacts, table: Table, t: Translator) -> list[Block]:
    """If the table is long, move the neighborhoods without a number to one sentence."""
    if len(table.rows) <= MAX_NEIGHBORHOODS:
        return [table]
    named = {place.name for place in told.districts if place.count is not None}
    rows = tuple(row for row in table.rows if row[0] in named)
    names = [row[0] for row in table.rows if row[0] not in named]
    rest = Paragraph(t("report.public_rest", n=len(names), names=t.listed(names)))
    return [replace(table, rows=rows), rest] if names else [table]


def _with_news(told: PublicFacts, table: Table, t: Translator) -> list[Block]:
    """If the table is long, drop actions without an update; the summary counts them."""
    if len(table.rows) <= MAX_ACTIONS:
        return [table]
    silent = [
        status_at_quarter_end(action, told) == "no-update" for action in actions_in_order(told)
    ]
    rows = tuple(row for row, is_silent in zip(table.rows, silent, strict=True) if not is_silent)
    if len(rows) == len(table.rows):
        return [table]
    rest = Paragraph(t("report.public_no_news", n=len(table.rows) - len(rows)))
    return [replace(table, rows=rows), rest] if rows else [rest]


def _map(facts: Facts, told: PublicFacts, t: Translator, draw: Draw) -> bytes | None:
    try:
        return draw(public_sheet(told, facts.ground, facts.config, t.language))
    except CsaError:
        return None  # the section says so, in the public wording
