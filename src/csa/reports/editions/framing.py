"""The frame of an edition: title, marks and footer, what it begins with and how it ends."""

from __future__ import annotations

from collections.abc import Sequence

from csa.areas.criterion import weights_of
from csa.areas.ordering import say_order
from csa.base.text import ENGLISH, Speaker, render
from csa.reports.document import Block, Box, Bullets, Document, Heading, Lead, Paragraph
from csa.reports.editions.phrases import counted, months_covered, radius_words
from csa.reports.month.facts import Facts


def internal_edition(
    facts: Facts, name: str, lead: tuple[str, ...], blocks: Sequence[Block], tell: Speaker
) -> Document:
    """Assemble an internal edition: first what matters and the dates, last data and method."""
    opening = (Lead(lead), Paragraph(_as_of(facts, tell), is_faint=True))
    closing = (*_data_notes(facts, tell), *_method(facts, tell))
    return framed(facts, name, (*opening, *blocks, *closing), tell)


def framed(
    facts: Facts,
    name: str,
    blocks: Sequence[Block],
    tell: Speaker,
    *,
    is_internal: bool = True,
    watermark: str = "",
) -> Document:
    """Assemble an edition from its blocks."""
    city, month = facts.config.city, tell.month(str(facts.month))
    proxy = city.nonfatal_name if tell.language == ENGLISH else tell("public.reports")
    marks = (
        tell("report.internal") if is_internal else "",
        tell("report.made_up") if city.is_synthetic else "",
        tell("report.proxy", what=proxy) if city.nonfatal_is_proxy else "",
        tell("public.unreviewed") if _is_unreviewed(facts, tell) else "",
    )
    identity = {"city": city.name, "edition": name}
    return Document(
        title=tell("report.title", month=month),
        subtitle=tell("report.subtitle", **identity),
        language=tell.language,
        marks=tuple(mark for mark in marks if mark),
        footer=tell("report.footer", month=month, id=facts.snapshot.id, **identity),
        blocks=tuple(blocks),
        snapshot_id=facts.snapshot.id,
        audit_head=facts.snapshot.audit_head if facts.snapshot.audit_n else "",
        watermark=watermark,
    )


def _is_unreviewed(facts: Facts, tell: Speaker) -> bool:
    return tell.language != ENGLISH and not facts.config.public.spanish_office


def _as_of(facts: Facts, tell: Speaker) -> str:
    """Return a sentence with the dates that the data and the plan run through."""
    through, day = tell.day(facts.data_through), tell.day(facts.today)
    return tell("report.as_of", through=through, day=day)


def _data_notes(facts: Facts, tell: Speaker) -> list[Block]:
    """List what readers should know about the data."""
    said = tuple(render(message, tell.language) for message in facts.notes)
    return [Heading(tell("report.notes_title")), Bullets(said)] if said else []


def _method(facts: Facts, tell: Speaker) -> list[Block]:
    """Describe how the report was made, and what it lacks."""
    params, what = facts.summary["params"], counted(facts, tell)
    order = weights_of(facts.summary)
    said = (
        tell(
            "report.method_areas",
            min_samples=params["min_samples"],
            what=what,
            eps=radius_words(params["eps_m"], facts, tell),
            months=months_covered(facts),
        ),
        tell("report.method_tiers", order=render(say_order(order), tell.language)),
        tell("report.method_change"),
        tell("report.method_snapshot", id=facts.snapshot.id),
    )
    lacking = tuple(render(message, tell.language) for message in facts.missing)
    missing = [Box(tell("report.missing_title"), lacking)] if lacking else []
    return [*missing, Box(tell("report.method_title"), said)]
