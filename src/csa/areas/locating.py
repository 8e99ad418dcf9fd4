"""A dataset's incidents, put on the study area's cells."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import pandas as pd
import shapely

from csa.areas.choices import AreaSettings, city_choices
from csa.areas.proposal import METHOD_VERSION
from csa.areas.study_area import StudyArea
from csa.areas.window import is_placed, isin_kinds, month_index
from csa.base.arrays import Cells, Floats, Ints
from csa.base.compact import give_back, in_blocks
from csa.base.crs import project
from csa.base.errors import CsaError, ParamError, SourceError, TableError
from csa.city.dataset import City, Dataset
from csa.city.results import list_results, load_result, save_result
from csa.geo import cells as h3_cells
from csa.geo.cells import CellSet, cell_resolution, finest
from csa.geo.grid import Grid

CELLS = "study-cells"

_GRIDS: WeakValueDictionary[bytes, Grid] = WeakValueDictionary()
"""Grids in use, by content: incidents of several kinds lie on the same."""


def study_cells(dataset: Dataset, resolution: int) -> pd.DataFrame:
    """List the cells of a dataset's study area: the same for each proposal, so worth keeping."""
    cover = h3_cells.cover_study_area(dataset.study_area, resolution)
    return cover.join(h3_cells.centers(cover.index.to_numpy()))


def cached_cells(city: City, resolution: int, *, keep: bool = False) -> pd.DataFrame:
    """Return the study area's cells, as `study_cells`: those kept, else found again.

    Parameters
    ----------
    city
        A city; nothing is kept of one without a folder.
    resolution
        H3 resolution.
    keep
        Whether to keep what was found; a folder that cannot be written is left as it is.
    """
    params = {"method": METHOD_VERSION, "resolution": resolution}
    ground = hashlib.sha256(shapely.to_wkb(city.dataset.study_area)).hexdigest()[:16]
    read = partial(_cover_from_plain, resolution=resolution, ground=ground)
    with suppress(SourceError):  # damaged, or of another ground: found again, and written anew
        kept = load_result(city, CELLS, params, read)
        if kept is not None:
            return kept
    cover = study_cells(city.dataset, resolution)
    if keep and city.folder is not None:
        plain = {
            "study_area": ground,
            "cells": h3_cells.as_text(cover.index),
            "area_km2": cover["area_km2"].tolist(),
        }
        with suppress(CsaError, OSError):
            save_result(city, CELLS, params, plain)
            for older in list_results(city, CELLS, params):
                older.unlink()
    return cover


def _cover_from_plain(kept: Mapping[str, Any], resolution: int, ground: str) -> pd.DataFrame:
    if kept.get("study_area") != ground:
        raise TableError("learned.damaged")
    try:
        index = pd.Index(h3_cells.from_text(kept["cells"]), name="cell")
        land = np.array(kept["area_km2"], dtype=np.float64)
        cover = pd.DataFrame({"area_km2": land}, index=index).join(h3_cells.centers(index))
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise TableError("learned.damaged") from error
    is_sound = np.isfinite(cover.to_numpy()).all() and (cover["area_km2"] > 0).all()
    is_sound &= index.is_unique
    if not is_sound or {cell_resolution(cell) for cell in index} != {resolution}:
        raise TableError("learned.damaged")
    return cover


def locate_for_areas(
    city: City, choices: AreaSettings, areas: Sequence[CellSet], cover: pd.DataFrame | None = None
) -> StudyArea:
    """Locate incidents to follow areas: at the finest resolution of the choices and the areas."""
    asked, choices = choices.resolution, choices.as_fine_as(finest(areas))
    if choices.resolution != asked:  # then the cells given are not those needed
        cover = None
    return locate_incidents(city, choices, cover).on_ground_of(areas)


def locate_incidents(
    city: City,
    choices: AreaSettings | None = None,
    cover: pd.DataFrame | None = None,
) -> StudyArea:
    """Put a dataset's incidents on the study area's cells.

    Parameters
    ----------
    city
        A city's file, its incidents and its places.
    choices
        The resolution and the kinds of incident; None takes the city file's.
    cover
        The study area's cells with their centers; None takes those kept, else finds them.

    Returns
    -------
    StudyArea
        Incidents of all months that lie in the study area, with `xy` (n, 2) in meters, the cell
        and the month of each.

    Examples
    --------
    >>> study_area = csa.locate_incidents(city)
    >>> year = csa.Period(csa.Month(2019, 1), csa.Month(2020, 1))
    >>> int(study_area.counts(year).sum())
    629
    """
    dataset, metric_crs = city.dataset, city.config.city.metric_crs
    choices = choices or city_choices(city.config)
    if cover is None:
        cover = cached_cells(city, choices.resolution)
    elif len(cover) and (given := cell_resolution(cover.index[0])) != choices.resolution:
        raise ParamError("param.cover", given=given, resolution=choices.resolution)
    cover = cover.sort_index()[["area_km2", "lon", "lat"]].astype("float64")
    cover.index = cover.index.astype("uint64")
    incidents = dataset.incidents
    is_asked = is_placed(incidents) & isin_kinds(incidents, choices.kinds)
    is_asked &= ~incidents["flags"].str.contains("outside_study_area").to_numpy(dtype=bool)
    asked, known = pd.Series(np.flatnonzero(is_asked), dtype=np.int32), cover.index.to_numpy()
    columns, n = incidents[["lon", "lat", "occurred_at"]], 0
    rows, positions, month = (np.empty(len(asked), dtype=np.int32) for _ in range(3))
    xy = np.empty((len(asked), 2))
    for block in in_blocks(asked):
        found = _locate_rows(columns.iloc[block], block, known, choices.resolution, metric_crs)
        here = slice(n, n + len(found[0]))
        rows[here], xy[here], positions[here], month[here] = found
        n = here.stop
    grid = _grid_of(cover, metric_crs)
    give_back()
    inside = rows[:n], xy[:n], positions[:n], month[:n]
    return StudyArea(dataset, choices.kinds, *inside, grid, cover)


def _grid_of(cover: pd.DataFrame, crs: str) -> Grid:
    """Make the grid of some cells, or take one of the same that is in use: look-ups are large."""
    cells, columns = cover.index.to_numpy(), ("area_km2", "lon", "lat")
    land, lon, lat = (cover[name].to_numpy(copy=True) for name in columns)
    content = b"".join((crs.encode(), *(one.tobytes() for one in (cells, land, lon, lat))))
    key = hashlib.sha256(content).digest()
    grid = _GRIDS.get(key)
    if grid is None:
        center_xy = project(lon, lat, crs)
        center_xy.flags.writeable = land.flags.writeable = False
        land_km2 = pd.Series(land, pd.Index(cells, name="cell"), name="area_km2", copy=False)
        grid = Grid(land_km2, center_xy)
        _GRIDS[key] = grid
    return grid


def _locate_rows(
    incidents: pd.DataFrame, rows: pd.Series, known: Cells, resolution: int, crs: str
) -> tuple[Ints, Floats, Ints, Ints]:
    """Locate some incidents: the rows, places, cells and months of those in known cells."""
    lon, lat = (incidents[name].to_numpy(dtype=np.float64) for name in ("lon", "lat"))
    cells = h3_cells.bin_points(lon, lat, resolution)
    # A point on the very border may fall into a cell of no area inside.
    at = np.flatnonzero(np.isin(cells, known))
    month = month_index(incidents["occurred_at"].iloc[at])
    xy = project(lon[at], lat[at], crs)
    return rows.to_numpy()[at], xy, np.searchsorted(known, cells[at]), month


def require_fitting(located: StudyArea, city: City, choices: AreaSettings) -> None:
    """Refuse incidents that were located for another city, resolution or kinds."""
    # A dataset that was opened again is another object; one that was cut is another city.
    own, given = (
        (data.fingerprint, data.report["data_through"], len(data.incidents))
        for data in (city.dataset, located.dataset)
    )
    is_own = own == given and set(located.kinds) == set(choices.kinds)
    if not is_own or (len(located.cover) and located.resolution != choices.resolution):
        raise ParamError("param.located", resolution=choices.resolution)
