"""How often an area's 90% interval holds the expected number: `python -m benchmarks.coverage`.

Made-up cities with known rates, through the very chain: areas found, estimated, given tiers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import product

from csa.base.arrays import Floats, Ints

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import geopandas as gpd
import h3.api.numpy_int as h3
import numpy as np
import pandas as pd
import shapely
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_array

from csa.areas.choices import AreaSettings
from csa.areas.concentration import find_hot_cells
from csa.areas.finding import estimate_areas, find_areas, resolve_params
from csa.areas.ordering import exceeds_city_mean
from csa.areas.shrinkage import Estimate
from csa.areas.study_area import StudyArea
from csa.base.crs import project, to_lonlat
from csa.base.params import DocumentedDbscan, Month, Period
from csa.base.schema import KINDS
from csa.city.dataset import Dataset
from csa.geo import cells as h3_cells
from csa.geo.cells import CellSet, find_neighbors, spirals
from csa.geo.grid import Grid

CRS = "EPSG:32615"
MIDDLE = (-94.578, 39.1)
CELL, BLOCK, POINT = 9, 10, 12  # resolutions of rates, of areas, and of points in a cell
STEPS = 22  # a disk of 1,519 cells, 160 km2, and about 11,000 blocks
MONTHS, HISTORY = 36, 60
PERIOD = Period.before(Month(2020, 1), MONTHS)
KINDS_OF_RATES = ("independent", "smooth", "planted")
MEANS = (0.3, 1.0, 3.0)
FLAT = (600, 2000)
MAPS = (50, 150, 600, 2000)


@dataclass(frozen=True)
class Ground:
    """The cells of all cities, and the blocks that areas are found in.

    Rates are even inside a cell: `inside` says which share of each cell lies in each block.
    """

    cover: pd.DataFrame  # m cells
    spirals: Ints  # of the cells
    corners: Floats  # (m, 6, 2) meters
    neighbours: csr_array  # of the cells
    blocks: pd.DataFrame  # b blocks
    grid: Grid  # of the blocks
    inside: csr_array  # (b, m)

    @property
    def n_cells(self) -> int:
        return len(self.cover)

    @property
    def areas(self) -> DocumentedDbscan:
        """Ask for five times the city's mean density, whatever the number of incidents."""
        return DocumentedDbscan(250.0, 10, self.n_cells)


@cache
def ground(steps: int = STEPS) -> Ground:
    lon, lat = (np.array([degrees]) for degrees in MIDDLE)
    disk = h3_cells.disk(int(h3_cells.bin_points(lon, lat, CELL)[0]), steps)
    cells = np.array(sorted(disk), dtype=np.uint64)
    cover = h3_cells.cover_study_area(h3_cells.outline(disk), CELL)
    cover = cover.loc[cells].join(h3_cells.centers(cells))
    shapes = h3_cells.draw_cells(cells)
    rings = np.array([shape.exterior.coords[:6] for shape in shapes])  # (m, 6, 2) degrees
    corners = project(rings[..., 0].ravel(), rings[..., 1].ravel(), CRS).reshape(-1, 6, 2)
    blocks = h3_cells.cover_study_area(shapely.union_all(shapes), BLOCK)
    blocks = blocks.join(h3_cells.centers(blocks.index.to_numpy()))
    xy = project(blocks["lon"].to_numpy(), blocks["lat"].to_numpy(), CRS)
    grid = Grid(blocks["area_km2"], xy)
    inside = _inside(cover, blocks)
    return Ground(
        cover, spirals(cells, steps=4), corners, find_neighbors(cells), blocks, grid, inside
    )


def _inside(cover: pd.DataFrame, blocks: pd.DataFrame) -> csr_array:
    """Return which share of each cell lies in each block, by points spread evenly: (b, m)."""
    wholes = {h3.cell_to_parent(block, CELL - 1) for block in blocks.index.tolist()}
    points = np.concatenate([h3.cell_to_children(whole, POINT) for whole in sorted(wholes)])
    at = h3_cells.centers(points)
    of = [
        table.index.get_indexer(h3_cells.bin_points(at["lon"], at["lat"], resolution))
        for table, resolution in ((blocks, BLOCK), (cover, CELL))
    ]
    is_in = np.minimum(*of) >= 0
    block, cell = (places[is_in] for places in of)
    n_points = np.bincount(cell, minlength=len(cover))
    return csr_array((1 / n_points[cell], (block, cell)), shape=(len(blocks), len(cover)))


def make_rates(kind: str, mean: float, on: Ground, random: np.random.Generator) -> Floats:
    """Make expected incidents of each cell in the period, of the given mean."""
    if kind == "independent":
        rates = random.gamma(0.5, 2.0, on.n_cells)
    elif kind == "smooth":
        noise = random.normal(size=on.n_cells)
        for n_near in (37, 7):
            near = on.spirals[:, :n_near]
            noise = np.where(near >= 0, noise[near], 0).sum(axis=1) / (near >= 0).sum(axis=1)
        rates = np.exp(1.2 * (noise - noise.mean()) / noise.std())
    elif kind == "planted":
        rates = np.ones(on.n_cells)
        for middle in random.choice(on.n_cells, 6, replace=False):
            place = on.spirals[middle, : random.choice([4, 7, 13, 19])]
            rates[place[place >= 0]] = random.uniform(6, 15)
    else:
        rates = np.ones(on.n_cells)
    rates = rates * on.cover["area_km2"].to_numpy()
    return np.asarray(rates * mean * on.n_cells / rates.sum())


def make_city(at: Ints, month: Ints, on: Ground, random: np.random.Generator) -> StudyArea:
    """Put incidents evenly inside their cells."""
    side = random.integers(0, 6, len(at))
    one, other = on.corners[at, side], on.corners[at, (side + 1) % 6]
    middle = on.corners[at].mean(axis=1)
    u, v = random.random((2, len(at), 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    xy = middle + u * (one - middle) + v * (other - middle)
    lon, lat = to_lonlat(xy[:, 0], xy[:, 1], CRS)
    blocks = h3_cells.bin_points(lon, lat, BLOCK)
    when = (month - 1970 * 12).astype("datetime64[M]").astype("datetime64[ns]")
    incidents = pd.DataFrame({"lon": lon, "lat": lat}).assign(
        occurred_at=when, kind=KINDS[0], flags=""
    )
    dataset = Dataset(incidents, gpd.GeoDataFrame(), shapely.Point(), {})
    positions = np.searchsorted(on.blocks.index.to_numpy(), blocks)
    rows = np.arange(len(at))
    return StudyArea(dataset, KINDS, rows, xy, positions, month, on.grid, on.blocks)


def by_rates(rates: Floats, on: Ground, random: np.random.Generator) -> StudyArea:
    """Draw the period and the years before it: each month as the other."""
    months = MONTHS + HISTORY
    n = random.poisson(rates * months / MONTHS)
    at = np.repeat(np.arange(on.n_cells), n)
    ago = random.integers(1, months + 1, len(at))
    return make_city(at, PERIOD.until.index - ago, on, random)


def by_number(n: int, on: Ground, random: np.random.Generator) -> StudyArea:
    """Throw n incidents on the land in the period, and as many a month before it."""
    before = random.poisson(n * HISTORY / MONTHS)
    ago = np.append(
        random.integers(1, MONTHS + 1, n),
        random.integers(MONTHS + 1, MONTHS + HISTORY + 1, before),
    )
    land = on.cover["area_km2"].to_numpy()
    at = random.choice(on.n_cells, len(ago), p=land / land.sum())
    return make_city(at, PERIOD.until.index - ago, on, random)


def areas_of(located: StudyArea, documented: DocumentedDbscan | None = None) -> tuple[CellSet, ...]:
    """Find areas at a documented density, else at that of 2% of the land."""
    params = resolve_params(located, PERIOD, AreaSettings(resolution=BLOCK), documented)
    return find_areas(located, PERIOD, params).areas


def random_places(
    areas: Sequence[CellSet], on: Ground, random: np.random.Generator
) -> list[CellSet]:
    """Take places of as many blocks as the areas have, anywhere."""
    cells = on.blocks.index.to_numpy()
    places = []
    for area in areas:
        apart_m = np.hypot(*(on.grid.center_xy - on.grid.center_xy[random.integers(len(cells))]).T)
        places.append(frozenset(cells[np.argsort(apart_m, kind="stable")[: len(area)]].tolist()))
    return places


def held_in(kind: str, mean: float, seed: int) -> dict[str, object]:
    """Give, of one city, what is expected and what was told: chosen areas, then places anywhere."""
    on, random = ground(), np.random.default_rng([seed, KINDS_OF_RATES.index(kind), int(mean * 10)])
    rates = make_rates(kind, mean, on, random)
    located = by_rates(rates, on, random)
    areas = areas_of(located, on.areas)
    expected = on.inside @ rates  # (b,)
    told: dict[str, object] = {"n_areas": len(areas), "km2": sum(map(on.grid.size_km2, areas))}
    for name, sets in (("chosen", areas), ("anywhere", random_places(areas, on, random))):
        estimates = estimate_areas(located, PERIOD, sets)
        told["is_flat"] = bool(estimates) and estimates[0].is_sure
        rows = zip(sets, estimates, strict=True)
        told[name] = [side_of(one, float(expected[located.place(a)].sum())) for a, one in rows]
        told[f"{name}_ratio"] = sum(one.mean for one in estimates) / max(
            1e-9, sum(float(expected[located.place(area)].sum()) for area in sets)
        )
    return told


def side_of(estimate: Estimate, expected: float) -> int:
    """Tell whether the interval lies below (-1), around (0) or above (1) what is expected."""
    return int(expected < estimate.low) - int(expected > estimate.high)


def tier_in_flat(n: int, seed: int) -> tuple[int, bool]:
    """Count the areas found in a city where all is luck, and tell whether any has a tier."""
    on, random = ground(), np.random.default_rng([seed, n])
    located = by_number(n, on, random)
    areas = areas_of(located)
    estimates = estimate_areas(located, PERIOD, areas)
    sizes = [on.grid.size_km2(area) for area in areas]
    city_per_km2 = n / float(on.cover["area_km2"].sum())
    return len(areas), bool(exceeds_city_mean(estimates, sizes, city_per_km2).any())


def hot_in_flat(n: int, seed: int) -> bool:
    """Tell whether a random map shows any cell beyond chance."""
    on, random = ground(), np.random.default_rng([seed, n, 9])
    land = on.cover["area_km2"]
    counts = pd.Series(random.multinomial(n, land / land.sum()), index=land.index)
    return bool(find_hot_cells(counts, land, on.neighbours)["is_hot"].any())


def spread_over(
    cores: int, ask: Callable[..., object], given: Sequence[tuple[object, ...]]
) -> Iterator[object]:
    with ProcessPoolExecutor(cores) as pool:
        yield from pool.map(partial(_call, ask), given, chunksize=8)


def _call(ask: Callable[..., object], words: tuple[object, ...]) -> object:
    return ask(*words)


def main(n_cities: int = 112, n_maps: int = 1000) -> None:
    console, cores, seeds = Console(width=110), os.cpu_count() or 1, range(n_cities)
    table = Table(title=f"{n_cities} cities a row", box=None, title_justify="left")
    titles = "Rates,Mean,Flat,Areas,km2,Chosen,Too high,Told/true,Anywhere,Too high,Told/true"
    for title in titles.split(","):
        table.add_column(title, justify="left" if title == "Rates" else "right")
    for kind, mean in product(KINDS_OF_RATES, MEANS):
        told = list(spread_over(cores, held_in, [(kind, mean, seed) for seed in seeds]))
        table.add_row(kind, f"{mean:g}", *summary(told))
    console.print(table)
    for n in FLAT:
        found = list(spread_over(cores, tier_in_flat, [(n, seed) for seed in range(2 * n_cities)]))
        areas, tiers = (np.mean([float(one[part]) for one in found]) for part in (0, 1))
        console.print(f"Flat, {n} incidents: {areas:.1f} areas; a tier in {100 * tiers:.1f}%")
    for n in MAPS:
        hot = np.mean(list(spread_over(cores, hot_in_flat, [(n, one) for one in range(n_maps)])))
        console.print(f"Random map of {n}: a hot cell in {100 * hot:.1f}%")


def summary(told: Sequence[dict[str, object]]) -> list[str]:
    spread = [one for one in told if not one["is_flat"]]
    n_areas = sum(one["n_areas"] for one in spread)
    parts = [
        f"{len(told) - len(spread)}",
        f"{n_areas}",
        f"{sum(one['km2'] for one in spread) / max(1, n_areas):.2f}",
    ]
    for name in ("chosen", "anywhere"):
        sides = np.array([side for one in spread for side in one[name]])
        ratios = [one[f"{name}_ratio"] for one in spread if one["n_areas"]]
        parts += [
            f"{100 * np.mean(sides == 0):.1f}",
            f"{100 * np.mean(sides > 0):.1f}",
            f"{np.median(ratios):.2f}",
        ]
    return parts


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
