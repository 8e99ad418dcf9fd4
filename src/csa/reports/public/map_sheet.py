"""The public map: classes of cells and outlines of areas, from the public facts."""

from __future__ import annotations

import shapely

from csa.base.errors import MapError
from csa.base.text import Speaker
from csa.config.city import CityConfig
from csa.geo import cells as h3_cells
from csa.reports.maps.sheet import MapArea, MapSheet
from csa.reports.month.facts import MapGround
from csa.reports.public.facts import PublicFacts
from csa.reports.public.neighborhoods import place_ids
from csa.reports.public.sections import map_alt
from csa.reports.public.svg_map import svg_map
from csa.reports.public.words import class_words, map_name, noun, period

CANDIDATE = "candidate"


def public_map(told: PublicFacts, ground: MapGround, config: CityConfig, language: str) -> str:
    """Draw the map of the page and the wall as SVG, from the public facts alone."""
    keys, levels = place_ids(told), {one.name: one.level for one in told.districts}
    dissolved = ground.neighborhoods.dissolve("name").geometry
    places = [
        (keys[name], shape, levels[name]) for name, shape in dissolved.items() if name in keys
    ]
    sheet = public_sheet(told, ground, config, language)
    try:
        return svg_map(sheet, map_alt(told, Speaker(language)), places)
    except (ValueError, TypeError, KeyError, shapely.GEOSException) as error:  # damaged layers
        raise MapError("map_sheet.undrawable", why=f"{type(error).__name__}: {error}") from error


def public_sheet(
    told: PublicFacts, ground: MapGround, config: CityConfig, language: str
) -> MapSheet:
    """Return the contents of the public map, from the public facts alone."""
    tell = Speaker(language)
    return MapSheet(
        study_area=ground.study_area,
        neighborhoods=ground.neighborhoods[["name", "geometry"]],
        layers=ground.layers,
        cells=tuple((int(one.cell, 16), one.level) for one in told.cells),
        class_words=class_words(told, language),
        areas=tuple(
            MapArea(
                area.letter,
                map_name(area, told, tell),
                h3_cells.outline(int(cell, 16) for cell in area.cells),
                area.state != CANDIDATE,
            )
            for area in told.areas
        ),
        legend_title=noun(told, tell),
        date_line=period(told, tell),
        source_line=told.source,
        shaded=_shaded(told, ground),
        is_synthetic=told.is_synthetic,
        units=told.units,
        metric_crs=config.city.metric_crs,
        language=language,
    )


def _shaded(told: PublicFacts, ground: MapGround) -> tuple[tuple[shapely.Geometry, int], ...]:
    """Give each neighborhood the class of its own number, as the table has it.

    Cells are left to the downloads: one that touches a quiet neighborhood colored it too. Where
    there are no neighborhoods, cells are shown.
    """
    levels = {one.name: one.level for one in told.districts}
    pieces = zip(ground.neighborhoods["name"], ground.neighborhoods.geometry, strict=True)
    return tuple((shape, levels[name]) for name, shape in pieces if name in levels)
