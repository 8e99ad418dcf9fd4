"""What is near the areas: services, and an external score; never mixed into a count."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd
import streamlit as st

from app.shared import cache_around, panels
from app.shared.city_session import Opened
from app.shared.maps import Spot
from csa.areas.choices import Choices
from csa.base.crs import METRES_PER_MILE
from csa.base.text import day, percent, speak
from csa.geo.services import gaps

ALL_BUT_A_SLIVER = 0.99


def offered(opened: Opened) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """List what can color this city's cells, and which layers it has."""
    has_risk = opened.dataset.risk_terrain is not None and opened.config.risk_terrain is not None
    has_services = opened.dataset.services is not None and opened.config.services is not None
    shades = ("shootings", "risk", "none") if has_risk else ("shootings", "none")
    return shades, (
        ("background",) * bool(cache_around.has_background(opened))
        + ("neighborhoods",)
        + ("services",) * has_services
    )


def spots(opened: Opened, *, is_shown: bool) -> tuple[list[tuple[str, str]], list[Spot]]:
    """Return the letters of each kind of service, and the services as map markers."""
    services = opened.dataset.services
    if not is_shown or services is None:
        return [], []
    mark_of = marks_of(services["kind"].unique().tolist())
    places = [
        Spot(round(lat, 5), round(lon, 5), mark_of[kind], name, kind)
        for lat, lon, name, kind in zip(
            services.geometry.y,
            services.geometry.x,
            services["name"],
            services["kind"],
            strict=True,
        )
    ]
    return [(mark, kind) for kind, mark in mark_of.items()], places


def marks_of(kinds: Sequence[str]) -> dict[str, str]:
    """Return two letters for each kind of service, unlike those of any other."""
    marks: dict[str, str] = {}
    for kind in sorted(kinds):
        letters = [letter for letter in kind if letter.isalnum()] or ["?"]
        tries = (letters[0].upper() + other.lower() for other in (*letters[1:], *"0123456789"))
        free = (mark for mark in tries if mark not in marks.values())
        marks[kind] = next(free, letters[0].upper())
    return marks


def risk_title(opened: Opened) -> str:
    """Name the external score, with who made it and when."""
    risk = opened.config.risk_terrain
    return "" if risk is None else speak("risk.legend", source=risk.source, day=day(risk.as_of))


def of_area(opened: Opened, choices: Choices, area_id: str, called: str) -> None:
    """Show the services in and near an area, the gaps, its vacant land, and the external score."""
    _services(opened, choices, area_id, called)
    _vacant(opened, choices, area_id)
    show_risk(opened, choices, area_id)


def _services(opened: Opened, choices: Choices, area_id: str, called: str) -> None:
    table, config = cache_around.services(opened, choices), opened.config.services
    if table is None or config is None:
        st.caption(speak("services.none_listed"))
        return
    near = distance(config.near_m, opened.config.city.units)
    here = table[table["area_id"] == area_id]
    lacking = gaps(table).get(area_id, ())
    if lacking:
        st.markdown(speak("services.gaps", near=near, kinds=panels.plain(", ".join(lacking))))
    else:
        st.markdown(speak("services.no_gap", near=near))
    panels.table(
        service_table(here, opened.config.city.units, near),
        speak("services.alt", area=called),
        "csa-wide",
    )
    st.caption(
        speak(
            "services.source",
            source=panels.plain(config.source),
            day=day(config.as_of),
            n=len(services_in(opened)),
        )
    )


def _vacant(opened: Opened, choices: Choices, area_id: str) -> None:
    """Show how many vacant lots and buildings are in an area, where the city lists them."""
    counts, config = cache_around.vacant(opened, choices), opened.config.vacant_land
    if counts is None or config is None:
        return
    told = {"source": panels.plain(config.source), "day": day(config.as_of)}
    here = [f"{panels.plain(kind)}: {n}" for kind, n in counts[area_id].items() if n]
    key = "services.vacant" if here else "services.vacant_none"
    st.markdown(speak(key, counts=", ".join(here), **told))


def services_in(opened: Opened) -> gpd.GeoDataFrame:
    """Return the city's services."""
    found = opened.dataset.services
    return gpd.GeoDataFrame({"kind": []}) if found is None else found


def service_table(here: pd.DataFrame, units: str, near: str) -> pd.DataFrame:
    """Tabulate an area's services for readers."""
    nearest = [
        speak("services.inside_it", name=name)
        if metres == 0
        else speak("services.away", name=name, distance=distance(metres, units))
        for name, metres in zip(here["nearest_name"], here["nearest_m"], strict=True)
    ]
    return pd.DataFrame(
        {
            speak("services.col_kind"): here["kind"].tolist(),
            speak("services.col_inside"): here["inside"].tolist(),
            speak("services.col_near", near=near): here["near"].tolist(),
            speak("services.col_nearest"): nearest,
        }
    )


def distance(metres: float, units: str) -> str:
    """Format a distance in the city's units, no finer than walkers notice."""
    if units == "us":
        return speak("services.miles", miles=max(0.1, metres / METRES_PER_MILE))
    if metres < 1000:
        return speak("services.metres", metres=max(10, round(metres, -1)))
    return speak("services.kilometres", kilometres=metres / 1000)


def show_risk(opened: Opened, choices: Choices, area_id: str) -> None:
    """Show an area's risk score, where the dataset has one."""
    table, config = cache_around.risk(opened, choices), opened.config.risk_terrain
    if table is None or config is None:
        return
    row = table[table["area_id"] == area_id].iloc[0]
    made = {"source": panels.plain(config.source), "day": day(config.as_of)}
    if pd.isna(row["highest_share"]):
        st.markdown(speak("risk.unscored", **made))
        return
    shares = {
        "share": percent(row["highest_share"]),
        "top": percent(cache_around.highest_share(opened)),
        "of_city": percent(row["share_of_highest"]),
    }
    if not pd.isna(row["points"]):
        st.markdown(speak("risk.share_of_points", n=int(row["points"]), **shares, **made))
        return
    said = [speak("risk.share", **shares, **made)]
    if row["scored_share"] < ALL_BUT_A_SLIVER:
        said.append(speak("risk.partly", share=percent(row["scored_share"])))
    st.markdown(" ".join(said))
