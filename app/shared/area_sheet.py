"""One area's sheet: its count and range, by month, by day and time, and what is around it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app.shared import cache, charts, nearby, panels
from app.shared.city_session import Opened
from app.shared.phrases import months_covered, victims_words, what_is_counted
from app.shared.standing import (
    core_counts,
    in_service,
    not_proposed,
    other_outlines,
    state_words,
)
from csa.areas.choices import Choices
from csa.areas.proposal import Proposal
from csa.areas.sheets import Sheet, sheet_on
from csa.base.schema import KINDS
from csa.base.text import land, percent, speak
from csa.decisions.registry import AreaStanding, CoreArea
from csa.geo.cells import from_text
from csa.priority.next12 import COLUMNS

FEW_PEOPLE = 100
FEW_DOMESTIC = 5
"""A smaller number could reveal someone to readers who know the area."""


def show_sheet(
    opened: Opened,
    choices: Choices,
    area_id: str,
    standing: AreaStanding,
    on_close: Callable[[], None],
) -> None:
    """Show a candidate's sheet."""
    proposal = cache.proposal(opened, choices)
    sheet = cache.sheet(opened, choices, area_id)
    found = cache.next12(opened, choices).loc[area_id, list(COLUMNS)]
    next12 = None if found.isna().any() else [*map(float, found.to_numpy(dtype=np.float64))]
    _head(standing.called, state_words(standing), on_close)
    st.markdown(f"{_count(proposal, sheet)} {_next12(next12)}")
    _show(opened, choices, sheet, standing.called)


def show_core(
    opened: Opened,
    choices: Choices,
    area: CoreArea,
    standing: Mapping[str, AreaStanding],
    on_close: Callable[[], None],
) -> None:
    """Show the sheet of a core service area: of its own ground, whatever is found there now."""
    proposal, counts = cache.proposal(opened, choices), core_counts(opened, choices)
    own, stands = counts[area.key], in_service(area)
    sheet = sheet_on(opened.dataset, proposal, vars(own), own.rows)
    _head(stands.called, state_words(stands), on_close)
    said = [_count(proposal, sheet), _next12(own.next12), speak("sheet.own_ground")]
    outlined = other_outlines(proposal, standing, counts).get(area.key)
    if outlined is not None:
        said.append(speak("sheet.outline_now", n=outlined))
    elif not_proposed([area], standing):
        said.append(speak("sheet.core_not_now"))
    st.markdown(" ".join(said))
    _show(opened, choices, sheet, stands.called)
    for page in ("displacement", "measures"):
        st.page_link(f"screens/{page}/page.py", icon=":material/arrow_forward:")


def _show(opened: Opened, choices: Choices, sheet: Sheet, called: str) -> None:
    """Show a sheet's numbers, its course by month and time, and what is there."""
    has_homicides = "homicide" in choices.kinds
    panels.numbers(_numbers(opened, sheet.area, has_homicides=has_homicides))
    tabs = st.tabs([speak("sheet.tab_months"), speak("sheet.tab_times"), speak("sheet.tab_places")])
    with tabs[0]:
        st.plotly_chart(
            charts.by_month(sheet.by_month, is_synthetic=opened.config.city.is_synthetic),
            config=charts.CONFIG,
            key="by month",
            alt=speak("sheet.months_alt", area=called),
        )
    with tabs[1]:
        _times(opened, sheet, called)
    with tabs[2]:
        _places(opened, choices, sheet.area, called)


def _head(name: str, state: str, on_close: Callable[[], None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="sheet_head"):
        st.header(panels.plain(name), anchor=False)
        st.button(speak("sheet.close"), type="tertiary", icon=":material/close:", on_click=on_close)
    st.caption(state)
    # A list that was scrolled down leaves its place to the sheet: its head comes into view.
    once = hashlib.sha256(name.encode()).hexdigest()  # another area: the script runs again
    into_view = "document.querySelector('.st-key-sheet_head')?.scrollIntoView({block: 'nearest'})"
    st.html(f"<script>{into_view} // {once}</script>", unsafe_allow_javascript=True)


def _count(proposal: Proposal, sheet: Sheet) -> str:
    """Return the count with its usual range, in words."""
    counted = {
        "n": sheet.area["incidents"],
        "what": what_is_counted(proposal),
        "months": months_covered(proposal),
    }
    if sheet.usual is None:
        return speak("sheet.count_flat", **counted)
    low, high = sheet.usual
    return speak("sheet.count", low=low, high=high, **counted)


def _next12(found: Sequence[float] | None) -> str:
    """Return what to expect in the next 12 months, in words; "" where that is not known."""
    if found is None:
        return ""
    expected, low, high = found
    return speak("sheet.next12", expected=expected, low=low, high=high)


def _numbers(opened: Opened, area: Any, *, has_homicides: bool) -> list[tuple[str, str]]:
    units = opened.config.city.units
    homicides = (f"{area['homicides']:,}", speak("sheet.homicides", n=area["homicides"]))
    shown = [
        *[homicides] * has_homicides,
        (_known(area["victims"]), victims_words(opened)),
        (
            land(area["area_km2"], units).split(" ")[0],
            speak("sheet.land_us" if units == "us" else "sheet.land_metric"),
        ),
    ]
    year = area["population_year"]
    if not pd.isna(area["population"]):
        n = round(area["population"], -2)
        people = speak("sheet.about", n=n) if n >= FEW_PEOPLE else speak("sheet.few_people")
        shown.append((people, speak("sheet.people", year=int(year))))
    else:
        shown.append((speak("sheet.unknown"), speak("sheet.people_unknown")))
    return shown


def _known(value: Any) -> str:
    return speak("sheet.unknown") if pd.isna(value) else f"{int(value):,}"


def _times(opened: Opened, sheet: Sheet, area: str) -> None:
    if sheet.by_part is None:
        panels.empty(speak("sheet.too_few_times"))
        return
    st.plotly_chart(
        charts.by_part(sheet.by_part, is_synthetic=opened.config.city.is_synthetic),
        config=charts.CONFIG,
        key="by part",
        alt=speak("sheet.times_alt", area=area),
    )
    notes = [speak("sheet.night_note")]
    if sheet.without_time:
        notes.append(speak("sheet.without_time", n=sheet.without_time))
    if sheet.reported_time:
        notes.append(speak("sheet.reported_time", n=sheet.reported_time))
    st.caption(" ".join(notes))


def _places(opened: Opened, choices: Choices, area: Any, called: str) -> None:
    shares = ", ".join(
        f"{panels.plain(name)} {percent(share)}" for name, share in area["neighborhoods"].items()
    )
    st.markdown(speak("sheet.neighborhoods", shares=shares))
    if set(choices.kinds) == set(KINDS) and "also_on_homicides" in area:
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
        n = int(area["domestic"])
        is_few = n < FEW_DOMESTIC
        st.markdown(
            speak("sheet.few_domestic", n=FEW_DOMESTIC) if is_few else speak("sheet.domestic", n=n)
        )
    if area["suspect"]:
        st.warning(speak("sheet.suspect", n=int(area["suspect"]), incidents=area["incidents"]))
    cells = area["cells"]  # a core service area's are a set
    own = cells if isinstance(cells, frozenset) else frozenset(from_text(cells).tolist())
    nearby.beside_map(opened, own, called)
