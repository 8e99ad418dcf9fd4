"""Widgets in, params out; and a screen to and from a link, as JSON text.

What a link reproduces is a `Screen`. It lives in the session, since widgets are forgotten when
another page is shown, and in the address under `?screen=`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import streamlit as st

from app.screen import LAYERS, MAX_MIN_SAMPLES, SHADES, Screen, screen_from_text, screen_to_text
from csa.analysis import Choices
from csa.city import CityConfig
from csa.errors import CsaError
from csa.ingest.dataset import Dataset
from csa.params import MAX_EPS_M, DbscanParams, Month
from csa.schema import KINDS
from csa.settings import resolve
from csa.words import KM2_PER_SQUARE_MILE, day, land, month, render, speak

SCREEN = "screen"
MONTHS = (6, 12, 24, 36, 48, 60)
LIMITS_KM2 = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 0.0)
EPS_STEP_M = 10.0
SEEN = "widgets when the screen was written"
WRITTEN = "address that was written"
DROPPED = "a choice changed the areas, so that none is chosen"
MAP_WIDGETS = ("shade", "layers")
WIDGETS = ("through", "months", "kinds", "resolution", "limit", "by_hand", "eps_m", "min_samples")


def screen(config: CityConfig, dataset: Dataset) -> Screen:
    """Return the screen of this session; at first the link's, else the city's own.

    Parameters
    ----------
    config
        The city's file.
    dataset
        Its data.

    Returns
    -------
    Screen
        What is on screen. A link that cannot be read is told of, and the city's own is shown.
    """
    spot = st.empty()  # always there: an element more or less would remount the map below it
    text = st.query_params.get(SCREEN, "")
    if SCREEN not in st.session_state or _went_back(text):
        start = Screen(first_choices(config, dataset))
        if text:
            try:
                start = _of_link(text, start, config, dataset)
            except CsaError as error:
                spot.warning(render(error.message))
        st.session_state[SCREEN] = start
        for name in (*WIDGETS, *MAP_WIDGETS):
            st.session_state.pop(name, None)
    kept: Screen = st.session_state[SCREEN]
    return kept


def _went_back(text: str) -> bool:
    """Tell whether the reader went back to an earlier screen's address.

    The address is then another than the one last written, though no widget was touched: after
    a quick second change the browser's address may be one behind, and is no wish.
    """
    state = st.session_state
    touched = any(state.get(name) != value for name, value in state.get(SEEN, {}).items())
    return bool(text) and text != state.get(WRITTEN, text) and not touched


def _of_link(text: str, first: Screen, config: CityConfig, dataset: Dataset) -> Screen:
    """Read a link; refuse what no widget could show: a month without data, another cell size."""
    found = screen_from_text(text, first)
    until = found.choices.until
    months = {None, *(Month.parse(name).plus(1) for name in _months(dataset))}
    if until not in months or found.choices.resolution not in resolutions(config):
        raise CsaError("screen.bad_link")
    return found


def resolutions(config: CityConfig) -> list[int]:
    """List the cell sizes that a page offers: those of the city's file, which weighed privacy.

    Parameters
    ----------
    config
        The city's file.

    Returns
    -------
    list of int
        H3 resolutions, coarse to fine.
    """
    settled = int(resolve({}, config)["resolution"].value)
    return sorted({*config.city.resolutions, settled})


def first_choices(config: CityConfig, dataset: Dataset) -> Choices:
    """Return what the city's settings choose, before anybody chose.

    Parameters
    ----------
    config
        The city's file.
    dataset
        Its data.

    Returns
    -------
    Choices
        Up to the month of the data's last day.
    """
    settled = {name: found.value for name, found in resolve({}, config).items()}
    settled.pop("data_dir")
    through = dataset.report["data_through"]
    until = Month.parse(through[:7]).plus(1) if through else None
    return Choices(until=until, **settled)


def remember(new: Screen, first: Choices) -> None:
    """Keep a screen in the session and in the address.

    Parameters
    ----------
    new
        What is on screen.
    first
        The city's own choices: a link says only what differs.
    """
    state = st.session_state
    if SCREEN in state and state[SCREEN].choices != new.choices and state[SCREEN].area:
        state[DROPPED] = True
    state[SCREEN] = new
    text = screen_to_text(new, Screen(first))
    state[SEEN] = {name: state[name] for name in (*WIDGETS, *MAP_WIDGETS) if name in state}
    state[WRITTEN] = text
    if st.query_params.get(SCREEN, "{}") != text:
        st.query_params[SCREEN] = text


def choose(config: CityConfig, dataset: Dataset, now: Choices) -> Choices:
    """Show the choices, and return what was chosen.

    Parameters
    ----------
    config
        The city's file.
    dataset
        Its data.
    now
        The choices on screen.

    Returns
    -------
    Choices
        As the widgets say.
    """
    months = _months(dataset)
    _start_widgets(now, months[-1])
    through = st.selectbox(
        speak("controls.through"),
        months[::-1],
        key="through",
        format_func=lambda name: _month_label(name, dataset),
        help=speak("controls.through_help"),
    )
    n_months = st.selectbox(
        speak("controls.months"),
        sorted({*MONTHS, now.months}),
        key="months",
        format_func=lambda n: speak("controls.n_months", n=n),
        help=speak("controls.months_help", months=config.areas.months),
    )
    kinds = st.selectbox(
        speak("controls.kinds"),
        ("both", *KINDS),
        key="kinds",
        format_func=lambda kind: _kind_label(kind, config),
        help=speak("controls.kinds_help"),
    )
    with st.expander(speak("controls.more"), expanded=st.session_state["by_hand"]):
        resolution, limit_km2 = _choose_size(config, now)
        dbscan = _choose_dbscan()
    return Choices(
        until=Month.parse(through).plus(1),
        months=n_months,
        eps_m=dbscan.eps_m if dbscan else None,
        min_samples=dbscan.min_samples if dbscan else None,
        max_area_km2=limit_km2,
        resolution=resolution,
        kinds=KINDS if kinds == "both" else (kinds,),
    )


def _start_widgets(now: Choices, last: str) -> None:
    """Give widgets the screen's values when they appear; a widget on screen keeps its own."""
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


def _choose_size(config: CityConfig, now: Choices) -> tuple[int, float]:
    units = config.city.units
    resolution = st.selectbox(
        speak("controls.resolution"),
        resolutions(config),
        key="resolution",
        format_func=lambda r: _cell_label(r, units),
        help=speak("controls.resolution_help", resolution=config.areas.resolution),
    )
    limits = _limits(resolution, now.max_area_km2)
    if st.session_state["limit"] not in limits:
        st.session_state["limit"] = limits[0]
    limit_km2 = st.selectbox(
        speak("controls.limit"),
        limits,
        key="limit",
        format_func=lambda km2: land(km2, units) if km2 else speak("controls.no_limit"),
        help=speak("controls.limit_help", size=land(config.areas.max_area_km2, units)),
    )
    return resolution, limit_km2


def _limits(resolution: int, now_km2: float) -> list[float]:
    """List the size limits that hold a cell with some room: a smaller one would be refused."""
    least = 2 * _cell_km2(resolution)
    offered = {limit for limit in (*LIMITS_KM2, now_km2) if not limit or limit >= least}
    return sorted(offered, key=lambda limit: limit or float("inf"))


def _choose_dbscan() -> DbscanParams | None:
    """Return the radius and minimum set by hand; None leaves them to the suggestion."""
    by_hand = st.toggle(
        speak("controls.by_hand"), key="by_hand", help=speak("controls.by_hand_help")
    )
    if not by_hand:
        for name in ("eps_m", "min_samples"):
            st.session_state.pop(name, None)
        return None
    eps_m = st.number_input(
        speak("controls.eps_m"),
        min_value=1.0,
        max_value=MAX_EPS_M,
        step=EPS_STEP_M,
        key="eps_m",
        format="%g",
        help=speak("controls.eps_m_help"),
    )
    min_samples = st.number_input(
        speak("controls.min_samples"),
        min_value=2,
        max_value=MAX_MIN_SAMPLES,
        step=1,
        key="min_samples",
        help=speak("controls.min_samples_help"),
    )
    return DbscanParams(float(eps_m), int(min_samples))


def say_suggestion(suggested: DbscanParams, n_incidents: int, chosen: Choices) -> None:
    """Say the suggested radius and minimum, why, and whether they are in use.

    Parameters
    ----------
    suggested
        What fits this many incidents.
    n_incidents
        Incidents with a place in the period.
    chosen
        The choices on screen.
    """
    st.session_state["suggested"] = suggested
    by_hand = (chosen.eps_m, chosen.min_samples)
    is_other = by_hand not in {(None, None), (suggested.eps_m, suggested.min_samples)}
    key = "controls.suggested_not_used" if is_other else "controls.suggested"
    st.caption(speak(key, eps_m=suggested.eps_m, min_samples=suggested.min_samples, n=n_incidents))


def choose_layers(now: Screen, offered: Sequence[str], shades: Sequence[str]) -> Screen:
    """Show what the map can show, and return what was chosen.

    Parameters
    ----------
    now
        The screen.
    offered
        Layers that this city has, of `LAYERS`.
    shades
        What can colour the cells, of `SHADES`.

    Returns
    -------
    Screen
        With the layers and the shade of the widgets.
    """
    state = st.session_state
    if state.get("shade") not in shades:
        state["shade"] = now.shade if now.shade in shades else SHADES[0]
    if not isinstance(state.get("layers"), list):
        state["layers"] = [name for name in offered if name in now.layers]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shade = st.segmented_control(
            speak("controls.shade"),
            shades,
            key="shade",
            required=True,
            format_func=lambda name: speak(
                {
                    "shootings": "controls.shade_shootings",
                    "risk": "controls.shade_risk",
                    "none": "controls.shade_none",
                }[name]
            ),
        )
        layers = st.pills(
            speak("controls.layers"),
            offered,
            key="layers",
            selection_mode="multi",
            format_func=lambda name: speak(
                {
                    "background": "controls.background",
                    "neighborhoods": "controls.neighborhoods",
                    "services": "controls.services",
                }[name]
            ),
        )
    kept = tuple(name for name in now.layers if name not in offered)
    return now.with_map(str(shade), tuple(n for n in LAYERS if n in {*layers, *kept}))


def _months(dataset: Dataset) -> list[str]:
    first = Month.parse(dataset.report["data_from"][:7])
    last = Month.parse(dataset.report["data_through"][:7])
    n = (last.year - first.year) * 12 + last.number - first.number + 1
    return [str(first.plus(step)) for step in range(n)]


def _month_label(name: str, dataset: Dataset) -> str:
    through = date.fromisoformat(dataset.report["data_through"])
    is_last = name == dataset.report["data_through"][:7]
    is_whole = (through + timedelta(days=1)).month != through.month
    if is_last and not is_whole:
        return speak("controls.partial_month", day=day(through))
    return month(name)


def _kind_label(kind: str, config: CityConfig) -> str:
    if kind == "both":
        return speak("controls.both")
    if kind == "homicide":
        return speak("controls.homicides")
    return speak("controls.nonfatal", name=config.city.nonfatal_name)


def _cell_label(resolution: int, units: str) -> str:
    km2 = _cell_km2(resolution)
    if units == "us":
        return speak("controls.cell_us", size=km2 / KM2_PER_SQUARE_MILE, resolution=resolution)
    return speak("controls.cell_metric", size=km2, resolution=resolution)


def _cell_km2(resolution: int) -> float:
    """Return a cell's usual land: H3's own mean, good enough for a label."""
    return 0.1053325 * 7.0 ** (9 - resolution)
