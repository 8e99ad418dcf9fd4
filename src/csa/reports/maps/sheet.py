"""What a map of a sheet shows, as values, and how large each style draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import geopandas as gpd
import shapely

StyleName = Literal["print", "wall", "screen", "phone"]


@dataclass(frozen=True)
class MapArea:
    """An area on a map.

    Parameters
    ----------
    letter, name
        Its letter and its place name.
    shape
        Its outline, WGS 84.
    is_served
        True for a core service area; False for a candidate.
    """

    letter: str
    name: str
    shape: shapely.Geometry
    is_served: bool


@dataclass(frozen=True)
class MapSheet:
    """All that a map shows.

    Parameters
    ----------
    study_area
        The city, WGS 84; may be empty.
    neighborhoods
        `name` and `geometry`, WGS 84; may have no row.
    layers
        GeoJSON text by layer of `csa.ingest.basemap.LAYERS`; none for no background.
    cells
        H3 cell and the position of its class. A cell that is not listed is drawn as land.
    class_words
        What each class says, lowest first.
    areas
        Core service areas, or candidates.
    legend_title
        What is counted.
    date_line
        The period, such as `July 2017 to June 2020`.
    source_line
        Who publishes what is counted.
    is_synthetic
        Whether the city is made up.
    units
        Of the scale bar.
    metric_crs
        The city's projected system, in metres.
    language
        Such as `en` or `es`.
    focus
        What the map is drawn around, WGS 84: an area's sheet; None for the whole city.
    services
        Name, longitude, latitude and number in the list beside the map.
    street_names
        Whether main streets are named.
    """

    study_area: shapely.Geometry
    neighborhoods: gpd.GeoDataFrame
    layers: Mapping[str, str]
    cells: tuple[tuple[int, int], ...]
    class_words: tuple[str, ...]
    areas: tuple[MapArea, ...]
    legend_title: str
    date_line: str
    source_line: str
    is_synthetic: bool
    units: Literal["us", "metric"]
    metric_crs: str
    language: str
    focus: shapely.Geometry | None = None
    services: tuple[tuple[str, float, float, int], ...] = ()
    street_names: bool = False


@dataclass(frozen=True)
class Style:
    """Sizes of one style, in pixels.

    Parameters
    ----------
    size_px
        Width and height where none is asked for.
    dpi
        What the picture says of its own resolution.
    text_px, small_px, name_px
        Letters of areas and legend, of lines that step back, of neighborhoods and streets.
    outline_px
        A candidate's line; a core service area's is heavier.
    pad_px
        Between parts.
    is_projected
        Whether it hangs on a wall: fewer names, no small streets, stronger greys.
    """

    size_px: tuple[int, int]
    dpi: int
    text_px: float
    small_px: float
    name_px: float
    outline_px: float
    pad_px: float
    is_projected: bool = False


STYLES: Mapping[StyleName, Style] = MappingProxyType(
    {
        "print": Style((1340, 1400), 200, 24, 21, 18, 4.5, 20),
        "wall": Style((1240, 900), 96, 32, 28, 28, 5, 24, is_projected=True),
        "screen": Style((1400, 1000), 96, 21, 18, 15, 3, 18),
        "phone": Style((720, 1000), 96, 26, 24, 24, 4, 16, is_projected=True),
    }
)
"""`print` is the text's width of A4 and US Letter at 200 dots per inch."""
