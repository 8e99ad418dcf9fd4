"""Read polygons: neighborhoods and the study area; repair broken ones, and report it."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.crs import LONLAT, finite_shapes, is_made_for, tables_to_lonlat
from csa.base.errors import CrsError, SourceError
from csa.base.message import Message, msg
from csa.base.safe_parsing import read_text
from csa.base.schema import UNASSIGNED
from csa.base.text import first_names
from csa.city.config import CityBasics, PlacesSource
from csa.city.selection import AreaSelection, refuse_twice
from csa.geo.cells import fit_cells
from csa.ingest.infer_neighborhoods import plain_name
from csa.ingest.job import in_own_process
from csa.ingest.map_files import read_map, refuse_tangled, refuse_vast
from csa.ingest.parse import plain_text
from csa.ingest.records import read_records
from csa.ingest.shapes import as_table

MOST_NAMED = 5
TEXTS = frozenset({".csv", ".tsv"})
POLYGON, MOSTLY = re.compile(r"\s*(MULTI)?POLYGON\b", re.IGNORECASE), 0.5
"""How the text of a polygon begins; the share of rows that have one, at least."""
MAX_SPAN_DEGREES = 3.0
"""About 300 km: no city reaches farther, and no neighborhood lies farther from the others."""

MOST_POINTS = 20_000
"""A zone's corners: they stand in the store and in its log."""

ZONE_NAMES = ("name", "zone", "title", "label")
"""Columns with the name of a zone, in capitals or not."""

LEAST_KM2, KM_A_DEGREE = 0.01, 111.2
"""A city's land is more than a block: of less, cells would be cut to slivers."""


def read_neighborhoods(
    path: Path, places: PlacesSource
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """Read a city's neighborhoods."""
    every, is_polygon = _read(path, places.crs)
    table = every[is_polygon]
    for column in filter(None, (places.name_column, places.id_column)):
        if column not in table.columns:
            found = [str(name) for name in table.columns if name != "geometry"]
            raise SourceError(
                "places.no_column", path=path, column=column, found=first_names(found)
            )
    given = plain_text(every[places.name_column]).replace("", UNASSIGNED)
    names = _lowered(given)
    table, notes = _mend(table.assign(name=names[is_polygon], given=given[is_polygon]), path)
    if not is_polygon.all():
        counts = {"n": int((~is_polygon).sum()), "n_all": len(every)}
        which = ", ".join(names[~is_polygon][:MOST_NAMED])
        notes += (msg("places.note_no_shape", name=path.name, which=which, **counts),)
    _refuse_far(table, path)
    n_unnamed = int((table["name"] == UNASSIGNED).sum())
    if n_unnamed:
        notes += (msg("places.note_unnamed", name=path.name, n=n_unnamed),)
    ids = table[places.id_column].astype("str") if places.id_column else table["given"]
    table = table.assign(place_id=ids)[["name", "place_id", "geometry"]]
    joined = table.dissolve(by="name", aggfunc="first", sort=True).reset_index()
    return joined[["name", "place_id", "geometry"]], notes


def _lowered(names: pd.Series) -> pd.Series:
    """Write names as people say them where all are in capitals, and none becomes another's."""
    named = names[names != UNASSIGNED]
    lowered = named.map(plain_name)
    is_loud = named.str.upper().eq(named).all() and named.str.contains(r"[^\W\d_]{3}").any()
    is_told = is_loud and lowered.nunique() == named.nunique()
    return lowered.reindex(names.index, fill_value=UNASSIGNED) if is_told else names


def _refuse_far(table: gpd.GeoDataFrame, path: Path) -> None:
    """Refuse a polygon far from this city: it would stretch the study area."""
    bounds = table.geometry.bounds
    middle_x = bounds[["minx", "maxx"]].mean(axis=1)
    middle_y = bounds[["miny", "maxy"]].mean(axis=1)
    is_far = (middle_x - middle_x.median()).abs() > MAX_SPAN_DEGREES
    is_far |= (middle_y - middle_y.median()).abs() > MAX_SPAN_DEGREES
    is_far |= bounds["maxx"] - bounds["minx"] > MAX_SPAN_DEGREES
    is_far |= bounds["maxy"] - bounds["miny"] > MAX_SPAN_DEGREES
    if is_far.any():
        raise SourceError("places.far", path=path, which=", ".join(table.loc[is_far, "name"][:3]))


def require_zone(neighborhoods: gpd.GeoDataFrame, city: CityBasics) -> None:
    """Refuse a system in meters that is made for another part of the world."""
    west, south, east, north = neighborhoods.total_bounds
    if not is_made_for(city.metric_crs, (west + east) / 2, (south + north) / 2):
        raise CrsError("places.wrong_zone", crs=city.metric_crs, city=city.name)


def read_study_area(path: Path, crs: str | None) -> shapely.Geometry:
    """Read the study area from its own file."""
    table, _ = _mend(read_polygons(path, crs).assign(name="study area"), path)
    return join_polygons(table.geometry, path)


@in_own_process
def read_zone(path: Path, crs: str | None) -> tuple[shapely.Geometry, tuple[Message, ...]]:
    """Read a program's zone, all features of a file as one, in degrees."""
    table, notes = _mend(read_polygons(path, crs).assign(name=path.stem), path)
    whole = shapely.force_2d(join_polygons(table.geometry, path))
    n_points = int(shapely.get_num_coordinates(whole))
    if n_points > MOST_POINTS:
        raise SourceError("zone.points", path=path, n=n_points, most=MOST_POINTS)
    return whole, notes


@in_own_process
def read_zones(path: Path) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """Read each feature of a map file as a zone, in degrees, with its name or its number."""
    table = read_polygons(path, None)
    column = next((name for name in table.columns if str(name).casefold() in ZONE_NAMES), None)
    numbers = pd.Series([str(n) for n in range(1, len(table) + 1)], index=table.index)
    given = numbers if column is None else plain_text(table[column])
    names = given.where((given != "") & ~given.duplicated(keep=False), numbers)
    return _mend(table[["geometry"]].assign(name=names), path)


def has_cells(path: Path) -> bool:
    """Check whether a file lists areas by their cells; other map files have polygons only."""
    suffix = path.suffix.casefold()
    if suffix in {".geojson", ".json"} and path.is_file():
        return '"cells"' in read_text(path)
    return suffix not in {".gpkg", ".shp", ".zip"}


def draw_areas(path: Path, study_area: shapely.Geometry, resolution: int) -> AreaSelection:
    """Read polygons as areas to be followed, each on the cells that it has most of the land of.

    Nothing says which months chose them, nor when they began.
    """
    table, _ = read_zones(path)
    ids = table["name"].to_list()
    cells = [fit_cells(shape, study_area, resolution).cells for shape in table.geometry]
    refuse_twice(ids, cells, path)
    return AreaSelection(tuple(ids), tuple(ids), tuple(cells), resolution, n_undated=len(ids))


def join_polygons(shapes: gpd.GeoSeries, path: Path) -> shapely.Geometry:
    """Join valid polygons in degrees; refuse a whole that is vast in its borders, or tiny."""
    whole: shapely.Geometry = shapes.union_all()
    refuse_tangled(np.array([whole]), shapes.to_numpy(), path)
    _, south, _, north = shapely.bounds(whole)
    km2 = shapely.area(whole) * KM_A_DEGREE**2 * np.cos(np.radians((south + north) / 2))
    if not km2 >= LEAST_KM2:
        raise SourceError("places.tiny", path=path)
    return whole


def read_polygons(path: Path, crs: str | None) -> gpd.GeoDataFrame:
    """Read the polygons of a map file, in degrees; `crs` is the system where it names none."""
    table, is_polygon = _read(path, crs)
    return table[is_polygon]


def _read(path: Path, crs: str | None) -> tuple[gpd.GeoDataFrame, pd.Series]:
    """Read a map's places in degrees, and which of them are polygons."""
    unreadable = SourceError("places.unreadable", path=path)
    is_text = path.suffix.casefold() in TEXTS
    table = _from_text(path, crs, unreadable) if is_text else read_map(path, unreadable)
    if not isinstance(table, gpd.GeoDataFrame):
        raise SourceError("places.no_polygons", path=path)
    if table.crs is None and crs is not None:
        table = table.set_crs(crs)
    table = tables_to_lonlat(table, str(path))
    is_polygon = table.geom_type.isin(["Polygon", "MultiPolygon"]) & ~table.geometry.is_empty
    if not is_polygon.any():
        raise SourceError("places.no_polygons", path=path)
    west, south, east, north = table[is_polygon].total_bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise SourceError("places.not_degrees", path=path, west=f"{west:.0f}")
    return table, is_polygon


def _from_text(path: Path, crs: str | None, unreadable: SourceError) -> gpd.GeoDataFrame:
    """Read a table with a column of polygons as text, in degrees if `crs` says no other."""
    table = as_table(read_records(path))
    shares = table.apply(lambda column: column.str.match(POLYGON).mean())
    if shares.empty or shares.max() < MOSTLY:
        raise unreadable
    texts = table.pop(str(shares.idxmax()))
    # Polygons alone: collections in collections would use up the stack.
    texts = texts.where(texts.str.match(POLYGON), "POLYGON EMPTY")
    shapes = gpd.GeoSeries(shapely.from_wkt(texts, on_invalid="ignore"), crs=crs or LONLAT)
    shapes = finite_shapes(shapes)
    refuse_vast(shapes.to_numpy(), path)
    return gpd.GeoDataFrame(table, geometry=shapes)


def _mend(table: gpd.GeoDataFrame, path: Path) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    is_broken = ~table.geometry.is_valid
    if not is_broken.any():
        return table, ()
    broken = ", ".join(sorted(table.loc[is_broken, "name"]))
    fixed = shapely.make_valid(table.geometry.to_numpy(), method="structure")
    refuse_tangled(fixed, table.geometry.to_numpy(), path)
    mended = [_polygons_only(shape) for shape in fixed]
    table = table.set_geometry(gpd.GeoSeries(mended, index=table.index, crs=LONLAT))
    n_broken = int(is_broken.sum())
    return table, (msg("places.note_mended", name=path.name, n=n_broken, which=broken),)


def _polygons_only(shape: shapely.Geometry) -> shapely.Geometry:
    """Keep the polygons of a repaired shape; lines and points have no area."""
    parts = [part for part in shapely.get_parts(shape) if shapely.area(part) > 0]
    return shapely.union_all(parts) if parts else shapely.Polygon()
