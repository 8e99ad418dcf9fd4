"""Compose the topics: one frozen answer per question; no store, no screen."""

from __future__ import annotations

import pandas as pd

from csa.areas.choices import Choices, Suggestion, dbscan_of, period_of
from csa.areas.finding import estimate_areas, find_areas
from csa.areas.proposal import Proposal
from csa.areas.proposal_tables import proposal_of
from csa.areas.runs import Run
from csa.areas.study_area import locate, require_city
from csa.areas.suggest import suggest_dbscan
from csa.base.logging import Tell, silent
from csa.base.params import AreaParams, require_resolution
from csa.config.city import CityConfig
from csa.dataset.versioned import Dataset
from csa.geo.risk_score import Highest, find_highest, risk_in
from csa.geo.services import services_of


def propose(
    dataset: Dataset,
    config: CityConfig,
    choices: Choices,
    tell: Tell = silent,
    cover: pd.DataFrame | None = None,
    suggestion: Suggestion | None = None,
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
    suggestion
        What `csa.backtest.recording.suggestion_of` gives; None takes the city file's values.

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
    require_city(dataset, config)
    period = period_of(dataset, choices)
    require_resolution(choices.resolution)
    tell("cells")
    located = locate(dataset, config, choices, cover)
    window = located.window(period)
    suggestion = suggestion or Suggestion(config.areas)
    dbscan = suggest_dbscan(suggestion.areas, len(window.incidents))
    params = AreaParams(dbscan_of(choices, dbscan), choices.resolution, choices.max_area_km2)
    tell("clusters")
    found = find_areas(located, period, params, window)
    tell("areas")
    estimates = estimate_areas(located, period, found.areas)
    grid, kinds = located.grid, choices.kinds
    run = Run(
        dataset,
        config,
        period,
        kinds,
        window,
        suggestion,
        dbscan,
        params,
        grid,
        found,
        estimates,
    )
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
        As `csa.geo.services.services_of`; None where the city has no list of services.
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
        As `csa.geo.risk_score.find_highest`; None where the city has no such score.
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
        As `csa.geo.risk_score.risk_in`; None where the city has no such score.
    """
    if dataset.risk_terrain is None or config.risk_terrain is None:
        return None
    top_share, crs = config.risk_terrain.top_share, config.city.metric_crs
    return risk_in(proposal.areas, dataset.risk_terrain, top_share, crs)
