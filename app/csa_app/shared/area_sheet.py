"""One area's sheet: its count and range, by month, by day and time, and what is around it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import streamlit as st

from csa.areas.choices import AreaSettings
from csa.areas.priority.forecast import COLUMNS
from csa.areas.proposal import Proposal
from csa.areas.sheets import Sheet, sheet_on
from csa.areas.sufficiency import years_to_show
from csa.base.params import Period
from csa.base.schema import KINDS
from csa.base.text import day, land, month, percent, tr
from csa.change.sentences import state_change
from csa.geo.cells import as_text
from csa.program.registry import AreaStatus, CoreArea
from csa_app.shared import cache, cache_change, charts, panels
from csa_app.shared.area_status import AreaView, areas_designated, in_service, state_words
from csa_app.shared.city_session import CitySession
from csa_app.shared.key_figure import figure, text
from csa_app.shared.phrases import months_covered, through_words, victims_words, what_is_counted

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
    _answer(view.proposal, sheet)
    outline = tr("sheet.which_outline")
    _which([_counted(view, sheet.area["incidents"], outline), *_ahead(next12, outline)])
    _show(view, sheet, stands.display_name)


def show_core(view: AreaView, area: CoreArea, on_close: Callable[[], None]) -> None:
    """Show the sheet of a core service area: of its own ground, whatever is found there now."""
    own, stands = view.counts[area.key], in_service(area)
    sheet = sheet_on(view.session.dataset, view.proposal, vars(own), own.rows)
    _head(stands, on_close)
    _answer(view.proposal, sheet)
    boundary = tr("sheet.which_boundary", day=day(area.redrawn_on or area.since))
    rows = [_counted(view, own.incidents, boundary)]
    if area.key in view.outlines:
        outline = tr("sheet.which_outline")
        rows.append(_counted(view, view.outlines[area.key], outline, tr("label.tier")))
    recent = cache_change.recent(view.session, view.choices)
    years = [(own.year, own.recent_12, tr("compare.short"))]
    if recent is not None:  # the last complete months, which need not be those on screen
        n = recent.of_cells(as_text(sorted(area.cells)))
        years.append((recent.period, n, tr("here.short")))
    rows += [
        (f"{n:,}", f"{_span(period)}, {boundary}", used)
        for period, n, used in years
        if n is not None
    ]
    rows += _ahead(own.next12, boundary)
    spot = st.empty()
    with spot.container():
        _which([*rows, ("…", tr("screen.judging"), tr("change_page.short"))])
    with spot.container():
        _which([*rows, *_since_start(view, area)])
    if area in view.others:
        st.markdown(tr("sheet.core_not_now"))
    _show(view, sheet, stands.display_name)
    for page in ("displacement", "measures"):
        panels.link(page)


# ---- Which number is this? Each count of an area with its months, its ground and who uses it.


Row: TypeAlias = tuple[str, str, str]
"""A count, the months and the ground that it counts, and where it is used."""


def _span(period: Period) -> str:
    first, last = (month(str(at), is_short=True) for at in (period.start, period.until.plus(-1)))
    return tr("term.span", first=first, last=last)


def _counted(view: AreaView, n: int, ground: str, used: str = "") -> Row:
    proposal = view.proposal
    months, through = months_covered(proposal), through_words(proposal)
    words = tr("sheet.which_months", months=months, through=through)
    pages = used or f"{tr('find.short')}, {tr('compare.short')}"
    return f"{n:,}", f"{words}, {ground}", pages


def _ahead(found: Sequence[float] | None, ground: str) -> list[Row]:
    """Return what to expect in the next 12 months; nothing where that is not known."""
    if found is None:
        return []
    n, low, high = found
    words = tr("sheet.which_next12", low=low, high=high)
    years = years_to_show(n)
    note = f" {tr('sheet.years', n=years)}" if years > 1 else ""
    return [(tr("sheet.about", n=n), f"{words}, {ground}.{note}", tr("compare.short"))]


def _since_start(view: AreaView, area: CoreArea) -> list[Row]:
    """Return what was counted since an area began, each month on the ground it then had."""
    areas = areas_designated(view.session)
    if areas is None:
        return []
    found = cache_change.core(view.session, replace(view.choices, until=None), areas)
    if found is None or area.key not in found.chosen.area_ids:
        return []
    statement = state_change(found, area.key)
    words = tr("sheet.which_since", span=_span(statement.period))
    pages = tr("briefing.short"), tr("change_page.short"), tr("reports_page.short")
    return [(f"{statement.value:,.0f}", words, ", ".join(pages))]


def _which(rows: Sequence[Row]) -> None:
    heads = tr("label.counted"), tr("sheet.which_what"), tr("sheet.which_used")
    st.markdown(f"**{tr('sheet.which')}**")
    panels.table(pd.DataFrame(rows, columns=heads, dtype=object), tr("sheet.which"))


def _show(view: AreaView, sheet: Sheet, called: str) -> None:
    """Show a sheet's numbers, its course by month and time, and what is there."""
    session, choices = view.session, view.choices
    has_homicides = "homicide" in choices.kinds
    panels.numbers(_numbers(session, sheet.area, has_homicides=has_homicides))
    tabs = st.tabs([tr("sheet.tab_months"), tr("sheet.tab_times"), tr("report.walk_place")])
    with tabs[0]:
        alt = tr("sheet.months_alt", area=called)
        charts.by_month(session, sheet.by_month, alt)
    with tabs[1]:
        _times(session, sheet, called)
    with tabs[2]:
        _places(choices, sheet.area)


def _head(stands: AreaStatus, on_close: Callable[[], None]) -> None:
    name = stands.display_name
    with st.container(horizontal=True, vertical_alignment="center", key="sheet_head"):
        st.header(panels.plain(name), anchor=False)
        st.button(tr("label.close"), type="tertiary", icon=":material/close:", on_click=on_close)
    st.caption(state_words(stands))
    # A list that was scrolled down leaves its place to the sheet: its head comes into view.
    once = hashlib.sha256(name.encode()).hexdigest()  # another area comes into view again
    st.html(f'<span class="csa-into-view" data-once="{once}"></span>')


def _answer(proposal: Proposal, sheet: Sheet) -> None:
    """Show the count, and the likely true level beside it."""
    n, what = sheet.area["incidents"], what_is_counted(proposal)
    unit = tr("sheet.card_count", what=what, months=months_covered(proposal))
    said = text(small=tr("sheet.count_flat"))
    if sheet.usual is not None:
        low, high = sheet.usual
        drawn = panels.range_bar(low, high, sheet.area["expected"], 1.1 * max(n, high), n)
        likely = tr("label.likely", low=low, high=high)
        said = drawn + text(small=f"{likely} {tr('sheet.partly_chance')}")
    st.html(f'<div class="csa-key">{figure(f"{n:,}", unit)}{said}</div>')


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
        shown.append((tr("term.unknown"), tr("sheet.people_unknown")))
    return shown


def _known(value: Any) -> str:
    return tr("term.unknown") if pd.isna(value) else f"{int(value):,}"


def _times(session: CitySession, sheet: Sheet, area: str) -> None:
    if sheet.by_part is None:
        panels.empty(tr("sheet.too_few_times"))
        return
    alt = tr("sheet.times_alt", area=area)
    charts.by_part(session, sheet.by_part, alt)
    notes = [tr("report.leader_night")]
    if sheet.without_time:
        notes.append(tr("sheet.without_time", n=sheet.without_time))
    if sheet.reported_time:
        notes.append(tr("sheet.reported_time", n=sheet.reported_time))
    st.caption(" ".join(notes))


def _places(choices: AreaSettings, area: Any) -> None:
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
    panels.link("why_here")
