"""One run's tables and summary: what a proposal says about each area, cell and incident."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.areas.choices import suggest_dbscan
from csa.areas.file_format import list_versions
from csa.areas.forming import cluster_points
from csa.areas.ordering import Weights, draw_components, exceeds_city_mean, order_areas
from csa.areas.places import base_of, name_places
from csa.areas.proposal import (
    AREA_COLUMNS,
    FORMAT_VERSION,
    KIND,
    METHOD_VERSION,
    AreaIncidents,
    Proposal,
    Run,
    proposal_files,
)
from csa.areas.risk_score import relative_risk
from csa.areas.sheets import silent_months
from csa.areas.shrinkage import Estimate
from csa.areas.sufficiency import MIN_MONTHS
from csa.areas.window import CountedCells, month_index
from csa.base.arrays import Ints, Objects
from csa.base.crs import LONLAT
from csa.base.errors import ParamError
from csa.base.params import Month, Period
from csa.base.schema import KINDS, UNASSIGNED
from csa.geo import cells as h3_cells
from csa.geo.neighborhoods import estimate_populations

DIGITS = 4
FITS_SHARE = 1 / 3


def proposal_of(run: Run) -> Proposal:
    """Make a run's tables and its summary."""
    areas = areas_table(run)
    stack = {"kind": "stack", "city": run.city.config.city.id, **run.stack.to_dict()}
    counted = CountedCells.of(run.grid, run.window.at, run.is_homicide)
    labels = pd.DataFrame(
        {
            "incident_id": run.window.column("incident_id"),
            "cluster_id": run.found.cluster_id,
            "is_core": run.found.is_core,
            "area_id": np.array([*run.area_ids, ""], dtype=object)[run.area_of],
            "lon": run.window.column("lon"),
            "lat": run.window.column("lat"),
            "month": month_index(run.window.column("occurred_at")),
        }
    ).sort_values("incident_id", ignore_index=True)
    return Proposal(areas, counted, labels, _summary(run, areas), stack)


def areas_table(run: Run) -> gpd.GeoDataFrame:
    """Make the table of areas, west to east."""
    areas = run.found.areas
    if not areas:
        return gpd.GeoDataFrame({name: [] for name in AREA_COLUMNS}, geometry=[], crs=LONLAT)
    cores, floor = _homicide_cores(run)
    shapes = [*map(h3_cells.outline, areas)]
    people = estimate_populations(shapes, run.city.dataset.neighborhoods)
    rows = [
        _area_row(run, number, *known)
        for number, known in enumerate(zip(shapes, people, strict=True))
    ]
    tiers = _tiers(run, rows)
    for row, name, area, tier in zip(rows, _names(run, rows), areas, tiers, strict=True):
        row["place_name"] = name
        row["tier"] = tier
        is_also = "yes" if area & cores else "no"
        row["also_on_homicides"] = "too few" if row["homicides"] < floor else is_also
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=LONLAT)


def _names(run: Run, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return each area's name: its place's own, else one of its largest neighborhood's."""
    known = [
        place if place is not None and _still_fits(place.name, row["neighborhoods"]) else None
        for place, row in zip(run.recognized, rows, strict=True)
    ]
    new = [at for at, place in enumerate(known) if place is None]
    largest = [next(iter(rows[at]["neighborhoods"]), UNASSIGNED) for at in new]
    xy = np.array([run.grid.middle(run.found.areas[at]) for at in new]).reshape(-1, 2)
    middles, units = run.city.middles(largest), run.city.config.city.units
    taken = [place.name for place in run.places]
    named = dict(zip(new, name_places(largest, xy, taken, middles, units), strict=True))
    return [named[at] if place is None else place.name for at, place in enumerate(known)]


def _still_fits(name: str, shares: Mapping[str, float]) -> bool:
    """Return whether most of an area, or a third, is still in the neighborhood of its name.

    It is not where areas drift over the years, and where the city's polygons were replaced.
    """
    base = base_of(name, shares)
    return base is not None and (base == next(iter(shares)) or shares[base] >= FITS_SHARE)


def _area_row(
    run: Run, number: int, shape: shapely.Geometry, people: float | None
) -> dict[str, Any]:
    area = run.found.areas[number]
    told = run.reported
    inside = np.flatnonzero(told.area == number)
    suspects = inside[told.is_suspect[inside]]
    size_km2 = run.grid.size_km2(area)
    covered = _covered(run)
    return {
        "area_id": run.area_ids[number],
        "served_as": "",
        "tier": None,
        **count_incidents(told, inside),
        **round_expected(run.estimates[number]),
        "suspect_points": _named_points(told, suspects, run.city.dataset.report["suspect_points"]),
        "area_km2": round(size_km2, DIGITS),
        "incidents_per_km2": round(len(inside) / size_km2, 2),
        "population": None if people is None else round(people),
        "population_year": None if people is None else run.city.dataset.report["population_year"],
        "cells": h3_cells.as_text(sorted(area)),
        "resolution": run.params.resolution,
        "method_version": METHOD_VERSION,
        "nonfatal_name": run.city.config.city.nonfatal_name,
        "kinds": " ".join(kind for kind in KINDS if kind in run.kinds),
        "first_day": covered["covered_from"],
        "last_day": covered["covered_through"],
        "is_synthetic": run.city.config.city.is_synthetic,
        "geometry": shape,
    }


def count_incidents(told: AreaIncidents, inside: Ints) -> dict[str, Any]:
    """Count the incidents of one area, given by their places among those of all."""
    victims, domestic = told.victims[inside], told.domestic[inside]
    return {
        "incidents": len(inside),
        "homicides": int(told.is_homicide[inside].sum()),
        "victims": None if np.isnan(victims).any() else int(victims.sum()),
        # None where no row says so, since 0 would be a claim.
        "domestic": None if (domestic == "unknown").all() else int((domestic == "yes").sum()),
        "suspect": int(told.is_suspect[inside].sum()),
        "neighborhoods": _shares(told.neighborhood[inside]),
    }


def round_expected(estimate: Estimate) -> dict[str, Any]:
    """Return the expected count and its range; None where all areas differ only by chance."""
    numbers = (estimate.mean, estimate.low, estimate.high)
    names = ("expected", "expected_low", "expected_high")
    return {
        name: None if estimate.is_sure else round(number, 2)
        for name, number in zip(names, numbers, strict=True)
    }


def _tiers(run: Run, rows: Sequence[Mapping[str, Any]]) -> list[int | None]:
    """Order the areas by the city's criterion; in too short a period none has a tier."""
    priorities = run.city.config.priorities
    table = pd.DataFrame(rows).rename(columns={"population": "people"})
    table["area_km2"] = [run.grid.size_km2(area) for area in run.found.areas]
    table = table.join(
        pd.DataFrame([_timed(run, number) for number in range(len(run.found.areas))])
    )
    table["cells"] = table["cells"].str.join(" ")
    risk_draws = None
    if priorities.weights.get("risk"):
        risk = relative_risk(run.city, run.found.areas, run.period.until)
        table["relative_risk"], risk_draws = risk.mean, risk.draws
    city_per_km2 = len(run.window) / float(run.grid.area_km2.sum())
    is_ordered = exceeds_city_mean(run.estimates, table["area_km2"].tolist(), city_per_km2)
    is_ordered &= _covered(run)["months_covered"] >= MIN_MONTHS
    is_ordered &= [not Proposal.is_doubtful(row["suspect"], row["incidents"]) for row in rows]
    share = float(run.is_homicide.mean()) if len(run.is_homicide) else 0.0
    components = draw_components(table, run.estimates, share, risk_draws=risk_draws)
    ordered = order_areas(components, Weights.of(priorities.weights), is_ordered, 1)
    return [None if pd.isna(tier) else int(tier) for tier in ordered["tier"]]


def _timed(run: Run, number: int) -> dict[str, int]:
    """Count the period's months with an incident, and the incidents of its last 12 covered."""
    month = run.reported.month[run.reported.area == number]
    last = Month.parse(_covered(run)["covered_through"][:7]).index
    return {"months_active": len(np.unique(month)), "recent_12": int((month > last - 12).sum())}


def _named_points(told: AreaIncidents, suspects: Ints, points: Sequence[Mapping[str, Any]]) -> str:
    """Name the suspect points of an area, for the command only: no file gives an address."""
    here = {tuple(place) for place in told.lonlat[suspects].round(6).tolist()}
    at = [point for point in points if (point["lon"], point["lat"]) in here]
    return "; ".join(point["address"] or point["why"] for point in at)


def _shares(names: Objects) -> dict[str, float]:
    counts = Counter(name or UNASSIGNED for name in names.tolist())
    order = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return {name: round(count / len(names), DIGITS) for name, count in order}


def _homicide_cores(run: Run) -> tuple[frozenset[int], int]:
    """Cluster homicides alone; return the cells of core ones, and how many make an area."""
    dbscan = suggest_dbscan(run.documented, int(run.is_homicide.sum()))
    _, is_core = cluster_points(run.window.xy[run.is_homicide], dbscan)
    positions = np.take(run.window.at, np.flatnonzero(run.is_homicide)[is_core])
    return frozenset(run.grid.h3_cells[positions].tolist()), dbscan.min_samples


def _summary(run: Run, areas: gpd.GeoDataFrame) -> dict[str, Any]:
    city, report = run.city.config.city, run.city.dataset.report
    return {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "city": city.id,
        "city_name": city.name,
        "nonfatal_name": city.nonfatal_name,
        "nonfatal_is_proxy": city.nonfatal_is_proxy,
        "is_synthetic": city.is_synthetic,
        "land_is_estimated": run.city.config.places.is_estimated,
        "data_fingerprint": run.city.dataset.fingerprint,
        "data_through": report["data_through"],
        "params": {
            "start": str(run.period.start),
            "until": str(run.period.until),
            "months": run.period.months,
            **_covered(run),
            "kinds": [kind for kind in KINDS if kind in run.kinds],
            **asdict(run.params.dbscan),
            "dense_per_km2": run.params.dense_per_km2,
            "max_area_km2": run.params.max_area_km2,
            "resolution": run.params.resolution,
            "metric_crs": city.metric_crs,
            "suggested": asdict(run.suggested),
            "suggested_by": run.suggested_by,
            "least_a_year": round(run.least * 12 / max(1, _covered(run)["months_covered"]), 2),
        },
        "order": Weights.of(run.city.config.priorities.weights).to_dict(),
        **_totals(run, areas),
        "population_method": report.get("population_method"),
        "versions": list_versions(),
    }


def _covered(run: Run) -> dict[str, Any]:
    """Return the part of the period that the data cover: a rate over more would be too low."""
    first_day = f"{run.period.start}-01"
    last_day = (pd.Timestamp(f"{run.period.until}-01") - pd.Timedelta(days=1)).date().isoformat()
    covered_from = max(first_day, run.city.dataset.report["data_from"])
    covered_through = max(covered_from, min(last_day, run.city.dataset.report["data_through"]))
    first, last = Month.parse(covered_from[:7]), Month.parse(covered_through[:7])
    return {
        "covered_from": covered_from,
        "covered_through": covered_through,
        "months_covered": Period(first, last.plus(1)).months,
    }


def _totals(run: Run, areas: gpd.GeoDataFrame) -> dict[str, Any]:
    window, found, grid = run.window, run.found, run.grid
    n_inside = int(areas["incidents"].sum()) if len(areas) else 0
    in_fringe = np.bincount(window.at, minlength=len(grid.area_km2))[grid.at(found.fringe)]
    inside_km2 = float(sum(grid.size_km2(area) for area in found.areas))
    study_km2 = float(grid.area_km2.sum())
    n_located = len(window)
    silent = _silent_months(run)
    in_corners = frozenset[int]().union(*run.corners)
    return {
        "totals": {
            "incidents": n_located + window.n_unlocated + window.n_outside,
            "located": n_located,
            "located_homicides": int(run.is_homicide.sum()),
            "located_suspect": int(window.is_suspect.sum()),
            "unlocated": window.n_unlocated,
            "outside_study_area": window.n_outside,
            "in_areas": n_inside,
            "noise": int((found.cluster_id < 0).sum()),
            "areas": len(found.areas),
            "study_area_km2": round(study_km2, DIGITS),
            "areas_km2": round(inside_km2, DIGITS),
            "silent_months": len(silent),
        },
        "silent": silent,
        "share_of_incidents": _share(n_inside, n_located),
        "share_of_study_area": _share(inside_km2, study_km2),
        "left_out_fringe": {
            "incidents": int(in_fringe.sum()),
            "area_km2": round(grid.size_km2(found.fringe), DIGITS),
            "cells": h3_cells.as_text(sorted(found.fringe)),
        },
        "corners": {
            "n": len(run.corners),
            "incidents": int(np.isin(window.at, grid.at(in_corners)).sum()),
            "cells": h3_cells.as_text(sorted(in_corners)),
        },
    }


def _silent_months(run: Run) -> list[str]:
    """List covered months in which the whole city, whatever the kind, has no incident."""
    covered = _covered(run)
    first, last = (covered[name][:7] for name in ("covered_from", "covered_through"))
    return [one for one in map(str, silent_months(run.city.dataset)) if first <= one <= last]


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, DIGITS) if whole else None


# ---- A proposal's areas and cells for other programs; never a single incident.


def export(proposal: Proposal, name: str) -> bytes:
    """Write a proposal in one of the formats that other programs read."""
    if name not in EXPORTS:
        raise ParamError("param.unknown", kind="export", given=name, known=", ".join(EXPORTS))
    return EXPORTS[name](proposal)


def _cells_geojson(proposal: Proposal) -> bytes:
    cells = json.loads(proposal.cells.to_json(drop_id=True, to_wgs84=True))
    head, summary = {"type": cells["type"], "name": "cells"}, proposal.summary
    names = ("city_name", "is_synthetic", "nonfatal_name", "data_through")
    head |= {name: summary[name] for name in names}
    params = ("kinds", "covered_from", "covered_through")
    head |= {name: summary["params"][name] for name in params}
    return (json.dumps({**head, "features": cells["features"]}, ensure_ascii=False) + "\n").encode()


EXPORTS: Mapping[str, Callable[[Proposal], bytes]] = {
    "areas.geojson": lambda proposal: proposal_files(proposal)["areas.geojson"],
    "areas.csv": lambda proposal: proposal_files(proposal)["areas.csv"],
    "cells.geojson": _cells_geojson,
    "cells.csv": lambda proposal: proposal_files(proposal)["cells.csv"],
    "areas-and-cells.gpkg": Proposal.geopackage,
}
"""File name to how it is written."""
