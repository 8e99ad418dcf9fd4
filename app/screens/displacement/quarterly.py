"""The parts of Displacement below the map: quarters, area histories, the newest month."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app.screens.displacement import charts_became, charts_change
from app.shared import cache, cache_change, charts, panels
from app.shared.cache_once import once
from app.shared.city_session import Opened
from app.shared.following import Following
from app.shared.standing import standing_of
from csa.areas.choices import Choices
from csa.base.errors import CsaError
from csa.base.params import Month
from csa.base.text import month, name_list, render, speak
from csa.dataset.history import Edition, explain_left_out, list_revisions
from csa.displacement.lineage_windows import WINDOWS
from csa.displacement.outcomes import say_outcome
from csa.displacement.season import as_message, compare_month
from csa.displacement.sentences import name_verdict

MAX_PANELS = 12
PANEL_PX = 300
LEAST_TOP = 4
"""Smallest axis: on a finer scale, one shooting would look like a change."""

MAX_REVISED = 3
MAX_ROWS = 24
"""Most areas in one chart: more would make it taller than a screen."""

ALL_AREAS = "all areas that ever were"


@st.fragment
def quarters(opened: Opened, following: Following) -> None:
    """Show each area's quarters on its own scale; name those with too few incidents to tell."""
    st.header(speak("change_page.quarters_title"), anchor=False)
    last = len(following.months) - 1
    too_few = following.too_few(last)
    told = [area_id for area_id in following.by_letter if area_id not in too_few]
    with st.container(horizontal=True, vertical_alignment="center"):
        zone = st.segmented_control(
            speak("change_page.quarters_of"),
            ("core", "ring"),
            key="quarters zone",
            default="core",
            required=True,
            label_visibility="collapsed",
            format_func=lambda name: speak(
                {"core": "change_page.inside", "ring": "change_page.outside"}[name]
            ),
        )
        is_all = len(told) > MAX_PANELS and st.toggle(
            speak("change_page.show_all", n=len(told)), key="all quarters"
        )
    st.caption(speak("change_page.quarters_note", since=month(str(following.displaced.since_all))))
    shown = told if is_all else told[:MAX_PANELS]
    table = following.quarters[following.quarters["zone"] == zone]
    by_area = {str(name): rows for name, rows in table.groupby("area_id")}
    shown = [area_id for area_id in shown if area_id in by_area]
    if shown:
        with st.container(horizontal=True, key="quarters"):
            for area_id in shown:
                _panel(opened, following, by_area[area_id], area_id)
    if too_few:
        names = name_list(following.place_name(area_id) for area_id in too_few)
        st.caption(panels.plain(speak("change_page.too_few", n=len(too_few), areas=names)))


def _panel(opened: Opened, following: Following, rows: pd.DataFrame, area_id: str) -> None:
    name = following.place_name(area_id)
    top = float(max(LEAST_TOP, rows[["incidents", "high"]].to_numpy().max()))
    with st.container(width=PANEL_PX, gap=None):
        st.markdown(f"**{panels.plain(name)}**")
        st.plotly_chart(
            charts_change.by_quarter(rows, top, is_synthetic=opened.config.city.is_synthetic),
            config=charts.CONFIG,
            key=f"quarters {area_id}",
            alt=speak("change_page.quarter_alt", area=name),
        )


def others(opened: Opened, choices: Choices, following: Following) -> None:
    """Show what other signals did in the same areas, in a panel of their own."""
    if not opened.config.outcomes:
        return
    found = cache_change.outcomes(opened, choices, following.displaced)
    st.header(speak("change_page.others_title"), anchor=False)
    st.caption(speak("change_page.others_note"))
    for one in found:
        said = " ".join(render(told) for told in say_outcome(one))
        st.markdown(panels.plain(said))
        if one.displaced is None or len(following.area_ids) < 2:
            continue
        judged = dict(zip(one.displaced.chosen.area_ids, one.displaced.single, strict=True))
        panels.table(
            pd.DataFrame(
                {
                    speak("change_page.col_area"): [
                        following.place_name(area_id) for area_id in following.by_letter
                    ],
                    speak("change_page.col_verdict"): [
                        name_verdict(judged[area_id].verdicts[-1])
                        for area_id in following.by_letter
                    ],
                    speak("change_page.col_here"): [
                        int(judged[area_id].core.counted[-1]) for area_id in following.by_letter
                    ],
                    speak("change_page.col_expected"): [
                        round(float(judged[area_id].core.expectation.mean[-1]))
                        for area_id in following.by_letter
                    ],
                }
            ),
            speak("change_page.others_alt", name=one.outcome.name),
        )


def newest(opened: Opened, choices: Choices, following: Following) -> None:
    """Show how the newest whole month compares, and what late reports changed."""
    try:
        editions = cache_change.history(opened)
    except CsaError as error:
        st.caption(panels.plain(render(error.message)))
        return
    counts = month_counts(editions[-1], choices)
    if not counts:
        return
    last = max(counts)
    st.header(speak("change_page.newest_title", month=month(last)), anchor=False)
    kind = choices.kinds[0] if len(choices.kinds) == 1 else "both"
    what = _what(kind, is_proxy=opened.config.city.nonfatal_is_proxy)
    dispersion = following.displaced.dispersion.value
    compared = compare_month(counts, Month.parse(last), dispersion=dispersion)
    st.markdown(
        panels.plain(speak("change_page.newest_city", said=render(as_message(compared, what))))
    )
    panels.table(newest_table(following), speak("change_page.newest_alt"))
    said = [speak("change_page.provisional", month=month(last))]
    said += revised_months(editions)
    said += [render(message) for message in explain_left_out(editions)]
    st.caption(panels.plain(" ".join(said)))


@once
def newest_table(following: Following) -> pd.DataFrame:
    """Tabulate the newest month here and around, beside the month before and earlier years."""
    counted = following.newest.set_index(["month", "area_id", "zone"])["incidents"].to_dict()
    months = list(dict.fromkeys(following.newest["month"]))
    order = ["", *following.by_letter] if len(following.area_ids) > 1 else following.by_letter
    rows = [(area_id, zone) for area_id in order for zone in ("core", "ring")]
    words = {"core": speak("change_page.inside"), "ring": speak("change_page.outside")}
    named = {
        speak("change_page.col_area"): [following.place_name(area_id) for area_id, _ in rows],
        speak("change_page.col_part"): [words[zone] for _, zone in rows],
    }
    counts = {
        month(one, is_short=True): [counted[one, area_id, zone] for area_id, zone in rows]
        for one in months
    }
    return pd.DataFrame(named | counts)


def month_counts(edition: Edition, choices: Choices) -> dict[str, int]:
    """Count the city's whole months, of the kinds on screen."""
    counts = {}
    for one in edition.whole_months():
        found = edition.count(one)
        by_kind = {
            "homicide": found.homicides,
            "nonfatal": found.incidents - found.homicides,
        }
        counts[str(one)] = sum(by_kind[kind] for kind in choices.kinds)
    return counts


def _what(kind: str, *, is_proxy: bool) -> tuple[str, str]:
    """Name what is counted, in the singular and plural."""
    if kind == "homicide":
        return speak("change_page.one_homicide"), speak("find.homicides")
    if kind == "nonfatal":
        return speak("change_page.one_nonfatal"), speak("find.nonfatal")
    if is_proxy:
        return speak("change_page.one_report"), speak("find.reports")
    return speak("change_page.one_shooting"), speak("find.shootings")


def revised_months(editions: tuple[Edition, ...]) -> list[str]:
    """List the months that late reports changed since the last edition, newest first."""
    table = list_revisions(editions)
    changed = table[table["was"] != table["now"]]
    if changed.empty:
        return []
    newest_first = changed.iloc[::-1]
    listed = ", ".join(
        speak(
            "change_page.was_now",
            month=month(str(row["month"])),
            was=int(row["was"]),
            now=int(row["now"]),
        )
        for row in newest_first.head(MAX_REVISED).to_dict("records")
    )
    return [speak("change_page.revised", n=len(changed), months=listed)]


def became(opened: Opened, choices: Choices, following: Following) -> None:
    """Show each area's history, window by window."""
    st.header(speak("change_page.became_title"), anchor=False)
    since = following.displaced.since
    note = speak("change_page.became_note", months=choices.months)
    others = speak("change_page.became_others", since=month(str(since)))
    st.caption(f"{note} {others}")
    choice, spot = st.empty(), st.container(key="lineage").empty()
    try:
        traced = _traced(opened, choices, following)
    except CsaError as error:
        spot.info(panels.plain(render(error.message)), icon=":material/info:")
        return
    if traced.empty:
        spot.info(speak("change_page.became_none"), icon=":material/info:")
        return
    traced = _named_as_elsewhere(traced, opened, choices)
    is_all = st.session_state.get(ALL_AREAS, False)
    n_areas = int(traced["area_id"].nunique())
    if n_areas > MAX_ROWS:
        choice.toggle(speak("change_page.show_gone", n=n_areas), key=ALL_AREAS)
    if n_areas > MAX_ROWS and not is_all:
        traced = areas_of_interest(traced, following)
    spot.plotly_chart(
        charts_became.timeline(
            traced, since, following.area_ids, is_synthetic=opened.config.city.is_synthetic
        ),
        config=charts.CONFIG,
        key="lineage timeline",
        alt=speak("change_page.became_alt", n=int(traced["area_id"].nunique())),
    )
    _say_gone(traced, following)


def _named_as_elsewhere(traced: pd.DataFrame, opened: Opened, choices: Choices) -> pd.DataFrame:
    """Name a part of an area in service as every page does: not like that area itself."""
    standing = standing_of(opened, cache.proposal(opened, choices))
    parts = {area_id: one.called for area_id, one in standing.items() if one.part_of}
    pairs = zip(traced["area_id"], traced["place_name"], strict=True)
    return traced.assign(place_name=[parts.get(str(area_id), name) for area_id, name in pairs])


def _say_gone(traced: pd.DataFrame, following: Following) -> None:
    """Name the page's areas that have no line, because their start is before all months."""
    there = set(traced["area_id"])
    gone = [area_id for area_id in following.by_letter if area_id not in there]
    if gone:
        names = name_list(following.place_name(area_id) for area_id in gone)
        st.caption(panels.plain(speak("change_page.became_before", areas=names)))


def areas_of_interest(traced: pd.DataFrame, following: Following) -> pd.DataFrame:
    """Keep the page's areas and current candidates, since many others came and went."""
    is_now = (traced["month"] == traced["month"].max()) & (traced["n_cells"] > 0)
    kept = {*following.area_ids, *traced.loc[is_now, "area_id"]}
    return traced[traced["area_id"].isin(kept)]


def _traced(opened: Opened, choices: Choices, following: Following) -> pd.DataFrame:
    """Follow areas, with a progress bar if it takes long."""
    chosen = following.displaced.chosen
    return panels.waited(
        st.container(key="judging").empty(),
        lambda tell: cache_change.lineage(opened, choices, chosen, tell),
        lambda steps: (min(len(steps) / WINDOWS, 1.0), speak("change_page.tracing")),
    )
