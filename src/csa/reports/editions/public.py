"""The edition for everyone, made from the public facts and the public wording alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from csa.base.errors import CsaError, PrivacyError
from csa.base.message import msg
from csa.base.text import Translator, render
from csa.reports.document import Block, Bullets, Document, Heading, Lead, Paragraph, Picture, Table
from csa.reports.editions.phrases import framed
from csa.reports.month.facts import Facts
from csa.reports.public.facts import PublicFacts
from csa.reports.public.map_sheet import public_sheet
from csa.reports.public.neighborhoods import bars_alt, with_most
from csa.reports.public.pages import Section
from csa.reports.public.sections import public_sections, public_title
from csa.reports.public.words import marks_of, noun

if TYPE_CHECKING:
    from csa.reports.editions.map_sheets import Draw

NONE_PUBLISHED = "0"
"""In place of a digest: the pages say that they are a draft, whatever is published later."""
ORDER = "number", "where", "areas", "change", "doing", "tasks", "answers", "part", "limits"
MAX_ROWS, MAX_NAMED = 5, 8
"""Most rows of a printed table, and neighborhoods beside the map."""
MAP_SHARE = 0.58


def public(facts: Facts, language: str, draw: Draw) -> Document:
    """Write the edition for everyone; refused where nothing may be published."""
    t = Translator(language)
    told = facts.public.facts
    if told is None:
        raise nothing_public(facts)
    sections = public_sections(told, language, _map(facts, told, t, draw))
    blocks = tuple(_blocks(told, sections, t))
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


def _blocks(told: PublicFacts, sections: Sequence[Section], t: Translator) -> Iterator[Block]:
    """Yield two pages' worth of the public report: the web page has the rest."""
    by_key: dict[str, Section] = {section.key: section for section in sections}
    for key in ORDER:
        if key != "tasks":  # these are below the plan
            yield Heading(by_key[key].title)
        said = [block.text for block in by_key[key].blocks if isinstance(block, Paragraph)]
        for block in by_key[key].blocks:
            if isinstance(block, Picture):
                yield replace(block, width_share=MAP_SHARE)
                yield from _most(told, t)
            elif isinstance(block, Lead):
                yield Paragraph(" ".join(block.sentences))
            elif isinstance(block, Bullets):
                yield Paragraph(" ".join(block.items), is_faint=key == "limits")
            elif isinstance(block, Table) and key != "doing":
                yield replace(block, rows=block.rows[:MAX_ROWS])
                yield from _more(len(block.rows), t)
            elif isinstance(block, Paragraph) and key != "number":
                yield block
        if key == "number":
            yield Paragraph(" ".join((*said, bars_alt(told.city_name, told.years, told, t))))


def _most(told: PublicFacts, t: Translator) -> Iterator[Block]:
    """Yield the neighborhoods with the highest numbers, to stand beside the map."""
    if most := with_most(told, MAX_NAMED):
        rows = tuple((place.name, f"{place.count:,}") for place in most)
        columns = t.each("public.neighborhood", "public.count")
        yield Table(t("public.most", what=noun(told, t)), columns, rows, (1,))
        yield from _more(len(told.districts), t, MAX_NAMED)


def _more(n: int, t: Translator, most: int = MAX_ROWS) -> Iterator[Block]:
    if n > most:
        yield Paragraph(t("report.public_more", n=n - most), is_faint=True, is_aside=True)


def _map(facts: Facts, told: PublicFacts, t: Translator, draw: Draw) -> bytes | None:
    try:
        return draw(public_sheet(told, facts.ground, facts.config, t.language))
    except CsaError:
        return None  # the section says so, in the public wording
