"""Cached as in `csa_app.shared.cache`: the public report, as it would be published."""

from __future__ import annotations

from dataclasses import dataclass

from csa.base.errors import CsaError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import Month
from csa.reports.month.facts import MapGround
from csa.reports.public.facts import PublicFacts
from csa.reports.public.gathering import gather_from
from csa.reports.public.map_sheet import public_map
from csa_app.shared.cache_now import of_city
from csa_app.shared.cache_report import ReportBasis, analysis_of, report_inputs
from csa_app.shared.city_session import CitySession
from csa_app.shared.fair_queue import in_turn


@dataclass(frozen=True)
class PublicEdition:
    """The public report and its map, before they are published."""

    facts: PublicFacts  # all public facts
    svg: str | None  # the map; None if it could not be drawn
    is_draft: bool  # its figures are in no record of published ones


def as_it_would_be(
    basis: ReportBasis, month: str, language: str, progress: ProgressCallback = no_progress
) -> PublicEdition:
    """Compute a preview of what would be published."""
    facts, is_draft = _facts(basis.mark, month, basis, progress)
    svg = _map(basis.mark, month, language, basis, facts)
    return PublicEdition(facts, svg, is_draft)


@of_city(max_entries=4)
def _facts(
    mark: str, month: str, _basis: ReportBasis, _progress: ProgressCallback
) -> tuple[PublicFacts, bool]:
    analysis, around = analysis_of(_basis, month, _progress), report_inputs(_basis.session)
    made = in_turn(gather_from)(analysis, _basis.plan, Month.parse(month), around)
    return made.facts, made.publication not in around.earlier


@of_city(max_entries=8)
def _map(
    mark: str, month: str, language: str, _basis: ReportBasis, _facts: PublicFacts
) -> str | None:
    try:
        return public_map(_facts, _ground(_basis.session), _basis.session.config, language)
    except CsaError:
        return None  # the page says that it could not be drawn


def _ground(session: CitySession) -> MapGround:
    dataset = session.dataset
    return MapGround(dataset.study_area, dataset.neighborhoods, report_inputs(session).layers, {})
