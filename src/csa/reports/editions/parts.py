"""Parts that several editions share: areas by tier, and what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from csa.areas.criterion import weights_of
from csa.areas.ordering import say_order
from csa.areas.year_to_date import say_year
from csa.backtest.caught import Held, say_areas_hold, say_served_hold
from csa.base.message import Message
from csa.base.text import Speaker, render
from csa.reports.document import Block, Bullets, Heading, Paragraph, Table
from csa.reports.editions.charts import change_chart
from csa.reports.editions.phrases import (
    area_name,
    by_tier,
    counted,
    kept_rows,
    months_covered,
    move_words,
    period_words,
    state_words,
    tier_words,
)
from csa.reports.month.area_facts import AreaFacts, Unserved
from csa.reports.month.facts import Facts

MAX_AREAS = 40
MAX_NAMED = 6
"""Most areas named in a sentence; the table has the rest."""
MAX_SINGLES = 6
FULL = frozenset({"displacement.said", "displacement.said_kept"})
"""Verdicts that are told with counts."""


def stands_out(facts: Facts, tell: Speaker) -> str:
    """Return the sentences on which areas stand out."""
    what, period = counted(facts, tell), period_words(facts, tell)
    totals = facts.summary["totals"]
    if not facts.areas or not totals["located"]:
        return tell("report.no_area", what=what, period=period)
    inside = sum(area.incidents for area in facts.areas)
    km2 = sum(area.km2 for area in facts.areas)
    if facts.is_served:
        found = Held(len(facts.areas), inside, km2)
        told = say_served_hold(found, facts.summary, facts.record)
    else:
        told = say_areas_hold(facts.summary, facts.record)
    said = render(told, tell.language)
    return " ".join(part for part in (said, _highest(facts, tell), _above(facts, tell)) if part)


def _above(facts: Facts, tell: Speaker) -> str:
    """Count the top-tier places that are not in service."""
    n_top = sum(one.tier == 1 for one in facts.unserved)
    if not n_top:
        return ""
    too = any(area.tier == 1 for area in facts.areas)
    return tell("report.unserved_top" if too else "report.unserved_top_alone", n=n_top)


def _highest(facts: Facts, tell: Speaker) -> str:
    if not facts.can_locate.can:
        return tell("briefing.no_tiers")
    tiers = [area.tier for area in facts.areas if area.tier is not None]
    if not tiers:
        return tell("briefing.none_told_apart")
    if 1 not in tiers and any(one.tier == 1 for one in facts.unserved):
        return ""  # the next sentence says so
    first = [area for area in by_tier(facts.areas) if area.tier == min(tiers)]
    if len(first) > MAX_NAMED:
        return tell("briefing.many_highest", n=len(first))
    if len({*tiers}) == 1 and len(first) == len(facts.areas):
        return ""
    names = tell.listed([area_name(area, tell) for area in first])
    return tell("briefing.highest", n=len(first), areas=names)


def changed(facts: Facts, tell: Speaker) -> str:
    """Describe the change in all areas together, and how certain it is."""
    message = facts.why_not_followed if facts.followed is None else facts.followed.sentence
    return "" if message is None else render(message, tell.language)


def lead_changed(facts: Facts, tell: Speaker) -> str:
    """Describe the change in all areas together in one sentence; `changed` gives the full text."""
    if facts.followed is None:
        return changed(facts, tell)
    if facts.followed.here.key not in FULL:
        return " ".join([render(facts.followed.here, tell.language), *_moved(facts, tell)])
    values, what = facts.followed.here.values, counted(facts, tell)
    said = tell(
        "report.lead_changed",
        verdict=values["verdict"],
        since=values["since"],
        who=values["who"],
        counted=values["counted"],
        what=what,
        expected=values["expected"],
        low=values["low"],
        high=values["high"],
    )
    return " ".join([said, *_moved(facts, tell)])


def _moved(facts: Facts, tell: Speaker) -> Iterator[str]:
    """Name the areas from which it moved next door, where all together do not show it."""
    letters = () if facts.followed is None else facts.followed.moved
    names = [area_name(area, tell) for area in facts.areas if area.letter in letters]
    if names:
        yield tell("report.moved_somewhere", n=len(names), areas=tell.listed(names))


def areas_by_tier(facts: Facts, tell: Speaker) -> list[Block]:
    """List the areas by tier, with what changed since the month before."""
    blocks: list[Block] = [Heading(tell("report.areas_title"))]
    if not facts.areas:
        what, period = counted(facts, tell), period_words(facts, tell)
        blocks.append(Paragraph(tell("report.no_area", what=what, period=period)))
        return [*blocks, *_paragraphs(_off_the_list(facts, tell))]
    rows, n_more = kept_rows(by_tier(facts.areas), MAX_AREAS)
    columns = (
        tell("report.area"),
        tell("report.tier"),
        tell("report.stands"),
        tell("report.count", what=counted(facts, tell).capitalize(), months=months_covered(facts)),
        tell("report.next12"),
        tell("report.last_year"),
        tell("report.since_month", month=tell.month(str(facts.month.plus(-1)), is_short=True)),
    )
    table = Table(
        tell("report.areas_caption"),
        columns,
        tuple(_area_row(area, tell) for area in rows),
        numeric=(3, 4, 5),
    )
    return [*blocks, table, *_paragraphs(_area_notes(facts, n_more, tell))]


def _area_row(area: AreaFacts, tell: Speaker) -> tuple[str, ...]:
    next12 = unknown = tell("report.next12_none")
    if area.next12 is not None:
        expected, low, high = area.next12
        next12 = tell("report.next12_range", expected=expected, low=low, high=high)
    return (
        area_name(area, tell),
        tier_words(area.tier, tell),
        state_words(area, tell),
        f"{area.incidents:,}",
        next12,
        unknown if area.recent_12 is None else f"{area.recent_12:,}",
        move_words(area, tell),
    )


def _area_notes(facts: Facts, n_more: int, tell: Speaker) -> list[str]:
    where = facts.can_locate
    doubtful = [area_name(area, tell) for area in facts.areas if area.is_doubtful]
    redrawn = [
        tell("report.redrawn_area", area=area_name(area, tell), day=tell.day(area.redrawn_on))
        for area in facts.areas
        if area.redrawn_on is not None
    ]
    order = render(say_order(weights_of(facts.summary)), tell.language)
    candidates = (
        tell("briefing.not_ranked", order=order)
        if where.can
        else tell("briefing.not_ranked_at_all")
    )
    said = [
        "" if where.can else tell("report.no_tiers", why=render(where.message, tell.language)),
        tell("report.next12_note"),
        tell("report.own_ground") if facts.is_served else "",
        tell("report.redrawn", areas=tell.listed(redrawn)) if redrawn else "",
        tell("report.list_note") if facts.is_served else candidates,
        tell("report.doubtful", n=len(doubtful), areas=tell.listed(doubtful)) if doubtful else "",
        tell("report.more_rows", n=n_more) if n_more else "",
        *_off_the_list(facts, tell),
    ]
    return [" ".join(sentence for sentence in said if sentence)]


def _off_the_list(facts: Facts, tell: Speaker) -> list[str]:
    """Name the areas no longer candidates, and the candidates not in service."""
    more = facts.unserved
    here = {one.name for one in facts.areas} | {one.name for one in more}
    gone = [tell("report.gone_part", name=n) if n in here else n for n in facts.gone]
    doubtful = [one.name for one in more if one.is_doubtful]
    said = (
        tell("report.gone_names", n=len(gone), names=tell.listed(gone)) if gone else "",
        tell("report.unserved", n=len(more), names=tell.listed(_tiers(more, tell))) if more else "",
        tell("report.doubtful", n=len(doubtful), areas=tell.listed(doubtful)) if doubtful else "",
    )
    return [sentence for sentence in said if sentence]


def _tiers(more: Sequence[Unserved], tell: Speaker) -> list[str]:
    return [
        tell.place(one.name)
        if one.tier is None
        else tell("report.in_tier", name=tell.place(one.name), tier=one.tier)
        for one in more
    ]


def _paragraphs(sentences: list[str]) -> list[Block]:
    return [Paragraph(sentence, is_faint=True) for sentence in sentences if sentence]


def what_changed(
    facts: Facts, tell: Speaker, *, with_singles: bool, with_chart: bool = True
) -> list[Block]:
    """Describe what changed and how certain it is: all areas together, then each, then the city."""
    followed = facts.followed
    blocks: list[Block] = [Heading(tell("report.changed_title"))]
    if followed is not None and followed.are_earlier:
        blocks.append(Paragraph(tell("report.earlier")))
    blocks.append(Paragraph(changed(facts, tell)))
    blocks += change_chart(facts, tell) if with_chart else []
    if followed is not None:
        beside = [render(message, tell.language) for message in followed.beside]
        if facts.config.city.nonfatal_is_proxy:
            beside.append(tell("report.kinds_counted", what=counted(facts, tell)))
        blocks += _paragraphs([" ".join(beside)])
    if with_singles:
        blocks += _singles(facts, tell)
    said = render(say_year(facts.city_year), tell.language)
    blocks.append(Paragraph(said, is_faint=isinstance(facts.city_year, Message)))
    return blocks


def _singles(facts: Facts, tell: Speaker) -> list[Block]:
    told = [area.verdict for area in facts.areas if area.verdict is not None]
    if len(facts.areas) < 2 or not told:
        return []
    shown, n_more = kept_rows(told, MAX_SINGLES)
    blocks: list[Block] = [Bullets(tuple(render(message, tell.language) for message in shown))]
    return [*blocks, *_paragraphs([tell("report.singles_more", n=n_more) if n_more else ""])]
