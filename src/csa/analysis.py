"""Compose the topics: one frozen answer per question; no store, no screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from csa.city import CityConfig
from csa.crs import project
from csa.errors import CsaError, ParamError, PeriodError
from csa.hotspots.areas import Grid, form_areas
from csa.hotspots.proposal import Proposal
from csa.hotspots.suggest import suggest_dbscan
from csa.ingest.dataset import Dataset
from csa.log import Tell, silent
from csa.params import AreaParams, DbscanParams, Month, Period, require_resolution
from csa.places import cells as h3_cells
from csa.places.risk import Highest, find_highest, risk_in
from csa.places.services import services_of
from csa.proposing import proposal_of
from csa.runs import Run, Window
from csa.schema import KINDS


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
    kinds
        Which kinds of incident are counted, of `csa.schema.KINDS`.
    """

    until: Month | None = None
    months: int = 36
    eps_m: float | None = None
    min_samples: int | None = None
    max_area_km2: float = 2.0
    resolution: int = 9
    kinds: tuple[str, ...] = KINDS

    def __post_init__(self) -> None:
        """Refuse an unknown kind, and none at all."""
        if not self.kinds or not set(self.kinds) <= set(KINDS):
            given = ", ".join(self.kinds) or "none"
            raise ParamError("param.kinds", given=given, known=", ".join(KINDS))


def study_cells(dataset: Dataset, resolution: int) -> pd.DataFrame:
    """List the cells of a dataset's study area: the same for each proposal, so worth keeping.

    Parameters
    ----------
    dataset
        A city's incidents and places.
    resolution
        H3 resolution, 6 to 11.

    Returns
    -------
    pandas.DataFrame
        `area_km2`, land inside the study area; `lon` and `lat` of the middle, degrees; index
        `cell`, uint64, sorted.

    Raises
    ------
    ParamError
        If the resolution is outside its range.
    """
    cover = h3_cells.cover(dataset.study_area, resolution)
    return cover.join(h3_cells.centres(cover.index.to_numpy()))


def propose(
    dataset: Dataset,
    config: CityConfig,
    choices: Choices,
    tell: Tell = silent,
    cover: pd.DataFrame | None = None,
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
    cover
        What `study_cells` gives for this dataset and resolution; None makes it.

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
    if cover is None:
        cover = study_cells(dataset, choices.resolution)
    window = _window(dataset, config, period, choices, cover.index)
    suggested = suggest_dbscan(config.areas, len(window.incidents))
    params = AreaParams(_dbscan(choices, suggested), choices.resolution, choices.max_area_km2)
    grid = _grid(cover, config.city.metric_crs)
    tell("clusters")
    found = form_areas(window.xy, window.cells, grid, params)
    run = Run(dataset, config, period, choices.kinds, window, suggested, params, grid, found)
    tell("areas")
    return proposal_of(run)


def services_near(dataset: Dataset, config: CityConfig, proposal: Proposal) -> pd.DataFrame | None:
    """Count the services in and near each candidate area.

    Parameters
    ----------
    dataset
        A city's incidents, places and layers.
    config
        The same city's file.
    proposal
        All candidates of one run.

    Returns
    -------
    pandas.DataFrame or None
        As `csa.places.services.services_of`; None where the city has no list of services.
    """
    if dataset.services is None or config.services is None:
        return None
    near_m, crs = config.services.near_m, config.city.metric_crs
    return services_of(proposal.areas, dataset.services, near_m, crs)


def highest_risk(dataset: Dataset, config: CityConfig) -> Highest | None:
    """Find the places that an external score calls highest, for the map.

    Parameters
    ----------
    dataset
        A city's incidents, places and layers.
    config
        The same city's file.

    Returns
    -------
    Highest or None
        As `csa.places.risk.find_highest`; None where the city has no such score.
    """
    if dataset.risk_terrain is None or config.risk_terrain is None:
        return None
    return find_highest(dataset.risk_terrain, config.risk_terrain.top_share, config.city.metric_crs)


def risk_near(dataset: Dataset, config: CityConfig, proposal: Proposal) -> pd.DataFrame | None:
    """Say how much of each candidate area an external score calls high.

    Parameters
    ----------
    dataset
        A city's incidents, places and layers.
    config
        The same city's file.
    proposal
        All candidates of one run.

    Returns
    -------
    pandas.DataFrame or None
        As `csa.places.risk.risk_in`; None where the city has no such score.
    """
    if dataset.risk_terrain is None or config.risk_terrain is None:
        return None
    top_share, crs = config.risk_terrain.top_share, config.city.metric_crs
    return risk_in(proposal.areas, dataset.risk_terrain, top_share, crs)


def _refuse_other_city(dataset: Dataset, config: CityConfig) -> None:
    found, wanted = dataset.report["city"], config.city.id
    if found != wanted:
        raise CsaError("dataset.other_city", found=found, wanted=wanted)


def _dbscan(choices: Choices, suggested: DbscanParams) -> DbscanParams:
    eps_m = suggested.eps_m if choices.eps_m is None else choices.eps_m
    min_samples = suggested.min_samples if choices.min_samples is None else choices.min_samples
    return DbscanParams(eps_m, min_samples)


def _period(dataset: Dataset, choices: Choices) -> Period:
    through, first = dataset.report["data_through"], dataset.report["data_from"]
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
    xy = project(cover["lon"].to_numpy(), cover["lat"].to_numpy(), crs)
    return Grid(
        cover["area_km2"], xy, h3_cells.disk, h3_cells.contiguous_parts, h3_cells.fill_holes
    )


def _window(
    dataset: Dataset, config: CityConfig, period: Period, choices: Choices, cover: pd.Index
) -> Window:
    start = pd.Timestamp(f"{period.start}-01")
    until = pd.Timestamp(f"{period.until}-01")
    when = dataset.incidents["occurred_at"]
    is_counted = (when >= start) & (when < until)
    if set(choices.kinds) != set(KINDS):
        is_counted &= dataset.incidents["kind"].isin(choices.kinds)
    incidents = dataset.incidents[is_counted]
    located = incidents.dropna(subset=["lon", "lat"])
    cells = h3_cells.bin_points(located["lon"], located["lat"], choices.resolution)
    is_outside = located["flags"].str.contains("outside_study_area").to_numpy(dtype=bool)
    # A point on the very border may fall into a cell of no area inside.
    is_inside = ~is_outside & np.isin(cells, cover.to_numpy())
    inside = located[is_inside].reset_index(drop=True)
    xy = project(inside["lon"].to_numpy(), inside["lat"].to_numpy(), config.city.metric_crs)
    return Window(
        inside,
        xy,
        cells[is_inside],
        n_unlocated=len(incidents) - len(located),
        n_outside=int((~is_inside).sum()),
    )
