"""Every public count by place, before any is held back, and the atoms they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from csa.base.arrays import Bools, Ints
from csa.base.params import RESOLUTION_RANGE, Period
from csa.base.schema import UNASSIGNED
from csa.dataset.versioned import Dataset
from csa.disclosure.atoms import CLASSES, MONTH_COLUMN, THRESHOLD, Atoms, atoms_of, class_of
from csa.disclosure.published import Publication, Sum
from csa.geo.cells import as_text, bin_points, centres, cover
from csa.geo.ground import resolution_of
from csa.geo.neighborhoods import assign_neighborhoods, is_inside
from csa.reports.public.areas import PooledChange, PublicAreaGround
from csa.reports.public.window import PublicWindow, month_index, without_domestic

RESOLUTION = 8
"""H3 resolution of the public map."""

CELL, AREA, DISTRICT = "cell", "area", "neighborhood"
"""Geographies with published figures."""

PERIOD, UNLOCATED, UNKNOWN = "period", "unlocated", "unknown"
"""Keys of the whole city's totals over the period: all, those without a usable location, those
whose source does not say whether they are domestic; a year's key is `YYYY`."""

NO_MONTH = -1
YEAR = 12


def draft_of(
    window: PublicWindow, areas: Sequence[PublicAreaGround], change: PooledChange | None
) -> Publication:
    """Count all figures that would be published if none had to be held back."""
    table = _places_of_incidents(window.placed, _sizes(cell for a in areas for cell in a.cells))
    inside = table[_is_in(table[MONTH_COLUMN].to_numpy(), window.period)]
    cells, names = _cells_of(window.dataset), district_names(window.dataset)
    in_cell = inside[CELL].value_counts().reindex(cells, fill_value=0)
    in_district = inside[DISTRICT].value_counts().reindex(names, fill_value=0)
    return Publication(
        id=str(window.quarter),
        start=window.period.start,
        until=window.period.until,
        places={AREA: {area.letter: _texts(area.cells) for area in areas}},
        counts={
            AREA: {area.letter: _n_in(inside, area.cells) for area in areas},
            DISTRICT: {str(name): int(n) for name, n in in_district.items()},
        },
        classes={CELL: {str(c): CLASSES[class_of(int(n), CLASSES)] for c, n in in_cell.items()}},
        totals=_totals(window),
        sums=_sums(areas, change),
    )


def atoms_for(
    window: PublicWindow, areas: Sequence[PublicAreaGround], earlier: Sequence[Publication]
) -> Atoms:
    """Split the city into pieces that no publication separates, and count them by month."""
    cells = {cell for area in areas for cell in area.cells}
    cells |= {int(name, 16) for name in _cells_told(earlier)}
    sizes = _sizes(cells)
    incidents = _places_of_incidents(without_domestic(window.whole), sizes)
    land = _places_of_land(window.dataset, sizes)
    nowhere = _nowhere(window.whole, incidents)
    table = pd.concat([land, incidents, nowhere], ignore_index=True)
    told = set(as_text(sorted(cells)))
    for name in map(_fine, sizes):
        table[name] = table[name].where(table[name].isin(told), "")
    first = min([window.covered.start, *(one.start for one in earlier)])
    until = max([window.covered.until, *(one.until for one in earlier)])
    geographies = (CELL, DISTRICT, *map(_fine, sizes))
    return atoms_of(table, geographies, first, until.index - first.index)


def district_names(dataset: Dataset) -> list[str]:
    """List the named neighborhoods."""
    return sorted(set(dataset.neighborhoods["name"].astype(str)) - {"", UNASSIGNED})


def cells_on(dataset: Dataset) -> dict[str, frozenset[str]]:
    """Return the map cells that overlap each neighborhood."""
    pairs = _places_of_land(dataset, [])[[DISTRICT, CELL]].drop_duplicates()
    on_one = pairs[pairs[DISTRICT] != ""].groupby(DISTRICT)[CELL]
    return {str(name): frozenset(cells) for name, cells in on_one}


def n_without_place(window: PublicWindow) -> int:
    """Count the period's incidents without a usable location in the city."""
    incidents = window.dataset.incidents
    has_none = incidents[["lon", "lat"]].isna().any(axis=1) | _is_outside(incidents)
    return int((has_none & _is_in(month_index(incidents), window.period)).sum())


def _places_of_incidents(dataset: Dataset, sizes: Iterable[int]) -> pd.DataFrame:
    """Return each incident's place in each geography, leaving out incidents outside the city."""
    incidents = dataset.incidents
    has_place = incidents[["lon", "lat"]].notna().all(axis=1) & ~_is_outside(incidents)
    inside = incidents[has_place]
    table = _cells_at(inside["lon"], inside["lat"], sizes)
    table[DISTRICT] = inside["neighborhood"].replace(UNASSIGNED, "").to_numpy(dtype=object)
    table[MONTH_COLUMN] = month_index(inside)
    # A point on the border itself may fall into a cell with no land inside.
    return table[table[CELL].isin(set(_cells_of(dataset)))].reset_index(drop=True)


def _places_of_land(dataset: Dataset, sizes: Sequence[int]) -> pd.DataFrame:
    """List pieces of land, whether or not anything happened there.

    A finer grid would also find slivers. Ignoring them lets more figures be derived, never
    fewer, so that the check errs on the safe side.
    """
    fine = min(max([RESOLUTION, *sizes]) + 1, RESOLUTION_RANGE[1])
    middle = centres(cover(dataset.study_area, fine).index.to_numpy())
    # Beyond the border there is nothing to count, and so nothing to hide.
    middle = middle[is_inside(middle["lon"], middle["lat"], dataset.study_area)]
    table = _cells_at(middle["lon"], middle["lat"], sizes)
    names = assign_neighborhoods(middle["lon"], middle["lat"], dataset.neighborhoods)
    table[DISTRICT] = names.replace(UNASSIGNED, "").to_numpy(dtype=object)
    table[MONTH_COLUMN] = NO_MONTH
    return table[table[CELL].isin(set(_cells_of(dataset)))]


def _nowhere(dataset: Dataset, placed: pd.DataFrame) -> pd.DataFrame:
    """List incidents counted in the city but in no public place, one row each with its month."""
    every = np.sort(month_index(dataset.incidents))
    months, n_all = np.unique(every, return_counts=True)
    n_placed = placed[MONTH_COLUMN].value_counts().reindex(months, fill_value=0).to_numpy()
    return pd.DataFrame({MONTH_COLUMN: np.repeat(months, n_all - n_placed)})


def _cells_at(lon: npt.ArrayLike, lat: npt.ArrayLike, sizes: Iterable[int]) -> pd.DataFrame:
    columns = {CELL: as_text(bin_points(lon, lat, RESOLUTION))}
    columns |= {_fine(size): as_text(bin_points(lon, lat, size)) for size in sizes}
    return pd.DataFrame(columns, dtype=object)


def _cells_of(dataset: Dataset) -> list[str]:
    return as_text(cover(dataset.study_area, RESOLUTION).index)


def _cells_told(earlier: Iterable[Publication]) -> Iterator[str]:
    for one in earlier:
        for members in one.places.get(AREA, {}).values():
            yield from members


def _sizes(cells: Iterable[int]) -> list[int]:
    return sorted({resolution_of(cell) for cell in cells})


def _fine(size: int) -> str:
    return f"cell of size {size}"


def _texts(cells: Iterable[int]) -> tuple[str, ...]:
    return tuple(as_text(sorted(cells)))


def _n_in(inside: pd.DataFrame, cells: frozenset[int]) -> int:
    names = _texts(cells)
    return int(sum(inside[_fine(size)].isin(names).sum() for size in _sizes(cells)))


def _is_outside(incidents: pd.DataFrame) -> Bools:
    return incidents["flags"].str.contains("outside_study_area").to_numpy(dtype=bool)


def _is_in(index: Ints, period: Period) -> Bools:
    return (index >= period.start.index) & (index < period.until.index)


def _totals(window: PublicWindow) -> dict[str, int | None]:
    """Count the whole city, for the period and each whole year covered; none below ten."""
    index, covered = month_index(window.dataset.incidents), window.covered
    first, after = -(-covered.start.index // YEAR), covered.until.index // YEAR
    by_year = {f"{year:04d}": int((index // YEAR == year).sum()) for year in range(first, after)}
    every = by_year | {
        PERIOD: int(_is_in(index, window.period).sum()),
        UNLOCATED: n_without_place(window),
    }
    if window.n_unknown:
        every[UNKNOWN] = window.n_unknown
    return {key: count if count >= THRESHOLD else None for key, count in every.items()}


def _sums(areas: Sequence[PublicAreaGround], change: PooledChange | None) -> tuple[Sum, ...]:
    if change is None or change.counted is None:
        return ()
    letters = tuple(area.letter for area in areas)
    return (Sum(AREA, letters, change.since, change.through.plus(1), change.counted),)
