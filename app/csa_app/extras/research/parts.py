"""On Displacement, "How do we know?": the classic numbers, and second opinions."""

from __future__ import annotations

import math

import streamlit as st

from csa.areas.choices import AreaSettings
from csa.areas.places import list_cells
from csa.base.params import Month
from csa.base.text import month, render, times, tr
from csa.change.analyze import Displacement
from csa.change.controls import Controls
from csa.city.selection import AreaSelection
from csa.extras.research.classic_measures import Evidence, measure_evidence
from csa.extras.research.results import describe_wdd
from csa.extras.research.robustness import PlaceboInSpace, rank_among_unserved, ratios_before
from csa_app.shared import panels
from csa_app.shared.cache import SETTINGS, analysis, located, of_city, once
from csa_app.shared.city_session import CitySession
from csa_app.shared.following import Following


def show(session: CitySession, choices: AreaSettings, following: Following) -> None:
    """Show the classic numbers, quarters before the start, and the rank among unserved areas."""
    displaced = following.displaced
    same = choices.as_fine_as(displaced.chosen.resolution)
    key = displaced.chosen, displaced.since_all, displaced
    _alike(following)
    _classic(classic_numbers(session, same, *key, following.controls))
    _before(following)
    _unserved(following, unserved(session, same, *key))


@of_city(max_entries=SETTINGS)
def classic_numbers(
    session: CitySession,
    choices: AreaSettings,
    chosen: AreaSelection,
    since: Month,  # noqa: ARG001 - what was measured is known by it
    _displaced: Displacement,
    _controls: Controls,
) -> Evidence:
    """Measure all areas together the classic way."""
    on_cells = located(session, choices).on_ground_of(chosen.all_cells)
    return measure_evidence(on_cells, _displaced, _controls)[0]


@of_city(max_entries=SETTINGS)
def unserved(
    session: CitySession,
    choices: AreaSettings,
    chosen: AreaSelection,
    since: Month,
    _displaced: Displacement,
) -> PlaceboInSpace | None:
    """Rank the areas' net change among candidates of their start that nobody served."""
    then = analysis(session, choices).proposed(since)
    on_cells = located(session, choices).on_ground_of(chosen.all_cells)
    return rank_among_unserved(on_cells, _displaced, list(list_cells(then.areas)))


def _alike(following: Following) -> None:
    """Show how closely the comparison places of the classic methods match the areas."""
    controls = following.controls
    if not controls.is_known:
        st.markdown(panels.plain(tr("research.how_no_earlier")))
        return
    st.markdown(panels.plain(tr("research.how_alike")))
    listed = [("", controls.pooled)]
    listed += [(area_id, following.control(area_id)) for area_id in following.by_letter]
    close, rest = tr("label.yes"), tr("research.is_rest")
    columns = {
        tr("term.area"): [following.place_name(area_id) for area_id, _ in listed],
        tr("change_page.col_cells"): [len(control.cells) for _, control in listed],
        tr("research.col_alike"): [times(control.rate_ratio) for _, control in listed],
        tr("label.used"): [close if control.is_close else rest for _, control in listed],
    }
    panels.table(columns, tr("change_page.alike"))


def _classic(evidence: Evidence) -> None:
    """Show the weighted displacement difference in parts."""
    if evidence.wdd is None:
        return
    summary = describe_wdd(evidence)
    if summary is not None:
        st.markdown(panels.plain(render(summary)))
    method = tr("research.how_wdd", before=evidence.before.months, after=evidence.after.months)
    st.markdown(panels.plain(method))
    parts = [
        (tr("term.in_areas"), evidence.wdd.local),
        (tr("label.around_them"), evidence.wdd.displacement),
        (tr("research.wdd_total"), evidence.wdd.total),
    ]
    rows = [(name, part) for name, part in parts if part is not None]
    ranges = [tr("research.interval", low=part.low, high=part.high) for _, part in rows]
    columns = {
        tr("term.where"): [name for name, _ in rows],
        tr("research.col_estimate"): [f"{part.estimate:+.1f}" for _, part in rows],
        tr("research.col_se"): [f"{part.se:.1f}" for _, part in rows],
        tr("research.col_interval"): ranges,
    }
    panels.table(columns, tr("research.wdd_alt"))


def _before(following: Following) -> None:
    """Show each quarter before the start as a multiple of what was expected."""
    table = once(ratios_before)(following.quarters)
    if table.empty:
        return
    st.markdown(panels.plain(tr("research.how_before")))
    columns = {
        tr("research.col_quarter"): [month(name) for name in table["quarter"]],
        tr("change_page.col_here"): table["core_ratio"].map(_ratio).tolist(),
        tr("label.nearby"): table["ring_ratio"].map(_ratio).tolist(),
    }
    panels.table(columns, tr("research.before_alt"))


def _ratio(value: float) -> str:
    return tr("term.unknown") if math.isnan(value) else f"{value:.2f}"


def _unserved(following: Following, placebo: PlaceboInSpace | None) -> None:
    """Show where the areas' net change ranks among candidates that nobody served."""
    if placebo is None:
        st.markdown(panels.plain(tr("research.unserved_none")))
        return
    rank = tr(
        "research.unserved",
        n=placebo.n_sets,
        lower=placebo.n_lower,
        areas=len(following.area_ids),
        candidates=placebo.n_candidates,
        ratio=placebo.ratio,
    )
    st.markdown(panels.plain(rank))
