"""Compose the topics: one frozen answer per question; no store, no screen."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from csa.city import CityConfig
from csa.crs import LONLAT, project
from csa.errors import CsaError, PeriodError
from csa.hotspots.areas import AreaSet, Grid, form_areas
from csa.hotspots.clusters import cluster_points
from csa.hotspots.names import letter, name_places
from csa.hotspots.proposal import (
    AREA_COLUMNS,
    FORMAT_VERSION,
    KIND,
    METHOD_VERSION,
    Proposal,
)
from csa.hotspots.suggest import suggest_dbscan
from csa.ingest.dataset import Dataset
from csa.params import AreaParams, DbscanParams, Month, Period, require_resolution
from csa.places import cells as h3_cells
from csa.places.neighborhoods import UNASSIGNED, people_in

Tell = Callable[[str], None]
DIGITS = 4
LIBRARIES = ("h3", "scikit-learn", "numpy", "pyproj", "shapely")


@dataclass(frozen=True)
class Choices:
    """What the analyst chose; None leaves it to the suggestion.

    Parameters
    ----------
    until
        First month not counted; None for the month after the data's last day.
    months
        How many months are counted.
    eps_m
        DBSCAN's radius in metres.
    min_samples
        DBSCAN's minimum count.
    max_area_km2
        Size limit of an area; 0 for none.
    resolution
        H3 resolution of the cells.
    """

    until: Month | None = None
    months: int = 36
    eps_m: float | None = None
    min_samples: int | None = None
    max_area_km2: float = 2.0
    resolution: int = 9


@dataclass(frozen=True)
class _Window:
    """The incidents of the period that lie in the study area."""

    incidents: pd.DataFrame
    xy: npt.NDArray[np.float64]  # (n, 2) metres
    cells: h3_cells.Cells
    n_unlocated: int
    n_outside: int


def _silent(_: str) -> None:
    """Say nothing."""


def propose(
    dataset: Dataset, config: CityConfig, choices: Choices, tell: Tell = _silent
) -> Proposal:
    """Propose candidate core service areas.

    Parameters
    ----------
    dataset
        A city's incidents and places.
    config
        The same city's file.
    choices
        What the analyst chose.
    tell
        Called with the name of each step as it begins.

    Returns
    -------
    Proposal
        The areas, every cell, every label, and the run's account. No incident in the period
        is a result: a proposal without areas.

    Raises
    ------
    PeriodError
        If the period lies wholly outside the data.
    ParamError
        If a choice is outside its range.
    CsaError
        If the dataset is another city's.
    """
    _refuse_other_city(dataset, config)
    period = _period(dataset, choices)
    require_resolution(choices.resolution)
    tell("cells")
    cover = h3_cells.cover(dataset.study_area, choices.resolution)
    window = _window(dataset, config, period, choices.resolution, cover.index)
    suggested = suggest_dbscan(config.areas, len(window.incidents))
    params = AreaParams(_dbscan(choices, suggested), choices.resolution, choices.max_area_km2)
    grid = _grid(cover, config.city.metric_crs)
    tell("clusters")
    found = form_areas(window.xy, window.cells, grid, params)
    run = _Run(dataset, config, period, window, suggested, params, grid, found)
    tell("areas")
    areas = _areas_table(run)
    return Proposal(areas, _cells_table(run), _labels_table(run), _summary(run, areas))


@dataclass(frozen=True)
class _Run:
    """All that one proposal was made from."""

    dataset: Dataset
    config: CityConfig
    period: Period
    window: _Window
    suggested: DbscanParams
    params: AreaParams
    grid: Grid
    found: AreaSet

    @cached_property
    def area_of_cell(self) -> dict[int, str]:
        """The letter of the area that each cell belongs to."""
        return {cell: letter(n) for n, area in enumerate(self.found.areas) for cell in area}

    @cached_property
    def is_homicide(self) -> npt.NDArray[np.bool_]:
        """Which of the window's incidents are homicides."""
        return (self.window.incidents["kind"] == "homicide").to_numpy(dtype=bool)


def _refuse_other_city(dataset: Dataset, config: CityConfig) -> None:
    found, wanted = dataset.report["city"], config.city.id
    if found != wanted:
        raise CsaError("dataset.other_city", found=found, wanted=wanted)


def _dbscan(choices: Choices, suggested: DbscanParams) -> DbscanParams:
    eps_m = suggested.eps_m if choices.eps_m is None else choices.eps_m
    min_samples = suggested.min_samples if choices.min_samples is None else choices.min_samples
    return DbscanParams(eps_m, min_samples)


def _period(dataset: Dataset, choices: Choices) -> Period:
    through, first = dataset.report["data_through"], dataset.report["first_date"]
    if through is None or first is None:
        raise PeriodError("period.no_data")
    last_day = date.fromisoformat(through)
    end = Month(last_day.year, last_day.month).plus(1)
    until = choices.until or end
    period = Period.before(until, choices.months)
    first_month = Month.parse(first[:7])
    if until <= first_month or period.start >= end:
        raise PeriodError(
            "period.outside",
            start=period.start,
            until=period.until,
            first=first_month,
            last=end.plus(-1),
            lowest=first_month.plus(1),
            highest=end.plus(choices.months - 1),
        )
    return period


def _grid(cover: pd.DataFrame, crs: str) -> Grid:
    middles = h3_cells.centres(cover.index.to_numpy())
    xy = project(middles["lon"].to_numpy(), middles["lat"].to_numpy(), crs)
    return Grid(
        cover["area_km2"], xy, h3_cells.disk, h3_cells.contiguous_parts, h3_cells.fill_holes
    )


def _window(
    dataset: Dataset, config: CityConfig, period: Period, resolution: int, cover: pd.Index
) -> _Window:
    start = pd.Timestamp(f"{period.start}-01")
    until = pd.Timestamp(f"{period.until}-01")
    when = dataset.incidents["occurred_at"]
    incidents = dataset.incidents[(when >= start) & (when < until)]
    located = incidents.dropna(subset=["lon", "lat"])
    cells = h3_cells.bin_points(located["lon"], located["lat"], resolution)
    is_outside = located["flags"].str.contains("outside_study_area").to_numpy(dtype=bool)
    # A point on the very border may fall into a cell of no area inside.
    is_inside = ~is_outside & np.isin(cells, cover.to_numpy())
    inside = located[is_inside].reset_index(drop=True)
    xy = project(inside["lon"].to_numpy(), inside["lat"].to_numpy(), config.city.metric_crs)
    return _Window(
        inside,
        xy,
        cells[is_inside],
        n_unlocated=len(incidents) - len(located),
        n_outside=int((~is_inside).sum()),
    )


def _areas_table(run: _Run) -> gpd.GeoDataFrame:
    areas = run.found.areas
    if not areas:
        return gpd.GeoDataFrame({name: [] for name in AREA_COLUMNS}, geometry=[], crs=LONLAT)
    cores, floor = _homicide_cores(run)
    rows = [_area_row(run, number) for number in range(len(areas))]
    largest = [next(iter(row["neighborhoods"]), UNASSIGNED) for row in rows]
    names = name_places(largest, np.array([run.grid.middle(area) for area in areas]))
    for row, name, area in zip(rows, names, areas, strict=True):
        row["place_name"] = name
        row["also_on_homicides"] = _also(area, cores, row["homicides"], floor)
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=LONLAT)


def _area_row(run: _Run, number: int) -> dict[str, Any]:
    area = run.found.areas[number]
    is_in = np.isin(run.window.cells, np.fromiter(area, dtype=np.uint64))
    inside = run.window.incidents[is_in]
    shape = h3_cells.outline(area)
    people = people_in(shape, run.dataset.neighborhoods)
    size_km2 = run.grid.size_km2(area)
    return {
        "area_id": letter(number),
        "tier": "",
        "incidents": len(inside),
        "homicides": int((inside["kind"] == "homicide").sum()),
        "victims": _total_victims(inside),
        "domestic": int((inside["domestic"] == "yes").sum()),
        "suspect": int(inside["flags"].str.contains("suspect_point").sum()),
        "suspect_points": _named_points(inside, run.dataset.report["suspect_points"]),
        "area_km2": round(size_km2, DIGITS),
        "incidents_per_km2": round(len(inside) / size_km2, 2),
        "population": None if people is None else round(people),
        "population_year": None if people is None else run.dataset.report["population_year"],
        "neighborhoods": _shares(inside["neighborhood"]),
        "cells": h3_cells.as_text(sorted(area)),
        "resolution": run.params.resolution,
        "method_version": METHOD_VERSION,
        "nonfatal_name": run.config.city.nonfatal_name,
        "geometry": shape,
    }


def _named_points(inside: pd.DataFrame, points: Sequence[Mapping[str, Any]]) -> str:
    """Name the suspect points of an area, for the command only: no file gives an address."""
    suspect = inside[inside["flags"].str.contains("suspect_point")]
    here = set(zip(suspect["lon"].round(6), suspect["lat"].round(6), strict=True))
    at = [point for point in points if (point["lon"], point["lat"]) in here]
    return "; ".join(point["address"] or point["why"] for point in at)


def _total_victims(incidents: pd.DataFrame) -> int | None:
    return None if incidents["victims"].isna().any() else int(incidents["victims"].sum())


def _shares(neighborhoods: pd.Series) -> dict[str, float]:
    counts = neighborhoods.replace("", UNASSIGNED).value_counts()
    order = sorted(counts.items(), key=lambda row: (-row[1], str(row[0])))
    return {str(name): round(count / len(neighborhoods), DIGITS) for name, count in order}


def _homicide_cores(run: _Run) -> tuple[frozenset[int], int]:
    """Cluster homicides alone; return the cells of core ones, and how many make an area."""
    dbscan = suggest_dbscan(run.config.areas, int(run.is_homicide.sum()))
    _, is_core = cluster_points(run.window.xy[run.is_homicide], dbscan)
    cells = run.window.cells[run.is_homicide][is_core]
    return frozenset(int(cell) for cell in cells), dbscan.min_samples


def _also(area: frozenset[int], cores: frozenset[int], n_homicides: int, floor: int) -> str:
    if n_homicides < floor:
        return "too few"
    return "yes" if area & cores else "no"


def _cells_table(run: _Run) -> pd.DataFrame:
    table = pd.DataFrame(run.grid.area_km2)
    for name, cells in (
        ("incidents", run.window.cells),
        ("homicides", run.window.cells[run.is_homicide]),
    ):
        counts = pd.Series(cells).value_counts()
        table[name] = counts.reindex(table.index, fill_value=0).astype("int64")
    table["incidents_per_km2"] = (table["incidents"] / table["area_km2"]).round(2)
    table["area_km2"] = table["area_km2"].round(6)
    table["area_id"] = [run.area_of_cell.get(int(cell), "") for cell in table.index]
    table["cell"] = h3_cells.as_text(table.index)
    return table.reset_index(drop=True)


def _labels_table(run: _Run) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "incident_id": run.window.incidents["incident_id"],
            "cluster_id": run.found.cluster_id,
            "is_core": run.found.is_core,
            "area_id": [run.area_of_cell.get(int(cell), "") for cell in run.window.cells],
        }
    )
    return table.sort_values("incident_id", ignore_index=True)


def _summary(run: _Run, areas: gpd.GeoDataFrame) -> dict[str, Any]:
    city, report = run.config.city, run.dataset.report
    return {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "city": city.id,
        "city_name": city.name,
        "nonfatal_name": city.nonfatal_name,
        "nonfatal_is_proxy": city.nonfatal_is_proxy,
        "data_fingerprint": run.dataset.fingerprint,
        "data_through": report["data_through"],
        "params": {
            "start": str(run.period.start),
            "until": str(run.period.until),
            "months": run.period.months,
            **_covered(run),
            **asdict(run.params.dbscan),
            "max_area_km2": run.params.max_area_km2,
            "resolution": run.params.resolution,
            "metric_crs": city.metric_crs,
            "suggested": asdict(run.suggested),
        },
        **_totals(run, areas),
        "population_method": report.get("population_method"),
        "versions": {
            "csa": importlib.metadata.version("csa"),
            "method": METHOD_VERSION,
            **{name: importlib.metadata.version(name) for name in LIBRARIES},
        },
    }


def _covered(run: _Run) -> dict[str, Any]:
    """Tell which part of the period the data cover: a rate over more would be too low."""
    first_day = f"{run.period.start}-01"
    last_day = (pd.Timestamp(f"{run.period.until}-01") - pd.Timedelta(days=1)).date().isoformat()
    covered_from = max(first_day, run.dataset.report["data_from"])
    covered_through = max(covered_from, min(last_day, run.dataset.report["data_through"]))
    first, last = Month.parse(covered_from[:7]), Month.parse(covered_through[:7])
    return {
        "covered_from": covered_from,
        "covered_through": covered_through,
        "months_covered": Period(first, last.plus(1)).months,
    }


def _totals(run: _Run, areas: gpd.GeoDataFrame) -> dict[str, Any]:
    window, found, grid = run.window, run.found, run.grid
    n_inside = int(areas["incidents"].sum()) if len(areas) else 0
    in_fringe = np.isin(window.cells, np.fromiter(found.fringe, dtype=np.uint64))
    inside_km2 = float(sum(grid.size_km2(area) for area in found.areas))
    study_km2 = float(grid.area_km2.sum())
    n_located = len(window.incidents)
    return {
        "totals": {
            "incidents": n_located + window.n_unlocated + window.n_outside,
            "located": n_located,
            "located_homicides": int(run.is_homicide.sum()),
            "unlocated": window.n_unlocated,
            "outside_study_area": window.n_outside,
            "in_areas": n_inside,
            "noise": int((found.cluster_id < 0).sum()),
            "areas": len(found.areas),
            "study_area_km2": round(study_km2, DIGITS),
            "areas_km2": round(inside_km2, DIGITS),
        },
        "share_of_incidents": _share(n_inside, n_located),
        "share_of_study_area": _share(inside_km2, study_km2),
        "left_out_fringe": {
            "incidents": int(in_fringe.sum()),
            "area_km2": round(grid.size_km2(found.fringe), DIGITS),
            "cells": h3_cells.as_text(sorted(found.fringe)),
        },
    }


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, DIGITS) if whole else None
