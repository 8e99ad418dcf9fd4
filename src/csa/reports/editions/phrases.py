"""Phrases that several parts of a report share: what is counted, when and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from csa.areas.ordering import describe_order, weights_from_summary
from csa.areas.window import name_kinds
from csa.base.crs import METERS_PER_FOOT, METERS_PER_MILE
from csa.base.text import ENGLISH, Translator, natural_sort_key, render, tr
from csa.reports.document import Block, Box, Bullets, Document, Heading, Lead, Paragraph, Table
from csa.reports.month.facts import AreaFacts, Facts, TierMove


def counted(facts: Facts, t: Translator) -> str:
    """Name what is counted."""
    is_proxy = facts.config.city.nonfatal_is_proxy
    return render(name_kinds(facts.choices.kinds, is_proxy=is_proxy), t.language)


def kind_word(facts: Facts, kind: str, t: Translator) -> str:
    """Name a kind of service, or of vacant land."""
    words: dict[str, str] = {}
    for lists in (facts.config.services, facts.config.vacant_land):
        for language, of_kinds in ({} if lists is None else lists.kinds).items():
            if language == t.language:
                words |= {name.casefold(): word for name, word in of_kinds.items()}
    return words.get(kind.casefold(), kind)


def period_words(facts: Facts, t: Translator) -> str:
    """Return the period that the data cover, in words."""
    params = facts.summary["params"]
    first, last = (date.fromisoformat(params[f"covered_{end}"]) for end in ("from", "through"))
    return t("map.period", first=t.day(first), last=t.day(last))


def months_covered(facts: Facts) -> int:
    """Return how many of the requested months the data cover."""
    return int(facts.summary["params"]["months_covered"])


def area_name(area: AreaFacts, t: Translator) -> str:
    """Name an area by its place name and letter."""
    name = t.place(area.place_name)
    return t("term.with", name=name, of=area.letter) if area.letter else name


def state_words(area: AreaFacts, t: Translator) -> str:
    """Return an area's state in words."""
    if area.since is None:
        return t("label.candidate")
    keys = {"designated": "report.designated", "maintenance": "report.maintenance"}
    return t(keys[area.state], month=t.month(f"{area.since:%Y-%m}", is_short=True))


def tier_words(tier: int | None, t: Translator) -> str:
    """Return a tier in words."""
    return t("label.none") if tier is None else str(tier)


def move_words(area: AreaFacts, t: Translator) -> str:
    """Describe an area's change in tier since the month before."""
    if area.move is TierMove.HIGHER and area.tier_before is None:
        return t("report.higher_from_none")
    keys = {
        TierMove.NEW: "report.new",
        TierMove.GONE: "report.gone",
        TierMove.HIGHER: "report.higher",
        TierMove.LOWER: "report.lower",
        TierMove.SAME: "report.same",
        TierMove.ABSENT: "report.absent",
        TierMove.UNKNOWN: "term.unknown",
    }
    return t(keys[area.move], tier=area.tier_before)


def by_tier(areas: Iterable[AreaFacts]) -> list[AreaFacts]:
    """Sort areas by tier, then by name, since no finer order is meaningful."""
    return sorted(areas, key=lambda area: (area.tier or 10**6, natural_sort_key(area.place_name)))


def near_words(meters: float, facts: Facts, t: Translator) -> str:
    """Return the distance that counts as near, in the city's units."""
    if facts.config.city.units == "us":
        return t("services.miles", miles=meters / METERS_PER_MILE)
    return t("report.about_meters", meters=meters)


def radius_words(meters: float, facts: Facts, t: Translator) -> str:
    """Format a short length in the city's units."""
    if facts.config.city.units == "us":
        return t("why_line.feet", feet=50 * round(meters / METERS_PER_FOOT / 50))
    return t("report.about_meters", meters=meters)


def more_rows(n_more: int, t: Translator) -> list[Block]:
    """State below a table how many rows it lacks, where it lacks any."""
    return [Paragraph(t("report.more_rows", n=n_more), is_faint=True)] if n_more > 0 else []


def short_table(table: Table, most: int, t: Translator) -> list[Block]:
    """Return a table of at most so many rows, and how many it lacks."""
    return [replace(table, rows=table.rows[:most]), *more_rows(len(table.rows) - most, t)]


def short_list(items: Sequence[str], most: int, t: Translator) -> list[Block]:
    """Return a list of at most so many items, and how many it lacks."""
    return [Bullets(tuple(items[:most])), *more_rows(len(items) - most, t)]


# ---- The frame of an edition: title, marks and footer, what it begins with and how it ends.


def internal_edition(
    facts: Facts, name: str, lead: tuple[str, ...], blocks: Sequence[Block], t: Translator
) -> Document:
    """Assemble an internal edition: first what matters and the dates, last data and method."""
    as_of = t("report.as_of", through=t.day(facts.data_through), day=t.day(facts.today))
    notes = tuple(render(message, t.language) for message in facts.notes)
    noted: list[Block] = [Heading(t("report.notes_title")), Bullets(notes)] if notes else []
    opening = (Lead(lead), Paragraph(as_of, is_faint=True))
    return framed(facts, name, (*opening, *blocks, *noted, *_method(facts, t)), t)


def framed(
    facts: Facts,
    name: str,
    blocks: Sequence[Block],
    t: Translator,
    *,
    is_internal: bool = True,
    watermark: str = "",
) -> Document:
    """Assemble an edition from its blocks."""
    city, month = facts.config.city, t.month(str(facts.month))
    proxy = city.nonfatal_name if t.language == ENGLISH else t("public.reports")
    is_unreviewed = t.language != ENGLISH and not facts.config.public.spanish_office
    marks = (
        t("report.internal") if is_internal else "",
        t("public.made_up") if city.is_synthetic else "",
        t("report.proxy", what=proxy) if city.nonfatal_is_proxy else "",
        t("public.unreviewed") if is_unreviewed else "",
    )
    identity = {"city": city.name, "edition": name}
    return Document(
        title=t("report.title", month=month),
        subtitle=t("report.subtitle", **identity),
        language=t.language,
        marks=tuple(mark for mark in marks if mark),
        footer=t("report.footer", month=month, id=facts.snapshot.id, **identity),
        blocks=tuple(blocks),
        snapshot_id=facts.snapshot.id,
        audit_head=facts.snapshot.audit_head if facts.snapshot.audit_n else "",
        watermark=watermark,
    )


def method_order(facts: Facts, t: Translator) -> str:
    """Return in words what decides which areas come first."""
    return render(describe_order(weights_from_summary(facts.summary)), t.language)


def _method(facts: Facts, t: Translator) -> list[Block]:
    """Describe how the report was made, and what it lacks."""
    params, what, months = facts.summary["params"], counted(facts, t), months_covered(facts)
    n, eps = params["min_samples"], radius_words(params["eps_m"], facts, t)
    said = (
        t("report.method_areas", min_samples=n, what=what, eps=eps, months=months),
        t("report.method_tiers", order=method_order(facts, t)),
        t("report.method_change"),
        t("report.method_snapshot", id=facts.snapshot.id),
    )
    lacking = tuple(render(message, t.language) for message in facts.missing)
    missing = [Box(t("report.missing_title"), lacking)] if lacking else []
    return [*missing, Box(t("label.method"), said)]


# ---- Names of editions, as pages and mail say them.


def audience_name(audience: str) -> str:
    """Return the name of an edition's audience."""
    names = {
        "executive": tr("reports_page.executive"),
        "prevention": tr("reports_page.prevention"),
        "prevention-walks": tr("reports_page.prevention_walks"),
        "prevention-leaders": tr("reports_page.prevention_leaders"),
        "intervention": tr("reports_page.intervention"),
        "enforcement": tr("reports_page.enforcement"),
        "public": tr("reports_page.public"),
    }
    return names.get(audience, audience)
