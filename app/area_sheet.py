"""One area's sheet: how many and how sure, month by month, by day and time, what is around it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from app import cache, charts, nearby, panels
from app.cache import Opened
from app.phrases import months_covered, victims_words, what_is_counted
from csa.analysis import Choices
from csa.sheets import Sheet
from csa.words import land, percent, speak


def show_sheet(opened: Opened, choices: Choices, sheet: Sheet) -> None:
    """Show an area's sheet.

    Parameters
    ----------
    opened
        The city.
    choices
        What the proposal on screen was made from.
    sheet
        The area's sheet.
    """
    proposal = cache.proposal(opened, choices)
    area = sheet.area
    st.subheader(f"{area['area_id']}  {panels.plain(area['place_name'])}", anchor=False)
    low, high = sheet.expected
    st.markdown(
        speak(
            "sheet.count",
            n=area["incidents"],
            what=what_is_counted(proposal),
            low=round(low),
            high=round(high),
            months=months_covered(proposal),
        )
    )
    panels.numbers(_numbers(opened, area))
    tabs = st.tabs([speak("sheet.tab_months"), speak("sheet.tab_times"), speak("sheet.tab_places")])
    with tabs[0]:
        st.plotly_chart(
            charts.by_month(sheet.by_month),
            config=charts.CONFIG,
            key="by month",
            alt=speak("sheet.months_alt", area_id=area["area_id"]),
        )
    with tabs[1]:
        _times(sheet)
    with tabs[2]:
        _places(opened, choices, area)


def _numbers(opened: Opened, area: Any) -> list[tuple[str, str]]:
    units = opened.config.city.units
    shown = [
        (f"{area['homicides']:,}", speak("sheet.homicides", n=area["homicides"])),
        (_known(area["victims"]), victims_words(opened)),
        (
            land(area["area_km2"], units).split(" ")[0],
            speak("sheet.land_us" if units == "us" else "sheet.land_metric"),
        ),
    ]
    year = area["population_year"]
    if not pd.isna(area["population"]):
        people = f"{round(area['population'], -2):,.0f}"
        shown.append((people, speak("sheet.people", year=int(year))))
    else:
        shown.append((speak("sheet.unknown"), speak("sheet.people_unknown")))
    return shown


def _known(value: Any) -> str:
    return speak("sheet.unknown") if pd.isna(value) else f"{int(value):,}"


def _times(sheet: Sheet) -> None:
    if sheet.by_part is None:
        panels.empty(speak("sheet.too_few_times"))
        return
    st.plotly_chart(
        charts.by_part(sheet.by_part),
        config=charts.CONFIG,
        key="by part",
        alt=speak("sheet.times_alt", area_id=sheet.area["area_id"]),
    )
    notes = [speak("sheet.night_note")]
    if sheet.without_time:
        notes.append(speak("sheet.without_time", n=sheet.without_time))
    if sheet.reported_time:
        notes.append(speak("sheet.reported_time", n=sheet.reported_time))
    st.caption(" ".join(notes))


def _places(opened: Opened, choices: Choices, area: Any) -> None:
    shares = ", ".join(
        f"{panels.plain(name)} {percent(share)}" for name, share in area["neighborhoods"].items()
    )
    st.markdown(speak("sheet.neighborhoods", shares=shares))
    st.markdown(
        speak(
            {
                "yes": "sheet.also_yes",
                "no": "sheet.also_no",
                "too few": "sheet.also_few",
            }[area["also_on_homicides"]]
        )
    )
    if not pd.isna(area["domestic"]):
        st.markdown(speak("sheet.domestic", n=int(area["domestic"])))
    if area["suspect"]:
        st.warning(speak("sheet.suspect", n=int(area["suspect"]), incidents=area["incidents"]))
    nearby.of_area(opened, choices, area["area_id"])
