"""Phrases that several parts of a report share: what is counted, when and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar

from csa.areas.window import name_kinds
from csa.base.crs import METRES_PER_FOOT, METRES_PER_MILE
from csa.base.text import Speaker, natural, render
from csa.reports.document import Block, Paragraph
from csa.reports.month.area_facts import AreaFacts, AreaMove
from csa.reports.month.facts import Facts

Row = TypeVar("Row")


def counted(facts: Facts, tell: Speaker) -> str:
    """Name what is counted."""
    is_proxy = facts.config.city.nonfatal_is_proxy
    return render(name_kinds(facts.choices.kinds, is_proxy=is_proxy), tell.language)


def kind_word(facts: Facts, kind: str, tell: Speaker) -> str:
    """Name a kind of service, or of vacant land."""
    words: dict[str, str] = {}
    for lists in (facts.config.services, facts.config.vacant_land):
        for language, of_kinds in ({} if lists is None else lists.kinds).items():
            if language == tell.language:
                words |= {name.casefold(): word for name, word in of_kinds.items()}
    return words.get(kind.casefold(), kind)


def period_words(facts: Facts, tell: Speaker) -> str:
    """Return the period that the data cover, in words."""
    params = facts.summary["params"]
    first, last = (date.fromisoformat(params[f"covered_{end}"]) for end in ("from", "through"))
    return tell("find.period", first=tell.day(first), last=tell.day(last))


def months_covered(facts: Facts) -> int:
    """Return how many of the requested months the data cover."""
    return int(facts.summary["params"]["months_covered"])


def area_name(area: AreaFacts, tell: Speaker) -> str:
    """Name an area by its place name and letter."""
    name = tell.place(area.name)
    return tell("briefing.place", place=name, area_id=area.letter) if area.letter else name


def state_words(area: AreaFacts, tell: Speaker) -> str:
    """Return an area's state in words."""
    if area.since is None:
        return tell("report.candidate")
    keys = {"designated": "report.designated", "maintenance": "report.maintenance"}
    since = tell.month(f"{area.since:%Y-%m}", is_short=True)
    return tell(keys[area.state], month=since)


def tier_words(tier: int | None, tell: Speaker) -> str:
    """Return a tier in words."""
    return tell("report.no_tier") if tier is None else str(tier)


def move_words(area: AreaFacts, tell: Speaker) -> str:
    """Describe an area's change in tier since the month before."""
    if area.move is AreaMove.HIGHER and area.tier_before is None:
        return tell("report.higher_from_none")
    keys = {
        AreaMove.NEW: "report.new",
        AreaMove.GONE: "report.gone",
        AreaMove.HIGHER: "report.higher",
        AreaMove.LOWER: "report.lower",
        AreaMove.SAME: "report.same",
        AreaMove.ABSENT: "report.absent",
        AreaMove.UNKNOWN: "report.unknown",
    }
    return tell(keys[area.move], tier=area.tier_before)


def by_tier(areas: Iterable[AreaFacts]) -> list[AreaFacts]:
    """Sort areas by tier, then by name, since no finer order is meaningful."""
    return sorted(areas, key=lambda area: (area.tier or 10**6, natural(area.name)))


def near_words(metres: float, facts: Facts, tell: Speaker) -> str:
    """Return the distance that counts as near, in the city's units."""
    if facts.config.city.units == "us":
        return tell("services.miles", miles=metres / METRES_PER_MILE)
    return tell("services.metres", metres=metres)


def radius_words(metres: float, facts: Facts, tell: Speaker) -> str:
    """Format a short length in the city's units."""
    if facts.config.city.units == "us":
        return tell("report.about_feet", feet=metres / METRES_PER_FOOT)
    return tell("report.about_metres", metres=metres)


def kept_rows(rows: Sequence[Row], most: int) -> tuple[tuple[Row, ...], int]:
    """Return at most `most` rows, and how many were left out."""
    return tuple(rows[:most]), max(0, len(rows) - most)


def more_rows(n_more: int, tell: Speaker) -> list[Block]:
    """State below a table how many rows it lacks, where it lacks any."""
    return [Paragraph(tell("report.more_rows", n=n_more), is_faint=True)] if n_more else []
