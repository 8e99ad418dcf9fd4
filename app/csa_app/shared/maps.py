"""Tables in, folium out: the map of cells and areas.

The base map changes only with the city, the cell size and the theme; everything else travels in
one message through `feature_group_to_add`, so that nothing remounts, flashes or loses its zoom.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import folium
import shapely

from csa.areas.places import called
from csa.areas.priority.area_counts import AreaCounts
from csa.areas.proposal import Proposal
from csa.areas.sheets import expected_range
from csa.areas.study_area import StudyArea
from csa.base.arrays import Cells, Ints
from csa.base.params import Month, last_day
from csa.base.text import month, tr
from csa.geo.cell_time import CellTimeLayer, CellTimes, pack_area, script_json
from csa.geo.cells import jaccard, outline, refine
from csa.program.registry import AreaStatus, CoreArea, Zone
from csa_app.shared import theme
from csa_app.shared.area_status import in_service, state_words
from csa_app.shared.cache import once
from csa_app.shared.geometry import CellGeometry
from csa_app.shared.phrases import months_covered

ZONE_DASH = "1 6"
CASES_OF = "cell "
"""Before the number of a cell whose cases are asked for, where else an area's id stands."""
ALIKE = 0.8
"""Two outlines are nearly the same if their cells' Jaccard index is so much."""


@dataclass(frozen=True)
class MapScene:
    """Everything that a map shows beside its base."""

    proposal: Proposal  # the areas and cells
    located: StudyArea  # the incidents of all months
    selected: str | tuple[str, ...]  # the chosen area's id, or several; "" for none
    layers: Sequence[Mapping[str, Any]] = ()  # what the reader can switch on
    status: Mapping[str, AreaStatus] = field(default_factory=dict)  # which areas are in service
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    core: Sequence[CoreArea] = ()  # the core service areas, drawn as the registry has them
    zones: Sequence[Zone] = ()  # the programs' own zones, dotted
    counts: Mapping[str, AreaCounts] = field(default_factory=dict)  # theirs, by letter
    afar: CellGeometry | None = None  # larger cells for a view of the whole city
    months_in_step: int = 0  # of the brush over the months; 0 for none
    has_cases: bool = False  # whether a cell opens its case numbers, to who sees months
    is_whole: bool = False  # whether the first view is of the whole city
    units: str = "us"  # of the sizes in the map's legend

    @property
    def period(self) -> str:
        """The period of the areas' counts in words."""
        return tr("find.n_months", n=months_covered(self.proposal))


def painted(message: Mapping[str, Any] | str) -> folium.FeatureGroup:
    """Make what st_folium adds to a map of a message."""
    group = folium.FeatureGroup(name="csa")
    CellTimeLayer(message).add_to(group)
    return group


def painting(scene: MapScene, cells: CellGeometry) -> folium.FeatureGroup:
    """Make the message of everything that changes."""
    return painted(_message(scene, cells))


@once
def _message(scene: MapScene, cells: CellGeometry) -> str:
    message = {
        "time": _time(scene, cells),
        "areas": _areas(scene),
        "selected": scene.selected,
        "whole": scene.is_whole,
        "layers": scene.layers,
    }
    return script_json(message)


def _time(scene: MapScene, near: CellGeometry) -> dict[str, Any] | None:
    """Return the cells by month, and the areas that they are in; None before a first whole step."""
    located, params = scene.located, scene.proposal.summary["params"]
    report, step = located.dataset.report, scene.months_in_step
    through = date.fromisoformat(report["data_through"])
    span = Month.parse(params["start"]), Month.parse(params["until"])
    known = Month.parse(report["data_from"][:7]), through
    (first, end), span = brush_months(span, known, step) if step else (span, span)
    if end.index <= first.index:
        return None
    times = CellTimes.of(located.cells, located.month, first, end, step or end.index - first.index)
    drawn = [(one.address, one.number_of) for one in (near, scene.afar) if one is not None]
    areas = _names_of(scene, times.cells)
    packed = times.to_message(
        drawn, theme.current(), span, areas, through=through, units=scene.units
    )
    cases = {"id": CASES_OF, "words": tr("find.cases")}
    return packed | {"cases": cases if scene.has_cases and step == 1 else None}


def brush_months(
    span: tuple[Month, Month], known: tuple[Month, date], step: int
) -> tuple[tuple[Month, Month], tuple[Month, Month]]:
    """Return a brush's first month and end, and which of it the page counts, or nearly.

    Steps of more than a month are whole ones of the calendar, wherever the page counts from: no
    difference between two maps of quarters is a month. A month in part counts only as a month.
    """
    (start, until), (begin, through) = span, known
    last = Month(through.year, through.month)
    whole = last.index + (step == 1 or through == last_day(last))
    first, end = begin.plus(-begin.index % step), last.plus(whole - whole % step - last.index)
    late = until.index - min(until.index, end.index) // step * step
    return (first, end), (start.plus(-late), until.plus(-late))


def _names_of(scene: MapScene, cells: Cells) -> tuple[list[str], Ints]:
    """Return what areas are called, and the place among them of each cell's; past the end, none."""
    proposal, grid = scene.proposal, scene.proposal.counted.grid
    areas = zip(proposal.areas["area_id"], proposal.areas["place_name"], strict=True)
    names = [_called(scene, str(area_id), str(place)) for area_id, place in areas]
    area_of_cell, core = proposal.area_of_cell.copy(), {area.key for area in scene.core}
    none = len(names) + len(scene.core)
    area_of_cell[area_of_cell == len(names)] = none
    for number, area_id in enumerate(proposal.areas["area_id"]):
        stands = scene.status.get(str(area_id))
        if stands is not None and stands.letter in core:  # its own ground says which cells are its
            area_of_cell[area_of_cell == number] = none
    for area in scene.core:
        own = refine(area.cells, int(proposal.summary["params"]["resolution"]))
        area_of_cell[grid.at(own)] = len(names)
        names.append(called(area.place_name, area.key))
    return names, area_of_cell[grid.at(cells)]


def _areas(scene: MapScene) -> list[dict[str, Any]]:
    """List the candidates, then the core service areas, each as the registry has it.

    A candidate that is one has the registry's label; its own outline stays where it differs.
    """
    areas, core = scene.proposal.areas, {area.key: area for area in scene.core}
    drawn, rows = [], zip(areas.to_dict("records"), areas.geometry, strict=True)
    for number, (area, shape) in enumerate(rows):
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
        drawn[-1]["properties"]["number"] = number  # among the names of `_names_of`
    for number, core_area in enumerate(scene.core):
        drawn.append(_core_feature(core_area, scene))
        drawn[-1]["properties"]["number"] = len(areas) + number
    return [*map(zone_feature, scene.zones), *drawn]


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
    drawn = pack_area(area_id, area.place_name, outline(area.cells), lines, letter=area.key)
    drawn["properties"]["core"] = True
    return drawn


def zone_feature(zone: Zone) -> dict[str, Any]:
    """Return a zone's boundary as drawn, dotted: it is no area."""
    lines = [tr("zones_page.on_map", kind=zone.kind, since=month(f"{zone.since:%Y-%m}"))]
    drawn = pack_area(zone.key, zone.place_name, zone.shape, lines, letter="")
    drawn["properties"] |= {"dash": ZONE_DASH, "named": False}
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
    drawn = pack_area(area_id, place, shape, lines, letter=letter)
    drawn["properties"]["n"] = int(area["incidents"])
    return drawn


def _chance(usual: tuple[int, int] | None) -> list[str]:
    return [tr("map.area_chance", low=usual[0], high=usual[1])] if usual else []
