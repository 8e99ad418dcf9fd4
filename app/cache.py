"""The one seam where what was computed is remembered.

Keys are the dataset's fingerprint, the city file's hash and frozen choices; never a table. What
is returned is shared by all readers: nothing changes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from app.geometry import (
    BaseGeometry,
    CellGeometry,
    RiskLayer,
    base_geometry,
    cell_geometry,
    risk_geometry,
)
from app.settings import ROOT, Deployment, deployment
from csa.analysis import Choices, highest_risk, propose, risk_near, services_near, study_cells
from csa.basemap import build_basemap, save_basemap
from csa.city import CityConfig
from csa.config import load_city
from csa.errors import CsaError
from csa.exports import export
from csa.hotspots.proposal import Proposal
from csa.ingest.basemap import MARKER as BASEMAP_MARKER
from csa.ingest.dataset import MARKER, Dataset, load_dataset, save_dataset
from csa.ingest.sources import add_layers, find_inputs
from csa.intake import build_dataset
from csa.log import Tell, silent
from csa.settings import resolve
from csa.sheets import Sheet, sheet_of


@dataclass(frozen=True)
class Opened:
    """A city that is open: its file, its data, and the key that says which.

    Parameters
    ----------
    config
        The city's file.
    dataset
        Its incidents and places.
    key
        Changes when either does.
    """

    config: CityConfig
    dataset: Dataset
    key: str


def open_city(tell: Tell = silent) -> Opened:
    """Open this deployment's city; make its dataset from the city's files where it is absent.

    Parameters
    ----------
    tell
        Called with each step of reading the files, where they must be read.

    Returns
    -------
    Opened
        The city, its data and their key.

    Raises
    ------
    CsaError
        If there is no such city, its file has faults, or it has no data.
    """
    served = deployment()
    config, config_hash = _config(served.config, served.config.stat().st_mtime_ns)
    if not (served.dataset / MARKER).is_file():
        _make_dataset(served, config, tell)
    version = (served.dataset / "current").resolve().name
    made_ns = (served.dataset / MARKER).stat().st_mtime_ns  # layers are in no fingerprint
    dataset = _dataset(served.dataset, version, made_ns)
    return Opened(config, dataset, f"{dataset.fingerprint[:16]}-{config_hash}-{version}-{made_ns}")


def needs_reading() -> bool:
    """Tell whether the city's files must be read first, which takes some seconds."""
    return not (deployment().dataset / MARKER).is_file()


def _make_dataset(served: Deployment, config: CityConfig, tell: Tell) -> None:
    folder = Path(resolve({}, config)["data_dir"].value)
    inputs_folder = folder if folder.is_absolute() else ROOT / folder
    inputs = add_layers(find_inputs(config, inputs_folder, ()), config, inputs_folder)
    intake = build_dataset(config, inputs, tell)
    save_dataset(intake.dataset, intake.rejected, served.dataset)
    if not (served.basemap / BASEMAP_MARKER).is_file():
        background, _ = build_basemap(config, inputs_folder, tell=tell)
        save_basemap(background, served.basemap)


@st.cache_resource(max_entries=4, show_spinner=False)
def _config(path: Path, modified_ns: int) -> tuple[CityConfig, str]:
    return load_city(path), hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@st.cache_resource(max_entries=2, show_spinner=False)
def _dataset(folder: Path, version: str, modified_ns: int) -> Dataset:
    return load_dataset(folder)


def cells(opened: Opened, resolution: int) -> pd.DataFrame:
    """List the cells of the study area, once for each resolution.

    Parameters
    ----------
    opened
        The city.
    resolution
        H3 resolution.

    Returns
    -------
    pandas.DataFrame
        As `csa.analysis.study_cells`; not to be changed.
    """
    return _cells(opened.key, resolution, opened)


@st.cache_resource(max_entries=6, show_spinner=False)
def _cells(key: str, resolution: int, _opened: Opened) -> pd.DataFrame:
    return study_cells(_opened.dataset, resolution)


def proposal(opened: Opened, choices: Choices) -> Proposal:
    """Propose candidate areas, once for each set of choices.

    Parameters
    ----------
    opened
        The city.
    choices
        What was chosen.

    Returns
    -------
    Proposal
        Not to be changed.

    Raises
    ------
    CsaError
        If the choices are outside their range, or the period outside the data.
    """
    return _proposal(opened.key, choices, opened)


@st.cache_resource(max_entries=64, show_spinner=False)
def _proposal(key: str, choices: Choices, _opened: Opened) -> Proposal:
    cover = cells(_opened, choices.resolution)
    return propose(_opened.dataset, _opened.config, choices, cover=cover)


def sheet(opened: Opened, choices: Choices, area_id: str) -> Sheet:
    """Make an area's sheet, once.

    Parameters
    ----------
    opened
        The city.
    choices
        What was chosen.
    area_id
        The area's letter.

    Returns
    -------
    Sheet
        Not to be changed.

    Raises
    ------
    CsaError
        If the proposal has no such area.
    """
    return _sheet(opened.key, choices, area_id, opened)


@st.cache_resource(max_entries=256, show_spinner=False)
def _sheet(key: str, choices: Choices, area_id: str, _opened: Opened) -> Sheet:
    return sheet_of(_opened.dataset, proposal(_opened, choices), area_id)


def geometry(opened: Opened, resolution: int) -> tuple[BaseGeometry, CellGeometry]:
    """Draw the background and the cells, once, as files that browsers fetch once.

    Parameters
    ----------
    opened
        The city.
    resolution
        H3 resolution.

    Returns
    -------
    tuple
        The background's geometry, and the cells'.

    Raises
    ------
    OutputError
        If the static folder cannot be written.
    """
    return _base(opened.key, deployment().basemap, _made_ns(), opened), _shapes(
        opened.key, resolution, opened
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _base(key: str, basemap: Path, made_ns: int, _opened: Opened) -> BaseGeometry:
    return base_geometry(_opened.dataset, basemap)


@st.cache_resource(max_entries=8, show_spinner=False)
def _shapes(key: str, resolution: int, _opened: Opened) -> CellGeometry:
    return cell_geometry(cells(_opened, resolution).index.to_numpy())


def has_background(opened: Opened) -> bool:
    """Tell whether the city has streets, water or parks to draw.

    Parameters
    ----------
    opened
        The city.

    Returns
    -------
    bool
        False where the neighborhoods are all there is.
    """
    try:
        layers = _base(opened.key, deployment().basemap, _made_ns(), opened).layers
    except CsaError:
        return False  # the map says why
    return bool(set(layers) - {"neighborhoods"})


def _made_ns() -> int:
    """Tell when the background was made: one made anew is another."""
    marker = deployment().basemap / BASEMAP_MARKER
    return marker.stat().st_mtime_ns if marker.is_file() else 0


def services(opened: Opened, choices: Choices) -> pd.DataFrame | None:
    """Count the services in and near each area.

    Parameters
    ----------
    opened
        The city.
    choices
        What the proposal was made from.

    Returns
    -------
    pandas.DataFrame or None
        As `csa.analysis.services_near`; not to be changed.
    """
    return _services(opened.key, choices, opened)


@st.cache_resource(max_entries=32, show_spinner=False)
def _services(key: str, choices: Choices, _opened: Opened) -> pd.DataFrame | None:
    return services_near(_opened.dataset, _opened.config, proposal(_opened, choices))


def risk(opened: Opened, choices: Choices) -> pd.DataFrame | None:
    """Say how much of each area an external score calls high, once.

    Parameters
    ----------
    opened
        The city.
    choices
        What the proposal was made from.

    Returns
    -------
    pandas.DataFrame or None
        As `csa.analysis.risk_near`; not to be changed.
    """
    return _risk(opened.key, choices, opened)


@st.cache_resource(max_entries=32, show_spinner=False)
def _risk(key: str, choices: Choices, _opened: Opened) -> pd.DataFrame | None:
    return risk_near(_opened.dataset, _opened.config, proposal(_opened, choices))


def highest_share(opened: Opened) -> float | None:
    """Tell which share of the scored places counts as highest: more than asked where scores tie.

    Parameters
    ----------
    opened
        The city.

    Returns
    -------
    float or None
        0 to 1; None where the city has no such score.
    """
    return _highest_share(opened.key, opened)


@st.cache_resource(max_entries=4, show_spinner=False)
def _highest_share(key: str, _opened: Opened) -> float | None:
    found = highest_risk(_opened.dataset, _opened.config)
    return None if found is None else found.share


def risk_layer(opened: Opened) -> RiskLayer | None:
    """Return the external score's places for the map.

    Parameters
    ----------
    opened
        The city.

    Returns
    -------
    RiskLayer or None
        None where the city has no such score.
    """
    return _risk_layer(opened.key, opened)


@st.cache_resource(max_entries=4, show_spinner=False)
def _risk_layer(key: str, _opened: Opened) -> RiskLayer | None:
    scored = _opened.dataset.risk_terrain
    return None if scored is None else risk_geometry(scored)


def download(opened: Opened, choices: Choices, name: str) -> Callable[[], bytes]:
    """Promise an export: it is written when somebody asks for it.

    Parameters
    ----------
    opened
        The city.
    choices
        What was chosen.
    name
        One of `csa.exports.EXPORTS`.

    Returns
    -------
    Callable
        Gives the file's bytes.
    """
    return lambda: export(proposal(opened, choices), name)
