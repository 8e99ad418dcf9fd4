"""What is near the areas: services, and an external score; never mixed into a count."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import streamlit as st

from csa.areas.choices import AreaSettings
from csa.areas.explanation import AreaExplanation
from csa.base.crs import LONLAT, METERS_PER_MILE
from csa.base.text import day, percent, tr
from csa.geo.cells import CellSet, centers, outline
from csa.geo.services import count_services
from csa_app.shared import cache, panels, theme
from csa_app.shared.city_session import CitySession

ALL_BUT_A_SLIVER = 0.99
VACANT = "#8a6d1f"
Layer: TypeAlias = Mapping[str, Any]
"""A name and title; spots, or shapes inline or as a file; what its marks and colors mean."""


def map_layers(session: CitySession, choices: AreaSettings) -> list[Layer]:
    """List the layers that a city has for its maps, each switched in the browser.

    Services, vacant land, risk, and points that may be wrong.
    """
    found = (service_layer(session), _lots(session), _risk(session), _suspect(session, choices))
    return [layer for layer in found if layer is not None]


def service_layer(session: CitySession) -> Layer | None:
    """Return the city's services as spots, with two letters for each kind."""
    services = session.dataset.services
    if services is None:
        return None
    mark_of = kind_codes(services["kind"].unique().tolist())
    columns = services.geometry.y, services.geometry.x, services["name"], services["kind"]
    spots = [
        [round(lat, 5), round(lon, 5), mark_of[kind], name, kind]
        for lat, lon, name, kind in zip(*columns, strict=True)
    ]
    keys = [[mark, "none", kind] for kind, mark in mark_of.items()]
    return {"name": "services", "title": tr("label.services"), "spots": spots, "keys": keys}


def _lots(session: CitySession) -> Layer | None:
    address = cache.vacant_layer(session)
    if address is None:
        return None
    return {"name": "vacant", "title": tr("data.vacant"), "file": address, "palette": [VACANT]}


def _risk(session: CitySession) -> Layer | None:
    risk = cache.risk_layer(session)
    if risk is None:
        return None
    palette = theme.current().sequential[-1 - max(map(int, risk.levels), default=0) :]
    keys = [["", color, words] for color, words in zip(palette, risk.classes.words, strict=False)]
    drawn = {"file": risk.address, "levels": risk.levels, "palette": palette, "keys": keys}
    return {"name": "risk", "title": risk_title(session), **drawn}


def _suspect(session: CitySession, choices: AreaSettings) -> Layer | None:
    """Mark the cells of points that may stand for unknown places, of all months together."""
    located = cache.located(session, choices)
    middles = centers(np.unique(located.cells[located.is_suspect])).round(5)
    title = tr("map.suspect")
    spots = [[lat, lon, "?", title, ""] for lon, lat in middles[["lon", "lat"]].to_numpy().tolist()]
    return {"name": "suspect", "title": title, "spots": spots} if spots else None


def hot_layers(cells: Sequence[int]) -> list[Layer]:
    """Outline the cells with more incidents than chance would put there, if there are any."""
    if not cells:
        return []
    shape = json.loads(shapely.to_geojson(shapely.set_precision(outline(cells), 1e-5)))
    drawn = [{"type": "Feature", "properties": {}, "geometry": shape}]
    color = theme.current().ink
    return [{"name": "hot", "title": tr("map.hot"), "features": drawn, "color": color}]


def kind_codes(kinds: Sequence[str]) -> dict[str, str]:
    """Return two letters for each kind of service, unlike those of any other."""
    marks: dict[str, str] = {}
    for kind in sorted(kinds):
        letters = [letter for letter in kind if letter.isalnum()] or ["?"]
        tries = (letters[0].upper() + other.lower() for other in (*letters[1:], *"0123456789"))
        free = (mark for mark in tries if mark not in marks.values())
        marks[kind] = next(free, letters[0].upper())
    return marks


def risk_title(session: CitySession) -> str:
    """Name what the map shows of risk: the city's own factors, else whose external score."""
    if cache.has_factors(session):
        return tr("risk.fitted")
    risk = session.config.risk_terrain
    return "" if risk is None else tr("risk.legend", source=risk.source, day=day(risk.as_of))


def show_area_services(session: CitySession, area: CellSet) -> None:
    """Show the services in and near an area, the gaps, its vacant land, and the external score."""
    here = cache.why_here(session, area)
    _services(session, here)
    _vacant(session, here)
    show_risk(session, area)


def _services(session: CitySession, here: AreaExplanation) -> None:
    config = session.config.services
    if here.services is None or config is None:
        st.caption(tr("services.none_listed"))
        return
    near = distance(config.near_m, session.config.city.units)
    if here.lacking:
        st.markdown(tr("services.gaps", near=near, kinds=panels.plain(", ".join(here.lacking))))
    else:
        st.markdown(tr("services.no_gap", near=near))
    table = service_table(here.services, session.config.city.units, near)
    panels.table(table, tr("label.services_near"), "csa-wide")
    st.caption(
        tr(
            "services.source",
            source=panels.plain(config.source),
            day=day(config.as_of),
            n=len(services_in(session)),
        )
    )


def _vacant(session: CitySession, here: AreaExplanation) -> None:
    """Show how many vacant lots and buildings are in an area, where the city lists them."""
    config = session.config.vacant_land
    if here.vacant is None or config is None:
        return
    told = {"source": panels.plain(config.source), "day": day(config.as_of)}
    counts = [f"{panels.plain(kind)}: {n:,}" for kind, n in here.vacant.items() if n]
    key = "services.vacant" if counts else "services.vacant_none"
    st.markdown(tr(key, counts=", ".join(counts), **told))


def services_on(session: CitySession, grounds: Mapping[str, CellSet]) -> pd.DataFrame | None:
    """Count the city's services in and near grounds, by name; None without a list."""
    services, config = session.dataset.services, session.config.services
    if services is None or config is None:
        return None
    shapes = [outline(cells) for cells in grounds.values()]
    outlined = gpd.GeoDataFrame({"area_id": [*grounds]}, geometry=shapes, crs=LONLAT)
    return count_services(outlined, services, config.near_m, session.config.city.metric_crs)


def services_in(session: CitySession) -> gpd.GeoDataFrame:
    """Return the city's services."""
    found = session.dataset.services
    return gpd.GeoDataFrame({"kind": []}) if found is None else found


def service_table(here: pd.DataFrame, units: str, near: str) -> pd.DataFrame:
    """Tabulate an area's services for readers."""
    nearest = [
        tr("services.inside_it", name=name)
        if meters == 0
        else tr("services.away", name=name, distance=distance(meters, units))
        for name, meters in zip(here["nearest_name"], here["nearest_m"], strict=True)
    ]
    return pd.DataFrame(
        {
            tr("services.col_kind"): here["kind"].tolist(),
            tr("label.in_area"): here["inside"].tolist(),
            tr("services.col_near", near=near): here["near"].tolist(),
            tr("services.col_nearest"): nearest,
        }
    )


def distance(meters: float, units: str) -> str:
    """Format a distance in the city's units, no finer than walkers notice."""
    if units == "us":
        return tr("services.miles", miles=max(0.1, meters / METERS_PER_MILE))
    if meters < 1000:
        return tr("report.about_meters", meters=max(10, round(meters, -1)))
    return tr("services.kilometers", kilometers=meters / 1000)


def show_risk(session: CitySession, area: CellSet) -> None:
    """Show an area's external risk score, where the dataset has one."""
    table, config = cache.risk(session, area), session.config.risk_terrain
    if table is None or config is None:
        return
    row = table.iloc[0]
    made = {"source": panels.plain(config.source), "day": day(config.as_of)}
    if pd.isna(row["highest_share"]):
        st.markdown(tr("risk.unscored", **made))
        return
    shares = {
        "share": percent(row["highest_share"]),
        "top": percent(cache.highest_share(session)),
        "of_city": percent(row["share_of_highest"]),
    }
    if not pd.isna(row["points"]):
        st.markdown(tr("risk.share_of_points", n=int(row["points"]), **shares, **made))
        return
    said = [tr("risk.share", **shares, **made)]
    if row["scored_share"] < ALL_BUT_A_SLIVER:
        said.append(tr("risk.partly", share=percent(row["scored_share"])))
    st.markdown(" ".join(said))
