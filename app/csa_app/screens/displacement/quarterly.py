"""The parts of Displacement below the map: quarters, area histories, the newest month."""

from __future__ import annotations

import html
import textwrap
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from csa.areas.choices import AreaSettings
from csa.areas.places import called, in_order
from csa.areas.sheets import silent_months
from csa.base.errors import CsaError
from csa.base.params import Month
from csa.base.text import month, name_list, render, tr
from csa.change.lineage_windows import WINDOWS
from csa.change.outcomes import describe_outcome
from csa.change.season import as_message, compare_month
from csa.change.sentences import name_verdict
from csa.city.history import DatasetVersion, describe_revisions, explain_left_out, list_revisions
from csa_app.screens.displacement import charts_change
from csa_app.screens.displacement.charts_change import faded
from csa_app.shared import cache, cache_change, charts, panels, theme
from csa_app.shared.area_status import area_statuses
from csa_app.shared.cache import once
from csa_app.shared.charts import layout
from csa_app.shared.city_session import CitySession
from csa_app.shared.following import Following

# ---- The chart of areas month by month: when each was proposed, and how it changed.


ROW_PX, LINE_PX = 24, 17
MARK_PX = 9
SIDE_PX = 12
"""Room for half a mark beside the last month."""

MAX_NAME = 24
"""Letters per line: at 390 px, longer lines would leave no room for the bars."""

EVENTS = ("appeared", "gone", "split", "merged", "redrawn")
SYMBOLS = ("triangle-up", "x", "diamond-wide", "diamond-tall", "circle-open")


@once
def timeline(
    traced: pd.DataFrame,
    since: Month | None = None,
    followed: Collection[str] = (),
    *,
    is_synthetic: bool = False,
) -> go.Figure:
    """Draw each area's history: a bar for its months as a candidate, marks for events."""
    colors = theme.current()
    last = traced.groupby("area_id")["place_name"].last()
    names = _told_apart({str(name): str(place) for name, place in last.items()}, followed)
    letters = sorted(names, key=lambda name: in_order(name, names[name]))
    rows = {name: _in_lines(called(names[name], name)) for name in letters}
    n_lines = 1 + max((row.count("<br>") for row in rows.values()), default=0)
    row_px = max(ROW_PX, LINE_PX * n_lines)
    months = sorted(set(traced["month"]))
    # A window is named by its last month, not by the first month after it.
    shown = [str(Month.parse(name).plus(-1)) for name in months]
    place_of = {name: place for place, name in enumerate(months)}
    figure = go.Figure()
    present = traced[traced["n_cells"] > 0]
    for letter, seen in present.groupby("area_id"):
        for start, length in _runs(sorted(place_of[name] for name in seen["month"])):
            figure.add_bar(
                y=[rows[str(letter)]],
                x=[length],
                base=[start - 0.5],
                orientation="h",
                width=0.5,
                marker={"color": faded(colors.accent), "line": {"width": 0}},
                hoverinfo="skip",
                showlegend=False,
            )
    _events(figure, traced, rows, place_of)
    if since is not None and str(since) in place_of:
        # A window ends where the next begins, so the start follows the months that chose the areas.
        line = {"color": colors.faint, "width": 1, "dash": "dot"}
        figure.add_vline(x=place_of[str(since)] + 0.5, line=line)
    made = layout(90 + row_px * len(letters), is_synthetic=is_synthetic)
    made["margin"] = {**made["margin"], "r": SIDE_PX}
    figure.update_layout(barmode="overlay", **made)
    order = [rows[name] for name in reversed(letters)]
    figure.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=order,
        range=[-0.7, len(order) - 0.3],
        automargin=True,
        showgrid=False,
    )
    ticks = list(range(0, len(months), max(1, -(-len(months) // 5))))
    figure.update_xaxes(
        range=[-0.6, len(months) - 0.4],
        tickvals=ticks,
        ticktext=[month(shown[n], is_short=True).replace(" ", "<br>") for n in ticks],
        tickangle=0,
        gridcolor=colors.hairline,
    )
    return figure


def _events(
    figure: go.Figure, traced: pd.DataFrame, rows: dict[str, str], place_of: dict[str, int]
) -> None:
    colors = theme.current()
    for event, symbol in zip(EVENTS, SYMBOLS, strict=True):
        events = traced[traced["event"] == event]
        if events.empty:
            continue
        word = event_word(event)
        figure.add_scatter(
            x=[place_of[name] for name in events["month"]],
            y=[rows[name] for name in events["area_id"]],
            mode="markers",
            name=word,
            marker={
                "symbol": symbol,
                "size": MARK_PX,
                "color": colors.ink,
                "line": {"width": 1.5},
            },
            cliponaxis=False,
            text=[
                f"{rows[area].replace('<br>', ' ')}: {word}, "
                f"{month(str(Month.parse(name).plus(-1)))}"
                for area, name in zip(events["area_id"], events["month"], strict=True)
            ],
            hovertemplate="%{text}<extra></extra>",
        )


def event_word(event: str) -> str:
    """Return an event of an area's history in words."""
    return tr(
        {
            "appeared": "change_page.appeared",
            "gone": "change_page.gone",
            "split": "change_page.split",
            "merged": "change_page.merged",
            "redrawn": "change_page.redrawn",
        }[event]
    )


def _runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """Join consecutive months: the first, and how many follow."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((place, 1))
    return runs


def _told_apart(names: Mapping[str, str], followed: Collection[str]) -> dict[str, str]:
    """Add a number to repeated names; areas known at the start keep theirs."""
    seen: Counter[str] = Counter()
    labels = {}
    for letter in sorted(names, key=lambda name: (name not in followed, len(name), name)):
        name = names[letter]
        seen[name] += 1
        labels[letter] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return labels


def _in_lines(name: str) -> str:
    """Break a long name into lines without cutting any of it."""
    return "<br>".join(html.escape(line) for line in textwrap.wrap(name, MAX_NAME)) or name


MAX_PANELS = 12
PANEL_PX = 300
LEAST_TOP = 4
"""Smallest axis: on a finer scale, one shooting would look like a change."""

MAX_ROWS = 24
"""Most areas in one chart: more would make it taller than a screen."""

ALL_AREAS = "all areas that ever were"


@st.fragment
def quarters(session: CitySession, following: Following) -> None:
    """Show each area's quarters on its own scale; name those with too few incidents to tell."""
    st.header(tr("change_page.quarters_title"), anchor=False)
    last = len(following.months) - 1
    too_few = following.too_few(last)
    area_ids = [area_id for area_id in following.by_letter if area_id not in too_few]
    with st.container(horizontal=True, vertical_alignment="center"):
        zone = st.segmented_control(
            tr("change_page.quarters_of"),
            ("core", "ring"),
            key="quarters zone",
            default="core",
            required=True,
            label_visibility="collapsed",
            format_func=lambda name: tr(
                {"core": "term.in_areas", "ring": "label.around_them"}[name]
            ),
        )
        is_all = len(area_ids) > MAX_PANELS and st.toggle(
            tr("change_page.show_all", n=len(area_ids)), key="all quarters"
        )
    st.caption(tr("change_page.quarters_note", since=month(str(following.displaced.since_all))))
    shown = area_ids if is_all else area_ids[:MAX_PANELS]
    table = following.quarters[following.quarters["zone"] == zone]
    by_area = {str(name): rows for name, rows in table.groupby("area_id")}
    shown = [area_id for area_id in shown if area_id in by_area]
    if shown:
        with st.container(horizontal=True, key="quarters"):
            for area_id in shown:
                _panel(session, following, by_area[area_id], area_id)
    if too_few:
        names = name_list(following.place_name(area_id) for area_id in too_few)
        st.caption(panels.plain(tr("follow.too_few", n=len(too_few), areas=names)))


def _panel(session: CitySession, following: Following, rows: pd.DataFrame, area_id: str) -> None:
    name = following.place_name(area_id)
    top = float(max(LEAST_TOP, rows[["incidents", "high"]].to_numpy().max()))
    with st.container(width=PANEL_PX, gap=None):
        st.markdown(f"**{panels.plain(name)}**")
        alt = tr("change_page.quarter_alt", area=name)
        charts.show(session, charts_change.by_quarter, [rows, top], f"quarters {area_id}", alt)


def others(session: CitySession, choices: AreaSettings, following: Following) -> None:
    """Show what other signals did in the same areas, in a panel of their own."""
    if not session.config.outcomes:
        return
    found = cache_change.outcomes(session, choices, following.displaced)
    st.header(tr("change_page.others_title"), anchor=False)
    st.caption(tr("change_page.others_note"))
    for one in found:
        said = " ".join(render(told) for told in describe_outcome(one))
        st.markdown(panels.plain(said))
        if one.displaced is None or len(following.area_ids) < 2:
            continue
        by_area = dict(zip(one.displaced.chosen.area_ids, one.displaced.by_area, strict=True))
        results = [by_area[area_id] for area_id in following.by_letter]
        expected = [round(float(area.core.expectation.mean[-1])) for area in results]
        columns = {
            tr("term.area"): list(map(following.place_name, following.by_letter)),
            tr("change_page.col_verdict"): [name_verdict(area.verdicts[-1]) for area in results],
            tr("change_page.col_here"): [int(area.core.counted[-1]) for area in results],
            tr("change_page.col_expected"): expected,
        }
        panels.table(columns, tr("change_page.others_alt", name=one.outcome.name))


def newest(session: CitySession, choices: AreaSettings, following: Following) -> None:
    """Show how the newest whole month compares, and what late reports changed."""
    try:
        editions = cache_change.history(session)
    except CsaError as error:
        st.caption(panels.plain(render(error.message)))
        return
    counts = month_counts(editions[-1], choices)
    if not counts:
        return
    last = max(counts)
    for silent in {*map(str, once(silent_months)(session.dataset))} - {last}:
        counts.pop(silent, None)
    st.header(tr("change_page.newest_title", month=month(last)), anchor=False)
    kind = choices.kinds[0] if len(choices.kinds) == 1 else "both"
    what = _what(kind, is_proxy=session.config.city.nonfatal_is_proxy)
    dispersion = following.displaced.dispersion.value
    compared = compare_month(counts, Month.parse(last), dispersion=dispersion)
    st.markdown(
        panels.plain(tr("change_page.newest_city", said=render(as_message(compared, what))))
    )
    panels.table(newest_table(following), tr("change_page.newest_alt"))
    said = [tr("change_page.provisional", month=month(last))]
    late = *describe_revisions(list_revisions(editions)), *explain_left_out(editions)
    said += map(render, late)
    st.caption(panels.plain(" ".join(said)))


@once
def newest_table(following: Following) -> pd.DataFrame:
    """Tabulate the newest month here and around, beside the month before and earlier years."""
    counted = following.newest.set_index(["month", "area_id", "zone"])["incidents"].to_dict()
    months = list(dict.fromkeys(following.newest["month"]))
    order = ["", *following.by_letter] if len(following.area_ids) > 1 else following.by_letter
    rows = [(area_id, zone) for area_id in order for zone in ("core", "ring")]
    words = {"core": tr("term.in_areas"), "ring": tr("label.around_them")}
    named = {
        tr("term.area"): [following.place_name(area_id) for area_id, _ in rows],
        tr("term.where"): [words[zone] for _, zone in rows],
    }
    counts = {
        month(one, is_short=True): [counted[one, area_id, zone] for area_id, zone in rows]
        for one in months
    }
    return pd.DataFrame(named | counts)


def month_counts(edition: DatasetVersion, choices: AreaSettings) -> dict[str, int]:
    """Count the city's whole months, of the kinds on screen."""
    counts = {}
    for one in edition.complete_months():
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
        return tr("change_page.one_homicide"), tr("find.homicides")
    if kind == "nonfatal":
        return tr("change_page.one_nonfatal"), tr("find.nonfatal")
    if is_proxy:
        return tr("change_page.one_report"), tr("find.reports")
    return tr("change_page.one_shooting"), tr("public.shootings")


def became(session: CitySession, choices: AreaSettings, following: Following) -> None:
    """Show each area's history, window by window."""
    st.header(tr("change_page.became_title"), anchor=False)
    since = following.displaced.since
    note = tr("change_page.became_note", months=choices.months)
    others = tr("change_page.became_others", since=month(str(since)))
    st.caption(f"{note} {others}")
    choice, spot = st.empty(), st.container(key="lineage").empty()
    try:
        chosen = following.displaced.chosen
        traced = panels.waited(
            st.container(key="judging").empty(),
            lambda tell: cache_change.lineage(session, choices, chosen, tell),
            panels.share_of(WINDOWS, tr("change_page.tracing")),
        )
    except CsaError as error:
        spot.info(panels.plain(render(error.message)), icon=":material/info:")
        return
    if traced.empty:
        spot.info(tr("change_page.became_none"), icon=":material/info:")
        return
    traced = _named_as_elsewhere(traced, session, choices)
    is_all = st.session_state.get(ALL_AREAS, False)
    n_areas = int(traced["area_id"].nunique())
    if n_areas > MAX_ROWS:
        choice.toggle(tr("change_page.show_gone", n=n_areas), key=ALL_AREAS)
    if n_areas > MAX_ROWS and not is_all:
        traced = areas_of_interest(traced, following)
    with spot:
        alt = tr("change_page.became_alt", n=int(traced["area_id"].nunique()))
        inputs = traced, since, following.area_ids
        charts.show(session, timeline, inputs, "lineage timeline", alt)
    _say_gone(traced, following)


def _named_as_elsewhere(
    traced: pd.DataFrame, session: CitySession, choices: AreaSettings
) -> pd.DataFrame:
    """Name a part of an area in service as every page does: not like that area itself."""
    standing = area_statuses(session, cache.analysis(session, choices).proposal)
    parts = {area_id: one.display_name for area_id, one in standing.items() if one.part_of}
    pairs = zip(traced["area_id"], traced["place_name"], strict=True)
    return traced.assign(place_name=[parts.get(str(area_id), name) for area_id, name in pairs])


def _say_gone(traced: pd.DataFrame, following: Following) -> None:
    """Name the page's areas that have no line, because their start is before all months."""
    there = set(traced["area_id"])
    gone = [area_id for area_id in following.by_letter if area_id not in there]
    if gone:
        names = name_list(following.place_name(area_id) for area_id in gone)
        st.caption(panels.plain(tr("change_page.became_before", areas=names)))


def areas_of_interest(traced: pd.DataFrame, following: Following) -> pd.DataFrame:
    """Keep the page's areas and current candidates, since many others came and went."""
    is_now = (traced["month"] == traced["month"].max()) & (traced["n_cells"] > 0)
    kept = {*following.area_ids, *traced.loc[is_now, "area_id"]}
    return traced[traced["area_id"].isin(kept)]
