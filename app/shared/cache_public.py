"""Cached as in `app.shared.cache`: the public report, as it would be published."""

from __future__ import annotations

from dataclasses import dataclass

from app.shared.cache_now import of_city
from app.shared.cache_report import ReportBasis, beside, source_at
from app.shared.city_session import Opened
from app.shared.turns import in_turn
from csa.base.errors import CsaError
from csa.base.logging import Tell, silent
from csa.reports.month.facts import MapGround
from csa.reports.public.facts import PublicFacts
from csa.reports.public.gathering import gather_from
from csa.reports.public.map_sheet import public_map


@dataclass(frozen=True)
class PublicEdition:
    """The public report and its map, before they are published."""

    facts: PublicFacts  # all public facts
    svg: str | None  # the map; None if it could not be drawn
    is_draft: bool  # its figures are in no record of published ones


def as_it_would_be(
    basis: ReportBasis, month: str, language: str, tell: Tell = silent
) -> PublicEdition:
    """Compute a preview of what would be published."""
    facts, is_draft = _facts(basis.mark, month, basis, tell)
    svg = _map(basis.mark, month, language, basis, facts)
    return PublicEdition(facts, svg, is_draft)


@of_city(max_entries=4)
def _facts(mark: str, month: str, _basis: ReportBasis, _tell: Tell) -> tuple[PublicFacts, bool]:
    source, when = source_at(_basis.opened, month)
    around = beside(_basis.opened)
    records = _basis.at(month)
    made = in_turn(gather_from)(source, _basis.plan, records, when, around, _tell)
    return made.facts, made.publication not in around.earlier


@of_city(max_entries=8)
def _map(
    mark: str, month: str, language: str, _basis: ReportBasis, _facts: PublicFacts
) -> str | None:
    try:
        return public_map(_facts, _ground(_basis.opened), _basis.opened.config, language)
    except CsaError:
        return None  # the page says that it could not be drawn


def _ground(opened: Opened) -> MapGround:
    dataset = opened.dataset
    return MapGround(dataset.study_area, dataset.neighborhoods, beside(opened).layers, {})
