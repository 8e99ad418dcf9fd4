"""The five editions of a month, and the sheets handed out with the prevention edition.

Each edition is a `Document` of finished text; the code that renders files sees no facts. Walk
sheets are documents of their own: residents may hold one, so no internal page is in the same
file, and a leader's sheet is marked across each page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from csa.base.text import ENGLISH
from csa.reports.document import Document
from csa.reports.editions.enforcement import enforcement
from csa.reports.editions.executive import executive
from csa.reports.editions.intervention import intervention
from csa.reports.editions.leaders import leaders_sheets
from csa.reports.editions.map_sheets import Draw
from csa.reports.editions.prevention import prevention
from csa.reports.editions.public import public
from csa.reports.editions.walks import walk_sheets
from csa.reports.month.facts import Facts

_EDITIONS: Mapping[str, Callable[[Facts, str, Draw], Document]] = {
    "executive": executive,
    "prevention": prevention,
    "intervention": intervention,
    "enforcement": enforcement,
    "public": public,
}
AUDIENCES = tuple(_EDITIONS)
WALKS, LEADERS = "prevention-walks", "prevention-leaders"
EXTRAS: Mapping[str, Callable[[Facts, str, Draw], Document]] = {
    WALKS: walk_sheets,
    LEADERS: leaders_sheets,
}
"""Files besides the editions, made the same way: `<month>_<name>_<language>`."""

FOR_RESIDENTS = frozenset({"public", WALKS})

__all__ = [
    "AUDIENCES",
    "EXTRAS",
    "LEADERS",
    "WALKS",
    "edition",
    "leaders_sheets",
    "spoken",
    "walk_sheets",
]


def spoken(audience: str, language: str) -> str:
    """Return the language of an edition."""
    return language if audience in FOR_RESIDENTS else ENGLISH


def edition(facts: Facts, audience: str, language: str, draw: Draw) -> Document:
    """Write an edition."""
    return {**_EDITIONS, **EXTRAS}[audience](facts, spoken(audience, language), draw)
