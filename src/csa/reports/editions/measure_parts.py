"""The plan's measures in an edition: those with a value, and the names of those without."""

from __future__ import annotations

from collections.abc import Sequence

from csa.base.text import Speaker, render
from csa.reports.briefing.meeting_measures import AtQuarter
from csa.reports.document import Block, Paragraph, Table
from csa.reports.editions.phrases import kept_rows, more_rows

MAX_MEASURES = 14
MAX_NAMED = 9


def measures(chosen: Sequence[AtQuarter], tell: Speaker) -> list[Block]:
    """List measures with a value; name those without."""
    if not chosen:
        return [Paragraph(tell("report.measures_of_none"))]
    with_value = [at for at in chosen if at.now]
    without = [at.line.measure.name for at in chosen if not at.now]
    if not with_value and len(without) > MAX_NAMED:
        return [Paragraph(tell("report.measures_none_many", n=len(without)))]
    if not with_value:
        return [Paragraph(tell("report.measures_none", names="; ".join(without)))]
    rows, n_more = kept_rows(with_value, MAX_MEASURES)
    columns = tell.each(
        "report.measure", "report.now", "report.baseline", "report.target", "report.what_changed"
    )
    none = tell("report.none")
    table = Table(
        tell("report.measures_caption"),
        columns,
        tuple(
            (
                at.line.measure.name,
                tell("report.at_quarter", figure=at.now, quarter=at.line.last),
                at.baseline or none,
                at.target or none,
                _word(at, tell),
            )
            for at in rows
        ),
    )
    said = [tell("report.change_note")]
    if without:
        names = "; ".join(without)
        said.append(tell("report.measures_without", n=len(without), names=names))
    return [table, Paragraph(" ".join(said), is_faint=True), *more_rows(n_more, tell)]


def _word(at: AtQuarter, tell: Speaker) -> str:
    word = render(at.word, tell.language)
    return word if at.what is None else tell("meeting.judged", word=word, what=at.what)
