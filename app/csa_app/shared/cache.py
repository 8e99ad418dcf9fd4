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

from csa.areas.analysis import is_default, propose_areas
from csa.areas.backtest.record import BacktestRecord
from csa.areas.backtest.recording import build_suggestion, load_record, load_suggestion
from csa.areas.choices import AreaSettings, city_choices
from csa.areas.fitted_model import LEARNED
from csa.areas.locating import CELLS, cached_cells, locate_incidents
from csa.areas.places import Places, candidate_rows, load_places, see
from csa.areas.priority.area_counts import AreaCounts, count_areas
from csa.areas.priority.assessment import AreaAssessment, assess_areas
from csa.areas.priority.forecast import add_next12, forecast_proposal
from csa.areas.proposal import Proposal
from csa.areas.proposal_tables import export
from csa.areas.sheets import Sheet, build_sheet
from csa.areas.study_area import StudyArea
from csa.base.errors import CsaError
from csa.base.io import KEPT
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import Month
from csa.change.trial import list_trials
from csa.city.config import CityConfig
from csa.city.dataset import MARKER, Dataset, open_dataset
from csa.city.loading import load_city
from csa.geo.cells import CellSet, cell_resolution
from csa_app.shared.cache_now import SETTINGS, forget_others, of_city, of_incidents
from csa_app.shared.cache_packed import packed
from csa_app.shared.city_session import CitySession, make_dataset
from csa_app.shared.fair_queue import FIRST_PAGE_IS_OUT, in_turn
from csa_app.shared.settings import deployment


def open_city(progress: ProgressCallback = no_progress) -> CitySession:
    """Open this deployment's city; make its dataset from the city's files if there is none."""
    served = deployment()
    config, config_hash = _config(served.config, served.config.stat().st_mtime_ns)
    if not (served.dataset / MARKER).is_file():
        make_dataset(served, config, progress)
    version = (served.dataset / "current").resolve().name
    made_ns = (served.dataset / MARKER).stat().st_mtime_ns  # layers are in no fingerprint
    dataset = _dataset(served.dataset, version, made_ns)
    session = CitySession(
        config,
        dataset,
        served.dataset,
        incidents_key=f"{dataset.fingerprint[:16]}-{config_hash}-{version}-{made_ns}",
        records_key=_kept(served.dataset),
    )
    forget_others(session)
    return session


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


def record(session: CitySession, choices: AreaSettings) -> BacktestRecord | None:
    """Return the stored record of past years for this way of proposing, if there is one."""
    return _record(session.key, replace(choices, until=None, eps_m=None, min_samples=None), session)


@of_city(max_entries=16)
def _record(key: str, choices: AreaSettings, _session: CitySession) -> BacktestRecord | None:
    return load_record(_session, choices)


def assessment(
    session: CitySession, choices: AreaSettings, progress: ProgressCallback = no_progress
) -> AreaAssessment:
    """Assess each candidate area, once for each set of choices."""
    return _judgement(session.key, choices, session, progress)


@packed(max_entries=SETTINGS)
def _judgement(
    key: str, choices: AreaSettings, _session: CitySession, _progress: ProgressCallback
) -> AreaAssessment:
    FIRST_PAGE_IS_OUT.wait()
    found = proposal(_session, choices)
    on_cells = located(_session, choices)
    judged = in_turn(assess_areas)(_session, found, _progress, on_cells)
    return add_next12(judged, found, on_cells, suggesting(_session, choices))


def trials(session: CitySession) -> list[dict[str, Any]]:
    """List what trials show, as `csa trial` stored it beside the dataset."""
    return _trials(session.key, session)


@of_city(max_entries=2)
def _trials(key: str, _session: CitySession) -> list[dict[str, Any]]:
    return list_trials(_session)


def next12(session: CitySession, choices: AreaSettings) -> pd.DataFrame:
    """Predict the next 12 months of the candidates, once for each set of choices."""
    return _next12(session.key, choices, session)


@of_city(max_entries=SETTINGS)
def _next12(key: str, choices: AreaSettings, _session: CitySession) -> pd.DataFrame:
    found = proposal(_session, choices)
    return forecast_proposal(found, located(_session, choices), suggesting(_session, choices))


def area_counts(
    session: CitySession, choices: AreaSettings, areas: Sequence[tuple[str, str, CellSet]]
) -> Mapping[str, AreaCounts]:
    """Count areas on their own ground, once for each set of them: id, name and cells of each."""
    ground = repr([(area_id, name, sorted(cells)) for area_id, name, cells in areas])
    name = hashlib.sha256(ground.encode()).hexdigest()
    return _area_counts(session.key, choices, name, session, areas) if areas else {}


@of_city(max_entries=SETTINGS)
def _area_counts(
    key: str,
    choices: AreaSettings,
    ground: str,
    _session: CitySession,
    _areas: Sequence[tuple[str, str, CellSet]],
) -> Mapping[str, AreaCounts]:
    sizes = {choices.resolution, *(cell_resolution(min(cells)) for _, _, cells in _areas)}
    on_cells = {size: located(_session, replace(choices, resolution=size)) for size in sizes}
    known = proposal(_session, choices), on_cells.__getitem__, suggesting(_session, choices)
    return in_turn(count_areas, quick=True)(_session, _areas, *known)


def cells(session: CitySession, resolution: int) -> pd.DataFrame:
    """List the cells of the study area, once for each resolution."""
    return _cells(session.incidents_key, resolution, session)


@of_incidents(max_entries=6)
def _cells(key: str, resolution: int, _session: CitySession) -> pd.DataFrame:
    return cached_cells(_session, resolution)


def located(session: CitySession, choices: AreaSettings) -> StudyArea:
    """Locate all incidents of the counted kinds, once: what is learned from them stays with them.

    No other choice matters.
    """
    same = AreaSettings(resolution=choices.resolution, kinds=choices.kinds)
    return _located(session.incidents_key, same, session)


@of_incidents(max_entries=8)
def _located(key: str, choices: AreaSettings, _session: CitySession) -> StudyArea:
    listed = cells(_session, choices.resolution)
    return in_turn(locate_incidents, quick=True)(_session, choices, listed)


def proposal(session: CitySession, choices: AreaSettings) -> Proposal:
    """Propose candidate areas, once for each set of choices."""
    return _proposal(session.key, choices, session)


@packed(max_entries=SETTINGS)
def _proposal(key: str, choices: AreaSettings, _session: CitySession) -> Proposal:
    return _propose(_session, choices, None if is_default(_session, choices) else places(_session))


def _propose(session: CitySession, choices: AreaSettings, known: Places | None) -> Proposal:
    suggestion = build_suggestion(session.config, suggesting(session, choices))
    on_cells = located(session, choices)
    proposing = in_turn(propose_areas, quick=True)
    return proposing(session, choices, suggestion=suggestion, located=on_cells, places=known)


def proposal_as_of(session: CitySession, choices: AreaSettings, until: Month) -> Proposal:
    """Propose areas as of an earlier month; an id means the same as in the proposal of now.

    It has its areas alone: all who ask follow them.
    """
    return _proposal_then(session.key, choices, str(until), session)


@packed(max_entries=SETTINGS)
def _proposal_then(key: str, choices: AreaSettings, until: str, _session: CitySession) -> Proposal:
    now, end = proposal(_session, choices), Month.parse(until)
    known = see(candidate_rows(now.areas), end, places(_session))
    return _propose(_session, replace(choices, until=end), known).areas_alone()


def places(session: CitySession) -> Places:
    """Return what the city's places are called: as kept, else as its own proposal calls them."""
    kept = load_places(session)
    if kept:
        return kept
    try:
        found = proposal(session, city_choices(session.config))
    except CsaError:
        return ()
    until = Month.parse(found.summary["params"]["until"])
    return see(candidate_rows(found.areas), until, ())


def suggesting(session: CitySession, choices: AreaSettings) -> BacktestRecord | None:
    """Return the record that settings are suggested from; Track record reports a damaged one."""
    try:
        return load_suggestion(session, choices)
    except CsaError:
        return None


def sheet(session: CitySession, choices: AreaSettings, area_id: str) -> Sheet:
    """Make an area's sheet, once."""
    return _sheet(session.key, choices, area_id, session)


@of_city(max_entries=256)
def _sheet(key: str, choices: AreaSettings, area_id: str, _session: CitySession) -> Sheet:
    return build_sheet(_session.dataset, proposal(_session, choices), area_id)


def download(found: Proposal, name: str) -> Callable[[], bytes]:
    """Return a function that writes an export when it is requested."""
    return lambda: export(found, name)
