"""Widgets for the settings of Find areas; their link form is in `csa_app.shared.screen_state`."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from csa.areas.answer import describe_values
from csa.areas.choices import AreaSettings
from csa.areas.proposal import Proposal
from csa.areas.window import uses_suggested
from csa.base.params import MAX_EPS_M, DbscanParams, Month
from csa.base.schema import KINDS
from csa.base.text import KM2_PER_SQUARE_MILE, day, land, month, render, tr
from csa.city.config import CityConfig
from csa.city.dataset import City, Dataset
from csa_app.shared import panels
from csa_app.shared.link_state import MAX_MIN_SAMPLES
from csa_app.shared.screen_state import WIDGETS, month_options, resolutions

MONTHS = (6, 12, 24, 36, 48, 60)
LIMITS_KM2 = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 0.0)
EPS_STEP_M = 10.0


def choose(city: City, now: AreaSettings) -> AreaSettings:
    """Show the choices, and return what was chosen."""
    config, dataset = city.config, city.dataset
    months = month_options(dataset)
    _start_widgets(now, months[-1])
    through = st.selectbox(
        tr("controls.through"),
        months[::-1],
        **panels.remembered("through"),  # see csa_app.screens.compare.weighing
        format_func=lambda name: month_label(name, dataset),
    )
    n_months = st.selectbox(
        tr("controls.months"),
        sorted({*MONTHS, now.months}),
        **panels.remembered("months"),
        format_func=lambda n: tr("find.n_months", n=n),
        help=tr("controls.months_help", months=config.areas.months),
    )
    kinds = st.selectbox(
        tr("controls.kinds"),
        ("both", *KINDS),
        **panels.remembered("kinds"),
        format_func=lambda kind: kind_label(kind, config),
        help=tr("controls.kinds_help"),
    )
    with st.expander(tr("controls.more"), expanded=st.session_state["by_hand"]):
        resolution, limit_km2 = _choose_size(config, now)
        dbscan = _choose_dbscan()
    return AreaSettings(
        until=Month.parse(through).plus(1),
        months=n_months,
        eps_m=dbscan.eps_m if dbscan else None,
        min_samples=dbscan.min_samples if dbscan else None,
        max_area_km2=limit_km2,
        resolution=resolution,
        kinds=KINDS if kinds == "both" else (kinds,),
    )


def _start_widgets(now: AreaSettings, last: str) -> None:
    """Start the widgets from the screen's values; a widget already shown keeps its own."""
    state = st.session_state
    suggested = state.get("suggested") or DbscanParams(150, 10)
    values = {
        "through": str(now.until.plus(-1)) if now.until else last,
        "months": now.months,
        "kinds": now.kinds[0] if len(now.kinds) == 1 else "both",
        "resolution": now.resolution,
        "limit": now.max_area_km2,
        "by_hand": now.eps_m is not None or now.min_samples is not None,
        "eps_m": float(now.eps_m or suggested.eps_m),
        "min_samples": now.min_samples or suggested.min_samples,
    }
    for name in WIDGETS:
        if name not in state:
            state[name] = values[name]


def _choose_size(config: CityConfig, now: AreaSettings) -> tuple[int, float]:
    units = config.city.units
    resolution = st.selectbox(
        tr("controls.resolution"),
        resolutions(config),
        **panels.remembered("resolution"),
        format_func=lambda r: _cell_label(r, units),
        help=tr("controls.resolution_help", resolution=config.areas.resolution),
    )
    limits = _limits(resolution, now.max_area_km2)
    if st.session_state["limit"] not in limits:
        st.session_state["limit"] = limits[0]
    limit_km2 = st.selectbox(
        tr("label.largest_area"),
        limits,
        **panels.remembered("limit"),
        format_func=lambda km2: land(km2, units) if km2 else tr("controls.no_limit"),
        help=tr("controls.limit_help", size=land(config.areas.max_area_km2, units)),
    )
    return resolution, limit_km2


def _limits(resolution: int, now_km2: float) -> list[float]:
    """List the size limits with room for a cell, since a smaller one would be refused."""
    least = 2 * cell_km2(resolution)
    offered = {limit for limit in (*LIMITS_KM2, now_km2) if not limit or limit >= least}
    return sorted(offered, key=lambda limit: limit or float("inf"))


def _choose_dbscan() -> DbscanParams | None:
    """Return the radius and minimum set by hand; None leaves them to the suggestion."""
    by_hand = st.toggle(tr("controls.by_hand"), **panels.remembered("by_hand"))
    if not by_hand:
        for name in ("eps_m", "min_samples"):
            st.session_state.pop(name, None)
        return None
    eps_m = st.number_input(
        tr("label.eps_m"),
        min_value=1.0,
        max_value=MAX_EPS_M,
        step=EPS_STEP_M,
        **panels.remembered("eps_m"),
        format="%g",
        help=tr("controls.eps_m_help"),
    )
    min_samples = st.number_input(
        tr("label.min_samples"),
        min_value=2,
        max_value=MAX_MIN_SAMPLES,
        step=1,
        **panels.remembered("min_samples"),
        help=tr("controls.min_samples_help"),
    )
    return DbscanParams(float(eps_m), int(min_samples))


def show_suggestion(proposal: Proposal, cost: str) -> None:
    """Show the radius and minimum, where the suggested ones come from, and what others cost."""
    st.session_state["suggested"] = proposal.suggested
    values = render(describe_values(proposal))
    st.caption(values if uses_suggested(proposal.summary["params"]) else f"{values} {cost}")


def month_label(name: str, dataset: Dataset) -> str:
    """Name a month; the last one with the day its data ends."""
    through = date.fromisoformat(dataset.report["data_through"])
    is_last = name == dataset.report["data_through"][:7]
    is_whole = (through + timedelta(days=1)).month != through.month
    if is_last and not is_whole:
        return tr("controls.partial_month", day=day(through))
    return month(name)


def kind_label(kind: str, config: CityConfig) -> str:
    """Name a kind of incident as the city names it."""
    if kind == "both":
        return tr("controls.both")
    if kind == "homicide":
        return tr("controls.homicides")
    return tr("controls.nonfatal", name=config.city.nonfatal_name)


def _cell_label(resolution: int, units: str) -> str:
    km2 = cell_km2(resolution)
    if units == "us":
        return tr("controls.cell_us", size=km2 / KM2_PER_SQUARE_MILE, resolution=resolution)
    return tr("controls.cell_metric", size=km2, resolution=resolution)


def cell_km2(resolution: int) -> float:
    """Return the average land area of a cell from H3, good enough for a label."""
    return 0.1053325 * 7.0 ** (9 - resolution)
