"""Made-up ground for areas: real H3 cells of Kansas City, few incidents, slow definitions."""

import h3.api.basic_int as h3
import numpy as np
import pandas as pd
from hypothesis import strategies as st
from pyproj import Transformer
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN

from csa.areas.forming import form_areas
from csa.base.params import AreaParams, DbscanParams
from csa.geo.grid import Grid

TO_METERS = Transformer.from_crs("EPSG:4326", "EPSG:32615", always_xy=True)
MIDDLE = h3.latlng_to_cell(39.1, -94.578, 9)
UNIVERSE = sorted(h3.grid_disk(MIDDLE, 12))
TOWN = sorted(h3.grid_disk(MIDDLE, 9))  # about 29 km2
NUMBER = {cell: number for number, cell in enumerate(UNIVERSE)}


def meters(cells):
    pairs = np.array([h3.cell_to_latlng(cell) for cell in cells]).reshape(-1, 2)
    return np.column_stack(TO_METERS.transform(pairs[:, 1], pairs[:, 0]))


CENTER_XY = meters(UNIVERSE)
AT = dict(zip(UNIVERSE, CENTER_XY, strict=True))
APART = cdist(CENTER_XY, CENTER_XY)
TOUCH = (APART > 0) & (APART < 500)  # centers of neighbors are some 350 m apart, others 600
IS_EDGE = TOUCH.sum(axis=1) < 6


def grid_of(cells, *, center_xy=None, km2=None):
    listed = sorted(cells)
    sizes = [h3.cell_area(cell, unit="km^2") if km2 is None else km2 for cell in listed]
    return Grid(
        pd.Series(sizes, index=pd.Index(listed, dtype="uint64", name="cell"), name="area_km2"),
        meters(listed) if center_xy is None else center_xy,
    )


GRID = grid_of(TOWN)
LAKE = set(h3.grid_disk(min(h3.grid_ring(MIDDLE, 2)), 1))
LAKESIDE = grid_of(set(TOWN) - LAKE)
MOAT = set(h3.grid_ring(MIDDLE, 1))
ISLAND = grid_of(set(TOWN) - MOAT)  # the middle cell lies alone in a lake
EVEN = grid_of(TOWN, km2=0.125)

BLOCK = h3.latlng_to_cell(39.1, -94.578, 10)
BLOCKS = grid_of(h3.grid_disk(BLOCK, 20))  # 1,261 blocks of .015 km2, 130 m apart
FEW = grid_of(h3.grid_disk(BLOCK, 2))


def cells_at(xy):
    """Find the cell of each point: the one with the nearest center (cells are near-regular)."""
    nearest = cdist(np.reshape(xy, (-1, 2)), CENTER_XY).argmin(axis=1)
    return np.array([UNIVERSE[number] for number in nearest], dtype=np.uint64)


def params(eps_m=60, min_samples=3, limit=2.0):
    return AreaParams(DbscanParams(eps_m, min_samples), 9, limit)


def form(xy, choices, grid=GRID, expected=None):
    """Form areas where, unless told, half as many again are expected in each cell."""
    xy = np.asarray(xy, dtype=float).reshape(-1, 2)
    at = grid.at(cells_at(xy).tolist())
    if expected is None:
        expected = 1.5 * np.bincount(at, minlength=len(grid.area_km2))
    return form_areas(xy, at, grid, choices, expected)


def expecting(counts, grid=GRID):
    """So many incidents expected in each of some cells, none elsewhere."""
    return np.array([counts.get(cell, 0) for cell in grid.area_km2.index.tolist()], dtype=float)


def at_centers(counts):
    """So many incidents at the very center of each cell."""
    return np.array([AT[cell] for cell, n in counts.items() for _ in range(n)])


def straight_row(n):
    """n cells in a straight row: each a neighbor of the next, no other two touching."""
    step = max(h3.grid_ring(MIDDLE, 1), key=lambda cell: AT[cell][0])
    away = AT[step] - AT[MIDDLE]
    spots = [AT[MIDDLE] + (k - n // 2) * away for k in range(n)]
    return [int(cell) for cell in cells_at(spots)]


# ---- Slow definitions, by distances between centers ----------------------------------------


def slow_parts(cells):
    at = np.array(sorted(NUMBER[cell] for cell in cells), dtype=int)
    if not len(at):
        return set()
    _, label = connected_components(csr_array(TOUCH[np.ix_(at, at)]), directed=False)
    return {frozenset(UNIVERSE[k] for k in at[label == part]) for part in set(label.tolist())}


def slow_holes(cells):
    rest = slow_parts(set(UNIVERSE) - set(cells))
    return [piece for piece in rest if not any(IS_EDGE[NUMBER[cell]] for cell in piece)]


def slow_fill(cells):
    return set(cells).union(*slow_holes(cells))


def slow_whole(piece, land):
    """Fill a piece's holes, on land, as far as one can walk."""
    return next(part for part in slow_parts(slow_fill(piece) & set(land)) if set(piece) <= part)


def combined(maps, shares):
    """Add up maps, (m, k), by their shares; of those without an incident nothing."""
    known = np.where(maps.any(axis=0), shares, 0)
    return maps @ (known / (known.sum() or 1))


def slow_size(cells, grid):
    return sum(float(grid.area_km2[cell]) for cell in cells)


def are_touching(one, other):
    return TOUCH[np.ix_([NUMBER[c] for c in one], [NUMBER[c] for c in other])].any()


def plain_clusters(xy, choices):
    """Run scikit-learn on the sorted points; labels back in the rows' order."""
    labels, is_core = np.full(len(xy), -1), np.zeros(len(xy), dtype=bool)
    if not len(xy):
        return labels, is_core
    order = np.array(sorted(range(len(xy)), key=lambda row: tuple(xy[row])))
    model = DBSCAN(eps=choices.dbscan.eps_m, min_samples=choices.dbscan.min_samples)
    model.algorithm = "kd_tree"
    model.fit(xy[order])
    labels[order] = model.labels_
    is_core[order[model.core_sample_indices_]] = True
    return labels, is_core


def plainly_reached(xy, choices, grid):
    """Cells within eps of a core incident, and cells of clusters' incidents."""
    labels, is_core = plain_clusters(xy, choices)
    reached = {int(cell) for cell in cells_at(xy)[labels >= 0]}
    if is_core.any():
        near = cdist(grid.center_xy, xy[is_core]).min(axis=1) <= choices.dbscan.eps_m
        reached |= {int(cell) for cell in grid.area_km2.index[near]}
    return reached


# ---- Walkable areas, slow and obvious -------------------------------------------------------


def slow_within(cell, steps):
    near = {cell}
    for _ in range(steps):
        near |= {UNIVERSE[k] for one in near for k in np.flatnonzero(TOUCH[NUMBER[one]])}
    return near


def slow_beside(piece, free):
    return {
        cell for cell in free - piece if TOUCH[NUMBER[cell], [NUMBER[one] for one in piece]].any()
    }


class SlowAreas:
    """The method by sets of cells and distances between centers."""

    def __init__(self, reached, expected, needed, grid, limit):
        self.land = grid.area_km2.index.tolist()
        self.grid, self.limit = grid, limit
        self.least = max(0.0, min(0.1, limit - grid.area_km2.max())) - 1e-9
        self.free = {cell for cell in self.land if reached[grid.at([cell])[0]]}
        more = expected - needed
        self.price = 0.015 * max(needed / grid.area_km2.to_numpy(), default=0)
        self.more = dict(zip(self.land, more.tolist(), strict=True))
        density = expected / grid.area_km2.to_numpy()
        at = zip((-density).round(9).tolist(), grid.center_xy.tolist(), strict=True)
        self.order = dict(zip(self.land, at, strict=True)).get
        self.dense = {cell for cell in self.free if self.more[cell] >= 0}

    def worth(self, cells):
        return sum(self.more[cell] for cell in cells)

    def size(self, cells):
        return slow_size(cells, self.grid)

    def fits(self, cells):
        return self.size(cells) <= self.limit + 1e-9

    def places(self):
        median = float(np.median(list(self.grid.area_km2))) if self.land else 1
        steps = next(k for k in range(9) if median * len(slow_within(MIDDLE, k)) >= 0.09)
        held = set()
        for cell in self.free:
            place = slow_within(cell, steps) & self.free
            if self.worth(place) >= 0 and self.size(place) >= 0.9 * self.least:
                held |= place
        return held

    def trim(self, piece):
        piece = set(piece)
        for cell in sorted(piece - self.dense, key=self.order, reverse=True):
            around = piece & (slow_within(cell, 1) - {cell})
            if len(slow_parts(around)) == 1 and len(around) < 6:
                piece -= {cell} if self.size(piece - {cell}) >= self.least else set()
        return piece

    def grow(self, piece):
        while self.size(piece) < self.least:
            beside = slow_beside(piece, self.free)
            if not beside:
                return set()
            piece = piece | {min(beside, key=self.order)}
        return piece

    def split(self, piece):
        parts, left = [], set(piece)
        while left and not self.fits(piece):
            part = {min(left, key=self.order)}
            while fitting := [one for one in slow_beside(part, left) if self.fits(part | {one})]:
                part.add(min(fitting, key=self.order))
            left -= part
            parts.append(part)
        return [part for part in parts or [piece] if self.size(part) >= self.least]

    def fill(self, area, held):
        holes = slow_parts(slow_whole(area, self.land) - area)
        middle = self.grid.middle
        for hole in sorted(holes, key=lambda one: (round(self.size(one), 9), *middle(one))):
            if not hole & held and self.fits(area | hole):
                area = area | hole
        return area

    def areas(self):
        grown = [self.grow(self.trim(piece)) for piece in slow_parts(self.places() | self.dense)]
        taken = {cell for piece in grown if self.worth(piece) > self.price for cell in piece}
        parts = [frozenset(part) for piece in slow_parts(taken) for part in self.split(piece)]
        return {self.fill(part, frozenset().union(*parts)) for part in parts}


# ---- Random towns --------------------------------------------------------------------------

corner = st.tuples(st.integers(-20, 20), st.integers(-17, 17))  # 90 m apart: all inside TOWN


@st.composite
def towns(draw):
    """Incidents on street corners: knots with what lies around them, bridges, and strays."""
    corners = draw(st.lists(corner, max_size=30))
    for at, n in draw(st.lists(st.tuples(corner, st.integers(3, 12)), max_size=8)):
        corners += [at] * n
        corners += draw(
            st.lists(
                st.builds(
                    lambda x, y, at=at: (at[0] + x, at[1] + y),
                    st.integers(-4, 4),
                    st.integers(-4, 4),
                ),
                max_size=25,
            )
        )
    for (x, y), n in draw(st.lists(st.tuples(corner, st.integers(4, 30)), max_size=3)):
        corners += [(min(x + step, 20), y) for step in range(n)]
    clipped = [(min(max(x, -20), 20), min(max(y, -17), 17)) for x, y in corners]
    xy = np.array(clipped, dtype=float).reshape(-1, 2)
    return AT[MIDDLE] + 90.0 * xy


def on_land(xy, grid):
    return xy[np.isin(cells_at(xy), grid.area_km2.index.to_numpy())]


def slow_middle(cells, grid):
    at = [grid.area_km2.index.get_loc(cell) for cell in cells]
    return tuple(grid.center_xy[at].mean(axis=0).round(6).tolist())


def ring_road(n=40, radius_m=350):
    """n incidents on a circle around the middle: one in each cell of the first ring or more."""
    turns = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return AT[MIDDLE] + radius_m * np.column_stack([np.cos(turns), np.sin(turns)])
