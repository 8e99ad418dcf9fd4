"""H3 cells: only this module and its neighbors `spirals` and `ground` use h3.

Cells are uint64 inside and 15 hex digits in files. H3 wants latitude first: only here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import geopandas as gpd
import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt
import shapely
from h3 import H3BaseException

from csa.base.arrays import Cells, Floats, Ints
from csa.base.crs import LONLAT, equal_area, to_meters
from csa.base.errors import ParamError
from csa.base.params import require_resolution

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array


# ---- Each cell with those around it, ring by ring, as places in a list.


NO_CELL = np.uint64(0)
OUTSIDE = -1
"""In place of a place: no cell of the list is there."""

MOST_PLACES = 50_000_000
RINGS = tuple(slice(3 * k * (k - 1) + 1 if k else 0, 3 * k * (k + 1) + 1) for k in range(5))
"""The columns of a spiral that hold ring 0 (the cell itself) to ring 4."""

AROUND = ((1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1))
"""Steps to a cell's six neighbors, one after another around it, in h3's local coordinates."""

AFAR = 9
"""Resolution of the cells, of about a tenth of a square kilometer, that a whole city is tested and
drawn in."""


def spirals(cells: Iterable[int] | Cells, steps: int) -> Ints:
    """Find each cell's neighbors in the list, ring by ring: of 32 bits, they take half."""
    return _spirals(np.asarray(list(cells), dtype=np.uint64).tobytes(), steps)


@lru_cache(maxsize=4)
def _spirals(cells: bytes, steps: int) -> Ints:
    listed = np.frombuffer(cells, dtype=np.uint64)
    found = _spirals_on_plane(listed, steps)
    if found is None:
        found = _spirals_on_globe(listed, steps)
    found.flags.writeable = False
    return found


def _spirals_on_plane(listed: Cells, steps: int) -> Ints | None:
    """Find them by the cells' coordinates around the first one; None where they have none.

    Near one of h3's twelve pentagons, and too far from the first cell, there are no such
    coordinates.
    """
    cells = listed.tolist()
    if not cells or np.isin(_base_cells(listed), _base_cells(h3.get_pentagons(0))).any():
        return None
    try:
        ij = np.array([h3.cell_to_local_ij(cells[0], cell) for cell in cells], dtype=np.int64)
    except H3BaseException:
        return None
    ij -= ij.min(axis=0) - steps
    if np.prod(ij.max(axis=0) + steps) > MOST_PLACES:
        return None
    place = np.full(ij.max(axis=0) + 1 + steps, OUTSIDE, dtype=np.int32)
    place[tuple(ij.T)] = np.arange(len(cells))
    return np.stack([place[tuple((ij + step).T)] for step in _spiral_steps(steps)], axis=1)


def ring_pairs(spirals: Ints, ring: int) -> tuple[Ints, Ints]:
    """Return the places of both ends of each pair so many steps apart, from either end."""
    others = spirals[:, RINGS[ring]]
    is_there = others != OUTSIDE
    return np.repeat(np.arange(len(others)), is_there.sum(axis=1)), others[is_there]


def mean_apart_m(spirals: Ints, center_xy: Floats) -> Floats:
    """Return the mean distance of cells no, one, two ... steps apart, as far as there are any.

    `spirals` of at least four rings, (m, K); `center_xy` (m, 2) meters.
    """
    x_m, y_m = np.ascontiguousarray(center_xy.T)
    apart_m = [0.0]
    for ring in range(1, len(RINGS)):
        here, there = ring_pairs(spirals, ring)
        if not len(there):
            break
        apart_m.append(float(np.hypot(x_m[here] - x_m[there], y_m[here] - y_m[there]).mean()))
    return np.array(apart_m)


def _base_cells(cells: Iterable[int] | Cells) -> Cells:
    """Return which of h3's 122 base cells each cell lies in."""
    return np.unique(np.asarray(list(cells), dtype=np.uint64) >> np.uint64(45) & np.uint64(127))


def _spiral_steps(steps: int) -> Iterator[tuple[int, int]]:
    """Yield the way to each place of a spiral: around each ring, one neighbor after another."""
    yield 0, 0
    for ring in range(1, steps + 1):
        i, j = ring * AROUND[4][0], ring * AROUND[4][1]
        for di, dj in AROUND:
            for _ in range(ring):
                yield i, j
                i, j = i + di, j + dj


def _spirals_on_globe(listed: Cells, steps: int) -> Ints:
    near = np.full((len(listed), 1 + 3 * steps * (steps + 1)), NO_CELL, dtype=np.uint64)
    for row, cell in enumerate(listed.tolist()):
        for step in range(steps + 1):
            ring = h3.grid_ring(cell, step)
            start = 1 + 3 * step * (step - 1) if step else 0
            # Around one of h3's twelve pentagons a ring is shorter; the rest stays empty.
            near[row, start : start + len(ring)] = ring
    order = np.argsort(listed)
    at = np.searchsorted(listed, near, sorter=order).clip(max=len(listed) - 1)
    places = order[at]  # (m, 1 + 3 steps (steps + 1)) places in the list
    return np.where(listed[places] == near, places, OUTSIDE).astype(np.int32)


def find_neighbors(cells: Iterable[int] | Cells, steps: int = 1) -> csr_array[np.float64]:
    """Find which cells of a list lie within some steps of one another.

    Parameters
    ----------
    cells
        Different cells of one resolution, length m, in any order.
    steps
        How many rings of neighbors.

    Returns
    -------
    scipy.sparse.csr_array
        (m, m), in the order of the list: 1.0 for the cell itself and for its neighbors in it.

    Examples
    --------
    >>> import shapely
    >>> cells = csa.cover_study_area(shapely.Point(-94.58, 39.10).buffer(0.02), 8)
    >>> neighbors = csa.find_neighbors(cells.index)
    >>> int(neighbors.sum(axis=1).max())  # a cell and its six neighbors
    7
    """
    from scipy.sparse import csr_array  # noqa: PLC0415 - loads late

    around = spirals(cells, steps)
    row, column = np.nonzero(around >= 0)
    ones = np.ones(len(row))
    return csr_array((ones, (row, around[row, column])), shape=(len(around), len(around)))


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


def cover_study_area(study_area: shapely.Geometry, resolution: int) -> pd.DataFrame:
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
    >>> cells = csa.cover_study_area(box(-94.60, 39.00, -94.55, 39.05), 8)
    >>> round(float(cells["area_km2"].sum()), 1)  # 4.3 by 5.6 km
    24.0
    """
    import pandas as pd  # noqa: PLC0415 - loads late
    import shapely  # noqa: PLC0415 - loads late

    require_resolution(resolution)
    found: set[int] = set()
    for part in shapely.get_parts(study_area):
        # Without its holes: h3 would miss a cell around a pond. Clipping takes them out again.
        shape = h3.geo_to_h3shape(shapely.Polygon(part.exterior))
        found.update(h3.h3shape_to_cells_experimental(shape, resolution, contain="overlap"))
    cells = np.array(sorted(found), dtype=np.uint64)
    areas = clipped_km2(cells, study_area)
    table = pd.DataFrame({"area_km2": areas}, index=pd.Index(cells, name="cell"))
    return table[table["area_km2"] > 0]


def clipped_km2(cells: Cells, study_area: shapely.Geometry) -> npt.NDArray[np.float64]:
    """Measure the land of each cell that lies in some polygons: (m,) square kilometers."""
    import geopandas as gpd  # noqa: PLC0415 - loads late
    import shapely  # noqa: PLC0415 - loads late

    if not len(cells):
        return np.zeros(0)
    center = shapely.centroid(study_area)
    metric = equal_area(shapely.get_x(center), shapely.get_y(center))
    hexagons = to_meters(draw_cells(cells), metric).to_numpy()
    # A long straight border in degrees is a curve in meters: it is projected piece by piece.
    fine = shapely.segmentize(study_area, MAX_EDGE_DEGREES)
    area = to_meters(gpd.GeoSeries([fine], crs=LONLAT), metric).iloc[0]
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
    import geopandas as gpd  # noqa: PLC0415 - loads late
    import pandas as pd  # noqa: PLC0415 - loads late
    import shapely  # noqa: PLC0415 - loads late

    listed = np.asarray(list(cells), dtype=np.uint64)
    corners, ring = cell_corners(listed)
    shapes = shapely.polygons(shapely.linearrings(corners, indices=ring))
    return gpd.GeoSeries(shapes, index=pd.Index(listed, name="cell"), crs=LONLAT)


def cell_corners(cells: Cells) -> tuple[Floats, Ints]:
    """Return the corners of n cells, (k, 2) longitudes and latitudes, and whose each is: (k,)."""
    rings = [h3.cell_to_boundary(cell) for cell in cells.tolist()]
    corners = np.array(list(itertools.chain.from_iterable(rings))).reshape(-1, 2)  # latitude first
    return corners[:, ::-1], np.repeat(np.arange(len(rings)), [len(one) for one in rings])


def outline(cells: Iterable[int]) -> shapely.Geometry:
    """Draw the outline of a set of cells, along their edges."""
    import shapely  # noqa: PLC0415 - loads late

    shape = h3.cells_to_h3shape(np.array(sorted(cells), dtype=np.uint64))
    drawn = shapely.geometry.shape(shape.__geo_interface__)
    return shapely.normalize(drawn)


def centers(cells: Iterable[int] | Cells) -> pd.DataFrame:
    """Find the cells' centers."""
    import pandas as pd  # noqa: PLC0415 - loads late

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


# ---- Areas as ground: cells of two resolutions compared at the finer one.


RESOLUTION_BITS = np.uint64(52)


def cell_resolution(cell: int) -> int:
    """Return the H3 resolution of a cell."""
    return int(cell) >> 52 & 0xF


def finest(areas: Iterable[CellSet]) -> int:
    """Return the finest resolution among areas' cells; 0 where there are none."""
    return max((_resolutions_of(area)[1] for area in areas), default=0)


_RESOLUTIONS: WeakKeyDictionary[CellSet, tuple[int, int]] = WeakKeyDictionary()
"""Known while somebody holds the area: areas of one city are compared hundreds of times."""


def _resolutions_of(area: CellSet) -> tuple[int, int]:
    """Return the coarsest and the finest resolution of an area's cells; 0 where it has none."""
    found = _RESOLUTIONS.get(area)
    if found is None:
        each = {cell_resolution(cell) for cell in area} or {0}
        found = _RESOLUTIONS[area] = min(each), max(each)
    return found


def refine(cells: CellSet, resolution: int) -> CellSet:
    """Return the cells of a finer resolution that make up the same ground; finer cells stay.

    A cell's children cover it nearly: their centers lie in it, and they part it with no other.
    """
    return cells if _resolutions_of(cells)[0] >= resolution else _refined(cells, resolution)


@lru_cache(maxsize=2**8)
def _refined(cells: CellSet, resolution: int) -> CellSet:
    return frozenset(
        child
        for cell in cells
        for child in (
            h3.cell_to_children(cell, resolution) if cell_resolution(cell) < resolution else [cell]
        )
    )


def to_finest_resolution(areas: Iterable[CellSet]) -> list[CellSet]:
    """Return areas as cells of the finest resolution among them, so that ground is compared."""
    listed = list(areas)
    finer = finest(listed)
    return [refine(area, finer) for area in listed]


def covered_share(ground: CellSet, area: CellSet) -> float:
    """Return the share of an area's ground that another holds, on the finer of their grids."""
    one, other = to_finest_resolution((ground, area))
    return len(one & other) / len(other) if other else 0.0


def n_shared_cells(one: CellSet, other: CellSet) -> int:
    """Count the cells that two grounds share, on the finer of their grids."""
    fine, also = to_finest_resolution((one, other))
    return len(fine & also)


HALF = 0.5
"""Share of an area's ground that a place must hold to be that area."""


def best_match(area: CellSet, places: Sequence[CellSet]) -> int | None:
    """Return which place is an area: the one that holds most of its ground, at least half of it.

    Of equal ones, the smallest.
    """
    held = [(covered_share(place, area), -len(place)) for place in places]
    best = max(range(len(held)), key=held.__getitem__, default=None)
    return best if best is not None and held[best][0] >= HALF else None


def jaccard(one: CellSet, other: CellSet) -> float:
    """Return the Jaccard index of two areas' ground: the share of all cells that is in both."""
    if one and other and cell_resolution(min(one)) != cell_resolution(min(other)):
        one, other = to_finest_resolution((one, other))
    shared = len(one & other)
    return shared / max(1, len(one) + len(other) - shared)


def parents(cells: Iterable[int] | Cells, resolution: int) -> Cells:
    """Find the larger cell that each (valid) cell lies in, nearly; itself if it is no smaller."""
    listed = np.asarray(list(cells), dtype=np.uint64)
    own = listed >> RESOLUTION_BITS & np.uint64(15)
    # A parent is its child's number with another resolution, and no digit finer than that.
    coarser = np.minimum(own, np.uint64(resolution))
    finer = (np.uint64(1) << np.uint64(3) * (np.uint64(15) - coarser)) - np.uint64(1)
    parent = listed - (own - coarser << RESOLUTION_BITS) | finer
    return np.where(own > coarser, parent, listed)


# Which cells stand for polygons that people drew, and how well they do.

SLIVER_M2 = 100.0
"""A part of a zone smaller than a garage is a slip of the hand."""
LEAST_INSIDE = 0.5
"""So much of a zone's land lies in the city, at least."""
MOST = 0.5
"""A cell belongs to a zone that has more than this share of its land."""


@dataclass(frozen=True)
class ZoneCells:
    """A zone's land in the city, and the cells that stand for it."""

    shape: shapely.Geometry  # as drawn, without slivers, WGS 84
    cells: CellSet
    area_km2: float  # of the zone, in the city
    inside_share: float  # of what was drawn, so much lies in the city
    missed_share: float  # of the zone's land, so much is in no cell of it
    extra_share: float  # land of its cells beyond the zone, as a share of the zone's land
    n_slivers: int  # parts left out

    @property
    def evidence(self) -> dict[str, float]:
        """The figures, as a zone keeps them."""
        names = ("area_km2", "inside_share", "missed_share", "extra_share")
        return {name: round(float(getattr(self, name)), 4) for name in names}


def fit_cells(drawn: shapely.Geometry, study_area: shapely.Geometry, resolution: int) -> ZoneCells:
    """Find the cells most of whose land lies in polygons, and what they miss or add.

    Parameters
    ----------
    drawn
        Valid polygons, WGS 84.
    study_area
        The city, WGS 84.
    resolution
        H3 resolution of the cells.

    Returns
    -------
    ZoneCells
        Land outside the city counts for nothing, of the zone and of cells.

    Raises
    ------
    ParamError
        If most of the zone lies outside the city, or it holds most of no cell.
    """
    parts = shapely.get_parts(drawn)
    is_land = _km2(parts) * M2_PER_KM2 >= SLIVER_M2
    if not is_land.any():
        raise ParamError("zone.too_small")
    shape = shapely.union_all(parts[is_land])
    inside = _polygons(shapely.intersection(shape, study_area))
    inside_share = 0.0 if shapely.is_empty(inside) else float(_km2([inside])[0] / _km2([shape])[0])
    if inside_share < LEAST_INSIDE:
        raise ParamError("zone.outside", share=inside_share)
    own = cover_study_area(inside, resolution)["area_km2"]
    held, land = own.to_numpy(), clipped_km2(own.index.to_numpy(), study_area)
    belongs = held > MOST * land
    if not belongs.any():
        raise ParamError("zone.too_small")
    zone_km2 = float(held.sum())
    return ZoneCells(
        shape,
        frozenset(own.index[belongs].tolist()),
        zone_km2,
        inside_share,
        float(held[~belongs].sum()) / zone_km2,
        float((land - held)[belongs].sum()) / zone_km2,
        int((~is_land).sum()),
    )


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """Keep what has land: where polygons only touch, lines and points are left."""
    parts = shapely.get_parts(shape)
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


def _km2(shapes: Iterable[shapely.Geometry]) -> Floats:
    """Measure land on the ellipsoid, (n,) square kilometers."""
    series = gpd.GeoSeries(list(shapes), crs=LONLAT)
    west, south, east, north = series.total_bounds
    metric = equal_area((west + east) / 2, (south + north) / 2)
    return np.asarray(to_meters(series, metric).area / M2_PER_KM2, dtype=np.float64)
