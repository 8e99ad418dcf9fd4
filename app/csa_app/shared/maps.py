"""Tables in, folium out: the map of cells and areas.

The base map changes only with the city, the cell size and the theme; everything else travels in
one message through `feature_group_to_add`, so that nothing remounts, flashes or loses its zoom.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import folium
import numpy as np
import shapely
from folium.template import Template

from csa.areas.city_scale import count_afar
from csa.areas.places import called
from csa.areas.priority.area_counts import AreaCounts
from csa.areas.proposal import Proposal
from csa.areas.sheets import expected_range
from csa.base.text import tr
from csa.city.config import CityConfig
from csa.geo.cells import cell_resolution, jaccard, mean_km2, outline, refine
from csa.program.registry import AreaStatus, CoreArea
from csa_app.shared import theme
from csa_app.shared.area_status import in_service, state_words
from csa_app.shared.cache import once
from csa_app.shared.geometry import BaseGeometry, CellGeometry
from csa_app.shared.legend import Classes, classify_counts

ALIKE = 0.8
"""Two outlines are nearly the same if their cells' Jaccard index is so much."""


class Painting(folium.MacroElement):
    """Calls `csa-map.js`: to start a map, or to paint the changing parts into a feature group."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "csaMap.{{ this.call }}({{ this._parent.get_name() }}, {{ this.message }});"
        "{% endmacro %}"
    )

    def __init__(self, message: str, call: str = "paint") -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.message, self.call = message, call


ACRES = 247.105
"""In a square kilometer."""


@dataclass(frozen=True)
class Spot:
    """A service on the map."""

    lat: float  # degrees
    lon: float  # degrees
    mark: str  # two letters for its kind
    name: str  # as shown to readers
    kind: str  # as shown to readers


@dataclass(frozen=True)
class MapScene:
    """Everything that a map shows beside its base."""

    proposal: Proposal  # the areas and cells
    classes: Classes  # classes of the cells' counts
    period: str  # period in words, for tooltips
    shade: str  # what colors the cells: `shootings`, `risk` or `none`
    visible: Sequence[str]  # `background`, `neighborhoods`
    selected: str | tuple[str, ...]  # the chosen area's id, or several; "" for none
    services: Sequence[Spot] = ()  # services to mark
    risk: tuple[str, str] | None = None  # address and classes of the scored places, or None
    status: Mapping[str, AreaStatus] = field(default_factory=dict)  # which areas are in service
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    core: Sequence[CoreArea] = ()  # the core service areas, drawn as the registry has them
    counts: Mapping[str, AreaCounts] = field(default_factory=dict)  # theirs, by letter
    afar: CellGeometry | None = None  # larger cells for a view of the whole city
    is_whole: bool = False  # whether the first view is of the whole city
    units: str = "us"  # of the sizes in the map's legend


def script_json(value: Any) -> str:
    """Encode a value as JSON that is safe inside a script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("</", "<\\/").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def base_map(config: CityConfig, base: BaseGeometry, *, is_dark: bool) -> folium.Map:
    """Make the base map, which does not change."""
    colors = theme.DARK if is_dark else theme.LIGHT
    (south, west), (north, east) = base.bounds
    made = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=11,
        tiles=None,
        zoom_snap=0.5,
        max_bounds=False,
    )
    names = ("land", "water", "park", "street", "main_street", "hairline", "outline", "casing")
    options = {
        "base": base.address,
        "bounds": base.bounds,
        "imperial": config.city.units == "us",
        "dark": is_dark,
        "mark": tr("screen.sample") if config.city.is_synthetic else "",
        "colors": {name: getattr(colors, name) for name in (*names, "accent")},
        "words": {
            "map": tr("map.label"),
            "no_geometry": tr("map.no_geometry"),
            "home": tr("map.home"),
        },
    }
    Painting(script_json(options), "start").add_to(made)
    return made


def painted(message: str) -> folium.FeatureGroup:
    """Make what st_folium adds to a map of a message."""
    group = folium.FeatureGroup(name="csa")
    Painting(message).add_to(group)
    return group


def painting(scene: MapScene, cells: CellGeometry) -> folium.FeatureGroup:
    """Make the message of everything that changes."""
    return painted(_message(scene, cells))


@once
def _message(scene: MapScene, cells: CellGeometry) -> str:
    colors = theme.current()
    message = {
        "cells": cells.address,
        "counts": _counts(scene, cells) if scene.shade == "shootings" else [],
        **(_in_two_sizes(scene, cells, scene.afar) if scene.shade == "shootings" else {}),
        "bounds": list(scene.classes.upper),
        "palette": list(colors.sequential[-len(scene.classes.upper) :]),
        "opacity": 0.85,
        "tooltips": {
            "one": tr("map.cell", n=1, count="1", period=scene.period),
            "other": tr("map.cell", n=2, count="{n}", period=scene.period),
            "inside": tr("map.inside", area_id="{area}"),
            "outside": tr("map.outside"),
        },
        "areas": _areas(scene),
        "selected": scene.selected,
        "visible": list(scene.visible),
        "whole": scene.is_whole,
        "services": [[s.lat, s.lon, s.mark, s.name, s.kind] for s in scene.services],
        "risk": None
        if scene.risk is None or scene.shade != "risk"
        else {
            "geometry": scene.risk[0],
            "levels": scene.risk[1],
            "palette": list(colors.sequential[-1 - max(map(int, scene.risk[1]), default=0) :]),
        },
    }
    return script_json(message)


def _in_two_sizes(scene: MapScene, near: CellGeometry, far: CellGeometry | None) -> dict[str, Any]:
    """Return the larger cells that are shown until the map is close enough for the small ones."""
    if far is None:
        return {}
    counts = count_afar(scene.proposal.counted)
    classes = classify_counts(np.array(list(counts.values())))
    larger = {
        "cells": far.address,
        "counts": [[far.number_of[cell], n, ""] for cell, n in counts.items()],
        "bounds": list(classes.upper),
        "palette": list(theme.current().sequential[-len(classes.upper) :]),
        "legend": _legend(classes, far, scene),
    }
    return {"far": larger, "legend": _legend(scene.classes, near, scene)}


def _legend(classes: Classes, cells: CellGeometry, scene: MapScene) -> dict[str, Any]:
    """Return what the map's own legend says of the cells on screen."""
    any_cell = next(iter(cells.number_of), 0)
    km2 = mean_km2(cell_resolution(any_cell))
    colors = theme.current().sequential[-len(classes.words) :]
    size = tr("map.acres", n=km2 * ACRES) if scene.units == "us" else f"{km2 * 100:.2g} ha"
    return {
        "title": tr("map.legend", size=size),
        "rows": [list(row) for row in zip(colors, classes.words, strict=True)],
    }


def _counts(scene: MapScene, cells: CellGeometry) -> list[list[object]]:
    proposal, counted = scene.proposal, scene.proposal.counted
    areas = zip(proposal.areas["area_id"], proposal.areas["place_name"], strict=True)
    names = [*(_called(scene, str(area_id), str(place)) for area_id, place in areas), ""]
    area_of_cell, none = proposal.area_of_cell.copy(), len(names) - 1
    core = {area.key for area in scene.core}
    for number, area_id in enumerate(proposal.areas["area_id"]):
        stands = scene.status.get(str(area_id))
        if stands is not None and stands.letter in core:  # its own ground says which cells are its
            area_of_cell[area_of_cell == number] = none
    for area in scene.core:
        own = refine(area.cells, int(proposal.summary["params"]["resolution"]))
        area_of_cell[counted.grid.at(own)] = len(names)
        names.append(called(area.place_name, area.key))
    shown = (counted.cells, counted.incidents, area_of_cell[counted.places])
    return [
        [cells.number_of[cell], count, names[area]]
        for cell, count, area in zip(*(one.tolist() for one in shown), strict=True)
    ]


def _areas(scene: MapScene) -> list[dict[str, Any]]:
    """List the candidates, then the core service areas, each as the registry has it.

    A candidate that is one has the registry's label; its own outline stays where it differs.
    """
    areas, core = scene.proposal.areas, {area.key: area for area in scene.core}
    drawn = []
    for area, shape in zip(areas.to_dict("records"), areas.geometry, strict=True):
        stands = scene.status.get(str(area["area_id"]))
        served = None if stands is None else core.get(stands.letter)
        own = frozenset(int(cell, 16) for cell in area["cells"])
        alike = 0.0 if served is None else jaccard(own, served.cells)
        if alike == 1:
            continue
        drawn.append(_feature(area, shape, scene))
        is_part = stands is not None and stands.part_of and scene.core
        drawn[-1]["properties"]["named"] = served is None and not is_part
        drawn[-1]["properties"]["twin"] = alike >= ALIKE
    return [*drawn, *(_core_feature(area, scene) for area in scene.core)]


def _core_feature(area: CoreArea, scene: MapScene) -> dict[str, Any]:
    """Draw a core service area; a click on it chooses the candidate that it is, if any."""
    served = {one.letter: one.area_id for one in scene.status.values() if one.letter}
    area_id = served.get(area.key, area.key)
    own, n = scene.counts.get(area.key), list[str]()
    if own is not None:
        n = [tr("map.area_count", n=own.incidents, period=scene.period), *_chance(own.usual)]
    lines = [state_words(in_service(area)), *n, *scene.notes.get(area_id, ())]
    return core_feature(area, lines, area_id)


def core_feature(area: CoreArea, lines: Sequence[str], area_id: str) -> dict[str, Any]:
    """Return a core service area's outline as a feature, known to the page by an id."""
    drawn = feature(area_id, area.place_name, outline(area.cells), lines, letter=area.key)
    drawn["properties"]["core"] = True
    return drawn


def _called(scene: MapScene, area_id: str, place: str) -> str:
    stands = scene.status.get(area_id)
    return place if stands is None else stands.display_name


def _feature(
    area: Mapping[Hashable, Any], shape: shapely.Geometry, scene: MapScene
) -> dict[str, Any]:
    area_id = str(area["area_id"])
    stands = scene.status.get(area_id)
    letter = stands.letter if stands else ""
    lines = [
        *([state_words(stands)] if stands else []),
        tr("map.area_count", n=area["incidents"], period=scene.period),
        *([tr("map.outline_now")] if letter else []),
        *_chance(expected_range(area["expected_low"], area["expected_high"])),
        *scene.notes.get(area_id, ()),
    ]
    name = _called(scene, area_id, str(area["place_name"]))
    place = stands.place_name if stands and letter else name
    drawn = feature(area_id, place, shape, lines, letter=letter)
    drawn["properties"]["n"] = int(area["incidents"])
    return drawn


def _chance(usual: tuple[int, int] | None) -> list[str]:
    return [tr("map.area_chance", low=usual[0], high=usual[1])] if usual else []


def feature(
    area_id: str, place: str, shape: shapely.Geometry, lines: Sequence[str], *, letter: str
) -> dict[str, Any]:
    """Return an area's outline as a feature, labeled at its upper left corner."""
    top = max(shapely.get_coordinates(shape), key=lambda corner: corner[1] - corner[0])
    return {
        "type": "Feature",
        "properties": {
            "area_id": area_id,
            "letter": letter,
            "place": place,
            "lines": list(lines),
            "at": [round(float(top[1]), 5), round(float(top[0]), 5)],
        },
        "geometry": json.loads(shapely.to_geojson(shapely.set_precision(shape, 1e-5))),
    }
