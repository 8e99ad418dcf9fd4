"""The one chart of an edition: what was counted beside what no change would give, or the years."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import shapely

from csa.base.text import Translator
from csa.change.verdict import CumulativeCounts
from csa.city.preregistration import Verdict
from csa.city.selection import AreaSelection
from csa.geo.palette import PAPER
from csa.reports.document import Block, Heading, Picture
from csa.reports.maps.marks import Fill, Mark, Stroke, Words, wrap, writable
from csa.reports.month.facts import Facts

WIDTH, DPI, TEXT_PX = 1340, 200, 22
LABEL_PX, SAID_PX, ROW_PX = 310, 330, 84
BAND, PALE = "#9fb6b8", "#d9dedf"
"""Here, and next door; on gray paper one is twice as dark as the other."""
MAX_AREAS = 8


Bar: TypeAlias = tuple[int, int, int]
"""What was counted, and the low and high end of what no change would give."""


def change_chart(facts: Facts, t: Translator) -> list[Block]:
    """Draw each area and all together, here and next door; nothing where nothing is followed."""
    found, statement = facts.change.displaced, facts.change.statement
    if found is None or statement is None or statement.verdict == Verdict.TOO_EARLY:
        return []
    own = list(zip(_named(found.chosen, t), found.by_area, strict=True))[:MAX_AREAS]
    rows = [(t("label.all_together"), found.pooled), *own] if len(own) > 1 else own
    lines = []
    for name, judged in rows:
        ring = judged.ring
        there = _bar(ring) if ring and ring.has_enough[-1] else None
        lines.append((name, _bar(judged.core), there))
    alt = " ".join(_said(name, here, there, t) for name, here, there in lines)
    caption = t("report.chart_caption", through=t.month(str(statement.period.until.plus(-1))))
    return [Heading(t("report.chart_title"), 3), Picture(_drawn(lines, t), alt, caption)]


def _named(chosen: AreaSelection, t: Translator) -> list[str]:
    """Name each area, and those that are no longer in service as such."""
    named = {
        key: t("briefing.place", place=t.place(name), area_id=key)
        for key, name in zip(chosen.area_ids, chosen.place_names, strict=True)
    }
    return [
        t("report.chart_ended", name=name) if key in chosen.retired else name
        for key, name in named.items()
    ]


def _bar(track: CumulativeCounts) -> Bar:
    return int(track.counted[-1]), int(track.bound_low[-1]), int(track.bound_high[-1])


def _said(name: str, here: Bar, there: Bar | None, t: Translator) -> str:
    n, low, high = here
    said = t("report.chart_line", name=name, n=n, low=low, high=high)
    if there is None:
        return said
    n, low, high = there
    return f"{said} {t('report.chart_next_line', n=n, low=low, high=high)}"


def _drawn(lines: Sequence[tuple[str, Bar, Bar | None]], t: Translator) -> bytes:
    most = max(max(bar) for _, *both in lines for bar in both if bar is not None)
    room = WIDTH - LABEL_PX - SAID_PX
    axis = shapely.LineString([(LABEL_PX, 0), (LABEL_PX, ROW_PX * len(lines))])
    marks: list[Mark] = [Stroke((axis,), PAPER.hairline, 1.5)]
    for at, (name, here, there) in enumerate(lines):
        top = at * ROW_PX
        marks += [
            Words(line, 0, top + 24 + n * 26, TEXT_PX, PAPER.ink, is_bold=True)
            for n, line in enumerate(wrap(writable(name), TEXT_PX, LABEL_PX - 20, 2, is_bold=True))
        ]
        for row, (one, where) in enumerate(
            ((here, t("report.chart_here")), (there, t("report.chart_next")))
        ):
            if one is None:
                continue
            y, scale = top + 24 + row * 30, room / (1.05 * max(most, 1))
            x, left, right = (LABEL_PX + end * scale for end in one)
            n, low, high = one
            said = t("report.chart_said", where=where, n=n, low=low, high=high)
            dot = shapely.Point(x, y).buffer(8 if row == 0 else 7)
            marks += [
                Fill((shapely.box(left, y - 9, right, y + 9),), PALE if row else BAND),
                Fill((dot,), PAPER.ground if row else PAPER.ink, PAPER.ink, 2.5),
                Words(said, WIDTH - SAID_PX + 20, y, TEXT_PX - 3, PAPER.ink),
            ]
    return _painted(marks, ROW_PX * len(lines))


def _painted(marks: Sequence[Mark], height: float) -> bytes:
    from csa.reports.maps.cartography import paint  # noqa: PLC0415 - matplotlib is slow to import

    return paint([(marks, None)], (WIDTH, round(height)), DPI)
