"""The frame of an edition: title, marks and footer."""

from __future__ import annotations

from collections.abc import Sequence

from csa.base.text import ENGLISH, Speaker
from csa.reports.document import Block, Document
from csa.reports.month.facts import Facts


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


def as_of(facts: Facts, tell: Speaker) -> str:
    """Return a sentence with the dates that the data and the plan run through."""
    through, day = tell.day(facts.data_through), tell.day(facts.today)
    return tell("report.as_of", through=through, day=day)
