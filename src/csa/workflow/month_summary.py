"""The page that sums up a new month: what is new, what was made, what to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from csa.base.text import ENGLISH, month, render, speak
from csa.config.city import CityConfig
from csa.reports.document import Block, Box, Bullets, Document, Heading, Lead, Paragraph, Table
from csa.reports.html import render_html
from csa.reports.making import paper_of
from csa.reports.month.snapshot import Snapshot
from csa.workflow.month_ahead import left_out_sentence
from csa.workflow.month_preview import MonthPreview, preview_sentences

SUMMARY = "summary.html"
MOST_LEAD = 3


def summary_page(
    config: CityConfig, snapshot: Snapshot, preview: MonthPreview, account: Mapping[str, Any]
) -> bytes:
    """Write the page that a city opens first when a month was made."""
    city = config.city
    title = speak("month.title", month=month(preview.month))
    document = Document(
        title=title,
        subtitle=city.name,
        language=ENGLISH,
        marks=(speak("screen.sample"),) if city.is_synthetic else (),
        footer=f"{city.name} · {title}",
        blocks=tuple(_blocks(preview, account)),
        snapshot_id=snapshot.id,
        audit_head=snapshot.audit_head if snapshot.audit_n else "",
    )
    return render_html(document, paper_of(config))


def _blocks(preview: MonthPreview, account: Mapping[str, Any]) -> Iterator[Block]:
    said = [render(one) for one in preview_sentences(preview)]
    yield Lead(tuple(said[:MOST_LEAD]))
    if said[MOST_LEAD:]:
        yield Bullets(tuple(said[MOST_LEAD:]))
    yield Heading(speak("month.change"))
    yield Paragraph(account["change"]["sentence"] or speak("month.change_unknown"))
    if account["left_out"]:
        said = [left_out_sentence(one["products"], one["why"]) for one in account["left_out"]]
        yield Box(speak("month.left_out_title"), tuple(said))
    if account["record_made"]:
        yield Bullets((speak("month.recorded"),))
    yield Heading(speak("month.files"))
    columns = (speak("month.file"), speak("month.sha256"))
    rows = tuple((name, code[:12]) for name, code in account["files"].items())
    yield Table(speak("month.files_caption"), columns, rows)
    if account["notes"]:
        yield Heading(speak("month.look_at"))
        yield Bullets(tuple(account["notes"]))
