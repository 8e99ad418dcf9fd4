"""The one place where computed values are cached.

Keys are the dataset's fingerprint, the city file's hash and frozen choices, never a table. All
readers share what is returned, so nothing may change it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app.shared.cache_now import SETTINGS, forget_others, of_city, of_incidents
from app.shared.cache_packed import packed
from app.shared.city_session import Opened, make_dataset
from app.shared.settings import deployment
from app.shared.turns import FIRST_PAGE_IS_OUT, in_turn
from csa.areas.analysis import is_own, propose_areas
from csa.areas.choices import Choices, city_choices
from csa.areas.exports import export
from csa.areas.learned import LEARNED
from csa.areas.locating import CELLS, kept_cells, locate_incidents
from csa.areas.places import Places, areas_of, load_places, see
from csa.areas.proposal import Proposal
from csa.areas.sheets import Sheet, sheet_of
from csa.areas.study_area import StudyArea
from csa.backtest.record import Record
from csa.backtest.recording import load_record, load_suggestion, suggestion_of
from csa.base.errors import CsaError
from csa.base.io import KEPT
from csa.base.logging import Tell, silent
from csa.base.params import Month
from csa.config.city import CityConfig
from csa.config.loading import load_city
from csa.dataset.versioned import MARKER, Dataset, open_dataset
from csa.evaluation.trial_files import kept_trials
from csa.geo.cells import CellSet
from csa.geo.ground import resolution_of
from csa.priority.area_counts import AreaCounts, count_areas
from csa.priority.assess import AreaAssessment, assess_areas
from csa.priority.next12 import add_next12, next12_of


def open_city(tell: Tell = silent) -> Opened:
    """Open this deployment's city; make its dataset from the city's files if there is none."""
    served = deployment()
    config, config_hash = _config(served.config, served.config.stat().st_mtime_ns)
    if not (served.dataset / MARKER).is_file():
        make_dataset(served, config, tell)
    version = (served.dataset / "current").resolve().name
    made_ns = (served.dataset / MARKER).stat().st_mtime_ns  # layers are in no fingerprint
    dataset = _dataset(served.dataset, version, made_ns)
    opened = Opened(
        config,
        dataset,
        served.dataset,
        incidents_key=f"{dataset.fingerprint[:16]}-{config_hash}-{version}-{made_ns}",
        records_key=_kept(served.dataset),
    )
    forget_others(opened)
    return opened


def city_config() -> CityConfig:
    """Read the city's file alone, without its dataset."""
    path = deployment().config
    return _config(path, path.stat().st_mtime_ns)[0]


def _kept(folder: Path) -> str:
    """Return a key of what is stored beside the dataset, but of what only saves work."""
    found = []
    for path in sorted((folder / KEPT).glob("*.json")):
        if not path.name.startswith((CELLS, LEARNED)):
            with suppress(OSError):  # a file removed meanwhile is another state
                found.append((path.name, path.stat().st_mtime_ns))
    return hashlib.sha256(repr(found).encode()).hexdigest()[:12]


def needs_reading() -> bool:
    """Return whether the city's files must be read first, which takes some seconds."""
    return not (deployment().dataset / MARKER).is_file()


@st.cache_resource(max_entries=4, show_spinner=False)
def _config(path: Path, modified_ns: int) -> tuple[CityConfig, str]:
    return load_city(path), hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@st.cache_resource(max_entries=2, show_spinner=False)
def _dataset(folder: Path, version: str, modified_ns: int) -> Dataset:
    return open_dataset(folder)


def record(opened: Opened, choices: Choices) -> Record | None:
    """Return the stored record of past years for this way of proposing, if there is one."""
    return _record(opened.key, replace(choices, until=None, eps_m=None, min_samples=None), opened)


@of_city(max_entries=16)
def _record(key: str, choices: Choices, _opened: Opened) -> Record | None:
    return load_record(_opened, choices)


def judgement(opened: Opened, choices: Choices, tell: Tell = silent) -> AreaAssessment:
    """Assess each candidate area, once for each set of choices."""
    return _judgement(opened.key, choices, opened, tell)


@packed(max_entries=SETTINGS)
def _judgement(key: str, choices: Choices, _opened: Opened, _tell: Tell) -> AreaAssessment:
    FIRST_PAGE_IS_OUT.wait()
    found = proposal(_opened, choices)
    on_cells = located(_opened, choices)
    judged = in_turn(assess_areas)(_opened, found, _tell, on_cells)
    return add_next12(judged, found, on_cells, suggesting(_opened, choices))


def trials(opened: Opened) -> list[dict[str, Any]]:
    """List what trials show, as `csa trial` stored it beside the dataset."""
    return _trials(opened.key, opened)


@of_city(max_entries=2)
def _trials(key: str, _opened: Opened) -> list[dict[str, Any]]:
    return kept_trials(_opened)


def next12(opened: Opened, choices: Choices) -> pd.DataFrame:
    """Predict the next 12 months of the candidates, once for each set of choices."""
    return _next12(opened.key, choices, opened)


@of_city(max_entries=SETTINGS)
def _next12(key: str, choices: Choices, _opened: Opened) -> pd.DataFrame:
    found = proposal(_opened, choices)
    return next12_of(found, located(_opened, choices), suggesting(_opened, choices))


def area_counts(
    opened: Opened, choices: Choices, areas: Sequence[tuple[str, str, CellSet]]
) -> Mapping[str, AreaCounts]:
    """Count areas on their own ground, once for each set of them: id, name and cells of each."""
    ground = repr([(area_id, name, sorted(cells)) for area_id, name, cells in areas])
    name = hashlib.sha256(ground.encode()).hexdigest()
    return _area_counts(opened.key, choices, name, opened, areas) if areas else {}


@of_city(max_entries=SETTINGS)
def _area_counts(
    key: str,
    choices: Choices,
    ground: str,
    _opened: Opened,
    _areas: Sequence[tuple[str, str, CellSet]],
) -> Mapping[str, AreaCounts]:
    sizes = {choices.resolution, *(resolution_of(min(cells)) for _, _, cells in _areas)}
    on_cells = {size: located(_opened, replace(choices, resolution=size)) for size in sizes}
    known = proposal(_opened, choices), on_cells.__getitem__, suggesting(_opened, choices)
    return in_turn(count_areas, quick=True)(_opened, _areas, *known)


def cells(opened: Opened, resolution: int) -> pd.DataFrame:
    """List the cells of the study area, once for each resolution."""
    return _cells(opened.incidents_key, resolution, opened)


@of_incidents(max_entries=6)
def _cells(key: str, resolution: int, _opened: Opened) -> pd.DataFrame:
    return kept_cells(_opened, resolution)


def located(opened: Opened, choices: Choices) -> StudyArea:
    """Locate all incidents of the counted kinds, once: what is learned from them stays with them.

    No other choice matters.
    """
    same = Choices(resolution=choices.resolution, kinds=choices.kinds)
    return _located(opened.incidents_key, same, opened)


@of_incidents(max_entries=8)
def _located(key: str, choices: Choices, _opened: Opened) -> StudyArea:
    listed = cells(_opened, choices.resolution)
    return in_turn(locate_incidents, quick=True)(_opened, choices, listed)


def proposal(opened: Opened, choices: Choices) -> Proposal:
    """Propose candidate areas, once for each set of choices."""
    return _proposal(opened.key, choices, opened)


@packed(max_entries=SETTINGS)
def _proposal(key: str, choices: Choices, _opened: Opened) -> Proposal:
    return _propose(_opened, choices, None if is_own(_opened, choices) else places(_opened))


def _propose(opened: Opened, choices: Choices, known: Places | None) -> Proposal:
    suggestion = suggestion_of(opened.config, suggesting(opened, choices))
    on_cells = located(opened, choices)
    proposing = in_turn(propose_areas, quick=True)
    return proposing(opened, choices, suggestion=suggestion, located=on_cells, places=known)


def proposal_then(opened: Opened, choices: Choices, until: Month) -> Proposal:
    """Propose areas as of an earlier month; an id means the same as in the proposal of now.

    It has its areas alone: all who ask follow them.
    """
    return _proposal_then(opened.key, choices, str(until), opened)


@packed(max_entries=SETTINGS)
def _proposal_then(key: str, choices: Choices, until: str, _opened: Opened) -> Proposal:
    now, end = proposal(_opened, choices), Month.parse(until)
    known = see(areas_of(now.areas), end, places(_opened))
    return _propose(_opened, replace(choices, until=end), known).areas_alone()


def places(opened: Opened) -> Places:
    """Return what the city's places are called: as kept, else as its own proposal calls them."""
    kept = load_places(opened)
    if kept:
        return kept
    try:
        found = proposal(opened, city_choices(opened.config))
    except CsaError:
        return ()
    until = Month.parse(found.summary["params"]["until"])
    return see(areas_of(found.areas), until, ())


def suggesting(opened: Opened, choices: Choices) -> Record | None:
    """Return the record that settings are suggested from; Track record reports a damaged one."""
    try:
        return load_suggestion(opened, choices)
    except CsaError:
        return None


def sheet(opened: Opened, choices: Choices, area_id: str) -> Sheet:
    """Make an area's sheet, once."""
    return _sheet(opened.key, choices, area_id, opened)


@of_city(max_entries=256)
def _sheet(key: str, choices: Choices, area_id: str, _opened: Opened) -> Sheet:
    return sheet_of(_opened.dataset, proposal(_opened, choices), area_id)


def download(found: Proposal, name: str) -> Callable[[], bytes]:
    """Return a function that writes an export when it is requested."""
    return lambda: export(found, name)
