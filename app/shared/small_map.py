"""The map of areas without selection: on Briefing and Meeting."""

from __future__ import annotations

from collections.abc import Mapping

from app.shared import cache_around, map_component, maps, panels
from app.shared.city_session import Opened
from app.shared.legend import classify_counts, outlines_of, show_counts_legend
from app.shared.phrases import months_covered
from app.shared.standing import areas_in_service, core_counts
from csa.areas.choices import Choices
from csa.areas.proposal import Proposal
from csa.base.text import speak
from csa.decisions.registry import AreaStanding

HEIGHT_PX = 370
LAYERS = ("background", "neighborhoods")


def small_map(
    opened: Opened,
    choices: Choices,
    proposal: Proposal,
    standing: Mapping[str, AreaStanding],
    height_px: int = HEIGHT_PX,
) -> None:
    """Show the areas on a map without selection."""
    classes = classify_counts(proposal.counted.incidents)
    period = speak("find.n_months", n=months_covered(proposal))
    afar = cache_around.geometry_afar(opened, choices.resolution)
    core = areas_in_service(opened)
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
            standing=standing,
            core=core,
            counts=core_counts(opened, choices),
            afar=afar,
            is_whole=True,
            units=opened.config.city.units,
        )
        map_component.draw(
            opened,
            choices.resolution,
            "small",
            lambda cells: maps.painting(scene, cells),
            height_px=height_px,
        )
