"""H3 cells: only this module and its neighbors `spirals` and `ground` use h3.

Cells are uint64 inside and 15 hex digits in files. H3 wants latitude first: only here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import geopandas as gpd
import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from csa.base.arrays import Cells, Floats, Ints
from csa.base.crs import LONLAT, equal_area, to_metres
from csa.base.params import require_resolution
from csa.geo.spirals import NO_CELL

CellSet = frozenset[int]


def contiguous_parts(cells: Iterable[int]) -> list[frozenset[int]]:
    """Split a set of cells into pieces that do not touch."""
    left = {int(cell) for cell in cells}
    parts = []
    while left:
        part: set[int] = set()
        edge = {min(left)}
        while edge:
            part |= edge
            left -= edge
            edge = {near for cell in edge for near in disk(cell)} & left
        parts.append(frozenset(part))
    return parts


def fill_holes(cells: Iterable[int]) -> frozenset[int]:
    """Add the cells that pieces of a set of cells enclose."""
    filled: set[int] = set()
    for part in contiguous_parts(cells):
        around = {near for cell in part for near in disk(cell)} - part
        rims = contiguous_parts(around)
        outside = _outermost(rims)
        filled |= part
        # The cells around a piece form its outer rim and one rim along each hole.
        for rim in rims:
            if rim is not outside:
                filled |= _flood(rim, part)
    return frozenset(filled)


def _outermost(rims: list[frozenset[int]]) -> frozenset[int]:
    """Return the rim that reaches farthest west: the others lie within it."""
    if len(rims) == 1:
        return rims[0]
    start = h3.cell_to_latlng(min(rims[0]))[1]

    def west(cell: int) -> float:  # also where a city lies on both sides of the 180th meridian
        return float((h3.cell_to_latlng(cell)[1] - start + 180) % 360)

    return min(rims, key=lambda rim: min(map(west, rim)))


def _flood(start: frozenset[int], walls: frozenset[int]) -> set[int]:
    flooded: set[int] = set()
    edge = set(start)
    while edge:
        flooded |= edge
        edge = {near for cell in edge for near in disk(cell)} - walls - flooded
    return flooded


M2_PER_KM2 = 1e6
BLOCK = 100_000
MAX_EDGE_DEGREES = 0.002


def bin_points(lon: npt.ArrayLike, lat: npt.ArrayLike, resolution: int) -> Cells:
    """Find the H3 cell of each point.

    Parameters
    ----------
    lon, lat
        Degrees, WGS 84, length n; NaN where unlocated.
    resolution
        H3 resolution, 6 to 11.

    Returns
    -------
    numpy.ndarray
        Cells (uint64), length n; 0 where unlocated.

    Raises
    ------
    ParamError
        If the resolution is outside its range.

    Examples
    --------
    >>> cells = csa.bin_points([-94.58, -94.5801, float("nan")], [39.10, 39.1001, 39.1], 9)
    >>> bool(cells[0] == cells[1]), int(cells[2])
    (True, 0)
    """
    require_resolution(resolution)
    lons, lats = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    cells = np.full(lons.shape, NO_CELL, dtype=np.uint64)
    is_located = np.isfinite(lons) & np.isfinite(lats)
    cell_of, located = h3.latlng_to_cell, np.flatnonzero(is_located)
    for start in range(0, len(located), BLOCK):  # as Python's numbers they take four times as much
        at = located[start : start + BLOCK]
        pairs = zip(lats[at].tolist(), lons[at].tolist(), strict=True)
        cells[at] = [cell_of(y, x, resolution) for y, x in pairs]
    return cells


def cover(study_area: shapely.Geometry, resolution: int) -> pd.DataFrame:
    """List every cell that intersects the study area, with the area inside it.

    Parameters
    ----------
    study_area
        Polygons, WGS 84.
    resolution
        H3 resolution, 6 to 11.

    Returns
    -------
    pandas.DataFrame
        `area_km2`: the cell's real area clipped to the study area (ellipsoid, equal-area
        projection); index `cell`, uint64, sorted.

    Raises
    ------
    ParamError
        If the resolution is outside its range.

    Examples
    --------
    >>> from shapely.geometry import box
    >>> cells = csa.cover(box(-94.60, 39.00, -94.55, 39.05), 8)
    >>> round(float(cells["area_km2"].sum()), 1)  # 4.3 by 5.6 km
    24.0
    """
    require_resolution(resolution)
    found: set[int] = set()
    for part in shapely.get_parts(study_area):
        # Without its holes: h3 would miss a cell around a pond. Clipping takes them out again.
        shape = h3.geo_to_h3shape(shapely.Polygon(part.exterior))
        found.update(h3.h3shape_to_cells_experimental(shape, resolution, contain="overlap"))
    cells = np.array(sorted(found), dtype=np.uint64)
    areas = _clipped_km2(cells, study_area)
    table = pd.DataFrame({"area_km2": areas}, index=pd.Index(cells, name="cell"))
    return table[table["area_km2"] > 0]


def _clipped_km2(cells: Cells, study_area: shapely.Geometry) -> npt.NDArray[np.float64]:
    if not len(cells):
        return np.zeros(0)
    centre = shapely.centroid(study_area)
    metric = equal_area(shapely.get_x(centre), shapely.get_y(centre))
    hexagons = to_metres(draw_cells(cells), metric).to_numpy()
    # A long straight border in degrees is a curve in metres: it is projected piece by piece.
    fine = shapely.segmentize(study_area, MAX_EDGE_DEGREES)
    area = to_metres(gpd.GeoSeries([fine], crs=LONLAT), metric).iloc[0]
    shapely.prepare(area)
    is_edge = ~shapely.contains_properly(area, hexagons)
    inside = np.array(hexagons, dtype=object)
    inside[is_edge] = shapely.intersection(hexagons[is_edge], area)
    return np.asarray(shapely.area(inside) / M2_PER_KM2, dtype=np.float64)


def draw_cells(cells: Iterable[int] | Cells) -> gpd.GeoSeries:
    """Draw cells as hexagons.

    Parameters
    ----------
    cells
        Cells of any resolution, length n.

    Returns
    -------
    geopandas.GeoSeries
        Polygons in WGS 84, length n, index `cell`.

    Examples
    --------
    >>> hexagons = csa.draw_cells(csa.bin_points([-94.58], [39.10], 9))
    >>> hexagons.crs.to_epsg(), len(hexagons.iloc[0].exterior.coords) - 1
    (4326, 6)
    """
    listed = np.asarray(list(cells), dtype=np.uint64)
    corners, ring = corners_of(listed)
    shapes = shapely.polygons(shapely.linearrings(corners, indices=ring))
    return gpd.GeoSeries(shapes, index=pd.Index(listed, name="cell"), crs=LONLAT)


def corners_of(cells: Cells) -> tuple[Floats, Ints]:
    """Return the corners of n cells, (k, 2) longitudes and latitudes, and whose each is: (k,)."""
    rings = [h3.cell_to_boundary(cell) for cell in cells.tolist()]
    corners = np.array(list(itertools.chain.from_iterable(rings))).reshape(-1, 2)  # latitude first
    return corners[:, ::-1], np.repeat(np.arange(len(rings)), [len(one) for one in rings])


def outline(cells: Iterable[int]) -> shapely.Geometry:
    """Draw the outline of a set of cells, along their edges."""
    shape = h3.cells_to_h3shape(np.array(sorted(cells), dtype=np.uint64))
    drawn = shapely.geometry.shape(shape.__geo_interface__)
    return shapely.normalize(drawn)


def centres(cells: Iterable[int] | Cells) -> pd.DataFrame:
    """Find the cells' centres."""
    listed = np.asarray(list(cells), dtype=np.uint64)
    pairs = np.array([h3.cell_to_latlng(int(cell)) for cell in listed], dtype=float)
    pairs = pairs.reshape(-1, 2)  # (n, 2) degrees, latitude first
    index = pd.Index(listed, name="cell")
    return pd.DataFrame({"lon": pairs[:, 1], "lat": pairs[:, 0]}, index=index)


def disk(cell: int, steps: int = 1) -> frozenset[int]:
    """Return a cell with all cells within some steps."""
    return _disk(int(cell), steps)


@lru_cache(maxsize=2**11)
def _disk(cell: int, steps: int) -> frozenset[int]:
    """Ask h3 once for each cell: areas of one city are formed again hundreds of times."""
    return frozenset(map(int, h3.grid_disk(cell, steps)))


def mean_km2(resolution: int) -> float:
    """Return the mean size of a cell."""
    return float(h3.average_hexagon_area(resolution, unit="km^2"))


def as_text(cells: Iterable[int]) -> list[str]:
    """Write cells as files do."""
    return [f"{int(cell):015x}" if cell else "" for cell in cells]


def from_text(texts: Iterable[Any]) -> Cells:
    """Read cells as files write them."""
    return np.array([int(text, 16) if text else 0 for text in texts], dtype=np.uint64)
