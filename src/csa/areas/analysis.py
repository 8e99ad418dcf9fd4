"""Combine the topics: one frozen answer per question, without store or screen."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from csa.areas.backtest.recording import build_suggestion, load_suggestion
from csa.areas.choices import AreaSettings, Suggestion, city_choices, resolve_period, suggest_dbscan
from csa.areas.finding import (
    document,
    estimate_areas,
    find_areas,
    find_corners,
    params_for,
    search_size_limit,
)
from csa.areas.locating import cached_cells, locate_incidents, require_fitting
from csa.areas.mixture import MapMixture, map_names
from csa.areas.places import COMPASS, Places, candidate_rows, load_places, save_places
from csa.areas.proposal import METHOD_VERSION, Proposal, Run
from csa.areas.proposal_tables import areas_table, proposal_of
from csa.areas.risk_score import Highest, find_highest, risk_in
from csa.areas.study_area import StudyArea
from csa.base.arrays import Bools
from csa.base.compact import give_back, in_blocks
from csa.base.crs import LONLAT
from csa.base.errors import CsaError, SourceError, TableError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.base.params import DbscanParams, DocumentedDbscan, Month, Period, require_resolution
from csa.city.dataset import City
from csa.city.results import load_result, save_result
from csa.geo.cells import CellSet, outline
from csa.geo.services import count_services

# What finding areas learns once from the data, and keeps beside a dataset.

LEARNED = "learned"


@dataclass(frozen=True)
class FittedModel:
    """What was learned from all that was known at a period's end."""

    documented: DocumentedDbscan | None  # what the data lead to; None where it was given
    stack: MapMixture  # the share of each map of the past in what is expected

    def to_dict(self) -> dict[str, Any]:
        """Write as plain values, exact."""
        return {
            "documented": None if self.documented is None else asdict(self.documented),
            "shares": self.stack.shares.tolist(),
            "januaries": list(self.stack.januaries),
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> FittedModel:
        """Read it; refuse what is no such thing."""
        try:
            shares = np.array(kept["shares"], dtype=np.float64)
            given = kept["documented"]
            documented = None if given is None else DocumentedDbscan(**given)
            if documented is not None:
                DbscanParams(documented.eps_m, documented.min_samples)
                suggest_dbscan(documented, documented.at_incidents)
            januaries = tuple(str(Month.parse(name)) for name in kept["januaries"])
        except (CsaError, ArithmeticError, KeyError, TypeError, ValueError) as error:
            raise TableError("learned.damaged") from error
        if shares.shape != (len(map_names()),) or not np.isclose(shares.sum(), 1):
            raise TableError("learned.damaged")
        return cls(documented, MapMixture(shares, januaries))


def load_learned(
    city: City, located: StudyArea, period: Period, choices: AreaSettings
) -> FittedModel | None:
    """Read what was learned from the same incidents for the same period and choices."""
    with suppress(SourceError):
        return load_result(city, LEARNED, _params(located, period, choices), FittedModel.from_dict)
    return None


def save_learned(
    learned: FittedModel, city: City, located: StudyArea, period: Period, choices: AreaSettings
) -> None:
    """Keep what was learned; a folder that cannot be written is left as it is."""
    if city.folder is not None:
        with suppress(CsaError, OSError):
            params = _params(located, period, choices)
            save_result(city, LEARNED, params, learned.to_dict())


def _params(located: StudyArea, period: Period, choices: AreaSettings) -> dict[str, Any]:
    """List what decides on what is learned: the incidents before the period's end, above all."""
    return {
        "method": METHOD_VERSION,
        "incidents": _digest(located, located.month < period.until.index),
        "start": str(period.start),
        "until": str(period.until),
        "resolution": choices.resolution,
        "max_area_km2": float(choices.max_area_km2),
    }


def _digest(located: StudyArea, is_past: Bools) -> str:
    """Hash past incidents, in whatever order, and the land: each row's hash is added up."""
    digest = hashlib.sha256(located.grid.h3_cells.tobytes())
    total = squares = 0
    for rows in in_blocks(pd.Series(np.flatnonzero(is_past))):
        at = rows.to_numpy()
        x_m, y_m = located.xy[at].T
        cells = located.grid.h3_cells[located.positions[at]]
        suspect = located.is_suspect[at]
        table = {"cell": cells, "month": located.month[at], "x": x_m, "y": y_m, "suspect": suspect}
        hashes = pd.util.hash_pandas_object(pd.DataFrame(table), index=False).to_numpy()
        total, squares = total + int(hashes.sum()), squares + int((hashes * hashes).sum())
    # Sums of 64 bits, so that it makes no difference where a block begins.
    digest.update(f"{is_past.sum()} {total % 2**64} {squares % 2**64}".encode())
    return digest.hexdigest()


def propose_areas(  # noqa: PLR0913 - what it is made from, and what is known already
    city: City | gpd.GeoDataFrame,
    choices: AreaSettings | None = None,
    progress: ProgressCallback = no_progress,
    suggestion: Suggestion | None = None,
    located: StudyArea | None = None,
    *,
    places: Places | None = None,
    keep: bool = False,
) -> Proposal:
    """Propose candidate core service areas.

    Incidents are clustered (DBSCAN), and dense clusters become sets of H3 cells that are small
    enough to walk. A candidate is a place for people to judge, not a decision.

    Parameters
    ----------
    city
        A city's file, its incidents and its places; or a table of points, as `City.from_frame`.
    choices
        Period, size limit and resolution; None takes the city file's, up to the data's end.
    progress
        Called with the name of each step as it begins.
    suggestion
        Radius and minimum that past years suggest; None takes the city file's.
    located
        The city's incidents of these kinds on cells of this resolution, with what was learned from
        them; None locates them.
    places
        The city's places known before; None reads what is kept beside the dataset.
    keep
        Whether to keep beside the dataset what was learned, so that the next run is quicker, and,
        for the city file's own choices up to the data's end, what the places are called.

    Returns
    -------
    Proposal
        `areas`, a GeoDataFrame (WGS 84) with an area a row, west to east; `cells` and
        `incidents`, too; and `summary`. No incident in the period gives a proposal without areas.

    Raises
    ------
    PeriodError
        If the period lies wholly outside the data.
    ParamError
        If a choice is outside its range.

    References
    ----------
    Ester, Kriegel, Sander & Xu (1996), KDD-96, pp. 226-231.

    Examples
    --------
    >>> proposal = csa.propose_areas(city, csa.AreaSettings(until=csa.Month(2020, 9)))
    >>> proposal.areas["area_id"].str.cat(sep=" ")
    'c-1 c-2 c-3 c-4 c-5 c-6 c-7 c-8'
    >>> bool(proposal.areas["area_km2"].max() <= 2.0)
    True
    """
    city = city if isinstance(city, City) else City.from_frame(city)
    choices = choices or city_choices(city.config)
    run = _run(city, choices, progress, suggestion, located, places=places, keep=keep)
    proposal = proposal_of(run)
    if keep and run.is_default:
        save_places(city, candidate_rows(proposal.areas), run.period.until)
    return proposal


def propose_and_save(
    city: City, progress: ProgressCallback = no_progress, suggestion: Suggestion | None = None
) -> gpd.GeoDataFrame:
    """Propose areas by the city file's choices, and keep what was learned and their names.

    Returns the proposal's areas; its other tables are not made.
    """
    run = _run(city, city_choices(city.config), progress, suggestion, keep=True)
    areas = areas_table(run)
    save_places(city, candidate_rows(areas), run.period.until)
    return areas


def _run(  # noqa: PLR0913 - as `propose_areas`
    city: City,
    choices: AreaSettings,
    progress: ProgressCallback,
    suggestion: Suggestion | None,
    located: StudyArea | None = None,
    *,
    places: Places | None = None,
    keep: bool,
) -> Run:
    """Gather what a proposal is made from."""
    period = resolve_period(city.dataset, choices)
    require_resolution(choices.resolution)
    progress("cells")
    if located is None:
        cover = cached_cells(city, choices.resolution, keep=keep)
        located = locate_incidents(city, choices, cover)
    require_fitting(located, city, choices)
    suggestion = suggestion or Suggestion.of(city.config.areas)
    progress("search")
    documented = _learn(city, located, period, choices, suggestion, keep=keep)
    give_back()
    window = located.window(period)  # the search takes one of its own: never two at once
    dbscan = suggest_dbscan(documented, len(window))
    params = params_for(documented, choices, len(window))
    progress("clusters")
    found = find_areas(located, period, params, window)
    progress("areas")
    estimates = estimate_areas(located, period, found.areas)
    grid, kinds = located.grid, choices.kinds
    corners = tuple(find_corners(located, period, params, found.areas))
    places = load_places(city) if places is None else places
    return Run(
        city,
        period,
        kinds,
        window,
        documented,
        suggestion.source,
        dbscan,
        params,
        grid,
        found,
        estimates,
        places,
        is_default(city, choices),
        located.stack_at(period.until),
        corners,
        located.least(period),
    )


def is_default(city: City, choices: AreaSettings) -> bool:
    """Return whether choices are the city file's own, up to the data's end."""
    own = city_choices(city.config)
    is_same = replace(choices, until=None) == own
    return is_same and resolve_period(city.dataset, choices) == resolve_period(city.dataset, own)


def _learn(
    city: City,
    located: StudyArea,
    period: Period,
    choices: AreaSettings,
    suggestion: Suggestion,
    *,
    keep: bool,
) -> DocumentedDbscan:
    """Return radius, minimum and density: given, kept from an earlier run, or searched."""
    known = load_learned(city, located, period, choices)
    if known is not None:
        located.stacks[period.until] = known.stack
        if known.documented is not None:
            located.searched[period, search_size_limit(choices)] = known.documented
    given = suggestion.documented
    found = document(located, period, choices, given)
    is_kept = known is not None and (given is not None or known.documented is not None)
    if keep and not is_kept:
        searched = found if given is None else None
        learned = FittedModel(searched, located.stack_at(period.until))
        save_learned(learned, city, located, period, choices)
    return found


def services_near(city: City, proposal: Proposal) -> pd.DataFrame | None:
    """Count the services in and near each candidate area."""
    if city.dataset.services is None or city.config.services is None:
        return None
    near_m, crs = city.config.services.near_m, city.config.city.metric_crs
    return count_services(proposal.areas, city.dataset.services, near_m, crs)


def highest_risk(city: City) -> Highest | None:
    """Find the places that an external score calls highest, for the map."""
    if city.dataset.risk_terrain is None or city.config.risk_terrain is None:
        return None
    return find_highest(
        city.dataset.risk_terrain, city.config.risk_terrain.top_share, city.config.city.metric_crs
    )


def risk_in_area(city: City, area: CellSet) -> pd.DataFrame | None:
    """Return how much of an area an external score calls high: a row."""
    if city.dataset.risk_terrain is None or city.config.risk_terrain is None:
        return None
    top_share, crs = city.config.risk_terrain.top_share, city.config.city.metric_crs
    shape = gpd.GeoDataFrame({"area_id": ["here"]}, geometry=[outline(area)], crs=LONLAT)
    return risk_in(shape, city.dataset.risk_terrain, top_share, crs)


# Name a city's places when its data arrive, so that all readers call them the same.

N_STEPS = 4
"""Steps told while areas are proposed."""
LARGE_KM2 = 40.0
"""Land of a polygon that residents would not call one neighborhood: 4 miles by 4."""


def save_place_names(city: City, progress: ProgressCallback = no_progress) -> tuple[Message, ...]:
    """Propose areas as the city's file says, and keep beside the dataset what they are called.

    Returns what to know about the names: nothing, or that the polygons are too coarse to name
    places by. Data in which no area can be looked for give no names, and no error.
    """
    choices = city_choices(city.config)
    try:
        suggestion = build_suggestion(city.config, load_suggestion(city, choices))
        areas = propose_and_save(city, progress, suggestion)
    except CsaError:
        return ()
    return too_coarse(areas, polygons_km2(city))


def polygons_km2(city: City) -> dict[str, float]:
    """Return the land of each neighborhood's polygons, km2."""
    neighborhoods = city.dataset.neighborhoods
    if neighborhoods.empty:
        return {}
    merged = neighborhoods.to_crs(city.config.city.metric_crs).dissolve("name")
    return {str(name): float(m2) / 1e6 for name, m2 in merged.area.items()}


def too_coarse(areas: gpd.GeoDataFrame, km2: Mapping[str, float]) -> tuple[Message, ...]:
    """Warn where a neighborhood with several areas is large, or they outnumber the compass."""
    held = Counter(next(iter(shares), "") for shares in areas["neighborhoods"])
    coarse = [
        (n, name)
        for name, n in held.items()
        if name in km2 and (n > len(COMPASS) + 1 or (n > 1 and km2[name] > LARGE_KM2))
    ]
    if not coarse:
        return ()
    n, name = max(coarse)
    return (msg("ingest.coarse", n=n, name=name),)
