"""The map of areas without selection: on Briefing and Meeting."""

from __future__ import annotations

from collections.abc import Mapping

from csa.areas.choices import AreaSettings
from csa.areas.proposal import Proposal
from csa.base.text import tr
from csa.program.registry import AreaStatus
from csa_app.shared import cache, map_component, maps, panels
from csa_app.shared.area_status import areas_in_service, core_counts
from csa_app.shared.city_session import CitySession
from csa_app.shared.legend import classify_counts, outlines_of, show_counts_legend
from csa_app.shared.phrases import months_covered

HEIGHT_PX = 370
LAYERS = ("background", "neighborhoods")


def small_map(
    session: CitySession,
    choices: AreaSettings,
    proposal: Proposal,
    standing: Mapping[str, AreaStatus],
    height_px: int = HEIGHT_PX,
) -> None:
    """Show the areas on a map without selection."""
    classes = classify_counts(proposal.counted.incidents)
    period = tr("find.n_months", n=months_covered(proposal))
    afar = cache.geometry_afar(session, choices.resolution)
    core = areas_in_service(session)
    edges = outlines_of(core, has_candidates=not proposal.is_empty)
    show_counts_legend(proposal, classes, afar, outlines=edges)
    with panels.map_words():
        scene = maps.MapScene(
            proposal,
            classes,
            period,
            "shootings",
            LAYERS,
            "",
            status=standing,
            core=core,
            counts=core_counts(session, choices),
            afar=afar,
            is_whole=True,
            units=session.config.city.units,
        )
        map_component.draw(
            session,
            choices.resolution,
            "small",
            lambda cells: maps.painting(scene, cells),
            height_px=height_px,
        )
