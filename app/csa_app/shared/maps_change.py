"""The map of change: areas and their surroundings, colored by their difference from expectation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import folium
import numpy as np

from csa.areas.places import is_candidate
from csa.base.arrays import Ints
from csa.base.text import month, tr
from csa.change.sentences import band_words, counts_at, name_verdict
from csa.change.verdict import AreaResult, CumulativeCounts
from csa.geo.cell_time import pack_area, script_json
from csa.program.registry import CoreArea, Zone
from csa_app.shared import map_component, theme
from csa_app.shared.area_status import in_service, state_words
from csa_app.shared.cache import once
from csa_app.shared.city_session import CitySession
from csa_app.shared.following import Following, levels
from csa_app.shared.geometry import CellGeometry
from csa_app.shared.legend import Classes
from csa_app.shared.maps import core_feature, painted, zone_feature

CORE_OPACITY = 0.85
RING_OPACITY = 0.6
"""The same color, paler, around the areas."""

BAND_OPACITY = 0.3
"""Paler still, in the bands farther out, of all areas together."""

DASH = "3 4"
THICK_DASH = "7 6"
"""Dashes of an area's own outline, which is thicker."""


@dataclass(frozen=True)
class ChangeScene:
    """Everything that the map of change shows beside its base."""

    following: Following  # the areas, and how they changed
    at: int  # months since the start, less one
    selected: str  # the chosen area's letter, or ""
    has_alike: bool  # whether the comparison places are outlined
    others: Sequence[CoreArea] = ()  # core service areas that are not followed here
    zones: Sequence[Zone] = ()  # the programs' own zones, dotted
    months: Sequence[str] = ()  # since the start, which the map plays; none where it stands still


def classes() -> Classes:
    """Return the five classes of change, fewer to more."""
    words = (
        tr("label.fewer_than_chance"),
        tr("change_page.some_fewer"),
        tr("change_page.as_expected"),
        tr("change_page.some_more"),
        tr("label.more_than_chance"),
    )
    return Classes((-2.0, -1.0, 0.0, 1.0, 2.0), words)


def draw_change(
    session: CitySession,
    scene: ChangeScene,
    height_px: int,
    choose: Callable[[str], None] | None = None,
) -> None:
    """Draw the map of change; a click on an area chooses it."""
    resolution = scene.following.displaced.chosen.resolution
    map_component.draw(
        session, resolution, "change", lambda cells: painting(scene, cells), choose, height_px
    )


def painting(scene: ChangeScene, cells: CellGeometry) -> folium.FeatureGroup:
    """Make the message of everything that changes."""
    return painted(_message(scene, cells))


@once
def _message(scene: ChangeScene, cells: CellGeometry) -> str:
    message = {
        "cells": cells.address,
        "zones": list(_zones(scene, cells)),
        "areas": list(_areas(scene)),
        "view": "core" if scene.following.is_core else "candidates",
        "frame": scene.following.frame,
        "selected": scene.selected,
        "months": {
            "names": [(name, month(name, is_short=True)) for name in scene.months],
            "at": scene.at,
            "palette": theme.current().diverging,
            "dash": (DASH, THICK_DASH),
            "words": {
                "play": tr("map.play"),
                "stop": tr("map.stop"),
                "label": tr("change_page.month"),
                "month": tr("change_page.up_to", month="{month}"),
            },
        },
    }
    return script_json(message)


def _digits(track: CumulativeCounts) -> str:
    """Return the class of each month as a digit, "-" where there are too few incidents."""
    return "".join("-" if level is None else str(level + 2) for level in levels(track))


def _zones(scene: ChangeScene, cells: CellGeometry) -> Iterator[dict[str, Any]]:
    """Yield bands farther out, rings, then cores, so that no core's color is hidden."""
    followed, places = scene.following, scene.following.displaced.places

    def numbers(at: Ints) -> list[int]:
        return [cells.number_of[cell] for cell in followed.grid.h3_cells[at].tolist()]

    pooled = followed.displaced.pooled
    for number, band in enumerate(pooled.farther.bands):
        lines = [band_words(number + 1).capitalize(), _counted(band.counts, scene.at)]
        cells_of = np.concatenate([*places.zones.bands[number]])
        yield _zone(numbers(cells_of), _digits(band.counts), BAND_OPACITY, "", lines)
    drawn = list(zip(followed.area_ids, places.zones.cores, places.zones.rings, strict=True))
    for area_id, _, ring in drawn:
        judged = followed.results(area_id)
        if judged.ring is not None:
            lines = [tr("change_page.around", place=followed.place_name(area_id))]
            lines.append(_counted(judged.ring, scene.at))
            yield _zone(numbers(ring), _digits(judged.ring), RING_OPACITY, area_id, lines)
    for area_id, core, _ in drawn:
        own = _digits(followed.results(area_id).core)
        yield _zone(numbers(core), own, CORE_OPACITY, area_id, [])
    alike = followed.control(scene.selected)
    if scene.has_alike and alike.is_close:
        yield _outline(numbers(alike.cells))


def _zone(
    cells: list[int], digits: str, opacity: float, area_id: str, lines: list[str]
) -> dict[str, Any]:
    """Return a group of cells; in months with too few incidents it has only a dashed edge."""
    own = {"levels": digits, "opacity": opacity, "area": area_id, "lines": lines}
    return {"cells": cells, "line": theme.current().faint, "weight": 1.0, **own}


def _outline(cells: list[int]) -> dict[str, Any]:
    return {**_zone(cells, "", 0.0, "", []), "line": theme.current().accent, "weight": 1.5}


def _areas(scene: ChangeScene) -> Iterator[dict[str, Any]]:
    """Yield outlines, dashed if there are too few incidents, since a gray fill is easy to miss."""
    areas = scene.following.shapes
    yield from map(zone_feature, scene.zones)
    for name, place, shape in zip(
        areas["area_id"], areas["place_name"], areas.geometry, strict=True
    ):
        area_id = str(name)
        letter = "" if is_candidate(area_id) else area_id
        drawn = pack_area(area_id, str(place), shape, _lines(scene, area_id), letter=letter)
        core = scene.following.results(area_id).core
        drawn["properties"]["n"] = int(core.counted[scene.at])
        drawn["properties"]["core"] = bool(letter)
        drawn["properties"]["levels"] = _digits(core)
        yield drawn
    for area in scene.others:
        yield core_feature(area, [state_words(in_service(area))], area.key)


def _lines(scene: ChangeScene, area_id: str) -> list[str]:
    """Return an area's short verdict and its numbers."""
    judged: AreaResult = scene.following.results(area_id)
    verdict = verdict_word(judged, scene.at)
    said = [verdict, tr("change_page.tip_inside", counted=_counted(judged.core, scene.at))]
    if judged.ring is not None:
        around = _counted(judged.ring, scene.at)
        said.append(tr("change_page.tip_around", counted=around))
    return said


def verdict_word(judged: AreaResult, at: int) -> str:
    """Return a verdict in a few words."""
    return name_verdict(judged.verdicts[at])


def why_untold() -> str:
    """Return in small words that nothing is said of a count."""
    word = tr("displacement.too_few")
    return word[:1].lower() + word[1:]


def _counted(track: CumulativeCounts, at: int) -> str:
    if not track.has_enough[at]:
        n = int(track.counted[at])
        return tr("term.comma", name=f"{n:,}", text=why_untold())
    values = counts_at(track, at)
    return tr("change_page.counted", n=values.pop("counted"), **values)
