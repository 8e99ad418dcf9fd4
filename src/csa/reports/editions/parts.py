"""Parts that several editions share: areas by tier, and what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import shapely

from csa.areas.backtest.record import Held, describe_areas_hold, describe_core_areas_hold
from csa.areas.explanation import factor_words, layer_words, study_words
from csa.areas.year_to_date import describe_year
from csa.base.message import Message
from csa.base.text import Translator, render
from csa.change.verdict import CumulativeCounts
from csa.city.preregistration import Verdict
from csa.city.selection import AreaSelection
from csa.geo.palette import PAPER
from csa.reports.briefing.measuring import MeasureStatus
from csa.reports.document import Block, Bullets, Heading, Paragraph, Picture, Table
from csa.reports.editions.phrases import (
    area_name,
    by_tier,
    counted,
    kind_word,
    method_order,
    months_covered,
    move_words,
    period_words,
    short_table,
    state_words,
    tier_words,
)
from csa.reports.maps.marks import Fill, Mark, Stroke, Words, wrap, writable
from csa.reports.month.facts import AreaFacts, Facts

# The one chart of an edition: what was counted beside what no change would give, or the years.

WIDTH, DPI, TEXT_PX = 1340, 200, 22
LABEL_PX, SAID_PX, ROW_PX = 310, 330, 84
BAND, PALE = "#9fb6b8", "#d9dedf"
"""Here, and next door; on gray paper one is twice as dark as the other."""
MAX_TRACKS = 8


Bar: TypeAlias = tuple[int, int, int]
"""What was counted, and the low and high end of what no change would give."""


def change_chart(facts: Facts, t: Translator) -> list[Block]:
    """Draw each area and all together, here and next door; nothing where nothing is followed."""
    found, statement = facts.change.displaced, facts.change.statement
    if found is None or statement is None or statement.verdict == Verdict.TOO_EARLY:
        return []
    own = list(zip(_named(found.chosen, t), found.by_area, strict=True))[:MAX_TRACKS]
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
        key: t("term.with", name=t.place(name), of=key)
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
        for row, one in enumerate((here,) if there is None else (here, there)):
            where = t("report.chart_next" if row else "public.here")
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


MAX_AREAS = 40
MAX_NAMED = 6
"""Most areas named in a sentence; the table has the rest."""
MAX_SINGLES = 6
FULL = frozenset({"displacement.said", "displacement.said_kept"})
"""Verdicts that are told with counts."""


def describe_concentration(facts: Facts, t: Translator) -> str:
    """Return the sentences on which areas stand out."""
    what, period = counted(facts, t), period_words(facts, t)
    totals = facts.summary["totals"]
    if not facts.areas or not totals["located"]:
        return t("report.no_area", what=what, period=period)
    inside = sum(area.incidents for area in facts.areas)
    km2 = sum(area.area_km2 for area in facts.areas)
    if facts.is_served:
        found = Held(len(facts.areas), inside, km2)
        told = describe_core_areas_hold(found, facts.summary, facts.record)
    else:
        told = describe_areas_hold(facts.summary, facts.record)
    said = [render(told, t.language), _highest(facts, t)]
    n_top = sum(one.tier == 1 for one in facts.unserved)
    if n_top:
        too = any(area.tier == 1 for area in facts.areas)
        said.append(t("report.unserved_top" if too else "report.unserved_top_alone", n=n_top))
    return " ".join(filter(None, said))


def _highest(facts: Facts, t: Translator) -> str:
    if not facts.can_locate.can:
        return t("briefing.no_tiers")
    tiers = [area.tier for area in facts.areas if area.tier is not None]
    if not tiers:
        return t("briefing.none_told_apart")
    if 1 not in tiers and any(one.tier == 1 for one in facts.unserved):
        return ""  # the next sentence says so
    first = [area for area in by_tier(facts.areas) if area.tier == min(tiers)]
    if len(first) > MAX_NAMED:
        return t("briefing.many_highest", n=len(first))
    if len({*tiers}) == 1 and len(first) == len(facts.areas):
        return ""
    names = t.listed([area_name(area, t) for area in first])
    return t("briefing.highest", n=len(first), areas=names)


def changed(facts: Facts, t: Translator) -> str:
    """Describe the change in all areas together, and how certain it is."""
    change = facts.change
    message = change.why_not if change.statement is None else change.statement.sentence
    return "" if message is None else render(message, t.language)


def describe_change(facts: Facts, t: Translator) -> str:
    """Describe the change in all areas together in one sentence; `changed` gives the full text."""
    statement = facts.change.statement
    if statement is None:
        return changed(facts, t)
    if statement.headline.key not in FULL:
        return " ".join([render(statement.headline, t.language), *_moved(facts, t)])
    names = ("verdict", "since", "who", "counted", "expected", "low", "high")
    values = {name: statement.headline.values[name] for name in names}
    said = t("report.lead_changed", what=counted(facts, t), **values)
    return " ".join([said, *_moved(facts, t)])


def _moved(facts: Facts, t: Translator) -> Iterator[str]:
    """Name the areas from which it moved next door, where all together do not show it."""
    names = [area_name(area, t) for area in facts.areas if area.letter in facts.change.moved]
    if names:
        yield t("report.moved_somewhere", n=len(names), areas=t.listed(names))


def areas_by_tier(facts: Facts, t: Translator) -> list[Block]:
    """List the areas by tier, with what changed since the month before."""
    blocks: list[Block] = [Heading(t("report.areas_title"))]
    if not facts.areas:
        what, period = counted(facts, t), period_words(facts, t)
        blocks.append(Paragraph(t("report.no_area", what=what, period=period)))
        return [*blocks, *(Paragraph(said, is_faint=True) for said in _off_the_list(facts, t))]
    columns = (
        t("term.area"),
        t("label.tier"),
        t("term.status"),
        t("report.count", what=counted(facts, t).capitalize(), months=months_covered(facts)),
        t("label.next_12_months"),
        t("report.last_year"),
        t("report.since_month", month=t.month(str(facts.month.plus(-1)), is_short=True)),
    )
    rows = []
    for area in by_tier(facts.areas)[:MAX_AREAS]:
        next12 = unknown = t("term.unknown")
        if area.next12 is not None:
            expected, low, high = area.next12
            next12 = t("report.next12_range", expected=expected, low=low, high=high)
        n, recent = f"{area.incidents:,}", area.recent_12
        last_year = unknown if recent is None else f"{recent:,}"
        name, tier, state = area_name(area, t), tier_words(area.tier, t), state_words(area, t)
        rows.append((name, tier, state, n, next12, last_year, move_words(area, t)))
    table = Table(t("report.areas_caption"), columns, tuple(rows), numeric=(3, 4, 5))
    return [*blocks, table, Paragraph(_area_notes(facts, t), is_faint=True)]


def _area_notes(facts: Facts, t: Translator) -> str:
    where, n_more = facts.can_locate, len(facts.areas) - MAX_AREAS
    doubtful = [area_name(area, t) for area in facts.areas if area.is_doubtful]
    when = [(area_name(area, t), area.redrawn_on) for area in facts.areas]
    redrawn = [t("report.redrawn_area", area=area, day=t.day(on)) for area, on in when if on]
    order = method_order(facts, t)
    candidates = (
        t("briefing.not_ranked", order=order) if where.can else t("briefing.not_ranked_at_all")
    )
    said = [
        "" if where.can else t("report.no_tiers", why=render(where.message, t.language)),
        t("report.next12_note"),
        t("report.own_ground") if facts.is_served else "",
        t("report.redrawn", areas=t.listed(redrawn)) if redrawn else "",
        t("report.list_note") if facts.is_served else candidates,
        t("report.doubtful", n=len(doubtful), areas=t.listed(doubtful)) if doubtful else "",
        t("report.more_rows", n=n_more) if n_more > 0 else "",
        *_off_the_list(facts, t),
    ]
    return " ".join(filter(None, said))


def _off_the_list(facts: Facts, t: Translator) -> list[str]:
    """Name the areas no longer candidates, and the candidates not in service."""
    more = facts.unserved
    here = {one.place_name for one in facts.areas} | {one.name for one in more}
    gone = [t("report.gone_part", name=n) if n in here else n for n in facts.gone]
    doubtful = [one.name for one in more if one.is_doubtful]
    names = []
    for one in more:
        name = t.place(one.name)
        names.append(name if one.tier is None else t("report.in_tier", name=name, tier=one.tier))
    said = (
        t("report.gone_names", n=len(gone), names=t.listed(gone)) if gone else "",
        t("report.unserved", n=len(more), names=t.listed(names)) if more else "",
        t("report.doubtful", n=len(doubtful), areas=t.listed(doubtful)) if doubtful else "",
    )
    return [sentence for sentence in said if sentence]


def what_changed(
    facts: Facts, t: Translator, *, with_singles: bool, with_chart: bool = True
) -> list[Block]:
    """Describe what changed and how certain it is: all areas together, then each, then the city."""
    change = facts.change
    blocks: list[Block] = [Heading(t("public.change_title"))]
    if change.are_earlier:
        blocks.append(Paragraph(t("report.earlier")))
    blocks.append(Paragraph(changed(facts, t)))
    blocks += change_chart(facts, t) if with_chart else []
    if change.statement is not None:
        context = [render(message, t.language) for message in change.context]
        if facts.config.city.nonfatal_is_proxy:
            context.append(t("report.kinds_counted", what=counted(facts, t)))
        blocks += [Paragraph(" ".join(context), is_faint=True)] if context else []
    if with_singles:
        blocks += _singles(facts, t)
    said = render(describe_year(facts.city_year), t.language)
    blocks.append(Paragraph(said, is_faint=isinstance(facts.city_year, Message)))
    blocks += [Paragraph(render(said, t.language)) for said in facts.added]
    return blocks


def _singles(facts: Facts, t: Translator) -> list[Block]:
    statements = [area.change for area in facts.areas if area.change is not None]
    if len(facts.areas) < 2 or not statements:
        return []
    n_more = len(statements) - MAX_SINGLES
    shown = tuple(render(single.sentence, t.language) for single in statements[:MAX_SINGLES])
    more = [Paragraph(t("report.singles_more", n=n_more), is_faint=True)] if n_more > 0 else []
    return [Bullets(shown), *more]


# ---- The plan's measures in an edition: those with a value, and the names of those without.


MAX_MEASURES = 14
MAX_MEASURES_NAMED = 9


def measures(chosen: Sequence[MeasureStatus], t: Translator) -> list[Block]:
    """List measures with a value; name those without."""
    if not chosen:
        return [Paragraph(t("report.measures_of_none"))]
    with_value = [at for at in chosen if at.now]
    without = [at.line.measure.name for at in chosen if not at.now]
    if not with_value and len(without) > MAX_MEASURES_NAMED:
        return [Paragraph(t("meeting.measures_none", n=len(without)))]
    if not with_value:
        return [Paragraph(t("report.measures_none", names="; ".join(without)))]
    none, rows = t("label.none"), []
    for at in with_value:
        now = t("term.comma", name=at.now, text=at.line.last)
        word = render(at.word, t.language)
        changed = word if at.what is None else t("term.pair", name=word, text=at.what)
        rows.append((at.line.measure.name, now, at.baseline or none, at.target or none, changed))
    columns = t.each("label.measure", "report.now", "label.baseline", "label.target")
    columns = (*columns, t("report.what_changed"))
    table = Table(t("report.measures_caption"), columns, tuple(rows))
    shown, *more = short_table(table, MAX_MEASURES, t)
    said = [t("report.change_note")]
    if without:
        said.append(t("report.measures_without", n=len(without), names="; ".join(without)))
    return [shown, Paragraph(" ".join(said), is_faint=True), *more]


# ---- Why here, and what could be done: of one area on its sheet, and of all in a table.


MAX_WHY_AREAS = 20
MAX_FACTORS = 4
MAX_STUDIES = 1
"""Most on an area's sheet, so that it keeps to its page; the prevention edition has all."""


def vacant_land(
    facts: Facts, area: AreaFacts, t: Translator, *, is_beside: bool = False
) -> list[Block]:
    """State how much vacant land the city's list has here."""
    listed, vacant = facts.config.vacant_land, area.why.vacant
    if listed is None or vacant is None:
        return []
    told = {"source": listed.source, "day": t.day(listed.as_of)}
    counts = _counts(facts, area, t)
    key = "report.walk_vacant" if counts else "report.walk_vacant_none"
    return [Paragraph(t(key, counts=counts, **told), is_aside=is_beside)]


def _counts(facts: Facts, area: AreaFacts, t: Translator) -> str:
    counts = [(kind_word(facts, kind, t), n) for kind, n in (area.why.vacant or {}).items() if n]
    return ", ".join(f"{kind}: {n:,}" for kind, n in counts)


def marks_here(
    facts: Facts, area: AreaFacts, t: Translator, *, is_beside: bool = False
) -> list[Block]:
    """State in few lines which places mark where risk is higher here."""
    factors = area.why.factors
    if factors is None:
        return []
    if not factors:
        return [Paragraph(t("why_line.none"), is_aside=is_beside)]
    listed = [factor_words(one, facts.config, t) for one in factors[:MAX_FACTORS]]
    said = (t("why_line.marks"), f"{'; '.join(listed)}.", t("why_line.no_cause"))
    return [Paragraph(" ".join(said), is_aside=is_beside)]


def study_here(area: AreaFacts, t: Translator) -> list[Block]:
    """Give what one study found about a kind of place that is here."""
    return [
        Paragraph(f"{t('why_line.studies')} {study_words(one, t)}")
        for one in area.why.studies[:MAX_STUDIES]
    ]


def why_table(facts: Facts, t: Translator) -> list[Block]:
    """Show what marks each area, its vacant land and what it lacks, then what helped elsewhere."""
    explained = [area for area in by_tier(facts.areas) if area.why.factors is not None]
    if not explained:
        return []
    none, rows = t("label.none"), []
    for area in explained:
        risk = ", ".join(layer_words(one.layer, facts.config, t) for one in area.why.factors or ())
        lacking = ", ".join(kind_word(facts, kind, t) for kind in area.why.lacking)
        vacant = _counts(facts, area, t)
        rows.append((area_name(area, t), risk or none, vacant or none, lacking or none))
    columns = t.each("term.area", "label.higher_risk", "report.why_vacant", "report.why_lacking")
    table = Table(t("report.why_caption"), columns, tuple(rows))
    blocks = [Heading(t("report.why_title")), *short_table(table, MAX_WHY_AREAS, t)]
    factors = {one.layer: one for area in explained for one in area.why.factors or ()}
    if factors:  # each in a line
        lines = tuple(factor_words(one, facts.config, t) for one in factors.values())
        blocks += [Paragraph(t("why_line.marks")), Bullets(lines)]
        blocks.append(Paragraph(t("why_line.no_cause"), is_faint=True))
    studies = {one.what: one for area in explained for one in area.why.studies}
    if studies:
        found = tuple(study_words(one, t) for one in studies.values())
        blocks += [Paragraph(t("why_line.studies")), Bullets(found)]
    return blocks
