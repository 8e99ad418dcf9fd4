"""Quarters published one after the other, and an attacker's table of them made by another way."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
from tests.disclosure.attacker import Figure
from tests.statements import statement

from csa.base.params import Month, Period
from csa.city.dataset import City
from csa.disclosure.published import Publication
from csa.geo.cells import as_text
from csa.reports.public.areas import PooledChange
from csa.reports.public.facts import PublicArea
from csa.reports.public.gathering import count_all
from csa.reports.public.window import resolve_window

PLACES = ("area", "neighborhood", "cell")
"""The city's own totals and all areas together count domestic incidents everywhere."""


@dataclass(frozen=True)
class Release:
    """One publication, and the dataset that it was made from."""

    dataset: object
    publication: Publication
    seconds: float  # of the processor, to make it


def area(letter, cells):
    named = {"letter": letter, "place_name": f"Place {letter}", "count": None}
    since, own = date(2018, 1, 1), tuple(as_text(sorted(cells)))
    return PublicArea(**named, state="designated", since=since, cells=own)


def together(areas, since, through):
    """All areas as one; how many were counted does not matter here."""
    months = Period(since, through.plus(1))
    grounds = tuple((one.ground, months) for one in areas)
    return PooledChange(statement(months, 50, 40, 60), months, grounds)


def publish(city, months, secret, areas_at, data_at=lambda _, dataset: dataset):
    """Publish quarter after quarter; areas and data may differ from one to the next."""
    found = []
    for month in months:
        own = City(city.config, data_at(month, city.dataset))
        areas = areas_at(month)
        began = time.process_time()
        earlier = [one.publication for one in found]
        window = resolve_window(own, month, earlier)
        change = together(areas, Month(2018, 1), window.period.until.plus(-1)) if areas else None
        made = count_all(window, areas, change, secret, earlier)
        found.append(Release(own.dataset, made, time.process_time() - began))
    return found


def leaving_out(city):
    """Return the city where no one agreed: domestic incidents are left out, numbers rounded."""
    unsaid = {f"domestic_{name}": "" for name in ("rule", "office", "agency")}
    public = city.config.public.model_copy(update={**unsaid, "domestic_on": None})
    return replace(city, config=city.config.model_copy(update={"public": public}))


def without(dataset, ids):
    """Return a dataset in which some incidents are not reported yet."""
    keep = ~dataset.incidents["incident_id"].isin(ids)
    return replace(dataset, incidents=dataset.incidents[keep].reset_index(drop=True))


def table_of(dataset):
    """Return the incidents with a place in the city; h3 itself finds their cells."""
    incidents = dataset.incidents
    outside = incidents["flags"].str.contains("outside")
    table = incidents[incidents["lon"].notna() & incidents["lat"].notna() & ~outside].copy()
    points = [*zip(table["lat"], table["lon"], strict=True)]
    for size in (8, 9, 10):
        table[size] = [h3.latlng_to_cell(lat, lon, size) for lat, lon in points]
    table["month"] = table["occurred_at"].dt.strftime("%Y-%m")
    return table


def months_in(period):
    """Return the first and last month of a period's name."""
    if "-Q" in period:
        year, quarter = period.split("-Q")
        return f"{year}-{3 * int(quarter) - 2:02d}", f"{year}-{3 * int(quarter):02d}"
    first, _, last = period.partition("/")
    last = last or first
    return (first, last) if "-" in first else (f"{first}-01", f"{last}-12")


def members_of(table, geography, place, publication):
    """Return the incidents at a place, domestic ones too."""
    if geography in {"neighborhood", "cell"}:
        return table["neighborhood" if geography == "neighborhood" else 8] == place
    cells = set(publication.places[geography][place])
    return table[[8, 9, 10]].isin(cells).any(axis=1)


def land_of(dataset, releases):
    """Return a row for each piece of land and quarter, where something might have happened."""
    shapes = [
        cells for one in releases for g in one.publication.places.values() for cells in g.values()
    ]
    cells = h3.geo_to_cells(dataset.study_area, 10)
    middle = pd.DataFrame([h3.cell_to_latlng(cell) for cell in cells], columns=["lat", "lon"])
    middle[10] = list(cells)
    for size in (8, 9):
        middle[size] = [h3.cell_to_parent(cell, size) for cell in cells]
    own = gpd.sjoin(
        gpd.GeoDataFrame(
            middle, geometry=gpd.points_from_xy(middle["lon"], middle["lat"], crs=4326)
        ),
        dataset.neighborhoods[["name", "geometry"]].to_crs(4326),
    )
    middle["neighborhood"] = own["name"][~own.index.duplicated()].reindex(middle.index).fillna("")
    kinds = pd.DataFrame(
        {n: middle[[9, 10]].isin(set(cells)).any(axis=1) for n, cells in enumerate(set(shapes))}
    )
    kinds[["neighborhood", 8]] = middle[["neighborhood", 8]]
    one_each = middle[~kinds.duplicated()]
    quarters = pd.period_range(
        dataset.report["data_from"], dataset.report["data_through"], freq="Q"
    )
    months = [f"{one.year}-{3 * one.quarter:02d}" for one in quarters]
    land = one_each.merge(pd.DataFrame({"month": months}), how="cross")
    land["incident_id"] = [f"land {n}" for n in range(len(land))]
    return land.assign(domestic="yes")  # not counted: nothing happened there


def figures_of(releases, *, with_land=False):
    """List every different figure, with its incidents, and which of those are not domestic.

    A rounded figure that stands while late reports come in has those it was made from.
    """
    ids: dict[str, int] = {}
    counted: dict[int, bool] = {}
    seen: dict[tuple, Figure] = {}
    land = land_of(releases[-1].dataset, releases) if with_land else None
    for release in releases:
        table = table_of(release.dataset)
        table = table if land is None else pd.concat([table, land], ignore_index=True)
        at = np.array([ids.setdefault(one, len(ids)) for one in table["incident_id"]])
        counted |= dict(zip(at.tolist(), (table["domestic"] != "yes").tolist(), strict=True))
        is_frozen = not release.publication.counts_all
        for geography in PLACES:
            by_place = defaultdict(list)
            for period, told in release.publication.counts.get(geography, {}).items():
                for place, count in told.items():
                    by_place[place].append((period, count))
            for place, own in by_place.items():
                cells = release.publication.places.get(geography, {}).get(place)
                is_here = members_of(table, geography, place, release.publication).to_numpy()
                here, months = at[is_here], table["month"].to_numpy()[is_here]
                for period, count in own:
                    first, last = months_in(period)
                    members = np.sort(here[(months >= first) & (months <= last)])
                    name = f"{geography} {place}, {period}, in {release.publication.id}"
                    key = (geography, place, cells, period) if is_frozen else members.tobytes()
                    seen.setdefault((key, count), Figure(name, members, count))
    is_counted = np.array([counted[n] for n in range(len(ids))])
    return list(seen.values()), is_counted


def true_counts(figures, is_counted):
    """Count what is not domestic in each figure."""
    return [int(is_counted[one.members].sum()) for one in figures]
