"""One area's sheet: its count and range, by month, by day and time, and what is around it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from csa.areas.choices import AreaSettings
from csa.areas.priority.forecast import COLUMNS
from csa.areas.proposal import Proposal
from csa.areas.sheets import Sheet, sheet_on
from csa.areas.sufficiency import years_to_show
from csa.base.schema import KINDS
from csa.base.text import land, percent, tr
from csa.geo.cells import from_text
from csa.program.registry import AreaStatus, CoreArea
from csa_app.shared import cache, charts, nearby, panels
from csa_app.shared.area_status import (
    core_counts,
    in_service,
    not_proposed,
    other_outlines,
    state_words,
)
from csa_app.shared.city_session import CitySession
from csa_app.shared.phrases import months_covered, victims_words, what_is_counted

FEW_PEOPLE = 100
FEW_DOMESTIC = 5
"""A smaller number could reveal someone to readers who know the area."""


def show_sheet(
    session: CitySession,
    choices: AreaSettings,
    area_id: str,
    standing: AreaStatus,
    on_close: Callable[[], None],
) -> None:
    """Show a candidate's sheet."""
    proposal = cache.proposal(session, choices)
    sheet = cache.sheet(session, choices, area_id)
    found = cache.next12(session, choices).loc[area_id, list(COLUMNS)]
    next12 = None if found.isna().any() else [*map(float, found.to_numpy(dtype=np.float64))]
    _head(standing.display_name, state_words(standing), on_close)
    st.markdown(f"{_count(proposal, sheet)} {_next12(next12)}")
    _show(session, choices, sheet, standing.display_name)


def show_core(
    session: CitySession,
    choices: AreaSettings,
    area: CoreArea,
    standing: Mapping[str, AreaStatus],
    on_close: Callable[[], None],
) -> None:
    """Show the sheet of a core service area: of its own ground, whatever is found there now."""
    proposal, counts = cache.proposal(session, choices), core_counts(session, choices)
    own, stands = counts[area.key], in_service(area)
    sheet = sheet_on(session.dataset, proposal, vars(own), own.rows)
    _head(stands.display_name, state_words(stands), on_close)
    said = [_count(proposal, sheet), _next12(own.next12), tr("sheet.own_ground")]
    outlined = other_outlines(proposal, standing, counts).get(area.key)
    if outlined is not None:
        said.append(tr("sheet.outline_now", n=outlined))
    elif not_proposed([area], standing):
        said.append(tr("sheet.core_not_now"))
    st.markdown(" ".join(said))
    _show(session, choices, sheet, stands.display_name)
    for page in ("displacement", "measures"):
        st.page_link(f"screens/{page}/page.py", icon=":material/arrow_forward:")


def _show(session: CitySession, choices: AreaSettings, sheet: Sheet, called: str) -> None:
    """Show a sheet's numbers, its course by month and time, and what is there."""
    has_homicides = "homicide" in choices.kinds
    panels.numbers(_numbers(session, sheet.area, has_homicides=has_homicides))
    tabs = st.tabs([tr("sheet.tab_months"), tr("sheet.tab_times"), tr("sheet.tab_places")])
    with tabs[0]:
        st.plotly_chart(
            charts.by_month(sheet.by_month, is_synthetic=session.config.city.is_synthetic),
            config=charts.CONFIG,
            key="by month",
            alt=tr("sheet.months_alt", area=called),
        )
    with tabs[1]:
        _times(session, sheet, called)
    with tabs[2]:
        _places(session, choices, sheet.area, called)


def _head(name: str, state: str, on_close: Callable[[], None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="sheet_head"):
        st.header(panels.plain(name), anchor=False)
        st.button(tr("sheet.close"), type="tertiary", icon=":material/close:", on_click=on_close)
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
        return tr("sheet.count_flat", **counted)
    low, high = sheet.usual
    return tr("sheet.count", low=low, high=high, **counted)


def _next12(found: Sequence[float] | None) -> str:
    """Return what to expect in the next 12 months, in words; "" where that is not known."""
    if found is None:
        return ""
    expected, low, high = found
    next12 = tr("sheet.next12", expected=expected, low=low, high=high)
    return f"{next12} {tr('sheet.years', n=years_to_show(expected))}"


def _numbers(session: CitySession, area: Any, *, has_homicides: bool) -> list[tuple[str, str]]:
    units = session.config.city.units
    homicides = (f"{area['homicides']:,}", tr("sheet.homicides", n=area["homicides"]))
    shown = [
        *[homicides] * has_homicides,
        (_known(area["victims"]), victims_words(session)),
        (
            land(area["area_km2"], units).split(" ")[0],
            tr("sheet.land_us" if units == "us" else "sheet.land_metric"),
        ),
    ]
    year = area["population_year"]
    if not pd.isna(area["population"]):
        n = round(area["population"], -2)
        people = tr("sheet.about", n=n) if n >= FEW_PEOPLE else tr("sheet.few_people")
        shown.append((people, tr("sheet.people", year=int(year))))
    else:
        shown.append((tr("sheet.unknown"), tr("sheet.people_unknown")))
    return shown


def _known(value: Any) -> str:
    return tr("sheet.unknown") if pd.isna(value) else f"{int(value):,}"


def _times(session: CitySession, sheet: Sheet, area: str) -> None:
    if sheet.by_part is None:
        panels.empty(tr("sheet.too_few_times"))
        return
    st.plotly_chart(
        charts.by_part(sheet.by_part, is_synthetic=session.config.city.is_synthetic),
        config=charts.CONFIG,
        key="by part",
        alt=tr("sheet.times_alt", area=area),
    )
    notes = [tr("sheet.night_note")]
    if sheet.without_time:
        notes.append(tr("sheet.without_time", n=sheet.without_time))
    if sheet.reported_time:
        notes.append(tr("sheet.reported_time", n=sheet.reported_time))
    st.caption(" ".join(notes))


def _places(session: CitySession, choices: AreaSettings, area: Any, called: str) -> None:
    shares = ", ".join(
        f"{panels.plain(name)} {percent(share)}" for name, share in area["neighborhoods"].items()
    )
    st.markdown(tr("sheet.neighborhoods", shares=shares))
    if set(choices.kinds) == set(KINDS) and "also_on_homicides" in area:
        st.markdown(
            tr(
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
            tr("sheet.few_domestic", n=FEW_DOMESTIC) if is_few else tr("sheet.domestic", n=n)
        )
    if area["suspect"]:
        st.warning(tr("sheet.suspect", n=int(area["suspect"]), incidents=area["incidents"]))
    cells = area["cells"]  # a core service area's are a set
    own = cells if isinstance(cells, frozenset) else frozenset(from_text(cells).tolist())
    nearby.show_around(session, own, called)
