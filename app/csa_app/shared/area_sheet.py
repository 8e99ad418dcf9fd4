"""One area's sheet: its count and range, by month, by day and time, and what is around it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
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
from csa_app.shared.area_status import AreaView, in_service, state_words
from csa_app.shared.city_session import CitySession
from csa_app.shared.phrases import months_covered, victims_words, what_is_counted

ALSO = {"yes": "sheet.also_yes", "no": "sheet.also_no", "too few": "sheet.also_few"}
"""Whether homicides alone would give the same area, in words."""
FEW_PEOPLE = 100
FEW_DOMESTIC = 5
"""A smaller number could reveal someone to readers who know the area."""


def show_sheet(view: AreaView, stands: AreaStatus, on_close: Callable[[], None]) -> None:
    """Show a candidate's sheet."""
    area_id = stands.area_id
    sheet = cache.sheet(view.session, view.choices, area_id)
    found = cache.analysis(view.session, view.choices).next12.loc[area_id, list(COLUMNS)]
    next12 = None if found.isna().any() else [*map(float, found.to_numpy(dtype=np.float64))]
    _head(stands, on_close)
    st.markdown(f"{_count(view.proposal, sheet)} {_next12(next12)}")
    _show(view, sheet, stands.display_name)


def show_core(view: AreaView, area: CoreArea, on_close: Callable[[], None]) -> None:
    """Show the sheet of a core service area: of its own ground, whatever is found there now."""
    own, stands = view.counts[area.key], in_service(area)
    sheet = sheet_on(view.session.dataset, view.proposal, vars(own), own.rows)
    _head(stands, on_close)
    said = [_count(view.proposal, sheet), _next12(own.next12), tr("sheet.own_ground")]
    if area.key in view.outlines:
        said.append(tr("sheet.outline_now", n=view.outlines[area.key]))
    elif area in view.others:
        said.append(tr("sheet.core_not_now"))
    st.markdown(" ".join(said))
    _show(view, sheet, stands.display_name)
    for page in ("displacement", "measures"):
        panels.link(page)


def _show(view: AreaView, sheet: Sheet, called: str) -> None:
    """Show a sheet's numbers, its course by month and time, and what is there."""
    session, choices = view.session, view.choices
    has_homicides = "homicide" in choices.kinds
    panels.numbers(_numbers(session, sheet.area, has_homicides=has_homicides))
    tabs = st.tabs([tr("sheet.tab_months"), tr("sheet.tab_times"), tr("sheet.tab_places")])
    with tabs[0]:
        alt = tr("sheet.months_alt", area=called)
        charts.show(session, charts.by_month, [sheet.by_month], "by month", alt)
    with tabs[1]:
        _times(session, sheet, called)
    with tabs[2]:
        _places(session, choices, sheet.area, called)


def _head(stands: AreaStatus, on_close: Callable[[], None]) -> None:
    name = stands.display_name
    with st.container(horizontal=True, vertical_alignment="center", key="sheet_head"):
        st.header(panels.plain(name), anchor=False)
        st.button(tr("label.close"), type="tertiary", icon=":material/close:", on_click=on_close)
    st.caption(state_words(stands))
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
    next12, years = (
        tr("sheet.next12", expected=expected, low=low, high=high),
        years_to_show(expected),
    )
    return f"{next12} {tr('sheet.years', n=years)}" if years > 1 else next12


def _numbers(session: CitySession, area: Any, *, has_homicides: bool) -> list[tuple[str, str]]:
    units = session.config.city.units
    size = land(area["area_km2"], units)
    homicides = (f"{area['homicides']:,}", tr("sheet.homicides", n=area["homicides"]))
    shown = [
        *[homicides] * has_homicides,
        (_known(area["victims"]), victims_words(session)),
        (size.split(" ")[0], tr("sheet.land_us" if units == "us" else "sheet.land_metric")),
    ]
    year = area["population_year"]
    if not pd.isna(area["population"]):
        n = round(area["population"], -2)
        people = tr("sheet.about", n=n) if n >= FEW_PEOPLE else tr("sheet.few_people")
        shown.append((people, tr("sheet.people", year=int(year))))
    else:
        shown.append((tr("label.unknown"), tr("sheet.people_unknown")))
    return shown


def _known(value: Any) -> str:
    return tr("label.unknown") if pd.isna(value) else f"{int(value):,}"


def _times(session: CitySession, sheet: Sheet, area: str) -> None:
    if sheet.by_part is None:
        panels.empty(tr("sheet.too_few_times"))
        return
    alt = tr("sheet.times_alt", area=area)
    charts.show(session, charts.by_part, [sheet.by_part], "by part", alt)
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
        st.markdown(tr(ALSO[area["also_on_homicides"]]))
    if not pd.isna(area["domestic"]):
        n = int(area["domestic"])
        key = "sheet.few_domestic" if n < FEW_DOMESTIC else "sheet.domestic"
        st.markdown(tr(key, n=max(n, FEW_DOMESTIC)))
    if area["suspect"]:
        st.warning(tr("sheet.suspect", n=int(area["suspect"]), incidents=area["incidents"]))
    cells = area["cells"]  # a core service area's are a set
    own = cells if isinstance(cells, frozenset) else frozenset(from_text(cells).tolist())
    nearby.show_around(session, own, called)
