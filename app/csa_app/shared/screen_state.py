"""A reader's screen, stored in the session and in the address.

Streamlit forgets widgets when another page is shown, so the session stores the screen; the
address holds it under `?screen=`, so that a link reproduces it.
"""

from __future__ import annotations

import streamlit as st

from csa.areas.choices import AreaSettings
from csa.base.errors import CsaError
from csa.base.params import Month
from csa.change.analyze import DEFAULT_AFTER
from csa.city.config import CityConfig
from csa.city.dataset import City, Dataset
from csa.city.deployment import choosing, resolve
from csa.city.preregistration import BASE_MONTHS
from csa_app.shared import panels
from csa_app.shared.link_state import LinkState, screen_from_text, screen_to_text

SCREEN = "screen"
SEEN = "widgets when the screen was written"
WRITTEN = "address that was written"
DROPPED = "a choice changed the areas, so that none is chosen"
WIDGETS = ("through", "months", "kinds", "resolution", "limit", "by_hand", "eps_m", "min_samples")
TIME_WIDGETS = ("since", "month")


def screen(city: City) -> LinkState:
    """Return the screen of this session; at first the link's, else the city's default."""
    spot = st.empty()  # always there: one element more or less would remount the map below
    text = st.query_params.get(SCREEN, "")
    if SCREEN not in st.session_state or went_back(text):
        start = LinkState(first_choices(city))
        if text:
            try:
                start = from_link(text, start, city)
            except CsaError as error:
                spot.warning(panels.sentence(error.message))
        st.session_state[SCREEN] = start
        for name in (*WIDGETS, *TIME_WIDGETS):
            st.session_state.pop(name, None)
    kept: LinkState = st.session_state[SCREEN]
    return kept


def begin(city: City) -> LinkState:
    """Return the screen of this session, and write it as the page's address."""
    kept = screen(city)
    remember(kept, first_choices(city))
    return kept


def went_back(text: str) -> bool:
    """Return whether the reader went back to an earlier screen's address.

    The address then differs from the one last written, though no widget was touched. After a
    quick second change the browser's address may be one behind, which does not count.
    """
    state = st.session_state
    touched = any(state.get(name) != value for name, value in state.get(SEEN, {}).items())
    return bool(text) and text != state.get(WRITTEN, text) and not touched


def from_link(text: str, first: LinkState, city: City) -> LinkState:
    """Parse a link; refuse what no widget could show: a month without data, another cell size."""
    found = screen_from_text(text, first)
    until = found.choices.until
    months = {None, *(Month.parse(name).plus(1) for name in month_options(city.dataset))}
    if until not in months or found.choices.resolution not in resolutions(city.config):
        raise CsaError("screen.bad_link")
    if not _are_times(found, city.dataset):
        raise CsaError("screen.bad_link")
    return found


def _are_times(found: LinkState, dataset: Dataset) -> bool:
    """Return whether a page can show a link's start and month."""
    if not (found.since or found.month):
        return True
    starts = start_options(dataset)
    since = found.since or first_start(starts)
    return since in starts and found.month in {"", *starts[starts.index(since) :]}


def resolutions(config: CityConfig) -> list[int]:
    """List the cell sizes that a page offers: those of the city's file, which considers privacy."""
    settled = int(resolve({}, config)["resolution"].value)
    return sorted({*config.city.resolutions, settled})


def first_choices(city: City) -> AreaSettings:
    """Return the city's default choices."""
    settled = choosing(resolve({}, city.config))
    through = city.dataset.report["data_through"]
    until = Month.parse(through[:7]).plus(1) if through else None
    return AreaSettings(until=until, **settled)


def remember(new: LinkState, first: AreaSettings) -> None:
    """Store a screen in the session and in the address."""
    state = st.session_state
    if SCREEN in state and state[SCREEN].choices != new.choices and state[SCREEN].area:
        state[DROPPED] = True
    state[SCREEN] = new
    text = screen_to_text(new, LinkState(first))
    state[SEEN] = {name: state[name] for name in (*WIDGETS, *TIME_WIDGETS) if name in state}
    state[WRITTEN] = text
    if st.query_params.get(SCREEN, "{}") != text:
        st.query_params[SCREEN] = text


def month_options(dataset: Dataset) -> list[str]:
    """List the months that the data reach."""
    first = Month.parse(dataset.report["data_from"][:7])
    last = Month.parse(dataset.report["data_through"][:7])
    n = (last.year - first.year) * 12 + last.number - first.number + 1
    return [str(first.plus(step)) for step in range(n)]


def start_options(dataset: Dataset) -> list[str]:
    """List the possible starts: enough months known before, and a whole month after."""
    covered, n = dataset.complete_months, max(0, months_known(dataset) - BASE_MONTHS)
    return [] if covered is None else [str(covered.until.plus(step)) for step in range(-n, 0)]


def months_known(dataset: Dataset) -> int:
    """Count the whole months that the data cover."""
    covered = dataset.complete_months
    return 0 if covered is None else covered.months


def first_start(starts: list[str]) -> str:
    """Return the default start."""
    return starts[max(0, len(starts) - DEFAULT_AFTER)] if starts else ""
